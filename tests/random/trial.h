/* trial: one stream through the engine and, if asked, the twin beside it, in a process of its own,
 * so that a crash is a result like any other. What is looked at after every command: exactly one
 * answer, events numbered from 0 under the command's number, the same lines from both (details of
 * rejections aside), the same digest, `conserved`, and the engine's own audit. */
#ifndef WEIR_TESTS_RANDOM_TRIAL_H
#define WEIR_TESTS_RANDOM_TRIAL_H

#include "stream.h"

enum weir_verdict {
    WEIR_AGREE = 0,
    WEIR_DIFFERENT_EVENTS,
    WEIR_DIFFERENT_DIGEST,
    WEIR_BROKEN,  /* an invariant: `problem` says which */
    WEIR_CRASHED, /* a signal, a failing check, a sanitizer */
    WEIR_HUNG,
    WEIR_BAD_VENUE
};

/* Lines as they were sent; they may hold NUL bytes. */
struct weir_recording {
    uint64_t count;
    const char **line;
    uint32_t *size;
};

struct weir_trial {
    uint64_t seed;
    uint32_t shape;
    uint64_t commands;
    uint32_t mutate_ppm;   /* lines with bytes changed */
    bool twin;             /* compare with the twin */
    uint32_t digest_every; /* commands; 0: never */
    uint32_t audit_every;
    uint32_t restore_every; /* the engine is exchanged for one made from its image; 0: never */
    uint32_t seconds;       /* after which it counts as hung */
    const char *venue;      /* with `recording`: instead of the stream's */
    const struct weir_recording *recording; /* NULL: the stream */
};

#define WEIR_TRIAL_LINE 6000

/* What a trial saw; of a crash, up to the command that crashed. */
struct weir_trial_result {
    enum weir_verdict verdict;
    uint64_t command;   /* number of the command where it went wrong, from 1; else all */
    uint64_t digest;    /* at the end */
    uint64_t text_hash; /* of all of the engine's events as text */
    uint64_t events[WEIR_EV_COUNT];
    uint64_t rejected[WEIR_REASON_COUNT], cancelled[WEIR_REASON_COUNT];
    uint64_t fills[WEIR_FILL_SETTLEMENT + 1], inverse_fills[WEIR_FILL_SETTLEMENT + 1];
    uint64_t outcomes[WEIR_CLOSED + 1], causes[WEIR_CAUSE_COUNT];
    uint64_t charged; /* payments of accounts into loss pools */
    char problem[512];
    char engine_line[WEIR_TRIAL_LINE], twin_line[WEIR_TRIAL_LINE];
};

/* Runs it. `keep` (may be NULL) receives the lines, to be freed by weir_recording_free. False when
 * the machine refuses memory or processes. */
bool weir_trial_run(const struct weir_trial *trial, struct weir_trial_result *result,
                    struct weir_recording *keep);
/* Drops commands as long as the trial still fails in the same way, for about `seconds` at most;
 * `lines` becomes the small stream and *result what it does. */
void weir_trial_shrink(struct weir_trial *trial, struct weir_recording *lines,
                       struct weir_trial_result *result, uint32_t seconds);
void weir_recording_free(struct weir_recording *recording);
const char *weir_verdict_word(enum weir_verdict verdict);
/* Seed, command, the last commands and both lines, for a person. */
void weir_trial_print(FILE *out, const struct weir_trial *trial,
                      const struct weir_trial_result *result, const struct weir_recording *lines);
/* Two streams, 0 and 1, through engine and twin that are longer in one respect than random ones:
 * the samples of a drawdown, and open orders. False as weir_trial_run. */
#define WEIR_TRIAL_LONG 2
bool weir_trial_long(uint32_t which, struct weir_trial_result *result);
/* Adds the counts of `from` to `sum`. */
void weir_trial_add(struct weir_trial_result *sum, const struct weir_trial_result *from);

#endif
