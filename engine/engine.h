/* engine: the pipeline. Commands go in one at a time, events come out through the sink, in the
 * order of R39. Deterministic, single-threaded, reads no clock, allocates nothing per command once
 * its pools have grown. */
#ifndef WEIR_ENGINE_H
#define WEIR_ENGINE_H

#include "protocol/protocol.h"

struct weir_engine; /* opaque to all but engine/ */

struct weir_engine_options {
    /* Bounds of what commands can make; a command beyond them is rejected (not_allowed). Positions,
     * and scopes and holdings that are not an account's first, are bounded by 8 an account. */
    uint32_t accounts_max; /* the funds' own apart; 0, or more than that: 16,777,216 */
    uint32_t orders_max;   /* orders, stops and bids; 0, or more than that: 33,554,432 */
    uint32_t
        audit_every; /* recompute every invariant from the accounts each N commands; 0: never */
};

/* The venue must outlive the engine. NULL when memory is refused. */
struct weir_engine *weir_engine_new(const struct weir_venue *venue,
                                    const struct weir_engine_options *options, weir_event_sink sink,
                                    void *sink_ctx);
void weir_engine_free(struct weir_engine *engine);
/* Applies one command: emits its events. Every command gets the next sequence number. */
void weir_engine_apply(struct weir_engine *engine, const struct weir_command *command);
/* Outside the hot loop, between batches of commands or when idle: memory of what the next commands
 * may need is committed and its pages touched, tables that fill are doubled. Nothing of the state
 * changes. Without it, or when more comes than there is room for, the engine grows as it works, at
 * the price of a system call or page faults. Cheap while there is room: O(markets). */
void weir_engine_make_room(struct weir_engine *engine);
/* Saves the whole state between two commands, or loads it into an engine to which nothing was
 * applied yet, of an equal venue and with bounds no lower: from then on both give the same events
 * to the same commands. O(state). 0, or -errno with image->part telling what failed; after a failed
 * load the engine is good for nothing but to be freed. */
struct weir_image;
int weir_engine_image(struct weir_engine *engine, struct weir_image *image);
/* Tells of all its pools: what grows, and where it is bounded. */
void weir_engine_pools(struct weir_engine *engine, weir_pool_visit visit, void *ctx);
/* Digest of the whole logical state (docs/rules.md, "State digest"). O(state). */
uint64_t weir_engine_digest(struct weir_engine *engine);
/* Recomputes R33 and R34 in full from the accounts. NULL, or a sentence that says what is broken.
 */
const char *weir_engine_audit(struct weir_engine *engine);
uint64_t weir_engine_seq(const struct weir_engine *engine);
uint64_t weir_engine_events(const struct weir_engine *engine);
weir_time weir_engine_now(const struct weir_engine *engine);

/* ---- Read-only views, for flow, monitors and reports: cheap, no query command, no events ------
 */
struct weir_view_market {
    weir_price mark, index, last, best_bid, best_ask; /* 0: none */
    weir_qty bid_depth, ask_depth;                    /* lots within 1 % of mark */
    weir_qty open_interest;
    weir_rate funding_rate;
    enum weir_market_status status;
};
void weir_engine_view_market(struct weir_engine *engine, uint32_t market,
                             struct weir_view_market *out);
/* The scopes waiting or in liquidation. */
uint64_t weir_engine_view_backlog(const struct weir_engine *engine);
/* Those of them that the next command comes to, as far as its steps reach; all others wait for a
 * time, a price, the close of an auction or somebody to close against. */
uint64_t weir_engine_view_ready(const struct weir_engine *engine);
/* What the ranking of deleveraging (R28) did so far: positions bounded, positions looked at
 * exactly, lines that a command had to build at once; and lines that are being built in pieces. */
struct weir_view_ranking {
    uint64_t bounded, examined, builds;
    uint32_t begun;
};
void weir_engine_view_ranking(const struct weir_engine *engine, struct weir_view_ranking *out);
/* Sum of the balances of all scopes of a settlement asset (collateral held). */
weir_wide weir_engine_view_balances(const struct weir_engine *engine, uint32_t asset);

#endif
