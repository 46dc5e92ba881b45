/* The ledger's parts of an image. */
#include "base/image.h"
#include "ledger/ledger.h"

WEIR_IMAGED(sizeof(struct weir_market_ledger), 160);
static void market_image(struct weir_market_ledger *m, struct weir_image *image) {
    WEIR_IMAGE(image, m->open_interest);
    WEIR_IMAGE(image, m->short_interest);
    WEIR_IMAGE(image, m->long_paid);
    WEIR_IMAGE(image, m->short_paid);
    WEIR_IMAGE(image, m->long_before);
    WEIR_IMAGE(image, m->short_before);
    WEIR_IMAGE(image, m->pool);
    WEIR_IMAGE(image, m->volume);
    weir_image_pool(image, "positions of a market", &m->positions);
    WEIR_IMAGE(image, m->deleveraged);
    WEIR_IMAGE(image, m->queued);
    WEIR_IMAGE(image, m->touched);
}

WEIR_IMAGED(sizeof(struct weir_ledger), 3552);
void weir_ledger_image(struct weir_ledger *l, struct weir_image *image) {
    weir_image_pool(image, "accounts", &l->accounts);
    weir_image_pool(image, "scopes", &l->scopes);
    weir_image_pool(image, "legs", &l->legs);
    weir_image_pool(image, "holdings", &l->holdings);
    weir_image_pool(image, "orders of legs", &l->orders);
    weir_image_pool(image, "extras", &l->extras);
    weir_image_pool(image, "cases", &l->cases);
    WEIR_IMAGE(image, l->free_orders);
    WEIR_IMAGE(image, l->free_extra);
    WEIR_IMAGE(image, l->free_case);
    weir_image_pool(image, "free scopes", &l->free_scopes);
    weir_image_pool(image, "names", &l->names);
    weir_image_pool(image, "names of accounts", &l->account_names);
    weir_image_pool(image, "markets touched", &l->touched);
    weir_image_name_map(image, "table of names", &l->name_map);
    for (uint32_t m = 0; m < l->venue->market_count; m++)
        market_image(&l->markets[m], image);
    WEIR_IMAGE(image, l->assets);
    WEIR_IMAGE(image, l->freezing);
    WEIR_IMAGE(image, l->point);
    weir_image_pool(image, "profits of legs", &l->profits);
}
