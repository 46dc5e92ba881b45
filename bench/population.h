/* Accounts with positions in some markets, made through the ledger's own postings, and their
 * trigger index. */
#ifndef WEIR_BENCH_POPULATION_H
#define WEIR_BENCH_POPULATION_H

#include "margin/margin.h"

#define BENCH_MARKETS     20 /* where nobody asks for another number */
#define BENCH_MARKETS_MAX 200
#define BENCH_LEGS_MAX    8

struct population {
    struct weir_venue *venue;
    struct weir_exchange x;
    struct weir_random random;
    uint32_t markets;
    weir_price start[BENCH_MARKETS_MAX]; /* marks at the beginning */
    weir_wide funded[BENCH_MARKETS_MAX]; /* funding a long lot has paid since then */
    uint32_t *scopes;                    /* those with positions, in order of creation */
    uint32_t count;
    uint32_t accounts;
    uint64_t positions;
};

/* Positions of one scope to be. */
struct holding_plan {
    uint32_t legs;
    uint32_t market[BENCH_LEGS_MAX]; /* different ones */
    weir_qty size[BENCH_LEGS_MAX];
};

/* An empty exchange with marks. False when memory ends. */
bool population_new(struct population *p, uint32_t accounts_max, uint32_t markets, uint64_t seed);
void population_free(struct population *p);
/* Positions of 100 to 20,000 money a leg in `legs` (at most as many
 * as there are) random markets; `sign` 1, -1, or 0 for sides at
 * random. */
void population_plan(struct population *p, struct holding_plan *plan, uint32_t legs, int sign);
/* An account that bought or sold them at present marks; its scope, or WEIR_NO_INDEX. */
uint32_t population_add(struct population *p, const struct holding_plan *plan, bool isolated);
/* Money put into a scope (or taken out of it), and it is to be looked at. */
void population_deposit(struct population *p, uint32_t scope, weir_wide amount);
/* The deposit with which the scope of such positions bought at present marks becomes liquidatable
 * exactly when every mark has moved by so many parts of a million; least the money to keep. */
weir_wide population_deposit_for(const struct population *p, const struct holding_plan *plan,
                                 int64_t move_ppm);
/* A mark moved by parts of a million of its start. */
weir_price population_mark(const struct population *p, uint32_t market, int64_t move_ppm);
void population_move(struct population *p, uint32_t market, weir_price mark);
void population_move_all(struct population *p, int64_t move_ppm);
/* One funding instant: every long lot pays so many parts of a million of its value at the start. */
void population_fund(struct population *p, int64_t ppm);
/* Touches every scope and indexes it. */
void population_index(struct population *p);
/* The set found by now, in ascending order, taken off the exchange's list; its size. The array is
 * the list's own memory: valid until the next collect. */
uint32_t population_found(struct population *p, uint32_t **found);
/* The same from health alone, scope by scope. Returns its size; `set` has room for all. */
uint32_t population_found_exactly(const struct population *p, uint32_t *set);

#endif
