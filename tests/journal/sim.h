/* One run: a journal on the pretended disk, filled, stopped at a random step, recovered, several
 * times over; after each recovery everything acknowledged must be there, in order, and of the rest
 * only a beginning. A run is its seed. */
#ifndef WEIR_TESTS_JOURNAL_SIM_H
#define WEIR_TESTS_JOURNAL_SIM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_result {
    bool ok;
    char problem[640];
    uint64_t appended, recoveries, kills, powers, closes, refused, full, waits, errors, trims;
};
/* `trace` prints what happens. */
void sim_run(uint64_t seed, bool trace, struct sim_result *result);
void sim_add(struct sim_result *sum, const struct sim_result *one);

#endif
