/* adl: ranking and allocation of auto-deleveraging (R28), one file a family of rankings, pure:
 * candidates in, lots a candidate out. Who is eligible and at what price is decided by
 * liquidation/. */
#ifndef WEIR_ADL_H
#define WEIR_ADL_H

#include "protocol/protocol.h"

struct weir_adl_candidate {
    uint64_t order; /* account order: lower first among equals */
    uint32_t leg;
    weir_qty size; /* lots, > 0 */
    weir_amount entry_value;
    weir_wide unrealised; /* money */
    weir_wide notional;   /* at mark, > 0 */
    weir_wide share;      /* R23's a of the whole position; > 0 but for who overlaps */
    bool overlaps;        /* closes at the other's bankruptcy price (any_overlap) */
    weir_wide score;      /* written by weir_adl_score */
    weir_qty lots;        /* written by weir_adl_pro_rata */
};
/* The score of a ranking; higher comes first. pnl_leverage: u = trunc(unrealised * 10^9 / V), L =
 * max(1, floor(notional * 10^9 / share)), both saturated (so L where share <= 0); trunc(u * L /
 * 10^9) if u > 0, else trunc(u * 10^9 / L). pro_rata: u. */
void weir_adl_score(enum weir_ranking ranking, struct weir_adl_candidate *candidate);
/* True when a comes before b: higher score, ties lower order. pro_rata: by unrealised profit. */
bool weir_adl_before(enum weir_ranking ranking, const struct weir_adl_candidate *a,
                     const struct weir_adl_candidate *b);
/* Makes items[0,n) a heap with the first in line on top / takes the top out (then at items[n-1]).
 */
void weir_adl_heap(enum weir_ranking ranking, struct weir_adl_candidate *items, uint32_t n);
void weir_adl_pop(enum weir_ranking ranking, struct weir_adl_candidate *items, uint32_t n);
/* pro_rata: divides `lots` by max(0, unrealised) with the sizes as caps (R5); returns what could
 * not be placed. Scratch arrays hold n each. */
weir_wide weir_adl_pro_rata(struct weir_adl_candidate *items, uint32_t n, weir_qty lots,
                            weir_wide *weights, weir_wide *caps, weir_wide *shares,
                            struct weir_share *scratch);

#endif
