/* Dated markets (R16): settlement at expiry, the sweeps that cancel orders and close positions, and
 * the market's end. What is left in a market at expiry is listed once, in the order in which it
 * goes; from then on nothing is added to it, and a sweep only moves along the list. */
#include "engine/internal.h"

struct item {
    uint64_t key; /* age of an order, account order of a position: lower goes first */
    uint32_t idx; /* the order or leg */
    uint32_t zero;
};

static struct item *item_at(const struct weir_engine *e, uint32_t i) {
    return WEIR_AT(&e->sweep_items, struct item, i);
}

int weir_settlement_new(struct weir_engine *e) {
    const struct weir_exchange *x = &e->x;
    uint32_t dated = 0;
    for (uint32_t m = 0; m < x->venue->market_count; m++)
        dated += x->venue->markets[m].expiry != WEIR_NONE;
    if (dated == 0) return 0;
    uint64_t most = (uint64_t)x->orders.orders.capacity + x->ledger.legs.capacity;
    if (most > UINT32_MAX - 1) most = UINT32_MAX - 1;
    return weir_pool_new(&e->sweep_items, sizeof(struct item), (uint32_t)most);
}

static void add_item(struct weir_engine *e, uint64_t key, uint32_t idx) {
    uint32_t i = weir_pool_add(&e->sweep_items, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *item_at(e, i) = (struct item){key, idx, 0};
}

/* Heap sort: in place, never quadratic. */
static void sort_items(struct item *items, uint32_t n) {
    for (uint32_t start = n / 2, end = n; end > 1;) {
        uint32_t root = 0;
        if (start > 0) {
            root = --start;
        } else {
            struct item last = items[--end];
            items[end] = items[0];
            items[0] = last;
        }
        struct item moved = items[root];
        for (uint32_t child; (child = 2 * root + 1) < end; root = child) {
            if (child + 1 < end && items[child + 1].key > items[child].key) child++;
            if (items[child].key <= moved.key) break;
            items[root] = items[child];
        }
        items[root] = moved;
    }
}

static void add_ladder(struct weir_engine *e, const struct weir_ladder *ladder) {
    const struct weir_orders *orders = &e->x.orders;
    for (uint32_t i = weir_ladder_first(ladder); i != WEIR_NO_INDEX;
         i = weir_ladder_next(ladder, orders, i))
        add_item(e, weir_order_at(orders, i)->age, i);
}

/* All orders and stops of the market in order of acceptance, then its positions by account. */
static void list_items(struct weir_engine *e, uint32_t market, struct weir_sweep *s) {
    const struct weir_exchange *x = &e->x;
    const struct weir_book *book = &x->books[market];
    uint32_t start = e->sweep_items.count;
    for (int side = 0; side < 2; side++) {
        add_ladder(e, book->side[side]);
        for (int t = 0; t < 2; t++)
            add_ladder(e, book->stops[t][side]);
    }
    for (uint32_t i = x->line.head; i != WEIR_NO_INDEX; i = weir_order_at(&x->orders, i)->next)
        if (weir_order_at(&x->orders, i)->market == market)
            add_item(e, weir_order_at(&x->orders, i)->age, i);
    uint32_t positions = e->sweep_items.count;
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        add_item(e, weir_account_order(&x->ledger, weir_leg_at(&x->ledger, leg)->account), leg);
    }
    *s = (struct weir_sweep){.order = start,
                             .orders_end = positions,
                             .next_long = positions,
                             .next_short = positions,
                             .end = e->sweep_items.count};
    sort_items(item_at(e, start), positions - start);
    sort_items(item_at(e, positions), s->end - positions);
}

/* The market's auctions close, by number; in a market that is settling all lots are unsold. */
static void close_auctions(struct weir_engine *e, uint32_t market) {
    const struct weir_open_auction *a = NULL;
    for (uint64_t n = 0; (a = weir_auction_after(&e->lq, n)) != NULL;) {
        n = a->number;
        if (a->market == market) weir_auction_close(&e->lq, n);
    }
}

bool weir_market_empty(const struct weir_engine *e, uint32_t market) {
    const struct weir_exchange *x = &e->x;
    const struct weir_book *book = &x->books[market];
    uint32_t count = x->ledger.markets[market].positions.count;
    for (int side = 0; side < 2; side++) {
        count += weir_ladder_count(book->side[side]);
        for (int t = 0; t < 2; t++)
            count += weir_ladder_count(book->stops[t][side]);
    }
    for (uint32_t i = x->line.head; i != WEIR_NO_INDEX; i = weir_order_at(&x->orders, i)->next)
        count += weir_order_at(&x->orders, i)->market == market;
    return count == 0;
}

void weir_settle_market(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[market];
    struct weir_price_state *p = &x->prices[market];
    const enum weir_timer ends[] = {WEIR_TIMER_SETTLEMENT, WEIR_TIMER_SOURCE, WEIR_TIMER_MARK};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        weir_set_timer(e, ends[i], market, INT64_MAX);
    weir_average_advance(m, p, x->now);
    p->settlement = weir_settlement_price(m, p);
    p->phase = WEIR_PHASE_SETTLING;
    e->settling++;
    weir_market_changed(x, market);
    weir_unwind_stop(&e->lq, market);
    close_auctions(e, market);
    if (p->settlement > 0 && p->settlement != p->mark) {
        p->previous_mark = p->mark;
        p->mark = p->settlement;
        if (x->measures) weir_measure_mark(&x->measures[market], x->now, p->previous_mark, p->mark);
        p->index_told = p->index;
        weir_mark_moved(x, market);
        weir_scale_due(e, market);
        weir_emit(x,
                  &(struct weir_event){.kind = WEIR_EV_MARK, .mark = {market, p->mark, p->index}});
    }
    list_items(e, market, &e->sweeps[market]);
}

/* ---- Sweeps ---------------------------------------------------------------------------------- */

/* Cancels what is left of the listed orders; returns how many of `most` it did. */
static int64_t cancel_orders(struct weir_engine *e, struct weir_sweep *s, int64_t most) {
    struct weir_exchange *x = &e->x;
    int64_t done = 0;
    for (; s->order < s->orders_end && done < most; s->order++) {
        const struct item *item = item_at(e, s->order);
        const struct weir_order *o = weir_order_at(&x->orders, item->idx);
        /* Cancelled since, its record nobody's or another order's. */
        if (o->account == WEIR_NO_INDEX || o->age != item->key) continue;
        weir_order_cancel(x, item->idx, WEIR_C_SETTLEMENT);
        done++;
    }
    return done;
}

/* The next leg of a side from *at on; WEIR_NO_INDEX: none is left. */
static uint32_t next_leg(const struct weir_engine *e, const struct weir_sweep *s, bool is_long,
                         uint32_t *at) {
    for (; *at < s->end; ++*at) {
        uint32_t leg = item_at(e, *at)->idx;
        weir_qty size = weir_leg_at(&e->x.ledger, leg)->size;
        if (size != 0 && (size > 0) == is_long) return leg;
    }
    return WEIR_NO_INDEX;
}

/* Closes pairs of the first long and the first short; returns how many of `most` it did. */
static int64_t close_pairs(struct weir_engine *e, uint32_t market, struct weir_sweep *s,
                           int64_t most) {
    struct weir_exchange *x = &e->x;
    int64_t done = 0;
    for (; done < most; done++) {
        uint32_t taker = next_leg(e, s, true, &s->next_long);
        uint32_t maker = next_leg(e, s, false, &s->next_short);
        if (taker == WEIR_NO_INDEX || maker == WEIR_NO_INDEX) break;
        weir_qty qty =
            weir_min(weir_leg_at(&x->ledger, taker)->size, -weir_leg_at(&x->ledger, maker)->size);
        struct weir_fill f = {.kind = WEIR_FILL_SETTLEMENT,
                              .taker = taker,
                              .maker = maker,
                              .side = WEIR_SELL,
                              .price = x->prices[market].settlement,
                              .qty = qty,
                              .maker_order = WEIR_NO_INDEX};
        struct weir_fill_result result;
        weir_fill(x, &f, &result);
        weir_count_settled(&e->lq, taker, &result.taker);
        weir_count_settled(&e->lq, maker, &result.maker);
    }
    return done;
}

/* Isolated balances that owe nothing return to cross; what owes is R29's. */
static void return_isolated(struct weir_engine *e, uint32_t market) {
    struct weir_ledger *l = &e->x.ledger;
    for (uint32_t i = 0; i < l->legs.count; i++) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->market != market) continue;
        const struct weir_scope *s = weir_scope_at(l, g->scope);
        weir_wide balance = weir_scope_own_balance(s);
        if (!weir_scope_is_isolated(s) || balance <= 0) continue;
        uint32_t cross = weir_account_cross(l, g->account, l->venue->markets[market].asset);
        WEIR_CHECK(cross != WEIR_NO_INDEX);
        weir_scope_settle(l, cross);
        weir_post_balance(l, g->scope, -balance);
        weir_post_balance(l, cross, balance);
        weir_touch_key(&e->x, g->scope);
        weir_touch_key(&e->x, cross);
    }
}

static void end_market(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    struct weir_price_state *p = &x->prices[market];
    p->phase = WEIR_PHASE_GONE;
    if (--e->settling == 0) weir_pool_clear(&e->sweep_items);
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_SETTLED, .settled = {market, p->settlement}});
    return_isolated(e, market);
}

void weir_sweep_markets(struct weir_engine *e) {
    const struct weir_venue *v = e->x.venue;
    int64_t left = weir_saturate((weir_wide)v->steps_per_command * v->fills_per_step);
    for (uint32_t m = 0; m < v->market_count && e->settling > 0; m++) {
        struct weir_sweep *s = &e->sweeps[m];
        if (e->x.prices[m].phase != WEIR_PHASE_SETTLING) continue;
        left -= cancel_orders(e, s, left);
        if (s->order == s->orders_end) left -= close_pairs(e, m, s, left);
        if (s->order == s->orders_end && next_leg(e, s, true, &s->next_long) == WEIR_NO_INDEX)
            end_market(e, m);
    }
}
