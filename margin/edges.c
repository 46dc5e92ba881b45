/* Binary heaps of legs: the leg whose band is left first is on top. */
#include "margin/edges.h"

static bool before(const struct weir_edge_heap *heap, const struct weir_ledger *l, uint32_t a,
                   uint32_t b) {
    const struct weir_leg *x = weir_leg_at(l, a), *y = weir_leg_at(l, b);
    return heap->high ? x->high < y->high : x->low > y->low;
}

static void place(struct weir_edge_heap *heap, struct weir_ledger *l, uint32_t slot, uint32_t leg) {
    *WEIR_AT(&heap->legs, uint32_t, slot) = leg;
    struct weir_leg *g = weir_leg_at(l, leg);
    if (heap->high)
        g->high_slot = slot;
    else
        g->low_slot = slot;
}

static void sift(struct weir_edge_heap *heap, struct weir_ledger *l, uint32_t slot, uint32_t leg) {
    const uint32_t *at = WEIR_AT(&heap->legs, uint32_t, 0);
    while (slot > 0 && before(heap, l, leg, at[(slot - 1) / 2])) {
        place(heap, l, slot, at[(slot - 1) / 2]);
        slot = (slot - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * slot + 1;
        if (child >= heap->legs.count) break;
        if (child + 1 < heap->legs.count && before(heap, l, at[child + 1], at[child])) child++;
        if (!before(heap, l, at[child], leg)) break;
        place(heap, l, slot, at[child]);
        slot = child;
    }
    place(heap, l, slot, leg);
}

void weir_edge_put(struct weir_edge_heap *heap, struct weir_ledger *l, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(l, leg);
    uint32_t slot = heap->high ? g->high_slot : g->low_slot;
    if (slot == WEIR_NO_INDEX) {
        slot = weir_pool_add(&heap->legs, 1);
        WEIR_CHECK(slot != WEIR_NO_INDEX);
    }
    sift(heap, l, slot, leg);
}

void weir_edge_drop(struct weir_edge_heap *heap, struct weir_ledger *l, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(l, leg);
    uint32_t *own = heap->high ? &g->high_slot : &g->low_slot, slot = *own;
    if (slot == WEIR_NO_INDEX) return;
    *own = WEIR_NO_INDEX;
    uint32_t last = *WEIR_AT(&heap->legs, uint32_t, --heap->legs.count);
    if (last != leg) sift(heap, l, slot, last);
}
