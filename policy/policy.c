/* The table of policies, and the frontier beyond which none may slice (R37). */
#include "policy/policy.h"

typedef void (*policy_fn)(const struct weir_policy_config *config,
                          const struct weir_policy_view *view, struct weir_slice *slice);

static const policy_fn policies[WEIR_POLICY_COUNT] = {
    [WEIR_POLICY_FULL] = weir_policy_full,
    [WEIR_POLICY_TIER_STEP] = weir_policy_tier_step,
    [WEIR_POLICY_FRACTION] = weir_policy_fraction,
    [WEIR_POLICY_TWAP] = weir_policy_twap,
};

/* A partial close raises equity / MM only if c * MM < E * r. */
static bool slicing_helps(const struct weir_policy_config *config,
                          const struct weir_policy_view *v) {
    weir_wide cost = v->cost_ppb + config->slippage;
    return weir_cmp_products(cost, v->maintenance, v->equity, v->rate) < 0;
}

void weir_policy_slice(const struct weir_policy_config *config, const struct weir_policy_view *view,
                       struct weir_slice *slice) {
    WEIR_CHECK(policies[config->name] != NULL && view->lots >= 1);
    *slice = (struct weir_slice){.cooldown_until = view->cooldown_until};
    policies[config->name](config, view, slice);
    if (slice->lots < view->lots && config->frontier && !slicing_helps(config, view))
        slice->lots = view->lots;
    if (slice->lots == view->lots) slice->cooldown_until = view->cooldown_until;
    WEIR_CHECK(slice->lots >= 0 && slice->lots <= view->lots);
}
