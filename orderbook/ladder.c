/* Ladders: queues of orders by price. */
#include "orderbook/levels.h"

#include <errno.h>

static uint64_t key_of(const struct weir_ladder *ladder, const struct weir_order *order) {
    weir_price price = ladder->by_stop ? order->stop_price : order->price;
    return (uint64_t)price ^ ladder->flip;
}

static weir_price price_of(const struct weir_ladder *ladder, uint64_t key) {
    return (weir_price)(key ^ ladder->flip);
}

static uint32_t find_leaf(struct weir_ladder *ladder, uint64_t key) {
    uint64_t block = key >> DIGIT_BITS;
    struct hint *hint = &ladder->hints[block & (HINTS - 1)];
    if (__builtin_expect(hint->block == block, 1)) return hint->leaf;
    uint32_t leaf = weir_trie_find(ladder, key);
    if (leaf != WEIR_NO_INDEX) *hint = (struct hint){.block = block, .leaf = leaf};
    return leaf;
}

static bool have_level(struct arena *arena) {
    if (arena->free_levels != WEIR_NO_INDEX) return true;
    uint32_t idx = weir_pool_add(&arena->levels, 1);
    if (idx == WEIR_NO_INDEX) return false;
    level_at(arena, idx)->head = WEIR_NO_INDEX;
    arena->free_levels = idx;
    return true;
}

/* At least two free nodes: a leaf and a fork. */
static bool have_nodes(struct arena *arena) {
    uint32_t first = arena->free_nodes;
    while (first == WEIR_NO_INDEX || node_at(arena, first)->parent == WEIR_NO_INDEX) {
        uint32_t idx = weir_pool_add(&arena->nodes, 1);
        if (idx == WEIR_NO_INDEX) return false;
        node_at(arena, idx)->parent = first;
        arena->free_nodes = first = idx;
    }
    return true;
}

/* A level without orders, and its leaf if need be; WEIR_NO_INDEX with nothing changed when memory
 * ends. */
static uint32_t add_level(struct weir_ladder *ladder, uint64_t key, uint32_t leaf) {
    struct arena *arena = ladder->arena;
    if (!have_level(arena)) return WEIR_NO_INDEX;
    if (leaf == WEIR_NO_INDEX) {
        if (!have_nodes(arena)) return WEIR_NO_INDEX;
        leaf = weir_trie_add(ladder, key);
    }
    uint32_t idx = arena->free_levels;
    struct level *level = level_at(arena, idx);
    arena->free_levels = level->head;
    *level = (struct level){.key = key, .leaf = leaf, .head = WEIR_NO_INDEX, .tail = WEIR_NO_INDEX};
    struct node *node = node_at(arena, leaf);
    node->live |= UINT64_C(1) << (key & 63);
    node->child[key & 63] = idx;
    if (key < ladder->best_key) {
        ladder->best_key = key;
        ladder->best_level = idx;
    }
    return idx;
}

static void set_best(struct weir_ladder *ladder) {
    if (ladder->best_leaf == WEIR_NO_INDEX) {
        ladder->best_key = UINT64_MAX;
        ladder->best_level = WEIR_NO_INDEX;
        return;
    }
    const struct node *leaf = node_at(ladder->arena, ladder->best_leaf);
    uint32_t digit = lowest_bit(leaf->live);
    ladder->best_key = leaf->key | digit;
    ladder->best_level = leaf->child[digit];
}

static void drop_level(struct weir_ladder *ladder, uint32_t idx) {
    struct arena *arena = ladder->arena;
    struct level *level = level_at(arena, idx);
    WEIR_CHECK(level->qty == 0 && level->orders == 0);
    struct node *leaf = node_at(arena, level->leaf);
    leaf->live &= ~(UINT64_C(1) << (level->key & 63));
    if (leaf->live == 0) weir_trie_remove(ladder, level->leaf);
    level->head = arena->free_levels;
    arena->free_levels = idx;
    if (idx == ladder->best_level) set_best(ladder);
}

int weir_ladder_push(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx) {
    const struct weir_order *order = weir_order_at(orders, idx);
    weir_price price = ladder->by_stop ? order->stop_price : order->price;
    return weir_ladder_push_at(ladder, orders, idx, price, order->open);
}

int weir_ladder_push_at(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx,
                        weir_price price, weir_qty lots) {
    struct arena *arena = ladder->arena;
    struct weir_order *order = weir_order_at(orders, idx);
    uint64_t key = (uint64_t)price ^ ladder->flip;
    WEIR_CHECK(lots >= 1 && price >= 1);
    uint32_t leaf = find_leaf(ladder, key), at;
    if (leaf != WEIR_NO_INDEX && node_at(arena, leaf)->live >> (key & 63) & 1)
        at = node_at(arena, leaf)->child[key & 63];
    else if ((at = add_level(ladder, key, leaf)) == WEIR_NO_INDEX)
        return -ENOMEM;
    struct level *level = level_at(arena, at);
    order->next = WEIR_NO_INDEX;
    order->prev = level->tail;
    if (level->tail == WEIR_NO_INDEX)
        level->head = idx;
    else
        weir_order_at(orders, level->tail)->next = idx;
    level->tail = idx;
    level->orders++;
    level->qty += lots;
    ladder->count++;
    return 0;
}

/* The level of an order that rests in the ladder. */
static struct level *level_of(struct weir_ladder *ladder, uint64_t key) {
    if (key == ladder->best_key) return level_at(ladder->arena, ladder->best_level);
    uint32_t leaf = find_leaf(ladder, key);
    WEIR_CHECK(leaf != WEIR_NO_INDEX && node_at(ladder->arena, leaf)->live >> (key & 63) & 1);
    return level_at(ladder->arena, node_at(ladder->arena, leaf)->child[key & 63]);
}

static void settle(struct weir_ladder *ladder) {
    for (uint32_t i = 0; i < ladder->departed; i++) {
        struct level *level = level_of(ladder, ladder->departures[i].key);
        level->orders--;
        level->qty -= ladder->departures[i].lots;
    }
    ladder->departed = 0;
}

/* The first or last of a queue leaves it; the only one with its level. */
static void remove_end(struct weir_ladder *ladder, struct weir_orders *orders,
                       const struct weir_order *order) {
    struct level *level = level_of(ladder, key_of(ladder, order));
    uint32_t next = order->next, prev = order->prev;
    level->orders--;
    level->qty -= order->open;
    if (prev == WEIR_NO_INDEX)
        level->head = next;
    else
        weir_order_at(orders, prev)->next = next;
    if (next == WEIR_NO_INDEX)
        level->tail = prev;
    else
        weir_order_at(orders, next)->prev = prev;
    if (level->head != WEIR_NO_INDEX) return;
    if (ladder->departed > 0) settle(ladder);
    drop_level(ladder, (uint32_t)(level - level_at(ladder->arena, 0)));
}

void weir_ladder_remove(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx) {
    const struct weir_order *order = weir_order_at(orders, idx);
    uint32_t next = order->next, prev = order->prev;
    ladder->count--;
    if (idx == ladder->asked) ladder->asked = WEIR_NO_INDEX;
    if (prev == WEIR_NO_INDEX || next == WEIR_NO_INDEX) {
        remove_end(ladder, orders, order);
        return;
    }
    weir_order_at(orders, prev)->next = next;
    weir_order_at(orders, next)->prev = prev;
    ladder->departures[ladder->departed] = (struct departure){key_of(ladder, order), order->open};
    if (++ladder->departed == DEPARTURES) settle(ladder);
}

void weir_ladder_reduce(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx,
                        weir_qty lots) {
    struct weir_order *order = weir_order_at(orders, idx);
    WEIR_CHECK(lots >= 1 && lots < order->open);
    order->open -= lots;
    level_of(ladder, key_of(ladder, order))->qty -= lots;
}

weir_qty weir_ladder_fill(struct weir_ladder *ladder, struct weir_orders *orders, weir_qty lots) {
    uint32_t at = ladder->best_level;
    struct level *level = level_at(ladder->arena, at);
    uint32_t idx = level->head;
    struct weir_order *order = weir_order_at(orders, idx);
    WEIR_CHECK(lots >= 1 && lots <= order->open);
    level->qty -= lots;
    if (lots < order->open) return order->open -= lots;
    ladder->count--;
    ladder->ahead -= ladder->ahead > 0;
    if (idx == ladder->asked) ladder->asked = WEIR_NO_INDEX;
    level->orders--;
    level->head = order->next;
    if (order->next != WEIR_NO_INDEX) {
        weir_order_at(orders, order->next)->prev = WEIR_NO_INDEX;
        return 0;
    }
    level->tail = WEIR_NO_INDEX;
    if (ladder->departed > 0) settle(ladder);
    drop_level(ladder, at);
    return 0;
}

uint32_t weir_ladder_first(const struct weir_ladder *ladder) {
    if (ladder->best_level == WEIR_NO_INDEX) return WEIR_NO_INDEX;
    return level_at(ladder->arena, ladder->best_level)->head;
}

weir_price weir_ladder_best(const struct weir_ladder *ladder) {
    return ladder->best_level == WEIR_NO_INDEX ? 0 : price_of(ladder, ladder->best_key);
}

uint32_t weir_ladder_count(const struct weir_ladder *ladder) {
    return ladder->count;
}

/* The level behind this one, or WEIR_NO_INDEX. */
static uint32_t level_after(const struct arena *arena, const struct level *level) {
    const struct node *leaf = node_at(arena, level->leaf);
    /* Two shifts: the last price of a leaf has nothing behind it, and one by 64 is undefined. */
    uint64_t behind = leaf->live >> (level->key & 63) >> 1;
    if (behind) return leaf->child[(level->key & 63) + 1 + lowest_bit(behind)];
    if (leaf->next == WEIR_NO_INDEX) return WEIR_NO_INDEX;
    const struct node *next = node_at(arena, leaf->next);
    return next->child[lowest_bit(next->live)];
}

uint32_t weir_ladder_next(const struct weir_ladder *ladder, const struct weir_orders *orders,
                          uint32_t idx) {
    const struct weir_order *order = weir_order_at(orders, idx);
    if (order->next != WEIR_NO_INDEX) return order->next;
    uint64_t key = key_of(ladder, order);
    const struct node *leaf = node_at(ladder->arena, weir_trie_find(ladder, key));
    uint32_t next = level_after(ladder->arena, level_at(ladder->arena, leaf->child[key & 63]));
    return next == WEIR_NO_INDEX ? next : level_at(ladder->arena, next)->head;
}

static bool view_level(const struct weir_ladder *ladder, uint32_t idx,
                       struct weir_level_view *view) {
    if (idx == WEIR_NO_INDEX) return false;
    const struct level *level = level_at(ladder->arena, idx);
    *view = (struct weir_level_view){.price = price_of(ladder, level->key),
                                     .qty = level->qty,
                                     .orders = level->orders,
                                     .first = level->head,
                                     .level = idx};
    return true;
}

bool weir_ladder_first_level(struct weir_ladder *ladder, struct weir_level_view *view) {
    settle(ladder);
    return view_level(ladder, ladder->best_level, view);
}

bool weir_ladder_next_level(const struct weir_ladder *ladder, struct weir_level_view *view) {
    return view_level(ladder, level_after(ladder->arena, level_at(ladder->arena, view->level)),
                      view);
}

/* The last that was asked for has come, or is about to: it tells who is behind it. */
static uint32_t behind_asked(struct weir_ladder *ladder, const struct weir_orders *orders) {
    const struct weir_order *order = weir_order_at(orders, ladder->asked);
    weir_order_leg_ahead(orders, order);
    if (order->next != WEIR_NO_INDEX) return order->next;
    uint32_t at = level_after(ladder->arena, level_of(ladder, key_of(ladder, order)));
    return at == WEIR_NO_INDEX ? at : level_at(ladder->arena, at)->head;
}

uint32_t weir_ladder_maker_ahead(struct weir_ladder *ladder, const struct weir_orders *orders,
                                 uint32_t most) {
    uint32_t came = ladder->asked, next;
    if (came == WEIR_NO_INDEX) {
        ladder->ahead = 0;
        next = weir_ladder_first(ladder);
    } else {
        if (ladder->ahead >= most) return WEIR_NO_INDEX;
        ladder->ahead++;
        next = behind_asked(ladder, orders);
    }
    if (next == WEIR_NO_INDEX) return came;
    weir_order_ahead(orders, next);
    ladder->asked = next;
    return came;
}
