/* The ledger's pools, by name. */
#include "ledger/ledger.h"

void weir_ledger_pools(struct weir_ledger *l, weir_pool_visit visit, void *ctx) {
    visit(ctx, "accounts", &l->accounts);
    visit(ctx, "scopes", &l->scopes);
    visit(ctx, "legs", &l->legs);
    visit(ctx, "holdings", &l->holdings);
    visit(ctx, "orders of legs", &l->orders);
    visit(ctx, "extras", &l->extras);
    visit(ctx, "cases", &l->cases);
    visit(ctx, "free scopes", &l->free_scopes);
    visit(ctx, "names", &l->names);
    visit(ctx, "names of accounts", &l->account_names);
    visit(ctx, "markets touched", &l->touched);
    visit(ctx, "profits of legs", &l->profits);
    for (uint32_t m = 0; m < l->venue->market_count; m++)
        visit(ctx, "positions of a market", &l->markets[m].positions);
}
