/* Private to margin/: how a scope stands, as the trigger index and liquidation prices need it. */
#ifndef WEIR_MARGIN_STANDING_H
#define WEIR_MARGIN_STANDING_H

#include "margin/requirement_line.h"

/* A scope as it stands, and the bounds of its requirement in 10^-9 units. */
struct weir_standing {
    weir_wide equity, requirement;
    weir_wide upper, lower;
    uint32_t positions;
    weir_rate equity_fee; /* the largest closing fee that takes a part of the equity (below) */
    bool zero_rate;       /* a requirement can be 0: it has edges that lines do not show */
    bool priced;          /* the requirement is no plain sum of lines */
    bool covered;         /* collateral covers a negative balance */
    bool left_edges;      /* a position that was closed still has edges */
    bool liquidatable, warned;
};

/* What a position of a plain market adds to it. */
static inline void weir_stand_plain(const struct weir_exchange *x,
                                    const struct weir_position_view *p, struct weir_standing *s) {
    weir_wide gain = (weir_wide)p->value - p->entry_value;
    s->equity += p->sign > 0 ? gain : -gain;
    if (weir_lot_paid(&x->ledger.markets[p->leg->market], p->leg->size) != p->leg->charge_mark)
        s->equity += weir_leg_pending(&x->ledger, p->leg);
    s->requirement += weir_div_ceil(p->required, WEIR_PPB);
    s->upper += p->required;
    s->lower += p->required;
    s->zero_rate |= p->risk->tiers.row[0].rate == 0;
    s->positions++;
}
/* R17, of equity and requirement found. */
static inline void weir_judge(const struct weir_exchange *x, struct weir_standing *s) {
    s->liquidatable = weir_trigger_fires(x, s->equity, s->requirement, s->positions);
    s->warned = weir_warning_holds(x, s->equity, s->requirement);
}
/* Fills *s, and x->trigger.views with the scope's positions by market; returns their number. Costs
 * less than weir_health and gives the same equity and requirement. O(legs). */
uint32_t weir_stand(struct weir_exchange *x, uint32_t scope, struct weir_standing *s);

#endif
