/* Sealed auctions (R26): examples, and random ones against lots sold one at a time. */
#include <criterion/criterion.h>

#include "auction/auction.h"
#include "tests/scale.h"

#define MOST 40

struct auction {
    enum weir_side side;
    enum weir_auction_price rule;
    uint32_t offer_count, bid_count;
    struct weir_offer offers[MOST];
    struct weir_bid bids[MOST];
};

static uint32_t scratch[2][MOST];
static struct weir_pair pairs[2 * MOST];

static struct weir_sale sale_of(struct auction *a) {
    return (struct weir_sale){.side = a->side,
                              .offer_count = a->offer_count,
                              .bid_count = a->bid_count,
                              .offers = a->offers,
                              .bids = a->bids,
                              .offer_order = scratch[0],
                              .bid_order = scratch[1],
                              .pairs = pairs};
}

static uint32_t clear(struct auction *a) {
    struct weir_sale sale = sale_of(a);
    return weir_auction_uniform(&sale, a->rule);
}

struct example {
    struct auction auction;
    uint32_t pair_count;
    struct weir_pair pairs[8];
};

/* offer: lots, reserve, owner, arrival; bid: lots, price, owner, arrival */
static const struct example examples[] = {
    {{WEIR_SELL, WEIR_LOWEST_ACCEPTED, 0, 0, {{0}}, {{0}}}, 0, {{0}}},
    {{WEIR_SELL, WEIR_LOWEST_ACCEPTED, 1, 1, {{5, 100, 1, 0, 0}}, {{5, 99, 2, 0, 0}}}, 0, {{0}}},
    {{WEIR_SELL, WEIR_LOWEST_ACCEPTED, 1, 1, {{5, 100, 1, 0, 0}}, {{5, 100, 1, 0, 0}}}, 0, {{0}}},
    /* the lowest that won */
    {{WEIR_SELL,
      WEIR_LOWEST_ACCEPTED,
      1,
      3,
      {{5, 90, 1, 0, 0}},
      {{3, 100, 2, 1, 0}, {3, 98, 3, 2, 0}, {3, 95, 4, 3, 0}}},
     2,
     {{0, 0, 3, 98}, {0, 1, 2, 98}}},
    /* the best with lots left over is the second bid itself */
    {{WEIR_SELL,
      WEIR_HIGHEST_REJECTED,
      1,
      3,
      {{5, 90, 1, 0, 0}},
      {{3, 100, 2, 1, 0}, {3, 98, 3, 2, 0}, {3, 95, 4, 3, 0}}},
     2,
     {{0, 0, 3, 98}, {0, 1, 2, 98}}},
    {{WEIR_SELL,
      WEIR_HIGHEST_REJECTED,
      1,
      3,
      {{6, 90, 1, 0, 0}},
      {{3, 100, 2, 1, 0}, {3, 98, 3, 2, 0}, {3, 95, 4, 3, 0}}},
     2,
     {{0, 0, 3, 95}, {0, 1, 3, 95}}},
    /* not below the reserve of the pair */
    {{WEIR_SELL,
      WEIR_HIGHEST_REJECTED,
      2,
      3,
      {{3, 97, 1, 0, 0}, {3, 90, 9, 1, 0}},
      {{3, 100, 2, 1, 0}, {3, 98, 3, 2, 0}, {3, 95, 4, 3, 0}}},
     2,
     {{1, 0, 3, 95}, {0, 1, 3, 97}}},
    /* undersubscribed: as bid */
    {{WEIR_SELL,
      WEIR_LOWEST_ACCEPTED,
      1,
      2,
      {{7, 90, 1, 0, 0}},
      {{3, 100, 2, 1, 0}, {3, 98, 3, 2, 0}}},
     2,
     {{0, 0, 3, 100}, {0, 1, 3, 98}}},
    /* ties by arrival; his own lots go to the next */
    {{WEIR_SELL,
      WEIR_LOWEST_ACCEPTED,
      2,
      2,
      {{4, 90, 2, 0, 0}, {4, 90, 5, 1, 0}},
      {{4, 95, 3, 8, 0}, {4, 95, 2, 7, 0}}},
     2,
     {{1, 1, 4, 95}, {0, 0, 4, 95}}},
    /* buying back: the lowest bids are the best */
    {{WEIR_BUY,
      WEIR_LOWEST_ACCEPTED,
      2,
      3,
      {{4, 110, 1, 0, 0}, {2, 120, 9, 1, 0}},
      {{3, 105, 2, 1, 0}, {3, 108, 3, 2, 0}, {3, 112, 4, 3, 0}}},
     3,
     {{1, 0, 2, 108}, {0, 0, 1, 108}, {0, 1, 3, 108}}},
    {{WEIR_BUY,
      WEIR_HIGHEST_REJECTED,
      1,
      2,
      {{3, 110, 1, 0, 0}},
      {{3, 105, 2, 1, 0}, {3, 112, 4, 3, 0}}},
     1,
     {{0, 0, 3, 110}}},
};

Test(sealed, examples) {
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct auction a = examples[i].auction;
        uint32_t count = clear(&a);
        cr_assert_eq(count, examples[i].pair_count, "example %zu: %u pairs", i, count);
        for (uint32_t k = 0; k < count; k++)
            cr_assert(memcmp(&pairs[k], &examples[i].pairs[k], sizeof pairs[k]) == 0,
                      "example %zu, pair %u", i, k);
    }
}

/* True when price a is better than b for a bidder's place (`bid`) or an offer's. */
static bool better(enum weir_side side, bool bid, weir_price a, weir_price b) {
    return (side == WEIR_SELL) == bid ? a > b : a < b;
}

/* The best bid that is not `done`, or -1. */
static int best_bid(const struct auction *a, const bool *done) {
    int best = -1;
    for (int i = 0; i < (int)a->bid_count; i++) {
        if (done[i]) continue;
        if (best < 0 || better(a->side, true, a->bids[i].price, a->bids[best].price) ||
            (a->bids[i].price == a->bids[best].price && a->bids[i].arrival < a->bids[best].arrival))
            best = i;
    }
    return best;
}

/* The best offer with unsold lots that this bid may have, or -1. */
static int best_offer(const struct auction *a, const weir_qty *sold, int bid) {
    int best = -1;
    for (int i = 0; i < (int)a->offer_count; i++) {
        const struct weir_offer *o = &a->offers[i];
        if (o->owner == a->bids[bid].owner || sold[i] == o->lots) continue;
        if (better(a->side, true, o->reserve, a->bids[bid].price)) continue;
        if (best < 0 || better(a->side, false, o->reserve, a->offers[best].reserve) ||
            (o->reserve == a->offers[best].reserve && o->arrival < a->offers[best].arrival))
            best = i;
    }
    return best;
}

/* Sells one lot after the other; returns pairs in order of their first lot. */
static uint32_t sell_lot_by_lot(const struct auction *a, struct weir_pair *out) {
    weir_qty sold[MOST] = {0}, won[MOST] = {0}, offered = 0, wanted = 0;
    bool done[MOST] = {0};
    uint32_t count = 0;
    weir_price lowest = 0, refused = 0;
    for (int b; (b = best_bid(a, done)) >= 0;) {
        int o = won[b] < a->bids[b].lots ? best_offer(a, sold, b) : -1;
        if (o < 0) {
            done[b] = true;
            if (won[b] > 0) lowest = a->bids[b].price;
            if (won[b] < a->bids[b].lots && refused == 0) refused = a->bids[b].price;
            continue;
        }
        if (count == 0 || out[count - 1].offer != (uint32_t)o || out[count - 1].bid != (uint32_t)b)
            out[count++] = (struct weir_pair){.offer = (uint32_t)o, .bid = (uint32_t)b};
        out[count - 1].lots++;
        sold[o]++;
        won[b]++;
    }
    for (uint32_t i = 0; i < a->offer_count; i++)
        offered += a->offers[i].lots;
    for (uint32_t i = 0; i < a->bid_count; i++)
        wanted += a->bids[i].lots;
    weir_price price = a->rule == WEIR_HIGHEST_REJECTED && refused ? refused : lowest;
    for (uint32_t i = 0; i < count; i++) {
        weir_price reserve = a->offers[out[i].offer].reserve, bid = a->bids[out[i].bid].price;
        out[i].price = price;
        if (better(a->side, true, price, bid) || wanted < offered)
            out[i].price = bid;
        else if (better(a->side, true, reserve, price))
            out[i].price = reserve;
    }
    return count;
}

/* No lot appears or is lost, and nobody trades against his word or himself. */
static void check_conservation(const struct auction *a, uint32_t count) {
    weir_qty sold[MOST] = {0}, won[MOST] = {0};
    cr_assert(count <= a->offer_count + a->bid_count);
    for (uint32_t i = 0; i < count; i++) {
        const struct weir_offer *o = &a->offers[pairs[i].offer];
        const struct weir_bid *b = &a->bids[pairs[i].bid];
        cr_assert(pairs[i].lots >= 1);
        cr_assert(o->owner != b->owner);
        cr_assert(!better(a->side, true, pairs[i].price, b->price));
        cr_assert(!better(a->side, true, o->reserve, pairs[i].price));
        sold[pairs[i].offer] += pairs[i].lots;
        won[pairs[i].bid] += pairs[i].lots;
    }
    for (uint32_t i = 0; i < a->offer_count; i++)
        cr_assert(sold[i] == a->offers[i].sold && sold[i] <= a->offers[i].lots);
    for (uint32_t i = 0; i < a->bid_count; i++)
        cr_assert(won[i] == a->bids[i].won && won[i] <= a->bids[i].lots);
}

/* The same pairs, whatever the format; each pays its bid. */
static void check_pay_as_bid(struct auction *a, const struct weir_pair *expected, uint32_t count) {
    struct weir_sale sale = sale_of(a);
    cr_assert_eq(weir_auction_pay_as_bid(&sale), count);
    for (uint32_t i = 0; i < count; i++) {
        cr_assert_eq(pairs[i].offer, expected[i].offer);
        cr_assert_eq(pairs[i].bid, expected[i].bid);
        cr_assert_eq(pairs[i].lots, expected[i].lots);
        cr_assert_eq(pairs[i].price, a->bids[pairs[i].bid].price);
    }
    check_conservation(a, count);
}

Test(sealed, as_sold_lot_by_lot, .timeout = 300) {
    struct weir_random random = {.key = weir_random_key(1, "uniform")};
    for (uint64_t n = weir_test_scale(60000); n > 0; n--) {
        struct auction a = {.side = (enum weir_side)(n & 1),
                            .rule = (enum weir_auction_price)(n >> 1 & 1)};
        uint64_t owners = 1 + weir_random_below(&random, 12);
        uint64_t spread = 1 + weir_random_below(&random, 40);
        a.offer_count = (uint32_t)weir_random_below(&random, n % 8 ? 8 : MOST);
        a.bid_count = (uint32_t)weir_random_below(&random, n % 8 ? 8 : MOST);
        for (uint32_t i = 0; i < a.offer_count; i++)
            a.offers[i] = (struct weir_offer){
                .lots = 1 + (weir_qty)weir_random_below(&random, 20),
                .reserve = 80 + (weir_price)weir_random_below(&random, spread),
                .owner = (uint32_t)weir_random_below(&random, owners),
                .arrival = (i * 7 + 3) % MOST}; /* 7 and 40 share no factor: all different */
        for (uint32_t i = 0; i < a.bid_count; i++)
            a.bids[i] =
                (struct weir_bid){.lots = 1 + (weir_qty)weir_random_below(&random, 20),
                                  .price = 80 + (weir_price)weir_random_below(&random, spread),
                                  .owner = (uint32_t)weir_random_below(&random, owners),
                                  .arrival = (i * 11 + 5) % MOST};
        struct weir_pair expected[2 * MOST];
        uint32_t expected_count = sell_lot_by_lot(&a, expected);
        uint32_t count = clear(&a);
        check_conservation(&a, count);
        cr_assert_eq(count, expected_count);
        for (uint32_t i = 0; i < count; i++)
            cr_assert(memcmp(&pairs[i], &expected[i], sizeof pairs[i]) == 0, "pair %u", i);
        check_pay_as_bid(&a, expected, count);
    }
}

/* Sums of lots pass 64 bits. */
Test(sealed, large_lots) {
    struct auction a = {.side = WEIR_SELL, .offer_count = 3, .bid_count = 2};
    for (uint32_t i = 0; i < 3; i++)
        a.offers[i] = (struct weir_offer){INT64_MAX, 1, i, i, 0};
    for (uint32_t i = 0; i < 2; i++)
        a.bids[i] = (struct weir_bid){INT64_MAX, INT64_MAX - i, 9, i, 0};
    cr_assert_eq(clear(&a), 2);
    cr_assert_eq(pairs[0].price, INT64_MAX);
    cr_assert_eq(pairs[1].price, INT64_MAX - 1);
    check_conservation(&a, 2);
}
