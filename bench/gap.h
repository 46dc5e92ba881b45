/* One jump that bankrupts many. */
#ifndef WEIR_BENCH_GAP_H
#define WEIR_BENCH_GAP_H

#include "bench/bench.h"

/* As many are deleveraged as go bankrupt; the time until the queue is empty. False when memory
 * ended or the result was wrong. */
bool bench_gap(const struct weir_bench_job *job, uint32_t accounts);

#endif
