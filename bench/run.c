/* `weir bench run`: a whole run as a user starts it, process, flow, log and report included. */
#include "bench/cases.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS           5
#define SETTINGS       8
#define SMALL_ACCOUNTS 10000.0

extern char **environ;

/* One kind of run. */
struct day {
    char program[PATH_MAX], scenario[PATH_MAX], folder[PATH_MAX];
    char settings[SETTINGS][64]; /* KEY=VALUE */
    int setting_count;
    char seed[32];
};

/* What a run came to. */
struct outcome {
    double wall, user, system; /* s */
    double commands, events, memory_mib;
    char hash[32];
};

/* ---- Where things are ------------------------------------------------------------------------ */
/* The scenario asked for, or the default one: below the present folder, or beside the build's. */
static bool find_scenario(const struct weir_bench_job *job, struct day *day) {
    static const char own[] = "scenarios/hour-601m.yaml";
    ssize_t n = readlink("/proc/self/exe", day->program, sizeof day->program - 1);
    if (n < 0) {
        fprintf(stderr, "weir bench: run: the program does not find itself: %s\n", strerror(errno));
        return false;
    }
    day->program[n] = 0;
    if (job->scenario != NULL) {
        snprintf(day->scenario, sizeof day->scenario, "%s", job->scenario);
    } else {
        snprintf(day->scenario, sizeof day->scenario, "%s", own);
        const char *slash = strrchr(day->program, '/');
        if (access(own, R_OK) != 0 && slash != NULL)
            snprintf(day->scenario, sizeof day->scenario, "%.*s/../%s", (int)(slash - day->program),
                     day->program, own);
    }
    if (access(day->scenario, R_OK) == 0) return true;
    fprintf(stderr, "weir bench: run: %s: %s; expected a scenario, --scenario FILE\n",
            job->scenario != NULL ? job->scenario : own, strerror(errno));
    return false;
}

static bool make_folder(struct day *day) {
    const char *where = getenv("TMPDIR");
    snprintf(day->folder, sizeof day->folder, "%s/weir-bench-XXXXXX",
             where != NULL && *where != 0 ? where : P_tmpdir);
    if (mkdtemp(day->folder) != NULL) return true;
    fprintf(stderr, "weir bench: run: %s: cannot be made: %s\n", day->folder, strerror(errno));
    day->folder[0] = 0;
    return false;
}

static void remove_folder(const struct day *day) {
    DIR *folder = day->folder[0] != 0 ? opendir(day->folder) : NULL;
    if (folder == NULL) return;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        (void)unlinkat(dirfd(folder), e->d_name, 0);
    closedir(folder);
    (void)rmdir(day->folder);
}

/* ---- One run --------------------------------------------------------------------------------- */
static bool read_summary(const struct day *day, struct outcome *o) {
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/summary.json", day->folder);
    json_t *summary = json_load_file(path, 0, NULL);
    const char *hash = json_string_value(json_object_get(summary, "state_hash"));
    bool right = hash != NULL && json_is_true(json_object_get(summary, "conserved"));
    snprintf(o->hash, sizeof o->hash, "%s", hash != NULL ? hash : "");
    o->commands = json_number_value(json_object_get(summary, "commands"));
    o->events = json_number_value(json_object_get(summary, "events"));
    json_decref(summary);
    return right;
}

/* The arguments of `weir run`; strings stay the day's. */
static void list_arguments(struct day *day, char **argv) {
    static char run[] = "run", out[] = "--out", force[] = "--force", quiet[] = "--quiet",
                seed[] = "--seed", set[] = "--set";
    char *fixed[] = {day->program, run,   day->scenario, out,      day->folder,
                     force,        quiet, seed,          day->seed};
    memcpy(argv, fixed, sizeof fixed);
    size_t n = sizeof fixed / sizeof fixed[0];
    for (int i = 0; i < day->setting_count; i++) {
        argv[n++] = set;
        argv[n++] = day->settings[i];
    }
    argv[n] = NULL;
}

static double seconds(const struct timeval *t) {
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* False when it failed, which the child has told, or was interrupted. */
static bool run_once(struct day *day, struct outcome *o) {
    char *argv[9 + 2 * SETTINGS + 1];
    pid_t child;
    int status = 0;
    struct rusage usage;
    list_arguments(day, argv);
    uint64_t start = bench_now_ns();
    int error = posix_spawn(&child, day->program, NULL, NULL, argv, environ);
    if (error != 0) {
        fprintf(stderr, "weir bench: run: cannot be started: %s\n", strerror(error));
        return false;
    }
    while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR)
        if (bench_stopped()) (void)kill(child, SIGINT);
    *o = (struct outcome){.wall = (double)(bench_now_ns() - start) / 1e9,
                          .user = seconds(&usage.ru_utime),
                          .system = seconds(&usage.ru_stime),
                          .memory_mib = (double)usage.ru_maxrss / 1024};
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && read_summary(day, o);
}

static bool one_case(const struct weir_bench_job *job, struct day *day, const char *name) {
    struct bench_case c = {.unit = "ms", .checked = true};
    struct outcome last = {0};
    char hash[32] = "";
    double user[CASE_RUNS] = {0};
    int runs = bench_runs(job, RUNS);
    snprintf(c.name, sizeof c.name, "%s", name);
    if (!bench_case_wanted(job, c.name)) return true;
    for (int run = -(int)job->warmup; bench_goes_on(&c, run, runs); run++) {
        struct outcome o;
        bool good = run_once(day, &o);
        if (bench_stopped()) break;
        c.checked = good && (hash[0] == 0 || strcmp(hash, o.hash) == 0);
        if (!c.checked) break;
        snprintf(hash, sizeof hash, "%s", o.hash);
        last = o;
        if (run < 0) continue;
        user[c.runs] = o.user;
        c.times[c.runs++] = o.wall * 1000;
    }
    double own =
        c.runs > 0 ? user[c.runs - 1] : 0; /* before the times are sorted: the last run's */
    snprintf(c.facts, sizeof c.facts,
             "\"scenario_seed\":%llu,\"commands\":%.0f,\"events\":%.0f,\"state_hash\":\"%s\","
             "\"user_s\":%.3f,\"system_s\":%.3f,\"memory_mib\":%.0f",
             (unsigned long long)job->seed, last.commands, last.events, hash, own, last.system,
             last.memory_mib);
    double wall = bench_case_median(&c);
    snprintf(c.remark, sizeof c.remark, "%.0f commands, %.0f a second, state %s", last.commands,
             wall > 0 ? last.commands / wall * 1000 : 0, hash);
    bench_case_print(&c);
    return c.checked;
}

/* ---- Which runs ------------------------------------------------------------------------------ */
static void set(struct day *day, const char *key, double value, const char *unit) {
    snprintf(day->settings[day->setting_count++], sizeof day->settings[0], "%s=%.15g%s", key, value,
             unit);
}

/* Fewer accounts share the same open interest, so each may have more of it. */
static void set_accounts(struct day *day, double accounts) {
    set(day, "accounts", accounts, "");
    set(day, "position_cap", fmin(1, fmax(0.01, 500 / accounts)), "");
}

/* A day of ten thousand accounts cut to six hours; the fall and the bounce moved into it. */
static void set_study(struct day *day) {
    set_accounts(day, SMALL_ACCOUNTS);
    set(day, "length", 6, "h");
    set(day, "shock.waves.fall.at", 4, "h");
    set(day, "shock.waves.bounce.at", 262, "m");
}

int bench_run(const struct weir_bench_job *job) {
    struct day day = {.setting_count = 0};
    bool accounts = bench_given(job, PARAMETER_ACCOUNTS), hours = bench_given(job, PARAMETER_HOURS);
    if (!find_scenario(job, &day) || !make_folder(&day)) return 2;
    snprintf(day.seed, sizeof day.seed, "%llu", (unsigned long long)job->seed);
    bool good = true;
    if (accounts || hours || job->scenario != NULL) {
        char name[64];
        size_t n = (size_t)snprintf(name, sizeof name, "scenario");
        if (accounts) {
            set_accounts(&day, job->value[PARAMETER_ACCOUNTS]);
            n += (size_t)snprintf(name + n, sizeof name - n, ", %.0f accounts",
                                  job->value[PARAMETER_ACCOUNTS]);
        }
        if (hours) {
            set(&day, "length", round(job->value[PARAMETER_HOURS] * 3600), "s");
            snprintf(name + n, sizeof name - n, ", %.15g h", job->value[PARAMETER_HOURS]);
        }
        good = one_case(job, &day, name);
    } else {
        if (!job->quick) good = one_case(job, &day, "default scenario");
        set_study(&day);
        if (good && !bench_stopped()) good = one_case(job, &day, "study size, 6 h");
    }
    remove_folder(&day);
    if (!good) fprintf(stderr, "weir bench: a run failed, or ended in another state\n");
    return good ? 0 : 1;
}
