/* liquidation: the queue (R19), bounded steps (R20), and the waterfall of R21-R32 stage by stage,
 * one file a stage. The state of a liquidation lives in its scope and legs (ledger/); here are the
 * queue, the open auctions and the lists of who waits for what. */
#ifndef WEIR_LIQUIDATION_H
#define WEIR_LIQUIDATION_H

#include "adl/index.h"
#include "auction/auction.h"
#include "insurance/insurance.h"
#include "policy/policy.h"

/* A heap of scopes in queue order (R19), four below each. An entry holds what decides: numbers that
 * are lower for who comes first, looked at one after the other. Only where an amount was too large
 * for them to be exact, the cases are asked. */
struct weir_heap_entry {
    int64_t key;
    uint64_t fine;
    uint64_t order; /* of accounts and scopes, and the flags below */
    uint32_t scope;
    uint32_t case_idx; /* where its slot is kept */
};
#define WEIR_HEAP_ROUGH (UINT64_C(1) << 63) /* `fine` does not tell */
#define WEIR_HEAP_OPEN  (UINT64_C(1) << 62) /* it does, but not where it is equal */
struct weir_scope_heap {
    struct weir_pool entries; /* struct weir_heap_entry */
    bool adl;                 /* its slots are adl_slot, else queue_slot */
};

/* What a Dutch auction has besides: its price since it last started, and what it sold. */
struct weir_dutch_run {
    weir_time started, restart_at; /* INT64_MAX: no restart is due before it closes */
    weir_price start, end;         /* price at the start; the reserve then */
    int64_t restarts;
    weir_qty sold;
    weir_wide value, better; /* of what was sold, and by how much than bankruptcy */
    struct weir_maybe price; /* of all sales */
    bool several_prices;
};
struct weir_open_auction {
    uint64_t number; /* 0: none open */
    weir_time closes_at;
    uint32_t first_offer, last_offer; /* legs */
    uint32_t first_bid, last_bid;     /* order records, by arrival */
    uint32_t offer_count, bid_count;
    uint32_t market;
    enum weir_side side; /* of the liquidation order */
    uint32_t due_slot;   /* Dutch: its place in its market's heap */
    struct weir_dutch_run dutch;
};
/* The open auctions: of the sealed formats one per market and side; Dutch ones hold one scope's
 * lots each, and may be as many as there are positions. */
struct weir_auctions {
    uint64_t last_number;
    struct weir_open_auction *pooled; /* [market * 2 + side of the liquidation order] */
    weir_qty *on_offer;               /* [market] lots in all auctions */
    struct weir_dutch curve;
    struct weir_pool dutch;     /* struct weir_open_auction */
    struct weir_pool free;      /* uint32_t: places in `dutch` that are free */
    struct weir_pool by_number; /* struct weir_dutch_entry, ascending; closed ones are dropped
                                   when they are the half of it */
    uint32_t closed;            /* of these */
    struct weir_pool *due;      /* [market] uint32_t: a heap of its Dutch ones by what is due */
};
struct weir_dutch_entry {
    uint64_t number;
    uint32_t at; /* place in `dutch`; WEIR_NO_INDEX: closed */
};

/* What book slices of a market may still close in an interval, and who waits for more (R36). */
struct weir_budget {
    int64_t round;  /* number of the interval; -1: none begun */
    weir_wide left; /* value at mark */
    uint32_t first; /* leg whose turn is next; WEIR_NO_INDEX: none waits */
};

/* Prices and charges of one moment, of which equity and profit are taken (R29). */
struct weir_instant {
    weir_price *marks;  /* per market */
    weir_wide *charged; /* per market: what a long lot was ever charged, then a short */
    weir_wide prices[WEIR_ASSETS_MAX]; /* of collateral */
    uint64_t point;                    /* the interval whose realised profits count */
};
/* One scope's part in a charge: its frozen weight, at most what it pays, and what it is to pay. */
struct weir_social_part {
    weir_wide weight, cap, given, rest; /* rest: of this round's division; < 0: not in it */
    uint32_t group;
    uint32_t scope_code; /* within its account */
};
#define WEIR_SOCIAL_BINS 4096
/* Where an account's parts begin; they end before one of another account. */
struct weir_social_head {
    uint32_t sweep; /* number of the sweep that weighed it */
    uint32_t first, count;
};
/* The markets of a group that settle in one asset, and their loss pool; it is kept by the first of
 * them. */
struct weir_social_group {
    uint32_t market, asset;
    weir_wide amount, left;  /* being charged; of that, not charged yet */
    weir_wide part, weights; /* this round: to be divided, among who has so much weight in all */
    weir_wide placed, cut, open; /* of it; above caps; weights of those below theirs */
    uint32_t seats; /* units that go to the largest remainders of the bin `edge`; all */
    uint32_t edge;  /* of those above it get one, */
    uint32_t *bins; /* [WEIR_SOCIAL_BINS] parties of the round by remainder >> shift */
    uint32_t shift;
    struct weir_pool seated;     /* struct weir_seat: a heap, who would lose his first */
    weir_wide counting, counted; /* base of all scopes: of the count under way; of the last one */
};
struct weir_seat {
    weir_wide rest;
    uint32_t part;
    uint32_t place; /* in account order */
};
enum weir_social_pass {
    WEIR_SOCIAL_NONE = 0,
    WEIR_SOCIAL_WEIGH, /* takes the frozen weights */
    WEIR_SOCIAL_SHARE, /* a round of R5: whole parts, */
    WEIR_SOCIAL_ROUND, /* units to the largest remainders, */
    WEIR_SOCIAL_CUT,   /* what is above caps */
    WEIR_SOCIAL_CHARGE
};
/* R29 `profit` and `equity` (liquidation/social.c says how). */
struct weir_social {
    bool on;
    uint32_t *group_of; /* per market */
    uint32_t count;
    struct weir_social_group *groups;
    struct weir_instant frozen;
    enum weir_social_pass pass;
    uint32_t accounts, at; /* of the sweep; how many its pass has looked at */
    uint32_t rounds, number, places;
    uint64_t looks;              /* of the sweep so far */
    struct weir_pool parts;      /* struct weir_social_part, an account's together */
    struct weir_pool heads;      /* struct weir_social_head per account */
    bool known, asked, counting; /* the counts of groups: they are; are to be; are being made */
    uint32_t counted_to;         /* accounts */
};

/* When a scope that waits for its policy is looked at again. */
struct weir_alarm {
    weir_time time;
    uint32_t scope;
};

struct weir_liquidator {
    struct weir_exchange *x;
    struct weir_funds funds;
    struct weir_scope_heap ready; /* scopes that may take a step */
    struct weir_scope_heap adl;   /* scopes with a position in the ADL stage */
    struct weir_pool retry;       /* uint32_t scopes that wait for the next command */
    struct weir_pool asleep;      /* uint32_t scopes that wait for a change of their health; */
    uint64_t moves_seen;          /* of trigger.moves, when these were last placed */
    struct weir_look {
        uint32_t scope; /* WEIR_NO_INDEX: none */
        uint64_t moves; /* of trigger.moves */
        struct weir_health health;
    } look;                      /* the last look at a queued scope; see weir_look */
    struct weir_pool shortfalls; /* uint32_t scopes in the order in which they became flat */
    struct weir_pool members;    /* uint32_t scopes waiting or in liquidation, unordered */
    uint64_t last_liquidation;
    struct weir_auctions auctions;
    struct weir_pool *volunteers; /* per market: uint32_t legs that gave backstop capacity */
    weir_wide credit;             /* capacity: steps times 10^9 */
    uint32_t pools_due;           /* markets with an unpaid loss pool */
    struct weir_adl_index ranks;  /* who is deleveraged first */
    /* Auctions per market, then unwindings per market and fund: R39's order of what is due. */
    struct weir_timers timers;
    struct weir_pool unwind_again; /* uint32_t slots of timers: due with the next command's */
    bool plans;                    /* the policy keeps one of every position */
    struct weir_policy_market *closed, *unwound; /* per market: by the policies of both */
    struct weir_budget *budgets;                 /* per market; NULL: off */
    struct weir_social social;
    struct weir_pool alarms; /* heap of struct weir_alarm, the next first */
    struct weir_pool candidates, wides, shares, offers, bids, pairs, indices; /* scratch */
};

int weir_liquidator_new(struct weir_liquidator *lq, struct weir_exchange *x);
void weir_liquidator_free(struct weir_liquidator *lq);
/* Its parts of an image (base/image.h). What is no state but speed is left out: the lines of
 * deleveraging are begun anew. */
void weir_liquidator_image(struct weir_liquidator *lq, struct weir_image *image);
/* Tells of its pools. */
void weir_liquidator_pools(struct weir_liquidator *lq, weir_pool_visit visit, void *ctx);

/* ---- Phases of a command --------------------------------------------------------------------- */
/* (5): scopes the trigger index found enter the queue, if they still are liquidatable. */
void weir_queue_enter(struct weir_liquidator *lq);
/* (6): liquidation steps; returns how many steps are left for ADL. */
int64_t weir_liquidation_steps(struct weir_liquidator *lq);
/* (7) */
void weir_adl_steps(struct weir_liquidator *lq, int64_t budget);
/* (8): shortfalls of scopes that are flat, then charges. */
void weir_settle_shortfalls(struct weir_liquidator *lq);
/* Takes the keys of all queued scopes again that changed since the last call (R19). */
void weir_queue_rekey(struct weir_liquidator *lq);
/* The end of a settlement interval: bases are frozen where there is a pool (a timer). */
void weir_social_point(struct weir_liquidator *lq);
/* Where a loss waits: room for a sweep over all accounts, a part each. */
void weir_social_make_room(struct weir_liquidator *lq);
/* What a withdrawal from the scope, or a move out of it, leaves behind for loss pools (R29), >= 0;
 * and one was made. */
weir_wide weir_social_behind(struct weir_liquidator *lq, uint32_t scope);
void weir_social_moved(struct weir_liquidator *lq, uint32_t asset);
/* Tells of the account's frozen parts, in order of scopes, then of groups. */
typedef void (*weir_social_visit)(void *ctx, const struct weir_social_part *part);
void weir_social_frozen(struct weir_liquidator *lq, uint32_t account, weir_social_visit visit,
                        void *ctx);
/* Time moved by `elapsed`: capacity grows. */
void weir_capacity_grow(struct weir_liquidator *lq, weir_time elapsed);

/* ---- Timers ---------------------------------------------------------------------------------- */
/* Closes or restarts an auction, or works off a slice of the fund's inventory, whichever is first
 * in `timers`. */
void weir_liquidation_timer(struct weir_liquidator *lq);
/* Closes it now, whatever its time. */
void weir_auction_close(struct weir_liquidator *lq, uint64_t number);
/* The unwinding of all funds in a market ends. */
void weir_unwind_stop(struct weir_liquidator *lq, uint32_t market);
/* After a command: unwindings that are due again at once will be with the next one. */
void weir_unwind_rearm(struct weir_liquidator *lq);

/* ---- Settlement of a dated market ------------------------------------------------------------ */
/* Books what a settlement fill means for the leg's liquidation, if it is in one, and for a fund's
 * scope that it leaves flat. */
void weir_count_settled(struct weir_liquidator *lq, uint32_t leg,
                        const struct weir_position_change *change);

/* ---- Used by the engine's commands ----------------------------------------------------------- */
static inline struct weir_open_auction *weir_auction_at(const struct weir_liquidator *lq,
                                                        uint32_t market, enum weir_side side) {
    return &lq->auctions.pooled[market * 2 + side];
}
/* The open auction of the number, or NULL. */
struct weir_open_auction *weir_auction_find(const struct weir_liquidator *lq, uint64_t number);
/* The open auction of the lowest number above one, or NULL. */
struct weir_open_auction *weir_auction_after(const struct weir_liquidator *lq, uint64_t number);
/* Lots that an auction offers now. */
weir_qty weir_auction_lots(const struct weir_liquidator *lq, const struct weir_open_auction *a);
/* Is this order record a bid? */
static inline bool weir_order_is_bid(const struct weir_order *o) {
    return (o->flags & (WEIR_ORDER_IOC | WEIR_ORDER_FOK | WEIR_ORDER_STOP)) ==
           (WEIR_ORDER_IOC | WEIR_ORDER_FOK);
}
/* Enters a bid's order record (fields filled in) / forgets it, with its lots and open loss. */
void weir_bid_enter(struct weir_liquidator *lq, struct weir_open_auction *auction, uint32_t order);
void weir_bid_forget(struct weir_liquidator *lq, struct weir_open_auction *auction, uint32_t order);
/* A Dutch auction's terms of the moment. */
struct weir_dutch_quote {
    bool open;             /* false: its scope is restored, the lots are about to go back */
    weir_price price;      /* of the moment, not worse than the reserve */
    weir_price bankruptcy; /* gaps are counted from */
    weir_qty lots;         /* on offer */
    weir_wide promised;    /* by the fund for gaps */
};
void weir_dutch_quote(const struct weir_liquidator *lq, const struct weir_open_auction *auction,
                      struct weir_dutch_quote *quote);
/* Does the fund's promise cover the gap of so many lots? */
bool weir_dutch_covers(const struct weir_liquidator *lq, const struct weir_open_auction *auction,
                       const struct weir_dutch_quote *quote, weir_qty lots);
/* Sells lots to a bidder's leg; closes the auction when that sold it out or restored its scope. */
void weir_dutch_sell(struct weir_liquidator *lq, struct weir_open_auction *auction, uint32_t bidder,
                     const struct weir_dutch_quote *quote, weir_qty lots);
/* Volunteers capacity (R27). False at the bound. */
bool weir_backstop_set(struct weir_liquidator *lq, uint32_t leg, weir_wide notional,
                       weir_wide loss_limit);
/* Eligible opposite positions of a market for ADL queries and steps: `side` buy = longs. Scores
 * are set. `owner` WEIR_NO_INDEX: nobody is left out for his owner. Returns the count; items in
 * lq->candidates. O(positions). */
uint32_t weir_adl_candidates(struct weir_liquidator *lq, uint32_t market, enum weir_side side,
                             uint32_t owner);

#endif
