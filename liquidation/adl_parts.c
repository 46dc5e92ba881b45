/* Deleveraging from many at once (R28): in proportion to weights, or down to a common level. */
#include "liquidation/adl_stage.h"

/* ---- Everybody, in account order ------------------------------------------------------------- */

/* All that may be closed against. They are looked at in the order in which accounts were opened,
 * which is about that of their memory. O(positions of the market). */
static uint32_t find_in_order(struct deleverage *d) {
    struct weir_liquidator *lq = d->lq;
    const struct weir_ledger *l = &lq->x->ledger;
    const struct weir_pool *list = &l->markets[weir_leg_at(l, d->leg)->market].positions;
    uint32_t n = 0, funds = lq->x->venue->fund_count;
    weir_pool_clear(&lq->wides);
    WEIR_CHECK(weir_pool_add(&lq->wides, list->count + 1) == 0);
    uint64_t *keys = (uint64_t *)WEIR_AT(&lq->wides, weir_wide, 0), *other = keys + list->count;
    bool sorted = true;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        const struct weir_leg *g = weir_leg_at(l, leg);
        if ((g->size > 0) != (d->side == WEIR_BUY)) continue;
        /* Funds, whose accounts are the first, come last. */
        keys[n] = (uint64_t)(g->account - funds) << 32 | leg;
        sorted = sorted && (n == 0 || keys[n - 1] >> 32 <= keys[n] >> 32);
        n++;
    }
    if (!sorted) keys = weir_sort_upper(keys, other, n);
    lq->candidates.count = 0;
    for (uint32_t i = 0; i < n; i++)
        weir_adl_add(d, (uint32_t)keys[i]);
    return lq->candidates.count;
}

/* ---- Places in line -------------------------------------------------------------------------- */

static bool comes_before(const struct weir_adl_candidate *items, uint32_t a, uint32_t b) {
    return weir_adl_before(&items[a], &items[b]);
}

/* Shell sort of indices. */
static void sort_by_rank(const struct weir_adl_candidate *items, uint32_t *order, uint32_t n) {
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            uint32_t item = order[i], j = i;
            for (; j >= gap && comes_before(items, item, order[j - gap]); j -= gap)
                order[j] = order[j - gap];
            order[j] = item;
        }
    }
}

/* The places of those who give in this step: how many come before each of them. They are few; the
 * others are not sorted. */
static void find_places(struct deleverage *d, struct weir_adl_candidate *items, uint32_t n) {
    struct weir_liquidator *lq = d->lq;
    int64_t most = lq->x->venue->fills_per_step;
    weir_pool_clear(&lq->indices);
    WEIR_CHECK(weir_pool_add(&lq->indices, 2 * n + 2) == 0);
    uint32_t *givers = WEIR_AT(&lq->indices, uint32_t, 0), *before = givers + n + 1, k = 0, sum = 0;
    for (uint32_t i = 0; i < n && k < most; i++)
        if (items[i].lots > 0) givers[k++] = i;
    sort_by_rank(items, givers, k);
    for (uint32_t j = 0; j <= k; j++)
        before[j] = 0;
    for (uint32_t i = 0; i < n; i++) { /* the first giver behind him, by halving */
        uint32_t low = 0, high = k;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (comes_before(items, i, givers[middle]))
                high = middle;
            else
                low = middle + 1;
        }
        before[low]++;
    }
    for (uint32_t j = 0; j < k; j++) {
        sum += before[j];
        items[givers[j]].place = sum + 1;
    }
}

/* ---- Shares and levels ----------------------------------------------------------------------- */

/* Who would end negative gives nothing. False: there was somebody. */
static bool all_can(struct deleverage *d, struct weir_adl_candidate *items, uint32_t n) {
    bool all = true;
    for (uint32_t i = 0; i < n; i++) {
        if (items[i].lots == 0 || weir_adl_can_give(d, &items[i], items[i].lots)) continue;
        items[i].size = 0;
        all = false;
    }
    return all;
}

static void fill_water(struct deleverage *d, struct weir_adl_candidate *items, uint32_t n) {
    struct weir_liquidator *lq = d->lq;
    const struct weir_exchange *x = lq->x;
    uint32_t market = weir_leg_at(&x->ledger, d->leg)->market;
    weir_pool_clear(&lq->shares);
    WEIR_CHECK(weir_pool_add(&lq->shares, n + 1) == 0);
    weir_adl_fill_water(&x->venue->markets[market], x->prices[market].mark, items, n, d->left,
                        WEIR_AT(&lq->shares, struct weir_share, 0));
}

/* Do those down to a level have more lots than are asked for? */
static bool is_enough(const struct deleverage *d, const struct weir_adl_candidate *items,
                      uint32_t n, weir_wide level) {
    const struct weir_exchange *x = d->lq->x;
    uint32_t market = weir_leg_at(&x->ledger, d->leg)->market;
    return weir_adl_water_at(&x->venue->markets[market], x->prices[market].mark, items, n,
                             (int64_t)level) > d->left;
}

/* Everybody may have a part: all are looked at. */
static uint32_t from_all(struct deleverage *d, enum weir_adl_kind kind) {
    struct weir_liquidator *lq = d->lq;
    uint32_t n = find_in_order(d);
    struct weir_adl_candidate *items = WEIR_AT(&lq->candidates, struct weir_adl_candidate, 0);
    weir_pool_clear(&lq->wides);
    weir_pool_clear(&lq->shares);
    WEIR_CHECK(weir_pool_add(&lq->wides, 3 * n + 1) == 0);
    WEIR_CHECK(weir_pool_add(&lq->shares, n + 1) == 0);
    weir_wide *weights = WEIR_AT(&lq->wides, weir_wide, 0);
    do {
        if (kind == WEIR_ADL_LEVELS)
            fill_water(d, items, n);
        else
            (void)weir_adl_share(items, n, d->left, weights, weights + n, weights + 2 * n,
                                 WEIR_AT(&lq->shares, struct weir_share, 0));
    } while (!all_can(d, items, n));
    find_places(d, items, n);
    return n;
}

#define FIRST 16

/* Of the line from its beginning only those who are above the level, twice as many as long as that
 * may not be all of them. */
static uint32_t from_the_first(struct deleverage *d) {
    struct weir_liquidator *lq = d->lq;
    const struct weir_ledger *l = &lq->x->ledger;
    const struct weir_leg *g = weir_leg_at(l, d->leg);
    weir_adl_search(&lq->ranks, g->market, d->side, weir_leg_owner(l, g));
    lq->candidates.count = 0;
    weir_wide last = 0;
    bool more = true, enough = false;
    for (uint32_t want = FIRST; !enough;) {
        while (more && lq->candidates.count < want) {
            struct weir_adl_candidate c;
            more = weir_adl_next(&lq->ranks, &c);
            if (!more) break;
            uint32_t k = weir_pool_add(&lq->candidates, 1);
            WEIR_CHECK(k != WEIR_NO_INDEX);
            c.place = k + 1;
            last = c.score;
            *WEIR_AT(&lq->candidates, struct weir_adl_candidate, k) = c;
        }
        struct weir_adl_candidate *items = WEIR_AT(&lq->candidates, struct weir_adl_candidate, 0);
        /* Those behind have at most the last one's leverage. */
        if (more && !is_enough(d, items, lq->candidates.count, last)) {
            want *= 2;
            continue;
        }
        weir_adl_sort_by_account(items, lq->candidates.count);
        fill_water(d, items, lq->candidates.count);
        enough = all_can(d, items, lq->candidates.count);
    }
    return lq->candidates.count;
}

void weir_adl_by_parts(struct deleverage *d, enum weir_adl_kind kind) {
    const struct weir_exchange *x = d->lq->x;
    bool indexed = weir_adl_indexed(x->venue->adl_ranking) && !weir_adl_any_overlap(x);
    uint32_t n = indexed ? from_the_first(d) : from_all(d, kind);
    const struct weir_adl_candidate *items =
        WEIR_AT(&d->lq->candidates, struct weir_adl_candidate, 0);
    for (uint32_t i = 0; i < n && !weir_adl_bound_met(d); i++)
        if (items[i].lots > 0) weir_adl_take_lots(d, &items[i], items[i].lots, items[i].place);
}
