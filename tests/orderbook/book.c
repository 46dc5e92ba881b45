/* Makers, impact prices (R14) and passed stops. */
#include <criterion/criterion.h>

#include "orderbook/orderbook.h"
#include "tests/scale.h"

static struct weir_orders orders;
static struct weir_book book;
static uint64_t named;

static void open_book(void) {
    cr_assert_eq(weir_orders_new(&orders, 1 << 16), 0);
    cr_assert_eq(weir_book_new(&book, 1 << 16), 0);
}

static void close_book(void) {
    weir_book_free(&book);
    weir_orders_free(&orders);
}

static uint32_t fresh(void) {
    struct weir_name id = {{0}};
    memcpy(id.text, &(uint64_t){++named}, 8);
    uint32_t idx = weir_orders_add(&orders, 1, &id);
    cr_assert(idx != WEIR_NO_INDEX);
    return idx;
}

static uint32_t rest(enum weir_side side, weir_price price, weir_qty open) {
    uint32_t idx = fresh();
    weir_order_at(&orders, idx)->price = price;
    weir_order_at(&orders, idx)->open = open;
    cr_assert_eq(weir_ladder_push(book.side[side], &orders, idx), 0);
    return idx;
}

static uint32_t stop(enum weir_stop_trigger trigger, enum weir_side side, weir_price price) {
    uint32_t idx = fresh();
    weir_order_at(&orders, idx)->stop_price = price;
    weir_order_at(&orders, idx)->open = 1;
    cr_assert_eq(weir_ladder_push(book.stops[trigger][side], &orders, idx), 0);
    return idx;
}

Test(book, makers, .init = open_book, .fini = close_book) {
    cr_assert_eq(weir_book_maker(&book, WEIR_BUY, INT64_MAX), WEIR_NO_INDEX);
    uint32_t ask = rest(WEIR_SELL, 101, 1), bid = rest(WEIR_BUY, 99, 1);
    uint32_t better = rest(WEIR_SELL, 100, 1);
    cr_assert_eq(weir_book_maker(&book, WEIR_BUY, 99), WEIR_NO_INDEX);
    cr_assert_eq(weir_book_maker(&book, WEIR_BUY, 100), better);
    weir_ladder_remove(book.side[WEIR_SELL], &orders, better);
    cr_assert_eq(weir_book_maker(&book, WEIR_BUY, 100), WEIR_NO_INDEX);
    cr_assert_eq(weir_book_maker(&book, WEIR_BUY, 101), ask);
    cr_assert_eq(weir_book_maker(&book, WEIR_SELL, 100), WEIR_NO_INDEX);
    cr_assert_eq(weir_book_maker(&book, WEIR_SELL, 99), bid);
    cr_assert_eq(weir_book_maker(&book, WEIR_SELL, 1), bid);
}

static void expect_impact(enum weir_side side, weir_amount notional, weir_amount unit,
                          weir_wide value, weir_wide lots) {
    const struct weir_market market = {.unit_value = unit, .mark_impact_notional = notional};
    struct weir_impact impact = weir_book_impact(&book, &orders, side, &market);
    cr_assert_eq(impact.known, lots > 0);
    cr_assert(impact.value == value && impact.lots == lots);
}

Test(book, impact, .init = open_book, .fini = close_book) {
    expect_impact(WEIR_BUY, 1, 1, 0, 0);
    rest(WEIR_SELL, 100, 3);
    rest(WEIR_SELL, 100, 2);
    rest(WEIR_SELL, 110, 10);
    rest(WEIR_BUY, 90, 1);
    rest(WEIR_BUY, 80, 1);
    expect_impact(WEIR_SELL, 1, 1, 100, 1);
    expect_impact(WEIR_SELL, 300, 1, 300, 3);
    expect_impact(WEIR_SELL, 301, 1, 400, 4);
    expect_impact(WEIR_SELL, 500, 1, 500, 5);
    expect_impact(WEIR_SELL, 501, 1, 610, 6);
    expect_impact(WEIR_SELL, 1600, 1, 1600, 15);
    expect_impact(WEIR_SELL, 1601, 1, 0, 0);
    expect_impact(WEIR_SELL, 3002, 10, 400, 4);
    expect_impact(WEIR_BUY, 91, 1, 170, 2);
    expect_impact(WEIR_BUY, 171, 1, 0, 0);
}

Test(book, impact_at_the_ends_of_the_range, .init = open_book, .fini = close_book) {
    for (int i = 0; i < 20; i++)
        rest(WEIR_SELL, INT64_MAX - i, INT64_MAX);
    expect_impact(WEIR_SELL, INT64_MAX, 1, (weir_wide)2 * (INT64_MAX - 19), 2);
    for (int i = 0; i < 20; i++)
        rest(WEIR_BUY, 1, INT64_MAX);
    expect_impact(WEIR_BUY, INT64_MAX, 1, INT64_MAX, INT64_MAX);
    expect_impact(WEIR_BUY, INT64_MAX, INT64_MAX, 1, 1);
    expect_impact(WEIR_SELL, 1, INT64_MAX, INT64_MAX - 19, 1);
}

static void expect_line(struct weir_stop_line *line, const uint32_t *idx, size_t count) {
    uint32_t at = line->head, prev = WEIR_NO_INDEX;
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(at, idx[i], "place %zu: order %u, expected %u", i, at, idx[i]);
        const struct weir_order *order = weir_order_at(&orders, at);
        cr_assert(order->flags & WEIR_ORDER_IN_LINE);
        cr_assert_eq(order->prev, prev);
        prev = at;
        at = order->next;
    }
    cr_assert_eq(at, WEIR_NO_INDEX);
    cr_assert_eq(line->tail, prev);
}

Test(book, stops_pass_by_price_then_age, .init = open_book, .fini = close_book) {
    struct weir_stop_line line = {WEIR_NO_INDEX, WEIR_NO_INDEX};
    uint32_t a = stop(WEIR_ON_MARK, WEIR_BUY, 105), b = stop(WEIR_ON_MARK, WEIR_BUY, 103);
    uint32_t c = stop(WEIR_ON_MARK, WEIR_BUY, 103), d = stop(WEIR_ON_MARK, WEIR_SELL, 104);
    uint32_t e = stop(WEIR_ON_MARK, WEIR_SELL, 106), f = stop(WEIR_ON_LAST, WEIR_BUY, 100);
    weir_book_pass_stops(&book, &orders, WEIR_ON_LAST, 99, &line);
    expect_line(&line, NULL, 0);
    weir_book_pass_stops(&book, &orders, WEIR_ON_MARK, 104, &line);
    expect_line(&line, (uint32_t[]){b, c, e, d}, 4);
    weir_book_pass_stops(&book, &orders, WEIR_ON_LAST, 100, &line);
    weir_book_pass_stops(&book, &orders, WEIR_ON_MARK, 104, &line);
    expect_line(&line, (uint32_t[]){b, c, e, d, f}, 5);
    weir_stop_line_remove(&line, &orders, c);
    weir_stop_line_remove(&line, &orders, b);
    weir_stop_line_remove(&line, &orders, f);
    cr_assert(!(weir_order_at(&orders, c)->flags & WEIR_ORDER_IN_LINE));
    expect_line(&line, (uint32_t[]){e, d}, 2);
    weir_book_pass_stops(&book, &orders, WEIR_ON_MARK, 105, &line);
    expect_line(&line, (uint32_t[]){e, d, a}, 3);
    weir_stop_line_remove(&line, &orders, e);
    weir_stop_line_remove(&line, &orders, d);
    weir_stop_line_remove(&line, &orders, a);
    expect_line(&line, NULL, 0);
}

/* A stop that leaves the line and waits again keeps its age. */
Test(book, stops_come_back_at_their_age, .init = open_book, .fini = close_book) {
    struct weir_random random = {.key = weir_random_key(3, "stops")};
    for (uint64_t round = weir_test_scale(300); round > 0; round--) {
        uint32_t idx[100], count = 1 + (uint32_t)weir_random_below(&random, 100);
        for (uint32_t i = 0; i < count; i++)
            idx[i] = fresh();
        for (uint32_t i = 0; i < count; i++) {
            uint32_t k = i + (uint32_t)weir_random_below(&random, count - i), swap = idx[i];
            idx[i] = idx[k];
            idx[k] = swap;
            weir_order_at(&orders, idx[i])->stop_price = 50;
            weir_order_at(&orders, idx[i])->open = 1;
            cr_assert_eq(weir_ladder_push(book.stops[WEIR_ON_MARK][WEIR_SELL], &orders, idx[i]), 0);
        }
        struct weir_stop_line line = {WEIR_NO_INDEX, WEIR_NO_INDEX};
        weir_book_pass_stops(&book, &orders, WEIR_ON_MARK, 50, &line);
        uint64_t age = 0;
        uint32_t seen = 0;
        for (uint32_t at = line.head; at != WEIR_NO_INDEX; seen++) {
            cr_assert(weir_order_at(&orders, at)->age > age);
            age = weir_order_at(&orders, at)->age;
            at = weir_order_at(&orders, at)->next;
        }
        cr_assert_eq(seen, count);
        for (uint32_t i = 0; i < count; i++) {
            weir_stop_line_remove(&line, &orders, idx[i]);
            weir_orders_remove(&orders, idx[i]);
        }
    }
}
