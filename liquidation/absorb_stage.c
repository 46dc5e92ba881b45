/* Absorption by the fund's own scope, and the unwinding of its inventory (R27). */
#include "liquidation/stages.h"

struct absorb {
    uint32_t leg; /* that is closed */
    uint32_t own; /* the fund's leg */
    enum weir_side side;
    weir_price price;
    weir_wide gap_per_lot;
};

/* Capital that the fund's scope needs to hold its positions after taking `lots`. */
static weir_wide capital_for(const struct weir_exchange *x, const struct absorb *a, weir_qty lots) {
    struct weir_leg *g = weir_leg_at(&x->ledger, a->own);
    struct weir_position_change change =
        weir_position_fill(g->size, g->entry_value, a->side == WEIR_SELL ? lots : -lots, a->price,
                           x->venue->markets[g->market].unit_value);
    struct weir_what_if w = {.leg = a->own, .after = *g, .balance = change.realised};
    w.after.size = change.size;
    w.after.entry_value = change.entry_value;
    struct weir_health h;
    weir_health(x, g->scope, &w, &h);
    return weir_wide_max(0, h.initial - h.equity);
}

/* The most lots in [low, high] that the cash carries, low being known to be carried (or 0). */
static weir_qty most_lots(const struct weir_exchange *x, const struct absorb *a, weir_wide cash,
                          weir_qty low, weir_qty high) {
    while (low < high) {
        weir_qty mid = high - (high - low) / 2;
        if (capital_for(x, a, mid) + a->gap_per_lot * mid <= cash)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

static weir_qty lots_to_take(struct weir_liquidator *lq, const struct absorb *a) {
    const struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, a->leg);
    const struct weir_leg *own = weir_leg_at(&x->ledger, a->own);
    const struct weir_market *m = &x->venue->markets[g->market];
    struct weir_fund *f = weir_market_fund(x, &lq->funds, g->market);
    if (f->drawdown.stopped) return 0;
    struct weir_health h;
    weir_health(x, own->scope, NULL, &h);
    if (weir_scope_at(&x->ledger, own->scope)->queue != WEIR_QUEUE_NONE) return 0;
    if (weir_liquidatable(x, &h)) return 0;
    weir_qty same = a->side == WEIR_SELL ? own->size : -own->size; /* > 0: adds to inventory */
    weir_wide bound = INT64_MAX / weir_value(m, m->max_price, 1);
    if (x->venue->absorb_max_notional != WEIR_NONE)
        bound = weir_wide_min(bound, x->venue->absorb_max_notional /
                                         weir_value(m, x->prices[g->market].mark, 1));
    weir_wide most = weir_wide_min(weir_abs(g->size), bound - same);
    if (most <= 0) return 0;
    /* Netting opposite inventory frees capital, what goes beyond binds it. */
    weir_wide cash = weir_fund_free(f);
    weir_qty net = (weir_qty)weir_wide_min(most, weir_max(0, -same));
    if (capital_for(x, a, net) + a->gap_per_lot * net <= cash)
        return most_lots(x, a, cash, net, (weir_qty)most);
    return most_lots(x, a, cash, 0, net);
}

void weir_fund_return(struct weir_liquidator *lq, uint32_t account) {
    struct weir_exchange *x = lq->x;
    if (!weir_account_is_fund(&x->ledger, account)) return;
    uint32_t fund = account;
    struct weir_fund *f = &lq->funds.fund[fund];
    if (!weir_scope_flat(&x->ledger, f->scope)) return;
    weir_scope_settle(&x->ledger, f->scope);
    weir_wide balance = weir_scope_at(&x->ledger, f->scope)->balance;
    for (uint32_t m = 0; m < x->venue->market_count; m++)
        if (x->venue->markets[m].fund_idx == fund)
            f->unwind[m] = (struct weir_unwind){.next = INT64_MAX, .slice = 1};
    if (balance <= 0) return;
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
    weir_count_closed(lq, a->leg, WEIR_BY_ABSORBED, weir_value(m, a->price, lots), &result.taker);
    weir_fund_pay_gap(x, &lq->funds, a->leg, a->gap_per_lot * lots);
    struct weir_unwind *u = &lq->funds.fund[m->fund_idx].unwind[g->market];
    bool turned = (before > 0) != (own->size > 0) || (before < 0) != (own->size < 0);
    if (own->size != 0 && (turned || u->next == INT64_MAX))
        *u = (struct weir_unwind){.started = x->now, .next = x->now, .slice = 1};
    weir_fund_return(lq, own->account);
}

void weir_absorb_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    struct weir_exchange *x = lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    struct weir_fund *fund = weir_market_fund(x, &lq->funds, g->market);
    struct absorb a = {.leg = leg,
                       .own = weir_leg_get(&x->ledger, fund->account, g->market),
                       .side = weir_closing_side(g)};
    WEIR_CHECK(a.own != WEIR_NO_INDEX);
    weir_leg_settle(&x->ledger, weir_leg_at(&x->ledger, a.own));
    weir_wide share = weir_bankruptcy_share(x, g, weir_abs(g->size), h);
    weir_price bankruptcy = weir_bankruptcy_price(x, g, weir_abs(g->size), share, false);
    a.price = a.side == WEIR_SELL ? weir_min(bankruptcy, mark) : weir_max(bankruptcy, mark);
    a.gap_per_lot = weir_wide_max(0, -weir_better_by(m, a.side, a.price, bankruptcy, 1));
    weir_qty lots = a.own == leg ? 0 : lots_to_take(lq, &a);
    if (lots > 0) take(lq, &a, lots);
    if (g->size == 0 || weir_after_step(lq, g->scope)) return;
    weir_enter_stage(lq, leg, weir_next_stage(lq, g, WEIR_STAGE_ABSORB));
}

/* Lots of the next slice, and when the one behind it is due (0: with the next command). */
static void plan_unwind(struct weir_liquidator *lq, const struct weir_leg *g,
                        const struct weir_unwind *u, struct weir_slice *plan) {
    const struct weir_exchange *x = lq->x;
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    struct weir_policy_view view = {.market = m,
                                    .risk = &x->risks[g->market],
                                    .mark = mark,
                                    .lots = weir_abs(g->size),
                                    .notional = weir_value(m, mark, weir_abs(g->size)),
                                    .now = x->now,
                                    .started = u->started,
                                    .slice_number = u->slice};
    struct weir_policy_config plain = x->venue->absorb_policy;
    plain.frontier = false; /* R37 is about restoring a scope; the fund's only works off */
    weir_policy_slice(&plain, &view, plan);
}

/* One slice of the policy that works off the fund's inventory in a market (a timer). */
void weir_unwind_slice(struct weir_liquidator *lq, uint32_t fund, uint32_t market) {
    struct weir_exchange *x = lq->x;
    struct weir_fund *f = &lq->funds.fund[fund];
    struct weir_unwind *u = &f->unwind[market];
    uint32_t leg = weir_leg_find(&x->ledger, f->account, market);
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (g->size == 0) {
        *u = (struct weir_unwind){.next = INT64_MAX, .slice = 1};
        return;
    }
    struct weir_slice plan;
    plan_unwind(lq, g, u, &plan);
    u->slice++;
    u->again = plan.next <= x->now; /* due at once: with the next command's timers */
    u->next = u->again ? INT64_MAX : plan.next;
    struct weir_health h;
    weir_health(x, f->scope, NULL, &h);
    if (!weir_market_workable(x, market) || weir_liquidatable(x, &h)) return;
    if (weir_scope_at(&x->ledger, f->scope)->queue != WEIR_QUEUE_NONE) return;
    struct weir_taker taker = {.leg = leg,
                               .side = weir_closing_side(g),
                               .limit = weir_band_edge(x, market, weir_closing_side(g)),
                               .qty = plan.lots,
                               .kind = WEIR_FILL_UNWIND,
                               .fee_free = true,
                               .max_fills = x->venue->max_fills_per_order};
    struct weir_walk walk;
    weir_match(x, &taker, &walk);
    if (g->size == 0) *u = (struct weir_unwind){.next = INT64_MAX, .slice = 1};
    weir_fund_return(lq, f->account);
}

void weir_unwind_rearm(struct weir_liquidator *lq) {
    for (uint32_t i = 0; i < lq->funds.count; i++) {
        for (uint32_t m = 0; m < lq->x->venue->market_count; m++) {
            struct weir_unwind *u = &lq->funds.fund[i].unwind[m];
            if (!u->again) continue;
            u->again = false;
            u->next = lq->x->now;
        }
    }
}
