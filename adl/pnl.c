/* `pnl`: profit by entry value. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return weir_adl_profit_rate(c);
}

const struct weir_adl_ranking weir_rank_pnl = {WEIR_ADL_QUEUE, score, NULL};
