/* Memory made ready ahead of need. */
#include "engine/internal.h"

void weir_engine_pools(struct weir_engine *e, weir_pool_visit visit, void *ctx) {
    weir_exchange_pools(&e->x, visit, ctx);
    weir_liquidator_pools(&e->lq, visit, ctx);
    visit(ctx, "answers", &e->scratch);
    visit(ctx, "markets to scale", &e->scales_due);
    if (e->sweep_items.base != NULL) visit(ctx, "items of a sweep", &e->sweep_items);
}

static void make_room(void *ctx, const char *name, struct weir_pool *pool) {
    (void)ctx, (void)name;
    weir_pool_make_room(pool);
}

void weir_engine_make_room(struct weir_engine *e) {
    weir_engine_pools(e, make_room, NULL);
    weir_exchange_make_room(&e->x);
    weir_funds_make_room(&e->lq.funds);
    weir_adl_index_make_room(&e->lq.ranks);
    weir_social_make_room(&e->lq);
}
