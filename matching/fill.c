/* One fill: checks at it (R11), postings, events. */
#include "matching/matching.h"

static weir_qty signed_qty(enum weir_side side, weir_qty qty) {
    return side == WEIR_BUY ? qty : -qty;
}

/* Enough to skip a full look at the scope: its money covers every position in full. No rate of
 * initial margin exceeds 1 (R9), and neither profit not taken nor collateral is counted, so that
 * R11's figure is no smaller and the margin it has to cover no larger. */
static bool covered_in_full(const struct weir_exchange *x, uint32_t leg,
                            const struct weir_position_change *c, weir_wide fee) {
    const struct weir_ledger *l = &x->ledger;
    uint32_t scope = weir_leg_at(l, leg)->scope;
    weir_wide left = weir_scope_own_balance(weir_scope_at(l, scope)) + c->realised - fee;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX && left >= 0;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        weir_qty size = i == leg ? c->size : g->size;
        if (size == 0) continue;
        const struct weir_market *m = &x->venue->markets[g->market];
        weir_amount entry = i == leg ? c->entry_value : g->entry_value;
        int64_t value = weir_position_value(m, x->prices[g->market].mark, weir_abs(size));
        int64_t loss = (size > 0) == (m->contract == WEIR_LINEAR) ? entry - value : value - entry;
        if (i != leg) left += weir_leg_pending(l, g);
        left -= weir_max(loss, 0);
        left -= m->margin_basis == WEIR_BASIS_MARK ? value : entry;
    }
    return left >= 0;
}

bool weir_fill_check(struct weir_exchange *x, uint32_t leg, weir_qty qty, weir_price price,
                     weir_wide value, weir_wide fee, struct weir_position_change *c) {
    struct weir_ledger *l = &x->ledger;
    struct weir_leg *g = weir_leg_at(l, leg);
    weir_leg_settle(l, g);
    *c = weir_position_fill_worth(&x->venue->markets[g->market], g->size, g->entry_value, qty,
                                  price, value);
    if (weir_account_is_fund(l, g->account)) return true;
    bool opens = weir_abs(c->size) > weir_abs(g->size) || (c->size > 0 && g->size < 0) ||
                 (c->size < 0 && g->size > 0);
    if (opens && x->prices[g->market].stale) return false; /* R13 */
    if (covered_in_full(x, leg, c, fee)) return true;
    struct weir_what_if w = weir_what_if_filled(x, leg, c);
    w.balance -= fee;
    struct weir_health before, after;
    weir_health(x, g->scope, &w, &after);
    if (after.discounted >= after.initial) return true;
    if (weir_abs(c->size) >= weir_abs(g->size) || after.equity < 0) return false;
    weir_health(x, g->scope, NULL, &before);
    return weir_cmp_products(after.equity, before.maintenance, before.equity, after.maintenance) >=
           0;
}

bool weir_fill_allowed(struct weir_exchange *x, uint32_t leg, weir_qty qty, weir_price price,
                       weir_wide fee) {
    const struct weir_market *m = &x->venue->markets[weir_leg_at(&x->ledger, leg)->market];
    struct weir_position_change change;
    return weir_fill_check(x, leg, qty, price, weir_value(m, price, weir_abs(qty)), fee, &change);
}

/* R10: reduce-only orders follow the position: cut to it, cancelled when it is flat or turned. */
static void cut_reduce_only(struct weir_exchange *x, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    for (uint32_t i = weir_leg_orders(&x->ledger, g)->first, next; i != WEIR_NO_INDEX; i = next) {
        const struct weir_order *o = weir_order_at(&x->orders, i);
        next = o->leg_next;
        if (!(o->flags & WEIR_ORDER_REDUCE_ONLY) || o->flags & WEIR_ORDER_STOP) continue;
        if (i == x->crossing) continue;
        bool closes = o->side == WEIR_BUY ? g->size < 0 : g->size > 0;
        if (!closes)
            weir_order_cancel(x, i, WEIR_R_REDUCE_ONLY);
        else if (o->open > weir_abs(g->size))
            weir_order_shrink(x, i, o->open - weir_abs(g->size));
    }
}

static inline void follow_position(struct weir_exchange *x, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (weir_leg_orders(&x->ledger, g)->reduce_only_count > 0) cut_reduce_only(x, leg);
}

/* What a fill does to a side's position. */
static struct weir_position_change change_of(struct weir_exchange *x, uint32_t leg, weir_qty qty,
                                             weir_price price, weir_wide value) {
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    weir_leg_settle(&x->ledger, g);
    return weir_position_fill_worth(&x->venue->markets[g->market], g->size, g->entry_value, qty,
                                    price, value);
}

static void emit_fill(struct weir_exchange *x, const struct weir_fill *f,
                      const struct weir_fill_result *r, weir_qty maker_left) {
    const struct weir_leg *taker = weir_leg_at(&x->ledger, f->taker);
    const struct weir_leg *maker = weir_leg_at(&x->ledger, f->maker);
    WEIR_EMIT(x, WEIR_EV_FILL, fill, .market = taker->market, .price = f->price, .qty = f->qty,
              .taker = weir_account_name(&x->ledger, taker->account),
              .maker = weir_account_name(&x->ledger, maker->account), .taker_order = f->taker_order,
              .maker_order = f->maker_order == WEIR_NO_INDEX
                                 ? NULL
                                 : weir_order_name(&x->orders, f->maker_order),
              .taker_side = f->side, .kind = f->kind, .taker_fee = f->taker_fee,
              .maker_fee = f->maker_fee, .taker_pnl = r->taker.realised,
              .maker_pnl = r->maker.realised, .maker_left = maker_left);
}

void weir_fill_checked(struct weir_exchange *x, const struct weir_fill *f, weir_wide value,
                       struct weir_fill_result *result) {
    uint32_t market = weir_leg_at(&x->ledger, f->taker)->market;
    struct weir_price_state *price = &x->prices[market];
    WEIR_CHECK(f->qty >= 1 && f->taker != f->maker && f->price >= 1);
    result->taker = change_of(x, f->taker, signed_qty(f->side, f->qty), f->price, value);
    weir_post_trade(&x->ledger, f->taker, &result->taker, f->taker_fee, f->maker, &result->maker,
                    f->maker_fee);
    weir_touch_key(x, weir_leg_at(&x->ledger, f->taker)->scope);
    weir_touch_key(x, weir_leg_at(&x->ledger, f->maker)->scope);
    bool rested = f->maker_order != WEIR_NO_INDEX;
    weir_qty left = rested ? weir_order_fill(x, f->maker_order, f->qty) : 0;
    emit_fill(x, f, result, left);
    if (rested && left == 0) weir_orders_remove(&x->orders, f->maker_order);
    if (f->kind == WEIR_FILL_TRADE || f->kind == WEIR_FILL_LIQUIDATION ||
        f->kind == WEIR_FILL_UNWIND)
        x->ledger.markets[market].volume += f->qty;
    if (f->kind == WEIR_FILL_TRADE) {
        price->last = f->price;
        if (x->measures) weir_measure_trade(&x->measures[market], x->now, f->qty);
        if (x->risks[market].status == WEIR_STATUS_TRADING)
            weir_book_pass_stops(&x->books[market], &x->orders, WEIR_ON_LAST, f->price, &x->line);
    }
    follow_position(x, f->taker);
    follow_position(x, f->maker);
}

void weir_fill(struct weir_exchange *x, const struct weir_fill *f,
               struct weir_fill_result *result) {
    const struct weir_market *m = &x->venue->markets[weir_leg_at(&x->ledger, f->taker)->market];
    weir_wide value = weir_value(m, f->price, f->qty);
    result->maker = change_of(x, f->maker, -signed_qty(f->side, f->qty), f->price, value);
    weir_fill_checked(x, f, value, result);
}
