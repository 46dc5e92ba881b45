/* The format `dutch` (R26): a price that falls (rises, for buying back) with time until someone
 * takes it. */
#include "auction/auction.h"

static uint64_t times(uint64_t a, uint64_t b) {
    return (uint64_t)((weir_wide)a * b / WEIR_CURVE_ONE);
}

/* floor(sqrt(a * 10^18)): the factor of half the time. */
static uint64_t root_of(uint64_t a) {
    weir_wide square = (weir_wide)a * WEIR_CURVE_ONE;
    uint64_t low = 0, high = WEIR_CURVE_ONE + 1; /* low^2 <= square < high^2 */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if ((weir_wide)middle * middle <= square)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t weir_dutch_factor(const struct weir_dutch *d, weir_time t) {
    uint64_t steps = (uint64_t)(t / d->step), factor = WEIR_CURVE_ONE;
    for (int i = 0; steps > 0; i++, steps >>= 1)
        if (steps & 1) factor = times(factor, d->power[i]);
    if (d->curve != WEIR_CURVE_EXPONENTIAL) return factor;
    weir_wide part = ((weir_wide)(t % d->step) << WEIR_CURVE_ROOTS) / d->step;
    for (int i = 0; i < WEIR_CURVE_ROOTS; i++)
        if (part >> (WEIR_CURVE_ROOTS - 1 - i) & 1) factor = times(factor, d->root[i]);
    return factor;
}

/* The first instant of the duration whose factor is below cusp, found by halving. */
static weir_time below_cusp(const struct weir_dutch *d) {
    uint64_t cusp = (uint64_t)d->cusp * (WEIR_CURVE_ONE / WEIR_PPB);
    weir_time above = 0, below = d->duration;
    if (weir_dutch_factor(d, below) >= cusp) return INT64_MAX;
    while (below - above > 1) {
        weir_time middle = above + (below - above) / 2;
        if (weir_dutch_factor(d, middle) < cusp)
            below = middle;
        else
            above = middle;
    }
    return below;
}

void weir_dutch_new(struct weir_dutch *d, const struct weir_venue *v) {
    *d = (struct weir_dutch){.curve = v->auction_curve,
                             .duration = v->auction_duration,
                             .step = v->auction_step,
                             .tail = v->auction_tail,
                             .cusp = v->auction_cusp,
                             .cusp_at = INT64_MAX};
    d->power[0] = (uint64_t)v->auction_cut * (WEIR_CURVE_ONE / WEIR_PPB);
    for (int i = 1; i < 63; i++)
        d->power[i] = times(d->power[i - 1], d->power[i - 1]);
    for (int i = 0; i < WEIR_CURVE_ROOTS; i++)
        d->root[i] = root_of(i == 0 ? d->power[0] : d->root[i - 1]);
    if (d->curve != WEIR_CURVE_LINEAR && d->cusp != WEIR_NONE) d->cusp_at = below_cusp(d);
}

weir_price weir_dutch_start(const struct weir_venue *v, const struct weir_market *m,
                            enum weir_side side, weir_price mark) {
    weir_wide p =
        side == WEIR_SELL
            ? weir_div_ceil((weir_wide)mark * v->auction_start, WEIR_PPB)
            : weir_div_floor((weir_wide)mark * (2 * WEIR_PPB - v->auction_start), WEIR_PPB);
    return weir_clamp(weir_saturate(p), 1, m->max_price);
}

/* How far a linear curve moves in all. */
static weir_wide way(enum weir_side side, weir_price start, weir_price end) {
    return weir_wide_max(0, side == WEIR_SELL ? (weir_wide)start - end : (weir_wide)end - start);
}

weir_wide weir_dutch_price(const struct weir_dutch *d, enum weir_side side, weir_price start,
                           weir_price end, weir_time t) {
    weir_wide moved = d->curve == WEIR_CURVE_LINEAR
                          ? weir_div_floor(way(side, start, end) * t, d->duration)
                          : weir_div_floor((weir_wide)start * (WEIR_CURVE_ONE -
                                                               (weir_wide)weir_dutch_factor(d, t)),
                                           WEIR_CURVE_ONE);
    return side == WEIR_SELL ? start - moved : start + moved;
}

weir_time weir_dutch_restart(const struct weir_dutch *d, enum weir_side side, weir_price start,
                             weir_price end) {
    weir_wide at = INT64_MAX;
    weir_wide whole = way(side, start, end);
    if (d->tail != WEIR_NONE) at = (weir_wide)d->tail + 1;
    if (d->curve != WEIR_CURVE_LINEAR) {
        at = weir_wide_min(at, d->cusp_at);
    } else if (d->cusp != WEIR_NONE && whole > 0) {
        /* whole * t / duration > start * (1 - cusp) */
        weir_wide reached =
            weir_mul3_div2_floor(start, WEIR_PPB - d->cusp, d->duration, whole, WEIR_PPB);
        at = weir_wide_min(at, reached + 1);
    }
    return at < d->duration ? (weir_time)at : INT64_MAX;
}
