/* A venue of two settlement assets and a collateral, made by hand, and a ledger of it. */
#ifndef WEIR_TESTS_LEDGER_SCENE_H
#define WEIR_TESTS_LEDGER_SCENE_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "ledger/ledger.h"

enum { USDT = 0, ETH = 1, BTC = 2 };        /* ETH is collateral */
enum { LINEAR = 0, INVERSE = 1, LATE = 2 }; /* LATE is linear too */

struct scene {
    struct weir_market markets[3];
    struct weir_fund_config funds[2];
    struct weir_venue venue;
    struct weir_ledger ledger;
};

static inline struct weir_name scene_name(const char *text) {
    struct weir_name name = {0};
    snprintf(name.text, sizeof name.text, "%s", text);
    return name;
}

static inline void scene_open(struct scene *s, uint32_t accounts_max) {
    *s = (struct scene){
        .markets = {{.contract = WEIR_LINEAR, .unit_value = 100, .max_price = 1000000000},
                    {.contract = WEIR_INVERSE,
                     .asset = BTC,
                     .face_units = INT64_C(10000000000), /* 100 of the quote at 8 decimals */
                     .face_divisor = 1,
                     .max_price = 1000000000},
                    {.contract = WEIR_LINEAR, .unit_value = 7, .max_price = 1000000000}},
        .funds = {{.name = scene_name("f")}, {.name = scene_name("f:BTC"), .asset = BTC}},
        .venue = {.asset_count = 3,
                  .assets = {{.decimals = 6, .settles = true},
                             {.decimals = 8},
                             {.decimals = 8, .settles = true}},
                  .class_count = 2,
                  .classes = {{.max_leverage = WEIR_NONE}, {.max_leverage = 5}},
                  .market_count = 3,
                  .fund_count = 2}};
    for (int m = 0; m < 3; m++)
        s->markets[m].default_leverage = 10;
    s->venue.markets = s->markets;
    s->venue.funds = s->funds;
    cr_assert_eq(weir_ledger_new(&s->ledger, &s->venue, accounts_max), 0);
}

static inline void scene_close(struct scene *s) {
    cr_assert(weir_ledger_audit(&s->ledger) == NULL);
    weir_ledger_free(&s->ledger);
}

static inline uint32_t scene_account(struct scene *s, const char *text) {
    struct weir_name name = scene_name(text);
    enum weir_reason reason;
    uint32_t i = weir_account_open(&s->ledger, &name, NULL, 0, &reason);
    cr_assert_neq(i, WEIR_NO_INDEX);
    return i;
}

/* A deposit of a settlement asset. */
static inline void scene_deposit(struct scene *s, uint32_t account, uint32_t asset,
                                 weir_wide amount) {
    weir_post_balance(&s->ledger, weir_account_cross(&s->ledger, account, asset), amount);
    s->ledger.assets[asset].deposits += amount;
}

/* One side of a fill. */
static inline void scene_side(struct scene *s, uint32_t leg, weir_qty qty, weir_price price) {
    struct weir_leg *g = weir_leg_at(&s->ledger, leg);
    weir_leg_settle(&s->ledger, g);
    struct weir_position_change c =
        weir_position_fill(&s->markets[g->market], g->size, g->entry_value, qty, price);
    weir_post_fill(&s->ledger, leg, &c, 0);
}

static inline void scene_fill(struct scene *s, uint32_t buyer, uint32_t seller, weir_qty qty,
                              weir_price price) {
    scene_side(s, buyer, qty, price);
    scene_side(s, seller, -qty, price);
}

#endif
