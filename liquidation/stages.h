/* Private to liquidation/: what the queue, the steps and the stages need of one another. */
#ifndef WEIR_LIQUIDATION_STAGES_H
#define WEIR_LIQUIDATION_STAGES_H

#include "liquidation/liquidation.h"

/* ---- Queue ----------------------------------------------------------------------------------- */
void weir_heap_put(struct weir_liquidator *lq, struct weir_scope_heap *heap, uint32_t scope);
void weir_heap_drop(struct weir_liquidator *lq, struct weir_scope_heap *heap, uint32_t scope);
uint32_t weir_heap_top(const struct weir_scope_heap *heap); /* WEIR_NO_INDEX: empty */
/* Puts a queued scope where its positions allow: ready heap, ADL heap, or waiting. */
void weir_queue_place(struct weir_liquidator *lq, uint32_t scope);
/* The scope can do nothing now: out of the ready heap until the next command, or until its health
 * may have changed, or until an auction closes, whichever it waits for. */
void weir_queue_wait(struct weir_liquidator *lq, uint32_t scope);
/* The same of a scope that only a change of its health, or the close of an auction, concerns. */
void weir_queue_rest(struct weir_liquidator *lq, uint32_t scope);
/* Its policy has it wait until then, or (WEIR_NEXT_COMMAND) for the next command. */
void weir_queue_sleep(struct weir_liquidator *lq, uint32_t scope, weir_time until);
/* Something was done to it, or to a position's stage: the next command looks at it again. */
void weir_queue_wake(struct weir_liquidator *lq, uint32_t scope);
/* All that waited for the next command or a change of health is placed again. */
void weir_queue_retry(struct weir_liquidator *lq);
/* The first of a heap in order, at most `most` of them; returns how many. O(most^2). */
uint32_t weir_heap_first(const struct weir_liquidator *lq, const struct weir_scope_heap *heap,
                         uint32_t *scopes, uint32_t most);
/* Asks the cache for what the next steps will read, `scope` being worked now. `ahead` begins as
 * zeros with each command. */
#define WEIR_AHEAD 12
struct weir_queue_ahead {
    uint32_t scope[WEIR_AHEAD]; /* in the order in which they come */
    uint32_t count, at;         /* at: the next of them */
};
void weir_queue_look_ahead(const struct weir_liquidator *lq, struct weir_queue_ahead *ahead,
                           uint32_t scope);
void weir_queue_leave(struct weir_liquidator *lq, uint32_t scope);

/* ---- A liquidation --------------------------------------------------------------------------- */
/* May a position be worked: market open to liquidation and not stale? */
bool weir_market_workable(const struct weir_exchange *x, uint32_t market);
bool weir_scope_parked(const struct weir_liquidator *lq, uint32_t scope);
/* Books what closing fills mean for the liquidation (after weir_fill): their value and P&L. */
void weir_count_closed(struct weir_liquidator *lq, uint32_t leg, enum weir_stage_value stage,
                       weir_wide value, weir_wide realised);
/* The stage behind `stage` for a leg (R25, R27, R32), and entering it. */
enum weir_stage weir_next_stage(const struct weir_liquidator *lq, const struct weir_leg *leg,
                                enum weir_stage stage);
void weir_enter_stage(struct weir_liquidator *lq, uint32_t leg, enum weir_stage stage);
/* How a queued scope stands. The last look still holds unless marks, charges or risk moved or the
 * scope itself was touched since (R19 has every such change listed); only its order margin may be
 * that of before some cancels, and no stage asks for it. */
void weir_look(struct weir_liquidator *lq, uint32_t scope, struct weir_health *h);
/* Looks at the scope after a step: flat or restored ends it. True when it is over, or waits for
 * its shortfall. */
bool weir_after_step(struct weir_liquidator *lq, uint32_t scope);
/* A scope in liquidation that another's deleveraging made flat and negative: waits for (8). */
void weir_flat_shortfall(struct weir_liquidator *lq, uint32_t scope);
void weir_liquidation_end(struct weir_liquidator *lq, uint32_t scope, enum weir_outcome outcome);
/* Takes the liquidation fee of closings worth `value` that were `better` than bankruptcy (R24). */
void weir_take_liquidation_fee(struct weir_liquidator *lq, uint32_t leg, weir_wide value,
                               weir_wide better);
/* The side of the liquidation order of a leg. */
static inline enum weir_side weir_closing_side(const struct weir_leg *leg) {
    return leg->size > 0 ? WEIR_SELL : WEIR_BUY;
}
/* What closing lots at `price` brings more than at `than`: negative is a gap. */
static inline weir_wide weir_better_by(const struct weir_market *m, enum weir_side side,
                                       weir_price price, weir_price than, weir_qty lots) {
    return weir_gain(m, than, price, side == WEIR_SELL ? lots : -(weir_wide)lots);
}
/* The worst price for who closes on `side` at which the gap of `lots` against `than` is at most
 * `gap` >= 0 (R31: how far a grant reaches). */
static inline weir_price weir_price_within_gap(const struct weir_market *m, enum weir_side side,
                                               weir_price than, weir_qty lots, weir_wide gap) {
    weir_wide value = weir_value(m, than, lots);
    bool pays_more = (side == WEIR_SELL) == (m->contract == WEIR_INVERSE);
    struct weir_price_range r = pays_more ? weir_prices_worth(m, lots, 0, value + gap)
                                          : weir_prices_worth(m, lots, value - gap, INT64_MAX);
    return side == WEIR_SELL ? r.low : r.high;
}
/* The most lots, at most `lots`, whose gap at `price` against `than` is at most `gap` >= 0: all of
 * them, or what bisection between 0 and all finds (the gap of inverse lots, a difference of rounded
 * values, grows with their number but for a unit). */
weir_qty weir_lots_within_gap(const struct weir_market *m, enum weir_side side, weir_price price,
                              weir_price than, weir_qty lots, weir_wide gap);
/* A price `ticks` worse for who closes on `side`, within [1, max_price]. */
static inline weir_price weir_worse_by(const struct weir_market *m, enum weir_side side,
                                       weir_price price, weir_wide ticks) {
    weir_wide p = side == WEIR_SELL ? price - ticks : price + ticks;
    return weir_clamp(weir_saturate(p), 1, m->max_price);
}
/* The furthest price the fund subsidises away from mark in auctions and backstops (R31). */
weir_price weir_furthest_price(const struct weir_exchange *x, uint32_t market, enum weir_side side);
/* The worse edge of the liquidation band for `side` (R24). */
weir_price weir_band_edge(const struct weir_exchange *x, uint32_t market, enum weir_side side);

/* A fund's scope that is flat gives its balance back to the cash; other accounts: nothing. */
void weir_fund_return(struct weir_liquidator *lq, uint32_t account);
/* One slice of the policy that works off the fund's inventory in a market (a timer). */
void weir_unwind_slice(struct weir_liquidator *lq, uint32_t fund, uint32_t market);

/* ---- The market-wide budget ------------------------------------------------------------------ */
int weir_budgets_new(struct weir_liquidator *lq);
/* As (6) begins: a new interval's budget, handed to those who wait. */
void weir_budget_rounds(struct weir_liquidator *lq);
/* May a slice of so many lots be made, or a part of it? If not, the leg is in line for it. */
bool weir_budget_admits(struct weir_liquidator *lq, uint32_t leg, weir_qty lots);
/* Takes what was admitted: the lots that may be sliced. */
weir_qty weir_budget_take(struct weir_liquidator *lq, uint32_t leg, weir_qty lots);
/* The leg's book stage is over. */
void weir_budget_leave(struct weir_liquidator *lq, uint32_t leg);

/* ---- Loss pools of groups (R29 `profit`, `equity`) ------------------------------------------- */
int weir_social_new(struct weir_liquidator *lq);
void weir_social_free(struct weir_liquidator *lq);
/* A loss that the market's fund did not pay enters the pool of its group. */
void weir_social_add(struct weir_liquidator *lq, uint32_t market, weir_wide amount);
/* (8): moves the sweep, then the count, on. */
void weir_social_run(struct weir_liquidator *lq);
/* The count of all weights that withdrawals are measured by: goes on by at most so many accounts /
 * is out of date. */
void weir_social_count(struct weir_liquidator *lq, int64_t most);
void weir_social_recount(struct weir_liquidator *lq);
/* How many accounts a command looks at. */
int64_t weir_social_bound(const struct weir_venue *venue);
/* What a scope weighs in a group's charge: 0 when it is in liquidation, has no equity or is not of
 * the group; `in`: at that moment, NULL: now. *cap is its equity then. */
weir_wide weir_social_weigh(const struct weir_liquidator *lq, const struct weir_instant *in,
                            uint32_t scope, uint32_t group, weir_wide *cap);
/* The account's scopes in order: calls with each. */
void weir_social_scopes(struct weir_liquidator *lq, uint32_t account,
                        void (*visit)(struct weir_liquidator *lq, uint32_t scope, void *ctx),
                        void *ctx);
/* The scope of an account that pays for one of that name: itself, or the cross scope to which an
 * isolated one has gone. */
uint32_t weir_social_payer(const struct weir_liquidator *lq, uint32_t account, uint32_t scope_code);
/* The account's parts in the sweep, once weighed. */
struct weir_social_head weir_social_head_of(const struct weir_liquidator *lq, uint32_t account);

/* ---- Stages: each works one step of the leg -------------------------------------------------- */
void weir_book_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h);
/* May the leg, in its book stage, be sliced now? Else when to look again; WEIR_IN_LINE: when the
 * market's budget comes to it. */
#define WEIR_IN_LINE INT64_MIN
bool weir_book_ready(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h,
                     weir_time *until);
void weir_auction_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h);
bool weir_auction_has_room(const struct weir_liquidator *lq, const struct weir_leg *leg);
void weir_auction_drop_bids(struct weir_liquidator *lq, uint32_t scope);
/* The worst price that a leg's lots on offer accept now, and their bankruptcy price (R26, R31). */
weir_price weir_offer_reserve(const struct weir_liquidator *lq, uint32_t leg,
                              weir_price *bankruptcy);
/* Books the sale of lots on offer, with its gap, and adds its value and how much better than
 * bankruptcy it was. */
void weir_offer_fill(struct weir_liquidator *lq, uint32_t leg, const struct weir_fill *fill,
                     weir_price bankruptcy, weir_wide *value, weir_wide *better);
/* Gives what is left of an offer back to its position, which goes on at `stage`. */
void weir_offer_back(struct weir_liquidator *lq, uint32_t leg, enum weir_stage stage);
/* A Dutch auction of its own for a leg: the next number, no lots yet. */
struct weir_open_auction *weir_dutch_open(struct weir_liquidator *lq, uint32_t leg);
/* (Re)starts it with the lots that it has: curve, close and restart from now on. */
void weir_dutch_start_run(struct weir_liquidator *lq, struct weir_open_auction *auction);
void weir_dutch_close(struct weir_liquidator *lq, struct weir_open_auction *auction);
/* Its times have changed / it is gone. */
void weir_dutch_retime(struct weir_liquidator *lq, struct weir_open_auction *auction);
void weir_dutch_drop(struct weir_liquidator *lq, struct weir_open_auction *auction);
/* What the first of the market's auctions that is due is due for: its close, or a restart. */
void weir_auction_timer(struct weir_liquidator *lq, uint32_t market);
/* A Dutch auction that is due. */
void weir_dutch_timer(struct weir_liquidator *lq, struct weir_open_auction *auction);
/* Sets the market's timer to what is due first. */
void weir_auction_retime(struct weir_liquidator *lq, uint32_t market);
int weir_auctions_new(struct weir_liquidator *lq);
void weir_auctions_free(struct weir_liquidator *lq);
void weir_backstop_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h);
void weir_absorb_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h);
/* A position that is to be closed may end there: its opposite side is kept in line from now on. */
void weir_adl_expect(struct weir_liquidator *lq, uint32_t leg);
void weir_adl_stage(struct weir_liquidator *lq, uint32_t leg, const struct weir_health *h);

#endif
