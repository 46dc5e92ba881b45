/* `min_accounts`: the fewest accounts are closed against: the largest first; among equals whoever
 * has gained or lost least. */
#include "adl/ranking.h"

#define ALIKE ((weir_wide)1 << 64)

static weir_wide score(const struct weir_adl_candidate *c) {
    weir_wide u = weir_adl_profit_rate(c);
    return c->size * ALIKE + (ALIKE / 2 - (u < 0 ? -u : u));
}

/* Lots, and below them the less |u| the more. Who is equal in both is looked at. */
static int64_t pack(weir_qty lots, int64_t u) {
    const int64_t up = (INT64_C(1) << 31) - 1;
    return weir_adl_packed_key(lots, 31, up - weir_min(u, up));
}

static int64_t key(const struct weir_adl_candidate *c) {
    int64_t u = weir_adl_profit_rate(c);
    return pack(c->size, u == INT64_MIN ? INT64_MAX : weir_abs(u));
}

static int64_t bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b) {
    (void)ix;
    return pack(-b->rest, weir_adl_move_bound(v, b));
}

static const struct weir_adl_keys keys = {.fixed = true,
                                          .key = key,
                                          .box = weir_adl_lots_box,
                                          .kept = weir_adl_order_kept,
                                          .place = weir_adl_lots_place,
                                          .bound = bound};

const struct weir_adl_ranking weir_rank_min_accounts = {WEIR_ADL_QUEUE, score, weir_adl_shown_lots,
                                                        &keys};
