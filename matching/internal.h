/* Private to matching/: one fill, in line with the walk that comes upon most of them. */
#ifndef WEIR_MATCHING_INTERNAL_H
#define WEIR_MATCHING_INTERNAL_H

#include "matching/matching.h"

static inline weir_qty signed_qty(enum weir_side side, weir_qty qty) {
    return side == WEIR_BUY ? qty : -qty;
}

/* What a position may cost its scope at most: what it has lost, and all that it is worth. No rate
 * of initial margin exceeds 1 (R9). */
static inline weir_wide full_cost(const struct weir_exchange *x, uint32_t market, weir_qty size,
                                  weir_amount entry) {
    const struct weir_market *m = &x->venue->markets[market];
    int64_t value = weir_position_value(m, x->prices[market].mark, weir_abs(size));
    int64_t loss = (size > 0) == (m->contract == WEIR_LINEAR) ? entry - value : value - entry;
    return (weir_wide)weir_max(loss, 0) + (m->margin_basis == WEIR_BASIS_MARK ? value : entry);
}

/* Enough to skip a full look at the scope: its money covers every position in full. Neither profit
 * not taken nor collateral is counted, so that R11's figure is no smaller and the margin it has to
 * cover no larger. */
static inline bool covered_in_full(const struct weir_exchange *x, uint32_t leg, uint32_t market,
                                   uint32_t scope, const struct weir_position_change *c,
                                   weir_wide fee) {
    const struct weir_ledger *l = &x->ledger;
    weir_wide left = weir_scope_own_balance(weir_scope_at(l, scope)) + c->realised - fee;
    if (c->size != 0) left -= full_cost(x, market, c->size, c->entry_value);
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX && left >= 0;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (i == leg || g->size == 0) continue;
        left += weir_leg_pending(l, g) - full_cost(x, g->market, g->size, g->entry_value);
    }
    return left >= 0;
}

/* R11 where that does not tell. */
bool weir_fill_check_fully(const struct weir_exchange *x, uint32_t leg,
                           const struct weir_position_change *change, weir_wide fee);

static inline bool check_fill(struct weir_exchange *x, uint32_t leg, weir_qty qty, weir_price price,
                              weir_wide value, weir_wide fee, struct weir_position_change *c) {
    struct weir_ledger *l = &x->ledger;
    struct weir_leg *g = weir_leg_at(l, leg);
    uint32_t market = g->market;
    weir_leg_settle(l, g);
    *c = weir_position_fill_worth(&x->venue->markets[market], g->size, g->entry_value, qty, price,
                                  value);
    if (weir_account_is_fund(l, g->account)) return true;
    bool opens = c->closed < weir_abs(qty);
    if (opens && x->prices[market].stale) return false; /* R13 */
    return covered_in_full(x, leg, market, g->scope, c, fee) ||
           weir_fill_check_fully(x, leg, c, fee);
}

/* R10: reduce-only orders follow the position: cut to it, cancelled when it is flat or turned. */
void weir_cut_reduce_only(struct weir_exchange *x, uint32_t leg);

static inline void follow_position(struct weir_exchange *x, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (weir_leg_orders(&x->ledger, g)->reduce_only_count > 0) weir_cut_reduce_only(x, leg);
}

/* What a fill does to a side's position. */
static inline struct weir_position_change
change_of(struct weir_exchange *x, uint32_t leg, weir_qty qty, weir_price price, weir_wide value) {
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    weir_leg_settle(&x->ledger, g);
    return weir_position_fill_worth(&x->venue->markets[g->market], g->size, g->entry_value, qty,
                                    price, value);
}

static inline void emit_fill(struct weir_exchange *x, const struct weir_fill *f,
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

/* Books a fill worth `value`, result->maker known. */
static inline void book_fill(struct weir_exchange *x, const struct weir_fill *f, weir_wide value,
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

#endif
