/* bench: what `weir bench` measures. Each benchmark warms up, repeats, compares what it timed with
 * a straightforward baseline doing the same work in the same process, and reports the ratio. */
#ifndef WEIR_BENCH_H
#define WEIR_BENCH_H

#include <stdbool.h>
#include <stdio.h>

/* The order book on a workload file, or (workload_path NULL) on generated ones of 2 thousand, 100
 * thousand and a million live orders and of a crashing price: one message at a time, and with a
 * look ahead over at most 16 pending messages. Compares trades, quantity, value and order with the
 * file's header, else with the baseline's. Prints a table, or one JSON object. `quick`: fewer runs
 * over the first part. Returns 0; 1 when a result was wrong or memory ended; 2 when the file
 * cannot be used (it says why on standard error). */
int weir_bench_book(const char *workload_path, bool json, bool quick);

/* The trigger index: a tick of twenty marks over ten thousand to ten million scopes, a changed
 * scope, funding, a random walk; beside a vectorised full scan, whose set must be found. `quick`:
 * up to a hundred thousand. Returns 0, or 1 when a set was another or memory ended. */
int weir_bench_trigger(bool json, bool quick);

/* Bytes of state for an account with one position and for a resting order, from the pools' own
 * counts; resident memory beside them. A million accounts, `quick`: a hundred thousand. Returns 0,
 * or 1 when more is resident than is counted, or memory ended. */
int weir_bench_memory(bool json, bool quick);

/* One JSON object for all benchmarks of a call: `{"machine":{...},"build":{...}` before the first,
 * then `,"NAME":[` of each; what follows the last. */
void weir_bench_json_array(const char *name);
void weir_bench_json_end(void);

#endif
