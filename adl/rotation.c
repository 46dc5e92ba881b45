/* `rotation`: by turns, in the order of accounts from whose turn it is. Within a round everybody
 * behind the last who was closed against comes before the others. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return c->this_round;
}
static weir_wide shown(const struct weir_adl_candidate *c) {
    return c->this_round ? WEIR_PPB : 0;
}

const struct weir_adl_ranking weir_rank_rotation = {WEIR_ADL_QUEUE, score, shown};

uint64_t weir_adl_first_turn(uint64_t seed, uint32_t market, int side, uint64_t accounts) {
    uint64_t draw = weir_random_at(weir_random_at(seed, market), (uint64_t)side);
    return (uint64_t)((unsigned __int128)draw * accounts >> 64);
}
