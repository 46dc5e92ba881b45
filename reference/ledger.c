/* Positions, fills, exposure and the sums of R33. */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>

wide weir_twin_fee(wide value, int64_t rate) {
    return weir_twin_div('c', value, rate, 1, WEIR_PPB, 1); /* R5, R24 */
}

/* Books a trade of signed qty on one side (R7): the profit of the closing part goes to the balance
 * and is returned. */
wide weir_twin_move(struct twin *t, struct account *a, int m, int64_t qty, int64_t price) {
    struct position *p = &a->at[m];
    struct scope *s = weir_twin_scope(t, a, m);
    wide profit = 0, booked = 0; /* of the fill's value */
    int64_t closing = 0;
    if (p->s != 0 && (p->s > 0) != (qty > 0)) {
        closing = weir_min(weir_abs(p->s), weir_abs(qty));
        booked = weir_twin_value(t, m, price, closing);
        wide released = closing == weir_abs(p->s)
                            ? p->v
                            : weir_twin_div('t', p->v, closing, 1, weir_abs(p->s), 1);
        bool gains = (p->s > 0) == (t->m[m].c->contract == WEIR_LINEAR);
        profit = gains ? booked - released : released - booked;
        p->v -= released;
    }
    p->v += weir_twin_value(t, m, price, weir_abs(qty)) - booked;
    p->s += qty;
    s->balance += profit;
    s->changed = true;
    if (p->profit_point != t->point) p->profit = 0;
    p->profit += profit;
    p->profit_point = t->point;
    return profit;
}

bool weir_twin_flat(const struct twin *t, const struct scope *s) {
    for (int m = 0; m < t->markets; m++)
        if (s->account->at[m].s != 0 && weir_twin_scope(t, s->account, m) == s) return false;
    return true;
}

static void after_move(struct twin *t, struct account *a, int m) {
    struct scope *s = weir_twin_scope(t, a, m);
    if (a->at[m].s == 0) {
        a->at[m].stage = STAGE_BOOK;
        weir_twin_budget_leave(&a->at[m]);
        a->at[m].empty = 0;
        if (s->kept == m) s->kept = -1;
    }
    if (!weir_twin_flat(t, s))
        s->flat_order = 0;
    else if (s->flat_order == 0)
        s->flat_order = ++t->flat_order;
}

/* Books one fill on both sides, its fees, its event and what it does to reduce-only orders. */
void weir_twin_fill(struct twin *t, const struct fill *f, wide *taker_pnl) {
    int64_t signed_qty = f->taker_side == WEIR_BUY ? f->qty : -f->qty;
    struct scope *ts = weir_twin_scope(t, f->taker, f->m), *ms = weir_twin_scope(t, f->maker, f->m);
    wide tp = weir_twin_move(t, f->taker, f->m, signed_qty, f->price);
    wide mp = weir_twin_move(t, f->maker, f->m, -signed_qty, f->price);
    ts->balance -= f->taker_fee;
    ms->balance -= f->maker_fee;
    t->assets[t->m[f->m].c->asset].fees += f->taker_fee + f->maker_fee;
    if (taker_pnl) *taker_pnl = tp;
    if (f->maker_pnl) *f->maker_pnl = mp;
    after_move(t, f->taker, f->m);
    after_move(t, f->maker, f->m);
    struct weir_event e = {.kind = WEIR_EV_FILL};
    e.fill.market = (uint32_t)f->m;
    e.fill.price = f->price;
    e.fill.qty = f->qty;
    e.fill.taker = &f->taker->name;
    e.fill.maker = &f->maker->name;
    e.fill.taker_order = f->taker_order;
    e.fill.maker_order = f->maker_order;
    e.fill.taker_side = f->taker_side;
    e.fill.kind = f->kind;
    e.fill.taker_fee = f->taker_fee;
    e.fill.maker_fee = f->maker_fee;
    e.fill.taker_pnl = tp;
    e.fill.maker_pnl = mp;
    e.fill.maker_left = f->maker_left;
    weir_twin_emit(t, &e);
    struct market *k = &t->m[f->m];
    if (f->kind == WEIR_FILL_TRADE || f->kind == WEIR_FILL_LIQUIDATION ||
        f->kind == WEIR_FILL_UNWIND)
        k->volume += f->qty;
    if (f->kind == WEIR_FILL_TRADE && t->measures) {
        k->traded += f->qty;
        weir_twin_note(&k->trades, t->now, f->qty, 25 * 3600 * WEIR_SECOND);
    }
    weir_twin_reduce_only(t, f->taker, f->m);
    weir_twin_reduce_only(t, f->maker, f->m);
    if (f->kind == WEIR_FILL_TRADE && k->last != f->price) {
        int64_t from = k->last;
        k->last = f->price;
        weir_twin_stops_moved(t, f->m, WEIR_ON_LAST, from, f->price);
    }
    /* Absorption and ADL have an event of their own to give first. */
    if (f->kind == WEIR_FILL_ABSORB || f->kind == WEIR_FILL_ADL) return;
    weir_twin_return_inventory(t, f->taker);
    weir_twin_return_inventory(t, f->maker);
}

void weir_twin_note_closed(struct scope *s, int m, int stage, wide value, wide profit) {
    s->had_lots_closed = true;
    if (stage != WEIR_BY_COUNT) s->by_stage[stage] += value;
    s->account->at[m].closed = true;
    s->account->at[m].realised += profit;
}

/* Open buys and sells of an account in a market: orders and bids, reduce-only ones left out. */
void weir_twin_exposure(const struct twin *t, const struct account *a, int m, wide *buys,
                        wide *sells) {
    *buys = *sells = 0;
    for (int i = 0; i < t->order_count; i++) {
        const struct order *o = t->orders[i];
        if (o->dead || o->stop || o->reduce_only || o->account != a || o->m != m) continue;
        *(o->side == WEIR_BUY ? buys : sells) += o->open;
    }
    for (int i = 0; i < t->auction_count; i++) {
        const struct auction *u = &t->auctions[i];
        for (int j = 0; u->m == m && j < u->bid_count; j++)
            if (u->bids[j].account == a) *(u->side == WEIR_SELL ? buys : sells) += u->bids[j].qty;
    }
}

wide weir_twin_reach(wide s, wide buys, wide sells) {
    wide up = s + buys, down = s - sells;
    if (up < 0) up = -up;
    if (down < 0) down = -down;
    return up > down ? up : down;
}

int64_t weir_twin_open_interest(const struct twin *t, int m) {
    int64_t sum = 0;
    for (int i = 0; i < weir_twin_accounts(t); i++)
        sum += weir_max(0, weir_twin_account_at(t, i)->at[m].s);
    return sum;
}

static void add_scope(struct twin *t, struct scope *s, void *x) {
    struct weir_asset_totals *totals = x;
    int asset = s->market < 0 ? -1 - s->market : (int)t->m[s->market].c->asset;
    totals[asset].balances += s->balance;
}

/* R33. A fill of value F moves V on one side by what the other side's V or balance gains. Linear:
 * opening adds F to V of a long and to V of a short, which cancel with their signs (shorts plus,
 * longs minus), and closing a long adds F - released to the balance while V falls by released.
 * Inverse: closing a long adds released - F, so the signs are the other way round. `entry_values`
 * carries the sign it has in the sum. */
static bool add_market(const struct twin *t, int m, struct weir_asset_totals *x) {
    wide net = 0;
    x->loss_pool += t->m[m].pool;
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        const struct position *p = &weir_twin_account_at(t, i)->at[m];
        bool plus = (p->s < 0) == (t->m[m].c->contract == WEIR_LINEAR);
        net += p->s;
        x->entry_values += plus ? p->v : -p->v;
    }
    return net == 0;
}

bool weir_twin_conserved(struct twin *t, struct weir_asset_totals *totals) {
    struct weir_asset_totals by_asset[WEIR_ASSETS_MAX] = {0};
    bool ok = true;
    weir_twin_each_scope(t, add_scope, by_asset);
    for (int f = 0; f < t->funds; f++) {
        struct weir_asset_totals *x = &by_asset[t->fund[f].c->asset];
        x->fund += t->fund[f].cash;
        x->seeds += t->fund[f].seeds;
        ok = ok && t->fund[f].cash >= 0 && t->fund[f].promised >= 0;
    }
    for (int m = 0; m < t->markets; m++)
        ok = add_market(t, m, &by_asset[t->m[m].c->asset]) && ok;
    for (uint32_t a = 0; a < t->v->asset_count; a++) {
        struct weir_asset_totals *x = &by_asset[a];
        for (int i = 0; i < weir_twin_accounts(t); i++)
            x->balances += weir_twin_account_at(t, i)->collateral[a];
        x->fees = t->assets[a].fees;
        x->deposits = t->assets[a].deposits;
        x->withdrawals = t->assets[a].withdrawals;
        ok = ok && x->balances + x->entry_values + x->fund + x->fees + x->holds - x->loss_pool ==
                       x->deposits + x->seeds - x->withdrawals;
        if (totals) totals[a] = *x;
    }
    return ok;
}

struct weir_name weir_twin_name(const char *text) {
    struct weir_name n = {0};
    memcpy(n.text, text, (size_t)weir_min(31, (int64_t)strlen(text)));
    return n;
}
