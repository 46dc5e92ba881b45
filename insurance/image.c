/* The funds' parts of an image. */
#include "base/image.h"
#include "insurance/insurance.h"

#define RING_MAX (UINT64_C(1) << 31)

WEIR_IMAGED(sizeof(struct weir_drawdown), 64);
static void drawdown_image(struct weir_drawdown *d, struct weir_image *image) {
    void *ring = d->ring;
    uint64_t capacity = d->capacity;
    weir_image_table(image, "samples of a fund", &ring, &capacity, sizeof *d->ring, RING_MAX);
    if (capacity == 0 || (capacity & (capacity - 1)) != 0)
        weir_image_refuse(image, "samples of a fund");
    d->ring = ring;
    d->capacity = (uint32_t)capacity;
    WEIR_IMAGE(image, d->head);
    WEIR_IMAGE(image, d->count);
    WEIR_IMAGE(image, d->equity);
    WEIR_IMAGE(image, d->stopped);
    WEIR_IMAGE(image, d->listed);
}

WEIR_IMAGED(sizeof(struct weir_fund), 400);
WEIR_IMAGED(sizeof(struct weir_funds), 1104);
void weir_funds_image(struct weir_funds *funds, struct weir_image *image, uint32_t markets) {
    for (uint32_t i = 0; i < funds->count; i++) {
        struct weir_fund *f = &funds->fund[i];
        WEIR_IMAGE(image, f->cash);
        WEIR_IMAGE(image, f->promised);
        WEIR_IMAGE(image, f->net_seeds);
        WEIR_IMAGE(image, f->received);
        WEIR_IMAGE(image, f->paid);
        drawdown_image(&f->drawdown, image);
        weir_image_bytes(image, "unwinding", f->unwind, markets * sizeof *f->unwind);
        weir_image_bytes(image, "caps of gaps", f->markets, markets * sizeof *f->markets);
    }
    WEIR_IMAGE(image, funds->assets);
    weir_image_pool(image, "funds to sample", &funds->listed);
    weir_image_timers(image, "samples that leave", &funds->outdated);
    WEIR_IMAGE(image, funds->sampled);
}
