/* Scores, order, and a heap of candidates. */
#include "adl/adl.h"

static int64_t pnl_ratio(const struct weir_adl_candidate *c) {
    if (c->entry_value == 0) return c->unrealised > 0 ? INT64_MAX : 0;
    return weir_saturate(weir_div_trunc(c->unrealised * WEIR_PPB, c->entry_value));
}

static weir_wide pnl_leverage(const struct weir_adl_candidate *c) {
    weir_wide u = pnl_ratio(c);
    weir_wide leverage = c->share <= 0
                             ? INT64_MAX
                             : weir_saturate(weir_mul_div_floor(c->notional, WEIR_PPB, c->share));
    if (leverage < 1) leverage = 1;
    return u > 0 ? weir_div_trunc(u * leverage, WEIR_PPB) : weir_div_trunc(u * WEIR_PPB, leverage);
}

void weir_adl_score(enum weir_ranking ranking, struct weir_adl_candidate *c) {
    c->score = ranking == WEIR_RANK_PRO_RATA ? pnl_ratio(c) : pnl_leverage(c);
}

bool weir_adl_before(enum weir_ranking ranking, const struct weir_adl_candidate *a,
                     const struct weir_adl_candidate *b) {
    if (ranking == WEIR_RANK_PRO_RATA) {
        if (a->unrealised != b->unrealised) return a->unrealised > b->unrealised;
    } else if (a->score != b->score) {
        return a->score > b->score;
    }
    return a->order < b->order;
}

static void sift_down(enum weir_ranking ranking, struct weir_adl_candidate *items, uint32_t root,
                      uint32_t n) {
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= n) return;
        if (child + 1 < n && weir_adl_before(ranking, &items[child + 1], &items[child])) child++;
        if (!weir_adl_before(ranking, &items[child], &items[root])) return;
        struct weir_adl_candidate t = items[root];
        items[root] = items[child];
        items[child] = t;
        root = child;
    }
}

void weir_adl_heap(enum weir_ranking ranking, struct weir_adl_candidate *items, uint32_t n) {
    for (uint32_t i = n / 2; i-- > 0;)
        sift_down(ranking, items, i, n);
}

void weir_adl_pop(enum weir_ranking ranking, struct weir_adl_candidate *items, uint32_t n) {
    struct weir_adl_candidate top = items[0];
    items[0] = items[n - 1];
    items[n - 1] = top;
    sift_down(ranking, items, 0, n - 1);
}
