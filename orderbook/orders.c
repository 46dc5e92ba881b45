/* The pool of orders and the map from (account, id) to them. */
#include "orderbook/orderbook.h"

#include <errno.h>
#include <sys/mman.h>

/* A slot is two words: index + 1 (0: free) and the hash, so that nothing outside the table is
 * touched when entries move. */
#define SLOTS_AT_FIRST 1024U

static uint32_t hash_of(uint32_t account, const struct weir_name *id) {
    return (uint32_t)weir_name_hash(id, account);
}

static uint64_t table_bytes(uint32_t mask) {
    return ((uint64_t)mask + 1) * 2 * sizeof(uint32_t);
}

int weir_orders_new(struct weir_orders *orders, uint32_t capacity) {
    *orders = (struct weir_orders){.free_head = WEIR_NO_INDEX, .next_age = 1};
    int error = weir_pool_new(&orders->orders, sizeof(struct weir_order), capacity);
    if (error == 0) error = weir_pool_new(&orders->names, sizeof(struct weir_name), capacity);
    orders->slots = weir_table_new(table_bytes(SLOTS_AT_FIRST - 1));
    orders->slot_mask = SLOTS_AT_FIRST - 1;
    if (error == 0 && orders->slots == NULL) error = -ENOMEM;
    if (error != 0) {
        weir_orders_free(orders);
        return error;
    }
    /* Orders are met in no order of memory: large pages, where the pool grows to fill them, spare
     * a walk through page tables each time. */
    madvise(orders->orders.base, (size_t)capacity * sizeof(struct weir_order), MADV_HUGEPAGE);
    madvise(orders->names.base, (size_t)capacity * sizeof(struct weir_name), MADV_HUGEPAGE);
    return 0;
}

void weir_orders_free(struct weir_orders *orders) {
    weir_pool_free(&orders->orders);
    weir_pool_free(&orders->names);
    if (orders->slots) weir_table_free(orders->slots, table_bytes(orders->slot_mask));
    *orders = (struct weir_orders){0};
}

uint64_t weir_orders_memory(const struct weir_orders *orders) {
    return (uint64_t)orders->orders.count * orders->orders.element_size;
}

uint64_t weir_orders_names_memory(const struct weir_orders *orders) {
    return (uint64_t)orders->names.count * orders->names.element_size +
           table_bytes(orders->slot_mask);
}

/* Twice the slots; false with nothing changed when memory ends. */
static bool grow(struct weir_orders *orders) {
    if (orders->slot_mask >= UINT32_MAX / 2) return false;
    uint32_t mask = orders->slot_mask * 2 + 1;
    uint32_t *slots = weir_table_new(table_bytes(mask));
    if (slots == NULL) return false;
    for (size_t k = 0; k <= orders->slot_mask; k++) {
        uint32_t value = orders->slots[2 * k], hash = orders->slots[2 * k + 1];
        if (value == 0) continue;
        size_t i = hash & mask;
        while (slots[2 * i] != 0)
            i = (i + 1) & mask;
        slots[2 * i] = value;
        slots[2 * i + 1] = hash;
    }
    weir_table_free(orders->slots, table_bytes(orders->slot_mask));
    orders->slots = slots;
    orders->slot_mask = mask;
    return true;
}

void weir_orders_pools(struct weir_orders *orders, weir_pool_visit visit, void *ctx) {
    visit(ctx, "orders", &orders->orders);
    visit(ctx, "names of orders", &orders->names);
}

void weir_orders_make_room(struct weir_orders *orders) {
    if (orders->slot_used >= orders->slot_mask / 8 * 3) (void)grow(orders);
}

/* The slot of (account, id), or the free one where it would go. */
static size_t slot_of(const struct weir_orders *orders, uint32_t account,
                      const struct weir_name *id, uint32_t hash) {
    size_t i = hash & orders->slot_mask;
    for (; orders->slots[2 * i] != 0; i = (i + 1) & orders->slot_mask) {
        uint32_t idx = orders->slots[2 * i] - 1;
        if (orders->slots[2 * i + 1] == hash && weir_order_at(orders, idx)->account == account &&
            weir_name_equal(weir_order_name(orders, idx), id))
            break;
    }
    return i;
}

/* Frees slot i; entries behind it that would be cut off from their own place move up. */
static void free_slot(struct weir_orders *orders, size_t i) {
    uint32_t *slots = orders->slots;
    size_t mask = orders->slot_mask;
    for (size_t k = (i + 1) & mask; slots[2 * k] != 0; k = (k + 1) & mask) {
        size_t home = slots[2 * k + 1] & mask;
        if (((k - home) & mask) < ((k - i) & mask)) continue;
        slots[2 * i] = slots[2 * k];
        slots[2 * i + 1] = slots[2 * k + 1];
        i = k;
    }
    slots[2 * i] = 0;
    slots[2 * i + 1] = 0;
}

/* Puts the next to go into place `at` of the ring; who was there leaves table and pool. */
static inline void go(struct weir_orders *orders, uint32_t at, uint32_t order, uint32_t hash) {
    uint32_t old = orders->going[at].order;
    size_t i = orders->going[at].hash & orders->slot_mask;
    orders->going[at].order = order;
    orders->going[at].hash = hash;
    if (old == 0) return;
    while (orders->slots[2 * i] != old) {
        WEIR_CHECK(orders->slots[2 * i] != 0);
        i = (i + 1) & orders->slot_mask;
    }
    free_slot(orders, i);
    orders->slot_used--;
    weir_order_at(orders, old - 1)->next = orders->free_head;
    orders->free_head = old - 1;
}

void weir_orders_remove(struct weir_orders *orders, uint32_t idx) {
    struct weir_order *order = weir_order_at(orders, idx);
    uint32_t hash = hash_of(order->account, weir_order_name(orders, idx));
    __builtin_prefetch(&orders->slots[2 * (size_t)(hash & orders->slot_mask)], 1);
    order->account = WEIR_NO_INDEX; /* nobody's: no id finds it */
    orders->live--;
    go(orders, orders->gone++ % WEIR_ORDERS_GOING, idx + 1, hash);
}

uint32_t weir_orders_add(struct weir_orders *orders, uint32_t account, const struct weir_name *id) {
    if (orders->next_age > WEIR_AGE_MAX) return WEIR_NO_INDEX;
    if (orders->slot_used >= orders->slot_mask / 2 + 1 && !grow(orders)) return WEIR_NO_INDEX;
    if (orders->free_head == WEIR_NO_INDEX && orders->live < orders->orders.count)
        for (uint32_t at = 0; at < WEIR_ORDERS_GOING; at++)
            go(orders, at, 0, 0);
    uint32_t idx = orders->free_head;
    if (idx != WEIR_NO_INDEX) {
        orders->free_head = weir_order_at(orders, idx)->next;
    } else {
        idx = orders->orders.count;
        if (weir_pool_commit(&orders->names, idx + 1) != 0) return WEIR_NO_INDEX;
        idx = weir_pool_add(&orders->orders, 1);
        if (idx == WEIR_NO_INDEX) return WEIR_NO_INDEX;
        weir_pool_add(&orders->names, 1);
    }
    *weir_order_at(orders, idx) =
        (struct weir_order){.account = account, .age = orders->next_age++ & WEIR_AGE_MAX};
    *WEIR_AT(&orders->names, struct weir_name, idx) = *id;
    uint32_t hash = hash_of(account, id);
    size_t i = slot_of(orders, account, id, hash);
    WEIR_CHECK(orders->slots[2 * i] == 0);
    orders->slots[2 * i] = idx + 1;
    orders->slots[2 * i + 1] = hash;
    orders->slot_used++;
    orders->live++;
    return idx;
}

uint32_t weir_orders_find(const struct weir_orders *orders, uint32_t account,
                          const struct weir_name *id) {
    size_t i = slot_of(orders, account, id, hash_of(account, id));
    return orders->slots[2 * i] - 1; /* 0 - 1 is WEIR_NO_INDEX */
}
