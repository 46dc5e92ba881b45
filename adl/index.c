/* Lines of the ranking index: begun, built in pieces or at once, followed. */
#include "adl/ranking.h"

#include <errno.h>
#include <stdlib.h>

/* Scopes touched that may wait, and the part of them that a command takes up at least. */
#define WAITING 64
#define PART    4

int weir_adl_index_new(struct weir_adl_index *ix, struct weir_exchange *x) {
    uint32_t markets = x->venue->market_count, legs = x->ledger.legs.capacity;
    *ix = (struct weir_adl_index){.x = x,
                                  .keys = weir_adl_ranking_of(x->venue->adl_ranking)->keys,
                                  .first_free = WEIR_NO_INDEX,
                                  .version = 1};
    /* Room for a node a leg; where the places that a slot can name end before, as many as it can.
     */
    uint32_t nodes = (uint32_t)weir_min((int64_t)legs + legs / 4 + markets * 4 + 64,
                                        WEIR_ADL_SLOT_MASK / WEIR_ADL_FANOUT - 1);
    ix->lines = calloc((size_t)markets * 4, sizeof *ix->lines);
    ix->sides = calloc((size_t)markets * 2, sizeof *ix->sides);
    ix->fronts = calloc((size_t)markets * 2, sizeof *ix->fronts);
    ix->last = calloc(markets, sizeof *ix->last);
    ix->begun = calloc((size_t)markets * 2, sizeof *ix->begun);
    ix->states = calloc((size_t)markets * WEIR_ADL_EPOCHS, sizeof *ix->states);
    ix->base = calloc(markets, sizeof *ix->base);
    ix->collateral = calloc((size_t)WEIR_ASSETS_MAX * WEIR_ADL_EPOCHS, sizeof *ix->collateral);
    if (!ix->fronts || !ix->last) return -ENOMEM;
    if (!ix->lines || !ix->sides || !ix->begun || !ix->states || !ix->base || !ix->collateral)
        return -ENOMEM;
    for (uint32_t i = 0; i < markets * 4; i++)
        ix->lines[i].root = WEIR_NO_INDEX;
    int error = weir_pool_new(&ix->slots, sizeof(uint32_t), legs);
    for (int i = 0; i < 2 && !error; i++)
        error = weir_pool_new(&ix->order[i], sizeof(uint64_t), legs);
    if (!error) error = weir_pool_new(&ix->boxes, sizeof(struct weir_adl_box), legs);
    if (!error) error = weir_pool_new(&ix->nodes, sizeof(struct weir_adl_node), nodes);
    if (!error) error = weir_pool_new(&ix->seen, sizeof(struct weir_adl_candidate), legs);
    /* Every node twice, unopened and what is left of it, and positions unopened and looked at. */
    uint32_t items = legs < UINT32_MAX / 8 ? legs * 5 + 1024 : UINT32_MAX - 1;
    struct weir_pool *lists[] = {&ix->heap, &ix->open, &ix->rest};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && !error; i++)
        error = weir_pool_new(lists[i], sizeof(struct weir_adl_item), items);
    return error;
}

void weir_adl_index_free(struct weir_adl_index *ix) {
    struct weir_pool *pools[] = {&ix->boxes, &ix->slots, &ix->order[0], &ix->order[1], &ix->nodes,
                                 &ix->heap,  &ix->open,  &ix->rest,     &ix->seen};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        weir_pool_free(pools[i]);
    free(ix->lines);
    free(ix->sides);
    free(ix->fronts);
    free(ix->last);
    free(ix->begun);
    free(ix->states);
    free(ix->base);
    free(ix->collateral);
}

static struct weir_adl_side *side_at(const struct weir_adl_index *ix, uint32_t market, int side) {
    return &ix->sides[market * 2 + (uint32_t)side];
}

/* Legs have slots up to the last one there is. */
static void make_slots(struct weir_adl_index *ix) {
    uint32_t legs = ix->x->ledger.legs.count;
    if (ix->slots.count < legs)
        WEIR_CHECK(weir_pool_add(&ix->slots, legs - ix->slots.count) != WEIR_NO_INDEX);
}

/* ---- Positions come and go ------------------------------------------------------------------- */

/* The lines of a side, with nobody in them. */
static void begin_side(struct weir_adl_index *ix, uint32_t market, int side) {
    for (int family = 0; family < WEIR_ADL_FAMILIES; family++) {
        weir_adl_line_drop(ix, market, side, family);
        weir_adl_line_begin(ix, market, side, family);
    }
    side_at(ix, market, side)->next_count = 0;
    side_at(ix, market, side)->left = ix->x->ledger.markets[market].positions.count;
}

/* All lines that are kept begin again. */
static void begin_again(struct weir_adl_index *ix) {
    weir_adl_start_epochs(ix);
    ix->begun_count = 0;
    for (uint32_t i = 0; i < ix->x->venue->market_count * 2; i++) {
        struct weir_adl_side *s = &ix->sides[i];
        if (s->state == WEIR_ADL_NONE) continue;
        begin_side(ix, i / 2, (int)(i & 1));
        s->state = WEIR_ADL_BEGUN;
        ix->begun[ix->begun_count++] = i;
    }
}

/* Views of both families. */
static void view_side(const struct weir_adl_index *ix, uint32_t market, int side,
                      struct weir_adl_view v[WEIR_ADL_FAMILIES]) {
    for (int family = 0; family < WEIR_ADL_FAMILIES; family++)
        weir_adl_view_line(ix, market, side, family, &v[family]);
}

/* Puts a position in its line. False: there was no room, all lines begin again. */
static bool put(struct weir_adl_index *ix, const struct weir_adl_view *line, uint32_t leg) {
    struct weir_adl_box b;
    weir_adl_box_of(ix, line->line, line->mixed ? WEIR_ADL_MIXED : WEIR_ADL_ALONE, leg, &b);
    if (weir_adl_put(ix, line, weir_adl_place(ix, line, &b), &b)) return true;
    begin_again(ix);
    return false;
}

/* The same, its line not viewed yet. */
static void put_anew(struct weir_adl_index *ix, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&ix->x->ledger, leg);
    struct weir_adl_view v;
    weir_adl_view_line(ix, g->market, g->size < 0, (int)weir_adl_family_of(ix, g), &v);
    put(ix, &v, leg);
}

/* Does a position that is bounded anew still stand among those that are like it? */
static bool stays(struct weir_adl_index *ix, const struct weir_leg *g, enum weir_adl_family family,
                  uint32_t slot) {
    const struct weir_adl_node *n = weir_adl_node_at(ix, slot / WEIR_ADL_FANOUT);
    struct weir_adl_view v;
    weir_adl_view_line(ix, g->market, g->size < 0, (int)family, &v);
    uint32_t i = slot % WEIR_ADL_FANOUT;
    return (weir_adl_place(ix, &v, &n->box[i]) ^ n->key[i]) >> 12 == 0;
}

static void follow_leg(struct weir_adl_index *ix, uint32_t leg) {
    const struct weir_exchange *x = ix->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    uint32_t where = *weir_adl_slot_at(ix, leg), slot = (where & WEIR_ADL_SLOT_MASK) - 1;
    bool kept = g->size != 0 && side_at(ix, g->market, g->size < 0)->state != WEIR_ADL_NONE;
    if (where != 0) {
        int side = where >> 30 & 1, family = (int)(where >> 31);
        if (kept && side == (g->size < 0) && family == (int)weir_adl_family_of(ix, g)) {
            weir_adl_refresh(ix, (enum weir_adl_family)family, slot);
            if (stays(ix, g, (enum weir_adl_family)family, slot)) return;
        }
        weir_adl_take(ix, weir_adl_line_at(ix, g->market, side, family), slot);
    }
    if (kept) put_anew(ix, leg);
}

/* Asks for the memory of the last `n` scopes touched: those that are followed next. */
static void follow_ahead(const struct weir_adl_index *ix, uint32_t n) {
    const struct weir_ledger *l = &ix->x->ledger;
    const struct weir_pool *list = &ix->x->trigger.followed;
    for (uint32_t i = list->count - n; i < list->count; i++) {
        uint32_t scope = *WEIR_AT(list, uint32_t, i);
        for (uint32_t leg = weir_scope_first_leg(l, scope); leg != WEIR_NO_INDEX;
             leg = weir_scope_next_leg(l, scope, leg))
            __builtin_prefetch(weir_adl_slot_at(ix, leg));
    }
}

#define FOLLOWED 16

void weir_adl_follow(struct weir_adl_index *ix, uint32_t most) {
    struct weir_exchange *x = ix->x;
    struct weir_pool *list = &x->trigger.followed;
    make_slots(ix);
    for (uint32_t done = 0; done < most && list->count > 0; done++) {
        if (done % FOLLOWED == 0)
            follow_ahead(ix, (uint32_t)weir_min(weir_min(most - done, list->count), FOLLOWED));
        uint32_t scope = *WEIR_AT(list, uint32_t, --list->count);
        weir_scope_at(&x->ledger, scope)->followed = false;
        for (uint32_t leg = weir_scope_first_leg(&x->ledger, scope); leg != WEIR_NO_INDEX;
             leg = weir_scope_next_leg(&x->ledger, scope, leg)) {
            follow_leg(ix, leg);
            weir_adl_front_follow(ix, leg);
        }
    }
}

/* ---- Building -------------------------------------------------------------------------------- */

void weir_adl_begin(struct weir_adl_index *ix, uint32_t market, enum weir_side side) {
    struct weir_exchange *x = ix->x;
    int at = side == WEIR_SELL;
    struct weir_adl_side *s = side_at(ix, market, at);
    if (s->state != WEIR_ADL_NONE || x->prices[market].mark == 0) return;
    if (!ix->started) weir_adl_start_epochs(ix);
    x->trigger.follow = true;
    begin_side(ix, market, at);
    s->state = WEIR_ADL_BEGUN;
    ix->begun[ix->begun_count++] = market * 2 + (uint32_t)at;
}

/* The next of a side that is in no line, from the end of the market's list of positions: one that
 * closes gives its place to the last, who has been put in before. WEIR_NO_INDEX: none within the
 * next `most`. */
static uint32_t next_left(const struct weir_adl_index *ix, uint32_t market, int side,
                          uint32_t *most) {
    const struct weir_ledger *l = &ix->x->ledger;
    const struct weir_pool *list = &l->markets[market].positions;
    struct weir_adl_side *s = side_at(ix, market, side);
    if (s->left > list->count) s->left = list->count;
    while (s->left > 0 && *most > 0) {
        uint32_t leg = *WEIR_AT(list, uint32_t, --s->left);
        --*most;
        if ((weir_leg_at(l, leg)->size < 0) == side && *weir_adl_slot_at(ix, leg) == 0) return leg;
    }
    return WEIR_NO_INDEX;
}

static void make_ready(struct weir_adl_index *ix, uint32_t market, int side) {
    uint32_t n = 0;
    side_at(ix, market, side)->state = WEIR_ADL_READY;
    for (uint32_t i = 0; i < ix->begun_count; i++)
        if (ix->begun[i] != market * 2 + (uint32_t)side) ix->begun[n++] = ix->begun[i];
    ix->begun_count = n;
}

void weir_adl_ahead(struct weir_adl_index *ix, uint32_t most) {
    uint32_t waiting = ix->x->trigger.followed.count;
    if (waiting <= WAITING && ix->begun_count == 0) return;
    if (!weir_adl_look_at_prices(ix)) begin_again(ix);
    if (waiting > WAITING) weir_adl_follow(ix, waiting / PART);
    if (ix->begun_count == 0) return;
    uint32_t market = ix->begun[0] / 2, leg;
    int side = ix->begun[0] & 1;
    struct weir_adl_view v[WEIR_ADL_FAMILIES];
    make_slots(ix);
    view_side(ix, market, side, v);
    while ((leg = next_left(ix, market, side, &most)) != WEIR_NO_INDEX)
        if (!put(ix, &v[weir_adl_family_of(ix, weir_leg_at(&ix->x->ledger, leg))], leg)) return;
    if (side_at(ix, market, side)->left == 0) make_ready(ix, market, side);
}

/* Those of a side and family that are in no line yet, with their boxes and places. */
static uint32_t gather(struct weir_adl_index *ix, const struct weir_adl_view *v) {
    struct weir_adl_side *s = side_at(ix, v->market, v->side);
    uint32_t all = s->left, most = all, n = 0, leg;
    for (int i = 0; i < 2; i++)
        WEIR_CHECK(weir_pool_commit(&ix->order[i], all) == 0);
    WEIR_CHECK(weir_pool_commit(&ix->boxes, all) == 0);
    while ((leg = next_left(ix, v->market, v->side, &most)) != WEIR_NO_INDEX) {
        const struct weir_leg *g = weir_leg_at(&ix->x->ledger, leg);
        if ((weir_adl_family_of(ix, g) == WEIR_ADL_MIXED) != v->mixed) continue;
        struct weir_adl_box *b = WEIR_AT(&ix->boxes, struct weir_adl_box, n);
        weir_adl_box_of(ix, v->line, (enum weir_adl_family)v->mixed, leg, b);
        *WEIR_AT(&ix->order[0], uint64_t, n) = (uint64_t)weir_adl_place(ix, v, b) << 32 | n;
        n++;
    }
    s->left = all; /* the other family's */
    return n;
}

/* All of a side that are left, at once. False: there was no room, all lines begin again. */
static bool build(struct weir_adl_index *ix, uint32_t market, int side) {
    if (side_at(ix, market, side)->state == WEIR_ADL_READY) return true;
    struct weir_adl_view v[WEIR_ADL_FAMILIES];
    make_slots(ix);
    /* Most in one go are faster than some more one by one. */
    if (side_at(ix, market, side)->left > ix->x->ledger.markets[market].positions.count / 2)
        begin_side(ix, market, side);
    view_side(ix, market, side, v);
    bool room = true;
    for (int family = 0; family < WEIR_ADL_FAMILIES && room; family++) {
        uint32_t n = gather(ix, &v[family]);
        const uint64_t *order = weir_sort_upper(WEIR_AT(&ix->order[0], uint64_t, 0),
                                                WEIR_AT(&ix->order[1], uint64_t, 0), n);
        const struct weir_adl_box *boxes = WEIR_AT(&ix->boxes, struct weir_adl_box, 0);
        ix->builds += n > 0;
        if (n > 0 && v[family].line->root == WEIR_NO_INDEX) {
            room = weir_adl_fill(ix, &v[family], boxes, order, n);
            continue;
        }
        for (uint32_t i = 0; i < n && room; i++)
            room = weir_adl_put(ix, &v[family], (uint32_t)(order[i] >> 32),
                                &boxes[(uint32_t)order[i]]);
    }
    if (room)
        make_ready(ix, market, side);
    else
        begin_again(ix);
    return room;
}

void weir_adl_make_good(struct weir_adl_index *ix, uint32_t market, int side) {
    if (!weir_adl_look_at_prices(ix)) begin_again(ix);
    weir_adl_follow(ix, UINT32_MAX);
    view_side(ix, market, side, ix->view);
    bool begin = ix->view[WEIR_ADL_ALONE].far || ix->view[WEIR_ADL_MIXED].far;
    if (begin) begin_again(ix);
    if (!begin && side_at(ix, market, side)->state == WEIR_ADL_READY) return;
    while (!build(ix, market, side)) {
    }
    view_side(ix, market, side, ix->view);
}
