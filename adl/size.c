/* `size`: the largest position first. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return c->size;
}

const struct weir_adl_ranking weir_rank_size = {WEIR_ADL_QUEUE, score, weir_adl_shown_lots};
