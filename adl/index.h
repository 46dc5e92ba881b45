/* The ranking index (R28): finds who is first in line without looking at everybody. What follows is
 * told of `pnl_leverage`; other rankings put keys of their own in place of its scores and their
 * bounds (adl/ranking.h), and use the same tree and search.
 *
 * The rank depends on u = P&L / V and L = notional / share, which move with every mark and, by way
 * of the share, with all else the scope holds. Written per lot of a position whose lots are worth v
 * and gain x: the share is E * MM_i / MM, so L = (v + h) / (rest + x), where `rest` is the scope's
 * equity without the position's gain, and h is what the other positions require, in value of this
 * one that requires as much. Neither depends on the own mark (while the own rate is one; else its
 * least is taken). The score falls as the rest grows and grows with h, and over a range of entry
 * values its maximum is known in closed form. So a box around any set of positions, the range of
 * their entries and the least rest, bounds all their scores from above, at every mark at once.
 *
 * Positions of a side stand in a tree of nodes, in the order of a curve on which neighbours are
 * alike in both; its boxes hold all that is below them. A search takes the box with the best bound,
 * opens it, and ends with a position whose exact score, computed from its scope's health, no bound
 * reaches: the first in line. Going on gives the second, and so on.
 *
 * - `alone`: scopes with one position and nothing else: h is 0, and only charges of the side move
 *   the rest, of all by the same. The bound of a leaf is exact but for rounding.
 * - `mixed`: the others. What the rest may lose and h may gain as the other marks, their charges
 *   and collateral prices move is slack * D, D the largest such move relative to fixed base prices
 *   since the box's epoch (a remembered state of all prices, opened whenever something has moved
 *   by 1/512). Valid while nothing has moved by an eighth, tiers considered; behind that, and for
 *   whatever this does not cover, a healthy scope's leverage is at most the inverse of the lowest
 *   maintenance rate. A position that is looked at exactly gets a new epoch, so that the slack of
 *   those in front stays small. Boxes of boxes, whose h differ, keep the least share / notional
 *   instead, with a slack that counts the own mark, too.
 *
 * Upkeep (R20: the work of a command is bounded): none until somebody of the other side is
 * liquidated. That begins the line: WEIR_ADL_PIECE of the market's positions a command are put in
 * their places (weir_adl_ahead), more by a clock, behind which no order waits, and what is left of
 * it only when a search comes before the end.
 * From then on a scope that is touched is put in a list once (weir_touch). Commands shorten the
 * list in proportion to its length, so that it stays within a small multiple of what one command
 * touches; a search bounds the positions of all in it anew. */
#ifndef WEIR_ADL_INDEX_H
#define WEIR_ADL_INDEX_H

#include "adl/adl.h"
#include "margin/margin.h"

#define WEIR_ADL_FANOUT     8
#define WEIR_ADL_PIECE      4
#define WEIR_ADL_PIECE_IDLE 32
#define WEIR_ADL_EPOCHS     4000
#define WEIR_ADL_NEXT       8
#define WEIR_ADL_FRONT      160

enum weir_adl_family { WEIR_ADL_ALONE = 0, WEIR_ADL_MIXED, WEIR_ADL_FAMILIES };

/* Bounds of a position, or of all in a subtree. Per lot, in units times 2^shift of the line. */
struct weir_adl_box {
    int64_t low, high; /* entry values */
    int64_t rest;      /* the least; WEIR_ADL_EMPTY: nobody. A box of mixed boxes, where h may be
                          anything: share / notional, times 2^30, and `slack` of that */
    int64_t others;    /* h of a leaf */
    int64_t slack;     /* mixed: what both may move by, a move of all prices by their base */
    uint32_t leg;      /* of a leaf, else WEIR_NO_INDEX */
    uint16_t epoch;    /* mixed: `rest` counts from here */
    uint16_t oldest;   /* mixed: the first epoch from which some position below counts */
};
#define WEIR_ADL_EMPTY    INT64_MAX
#define WEIR_ADL_ENTRY_UP (INT64_C(1) << 40) /* entries are at most that: then it may be more */

/* A node of the tree: positions (level 0) in no order, or nodes by their places on the curve. */
struct weir_adl_node {
    struct weir_adl_box box[WEIR_ADL_FANOUT];
    uint32_t key[WEIR_ADL_FANOUT];   /* places; of a node: the least that was below it */
    uint32_t child[WEIR_ADL_FANOUT]; /* nodes */
    uint32_t parent;                 /* WEIR_NO_INDEX: the root. Of a free one: the next */
    uint8_t at;                      /* where it stands in its parent */
    uint8_t level, count;
    bool loose; /* something below may have shrunk since its parent's box was drawn */
};

/* Positions of one market, side and family. */
struct weir_adl_line {
    uint32_t root;     /* WEIR_NO_INDEX: nobody */
    weir_wide charged; /* what a lot of the side had paid when it was begun */
    int64_t value;     /* a lot's value then: what places on the curve are relative to */
    int shift;
};

enum weir_adl_progress { WEIR_ADL_NONE = 0, WEIR_ADL_BEGUN, WEIR_ADL_READY };

/* Both families of a market's side. */
struct weir_adl_side {
    enum weir_adl_progress state;
    uint32_t left; /* begun: of the market's list of positions those before it are to come */
    uint32_t next[WEIR_ADL_NEXT];    /* legs that were near the first when last asked */
    int64_t next_key[WEIR_ADL_NEXT]; /* and their bounds then */
    uint32_t next_count;
};

/* What orders a position of a line. */
struct weir_adl_place_in_line {
    weir_wide score;
    uint64_t order;
    uint32_t leg;
};

/* The first of a side in order, the very first last, while prices are of `version`. Nobody else is
 * before `floor`, unless he was touched; `complete`: nobody else is eligible. */
struct weir_adl_front {
    struct weir_adl_place_in_line item[WEIR_ADL_FRONT], floor;
    uint32_t count, at;      /* at: those before it are to come in this search */
    uint32_t want;           /* how many are to be found when it is filled */
    uint32_t searches;       /* since prices changed, up to 2 */
    uint32_t given, used;    /* given out by the last search; at the prices of `asked` */
    uint64_t version, asked; /* of prices: of the items, of the last search */
    bool complete;
};

/* A state of all prices. */
struct weir_adl_prices {
    weir_price mark;
    weir_wide charged[2]; /* a long and a short lot */
};

struct weir_adl_keys;
/* The line of a search at present marks. */
struct weir_adl_view {
    const struct weir_adl_line *line;
    uint32_t market;
    bool grows;              /* positions gain as value grows */
    bool posted;             /* shares are of the balance: gains do not count in them */
    bool mixed, alone_exact; /* the family; whether the share of `alone` is exact in units */
    int side;                /* 0: longs */
    bool linear, exact;      /* contract; whether `low` is a lot's value, not rounded */
    const struct weir_adl_keys *keys; /* NULL: pnl_leverage */
    bool far;                         /* out of the range in which bounds are good */
    int64_t low, high;                /* a lot's value at mark, both ends of its rounding */
    int64_t base;                     /* at the base mark, rounded up */
    int64_t offset;                   /* of the rest at this mark and these charges */
    int64_t leverage_cap;             /* times 2^20; INT64_MAX: none */
};

struct weir_adl_item {
    int64_t key;    /* bound, or the exact score saturated */
    uint32_t place; /* a node; of a position: node * FANOUT + box; exact: in `seen` */
    uint8_t family;
    uint8_t children; /* of a node, bits of those that `key` bounds: not looked at further so far;
                         0: a position */
    bool exact;
};

/* How the tree is searched: for the first, as a rule; for several, best bound first from the
 * beginning; for who is not in the front, which has been given out. */
enum weir_adl_way { WEIR_ADL_FIRST = 0, WEIR_ADL_SEVERAL, WEIR_ADL_BEHIND };

struct weir_adl_index {
    struct weir_exchange *x;
    const struct weir_adl_keys *keys; /* of the ranking; NULL: pnl_leverage */
    struct weir_adl_line *lines;      /* [(market * 2 + side) * 2 + family]; side 0: longs */
    struct weir_adl_side *sides;      /* [market * 2 + side] */
    struct weir_adl_front *fronts;    /* the same */
    uint32_t *begun;                  /* of those the ones that are begun, first come first */
    uint32_t begun_count;
    struct weir_pool nodes; /* struct weir_adl_node, of all lines */
    uint32_t first_free;    /* node; WEIR_NO_INDEX: none */
    struct weir_pool slots; /* per leg: where it is; 0: nowhere */
    bool ascending;         /* positions come in the order of their places */
    /* Epochs: states[epoch * markets + market], collateral[epoch * assets + asset]. */
    struct weir_adl_prices *states, *base;
    int64_t *collateral, collateral_base[WEIR_ASSETS_MAX];
    struct weir_adl_prices *last; /* prices as of the last look */
    int64_t last_collateral[WEIR_ASSETS_MAX];
    uint64_t last_seq, version;                   /* of them and the command, > 0 */
    uint64_t stamp, drift_stamp[WEIR_ADL_EPOCHS]; /* prices as of the last look */
    int64_t drift[WEIR_ADL_EPOCHS];               /* since the epoch, times 2^30 */
    int64_t drift_others[WEIR_ADL_EPOCHS];        /* all but the market's of the search */
    uint32_t epoch;                               /* the present one */
    uint32_t epochs_present;                      /* those below have memory */
    bool started;                                 /* epochs are kept */
    bool all_priced;                              /* every market has its base price */
    struct weir_pool order[2];                    /* scratch of building at once: uint64_t */
    struct weir_pool boxes;                       /* and struct weir_adl_box */
    /* The search: */
    struct weir_pool heap; /* struct weir_adl_item */
    struct weir_pool open; /* the same, from `opened` on: nodes to be opened in any case */
    struct weir_pool rest; /* the same: parts of nodes that were left out, keys up to rest_key */
    uint32_t opened;
    int64_t rest_key;
    struct weir_pool seen; /* struct weir_adl_candidate looked at exactly */
    struct weir_adl_view view[WEIR_ADL_FAMILIES];
    uint32_t market, owner;
    enum weir_side side; /* of the positions: buy = longs */
    enum weir_adl_way way;
    bool in_front;              /* the front serves */
    int64_t best;               /* exact score found by this search; INT64_MIN: none */
    uint32_t given;             /* by this search */
    uint64_t examined, bounded; /* so far: exact looks, bounds of positions */
    uint64_t builds;            /* lines that a search had to build the rest of */
};

/* Has the ranking an index? Searches of others are refused. */
bool weir_adl_indexed(enum weir_ranking ranking);
/* rotation: accounts of this order and behind it have their turns in this round. */
uint64_t weir_adl_turn(const struct weir_exchange *x, uint32_t market, int side);
int weir_adl_index_new(struct weir_adl_index *ix, struct weir_exchange *x);
void weir_adl_index_free(struct weir_adl_index *ix);
/* Tells of its pools / memory of epochs to come is made present, outside the hot loop. */
void weir_adl_index_pools(struct weir_adl_index *ix, weir_pool_visit visit, void *ctx);
void weir_adl_index_make_room(struct weir_adl_index *ix);

/* Is this position eligible as R28 counts (share, health; not of `owner`, WEIR_NO_INDEX: nobody's)?
 * Fills *out, score included. O(legs of its scope). */
bool weir_adl_candidate_at(const struct weir_exchange *x, uint32_t leg, uint32_t owner,
                           struct weir_adl_candidate *out);
/* The same for who is not eligible so, but whose bankruptcy price overlaps `bankruptcy`, that of an
 * opposite position (any_overlap); size: the lots that are not on offer. */
bool weir_adl_overlap_at(const struct weir_exchange *x, uint32_t leg, uint32_t owner,
                         weir_price bankruptcy, struct weir_adl_candidate *out);

/* Begins a search at present marks among the positions of a side (buy = longs) that are not
 * `owner`'s / the next eligible one in order of rank; false: no more. Between both, only positions
 * that were given out may change. */
void weir_adl_search(struct weir_adl_index *ix, uint32_t market, enum weir_side side,
                     uint32_t owner);
bool weir_adl_next(struct weir_adl_index *ix, struct weir_adl_candidate *out);

/* The line of a side (buy = longs) may be needed: from now on it is built and kept. */
void weir_adl_begin(struct weir_adl_index *ix, uint32_t market, enum weir_side side);
/* A command's part of building and keeping lines: `most` more positions. */
void weir_adl_ahead(struct weir_adl_index *ix, uint32_t most);

/* ---- Private to adl/ ------------------------------------------------------------------------- */
/* Bound of a box's scores, INT64_MAX: unknown. INT64_MIN: nobody in it is eligible. */
int64_t weir_adl_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       const struct weir_adl_box *b);
/* Is it certain, without a division, that no score in the box is above one > 0 of this level? */
int64_t weir_adl_level(int64_t score);
bool weir_adl_below(struct weir_adl_index *ix, const struct weir_adl_view *v,
                    const struct weir_adl_box *b, int64_t level);
/* How far prices are from those of an epoch, at most, times 2^30 / those that are not of the
 * market, or no less. */
int64_t weir_adl_drift(struct weir_adl_index *ix, uint32_t epoch);
int64_t weir_adl_drift_beside(struct weir_adl_index *ix, uint32_t epoch, uint32_t market);
/* Looks at prices; opens an epoch when they moved. False: no epoch is left, mixed lines are to be
 * built again. */
bool weir_adl_look_at_prices(struct weir_adl_index *ix);
void weir_adl_start_epochs(struct weir_adl_index *ix);
/* Takes a box into another one of the same line. True when that changed. */
bool weir_adl_widen(struct weir_adl_index *ix, const struct weir_adl_view *v,
                    struct weir_adl_box *outer, const struct weir_adl_box *inner);
/* What a mixed box's bounds have moved by, at most, since its epoch; INT64_MAX: no telling. */
int64_t weir_adl_moved(struct weir_adl_index *ix, const struct weir_adl_view *v,
                       const struct weir_adl_box *b);
void weir_adl_view_line(const struct weir_adl_index *ix, uint32_t market, int side, int family,
                        struct weir_adl_view *v);
/* A position's family and box in its line at present prices. */
enum weir_adl_family weir_adl_family_of(const struct weir_adl_index *ix, const struct weir_leg *g);
void weir_adl_box_of(struct weir_adl_index *ix, const struct weir_adl_line *line,
                     enum weir_adl_family family, uint32_t leg, struct weir_adl_box *out);

static inline struct weir_adl_line *weir_adl_line_at(const struct weir_adl_index *ix,
                                                     uint32_t market, int side, int family) {
    return &ix->lines[(market * 2 + (uint32_t)side) * 2 + (uint32_t)family];
}
static inline struct weir_adl_node *weir_adl_node_at(const struct weir_adl_index *ix, uint32_t i) {
    return WEIR_AT(&ix->nodes, struct weir_adl_node, i);
}
/* Does a position of this side gain as the value of its lots grows? */
static inline bool weir_adl_grows(const struct weir_market *m, int side) {
    return (weir_long_sign(m) > 0) == (side == 0);
}
/* Begins a line that has nobody yet at present prices / leaves all of it. */
void weir_adl_line_begin(struct weir_adl_index *ix, uint32_t market, int side, int family);
void weir_adl_line_drop(struct weir_adl_index *ix, uint32_t market, int side, int family);
/* For a search: prices looked at, touched scopes followed, all of the side in its lines, `view` of
 * both families. */
void weir_adl_make_good(struct weir_adl_index *ix, uint32_t market, int side);
/* Bounds the positions of `most` scopes anew that were touched. */
void weir_adl_follow(struct weir_adl_index *ix, uint32_t most);

/* adl/front.c. Does the front serve this search, which has begun / a position that was touched is
 * looked at anew / one more was given out / is he in it / the next one of it; false: no more /
 * true: then there are no others at all. */
bool weir_adl_front_search(struct weir_adl_index *ix);
void weir_adl_front_follow(struct weir_adl_index *ix, uint32_t leg);
void weir_adl_front_count(struct weir_adl_index *ix);
bool weir_adl_front_has(const struct weir_adl_index *ix, uint32_t leg);
bool weir_adl_front_next(struct weir_adl_index *ix, struct weir_adl_candidate *out);
bool weir_adl_front_complete(const struct weir_adl_index *ix);
/* The search of the tree. */
void weir_adl_tree_search(struct weir_adl_index *ix, enum weir_adl_way way);
bool weir_adl_tree_next(struct weir_adl_index *ix, struct weir_adl_candidate *out);

/* adl/tree.c. A position's place in a line / puts it in there / takes it out, by its slot. Putting
 * in returns false, and nothing was done, when there is no node left. */
uint32_t weir_adl_place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                        const struct weir_adl_box *b);
bool weir_adl_put(struct weir_adl_index *ix, const struct weir_adl_view *v, uint32_t place,
                  const struct weir_adl_box *b);
/* The same of n > 0 positions and a line that has nobody: boxes[order[i]] at place order[i] >> 32.
 */
bool weir_adl_fill(struct weir_adl_index *ix, const struct weir_adl_view *v,
                   const struct weir_adl_box *boxes, const uint64_t *order, uint32_t n);
void weir_adl_take(struct weir_adl_index *ix, struct weir_adl_line *line, uint32_t slot);
/* Bounds one position anew that is in a line. */
void weir_adl_refresh(struct weir_adl_index *ix, enum weir_adl_family family, uint32_t slot);
/* Of a leg: its slot + 1, above it side and family; 0: in no line. */
#define WEIR_ADL_SLOT_MASK ((UINT32_C(1) << 30) - 1)
static inline uint32_t *weir_adl_slot_at(const struct weir_adl_index *ix, uint32_t leg) {
    return WEIR_AT(&ix->slots, uint32_t, leg);
}

#endif
