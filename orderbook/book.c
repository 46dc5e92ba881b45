/* A market's book: its ladders and the memory behind them. */
#include "orderbook/levels.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LADDERS 6

struct book_memory {
    struct arena arena;
    struct weir_ladder ladders[LADDERS];
};

static struct weir_ladder *ladder_new(struct book_memory *memory, uint32_t at, bool descending,
                                      bool by_stop) {
    struct weir_ladder *ladder = &memory->ladders[at];
    *ladder = (struct weir_ladder){.arena = &memory->arena,
                                   .flip = descending ? (uint64_t)INT64_MAX : 0,
                                   .best_key = UINT64_MAX,
                                   .best_level = WEIR_NO_INDEX,
                                   .best_leaf = WEIR_NO_INDEX,
                                   .root = WEIR_NO_INDEX,
                                   .asked = WEIR_NO_INDEX,
                                   .by_stop = by_stop};
    for (size_t i = 0; i < HINTS; i++)
        ladder->hints[i].block = UINT64_MAX;
    return ladder;
}

/* Bounds of address space, not of memory used: a level has one order at least, a leaf of the tries
 * one level, and a node above them two children. */
int weir_book_new(struct weir_book *book, uint32_t orders_max) {
    WEIR_CHECK(orders_max >= 1 && orders_max <= WEIR_ORDERS_MAX);
    uint32_t levels = orders_max, nodes = 2 * orders_max;
    *book = (struct weir_book){0};
    struct book_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) return -ENOMEM;
    struct arena *arena = &memory->arena;
    arena->free_nodes = arena->free_levels = WEIR_NO_INDEX;
    if (weir_pool_new(&arena->nodes, sizeof(struct node), nodes) != 0 ||
        weir_pool_new(&arena->levels, sizeof(struct level), levels) != 0) {
        weir_pool_free(&arena->nodes);
        weir_pool_free(&arena->levels);
        free(memory);
        return -ENOMEM;
    }
    madvise(arena->levels.base, (size_t)levels * sizeof(struct level), MADV_HUGEPAGE);
    book->side[WEIR_BUY] = ladder_new(memory, 0, true, false);
    book->side[WEIR_SELL] = ladder_new(memory, 1, false, false);
    for (uint32_t t = 0; t < 2; t++) {
        book->stops[t][WEIR_BUY] = ladder_new(memory, 2 + 2 * t, false, true);
        book->stops[t][WEIR_SELL] = ladder_new(memory, 3 + 2 * t, true, true);
    }
    return 0;
}

void weir_book_free(struct weir_book *book) {
    if (book->side[0] == NULL) return;
    struct arena *arena = book->side[0]->arena;
    weir_pool_free(&arena->nodes);
    weir_pool_free(&arena->levels);
    /* The arena is the first member of what calloc gave. */
    free(arena);
    *book = (struct weir_book){0};
}

uint64_t weir_book_memory(const struct weir_book *book) {
    const struct arena *arena = book->side[0]->arena;
    const struct weir_pool *pools[] = {&arena->nodes, &arena->levels};
    uint64_t bytes = sizeof(struct book_memory);
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        bytes += (uint64_t)pools[i]->count * pools[i]->element_size;
    return bytes;
}

static struct weir_impact linear_impact(struct weir_ladder *ladder, const struct weir_market *m) {
    struct weir_impact impact = {0};
    /* value * unit_value >= notional exactly when value >= this, and this fits 64 bits. */
    weir_wide target = weir_div_ceil(m->mark_impact_notional, m->unit_value);
    struct weir_level_view level;
    bool more = weir_ladder_first_level(ladder, &level);
    for (; more; more = weir_ladder_next_level(ladder, &level)) {
        weir_wide need = weir_div_ceil(target - impact.value, level.price);
        impact.known = need <= level.qty;
        weir_wide lots = impact.known ? need : level.qty;
        impact.value += lots * level.price;
        impact.lots += lots;
        if (impact.known) return impact;
    }
    return (struct weir_impact){0};
}

/* Every order is worth a whole number of units of the coin (R4): order by order, not by level. */
static struct weir_impact inverse_impact(const struct weir_ladder *ladder,
                                         const struct weir_orders *orders,
                                         const struct weir_market *m) {
    weir_wide sum = 0, lots = 0, target = m->mark_impact_notional;
    for (uint32_t i = weir_ladder_first(ladder); i != WEIR_NO_INDEX;
         i = weir_ladder_next(ladder, orders, i)) {
        const struct weir_order *o = weir_order_at(orders, i);
        weir_qty need = weir_lots_reaching(m, o->price, target - sum);
        weir_qty taken = weir_min(need, o->open);
        sum += weir_value(m, o->price, taken);
        lots += taken;
        if (taken == need)
            return (struct weir_impact){true, lots * m->face_units, sum * m->face_divisor};
    }
    return (struct weir_impact){0};
}

struct weir_impact weir_book_impact(const struct weir_book *book, const struct weir_orders *orders,
                                    enum weir_side side, const struct weir_market *m) {
    WEIR_CHECK(m->mark_impact_notional >= 1);
    return m->contract == WEIR_LINEAR ? linear_impact(book->side[side], m)
                                      : inverse_impact(book->side[side], orders, m);
}
