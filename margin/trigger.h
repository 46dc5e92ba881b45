/* The trigger index (R18): finds which scopes a move of marks, a charge or a change of their own
 * makes liquidatable, warned or no longer warned, at a cost that grows with what is found.
 *
 * Every scope that can change its state keeps, for each of its positions, a band of values within
 * which the state cannot change (margin/band.c). The band's ends are edges: keys in ordered sets
 * per market, side of the position and direction. A mark that moves takes the edges it passed out
 * of the sets; their scopes, and those that were touched, are evaluated exactly, once each, and
 * indexed again. With one position the band's end is the trigger price itself.
 *
 * Charges move a side's edges together (margin/gauge.h). What a charge also does, by way of the
 * requirement it shifts, is covered by an allowance in the band: classes of edges that allow much,
 * little or no drift since they were made. When the charges of a side have drifted by half of what
 * a class allows, the scopes of that class are evaluated again: a fortieth of a price for the many
 * with room, every charge only for the few that stand at their edge. */
#ifndef WEIR_MARGIN_TRIGGER_H
#define WEIR_MARGIN_TRIGGER_H

#include "ledger/ledger.h"
#include "margin/edge_set.h"

#define WEIR_DRIFT_CLASSES 3 /* much, little, none */

/* The longs or the shorts of a market. */
struct weir_trigger_side {
    struct weir_edge_set low[WEIR_DRIFT_CLASSES], high[WEIR_DRIFT_CLASSES];
    weir_wide base; /* what a lot had paid where keys are gauges */
    /* Where the side stands, found anew when a lot paid or the mark moved since: */
    weir_wide charged;                   /* what a lot had paid then */
    weir_wide shift;                     /* of its coordinate against the gauge */
    weir_price mark;                     /* then; 0: not found yet */
    int64_t least, most;                 /* the range of the coordinate */
    weir_wide passed;                    /* what a lot had paid when edges were last passed */
    weir_wide since[WEIR_DRIFT_CLASSES]; /* what a lot had paid when the class was taken */
    int64_t allowed[WEIR_DRIFT_CLASSES]; /* units a lot that its edges allow */
};

struct weir_trigger_market {
    struct weir_trigger_side side[2]; /* longs, shorts */
    uint64_t edges, stale;            /* in its sets, and those of them that count no more */
    uint32_t unrest; /* how much the mark moves: parts of 2^20 a move, at least 1 */
    uint64_t swept;  /* edges looked at in the set that is being swept */
    uint32_t sweep;  /* that set: its word's class and side, and direction */
    uint8_t scale;   /* of the gauge */
    bool ready;      /* had a mark: what classes allow is known */
    bool moved;      /* in the list of markets to look at */
    bool changed;    /* in the list of markets whose quiet range is to be found */
};

/* What a tick looks at: marks from low to high pass no edge while no charge is made. Also how far
 * the mark went in all since counting began, from which bands take how much it moves. */
struct weir_mark_watch {
    weir_price low, high;
    uint64_t travelled, moves; /* ticks, and in how many moves */
};

/* A collateral asset: edges of holdings by its price. */
struct weir_trigger_asset {
    struct weir_edge_set low, high;
    uint64_t edges, stale;
    bool moved;
};

/* An edge on its way into its set. */
struct weir_edge_new {
    uint32_t leg, word;
    uint16_t market;
    uint8_t direction;
};

struct weir_position_view;

struct weir_trigger_index {
    /* Grows with whatever may change the health of scopes besides what is done to them themselves:
     * marks, charges, prices of collateral, tiers; and with a market's status, on which it depends
     * whether positions in it can be closed. */
    uint64_t moves;
    struct weir_edge_store store;
    struct weir_trigger_asset assets[WEIR_ASSETS_MAX];
    uint32_t assets_moved; /* how many of them are to be looked at */
    struct weir_trigger_market *markets;
    struct weir_mark_watch *watch;    /* per market */
    struct weir_position_view *views; /* scratch: a scope's positions */
    struct weir_pool moved, changed;  /* uint32_t markets */
    struct weir_pool adding;          /* struct weir_edge_new */
    struct weir_pool taken;           /* uint64_t edges */
    struct weir_pool dirty;           /* uint32_t scopes to look at */
    struct weir_pool found;           /* uint32_t liquidatable scopes not in the queue yet */
    uint32_t fresh;                   /* those from here on were found by the last collect */
    struct weir_pool warned;          /* uint32_t scopes whose warning changed */
    struct weir_pool rekey;           /* uint32_t queued scopes whose key must be taken again */
    struct weir_pool followed;        /* uint32_t scopes touched while `follow` is set */
    bool follow;                      /* the ranking of deleveraging follows scopes (R28) */
    uint64_t evaluations;             /* scopes evaluated so far */
};

#endif
