/* The rankings of R28 by name, their terms, the order they make, and a heap of candidates. */
#include "adl/ranking.h"

static const struct weir_adl_ranking *const rankings[] = {
    [WEIR_RANK_PNL_LEVERAGE] = &weir_rank_pnl_leverage,
    [WEIR_RANK_PNL_AMOUNT_LEVERAGE] = &weir_rank_pnl_amount_leverage,
    [WEIR_RANK_PNL] = &weir_rank_pnl,
    [WEIR_RANK_SIZE] = &weir_rank_size,
    [WEIR_RANK_NOTIONAL_LEVERAGE] = &weir_rank_notional_leverage,
    [WEIR_RANK_PRO_RATA] = &weir_rank_pro_rata,
    [WEIR_RANK_EQUITY_PRO_RATA] = &weir_rank_equity_pro_rata,
    [WEIR_RANK_CONTRACT_PRO_RATA] = &weir_rank_contract_pro_rata,
    [WEIR_RANK_WATER_FILLING] = &weir_rank_water_filling,
    [WEIR_RANK_MIN_ACCOUNTS] = &weir_rank_min_accounts,
    [WEIR_RANK_ROTATION] = &weir_rank_rotation,
};

int64_t weir_adl_profit_rate(const struct weir_adl_candidate *c) {
    if (c->entry_value == 0)
        return c->unrealised > 0 ? INT64_MAX : c->unrealised < 0 ? INT64_MIN : 0;
    return weir_saturate(weir_div_trunc(c->unrealised * WEIR_PPB, c->entry_value));
}

static int64_t ratio_to(weir_wide notional, weir_wide of) {
    return of <= 0 ? INT64_MAX : weir_saturate(weir_mul_div_floor(notional, WEIR_PPB, of));
}
int64_t weir_adl_leverage(const struct weir_adl_candidate *c) {
    return weir_max(1, ratio_to(c->notional, c->share));
}
int64_t weir_adl_account_leverage(const struct weir_adl_candidate *c) {
    return ratio_to(c->notional, c->equity);
}

weir_wide weir_adl_shown_lots(const struct weir_adl_candidate *c) {
    return (weir_wide)c->size * WEIR_PPB;
}

const struct weir_adl_ranking *weir_adl_ranking_of(enum weir_ranking ranking) {
    return rankings[ranking];
}

int64_t weir_adl_score_key(const struct weir_adl_candidate *c) {
    return weir_saturate(c->score);
}

bool weir_adl_indexed(enum weir_ranking ranking) {
    return ranking == WEIR_RANK_PNL_LEVERAGE || rankings[ranking]->keys != NULL;
}

enum weir_adl_kind weir_adl_kind_of(enum weir_ranking ranking) {
    return rankings[ranking]->kind;
}

void weir_adl_score(enum weir_ranking ranking, struct weir_adl_candidate *c) {
    c->score = rankings[ranking]->score(c);
}

int64_t weir_adl_shown(enum weir_ranking ranking, const struct weir_adl_candidate *c) {
    const struct weir_adl_ranking *r = rankings[ranking];
    return weir_saturate(r->shown ? r->shown(c) : c->score);
}

bool weir_adl_before(const struct weir_adl_candidate *a, const struct weir_adl_candidate *b) {
    return a->score != b->score ? a->score > b->score : a->order < b->order;
}

static void sift_down(struct weir_adl_candidate *items, uint32_t root, uint32_t n) {
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= n) return;
        if (child + 1 < n && weir_adl_before(&items[child + 1], &items[child])) child++;
        if (!weir_adl_before(&items[child], &items[root])) return;
        struct weir_adl_candidate t = items[root];
        items[root] = items[child];
        items[child] = t;
        root = child;
    }
}

void weir_adl_heap(struct weir_adl_candidate *items, uint32_t n) {
    for (uint32_t i = n / 2; i-- > 0;)
        sift_down(items, i, n);
}

void weir_adl_pop(struct weir_adl_candidate *items, uint32_t n) {
    struct weir_adl_candidate top = items[0];
    items[0] = items[n - 1];
    items[n - 1] = top;
    sift_down(items, 0, n - 1);
}
