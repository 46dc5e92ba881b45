/* The trigger index over random states; weir_states runs longer. */
#include <criterion/criterion.h>

#include "states.h"
#include "tests/random/stream.h"
#include "tests/scale.h"

#define SEEDS    84
#define COMMANDS 12000

Test(states, the_index_finds_what_a_full_scan_finds, .timeout = 0) {
    struct weir_states_result sum = {0}, result;
    uint64_t seeds = weir_test_scale(SEEDS);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct weir_states states = {
            .seed = seed, .shape = (uint32_t)(seed % weir_stream_shapes()), .commands = COMMANDS};
        cr_assert(weir_states_run(&states, &result));
        cr_assert(result.ok, "weir_states --seed %d --count 1 --shape %s: %s", (int)seed,
                  weir_stream_shape_name(states.shape), result.problem);
        weir_states_add(&sum, &result);
    }
    if (seeds < SEEDS) return;
    cr_assert(sum.checks >= SEEDS * COMMANDS);
    cr_assert(sum.liquidations > 1000 && sum.calls > 1000 && sum.edges > 5000);
    cr_assert(sum.pending > 0 && sum.queued > 1000 && sum.rekeyed > 100);
    cr_assert(sum.most_per_position <= 200);
}
