/* `rotation`: by turns, in the order of accounts from whose turn it is. Within a round everybody
 * behind the last who was closed against comes before the others. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return c->this_round;
}
static weir_wide shown(const struct weir_adl_candidate *c) {
    return c->this_round ? WEIR_PPB : 0;
}

#define ROUND (INT64_C(1) << 40)

static int64_t key_at(bool this_round, int64_t order) {
    return (this_round ? ROUND : 0) + ROUND - 1 - order;
}
static int64_t key(const struct weir_adl_candidate *c) {
    return key_at(c->this_round, (int64_t)c->order);
}

/* A box has account orders in place of entry values. */
static void box(const struct weir_adl_index *ix, const struct weir_leg *g,
                enum weir_adl_family family, struct weir_adl_box *b) {
    (void)g;
    (void)family;
    b->low = b->high = weir_adl_order_kept(ix, b);
    b->rest = 0;
}
static uint32_t place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b) {
    (void)ix;
    (void)v;
    return (uint32_t)weir_min(b->low, UINT32_MAX);
}
static int64_t bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b) {
    int64_t turn = (int64_t)weir_adl_turn(ix->x, v->market, v->side);
    return b->high >= turn ? key_at(true, weir_max(b->low, turn)) : key_at(false, b->low);
}

static const struct weir_adl_keys keys = {
    .fixed = true, .key = key, .box = box, .place = place, .bound = bound};

const struct weir_adl_ranking weir_rank_rotation = {WEIR_ADL_QUEUE, score, shown, &keys};

uint64_t weir_adl_first_turn(uint64_t seed, uint32_t market, int side, uint64_t accounts) {
    uint64_t draw = weir_random_at(weir_random_at(seed, market), (uint64_t)side);
    return (uint64_t)((unsigned __int128)draw * accounts >> 64);
}
