/* `ramp`: the share of the position that may be closed in all grows with the time since the
 * trigger. */
#include "policy/policy.h"

void weir_policy_ramp(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      struct weir_slice *slice) {
    weir_qty all = weir_max(view->plan->first_lots, view->lots), closed = all - view->lots;
    weir_wide elapsed = weir_min(view->now - view->triggered, config->duration);
    weir_wide share =
        weir_wide_min(WEIR_PPB, config->initial + elapsed * WEIR_PPB / config->duration);
    weir_qty open = (weir_qty)(all * share / WEIR_PPB) - closed;
    if (open > 0) {
        slice->lots = open;
        return;
    }
    weir_wide need = weir_div_ceil((weir_wide)(closed + 1) * WEIR_PPB, all) - config->initial;
    weir_slice_wait(
        slice, weir_saturate(view->triggered + weir_div_ceil(need * config->duration, WEIR_PPB)));
}
