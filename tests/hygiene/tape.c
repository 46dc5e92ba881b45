#include "tests/hygiene/tape.h"

#include "bench/burst_drive.h"
#include "engine/internal.h"

#include <stdlib.h>

#define CLOCK_STEP    2000 /* ns from look to look */
#define FUNDING_EVERY INT64_C(2000000)

struct recorder {
    struct burst_world world; /* first: the sink's context */
    struct tape *tape;
    struct weir_engine *engine;
    uint64_t clock;
    bool failed;
};

static void count_event(void *ctx, const struct weir_event *e) {
    struct recorder *r = ctx;
    struct tape *t = r->tape;
    burst_sink(&r->world, e);
    t->events[e->kind]++;
    if (e->kind != WEIR_EV_LIQUIDATION_ENDED) return;
    for (int k = 0; k < WEIR_BY_COUNT; k++)
        t->by[k] += e->liquidation_ended.by_stage[k] != 0;
}

/* Has each stage of this burst closed something? */
static bool all_at_work(const struct tape *t) {
    return t->by[WEIR_BY_BOOK] > 0 && t->by[WEIR_BY_AUCTION] > 0 && t->by[WEIR_BY_BACKSTOP] > 0 &&
           t->by[WEIR_BY_ADL] > 0 && t->events[WEIR_EV_FUNDING] > 0;
}

static void record(void *ctx, const struct weir_command *c) {
    struct recorder *r = ctx;
    struct tape *t = r->tape;
    if (t->count == t->capacity) {
        uint32_t room = t->capacity * 2 + 1024;
        struct weir_command *more = realloc(t->commands, room * sizeof *more);
        if (more == NULL) {
            r->failed = true;
            return;
        }
        t->commands = more;
        t->capacity = room;
    }
    t->commands[t->count++] = *c;
    weir_engine_apply(r->engine, c);
    if (t->steady == 0 && all_at_work(t)) t->steady = t->count;
}

static uint64_t backlog(void *engine) {
    return weir_engine_view_backlog(engine);
}
static uint64_t ready(void *engine) {
    return weir_engine_view_ready(engine);
}
static uint64_t next_instant(void *ctx) {
    struct recorder *r = ctx;
    return r->clock += CLOCK_STEP;
}

static void run(struct recorder *r, struct burst_timing *timing) {
    struct burst_drive d = {.arrivals = BURST_FIXED,
                            .rate = 100000,
                            .rounds = r->world.plan.rounds,
                            .to_the_end = true,
                            .clock = next_instant,
                            .clock_ctx = r,
                            .backlog = backlog,
                            .ready = ready,
                            .backlog_ctx = r->engine};
    burst_world_fill(&r->world);
    r->tape->begin = r->tape->count;
    burst_run(&r->world, &d, timing);
}

bool tape_record(struct tape *t, uint32_t accounts, uint32_t rounds, uint64_t seed) {
    struct recorder r = {.tape = t};
    struct burst_plan plan = burst_plan_of(accounts, rounds, seed);
    struct weir_file_error error;
    plan.shorts = 1 + accounts / 50;
    *t = (struct tape){.options = {.accounts_max = burst_accounts_max(&plan),
                                   .orders_max = burst_orders_max(&plan)}};
    struct burst_timing *timing = calloc(1, sizeof *timing);
    bool made = timing != NULL && burst_world_new(&r.world, &plan, &error);
    if (made) {
        t->venue = r.world.venue;
        for (uint32_t m = 0; m < t->venue->market_count; m++)
            t->venue->markets[m].funding_interval = FUNDING_EVERY;
        r.engine = weir_engine_new(t->venue, &t->options, count_event, &r);
        r.world.apply = record;
        r.world.engine = &r;
    }
    made = made && r.engine != NULL;
    if (made) {
        run(&r, timing);
        t->orders_most = r.engine->x.orders.orders.count;
        t->rejected = t->events[WEIR_EV_REJECTED];
        t->digest = weir_engine_digest(r.engine);
        weir_engine_free(r.engine);
        r.world.venue = NULL; /* the tape's now */
    }
    burst_world_free(&r.world);
    free(timing);
    return made && !r.failed && !r.world.failed;
}

void tape_free(struct tape *t) {
    if (t->venue != NULL) weir_venue_free(t->venue);
    free(t->commands);
    *t = (struct tape){0};
}

struct weir_engine *tape_engine(const struct tape *t, weir_event_sink sink, void *ctx) {
    struct weir_engine *e = weir_engine_new(t->venue, &t->options, sink, ctx);
    for (uint32_t i = 0; e != NULL && i < t->begin; i++)
        weir_engine_apply(e, &t->commands[i]);
    if (e != NULL) weir_engine_make_room(e);
    return e;
}
