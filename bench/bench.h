/* bench: what `weir bench` measures. Each benchmark checks its result, warms up, repeats, compares
 * what it timed with a straightforward baseline doing the same work in the same process, and
 * reports the ratio. */
#ifndef WEIR_BENCH_H
#define WEIR_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "market/market.h" /* struct weir_file_error */

/* What a benchmark may be told. Which of them it reads is in weir_bench_kinds. */
enum bench_parameter {
    PARAMETER_ACCOUNTS = 0,
    PARAMETER_MARKETS,
    PARAMETER_LEGS,
    PARAMETER_DUE,
    PARAMETER_TICKS,
    PARAMETER_STEP,
    PARAMETER_JUMP,
    PARAMETER_LEVERAGE_MIN,
    PARAMETER_LEVERAGE_MAX,
    PARAMETER_MESSAGES,
    PARAMETER_LIVE,
    PARAMETER_DISTANCE,
    PARAMETER_RATE,
    PARAMETER_STEPS,
    PARAMETER_ARRIVALS,
    PARAMETER_POLICY,
    PARAMETER_SHOCK,
    PARAMETER_MIX,
    PARAMETER_ORDERS,
    PARAMETER_DURATION,
    PARAMETER_WINDOWS,
    PARAMETER_BANKRUPT,
    PARAMETER_GOAL,
    PARAMETER_HOURS,
    PARAMETER_CLOCK,
    PARAMETER_JOURNAL,
    PARAMETER_COUNT
};
enum weir_bench_form {
    WEIR_BENCH_NUMBER,
    WEIR_BENCH_WHOLE, /* a number without fractions */
    WEIR_BENCH_WORD,  /* one of `words`, kept as its place among them */
    WEIR_BENCH_GOAL   /* a quantile and what it may be at most: p99.9=50us (bench/latency.h) */
};
struct weir_bench_parameter {
    const char *name, *what;
    double least, most; /* of a number */
    enum weir_bench_form form;
    double quick_most;        /* of several numbers `quick` leaves out those above */
    const char *const *words; /* `word_count` of them, */
    uint32_t word_count;      /* or up to a NULL: 0 */
};
extern const struct weir_bench_parameter weir_bench_parameters[PARAMETER_COUNT];

#define WEIR_BENCH_RUNS_MAX   99
#define WEIR_BENCH_VALUES_MAX 16 /* of one parameter in one job */

/* One call of a benchmark. */
struct weir_bench_job {
    uint32_t runs;   /* that count; 0: the benchmark's own number */
    uint32_t warmup; /* turns before them, which check; 0: one */
    uint64_t seed;
    bool quick;
    const char *only;              /* cases whose name holds one of these, | between; NULL: all */
    const char *workload;          /* a file of order flow, or NULL */
    const char *scenario;          /* a scenario file, or NULL */
    double value[PARAMETER_COUNT]; /* negative: not given */
};

/* Calls of a benchmark for every combination of the values listed. */
struct weir_bench_jobs {
    struct weir_bench_job job;
    uint32_t benches; /* bit per benchmark; 0: all that read what is given */
    uint32_t count[PARAMETER_COUNT];
    double values[PARAMETER_COUNT][WEIR_BENCH_VALUES_MAX];
};

struct weir_bench_kind {
    const char *name;
    const char *baseline; /* its name; NULL: none */
    const char *what;     /* for the help, lines indented by 12 */
    uint32_t reads;       /* bit per parameter */
    bool asked;           /* runs only when it is named */
    /* 0; 1 when a result was wrong or memory ended; 2 when a file cannot be used. It has told. */
    int (*run)(const struct weir_bench_job *job);
};
extern const struct weir_bench_kind weir_bench_kinds[];
extern const uint32_t weir_bench_kind_count;

/* All that is not given. */
void weir_bench_jobs_init(struct weir_bench_jobs *jobs);
/* One more value of a parameter, `length` bytes of text. False with what was expected in `error`.
 */
bool weir_bench_value(struct weir_bench_jobs *jobs, uint32_t parameter, const char *text,
                      size_t length, char *error, size_t size);
/* All its values: numbers with commas between them. */
bool weir_bench_values(struct weir_bench_jobs *jobs, uint32_t parameter, const char *text,
                       char *error, size_t size);
/* Number `i` of the words of a parameter; NULL behind the last. */
const char *weir_bench_word(uint32_t parameter, uint32_t i);
/* A value as one would write it. */
void weir_bench_value_text(uint32_t parameter, double value, char *text, size_t size);
/* Chooses a benchmark by name; false when there is none of that name. */
bool weir_bench_choose(struct weir_bench_jobs *jobs, const char *name);
/* Chooses benchmarks where none was; NULL, or what a chosen benchmark cannot be told, in `error`.
 */
const char *weir_bench_settle(struct weir_bench_jobs *jobs, char *error, size_t size);

/* Jobs from a file (docs/benchmarks.md): its own runs, warm-up, seed and the like hold for all of
 * them, and give way to what a job says. NULL with `file:line:column: message` in *error. */
struct weir_bench_file *weir_bench_file_load(const char *path, struct weir_file_error *error);
struct weir_bench_jobs *weir_bench_file_jobs(struct weir_bench_file *file, uint32_t *count);
void weir_bench_file_free(struct weir_bench_file *file);

/* Runs them, benchmark by benchmark. The worst status; stops when interrupted. */
int weir_bench_run(const struct weir_bench_jobs *jobs, uint32_t count);

/* Where results go: standard output, as a table, as one JSON object, or (`quiet`, without json)
 * nowhere but to the comparison. `progress`: beside JSON a line a case on standard error. */
void weir_bench_output(bool json, bool quiet, bool progress, int argc, char **argv);
/* Results are compared with those of a file that `--json` made. False with what is wrong in
 * `error`. */
bool weir_bench_compare(const char *path, char *error, size_t size);
/* Cases are held against the targets at the end. */
void weir_bench_targets(void);
/* Ends the output, the targets and the comparison last. False when a case's median lies more than
 * so many per cent above the saved one, or none is in both; never with `fail_above` negative. */
bool weir_bench_output_end(bool interrupted, double fail_above);

#endif
