/* Private to engine/: the engine's state and what its files need of one another. */
#ifndef WEIR_ENGINE_INTERNAL_H
#define WEIR_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "liquidation/liquidation.h"

/* How far the sweep of a settling market has come: indices of listed items. */
struct weir_sweep {
    uint32_t order, orders_end;
    uint32_t next_long, next_short, end;
};

struct weir_engine {
    struct weir_exchange x;
    struct weir_liquidator lq;
    struct weir_engine_options options;
    bool clock_set;
    bool sample_premiums;        /* a command was accepted since premiums were sampled */
    struct weir_timers timers;   /* slots by kind, then by market; liquidation has its own */
    struct weir_pool scales_due; /* uint32_t markets whose place in oi_scaling may change (R9) */
    bool *scale_listed;          /* per market: in that list */
    uint32_t settling;           /* markets that are */
    struct weir_sweep *sweeps;   /* per market */
    struct weir_pool sweep_items;
    const struct weir_command *command; /* being applied */
    char detail[160];
    struct weir_pool scratch; /* answers of queries, bytes */
};

/* ---- Handlers: check everything, then `accepted`, then do it; or return the reason ------------
 */
typedef enum weir_reason (*weir_handler)(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_account(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_deposit(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_withdraw(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_leverage(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_margin_mode(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_isolated_margin(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_order(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_cancel(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_cancel_all(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_amend(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_index(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_collateral_price(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_block_trade(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_fund(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_bid(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_backstop(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_market_status(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_risk(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_indicator(struct weir_engine *e, const struct weir_command *c);
enum weir_reason weir_on_clock(struct weir_engine *e, const struct weir_command *c);
/* Answers a query, or returns the reason. */
enum weir_reason weir_answer(struct weir_engine *e, const struct weir_command *c);

enum weir_reason weir_answer_map(struct weir_engine *e, const struct weir_command *c);
/* `size` zeroed bytes of scratch, 16-byte aligned; scratch is emptied at the start of a query. */
void *weir_take_scratch(struct weir_engine *e, size_t size);

/* Says why in a sentence; returns the reason. */
__attribute__((format(printf, 3, 4))) enum weir_reason
weir_deny(struct weir_engine *e, enum weir_reason reason, const char *format, ...);
/* The command passed all checks. */
void weir_accept(struct weir_engine *e, const struct weir_name *id);

/* ---- Reading a command's fields -------------------------------------------------------------- */
/* Each returns WEIR_OK or the reason; callers look at them in the order of the reasons. */
enum weir_reason weir_find_account(struct weir_engine *e, const struct weir_name *name,
                                   uint32_t *account);
uint32_t weir_class_find(const struct weir_venue *venue, const struct weir_name *name);
enum weir_reason weir_find_market(struct weir_engine *e, const struct weir_command *c,
                                  uint32_t *market);
enum weir_reason weir_find_leg(struct weir_engine *e, const struct weir_command *c,
                               uint32_t *market, uint32_t *leg);
/* Numbers of one command, converted together: all `precision` problems come before all `range`
 * ones, and these before `overflow`. */
struct weir_number {
    const char *key;
    const struct weir_decimal *text;
    const struct weir_decimal *unit;
    int64_t least; /* below: range */
    int64_t most;  /* above: range, or overflow when most_overflows */
    bool most_overflows;
    int64_t *out;
};
/* The unit of amounts that concern a market: its settlement asset's. */
struct weir_decimal weir_market_unit(const struct weir_engine *e, uint32_t market);
enum weir_reason weir_read_numbers(struct weir_engine *e, const struct weir_number *numbers,
                                   size_t count);
extern const struct weir_decimal weir_one, weir_ppb;
struct weir_number weir_price_number(const struct weir_engine *e, uint32_t market, const char *key,
                                     const struct weir_decimal *text, weir_price *out);
struct weir_number weir_qty_number(const struct weir_engine *e, uint32_t market,
                                   const struct weir_decimal *text, weir_qty *out);

/* ---- Orders ---------------------------------------------------------------------------------- */
struct weir_order_request {
    uint32_t leg, account, market;
    struct weir_name id;
    enum weir_side side;
    enum weir_order_type type; /* limit or market */
    enum weir_tif tif;
    bool post_only, reduce_only;
    bool fired; /* a stop's: no order_limit, no `accepted` */
    weir_qty qty;
    weir_price price; /* limit orders */
};
/* All checks from `status` on; sets what the entry needs. */
struct weir_order_plan {
    weir_qty qty; /* after the reduce-only cut */
    weir_price limit;
};
enum weir_reason weir_order_check(struct weir_engine *e, const struct weir_order_request *r,
                                  struct weir_order_plan *plan);
/* Matches and rests what the checks let in. */
void weir_order_enter(struct weir_engine *e, const struct weir_order_request *r,
                      const struct weir_order_plan *plan);
/* Margin of an order or bid of `lots` at `price` (R11); `raises`: its first branch. */
bool weir_order_margin_ok(struct weir_engine *e, uint32_t leg, enum weir_side side,
                          weir_price price, weir_qty lots, bool reduce_only, weir_wide fee);
bool weir_order_raises(const struct weir_engine *e, uint32_t leg, enum weir_side side,
                       weir_qty lots);
/* May some of its lots open a position: more than what closes, open orders of the side counted? */
bool weir_order_opens(const struct weir_engine *e, uint32_t leg, enum weir_side side,
                      weir_qty lots);
/* R9's last cap, R12's position limit and open-interest cap for `lots` more on a side. */
enum weir_reason weir_exposure_check(struct weir_engine *e, uint32_t leg, enum weir_side side,
                                     weir_qty lots);
bool weir_in_band(const struct weir_engine *e, uint32_t market, enum weir_side side,
                  weir_price price);
/* R3's position bound with `lots` more open on a side. */
bool weir_bound_ok(const struct weir_engine *e, uint32_t leg, enum weir_side side, weir_qty lots);
/* (4) */
void weir_fire_stops(struct weir_engine *e);
/* A market leaves `auction` with a crossed book. */
void weir_uncross(struct weir_engine *e, uint32_t market);

/* ---- Dated markets --------------------------------------------------------------------------- */
int weir_settlement_new(struct weir_engine *e);
/* Has the market neither orders nor positions? */
bool weir_market_empty(const struct weir_engine *e, uint32_t market);
/* The timer at expiry. */
void weir_settle_market(struct weir_engine *e, uint32_t market);
/* Between (4) and (5): what is left in settling markets goes, at most as much as a command may. */
void weir_sweep_markets(struct weir_engine *e);
/* `status` for a command that a market no longer takes once it is settling. */
enum weir_reason weir_check_open(struct weir_engine *e, uint32_t market);

/* ---- Prices and time ------------------------------------------------------------------------- */
/* What is due at a market's time, in R39's order; a source also at a collateral asset's, whose
 * slots come behind the markets' (market_count + asset). Auctions and unwindings are liquidation's.
 */
enum weir_timer {
    WEIR_TIMER_SOURCE,
    WEIR_TIMER_MARK,
    WEIR_TIMER_FUNDING,
    WEIR_TIMER_SETTLEMENT,
    WEIR_TIMER_POINT, /* the end of a settlement interval (R29), at the first market's slot */
    WEIR_TIMER_COUNT
};
/* 0 or -ENOMEM. */
int weir_engine_timers_new(struct weir_engine *e);
void weir_set_timer(struct weir_engine *e, enum weir_timer kind, uint32_t market, weir_time at);
/* The mark or the open interest of a market moved: its oi_scaling is fixed anew for the next
 * command. */
void weir_scale_due(struct weir_engine *e, uint32_t market);
/* Fires due timers and moves time to t. */
void weir_advance(struct weir_engine *e, weir_time t);
/* The index of the market's sources now, with its stale and fresh events. */
void weir_refresh_index(struct weir_engine *e, uint32_t market);
void weir_refresh_collateral(struct weir_engine *e, uint32_t asset);
/* The mark now: event, stops it passes, triggers. */
void weir_refresh_mark(struct weir_engine *e, uint32_t market);
/* Lets the stops whose condition holds at present prices enter the line. */
void weir_pass_stops(struct weir_engine *e, uint32_t market);

#endif
