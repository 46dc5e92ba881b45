/* The rankings of R28 by hand, and water_filling against its definition, lot by lot. */
#include <criterion/criterion.h>

#include "adl/adl.h"
#include "base/base.h"
#include "tests/scale.h"

#define NONE INT64_MIN

static int64_t score_of(enum weir_ranking ranking, struct weir_adl_candidate c) {
    weir_adl_score(ranking, &c);
    return weir_saturate(c.score);
}

/* 8 lots that were worth 400 and are worth 600 now, behind them a share of 50 of 100. */
static const struct weir_adl_candidate winner = {.size = 8,
                                                 .whole = 8,
                                                 .entry_value = 400,
                                                 .unrealised = 200,
                                                 .notional = 600,
                                                 .share = 50,
                                                 .equity = 100,
                                                 .grows = true};

Test(rankings, by_hand) {
    struct weir_adl_candidate loser = winner, worthless = winner, poor = winner, faller = winner;
    loser.unrealised = -200;
    loser.entry_value = 800;
    worthless.entry_value = 0;
    poor.share = 0;
    poor.equity = -5;
    faller.grows = false;
    const int64_t most = INT64_MAX, ppb = WEIR_PPB;
    const struct {
        enum weir_ranking ranking;
        int64_t winner, loser, worthless, poor, faller;
    } rows[] = {
        /* u = 0.5 and -0.25; L = 12 */
        {WEIR_RANK_PNL_LEVERAGE, 6 * ppb, -20833333, NONE, NONE, 6 * ppb},
        {WEIR_RANK_PNL_AMOUNT_LEVERAGE, 2400, -16, 2400, NONE, 2400},
        {WEIR_RANK_PNL, ppb / 2, -ppb / 4, most, ppb / 2, ppb / 2},
        {WEIR_RANK_SIZE, 8, 8, 8, 8, 8},
        /* l = 6; the price went from 400 to 600 */
        {WEIR_RANK_NOTIONAL_LEVERAGE, 9 * ppb, 9 * ppb / 2, most, most, 4 * ppb},
        {WEIR_RANK_PRO_RATA, 200, 0, 200, 200, 200},
        {WEIR_RANK_EQUITY_PRO_RATA, 100, 100, 100, 0, 100},
        {WEIR_RANK_CONTRACT_PRO_RATA, 8, 8, 8, 8, 8},
        {WEIR_RANK_WATER_FILLING, 6 * ppb, 6 * ppb, 6 * ppb, most, 6 * ppb},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct {
            const struct weir_adl_candidate *c;
            int64_t want;
        } each[] = {{&winner, rows[i].winner},
                    {&loser, rows[i].loser},
                    {&worthless, rows[i].worthless},
                    {&poor, rows[i].poor},
                    {&faller, rows[i].faller}};
        for (size_t k = 0; k < sizeof each / sizeof each[0]; k++) {
            int64_t got = score_of(rows[i].ranking, *each[k].c);
            cr_assert(each[k].want == NONE || got == each[k].want, "ranking %d, %zu: %lld",
                      rows[i].ranking, k, (long long)got);
        }
    }
}

/* Of equal sizes whoever gained or lost less; then the lower account. */
Test(rankings, ties_of_min_accounts) {
    struct weir_adl_candidate gained = winner, lost = winner, larger = winner, same;
    gained.order = 1;
    lost.order = 2;
    lost.unrealised = -100;
    larger.order = 3;
    larger.size = 9;
    struct weir_adl_candidate *all[] = {&gained, &lost, &larger};
    for (int i = 0; i < 3; i++)
        weir_adl_score(WEIR_RANK_MIN_ACCOUNTS, all[i]);
    cr_assert(weir_adl_before(&larger, &lost) && weir_adl_before(&lost, &gained));
    same = lost;
    same.order = 4;
    cr_assert(weir_adl_before(&lost, &same) && !weir_adl_before(&same, &lost));
    /* The largest position and the largest loss there are. */
    same.size = INT64_MAX;
    same.entry_value = 0;
    weir_adl_score(WEIR_RANK_MIN_ACCOUNTS, &same);
    cr_assert(weir_adl_before(&same, &larger));
}

Test(rankings, turns_begin_anywhere) {
    bool seen[7] = {0};
    for (uint64_t seed = 1; seed <= 100; seed++) {
        uint64_t first = weir_adl_first_turn(seed, 3, 1, 7);
        cr_assert(first < 7);
        seen[first] = true;
    }
    for (int i = 0; i < 7; i++)
        cr_assert(seen[i], "never %d", i);
    cr_assert_eq(weir_adl_first_turn(1, 0, 1, 7), 4);
    cr_assert_eq(weir_adl_first_turn(3, 0, 1, 7), 3);
}

/* ---- water_filling --------------------------------------------------------------------------- */

#define MOST 12
static struct weir_share scratch[MOST];

struct pool {
    struct weir_market market;
    weir_price mark;
    struct weir_adl_candidate items[MOST];
    uint32_t n;
};

static int64_t leverage(const struct pool *p, uint32_t i, weir_qty given) {
    struct weir_adl_candidate c = p->items[i];
    c.notional = weir_value(&p->market, p->mark, c.whole - given);
    return score_of(WEIR_RANK_WATER_FILLING, c);
}

/* Lot by lot from the highest, ties to the lower account. */
static void one_by_one(const struct pool *p, weir_qty lots, weir_qty *given) {
    for (uint32_t i = 0; i < p->n; i++)
        given[i] = 0;
    for (; lots > 0; lots--) {
        int64_t best = -1;
        uint32_t at = 0;
        for (uint32_t i = 0; i < p->n; i++) {
            if (given[i] == p->items[i].size || leverage(p, i, given[i]) <= best) continue;
            best = leverage(p, i, given[i]);
            at = i;
        }
        if (best < 0) return;
        given[at]++;
    }
}

static void draw(struct pool *p, struct weir_random *r) {
    bool inverse = weir_random_below(r, 3) == 0;
    *p = (struct pool){.mark = 1 + (weir_price)weir_random_below(r, inverse ? 60 : 1000),
                       .n = 1 + (uint32_t)weir_random_below(r, MOST)};
    p->market.contract = inverse ? WEIR_INVERSE : WEIR_LINEAR;
    p->market.unit_value = 1 + (int64_t)weir_random_below(r, 3);
    p->market.face_units = 1 + (int64_t)weir_random_below(r, 500);
    p->market.face_divisor = 1 + (int64_t)weir_random_below(r, 4);
    int64_t rich = 1 + (int64_t)weir_random_below(r, 5000);
    for (uint32_t i = 0; i < p->n; i++) {
        struct weir_adl_candidate *c = &p->items[i];
        c->whole = 1 + (weir_qty)weir_random_below(r, 40);
        c->size = weir_random_below(r, 5) ? c->whole : (weir_qty)weir_random_below(r, 41);
        c->size = weir_min(c->size, c->whole);
        c->equity = weir_random_below(r, 12) ? 1 + (int64_t)weir_random_below(r, (uint64_t)rich)
                                             : -(int64_t)weir_random_below(r, 3);
    }
}

Test(rankings, water_filling_goes_lot_by_lot) {
    struct weir_random r = {.key = 28};
    uint64_t rounds = weir_test_scale(3000), whole = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        struct pool p;
        weir_qty want[MOST], lots = (weir_qty)weir_random_below(&r, 300), sum = 0, all = 0;
        draw(&p, &r);
        one_by_one(&p, lots, want);
        weir_adl_fill_water(&p.market, p.mark, p.items, p.n, lots, scratch);
        for (uint32_t i = 0; i < p.n; i++) {
            cr_assert_eq(p.items[i].lots, want[i], "round %llu, %u of %u: %lld for %lld",
                         (unsigned long long)round, i, p.n, (long long)p.items[i].lots,
                         (long long)want[i]);
            sum += want[i];
            all += p.items[i].size;
        }
        cr_assert_eq(sum, weir_min(lots, all));
        whole += lots >= all;
    }
    cr_assert(whole > rounds / 50 && whole < rounds);
}

/* Positions at both ends of what a market allows. */
Test(rankings, water_filling_of_the_largest) {
    struct pool p = {.market = {.contract = WEIR_LINEAR, .unit_value = 1}, .mark = 1, .n = 2};
    for (uint32_t i = 0; i < 2; i++)
        p.items[i] = (struct weir_adl_candidate){.size = INT64_MAX / 2, .whole = INT64_MAX / 2};
    p.items[0].equity = (weir_wide)INT64_MAX * 8;
    p.items[1].equity = 1;
    weir_adl_fill_water(&p.market, p.mark, p.items, p.n, INT64_MAX / 4, scratch);
    cr_assert(p.items[0].lots == 0 && p.items[1].lots == INT64_MAX / 4);
    weir_adl_fill_water(&p.market, p.mark, p.items, p.n, INT64_MAX - 1, scratch);
    cr_assert(p.items[0].lots == INT64_MAX / 2 && p.items[1].lots == INT64_MAX / 2);
}
