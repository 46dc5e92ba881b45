/* orderbook, private: how a ladder lies in memory. A level's queue is a list through its orders.
 * An order that leaves from the middle of it writes to its two neighbours, which nothing waits for,
 * and to a list of departures; its level's totals follow when the list is full or somebody asks:
 * written at once, they would make what comes next wait for the order, which may be far from the
 * cache, to know whether it concerns the same level. A level is found through
 * leaves of 64 prices and a 64-ary trie above them that keeps no node with a single child, so a
 * compact range of prices costs few steps wherever it lies. */
#ifndef WEIR_ORDERBOOK_LEVELS_H
#define WEIR_ORDERBOOK_LEVELS_H

#include "orderbook/orderbook.h"

#define DIGIT_BITS 6
#define HINTS      64
#define DEPARTURES 32

struct level {
    weir_wide qty; /* sum of open lots, departures included */
    uint64_t key;
    uint32_t orders; /* departures included */
    uint32_t leaf;
    uint32_t head, tail; /* oldest and youngest order; head: free list */
};

/* A leaf (height 0) leads to levels, an inner node to nodes. */
struct node {
    uint64_t live;       /* bit per child; a leaf has >= 1, an inner node >= 2 */
    uint64_t key;        /* common prefix of all keys below, the other bits 0 */
    uint32_t parent;     /* WEIR_NO_INDEX: root; free list */
    uint32_t next, prev; /* leaves in order of price, WEIR_NO_INDEX at the ends */
    uint32_t height;     /* children differ in digit `height` of the key, [0, 10] */
    uint32_t child[64];
};

/* Memory of all ladders of one book. */
struct arena {
    struct weir_pool nodes, levels;
    uint32_t free_nodes, free_levels; /* heads, WEIR_NO_INDEX: none */
};

/* Where the leaf of a block of 64 prices is, direct-mapped: saves the way through the trie. */
struct hint {
    uint64_t block; /* key >> DIGIT_BITS; UINT64_MAX: nothing kept here */
    uint32_t leaf;
    uint32_t zero;
};

/* An order that left a queue, but is still counted in its level. */
struct departure {
    uint64_t key;
    weir_qty lots;
};

struct weir_ladder {
    struct arena *arena;
    uint64_t flip;       /* key = price ^ flip: the best level has the lowest key */
    uint64_t best_key;   /* UINT64_MAX: empty */
    uint32_t best_level; /* WEIR_NO_INDEX: empty */
    uint32_t best_leaf;
    uint32_t root;
    uint32_t count;
    bool by_stop;   /* keyed by stop_price */
    uint32_t asked; /* the last order that makers_ahead asked for; WEIR_NO_INDEX: none */
    uint32_t ahead; /* how many are between the first and it, about */
    uint32_t departed;
    struct departure departures[DEPARTURES];
    struct hint hints[HINTS];
};

static inline struct node *node_at(const struct arena *arena, uint32_t idx) {
    return WEIR_AT(&arena->nodes, struct node, idx);
}
static inline struct level *level_at(const struct arena *arena, uint32_t idx) {
    return WEIR_AT(&arena->levels, struct level, idx);
}
static inline uint32_t lowest_bit(uint64_t bits) {
    return (uint32_t)__builtin_ctzll(bits);
}
static inline uint32_t highest_bit(uint64_t bits) {
    return 63 - (uint32_t)__builtin_clzll(bits);
}
static inline uint32_t digit_of(uint64_t key, uint32_t height) {
    return (uint32_t)(key >> (DIGIT_BITS * height)) & 63;
}

/* The leaf of the block of 64 keys around `key`, or WEIR_NO_INDEX. */
uint32_t weir_trie_find(const struct weir_ladder *ladder, uint64_t key);
/* Adds that leaf, which is not there, without levels. Takes up to two nodes, which the caller has
 * seen to be free. */
uint32_t weir_trie_add(struct weir_ladder *ladder, uint64_t key);
/* Takes out a leaf whose last level is gone. */
void weir_trie_remove(struct weir_ladder *ladder, uint32_t leaf);

#endif
