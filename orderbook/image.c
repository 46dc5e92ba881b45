/* Parts of an image: orders, and the ladders of a book. */
#include "base/image.h"
#include "orderbook/levels.h"

WEIR_IMAGED(sizeof(struct weir_orders), 160);
void weir_orders_image(struct weir_orders *o, struct weir_image *image) {
    weir_image_pool(image, "orders", &o->orders);
    weir_image_pool(image, "names of orders", &o->names);
    WEIR_IMAGE(image, o->free_head);
    WEIR_IMAGE(image, o->live);
    WEIR_IMAGE(image, o->next_age);
    uint64_t slots = (uint64_t)o->slot_mask + 1;
    void *table = o->slots;
    weir_image_table(image, "table of orders", &table, &slots, 2 * sizeof *o->slots,
                     UINT64_C(1) << 31);
    if (slots == 0 || (slots & (slots - 1)) != 0) weir_image_refuse(image, "table of orders");
    o->slots = table;
    o->slot_mask = (uint32_t)(slots - 1);
    WEIR_IMAGE(image, o->slot_used);
    WEIR_IMAGE(image, o->gone);
    WEIR_IMAGE(image, o->going);
    for (uint32_t i = 0; i < WEIR_ORDERS_GOING; i++)
        if (o->going[i].order > o->orders.count) weir_image_refuse(image, "orders that go");
}

WEIR_IMAGED(sizeof(struct weir_ladder), 1592);
/* Hints are left out, an empty one costs a walk through the trie, and what was asked for ahead. */
static void ladder_image(struct weir_ladder *l, struct weir_image *image) {
    WEIR_IMAGE(image, l->best_key);
    WEIR_IMAGE(image, l->best_level);
    WEIR_IMAGE(image, l->best_leaf);
    WEIR_IMAGE(image, l->root);
    WEIR_IMAGE(image, l->count);
    WEIR_IMAGE(image, l->departed);
    WEIR_IMAGE(image, l->departures);
    if (l->departed > DEPARTURES) weir_image_refuse(image, "departures");
}

WEIR_IMAGED(sizeof(struct arena), 72);
void weir_book_image(struct weir_book *book, struct weir_image *image) {
    struct arena *arena = book->side[0]->arena;
    weir_image_pool(image, "nodes of a book", &arena->nodes);
    weir_image_pool(image, "levels of a book", &arena->levels);
    WEIR_IMAGE(image, arena->free_nodes);
    WEIR_IMAGE(image, arena->free_levels);
    for (int side = 0; side < 2; side++) {
        ladder_image(book->side[side], image);
        for (int trigger = 0; trigger < 2; trigger++)
            ladder_image(book->stops[trigger][side], image);
    }
}
