/* Checks of orders and the commands order, cancel, cancel_all, amend (R10-R12, R16, R20). */
#include "reference/twin.h"

#include <stdlib.h>

/* R3: the most that max(|s + B|, |s - S|) lots can be worth must fit. */
bool weir_twin_bound_broken(struct twin *t, struct account *a, int m, wide s, wide buys,
                            wide sells) {
    wide b, c;
    weir_twin_exposure(t, a, m, &b, &c);
    return weir_twin_too_many(t, m, weir_twin_reach(s, b + buys, c + sells));
}

static void with_order(struct twin *t, const struct order *o, int64_t lots, wide *before,
                       wide *after) {
    wide buys, sells;
    int64_t s = o->account->at[o->m].s;
    weir_twin_exposure(t, o->account, o->m, &buys, &sells);
    *before = weir_twin_reach(s, buys, sells);
    if (!o->reduce_only) *(o->side == WEIR_BUY ? &buys : &sells) += lots;
    *after = weir_twin_reach(s, buys, sells);
}

bool weir_twin_raises(struct twin *t, const struct order *o) {
    wide before, after;
    with_order(t, o, o->open, &before, &after);
    return after > before;
}

/* Some of its lots may open: more than what closes the position, open orders of its side counted.
 */
bool weir_twin_opens(struct twin *t, const struct order *o) {
    wide buys, sells, s = o->account->at[o->m].s;
    if (o->reduce_only) return false;
    weir_twin_exposure(t, o->account, o->m, &buys, &sells);
    if (o->side == WEIR_BUY) return buys + o->open > (s < 0 ? -s : 0);
    return sells + o->open > (s > 0 ? s : 0);
}

static int64_t band_edge(const struct twin *t, int m, enum weir_side side, int64_t band) {
    const struct market *k = &t->m[m];
    if (band == WEIR_NONE) return side == WEIR_BUY ? k->c->max_price : 1;
    wide p = side == WEIR_BUY ? weir_twin_div('f', k->mark, (wide)WEIR_PPB + band, 1, WEIR_PPB, 1)
                              : weir_twin_div('c', k->mark, (wide)WEIR_PPB - band, 1, WEIR_PPB, 1);
    return p < 1 ? 1 : p > k->c->max_price ? k->c->max_price : (int64_t)p;
}

bool weir_twin_outside_band(struct twin *t, int m, enum weir_side side, int64_t price) {
    int64_t edge = band_edge(t, m, side, t->m[m].price_band);
    return side == WEIR_BUY ? price > edge : price < edge;
}

/* The walk through the present book (R10, R11): the lots it can take and the worst price. */
static int64_t walk(struct twin *t, const struct order *o, int64_t *worst) {
    const struct market *k = &t->m[o->m];
    int other = o->side == WEIR_BUY ? WEIR_SELL : WEIR_BUY;
    int64_t lots = 0, count = 0;
    for (int i = 0; i < k->book_count[other] && lots < o->open; i++) {
        const struct order *r = k->book[other][i];
        if (count == t->v->max_fills_per_order || !weir_twin_crosses(o->side, o->price, r->price))
            break;
        if (weir_twin_same_owner(o->account, r->account)) continue;
        int64_t qty = weir_min(o->open - lots, r->open);
        if (o->tif == WEIR_FOK && !weir_twin_maker_ok(t, r, qty, WEIR_FILL_TRADE, false)) continue;
        lots += qty;
        *worst = r->price;
        count++;
    }
    return lots;
}

static int64_t count_orders(const struct twin *t, const struct account *a, int m) {
    int64_t n = 0;
    for (int i = 0; i < t->order_count; i++) {
        const struct order *o = t->orders[i];
        n += !o->dead && o->account == a && o->m == m;
    }
    return n;
}

/* position_limit and open_interest, for an order or bid that raises exposure. */
enum weir_reason weir_twin_check_limits(struct twin *t, const struct order *o) {
    const struct market *k = &t->m[o->m];
    wide before, after, sum = 0;
    with_order(t, o, o->open, &before, &after);
    if (weir_twin_value(t, o->m, k->mark, after) > k->tiers.row[k->tiers.count - 1].cap)
        return WEIR_R_POSITION_LIMIT;
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        wide buys, sells;
        if (!weir_twin_same_owner(a, o->account)) continue;
        weir_twin_exposure(t, a, o->m, &buys, &sells);
        sum += a == o->account ? after : weir_twin_reach(a->at[o->m].s, buys, sells);
    }
    if (k->position_limit != WEIR_NONE &&
        weir_twin_value(t, o->m, k->mark, sum) > k->position_limit)
        return WEIR_R_POSITION_LIMIT;
    wide interest = weir_twin_open_interest(t, o->m) + after - before;
    if (k->open_interest_cap != WEIR_NONE &&
        weir_twin_value(t, o->m, k->mark, interest) > k->open_interest_cap)
        return WEIR_R_OPEN_INTEREST;
    return WEIR_OK;
}

/* R11 for an order of which `lots` count, at `worst`. */
enum weir_reason weir_twin_check_margin(struct twin *t, const struct order *o, int64_t lots,
                                        int64_t worst, wide fee) {
    struct scope *s = weir_twin_scope(t, o->account, o->m);
    struct value x = weir_twin_eval(t, s);
    wide loss = weir_twin_open_loss(t, o->m, o->side, worst, t->m[o->m].mark, lots);
    if (!weir_twin_raises(t, o)) return x.equity - loss - fee >= 0 ? WEIR_OK : WEIR_R_MARGIN;
    wide before, after;
    with_order(t, o, lots, &before, &after);
    wide margin = weir_twin_order_margin(t, s) + weir_twin_im(t, o->account, o->m, after) -
                  weir_twin_im(t, o->account, o->m, before) + loss;
    return x.discounted - x.im - margin - fee >= 0 ? WEIR_OK : WEIR_R_MARGIN;
}

static enum weir_reason check_taking(struct twin *t, struct order *o) {
    const struct market *k = &t->m[o->m];
    const struct position *p = &o->account->at[o->m];
    int other = o->side == WEIR_BUY ? WEIR_SELL : WEIR_BUY;
    if (o->type == WEIR_MARKET)
        o->price = band_edge(t, o->m, o->side, k->price_band);
    else if (weir_twin_outside_band(t, o->m, o->side, o->price))
        return WEIR_R_BAND;
    if (o->post_only && k->book_count[other] > 0 &&
        weir_twin_crosses(o->side, o->price, k->book[other][0]->price))
        return WEIR_R_POST_ONLY;
    if (o->reduce_only) {
        if (p->s == 0 || (p->s > 0) == (o->side == WEIR_BUY)) return WEIR_R_REDUCE_ONLY;
        o->open = weir_min(o->open, weir_abs(p->s));
    }
    int64_t worst = o->price, lots = o->open;
    if (o->tif == WEIR_FOK && walk(t, o, &worst) < o->open) return WEIR_R_FOK;
    worst = o->price;
    if (o->type == WEIR_MARKET) lots = walk(t, o, &worst);
    o->m0 = k->mark;
    if (lots == 0) return WEIR_OK;
    int64_t all = o->open;
    o->open = lots; /* a market order counts only with the lots it can take */
    enum weir_reason r = weir_twin_raises(t, o) ? weir_twin_check_limits(t, o) : WEIR_OK;
    wide fee = weir_twin_fee(weir_twin_value(t, o->m, worst, lots), k->c->fee_taker);
    if (r == WEIR_OK) r = weir_twin_check_margin(t, o, lots, worst, fee);
    o->open = all;
    return r;
}

/* All checks of an order from `overflow` on; what it is cut to and its limit are put into it. An
 * order that replaces another is checked with that one marked dead. */
enum weir_reason weir_twin_check(struct twin *t, struct order *o, bool fired) {
    const struct market *k = &t->m[o->m];
    const struct position *p = &o->account->at[o->m];
    bool buy = o->side == WEIR_BUY;
    if (!o->reduce_only &&
        weir_twin_bound_broken(t, o->account, o->m, p->s, buy ? o->open : 0, buy ? 0 : o->open))
        return WEIR_R_OVERFLOW;
    if (weir_twin_scope(t, o->account, o->m)->queue == QUEUE_LIQUIDATING)
        return WEIR_R_IN_LIQUIDATION;
    if (k->status == WEIR_STATUS_HALTED || k->phase != PHASE_OPEN) return WEIR_R_STATUS;
    if (!o->stop) {
        bool opens = weir_twin_opens(t, o);
        if (k->status == WEIR_STATUS_AUCTION && o->tif != WEIR_GTC) return WEIR_R_STATUS;
        if (k->status == WEIR_STATUS_REDUCE_ONLY && opens) return WEIR_R_STATUS;
        if (k->stale && opens) return WEIR_R_STALE;
        if (k->mark == 0) return WEIR_R_NO_MARK;
    }
    bool whole = o->reduce_only && p->s != 0 && (p->s > 0) != buy && o->open >= weir_abs(p->s);
    if (!whole && o->open < k->c->min_qty) return WEIR_R_MIN_SIZE;
    int64_t price = o->type == WEIR_MARKET ? k->mark : o->price;
    if (!whole && !o->stop && weir_twin_value(t, o->m, price, o->open) < k->c->min_notional)
        return WEIR_R_MIN_SIZE;
    if (!fired && (o->stop || o->tif == WEIR_GTC) &&
        count_orders(t, o->account, o->m) >= k->c->max_open_orders)
        return WEIR_R_ORDER_LIMIT;
    return o->stop ? WEIR_OK : check_taking(t, o);
}

bool weir_twin_id_taken(struct twin *t, const struct account *a, const struct weir_name *id) {
    for (int i = 0; i < t->order_count; i++)
        if (!t->orders[i]->dead && t->orders[i]->account == a &&
            weir_name_equal(&t->orders[i]->id, id))
            return true;
    for (int i = 0; i < t->auction_count; i++)
        for (int j = 0; j < t->auctions[i].bid_count; j++)
            if (t->auctions[i].bids[j].account == a &&
                weir_name_equal(&t->auctions[i].bids[j].id, id))
                return true;
    return false;
}

static struct order *find_order(struct twin *t, const struct account *a,
                                const struct weir_name *id) {
    for (int i = 0; i < t->order_count; i++)
        if (!t->orders[i]->dead && t->orders[i]->account == a &&
            weir_name_equal(&t->orders[i]->id, id))
            return t->orders[i];
    return NULL;
}

static int64_t read_qty(struct twin *t, struct fields *f, const struct weir_decimal *d, int m) {
    int64_t qty = weir_twin_units(f, d, &t->m[m].c->lot, 1, INT64_MAX);
    if (qty > 0 && weir_twin_too_many(t, m, qty)) f->overflow = true;
    return qty;
}

static int64_t read_price(struct twin *t, struct fields *f, const struct weir_decimal *d, int m) {
    return weir_twin_units(f, d, &t->m[m].c->tick, 1, t->m[m].c->max_price);
}

/* A checked order begins its life. */
static void enter(struct twin *t, struct order *o) {
    o->age = ++t->age;
    if (o->stop)
        weir_twin_stop_accepted(t, weir_twin_add_order(t, o));
    else
        weir_twin_execute(t, o);
}

enum weir_reason weir_twin_order(struct twin *t, const struct weir_command *c) {
    struct order o = {.account = weir_twin_find_account(t, &c->account),
                      .id = c->id,
                      .side = c->side,
                      .type = c->type,
                      .tif = c->tif,
                      .trigger = c->trigger,
                      .post_only = c->post_only,
                      .reduce_only = c->reduce_only};
    struct fields f = {0};
    if (!o.account) return WEIR_R_UNKNOWN_ACCOUNT;
    if ((o.m = weir_twin_find_market(t, &c->market)) < 0) return WEIR_R_UNKNOWN_MARKET;
    if (weir_twin_id_taken(t, o.account, &c->id)) return WEIR_R_DUPLICATE;
    o.stop = o.type == WEIR_STOP || o.type == WEIR_STOP_LIMIT;
    o.open = read_qty(t, &f, &c->qty, o.m);
    if (o.type == WEIR_LIMIT || o.type == WEIR_STOP_LIMIT)
        o.price = read_price(t, &f, &c->price, o.m);
    if (o.stop) o.stop_price = read_price(t, &f, &c->stop_price, o.m);
    enum weir_reason r = weir_twin_fields(&f);
    if (r == WEIR_OK) r = weir_twin_check(t, &o, false);
    if (r != WEIR_OK) return r;
    weir_twin_accepted(t, c);
    enter(t, &o);
    return WEIR_OK;
}

enum weir_reason weir_twin_cancel(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (!weir_twin_id_taken(t, a, &c->id)) return WEIR_R_UNKNOWN_ORDER;
    struct order *o = find_order(t, a, &c->id);
    if (!o) return WEIR_R_NOT_ALLOWED;
    weir_twin_accepted(t, c);
    weir_twin_remove(t, o);
    weir_twin_cancelled(t, o, WEIR_C_USER);
    return WEIR_OK;
}

enum weir_reason weir_twin_cancel_all(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    int m = -1;
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if ((c->present & WEIR_HAS_MARKET) && (m = weir_twin_find_market(t, &c->market)) < 0)
        return WEIR_R_UNKNOWN_MARKET;
    weir_twin_accepted(t, c);
    for (int i = 0; i < t->order_count; i++) {
        struct order *o = t->orders[i];
        if (o->dead || o->account != a || (m >= 0 && o->m != m)) continue;
        weir_twin_remove(t, o);
        weir_twin_cancelled(t, o, WEIR_C_USER);
    }
    return WEIR_OK;
}

/* The market of a bid of this account and id. */
static int market_of_bid(const struct twin *t, const struct account *a,
                         const struct weir_name *id) {
    for (int i = 0; i < t->auction_count; i++)
        for (int j = 0; j < t->auctions[i].bid_count; j++)
            if (t->auctions[i].bids[j].account == a &&
                weir_name_equal(&t->auctions[i].bids[j].id, id))
                return t->auctions[i].m;
    return -1;
}

enum weir_reason weir_twin_amend(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (!weir_twin_id_taken(t, a, &c->id)) return WEIR_R_UNKNOWN_ORDER;
    struct order *old = find_order(t, a, &c->id);
    int m = old ? old->m : market_of_bid(t, a, &c->id);
    struct fields f = {0};
    int64_t qty = old ? old->open : 0, price = old ? old->price : 0;
    if (c->present & WEIR_HAS_QTY) qty = read_qty(t, &f, &c->qty, m);
    if (c->present & WEIR_HAS_PRICE) price = read_price(t, &f, &c->price, m);
    enum weir_reason r = weir_twin_fields(&f);
    if (r != WEIR_OK) return r;
    if (!old) return WEIR_R_NOT_ALLOWED;
    if ((c->present & WEIR_HAS_PRICE) && old->type == WEIR_STOP) return WEIR_R_NOT_ALLOWED;
    if (price == old->price && qty <= old->open) {
        weir_twin_accepted(t, c);
        old->open = qty;
        return WEIR_OK;
    }
    struct order o = *old;
    o.open = qty;
    o.price = price;
    o.line = 0;
    old->dead = true;
    r = weir_twin_check(t, &o, false);
    old->dead = false;
    if (r != WEIR_OK) return r;
    weir_twin_accepted(t, c);
    weir_twin_remove(t, old);
    enter(t, &o);
    return WEIR_OK;
}
