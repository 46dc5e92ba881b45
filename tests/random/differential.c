/* weir_differential: engine and twin side by side over random streams; on a difference, a small
 * stream that shows it. Also soaks the engine alone, and runs a stream found before again. */
#include "trial.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

struct options {
    uint64_t seed, count, commands;
    uint32_t shape; /* WEIR_NO_INDEX: all in turn */
    uint32_t mutate_ppm, digest_every, audit_every, restore_every, shrink_seconds, seconds;
    bool run_long, stop_at_first, engine_only, stats, quiet;
    const char *dump, *venue, *replay;
};

enum {
    KEY_COUNT = 1000,
    KEY_COMMANDS,
    KEY_SHAPE,
    KEY_STOP,
    KEY_DUMP,
    KEY_DIGEST,
    KEY_AUDIT,
    KEY_RESTORE,
    KEY_ALONE,
    KEY_MUTATE,
    KEY_STATS,
    KEY_SHRINK,
    KEY_VENUE,
    KEY_REPLAY,
    KEY_SECONDS,
    KEY_LONG
};

static const struct argp_option arguments[] = {
    {"seed", 's', "N", 0, "First seed [1]", 0},
    {"count", KEY_COUNT, "N", 0, "How many seeds [100]", 0},
    {"commands", KEY_COMMANDS, "N", 0, "Commands of each [1500]", 0},
    {"shape", KEY_SHAPE, "NAME", 0, "One shape instead of all in turn", 0},
    {"stop-at-first", KEY_STOP, NULL, 0, "Stop at the first difference", 0},
    {"dump", KEY_DUMP, "FILE", 0, "Write the small stream to FILE and its venue to FILE.yaml", 0},
    {"digest-every", KEY_DIGEST, "N", 0, "Compare digests each N commands, 0 never [10]", 0},
    {"audit-every", KEY_AUDIT, "N", 0, "Audit the engine each N commands, 0 never [50]", 0},
    {"restore-every", KEY_RESTORE, "N", 0,
     "Exchange the engine for one made from its image each N commands, 0 never [0]", 0},
    {"engine-only", KEY_ALONE, NULL, 0, "Without the twin", 0},
    {"mutate", KEY_MUTATE, "PPM", 0, "Lines with bytes changed, in parts per million [0]", 0},
    {"stats", KEY_STATS, NULL, 0, "What the streams made happen", 0},
    {"shrink", KEY_SHRINK, "SECONDS", 0, "Time to make a failing stream small [20]", 0},
    {"replay", KEY_REPLAY, "FILE", 0, "Run the lines of FILE instead of random ones", 0},
    {"venue", KEY_VENUE, "FILE", 0, "The venue of --replay", 0},
    {"seconds", KEY_SECONDS, "N", 0, "After which a stream counts as hung [120]", 0},
    {"long", KEY_LONG, NULL, 0, "The streams made to be long, before the random ones", 0},
    {"quiet", 'q', NULL, 0, "Only differences", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct options *o = state->input;
    uint64_t number = arg != NULL ? strtoull(arg, NULL, 10) : 0;
    switch (key) {
    case 's':
        o->seed = number;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case KEY_COUNT:
        o->count = number;
        return 0;
    case KEY_COMMANDS:
        o->commands = number;
        return 0;
    case KEY_SHAPE:
        o->shape = weir_stream_shape(arg);
        if (o->shape == WEIR_NO_INDEX) argp_error(state, "no shape is called %s", arg);
        return 0;
    case KEY_STOP:
        o->stop_at_first = true;
        return 0;
    case KEY_DUMP:
        o->dump = arg;
        return 0;
    case KEY_DIGEST:
        o->digest_every = (uint32_t)number;
        return 0;
    case KEY_AUDIT:
        o->audit_every = (uint32_t)number;
        return 0;
    case KEY_RESTORE:
        o->restore_every = (uint32_t)number;
        return 0;
    case KEY_ALONE:
        o->engine_only = true;
        return 0;
    case KEY_MUTATE:
        o->mutate_ppm = (uint32_t)number;
        return 0;
    case KEY_STATS:
        o->stats = true;
        return 0;
    case KEY_SHRINK:
        o->shrink_seconds = (uint32_t)number;
        return 0;
    case KEY_LONG:
        o->run_long = true;
        return 0;
    case KEY_SECONDS:
        o->seconds = (uint32_t)number;
        return 0;
    case KEY_VENUE:
        o->venue = arg;
        return 0;
    case KEY_REPLAY:
        o->replay = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void write_case(const char *path, const char *venue, const struct weir_recording *lines) {
    char name[4096];
    snprintf(name, sizeof name, "%s.yaml", path);
    FILE *file = fopen(name, "w");
    if (file != NULL) {
        fputs(venue, file);
        fclose(file);
    }
    file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return;
    }
    for (uint64_t i = 0; i < lines->count; i++) {
        fwrite(lines->line[i], 1, lines->size[i], file);
        fputc('\n', file);
    }
    fclose(file);
    printf("  %llu lines in %s, venue in %s\n", (unsigned long long)lines->count, path, name);
}

static void print_counts(const char *title, const uint64_t *counts, const char *const *words,
                         size_t count) {
    printf("%s:", title);
    for (size_t i = 0; i < count; i++)
        if (counts[i] > 0) printf(" %s %llu", words[i], (unsigned long long)counts[i]);
    printf("\n");
}

static void print_stats(const struct weir_trial_result *sum) {
    printf("commands: %llu\n", (unsigned long long)sum->command);
    print_counts("events", sum->events, weir_event_words, WEIR_EV_COUNT);
    print_counts("rejected", sum->rejected, weir_reason_words, WEIR_REASON_COUNT);
    print_counts("cancelled", sum->cancelled, weir_reason_words, WEIR_REASON_COUNT);
    print_counts("fills", sum->fills, weir_fill_words, WEIR_FILL_SETTLEMENT + 1);
    print_counts("inverse", sum->inverse_fills, weir_fill_words, WEIR_FILL_SETTLEMENT + 1);
    print_counts("outcomes", sum->outcomes, weir_outcome_words, WEIR_CLOSED + 1);
    print_counts("fund", sum->causes, weir_cause_words, WEIR_CAUSE_COUNT);
}

/* Shrinks, prints and writes a failure. */
static void report(const struct options *o, struct weir_trial *trial,
                   struct weir_trial_result *result, struct weir_recording *lines) {
    weir_trial_print(stdout, trial, result, lines);
    char *venue = NULL;
    if (trial->venue != NULL) {
        venue = strdup(trial->venue);
    } else {
        struct weir_stream *stream = weir_stream_new(trial->seed, trial->shape);
        if (stream != NULL) venue = strdup(weir_stream_venue(stream));
        weir_stream_free(stream);
    }
    if (venue == NULL) abort();
    trial->venue = venue;
    if (result->verdict != WEIR_BAD_VENUE && o->shrink_seconds > 0) {
        weir_trial_shrink(trial, lines, result, o->shrink_seconds);
        printf("after dropping what is not needed:\n");
        weir_trial_print(stdout, trial, result, lines);
    }
    if (o->dump != NULL) write_case(o->dump, venue, lines);
    free(venue);
    trial->venue = NULL;
    fflush(stdout);
}

/* Reads a whole file; NULL (and says why) when it cannot. The text ends with a NUL byte. */
static char *read_all(const char *path, size_t *size) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return NULL;
    }
    char *text = NULL;
    size_t capacity = 0;
    *size = 0;
    do {
        capacity = 2 * capacity + 65536;
        char *grown = realloc(text, capacity + 1);
        if (grown == NULL) abort();
        text = grown;
        *size += fread(text + *size, 1, capacity - *size, file);
    } while (*size == capacity);
    text[*size] = 0;
    fclose(file);
    return text;
}

static int run_again(const struct options *o, struct weir_trial *trial) {
    size_t size, venue_size;
    char *text = read_all(o->replay, &size);
    char *venue = o->venue != NULL ? read_all(o->venue, &venue_size) : NULL;
    if (text == NULL || venue == NULL) {
        fprintf(stderr, "--replay needs a readable file and --venue\n");
        return 2;
    }
    struct weir_recording lines = {0};
    lines.line = calloc(size + 1, sizeof *lines.line);
    lines.size = calloc(size + 1, sizeof *lines.size);
    if (lines.line == NULL || lines.size == NULL) abort();
    for (char *at = text; at < text + size;) {
        char *end = memchr(at, '\n', (size_t)(text + size - at));
        size_t n = end != NULL ? (size_t)(end - at) : (size_t)(text + size - at);
        char *copy = malloc(n + 1);
        if (copy == NULL) abort();
        memcpy(copy, at, n);
        copy[n] = 0;
        lines.line[lines.count] = copy;
        lines.size[lines.count++] = (uint32_t)n;
        at += n + 1;
    }
    trial->recording = &lines;
    trial->venue = venue;
    struct weir_trial_result result;
    bool ran = weir_trial_run(trial, &result, NULL);
    if (ran && result.verdict != WEIR_AGREE)
        report(o, trial, &result, &lines);
    else if (ran)
        printf("%llu commands, digest %016llx: agree\n", (unsigned long long)lines.count,
               (unsigned long long)result.digest);
    weir_recording_free(&lines);
    free(text);
    free(venue);
    return ran && result.verdict == WEIR_AGREE ? 0 : 1;
}

int main(int argc, char **argv) {
    struct options o = {.seed = 1,
                        .count = 100,
                        .commands = 1500,
                        .shape = WEIR_NO_INDEX,
                        .digest_every = 10,
                        .audit_every = 50,
                        .shrink_seconds = 20};
    struct argp argp = {.options = arguments,
                        .parser = parse,
                        .doc = "Runs random streams through the engine and its twin."};
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    struct weir_trial base = {.commands = o.commands,
                              .mutate_ppm = o.mutate_ppm,
                              .twin = !o.engine_only,
                              .digest_every = o.digest_every,
                              .audit_every = o.audit_every,
                              .restore_every = o.restore_every,
                              .seconds = o.seconds};
    if (o.replay != NULL) return run_again(&o, &base);
    static struct weir_trial_result sum, result;
    uint64_t failed = 0, done = 0;
    for (uint32_t i = 0; o.run_long && i < WEIR_TRIAL_LONG; i++)
        if (!weir_trial_long(i, &result) || result.verdict != WEIR_AGREE) failed++;
    for (uint64_t i = 0; i < o.count && !(failed > 0 && o.stop_at_first); i++) {
        struct weir_trial trial = base;
        trial.seed = o.seed + i;
        trial.shape =
            o.shape != WEIR_NO_INDEX ? o.shape : (uint32_t)(trial.seed % weir_stream_shapes());
        struct weir_recording lines = {0};
        if (!weir_trial_run(&trial, &result, &lines)) {
            perror("fork");
            return 1;
        }
        weir_trial_add(&sum, &result);
        done++;
        if (result.verdict != WEIR_AGREE) {
            failed++;
            report(&o, &trial, &result, &lines);
        }
        weir_recording_free(&lines);
        if (failed > 0 && o.stop_at_first) break;
    }
    if (o.stats) print_stats(&sum);
    if (!o.quiet)
        printf("%llu streams, %llu failed\n", (unsigned long long)done, (unsigned long long)failed);
    return failed > 0 ? 1 : 0;
}
