/* A small exchange of random terms: both contracts, tier modes and edges, all bases and triggers,
 * rates up to 1 and as large as warn_at, closing fees. No engine: positions and balances are booked
 * as they are wanted. */
#ifndef WEIR_TESTS_MARGIN_WORLD_H
#define WEIR_TESTS_MARGIN_WORLD_H

#include "margin/margin.h"

#define WORLD_MARKETS 4 /* two linear, two inverse, all of asset 0; asset 1 is collateral */

struct world {
    struct weir_venue *venue;
    struct weir_exchange x;
    struct weir_random random;
};

/* Prices up to max_price; caps of tiers lie around `notional`. */
bool world_new(struct world *w, uint64_t seed, weir_price max_price, int64_t notional);
void world_free(struct world *w);
uint64_t world_below(struct world *w, uint64_t n);
/* New tiers of a market, like those it began with. */
void world_tiers(struct world *w, uint32_t market, int64_t notional);
uint32_t world_account(struct world *w);
void world_mark(struct world *w, uint32_t market, weir_price mark);
/* A fill at a price; the scope is touched. Lots are cut to the position bound. */
void world_fill(struct world *w, uint32_t leg, weir_qty lots, weir_price price);
void world_balance(struct world *w, uint32_t scope, weir_wide amount);
/* At the present state, by weir_health. */
bool world_liquidatable(const struct world *w, uint32_t scope);

#endif
