/* Shorts were opened between a tenth below and a third above the present mark and have deposits for
 * leverage 1 to 50, log-uniform. A bank a market is on the other side. Equity that is no
 * maintenance margin is left to nobody who fails: deleveraging is the only stage that finds
 * anybody. */
#include "bench/adl_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cases.h"

#define RICH INT64_C(10000000000000000)
#define T0   INT64_C(1760000000000000000)

static struct weir_name name_of(char prefix, uint64_t number) {
    char digits[24];
    size_t n = 0, at = 1;
    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    struct weir_name name = {{prefix}};
    while (n > 0)
        name.text[at++] = digits[--n];
    return name;
}
static uint32_t number_of(const struct weir_name *name) {
    uint32_t n = 0;
    for (const char *p = name->text + 1; *p != 0; p++)
        n = n * 10 + (uint32_t)(*p - '0');
    return n;
}

static struct weir_decimal decimal(int64_t value, uint8_t scale) {
    for (; scale > 0 && value % 10 == 0; scale--)
        value /= 10;
    return (struct weir_decimal){.mantissa = value, .scale = scale};
}

static void sink(void *ctx, const struct weir_event *e) {
    struct adl_world *w = ctx;
    w->failed |= e->kind == WEIR_EV_REJECTED;
    if (e->kind != WEIR_EV_ADL || w->fill_count == w->fill_room) return;
    const struct weir_name *name = e->adl.counterparty;
    w->fills[w->fill_count++] = (struct adl_fill){
        e->adl.market, name->text[0] == 'a' ? number_of(name) : UINT32_MAX, e->adl.qty};
}

static struct weir_command begin(enum weir_command_kind kind) {
    return (struct weir_command){.kind = (uint8_t)kind, .present = WEIR_HAS_T, .t = T0};
}

static void open_account(struct adl_world *w, struct weir_name name, int64_t units) {
    struct weir_command c = begin(WEIR_CMD_ACCOUNT);
    c.account = name;
    weir_engine_apply(w->engine, &c);
    c = begin(WEIR_CMD_DEPOSIT);
    c.account = name;
    c.amount = decimal(units, 6);
    weir_engine_apply(w->engine, &c);
}

static void trade(struct adl_world *w, struct weir_name buyer, struct weir_name seller,
                  uint32_t market, weir_qty lots, weir_price price) {
    struct weir_command c = begin(WEIR_CMD_BLOCK_TRADE);
    c.account = buyer;
    c.account2 = seller;
    c.market = name_of('M', market);
    c.qty = decimal(lots, 3);
    c.price = decimal(price, 1);
    weir_engine_apply(w->engine, &c);
}

void adl_world_clock(struct adl_world *w) {
    struct weir_command c = begin(WEIR_CMD_CLOCK);
    weir_engine_apply(w->engine, &c);
}

void adl_world_mark(struct adl_world *w, uint32_t market, weir_price mark) {
    struct weir_command c = begin(WEIR_CMD_INDEX);
    c.market = name_of('M', market);
    c.price = decimal(mark, 1);
    w->mark[market] = mark;
    weir_engine_apply(w->engine, &c);
}

static struct weir_venue *make_venue(const struct adl_plan *plan) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    fprintf(out,
            "name: adl\nmoney: {asset: USDT, decimals: 6}\n"
            "liquidation: {steps_per_command: %u, fills_per_step: %u}\n"
            "trigger: {warn_at: none}\nauction: {format: none}\n"
            "adl: {ranking: %s, price: mark}\nmarkets:\n",
            plan->steps, plan->fills, plan->ranking);
    for (uint32_t m = 0; m < plan->markets; m++)
        fprintf(out,
                "  - symbol: M%u\n    tick: 0.1\n    lot: 0.001\n    max_price: 100000\n"
                "    default_leverage: 125\n    index: {stale_after: none}\n    tiers:\n"
                "      - {cap: 1000000000000, rate: 0.004, max_leverage: 125}\n",
                m);
    struct weir_venue *venue = NULL;
    struct weir_file_error error;
    if (fclose(out) == 0) venue = weir_venue_parse(text, size, "adl", NULL, 0, &error);
    free(text);
    return venue;
}

static uint64_t below(struct adl_world *w, uint64_t n) {
    return weir_random_below(&w->random, n);
}

static void add_account(struct adl_world *w, uint32_t i) {
    struct adl_account *a = &w->accounts[i];
    weir_price price[4];
    int64_t deposit = 0;
    uint32_t most = 1 + (uint32_t)below(w, w->plan.legs);
    double leverage = pow(50, (double)below(w, 1000000) / 1e6);
    for (uint32_t k = 0; k < most; k++) {
        uint32_t market = k == 0 && w->plan.first ? 0 : (uint32_t)below(w, w->plan.markets);
        bool taken = false;
        for (uint32_t j = 0; j < a->legs; j++)
            taken |= a->market[j] == market;
        if (taken) continue;
        uint32_t at = a->legs++;
        weir_qty lots = 1 + (weir_qty)below(w, 2 * ADL_MEAN_LOTS - 1);
        price[at] = ADL_START * 9 / 10 + (weir_price)below(w, ADL_START * 43 / 100);
        int64_t value = price[at] * lots * ADL_LOT_UNITS;
        int64_t gain = (price[at] - ADL_START) * lots * ADL_LOT_UNITS;
        deposit += (int64_t)((double)value / leverage) - weir_min(gain, 0);
        a->market[at] = (uint8_t)market;
        a->lots[at] = (float)lots;
        a->entry_value[at] = (double)value;
    }
    open_account(w, name_of('a', i), deposit);
    a->balance = (double)deposit;
    for (uint32_t k = 0; k < a->legs; k++)
        trade(w, name_of('b', a->market[k]), name_of('a', i), a->market[k], (weir_qty)a->lots[k],
              price[k]);
}

bool adl_world_new(struct adl_world *w, const struct adl_plan *plan) {
    *w = (struct adl_world){.plan = *plan, .random = {plan->seed, 0}, .fill_room = 1 << 20};
    w->venue = make_venue(plan);
    w->accounts = calloc(plan->accounts, sizeof *w->accounts);
    w->fills = calloc(w->fill_room, sizeof *w->fills);
    if (w->venue == NULL || w->accounts == NULL || w->fills == NULL) return false;
    struct weir_engine_options options = {.accounts_max = plan->accounts + 1024,
                                          .orders_max = 1024};
    w->engine = weir_engine_new(w->venue, &options, sink, w);
    if (w->engine == NULL) return false;
    for (uint32_t m = 0; m < plan->markets; m++) {
        adl_world_mark(w, m, ADL_START);
        open_account(w, name_of('b', m), RICH);
    }
    /* Shortfalls are the fund's, so that nobody is charged for them. */
    struct weir_command c = begin(WEIR_CMD_FUND);
    c.amount = decimal(RICH, 6);
    weir_engine_apply(w->engine, &c);
    for (uint32_t i = 0; i < plan->accounts; i++) {
        if (i % 4096 == 0 && bench_stopped()) return false;
        add_account(w, i);
    }
    return !w->failed;
}

void adl_world_free(struct adl_world *w) {
    if (w->engine != NULL) weir_engine_free(w->engine);
    if (w->venue != NULL) weir_venue_free(w->venue);
    free(w->accounts);
    free(w->fills);
    *w = (struct adl_world){0};
}

void adl_world_victim(struct adl_world *w, weir_qty lots, uint32_t markets) {
    struct weir_name name = name_of('v', w->victims++);
    int64_t need = 0;
    for (uint32_t m = 0; m < markets; m++)
        need += (m == 0 ? 10 : 1) * lots * w->mark[m] * ADL_LOT_UNITS;
    open_account(w, name, need / 100);
    for (uint32_t m = 0; m < markets; m++)
        trade(w, name, name_of('b', m), m, (m == 0 ? 10 : 1) * lots, w->mark[m]);
}

bool adl_world_first(struct adl_world *w, uint32_t markets) {
    const weir_qty lots = 10;
    adl_world_victim(w, lots, markets);
    for (uint32_t m = 0; m < markets; m++) {
        struct weir_command c = begin(WEIR_CMD_ORDER);
        c.account = name_of('b', m);
        c.market = name_of('M', m);
        c.side = WEIR_BUY;
        c.type = WEIR_LIMIT;
        c.qty = decimal((m == 0 ? 10 : 1) * lots, 3);
        c.price = decimal(ADL_START * 992 / 1000, 1);
        c.present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
        weir_engine_apply(w->engine, &c);
    }
    for (uint32_t m = 0; m < markets; m++)
        adl_world_mark(w, m, ADL_START * 993 / 1000);
    for (int i = 0; i < 1000 && weir_engine_view_backlog(w->engine) > 0; i++)
        adl_world_mark(w, 0, ADL_START * 993 / 1000);
    for (uint32_t m = 0; m < markets; m++)
        adl_world_mark(w, m, ADL_START);
    return weir_engine_view_backlog(w->engine) == 0 && w->fill_count == 0;
}

bool adl_world_close(struct adl_world *w, const struct adl_fill *f) {
    if (f->account >= w->plan.accounts) return false;
    struct adl_account *a = &w->accounts[f->account];
    for (uint32_t k = 0; k < a->legs; k++) {
        double size = (double)a->lots[k], lots = (double)f->lots;
        if (a->market[k] != f->market || size < lots) continue;
        double released = a->entry_value[k] * lots / size;
        a->balance += released - (double)w->mark[f->market] * lots * ADL_LOT_UNITS;
        a->entry_value[k] -= released;
        a->lots[k] = (float)(size - lots);
        return true;
    }
    return false;
}
