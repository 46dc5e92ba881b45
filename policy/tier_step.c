/* `tier_step`: the least quantity whose rest lies in a lower tier (or the first); whole in the
 * first tier. */
#include "policy/policy.h"

void weir_policy_tier_step(const struct weir_policy_config *config,
                           const struct weir_policy_view *view, struct weir_slice *slice) {
    const struct weir_market *m = view->market;
    uint32_t tier = weir_tier_of(m, view->risk, view->notional);
    slice->lots = view->lots;
    if (tier == 0) return;
    weir_wide end = view->risk->tiers.row[config->tier_step_to_first ? 0 : tier - 1].cap;
    if (m->tier_edge == WEIR_LOWER_INCLUSIVE) end--;
    slice->lots = view->lots - weir_min(weir_lots_within(m, view->mark, end), view->lots);
}
