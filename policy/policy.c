/* The table of policies, the frontier beyond which none may slice (R37), and plans. */
#include "policy/policy.h"

#include <stdlib.h>

static weir_policy_fn *const policies[WEIR_POLICY_COUNT] = {
    [WEIR_POLICY_FULL] = weir_policy_full,
    [WEIR_POLICY_TIER_STEP] = weir_policy_tier_step,
    [WEIR_POLICY_FRACTION] = weir_policy_fraction,
    [WEIR_POLICY_INCREMENT] = weir_policy_increment,
    [WEIR_POLICY_DISPOSAL] = weir_policy_disposal,
    [WEIR_POLICY_BLOCK_CAP] = weir_policy_block_cap,
    [WEIR_POLICY_WINDOW] = weir_policy_window,
    [WEIR_POLICY_RAMP] = weir_policy_ramp,
    [WEIR_POLICY_RANDOM_SLICE] = weir_policy_random_slice,
    [WEIR_POLICY_TWAP] = weir_policy_twap,
    [WEIR_POLICY_POV] = weir_policy_pov,
    [WEIR_POLICY_DEPTH] = weir_policy_depth,
    [WEIR_POLICY_OPTIMAL] = weir_policy_optimal,
};

bool weir_policy_plans(const struct weir_policy_config *config) {
    return config->name != WEIR_POLICY_FULL && config->name != WEIR_POLICY_TIER_STEP &&
           config->name != WEIR_POLICY_FRACTION && config->name != WEIR_POLICY_INCREMENT;
}

/* A partial close raises equity / MM only if c * MM < E * r. */
static bool slicing_helps(const struct weir_policy_config *config,
                          const struct weir_policy_view *v) {
    weir_wide cost = v->cost_ppb + config->slippage;
    return weir_cmp_products(cost, v->maintenance, v->equity, v->rate) < 0;
}

void weir_policy_slice(const struct weir_policy_config *config, const struct weir_policy_view *view,
                       struct weir_slice *slice) {
    WEIR_CHECK(view->lots >= 1);
    *slice = (struct weir_slice){.cooldown_until = view->cooldown_until};
    if (view->plan->next > view->now)
        weir_slice_wait(slice, view->plan->next);
    else
        policies[config->name](config, view, slice);
    if (slice->lots < view->lots && config->frontier && !slicing_helps(config, view))
        *slice = (struct weir_slice){.lots = view->lots};
    if (slice->lots == view->lots) slice->cooldown_until = view->cooldown_until;
    WEIR_CHECK(slice->lots >= 0 && slice->lots <= view->lots);
}

void weir_policy_begin(const struct weir_policy_config *config, const struct weir_exchange *x,
                       uint32_t market, uint64_t number, weir_qty lots,
                       struct weir_leg_plan *plan) {
    *plan = (struct weir_leg_plan){.started = x->now, .slice = 1, .first_lots = lots};
    if (config->name == WEIR_POLICY_POV) {
        plan->traded = x->measures[market].traded;
        plan->next = weir_saturate((weir_wide)x->now + config->interval);
    }
    if (config->name == WEIR_POLICY_RANDOM_SLICE)
        plan->next = weir_saturate((weir_wide)x->now + weir_random_wait(config, number, market, 1));
}

/* `block_cap`: what was closed in the interval, by the account and in the market. */
static void count_block(const struct weir_policy_config *config,
                        const struct weir_policy_view *view, weir_wide value, weir_wide loss,
                        struct weir_leg_extra *extra, struct weir_policy_market *state) {
    int64_t block = view->now / config->interval;
    if (extra->block != block) extra->block_notional = extra->block_loss = 0;
    if (state->block != block) state->block_notional = 0;
    extra->block = state->block = block;
    extra->block_until = weir_next_on_grid(view->now, config->interval);
    extra->block_notional += value;
    extra->block_loss += loss;
    state->block_notional += value;
}

void weir_policy_made(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      const struct weir_slice *slice, weir_qty filled, weir_wide loss,
                      struct weir_leg_plan *plan, struct weir_leg_extra *extra,
                      struct weir_policy_market *state) {
    const struct weir_exchange *x = view->x;
    uint32_t market = weir_leg_at(&x->ledger, view->leg)->market;
    weir_wide value = weir_value(view->market, view->mark, filled);
    if (plan->slice == 1) plan->started = view->now;
    plan->next = slice->next;
    plan->slice++;
    plan->sliced_with = x->seq;
    if (config->name == WEIR_POLICY_POV) plan->traded = x->measures[market].traded;
    if (config->name == WEIR_POLICY_BLOCK_CAP) count_block(config, view, value, loss, extra, state);
    if (filled == 0) return;
    if (config->name == WEIR_POLICY_WINDOW) weir_window_add(config, state, view->now, value);
    if (config->name == WEIR_POLICY_RANDOM_SLICE)
        weir_bucket_add(state->closed, WEIR_VOLUME_SLOTS, weir_hour(view->now), filled);
}

void weir_policy_market_free(struct weir_policy_market *state) {
    free(state->window);
}

weir_wide weir_visible_lots(const struct weir_policy_view *view, weir_price limit) {
    const struct weir_book *book =
        &view->x->books[weir_leg_at(&view->x->ledger, view->leg)->market];
    struct weir_ladder *ladder = book->side[view->side ^ 1];
    struct weir_level_view level;
    weir_wide lots = 0;
    for (bool more = weir_ladder_first_level(ladder, &level); more;
         more = weir_ladder_next_level(ladder, &level)) {
        if (view->side == WEIR_SELL ? level.price < limit : level.price > limit) break;
        lots += level.qty;
    }
    return lots;
}

weir_price weir_range_edge(const struct weir_policy_view *view, weir_rate range) {
    weir_wide p = view->side == WEIR_SELL
                      ? weir_div_ceil((weir_wide)view->mark * (WEIR_PPB - range), WEIR_PPB)
                      : weir_div_floor((weir_wide)view->mark * (WEIR_PPB + range), WEIR_PPB);
    return weir_clamp(weir_saturate(p), 1, view->market->max_price);
}
