/* Windows over time: what happens is noted. */
#include "bench/burst_windows.h"

#define WAITS_MAX   (UINT32_C(1) << 30)
#define WINDOWS_MAX (UINT32_C(1) << 20)
#define BLOCK       (UINT32_C(1) << 20) /* waits for which memory is taken at a time */

bool burst_windows_new(struct burst_windows *w, uint64_t length) {
    *w = (struct burst_windows){.length = length};
    if (length == 0) return true;
    return weir_pool_new(&w->waits, sizeof(uint64_t), WAITS_MAX) == 0 &&
           weir_pool_new(&w->windows, sizeof(struct burst_window), WINDOWS_MAX) == 0 &&
           weir_pool_commit(&w->waits, BLOCK) == 0 && weir_pool_commit(&w->windows, 4096) == 0;
}

void burst_windows_free(struct burst_windows *w) {
    if (w->length == 0) return;
    weir_pool_free(&w->waits);
    weir_pool_free(&w->windows);
    *w = (struct burst_windows){0};
}

static void open_window(struct burst_windows *w) {
    uint32_t at = weir_pool_add(&w->windows, 1);
    if (at == WEIR_NO_INDEX) {
        w->full = true;
        return;
    }
    w->now = WEIR_AT(&w->windows, struct burst_window, at);
    w->end += w->length;
}

void burst_windows_begin(struct burst_windows *w, uint64_t clock) {
    if (w->length == 0) return;
    weir_pool_clear(&w->waits);
    weir_pool_clear(&w->windows);
    w->full = false;
    w->start = w->end = w->fall_start = w->fall_end = clock;
    open_window(w);
}

void burst_windows_advance(struct burst_windows *w, uint64_t clock) {
    while (clock >= w->end && !w->full)
        open_window(w);
}

void burst_windows_order(struct burst_windows *w, uint64_t wait) {
    if (w->length == 0 || w->full) return;
    uint32_t at = weir_pool_add(&w->waits, 1);
    if (at == WEIR_NO_INDEX) {
        w->full = true;
        return;
    }
    *WEIR_AT(&w->waits, uint64_t, at) = wait;
    w->now->orders++;
}
