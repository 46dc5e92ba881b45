/* Health of a scope: equity against its requirements (R8, R10, R11, R17). */
#include "margin/margin.h"

weir_wide weir_collateral_worth(const struct weir_exchange *x, uint32_t asset, weir_wide amount) {
    const struct weir_asset *a = &x->venue->assets[asset];
    weir_wide price = x->collateral[asset].price;
    if (price == 0 || amount == 0) return 0;
    weir_wide scale_in = 1, scale_out = 1;
    for (uint8_t i = 0; i < x->venue->assets[0].decimals; i++)
        scale_in *= 10;
    for (uint8_t i = 0; i < a->decimals; i++)
        scale_out *= 10;
    return weir_mul3_div2_floor(amount, price * (WEIR_PPB - a->haircut), scale_in, scale_out,
                                (weir_wide)WEIR_PPB * WEIR_PPB);
}

weir_wide weir_scope_worth(const struct weir_exchange *x, uint32_t scope) {
    weir_wide worth = 0;
    for (uint32_t i = weir_scope_at(&x->ledger, scope)->collateral; i != WEIR_NO_INDEX;
         i = weir_holding_at(&x->ledger, i)->next) {
        const struct weir_holding *held = weir_holding_at(&x->ledger, i);
        worth += weir_collateral_worth(x, held->asset, held->amount);
    }
    return worth;
}

static void add_collateral(const struct weir_exchange *x, uint32_t scope, struct weir_health *h) {
    uint32_t i = weir_scope_at(&x->ledger, scope)->collateral;
    for (; i != WEIR_NO_INDEX; i = weir_holding_at(&x->ledger, i)->next) {
        const struct weir_holding *held = weir_holding_at(&x->ledger, i);
        weir_wide worth = weir_collateral_worth(x, held->asset, held->amount);
        h->equity += worth;
        if (x->collateral[held->asset].fresh) h->discounted += worth;
    }
}

/* R10: margin of the worse side beyond the position's own, and the open losses. */
static weir_wide leg_order_margin(const struct weir_exchange *x, const struct weir_leg *g,
                                  const struct weir_open *open, weir_wide own_initial) {
    if (open->buys == 0 && open->sells == 0) return open->loss;
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_wide exposure = weir_exposure(g->size, open->buys, open->sells);
    weir_wide n = weir_margin_notional(m, x->prices[g->market].mark, g->size, g->entry_value,
                                       (weir_qty)exposure);
    return weir_initial(m, &x->risks[g->market], n, weir_leg_leverage(x, g)) - own_initial +
           open->loss;
}

static void add_leg(const struct weir_exchange *x, const struct weir_leg *g,
                    const struct weir_open *open, struct weir_health *h) {
    weir_wide initial = 0;
    if (g->size != 0) {
        const struct weir_market *m = &x->venue->markets[g->market];
        const struct weir_risk *r = &x->risks[g->market];
        weir_price mark = x->prices[g->market].mark;
        bool stale = x->prices[g->market].stale;
        weir_wide pending = weir_leg_pending(&x->ledger, g);
        weir_wide pnl = weir_unrealised(m, mark, g->size, g->entry_value);
        weir_wide n = weir_margin_notional(m, mark, g->size, g->entry_value, weir_abs(g->size));
        initial = weir_initial(m, r, n, weir_leg_leverage(x, g));
        h->balance += pending;
        h->equity += pending + pnl;
        h->discounted += pending + pnl;
        if (pnl > 0)
            h->discounted += (stale ? 0 : pnl * x->venue->positive_pnl_weight / WEIR_PPB) - pnl;
        h->initial += initial;
        weir_wide unreserved = weir_maintenance_with(m, r, mark, g->size, g->entry_value, 0);
        h->unreserved += unreserved;
        if (m->closing_fee_reserve == 0)
            h->maintenance += unreserved;
        else if (m->closing_fee_basis != WEIR_BASIS_BANKRUPTCY)
            h->maintenance += weir_maintenance(m, r, mark, g->size, g->entry_value);
        h->notional += weir_value(m, mark, weir_abs(g->size));
        h->positions++;
        h->stale |= stale;
    }
    h->order_margin += leg_order_margin(x, g, open, initial);
}

struct weir_what_if weir_what_if_now(const struct weir_exchange *x, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    return (struct weir_what_if){.leg = leg, .after = *g, .open = weir_leg_open(&x->ledger, g)};
}

struct weir_what_if weir_what_if_filled(const struct weir_exchange *x, uint32_t leg,
                                        const struct weir_position_change *change) {
    struct weir_what_if w = weir_what_if_now(x, leg);
    w.after = weir_leg_after(&x->ledger, &w.after, change);
    w.balance = change->realised;
    return w;
}

static bool reserves_at_bankruptcy(const struct weir_market *m) {
    return m->closing_fee_reserve > 0 && m->closing_fee_basis == WEIR_BASIS_BANKRUPTCY;
}

/* R9: the second pass, over the positions whose MM needs the health of the whole scope. */
static void add_reserved(const struct weir_exchange *x, uint32_t scope,
                         const struct weir_what_if *what_if, struct weir_health *h) {
    const struct weir_ledger *l = &x->ledger;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g =
            what_if && what_if->leg == i ? &what_if->after : weir_leg_at(l, i);
        if (g->size != 0 && reserves_at_bankruptcy(&x->venue->markets[g->market]))
            h->maintenance += weir_leg_maintenance(x, g, h);
    }
}

void weir_health(const struct weir_exchange *x, uint32_t scope, const struct weir_what_if *what_if,
                 struct weir_health *h) {
    const struct weir_ledger *l = &x->ledger;
    weir_wide balance =
        weir_scope_own_balance(weir_scope_at(l, scope)) + (what_if ? what_if->balance : 0);
    *h = (struct weir_health){.balance = balance, .equity = balance, .discounted = balance};
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (what_if && what_if->leg == i) {
            add_leg(x, &what_if->after, &what_if->open, h);
            continue;
        }
        struct weir_open open = weir_leg_open(l, g);
        add_leg(x, g, &open, h);
    }
    add_collateral(x, scope, h);
    h->reserve_equity = h->equity;
    if (x->reserves_at_bankruptcy) add_reserved(x, scope, what_if, h);
    h->requirement = x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION
                         ? weir_div_ceil(h->initial * x->venue->trigger_fraction, WEIR_PPB)
                         : h->maintenance;
}

bool weir_trigger_fires(const struct weir_exchange *x, weir_wide equity, weir_wide requirement,
                        uint32_t positions) {
    if (equity < 0) return true;
    if (positions == 0) return false;
    return x->venue->trigger_rule == WEIR_TRIGGER_MAINTENANCE_STRICT ? equity < requirement
                                                                     : equity <= requirement;
}

bool weir_warning_holds(const struct weir_exchange *x, weir_wide equity, weir_wide requirement) {
    weir_rate warn_at = x->venue->warn_at;
    if (warn_at == WEIR_NONE || requirement <= 0) return false;
    if (equity <= 0) return true;
    if (weir_both_narrow(equity, requirement)) return requirement * WEIR_PPB >= equity * warn_at;
    return weir_cmp_products(requirement, WEIR_PPB, warn_at, equity) >= 0;
}

bool weir_liquidatable(const struct weir_exchange *x, const struct weir_health *h) {
    return weir_trigger_fires(x, h->equity, h->requirement, h->positions);
}

bool weir_warned(const struct weir_exchange *x, const struct weir_health *h) {
    return weir_warning_holds(x, h->equity, h->requirement);
}

bool weir_margin_ratio(const struct weir_health *h, weir_wide *ppb) {
    if (h->equity <= 0) return false;
    *ppb = -weir_mul_div_floor(-h->requirement, WEIR_PPB, h->equity);
    return true;
}

bool weir_restored(const struct weir_exchange *x, const struct weir_health *h) {
    return h->equity >= 0 &&
           weir_cmp_products(h->equity, WEIR_PPB, x->venue->restore_margin, h->requirement) >= 0;
}

weir_wide weir_available(const struct weir_exchange *x, uint32_t scope) {
    struct weir_health h;
    weir_health(x, scope, NULL, &h);
    if (h.stale || weir_scope_at(&x->ledger, scope)->queue == WEIR_QUEUE_ACTIVE) return 0;
    weir_wide keep = weir_div_ceil(h.notional * x->venue->transfer_margin, WEIR_PPB);
    keep = weir_wide_max(keep, h.initial + h.order_margin);
    return weir_wide_max(0, weir_wide_min(h.balance, h.discounted - keep));
}

weir_wide weir_owner_exposure(const struct weir_exchange *x, uint32_t market, uint32_t leg,
                              weir_wide exposure) {
    const struct weir_ledger *l = &x->ledger;
    const struct weir_market *m = &x->venue->markets[market];
    uint32_t owner = weir_leg_owner(l, weir_leg_at(l, leg));
    weir_wide sum = weir_value(m, x->prices[market].mark, exposure);
    for (uint32_t a = owner; a != WEIR_NO_INDEX; a = weir_account_at(l, a)->next_owned) {
        uint32_t i = weir_leg_find(l, a, market);
        if (i == WEIR_NO_INDEX || i == leg) continue;
        const struct weir_leg *g = weir_leg_at(l, i);
        sum += weir_value(m, x->prices[market].mark, weir_leg_exposure(l, g));
    }
    return sum;
}
