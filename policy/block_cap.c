/* `block_cap`: one slice of a position an interval, of a share of its notional but at least a
 * minimum, within what the account and the market may still close in the interval and what the
 * account may still cost the fund. */
#include "policy/policy.h"

/* What the account closed in the present interval in markets of this asset. */
static void used_by_account(const struct weir_policy_view *view, int64_t block, weir_wide *notional,
                            weir_wide *loss) {
    const struct weir_ledger *l = &view->x->ledger;
    *notional = *loss = 0;
    uint32_t first = weir_account_first_leg(l, weir_leg_at(l, view->leg)->account);
    for (uint32_t i = first; i != WEIR_NO_INDEX; i = weir_leg_at(l, i)->next) {
        const struct weir_leg *g = weir_leg_at(l, i);
        const struct weir_leg_extra *e = weir_leg_extra(l, g);
        if (e->block != block) continue;
        if (view->x->venue->markets[g->market].asset != view->market->asset) continue;
        *notional += e->block_notional;
        *loss += e->block_loss;
    }
}

/* The most lots, at most `lots`, within what is left of a cap; a lot always where none was used. */
static weir_qty within(const struct weir_policy_view *view, weir_qty lots, weir_amount cap,
                       weir_wide used) {
    if (cap == WEIR_NONE) return lots;
    weir_amount most = weir_policy_amount(view, cap);
    if (most <= used) return used == 0 ? weir_min(lots, 1) : 0;
    weir_qty fits = weir_lots_within(view->market, view->mark, most - used);
    if (fits == 0 && used == 0) fits = 1;
    return weir_min(lots, fits);
}

/* The same of the fund's loss: all lots if that fits, else what halving finds. */
static weir_qty within_loss(const struct weir_policy_view *view, weir_qty lots, weir_wide left) {
    if (lots == 0 || view->fund_loss(view->ctx, lots) <= left) return lots;
    weir_qty yes = 0;
    for (weir_qty no = lots; no - yes > 1;) {
        weir_qty middle = yes + (no - yes) / 2;
        if (view->fund_loss(view->ctx, middle) <= left)
            yes = middle;
        else
            no = middle;
    }
    return yes;
}

void weir_policy_block_cap(const struct weir_policy_config *config,
                           const struct weir_policy_view *view, struct weir_slice *slice) {
    int64_t block = view->now / config->interval;
    weir_wide account, loss, market = view->state->block == block ? view->state->block_notional : 0;
    used_by_account(view, block, &account, &loss);
    weir_wide part = weir_mul_div_floor(view->notional, config->share, WEIR_PPB);
    part = weir_wide_max(part, weir_policy_amount(view, config->min_notional));
    weir_qty lots = weir_max(1, weir_lots_within(view->market, view->mark, part));
    lots = weir_min(lots, view->lots);
    lots = within(view, lots, config->account_notional, account);
    lots = within(view, lots, config->market_notional, market);
    bool never = false;
    if (config->account_loss != WEIR_NONE && view->fund_loss && lots > 0) {
        weir_wide most = weir_policy_amount(view, config->account_loss);
        lots = within_loss(view, lots, weir_wide_max(0, most - loss));
        never = lots == 0 && loss == 0; /* the next interval would not allow more */
    }
    slice->next = weir_next_on_grid(view->now, config->interval);
    if (lots == 0 && !never)
        weir_slice_wait(slice, slice->next);
    else
        slice->lots = lots;
}
