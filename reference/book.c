/* Resting orders and matching (R11, R12, R16, R20, R24). */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>

struct order *weir_twin_add_order(struct twin *t, const struct order *o) {
    struct order *copy = malloc(sizeof *copy);
    WEIR_CHECK(copy != NULL);
    *copy = *o;
    t->orders = weir_twin_grow(t->orders, t->order_count, sizeof *t->orders);
    t->orders[t->order_count++] = copy;
    return copy;
}

bool weir_twin_crosses(enum weir_side taker_side, int64_t limit, int64_t resting) {
    return taker_side == WEIR_BUY ? resting <= limit : resting >= limit;
}

/* Puts an order of t->orders into the book: behind all of its price. */
void weir_twin_rest(struct twin *t, struct order *o) {
    struct market *k = &t->m[o->m];
    int n = k->book_count[o->side], i = n;
    k->book[o->side] = weir_twin_grow(k->book[o->side], n, sizeof(struct order *));
    struct order **b = k->book[o->side];
    while (i > 0 && (o->side == WEIR_BUY ? b[i - 1]->price < o->price : b[i - 1]->price > o->price))
        i--;
    memmove(&b[i + 1], &b[i], (size_t)(n - i) * sizeof *b);
    b[i] = o;
    k->book_count[o->side]++;
}

void weir_twin_remove(struct twin *t, struct order *o) {
    struct market *k = &t->m[o->m];
    o->dead = true;
    if (o->stop) return;
    struct order **b = k->book[o->side];
    int kept = 0;
    for (int i = 0; i < k->book_count[o->side]; i++)
        if (b[i] != o) b[kept++] = b[i];
    k->book_count[o->side] = kept;
}

void weir_twin_sweep(struct twin *t) {
    int kept = 0;
    for (int i = 0; i < t->order_count; i++) {
        if (t->orders[i]->dead)
            free(t->orders[i]);
        else
            t->orders[kept++] = t->orders[i];
    }
    t->order_count = kept;
}

void weir_twin_cancelled(struct twin *t, struct order *o, enum weir_reason reason) {
    struct weir_event e = {.kind = WEIR_EV_CANCELLED};
    e.cancelled.account = &o->account->name;
    e.cancelled.id = &o->id;
    e.cancelled.market = (uint32_t)o->m;
    e.cancelled.qty = o->open;
    e.cancelled.reason = reason;
    weir_twin_emit(t, &e);
}

static void cancel_resting(struct twin *t, struct order *o, enum weir_reason reason) {
    weir_twin_remove(t, o);
    weir_twin_cancelled(t, o, reason);
}

/* After a fill: reduce-only orders are cut to the position, or go with it, oldest first. */
void weir_twin_reduce_only(struct twin *t, struct account *a, int m) {
    int64_t s = a->at[m].s;
    for (int i = 0; i < t->order_count; i++) {
        struct order *o = t->orders[i];
        if (o->dead || o->stop || !o->reduce_only || o->account != a || o->m != m) continue;
        bool closing = s != 0 && (s > 0) == (o->side == WEIR_SELL);
        if (!closing)
            cancel_resting(t, o, WEIR_R_REDUCE_ONLY);
        else if (o->open > weir_abs(s))
            o->open = weir_abs(s);
    }
}

/* Would this side pass R11 after the fill? Booked, looked at and taken back. */
static bool side_ok(struct twin *t, struct account *a, int m, int64_t qty, int64_t price,
                    wide fee) {
    struct scope *s = weir_twin_scope(t, a, m);
    struct position position = a->at[m];
    struct scope scope = *s;
    struct before before = weir_twin_before(t, a, m);
    weir_twin_move(t, a, m, qty, price);
    s->balance -= fee;
    int64_t now = a->at[m].s;
    bool opens = weir_abs(now) > weir_abs(before.s) || (now > 0 && before.s < 0) ||
                 (now < 0 && before.s > 0);
    bool ok = weir_twin_passes(t, a, m, &before) && !(t->m[m].stale && opens);
    a->at[m] = position;
    *s = scope;
    return ok;
}

bool weir_twin_may_fill(struct twin *t, struct account *a, int m, int64_t qty, int64_t price) {
    return side_ok(t, a, m, qty, price, 0);
}

static wide maker_fee(struct twin *t, int m, int64_t price, int64_t qty, enum weir_fill_kind kind,
                      bool no_rebate) {
    if (kind == WEIR_FILL_UNWIND) return 0;
    wide fee = weir_twin_fee(weir_twin_value(t, m, price, qty), t->m[m].c->fee_maker);
    return no_rebate && fee < 0 ? 0 : fee;
}

bool weir_twin_maker_ok(struct twin *t, const struct order *maker, int64_t qty,
                        enum weir_fill_kind kind, bool no_rebate) {
    wide fee = maker_fee(t, maker->m, maker->price, qty, kind, no_rebate);
    return side_ok(t, maker->account, maker->m, maker->side == WEIR_BUY ? qty : -qty, maker->price,
                   fee);
}

/* Self-trade prevention. True when the taker is done with. */
static bool self_trade(struct twin *t, struct order *taker, struct order *resting) {
    switch (t->v->self_trade) {
    case WEIR_STP_CANCEL_RESTING:
        cancel_resting(t, resting, WEIR_C_SELF_TRADE);
        return false;
    case WEIR_STP_CANCEL_TAKER:
        weir_twin_cancelled(t, taker, WEIR_C_SELF_TRADE);
        taker->open = 0;
        return true;
    case WEIR_STP_CANCEL_BOTH:
        cancel_resting(t, resting, WEIR_C_SELF_TRADE);
        weir_twin_cancelled(t, taker, WEIR_C_SELF_TRADE);
        taker->open = 0;
        return true;
    case WEIR_STP_DECREMENT:
    default:
        break;
    }
    int64_t less = weir_min(taker->open, resting->open);
    if (resting->open == less)
        cancel_resting(t, resting, WEIR_C_SELF_TRADE);
    else
        resting->open -= less;
    if (taker->open > less) {
        taker->open -= less;
        return false;
    }
    weir_twin_cancelled(t, taker, WEIR_C_SELF_TRADE);
    taker->open = 0;
    return true;
}

/* One meeting of a taker's order with a resting one at the resting price. True when the taker is
 * done with: its open lots are then 0. */
static bool meet(struct twin *t, struct order *o, struct order *r) {
    if (weir_twin_same_owner(o->account, r->account)) return self_trade(t, o, r);
    int64_t qty = weir_min(o->open, r->open);
    if (!weir_twin_maker_ok(t, r, qty, WEIR_FILL_TRADE, false)) {
        cancel_resting(t, r, WEIR_C_MAKER_MARGIN);
        return false;
    }
    struct fill f = {.m = o->m,
                     .price = r->price,
                     .qty = qty,
                     .taker = o->account,
                     .maker = r->account,
                     .taker_order = &o->id,
                     .maker_order = &r->id,
                     .taker_side = o->side,
                     .kind = WEIR_FILL_TRADE};
    f.taker_fee = weir_twin_fee(weir_twin_value(t, o->m, r->price, qty), t->m[o->m].c->fee_taker);
    f.maker_fee = maker_fee(t, o->m, r->price, qty, WEIR_FILL_TRADE, false);
    if (!side_ok(t, o->account, o->m, o->side == WEIR_BUY ? qty : -qty, r->price, f.taker_fee)) {
        weir_twin_cancelled(t, o, WEIR_C_TAKER_MARGIN);
        o->open = 0;
        return true;
    }
    o->open -= qty;
    r->open -= qty;
    f.maker_left = r->open;
    if (r->open == 0) weir_twin_remove(t, r);
    if (o->open == 0) weir_twin_remove(t, o);
    weir_twin_fill(t, &f, NULL);
    if (++o->fills >= t->v->max_fills_per_order && o->open > 0) {
        weir_twin_cancelled(t, o, WEIR_C_FILL_LIMIT);
        o->open = 0;
    }
    return o->open == 0;
}

/* Matches an accepted order and lets the rest rest or go. */
void weir_twin_execute(struct twin *t, struct order *o) {
    struct market *k = &t->m[o->m];
    int other = o->side == WEIR_BUY ? WEIR_SELL : WEIR_BUY;
    o->fills = 0;
    while (o->open > 0 && k->status != WEIR_STATUS_AUCTION && k->book_count[other] > 0) {
        struct order *r = k->book[other][0];
        if (!weir_twin_crosses(o->side, o->price, r->price)) break;
        if (meet(t, o, r)) break;
    }
    if (o->open > 0) {
        if (o->tif == WEIR_GTC)
            weir_twin_rest(t, weir_twin_add_order(t, o));
        else
            weir_twin_cancelled(t, o, o->tif == WEIR_FOK ? WEIR_R_FOK : WEIR_C_IOC);
    }
}

/* On leaving status `auction`: while the book is crossed, the later order trades at the earlier
 * one's price. */
void weir_twin_uncross(struct twin *t, int m) {
    struct market *k = &t->m[m];
    while (k->book_count[WEIR_BUY] > 0 && k->book_count[WEIR_SELL] > 0) {
        struct order *bid = k->book[WEIR_BUY][0], *ask = k->book[WEIR_SELL][0];
        if (bid->price < ask->price) break;
        struct order *taker = bid->age > ask->age ? bid : ask;
        taker->fills = INT64_MIN / 2; /* orders that rest already have no bound of fills here */
        if (meet(t, taker, taker == bid ? ask : bid) && !taker->dead) weir_twin_remove(t, taker);
    }
}

static wide gap_of(struct twin *t, const struct forced *f, int64_t price, int64_t qty) {
    return weir_wide_max(0, weir_twin_worse(t, f->m, f->side, f->bankruptcy, price, qty));
}

static void forced_fill(struct twin *t, struct forced *f, struct order *r, int64_t qty) {
    bool liquidation = f->kind == WEIR_FILL_LIQUIDATION;
    wide value = weir_twin_value(t, f->m, r->price, qty), profit;
    struct fill x = {.m = f->m,
                     .price = r->price,
                     .qty = qty,
                     .taker = f->account,
                     .maker = r->account,
                     .maker_order = &r->id,
                     .taker_side = f->side,
                     .kind = f->kind};
    if (liquidation && t->v->bankruptcy_fee_included)
        x.taker_fee = weir_twin_fee(value, t->m[f->m].c->fee_taker);
    x.maker_fee = maker_fee(t, f->m, r->price, qty, f->kind, !t->v->bankruptcy_fee_included);
    r->open -= qty;
    x.maker_left = r->open;
    if (r->open == 0) weir_twin_remove(t, r);
    wide gap = gap_of(t, f, r->price, qty);
    weir_twin_fill(t, &x, &profit);
    f->filled += qty;
    f->fills++;
    f->value += value;
    f->improvement -= weir_twin_worse(t, f->m, f->side, f->bankruptcy, r->price, qty);
    if (!liquidation) return;
    weir_twin_note_closed(f->scope, f->m, WEIR_BY_BOOK, value, profit);
    /* Rounded one by one, fills may lack more than the slice does. */
    gap = weir_wide_min(gap, weir_wide_max(0, f->most_gap));
    f->most_gap -= gap;
    f->paid += gap;
    if (gap > 0) weir_twin_pay_gap(t, f->m, f->scope, gap);
}

/* The immediate-or-cancel walk of a liquidation slice or of the fund's unwinding. */
void weir_twin_forced(struct twin *t, struct forced *f) {
    struct market *k = &t->m[f->m];
    int other = f->side == WEIR_BUY ? WEIR_SELL : WEIR_BUY;
    while (f->filled < f->qty && f->fills < f->most_fills && k->book_count[other] > 0) {
        struct order *r = k->book[other][0];
        if (!weir_twin_crosses(f->side, f->limit, r->price)) break;
        if (weir_twin_same_owner(f->account, r->account)) {
            cancel_resting(t, r, WEIR_C_SELF_TRADE);
            continue;
        }
        int64_t qty = weir_min(f->qty - f->filled, r->open);
        if (!weir_twin_maker_ok(t, r, qty, f->kind, !t->v->bankruptcy_fee_included)) {
            cancel_resting(t, r, WEIR_C_MAKER_MARGIN);
            continue;
        }
        wide gap = gap_of(t, f, r->price, qty);
        if (f->subsidised && gap > 0 &&
            weir_twin_fund_of(t, f->m)->c->payout == WEIR_PAYOUT_ALL_OR_NOTHING &&
            (gap > f->most_gap || weir_twin_grant(t, f->m, f->account, gap) < gap))
            break;
        forced_fill(t, f, r, qty);
    }
}
