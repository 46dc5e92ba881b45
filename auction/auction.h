/* auction: clearing of liquidation auctions, one file a format, pure: offers and bids in, pairs
 * out. What lots, reserves, grants and margins are is decided by liquidation/. */
#ifndef WEIR_AUCTION_H
#define WEIR_AUCTION_H

#include "protocol/protocol.h"

struct weir_offer {
    weir_qty lots;      /* >= 1 */
    weir_price reserve; /* worst price that the offer accepts */
    uint32_t owner;     /* no bid of this owner gets its lots */
    uint32_t arrival;   /* order of joining; lower first */
    weir_qty sold;      /* written */
};
struct weir_bid {
    weir_qty lots;
    weir_price price;
    uint32_t owner;
    uint32_t arrival;
    weir_qty won; /* written */
};
struct weir_pair {
    uint32_t offer, bid; /* indices into the arrays as given */
    weir_qty lots;
    weir_price price;
};
/* One sealed auction whose liquidation orders are on `side` (sell: bids buy). `offers` and `bids`
 * keep their order; the orders are written; pairs: room for offer_count + bid_count of them. */
struct weir_sale {
    enum weir_side side;
    uint32_t offer_count, bid_count;
    struct weir_offer *offers;
    struct weir_bid *bids;
    uint32_t *offer_order, *bid_order; /* indices, best first */
    struct weir_pair *pairs;
};
/* The sealed formats. Each writes the pairs in order of pairing, returns how many, and sets sold
 * and won. Best bids first (ties: arrival), each takes from the best reserves first (ties:
 * arrival), skipping its owner's, as long as reserve and bid meet. O(n log n + pairs). */

/* Undersubscribed (all bids together are for fewer lots than all offers): each pair at its bid.
 * Otherwise one price: LOWEST_ACCEPTED the worst bid among those that won lots; HIGHEST_REJECTED
 * the best bid with lots left over, else that; every pair at that price kept within [its reserve,
 * its bid]. */
uint32_t weir_auction_uniform(const struct weir_sale *sale, enum weir_auction_price rule);
/* Every pair at its bid. */
uint32_t weir_auction_pay_as_bid(const struct weir_sale *sale);

/* ---- Dutch ----------------------------------------------------------------------------------- */
#define WEIR_CURVE_ONE   1000000000000000000 /* price factors are kept to 10^-18 (R26) */
#define WEIR_CURVE_ROOTS 32                  /* binary digits of a step's fraction */
/* How the price of Dutch auctions moves with time; made once for a venue. */
struct weir_dutch {
    enum weir_auction_curve curve;
    weir_time duration, step, tail;
    weir_rate cusp;
    weir_time cusp_at;               /* step, exponential: when the factor falls below cusp */
    uint64_t power[63];              /* cut^(2^i) */
    uint64_t root[WEIR_CURVE_ROOTS]; /* cut^(2^-1), cut^(2^-2) ... */
};
void weir_dutch_new(struct weir_dutch *dutch, const struct weir_venue *venue);
/* What is left of the start after `t` by cut, of WEIR_CURVE_ONE: cut^floor(t/step), or cut^(t/step)
 * of an exponential curve. */
uint64_t weir_dutch_factor(const struct weir_dutch *dutch, weir_time t);
/* Where an auction starts: `start` * mark for selling (up to the tick), (2 - start) * mark for
 * buying back (down), within [1, max_price]. */
weir_price weir_dutch_start(const struct weir_venue *venue, const struct weir_market *market,
                            enum weir_side side, weir_price mark);
/* The price t in [0, duration] after a start: linear to `end`, or start * factor, mirrored as a
 * rise for buying back; rounded in favour of who is liquidated. Not kept to reserve or bounds. */
weir_wide weir_dutch_price(const struct weir_dutch *dutch, enum weir_side side, weir_price start,
                           weir_price end, weir_time t);
/* How long after a start the auction has to restart: past `tail` or below `cusp` of its start;
 * INT64_MAX: it ends before. */
weir_time weir_dutch_restart(const struct weir_dutch *dutch, enum weir_side side, weir_price start,
                             weir_price end);

#endif
