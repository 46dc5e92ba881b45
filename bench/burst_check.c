/* The burst of a small market, engine and twin side by side. */
#include "bench/burst_check.h"
#include "bench/burst_drive.h"
#include "engine/engine.h"
#include "reference/reference.h"

#include <stdlib.h>

#define ACCOUNTS 200
#define MARKETS  13
#define ROUNDS   20

static uint64_t backlog(void *engine) {
    return weir_engine_view_backlog(engine);
}
static uint64_t ready(void *engine) {
    return weir_engine_view_ready(engine);
}

struct made_clock {
    uint64_t now;
};
static uint64_t next_instant(void *ctx) {
    struct made_clock *c = ctx;
    return c->now += 2000;
}

/* Without a wall clock: commands follow one another in the same way every time. */
static bool run_made(struct burst_world *w, struct weir_engine *engine,
                     enum burst_arrivals arrivals, uint32_t rate) {
    struct made_clock clock = {0};
    struct burst_drive d = {.arrivals = arrivals,
                            .rate = rate,
                            .rounds = w->plan.rounds,
                            .to_the_end = true,
                            .clock = next_instant,
                            .clock_ctx = &clock,
                            .backlog = backlog,
                            .ready = ready,
                            .backlog_ctx = engine};
    struct burst_timing *timing = calloc(1, sizeof *timing);
    if (timing == NULL) return false;
    burst_world_fill(w);
    burst_run(w, &d, timing);
    free(timing);
    return true;
}

static bool all_fell(const struct burst_world *w, struct weir_engine *engine) {
    return !w->failed && w->counts.events[WEIR_EV_LIQUIDATION_ENDED] >= w->to_fall &&
           weir_engine_view_backlog(engine) == 0 && weir_engine_audit(engine) == NULL;
}

static struct weir_engine *make_engine(struct burst_world *w) {
    struct weir_engine_options options = {.accounts_max = burst_accounts_max(&w->plan),
                                          .orders_max = burst_orders_max(&w->plan)};
    w->hashing = true;
    return weir_engine_new(w->venue, &options, burst_sink, w);
}

static void apply_engine(void *engine, const struct weir_command *c) {
    weir_engine_apply(engine, c);
}

bool bench_burst_result(const struct burst_plan *plan, enum burst_arrivals arrivals, uint32_t rate,
                        struct burst_result *result) {
    struct burst_world w;
    struct weir_file_error error;
    bool right = false;
    struct weir_engine *engine = burst_world_new(&w, plan, &error) ? make_engine(&w) : NULL;
    if (engine != NULL) {
        w.apply = apply_engine;
        w.engine = engine;
        right = run_made(&w, engine, arrivals, rate) && all_fell(&w, engine);
        *result = (struct burst_result){w.counts.all, w.counts.events[WEIR_EV_LIQUIDATION_ENDED],
                                        w.counts.hash, weir_engine_digest(engine)};
    }
    weir_engine_free(engine);
    burst_world_free(&w);
    return right;
}

bool bench_burst_hash(const struct burst_plan *plan, enum burst_arrivals arrivals, uint32_t rate,
                      uint64_t *hash, uint64_t *liquidations) {
    struct burst_result r = {0};
    bool right = bench_burst_result(plan, arrivals, rate, &r);
    *hash = r.hash;
    *liquidations = r.liquidations;
    return right;
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

bool bench_burst_agrees(const struct burst_plan *asked) {
    struct burst_plan plan = *asked;
    struct weir_file_error error;
    plan.accounts = (uint32_t)weir_min(plan.accounts, ACCOUNTS);
    plan.rounds = (uint32_t)weir_min(plan.rounds, ROUNDS);
    plan.markets = (uint32_t)weir_min(plan.markets, MARKETS);
    plan.shorts = 1 + plan.accounts / 50;
    struct burst_world w, seen = {0};
    bool same = false,
         made = burst_world_new(&w, &plan, &error) && burst_world_new(&seen, &plan, &error);
    struct pair p = {0};
    if (made) {
        p.engine = make_engine(&w);
        seen.hashing = true;
        p.twin = weir_reference_new(w.venue, burst_sink, &seen);
        w.apply = apply_pair;
        w.engine = &p;
    }
    if (p.engine != NULL && p.twin != NULL && run_made(&w, p.engine, BURST_FIXED, 100000))
        same = all_fell(&w, p.engine) && w.counts.hash == seen.counts.hash &&
               w.counts.all == seen.counts.all &&
               weir_engine_digest(p.engine) == weir_reference_digest(p.twin);
    weir_engine_free(p.engine);
    if (p.twin != NULL) weir_reference_free(p.twin);
    burst_world_free(&w);
    burst_world_free(&seen);
    return same;
}
