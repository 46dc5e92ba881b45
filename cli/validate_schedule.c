/* weir validate schedule: the risk-averse schedule of Almgren and Chriss (R36, `optimal`). With
 * nothing left after slice n, what is open after slice j of X is X * sinh(kappa * (T - t_j)) /
 * sinh(kappa * T), where 2 * (cosh(kappa * tau) - 1) = risk aversion * variance of tau * lots
 * within 1 % of mark / (1 % of X), tau = T / n. The engine knows no sinh: it has a recurrence in
 * 10^-15. Here the slices that it really makes are held against the formula. */
#include "cli/validate.h"
#include "cli/validate_scene.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define TOLERANCE  1e-9L
#define LOTS       INT64_C(10000000000000) /* X: a lot is 10^-13 of it */
#define SLICES_MAX 50
#define FALL_MAX   50 /* percent; margin stands behind a fall of 5 to this */

struct schedule {
    struct weir_scene scene;
    uint64_t slices;
    weir_qty filled[SLICES_MAX + 1];
};

/* What a run is drawn from. */
struct draw {
    uint64_t slices, horizon_ms, fall, risk_aversion; /* percent; 10^-9 */
    int64_t depth;                                    /* lots within 1 % of mark */
};

static void on_event(void *ctx, const struct weir_event *e) {
    struct schedule *s = ctx;
    if (e->kind != WEIR_EV_LIQUIDATION_STEP) return;
    if (s->slices <= SLICES_MAX) s->filled[s->slices] = e->liquidation_step.filled;
    s->slices++;
}

static bool open_scene(struct schedule *s, const struct draw *d, const char *policy) {
    char yaml[1024], averse[64] = "";
    if (d->risk_aversion > 0 && strcmp(policy, "optimal") == 0)
        (void)snprintf(averse, sizeof averse, ", risk_aversion: %" PRIu64 ".%09" PRIu64,
                       d->risk_aversion / WEIR_PPB, d->risk_aversion % WEIR_PPB);
    (void)snprintf(yaml, sizeof yaml,
                   "name: schedule\n"
                   "money: {asset: USDT, decimals: 0}\n"
                   "markets:\n"
                   "  - symbol: AAA\n"
                   "    tick: 1\n"
                   "    lot: 1\n"
                   "    max_price: 2000\n"
                   "    tiers: [{cap: 100000000000000000, rate: 0.02, max_leverage: 20}]\n"
                   "    index: {stale_after: none}\n"
                   "    price_band: none\n"
                   "    liquidation_band: none\n"
                   "trigger: {warn_at: none}\n"
                   "auction: {format: none}\n"
                   "liquidation:\n"
                   "  restore_margin: 1000\n"
                   "  policy: {name: %s, horizon: %" PRIu64 "ms, slices: %" PRIu64
                   ", frontier: off%s}\n",
                   policy, d->horizon_ms, d->slices, averse);
    return weir_scene_open(&s->scene, yaml, on_event, s);
}

/* A long of X whose whole margin but ten units goes in one fall; bids at the new mark, made as deep
 * again behind every slice, take each slice at once. All within a minute: what the engine measures
 * of the mark's moves then stays the same from slice to slice. */
static bool run(struct schedule *s, const struct draw *d, const char *policy) {
    const weir_time begin = 60 * WEIR_SECOND;
    int64_t before = 1000, after = before - (int64_t)d->fall * before / 100;
    memset(s, 0, sizeof *s);
    if (!open_scene(s, d, policy)) return false;
    struct weir_scene *x = &s->scene;
    weir_scene_say(x, "{\"cmd\":\"account\",\"account\":\"long\",\"t\":%" PRId64 "}", begin);
    weir_scene_say(x, "{\"cmd\":\"account\",\"account\":\"other\"}");
    weir_scene_say(x, "{\"cmd\":\"deposit\",\"account\":\"long\",\"amount\":%" PRId64 "}",
                   LOTS * (before - after) + 10);
    weir_scene_say(x, "{\"cmd\":\"deposit\",\"account\":\"other\",\"amount\":%" PRId64 "}",
                   LOTS * 100000);
    weir_scene_say(x, "{\"cmd\":\"leverage\",\"account\":\"long\",\"market\":\"AAA\","
                      "\"leverage\":20}");
    weir_scene_say(x, "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":%" PRId64 "}", before);
    weir_scene_say(x,
                   "{\"cmd\":\"block_trade\",\"market\":\"AAA\",\"buyer\":\"long\",\"seller\":"
                   "\"other\",\"qty\":%" PRId64 ",\"price\":%" PRId64 "}",
                   LOTS, before);
    int64_t deeper = d->depth;
    for (uint64_t j = 0; j <= d->slices; j++) {
        weir_scene_say(
            x,
            "{\"cmd\":\"order\",\"account\":\"other\",\"market\":\"AAA\",\"id\":\"b%" PRIu64
            "\",\"side\":\"buy\",\"type\":\"limit\",\"qty\":%" PRId64 ",\"price\":%" PRId64 "}",
            j, deeper, after);
        if (j == 0)
            weir_scene_say(x, "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":%" PRId64 "}",
                           after);
        else
            weir_scene_say(x, "{\"cmd\":\"clock\",\"t\":%" PRId64 "}",
                           begin + (weir_time)(j * d->horizon_ms * 1000000 / d->slices));
        deeper = s->slices > 0 && s->slices <= SLICES_MAX ? s->filled[s->slices - 1] : 0;
        if (s->slices != j + 1 || deeper == 0) break;
    }
    weir_scene_close(x);
    return x->refused == 0;
}

/* kappa * tau. */
static long double step_of(const struct draw *d) {
    long double r = (long double)d->fall / 100, minute = 60000;
    long double tau = (long double)d->horizon_ms / (long double)d->slices;
    long double variance = r * r * tau / minute;
    long double more = (long double)d->risk_aversion / WEIR_PPB * variance * (long double)d->depth /
                       (0.01L * LOTS) / 2;
    return 2 * asinhl(sqrtl(more / 2));
}

/* The largest difference of x_j / X between the slices made and the formula. A position of which
 * less than a lot would be left is closed before the last slice. */
static long double distance(const struct schedule *s, const struct draw *d, long double step) {
    long double most = 0, n = (long double)d->slices;
    weir_qty open = LOTS;
    for (uint64_t j = 1; j <= d->slices; j++) {
        long double rest = n - (long double)j;
        long double formula = step > 0 ? sinhl(step * rest) / sinhl(step * n) : rest / n;
        if (j <= s->slices) open -= s->filled[j - 1];
        most = fmaxl(most, fabsl((long double)open / LOTS - formula));
    }
    return most;
}

struct row {
    const char *name;
    uint64_t runs, equal;
    long double most, least; /* differences */
    long double from, to;    /* kappa * T */
};

static void count(struct row *row, long double difference, long double total) {
    row->most = row->runs == 0 ? difference : fmaxl(row->most, difference);
    row->least = row->runs == 0 ? difference : fminl(row->least, difference);
    row->from = row->runs == 0 ? total : fminl(row->from, total);
    row->to = row->runs == 0 ? total : fmaxl(row->to, total);
    row->runs++;
    row->equal += difference <= TOLERANCE;
}

static struct draw draw(const struct weir_validate *a, uint64_t number) {
    char name[48];
    (void)snprintf(name, sizeof name, "schedule %" PRIu64, number);
    struct weir_random random = {.key = weir_random_key(a->seed, name)};
    struct draw d;
    d.slices = 2 + weir_random_below(&random, SLICES_MAX - 1);
    d.horizon_ms = d.slices * (100 + weir_random_below(&random, 900));
    d.fall = 5 + weir_random_below(&random, FALL_MAX - 4);
    d.depth = LOTS + (int64_t)weir_random_below(&random, 3 * (uint64_t)LOTS);
    /* From nearly even to nearly all at once: four decades. */
    uint64_t decade = 1;
    for (uint64_t i = weir_random_below(&random, 5); i > 0; i--)
        decade *= 10;
    d.risk_aversion = decade * (1000000 + weir_random_below(&random, 9000000));
    return d;
}

static bool report(const struct weir_validate *a, const struct row *row, bool control, bool first) {
    bool right = control ? row->equal == 0 : row->equal == row->runs;
    if (a->options.json)
        printf("%s{\"schedule\":\"%s\",\"runs\":%" PRIu64 ",\"within\":%" PRIu64
               ",\"largest_difference\":%.3Le,\"least_difference\":%.3Le,\"kappa_t\":[%.3Lf,%.3Lf],"
               "\"passed\":%s}",
               first ? "" : ",", row->name, row->runs, row->equal, row->most, row->least, row->from,
               row->to, right ? "true" : "false");
    else if (control && (!right || !a->options.quiet))
        printf("schedule  control, %s: %" PRIu64 " of %" PRIu64 " differ, by %.1Le at least: %s\n",
               row->name, row->runs - row->equal, row->runs, row->least, right ? "pass" : "FAIL");
    else if (!right || !a->options.quiet)
        printf("schedule  %s, kappa T %.2Lf to %.2Lf: %" PRIu64 " of %" PRIu64
               " within 1e-9, the largest difference %.1Le: %s\n",
               row->name, row->from, row->to, row->equal, row->runs, row->most,
               right ? "pass" : "FAIL");
    return right;
}

int weir_validate_schedule(const struct weir_validate *a) {
    struct row averse = {.name = "risk-averse"}, even = {.name = "no risk aversion"},
               control = {.name = "the even schedule against the formula of the same market"};
    uint64_t rounds = a->rounds > 0 ? a->rounds : WEIR_SCHEDULE_ROUNDS;
    static struct schedule s;
    for (uint64_t i = 0; i < rounds && !weir_cli_interrupted; i++) {
        struct draw d = draw(a, i), calm = d;
        long double step = step_of(&d), n = (long double)d.slices;
        calm.risk_aversion = 0;
        if (!run(&s, &d, "optimal")) break;
        count(&averse, distance(&s, &d, step), step * n);
        if (!run(&s, &calm, "optimal")) break;
        count(&even, distance(&s, &calm, 0), 0);
        if (!run(&s, &d, "twap")) break;
        count(&control, distance(&s, &d, step), step * n);
    }
    if (s.scene.problem[0] != '\0')
        return weir_cli_fail(WEIR_EXIT_FAILED, a->command, "schedule: %s", s.scene.problem);
    if (a->options.json) {
        weir_validate_open("schedule");
        fputs(",\"schedules\":[", stdout);
    }
    bool all = report(a, &averse, false, true);
    all = report(a, &even, false, false) && all;
    all = report(a, &control, true, false) && all;
    if (a->options.json) printf("],\"passed\":%s}", all ? "true" : "false");
    return all ? WEIR_EXIT_DONE : WEIR_EXIT_FAILED;
}
