/* Looking ahead over the queue. A liquidation reads a few dozen lines of memory that nobody has
 * read since the account was quiet, and each leads to the next; waiting for them one by one would
 * take most of its time. Who comes next, and behind him, is what the heap says: of each of them one
 * link of the chain is asked for a step, so that all have come when it is his turn, and nothing is
 * read here that was not asked for a step before. Nothing is changed, and a scope that never comes
 * costs nothing but the asking. */
#include "liquidation/stages.h"

/* How far ahead a link of the chain is asked for. */
enum link { PLACES = 1, SECOND, ORDERS, NAMES, LEG, SCOPE };

/* The place of an order in its queue; that in the table of ids is asked for as it is removed. */
static void ask_place(const struct weir_exchange *x, uint32_t order) {
    weir_order_neighbours_ahead(&x->orders, weir_order_at(&x->orders, order));
}

/* Of a leg with orders. */
static void ask_orders(const struct weir_exchange *x, const struct weir_leg_orders *o,
                       enum link link) {
    if (o->first == WEIR_NO_INDEX) return;
    if (link == ORDERS) {
        weir_order_ahead(&x->orders, o->first);
        if (o->last != o->first) weir_order_ahead(&x->orders, o->last);
        return;
    }
    uint32_t second = weir_order_at(&x->orders, o->first)->leg_next;
    bool between = o->first != o->last && second != o->last;
    if (link == SECOND) {
        if (between) weir_order_ahead(&x->orders, second);
        return;
    }
    ask_place(x, o->first);
    if (between) ask_place(x, second);
    if (o->last != o->first) ask_place(x, o->last);
}

static void ask(const struct weir_exchange *x, uint32_t scope, enum link link) {
    const struct weir_ledger *l = &x->ledger;
    const struct weir_scope *s = weir_scope_at(l, scope);
    if (link == SCOPE) {
        __builtin_prefetch(s, 1);
        return;
    }
    if (s->first_leg == WEIR_NO_INDEX) return;
    const struct weir_leg *g = weir_leg_at(l, s->first_leg);
    if (link == LEG) {
        __builtin_prefetch(g, 1);
        return;
    }
    if (link == NAMES) {
        const char *own = (const char *)weir_scope_case(l, s);
        for (size_t line = 0; line < sizeof(struct weir_case); line += 64)
            __builtin_prefetch(own + line, 1);
        if (g->orders != 0) __builtin_prefetch(weir_leg_orders(l, g), 1);
        __builtin_prefetch(WEIR_AT(&l->account_names, struct weir_account_names, g->account));
        __builtin_prefetch(weir_account_at(l, g->account));
        return;
    }
    if (link == ORDERS) __builtin_prefetch(weir_account_name(l, g->account));
    if (g->orders != 0) ask_orders(x, weir_leg_orders(l, g), link);
}

/* Who leaves gives his place in the list of members to the last of them. */
static void ask_members(const struct weir_liquidator *lq) {
    const struct weir_ledger *l = &lq->x->ledger;
    uint32_t n = lq->members.count;
    if (n < 2) return;
    const uint32_t *member = WEIR_AT(&lq->members, uint32_t, n - 2);
    __builtin_prefetch(weir_scope_at(l, member[0]));
    __builtin_prefetch(&weir_scope_case(l, weir_scope_at(l, member[1]))->member_slot, 1);
}

void weir_queue_look_ahead(const struct weir_liquidator *lq, struct weir_queue_ahead *ahead,
                           uint32_t scope) {
    ask_members(lq);
    if (ahead->at > 0 && ahead->scope[ahead->at - 1] == scope) return; /* it goes on with him */
    if (ahead->at + SCOPE >= ahead->count || ahead->scope[ahead->at] != scope) {
        ahead->count = weir_heap_first(lq, &lq->ready, ahead->scope, WEIR_AHEAD);
        ahead->at = 0;
    }
    for (uint32_t link = PLACES; link <= SCOPE && ahead->at + link < ahead->count; link++)
        ask(lq->x, ahead->scope[ahead->at + link], (enum link)link);
    ahead->at++;
}
