/* The two halves of `weir bench trigger`. */
#ifndef WEIR_BENCH_TRIGGER_H
#define WEIR_BENCH_TRIGGER_H

#include <stdbool.h>

#define BENCH_SCAN_NAME "vectorised full scan"

/* A random walk of all marks over a million cross accounts (`quick`: 100,000). False when memory
 * ends. */
bool bench_walk(bool json, bool quick, bool *first, bool *wrong);

#endif
