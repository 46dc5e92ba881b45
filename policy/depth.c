/* `depth`: a share of the visible lots up to the limit of the whole, once a command. */
#include "policy/policy.h"

void weir_policy_depth(const struct weir_policy_config *config, const struct weir_policy_view *view,
                       struct weir_slice *slice) {
    if (view->plan->sliced_with == view->x->seq) {
        weir_slice_wait(slice, WEIR_NEXT_COMMAND);
        return;
    }
    weir_wide visible = weir_visible_lots(view, view->limit(view->ctx, view->lots));
    weir_wide lots = weir_div_ceil(visible * config->share, WEIR_PPB);
    slice->lots = (weir_qty)weir_wide_min(lots, view->lots);
}
