/* Orders entering and leaving a book, with their lots and open loss (R10). */
#include "matching/matching.h"

/* What lots of an order that can lose have as open loss. */
static weir_wide loss_of(const struct weir_exchange *x, const struct weir_order *o, weir_qty lots) {
    const struct weir_market *m = &x->venue->markets[o->market];
    return weir_open_loss(m, o->side, o->price, o->mark_accepted, lots);
}

/* An order's part in its leg's counts changes from `before` to `after` lots. */
static inline void count_lots(struct weir_exchange *x, const struct weir_order *o, weir_qty before,
                              weir_qty after) {
    struct weir_leg *g = weir_leg_at(&x->ledger, o->leg);
    bool counts = !(o->flags & WEIR_ORDER_REDUCE_ONLY);
    weir_leg_open_add(&x->ledger, g, o->side, counts ? after - before : 0, 0);
    if (weir_open_can_lose(o->side, o->price, o->mark_accepted))
        weir_leg_loss_add(&x->ledger, g, loss_of(x, o, after) - loss_of(x, o, before));
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

static inline void leave_queue(struct weir_exchange *x, const struct weir_order *o, uint32_t idx) {
    if (o->flags & WEIR_ORDER_IN_LINE)
        weir_stop_line_remove(&x->line, &x->orders, idx);
    else
        weir_ladder_remove(ladder_of(x, o), &x->orders, idx);
}

void weir_order_unrest(struct weir_exchange *x, uint32_t idx) {
    struct weir_order *o = weir_order_at(&x->orders, idx);
    leave_queue(x, o, idx);
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

weir_qty weir_order_fill(struct weir_exchange *x, uint32_t idx, weir_qty lots) {
    const struct weir_order *o = weir_order_at(&x->orders, idx);
    struct weir_leg *g = weir_leg_at(&x->ledger, o->leg);
    struct weir_ladder *ladder = x->books[o->market].side[o->side];
    WEIR_CHECK(weir_ladder_first(ladder) == idx);
    count_lots(x, o, o->open, o->open - lots);
    weir_premium_due(x, o->market);
    weir_qty left = weir_ladder_fill(ladder, &x->orders, lots);
    if (left > 0) return left;
    struct weir_leg_orders *e = weir_leg_orders_make(&x->ledger, g);
    unlink_leg(x, o, e);
    if (o->flags & WEIR_ORDER_REDUCE_ONLY) e->reduce_only_count--;
    if (e->order_count == 0 || g->extra != 0) weir_leg_trim(&x->ledger, g, x->now);
    return 0;
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

/* What orders of a leg that go together take out of its counts. */
struct leaving {
    weir_qty lots[2]; /* by side, reduce-only ones aside */
    weir_wide loss;
    uint32_t orders, reduce_only;
    bool rested;
};

static void leave_counts(const struct weir_exchange *x, const struct weir_order *o,
                         struct leaving *all) {
    all->orders++;
    if (o->flags & WEIR_ORDER_STOP) return;
    all->rested = true;
    if (o->flags & WEIR_ORDER_REDUCE_ONLY)
        all->reduce_only++;
    else
        all->lots[o->side] += o->open;
    if (weir_open_can_lose(o->side, o->price, o->mark_accepted))
        all->loss += loss_of(x, o, o->open);
}

/* The leg's list and counts are looked at by nobody on the way: they are written once. */
void weir_leg_cancel_orders(struct weir_exchange *x, uint32_t leg, enum weir_reason reason) {
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    uint32_t i = weir_leg_orders(&x->ledger, g)->first;
    if (i == WEIR_NO_INDEX) return;
    weir_position_ahead(&x->ledger, g);
    struct leaving all = {0};
    for (uint32_t next; i != WEIR_NO_INDEX; i = next) {
        const struct weir_order *o = weir_order_at(&x->orders, i);
        next = o->leg_next;
        weir_emit_cancelled(x, o->account, weir_order_name(&x->orders, i), o->market, o->open,
                            reason);
        leave_queue(x, o, i);
        leave_counts(x, o, &all);
        weir_orders_remove(&x->orders, i);
    }
    struct weir_leg_orders *e = weir_leg_orders_make(&x->ledger, g);
    WEIR_CHECK(all.orders == e->order_count && all.reduce_only == e->reduce_only_count);
    e->first = e->last = WEIR_NO_INDEX;
    e->order_count = e->reduce_only_count = 0;
    weir_leg_open_add(&x->ledger, g, WEIR_BUY, -all.lots[WEIR_BUY], -all.loss);
    weir_leg_open_add(&x->ledger, g, WEIR_SELL, -all.lots[WEIR_SELL], 0);
    if (all.rested) weir_premium_due(x, g->market);
    weir_leg_trim(&x->ledger, g, x->now);
}
