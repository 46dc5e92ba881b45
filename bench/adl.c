/* `weir bench adl`: who is deleveraged first among a million, again and again (R28). Whole commands
 * are timed: the index update that moves the mark, and the deleveraging step it is followed by. */
#include "adl/index.h"
#include "bench/adl_scan.h"
#include "bench/cases.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS          5
#define EVENTS        2000
#define CHECK_EVERY   20 /* events between scans */
#define BATCH_MARKETS 44
#define BATCH_FILLS   11279
/* Scores that differ by less are taken to be equal: single precision, sums of up to four. */
#define ROUNDING      2e-5

struct bench {
    const struct weir_bench_job *job;
    struct adl_world w;
    struct adl_scan scan[BATCH_MARKETS];
    uint32_t scans;
    bool wrong;
};

static bool start_case(const struct bench *b, struct bench_case *c, const char *what) {
    *c = (struct bench_case){.unit = "ns", .checked = true};
    snprintf(c->name, sizeof c->name, "%s", what);
    return bench_case_wanted(b->job, c->name);
}

static void end_case(struct bench *b, struct bench_case *c) {
    bench_case_print(c);
    b->wrong |= !c->checked;
}

static bool open_world(struct bench *b, const struct adl_plan *plan, uint32_t scans) {
    bool made = adl_world_new(&b->w, plan);
    for (b->scans = 0; made && b->scans < scans; b->scans++)
        made = adl_scan_new(&b->scan[b->scans], &b->w, b->scans);
    return made;
}

static void close_world(struct bench *b) {
    for (uint32_t i = 0; i < b->scans; i++)
        adl_scan_free(&b->scan[i]);
    adl_world_free(&b->w);
    b->scans = 0;
}

/* Books the fills since they were last taken; the scans follow. */
static bool take_fills(struct bench *b) {
    struct adl_world *w = &b->w;
    bool known = true;
    for (uint32_t i = 0; i < w->fill_count; i++) {
        known &= adl_world_close(w, &w->fills[i]);
        for (uint32_t k = 0; known && k < b->scans; k++)
            adl_scan_refresh(&b->scan[k], w->fills[i].account);
        if (known && w->fills[i].market == 0)
            b->scan[0].turn = b->scan[0].place[w->fills[i].account] + 1;
    }
    w->fill_count = 0;
    return known;
}

/* ---- One by one ------------------------------------------------------------------------------ */

struct events {
    uint64_t count, scans;
    double sum, most, cpu, most_cpu, scan_sum;
    uint32_t *times; /* of the last run's events, ns */
};

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The marks take a step of up to five basis points within a per cent around where the failing
 * account stays under water; all but the first before the clock starts. */
static weir_price next_mark(struct bench *b, uint32_t market) {
    struct adl_world *w = &b->w;
    weir_price mark = w->mark[market], around = market == 0 ? ADL_START * 93 / 100 : ADL_START;
    weir_price step = (weir_price)weir_random_below(&w->random, 101) - 50;
    if (mark + step > around + around / 100 || mark + step < around - around / 100) step = -step;
    return mark + step;
}

/* Is who was chosen as good as the best the scan finds? */
static bool chose_best(struct bench *b, struct events *e) {
    struct adl_world *w = &b->w;
    uint64_t start = bench_now_ns();
    float best = adl_scan_run(&b->scan[0]);
    e->scan_sum += (double)(bench_now_ns() - start);
    e->scans++;
    if (w->fill_count != 1) return false;
    double chosen = adl_scan_score(&b->scan[0], w->fills[0].account);
    return chosen >= (double)best * (1 - ROUNDING);
}

/* The thread's own time: without what others had of the processor. */
static uint64_t cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool one_event(struct bench *b, struct events *e, uint32_t i) {
    struct adl_world *w = &b->w;
    for (uint32_t m = 1; m < w->plan.markets; m++)
        adl_world_mark(w, m, next_mark(b, m));
    bool right = take_fills(b); /* commands of other marks deleverage, too */
    weir_price mark = next_mark(b, 0);
    uint64_t cpu = cpu_ns(), start = bench_now_ns();
    adl_world_mark(w, 0, mark);
    uint64_t time = bench_now_ns() - start;
    cpu = cpu_ns() - cpu;
    e->cpu += (double)cpu;
    e->most_cpu = fmax(e->most_cpu, (double)cpu);
    right &= w->fill_count == 1;
    if (i % CHECK_EVERY == 0) right &= chose_best(b, e);
    right &= take_fills(b);
    e->times[e->count++] = (uint32_t)time;
    e->sum += (double)time;
    e->most = fmax(e->most, (double)time);
    return right;
}

struct building {
    uint64_t commands;
    double mean, largest; /* the thread's own time a command, ns */
};

/* The lines are built in pieces, beside commands that do nothing else. False: that does not end. */
static bool build_lines(struct bench *b, uint32_t markets, struct building *how) {
    struct adl_world *w = &b->w;
    struct weir_view_ranking ranking;
    double sum = 0;
    *how = (struct building){0};
    if (!adl_world_first(w, markets)) return false;
    for (;; how->commands++) {
        weir_engine_view_ranking(w->engine, &ranking);
        if (ranking.begun == 0) break;
        if (how->commands > w->plan.accounts || bench_stopped()) return false;
        uint64_t start = cpu_ns();
        adl_world_clock(w);
        double time = (double)(cpu_ns() - start);
        how->largest = fmax(how->largest, time);
        sum += time;
    }
    how->mean = how->commands > 0 ? sum / (double)how->commands : 0;
    return ranking.builds == 0;
}

/* A long account large enough fails; its stages before deleveraging are over when this returns. */
static void make_fail(struct bench *b, uint32_t events) {
    struct adl_world *w = &b->w;
    adl_world_victim(w, (weir_qty)events * ADL_MEAN_LOTS / 4, 1);
    adl_world_mark(w, 0, ADL_START * 93 / 100);
    for (int i = 0; i < 64 && w->fill_count == 0; i++)
        adl_world_mark(w, 0, w->mark[0] + (i & 1 ? 1 : -1));
    take_fills(b);
}

/* An event of rankings that take from many: somebody else fails with a few lots, all of them are
 * taken within the command, and the mark comes back. */
#define PART_LOTS 1 /* ten times as many in market 0: fills of one step */

/* Did those give who have the most to give, or one of them? */
static bool chose_largest(struct bench *b, struct events *e) {
    struct adl_world *w = &b->w;
    struct adl_scan *s = &b->scan[0];
    uint64_t start = bench_now_ns();
    float best = adl_scan_run(s);
    bool level = s->ranking == WEIR_RANK_WATER_FILLING;
    if (!level) adl_scan_select(s, w->fill_count);
    e->scan_sum += (double)(bench_now_ns() - start);
    e->scans++;
    double first = -1, last = DBL_MAX;
    for (uint32_t i = 0; i < w->fill_count; i++) {
        double score = adl_scan_score(s, w->fills[i].account);
        first = fmax(first, score);
        last = fmin(last, score);
    }
    double least = level ? last : (double)s->score[s->order[w->fill_count - 1]];
    return first >= (double)best * (1 - ROUNDING) && last >= least * (1 - ROUNDING);
}

static bool one_part_event(struct bench *b, struct events *e, uint32_t i) {
    struct adl_world *w = &b->w;
    weir_price mark = next_mark(b, 0);
    adl_world_mark(w, 0, mark);
    adl_world_victim(w, PART_LOTS, 1);
    bool right = w->fill_count == 0;
    uint64_t cpu = cpu_ns(), start = bench_now_ns();
    adl_world_mark(w, 0, mark - mark / 100);
    uint64_t time = bench_now_ns() - start;
    cpu = cpu_ns() - cpu;
    weir_qty lots = 0;
    for (uint32_t k = 0; k < w->fill_count; k++)
        lots += w->fills[k].lots;
    right &= lots == 10 * PART_LOTS;
    if (right && i % CHECK_EVERY == 0) right &= chose_largest(b, e);
    right &= take_fills(b);
    adl_world_mark(w, 0, mark);
    e->cpu += (double)cpu;
    e->most_cpu = fmax(e->most_cpu, (double)cpu);
    e->times[e->count++] = (uint32_t)weir_min((int64_t)time, UINT32_MAX);
    e->sum += (double)time;
    e->most = fmax(e->most, (double)time);
    return right;
}

static void one_by_one(struct bench *b, const char *name, struct adl_plan plan) {
    struct bench_case c;
    if (!start_case(b, &c, name)) return;
    uint32_t events = bench_count(b->job, PARAMETER_TICKS, b->job->quick ? EVENTS / 4 : EVENTS);
    int runs = bench_runs(b->job, RUNS), warmup = (int)b->job->warmup;
    if (plan.parts) events = (uint32_t)weir_min(events, plan.parts / (uint32_t)(runs + warmup));
    uint32_t all = events * (uint32_t)(runs + warmup + 1) * plan.markets;
    struct events e = {.times = calloc(events, sizeof *e.times)};
    if (e.times == NULL || !open_world(b, &plan, 1)) {
        c.checked = false;
        b->wrong |= !bench_stopped();
        close_world(b);
        free(e.times);
        return;
    }
    double most = 0, cpu = 0, most_cpu = 0;
    struct building building = {0};
    bool indexed = weir_adl_indexed(b->w.venue->adl_ranking);
    c.checked = !indexed || build_lines(b, 1, &building);
    if (!plan.parts) make_fail(b, all);
    struct weir_view_ranking before = {0}, after;
    uint64_t searches = 0;
    for (int run = -warmup; bench_goes_on(&c, run, runs); run++) {
        if (run == 0) weir_engine_view_ranking(b->w.engine, &before);
        e.count = 0;
        e.sum = e.most = e.cpu = e.most_cpu = 0;
        e.scans = 0;
        e.scan_sum = 0;
        for (uint32_t i = 0; i < events && c.checked && !bench_stopped(); i++)
            c.checked &= plan.parts ? one_part_event(b, &e, i) : one_event(b, &e, i);
        if (run < 0 || e.count < events) continue;
        c.times[c.runs++] = e.sum / events;
        c.baseline[c.baseline_runs++] = e.scan_sum / (double)e.scans;
        searches += (uint64_t)events * plan.markets;
        most = fmax(most, e.most);
        cpu += e.cpu / events / runs;
        most_cpu = fmax(most_cpu, e.most_cpu);
    }
    weir_engine_view_ranking(b->w.engine, &after);
    c.checked &= !b->w.failed;
    if (searches > 0) {
        double bounded = (double)(after.bounded - before.bounded) / (double)searches;
        double examined = (double)(after.examined - before.examined) / (double)searches;
        qsort(e.times, events, sizeof *e.times, ascending);
        snprintf(c.facts, sizeof c.facts,
                 "\"positions\":%u,\"events\":%u,\"p99\":%u,\"largest\":%.0f,\"cpu\":%.0f,"
                 "\"largest_cpu\":%.0f,"
                 "\"bounded\":%.1f,"
                 "\"examined\":%.2f,\"pieces\":%llu,\"piece\":%.0f,\"largest_piece\":%.0f,"
                 "\"built_at_once\":%llu",
                 plan.accounts, events, e.times[(uint64_t)events * 99 / 100], most, cpu, most_cpu,
                 bounded, examined, (unsigned long long)building.commands, building.mean,
                 building.largest, (unsigned long long)after.builds);
        snprintf(c.remark, sizeof c.remark,
                 "own time %.1f us, most %.0f (all %.0f), %.3f %% bounded, %.1f examined",
                 cpu / 1000, most_cpu / 1000, most / 1000, bounded * 100 / plan.accounts, examined);
    }
    end_case(b, &c);
    if (indexed)
        bench_note("  line built beside %llu commands, %.1f us each, at most %.0f",
                   (unsigned long long)building.commands, building.mean / 1000,
                   building.largest / 1000);
    close_world(b);
    free(e.times);
}

/* ---- In one instant -------------------------------------------------------------------------- */

/* In every market those of highest score were taken, as far as the fills went. Before they are
 * booked. Time of the scans. */
static double scan_batch(struct bench *b, bool *right) {
    struct adl_world *w = &b->w;
    uint32_t counts[BATCH_MARKETS] = {0};
    for (uint32_t i = 0; i < w->fill_count; i++)
        counts[w->fills[i].market]++;
    double sum = 0;
    for (uint32_t m = 0; m < w->plan.markets; m++) {
        if (counts[m] == 0) continue;
        uint64_t start = bench_now_ns();
        adl_scan_run(&b->scan[m]);
        adl_scan_select(&b->scan[m], counts[m]);
        sum += (double)(bench_now_ns() - start);
    }
    uint32_t at[BATCH_MARKETS] = {0};
    for (uint32_t i = 0; i < w->fill_count; i++) {
        uint32_t m = w->fills[i].market;
        if (w->fills[i].account >= w->plan.accounts) {
            *right = false;
            continue;
        }
        const struct adl_scan *s = &b->scan[m];
        double want = (double)s->score[s->order[at[m]++]];
        double got = adl_scan_score(s, w->fills[i].account);
        *right &= fabs(got - want) <= want * ROUNDING;
    }
    return sum;
}

/* Its time, and the thread's own. */
static double one_instant(struct bench *b, double *cpu) {
    struct adl_world *w = &b->w;
    w->fill_count = 0;
    uint64_t own = cpu_ns(), start = bench_now_ns();
    adl_world_mark(w, 0, ADL_START * 92 / 100);
    uint64_t time = bench_now_ns() - start;
    *cpu = (double)(cpu_ns() - own);
    return (double)time;
}

/* Market 0 has the most to give, and few runs of it. */
#define BATCH_RUNS_A_WORLD 3

/* A world of the batch, its lines built: in pieces, or (`gap`) not at all. */
static bool batch_world(struct bench *b, const struct adl_plan *plan, bool gap) {
    struct building how;
    close_world(b);
    return open_world(b, plan, BATCH_MARKETS) && (gap || build_lines(b, BATCH_MARKETS, &how));
}

/* Who holds all markets fails with a fall of one; all is closed within that command. `gap`: nobody
 * was liquidated before, so it builds all lines as well. */
static void in_one_instant(struct bench *b, const char *name, bool gap) {
    struct bench_case c;
    if (!start_case(b, &c, name)) return;
    uint32_t n = bench_count(b->job, PARAMETER_ACCOUNTS, b->job->quick ? 100000 : 1000000);
    struct adl_plan plan = {.accounts = n,
                            .markets = BATCH_MARKETS,
                            .legs = 1,
                            .steps = 1000,
                            .fills = 64,
                            .ranking = "pnl_leverage",
                            .seed = b->job->seed};
    int runs = bench_runs(b->job, gap ? 1 : RUNS), warmup = gap ? 0 : (int)b->job->warmup;
    uint32_t fills = 0, all = n / 40 < BATCH_FILLS ? n / 40 : BATCH_FILLS, made = 0;
    struct weir_view_ranking before, after;
    double bounded = 0, examined = 0, cpu = 0;
    for (int run = -warmup; bench_goes_on(&c, run, runs); run++) {
        if ((gap || made++ % BATCH_RUNS_A_WORLD == 0) && !batch_world(b, &plan, gap)) {
            c.checked = false;
            break;
        }
        adl_world_victim(&b->w, all * (weir_qty)ADL_MEAN_LOTS / (BATCH_MARKETS + 9), BATCH_MARKETS);
        weir_engine_view_ranking(b->w.engine, &before);
        double own, time = one_instant(b, &own);
        weir_engine_view_ranking(b->w.engine, &after);
        fills = b->w.fill_count;
        double scan = 0;
        c.checked &= fills > all / 2 && !b->w.failed;
        if (c.checked) scan = scan_batch(b, &c.checked);
        c.checked &= take_fills(b);
        adl_world_mark(&b->w, 0, ADL_START);
        if (run < 0 || fills == 0) continue;
        c.times[c.runs++] = time / fills;
        c.baseline[c.baseline_runs++] = scan / fills;
        cpu += own / fills / runs;
        bounded = (double)(after.bounded - before.bounded) / fills;
        examined = (double)(after.examined - before.examined) / fills;
    }
    b->wrong |= !c.checked && !bench_stopped();
    snprintf(c.facts, sizeof c.facts,
             "\"positions\":%u,\"markets\":%u,\"fills\":%u,\"cpu\":%.1f,\"bounded\":%.1f,"
             "\"examined\":%.2f",
             n, BATCH_MARKETS, fills, cpu, bounded, examined);
    snprintf(c.remark, sizeof c.remark,
             "a fill, own time %.0f ns, %u fills, %.1f bounded, %.1f examined", cpu, fills, bounded,
             examined);
    end_case(b, &c);
    close_world(b);
}

/* Every other ranking: queues as above, with several positions where those beside count. */
static void rankings(struct bench *b, struct adl_plan plan) {
    static const struct {
        const char *ranking;
        uint32_t parts; /* all its events: those of rankings without an index take long */
        bool several;
    } list[] = {
        {"pnl_amount_leverage", 0, true}, {"pnl", 0, false},       {"size", 0, false},
        {"min_accounts", 0, false},       {"rotation", 0, false},  {"notional_leverage", 0, true},
        {"water_filling", 600, true},     {"pro_rata", 30, false}, {"equity_pro_rata", 30, false},
        {"contract_pro_rata", 30, false},
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        char name[64];
        plan.ranking = list[i].ranking;
        plan.parts = list[i].parts;
        plan.steps = plan.fills = plan.parts ? 64 : 1;
        for (uint32_t legs = 1; legs <= (list[i].several ? 4 : 1) && !bench_stopped(); legs += 3) {
            plan.markets = plan.legs = legs;
            (void)snprintf(name, sizeof name, "%s%s, one by one", plan.ranking,
                           legs > 1 ? ", 1 to 4 positions" : "");
            one_by_one(b, name, plan);
        }
    }
}

int bench_adl(const struct weir_bench_job *job) {
    struct bench b = {.job = job};
    uint32_t n = bench_count(job, PARAMETER_ACCOUNTS, job->quick ? 100000 : 1000000);
    struct adl_plan plan = {.accounts = n,
                            .markets = 1,
                            .legs = 1,
                            .steps = 1,
                            .fills = 1,
                            .first = true,
                            .ranking = "pnl_leverage",
                            .seed = job->seed};
    one_by_one(&b, "one position, one by one", plan);
    plan.markets = plan.legs = 4;
    if (!bench_stopped()) one_by_one(&b, "1 to 4 positions, one by one", plan);
    rankings(&b, plan);
    if (!bench_stopped()) in_one_instant(&b, "batch of 44 markets", false);
    if (!bench_stopped()) in_one_instant(&b, "unprepared batch of 44 markets", true);
    if (b.wrong) fprintf(stderr, "weir bench: others were deleveraged than a scan would choose\n");
    return b.wrong ? 1 : 0;
}
