/* Read-only views for flow, monitors and reports. */
#include "engine/internal.h"

static weir_qty depth_within(struct weir_ladder *ladder, weir_price low, weir_price high) {
    struct weir_level_view v;
    weir_wide sum = 0;
    for (bool any = weir_ladder_first_level(ladder, &v); any && v.price >= low && v.price <= high;
         any = weir_ladder_next_level(ladder, &v))
        sum += v.qty;
    return weir_saturate(sum);
}

void weir_engine_view_market(struct weir_engine *e, uint32_t market, struct weir_view_market *out) {
    const struct weir_exchange *x = &e->x;
    const struct weir_price_state *p = &x->prices[market];
    const struct weir_book *book = &x->books[market];
    weir_price low = p->mark - p->mark / 100, high = p->mark + p->mark / 100;
    *out =
        (struct weir_view_market){.mark = p->mark,
                                  .index = p->index,
                                  .last = p->last,
                                  .best_bid = weir_ladder_best(book->side[WEIR_BUY]),
                                  .best_ask = weir_ladder_best(book->side[WEIR_SELL]),
                                  .bid_depth = depth_within(book->side[WEIR_BUY], low, INT64_MAX),
                                  .ask_depth = depth_within(book->side[WEIR_SELL], 0, high),
                                  .open_interest = x->ledger.markets[market].open_interest,
                                  .funding_rate = p->funding_rate,
                                  .status = weir_status_now(x, market)};
}

uint64_t weir_engine_view_backlog(const struct weir_engine *e) {
    return e->lq.members.count;
}

uint64_t weir_engine_view_ready(const struct weir_engine *e) {
    return e->lq.ready.entries.count;
}

weir_wide weir_engine_view_balances(const struct weir_engine *e, uint32_t asset) {
    return e->x.ledger.assets[asset].balances;
}

void weir_engine_view_ranking(const struct weir_engine *e, struct weir_view_ranking *out) {
    const struct weir_adl_index *ix = &e->lq.ranks;
    *out = (struct weir_view_ranking){ix->bounded, ix->examined, ix->builds, ix->begun_count};
}
