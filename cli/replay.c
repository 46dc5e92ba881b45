/* weir replay: recorded commands in, events out. */
#include "cli/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENT_BUFFER (1u << 20)

enum { OPTION_EVENTS = 0x200, OPTION_STRICT, OPTION_REFERENCE, OPTION_LOG };

struct arguments {
    struct weir_source_arguments in;
    const char *events; /* NULL: standard output */
    const char *record; /* --log */
    bool strict, reference;
};

/* Events on their way out. */
struct events {
    const struct weir_venue *venue;
    int fd;    /* < 0: nobody wants them */
    int error; /* of writing; nothing is written after one */
    uint64_t count;
    size_t used, size;
    char *text;
};

static void flush(struct events *e) {
    for (size_t at = 0; at < e->used && e->error == 0;) {
        ssize_t n = write(e->fd, e->text + at, e->used - at);
        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            e->error = errno;
    }
    e->used = 0;
}

static void on_event(void *ctx, const struct weir_event *event) {
    struct events *e = ctx;
    e->count++;
    if (e->fd < 0 || e->error != 0) return;
    size_t size = weir_json_event(e->venue, event, e->text + e->used, e->size - e->used);
    if (size <= e->size - e->used) {
        e->used += size;
        return;
    }
    flush(e);
    if (size > e->size) {
        char *larger = realloc(e->text, 2 * size);
        if (!larger) {
            e->error = ENOMEM;
            return;
        }
        e->text = larger;
        e->size = 2 * size;
    }
    if (e->error == 0) e->used = weir_json_event(e->venue, event, e->text, e->size);
}

static error_t take(int key, char *text, struct argp_state *state) {
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->child_inputs[1] = &a->in;
        return 0;
    case OPTION_EVENTS:
        a->events = text;
        return 0;
    case OPTION_STRICT:
        a->strict = true;
        return 0;
    case OPTION_REFERENCE:
        a->reference = true;
        return 0;
    case OPTION_LOG:
        a->record = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option own_options[] = {
    {"events", OPTION_EVENTS, "FILE|none", 0, "Write the events there [standard output]", 0},
    {"strict", OPTION_STRICT, NULL, 0, "Stop with status 1 at a line that cannot be read", 0},
    {"reference", OPTION_REFERENCE, NULL, 0, "Apply them to the slow reference engine", 0},
    {"log", OPTION_LOG, "FILE", 0, "Record what is applied as a binary log", 0},
    {0}};

/* Would writing `path` destroy the log that is being read? */
static bool is_source(const struct weir_source *source, const char *path) {
    struct stat a, b;
    return fstat(source->fd, &a) == 0 && stat(path, &b) == 0 && S_ISREG(a.st_mode) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int open_events(const struct arguments *a, const struct weir_source *source,
                       struct events *e) {
    e->size = EVENT_BUFFER;
    e->text = malloc(EVENT_BUFFER);
    e->fd = STDOUT_FILENO;
    if (!e->text) return weir_cli_fail(WEIR_EXIT_FAILED, source->command, "no memory");
    if (a->events && strcmp(a->events, "none") == 0) {
        e->fd = -1;
    } else if (a->events && is_source(source, a->events)) {
        return weir_cli_fail(WEIR_EXIT_USAGE, source->command, "--events %s is the log itself",
                             a->events);
    } else if (a->events) {
        e->fd = open(a->events, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (e->fd < 0)
            return weir_cli_fail(WEIR_EXIT_FAILED, source->command, "%s: %s", a->events,
                                 strerror(errno));
    }
    return 0;
}

static int open_record(const struct arguments *a, const struct weir_source *source,
                       const struct weir_venue *venue, struct weir_log_writer **record) {
    int error;
    if (!a->record) return 0;
    if (is_source(source, a->record))
        return weir_cli_fail(WEIR_EXIT_USAGE, source->command, "--log %s is the log that is read",
                             a->record);
    *record = weir_log_create(a->record, venue->digest, &error);
    if (*record) return 0;
    return weir_cli_fail(WEIR_EXIT_FAILED, source->command, "%s: %s", a->record, strerror(-error));
}

/* Applies everything. The exit status. */
static int apply_all(const struct arguments *a, struct weir_source *source,
                     struct weir_machine *machine, struct events *e,
                     struct weir_log_writer *record) {
    struct weir_command command;
    for (;;) {
        if (e->used > 0 && weir_source_may_wait(source)) flush(e);
        int status = weir_source_next(source, &command);
        if (status < 0) return WEIR_EXIT_USAGE;
        if (status == 0) return weir_cli_interrupted ? WEIR_EXIT_INTERRUPTED : WEIR_EXIT_DONE;
        int error = record ? -weir_log_append(record, &command) : 0;
        if (error != 0)
            return weir_cli_fail(WEIR_EXIT_FAILED, source->command, "%s: %s", a->record,
                                 strerror(error));
        weir_machine_apply(machine, &command);
        if (e->error != 0) return WEIR_EXIT_FAILED;
        if (a->strict && command.reject == WEIR_R_MALFORMED)
            return weir_cli_fail(WEIR_EXIT_FAILED, source->command, "%s: %s", source->path,
                                 command.detail);
    }
}

/* Compares with what a binary log says it ends with; the venue and all its commands being the same,
 * another state is a fault of the program or the machine. */
static int compare_ending(const struct weir_source *source, const struct weir_venue *venue,
                          uint64_t state_hash) {
    if (!source->log || weir_log_venue_digest(source->log) != venue->digest) return WEIR_EXIT_DONE;
    struct weir_log_end end = weir_log_ending(source->log);
    if (!end.present || end.state_hash == state_hash) return WEIR_EXIT_DONE;
    return weir_cli_fail(WEIR_EXIT_FAILED, source->command,
                         "state_hash %016" PRIx64 ", but the log ends with %016" PRIx64, state_hash,
                         end.state_hash);
}

static int finish(const struct arguments *a, const struct weir_source *source,
                  const struct weir_venue *venue, struct weir_machine *machine, struct events *e,
                  struct weir_log_writer *record, int status) {
    uint64_t state_hash = weir_machine_digest(machine);
    flush(e);
    if (e->fd > STDOUT_FILENO && close(e->fd) != 0 && e->error == 0) e->error = errno;
    int error = record ? -weir_log_close(record, state_hash, e->count) : 0;
    if (error != 0 && status == WEIR_EXIT_DONE)
        status =
            weir_cli_fail(WEIR_EXIT_FAILED, source->command, "%s: %s", a->record, strerror(error));
    if (e->error != 0 && (status == WEIR_EXIT_DONE || status == WEIR_EXIT_FAILED))
        status = weir_cli_fail(WEIR_EXIT_FAILED, source->command, "writing the events: %s",
                               strerror(e->error));
    if (status == WEIR_EXIT_DONE) status = compare_ending(source, venue, state_hash);
    if (a->in.options.json && e->error == 0) {
        printf("{\"commands\":%" PRIu64 ",\"events\":%" PRIu64 ",\"state_hash\":\"%016" PRIx64
               "\"}\n",
               machine->commands, e->count, state_hash);
        if (fflush(stdout) != 0 && status == WEIR_EXIT_DONE) status = WEIR_EXIT_FAILED;
    }
    if (!a->in.options.quiet)
        fprintf(stderr, "%s: %" PRIu64 " commands, %" PRIu64 " events, state_hash %016" PRIx64 "\n",
                source->command, machine->commands, e->count, state_hash);
    return status;
}

int weir_cmd_replay(int argc, char **argv) {
    static const struct argp_child children[] = {
        {&weir_source_log_argp, 0, NULL, 0}, {&weir_source_venue_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = own_options,
        .parser = take,
        .args_doc = "LOG",
        .doc = "Applies the commands of LOG, JSON Lines or a binary log, and writes the events as "
               "JSON Lines. LOG `-` is standard input; whatever has been answered is written "
               "before the program waits for more, so another program can converse with it. With "
               "--json the last line of standard output is the summary.\v"
               "Examples:\n"
               "  weir replay orders.jsonl --venue venues/default.yaml > events.jsonl\n"
               "  weir replay out/hour-601m-1/commands.weir --events none",
        .children = children,
    };
    struct arguments a = {0};
    struct weir_source source;
    struct weir_machine machine = {0};
    struct weir_log_writer *record = NULL;
    struct events events = {.fd = -1};
    weir_cli_parse(&argp, argc, argv, &a);
    weir_cli_catch_interrupt();
    int status = weir_source_open(&source, a.in.log, argv[0]);
    if (status != 0) return status;
    struct weir_venue *venue = weir_source_venue(&source, a.in.venue, &a.in.options, false);
    if (!venue) status = WEIR_EXIT_USAGE;
    events.venue = venue;
    if (status == 0) status = open_events(&a, &source, &events);
    if (status == 0) status = open_record(&a, &source, venue, &record);
    if (status == 0)
        status = weir_machine_new(&machine, venue, a.reference, on_event, &events, argv[0]);
    if (status == 0) {
        status = apply_all(&a, &source, &machine, &events, record);
        status = finish(&a, &source, venue, &machine, &events, record, status);
    }
    weir_machine_free(&machine);
    free(events.text);
    weir_venue_free(venue);
    weir_source_close(&source);
    return status;
}
