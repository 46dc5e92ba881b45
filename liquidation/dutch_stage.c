/* Dutch auctions (R26): one scope's lots at a price that moves to their reserve; a bid takes lots
 * at the price of its moment. */
#include "liquidation/stages.h"

static bool restored(const struct weir_liquidator *lq, uint32_t scope) {
    struct weir_health h;
    weir_health_brief(lq->x, scope, &h);
    return weir_restored(lq->x, &h);
}

void weir_dutch_start_run(struct weir_liquidator *lq, struct weir_open_auction *a) {
    const struct weir_exchange *x = lq->x;
    const struct weir_dutch *curve = &lq->auctions.curve;
    struct weir_dutch_run *run = &a->dutch;
    weir_price bankruptcy;
    run->started = x->now;
    run->start = weir_dutch_start(x->venue, &x->venue->markets[a->market], a->side,
                                  x->prices[a->market].mark);
    run->end = weir_offer_reserve(lq, a->first_offer, &bankruptcy);
    a->closes_at = weir_saturate((weir_wide)x->now + curve->duration);
    weir_time after = weir_dutch_restart(curve, a->side, run->start, run->end);
    bool may = run->restarts < x->venue->auction_max_restarts && after != INT64_MAX;
    run->restart_at = may ? weir_saturate((weir_wide)x->now + after) : INT64_MAX;
    weir_dutch_retime(lq, a);
}

void weir_dutch_quote(const struct weir_liquidator *lq, const struct weir_open_auction *a,
                      struct weir_dutch_quote *quote) {
    const struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, a->first_offer);
    const struct weir_leg_work *w = weir_leg_work(&x->ledger, g);
    *quote = (struct weir_dutch_quote){
        .open = !restored(lq, g->scope), .lots = w->parked, .promised = w->promised};
    weir_price reserve = weir_offer_reserve(lq, a->first_offer, &quote->bankruptcy);
    weir_wide price = weir_dutch_price(&lq->auctions.curve, a->side, a->dutch.start, a->dutch.end,
                                       x->now - a->dutch.started);
    price = a->side == WEIR_SELL ? weir_wide_max(price, reserve) : weir_wide_min(price, reserve);
    quote->price = weir_clamp(weir_saturate(price), 1, x->venue->markets[a->market].max_price);
}

bool weir_dutch_covers(const struct weir_liquidator *lq, const struct weir_open_auction *a,
                       const struct weir_dutch_quote *quote, weir_qty lots) {
    const struct weir_market *m = &lq->x->venue->markets[a->market];
    return -weir_better_by(m, a->side, quote->price, quote->bankruptcy, lots) <= quote->promised;
}

void weir_dutch_sell(struct weir_liquidator *lq, struct weir_open_auction *a, uint32_t bidder,
                     const struct weir_dutch_quote *quote, weir_qty lots) {
    uint32_t leg = a->first_offer;
    struct weir_dutch_run *run = &a->dutch;
    struct weir_fill f = {.kind = WEIR_FILL_AUCTION,
                          .taker = leg,
                          .maker = bidder,
                          .side = a->side,
                          .price = quote->price,
                          .qty = lots,
                          .maker_order = WEIR_NO_INDEX};
    weir_offer_fill(lq, leg, &f, quote->bankruptcy, &run->value, &run->better);
    run->sold += lots;
    if (run->price.known && run->price.value != quote->price) run->several_prices = true;
    run->price = (struct weir_maybe){true, quote->price};
    if (lots == quote->lots || restored(lq, weir_leg_at(&lq->x->ledger, leg)->scope))
        weir_dutch_close(lq, a);
}

void weir_dutch_close(struct weir_liquidator *lq, struct weir_open_auction *a) {
    struct weir_exchange *x = lq->x;
    const struct weir_open_auction was = *a;
    const struct weir_dutch_run *run = &was.dutch;
    uint32_t leg = was.first_offer;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    bool open = x->prices[was.market].phase == WEIR_PHASE_OPEN;
    bool back = open && restored(lq, g->scope);
    weir_qty left = weir_leg_work(&x->ledger, g)->parked;
    weir_dutch_drop(lq, a);
    weir_take_liquidation_fee(lq, leg, run->value, run->better);
    weir_emit(x, &(struct weir_event){
                     .kind = WEIR_EV_AUCTION_CLOSED,
                     .auction_closed = {was.number, was.market, run->sold, back ? 0 : left,
                                        run->several_prices ? (struct weir_maybe){false, 0}
                                                            : run->price}});
    /* Sold out: the rest of the position is offered next; taken back: it waits for its end. */
    weir_offer_back(lq, leg,
                    back || left == 0 ? WEIR_STAGE_AUCTION
                                      : weir_next_stage(lq, g, WEIR_STAGE_AUCTION));
    if (!open || !weir_after_step(lq, g->scope)) weir_queue_place(lq, g->scope);
}

void weir_dutch_timer(struct weir_liquidator *lq, struct weir_open_auction *a) {
    bool over = a->closes_at <= a->dutch.restart_at;
    if (over || restored(lq, weir_leg_at(&lq->x->ledger, a->first_offer)->scope)) {
        weir_dutch_close(lq, a);
        return;
    }
    a->dutch.restarts++;
    weir_dutch_start_run(lq, a);
    weir_emit(lq->x,
              &(struct weir_event){.kind = WEIR_EV_AUCTION_OPENED,
                                   .auction_opened = {a->number, a->market, a->side,
                                                      weir_auction_lots(lq, a), a->closes_at}});
}
