/* What policies count and draw (R36): waits, rolling sums, measures of a market's past. Slices
 * themselves are worked by hand in tests/engine/scripts/R36-*. */
#include "policy/policy.h"

#include <criterion/criterion.h>

#define SEC WEIR_SECOND

static weir_time waits(weir_rate probability, uint64_t plan, int64_t number) {
    struct weir_policy_config config = {.probability = probability, .seed = 7};
    return weir_random_wait(&config, plan, 0, number);
}

Test(plans, waits_are_geometric) {
    int64_t sum = 0, first = 0, second = 0, n = 20000;
    for (int64_t i = 0; i < n; i++) {
        weir_time wait = waits(WEIR_PPB / 2, (uint64_t)i, 1);
        cr_assert(wait % SEC == 0 && wait >= SEC);
        sum += wait / SEC;
        first += wait == SEC;
        second += wait == 2 * SEC;
    }
    /* Mean 2; half wait one second, a quarter two: within five standard deviations. */
    cr_assert(sum > 2 * n - 1000 && sum < 2 * n + 1000);
    cr_assert(first > n / 2 - 360 && first < n / 2 + 360);
    cr_assert(second > n / 4 - 310 && second < n / 4 + 310);
}

Test(plans, waits_at_the_ends) {
    for (uint64_t i = 0; i < 1000; i++) {
        cr_assert_eq(waits(WEIR_PPB, i, 1), SEC);
        weir_time rare = waits(1, i, 1);
        cr_assert(rare >= SEC && rare <= (INT64_C(1) << 32) * SEC);
    }
    /* The same draw for the same plan and number, others for others. */
    cr_assert_eq(waits(WEIR_PPB / 1000, 3, 5), waits(WEIR_PPB / 1000, 3, 5));
    cr_assert(waits(WEIR_PPB / 1000, 3, 5) != waits(WEIR_PPB / 1000, 3, 6));
    cr_assert(waits(WEIR_PPB / 1000, 3, 5) != waits(WEIR_PPB / 1000, 4, 5));
}

Test(plans, window_rolls) {
    struct weir_policy_config config = {.window = 10 * SEC};
    struct weir_policy_market state = {0};
    weir_time oldest;
    cr_assert(weir_window_used(&config, &state, SEC, &oldest) == 0);
    cr_assert_eq(oldest, INT64_MAX);
    weir_window_add(&config, &state, SEC, 5);
    weir_window_add(&config, &state, SEC, 2);
    weir_window_add(&config, &state, 4 * SEC, 1);
    cr_assert(weir_window_used(&config, &state, 11 * SEC - 1, &oldest) == 8);
    cr_assert_eq(oldest, SEC);
    cr_assert(weir_window_used(&config, &state, 11 * SEC, &oldest) == 1);
    cr_assert_eq(oldest, 4 * SEC);
    cr_assert(weir_window_used(&config, &state, 14 * SEC, &oldest) == 0);
    /* A sum again and again over what a plain list holds, while the list grows and is emptied. */
    weir_time times[5000];
    int64_t values[5000];
    int n = 0;
    for (weir_time t = 20 * SEC; n < 5000; n++) {
        t += (weir_time)(weir_random_at(1, (uint64_t)n) % (SEC / 20));
        times[n] = t;
        values[n] = 1 + (int64_t)(weir_random_at(2, (uint64_t)n) % 100);
        weir_window_add(&config, &state, t, values[n]);
        weir_wide sum = 0;
        for (int i = n; i >= 0 && times[i] > t - config.window; i--)
            sum += values[i];
        cr_assert(weir_window_used(&config, &state, t, &oldest) == sum);
    }
    weir_policy_market_free(&state);
}

Test(plans, volume_of_a_day) {
    const weir_time hour = 3600 * SEC;
    struct weir_measure m = {0};
    weir_measure_trade(&m, 100 * hour + 1, 7);
    weir_measure_trade(&m, 101 * hour - 1, 1);
    weir_measure_trade(&m, 123 * hour, 10);
    cr_assert(m.traded == 18);
    cr_assert(weir_measure_volume(&m, 124 * hour - 1) == 18);
    cr_assert(weir_measure_volume(&m, 124 * hour) == 10);
    weir_measure_trade(&m, 124 * hour, 2); /* takes the place of hour 100 */
    cr_assert(weir_measure_volume(&m, 124 * hour) == 12);
    cr_assert(weir_measure_volume(&m, 147 * hour) == 2);
    cr_assert(weir_measure_volume(&m, 148 * hour) == 0);
}

/* 1000 to 905 is -9.5 %: 0.009025 a minute, 0.000300833... in two seconds. */
Test(plans, variance) {
    struct weir_measure m = {0};
    cr_assert(weir_measure_variance(&m, SEC, SEC) == 0);
    weir_measure_mark(&m, SEC, 0, 1000);
    weir_measure_mark(&m, SEC, 1000, 905);
    cr_assert(weir_measure_variance(&m, SEC, 2 * SEC) == INT64_C(300833333333333));
    cr_assert(weir_measure_variance(&m, SEC, 60 * SEC) == INT64_C(9025000000000000));
    /* After ten minutes the same square is from ten minutes. */
    cr_assert(weir_measure_variance(&m, 601 * SEC, 60 * SEC) == INT64_C(902500000000000));
    /* It is forgotten with its minute, the sixtieth before. */
    cr_assert(weir_measure_variance(&m, 3599 * SEC, SEC) > 0);
    cr_assert(weir_measure_variance(&m, 3600 * SEC, SEC) == 0);
    /* A move by a factor above 1000 counts as 1000; the largest variance is 10^24. */
    weir_measure_mark(&m, 4000 * SEC, 1, INT64_MAX);
    weir_wide most = (weir_wide)WEIR_PPB * WEIR_PPB * 1000000;
    cr_assert(weir_measure_variance(&m, 4000 * SEC, 86400 * SEC) == most);
}
