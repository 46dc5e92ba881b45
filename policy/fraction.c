/* `fraction`: above a notional threshold a fixed fraction; within the cool-down that follows, the
 * whole; whole at or below the threshold. */
#include "policy/policy.h"

void weir_policy_fraction(const struct weir_policy_config *config,
                          const struct weir_policy_view *view, struct weir_slice *slice) {
    slice->lots = view->lots;
    if (view->now < view->cooldown_until) return;
    if (view->notional <= weir_policy_amount(view, config->threshold)) return;
    slice->lots = (weir_qty)weir_div_ceil((weir_wide)view->lots * config->fraction, WEIR_PPB);
    slice->cooldown_until = weir_saturate((weir_wide)view->now + config->cooldown);
}
