/* What the files of flow/ share; nothing outside includes this. */
#ifndef WEIR_FLOW_INTERNAL_H
#define WEIR_FLOW_INTERNAL_H

#include "flow/flow.h"

/* ---- Numbers: elementary functions from +, -, *, / and sqrt alone, so that every libm and every
 * compiler gives the same flow. Relative error below 1e-12 where the flow uses them. ------------
 */
double weir_flow_exp(double x);
double weir_flow_log(double x);           /* x > 0 */
double weir_flow_pow(double x, double y); /* x >= 0 */
double weir_flow_normal(double u);        /* quantile of the standard normal, u in (0,1); 1e-9 */
double weir_flow_uniform(struct weir_random *r);     /* (0,1) */
double weir_flow_exponential(struct weir_random *r); /* mean 1 */
int64_t weir_flow_round(double x);                   /* nearest, halves away from 0; saturated */
static inline double weir_flow_rate(weir_rate rate) {
    return (double)rate / 1e9;
}
double weir_flow_double(const struct weir_decimal *d);
/* What is left of 1 after `elapsed` when half goes each `half_life`. */
double weir_flow_decay(weir_time elapsed, weir_time half_life);

/* ---- State ----------------------------------------------------------------------------------- */
#define LEVELS_MAX  12
#define MAKERS_MAX  64  /* a market */
#define RING        128 /* resting background orders of a market */
#define MOVE_WINDOW (60 * WEIR_SECOND)
#define MOVES_MAX   1024 /* index points kept for the standardised move */

struct flow_quote { /* one resting order of a maker */
    weir_price price;
    weir_qty qty; /* open lots; 0: none */
};
struct flow_maker {
    struct weir_name name;
    weir_qty inventory;
};
struct flow_point {
    weir_time t;
    double log_index;
};
struct flow_resting {
    uint64_t number; /* of the order; its id is n<number>, different in every market */
    uint32_t account;
    weir_qty lots; /* open; 0: none */
};

struct flow_market {
    const struct weir_flow_market *scenario;
    const struct weir_market *venue;
    uint32_t number; /* in the venue */
    double tick, lot;
    double face;                         /* of an inverse contract: quote a lot; else 0 */
    double units;                        /* of its settlement asset */
    double price0, open_interest, depth; /* simulated size, quote */
    double sigma;                        /* of the log index over a second */
    struct weir_random shocks, noise, signs, sources; /* streams */
    /* index.c */
    double diffusion, permanent, forced, forced_new; /* log moves; signed forced volume, quote */
    double index;                                    /* outside, quote */
    double shock;                                    /* log move of the waves so far */
    double smooth, smooth_before; /* slow mean of the log index, and a tick ago */
    double stress;                /* |z| of the last minute */
    double survival;              /* W(|z|) */
    uint32_t point_first, point_count;
    struct flow_point points[MOVES_MAX];
    weir_price published; /* last median given out, ticks */
    /* makers.c */
    uint32_t maker_count;
    struct flow_maker *makers;
    double distance[LEVELS_MAX], share[LEVELS_MAX]; /* of the index; of the depth */
    struct flow_quote quotes[2][LEVELS_MAX];
    /* noise.c */
    int sign;
    double sign_left;
    uint64_t next_order;
    struct flow_resting resting[RING];
    /* entrants.c */
    double entering; /* notional still to be opened */
    struct weir_random entrants;
};

struct flow_leg {
    uint32_t market; /* number in flow->markets */
    weir_qty lots;   /* signed; 0: none */
    double ratio;    /* collateral / notional at the start */
    int64_t leverage;
    weir_amount deposit; /* units of the market's asset */
};
struct flow_account { /* a trader or hedger of the population */
    struct flow_leg legs[2];
    uint8_t class_idx;
    bool isolated, hedger;
};
struct flow_entrant {
    weir_qty lots; /* signed, as its fills say */
    double size;   /* notional that it opens */
    double ratio;  /* collateral that it wants behind a position, of its notional */
    double money;  /* what it has left, by its own fills; of `asset` */
    int64_t leverage;
    uint32_t market; /* last traded */
    uint32_t asset;  /* in which that settles */
    uint32_t orders;
};
struct flow_helper { /* a bidder or backstop volunteer */
    weir_qty inventory[WEIR_FLOW_MARKETS_MAX];
    uint64_t orders;
};
struct flow_auction {
    uint64_t number; /* 0: free */
    uint32_t market; /* in flow->markets */
    enum weir_side side;
    weir_qty qty;
    weir_time closes_at;
};
#define AUCTIONS_MAX 256 /* open at once: two a market with pooling */

enum flow_task_kind {
    TASK_TICK,
    TASK_ORDER, /* background: the next spontaneous one of a market */
    TASK_CHILD, /* background: one that an earlier one excited */
    TASK_BID,
    TASK_ANSWER,
    TASK_CLOSE,
    TASK_RENEW
};
struct flow_task {
    weir_time t;
    uint64_t order; /* ties: first scheduled first */
    enum flow_task_kind kind;
    uint32_t who, what;
    uint64_t number;
};

struct weir_flow {
    const struct weir_scenario *scenario;
    const struct weir_venue *venue;
    struct weir_flow_port port;
    struct weir_flow_figures figures;
    uint64_t refusals[WEIR_REASON_COUNT];
    double scale;
    double units[WEIR_ASSETS_MAX]; /* 10^decimals */
    double share[WEIR_ASSETS_MAX]; /* of the depth: of the markets that settle in the asset */
    double position_cap;           /* quote, simulated */
    weir_time now;                 /* of the last command */
    weir_time ticked;              /* of the last tick */
    uint64_t key;
    uint32_t market_count;
    struct flow_market *markets;
    uint32_t by_venue[WEIR_MARKETS_MAX]; /* venue market -> flow market + 1 */
    struct weir_random common;           /* the factor that all markets share */
    uint32_t account_count, entrant_count;
    uint32_t holder_count; /* accounts meant to hold positions */
    struct flow_account *accounts;
    struct flow_entrant *entrants;
    uint32_t *entrants_free; /* ring of entrants to try next */
    uint32_t free_first;
    struct flow_helper *bidders, *volunteers;
    struct flow_auction auctions[AUCTIONS_MAX];
    uint64_t arbitrage_orders;
    uint64_t answers_key;
    /* scheduler: a binary heap */
    struct flow_task *tasks;
    size_t task_count, task_capacity;
    uint64_t task_orders;
    /* opening */
    int stage;
    uint32_t cursor;
    bool failed; /* out of memory while scheduling */
};

/* ---- flow.c ---------------------------------------------------------------------------------- */
void weir_flow_schedule(struct weir_flow *flow, weir_time t, enum flow_task_kind kind, uint32_t who,
                        uint32_t what, uint64_t number);
/* Text after `prefix` as a number; -1 when the name is not of that form. */
int64_t weir_flow_number(const struct weir_name *name, const char *prefix);

/* ---- command.c: each sends one command at flow->now -------------------------------------------
 */
struct weir_name weir_flow_name(const char *format, ...) __attribute__((format(printf, 1, 2)));
void weir_flow_send(struct weir_flow *flow, struct weir_command *command);
void weir_flow_send_account(struct weir_flow *flow, const struct weir_name *account,
                            const struct weir_name *class_name, const struct weir_name *owner);
void weir_flow_send_deposit(struct weir_flow *flow, const struct weir_name *account, uint32_t asset,
                            weir_amount units);
void weir_flow_send_leverage(struct weir_flow *flow, const struct weir_name *account,
                             const struct flow_market *market, int64_t leverage);
void weir_flow_send_isolated(struct weir_flow *flow, const struct weir_name *account,
                             const struct flow_market *market, weir_amount units, bool mode_too);
struct flow_order {
    enum weir_side side;
    enum weir_order_type type;
    enum weir_tif tif;
    weir_qty lots;
    weir_price price; /* of a limit order, or stop price of a stop */
    bool reduce_only;
};
void weir_flow_send_order(struct weir_flow *flow, const struct weir_name *account,
                          const struct weir_name *id, const struct flow_market *market,
                          const struct flow_order *order);
void weir_flow_send_cancel(struct weir_flow *flow, const struct weir_name *account,
                           const struct weir_name *id);
void weir_flow_send_amend(struct weir_flow *flow, const struct weir_name *account,
                          const struct weir_name *id, const struct flow_market *market,
                          weir_qty lots, weir_price price);
void weir_flow_send_block(struct weir_flow *flow, const struct flow_market *market,
                          const struct weir_name *buyer, const struct weir_name *seller,
                          weir_qty lots, weir_price price);
void weir_flow_send_index(struct weir_flow *flow, const struct flow_market *market, uint32_t source,
                          weir_price price);
void weir_flow_send_bid(struct weir_flow *flow, const struct weir_name *account, uint64_t auction,
                        const struct flow_market *market, weir_qty lots, weir_price price);
void weir_flow_send_backstop(struct weir_flow *flow, const struct weir_name *account,
                             const struct flow_market *market, weir_amount notional,
                             weir_amount loss_limit);
void weir_flow_send_fund(struct weir_flow *flow, uint32_t fund, weir_amount units);

/* ---- Quantities of a market ------------------------------------------------------------------ */
weir_price weir_flow_ticks(const struct flow_market *market, double price); /* >= 1 */
weir_qty weir_flow_lots(const struct flow_market *market, double notional); /* at the index, down */
/* What lots are worth at a price, quote: price * quantity, or face value * lots. */
double weir_flow_notional(const struct flow_market *market, weir_qty lots, double price);
double weir_flow_lot_value(const struct flow_market *market, double price);
/* An amount of quote in units of the market's asset, at a price; the latter rounded up. */
double weir_flow_exact_units(const struct flow_market *market, double quote, double price);
weir_amount weir_flow_units(const struct flow_market *market, double quote, double price);
/* The same of any settlement asset: at the index of the first market that settles in it. */
weir_amount weir_flow_units_of(const struct weir_flow *flow, uint32_t asset, double quote);
/* The smallest order that the venue takes in lots, at a price. */
weir_qty weir_flow_least(const struct flow_market *market, double price);
/* A dated contract that has expired takes no commands any more (R16). */
bool weir_flow_closed(const struct weir_flow *flow, const struct flow_market *market);
/* How far the book stands above the outside index, of the index: crowded longs pay to stay. */
double weir_flow_premium(const struct flow_market *market);

/* ---- population.c, open.c -------------------------------------------------------------------- */
bool weir_flow_draw(struct weir_flow *flow, struct weir_file_error *error);
struct weir_name weir_flow_account_name(const struct weir_flow *flow, uint32_t account);
/* A batch of the opening; false when all is done. */
bool weir_open_batch(struct weir_flow *flow);

/* ---- Participants ---------------------------------------------------------------------------- */
void weir_index_advance(struct weir_flow *flow, weir_time elapsed);
void weir_index_publish(struct weir_flow *flow);
weir_time weir_index_interval(const struct weir_flow *flow); /* until the next tick */
void weir_makers_ladder(struct weir_flow *flow, struct flow_market *market);
void weir_makers_quote(struct weir_flow *flow, struct flow_market *market, weir_time elapsed);
void weir_makers_fill(struct weir_flow *flow, const struct weir_event *event);
void weir_makers_cancelled(struct weir_flow *flow, const struct weir_event *event);
void weir_noise_start(struct weir_flow *flow, struct flow_market *market);
void weir_noise_act(struct weir_flow *flow, const struct flow_task *task);
void weir_noise_fill(struct weir_flow *flow, const struct weir_event *event);
void weir_entrants_tick(struct weir_flow *flow, struct flow_market *market, weir_time elapsed);
void weir_entrants_close(struct weir_flow *flow, uint32_t entrant);
void weir_entrants_fill(struct weir_flow *flow, const struct weir_event *event);
void weir_arbitrage_tick(struct weir_flow *flow, struct flow_market *market);
void weir_helpers_tick(struct weir_flow *flow, struct flow_market *market);
void weir_helpers_fill(struct weir_flow *flow, const struct weir_event *event);
void weir_helpers_auction(struct weir_flow *flow, const struct weir_event *event);
void weir_helpers_bid(struct weir_flow *flow, const struct flow_task *task);
void weir_helpers_renew(struct weir_flow *flow);
void weir_answers_call(struct weir_flow *flow, const struct weir_event *event);
void weir_answers_act(struct weir_flow *flow, const struct flow_task *task);

#endif
