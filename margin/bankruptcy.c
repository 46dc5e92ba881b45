/* Bankruptcy prices (R23). */
#include "margin/margin.h"

/* R9: the price at which the closing fee of the whole position is reserved: R23's with reserve 0,
 * shares per lot, no fee. */
static weir_price reserve_price(const struct weir_exchange *x, const struct weir_leg *g,
                                const struct weir_health *h) {
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    weir_qty size = weir_abs(g->size);
    weir_wide part = weir_value(m, mark, size), whole = h->notional;
    if (h->unreserved > 0) {
        part = weir_maintenance_with(m, &x->risks[g->market], mark, g->size, g->entry_value, 0);
        whole = h->unreserved;
    }
    weir_wide share = weir_mul_div_floor(h->reserve_equity, part, weir_wide_max(whole, 1));
    return weir_bankruptcy_price(x, g, size, share, false);
}

/* MM of a position of this size and V in the leg's place. */
static weir_wide maintenance_of(const struct weir_exchange *x, const struct weir_leg *g,
                                weir_qty size, weir_amount entry_value,
                                const struct weir_health *h) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    weir_price mark = x->prices[g->market].mark;
    if (m->closing_fee_reserve == 0 || m->closing_fee_basis != WEIR_BASIS_BANKRUPTCY)
        return weir_maintenance(m, r, mark, size, entry_value);
    weir_wide fee_value = weir_value(m, reserve_price(x, g, h), weir_abs(size));
    return weir_maintenance_with(m, r, mark, size, entry_value, fee_value);
}

weir_wide weir_leg_maintenance(const struct weir_exchange *x, const struct weir_leg *g,
                               const struct weir_health *h) {
    return maintenance_of(x, g, g->size, g->entry_value, h);
}

weir_wide weir_bankruptcy_share(const struct weir_exchange *x, const struct weir_leg *g,
                                weir_qty lots, const struct weir_health *h) {
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    weir_qty size = weir_abs(g->size);
    WEIR_CHECK(lots >= 1 && lots <= size);
    /* All of the only position: its requirement is the scope's, and the share all of E. */
    if (lots == size && h->positions == 1 && h->maintenance > 0) return h->equity;
    if (h->maintenance == 0)
        return weir_mul3_div2_floor(h->equity, weir_value(m, mark, size), lots,
                                    weir_wide_max(h->notional, 1), size);
    weir_wide mm = weir_leg_maintenance(x, g, h);
    if (x->venue->bankruptcy_share == WEIR_SHARE_PER_LOT)
        return weir_mul3_div2_floor(h->equity, mm, lots, h->maintenance, size);
    struct weir_position_change rest =
        weir_position_fill(m, g->size, g->entry_value, g->size > 0 ? -lots : lots, mark);
    weir_wide released = mm - maintenance_of(x, g, rest.size, rest.entry_value, h);
    return weir_mul_div_floor(h->equity, released, h->maintenance);
}

/* The price at which lots worth `net` before the fee's `rate` are worth that: rounded so that the
 * closer never loses by it. `net` > 0 where the contract is inverse. */
static weir_price price_of_worth(const struct weir_market *m, bool is_long, weir_qty lots,
                                 weir_wide net, weir_wide rate) {
    weir_wide up = is_long ? -1 : 1, p; /* a long's price is rounded up */
    if (m->contract == WEIR_LINEAR && rate == WEIR_PPB)
        p = weir_div_floor(up * net, (weir_wide)lots * m->unit_value);
    else if (m->contract == WEIR_LINEAR)
        p = weir_mul3_div2_floor(up * net, WEIR_PPB, 1, (weir_wide)lots * m->unit_value, rate);
    else
        p = weir_mul3_div2_floor(up * lots * m->face_units, rate, 1,
                                 (weir_wide)m->face_divisor * WEIR_PPB, net);
    return weir_clamp(weir_saturate(up * p), 1, m->max_price);
}

/* Linear: a long gets value * (1 - fee) and may lose a: it closes at value >= (N - a) / (1 - fee).
 * Inverse: a long pays value * (1 + fee), at most N + a. Shorts mirrored. */
weir_price weir_bankruptcy_price(const struct weir_exchange *x, const struct weir_leg *g,
                                 weir_qty lots, weir_wide share, bool with_fee) {
    const struct weir_market *m = &x->venue->markets[g->market];
    bool is_long = g->size > 0, inverse = m->contract == WEIR_INVERSE;
    bool pays = is_long == inverse;
    if (with_fee) share -= x->venue->fills_per_step;
    if (inverse) share -= x->venue->fills_per_step;
    weir_wide value = weir_value(m, x->prices[g->market].mark, lots);
    weir_wide net = pays ? value + share : value - share;
    weir_wide fee = with_fee ? m->fee_taker : 0;
    weir_wide rate = pays ? WEIR_PPB + fee : WEIR_PPB - fee;
    weir_wide divisor = inverse ? net : rate;
    if (divisor <= 0) return m->max_price;
    return price_of_worth(m, is_long, lots, net, rate);
}
