/* The burst of a small market, engine and twin side by side. */
#include "bench/burst_check.h"
#include "bench/burst_drive.h"
#include "engine/engine.h"
#include "reference/reference.h"

#include <stdlib.h>

static uint64_t backlog(void *engine) {
    return weir_engine_view_backlog(engine);
}

struct made_clock {
    uint64_t now;
};
static uint64_t next_instant(void *ctx) {
    struct made_clock *c = ctx;
    return c->now += 2000;
}

/* Without a wall clock: commands follow one another in the same way every time. */
static bool run_made(struct burst_world *w, struct weir_engine *engine) {
    struct made_clock clock = {0};
    struct burst_drive d = {.interval = 10000,
                            .rounds = w->plan.rounds,
                            .to_the_end = true,
                            .clock = next_instant,
                            .clock_ctx = &clock,
                            .backlog = backlog,
                            .backlog_ctx = engine};
    struct burst_timing *timing = calloc(1, sizeof *timing);
    if (timing == NULL) return false;
    burst_world_fill(w);
    burst_run(w, &d, timing);
    free(timing);
    return true;
}

/* The commands of an engine's run go to the twin, too; both worlds count and hash the events. */
struct pair {
    struct weir_engine *engine;
    struct weir_reference *twin;
};
static void apply_pair(void *ctx, const struct weir_command *c) {
    struct pair *p = ctx;
    weir_engine_apply(p->engine, c);
    weir_reference_apply(p->twin, c);
}

bool bench_burst_agrees(uint32_t accounts, uint32_t rounds, uint64_t seed) {
    struct burst_plan plan = {.accounts = accounts,
                              .rounds = rounds,
                              .shorts = 1 + accounts / 50,
                              .orders = 3,
                              .steps = 4,
                              .seed = seed};
    struct burst_world w, seen;
    bool made = burst_world_new(&w, &plan), same = false;
    made &= burst_world_new(&seen, &plan);
    struct pair p = {0};
    if (made) {
        w.hashing = seen.hashing = true;
        struct weir_engine_options options = {.accounts_max = 20 * accounts + 1000,
                                              .orders_max = 100 * accounts + 1000};
        p.engine = weir_engine_new(w.venue, &options, burst_sink, &w);
        p.twin = weir_reference_new(w.venue, burst_sink, &seen);
        w.apply = apply_pair;
        w.engine = &p;
    }
    if (p.engine != NULL && p.twin != NULL && run_made(&w, p.engine)) {
        same = !w.failed && w.counts.hash == seen.counts.hash && w.counts.all == seen.counts.all &&
               w.counts.events[WEIR_EV_LIQUIDATION_ENDED] >= accounts &&
               weir_engine_digest(p.engine) == weir_reference_digest(p.twin) &&
               weir_engine_audit(p.engine) == NULL;
        for (int k = 0; k < WEIR_BY_COUNT; k++)
            same &= k == WEIR_BY_ABSORBED || w.counts.closed_by[k] > 0;
    }
    weir_engine_free(p.engine);
    if (p.twin != NULL) weir_reference_free(p.twin);
    burst_world_free(&w);
    burst_world_free(&seen);
    return same;
}
