/* weir bench: the benchmarks. */
#include "bench/bench.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPTION_WORKLOAD = 0x200,
    OPTION_SCENARIO,
    OPTION_TARGETS,
    OPTION_QUICK,
    OPTION_RUNS,
    OPTION_WARMUP,
    OPTION_SEED,
    OPTION_CASE,
    OPTION_JOB,
    OPTION_COMPARE,
    OPTION_FAIL_ABOVE,
    OPTION_PARAMETER /* and as many more as there are */
};

struct bench_options {
    struct weir_cli_options cli;
    struct weir_bench_jobs jobs;
    const char *job_file;
    const char *compare;
    double fail_above;         /* per cent; negative: not given */
    bool has_seed, parameters; /* given */
};

static void choose(struct bench_options *b, const char *name, struct argp_state *state) {
    if (weir_bench_choose(&b->jobs, name)) return;
    char names[256] = "";
    size_t n = 0;
    for (uint32_t i = 0; i < weir_bench_kind_count && n < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i > 0 ? ", " : "",
                              weir_bench_kinds[i].name);
    argp_error(state, "there is no benchmark `%s`; there are: %s", name, names);
}

static uint32_t number(const char *option, const char *text, uint32_t least,
                       struct argp_state *state) {
    uint64_t value;
    if (!weir_cli_u64(text, &value) || value < least || value > WEIR_BENCH_RUNS_MAX)
        argp_error(state, "--%s %s: expected a whole number from %u to %d", option, text, least,
                   WEIR_BENCH_RUNS_MAX);
    return (uint32_t)value;
}

static double per_cent(const char *text, struct argp_state *state) {
    char *end;
    double value = strtod(text, &end);
    if (*text < '0' || *text > '9' || *end != 0 || text[strspn(text, "0123456789.")] != 0)
        argp_error(state, "--fail-above %s: expected per cent, 0 or more", text);
    return value;
}

static error_t take(int key, char *text, struct argp_state *state) {
    struct bench_options *b = state->input;
    struct weir_bench_job *job = &b->jobs.job;
    char error[256];
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &b->cli;
        return 0;
    case OPTION_WORKLOAD:
        job->workload = text;
        return 0;
    case OPTION_SCENARIO:
        job->scenario = text;
        return 0;
    case OPTION_TARGETS:
        weir_bench_targets();
        return 0;
    case OPTION_QUICK:
        job->quick = true;
        return 0;
    case OPTION_RUNS:
        job->runs = number("runs", text, 1, state);
        return 0;
    case OPTION_WARMUP:
        job->warmup = number("warmup", text, 1, state);
        return 0;
    case OPTION_SEED:
        if (!weir_cli_u64(text, &job->seed))
            argp_error(state, "--seed %s: expected a whole number from 0 to 2^64 - 1", text);
        b->has_seed = true;
        return 0;
    case OPTION_CASE:
        job->only = text;
        return 0;
    case OPTION_COMPARE:
        b->compare = text;
        return 0;
    case OPTION_FAIL_ABOVE:
        b->fail_above = per_cent(text, state);
        return 0;
    case OPTION_JOB:
        b->job_file = text;
        return 0;
    case ARGP_KEY_ARG:
        choose(b, text, state);
        return 0;
    default:
        if (key < OPTION_PARAMETER || key >= OPTION_PARAMETER + PARAMETER_COUNT)
            return ARGP_ERR_UNKNOWN;
        uint32_t p = (uint32_t)(key - OPTION_PARAMETER);
        if (!weir_bench_values(&b->jobs, p, text, error, sizeof error))
            argp_error(state, "--%s %s", weir_bench_parameters[p].name, error);
        b->parameters = true;
        return 0;
    }
}

static const struct argp_option fixed_options[] = {
    {"job", OPTION_JOB, "FILE", 0,
     "The benchmarks of a job file; NAMEs choose among them, --quick, --runs, --warmup, --seed and "
     "--case hold for all",
     0},
    {"compare", OPTION_COMPARE, "FILE", 0,
     "Tell old, new, their ratio and the spread of both, with FILE of an earlier --json", 0},
    {"fail-above", OPTION_FAIL_ABOVE, "PERCENT", 0,
     "Exit status 1 when a case's median is so much above the one in --compare FILE", 0},
    {"workload", OPTION_WORKLOAD, "FILE", 0, "book: the order flow of FILE, not generated", 0},
    {"scenario", OPTION_SCENARIO, "FILE", 0,
     "run: this scenario as it is, not the default one and its small variant", 0},
    {"targets", OPTION_TARGETS, NULL, 0,
     "At the end, every target of speed: what was measured, met or missed by what factor", 0},
    {"quick", OPTION_QUICK, NULL, 0,
     "Less work: a million messages, no book of a million orders, a hundred thousand accounts; of "
     "several values of a parameter the small ones",
     0},
    {"runs", OPTION_RUNS, "N", 0, "Runs that count, 1 to 99 (without: 5, of the book 7)", 0},
    {"warmup", OPTION_WARMUP, "N", 0,
     "Runs before them, 1 to 99 (1); their result is checked before anything counts", 0},
    {"seed", OPTION_SEED, "N", 0, "Seed of generated accounts and orders (1)", 0},
    {"case", OPTION_CASE, "TEXT", 0,
     "Only the cases whose name holds TEXT; several with | between them", 0},
};
#define FIXED (sizeof fixed_options / sizeof fixed_options[0])

static const char *argument_of(uint32_t parameter) {
    switch (weir_bench_parameters[parameter].form) {
    case WEIR_BENCH_WORD:
        return "WORD[,WORD...]";
    case WEIR_BENCH_GOAL:
        return "GOAL[,GOAL...]";
    case WEIR_BENCH_NUMBER:
    case WEIR_BENCH_WHOLE:
        break;
    }
    return "N[,N...]";
}

/* The fixed options, then one for each parameter with the benchmarks that read it. */
static void list_options(struct argp_option *options, char (*help)[256]) {
    memcpy(options, fixed_options, sizeof fixed_options);
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++) {
        size_t n = 0, size = sizeof help[p];
        for (uint32_t i = 0; i < weir_bench_kind_count && n < size; i++)
            if (weir_bench_kinds[i].reads >> p & 1)
                n += (size_t)snprintf(help[p] + n, size - n, "%s%s", n > 0 ? ", " : "",
                                      weir_bench_kinds[i].name);
        if (n < size) snprintf(help[p] + n, size - n, ": %s", weir_bench_parameters[p].what);
        options[FIXED + p] = (struct argp_option){weir_bench_parameters[p].name,
                                                  OPTION_PARAMETER + (int)p,
                                                  argument_of(p),
                                                  0,
                                                  help[p],
                                                  1};
    }
    options[FIXED + PARAMETER_COUNT] = (struct argp_option){0};
}

/* Text after the options; malloc'd. */
static char *describe(void) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    fputs("Measures how fast the engine is, beside a straightforward baseline that does the same "
          "work.\vBenchmarks:\n",
          out);
    for (uint32_t i = 0; i < weir_bench_kind_count; i++)
        fprintf(out, "  %-9s %s\n", weir_bench_kinds[i].name, weir_bench_kinds[i].what);
    fputs("Without a name all of them run, but for those named only, that know what is given.\n"
          "A parameter with several values is measured at each of them. --quiet leaves out the "
          "table; a comparison is told all the same.\n\n"
          "Examples:\n"
          "  weir bench book --quick\n"
          "  weir bench trigger --accounts 50000 --markets 5,50 --case none --json\n"
          "  weir bench burst --accounts 100000 --rate 150000 --arrivals poisson --windows 20\n"
          "  weir bench sweep --quick --goal p99.9=100us --policy fraction\n"
          "  weir bench --targets\n"
          "  weir bench book --quick --compare before.json --fail-above 10\n"
          "  weir bench --job bench/curves.yaml --quick\n",
          out);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

/* What the command line says beside a job file. */
static void overrule(struct bench_options *b, struct weir_bench_jobs *jobs, uint32_t count) {
    const struct weir_bench_job *own = &b->jobs.job;
    for (uint32_t i = 0; i < count; i++) {
        struct weir_bench_job *job = &jobs[i].job;
        if (b->jobs.benches != 0) jobs[i].benches &= b->jobs.benches;
        if (own->runs > 0) job->runs = own->runs;
        if (own->warmup > 0) job->warmup = own->warmup;
        if (b->has_seed) job->seed = own->seed;
        if (own->only != NULL) job->only = own->only;
        job->quick |= own->quick;
    }
}

static int run(struct bench_options *b, struct weir_bench_jobs *jobs, uint32_t count, int argc,
               char **argv) {
    char error[512];
    if (b->compare != NULL && !weir_bench_compare(b->compare, error, sizeof error))
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "%s", error);
    weir_cli_catch_interrupt();
    weir_bench_output(b->cli.json, b->cli.quiet, weir_cli_progress(&b->cli, stderr), argc, argv);
    int status = weir_bench_run(jobs, count);
    bool kept = weir_bench_output_end(weir_cli_interrupted != 0, b->fail_above);
    if (weir_cli_interrupted && status == 0) status = WEIR_EXIT_INTERRUPTED;
    if (!kept && status == 0) status = WEIR_EXIT_FAILED;
    return weir_cli_flush(status, argv[0]);
}

static int run_file(struct bench_options *b, int argc, char **argv) {
    struct weir_file_error error;
    uint32_t count;
    if (b->parameters || b->jobs.job.workload != NULL || b->jobs.job.scenario != NULL)
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0],
                             "--job: parameters, --workload and --scenario stand in the file");
    struct weir_bench_file *file = weir_bench_file_load(b->job_file, &error);
    if (file == NULL) return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "%s", error.text);
    struct weir_bench_jobs *jobs = weir_bench_file_jobs(file, &count);
    overrule(b, jobs, count);
    int status = run(b, jobs, count, argc, argv);
    weir_bench_file_free(file);
    return status;
}

int weir_cmd_bench(int argc, char **argv) {
    static struct argp_option options[FIXED + PARAMETER_COUNT + 1];
    static char help[PARAMETER_COUNT][256];
    static const struct argp_child children[] = {{&weir_cli_output_argp, 0, NULL, 0}, {0}};
    list_options(options, help);
    char *text = describe(), error[512];
    struct argp argp = {options, take, "[NAME...]", text, children, NULL, NULL};
    struct bench_options b = {.fail_above = -1};
    weir_bench_jobs_init(&b.jobs);
    weir_cli_parse(&argp, argc, argv, &b);
    free(text);
    if (b.fail_above >= 0 && b.compare == NULL)
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "--fail-above needs --compare FILE");
    if (b.job_file != NULL) return run_file(&b, argc, argv);
    if (weir_bench_settle(&b.jobs, error, sizeof error) != NULL)
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "%s", error);
    return run(&b, &b.jobs, 1, argc, argv);
}
