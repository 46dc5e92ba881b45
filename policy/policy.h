/* policy: staggered-closure policies (R36), one file each: a read-only view in, a slice out. To add
 * one: its file, its row in weir_policies, its name in market/. */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include "margin/margin.h"

/* What a policy may see of the position it closes and its scope. */
struct weir_policy_view {
    const struct weir_market *market;
    const struct weir_risk *risk;
    weir_amount threshold; /* `fraction`: the configured one in the market's asset */
    weir_price mark;
    weir_qty lots;                              /* |s| less what is parked, >= 1 */
    weir_wide notional;                         /* of these lots at mark */
    weir_rate rate;                             /* maintenance rate of the position's tier */
    weir_wide equity, requirement, maintenance; /* of the scope */
    weir_wide cost_ppb; /* R37's c: fees per notional, slippage not included */
    weir_time now;
    weir_time cooldown_until; /* `fraction`; 0: never sliced */
    weir_time started;        /* `twap`: of the schedule */
    int64_t slice_number;     /* `twap`: j, from 1 */
};
struct weir_slice {
    weir_qty lots;            /* [0, view.lots] */
    weir_time next;           /* no slice before; 0: at once */
    weir_time cooldown_until; /* new value of the view's */
};
/* Asks the policy and applies R37's frontier: beyond it a slice becomes the whole. */
void weir_policy_slice(const struct weir_policy_config *config, const struct weir_policy_view *view,
                       struct weir_slice *slice);

/* One a file. */
void weir_policy_full(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      struct weir_slice *slice);
void weir_policy_tier_step(const struct weir_policy_config *config,
                           const struct weir_policy_view *view, struct weir_slice *slice);
void weir_policy_fraction(const struct weir_policy_config *config,
                          const struct weir_policy_view *view, struct weir_slice *slice);
void weir_policy_twap(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      struct weir_slice *slice);

#endif
