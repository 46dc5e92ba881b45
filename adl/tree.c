/* The tree of a line of the ranking index: nodes of positions in the order of a curve. */
#include "adl/ranking.h"

#define FANOUT WEIR_ADL_FANOUT

/* The lower 16 bits at even places. */
static uint32_t spread(uint32_t n) {
    n = (n | n << 8) & 0x00ff00ff;
    n = (n | n << 4) & 0x0f0f0f0f;
    n = (n | n << 2) & 0x33333333;
    return (n | n << 1) & 0x55555555;
}

/* A place on a curve through (entry, rest) on which neighbours are alike in both, relative to the
 * value at which the line began. It only decides who stands beside whom. */
uint32_t weir_adl_curve(const struct weir_adl_view *v, const struct weir_adl_box *b) {
    int64_t value = v->line->value, unit = weir_max(1, value >> 14), rest = b->rest;
    /* Per value held: what leverage depends on. */
    int64_t gain = v->posted ? 0 : v->grows ? value - b->low : b->low - value;
    if (b->others > 0)
        rest = (int64_t)((weir_wide)(rest + gain) * value / ((weir_wide)value + b->others)) - gain;
    uint32_t x = (uint32_t)weir_clamp(b->low / unit, 0, 65535) & ~UINT32_C(63);
    /* In parts of the entry: those who chose the same leverage are alike. */
    rest = (int64_t)((weir_wide)weir_clamp(rest, -value, 4 * value) * value / weir_max(1, b->low));
    uint32_t y = (uint32_t)weir_clamp(rest / unit + 8192, 0, 65535);
    return spread(x) << 1 | spread(y);
}

uint32_t weir_adl_place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                        const struct weir_adl_box *b) {
    return v->keys && v->keys->place ? v->keys->place(ix, v, b) : weir_adl_curve(v, b);
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static uint32_t node_new(struct weir_adl_index *ix, uint8_t level) {
    uint32_t i = ix->first_free;
    if (i != WEIR_NO_INDEX)
        ix->first_free = weir_adl_node_at(ix, i)->parent;
    else
        i = weir_pool_add(&ix->nodes, 1);
    if (i == WEIR_NO_INDEX) return i;
    struct weir_adl_node *n = weir_adl_node_at(ix, i);
    n->parent = WEIR_NO_INDEX;
    n->level = level;
    n->at = n->count = 0;
    n->loose = false;
    return i;
}

static void node_free(struct weir_adl_index *ix, uint32_t i) {
    weir_adl_node_at(ix, i)->parent = ix->first_free;
    ix->first_free = i;
}

/* Whoever stands in this box of a node is told so. */
static void tell(struct weir_adl_index *ix, uint32_t node, uint32_t i) {
    const struct weir_adl_node *n = weir_adl_node_at(ix, node);
    if (n->level > 0) {
        struct weir_adl_node *child = weir_adl_node_at(ix, n->child[i]);
        child->parent = node;
        child->at = (uint8_t)i;
        return;
    }
    uint32_t *slot = weir_adl_slot_at(ix, n->box[i].leg);
    *slot = (*slot & ~WEIR_ADL_SLOT_MASK) | (node * FANOUT + i + 1);
}

static void copy(struct weir_adl_node *to, uint32_t i, const struct weir_adl_node *from,
                 uint32_t j) {
    to->box[i] = from->box[j];
    to->key[i] = from->key[j];
    to->child[i] = from->child[j];
}

/* The box around all of a node. */
static struct weir_adl_box around(struct weir_adl_index *ix, const struct weir_adl_view *v,
                                  const struct weir_adl_node *n) {
    struct weir_adl_box sum = {.rest = WEIR_ADL_EMPTY, .leg = WEIR_NO_INDEX};
    for (uint32_t i = 0; i < n->count; i++)
        weir_adl_widen(ix, v, &sum, &n->box[i]);
    return sum;
}

/* By place; positions stand in no order until then. */
static void sort(struct weir_adl_index *ix, uint32_t node) {
    struct weir_adl_node *n = weir_adl_node_at(ix, node), t;
    for (uint32_t i = 1; i < n->count; i++) {
        uint32_t j = i;
        if (n->key[i] >= n->key[i - 1]) continue;
        copy(&t, 0, n, i);
        for (; j > 0 && n->key[j - 1] > t.key[0]; j--)
            copy(n, j, n, j - 1);
        copy(n, j, &t, 0);
    }
    for (uint32_t i = 0; i < n->count; i++)
        tell(ix, node, i);
}

static void hang(struct weir_adl_index *ix, const struct weir_adl_view *v, uint32_t parent,
                 uint32_t at, uint32_t node) {
    struct weir_adl_node *p = weir_adl_node_at(ix, parent);
    const struct weir_adl_node *n = weir_adl_node_at(ix, node);
    for (uint32_t i = p->count++; i > at; i--) {
        copy(p, i, p, i - 1);
        tell(ix, parent, i);
    }
    p->box[at] = around(ix, v, n);
    p->key[at] = n->key[0];
    p->child[at] = node;
    tell(ix, parent, at);
}

/* Makes two of a full node, whose parent has room. False: no nodes. */
static bool split(struct weir_adl_index *ix, const struct weir_adl_view *v, uint32_t node) {
    struct weir_adl_line *line = weir_adl_line_at(ix, v->market, v->side, v->mixed);
    struct weir_adl_node *n = weir_adl_node_at(ix, node);
    bool is_root = n->parent == WEIR_NO_INDEX;
    uint32_t root = is_root ? node_new(ix, (uint8_t)(n->level + 1)) : WEIR_NO_INDEX;
    uint32_t second = is_root && root == WEIR_NO_INDEX ? root : node_new(ix, n->level);
    if (second == WEIR_NO_INDEX) {
        if (root != WEIR_NO_INDEX) node_free(ix, root);
        return false;
    }
    if (n->level == 0) sort(ix, node);
    if (is_root) {
        hang(ix, v, root, 0, node);
        line->root = root;
    }
    struct weir_adl_node *s = weir_adl_node_at(ix, second);
    for (uint32_t i = FANOUT / 2; i < FANOUT; i++) {
        copy(s, s->count, n, i);
        tell(ix, second, s->count++);
    }
    n->count = FANOUT / 2;
    weir_adl_node_at(ix, n->parent)->box[n->at] = around(ix, v, n);
    hang(ix, v, n->parent, n->at + 1u, second);
    return true;
}

bool weir_adl_put(struct weir_adl_index *ix, const struct weir_adl_view *v, uint32_t place,
                  const struct weir_adl_box *b) {
    struct weir_adl_line *line = weir_adl_line_at(ix, v->market, v->side, v->mixed);
    if (line->root == WEIR_NO_INDEX) line->root = node_new(ix, 0);
    uint32_t node = line->root;
    if (node == WEIR_NO_INDEX) return false;
    for (;;) {
        struct weir_adl_node *n = weir_adl_node_at(ix, node);
        if (n->count == FANOUT) {
            if (!split(ix, v, node)) return false;
            /* Its upper half stands beside it now. */
            const struct weir_adl_node *p = weir_adl_node_at(ix, n->parent);
            if (place >= p->key[n->at + 1]) {
                node = p->child[n->at + 1];
                n = weir_adl_node_at(ix, node);
            }
            weir_adl_widen(ix, v, &weir_adl_node_at(ix, n->parent)->box[n->at], b);
        }
        if (n->level == 0) {
            uint32_t i = n->count++;
            n->box[i] = *b;
            n->key[i] = place;
            *weir_adl_slot_at(ix, b->leg) = (uint32_t)v->side << 30 | (uint32_t)v->mixed << 31;
            tell(ix, node, i);
            return true;
        }
        uint32_t i = 0;
        while (i + 1u < n->count && place >= n->key[i + 1])
            i++;
        weir_adl_widen(ix, v, &n->box[i], b);
        node = n->child[i];
    }
}

/* ---- All at once ----------------------------------------------------------------------------- */

#define FULL   (FANOUT - 1) /* of a node at first */
#define LEVELS 24

static void close_node(struct weir_adl_index *ix, const struct weir_adl_view *v, uint32_t node) {
    const struct weir_adl_node *n = weir_adl_node_at(ix, node);
    if (n->parent != WEIR_NO_INDEX) weir_adl_node_at(ix, n->parent)->box[n->at] = around(ix, v, n);
}

/* last[0,*levels): the last node of every level. Makes room in them for a position of this place,
 * those that are full are closed and have another beside them. False: no nodes. */
static bool make_room(struct weir_adl_index *ix, const struct weir_adl_view *v, uint32_t *last,
                      uint32_t *levels, uint32_t place) {
    uint32_t full = 0;
    while (full < *levels && weir_adl_node_at(ix, last[full])->count == FULL)
        close_node(ix, v, last[full++]);
    if (full > 0 && full == *levels) { /* a new root, above the old one */
        uint32_t root = node_new(ix, (uint8_t)full);
        if (root == WEIR_NO_INDEX) return false;
        WEIR_CHECK(full < LEVELS);
        hang(ix, v, root, 0, last[full - 1]);
        last[(*levels)++] = root;
    }
    for (uint32_t k = full; k-- > 0;) {
        uint32_t node = node_new(ix, (uint8_t)k);
        if (node == WEIR_NO_INDEX) return false;
        weir_adl_node_at(ix, node)->key[0] = place;
        hang(ix, v, last[k + 1], weir_adl_node_at(ix, last[k + 1])->count, node);
        last[k] = node;
    }
    return true;
}

bool weir_adl_fill(struct weir_adl_index *ix, const struct weir_adl_view *v,
                   const struct weir_adl_box *boxes, const uint64_t *order, uint32_t n) {
    struct weir_adl_line *line = weir_adl_line_at(ix, v->market, v->side, v->mixed);
    uint32_t last[LEVELS] = {node_new(ix, 0)}, levels = 1;
    if (last[0] == WEIR_NO_INDEX) return false;
    for (uint32_t i = 0; i < n; i++) {
        bool room = make_room(ix, v, last, &levels, (uint32_t)(order[i] >> 32));
        line->root = last[levels - 1];
        if (!room) return false;
        struct weir_adl_node *leaf = weir_adl_node_at(ix, last[0]);
        uint32_t at = leaf->count++;
        leaf->box[at] = boxes[(uint32_t)order[i]];
        leaf->key[at] = (uint32_t)(order[i] >> 32);
        *weir_adl_slot_at(ix, leaf->box[at].leg) = (uint32_t)v->side << 30 | (uint32_t)v->mixed
                                                                                 << 31;
        tell(ix, last[0], at);
    }
    for (uint32_t k = 0; k < levels; k++)
        close_node(ix, v, last[k]);
    return true;
}

/* ---- Out ------------------------------------------------------------------------------------- */

/* Takes a node that is empty out of the tree, and those that are empty without it. */
static void unhang(struct weir_adl_index *ix, struct weir_adl_line *line, uint32_t node) {
    while (node != WEIR_NO_INDEX && weir_adl_node_at(ix, node)->count == 0) {
        const struct weir_adl_node *n = weir_adl_node_at(ix, node);
        uint32_t parent = n->parent, at = n->at;
        node_free(ix, node);
        node = parent;
        if (parent == WEIR_NO_INDEX) {
            line->root = WEIR_NO_INDEX;
            return;
        }
        struct weir_adl_node *p = weir_adl_node_at(ix, parent);
        p->loose = true;
        p->count--;
        for (uint32_t i = at; i < p->count; i++) {
            copy(p, i, p, i + 1);
            tell(ix, parent, i);
        }
    }
    for (;;) { /* a root of one */
        const struct weir_adl_node *r = weir_adl_node_at(ix, line->root);
        if (r->level == 0 || r->count > 1) return;
        uint32_t child = r->child[0];
        node_free(ix, line->root);
        line->root = child;
        weir_adl_node_at(ix, child)->parent = WEIR_NO_INDEX;
    }
}

void weir_adl_take(struct weir_adl_index *ix, struct weir_adl_line *line, uint32_t slot) {
    uint32_t node = slot / FANOUT, i = slot % FANOUT;
    struct weir_adl_node *n = weir_adl_node_at(ix, node);
    *weir_adl_slot_at(ix, n->box[i].leg) = 0;
    n->count--;
    if (i < n->count) {
        copy(n, i, n, n->count);
        tell(ix, node, i);
    }
    n->loose = true;
    if (n->count == 0) unhang(ix, line, node);
}

void weir_adl_refresh(struct weir_adl_index *ix, enum weir_adl_family family, uint32_t slot) {
    struct weir_adl_node *n = weir_adl_node_at(ix, slot / FANOUT);
    struct weir_adl_box *b = &n->box[slot % FANOUT];
    const struct weir_leg *g = weir_leg_at(&ix->x->ledger, b->leg);
    struct weir_adl_view v;
    weir_adl_view_line(ix, g->market, g->size < 0, (int)family, &v);
    weir_adl_box_of(ix, v.line, family, b->leg, b);
    n->loose = true;
    while (n->parent != WEIR_NO_INDEX) {
        uint32_t at = n->at;
        n = weir_adl_node_at(ix, n->parent);
        /* Boxes of mixed lines change their epochs, and do not contain one another for good. */
        if (!weir_adl_widen(ix, &v, &n->box[at], b) && !v.mixed) return;
    }
}

void weir_adl_line_drop(struct weir_adl_index *ix, uint32_t market, int side, int family) {
    struct weir_adl_line *line = weir_adl_line_at(ix, market, side, family);
    uint32_t node = line->root;
    line->root = WEIR_NO_INDEX;
    while (node != WEIR_NO_INDEX) { /* downwards as long as there is something, else up */
        struct weir_adl_node *n = weir_adl_node_at(ix, node);
        if (n->count > 0 && n->level > 0) {
            node = n->child[--n->count];
            continue;
        }
        while (n->count > 0)
            *weir_adl_slot_at(ix, n->box[--n->count].leg) = 0;
        uint32_t parent = n->parent;
        node_free(ix, node);
        node = parent;
    }
}
