/* Uniform-price clearing of liquidation auctions (R26). */
#include "auction/auction.h"

/* What is sorted: prices signed so that the better one is lower, ties by arrival. */
struct rank {
    weir_price price;
    uint32_t arrival;
    uint32_t idx;
};
struct book {
    const struct weir_offer *offers; /* NULL: of bids */
    const struct weir_bid *bids;
    bool high_first;
};

static struct rank rank_of(const struct book *book, uint32_t idx) {
    weir_price price = book->offers ? book->offers[idx].reserve : book->bids[idx].price;
    uint32_t arrival = book->offers ? book->offers[idx].arrival : book->bids[idx].arrival;
    return (struct rank){book->high_first ? -price : price, arrival, idx};
}

static bool behind(const struct book *book, uint32_t a, uint32_t b) {
    struct rank x = rank_of(book, a), y = rank_of(book, b);
    if (x.price != y.price) return x.price > y.price;
    if (x.arrival != y.arrival) return x.arrival > y.arrival;
    return x.idx > y.idx;
}

static void sift(const struct book *book, uint32_t *heap, uint32_t at, uint32_t count) {
    uint32_t idx = heap[at];
    for (uint64_t child; (child = 2 * (uint64_t)at + 1) < count; at = (uint32_t)child) {
        if (child + 1 < count && behind(book, heap[child + 1], heap[child])) child++;
        if (!behind(book, heap[child], idx)) break;
        heap[at] = heap[child];
    }
    heap[at] = idx;
}

/* Indices 0..count-1, best first. In place: the library's sort may allocate. */
static void sort_best_first(const struct book *book, uint32_t *order, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count / 2; i-- > 0;)
        sift(book, order, i, count);
    for (uint32_t end = count; end-- > 1;) {
        uint32_t last = order[0];
        order[0] = order[end];
        order[end] = last;
        sift(book, order, 0, end);
    }
}

struct clearing {
    enum weir_side side;
    struct weir_offer *offers;
    struct weir_bid *bids;
    const uint32_t *order; /* offers, best first */
    uint32_t offer_count;
    uint32_t head;       /* everything before it is sold */
    uint32_t skip_owner; /* for bids of this owner everything before skip_to is sold or his own */
    uint32_t skip_to;
    struct weir_pair *pairs;
    uint32_t pair_count;
};

static bool meets(enum weir_side side, weir_price reserve, weir_price price) {
    return side == WEIR_SELL ? price >= reserve : price <= reserve;
}

/* Gives one bid lots of the best offers. */
static void serve(struct clearing *c, uint32_t bid_idx) {
    struct weir_bid *bid = &c->bids[bid_idx];
    uint32_t at = c->head;
    if (bid->owner == c->skip_owner) at = at > c->skip_to ? at : c->skip_to;
    for (; at < c->offer_count && bid->won < bid->lots; at++) {
        struct weir_offer *offer = &c->offers[c->order[at]];
        if (!meets(c->side, offer->reserve, bid->price)) break;
        if (offer->owner == bid->owner || offer->sold == offer->lots) continue;
        weir_qty lots = weir_min(bid->lots - bid->won, offer->lots - offer->sold);
        offer->sold += lots;
        bid->won += lots;
        c->pairs[c->pair_count++] =
            (struct weir_pair){.offer = c->order[at], .bid = bid_idx, .lots = lots};
        if (offer->sold < offer->lots) break;
    }
    c->skip_owner = bid->owner;
    c->skip_to = at;
    while (c->head < c->offer_count &&
           c->offers[c->order[c->head]].sold == c->offers[c->order[c->head]].lots)
        c->head++;
}

/* The one price of an auction with bids for all lots; bids come best first. */
static weir_price uniform_price(const struct clearing *c, enum weir_auction_price rule,
                                const uint32_t *order, uint32_t bid_count) {
    weir_price lowest = 0, refused = 0;
    for (uint32_t i = 0; i < bid_count; i++) {
        const struct weir_bid *bid = &c->bids[order[i]];
        if (bid->won > 0) lowest = bid->price;
        if (bid->won < bid->lots && refused == 0) refused = bid->price;
    }
    return rule == WEIR_HIGHEST_REJECTED && refused != 0 ? refused : lowest;
}

uint32_t weir_auction_uniform(enum weir_side side, enum weir_auction_price rule,
                              struct weir_offer *offers, uint32_t offer_count,
                              struct weir_bid *bids, uint32_t bid_count, uint32_t *scratch_offers,
                              uint32_t *scratch_bids, struct weir_pair *pairs) {
    weir_wide offered = 0, wanted = 0;
    for (uint32_t i = 0; i < offer_count; i++) {
        WEIR_CHECK(offers[i].lots >= 1);
        offers[i].sold = 0;
        offered += offers[i].lots;
    }
    for (uint32_t i = 0; i < bid_count; i++) {
        WEIR_CHECK(bids[i].lots >= 1);
        bids[i].won = 0;
        wanted += bids[i].lots;
    }
    bool selling = side == WEIR_SELL;
    sort_best_first(&(struct book){.offers = offers, .high_first = !selling}, scratch_offers,
                    offer_count);
    sort_best_first(&(struct book){.bids = bids, .high_first = selling}, scratch_bids, bid_count);
    struct clearing c = {.side = side,
                         .offers = offers,
                         .bids = bids,
                         .order = scratch_offers,
                         .offer_count = offer_count,
                         .skip_owner = WEIR_NO_INDEX,
                         .pairs = pairs};
    for (uint32_t i = 0; i < bid_count; i++)
        serve(&c, scratch_bids[i]);

    weir_price price = uniform_price(&c, rule, scratch_bids, bid_count);
    for (uint32_t i = 0; i < c.pair_count; i++) {
        weir_price reserve = offers[pairs[i].offer].reserve, bid = bids[pairs[i].bid].price;
        weir_price low = weir_min(reserve, bid), high = weir_max(reserve, bid);
        pairs[i].price = wanted < offered ? bid : weir_clamp(price, low, high);
    }
    return c.pair_count;
}
