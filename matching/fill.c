/* One fill: checks at it (R11), postings, events. */
#include "matching/internal.h"

bool weir_fill_check_fully(const struct weir_exchange *x, uint32_t leg,
                           const struct weir_position_change *c, weir_wide fee) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
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
    return check_fill(x, leg, qty, price, weir_value(m, price, weir_abs(qty)), fee, &change);
}

void weir_cut_reduce_only(struct weir_exchange *x, uint32_t leg) {
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

void weir_fill(struct weir_exchange *x, const struct weir_fill *f,
               struct weir_fill_result *result) {
    const struct weir_market *m = &x->venue->markets[weir_leg_at(&x->ledger, f->taker)->market];
    weir_wide value = weir_value(m, f->price, f->qty);
    result->maker = change_of(x, f->maker, -signed_qty(f->side, f->qty), f->price, value);
    book_fill(x, f, value, result);
}
