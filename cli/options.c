/* The shared options, and what every command does the same way. */
#include "cli/cli.h"
#include "cli/allocator.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_SET = 0x100, OPTION_POLICY, OPTION_OUT, OPTION_FORCE, OPTION_SEED, OPTION_JSON };

/* ---- Groups ---------------------------------------------------------------------------------- */
static error_t take_settings(int key, char *text, struct argp_state *state) {
    struct weir_cli_options *o = state->input;
    if (key == OPTION_POLICY) {
        o->policy = text;
        return 0;
    }
    if (key != OPTION_SET) return ARGP_ERR_UNKNOWN;
    char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        argp_error(state, "--set %s: expected key.path=value", text);
        return EINVAL;
    }
    if (o->setting_count == WEIR_CLI_SETTINGS_MAX) {
        argp_error(state, "more than %d times --set", WEIR_CLI_SETTINGS_MAX);
        return EINVAL;
    }
    *equals = 0;
    o->settings[o->setting_count++] = (struct weir_setting){text, equals + 1};
    return 0;
}

static error_t take_folder(int key, char *text, struct argp_state *state) {
    struct weir_cli_options *o = state->input;
    switch (key) {
    case OPTION_OUT:
        if (*text == 0) argp_error(state, "--out: expected a folder");
        o->out = text;
        return 0;
    case OPTION_FORCE:
        o->force = true;
        return 0;
    case OPTION_SEED:
        if (!weir_cli_u64(text, &o->seed))
            argp_error(state, "--seed %s: expected a whole number from 0 to 2^64 - 1", text);
        o->has_seed = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The type of argp's parsers. NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t take_output(int key, char *text, struct argp_state *state) {
    struct weir_cli_options *o = state->input;
    (void)text;
    if (key == 'q')
        o->quiet = true;
    else if (key == OPTION_JSON)
        o->json = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option settings_options[] = {
    {"set", OPTION_SET, "KEY.PATH=VALUE", 0,
     "Override a key of the file; a list item by its name or index, e.g. "
     "--set markets.BTC-PERP.tick=0.5",
     0},
    {"policy", OPTION_POLICY, "NAME", 0, "Close positions by this policy", 0},
    {0}};
static const struct argp_option folder_options[] = {
    {"out", OPTION_OUT, "DIR", 0, "Write here", 0},
    {"force", OPTION_FORCE, NULL, 0, "Overwrite an existing folder", 0},
    {"seed", OPTION_SEED, "N", 0, "Seed of all random streams", 0},
    {0}};
static const struct argp_option output_options[] = {
    {"quiet", 'q', NULL, 0, "No progress and no summary; problems are still told", 0},
    {"json", OPTION_JSON, NULL, 0, "Machine-readable result on standard output", 0},
    {0}};

const struct argp weir_cli_settings_argp = {.options = settings_options, .parser = take_settings};
const struct argp weir_cli_folder_argp = {.options = folder_options, .parser = take_folder};
const struct argp weir_cli_output_argp = {.options = output_options, .parser = take_output};

void weir_cli_version(FILE *stream) {
    char allocator[64];
    fprintf(stream, "weir %s\n", WEIR_VERSION);
    fprintf(stream, "compiler: %s %s\n",
#ifdef __clang__
            "clang",
#else
            "gcc",
#endif
            __VERSION__);
    fprintf(stream, "build: %s, heavy invariants %s, sanitizers %s\n",
#ifdef __OPTIMIZE__
            "optimised",
#else
            "not optimised",
#endif
#ifdef WEIR_HEAVY_CHECKS
            "on",
#else
            "off",
#endif
#ifdef __SANITIZE_ADDRESS__
            "on"
#else
            "off"
#endif
    );
    fprintf(stream, "allocator: %s\n", weir_allocator_name(allocator, sizeof allocator));
}

static void print_version(FILE *stream, struct argp_state *state) {
    (void)state;
    weir_cli_version(stream);
}

void weir_cli_parse(const struct argp *argp, int argc, char **argv, void *input) {
    argp_err_exit_status = WEIR_EXIT_USAGE;
    argp_program_version_hook = print_version;
    error_t error = argp_parse(argp, argc, argv, 0, NULL, input);
    if (error != 0) exit(weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "%s", strerror(error)));
}

void weir_cli_policy_setting(struct weir_cli_options *options, const char *prefix) {
    static char path[64];
    if (!options->policy) return;
    if (options->setting_count == WEIR_CLI_SETTINGS_MAX) options->setting_count--;
    snprintf(path, sizeof path, "%.32sliquidation.policy.name", prefix);
    options->settings[options->setting_count++] = (struct weir_setting){path, options->policy};
}

bool weir_cli_u64(const char *text, uint64_t *out) {
    uint64_t value = 0;
    if (*text == 0) return false;
    for (const char *p = text; *p != 0; p++) {
        if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

int weir_cli_fail(int status, const char *command, const char *format, ...) {
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

int weir_cli_flush(int status, const char *command) {
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0) return status;
    const char *why = errno != 0 ? strerror(errno) : "an earlier part of it was lost";
    (void)weir_cli_fail(0, command, "writing to standard output: %s", why);
    return status == WEIR_EXIT_DONE ? WEIR_EXIT_FAILED : status;
}

struct weir_venue *weir_cli_venue(const char *path, struct weir_cli_options *options,
                                  const char *command) {
    struct weir_file_error error = {{0}};
    weir_cli_policy_setting(options, "");
    struct weir_venue *venue =
        weir_venue_load(path, options->settings, options->setting_count, &error);
    if (!venue) weir_cli_fail(WEIR_EXIT_USAGE, command, "%s", error.text);
    return venue;
}

/* ---- Signals, terminals ---------------------------------------------------------------------- */
volatile sig_atomic_t weir_cli_interrupted;

/* The first signal ends the work cleanly. One that comes more than a second later ends the program
 * at once; those in between are the same wish, sent twice (timeout(1) signals the process and its
 * group). */
static void interrupt(int number) {
    static volatile sig_atomic_t first_s;
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (!weir_cli_interrupted) {
        first_s = (sig_atomic_t)now.tv_sec;
        weir_cli_interrupted = 1;
    } else if ((sig_atomic_t)now.tv_sec - first_s > 1) {
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
}

void weir_cli_catch_interrupt(void) {
    /* No SA_RESTART, so reads return. */
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool weir_cli_progress(const struct weir_cli_options *options, FILE *stream) {
    return !options->quiet && isatty(fileno(stream));
}

void weir_cli_json_string(FILE *stream, const char *text) {
    fputc('"', stream);
    for (const char *p = text; *p != 0; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            fprintf(stream, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            fprintf(stream, "\\u%04x", c);
        else
            fputc(c, stream);
    }
    fputc('"', stream);
}
