/* How far a mark may move before a scope's state can change.
 *
 * A condition alpha * sum(U_i) + beta * sum(X_i) + const >= 0 that holds with slack K keeps holding
 * while every leg i has used up at most k_i of it, sum(k_i) <= K, whatever the marks of the other
 * legs do: the sums of what is used add. Within one tier U_i and X_i are linear in the mark, so
 * the mark at which a leg has used up its share is one division; tiers are walked outward from the
 * present mark, and at each tier's edge the jump of X (tier_mode whole, initial margin) is looked
 * at too. Rounding: a requirement of n legs, each rounded up, is at most the exact sum plus
 * n * (1 - 10^-9) units; collect() takes that off the slack, so bands are never too wide. */
#include "margin/edges.h"

/* X(p) = (a * p + b) / den within one tier. */
struct line {
    weir_wide a, b, den;
};

static struct line maintenance_line(const struct weir_exchange *x, const struct weir_leg *g,
                                    uint32_t tier) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    weir_wide per_tick = weir_value(m, 1, weir_abs(g->size));
    struct line l = {.den = 1};
    weir_rate rate = r->tiers.row[tier].rate, fee = m->closing_fee_reserve;
    if (m->margin_basis == WEIR_BASIS_MARK)
        l.a = per_tick * rate;
    else
        l.b = (weir_wide)g->entry_value * rate;
    if (m->tier_mode == WEIR_TIER_MARGINAL) l.b -= r->deduction[tier];
    if (m->closing_fee_basis == WEIR_BASIS_ENTRY)
        l.b += (weir_wide)g->entry_value * fee;
    else
        l.a += per_tick * fee;
    return l;
}

/* f * IM with IM = ceil(N / L) or ceil(N * rate): at most f * (N / L) + f, at least f * N / L. */
static struct line initial_line(const struct weir_exchange *x, const struct weir_leg *g,
                                uint32_t tier, int beta) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_tier *row = &x->risks[g->market].tiers.row[tier];
    weir_wide f = x->venue->trigger_fraction, per_n;
    int64_t leverage = weir_leg_leverage(x, g);
    struct line l = {0};
    if (row->initial_rate == 0) {
        l.den = weir_min(leverage, row->max_leverage);
        per_n = f;
    } else if ((weir_wide)row->initial_rate * leverage >= WEIR_PPB) {
        l.den = WEIR_PPB;
        per_n = f * row->initial_rate;
    } else {
        l.den = leverage;
        per_n = f;
    }
    if (m->margin_basis == WEIR_BASIS_MARK)
        l.a = weir_value(m, 1, weir_abs(g->size)) * per_n;
    else
        l.b = g->entry_value * per_n;
    if (beta < 0) l.b += f * l.den;
    return l;
}

static struct line requirement_line(const struct weir_exchange *x, const struct weir_leg *g,
                                    uint32_t tier, int beta) {
    return x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION ? initial_line(x, g, tier, beta)
                                                                   : maintenance_line(x, g, tier);
}

static uint32_t present_tier(const struct weir_exchange *x, const struct weir_leg *g) {
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_wide n = weir_margin_notional(m, x->prices[g->market].mark, g->size, g->entry_value,
                                       weir_abs(g->size));
    return weir_tier_of(m, &x->risks[g->market], n);
}

weir_wide weir_band_requirement(const struct weir_exchange *x, const struct weir_leg *g, int beta) {
    struct line l = requirement_line(x, g, present_tier(x, g), beta);
    weir_wide n = l.a * x->prices[g->market].mark + l.b;
    return beta < 0 ? weir_div_ceil(n, l.den) : weir_div_floor(n, l.den);
}

/* The highest price at which a position of the leg's size is still in the tier. */
static weir_price tier_end(const struct weir_market *m, const struct weir_risk *r, uint32_t tier,
                           weir_qty lots) {
    if (m->margin_basis != WEIR_BASIS_MARK || tier + 1 >= r->tiers.count) return INT64_MAX;
    weir_amount cap = r->tiers.row[tier].cap;
    if (m->tier_edge == WEIR_LOWER_INCLUSIVE) cap--;
    return weir_saturate(cap / weir_value(m, 1, lots));
}

/* The condition in one tier as c1 * p + c0 >= 0. False when it does not fit 128 bits. */
struct threshold {
    weir_wide c1, c0;
};
static bool threshold(const struct weir_exchange *x, const struct weir_leg *g, uint32_t tier,
                      const struct weir_condition *c, weir_wide target, struct threshold *t) {
    const struct weir_market *m = &x->venue->markets[g->market];
    struct line l = requirement_line(x, g, tier, c->beta);
    weir_wide u1 = weir_value(m, 1, g->size), u0 = g->size > 0 ? -g->entry_value : g->entry_value;
    weir_wide slope, level, need, limit;
    if (__builtin_mul_overflow(c->alpha * u1, l.den, &slope)) return false;
    if (__builtin_mul_overflow(c->alpha * u0, l.den, &level)) return false;
    if (__builtin_mul_overflow(target, l.den, &need)) return false;
    t->c1 = slope + c->beta * l.a;
    t->c0 = level + c->beta * l.b - need;
    return !__builtin_mul_overflow(t->c1, m->max_price, &limit) &&
           !__builtin_add_overflow(limit, t->c0, &limit);
}

static weir_price held_up(const struct weir_exchange *x, const struct weir_leg *g,
                          const struct weir_condition *c, weir_wide target) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    weir_price p = x->prices[g->market].mark;
    for (uint32_t k = present_tier(x, g); k < r->tiers.count; k++) {
        weir_price end = weir_min(tier_end(m, r, k, weir_abs(g->size)), m->max_price);
        if (end < p) continue;
        struct threshold t;
        if (!threshold(x, g, k, c, target, &t)) return x->prices[g->market].mark;
        if (t.c1 * p + t.c0 < 0) return weir_max(p - 1, x->prices[g->market].mark);
        if (t.c1 < 0 && t.c0 / -t.c1 < end) return (weir_price)(t.c0 / -t.c1);
        if (end >= m->max_price) return INT64_MAX;
        p = end + 1;
    }
    return INT64_MAX;
}

static weir_price held_down(const struct weir_exchange *x, const struct weir_leg *g,
                            const struct weir_condition *c, weir_wide target) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    weir_price p = x->prices[g->market].mark;
    for (uint32_t k = present_tier(x, g) + 1; k-- > 0;) {
        bool lowest = k == 0 || m->margin_basis != WEIR_BASIS_MARK;
        weir_price start = lowest ? 1 : tier_end(m, r, k - 1, weir_abs(g->size)) + 1;
        if (start > p) continue;
        struct threshold t;
        if (!threshold(x, g, k, c, target, &t)) return x->prices[g->market].mark;
        if (t.c1 * p + t.c0 < 0) return weir_min(p + 1, x->prices[g->market].mark);
        if (t.c1 > 0 && t.c1 * start + t.c0 < 0) return (weir_price)weir_div_ceil(-t.c0, t.c1);
        if (start <= 1) return 0;
        p = start - 1;
    }
    return 0;
}

void weir_band_narrow(const struct weir_exchange *x, const struct weir_leg *g,
                      const struct weir_condition *c, weir_wide share, weir_price *low,
                      weir_price *high) {
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_wide now =
        c->alpha * weir_unrealised(m, x->prices[g->market].mark, g->size, g->entry_value) +
        c->beta * weir_band_requirement(x, g, c->beta);
    weir_wide target = now - share;
    *low = weir_max(*low, held_down(x, g, c, target));
    *high = weir_min(*high, held_up(x, g, c, target));
}
