#include "world.h"

#include <stdio.h>
#include <string.h>

static const char text[] = "name: world\nmoney: {asset: USDT, decimals: 6}\n"
                           "collateral:\n  - {asset: ETH, decimals: 4, haircut: 0.05}\n"
                           "markets:\n"
                           "  - {symbol: A, tick: 1, lot: 1, tiers: [{cap: 9, rate: 0.1, "
                           "max_leverage: 5}]}\n"
                           "  - {symbol: B, tick: 1, lot: 1, contract: inverse, face_value: 1, "
                           "tiers: [{cap: 9, rate: 0.1, max_leverage: 5}]}\n"
                           "  - {symbol: C, tick: 1, lot: 1, tiers: [{cap: 9, rate: 0.1, "
                           "max_leverage: 5}]}\n"
                           "  - {symbol: D, tick: 1, lot: 1, contract: inverse, face_value: 1, "
                           "tiers: [{cap: 9, rate: 0.1, max_leverage: 5}]}\n";

uint64_t world_below(struct world *w, uint64_t n) {
    return weir_random_below(&w->random, n);
}

static bool chance(struct world *w, uint64_t percent) {
    return world_below(w, 100) < percent;
}

/* A rate in [0, 1], often one of those at which lines run flat. */
static weir_rate rate(struct world *w) {
    switch (world_below(w, 8)) {
    case 0:
        return chance(w, 50) ? WEIR_PPB : 0;
    case 1:
        return w->venue->warn_at == WEIR_NONE ? WEIR_PPB / 2 : w->venue->warn_at;
    case 2:
        return (weir_rate)world_below(w, WEIR_PPB + 1);
    default:
        return (weir_rate)world_below(w, WEIR_PPB / 20);
    }
}

void world_tiers(struct world *w, uint32_t market, int64_t notional) {
    struct weir_tiers *t = &w->x.risks[market].tiers;
    *t = (struct weir_tiers){.count = 1 + (uint32_t)world_below(w, 4)};
    int64_t cap = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        cap += 1 + (int64_t)world_below(w, (uint64_t)(chance(w, 20) ? 3 : notional));
        weir_rate r = rate(w);
        t->row[i] =
            (struct weir_tier){.cap = cap, .rate = i > 0 ? weir_max(t->row[i - 1].rate, r) : r};
        if (chance(w, 30))
            t->row[i].initial_rate = weir_max(1, rate(w));
        else
            t->row[i].max_leverage = 1 + (int64_t)world_below(w, chance(w, 50)   ? 3
                                                                 : chance(w, 50) ? 125
                                                                                 : 1000000);
    }
    weir_risk_derive(&w->x.risks[market]);
}

static void terms(struct world *w, uint32_t market, weir_price max_price) {
    struct weir_market *m = &w->venue->markets[market];
    static const int64_t units[] = {1, 3, 1000, 1234567};
    m->max_price = max_price;
    m->unit_value = units[world_below(w, 4)];
    if (m->contract == WEIR_INVERSE) {
        m->face_units = units[world_below(w, 4)] * (1 + (int64_t)world_below(w, 1000));
        m->face_divisor = chance(w, 70) ? 1 : 1 + (int64_t)world_below(w, 1000);
    }
    m->tier_mode = chance(w, 50) ? WEIR_TIER_WHOLE : WEIR_TIER_MARGINAL;
    m->tier_edge = chance(w, 50) ? WEIR_LOWER_INCLUSIVE : WEIR_UPPER_INCLUSIVE;
    m->margin_basis = chance(w, 20) ? WEIR_BASIS_ENTRY : WEIR_BASIS_MARK;
    m->closing_fee_reserve = chance(w, 50) ? 0 : rate(w) / (chance(w, 80) ? 100 : 1);
    m->closing_fee_basis = (enum weir_margin_basis)world_below(w, 3);
}

bool world_new(struct world *w, uint64_t seed, weir_price max_price, int64_t notional) {
    struct weir_file_error error;
    *w = (struct world){.random = {weir_random_key(seed, "world"), 0}};
    w->venue = weir_venue_parse(text, sizeof text - 1, "world", NULL, 0, &error);
    if (w->venue == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return false;
    }
    struct weir_venue *v = w->venue;
    static const int64_t fills[] = {1, 64, 1000000};
    v->fills_per_step = fills[world_below(w, 3)];
    v->trigger_rule = (enum weir_trigger_rule)world_below(w, 3);
    v->trigger_fraction =
        WEIR_PPB - (weir_rate)(chance(w, 50) ? 0 : world_below(w, WEIR_PPB / 5 + 1));
    v->warn_at = WEIR_NONE;
    if (chance(w, 75)) v->warn_at = 1 + (weir_rate)world_below(w, WEIR_PPB);
    if (chance(w, 25)) v->warn_at = 8 * (WEIR_PPB / 10);
    for (uint32_t m = 0; m < WORLD_MARKETS; m++)
        terms(w, m, max_price);
    if (weir_exchange_new(&w->x, v, 256, 16) != 0) return false;
    for (uint32_t m = 0; m < WORLD_MARKETS; m++) {
        world_tiers(w, m, notional);
        world_mark(w, m, 1 + (weir_price)world_below(w, (uint64_t)max_price));
    }
    return true;
}

void world_free(struct world *w) {
    weir_exchange_free(&w->x);
    weir_venue_free(w->venue);
}

uint32_t world_account(struct world *w) {
    struct weir_name name = {0};
    enum weir_reason reason;
    snprintf(name.text, sizeof name.text, "a%u", w->x.ledger.accounts.count);
    return weir_account_open(&w->x.ledger, &name, NULL, 0, &reason);
}

void world_mark(struct world *w, uint32_t market, weir_price mark) {
    struct weir_price_state *p = &w->x.prices[market];
    if (p->mark == mark) return;
    p->previous_mark = p->mark;
    p->mark = mark;
    weir_mark_moved(&w->x, market);
}

void world_fill(struct world *w, uint32_t leg, weir_qty lots, weir_price price) {
    struct weir_leg *g = weir_leg_at(&w->x.ledger, leg);
    const struct weir_market *m = &w->venue->markets[g->market];
    if (!weir_lots_fit(m, weir_abs(g->size) + weir_abs(lots)) || lots == 0) return;
    weir_leg_settle(&w->x.ledger, g);
    struct weir_position_change change =
        weir_position_fill(m, g->size, g->entry_value, lots, price);
    weir_post_fill(&w->x.ledger, leg, &change, 0);
    weir_touch(&w->x, g->scope);
}

void world_balance(struct world *w, uint32_t scope, weir_wide amount) {
    weir_post_balance(&w->x.ledger, scope, amount);
    weir_touch(&w->x, scope);
}

bool world_liquidatable(const struct world *w, uint32_t scope) {
    struct weir_health h;
    weir_health(&w->x, scope, NULL, &h);
    return weir_liquidatable(&w->x, &h);
}
