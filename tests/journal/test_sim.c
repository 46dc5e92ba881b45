/* Crashes and recoveries on the pretended disk; ./dev simulate journal goes on. */
#include <criterion/criterion.h>

#include "sim.h"
#include "tests/scale.h"

Test(journal_sim, crashes_and_recoveries) {
    struct sim_result sum = {0}, one;
    uint64_t runs = weir_test_scale(5000);
    for (uint64_t seed = 1; seed <= runs; seed++) {
        sim_run(seed, false, &one);
        cr_assert(one.ok, "weir_journal_sim --seed %llu --count 1 --trace: %s",
                  (unsigned long long)seed, one.problem);
        sim_add(&sum, &one);
    }
    /* More than two a run; and everything that it is about does happen. */
    cr_assert(sum.recoveries > 2 * runs);
    if (runs < 100) return;
    cr_assert(sum.kills > 0 && sum.powers > 0 && sum.closes > 0 && sum.refused > 0);
    cr_assert(sum.full > 0 && sum.waits > 0 && sum.errors > 0 && sum.trims > 0);
}
