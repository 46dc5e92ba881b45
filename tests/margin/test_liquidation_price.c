/* Liquidation prices against every price of a market tried in turn (R17). */
#include "tests/scale.h"
#include "world.h"

#include <criterion/criterion.h>

#define MAX_PRICE 300

static bool liquidatable_at(struct world *w, uint32_t leg, weir_price price) {
    const struct weir_leg *g = weir_leg_at(&w->x.ledger, leg);
    weir_price *mark = &w->x.prices[g->market].mark, before = *mark;
    *mark = price;
    bool yes = world_liquidatable(w, g->scope);
    *mark = before;
    return yes;
}

static weir_price tried(struct world *w, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&w->x.ledger, leg);
    weir_price mark = w->x.prices[g->market].mark;
    for (weir_price d = 0; d <= MAX_PRICE; d++) {
        weir_price losing = g->size > 0 ? mark - d : mark + d, other = 2 * mark - losing;
        if (losing >= 1 && losing <= MAX_PRICE && liquidatable_at(w, leg, losing)) return losing;
        if (other >= 1 && other <= MAX_PRICE && liquidatable_at(w, leg, other)) return other;
    }
    return 0;
}

static void one_scope(struct world *w, uint64_t seed, uint32_t *priced) {
    uint32_t account = world_account(w), legs[WORLD_MARKETS], n = 1 + (uint32_t)world_below(w, 3);
    uint32_t scope = weir_account_at(&w->x.ledger, account)->cross;
    uint32_t first = (uint32_t)world_below(w, WORLD_MARKETS);
    for (uint32_t i = 0; i < n; i++) {
        legs[i] = weir_leg_get(&w->x.ledger, account, (first + i) % WORLD_MARKETS);
        weir_leg_at(&w->x.ledger, legs[i])->leverage = 1 + (uint32_t)world_below(w, 20);
        weir_qty lots = 1 + (weir_qty)world_below(w, world_below(w, 2) ? 5 : 500);
        world_fill(w, legs[i], world_below(w, 2) ? lots : -lots,
                   1 + (weir_price)world_below(w, MAX_PRICE));
    }
    struct weir_health h;
    weir_health(&w->x, scope, NULL, &h);
    weir_wide gap = h.requirement - h.equity;
    world_balance(w, scope, gap + (weir_wide)world_below(w, 1 + (uint64_t)h.notional));
    for (uint32_t i = 0; i < n; i++) {
        weir_price found = weir_liquidation_price(&w->x, legs[i]), right = tried(w, legs[i]);
        /* A closing fee on bankruptcy prices, which lie on ticks, can make a scope liquidatable at
         * one mark and not at the next: any that fires will do then. */
        bool exact = !w->x.reserves_at_bankruptcy;
        cr_assert(found == right || (!exact && (found == 0 || liquidatable_at(w, legs[i], found))),
                  "seed %llu leg %u: %lld, tried %lld", (unsigned long long)seed, i,
                  (long long)found, (long long)right);
        *priced += found != 0;
    }
}

Test(liquidation_price, against_every_price) {
    uint32_t priced = 0;
    for (uint64_t seed = 1; seed <= weir_test_scale(1500); seed++) {
        struct world w;
        cr_assert(world_new(&w, seed, MAX_PRICE, 20000));
        for (int i = 0; i < 4; i++)
            one_scope(&w, seed, &priced);
        world_free(&w);
    }
    cr_assert(priced > 0);
}
