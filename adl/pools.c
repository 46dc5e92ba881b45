/* The pools of the ranking index, by name, and room in its epochs. */
#include "adl/index.h"

#define EPOCHS_AHEAD 128

void weir_adl_index_pools(struct weir_adl_index *ix, weir_pool_visit visit, void *ctx) {
    visit(ctx, "nodes of lines", &ix->nodes);
    visit(ctx, "places in lines", &ix->slots);
    visit(ctx, "order of a line", &ix->order[0]);
    visit(ctx, "order of a line", &ix->order[1]);
    visit(ctx, "boxes of a line", &ix->boxes);
    visit(ctx, "heap of a search", &ix->heap);
    visit(ctx, "seen by a search", &ix->seen);
}

void weir_adl_index_make_room(struct weir_adl_index *ix) {
    uint32_t from = ix->epochs_present, to = ix->epoch + EPOCHS_AHEAD;
    if (to > WEIR_ADL_EPOCHS) to = WEIR_ADL_EPOCHS;
    if (from >= to || ix->epoch + EPOCHS_AHEAD / 2 < from) return;
    uint64_t markets = ix->x->venue->market_count, n = to - from;
    weir_memory_touch(&ix->states[from * markets], n * markets * sizeof *ix->states);
    weir_memory_touch(&ix->collateral[(uint64_t)from * WEIR_ASSETS_MAX],
                      n * WEIR_ASSETS_MAX * sizeof *ix->collateral);
    weir_memory_touch(&ix->drift_stamp[from], n * sizeof *ix->drift_stamp);
    weir_memory_touch(&ix->drift[from], n * sizeof *ix->drift);
    weir_memory_touch(&ix->drift_others[from], n * sizeof *ix->drift_others);
    ix->epochs_present = to;
}
