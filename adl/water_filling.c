/* `water_filling`: the highest leverages are lowered to one common level, lot by lot from the
 * highest, so that the largest leverage left is the least there can be. The level is found by
 * bisection: how many lots a position gives down to a level is known in closed form. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return weir_adl_account_leverage(c);
}

/* By equity without what the lots are worth, which is all that leverage depends on. */
static uint32_t place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b) {
    (void)ix;
    int64_t value = v->line->value;
    int64_t rest = weir_clamp(b->rest, -8 * value, 56 * value - 1);
    return (uint32_t)(((weir_wide)(rest + 8 * value) << 26) / weir_max(1, value));
}

static int64_t bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b) {
    int64_t leverage = weir_adl_account_leverage_bound(ix, v, b);
    if (leverage >= WEIR_ADL_RATIO_UP) return INT64_MAX;
    return (int64_t)((weir_wide)leverage * WEIR_PPB >> 20) + 2;
}

static const struct weir_adl_keys keys = {
    .key = weir_adl_score_key, .box = weir_adl_equity_box, .place = place, .bound = bound};

const struct weir_adl_ranking weir_rank_water_filling = {WEIR_ADL_LEVELS, score, NULL, &keys};

/* The most lots whose value at mark is at most `value` >= 0, and at most `most`. */
static weir_qty lots_within(const struct weir_market *m, weir_price mark, weir_wide value,
                            weir_qty most) {
    if (weir_value(m, mark, most) <= value) return most;
    /* value is below what `most` lots are worth, which fits 63 bits (R3) */
    if (m->contract == WEIR_LINEAR) return (weir_qty)(value / ((weir_wide)mark * m->unit_value));
    return (weir_qty)(((value + 1) * ((weir_wide)mark * m->face_divisor) - 1) / m->face_units);
}

/* The lots it gives until its leverage is at most `level`; -1: all. */
static weir_qty given_at(const struct weir_market *m, weir_price mark,
                         const struct weir_adl_candidate *c, int64_t level) {
    if (level == INT64_MAX || c->size == 0) return 0;
    if (level < 0 || c->equity <= 0) return c->size;
    weir_wide value = -weir_mul_div_floor(-((weir_wide)level + 1), c->equity, WEIR_PPB) - 1;
    return weir_min(c->size, c->whole - lots_within(m, mark, value, c->whole));
}

static weir_wide all_at(const struct weir_market *m, weir_price mark,
                        const struct weir_adl_candidate *items, uint32_t n, int64_t level) {
    weir_wide sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += given_at(m, mark, &items[i], level);
    return sum;
}

int64_t weir_adl_fill_water(const struct weir_market *m, weir_price mark,
                            struct weir_adl_candidate *items, uint32_t n, weir_qty lots) {
    int64_t low = -1, high = INT64_MAX; /* more than there are, unless all are not / not more */
    if (all_at(m, mark, items, n, low) <= lots) high = low;
    while ((uint64_t)high - (uint64_t)low > 1) {
        int64_t middle = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
        if (all_at(m, mark, items, n, middle) <= lots)
            high = middle;
        else
            low = middle;
    }
    weir_wide left = lots;
    for (uint32_t i = 0; i < n; i++) {
        items[i].lots = given_at(m, mark, &items[i], high);
        left -= items[i].lots;
    }
    for (uint32_t i = 0; i < n && high >= 0 && left > 0; i++) {
        weir_qty more = given_at(m, mark, &items[i], high - 1) - items[i].lots;
        more = (weir_qty)weir_wide_min(more, left);
        items[i].lots += more;
        left -= more;
    }
    return high;
}
