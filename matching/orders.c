/* Orders entering and leaving a book, with their lots and open loss (R10). */
#include "matching/matching.h"

/* An order's part in its leg's counts changes from `before` to `after` lots. */
static void count_lots(struct weir_exchange *x, const struct weir_order *o, weir_qty before,
                       weir_qty after) {
    weir_wide loss = 0;
    if (weir_open_can_lose(o->side, o->price, o->mark_accepted)) {
        const struct weir_market *m = &x->venue->markets[o->market];
        loss = weir_open_loss(m, o->side, o->price, o->mark_accepted, after) -
               weir_open_loss(m, o->side, o->price, o->mark_accepted, before);
    }
    bool counts = !(o->flags & WEIR_ORDER_REDUCE_ONLY);
    weir_leg_open_add(&x->ledger, weir_leg_at(&x->ledger, o->leg), o->side,
                      counts ? after - before : 0, loss);
}

static struct weir_ladder *ladder_of(struct weir_exchange *x, const struct weir_order *o) {
    struct weir_book *book = &x->books[o->market];
    if (!(o->flags & WEIR_ORDER_STOP)) return book->side[o->side];
    return book->stops[o->flags & WEIR_ORDER_STOP_LAST ? WEIR_ON_LAST : WEIR_ON_MARK][o->side];
}

static void link_leg(struct weir_exchange *x, uint32_t idx) {
    struct weir_order *o = weir_order_at(&x->orders, idx);
    struct weir_leg_orders *e = weir_leg_orders_make(&x->ledger, weir_leg_at(&x->ledger, o->leg));
    o->leg_next = WEIR_NO_INDEX;
    o->leg_prev = e->last;
    if (e->last == WEIR_NO_INDEX)
        e->first = idx;
    else
        weir_order_at(&x->orders, e->last)->leg_next = idx;
    e->last = idx;
    e->order_count++;
}

static void unlink_leg(struct weir_exchange *x, const struct weir_order *o,
                       struct weir_leg_orders *e) {
    if (o->leg_prev == WEIR_NO_INDEX)
        e->first = o->leg_next;
    else
        weir_order_at(&x->orders, o->leg_prev)->leg_next = o->leg_next;
    if (o->leg_next == WEIR_NO_INDEX)
        e->last = o->leg_prev;
    else
        weir_order_at(&x->orders, o->leg_next)->leg_prev = o->leg_prev;
    e->order_count--;
}

void weir_order_rest(struct weir_exchange *x, uint32_t idx) {
    struct weir_order *o = weir_order_at(&x->orders, idx);
    WEIR_CHECK(weir_ladder_push(ladder_of(x, o), &x->orders, idx) == 0);
    link_leg(x, idx);
    if (o->flags & WEIR_ORDER_STOP) return;
    count_lots(x, o, 0, o->open);
    if (o->flags & WEIR_ORDER_REDUCE_ONLY)
        weir_leg_orders_make(&x->ledger, weir_leg_at(&x->ledger, o->leg))->reduce_only_count++;
    weir_premium_due(x, o->market);
}

void weir_order_unrest(struct weir_exchange *x, uint32_t idx) {
    struct weir_order *o = weir_order_at(&x->orders, idx);
    if (o->flags & WEIR_ORDER_IN_LINE)
        weir_stop_line_remove(&x->line, &x->orders, idx);
    else
        weir_ladder_remove(ladder_of(x, o), &x->orders, idx);
    struct weir_leg *g = weir_leg_at(&x->ledger, o->leg);
    struct weir_leg_orders *e = weir_leg_orders_make(&x->ledger, g);
    unlink_leg(x, o, e);
    if (!(o->flags & WEIR_ORDER_STOP)) {
        count_lots(x, o, o->open, 0);
        if (o->flags & WEIR_ORDER_REDUCE_ONLY) e->reduce_only_count--;
        weir_premium_due(x, o->market);
    }
    if (e->order_count == 0 || g->extra != 0) weir_leg_trim(&x->ledger, g, x->now);
}

void weir_order_forget(struct weir_exchange *x, uint32_t idx) {
    weir_order_unrest(x, idx);
    weir_orders_remove(&x->orders, idx);
}

void weir_emit_cancelled(struct weir_exchange *x, uint32_t account, const struct weir_name *id,
                         uint32_t market, weir_qty qty, enum weir_reason reason) {
    WEIR_EMIT(x, WEIR_EV_CANCELLED, cancelled, weir_account_name(&x->ledger, account), id, market,
              qty, reason);
}

void weir_order_cancel(struct weir_exchange *x, uint32_t idx, enum weir_reason reason) {
    const struct weir_order *o = weir_order_at(&x->orders, idx);
    weir_emit_cancelled(x, o->account, weir_order_name(&x->orders, idx), o->market, o->open,
                        reason);
    weir_order_forget(x, idx);
}

void weir_order_shrink(struct weir_exchange *x, uint32_t idx, weir_qty lots) {
    struct weir_order *o = weir_order_at(&x->orders, idx);
    WEIR_CHECK(lots >= 1 && lots < o->open);
    if (o->flags & WEIR_ORDER_IN_LINE) {
        o->open -= lots;
        return;
    }
    if (!(o->flags & WEIR_ORDER_STOP)) {
        count_lots(x, o, o->open, o->open - lots);
        weir_premium_due(x, o->market);
    }
    weir_ladder_reduce(ladder_of(x, o), &x->orders, idx, lots);
}

void weir_leg_cancel_orders(struct weir_exchange *x, uint32_t leg, enum weir_reason reason) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    while (weir_leg_orders(&x->ledger, g)->first != WEIR_NO_INDEX)
        weir_order_cancel(x, weir_leg_orders(&x->ledger, g)->first, reason);
}
