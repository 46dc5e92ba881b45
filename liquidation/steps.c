/* Steps (R20): which scope and which of its positions is worked next, how a liquidation begins,
 * and how it ends. */
#include "liquidation/stages.h"

#include <string.h>

static struct weir_scope *scope_at(const struct weir_liquidator *lq, uint32_t i) {
    return weir_scope_at(&lq->x->ledger, i);
}
static struct weir_case *case_at(const struct weir_liquidator *lq, uint32_t scope) {
    return weir_scope_case(&lq->x->ledger, scope_at(lq, scope));
}
static struct weir_leg *leg_at(const struct weir_liquidator *lq, uint32_t i) {
    return weir_leg_at(&lq->x->ledger, i);
}
static const struct weir_leg_work *work_at(const struct weir_liquidator *lq, uint32_t leg) {
    return weir_leg_work(&lq->x->ledger, leg_at(lq, leg));
}

bool weir_market_workable(const struct weir_exchange *x, uint32_t market) {
    enum weir_market_status status = weir_status_now(x, market);
    return (status == WEIR_STATUS_TRADING || status == WEIR_STATUS_REDUCE_ONLY) &&
           !x->prices[market].stale;
}

weir_qty weir_lots_within_gap(const struct weir_market *m, enum weir_side side, weir_price price,
                              weir_price than, weir_qty lots, weir_wide gap) {
    if (-weir_better_by(m, side, price, than, lots) <= gap) return lots;
    weir_qty yes = 0;
    for (weir_qty no = lots; no - yes > 1;) {
        weir_qty middle = yes + (no - yes) / 2;
        if (-weir_better_by(m, side, price, than, middle) <= gap)
            yes = middle;
        else
            no = middle;
    }
    return yes;
}

bool weir_scope_parked(const struct weir_liquidator *lq, uint32_t scope) {
    const struct weir_ledger *l = &lq->x->ledger;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        if (work_at(lq, i)->parked > 0) return true;
    return false;
}

/* ---- Beginning ------------------------------------------------------------------------------- */

static uint32_t oldest_order(const struct weir_liquidator *lq, uint32_t leg) {
    return weir_leg_orders(&lq->x->ledger, leg_at(lq, leg))->first;
}

static void cancel_oldest_first(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_exchange *x = lq->x;
    for (;;) {
        uint32_t oldest = WEIR_NO_INDEX, leg = WEIR_NO_INDEX, legs = 0;
        for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
             i = weir_scope_next_leg(&x->ledger, scope, i)) {
            uint32_t o = oldest_order(lq, i);
            if (o == WEIR_NO_INDEX) continue;
            legs++;
            if (oldest != WEIR_NO_INDEX &&
                weir_order_at(&x->orders, o)->age >= weir_order_at(&x->orders, oldest)->age)
                continue;
            oldest = o;
            leg = i;
        }
        if (legs == 0) return;
        if (legs == 1) { /* the orders of the only leg that has some follow one another */
            weir_leg_cancel_orders(x, leg, WEIR_C_LIQUIDATION);
            return;
        }
        weir_order_cancel(x, oldest, WEIR_C_LIQUIDATION);
    }
}

static void begin(struct weir_liquidator *lq, uint32_t scope, const struct weir_health *h) {
    struct weir_exchange *x = lq->x;
    struct weir_scope *s = scope_at(lq, scope);
    bool fund = weir_account_is_fund(&x->ledger, s->account);
    weir_account_changes(&x->ledger, s->account);
    s->queue = WEIR_QUEUE_ACTIVE;
    case_at(lq, scope)->liquidation = ++lq->last_liquidation;
    WEIR_EMIT(x, WEIR_EV_LIQUIDATION_STARTED, liquidation_started, lq->last_liquidation,
              weir_account_name(&x->ledger, s->account), weir_scope_code(s), h->equity,
              h->requirement);
    for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(&x->ledger, scope, i)) {
        /* Inventory of the fund goes straight to ADL (R27). */
        struct weir_leg *g = leg_at(lq, i);
        if (g->size == 0) continue;
        weir_enter_stage(lq, i, fund ? WEIR_STAGE_ADL : WEIR_STAGE_BOOK);
        if (lq->plans)
            weir_policy_begin(&x->venue->policy, x, g->market, lq->last_liquidation,
                              weir_abs(g->size), &weir_leg_extra_make(&x->ledger, g)->plan);
        weir_adl_expect(lq, i);
    }
    cancel_oldest_first(lq, scope);
    weir_auction_drop_bids(lq, scope);
}

/* ---- Stages of a position -------------------------------------------------------------------- */

enum weir_stage weir_next_stage(const struct weir_liquidator *lq, const struct weir_leg *g,
                                enum weir_stage stage) {
    const struct weir_venue *v = lq->x->venue;
    bool stopped = weir_market_fund(lq->x, &lq->funds, g->market)->drawdown.stopped;
    if (stopped && (stage == WEIR_STAGE_BOOK || stage == WEIR_STAGE_AUCTION)) return WEIR_STAGE_ADL;
    switch (stage) {
    case WEIR_STAGE_BOOK:
        return v->auction_format != WEIR_AUCTION_NONE ? WEIR_STAGE_AUCTION : WEIR_STAGE_BACKSTOP;
    case WEIR_STAGE_AUCTION:
        return WEIR_STAGE_BACKSTOP;
    case WEIR_STAGE_BACKSTOP:
        return v->absorb_enabled ? WEIR_STAGE_ABSORB : WEIR_STAGE_ADL;
    case WEIR_STAGE_NONE:
    case WEIR_STAGE_ABSORB:
    case WEIR_STAGE_ADL:
        break;
    }
    return WEIR_STAGE_ADL;
}

void weir_enter_stage(struct weir_liquidator *lq, uint32_t leg, enum weir_stage stage) {
    struct weir_leg *g = leg_at(lq, leg);
    struct weir_scope *s = scope_at(lq, g->scope);
    struct weir_case *c = case_at(lq, g->scope);
    struct weir_leg_work *w = &weir_leg_extra_make(&lq->x->ledger, g)->work;
    w->stage = (uint8_t)stage;
    weir_queue_wake(lq, g->scope);
    if (stage > WEIR_STAGE_BOOK) {
        weir_budget_leave(lq, leg);
        w->beyond_book = true;
        if (c->kept == leg) c->kept = WEIR_NO_INDEX;
    } else {
        w->empty_slices = 0;
    }
    if (stage == WEIR_STAGE_ADL && s->queue == WEIR_QUEUE_ACTIVE)
        weir_heap_put(lq, &lq->adl, g->scope);
}

static void count_lots(struct weir_liquidator *lq, uint32_t leg, weir_wide realised) {
    struct weir_leg *g = leg_at(lq, leg);
    struct weir_case *c = case_at(lq, g->scope);
    struct weir_leg_work *w = &weir_leg_extra_make(&lq->x->ledger, g)->work;
    c->closed_lots = true;
    w->realised += realised;
    w->closed_any = true;
    if (g->size != 0) return;
    w->stage = WEIR_STAGE_NONE;
    weir_budget_leave(lq, leg);
    if (c->kept == leg) c->kept = WEIR_NO_INDEX;
}

void weir_count_settled(struct weir_liquidator *lq, uint32_t leg,
                        const struct weir_position_change *change) {
    const struct weir_leg *g = leg_at(lq, leg);
    if (scope_at(lq, g->scope)->queue == WEIR_QUEUE_ACTIVE) {
        count_lots(lq, leg, change->realised);
        weir_flat_shortfall(lq, g->scope);
        weir_queue_place(lq, g->scope);
    }
    weir_fund_return(lq, g->account);
}

void weir_count_closed(struct weir_liquidator *lq, uint32_t leg, enum weir_stage_value stage,
                       weir_wide value, weir_wide realised) {
    case_at(lq, leg_at(lq, leg)->scope)->by_stage[stage] += value;
    count_lots(lq, leg, realised);
}

/* min(balance, equity). Both are the bare balance where nothing is left to be worth something. */
static weir_wide can_pay_now(const struct weir_exchange *x, uint32_t scope) {
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    if (s->collateral == WEIR_NO_INDEX && weir_scope_flat(&x->ledger, scope))
        return weir_scope_own_balance(s);
    struct weir_health h;
    weir_health_brief(x, scope, &h);
    return weir_wide_min(h.balance, h.equity);
}

void weir_take_liquidation_fee(struct weir_liquidator *lq, uint32_t leg, weir_wide value,
                               weir_wide better) {
    struct weir_exchange *x = lq->x;
    const struct weir_leg *g = leg_at(lq, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    if (value == 0 || m->fee_liquidation == 0 || better <= 0) return;
    weir_wide can_pay = can_pay_now(x, g->scope);
    weir_wide fee = weir_wide_min(weir_fee(value, m->fee_liquidation), better);
    fee = weir_wide_min(fee, can_pay);
    if (fee <= 0) return;
    weir_post_balance(&x->ledger, g->scope, -fee);
    weir_touch_key(x, g->scope);
    weir_fund_move(x, &lq->funds, m->fund_idx, WEIR_CAUSE_LIQUIDATION_FEE, fee, g->account);
}

/* ---- Ending ---------------------------------------------------------------------------------- */

/* R30: what is left of a scope of which lots went beyond the book stage stays with the fund. */
static void confiscate(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_exchange *x = lq->x;
    struct weir_scope *s = scope_at(lq, scope);
    weir_wide amount = weir_scope_own_balance(s);
    if (!x->venue->remainder_confiscate || amount <= 0) return;
    if (weir_account_is_fund(&x->ledger, s->account)) return;
    for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(&x->ledger, scope, i)) {
        const struct weir_leg *g = leg_at(lq, i);
        if (!weir_leg_work(&x->ledger, g)->beyond_book) continue;
        weir_post_balance(&x->ledger, scope, -amount);
        weir_fund_move(x, &lq->funds, x->venue->markets[g->market].fund_idx, WEIR_CAUSE_CONFISCATED,
                       amount, s->account);
        return;
    }
}

void weir_liquidation_end(struct weir_liquidator *lq, uint32_t scope, enum weir_outcome outcome) {
    struct weir_exchange *x = lq->x;
    struct weir_scope *s = scope_at(lq, scope);
    const struct weir_case *c = case_at(lq, scope);
    uint32_t account = s->account;
    if (!c->closed_lots) outcome = WEIR_CURED;
    if (outcome == WEIR_CLOSED) confiscate(lq, scope);
    struct weir_event e;
    e.kind = WEIR_EV_LIQUIDATION_ENDED;
    e.liquidation_ended.liquidation = c->liquidation;
    e.liquidation_ended.account = weir_account_name(&x->ledger, s->account);
    e.liquidation_ended.scope_market = weir_scope_code(s);
    e.liquidation_ended.outcome = outcome;
    e.liquidation_ended.shortfall = c->shortfall;
    memcpy(e.liquidation_ended.by_stage, c->by_stage, sizeof c->by_stage);
    weir_emit(x, &e);
    for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(&x->ledger, scope, i)) {
        struct weir_leg *g = leg_at(lq, i);
        WEIR_CHECK(work_at(lq, i)->parked == 0);
        if (g->extra == 0) continue;
        weir_budget_leave(lq, i);
        weir_leg_extra_make(&x->ledger, g)->work =
            (struct weir_leg_work){.offer_next = WEIR_NO_INDEX};
        weir_leg_trim(&x->ledger, g, x->now);
    }
    weir_queue_leave(lq, scope);
    weir_fund_return(lq, account);
}

static void end_flat(struct weir_liquidator *lq, uint32_t scope) {
    weir_scope_settle(&lq->x->ledger, scope);
    if (weir_scope_own_balance(scope_at(lq, scope)) >= 0) {
        weir_liquidation_end(lq, scope, WEIR_CLOSED);
        return;
    }
    case_at(lq, scope)->wait_shortfall = true;
    weir_heap_drop(lq, &lq->ready, scope);
    weir_heap_drop(lq, &lq->adl, scope);
    uint32_t i = weir_pool_add(&lq->shortfalls, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&lq->shortfalls, uint32_t, i) = scope;
}

void weir_flat_shortfall(struct weir_liquidator *lq, uint32_t scope) {
    const struct weir_ledger *l = &lq->x->ledger;
    if (weir_scope_flat(l, scope) && weir_scope_balance(l, scope) < 0) end_flat(lq, scope);
}

static bool has_ended(const struct weir_liquidator *lq, uint32_t scope) {
    return scope_at(lq, scope)->queue != WEIR_QUEUE_ACTIVE || case_at(lq, scope)->wait_shortfall;
}

/* Ends the liquidation of a scope that stands so, if it can. */
static bool end_if_over(struct weir_liquidator *lq, uint32_t scope, const struct weir_health *h) {
    if (h->positions == 0) {
        end_flat(lq, scope);
        return true;
    }
    if (!weir_restored(lq->x, h) || weir_scope_parked(lq, scope)) return false;
    weir_liquidation_end(lq, scope, WEIR_RESTORED);
    return true;
}

bool weir_after_step(struct weir_liquidator *lq, uint32_t scope) {
    if (has_ended(lq, scope)) return true;
    if (weir_scope_flat(&lq->x->ledger, scope)) {
        end_flat(lq, scope);
        return true;
    }
    struct weir_health h;
    weir_look(lq, scope, &h);
    return end_if_over(lq, scope, &h);
}

/* ---- Choosing what to work ------------------------------------------------------------------- */

static bool can_work(const struct weir_liquidator *lq, const struct weir_leg *g) {
    const struct weir_leg_work *w = weir_leg_work(&lq->x->ledger, g);
    if (g->size == 0 || w->parked > 0 || w->wait_seq == lq->x->seq) return false;
    if (w->stage == WEIR_STAGE_ADL || !weir_market_workable(lq->x, g->market)) return false;
    return w->stage != WEIR_STAGE_AUCTION || weir_auction_has_room(lq, g);
}

static bool can_deleverage(const struct weir_liquidator *lq, const struct weir_leg *g) {
    const struct weir_leg_work *w = weir_leg_work(&lq->x->ledger, g);
    if (g->size == 0 || w->stage != WEIR_STAGE_ADL || w->wait_seq == lq->x->seq) return false;
    return weir_market_workable(lq->x, g->market);
}

/* Of the scope's positions that `can`, the one with the largest requirement, ties to the lower
 * market (R22); WEIR_NO_INDEX: none. */
static uint32_t largest(const struct weir_liquidator *lq, uint32_t scope,
                        bool (*can)(const struct weir_liquidator *lq, const struct weir_leg *g)) {
    const struct weir_exchange *x = lq->x;
    uint32_t best = WEIR_NO_INDEX, n = 0;
    for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(&x->ledger, scope, i)) {
        if (!can(lq, leg_at(lq, i))) continue;
        if (n++ == 0) best = i;
    }
    if (n < 2) return best;
    weir_wide best_mm = -1;
    struct weir_health h;
    weir_health_brief(x, scope, &h);
    for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(&x->ledger, scope, i)) {
        const struct weir_leg *g = leg_at(lq, i);
        if (!can(lq, g)) continue;
        weir_wide mm = weir_leg_maintenance(x, g, &h);
        if (mm <= best_mm) continue;
        best = i;
        best_mm = mm;
    }
    return best;
}

/* The position of the next step: the one kept in the book stage, else the largest. */
static uint32_t pick(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_case *c = case_at(lq, scope);
    if (c->kept != WEIR_NO_INDEX && can_work(lq, leg_at(lq, c->kept)) &&
        lq->x->prices[leg_at(lq, c->kept)->market].closings == c->kept_since)
        return c->kept;
    c->kept = WEIR_NO_INDEX;
    return largest(lq, scope, can_work);
}

static uint32_t pick_adl(const struct weir_liquidator *lq, uint32_t scope) {
    return largest(lq, scope, can_deleverage);
}

/* `h`: how its scope stands. Cancelling the scope's orders, the only thing done since it was looked
 * at, changes nothing of that but the order margin, which no stage asks for. */
static void work(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    switch ((enum weir_stage)work_at(lq, leg)->stage) {
    case WEIR_STAGE_BOOK:
        weir_book_stage(lq, leg, h);
        return;
    case WEIR_STAGE_AUCTION:
        weir_auction_stage(lq, leg, h);
        return;
    case WEIR_STAGE_BACKSTOP:
        weir_backstop_stage(lq, leg, h);
        return;
    case WEIR_STAGE_ABSORB:
        weir_absorb_stage(lq, leg, h);
        return;
    case WEIR_STAGE_NONE:
    case WEIR_STAGE_ADL:
        break;
    }
    WEIR_CHECK(!"a position is worked in no stage");
}

/* Can a scope that has not started do so? Not when all it has is in closed or stale markets. */
static bool may_begin(const struct weir_liquidator *lq, uint32_t scope,
                      const struct weir_health *h) {
    const struct weir_ledger *l = &lq->x->ledger;
    if (h->positions == 0) return true;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        if (leg_at(lq, i)->size != 0 && weir_market_workable(lq->x, leg_at(lq, i)->market))
            return true;
    return false;
}

static bool take_credit(struct weir_liquidator *lq) {
    if (lq->x->venue->capacity == WEIR_NONE) return true;
    if (lq->credit < WEIR_PPB) return false;
    lq->credit -= WEIR_PPB;
    return true;
}

enum outcome { NO_STEP, TOOK_STEP, NO_CREDIT };

/* May the leg be worked now? Not in its book stage when the policy has it wait. */
static bool ready(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h,
                  weir_time *until) {
    if ((!lq->plans && !lq->budgets) || leg == WEIR_NO_INDEX) return true;
    return work_at(lq, leg)->stage != WEIR_STAGE_BOOK || weir_book_ready(lq, leg, h, until);
}

/* Leaves or ends without a step what needs none; true when the scope may still take one. */
static bool head_needs_step(struct weir_liquidator *lq, uint32_t scope, struct weir_health *h) {
    weir_look(lq, scope, h);
    if (scope_at(lq, scope)->queue == WEIR_QUEUE_WAITING) {
        if (!weir_liquidatable(lq->x, h))
            weir_queue_leave(lq, scope);
        else if (!may_begin(lq, scope, h))
            weir_queue_wait(lq, scope);
        else
            return true;
        return false;
    }
    if (has_ended(lq, scope) || end_if_over(lq, scope, h)) return false;
    if (!weir_restored(lq->x, h)) return true;
    weir_queue_rest(lq, scope); /* ends when its parked lots are back */
    return false;
}

static enum outcome step(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_health h;
    if (!head_needs_step(lq, scope, &h)) return NO_STEP;
    bool first = scope_at(lq, scope)->queue == WEIR_QUEUE_WAITING;
    uint32_t leg = first ? WEIR_NO_INDEX : pick(lq, scope);
    if (!first && leg == WEIR_NO_INDEX) {
        weir_queue_wait(lq, scope);
        return NO_STEP;
    }
    weir_time until;
    if (!ready(lq, leg, &h, &until)) {
        weir_queue_sleep(lq, scope, until);
        return NO_STEP;
    }
    if (!take_credit(lq)) return NO_CREDIT;
    if (first) {
        begin(lq, scope, &h);
        leg = pick(lq, scope);
        if (!ready(lq, leg, &h, &until)) leg = WEIR_NO_INDEX;
    }
    if (leg != WEIR_NO_INDEX) work(lq, leg, &h);
    if (!weir_after_step(lq, scope)) weir_queue_place(lq, scope);
    return TOOK_STEP;
}

/* Does a scope wait for an ADL step that could be taken now? */
static bool adl_waits(const struct weir_liquidator *lq) {
    const struct weir_heap_entry *at = WEIR_AT(&lq->adl.entries, struct weir_heap_entry, 0);
    for (uint32_t i = 0; i < lq->adl.entries.count; i++)
        if (pick_adl(lq, at[i].scope) != WEIR_NO_INDEX) return true;
    return false;
}

/* ADL takes what the other steps left, but one step is kept for it when a scope waits for it; with
 * one step a command it gets those with an even seq. */
int64_t weir_liquidation_steps(struct weir_liquidator *lq) {
    int64_t all = lq->x->venue->steps_per_command, kept = 0, used = 0;
    struct weir_queue_ahead ahead;
    ahead.count = ahead.at = 0;
    weir_budget_rounds(lq);
    weir_queue_retry(lq);
    if (adl_waits(lq)) kept = all > 1 ? 1 : lq->x->seq % 2 == 0;
    while (used < all - kept) {
        uint32_t scope = weir_heap_top(&lq->ready);
        if (scope == WEIR_NO_INDEX) break;
        weir_queue_look_ahead(lq, &ahead, scope);
        enum outcome outcome = step(lq, scope);
        if (outcome == NO_CREDIT) break;
        used += outcome == TOOK_STEP;
        weir_queue_rekey(lq);
    }
    return all - used;
}

/* ---- ADL steps ------------------------------------------------------------------------------- */

static enum outcome adl_step(struct weir_liquidator *lq, uint32_t scope) {
    uint32_t leg = pick_adl(lq, scope);
    if (leg == WEIR_NO_INDEX) {
        weir_heap_drop(lq, &lq->adl, scope);
        weir_queue_wait(lq, scope);
        return NO_STEP;
    }
    if (weir_after_step(lq, scope)) return NO_STEP;
    if (!take_credit(lq)) return NO_CREDIT;
    struct weir_health h;
    weir_look(lq, scope, &h);
    weir_adl_stage(lq, leg, &h);
    weir_after_step(lq, scope);
    return TOOK_STEP;
}

void weir_adl_steps(struct weir_liquidator *lq, int64_t budget) {
    while (budget > 0) {
        uint32_t scope = weir_heap_top(&lq->adl);
        if (scope == WEIR_NO_INDEX) break;
        enum outcome outcome = adl_step(lq, scope);
        if (outcome == NO_CREDIT) break;
        budget -= outcome == TOOK_STEP;
        weir_queue_rekey(lq);
    }
}
