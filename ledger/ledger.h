/* ledger: accounts and their owners, margin scopes, legs (an account's position, leverage and open
 * orders in one market), collateral, and the postings that move money. Everything is an index into
 * a pool that never moves; conservation (R33) and zero sum (R34) are kept as running totals here
 * and can be recomputed from the accounts.
 *
 * A healthy account with one position costs 116 bytes: account 16, cross scope 32, leg 64, its
 * place in the market's list of positions 4. What only some legs and scopes have at a time stands
 * apart and is given back: a leg's open orders in a weir_leg_orders, its backstop capacity and part
 * in a liquidation in a weir_leg_extra, a queued scope's in a weir_case. Names are interned in a
 * table of their own.
 *
 * Conservation, derived from R7. Linear: opening at value v adds v to V on both sides, so -V of
 * longs and +V of shorts cancel. Closing a long at value w releases r: balance += w - r, and -V
 * rises by r, so the long side contributes +w; closing a short: balance += r - w, +V falls by r:
 * -w. Every fill of value w has one buyer and one seller, whose contributions -w (opening a long or
 * closing a short) and +w cancel. Inverse: P&L has the other sign, so V counts with the other sign:
 * closing a long, balance += r - w and +V of longs falls by r: -w; closing a short, balance +=
 * w - r and -V of shorts rises by r: +w; opening contributes +w (long) and -w (short), and again
 * buyer and seller cancel. A fill that closes and opens contributes value(p, closed) and the fill's
 * value less that: w in all. Fees, grants and charges move between the other terms. All of it holds
 * within one settlement asset, since a leg, its scope and its market have the same. */
#ifndef WEIR_LEDGER_H
#define WEIR_LEDGER_H

#include "market/contract.h"
#include "protocol/protocol.h"

enum weir_queue_state { WEIR_QUEUE_NONE = 0, WEIR_QUEUE_WAITING, WEIR_QUEUE_ACTIVE };
enum weir_stage {
    WEIR_STAGE_NONE = 0, /* its scope is not in liquidation, or it has no lots */
    WEIR_STAGE_BOOK,
    WEIR_STAGE_AUCTION,
    WEIR_STAGE_BACKSTOP,
    WEIR_STAGE_ABSORB,
    WEIR_STAGE_ADL
};

/* An owner (R6) is known by the first account that belongs to him. */
struct weir_account {
    uint32_t owner;      /* his first account, perhaps this one */
    uint32_t next_owned; /* another account of his: a list from his first one on */
    uint32_t cross;      /* its cross scope of asset 0 */
    uint16_t class_idx;
    uint16_t spare;
};
_Static_assert(sizeof(struct weir_account) == 16, "an account's record");

/* An account's standing in one market. Exists from the first command that names both; all zero
 * but leverage until something is opened or ordered. */
struct weir_leg {
    uint32_t next;  /* the account's next leg by market index */
    uint32_t scope; /* the cross scope of the market's asset, or its own isolated one */
    uint32_t account;
    uint32_t orders;        /* 0: none; see weir_leg_orders */
    uint32_t extra;         /* 0: none; see weir_leg_extra */
    uint32_t position_slot; /* in the market's list of positions; WEIR_NO_INDEX: flat */
    uint32_t leverage;      /* within the class's cap */
    uint16_t market;
    uint16_t leverage_set : 1, mode_set : 1; /* by a command */
    uint16_t volunteered : 1;                /* is in the market's list of volunteers */
    /* The edges of its band in the trigger index (margin/trigger.c); 0: none. */
    uint32_t low_key, high_key;
    weir_qty size;           /* signed lots */
    weir_amount entry_value; /* V >= 0 */
    int64_t charge_mark;     /* what a lot of its side had paid when it was last settled */
};
_Static_assert(sizeof(struct weir_leg) == 64, "one cache line a leg");

/* Open orders and bids of a leg: lots (reduce-only ones left out) and R10's open loss in units. */
struct weir_open {
    weir_qty buys, sells;
    weir_wide loss;
};
/* The open orders and bids of a leg that has some; 48 bytes. */
struct weir_leg_orders {
    weir_qty buys, sells; /* weir_open */
    uint64_t loss_low;
    int32_t loss_high;
    uint32_t first, last; /* oldest first: orders and stops; WEIR_NO_INDEX: none */
    uint32_t order_count;
    uint32_t reduce_only_count; /* resting ones */
    uint32_t bid_count;         /* of a record that is not in use: the next such */
};
_Static_assert(sizeof(struct weir_leg_orders) == 48, "a leg's part beside its orders' own");

/* What a policy remembers of a position that it closes slice by slice (R36). */
struct weir_leg_plan {
    weir_time next;       /* no slice before; 0: at once */
    weir_time started;    /* of the schedule: its first slice, before that its beginning */
    int64_t slice;        /* number of the next, from 1 */
    weir_qty first_lots;  /* the position's when it began */
    weir_wide traded;     /* `pov`: lots the market had traded at the last slice */
    uint64_t sliced_with; /* the command of the last slice */
};

/* What few legs have at a time: capacity, caps, a part in a liquidation. */
struct weir_leg_extra {
    uint32_t next_free;       /* of a record that is not in use */
    weir_time cooldown_until; /* `fraction`: the next slice is the whole until then */
    weir_time gap_until;      /* end of the fund's interval in which gap_paid counts (R31) */
    weir_wide gap_paid;
    weir_wide backstop_free; /* R27: capacity left, units */
    weir_wide backstop_loss; /* loss limit left, units */
    /* While the scope is in liquidation: */
    struct weir_leg_work {
        uint8_t stage; /* enum weir_stage */
        bool beyond_book;
        bool closed_any;
        uint32_t empty_slices;
        uint32_t offer_next; /* the auction's next offer; WEIR_NO_INDEX: the last */
        uint64_t wait_seq;   /* can do nothing more within the command of this number; 0: none */
        weir_qty parked;     /* lots on offer in an auction */
        weir_wide promised;  /* the fund's grant for them */
        weir_wide realised;  /* P&L of this liquidation's closing fills */
    } work;
    struct weir_leg_plan plan; /* of policies that keep one */
    /* `block_cap`: in the interval of this number it closed so much and cost the fund so much. */
    int64_t block;
    weir_time block_until;
    weir_wide block_notional, block_loss;
    /* Of the market's budget: */
    struct weir_leg_turn {
        bool in_line;
        uint32_t next, prev;       /* in the line, a ring */
        weir_qty wanted, reserved; /* lots; in line while more is wanted */
        weir_wide credit;          /* of its turns, not handed out yet */
    } turn;
};

/* A scope (R6): the cross scope of a settlement asset, or an isolated position's. */
struct weir_scope {
    uint64_t balance_low; /* the balance is a whole of 96 bits: no sum of money exceeds it */
    int32_t balance_high;
    uint32_t first_leg; /* cross: the account's first leg, of whatever scope; isolated: its leg */
    uint32_t account;
    uint32_t collateral; /* cross scope of asset 0: list of holdings by asset index */
    uint32_t case_idx;   /* while it is in the queue */
    uint32_t rank : 11;  /* weir_scope_rank of its code */
    uint32_t queue : 2;  /* enum weir_queue_state */
    /* Health as of the last look: */
    uint32_t dirty : 1;  /* in the trigger index's list of scopes to look at */
    uint32_t warned : 1; /* R17's margin call condition at the end of the last command */
    uint32_t warn_now : 1;
    uint32_t warn_listed : 1;
    uint32_t rekey_listed : 1;
    uint32_t retry_listed : 1; /* waits for the next command */
    uint32_t followed : 1;     /* in the list of touched scopes that deleveraging follows */
};
_Static_assert(sizeof(struct weir_scope) == 32, "two scopes a cache line");
_Static_assert(WEIR_MARKETS_MAX + WEIR_ASSETS_MAX <= 1 << 11, "a scope's rank fits its field");

/* A scope from its entry into the queue (R19) until it leaves it. */
struct weir_case {
    uint32_t next_free;   /* of a record that is not in use */
    uint32_t queue_slot;  /* in the heap of scopes that can take a step */
    uint32_t adl_slot;    /* in the heap of scopes with a position in the ADL stage */
    uint32_t member_slot; /* in the list of all queued scopes */
    uint32_t kept;        /* leg kept in the book stage; WEIR_NO_INDEX: none */
    uint32_t kept_since;  /* its market's closings then */
    bool closed_lots;
    bool wait_shortfall; /* flat and negative: waits for R29 */
    bool asleep;         /* nothing to do for it until its health changes */
    uint64_t liquidation;
    weir_time entered;
    weir_time alarm; /* when it is looked at again at the latest; 0: not set */
    /* R19's key as it was taken last, and as the queue's heaps order it (liquidation/queue.c). */
    weir_wide key_equity, key_requirement, key_notional;
    uint64_t key_moves; /* of the trigger index, then */
    int64_t heap_key;
    uint64_t heap_fine, heap_order;
    weir_wide by_stage[WEIR_BY_COUNT];
    weir_wide shortfall;
};

/* An entry of a cross scope's list, by asset index: collateral, or where the account's cross scope
 * of a further settlement asset is (its amount is 0 then). */
struct weir_holding {
    uint32_t scope; /* asset 0's cross scope */
    uint32_t asset;
    uint32_t next;  /* the scope's next by asset index */
    uint32_t cross; /* settlement assets: the cross scope; else WEIR_NO_INDEX */
    /* Edges of the asset's price in the trigger index (margin/collateral_edges.c); 0: none. */
    uint32_t low_key, high_key;
    weir_wide amount; /* units of the asset */
};

/* The table of names: of accounts, and of owners who may be no account's. */
struct weir_name_entry {
    struct weir_name name;
    uint32_t account; /* of this name; WEIR_NO_INDEX: none */
    uint32_t owner;   /* the owner of this name, by his first account; WEIR_NO_INDEX: none */
};
struct weir_account_names { /* per account */
    uint32_t name, owner;
};

struct weir_market_ledger {
    weir_qty open_interest;   /* sum of the long sizes */
    weir_wide short_interest; /* sum of |short sizes|, always equal: zero sum */
    /* What a long and a short lot have paid so far: C + F and C - F, C the socialised charges and F
     * the funding. Within +-2^62: when one would leave that, all positions of the market are
     * settled and both begin at 0 again, what they were added to `before`. */
    int64_t long_paid, short_paid;
    weir_wide long_before, short_before;
    weir_wide pool;             /* losses not placed yet */
    weir_wide volume;           /* lots traded on the book */
    struct weir_pool positions; /* uint32_t legs with size != 0, unordered */
    uint32_t deleveraged[2];    /* rotation (R28): the account closed against last, of longs and
                                   shorts; WEIR_NO_INDEX: none */
    uint32_t queued;            /* those of them whose scopes are in the queue */
    bool touched;               /* in the ledger's list of markets with new fills */
};

struct weir_asset_ledger {
    weir_wide balances;     /* sum over scopes, pending charges included */
    weir_wide entry_values; /* R33's term: linear V of shorts less longs, inverse the reverse */
    weir_wide fees, deposits, withdrawals;
    weir_wide pools; /* losses not placed yet, of its markets */
};

/* What a leg realised in an interval between points of settlement (R29 `profit`). */
struct weir_leg_profit {
    weir_wide realised;
    uint64_t point; /* the interval's number; of another than the present one it is 0 */
};

struct weir_ledger {
    const struct weir_venue *venue;
    /* R29: while a base is being frozen, who has to know an account before it changes. */
    void (*before_change)(void *ctx, uint32_t account);
    void *before_ctx;
    bool freezing;
    bool keeps_profits;       /* the venue asks what legs realise; else `profits` is empty */
    uint64_t point;           /* number of the present interval between points of settlement */
    struct weir_pool profits; /* struct weir_leg_profit of the leg of that index, or none yet */
    struct weir_pool accounts, scopes, legs, holdings;
    struct weir_pool orders, extras, cases;      /* element 0 of each: a leg or scope without one */
    uint32_t free_orders, free_extra, free_case; /* lists of records not in use; 0: none */
    struct weir_pool free_scopes;                /* uint32_t isolated scopes that were left */
    struct weir_pool names;                      /* struct weir_name_entry */
    struct weir_pool account_names;              /* struct weir_account_names */
    struct weir_pool touched; /* uint32_t markets with fills since the list was emptied */
    struct weir_name_map name_map;
    struct weir_market_ledger *markets;
    struct weir_asset_ledger assets[WEIR_ASSETS_MAX];
};

/* Creates the ledger and the account `@fund:NAME` of every fund (account i = fund i). */
int weir_ledger_new(struct weir_ledger *ledger, const struct weir_venue *venue,
                    uint32_t accounts_max);
void weir_ledger_free(struct weir_ledger *ledger);

/* Memory of one pool or table: bytes of elements in use, and bytes that memory was committed for
 * (not touched before they are used). `names`: of the table of names, not of the state. */
struct weir_memory {
    const char *what;
    bool names;
    uint64_t used, committed;
};
#define WEIR_LEDGER_MEMORY 13
void weir_ledger_memory(const struct weir_ledger *ledger,
                        struct weir_memory rows[WEIR_LEDGER_MEMORY]);

/* Its parts of an image (base/image.h): the whole of it. */
struct weir_image;
void weir_ledger_image(struct weir_ledger *ledger, struct weir_image *image);
/* Tells of its pools. */
void weir_ledger_pools(struct weir_ledger *ledger, weir_pool_visit visit, void *ctx);

static inline struct weir_account *weir_account_at(const struct weir_ledger *l, uint32_t i) {
    return WEIR_AT(&l->accounts, struct weir_account, i);
}
static inline struct weir_scope *weir_scope_at(const struct weir_ledger *l, uint32_t i) {
    return WEIR_AT(&l->scopes, struct weir_scope, i);
}
static inline struct weir_leg *weir_leg_at(const struct weir_ledger *l, uint32_t i) {
    return WEIR_AT(&l->legs, struct weir_leg, i);
}
static inline struct weir_holding *weir_holding_at(const struct weir_ledger *l, uint32_t i) {
    return WEIR_AT(&l->holdings, struct weir_holding, i);
}
static inline const struct weir_name *weir_account_name(const struct weir_ledger *l, uint32_t i) {
    uint32_t name = WEIR_AT(&l->account_names, struct weir_account_names, i)->name;
    return &WEIR_AT(&l->names, struct weir_name_entry, name)->name;
}
static inline const struct weir_name *weir_owner_name(const struct weir_ledger *l,
                                                      uint32_t account) {
    uint32_t name = WEIR_AT(&l->account_names, struct weir_account_names, account)->owner;
    return &WEIR_AT(&l->names, struct weir_name_entry, name)->name;
}
/* A number of the account's owner that stands beside its name: two accounts have the same exactly
 * when they belong to one owner. */
static inline uint32_t weir_account_owner(const struct weir_ledger *l, uint32_t account) {
    return WEIR_AT(&l->account_names, struct weir_account_names, account)->owner;
}
static inline bool weir_account_is_fund(const struct weir_ledger *l, uint32_t account) {
    return account < l->venue->fund_count;
}
/* Accounts in order: by creation, the funds' own after all others. */
static inline uint64_t weir_account_order(const struct weir_ledger *l, uint32_t account) {
    return weir_account_is_fund(l, account) ? (UINT64_C(1) << 32) + account : account;
}
static inline uint32_t weir_leg_owner(const struct weir_ledger *l, const struct weir_leg *leg) {
    return weir_account_at(l, leg->account)->owner;
}

/* ---- Scopes ---------------------------------------------------------------------------------- */
static inline bool weir_scope_is_isolated(const struct weir_scope *s) {
    return s->rank >= WEIR_ASSETS_MAX;
}
/* Its name in events and states: WEIR_CROSS(asset), or the market of an isolated one. */
static inline uint32_t weir_scope_code(const struct weir_scope *s) {
    return weir_scope_is_isolated(s) ? s->rank - (uint32_t)WEIR_ASSETS_MAX : WEIR_CROSS(s->rank);
}
static inline uint32_t weir_scope_money(const struct weir_ledger *l, const struct weir_scope *s) {
    return weir_scope_is_isolated(s) ? l->venue->markets[s->rank - WEIR_ASSETS_MAX].asset : s->rank;
}
/* Scopes in order: account order, cross by asset index, then isolated by market index. */
static inline bool weir_scope_before(const struct weir_ledger *l, const struct weir_scope *a,
                                     const struct weir_scope *b) {
    uint64_t x = weir_account_order(l, a->account), y = weir_account_order(l, b->account);
    return x != y ? x < y : a->rank < b->rank;
}
/* The balance without charges that are not settled yet. */
static inline weir_wide weir_scope_own_balance(const struct weir_scope *s) {
    return s->balance_high * ((weir_wide)1 << 64) + (weir_wide)s->balance_low;
}
/* Does the asset have cross scopes? Asset 0 always. */
static inline bool weir_asset_settles(const struct weir_venue *v, uint32_t asset) {
    return asset == 0 || v->assets[asset].settles;
}
/* The account's cross scope of a settlement asset / WEIR_NO_INDEX when there is none yet (or, when
 * it is to be made, no room). O(the account's holdings). */
uint32_t weir_cross_find(const struct weir_ledger *ledger, uint32_t account, uint32_t asset);
uint32_t weir_account_cross(struct weir_ledger *ledger, uint32_t account, uint32_t asset);
/* The case of a scope in the queue. */
static inline struct weir_case *weir_scope_case(const struct weir_ledger *l,
                                                const struct weir_scope *s) {
    return WEIR_AT(&l->cases, struct weir_case, s->queue == WEIR_QUEUE_NONE ? 0 : s->case_idx);
}
/* A scope enters the queue, waiting / leaves it. */
struct weir_case *weir_case_open(struct weir_ledger *ledger, struct weir_scope *scope);
void weir_case_close(struct weir_ledger *ledger, struct weir_scope *scope);

/* Opens an account (name not taken). Returns its index, or WEIR_NO_INDEX at the bound; *reason is
 * WEIR_R_NOT_ALLOWED when it names another owner than the one its name already belongs to. */
uint32_t weir_account_open(struct weir_ledger *ledger, const struct weir_name *name,
                           const struct weir_name *owner, uint32_t class_idx,
                           enum weir_reason *reason);
uint32_t weir_account_find(const struct weir_ledger *ledger, const struct weir_name *name);

/* The account's leg in a market, or WEIR_NO_INDEX. O(legs of the account). */
uint32_t weir_leg_find(const struct weir_ledger *ledger, uint32_t account, uint32_t market);
/* The same, made when missing (in the cross scope of the market's asset, default leverage);
 * WEIR_NO_INDEX at the bound. */
uint32_t weir_leg_get(struct weir_ledger *ledger, uint32_t account, uint32_t market);
/* The account's legs: first and next (leg->next) by market index; WEIR_NO_INDEX ends. */
static inline uint32_t weir_account_first_leg(const struct weir_ledger *l, uint32_t account) {
    return weir_scope_at(l, weir_account_at(l, account)->cross)->first_leg;
}
/* Legs of a scope: first and next, by market index; WEIR_NO_INDEX ends. */
static inline uint32_t weir_scope_leg_from(const struct weir_ledger *l, uint32_t scope,
                                           uint32_t leg) {
    bool isolated = weir_scope_is_isolated(weir_scope_at(l, scope));
    while (leg != WEIR_NO_INDEX && weir_leg_at(l, leg)->scope != scope)
        leg = isolated ? WEIR_NO_INDEX : weir_leg_at(l, leg)->next;
    return leg;
}
static inline uint32_t weir_scope_first_leg(const struct weir_ledger *l, uint32_t scope) {
    return weir_scope_leg_from(l, scope, weir_scope_at(l, scope)->first_leg);
}
static inline uint32_t weir_scope_next_leg(const struct weir_ledger *l, uint32_t scope,
                                           uint32_t leg) {
    if (weir_scope_is_isolated(weir_scope_at(l, scope))) return WEIR_NO_INDEX;
    return weir_scope_leg_from(l, scope, weir_leg_at(l, leg)->next);
}
/* True when no leg of the scope has a position. */
bool weir_scope_flat(const struct weir_ledger *ledger, uint32_t scope);

/* Gives a flat leg without orders an isolated scope (false: no room) / returns it to the cross
 * scope of its market's asset with its balance; the isolated scope is then used again. */
bool weir_leg_isolate(struct weir_ledger *ledger, uint32_t leg);
void weir_leg_rejoin(struct weir_ledger *ledger, uint32_t leg);

/* ---- A leg's further state ------------------------------------------------------------------- */
/* To read: of a leg without a record all 0 and none. */
static inline const struct weir_leg_orders *weir_leg_orders(const struct weir_ledger *l,
                                                            const struct weir_leg *leg) {
    return WEIR_AT(&l->orders, struct weir_leg_orders, leg->orders);
}
static inline struct weir_open weir_leg_open(const struct weir_ledger *l,
                                             const struct weir_leg *leg) {
    const struct weir_leg_orders *o = weir_leg_orders(l, leg);
    weir_wide loss = o->loss_high * ((weir_wide)1 << 64) + (weir_wide)o->loss_low;
    return (struct weir_open){o->buys, o->sells, loss};
}
static inline const struct weir_leg_extra *weir_leg_extra(const struct weir_ledger *l,
                                                          const struct weir_leg *leg) {
    return WEIR_AT(&l->extras, struct weir_leg_extra, leg->extra);
}
static inline const struct weir_leg_work *weir_leg_work(const struct weir_ledger *l,
                                                        const struct weir_leg *leg) {
    return &weir_leg_extra(l, leg)->work;
}
/* To write: made when missing. Valid until the leg is trimmed. */
void weir_leg_orders_open(struct weir_ledger *ledger, struct weir_leg *leg);
static inline struct weir_leg_orders *weir_leg_orders_make(struct weir_ledger *l,
                                                           struct weir_leg *leg) {
    if (leg->orders == 0) weir_leg_orders_open(l, leg);
    return WEIR_AT(&l->orders, struct weir_leg_orders, leg->orders);
}
struct weir_leg_extra *weir_leg_extra_make(struct weir_ledger *ledger, struct weir_leg *leg);
/* Adds lots of a side (0: reduce-only ones) and open loss; both may be negative. */
void weir_leg_loss_add(struct weir_ledger *ledger, struct weir_leg *leg, weir_wide loss);
static inline void weir_leg_open_add(struct weir_ledger *l, struct weir_leg *leg,
                                     enum weir_side side, weir_qty lots, weir_wide loss) {
    struct weir_leg_orders *o = weir_leg_orders_make(l, leg);
    weir_qty *of_side = side == WEIR_BUY ? &o->buys : &o->sells;
    *of_side += lots;
    WEIR_CHECK(*of_side >= 0);
    if (loss != 0) weir_leg_loss_add(l, leg, loss);
}
/* Gives the records back in which nothing holds any more at time `now`. */
void weir_leg_trim(struct weir_ledger *ledger, struct weir_leg *leg, weir_time now);

/* To be called before anything of an account changes that its equity or its part in a liquidation
 * depends on: balances, positions, collateral, which scope a leg is in, whether a scope is in
 * liquidation. Settling charges that are pending changes nothing of that. */
static inline void weir_account_changes(const struct weir_ledger *l, uint32_t account) {
    if (l->freezing) l->before_change(l->before_ctx, account);
}
/* What the leg's closing fills realised in the interval of that number, fees left out. */
static inline weir_wide weir_leg_profit(const struct weir_ledger *l, uint32_t leg, uint64_t point) {
    if (leg >= l->profits.count) return 0;
    const struct weir_leg_profit *p = WEIR_AT(&l->profits, struct weir_leg_profit, leg);
    return p->point == point ? p->realised : 0;
}

/* Charges and funding not settled yet: what the leg's scope will get (negative: pay). */
static inline int64_t weir_lot_paid(const struct weir_market_ledger *m, weir_qty size) {
    return size > 0 ? m->long_paid : m->short_paid;
}
/* All that a long (> 0) or short lot was ever charged in the market. */
static inline weir_wide weir_lot_charged(const struct weir_market_ledger *m, weir_qty size) {
    return size > 0 ? m->long_before + m->long_paid : m->short_before + m->short_paid;
}
static inline weir_wide weir_leg_pending(const struct weir_ledger *l, const struct weir_leg *leg) {
    if (leg->size == 0) return 0;
    weir_wide paid = weir_lot_paid(&l->markets[leg->market], leg->size);
    return -(weir_wide)weir_abs(leg->size) * (paid - leg->charge_mark);
}
/* Balance with all pending charges of the scope's legs. */
weir_wide weir_scope_balance(const struct weir_ledger *ledger, uint32_t scope);
/* Books a leg's, or all of a scope's, pending charges into the balance. */
void weir_leg_settle_due(struct weir_ledger *ledger, struct weir_leg *leg);
static inline void weir_leg_settle(struct weir_ledger *l, struct weir_leg *leg) {
    if (leg->charge_mark != weir_lot_paid(&l->markets[leg->market], leg->size))
        weir_leg_settle_due(l, leg);
}
void weir_scope_settle(struct weir_ledger *ledger, uint32_t scope);

/* ---- Postings: each moves a running total with the account --------------------------------- */
void weir_post_balance(struct weir_ledger *ledger, uint32_t scope, weir_wide amount);
/* Every lot of the market pays (both sides); long lots pay (short lots receive) funding. */
void weir_post_charge(struct weir_ledger *ledger, uint32_t market, weir_wide per_lot);
void weir_post_funding(struct weir_ledger *ledger, uint32_t market, weir_wide per_lot);
/* Losses of the market that nobody has paid yet grow by `amount` (negative: they were placed). */
void weir_post_pool(struct weir_ledger *ledger, uint32_t market, weir_wide amount);
/* Collateral of asset 0's cross scope; returns false when a holding cannot be made (pool full). */
bool weir_post_collateral(struct weir_ledger *ledger, uint32_t scope, uint32_t asset,
                          weir_wide amount);
weir_wide weir_scope_collateral(const struct weir_ledger *ledger, uint32_t scope, uint32_t asset);

/* What a fill of `qty` lots (signed: > 0 buys) at `price` does to a position of the market (R7):
 * closes, then opens the rest. Rounding is the whole fill's: what is opened is worth the fill's
 * value less that of the closing part (R4). */
struct weir_position_change {
    weir_qty size;
    weir_amount entry_value;
    weir_wide realised;
    weir_qty closed; /* lots, >= 0 */
};
struct weir_position_change weir_position_fill(const struct weir_market *market, weir_qty size,
                                               weir_amount entry_value, weir_qty qty,
                                               weir_price price);
/* The same where the fill's value is known. */
static inline struct weir_position_change
weir_position_fill_worth(const struct weir_market *m, weir_qty size, weir_amount entry_value,
                         weir_qty qty, weir_price price, weir_wide value) {
    struct weir_position_change c = {.size = size + qty, .entry_value = entry_value};
    weir_wide closed_value = 0;
    if ((size ^ qty) < 0 && size != 0) {
        weir_qty lots = weir_abs(qty), held = weir_abs(size);
        c.closed = weir_min(lots, held);
        weir_wide released = c.closed == held
                                 ? entry_value
                                 : weir_div_trunc((weir_wide)entry_value * c.closed, held);
        closed_value = c.closed == lots ? value : weir_value(m, price, c.closed);
        c.realised = (size > 0) == (m->contract == WEIR_LINEAR) ? closed_value - released
                                                                : released - closed_value;
        c.entry_value -= (weir_amount)released;
        if (c.closed == lots) return c;
    }
    weir_wide opened = value - closed_value;
    WEIR_CHECK(opened + c.entry_value <= INT64_MAX);
    c.entry_value += (weir_amount)opened;
    return c;
}
/* Asks the cache for the place of a leg that is about to be closed in its market's list. */
static inline void weir_position_ahead(const struct weir_ledger *l, const struct weir_leg *leg) {
    if (leg->position_slot == WEIR_NO_INDEX) return;
    __builtin_prefetch(WEIR_AT(&l->markets[leg->market].positions, uint32_t, leg->position_slot),
                       1);
}
/* A copy of a settled leg as it will be after that change: nothing is pending on it. */
struct weir_leg weir_leg_after(const struct weir_ledger *ledger, const struct weir_leg *leg,
                               const struct weir_position_change *change);
/* Books that change: size, V, totals, the market's list of positions, realised P&L to the scope,
 * and the signed fee it pays. The leg must be settled. */
void weir_post_fill(struct weir_ledger *ledger, uint32_t leg,
                    const struct weir_position_change *change, weir_wide fee);

/* Both sides of one fill. The taker's fee comes first: a rebate is paid out of it. */
void weir_post_trade(struct weir_ledger *ledger, uint32_t taker,
                     const struct weir_position_change *taker_change, weir_wide taker_fee,
                     uint32_t maker, const struct weir_position_change *maker_change,
                     weir_wide maker_fee);

/* Zero sum (R34) in every market with fills since the last call, of which it tells `filled` (NULL:
 * nobody). O(those). */
void weir_ledger_check_fills(struct weir_ledger *ledger, void (*filled)(void *ctx, uint32_t market),
                             void *ctx);
/* R33's right side minus left side from running totals, per asset: 0 when money is conserved. O(1).
 * `fund_cash` and `seeds` are the sums over the funds of the asset. */
weir_wide weir_ledger_imbalance(const struct weir_ledger *ledger, uint32_t asset,
                                weir_wide fund_cash, weir_wide seeds);
/* Recomputes every running total from the accounts. NULL, or what differs. O(accounts). */
const char *weir_ledger_audit(const struct weir_ledger *ledger);

#endif
