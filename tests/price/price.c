/* Mark, basis, premium, funding (R14, R15); fractions against GMP's. */
#include <criterion/criterion.h>

#include <gmp.h>
#include <inttypes.h>

#include "price/price.h"
#include "tests/scale.h"

#define HOUR (3600 * WEIR_SECOND)

static struct weir_market market_of(enum weir_mark_method method) {
    return (struct weir_market){.unit_value = 100,
                                .max_price = INT64_C(90000000000),
                                .mark_method = method,
                                .mark_interval = WEIR_SECOND,
                                .mark_window = 30 * WEIR_SECOND,
                                .mark_clamp = 5000000,
                                .funding_interval = 8 * HOUR,
                                .funding_interest = 100000,
                                .funding_clamp = 500000,
                                .funding_cap = 7500000};
}

static struct weir_impact average(weir_wide value, weir_wide lots) {
    return (struct weir_impact){.known = lots > 0, .value = value, .lots = lots};
}

Test(price, grid) {
    static const weir_time rows[][3] = {
        {0, 10, 10},
        {9, 10, 10},
        {10, 10, 20},
        {-1, 10, 0},
        {-10, 10, 0},
        {-11, 10, -10},
        {INT64_MAX, 10, INT64_MAX},
        {5, INT64_MAX, INT64_MAX},
        {INT64_MAX - 8, 10, INT64_MAX - 7},
        {INT64_MAX - 7, 10, INT64_MAX},
        {7, 1, 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert_eq(weir_next_on_grid(rows[i][0], rows[i][1]), rows[i][2], "row %zu", i);
}

Test(price, alpha) {
    struct weir_market market = market_of(WEIR_MARK_EMA_BASIS);
    cr_assert_eq(weir_ema_alpha(&market), 2000000000 / 31);
    market.mark_window = market.mark_interval;
    cr_assert_eq(weir_ema_alpha(&market), WEIR_PPB);
    market.mark_window = INT64_MAX;
    cr_assert_eq(weir_ema_alpha(&market), 0);
    market.mark_interval = INT64_MAX;
    cr_assert_eq(weir_ema_alpha(&market), WEIR_PPB);
}

/* alpha = 2 * 10^9 * 1 / (3 + 1) = one half, so that a sample can be read from the EMA. */
static weir_price ema_after(weir_price ema, weir_price index, struct weir_impact bid,
                            struct weir_impact ask) {
    struct weir_market market = market_of(WEIR_MARK_EMA_BASIS);
    market.mark_window = 3 * WEIR_SECOND;
    struct weir_price_state p = {.index = index, .ema = ema};
    weir_basis_sample(&market, &p, &bid, &ask);
    return p.ema;
}

Test(price, basis) {
    struct weir_impact none = {0};
    cr_assert_eq(ema_after(40, 10000, average(100080, 10), average(10012, 1)), 25);
    cr_assert_eq(ema_after(40, 10000, none, average(10012, 1)), 40);
    cr_assert_eq(ema_after(40, 10000, average(10012, 1), none), 40);
    cr_assert_eq(ema_after(40, 0, average(10012, 1), average(10012, 1)), 40);
    /* mid 9999.5 less index: floor is -1, half of it toward 0 */
    cr_assert_eq(ema_after(0, 10000, average(9999, 1), average(10000, 1)), 0);
    cr_assert_eq(ema_after(1, 10000, average(9999, 1), average(10000, 1)), 0);
    cr_assert_eq(ema_after(-5, 10000, average(10000, 1), average(10000, 1)), -3);
    /* clamped to 0.5 % */
    cr_assert_eq(ema_after(0, 10000, average(20000, 1), average(20000, 1)), 25);
    cr_assert_eq(ema_after(0, 10000, average(1, 1), average(2, 1)), -25);
    cr_assert_eq(ema_after(0, 10199, average(20000, 1), average(20000, 1)), 25);
}

static void mpz_wide(mpz_t z, weir_wide w) {
    mpz_set_si(z, (long)(w >> 64));
    mpz_mul_2exp(z, z, 64);
    mpz_add_ui(z, z, (unsigned long)(uint64_t)w);
}

/* Numbers of every size up to 63 bits. */
static int64_t any_size(struct weir_random *random) {
    int64_t n = (int64_t)(weir_random_next(random) >> (1 + weir_random_below(random, 63)));
    return n > 0 ? n : 1;
}

/* value / lots as a walk through a book can give it: a mean between 1 and 2^63 - 1. */
static struct weir_impact any_average(struct weir_random *random) {
    int64_t lots = any_size(random);
    weir_wide most = (weir_wide)1 << 64, value = (weir_wide)any_size(random) * any_size(random);
    value =
        weir_wide_max(lots, weir_wide_min(weir_wide_min(value, most), (weir_wide)lots * INT64_MAX));
    return average(value, lots);
}

static void set_average(mpq_t q, const struct weir_impact *impact) {
    mpz_wide(mpq_numref(q), impact->value);
    mpz_wide(mpq_denref(q), impact->lots);
    mpq_canonicalize(q);
}

Test(price, basis_is_exact_at_every_size) {
    struct weir_random random = {.key = weir_random_key(1, "basis")};
    struct weir_market market = market_of(WEIR_MARK_EMA_BASIS);
    market.mark_window = market.mark_interval; /* alpha 1: the EMA is the sample */
    market.mark_clamp = WEIR_NONE;
    mpq_t a, b, mid, two;
    mpz_t floor;
    mpq_inits(a, b, mid, two, NULL);
    mpz_init(floor);
    mpq_set_ui(two, 2, 1);
    for (uint64_t n = weir_test_scale(200000); n > 0; n--) {
        struct weir_impact bid = any_average(&random), ask = any_average(&random);
        struct weir_price_state p = {.index = INT64_MAX / 2};
        weir_basis_sample(&market, &p, &bid, &ask);
        set_average(a, &bid);
        set_average(b, &ask);
        mpq_add(mid, a, b);
        mpq_div(mid, mid, two);
        mpz_fdiv_q(floor, mpq_numref(mid), mpq_denref(mid));
        cr_assert_eq((weir_wide)p.ema + p.index, (weir_wide)mpz_get_si(floor));
    }
    mpq_clears(a, b, mid, two, NULL);
    mpz_clear(floor);
}

Test(price, premium) {
    struct weir_price_state p = {.index = 10000};
    struct weir_impact none = {0}, bid = average(10001, 1), ask = average(9998, 1);
    struct weir_impact at = average(10000, 1), third = average(30001, 3);
    cr_assert_eq(weir_premium_sample(&p, &none, &none), 0);
    cr_assert_eq(weir_premium_sample(&p, &bid, &none), 100000);
    cr_assert_eq(weir_premium_sample(&p, &none, &ask), -200000);
    cr_assert_eq(weir_premium_sample(&p, &bid, &ask), -100000);
    cr_assert_eq(weir_premium_sample(&p, &at, &at), 0);
    cr_assert_eq(weir_premium_sample(&p, &ask, &bid), 0);
    cr_assert_eq(weir_premium_sample(&p, &third, &none), 33333);
    third.value = 29999;
    cr_assert_eq(weir_premium_sample(&p, &none, &third), -33333);
    p.index = 0;
    cr_assert_eq(weir_premium_sample(&p, &bid, &ask), 0);
}

/* trunc(max(0, sign * (average - index)) * 10^9 / index) */
static void gmp_premium(mpz_t out, const struct weir_impact *impact, int64_t index, int sign) {
    mpq_t q, i;
    mpq_inits(q, i, NULL);
    set_average(q, impact);
    mpq_set_si(i, index, 1);
    mpq_sub(q, q, i);
    if (sign < 0) mpq_neg(q, q);
    mpq_div(q, q, i);
    mpq_set_si(i, WEIR_PPB, 1);
    mpq_mul(q, q, i);
    mpz_tdiv_q(out, mpq_numref(q), mpq_denref(q));
    if (mpq_sgn(q) < 0) mpz_set_ui(out, 0);
    mpq_clears(q, i, NULL);
}

Test(price, premium_is_exact_at_every_size) {
    struct weir_random random = {.key = weir_random_key(1, "premium")};
    mpz_t above, below;
    mpz_inits(above, below, NULL);
    for (uint64_t n = weir_test_scale(200000); n > 0; n--) {
        struct weir_impact bid = any_average(&random), ask = any_average(&random);
        struct weir_price_state p = {.index = any_size(&random)};
        gmp_premium(above, &bid, p.index, 1);
        gmp_premium(below, &ask, p.index, -1);
        mpz_sub(above, above, below);
        weir_rate expected = mpz_fits_slong_p(above) ? mpz_get_si(above) : INT64_MAX;
        cr_assert_eq(weir_premium_sample(&p, &bid, &ask), expected);
    }
    mpz_clears(above, below, NULL);
}

struct mark_row {
    enum weir_mark_method method;
    weir_price index, ema, last;
    weir_rate rate;
    weir_time now;
    weir_price mark;
};

Test(price, mark) {
    const enum weir_mark_method I = WEIR_MARK_INDEX, E = WEIR_MARK_EMA_BASIS, M = WEIR_MARK_MEDIAN;
    const weir_price max = INT64_C(90000000000);
    const struct mark_row rows[] = {
        {I, 0, 5, 7, 0, 0, 0},
        {E, 0, 5, 7, 0, 0, 0},
        {M, 0, 5, 7, 0, 0, 0},
        {I, 1000, 5, 7, 0, 0, 1000},
        {E, 1000, 5, 7, 0, 0, 1005},
        {E, 1000, -1005, 7, 0, 0, 1},
        {E, 1000, INT64_MAX, 7, 0, 0, max},
        {M, 1000, 5, 7, 0, 0, 1000},
        {M, 1000, 5, 2000, 0, 0, 1005},
        {M, 1000, 5, 1002, 0, 0, 1002},
        {M, 1000, 5, 0, 0, 0, 1000},
        {M, 100000, 90, 200000, 1000000, 0, 100100},
        {M, 100000, 90, 200000, 1000000, 4 * HOUR, 100090},
        {M, 100000, 40, 200000, 1000000, 4 * HOUR, 100050},
        {M, 100000, -200, 100001, -1000000, 4 * HOUR, 99950},
        /* floor(-100000 * 0.001 * (8 h - 1 ns) / 8 h) = -100 */
        {M, 100000, -200, 100001, -1000000, 1, 99900},
        {M, max, INT64_MAX, INT64_MAX, INT64_MAX, 0, max},
        {M, INT64_MAX, INT64_MIN, 1, INT64_MIN, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_market market = market_of(rows[i].method);
        struct weir_price_state p = {.index = rows[i].index,
                                     .ema = rows[i].ema,
                                     .last = rows[i].last,
                                     .funding_rate = rows[i].rate};
        weir_price mark = weir_mark_compute(&market, &p, rows[i].now);
        cr_assert_eq(mark, rows[i].mark, "row %zu: %" PRId64, i, mark);
    }
}

Test(price, premium_is_weighted_by_time) {
    struct weir_price_state p = {.premium = 700, .premium_from = 100};
    weir_premium_advance(&p, 110);
    weir_premium_advance(&p, 110);
    p.premium = -200;
    weir_premium_advance(&p, 140);
    cr_assert(p.premium_sum == 7000 - 6000);
    cr_assert_eq(p.premium_from, 140);
    p.premium = INT64_MAX;
    p.premium_from = 0;
    weir_premium_advance(&p, INT64_MAX);
    cr_assert(p.premium_sum == (weir_wide)INT64_MAX * INT64_MAX + 1000);
}

struct funding_row {
    weir_rate premium; /* held over the whole interval */
    weir_price mark;
    int64_t carry;
    weir_rate rate;
    weir_wide per_lot;
    int64_t carry_after;
};

Test(price, funding) {
    /* interest 0.01 %, clamp 0.05 %, cap 0.75 %, unit value 100 */
    static const struct funding_row rows[] = {
        {0, 50000, 0, 100000, 500, 0},
        {600000, 50000, 0, 100000, 500, 0},
        {600001, 50000, 0, 100001, 500, 5000000},
        {-400000, 50000, 0, 100000, 500, 0},
        {-400001, 50000, 0, 99999, 499, 995000000},
        {2000000, 50000, 0, 1500000, 7500, 0},
        {-2000000, 50000, 0, -1500000, -7500, 0},
        {90000000, 50000, 0, 7500000, 37500, 0},
        {-90000000, 50000, 0, -7500000, -37500, 0},
        {0, 3, 0, 100000, 0, 30000000},
        {0, 3, 980000000, 100000, 1, 10000000},
        {-2000000, 3, 0, -1500000, 0, -450000000},
        {-2000000, 3, -980000000, -1500000, -1, -430000000},
        {0, 0, 5, 100000, 0, 5},
        {INT64_MAX, INT64_C(90000000000), 0, 7500000, 67500000000, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_market market = market_of(WEIR_MARK_MEDIAN);
        struct weir_price_state p = {.mark = rows[i].mark,
                                     .carry = rows[i].carry,
                                     .premium = rows[i].premium,
                                     .premium_from = 16 * HOUR};
        weir_premium_advance(&p, 24 * HOUR);
        weir_wide per_lot;
        weir_funding_instant(&market, market.funding_cap, &p, &per_lot);
        cr_assert_eq(p.funding_rate, rows[i].rate, "row %zu: %" PRId64, i, p.funding_rate);
        cr_assert(per_lot == rows[i].per_lot, "row %zu: %" PRId64, i, (int64_t)per_lot);
        cr_assert_eq(p.carry, rows[i].carry_after, "row %zu: %" PRId64, i, p.carry);
        cr_assert(p.premium_sum == 0);
        cr_assert_eq(p.premium_from, 24 * HOUR);
    }
}

/* A cap of `none` and the largest lot value that R3 allows. */
Test(price, funding_at_the_ends) {
    struct weir_market market = market_of(WEIR_MARK_INDEX);
    market.unit_value = 1;
    market.max_price = INT64_MAX / 1000000;
    struct weir_price_state p = {.mark = market.max_price,
                                 .carry = WEIR_PPB - 1,
                                 .premium_sum = (weir_wide)INT64_MAX * 8 * HOUR};
    weir_wide per_lot;
    weir_funding_instant(&market, WEIR_NONE, &p, &per_lot);
    cr_assert_eq(p.funding_rate, INT64_MAX - 500000);
    weir_wide due = (weir_wide)p.funding_rate * market.max_price + WEIR_PPB - 1;
    cr_assert(per_lot == due / WEIR_PPB);
    cr_assert_eq(p.carry, (int64_t)(due % WEIR_PPB));
}
