/* The baseline of the trigger index: look at everything, as fast as a scan can. */
#ifndef WEIR_BENCH_SCAN_H
#define WEIR_BENCH_SCAN_H

#include "bench/population.h"

/* Scopes of one number of legs, side by side; those of one leg by market, so that their marks need
 * no lookup. Padded to whole vectors with scopes that are never liquidatable. */
struct scan_group {
    uint32_t count, room;
    double *constant; /* balance less what the positions cost: equity = constant + sum of values */
    uint32_t *scope;
    int32_t *size[BENCH_LEGS_MAX];
    uint8_t *market[BENCH_LEGS_MAX];
    uint32_t from[BENCH_MARKETS_MAX + 1]; /* group of one leg: where each market starts */
};

struct scan {
    const struct population *p;
    struct scan_group group[BENCH_LEGS_MAX + 1];
    uint32_t *place; /* per scope: its place in its group */
    uint8_t *legs;   /* per scope: its group */
    uint32_t *found;
    uint32_t found_count;
    double value[BENCH_MARKETS_MAX]; /* what a lot is worth now */
    double rate[4], deduction[4];
    bool vector; /* the processor has the instructions */
};

bool scan_new(struct scan *s, const struct population *p);
void scan_free(struct scan *s);
/* The scope's balance changed. */
void scan_refresh(struct scan *s, uint32_t scope);
/* All scopes that are liquidatable at present marks, to found[0, found_count), in no order. */
void scan_run(struct scan *s);
/* Sorts what the last run found and compares it with a sorted set. */
bool scan_equals(struct scan *s, const uint32_t *set, uint32_t count);

#endif
