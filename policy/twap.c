/* `twap`: slice j of n closes ceil(rest / (n - j + 1)), one every horizon / n; the last again while
 * lots remain. */
#include "policy/policy.h"

void weir_policy_twap(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      struct weir_slice *slice) {
    int64_t j = view->plan->slice;
    weir_time started = j == 1 ? view->now : view->plan->started;
    slice->lots = (weir_qty)weir_div_ceil(view->lots, weir_max(1, config->slices - j + 1));
    slice->next = weir_saturate(started + (weir_wide)j * config->horizon / config->slices);
}
