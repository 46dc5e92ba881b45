/* weir run: a scenario's order flow through the engine, and everything about it in one folder. */
#include "cli/durable.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "flow/flow.h"
#include "monitor/monitor.h"
#include "report/report.h"
#include "wire/wire.h"

#define PROGRESS_NS    200000000 /* between two progress lines */
#define PARTICIPANTS   8192      /* accounts beside the population's, at most */
#define PROGRESS_WIDTH 132

enum { FILE_SERIES, FILE_LIQUIDATIONS, FILE_ADL, FILES };
static const char *const file_names[FILES] = {"series.csv", "liquidations.csv", "adl.csv"};

struct arguments {
    struct weir_cli_options options;
    const char *scenario, *venue, *journal;
};

enum { OPTION_VENUE = 1, OPTION_JOURNAL };

struct run {
    const char *command; /* argv[0] */
    const struct weir_cli_options *options;
    struct weir_scenario *scenario;
    struct weir_venue *venue;
    char *folder;
    FILE *files[FILES];
    struct weir_log_writer *log;
    int log_error;            /* first failure of the log, -errno */
    const char *journal_path; /* NULL: none */
    struct weir_durable journal;
    bool journal_failed; /* and that was told */
    struct weir_engine *engine;
    struct weir_flow *flow;
    struct weir_monitor *monitor;
    struct weir_histogram *latency;
    uint64_t began_ns, clock_ns, progress_ns; /* wall */
    weir_time now;                            /* simulated */
    bool progress, opening, interrupted;
};

static uint64_t wall_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- Progress -------------------------------------------------------------------------------- */
static int amount_text(char *text, size_t size, double amount) {
    if (amount >= 1e9) return snprintf(text, size, "%.2f bn", amount / 1e9);
    if (amount >= 1e6) return snprintf(text, size, "%.1f m", amount / 1e6);
    return snprintf(text, size, "%.0f", amount);
}

static double scale_of(const struct weir_scenario *scenario) {
    double scale = (double)scenario->scale.mantissa;
    for (int i = 0; i < scenario->scale.scale; i++)
        scale /= 10;
    return scale;
}

static void show_progress(struct run *run) {
    double scale = scale_of(run->scenario);
    int64_t seconds = (run->now - run->scenario->start) / WEIR_SECOND;
    double wall_s = (double)(run->clock_ns - run->began_ns) / 1e9;
    char line[512], liquidated[32], fund[32];
    size_t used = 0;
    run->progress_ns = run->clock_ns;
    (void)amount_text(liquidated, sizeof liquidated, weir_monitor_liquidated(run->monitor) * scale);
    (void)amount_text(fund, sizeof fund, weir_monitor_fund(run->monitor) * scale);
    if (run->opening)
        used += (size_t)snprintf(line, sizeof line, "opening ");
    else
        used += (size_t)snprintf(line, sizeof line, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 " ",
                                 seconds / 3600, seconds / 60 % 60, seconds % 60);
    for (uint32_t i = 0; i < 2 && i < run->scenario->market_count; i++) {
        const struct weir_name *symbol = &run->scenario->markets[i].market;
        double index = weir_flow_index(run->flow, weir_venue_market(run->venue, symbol));
        used += (size_t)snprintf(line + used, sizeof line - used, " %s %.6g", symbol->text, index);
    }
    (void)snprintf(line + used, sizeof line - used,
                   "  liquidations %" PRIu64 " (%s)  fund %s  backlog %" PRIu64 "  %.0f/s",
                   weir_monitor_liquidations(run->monitor), liquidated, fund,
                   weir_engine_view_backlog(run->engine),
                   wall_s > 0 ? (double)weir_engine_seq(run->engine) / wall_s : 0);
    (void)fprintf(stderr, "\r%-.*s\033[K", PROGRESS_WIDTH, line);
    (void)fflush(stderr);
}

static void end_progress(const struct run *run) {
    if (run->progress) (void)fputs("\r\033[K", stderr);
}

/* ---- Flow and engine ------------------------------------------------------------------------- */
static void on_event(void *ctx, const struct weir_event *event) {
    struct run *run = ctx;
    weir_monitor_event(run->monitor, event);
    weir_flow_event(run->flow, event);
}

static void apply(void *ctx, const struct weir_command *command) {
    struct run *run = ctx;
    int result = weir_log_append(run->log, command);
    if (result < 0 && run->log_error == 0) run->log_error = result;
    if (run->journal.journal && !run->journal_failed) {
        int error = weir_durable_make(&run->journal, command);
        run->journal_failed = error < 0;
        run->interrupted = run->interrupted || error == -EINTR;
    }
    weir_monitor_command(run->monitor, command);
    uint64_t before = wall_ns();
    weir_engine_apply(run->engine, command);
    run->clock_ns = wall_ns();
    weir_histogram_record(run->latency, run->clock_ns - before);
    if (run->progress && run->clock_ns - run->progress_ns >= PROGRESS_NS) show_progress(run);
}

static void view(void *ctx, uint32_t market, struct weir_view_market *out) {
    struct run *run = ctx;
    weir_engine_view_market(run->engine, market, out);
}

static bool may_go_on(struct run *run) {
    if (weir_cli_interrupted) run->interrupted = true;
    return !run->interrupted && run->log_error == 0 && !run->journal_failed &&
           weir_monitor_sound(run->monitor);
}

static void simulate(struct run *run) {
    const struct weir_scenario *s = run->scenario;
    weir_time end = s->start + s->length;
    weir_time sample = s->start + s->sample_interval;
    run->now = s->start;
    run->opening = true;
    while (may_go_on(run) && weir_flow_open(run->flow))
        continue;
    if (run->interrupted) return;
    run->opening = false;
    weir_monitor_open(run->monitor, run->engine, run->now);
    while (run->now < end && may_go_on(run)) {
        weir_time until = weir_min(sample, end);
        run->now = weir_flow_act(run->flow, until);
        if (run->now < until) continue;
        weir_flow_clock(run->flow, until);
        weir_monitor_sample(run->monitor, run->engine, until);
        sample = until + s->sample_interval;
    }
}

/* ---- The run folder -------------------------------------------------------------------------- */
static char *in_folder(const struct run *run, const char *name) {
    char *path = NULL;
    return asprintf(&path, "%s/%s", run->folder, name) < 0 ? NULL : path;
}

static FILE *create(const struct run *run, const char *name) {
    char *path = in_folder(run, name);
    FILE *file = path ? fopen(path, "we") : NULL;
    if (!file)
        (void)weir_cli_fail(0, run->command, "%s/%s: cannot be written: %s", run->folder, name,
                            strerror(errno));
    free(path);
    return file;
}

/* False when what was written did not reach the file. */
static bool finish(const struct run *run, FILE *file, const char *name) {
    int error = ferror(file) != 0 ? EIO : 0;
    if (fclose(file) != 0) error = errno;
    if (error != 0)
        (void)weir_cli_fail(0, run->command, "%s/%s: writing failed: %s", run->folder, name,
                            strerror(error));
    return error == 0;
}

/* Makes every folder of the path. 0, or errno. */
static int make_folders(const char *path) {
    char *copy = strdup(path);
    int error = copy ? 0 : ENOMEM;
    for (char *at = copy; error == 0 && *at; at++) {
        if (*at != '/' || at == copy) continue;
        *at = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) error = errno;
        *at = '/';
    }
    if (error == 0 && mkdir(copy, 0777) != 0 && errno != EEXIST) error = errno;
    free(copy);
    return error;
}

/* An exit status; WEIR_EXIT_DONE when the folder is there and ours to write. */
static int make_folder(struct run *run) {
    const struct weir_cli_options *o = run->options;
    struct stat there;
    int n = o->out ? asprintf(&run->folder, "%s", o->out)
                   : asprintf(&run->folder, "out/%s-%" PRIu64, run->scenario->name.text,
                              run->scenario->seed);
    if (n < 0) {
        run->folder = NULL;
        return weir_cli_fail(WEIR_EXIT_FAILED, run->command, "out of memory");
    }
    if (stat(run->folder, &there) == 0) {
        if (!S_ISDIR(there.st_mode))
            return weir_cli_fail(WEIR_EXIT_USAGE, run->command, "%s: is no folder", run->folder);
        if (!o->force)
            return weir_cli_fail(WEIR_EXIT_USAGE, run->command,
                                 "%s: exists already; expected --force to overwrite it, or "
                                 "another --out",
                                 run->folder);
        /* Nothing of an earlier run may stand beside this one's. */
        static const char *const results[] = {"summary.json", "report.html"};
        for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
            char *path = in_folder(run, results[i]);
            if (path && unlink(path) != 0 && errno != ENOENT) {
                int status = weir_cli_fail(WEIR_EXIT_FAILED, run->command,
                                           "%s: cannot be replaced: %s", path, strerror(errno));
                free(path);
                return status;
            }
            free(path);
        }
        return WEIR_EXIT_DONE;
    }
    int error = make_folders(run->folder);
    if (error == 0) return WEIR_EXIT_DONE;
    return weir_cli_fail(WEIR_EXIT_FAILED, run->command, "%s: cannot be made: %s", run->folder,
                         strerror(error));
}

static bool write_inputs(const struct run *run) {
    char *text = weir_venue_print(run->venue);
    FILE *venue = text ? create(run, "venue.yaml") : NULL;
    bool ok = venue != NULL;
    if (venue) {
        (void)fputs(text, venue);
        ok = finish(run, venue, "venue.yaml");
    }
    free(text);
    FILE *scenario = ok ? create(run, "scenario.yaml") : NULL;
    if (!scenario) return false;
    weir_scenario_print(scenario, run->scenario, "venue.yaml");
    return finish(run, scenario, "scenario.yaml");
}

static bool open_outputs(struct run *run) {
    int error = 0;
    char *path = in_folder(run, "commands.weir");
    for (int i = 0; i < FILES; i++) {
        run->files[i] = create(run, file_names[i]);
        if (!run->files[i]) {
            free(path);
            return false;
        }
    }
    run->log = path ? weir_log_create(path, run->venue->digest, &error) : NULL;
    if (!run->log)
        (void)weir_cli_fail(0, run->command, "%s/commands.weir: cannot be written: %s", run->folder,
                            strerror(error < 0 ? -error : error));
    free(path);
    return run->log != NULL;
}

static struct weir_run_facts facts_of(struct run *run) {
    const char *problem = weir_engine_audit(run->engine);
    if (problem)
        (void)weir_cli_fail(0, run->command, "the final state breaks an invariant: %s", problem);
    return (struct weir_run_facts){
        .scenario = run->scenario->name.text,
        .policy = weir_policy_words[run->venue->policy.name],
        .seed = run->scenario->seed,
        .scale = run->scenario->scale,
        .simulated_s = (double)(run->now - run->scenario->start) / 1e9,
        .wall_s = (double)(run->clock_ns - run->began_ns) / 1e9,
        .commands = weir_engine_seq(run->engine),
        .events = weir_engine_events(run->engine),
        .state_hash = weir_engine_digest(run->engine),
        .conserved = problem == NULL,
        .interrupted = run->interrupted,
        .latency = run->latency,
    };
}

/* The summary is written beside its final name and renamed: nobody meets half of one, or an empty
 * one of a disk that is full. */
static bool write_summary(const struct run *run, const struct weir_run_facts *facts) {
    static const char partial_name[] = "summary.json.partial";
    char *partial = in_folder(run, partial_name), *path = in_folder(run, "summary.json");
    FILE *file = partial && path ? create(run, partial_name) : NULL;
    bool ok = file != NULL;
    if (ok) {
        weir_monitor_summary(run->monitor, facts, file);
        ok = finish(run, file, "summary.json");
        if (ok && rename(partial, path) != 0) {
            (void)weir_cli_fail(0, run->command, "%s: cannot be written: %s", path,
                                strerror(errno));
            ok = false;
        }
        if (!ok) (void)unlink(partial);
    }
    free(partial);
    free(path);
    return ok;
}

/* Closes all files and writes summary and report. */
static bool write_results(struct run *run, const struct weir_run_facts *facts) {
    struct weir_file_error error;
    bool ok = run->log_error == 0;
    weir_monitor_close(run->monitor, run->now);
    int closed = weir_log_close(run->log, facts->state_hash, facts->events);
    run->log = NULL;
    if (closed < 0 && run->log_error == 0) run->log_error = closed;
    if (run->log_error < 0) {
        (void)weir_cli_fail(0, run->command, "%s/commands.weir: writing failed: %s", run->folder,
                            strerror(-run->log_error));
        ok = false;
    }
    for (int i = 0; i < FILES; i++) {
        ok = finish(run, run->files[i], file_names[i]) && ok;
        run->files[i] = NULL;
    }
    ok = write_summary(run, facts) && ok;
    if (ok && weir_report_write(run->folder, &error) < 0) {
        (void)weir_cli_fail(0, run->command, "%s", error.text);
        ok = false;
    }
    return ok;
}

static void tell(const struct run *run, const struct weir_run_facts *facts) {
    if (run->options->json) {
        weir_monitor_summary(run->monitor, facts, stdout);
    } else if (!run->options->quiet) {
        weir_monitor_text(run->monitor, facts, stdout);
        (void)printf("report        %s/report.html\n", run->folder);
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */
static bool start(struct run *run, struct weir_file_error *error) {
    const struct weir_engine_options options = {.accounts_max = (uint32_t)run->scenario->accounts +
                                                                PARTICIPANTS};
    const struct weir_monitor_files files = {run->files[FILE_SERIES], run->files[FILE_LIQUIDATIONS],
                                             run->files[FILE_ADL]};
    run->latency = malloc(sizeof *run->latency);
    run->monitor = weir_monitor_new(run->venue, &files);
    run->engine = weir_engine_new(run->venue, &options, on_event, run);
    if (!run->latency || !run->monitor || !run->engine) {
        (void)snprintf(error->text, sizeof error->text, "out of memory");
        return false;
    }
    weir_histogram_reset(run->latency);
    return true;
}

/* Results are told of when all that they rest on is durable. */
static bool close_journal(struct run *run, const struct weir_run_facts *facts) {
    if (!run->journal_path || run->journal_failed) return !run->journal_path || run->interrupted;
    uint64_t number = weir_journal_number(run->journal.journal);
    bool well = number == facts->commands;
    if (!well && !run->interrupted) {
        (void)weir_cli_fail(0, run->command,
                            "%s: the journal holds %" PRIu64 " commands, the run made %" PRIu64,
                            run->journal_path, number, facts->commands);
        return false;
    }
    return weir_durable_close(&run->journal, well, facts->state_hash, facts->events) == 0;
}

static int run_in_folder(struct run *run) {
    struct weir_file_error error;
    if (!write_inputs(run) || !open_outputs(run)) return WEIR_EXIT_FAILED;
    if (!start(run, &error)) return weir_cli_fail(WEIR_EXIT_FAILED, run->command, "%s", error.text);
    weir_cli_catch_interrupt();
    int status = run->journal_path ? weir_durable_open_same(&run->journal, run->journal_path,
                                                            run->venue->digest, run->command)
                                   : WEIR_EXIT_DONE;
    if (status != WEIR_EXIT_DONE) return status;
    run->began_ns = run->clock_ns = wall_ns();
    run->progress = weir_cli_progress(run->options, stderr);
    simulate(run);
    end_progress(run);
    if (!weir_monitor_sound(run->monitor))
        return weir_cli_fail(WEIR_EXIT_FAILED, run->command, "out of memory for the figures");
    const struct weir_run_facts facts = facts_of(run);
    if (!close_journal(run, &facts)) return WEIR_EXIT_FAILED;
    if (!write_results(run, &facts) || !facts.conserved) return WEIR_EXIT_FAILED;
    tell(run, &facts);
    return weir_cli_flush(run->interrupted ? WEIR_EXIT_INTERRUPTED : WEIR_EXIT_DONE, run->command);
}

static void release(struct run *run) {
    if (run->log) (void)weir_log_close(run->log, 0, 0);
    (void)weir_durable_close(&run->journal, false, 0, 0);
    for (int i = 0; i < FILES; i++)
        if (run->files[i]) (void)fclose(run->files[i]);
    weir_monitor_free(run->monitor);
    weir_flow_free(run->flow);
    if (run->engine) weir_engine_free(run->engine);
    free(run->latency);
    free(run->folder);
    free(run->scenario);
    weir_venue_free(run->venue);
}

static error_t take(int key, char *text, struct argp_state *state) {
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->child_inputs[1] = state->child_inputs[2] = &a->options;
        return 0;
    case ARGP_KEY_ARG:
        if (a->scenario) argp_error(state, "one scenario only, not also `%s`", text);
        a->scenario = text;
        return 0;
    case OPTION_VENUE:
        a->venue = text;
        return 0;
    case OPTION_JOURNAL:
        a->journal = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a scenario is missing");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Adds a setting behind those of --set, which it overrules. */
static bool add_setting(struct weir_cli_options *options, const char *path, const char *value) {
    if (options->setting_count == WEIR_CLI_SETTINGS_MAX) return false;
    options->settings[options->setting_count++] = (struct weir_setting){path, value};
    return true;
}

int weir_cmd_run(int argc, char **argv) {
    static const struct argp_child children[] = {{&weir_cli_settings_argp, 0, NULL, 0},
                                                 {&weir_cli_folder_argp, 0, NULL, 0},
                                                 {&weir_cli_output_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp_option own[] = {
        {"venue", OPTION_VENUE, "FILE", 0, "The venue, instead of the scenario's", 0},
        {"journal", OPTION_JOURNAL, "DIR", 0,
         "Keep a durable log there; one of the same run that was stopped is continued", 0},
        {0}};
    static const struct argp argp = {
        .options = own,
        .parser = take,
        .args_doc = "SCENARIO",
        .doc = "Generates the scenario's order flow, runs it through the engine and writes a run "
               "folder: summary.json, report.html, series.csv, liquidations.csv, adl.csv, "
               "commands.weir, venue.yaml and scenario.yaml. Keys of the scenario are overridden "
               "with --set, keys of its venue with --set venue.KEY.\v"
               "Examples:\n  weir run scenarios/hour-601m.yaml --seed 7\n"
               "  weir run scenarios/hour-601m.yaml --venue venues/binance.yaml\n"
               "  weir run scenarios/hour-601m.yaml --set depth=0.1 --set shock.size=2",
        .children = children,
    };
    struct arguments a = {0};
    struct weir_file_error error;
    char seed[32], *venue = NULL;
    weir_cli_parse(&argp, argc, argv, &a);
    weir_cli_policy_setting(&a.options, "venue.");
    (void)snprintf(seed, sizeof seed, "%" PRIu64, a.options.seed);
    /* A scenario's venue is relative to the scenario; this one to where the program was called. */
    if (a.venue && !(venue = realpath(a.venue, NULL)))
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "%s: cannot be read: %s", a.venue,
                             strerror(errno));
    bool fits = (!a.options.has_seed || add_setting(&a.options, "seed", seed)) &&
                (!venue || add_setting(&a.options, "venue", venue));
    if (!fits) {
        free(venue);
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "too many --set");
    }
    struct run run = {.command = argv[0], .options = &a.options, .journal_path = a.journal};
    run.scenario = weir_scenario_load(a.scenario, a.options.settings, a.options.setting_count,
                                      &run.venue, &error);
    free(venue);
    if (!run.scenario) return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "%s", error.text);
    const struct weir_flow_port port = {&run, apply, view};
    run.flow = weir_flow_new(run.scenario, run.venue, &port, &error);
    int status =
        run.flow ? make_folder(&run) : weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "%s", error.text);
    if (status == WEIR_EXIT_DONE) status = run_in_folder(&run);
    release(&run);
    return status;
}
