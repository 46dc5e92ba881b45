/* Looking ahead over the queue. A liquidation reads a few dozen lines of memory that nobody has
 * read since the account was quiet, and each leads to the next; waiting for them one by one would
 * take most of its time. The scopes near the head of the heap are about those that come next: for
 * each of them one link of the chain is asked for a step, so that they have come when it is their
 * turn. Nothing is changed, and a scope that never comes costs nothing but the asking. */
#include "liquidation/stages.h"

#define NEAR 5 /* slots of the heap: the next is one of these four */
#define FAR  9 /* some of those behind */

/* Of the next scope: the places of its orders in their queues and in the table of ids. */
static void ask_places(const struct weir_exchange *x, const struct weir_leg *g) {
    uint32_t idx = weir_leg_orders(&x->ledger, g)->first;
    for (int n = 0; n < 4 && idx != WEIR_NO_INDEX; n++) {
        const struct weir_order *o = weir_order_at(&x->orders, idx);
        weir_order_slot_ahead(&x->orders, idx);
        weir_order_neighbours_ahead(&x->orders, o);
        idx = o->leg_next;
        if (idx != WEIR_NO_INDEX) weir_order_ahead(&x->orders, idx);
    }
}

/* Of the one behind it: its orders and its name. */
static void ask_orders(const struct weir_exchange *x, const struct weir_leg *g) {
    const struct weir_leg_orders *o = weir_leg_orders(&x->ledger, g);
    if (o->first == WEIR_NO_INDEX) return;
    weir_order_ahead(&x->orders, o->first);
    weir_order_ahead(&x->orders, o->last);
}

void weir_queue_look_ahead(const struct weir_liquidator *lq) {
    const struct weir_exchange *x = lq->x;
    const struct weir_ledger *l = &x->ledger;
    const struct weir_heap_entry *at = WEIR_AT(&lq->ready.entries, struct weir_heap_entry, 0);
    uint32_t n = lq->ready.entries.count;
    for (uint32_t slot = 0; slot < n && slot < FAR; slot++) {
        uint32_t leg = weir_scope_at(l, at[slot].scope)->first_leg;
        if (leg == WEIR_NO_INDEX) continue;
        const struct weir_leg *g = weir_leg_at(l, leg);
        if (slot == 0) {
            ask_places(x, g);
        } else if (slot < NEAR) {
            ask_orders(x, g);
            __builtin_prefetch(weir_account_name(l, g->account));
        } else {
            __builtin_prefetch(weir_leg_orders(l, g), 1);
            __builtin_prefetch(WEIR_AT(&l->account_names, struct weir_account_names, g->account));
        }
    }
}
