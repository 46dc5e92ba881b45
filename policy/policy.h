/* policy: staggered-closure policies (R36), one file each: a read-only view in, a slice out. What a
 * policy remembers of a position is its plan (ledger/), of a market weir_policy_market. To add one:
 * its file, its row in policy.c's table, its name and keys in market/. */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include "margin/margin.h"

/* What the users of one configuration closed in a market: kept only for the policies named. */
struct weir_policy_market {
    int64_t block; /* `block_cap`: the interval of this number */
    weir_wide block_notional;
    struct weir_bucket closed[WEIR_VOLUME_SLOTS]; /* `random_slice`: lots by hour */
    struct weir_policy_entry {
        weir_time t;
        weir_wide value;
    } * window; /* `window`: oldest first */
    uint32_t window_first, window_end, window_room;
};
void weir_policy_market_free(struct weir_policy_market *state);
/* Its parts of an image (base/image.h). */
void weir_policy_market_image(struct weir_policy_market *state, struct weir_image *image);

/* What a policy may see of the position it closes, its scope and its market. */
struct weir_policy_view {
    const struct weir_exchange *x;
    const struct weir_policy_market *state;
    const struct weir_leg_plan *plan;
    uint32_t leg;
    enum weir_side side; /* of the closing order */
    const struct weir_market *market;
    const struct weir_risk *risk;
    weir_price mark;
    weir_qty lots;                              /* |s| less what is parked, >= 1 */
    weir_wide notional;                         /* of these lots at mark */
    weir_rate rate;                             /* maintenance rate of the position's tier */
    weir_wide equity, requirement, maintenance; /* of the scope */
    weir_wide cost_ppb; /* R37's c: fees per notional, slippage not included */
    weir_time now;
    weir_time triggered;      /* when the scope entered the queue, or inventory was taken */
    weir_time cooldown_until; /* `fraction`; 0: never sliced */
    uint64_t number;          /* of the liquidation; of inventory: when its schedule began */
    /* The limit of a slice of so many lots; what the fund would be asked to pay for it (NULL: it
     * pays nothing). */
    weir_price (*limit)(void *ctx, weir_qty lots);
    weir_wide (*fund_loss)(void *ctx, weir_qty lots);
    void *ctx;
};
#define WEIR_NEXT_COMMAND INT64_MAX
struct weir_slice {
    weir_qty lots;            /* [0, view.lots]; 0 without `wait`: a slice that closes nothing */
    bool wait;                /* no slice now; look again at `until` */
    weir_time until;          /* or WEIR_NEXT_COMMAND */
    weir_time next;           /* no slice before; 0: at once */
    weir_price limit;         /* no worse than this; 0: the stage's own limit alone */
    weir_time cooldown_until; /* new value of the view's */
};
/* Asks the policy; nothing changes. R37's frontier: beyond it a part or a wait becomes the whole.
 */
void weir_policy_slice(const struct weir_policy_config *config, const struct weir_policy_view *view,
                       struct weir_slice *slice);
/* Does the policy keep a plan, so that it must be begun and told of its slices? */
bool weir_policy_plans(const struct weir_policy_config *config);
/* The plan of a position of `lots` in a market that begins to be closed now. */
void weir_policy_begin(const struct weir_policy_config *config, const struct weir_exchange *x,
                       uint32_t market, uint64_t number, weir_qty lots, struct weir_leg_plan *plan);
/* A slice was made: `filled` lots at a loss of `loss` to the fund. `extra` is the leg's. */
void weir_policy_made(const struct weir_policy_config *config, const struct weir_policy_view *view,
                      const struct weir_slice *slice, weir_qty filled, weir_wide loss,
                      struct weir_leg_plan *plan, struct weir_leg_extra *extra,
                      struct weir_policy_market *state);

/* ---- For the policies ------------------------------------------------------------------------ */
/* Visible lots that a closing order of `side` could meet at `limit` or better. O(levels). */
weir_wide weir_visible_lots(const struct weir_policy_view *view, weir_price limit);
/* The price `range` from mark, against the closing side. */
weir_price weir_range_edge(const struct weir_policy_view *view, weir_rate range);
/* An amount of the configuration in the market's asset. */
static inline weir_amount weir_policy_amount(const struct weir_policy_view *view,
                                             weir_amount amount) {
    return weir_market_amount(view->x->venue, view->market, amount);
}
static inline void weir_slice_wait(struct weir_slice *slice, weir_time until) {
    slice->lots = 0;
    slice->wait = true;
    slice->until = until;
}
/* `random_slice`: how long before slice `number` of a plan. */
weir_time weir_random_wait(const struct weir_policy_config *config, uint64_t plan, uint32_t market,
                           int64_t number);
/* `window`: value closed within it; *oldest: when the first of that leaves it. */
weir_wide weir_window_used(const struct weir_policy_config *config,
                           const struct weir_policy_market *state, weir_time now,
                           weir_time *oldest);
void weir_window_add(const struct weir_policy_config *config, struct weir_policy_market *state,
                     weir_time now, weir_wide value);

/* One a file. */
typedef void weir_policy_fn(const struct weir_policy_config *config,
                            const struct weir_policy_view *view, struct weir_slice *slice);
weir_policy_fn weir_policy_full, weir_policy_tier_step, weir_policy_fraction, weir_policy_increment,
    weir_policy_disposal, weir_policy_block_cap, weir_policy_window, weir_policy_ramp,
    weir_policy_random_slice, weir_policy_twap, weir_policy_pov, weir_policy_depth,
    weir_policy_optimal;

#endif
