/* Backstop volunteers, absorption by the fund, and its unwinding (R27). */
#include "reference/twin.h"

#include <stdlib.h>

static int64_t keep(const struct market *k, wide p) {
    return p < 1 ? 1 : p > k->c->max_price ? k->c->max_price : (int64_t)p;
}

struct sale {
    struct scope *s;
    int m;
    enum weir_side side;
    int64_t lots, price, bankruptcy;
    wide granted; /* what is left of the fund's grant for gaps */
};

/* How much worse than the bankruptcy price lots are closed. */
static wide gap_of(const struct twin *t, const struct sale *x, wide qty) {
    return weir_wide_max(0, weir_twin_worse(t, x->m, x->side, x->bankruptcy, x->price, qty));
}

static enum weir_side taking(const struct sale *x) {
    return x->side == WEIR_SELL ? WEIR_BUY : WEIR_SELL;
}

static void sell_to(struct twin *t, struct sale *x, struct account *maker, int64_t qty,
                    enum weir_fill_kind kind, int stage) {
    struct fill f = {.m = x->m,
                     .price = x->price,
                     .qty = qty,
                     .taker = x->s->account,
                     .maker = maker,
                     .taker_side = x->side,
                     .kind = kind};
    wide profit, gap = weir_wide_min(gap_of(t, x, qty), x->granted);
    weir_twin_fill(t, &f, &profit);
    weir_twin_note_closed(x->s, x->m, stage, weir_twin_value(t, x->m, x->price, qty), profit);
    if (gap <= 0) return;
    x->granted -= gap;
    weir_twin_pay_gap(t, x->m, x->s, gap);
}

/* A volunteer's lots at this price as far as capacity, loss limit and R3's bound go. */
static wide most_of(struct twin *t, const struct sale *x, struct account *a) {
    const struct market *k = &t->m[x->m];
    const struct position *p = &a->at[x->m];
    wide most = weir_twin_lots_within(t, x->m, x->price, p->capacity);
    most = weir_wide_min(most, x->lots);
    most = weir_twin_lots_losing(t, x->m, taking(x), k->mark, x->price, p->loss_limit, most);
    wide buys, sells, bound = weir_twin_most_lots(t, x->m);
    weir_twin_exposure(t, a, x->m, &buys, &sells);
    most = weir_wide_min(most, x->side == WEIR_SELL ? bound - p->s - buys : bound + p->s - sells);
    return most > 0 ? most : 0;
}

static bool may_volunteer(struct twin *t, const struct sale *x, struct account *a) {
    struct scope *s = weir_twin_scope(t, a, x->m);
    return a->at[x->m].capacity > 0 && !weir_twin_same_owner(a, x->s->account) &&
           s->queue == QUEUE_NONE && !weir_twin_liquidatable(t, s);
}

static bool can_take(struct twin *t, const struct sale *x, struct account *a, int64_t qty) {
    struct scope *s = weir_twin_scope(t, a, x->m);
    struct position position = a->at[x->m];
    struct scope scope = *s;
    weir_twin_move(t, a, x->m, x->side == WEIR_SELL ? qty : -qty, x->price);
    struct value v = weir_twin_eval(t, s);
    bool ok = v.discounted >= v.im + weir_twin_order_margin(t, s);
    a->at[x->m] = position;
    *s = scope;
    return ok;
}

/* Shares of all volunteers, made again without those who cannot take theirs until all can. */
static void share_out(struct twin *t, const struct sale *x, wide *shares) {
    size_t n = (size_t)t->account_count + 1;
    wide *weights = calloc(n, sizeof *weights), *caps = calloc(n, sizeof *caps);
    for (int i = 0; i < t->account_count; i++) {
        struct account *a = t->accounts[i];
        if (!may_volunteer(t, x, a)) continue;
        weights[i] = a->at[x->m].capacity;
        caps[i] = most_of(t, x, a);
    }
    for (bool again = true; again;) {
        again = false;
        weir_twin_divide(x->lots, t->account_count, weights, caps, shares);
        for (int i = 0; i < t->account_count; i++) {
            if (shares[i] == 0 || can_take(t, x, t->accounts[i], (int64_t)shares[i])) continue;
            weights[i] = 0;
            again = true;
        }
    }
    free(weights);
    free(caps);
}

static void plan_backstop(struct twin *t, struct sale *x) {
    const struct market *k = &t->m[x->m];
    wide share = weir_twin_share(t, x->s, x->m, x->lots, weir_twin_eval(t, x->s).equity);
    x->bankruptcy = weir_twin_bankruptcy(t, x->s->account, x->m, x->lots, share, false);
    int64_t d = t->v->backstop_discount;
    if (x->side == WEIR_SELL)
        x->price =
            weir_min(x->bankruptcy,
                     keep(k, weir_twin_div('f', k->mark, WEIR_PPB - (wide)d, 1, WEIR_PPB, 1)));
    else
        x->price =
            weir_max(x->bankruptcy,
                     keep(k, weir_twin_div('c', k->mark, WEIR_PPB + (wide)d, 1, WEIR_PPB, 1)));
    wide gap = gap_of(t, x, x->lots);
    if (gap == 0) return;
    int64_t furthest = weir_twin_furthest(t, x->m, x->side);
    bool too_far = x->side == WEIR_SELL ? x->price < furthest : x->price > furthest;
    if (share < 0 && !too_far) x->granted = weir_twin_grant(t, x->m, x->s->account, gap);
    x->lots = x->granted == 0 ? 0
                              : (int64_t)weir_twin_lots_losing(t, x->m, x->side, x->bankruptcy,
                                                               x->price, x->granted, x->lots);
}

void weir_twin_backstop_step(struct twin *t, struct scope *s, int m) {
    struct position *p = &s->account->at[m];
    struct sale x = {.s = s,
                     .m = m,
                     .side = p->s > 0 ? WEIR_SELL : WEIR_BUY,
                     .lots = weir_abs(p->s) - p->parked};
    plan_backstop(t, &x);
    wide *shares = calloc((size_t)t->account_count + 1, sizeof *shares);
    int64_t fills = 0;
    bool cut = false;
    if (x.lots > 0) share_out(t, &x, shares);
    for (int i = 0; i < t->account_count; i++) {
        if (shares[i] == 0) continue;
        if (fills == t->v->fills_per_step) {
            cut = true;
            break;
        }
        struct account *a = t->accounts[i];
        int64_t qty = (int64_t)shares[i];
        wide loss = weir_twin_worse(t, m, taking(&x), t->m[m].mark, x.price, qty);
        sell_to(t, &x, a, qty, WEIR_FILL_BACKSTOP, WEIR_BY_BACKSTOP);
        a->at[m].capacity -= weir_twin_value(t, m, x.price, qty);
        a->at[m].loss_limit -= weir_wide_min(weir_wide_max(0, loss), a->at[m].loss_limit);
        fills++;
    }
    free(shares);
    if (!cut && p->s != 0) weir_twin_leave(t, s, m, STAGE_ABSORB);
}

/* Capital that must move into the fund's scope if it takes `qty` lots at the price. */
static wide capital(struct twin *t, const struct sale *x, struct account *a, int64_t qty) {
    struct position position = a->at[x->m];
    struct scope *own = weir_twin_scope(t, a, x->m), scope = *own;
    weir_twin_move(t, a, x->m, x->side == WEIR_SELL ? qty : -qty, x->price);
    struct value v = weir_twin_eval(t, own);
    a->at[x->m] = position;
    *own = scope;
    return v.im > v.equity ? v.im - v.equity : 0;
}

static bool absorbable(struct twin *t, const struct sale *x, struct fund *f, int64_t qty) {
    struct account *a = f->account;
    wide s = (wide)a->at[x->m].s + (x->side == WEIR_SELL ? qty : -qty);
    wide size = s < 0 ? -s : s;
    if (t->v->absorb_max_notional != WEIR_NONE &&
        weir_twin_value(t, x->m, t->m[x->m].mark, size) >
            weir_twin_amount_in(t, x->m, t->v->absorb_max_notional))
        return false;
    if (weir_twin_bound_broken(t, a, x->m, s, 0, 0)) return false;
    return capital(t, x, a, qty) + gap_of(t, x, qty) <= f->cash - f->promised;
}

/* The largest number of lots that is absorbable. What taking costs is linear, but for rounding,
 * between the sizes at which a tier ends or the inventory turns: each such piece is halved. */
static int64_t absorb_most(struct twin *t, const struct sale *x, struct fund *f) {
    const struct market *k = &t->m[x->m];
    wide s = f->account->at[x->m].s;
    int64_t high = x->lots;
    if (x->side == WEIR_BUY) s = -s; /* inventory in the direction of taking */
    if (high <= 4096) {              /* few enough to try them all */
        while (high > 0 && !absorbable(t, x, f, high))
            high--;
        return high;
    }
    while (high > 0 && !absorbable(t, x, f, high)) {
        wide low = -s > 0 && -s < high ? -s : 0;
        for (uint32_t i = 0; i < k->tiers.count; i++) {
            wide past = weir_twin_lots_within(t, x->m, k->mark, k->tiers.row[i].cap) - s;
            if (past < high && past > low) low = past;
        }
        if (low > 0 && !absorbable(t, x, f, (int64_t)low)) {
            high = (int64_t)low - 1;
            continue;
        }
        int64_t yes = (int64_t)low, no = high;
        while (no - yes > 1) {
            int64_t mid = yes + (no - yes) / 2;
            if (absorbable(t, x, f, mid))
                yes = mid;
            else
                no = mid;
        }
        for (int64_t q = weir_min(yes + 64, high); q > yes; q--) /* rounding */
            if (absorbable(t, x, f, q)) return q;
        return yes;
    }
    return high;
}

void weir_twin_absorb_step(struct twin *t, struct scope *s, int m) {
    struct position *p = &s->account->at[m];
    const struct market *k = &t->m[m];
    struct fund *f = weir_twin_fund_of(t, m);
    struct account *a = f->account;
    struct scope *own = weir_twin_fund_scope(f);
    struct sale x = {.s = s,
                     .m = m,
                     .side = p->s > 0 ? WEIR_SELL : WEIR_BUY,
                     .lots = weir_abs(p->s) - p->parked};
    wide share = weir_twin_share(t, s, m, x.lots, weir_twin_eval(t, s).equity);
    x.bankruptcy = weir_twin_bankruptcy(t, s->account, m, x.lots, share, false);
    x.price =
        x.side == WEIR_SELL ? weir_min(x.bankruptcy, k->mark) : weir_max(x.bankruptcy, k->mark);
    bool can = !f->stopped && own->queue == QUEUE_NONE && s->account != a &&
               !weir_twin_liquidatable(t, own);
    wide left;
    if (can && gap_of(t, &x, x.lots) > 0 && weir_twin_cut(t, f, &left))
        x.lots = (int64_t)weir_twin_lots_losing(t, m, x.side, x.bankruptcy, x.price, left, x.lots);
    int64_t qty = can ? absorb_most(t, &x, f) : 0;
    if (qty > 0) {
        wide moves = capital(t, &x, a, qty);
        int64_t before = a->at[m].s;
        if (moves > 0) {
            own->balance += moves;
            weir_twin_cash(t, f, WEIR_CAUSE_ABSORB, -moves, s->account);
        }
        x.granted = gap_of(t, &x, qty); /* within free cash, whatever the caps */
        sell_to(t, &x, a, qty, WEIR_FILL_ABSORB, WEIR_BY_ABSORBED);
        struct position *i = &a->at[m];
        if ((before > 0) != (i->s > 0) || (before < 0) != (i->s < 0)) i->scheduled = false;
        if (i->s != 0 && !i->scheduled) {
            i->scheduled = true;
            i->schedule_start = i->schedule_next = t->now;
            i->schedule_cool = 0;
            weir_twin_plan_begins(t, own, m, true);
        }
        weir_twin_return_inventory(t, a);
    }
    if (p->s != 0) weir_twin_leave(t, s, m, STAGE_ADL);
}

/* No order is unbounded: the band, else as far as the fund subsidises, else mark. */
int64_t weir_twin_unwind_limit(const struct twin *t, int m, enum weir_side side) {
    const struct market *k = &t->m[m];
    if (k->liquidation_band != WEIR_NONE) {
        bool sells = side == WEIR_SELL;
        wide band = sells ? -(wide)k->liquidation_band : k->liquidation_band;
        return keep(k, weir_twin_div(sells ? 'c' : 'f', k->mark, WEIR_PPB + band, 1, WEIR_PPB, 1));
    }
    if (weir_twin_fund_of(t, m)->c->max_subsidy == WEIR_NONE) return k->mark;
    return weir_twin_furthest(t, m, side);
}

/* One slice of the inventory's schedule; sets when it is looked at next. */
void weir_twin_unwind(struct twin *t, struct fund *f, int m) {
    struct account *a = f->account;
    struct scope *own = weir_twin_fund_scope(f);
    struct position *p = &a->at[m];
    struct answer r = weir_twin_policy(t, own, m, true);
    int64_t next = r.wait ? r.until : r.next;
    if (next == WEIR_NONE || next <= t->now) /* with the next command's timers */
        p->rearm = true;
    else
        p->schedule_next = next;
    if (r.wait) return;
    struct forced x = {.account = a,
                       .m = m,
                       .side = p->s > 0 ? WEIR_SELL : WEIR_BUY,
                       .kind = WEIR_FILL_UNWIND,
                       .qty = r.lots,
                       .most_fills = t->v->max_fills_per_order};
    if (!weir_twin_closed_market(t, m) && own->queue == QUEUE_NONE &&
        !weir_twin_liquidatable(t, own)) {
        x.limit = weir_twin_unwind_limit(t, m, x.side);
        if (r.limit != 0)
            x.limit = x.side == WEIR_SELL ? weir_max(x.limit, r.limit) : weir_min(x.limit, r.limit);
        weir_twin_forced(t, &x);
    }
    weir_twin_slice_made(t, own, m, true, &r, x.filled, 0);
}
