/* `notional_leverage`: leverage of the account, times the price's move in the position's favour
 * (mark by entry for longs, entry by mark for shorts). */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    weir_wide leverage = weir_adl_account_leverage(c);
    weir_wide over = c->grows ? c->notional : c->entry_value;
    weir_wide under = c->grows ? c->entry_value : c->notional;
    if (under == 0) return over > 0 && leverage > 0 ? INT64_MAX : 0;
    return weir_saturate(weir_mul_div_floor(leverage, over, under));
}

const struct weir_adl_ranking weir_rank_notional_leverage = {WEIR_ADL_QUEUE, score, NULL};
