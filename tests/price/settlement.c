/* The settlement average of dated markets, and impact prices as fractions (R14-R16). */
#include "price/price.h"

#include <criterion/criterion.h>

Test(settlement, average_of_the_window) {
    static const struct weir_market m = {
        .expiry = 1000, .settlement_window = 100, .max_price = 5000};
    struct weir_price_state p = {.average_from = 10};
    cr_assert_eq(weir_settlement_price(&m, &p), 0); /* never an index */
    weir_average_advance(&m, &p, 930);              /* 30 of the window without one */
    p.index = 100;
    weir_average_advance(&m, &p, 931);
    weir_average_advance(&m, &p, 950); /* 20 at 100 */
    p.index = 103;
    weir_average_advance(&m, &p, 999);
    weir_average_advance(&m, &p, 2000); /* 50 at 103, nothing past expiry */
    cr_assert_eq(p.average_time, 70);
    cr_assert_eq(weir_settlement_price(&m, &p), 102); /* 7150 / 70 = 102.14 */
    weir_average_advance(&m, &p, 3000);
    cr_assert_eq(p.average_time, 70);
}

Test(settlement, edges) {
    struct weir_market m = {.expiry = 1000, .settlement_window = 5000, .max_price = 90};
    struct weir_price_state p = {.average_from = 400, .index = 95};
    weir_average_advance(&m, &p, 1000); /* a window longer than all there was; kept to max_price */
    cr_assert_eq(p.average_time, 600);
    cr_assert_eq(weir_settlement_price(&m, &p), 90);
    p = (struct weir_price_state){.average_from = 1500, .index = 80};
    weir_average_advance(&m, &p, 1500); /* expired before the clock was set: the index */
    cr_assert_eq(weir_settlement_price(&m, &p), 80);
    m.expiry = WEIR_NONE;
    p = (struct weir_price_state){.index = 80};
    weir_average_advance(&m, &p, 500);
    cr_assert_eq(p.average_time, 0);
}

/* Inverse impact prices are fractions beyond 64 bits: 10^15 lots of 10^9 units at one tick. */
Test(settlement, wide_impact_prices) {
    static const struct weir_market m = {
        .mark_clamp = WEIR_PPB, .mark_interval = 1, .mark_window = 1};
    weir_wide lots = 1000000000000000, face = 1000000000;
    struct weir_impact bid = {true, lots * face * 999, lots * face};
    struct weir_impact ask = {true, lots * face * 1003, lots * face};
    struct weir_price_state p = {.index = 1000};
    weir_basis_sample(&m, &p, &bid, &ask);
    cr_assert_eq(p.ema, 1);
    cr_assert_eq(weir_premium_sample(&p, &ask, &ask), 3000000);
    cr_assert_eq(weir_premium_sample(&p, &bid, &bid), -1000000);
    cr_assert_eq(weir_premium_sample(&p, &bid, &ask), 0);
}
