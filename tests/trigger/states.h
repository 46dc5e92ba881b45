/* states: engines of random venues driven through random states, each compared with a full scan
 * (scan.h). Lines of a random stream keep accounts, money, orders and positions coming; between
 * them prices move: a little, by jumps, to and fro over the same edge, and to the very marks at
 * which scopes become liquidatable. */
#ifndef WEIR_TESTS_TRIGGER_STATES_H
#define WEIR_TESTS_TRIGGER_STATES_H

#include "protocol/protocol.h"

struct weir_states {
    uint64_t seed;
    uint32_t shape; /* of the random stream */
    uint64_t commands;
    uint32_t seconds; /* after which it counts as hung */
};

struct weir_states_result {
    bool ok;
    uint64_t commands, checks, compared, evaluations, pending, queued, rekeyed;
    uint64_t liquidations, calls;      /* started, margin calls */
    uint64_t ticks, most_per_position; /* ticks alone: evaluations per 100 positions, at most */
    uint64_t edges;                    /* ticks to or beside a liquidation price */
    char problem[512];                 /* with the last command */
};

/* In a process of its own. False when the machine refuses memory or processes. */
bool weir_states_run(const struct weir_states *states, struct weir_states_result *result);
void weir_states_add(struct weir_states_result *sum, const struct weir_states_result *from);

#endif
