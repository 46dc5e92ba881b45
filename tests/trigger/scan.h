/* scan: the trigger index and the queue against a full scan of all scopes (R17-R19). What is held
 * against the engine is made here anew: health of every scope, the order of the queue, the keys. */
#ifndef WEIR_TESTS_TRIGGER_SCAN_H
#define WEIR_TESTS_TRIGGER_SCAN_H

#include "engine/internal.h"

/* A scope as it was at the last check. */
struct weir_scan_scope {
    weir_time entered; /* the queue */
    bool queued;
    uint64_t holdings;                       /* hash of positions and collateral */
    weir_wide balance;                       /* what is pending included */
    weir_wide equity, requirement, notional; /* the queue's key */
};

struct weir_scan_market {
    weir_price mark;
    weir_wide long_paid, short_paid;
};

struct weir_scan {
    struct weir_engine *engine;
    struct weir_scan_scope *before;
    uint8_t *listed; /* per scope: found, told of a warning, member */
    uint32_t room;
    struct weir_scan_market *markets;
    /* Counted so far: */
    uint64_t checks, compared; /* scopes looked at by scans */
    uint64_t evaluations;      /* by the index, during commands */
    uint64_t pending;          /* liquidatable scopes that wait for the next command */
    uint64_t queued;           /* members of the queue */
    uint64_t rekeyed;
    uint64_t ticks, most_per_position; /* of ticks alone: evaluations, per 100 positions */
    char problem[256];
};

/* False when memory is refused. */
bool weir_scan_new(struct weir_scan *scan, struct weir_engine *engine);
void weir_scan_free(struct weir_scan *scan);

/* Call before a command ... */
struct weir_scan_mark {
    uint64_t evaluations;
    uint32_t members;
};
struct weir_scan_mark weir_scan_before(const struct weir_scan *scan);
/* ... and after it. `accepted`: the command was. `tick`: the market, when all that happened is that
 * its mark moved, else WEIR_NO_INDEX: then no scope may have been looked at more than twice.
 * Returns false when index or queue are wrong; `problem` says how. */
bool weir_scan_after(struct weir_scan *scan, struct weir_scan_mark before, bool accepted,
                     uint32_t tick);

#endif
