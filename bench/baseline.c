/* The book as it is usually written first: a balanced tree of price levels, each with a linked
 * list of orders; orders come from a pool, are used again, and are found through a table by id. */
#include "bench/cases.h"
#include "bench/workload.h"

#include <stdlib.h>
#include <sys/mman.h>

struct order {
    struct order *next, *prev;
    struct level *level;
    uint32_t id;
    uint32_t qty;
};

/* A node of a treap: ordered by price, a heap by `rank`; the levels are linked in order, too. */
struct level {
    struct level *left, *right;
    struct level *better, *worse;
    struct order *head, *tail;
    uint64_t price;
    uint32_t rank;
    uint8_t side;
};

struct tree {
    struct level *root, *best;
    uint8_t side;
};

struct book {
    struct tree tree[2];
    struct order **by_id; /* rests if the order has that id */
    struct order *pool;
    struct order *free; /* by `next` */
    uint64_t used;      /* of the pool */
    uint32_t random;
    bool failed;
};

static bool is_better(const struct tree *tree, uint64_t a, uint64_t b) {
    return tree->side == 0 ? a > b : a < b;
}

static struct level *new_level(struct book *book, struct tree *tree, uint64_t price,
                               struct level *better, struct level *worse) {
    struct level *level = calloc(1, sizeof *level);
    if (level == NULL) {
        book->failed = true;
        return NULL;
    }
    book->random = book->random * 1664525 + 1013904223;
    *level = (struct level){
        .better = better, .worse = worse, .price = price, .rank = book->random, .side = tree->side};
    if (better != NULL) better->worse = level;
    if (worse != NULL) worse->better = level;
    if (better == NULL) tree->best = level;
    return level;
}

/* The level of this price below `at`, made if need be; returns the new top of the subtree. */
static struct level *find_or_add(struct book *book, struct tree *tree, struct level *at,
                                 uint64_t price, struct level *better, struct level *worse,
                                 struct level **found) {
    if (at == NULL) return *found = new_level(book, tree, price, better, worse);
    if (at->price == price) return *found = at;
    if (is_better(tree, price, at->price)) {
        at->left = find_or_add(book, tree, at->left, price, better, at, found);
        struct level *left = at->left;
        if (left == NULL || left->rank <= at->rank) return at;
        at->left = left->right;
        left->right = at;
        return left;
    }
    at->right = find_or_add(book, tree, at->right, price, at, worse, found);
    struct level *right = at->right;
    if (right == NULL || right->rank <= at->rank) return at;
    at->right = right->left;
    right->left = at;
    return right;
}

static struct level *join(struct level *left, struct level *right) {
    if (left == NULL) return right;
    if (right == NULL) return left;
    if (left->rank > right->rank) {
        left->right = join(left->right, right);
        return left;
    }
    right->left = join(left, right->left);
    return right;
}

static void drop_level(struct tree *tree, struct level *level) {
    struct level **at = &tree->root;
    while (*at != level)
        at = is_better(tree, level->price, (*at)->price) ? &(*at)->left : &(*at)->right;
    *at = join(level->left, level->right);
    if (level->better != NULL)
        level->better->worse = level->worse;
    else
        tree->best = level->worse;
    if (level->worse != NULL) level->worse->better = level->better;
    free(level);
}

static struct level *level_of(struct book *book, struct tree *tree, uint64_t price) {
    for (struct level *at = tree->root; at != NULL;) {
        if (at->price == price) return at;
        at = is_better(tree, price, at->price) ? at->left : at->right;
    }
    struct level *found = NULL;
    tree->root = find_or_add(book, tree, tree->root, price, NULL, NULL, &found);
    return found;
}

static void rest(struct book *book, const struct message *m, uint32_t qty) {
    struct level *level = level_of(book, &book->tree[m->side], m->price);
    if (level == NULL) return;
    struct order *order = book->free;
    if (order != NULL)
        book->free = order->next;
    else
        order = &book->pool[book->used++];
    book->by_id[m->id] = order;
    *order = (struct order){.prev = level->tail, .level = level, .id = m->id, .qty = qty};
    if (level->tail != NULL)
        level->tail->next = order;
    else
        level->head = order;
    level->tail = order;
}

static void drop_order(struct book *book, struct order *order) {
    struct level *level = order->level;
    if (order->prev != NULL)
        order->prev->next = order->next;
    else
        level->head = order->next;
    if (order->next != NULL)
        order->next->prev = order->prev;
    else
        level->tail = order->prev;
    if (level->head == NULL) drop_level(&book->tree[level->side], level);
    order->id = 0;
    order->next = book->free;
    book->free = order;
}

static void cancel(struct book *book, uint32_t id) {
    struct order *order = book->by_id[id];
    if (order != NULL && order->id == id) drop_order(book, order);
}

static void match(struct book *book, const struct message *m, struct outcome *outcome) {
    struct tree *tree = &book->tree[1 - m->side];
    uint32_t left = m->qty;
    while (left > 0 && tree->best != NULL &&
           !is_better(&book->tree[m->side], tree->best->price, m->price)) {
        struct order *maker = tree->best->head;
        uint32_t qty = maker->qty < left ? maker->qty : left;
        outcome_trade(outcome, maker->id, m->id, qty, tree->best->price);
        left -= qty;
        maker->qty -= qty;
        if (maker->qty == 0) drop_order(book, maker);
    }
    if (left > 0) rest(book, m, left);
}

bool baseline_run(const struct workload *workload, uint64_t count, struct outcome *outcome,
                  uint64_t *elapsed_ns) {
    struct book book = {.tree = {{.side = 0}, {.side = 1}}, .random = 1};
    *outcome = (struct outcome){0};
    size_t orders = workload->header.highest_id + 1;
    book.by_id = bench_memory(orders * sizeof *book.by_id);
    book.pool = bench_memory(orders * sizeof *book.pool);
    bool done = book.by_id != NULL && book.pool != NULL;
    uint64_t start = bench_now_ns();
    for (uint64_t i = 0; i < count && done; i++) {
        const struct message *m = &workload->messages[i];
        if (m->type == MESSAGE_ADD)
            rest(&book, m, m->qty);
        else if (m->type == MESSAGE_CANCEL)
            cancel(&book, m->id);
        else
            match(&book, m, outcome);
        done = !book.failed;
    }
    *elapsed_ns = bench_now_ns() - start;
    for (int side = 0; side < 2; side++)
        while (book.tree[side].best != NULL)
            drop_level(&book.tree[side], book.tree[side].best);
    if (book.by_id != NULL) munmap(book.by_id, orders * sizeof *book.by_id);
    if (book.pool != NULL) munmap(book.pool, orders * sizeof *book.pool);
    return done;
}
