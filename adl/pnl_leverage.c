/* `pnl_leverage`: profit by entry value times leverage; a loss counts the less, the higher the
 * leverage. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    weir_wide u = weir_adl_profit_rate(c), leverage = weir_adl_leverage(c);
    return u > 0 ? weir_div_trunc(u * leverage, WEIR_PPB) : weir_div_trunc(u * WEIR_PPB, leverage);
}

const struct weir_adl_ranking weir_rank_pnl_leverage = {WEIR_ADL_QUEUE, score, NULL, NULL};
