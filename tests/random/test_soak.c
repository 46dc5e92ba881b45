/* A million lines, valid, wrong and torn, through the engine alone: one answer each, money
 * conserved, the audit clean, and the same again the second time (R33, R34, R35). */
#include <criterion/criterion.h>

#include "tests/scale.h"
#include "trial.h"

#define LINES   1000000
#define STREAMS 22

Test(soak, a_million_lines_are_answered_and_conserved) {
    static struct weir_trial_result sum, result;
    uint64_t commands = weir_test_scale(LINES) / STREAMS + 1;
    for (uint32_t i = 0; i < STREAMS; i++) {
        struct weir_trial trial = {.seed = 1000 + i,
                                   .shape = i % weir_stream_shapes(),
                                   .commands = commands,
                                   .mutate_ppm = 30000,
                                   .audit_every = 1000,
                                   .seconds = 500};
        struct weir_recording none = {0};
        cr_assert(weir_trial_run(&trial, &result, NULL));
        if (result.verdict != WEIR_AGREE) weir_trial_print(stderr, &trial, &result, &none);
        cr_assert(result.verdict == WEIR_AGREE, "seed %d, command %d: %s", (int)trial.seed,
                  (int)result.command, result.problem);
        cr_assert_eq(result.command, commands);
        weir_trial_add(&sum, &result);
    }
    cr_assert(sum.rejected[WEIR_R_MALFORMED] > 0 && sum.rejected[WEIR_R_MARGIN] > 0);
    cr_assert(sum.events[WEIR_EV_ACCEPTED] > sum.command / 10);
    cr_assert(sum.events[WEIR_EV_TOTALS] > sum.command / 200);
}

Test(soak, the_same_stream_gives_the_same_events_and_digest) {
    static struct weir_trial_result first, second;
    for (uint32_t shape = 0; shape < weir_stream_shapes(); shape++) {
        struct weir_trial trial = {.seed = 77, .shape = shape, .mutate_ppm = 10000};
        trial.commands = weir_test_scale(10000);
        cr_assert(weir_trial_run(&trial, &first, NULL) && weir_trial_run(&trial, &second, NULL));
        cr_assert(first.verdict == WEIR_AGREE && second.verdict == WEIR_AGREE, "%s", first.problem);
        cr_assert_eq(first.digest, second.digest);
        cr_assert_eq(first.text_hash, second.text_hash);
        trial.seed++;
        cr_assert(weir_trial_run(&trial, &second, NULL));
        cr_assert_neq(first.digest, second.digest);
    }
}
