#include "cli/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first bytes, only as many as still look like a binary log's. -1: errno. */
static ssize_t read_magic(int fd, char magic[WEIR_LOG_MAGIC_SIZE]) {
    size_t size = 0;
    while (size < WEIR_LOG_MAGIC_SIZE && memcmp(magic, weir_log_magic, size) == 0) {
        ssize_t n = read(fd, magic + size, WEIR_LOG_MAGIC_SIZE - size);
        if (n < 0 && errno == EINTR && !weir_cli_interrupted) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        size += (size_t)n;
    }
    return (ssize_t)size;
}

static int open_log(struct weir_source *source) {
    struct weir_file_error problem = {{0}};
    FILE *stream = fdopen(source->fd, "rb");
    if (!stream) {
        close(source->fd);
        return weir_cli_fail(WEIR_EXIT_FAILED, source->command, "%s", strerror(errno));
    }
    source->log = weir_log_open_stream(stream, source->path, &problem);
    return source->log ? 0 : weir_cli_fail(WEIR_EXIT_USAGE, source->command, "%s", problem.text);
}

static int open_journal(struct weir_source *source) {
    struct weir_file_error problem = {{0}};
    const struct weir_disk_options options = {0};
    source->fd = -1;
    source->disk = weir_disk_new(source->path, &options, &problem);
    if (source->disk) source->journal = weir_journal_read(source->disk, &problem);
    if (source->journal) return 0;
    weir_cli_fail(0, source->command, "%s", problem.text);
    weir_source_close(source);
    return WEIR_EXIT_USAGE;
}

int weir_source_open(struct weir_source *source, const char *path, const char *command) {
    char magic[WEIR_LOG_MAGIC_SIZE];
    struct stat is;
    bool stdin_asked = strcmp(path, "-") == 0;
    *source =
        (struct weir_source){.command = command, .path = stdin_asked ? "standard input" : path};
    if (!stdin_asked && stat(path, &is) == 0 && S_ISDIR(is.st_mode)) return open_journal(source);
    source->fd = stdin_asked ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0)
        return weir_cli_fail(WEIR_EXIT_USAGE, command, "%s: %s", path, strerror(errno));
    ssize_t size = read_magic(source->fd, magic);
    if (size == WEIR_LOG_MAGIC_SIZE && memcmp(magic, weir_log_magic, sizeof magic) == 0)
        return open_log(source);
    if ((size < 0 && !weir_cli_interrupted) || (size == 0 && !stdin_asked)) {
        int status =
            weir_cli_fail(WEIR_EXIT_USAGE, command, "%s: %s", source->path,
                          size < 0 ? strerror(errno)
                                   : "is empty, expected commands as JSON Lines or a binary log");
        close(source->fd);
        return status;
    }
    source->lines = weir_lines_new(source->fd);
    if (!source->lines) return weir_cli_fail(WEIR_EXIT_FAILED, command, "%s", strerror(ENOMEM));
    if (size > 0) weir_lines_begin(source->lines, magic, (size_t)size);
    return 0;
}

int weir_source_next(struct weir_source *source, struct weir_command *out) {
    struct weir_file_error problem = {{0}};
    const char *line;
    size_t size;
    uint64_t number;
    if (weir_cli_interrupted) return 0;
    if (weir_source_binary(source)) {
        int status = source->log ? weir_log_next(source->log, &source->risk, out, &problem)
                                 : weir_journal_next(source->journal, &source->risk, out, &problem);
        if (status >= 0 || weir_cli_interrupted) return status < 0 ? 0 : status;
        weir_cli_fail(0, source->command, "%s", problem.text);
        return -1;
    }
    for (;;) {
        int status = weir_lines_next(source->lines, &line, &size, &number);
        if (status == -EINTR && !weir_cli_interrupted) continue;
        if (status == 1) weir_json_read(line, size, number, &source->risk, out);
        if (status >= 0 || weir_cli_interrupted) return status < 0 ? 0 : status;
        weir_cli_fail(0, source->command, "%s: %s", source->path, strerror(-status));
        return -1;
    }
}

bool weir_source_may_wait(const struct weir_source *source) {
    /* A log is written in blocks by a program that waits for no answer. */
    if (weir_source_binary(source) || weir_lines_ready(source->lines)) return false;
    struct pollfd poll_fd = {.fd = source->fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 0;
}

void weir_source_close(struct weir_source *source) {
    if (source->log)
        weir_log_close_reader(source->log);
    else if (source->fd > STDIN_FILENO)
        close(source->fd);
    weir_journal_read_end(source->journal);
    if (source->disk) source->disk->ops->free(source->disk);
    weir_lines_free(source->lines);
    *source = (struct weir_source){.fd = -1};
}

bool weir_source_binary(const struct weir_source *source) {
    return source->log || source->journal;
}

uint64_t weir_source_digest(const struct weir_source *source) {
    return source->log ? weir_log_venue_digest(source->log)
                       : weir_journal_read_venue(source->journal);
}

struct weir_log_end weir_source_ending(const struct weir_source *source) {
    if (source->log) return weir_log_ending(source->log);
    const struct weir_journal_ending *end = weir_journal_read_ending(source->journal);
    return (struct weir_log_end){end->closed, end->commands, end->events, end->state_hash};
}

/* venue.yaml in the folder of a journal, else beside the log. */
static bool find_venue(const struct weir_source *source, char *path, size_t size) {
    const char *slash = strrchr(source->path, '/');
    int folder = slash ? (int)(slash - source->path) + 1 : 0;
    if (source->journal) {
        snprintf(path, size, "%s/venue.yaml", source->path);
        if (access(path, R_OK) == 0) return true;
    }
    snprintf(path, size, "%.*svenue.yaml", folder, source->path);
    return source->fd != STDIN_FILENO && access(path, R_OK) == 0;
}

struct weir_venue *weir_source_venue(const struct weir_source *source, const char *venue_path,
                                     struct weir_cli_options *options, bool must_match) {
    char beside[4096];
    if (source->journal && weir_journal_read_number(source->journal) != 1) {
        weir_cli_fail(0, source->command,
                      "%s begins with command %" PRIu64 ": what it was before is not known",
                      source->path, weir_journal_read_number(source->journal));
        return NULL;
    }
    if (!venue_path) {
        if (!find_venue(source, beside, sizeof beside)) {
            weir_cli_fail(0, source->command,
                          "the venue file is missing: give --venue FILE (without it, %s is looked "
                          "for, as in a run folder)",
                          source->fd == STDIN_FILENO ? "venue.yaml beside the log" : beside);
            return NULL;
        }
        venue_path = beside;
    }
    struct weir_venue *venue = weir_cli_venue(venue_path, options, source->command);
    if (!venue || !weir_source_binary(source) || weir_source_digest(source) == venue->digest)
        return venue;
    weir_cli_fail(0, source->command, "%s was recorded at another venue than %s%s%s", source->path,
                  venue_path, options->setting_count > 0 ? " with these settings" : "",
                  must_match ? "" : ": its state hash will not be reached");
    if (!must_match) return venue;
    weir_venue_free(venue);
    return NULL;
}

int weir_machine_new(struct weir_machine *machine, const struct weir_venue *venue, bool reference,
                     weir_event_sink sink, void *sink_ctx, const char *command) {
    const struct weir_engine_options options = {0};
    *machine = (struct weir_machine){0};
    if (reference)
        machine->twin = weir_reference_new(venue, sink, sink_ctx);
    else
        machine->engine = weir_engine_new(venue, &options, sink, sink_ctx);
    if (machine->twin || machine->engine) return 0;
    return weir_cli_fail(WEIR_EXIT_FAILED, command, "no memory for the engine");
}

void weir_machine_apply(struct weir_machine *machine, const struct weir_command *command) {
    machine->commands++;
    if (machine->twin)
        weir_reference_apply(machine->twin, command);
    else
        weir_engine_apply(machine->engine, command);
}

uint64_t weir_machine_digest(struct weir_machine *machine) {
    return machine->twin ? weir_reference_digest(machine->twin)
                         : weir_engine_digest(machine->engine);
}

void weir_machine_free(struct weir_machine *machine) {
    if (machine->twin) weir_reference_free(machine->twin);
    if (machine->engine) weir_engine_free(machine->engine);
    *machine = (struct weir_machine){0};
}

/* ---- Arguments ------------------------------------------------------------------------------- */
enum { OPTION_VENUE = 0x1000 };

/* The type of argp's parsers. NOLINTNEXTLINE(readability-non-const-parameter) */
error_t weir_source_take(int key, char *text, struct argp_state *state) {
    (void)text;
    if (key != ARGP_KEY_INIT) return ARGP_ERR_UNKNOWN;
    for (size_t i = 0; state->root_argp->children[i].argp != NULL; i++)
        state->child_inputs[i] = state->input;
    return 0;
}

static error_t take_log(int key, char *text, struct argp_state *state) {
    struct weir_source_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->options;
        return 0;
    case ARGP_KEY_ARG:
        if (a->log) argp_error(state, "one log only, not also `%s`", text);
        a->log = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a log is missing");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The type of argp's parsers. NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t take_venue(int key, char *text, struct argp_state *state) {
    struct weir_source_arguments *a = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = &a->options;
    else if (key == OPTION_VENUE)
        a->venue = text;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option venue_options[] = {
    {"venue", OPTION_VENUE, "FILE", 0, "The venue [venue.yaml beside the log]", 0}, {0}};
static const struct argp_child output_groups[] = {{&weir_cli_output_argp, 0, NULL, 0}, {0}};
static const struct argp_child settings_groups[] = {{&weir_cli_settings_argp, 0, NULL, 0}, {0}};

const struct argp weir_source_log_argp = {.parser = take_log, .children = output_groups};
const struct argp weir_source_venue_argp = {
    .options = venue_options, .parser = take_venue, .children = settings_groups};
