/* `weir bench burst`: liquidations through the whole waterfall, and whether the order next to them
 * feels it. */
#include "bench/burst_check.h"
#include "bench/burst_stage.h"
#include "bench/gap.h"
#include "bench/latency.h"
#include "bench/log.h"

#include <stdlib.h>
#include <string.h>

#define RUNS     5
#define PARTS    3 /* of the fall at most: without ordinary orders, and at each rate */
#define IDLE_NS  UINT64_C(500000000)
#define SPIN_NS  UINT64_C(500000000) /* at least, and at most: */
#define SPIN_MAX UINT64_C(10000000000)
#define AFTER    5 /* windows told after the fall */
#define GAP      10000
#define SMALL    20000 /* accounts of a quick run, and of one that warms up */

/* What the runs of one part came to. */
struct part {
    enum burst_arrivals arrivals;
    uint32_t rate;                    /* ordinary orders a second */
    bool orders;                      /* there are any */
    double liquidation_ns[CASE_RUNS]; /* engine time */
    double p999[CASE_RUNS], idle_p999[CASE_RUNS];
    struct burst_timing last, idle; /* of the last run, as what follows */
    struct burst_counts counts;     /* of this part alone */
    struct burst_windows windows;
    struct weir_histogram durable; /* orders, from due to durable, where there is a log */
};

struct bench {
    const struct weir_bench_job *job;
    struct burst_plan plan;
    int part_count, runs; /* runs made */
    struct part parts[PARTS];
    uint64_t large_mib; /* of memory in large pages */
    uint64_t spin_longest, spin_ns;
    uint64_t pace_ns; /* of the whole fall; 0: ticks follow when the last is worked off */
    uint32_t to_fall;
    bool agrees, right;
    struct bench_log_waits *log; /* NULL: none */
};

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

/* What the part before left waiting is worked off first: the control is idle. */
static void settle(struct burst_stage *stage, const struct burst_drive *drive) {
    struct burst_timing *timing = calloc(1, sizeof *timing);
    struct burst_drive d = *drive;
    if (timing == NULL) return;
    d.arrivals = BURST_FIXED;
    d.rate = d.rounds = 0;
    d.at_least = 0;
    d.to_the_end = true;
    d.windows = NULL;
    burst_run(&stage->w, &d, timing);
    free(timing);
}

/* The same orders, and nothing falls. */
static void run_idle(struct bench *b, struct burst_stage *stage, struct part *part,
                     struct burst_drive *d, uint64_t at_least) {
    d->rounds = 0;
    d->to_the_end = false;
    d->pace = 0;
    d->at_least = at_least;
    burst_run(&stage->w, d, &part->idle);
    b->right &= part->idle.unserved <= part->idle.ordinary.total;
}

static void run_part(struct bench *b, struct burst_stage *stage, int k, int run) {
    struct part *part = &b->parts[k];
    struct burst_world *w = &stage->w;
    struct burst_drive d = burst_stage_drive(stage, b->job);
    bool last = k + 1 == b->part_count;
    struct burst_log log = {0};
    if (b->log != NULL) log = bench_log_hooks(b->log);
    d.log = b->log != NULL ? &log : NULL;
    d.arrivals = part->arrivals;
    d.rate = part->rate;
    if (part->windows.length > 0) d.windows = &part->windows;
    burst_windows_begin(&part->windows, d.clock(NULL));
    if (part->orders) settle(stage, &d);
    if (part->orders) run_idle(b, stage, part, &d, b->pace_ns > 0 ? b->pace_ns : IDLE_NS);
    struct burst_counts before = w->counts;
    d.rounds = last ? w->plan.rounds - w->round : w->plan.rounds / (uint32_t)b->part_count;
    d.pace = b->pace_ns / (d.rounds > 0 ? d.rounds : 1);
    d.at_least = 0;
    d.to_the_end = last;
    part->windows.fall_start = d.clock(NULL);
    if (b->log != NULL) weir_histogram_reset(&b->log->durable);
    burst_run(w, &d, &part->last);
    if (b->log != NULL) part->durable = b->log->durable;
    part->windows.fall_end = d.clock(NULL);
    part->counts = since(&before, &w->counts);
    if (part->orders && d.windows != NULL) {
        struct burst_timing *after = calloc(1, sizeof *after);
        d.rounds = 0;
        d.at_least = AFTER * part->windows.length;
        if (after != NULL) burst_run(w, &d, after);
        free(after);
    }
    b->right &= !part->windows.full;
    if (run < 0) return;
    uint64_t ended = part->counts.events[WEIR_EV_LIQUIDATION_ENDED];
    part->liquidation_ns[run] = (double)part->last.engine / (double)(ended > 0 ? ended : 1);
    part->p999[run] = (double)weir_histogram_percentile(&part->last.ordinary, 999000) / 1000;
    part->idle_p999[run] = (double)weir_histogram_percentile(&part->idle.ordinary, 999000) / 1000;
}

/* False when memory ended. */
static bool run_once(struct bench *b, int run) {
    struct burst_plan plan = b->plan;
    struct burst_stage stage;
    if (run < 0 && plan.accounts > SMALL) plan.accounts = SMALL;
    bool made = burst_stage_open(&stage, &plan);
    if (made && b->log != NULL) b->right &= bench_log_open(&b->log->log, 0);
    if (!b->right) made = false;
    for (int k = 0; made && k < b->part_count && !bench_stopped(); k++)
        run_part(b, &stage, k, run);
    if (made && b->log != NULL) b->right &= bench_log_close(&b->log->log);
    b->large_mib = bench_large_pages_mib();
    if (made) b->right &= bench_stopped() || burst_stage_right(&stage);
    b->to_fall = stage.w.to_fall;
    burst_stage_close(&stage);
    return made;
}

/* The longest pause of a loop that only reads the clock, the machine's own, in as long a time as
 * the longest command had to be the longest in. */
static uint64_t spin(uint64_t time) {
    uint64_t start = bench_now_ns(), last = start, longest = 0;
    while (last - start < time && !bench_stopped()) {
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
    bench_note("queue at most %llu, %llu at the end; engine busy %.0f %% of the time",
               (unsigned long long)p->last.backlog, (unsigned long long)p->last.left,
               100 * per(p->last.engine, p->last.wall));
    latency_note("a command beside orders", &p->last.work);
    latency_note("a tick worked off in", &p->last.drain);
    bench_note(
        "longest command: %.0f us (clock %.0f, index %.0f, order %.0f, cancel %.0f); longest "
        "pause of an empty loop of %.1f s: %.0f us",
        us(longest_command(&p->last)), us(p->last.longest[WEIR_CMD_CLOCK]),
        us(p->last.longest[WEIR_CMD_INDEX]), us(p->last.longest[WEIR_CMD_ORDER]),
        us(p->last.longest[WEIR_CMD_CANCEL]), (double)b->spin_ns / 1e9, us(b->spin_longest));
    bench_note("%llu page faults while it fell; %llu MiB in large pages",
               (unsigned long long)p->last.faults, (unsigned long long)b->large_mib);
}

static void mix_facts(struct bench_case *c, const struct bench *b, const struct part *p) {
    const struct burst_counts *n = &p->counts;
    uint64_t ended = n->events[WEIR_EV_LIQUIDATION_ENDED];
    snprintf(c->facts, sizeof c->facts,
             "\"n\":%u,\"markets\":%u,\"to_fall\":%u,\"steps\":%u,\"liquidations\":%llu,"
             "\"fills\":%.3f,\"events\":%.3f,"
             "\"book\":%.4f,\"auction\":%.4f,\"backstop\":%.4f,\"adl\":%.4f,\"queue\":%llu,"
             "\"left\":%llu,"
             "\"wall_s\":%.3f,\"processor_ns\":%.1f,\"engine_ns\":%.1f,\"engine_orders_ns\":%.1f,"
             "\"longest_us\":%.1f,\"spin_us\":%.1f,\"spin_s\":%.2f,\"page_faults\":%llu,"
             "\"large_pages_mib\":%llu",
             b->plan.accounts, b->plan.markets, b->to_fall, b->plan.steps,
             (unsigned long long)ended, per(fills_of(n), ended), per(events_of(n), ended),
             per(n->closed_by[WEIR_BY_BOOK], ended), per(n->closed_by[WEIR_BY_AUCTION], ended),
             per(n->closed_by[WEIR_BY_BACKSTOP], ended), per(n->closed_by[WEIR_BY_ADL], ended),
             (unsigned long long)p->last.backlog, (unsigned long long)p->last.left,
             (double)p->last.wall / 1e9, per(p->last.processor, ended), per(p->last.engine, ended),
             per(p->last.engine_ordinary, p->last.ordinary.total - p->last.unserved),
             us(longest_command(&p->last)), us(b->spin_longest), (double)b->spin_ns / 1e9,
             (unsigned long long)p->last.faults, (unsigned long long)b->large_mib);
    latency_fact(c, "command_us", &p->last.work);
    latency_fact(c, "drain_us", &p->last.drain);
    if (p->windows.length == 0) return;
    char *rows = burst_windows_json(&p->windows);
    if (rows == NULL || asprintf(&c->more, "\"windows\":%s", rows) < 0) c->more = NULL;
    free(rows);
}

static void print_case(struct bench *b, struct bench_case *c) {
    if (!bench_case_wanted(b->job, c->name)) return;
    c->checked = b->right && b->agrees;
    bench_case_print(c);
}

static void name_liquidations(const struct part *p, struct bench_case *c) {
    if (p->arrivals == BURST_CLOSED && p->orders)
        snprintf(c->name, sizeof c->name, "a liquidation, orders one by one");
    else
        snprintf(c->name, sizeof c->name, "a liquidation, %u orders/s", p->rate);
}
static void name_orders(const struct part *p, struct bench_case *c) {
    if (p->arrivals == BURST_CLOSED)
        snprintf(c->name, sizeof c->name, "p99.9 of an order, one by one");
    else
        snprintf(c->name, sizeof c->name, "p99.9 of an order, %u/s", p->rate);
}

/* Does the job ask for any case of the fall? */
static bool fall_wanted(const struct bench *b) {
    bool wanted = false;
    for (int k = 0; k < b->part_count; k++) {
        struct bench_case c;
        name_liquidations(&b->parts[k], &c);
        wanted |= bench_case_wanted(b->job, c.name);
        name_orders(&b->parts[k], &c);
        wanted |= b->parts[k].orders && bench_case_wanted(b->job, c.name);
    }
    return wanted;
}

static void report_liquidations(struct bench *b, int k) {
    struct part *p = &b->parts[k];
    struct bench_case c = {.unit = "ns", .runs = b->runs};
    memcpy(c.times, p->liquidation_ns, sizeof c.times);
    name_liquidations(p, &c);
    if (!bench_case_wanted(b->job, c.name)) return;
    mix_facts(&c, b, p);
    snprintf(c.remark, sizeof c.remark, "%.0f a second of engine time, all commands in it",
             1e9 / bench_case_median(&c));
    print_case(b, &c);
    print_mix(b, k);
    if (p->windows.length > 0) burst_windows_table(&p->windows);
}

static void report_orders(struct bench *b, int k) {
    struct part *p = &b->parts[k];
    struct bench_case c = {.unit = "us", .runs = b->runs, .baseline_runs = b->runs};
    memcpy(c.times, p->p999, sizeof c.times);
    memcpy(c.baseline, p->idle_p999, sizeof c.baseline);
    name_orders(p, &c);
    if (!bench_case_wanted(b->job, c.name)) return;
    snprintf(c.facts, sizeof c.facts,
             "\"n\":%u,\"steps\":%u,\"unserved\":%llu,\"idle_unserved\":%llu", b->plan.accounts,
             b->plan.steps, (unsigned long long)p->last.unserved,
             (unsigned long long)p->idle.unserved);
    latency_fact(&c, "burst_us", &p->last.ordinary);
    latency_fact(&c, "idle_us", &p->idle.ordinary);
    latency_fact(&c, "burst_engine_us", &p->last.service);
    latency_fact(&c, "idle_engine_us", &p->idle.service);
    if (b->log != NULL) latency_fact(&c, "durable_us", &p->durable);
    print_case(b, &c);
    latency_note("due to done, burst", &p->last.ordinary);
    latency_note("due to done, idle", &p->idle.ordinary);
    latency_note("in the engine, burst", &p->last.service);
    latency_note("in the engine, idle", &p->idle.service);
    if (b->log != NULL) latency_note("due to durable, burst", &p->durable);
    if (p->last.unserved > 0)
        bench_note("%llu were due before the end and not done by then: they count as if done then",
                   (unsigned long long)p->last.unserved);
}

/* Without orders, and with them: as asked for, or at two rates. */
static bool choose_parts(struct bench *b) {
    const struct weir_bench_job *job = b->job;
    enum burst_arrivals arrivals =
        (enum burst_arrivals)bench_count(job, PARAMETER_ARRIVALS, BURST_FIXED);
    bool one = arrivals == BURST_CLOSED || bench_given(job, PARAMETER_RATE);
    b->part_count = one ? 2 : 3;
    b->parts[1].rate = bench_count(job, PARAMETER_RATE, 100000);
    b->parts[2].rate = 200000;
    uint64_t length = (uint64_t)(bench_number(job, PARAMETER_WINDOWS, 0) * 1e6);
    for (int k = 0; k < b->part_count; k++) {
        b->parts[k].orders = k > 0;
        if (k > 0) b->parts[k].arrivals = arrivals;
        if (k > 0 && arrivals == BURST_CLOSED) b->parts[k].rate = 0;
        if (!burst_windows_new(&b->parts[k].windows, length)) {
            fprintf(stderr, "weir bench: out of memory\n");
            return false;
        }
    }
    return true;
}

/* NULL with the status in *status. */
static struct bench *bench_new(const struct weir_bench_job *job, int *status) {
    struct bench *b = calloc(1, sizeof *b);
    *status = 1;
    if (b == NULL) return NULL;
    b->job = job;
    b->right = true;
    b->pace_ns = (uint64_t)(bench_number(job, PARAMETER_DURATION, 0) * 1e9);
    *status = 2;
    if (burst_stage_plan(job, job->quick ? SMALL : 1000000, "burst", &b->plan) && choose_parts(b))
        return b;
    free(b);
    return NULL;
}

static void bench_free(struct bench *b) {
    if (b->log != NULL) bench_log_free(&b->log->log);
    free(b->log);
    for (int k = 0; k < b->part_count; k++)
        burst_windows_free(&b->parts[k].windows);
    free(b);
}

/* As long as the longest of the last run's parts. */
static void spin_beside(struct bench *b) {
    b->spin_ns = SPIN_NS;
    for (int k = 0; k < b->part_count; k++)
        if (b->parts[k].last.wall > b->spin_ns) b->spin_ns = b->parts[k].last.wall;
    if (b->spin_ns > SPIN_MAX) b->spin_ns = SPIN_MAX;
    b->spin_longest = spin(b->spin_ns);
}

/* The folder of the log that the job asks for. */
static bool open_log(struct bench *b) {
    if (bench_count(b->job, PARAMETER_JOURNAL, 0) == 0) return true;
    b->log = calloc(1, sizeof *b->log);
    return b->log != NULL && bench_log_new(&b->log->log, "burst");
}

int bench_burst(const struct weir_bench_job *job) {
    int status;
    struct bench *b = bench_new(job, &status);
    if (b == NULL) return status;
    b->agrees = bench_burst_agrees(&b->plan);
    bool made = open_log(b);
    int runs = fall_wanted(b) ? bench_runs(job, RUNS) : 0;
    for (int run = runs > 0 ? -(int)job->warmup : 0; made && run < runs && b->agrees && b->right;
         run++) {
        if (bench_stopped()) break;
        made = run_once(b, run);
        if (made && run >= 0 && !bench_stopped()) b->runs = run + 1;
    }
    if (b->runs > 0) spin_beside(b);
    for (int k = 0; k < b->part_count && b->runs > 0; k++) {
        report_liquidations(b, k);
        if (b->parts[k].orders) report_orders(b, k);
    }
    bool good = made && b->right && b->agrees;
    if (good && !bench_stopped())
        b->right = good = bench_gap(job, bench_count(job, PARAMETER_BANKRUPT, GAP));
    if (!b->agrees) fprintf(stderr, "weir bench: engine and twin differ\n");
    if (!b->right) fprintf(stderr, "weir bench: a burst did not end as it must\n");
    bench_free(b);
    return good ? 0 : 1;
}
