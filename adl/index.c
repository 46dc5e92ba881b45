/* Lines of the ranking index: built, followed. */
#include "adl/index.h"

#include <errno.h>
#include <stdlib.h>

#define FANOUT_UP WEIR_ADL_FANOUT_UP
#define FANOUT    (1 << FANOUT_UP)
/* A leg's slot: the leaf + 1, and above it side and family. */
#define SLOT_MASK ((UINT32_C(1) << 30) - 1)

int weir_adl_index_new(struct weir_adl_index *ix, struct weir_exchange *x) {
    uint32_t markets = x->venue->market_count, legs = x->ledger.legs.capacity;
    *ix = (struct weir_adl_index){.x = x};
    WEIR_CHECK(legs < SLOT_MASK);
    ix->lines = calloc((size_t)markets * 4, sizeof *ix->lines);
    ix->states = calloc((size_t)markets * WEIR_ADL_EPOCHS, sizeof *ix->states);
    ix->base = calloc(markets, sizeof *ix->base);
    ix->collateral = calloc((size_t)WEIR_ASSETS_MAX * WEIR_ADL_EPOCHS, sizeof *ix->collateral);
    if (!ix->lines || !ix->states || !ix->base || !ix->collateral) return -ENOMEM;
    int error = weir_pool_new(&ix->slots, sizeof(uint32_t), legs);
    for (int i = 0; i < 2 && !error; i++)
        error = weir_pool_new(&ix->order[i], sizeof(uint64_t), legs);
    if (!error) error = weir_pool_new(&ix->boxes, sizeof(struct weir_adl_box), legs);
    if (!error) error = weir_pool_new(&ix->seen, sizeof(struct weir_adl_candidate), legs);
    /* Every box at most once, leaves twice: unopened and looked at. */
    uint32_t items = legs < UINT32_MAX / 4 ? legs * 3 + 1024 : UINT32_MAX - 1;
    if (!error) error = weir_pool_new(&ix->heap, sizeof(struct weir_adl_item), items);
    return error;
}

static void line_free(struct weir_adl_line *line) {
    for (uint32_t k = 0; k < WEIR_ADL_LEVELS; k++)
        weir_pool_free(&line->level[k]);
}

void weir_adl_index_free(struct weir_adl_index *ix) {
    for (uint32_t i = 0; ix->lines && i < ix->x->venue->market_count * 4; i++)
        line_free(&ix->lines[i]);
    struct weir_pool *pools[] = {&ix->slots, &ix->order[0], &ix->order[1],
                                 &ix->boxes, &ix->heap,     &ix->seen};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        weir_pool_free(pools[i]);
    free(ix->lines);
    free(ix->states);
    free(ix->base);
    free(ix->collateral);
}

/* ---- Leaves and the boxes around them -------------------------------------------------------- */

static uint32_t *slot_at(const struct weir_adl_index *ix, uint32_t leg) {
    return WEIR_AT(&ix->slots, uint32_t, leg);
}

/* Legs have slots up to the last one there is. */
static void make_slots(struct weir_adl_index *ix) {
    uint32_t legs = ix->x->ledger.legs.count;
    if (ix->slots.count < legs)
        WEIR_CHECK(weir_pool_add(&ix->slots, legs - ix->slots.count) != WEIR_NO_INDEX);
}

static void add_boxes(struct weir_adl_line *line, uint32_t level, uint32_t count) {
    struct weir_pool *pool = &line->level[level];
    uint32_t from = pool->count;
    if (count <= from) return;
    WEIR_CHECK(weir_pool_add(pool, count - from) != WEIR_NO_INDEX);
    for (uint32_t i = from; i < count; i++)
        *weir_adl_box_at(line, level, i) =
            (struct weir_adl_box){.rest = WEIR_ADL_EMPTY, .leg = WEIR_NO_INDEX};
}

static void widen_path(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       struct weir_adl_line *line, uint32_t slot) {
    const struct weir_adl_box *b = weir_adl_box_at(line, 0, slot);
    for (uint32_t k = 1, i = slot; k <= line->depth; k++) {
        i >>= FANOUT_UP;
        /* Those of mixed lines change their epochs, and do not contain one another for good. */
        if (!weir_adl_widen(ix, v, weir_adl_box_at(line, k, i), b) && !v->mixed) return;
    }
}

static void remove_leaf(struct weir_adl_index *ix, struct weir_adl_line *line, uint32_t slot) {
    struct weir_adl_box *b = weir_adl_box_at(line, 0, slot);
    *slot_at(ix, b->leg) = 0;
    *b = (struct weir_adl_box){
        .rest = WEIR_ADL_EMPTY, .slack = line->first_free, .leg = WEIR_NO_INDEX};
    line->first_free = slot;
    line->changed++;
}

/* Where a new leaf goes; WEIR_NO_INDEX when the line has no room. */
static uint32_t take_leaf(struct weir_adl_line *line) {
    uint32_t slot = line->first_free;
    if (slot != WEIR_NO_INDEX) {
        line->first_free = (uint32_t)weir_adl_box_at(line, 0, slot)->slack;
        return slot;
    }
    slot = line->level[0].count;
    if (slot == line->level[0].capacity) return WEIR_NO_INDEX;
    for (uint32_t k = 0, count = slot + 1; k <= line->depth; k++) {
        add_boxes(line, k, count);
        count = (count + FANOUT - 1) >> FANOUT_UP;
    }
    return slot;
}

void weir_adl_refresh(struct weir_adl_index *ix, struct weir_adl_line *line,
                      enum weir_adl_family family, uint32_t slot) {
    struct weir_adl_box *b = weir_adl_box_at(line, 0, slot);
    const struct weir_leg *g = weir_leg_at(&ix->x->ledger, b->leg);
    struct weir_adl_view v;
    weir_adl_view_line(ix, g->market, g->size < 0, (int)family, &v);
    weir_adl_box_of(ix, line, family, b->leg, b);
    widen_path(ix, &v, line, slot);
}

static void follow_leg(struct weir_adl_index *ix, uint32_t leg) {
    const struct weir_exchange *x = ix->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    uint32_t *slot = slot_at(ix, leg), where = *slot;
    struct weir_adl_line *old =
        where == 0 ? NULL : weir_adl_line_at(ix, g->market, where >> 30 & 1, (int)(where >> 31));
    struct weir_adl_line *now = NULL;
    enum weir_adl_family family = WEIR_ADL_ALONE;
    if (g->size != 0) {
        family = weir_adl_family_of(x, g);
        now = weir_adl_line_at(ix, g->market, g->size < 0, (int)family);
    }
    if (old && (old != now || !old->ready)) remove_leaf(ix, old, (where & SLOT_MASK) - 1);
    if (!now || !now->ready) return;
    uint32_t at = old == now ? (where & SLOT_MASK) - 1 : take_leaf(now);
    if (at == WEIR_NO_INDEX) {
        now->ready = false;
        return;
    }
    if (old != now) now->changed++;
    *slot = (at + 1) | (uint32_t)(g->size < 0) << 30 | (uint32_t)family << 31;
    weir_adl_box_at(now, 0, at)->leg = leg;
    weir_adl_refresh(ix, now, family, at);
}

/* What was not followed for long costs more to follow than to build again. */
static bool much_changed(const struct weir_adl_index *ix, uint32_t scopes) {
    uint64_t positions = 0;
    for (uint32_t i = 0; i < ix->x->venue->market_count * 4; i++)
        if (ix->lines[i].ready) positions += ix->lines[i].level[0].count;
    return scopes > 1024 && scopes > positions / 4;
}

void weir_adl_follow(struct weir_adl_index *ix) {
    struct weir_exchange *x = ix->x;
    struct weir_pool *list = &x->trigger.followed;
    x->trigger.follow = true;
    if (list->count == 0) return;
    make_slots(ix);
    bool drop = much_changed(ix, list->count);
    for (uint32_t i = 0; drop && i < x->venue->market_count * 4; i++)
        ix->lines[i].ready = false;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t scope = *WEIR_AT(list, uint32_t, i);
        weir_scope_at(&x->ledger, scope)->followed = false;
        if (drop) continue;
        for (uint32_t leg = weir_scope_first_leg(&x->ledger, scope); leg != WEIR_NO_INDEX;
             leg = weir_scope_next_leg(&x->ledger, scope, leg))
            follow_leg(ix, leg);
    }
    list->count = 0;
}

/* ---- Building -------------------------------------------------------------------------------- */

/* The lower 16 bits at even places. */
static uint64_t spread(uint64_t n) {
    n = (n | n << 8) & 0x00ff00ff;
    n = (n | n << 4) & 0x0f0f0f0f;
    n = (n | n << 2) & 0x33333333;
    return (n | n << 1) & 0x55555555;
}

/* A place on a curve through (entry, rest) on which neighbours are alike in both. */
static uint64_t place_of(const struct weir_adl_view *v, const struct weir_adl_box *b) {
    int64_t unit = weir_max(1, v->high >> 14), rest = b->rest + v->offset;
    /* Per value held: what leverage depends on. */
    int64_t gain = v->posted ? 0 : v->grows ? v->high - b->low : b->low - v->high;
    if (b->others > 0)
        rest =
            (int64_t)((weir_wide)(rest + gain) * v->high / ((weir_wide)v->high + b->others)) - gain;
    uint64_t x = (uint64_t)weir_clamp(b->low / unit, 0, 65535) & ~UINT64_C(63);
    /* In parts of the entry: those who chose the same leverage are alike. */
    rest = (int64_t)((weir_wide)weir_clamp(rest, -v->high, 4 * v->high) * v->high /
                     weir_max(1, b->low));
    uint64_t y = (uint64_t)weir_clamp(rest / unit + 8192, 0, 65535);
    return spread(x) << 1 | spread(y);
}

/* Sorts by the upper halves: three passes of eleven bits. */
static uint64_t *sort(struct weir_adl_index *ix, uint32_t n) {
    uint64_t *from = WEIR_AT(&ix->order[0], uint64_t, 0);
    uint64_t *to = WEIR_AT(&ix->order[1], uint64_t, 0);
    for (int shift = 32; shift < 64; shift += 11) {
        uint32_t at[2048] = {0}, sum = 0;
        for (uint32_t i = 0; i < n; i++)
            at[from[i] >> shift & 2047]++;
        for (uint32_t k = 0; k < 2048; k++) {
            uint32_t count = at[k];
            at[k] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            to[at[from[i] >> shift & 2047]++] = from[i];
        uint64_t *t = from;
        from = to;
        to = t;
    }
    return from;
}

/* Boxes of the family's positions, each with its place on the curve; returns their number. */
static uint32_t take_boxes(struct weir_adl_index *ix, uint32_t market, int side, int family,
                           const struct weir_adl_view *v) {
    const struct weir_exchange *x = ix->x;
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    uint32_t n = 0;
    ix->boxes.count = ix->order[0].count = ix->order[1].count = 0;
    for (int i = 0; i < 2; i++)
        WEIR_CHECK(weir_pool_commit(&ix->order[i], list->count) == 0);
    WEIR_CHECK(weir_pool_commit(&ix->boxes, list->count) == 0);
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t leg = *WEIR_AT(list, uint32_t, i);
        const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
        if ((g->size < 0) != side || (int)weir_adl_family_of(x, g) != family) continue;
        struct weir_adl_box *b = WEIR_AT(&ix->boxes, struct weir_adl_box, n);
        weir_adl_box_of(ix, v->line, (enum weir_adl_family)family, leg, b);
        *WEIR_AT(&ix->order[0], uint64_t, n) = place_of(v, b) << 32 | n;
        n++;
    }
    return n;
}

static void make_levels(struct weir_adl_line *line, uint32_t n) {
    line_free(line);
    uint32_t room = n + n / 8 + 1024, capacity = room, count = n;
    for (line->depth = 0;; line->depth++) {
        WEIR_CHECK(line->depth < WEIR_ADL_LEVELS);
        WEIR_CHECK(
            weir_pool_new(&line->level[line->depth], sizeof(struct weir_adl_box), capacity) == 0);
        add_boxes(line, line->depth, count);
        if (capacity <= FANOUT) return;
        capacity = (capacity + FANOUT - 1) >> FANOUT_UP;
        count = (count + FANOUT - 1) >> FANOUT_UP;
    }
}

static void build_family(struct weir_adl_index *ix, uint32_t market, int side, int family) {
    struct weir_adl_line *line = weir_adl_line_at(ix, market, side, family);
    for (uint32_t i = 0; i < line->level[0].count; i++) {
        uint32_t leg = weir_adl_box_at(line, 0, i)->leg;
        if (leg != WEIR_NO_INDEX) *slot_at(ix, leg) = 0;
    }
    struct weir_adl_view v;
    weir_adl_view_line(ix, market, side, family, &v);
    uint32_t n = take_boxes(ix, market, side, family, &v);
    const uint64_t *order = sort(ix, n);
    make_levels(line, n);
    for (uint32_t i = 0; i < n; i++) {
        struct weir_adl_box *b = weir_adl_box_at(line, 0, i);
        *b = *WEIR_AT(&ix->boxes, struct weir_adl_box, (uint32_t)order[i]);
        *slot_at(ix, b->leg) = (i + 1) | (uint32_t)side << 30 | (uint32_t)family << 31;
    }
    for (uint32_t k = 0; k < line->depth; k++)
        for (uint32_t i = 0; i < line->level[k].count; i++)
            weir_adl_widen(ix, &v, weir_adl_box_at(line, k + 1, i >> FANOUT_UP),
                           weir_adl_box_at(line, k, i));
    line->built = n;
    line->changed = 0;
    line->first_free = WEIR_NO_INDEX;
    line->ready = true;
    ix->builds++;
}

void weir_adl_build(struct weir_adl_index *ix, uint32_t market, int side) {
    make_slots(ix);
    if (!ix->started) weir_adl_start_epochs(ix);
    for (int family = 0; family < WEIR_ADL_FAMILIES; family++) {
        const struct weir_adl_line *line = weir_adl_line_at(ix, market, side, family);
        if (!line->ready || line->changed > line->built / 4 + 1024)
            build_family(ix, market, side, family);
    }
}
