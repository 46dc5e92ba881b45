/* The backstop stage (R27): volunteers take the rest pro rata to their free capacity. */
#include "liquidation/stages.h"

struct offer {
    uint32_t leg;
    enum weir_side side; /* of the liquidation order */
    weir_price price, bankruptcy, mark;
    weir_qty lots;
    weir_wide granted; /* fund money for the gap, what is left of it */
};

/* What `lots` at the offer's price bring less than at the bankruptcy price (>= 0). */
static weir_wide gap_of(const struct weir_market *m, const struct offer *o, weir_qty lots) {
    return weir_wide_max(0, -weir_better_by(m, o->side, o->price, o->bankruptcy, lots));
}

/* What a volunteer who takes `lots` loses against mark (>= 0): a price above it for who buys. */
static weir_wide loss_of(const struct weir_market *m, const struct offer *o, weir_qty lots) {
    return weir_wide_max(0, weir_better_by(m, o->side, o->price, o->mark, lots));
}

bool weir_backstop_set(struct weir_liquidator *lq, uint32_t leg, weir_wide notional,
                       weir_wide loss_limit) {
    struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    struct weir_pool *list = &lq->volunteers[g->market];
    if (!g->volunteered) {
        uint32_t i = weir_pool_add(list, 1);
        if (i == WEIR_NO_INDEX) return false;
        *WEIR_AT(list, uint32_t, i) = leg;
        g->volunteered = true;
        /* Kept in account order: insertion from the end. */
        uint32_t *at = WEIR_AT(list, uint32_t, 0);
        for (; i > 0 &&
               weir_account_order(&lq->x->ledger, weir_leg_at(&lq->x->ledger, at[i - 1])->account) >
                   weir_account_order(&lq->x->ledger, g->account);
             i--) {
            at[i] = at[i - 1];
            at[i - 1] = leg;
        }
    }
    struct weir_leg_extra *e = weir_leg_extra_make(&lq->x->ledger, g);
    e->backstop_free = notional;
    e->backstop_loss = loss_limit;
    return true;
}

/* Price, lots and gap of what is offered to volunteers (R27, R31). */
static void make_offer(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h,
                       struct offer *o) {
    const struct weir_exchange *x = lq->x;
    const struct weir_venue *v = x->venue;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &v->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    *o = (struct offer){.leg = leg, .side = weir_closing_side(g), .lots = weir_abs(g->size)};
    weir_wide share = weir_bankruptcy_share(x, g, o->lots, h);
    o->mark = mark;
    o->bankruptcy = weir_bankruptcy_price(x, g, o->lots, share, false);
    weir_wide shifted =
        o->side == WEIR_SELL
            ? weir_div_floor((weir_wide)mark * (WEIR_PPB - v->backstop_discount), WEIR_PPB)
            : weir_div_ceil((weir_wide)mark * (WEIR_PPB + v->backstop_discount), WEIR_PPB);
    weir_price at_mark = weir_clamp(weir_saturate(shifted), 1, m->max_price);
    o->price =
        o->side == WEIR_SELL ? weir_min(o->bankruptcy, at_mark) : weir_max(o->bankruptcy, at_mark);
    weir_wide gap = gap_of(m, o, o->lots);
    if (gap == 0) return;
    weir_price furthest = weir_furthest_price(x, g->market, o->side);
    bool too_far = o->side == WEIR_SELL ? o->price < furthest : o->price > furthest;
    weir_wide grant = share >= 0 || too_far ? 0 : weir_fund_grant(x, &lq->funds, g, gap);
    o->granted = grant;
    o->lots =
        grant == 0 ? 0 : weir_lots_within_gap(m, o->side, o->price, o->bankruptcy, o->lots, grant);
}

/* Lots that a volunteer's capacity, loss limit and position bound let him take; 0: none. */
static weir_wide free_lots(struct weir_liquidator *lq, const struct offer *o, uint32_t volunteer) {
    const struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, volunteer);
    const struct weir_leg *closed = weir_leg_at(&x->ledger, o->leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_leg_extra *e = weir_leg_extra(&x->ledger, g);
    if (e->backstop_free <= 0 || g->scope == closed->scope) return 0;
    if (weir_leg_owner(&x->ledger, g) == weir_leg_owner(&x->ledger, closed)) return 0;
    if (weir_scope_at(&x->ledger, g->scope)->queue != WEIR_QUEUE_NONE) return 0;
    struct weir_health h;
    weir_health_brief(x, g->scope, &h);
    if (weir_liquidatable(x, &h)) return 0;
    weir_wide lots = weir_lots_within(m, o->price, e->backstop_free);
    weir_wide bound = weir_lots_bound(m);
    struct weir_open open = weir_leg_open(&x->ledger, g);
    weir_wide used =
        o->side == WEIR_SELL ? g->size + (weir_wide)open.buys : (weir_wide)open.sells - g->size;
    lots = weir_wide_min(weir_wide_min(lots, o->lots), bound - used);
    if (lots <= 0) return 0;
    /* His loss is what the closer gains over mark. */
    return weir_lots_within_gap(m, o->side ^ 1, o->price, o->mark, (weir_qty)lots,
                                e->backstop_loss);
}

static bool can_take(struct weir_liquidator *lq, const struct offer *o, uint32_t volunteer,
                     weir_wide lots) {
    struct weir_exchange *x = lq->x;
    struct weir_leg *g = weir_leg_at(&x->ledger, volunteer);
    weir_leg_settle(&x->ledger, g);
    weir_qty qty = o->side == WEIR_SELL ? (weir_qty)lots : -(weir_qty)lots;
    struct weir_position_change change =
        weir_position_fill(&x->venue->markets[g->market], g->size, g->entry_value, qty, o->price);
    struct weir_what_if w = weir_what_if_filled(x, volunteer, &change);
    struct weir_health h;
    weir_health(x, g->scope, &w, &h);
    return h.discounted >= h.initial + h.order_margin;
}

static void fill_volunteer(struct weir_liquidator *lq, struct offer *o, uint32_t volunteer,
                           weir_qty lots) {
    struct weir_exchange *x = lq->x;
    struct weir_leg *g = weir_leg_at(&x->ledger, volunteer);
    struct weir_fill f = {.kind = WEIR_FILL_BACKSTOP,
                          .taker = o->leg,
                          .maker = volunteer,
                          .side = o->side,
                          .price = o->price,
                          .qty = lots,
                          .maker_order = WEIR_NO_INDEX};
    struct weir_fill_result result;
    weir_fill(x, &f, &result);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_wide value = weir_value(m, o->price, lots);
    weir_count_closed(lq, o->leg, WEIR_BY_BACKSTOP, value, result.taker.realised);
    weir_wide gap = weir_wide_min(gap_of(m, o, lots), o->granted);
    o->granted -= gap;
    weir_fund_pay_gap(x, &lq->funds, o->leg, gap);
    struct weir_leg_extra *e = weir_leg_extra_make(&x->ledger, g);
    e->backstop_free -= value;
    e->backstop_loss = weir_wide_max(0, e->backstop_loss - loss_of(m, o, lots));
    weir_leg_trim(&x->ledger, g, x->now);
}

static weir_wide capacity_of(const struct weir_liquidator *lq, uint32_t volunteer) {
    const struct weir_ledger *l = &lq->x->ledger;
    return weir_leg_extra(l, weir_leg_at(l, volunteer))->backstop_free;
}

/* Shares by free capacity until everyone who has one can take it (R5, R27). False when the step's
 * bound cut it: the rest goes on in the same stage. */
static bool share_out(struct weir_liquidator *lq, struct offer *o) {
    const struct weir_exchange *x = lq->x;
    const struct weir_pool *list = &lq->volunteers[weir_leg_at(&x->ledger, o->leg)->market];
    uint32_t n = list->count;
    if (n == 0) return true;
    weir_pool_clear(&lq->wides);
    weir_pool_clear(&lq->shares);
    WEIR_CHECK(weir_pool_add(&lq->wides, 3 * n) == 0 && weir_pool_add(&lq->shares, n) == 0);
    weir_wide *weights = WEIR_AT(&lq->wides, weir_wide, 0), *caps = weights + n;
    weir_wide *shares = caps + n;
    const uint32_t *legs = WEIR_AT(list, uint32_t, 0);
    for (uint32_t i = 0; i < n; i++) {
        caps[i] = free_lots(lq, o, legs[i]);
        weights[i] = caps[i] > 0 ? capacity_of(lq, legs[i]) : 0;
    }
    for (bool all_can = false; !all_can;) {
        weir_divide(o->lots, n, weights, caps, shares, WEIR_AT(&lq->shares, struct weir_share, 0));
        all_can = true;
        for (uint32_t i = 0; i < n; i++) {
            if (shares[i] == 0 || can_take(lq, o, legs[i], shares[i])) continue;
            weights[i] = 0;
            all_can = false;
        }
    }
    int64_t fills = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (shares[i] == 0) continue;
        if (fills++ == x->venue->fills_per_step) return false;
        fill_volunteer(lq, o, legs[i], (weir_qty)shares[i]);
    }
    return true;
}

void weir_backstop_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    struct offer o;
    make_offer(lq, leg, h, &o);
    bool done = o.lots == 0 || share_out(lq, &o);
    const struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    if (!done || g->size == 0 || weir_after_step(lq, g->scope)) return;
    weir_enter_stage(lq, leg, weir_next_stage(lq, g, WEIR_STAGE_BACKSTOP));
}
