/* Contract arithmetic that needs more than a line (R4). */
#include "market/contract.h"

weir_amount weir_market_amount(const struct weir_venue *v, const struct weir_market *m,
                               weir_amount amount) {
    if (amount == WEIR_NONE) return WEIR_NONE;
    weir_wide units = amount;
    for (int d = v->assets[0].decimals; d < v->assets[m->asset].decimals; d++)
        units = weir_wide_min(units * 10, WEIR_NONE - 1);
    for (int d = v->assets[m->asset].decimals; d < v->assets[0].decimals; d++)
        units /= 10;
    return (weir_amount)units;
}

weir_qty weir_lots_within(const struct weir_market *m, weir_price price, weir_wide value) {
    if (m->contract == WEIR_LINEAR)
        return weir_saturate(value / ((weir_wide)price * m->unit_value));
    /* floor(face * q / (price * divisor)) <= value exactly when face * q < (value + 1) * price *
     * divisor. */
    return weir_saturate(
        -weir_mul3_div2_floor(-(value + 1), price, m->face_divisor, m->face_units, 1) - 1);
}

weir_qty weir_lots_reaching(const struct weir_market *m, weir_price price, weir_wide value) {
    if (m->contract == WEIR_LINEAR)
        return weir_saturate(weir_div_ceil(value, (weir_wide)price * m->unit_value));
    return weir_saturate(-weir_mul3_div2_floor(-value, price, m->face_divisor, m->face_units, 1));
}

struct weir_price_range weir_prices_worth(const struct weir_market *m, weir_qty lots,
                                          weir_wide least, weir_wide most) {
    weir_wide low = 1, high = m->max_price;
    if (m->contract == WEIR_LINEAR) {
        weir_wide per_tick = (weir_wide)lots * m->unit_value;
        low = weir_div_ceil(least, per_tick);
        high = weir_div_floor(most, per_tick);
    } else {
        weir_wide worth = (weir_wide)lots * m->face_units;
        if (most < 0) return (struct weir_price_range){1, 0};
        low = weir_div_floor(weir_div_floor(worth, m->face_divisor), most + 1) + 1;
        if (least > 0) high = weir_div_floor(weir_div_floor(worth, m->face_divisor), least);
    }
    return (struct weir_price_range){weir_saturate(weir_wide_max(low, 1)),
                                     weir_saturate(weir_wide_min(high, m->max_price))};
}
