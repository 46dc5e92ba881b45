/* Liquidation prices: the nearest mark at which a scope's trigger fires, all other marks held
 * (R17).
 */
#include "margin/standing.h"

static bool liquidatable_at(struct weir_exchange *x, uint32_t leg, weir_price price) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    struct weir_price_state *p = &x->prices[g->market];
    weir_price mark = p->mark;
    struct weir_health h;
    p->mark = price;
    weir_health(x, g->scope, NULL, &h);
    p->mark = mark;
    return weir_liquidatable(x, &h);
}

/* Within one tier the scope's state changes at most once between two prices: the one nearest to
 * `near` at which it is liquidatable, or 0. */
static weir_price first_between(struct weir_exchange *x, uint32_t leg, weir_price near,
                                weir_price far) {
    if (liquidatable_at(x, leg, near)) return near;
    if (!liquidatable_at(x, leg, far)) return 0;
    while (weir_abs(far - near) > 1) {
        weir_price middle = near + (far - near) / 2;
        if (liquidatable_at(x, leg, middle))
            far = middle;
        else
            near = middle;
    }
    return far;
}

/* The last price of the position's tier at `price`, in a direction (+1 up, -1 down). */
static weir_price tier_edge_price(const struct weir_exchange *x, const struct weir_leg *g,
                                  weir_price price, int direction) {
    const struct weir_market *m = &x->venue->markets[g->market];
    const struct weir_risk *r = &x->risks[g->market];
    if (m->margin_basis != WEIR_BASIS_MARK) return direction > 0 ? m->max_price : 1;
    weir_qty lots = weir_abs(g->size);
    uint32_t tier = weir_tier_of(m, r, weir_value(m, price, lots));
    weir_wide below = m->tier_edge == WEIR_LOWER_INCLUSIVE;
    weir_wide least = tier == 0 ? 0 : r->tiers.row[tier - 1].cap - below + 1;
    weir_wide most =
        tier + 1 == r->tiers.count ? INT64_MAX : (weir_wide)r->tiers.row[tier].cap - below;
    struct weir_price_range prices = weir_prices_worth(m, lots, least, most);
    return direction > 0 ? prices.high : prices.low;
}

/* Of a price below mark and one above (0: none) the nearer; as near: the one on the losing side. */
static weir_price nearer(const struct weir_exchange *x, uint32_t leg, weir_price below,
                         weir_price above) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    weir_price mark = x->prices[g->market].mark;
    if (!below || !above) return below + above;
    weir_price down = mark - below, up = above - mark;
    if (down == up) return g->size > 0 ? below : above;
    return down < up ? below : above;
}

static weir_price search(struct weir_exchange *x, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark, found[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        int direction = side ? 1 : -1;
        weir_price last = side ? m->max_price : 1;
        for (weir_price p = mark;;) {
            weir_price edge = tier_edge_price(x, g, p, direction);
            found[side] = first_between(x, leg, p, edge);
            if (found[side] || edge == last) break;
            p = edge + direction;
        }
    }
    return nearer(x, leg, found[0], found[1]);
}

/* ---- In closed form -------------------------------------------------------------------------- */

/* What is left of the equity at a value v of the position, in 10^-9 units: not liquidatable while
 * slope * v + base >= 0. Exact: with equity, the other requirements and the strictness of the
 * trigger whole units, E >= R + ceil(x / 10^9) says the same as (E - R) * 10^9 >= x. */
struct left {
    const struct weir_position_view *p;
    const struct weir_exchange *x;
    weir_wide rest; /* equity without what the position gained, less all else that is required */
};

static struct weir_line left_in_tier(const struct left *w, uint32_t tier) {
    struct weir_line required = weir_requirement_line(w->x, w->p, tier, true);
    weir_wide base = (w->rest - (weir_wide)w->p->sign * w->p->entry_value) * WEIR_PPB;
    return (struct weir_line){w->p->sign * WEIR_PPB - required.slope, base - required.base};
}

/* The price nearest to mark at which the position is worth from `least` to `most`, or 0. */
static weir_price nearest_worth(const struct left *w, weir_wide least, weir_wide most, bool above) {
    struct weir_price_range r = weir_prices_worth(w->p->market, w->p->lots, least, most);
    bool linear = w->p->market->contract == WEIR_LINEAR;
    if (r.low > r.high) return 0;
    return above == linear ? r.low : r.high;
}

/* Where a tier begins the requirement may jump, and the equity outgrow it again: between two prices
 * that may be over before it was there. */
static weir_price fires_above(const struct left *w) {
    const struct weir_position_view *p = w->p;
    weir_wide v = p->value;
    for (uint32_t tier = p->tier;; tier++) {
        weir_wide end = weir_tier_top(p, tier), from = v, to = end;
        if (end < v) continue; /* a tier narrower than a lot */
        struct weir_line l = left_in_tier(w, tier);
        bool now = weir_line_at(l, v) < 0;
        if (!now && l.slope < 0) from = l.base / -l.slope + 1;
        if (now && l.slope > 0) to = weir_wide_min(end, weir_div_ceil(-l.base, l.slope) - 1);
        bool fires = now || (l.slope < 0 && from <= end);
        weir_price price = fires ? nearest_worth(w, from, to, true) : 0;
        if (price || end == INT64_MAX) return price;
        v = end + 1;
    }
}

static weir_price fires_below(const struct left *w) {
    const struct weir_position_view *p = w->p;
    weir_wide v = p->value;
    for (uint32_t tier = p->tier;; tier--) {
        bool lowest = tier == 0 || p->market->margin_basis != WEIR_BASIS_MARK;
        weir_wide start = lowest ? 0 : weir_tier_top(p, tier - 1) + 1, from = v;
        if (start <= v) {
            struct weir_line l = left_in_tier(w, tier);
            bool now = weir_line_at(l, v) < 0;
            weir_wide to = start;
            if (!now && l.slope > 0) from = weir_div_ceil(-l.base, l.slope) - 1;
            if (now && l.slope < 0) to = weir_wide_max(start, weir_div_floor(l.base, -l.slope) + 1);
            bool fires = now || (l.slope > 0 && from >= start);
            weir_price price = fires ? nearest_worth(w, to, from, false) : 0;
            if (price) return price;
            v = start - 1;
        }
        if (lowest) return 0;
    }
}

weir_price weir_liquidation_price(struct weir_exchange *x, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    struct weir_standing s;
    weir_stand(x, g->scope, &s);
    if (s.liquidatable) return x->prices[g->market].mark;
    if (s.priced) return search(x, leg);
    struct weir_position_view p;
    weir_view_position(x, g, &p);
    bool strict = x->venue->trigger_rule == WEIR_TRIGGER_MAINTENANCE_STRICT;
    weir_wide others = s.requirement - weir_div_ceil(p.required, WEIR_PPB);
    struct left w = {&p, x,
                     s.equity - p.sign * ((weir_wide)p.value - p.entry_value) - others - !strict};
    weir_price below = fires_below(&w), above = fires_above(&w);
    bool linear = p.market->contract == WEIR_LINEAR;
    weir_price found = nearer(x, leg, linear ? below : above, linear ? above : below);
    WEIR_HEAVY(found == search(x, leg));
    return found;
}

#define AHEAD 12 /* positions whose memory is asked for ahead */

static void ask_ahead(const struct weir_exchange *x, const struct weir_pool *list, uint32_t i) {
    if (i + 2 * AHEAD < list->count)
        __builtin_prefetch(weir_leg_at(&x->ledger, *WEIR_AT(list, uint32_t, i + 2 * AHEAD)));
    if (i + AHEAD >= list->count) return;
    const struct weir_leg *g = weir_leg_at(&x->ledger, *WEIR_AT(list, uint32_t, i + AHEAD));
    __builtin_prefetch(weir_scope_at(&x->ledger, g->scope));
}

void weir_each_liquidation_price(struct weir_exchange *x, uint32_t market,
                                 void (*visit)(void *ctx, const struct weir_leg *leg,
                                               weir_price price),
                                 void *ctx) {
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    for (uint32_t i = 0; i < list->count; i++) {
        ask_ahead(x, list, i);
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        weir_price price = weir_liquidation_price(x, leg);
        if (price != 0) visit(ctx, weir_leg_at(&x->ledger, leg), price);
    }
}
