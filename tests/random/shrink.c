/* Making a failing stream small, and telling a person about it. */
#include "trial.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Does the stream without lines [from, to) still fail in the same way? Then *result is its. */
static bool fails_without(const struct weir_trial *trial, const struct weir_recording *lines,
                          uint64_t from, uint64_t to, enum weir_verdict verdict,
                          struct weir_trial_result *result) {
    struct weir_recording rest = {0};
    rest.line = calloc(lines->count + 1, sizeof *rest.line);
    rest.size = calloc(lines->count + 1, sizeof *rest.size);
    if (rest.line == NULL || rest.size == NULL) abort();
    for (uint64_t i = 0; i < lines->count; i++) {
        if (i >= from && i < to) continue;
        rest.line[rest.count] = lines->line[i];
        rest.size[rest.count++] = lines->size[i];
    }
    struct weir_trial again = *trial;
    again.recording = &rest;
    struct weir_trial_result seen;
    bool same = weir_trial_run(&again, &seen, NULL) && seen.verdict == verdict;
    if (same) *result = seen;
    free(rest.line);
    free(rest.size);
    return same;
}

static void drop(struct weir_recording *lines, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++)
        free((void *)(uintptr_t)lines->line[i]);
    uint64_t tail = lines->count - to;
    memmove(lines->line + from, lines->line + to, tail * sizeof *lines->line);
    memmove(lines->size + from, lines->size + to, tail * sizeof *lines->size);
    lines->count -= to - from;
}

void weir_trial_shrink(struct weir_trial *trial, struct weir_recording *lines,
                       struct weir_trial_result *result, uint32_t seconds) {
    int64_t end = seconds_now() + seconds;
    enum weir_verdict verdict = result->verdict;
    struct weir_trial again = *trial;
    again.digest_every = trial->digest_every > 0 ? 1 : 0;
    again.audit_every = trial->audit_every > 0 ? 1 : 0;
    again.restore_every = trial->restore_every > 0 ? 1 : 0;
    again.seconds = 10;
    if (!fails_without(&again, lines, 0, 0, verdict, result)) return;
    drop(lines, result->command, lines->count);
    for (uint64_t chunk = lines->count / 2; chunk > 0; chunk /= 2) {
        bool dropped = true;
        while (dropped && seconds_now() < end) {
            dropped = false;
            for (uint64_t at = lines->count; at > 0 && seconds_now() < end;) {
                uint64_t from = at > chunk ? at - chunk : 0;
                if (fails_without(&again, lines, from, at, verdict, result)) {
                    drop(lines, from, at);
                    if (result->command < lines->count) drop(lines, result->command, lines->count);
                    if (from > lines->count) from = lines->count;
                    dropped = true;
                }
                at = from;
            }
            if (chunk > 1) break;
        }
    }
    trial->recording = lines;
    trial->digest_every = again.digest_every;
    trial->audit_every = again.audit_every;
    trial->restore_every = again.restore_every;
}

const char *weir_verdict_word(enum weir_verdict verdict) {
    static const char *const words[] = {"agree",   "events differ", "digests differ", "broken",
                                        "crashed", "hung",          "venue refused"};
    return words[verdict];
}

void weir_trial_print(FILE *out, const struct weir_trial *trial,
                      const struct weir_trial_result *result, const struct weir_recording *lines) {
    fprintf(out, "seed %llu, shape %s, command %llu: %s: %s\n", (unsigned long long)trial->seed,
            weir_stream_shape_name(trial->shape), (unsigned long long)result->command,
            weir_verdict_word(result->verdict), result->problem);
    uint64_t end = lines->count < result->command ? lines->count : result->command;
    for (uint64_t i = end > 5 ? end - 5 : 0; i < end; i++) {
        fprintf(out, "  %6llu ", (unsigned long long)(i + 1));
        fwrite(lines->line[i], 1, lines->size[i], out);
        fputc('\n', out);
    }
    if (result->engine_line[0] != 0 || result->twin_line[0] != 0)
        fprintf(out, "  engine %s\n  twin   %s\n", result->engine_line, result->twin_line);
}

void weir_trial_add(struct weir_trial_result *sum, const struct weir_trial_result *from) {
    sum->command += from->command;
    for (size_t i = 0; i < WEIR_EV_COUNT; i++)
        sum->events[i] += from->events[i];
    for (size_t i = 0; i < WEIR_REASON_COUNT; i++) {
        sum->rejected[i] += from->rejected[i];
        sum->cancelled[i] += from->cancelled[i];
    }
    for (size_t i = 0; i <= WEIR_FILL_SETTLEMENT; i++) {
        sum->fills[i] += from->fills[i];
        sum->inverse_fills[i] += from->inverse_fills[i];
    }
    for (size_t i = 0; i <= WEIR_CLOSED; i++)
        sum->outcomes[i] += from->outcomes[i];
    for (size_t i = 0; i < WEIR_CAUSE_COUNT; i++)
        sum->causes[i] += from->causes[i];
    sum->charged += from->charged;
}
