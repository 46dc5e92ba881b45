/* `optimal`: the schedule that weighs the cost of closing fast against the risk of closing slowly.
 * What is open after slice j obeys x_(j+1) = 2c * x_j - x_(j-1) with nothing open after the last:
 * of k slices left the next keeps the part r_k = 1 / (2c - r_(k-1)), r_1 = 0. Measured anew at
 * every slice: 2(c - 1) = risk_aversion * variance of a slice's time * visible lots / (1 % * the
 * position's lots), as those lots move the price by 1 %. */
#include "policy/policy.h"

#define DEPTH_RANGE (WEIR_PPB / 100)
#define PART_ONE    ((weir_wide)WEIR_PPB * 1000000) /* parts of 10^15 */
#define CAP         (PART_ONE * 1000000)

/* c - 1, 10^-15. */
static weir_wide urgency(const struct weir_policy_config *config,
                         const struct weir_policy_view *view) {
    uint32_t market = weir_leg_at(&view->x->ledger, view->leg)->market;
    weir_time over = weir_max(1, config->horizon / config->slices);
    weir_wide visible = weir_visible_lots(view, weir_range_edge(view, DEPTH_RANGE));
    weir_wide risk = weir_measure_variance(&view->x->measures[market], view->now, over);
    risk = weir_wide_min(weir_mul_div_floor(risk, config->risk_aversion, WEIR_PPB),
                         PART_ONE * WEIR_PPB);
    visible = weir_wide_min(visible, INT64_MAX);
    weir_qty all = weir_max(view->plan->first_lots, view->lots);
    return weir_wide_min(weir_mul_div_floor(risk, visible, (weir_wide)all * 20), CAP);
}

void weir_policy_optimal(const struct weir_policy_config *config,
                         const struct weir_policy_view *view, struct weir_slice *slice) {
    weir_policy_twap(config, view, slice);
    weir_wide more = urgency(config, view), kept = 0;
    int64_t left = config->slices - view->plan->slice + 1;
    if (more == 0 || left <= 1) return;
    for (int64_t k = 2; k <= left; k++) {
        weir_wide next = PART_ONE * PART_ONE / (2 * (PART_ONE + more) - kept);
        if (next == kept) break;
        kept = next;
    }
    slice->lots = view->lots - (weir_qty)weir_mul_div_floor(view->lots, kept, PART_ONE);
}
