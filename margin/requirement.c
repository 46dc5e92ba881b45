/* Tiers, maintenance and initial margin (R9, R10). */
#include "margin/margin.h"

/* The least rate of initial margin that a tier allows. */
static struct weir_initial_rate tier_rate(const struct weir_tier *row) {
    if (row->initial_rate > 0) return (struct weir_initial_rate){row->initial_rate, WEIR_PPB};
    return (struct weir_initial_rate){1, row->max_leverage};
}

/* d_1 = 0, d_k = d_(k-1) + cap_(k-1) * (r_k - r_(k-1)): exact in 10^-9 units. */
void weir_risk_derive(struct weir_risk *risk) {
    risk->deduction[0] = 0;
    for (uint32_t k = 1; k < risk->tiers.count; k++) {
        const struct weir_tier *row = risk->tiers.row;
        risk->deduction[k] =
            risk->deduction[k - 1] + (weir_wide)row[k - 1].cap * (row[k].rate - row[k - 1].rate);
    }
    risk->initial_grows = true;
    for (uint32_t k = 1; k < risk->tiers.count; k++) {
        struct weir_initial_rate below = tier_rate(&risk->tiers.row[k - 1]);
        struct weir_initial_rate own = tier_rate(&risk->tiers.row[k]);
        risk->initial_grows &=
            (weir_wide)own.over * below.under >= (weir_wide)below.over * own.under;
    }
}

weir_wide weir_maintenance_with(const struct weir_market *m, const struct weir_risk *r,
                                weir_price mark, weir_qty size, weir_amount entry_value,
                                weir_wide fee_value) {
    if (size == 0) return 0;
    weir_wide n = weir_margin_notional(m, mark, size, entry_value, weir_abs(size));
    return weir_maintenance_in_tier(m, r, weir_tier_of(m, r, n), n, fee_value);
}

weir_wide weir_maintenance(const struct weir_market *m, const struct weir_risk *r, weir_price mark,
                           weir_qty size, weir_amount entry_value) {
    weir_wide fee_value = m->closing_fee_basis == WEIR_BASIS_ENTRY
                              ? entry_value
                              : weir_value(m, mark, weir_abs(size));
    return weir_maintenance_with(m, r, mark, size, entry_value, fee_value);
}

bool weir_risk_scale(const struct weir_market *m, struct weir_risk *r, weir_price mark,
                     weir_qty open_interest) {
    weir_amount part = 0, whole = 1;
    if (m->oi_scaling_lower != WEIR_NONE && mark > 0) {
        weir_wide beyond = weir_value(m, mark, open_interest) - m->oi_scaling_lower;
        whole = weir_max(1, m->oi_scaling_upper - m->oi_scaling_lower);
        part = weir_clamp(weir_saturate(beyond), 0, whole);
    }
    bool changed = part != r->scale_part || whole != r->scale_whole;
    r->scale_part = part;
    r->scale_whole = whole;
    return changed;
}

/* The IM rate on its way from base = n / d to 1, rounded up. */
struct weir_initial_rate weir_scaled_rate(const struct weir_risk *r,
                                          struct weir_initial_rate rate) {
    weir_wide n = rate.over, d = rate.under;
    weir_wide up = n * r->scale_whole + (d - n) * r->scale_part;
    weir_wide over = -weir_mul3_div2_floor(-up, WEIR_PPB, 1, d, r->scale_whole);
    return (struct weir_initial_rate){(int64_t)over, WEIR_PPB};
}

bool weir_lots_fit(const struct weir_market *m, weir_wide lots) {
    return lots <= weir_lots_bound(m);
}
