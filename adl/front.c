/* The front of a line: its first, kept in order while prices stay, for who is asked again and again
 * at the same prices. What a search finds is what the next one begins with, less those who were
 * touched since, who are looked at anew. */
#include "adl/index.h"

#include <string.h>

#define FIRST 8 /* how many are found at first */
#define FEW   4 /* fewer than that: more are found before one asks */

static struct weir_adl_front *asked(const struct weir_adl_index *ix) {
    return &ix->fronts[ix->market * 2 + (ix->side == WEIR_SELL)];
}

static struct weir_adl_place_in_line place_of(const struct weir_adl_candidate *c) {
    return (struct weir_adl_place_in_line){.score = c->score, .order = c->order, .leg = c->leg};
}
static bool before(const struct weir_adl_place_in_line *a, const struct weir_adl_place_in_line *b) {
    return a->score != b->score ? a->score > b->score : a->order < b->order;
}

static void take_out(struct weir_adl_front *f, uint32_t i) {
    f->count--;
    memmove(&f->item[i], &f->item[i + 1], (f->count - i) * sizeof *f->item);
}

/* Who comes behind the last that is known for sure is for the tree to find. */
static void put_in(struct weir_adl_front *f, const struct weir_adl_place_in_line *at) {
    if (!f->complete && !before(at, &f->floor)) return;
    if (f->count == WEIR_ADL_FRONT) {
        f->floor = f->item[0];
        f->complete = false;
        take_out(f, 0);
        if (!before(at, &f->floor)) return;
    }
    uint32_t i = f->count++;
    for (; i > 0 && before(&f->item[i - 1], at); i--)
        f->item[i] = f->item[i - 1];
    f->item[i] = *at;
}

void weir_adl_front_follow(struct weir_adl_index *ix, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&ix->x->ledger, leg);
    for (uint32_t side = 0; side < 2; side++) {
        struct weir_adl_front *f = &ix->fronts[g->market * 2 + side];
        if (f->version != ix->version) continue;
        for (uint32_t i = f->count; i-- > 0;)
            if (f->item[i].leg == leg) take_out(f, i);
        struct weir_adl_candidate c;
        if (g->size == 0 || (g->size < 0) != side) continue;
        if (!weir_adl_candidate_at(ix->x, leg, WEIR_NO_INDEX, &c)) continue;
        struct weir_adl_place_in_line at = place_of(&c);
        put_in(f, &at);
    }
}

/* Finds the first of the line, whoever asks. */
static void fill(struct weir_adl_index *ix, struct weir_adl_front *f) {
    struct weir_adl_candidate c;
    uint32_t owner = ix->owner, n = 0;
    ix->owner = WEIR_NO_INDEX;
    weir_adl_tree_search(ix, WEIR_ADL_SEVERAL);
    while (n < f->want && weir_adl_tree_next(ix, &c))
        f->item[WEIR_ADL_FRONT - ++n] = place_of(&c);
    memmove(f->item, &f->item[WEIR_ADL_FRONT - n], n * sizeof *f->item);
    ix->owner = owner;
    f->version = ix->version;
    f->count = n;
    f->complete = n < f->want;
    if (!f->complete) f->floor = f->item[0];
}

bool weir_adl_front_search(struct weir_adl_index *ix) {
    struct weir_adl_front *f = asked(ix);
    if (ix->x->venue->adl_ranking == WEIR_RANK_ROTATION) return false; /* turns move its order */
    bool again = f->asked == ix->version, kept = f->version == ix->version;
    /* Who takes many at once is served by the tree. */
    bool many = f->given > WEIR_ADL_FRONT / 2;
    if (!again) { /* about as many as were needed at the prices before; none where one asked alone
                   */
        f->want = f->searches < 2 ? 0 : (uint32_t)weir_min(f->used + FIRST, WEIR_ADL_FRONT);
        f->searches = f->used = 0;
    }
    f->asked = ix->version;
    f->searches += f->searches < 2;
    f->given = 0;
    if (many || (!again && f->want == 0)) return false;
    if (!kept || (f->count < FEW && !f->complete)) {
        if (again) f->want = (uint32_t)weir_min(f->want * 2, WEIR_ADL_FRONT);
        f->want = (uint32_t)weir_max(f->want, FIRST);
        fill(ix, f);
    }
    f->at = f->count;
    return true;
}

void weir_adl_front_count(struct weir_adl_index *ix) {
    struct weir_adl_front *f = asked(ix);
    f->given++;
    f->used++;
}

bool weir_adl_front_has(const struct weir_adl_index *ix, uint32_t leg) {
    const struct weir_adl_front *f = asked(ix);
    for (uint32_t i = 0; i < f->count; i++)
        if (f->item[i].leg == leg) return true;
    return false;
}

bool weir_adl_front_next(struct weir_adl_index *ix, struct weir_adl_candidate *out) {
    struct weir_adl_front *f = asked(ix);
    while (f->at > 0) {
        struct weir_adl_place_in_line was = f->item[--f->at];
        ix->examined++;
        if (!weir_adl_candidate_at(ix->x, was.leg, ix->owner, out)) {
            /* Until he is touched; the owner's own are for others. */
            const struct weir_leg *g = weir_leg_at(&ix->x->ledger, was.leg);
            if (weir_leg_owner(&ix->x->ledger, g) != ix->owner) take_out(f, f->at);
            continue;
        }
        struct weir_adl_place_in_line now = place_of(out);
        if (now.score == was.score) return true;
        /* What a scope gains without being touched makes it a later one. */
        WEIR_CHECK(now.score < was.score);
        uint32_t count = f->count;
        take_out(f, f->at);
        put_in(f, &now);
        if (f->count == count) f->at++;
    }
    return false;
}

bool weir_adl_front_complete(const struct weir_adl_index *ix) {
    return asked(ix)->complete;
}
