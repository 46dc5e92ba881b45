/* cli: what the commands of `weir` share. A command is one file with one function
 * `int weir_cmd_NAME(int argc, char **argv)` that returns the exit status; argv[0] is "weir NAME".
 * Options are read with argp: a command lists the groups of shared options that it takes as argp
 * children (below) and its own beside them. Standard output carries the command's product alone;
 * everything else goes to standard error. */
#ifndef WEIR_CLI_H
#define WEIR_CLI_H

#include <argp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "market/market.h"

/* Exit statuses. */
enum {
    WEIR_EXIT_DONE = 0,
    WEIR_EXIT_FAILED = 1,       /* the work failed: a check, an invariant, an I/O error */
    WEIR_EXIT_USAGE = 2,        /* wrong usage or a bad input file */
    WEIR_EXIT_INTERRUPTED = 130 /* SIGINT; what was done so far is kept */
};

#define WEIR_CLI_SETTINGS_MAX 256

/* The values of the shared options; start from all zero. Strings are argv's own. */
struct weir_cli_options {
    struct weir_setting settings[WEIR_CLI_SETTINGS_MAX]; /* --set, in the order given */
    size_t setting_count;
    const char *policy; /* --policy NAME; NULL: not given (see weir_cli_policy_setting) */
    const char *out;    /* --out DIR; NULL: the command's default */
    bool force;         /* --force: an existing folder may be overwritten */
    bool has_seed;      /* --seed N */
    uint64_t seed;
    bool quiet; /* --quiet: no progress, no summary line; problems are still told */
    bool json;  /* --json: machine-readable result on standard output, all else on standard error */
};

/* Groups of shared options; the input of each is a struct weir_cli_options. A command's own parser
 * sets state->child_inputs[i] in ARGP_KEY_INIT:
 *     static const struct argp_child children[] = {{&weir_cli_settings_argp, 0, NULL, 0},
 *                                                  {&weir_cli_output_argp, 0, NULL, 0}, {0}};
 */
extern const struct argp weir_cli_settings_argp; /* --set key.path=value, --policy NAME */
extern const struct argp weir_cli_folder_argp;   /* --out DIR, --force, --seed N */
extern const struct argp weir_cli_output_argp;   /* --quiet, --json */

/* argp_parse with this program's habits: wrong usage ends the process with status 2, --help and
 * --version print to standard output and end it with 0. */
void weir_cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* What --version prints: the version and the facts of the build. */
void weir_cli_version(FILE *stream);

/* If --policy was given, adds the setting `liquidation.policy.name`, below `prefix` ("" for a venue
 * file, "venue." inside a scenario; at most 32 bytes), to options->settings. */
void weir_cli_policy_setting(struct weir_cli_options *options, const char *prefix);

/* Reads decimal digits into *out and returns true; false on anything else or out of range. */
bool weir_cli_u64(const char *text, uint64_t *out);

/* Prints "COMMAND: message" and a newline on standard error; returns `status`. */
int weir_cli_fail(int status, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Flushes standard output. `status`, but WEIR_EXIT_FAILED after a message when what was printed did
 * not get there. */
int weir_cli_flush(int status, const char *command);

/* Loads a venue with options' --set and --policy. NULL after its error is on standard error: the
 * caller returns WEIR_EXIT_USAGE. */
struct weir_venue *weir_cli_venue(const char *path, struct weir_cli_options *options,
                                  const char *command);

/* After weir_cli_catch_interrupt, SIGINT and SIGTERM set the flag (a second one kills); blocking
 * reads return with EINTR. SIGPIPE is ignored, so that a write to a closed pipe fails with EPIPE.
 */
extern volatile sig_atomic_t weir_cli_interrupted;
void weir_cli_catch_interrupt(void);

/* True when a progress line may be drawn on `stream`: a terminal, and no --quiet. */
bool weir_cli_progress(const struct weir_cli_options *options, FILE *stream);

/* Writes `text`, UTF-8, as a JSON string with quotes. */
void weir_cli_json_string(FILE *stream, const char *text);

/* ---- Commands ------------------------------------------------------------------------------- */
int weir_cmd_run(int argc, char **argv);
int weir_cmd_replay(int argc, char **argv);
int weir_cmd_explain(int argc, char **argv);
int weir_cmd_audit(int argc, char **argv);
int weir_cmd_dump(int argc, char **argv);
int weir_cmd_report(int argc, char **argv);
int weir_cmd_bench(int argc, char **argv);
int weir_cmd_validate(int argc, char **argv);

#endif
