/* weir replay: recorded commands in, events out. */
#include "cli/events.h"
#include "cli/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPTION_EVENTS = 0x200, OPTION_STRICT, OPTION_REFERENCE, OPTION_LOG, OPTION_JOURNAL };

struct arguments {
    struct weir_source_arguments in;
    const char *events; /* NULL: standard output */
    const char *record; /* --log */
    const char *journal;
    bool strict, reference;
};

/* All that a replay works with. */
struct replay {
    const struct arguments *a;
    struct weir_source source;
    struct weir_venue *venue;
    struct weir_machine machine;
    struct weir_events events;
    struct weir_log_writer *record;
    struct weir_durable durable;
};

/* The type of argp's parsers. NOLINTNEXTLINE(readability-non-const-parameter) */
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
    case OPTION_JOURNAL:
        a->journal = text;
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
    {"journal", OPTION_JOURNAL, "DIR", 0,
     "Keep a durable log there: an event leaves when its command cannot be lost any more; what the "
     "journal holds is applied first",
     0},
    {0}};

static bool is_same(const struct stat *a, const char *path) {
    struct stat b;
    return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* Does `path` name something in this folder? */
static bool stands_in(const struct stat *folder, const char *path) {
    char parent[PATH_MAX];
    if ((size_t)snprintf(parent, sizeof parent, "%s", path) >= sizeof parent) return false;
    char *slash = strrchr(parent, '/');
    if (slash) slash[slash == parent] = 0;
    return is_same(folder, slash ? parent : ".");
}

/* Would writing `path` destroy the log that is being read, or part of it? */
static bool is_source(const struct weir_source *source, const char *path) {
    struct stat a;
    if ((source->fd >= 0 ? fstat(source->fd, &a) : stat(source->path, &a)) != 0) return false;
    if (S_ISDIR(a.st_mode)) return is_same(&a, path) || stands_in(&a, path);
    return S_ISREG(a.st_mode) && is_same(&a, path);
}

/* Would it stand among the files of the journal that is written? */
static bool in_journal(const struct arguments *a, const char *path) {
    struct stat folder;
    return a->journal && stat(a->journal, &folder) == 0 && stands_in(&folder, path);
}

static int open_events(struct replay *r) {
    const struct arguments *a = r->a;
    struct weir_events *e = &r->events;
    e->venue = r->venue;
    e->durable = a->journal ? &r->durable : NULL;
    e->fd = STDOUT_FILENO;
    if (weir_events_new(e) < 0)
        return weir_cli_fail(WEIR_EXIT_FAILED, r->source.command, "no memory");
    if (a->events && strcmp(a->events, "none") == 0) {
        e->fd = -1;
    } else if (a->events && is_source(&r->source, a->events)) {
        return weir_cli_fail(WEIR_EXIT_USAGE, r->source.command, "--events %s is the log itself",
                             a->events);
    } else if (a->events && in_journal(a, a->events)) {
        return weir_cli_fail(WEIR_EXIT_USAGE, r->source.command,
                             "--events %s stands in the journal, give it another folder",
                             a->events);
    } else if (a->events) {
        e->fd = open(a->events, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (e->fd < 0)
            return weir_cli_fail(WEIR_EXIT_FAILED, r->source.command, "%s: %s", a->events,
                                 strerror(errno));
    }
    return 0;
}

static int open_record(struct replay *r) {
    const char *path = r->a->record;
    int error;
    if (!path) return 0;
    if (is_source(&r->source, path))
        return weir_cli_fail(WEIR_EXIT_USAGE, r->source.command, "--log %s is the log that is read",
                             path);
    if (in_journal(r->a, path))
        return weir_cli_fail(WEIR_EXIT_USAGE, r->source.command,
                             "--log %s stands in the journal, give it another folder", path);
    r->record = weir_log_create(path, r->venue->digest, &error);
    if (r->record) return 0;
    return weir_cli_fail(WEIR_EXIT_FAILED, r->source.command, "%s: %s", path, strerror(-error));
}

/* Records the command, where that is asked for, and applies it. 0, or the exit status. */
static int apply(struct replay *r, const struct weir_command *command) {
    int error = r->record ? -weir_log_append(r->record, command) : 0;
    if (error != 0)
        return weir_cli_fail(WEIR_EXIT_FAILED, r->source.command, "%s: %s", r->a->record,
                             strerror(error));
    weir_machine_apply(&r->machine, command);
    return 0;
}

static int recovered(void *ctx, uint64_t number, const struct weir_command *command) {
    (void)number;
    return weir_cli_interrupted ? WEIR_EXIT_INTERRUPTED : apply(ctx, command);
}

static int open_journal(struct replay *r) {
    const char *path = r->a->journal;
    if (!path) return 0;
    if (is_source(&r->source, path))
        return weir_cli_fail(WEIR_EXIT_USAGE, r->source.command,
                             "--journal %s is the log that is read", path);
    r->events.silent = true;
    int status =
        weir_durable_open(&r->durable, path, r->venue->digest, recovered, r, r->source.command);
    r->events.silent = false;
    return status;
}

/* Applies everything. The exit status. */
static int apply_all(struct replay *r) {
    struct weir_source *source = &r->source;
    struct weir_events *e = &r->events;
    struct weir_command command;
    for (;;) {
        bool waits = e->used > e->sent || (r->durable.journal && e->fd < 0);
        if (waits && weir_source_may_wait(source)) {
            weir_events_flush(e);
            if (r->durable.journal && weir_durable_wait(&r->durable) < 0) return WEIR_EXIT_FAILED;
        }
        int status = weir_source_next(source, &command);
        if (status < 0) return WEIR_EXIT_USAGE;
        if (status == 0) return weir_cli_interrupted ? WEIR_EXIT_INTERRUPTED : WEIR_EXIT_DONE;
        int error = r->durable.journal ? weir_durable_append(&r->durable, &command) : 0;
        if (error < 0) return error == -EINTR ? WEIR_EXIT_INTERRUPTED : WEIR_EXIT_FAILED;
        status = apply(r, &command);
        if (status != 0) return status;
        if (r->durable.journal) weir_events_mark(e, weir_journal_number(r->durable.journal));
        if (e->error != 0) return WEIR_EXIT_FAILED;
        if (r->a->strict && command.reject == WEIR_R_MALFORMED)
            return weir_cli_fail(WEIR_EXIT_FAILED, source->command, "%s: %s", source->path,
                                 command.detail);
    }
}

/* Compares with what a binary log says it ends with; the venue and all its commands being the same,
 * another state is a fault of the program or the machine. */
static int compare_ending(const struct replay *r, uint64_t state_hash) {
    const struct weir_source *source = &r->source;
    if (!weir_source_binary(source) || weir_source_digest(source) != r->venue->digest ||
        r->durable.recovered > 0)
        return WEIR_EXIT_DONE;
    struct weir_log_end end = weir_source_ending(source);
    if (!end.present || end.state_hash == state_hash) return WEIR_EXIT_DONE;
    return weir_cli_fail(WEIR_EXIT_FAILED, source->command,
                         "state_hash %016" PRIx64 ", but the log ends with %016" PRIx64, state_hash,
                         end.state_hash);
}

/* Sends, records and closes what is open. */
static int close_outputs(struct replay *r, uint64_t state_hash, int status) {
    const struct arguments *a = r->a;
    struct weir_events *e = &r->events;
    weir_events_flush(e);
    if (e->fd > STDOUT_FILENO && close(e->fd) != 0 && e->error == 0) e->error = errno;
    int error = r->record ? -weir_log_close(r->record, state_hash, e->count) : 0;
    if (error != 0 && status == WEIR_EXIT_DONE)
        status = weir_cli_fail(WEIR_EXIT_FAILED, r->source.command, "%s: %s", a->record,
                               strerror(error));
    /* The state hash is that of the journal when both hold the same commands. */
    bool well =
        r->durable.journal && weir_journal_number(r->durable.journal) == r->machine.commands;
    if (weir_durable_close(&r->durable, well, state_hash, e->count) < 0 && status == WEIR_EXIT_DONE)
        status = WEIR_EXIT_FAILED;
    if (e->error != 0 && (status == WEIR_EXIT_DONE || status == WEIR_EXIT_FAILED))
        status = weir_cli_fail(WEIR_EXIT_FAILED, r->source.command, "writing the events: %s",
                               strerror(e->error));
    return status;
}

static int finish(struct replay *r, int status) {
    const struct arguments *a = r->a;
    const struct weir_events *e = &r->events;
    uint64_t state_hash = weir_machine_digest(&r->machine), commands = r->machine.commands;
    status = close_outputs(r, state_hash, status);
    if (status == WEIR_EXIT_DONE) status = compare_ending(r, state_hash);
    if (a->in.options.json && e->error == 0) {
        printf("{\"commands\":%" PRIu64 ",\"events\":%" PRIu64 ",\"state_hash\":\"%016" PRIx64 "\"",
               commands, e->count, state_hash);
        if (a->journal) printf(",\"recovered\":%" PRIu64, r->durable.recovered);
        printf("}\n");
        if (fflush(stdout) != 0 && status == WEIR_EXIT_DONE) status = WEIR_EXIT_FAILED;
    }
    if (a->in.options.quiet) return status;
    fprintf(stderr, "%s: %" PRIu64 " commands, %" PRIu64 " events, state_hash %016" PRIx64,
            r->source.command, commands, e->count, state_hash);
    if (r->durable.recovered > 0)
        fprintf(stderr, "; the first %" PRIu64 " commands were recovered", r->durable.recovered);
    fprintf(stderr, "\n");
    return status;
}

int weir_cmd_replay(int argc, char **argv) {
    static const struct argp_child children[] = {
        {&weir_source_log_argp, 0, NULL, 0}, {&weir_source_venue_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = own_options,
        .parser = take,
        .args_doc = "LOG",
        .doc =
            "Applies the commands of LOG, JSON Lines or a binary log, and writes the events as "
            "JSON Lines. LOG `-` is standard input; whatever has been answered is written "
            "before the program waits for more, so another program can converse with it. A journal "
            "that is there is continued; LOG may be the folder of one. With --json the last "
            "line of standard output is the summary.\v"
            "Examples:\n"
            "  weir replay orders.jsonl --venue venues/default.yaml > events.jsonl\n"
            "  weir replay out/hour-601m-1/commands.weir --events none\n"
            "  weir replay - --venue venues/default.yaml --journal out/journal < orders.jsonl",
        .children = children,
    };
    struct arguments a = {0};
    struct replay r = {.a = &a, .events = {.fd = -1}};
    weir_cli_parse(&argp, argc, argv, &a);
    weir_cli_catch_interrupt();
    int status = weir_source_open(&r.source, a.in.log, argv[0]);
    if (status != 0) return status;
    r.venue = weir_source_venue(&r.source, a.in.venue, &a.in.options, false);
    if (!r.venue) status = WEIR_EXIT_USAGE;
    if (status == 0) status = open_events(&r);
    if (status == 0) status = open_record(&r);
    if (status == 0)
        status = weir_machine_new(&r.machine, r.venue, a.reference, weir_events_sink, &r.events,
                                  argv[0]);
    if (status == 0) status = open_journal(&r);
    if (status == 0) {
        status = apply_all(&r);
        status = finish(&r, status);
    }
    weir_machine_free(&r.machine);
    weir_events_free(&r.events);
    weir_venue_free(r.venue);
    weir_source_close(&r.source);
    return status;
}
