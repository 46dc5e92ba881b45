/* Private to margin/: heaps of legs by the edge of their band, and the bands. */
#ifndef WEIR_MARGIN_EDGES_H
#define WEIR_MARGIN_EDGES_H

#include "margin/margin.h"

/* Puts a leg into a heap, moves it after its edge changed, or takes it out. O(log n). */
void weir_edge_put(struct weir_edge_heap *heap, struct weir_ledger *ledger, uint32_t leg);
void weir_edge_drop(struct weir_edge_heap *heap, struct weir_ledger *ledger, uint32_t leg);

/* A condition that holds now and must be noticed when it ends: alpha * U + beta * X >= something,
 * U the unrealised P&L, X the requirement in 10^-9 units. */
struct weir_condition {
    weir_wide alpha;
    int beta;        /* -1: X bounded from above, +1: from below */
    weir_wide slack; /* >= 0: what all legs together may use up */
};
/* Narrows [*low, *high] to the prices at which the leg uses up at most `share` of the condition's
 * slack. 0 and INT64_MAX mean: at no price. */
void weir_band_narrow(const struct weir_exchange *x, const struct weir_leg *leg,
                      const struct weir_condition *condition, weir_wide share, weir_price *low,
                      weir_price *high);
/* X of a leg at its market's mark, rounded up (beta -1) or down (+1). */
weir_wide weir_band_requirement(const struct weir_exchange *x, const struct weir_leg *leg,
                                int beta);

#endif
