/* Dutch auctions (R26): the price of the moment, restarts, bids, the close. */
#include "reference/twin.h"

#include <stdlib.h>

#define UNIT   1000000000000000000 /* of price factors */
#define DIGITS 32

/* cut^whole, and its roots for the binary digits of a fraction; all in 10^-18, rounded down. */
static wide factor(const struct twin *t, int64_t elapsed) {
    int64_t step = t->v->auction_step;
    wide f = UNIT, p = (wide)t->v->auction_cut * (UNIT / WEIR_PPB);
    for (int64_t n = elapsed / step; n > 0; n /= 2) {
        if (n % 2 == 1) f = weir_twin_div('f', f, p, 1, UNIT, 1);
        p = weir_twin_div('f', p, p, 1, UNIT, 1);
    }
    if (t->v->auction_curve != WEIR_CURVE_EXPONENTIAL) return f;
    wide q = (wide)t->v->auction_cut * (UNIT / WEIR_PPB), range = (wide)1 << DIGITS;
    wide digits = weir_twin_div('f', elapsed % step, range, 1, step, 1);
    for (wide digit = range / 2; digit > 0; digit /= 2) {
        q = weir_twin_root(q, UNIT);
        if (digits / digit % 2 == 1) f = weir_twin_div('f', f, q, 1, UNIT, 1);
    }
    return f;
}

/* From the start to the end of a linear curve. */
static wide whole_way(const struct auction *u) {
    wide way = u->side == WEIR_SELL ? (wide)u->start - u->end : (wide)u->end - u->start;
    return way > 0 ? way : 0;
}

static int64_t bounded(const struct market *k, wide price) {
    return price < 1 ? 1 : price > k->c->max_price ? k->c->max_price : (int64_t)price;
}

int64_t weir_twin_dutch_price(const struct twin *t, const struct auction *u, int64_t reserve) {
    int64_t elapsed = t->now - u->started;
    wide moved;
    if (t->v->auction_curve == WEIR_CURVE_LINEAR)
        moved = weir_twin_div('f', whole_way(u), elapsed, 1, t->v->auction_duration, 1);
    else
        moved = weir_twin_div('f', u->start, UNIT - factor(t, elapsed), 1, UNIT, 1);
    if (u->side == WEIR_SELL) return bounded(&t->m[u->m], weir_wide_max(u->start - moved, reserve));
    return bounded(&t->m[u->m], weir_wide_min(u->start + moved, reserve));
}

/* The first instant of a run that is below cusp; -1: none. */
static wide cusp_time(const struct twin *t, const struct auction *u) {
    int64_t cusp = t->v->auction_cusp, duration = t->v->auction_duration;
    if (cusp == WEIR_NONE) return -1;
    if (t->v->auction_curve == WEIR_CURVE_LINEAR) {
        if (whole_way(u) == 0) return -1;
        return 1 + weir_twin_div('f', u->start, WEIR_PPB - cusp, duration, whole_way(u), WEIR_PPB);
    }
    wide least = (wide)cusp * (UNIT / WEIR_PPB);
    if (factor(t, duration) >= least) return -1;
    int64_t above = 0, below = duration;
    while (below - above > 1) {
        int64_t middle = above + (below - above) / 2;
        if (factor(t, middle) >= least)
            above = middle;
        else
            below = middle;
    }
    return below;
}

static wide later(const struct twin *t, wide by) {
    wide at = t->now + by;
    return at > INT64_MAX ? INT64_MAX : at;
}

void weir_twin_dutch_start(struct twin *t, struct auction *u) {
    const struct market *k = &t->m[u->m];
    int64_t rate = t->v->auction_start;
    wide start = u->side == WEIR_SELL
                     ? weir_twin_div('c', k->mark, rate, 1, WEIR_PPB, 1)
                     : weir_twin_div('f', k->mark, 2 * (wide)WEIR_PPB - rate, 1, WEIR_PPB, 1);
    u->started = t->now;
    u->start = bounded(k, start);
    weir_twin_reserve(t, u, &u->offers[0]);
    u->end = u->offers[0].reserve;
    u->closes_at = (int64_t)later(t, t->v->auction_duration);
    u->restart_at = WEIR_NONE;
    if (u->restarts >= t->v->auction_max_restarts) return;
    wide after = cusp_time(t, u);
    if (t->v->auction_tail != WEIR_NONE && (after < 0 || t->v->auction_tail + (wide)1 < after))
        after = t->v->auction_tail + (wide)1;
    if (after >= 0 && after < t->v->auction_duration) u->restart_at = (int64_t)later(t, after);
}

static void announce(struct twin *t, const struct auction *u, enum weir_event_kind kind) {
    struct weir_event e = {.kind = kind};
    e.auction_opened.auction = u->number;
    e.auction_opened.market = (uint32_t)u->m;
    e.auction_opened.side = u->side;
    e.auction_opened.qty = u->offers[0].qty;
    e.auction_opened.closes_at = u->closes_at;
    weir_twin_emit(t, &e);
}

/* Over: sold out, out of time, its scope restored, or its market expired. */
void weir_twin_dutch_close(struct twin *t, int idx, bool expired) {
    struct auction u = weir_twin_auction_out(t, idx);
    struct offer *o = &u.offers[0];
    struct scope *s = o->scope;
    struct position *p = &s->account->at[u.m];
    bool back = !expired && weir_twin_restored(t, s);
    int64_t left = o->qty;
    weir_twin_liquidation_fee(t, s, u.m, o->value, o->improvement);
    struct weir_event e = {.kind = WEIR_EV_AUCTION_CLOSED};
    e.auction_closed.auction = u.number;
    e.auction_closed.market = (uint32_t)u.m;
    e.auction_closed.allotted = u.sold;
    e.auction_closed.unsold = back ? 0 : left;
    e.auction_closed.price = (struct weir_maybe){u.price != 0 && !u.several, u.price};
    if (u.several) e.auction_closed.price.value = 0;
    weir_twin_emit(t, &e);
    weir_twin_fund_of(t, u.m)->promised -= o->promised;
    p->parked -= left;
    if (left > 0 && !back && p->s != 0) weir_twin_leave(t, s, u.m, STAGE_BACKSTOP);
    if (weir_twin_flat(t, s)) s->flat_order = ++t->flat_order;
    if (!expired) weir_twin_after_step(t, s);
    free(u.offers);
    free(u.bids);
}

void weir_twin_dutch_due(struct twin *t, int idx) {
    struct auction *u = &t->auctions[idx];
    bool over = u->restart_at == WEIR_NONE || u->closes_at <= u->restart_at;
    if (over || weir_twin_restored(t, u->offers[0].scope)) {
        weir_twin_dutch_close(t, idx, false);
        return;
    }
    u->restarts++;
    weir_twin_dutch_start(t, u);
    announce(t, u, WEIR_EV_AUCTION_OPENED);
}

static enum weir_reason check(struct twin *t, struct auction *u, struct order *o, int64_t wanted,
                              int64_t price) {
    const struct market *k = &t->m[u->m];
    const struct offer *x = &u->offers[0];
    bool buy = o->side == WEIR_BUY;
    if (weir_twin_bound_broken(t, o->account, o->m, o->account->at[o->m].s, buy ? o->open : 0,
                               buy ? 0 : o->open))
        return WEIR_R_OVERFLOW;
    if (weir_twin_scope(t, o->account, o->m)->queue == QUEUE_LIQUIDATING)
        return WEIR_R_IN_LIQUIDATION;
    if (k->status == WEIR_STATUS_HALTED || k->status == WEIR_STATUS_AUCTION) return WEIR_R_STATUS;
    if (k->status == WEIR_STATUS_REDUCE_ONLY && weir_twin_opens(t, o)) return WEIR_R_STATUS;
    if (k->stale) return WEIR_R_STALE;
    if (wanted < t->v->auction_min_bid_lots) return WEIR_R_MIN_SIZE;
    if (weir_twin_outside_band(t, o->m, o->side, o->price)) return WEIR_R_BAND;
    if (buy ? o->price < price : o->price > price) return WEIR_R_RESERVE;
    if (weir_twin_restored(t, x->scope)) return WEIR_R_RESERVE;
    if (weir_twin_worse(t, u->m, u->side, x->bankruptcy, price, o->open) > x->promised)
        return WEIR_R_RESERVE;
    o->price = price; /* what it takes it takes at this */
    enum weir_reason r = weir_twin_raises(t, o) ? weir_twin_check_limits(t, o) : WEIR_OK;
    if (r == WEIR_OK) r = weir_twin_check_margin(t, o, o->open, price, 0);
    if (r != WEIR_OK) return r;
    if (!weir_twin_may_fill(t, o->account, o->m, buy ? o->open : -o->open, price))
        return WEIR_R_MARGIN;
    return weir_twin_same_owner(o->account, x->scope->account) ? WEIR_R_NOT_ALLOWED : WEIR_OK;
}

enum weir_reason weir_twin_dutch_bid(struct twin *t, const struct weir_command *c,
                                     struct auction *u, struct order *o) {
    struct offer *x = &u->offers[0];
    int64_t wanted = o->open;
    o->open = weir_min(o->open, x->qty);
    weir_twin_reserve(t, u, x);
    int64_t price = weir_twin_dutch_price(t, u, x->reserve);
    enum weir_reason r = check(t, u, o, wanted, price);
    if (r != WEIR_OK) return r;
    weir_twin_accepted(t, c);
    x->qty -= o->open;
    x->left = x->qty;
    weir_twin_sell_lots(t, u, x, o->account, o->open, price);
    x->scope->account->at[u->m].parked -= o->open;
    u->sold += o->open;
    if (u->price != 0 && u->price != price) u->several = true;
    u->price = price;
    if (x->qty == 0 || weir_twin_restored(t, x->scope))
        weir_twin_dutch_close(t, (int)(u - t->auctions), false);
    return WEIR_OK;
}
