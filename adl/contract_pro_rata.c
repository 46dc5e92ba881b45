/* `contract_pro_rata`: everybody gives in proportion to his lots. */
#include "adl/ranking.h"

static weir_wide weight(const struct weir_adl_candidate *c) {
    return c->size;
}

const struct weir_adl_ranking weir_rank_contract_pro_rata = {WEIR_ADL_SHARES, weight,
                                                             weir_adl_shown_lots, NULL};
