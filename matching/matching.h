/* matching: orders entering and leaving a book, and the walk of a taker through it: self-trade
 * prevention, the checks at fills (R11), postings, fees, events. Ordinary orders, liquidation
 * orders and the fund's unwinding all walk here. */
#ifndef WEIR_MATCHING_H
#define WEIR_MATCHING_H

#include "margin/margin.h"

/* ---- Orders ---------------------------------------------------------------------------------- */
/* Makes the order (its fields filled in, its ladder chosen by its flags) rest in its market, at
 * the end of its level and of its leg's list: counts its lots and open loss. A stop waits. */
void weir_order_rest(struct weir_exchange *x, uint32_t order);
/* Takes a resting or waiting order (also one in the line) out of book and leg list and forgets
 * it. No event. */
void weir_order_forget(struct weir_exchange *x, uint32_t order);
/* Takes an order out of its book, line and leg list, but keeps it in the pool with its id. */
void weir_order_unrest(struct weir_exchange *x, uint32_t order);
/* The same with `cancelled`. */
void weir_order_cancel(struct weir_exchange *x, uint32_t order, enum weir_reason reason);
/* The first order of its side of the book is filled by `lots` of its leg: it keeps its place with
 * what is left, which is returned, or leaves book and leg list, but not the pool. */
weir_qty weir_order_fill(struct weir_exchange *x, uint32_t order, weir_qty lots);
/* Takes `lots` (less than all) off a resting order, in its place. */
void weir_order_shrink(struct weir_exchange *x, uint32_t order, weir_qty lots);
/* Cancels all orders and stops of a leg, oldest first. */
void weir_leg_cancel_orders(struct weir_exchange *x, uint32_t leg, enum weir_reason reason);
void weir_emit_cancelled(struct weir_exchange *x, uint32_t account, const struct weir_name *id,
                         uint32_t market, weir_qty qty, enum weir_reason reason);

/* ---- Fills ----------------------------------------------------------------------------------- */
/* R11 at fills: may the leg take `qty` lots (signed) at `price`, paying `fee`? Settles the leg. */
bool weir_fill_allowed(struct weir_exchange *x, uint32_t leg, weir_qty qty, weir_price price,
                       weir_wide fee);
struct weir_fill {
    enum weir_fill_kind kind;
    uint32_t taker, maker; /* legs */
    enum weir_side side;   /* the taker's */
    weir_price price;
    weir_qty qty;
    const struct weir_name *taker_order;
    uint32_t maker_order; /* the first of its side of the book; WEIR_NO_INDEX: none */
    weir_wide taker_fee, maker_fee;
};
struct weir_fill_result {
    struct weir_position_change taker, maker;
};
/* Books a fill: charges settled, positions, P&L, fees, the maker's order, last price and stops
 * passed by it, the `fill` event, then the reduce-only cancels of both sides. */
void weir_fill(struct weir_exchange *x, const struct weir_fill *fill,
               struct weir_fill_result *result);

/* ---- The walk -------------------------------------------------------------------------------- */
struct weir_taker {
    uint32_t leg;
    enum weir_side side;
    weir_price limit;
    weir_qty qty;                  /* lots wanted, >= 0 */
    enum weir_fill_kind kind;      /* trade, liquidation or unwind */
    const struct weir_name *order; /* NULL: not an order of the account's */
    bool voluntary;                /* R11 is checked for the taker, venue's self-trade mode */
    bool pays_fee;                 /* the taker fee; no rebate is paid where it does not */
    bool fee_free;                 /* neither side pays a fee */
    int64_t max_fills;
    bool one_maker; /* the walk ends behind the first order it meets */
    /* Asked after the maker's check: may this fill be taken? May be NULL. */
    bool (*allow)(void *ctx, weir_price price, weir_qty qty);
    /* Told after each fill and its reduce-only cancels. May be NULL. */
    void (*filled)(void *ctx, weir_price price, weir_qty qty,
                   const struct weir_position_change *taker);
    void *ctx;
};
struct weir_walk {
    weir_qty filled;
    weir_qty left; /* lots not filled nor used up by `decrement` */
    int64_t fills;
    weir_amount value;        /* of no more lots than a position can have: within 64 bits */
    enum weir_reason stopped; /* OK: filled, or nothing more within the limit; SELF_TRADE,
                                 TAKER_MARGIN, FILL_LIMIT; NOT_ALLOWED: `allow` said no */
};
void weir_match(struct weir_exchange *x, const struct weir_taker *taker, struct weir_walk *walk);

/* What a market order could take, and what `fok` could (R10, R11 and the readings): makers of the
 * same owner left out; with `check_makers` also those that would fail now. */
struct weir_reach {
    weir_qty lots;
    weir_price worst; /* 0 when no lot */
};
struct weir_reach weir_book_reach(struct weir_exchange *x, uint32_t leg, enum weir_side side,
                                  weir_price limit, weir_qty qty, bool check_makers);

#endif
