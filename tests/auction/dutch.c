/* Dutch curves (R26): examples worked by hand, and what holds for every curve. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "auction/auction.h"

#define ONE ((uint64_t)WEIR_CURVE_ONE)

static struct weir_venue venue_of(enum weir_auction_curve curve, weir_time duration, weir_time step,
                                  weir_rate cut) {
    return (struct weir_venue){.auction_curve = curve,
                               .auction_start = 1020000000,
                               .auction_duration = duration,
                               .auction_step = step,
                               .auction_cut = cut,
                               .auction_tail = WEIR_NONE,
                               .auction_cusp = WEIR_NONE};
}

Test(dutch, factors) {
    static const struct {
        enum weir_auction_curve curve;
        weir_rate cut;
        weir_time t; /* step: 1000 */
        uint64_t factor;
    } rows[] = {
        {WEIR_CURVE_STEP, 990000000, 0, ONE},
        {WEIR_CURVE_STEP, 990000000, 999, ONE},
        {WEIR_CURVE_STEP, 990000000, 1000, ONE / 100 * 99},
        {WEIR_CURVE_STEP, 990000000, 2999, 980100000000000000},
        {WEIR_CURVE_STEP, 500000000, 10000, ONE / 1024},
        {WEIR_CURVE_STEP, 1, 2000, 1}, /* 10^-9 squared */
        {WEIR_CURVE_STEP, 1, 3000, 0},
        {WEIR_CURVE_EXPONENTIAL, 990000000, 0, ONE},
        {WEIR_CURVE_EXPONENTIAL, 990000000, 2000, 980100000000000000},
        {WEIR_CURVE_EXPONENTIAL, 250000000, 500, ONE / 2},
        {WEIR_CURVE_EXPONENTIAL, 250000000, 1500, ONE / 8},
        /* 0.0625^(3/4) = 0.5^3 */
        {WEIR_CURVE_EXPONENTIAL, 62500000, 750, ONE / 8},
        /* sqrt(0.99) = 0.994987437106619954... */
        {WEIR_CURVE_EXPONENTIAL, 990000000, 500, 994987437106619954},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct weir_venue v = venue_of(rows[i].curve, 1000000, 1000, rows[i].cut);
        struct weir_dutch d;
        weir_dutch_new(&d, &v);
        uint64_t factor = weir_dutch_factor(&d, rows[i].t);
        cr_assert(factor == rows[i].factor, "row %zu: %llu", i, (unsigned long long)factor);
    }
}

Test(dutch, prices) {
    static const struct {
        enum weir_auction_curve curve;
        enum weir_side side;
        weir_price start, end;
        weir_time t;
        weir_wide price;
    } rows[] = {
        {WEIR_CURVE_LINEAR, WEIR_SELL, 924, 900, 0, 924},
        {WEIR_CURVE_LINEAR, WEIR_SELL, 924, 900, 4000, 915}, /* 24 * 0.4 = 9.6 */
        {WEIR_CURVE_LINEAR, WEIR_SELL, 924, 900, 10000, 900},
        {WEIR_CURVE_LINEAR, WEIR_SELL, 924, 930, 4000, 924}, /* the reserve is better already */
        {WEIR_CURVE_LINEAR, WEIR_BUY, 1073, 1100, 4000, 1083},
        {WEIR_CURVE_LINEAR, WEIR_BUY, 1073, 1100, 10000, 1100},
        {WEIR_CURVE_LINEAR, WEIR_BUY, 1073, 1050, 10000, 1073},
        {WEIR_CURVE_STEP, WEIR_SELL, 924, 1, 2500, 906}, /* 924 * 0.9801 = 905.6 */
        {WEIR_CURVE_STEP, WEIR_BUY, 1073, 1, 2500, 1094},
        {WEIR_CURVE_EXPONENTIAL, WEIR_SELL, 924, 1, 2500, 902}, /* 901.07 */
        {WEIR_CURVE_EXPONENTIAL, WEIR_BUY, 1000, 1, 500, 1005}, /* 1005.01 */
        /* The widest numbers there are. */
        {WEIR_CURVE_LINEAR, WEIR_SELL, INT64_MAX, 1, 10000, 1},
        {WEIR_CURVE_STEP, WEIR_SELL, INT64_MAX, 1, 0, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct weir_venue v = venue_of(rows[i].curve, 10000, 1000, 990000000);
        struct weir_dutch d;
        weir_dutch_new(&d, &v);
        weir_wide p = weir_dutch_price(&d, rows[i].side, rows[i].start, rows[i].end, rows[i].t);
        cr_assert(p == rows[i].price, "row %zu: %lld", i, (long long)p);
    }
}

Test(dutch, starts) {
    struct weir_market m = {.max_price = 1000};
    struct weir_venue v = venue_of(WEIR_CURVE_LINEAR, 10000, 1000, 990000000);
    cr_assert_eq(weir_dutch_start(&v, &m, WEIR_SELL, 905), 924);  /* 923.1 */
    cr_assert_eq(weir_dutch_start(&v, &m, WEIR_SELL, 990), 1000); /* 1009.8 */
    cr_assert_eq(weir_dutch_start(&v, &m, WEIR_BUY, 905), 886);   /* 886.9 */
    cr_assert_eq(weir_dutch_start(&v, &m, WEIR_BUY, 1), 1);       /* 0.98 */
}

Test(dutch, restarts) {
    static const struct {
        enum weir_auction_curve curve;
        enum weir_side side;
        weir_time tail;
        weir_rate cusp;
        weir_price start, end;
        weir_time after;
    } rows[] = {
        {WEIR_CURVE_LINEAR, WEIR_SELL, WEIR_NONE, WEIR_NONE, 1000, 900, INT64_MAX},
        {WEIR_CURVE_LINEAR, WEIR_SELL, 3000, WEIR_NONE, 1000, 900, 3001},
        {WEIR_CURVE_LINEAR, WEIR_SELL, 9999, WEIR_NONE, 1000, 900, INT64_MAX}, /* it closes */
        /* 100 * t / 10000 > 1000 * 0.05 = 50 */
        {WEIR_CURVE_LINEAR, WEIR_SELL, WEIR_NONE, 950000000, 1000, 900, 5001},
        {WEIR_CURVE_LINEAR, WEIR_BUY, WEIR_NONE, 950000000, 1000, 1100, 5001},
        {WEIR_CURVE_LINEAR, WEIR_SELL, WEIR_NONE, 900000000, 1000, 900, INT64_MAX},
        {WEIR_CURVE_LINEAR, WEIR_SELL, WEIR_NONE, 950000000, 1000, 1000, INT64_MAX},
        {WEIR_CURVE_LINEAR, WEIR_SELL, 3000, 950000000, 1000, 900, 3001},
        {WEIR_CURVE_LINEAR, WEIR_SELL, 6000, 950000000, 1000, 900, 5001},
        /* 0.99^6 = 0.9415 */
        {WEIR_CURVE_STEP, WEIR_SELL, WEIR_NONE, 950000000, 1000, 900, 6000},
        {WEIR_CURVE_STEP, WEIR_SELL, WEIR_NONE, 990000000, 1000, 900, 2000}, /* not at it */
        {WEIR_CURVE_STEP, WEIR_SELL, WEIR_NONE, 800000000, 1000, 900, INT64_MAX},
        /* ln 0.95 / ln 0.99 = 5.1036 steps */
        {WEIR_CURVE_EXPONENTIAL, WEIR_BUY, WEIR_NONE, 950000000, 1000, 900, 5104},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct weir_venue v = venue_of(rows[i].curve, 10000, 1000, 990000000);
        v.auction_tail = rows[i].tail;
        v.auction_cusp = rows[i].cusp;
        struct weir_dutch d;
        weir_dutch_new(&d, &v);
        weir_time t = weir_dutch_restart(&d, rows[i].side, rows[i].start, rows[i].end);
        cr_assert(t == rows[i].after, "row %zu: %lld", i, (long long)t);
    }
}

/* Never rises for a sale but for the roundings of 32 products, never passes the start, and meets
 * the step curve at whole steps. */
Test(dutch, falls) {
    static const weir_rate cuts[] = {1, 500000000, 990000000, 999999999};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct weir_venue v = venue_of(WEIR_CURVE_EXPONENTIAL, 100000, 777, cuts[i]);
        struct weir_dutch exponential, step;
        weir_dutch_new(&exponential, &v);
        v.auction_curve = WEIR_CURVE_STEP;
        weir_dutch_new(&step, &v);
        uint64_t last = ONE;
        for (weir_time t = 0; t < 20000; t += 7) {
            uint64_t e = weir_dutch_factor(&exponential, t), s = weir_dutch_factor(&step, t);
            cr_assert(e <= last + 32 && e <= s && s <= ONE, "at %lld", (long long)t);
            if (t % 777 == 0) cr_assert_eq(e, s);
            last = e;
        }
    }
}
