/* What benchmarks share: their job's parameters, the clock, the turns, and how a case is told. */
#ifndef WEIR_BENCH_CASES_H
#define WEIR_BENCH_CASES_H

#include "bench/bench.h"

#define CASE_RUNS WEIR_BENCH_RUNS_MAX

/* One case of a benchmark: times of the runs made so far and of the baseline's. */
struct bench_case {
    char name[64];
    char facts[2048]; /* more keys and values of the JSON form: `"n":1000,"found":10`, or empty */
    char *more;       /* and another one of any length, malloc'd; printing frees it; or NULL */
    char remark[96];  /* of the table, or empty */
    const char *unit;
    int runs, baseline_runs; /* baseline_runs 0: the case has none */
    double times[CASE_RUNS], baseline[CASE_RUNS];
    bool checked;
};
/* Sorts the times: the median is times[runs / 2]. */
void bench_case_sort(struct bench_case *c);
/* The median of the times so far, sorted or not; 0 without any. */
double bench_case_median(struct bench_case *c);
/* Baseline's median / engine's median. */
double bench_case_ratio(const struct bench_case *c);
/* The job asks for the case of this name. */
bool bench_case_wanted(const struct weir_bench_job *job, const char *name);
/* Was any so far? */
bool bench_cases_wanted(void);
/* Sorts and prints a case at once, for long benchmarks to be followed; one that was interrupted
 * before its first run is left out. */
void bench_case_print(struct bench_case *c);

/* A line of the table below a case; nowhere in JSON. */
void bench_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often a case repeats: the turns `for (int run = -job->warmup; bench_goes_on(&c, run, runs);
 * run++)`; those below 0 warm up and check. */
int bench_runs(const struct weir_bench_job *job, int own);
/* False after the last turn, when a result was wrong, and when interrupted. */
bool bench_goes_on(const struct bench_case *c, int run, int runs);
/* SIGINT: loops over accounts and messages end, too. */
bool bench_stopped(void);

static inline bool bench_given(const struct weir_bench_job *job, enum bench_parameter which) {
    return job->value[which] >= 0;
}
static inline double bench_number(const struct weir_bench_job *job, enum bench_parameter which,
                                  double own) {
    return bench_given(job, which) ? job->value[which] : own;
}
static inline uint32_t bench_count(const struct weir_bench_job *job, enum bench_parameter which,
                                   uint32_t own) {
    return bench_given(job, which) ? (uint32_t)job->value[which] : own;
}
/* The word given; only where one is. */
static inline const char *bench_word(const struct weir_bench_job *job, enum bench_parameter which) {
    return weir_bench_word(which, (uint32_t)job->value[which]);
}

/* Between the calls of benchmarks: whose cases come next, with which parameters. */
void bench_cases_of(const struct weir_bench_kind *kind, const struct weir_bench_job *job);

/* The comparison with a saved result, if there is one. */
void bench_compare_case(const char *bench, const char *parameters, const struct bench_case *c);
bool bench_compare_end(bool json, double fail_above);

uint64_t bench_now_ns(void);
/* Memory of the process that the system granted in large pages, in MiB. */
uint64_t bench_large_pages_mib(void);
/* The facts of machine and build as members of a JSON object. */
void bench_machine_json(FILE *out);

int bench_book(const struct weir_bench_job *job);
int bench_trigger(const struct weir_bench_job *job);
int bench_memory_use(const struct weir_bench_job *job);
int bench_burst(const struct weir_bench_job *job);
int bench_digest(const struct weir_bench_job *job);
int bench_adl(const struct weir_bench_job *job);
int bench_social(const struct weir_bench_job *job);
int bench_sweep(const struct weir_bench_job *job);
int bench_run(const struct weir_bench_job *job);
int bench_journal(const struct weir_bench_job *job);

#endif
