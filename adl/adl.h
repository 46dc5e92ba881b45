/* adl: ranking and allocation of auto-deleveraging (R28), one file a ranking, pure: candidates in,
 * lots a candidate out. Who is eligible and at what price is decided by candidate.c and
 * liquidation/. */
#ifndef WEIR_ADL_H
#define WEIR_ADL_H

#include "market/contract.h"
#include "protocol/protocol.h"

/* How a ranking takes: one after the other, each up to his size (`queue`); from all in proportion
 * (`shares`); from the highest down to a level (`levels`). */
enum weir_adl_kind { WEIR_ADL_QUEUE = 0, WEIR_ADL_SHARES, WEIR_ADL_LEVELS };

struct weir_adl_candidate {
    uint64_t order; /* account order: lower first among equals */
    uint32_t leg;
    uint32_t place; /* in line, written by who asks for it */
    weir_qty size;  /* lots that may be taken, > 0 */
    weir_qty whole; /* lots of the position */
    weir_amount entry_value;
    weir_wide unrealised; /* money */
    weir_wide notional;   /* at mark, >= 0 */
    weir_wide share;      /* R23's a of the whole position; > 0 but for who overlaps */
    weir_wide equity;     /* of the scope, as the ranking takes it (with_pnl, posted) */
    bool grows;           /* gains as the value of its lots grows */
    bool this_round;      /* rotation: its turn is still to come in this round */
    bool overlaps;        /* closes at the other's bankruptcy price (any_overlap) */
    weir_wide score;      /* written by weir_adl_score */
    weir_qty lots;        /* written by weir_adl_share and weir_adl_fill_water */
};
enum weir_adl_kind weir_adl_kind_of(enum weir_ranking ranking);
/* The score of a ranking (R28, each in a file of its name); higher comes first. Of `shares` it is
 * the weight, >= 0. */
void weir_adl_score(enum weir_ranking ranking, struct weir_adl_candidate *candidate);
/* What queries show of a candidate with its score, in 10^-9, saturated. */
int64_t weir_adl_shown(enum weir_ranking ranking, const struct weir_adl_candidate *candidate);
/* True when a comes before b: higher score, ties lower order. */
bool weir_adl_before(const struct weir_adl_candidate *a, const struct weir_adl_candidate *b);
/* Makes items[0,n) a heap with the first in line on top / takes the top out (then at items[n-1]).
 */
void weir_adl_heap(struct weir_adl_candidate *items, uint32_t n);
void weir_adl_pop(struct weir_adl_candidate *items, uint32_t n);
/* `shares`: divides `lots` by the scores with the sizes as caps (R5; items in account order);
 * returns what could not be placed. Scratch arrays hold n each. */
weir_wide weir_adl_share(struct weir_adl_candidate *items, uint32_t n, weir_qty lots,
                         weir_wide *weights, weir_wide *caps, weir_wide *shares,
                         struct weir_share *scratch);
/* `levels`: lot by lot from whoever has the highest leverage at mark then, ties to the lower
 * account (items in account order), equities fixed; lots are cut in bulk. A size of 0 gives
 * nothing. */
void weir_adl_fill_water(const struct weir_market *m, weir_price mark,
                         struct weir_adl_candidate *items, uint32_t n, weir_qty lots,
                         struct weir_share *scratch);
/* The lots that they give until nobody's leverage is above `level`; below 0: all. */
weir_wide weir_adl_water_at(const struct weir_market *m, weir_price mark,
                            const struct weir_adl_candidate *items, uint32_t n, int64_t level);
/* `rotation`: of `accounts` > 0 accounts in order of creation the one whose turn it is at first in
 * a market and side (0: longs), from 0. */
uint64_t weir_adl_first_turn(uint64_t seed, uint32_t market, int side, uint64_t accounts);

#endif
