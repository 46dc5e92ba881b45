/* The search: boxes are opened best bound first, until what comes out is a position with its exact
 * score. */
#include "adl/index.h"

#define FANOUT_UP WEIR_ADL_FANOUT_UP
#define CHILDREN  ((1u << (1 << FANOUT_UP)) - 1)

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
    if (key == INT64_MIN) return;
    push(ix, (struct weir_adl_item){.key = key,
                                    .place = place,
                                    .family = (uint8_t)family,
                                    .level = (uint8_t)level,
                                    .children = CHILDREN});
}

/* What the children of a box are bounded by now may be less than was known. */
static void tighten(struct weir_adl_index *ix, const struct weir_adl_view *v,
                    const struct weir_adl_item *item, uint32_t first, uint32_t end) {
    struct weir_adl_box sum = {.rest = WEIR_ADL_EMPTY, .leg = WEIR_NO_INDEX};
    for (uint32_t i = first; i < end; i++)
        weir_adl_widen(ix, v, &sum, weir_adl_box_at(v->line, item->level - 1u, i));
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

/* Opens a box. Children that are surely well below what was found stay together: the box comes
 * again, for them alone, should the search get there. */
static void open_box(struct weir_adl_index *ix, const struct weir_adl_item *item) {
    const struct weir_adl_view *v = &ix->view[item->family];
    uint32_t level = item->level - 1u, first = item->place << FANOUT_UP;
    uint32_t end = first + (1u << FANOUT_UP), left = 0;
    if (end > v->line->level[level].count) end = v->line->level[level].count;
    int64_t low = weir_min(ix->best, item->key);
    /* Who goes on asking will be told several. */
    if (low > 0) low -= ix->given > 0 ? low / 64 + 1 : 1;
    int64_t known = weir_adl_level(low);
    for (uint32_t i = first; i < end; i++) {
        if (!(item->children >> (i - first) & 1)) continue;
        ix->bounded += level == 0;
        if (known > 0 && weir_adl_below(ix, v, weir_adl_box_at(v->line, level, i), known))
            left |= 1u << (i - first);
        else
            push_box(ix, item->family, level, i);
    }
    if (item->children == CHILDREN) tighten(ix, v, item, first, end);
    if (left == 0) return;
    struct weir_adl_item rest = *item;
    rest.key = low;
    rest.children = (uint8_t)left;
    push(ix, rest);
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
    int64_t score = weir_saturate(c->score);
    ix->best = weir_max(ix->best, score);
    push(ix, (struct weir_adl_item){.key = score, .place = i, .exact = true});
}

/* Goes straight down to a position, for a score to begin with: most boxes are below it. */
static void descend(struct weir_adl_index *ix) {
    if (ix->heap.count == 0) return;
    struct weir_adl_item item = *item_at(ix, 0);
    const struct weir_adl_view *v = &ix->view[item.family];
    uint32_t place = item.place;
    if (item.exact) return;
    for (uint32_t level = item.level; level-- > 0;) {
        uint32_t first = place << FANOUT_UP, end = first + (1u << FANOUT_UP);
        int64_t most = INT64_MIN;
        if (end > v->line->level[level].count) end = v->line->level[level].count;
        place = first;
        for (uint32_t i = first; i < end; i++) {
            int64_t key = weir_adl_bound(ix, v, weir_adl_box_at(v->line, level, i));
            if (key <= most) continue;
            most = key;
            place = i;
        }
    }
    const struct weir_adl_box *b = weir_adl_box_at(v->line, 0, place);
    struct weir_adl_candidate c;
    if (b->leg == WEIR_NO_INDEX) return;
    ix->examined++;
    if (weir_adl_candidate_at(ix->x, b->leg, ix->owner, &c)) ix->best = weir_saturate(c.score);
}

void weir_adl_search(struct weir_adl_index *ix, uint32_t market, enum weir_side side,
                     uint32_t owner) {
    WEIR_CHECK(ix->x->venue->adl_ranking == WEIR_RANK_PNL_LEVERAGE);
    int at = side == WEIR_SELL;
    ix->market = market;
    ix->side = side;
    ix->owner = owner;
    ix->heap.count = ix->seen.count = 0;
    ix->best = INT64_MIN;
    ix->given = 0;
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
    descend(ix);
}

bool weir_adl_next(struct weir_adl_index *ix, struct weir_adl_candidate *out) {
    while (ix->heap.count > 0) {
        struct weir_adl_item item = pop(ix);
        if (item.exact) {
            *out = *WEIR_AT(&ix->seen, struct weir_adl_candidate, item.place);
            ix->given++;
            return true;
        }
        if (item.level > 0)
            open_box(ix, &item);
        else
            look_at(ix, &item);
    }
    return false;
}
