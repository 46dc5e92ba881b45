/* The box of one position: its entry value, and what stands behind a lot of it. */
#include "adl/ranking.h"

#define SHARE_UP      (INT64_C(1) << 42)
#define ONE           ((weir_wide)1 << 20)
/* What entries of inverse positions that gain as value falls carry, see weir_adl_bound. */
#define INVERSE_UNITS 65

/* An amount per lot, in units times 2^shift, rounded down. */
static weir_wide per_lot(weir_wide amount, weir_wide lots, int shift) {
    if (lots == 1 && shift >= 0 && amount == (int64_t)amount)
        return amount * ((weir_wide)1 << shift);
    if (shift >= 0) return weir_mul_div_floor(amount, (weir_wide)1 << shift, lots);
    return weir_div_floor(amount, lots << -shift);
}
static int64_t clamp_rest(weir_wide rest) {
    return weir_clamp(weir_saturate(rest), -SHARE_UP, SHARE_UP);
}
/* A unit of money a lot, rounded up. */
static weir_wide unit_per_lot(weir_wide units, weir_wide lots, int shift) {
    return -per_lot(-units, lots, shift);
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

void weir_adl_line_begin(struct weir_adl_index *ix, uint32_t market, int side, int family) {
    const struct weir_exchange *x = ix->x;
    const struct weir_market *m = &x->venue->markets[market];
    struct weir_adl_line *line = weir_adl_line_at(ix, market, side, family);
    weir_price mark = x->prices[market].mark;
    line->root = WEIR_NO_INDEX;
    line->shift = shift_for(m, mark);
    line->value = weir_max(1, weir_saturate(lot_value(m, mark, line->shift)));
    line->charged = weir_lot_charged(&x->ledger.markets[market], side == 0 ? 1 : -1);
}

void weir_adl_view_line(const struct weir_adl_index *ix, uint32_t market, int side, int family,
                        struct weir_adl_view *v) {
    const struct weir_exchange *x = ix->x;
    const struct weir_market *m = &x->venue->markets[market];
    const struct weir_adl_line *line = weir_adl_line_at(ix, market, side, family);
    weir_wide charged_now = weir_lot_charged(&x->ledger.markets[market], side == 0 ? 1 : -1);
    weir_wide value = lot_value(m, x->prices[market].mark, line->shift);
    weir_wide charged = -per_lot(line->charged - charged_now, 1, line->shift);
    bool far = value < 1 << 22 || value >= (weir_wide)1 << 35 || charged > SHARE_UP / 2 ||
               charged < -SHARE_UP / 2;
    value = weir_wide_min(value, SHARE_UP);
    charged = weir_wide_max(-SHARE_UP, weir_wide_min(charged, SHARE_UP));
    bool with_pnl = x->venue->adl_equity == WEIR_ADL_WITH_PNL;
    *v = (struct weir_adl_view){.line = line,
                                .grows = weir_adl_grows(m, side),
                                .mixed = family == WEIR_ADL_MIXED,
                                .far = far,
                                .low = weir_max(0, weir_saturate(value)),
                                .high = weir_saturate(value) + 1,
                                .linear = m->contract == WEIR_LINEAR,
                                .exact = m->contract == WEIR_LINEAR && line->shift >= 0,
                                .keys = ix->keys,
                                .leverage_cap = INT64_MAX};
    v->market = market;
    v->side = side;
    if (ix->base[market].mark > 0)
        v->base = weir_saturate(lot_value(m, ix->base[market].mark, line->shift)) + 1;
    v->posted = !with_pnl;
    v->offset = -(int64_t)charged;
    v->alone_exact = family == WEIR_ADL_ALONE && m->contract == WEIR_LINEAR;
    /* R17: healthy means equity of at least MM, so a share of at least the lowest rate. */
    weir_rate least = x->risks[market].tiers.row[0].rate;
    if (with_pnl && least > 0 && m->margin_basis == WEIR_BASIS_MARK &&
        x->venue->trigger_rule != WEIR_TRIGGER_INITIAL_FRACTION)
        v->leverage_cap = (int64_t)weir_div_ceil(ONE * WEIR_PPB, least) + 1;
}

enum weir_adl_family weir_adl_family_of(const struct weir_adl_index *ix, const struct weir_leg *g) {
    const struct weir_ledger *l = &ix->x->ledger;
    if (ix->keys && ix->keys->fixed) return WEIR_ADL_ALONE;
    for (uint32_t i = weir_scope_at(l, g->scope)->collateral; i != WEIR_NO_INDEX;
         i = weir_holding_at(l, i)->next)
        if (weir_holding_at(l, i)->amount != 0) return WEIR_ADL_MIXED;
    for (uint32_t i = weir_scope_first_leg(l, g->scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, g->scope, i))
        if (weir_leg_at(l, i)->size != 0 && weir_leg_at(l, i) != g) return WEIR_ADL_MIXED;
    return WEIR_ADL_ALONE;
}

/* What the rest is taken less by: for the rounding of entries and of inverse values, and what
 * their entries carry. */
static weir_wide rounding_of(const struct weir_market *m, weir_wide lots, int shift) {
    return 4 + (m->contract == WEIR_INVERSE ? unit_per_lot(INVERSE_UNITS + 1, lots, shift) : 0);
}

/* The rest of a position from its scope's equity without its gain. */
static int64_t rest_of(const struct weir_adl_index *ix, const struct weir_adl_line *line,
                       const struct weir_leg *g, weir_wide equity) {
    const struct weir_exchange *x = ix->x;
    weir_wide lots = weir_abs(g->size);
    weir_wide charged = weir_lot_charged(&x->ledger.markets[g->market], g->size) - line->charged;
    return clamp_rest(per_lot(equity, lots, line->shift) + per_lot(charged, 1, line->shift) -
                      rounding_of(&x->venue->markets[g->market], lots, line->shift));
}

/* The only position: its share is the balance and its gain (or the balance), but for rounding. */
static void box_alone(const struct weir_adl_index *ix, const struct weir_adl_line *line,
                      const struct weir_leg *g, struct weir_adl_box *b) {
    const struct weir_ledger *l = &ix->x->ledger;
    weir_wide own = weir_scope_own_balance(weir_scope_at(l, g->scope)) + weir_leg_pending(l, g);
    b->rest = rest_of(ix, line, g, own);
}

/* ---- Positions of mixed scopes --------------------------------------------------------------- */

/* What is known of a requirement while prices move by at most an eighth of their base. */
struct reach {
    weir_wide high;      /* it is no more than this now */
    weir_wide high_move; /* and that moves by no more than this, a move by the base */
    weir_wide base;      /* the position's value at the base price */
    weir_wide value;     /* at mark */
    weir_rate least;     /* the least part of the value that it ever is */
};

static bool reach_of(const struct weir_adl_index *ix, const struct weir_leg *g, struct reach *r) {
    const struct weir_exchange *x = ix->x;
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *risk = &x->risks[g->market];
    weir_price mark = x->prices[g->market].mark, base = ix->base[g->market].mark;
    bool at_bankruptcy = m->closing_fee_basis == WEIR_BASIS_BANKRUPTCY;
    if (base == 0 || (m->closing_fee_reserve > 0 && at_bankruptcy)) return false;
    weir_wide value = weir_value(m, mark, weir_abs(g->size));
    r->value = value;
    r->base = weir_value(m, base, weir_abs(g->size)) + 1;
    weir_wide far = r->base / 8 + 2, mm;
    mm = weir_maintenance(m, risk, mark, g->size, g->entry_value);
    weir_rate high = 0;
    r->high = mm + 2;
    if (m->margin_basis == WEIR_BASIS_MARK) {
        weir_wide low_value = weir_wide_max(0, value - far);
        uint32_t below = weir_tier_of(m, risk, low_value);
        uint32_t above = weir_tier_of(m, risk, value + far), here = weir_tier_of(m, risk, value);
        bool whole = m->tier_mode == WEIR_TIER_WHOLE;
        high = risk->tiers.row[above].rate;
        r->least = risk->tiers.row[below].rate;
        /* N * r - d of N, which as a part of N is least where N is least. */
        if (!whole && below > 0) r->least -= (weir_rate)(risk->deduction[below] / low_value) + 1;
        if (whole) r->high += weir_div_ceil(value * (high - risk->tiers.row[here].rate), WEIR_PPB);
    } else {
        r->least = (weir_rate)weir_mul_div_floor(mm - 1, WEIR_PPB, value + far);
    }
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

/* The other positions of a scope. */
struct beside {
    weir_wide high, high_move, base, equity, rounding;
};

static bool look_beside(const struct weir_adl_index *ix, const struct weir_leg *g,
                        struct beside *s) {
    const struct weir_exchange *x = ix->x;
    const struct weir_ledger *l = &x->ledger;
    *s = (struct beside){.equity = weir_scope_own_balance(weir_scope_at(l, g->scope))};
    s->base = collateral_reach(ix, g->scope, &s->rounding);
    bool with_pnl = x->venue->adl_equity == WEIR_ADL_WITH_PNL;
    if (with_pnl) s->equity += weir_scope_worth(x, g->scope);
    for (uint32_t i = weir_scope_first_leg(l, g->scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, g->scope, i)) {
        const struct weir_leg *leg = weir_leg_at(l, i);
        struct reach r;
        if (leg->size == 0) continue;
        s->equity += weir_leg_pending(l, leg);
        if (leg == g) continue;
        if (!reach_of(ix, leg, &r)) return false;
        s->high += r.high;
        s->high_move += r.high_move;
        s->base += r.base;
        s->rounding++;
        if (with_pnl)
            s->equity += weir_unrealised(&x->venue->markets[leg->market],
                                         x->prices[leg->market].mark, leg->size, leg->entry_value);
    }
    return true;
}

/* share = floor(E * MM_i / MM). With MM_i >= r * N, N / share is at most (N + M / r) / (E - k), M
 * what the others require, k = MM / MM_i against the rounding; all of it for a lot. */
static void box_mixed(struct weir_adl_index *ix, const struct weir_adl_line *line,
                      const struct weir_leg *g, struct weir_adl_box *b) {
    struct beside s;
    struct reach own;
    b->rest = -SHARE_UP;
    if (!reach_of(ix, g, &own) || own.least <= 0 || !look_beside(ix, g, &s)) return;
    weir_wide lots = weir_abs(g->size), least_value = own.value - own.base / 8 - 2;
    weir_wide least = weir_mul_div_floor(least_value, own.least, WEIR_PPB);
    if (least <= 0) return;
    weir_wide most = s.high + s.high_move / 8 + own.high + own.high_move / 8 + 2;
    weir_wide equity = s.equity - s.rounding - weir_div_ceil(most, least) - 1;
    weir_wide others = -weir_mul_div_floor(-s.high, WEIR_PPB, own.least);
    weir_wide moves = -weir_mul_div_floor(-s.high_move, WEIR_PPB, own.least);
    weir_wide slack = unit_per_lot(weir_wide_max(s.base, moves), lots, line->shift) + 1;
    others = unit_per_lot(others, lots, line->shift);
    if (slack > SHARE_UP || others > SHARE_UP) return;
    weir_wide since = slack * weir_adl_drift_beside(ix, ix->epoch, g->market) >> 30;
    b->slack = (int64_t)slack;
    b->others = (int64_t)(others + since + 1);
    b->rest = clamp_rest(rest_of(ix, line, g, equity) - since - 1);
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
        if (m->contract == WEIR_INVERSE) v += INVERSE_UNITS;
        entry = -per_lot(-v, lots, line->shift);
    }
    int64_t at = weir_clamp(weir_saturate(entry), 0, WEIR_ADL_ENTRY_UP);
    *out = (struct weir_adl_box){.low = at,
                                 .high = at,
                                 .leg = leg,
                                 .epoch = (uint16_t)ix->epoch,
                                 .oldest = (uint16_t)ix->epoch};
    if (family == WEIR_ADL_MIXED)
        box_mixed(ix, line, g, out);
    else if (!ix->keys || !ix->keys->fixed)
        box_alone(ix, line, g, out);
    if (ix->keys && ix->keys->box) ix->keys->box(ix, g, family, out);
}
