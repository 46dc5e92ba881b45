/* The search: boxes are opened best bound first, until what comes out is a position with its exact
 * score. */
#include "adl/ranking.h"

#define FANOUT   WEIR_ADL_FANOUT
#define CHILDREN ((1u << FANOUT) - 1)

#define OPEN_MOST 256

static struct weir_adl_item *item_at(const struct weir_adl_index *ix, uint32_t i) {
    return WEIR_AT(&ix->heap, struct weir_adl_item, i);
}

/* A bound comes before an exact score it equals: what is behind it may be first by account. */
static bool before(const struct weir_adl_index *ix, const struct weir_adl_item *a,
                   const struct weir_adl_item *b) {
    if (a->key != b->key) return a->key > b->key;
    if (!a->exact || !b->exact) return !a->exact && b->exact;
    return weir_adl_before(WEIR_AT(&ix->seen, struct weir_adl_candidate, a->place),
                           WEIR_AT(&ix->seen, struct weir_adl_candidate, b->place));
}

/* What orders the search: scores, or keys that go with their order. */
static int64_t key_of(const struct weir_adl_index *ix, const struct weir_adl_candidate *c) {
    return ix->keys ? ix->keys->key(c) : weir_saturate(c->score);
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

static void add(struct weir_pool *list, struct weir_adl_item item) {
    uint32_t i = weir_pool_add(list, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(list, struct weir_adl_item, i) = item;
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

/* Of a node: box i, bounded. */
static void push_box(struct weir_adl_index *ix, int family, uint32_t node, uint32_t i) {
    const struct weir_adl_node *n = weir_adl_node_at(ix, node);
    int64_t key = weir_adl_bound(ix, &ix->view[family], &n->box[i]);
    if (key == INT64_MIN) return;
    struct weir_adl_item item = {.key = key, .family = (uint8_t)family};
    item.place = n->level == 0 ? node * FANOUT + i : n->child[i];
    item.children = n->level == 0 ? 0 : CHILDREN;
    push(ix, item);
}

/* What a node's positions are bounded by now may be less than was known. */
static void tighten(struct weir_adl_index *ix, const struct weir_adl_view *v,
                    struct weir_adl_node *n) {
    n->loose = false;
    if (n->parent == WEIR_NO_INDEX) return;
    struct weir_adl_box sum = {.rest = WEIR_ADL_EMPTY, .leg = WEIR_NO_INDEX};
    for (uint32_t i = 0; i < n->count; i++)
        weir_adl_widen(ix, v, &sum, &n->box[i]);
    struct weir_adl_node *p = weir_adl_node_at(ix, n->parent);
    struct weir_adl_box *b = &p->box[n->at];
    if (sum.rest != WEIR_ADL_EMPTY && v->mixed &&
        weir_adl_bound(ix, v, &sum) > weir_adl_bound(ix, v, b)) {
        sum.rest = b->rest;
        sum.slack = b->slack;
        sum.epoch = b->epoch;
        sum.oldest = b->oldest;
    }
    p->loose |= sum.low != b->low || sum.high != b->high || sum.rest != b->rest;
    *b = sum;
}

/* Asks for a node's memory. */
static void fetch(const struct weir_adl_index *ix, uint32_t node) {
    const char *at = (const char *)weir_adl_node_at(ix, node);
    for (size_t i = 0; i < sizeof(struct weir_adl_node); i += 64)
        __builtin_prefetch(at + i);
}

/* Box i of a node that is opened, not surely below what was found. While nobody was given out, all
 * nodes like that will be opened, in whatever order: nothing more is asked about them, unless they
 * are so many that what was found must have been far from the first. */
static void keep_box(struct weir_adl_index *ix, const struct weir_adl_item *item, uint32_t i,
                     bool found) {
    const struct weir_adl_node *n = weir_adl_node_at(ix, item->place);
    if (n->level > 0)
        fetch(ix, n->child[i]);
    else
        __builtin_prefetch(weir_leg_at(&ix->x->ledger, n->box[i].leg));
    if (n->level == 0 || !found || ix->given > 0 || ix->opened >= OPEN_MOST) {
        push_box(ix, item->family, item->place, i);
        return;
    }
    struct weir_adl_item child = *item;
    child.place = n->child[i];
    child.children = CHILDREN;
    add(&ix->open, child);
}

/* Opens a node. Boxes that are surely below what was found stay together: the node comes again, for
 * them alone, should the search get there. */
static void open_node(struct weir_adl_index *ix, const struct weir_adl_item *item) {
    const struct weir_adl_view *v = &ix->view[item->family];
    struct weir_adl_node *n = weir_adl_node_at(ix, item->place);
    uint32_t left = 0;
    int64_t low = weir_min(ix->best, item->key);
    /* Who goes on asking will be told several. */
    if (low > 0) low -= ix->given > 0 ? low / 64 + 1 : 1;
    int64_t known = ix->way == WEIR_ADL_SEVERAL ? 0 : weir_adl_level(low);
    for (uint32_t i = 0; i < n->count; i++) {
        if (!(item->children >> i & 1)) continue;
        ix->bounded += n->level == 0;
        if (known > 0 && weir_adl_below(ix, v, &n->box[i], known))
            left |= 1u << i;
        else
            keep_box(ix, item, i, known > 0 && !v->mixed && item->children == CHILDREN);
    }
    if ((n->loose || v->mixed) && item->children == CHILDREN) tighten(ix, v, n);
    if (left == 0) return;
    struct weir_adl_item rest = *item;
    rest.key = low;
    rest.children = (uint8_t)left;
    ix->rest_key = weir_max(ix->rest_key, low);
    add(&ix->rest, rest);
}

/* The same by keys: boxes below what was found stay together under the best of them; nothing is
 * left for who goes on asking. */
static void open_by_keys(struct weir_adl_index *ix, const struct weir_adl_item *item) {
    const struct weir_adl_view *v = &ix->view[item->family];
    struct weir_adl_node *n = weir_adl_node_at(ix, item->place);
    bool all = ix->given > 0 || ix->way == WEIR_ADL_SEVERAL;
    uint32_t left = 0;
    int64_t left_key = INT64_MIN;
    for (uint32_t i = 0; i < n->count; i++) {
        if (!(item->children >> i & 1)) continue;
        ix->bounded += n->level == 0;
        int64_t key = weir_adl_bound(ix, v, &n->box[i]);
        if (key == INT64_MIN) continue;
        if (!all && key < ix->best) {
            left |= 1u << i;
            left_key = weir_max(left_key, key);
            continue;
        }
        struct weir_adl_item box = {.key = key, .family = item->family};
        box.place = n->level == 0 ? item->place * FANOUT + i : n->child[i];
        box.children = n->level == 0 ? 0 : CHILDREN;
        if (n->level > 0)
            fetch(ix, box.place);
        else
            __builtin_prefetch(weir_leg_at(&ix->x->ledger, n->box[i].leg));
        push(ix, box);
    }
    if ((n->loose || v->mixed) && item->children == CHILDREN) tighten(ix, v, n);
    if (left == 0) return;
    struct weir_adl_item rest = *item;
    rest.key = left_key;
    rest.children = (uint8_t)left;
    ix->rest_key = weir_max(ix->rest_key, left_key);
    add(&ix->rest, rest);
}

static struct weir_adl_side *asked(const struct weir_adl_index *ix) {
    return &ix->sides[ix->market * 2 + (ix->side == WEIR_SELL)];
}

/* Of those who were near the first when this side was last asked the best, or nearly: his score to
 * begin with. Who has left the line is forgotten. */
static bool ask_next(struct weir_adl_index *ix) {
    struct weir_adl_side *s = asked(ix);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->next_count; i++) {
        uint32_t leg = s->next[i], where = *weir_adl_slot_at(ix, leg);
        if (where == 0 || weir_leg_at(&ix->x->ledger, leg)->market != ix->market ||
            (where >> 30 & 1) != (ix->side == WEIR_SELL))
            continue;
        uint32_t slot = (where & WEIR_ADL_SLOT_MASK) - 1;
        const struct weir_adl_box *b = &weir_adl_node_at(ix, slot / FANOUT)->box[slot % FANOUT];
        s->next_key[n] = weir_adl_bound(ix, &ix->view[where >> 31], b);
        s->next[n++] = leg;
    }
    s->next_count = n;
    for (int looks = 0; looks < 3 && n > 0; looks++) {
        uint32_t first = 0;
        for (uint32_t i = 1; i < n; i++)
            if (s->next_key[i] > s->next_key[first]) first = i;
        if (s->next_key[first] <= ix->best) break;
        struct weir_adl_candidate c;
        bool eligible = weir_adl_candidate_at(ix->x, s->next[first], ix->owner, &c);
        ix->examined++;
        s->next_key[first] = eligible ? key_of(ix, &c) : INT64_MIN;
        ix->best = weir_max(ix->best, s->next_key[first]);
    }
    return ix->best > INT64_MIN;
}

/* Among those noted, unless he is or as many are better. */
static void note(struct weir_adl_side *s, uint32_t leg, int64_t key) {
    uint32_t last = 0;
    for (uint32_t i = 0; i < s->next_count; i++) {
        if (s->next[i] == leg) return;
        if (s->next_key[i] < s->next_key[last]) last = i;
    }
    if (s->next_count < WEIR_ADL_NEXT)
        last = s->next_count++;
    else if (key <= s->next_key[last])
        return;
    s->next[last] = leg;
    s->next_key[last] = key;
}

/* Notes who is near the first, who is given out: those that were not surely below him. */
static void note_next(struct weir_adl_index *ix, uint32_t given) {
    struct weir_adl_side *s = asked(ix);
    for (uint32_t i = 0; i < s->next_count; i++) {
        if (s->next[i] != given) continue;
        s->next[i] = s->next[--s->next_count];
        s->next_key[i] = s->next_key[s->next_count];
    }
    for (uint32_t i = 0; i < ix->heap.count; i++) {
        const struct weir_adl_item *item = item_at(ix, i);
        if (!item->exact && item->children != 0) continue;
        uint32_t leg =
            item->exact ? WEIR_AT(&ix->seen, struct weir_adl_candidate, item->place)->leg
                        : weir_adl_node_at(ix, item->place / FANOUT)->box[item->place % FANOUT].leg;
        note(s, leg, item->key);
    }
}

/* Looks at a position exactly. One that is in liquidation counts as nobody until its scope is
 * touched, as it is on leaving the queue. */
static void look_at(struct weir_adl_index *ix, const struct weir_adl_item *item) {
    const struct weir_exchange *x = ix->x;
    struct weir_adl_node *n = weir_adl_node_at(ix, item->place / FANOUT);
    struct weir_adl_box *b = &n->box[item->place % FANOUT];
    uint32_t leg = b->leg;
    if (ix->way == WEIR_ADL_BEHIND && weir_adl_front_has(ix, leg)) return;
    ix->examined++;
    if (weir_scope_at(&x->ledger, weir_leg_at(&x->ledger, leg)->scope)->queue ==
        WEIR_QUEUE_ACTIVE) {
        b->rest = WEIR_ADL_EMPTY;
        return;
    }
    if (item->family == WEIR_ADL_MIXED && b->epoch != ix->epoch) {
        weir_adl_refresh(ix, WEIR_ADL_MIXED, item->place);
        struct weir_adl_item now = *item;
        now.key = weir_min(item->key, weir_adl_bound(ix, &ix->view[WEIR_ADL_MIXED], b));
        if (now.key < item->key) { /* others may come first */
            if (now.key > INT64_MIN) push(ix, now);
            return;
        }
    }
    uint32_t i = weir_pool_add(&ix->seen, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    struct weir_adl_candidate *c = WEIR_AT(&ix->seen, struct weir_adl_candidate, i);
    if (!weir_adl_candidate_at(x, leg, ix->owner, c)) {
        ix->seen.count--;
        return;
    }
    int64_t score = key_of(ix, c);
    WEIR_CHECK(score <= item->key);
    ix->best = weir_max(ix->best, score);
    push(ix, (struct weir_adl_item){.key = score, .place = i, .exact = true});
}

/* The box of a node with the best bound. */
static uint32_t best_box(struct weir_adl_index *ix, const struct weir_adl_view *v, uint32_t node,
                         int64_t *most) {
    const struct weir_adl_node *n = weir_adl_node_at(ix, node);
    uint32_t best = 0;
    *most = INT64_MIN;
    for (uint32_t i = 0; i < n->count; i++) {
        int64_t key = weir_adl_bound(ix, v, &n->box[i]);
        if (key <= *most) continue;
        *most = key;
        best = i;
    }
    return best;
}

/* Goes straight down to a position, for a score to begin with: most boxes are below it. */
static void descend(struct weir_adl_index *ix) {
    int64_t best = INT64_MIN, most;
    const struct weir_adl_view *v = NULL;
    for (int family = 0; family < WEIR_ADL_FAMILIES; family++) {
        uint32_t root = ix->view[family].line->root;
        if (root == WEIR_NO_INDEX) continue;
        best_box(ix, &ix->view[family], root, &most);
        if (v != NULL && most <= best) continue;
        best = most;
        v = &ix->view[family];
    }
    if (v == NULL) return;
    const struct weir_adl_node *n;
    uint32_t node = v->line->root, at;
    for (;; node = n->child[at]) {
        n = weir_adl_node_at(ix, node);
        at = best_box(ix, v, node, &most);
        if (n->level == 0) break;
    }
    struct weir_adl_candidate c;
    ix->examined++;
    if (weir_adl_candidate_at(ix->x, n->box[at].leg, ix->owner, &c)) ix->best = key_of(ix, &c);
}

void weir_adl_tree_search(struct weir_adl_index *ix, enum weir_adl_way way) {
    ix->way = way;
    ix->heap.count = ix->seen.count = ix->open.count = ix->rest.count = 0;
    ix->opened = 0;
    ix->best = ix->rest_key = INT64_MIN;
    ix->given = 0;
    for (int family = 0; family < WEIR_ADL_FAMILIES; family++) {
        uint32_t root = ix->view[family].line->root;
        if (root == WEIR_NO_INDEX) continue;
        add(&ix->open,
            (struct weir_adl_item){
                .key = INT64_MAX, .place = root, .family = (uint8_t)family, .children = CHILDREN});
    }
    if (way == WEIR_ADL_FIRST && !ask_next(ix)) descend(ix);
}

void weir_adl_search(struct weir_adl_index *ix, uint32_t market, enum weir_side side,
                     uint32_t owner) {
    WEIR_CHECK(weir_adl_indexed(ix->x->venue->adl_ranking));
    ix->market = market;
    ix->side = side;
    ix->owner = owner;
    weir_adl_begin(ix, market, side);
    weir_adl_make_good(ix, market, side == WEIR_SELL);
    ix->in_front = weir_adl_front_search(ix);
    if (!ix->in_front) weir_adl_tree_search(ix, WEIR_ADL_FIRST);
}

/* What is to be looked at next; false: nobody is left. */
static bool take(struct weir_adl_index *ix, struct weir_adl_item *item) {
    if (ix->opened < ix->open.count) {
        *item = *WEIR_AT(&ix->open, struct weir_adl_item, ix->opened++);
        return true;
    }
    /* An exact score is above what was left out for being below it. */
    if (ix->rest.count > 0 && (ix->heap.count == 0 || item_at(ix, 0)->key <= ix->rest_key)) {
        for (uint32_t i = 0; i < ix->rest.count; i++)
            push(ix, *WEIR_AT(&ix->rest, struct weir_adl_item, i));
        ix->rest.count = 0;
        ix->rest_key = INT64_MIN;
    }
    if (ix->heap.count == 0) return false;
    *item = pop(ix);
    for (uint32_t i = 0; i < 3 && i < ix->heap.count; i++) {
        const struct weir_adl_item *soon = item_at(ix, i);
        if (soon->exact || soon->children != 0) continue;
        const struct weir_adl_node *n = weir_adl_node_at(ix, soon->place / FANOUT);
        const struct weir_leg *g = weir_leg_at(&ix->x->ledger, n->box[soon->place % FANOUT].leg);
        __builtin_prefetch(weir_scope_at(&ix->x->ledger, g->scope), 1);
        __builtin_prefetch(weir_account_at(&ix->x->ledger, g->account));
    }
    return true;
}

bool weir_adl_tree_next(struct weir_adl_index *ix, struct weir_adl_candidate *out) {
    for (struct weir_adl_item item; take(ix, &item);) {
        if (item.exact) {
            *out = *WEIR_AT(&ix->seen, struct weir_adl_candidate, item.place);
            if (ix->given++ == 0 && ix->way == WEIR_ADL_FIRST) note_next(ix, out->leg);
            return true;
        }
        if (item.children != 0 && ix->keys)
            open_by_keys(ix, &item);
        else if (item.children != 0)
            open_node(ix, &item);
        else
            look_at(ix, &item);
    }
    return false;
}

static bool find_next(struct weir_adl_index *ix, struct weir_adl_candidate *out) {
    if (!ix->in_front) return weir_adl_tree_next(ix, out);
    if (weir_adl_front_next(ix, out)) return true;
    if (weir_adl_front_complete(ix)) return false;
    ix->in_front = false;
    weir_adl_tree_search(ix, WEIR_ADL_BEHIND);
    return weir_adl_tree_next(ix, out);
}

bool weir_adl_next(struct weir_adl_index *ix, struct weir_adl_candidate *out) {
    if (!find_next(ix, out)) return false;
    weir_adl_front_count(ix);
    return true;
}
