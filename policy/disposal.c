/* `disposal`: every step of time a fraction of the rest, or a share of the visible lots within a
 * range of mark if that is less; whole at or below a size, but never more than that share. */
#include "policy/policy.h"

void weir_policy_disposal(const struct weir_policy_config *config,
                          const struct weir_policy_view *view, struct weir_slice *slice) {
    slice->limit = weir_range_edge(view, config->slippage_range);
    weir_wide visible = weir_visible_lots(view, slice->limit);
    weir_wide most = weir_wide_min(weir_div_ceil(visible * config->max_share, WEIR_PPB), INT64_MAX);
    weir_wide lots = view->lots;
    if (lots > config->full_size) lots = weir_div_ceil(lots * config->fraction, WEIR_PPB);
    slice->lots = (weir_qty)weir_wide_min(lots, most);
    slice->next = weir_saturate((weir_wide)view->now + config->step);
}
