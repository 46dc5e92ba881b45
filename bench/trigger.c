/* `weir bench trigger`: one move of the marks, and what it costs to know whom it makes
 * liquidatable. */
#include "bench/cases.h"
#include "bench/population.h"
#include "bench/scan.h"
#include "bench/trigger.h"

#include <stdlib.h>
#include <string.h>

#define RUNS        5
#define QUIET_TICKS 20000
/* Scopes that fall when all marks have dropped by so many parts of a million: steps of the ladder,
 * each with all those of the steps before. The quiet tick moves by less than the first. */
#define QUIET_PPM   200
static const struct {
    uint32_t count;
    int64_t from_ppm, to_ppm;
} steps[] = {{10, 1000, 4900}, {1000, 5100, 9900}, {1000000, 10100, 19900}};
#define STEPS (sizeof steps / sizeof steps[0])

struct bench {
    const struct weir_bench_job *job;
    struct population p;
    struct scan scan;
    bool wrong;
    bool isolated;
    int runs, warmup;
    uint32_t n;
    uint32_t due[STEPS]; /* scopes of each step */
};

/* False when nobody asked for the case. */
static bool start_case(const struct bench *b, struct bench_case *c, const char *what) {
    *c = (struct bench_case){.unit = "ns", .checked = true};
    snprintf(c->name, sizeof c->name, "%s %u %s", b->isolated ? "isolated" : "cross", b->n, what);
    return bench_case_wanted(b->job, c->name);
}

static void end_case(struct bench *b, struct bench_case *c) {
    bench_case_print(c);
    b->wrong |= !c->checked;
}

/* Scopes of the steps stand anywhere among the others. */
static bool populate(struct bench *b, uint64_t seed) {
    struct population *p = &b->p;
    if (!population_new(p, b->n + 64, bench_count(b->job, PARAMETER_MARKETS, BENCH_MARKETS), seed))
        return false;
    uint32_t left[STEPS], total = 0;
    for (size_t k = 0; k < STEPS; k++) {
        left[k] = b->due[k];
        total += left[k];
    }
    uint32_t most = bench_count(b->job, PARAMETER_LEGS, BENCH_LEGS_MAX);
    if (most > p->markets) most = p->markets;
    for (uint32_t i = 0; i < b->n; i++) {
        if (i % 4096 == 0 && bench_stopped()) return false;
        int64_t ppm = 100000 + (int64_t)weir_random_below(&p->random, 500000);
        int sign = weir_random_next(&p->random) & 1 ? 1 : -1;
        if (weir_random_below(&p->random, b->n - i) < total) {
            size_t k = 0;
            for (uint64_t r = weir_random_below(&p->random, total); r >= left[k]; k++)
                r -= left[k];
            left[k]--;
            total--;
            sign = 1;
            ppm = steps[k].from_ppm +
                  (int64_t)weir_random_below(&p->random,
                                             (uint64_t)(steps[k].to_ppm - steps[k].from_ppm));
        }
        struct holding_plan plan;
        uint32_t legs = b->isolated ? 1 : 1 + (uint32_t)weir_random_below(&p->random, most);
        population_plan(p, &plan, legs, sign);
        uint32_t scope = population_add(p, &plan, b->isolated);
        if (scope == WEIR_NO_INDEX) return false;
        population_deposit(p, scope, population_deposit_for(p, &plan, -sign * ppm));
    }
    weir_trigger_collect(&p->x);
    return p->x.trigger.found.count == 0;
}

/* One scan in its own time, in ns. */
static double time_scan(struct scan *s) {
    uint64_t start = bench_now_ns();
    scan_run(s);
    return (double)(bench_now_ns() - start);
}

static bool found_equals_scan(struct bench *b) {
    uint32_t *found, n = population_found(&b->p, &found);
    return scan_equals(&b->scan, found, n);
}

/* Every mark moves, nothing is reached. */
static void quiet_ticks(struct bench *b) {
    enum { WAYS = 14 };
    struct bench_case c;
    if (!start_case(b, &c, "none")) return;
    struct population *p = &b->p;
    weir_price mark[WAYS][BENCH_MARKETS_MAX];
    for (int w = 0; w < WAYS; w++)
        for (uint32_t m = 0; m < p->markets; m++)
            mark[w][m] = population_mark(p, m, w % 2 == 0 ? QUIET_PPM - w : w - QUIET_PPM);
    uint64_t before = 0;
    for (int run = -b->warmup; bench_goes_on(&c, run, b->runs); run++) {
        before = p->x.trigger.evaluations;
        uint64_t start = bench_now_ns();
        for (int tick = 0; tick < QUIET_TICKS; tick++) {
            for (uint32_t m = 0; m < p->markets; m++)
                population_move(p, m, mark[tick % WAYS][m]);
            weir_trigger_collect(&p->x);
        }
        double time = (double)(bench_now_ns() - start) / QUIET_TICKS;
        double scan = time_scan(&b->scan);
        c.checked &= found_equals_scan(b);
        if (run < 0) continue;
        c.times[c.runs++] = time;
        c.baseline[c.baseline_runs++] = scan;
    }
    snprintf(c.facts, sizeof c.facts, "\"n\":%u,\"found\":0,\"evaluated\":%.2f", b->n,
             (double)(p->x.trigger.evaluations - before) / QUIET_TICKS);
    snprintf(c.remark, sizeof c.remark, "a tick of %u marks", p->markets);
    end_case(b, &c);
}

/* The case of step k by its name; how many fall in all. */
static uint32_t due_name(const struct bench *b, size_t k, char *what, size_t size) {
    uint32_t due = 0;
    for (size_t i = 0; i <= k; i++)
        due += b->due[i];
    snprintf(what, size, "%u due", due);
    return due;
}

/* All marks fall to just behind step k; then back, and who fell is indexed as before. */
static void falling_tick(struct bench *b, size_t k) {
    char what[32];
    uint32_t due = due_name(b, k, what, sizeof what);
    struct bench_case c;
    if (!start_case(b, &c, what)) return;
    struct population *p = &b->p;
    uint64_t evaluated = 0;
    for (int run = -b->warmup; bench_goes_on(&c, run, b->runs); run++) {
        uint64_t before = p->x.trigger.evaluations, start = bench_now_ns();
        population_move_all(p, -steps[k].to_ppm - 100);
        weir_trigger_collect(&p->x);
        double time = (double)(bench_now_ns() - start);
        evaluated = p->x.trigger.evaluations - before;
        double scan = time_scan(&b->scan);
        uint32_t *found, n = population_found(p, &found);
        c.checked &= n == due && scan_equals(&b->scan, found, n);
        population_move_all(p, 0);
        for (uint32_t i = 0; i < b->scan.found_count; i++)
            weir_touch(&p->x, b->scan.found[i]);
        weir_trigger_collect(&p->x);
        p->x.trigger.found.count = 0;
        if (run < 0) continue;
        c.times[c.runs++] = time;
        c.baseline[c.baseline_runs++] = scan;
    }
    double each = bench_case_median(&c) / due;
    snprintf(c.facts, sizeof c.facts, "\"n\":%u,\"found\":%u,\"evaluated\":%llu,\"each\":%.1f",
             b->n, due, (unsigned long long)evaluated, each);
    snprintf(c.remark, sizeof c.remark, "%.0f ns each", each);
    end_case(b, &c);
}

/* Scopes whose balance changed, sixteen at a time: random ones, and the same few again. */
static void index_again(struct bench *b, bool few) {
    enum { COUNT = 16384, FEW = 256, AT_ONCE = 16 };
    struct bench_case c;
    if (!start_case(b, &c, few ? "index again, in cache" : "index again")) return;
    struct population *p = &b->p;
    uint64_t evaluated = 0;
    for (int run = -b->warmup; bench_goes_on(&c, run, b->runs); run++) {
        uint32_t *scope = calloc(COUNT, sizeof *scope);
        if (scope == NULL) {
            c.checked = false;
            break;
        }
        for (uint32_t i = 0; i < COUNT; i++)
            scope[i] = few && i >= FEW ? scope[i % FEW]
                                       : p->scopes[weir_random_below(&p->random, p->count)];
        uint64_t before = p->x.trigger.evaluations, start = bench_now_ns();
        for (uint32_t i = 0; i < COUNT; i++) {
            population_deposit(p, scope[i], i & 1 ? 10000 : 20000);
            if (i % AT_ONCE == AT_ONCE - 1) weir_trigger_collect(&p->x);
        }
        double time = (double)(bench_now_ns() - start);
        evaluated = p->x.trigger.evaluations - before;
        for (uint32_t i = 0; i < COUNT; i++)
            scan_refresh(&b->scan, scope[i]);
        free(scope);
        scan_run(&b->scan);
        c.checked &= found_equals_scan(b);
        if (run >= 0 && evaluated > 0) c.times[c.runs++] = time / (double)evaluated;
    }
    snprintf(c.facts, sizeof c.facts, "\"n\":%u,\"evaluated\":%llu", b->n,
             (unsigned long long)evaluated);
    snprintf(c.remark, sizeof c.remark, "a changed scope, posting included");
    end_case(b, &c);
}

/* Positions with a liquidation price, and whether it is one: looked at for one of `every`. */
struct prices {
    struct population *p;
    uint64_t seen, every;
    bool right;
};

static bool fires_at(struct population *p, const struct weir_leg *g, weir_price price) {
    struct weir_price_state *state = &p->x.prices[g->market];
    struct weir_health h;
    weir_price mark = state->mark;
    state->mark = price;
    weir_health(&p->x, g->scope, NULL, &h);
    state->mark = mark;
    return weir_liquidatable(&p->x, &h);
}

static void see_price(void *ctx, const struct weir_leg *g, weir_price price) {
    struct prices *s = ctx;
    if (s->seen++ % s->every != 0) return;
    weir_price mark = s->p->x.prices[g->market].mark;
    weir_price nearer = price < mark ? price + 1 : price - 1;
    s->right &= fires_at(s->p, g, price) && (price == mark || !fires_at(s->p, g, nearer));
}

/* The liquidation price of every position of a market, as the liquidation map asks for them. */
static void map_of_market(struct bench *b) {
    struct bench_case c;
    if (!start_case(b, &c, "map of a market")) return;
    struct prices s = {.p = &b->p, .every = 100, .right = true};
    weir_each_liquidation_price(&b->p.x, 0, see_price, &s);
    c.checked &= s.right && s.seen > 0;
    uint32_t positions = b->p.x.ledger.markets[0].positions.count;
    s.every = UINT64_MAX;
    for (int run = 0; bench_goes_on(&c, run, b->runs); run++) {
        uint64_t start = bench_now_ns();
        weir_each_liquidation_price(&b->p.x, 0, see_price, &s);
        c.times[c.runs++] = (double)(bench_now_ns() - start);
    }
    double whole = bench_case_median(&c);
    snprintf(c.facts, sizeof c.facts, "\"n\":%u,\"positions\":%u", b->n, positions);
    snprintf(c.remark, sizeof c.remark, "%u positions, %.0f ns each", positions, whole / positions);
    end_case(b, &c);
}

/* A funding instant of all markets, paid by longs, then by shorts. */
static void funding_instant(struct bench *b) {
    struct bench_case c;
    if (!start_case(b, &c, "funding")) return;
    struct population *p = &b->p;
    uint64_t evaluated = 0;
    uint32_t turns = 0;
    for (int run = -b->warmup; bench_goes_on(&c, run, b->runs); run++) {
        uint64_t before = p->x.trigger.evaluations, start = bench_now_ns();
        population_fund(p, run & 1 ? 100 : -100);
        weir_trigger_collect(&p->x);
        double time = (double)(bench_now_ns() - start);
        evaluated += p->x.trigger.evaluations - before;
        turns++;
        double scan = time_scan(&b->scan);
        c.checked &= found_equals_scan(b);
        if (run < 0) continue;
        c.times[c.runs++] = time;
        c.baseline[c.baseline_runs++] = scan;
    }
    snprintf(c.facts, sizeof c.facts, "\"n\":%u,\"positions\":%llu,\"evaluated\":%.1f", b->n,
             (unsigned long long)p->positions, (double)evaluated / turns);
    snprintf(c.remark, sizeof c.remark, "%.1f of %llu positions looked at",
             (double)evaluated / turns, (unsigned long long)p->positions);
    end_case(b, &c);
}

/* The scan itself is right: it finds what health says, scope by scope. */
static bool scan_is_right(struct bench *b) {
    uint32_t *set = calloc(b->n + 1, sizeof *set);
    if (set == NULL) return false;
    bool right = true;
    for (size_t k = 0; k <= STEPS; k++) {
        population_move_all(&b->p, k < STEPS ? -steps[k].to_ppm + 1000 : 0);
        scan_run(&b->scan);
        uint32_t n = population_found_exactly(&b->p, set);
        right &= scan_equals(&b->scan, set, n);
    }
    free(set);
    /* Marks were elsewhere in between: all is looked at where it stands now. */
    weir_trigger_collect(&b->p.x);
    b->p.x.trigger.found.count = 0;
    population_index(&b->p);
    return right;
}

/* Somebody asked for a case of this size. */
static bool any_wanted(const struct bench *b) {
    static const char *const whats[] = {"none",    "index again",     "index again, in cache",
                                        "funding", "map of a market", NULL};
    struct bench_case c;
    for (size_t i = 0; whats[i] != NULL; i++)
        if (start_case(b, &c, whats[i])) return true;
    for (size_t k = 0; k < STEPS; k++) {
        char what[32];
        due_name(b, k, what, sizeof what);
        if (b->due[k] > 0 && start_case(b, &c, what)) return true;
    }
    return false;
}

/* Who falls when: the steps that ten times as many scopes allow, or as many as are asked for, all
 * in the last step. */
static void choose_due(struct bench *b) {
    for (size_t k = 0; k < STEPS; k++)
        b->due[k] = steps[k].count <= b->n / 10 ? steps[k].count : 0;
    if (!bench_given(b->job, PARAMETER_DUE)) return;
    b->due[0] = b->due[1] = 0;
    b->due[STEPS - 1] = bench_count(b->job, PARAMETER_DUE, 0);
}

static bool size_of(struct bench *b, uint32_t n, bool isolated) {
    b->n = n;
    b->isolated = isolated;
    choose_due(b);
    if (!any_wanted(b)) return true;
    uint64_t seed = n + isolated + (b->job->seed - 1) * UINT64_C(0x9E3779B97F4A7C15);
    bool made = populate(b, seed) && scan_new(&b->scan, &b->p);
    if (made) {
        if (n <= 100000) b->wrong |= !scan_is_right(b);
        quiet_ticks(b);
        for (size_t k = 0; k < STEPS; k++)
            if (b->due[k] > 0) falling_tick(b, k);
        index_again(b, false);
        index_again(b, true);
        funding_instant(b);
        map_of_market(b);
    }
    scan_free(&b->scan);
    population_free(&b->p);
    return made;
}

int bench_trigger(const struct weir_bench_job *job) {
    static const uint32_t sizes[] = {10000, 100000, 1000000, 10000000};
    struct bench b = {.job = job, .runs = bench_runs(job, RUNS), .warmup = (int)job->warmup};
    uint32_t asked = bench_count(job, PARAMETER_ACCOUNTS, 0);
    if (2 * (uint64_t)bench_count(job, PARAMETER_DUE, 0) > (asked > 0 ? asked : sizes[0])) {
        fprintf(stderr, "weir bench: trigger: `due` is more than half of `accounts`\n");
        return 2;
    }
    bool made = true;
    size_t count = asked > 0 ? 1 : job->quick ? 2 : sizeof sizes / sizeof sizes[0];
    for (size_t i = 0; made && i < count; i++) {
        uint32_t n = asked > 0 ? asked : sizes[i];
        made = size_of(&b, n, true) && size_of(&b, n, false);
    }
    if (made) made = bench_walk(job, &b.wrong);
    if (!made && !bench_stopped()) fprintf(stderr, "weir bench: out of memory\n");
    if (b.wrong) fprintf(stderr, "weir bench: the index found another set than the scan\n");
    return (made || bench_stopped()) && !b.wrong ? 0 : 1;
}
