/* Bounds of scores (R28) from a box of entry values and shares. Everything is rounded so that no
 * exact score lies above. */
#include "adl/index.h"

#define ONE      (INT64_C(1) << 20) /* of ratios */
#define RATIO_UP (INT64_C(1) << 31) /* a ratio this large is unknown */
#define SHARE_UP (INT64_C(1) << 42)
#define DRIFT_UP (INT64_C(7) << 24) /* 7/64: behind it tiers may be others than was reckoned */

/* Product of two ratios, in parts per 10^9, rounded down. */
static int64_t product(int64_t a, int64_t b) {
    return (int64_t)((unsigned __int128)((uint64_t)a * (uint64_t)b) * (uint64_t)WEIR_PPB >> 40);
}

int64_t weir_adl_share_now(struct weir_adl_index *ix, const struct weir_adl_view *v,
                           const struct weir_adl_box *b) {
    if (!v->mixed) return b->share + v->offset;
    int64_t drift = weir_adl_drift(ix, b->epoch);
    int64_t oldest = b->oldest == b->epoch ? drift : weir_adl_drift(ix, b->oldest);
    if (oldest > DRIFT_UP) return -SHARE_UP;
    return b->share - (int64_t)((weir_wide)b->slack * drift >> 30) - 1;
}

/* u <= (N - V) / V of positions that gain as N grows, u <= (V - N) / V of the others. */
static int64_t gain_ratio(const struct weir_adl_view *v, int64_t entry) {
    if (v->grows) {
        if (entry <= 0) return RATIO_UP;
        return ((v->high - entry) * ONE + entry - 1) / entry;
    }
    /* Entries carry 65 units against the rounding of inverse values, which only do where the
     * value is not small beside them; all is gained at most. */
    if (entry >= SHARE_UP >> 2 || v->low < entry / 64) return ONE;
    return ((entry - v->low) * ONE + entry - 1) / entry;
}

static int64_t loss_ratio(const struct weir_adl_view *v, int64_t entry) {
    if (!v->grows && entry <= 0) return 0; /* V = 0 and u = 0 */
    int64_t lost = v->grows ? entry - v->high : v->low - entry;
    return weir_min(lost * ONE / entry, RATIO_UP);
}

int64_t weir_adl_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       const struct weir_adl_box *b, bool leaf) {
    if (b->share == WEIR_ADL_EMPTY) return INT64_MIN;
    int64_t share = weir_adl_share_now(ix, v, b);
    if (leaf && v->alone_exact && share < -8) return INT64_MIN; /* it is not above 0 */
    bool gains = v->grows ? v->high > b->entry : v->low < b->entry;
    if (gains) {
        int64_t leverage = v->leverage_cap;
        if (share > 0) leverage = weir_min(leverage, (v->high * ONE + share - 1) / share);
        int64_t gain = gain_ratio(v, b->entry);
        if (gain >= RATIO_UP || leverage >= RATIO_UP) return INT64_MAX;
        return product(gain, leverage) + 2;
    }
    /* At a loss: u / L, so what bounds L from above bounds the score from above too. */
    int64_t inverse = 0;
    if (share > 0) inverse = weir_min(weir_min(share, SHARE_UP) * ONE / v->high, RATIO_UP);
    if (v->leverage_cap < INT64_MAX) inverse = weir_max(inverse, ONE * ONE / v->leverage_cap - 1);
    int64_t loss = weir_max(loss_ratio(v, b->entry) - 1, 0);
    return weir_min(0, 2 - product(loss, inverse));
}

/* ---- Boxes of boxes -------------------------------------------------------------------------- */

/* Makes a box count from the present epoch: it keeps its bounds, a little wider. */
static struct weir_adl_box from_now(struct weir_adl_index *ix, const struct weir_adl_view *v,
                                    const struct weir_adl_box *b) {
    struct weir_adl_box n = *b;
    if (!v->mixed || b->epoch == ix->epoch) return n;
    int64_t since = weir_adl_drift(ix, ix->epoch);
    n.share = weir_adl_share_now(ix, v, b) - (int64_t)((weir_wide)b->slack * since >> 30) - 1;
    n.epoch = (uint8_t)ix->epoch;
    return n;
}

bool weir_adl_widen(struct weir_adl_index *ix, const struct weir_adl_view *v,
                    struct weir_adl_box *outer, const struct weir_adl_box *inner) {
    if (inner->share == WEIR_ADL_EMPTY) return false;
    if (outer->share == WEIR_ADL_EMPTY) {
        *outer = *inner;
        outer->leg = WEIR_NO_INDEX;
        return true;
    }
    struct weir_adl_box a = *outer, b = *inner;
    if (a.epoch != b.epoch) {
        a = from_now(ix, v, &a);
        b = from_now(ix, v, &b);
    }
    struct weir_adl_box sum = a;
    sum.entry = v->grows ? weir_min(a.entry, b.entry) : weir_max(a.entry, b.entry);
    sum.share = weir_min(a.share, b.share);
    sum.slack = weir_max(a.slack, b.slack);
    sum.oldest = a.oldest < b.oldest ? a.oldest : b.oldest;
    bool changed = sum.entry != outer->entry || sum.share != outer->share ||
                   sum.slack != outer->slack || sum.oldest != outer->oldest ||
                   sum.epoch != outer->epoch;
    *outer = sum;
    return changed;
}
