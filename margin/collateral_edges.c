/* Edges of collateral: the prices of an asset at which what a holding is worth could change its
 * scope's state. Worth is a line in the price, cut to a unit; it adds to equity alone. */
#include "margin/edges.h"

#include "margin/gauge.h"

#define SWEEP_STEP 24
static const weir_wide PPB_SQUARED = (weir_wide)WEIR_PPB * WEIR_PPB;

static weir_wide power(uint8_t decimals) {
    weir_wide p = 1;
    for (; decimals > 0; decimals--)
        p *= 10;
    return p;
}

/* The least price at which an amount is worth at least `worth` >= 1; saturated. */
static int64_t price_worth(const struct weir_exchange *x, const struct weir_holding *h,
                           weir_wide worth) {
    const struct weir_asset *a = &x->venue->assets[h->asset];
    weir_wide per_price = (WEIR_PPB - a->haircut) * power(x->venue->assets[0].decimals);
    return weir_saturate(
        -weir_mul3_div2_floor(-worth, power(a->decimals), PPB_SQUARED, h->amount, per_price));
}

static uint32_t *stored_at(struct weir_holding *h, enum weir_direction d) {
    return d == WEIR_LOW ? &h->low_key : &h->high_key;
}

static bool edge_counts(const void *ctx, uint32_t key, uint32_t holding, enum weir_direction d) {
    struct weir_holding *h = WEIR_AT((const struct weir_pool *)ctx, struct weir_holding, holding);
    return *stored_at(h, d) == ~key;
}
static bool low_counts(const void *ctx, uint32_t key, uint32_t holding) {
    return edge_counts(ctx, key, holding, WEIR_LOW);
}
static bool high_counts(const void *ctx, uint32_t key, uint32_t holding) {
    return edge_counts(ctx, key, holding, WEIR_HIGH);
}

static void touch_taken(struct weir_exchange *x, uint32_t asset, enum weir_direction d) {
    struct weir_trigger_asset *t = &x->trigger.assets[asset];
    struct weir_pool *taken = &x->trigger.taken;
    for (uint32_t i = 0; i < taken->count; i++) {
        uint64_t edge = *WEIR_AT(taken, uint64_t, i);
        struct weir_holding *h = weir_holding_at(&x->ledger, (uint32_t)edge);
        bool counts = *stored_at(h, d) == ~(uint32_t)(edge >> 32);
        t->edges--;
        t->stale -= !counts;
        if (!counts) continue;
        *stored_at(h, d) = 0;
        weir_touch(x, h->scope);
    }
    taken->count = 0;
}

void weir_pass_collateral(struct weir_exchange *x, uint32_t asset) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_asset *ta = &t->assets[asset];
    int64_t price = x->collateral[asset].price;
    ta->moved = false;
    t->assets_moved--;
    weir_edge_take(&t->store, &ta->low, weir_edge_bound(WEIR_LOW, price, price), &t->taken);
    touch_taken(x, asset, WEIR_LOW);
    weir_edge_take(&t->store, &ta->high, weir_edge_bound(WEIR_HIGH, price, price), &t->taken);
    touch_taken(x, asset, WEIR_HIGH);
}

static void set_edge(struct weir_exchange *x, uint32_t holding, enum weir_direction d,
                     uint32_t word) {
    struct weir_holding *h = weir_holding_at(&x->ledger, holding);
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_asset *ta = &t->assets[h->asset];
    uint32_t *stored = stored_at(h, d);
    if (*stored == word) return;
    ta->stale += *stored != 0;
    *stored = word;
    if (word == 0) return;
    bool added = weir_edge_add(&t->store, d == WEIR_LOW ? &ta->low : &ta->high, ~word, holding);
    WEIR_CHECK(added);
    ta->edges++;
    if (ta->stale < WEIR_STALE_LEAST || 2 * ta->stale < ta->edges) return;
    uint32_t dropped =
        weir_edge_sweep(&t->store, &ta->low, SWEEP_STEP, low_counts, NULL, &x->ledger.holdings) +
        weir_edge_sweep(&t->store, &ta->high, SWEEP_STEP, high_counts, NULL, &x->ledger.holdings);
    ta->edges -= dropped;
    ta->stale -= dropped;
}

void weir_drop_collateral_edges(struct weir_exchange *x, uint32_t holding) {
    set_edge(x, holding, WEIR_LOW, 0);
    set_edge(x, holding, WEIR_HIGH, 0);
}

void weir_set_collateral_edges(struct weir_exchange *x, uint32_t holding,
                               const struct weir_condition *held, const weir_wide *share,
                               uint32_t count, bool tight) {
    const struct weir_holding *h = weir_holding_at(&x->ledger, holding);
    int64_t price = x->collateral[h->asset].price, low = 0, high = INT64_MAX;
    weir_wide worth = weir_collateral_worth(x, h->asset, h->amount);
    if (x->venue->assets[h->asset].haircut == WEIR_PPB) {
        weir_drop_collateral_edges(x, holding);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (held[i].alpha > 0) {
            weir_wide least = worth - share[i] / held[i].alpha;
            if (least >= 1) low = weir_max(low, price_worth(x, h, least));
        } else if (held[i].alpha < 0) { /* with 0 the equity does not count */
            weir_wide most = worth + share[i] / -held[i].alpha;
            high = weir_min(high, price_worth(x, h, most + 1) - 1);
        }
    }
    if (tight) low = high = price;
    set_edge(x, holding, WEIR_LOW, low == 0 ? 0 : weir_edge_stored(WEIR_LOW, low, 0, 0));
    set_edge(x, holding, WEIR_HIGH,
             high == INT64_MAX ? 0 : weir_edge_stored(WEIR_HIGH, high, 0, 0));
}
