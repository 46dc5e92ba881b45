/* Private to margin/: the coordinate by which the trigger index orders edges.
 *
 * A market's gauge is what one lot is worth, in fixed point, rising with value: linear, the price
 * in 2^-scale ticks; inverse, face / price in 2^-scale units of the coin. A lot that paid c units
 * of charges since a base is as well off as one that paid nothing at a gauge lower by c (if it
 * gains with value) or higher by c (if it loses): edges are kept in that shifted coordinate, so
 * that funding moves every edge of a side at once and none by hand.
 *
 * Keys: a gauge in [0, 2^62) becomes a code of 29 bits, exact up to 2^24, above with 24 significant
 * bits, in the same order. An edge's word is code, class of drift, side of the position; it is
 * stored so that the larger word is the nearer one, and 0 is none. */
#ifndef WEIR_MARGIN_GAUGE_H
#define WEIR_MARGIN_GAUGE_H

#include "market/contract.h"

#define WEIR_GAUGE_BITS 61

static inline uint32_t weir_gauge_code(int64_t gauge) {
    uint64_t z = (uint64_t)gauge;
    if (z < UINT64_C(1) << 24) return (uint32_t)z;
    uint32_t e = 63 - 23 - (uint32_t)__builtin_clzll(z);
    return (e << 23) + (uint32_t)(z >> e);
}
/* The least gauge of a code. */
static inline int64_t weir_gauge_decode(uint32_t code) {
    if (code < 1u << 24) return code;
    uint32_t e = (code >> 23) - 1;
    return (int64_t)((uint64_t)((code & ((1u << 23) - 1)) + (1u << 23)) << e);
}
/* The least code all of whose gauges are at least `gauge`. */
static inline uint32_t weir_gauge_code_up(int64_t gauge) {
    uint32_t code = weir_gauge_code(gauge);
    return code + (weir_gauge_decode(code) < gauge);
}

/* Bits after the point for a market: its largest gauge stays below 2^61. */
static inline uint8_t weir_gauge_scale(const struct weir_market *m) {
    weir_wide most = m->contract == WEIR_LINEAR ? m->max_price : weir_value_bound(m) + 1;
    uint8_t scale = 0;
    while (scale < 16 && most << (scale + 1) < (weir_wide)1 << WEIR_GAUGE_BITS)
        scale++;
    return scale;
}
/* Units of money of one step of the gauge before scaling: the gauge is value / (lots * unit). */
static inline int64_t weir_gauge_unit(const struct weir_market *m) {
    return m->contract == WEIR_LINEAR ? m->unit_value : 1;
}
/* Gauge of a price, toward zero. Exact for linear contracts. */
static inline int64_t weir_gauge_floor(const struct weir_market *m, uint8_t scale,
                                       weir_price price) {
    if (m->contract == WEIR_LINEAR) return (int64_t)((uint64_t)price << scale);
    return (int64_t)(((weir_wide)m->face_units << scale) / ((weir_wide)price * m->face_divisor));
}

#endif
