/* Drives a burst: waiting orders first, liquidation in between, the next tick when all is quiet. */
#ifndef WEIR_BENCH_BURST_DRIVE_H
#define WEIR_BENCH_BURST_DRIVE_H

#include "bench/burst_world.h"

/* What a drive measures, in nanoseconds. */
struct burst_timing {
    struct weir_histogram ordinary; /* from when an order was due to when it was done */
    struct weir_histogram drain;    /* from a tick to when nothing was left to do but wait */
    uint64_t engine, engine_ordinary, wall;
    uint64_t processor;               /* time of the whole loop, the driver's part included */
    uint64_t longest[WEIR_CMD_COUNT]; /* wall time of one command */
    uint64_t commands;
    uint64_t backlog; /* longest queue */
};

struct burst_drive {
    uint64_t interval; /* between ordinary commands, ns; 0: none come */
    uint32_t rounds;   /* ticks to make */
    uint64_t at_least; /* ns that it lasts at least */
    bool to_the_end;   /* until no liquidation is left */
    /* Time for commands and measurements; it never goes back. */
    uint64_t (*clock)(void *ctx);
    void *clock_ctx;
    uint64_t (*backlog)(void *ctx);
    void *backlog_ctx;
    bool (*stopped)(void); /* true: end at once; NULL: never */
};

/* Commands bear the clock's time, counted from the world's. */
void burst_run(struct burst_world *w, const struct burst_drive *d, struct burst_timing *timing);

#endif
