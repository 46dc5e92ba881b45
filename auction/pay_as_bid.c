/* The format `pay_as_bid` (R26): every winner pays what he bid. */
#include "auction/pairing.h"

uint32_t weir_auction_pay_as_bid(const struct weir_sale *sale) {
    bool undersubscribed;
    uint32_t count = weir_auction_pair(sale, &undersubscribed);
    for (uint32_t i = 0; i < count; i++)
        sale->pairs[i].price = sale->bids[sale->pairs[i].bid].price;
    return count;
}
