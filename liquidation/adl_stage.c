/* The last stage (R28): opposite positions close against what is left. */
#include "liquidation/adl_stage.h"

uint32_t weir_adl_candidates(struct weir_liquidator *lq, uint32_t market, enum weir_side side,
                             uint32_t owner) {
    const struct weir_exchange *x = lq->x;
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    lq->candidates.count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
        if ((g->size > 0) != (side == WEIR_BUY)) continue;
        struct weir_adl_candidate c;
        if (!weir_adl_candidate_at(x, leg, owner, &c)) continue;
        uint32_t k = weir_pool_add(&lq->candidates, 1);
        WEIR_CHECK(k != WEIR_NO_INDEX);
        *WEIR_AT(&lq->candidates, struct weir_adl_candidate, k) = c;
    }
    return lq->candidates.count;
}

void weir_adl_add(struct deleverage *d, uint32_t leg) {
    const struct weir_exchange *x = d->lq->x;
    uint32_t owner = weir_leg_owner(&x->ledger, weir_leg_at(&x->ledger, d->leg));
    struct weir_adl_candidate c;
    if (!weir_adl_candidate_at(x, leg, owner, &c) &&
        !(weir_adl_any_overlap(x) && weir_adl_overlap_at(x, leg, owner, d->bankruptcy, &c)))
        return;
    uint32_t k = weir_pool_add(&d->lq->candidates, 1);
    WEIR_CHECK(k != WEIR_NO_INDEX);
    *WEIR_AT(&d->lq->candidates, struct weir_adl_candidate, k) = c;
}

/* All that may be closed against, unsorted; under `any_overlap` more than the healthy. O(positions
 * of the market). */
static uint32_t find_all(struct deleverage *d) {
    struct weir_liquidator *lq = d->lq;
    const struct weir_ledger *l = &lq->x->ledger;
    const struct weir_pool *list = &l->markets[weir_leg_at(l, d->leg)->market].positions;
    lq->candidates.count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        if ((weir_leg_at(l, leg)->size > 0) == (d->side == WEIR_BUY)) weir_adl_add(d, leg);
    }
    return lq->candidates.count;
}

/* Would the counterparty keep equity >= 0? Who overlaps is not asked. */
bool weir_adl_can_give(const struct deleverage *d, const struct weir_adl_candidate *c,
                       weir_qty lots) {
    struct weir_exchange *x = d->lq->x;
    struct weir_leg *g = weir_leg_at(&x->ledger, c->leg);
    if (c->overlaps) return true;
    weir_leg_settle(&x->ledger, g);
    struct weir_position_change change =
        weir_position_fill(&x->venue->markets[g->market], g->size, g->entry_value,
                           g->size > 0 ? -lots : lots, d->price);
    struct weir_what_if w = weir_what_if_filled(x, c->leg, &change);
    struct weir_health h;
    weir_health(x, g->scope, &w, &h);
    return h.equity >= 0;
}

static void deleverage_one(struct deleverage *d, uint32_t counterparty, weir_qty lots,
                           weir_price price, struct weir_maybe rank) {
    struct weir_liquidator *lq = d->lq;
    struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, d->leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_leg_cancel_orders(x, counterparty, WEIR_C_ADL);
    struct weir_fill f = {.kind = WEIR_FILL_ADL,
                          .taker = d->leg,
                          .maker = counterparty,
                          .side = d->side,
                          .price = price,
                          .qty = lots,
                          .maker_order = WEIR_NO_INDEX};
    struct weir_fill_result result;
    weir_fill(x, &f, &result);
    weir_count_closed(lq, d->leg, WEIR_BY_ADL, weir_value(m, price, lots), result.taker.realised);
    weir_wide haircut =
        weir_wide_max(0, weir_better_by(m, d->side, price, x->prices[g->market].mark, lots));
    weir_wide least = weir_mul_div_floor(-d->share, lots, d->size);
    least = weir_wide_min(haircut, weir_wide_max(0, least));
    weir_emit(x, &(struct weir_event){
                     .kind = WEIR_EV_ADL,
                     .adl = {g->market, weir_account_name(&x->ledger, g->account),
                             weir_account_name(&x->ledger,
                                               weir_leg_at(&x->ledger, counterparty)->account),
                             lots, price, rank, haircut, least}});
    struct weir_scope *other =
        weir_scope_at(&x->ledger, weir_leg_at(&x->ledger, counterparty)->scope);
    weir_flat_shortfall(lq, g->scope);
    if (other->queue == WEIR_QUEUE_ACTIVE) {
        weir_count_closed(lq, counterparty, WEIR_BY_ADL, weir_value(m, price, lots),
                          result.maker.realised);
        weir_flat_shortfall(lq, weir_leg_at(&x->ledger, counterparty)->scope);
    }
    weir_fund_return(lq, other->account);
    d->left -= lots;
    d->fills++;
}

void weir_adl_take_lots(struct deleverage *d, const struct weir_adl_candidate *c, weir_qty lots,
                        int64_t rank) {
    deleverage_one(d, c->leg, lots, c->overlaps ? d->bankruptcy : d->price,
                   (struct weir_maybe){true, rank});
    d->last = weir_leg_at(&d->lq->x->ledger, c->leg)->account;
}

#define GROUP 8

/* Asks for the memory of their names. */
static void look_ahead(const struct weir_ledger *l, const struct weir_adl_candidate *c,
                       uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(WEIR_AT(&l->account_names, struct weir_account_names,
                                   weir_leg_at(l, c[i].leg)->account));
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(weir_account_name(l, weir_leg_at(l, c[i].leg)->account));
}

/* In order of rank, each up to its size, several at a time as long as all of them are needed. What
 * a fill changes is of the two positions alone, so ranks of the others are those of the step's
 * start. */
static void by_rank(struct deleverage *d) {
    struct weir_liquidator *lq = d->lq;
    const struct weir_leg *g = weir_leg_at(&lq->x->ledger, d->leg);
    struct weir_adl_candidate group[GROUP];
    int64_t rank = 0, fills = lq->x->venue->fills_per_step;
    weir_adl_search(&lq->ranks, g->market, d->side, weir_leg_owner(&lq->x->ledger, g));
    for (bool more = true; more && d->left > 0 && !weir_adl_bound_met(d);) {
        uint32_t n = 0;
        for (weir_qty lots = 0; n < GROUP && lots < d->left && d->fills + n < fills && more;) {
            more = weir_adl_next(&lq->ranks, &group[n]);
            if (more) lots += group[n++].size;
        }
        look_ahead(&lq->x->ledger, group, n);
        for (uint32_t i = 0; i < n; i++) {
            weir_qty lots = weir_min(d->left, group[i].size);
            rank++;
            if (weir_adl_can_give(d, &group[i], lots)) weir_adl_take_lots(d, &group[i], lots, rank);
        }
    }
}

/* The same of a line that is made anew: where it holds others than the healthy, whom the index
 * knows. */
static void by_rank_of_all(struct deleverage *d) {
    uint32_t n = find_all(d);
    struct weir_adl_candidate *items = WEIR_AT(&d->lq->candidates, struct weir_adl_candidate, 0);
    weir_adl_heap(items, n);
    for (int64_t rank = 1; n > 0 && d->left > 0 && !weir_adl_bound_met(d); rank++) {
        weir_adl_pop(items, n--);
        weir_qty lots = weir_min(d->left, items[n].size);
        if (weir_adl_can_give(d, &items[n], lots)) weir_adl_take_lots(d, &items[n], lots, rank);
    }
}

static bool later(const struct weir_adl_candidate *a, const struct weir_adl_candidate *b) {
    return a->order > b->order;
}
/* In place (heap sort). */
void weir_adl_sort_by_account(struct weir_adl_candidate *items, uint32_t n) {
    for (uint32_t heap = n / 2, end = n; end > 1;) {
        uint32_t root;
        if (heap > 0) {
            root = --heap;
        } else {
            struct weir_adl_candidate t = items[0];
            items[0] = items[--end];
            items[end] = t;
            root = 0;
        }
        for (uint32_t child; (child = 2 * root + 1) < end; root = child) {
            if (child + 1 < end && later(&items[child + 1], &items[child])) child++;
            if (!later(&items[child], &items[root])) break;
            struct weir_adl_candidate t = items[root];
            items[root] = items[child];
            items[child] = t;
        }
    }
}

/* Nobody is eligible: all opposite positions at mark by account, backstops and funds last. */
static void last_resort(struct deleverage *d) {
    struct weir_liquidator *lq = d->lq;
    const struct weir_exchange *x = lq->x;
    uint32_t market = weir_leg_at(&x->ledger, d->leg)->market;
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    lq->candidates.count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
        if ((g->size > 0) == (d->side == WEIR_BUY)) {
            uint32_t k = weir_pool_add(&lq->candidates, 1);
            WEIR_CHECK(k != WEIR_NO_INDEX);
            uint64_t order = weir_account_order(&x->ledger, g->account);
            if (g->volunteered && !weir_account_is_fund(&x->ledger, g->account))
                order += UINT64_C(1) << 31;
            *WEIR_AT(&lq->candidates, struct weir_adl_candidate, k) =
                (struct weir_adl_candidate){.order = order, .leg = leg, .size = weir_abs(g->size)};
        }
    }
    struct weir_adl_candidate *items = WEIR_AT(&lq->candidates, struct weir_adl_candidate, 0);
    uint32_t n = lq->candidates.count;
    weir_adl_sort_by_account(items, n);
    for (uint32_t i = 0; i < n && d->left > 0 && !weir_adl_bound_met(d); i++) {
        weir_qty free = items[i].size -
                        weir_leg_work(&x->ledger, weir_leg_at(&x->ledger, items[i].leg))->parked;
        if (free <= 0) continue;
        deleverage_one(d, items[i].leg, weir_min(d->left, free), x->prices[market].mark,
                       (struct weir_maybe){0});
    }
}

static weir_price adl_price(const struct weir_exchange *x, const struct weir_leg *g,
                            const struct weir_health *h) {
    const struct weir_venue *v = x->venue;
    weir_price mark = x->prices[g->market].mark, p = mark;
    if (v->adl_price == WEIR_ADL_BANKRUPTCY)
        p = weir_bankruptcy_price(x, g, weir_abs(g->size),
                                  weir_bankruptcy_share(x, g, weir_abs(g->size), h), false);
    if (v->adl_price == WEIR_ADL_PREVIOUS_MARK && x->prices[g->market].previous_mark > 0)
        p = x->prices[g->market].previous_mark;
    if (v->adl_max_price_deviation == WEIR_NONE) return p;
    weir_wide far = (weir_wide)weir_abs(p - mark) * WEIR_PPB;
    return far > (weir_wide)v->adl_max_price_deviation * mark ? mark : p;
}

void weir_adl_expect(struct weir_liquidator *lq, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    const struct weir_venue *v = lq->x->venue;
    bool possible =
        v->adl_when != WEIR_ADL_NEVER || weir_account_is_fund(&lq->x->ledger, g->account);
    if (possible && !weir_adl_any_overlap(lq->x) && weir_adl_indexed(v->adl_ranking))
        weir_adl_begin(&lq->ranks, g->market, weir_closing_side(g));
}

void weir_adl_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    struct weir_exchange *x = lq->x;
    const struct weir_venue *v = x->venue;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    bool fund = weir_account_is_fund(&x->ledger, g->account); /* straight to ADL (R27) */
    if (!fund && (v->adl_when == WEIR_ADL_NEVER ||
                  (v->adl_when == WEIR_ADL_NEGATIVE_EQUITY && h->equity >= 0))) {
        weir_enter_stage(lq, leg, WEIR_STAGE_BOOK);
        weir_leg_extra_make(&x->ledger, g)->work.wait_seq = x->seq;
        return;
    }
    struct deleverage d = {.lq = lq,
                           .leg = leg,
                           .side = weir_closing_side(g),
                           .price = adl_price(x, g, h),
                           .left = weir_abs(g->size),
                           .size = weir_abs(g->size),
                           .share = weir_bankruptcy_share(x, g, weir_abs(g->size), h),
                           .last = WEIR_NO_INDEX};
    d.bankruptcy = weir_bankruptcy_price(x, g, d.size, d.share, false);
    enum weir_adl_kind kind = weir_adl_kind_of(v->adl_ranking);
    if (kind != WEIR_ADL_QUEUE)
        weir_adl_by_parts(&d, kind);
    else if (weir_adl_any_overlap(x) || !weir_adl_indexed(v->adl_ranking))
        by_rank_of_all(&d);
    else
        by_rank(&d);
    if (v->adl_ranking == WEIR_RANK_ROTATION && d.last != WEIR_NO_INDEX)
        x->ledger.markets[g->market].deleveraged[d.side == WEIR_SELL] = d.last;
    if (d.fills > 0) return; /* what is left goes on with the next step */
    if (v->adl_no_counterparty == WEIR_ADL_AT_MARK) last_resort(&d);
    if (d.fills > 0) return;
    /* `keep`, or all opposite lots are on offer */
    weir_leg_extra_make(&x->ledger, g)->work.wait_seq = x->seq;
}
