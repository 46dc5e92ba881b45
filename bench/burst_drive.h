/* Drives a burst: waiting orders first, liquidation in between, the next tick when all is quiet. */
#ifndef WEIR_BENCH_BURST_DRIVE_H
#define WEIR_BENCH_BURST_DRIVE_H

#include "bench/burst_windows.h"
#include "bench/burst_world.h"

/* What a drive measures, in nanoseconds. */
struct burst_timing {
    struct weir_histogram ordinary; /* from when an order was due to when it was done */
    struct weir_histogram service;  /* an ordinary order's own time in the engine */
    struct weir_histogram work;     /* the engine's time for any other command */
    struct weir_histogram drain;    /* from a tick to when nothing was left to do but wait */
    uint64_t engine, engine_ordinary, wall;
    uint64_t processor;               /* time of the whole loop, the driver's part included */
    uint64_t longest[WEIR_CMD_COUNT]; /* wall time of one command */
    uint64_t commands;
    uint64_t faults;  /* page faults of the loop, not of what is done between ticks */
    uint64_t backlog; /* longest queue */
    uint64_t left;    /* in it at the end */
    uint64_t
        unserved; /* orders due before the end and not done: their wait until then is counted */
};

/* A log that every command goes to. */
struct burst_log {
    void (*command)(void *ctx, const struct weir_command *c); /* before it is applied */
    void (*order)(void *ctx, uint64_t due); /* the last one was an order that was due then */
    void (*pump)(void *ctx, uint64_t now);  /* often, waits for nothing */
    void (*settle)(void *ctx);              /* at the end, waits for all */
    void *ctx;
};

struct burst_drive {
    enum burst_arrivals arrivals;
    uint32_t rate;     /* ordinary commands a second; 0: none come, unless BURST_CLOSED */
    uint32_t rounds;   /* ticks to make */
    uint64_t pace;     /* ns between them, whatever is left of the last; 0: when it is worked off */
    uint64_t at_least; /* ns that it lasts at least */
    bool to_the_end;   /* until no liquidation is left */
    /* Time for commands and measurements; it never goes back. */
    uint64_t (*clock)(void *ctx);
    void *clock_ctx;
    uint64_t (*backlog)(void *ctx), (*ready)(void *ctx); /* of them; NULL: unknown */
    void *backlog_ctx;
    void (*rest)(void *ctx); /* between ticks, outside the engine's time; NULL: nothing */
    void *rest_ctx;
    bool (*stopped)(void);         /* true: end at once; NULL: never */
    struct burst_windows *windows; /* NULL: none are kept */
    const struct burst_log *log;   /* NULL: none */
};

/* Commands bear the clock's time, counted from the world's. */
__attribute__((noinline)) /* profiles know it by name */
void burst_run(struct burst_world *w, const struct burst_drive *d, struct burst_timing *timing);

#endif
