/* `size`: the largest position first. */
#include "adl/ranking.h"

static weir_wide score(const struct weir_adl_candidate *c) {
    return c->size;
}

static int64_t key(const struct weir_adl_candidate *c) {
    return weir_adl_lots_key(c->size, c->order);
}

/* Boxes keep the least of -lots as their rest. */
static void box(const struct weir_adl_index *ix, const struct weir_leg *g,
                enum weir_adl_family family, struct weir_adl_box *b) {
    (void)family;
    b->rest = -weir_abs(g->size);
    b->others = weir_adl_order_kept(ix, b);
}

static uint32_t place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b) {
    (void)ix;
    return weir_adl_lots_place(v, -b->rest, b->low);
}

static int64_t bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b) {
    (void)ix;
    (void)v;
    return weir_adl_lots_key(-b->rest, (uint64_t)b->others);
}

static const struct weir_adl_keys keys = {.fixed = true,
                                          .key = key,
                                          .box = box,
                                          .kept = weir_adl_order_kept,
                                          .place = place,
                                          .bound = bound};

const struct weir_adl_ranking weir_rank_size = {WEIR_ADL_QUEUE, score, weir_adl_shown_lots, &keys};
