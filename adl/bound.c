/* Bounds of scores (R28) from a box of entry values and what stands behind them. Everything is
 * rounded so that no exact score lies above. */
#include "adl/ranking.h"

#define ONE      (INT64_C(1) << 20) /* of ratios */
#define RATIO_UP (INT64_C(1) << 31) /* a ratio this large is unknown */
#define SHARE_UP (INT64_C(1) << 42)
#define SUM_UP   (INT64_C(1) << 60)
#define DRIFT_UP (INT64_C(7) << 24) /* 7/64: behind it tiers may be others than was reckoned */

/* Product of two ratios, in parts per 10^9, rounded down. */
static int64_t product(int64_t a, int64_t b) {
    return (int64_t)((unsigned __int128)((uint64_t)a * (uint64_t)b) * (uint64_t)WEIR_PPB >> 40);
}

int64_t weir_adl_moved(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       const struct weir_adl_box *b) {
    if (!v->mixed) return 0;
    if (weir_adl_drift(ix, b->oldest) > DRIFT_UP) return INT64_MAX;
    int64_t drift = weir_adl_drift_beside(ix, b->epoch, v->market);
    return drift == 0 ? 0 : (int64_t)((weir_wide)b->slack * drift >> 30) + 1;
}

/* u of the best entry, which gains `gain` > 0. */
static int64_t gain_ratio(const struct weir_adl_view *v, int64_t gain, int64_t entry) {
    if (entry <= 0) return RATIO_UP;
    /* Entries carry 65 units against the rounding of inverse values, which only do where the
     * value is not small beside them; all is gained at most. */
    if (!v->grows && (entry >= WEIR_ADL_ENTRY_UP || v->low < entry / 64)) return ONE;
    return (gain * ONE + entry - 1) / entry;
}

/* The least of x + a / x for x in [low, high], a < 2^62: at the root of a where that is within. Two
 * steps of Newton's from the middle end at or above the root, so a / s is at or below it. */
static uint64_t least_sum(uint64_t a, uint64_t low, uint64_t high) {
    if (low * low >= a) return low + a / low;
    if (high * high <= a) return high + a / high;
    uint64_t s = (low + high) / 2;
    for (int i = 0; i < 2; i++)
        s = (s + a / s) / 2 + 1;
    return 2 * (a / s);
}

/* Of positions that gain as value falls, gains x of at least `low` and at most `high` a lot and
 * equity of at least rest + x: u * L <= x / (value + x) * held / (rest + x), which is
 * held / (value + rest + x + value * rest / x). Times 2^20. */
static int64_t falling_score(int64_t value, int64_t held, int64_t rest, int64_t low, int64_t high) {
    /* All of them below 2^31, so that nothing needs more than 64 bits; rounded apart. */
    int over = 33 - __builtin_clzll((uint64_t)(value | rest | high));
    int shift = over > 0 ? over : 0;
    uint64_t sum = least_sum((uint64_t)(value >> shift) * (uint64_t)(rest >> shift),
                             (uint64_t)weir_max(1, low >> shift), (uint64_t)(high >> shift) + 1);
    int64_t unit = INT64_C(1) << shift, most = SUM_UP >> shift;
    int64_t below = value + rest + (weir_min((int64_t)sum, most) - 1) * unit - 2;
    if (below <= 0) return RATIO_UP;
    return weir_min(held * ONE / below + 1, RATIO_UP);
}

static int64_t gaining_bound(const struct weir_adl_view *v, const struct weir_adl_box *b,
                             int64_t rest, int64_t held) {
    int64_t most = v->grows ? v->high - b->low : b->high - v->low;
    int64_t least = weir_max(1, v->grows ? v->high - b->high : b->low - v->low);
    int64_t gain = gain_ratio(v, most, v->grows ? b->low : b->high);
    /* What grows with x is best at the most, where rest >= 0; else take each factor's best. */
    bool rises = v->grows && rest >= 0;
    int64_t share = v->posted ? rest : rest + (rises ? most : least);
    int64_t leverage = v->leverage_cap;
    if (share > 0) leverage = weir_min(leverage, (held * ONE + share - 1) / share);
    if (gain >= RATIO_UP || leverage >= RATIO_UP) return INT64_MAX;
    int64_t bound = product(gain, leverage) + 2;
    /* Of one entry value that is all there is to know. */
    if (b->low == b->high || v->grows || v->posted || rest <= 0 || v->low < b->high / 64 ||
        b->high >= WEIR_ADL_ENTRY_UP)
        return bound;
    return weir_min(bound, product(ONE, falling_score(v->low, held, rest, least, most)) + 2);
}

/* u / L: what bounds L from above bounds the score from above, too. */
static int64_t losing_bound(const struct weir_adl_view *v, const struct weir_adl_box *b,
                            int64_t rest, int64_t held) {
    int64_t lost = v->grows ? b->low - v->high : v->low - b->high;
    int64_t entry = v->grows ? b->low : b->high;
    if (entry <= 0) return 0;                                       /* V = 0 and u = 0 */
    int64_t worst = v->grows ? v->high - b->high : b->low - v->low; /* <= 0 */
    int64_t share = v->posted ? rest : rest + worst, inverse = 0;
    if (share > 0) inverse = weir_min(weir_min(share, SHARE_UP) * ONE / held, RATIO_UP);
    if (v->leverage_cap < INT64_MAX) inverse = weir_max(inverse, ONE * ONE / v->leverage_cap - 1);
    int64_t loss = weir_max(weir_min(lost * ONE / entry, RATIO_UP) - 1, 0);
    return weir_min(0, 2 - product(loss, inverse));
}

/* A box of mixed boxes knows share / notional alone. */
static int64_t summary_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                             const struct weir_adl_box *b, int64_t most) {
    int64_t part = 0;
    if (weir_adl_drift(ix, b->oldest) <= DRIFT_UP)
        part = b->rest - (int64_t)((weir_wide)b->slack * weir_adl_drift(ix, b->epoch) >> 30) - 1;
    part >>= 10;
    if (v->leverage_cap < INT64_MAX) part = weir_max(part, ONE * ONE / v->leverage_cap - 1);
    if (most <= 0) {
        int64_t lost = -most, entry = v->grows ? b->low : b->high;
        if (entry <= 0) return 0; /* V = 0 and u = 0 */
        int64_t loss = weir_max(weir_min(lost * ONE / entry, RATIO_UP) - 1, 0);
        return weir_min(0, 2 - product(loss, weir_clamp(part, 0, RATIO_UP)));
    }
    int64_t gain = gain_ratio(v, most, v->grows ? b->low : b->high);
    int64_t leverage = part > 0 ? ONE * ONE / part + 1 : RATIO_UP;
    if (gain >= RATIO_UP || leverage >= RATIO_UP) return INT64_MAX;
    return product(gain, leverage) + 2;
}

int64_t weir_adl_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       const struct weir_adl_box *b) {
    if (b->rest == WEIR_ADL_EMPTY) return INT64_MIN;
    if (v->keys) return v->keys->bound(ix, v, b);
    bool leaf = b->leg != WEIR_NO_INDEX;
    int64_t most = v->grows ? v->high - b->low : b->high - v->low;
    if (v->mixed && !leaf) return summary_bound(ix, v, b, most);
    int64_t moved = weir_adl_moved(ix, v, b), rest = -SHARE_UP, held = SHARE_UP;
    if (moved < INT64_MAX && v->high + b->others + moved < SHARE_UP) {
        rest = b->rest + v->offset - moved;
        held = v->high + b->others + moved;
    }
    if (leaf && v->alone_exact && rest + (v->posted ? 0 : most) < -16)
        return INT64_MIN; /* its share is not above 0 */
    return most > 0 ? gaining_bound(v, b, rest, held) : losing_bound(v, b, rest, held);
}

/* Positions that gain as value falls, see falling_score: held * x <= t * (value + x) * (rest + x)
 * for all x in [low, high], t times 2^20. A parabola: it is above 0 where its least value is, and
 * otherwise on the side of its vertex on which it is at the end. */
static bool falling_below(int64_t value, int64_t held, int64_t rest, int64_t low, int64_t high,
                          int64_t t) {
    int64_t own = held * ONE, b = own - t * (value + rest); /* t x^2 - b x + t value rest >= 0 */
    if (b <= 0 || (weir_wide)b * b < (weir_wide)(t * value) * (t * rest) * 4) return true;
    int64_t x = 2 * t * low >= b ? low : high;
    if (x == high && 2 * t * high > b) return false;
    return (weir_wide)own * x <= (weir_wide)(t * (value + x)) * (rest + x);
}

int64_t weir_adl_level(int64_t score) {
    if (score > 8 * WEIR_PPB) return 8 * ONE; /* weir_adl_below does not tell */
    return score <= 4 ? 0 : (score - 4) * ONE / WEIR_PPB;
}

bool weir_adl_below(struct weir_adl_index *ix, const struct weir_adl_view *v,
                    const struct weir_adl_box *b, int64_t t) {
    if (b->rest == WEIR_ADL_EMPTY) return true;
    int64_t most = v->grows ? v->high - b->low : b->high - v->low;
    int64_t entry = v->grows ? b->low : b->high;
    if (most <= 0) return true;
    if (t <= 0 || t >= ONE * 4 || entry <= 0 || entry >= WEIR_ADL_ENTRY_UP) return false;
    if (!v->grows && v->low < entry / 64) return false;
    if (v->mixed && b->leg == WEIR_NO_INDEX) {
        if (weir_adl_drift(ix, b->oldest) > DRIFT_UP) return false;
        weir_wide part = b->rest - ((weir_wide)b->slack * weir_adl_drift(ix, b->epoch) >> 30) - 1;
        return part > 0 && ((weir_wide)most << 50) <= (weir_wide)(t * entry) * (int64_t)part;
    }
    int64_t moved = weir_adl_moved(ix, v, b);
    if (moved == INT64_MAX) return false;
    if (moved >= SHARE_UP || b->others >= SHARE_UP) return false;
    /* t below 2^22, all others at most 2^38, or 2^40: products of two and t fit. */
    int64_t rest = b->rest + v->offset - moved, held = v->high + b->others + moved;
    if (held >= SHARE_UP >> 4 || rest >= SHARE_UP >> 4) return false;
    int64_t least = weir_max(1, v->grows ? v->high - b->high : b->low - v->low);
    if (!v->grows && !v->posted && rest > 0 && b->low != b->high)
        return falling_below(v->low, held, rest, least, most, t);
    int64_t share = v->posted ? rest : rest + (v->grows && rest >= 0 ? most : least);
    return share > 0 && (weir_wide)most * (held * ONE) <= (weir_wide)(t * entry) * share;
}

/* ---- Boxes of boxes -------------------------------------------------------------------------- */

/* A mixed leaf as a box of boxes knows it: share / notional, which is (rest + x) / (v + h), times
 * 2^30, and what a move of all prices, the own mark's included, takes off it: with either term
 * moving by A * D at most, A / (v + h) * (1 + it) * D. */
static struct weir_adl_box summary_of(struct weir_adl_index *ix, const struct weir_adl_view *v,
                                      const struct weir_adl_box *leaf) {
    struct weir_adl_box n = *leaf;
    int64_t moved = weir_adl_moved(ix, v, leaf);
    n.leg = WEIR_NO_INDEX;
    n.epoch = (uint16_t)ix->epoch;
    n.others = n.slack = 0;
    n.rest = -SHARE_UP;
    if (moved == INT64_MAX) return n;
    int64_t gain = v->grows ? v->low - leaf->high : leaf->low - v->high;
    int64_t share = leaf->rest + v->offset - moved + (v->posted ? 0 : gain);
    int64_t held = v->high + leaf->others + moved;
    if (share <= 0 || held > SHARE_UP) return n;
    weir_wide part = ((weir_wide)share << 30) / held;
    weir_wide slack = (leaf->slack + v->base + 1) * (((weir_wide)1 << 30) + part) / held + 1;
    part -= (slack * weir_adl_drift(ix, ix->epoch) >> 30) + 1;
    if (slack > SHARE_UP || part > SHARE_UP || part < 0) return n;
    n.slack = (int64_t)slack;
    n.rest = (int64_t)part;
    return n;
}

/* Makes a box of mixed boxes count from the present epoch: a little less. */
static struct weir_adl_box from_now(struct weir_adl_index *ix, const struct weir_adl_box *b) {
    struct weir_adl_box n = *b;
    if (b->epoch == ix->epoch) return n;
    n.epoch = (uint16_t)ix->epoch;
    if (weir_adl_drift(ix, b->oldest) > DRIFT_UP) { /* nor will it tell, counted from elsewhere */
        n.rest = -SHARE_UP;
        return n;
    }
    int64_t moved = weir_adl_drift(ix, b->epoch) + weir_adl_drift(ix, ix->epoch);
    n.rest -= (int64_t)((weir_wide)b->slack * moved >> 30) + 1;
    return n;
}

/* Boxes of positions that stand alone: they mean the same at all times. */
static bool widen_alone(struct weir_adl_box *outer, const struct weir_adl_box *inner) {
    bool wider = inner->low < outer->low || inner->high > outer->high || inner->rest < outer->rest;
    if (!wider) return false;
    outer->low = weir_min(outer->low, inner->low);
    outer->high = weir_max(outer->high, inner->high);
    outer->rest = weir_min(outer->rest, inner->rest);
    return true;
}

static bool widen_mixed(struct weir_adl_index *ix, struct weir_adl_box *outer,
                        struct weir_adl_box b) {
    struct weir_adl_box a = *outer;
    if (a.epoch != b.epoch) {
        a = from_now(ix, &a);
        b = from_now(ix, &b);
    }
    struct weir_adl_box sum = a;
    sum.low = weir_min(a.low, b.low);
    sum.high = weir_max(a.high, b.high);
    sum.rest = weir_min(a.rest, b.rest);
    sum.slack = weir_max(a.slack, b.slack);
    sum.oldest = a.oldest < b.oldest ? a.oldest : b.oldest;
    bool changed = sum.low != outer->low || sum.high != outer->high || sum.rest != outer->rest ||
                   sum.slack != outer->slack || sum.oldest != outer->oldest ||
                   sum.epoch != outer->epoch;
    *outer = sum;
    return changed;
}

/* The same where boxes keep something more of those in them, in `others`. */
static bool widen_keys(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       struct weir_adl_box *outer, const struct weir_adl_box *inner) {
    bool leaf = inner->leg != WEIR_NO_INDEX;
    struct weir_adl_box b = v->mixed && leaf ? summary_of(ix, v, inner) : *inner;
    int64_t kept = inner->others, was = outer->others;
    if (leaf) kept = v->keys->kept ? v->keys->kept(ix, inner) : 0;
    b.leg = WEIR_NO_INDEX;
    b.others = kept;
    if (outer->rest == WEIR_ADL_EMPTY) {
        *outer = b;
        return true;
    }
    bool changed = v->mixed ? widen_mixed(ix, outer, b) : widen_alone(outer, &b);
    outer->others = v->keys->most ? weir_max(was, kept) : weir_min(was, kept);
    return changed || outer->others != was;
}

bool weir_adl_widen(struct weir_adl_index *ix, const struct weir_adl_view *v,
                    struct weir_adl_box *outer, const struct weir_adl_box *inner) {
    if (inner->rest == WEIR_ADL_EMPTY) return false;
    if (v->keys) return widen_keys(ix, v, outer, inner);
    bool summed = v->mixed && inner->leg != WEIR_NO_INDEX, first = outer->rest == WEIR_ADL_EMPTY;
    if (!v->mixed && !first) return widen_alone(outer, inner);
    struct weir_adl_box b = summed ? summary_of(ix, v, inner) : *inner;
    if (!first) return widen_mixed(ix, outer, b);
    *outer = b;
    outer->leg = WEIR_NO_INDEX;
    return true;
}
