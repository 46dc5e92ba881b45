/* Workload files: recorded order flow and what a right book makes of it. */
#ifndef WEIR_BENCH_WORKLOAD_H
#define WEIR_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MESSAGE_ADD = 0, MESSAGE_CANCEL, MESSAGE_MARKETABLE };

struct workload_header {
    char magic[8];
    uint64_t messages, highest_id;
    uint32_t lowest_price, highest_price;
    uint64_t adds, cancels, marketables;
    uint64_t trades, qty, value, hash; /* expected */
    uint64_t live_at_end, most_live, seed;
    uint64_t unused[2];
};
_Static_assert(sizeof(struct workload_header) == 128, "file format");

struct message {
    uint32_t id; /* [1, highest_id], in order of arrival */
    uint32_t price;
    uint16_t qty;
    uint8_t type;
    uint8_t side; /* enum weir_side */
    uint32_t unused;
};
_Static_assert(sizeof(struct message) == 16, "file format");

/* What a book made of the messages. */
struct outcome {
    uint64_t trades, qty, value, hash;
};
static inline void outcome_trade(struct outcome *o, uint32_t maker, uint32_t taker, uint64_t qty,
                                 uint64_t price) {
    o->trades++;
    o->qty += qty;
    o->value += qty * price;
    uint64_t x = ((uint64_t)maker << 32 | taker) ^ qty << 20;
    o->hash = (o->hash ^ x) * UINT64_C(0x9E3779B97F4A7C15);
    o->hash ^= o->hash >> 29;
}

#define WORKLOAD_AHEAD 16
/* A workload in memory; WORKLOAD_AHEAD empty messages stand behind the last. */
struct workload {
    struct workload_header header; /* expected figures all 0: not known */
    char name[64];
    struct message *messages;
};
/* NULL, or what is wrong with the file. */
const char *workload_load(struct workload *workload, const char *path);
/* How a generated workload moves. */
struct regime {
    const char *name;
    uint32_t live;          /* orders kept resting, about */
    uint32_t distance;      /* mean ticks of an add behind the touch */
    uint32_t step;          /* ticks by which the price the market follows moves, */
    uint32_t step_interval; /* once in so many messages, up or down */
};
/* Order flow of about half adds, 40 % cancels and 10 % marketables, the same from the same seed.
 * False when memory ends, or interrupted. */
bool workload_generate(struct workload *workload, const struct regime *regime, uint64_t messages,
                       uint64_t seed);
void workload_free(struct workload *workload);

/* The baseline: levels allocated one by one in a balanced tree, linked lists of orders found by
 * id. Runs the first `count` messages; false when memory ends. */
bool baseline_run(const struct workload *workload, uint64_t count, struct outcome *outcome,
                  uint64_t *elapsed_ns);

/* Zeroed memory in large pages where the system has them, to be freed with munmap; or NULL. */
void *bench_memory(size_t size);

#endif
