/* What keys of several rankings are made of (R28): values packed above account orders, and bounds
 * of u and leverage. Everything is rounded so that no exact score lies above. */
#include "adl/ranking.h"

#define ONE        (INT64_C(1) << 20) /* of ratios */
#define SHARE_UP   (INT64_C(1) << 42)
#define DRIFT_UP   (INT64_C(7) << 24)
#define ORDER_BITS 27
#define LAST_ORDER ((INT64_C(1) << ORDER_BITS) - 1)

/* ---- Packed ---------------------------------------------------------------------------------- */

int64_t weir_adl_signed_key(int64_t value, uint64_t order) {
    const int64_t up = (INT64_C(1) << 35) - 1;
    if (value >= up) return INT64_MAX;
    if (value <= -up) return -up * (LAST_ORDER + 1);
    return value * (LAST_ORDER + 1) + LAST_ORDER - (int64_t)weir_min((int64_t)order, LAST_ORDER);
}

/* The place of the highest bit, and those that follow it. */
static int64_t packed(weir_qty lots, int bits, bool *exact) {
    int high = 63 - __builtin_clzll((uint64_t)lots);
    *exact = high <= bits;
    int64_t below = lots & ((INT64_C(1) << high) - 1);
    below = high <= bits ? below << (bits - high) : below >> (high - bits);
    return ((int64_t)high << bits) + below;
}

int64_t weir_adl_packed_key(weir_qty lots, int bits, int64_t below) {
    bool exact;
    int64_t value = packed(lots, 57 - bits, &exact) << bits; /* 6 bits say how many there are */
    return value + (exact ? below : (INT64_C(1) << bits) - 1);
}

int64_t weir_adl_lots_key(weir_qty lots, uint64_t order) {
    return weir_adl_packed_key(lots, ORDER_BITS, LAST_ORDER - weir_min((int64_t)order, LAST_ORDER));
}

uint32_t weir_adl_lots_class(weir_qty lots) {
    bool exact;
    return (uint32_t)packed(lots, 10, &exact);
}

uint32_t weir_adl_lots_place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                             const struct weir_adl_box *b) {
    (void)ix;
    int64_t unit = weir_max(1, v->line->value >> 14);
    return weir_adl_lots_class(-b->rest) << 16 | (uint32_t)weir_clamp(b->low / unit, 0, 65535);
}

int64_t weir_adl_order_kept(const struct weir_adl_index *ix, const struct weir_adl_box *leaf) {
    const struct weir_ledger *l = &ix->x->ledger;
    return (int64_t)weir_account_order(l, weir_leg_at(l, leaf->leg)->account);
}

void weir_adl_order_box(const struct weir_adl_index *ix, const struct weir_leg *g,
                        enum weir_adl_family family, struct weir_adl_box *b) {
    (void)g;
    (void)family;
    b->others = weir_adl_order_kept(ix, b);
}

void weir_adl_lots_box(const struct weir_adl_index *ix, const struct weir_leg *g,
                       enum weir_adl_family family, struct weir_adl_box *b) {
    weir_adl_order_box(ix, g, family, b);
    b->rest = -weir_abs(g->size);
}

/* ---- u --------------------------------------------------------------------------------------- */

int64_t weir_adl_profit_bound(const struct weir_adl_view *v, const struct weir_adl_box *b) {
    int64_t entry = v->grows ? b->low : b->high;
    int64_t most = v->grows ? (v->exact ? v->low : v->high) - b->low : b->high - v->low;
    if (entry <= 0 || entry >= WEIR_ADL_ENTRY_UP) return INT64_MAX;
    /* All is gained at most; entries carry units against the rounding of inverse values. */
    if (!v->grows && v->low < entry / 64) return WEIR_PPB;
    return weir_saturate(most >= 0 ? (weir_wide)most * WEIR_PPB / entry
                                   : -((weir_wide)-most * WEIR_PPB / entry));
}

int64_t weir_adl_move_bound(const struct weir_adl_view *v, const struct weir_adl_box *b) {
    int64_t low = b->low - 1, high = b->high + 1;
    if (!v->linear || high >= WEIR_ADL_ENTRY_UP) return 0;
    if (v->low > high) return weir_saturate((weir_wide)(v->low - high) * WEIR_PPB / high);
    if (low > v->high) return weir_saturate((weir_wide)(low - v->high) * WEIR_PPB / low);
    return 0;
}

/* ---- Leverage -------------------------------------------------------------------------------- */

static int64_t ratio(const struct weir_adl_view *v, int64_t held, int64_t share) {
    int64_t leverage = weir_min(v->leverage_cap, WEIR_ADL_RATIO_UP);
    if (share <= 0) return leverage;
    return weir_min(leverage, held * ONE / share + 1); /* held at most 2^42, ONE 2^20 */
}

/* Of a box of mixed boxes, which keeps the least share / notional. */
static int64_t of_part(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       const struct weir_adl_box *b) {
    int64_t part = 0;
    if (weir_adl_drift(ix, b->oldest) <= DRIFT_UP)
        part = b->rest - (int64_t)((weir_wide)b->slack * weir_adl_drift(ix, b->epoch) >> 30) - 1;
    part >>= 10;
    int64_t leverage = part > 0 ? ONE * ONE / part + 1 : WEIR_ADL_RATIO_UP;
    return weir_min(weir_min(leverage, v->leverage_cap), WEIR_ADL_RATIO_UP);
}

/* What is held and the rest of it without gains, at present prices. */
static bool at_prices(struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b, int64_t *held, int64_t *rest) {
    bool leaf = b->leg != WEIR_NO_INDEX;
    int64_t moved = weir_adl_moved(ix, v, b), others = leaf && v->mixed ? b->others : 0;
    *held = SHARE_UP;
    *rest = -SHARE_UP;
    if (moved == INT64_MAX || v->high + others + moved >= SHARE_UP) return false;
    *rest = b->rest + v->offset - moved;
    *held = v->high + others + moved;
    return true;
}

int64_t weir_adl_leverage_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                                const struct weir_adl_box *b) {
    bool leaf = b->leg != WEIR_NO_INDEX;
    if (v->mixed && !leaf) return of_part(ix, v, b);
    int64_t held, rest;
    bool known = at_prices(ix, v, b, &held, &rest);
    int64_t most = v->grows ? v->high - b->low : b->high - v->low;
    int64_t least = v->grows ? v->high - b->high : b->low - v->low;
    if (leaf && known && v->alone_exact && rest + (v->posted ? 0 : most) < -16) return 0;
    /* What is gained times leverage grows with the gain, where rest >= 0. */
    int64_t gain = v->posted ? 0 : rest >= 0 && most > 0 ? weir_max(most, 1) : least;
    return ratio(v, held, rest + gain);
}

int64_t weir_adl_account_leverage_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                                        const struct weir_adl_box *b) {
    if (v->mixed && b->leg == WEIR_NO_INDEX) return of_part(ix, v, b);
    int64_t held, rest, gain;
    (void)at_prices(ix, v, b, &held, &rest);
    gain = v->grows ? v->high : -v->low; /* of all of it, from nothing */
    if (v->mixed) gain = v->grows ? v->high - b->high : b->low - v->low;
    return ratio(v, held, rest + (v->posted ? 0 : gain));
}

uint32_t weir_adl_equity_place(const struct weir_adl_view *v, const struct weir_adl_box *b) {
    int64_t value = v->line->value, rest = weir_clamp(b->rest, -8 * value, 56 * value - 1);
    return (uint32_t)(((weir_wide)(rest + 8 * value) << 26) / weir_max(1, value));
}

void weir_adl_equity_box(const struct weir_adl_index *ix, const struct weir_leg *g,
                         enum weir_adl_family family, struct weir_adl_box *b) {
    b->others = 0; /* equity is all the scope's */
    if (family == WEIR_ADL_MIXED || ix->x->venue->adl_equity == WEIR_ADL_POSTED) return;
    bool grows = weir_adl_grows(&ix->x->venue->markets[g->market], g->size < 0);
    b->rest += grows ? -b->high : b->low;
}
