/* weir validate gap: what a jump through an empty book leaves unpaid, and who pays it (R23, R27 to
 * R31). Longs of notional N entered at p0 with leverage L have N / L behind them; a fall of the
 * part J leaves N * (J - 1 / L) of each uncovered where that is positive. In an empty book that
 * loss has three places to go: the fund, who is deleveraged, everyone. */
#include "cli/validate.h"
#include "cli/validate_scene.h"

#include <inttypes.h>
#include <string.h>

#define LONGS_MAX     40
#define SHORTS_MAX    12
#define LOTS_MAX      10000
#define RICH          INT64_C(1000000000000) /* behind each short, so that it is always eligible */
#define CONTROL_FALLS 8

/* All of these divide 1500, so that with an entry at multiples of it N / L are whole ticks a lot,
 * and no price is rounded (R23). */
static const int64_t leverages[] = {1, 2, 3, 5, 10, 20, 25, 50, 100, 125};
#define LEVERAGE_COUNT (sizeof leverages / sizeof leverages[0])
#define ENTRY_STEP     1500

/* What the venue does with lots that the book does not take. */
static const struct {
    const char *name, *adl, *absorb;
} ways[] = {
    {"adl at the bankruptcy price", "price: bankruptcy, max_price_deviation: 1000", "false"},
    {"adl at mark", "price: mark", "false"},
    {"adl at mark beyond 10 %", "price: bankruptcy, max_price_deviation: 0.1", "false"},
    {"the fund absorbs", "price: bankruptcy, max_price_deviation: 1000", "true"},
};
#define WAY_COUNT (sizeof ways / sizeof ways[0])
static const char *const funds[] = {"empty", "half", "double"}; /* of the loss */
#define FUND_COUNT (sizeof funds / sizeof funds[0])

struct money {
    weir_wide published, fund, haircut, residual;
};
struct row {
    uint64_t gaps, equal;
    struct money sum;
};
struct gap {
    struct weir_scene scene;
    bool falling; /* events count from the first fall on */
    struct money money;
};

static void on_event(void *ctx, const struct weir_event *e) {
    struct gap *g = ctx;
    if (!g->falling) return;
    if (e->kind == WEIR_EV_ADL) g->money.haircut += e->adl.haircut;
    if (e->kind == WEIR_EV_SOCIALISED) g->money.residual += e->socialised.amount;
    /* A market without lots keeps the loss for its next charge (R29). */
    if (e->kind == WEIR_EV_TOTALS) g->money.residual += e->totals_state.assets[0].loss_pool;
    if (e->kind == WEIR_EV_FUND_MOVEMENT && (e->fund_movement.cause == WEIR_CAUSE_GAP ||
                                             e->fund_movement.cause == WEIR_CAUSE_SHORTFALL))
        g->money.fund -= e->fund_movement.amount;
}

static bool open_scene(struct gap *g, size_t way) {
    char yaml[1024];
    (void)snprintf(yaml, sizeof yaml,
                   "name: gap\n"
                   "money: {asset: USDT, decimals: 2}\n"
                   "markets:\n"
                   "  - symbol: AAA\n"
                   "    tick: 0.01\n"
                   "    lot: 1\n"
                   "    tiers: [{cap: 10000000000, rate: 0.004, max_leverage: 125}]\n"
                   "    index: {stale_after: none}\n"
                   "    price_band: none\n"
                   "    liquidation_band: none\n"
                   "trigger: {warn_at: none}\n"
                   "funds: [{name: main, drawdown_trigger: none}]\n"
                   "liquidation: {steps_per_command: 1000}\n"
                   "auction: {format: none}\n"
                   "absorb: {enabled: %s}\n"
                   "adl: {%s}\n",
                   ways[way].absorb, ways[way].adl);
    return weir_scene_open(&g->scene, yaml, on_event, g);
}

/* An amount of so many units, as text of the protocol. */
static const char *units(int64_t amount) {
    static char text[4][32];
    static unsigned at;
    char *out = text[at++ % 4];
    (void)snprintf(out, sizeof text[0], "%" PRId64 ".%02" PRId64, amount / 100, amount % 100);
    return out;
}

/* Longs at random leverages, cross or isolated, against random shorts, all entered at `entry`. The
 * bad debt that a fall by `fall` ticks leaves: the sum of N * (J - 1 / L) where positive. */
static weir_wide populate(struct gap *g, struct weir_random *random, int64_t entry, int64_t fall) {
    struct weir_scene *s = &g->scene;
    uint64_t longs = 1 + weir_random_below(random, LONGS_MAX);
    uint64_t shorts = 1 + weir_random_below(random, SHORTS_MAX);
    weir_wide debt = 0;
    for (uint64_t i = 0; i < shorts; i++) {
        weir_scene_say(s, "{\"cmd\":\"account\",\"account\":\"s%" PRIu64 "\"}", i);
        weir_scene_say(s, "{\"cmd\":\"deposit\",\"account\":\"s%" PRIu64 "\",\"amount\":\"%s\"}", i,
                       units(RICH));
    }
    for (uint64_t i = 0; i < longs; i++) {
        int64_t lots = 1 + (int64_t)weir_random_below(random, LOTS_MAX);
        int64_t leverage = leverages[weir_random_below(random, LEVERAGE_COUNT)];
        int64_t margin = lots * entry / leverage;
        weir_scene_say(s, "{\"cmd\":\"account\",\"account\":\"l%" PRIu64 "\"}", i);
        weir_scene_say(s, "{\"cmd\":\"deposit\",\"account\":\"l%" PRIu64 "\",\"amount\":\"%s\"}", i,
                       units(margin));
        weir_scene_say(s,
                       "{\"cmd\":\"leverage\",\"account\":\"l%" PRIu64
                       "\",\"market\":\"AAA\",\"leverage\":%" PRId64 "}",
                       i, leverage);
        if (weir_random_below(random, 2) == 0) {
            weir_scene_say(s,
                           "{\"cmd\":\"margin_mode\",\"account\":\"l%" PRIu64
                           "\",\"market\":\"AAA\",\"mode\":\"isolated\"}",
                           i);
            weir_scene_say(s,
                           "{\"cmd\":\"isolated_margin\",\"account\":\"l%" PRIu64
                           "\",\"market\":\"AAA\",\"amount\":\"%s\"}",
                           i, units(margin));
        }
        weir_scene_say(s,
                       "{\"cmd\":\"block_trade\",\"market\":\"AAA\",\"buyer\":\"l%" PRIu64
                       "\",\"seller\":\"s%" PRIu64 "\",\"qty\":\"%" PRId64 "\",\"price\":\"%s\"}",
                       i, weir_random_below(random, shorts), lots, units(entry));
        debt += weir_max(0, lots * fall - margin);
    }
    return debt;
}

/* One gap of a way and a fund, in `falls` equal falls. False when the scene cannot be made. */
static bool run(struct gap *g, const struct weir_validate *a, uint64_t number, size_t way,
                size_t fund, int64_t falls) {
    char name[48];
    (void)snprintf(name, sizeof name, "gap %" PRIu64, number);
    struct weir_random random = {.key = weir_random_key(a->seed, name)};
    int64_t entry = ENTRY_STEP * (1 + (int64_t)weir_random_below(&random, 1000));
    int64_t fall = entry * (1 + (int64_t)weir_random_below(&random, 95)) / 100;
    memset(g, 0, sizeof *g);
    if (!open_scene(g, way)) return false;
    weir_scene_say(&g->scene,
                   "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":\"%s\",\"t\":%" PRId64 "}",
                   units(entry), WEIR_SECOND);
    weir_wide debt = populate(g, &random, entry, fall);
    int64_t cash = (int64_t)(fund == 1 ? debt / 2 : 2 * debt);
    if (fund > 0 && cash > 0)
        weir_scene_say(&g->scene, "{\"cmd\":\"fund\",\"amount\":\"%s\"}", units(cash));
    g->falling = true;
    for (int64_t i = 1; i <= falls; i++)
        weir_scene_say(&g->scene, "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":\"%s\"}",
                       units(entry - fall * i / falls));
    /* A query moves nothing on: it sees the state as the fall's own command left it. */
    weir_scene_say(&g->scene, "{\"cmd\":\"query\",\"what\":\"totals\"}");
    g->money.published = debt;
    weir_scene_close(&g->scene);
    return g->scene.refused == 0;
}

static weir_wide measured(const struct money *m) {
    return m->fund + m->haircut + m->residual;
}

static void count(struct row *row, const struct money *m) {
    row->gaps++;
    row->equal += m->published == measured(m);
    row->sum.published += m->published;
    row->sum.fund += m->fund;
    row->sum.haircut += m->haircut;
    row->sum.residual += m->residual;
}

/* Sums of more than 64 bits' worth of units do not come up: LOTS_MAX and the entry bound them. */
static const char *amount(weir_wide units_of) {
    return units((int64_t)units_of);
}

static void print_row(const struct weir_validate *a, size_t number, const struct row *row) {
    const char *way = ways[number / FUND_COUNT].name, *fund = funds[number % FUND_COUNT];
    const struct money *m = &row->sum;
    bool same = row->equal == row->gaps;
    if (a->options.json) {
        printf("%s{\"way\":\"%s\",\"fund\":\"%s\",\"gaps\":%" PRIu64 ",\"equal\":%" PRIu64
               ",\"published\":\"%s\",",
               number > 0 ? "," : "", way, fund, row->gaps, row->equal, amount(m->published));
        printf("\"fund_draw\":\"%s\",\"adl_haircut\":\"%s\",\"residual\":\"%s\"}", amount(m->fund),
               amount(m->haircut), amount(m->residual));
    } else if (!same || !a->options.quiet) {
        printf("gap  %s, fund %s: bad debt of %" PRIu64 " gaps published %s, ", way, fund,
               row->gaps, amount(m->published));
        printf("measured %s fund + %s haircut + %s residual; %" PRIu64 " equal to the unit: %s\n",
               amount(m->fund), amount(m->haircut), amount(m->residual), row->equal,
               same ? "pass" : "FAIL");
    }
}

/* The same falls in steps: whoever is closed on the way owes less, so the formula must not hold. */
static bool print_control(const struct weir_validate *a, const struct row *row) {
    bool noticed = row->equal < row->gaps && measured(&row->sum) < row->sum.published;
    if (a->options.json)
        printf("],\"control\":{\"falls\":%d,\"gaps\":%" PRIu64 ",\"equal\":%" PRIu64
               ",\"passed\":%s}",
               CONTROL_FALLS, row->gaps, row->equal, noticed ? "true" : "false");
    else if (!noticed || !a->options.quiet)
        printf("gap  control, the same in %d falls: %" PRIu64 " of %" PRIu64
               " differ, as they must: %s\n",
               CONTROL_FALLS, row->gaps - row->equal, row->gaps, noticed ? "pass" : "FAIL");
    return noticed;
}

int weir_validate_gap(const struct weir_validate *a) {
    struct row rows[WAY_COUNT * FUND_COUNT] = {0}, control = {0};
    uint64_t rounds = a->rounds > 0 ? a->rounds : WEIR_GAP_ROUNDS;
    static struct gap g;
    for (uint64_t i = 0; i < rounds && !weir_cli_interrupted; i++) {
        for (size_t k = 0; k < WAY_COUNT * FUND_COUNT; k++) {
            if (!run(&g, a, i, k / FUND_COUNT, k % FUND_COUNT, 1))
                return weir_cli_fail(WEIR_EXIT_FAILED, a->command, "gap: %s", g.scene.problem);
            count(&rows[k], &g.money);
        }
        if (!run(&g, a, i, 0, 0, CONTROL_FALLS))
            return weir_cli_fail(WEIR_EXIT_FAILED, a->command, "gap: %s", g.scene.problem);
        count(&control, &g.money);
    }
    if (a->options.json) {
        weir_validate_open("gap");
        fputs(",\"rows\":[", stdout);
    }
    bool all = true;
    for (size_t k = 0; k < WAY_COUNT * FUND_COUNT; k++) {
        print_row(a, k, &rows[k]);
        all = all && rows[k].equal == rows[k].gaps;
    }
    all = print_control(a, &control) && all;
    if (a->options.json) printf(",\"passed\":%s}", all ? "true" : "false");
    return all ? WEIR_EXIT_DONE : WEIR_EXIT_FAILED;
}
