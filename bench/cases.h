/* What benchmarks report, case by case, and the clock they share. */
#ifndef WEIR_BENCH_CASES_H
#define WEIR_BENCH_CASES_H

#include "bench/bench.h"

#include <stdint.h>

#define CASE_RUNS 9

/* One case of a benchmark: times of `runs` runs and of the baseline's. */
struct bench_case {
    char name[64];
    char facts[320]; /* further keys and values of the JSON form: `"n":1000,"found":10`, or empty */
    char remark[96]; /* of the table, or empty */
    const char *unit;
    int runs, baseline_runs; /* baseline_runs 0: the case has none */
    double times[CASE_RUNS], baseline[CASE_RUNS];
    bool checked;
};
/* Sorts the times: the median is times[runs / 2]. */
void bench_case_sort(struct bench_case *c);
/* Baseline's median / engine's median. */
double bench_case_ratio(const struct bench_case *c);
/* Starts the array or the table of a benchmark. */
void bench_cases_start(const char *bench, const char *baseline, bool json);
/* Sorts and prints a case at once, for long benchmarks to be followed. */
void bench_case_print(struct bench_case *c, const char *baseline, bool json, bool first);
void bench_cases_end(bool json);

uint64_t bench_now_ns(void);

#endif
