/* Absorption by the fund's own scope, and the unwinding of its inventory (R27). */
#include "liquidation/stages.h"

struct absorb {
    uint32_t leg; /* that is closed */
    uint32_t own; /* the fund's leg */
    enum weir_side side;
    weir_price price, bankruptcy;
};

/* What the price falls short of the bankruptcy price for `lots`. */
static weir_wide gap_of(const struct weir_exchange *x, const struct absorb *a, weir_qty lots) {
    const struct weir_market *m = &x->venue->markets[weir_leg_at(&x->ledger, a->leg)->market];
    return weir_wide_max(0, -weir_better_by(m, a->side, a->price, a->bankruptcy, lots));
}

/* Capital that the fund's scope needs to hold its positions after taking `lots`. */
static weir_wide capital_for(const struct weir_exchange *x, const struct absorb *a, weir_qty lots) {
    struct weir_leg *g = weir_leg_at(&x->ledger, a->own);
    struct weir_position_change change =
        weir_position_fill(&x->venue->markets[g->market], g->size, g->entry_value,
                           a->side == WEIR_SELL ? lots : -lots, a->price);
    struct weir_what_if w = weir_what_if_filled(x, a->own, &change);
    struct weir_health h;
    weir_health(x, g->scope, &w, &h);
    return weir_wide_max(0, h.initial - h.equity);
}

/* What taking `lots` needs beyond the cash. Within one tier, and on one side of netting, capital is
 * the larger of 0 and a line, and the gap a line: their sum is convex. */
static weir_wide lacks(const struct weir_exchange *x, const struct absorb *a, weir_wide cash,
                       weir_qty lots) {
    return capital_for(x, a, lots) + gap_of(x, a, lots) - cash;
}

/* The most lots in [low, high], within which `lacks` is convex, that the cash carries; -1: none. */
static weir_qty most_lots(const struct weir_exchange *x, const struct absorb *a, weir_wide cash,
                          weir_qty low, weir_qty high) {
    if (lacks(x, a, cash, high) <= 0) return high;
    weir_qty yes = low, left = low, right = high;
    while (right - left > 2) { /* the least of a convex function */
        weir_qty third = (right - left) / 3;
        if (lacks(x, a, cash, left + third) <= lacks(x, a, cash, right - third))
            right -= third;
        else
            left += third;
    }
    for (weir_qty q = left; q <= right; q++)
        if (lacks(x, a, cash, q) < lacks(x, a, cash, yes)) yes = q;
    if (lacks(x, a, cash, yes) > 0) return -1;
    for (weir_qty no = high; no - yes > 1;) {
        weir_qty middle = yes + (no - yes) / 2;
        if (lacks(x, a, cash, middle) <= 0)
            yes = middle;
        else
            no = middle;
    }
    return yes;
}

/* The last number of lots below `lots` at which a piece of the function begins: a tier's end of the
 * inventory on its way through netting to the other side, or 0. */
static weir_qty piece_start(const struct weir_exchange *x, const struct weir_leg *own,
                            enum weir_side side, weir_qty lots) {
    const struct weir_market *m = &x->venue->markets[own->market];
    const struct weir_tiers *tiers = &x->risks[own->market].tiers;
    weir_price mark = x->prices[own->market].mark;
    weir_wide same = side == WEIR_SELL ? own->size : -own->size, best = 0;
    for (uint32_t k = 0; k <= tiers->count; k++) {
        weir_wide end = k == 0 ? 0 : weir_lots_within(m, mark, tiers->row[k - 1].cap);
        for (int sign = -1; sign <= 1; sign += 2) {
            for (weir_wide past = sign * end - same - 1; past <= sign * end - same + 1; past++)
                if (past > best && past < lots) best = past;
        }
    }
    return (weir_qty)best;
}

static weir_qty lots_to_take(struct weir_liquidator *lq, const struct absorb *a) {
    const struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, a->leg);
    const struct weir_leg *own = weir_leg_at(&x->ledger, a->own);
    const struct weir_market *m = &x->venue->markets[g->market];
    struct weir_fund *f = weir_market_fund(x, &lq->funds, g->market);
    if (f->drawdown.stopped) return 0;
    struct weir_health h;
    weir_health_brief(x, own->scope, &h);
    if (weir_scope_at(&x->ledger, own->scope)->queue != WEIR_QUEUE_NONE) return 0;
    if (weir_liquidatable(x, &h)) return 0;
    weir_qty same = a->side == WEIR_SELL ? own->size : -own->size; /* > 0: adds to inventory */
    weir_wide bound = weir_lots_bound(m);
    if (x->venue->absorb_max_notional != WEIR_NONE)
        bound = weir_wide_min(
            bound,
            weir_lots_within(m, x->prices[g->market].mark,
                             weir_market_amount(x->venue, m, x->venue->absorb_max_notional)));
    weir_wide most = weir_wide_min(weir_abs(g->size), bound - same);
    if (most <= 0) return 0;
    most = weir_lots_within_gap(m, a->side, a->price, a->bankruptcy, (weir_qty)most,
                                weir_fund_until_trigger(x, &lq->funds, m->fund_idx));
    weir_wide cash = weir_fund_free(f);
    for (weir_qty high = (weir_qty)most; high > 0;) {
        weir_qty low = piece_start(x, own, a->side, high);
        weir_qty lots = most_lots(x, a, cash, low, high);
        if (lots >= 0) return lots + same >= -bound ? lots : 0; /* it may have been beyond */
        high = low;
    }
    return 0;
}

static uint32_t unwind_slot(const struct weir_liquidator *lq, uint32_t fund, uint32_t market) {
    return lq->x->venue->market_count + market * lq->funds.count + fund;
}

static void set_unwind(struct weir_liquidator *lq, uint32_t fund, uint32_t market,
                       struct weir_unwind unwind) {
    uint32_t slot = unwind_slot(lq, fund, market);
    lq->funds.fund[fund].unwind[market] = unwind;
    weir_timers_set(&lq->timers, slot, unwind.next);
    if (!unwind.again) return;
    uint32_t i = weir_pool_add(&lq->unwind_again, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&lq->unwind_again, uint32_t, i) = slot;
}

void weir_unwind_stop(struct weir_liquidator *lq, uint32_t market) {
    for (uint32_t f = 0; f < lq->funds.count; f++)
        set_unwind(lq, f, market, weir_no_unwind);
}

void weir_fund_return(struct weir_liquidator *lq, uint32_t account) {
    struct weir_exchange *x = lq->x;
    if (!weir_account_is_fund(&x->ledger, account)) return;
    uint32_t fund = account;
    struct weir_fund *f = &lq->funds.fund[fund];
    if (!weir_scope_flat(&x->ledger, f->scope)) return;
    weir_scope_settle(&x->ledger, f->scope);
    weir_wide balance = weir_scope_own_balance(weir_scope_at(&x->ledger, f->scope));
    for (uint32_t m = 0; m < x->venue->market_count; m++)
        if (x->venue->markets[m].fund_idx == fund) set_unwind(lq, fund, m, weir_no_unwind);
    /* In liquidation itself it returns when that ends. */
    if (balance <= 0 || weir_scope_at(&x->ledger, f->scope)->queue == WEIR_QUEUE_ACTIVE) return;
    weir_post_balance(&x->ledger, f->scope, -balance);
    weir_fund_move(x, &lq->funds, fund, WEIR_CAUSE_UNWIND, balance, WEIR_NO_INDEX);
}

static void take(struct weir_liquidator *lq, const struct absorb *a, weir_qty lots) {
    struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, a->leg);
    const struct weir_leg *own = weir_leg_at(&x->ledger, a->own);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_wide capital = capital_for(x, a, lots);
    weir_qty before = own->size;
    if (capital > 0) {
        weir_post_balance(&x->ledger, own->scope, capital);
        weir_fund_move(x, &lq->funds, m->fund_idx, WEIR_CAUSE_ABSORB, -capital, g->account);
    }
    struct weir_fill f = {.kind = WEIR_FILL_ABSORB,
                          .taker = a->leg,
                          .maker = a->own,
                          .side = a->side,
                          .price = a->price,
                          .qty = lots,
                          .maker_order = WEIR_NO_INDEX};
    struct weir_fill_result result;
    weir_fill(x, &f, &result);
    weir_count_closed(lq, a->leg, WEIR_BY_ABSORBED, weir_value(m, a->price, lots),
                      result.taker.realised);
    weir_fund_pay_gap(x, &lq->funds, a->leg, gap_of(x, a, lots));
    const struct weir_unwind *u = &lq->funds.fund[m->fund_idx].unwind[g->market];
    bool turned = (before > 0) != (own->size > 0) || (before < 0) != (own->size < 0);
    if (own->size != 0 && (turned || u->next == INT64_MAX)) {
        struct weir_unwind begun = {.since = x->now, .next = x->now};
        weir_policy_begin(&x->venue->absorb_policy, x, g->market, (uint64_t)x->now,
                          weir_abs(own->size), &begun.plan);
        set_unwind(lq, m->fund_idx, g->market, begun);
    }
    weir_fund_touch(&lq->funds, m->fund_idx);
    weir_fund_return(lq, own->account);
}

void weir_absorb_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    weir_price mark = x->prices[g->market].mark;
    struct weir_fund *fund = weir_market_fund(x, &lq->funds, g->market);
    struct absorb a = {.leg = leg,
                       .own = weir_leg_get(&x->ledger, fund->account, g->market),
                       .side = weir_closing_side(g)};
    WEIR_CHECK(a.own != WEIR_NO_INDEX);
    weir_leg_settle(&x->ledger, weir_leg_at(&x->ledger, a.own));
    weir_wide share = weir_bankruptcy_share(x, g, weir_abs(g->size), h);
    a.bankruptcy = weir_bankruptcy_price(x, g, weir_abs(g->size), share, false);
    a.price = a.side == WEIR_SELL ? weir_min(a.bankruptcy, mark) : weir_max(a.bankruptcy, mark);
    weir_qty lots = a.own == leg ? 0 : lots_to_take(lq, &a);
    if (lots > 0) take(lq, &a, lots);
    if (g->size == 0 || weir_after_step(lq, g->scope)) return;
    weir_enter_stage(lq, leg, weir_next_stage(lq, g, WEIR_STAGE_ABSORB));
}

/* The band's edge; without a band as far as the fund subsidises, else mark: never unbounded. */
static weir_price unwind_limit(const struct weir_exchange *x, uint32_t market,
                               enum weir_side side) {
    if (x->risks[market].liquidation_band != WEIR_NONE) return weir_band_edge(x, market, side);
    const struct weir_market *m = &x->venue->markets[market];
    if (x->venue->funds[m->fund_idx].max_subsidy == WEIR_NONE) return x->prices[market].mark;
    return weir_furthest_price(x, market, side);
}

static weir_price limit_of(void *ctx, weir_qty lots) {
    const struct weir_policy_view *view = ctx;
    (void)lots;
    return unwind_limit(view->x, weir_leg_at(&view->x->ledger, view->leg)->market, view->side);
}

/* R37 is about restoring a scope; the fund's only works off. */
static struct weir_policy_config unwind_policy(const struct weir_exchange *x) {
    struct weir_policy_config plain = x->venue->absorb_policy;
    plain.frontier = false;
    return plain;
}

/* What the policy sees of the inventory; the fund pays nothing for it. */
static void see(struct weir_liquidator *lq, uint32_t leg, const struct weir_unwind *u,
                const struct weir_health *h, struct weir_policy_view *view) {
    const struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    *view = (struct weir_policy_view){.x = x,
                                      .state = &lq->unwound[g->market],
                                      .plan = &u->plan,
                                      .leg = leg,
                                      .side = weir_closing_side(g),
                                      .market = m,
                                      .risk = &x->risks[g->market],
                                      .mark = mark,
                                      .lots = weir_abs(g->size),
                                      .notional = weir_value(m, mark, weir_abs(g->size)),
                                      .equity = h->equity,
                                      .requirement = h->requirement,
                                      .maintenance = h->maintenance,
                                      .now = x->now,
                                      .triggered = u->since,
                                      .cooldown_until = u->cooldown_until,
                                      .number = (uint64_t)u->since,
                                      .limit = limit_of,
                                      .ctx = view};
}

/* The order of a slice; returns the lots filled. */
static weir_qty unwind_order(struct weir_liquidator *lq, uint32_t leg,
                             const struct weir_slice *plan, const struct weir_health *h) {
    struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    enum weir_side side = weir_closing_side(g);
    if (!weir_market_workable(x, g->market) || weir_liquidatable(x, h)) return 0;
    if (weir_scope_at(&x->ledger, g->scope)->queue != WEIR_QUEUE_NONE) return 0;
    weir_price limit = unwind_limit(x, g->market, side);
    if (plan->limit != 0)
        limit = side == WEIR_SELL ? weir_max(limit, plan->limit) : weir_min(limit, plan->limit);
    struct weir_taker taker = {.leg = leg,
                               .side = side,
                               .limit = limit,
                               .qty = plan->lots,
                               .kind = WEIR_FILL_UNWIND,
                               .fee_free = true,
                               .max_fills = x->venue->max_fills_per_order};
    struct weir_walk walk;
    weir_match(x, &taker, &walk);
    return walk.filled;
}

/* One slice of the policy that works off the fund's inventory in a market (a timer). */
void weir_unwind_slice(struct weir_liquidator *lq, uint32_t fund, uint32_t market) {
    struct weir_exchange *x = lq->x;
    struct weir_fund *f = &lq->funds.fund[fund];
    struct weir_unwind u = f->unwind[market];
    uint32_t leg = weir_leg_find(&x->ledger, f->account, market);
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (g->size == 0) {
        set_unwind(lq, fund, market, weir_no_unwind);
        return;
    }
    struct weir_policy_config policy = unwind_policy(x);
    struct weir_policy_view view;
    struct weir_slice plan;
    struct weir_health h;
    weir_health_brief(x, f->scope, &h);
    see(lq, leg, &u, &h, &view);
    weir_policy_slice(&policy, &view, &plan);
    weir_time next = plan.wait ? plan.until : plan.next;
    u.again = next <= x->now || next == WEIR_NEXT_COMMAND; /* with the next command's timers */
    u.next = u.again ? INT64_MAX : next;
    if (plan.wait) {
        set_unwind(lq, fund, market, u);
        return;
    }
    u.cooldown_until = plan.cooldown_until;
    weir_qty filled = unwind_order(lq, leg, &plan, &h);
    weir_policy_made(&policy, &view, &plan, filled, 0, &u.plan, weir_leg_extra_make(&x->ledger, g),
                     &lq->unwound[market]);
    weir_leg_trim(&x->ledger, g, x->now);
    set_unwind(lq, fund, market, g->size == 0 ? weir_no_unwind : u);
    weir_fund_return(lq, f->account);
}

void weir_unwind_rearm(struct weir_liquidator *lq) {
    for (uint32_t i = 0; i < lq->unwind_again.count; i++) {
        uint32_t slot = *WEIR_AT(&lq->unwind_again, uint32_t, i);
        uint32_t k = slot - lq->x->venue->market_count, funds = lq->funds.count;
        struct weir_unwind *u = &lq->funds.fund[k % funds].unwind[k / funds];
        if (!u->again) continue; /* stopped since */
        u->again = false;
        u->next = lq->x->now;
        weir_timers_set(&lq->timers, slot, u->next);
    }
    lq->unwind_again.count = 0;
}

void weir_liquidation_timer(struct weir_liquidator *lq) {
    uint32_t markets = lq->x->venue->market_count, slot = weir_timers_first(&lq->timers);
    if (slot >= markets) {
        slot -= markets;
        weir_unwind_slice(lq, slot % lq->funds.count, slot / lq->funds.count);
        return;
    }
    weir_auction_timer(lq, slot);
}
