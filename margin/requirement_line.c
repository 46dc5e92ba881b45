/* Requirements as lines in the value of a position (R9, R10, R17). */
#include "margin/requirement_line.h"

/* A closing fee on the bankruptcy price: for a position that gains with value that price is worth
 * at most its value at mark while equity >= 0, for one that loses at most that and its share of the
 * equity, which the caller takes off the equity (weir_fee_on_equity). An inverse contract's price
 * is made from a share lowered by a unit a fill and lies up to a tick further: at most twice the
 * value and those units. Below, a price is worth at least nothing. */
static struct weir_line closing_fee(const struct weir_exchange *x,
                                    const struct weir_position_view *p, bool upper) {
    weir_rate fee = p->market->closing_fee_reserve;
    struct weir_line l = {0};
    switch (p->market->closing_fee_basis) {
    case WEIR_BASIS_MARK:
        l.slope = fee;
        break;
    case WEIR_BASIS_ENTRY:
        l.base = (weir_wide)p->entry_value * fee;
        break;
    case WEIR_BASIS_BANKRUPTCY:
        if (!upper) break;
        l.slope = p->market->contract == WEIR_LINEAR ? fee : 2 * fee;
        if (p->market->contract != WEIR_LINEAR)
            l.base = 2 * (weir_wide)fee * x->venue->fills_per_step;
        break;
    }
    return l;
}

static struct weir_line maintenance_line(const struct weir_exchange *x,
                                         const struct weir_position_view *p, uint32_t tier,
                                         bool upper) {
    struct weir_line l = closing_fee(x, p, upper);
    weir_rate rate = p->risk->tiers.row[tier].rate;
    if (p->market->margin_basis == WEIR_BASIS_MARK)
        l.slope += rate;
    else
        l.base += (weir_wide)p->entry_value * rate;
    if (p->market->tier_mode == WEIR_TIER_MARGINAL) l.base -= p->risk->deduction[tier];
    return l;
}

/* f * IM, IM the notional times a rate of whole 10^-9 (rounded up above, down below) and rounded up
 * to a unit. */
static struct weir_line initial_line(const struct weir_exchange *x,
                                     const struct weir_position_view *p, uint32_t tier,
                                     bool upper) {
    weir_rate f = x->venue->trigger_fraction;
    struct weir_initial_rate rate = weir_initial_rate(p->risk, tier, p->leverage);
    weir_wide exact = (weir_wide)f * rate.over;
    int64_t slope = (int64_t)(upper ? weir_div_ceil(exact, rate.under) : exact / rate.under);
    struct weir_line l = {.base = upper ? f : 0};
    if (p->market->margin_basis == WEIR_BASIS_MARK)
        l.slope = slope;
    else
        l.base += (weir_wide)p->entry_value * slope;
    return l;
}

struct weir_line weir_requirement_line(const struct weir_exchange *x,
                                       const struct weir_position_view *p, uint32_t tier,
                                       bool upper) {
    return x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION
               ? initial_line(x, p, tier, upper)
               : maintenance_line(x, p, tier, upper);
}

bool weir_market_is_plain(const struct weir_venue *venue, const struct weir_market *m) {
    return m->contract == WEIR_LINEAR && m->tier_mode == WEIR_TIER_MARGINAL &&
           m->margin_basis == WEIR_BASIS_MARK &&
           (m->closing_fee_reserve == 0 || m->closing_fee_basis == WEIR_BASIS_MARK) &&
           venue->trigger_rule != WEIR_TRIGGER_INITIAL_FRACTION;
}

void weir_view_position(const struct weir_exchange *x, const struct weir_leg *leg,
                        struct weir_position_view *p) {
    const struct weir_market *m = &x->venue->markets[leg->market];
    const struct weir_risk *r = &x->risks[leg->market];
    if (r->plain) {
        weir_view_plain(x, leg, p);
        return;
    }
    p->market = m;
    p->risk = r;
    p->leg = leg;
    p->plain = false;
    p->lots = weir_abs(leg->size);
    p->entry_value = leg->entry_value;
    p->leverage = 0;
    p->sign = leg->size > 0 ? weir_long_sign(m) : -weir_long_sign(m);
    p->value = weir_position_value(m, x->prices[leg->market].mark, p->lots);
    p->tier = weir_tier_of(m, r, m->margin_basis == WEIR_BASIS_MARK ? p->value : p->entry_value);
    if (x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION)
        p->leverage = weir_leg_leverage(x, leg);
    p->own = weir_requirement_line(x, p, p->tier, true);
    p->required = (weir_wide)p->own.slope * p->value + p->own.base;
}
