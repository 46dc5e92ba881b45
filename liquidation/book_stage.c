/* The book stage (R22-R25, R31): one slice of one position, immediate-or-cancel at a limit that
 * never costs more than the scope has, but for what the fund grants. */
#include "liquidation/stages.h"

struct slice {
    struct weir_liquidator *lq;
    uint32_t leg;
    enum weir_side side;
    weir_price bankruptcy;
    weir_wide better;  /* what the fills were better than bankruptcy, summed */
    weir_wide granted; /* fund money left for this step */
    weir_wide paid;    /* and what was taken of it */
    bool all_or_nothing;
};

weir_price weir_band_edge(const struct weir_exchange *x, uint32_t market, enum weir_side side) {
    const struct weir_market *m = &x->venue->markets[market];
    weir_rate band = x->risks[market].liquidation_band;
    weir_price mark = x->prices[market].mark;
    if (band == WEIR_NONE) return side == WEIR_SELL ? 1 : m->max_price;
    weir_wide p = side == WEIR_SELL ? weir_div_ceil((weir_wide)mark * (WEIR_PPB - band), WEIR_PPB)
                                    : weir_div_floor((weir_wide)mark * (WEIR_PPB + band), WEIR_PPB);
    return weir_clamp(weir_saturate(p), 1, m->max_price);
}

/* r of the position's tier. */
static weir_rate position_rate(const struct weir_exchange *x, const struct weir_leg *g) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    weir_wide n = weir_margin_notional(m, x->prices[g->market].mark, g->size, g->entry_value,
                                       weir_abs(g->size));
    return r->tiers.row[weir_tier_of(m, r, n)].rate;
}

/* Mark worsened by floor(mark * spread * r * x / 10^27), x how far below REQ the equity is. */
static weir_price fillable_price(const struct weir_exchange *x, const struct weir_leg *g,
                                 const struct weir_health *h) {
    const struct weir_venue *v = x->venue;
    const struct weir_market *m = &v->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    weir_wide depth = WEIR_PPB;
    if (h->requirement > 0)
        depth =
            weir_mul_div_floor(v->fillable_adjustment, h->requirement - h->equity, h->requirement);
    depth = weir_wide_max(0, weir_wide_min(depth, WEIR_PPB));
    weir_wide ticks =
        weir_mul3_div2_floor((weir_wide)mark * v->fillable_spread, position_rate(x, g), depth,
                             (weir_wide)WEIR_PPB * WEIR_PPB, WEIR_PPB);
    return weir_worse_by(m, weir_closing_side(g), mark, ticks);
}

/* The better of two limits for who closes on `side`. */
static weir_price better_limit(enum weir_side side, weir_price a, weir_price b) {
    return side == WEIR_SELL ? weir_max(a, b) : weir_min(a, b);
}

/* The plan's limit with the fund's grant (R24, R31). */
static weir_price plan_limit(struct slice *s, const struct weir_health *h, weir_qty lots,
                             weir_wide share) {
    const struct weir_exchange *x = s->lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, s->leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark, worst = s->bankruptcy;
    weir_wide gap = -weir_better_by(m, s->side, mark, s->bankruptcy, lots);
    if (share < 0 && gap > 0) {
        weir_wide grant = weir_fund_grant(x, &s->lq->funds, g, weir_wide_min(gap, -share));
        s->all_or_nothing = x->venue->funds[m->fund_idx].payout == WEIR_PAYOUT_ALL_OR_NOTHING;
        s->granted = grant;
        if (s->all_or_nothing)
            worst = mark;
        else if (grant > 0) /* in whole ticks, but never beyond mark */
            worst =
                better_limit(s->side, mark, weir_price_within_gap(m, s->side, worst, lots, grant));
    }
    weir_price limit = worst;
    if (x->venue->limit_fillable) limit = better_limit(s->side, fillable_price(x, g, h), worst);
    return better_limit(s->side, limit, weir_band_edge(x, g->market, s->side));
}

static bool allow_fill(void *ctx, weir_price price, weir_qty qty) {
    const struct slice *s = ctx;
    const struct weir_leg *g = weir_leg_at(&s->lq->x->ledger, s->leg);
    weir_wide gap =
        -weir_better_by(&s->lq->x->venue->markets[g->market], s->side, price, s->bankruptcy, qty);
    return gap <= s->granted;
}

/* Fill by fill only where gaps may be paid, or an inverse contract's values are each rounded. */
static void filled(void *ctx, weir_price price, weir_qty qty,
                   const struct weir_position_change *change) {
    (void)change;
    struct slice *s = ctx;
    const struct weir_leg *g = weir_leg_at(&s->lq->x->ledger, s->leg);
    const struct weir_market *m = &s->lq->x->venue->markets[g->market];
    weir_wide better = weir_better_by(m, s->side, price, s->bankruptcy, qty);
    s->better += better;
    /* Rounded one by one, the gaps of inverse fills can exceed that of the whole. */
    weir_wide paid = weir_wide_min(-better, s->granted);
    if (paid <= 0) return;
    s->granted -= paid;
    s->paid += paid;
    weir_fund_pay_gap(s->lq->x, &s->lq->funds, s->leg, paid);
}

/* Equity at or below `at` * REQ, at > 0 (R25's jumps). */
static bool has_fallen_to(const struct weir_health *h, weir_rate at) {
    return at > 0 && weir_cmp_products(h->equity, WEIR_PPB, at, h->requirement) <= 0;
}

/* R25's jumps, looked at before each slice; the new stage is performed in the same step. */
static bool jump(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    const struct weir_venue *v = lq->x->venue;
    struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    enum weir_stage stage;
    if (has_fallen_to(h, v->backstop_at))
        stage = weir_next_stage(lq, g, WEIR_STAGE_AUCTION);
    else if (has_fallen_to(h, v->takeover_at))
        stage = weir_next_stage(lq, g, WEIR_STAGE_BOOK);
    else
        return false;
    weir_enter_stage(lq, leg, stage);
    if (stage == WEIR_STAGE_BACKSTOP) weir_backstop_stage(lq, leg, h);
    if (stage == WEIR_STAGE_AUCTION) {
        if (weir_auction_has_room(lq, g)) weir_auction_stage(lq, leg, h);
    }
    return true;
}

/* What a policy may ask back of the position it closes. */
struct asked {
    struct weir_liquidator *lq;
    uint32_t leg;
    const struct weir_health *h;
};

/* The slice of so many lots, its share and bankruptcy price known. */
static struct slice slice_of(const struct asked *a, weir_qty lots, weir_wide *share) {
    const struct weir_exchange *x = a->lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, a->leg);
    struct slice s = {.lq = a->lq, .leg = a->leg, .side = weir_closing_side(g)};
    *share = weir_bankruptcy_share(x, g, lots, a->h);
    s.bankruptcy = weir_bankruptcy_price(x, g, lots, *share, x->venue->bankruptcy_fee_included);
    return s;
}

static weir_price limit_of(void *ctx, weir_qty lots) {
    const struct asked *a = ctx;
    weir_wide share;
    struct slice s = slice_of(a, lots, &share);
    return plan_limit(&s, a->h, lots, share);
}

/* R31: what the fund is asked for a slice. */
static weir_wide fund_loss(void *ctx, weir_qty lots) {
    const struct asked *a = ctx;
    const struct weir_exchange *x = a->lq->x;
    uint32_t market = weir_leg_at(&x->ledger, a->leg)->market;
    weir_wide share;
    struct slice s = slice_of(a, lots, &share);
    if (share >= 0) return 0;
    weir_wide gap = -weir_better_by(&x->venue->markets[market], s.side, x->prices[market].mark,
                                    s.bankruptcy, lots);
    return weir_wide_max(0, weir_wide_min(gap, -share));
}

/* `a` lives as long as the view is used. */
static void see(struct asked *a, struct weir_policy_view *view) {
    const struct weir_exchange *x = a->lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, a->leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_leg_extra *extra = weir_leg_extra(&x->ledger, g);
    const struct weir_case *c = weir_scope_case(&x->ledger, weir_scope_at(&x->ledger, g->scope));
    weir_price mark = x->prices[g->market].mark;
    *view = (struct weir_policy_view){
        .x = x,
        .state = &a->lq->closed[g->market],
        .plan = &extra->plan,
        .leg = a->leg,
        .side = weir_closing_side(g),
        .market = m,
        .risk = &x->risks[g->market],
        .mark = mark,
        .lots = weir_abs(g->size),
        .notional = weir_value(m, mark, weir_abs(g->size)),
        .rate = position_rate(x, g),
        .equity = a->h->equity,
        .requirement = a->h->requirement,
        .maintenance = a->h->maintenance,
        .cost_ppb = m->fee_liquidation + (x->venue->bankruptcy_fee_included ? m->fee_taker : 0),
        .now = x->now,
        .triggered = c->entered,
        .cooldown_until = extra->cooldown_until,
        .number = c->liquidation,
        .limit = limit_of,
        .fund_loss = fund_loss,
        .ctx = a};
}

bool weir_book_ready(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h,
                     weir_time *until) {
    if (!lq->plans && !lq->budgets) return true;
    struct asked a = {lq, leg, h};
    struct weir_policy_view view;
    struct weir_slice plan;
    const struct weir_policy_config *policy = &lq->x->venue->policy;
    see(&a, &view);
    weir_policy_slice(policy, &view, &plan);
    /* Who keeps a plan looks at the book, trades, the fund or time as well: his slice can become
     * empty in the market's line, and then it is made at once (R36). */
    weir_time in_line = weir_policy_plans(policy) ? WEIR_NEXT_COMMAND : WEIR_IN_LINE;
    *until = plan.wait ? plan.until : in_line;
    if (plan.wait || !lq->budgets || plan.lots == 0) return !plan.wait;
    return weir_budget_admits(lq, leg, plan.lots);
}

static void ask_policy(struct asked *a, struct weir_leg *g, struct weir_policy_view *view,
                       struct weir_slice *plan) {
    const struct weir_policy_config *policy = &a->lq->x->venue->policy;
    if (policy->name == WEIR_POLICY_FULL) {
        *plan = (struct weir_slice){.lots = weir_abs(g->size)};
        return;
    }
    see(a, view);
    weir_policy_slice(policy, view, plan);
    weir_leg_extra_make(&a->lq->x->ledger, g)->cooldown_until = plan->cooldown_until;
}

/* The slice's walk, and what it means for the liquidation. The fills only close, so their P&L is
 * their value against the entry value they released (R7). */
static void close_on_book(struct slice *s, weir_price limit, weir_qty lots,
                          struct weir_walk *walk) {
    struct weir_exchange *x = s->lq->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, s->leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_amount entry_value = g->entry_value;
    bool each = s->granted > 0 || s->all_or_nothing || m->contract == WEIR_INVERSE;
    struct weir_taker taker = {.leg = s->leg,
                               .side = s->side,
                               .limit = limit,
                               .qty = lots,
                               .kind = WEIR_FILL_LIQUIDATION,
                               .pays_fee = x->venue->bankruptcy_fee_included,
                               .max_fills = x->venue->fills_per_step,
                               .allow = s->all_or_nothing ? allow_fill : NULL,
                               .filled = each ? filled : NULL,
                               .ctx = s};
    weir_match(x, &taker, walk);
    if (walk->fills == 0) return;
    int sign = s->side == WEIR_SELL ? weir_long_sign(m) : -weir_long_sign(m);
    if (!each)
        s->better = sign * ((weir_wide)walk->value - weir_value(m, s->bankruptcy, walk->filled));
    weir_count_closed(s->lq, s->leg, WEIR_BY_BOOK, walk->value,
                      sign * ((weir_wide)walk->value - (entry_value - g->entry_value)));
}

/* Whether the slice counts as empty, and the way out of the stage (R25). */
static void count_empty(struct weir_liquidator *lq, uint32_t leg, weir_qty wanted,
                        const struct weir_walk *walk) {
    struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    struct weir_leg_work *w = &weir_leg_extra_make(&lq->x->ledger, g)->work;
    const struct weir_venue *v = lq->x->venue;
    bool bound_met = walk->fills >= v->fills_per_step && walk->filled < wanted;
    bool empty =
        wanted == 0 || (v->empty_means_nothing_filled ? walk->filled == 0 : walk->filled < wanted);
    if (bound_met || !empty) {
        w->empty_slices = 0;
        return;
    }
    w->empty_slices++;
    if (w->empty_slices < v->empty_slices) return;
    weir_enter_stage(lq, leg, weir_next_stage(lq, g, WEIR_STAGE_BOOK));
}

void weir_book_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h) {
    struct weir_exchange *x = lq->x;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    uint32_t scope = g->scope;
    const struct weir_scope *owner = weir_scope_at(&x->ledger, scope);
    struct weir_case *c = weir_scope_case(&x->ledger, owner);
    c->kept = leg;
    c->kept_since = x->prices[g->market].closings;
    if (jump(lq, leg, h)) return;
    struct asked asked = {lq, leg, h};
    struct weir_policy_view view;
    struct weir_slice plan;
    ask_policy(&asked, g, &view, &plan);
    if (lq->budgets && plan.lots > 0) plan.lots = weir_budget_take(lq, leg, plan.lots);
    struct slice s = {.lq = lq, .leg = leg, .side = weir_closing_side(g)};
    weir_price limit = x->prices[g->market].mark;
    struct weir_walk walk = {0};
    if (plan.lots > 0) {
        weir_wide share = weir_bankruptcy_share(x, g, plan.lots, h);
        s.bankruptcy =
            weir_bankruptcy_price(x, g, plan.lots, share, x->venue->bankruptcy_fee_included);
        limit = plan_limit(&s, h, plan.lots, share);
        if (plan.limit != 0) limit = better_limit(s.side, limit, plan.limit);
        close_on_book(&s, limit, plan.lots, &walk);
        weir_take_liquidation_fee(lq, leg, walk.value, s.better);
    }
    if (lq->plans) {
        struct weir_leg_extra *extra = weir_leg_extra_make(&x->ledger, g);
        weir_policy_made(&x->venue->policy, &view, &plan, walk.filled, s.paid, &extra->plan, extra,
                         &lq->closed[g->market]);
    }
    WEIR_EMIT(x, WEIR_EV_LIQUIDATION_STEP, liquidation_step,
              weir_scope_case(&x->ledger, owner)->liquidation,
              weir_account_name(&x->ledger, g->account), weir_scope_code(owner), g->market, s.side,
              plan.lots, limit, walk.filled, x->venue->policy.name);
    if (g->size == 0) return;
    /* A scope that ends here leaves its stages; counting comes after that look (R25). */
    if (!weir_after_step(lq, scope)) count_empty(lq, leg, plan.lots, &walk);
}
