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
    int64_t low, high;
};
#define WEIR_BAND_NO_LOW  INT64_MIN /* no way down ends the condition */
#define WEIR_BAND_NO_HIGH INT64_MAX /* no way up does */
/* Narrows `band` to the values around the present one at which the position uses up at most `share`
 * >= 0 of the condition's slack, even if lots pay or receive charges of up to `drift` units each
 * meanwhile, its own equity held at what the value coordinate says (margin/gauge.h). Empty
 * (low > high) when it cannot promise anything. O(tiers crossed). */
void weir_band_narrow(const struct weir_exchange *x, const struct weir_position_view *position,
                      const struct weir_condition *condition, weir_wide share, weir_wide drift,
                      struct weir_band *band);
/* An end beyond the present tier is taken as it is if it is further away than this part of the
 * value, as a shift. */
#define WEIR_BAND_FAR 3
/* The same at once, where the market is plain and no tier is as steep as |alpha|: then the
 * condition has an edge on one side only. Where that lies far beyond the present tier it may be
 * nearer than it need be. False, with *band undefined, when this way leads to none. O(1).
 *
 * Moving by d from the present value uses up (alpha -+ slope) * d, less where X moves along, more
 * where it moves against. X rises ever more steeply: its slope is that of the present tier as far
 * as that reaches, further up at most the last tier's and further down at least the first one's;
 * where a flatter (upper, against) or steeper line (lower) only leaves more, the present slope is
 * safe. */
static inline bool weir_band_plain(const struct weir_position_view *p,
                                   const struct weir_condition *c, weir_wide share, int64_t drift,
                                   struct weir_band *band) {
    const struct weir_tiers *tiers = &p->risk->tiers;
    const int64_t most = INT64_C(1) << 61; /* of each term below: their sums fit */
    int64_t reserve = p->market->closing_fee_reserve, slope = p->own.slope;
    int64_t flattest = tiers->row[0].rate + reserve;
    int64_t steepest = tiers->row[tiers->count - 1].rate + reserve;
    int64_t alpha = c->upper ? c->alpha : -c->alpha;
    int64_t shift;
    if (!p->plain || steepest >= alpha || p->value >= most) return false;
    if (__builtin_mul_overflow(drift, p->lots, &shift) || shift >= most) return false;
    weir_wide room = share - (weir_wide)slope * shift;
    if (room < 0) return false;
    int64_t taken_at = c->upper ? p->value + shift : p->value - shift; /* X is */
    int64_t top = weir_tier_top(p, p->tier);
    int64_t below = p->tier == 0 ? INT64_MIN : weir_tier_top(p, p->tier - 1);
    if (taken_at > top || taken_at <= below) return false;
    bool down = (p->sign > 0) == c->upper, along = p->sign > 0;
    int64_t per = along ? alpha - slope : alpha + slope;
    /* How far it may go within the tier is told by a product; only one way is divided. */
    weir_wide ends = down ? (weir_wide)taken_at - below : (weir_wide)top - taken_at + 1;
    bool inside = ends > most || room < ends * per;
    if (!inside && c->upper) per = along ? alpha - flattest : alpha + steepest;
    int64_t reach = (int64_t)weir_wide_min(weir_div_trunc(room, per), most);
    if (!inside && reach < p->value >> WEIR_BAND_FAR) return false;
    if (down)
        band->low = weir_max(band->low, p->value - reach);
    else
        band->high = weir_min(band->high, p->value + reach);
    return true;
}

#endif
