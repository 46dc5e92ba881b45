/* The set of edges against the simplest one: an array that is searched through. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "margin/edge_set.h"
#include "tests/scale.h"

#define MODEL_MAX 120000

struct pair_set {
    struct weir_edge_store store;
    struct weir_edge_set set;
    struct weir_pool out;
    uint64_t *model; /* the same entries, key << 32 | leg */
    uint32_t count;
    uint64_t adds, looked;
};

static void open_pair(struct pair_set *p, uint32_t entries) {
    *p = (struct pair_set){.model = calloc(entries, sizeof *p->model)};
    cr_assert(p->model != NULL);
    cr_assert_eq(weir_edge_store_new(&p->store, entries), 0);
    cr_assert_eq(weir_pool_new(&p->out, sizeof(uint64_t), entries), 0);
    weir_edge_set_init(&p->set);
}

static void close_pair(struct pair_set *p) {
    weir_edge_store_free(&p->store);
    weir_pool_free(&p->out);
    free(p->model);
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void add(struct pair_set *p, uint32_t key, uint32_t leg) {
    struct weir_edge_way way[2] = {weir_edge_way(&p->set, key), weir_edge_way(&p->set, key)};
    weir_edge_ahead(&p->store, way, 2);
    cr_assert(weir_edge_add(&p->store, &p->set, key, leg));
    p->model[p->count++] = (uint64_t)key << 32 | leg;
    p->adds++;
}

static uint64_t model_least(const struct pair_set *p) {
    uint64_t least = WEIR_EDGE_NONE;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->model[i] >> 32 < least) least = p->model[i] >> 32;
    return least;
}

static void take(struct pair_set *p, uint64_t bound) {
    uint32_t n_first;
    struct weir_edge_way way = {.ref = p->set.root, .span = p->set.span};
    weir_edge_least_ahead(&p->store, &way, 1);
    if (p->set.root != 0) {
        const uint64_t *first = weir_edge_first(&p->store, way.ref, &n_first);
        bool found = false;
        for (uint32_t i = 0; i < n_first; i++)
            found |= first[i] >> 32 == weir_edge_least(&p->set);
        cr_assert(n_first > 0 && (found || p->count > n_first));
    }
    p->out.count = 0;
    weir_edge_take(&p->store, &p->set, bound, &p->out);
    uint64_t *expected = malloc((p->count + 1) * sizeof *expected);
    cr_assert(expected != NULL);
    uint32_t n = 0, kept = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->model[i] >> 32 < bound)
            expected[n++] = p->model[i];
        else
            p->model[kept++] = p->model[i];
    }
    p->count = kept;
    cr_assert_eq(p->out.count, n);
    qsort(expected, n, sizeof *expected, by_value);
    qsort(p->out.base, n, sizeof *expected, by_value);
    cr_assert_eq(memcmp(expected, p->out.base, n * sizeof *expected), 0);
    free(expected);
    cr_assert_eq(weir_edge_count(&p->set), kept);
    cr_assert_eq(weir_edge_least(&p->set), model_least(p));
}

/* Edges of legs that the modulus divides are stale. */
struct staleness {
    uint32_t modulus;
    uint64_t looked, ahead;
};

static bool is_current(const void *ctx, uint32_t key, uint32_t leg) {
    struct staleness *s = *(struct staleness *const *)ctx;
    s->looked++;
    (void)key;
    return leg % s->modulus != 0;
}

static void is_ahead(const void *ctx, uint32_t leg) {
    struct staleness *s = *(struct staleness *const *)ctx;
    s->ahead++;
    (void)leg;
}

static uint32_t sweep(struct pair_set *p, uint32_t budget, uint32_t modulus) {
    struct staleness s = {.modulus = modulus}, *at = &s;
    uint32_t dropped = weir_edge_sweep(&p->store, &p->set, budget, is_current, is_ahead, &at);
    p->looked += s.looked;
    cr_assert((s.looked > 0) == (s.ahead > 0) && s.ahead <= s.looked);
    /* The last leaf begun is gone through to its end; what fills a hole is looked at again. */
    cr_assert(s.looked <= (uint64_t)budget + 4096);
    return dropped;
}

/* Sweeps until every stale edge is gone, and drops them from the model. */
static void sweep_all(struct pair_set *p, uint32_t budget, uint32_t modulus) {
    uint32_t kept = 0, stale;
    for (uint32_t i = 0; i < p->count; i++)
        if ((uint32_t)p->model[i] % modulus != 0) p->model[kept++] = p->model[i];
    stale = p->count - kept;
    uint32_t dropped = 0;
    for (uint64_t i = 0; dropped < stale; i++) {
        cr_assert(i < 4 * (uint64_t)p->count / budget + 1000);
        dropped += sweep(p, budget, modulus);
    }
    cr_assert_eq(dropped, stale);
    p->count = kept;
    cr_assert_eq(weir_edge_count(&p->set), kept);
    cr_assert_eq(weir_edge_least(&p->set), model_least(p));
}

/* A key of one of several shapes: anywhere, narrow, few distinct, one, at the ends. */
static uint32_t draw_key(struct weir_random *r, uint32_t shape, uint32_t centre) {
    uint32_t any = (uint32_t)weir_random_next(r);
    switch (shape) {
    case 0:
        return any;
    case 1:
        return centre + any % 5000;
    case 2:
        return any % 7 * 0x12345;
    case 3:
        return centre;
    case 4:
        return any % 2 ? any % 3 : UINT32_MAX - any % 3;
    default:
        return any >> (any % 32);
    }
}

Test(edge_set, against_an_array) {
    uint64_t trials = weir_test_scale(120);
    for (uint64_t t = 0; t < trials; t++) {
        struct weir_random r = {weir_random_key(t, "edges"), 0};
        static const uint32_t sizes[] = {0, 1, 20, 70, 600, 3000, 20000, 100000};
        uint32_t size = sizes[t % 8], shape = (uint32_t)weir_random_below(&r, 6);
        uint32_t centre = (uint32_t)weir_random_next(&r), leg = 0;
        struct pair_set p;
        open_pair(&p, MODEL_MAX);
        for (uint32_t round = 0; round < 30; round++) {
            uint32_t n = (uint32_t)weir_random_below(&r, size / 4 + 2);
            for (uint32_t i = 0; i < n && p.count < size; i++) {
                add(&p, draw_key(&r, shape, centre), leg);
                leg += (uint32_t)weir_random_below(&r, 3); /* pairs repeat */
            }
            cr_assert_eq(weir_edge_least(&p.set), model_least(&p));
            uint64_t act = weir_random_below(&r, 5);
            uint64_t least = weir_edge_least(&p.set);
            if (act == 0 && p.count > 0)
                take(&p, least + weir_random_below(&r, 3));
            else if (act == 1 && p.count > 0)
                take(&p, (p.model[weir_random_below(&r, p.count)] >> 32) + 1);
            else if (act == 2)
                sweep_all(&p, 1 + (uint32_t)weir_random_below(&r, 700),
                          2 + (uint32_t)weir_random_below(&r, 5));
            if (weir_random_below(&r, 20) == 0) shape = (uint32_t)weir_random_below(&r, 6);
            if (weir_random_below(&r, 40) == 0) take(&p, WEIR_EDGE_NONE);
        }
        take(&p, UINT64_C(1) << 32);
        cr_assert_eq(weir_edge_least(&p.set), WEIR_EDGE_NONE);
        /* A merge gives levels back that a look of a sweep has paid for. */
        cr_assert(p.store.moves <= 8 * (p.adds + p.looked));
        close_pair(&p);
    }
}

/* Everything given back: whatever was there before, the same load fits into the same memory. */
Test(edge_set, memory_is_given_back) {
    struct pair_set p;
    open_pair(&p, MODEL_MAX);
    uint32_t chunks = 0, nodes = 0;
    for (uint32_t round = 0; round < 8; round++) {
        struct weir_random r = {7, 0};
        for (uint32_t i = 0; i < 50000; i++)
            cr_assert(weir_edge_add(&p.store, &p.set, (uint32_t)weir_random_next(&r) >> 8, i));
        p.out.count = 0;
        weir_edge_take(&p.store, &p.set, WEIR_EDGE_NONE, &p.out);
        cr_assert_eq(p.out.count, 50000u);
        if (round == 0) {
            chunks = p.store.chunks.count;
            nodes = p.store.nodes.count;
        }
        cr_assert_eq(p.store.chunks.count, chunks);
        cr_assert_eq(p.store.nodes.count, nodes);
    }
    close_pair(&p);
}

Test(edge_set, bytes_an_entry) {
    static const uint32_t bits[] = {32, 27, 22, 16, 8, 0};
    for (size_t b = 0; b < sizeof bits / sizeof *bits; b++) {
        struct weir_edge_store store;
        struct weir_edge_set set;
        cr_assert_eq(weir_edge_store_new(&store, 1 << 20), 0);
        weir_edge_set_init(&set);
        struct weir_random r = {b, 0};
        uint32_t n = 1000000;
        for (uint32_t i = 0; i < n; i++)
            cr_assert(weir_edge_add(&store, &set,
                                    (uint32_t)weir_random_below(&r, UINT64_C(1) << bits[b]), i));
        uint64_t bytes = store.chunks.count * sizeof(struct weir_edge_chunk) +
                         store.nodes.count * sizeof(struct weir_edge_node);
        cr_assert(bytes * 10 <= (uint64_t)n * 100, "%lu bits: %lu bytes", (unsigned long)bits[b],
                  (unsigned long)bytes);
        cr_assert(sizeof set < 100);
        weir_edge_store_free(&store);
    }
}

/* Work that is due to the order of additions and takes stays within a level a move. */
Test(edge_set, moves_are_bounded) {
    for (uint32_t mode = 0; mode < 6; mode++) {
        struct pair_set p;
        open_pair(&p, 1 << 20);
        struct weir_random r = {mode, 0};
        uint64_t adds = 0;
        for (uint32_t i = 0; i < 200000; i++) {
            uint32_t key = mode == 0   ? i
                           : mode == 1 ? UINT32_MAX - i
                           : mode == 2 ? 1u << i % 32
                           : mode == 3 ? 77
                           : mode == 4 ? (uint32_t)weir_random_next(&r) >> (i / 1000 % 32)
                                       : i % 2 * 0x10000 + i % 700;
            cr_assert(weir_edge_add(&p.store, &p.set, key, i));
            adds++;
            if (i % (mode + 2) == 0) {
                p.out.count = 0;
                weir_edge_take(&p.store, &p.set, weir_edge_least(&p.set) + (i % 3 > 0), &p.out);
                /* Back again, to the place they came from. */
                for (uint32_t k = 0; k < p.out.count && k < 8; k++) {
                    uint64_t e = *WEIR_AT(&p.out, uint64_t, k);
                    cr_assert(weir_edge_add(&p.store, &p.set, (uint32_t)(e >> 32), (uint32_t)e));
                    adds++;
                }
            }
        }
        cr_assert(p.store.moves <= 8 * adds);
        close_pair(&p);
    }
}

/* A full store refuses, and what it holds stays whole; a full `out` leaves the rest where it is. */
Test(edge_set, full) {
    struct weir_edge_store store;
    struct weir_edge_set sets[2];
    struct weir_pool out;
    cr_assert_eq(weir_edge_store_new(&store, 100), 0);
    cr_assert_eq(weir_pool_new(&out, sizeof(uint64_t), 1000), 0);
    weir_edge_set_init(&sets[0]);
    weir_edge_set_init(&sets[1]);
    struct weir_random r = {3, 0};
    uint64_t added = 0;
    while (weir_edge_add(&store, &sets[added & 1], (uint32_t)weir_random_next(&r), 5))
        added++;
    cr_assert(added >= 100);
    cr_assert_eq(weir_edge_count(&sets[0]) + weir_edge_count(&sets[1]), added);
    uint64_t taken = 0;
    while (weir_edge_count(&sets[0]) + weir_edge_count(&sets[1]) > 0) {
        out.count = 0;
        uint64_t least = weir_edge_least(&sets[0]);
        weir_edge_take(&store, &sets[0], WEIR_EDGE_NONE, &out);
        cr_assert(weir_edge_least(&sets[0]) >= least);
        weir_edge_take(&store, &sets[1], WEIR_EDGE_NONE, &out);
        cr_assert(out.count > 0);
        taken += out.count;
    }
    cr_assert_eq(taken, added);
    weir_edge_store_free(&store);
    weir_pool_free(&out);
}

/* A million edges of one key: swept in parts, taken at once. */
Test(edge_set, one_key) {
    struct pair_set p;
    open_pair(&p, 1 << 20);
    for (uint32_t i = 0; i < 1000000; i++)
        cr_assert(weir_edge_add(&p.store, &p.set, 42, i));
    cr_assert(p.store.moves <= 8192);
    uint32_t dropped = 0;
    for (uint32_t i = 0; i < 3000; i++)
        dropped += sweep(&p, 1000, 2);
    cr_assert_eq(dropped, 500000u);
    cr_assert_eq(weir_edge_count(&p.set), 500000u);
    cr_assert(weir_edge_add(&p.store, &p.set, 41, 1));
    weir_edge_take(&p.store, &p.set, 42, &p.out);
    cr_assert_eq(p.out.count, 1u);
    cr_assert_eq(weir_edge_least(&p.set), 42u);
    weir_edge_take(&p.store, &p.set, 43, &p.out);
    cr_assert_eq(p.out.count, 500001u);
    cr_assert_eq(weir_edge_least(&p.set), WEIR_EDGE_NONE);
    close_pair(&p);
}
