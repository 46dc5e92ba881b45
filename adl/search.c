/* The search: boxes are opened best bound first, until what comes out is a position with its exact
 * score. */
#include "adl/index.h"

#define FANOUT_UP 4

static struct weir_adl_item *item_at(const struct weir_adl_index *ix, uint32_t i) {
    return WEIR_AT(&ix->heap, struct weir_adl_item, i);
}

/* A bound comes before an exact score it equals: what is behind it may be first by account. */
static bool before(const struct weir_adl_index *ix, const struct weir_adl_item *a,
                   const struct weir_adl_item *b) {
    if (a->key != b->key) return a->key > b->key;
    if (!a->exact || !b->exact) return !a->exact && b->exact;
    return weir_adl_before(WEIR_RANK_PNL_LEVERAGE,
                           WEIR_AT(&ix->seen, struct weir_adl_candidate, a->place),
                           WEIR_AT(&ix->seen, struct weir_adl_candidate, b->place));
}

static void push(struct weir_adl_index *ix, struct weir_adl_item item) {
    uint32_t i = weir_pool_add(&ix->heap, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    while (i > 0 && before(ix, &item, item_at(ix, (i - 1) / 2))) {
        *item_at(ix, i) = *item_at(ix, (i - 1) / 2);
        i = (i - 1) / 2;
    }
    *item_at(ix, i) = item;
}

static struct weir_adl_item pop(struct weir_adl_index *ix) {
    struct weir_adl_item top = *item_at(ix, 0), last = *item_at(ix, --ix->heap.count);
    uint32_t n = ix->heap.count, i = 0;
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(ix, item_at(ix, child + 1), item_at(ix, child))) child++;
        if (!before(ix, item_at(ix, child), &last)) break;
        *item_at(ix, i) = *item_at(ix, child);
    }
    if (n > 0) *item_at(ix, i) = last;
    return top;
}

static void push_box(struct weir_adl_index *ix, int family, uint32_t level, uint32_t place) {
    const struct weir_adl_view *v = &ix->view[family];
    int64_t key = weir_adl_bound(ix, v, weir_adl_box_at(v->line, level, place));
    ix->bounded += level == 0;
    if (key == INT64_MIN) return;
    push(ix, (struct weir_adl_item){
                 .key = key, .place = place, .family = (uint8_t)family, .level = (uint8_t)level});
}

/* Opens a box; what its children are bounded by now may be less than was known. */
static void open_box(struct weir_adl_index *ix, const struct weir_adl_item *item) {
    const struct weir_adl_view *v = &ix->view[item->family];
    uint32_t level = item->level - 1u, first = item->place << FANOUT_UP;
    uint32_t end = first + (1u << FANOUT_UP);
    if (end > v->line->level[level].count) end = v->line->level[level].count;
    struct weir_adl_box sum = {.rest = WEIR_ADL_EMPTY, .leg = WEIR_NO_INDEX};
    for (uint32_t i = first; i < end; i++) {
        push_box(ix, item->family, level, i);
        weir_adl_widen(ix, v, &sum, weir_adl_box_at(v->line, level, i));
    }
    struct weir_adl_box *b = weir_adl_box_at(v->line, item->level, item->place);
    if (sum.rest != WEIR_ADL_EMPTY && v->mixed &&
        weir_adl_bound(ix, v, &sum) > weir_adl_bound(ix, v, b)) {
        sum.rest = b->rest;
        sum.slack = b->slack;
        sum.epoch = b->epoch;
        sum.oldest = b->oldest;
    }
    *b = sum;
}

/* Looks at a position exactly. One that is in liquidation counts as nobody until its scope is
 * touched, as it is on leaving the queue. */
static void look_at(struct weir_adl_index *ix, const struct weir_adl_item *item) {
    const struct weir_exchange *x = ix->x;
    struct weir_adl_line *line =
        weir_adl_line_at(ix, ix->market, ix->side == WEIR_SELL, item->family);
    struct weir_adl_box *b = weir_adl_box_at(line, 0, item->place);
    uint32_t leg = b->leg;
    ix->examined++;
    if (weir_scope_at(&x->ledger, weir_leg_at(&x->ledger, leg)->scope)->queue ==
        WEIR_QUEUE_ACTIVE) {
        b->rest = WEIR_ADL_EMPTY;
        return;
    }
    if (item->family == WEIR_ADL_MIXED && b->epoch != ix->epoch)
        weir_adl_refresh(ix, line, WEIR_ADL_MIXED, item->place);
    uint32_t i = weir_pool_add(&ix->seen, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    struct weir_adl_candidate *c = WEIR_AT(&ix->seen, struct weir_adl_candidate, i);
    if (!weir_adl_candidate_at(x, leg, ix->owner, c)) {
        ix->seen.count--;
        return;
    }
    WEIR_CHECK(weir_saturate(c->score) <= item->key);
    push(ix, (struct weir_adl_item){.key = weir_saturate(c->score), .place = i, .exact = true});
}

void weir_adl_search(struct weir_adl_index *ix, uint32_t market, enum weir_side side,
                     uint32_t owner) {
    WEIR_CHECK(ix->x->venue->adl_ranking == WEIR_RANK_PNL_LEVERAGE);
    int at = side == WEIR_SELL;
    ix->market = market;
    ix->side = side;
    ix->owner = owner;
    ix->heap.count = ix->seen.count = 0;
    if (!weir_adl_look_at_prices(ix)) {
        for (uint32_t i = 0; i < ix->x->venue->market_count * 2; i++)
            ix->lines[i * 2 + WEIR_ADL_MIXED].ready = false;
        weir_adl_start_epochs(ix);
    }
    weir_adl_follow(ix);
    for (int family = 0; family < WEIR_ADL_FAMILIES; family++) /* may find it out of range */
        weir_adl_view_line(ix, market, at, family, &ix->view[family]);
    weir_adl_build(ix, market, at);
    for (int family = 0; family < WEIR_ADL_FAMILIES; family++) {
        weir_adl_view_line(ix, market, at, family, &ix->view[family]);
        const struct weir_adl_line *line = ix->view[family].line;
        for (uint32_t i = 0; i < line->level[line->depth].count; i++)
            push_box(ix, family, line->depth, i);
    }
}

bool weir_adl_next(struct weir_adl_index *ix, struct weir_adl_candidate *out) {
    while (ix->heap.count > 0) {
        struct weir_adl_item item = pop(ix);
        if (item.exact) {
            *out = *WEIR_AT(&ix->seen, struct weir_adl_candidate, item.place);
            return true;
        }
        if (item.level > 0)
            open_box(ix, &item);
        else
            look_at(ix, &item);
    }
    return false;
}
