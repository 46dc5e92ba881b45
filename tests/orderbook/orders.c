/* The pool of orders and its map of (account, id), against a list. */
#include <criterion/criterion.h>

#include "orderbook/orderbook.h"
#include "tests/scale.h"

static struct weir_name name_of(uint64_t n) {
    struct weir_name id = {{0}};
    int i = 0;
    do
        id.text[i++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return id;
}

enum { ACCOUNTS = 9, IDS = 400 };

Test(orders, as_a_list_says, .timeout = 300) {
    static uint32_t at[ACCOUNTS][IDS];
    static uint64_t age[ACCOUNTS][IDS];
    struct weir_orders orders;
    struct weir_random random = {.key = weir_random_key(5, "orders")};
    cr_assert_eq(weir_orders_new(&orders, ACCOUNTS * IDS), 0);
    memset(at, 0xff, sizeof at);
    uint32_t live = 0;
    uint64_t ages = 0, operations = weir_test_scale(3000000);
    for (uint64_t n = 0; n < operations; n++) {
        uint32_t account = (uint32_t)weir_random_below(&random, ACCOUNTS);
        uint32_t number = (uint32_t)weir_random_below(&random, IDS);
        struct weir_name id = name_of(number);
        uint32_t idx = at[account][number];
        cr_assert_eq(weir_orders_find(&orders, account, &id), idx);
        /* The share of live ids swells and shrinks, so that the table fills and empties. */
        if (idx == WEIR_NO_INDEX && (n >> 14) % 3 != 0) {
            idx = weir_orders_add(&orders, account, &id);
            cr_assert(idx != WEIR_NO_INDEX);
            const struct weir_order *order = weir_order_at(&orders, idx);
            struct weir_order fresh = {.account = account, .age = ++ages & WEIR_AGE_MAX};
            cr_assert(memcmp(order, &fresh, sizeof fresh) == 0);
            cr_assert(weir_name_equal(weir_order_name(&orders, idx), &id));
            at[account][number] = idx;
            age[account][number] = ages;
            live++;
        } else if (idx != WEIR_NO_INDEX && (n >> 14) % 3 != 1) {
            cr_assert_eq(weir_order_at(&orders, idx)->age, age[account][number]);
            weir_orders_remove(&orders, idx);
            at[account][number] = WEIR_NO_INDEX;
            live--;
        }
        cr_assert_eq(orders.live, live);
    }
    weir_orders_free(&orders);
}

Test(orders, bound) {
    struct weir_orders orders;
    cr_assert_eq(weir_orders_new(&orders, 3), 0);
    for (uint64_t i = 0; i < 3; i++) {
        struct weir_name id = name_of(i);
        cr_assert_eq(weir_orders_add(&orders, 1, &id), (uint32_t)i);
    }
    struct weir_name more = name_of(9), first = name_of(0);
    cr_assert_eq(weir_orders_add(&orders, 1, &more), WEIR_NO_INDEX);
    cr_assert_eq(weir_orders_find(&orders, 1, &more), WEIR_NO_INDEX);
    weir_orders_remove(&orders, weir_orders_find(&orders, 1, &first));
    cr_assert_eq(weir_orders_add(&orders, 1, &more), 0);
    cr_assert_eq(weir_orders_find(&orders, 1, &more), 0);
    cr_assert_eq(weir_orders_find(&orders, 2, &more), WEIR_NO_INDEX);
    weir_orders_free(&orders);
}
