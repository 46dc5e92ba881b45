/* Ladders against a list that is searched from end to end for every answer. */
#include <criterion/criterion.h>

#include "orderbook/levels.h"
#include "tests/scale.h"

#define LIVE_MAX 4096

/* The naive twin of a ladder: orders as they came. */
struct list {
    bool descending;
    uint32_t count;
    struct {
        uint32_t idx;
        weir_price price;
        weir_qty open;
    } order[LIVE_MAX];
};

static bool before(const struct list *list, weir_price a, weir_price b) {
    return list->descending ? a > b : a < b;
}

/* Best price behind `from` (0: of all), or 0. */
static weir_price list_best(const struct list *list, weir_price from) {
    weir_price best = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        weir_price price = list->order[i].price;
        if (from != 0 && !before(list, from, price)) continue;
        if (best == 0 || before(list, price, best)) best = price;
    }
    return best;
}

static uint32_t list_first(const struct list *list, weir_price price) {
    for (uint32_t i = 0; i < list->count; i++)
        if (list->order[i].price == price) return list->order[i].idx;
    return WEIR_NO_INDEX;
}

static void list_drop(struct list *list, uint32_t at) {
    list->count--;
    for (uint32_t i = at; i < list->count; i++)
        list->order[i] = list->order[i + 1];
}

/* One ladder under test and its twin. */
struct pair {
    struct weir_ladder *ladder;
    struct list list;
};

struct trial {
    struct weir_orders orders;
    struct weir_book book;
    struct pair pairs[6];
    struct weir_random random;
    uint64_t named;
    weir_price mid;
    int regime;
};

enum { DENSE, WHOLE_RANGE, EDGES, POWERS, CRASH, REGIMES };

static weir_price some_price(struct trial *t) {
    uint64_t r = weir_random_next(&t->random);
    uint64_t near = weir_random_below(&t->random, 200);
    switch (t->regime) {
    case DENSE:
        return (weir_price)(1 + r % 150);
    case WHOLE_RANGE:
        return (weir_price)(1 + r % INT64_MAX);
    case EDGES:
        return r & 1 ? INT64_MAX - (weir_price)(near % 130) : 1 + (weir_price)(near % 130);
    case POWERS:
        return (weir_price)(((UINT64_C(1) << (r % 63)) + near % 3 - 1) % INT64_MAX) + 1;
    default:
        break;
    }
    /* A price that falls and rises by thousands of ticks at a time. */
    if (r % 16 == 0) {
        t->mid += (weir_price)(r >> 8 & 8191) - 4096;
        t->mid = weir_clamp(t->mid, 1, 1 << 20);
    }
    return t->mid + (weir_price)near;
}

static uint32_t new_order(struct trial *t, bool by_stop, weir_price price, weir_qty open) {
    struct weir_name id = {{0}};
    uint64_t n = ++t->named;
    for (int i = 0; n > 0; n /= 26)
        id.text[i++] = (char)('a' + n % 26);
    uint32_t idx = weir_orders_add(&t->orders, 7, &id);
    cr_assert(idx != WEIR_NO_INDEX);
    struct weir_order *order = weir_order_at(&t->orders, idx);
    order->open = open;
    if (by_stop)
        order->stop_price = price;
    else
        order->price = price;
    return idx;
}

static void compare_top(const struct pair *p) {
    weir_price best = list_best(&p->list, 0);
    cr_assert_eq(weir_ladder_best(p->ladder), best);
    cr_assert_eq(weir_ladder_first(p->ladder), list_first(&p->list, best));
    cr_assert_eq(weir_ladder_count(p->ladder), p->list.count);
}

/* Every level, and every order in turn. */
static void compare_all(const struct trial *t, const struct pair *p) {
    struct weir_level_view view;
    bool more = weir_ladder_first_level(p->ladder, &view);
    uint32_t idx = weir_ladder_first(p->ladder);
    for (weir_price price = list_best(&p->list, 0); price != 0;
         price = list_best(&p->list, price)) {
        weir_wide qty = 0;
        uint32_t orders = 0;
        cr_assert(more);
        cr_assert_eq(view.first, list_first(&p->list, price));
        for (uint32_t i = 0; i < p->list.count; i++) {
            if (p->list.order[i].price != price) continue;
            cr_assert_eq(idx, p->list.order[i].idx);
            cr_assert_eq(weir_order_at(&t->orders, idx)->open, p->list.order[i].open);
            idx = weir_ladder_next(p->ladder, &t->orders, idx);
            qty += p->list.order[i].open;
            orders++;
        }
        cr_assert_eq(view.price, price);
        cr_assert(view.qty == qty);
        cr_assert_eq(view.orders, orders);
        more = weir_ladder_next_level(p->ladder, &view);
    }
    cr_assert(!more);
    cr_assert_eq(idx, WEIR_NO_INDEX);
}

static void push(struct trial *t, struct pair *p) {
    bool by_stop = p - t->pairs >= 2;
    weir_price price = some_price(t);
    weir_qty open = weir_random_below(&t->random, 50) == 0
                        ? INT64_MAX
                        : 1 + (weir_qty)weir_random_below(&t->random, 100);
    uint32_t idx = new_order(t, by_stop, price, open);
    cr_assert_eq(weir_ladder_push(p->ladder, &t->orders, idx), 0);
    uint32_t at = p->list.count++;
    p->list.order[at].idx = idx;
    p->list.order[at].price = price;
    p->list.order[at].open = open;
}

static void take_out(struct trial *t, struct pair *p, uint32_t at) {
    uint32_t idx = p->list.order[at].idx;
    weir_ladder_remove(p->ladder, &t->orders, idx);
    weir_orders_remove(&t->orders, idx);
    list_drop(&p->list, at);
}

static uint32_t place_of(const struct pair *p, uint32_t idx) {
    uint32_t at = 0;
    while (at < p->list.count && p->list.order[at].idx != idx)
        at++;
    cr_assert(at < p->list.count);
    return at;
}

/* The first order is filled, by all of its lots or less. */
static void fill_first(struct trial *t, struct pair *p) {
    uint32_t idx = weir_ladder_first(p->ladder), at = place_of(p, idx);
    weir_qty open = p->list.order[at].open;
    weir_qty lots = 1 + (weir_qty)weir_random_below(&t->random, (uint64_t)open);
    if (weir_random_below(&t->random, 2)) lots = open;
    cr_assert_eq(weir_ladder_fill(p->ladder, &t->orders, lots), open - lots);
    p->list.order[at].open -= lots;
    if (lots < open) return;
    weir_orders_remove(&t->orders, idx);
    list_drop(&p->list, at);
}

/* The memory of some of the next makers is asked for: nothing changes, and whom it comes to next is
 * in the ladder. */
static void ask_ahead(struct trial *t, struct pair *p, uint32_t most) {
    uint32_t came = weir_ladder_maker_ahead(p->ladder, &t->orders, most);
    if (came != WEIR_NO_INDEX) (void)place_of(p, came);
    if (p->ladder->asked != WEIR_NO_INDEX) (void)place_of(p, p->ladder->asked);
    cr_assert(p->ladder->asked != WEIR_NO_INDEX || p->list.count == 0);
}

static void one_operation(struct trial *t, struct pair *p, uint32_t about) {
    uint64_t r = weir_random_below(&t->random, 100);
    /* Pushes and removals balance around `about` live orders. */
    uint64_t pushes = p->list.count < about ? 60 : 40;
    if (p->list.count == 0 || (r < pushes && p->list.count < LIVE_MAX)) {
        push(t, p);
    } else if (r < 85) {
        take_out(t, p, (uint32_t)weir_random_below(&t->random, p->list.count));
    } else if (r < 90) {
        take_out(t, p, place_of(p, weir_ladder_first(p->ladder)));
    } else if (r < 95) {
        fill_first(t, p);
    } else {
        uint32_t at = (uint32_t)weir_random_below(&t->random, p->list.count);
        weir_qty open = p->list.order[at].open;
        if (open < 2) return;
        weir_qty lots = 1 + (weir_qty)weir_random_below(&t->random, (uint64_t)open - 1);
        weir_ladder_reduce(p->ladder, &t->orders, p->list.order[at].idx, lots);
        p->list.order[at].open -= lots;
    }
}

static uint32_t free_length(const struct arena *arena) {
    uint32_t n = 0;
    for (uint32_t i = arena->free_nodes; i != WEIR_NO_INDEX; n++)
        i = node_at(arena, i)->parent;
    return n;
}

/* Inner nodes have at least two children, so there are fewer of them than leaves, and no leaf is
 * without a level: memory stays in proportion. */
static void check_trie(const struct weir_ladder *ladder, uint32_t idx, uint32_t *nodes) {
    const struct node *node = node_at(ladder->arena, idx);
    ++*nodes;
    cr_assert(node->live != 0);
    if (node->height == 0) return;
    cr_assert((node->live & (node->live - 1)) != 0);
    for (uint64_t bits = node->live; bits; bits &= bits - 1) {
        uint32_t child = node->child[lowest_bit(bits)];
        cr_assert_eq(node_at(ladder->arena, child)->parent, idx);
        cr_assert(node_at(ladder->arena, child)->height < node->height);
        check_trie(ladder, child, nodes);
    }
}

static void check_memory(const struct trial *t) {
    const struct arena *arena = t->pairs[0].ladder->arena;
    uint32_t nodes = 0;
    for (int i = 0; i < 6; i++)
        if (t->pairs[i].ladder->root != WEIR_NO_INDEX)
            check_trie(t->pairs[i].ladder, t->pairs[i].ladder->root, &nodes);
    cr_assert_eq(nodes + free_length(arena), arena->nodes.count);
}

static void run(int regime, uint32_t about, uint64_t operations) {
    static struct trial t;
    t = (struct trial){.regime = regime, .mid = 50000};
    t.random.key = weir_random_key(13, "ladder") + (uint64_t)regime * 100 + about;
    cr_assert_eq(weir_orders_new(&t.orders, 1 << 16), 0);
    cr_assert_eq(weir_book_new(&t.book, 1 << 16), 0);
    for (int i = 0; i < 6; i++) {
        int side = i & 1;
        t.pairs[i].ladder = i < 2 ? t.book.side[side] : t.book.stops[i / 2 - 1][side];
        t.pairs[i].list.descending = (side == WEIR_BUY) == (i < 2);
    }
    for (uint64_t n = 0; n < operations; n++) {
        struct pair *p = &t.pairs[n & 512 ? weir_random_below(&t.random, 6) : n >> 10 & 1];
        one_operation(&t, p, about);
        /* A look ahead, wherever it looks, changes nothing. */
        struct weir_order anywhere = {.next = (uint32_t)n * 2654435761U, .prev = WEIR_NO_INDEX};
        weir_order_neighbours_ahead(&t.orders, &anywhere);
        ask_ahead(&t, p, (uint32_t)n % 9);
        compare_top(p);
        if (n % 257 == 0) compare_all(&t, p);
        if (n % 4099 == 0) check_memory(&t);
    }
    for (int i = 0; i < 6; i++)
        while (t.pairs[i].list.count > 0) {
            take_out(&t, &t.pairs[i], t.pairs[i].list.count / 2);
            compare_top(&t.pairs[i]);
        }
    check_memory(&t);
    cr_assert_eq(t.orders.live, 0);
    weir_book_free(&t.book);
    weir_orders_free(&t.orders);
}

Test(ladder, few_orders, .timeout = 300) {
    for (int regime = 0; regime < REGIMES; regime++)
        for (uint32_t about = 3; about <= 30; about += 27)
            run(regime, about, weir_test_scale(200000));
}

Test(ladder, many_orders, .timeout = 300) {
    for (int regime = 0; regime < REGIMES; regime++)
        run(regime, 300, weir_test_scale(200000));
}

Test(ladder, long_queues, .timeout = 300) {
    run(DENSE, 3000, weir_test_scale(60000));
}
