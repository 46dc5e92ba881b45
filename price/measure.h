/* measure: what policies ask of a market's past (R36): lots traded, and how much the mark moved.
 * Counted in slots of time, so that the past is forgotten slot by slot and a sum is exact whenever
 * it is asked for. */
#ifndef WEIR_PRICE_MEASURE_H
#define WEIR_PRICE_MEASURE_H

#include "price/price.h"

#define WEIR_VOLUME_SLOTS 24 /* hours */
#define WEIR_MOVE_SLOTS   60 /* minutes */

/* Of a ring with n of these, slot s is kept at s % n until slot s + n takes its place. */
struct weir_bucket {
    int64_t slot;
    weir_wide sum;
};
void weir_bucket_add(struct weir_bucket *ring, uint32_t n, int64_t slot, weir_wide amount);
/* The sum of the present slot and the n - 1 before it. */
weir_wide weir_bucket_sum(const struct weir_bucket *ring, uint32_t n, int64_t slot);

struct weir_measure {
    weir_wide traded; /* lots of fills of kind `trade`, ever */
    weir_time since;  /* the first mark */
    bool marked;
    struct weir_bucket volume[WEIR_VOLUME_SLOTS]; /* the same by hour */
    struct weir_bucket moves[WEIR_MOVE_SLOTS];    /* squares of relative moves, 10^-18, by minute */
};
static inline int64_t weir_hour(weir_time now) {
    return now / (3600 * WEIR_SECOND);
}
static inline int64_t weir_minute(weir_time now) {
    return now / (60 * WEIR_SECOND);
}
void weir_measure_trade(struct weir_measure *m, weir_time now, weir_qty lots);
/* The mark moved; `from` 0: it is the first. */
void weir_measure_mark(struct weir_measure *m, weir_time now, weir_price from, weir_price to);
/* Lots traded in the present hour and the 23 before it. */
weir_wide weir_measure_volume(const struct weir_measure *m, weir_time now);
/* Variance of the relative move within a time `over` [1, 2^62], 10^-18, at most 10^24: the squares
 * of the present minute and the 59 before it, over the time they are from, at least a minute. */
weir_wide weir_measure_variance(const struct weir_measure *m, weir_time now, weir_time over);

#endif
