/* When memory ends, a book says so and stays as it was. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "orderbook/levels.h"

static struct weir_orders orders;
static struct weir_book book;
static uint64_t named;

static void open_book(void) {
    cr_assert_eq(weir_orders_new(&orders, 1 << 12), 0);
    cr_assert_eq(weir_book_new(&book, 1 << 12), 0);
}

static void close_book(void) {
    weir_book_free(&book);
    weir_orders_free(&orders);
}

static int push(weir_price price) {
    struct weir_name id = {{0}};
    memcpy(id.text, &(uint64_t){++named}, 8);
    uint32_t idx = weir_orders_add(&orders, 1, &id);
    cr_assert(idx != WEIR_NO_INDEX);
    weir_order_at(&orders, idx)->price = price;
    weir_order_at(&orders, idx)->open = 1;
    int error = weir_ladder_push(book.side[WEIR_SELL], &orders, idx);
    if (error != 0) weir_orders_remove(&orders, idx);
    return error;
}

/* Prices of all orders in turn. */
static void expect_prices(const weir_price *prices, uint32_t count) {
    const struct weir_ladder *ladder = book.side[WEIR_SELL];
    uint32_t idx = weir_ladder_first(ladder);
    for (uint32_t i = 0; i < count; i++) {
        cr_assert(idx != WEIR_NO_INDEX);
        cr_assert_eq(weir_order_at(&orders, idx)->price, prices[i]);
        idx = weir_ladder_next(ladder, &orders, idx);
    }
    cr_assert_eq(idx, WEIR_NO_INDEX);
    cr_assert_eq(weir_ladder_count(ladder), count);
}

Test(memory, push_without_room, .init = open_book, .fini = close_book) {
    struct arena *arena = book.side[WEIR_SELL]->arena;
    cr_assert_eq(push(100), 0);
    cr_assert_eq(push(5000), 0);
    struct weir_pool *pools[] = {&arena->levels, &arena->nodes};
    for (int i = 0; i < 2; i++) {
        uint32_t capacity = pools[i]->capacity, committed = pools[i]->committed;
        pools[i]->capacity = pools[i]->committed = pools[i]->count;
        /* What is left on the lists of free ones is used up first, then it fails. */
        weir_price got[16];
        uint32_t count = 0;
        int error = 0;
        while (error == 0 && count < 16) {
            got[count] = INT64_C(1) << (20 + 3 * count);
            error = push(got[count]);
            if (error == 0) count++;
        }
        cr_assert_eq(error, -ENOMEM);
        weir_price all[18] = {100, 5000};
        memcpy(all + 2, got, count * sizeof got[0]);
        expect_prices(all, 2 + count);
        pools[i]->capacity = capacity;
        pools[i]->committed = committed;
        cr_assert_eq(push(got[count]), 0);
        all[2 + count] = got[count];
        expect_prices(all, 3 + count);
        while (weir_ladder_count(book.side[WEIR_SELL]) > 2) {
            uint32_t last = WEIR_NO_INDEX, idx = weir_ladder_first(book.side[WEIR_SELL]);
            for (; idx != WEIR_NO_INDEX; idx = weir_ladder_next(book.side[WEIR_SELL], &orders, idx))
                last = idx;
            weir_ladder_remove(book.side[WEIR_SELL], &orders, last);
            weir_orders_remove(&orders, last);
        }
        expect_prices(all, 2);
    }
}

/* A queue takes nothing but its orders. */
Test(memory, longer_queue_without_room, .init = open_book, .fini = close_book) {
    struct arena *arena = book.side[WEIR_SELL]->arena;
    weir_price prices[100];
    for (uint32_t i = 0; i < 100; i++) {
        prices[i] = 7;
        cr_assert_eq(push(7), 0);
        arena->levels.capacity = arena->levels.committed = arena->levels.count;
        arena->nodes.capacity = arena->nodes.committed = arena->nodes.count;
    }
    expect_prices(prices, 100);
}

static void leave_address_space(uint64_t bytes) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert(file != NULL && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    rlim_t size = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
    cr_assert_eq(setrlimit(RLIMIT_AS, &(struct rlimit){size, size}), 0);
}

Test(memory, no_address_space_for_a_book) {
    leave_address_space(UINT64_C(1) << 30);
    cr_assert_eq(weir_book_new(&book, 1 << 24), -ENOMEM);
    weir_book_free(&book);
    /* 2^24 names take half a gigabyte, and as many orders one. */
    cr_assert_eq(weir_orders_new(&orders, 1 << 24), -ENOMEM);
    cr_assert_eq(weir_orders_new(&orders, 1 << 20), 0);
    weir_orders_free(&orders);
}
