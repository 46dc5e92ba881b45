/* Mark, basis, premium and funding (R14, R15). */
#include "price/price.h"

weir_time weir_next_on_grid(weir_time now, weir_time interval) {
    WEIR_CHECK(interval >= 1);
    return weir_saturate((weir_div_floor(now, interval) + 1) * interval);
}

weir_rate weir_ema_alpha(const struct weir_market *market) {
    weir_wide interval = market->mark_interval;
    return (weir_rate)weir_div_floor(2 * WEIR_PPB * interval, market->mark_window + interval);
}

/* floor((a + b) / 2) of two average prices. Cross-multiplied in one go, the lots of a price of one
 * tick would pass 128 bits. */
static weir_wide mid_floor(const struct weir_impact *a, const struct weir_impact *b) {
    weir_wide whole = a->value / a->lots + b->value / b->lots;
    if (whole % 2 == 0) return whole / 2;
    weir_wide rest_a = a->value % a->lots, rest_b = b->value % b->lots;
    bool carry = weir_cmp_products(rest_a, b->lots, b->lots - rest_b, a->lots) >= 0;
    return whole / 2 + (carry ? 1 : 0);
}

void weir_basis_sample(const struct weir_market *market, struct weir_price_state *p,
                       const struct weir_impact *bid, const struct weir_impact *ask) {
    if (p->index == 0 || !bid->known || !ask->known) return;
    weir_wide bound = weir_div_floor((weir_wide)p->index * market->mark_clamp, WEIR_PPB);
    weir_wide basis = mid_floor(bid, ask) - p->index;
    basis = weir_wide_max(-bound, weir_wide_min(bound, basis));
    weir_wide step = weir_div_trunc((basis - p->ema) * weir_ema_alpha(market), WEIR_PPB);
    p->ema = weir_saturate(p->ema + step);
}

/* index * (1 + funding rate * time left / interval), within 64 bits of the index. */
static weir_wide funding_mark(const struct weir_market *market, const struct weir_price_state *p,
                              weir_time now) {
    weir_time left = weir_next_on_grid(now, market->funding_interval) - now;
    weir_wide change =
        weir_mul3_div2_floor(p->index, p->funding_rate, left, market->funding_interval, WEIR_PPB);
    return (weir_wide)p->index + weir_saturate(change);
}

static weir_wide middle(weir_wide a, weir_wide b, weir_wide c) {
    weir_wide low = weir_wide_min(a, b), high = weir_wide_max(a, b);
    return weir_wide_max(low, weir_wide_min(high, c));
}

weir_price weir_mark_compute(const struct weir_market *market, const struct weir_price_state *p,
                             weir_time now) {
    if (p->index == 0) return 0;
    weir_wide mark = p->index, with_basis = (weir_wide)p->index + p->ema;
    if (market->mark_method == WEIR_MARK_EMA_BASIS) mark = with_basis;
    if (market->mark_method == WEIR_MARK_MEDIAN)
        mark = middle(funding_mark(market, p, now), with_basis, p->last ? p->last : p->index);
    return weir_clamp(weir_saturate(mark), 1, market->max_price);
}

weir_rate weir_premium_sample(const struct weir_price_state *p, const struct weir_impact *bid,
                              const struct weir_impact *ask) {
    if (p->index == 0) return 0;
    weir_wide above = 0, below = 0;
    /* What is above or below, over the index, is the ratio of prices less or from one. */
    if (bid->known)
        above = weir_wide_max(
            0, weir_mul3_div2_floor(bid->value, WEIR_PPB, 1, bid->lots, p->index) - WEIR_PPB);
    if (ask->known)
        below = weir_wide_max(
            0, weir_mul3_div2_floor(-ask->value, WEIR_PPB, 1, ask->lots, p->index) + WEIR_PPB);
    return weir_saturate(above - below);
}

void weir_premium_advance(struct weir_price_state *p, weir_time now) {
    WEIR_CHECK(now >= p->premium_from);
    p->premium_sum += (weir_wide)p->premium * ((weir_wide)now - p->premium_from);
    p->premium_from = now;
}

void weir_funding_instant(const struct weir_market *market, weir_rate cap,
                          struct weir_price_state *p, weir_wide *per_lot) {
    weir_wide premium = weir_div_trunc(p->premium_sum, market->funding_interval);
    weir_wide clamp = market->funding_clamp;
    weir_wide pull =
        weir_wide_max(-clamp, weir_wide_min(clamp, market->funding_interest - premium));
    weir_wide rate = weir_wide_max(-(weir_wide)cap, weir_wide_min(cap, premium + pull));
    p->funding_rate = (weir_rate)rate;
    /* R3: the value of a lot at any price leaves 20 bits of 63 free, so the product fits. */
    weir_wide due = rate * weir_value(market, p->mark, 1) + p->carry;
    *per_lot = weir_div_trunc(due, WEIR_PPB);
    p->carry = (int64_t)(due - *per_lot * WEIR_PPB);
    p->premium_sum = 0;
}

void weir_average_advance(const struct weir_market *market, struct weir_price_state *p,
                          weir_time now) {
    if (market->expiry == WEIR_NONE) return;
    weir_time from = weir_max(p->average_from,
                              weir_saturate((weir_wide)market->expiry - market->settlement_window));
    weir_time to = weir_min(now, market->expiry);
    if (p->index > 0 && to > from) {
        p->average_sum += (weir_wide)p->index * ((weir_wide)to - from);
        p->average_time += to - from;
    }
    p->average_from = weir_max(p->average_from, to);
}

weir_price weir_settlement_price(const struct weir_market *market,
                                 const struct weir_price_state *p) {
    if (p->index == 0) return 0;
    weir_wide average =
        p->average_time > 0 ? weir_div_floor(p->average_sum, p->average_time) : p->index;
    return weir_clamp(weir_saturate(average), 1, market->max_price);
}
