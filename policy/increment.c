/* `increment`: the least quantity whose closing at mark, with the fees and an assumed slippage,
 * restores the scope; whole if none does. */
#include "policy/policy.h"

static struct weir_position_change closed(const struct weir_policy_view *view, weir_qty lots) {
    const struct weir_leg *g = weir_leg_at(&view->x->ledger, view->leg);
    return weir_position_fill(view->market, g->size, g->entry_value, g->size > 0 ? -lots : lots,
                              view->mark);
}

static bool restores(const struct weir_policy_config *config, const struct weir_policy_view *view,
                     weir_qty lots) {
    struct weir_position_change change = closed(view, lots);
    struct weir_what_if w = weir_what_if_filled(view->x, view->leg, &change);
    w.balance += weir_leg_pending(&view->x->ledger, weir_leg_at(&view->x->ledger, view->leg));
    w.balance -= weir_fee(weir_value(view->market, view->mark, lots),
                          (weir_rate)view->cost_ppb + config->slippage);
    struct weir_health h;
    weir_health(view->x, w.after.scope, &w, &h);
    return weir_restored(view->x, &h);
}

static uint32_t tier_after(const struct weir_policy_view *view, weir_qty lots) {
    struct weir_position_change rest = closed(view, lots);
    weir_wide n = weir_margin_notional(view->market, view->mark, rest.size, rest.entry_value,
                                       weir_abs(rest.size));
    return weir_tier_of(view->market, view->risk, n);
}

/* The least quantity in (low, high] that leaves the rest in at most this tier; `high` does. */
static weir_qty tier_start(const struct weir_policy_view *view, uint32_t tier, weir_qty low,
                           weir_qty high) {
    while (high - low > 1) {
        weir_qty middle = low + (high - low) / 2;
        if (tier_after(view, middle) <= tier)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* Within a tier equity less requirement is a straight line in the quantity, and only beyond a
 * tier's end it can jump: tier by tier the first, then the last quantity is tried, and between one
 * that does not and one that does the change is found by halving. */
void weir_policy_increment(const struct weir_policy_config *config,
                           const struct weir_policy_view *view, struct weir_slice *slice) {
    slice->lots = view->lots;
    for (weir_qty first = 1; first < view->lots;) {
        uint32_t tier = tier_after(view, first);
        weir_qty end = tier == 0 ? view->lots : tier_start(view, tier - 1, first, view->lots);
        weir_qty no = first, yes = end - 1;
        if (restores(config, view, first)) {
            slice->lots = first;
            return;
        }
        if (restores(config, view, yes)) {
            while (yes - no > 1) {
                weir_qty middle = no + (yes - no) / 2;
                if (restores(config, view, middle))
                    yes = middle;
                else
                    no = middle;
            }
            slice->lots = yes;
            return;
        }
        first = end;
    }
}
