/* `min_accounts`: the fewest accounts are closed against: the largest first; among equals whoever
 * has gained or lost least. */
#include "adl/ranking.h"

#define ALIKE ((weir_wide)1 << 64)

static weir_wide score(const struct weir_adl_candidate *c) {
    weir_wide u = weir_adl_profit_rate(c);
    return c->size * ALIKE + (ALIKE / 2 - (u < 0 ? -u : u));
}

const struct weir_adl_ranking weir_rank_min_accounts = {WEIR_ADL_QUEUE, score, weir_adl_shown_lots};
