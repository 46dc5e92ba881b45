/* The pools of a market's book, by name. */
#include "orderbook/levels.h"

void weir_book_pools(struct weir_book *book, weir_pool_visit visit, void *ctx) {
    struct arena *arena = book->side[0]->arena;
    visit(ctx, "nodes of a book", &arena->nodes);
    visit(ctx, "levels of a book", &arena->levels);
}
