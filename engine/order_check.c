/* The checks of orders and bids, in the order of the reasons (R9-R12, R16). */
#include "engine/internal.h"

static weir_wide exposure_with(const struct weir_engine *e, uint32_t leg, enum weir_side side,
                               weir_qty lots) {
    const struct weir_leg *g = weir_leg_at(&e->x.ledger, leg);
    const struct weir_open open = weir_leg_open(&e->x.ledger, g);
    weir_wide buys = (weir_wide)open.buys + (side == WEIR_BUY ? lots : 0);
    weir_wide sells = (weir_wide)open.sells + (side == WEIR_SELL ? lots : 0);
    return weir_exposure(g->size, buys, sells);
}

bool weir_order_raises(const struct weir_engine *e, uint32_t leg, enum weir_side side,
                       weir_qty lots) {
    return exposure_with(e, leg, side, lots) > exposure_with(e, leg, side, 0);
}

bool weir_order_opens(const struct weir_engine *e, uint32_t leg, enum weir_side side,
                      weir_qty lots) {
    const struct weir_leg *g = weir_leg_at(&e->x.ledger, leg);
    const struct weir_open o = weir_leg_open(&e->x.ledger, g);
    weir_wide open = side == WEIR_BUY ? o.buys : o.sells;
    return open + lots > weir_max(0, side == WEIR_BUY ? -g->size : g->size);
}

bool weir_bound_ok(const struct weir_engine *e, uint32_t leg, enum weir_side side, weir_qty lots) {
    const struct weir_leg *g = weir_leg_at(&e->x.ledger, leg);
    return weir_lots_fit(&e->x.venue->markets[g->market], exposure_with(e, leg, side, lots));
}

enum weir_reason weir_exposure_check(struct weir_engine *e, uint32_t leg, enum weir_side side,
                                     weir_qty lots) {
    const struct weir_exchange *x = &e->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    weir_price mark = x->prices[g->market].mark;
    weir_wide after = exposure_with(e, leg, side, lots), before = exposure_with(e, leg, side, 0);
    if (weir_value(m, mark, after) > r->tiers.row[r->tiers.count - 1].cap)
        return weir_deny(e, WEIR_R_POSITION_LIMIT, "beyond the last tier's cap");
    if (r->position_limit != WEIR_NONE &&
        weir_owner_exposure(x, g->market, leg, after) > r->position_limit)
        return weir_deny(e, WEIR_R_POSITION_LIMIT, "beyond the owner's position limit");
    weir_wide open_interest = x->ledger.markets[g->market].open_interest;
    if (r->open_interest_cap != WEIR_NONE &&
        weir_value(m, mark, open_interest + after - before) > r->open_interest_cap)
        return weir_deny(e, WEIR_R_OPEN_INTEREST, "beyond the market's open-interest cap");
    return WEIR_OK;
}

/* The band's edge for an order of `side`: its highest buy or lowest sell price (R16). */
static weir_price order_band_edge(const struct weir_engine *e, uint32_t market,
                                  enum weir_side side) {
    const struct weir_market *m = &e->x.venue->markets[market];
    weir_rate band = e->x.risks[market].price_band;
    weir_wide mark = e->x.prices[market].mark;
    if (band == WEIR_NONE) return side == WEIR_BUY ? m->max_price : 1;
    weir_wide p = side == WEIR_BUY ? weir_div_floor(mark * (WEIR_PPB + band), WEIR_PPB)
                                   : weir_div_ceil(mark * (WEIR_PPB - band), WEIR_PPB);
    return weir_clamp(weir_saturate(p), 1, m->max_price);
}

bool weir_in_band(const struct weir_engine *e, uint32_t market, enum weir_side side,
                  weir_price price) {
    weir_price edge = order_band_edge(e, market, side);
    return side == WEIR_BUY ? price <= edge : price >= edge;
}

bool weir_order_margin_ok(struct weir_engine *e, uint32_t leg, enum weir_side side,
                          weir_price price, weir_qty lots, bool reduce_only, weir_wide fee) {
    struct weir_exchange *x = &e->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    weir_wide loss =
        weir_open_loss(&x->venue->markets[g->market], side, price, x->prices[g->market].mark, lots);
    bool raises = !reduce_only && weir_order_raises(e, leg, side, lots);
    struct weir_health h;
    if (!raises) {
        weir_health(x, g->scope, NULL, &h);
        return h.equity - loss - fee >= 0;
    }
    struct weir_what_if w = weir_what_if_now(x, leg);
    w.open.loss += loss;
    if (side == WEIR_BUY)
        w.open.buys += lots;
    else
        w.open.sells += lots;
    weir_health(x, g->scope, &w, &h);
    return h.discounted - h.initial - h.order_margin - fee >= 0;
}

/* status, stale, no_mark: what the market itself allows. */
static enum weir_reason check_market(struct weir_engine *e, const struct weir_order_request *r,
                                     weir_qty lots) {
    const struct weir_exchange *x = &e->x;
    enum weir_market_status status = weir_status_now(x, r->market);
    bool rests = r->type == WEIR_LIMIT && r->tif == WEIR_GTC;
    bool opens = !r->reduce_only && weir_order_opens(e, r->leg, r->side, lots);
    if (status == WEIR_STATUS_HALTED || (status == WEIR_STATUS_AUCTION && !rests) ||
        (status == WEIR_STATUS_REDUCE_ONLY && opens))
        return weir_deny(e, WEIR_R_STATUS, "the market is %s", weir_status_words[status]);
    if (x->prices[r->market].stale && opens)
        return weir_deny(e, WEIR_R_STALE, "the market's index is stale");
    if (x->prices[r->market].mark == 0)
        return weir_deny(e, WEIR_R_NO_MARK, "the market has no mark yet");
    return WEIR_OK;
}

/* Lots of the position that an order of this side could close. */
static weir_qty closable(const struct weir_engine *e, const struct weir_order_request *r) {
    weir_qty s = weir_leg_at(&e->x.ledger, r->leg)->size;
    return r->side == WEIR_BUY ? weir_max(0, -s) : weir_max(0, s);
}

/* min_size to reduce_only: what the order itself must satisfy. */
static enum weir_reason check_form(struct weir_engine *e, const struct weir_order_request *r,
                                   const struct weir_order_plan *plan) {
    const struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[r->market];
    const struct weir_leg *g = weir_leg_at(&x->ledger, r->leg);
    weir_qty closes = closable(e, r);
    bool whole = r->reduce_only && closes > 0 && r->qty >= closes;
    weir_price at = r->type == WEIR_LIMIT ? r->price : x->prices[r->market].mark;
    if (!whole && (plan->qty < m->min_qty || weir_value(m, at, plan->qty) < m->min_notional))
        return weir_deny(e, WEIR_R_MIN_SIZE, "below min_qty or min_notional");
    bool rests = r->type == WEIR_LIMIT && r->tif == WEIR_GTC;
    uint32_t open = weir_leg_orders(&x->ledger, g)->order_count;
    if (rests && !r->fired && open >= m->max_open_orders)
        return weir_deny(e, WEIR_R_ORDER_LIMIT, "the account has %u open orders here", open);
    if (rests && !r->fired && weir_orders_full(&x->orders))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another order");
    if (r->type == WEIR_LIMIT && !weir_in_band(e, r->market, r->side, r->price))
        return weir_deny(e, WEIR_R_BAND, "beyond the price band around mark");
    if (r->post_only &&
        weir_book_maker(&x->books[r->market], r->side, plan->limit) != WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_POST_ONLY, "it would trade");
    if (r->reduce_only && closes == 0)
        return weir_deny(e, WEIR_R_REDUCE_ONLY, "there is no position that it would reduce");
    return WEIR_OK;
}

enum weir_reason weir_order_check(struct weir_engine *e, const struct weir_order_request *r,
                                  struct weir_order_plan *plan) {
    struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[r->market];
    plan->qty = r->reduce_only && closable(e, r) > 0 ? weir_min(r->qty, closable(e, r)) : r->qty;
    bool has_mark = x->prices[r->market].mark > 0;
    plan->limit = r->type == WEIR_LIMIT ? r->price
                  : has_mark            ? order_band_edge(e, r->market, r->side)
                                        : 0;
    struct weir_reach reach = {plan->qty, plan->limit};
    if (r->type == WEIR_MARKET && has_mark)
        reach = weir_book_reach(x, r->leg, r->side, plan->limit, plan->qty, r->tif == WEIR_FOK);
    enum weir_reason reason = check_market(e, r, plan->qty);
    if (reason == WEIR_OK) reason = check_form(e, r, plan);
    if (reason != WEIR_OK) return reason;
    if (r->tif == WEIR_FOK &&
        weir_book_reach(x, r->leg, r->side, plan->limit, plan->qty, true).lots < plan->qty)
        return weir_deny(e, WEIR_R_FOK, "it cannot be filled whole");
    if (!r->reduce_only && weir_order_raises(e, r->leg, r->side, reach.lots)) {
        reason = weir_exposure_check(e, r->leg, r->side, reach.lots);
        if (reason != WEIR_OK) return reason;
    }
    if (reach.lots == 0) return WEIR_OK;
    weir_wide fee = weir_fee(weir_value(m, reach.worst, reach.lots), m->fee_taker);
    if (!weir_order_margin_ok(e, r->leg, r->side, reach.worst, reach.lots, r->reduce_only, fee))
        return weir_deny(e, WEIR_R_MARGIN, "the scope's equity does not carry it");
    return WEIR_OK;
}
