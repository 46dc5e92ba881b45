/* `pnl`: profit by entry value. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return weir_adl_profit_rate(c);
}

static int64_t key(const struct weir_adl_candidate *c) {
    return weir_adl_signed_key((int64_t)c->score, c->order);
}

/* By entry value: on one side of the mark they gain the more, the farther they are from it. */
static uint32_t place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b) {
    (void)ix;
    weir_wide part = ((weir_wide)b->low << 27) / weir_max(1, v->line->value);
    return (uint32_t)weir_wide_min(part, UINT32_MAX);
}

static int64_t bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b) {
    (void)ix;
    return weir_adl_signed_key(weir_adl_profit_bound(v, b), (uint64_t)b->others);
}

static const struct weir_adl_keys keys = {.fixed = true,
                                          .key = key,
                                          .box = weir_adl_order_box,
                                          .kept = weir_adl_order_kept,
                                          .place = place,
                                          .bound = bound};

const struct weir_adl_ranking weir_rank_pnl = {WEIR_ADL_QUEUE, score, NULL, &keys};
