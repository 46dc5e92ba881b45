/* Health is the sum of what its positions are worth and require, in 64 bits as in 128 (R8-R10). */
#include "world.h"

#include <criterion/criterion.h>

static const struct weir_leg *leg_at(const struct world *w, uint32_t leg) {
    return weir_leg_at(&w->x.ledger, leg);
}

/* The same sums by the functions of single positions. */
static struct weir_health sums(const struct world *w, uint32_t scope, const uint32_t *legs,
                               uint32_t n) {
    const struct weir_exchange *x = &w->x;
    weir_wide balance = weir_scope_own_balance(weir_scope_at(&x->ledger, scope));
    struct weir_health h = {.balance = balance, .discounted = balance};
    for (uint32_t i = 0; i < n; i++) {
        const struct weir_leg *g = leg_at(w, legs[i]);
        const struct weir_market *m = &w->venue->markets[g->market];
        const struct weir_risk *r = &x->risks[g->market];
        weir_price mark = x->prices[g->market].mark;
        weir_qty lots = weir_abs(g->size);
        weir_wide pnl = weir_unrealised(m, mark, g->size, g->entry_value), own = 0;
        weir_wide pending = weir_leg_pending(&x->ledger, g);
        if (g->size != 0) {
            weir_wide notional = weir_margin_notional(m, mark, g->size, g->entry_value, lots);
            own = weir_initial(m, r, notional, g->leverage);
            h.positions++;
            h.stale |= x->prices[g->market].stale;
        }
        h.balance += pending;
        h.equity += pnl;
        h.discounted += pending + pnl;
        if (pnl > 0)
            h.discounted +=
                (x->prices[g->market].stale ? 0 : pnl * w->venue->positive_pnl_weight / WEIR_PPB) -
                pnl;
        h.initial += own;
        h.maintenance += weir_maintenance(m, r, mark, g->size, g->entry_value);
        h.unreserved += weir_maintenance_with(m, r, mark, g->size, g->entry_value, 0);
        h.notional += weir_value(m, mark, lots);
        struct weir_open open = weir_leg_open(&x->ledger, g);
        weir_wide exposure = weir_exposure(g->size, open.buys, open.sells);
        weir_wide all = weir_margin_notional(m, mark, g->size, g->entry_value, (weir_qty)exposure);
        h.order_margin += open.loss;
        if (open.buys != 0 || open.sells != 0)
            h.order_margin += weir_initial(m, r, all, g->leverage) - own;
    }
    h.equity += h.balance;
    h.reserve_equity = h.equity;
    h.requirement = h.maintenance;
    return h;
}

static bool equal(const struct weir_health *a, const struct weir_health *b) {
    return a->balance == b->balance && a->equity == b->equity && a->discounted == b->discounted &&
           a->initial == b->initial && a->order_margin == b->order_margin &&
           a->maintenance == b->maintenance && a->unreserved == b->unreserved &&
           a->reserve_equity == b->reserve_equity && a->requirement == b->requirement &&
           a->notional == b->notional && a->positions == b->positions && a->stale == b->stale;
}

/* Amounts from a few units to some beyond 2^50, and balances around 2^61. */
static void change(struct world *w, uint32_t scope, uint32_t leg) {
    struct weir_ledger *l = &w->x.ledger;
    struct weir_leg *g = weir_leg_at(l, leg);
    uint32_t market = g->market;
    weir_wide amount = (weir_wide)1 << world_below(w, 62);
    switch (world_below(w, 6)) {
    case 0:
        world_balance(w, scope, world_below(w, 2) ? amount : -amount);
        break;
    case 1: {
        weir_qty lots = 1 + (weir_qty)world_below(w, UINT64_C(1) << world_below(w, 32));
        world_fill(w, leg, world_below(w, 2) ? lots : -lots, w->x.prices[market].mark);
        break;
    }
    case 2:
        world_mark(w, market, 1 + (weir_price)world_below(w, 1000000));
        break;
    case 3:
        weir_post_funding(l, market, (weir_wide)world_below(w, 2001) - 1000);
        break;
    case 4:
        w->x.prices[market].stale = world_below(w, 4) == 0;
        break;
    case 5: {
        weir_qty lots = (weir_qty)world_below(w, UINT64_C(1) << world_below(w, 32));
        weir_leg_open_add(l, g, world_below(w, 2) ? WEIR_BUY : WEIR_SELL, lots,
                          (weir_wide)world_below(w, UINT64_C(1) << world_below(w, 54)));
        break;
    }
    }
}

Test(health, is_the_sum_of_its_positions) {
    uint32_t plain = 0, others = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct world w;
        cr_assert(world_new(&w, seed, 1000000, INT64_C(1) << world_below(&w, 50)));
        bool fraction = w.venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION;
        w.venue->positive_pnl_weight = seed % 3 ? WEIR_PPB : WEIR_PPB / 3;
        for (uint32_t m = 0; m < WORLD_MARKETS; m++)
            if (w.venue->markets[m].closing_fee_basis == WEIR_BASIS_BANKRUPTCY) fraction = true;
        uint32_t account = world_account(&w), legs[WORLD_MARKETS];
        for (uint32_t m = 0; m < WORLD_MARKETS; m++)
            legs[m] = weir_leg_get(&w.x.ledger, account, m);
        uint32_t scope = leg_at(&w, legs[0])->scope, used = seed % 2 ? 1 : WORLD_MARKETS;
        for (int i = 0; i < 60 && !fraction; i++) {
            change(&w, scope, legs[world_below(&w, used)]);
            struct weir_health h, expected = sums(&w, scope, legs, used);
            weir_health(&w.x, scope, NULL, &h);
            cr_assert(equal(&h, &expected), "seed %d, change %d", (int)seed, i);
            weir_health_brief(&w.x, scope, &h);
            h.discounted = expected.discounted;
            h.initial = expected.initial;
            h.order_margin = expected.order_margin;
            cr_assert(equal(&h, &expected), "seed %d, change %d, in brief", (int)seed, i);
            bool is_plain = w.x.risks[0].plain && used == 1 && h.balance >> 61 == 0;
            *(is_plain ? &plain : &others) += h.positions > 0;
        }
        world_free(&w);
    }
    cr_assert(plain > 100 && others > 100, "%u plain, %u others", plain, others);
}
