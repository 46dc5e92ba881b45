/* Private to margin/: what a position requires as a line in its value at mark, tier by tier. */
#ifndef WEIR_MARGIN_REQUIREMENT_LINE_H
#define WEIR_MARGIN_REQUIREMENT_LINE_H

#include "margin/margin.h"

/* Bounds of the requirement of a position worth v in a tier, in 10^-9 units: slope * v + base. The
 * upper one is never below the exact requirement (less what rounding up to a unit adds, for
 * maintenance), the lower never above it. Slopes are in [0, 3 * 10^9]. */
struct weir_line {
    int64_t slope;
    weir_wide base;
};
static inline weir_wide weir_line_at(struct weir_line l, weir_wide value) {
    return l.slope * value + l.base;
}

/* A position as the trigger index sees it. */
struct weir_position_view {
    const struct weir_market *market;
    const struct weir_risk *risk;
    const struct weir_leg *leg;
    int sign;             /* +1: gains as its value grows (a linear long, an inverse short) */
    bool plain;           /* one edge and one division will do, see weir_market_is_plain */
    uint32_t tier;        /* at mark */
    weir_qty lots;        /* |s| */
    int64_t value;        /* at mark */
    int64_t entry_value;  /* V */
    int64_t leverage;     /* within the class's cap; only under initial_fraction */
    struct weir_line own; /* the upper line in the present tier */
    weir_wide required;   /* that line at the present value */
};
void weir_view_position(const struct weir_exchange *x, const struct weir_leg *leg,
                        struct weir_position_view *view);
/* The same of a plain market (struct weir_risk). */
static inline void weir_view_plain(const struct weir_exchange *x, const struct weir_leg *leg,
                                   struct weir_position_view *p) {
    const struct weir_market *m = &x->venue->markets[leg->market];
    const struct weir_risk *r = &x->risks[leg->market];
    p->market = m;
    p->risk = r;
    p->leg = leg;
    p->plain = true;
    p->sign = leg->size > 0 ? 1 : -1;
    p->lots = weir_abs(leg->size);
    p->value = x->prices[leg->market].mark * p->lots * m->unit_value; /* R3: it fits */
    p->entry_value = leg->entry_value;
    p->leverage = 0;
    p->tier = weir_tier_of(m, r, p->value);
    p->own.slope = r->tiers.row[p->tier].rate + m->closing_fee_reserve;
    p->own.base = -r->deduction[p->tier];
    p->required = (weir_wide)p->own.slope * p->value + p->own.base;
}
struct weir_line weir_requirement_line(const struct weir_exchange *x,
                                       const struct weir_position_view *p, uint32_t tier,
                                       bool upper);
/* Does the requirement never fall as the value grows? */
static inline bool weir_requirement_grows(const struct weir_exchange *x,
                                          const struct weir_position_view *p) {
    return x->venue->trigger_rule != WEIR_TRIGGER_INITIAL_FRACTION || p->risk->initial_grows;
}
/* The largest value a position can have in a tier; no tier but the present one with margin_basis
 * entry. INT64_MAX: no end. */
static inline int64_t weir_tier_top(const struct weir_position_view *p, uint32_t tier) {
    if (p->market->margin_basis != WEIR_BASIS_MARK || tier + 1 >= p->risk->tiers.count)
        return INT64_MAX;
    return p->risk->tiers.row[tier].cap - (p->market->tier_edge == WEIR_LOWER_INCLUSIVE);
}

#endif
