/* Contract arithmetic (R4): what lots are worth at a price, and which prices keep a worth within
 * bounds. Linear: value = price * lots * unit_value. Inverse: value = face * lots / price in units
 * of the coin, toward zero; it falls as the price rises. Values and bounds are units of the
 * market's settlement asset, lots are signed where said, prices are ticks >= 1. */
#ifndef WEIR_MARKET_CONTRACT_H
#define WEIR_MARKET_CONTRACT_H

#include "market/market.h"

/* Signed like `lots`. |lots| within R3's position bound: the result then fits 63 bits. */
static inline weir_wide weir_value(const struct weir_market *m, weir_price price, weir_wide lots) {
    if (m->contract == WEIR_LINEAR) {
        weir_wide ticks = (weir_wide)price * (int64_t)lots;
        if (weir_both_narrow(lots, ticks)) return (weir_wide)(int64_t)ticks * m->unit_value;
        return (weir_wide)price * lots * m->unit_value;
    }
    return weir_div_trunc(lots * m->face_units, (weir_wide)price * m->face_divisor);
}
/* The same of a position, whose lots are within that bound; >= 0 like them. */
static inline int64_t weir_position_value(const struct weir_market *m, weir_price price,
                                          weir_qty lots) {
    if (m->contract == WEIR_LINEAR) return price * lots * m->unit_value;
    return (int64_t)weir_div_trunc((weir_wide)lots * m->face_units,
                                   (weir_wide)price * m->face_divisor);
}
/* +1 where a long gains as the value of its lots grows (linear), -1 where it loses (inverse). */
static inline int weir_long_sign(const struct weir_market *m) {
    return m->contract == WEIR_LINEAR ? 1 : -1;
}
/* What `lots` (> 0 long, < 0 short) gain between two prices. */
static inline weir_wide weir_gain(const struct weir_market *m, weir_price from, weir_price to,
                                  weir_wide lots) {
    return (weir_value(m, to, lots) - weir_value(m, from, lots)) * weir_long_sign(m);
}
/* What one lot is worth at most at any price of the market, rounded up (R3). */
static inline weir_wide weir_value_bound(const struct weir_market *m) {
    if (m->contract == WEIR_LINEAR) return (weir_wide)m->max_price * m->unit_value;
    return weir_div_ceil(m->face_units, m->face_divisor);
}
/* The largest position: its value fits 63 bits at every price (R3). */
static inline weir_qty weir_lots_bound(const struct weir_market *m) {
    return (weir_qty)(INT64_MAX / weir_value_bound(m));
}
/* An amount that holds for all markets (a number of whole units, read with asset 0's decimals) in
 * units of the market's settlement asset; floored, saturated below WEIR_NONE, which stays. */
weir_amount weir_market_amount(const struct weir_venue *venue, const struct weir_market *market,
                               weir_amount amount);
/* The most lots worth at most `value` >= 0 at a price; saturated to the range of weir_qty. */
weir_qty weir_lots_within(const struct weir_market *market, weir_price price, weir_wide value);
/* The least lots worth at least `value` >= 1 at a price; saturated likewise. */
weir_qty weir_lots_reaching(const struct weir_market *market, weir_price price, weir_wide value);

/* Prices from low to high; none when low > high. */
struct weir_price_range {
    weir_price low, high;
};
/* The prices in [1, max_price] at which `lots` >= 1 are worth at least `least` and at most `most`.
 */
struct weir_price_range weir_prices_worth(const struct weir_market *market, weir_qty lots,
                                          weir_wide least, weir_wide most);

#endif
