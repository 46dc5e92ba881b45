/* `pov`: every interval a share of the lots traded since the last slice. */
#include "policy/policy.h"

void weir_policy_pov(const struct weir_policy_config *config, const struct weir_policy_view *view,
                     struct weir_slice *slice) {
    uint32_t market = weir_leg_at(&view->x->ledger, view->leg)->market;
    weir_wide traded = view->x->measures[market].traded - view->plan->traded;
    weir_wide lots = weir_mul_div_floor(traded, config->share, WEIR_PPB);
    if (lots == 0) {
        weir_slice_wait(slice, WEIR_NEXT_COMMAND);
        return;
    }
    slice->lots = (weir_qty)weir_wide_min(lots, view->lots);
    slice->next = weir_saturate((weir_wide)view->now + config->interval);
}
