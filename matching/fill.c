/* One fill: checks at it (R11), postings, events. */
#include "matching/matching.h"

static weir_qty signed_qty(enum weir_side side, weir_qty qty) {
    return side == WEIR_BUY ? qty : -qty;
}

bool weir_fill_allowed(struct weir_exchange *x, uint32_t leg, weir_qty qty, weir_price price,
                       weir_wide fee) {
    struct weir_ledger *l = &x->ledger;
    struct weir_leg *g = weir_leg_at(l, leg);
    if (weir_account_is_fund(l, g->account)) return true;
    weir_leg_settle(l, g);
    struct weir_position_change c =
        weir_position_fill(&x->venue->markets[g->market], g->size, g->entry_value, qty, price);
    struct weir_what_if w = weir_what_if_filled(x, leg, &c);
    w.balance -= fee;
    bool opens = weir_abs(c.size) > weir_abs(g->size) || (c.size > 0 && g->size < 0) ||
                 (c.size < 0 && g->size > 0);
    if (opens && x->prices[g->market].stale) return false; /* R13 */
    struct weir_health before, after;
    weir_health(x, g->scope, &w, &after);
    if (after.discounted >= after.initial) return true;
    if (weir_abs(c.size) >= weir_abs(g->size) || after.equity < 0) return false;
    weir_health(x, g->scope, NULL, &before);
    return weir_cmp_products(after.equity, before.maintenance, before.equity, after.maintenance) >=
           0;
}

/* R10: reduce-only orders follow the position: cut to it, cancelled when it is flat or turned. */
static void follow_position(struct weir_exchange *x, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (weir_leg_orders(&x->ledger, g)->reduce_only_count == 0) return;
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

static void post_side(struct weir_exchange *x, uint32_t leg, weir_qty qty, weir_price price,
                      weir_wide fee, struct weir_position_change *change) {
    struct weir_ledger *l = &x->ledger;
    struct weir_leg *g = weir_leg_at(l, leg);
    weir_leg_settle(l, g);
    *change =
        weir_position_fill(&x->venue->markets[g->market], g->size, g->entry_value, qty, price);
    weir_post_fill(l, leg, change);
    if (fee != 0) weir_post_fee(l, g->scope, fee);
    weir_touch_key(x, g->scope);
}

/* Takes the filled lots off the maker's order; returns what is left of it. */
static weir_qty use_maker_order(struct weir_exchange *x, const struct weir_fill *f) {
    if (f->maker_order == WEIR_NO_INDEX) return 0;
    weir_qty left = weir_order_at(&x->orders, f->maker_order)->open - f->qty;
    if (left > 0)
        weir_order_shrink(x, f->maker_order, f->qty);
    else
        weir_order_unrest(x, f->maker_order);
    return left;
}

static void emit_fill(struct weir_exchange *x, const struct weir_fill *f,
                      const struct weir_fill_result *r, weir_qty maker_left) {
    const struct weir_leg *taker = weir_leg_at(&x->ledger, f->taker);
    const struct weir_leg *maker = weir_leg_at(&x->ledger, f->maker);
    weir_emit(x, &(struct weir_event){
                     .kind = WEIR_EV_FILL,
                     .fill = {.market = taker->market,
                              .price = f->price,
                              .qty = f->qty,
                              .taker = weir_account_name(&x->ledger, taker->account),
                              .maker = weir_account_name(&x->ledger, maker->account),
                              .taker_order = f->taker_order,
                              .maker_order = f->maker_order == WEIR_NO_INDEX
                                                 ? NULL
                                                 : weir_order_name(&x->orders, f->maker_order),
                              .taker_side = f->side,
                              .kind = f->kind,
                              .taker_fee = f->taker_fee,
                              .maker_fee = f->maker_fee,
                              .taker_pnl = r->taker.realised,
                              .maker_pnl = r->maker.realised,
                              .maker_left = maker_left}});
}

void weir_fill(struct weir_exchange *x, const struct weir_fill *f,
               struct weir_fill_result *result) {
    uint32_t market = weir_leg_at(&x->ledger, f->taker)->market;
    struct weir_price_state *price = &x->prices[market];
    weir_qty qty = signed_qty(f->side, f->qty);
    WEIR_CHECK(f->qty >= 1 && f->taker != f->maker && f->price >= 1);
    /* The taker's fee comes first: a rebate is paid out of it. */
    post_side(x, f->taker, qty, f->price, f->taker_fee, &result->taker);
    post_side(x, f->maker, -qty, f->price, f->maker_fee, &result->maker);
    weir_qty left = use_maker_order(x, f);
    emit_fill(x, f, result, left);
    if (f->maker_order != WEIR_NO_INDEX && left == 0)
        weir_orders_remove(&x->orders, f->maker_order);
    if (f->kind == WEIR_FILL_TRADE || f->kind == WEIR_FILL_LIQUIDATION ||
        f->kind == WEIR_FILL_UNWIND)
        x->ledger.markets[market].volume += f->qty;
    if (f->kind == WEIR_FILL_TRADE) {
        price->last = f->price;
        if (x->risks[market].status == WEIR_STATUS_TRADING)
            weir_book_pass_stops(&x->books[market], &x->orders, WEIR_ON_LAST, f->price, &x->line);
    }
    follow_position(x, f->taker);
    follow_position(x, f->maker);
}
