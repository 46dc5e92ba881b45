/* The way from a price to its leaf. */
#include "orderbook/levels.h"

static bool covers(const struct node *node, uint64_t key) {
    uint32_t shift = DIGIT_BITS * (node->height + 1);
    return shift >= 64 || (key ^ node->key) >> shift == 0;
}

static uint64_t prefix_of(uint64_t key, uint32_t height) {
    uint32_t shift = DIGIT_BITS * (height + 1);
    return shift >= 64 ? 0 : key >> shift << shift;
}

uint32_t weir_trie_find(const struct weir_ladder *ladder, uint64_t key) {
    uint32_t idx = ladder->root;
    while (idx != WEIR_NO_INDEX) {
        const struct node *node = node_at(ladder->arena, idx);
        if (!covers(node, key)) return WEIR_NO_INDEX;
        if (node->height == 0) return idx;
        uint32_t digit = digit_of(key, node->height);
        if (!(node->live >> digit & 1)) return WEIR_NO_INDEX;
        idx = node->child[digit];
    }
    return WEIR_NO_INDEX;
}

static uint32_t take_node(struct arena *arena, uint64_t key, uint32_t height) {
    uint32_t idx = arena->free_nodes;
    WEIR_CHECK(idx != WEIR_NO_INDEX);
    struct node *node = node_at(arena, idx);
    arena->free_nodes = node->parent;
    node->live = 0;
    node->key = prefix_of(key, height);
    node->parent = node->next = node->prev = WEIR_NO_INDEX;
    node->height = height;
    return idx;
}

static void give_node(struct arena *arena, uint32_t idx) {
    node_at(arena, idx)->parent = arena->free_nodes;
    arena->free_nodes = idx;
}

static void set_child(struct arena *arena, uint32_t parent, uint32_t child) {
    struct node *p = node_at(arena, parent), *c = node_at(arena, child);
    uint32_t digit = digit_of(c->key, p->height);
    p->child[digit] = child;
    p->live |= UINT64_C(1) << digit;
    c->parent = parent;
}

/* Puts `fresh` in its place below `parent`, or at the top. */
static void replace_child(struct weir_ladder *ladder, uint32_t parent, uint32_t fresh) {
    if (parent == WEIR_NO_INDEX) {
        ladder->root = fresh;
        node_at(ladder->arena, fresh)->parent = WEIR_NO_INDEX;
    } else {
        set_child(ladder->arena, parent, fresh);
    }
}

/* The leaf before this one in order of keys, or WEIR_NO_INDEX. */
static uint32_t leaf_before(const struct arena *arena, uint32_t leaf) {
    uint64_t key = node_at(arena, leaf)->key;
    for (uint32_t up = node_at(arena, leaf)->parent; up != WEIR_NO_INDEX;) {
        const struct node *node = node_at(arena, up);
        uint64_t lower = node->live & ((UINT64_C(1) << digit_of(key, node->height)) - 1);
        if (lower == 0) {
            up = node->parent;
            continue;
        }
        uint32_t idx = node->child[highest_bit(lower)];
        while (node_at(arena, idx)->height > 0) {
            node = node_at(arena, idx);
            idx = node->child[highest_bit(node->live)];
        }
        return idx;
    }
    return WEIR_NO_INDEX;
}

static void link_leaf(struct weir_ladder *ladder, uint32_t idx) {
    struct arena *arena = ladder->arena;
    struct node *leaf = node_at(arena, idx);
    leaf->prev = leaf_before(arena, idx);
    if (leaf->prev == WEIR_NO_INDEX) {
        leaf->next = ladder->best_leaf;
        ladder->best_leaf = idx;
    } else {
        leaf->next = node_at(arena, leaf->prev)->next;
        node_at(arena, leaf->prev)->next = idx;
    }
    if (leaf->next != WEIR_NO_INDEX) node_at(arena, leaf->next)->prev = idx;
}

uint32_t weir_trie_add(struct weir_ladder *ladder, uint64_t key) {
    struct arena *arena = ladder->arena;
    uint32_t leaf = take_node(arena, key, 0);
    uint32_t parent = WEIR_NO_INDEX, idx = ladder->root;
    while (idx != WEIR_NO_INDEX && covers(node_at(arena, idx), key)) {
        const struct node *node = node_at(arena, idx);
        WEIR_CHECK(node->height > 0);
        uint32_t digit = digit_of(key, node->height);
        parent = idx;
        idx = node->live >> digit & 1 ? node->child[digit] : WEIR_NO_INDEX;
    }
    if (idx == WEIR_NO_INDEX) {
        replace_child(ladder, parent, leaf);
    } else {
        /* A node of another prefix is in the way: both go below a new one, where they part. */
        uint32_t height = highest_bit(key ^ node_at(arena, idx)->key) / DIGIT_BITS;
        uint32_t fork = take_node(arena, key, height);
        replace_child(ladder, parent, fork);
        set_child(arena, fork, idx);
        set_child(arena, fork, leaf);
    }
    link_leaf(ladder, leaf);
    return leaf;
}

void weir_trie_remove(struct weir_ladder *ladder, uint32_t idx) {
    struct arena *arena = ladder->arena;
    struct node *leaf = node_at(arena, idx);
    if (leaf->prev == WEIR_NO_INDEX)
        ladder->best_leaf = leaf->next;
    else
        node_at(arena, leaf->prev)->next = leaf->next;
    if (leaf->next != WEIR_NO_INDEX) node_at(arena, leaf->next)->prev = leaf->prev;

    uint32_t up = leaf->parent;
    if (up == WEIR_NO_INDEX) {
        ladder->root = WEIR_NO_INDEX;
    } else {
        struct node *parent = node_at(arena, up);
        parent->live &= ~(UINT64_C(1) << digit_of(leaf->key, parent->height));
        if ((parent->live & (parent->live - 1)) == 0) {
            replace_child(ladder, parent->parent, parent->child[lowest_bit(parent->live)]);
            give_node(arena, up);
        }
    }
    struct hint *hint = &ladder->hints[leaf->key >> DIGIT_BITS & (HINTS - 1)];
    if (hint->leaf == idx) hint->block = UINT64_MAX;
    give_node(arena, idx);
}
