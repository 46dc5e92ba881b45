/* What a burst looks like over time: short windows, each with what was done in it. Every wait of an
 * ordinary order is kept, so that percentiles of any windows together are exact. */
#ifndef WEIR_BENCH_BURST_WINDOWS_H
#define WEIR_BENCH_BURST_WINDOWS_H

#include "base/base.h"

/* What happened while a window lasted. */
struct burst_window {
    uint64_t orders;       /* whose waits stand behind those of the windows before */
    uint64_t liquidations; /* that ended */
    uint64_t engine;       /* ns that the engine was busy */
    uint64_t queue;        /* longest queue of liquidations seen */
};

struct burst_windows {
    uint64_t length;               /* ns of one; 0: none are kept */
    uint64_t start, end;           /* clock, of the first and of the present one */
    uint64_t fall_start, fall_end; /* clock */
    struct weir_pool waits;        /* uint64_t, ns */
    struct weir_pool windows;
    struct burst_window *now;
    bool full; /* more happened than there is room for */
};

/* Room for a lot more than a run takes; memory is used as it fills. False when there is none. */
bool burst_windows_new(struct burst_windows *w, uint64_t length);
void burst_windows_free(struct burst_windows *w);
/* Empty again; the first window begins at this clock. */
void burst_windows_begin(struct burst_windows *w, uint64_t clock);
/* Windows up to that of the clock, which becomes the present one. */
void burst_windows_advance(struct burst_windows *w, uint64_t clock);
static inline void burst_windows_at(struct burst_windows *w, uint64_t clock) {
    if (w->length > 0 && clock >= w->end) burst_windows_advance(w, clock);
}
void burst_windows_order(struct burst_windows *w, uint64_t wait);

/* JSON: `[{"ms":..,...},...]`, ms from the start of the fall; malloc'd, NULL when memory ends. */
char *burst_windows_json(const struct burst_windows *w);
/* A table of at most some forty rows: neighbours are joined where there are more. */
void burst_windows_table(const struct burst_windows *w);

#endif
