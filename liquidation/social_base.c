/* R29 `profit` and `equity`: what a scope weighs in a charge, the sum of all that, and what a
 * withdrawal leaves behind. */
#include "liquidation/stages.h"

int64_t weir_social_bound(const struct weir_venue *v) {
    return weir_saturate((weir_wide)v->steps_per_command * v->fills_per_step);
}

/* ---- A scope's weight ------------------------------------------------------------------------ */

static weir_price mark_at(const struct weir_exchange *x, const struct weir_instant *in,
                          uint32_t market) {
    return in ? in->marks[market] : x->prices[market].mark;
}

/* Charges pending at that moment, whatever was settled since: what a lot had been charged then less
 * what it has been charged into the balance. */
static weir_wide pending_at(const struct weir_exchange *x, const struct weir_instant *in,
                            const struct weir_leg *g) {
    const struct weir_market_ledger *m = &x->ledger.markets[g->market];
    weir_wide charged =
        in ? in->charged[2 * g->market + (g->size < 0)] : weir_lot_charged(m, g->size);
    weir_wide settled = (g->size > 0 ? m->long_before : m->short_before) + g->charge_mark;
    return -(weir_wide)weir_abs(g->size) * (charged - settled);
}

static weir_wide equity_at(const struct weir_exchange *x, const struct weir_instant *in,
                           uint32_t scope) {
    const struct weir_ledger *l = &x->ledger;
    const struct weir_scope *s = weir_scope_at(l, scope);
    weir_wide equity = weir_scope_own_balance(s);
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size == 0) continue;
        equity += pending_at(x, in, g) + weir_unrealised(&x->venue->markets[g->market],
                                                         mark_at(x, in, g->market), g->size,
                                                         g->entry_value);
    }
    for (uint32_t i = s->collateral; i != WEIR_NO_INDEX; i = weir_holding_at(l, i)->next) {
        const struct weir_holding *h = weir_holding_at(l, i);
        weir_wide price = in ? in->prices[h->asset] : x->collateral[h->asset].price;
        equity += weir_collateral_worth_at(x->venue, h->asset, price, h->amount);
    }
    return equity;
}

/* Its unrealised P&L in the group's markets, if positive, plus what it realised there since the
 * last point, if positive. */
static weir_wide profit_at(const struct weir_liquidator *lq, const struct weir_instant *in,
                           uint32_t scope, uint32_t group) {
    const struct weir_exchange *x = lq->x;
    const struct weir_ledger *l = &x->ledger;
    uint64_t point = in ? in->point : l->point;
    weir_wide unrealised = 0, realised = 0;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (lq->social.group_of[g->market] != group) continue;
        realised += weir_leg_profit(l, i, point);
        if (g->size == 0) continue;
        unrealised += weir_unrealised(&x->venue->markets[g->market], mark_at(x, in, g->market),
                                      g->size, g->entry_value);
    }
    return weir_wide_max(0, unrealised) + weir_wide_max(0, realised);
}

static bool is_of(const struct weir_liquidator *lq, const struct weir_scope *s, uint32_t group) {
    const struct weir_social *c = &lq->social;
    if (weir_scope_is_isolated(s)) return c->group_of[weir_scope_code(s)] == group;
    return s->rank == c->groups[group].asset;
}

weir_wide weir_social_weigh(const struct weir_liquidator *lq, const struct weir_instant *in,
                            uint32_t scope, uint32_t group, weir_wide *cap) {
    const struct weir_exchange *x = lq->x;
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    *cap = 0;
    if (s->queue == WEIR_QUEUE_ACTIVE || !is_of(lq, s, group)) return 0;
    weir_wide weight = 1;
    if (x->venue->socialise_base == WEIR_SOCIALISE_PROFIT)
        weight = profit_at(lq, in, scope, group); /* cheap, and mostly 0 */
    if (weight == 0) return 0;
    *cap = weir_wide_max(0, equity_at(x, in, scope));
    if (x->venue->socialise_base == WEIR_SOCIALISE_EQUITY) weight = *cap;
    return *cap > 0 ? weight : 0;
}

void weir_social_scopes(struct weir_liquidator *lq, uint32_t account,
                        void (*visit)(struct weir_liquidator *lq, uint32_t scope, void *ctx),
                        void *ctx) {
    const struct weir_ledger *l = &lq->x->ledger;
    for (uint32_t asset = 0; asset < l->venue->asset_count; asset++) {
        uint32_t scope = weir_asset_settles(l->venue, asset) ? weir_cross_find(l, account, asset)
                                                             : WEIR_NO_INDEX;
        if (scope != WEIR_NO_INDEX) visit(lq, scope, ctx);
    }
    for (uint32_t i = weir_account_first_leg(l, account); i != WEIR_NO_INDEX;
         i = weir_leg_at(l, i)->next) {
        uint32_t scope = weir_leg_at(l, i)->scope;
        if (weir_scope_is_isolated(weir_scope_at(l, scope))) visit(lq, scope, ctx);
    }
}

uint32_t weir_social_payer(const struct weir_liquidator *lq, uint32_t account,
                           uint32_t scope_code) {
    const struct weir_ledger *l = &lq->x->ledger;
    for (uint32_t asset = 0; asset < l->venue->asset_count; asset++)
        if (scope_code == WEIR_CROSS(asset)) return weir_cross_find(l, account, asset);
    return weir_leg_at(l, weir_leg_find(l, account, scope_code))->scope;
}

/* ---- The sum of all weights ------------------------------------------------------------------ */

struct sum {
    uint32_t group;
    weir_wide total;
};

static void add_weight(struct weir_liquidator *lq, uint32_t scope, void *ctx) {
    struct sum *sum = ctx;
    weir_wide cap;
    sum->total += weir_social_weigh(lq, NULL, scope, sum->group, &cap);
}

static weir_wide weight_of(struct weir_liquidator *lq, uint32_t account, uint32_t group) {
    struct sum sum = {.group = group};
    weir_social_scopes(lq, account, add_weight, &sum);
    return sum.total;
}

static weir_wide pool_of(const struct weir_liquidator *lq, uint32_t group) {
    return lq->x->ledger.markets[lq->social.groups[group].market].pool;
}

static bool any_pool(const struct weir_liquidator *lq) {
    for (uint32_t g = 0; g < lq->social.count; g++)
        if (pool_of(lq, g) > 0) return true;
    return false;
}

void weir_social_count(struct weir_liquidator *lq, int64_t most) {
    struct weir_social *c = &lq->social;
    const struct weir_pool *accounts = &lq->x->ledger.accounts;
    if (c->asked && !c->counting) {
        c->asked = false;
        c->counting = accounts->count > weir_social_bound(lq->x->venue) && any_pool(lq);
        c->counted_to = 0;
        for (uint32_t g = 0; g < c->count; g++)
            c->groups[g].counting = 0;
    }
    for (; c->counting && most > 0; most--) {
        for (uint32_t g = 0; g < c->count; g++)
            if (pool_of(lq, g) > 0) c->groups[g].counting += weight_of(lq, c->counted_to, g);
        if (++c->counted_to < accounts->count) continue;
        c->counting = false;
        c->known = true;
        for (uint32_t g = 0; g < c->count; g++)
            c->groups[g].counted = c->groups[g].counting;
    }
}

void weir_social_recount(struct weir_liquidator *lq) {
    lq->social.known = lq->social.counting = false;
    lq->social.asked = any_pool(lq);
}

void weir_social_make_room(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    uint32_t accounts = lq->x->ledger.accounts.count;
    if (!c->on || !any_pool(lq)) return;
    weir_pool_room_behind(&c->parts, accounts);
    weir_pool_room_behind(&c->heads, accounts);
}

void weir_social_moved(struct weir_liquidator *lq, uint32_t asset) {
    if (lq->social.on && lq->x->ledger.assets[asset].pools > 0) lq->social.asked = true;
}

/* ---- What a withdrawal leaves behind --------------------------------------------------------- */

/* Of what waits in the group's pool for the next point. */
static weir_wide behind_waiting(struct weir_liquidator *lq, uint32_t scope, uint32_t group,
                                weir_wide waiting) {
    const struct weir_ledger *l = &lq->x->ledger;
    weir_wide cap, weight = weir_social_weigh(lq, NULL, scope, group, &cap), total = 0;
    if (weight == 0) return 0;
    if (l->accounts.count <= weir_social_bound(l->venue)) {
        for (uint32_t i = 0; i < l->accounts.count; i++)
            total += weight_of(lq, i, group);
    } else if (lq->social.known) {
        total = weir_wide_max(weight, lq->social.groups[group].counted);
    } else {
        return weir_wide_min(waiting, cap);
    }
    return weir_wide_min(cap, -weir_mul_div_floor(-waiting, weight, total));
}

/* Of what is being charged: the scope's frozen parts not charged yet. */
struct frozen {
    struct weir_liquidator *lq;
    uint32_t account, scope;
    weir_wide behind;
};
static void add_frozen(void *ctx, const struct weir_social_part *p) {
    struct frozen *f = ctx;
    const struct weir_social *c = &f->lq->social;
    if (weir_social_payer(f->lq, f->account, p->scope_code) != f->scope) return;
    f->behind += c->pass == WEIR_SOCIAL_CHARGE ? p->given
                                               : weir_wide_min(c->groups[p->group].amount, p->cap);
}

/* Has the account's turn in this charge been? */
static bool is_charged(const struct weir_liquidator *lq, uint32_t account) {
    const struct weir_social *c = &lq->social;
    uint32_t funds = lq->x->venue->fund_count;
    uint32_t place = account < funds ? c->accounts - funds + account : account - funds;
    return c->pass == WEIR_SOCIAL_CHARGE && place < c->at;
}

weir_wide weir_social_behind(struct weir_liquidator *lq, uint32_t scope) {
    const struct weir_ledger *l = &lq->x->ledger;
    const struct weir_scope *s = weir_scope_at(l, scope);
    const struct weir_social *c = &lq->social;
    if (!c->on || l->assets[weir_scope_money(l, s)].pools == 0) return 0;
    struct frozen f = {lq, s->account, scope, 0};
    weir_wide behind = 0;
    for (uint32_t g = 0; g < c->count; g++) {
        weir_wide waiting = pool_of(lq, g) - c->groups[g].left;
        if (is_of(lq, s, g) && waiting > 0) behind += behind_waiting(lq, scope, g, waiting);
    }
    if (c->pass != WEIR_SOCIAL_NONE && s->account < c->accounts && !is_charged(lq, s->account))
        weir_social_frozen(lq, s->account, add_frozen, &f);
    return behind + f.behind;
}
