/* Requirements, equity, order margin, shares and bankruptcy prices (R8-R11, R17, R23). */
#include "reference/twin.h"

#include <stdlib.h>

int weir_twin_tier(const struct market *k, wide notional) {
    int last = (int)k->tiers.count - 1;
    for (int i = 0; i < last; i++) {
        wide cap = k->tiers.row[i].cap;
        if (k->c->tier_edge == WEIR_UPPER_INCLUSIVE ? notional <= cap : notional < cap) return i;
    }
    return last;
}

static int64_t class_cap(const struct twin *t, const struct account *a) {
    return t->v->classes[a->class_idx].max_leverage;
}

/* Chosen leverage, within the class's cap; the fund's scope uses the market's default (R27). */
int64_t weir_twin_leverage(const struct twin *t, const struct account *a, int m) {
    const struct position *p = &a->at[m];
    if (a->fund >= 0) return t->m[m].c->default_leverage;
    return weir_min(p->leverage_set ? p->leverage : t->m[m].c->default_leverage, class_cap(t, a));
}

/* IM of `lots` >= |s| lots: the position and what may be opened beyond it (R10). */
wide weir_twin_im(const struct twin *t, const struct account *a, int m, wide lots) {
    const struct market *k = &t->m[m];
    const struct position *p = &a->at[m];
    wide n = weir_twin_value(t, m, k->mark, lots);
    if (k->c->margin_basis == WEIR_BASIS_ENTRY)
        n = p->v + weir_twin_value(t, m, k->mark, lots - weir_abs(p->s));
    const struct weir_tier *row = &k->tiers.row[weir_twin_tier(k, n)];
    wide chosen = weir_twin_leverage(t, a, m), part = 1, of = chosen; /* the rate is part / of */
    if (row->max_leverage > 0)
        of = weir_wide_min(chosen, row->max_leverage);
    else if (chosen * row->initial_rate > WEIR_PPB) {
        part = row->initial_rate;
        of = WEIR_PPB;
    }
    if (k->scaled == 0) return weir_twin_div('c', n, part, 1, of, 1);
    wide rate = weir_twin_div('c', WEIR_PPB, part * k->scaled_of + (of - part) * k->scaled, 1, of,
                              k->scaled_of); /* oi_scaling */
    return weir_twin_div('c', n, rate, 1, WEIR_PPB, 1);
}

wide weir_twin_upnl(const struct twin *t, int m, int64_t s, wide v) {
    wide now = weir_twin_value(t, m, t->m[m].mark, weir_abs(s));
    if (s == 0) return 0;
    return (s > 0) == (t->m[m].c->contract == WEIR_LINEAR) ? now - v : v - now;
}

wide weir_twin_worth(const struct twin *t, int asset, wide amount) {
    const struct weir_asset *c = &t->v->assets[asset];
    return weir_twin_div('f', amount, t->assets[asset].price,
                         (WEIR_PPB - c->haircut) * weir_twin_power(t->v->assets[0].decimals),
                         weir_twin_power(c->decimals), weir_twin_power(18));
}

/* Other collateral stands behind the cross scope of asset 0 (R8). Only what a fresh feed values
 * counts for opening and withdrawing. */
static wide collateral_worth(const struct twin *t, const struct scope *s, bool fresh_only) {
    wide sum = 0;
    for (uint32_t i = 1; s->market == -1 && i < t->v->asset_count; i++) {
        if (s->account->collateral[i] == 0) continue;
        if (!fresh_only ||
            weir_twin_feed_fresh(&t->assets[i].feed, t->now, t->v->assets[i].stale_after))
            sum += weir_twin_worth(t, (int)i, s->account->collateral[i]);
    }
    return sum;
}

/* N * r - d of R9, in 10^-9. */
static wide exact_mm(const struct twin *t, int m, wide lots, wide v) {
    const struct market *k = &t->m[m];
    bool entry = k->c->margin_basis == WEIR_BASIS_ENTRY;
    wide n = entry ? v : weir_twin_value(t, m, k->mark, lots), d = 0;
    int tier = weir_twin_tier(k, n);
    if (k->c->tier_mode == WEIR_TIER_MARGINAL)
        for (int i = 1; i <= tier; i++)
            d += (wide)k->tiers.row[i - 1].cap * (k->tiers.row[i].rate - k->tiers.row[i - 1].rate);
    return n * k->tiers.row[tier].rate - d;
}

/* The part of an equity that falls to all of a position: by MM, or by notional where no MM is. */
static wide part_of(wide equity, wide mm, wide mm_total, wide n, wide n_total) {
    if (mm_total > 0) return weir_twin_div('f', equity, mm, 1, mm_total, 1);
    return n_total > 0 ? weir_twin_div('f', equity, n, 1, n_total, 1) : 0;
}

/* `closing_fee_basis: bankruptcy` (R9): the price at which the whole position would lose its part
 * of the scope's equity, all MM taken without the reserve. */
static int64_t closing_price(const struct twin *t, struct account *a, int m) {
    const struct scope *s = weir_twin_scope(t, a, m);
    wide mm = 0, mm_total = 0, n = 0, n_total = 0, equity = 0;
    for (int i = 0; i < t->markets; i++) {
        const struct position *p = &a->at[i];
        if (p->s == 0 || weir_twin_scope(t, a, i) != s) continue;
        wide x = weir_twin_div('c', exact_mm(t, i, weir_abs(p->s), p->v), 1, 1, WEIR_PPB, 1);
        wide y = weir_twin_value(t, i, t->m[i].mark, weir_abs(p->s));
        equity += weir_twin_upnl(t, i, p->s, p->v);
        mm_total += x;
        n_total += y;
        if (i != m) continue;
        mm = x;
        n = y;
    }
    equity += s->balance + collateral_worth(t, s, false);
    return weir_twin_bankruptcy(t, a, m, weir_abs(a->at[m].s),
                                part_of(equity, mm, mm_total, n, n_total), false);
}

/* MM of `lots` of the account's position, with entry value v (R9). */
wide weir_twin_mm(const struct twin *t, struct account *a, int m, wide lots, wide v) {
    const struct weir_market *c = t->m[m].c;
    if (lots == 0) return 0;
    wide fee_base = v;
    if (c->closing_fee_basis == WEIR_BASIS_MARK)
        fee_base = weir_twin_value(t, m, t->m[m].mark, lots);
    if (c->closing_fee_basis == WEIR_BASIS_BANKRUPTCY)
        fee_base = weir_twin_value(t, m, closing_price(t, a, m), lots);
    return weir_twin_div('c', exact_mm(t, m, lots, v) + fee_base * c->closing_fee_reserve, 1, 1,
                         WEIR_PPB, 1);
}

struct value weir_twin_eval(const struct twin *t, const struct scope *s) {
    struct value x = {.equity = s->balance, .discounted = s->balance};
    struct account *a = s->account;
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &a->at[m];
        if (p->s == 0 || weir_twin_scope(t, a, m) != s) continue;
        const struct market *k = &t->m[m];
        wide profit = weir_twin_upnl(t, m, p->s, p->v);
        x.equity += profit;
        if (profit > 0)
            profit = k->stale
                         ? 0
                         : weir_twin_div('t', profit, t->v->positive_pnl_weight, 1, WEIR_PPB, 1);
        x.discounted += profit;
        x.im += weir_twin_im(t, a, m, weir_abs(p->s));
        x.mm += weir_twin_mm(t, a, m, weir_abs(p->s), p->v);
        x.notional += weir_twin_value(t, m, k->mark, weir_abs(p->s));
        x.positions++;
        x.stale_leg = x.stale_leg || k->stale;
    }
    x.equity += collateral_worth(t, s, false);
    x.discounted += collateral_worth(t, s, true);
    x.req = x.mm;
    if (t->v->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION)
        x.req = weir_twin_div('c', x.im, t->v->trigger_fraction, 1, WEIR_PPB, 1);
    return x;
}

wide weir_twin_open_loss(const struct twin *t, int m, enum weir_side side, int64_t price,
                         int64_t m0, int64_t qty) {
    return weir_wide_max(0, weir_twin_worse(t, m, side, m0, price, qty));
}

/* Order margin of the scope: all its markets (R10). */
wide weir_twin_order_margin(const struct twin *t, const struct scope *s) {
    wide sum = 0;
    struct account *a = s->account;
    for (int m = 0; m < t->markets; m++) {
        if (weir_twin_scope(t, a, m) != s || t->m[m].mark == 0) continue;
        wide buys, sells;
        weir_twin_exposure(t, a, m, &buys, &sells);
        sum += weir_twin_im(t, a, m, weir_twin_reach(a->at[m].s, buys, sells)) -
               weir_twin_im(t, a, m, weir_abs(a->at[m].s));
    }
    for (int i = 0; i < t->order_count; i++) {
        const struct order *o = t->orders[i];
        if (o->dead || o->stop || o->account != a || weir_twin_scope(t, a, o->m) != s) continue;
        sum += weir_twin_open_loss(t, o->m, o->side, o->price, o->m0, o->open);
    }
    for (int i = 0; i < t->auction_count; i++) {
        const struct auction *u = &t->auctions[i];
        for (int j = 0; j < u->bid_count; j++) {
            const struct bid *b = &u->bids[j];
            if (b->account != a || weir_twin_scope(t, a, u->m) != s) continue;
            sum += weir_twin_open_loss(t, u->m, u->side == WEIR_SELL ? WEIR_BUY : WEIR_SELL,
                                       b->price, b->m0, b->qty);
        }
    }
    return sum;
}

static bool rule_fires(const struct twin *t, const struct value *x) {
    if (x->positions == 0) return false;
    if (t->v->trigger_rule == WEIR_TRIGGER_MAINTENANCE_STRICT) return x->equity < x->req;
    return x->equity <= x->req;
}

bool weir_twin_liquidatable(const struct twin *t, const struct scope *s) {
    struct value x = weir_twin_eval(t, s);
    return x.equity < 0 || rule_fires(t, &x);
}

/* R25's test. */
bool weir_twin_restored(const struct twin *t, const struct scope *s) {
    struct value x = weir_twin_eval(t, s);
    if (x.req == 0 && x.equity < 0) return false;
    return weir_twin_cmp(x.equity, WEIR_PPB, t->v->restore_margin, x.req) >= 0;
}

/* The share a of closing q lots of the position, equity given (R23). */
wide weir_twin_share(const struct twin *t, const struct scope *s, int m, int64_t q, wide equity) {
    const struct position *p = &s->account->at[m];
    struct value x = weir_twin_eval(t, s);
    int64_t size = weir_abs(p->s);
    if (x.mm == 0) {
        if (x.notional == 0) return 0;
        return weir_twin_div('f', equity, weir_twin_value(t, m, t->m[m].mark, size), q, x.notional,
                             size);
    }
    wide mm = weir_twin_mm(t, s->account, m, size, p->v);
    if (t->v->bankruptcy_share == WEIR_SHARE_PER_LOT)
        return weir_twin_div('f', equity, mm, q, x.mm, size);
    wide v_rest = q == size ? 0 : p->v - weir_twin_div('t', p->v, q, 1, size, 1);
    wide released = mm - weir_twin_mm(t, s->account, m, size - q, v_rest);
    return weir_twin_div('f', equity, released, 1, x.mm, 1);
}

/* R23 inverse: the value at the price differs from that at mark by the share, one unit kept back
 * for every fill that may be rounded. */
static wide inverse_bankruptcy(const struct twin *t, int m, bool is_long, int64_t q, wide share,
                               bool fee_included) {
    const struct weir_market *c = t->m[m].c;
    wide low = share - t->v->fills_per_step * (fee_included ? 2 : 1);
    wide at_mark = weir_twin_value(t, m, t->m[m].mark, q);
    wide worth = is_long ? at_mark + low : at_mark - low;
    wide fee = fee_included ? c->fee_taker : 0;
    if (worth <= 0) return c->max_price;
    return weir_twin_div(is_long ? 'c' : 'f', (wide)c->face_value * q,
                         weir_twin_power(t->v->assets[c->asset].decimals + c->tick.scale),
                         is_long ? WEIR_PPB + fee : WEIR_PPB - fee, c->tick.mantissa * WEIR_PPB,
                         worth);
}

int64_t weir_twin_bankruptcy(const struct twin *t, const struct account *a, int m, int64_t q,
                             wide share, bool fee_included) {
    const struct market *k = &t->m[m];
    bool is_long = a->at[m].s > 0;
    wide unit = (wide)q * k->c->unit_value, price;
    if (k->c->contract == WEIR_INVERSE)
        price = inverse_bankruptcy(t, m, is_long, q, share, fee_included);
    else if (!fee_included) {
        wide step = weir_twin_div('f', share, 1, 1, unit, 1);
        price = is_long ? k->mark - step : k->mark + step;
    } else {
        wide low = share - t->v->fills_per_step, at_mark = k->mark * unit;
        price =
            is_long
                ? weir_twin_div('c', at_mark - low, WEIR_PPB, 1, unit, WEIR_PPB - k->c->fee_taker)
                : weir_twin_div('f', at_mark + low, WEIR_PPB, 1, unit, WEIR_PPB + k->c->fee_taker);
    }
    return price < 1 ? 1 : price > k->c->max_price ? k->c->max_price : (int64_t)price;
}

static bool fires_at(struct twin *t, const struct scope *s, int m, int64_t mark, bool negative) {
    int64_t held = t->m[m].mark;
    t->m[m].mark = mark;
    struct value x = weir_twin_eval(t, s);
    t->m[m].mark = held;
    return negative ? x.equity < 0 : rule_fires(t, &x);
}

/* In [lo, hi] all prices lie in one tier, so the condition is monotone there: the price nearest to
 * the mark that meets it, 0 for none. The whole range is on one side of the mark. */
static int64_t nearest_in(struct twin *t, const struct scope *s, int m, int64_t lo, int64_t hi,
                          bool negative) {
    bool below = hi <= t->m[m].mark;
    int64_t near = below ? hi : lo, far = below ? lo : hi;
    if (fires_at(t, s, m, near, negative)) return near;
    if (!fires_at(t, s, m, far, negative)) return 0;
    while (weir_abs(near - far) > 1) { /* near does not fire, far does */
        int64_t mid = far + (near - far) / 2;
        if (fires_at(t, s, m, mid, negative))
            far = mid;
        else
            near = mid;
    }
    return far;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The last price of those on one side of which lots are worth more than an amount and on the other
 * at most that: around it a tier ends. */
static wide tier_ends(const struct twin *t, int m, wide lots, wide amount) {
    const struct weir_market *c = t->m[m].c;
    if (c->contract == WEIR_INVERSE) return weir_twin_price_worth(t, m, 'f', lots, amount);
    return weir_twin_div('f', amount, 1, 1, lots, c->unit_value);
}

/* Prices that end a piece in which the condition changes once at most; a piece begins after one. */
static int pieces(const struct twin *t, int m, wide lots, int64_t *cut) {
    const struct market *k = &t->m[m];
    int count = 0;
    cut[count++] = 0;
    cut[count++] = k->c->max_price;
    cut[count++] = k->mark - 1;
    cut[count++] = k->mark;
    for (uint32_t i = 0; i < k->tiers.count; i++)
        for (int above = 0; above <= 1; above++)
            for (int d = -1; d <= 1; d++) {
                wide c = tier_ends(t, m, lots, (wide)k->tiers.row[i].cap + above) + d;
                if (c > 0 && c < k->c->max_price) cut[count++] = (int64_t)c;
            }
    qsort(cut, (size_t)count, sizeof cut[0], ascending);
    return count;
}

struct weir_maybe weir_twin_liquidation_price(struct twin *t, struct scope *s, int m) {
    const struct market *k = &t->m[m];
    int64_t cut[6 * WEIR_TIERS_MAX + 4], best = 0;
    int count = pieces(t, m, weir_abs(s->account->at[m].s), cut);
    for (int i = 0; i + 1 < count; i++) {
        if (cut[i] == cut[i + 1] || cut[i] < 0) continue;
        for (int negative = 0; negative < 2; negative++) {
            int64_t p = nearest_in(t, s, m, cut[i] + 1, cut[i + 1], negative);
            if (p == 0) continue;
            int64_t d = weir_abs(p - k->mark), b = weir_abs(best - k->mark);
            /* Of two as near, the one on the side where the position loses. */
            if (best == 0 || d < b || (d == b && (p < k->mark) == (s->account->at[m].s > 0)))
                best = p;
        }
    }
    return (struct weir_maybe){best != 0, best};
}

struct before weir_twin_before(const struct twin *t, struct account *a, int m) {
    struct value x = weir_twin_eval(t, weir_twin_scope(t, a, m));
    return (struct before){a->at[m].s, x.equity, x.mm};
}

bool weir_twin_passes(const struct twin *t, struct account *a, int m, const struct before *b) {
    struct value x = weir_twin_eval(t, weir_twin_scope(t, a, m));
    if (x.discounted >= x.im) return true;
    return weir_abs(a->at[m].s) < weir_abs(b->s) && x.equity >= 0 &&
           weir_twin_cmp(x.equity, b->mm, b->equity, x.mm) >= 0;
}
