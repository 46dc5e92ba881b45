/* Health of a scope: equity against its requirements (R8, R10, R11, R17). */
#include "margin/margin.h"

weir_wide weir_collateral_worth_at(const struct weir_venue *v, uint32_t asset, weir_wide price,
                                   weir_wide amount) {
    const struct weir_asset *a = &v->assets[asset];
    if (price == 0 || amount == 0) return 0;
    weir_wide scale_in = 1, scale_out = 1;
    for (uint8_t i = 0; i < v->assets[0].decimals; i++)
        scale_in *= 10;
    for (uint8_t i = 0; i < a->decimals; i++)
        scale_out *= 10;
    return weir_mul3_div2_floor(amount, price * (WEIR_PPB - a->haircut), scale_in, scale_out,
                                (weir_wide)WEIR_PPB * WEIR_PPB);
}

weir_wide weir_collateral_worth(const struct weir_exchange *x, uint32_t asset, weir_wide amount) {
    return weir_collateral_worth_at(x->venue, asset, x->collateral[asset].price, amount);
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

/* R8: what a gain counts for in the discounted equity. */
static weir_wide gain_counted(const struct weir_exchange *x, weir_wide gain, bool stale) {
    if (stale) return 0;
    weir_rate weight = x->venue->positive_pnl_weight;
    return weight == WEIR_PPB ? gain : weir_div_trunc(gain * weight, WEIR_PPB);
}

/* A leg with a position. Returns its initial margin. */
static inline weir_wide add_position(const struct weir_exchange *x, const struct weir_leg *g,
                                     struct weir_health *h) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    const struct weir_price_state *price = &x->prices[g->market];
    weir_wide value = weir_value(m, price->mark, weir_abs(g->size)), n = value;
    weir_wide pnl = value - g->entry_value;
    if ((g->size > 0) != (m->contract == WEIR_LINEAR)) pnl = -pnl;
    if (m->margin_basis != WEIR_BASIS_MARK) n = g->entry_value;
    weir_wide pending = weir_leg_pending(&x->ledger, g);
    uint32_t tier = weir_tier_of(m, r, n);
    weir_wide initial = weir_initial_in_tier(r, tier, n, weir_leg_leverage(x, g));
    weir_wide unreserved = weir_maintenance_in_tier(m, r, tier, n, 0), maintenance = unreserved;
    if (m->closing_fee_reserve > 0) {
        weir_wide fee_value = m->closing_fee_basis == WEIR_BASIS_ENTRY ? g->entry_value : value;
        maintenance = m->closing_fee_basis == WEIR_BASIS_BANKRUPTCY
                          ? 0 /* in the second pass */
                          : weir_maintenance_in_tier(m, r, tier, n, fee_value);
    }
    h->balance += pending;
    h->equity += pending + pnl;
    h->discounted += pending + (pnl > 0 ? gain_counted(x, pnl, price->stale) : pnl);
    h->initial += initial;
    h->unreserved += unreserved;
    h->maintenance += maintenance;
    h->notional += value;
    h->positions++;
    h->stale |= price->stale;
    return initial;
}

static inline void add_leg(const struct weir_exchange *x, const struct weir_leg *g,
                           const struct weir_open *open, struct weir_health *h) {
    weir_wide initial = g->size != 0 ? add_position(x, g, h) : 0;
    if (open) h->order_margin += leg_order_margin(x, g, open, initial);
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

static void health_wide(const struct weir_exchange *x, uint32_t scope,
                        const struct weir_what_if *what_if, struct weir_health *h) {
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
        if (g->orders == 0) {
            add_leg(x, g, NULL, h);
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

/* ---- The same in 64 bits ----------------------------------------------------------------------
 * Most scopes hold no collateral, have positions in plain markets only, and no amount of theirs
 * comes near 2^50 units: then sums over all legs there can be stay below 2^60, a requirement below
 * 2^81, and the arithmetic above is done a word at a time. */
#define NARROW_BOUND (INT64_C(1) << 50)

static inline bool is_narrow(int64_t amount) {
    return amount < NARROW_BOUND && amount > -NARROW_BOUND;
}

static inline bool balance_is_narrow(weir_wide balance) {
    return balance < (weir_wide)1 << 61 && balance > -((weir_wide)1 << 61);
}

struct narrow_health {
    int64_t pending, gain, counted, initial, order_margin, maintenance, unreserved, notional;
    uint32_t positions;
    bool stale;
};

/* Value of lots >= 0 of a linear market; false when it is not narrow. */
static inline bool narrow_value(const struct weir_market *m, weir_price mark, weir_qty lots,
                                int64_t *value) {
    int64_t ticks;
    if (__builtin_mul_overflow(mark, lots, &ticks)) return false;
    if (__builtin_mul_overflow(ticks, m->unit_value, value)) return false;
    return *value < NARROW_BOUND;
}

/* IM of a narrow notional; at most that, since no rate is above 1. */
static inline int64_t narrow_initial(const struct weir_risk *r, uint32_t tier, int64_t notional,
                                     int64_t leverage) {
    struct weir_initial_rate rate = weir_initial_rate(r, tier, leverage);
    return (int64_t)weir_div_ceil((weir_wide)notional * rate.over, rate.under);
}

/* The position of a leg; `brief`: without what openings are measured by. */
static inline bool narrow_position(const struct weir_exchange *x, const struct weir_leg *g,
                                   bool brief, struct narrow_health *h, int64_t *initial) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    const struct weir_price_state *price = &x->prices[g->market];
    int64_t value, paid = weir_lot_paid(&x->ledger.markets[g->market], g->size);
    if (!r->plain || !narrow_value(m, price->mark, weir_abs(g->size), &value)) return false;
    if (!is_narrow(g->entry_value)) return false;
    if (g->charge_mark != paid) {
        weir_wide pending = weir_leg_pending(&x->ledger, g);
        if (!weir_narrow(pending) || !is_narrow((int64_t)pending)) return false;
        h->pending += (int64_t)pending;
    }
    int64_t gain = g->size > 0 ? value - g->entry_value : g->entry_value - value;
    uint32_t tier = weir_tier_of(m, r, value);
    weir_wide required = (weir_wide)value * r->tiers.row[tier].rate - r->deduction[tier];
    int64_t unreserved = (int64_t)weir_div_ceil(required, WEIR_PPB), maintenance = unreserved;
    if (m->closing_fee_reserve > 0) {
        required += (weir_wide)value * m->closing_fee_reserve;
        maintenance = (int64_t)weir_div_ceil(required, WEIR_PPB);
    }
    h->gain += gain;
    h->unreserved += unreserved;
    h->maintenance += maintenance;
    h->notional += value;
    h->positions++;
    h->stale |= price->stale;
    if (brief) return true;
    *initial = narrow_initial(r, tier, value, weir_leg_leverage(x, g));
    h->initial += *initial;
    h->counted += gain > 0 ? (int64_t)gain_counted(x, gain, price->stale) : gain;
    return true;
}

/* R10's part of a leg's open orders. */
static inline bool narrow_orders(const struct weir_exchange *x, const struct weir_leg *g,
                                 const struct weir_open *open, int64_t own_initial,
                                 struct narrow_health *h) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    int64_t value;
    if (!r->plain || !weir_narrow(open->loss) || !is_narrow((int64_t)open->loss)) return false;
    h->order_margin += (int64_t)open->loss;
    if (open->buys == 0 && open->sells == 0) return true;
    weir_wide exposure = weir_exposure(g->size, open->buys, open->sells);
    if (!weir_narrow(exposure)) return false;
    if (!narrow_value(m, x->prices[g->market].mark, (int64_t)exposure, &value)) return false;
    h->order_margin +=
        narrow_initial(r, weir_tier_of(m, r, value), value, weir_leg_leverage(x, g)) - own_initial;
    return true;
}

static inline bool narrow_leg(const struct weir_exchange *x, const struct weir_leg *g,
                              const struct weir_open *open, bool brief, struct narrow_health *h) {
    int64_t initial = 0;
    if (g->size != 0 && !narrow_position(x, g, brief, h, &initial)) return false;
    return brief || !open || narrow_orders(x, g, open, initial, h);
}

/* False, with nothing said, when the scope is not of this kind. */
static inline bool health_narrow(const struct weir_exchange *x, uint32_t scope,
                                 const struct weir_what_if *what_if, bool brief,
                                 struct weir_health *h) {
    const struct weir_ledger *l = &x->ledger;
    const struct weir_scope *s = weir_scope_at(l, scope);
    weir_wide own = weir_scope_own_balance(s) + (what_if ? what_if->balance : 0);
    if (s->collateral != WEIR_NO_INDEX || !balance_is_narrow(own)) return false;
    struct narrow_health n = {0};
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        struct weir_open open;
        const struct weir_open *orders = NULL;
        if (what_if && what_if->leg == i) {
            g = &what_if->after;
            orders = &what_if->open;
        } else if (!brief && g->orders != 0) {
            open = weir_leg_open(l, g);
            orders = &open;
        }
        if (!narrow_leg(x, g, orders, brief, &n)) return false;
    }
    h->balance = (int64_t)own + n.pending;
    h->equity = h->reserve_equity = (int64_t)own + n.pending + n.gain;
    h->discounted = brief ? 0 : (int64_t)own + n.pending + n.counted;
    h->initial = n.initial;
    h->order_margin = n.order_margin;
    h->maintenance = h->requirement = n.maintenance;
    h->unreserved = n.unreserved;
    h->notional = n.notional;
    h->positions = n.positions;
    h->stale = n.stale;
    return true;
}

void weir_health_brief(const struct weir_exchange *x, uint32_t scope, struct weir_health *h) {
    if (!health_narrow(x, scope, NULL, true, h)) health_wide(x, scope, NULL, h);
}

void weir_health(const struct weir_exchange *x, uint32_t scope, const struct weir_what_if *what_if,
                 struct weir_health *h) {
    if (!health_narrow(x, scope, what_if, false, h)) health_wide(x, scope, what_if, h);
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
