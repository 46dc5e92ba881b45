/* Stops that were passed wait in a line until their turn to fire. */
#include "orderbook/orderbook.h"

void weir_stop_line_push(struct weir_stop_line *line, struct weir_orders *orders, uint32_t idx) {
    struct weir_order *order = weir_order_at(orders, idx);
    order->next = WEIR_NO_INDEX;
    order->prev = line->tail;
    if (line->tail == WEIR_NO_INDEX)
        line->head = idx;
    else
        weir_order_at(orders, line->tail)->next = idx;
    line->tail = idx;
    order->flags |= WEIR_ORDER_IN_LINE;
}

void weir_stop_line_remove(struct weir_stop_line *line, struct weir_orders *orders, uint32_t idx) {
    struct weir_order *order = weir_order_at(orders, idx);
    WEIR_CHECK(order->flags & WEIR_ORDER_IN_LINE);
    if (order->prev == WEIR_NO_INDEX)
        line->head = order->next;
    else
        weir_order_at(orders, order->prev)->next = order->next;
    if (order->next == WEIR_NO_INDEX)
        line->tail = order->prev;
    else
        weir_order_at(orders, order->next)->prev = order->prev;
    order->flags &= (uint8_t)~WEIR_ORDER_IN_LINE;
}

/* Merges two chains (by `next`) in order of age. */
static uint32_t merge(struct weir_orders *orders, uint32_t a, uint32_t b) {
    uint32_t first = WEIR_NO_INDEX, *end = &first;
    while (a != WEIR_NO_INDEX && b != WEIR_NO_INDEX) {
        struct weir_order *x = weir_order_at(orders, a), *y = weir_order_at(orders, b);
        if (x->age < y->age) {
            *end = a;
            end = &x->next;
            a = x->next;
        } else {
            *end = b;
            end = &y->next;
            b = y->next;
        }
    }
    *end = a != WEIR_NO_INDEX ? a : b;
    return first;
}

/* Takes the stops of the best level out as a chain by age. A stop that came back from the line
 * stands behind younger ones in its queue. */
static uint32_t take_level(struct weir_ladder *ladder, struct weir_orders *orders) {
    enum { BINS = 32 };
    uint32_t bins[BINS]; /* bin i: nothing, or a sorted chain of 2^i stops */
    for (int i = 0; i < BINS; i++)
        bins[i] = WEIR_NO_INDEX;
    struct weir_level_view level;
    WEIR_CHECK(weir_ladder_first_level(ladder, &level));
    for (uint32_t n = 0; n < level.orders; n++) {
        uint32_t chain = weir_ladder_first(ladder);
        weir_ladder_remove(ladder, orders, chain);
        weir_order_at(orders, chain)->next = WEIR_NO_INDEX;
        int i = 0;
        for (; i < BINS - 1 && bins[i] != WEIR_NO_INDEX; i++) {
            chain = merge(orders, bins[i], chain);
            bins[i] = WEIR_NO_INDEX;
        }
        bins[i] = bins[i] == WEIR_NO_INDEX ? chain : merge(orders, bins[i], chain);
    }
    uint32_t all = WEIR_NO_INDEX;
    for (int i = 0; i < BINS; i++)
        all = merge(orders, bins[i], all);
    return all;
}

void weir_book_pass_stops(struct weir_book *book, struct weir_orders *orders,
                          enum weir_stop_trigger trigger, weir_price price,
                          struct weir_stop_line *line) {
    for (int side = WEIR_BUY; side <= WEIR_SELL; side++) {
        struct weir_ladder *ladder = book->stops[trigger][side];
        while (weir_ladder_count(ladder) > 0) {
            weir_price stop = weir_ladder_best(ladder);
            if (side == WEIR_BUY ? price < stop : price > stop) break;
            for (uint32_t idx = take_level(ladder, orders), next; idx != WEIR_NO_INDEX;
                 idx = next) {
                next = weir_order_at(orders, idx)->next;
                weir_stop_line_push(line, orders, idx);
            }
        }
    }
}
