/* The pools of the state that every stage works on, by name. */
#include "margin/margin.h"

static void trigger_pools(struct weir_trigger_index *t, weir_pool_visit visit, void *ctx) {
    visit(ctx, "nodes of edges", &t->store.nodes);
    visit(ctx, "chunks of edges", &t->store.chunks);
    visit(ctx, "markets moved", &t->moved);
    visit(ctx, "markets changed", &t->changed);
    visit(ctx, "edges taken", &t->taken);
    visit(ctx, "edges to add", &t->adding);
    visit(ctx, "dirty scopes", &t->dirty);
    visit(ctx, "found scopes", &t->found);
    visit(ctx, "warned scopes", &t->warned);
    visit(ctx, "scopes to key", &t->rekey);
    visit(ctx, "followed scopes", &t->followed);
}

void weir_exchange_pools(struct weir_exchange *x, weir_pool_visit visit, void *ctx) {
    weir_ledger_pools(&x->ledger, visit, ctx);
    weir_orders_pools(&x->orders, visit, ctx);
    trigger_pools(&x->trigger, visit, ctx);
    visit(ctx, "premiums to sample", &x->premiums);
    for (uint32_t m = 0; m < x->venue->market_count; m++)
        weir_book_pools(&x->books[m], visit, ctx);
}

void weir_exchange_make_room(struct weir_exchange *x) {
    weir_name_map_make_room(&x->ledger.name_map);
    weir_orders_make_room(&x->orders);
}
