/* `pnl_amount_leverage`: the same with the profit in money: whoever gained much is first, however
 * large his position. Not saturated. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    weir_wide gain = c->unrealised, leverage = weir_adl_leverage(c);
    if (gain > 0) return weir_mul_div_floor(gain, leverage, WEIR_PPB);
    return -weir_mul_div_floor(-gain, WEIR_PPB, leverage);
}

const struct weir_adl_ranking weir_rank_pnl_amount_leverage = {WEIR_ADL_QUEUE, score, NULL};
