/* The liquidator's pools, by name. */
#include "liquidation/liquidation.h"

void weir_liquidator_pools(struct weir_liquidator *lq, weir_pool_visit visit, void *ctx) {
    visit(ctx, "scopes that may step", &lq->ready.entries);
    visit(ctx, "scopes in the ADL stage", &lq->adl.entries);
    visit(ctx, "scopes that retry", &lq->retry);
    visit(ctx, "scopes asleep", &lq->asleep);
    visit(ctx, "scopes short", &lq->shortfalls);
    visit(ctx, "scopes in the queue", &lq->members);
    visit(ctx, "candidates", &lq->candidates);
    visit(ctx, "weights", &lq->wides);
    visit(ctx, "shares", &lq->shares);
    visit(ctx, "offers", &lq->offers);
    visit(ctx, "bids", &lq->bids);
    visit(ctx, "pairs", &lq->pairs);
    visit(ctx, "indices", &lq->indices);
    for (uint32_t m = 0; m < lq->x->venue->market_count; m++)
        visit(ctx, "volunteers of a market", &lq->volunteers[m]);
    visit(ctx, "alarms", &lq->alarms);
    visit(ctx, "unwindings due again", &lq->unwind_again);
    visit(ctx, "funds to sample", &lq->funds.listed);
    if (lq->x->venue->auction_format == WEIR_AUCTION_DUTCH) {
        visit(ctx, "open auctions", &lq->auctions.dutch);
        visit(ctx, "free auctions", &lq->auctions.free);
        visit(ctx, "auctions by number", &lq->auctions.by_number);
        for (uint32_t m = 0; m < lq->x->venue->market_count; m++)
            visit(ctx, "auctions due in a market", &lq->auctions.due[m]);
    }
    if (lq->social.on) {
        visit(ctx, "parts of a charge", &lq->social.parts);
        visit(ctx, "parts of accounts", &lq->social.heads);
        for (uint32_t g = 0; g < lq->social.count; g++)
            visit(ctx, "seats in a group", &lq->social.groups[g].seated);
    }
    weir_adl_index_pools(&lq->ranks, visit, ctx);
}
