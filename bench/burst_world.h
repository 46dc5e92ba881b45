/* The market of `weir bench burst`: leveraged accounts and the depth they are closed against, made
 * by commands alone, so that the engine and its twin can be driven with the same. */
#ifndef WEIR_BENCH_BURST_WORLD_H
#define WEIR_BENCH_BURST_WORLD_H

#include "bench/burst_plan.h"
#include "market/market.h" /* struct weir_file_error */
#include "protocol/protocol.h"

#define BURST_LIVE 8192 /* a power of two: more resting orders of traders than there ever are */
#define BURST_RING (1U << 20) /* bytes of records: what the second cache holds */

/* An event in binary, all of it but the answers of queries: what is written out. Behind this stand
 * the names that its kind has, of 32 bytes each (zeros: none), then its amounts, of 16 each. */
struct burst_record {
    uint64_t seq;
    weir_time t;
    uint64_t number; /* of an auction or a liquidation */
    uint32_t n;
    uint8_t kind, detail; /* enum weir_event_kind; fill kind, reason, cause, outcome */
    uint16_t market;
};
_Static_assert(sizeof(struct burst_record) == 32, "half a cache line");
#define BURST_RECORD_MAX 256 /* of the largest kind, a fill */

struct burst_counts {
    uint64_t events[WEIR_EV_COUNT], all;
    uint64_t fills[WEIR_FILL_SETTLEMENT + 1];
    uint64_t closed_by[WEIR_BY_COUNT]; /* liquidations, by where most of their value was closed */
    weir_wide value_by[WEIR_BY_COUNT];
    uint64_t outcomes[WEIR_CLOSED + 1];
    uint64_t liquidation_cancels; /* of orders of who is liquidated */
    weir_wide shortfall;
    uint64_t hash; /* of all records, in order; kept when the world hashes */
};

struct burst_world {
    struct burst_plan plan;
    struct weir_venue *venue;
    weir_price *marks; /* of every round, of all markets */
    double share;      /* of the accounts that the whole fall reaches; above 1: beyond the last */
    uint32_t to_fall;  /* accounts that the whole fall makes liquidatable */
    void (*apply)(void *engine, const struct weir_command *command);
    void *engine;
    weir_time now; /* `t` of the next command */
    struct weir_random random;
    bool failed;           /* a command of the world's own was refused */
    bool (*stopped)(void); /* true: filling ends at once; NULL: never */

    struct burst_counts counts;
    bool hashing;
    unsigned char *ring;
    uint32_t ring_at; /* where the next record goes */

    uint32_t round;                          /* ticks made */
    weir_qty thin_offered, thin_bid;         /* lots put up for auction / bid for */
    weir_wide capacity_used, capacity_given; /* of the backstop, at mark, in units */
    weir_time closes_at;                     /* of the open auction; INT64_MAX: none */
    uint64_t auction;                        /* its number */
    uint64_t next_name, next_order, order_to_cancel;
    uint64_t bids;
    uint8_t groups[BURST_LIVE]; /* of traders, whose an order is; by its number */
};

/* False with `error` when memory ends or the venue takes no such policy. The caller makes an engine
 * for world->venue with burst_sink and the world as its context, and then sets `apply` and
 * `engine`. */
bool burst_world_new(struct burst_world *w, const struct burst_plan *plan,
                     struct weir_file_error *error);
void burst_world_free(struct burst_world *w);
void burst_sink(void *world, const struct weir_event *event);

/* Accounts, positions, depth. Ends with all marks just above where the first fall. */
void burst_world_fill(struct burst_world *w);
/* The market whose book is empty below. */
static inline uint32_t burst_thin(const struct burst_world *w) {
    return w->plan.markets - 1;
}
/* Accounts and orders that the engine must have room for. */
uint32_t burst_accounts_max(const struct burst_plan *plan);
uint32_t burst_orders_max(const struct burst_plan *plan);

/* ---- Commands, one at a time ------------------------------------------------------------------
 */
/* A market's index of the present round. */
void burst_index(struct burst_world *w, uint32_t market, struct weir_command *c);
void burst_clock(struct burst_world *w, struct weir_command *c);
/* An order or a cancel of the everyday traders of the deep markets. */
void burst_ordinary(struct burst_world *w, struct weir_command *c);
/* Who bids and who volunteers keeps up with what is offered: false when nothing is due. */
bool burst_service(struct burst_world *w, struct weir_command *c);

#endif
