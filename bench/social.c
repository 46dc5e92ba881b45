/* `weir bench social`: a loss that no fund pays is charged to everybody by profit or by equity
 * (R29). Timed is the longest command of the sweep, deposits coming in between, in the processor's
 * own time: what other programs take of it at once is longer than a command. The baseline does all
 * within one command. Every payment is compared with R5's division over weights that were written
 * down before the point. */
#include "bench/cases.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS     5
#define ACCOUNTS 1000000
#define T0       INT64_C(1760000000000000000)
#define HOUR     (INT64_C(3600) * WEIR_SECOND)
#define START    1000       /* ticks; a lot at one tick is worth 100 units */
#define LOST     10000000   /* lots that go bankrupt */
#define TAKEN    (2 * LOST) /* what the other side brings, in hundreds of units a tick */

struct world {
    struct weir_engine *engine;
    struct weir_venue *venue;
    bool profit;
    uint32_t accounts; /* c0, c1, ...; then h, the winner; then the bankrupt */
    uint32_t bankrupt;
    weir_wide *weights, *caps, *shares, *paid;
    struct weir_share *scratch;
    weir_wide shortfall;
    bool failed;
    weir_time now;
    uint64_t events;
};

static void see(void *ctx, const struct weir_event *e) {
    struct world *w = ctx;
    w->events++;
    if (e->kind == WEIR_EV_REJECTED) w->failed = true;
    if (e->kind == WEIR_EV_LIQUIDATION_ENDED) w->shortfall += e->liquidation_ended.shortfall;
    if (e->kind != WEIR_EV_SOCIALISED) return;
    const char *name = e->socialised.account->text;
    uint32_t i = name[0] == 'h' ? w->accounts : (uint32_t)strtoul(name + 1, NULL, 10);
    if (i > w->accounts || name[0] == 'v')
        w->failed = true;
    else
        w->paid[i] += e->socialised.amount;
}

/* ---- Commands -------------------------------------------------------------------------------- */

static struct weir_name name_of(char prefix, uint32_t i) {
    struct weir_name name = {{0}};
    snprintf(name.text, sizeof name.text, "%c%u", prefix, i);
    return name;
}

static struct weir_decimal decimal(int64_t value, uint8_t scale) {
    for (; scale > 0 && value % 10 == 0; scale--)
        value /= 10;
    return (struct weir_decimal){.mantissa = value, .scale = scale};
}

static struct weir_command command(const struct world *w, enum weir_command_kind kind) {
    return (struct weir_command){.kind = (uint8_t)kind, .present = WEIR_HAS_T, .t = w->now};
}

static void deposit(struct world *w, struct weir_name name, int64_t units) {
    struct weir_command c = command(w, WEIR_CMD_DEPOSIT);
    c.account = name;
    c.amount = decimal(units, 6);
    weir_engine_apply(w->engine, &c);
}

static void open_account(struct world *w, struct weir_name name, int64_t units) {
    struct weir_command c = command(w, WEIR_CMD_ACCOUNT);
    c.account = name;
    weir_engine_apply(w->engine, &c);
    deposit(w, name, units);
}

static void set_index(struct world *w, char market, weir_price price) {
    struct weir_command c = command(w, WEIR_CMD_INDEX);
    c.present |= WEIR_HAS_MARKET | WEIR_HAS_PRICE;
    c.market = name_of('M', (uint32_t)(market - '0'));
    c.price = decimal(price, 1);
    weir_engine_apply(w->engine, &c);
}

static void trade(struct world *w, char market, struct weir_name buyer, struct weir_name seller,
                  weir_qty lots) {
    struct weir_command c = command(w, WEIR_CMD_BLOCK_TRADE);
    c.present |= WEIR_HAS_MARKET | WEIR_HAS_QTY | WEIR_HAS_PRICE;
    c.market = name_of('M', (uint32_t)(market - '0'));
    c.account = buyer;
    c.account2 = seller;
    c.qty = decimal(lots, 3);
    c.price = decimal(START, 1);
    weir_engine_apply(w->engine, &c);
}

/* ---- The world ------------------------------------------------------------------------------- */

static struct weir_venue *make_venue(bool profit, bool at_once) {
    char text[1024];
    static const char market[] =
        "  - symbol: M%d\n    tick: 0.1\n    lot: 0.001\n    max_price: 100000\n"
        "    default_leverage: 100\n    index: {stale_after: none}\n    funding: {interest: 0}\n"
        "    tiers:\n      - {cap: 1000000000000, rate: 0.004, max_leverage: 125}\n";
    struct weir_file_error error;
    int n = snprintf(text, sizeof text,
                     "name: social\nmoney: {asset: USDT, decimals: 6}\nauction: {format: none}\n"
                     "adl: {price: mark}\ntrigger: {warn_at: none}\n"
                     "liquidation: {steps_per_command: %d}\n"
                     "socialise: {base: %s, settlement_interval: 1h}\nmarkets:\n",
                     at_once ? 1000000 : 64, profit ? "profit" : "equity");
    for (int m = 0; m < 2; m++)
        n += snprintf(text + n, sizeof text - (size_t)n, market, m);
    return weir_venue_parse(text, (size_t)n, "social", NULL, 0, &error);
}

static void free_world(struct world *w) {
    weir_engine_free(w->engine);
    if (w->venue != NULL) weir_venue_free(w->venue);
    free(w->weights);
    free(w->caps);
    free(w->shares);
    free(w->paid);
    free(w->scratch);
}

/* Everybody has money; who shares by profit holds lots against his neighbour's, and the even ones
 * win a tick. */
static bool make_world(struct world *w, const struct weir_bench_job *job, uint32_t accounts,
                       bool profit, bool at_once) {
    size_t n = (size_t)accounts + 1;
    *w = (struct world){.profit = profit, .accounts = accounts, .now = T0};
    w->weights = calloc(n, sizeof *w->weights);
    w->caps = calloc(n, sizeof *w->caps);
    w->shares = calloc(n, sizeof *w->shares);
    w->paid = calloc(n, sizeof *w->paid);
    w->scratch = calloc(n, sizeof *w->scratch);
    w->venue = make_venue(profit, at_once);
    if (!w->weights || !w->caps || !w->shares || !w->paid || !w->scratch || !w->venue) return false;
    struct weir_engine_options options = {.accounts_max = accounts + 200, .orders_max = 64};
    w->engine = weir_engine_new(w->venue, &options, see, w);
    if (w->engine == NULL) return false;
    struct weir_random random = {job->seed, 0};
    set_index(w, '0', START);
    set_index(w, '1', START);
    for (uint32_t i = 0; i < accounts && !bench_stopped(); i++) {
        int64_t units = 1000000 + (int64_t)weir_random_below(&random, 1000000000);
        open_account(w, name_of('c', i), units);
        w->caps[i] = units;
        if (!profit || i % 2 == 0) continue;
        weir_qty lots = 1 + (weir_qty)weir_random_below(&random, 100);
        trade(w, '0', name_of('c', i - 1), name_of('c', i), lots);
        w->caps[i - 1] += lots * 100;
        w->caps[i] -= lots * 100;
        w->weights[i - 1] = lots * 100;
    }
    open_account(w, name_of('h', 0), (int64_t)TAKEN * 100 * 100);
    w->caps[accounts] = (weir_wide)TAKEN * 100 * 100;
    set_index(w, '0', START + 1);
    return !w->failed;
}

/* Somebody goes bankrupt against h: the loss waits in the pool, h has won it all. */
static void lose(struct world *w) {
    struct weir_name name = name_of('v', w->bankrupt++);
    open_account(w, name, (int64_t)LOST * 100 * 50);
    trade(w, '1', name_of('h', 0), name, LOST);
    set_index(w, '1', START + 100);
    set_index(w, '1', START);
    w->caps[w->accounts] += (weir_wide)LOST * 100 * 100;
    w->weights[w->accounts] = (weir_wide)LOST * 100 * 100; /* by profit: of this interval */
    if (w->profit) return;
    for (uint32_t i = 0; i <= w->accounts; i++)
        w->weights[i] = w->caps[i];
}

/* Has everybody paid what R5 says, and nobody anything else? */
static bool all_paid(struct world *w) {
    weir_wide rest = weir_divide(w->shortfall, (size_t)w->accounts + 1, w->weights, w->caps,
                                 w->shares, w->scratch);
    bool same = rest == 0 && !w->failed && w->shortfall > 0;
    for (uint32_t i = 0; i <= w->accounts; i++) {
        same &= w->paid[i] == w->shares[i];
        w->caps[i] -= w->paid[i];
        w->paid[i] = 0;
    }
    w->shortfall = 0;
    return same;
}

/* ---- The case -------------------------------------------------------------------------------- */

static uint64_t processor_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct told {
    uint64_t commands;
    double total_ms;
};

/* One interval: a loss, the point, the sweep in so many commands. Returns the longest of them, us.
 */
static double turn(struct world *w, uint64_t commands, struct told *told) {
    uint64_t longest = 0, all = 0;
    lose(w);
    w->now += HOUR;
    weir_engine_make_room(w->engine);
    for (uint64_t k = 0; k < commands && !bench_stopped(); k++) {
        /* Every other one changes an account that may not have been weighed yet. */
        uint32_t i = (uint32_t)(k * 7919 % w->accounts);
        uint64_t start = processor_ns();
        if (k % 2 == 1) {
            deposit(w, name_of('c', i), 1);
        } else {
            struct weir_command nothing = command(w, WEIR_CMD_INDICATOR);
            weir_engine_apply(w->engine, &nothing);
        }
        uint64_t took = processor_ns() - start;
        longest = took > longest ? took : longest;
        all += took;
    }
    *told = (struct told){commands, (double)all / 1e6};
    return (double)longest / 1e3;
}

/* What the deposits of a turn brought, behind the check. */
static void count_deposits(struct world *w, uint64_t commands) {
    for (uint64_t k = 1; k < commands; k += 2)
        w->caps[k * 7919 % w->accounts]++;
}

static bool run_case(const struct weir_bench_job *job, struct bench_case *c, uint32_t accounts,
                     bool profit, bool at_once, struct told *told) {
    struct world w;
    bool made = make_world(&w, job, accounts, profit, at_once);
    int runs = bench_runs(job, RUNS);
    for (int run = -(int)job->warmup; made && bench_goes_on(c, run, runs); run++) {
        /* The accounts there are: those of the table, the bankrupt ones, the fund's. */
        uint64_t looks = 5 * ((uint64_t)accounts + w.bankrupt + 3);
        uint64_t commands = at_once ? 1 : (looks + 4095) / 4096;
        double longest = turn(&w, commands, told);
        if (bench_stopped()) break;
        c->checked &= all_paid(&w) && weir_engine_audit(w.engine) == NULL;
        count_deposits(&w, commands);
        if (run < 0) continue;
        if (at_once)
            c->baseline[c->baseline_runs++] = longest;
        else
            c->times[c->runs++] = longest;
    }
    free_world(&w);
    return made;
}

int bench_social(const struct weir_bench_job *job) {
    uint32_t accounts = bench_count(job, PARAMETER_ACCOUNTS, job->quick ? 20000 : ACCOUNTS);
    bool made = true, right = true;
    for (int profit = 0; profit < 2 && made && !bench_stopped(); profit++) {
        struct bench_case c = {.unit = "us", .checked = true};
        struct told told = {0}, all = {0};
        snprintf(c.name, sizeof c.name, "by %s, %u accounts, longest command",
                 profit ? "profit" : "equity", accounts);
        if (!bench_case_wanted(job, c.name)) continue;
        made = run_case(job, &c, accounts, profit, false, &told) &&
               run_case(job, &c, accounts, profit, true, &all);
        snprintf(c.facts, sizeof c.facts,
                 "\"n\":%u,\"commands\":%llu,\"total_ms\":%.3f,\"at_once_ms\":%.3f", accounts,
                 (unsigned long long)told.commands, told.total_ms, all.total_ms);
        snprintf(c.remark, sizeof c.remark, "%llu commands, %.1f ms in all, at once %.1f ms",
                 (unsigned long long)told.commands, told.total_ms, all.total_ms);
        bench_case_print(&c);
        right &= c.checked;
    }
    return made && right ? 0 : 1;
}
