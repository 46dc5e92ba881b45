/* Engine and twin over hundreds of random streams: the same events, line by line, and the same
 * digest. Longer searches: weir_differential. */
#include <criterion/criterion.h>

#include "tests/scale.h"
#include "trial.h"

#define STREAMS  220
#define COMMANDS 1500

/* What these streams are there to reach. */
static void check_reach(const struct weir_trial_result *sum) {
    for (size_t i = 0; i < WEIR_EV_COUNT; i++)
        cr_assert(sum->events[i] > 0, "no event `%s`", weir_event_words[i]);
    for (size_t i = 0; i <= WEIR_FILL_SETTLEMENT; i++) {
        cr_assert(sum->fills[i] > 0, "no fill of kind `%s`", weir_fill_words[i]);
        cr_assert(sum->inverse_fills[i] > 0, "no inverse fill of kind `%s`", weir_fill_words[i]);
    }
    cr_assert(sum->cancelled[WEIR_C_SETTLEMENT] > 0);
    for (size_t i = 0; i <= WEIR_CLOSED; i++)
        cr_assert(sum->outcomes[i] > 0, "no liquidation ended `%s`", weir_outcome_words[i]);
    for (size_t i = 0; i < WEIR_CAUSE_COUNT; i++)
        cr_assert(sum->causes[i] > 0, "no fund movement `%s`", weir_cause_words[i]);
    cr_assert_gt(sum->charged, 0);
}

Test(differential, engine_and_twin_agree_on_long_streams) {
    static struct weir_trial_result result;
    for (uint32_t which = 0; which < WEIR_TRIAL_LONG; which++) {
        cr_assert(weir_trial_long(which, &result));
        cr_assert(result.verdict == WEIR_AGREE, "stream %d: %s", (int)which, result.problem);
        cr_assert_gt(result.command, 2500);
    }
}

Test(differential, engine_and_twin_agree) {
    static struct weir_trial_result sum, result;
    uint64_t streams = weir_test_scale(STREAMS);
    for (uint64_t seed = 1; seed <= streams; seed++) {
        struct weir_trial trial = {.seed = seed,
                                   .shape = (uint32_t)(seed % weir_stream_shapes()),
                                   .commands = COMMANDS,
                                   .twin = true,
                                   .digest_every = 25,
                                   .audit_every = 100,
                                   .restore_every = seed % 2 ? (uint32_t)(seed % 89 + 11) : 0};
        struct weir_recording lines = {0};
        cr_assert(weir_trial_run(&trial, &result, &lines));
        weir_trial_add(&sum, &result);
        if (result.verdict != WEIR_AGREE) {
            weir_trial_print(stderr, &trial, &result, &lines);
            fprintf(stderr,
                    "again and smaller: weir_differential --seed %d --count 1 --shape %s "
                    "--commands %d --restore-every %d --dump FILE\n",
                    (int)seed, weir_stream_shape_name(trial.shape), COMMANDS,
                    (int)trial.restore_every);
        }
        weir_recording_free(&lines);
        cr_assert(result.verdict == WEIR_AGREE, "seed %d: %s", (int)seed, result.problem);
    }
    if (streams >= STREAMS) check_reach(&sum);
}
