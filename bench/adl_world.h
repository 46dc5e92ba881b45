/* The market of `weir bench adl`: accounts short at many prices and leverages, and who is long and
 * fails. Made by commands alone. */
#ifndef WEIR_BENCH_ADL_WORLD_H
#define WEIR_BENCH_ADL_WORLD_H

#include "engine/engine.h"

#define ADL_START       100000 /* ticks; of 0.1, a lot is 0.001: a lot is worth 10 */
#define ADL_LOT_UNITS   100    /* units of a tick and lot */
#define ADL_MEAN_LOTS   500
#define ADL_MARKETS_MAX 44
#define ADL_RATE_PPM    4000 /* maintenance */

struct adl_plan {
    uint32_t accounts, markets;
    uint32_t legs;  /* most positions of an account: the first anywhere, or (`first`) in market 0 */
    uint32_t steps; /* of liquidation a command, and fills of a step */
    uint32_t fills;
    bool first;
    const char *ranking;
    uint32_t parts; /* not 0: the ranking takes from many at once, in so many events at most */
    uint64_t seed;
};

/* What the bench knows of an account, beside the engine: sizes and V of its positions. */
struct adl_account {
    double balance;
    float lots[4]; /* of its places; `market` says which */
    double entry_value[4];
    uint8_t market[4], legs;
};

struct adl_fill {
    uint32_t market, account;
    weir_qty lots;
};

struct adl_world {
    struct adl_plan plan;
    struct weir_venue *venue;
    struct weir_engine *engine;
    struct weir_random random;
    struct adl_account *accounts;
    weir_price mark[ADL_MARKETS_MAX];
    struct adl_fill *fills; /* deleveraged, since the count was set to 0 */
    uint32_t fill_count, fill_room, victims;
    bool failed; /* a command was refused */
};

/* False when memory ends or it was interrupted. */
bool adl_world_new(struct adl_world *w, const struct adl_plan *plan);
void adl_world_free(struct adl_world *w);
/* A command with nothing to do but what others left. */
void adl_world_clock(struct adl_world *w);
void adl_world_mark(struct adl_world *w, uint32_t market, weir_price mark);
/* Another account that is long so many lots a market, ten times as many in market 0, and has just
 * enough for it. */
void adl_world_victim(struct adl_world *w, weir_qty lots, uint32_t markets);
/* Somebody who is long in so many markets is liquidated, and closed on the book: from then on the
 * engine keeps their shorts in line. False: he was not. */
bool adl_world_first(struct adl_world *w, uint32_t markets);
/* Books a fill at mark with the account; false: it has no such position. */
bool adl_world_close(struct adl_world *w, const struct adl_fill *fill);

#endif
