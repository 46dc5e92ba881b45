/* The edges of one direction: a trie that bursts where it is crowded (R18). */
#include "margin/edge_set.h"

#include <errno.h>
#include <string.h>

#define BITS        4
#define FULL        WEIR_EDGE_CHUNK
#define INDEX_BOUND (UINT32_C(1) << 28) /* of nodes and of chunks: a reference holds 28 bits */
/* Entries beyond which a leaf bursts; and beyond which the first leaf does, which every take looks
 * through for the least key that is left. */
#define LONG_LEAF   1024
#define FRONT_LEAF  64
/* A node whose leaves hold no more than this together is swept into one leaf. */
#define MERGED_LEAF 128

int weir_edge_store_new(struct weir_edge_store *store, uint32_t entries) {
    *store = (struct weir_edge_store){.free_node = WEIR_NO_INDEX, .free_chunk = WEIR_NO_INDEX};
    /* No chunk is empty, so `entries` of them are enough; a burst holds some more meanwhile. */
    uint32_t bound = INDEX_BOUND - 1;
    uint32_t capacity = entries < bound - 1024 ? entries + 1024 : bound;
    int error = weir_pool_new(&store->nodes, sizeof(struct weir_edge_node), capacity);
    if (!error) error = weir_pool_new(&store->chunks, sizeof(struct weir_edge_chunk), capacity);
    /* Reference 0 is nothing: node 0 is never used. */
    if (!error && weir_pool_add(&store->nodes, 1) == WEIR_NO_INDEX) error = -ENOMEM;
    if (error) weir_edge_store_free(store);
    return error;
}

void weir_edge_store_free(struct weir_edge_store *store) {
    weir_pool_free(&store->nodes);
    weir_pool_free(&store->chunks);
}

void weir_edge_set_init(struct weir_edge_set *set) {
    *set =
        (struct weir_edge_set){.least = WEIR_EDGE_NONE, .sweep_chunk = WEIR_NO_INDEX, .span = 32};
}

static struct weir_edge_node *node_at(const struct weir_edge_store *store, uint32_t ref) {
    return WEIR_AT(&store->nodes, struct weir_edge_node, ref >> 4);
}

static struct weir_edge_chunk *chunk_at(const struct weir_edge_store *store, uint32_t index) {
    return WEIR_AT(&store->chunks, struct weir_edge_chunk, index);
}

static bool is_node(uint32_t ref) {
    return ref != 0 && (ref & 15) == 0;
}

static uint32_t leaf_count(const struct weir_edge_store *store, uint32_t ref) {
    return chunk_at(store, ref >> 4)->below * FULL + (ref & 15);
}

/* A node without children, as a reference; 0: the store is full. */
static uint32_t new_node(struct weir_edge_store *store) {
    uint32_t index = store->free_node;
    if (index != WEIR_NO_INDEX) {
        store->free_node = node_at(store, index << 4)->child[0];
        node_at(store, index << 4)->child[0] = 0;
        return index << 4;
    }
    index = weir_pool_add(&store->nodes, 1);
    return index == WEIR_NO_INDEX ? 0 : index << 4;
}

static void free_node(struct weir_edge_store *store, uint32_t ref) {
    memset(node_at(store, ref), 0, sizeof(struct weir_edge_node));
    node_at(store, ref)->child[0] = store->free_node;
    store->free_node = ref >> 4;
}

static uint32_t new_chunk(struct weir_edge_store *store) {
    uint32_t index = store->free_chunk;
    if (index == WEIR_NO_INDEX) return weir_pool_add(&store->chunks, 1);
    store->free_chunk = chunk_at(store, index)->link;
    return index;
}

static void free_chunk(struct weir_edge_store *store, uint32_t index) {
    chunk_at(store, index)->link = store->free_chunk;
    store->free_chunk = index;
}

/* Are `n` chunks there for certain? Those given back are not counted. */
static bool has_chunks(struct weir_edge_store *store, uint32_t n) {
    return n <= store->chunks.capacity - store->chunks.count &&
           weir_pool_commit(&store->chunks, store->chunks.count + n) == 0;
}

/* A chunk in front of the leaf at *at, holding `entry`. */
static bool lengthen(struct weir_edge_store *store, uint32_t *at, uint64_t entry) {
    uint32_t index = new_chunk(store);
    if (index == WEIR_NO_INDEX) return false;
    struct weir_edge_chunk *c = chunk_at(store, index);
    c->entry[0] = entry;
    c->link = *at ? *at >> 4 : WEIR_NO_INDEX;
    c->below = *at ? chunk_at(store, *at >> 4)->below + 1 : 0;
    *at = index << 4 | 1;
    return true;
}

static bool append(struct weir_edge_store *store, uint32_t *at, uint64_t entry) {
    uint32_t n = *at & 15;
    if (n == 0 || n == FULL) return lengthen(store, at, entry);
    chunk_at(store, *at >> 4)->entry[n] = entry;
    ++*at;
    return true;
}

/* Takes the last entry off the leaf at *at, which has one. */
static uint64_t pop(struct weir_edge_store *store, uint32_t *at) {
    uint32_t index = *at >> 4, n = *at & 15;
    const struct weir_edge_chunk *c = chunk_at(store, index);
    uint64_t entry = c->entry[n - 1];
    if (n > 1) {
        --*at;
        return entry;
    }
    *at = c->link == WEIR_NO_INDEX ? 0 : c->link << 4 | FULL;
    free_chunk(store, index);
    return entry;
}

/* Moves the entries of a leaf, chunk by chunk, each to the child that its bits from `shift` on
 * name. The caller has made sure of the chunks that takes. */
static void scatter(struct weir_edge_store *store, uint32_t leaf, uint32_t *child, unsigned shift,
                    uint32_t mask) {
    uint32_t n = leaf & 15;
    store->moves += leaf_count(store, leaf);
    for (uint32_t index = leaf >> 4; index != WEIR_NO_INDEX; n = FULL) {
        const struct weir_edge_chunk *c = chunk_at(store, index);
        for (uint32_t i = 0; i < n; i++) {
            bool placed = append(store, &child[(c->entry[i] >> 32 >> shift) & mask], c->entry[i]);
            WEIR_CHECK(placed);
        }
        uint32_t next = c->link;
        free_chunk(store, index);
        index = next;
    }
}

/* Makes a node of a leaf of 2^span keys, span > 0. Without room for it the leaf stays. */
static bool burst(struct weir_edge_store *store, uint32_t *at, uint32_t span) {
    if (!has_chunks(store, leaf_count(store, *at) / FULL + WEIR_EDGE_WAYS)) return false;
    uint32_t node = new_node(store);
    if (node == 0) return false;
    scatter(store, *at, node_at(store, node)->child, span - BITS, WEIR_EDGE_WAYS - 1);
    *at = node;
    return true;
}

/* A root that is one leaf covers no more than its keys need. */
static void tighten(const struct weir_edge_store *store, struct weir_edge_set *set) {
    uint64_t all_or = 0, all_and = UINT64_MAX;
    uint32_t n = set->root & 15;
    for (uint32_t index = set->root >> 4; index != WEIR_NO_INDEX; n = FULL) {
        const struct weir_edge_chunk *c = chunk_at(store, index);
        for (uint32_t i = 0; i < n; i++) {
            all_or |= c->entry[i];
            all_and &= c->entry[i];
        }
        index = c->link;
    }
    uint64_t differ = (all_or ^ all_and) >> 32;
    uint32_t span = 0;
    while (differ >> span)
        span += BITS;
    set->span = span;
    set->base = (uint32_t)(all_and >> 32 >> span << span);
}

/* Levels above the root until it covers the key. */
static bool raise_root(struct weir_edge_store *store, struct weir_edge_set *set, uint32_t key) {
    uint32_t span = set->span;
    while (((uint64_t)(key ^ set->base)) >> span) {
        uint32_t node = new_node(store);
        if (node == 0) return false;
        node_at(store, node)->child[set->base >> span & (WEIR_EDGE_WAYS - 1)] = set->root;
        set->root = node;
        span += BITS;
        set->span = span;
        if (span == 32) {
            set->base = 0;
            return true;
        }
        set->base = set->base >> span << span;
    }
    return true;
}

bool weir_edge_add(struct weir_edge_store *store, struct weir_edge_set *set, uint32_t key,
                   uint32_t leg) {
    uint64_t entry = (uint64_t)key << 32 | leg;
    if (((uint64_t)(key ^ set->base)) >> set->span && !raise_root(store, set, key)) return false;
    uint32_t *at = &set->root;
    uint32_t span = set->span;
    while (is_node(*at)) {
        span -= BITS;
        at = &node_at(store, *at)->child[key >> span & (WEIR_EDGE_WAYS - 1)];
    }
    uint32_t n = *at & 15;
    if (n != 0 && n != FULL) {
        chunk_at(store, *at >> 4)->entry[n] = entry;
        ++*at;
    } else {
        if (!lengthen(store, at, entry)) return false;
        if (span > 0 && leaf_count(store, *at) > LONG_LEAF) {
            if (at == &set->root) {
                tighten(store, set);
                span = set->span;
            }
            if (span > 0) burst(store, at, span);
        }
    }
    set->count++;
    if (key < set->least) set->least = key;
    return true;
}

/* What a reference leads to. */
static void ask(const struct weir_edge_store *store, uint32_t ref) {
    if (is_node(ref)) {
        __builtin_prefetch(node_at(store, ref));
    } else if (ref != 0) {
        __builtin_prefetch(chunk_at(store, ref >> 4));
        __builtin_prefetch(&chunk_at(store, ref >> 4)->link);
    }
}

void weir_edge_ahead_one(const struct weir_edge_store *store, const struct weir_edge_set *set,
                         uint32_t key) {
    struct weir_edge_way w = weir_edge_way(set, key);
    while (is_node(w.ref)) {
        w.span -= BITS;
        w.ref = node_at(store, w.ref)->child[key >> w.span & (WEIR_EDGE_WAYS - 1)];
    }
    if (w.ref) __builtin_prefetch(&chunk_at(store, w.ref >> 4)->entry[w.ref & 15], 1);
}

void weir_edge_ahead(const struct weir_edge_store *store, struct weir_edge_way *ways, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (is_node(ways[i].ref)) __builtin_prefetch(node_at(store, ways[i].ref));
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < n; i++) {
            struct weir_edge_way *w = &ways[i];
            if (!is_node(w->ref)) continue;
            w->span -= BITS;
            w->ref = node_at(store, w->ref)->child[w->key >> w->span & (WEIR_EDGE_WAYS - 1)];
            more |= is_node(w->ref);
            if (is_node(w->ref))
                __builtin_prefetch(node_at(store, w->ref));
            else if (w->ref != 0)
                __builtin_prefetch(&chunk_at(store, w->ref >> 4)->entry[w->ref & 15], 1);
        }
    }
}

void weir_edge_least_ahead(const struct weir_edge_store *store, struct weir_edge_way *ways,
                           uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        ask(store, ways[i].ref);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < n; i++) {
            struct weir_edge_way *w = &ways[i];
            if (!is_node(w->ref)) continue;
            const uint32_t *child = node_at(store, w->ref)->child, *end = child + WEIR_EDGE_WAYS;
            while (*child == 0)
                child++;
            w->ref = *child++;
            while (child < end && *child == 0)
                child++;
            ask(store, w->ref);
            if (child < end) ask(store, *child); /* the least is there when the first has gone */
            more |= is_node(w->ref);
        }
    }
}

static bool is_empty(const struct weir_edge_node *node) {
    uint32_t any = 0;
    for (uint32_t i = 0; i < WEIR_EDGE_WAYS; i++)
        any |= node->child[i];
    return any == 0;
}

/* The least key, looked up: the first leaf is kept short for it. */
static void find_least(struct weir_edge_store *store, struct weir_edge_set *set) {
    if (set->root == 0) {
        set->least = WEIR_EDGE_NONE;
        set->span = 32;
        set->base = 0;
        return;
    }
    if (!is_node(set->root) && leaf_count(store, set->root) > FRONT_LEAF) tighten(store, set);
    uint32_t *at = &set->root;
    uint32_t span = set->span;
    for (;;) {
        if (is_node(*at)) {
            uint32_t *child = node_at(store, *at)->child;
            while (*child == 0)
                child++;
            at = child;
            span -= BITS;
            continue;
        }
        if (span == 0 || leaf_count(store, *at) <= FRONT_LEAF || !burst(store, at, span)) break;
    }
    uint32_t n = *at & 15;
    uint64_t least = UINT64_MAX;
    for (uint32_t index = *at >> 4; index != WEIR_NO_INDEX; n = FULL) {
        const struct weir_edge_chunk *c = chunk_at(store, index);
        for (uint32_t i = 0; i < n; i++)
            if (c->entry[i] < least) least = c->entry[i];
        /* Of one key the first entry tells all. */
        index = span == 0 ? WEIR_NO_INDEX : c->link;
    }
    set->least = least >> 32;
}

/* ---- Taking ---------------------------------------------------------------------------------- */
/* Moves up to WEIR_EDGE_WAYS whole leaves to `out`, which has room for them. Their chains are
 * walked side by side: one after the other each chunk would be waited for. */
static void take_leaves(struct weir_edge_store *store, const uint32_t *leaf, uint32_t leaves,
                        uint64_t *to) {
    uint32_t chain[WEIR_EDGE_WAYS], fill[WEIR_EDGE_WAYS];
    for (uint32_t i = 0; i < leaves; i++) {
        chain[i] = leaf[i] >> 4;
        fill[i] = leaf[i] & 15;
    }
    while (leaves > 0) {
        uint32_t left = 0;
        for (uint32_t i = 0; i < leaves; i++) {
            const struct weir_edge_chunk *c = chunk_at(store, chain[i]);
            uint32_t next = c->link;
            memcpy(to, c->entry, fill[i] * sizeof *to);
            to += fill[i];
            free_chunk(store, chain[i]);
            if (next == WEIR_NO_INDEX) continue;
            __builtin_prefetch(chunk_at(store, next)->entry);
            __builtin_prefetch(&chunk_at(store, next)->entry[8]);
            chain[left] = next;
            fill[left++] = FULL;
        }
        leaves = left;
    }
}

/* Takes every leaf right below a node whose keys all lie below the bound, as far as there is
 * room. */
static void take_children(struct weir_edge_store *store, uint32_t *child, uint32_t ways,
                          struct weir_pool *out) {
    uint32_t leaf[WEIR_EDGE_WAYS], n = 0;
    for (uint32_t i = 0; i < ways; i++)
        if (child[i] && !is_node(child[i]))
            __builtin_prefetch(&chunk_at(store, child[i] >> 4)->link);
    uint32_t first = out->count;
    for (uint32_t i = 0; i < ways; i++) {
        if (!child[i] || is_node(child[i])) continue;
        if (weir_pool_add(out, leaf_count(store, child[i])) == WEIR_NO_INDEX) continue;
        leaf[n++] = child[i];
        child[i] = 0;
    }
    take_leaves(store, leaf, n, WEIR_AT(out, uint64_t, first));
}

/* Moves the entries below the bound out of a leaf that has others, too. */
static void take_some(struct weir_edge_store *store, uint32_t *at, uint64_t bound,
                      struct weir_pool *out) {
    for (uint32_t index = *at >> 4; index != WEIR_NO_INDEX;) {
        struct weir_edge_chunk *c = chunk_at(store, index);
        uint32_t n = index == *at >> 4 ? *at & 15 : FULL, next = c->link;
        for (uint32_t i = 0; i < n;) {
            if (c->entry[i] >> 32 >= bound) {
                i++;
                continue;
            }
            uint32_t to = weir_pool_add(out, 1);
            if (to == WEIR_NO_INDEX) return;
            *WEIR_AT(out, uint64_t, to) = c->entry[i];
            bool own = index == *at >> 4;
            c->entry[i] = pop(store, at);
            n -= own;
        }
        index = next;
    }
}

/* `at` covers 2^span keys from `base`, some of them below the bound. */
/* Of a reference that is something. */
static void take_below(struct weir_edge_store *store, uint32_t *at, uint32_t span, uint64_t base,
                       uint64_t bound, struct weir_pool *out) {
    if (!is_node(*at)) {
        if (base + (UINT64_C(1) << span) <= bound) {
            take_children(store, at, 1, out);
            return;
        }
        if (leaf_count(store, *at) <= FRONT_LEAF || !burst(store, at, span)) {
            take_some(store, at, bound, out);
            return;
        }
    }
    struct weir_edge_node *node = node_at(store, *at);
    span -= BITS;
    uint64_t whole = (bound - base) >> span;
    if (whole > WEIR_EDGE_WAYS) whole = WEIR_EDGE_WAYS;
    if (whole > 0) take_children(store, node->child, (uint32_t)whole, out);
    for (uint32_t i = 0; i < WEIR_EDGE_WAYS; i++) {
        uint64_t from = base + ((uint64_t)i << span);
        if (from >= bound) break;
        if (node->child[i] != 0) take_below(store, &node->child[i], span, from, bound, out);
    }
    if (is_empty(node)) {
        free_node(store, *at);
        *at = 0;
    }
}

void weir_edge_take(struct weir_edge_store *store, struct weir_edge_set *set, uint64_t bound,
                    struct weir_pool *out) {
    if (bound <= set->least) return;
    if (bound > UINT64_C(1) << 32) bound = UINT64_C(1) << 32;
    if (set->sweep_key < bound) set->sweep_chunk = WEIR_NO_INDEX;
    if (!is_node(set->root) && leaf_count(store, set->root) > FRONT_LEAF) tighten(store, set);
    uint32_t before = out->count;
    if (set->root != 0) take_below(store, &set->root, set->span, set->base, bound, out);
    set->count -= out->count - before;
    find_least(store, set);
}

/* ---- Sweeping -------------------------------------------------------------------------------- */
struct sweep {
    struct weir_edge_store *store;
    struct weir_edge_set *set;
    bool (*current)(const void *ctx, uint32_t key, uint32_t leg);
    void (*ahead)(const void *ctx, uint32_t leg);
    const void *ctx;
    uint64_t end; /* stops before this key */
    uint32_t budget, looked, dropped;
};

/* Of a chunk that is looked through next, in one go: the memory of all is asked for together. */
static void chunk_ahead(const struct sweep *w, const struct weir_edge_chunk *c, uint32_t n) {
    if (w->ahead == NULL) return;
    if (c->link != WEIR_NO_INDEX) {
        const char *next = (const char *)chunk_at(w->store, c->link);
        __builtin_prefetch(next);
        __builtin_prefetch(next + 64);
    }
    for (uint32_t i = 0; i < n; i++)
        w->ahead(w->ctx, (uint32_t)c->entry[i]);
}

/* The sweeps say whether they came to the end of what they were to go through. */
static bool sweep_leaf(struct sweep *w, uint32_t *at, uint32_t span, uint64_t base) {
    struct weir_edge_set *set = w->set;
    uint32_t index = set->sweep_chunk == WEIR_NO_INDEX ? *at >> 4 : set->sweep_chunk;
    set->sweep_chunk = WEIR_NO_INDEX;
    while (index != WEIR_NO_INDEX) {
        if (span == 0 && w->looked >= w->budget) {
            set->sweep_key = base;
            set->sweep_chunk = index;
            return false;
        }
        struct weir_edge_chunk *c = chunk_at(w->store, index);
        uint32_t n = index == *at >> 4 ? *at & 15 : FULL, next = c->link;
        chunk_ahead(w, c, n);
        for (uint32_t i = 0; i < n;) {
            w->looked++;
            if (w->current(w->ctx, (uint32_t)(c->entry[i] >> 32), (uint32_t)c->entry[i])) {
                i++;
                continue;
            }
            w->dropped++;
            bool own = index == *at >> 4;
            c->entry[i] = pop(w->store, at);
            n -= own;
        }
        index = next;
    }
    set->sweep_key = base + (UINT64_C(1) << span);
    return true;
}

/* One leaf in place of a node with few entries; not at the front, which bursts early. */
static void merge(struct sweep *w, uint32_t *at, uint32_t span, uint64_t base) {
    struct weir_edge_node *node = node_at(w->store, *at);
    uint32_t total = 0;
    if (w->set->least - base < UINT64_C(1) << span) return;
    for (uint32_t i = 0; i < WEIR_EDGE_WAYS; i++) {
        if (is_node(node->child[i])) return;
        if (node->child[i]) total += leaf_count(w->store, node->child[i]);
    }
    if (total > MERGED_LEAF || !has_chunks(w->store, MERGED_LEAF / FULL + 1)) return;
    uint32_t leaf = 0;
    for (uint32_t i = 0; i < WEIR_EDGE_WAYS; i++)
        if (node->child[i]) scatter(w->store, node->child[i], &leaf, 0, 0);
    free_node(w->store, *at);
    *at = leaf;
}

static bool sweep_in(struct sweep *w, uint32_t *at, uint32_t span, uint64_t base) {
    struct weir_edge_set *set = w->set;
    if (!is_node(*at)) return sweep_leaf(w, at, span, base);
    struct weir_edge_node *node = node_at(w->store, *at);
    uint32_t low = span - BITS;
    uint32_t i = set->sweep_key > base ? (uint32_t)((set->sweep_key - base) >> low) : 0;
    bool whole = true;
    for (; i < WEIR_EDGE_WAYS && whole; i++) {
        uint64_t from = base + ((uint64_t)i << low);
        whole = w->looked < w->budget && from < w->end;
        if (whole && node->child[i]) whole = sweep_in(w, &node->child[i], low, from);
    }
    if (whole) set->sweep_key = base + (UINT64_C(1) << span);
    if (is_empty(node)) {
        free_node(w->store, *at);
        *at = 0;
    } else if (whole) {
        merge(w, at, span, base);
    }
    return whole;
}

uint32_t weir_edge_sweep(struct weir_edge_store *store, struct weir_edge_set *set, uint32_t budget,
                         bool (*current)(const void *ctx, uint32_t key, uint32_t leg),
                         void (*ahead)(const void *ctx, uint32_t leg), const void *ctx) {
    struct sweep w = {store, set, current, ahead, ctx, WEIR_EDGE_NONE, budget, 0, 0};
    uint64_t start = set->sweep_key;
    /* From the cursor to the end, then from the beginning to where the cursor was. */
    for (int round = 0; round < 2 && set->root != 0 && w.looked < budget; round++) {
        if (set->sweep_key < set->base + (UINT64_C(1) << set->span))
            sweep_in(&w, &set->root, set->span, set->base);
        if (w.looked >= budget || round == 1 || start <= set->base) break;
        set->sweep_key = 0;
        w.end = start;
    }
    if (set->sweep_key >= set->base + (UINT64_C(1) << set->span)) set->sweep_key = 0;
    set->count -= w.dropped;
    if (w.dropped > 0) find_least(store, set);
    return w.dropped;
}
