/* The ranking index of deleveraging (R28) against its slow twin: everybody's exact score, sorted.
 * Venues of every kind, accounts with one and with many positions, isolated ones, collateral;
 * between comparisons marks creep and jump, funding is paid, money and positions come and go. The
 * index also checks itself: no exact score lies above the bound it was found by. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "tests/scale.h"
#include "tests/trigger/crowd.h"

#define BANK     0
#define ACCOUNTS 60
#define MANY     250
#define MARKETS  4

static const char *const linear_tiers[] = {
    "[{cap: 90000000000, rate: 0.01, max_leverage: 50}]",
    "[{cap: 20000, rate: 0, max_leverage: 100}, {cap: 50000, rate: 0.02, max_leverage: 20}, "
    "{cap: 90000000000, rate: 0.4, max_leverage: 2}]",
    "[{cap: 8000, rate: 0.005, max_leverage: 100}, {cap: 90000, rate: 0.01, max_leverage: 50}, "
    "{cap: 90000000000, rate: 0.1, max_leverage: 5}]",
};
static const char *const inverse_tiers[] = {
    "[{cap: 9000000000, rate: 0.01, max_leverage: 50}]",
    ("[{cap: 0.02, rate: 0, max_leverage: 100}, {cap: 0.05, rate: 0.02, max_leverage: 20}, "
     "{cap: 9000000000, rate: 0.4, max_leverage: 2}]"),
    "[{cap: 0.08, rate: 0.005, max_leverage: 100}, {cap: 9000000000, rate: 0.1, max_leverage: 5}]",
};
static const char *const rules[] = {"maintenance", "maintenance_strict", "initial_fraction"};
static const char *const reserves[] = {
    "",
    ", closing_fee_reserve: 0.0005",
    ", closing_fee_reserve: 0.01, closing_fee_basis: entry",
    ", closing_fee_reserve: 0.02, closing_fee_basis: bankruptcy",
};
static const char *const equities[] = {"with_pnl", "posted"};
static const char *const rankings[] = {
    "pnl_leverage", "pnl_amount_leverage", "pnl",          "size", "min_accounts",
    "rotation",     "notional_leverage",   "water_filling"};
#define RANKINGS (sizeof rankings / sizeof rankings[0])

struct ranks {
    struct weir_crowd crowd;
    struct weir_liquidator *lq;
    struct weir_random random;
    uint32_t accounts, variant;
    uint64_t compared;
};

static uint64_t below(struct ranks *r, uint64_t n) {
    return weir_random_below(&r->random, n);
}

/* The first of one side in line, as many as asked for, against the sorted line of all. */
static void compare(struct ranks *r, uint32_t market, enum weir_side side, uint32_t owner,
                    uint32_t ask) {
    struct weir_liquidator *lq = r->lq;
    if (owner != WEIR_NO_INDEX) owner = weir_account_at(&lq->x->ledger, owner)->owner;
    uint32_t n = weir_adl_candidates(lq, market, side, owner), got = 0;
    struct weir_adl_candidate *line = WEIR_AT(&lq->candidates, struct weir_adl_candidate, 0), c;
    weir_adl_heap(line, n);
    weir_adl_search(&lq->ranks, market, side, owner);
    for (; got < ask && weir_adl_next(&lq->ranks, &c); got++) {
        cr_assert(got < n, "variant %u: more than the %u eligible", r->variant, n);
        weir_adl_pop(line, n - got);
        const struct weir_adl_candidate *want = &line[n - got - 1];
        cr_assert(c.leg == want->leg && c.score == want->score && c.size == want->size,
                  "variant %u: place %u of %u is another", r->variant, got + 1, n);
    }
    cr_assert(got == (ask < n ? ask : n), "variant %u: %u of %u", r->variant, got, n);
    r->compared += got;
}

static void compare_some(struct ranks *r) {
    uint32_t market = (uint32_t)below(r, MARKETS);
    enum weir_side side = below(r, 2) ? WEIR_BUY : WEIR_SELL;
    uint32_t ask = below(r, 4) ? 1 + (uint32_t)below(r, 6) : WEIR_NO_INDEX;
    uint32_t owner = below(r, 2) ? WEIR_NO_INDEX : (uint32_t)below(r, r->accounts) + 1;
    if (weir_crowd_mark(&r->crowd, market) > 0) compare(r, market, side, owner, ask);
}

static void trade(struct ranks *r, uint32_t account) {
    bool buys = below(r, 2);
    uint32_t market = (uint32_t)below(r, MARKETS);
    weir_price mark = weir_crowd_mark(&r->crowd, market);
    weir_price price = mark + (weir_price)below(r, (uint64_t)mark / 200 + 1) - mark / 400;
    weir_qty lots = 1 + (weir_qty)below(r, below(r, 5) ? 6 : 60);
    uint32_t other = below(r, 3) ? BANK : (uint32_t)below(r, r->accounts);
    if (other == account || price < 1) return;
    weir_crowd_trade(&r->crowd, buys ? account : other, buys ? other : account, market, lots,
                     price);
}

static void move(struct ranks *r) {
    uint32_t market = (uint32_t)below(r, MARKETS);
    weir_price mark = weir_crowd_mark(&r->crowd, market);
    int64_t most = below(r, 40) == 0 ? mark / 4 : below(r, 4) == 0 ? mark / 50 : mark / 1000;
    weir_price to = mark + (int64_t)below(r, (uint64_t)most * 2 + 3) - most - 1;
    weir_crowd_tick(&r->crowd, market, weir_max(2, to));
}

/* Requirements change for everybody in a market. */
static void change_tiers(struct ranks *r) {
    const int64_t caps[] = {1000 + (int64_t)below(r, 50000), 9000000000};
    const int64_t rates[] = {(int64_t)below(r, 20), 20 + (int64_t)below(r, 100)};
    weir_crowd_tiers(&r->crowd, (uint32_t)below(r, MARKETS), 2, caps, rates);
}

static void act(struct ranks *r) {
    struct weir_crowd *c = &r->crowd;
    uint32_t account = 1 + (uint32_t)below(r, r->accounts - 1);
    switch (below(r, 16)) {
    case 0:
        weir_crowd_deposit(c, account, (int64_t)below(r, 100000) - 30000);
        return;
    case 1:
        weir_crowd_collateral(c, account, (int64_t)below(r, 20000));
        return;
    case 2:
        weir_crowd_collateral_price(c, 100000 + (int64_t)below(r, 20000));
        return;
    case 3:
        weir_crowd_clock(c, (weir_time)below(r, 4) * 1200 * WEIR_SECOND);
        return;
    case 4:
    case 5:
    case 6:
        trade(r, account);
        return;
    case 7:
        if (below(r, 8) == 0) change_tiers(r);
        return;
    default:
        move(r);
        return;
    }
}

/* Lines are begun before anybody asks, and many scopes change before anybody does: all is built and
 * followed in pieces, beside commands. */
static void prepare(struct ranks *r) {
    struct weir_adl_index *ix = &r->lq->ranks;
    for (uint32_t m = 0; m < MARKETS; m++) {
        weir_adl_begin(ix, m, WEIR_BUY);
        weir_adl_begin(ix, m, WEIR_SELL);
    }
    cr_assert(ix->begun_count == MARKETS * 2);
    for (uint32_t i = 0; i < 200 + 4 * r->accounts; i++) {
        act(r);
        cr_assert(r->crowd.problem[0] == 0, "%s", r->crowd.problem);
    }
    cr_assert(ix->begun_count == 0);
    cr_assert(r->lq->x->trigger.followed.count <= 100);
}

static void populate(struct ranks *r, bool inverse) {
    struct weir_crowd *c = &r->crowd;
    weir_crowd_account(c, BANK);
    weir_crowd_deposit(c, BANK, INT64_C(1000000000000000));
    weir_crowd_collateral_price(c, 110000);
    for (uint32_t m = 0; m < MARKETS; m++)
        weir_crowd_tick(c, m, 10000 + 1000 * (weir_price)m);
    for (uint32_t i = 1; i < r->accounts; i++) {
        weir_crowd_account(c, i);
        weir_crowd_deposit(c, i, 100000 + (int64_t)below(r, inverse ? 30000000 : 3000000));
        if (below(r, 4) == 0) weir_crowd_mode(c, i, (uint32_t)below(r, MARKETS), WEIR_ISOLATED);
        for (uint32_t k = (uint32_t)below(r, 4); k > 0; k--)
            trade(r, i);
    }
}

static void run(uint32_t variant, uint32_t ranking, uint32_t steps) {
    static char market_keys[256], keys[512];
    bool inverse = variant % 3 == 2;
    snprintf(market_keys, sizeof market_keys, "%s", reserves[variant / 2 % 4]);
    snprintf(keys, sizeof keys, "adl: {ranking: %s, equity: %s, seed: %u}%s", rankings[ranking],
             equities[variant / 4 % 2], variant + 1,
             inverse ? "" : "\ncollateral: [{asset: ETH, decimals: 4, haircut: 0.1}]");
    struct weir_crowd_venue venue = {
        .markets = MARKETS,
        .inverse = inverse,
        .tiers = (inverse ? inverse_tiers : linear_tiers)[variant / 3 % 3],
        .tier_mode = variant % 2 == 0 ? "marginal" : "whole",
        .basis = variant / 5 % 2 == 0 ? "mark" : "entry",
        .rule = rules[variant / 7 % 3],
        .market_keys = market_keys,
        .keys = keys,
    };
    struct ranks r = {.random = {variant + 1, 0},
                      .accounts = variant % 8 == 5 ? MANY : ACCOUNTS,
                      .variant = variant};
    cr_assert(weir_crowd_new(&r.crowd, &venue), "%s", r.crowd.problem);
    r.crowd.check = false;
    r.lq = &r.crowd.engine->lq;
    populate(&r, inverse);
    if (variant % 4 == 1) prepare(&r);
    for (uint32_t step = 0; step < steps; step++) {
        act(&r);
        if (below(&r, 3) == 0) compare_some(&r);
        cr_assert(r.crowd.problem[0] == 0, "%s", r.crowd.problem);
    }
    cr_assert(r.compared > steps / 4, "variant %u: %llu compared", variant,
              (unsigned long long)r.compared);
    weir_crowd_free(&r.crowd);
}

Test(ranks, the_order_is_that_of_a_full_sort, .timeout = 600) {
    for (uint32_t variant = 0; variant < 42; variant++)
        run(variant, 0, (uint32_t)weir_test_scale(2000));
}

Test(ranks, the_order_of_every_ranking, .timeout = 600) {
    for (uint32_t ranking = 1; ranking < RANKINGS; ranking++)
        for (uint32_t variant = 0; variant < 42; variant++)
            run(variant, ranking, (uint32_t)weir_test_scale(500));
}
