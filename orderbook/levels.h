/* orderbook, private: how a ladder lies in memory. A level's queue is a list of chunks of order
 * indices: taking an order out clears a bit there instead of touching two neighbours far away. A
 * level is found through leaves of 64 prices and a 64-ary trie above them that keeps no node with
 * a single child, so a compact range of prices costs few steps wherever it lies. */
#ifndef WEIR_ORDERBOOK_LEVELS_H
#define WEIR_ORDERBOOK_LEVELS_H

#include "orderbook/orderbook.h"

#define DIGIT_BITS  6
#define CHUNK_SLOTS 13
#define HINTS       64

/* Orders of one level in order of arrival: those whose bit is set, lowest first, then the next
 * chunk's. A chunk in use has at least one. */
struct chunk {
    uint32_t next, prev; /* WEIR_NO_INDEX: none; next: free list */
    uint16_t live;       /* bit per slot */
    uint16_t zero;
    uint32_t order[CHUNK_SLOTS];
};
_Static_assert(sizeof(struct chunk) == 64, "one cache line a chunk");

struct level {
    weir_wide qty; /* sum of open lots */
    uint64_t key;
    uint32_t orders; /* >= 1 */
    uint32_t leaf;
    uint32_t head, tail; /* chunks; head: free list */
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
    struct weir_pool nodes, levels, chunks;
    uint32_t free_nodes, free_levels, free_chunks; /* heads, WEIR_NO_INDEX: none */
};

/* Where the leaf of a block of 64 prices is, direct-mapped: saves the way through the trie. */
struct hint {
    uint64_t block; /* key >> DIGIT_BITS; UINT64_MAX: nothing kept here */
    uint32_t leaf;
    uint32_t zero;
};

struct weir_ladder {
    struct arena *arena;
    uint64_t flip;       /* key = price ^ flip: the best level has the lowest key */
    uint64_t best_key;   /* UINT64_MAX: empty */
    uint32_t best_level; /* WEIR_NO_INDEX: empty */
    uint32_t best_leaf;
    uint32_t root;
    uint32_t count;
    bool by_stop; /* keyed by stop_price */
    struct hint hints[HINTS];
};

static inline struct node *node_at(const struct arena *arena, uint32_t idx) {
    return WEIR_AT(&arena->nodes, struct node, idx);
}
static inline struct level *level_at(const struct arena *arena, uint32_t idx) {
    return WEIR_AT(&arena->levels, struct level, idx);
}
static inline struct chunk *chunk_at(const struct arena *arena, uint32_t idx) {
    return WEIR_AT(&arena->chunks, struct chunk, idx);
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
