/* Postings: charges, positions, conservation (R7, R15, R29, R33, R34). */
#include "tests/ledger/scene.h"
#include "tests/scale.h"

static weir_wide balance_of(const struct scene *s, uint32_t leg) {
    return weir_scope_balance(&s->ledger, weir_leg_at(&s->ledger, leg)->scope);
}

/* Two accounts, one long and one short, in a market. */
static void open_pair(struct scene *s, uint32_t market, weir_qty qty, uint32_t leg[2]) {
    for (int i = 0; i < 2; i++)
        leg[i] = weir_leg_get(&s->ledger, scene_account(s, i ? "short" : "long"), market);
    scene_fill(s, leg[0], leg[1], qty, 1000);
}

Test(ledger, charges_and_funding) {
    struct scene s;
    uint32_t leg[2];
    scene_open(&s, 10);
    open_pair(&s, LINEAR, 3, leg);
    weir_post_funding(&s.ledger, LINEAR, 5);  /* long 3 * 5 to short */
    weir_post_charge(&s.ledger, LINEAR, 2);   /* both 3 * 2 */
    weir_post_funding(&s.ledger, LINEAR, -1); /* short 3 * 1 to long */
    cr_assert_eq(balance_of(&s, leg[0]), -15 - 6 + 3);
    cr_assert_eq(balance_of(&s, leg[1]), 15 - 6 - 3);
    cr_assert_eq(s.ledger.assets[USDT].balances, -12);
    s.ledger.assets[USDT].withdrawals += 12; /* what the charge paid for */
    cr_assert_eq(weir_ledger_imbalance(&s.ledger, USDT, 0, 0), 0);
    /* Turning: what was charged before stays, what comes after is the other side's. */
    scene_fill(&s, leg[1], leg[0], 5, 1000);
    cr_assert_eq(weir_leg_at(&s.ledger, leg[0])->size, -2);
    weir_wide before[2] = {balance_of(&s, leg[0]), balance_of(&s, leg[1])};
    weir_post_funding(&s.ledger, LINEAR, 10);
    cr_assert_eq(balance_of(&s, leg[0]) - before[0], 20);
    cr_assert_eq(balance_of(&s, leg[1]) - before[1], -20);
    weir_scope_settle(&s.ledger, weir_leg_at(&s.ledger, leg[0])->scope);
    cr_assert_eq(balance_of(&s, leg[0]) - before[0], 20);
    scene_close(&s);
}

/* Totals that leave +-2^62 begin at 0 again, and no account notices. */
Test(ledger, totals_begin_again) {
    static const struct {
        bool funding;
        weir_wide per_lot;
    } rows[] = {{true, (weir_wide)1 << 61},
                {true, (weir_wide)1 << 61}, /* +-2^62: the last that stays */
                {true, 1},                  /* both sides leave */
                {false, 7},
                {true, -((weir_wide)1 << 62)}, /* the short side leaves */
                {true, -((weir_wide)1 << 62)},
                {false, (weir_wide)1 << 62}, /* again, and the long side comes back to 0 */
                {false, 1},
                {true, (weir_wide)3 << 64}, /* two that fit no total at all */
                {false, (weir_wide)5 << 63},
                {true, -9}};
    struct scene s;
    uint32_t leg[2];
    scene_open(&s, 10);
    open_pair(&s, INVERSE, 4, leg);
    uint32_t flat = weir_leg_get(&s.ledger, scene_account(&s, "flat"), INVERSE);
    weir_wide expected[2] = {0, 0}, charged[2] = {0, 0};
    int restarts = 0;
    const struct weir_market_ledger *m = &s.ledger.markets[INVERSE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_wide per_lot = rows[i].per_lot;
        weir_wide longs = m->long_before, shorts = m->short_before;
        if (rows[i].funding)
            weir_post_funding(&s.ledger, INVERSE, per_lot);
        else
            weir_post_charge(&s.ledger, INVERSE, per_lot);
        for (int side = 0; side < 2; side++) {
            weir_wide pays = rows[i].funding && side == 1 ? -per_lot : per_lot;
            charged[side] += pays;
            expected[side] -= 4 * pays;
            cr_assert(balance_of(&s, leg[side]) == expected[side]);
            cr_assert(weir_lot_charged(m, side == 0 ? 1 : -1) == charged[side]);
        }
        restarts += m->long_before != longs || m->short_before != shorts;
        cr_assert(m->long_paid >= -(INT64_C(1) << 62) && m->long_paid <= INT64_C(1) << 62);
        cr_assert(m->short_paid >= -(INT64_C(1) << 62) && m->short_paid <= INT64_C(1) << 62);
        cr_assert(balance_of(&s, flat) == 0);
        cr_assert(weir_ledger_audit(&s.ledger) == NULL);
    }
    cr_assert_eq(restarts, 5);
    scene_fill(&s, leg[1], leg[0], 4, 1000);
    cr_assert(weir_scope_own_balance(
                  weir_scope_at(&s.ledger, weir_leg_at(&s.ledger, leg[0])->scope)) == expected[0]);
    scene_close(&s);
}

/* The 96 bits of a balance, of either sign and across their halves. */
Test(ledger, wide_balances) {
    struct scene s;
    scene_open(&s, 10);
    uint32_t scope = weir_account_at(&s.ledger, scene_account(&s, "a"))->cross;
    weir_wide expected = 0;
    static const int bits[] = {0, 31, 62, 63, 64, 65, 90};
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
            weir_wide amount = sign * (((weir_wide)1 << bits[i]) - 1);
            weir_post_balance(&s.ledger, scope, amount);
            expected += amount;
            cr_assert(weir_scope_own_balance(weir_scope_at(&s.ledger, scope)) == expected);
            weir_post_balance(&s.ledger, scope, -3 * amount);
            expected -= 3 * amount;
            cr_assert(weir_scope_own_balance(weir_scope_at(&s.ledger, scope)) == expected);
        }
    }
    cr_assert_eq(expected, 0);
    scene_close(&s);
}

/* R33 with hand-made numbers: an inverse long of 10 lots of 100 opened at 500 (V = 200 000 000),
 * 4 closed at 400 for 100 000 000: 80 000 000 released, so he loses 20 000 000. */
Test(ledger, inverse_conservation) {
    struct scene s;
    uint32_t leg[2];
    scene_open(&s, 10);
    for (int i = 0; i < 2; i++)
        leg[i] = weir_leg_get(&s.ledger, scene_account(&s, i ? "short" : "long"), INVERSE);
    scene_fill(&s, leg[0], leg[1], 10, 500);
    const struct weir_asset_ledger *a = &s.ledger.assets[BTC];
    cr_assert_eq(weir_leg_at(&s.ledger, leg[0])->entry_value, 200000000);
    cr_assert_eq(a->entry_values, 0);
    scene_fill(&s, leg[1], leg[0], 4, 400);
    cr_assert_eq(balance_of(&s, leg[0]), -20000000);
    cr_assert_eq(balance_of(&s, leg[1]), 20000000);
    /* A third takes the long's place at 250: the terms of both sides stay equal and opposite. */
    uint32_t third = weir_leg_get(&s.ledger, scene_account(&s, "third"), INVERSE);
    scene_fill(&s, third, leg[0], 6, 250);
    cr_assert_eq(weir_leg_at(&s.ledger, third)->entry_value, 240000000);
    cr_assert_eq(balance_of(&s, leg[0]), -20000000 + 120000000 - 240000000);
    cr_assert_eq(a->entry_values, 240000000 - 120000000);
    cr_assert_eq(a->balances, 120000000 - 240000000);
    cr_assert_eq(weir_ledger_imbalance(&s.ledger, BTC, 0, 0), 0);
    cr_assert_eq(weir_ledger_imbalance(&s.ledger, USDT, 0, 0), 0);
    scene_close(&s);
}

/* Random fills, charges, fees, transfers and modes in all markets: conserved after each, per asset,
 * and everything recomputed from the accounts every so often. */
Test(ledger, random_postings) {
    enum { ACCOUNTS = 12 };
    struct scene s;
    scene_open(&s, 100);
    struct weir_ledger *l = &s.ledger;
    uint32_t account[ACCOUNTS];
    for (int i = 0; i < ACCOUNTS; i++) {
        char text[8];
        snprintf(text, sizeof text, "a%u", (unsigned)i % 1000);
        account[i] = scene_account(&s, text);
    }
    struct weir_random r = {.key = weir_random_key(1, "postings")};
    uint64_t steps = weir_test_scale(40000);
    for (uint64_t n = 0; n < steps; n++) {
        uint32_t market = (uint32_t)weir_random_below(&r, 3), asset = s.markets[market].asset;
        uint32_t a = account[weir_random_below(&r, ACCOUNTS)];
        uint32_t b = account[weir_random_below(&r, ACCOUNTS)];
        uint32_t leg = weir_leg_get(l, a, market), other = weir_leg_get(l, b, market);
        uint64_t what = weir_random_below(&r, 100);
        weir_wide amount = (weir_wide)weir_random_below(&r, 2000) - 1000;
        struct weir_leg *g = weir_leg_at(l, leg);
        if (what < 70 && a != b) {
            weir_qty qty = 1 + (weir_qty)weir_random_below(&r, 20);
            if (weir_random_below(&r, 3) == 0 && g->size < 0) qty = -g->size;
            scene_fill(&s, leg, other, qty, 1 + (weir_price)weir_random_below(&r, 100000));
        } else if (what < 75) {
            weir_post_funding(l, market, amount * ((weir_wide)1 << weir_random_below(&r, 50)));
        } else if (what < 80) {
            weir_wide lots = 2 * (weir_wide)l->markets[market].open_interest;
            weir_post_charge(l, market, amount + 1000);
            l->assets[asset].withdrawals += lots * (amount + 1000); /* what it paid for */
        } else if (what < 85) {
            weir_leg_settle(l, g);
            struct weir_position_change none = {.size = g->size, .entry_value = g->entry_value};
            weir_post_fill(l, leg, &none, amount + 1000);
        } else if (what < 90) {
            scene_deposit(&s, a, asset, amount + 1000);
        } else if (g->size == 0) {
            struct weir_scope *scope = weir_scope_at(l, g->scope);
            if (!weir_scope_is_isolated(scope))
                cr_assert(weir_leg_isolate(l, leg));
            else if (weir_scope_own_balance(scope) >= 0)
                weir_leg_rejoin(l, leg);
        }
        for (uint32_t k = 0; k < 3; k++)
            cr_assert_eq(weir_ledger_imbalance(l, k, 0, 0), 0);
        for (uint32_t k = 0; k < 3; k++)
            cr_assert(l->markets[k].open_interest == l->markets[k].short_interest);
        if (n % 500 == 0) cr_assert(weir_ledger_audit(l) == NULL);
    }
    scene_close(&s);
}
