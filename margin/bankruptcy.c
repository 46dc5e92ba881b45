/* Bankruptcy and liquidation prices (R23, R17). */
#include "margin/margin.h"

weir_wide weir_bankruptcy_share(const struct weir_exchange *x, const struct weir_leg *g,
                                weir_qty lots, const struct weir_health *h) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    weir_price mark = x->prices[g->market].mark;
    weir_qty size = weir_abs(g->size);
    WEIR_CHECK(lots >= 1 && lots <= size);
    weir_wide mm = weir_maintenance(m, r, mark, g->size, g->entry_value);
    if (h->maintenance == 0)
        return weir_mul3_div2_floor(h->equity, weir_value(m, mark, size), lots, h->notional, size);
    if (x->venue->bankruptcy_share == WEIR_SHARE_PER_LOT)
        return weir_mul3_div2_floor(h->equity, mm, lots, h->maintenance, size);
    struct weir_position_change rest = weir_position_fill(
        g->size, g->entry_value, g->size > 0 ? -lots : lots, mark, m->unit_value);
    weir_wide released = mm - weir_maintenance(m, r, mark, rest.size, rest.entry_value);
    return weir_mul_div_floor(h->equity, released, h->maintenance);
}

weir_price weir_bankruptcy_price(const struct weir_exchange *x, const struct weir_leg *g,
                                 weir_qty lots, weir_wide share, bool with_fee) {
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    weir_wide unit = (weir_wide)lots * m->unit_value, p;
    bool is_long = g->size > 0;
    if (with_fee) {
        share -= x->venue->fills_per_step;
        weir_wide net = is_long ? mark * unit - share : mark * unit + share;
        weir_wide rate = is_long ? WEIR_PPB - m->fee_taker : WEIR_PPB + m->fee_taker;
        if (is_long)
            p = rate <= 0 ? INT64_MAX : -weir_mul3_div2_floor(-net, WEIR_PPB, 1, unit, rate);
        else
            p = weir_mul3_div2_floor(net, WEIR_PPB, 1, unit, rate);
    } else {
        weir_wide change = weir_div_floor(share, unit);
        p = is_long ? mark - change : mark + change;
    }
    return weir_clamp(weir_saturate(p), 1, m->max_price);
}
