/* A ranking of R28 is one file: what orders candidates, or by what they share, and what queries
 * show of it. adl/rank.c lists them. Pure. */
#ifndef WEIR_ADL_RANKING_H
#define WEIR_ADL_RANKING_H

#include "adl/index.h"

/* How the index finds the first of a ranking. Of every box all scores below it are bounded by a
 * key; positions that are alike in it stand beside each other. */
struct weir_adl_keys {
    /* Keys depend on the position alone (size, entry, account): all stand in one family, and what
     * others hold or gain moves nobody. */
    bool fixed;
    bool most; /* boxes keep the most of `kept`, not the least */
    /* Of a candidate with its score: never less than that of who comes after him. */
    int64_t (*key)(const struct weir_adl_candidate *c);
    /* Completes a position's box; NULL: nothing is missing. */
    void (*box)(const struct weir_adl_index *ix, const struct weir_leg *g,
                enum weir_adl_family family, struct weir_adl_box *b);
    /* What boxes keep of a position in `others`; NULL: nothing. */
    int64_t (*kept)(const struct weir_adl_index *ix, const struct weir_adl_box *leaf);
    /* A place among those alike; NULL: on the curve through (entry, rest). */
    uint32_t (*place)(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                      const struct weir_adl_box *b);
    /* No key of a position in the box is above; INT64_MAX: unknown. */
    int64_t (*bound)(struct weir_adl_index *ix, const struct weir_adl_view *v,
                     const struct weir_adl_box *b);
};

struct weir_adl_ranking {
    enum weir_adl_kind kind;
    /* What comes first: higher, ties to the lower account. Of `shares` it is the weight, >= 0. */
    weir_wide (*score)(const struct weir_adl_candidate *c);
    /* What queries show; NULL: the score. */
    weir_wide (*shown)(const struct weir_adl_candidate *c);
    /* NULL: the index finds the first by itself (pnl_leverage), or all are looked at (shares). */
    const struct weir_adl_keys *keys;
};
const struct weir_adl_ranking *weir_adl_ranking_of(enum weir_ranking ranking);

extern const struct weir_adl_ranking weir_rank_pnl_leverage, weir_rank_pnl_amount_leverage,
    weir_rank_pnl, weir_rank_size, weir_rank_notional_leverage, weir_rank_pro_rata,
    weir_rank_equity_pro_rata, weir_rank_contract_pro_rata, weir_rank_water_filling,
    weir_rank_min_accounts, weir_rank_rotation;

/* u: unrealised P&L by entry value, in 10^-9, saturated. */
int64_t weir_adl_profit_rate(const struct weir_adl_candidate *c);
/* L: max(1, notional by share), in 10^-9, saturated; so where the share is not above 0. */
int64_t weir_adl_leverage(const struct weir_adl_candidate *c);
/* l: notional by equity, in 10^-9, saturated; so where the equity is not above 0. */
int64_t weir_adl_account_leverage(const struct weir_adl_candidate *c);
/* A score as a key. */
int64_t weir_adl_score_key(const struct weir_adl_candidate *c);

/* ---- For keys -------------------------------------------------------------------------------- */
/* `value` in the upper bits, a lower account first in those below as far as both fit: monotone in
 * (value, account). */
int64_t weir_adl_signed_key(int64_t value, uint64_t order); /* any value */
int64_t weir_adl_lots_key(weir_qty lots, uint64_t order);   /* lots > 0 */
/* Lots above `bits` bits of something else, below 2^bits, bits from 20 to 40. */
int64_t weir_adl_packed_key(weir_qty lots, int bits, int64_t below);
/* 16 bits that grow with lots. */
uint32_t weir_adl_lots_class(weir_qty lots);
/* Boxes of `fixed` keys that keep the account order in `others` / and -lots as their rest, places
 * by lots, then by entry. */
void weir_adl_order_box(const struct weir_adl_index *ix, const struct weir_leg *g,
                        enum weir_adl_family family, struct weir_adl_box *b);
void weir_adl_lots_box(const struct weir_adl_index *ix, const struct weir_leg *g,
                       enum weir_adl_family family, struct weir_adl_box *b);
uint32_t weir_adl_lots_place(const struct weir_adl_index *ix, const struct weir_adl_view *v,
                             const struct weir_adl_box *b);
/* The place on the curve through (entry, rest). */
uint32_t weir_adl_curve(const struct weir_adl_view *v, const struct weir_adl_box *b);
/* The account order of the position in a leaf box. */
int64_t weir_adl_order_kept(const struct weir_adl_index *ix, const struct weir_adl_box *leaf);
/* The most u in a box, in 10^-9 / the least |u|. INT64_MAX / 0: unknown. */
int64_t weir_adl_profit_bound(const struct weir_adl_view *v, const struct weir_adl_box *b);
int64_t weir_adl_move_bound(const struct weir_adl_view *v, const struct weir_adl_box *b);
/* The most L (of R28's share) in a box and what gains of at least `least` and at most `most` a lot
 * are worth with it, times 2^20; WEIR_ADL_RATIO_UP: unknown; 0: nobody is eligible. */
#define WEIR_ADL_RATIO_UP (INT64_C(1) << 31)
int64_t weir_adl_leverage_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                                const struct weir_adl_box *b);
/* The same of l. In boxes of the family `alone` whose rest is of equity without what the lots are
 * worth, see weir_adl_equity_box. */
int64_t weir_adl_account_leverage_bound(struct weir_adl_index *ix, const struct weir_adl_view *v,
                                        const struct weir_adl_box *b);
/* Places of such boxes by the rest. */
uint32_t weir_adl_equity_place(const struct weir_adl_view *v, const struct weir_adl_box *b);
void weir_adl_equity_box(const struct weir_adl_index *ix, const struct weir_leg *g,
                         enum weir_adl_family family, struct weir_adl_box *b);

/* Lots as queries show them. */
weir_wide weir_adl_shown_lots(const struct weir_adl_candidate *c);

#endif
