/* economy: owners who act together against everybody else, in a random venue in which the index
 * never moves. What they end with may not be more than what they brought, but for what others
 * offered them: orders and bids at prices worse than the index, funding. A plot is a list of their
 * actions; prices and sizes are parts of what is there as an action's turn comes, so that a plot
 * keeps its sense when an action before it is changed.
 *
 * Honest accounts quote around the index, hold positions with much money behind them, volunteer as
 * a backstop, and bid in auctions, never at a price worse than the index but for the backstop's
 * discount. All but the plot is made from the seed, with the stream's random venues. */
#ifndef WEIR_TESTS_ECONOMY_H
#define WEIR_TESTS_ECONOMY_H

#include "engine/internal.h"
#include "tests/random/stream_internal.h"

#define WEIR_COLLUDERS 5 /* c0 to c4; c1 is of c0's owner */
#define WEIR_HONEST    5 /* h0 quotes, h1 and h2 hold, h3 volunteers, h4 bids */
#define WEIR_ACTIONS   40

struct weir_action {
    uint8_t kind, who, other, market, side, price, size, flags;
};
struct weir_plot {
    uint32_t count;
    struct weir_action at[WEIR_ACTIONS];
};

struct weir_economy {
    uint64_t seed;
    bool wild; /* also venues whose options do not fit one another; see docs/testing.md */
    struct weir_stream *stream;
    struct weir_venue *venue;
};

/* In units of each settlement asset; `score` is in 10^-9 of what an account brings, over all. */
struct weir_haul {
    weir_wide gain[ASSETS_MAX];  /* of the colluders, without what others offered them */
    weir_wide taken[ASSETS_MAX]; /* the same before fees */
    weir_wide lost[ASSETS_MAX];  /* of the funds, without what they paid to the honest */
    /* Not in these: what colluders got of the inventory that a fund took over on the venue's terms,
     * as it was worked off within the liquidation band or deleveraged at its bankruptcy price (R27,
     * R28). */
    weir_wide inventory[ASSETS_MAX];
    uint64_t fills;
    int64_t score;    /* of `taken`, and what the search climbs */
    bool stolen;      /* a gain, or a fund's loss, beyond what rounding explains */
    uint64_t kinds;   /* bits of the kinds of fills that colluders had part in */
    uint64_t command; /* played */
};

/* Lines as they were played, with those of the scene. */
struct weir_tape {
    char *text;
    size_t size, used;
};

/* False when the venue of the seed is none for this: it does not load, or nobody could trade. */
bool weir_economy_make(struct weir_economy *economy, uint64_t seed, bool wild);
void weir_economy_free(struct weir_economy *economy);
/* Plays a plot from the beginning. `tape` may be NULL. */
void weir_economy_play(const struct weir_economy *economy, const struct weir_plot *plot,
                       struct weir_haul *haul, struct weir_tape *tape);
/* Searches for `runs` plays or until something is stolen; *best is the best plot, made small when
 * it steals. Returns the number of plays. */
uint64_t weir_economy_search(const struct weir_economy *economy, uint64_t runs,
                             struct weir_plot *best, struct weir_haul *haul);
/* Plays lines of a tape, judged in the same way: names c... are the colluders'. */
bool weir_economy_replay(const struct weir_venue *venue, const char *lines, size_t size,
                         struct weir_haul *haul);

/* The words of the actions, for a person. */
extern const char *const weir_action_words[];
#define WEIR_ACTION_KINDS 17

#endif
