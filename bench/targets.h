/* What speed is aimed at, in one place, and whether it was reached. */
#ifndef WEIR_BENCH_TARGETS_H
#define WEIR_BENCH_TARGETS_H

#include "bench/cases.h"

/* A case of a benchmark whose job gave these parameters, a bit each. */
void bench_targets_case(const char *bench, uint32_t given, struct bench_case *c);
/* All targets, met or missed by what factor, or not measured: a table, or (`json`) a further member
 * of the result. Nothing without weir_bench_targets before the cases. */
void bench_targets_end(bool json);

#endif
