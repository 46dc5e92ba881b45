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
    int64_t chosen = weir_twin_leverage(t, a, m);
    if (row->max_leverage > 0) {
        int64_t l = weir_min(chosen, row->max_leverage);
        return weir_twin_div('c', n, 1, 1, l, 1);
    }
    if ((wide)chosen * row->initial_rate > WEIR_PPB)
        return weir_twin_div('c', n, row->initial_rate, 1, WEIR_PPB, 1);
    return weir_twin_div('c', n, 1, 1, chosen, 1);
}

/* MM of a position of `lots` > 0 with entry value v (R9). */
wide weir_twin_mm(const struct twin *t, int m, wide lots, wide v) {
    const struct market *k = &t->m[m];
    if (lots == 0) return 0;
    wide at_mark = weir_twin_value(t, m, k->mark, lots);
    wide n = k->c->margin_basis == WEIR_BASIS_ENTRY ? v : at_mark;
    int tier = weir_twin_tier(k, n);
    wide d = 0;
    if (k->c->tier_mode == WEIR_TIER_MARGINAL)
        for (int i = 1; i <= tier; i++)
            d += (wide)k->tiers.row[i - 1].cap * (k->tiers.row[i].rate - k->tiers.row[i - 1].rate);
    wide fee_base = k->c->closing_fee_basis == WEIR_BASIS_ENTRY ? v : at_mark;
    wide exact = n * k->tiers.row[tier].rate - d + fee_base * k->c->closing_fee_reserve;
    return weir_twin_div('c', exact, 1, 1, WEIR_PPB, 1);
}

wide weir_twin_upnl(const struct twin *t, int m, int64_t s, wide v) {
    wide now = weir_twin_value(t, m, t->m[m].mark, weir_abs(s));
    return s > 0 ? now - v : s < 0 ? v - now : 0;
}

wide weir_twin_worth(const struct twin *t, int asset, wide amount) {
    const struct weir_asset *c = &t->v->assets[asset];
    return weir_twin_div('f', amount, t->assets[asset].price,
                         (WEIR_PPB - c->haircut) * weir_twin_power(t->v->assets[0].decimals),
                         weir_twin_power(c->decimals), weir_twin_power(18));
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
        x.mm += weir_twin_mm(t, m, weir_abs(p->s), p->v);
        x.notional += weir_twin_value(t, m, k->mark, weir_abs(p->s));
        x.positions++;
        x.stale_leg = x.stale_leg || k->stale;
    }
    for (uint32_t i = 1; s->market < 0 && i < t->v->asset_count; i++) {
        if (a->collateral[i] == 0) continue;
        wide worth = weir_twin_worth(t, (int)i, a->collateral[i]);
        x.equity += worth;
        if (weir_twin_feed_fresh(&t->assets[i].feed, t->now, t->v->assets[i].stale_after))
            x.discounted += worth;
    }
    x.req = x.mm;
    if (t->v->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION)
        x.req = weir_twin_div('c', x.im, t->v->trigger_fraction, 1, WEIR_PPB, 1);
    return x;
}

wide weir_twin_open_loss(const struct twin *t, int m, enum weir_side side, int64_t price,
                         int64_t m0, int64_t qty) {
    wide d = side == WEIR_BUY ? (wide)price - m0 : (wide)m0 - price;
    return d > 0 ? weir_twin_value(t, m, d, qty) : 0;
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
    if (x.mm == 0)
        return weir_twin_div('f', equity, weir_twin_value(t, m, t->m[m].mark, size), q, x.notional,
                             size);
    wide mm = weir_twin_mm(t, m, size, p->v);
    if (t->v->bankruptcy_share == WEIR_SHARE_PER_LOT)
        return weir_twin_div('f', equity, mm, q, x.mm, size);
    wide v_rest = q == size ? 0 : p->v - weir_twin_div('t', p->v, q, 1, size, 1);
    return weir_twin_div('f', equity, mm - weir_twin_mm(t, m, size - q, v_rest), 1, x.mm, 1);
}

int64_t weir_twin_bankruptcy(const struct twin *t, const struct account *a, int m, int64_t q,
                             wide share, bool fee_included) {
    const struct market *k = &t->m[m];
    bool is_long = a->at[m].s > 0;
    wide unit = (wide)q * k->c->unit_value, price;
    if (!fee_included) {
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

struct weir_maybe weir_twin_liquidation_price(struct twin *t, struct scope *s, int m) {
    const struct market *k = &t->m[m];
    int64_t cut[4 * WEIR_TIERS_MAX + 4], best = 0;
    int count = 0;
    wide unit = (wide)weir_abs(s->account->at[m].s) * k->c->unit_value;
    cut[count++] = 0; /* a piece begins after a cut and ends with the next */
    cut[count++] = k->c->max_price;
    cut[count++] = k->mark - 1;
    cut[count++] = k->mark;
    for (uint32_t i = 0; i < k->tiers.count; i++)
        for (int d = -1; d <= 1; d++) {
            wide c = k->tiers.row[i].cap / unit + d;
            if (c > 0 && c < k->c->max_price) cut[count++] = (int64_t)c;
        }
    qsort(cut, (size_t)count, sizeof cut[0], ascending);
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
