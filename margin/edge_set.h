/* A set of edges in one direction (R18): pairs of a 32-bit key and a leg, of which those with the
 * least keys are taken first. Nothing is removed by name: an edge that no longer counts stays until
 * it is taken or swept, and its owner tells then that it is stale. Pairs may repeat.
 *
 * A trie over the key, 16 ways a level, built where it is needed: a reference in a node is another
 * node or a leaf, a leaf an unsorted chain of chunks of which only the first is not full. A leaf
 * that grows long bursts into a node, so an edge moves at most once a level. Adding writes to one
 * place that it need not read. */
#ifndef WEIR_EDGE_SET_H
#define WEIR_EDGE_SET_H

#include "base/base.h"

#define WEIR_EDGE_WAYS  16
#define WEIR_EDGE_CHUNK 15
/* What weir_edge_least says of an empty set; also a bound above every key. */
#define WEIR_EDGE_NONE  UINT64_MAX

/* A reference: 0 nothing; index << 4 a node; index << 4 | n a leaf whose first chunk holds n. */
struct weir_edge_node {
    uint32_t child[WEIR_EDGE_WAYS];
};

struct weir_edge_chunk {
    uint64_t entry[WEIR_EDGE_CHUNK]; /* key << 32 | leg */
    uint32_t link;                   /* next chunk of the leaf, a full one; WEIR_NO_INDEX: none */
    uint32_t below;                  /* chunks of the leaf after this one */
};

/* Nodes and chunks, shared by any number of sets. */
struct weir_edge_store {
    struct weir_pool nodes, chunks;
    uint32_t free_node, free_chunk; /* lists of those given back */
    uint64_t moves;                 /* entries moved by bursts and merges so far */
};

struct weir_edge_set {
    uint64_t count;
    uint64_t least;       /* least key, WEIR_EDGE_NONE: empty */
    uint64_t sweep_key;   /* where the next sweep goes on */
    uint32_t sweep_chunk; /* and, within a long leaf of that one key, at which chunk */
    uint32_t root;        /* a reference */
    uint32_t base;        /* keys below the root share the bits of `base` from bit `span` on */
    uint32_t span;        /* 0, 4, ... 32 */
};

/* Room for `entries` in all sets together, whatever their keys. Returns 0, or -ENOMEM. */
int weir_edge_store_new(struct weir_edge_store *store, uint32_t entries);
void weir_edge_store_free(struct weir_edge_store *store);
/* An empty set. */
void weir_edge_set_init(struct weir_edge_set *set);
static inline uint64_t weir_edge_count(const struct weir_edge_set *set) {
    return set->count;
}
static inline uint64_t weir_edge_least(const struct weir_edge_set *set) {
    return set->least;
}
/* False when the store is full. */
bool weir_edge_add(struct weir_edge_store *store, struct weir_edge_set *set, uint32_t key,
                   uint32_t leg);
/* A way down a set, to where a key is or goes. */
struct weir_edge_way {
    uint32_t key, ref, span; /* ref: how far it was walked */
};
static inline struct weir_edge_way weir_edge_way(const struct weir_edge_set *set, uint32_t key) {
    bool within = (uint64_t)(key ^ set->base) >> set->span == 0;
    return (struct weir_edge_way){key, within ? set->root : 0, set->span};
}
/* Ask for the memory that adding the keys of `n` ways will write to / of the least edges of their
 * sets: the first chunk of the leaf that `ref` names then, and the leaf beside it. What one step of
 * a way asks for has come when all others were stepped. */
void weir_edge_ahead(const struct weir_edge_store *store, struct weir_edge_way *ways, uint32_t n);
void weir_edge_least_ahead(const struct weir_edge_store *store, struct weir_edge_way *ways,
                           uint32_t n);
/* weir_edge_ahead of one key, to its end. */
void weir_edge_ahead_one(const struct weir_edge_store *store, const struct weir_edge_set *set,
                         uint32_t key);
/* The entries (key << 32 | leg) of the first chunk of the leaf that a reference names. */
static inline const uint64_t *weir_edge_first(const struct weir_edge_store *store, uint32_t ref,
                                              uint32_t *n) {
    *n = ref & 15;
    return WEIR_AT(&store->chunks, struct weir_edge_chunk, ref >> 4)->entry;
}
/* Moves every entry of a key < bound to `out` (uint64_t, key << 32 | leg, appended in no order).
 * What `out` has no room for stays. O(levels + entries taken). */
void weir_edge_take(struct weir_edge_store *store, struct weir_edge_set *set, uint64_t bound,
                    struct weir_pool *out);
/* Looks at about `budget` entries from where the last sweep stopped, at most once around the set,
 * and drops those that `current` denies; `ahead`, when not NULL, is told before of whom it will be
 * asked. Returns how many. */
uint32_t weir_edge_sweep(struct weir_edge_store *store, struct weir_edge_set *set, uint32_t budget,
                         bool (*current)(const void *ctx, uint32_t key, uint32_t leg),
                         void (*ahead)(const void *ctx, uint32_t leg), const void *ctx);

#endif
