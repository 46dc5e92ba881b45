/* The whole state as an image. */
#include "base/image.h"
#include "engine/internal.h"

#include <errno.h>

#define FORMAT 1

WEIR_IMAGED(sizeof(struct weir_engine) - sizeof(struct weir_exchange) -
                sizeof(struct weir_liquidator),
            320);
int weir_engine_image(struct weir_engine *e, struct weir_image *image) {
    uint64_t markets = e->x.venue->market_count, venue = e->x.venue->digest, format = FORMAT;
    struct weir_engine_options bounds = e->options;
    WEIR_CHECK(!image->load || e->x.seq == 0);
    WEIR_IMAGE(image, format);
    if (format != FORMAT) weir_image_refuse(image, "format");
    WEIR_IMAGE(image, venue);
    if (venue != e->x.venue->digest) weir_image_refuse(image, "venue");
    WEIR_IMAGE(image, bounds.accounts_max);
    WEIR_IMAGE(image, bounds.orders_max);
    if (bounds.accounts_max > e->options.accounts_max || bounds.orders_max > e->options.orders_max)
        weir_image_refuse(image, "bounds");
    weir_exchange_image(&e->x, image);
    weir_liquidator_image(&e->lq, image);
    WEIR_IMAGE(image, e->clock_set);
    WEIR_IMAGE(image, e->sample_premiums);
    weir_image_timers(image, "timers", &e->timers);
    weir_image_pool(image, "markets to scale", &e->scales_due);
    weir_image_bytes(image, "markets listed to scale", e->scale_listed,
                     markets * sizeof *e->scale_listed);
    WEIR_IMAGE(image, e->settling);
    weir_image_bytes(image, "sweeps", e->sweeps, markets * sizeof *e->sweeps);
    if (e->sweep_items.base != NULL) weir_image_pool(image, "items of a sweep", &e->sweep_items);
    return image->error;
}
