#include "trial.h"

#include "restore.h"

#include "engine/engine.h"
#include "reference/reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#define ARENA_SIZE (UINT64_C(1) << 26) /* reserved: lines that a child hands back */
#define LINE_SIZE  8192

/* Present only in builds that count coverage or look for leaks; _exit skips both otherwise. */
extern void weir_coverage_dump(void) __attribute__((weak)); /* coverage.c */
extern void __lsan_do_leak_check(void) __attribute__((weak));

/* Memory that the child writes and its parent reads. */
struct shared {
    struct weir_trial_result result;
    uint64_t lines, used;
    char arena[]; /* per line: 4 bytes of length, then the bytes */
};

/* One of the two machines and what it said to the present command. */
struct voice {
    const struct weir_venue *venue;
    struct weir_stream *stream;       /* the engine's: learns from its events */
    struct weir_trial_result *counts; /* the engine's */
    char *text;
    size_t used, size;
    bool digest; /* state_hash is looked at */
    uint64_t seq;
    uint32_t next_n, answers;
    const char *problem;
};

static void count_event(const struct weir_venue *venue, struct weir_trial_result *counts,
                        const struct weir_event *event) {
    counts->events[event->kind]++;
    switch (event->kind) {
    case WEIR_EV_REJECTED:
        counts->rejected[event->rejected.reason]++;
        return;
    case WEIR_EV_CANCELLED:
        counts->cancelled[event->cancelled.reason]++;
        return;
    case WEIR_EV_FILL:
        counts->fills[event->fill.kind]++;
        if (venue->markets[event->fill.market].contract == WEIR_INVERSE)
            counts->inverse_fills[event->fill.kind]++;
        return;
    case WEIR_EV_LIQUIDATION_ENDED:
        counts->outcomes[event->liquidation_ended.outcome]++;
        return;
    case WEIR_EV_FUND_MOVEMENT:
        counts->causes[event->fund_movement.cause]++;
        return;
    case WEIR_EV_SOCIALISED:
        counts->charged += event->socialised.market == WEIR_NO_INDEX;
        return;
    default:
        return;
    }
}

static void check_event(struct voice *voice, const struct weir_event *event) {
    if (event->seq != voice->seq) voice->problem = "an event has the number of another command";
    if (event->n != voice->next_n++) voice->problem = "events are not numbered from 0 without gaps";
    if (event->kind == WEIR_EV_ACCEPTED || event->kind == WEIR_EV_REJECTED ||
        event->kind >= WEIR_EV_ACCOUNT_STATE)
        voice->answers++;
    if (event->kind == WEIR_EV_TOTALS && !event->totals_state.conserved)
        voice->problem = "totals say that money is not conserved";
    if (event->kind == WEIR_EV_FUND_MOVEMENT && event->fund_movement.balance < 0)
        voice->problem = "a fund's cash is negative (R31)";
}

static void hear(void *ctx, const struct weir_event *event) {
    struct voice *voice = ctx;
    struct weir_event plain = *event;
    if (event->kind == WEIR_EV_REJECTED) plain.rejected.detail = "";
    if (event->kind == WEIR_EV_TOTALS && !voice->digest) plain.totals_state.state_hash = 0;
    check_event(voice, event);
    if (voice->counts != NULL) count_event(voice->venue, voice->counts, event);
    if (voice->stream != NULL) weir_stream_observe(voice->stream, event);
    for (;;) {
        size_t room = voice->size - voice->used;
        size_t n = weir_json_event(voice->venue, &plain, voice->text + voice->used, room);
        if (n <= room) {
            voice->used += n;
            return;
        }
        size_t size = 2 * (voice->size + n);
        char *text = realloc(voice->text, size);
        if (text == NULL) abort();
        voice->text = text;
        voice->size = size;
    }
}

/* Copies line number `number` of a text, shortened to fit. */
static void copy_line(const char *text, size_t used, size_t at, char *out) {
    const char *end = at < used ? memchr(text + at, '\n', used - at) : NULL;
    size_t n = end != NULL ? (size_t)(end - text) - at : 0;
    if (n >= WEIR_TRIAL_LINE) n = WEIR_TRIAL_LINE - 1;
    if (n > 0) memcpy(out, text + at, n);
    out[n] = 0;
}

/* Offset of the line in which two texts begin to differ. */
static size_t first_difference(const struct voice *a, const struct voice *b) {
    size_t at = 0, line = 0;
    while (at < a->used && at < b->used && a->text[at] == b->text[at])
        if (a->text[at++] == '\n') line = at;
    return line;
}

struct pair {
    const struct weir_trial *trial;
    struct weir_trial_result *result;
    struct weir_engine *engine;
    struct weir_engine_options options;
    struct weir_reference *twin;
    struct voice fast, slow;
};

static bool fail(struct pair *pair, enum weir_verdict verdict, const char *problem) {
    pair->result->verdict = verdict;
    snprintf(pair->result->problem, sizeof pair->result->problem, "%s", problem);
    return false;
}

static bool check_voice(struct pair *pair, const struct voice *voice) {
    if (voice->problem != NULL) return fail(pair, WEIR_BROKEN, voice->problem);
    if (voice->answers != 1)
        return fail(pair, WEIR_BROKEN,
                    voice->answers == 0 ? "a command was not answered"
                                        : "a command was answered more than once");
    return true;
}

static bool check_digest(struct pair *pair) {
    uint64_t mine = weir_engine_digest(pair->engine);
    uint64_t theirs = weir_reference_digest(pair->twin);
    if (mine == theirs) return true;
    snprintf(pair->result->engine_line, WEIR_TRIAL_LINE, "%016llx", (unsigned long long)mine);
    snprintf(pair->result->twin_line, WEIR_TRIAL_LINE, "%016llx", (unsigned long long)theirs);
    return fail(pair, WEIR_DIFFERENT_DIGEST, "the digests differ after this command");
}

/* One command through both; false when something is wrong. */
static bool step(struct pair *pair, const struct weir_command *command, uint64_t number) {
    struct voice *fast = &pair->fast, *slow = &pair->slow;
    const struct weir_trial *trial = pair->trial;
    fast->used = slow->used = 0;
    fast->next_n = slow->next_n = fast->answers = slow->answers = 0;
    fast->seq = slow->seq = number;
    weir_engine_apply(pair->engine, command);
    pair->result->text_hash = XXH3_64bits_withSeed(fast->text, fast->used, pair->result->text_hash);
    if (pair->twin != NULL) {
        weir_reference_apply(pair->twin, command);
        if (fast->used != slow->used || memcmp(fast->text, slow->text, fast->used) != 0) {
            size_t at = first_difference(fast, slow);
            copy_line(fast->text, fast->used, at, pair->result->engine_line);
            copy_line(slow->text, slow->used, at, pair->result->twin_line);
            return fail(pair, WEIR_DIFFERENT_EVENTS, "the events of this command differ");
        }
    }
    if (!check_voice(pair, fast)) return false;
    if (pair->twin != NULL && trial->digest_every > 0 && number % trial->digest_every == 0 &&
        !check_digest(pair))
        return false;
    if (trial->audit_every > 0 && number % trial->audit_every == 0) {
        const char *broken = weir_engine_audit(pair->engine);
        if (broken != NULL) return fail(pair, WEIR_BROKEN, broken);
    }
    if (trial->restore_every > 0 && number % trial->restore_every == 0) {
        const char *lost =
            weir_restore(&pair->engine, fast->venue, &pair->options, hear, &pair->fast);
        if (lost != NULL) return fail(pair, WEIR_BROKEN, lost);
    }
    return true;
}

/* The next line of the recording or of the stream; false at the end. */
static bool next_line(const struct weir_trial *trial, struct weir_stream *stream, uint64_t idx,
                      char *buffer, const char **line, size_t *size) {
    if (trial->recording != NULL) {
        if (idx >= trial->recording->count) return false;
        *line = trial->recording->line[idx];
        *size = trial->recording->size[idx];
        return true;
    }
    if (idx >= trial->commands) return false;
    *line = buffer;
    *size = weir_stream_next(stream, buffer, LINE_SIZE);
    return true;
}

static void keep_line(struct shared *shared, const char *line, size_t size) {
    uint32_t n = (uint32_t)size;
    if (shared->used + sizeof n + size > ARENA_SIZE) return;
    memcpy(shared->arena + shared->used, &n, sizeof n);
    memcpy(shared->arena + shared->used + sizeof n, line, size);
    shared->used += sizeof n + size;
    shared->lines++;
}

static void run_lines(struct pair *pair, struct shared *shared, struct weir_stream *stream,
                      bool keep) {
    static char buffer[LINE_SIZE];
    static struct weir_risk_change risk;
    static struct weir_command command;
    const char *line;
    size_t size;
    for (uint64_t i = 0; next_line(pair->trial, stream, i, buffer, &line, &size); i++) {
        pair->result->command = i + 1;
        if (keep) keep_line(shared, line, size);
        weir_json_read(line, size, i + 1, &risk, &command);
        if (!step(pair, &command, i + 1)) return;
    }
    const char *broken = weir_engine_audit(pair->engine);
    if (broken != NULL) fail(pair, WEIR_BROKEN, broken);
    pair->result->digest = weir_engine_digest(pair->engine);
}

/* The child's work. */
static void run_here(const struct weir_trial *trial, struct shared *shared, bool keep) {
    struct weir_stream *stream = NULL;
    const char *venue_text = trial->venue;
    struct pair pair = {.trial = trial, .result = &shared->result};
    if (trial->recording == NULL) {
        stream = weir_stream_new(trial->seed, trial->shape);
        if (stream == NULL) abort();
        weir_stream_mutate(stream, trial->mutate_ppm);
        venue_text = weir_stream_venue(stream);
    }
    struct weir_file_error error;
    struct weir_venue *venue =
        weir_venue_parse(venue_text, strlen(venue_text), "venue", NULL, 0, &error);
    if (venue == NULL) {
        fail(&pair, WEIR_BAD_VENUE, error.text);
        weir_stream_free(stream);
        return;
    }
    pair.fast = (struct voice){.venue = venue, .stream = stream, .counts = pair.result};
    pair.slow = (struct voice){.venue = venue};
    pair.fast.digest = pair.slow.digest = trial->digest_every > 0 || !trial->twin;
    pair.options = (struct weir_engine_options){.accounts_max = 4096, .orders_max = 1 << 20};
    pair.engine = weir_engine_new(venue, &pair.options, hear, &pair.fast);
    if (trial->twin) pair.twin = weir_reference_new(venue, hear, &pair.slow);
    if (pair.engine == NULL || (trial->twin && pair.twin == NULL)) abort();
    run_lines(&pair, shared, stream, keep);
    weir_engine_free(pair.engine);
    if (pair.twin != NULL) weir_reference_free(pair.twin);
    weir_venue_free(venue);
    weir_stream_free(stream);
    free(pair.fast.text);
    free(pair.slow.text);
}

static void take_lines(const struct shared *shared, struct weir_recording *keep) {
    *keep = (struct weir_recording){.count = shared->lines};
    keep->line = calloc(shared->lines + 1, sizeof *keep->line);
    keep->size = calloc(shared->lines + 1, sizeof *keep->size);
    if (keep->line == NULL || keep->size == NULL) abort();
    uint64_t at = 0;
    for (uint64_t i = 0; i < shared->lines; i++) {
        uint32_t n;
        memcpy(&n, shared->arena + at, sizeof n);
        char *copy = malloc(n + 1u);
        if (copy == NULL) abort();
        memcpy(copy, shared->arena + at + sizeof n, n);
        copy[n] = 0;
        keep->line[i] = copy;
        keep->size[i] = n;
        at += sizeof n + n;
    }
}

static void judge_end(struct weir_trial_result *result, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        result->verdict = WEIR_HUNG;
        snprintf(result->problem, sizeof result->problem, "no end in the time allowed");
        return;
    }
    result->verdict = WEIR_CRASHED;
    snprintf(result->problem, sizeof result->problem,
             WIFSIGNALED(status) ? "ended by signal %d" : "ended with status %d",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

bool weir_trial_run(const struct weir_trial *trial, struct weir_trial_result *result,
                    struct weir_recording *keep) {
    size_t size = sizeof(struct shared) + ARENA_SIZE;
    struct shared *shared =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shared == MAP_FAILED) return false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(trial->seconds > 0 ? trial->seconds : 120);
        run_here(trial, shared, keep != NULL);
        if (__lsan_do_leak_check != NULL) __lsan_do_leak_check();
        if (weir_coverage_dump != NULL) weir_coverage_dump();
        _exit(0);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (child > 0) {
        judge_end(&shared->result, status);
        *result = shared->result;
        if (keep != NULL) take_lines(shared, keep);
    }
    munmap(shared, size);
    return child > 0;
}

void weir_recording_free(struct weir_recording *recording) {
    for (uint64_t i = 0; i < recording->count; i++)
        free((void *)(uintptr_t)recording->line[i]);
    free(recording->line);
    free(recording->size);
    *recording = (struct weir_recording){0};
}
