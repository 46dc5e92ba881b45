/* `water_filling`: the highest leverages are lowered to one common level, lot by lot from the
 * highest, so that the largest leverage left is the least there can be. How many lots a position
 * gives down to a level is known in closed form: a level is found by bisection at which not many
 * are left, and those go lot by lot. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return weir_adl_account_leverage(c);
}

/* By equity without what the lots are worth, which is all that leverage depends on. */
static uint32_t place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b) {
    (void)ix;
    return weir_adl_equity_place(v, b);
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

weir_wide weir_adl_water_at(const struct weir_market *m, weir_price mark,
                            const struct weir_adl_candidate *items, uint32_t n, int64_t level) {
    weir_wide sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += given_at(m, mark, &items[i], level);
    return sum;
}

/* ---- Lot by lot ------------------------------------------------------------------------------ */

static int64_t level_of(const struct weir_market *m, weir_price mark,
                        const struct weir_adl_candidate *c) {
    struct weir_adl_candidate rest = {.equity = c->equity};
    rest.notional = weir_value(m, mark, c->whole - c->lots);
    return weir_adl_account_leverage(&rest);
}

/* A heap of positions that have lots left: `remainder` is the level, the highest first. */
static void sink(struct weir_share *heap, uint32_t n, uint32_t at) {
    struct weir_share top = heap[at];
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && weir_share_before(&heap[child + 1], &heap[child])) child++;
        if (!weir_share_before(&heap[child], &top)) break;
        heap[at] = heap[child];
    }
    heap[at] = top;
}

static void lot_by_lot(const struct weir_market *m, weir_price mark,
                       struct weir_adl_candidate *items, uint32_t n, weir_wide lots,
                       struct weir_share *heap) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        if (items[i].lots < items[i].size)
            heap[count++] = (struct weir_share){level_of(m, mark, &items[i]), i};
    for (uint32_t i = count / 2; i-- > 0;)
        sink(heap, count, i);
    for (; lots > 0 && count > 0; lots--) {
        struct weir_adl_candidate *c = &items[heap[0].idx];
        c->lots++;
        heap[0].remainder = level_of(m, mark, c);
        if (c->lots == c->size) heap[0] = heap[--count];
        if (count > 0) sink(heap, count, 0);
    }
}

void weir_adl_fill_water(const struct weir_market *m, weir_price mark,
                         struct weir_adl_candidate *items, uint32_t n, weir_qty lots,
                         struct weir_share *scratch) {
    int64_t low = -1, high = INT64_MAX; /* more than there are, unless all are not / not more */
    weir_wide at_low = weir_adl_water_at(m, mark, items, n, low), at_high = 0;
    if (at_low <= lots) {
        high = low;
        at_high = at_low;
    }
    while ((uint64_t)high - (uint64_t)low > 1 && lots - at_high > n) {
        int64_t middle = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
        weir_wide at = weir_adl_water_at(m, mark, items, n, middle);
        if (at <= lots) {
            high = middle;
            at_high = at;
        } else {
            low = middle;
        }
    }
    weir_wide left = lots - at_high;
    bool found = (uint64_t)high - (uint64_t)low <= 1; /* `high` is the level */
    for (uint32_t i = 0; i < n; i++) {
        items[i].lots = given_at(m, mark, &items[i], high);
        if (!found || high < 0) continue;
        weir_qty more = given_at(m, mark, &items[i], high - 1) - items[i].lots;
        more = (weir_qty)weir_wide_min(more, left);
        items[i].lots += more;
        left -= more;
    }
    if (!found) lot_by_lot(m, mark, items, n, left, scratch);
}
