/* Who gets which lots: the best bids against the best reserves (R26), whatever they then pay. */
#include "auction/pairing.h"

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
    const struct weir_sale *sale;
    const uint32_t *order; /* offers, best first */
    uint32_t head;         /* everything before it is sold */
    uint32_t skip_owner;   /* for bids of this owner everything before skip_to is sold or his own */
    uint32_t skip_to;
    uint32_t pair_count;
};

static bool meets(enum weir_side side, weir_price reserve, weir_price price) {
    return side == WEIR_SELL ? price >= reserve : price <= reserve;
}

/* Gives one bid lots of the best offers. */
static void serve(struct clearing *c, uint32_t bid_idx) {
    const struct weir_sale *sale = c->sale;
    struct weir_bid *bid = &sale->bids[bid_idx];
    uint32_t at = c->head;
    if (bid->owner == c->skip_owner) at = at > c->skip_to ? at : c->skip_to;
    for (; at < sale->offer_count && bid->won < bid->lots; at++) {
        struct weir_offer *offer = &sale->offers[c->order[at]];
        if (!meets(sale->side, offer->reserve, bid->price)) break;
        if (offer->owner == bid->owner || offer->sold == offer->lots) continue;
        weir_qty lots = weir_min(bid->lots - bid->won, offer->lots - offer->sold);
        offer->sold += lots;
        bid->won += lots;
        sale->pairs[c->pair_count++] =
            (struct weir_pair){.offer = c->order[at], .bid = bid_idx, .lots = lots};
        if (offer->sold < offer->lots) break;
    }
    c->skip_owner = bid->owner;
    c->skip_to = at;
    while (c->head < sale->offer_count &&
           sale->offers[c->order[c->head]].sold == sale->offers[c->order[c->head]].lots)
        c->head++;
}

uint32_t weir_auction_pair(const struct weir_sale *sale, bool *undersubscribed) {
    weir_wide offered = 0, wanted = 0;
    for (uint32_t i = 0; i < sale->offer_count; i++) {
        WEIR_CHECK(sale->offers[i].lots >= 1);
        sale->offers[i].sold = 0;
        offered += sale->offers[i].lots;
    }
    for (uint32_t i = 0; i < sale->bid_count; i++) {
        WEIR_CHECK(sale->bids[i].lots >= 1);
        sale->bids[i].won = 0;
        wanted += sale->bids[i].lots;
    }
    bool selling = sale->side == WEIR_SELL;
    sort_best_first(&(struct book){.offers = sale->offers, .high_first = !selling},
                    sale->offer_order, sale->offer_count);
    sort_best_first(&(struct book){.bids = sale->bids, .high_first = selling}, sale->bid_order,
                    sale->bid_count);
    struct clearing c = {.sale = sale, .order = sale->offer_order, .skip_owner = WEIR_NO_INDEX};
    for (uint32_t i = 0; i < sale->bid_count; i++)
        serve(&c, sale->bid_order[i]);
    *undersubscribed = wanted < offered;
    return c.pair_count;
}
