/* Requirements by hand: open-interest scaling and the closing fee (R9, R10). */
#include "margin/margin.h"

#include <criterion/criterion.h>

Test(requirement, open_interest_scaling) {
    struct weir_market m = {
        .unit_value = 1, .max_price = 1000000, .oi_scaling_lower = 1000, .oi_scaling_upper = 4000};
    struct weir_risk r = {.tiers = {.count = 2,
                                    .row = {{.cap = 10000, .rate = 1, .max_leverage = 20},
                                            {.cap = 90000, .rate = 1, .initial_rate = 150000000}}}};
    static const struct {
        weir_qty open_interest; /* at a mark of 100 */
        weir_wide notional;
        int64_t leverage;
        weir_wide initial;
    } rows[] = {
        {10, 1001, 20, 51},     /* at the lower bound nothing is scaled: 1001 / 20 */
        {20, 1000, 20, 367},    /* a third of the way: 0.05 + 0.95 / 3 = 0.366666667 */
        {25, 1000, 10, 550},    /* half: 0.1 + 0.45 */
        {25, 1000, 50, 525},    /* the tier allows 20: 0.05 + 0.475 */
        {25, 20000, 50, 11500}, /* by rate: 0.15 + 0.425 */
        {25, 20000, 5, 12000},  /* by leverage: 0.2 + 0.4 */
        {40, 1000, 20, 1000},   /* at the upper bound and beyond all of it */
        {99, 20000, 20, 20000},
    };
    cr_assert(weir_risk_scale(&m, &r, 0, 50) && r.scale_part == 0); /* no mark yet */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_risk_scale(&m, &r, 100, rows[i].open_interest);
        cr_assert(weir_initial(&m, &r, rows[i].notional, rows[i].leverage) == rows[i].initial,
                  "row %zu", i);
    }
    cr_assert(!weir_risk_scale(&m, &r, 100, 1000));
    /* Equal bounds are a step; without them nothing is scaled. */
    m.oi_scaling_upper = 1000;
    cr_assert(weir_risk_scale(&m, &r, 100, 10) && r.scale_part == 0);
    cr_assert(weir_risk_scale(&m, &r, 100, 11) && r.scale_part == r.scale_whole);
    m.oi_scaling_lower = m.oi_scaling_upper = WEIR_NONE;
    cr_assert(weir_risk_scale(&m, &r, 100, 11) && r.scale_part == 0);
}

Test(requirement, closing_fee) {
    struct weir_market m = {.unit_value = 1, .max_price = 1000000, .closing_fee_reserve = 1000000};
    struct weir_risk r = {
        .tiers = {.count = 2, .row = {{1000, 10000000, 10, 0}, {9000, 20000000, 5, 0}}}};
    weir_risk_derive(&r);
    /* 30 lots at 100 from 90: marginal 3000 * 0.02 - 10 = 50, whole 60; a reserve of 0.1 %. */
    cr_assert(weir_maintenance(&m, &r, 100, 30, 2700) == 53);
    cr_assert(weir_maintenance_with(&m, &r, 100, 30, 2700, 0) == 50);
    cr_assert(weir_maintenance_with(&m, &r, 100, 30, 2700, 1) == 51); /* one rounding up */
    m.closing_fee_basis = WEIR_BASIS_ENTRY;
    m.tier_mode = WEIR_TIER_WHOLE;
    cr_assert(weir_maintenance(&m, &r, 100, -30, 2700) == 63); /* 60 + 2.7 */
    cr_assert(weir_maintenance(&m, &r, 100, 0, 0) == 0);
}
