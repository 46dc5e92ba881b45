/* How far the value of a position may move before a scope's state can change.
 *
 * A condition alpha * sum(U_i) - sum(X_i) >= const that holds with slack K goes on holding while
 * every position i has used up at most k_i of it, sum(k_i) <= K, whatever the others do: what is
 * used adds up. In its own value v at mark a position gives g(v) = alpha * U(v) - X(v), U(v) =
 * sign * (v - V), X a line in v within each tier: so the value at which k_i is used up is one
 * division, and tiers are walked outward from the present value; where a tier begins the jump of X
 * (tier_mode whole, initial margin) is looked at.
 *
 * Rounding: n maintenance requirements, each rounded up to a unit, are at most the exact sum plus
 * n * (1 - 10^-9) units; who makes the condition takes that off its slack, so bands are never too
 * wide.
 *
 * Charges: the value coordinate v' = v - sign * (what the lots paid since the band was made) is
 * where U depends on charges through v' alone; X still depends on v, which lies within drift * |s|
 * of v'. X does not fall as v grows (rates do not fall with tiers; weir_initial_grows says whether
 * that holds for initial margin), so X(v' + drift * |s|) bounds it from above and
 * X(v' - drift * |s|) from below. */
#include "margin/band.h"

/* Where no way ends the condition, further than any value. */
#define NOWHERE ((weir_wide)1 << 100)

struct walk {
    const struct weir_exchange *x;
    const struct weir_position_view *p;
    const struct weir_condition *c;
    weir_wide shift;  /* X is taken at v + shift */
    weir_wide target; /* g may not fall below */
};

/* g in one tier as slope * v + base - target: the condition is that this is >= 0. */
static struct weir_line left_in_tier(const struct walk *w, uint32_t tier) {
    struct weir_line x = weir_requirement_line(w->x, w->p, tier, w->c->upper);
    int64_t alpha = w->c->alpha * w->p->sign;
    int beta = w->c->upper ? -1 : 1;
    x.base += x.slope * w->shift;
    return (struct weir_line){alpha + beta * x.slope,
                              beta * x.base - (weir_wide)alpha * w->p->entry_value - w->target};
}

/* The largest v in the tier, of those X is taken in it. */
static weir_wide top(const struct walk *w, uint32_t tier) {
    weir_wide end = weir_tier_top(w->p, tier);
    return end == INT64_MAX ? end : end - w->shift;
}

/* The tier in which X is taken at the present value. */
static uint32_t first_tier(const struct walk *w) {
    uint32_t tier = w->p->tier;
    while (w->shift > 0 && top(w, tier) < w->p->value)
        tier++;
    while (w->shift < 0 && tier > 0 && w->p->market->margin_basis == WEIR_BASIS_MARK &&
           top(w, tier - 1) >= w->p->value)
        tier--;
    return tier;
}

static weir_wide held_up(const struct walk *w) {
    weir_wide v = w->p->value;
    for (uint32_t tier = first_tier(w);; tier++) {
        weir_wide end = top(w, tier);
        if (end < v) continue; /* tiers narrower than a lot */
        struct weir_line l = left_in_tier(w, tier);
        if (weir_line_at(l, v) < 0) return v - 1;
        if (l.slope < 0) {
            weir_wide reach = l.base / -l.slope;
            if (reach < end || end == INT64_MAX) return reach;
        }
        if (end == INT64_MAX) return NOWHERE;
        v = end + 1;
    }
}

static weir_wide held_down(const struct walk *w) {
    weir_wide v = w->p->value;
    for (uint32_t tier = first_tier(w);; tier--) {
        bool lowest = tier == 0 || w->p->market->margin_basis != WEIR_BASIS_MARK;
        weir_wide start = lowest ? 0 : weir_wide_max(0, top(w, tier - 1) + 1);
        if (start > v) continue;
        struct weir_line l = left_in_tier(w, tier);
        if (weir_line_at(l, v) < 0) return v + 1;
        if (l.slope > 0 && weir_line_at(l, start) < 0) return weir_div_ceil(-l.base, l.slope);
        if (start == 0) return l.slope > 0 ? -1 : -NOWHERE;
        v = start - 1;
    }
}

void weir_band_narrow(const struct weir_exchange *x, const struct weir_position_view *p,
                      const struct weir_condition *c, weir_wide share, weir_wide drift,
                      struct weir_band *band) {
    weir_wide gain = ((weir_wide)p->value - p->entry_value) * p->sign;
    weir_wide now = c->alpha * gain - p->required;
    if (!c->upper)
        now = c->alpha * gain + weir_line_at(weir_requirement_line(x, p, p->tier, false), p->value);
    weir_wide shift = drift * p->lots;
    struct walk w = {x, p, c, c->upper ? shift : -shift, now - share};
    weir_wide low = held_down(&w), high = held_up(&w);
    /* No lots are worth so much (R3): an end out there is as good as none, and safe. */
    if (low > -NOWHERE) band->low = weir_max(band->low, weir_saturate(low));
    if (high < NOWHERE) band->high = weir_min(band->high, weir_saturate(high));
}
