/* (8): what is negative when a scope is flat: other collateral, the fund, everyone's lots (R8,
 * R29). */
#include "liquidation/stages.h"

/* Sells just enough collateral, the largest haircut first, to bring the balance to zero. */
static void convert_collateral(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_exchange *x = lq->x;
    const struct weir_venue *v = x->venue;
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    bool tried[WEIR_ASSETS_MAX] = {false};
    while (weir_scope_own_balance(s) < 0) {
        uint32_t best = 0;
        for (uint32_t a = 1; a < v->asset_count; a++) {
            if (tried[a] || x->collateral[a].price == 0) continue;
            if (weir_scope_collateral(&x->ledger, scope, a) == 0) continue;
            if (best == 0 || v->assets[a].haircut > v->assets[best].haircut) best = a;
        }
        if (best == 0) return;
        tried[best] = true;
        weir_wide held = weir_scope_collateral(&x->ledger, scope, best),
                  need = -weir_scope_own_balance(s);
        weir_wide low = 0, high = held; /* the least amount whose worth covers, else all */
        while (low < high) {
            weir_wide mid = low + (high - low) / 2;
            if (weir_collateral_worth(x, best, mid) >= need)
                high = mid;
            else
                low = mid + 1;
        }
        weir_wide proceeds = weir_collateral_worth(x, best, low);
        if (low == 0 || proceeds == 0) continue;
        WEIR_CHECK(weir_post_collateral(&x->ledger, scope, best, -low));
        x->ledger.assets[best].withdrawals += low;
        weir_post_balance(&x->ledger, scope, proceeds);
        x->ledger.assets[0].deposits += proceeds;
        weir_emit(x, &(struct weir_event){
                         .kind = WEIR_EV_COLLATERAL_SOLD,
                         .collateral_sold = {weir_account_name(&x->ledger, s->account), best, low,
                                             x->collateral[best].price, proceeds}});
    }
}

/* One market's part of a deficit: its fund first, then its pool. */
static void place_part(struct weir_liquidator *lq, uint32_t scope, uint32_t market,
                       weir_wide part) {
    struct weir_exchange *x = lq->x;
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    struct weir_fund *f = weir_market_fund(x, &lq->funds, market);
    weir_wide paid = weir_wide_min(part, weir_wide_max(0, weir_fund_free(f)));
    weir_post_balance(&x->ledger, scope, part);
    weir_fund_move(x, &lq->funds, x->venue->markets[market].fund_idx, WEIR_CAUSE_SHORTFALL, -paid,
                   s->account);
    if (part == paid) return;
    if (lq->social.on) {
        weir_social_add(lq, market, part - paid);
        return;
    }
    if (x->ledger.markets[market].pool == 0) lq->pools_due++;
    weir_post_pool(&x->ledger, market, part - paid);
}

/* Where a deficit without losses goes: an isolated scope's market, or the first of the asset. */
static uint32_t whole_market(const struct weir_ledger *l, const struct weir_scope *s) {
    if (weir_scope_is_isolated(s)) return weir_scope_code(s);
    uint32_t market = 0;
    while (market + 1 < l->venue->market_count && l->venue->markets[market].asset != s->rank)
        market++;
    return market;
}

/* Divides a deficit among the markets closed in this liquidation by their net realised losses. */
static void place_deficit(struct weir_liquidator *lq, uint32_t scope, weir_wide deficit) {
    struct weir_exchange *x = lq->x;
    const struct weir_ledger *l = &x->ledger;
    uint32_t n = 0, loss_legs = 0;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        n++;
    weir_pool_clear(&lq->wides);
    weir_pool_clear(&lq->shares);
    WEIR_CHECK(weir_pool_add(&lq->wides, 2 * n + 2) == 0);
    WEIR_CHECK(weir_pool_add(&lq->shares, n + 1) == 0);
    weir_wide *weights = WEIR_AT(&lq->wides, weir_wide, 0), *parts = weights + n;
    uint32_t k = 0;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i), k++) {
        const struct weir_leg *g = weir_leg_at(l, i);
        const struct weir_leg_work *w = weir_leg_work(l, g);
        weights[k] = w->closed_any ? weir_wide_max(0, -w->realised) : 0;
        loss_legs += weights[k] > 0;
    }
    const struct weir_scope *s = weir_scope_at(l, scope);
    if (weir_scope_is_isolated(s) || loss_legs == 0) {
        place_part(lq, scope, whole_market(l, s), deficit);
        return;
    }
    weir_wide rest =
        weir_divide(deficit, n, weights, NULL, parts, WEIR_AT(&lq->shares, struct weir_share, 0));
    WEIR_CHECK(rest == 0);
    k = 0;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i), k++)
        if (parts[k] > 0) place_part(lq, scope, weir_leg_at(l, i)->market, parts[k]);
}

/* One charge per market and command: ceil(pool / lots) on every lot, the excess is dust. */
static void charge_market(struct weir_liquidator *lq, uint32_t market) {
    struct weir_exchange *x = lq->x;
    const struct weir_market_ledger *m = &x->ledger.markets[market];
    weir_wide lots = m->open_interest + m->short_interest;
    if (m->pool == 0 || lots == 0) return;
    weir_wide pool = m->pool, per_lot = weir_div_ceil(pool, lots);
    weir_post_pool(&x->ledger, market, -pool);
    lq->pools_due--;
    weir_post_charge(&x->ledger, market, per_lot);
    weir_charges_moved(x, market);
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_SOCIALISED,
                                      .socialised = {.market = market, .amount = pool}});
    weir_fund_move(x, &lq->funds, x->venue->markets[market].fund_idx, WEIR_CAUSE_DUST,
                   per_lot * lots - pool, WEIR_NO_INDEX);
}

void weir_settle_shortfalls(struct weir_liquidator *lq) {
    struct weir_exchange *x = lq->x;
    for (uint32_t i = 0; i < lq->shortfalls.count; i++) {
        uint32_t scope = *WEIR_AT(&lq->shortfalls, uint32_t, i);
        const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
        /* A deposit may have come since a timer made it flat. */
        convert_collateral(lq, scope);
        weir_wide deficit = -weir_scope_own_balance(s);
        if (deficit > 0) {
            weir_scope_case(&x->ledger, s)->shortfall = deficit;
            place_deficit(lq, scope, deficit);
        }
        weir_liquidation_end(lq, scope, WEIR_CLOSED);
    }
    lq->shortfalls.count = 0;
    for (uint32_t m = 0; lq->pools_due > 0 && m < x->venue->market_count; m++)
        charge_market(lq, m);
    if (lq->social.on) weir_social_run(lq);
}
