/* `random_slice`: a fixed fraction with a probability per second, together no more than a share of
 * a day's trades. The seconds until the next slice are drawn at once: n with probability
 * (1 - p)^(n - 1) * p, the least n at which the chance of having waited longer is not above the
 * draw. */
#include "policy/policy.h"

#define ONE_BITS 62 /* probabilities in parts of 2^62 */
#define POWERS   32 /* waits of at most 2^32 seconds */

weir_time weir_random_wait(const struct weir_policy_config *config, uint64_t plan, uint32_t market,
                           int64_t number) {
    uint64_t key = weir_random_at(weir_random_at(config->seed, plan), market);
    weir_wide draw = (weir_wide)(weir_random_at(key, (uint64_t)number) >> 2);
    weir_wide one = (weir_wide)1 << ONE_BITS, power[POWERS], longer = one;
    power[0] = weir_mul_div_floor(one, WEIR_PPB - config->probability, WEIR_PPB);
    for (int i = 1; i < POWERS; i++)
        power[i] = power[i - 1] * power[i - 1] >> ONE_BITS;
    int64_t seconds = 1;
    for (int i = POWERS - 1; i >= 0; i--) {
        weir_wide then = longer * power[i] >> ONE_BITS;
        if (then <= draw) continue;
        longer = then;
        seconds += INT64_C(1) << i;
    }
    return seconds * WEIR_SECOND;
}

void weir_policy_random_slice(const struct weir_policy_config *config,
                              const struct weir_policy_view *view, struct weir_slice *slice) {
    uint32_t market = weir_leg_at(&view->x->ledger, view->leg)->market;
    weir_wide traded = weir_measure_volume(&view->x->measures[market], view->now);
    weir_wide left = weir_mul_div_floor(traded, config->volume_share, WEIR_PPB) -
                     weir_bucket_sum(view->state->closed, WEIR_VOLUME_SLOTS, weir_hour(view->now));
    if (left <= 0) {
        weir_slice_wait(slice, WEIR_NEXT_COMMAND);
        return;
    }
    weir_wide lots = weir_div_ceil((weir_wide)view->lots * config->fraction, WEIR_PPB);
    slice->lots = (weir_qty)weir_wide_min(lots, left);
    slice->next =
        weir_saturate((weir_wide)view->now +
                      weir_random_wait(config, view->number, market, view->plan->slice + 1));
}
