/* orderbook: orders in one pool, and ladders: price levels of first-in-first-out queues, found
 * through occupancy maps. A market's book is two ladders of resting orders and four of waiting
 * stops. Matching is an iterator: the caller asks for the first maker, fills, cancels or stops;
 * nothing here knows accounts' margins, owners or events. Any price in [1, 2^63 - 1]; memory in
 * proportion to live orders and levels. */
#ifndef WEIR_ORDERBOOK_H
#define WEIR_ORDERBOOK_H

#include "market/contract.h"
#include "protocol/protocol.h"

enum {
    WEIR_ORDER_REDUCE_ONLY = 1 << 0,
    WEIR_ORDER_POST_ONLY = 1 << 1,
    WEIR_ORDER_STOP = 1 << 2,       /* waits for its stop price */
    WEIR_ORDER_STOP_LAST = 1 << 3,  /* its trigger is the last price, not mark */
    WEIR_ORDER_STOP_LIMIT = 1 << 4, /* becomes a limit order; else a market order */
    WEIR_ORDER_IN_LINE = 1 << 5,    /* a stop that was passed and waits to fire */
    WEIR_ORDER_IOC = 1 << 6,        /* of a stop: what it becomes */
    WEIR_ORDER_FOK = 1 << 7,
};

/* One order; 56 bytes: with its part of a level's record it takes less than 64 in all. What a
 * ladder reads lies together, since most orders lie over two cache lines. Its id is at the same
 * index of the pool of names. */
struct weir_order {
    union {
        weir_price mark_accepted; /* m0 of R10 */
        weir_price stop_price;    /* of a waiting stop */
    };
    uint32_t leg_next, leg_prev; /* among the leg's orders, oldest first; kept by the ledger */
    weir_price price;            /* limit; of a stop that becomes a market order: 0 */
    weir_qty open;               /* lots left, >= 1 */
    uint32_t next, prev; /* in its level's queue or the line of passed stops; next: free list */
    uint32_t account;
    uint32_t leg;      /* the account's leg in this market */
    uint64_t age : 45; /* acceptance number: lower is older */
    uint64_t market : 10;
    uint64_t side : 1; /* enum weir_side */
    uint64_t flags : 8;
};
_Static_assert(sizeof(struct weir_order) == 56, "an order's record");
_Static_assert(WEIR_MARKETS_MAX <= 1 << 10, "a market's number fits its field");
#define WEIR_AGE_MAX ((UINT64_C(1) << 45) - 1)

/* What kind of order it is, where. */
static inline void weir_order_set(struct weir_order *order, uint32_t market, enum weir_side side,
                                  uint32_t flags) {
    order->market = market & (WEIR_MARKETS_MAX - 1);
    order->side = side == WEIR_SELL;
    order->flags = flags & 255;
}

/* An order that was removed keeps its place in the table, and in the pool, while so many others are
 * removed: by then the cache has the line of the table that was asked for. */
#define WEIR_ORDERS_GOING 7
struct weir_orders {
    struct weir_pool orders; /* struct weir_order */
    struct weir_pool names;  /* struct weir_name, same index */
    uint32_t free_head;      /* WEIR_NO_INDEX: none */
    uint32_t live;
    uint64_t next_age; /* from 1 */
    uint32_t *slots;   /* (account, id) -> order index + 1 */
    uint32_t slot_mask;
    uint32_t slot_used; /* those of orders that are going included */
    uint32_t gone;      /* removed so far: the next takes the place of the oldest in the ring */
    struct {
        uint32_t order; /* index + 1; 0: nobody */
        uint32_t hash;
    } going[WEIR_ORDERS_GOING];
};
/* 0 or -ENOMEM. */
int weir_orders_new(struct weir_orders *orders, uint32_t capacity);
void weir_orders_free(struct weir_orders *orders);
static inline struct weir_order *weir_order_at(const struct weir_orders *orders, uint32_t idx) {
    return WEIR_AT(&orders->orders, struct weir_order, idx);
}
static inline const struct weir_name *weir_order_name(const struct weir_orders *orders,
                                                      uint32_t idx) {
    return WEIR_AT(&orders->names, struct weir_name, idx);
}
/* Orders that one pool may have, so that a book's memory is never at its end before the pool is. */
#define WEIR_ORDERS_MAX (UINT32_C(1) << 25)
/* Is there no room for another one? */
static inline bool weir_orders_full(const struct weir_orders *orders) {
    return orders->live == orders->orders.capacity || orders->next_age > WEIR_AGE_MAX;
}
/* A zeroed order of `account` with this id (which the account does not have yet) and the next age;
 * WEIR_NO_INDEX when the pool is full, or the ages are used up. Amortised O(1). */
uint32_t weir_orders_add(struct weir_orders *orders, uint32_t account, const struct weir_name *id);
/* Forgets an order that is in no ladder, line or leg list. O(1). */
void weir_orders_remove(struct weir_orders *orders, uint32_t idx);
/* Bytes of orders, free ones included; of their names and the table that finds them. */
uint64_t weir_orders_memory(const struct weir_orders *orders);
uint64_t weir_orders_names_memory(const struct weir_orders *orders);
/* Its parts of an image (base/image.h). */
struct weir_image;
void weir_orders_image(struct weir_orders *orders, struct weir_image *image);
/* Tells of its pools / room in the table for orders to come, outside the hot loop. */
void weir_orders_pools(struct weir_orders *orders, weir_pool_visit visit, void *ctx);
void weir_orders_make_room(struct weir_orders *orders);
/* The account's order of this id, or WEIR_NO_INDEX. Expected O(1). */
uint32_t weir_orders_find(const struct weir_orders *orders, uint32_t account,
                          const struct weir_name *id);

/* Asks the cache for an order and its name. Any number below the pool's count will do; nothing
 * changes. */
static inline void weir_order_ahead(const struct weir_orders *orders, uint32_t idx) {
    const char *order = (const char *)weir_order_at(orders, idx);
    __builtin_prefetch(order, 1);
    __builtin_prefetch(order + sizeof(struct weir_order) - 1, 1);
    __builtin_prefetch(weir_order_name(orders, idx));
}

/* ---- A ladder -------------------------------------------------------------------------------- */
/* Levels in priority order: `descending` = best is the highest price (bids, sell stops), else the
 * lowest (asks, buy stops). Keyed by order->price, or by stop_price in ladders of stops. */
struct weir_ladder; /* opaque, allocated by weir_book_new */

struct weir_level_view {
    weir_price price;
    weir_wide qty; /* sum of open lots */
    uint32_t orders;
    uint32_t first; /* oldest order */
    uint32_t level; /* private to the ladder */
};
/* Adds an order at the end of its price's queue. 0, or -ENOMEM with nothing changed. */
int weir_ladder_push(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx);
/* The same where the caller knows its price (of a stop the stop price) and its open lots: its place
 * is found while the order's memory may still be on its way. */
int weir_ladder_push_at(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx,
                        weir_price price, weir_qty lots);
/* Takes an order out (it stays in the pool). O(1). */
void weir_ladder_remove(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx);
/* order->open -= lots, lots in [1, open - 1]: a fill, a shrink; keeps its place. O(1). */
void weir_ladder_reduce(struct weir_ladder *ladder, struct weir_orders *orders, uint32_t idx,
                        weir_qty lots);
/* The first order, which rests, is filled by `lots` in [1, open]: it keeps its place with what is
 * left, which is returned, or goes (and stays in the pool). O(1). */
weir_qty weir_ladder_fill(struct weir_ladder *ladder, struct weir_orders *orders, weir_qty lots);
/* For look-ahead: asks the cache for what a ladder reads of an order. */
static inline void weir_order_place_ahead(const struct weir_orders *orders, uint32_t idx) {
    const struct weir_order *order = weir_order_at(orders, idx);
    __builtin_prefetch(&order->price, 1);
    __builtin_prefetch(&order->account, 1);
}
/* For look-ahead: asks the cache for the neighbours of an order that has come. Of an order that
 * rests nowhere, too: nothing changes. */
static inline void weir_order_neighbours_ahead(const struct weir_orders *orders,
                                               const struct weir_order *order) {
    size_t links = offsetof(struct weir_order, next); /* which is what will be written */
    __builtin_prefetch(orders->orders.base + (size_t)order->next * sizeof *order + links, 1);
    __builtin_prefetch(orders->orders.base + (size_t)order->prev * sizeof *order + links, 1);
}
/* The same for the orders of its leg before and behind it. */
static inline void weir_order_leg_ahead(const struct weir_orders *orders,
                                        const struct weir_order *order) {
    size_t links = offsetof(struct weir_order, leg_next);
    __builtin_prefetch(orders->orders.base + (size_t)order->leg_next * sizeof *order + links, 1);
    __builtin_prefetch(orders->orders.base + (size_t)order->leg_prev * sizeof *order + links, 1);
}
/* Asks for one more of the orders to be filled next, with its name, unless about `most` of them
 * have been asked for. Returns the one it asked for the time before, which has come by now, or
 * WEIR_NO_INDEX. */
uint32_t weir_ladder_maker_ahead(struct weir_ladder *ladder, const struct weir_orders *orders,
                                 uint32_t most);
/* Oldest order of the best level, or WEIR_NO_INDEX. O(1). */
uint32_t weir_ladder_first(const struct weir_ladder *ladder);
/* Price of the best level, 0 when empty. O(1). */
weir_price weir_ladder_best(const struct weir_ladder *ladder);
/* The order behind `idx` in priority order, or WEIR_NO_INDEX. */
uint32_t weir_ladder_next(const struct weir_ladder *ladder, const struct weir_orders *orders,
                          uint32_t idx);
/* The best level / the level behind `view`, the ladder unchanged since; false when there is none.
 */
bool weir_ladder_first_level(struct weir_ladder *ladder, struct weir_level_view *view);
bool weir_ladder_next_level(const struct weir_ladder *ladder, struct weir_level_view *view);
uint32_t weir_ladder_count(const struct weir_ladder *ladder); /* orders in it */

/* ---- A market's book ------------------------------------------------------------------------- */
struct weir_book {
    struct weir_ladder *side[2];     /* WEIR_BUY: bids, WEIR_SELL: asks */
    struct weir_ladder *stops[2][2]; /* [enum weir_stop_trigger][enum weir_side] */
};
/* All memory for the ladders of one market: grows with levels, and has room for those of so many
 * orders, in [1, WEIR_ORDERS_MAX]. 0 or -ENOMEM. */
int weir_book_new(struct weir_book *book, uint32_t orders_max);
void weir_book_free(struct weir_book *book);
/* Its parts of an image. */
void weir_book_image(struct weir_book *book, struct weir_image *image);
/* Tells of its pools. */
void weir_book_pools(struct weir_book *book, weir_pool_visit visit, void *ctx);
/* Bytes of its levels, queues and maps, free ones included. */
uint64_t weir_book_memory(const struct weir_book *book);

/* The iterator of matching: the maker that an incoming order of `side` and limit `limit` meets
 * next, or WEIR_NO_INDEX. The caller removes or reduces it, then asks again. */
static inline uint32_t weir_book_maker(const struct weir_book *book, enum weir_side side,
                                       weir_price limit) {
    uint32_t idx = weir_ladder_first(book->side[side ^ 1]);
    if (idx == WEIR_NO_INDEX) return idx;
    weir_price p = weir_ladder_best(book->side[side ^ 1]);
    return (side == WEIR_BUY ? p <= limit : p >= limit) ? idx : WEIR_NO_INDEX;
}

/* Average price, value / lots ticks, of the best lots of one side that are worth the market's
 * impact notional (R14). Whole lots; of the last order the least number that reaches it. Linear:
 * the sum of price * lots, over the lots. Inverse: face_units * lots over face_divisor * the
 * orders' values: the price at which all lots were worth what they are. */
struct weir_impact {
    bool known; /* false: the side cannot reach it */
    weir_wide value;
    weir_wide lots;
};
struct weir_impact weir_book_impact(const struct weir_book *book, const struct weir_orders *orders,
                                    enum weir_side side, const struct weir_market *market);

/* ---- The line of passed stops ---------------------------------------------------------------- */
struct weir_stop_line {
    uint32_t head, tail; /* WEIR_NO_INDEX: empty */
};
void weir_stop_line_push(struct weir_stop_line *line, struct weir_orders *orders, uint32_t idx);
void weir_stop_line_remove(struct weir_stop_line *line, struct weir_orders *orders, uint32_t idx);
/* Moves every stop of the ladders of `trigger` whose condition holds at `price` (buy: price >=
 * stop, sell: price <= stop) from its ladder to the end of the line: buys by ascending stop
 * price, then sells by descending, ties by age. Sets WEIR_ORDER_IN_LINE. */
void weir_book_pass_stops(struct weir_book *book, struct weir_orders *orders,
                          enum weir_stop_trigger trigger, weir_price price,
                          struct weir_stop_line *line);

#endif
