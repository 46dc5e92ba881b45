/* The liquidation map: what would be liquidated at which price, all other marks held. A walk over
 * the market's positions, each with its price in closed form and the memory of those to come asked
 * for ahead: about a tenth of a microsecond a position. */
#include "engine/internal.h"

#define NEAR_BUCKETS 1024 /* a bucket is a 200th of mark: up to five times mark */
#define AHEAD        12

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

static void ask_ahead(const struct weir_exchange *x, const struct weir_pool *list, uint32_t i) {
    if (i + 2 * AHEAD < list->count)
        __builtin_prefetch(weir_leg_at(&x->ledger, *WEIR_AT(list, uint32_t, i + 2 * AHEAD)));
    if (i + AHEAD >= list->count) return;
    const struct weir_leg *g = weir_leg_at(&x->ledger, *WEIR_AT(list, uint32_t, i + AHEAD));
    __builtin_prefetch(weir_scope_at(&x->ledger, g->scope));
}

enum weir_reason weir_answer_map(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    uint32_t market, n = 0, far = 0;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    const struct weir_market *m = &x->venue->markets[market];
    weir_price mark = x->prices[market].mark, width = weir_max(1, mark / 200);
    struct weir_map_bucket *near =
        weir_take_scratch(e, (NEAR_BUCKETS + list->count + 1) * sizeof *near);
    struct weir_map_bucket *beyond = near + NEAR_BUCKETS;
    for (uint32_t i = 0; i < list->count; i++) {
        ask_ahead(x, list, i);
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
        weir_price price = weir_liquidation_price(x, leg);
        if (price == 0) continue;
        weir_price place = price / width;
        struct weir_map_bucket *b = place < NEAR_BUCKETS ? &near[place] : &beyond[far++];
        weir_wide notional = weir_value(m, mark, weir_abs(g->size));
        b->price = place * width;
        b->long_notional += g->size > 0 ? notional : 0;
        b->short_notional += g->size < 0 ? notional : 0;
    }
    sort_buckets(beyond, far);
    far = join_buckets(beyond, far);
    for (uint32_t i = 0; i < NEAR_BUCKETS + far; i++)
        if (near[i].long_notional + near[i].short_notional > 0) near[n++] = near[i];
    weir_emit(
        x, &(struct weir_event){.kind = WEIR_EV_LIQUIDATION_MAP, .map_state = {market, n, near}});
    return WEIR_OK;
}
