/* `equity_pro_rata`: everybody gives in proportion to his scope's equity. */
#include "adl/ranking.h"

static weir_wide weight(const struct weir_adl_candidate *c) {
    return weir_wide_max(0, c->equity);
}

const struct weir_adl_ranking weir_rank_equity_pro_rata = {WEIR_ADL_SHARES, weight, NULL, NULL};
