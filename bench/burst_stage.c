/* The engine of a burst. */
#include "bench/burst_stage.h"

#include <time.h>

static void apply_engine(void *engine, const struct weir_command *c) {
    weir_engine_apply(engine, c);
}
static uint64_t wall_clock(void *ctx) {
    (void)ctx;
    return bench_now_ns();
}
static uint64_t processor_clock(void *ctx) {
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
static uint64_t backlog(void *engine) {
    return weir_engine_view_backlog(engine);
}
static uint64_t ready(void *engine) {
    return weir_engine_view_ready(engine);
}

static void make_room(void *engine) {
    weir_engine_make_room(engine);
}

static bool plan_fits(const struct burst_plan *plan, const char *bench) {
    char error[256];
    const char *wrong = burst_plan_wrong(plan, error, sizeof error);
    if (wrong != NULL) fprintf(stderr, "weir bench: %s: %s\n", bench, wrong);
    return wrong == NULL;
}

/* Whether a venue takes the policy is the venue's to say. */
static bool policy_fits(const struct burst_plan *plan, const char *bench) {
    struct burst_world w;
    struct weir_file_error error;
    bool made = burst_world_new(&w, plan, &error);
    if (!made)
        fprintf(stderr, "weir bench: %s: --policy %s: %s\n", bench, plan->policy, error.text);
    burst_world_free(&w);
    return made;
}

/* One after the other, orders have no rate. */
static bool rate_fits(const struct weir_bench_job *job, const char *bench) {
    if (bench_count(job, PARAMETER_ARRIVALS, BURST_FIXED) != BURST_CLOSED ||
        !bench_given(job, PARAMETER_RATE))
        return true;
    fprintf(stderr,
            "weir bench: %s: --rate %.0f: expected none with --arrivals closed, where the next "
            "order comes when the last is done\n",
            bench, job->value[PARAMETER_RATE]);
    return false;
}

/* What is durable is so by the machine's clock. */
static bool journal_fits(const struct weir_bench_job *job, const char *bench) {
    if (bench_count(job, PARAMETER_JOURNAL, 0) == 0 ||
        bench_count(job, PARAMETER_CLOCK, BURST_WALL) == BURST_WALL)
        return true;
    fprintf(stderr, "weir bench: %s: --journal on: expected --clock wall with it\n", bench);
    return false;
}

bool burst_stage_plan(const struct weir_bench_job *job, uint32_t accounts, const char *bench,
                      struct burst_plan *plan) {
    struct burst_plan p = burst_plan_of(bench_count(job, PARAMETER_ACCOUNTS, accounts),
                                        bench_count(job, PARAMETER_TICKS, 1024), job->seed);
    p.markets = bench_count(job, PARAMETER_MARKETS, p.markets);
    p.steps = bench_count(job, PARAMETER_STEPS, p.steps);
    p.orders = bench_count(job, PARAMETER_ORDERS, p.orders);
    p.mix = (enum burst_mix)bench_count(job, PARAMETER_MIX, BURST_EVEN);
    if (bench_given(job, PARAMETER_POLICY)) p.policy = bench_word(job, PARAMETER_POLICY);
    if (bench_given(job, PARAMETER_LEVERAGE_MAX))
        p.nearest = burst_fall_of(job->value[PARAMETER_LEVERAGE_MAX]);
    if (bench_given(job, PARAMETER_LEVERAGE_MIN))
        p.farthest = burst_fall_of(job->value[PARAMETER_LEVERAGE_MIN]);
    p.shock = bench_number(job, PARAMETER_SHOCK, p.shock * 100) / 100;
    *plan = p;
    return rate_fits(job, bench) && journal_fits(job, bench) && plan_fits(&p, bench) &&
           policy_fits(&p, bench);
}

bool burst_stage_open(struct burst_stage *s, const struct burst_plan *plan) {
    struct weir_file_error error;
    struct weir_engine_options options = {.accounts_max = burst_accounts_max(plan),
                                          .orders_max = burst_orders_max(plan)};
    *s = (struct burst_stage){0};
    bool made = burst_world_new(&s->w, plan, &error);
    if (made) s->engine = weir_engine_new(s->w.venue, &options, burst_sink, &s->w);
    if (s->engine == NULL) {
        fprintf(stderr, "weir bench: %s\n", made ? "out of memory" : error.text);
        return false;
    }
    s->w.apply = apply_engine;
    s->w.engine = s->engine;
    s->w.stopped = bench_stopped;
    burst_world_fill(&s->w);
    return true;
}

void burst_stage_close(struct burst_stage *s) {
    weir_engine_free(s->engine);
    burst_world_free(&s->w);
    s->engine = NULL;
}

struct burst_drive burst_stage_drive(struct burst_stage *s, const struct weir_bench_job *job) {
    bool own = bench_count(job, PARAMETER_CLOCK, BURST_WALL) == BURST_PROCESSOR;
    return (struct burst_drive){.clock = own ? processor_clock : wall_clock,
                                .backlog = backlog,
                                .ready = ready,
                                .backlog_ctx = s->engine,
                                .rest = make_room,
                                .rest_ctx = s->engine,
                                .stopped = bench_stopped};
}

bool burst_stage_right(const struct burst_stage *s) {
    const struct burst_counts *n = &s->w.counts;
    uint64_t started = n->events[WEIR_EV_LIQUIDATION_STARTED];
    uint64_t ended = n->events[WEIR_EV_LIQUIDATION_ENDED];
    bool whole = s->w.round == s->w.plan.rounds;
    uint64_t waiting = weir_engine_view_backlog(s->engine);
    bool may_wait = burst_plan_waits(&s->w.plan);
    return !s->w.failed && (waiting > 0 || started == ended) && started >= ended &&
           (!whole || (started >= s->w.to_fall && (may_wait || waiting == 0))) &&
           weir_engine_audit(s->engine) == NULL;
}
