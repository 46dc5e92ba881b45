/* R23: whatever the number of fills, closing at the bankruptcy price never costs more than its
 * share, for both kinds of contract, the fee included or not; and without what is kept for
 * rounding, one tick further it would cost more. */
#include "margin/margin.h"

#include <criterion/criterion.h>

#define FILLS 5

static struct weir_market market_of(struct weir_random *r, bool inverse) {
    struct weir_market m = {.max_price = 1000000000,
                            .unit_value = 1 + (int64_t)weir_random_below(r, 50),
                            .fee_taker = (int64_t)weir_random_below(r, 20000000)};
    if (!inverse) return m;
    m.contract = WEIR_INVERSE;
    m.face_units = 1 + (int64_t)weir_random_below(r, 1000000000000);
    m.face_divisor = 1 + (int64_t)weir_random_below(r, 3);
    return m;
}

/* What closing at `price` in FILLS random parts costs against the value at mark. */
static weir_wide cost(const struct weir_market *m, struct weir_random *r, weir_qty size,
                      weir_price mark, weir_price price, bool with_fee) {
    weir_qty left = weir_abs(size);
    int sign = (size > 0) == (m->contract == WEIR_LINEAR) ? 1 : -1;
    weir_wide sum = weir_value(m, mark, left) * sign;
    for (int i = 0; i < FILLS && left > 0; i++) {
        weir_qty lots = i == FILLS - 1 ? left : 1 + (int64_t)weir_random_below(r, (uint64_t)left);
        weir_wide value = weir_value(m, price, lots);
        sum -= value * sign;
        if (with_fee) sum += weir_fee(value, m->fee_taker);
        left -= lots;
    }
    return sum;
}

Test(bankruptcy, never_costs_more_than_its_share) {
    struct weir_random r = {.key = 5};
    static struct weir_price_state price;
    int tight = 0;
    for (int i = 0; i < 40000; i++) {
        bool inverse = i % 2, with_fee = i / 2 % 2;
        struct weir_market m = market_of(&r, inverse);
        struct weir_venue v = {.markets = &m, .market_count = 1, .fills_per_step = FILLS};
        struct weir_exchange x = {.venue = &v, .prices = &price};
        price.mark = 1 + (int64_t)weir_random_below(&r, 200000);
        weir_qty lots = 1 + (int64_t)weir_random_below(&r, 5000);
        struct weir_leg leg = {.size = weir_random_below(&r, 2) ? lots : -lots};
        weir_wide n = weir_value(&m, price.mark, lots);
        weir_wide a = (weir_wide)weir_random_below(&r, (uint64_t)n + 100) - n / 3;
        weir_price p = weir_bankruptcy_price(&x, &leg, lots, a, with_fee);
        cr_assert(p >= 1 && p <= m.max_price);
        if (p == 1 || p == m.max_price) continue; /* what the range leaves is shortfall */
        cr_assert(cost(&m, &r, leg.size, price.mark, p, with_fee) <= a, "case %d", i);
        if (inverse || with_fee) continue;
        weir_price worse = leg.size > 0 ? p - 1 : p + 1;
        cr_assert(cost(&m, &r, leg.size, price.mark, worse, false) > a, "case %d", i);
        tight++;
    }
    cr_assert(tight > 5000);
}

/* One BTC-margined lot is 100 USD, a tick 0.5, 8 decimals: F = 100 * 10^8 / 0.5 a lot. */
Test(bankruptcy, textbook_prices) {
    static struct weir_price_state price = {.mark = 100000}; /* 50000 */
    struct weir_market m = {.contract = WEIR_INVERSE,
                            .face_units = INT64_C(20000000000),
                            .face_divisor = 1,
                            .max_price = INT64_C(1000000000000)};
    struct weir_venue v = {.markets = &m, .market_count = 1, .fills_per_step = 1};
    struct weir_exchange x = {.venue = &v, .prices = &price};
    struct weir_leg leg = {.size = 1000};
    /* 1000 lots are 2 BTC; with 0.2 of equity the long is bankrupt at 50000 / 1.1 = 45454.5454, up
     * to 45455 in ticks of 0.5; the short at 50000 / 0.9 = 55555.55, down to 55555.5. */
    cr_assert_eq(weir_bankruptcy_price(&x, &leg, 1000, 20000000, false), 90910);
    leg.size = -1000;
    cr_assert_eq(weir_bankruptcy_price(&x, &leg, 1000, 20000000, false), 111111);
    /* A short with as much equity as it owes, or more, is bankrupt at no price; a long that must
     * gain more than its value neither. */
    cr_assert_eq(weir_bankruptcy_price(&x, &leg, 1000, 200000001, false), m.max_price);
    leg.size = 1000;
    cr_assert_eq(weir_bankruptcy_price(&x, &leg, 1000, -200000000, false), m.max_price);
}
