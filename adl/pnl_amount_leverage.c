/* `pnl_amount_leverage`: the same with the profit in money: whoever gained much is first, however
 * large his position. Not saturated. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    weir_wide gain = c->unrealised, leverage = weir_adl_leverage(c);
    if (gain > 0) return weir_mul_div_floor(gain, leverage, WEIR_PPB);
    return -weir_mul_div_floor(-gain, WEIR_PPB, leverage);
}

/* Boxes keep the largest position. */
static int64_t lots_of(const struct weir_adl_index *ix, const struct weir_adl_box *leaf) {
    return weir_abs(weir_leg_at(&ix->x->ledger, leaf->leg)->size);
}

/* Positions that stand alone have nothing in `others`. */
static void box(const struct weir_adl_index *ix, const struct weir_leg *g,
                enum weir_adl_family family, struct weir_adl_box *b) {
    (void)ix;
    if (family == WEIR_ADL_ALONE) b->others = weir_abs(g->size);
}

/* Of those of about the same size by the curve. */
static uint32_t place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b) {
    return weir_adl_lots_class(lots_of(ix, b)) >> 2 << 18 | weir_adl_curve(v, b) >> 14;
}

static int64_t bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b) {
    int64_t most = v->grows ? v->high - b->low : b->high - v->low;
    int64_t leverage = weir_adl_leverage_bound(ix, v, b);
    if (leverage == 0) return INT64_MIN;
    if (most <= 0) return 0; /* a loss by leverage is none to speak of */
    if (leverage >= WEIR_ADL_RATIO_UP || b->low <= 0) return INT64_MAX;
    int64_t lots = v->mixed && b->leg != WEIR_NO_INDEX ? lots_of(ix, b) : b->others;
    int shift = v->line->shift + 20; /* of a lot's gain, of leverage */
    weir_wide gain = (weir_wide)most * leverage;
    if (shift < 0 || lots > ((weir_wide)1 << 126) / gain) return INT64_MAX;
    return weir_saturate((gain * lots >> shift) + 2);
}

static const struct weir_adl_keys keys = {.most = true,
                                          .key = weir_adl_score_key,
                                          .box = box,
                                          .kept = lots_of,
                                          .place = place,
                                          .bound = bound};

const struct weir_adl_ranking weir_rank_pnl_amount_leverage = {WEIR_ADL_QUEUE, score, NULL, &keys};
