/* Parts of an image: the state that every stage works on. */
#include "base/image.h"
#include "margin/margin.h"

/* Who follows touched scopes begins anew after loading. */
static void forget_followed(struct weir_exchange *x) {
    const struct weir_pool *followed = &x->trigger.followed;
    for (uint32_t i = 0; i < followed->count; i++)
        weir_scope_at(&x->ledger, *WEIR_AT(followed, uint32_t, i))->followed = false;
    weir_pool_clear(&x->trigger.followed);
    x->trigger.follow = false;
}

WEIR_IMAGED(sizeof(struct weir_trigger_index), 3760);
static void trigger_image(struct weir_exchange *x, struct weir_image *image) {
    struct weir_trigger_index *t = &x->trigger;
    uint64_t markets = x->venue->market_count;
    WEIR_IMAGE(image, t->moves);
    weir_image_pool(image, "nodes of edges", &t->store.nodes);
    weir_image_pool(image, "chunks of edges", &t->store.chunks);
    WEIR_IMAGE(image, t->store.free_node);
    WEIR_IMAGE(image, t->store.free_chunk);
    WEIR_IMAGE(image, t->store.moves);
    WEIR_IMAGE(image, t->assets);
    WEIR_IMAGE(image, t->assets_moved);
    weir_image_bytes(image, "triggers of markets", t->markets, markets * sizeof *t->markets);
    weir_image_bytes(image, "watched marks", t->watch, markets * sizeof *t->watch);
    weir_image_pool(image, "markets moved", &t->moved);
    weir_image_pool(image, "markets changed", &t->changed);
    weir_image_pool(image, "dirty scopes", &t->dirty);
    weir_image_pool(image, "found scopes", &t->found);
    WEIR_IMAGE(image, t->fresh);
    weir_image_pool(image, "warned scopes", &t->warned);
    weir_image_pool(image, "scopes to key", &t->rekey);
    weir_image_pool(image, "followed scopes", &t->followed);
    WEIR_IMAGE(image, t->evaluations);
    if (image->load && image->error == 0) forget_followed(x);
}

WEIR_IMAGED(sizeof(struct weir_exchange) - sizeof(struct weir_ledger) - sizeof(struct weir_orders) -
                sizeof(struct weir_trigger_index),
            25504);
void weir_exchange_image(struct weir_exchange *x, struct weir_image *image) {
    uint64_t markets = x->venue->market_count;
    WEIR_IMAGE(image, x->now);
    WEIR_IMAGE(image, x->seq);
    WEIR_IMAGE(image, x->event_count);
    weir_ledger_image(&x->ledger, image);
    weir_orders_image(&x->orders, image);
    for (uint32_t m = 0; m < markets; m++)
        weir_book_image(&x->books[m], image);
    weir_image_bytes(image, "prices", x->prices, markets * sizeof *x->prices);
    weir_image_bytes(image, "risks", x->risks, markets * sizeof *x->risks);
    if (x->measures != NULL)
        weir_image_bytes(image, "measures", x->measures, markets * sizeof *x->measures);
    WEIR_IMAGE(image, x->collateral);
    trigger_image(x, image);
    WEIR_IMAGE(image, x->line);
    weir_image_pool(image, "premiums to sample", &x->premiums);
}
