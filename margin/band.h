/* Private to margin/: how far the value of a position may move before a condition can end. */
#ifndef WEIR_MARGIN_BAND_H
#define WEIR_MARGIN_BAND_H

#include "margin/requirement_line.h"

/* A condition that holds now and whose end must be noticed:
 * alpha * (sum of unrealised P&L) - (sum of upper requirements) >= some constant, or
 * alpha * (sum of unrealised P&L) + (sum of lower requirements) >= some constant;
 * alpha in [-10^12, 10^12]. */
struct weir_condition {
    int64_t alpha;
    bool upper;
    weir_wide slack; /* what all positions together may use up; negative: the bounds of the
                        requirements hide whether it holds */
};
/* Values from low to high, in the coordinate that charges move (margin/gauge.h): an end may lie
 * where no price leads, because charges can. */
struct weir_band {
    weir_wide low, high;
};
#define WEIR_BAND_NO_LOW  (-((weir_wide)1 << 100)) /* no way down ends the condition */
#define WEIR_BAND_NO_HIGH ((weir_wide)1 << 100)    /* no way up does */
/* Narrows `band` to the values around the present one at which the position uses up at most `share`
 * >= 0 of the condition's slack, even if lots pay or receive charges of up to `drift` units each
 * meanwhile, its own equity held at what the value coordinate says (margin/gauge.h). Empty
 * (low > high) when it cannot promise anything. O(tiers crossed). */
void weir_band_narrow(const struct weir_exchange *x, const struct weir_position_view *position,
                      const struct weir_condition *condition, weir_wide share, weir_wide drift,
                      struct weir_band *band);
/* The same at once, where the market is plain and no tier is as steep as |alpha|: then the
 * condition has an edge on one side only. Where that lies far beyond the present tier it may be
 * nearer than it need be. False, with *band undefined, when this way leads to none. O(1). */
bool weir_band_plain(const struct weir_position_view *position,
                     const struct weir_condition *condition, weir_wide share, weir_wide drift,
                     struct weir_band *band);
#endif
