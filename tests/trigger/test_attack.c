/* The trigger index under attack: populations and prices made to sit on its edges. Every command
 * is compared with a full scan, and no tick looks at a scope more than twice (R18). */
#include <criterion/criterion.h>

#include <stdio.h>

#include "crowd.h"
#include "tests/scale.h"

#define BANK 0 /* the account on the other side of everybody */

/* The tier tables: flat, steep with a tier of rate 0, and many narrow ones. */
static const char *const tier_tables[] = {
    "[{cap: 90000000000, rate: 0.01, max_leverage: 50}]",
    "[{cap: 20000, rate: 0, max_leverage: 100}, {cap: 50000, rate: 0.02, max_leverage: 20}, "
    "{cap: 90000000000, rate: 0.4, max_leverage: 2}]",
    "[{cap: 8000, rate: 0.005, max_leverage: 100}, {cap: 9999, rate: 0.006, max_leverage: 80}, "
    "{cap: 10001, rate: 0.1, max_leverage: 10}, {cap: 90000000000, rate: 0.2, max_leverage: 5}]",
};
static const char *const inverse_tiers[] = {
    "[{cap: 9000000000, rate: 0.01, max_leverage: 50}]",
    "[{cap: 0.02, rate: 0, max_leverage: 100}, {cap: 0.05, rate: 0.02, max_leverage: 20}, "
    "{cap: 9000000000, rate: 0.4, max_leverage: 2}]",
    "[{cap: 0.008, rate: 0.005, max_leverage: 100}, {cap: 0.009999, rate: 0.006, max_leverage: "
    "80}, {cap: 0.010001, rate: 0.1, max_leverage: 10}, {cap: 9000000000, rate: 0.2, "
    "max_leverage: 5}]",
};
static const char *const rules[] = {"maintenance", "maintenance_strict", "initial_fraction"};

static const char *const reserves[] = {
    "",
    ", closing_fee_reserve: 0.0005",
    ", closing_fee_reserve: 0.01, closing_fee_basis: entry",
    ", closing_fee_reserve: 0.02, closing_fee_basis: bankruptcy",
};

#define VARIANTS 36

/* Variant `i` of contract, tiers, their mode, basis, rule and closing fee. */
static struct weir_crowd_venue variant(uint32_t i, uint32_t markets) {
    bool inverse = i / 18 == 1;
    return (struct weir_crowd_venue){
        .markets = markets,
        .inverse = inverse,
        .tiers = (inverse ? inverse_tiers : tier_tables)[i % 3],
        .tier_mode = i / 9 % 2 == 0 ? "marginal" : "whole",
        .basis = i % 2 == 0 ? "mark" : "entry",
        .rule = rules[i / 3 % 3],
        .market_keys = reserves[i % 4],
        .keys = "",
    };
}

/* Further keys of every market, beside those of the variant. */
static void add_keys(struct weir_crowd_venue *venue, uint32_t i, const char *keys) {
    static char text[256];
    snprintf(text, sizeof text, "%s%s", reserves[i % 4], keys);
    venue->market_keys = text;
}

static void good(const struct weir_crowd *c, uint32_t i) {
    cr_assert(c->problem[0] == 0, "variant %d: %s", (int)i, c->problem);
}

/* A venue with a rich account 0; false where the loader refuses the kind of contract. */
static bool open_venue(struct weir_crowd *c, const struct weir_crowd_venue *venue, uint32_t i) {
    if (!weir_crowd_new(c, venue)) {
        cr_assert(venue->inverse, "variant %d: %s", (int)i, c->problem);
        return false;
    }
    weir_crowd_account(c, BANK);
    weir_crowd_deposit(c, BANK, INT64_C(4000000000000000));
    for (uint32_t m = 0; m < venue->markets; m++)
        weir_crowd_tick(c, m, 10000);
    good(c, i);
    return true;
}

/* Account `who` takes lots and brings `percent` of their value. */
static void join(struct weir_crowd *c, uint32_t who, uint32_t market, bool buys, weir_qty lots,
                 int64_t percent) {
    weir_price mark = weir_crowd_mark(c, market);
    weir_crowd_account(c, who);
    weir_crowd_deposit(c, who, weir_crowd_worth(c, mark, lots) * percent / 100 + who % 7);
    weir_crowd_trade(c, buys ? who : BANK, buys ? BANK : who, market, lots, mark);
}

/* To and fro: over edges of bands, tick by tick and in swings, healthy and beside liquidation. */
Test(attack, marks_that_oscillate, .timeout = 0) {
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 3);
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        c.check = false;
        for (uint32_t who = 1; who <= 60; who++) {
            weir_qty lots = 1 + who % 5;
            for (uint32_t m = 0; m < 1 + who % 3; m++)
                join(&c, who, (who + m) % 3, who % 2 == 1, lots, 50 + who % 60);
        }
        c.check = true;
        uint64_t ticks = weir_test_scale(300);
        for (uint64_t k = 0; k < ticks; k++) {
            uint32_t market = (uint32_t)(k / 20 % 3);
            weir_price edge = weir_crowd_edge(&c, 1 + (uint32_t)(k / 20 % 60), market);
            weir_price near = weir_crowd_mark(&c, market), far;
            if (edge == 0) edge = near + 40;
            far = near < edge ? edge - 1 : edge + 1;
            weir_crowd_tick(&c, market, far);
            weir_crowd_tick(&c, market, near);
            weir_crowd_tick(&c, market, far < near ? far + 1 : far - 1);
            weir_crowd_tick(&c, market, near + (weir_price)(k % 3) - 1);
        }
        good(&c, i);
        cr_assert(c.scan.ticks > ticks, "variant %d: most ticks did something else", (int)i);
        weir_crowd_free(&c);
    }
}

/* Very many scopes that all become liquidatable at one price: none before it, all at it. */
static void crowd_at_one_price(uint32_t i, uint32_t count, bool isolated) {
    struct weir_crowd_venue venue = variant(i, 1);
    add_keys(&venue, i, ", default_leverage: 10, max_price: 100000");
    struct weir_crowd c;
    if (!open_venue(&c, &venue, i)) return;
    c.check = false;
    int64_t stake = weir_crowd_worth(&c, 10000, 1) / 2;
    for (uint32_t who = 1; who <= count; who++) {
        weir_crowd_account(&c, who);
        weir_crowd_deposit(&c, who, stake);
        if (isolated) {
            weir_crowd_mode(&c, who, 0, WEIR_ISOLATED);
            weir_crowd_isolated_margin(&c, who, 0, stake);
        }
        weir_crowd_trade(&c, who, BANK, 0, 1, 10000);
    }
    c.check = true;
    weir_price edge = weir_crowd_edge(&c, 1, 0);
    cr_assert(edge > 1 && edge < 10000, "variant %d: edge at %d", (int)i, (int)edge);
    weir_crowd_tick(&c, 0, (edge + 10000) / 2);
    for (int swing = 0; swing < 3; swing++) {
        weir_crowd_tick(&c, 0, edge + 1);
        weir_crowd_tick(&c, 0, edge + 2);
    }
    good(&c, i);
    cr_assert_eq(weir_crowd_queued(&c), 0);
    uint64_t before = c.engine->x.trigger.evaluations;
    weir_crowd_tick(&c, 0, edge);
    good(&c, i);
    uint64_t looks = c.engine->x.trigger.evaluations - before;
    cr_assert(c.events[WEIR_EV_LIQUIDATION_STARTED] > 0 && weir_crowd_queued(&c) + 200 > count,
              "variant %d: %d of %d in the queue", (int)i, (int)weir_crowd_queued(&c), (int)count);
    cr_assert(looks <= 2 * (uint64_t)count + 1000, "%d looks at %d scopes", (int)looks, (int)count);
    weir_crowd_tick(&c, 0, edge + 3); /* they leave untouched, or are worked on */
    weir_crowd_tick(&c, 0, edge - 5);
    good(&c, i);
    weir_crowd_free(&c);
}

Test(attack, a_crowd_at_one_price, .timeout = 0) {
    uint32_t count = (uint32_t)weir_test_scale(100000);
    crowd_at_one_price(0, count, false);
    crowd_at_one_price(0, count / 2 + 1, true);
    crowd_at_one_price(13, count / 10 + 1, false);
    crowd_at_one_price(18, count / 10 + 1, false);
    crowd_at_one_price(31, count / 10 + 1, true);
}

/* Legs in every market of a scope: each tick uses up its part of the headroom, gains elsewhere
 * give some back. */
Test(attack, a_leg_in_every_market, .timeout = 0) {
    for (uint32_t i = 0; i < VARIANTS; i += 5) {
        struct weir_crowd_venue venue = variant(i, 20);
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        c.check = false;
        for (uint32_t who = 1; who <= 40; who++)
            for (uint32_t m = 0; m < 20; m++)
                join(&c, who, m, (who + m) % 3 != 0, 1 + (who + m) % 3, 60 - who % 37);
        c.check = true;
        struct weir_random random = {.key = weir_random_key(i, "everywhere")};
        uint64_t ticks = weir_test_scale(1500);
        for (uint64_t k = 0; k < ticks; k++) {
            uint32_t market = (uint32_t)weir_random_below(&random, 20);
            weir_price mark = weir_crowd_mark(&c, market);
            weir_price by = mark / (k % 50 == 0 ? 30 : 500) + 1;
            weir_crowd_tick(&c, market, mark + (weir_random_below(&random, 2) > 0 ? by : 1 - by));
        }
        good(&c, i);
        cr_assert(c.scan.most_per_position <= 200);
        weir_crowd_free(&c);
    }
}

/* Equity of a few units more or less than nothing, requirements of 0 and 1: the smallest moves
 * decide. */
Test(attack, equity_near_zero, .timeout = 0) {
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 2);
        add_keys(&venue, i, ", default_leverage: 50");
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        c.check = false;
        for (uint32_t who = 1; who <= 80; who++)
            join(&c, who, who % 2, who % 4 < 2, 1, 2 + who % 12);
        c.check = true;
        for (uint32_t who = 1; who <= 80; who++) {
            weir_price edge = weir_crowd_edge(&c, who, who % 2);
            if (edge == 0) continue;
            for (int off = -2; off <= 2; off++)
                weir_crowd_tick(&c, who % 2, weir_max(1, edge + off));
            weir_crowd_deposit(&c, who, 1 + who % 3);
            weir_crowd_tick(&c, who % 2, 10000);
        }
        good(&c, i);
        weir_crowd_free(&c);
    }
}

/* From one tick to max_price and back, with positions that survive some of it. */
Test(attack, both_ends_of_the_range, .timeout = 0) {
    static const weir_price path[] = {9999, 5000, 100, 2,       1,      2,       1,
                                      3,    50,   999, 10000,   100000, 999999,  1000000,
                                      1,    7,    2,   1000000, 999999, 1000000, 10000};
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 2);
        add_keys(&venue, i, ", max_price: 1000000, default_leverage: 2");
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        for (uint32_t who = 1; who <= 40; who++) /* up to 150 times what they hold */
            join(&c, who, who % 2, who % 3 != 0, 1 + who % 4, who % 5 == 0 ? 15000 : 60 + 3 * who);
        for (size_t k = 0; k < 2 * sizeof path / sizeof *path; k++)
            weir_crowd_tick(&c, (uint32_t)(k % 2), path[k / 2]);
        good(&c, i);
        weir_crowd_free(&c);
    }
}

/* New tiers under open positions: every scope with a leg there may cross either way. */
Test(attack, tiers_changed_under_positions, .timeout = 0) {
    static const int64_t caps[4][3] = {
        {9000000, 0, 0}, {100, 30000, 9000000}, {20000, 40000, 9000000}, {9999, 10000, 9000000}};
    static const int64_t rates[4][3] = {{10, 0, 0}, {0, 15, 30}, {5, 100, 300}, {20, 21, 22}};
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 3);
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        c.check = false;
        for (uint32_t who = 1; who <= 60; who++)
            for (uint32_t m = 0; m < 1 + who % 3; m++)
                join(&c, who, m, who % 2 == 1, 1 + who % 4, 40 + who % 50);
        c.check = true;
        uint64_t rounds = weir_test_scale(60);
        for (uint64_t k = 0; k < rounds; k++) {
            uint32_t market = (uint32_t)(k % 3), table = (uint32_t)(k * 7 % 4);
            weir_crowd_tiers(&c, market, table == 0 ? 1 : 3, caps[table], rates[table]);
            for (int step = -2; step <= 2; step++)
                weir_crowd_tick(&c, market, 10000 + (weir_price)(k % 10) * 20 + step * 150);
        }
        good(&c, i);
        weir_crowd_free(&c);
    }
}

/* Lots worth a few units: everything is rounding. */
Test(attack, tiny_lots, .timeout = 0) {
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 2);
        add_keys(&venue, i,
                 venue.inverse ? ", max_price: 1000000000"
                               : ", max_price: 1000, default_leverage: 1");
        struct weir_crowd c;
        if (!weir_crowd_new(&c, &venue)) continue;
        weir_price low = venue.inverse ? 900000000 : 1, span = venue.inverse ? 99000000 : 12;
        weir_crowd_account(&c, BANK);
        weir_crowd_deposit(&c, BANK, INT64_C(4000000000000));
        for (uint32_t m = 0; m < 2; m++)
            weir_crowd_tick(&c, m, low + span / 2);
        for (uint32_t who = 1; who <= 60; who++)
            join(&c, who, who % 2, who % 3 != 0, 1 + who % 2, 25 + who);
        for (uint32_t k = 0; k < 240; k++)
            weir_crowd_tick(&c, k % 2, low + span * (k * 5 % 13) / 12 + k % 2);
        good(&c, i);
        weir_crowd_free(&c);
    }
}

/* Funding that flows one way for thousands of instants drains one side while marks stand still. */
Test(attack, funding_that_drifts, .timeout = 0) {
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 2);
        add_keys(&venue, i,
                 i % 4 < 2 ? ", funding: {interval: 1s, interest: 0.0002, cap: 0.001}"
                           : ", funding: {interval: 1s, interest: -0.0003, cap: 0.001}");
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        c.check = false;
        for (uint32_t who = 1; who <= 50; who++)
            for (uint32_t m = 0; m < 1 + who % 2; m++)
                join(&c, who, m, who / 2 % 2 == 1, 1 + who % 3, 15 + who);
        c.check = true;
        uint64_t rounds = weir_test_scale(500);
        for (uint64_t k = 0; k < rounds; k++) {
            weir_crowd_clock(&c, INT64_C(1000000000) * (weir_time)(1 + k % 9));
            weir_crowd_tick(&c, (uint32_t)(k % 2), 10000 + (weir_price)(k % 3));
            int64_t stake = weir_crowd_worth(&c, 10000, 1) / 40;
            uint32_t who = 1 + (uint32_t)(k * 7 % 50);
            weir_crowd_deposit(&c, who, k % 3 == 0 ? stake * (int64_t)(k % 5) + 1 : -stake);
        }
        good(&c, i);
        cr_assert(c.events[WEIR_EV_FUNDING] > rounds);
        cr_assert(c.events[WEIR_EV_LIQUIDATION_STARTED] > 0 || rounds < 500, "variant %d", (int)i);
        weir_crowd_free(&c);
    }
}

/* Where nothing can be closed scopes live on below nothing, and requirements come and go with the
 * tier of rate 0: warnings follow (R17). */
Test(attack, requirements_that_vanish, .timeout = 0) {
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 2);
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        for (uint32_t who = 1; who <= 48; who++)
            for (uint32_t m = 0; m < 1 + who % 2; m++)
                join(&c, who, (who / 2 + m) % 2, who % 3 != 0, 2 + who % 5, 50 + who);
        for (uint32_t m = 0; m < 2; m++)
            weir_crowd_status(&c, m, WEIR_STATUS_HALTED);
        for (int k = 0; k < 400; k++) {
            weir_price mark = 12500 - 2500 * (k / 100) - 60 * (k % 100 / (1 + k / 200));
            weir_crowd_tick(&c, (uint32_t)(k % 2), mark);
            if (k % 40 == 39) weir_crowd_tick(&c, (uint32_t)(k / 40 % 2), 15000);
        }
        for (uint32_t m = 0; m < 2; m++)
            weir_crowd_status(&c, m, WEIR_STATUS_TRADING);
        good(&c, i);
        weir_crowd_free(&c);
    }
}

/* Collateral is part of equity (R8): its price takes scopes to their edges and back, alone and with
 * the marks. */
Test(attack, collateral_that_moves, .timeout = 0) {
    uint64_t liquidations = 0, calls = 0;
    for (uint32_t i = 0; i < VARIANTS / 2; i++) {
        struct weir_crowd_venue venue = variant(i, 2);
        venue.keys = "collateral: [{asset: ETH, decimals: 4, haircut: 0.1}]";
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        weir_crowd_collateral_price(&c, 200000);
        c.check = false;
        for (uint32_t who = 1; who <= 60; who++) {
            weir_crowd_account(&c, who);
            if (who % 4 != 0) weir_crowd_collateral(&c, who, 2000 * (2 + who % 13) + who);
            join(&c, who, who % 2, who % 3 != 0, 1 + who % 2, who % 4 == 0 ? 60 : 1 + who % 9);
            if (who % 5 == 0) join(&c, who, 1 - who % 2, who % 3 == 0, 1, 2);
        }
        c.check = true;
        cr_assert(c.engine->x.ledger.markets[0].positions.count > 20);
        uint64_t rounds = weir_test_scale(240);
        for (uint64_t k = 0; k < rounds; k++) {
            int64_t swing = (int64_t)(k % 40) * 4500;
            weir_crowd_collateral_price(&c, weir_max(1, 200000 - swing - (int64_t)(k / 40) * 9000));
            weir_price mark = 10000 + 7 * (weir_price)(k * 5 % 11) - 40 * (weir_price)(k / 40);
            weir_crowd_tick(&c, (uint32_t)(k % 2), mark);
            if (k % 16 == 0) weir_crowd_collateral_price(&c, 200001);
        }
        good(&c, i);
        liquidations += c.events[WEIR_EV_LIQUIDATION_STARTED];
        calls += c.events[WEIR_EV_MARGIN_CALL];
        weir_crowd_free(&c);
    }
    cr_assert(liquidations > 0 && calls > 0);
}

/* Losses that no fund pays are charged to every lot, which makes the next ones liquidatable. */
Test(attack, charges, .timeout = 0) {
    for (uint32_t i = 0; i < VARIANTS; i++) {
        struct weir_crowd_venue venue = variant(i, 2);
        venue.keys = "adl: {price: mark}";
        add_keys(&venue, i, ", default_leverage: 10");
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        c.check = false;
        for (uint32_t who = 1; who <= 90; who++)
            join(&c, who, who % 2, who % 3 != 0, 1 + who % 3, 42 + who % 40);
        c.check = true;
        static const weir_price path[] = {9800, 8800, 8799, 5600, 5900, 4700, 4699, 3900, 2500};
        for (size_t k = 0; k < 6 * sizeof path / sizeof *path; k++)
            weir_crowd_tick(&c, (uint32_t)(k % 2), path[k / 6] + (weir_price)(k % 6) * 9);
        good(&c, i);
        cr_assert(c.events[WEIR_EV_SOCIALISED] > 0, "variant %d: nothing was charged", (int)i);
        weir_crowd_free(&c);
    }
}

/* Scopes that change all the time: the index leaves behind far more edges than count, and drops
 * them piece by piece between ticks that pass others. */
Test(attack, edges_left_behind, .timeout = 0) {
    static const uint32_t some[] = {0, 13, 18, 31};
    for (uint32_t k = 0; k < sizeof some / sizeof *some; k++) {
        uint32_t i = some[k], count = (uint32_t)weir_test_scale(1500);
        struct weir_crowd_venue venue = variant(i, 2);
        struct weir_crowd c;
        if (!open_venue(&c, &venue, i)) continue;
        c.check = false;
        for (uint32_t who = 1; who <= count; who++)
            join(&c, who, who % 2, who % 3 != 0, 1 + who % 3, 30 + who % 41);
        for (uint32_t round = 0; round < 24; round++) {
            for (uint32_t who = 1; who <= count; who++) {
                uint32_t market = who % 2;
                weir_price mark = weir_crowd_mark(&c, market);
                if ((who + round) % 5 == 0) /* closes a lot, or opens one the other way */
                    weir_crowd_trade(&c, who % 3 != 0 ? BANK : who, who % 3 != 0 ? who : BANK,
                                     market, 1, mark);
                else if ((who + round) % 5 < 3)
                    weir_crowd_deposit(&c, who, weir_crowd_worth(&c, mark, 1) * 3 / 100);
                c.check = who % 500 == 0;
            }
            c.check = true;
            weir_price mark = weir_crowd_mark(&c, round % 2);
            weir_crowd_tick(&c, round % 2, mark - mark / 40);
            weir_crowd_tick(&c, round % 2, mark - mark / 50);
            weir_crowd_tick(&c, round % 2, mark + mark * (round % 4) / 60);
            c.check = false;
        }
        good(&c, i);
        weir_crowd_free(&c);
    }
}
