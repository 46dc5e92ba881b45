/* Timers: the tournament against a scan. */
#include "base/base.h"
#include "tests/scale.h"

#include <criterion/criterion.h>

#define SLOTS 200

/* The lowest of the slots due the earliest, found by looking at all. */
static uint32_t scan(const weir_time *due, uint32_t count) {
    uint32_t first = 0;
    for (uint32_t i = 1; i < count; i++)
        if (due[i] < due[first]) first = i;
    return first;
}

Test(timers, earliest_and_lowest) {
    const uint32_t counts[] = {1, 2, 3, 8, 9, SLOTS};
    for (size_t row = 0; row < sizeof counts / sizeof counts[0]; row++) {
        struct weir_timers t;
        weir_time due[SLOTS];
        struct weir_random random = {7, 0};
        cr_assert_eq(weir_timers_new(&t, counts[row]), 0);
        cr_assert_eq(weir_timers_next(&t), INT64_MAX);
        for (uint32_t i = 0; i < counts[row]; i++)
            due[i] = INT64_MAX;
        for (uint64_t step = weir_test_scale(20000); step > 0; step--) {
            uint32_t slot = (uint32_t)weir_random_below(&random, counts[row]);
            /* Few different times, so that many slots are due together; some before 1970. */
            weir_time at = (weir_time)weir_random_below(&random, 12) - 3;
            due[slot] = at == 8 ? INT64_MAX : at;
            weir_timers_set(&t, slot, due[slot]);
            uint32_t first = scan(due, counts[row]);
            cr_assert_eq(weir_timers_next(&t), due[first]);
            if (due[first] != INT64_MAX) cr_assert_eq(weir_timers_first(&t), first);
        }
        weir_timers_free(&t);
    }
}
