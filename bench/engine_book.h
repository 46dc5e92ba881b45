/* The engine's orders and ladders, fed with messages. */
#ifndef WEIR_BENCH_ENGINE_BOOK_H
#define WEIR_BENCH_ENGINE_BOOK_H

#include "bench/workload.h"
#include "orderbook/orderbook.h"

/* The engine's orders and ladders. The file's ids are dense, so a table by id leads to the order,
 * as it does in the baseline; names of orders and accounts play no part here. An order carries its
 * id and side in `account`. */
struct engine {
    struct weir_orders orders;
    struct weir_book book;
    uint32_t *index; /* by id */
    struct outcome outcome;
    uint32_t highest_id;
    bool failed;
};

static inline uint32_t tag_of(uint32_t id, uint32_t side) {
    return id << 1 | side;
}

static inline uint32_t take_order(struct engine *e) {
    uint32_t idx = e->orders.free_head;
    if (__builtin_expect(idx == WEIR_NO_INDEX, 0)) return weir_pool_add(&e->orders.orders, 1);
    e->orders.free_head = weir_order_at(&e->orders, idx)->next;
    return idx;
}

static inline void give_order(struct engine *e, uint32_t idx) {
    struct weir_order *order = weir_order_at(&e->orders, idx);
    order->next = e->orders.free_head;
    order->account = 0;
    e->orders.free_head = idx;
}

static inline void engine_rest(struct engine *e, const struct message *m, uint32_t qty) {
    uint32_t idx = take_order(e);
    if (__builtin_expect(idx == WEIR_NO_INDEX, 0)) {
        e->failed = true;
        return;
    }
    struct weir_order *order = weir_order_at(&e->orders, idx);
    order->price = m->price;
    order->open = qty;
    order->account = tag_of(m->id, m->side);
    if (weir_ladder_push_at(e->book.side[m->side], &e->orders, idx, m->price, qty) != 0)
        e->failed = true;
    e->index[m->id] = idx;
}

static inline void engine_match(struct engine *e, const struct message *m) {
    struct weir_ladder *makers = e->book.side[m->side ^ 1];
    uint32_t left = m->qty;
    while (left > 0) {
        uint32_t idx = weir_book_maker(&e->book, (enum weir_side)m->side, m->price);
        if (idx == WEIR_NO_INDEX) break;
        struct weir_order *maker = weir_order_at(&e->orders, idx);
        uint32_t qty = maker->open < left ? (uint32_t)maker->open : left;
        outcome_trade(&e->outcome, maker->account >> 1, m->id, qty, (uint64_t)maker->price);
        left -= qty;
        if (maker->open == qty) {
            weir_ladder_remove(makers, &e->orders, idx);
            give_order(e, idx);
        } else {
            weir_ladder_reduce(makers, &e->orders, idx, qty);
        }
    }
    if (left > 0) engine_rest(e, m, left);
}

static inline void engine_handle(struct engine *e, const struct message *m) {
    if (m->type == MESSAGE_ADD) {
        engine_rest(e, m, m->qty);
    } else if (m->type == MESSAGE_CANCEL) {
        struct weir_ladder *ladder = e->book.side[m->side];
        uint32_t idx = e->index[m->id];
        /* A file may be wrong; the figures will then be, too. */
        const struct weir_order *order = weir_order_at(&e->orders, idx);
        if (order->account != tag_of(m->id, m->side)) return;
        weir_ladder_remove(ladder, &e->orders, idx);
        give_order(e, idx);
    } else {
        engine_match(e, m);
    }
}

/* True while the order of this id rests: a free order carries no id. */
static inline bool engine_rests(const struct engine *e, uint32_t id) {
    return weir_order_at(&e->orders, e->index[id])->account >> 1 == id;
}

/* Room for ids up to `highest_id`. False when memory ends; engine_free it in any case. */
bool engine_new(struct engine *e, uint64_t highest_id);
void engine_free(struct engine *e);

#endif
