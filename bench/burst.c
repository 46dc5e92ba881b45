/* `weir bench burst`: liquidations through the whole waterfall, and whether the order next to them
 * feels it. */
#include "bench/burst_check.h"
#include "bench/burst_drive.h"
#include "bench/cases.h"
#include "bench/gap.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#define RUNS    5
#define PARTS   3 /* of the fall at most: without ordinary orders, and at each rate */
#define IDLE_NS UINT64_C(500000000)
#define SPIN_NS UINT64_C(500000000)
#define GAP     10000
#define SMALL   20000 /* accounts of a quick run, and of one that warms up */

/* What the runs of one part came to. */
struct part {
    double liquidation_ns[CASE_RUNS]; /* engine time */
    double p999[CASE_RUNS], idle_p999[CASE_RUNS];
    struct burst_timing last, idle; /* of the last run, as what follows */
    struct burst_counts counts;     /* of this part alone */
};

struct bench {
    const struct weir_bench_job *job;
    struct burst_plan plan;
    uint32_t rates[PARTS]; /* ordinary orders a second */
    int part_count, runs;  /* runs made */
    struct part parts[PARTS];
    uint64_t spin_longest;
    bool agrees, right;
};

static void apply_engine(void *engine, const struct weir_command *c) {
    weir_engine_apply(engine, c);
}
static uint64_t wall_clock(void *ctx) {
    (void)ctx;
    return bench_now_ns();
}
static uint64_t backlog(void *engine) {
    return weir_engine_view_backlog(engine);
}

/* ---- One run --------------------------------------------------------------------------------- */

static struct burst_counts since(const struct burst_counts *from, const struct burst_counts *to) {
    struct burst_counts n = *to;
    n.all -= from->all;
    n.liquidation_cancels -= from->liquidation_cancels;
    n.shortfall -= from->shortfall;
    for (int k = 0; k < WEIR_EV_COUNT; k++)
        n.events[k] -= from->events[k];
    for (int k = 0; k <= WEIR_FILL_SETTLEMENT; k++)
        n.fills[k] -= from->fills[k];
    for (int k = 0; k < WEIR_BY_COUNT; k++) {
        n.closed_by[k] -= from->closed_by[k];
        n.value_by[k] -= from->value_by[k];
    }
    for (int k = 0; k <= WEIR_CLOSED; k++)
        n.outcomes[k] -= from->outcomes[k];
    return n;
}

static void run_part(struct bench *b, struct burst_world *w, int k, int run) {
    struct part *part = &b->parts[k];
    struct burst_drive d = {.interval = b->rates[k] ? UINT64_C(1000000000) / b->rates[k] : 0,
                            .clock = wall_clock,
                            .backlog = backlog,
                            .backlog_ctx = w->engine,
                            .stopped = bench_stopped};
    if (d.interval > 0) {
        d.at_least = IDLE_NS;
        burst_run(w, &d, &part->idle);
        d.at_least = 0;
    }
    struct burst_counts before = w->counts;
    bool last = k + 1 == b->part_count;
    d.rounds = last ? w->plan.rounds - w->round : w->plan.rounds / (uint32_t)b->part_count;
    d.to_the_end = last;
    burst_run(w, &d, &part->last);
    part->counts = since(&before, &w->counts);
    if (run < 0) return;
    uint64_t ended = part->counts.events[WEIR_EV_LIQUIDATION_ENDED];
    part->liquidation_ns[run] = (double)part->last.engine / (double)(ended > 0 ? ended : 1);
    part->p999[run] = (double)weir_histogram_percentile(&part->last.ordinary, 999000) / 1000;
    part->idle_p999[run] = (double)weir_histogram_percentile(&part->idle.ordinary, 999000) / 1000;
}

/* Everyone fell, every liquidation ended, nothing was lost, and the sums of all accounts hold. */
static bool all_right(const struct burst_world *w, struct weir_engine *engine) {
    const struct burst_counts *n = &w->counts;
    return !w->failed && n->events[WEIR_EV_LIQUIDATION_STARTED] >= w->plan.accounts &&
           n->events[WEIR_EV_LIQUIDATION_STARTED] == n->events[WEIR_EV_LIQUIDATION_ENDED] &&
           weir_engine_view_backlog(engine) == 0 && weir_engine_audit(engine) == NULL;
}

/* False when memory ended. */
static bool run_once(struct bench *b, int run) {
    struct burst_world w;
    struct burst_plan plan = b->plan;
    if (run < 0 && plan.accounts > SMALL) plan.accounts = SMALL;
    struct weir_engine_options options = {
        .accounts_max = plan.accounts + BURST_MARKETS * (2 * plan.shorts + 64) + 1024,
        .orders_max = plan.accounts * (plan.orders + 6) + 100000};
    bool made = burst_world_new(&w, &plan);
    struct weir_engine *engine = made ? weir_engine_new(w.venue, &options, burst_sink, &w) : NULL;
    if (engine != NULL) {
        w.apply = apply_engine;
        w.engine = engine;
        burst_world_fill(&w);
        for (int k = 0; k < b->part_count && !bench_stopped(); k++)
            run_part(b, &w, k, run);
        b->right &= bench_stopped() || all_right(&w, engine);
    }
    weir_engine_free(engine);
    burst_world_free(&w);
    return engine != NULL;
}

/* The longest pause of a loop that only reads the clock: the machine's own. */
static uint64_t spin(void) {
    uint64_t start = bench_now_ns(), last = start, longest = 0;
    while (last - start < SPIN_NS) {
        uint64_t now = bench_now_ns();
        if (now - last > longest) longest = now - last;
        last = now;
    }
    return longest;
}

/* ---- The report ------------------------------------------------------------------------------ */

static double per(uint64_t part, uint64_t of) {
    return of > 0 ? (double)part / (double)of : 0;
}
static double us(uint64_t ns) {
    return (double)ns / 1000;
}
static uint64_t longest_command(const struct burst_timing *t) {
    uint64_t most = 0;
    for (int k = 0; k < WEIR_CMD_COUNT; k++)
        if (t->longest[k] > most) most = t->longest[k];
    return most;
}
static uint64_t fills_of(const struct burst_counts *n) {
    uint64_t all = 0;
    for (int k = WEIR_FILL_LIQUIDATION; k <= WEIR_FILL_SETTLEMENT; k++)
        all += n->fills[k];
    return all;
}

/* Events of liquidations: not the answers to commands, not what ordinary orders do, no marks. */
static uint64_t events_of(const struct burst_counts *n) {
    static const enum weir_event_kind kinds[] = {WEIR_EV_MARGIN_CALL,
                                                 WEIR_EV_LIQUIDATION_STARTED,
                                                 WEIR_EV_LIQUIDATION_STEP,
                                                 WEIR_EV_AUCTION_OPENED,
                                                 WEIR_EV_AUCTION_JOINED,
                                                 WEIR_EV_AUCTION_CLOSED,
                                                 WEIR_EV_ADL,
                                                 WEIR_EV_FUND_MOVEMENT,
                                                 WEIR_EV_SOCIALISED,
                                                 WEIR_EV_LIQUIDATION_ENDED};
    uint64_t all = fills_of(n) + n->liquidation_cancels;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        all += n->events[kinds[k]];
    return all;
}

/* The liquidations of a part: how many of each end, fills and events each. */
static void print_mix(const struct bench *b, int k) {
    const struct part *p = &b->parts[k];
    const struct burst_counts *n = &p->counts;
    uint64_t ended = n->events[WEIR_EV_LIQUIDATION_ENDED];
    bench_note(
        "%llu liquidations, %.2f fills and %.2f events each; on the book %.2f %%, by auction "
        "%.2f %%, backstop %.2f %%, ADL %.2f %%",
        (unsigned long long)ended, per(fills_of(n), ended), per(events_of(n), ended),
        100 * per(n->closed_by[WEIR_BY_BOOK], ended),
        100 * per(n->closed_by[WEIR_BY_AUCTION], ended),
        100 * per(n->closed_by[WEIR_BY_BACKSTOP], ended),
        100 * per(n->closed_by[WEIR_BY_ADL], ended));
    bench_note("queue at most %llu; a tick is worked off in %.0f us (p50), %.0f (p99), %.0f (max); "
               "engine busy %.0f %% of the time",
               (unsigned long long)p->last.backlog,
               us(weir_histogram_percentile(&p->last.drain, 500000)),
               us(weir_histogram_percentile(&p->last.drain, 990000)), us(p->last.drain.max),
               100 * per(p->last.engine, p->last.wall));
    bench_note(
        "longest command: %.0f us (clock %.0f, index %.0f, order %.0f, cancel %.0f); longest "
        "pause of an empty loop %.0f us",
        us(longest_command(&p->last)), us(p->last.longest[WEIR_CMD_CLOCK]),
        us(p->last.longest[WEIR_CMD_INDEX]), us(p->last.longest[WEIR_CMD_ORDER]),
        us(p->last.longest[WEIR_CMD_CANCEL]), us(b->spin_longest));
}

static const uint32_t quantiles[] = {500000, 900000, 990000, 999000, 999900};
#define QUANTILES (sizeof quantiles / sizeof quantiles[0])

static void print_latency(const char *what, const struct weir_histogram *h) {
    bench_note("%-10s us from due to done: p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, p99.99 %.2f, "
               "max %.2f of %llu",
               what, us(weir_histogram_percentile(h, quantiles[0])),
               us(weir_histogram_percentile(h, quantiles[1])),
               us(weir_histogram_percentile(h, quantiles[2])),
               us(weir_histogram_percentile(h, quantiles[3])),
               us(weir_histogram_percentile(h, quantiles[4])), us(h->max),
               (unsigned long long)h->total);
}

static void latency_facts(struct bench_case *c, const char *key, const struct weir_histogram *h) {
    size_t at = strlen(c->facts);
    at += (size_t)snprintf(c->facts + at, sizeof c->facts - at, ",\"%s\":[", key);
    for (size_t q = 0; q < QUANTILES; q++)
        at += (size_t)snprintf(c->facts + at, sizeof c->facts - at, "%.2f,",
                               us(weir_histogram_percentile(h, quantiles[q])));
    snprintf(c->facts + at, sizeof c->facts - at, "%.2f]", us(h->max));
}

static void mix_facts(struct bench_case *c, const struct bench *b, const struct part *p) {
    const struct burst_counts *n = &p->counts;
    uint64_t ended = n->events[WEIR_EV_LIQUIDATION_ENDED];
    snprintf(c->facts, sizeof c->facts,
             "\"n\":%u,\"steps\":%u,\"liquidations\":%llu,\"fills\":%.3f,\"events\":%.3f,"
             "\"book\":%.4f,\"auction\":%.4f,\"backstop\":%.4f,\"adl\":%.4f,\"queue\":%llu,"
             "\"processor_ns\":%.1f,\"drain_p50_us\":%.1f,\"drain_max_us\":%.1f,\"longest_us\":%."
             "1f,\"spin_us\":%.1f",
             b->plan.accounts, b->plan.steps, (unsigned long long)ended, per(fills_of(n), ended),
             per(events_of(n), ended), per(n->closed_by[WEIR_BY_BOOK], ended),
             per(n->closed_by[WEIR_BY_AUCTION], ended), per(n->closed_by[WEIR_BY_BACKSTOP], ended),
             per(n->closed_by[WEIR_BY_ADL], ended), (unsigned long long)p->last.backlog,
             per(p->last.processor, ended), us(weir_histogram_percentile(&p->last.drain, 500000)),
             us(p->last.drain.max), us(longest_command(&p->last)), us(b->spin_longest));
}

static void print_case(struct bench *b, struct bench_case *c) {
    if (!bench_case_wanted(b->job, c->name)) return;
    c->checked = b->right && b->agrees;
    bench_case_print(c);
}

static void name_liquidations(const struct bench *b, int k, struct bench_case *c) {
    snprintf(c->name, sizeof c->name, "a liquidation, %u orders/s", b->rates[k]);
}
static void name_orders(const struct bench *b, int k, struct bench_case *c) {
    snprintf(c->name, sizeof c->name, "p99.9 of an order, %u/s", b->rates[k]);
}

/* Does the job ask for any case of the fall? */
static bool fall_wanted(const struct bench *b) {
    bool wanted = false;
    for (int k = 0; k < b->part_count; k++) {
        struct bench_case c;
        name_liquidations(b, k, &c);
        wanted |= bench_case_wanted(b->job, c.name);
        name_orders(b, k, &c);
        wanted |= b->rates[k] > 0 && bench_case_wanted(b->job, c.name);
    }
    return wanted;
}

static void report_liquidations(struct bench *b, int k) {
    struct part *p = &b->parts[k];
    struct bench_case c = {.unit = "ns", .runs = b->runs};
    memcpy(c.times, p->liquidation_ns, sizeof c.times);
    name_liquidations(b, k, &c);
    mix_facts(&c, b, p);
    snprintf(c.remark, sizeof c.remark, "%.0f a second of engine time, all commands in it",
             1e9 / bench_case_median(&c));
    print_case(b, &c);
    if (bench_case_wanted(b->job, c.name)) print_mix(b, k);
}

static void report_orders(struct bench *b, int k) {
    struct part *p = &b->parts[k];
    struct bench_case c = {.unit = "us", .runs = b->runs, .baseline_runs = b->runs};
    memcpy(c.times, p->p999, sizeof c.times);
    memcpy(c.baseline, p->idle_p999, sizeof c.baseline);
    name_orders(b, k, &c);
    snprintf(c.facts, sizeof c.facts, "\"n\":%u,\"steps\":%u", b->plan.accounts, b->plan.steps);
    latency_facts(&c, "burst_us", &p->last.ordinary);
    latency_facts(&c, "idle_us", &p->idle.ordinary);
    print_case(b, &c);
    if (!bench_case_wanted(b->job, c.name)) return;
    print_latency("burst", &p->last.ordinary);
    print_latency("idle", &p->idle.ordinary);
}

static struct bench *bench_new(const struct weir_bench_job *job) {
    struct bench *b = calloc(1, sizeof *b);
    if (b == NULL) return NULL;
    b->job = job;
    b->right = true;
    b->plan = (struct burst_plan){
        .accounts = bench_count(job, PARAMETER_ACCOUNTS, job->quick ? SMALL : 1000000),
        .rounds = bench_count(job, PARAMETER_TICKS, 1024),
        .shorts = 1000,
        .orders = 3,
        .steps = bench_count(job, PARAMETER_STEPS, 4),
        .seed = job->seed};
    b->part_count = bench_given(job, PARAMETER_RATE) ? 2 : 3;
    b->rates[1] = bench_count(job, PARAMETER_RATE, 100000);
    b->rates[2] = 200000;
    return b;
}

int bench_burst(const struct weir_bench_job *job) {
    struct bench *b = bench_new(job);
    if (b == NULL) return 1;
    b->agrees = bench_burst_agrees(300, 32, job->seed);
    b->spin_longest = spin();
    bool made = true;
    int runs = fall_wanted(b) ? bench_runs(job, RUNS) : 0;
    for (int run = runs > 0 ? -(int)job->warmup : 0; made && run < runs && b->agrees && b->right;
         run++) {
        if (bench_stopped()) break;
        made = run_once(b, run);
        if (made && run >= 0 && !bench_stopped()) b->runs = run + 1;
    }
    for (int k = 0; k < b->part_count && b->runs > 0; k++) {
        report_liquidations(b, k);
        if (b->rates[k] > 0) report_orders(b, k);
    }
    bool good = made && b->right && b->agrees;
    if (good && !bench_stopped()) b->right = good = bench_gap(job, GAP);
    if (!made) fprintf(stderr, "weir bench: out of memory\n");
    if (!b->agrees) fprintf(stderr, "weir bench: engine and twin differ\n");
    if (!b->right) fprintf(stderr, "weir bench: a burst did not end as it must\n");
    free(b);
    return good ? 0 : 1;
}
