/* `weir bench sweep`: the highest rate of ordinary orders at which a quantile of their wait holds a
 * goal, without liquidations and beside a burst. */
#include "bench/burst_check.h"
#include "bench/burst_stage.h"
#include "bench/latency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RUNS    3 /* of each rate; their median counts */
#define GOAL_NS 50000
#define IDLE_NS UINT64_C(250000000)
#define SMALL   20000
#define FALLING 50000 /* accounts that fall beside one run, at least, or all */
#define FIRST   100000.0
#define LEAST   1000.0
#define MOST    5000000.0
#define NEAR    1.05 /* highest rate that holds and least that does not, apart */
#define TRIES   40

/* One rate. */
struct trial {
    double rate;
    bool held;
    int runs;
    double reached[CASE_RUNS]; /* the goal's quantile of every run, ns */
    uint64_t unserved;
    struct weir_histogram waits; /* of all runs */
};

struct sweep {
    const struct weir_bench_job *job;
    struct burst_plan plan;
    struct latency_goal goal;
    char goal_text[64];
    enum burst_arrivals arrivals;
    struct burst_stage stage;
    bool open, right;
    bool falls; /* beside a burst */
    int runs;
    struct burst_timing *timing;
    struct trial *trials[TRIES];
    int count;
};

static void close_stage(struct sweep *s) {
    if (s->open) {
        s->right &= bench_stopped() || burst_stage_right(&s->stage);
        burst_stage_close(&s->stage);
    }
    s->open = false;
}

/* A market with so many ticks of its fall left. */
static bool with_rounds(struct sweep *s, uint32_t rounds) {
    if (s->open && s->stage.w.round + rounds <= s->plan.rounds) return true;
    close_stage(s);
    s->open = burst_stage_open(&s->stage, &s->plan);
    if (!s->open) burst_stage_close(&s->stage);
    return s->open;
}

/* Ticks of one run. */
static uint32_t stretch(const struct sweep *s) {
    double share = fmin(1, burst_share_at(&s->plan, s->plan.shock));
    double each = share * s->plan.accounts / s->plan.rounds;
    double rounds = each > 0 ? ceil(FALLING / each) : s->plan.rounds;
    return (uint32_t)fmin(rounds, s->plan.rounds);
}

static bool run_once(struct sweep *s, struct trial *t) {
    uint32_t rounds = s->falls ? stretch(s) : 0;
    if (!with_rounds(s, rounds)) return false;
    struct burst_drive d = burst_stage_drive(&s->stage, s->job);
    d.arrivals = s->arrivals;
    d.rate = (uint32_t)t->rate;
    d.rounds = rounds;
    d.at_least = s->falls ? 0 : IDLE_NS;
    d.to_the_end = s->falls && s->stage.w.round + rounds == s->plan.rounds;
    burst_run(&s->stage.w, &d, s->timing);
    if (bench_stopped()) return true;
    const struct weir_histogram *h = &s->timing->ordinary;
    t->reached[t->runs++] =
        s->goal.ppm < 1000000 ? (double)weir_histogram_percentile(h, s->goal.ppm) : (double)h->max;
    t->unserved += s->timing->unserved;
    t->waits.total += h->total;
    if (h->max > t->waits.max) t->waits.max = h->max;
    for (uint32_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++)
        t->waits.counts[i] += h->counts[i];
    return true;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Does the rate hold the goal? False, too, when memory ends (then not right) and when interrupted.
 */
static bool holds(struct sweep *s, double rate) {
    struct trial *t = s->count < TRIES ? calloc(1, sizeof *t) : NULL;
    if (t == NULL) {
        s->right = false;
        return false;
    }
    s->trials[s->count++] = t;
    t->rate = rate;
    for (int run = 0; run < s->runs && s->right && !bench_stopped(); run++)
        s->right &= run_once(s, t);
    if (!s->right || t->runs < s->runs) return false;
    qsort(t->reached, (size_t)t->runs, sizeof t->reached[0], ascending);
    t->held = t->reached[t->runs / 2] <= (double)s->goal.ns;
    return t->held;
}

/* Three digits. */
static double even_rate(double rate) {
    double unit = pow(10, floor(log10(rate)) - 2);
    return round(rate / unit) * unit;
}

static bool goes_on(const struct sweep *s) {
    return s->right && !bench_stopped();
}

/* The highest rate that holds; 0: none does. */
static double find_rate(struct sweep *s) {
    double low = 0, high = 0, rate = FIRST;
    while (goes_on(s) && (low == 0 || high == 0)) {
        *(holds(s, rate) ? &low : &high) = rate;
        if (low == MOST || high == LEAST) return low;
        rate = low == rate ? fmin(2 * rate, MOST) : fmax(rate / 2, LEAST);
    }
    while (goes_on(s) && high > low * NEAR) {
        rate = even_rate(sqrt(low * high));
        if (rate <= low || rate >= high) break;
        *(holds(s, rate) ? &low : &high) = rate;
    }
    return low;
}

/* ---- The report ------------------------------------------------------------------------------ */
static int by_rate(const void *a, const void *b) {
    const struct trial *x = *(struct trial *const *)a, *y = *(struct trial *const *)b;
    return (x->rate > y->rate) - (x->rate < y->rate);
}

static char *trials_json(const struct sweep *s) {
    char *text = NULL, waits[512];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    fputs("\"tried\":[", out);
    for (int i = 0; i < s->count; i++) {
        const struct trial *t = s->trials[i];
        waits[0] = 0;
        latency_json(waits, sizeof waits, "us", &t->waits);
        fprintf(out,
                "%s{\"rate\":%.0f,\"held\":%s,\"runs\":%d,\"reached_us\":%.3f,\"unserved\":%llu%s}",
                i > 0 ? ",\n" : "\n", t->rate, t->held ? "true" : "false", t->runs,
                t->reached[t->runs / 2] / 1000, (unsigned long long)t->unserved, waits);
    }
    fputs("]", out);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

static void report(struct sweep *s, double rate, double idle) {
    struct bench_case c = {.unit = "1/s", .runs = 1, .times = {rate}, .checked = s->right};
    snprintf(c.name, sizeof c.name, "%s, %.40s", s->falls ? "rate in the burst" : "rate, idle",
             s->goal_text);
    if (s->falls && idle > 0 && rate > 0) {
        c.baseline_runs = 1;
        c.baseline[0] = idle;
    }
    qsort(s->trials, (size_t)s->count, sizeof s->trials[0], by_rate);
    snprintf(c.facts, sizeof c.facts,
             "\"n\":%u,\"markets\":%u,\"goal\":\"%s\",\"least_rate\":%.0f,\"most_rate\":%.0f",
             s->plan.accounts, s->plan.markets, s->goal_text, LEAST, MOST);
    snprintf(c.remark, sizeof c.remark, "%s",
             rate <= 0      ? "no rate holds the goal"
             : rate >= MOST ? "the highest that is tried"
                            : "highest that holds the goal");
    c.more = trials_json(s);
    bench_case_print(&c);
    for (int i = 0; i < s->count; i++) {
        const struct trial *t = s->trials[i];
        char what[64];
        snprintf(what, sizeof what, "%8.0f/s %s", t->rate, t->held ? "holds" : "fails");
        latency_note(what, &t->waits);
    }
}

static void drop_trials(struct sweep *s) {
    for (int i = 0; i < s->count; i++)
        free(s->trials[i]);
    s->count = 0;
}

/* Idle, then beside the burst. */
static void both(struct sweep *s) {
    double idle = 0;
    for (int k = 0; k < 2 && goes_on(s); k++) {
        s->falls = k == 1;
        double rate = find_rate(s);
        if (s->falls) close_stage(s);
        if (!bench_stopped()) report(s, rate, idle);
        idle = rate;
        drop_trials(s);
    }
    close_stage(s);
    drop_trials(s);
}

int bench_sweep(const struct weir_bench_job *job) {
    struct sweep s = {.job = job, .right = true, .runs = bench_runs(job, RUNS)};
    double goal = bench_number(job, PARAMETER_GOAL, -1);
    s.goal = goal < 0 ? (struct latency_goal){"p99.9", 999000, GOAL_NS} : latency_goal(goal);
    snprintf(s.goal_text, sizeof s.goal_text, "p99.9=50us");
    if (goal >= 0) latency_goal_text(goal, s.goal_text, sizeof s.goal_text);
    s.arrivals = (enum burst_arrivals)bench_count(job, PARAMETER_ARRIVALS, BURST_FIXED);
    if (s.arrivals == BURST_CLOSED) {
        fprintf(stderr, "weir bench: sweep: --arrivals closed: expected fixed or poisson, which "
                        "have a rate\n");
        return 2;
    }
    if (!burst_stage_plan(job, job->quick ? SMALL : 1000000, "sweep", &s.plan)) return 2;
    if (!bench_burst_agrees(&s.plan)) {
        fprintf(stderr, "weir bench: engine and twin differ\n");
        return 1;
    }
    s.timing = calloc(1, sizeof *s.timing);
    s.right = s.timing != NULL;
    both(&s);
    free(s.timing);
    if (!s.right) fprintf(stderr, "weir bench: a burst did not end as it must\n");
    return s.right ? 0 : 1;
}
