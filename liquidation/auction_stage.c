/* The auction stage (R26): offers and bids come in, the close clears them through auction/. */
#include "liquidation/stages.h"

weir_price weir_furthest_price(const struct weir_exchange *x, uint32_t market,
                               enum weir_side side) {
    const struct weir_market *m = &x->venue->markets[market];
    weir_rate subsidy = x->venue->funds[m->fund_idx].max_subsidy;
    weir_price mark = x->prices[market].mark;
    if (subsidy == WEIR_NONE) return side == WEIR_SELL ? 1 : m->max_price;
    return weir_worse_by(m, side, mark, weir_div_floor((weir_wide)mark * subsidy, WEIR_PPB));
}

static struct weir_leg_work *work_of(struct weir_liquidator *lq, uint32_t leg) {
    struct weir_ledger *l = &lq->x->ledger;
    return &weir_leg_extra_make(l, weir_leg_at(l, leg))->work;
}

/* What the lots on offer in a market are worth at mark. Values of linear lots add up; those of
 * inverse ones are rounded offer by offer. */
static weir_wide worth_on_offer(const struct weir_liquidator *lq, uint32_t market) {
    const struct weir_exchange *x = lq->x;
    const struct weir_market *m = &x->venue->markets[market];
    weir_price mark = x->prices[market].mark;
    if (lq->auctions.on_offer[market] == 0) return 0;
    if (m->contract != WEIR_INVERSE) return weir_value(m, mark, lq->auctions.on_offer[market]);
    weir_wide sum = 0;
    const struct weir_open_auction *a = NULL;
    for (uint64_t n = 0; (a = weir_auction_after(lq, n)) != NULL; n = a->number) {
        for (uint32_t i = a->market == market ? a->first_offer : WEIR_NO_INDEX;
             i != WEIR_NO_INDEX;) {
            const struct weir_leg_work *w = weir_leg_work(&x->ledger, weir_leg_at(&x->ledger, i));
            sum += weir_value(m, mark, w->parked);
            i = w->offer_next;
        }
    }
    return sum;
}

/* Lots that `max_open_notional` lets on offer besides those that are (R26), each settlement asset
 * by itself. */
static weir_wide room(const struct weir_liquidator *lq, const struct weir_leg *g) {
    const struct weir_venue *v = lq->x->venue;
    const struct weir_market *m = &v->markets[g->market];
    weir_amount max = weir_market_amount(v, m, v->auction_max_open_notional);
    if (max == WEIR_NONE) return INT64_MAX;
    weir_wide open = 0;
    bool any = false;
    for (uint32_t k = 0; k < v->market_count; k++) {
        if (v->markets[k].asset != m->asset) continue;
        open += worth_on_offer(lq, k);
        any |= lq->auctions.on_offer[k] > 0;
    }
    weir_wide left = weir_wide_max(0, max - open);
    return weir_max(weir_lots_within(m, lq->x->prices[g->market].mark, left), any ? 0 : 1);
}

bool weir_auction_has_room(const struct weir_liquidator *lq, const struct weir_leg *g) {
    return room(lq, g) > 0;
}

/* The pooled auction that takes the leg's lots; opens it where none is open. */
static struct weir_open_auction *pooled_auction(struct weir_liquidator *lq,
                                                const struct weir_leg *g) {
    struct weir_open_auction *a = weir_auction_at(lq, g->market, weir_closing_side(g));
    if (a->number != 0) return a;
    *a = (struct weir_open_auction){
        .number = ++lq->auctions.last_number,
        .market = g->market,
        .side = weir_closing_side(g),
        .closes_at = weir_next_on_grid(lq->x->now, lq->x->venue->auction_interval),
        .first_offer = WEIR_NO_INDEX,
        .last_offer = WEIR_NO_INDEX,
        .first_bid = WEIR_NO_INDEX,
        .last_bid = WEIR_NO_INDEX,
        .dutch = {.restart_at = INT64_MAX}};
    weir_auction_retime(lq, g->market);
    return a;
}

/* Puts lots of a leg on offer in an auction; true when they are its first. */
static bool offer_lots(struct weir_liquidator *lq, struct weir_open_auction *a, uint32_t leg,
                       weir_qty lots) {
    struct weir_leg_work *w = work_of(lq, leg);
    w->parked = lots;
    w->offer_next = WEIR_NO_INDEX;
    lq->auctions.on_offer[a->market] += lots;
    if (a->last_offer == WEIR_NO_INDEX)
        a->first_offer = leg;
    else
        work_of(lq, a->last_offer)->offer_next = leg;
    a->last_offer = leg;
    return a->offer_count++ == 0;
}

void weir_auction_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    struct weir_exchange *x = lq->x;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    enum weir_side side = weir_closing_side(g);
    weir_qty lots = (weir_qty)weir_wide_min(weir_abs(g->size), room(lq, g));
    weir_wide share = weir_bankruptcy_share(x, g, lots, h);
    if (share < 0) {
        weir_price price = weir_bankruptcy_price(x, g, lots, share, false);
        weir_wide want = -weir_better_by(&x->venue->markets[g->market], side,
                                         weir_furthest_price(x, g->market, side), price, lots);
        weir_fund_promise(x, &lq->funds, g, weir_fund_grant(x, &lq->funds, g, want));
    }
    bool dutch = x->venue->auction_format == WEIR_AUCTION_DUTCH;
    struct weir_open_auction *a = dutch ? weir_dutch_open(lq, leg) : pooled_auction(lq, g);
    bool opened = offer_lots(lq, a, leg, lots);
    if (dutch) weir_dutch_start_run(lq, a);
    weir_emit(x, &(struct weir_event){
                     .kind = opened ? WEIR_EV_AUCTION_OPENED : WEIR_EV_AUCTION_JOINED,
                     .auction_opened = {a->number, g->market, side, lots, a->closes_at}});
}

/* ---- Bids ------------------------------------------------------------------------------------ */

/* A bid counts like an order, whole from its entry (sign 1) to its end (-1). */
static void count_bid(struct weir_liquidator *lq, const struct weir_order *o, int sign) {
    struct weir_ledger *l = &lq->x->ledger;
    struct weir_leg *g = weir_leg_at(l, o->leg);
    weir_wide loss = weir_open_loss(&lq->x->venue->markets[o->market], o->side, o->price,
                                    o->mark_accepted, o->open);
    weir_leg_open_add(l, g, o->side, sign * o->open, sign * loss);
    if (sign > 0)
        weir_leg_orders_make(l, g)->bid_count++;
    else
        weir_leg_orders_make(l, g)->bid_count--;
}

void weir_bid_enter(struct weir_liquidator *lq, struct weir_open_auction *a, uint32_t order) {
    struct weir_order *o = weir_order_at(&lq->x->orders, order);
    o->next = WEIR_NO_INDEX;
    o->prev = a->last_bid;
    if (a->last_bid == WEIR_NO_INDEX)
        a->first_bid = order;
    else
        weir_order_at(&lq->x->orders, a->last_bid)->next = order;
    a->last_bid = order;
    a->bid_count++;
    count_bid(lq, o, 1);
}

void weir_bid_forget(struct weir_liquidator *lq, struct weir_open_auction *a, uint32_t order) {
    struct weir_order *o = weir_order_at(&lq->x->orders, order);
    if (o->prev == WEIR_NO_INDEX)
        a->first_bid = o->next;
    else
        weir_order_at(&lq->x->orders, o->prev)->next = o->next;
    if (o->next == WEIR_NO_INDEX)
        a->last_bid = o->prev;
    else
        weir_order_at(&lq->x->orders, o->next)->prev = o->prev;
    a->bid_count--;
    count_bid(lq, o, -1);
    weir_leg_trim(&lq->x->ledger, weir_leg_at(&lq->x->ledger, o->leg), lq->x->now);
    weir_orders_remove(&lq->x->orders, order);
}

/* The scope's oldest bid and its auction; WEIR_NO_INDEX: none. O(bids). */
static uint32_t oldest_bid(struct weir_liquidator *lq, uint32_t scope,
                           struct weir_open_auction **auction) {
    const struct weir_exchange *x = lq->x;
    uint32_t best = WEIR_NO_INDEX;
    for (uint32_t k = 0; k < x->venue->market_count * 2; k++) {
        struct weir_open_auction *a = &lq->auctions.pooled[k];
        for (uint32_t i = a->number ? a->first_bid : WEIR_NO_INDEX; i != WEIR_NO_INDEX;
             i = weir_order_at(&x->orders, i)->next) {
            const struct weir_order *o = weir_order_at(&x->orders, i);
            if (weir_leg_at(&x->ledger, o->leg)->scope != scope) continue;
            if (best != WEIR_NO_INDEX && weir_order_at(&x->orders, best)->age < o->age) continue;
            best = i;
            *auction = a;
        }
    }
    return best;
}

/* A scope that enters liquidation: its bids are dropped, oldest first (R26). */
void weir_auction_drop_bids(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_exchange *x = lq->x;
    struct weir_open_auction *a = NULL;
    uint32_t left = 0; /* all the scope's bids */
    for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(&x->ledger, scope, i))
        left += weir_leg_orders(&x->ledger, weir_leg_at(&x->ledger, i))->bid_count;
    for (uint32_t i; left > 0 && (i = oldest_bid(lq, scope, &a)) != WEIR_NO_INDEX;) {
        const struct weir_order *o = weir_order_at(&x->orders, i);
        weir_emit_cancelled(x, o->account, weir_order_name(&x->orders, i), o->market, o->open,
                            WEIR_C_LIQUIDATION);
        weir_bid_forget(lq, a, i);
        left--;
    }
}

/* ---- The close ------------------------------------------------------------------------------- */

struct closing {
    struct weir_liquidator *lq;
    uint32_t market;
    enum weir_side side;
    struct weir_open_auction auction; /* as it was */
    uint32_t offer_count, bid_count;
    struct weir_offer *offers;
    struct weir_bid *bids;
    uint32_t *offer_legs, *bid_legs;
    weir_price *bankruptcy; /* per offer */
    weir_wide *value, *better;
    weir_qty allotted, unsold;
    struct weir_maybe price;
    bool several_prices;
};

/* Lots are no longer on offer: who waits for room is looked at again. */
static void take_off(struct weir_liquidator *lq, uint32_t market, weir_qty lots) {
    lq->auctions.on_offer[market] -= lots;
    lq->moves_seen = UINT64_MAX;
}

void weir_offer_back(struct weir_liquidator *lq, uint32_t leg, enum weir_stage stage) {
    struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    struct weir_leg_work *w = work_of(lq, leg);
    weir_fund_promise(lq->x, &lq->funds, g, -w->promised);
    take_off(lq, g->market, w->parked);
    w->parked = 0;
    w->offer_next = WEIR_NO_INDEX;
    if (g->size != 0) weir_enter_stage(lq, leg, stage);
}

/* R26: the bankruptcy price of the offered lots at present marks, extended by the grant as far as
 * the fund subsidises, and only where the slice has a < 0 (R31). */
weir_price weir_offer_reserve(const struct weir_liquidator *lq, uint32_t leg,
                              weir_price *bankruptcy) {
    const struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_leg_work *w = weir_leg_work(&x->ledger, g);
    const struct weir_market *m = &x->venue->markets[g->market];
    enum weir_side side = weir_closing_side(g);
    struct weir_health h;
    weir_health_brief(x, g->scope, &h);
    weir_wide share = weir_bankruptcy_share(x, g, w->parked, &h);
    weir_price price = weir_bankruptcy_price(x, g, w->parked, share, false), reserve = price;
    *bankruptcy = price;
    if (share >= 0) return price;
    weir_price furthest = weir_furthest_price(x, g->market, side);
    if (w->promised > 0) reserve = weir_price_within_gap(m, side, price, w->parked, w->promised);
    if (x->venue->funds[m->fund_idx].payout == WEIR_PAYOUT_ALL_OR_NOTHING) reserve = furthest;
    return side == WEIR_SELL ? weir_min(price, weir_max(reserve, furthest))
                             : weir_max(price, weir_min(reserve, furthest));
}

static void set_reserve(struct closing *c, uint32_t k) {
    const struct weir_ledger *l = &c->lq->x->ledger;
    const struct weir_leg *g = weir_leg_at(l, c->offer_legs[k]);
    weir_price reserve = weir_offer_reserve(c->lq, c->offer_legs[k], &c->bankruptcy[k]);
    c->offers[k] = (struct weir_offer){.lots = weir_leg_work(l, g)->parked,
                                       .reserve = reserve,
                                       .owner = weir_leg_owner(l, g),
                                       .arrival = k};
}

static void collect_offers(struct closing *c) {
    struct weir_liquidator *lq = c->lq;
    bool settling = lq->x->prices[c->market].phase != WEIR_PHASE_OPEN;
    struct weir_ledger *l = &lq->x->ledger;
    for (uint32_t i = c->auction.first_offer, next; i != WEIR_NO_INDEX; i = next) {
        struct weir_leg *g = weir_leg_at(l, i);
        next = weir_leg_work(l, g)->offer_next;
        struct weir_health h;
        weir_health_brief(lq->x, g->scope, &h);
        if (!settling &&
            weir_restored(lq->x, &h)) { /* takes its lots back; ends at its next head */
            weir_offer_back(lq, i, WEIR_STAGE_AUCTION);
            weir_queue_place(lq, g->scope);
            continue;
        }
        c->offer_legs[c->offer_count] = i;
        set_reserve(c, c->offer_count);
        c->offer_count++;
    }
}

static void collect_bids(struct closing *c) {
    struct weir_exchange *x = c->lq->x;
    for (uint32_t i = c->auction.first_bid; i != WEIR_NO_INDEX;
         i = weir_order_at(&x->orders, i)->next) {
        const struct weir_order *o = weir_order_at(&x->orders, i);
        c->bid_legs[c->bid_count] = o->leg;
        c->bids[c->bid_count] =
            (struct weir_bid){.lots = o->open,
                              .price = o->price,
                              .owner = weir_account_at(&x->ledger, o->account)->owner,
                              .arrival = c->bid_count};
        c->bid_count++;
    }
}

void weir_offer_fill(struct weir_liquidator *lq, uint32_t leg, const struct weir_fill *f,
                     weir_price bankruptcy, weir_wide *value, weir_wide *better) {
    struct weir_exchange *x = lq->x;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_wide gain = weir_better_by(m, f->side, f->price, bankruptcy, f->qty);
    struct weir_fill_result result;
    weir_fill(x, f, &result);
    weir_wide worth = weir_value(m, f->price, f->qty);
    work_of(lq, leg)->parked -= f->qty;
    take_off(lq, g->market, f->qty);
    weir_count_closed(lq, leg, WEIR_BY_AUCTION, worth, result.taker.realised);
    if (gain < 0) {
        weir_fund_promise(x, &lq->funds, g, gain);
        weir_fund_pay_gap(x, &lq->funds, leg, -gain);
    }
    *value += worth;
    *better += gain;
}

static void fill_pair(struct closing *c, const struct weir_pair *pair) {
    uint32_t leg = c->offer_legs[pair->offer];
    const struct weir_market *m = &c->lq->x->venue->markets[c->market];
    weir_price bankruptcy = c->bankruptcy[pair->offer];
    if (bankruptcy == 0) return; /* ended, see below */
    /* A pair whose gap exceeds what is left of its lots' promise ends those lots (R31). */
    weir_wide gap = -weir_better_by(m, c->side, pair->price, bankruptcy, pair->lots);
    if (gap > 0 && gap > work_of(c->lq, leg)->promised) {
        c->bankruptcy[pair->offer] = 0;
        return;
    }
    struct weir_fill f = {.kind = WEIR_FILL_AUCTION,
                          .taker = leg,
                          .maker = c->bid_legs[pair->bid],
                          .side = c->side,
                          .price = pair->price,
                          .qty = pair->lots,
                          .maker_order = WEIR_NO_INDEX};
    weir_offer_fill(c->lq, leg, &f, bankruptcy, &c->value[pair->offer], &c->better[pair->offer]);
    c->allotted += pair->lots;
    if (c->price.known && c->price.value != pair->price) c->several_prices = true;
    c->price = (struct weir_maybe){true, pair->price};
}

/* Room for all arrays of a close in the scratch pools. */
static void take_scratch(struct closing *c) {
    struct weir_liquidator *lq = c->lq;
    uint32_t o = c->auction.offer_count, b = c->auction.bid_count;
    struct weir_pool *pools[] = {&lq->offers, &lq->bids, &lq->pairs, &lq->indices, &lq->wides};
    uint32_t counts[] = {o, b, o + b, 2 * (o + b), 4 * o};
    for (int i = 0; i < 5; i++) {
        weir_pool_clear(pools[i]);
        WEIR_CHECK(weir_pool_add(pools[i], counts[i] + 1) == 0);
    }
    c->offers = WEIR_AT(&lq->offers, struct weir_offer, 0);
    c->bids = WEIR_AT(&lq->bids, struct weir_bid, 0);
    c->offer_legs = WEIR_AT(&lq->indices, uint32_t, 0);
    c->bid_legs = c->offer_legs + o;
    c->value = WEIR_AT(&lq->wides, weir_wide, 0);
    c->better = c->value + o;
    c->bankruptcy = (weir_price *)(void *)(c->better + o);
}

static void clear(struct closing *c) {
    struct weir_liquidator *lq = c->lq;
    struct weir_exchange *x = lq->x;
    if (!weir_market_workable(x, c->market)) return;
    uint32_t *order = c->bid_legs + c->auction.bid_count;
    struct weir_sale sale = {.side = c->side,
                             .offer_count = c->offer_count,
                             .bid_count = c->bid_count,
                             .offers = c->offers,
                             .bids = c->bids,
                             .offer_order = order,
                             .bid_order = order + c->offer_count,
                             .pairs = WEIR_AT(&lq->pairs, struct weir_pair, 0)};
    uint32_t n = x->venue->auction_format == WEIR_AUCTION_PAY_AS_BID
                     ? weir_auction_pay_as_bid(&sale)
                     : weir_auction_uniform(&sale, x->venue->auction_price);
    for (uint32_t i = 0; i < n; i++)
        fill_pair(c, &sale.pairs[i]);
    for (uint32_t k = 0; k < c->offer_count; k++)
        weir_take_liquidation_fee(lq, c->offer_legs[k], c->value[k], c->better[k]);
}

static void close_pooled(struct weir_liquidator *lq, struct weir_open_auction *a) {
    struct weir_exchange *x = lq->x;
    uint32_t market = a->market;
    struct closing c = {.lq = lq, .market = market, .side = a->side, .auction = *a};
    take_scratch(&c);
    collect_offers(&c);
    collect_bids(&c);
    while (a->first_bid != WEIR_NO_INDEX)
        weir_bid_forget(lq, a, a->first_bid);
    a->number = 0;
    a->closes_at = INT64_MAX;
    weir_auction_retime(lq, market);
    clear(&c);
    for (uint32_t k = 0; k < c.offer_count; k++)
        c.unsold += work_of(lq, c.offer_legs[k])->parked;
    if (c.several_prices) c.price.known = false;
    weir_emit(x, &(struct weir_event){
                     .kind = WEIR_EV_AUCTION_CLOSED,
                     .auction_closed = {c.auction.number, market, c.allotted, c.unsold, c.price}});
    for (uint32_t k = 0; k < c.offer_count; k++) {
        uint32_t leg = c.offer_legs[k];
        const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
        /* Sold out: the rest of the position is offered next; else all of it goes on. */
        weir_offer_back(lq, leg,
                        work_of(lq, leg)->parked == 0 ? WEIR_STAGE_AUCTION
                                                      : weir_next_stage(lq, g, WEIR_STAGE_AUCTION));
    }
    for (uint32_t k = 0; k < c.offer_count; k++) {
        uint32_t scope = weir_leg_at(&x->ledger, c.offer_legs[k])->scope;
        /* At the market's expiry no liquidation ends: the next head looks (R16). */
        bool open = x->prices[market].phase == WEIR_PHASE_OPEN;
        if (!open || !weir_after_step(lq, scope)) weir_queue_place(lq, scope);
    }
}

void weir_auction_close(struct weir_liquidator *lq, uint64_t number) {
    struct weir_open_auction *a = weir_auction_find(lq, number);
    if (!a) return;
    if (lq->x->venue->auction_format == WEIR_AUCTION_DUTCH)
        weir_dutch_close(lq, a);
    else
        close_pooled(lq, a);
}
