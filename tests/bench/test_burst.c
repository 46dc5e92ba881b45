/* The commands of `weir bench burst` through engine and twin. */
#include "bench/burst_check.h"

#include <criterion/criterion.h>

Test(burst, engine_and_twin_agree) {
    static const struct {
        uint32_t accounts, rounds;
        uint64_t seed;
    } rows[] = {{200, 10, 1}, {300, 60, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert(bench_burst_agrees(rows[i].accounts, rows[i].rounds, rows[i].seed));
}
