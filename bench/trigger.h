/* The two halves of `weir bench trigger`. */
#ifndef WEIR_BENCH_TRIGGER_H
#define WEIR_BENCH_TRIGGER_H

#include "bench/bench.h"

/* A random walk of all marks over a million cross accounts (`quick`: 100,000), or as many as the
 * job says. False when memory ended, or interrupted; *wrong when a set was another than the scan's.
 */
bool bench_walk(const struct weir_bench_job *job, bool *wrong);

#endif
