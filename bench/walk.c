/* A random walk of twenty marks over cross accounts of any leverage: how many of them a tick makes
 * the index look at, and what a look costs. */
#include "bench/cases.h"
#include "bench/population.h"
#include "bench/scan.h"
#include "bench/trigger.h"

#include <math.h>
#include <stdlib.h>

#define RUNS        5
#define CORRELATION 0.7
/* The scan runs, and its set is compared, at every so manieth tick: at each it would leave the
 * index no line of the cache, which no engine does to itself. */
#define SCAN_EVERY  16

/* Ticks before any that count, wild ones: fresh accounts are all as far from their end as their
 * leverage allows, those that traded a while are not. */
#define MIXING_TICKS 300
#define MIXING_SIGMA 0.001

struct walk {
    struct population p;
    struct scan scan;
    double mark[BENCH_MARKETS_MAX];
    weir_wide *deposit; /* per scope index in p.scopes: what it was opened with */
    uint32_t *order;    /* per scope: that index */
    const struct weir_bench_job *job;
    double jump; /* as a part of one */
    bool wrong;
};

static double uniform(struct weir_random *r) {
    return ((double)(weir_random_next(r) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct weir_random *r) {
    double radius = sqrt(-2 * log(uniform(r)));
    return radius * cos(6.283185307179586 * uniform(r));
}

/* Leverage, 1x to 125x, is as likely to lie between 1x and 2x as between 50x and 100x. */
static bool populate(struct walk *w, uint32_t n) {
    struct population *p = &w->p;
    const struct weir_bench_job *job = w->job;
    double lowest = bench_number(job, PARAMETER_LEVERAGE_MIN, 1);
    double highest = bench_number(job, PARAMETER_LEVERAGE_MAX, 125);
    uint64_t seed = n + (job->seed - 1) * UINT64_C(0x9E3779B97F4A7C15);
    if (!population_new(p, n + 64, bench_count(job, PARAMETER_MARKETS, BENCH_MARKETS), seed))
        return false;
    uint32_t most = bench_count(job, PARAMETER_LEGS, BENCH_LEGS_MAX);
    if (most > p->markets) most = p->markets;
    w->deposit = calloc(n, sizeof *w->deposit);
    w->order = calloc((size_t)n * 2 + 256, sizeof *w->order);
    if (!w->deposit || !w->order) return false;
    for (uint32_t i = 0; i < n; i++) {
        if (i % 4096 == 0 && bench_stopped()) return false;
        struct holding_plan plan;
        population_plan(p, &plan, 1 + (uint32_t)weir_random_below(&p->random, most), 0);
        double notional = 0;
        for (uint32_t k = 0; k < plan.legs; k++) {
            uint32_t m = plan.market[k];
            notional += (double)weir_value(&p->venue->markets[m], p->x.prices[m].mark,
                                           weir_abs(plan.size[k]));
        }
        uint32_t scope = population_add(p, &plan, false);
        if (scope == WEIR_NO_INDEX || scope >= n * 2 + 256) return false;
        w->deposit[i] =
            (weir_wide)(notional / (lowest * pow(highest / lowest, uniform(&p->random))));
        w->order[scope] = i;
        population_deposit(p, scope, w->deposit[i]);
    }
    for (uint32_t m = 0; m < p->markets; m++)
        w->mark[m] = (double)p->x.prices[m].mark;
    weir_trigger_collect(&p->x);
    p->x.trigger.found.count = 0;
    return true;
}

/* Who fell is replaced by one who has as much equity as he began with: the crowd stays as it is. */
static void replace_fallen(struct walk *w, const uint32_t *found, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        struct weir_health h;
        weir_health(&w->p.x, found[i], NULL, &h);
        population_deposit(&w->p, found[i], w->deposit[w->order[found[i]]] - h.equity);
    }
    weir_trigger_collect(&w->p.x);
    w->p.x.trigger.found.count = 0;
    for (uint32_t i = 0; i < n; i++)
        scan_refresh(&w->scan, found[i]);
}

/* What a number of ticks came to. */
struct stretch {
    double *times; /* per tick, ns */
    double total, scan;
    uint64_t evaluated, found, most; /* most: of one tick */
    uint32_t ticks, scans;
    bool checked;
};

/* Sets marks by one step of the walk and collects. */
static void tick(struct walk *w, double sigma, double jump, bool scan, struct stretch *s) {
    struct population *p = &w->p;
    double common = normal(&p->random);
    weir_price mark[BENCH_MARKETS_MAX];
    for (uint32_t m = 0; m < p->markets; m++) {
        double own = normal(&p->random);
        double step = sigma * (sqrt(CORRELATION) * common + sqrt(1 - CORRELATION) * own) + jump;
        w->mark[m] *= exp(step);
        mark[m] = (weir_price)w->mark[m];
    }
    uint64_t before = p->x.trigger.evaluations, start = bench_now_ns();
    for (uint32_t m = 0; m < p->markets; m++)
        population_move(p, m, mark[m]);
    weir_trigger_collect(&p->x);
    double time = (double)(bench_now_ns() - start);
    uint64_t evaluated = p->x.trigger.evaluations - before;
    uint32_t *found, n = population_found(p, &found);
    s->times[s->ticks++] = time;
    s->total += time;
    s->evaluated += evaluated;
    s->found += n;
    if (evaluated > s->most) s->most = evaluated;
    /* No scope is looked at twice for one tick. */
    if (evaluated > p->count) s->checked = false;
    if (scan) {
        start = bench_now_ns();
        scan_run(&w->scan);
        s->scan += (double)(bench_now_ns() - start);
        s->scans++;
        if (!scan_equals(&w->scan, found, n)) s->checked = false;
    }
    replace_fallen(w, found, n);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What the walk came to; times of all its ticks in order. */
static void print(struct walk *w, struct bench_case *c, struct stretch *all) {
    if (all->ticks == 0 || all->scans == 0) return;
    qsort(all->times, all->ticks, sizeof(double), ascending);
    double mean = all->total / all->ticks, median = all->times[all->ticks / 2];
    double share = 100.0 * (double)all->evaluated / all->ticks / w->p.count;
    double each = all->evaluated > 0 ? all->total / (double)all->evaluated : 0;
    double scan = all->scan / all->scans;
    snprintf(c->facts, sizeof c->facts,
             "\"n\":%u,\"positions\":%llu,\"ticks\":%u,\"evaluated_percent\":%.4f,"
             "\"most_evaluated\":%llu,\"found\":%llu,\"each\":%.1f,\"mean_ratio\":%.2f,"
             "\"median_ratio\":%.2f",
             w->p.count, (unsigned long long)w->p.positions, all->ticks, share,
             (unsigned long long)all->most, (unsigned long long)all->found, each, scan / mean,
             scan / median);
    snprintf(c->remark, sizeof c->remark, "%.4f %%, %.0f ns each, x%.0f mean, x%.0f median", share,
             each, scan / mean, scan / median);
    bench_case_print(c);
    w->wrong |= !c->checked;
}

static bool mix(struct walk *w) {
    struct stretch s = {.times = calloc(MIXING_TICKS, sizeof(double)), .checked = true};
    for (uint32_t i = 0; s.times && i < MIXING_TICKS && !bench_stopped(); i++)
        tick(w, MIXING_SIGMA, 0, false, &s);
    bool made = s.times != NULL && !bench_stopped();
    free(s.times);
    return made;
}

/* One turn of the walk; ticks that are reported go to *all, others to *calm. */
static void turn(struct walk *w, int run, double sigma, uint32_t ticks, uint32_t jump_every,
                 struct stretch *all, struct stretch *calm) {
    for (uint32_t i = 0; i < ticks && !bench_stopped(); i++) {
        bool jumps = jump_every > 0 && i % jump_every == jump_every / 2;
        double jump = jumps ? run & 1 ? w->jump : -w->jump : 0;
        bool looks = jumps || (jump_every == 0 && i % SCAN_EVERY == 0);
        tick(w, sigma, jump, looks, jump_every == 0 || jumps ? all : calm);
    }
}

static void forget(struct stretch *s) {
    *s = (struct stretch){.times = s->times, .checked = s->checked};
}

/* `jump_every` 0: none; else only the ticks with a jump are reported. */
static bool stroll(struct walk *w, const char *name, double sigma, uint32_t ticks,
                   uint32_t jump_every) {
    if (!bench_case_wanted(w->job, name)) return true;
    int runs = bench_runs(w->job, RUNS);
    size_t room = (size_t)ticks * (size_t)(runs + 1);
    struct stretch all = {.times = calloc(room, sizeof(double)), .checked = true};
    struct stretch calm = {.times = calloc(room, sizeof(double)), .checked = true};
    struct bench_case c = {.unit = "ns", .checked = true};
    snprintf(c.name, sizeof c.name, "%s", name);
    bool made = all.times && calm.times;
    for (int run = -(int)w->job->warmup; made && bench_goes_on(&c, run, runs); run++) {
        struct stretch before = all;
        turn(w, run, sigma, ticks, jump_every, &all, &calm);
        c.checked = all.checked && calm.checked;
        if (run < 0 || !c.checked) {
            forget(&all);
            forget(&calm);
        } else if (!bench_stopped()) {
            c.times[c.runs++] = (all.total - before.total) / (all.ticks - before.ticks);
            c.baseline[c.baseline_runs++] = (all.scan - before.scan) / (all.scans - before.scans);
        }
    }
    if (made) print(w, &c, &all);
    free(all.times);
    free(calm.times);
    return made;
}

/* The two walks of a step, calm and with jumps. */
static bool walk_of_step(struct walk *w, double bp, uint32_t ticks, uint32_t every) {
    char name[64];
    snprintf(name, sizeof name, "walk %g bp", bp);
    if (!stroll(w, name, bp / 10000, ticks, 0)) return false;
    snprintf(name, sizeof name, "walk %g bp, jumps of %g %%", bp, w->jump * 100);
    return stroll(w, name, bp / 10000, every, every);
}

static bool any_wanted(const struct weir_bench_job *job) {
    static const double steps[] = {1, 5};
    double jump = bench_number(job, PARAMETER_JUMP, 1);
    bool given = bench_given(job, PARAMETER_STEP), wanted = false;
    for (size_t i = 0; i < (given ? 1 : sizeof steps / sizeof steps[0]); i++) {
        char name[64];
        snprintf(name, sizeof name, "walk %g bp, jumps of %g %%",
                 bench_number(job, PARAMETER_STEP, steps[i]), jump);
        wanted |= bench_case_wanted(job, name);
    }
    return wanted;
}

bool bench_walk(const struct weir_bench_job *job, bool *wrong) {
    if (!any_wanted(job)) return true;
    struct walk w = {.job = job, .jump = bench_number(job, PARAMETER_JUMP, 1) / 100};
    uint32_t n = bench_count(job, PARAMETER_ACCOUNTS, job->quick ? 100000 : 1000000);
    uint32_t ticks = bench_count(job, PARAMETER_TICKS, job->quick ? 100 : 400);
    uint32_t every = bench_count(job, PARAMETER_TICKS, job->quick ? 200 : 2000);
    bool made = populate(&w, n) && scan_new(&w.scan, &w.p) && mix(&w);
    if (made && bench_given(job, PARAMETER_STEP))
        made = walk_of_step(&w, job->value[PARAMETER_STEP], ticks, every);
    else if (made)
        made = walk_of_step(&w, 1, ticks, every) && walk_of_step(&w, 5, ticks, every);
    scan_free(&w.scan);
    population_free(&w.p);
    free(w.deposit);
    free(w.order);
    *wrong |= w.wrong;
    return made;
}
