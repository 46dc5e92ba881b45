/* Where the commands of replay, audit, dump and explain come from, and what they are applied to. */
#ifndef WEIR_CLI_SOURCE_H
#define WEIR_CLI_SOURCE_H

#include "cli/cli.h"
#include "engine/engine.h"
#include "journal/journal.h"
#include "reference/reference.h"
#include "wire/wire.h"

/* ---- A log: JSON Lines or binary, a file or standard input (`-`), or the folder of a journal ---
 */
struct weir_source {
    const char *command; /* who reads, for messages: argv[0] */
    const char *path;
    int fd;
    struct weir_lines *lines;    /* JSON Lines, or */
    struct weir_log_reader *log; /* binary, or */
    struct weir_disk *disk;      /* a journal */
    struct weir_journal_reader *journal;
    struct weir_risk_change risk;
};
/* What every command over a log is asked for; start from all zero. */
struct weir_source_arguments {
    struct weir_cli_options options; /* --quiet, --json; with a venue --set, --policy */
    const char *log;
    const char *venue; /* --venue */
};
/* argp groups over a struct weir_source_arguments: LOG with the shared options of output, and
 * --venue with the shared settings. A command without options of its own has as its parser
 * weir_source_take, which hands its input to all its groups. */
extern const struct argp weir_source_log_argp, weir_source_venue_argp;
error_t weir_source_take(int key, char *text, struct argp_state *state);

/* Opens the log; which of the two forms it has is seen from its first bytes. 0, or the exit status
 * after the problem is on standard error. A file (not standard input) must not be empty. */
int weir_source_open(struct weir_source *source, const char *path, const char *command);
/* 1: *out is the next command, valid until the next call; 0: the end, or interrupted; -1: damage or
 * an I/O error, which has been told. */
int weir_source_next(struct weir_source *source, struct weir_command *out);
/* True when reading on may wait for whoever writes the other end. */
bool weir_source_may_wait(const struct weir_source *source);
void weir_source_close(struct weir_source *source);
/* Binary: it carries checksums and the digest of its venue, and may say what it ends with. */
bool weir_source_binary(const struct weir_source *source);
uint64_t weir_source_digest(const struct weir_source *source);
/* Once all has been read. */
struct weir_log_end weir_source_ending(const struct weir_source *source);

/* The venue of a log: --venue, else venue.yaml beside the log, as in a run folder. NULL after the
 * problem has been told. A binary log recorded at another venue is told on standard error, and with
 * `must_match` refused. */
struct weir_venue *weir_source_venue(const struct weir_source *source, const char *venue_path,
                                     struct weir_cli_options *options, bool must_match);

/* ---- The engine, or its naive twin ------------------------------------------------------------
 */
struct weir_machine {
    struct weir_engine *engine;
    struct weir_reference *twin;
    uint64_t commands; /* applied */
};
/* 0, or the exit status after the problem is on standard error. */
int weir_machine_new(struct weir_machine *machine, const struct weir_venue *venue, bool reference,
                     weir_event_sink sink, void *sink_ctx, const char *command);
void weir_machine_apply(struct weir_machine *machine, const struct weir_command *command);
uint64_t weir_machine_digest(struct weir_machine *machine);
void weir_machine_free(struct weir_machine *machine);

#endif
