/* How latencies are told: always p50 to p99.99, the longest, and of how many. */
#ifndef WEIR_BENCH_LATENCY_H
#define WEIR_BENCH_LATENCY_H

#include "base/base.h"
#include "bench/cases.h"

#define LATENCY_QUANTILES 5
struct latency_quantile {
    const char *name;
    uint32_t ppm; /* parts per million */
};
extern const struct latency_quantile latency_quantiles[LATENCY_QUANTILES];

/* Appends `,"KEY":{"p50":..,"p90":..,"p99":..,"p99.9":..,"p99.99":..,"max":..,"count":n}`, in
 * microseconds, to JSON text of `size` bytes (null for all but the count where there is none). */
void latency_json(char *json, size_t size, const char *key, const struct weir_histogram *h);
void latency_fact(struct bench_case *c, const char *key, const struct weir_histogram *h);
/* The same as a line of the table. */
void latency_note(const char *what, const struct weir_histogram *h);

/* A goal, `p99.9=50us`, and back: a quantile of latency_quantiles (or `max`) and what it may be at
 * most, with ns, us, ms or s behind the number. Kept in one number, for it is a parameter of a
 * benchmark. */
struct latency_goal {
    const char *name;
    uint32_t ppm; /* 1,000,000: the longest */
    uint64_t ns;
};
bool latency_goal_read(const char *text, size_t length, double *goal);
struct latency_goal latency_goal(double goal);
void latency_goal_text(double goal, char *text, size_t size);

#endif
