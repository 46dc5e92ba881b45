/* Private to auction/: what the sealed formats share. */
#ifndef WEIR_AUCTION_PAIRING_H
#define WEIR_AUCTION_PAIRING_H

#include "auction/auction.h"

/* Pairs bids with offers (see auction.h), without prices; sorts both orders best first. Returns how
 * many pairs; undersubscribed: all bids together are for fewer lots than all offers. */
uint32_t weir_auction_pair(const struct weir_sale *sale, bool *undersubscribed);

#endif
