/* What policies remember of a market, as a part of an image. */
#include "base/image.h"
#include "policy/policy.h"

#include <errno.h>
#include <stdlib.h>

/* The window's entries, from the first one on. */
static void window_image(struct weir_policy_market *s, struct weir_image *image) {
    uint32_t live = s->window_end - s->window_first;
    WEIR_IMAGE(image, live);
    if (image->error != 0) return;
    if (image->load) {
        s->window = calloc((size_t)live + 1, sizeof *s->window);
        if (s->window == NULL) {
            image->error = -ENOMEM;
            image->part = "window";
            return;
        }
        s->window_first = 0;
        s->window_end = live;
        s->window_room = live + 1;
    }
    if (live > 0)
        weir_image_bytes(image, "window", s->window + s->window_first, live * sizeof *s->window);
}

WEIR_IMAGED(sizeof(struct weir_policy_market), 832);
void weir_policy_market_image(struct weir_policy_market *state, struct weir_image *image) {
    WEIR_IMAGE(image, state->block);
    WEIR_IMAGE(image, state->block_notional);
    WEIR_IMAGE(image, state->closed);
    window_image(state, image);
}
