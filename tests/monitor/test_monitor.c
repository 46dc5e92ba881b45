/* What a monitor makes of events: the worst hour, stages, the fund, rows. Events are made up; the
 * sums of real runs are held against one another by tests/flow/test_run.py. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

#define MINUTE (60 * WEIR_SECOND)

struct fixture {
    struct weir_venue *venue;
    struct weir_monitor *monitor;
    char *liquidations, *adl;
    size_t liquidations_size, adl_size;
    struct weir_monitor_files files;
};

static void make(struct fixture *f) {
    struct weir_file_error error;
    memset(f, 0, sizeof *f);
    f->venue = weir_venue_load("venues/default.yaml", NULL, 0, &error);
    cr_assert(f->venue, "%s", error.text);
    f->files.liquidations = open_memstream(&f->liquidations, &f->liquidations_size);
    f->files.adl = open_memstream(&f->adl, &f->adl_size);
    f->monitor = weir_monitor_new(f->venue, &f->files);
    cr_assert(f->monitor);
}

static void drop(struct fixture *f) {
    weir_monitor_free(f->monitor);
    (void)fclose(f->files.liquidations);
    (void)fclose(f->files.adl);
    free(f->liquidations);
    free(f->adl);
    weir_venue_free(f->venue);
}

static struct weir_name name_of(const char *text) {
    struct weir_name name = {{0}};
    (void)snprintf(name.text, sizeof name.text, "%s", text);
    return name;
}

static void fill(struct fixture *f, weir_time t, enum weir_fill_kind kind, enum weir_side side,
                 weir_price price, weir_qty qty) {
    const struct weir_name taker = name_of("anna"), maker = name_of("bob");
    struct weir_event e = {.kind = WEIR_EV_FILL, .t = t};
    e.fill.price = price;
    e.fill.qty = qty;
    e.fill.taker = &taker;
    e.fill.maker = &maker;
    e.fill.taker_side = side;
    e.fill.kind = kind;
    weir_monitor_event(f->monitor, &e);
}

static void begin(struct fixture *f, uint64_t number, weir_time t, uint32_t scope) {
    const struct weir_name anna = name_of("anna");
    struct weir_event e = {.kind = WEIR_EV_LIQUIDATION_STARTED, .t = t};
    e.liquidation_started.liquidation = number;
    e.liquidation_started.account = &anna;
    e.liquidation_started.scope_market = scope;
    weir_monitor_event(f->monitor, &e);
}

static void end(struct fixture *f, uint64_t number, weir_time t, weir_wide book) {
    const struct weir_name anna = name_of("anna");
    struct weir_event e = {.kind = WEIR_EV_LIQUIDATION_ENDED, .t = t};
    e.liquidation_ended.liquidation = number;
    e.liquidation_ended.account = &anna;
    e.liquidation_ended.outcome = WEIR_RESTORED;
    e.liquidation_ended.by_stage[WEIR_BY_BOOK] = book;
    weir_monitor_event(f->monitor, &e);
}

/* Sixty minutes are 60 minutes: a fill exactly one hour after another is not in its hour. */
Test(monitor, the_worst_hour_is_the_worst_rolling_hour) {
    static const struct {
        int64_t minute[5];
        weir_qty lots[5];
        weir_qty worst;
        int64_t from;
    } rows[] = {
        {{0, 30, 59, 60, 200}, {1, 1, 1, 1, 1}, 3, 0},
        {{0, 30, 59, 60, 200}, {1, 1, 1, 2, 1}, 4, 30},
        {{0, 60, 120, 180, 240}, {1, 2, 3, 2, 1}, 3, 120},
        {{0, 1, 2, 3, 4}, {1, 1, 1, 1, 1}, 5, 0},
        {{0, 61, 90, 100, 160}, {9, 1, 1, 1, 1}, 9, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct span peak;
        struct fixture f;
        make(&f);
        for (int k = 0; k < 5; k++)
            fill(&f, rows[i].minute[k] * MINUTE, WEIR_FILL_LIQUIDATION, WEIR_SELL, 1000,
                 rows[i].lots[k]);
        weir_monitor_peak(f.monitor, &peak);
        cr_assert(peak.total == (weir_wide)rows[i].worst * 1000 * f.venue->markets[0].unit_value,
                  "row %zu", i);
        cr_assert(peak.longs == peak.total);
        cr_assert(peak.by_market[0] == peak.total);
        cr_assert_eq(peak.from, rows[i].from * MINUTE, "row %zu", i);
        drop(&f);
    }
}

Test(monitor, only_closing_fills_count_each_at_its_stage) {
    static const struct {
        enum weir_fill_kind kind;
        int stage;
    } rows[] = {{WEIR_FILL_TRADE, -1},
                {WEIR_FILL_LIQUIDATION, WEIR_BY_BOOK},
                {WEIR_FILL_AUCTION, WEIR_BY_AUCTION},
                {WEIR_FILL_BACKSTOP, WEIR_BY_BACKSTOP},
                {WEIR_FILL_ABSORB, WEIR_BY_ABSORBED},
                {WEIR_FILL_UNWIND, -1},
                {WEIR_FILL_ADL, WEIR_BY_ADL},
                {WEIR_FILL_BLOCK, -1},
                {WEIR_FILL_SETTLEMENT, -1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        make(&f);
        fill(&f, 0, rows[i].kind, WEIR_BUY, 500, 3);
        weir_wide value = 1500 * (weir_wide)f.venue->markets[0].unit_value;
        for (int k = 0; k < WEIR_BY_COUNT; k++)
            cr_assert(f.monitor->by_stage[k] == (k == rows[i].stage ? value : 0), "row %zu", i);
        cr_assert(f.monitor->total == (rows[i].stage < 0 ? 0 : value));
        cr_assert(f.monitor->longs == 0);
        drop(&f);
    }
}

/* An isolated and a cross scope of one account at once; a number of its own each. */
Test(monitor, fills_go_to_the_liquidation_of_their_scope) {
    struct fixture f;
    make(&f);
    begin(&f, 1, 10, WEIR_NO_INDEX);
    begin(&f, 2, 20, 0);
    fill(&f, 30, WEIR_FILL_LIQUIDATION, WEIR_SELL, 1000, 7);
    end(&f, 2, 40, 7000);
    fill(&f, 50, WEIR_FILL_LIQUIDATION, WEIR_SELL, 1000, 5);
    begin(&f, 3, 60, 1);
    end(&f, 1, 70, 5000);
    cr_assert_eq(weir_monitor_liquidations(f.monitor), 3);
    weir_monitor_close(f.monitor, 80);
    cr_assert_eq(f.monitor->outcomes[WEIR_RESTORED], 2);
    cr_assert_eq(f.monitor->liquidated_accounts, 1);
    (void)fflush(f.files.liquidations);
    const char *lines[] = {
        "\n2,anna,BTC-PERP,default,sell,BTC-PERP,20,40,restored,0.000000,0.000000,0.007000,"
        "0.007000,0.000000,0.000000,0.000000,0.000000,0.000000,7,0,USDT,1\n",
        "\n1,anna,cross,default,sell,BTC-PERP,10,70,restored,0.000000,0.000000,0.005000,"
        "0.005000,0.000000,0.000000,0.000000,0.000000,0.000000,5,0,USDT,1\n",
        "\n3,anna,ETH-PERP,default,,ETH-PERP,60,,open,"};
    for (int i = 0; i < 3; i++)
        cr_assert(strstr(f.liquidations, lines[i]), "%s in %s", lines[i], f.liquidations);
    drop(&f);
}

Test(monitor, the_fund_adds_up_and_prices_have_their_extremes) {
    static const struct {
        enum weir_cause cause;
        int64_t amount;
    } moves[] = {{WEIR_CAUSE_SEED, 100},
                 {WEIR_CAUSE_LIQUIDATION_FEE, 5},
                 {WEIR_CAUSE_GAP, -40},
                 {WEIR_CAUSE_SHORTFALL, -20},
                 {WEIR_CAUSE_LIQUIDATION_FEE, 3}};
    static const weir_price marks[] = {100, 120, 90, 110, 60, 80};
    struct fixture f;
    int64_t balance = 0;
    make(&f);
    for (int i = 0; i < 5; i++) {
        struct weir_event e = {.kind = WEIR_EV_FUND_MOVEMENT};
        balance += moves[i].amount;
        e.fund_movement.cause = moves[i].cause;
        e.fund_movement.amount = moves[i].amount;
        e.fund_movement.balance = balance;
        weir_monitor_event(f.monitor, &e);
        if (i == 0) weir_monitor_open(f.monitor, NULL, 0); /* samples nothing: no series file */
    }
    cr_assert(f.monitor->fund_start == 100);
    cr_assert(f.monitor->fund_least == 45);
    cr_assert(f.monitor->fund == 48);
    cr_assert(f.monitor->received[WEIR_CAUSE_LIQUIDATION_FEE] == 8);
    cr_assert(f.monitor->received[WEIR_CAUSE_SEED] == 0);
    cr_assert(f.monitor->paid[WEIR_CAUSE_GAP] == 40);
    for (int i = 0; i < 6; i++) {
        struct weir_event e = {.kind = WEIR_EV_MARK};
        e.mark.mark = marks[i];
        weir_monitor_event(f.monitor, &e);
    }
    const struct market *m = &f.monitor->markets[0];
    cr_assert_eq(m->open, 100);
    cr_assert_eq(m->high, 120);
    cr_assert_eq(m->low, 60);
    cr_assert_eq(m->close, 80);
    cr_assert(m->drawdown == 0.5);
    drop(&f);
}

/* Notionals of an inverse market are face value * lots; its money counts at its index. */
Test(monitor, inverse_contracts_and_coins) {
    struct fixture f;
    make(&f);
    struct weir_market *inverse = &f.venue->markets[1];
    f.venue->assets[1] =
        (struct weir_asset){.name = name_of("BTC"), .decimals = 8, .settles = true};
    f.venue->asset_count = 2;
    inverse->contract = WEIR_INVERSE;
    inverse->face_value = 100;
    inverse->asset = 1;
    inverse->tick = weir_decimal_power(1);
    inverse->price_digits = 1;
    f.venue->funds[0].asset = 1;
    weir_monitor_free(f.monitor);
    f.monitor = weir_monitor_new(f.venue, &f.files);
    cr_assert(f.monitor);
    struct weir_event mark = {.kind = WEIR_EV_MARK, .mark = {1, 500000, 500000}};
    weir_monitor_event(f.monitor, &mark); /* 50,000 */
    struct weir_event seed = {.kind = WEIR_EV_FUND_MOVEMENT,
                              .fund_movement = {0, WEIR_CAUSE_SEED, 200000000, 200000000, NULL}};
    weir_monitor_event(f.monitor, &seed); /* 2 BTC */
    cr_assert(f.monitor->fund == INT64_C(100000000000));
    begin(&f, 1, 10, WEIR_CROSS(1));
    const struct weir_name anna = name_of("anna"), bob = name_of("bob");
    struct weir_event e = {.kind = WEIR_EV_FILL,
                           .t = 20,
                           .fill = {.market = 1,
                                    .price = 480000,
                                    .qty = 3,
                                    .taker = &anna,
                                    .maker = &bob,
                                    .taker_side = WEIR_SELL,
                                    .kind = WEIR_FILL_LIQUIDATION}};
    weir_monitor_event(f.monitor, &e);
    cr_assert(f.monitor->total == 300000000); /* 300 */
    struct weir_event adl = {.kind = WEIR_EV_ADL,
                             .adl = {1, &anna, &bob, 2, 480000, {true, 1}, 1000000, 10}};
    weir_monitor_event(f.monitor, &adl); /* 0.01 BTC */
    cr_assert(f.monitor->haircut == 500000000 && f.monitor->booked[1].haircut == 1000000);
    struct weir_event ended = {.kind = WEIR_EV_LIQUIDATION_ENDED, .t = 30};
    ended.liquidation_ended.liquidation = 1;
    ended.liquidation_ended.account = &anna;
    ended.liquidation_ended.scope_market = WEIR_CROSS(1);
    ended.liquidation_ended.outcome = WEIR_CLOSED;
    ended.liquidation_ended.by_stage[WEIR_BY_BOOK] = 625000;
    ended.liquidation_ended.shortfall = 2;
    weir_monitor_event(f.monitor, &ended);
    cr_assert(f.monitor->booked[1].shortfall == 2 && f.monitor->shortfall == 1000);
    mark.mark.mark = mark.mark.index = 250000;
    weir_monitor_event(f.monitor, &mark);
    cr_assert(f.monitor->fund == INT64_C(50000000000)); /* the same 2 BTC */
    (void)fflush(f.files.liquidations);
    (void)fflush(f.files.adl);
    cr_assert(strstr(f.liquidations,
                     "\n1,anna,cross:BTC,default,sell,ETH-PERP,10,30,closed,0.00000000,0.00000000,"
                     "300.000000,0.00625000,0.00000000,0.00000000,0.00000000,0.00000000,0.00000002,"
                     "3,0,BTC,50000.0\n"),
              "%s", f.liquidations);
    cr_assert(strstr(f.adl, ",0.01000000,0.00000010,BTC,200.000000,50000.0\n"), "%s", f.adl);
    drop(&f);
}
