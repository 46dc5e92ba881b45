/* `notional_leverage`: leverage of the account, times the price's move in the position's favour
 * (mark by entry for longs, entry by mark for shorts). */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    weir_wide leverage = weir_adl_account_leverage(c);
    weir_wide over = c->grows ? c->notional : c->entry_value;
    weir_wide under = c->grows ? c->entry_value : c->notional;
    if (under == 0) return over > 0 && leverage > 0 ? INT64_MAX : 0;
    return weir_saturate(weir_mul_div_floor(leverage, over, under));
}

/* How far the price has gone the position's way at most, times 2^20. */
static int64_t move(const struct weir_adl_view *v, const struct weir_adl_box *b) {
    const int64_t one = INT64_C(1) << 20;
    int64_t over = v->high, under = b->low;
    if (!v->grows) {
        /* Values of inverse lots are rounded down: of one lot by as much as a unit. */
        int64_t unit = INT64_C(1) << weir_clamp(v->line->shift, 0, 40);
        over = b->high;
        under = v->linear ? v->low : v->low - unit;
    }
    if (under <= 0 || over >= WEIR_ADL_ENTRY_UP) return WEIR_ADL_RATIO_UP;
    return weir_min(WEIR_ADL_RATIO_UP, (over * one + under - 1) / under);
}

/* Of those of about the same entry by equity without what the lots are worth: leverage is mostly
 * that. */
static uint32_t place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b) {
    (void)ix;
    int64_t value = v->line->value, unit = weir_max(1, value >> 6);
    uint32_t entry = (uint32_t)weir_clamp(b->low / unit, 0, 127);
    return entry << 25 | weir_adl_equity_place(v, b) >> 7;
}

static int64_t bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b) {
    int64_t leverage = weir_adl_account_leverage_bound(ix, v, b), moved = move(v, b);
    if (leverage >= WEIR_ADL_RATIO_UP || moved >= WEIR_ADL_RATIO_UP) return INT64_MAX;
    return (int64_t)((weir_wide)leverage * moved * WEIR_PPB >> 40) + 2;
}

static const struct weir_adl_keys keys = {
    .key = weir_adl_score_key, .box = weir_adl_equity_box, .place = place, .bound = bound};

const struct weir_adl_ranking weir_rank_notional_leverage = {WEIR_ADL_QUEUE, score, NULL, &keys};
