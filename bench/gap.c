/* The gap of `weir bench burst`: one jump of the mark bankrupts everybody on one side; there is no
 * bid, no bidder, no volunteer and no fund, so everybody on the other side is deleveraged. */
#include "bench/burst_world.h"
#include "bench/cases.h"
#include "bench/gap.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#define RUNS      7
#define START     100000
#define JUMP      97000 /* everybody was bankrupt at 98,000 */
#define LOT_UNITS 100
#define T0        INT64_C(1760000000000000000)

static const char venue_text[] =
    "name: gap\nmoney: {asset: USDT, decimals: 6}\nliquidation: {steps_per_command: 64}\n"
    "auction: {format: none}\nmarkets:\n"
    "  - symbol: M0\n    tick: 0.1\n    lot: 0.001\n    max_price: 100000\n"
    "    default_leverage: 100\n    index: {stale_after: none}\n    tiers:\n"
    "      - {cap: 1000000000000, rate: 0.004, max_leverage: 125}\n";

struct gap {
    struct burst_world w; /* what it counts, and its ring */
    struct weir_engine *engine;
    struct weir_venue *venue;
    weir_qty open; /* lots long at the beginning */
};

static void send(struct gap *g, const struct weir_command *c) {
    uint64_t before = g->w.counts.events[WEIR_EV_REJECTED];
    weir_engine_apply(g->engine, c);
    g->w.failed |= g->w.counts.events[WEIR_EV_REJECTED] != before;
}

static void name_of(struct weir_name *name, char prefix, uint32_t i) {
    *name = (struct weir_name){{0}};
    snprintf(name->text, sizeof name->text, "%c%u", prefix, i);
}

/* `scale` digits after the point. */
static struct weir_decimal decimal(int64_t value, uint8_t scale) {
    for (; scale > 0 && value % 10 == 0; scale--)
        value /= 10;
    return (struct weir_decimal){.mantissa = value, .scale = scale};
}

static struct weir_command command(enum weir_command_kind kind) {
    struct weir_command c = {.kind = (uint8_t)kind, .present = WEIR_HAS_T, .t = T0};
    memcpy(c.market.text, "M0", 2);
    return c;
}

static void set_index(struct gap *g, weir_price price) {
    struct weir_command c = command(WEIR_CMD_INDEX);
    c.present |= WEIR_HAS_MARKET | WEIR_HAS_PRICE;
    c.price = decimal(price, 1);
    send(g, &c);
}

/* An account with a deposit of `ppm` of its position, which it buys or sells at the start. */
static void take(struct gap *g, char prefix, uint32_t i, enum weir_side side, weir_qty lots,
                 int64_t ppm) {
    struct weir_command c = command(WEIR_CMD_ACCOUNT);
    name_of(&c.account, prefix, i);
    send(g, &c);
    struct weir_command d = command(WEIR_CMD_DEPOSIT);
    d.account = c.account;
    d.amount = decimal(lots * START * LOT_UNITS / 1000000 * ppm, 6);
    send(g, &d);
    struct weir_command o = command(WEIR_CMD_ORDER);
    o.present |= WEIR_HAS_MARKET | WEIR_HAS_QTY | WEIR_HAS_PRICE;
    o.account = c.account;
    o.id = c.account;
    o.side = (uint8_t)side;
    o.qty = decimal(lots, 3);
    o.price = decimal(START, 1);
    send(g, &o);
}

static bool fill(struct gap *g, uint32_t accounts, uint64_t seed) {
    struct burst_plan none = burst_plan_of(10, 1, seed);
    struct weir_file_error error;
    struct weir_engine_options options = {.accounts_max = 2 * accounts + 16,
                                          .orders_max = 2 * accounts + 16};
    g->venue = weir_venue_parse(venue_text, sizeof venue_text - 1, "gap", NULL, 0, &error);
    if (!burst_world_new(&g->w, &none, &error) || g->venue == NULL) return false;
    g->engine = weir_engine_new(g->venue, &options, burst_sink, &g->w);
    if (g->engine == NULL) return false;
    struct weir_random random = {seed, 0};
    set_index(g, START);
    for (uint32_t i = 0; i < accounts; i++) {
        weir_qty lots = 100 + (weir_qty)weir_random_below(&random, 1001);
        int64_t ppm = 50000 + (int64_t)weir_random_below(&random, 450000);
        take(g, 's', i, WEIR_SELL, lots, ppm);
        take(g, 'l', i, WEIR_BUY, lots, 20000);
        g->open += lots;
    }
    return !g->w.failed;
}

/* Everybody fell once, by deleveraging, and nobody is left. */
static bool all_right(struct gap *g, uint32_t accounts) {
    const struct burst_counts *n = &g->w.counts;
    struct weir_view_market view;
    weir_engine_view_market(g->engine, 0, &view);
    return !g->w.failed && n->closed_by[WEIR_BY_ADL] == accounts &&
           n->events[WEIR_EV_LIQUIDATION_ENDED] == accounts && view.open_interest == 0 &&
           weir_engine_audit(g->engine) == NULL;
}

static bool run_once(struct bench_case *c, int run, uint32_t accounts, uint64_t seed,
                     uint64_t *fills) {
    struct gap g = {0};
    bool made = fill(&g, accounts, seed);
    if (made) {
        struct weir_command clock = command(WEIR_CMD_CLOCK);
        uint64_t start = bench_now_ns();
        set_index(&g, JUMP);
        while (weir_engine_view_backlog(g.engine) > 0 && !g.w.failed && !bench_stopped())
            send(&g, &clock);
        double time = (double)(bench_now_ns() - start) / 1e6;
        c->checked &= bench_stopped() || all_right(&g, accounts);
        *fills = g.w.counts.fills[WEIR_FILL_ADL];
        if (run >= 0) c->times[c->runs++] = time;
    }
    weir_engine_free(g.engine);
    if (g.venue != NULL) weir_venue_free(g.venue);
    burst_world_free(&g.w);
    return made;
}

bool bench_gap(const struct weir_bench_job *job, uint32_t accounts) {
    struct bench_case c = {.unit = "ms", .checked = true};
    snprintf(c.name, sizeof c.name, "gap, %u bankrupt", accounts);
    if (!bench_case_wanted(job, c.name)) return true;
    uint64_t fills = 0;
    bool made = true;
    int runs = bench_runs(job, RUNS);
    for (int run = -(int)job->warmup; made && bench_goes_on(&c, run, runs); run++)
        made = run_once(&c, run, accounts, job->seed, &fills);
    snprintf(c.facts, sizeof c.facts, "\"n\":%u,\"fills\":%llu", accounts,
             (unsigned long long)fills);
    snprintf(c.remark, sizeof c.remark, "%llu deleveraging fills", (unsigned long long)fills);
    bench_case_print(&c);
    return made && c.checked;
}
