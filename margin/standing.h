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

/* Fills *s, and x->trigger.views with the scope's positions by market; returns their number. Costs
 * less than weir_health and gives the same equity and requirement. O(legs). */
uint32_t weir_stand(struct weir_exchange *x, uint32_t scope, struct weir_standing *s);

#endif
