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

/* At least one free chunk; false when memory ends. */
static bool have_chunk(struct arena *arena) {
    if (arena->free_chunks != WEIR_NO_INDEX) return true;
    uint32_t idx = weir_pool_add(&arena->chunks, 1);
    if (idx == WEIR_NO_INDEX) return false;
    chunk_at(arena, idx)->next = WEIR_NO_INDEX;
    arena->free_chunks = idx;
    return true;
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

/* An empty chunk at the end of the level's queue; one is free. */
static uint32_t add_chunk(struct arena *arena, struct level *level) {
    uint32_t idx = arena->free_chunks;
    struct chunk *chunk = chunk_at(arena, idx);
    arena->free_chunks = chunk->next;
    chunk->next = WEIR_NO_INDEX;
    chunk->prev = level->tail;
    chunk->live = 0;
    if (level->tail == WEIR_NO_INDEX)
        level->head = idx;
    else
        chunk_at(arena, level->tail)->next = idx;
    level->tail = idx;
    return idx;
}

static void drop_chunk(struct arena *arena, struct level *level, uint32_t idx) {
    struct chunk *chunk = chunk_at(arena, idx);
    if (chunk->prev == WEIR_NO_INDEX)
        level->head = chunk->next;
    else
        chunk_at(arena, chunk->prev)->next = chunk->next;
    if (chunk->next == WEIR_NO_INDEX)
        level->tail = chunk->prev;
    else
        chunk_at(arena, chunk->next)->prev = chunk->prev;
    chunk->next = arena->free_chunks;
    arena->free_chunks = idx;
}

/* A level without orders, its leaf if need be, and one free chunk; WEIR_NO_INDEX with nothing
 * changed when memory ends. */
static uint32_t add_level(struct weir_ladder *ladder, uint64_t key, uint32_t leaf) {
    struct arena *arena = ladder->arena;
    if (!have_chunk(arena) || !have_level(arena)) return WEIR_NO_INDEX;
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

/* Orders at the head of the best level are the next to be filled, and may have rested long enough
 * to be far from the cache. */
static void expect_fills(const struct arena *arena, const struct weir_orders *orders,
                         uint32_t head) {
    const struct chunk *chunk = chunk_at(arena, head);
    for (uint32_t bits = chunk->live; bits; bits &= bits - 1)
        __builtin_prefetch(weir_order_at(orders, chunk->order[lowest_bit(bits)]), 1);
    __builtin_prefetch(arena->chunks.base + (size_t)chunk->next * sizeof *chunk, 1);
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
    WEIR_HEAVY(level->qty == 0);
    struct node *leaf = node_at(arena, level->leaf);
    leaf->live &= ~(UINT64_C(1) << (level->key & 63));
    if (leaf->live == 0) weir_trie_remove(ladder, level->leaf);
    level->head = arena->free_levels;
    arena->free_levels = idx;
    if (idx == ladder->best_level) set_best(ladder);
}

int weir_ladder_push(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx) {
    struct arena *arena = ladder->arena;
    struct weir_order *order = weir_order_at(orders, idx);
    uint64_t key = key_of(ladder, order);
    WEIR_CHECK(order->open >= 1 && price_of(ladder, key) >= 1);
    uint32_t leaf = find_leaf(ladder, key), at;
    if (leaf != WEIR_NO_INDEX && node_at(arena, leaf)->live >> (key & 63) & 1)
        at = node_at(arena, leaf)->child[key & 63];
    else if ((at = add_level(ladder, key, leaf)) == WEIR_NO_INDEX)
        return -ENOMEM;
    struct level *level = level_at(arena, at);
    uint32_t tail = level->tail;
    uint32_t slot =
        tail == WEIR_NO_INDEX ? CHUNK_SLOTS : highest_bit(chunk_at(arena, tail)->live) + 1;
    if (slot == CHUNK_SLOTS) {
        if (!have_chunk(arena)) return -ENOMEM;
        tail = add_chunk(arena, level);
        slot = 0;
    }
    struct chunk *chunk = chunk_at(arena, tail);
    chunk->live = (uint16_t)(chunk->live | 1U << slot);
    chunk->order[slot] = idx;
    order->level = at;
    order->prev = tail;
    order->next = slot;
    level->orders++;
    level->qty += order->open;
    ladder->count++;
    return 0;
}

void weir_ladder_remove(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx) {
    struct arena *arena = ladder->arena;
    const struct weir_order *order = weir_order_at(orders, idx);
    uint32_t at = order->level, in = order->prev;
    struct chunk *chunk = chunk_at(arena, in);
    WEIR_CHECK(chunk->order[order->next] == idx && chunk->live >> order->next & 1);
    struct level *level = level_at(arena, at);
    level->orders--;
    level->qty -= order->open;
    ladder->count--;
    chunk->live = (uint16_t)(chunk->live & ~(1U << order->next));
    if (chunk->live != 0) return;
    bool was_best = at == ladder->best_level;
    drop_chunk(arena, level, in);
    if (level->orders == 0) drop_level(ladder, at);
    if (was_best && ladder->best_level != WEIR_NO_INDEX)
        expect_fills(arena, orders, level_at(arena, ladder->best_level)->head);
}

void weir_ladder_ahead(const struct weir_ladder *ladder, uint32_t place) {
    __builtin_prefetch(ladder->arena->chunks.base + (size_t)place * sizeof(struct chunk), 1);
}

void weir_ladder_order_ahead(const struct weir_ladder *ladder, const struct weir_order *order) {
    weir_ladder_ahead(ladder, order->prev);
    __builtin_prefetch(ladder->arena->levels.base + (size_t)order->level * sizeof(struct level), 1);
}

void weir_ladder_reduce(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx,
                        weir_qty lots) {
    struct weir_order *order = weir_order_at(orders, idx);
    WEIR_CHECK(lots >= 1 && lots < order->open);
    order->open -= lots;
    level_at(ladder->arena, order->level)->qty -= lots;
}

static uint32_t first_of(const struct arena *arena, const struct level *level) {
    const struct chunk *chunk = chunk_at(arena, level->head);
    return chunk->order[lowest_bit(chunk->live)];
}

uint32_t weir_ladder_first(const struct weir_ladder *ladder) {
    if (ladder->best_level == WEIR_NO_INDEX) return WEIR_NO_INDEX;
    return first_of(ladder->arena, level_at(ladder->arena, ladder->best_level));
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
    const struct arena *arena = ladder->arena;
    const struct weir_order *order = weir_order_at(orders, idx);
    const struct chunk *chunk = chunk_at(arena, order->prev);
    uint32_t behind = (uint32_t)chunk->live >> order->next >> 1;
    if (behind) return chunk->order[order->next + 1 + lowest_bit(behind)];
    if (chunk->next != WEIR_NO_INDEX) {
        chunk = chunk_at(arena, chunk->next);
        return chunk->order[lowest_bit(chunk->live)];
    }
    uint32_t next = level_after(arena, level_at(arena, order->level));
    return next == WEIR_NO_INDEX ? next : first_of(arena, level_at(arena, next));
}

static bool view_level(const struct weir_ladder *ladder, uint32_t idx,
                       struct weir_level_view *view) {
    if (idx == WEIR_NO_INDEX) return false;
    const struct level *level = level_at(ladder->arena, idx);
    *view = (struct weir_level_view){.price = price_of(ladder, level->key),
                                     .qty = level->qty,
                                     .orders = level->orders,
                                     .first = first_of(ladder->arena, level),
                                     .level = idx};
    return true;
}

bool weir_ladder_first_level(const struct weir_ladder *ladder, struct weir_level_view *view) {
    return view_level(ladder, ladder->best_level, view);
}

bool weir_ladder_next_level(const struct weir_ladder *ladder, struct weir_level_view *view) {
    return view_level(ladder, level_after(ladder->arena, level_at(ladder->arena, view->level)),
                      view);
}

void weir_ladder_makers_ahead(const struct weir_ladder *ladder, const struct weir_orders *orders,
                              uint32_t n) {
    const struct arena *arena = ladder->arena;
    const struct level *level =
        ladder->best_level == WEIR_NO_INDEX ? NULL : level_at(arena, ladder->best_level);
    while (level != NULL && n > 0) {
        const struct chunk *chunk = chunk_at(arena, level->head);
        for (uint32_t bits = chunk->live; bits && n > 0; bits &= bits - 1, n--)
            weir_order_ahead(orders, chunk->order[lowest_bit(bits)]);
        uint32_t next = level_after(arena, level);
        level = next == WEIR_NO_INDEX ? NULL : level_at(arena, next);
    }
}
