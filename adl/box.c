/* The box of one position: its entry value, and what stands behind a lot of it. */
#include "adl/index.h"

#define ENTRY_UP (INT64_C(1) << 40)
#define SHARE_UP (INT64_C(1) << 42)
#define ONE      ((weir_wide)1 << 20)

/* An amount per lot, in units times 2^shift, rounded down. */
static weir_wide per_lot(weir_wide amount, weir_wide lots, int shift) {
    if (shift >= 0) return weir_mul_div_floor(amount, (weir_wide)1 << shift, lots);
    return weir_div_floor(amount, lots << -shift);
}
static int64_t clamp_share(weir_wide share) {
    return weir_clamp(weir_saturate(share), -SHARE_UP, SHARE_UP);
}

/* A lot's value at a price, rounded down. */
static weir_wide lot_value(const struct weir_market *m, weir_price price, int shift) {
    if (m->contract == WEIR_LINEAR) return per_lot((weir_wide)price * m->unit_value, 1, shift);
    return per_lot(m->face_units, (weir_wide)price * m->face_divisor, shift);
}

/* The shift at which it is in [2^30, 2^31), or as near as can be. */
static int shift_for(const struct weir_market *m, weir_price price) {
    int shift = 60;
    while (shift > -60 && lot_value(m, price, shift) >= (weir_wide)1 << 31)
        shift--;
    return shift;
}

void weir_adl_view_line(const struct weir_adl_index *ix, uint32_t market, int side, int family,
                        struct weir_adl_view *v) {
    const struct weir_exchange *x = ix->x;
    const struct weir_market *m = &x->venue->markets[market];
    struct weir_adl_line *line = weir_adl_line_at(ix, market, side, family);
    weir_wide charged_now = weir_lot_charged(&x->ledger.markets[market], side == 0 ? 1 : -1);
    if (!line->ready) {
        line->shift = shift_for(m, x->prices[market].mark);
        line->charged = charged_now;
    }
    weir_wide value = lot_value(m, x->prices[market].mark, line->shift);
    weir_wide charged = -per_lot(line->charged - charged_now, 1, line->shift);
    /* Out of the range in which bounds are good: to be built again, with another shift. */
    bool far = value < 1 << 22 || value >= (weir_wide)1 << 35 || charged > SHARE_UP / 2 ||
               charged < -SHARE_UP / 2;
    if (far && line->ready) {
        line->ready = false;
        weir_adl_view_line(ix, market, side, family, v);
        return;
    }
    bool with_pnl = x->venue->adl_equity == WEIR_ADL_WITH_PNL;
    *v = (struct weir_adl_view){.line = line,
                                .grows = weir_adl_grows(m, side),
                                .mixed = family == WEIR_ADL_MIXED,
                                .low = weir_max(0, weir_saturate(value)),
                                .high = weir_saturate(value) + 1,
                                .leverage_cap = INT64_MAX};
    if (family == WEIR_ADL_ALONE) {
        v->offset = -(int64_t)charged;
        if (with_pnl) v->offset += v->grows ? v->low : -v->high;
        v->alone_exact = m->contract == WEIR_LINEAR;
    }
    /* R17: healthy means equity of at least MM, so a share of at least the lowest rate. */
    weir_rate least = x->risks[market].tiers.row[0].rate;
    if (with_pnl && least > 0 && m->margin_basis == WEIR_BASIS_MARK &&
        x->venue->trigger_rule != WEIR_TRIGGER_INITIAL_FRACTION)
        v->leverage_cap = (int64_t)weir_div_ceil(ONE * WEIR_PPB, least) + 1;
}

enum weir_adl_family weir_adl_family_of(const struct weir_exchange *x, const struct weir_leg *g) {
    const struct weir_ledger *l = &x->ledger;
    for (uint32_t i = weir_scope_at(l, g->scope)->collateral; i != WEIR_NO_INDEX;
         i = weir_holding_at(l, i)->next)
        if (weir_holding_at(l, i)->amount != 0) return WEIR_ADL_MIXED;
    for (uint32_t i = weir_scope_first_leg(l, g->scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, g->scope, i))
        if (weir_leg_at(l, i)->size != 0 && weir_leg_at(l, i) != g) return WEIR_ADL_MIXED;
    return WEIR_ADL_ALONE;
}

/* The only position: its share is the equity (or the balance), but for rounding. */
static void box_alone(const struct weir_adl_index *ix, const struct weir_adl_line *line,
                      const struct weir_leg *g, struct weir_adl_box *b) {
    const struct weir_exchange *x = ix->x;
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_market_ledger *l = &x->ledger.markets[g->market];
    weir_wide lots = weir_abs(g->size);
    weir_wide own = weir_scope_own_balance(weir_scope_at(&x->ledger, g->scope)) +
                    weir_leg_pending(&x->ledger, g);
    if (x->venue->adl_equity == WEIR_ADL_WITH_PNL)
        own += weir_adl_grows(m, g->size < 0) ? -(weir_wide)g->entry_value : g->entry_value;
    if (m->contract == WEIR_INVERSE) own -= 1; /* its value is rounded down */
    weir_wide charged = weir_lot_charged(l, g->size) - line->charged;
    b->share = clamp_share(per_lot(own, lots, line->shift) + per_lot(charged, 1, line->shift));
}

/* ---- Positions of mixed scopes --------------------------------------------------------------- */

/* What is known of a requirement while prices move by at most an eighth of their base. */
struct reach {
    weir_wide low, high;           /* it is no less, no more than this now */
    weir_wide low_move, high_move; /* and that moves by no more than this, a move by the base */
    weir_wide base;                /* the position's value at the base price */
};

static bool reach_of(const struct weir_adl_index *ix, const struct weir_leg *g, struct reach *r) {
    const struct weir_exchange *x = ix->x;
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *risk = &x->risks[g->market];
    weir_price mark = x->prices[g->market].mark, base = ix->base[g->market].mark;
    bool at_bankruptcy = m->closing_fee_basis == WEIR_BASIS_BANKRUPTCY;
    if (base == 0 || (m->closing_fee_reserve > 0 && at_bankruptcy)) return false;
    weir_wide value = weir_value(m, mark, weir_abs(g->size));
    r->base = weir_value(m, base, weir_abs(g->size)) + 1;
    weir_wide mm = weir_maintenance(m, risk, mark, g->size, g->entry_value);
    weir_rate low = 0, high = 0;
    r->low = mm - 2;
    r->high = mm + 2;
    if (m->margin_basis == WEIR_BASIS_MARK) {
        weir_wide far = r->base / 8 + 2;
        uint32_t below = weir_tier_of(m, risk, weir_wide_max(0, value - far));
        uint32_t above = weir_tier_of(m, risk, value + far), here = weir_tier_of(m, risk, value);
        bool whole = m->tier_mode == WEIR_TIER_WHOLE;
        low = risk->tiers.row[whole ? below : here].rate;
        high = risk->tiers.row[above].rate;
        if (whole) {
            r->low -= weir_div_ceil(value * (risk->tiers.row[here].rate - low), WEIR_PPB);
            r->high += weir_div_ceil(value * (high - risk->tiers.row[here].rate), WEIR_PPB);
        }
    }
    r->low_move = weir_div_ceil(r->base * (low + m->closing_fee_reserve), WEIR_PPB);
    r->high_move = weir_div_ceil(r->base * (high + m->closing_fee_reserve), WEIR_PPB);
    return true;
}

/* Collateral: what it would be worth at base prices; *rounding: units its worth may be off by. */
static weir_wide collateral_reach(const struct weir_adl_index *ix, uint32_t scope,
                                  weir_wide *rounding) {
    const struct weir_exchange *x = ix->x;
    weir_wide sum = 0;
    for (uint32_t i = weir_scope_at(&x->ledger, scope)->collateral; i != WEIR_NO_INDEX;
         i = weir_holding_at(&x->ledger, i)->next) {
        const struct weir_holding *held = weir_holding_at(&x->ledger, i);
        int64_t price = x->collateral[held->asset].price;
        if (price == 0) continue;
        weir_wide worth = weir_collateral_worth(x, held->asset, held->amount) + 1;
        sum += weir_mul_div_floor(worth, ix->collateral_base[held->asset], price) + 2;
        ++*rounding;
    }
    return sum;
}

/* The share E * MM_i / MM of a scope is at least (E - G * D) * (MM_i - m_i * D) / (MM + m * D)
 * after a drift D, G the value of all it holds at base prices, m_i and m what requirements move
 * by; that is at least E * MM_i / MM * (1 - (G / E + m_i / MM_i + m / MM) * D). */
static void box_mixed(struct weir_adl_index *ix, const struct weir_adl_line *line,
                      const struct weir_leg *g, struct weir_adl_box *b) {
    const struct weir_exchange *x = ix->x;
    const struct weir_ledger *l = &x->ledger;
    struct reach own = {0}, r;
    weir_wide equity = 0, high = 0, high_move = 0, pnl = 0, rounding = 0;
    weir_wide all = collateral_reach(ix, g->scope, &rounding);
    b->share = -SHARE_UP;
    for (uint32_t i = weir_scope_first_leg(l, g->scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, g->scope, i)) {
        const struct weir_leg *leg = weir_leg_at(l, i);
        if (leg->size == 0) continue;
        if (!reach_of(ix, leg, &r)) return;
        if (leg == g) own = r;
        high += r.high;
        high_move += r.high_move;
        all += r.base;
        rounding++;
        equity += weir_leg_pending(l, leg);
        pnl += weir_unrealised(&x->venue->markets[leg->market], x->prices[leg->market].mark,
                               leg->size, leg->entry_value);
    }
    equity += weir_scope_own_balance(weir_scope_at(l, g->scope)) - rounding;
    if (x->venue->adl_equity == WEIR_ADL_WITH_PNL) equity += pnl + weir_scope_worth(x, g->scope);
    if (equity <= 0 || own.low <= 0 || high <= 0) return;
    weir_wide share = weir_mul_div_floor(equity, own.low, high) - 2, lots = weir_abs(g->size);
    if (share <= 0) return;
    weir_wide part = per_lot(share, lots, line->shift);
    weir_wide factor = weir_mul_div_floor(all, ONE, equity) +
                       weir_mul_div_floor(own.low_move, ONE, own.low) +
                       weir_mul_div_floor(high_move, ONE, high) + 4;
    weir_wide slack = weir_mul_div_floor(part + 1, factor, ONE) + 1;
    if (slack > (weir_wide)SHARE_UP * 2) return;
    b->slack = (int64_t)slack;
    b->share = clamp_share(
        part - (weir_mul_div_floor(slack, weir_adl_drift(ix, ix->epoch), (weir_wide)1 << 30) + 1));
}

void weir_adl_box_of(struct weir_adl_index *ix, const struct weir_adl_line *line,
                     enum weir_adl_family family, uint32_t leg, struct weir_adl_box *out) {
    const struct weir_exchange *x = ix->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_wide lots = weir_abs(g->size), v = g->entry_value, entry;
    if (weir_adl_grows(m, g->size < 0)) {
        entry = per_lot(v, lots, line->shift);
    } else {
        if (m->contract == WEIR_INVERSE) v += 65; /* against the rounding of the value */
        entry = -per_lot(-v, lots, line->shift);
    }
    *out = (struct weir_adl_box){.entry = weir_clamp(weir_saturate(entry), 0, ENTRY_UP),
                                 .leg = leg,
                                 .epoch = (uint8_t)ix->epoch,
                                 .oldest = (uint8_t)ix->epoch};
    if (family == WEIR_ADL_ALONE)
        box_alone(ix, line, g, out);
    else
        box_mixed(ix, line, g, out);
}
