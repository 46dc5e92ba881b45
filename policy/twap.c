/* `twap`: slice j of n closes ceil(rest / (n - j + 1)), one every horizon / n; the last again while
 * lots remain. */
#include "policy/policy.h"

void weir_policy_twap(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      struct weir_slice *slice) {
    int64_t slices_left = weir_max(1, config->slices - view->slice_number + 1);
    slice->lots = (weir_qty)weir_div_ceil(view->lots, slices_left);
    slice->next = weir_saturate(view->started +
                                (weir_wide)view->slice_number * config->horizon / config->slices);
}
