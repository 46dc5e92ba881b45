/* The liquidation map: what would be liquidated at which price, all other marks held. A walk over
 * the market's positions, each with its price in closed form and the memory of those to come asked
 * for ahead: about a tenth of a microsecond a position. */
#include "engine/internal.h"

#define NEAR_BUCKETS 1024 /* a bucket is a 200th of mark: up to five times mark */

static void sort_buckets(struct weir_map_bucket *b, uint32_t n) {
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            struct weir_map_bucket x = b[i];
            uint32_t j = i;
            for (; j >= gap && b[j - gap].price > x.price; j -= gap)
                b[j] = b[j - gap];
            b[j] = x;
        }
    }
}

/* Adds up buckets of one price; returns how many are left. */
static uint32_t join_buckets(struct weir_map_bucket *b, uint32_t n) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (kept == 0 || b[kept - 1].price != b[i].price) {
            b[kept++] = b[i];
            continue;
        }
        b[kept - 1].long_notional += b[i].long_notional;
        b[kept - 1].short_notional += b[i].short_notional;
    }
    return kept;
}

/* Where the notionals of positions go. */
struct map {
    const struct weir_market *market;
    weir_price mark, width;
    struct weir_map_bucket *near, *beyond;
    uint32_t far;
};

static void put(void *ctx, const struct weir_leg *g, weir_price price) {
    struct map *map = ctx;
    weir_price place = price / map->width;
    weir_wide notional = weir_value(map->market, map->mark, weir_abs(g->size));
    struct weir_map_bucket *b = place < NEAR_BUCKETS ? &map->near[place] : &map->beyond[map->far++];
    b->price = place * map->width;
    b->long_notional += g->size > 0 ? notional : 0;
    b->short_notional += g->size < 0 ? notional : 0;
}

enum weir_reason weir_answer_map(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    uint32_t market, n = 0;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    uint32_t positions = x->ledger.markets[market].positions.count;
    struct map map = {.market = &x->venue->markets[market], .mark = x->prices[market].mark};
    map.width = weir_max(1, map.mark / 200);
    map.near = weir_take_scratch(e, (NEAR_BUCKETS + positions + 1) * sizeof *map.near);
    map.beyond = map.near + NEAR_BUCKETS;
    weir_each_liquidation_price(x, market, put, &map);
    struct weir_map_bucket *near = map.near, *beyond = map.beyond;
    uint32_t far = map.far;
    sort_buckets(beyond, far);
    far = join_buckets(beyond, far);
    for (uint32_t i = 0; i < NEAR_BUCKETS + far; i++)
        if (near[i].long_notional + near[i].short_notional > 0) near[n++] = near[i];
    weir_emit(
        x, &(struct weir_event){.kind = WEIR_EV_LIQUIDATION_MAP, .map_state = {market, n, near}});
    return WEIR_OK;
}
