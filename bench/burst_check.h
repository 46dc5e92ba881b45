/* Whether engine and twin make the same of a small burst. */
#ifndef WEIR_BENCH_BURST_CHECK_H
#define WEIR_BENCH_BURST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* The same commands through engine and twin, no wall clock in them: true when all events are equal,
 * one by one, the digests too, the audit finds nothing, everyone fell and every stage that the
 * market has closed somebody. The twin looks at everything for every command: a few hundred
 * accounts. */
bool bench_burst_agrees(uint32_t accounts, uint32_t rounds, uint64_t seed);

#endif
