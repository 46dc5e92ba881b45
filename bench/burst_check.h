/* Whether engine and twin make the same of a small burst. */
#ifndef WEIR_BENCH_BURST_CHECK_H
#define WEIR_BENCH_BURST_CHECK_H

#include "bench/burst_plan.h"

/* The same commands through engine and twin, no wall clock in them: true when all events are equal,
 * one by one, the digests too, the audit finds nothing and everyone fell who had to. Of the plan's
 * accounts, markets and ticks a small number each: the twin looks at everything for every
 * command. */
bool bench_burst_agrees(const struct burst_plan *plan);

/* What the engine alone makes of a plan, with orders that come in this way, so many a second of a
 * clock that is made: the same every time, in every build. False when it did not end as it must. */
struct burst_result {
    uint64_t events, liquidations;
    uint64_t hash;   /* of all events, in order */
    uint64_t digest; /* of the state at the end */
};
bool bench_burst_result(const struct burst_plan *plan, enum burst_arrivals arrivals, uint32_t rate,
                        struct burst_result *result);
/* A hash of all events that the engine alone makes of a plan, and how many liquidations ended,
 * with orders that come in this way, so many a second of a clock that is made: the same every
 * time. False when it did not end as it must. */
bool bench_burst_hash(const struct burst_plan *plan, enum burst_arrivals arrivals, uint32_t rate,
                      uint64_t *hash, uint64_t *liquidations);

#endif
