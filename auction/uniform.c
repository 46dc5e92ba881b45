/* The format `uniform` (R26): all winners of a sale with bids enough for it pay one price. */
#include "auction/pairing.h"

/* The one price of an auction with bids for all lots; bids come best first. */
static weir_price uniform_price(const struct weir_sale *sale, enum weir_auction_price rule) {
    weir_price lowest = 0, refused = 0;
    for (uint32_t i = 0; i < sale->bid_count; i++) {
        const struct weir_bid *bid = &sale->bids[sale->bid_order[i]];
        if (bid->won > 0) lowest = bid->price;
        if (bid->won < bid->lots && refused == 0) refused = bid->price;
    }
    return rule == WEIR_HIGHEST_REJECTED && refused != 0 ? refused : lowest;
}

uint32_t weir_auction_uniform(const struct weir_sale *sale, enum weir_auction_price rule) {
    bool undersubscribed;
    uint32_t count = weir_auction_pair(sale, &undersubscribed);
    weir_price price = uniform_price(sale, rule);
    for (uint32_t i = 0; i < count; i++) {
        struct weir_pair *pair = &sale->pairs[i];
        weir_price reserve = sale->offers[pair->offer].reserve, bid = sale->bids[pair->bid].price;
        weir_price low = weir_min(reserve, bid), high = weir_max(reserve, bid);
        pair->price = undersubscribed ? bid : weir_clamp(price, low, high);
    }
    return count;
}
