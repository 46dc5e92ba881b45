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
/* Clears one auction whose liquidation orders are on `side` (sell: bids buy). `offers` and `bids`
 * keep their order; scratch_offers and scratch_bids hold as many indices. Writes at most
 * offer_count + bid_count pairs in order of pairing and returns how many; sets sold and won.
 * Best bids first (ties: arrival), each takes from the best reserves first (ties: arrival),
 * skipping its owner's, as long as reserve and bid meet. Undersubscribed (all bids together are
 * for fewer lots than all offers): each pair at its bid. Otherwise one price: LOWEST_ACCEPTED the
 * worst bid among those that won lots; HIGHEST_REJECTED the best bid with lots left over, else
 * that; every pair at that price kept within [its reserve, its bid]. O(n log n + pairs). */
uint32_t weir_auction_uniform(enum weir_side side, enum weir_auction_price rule,
                              struct weir_offer *offers, uint32_t offer_count,
                              struct weir_bid *bids, uint32_t bid_count, uint32_t *scratch_offers,
                              uint32_t *scratch_bids, struct weir_pair *pairs);

#endif
