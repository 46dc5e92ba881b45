/* ledger: owners, accounts, margin scopes, legs (an account's position, leverage and open orders
 * in one market), collateral, and the postings that move money. Everything is an index into a pool
 * that never moves; conservation (R33) and zero sum (R34) are kept as running totals here and can
 * be recomputed from the accounts.
 *
 * Conservation, derived from R7: opening at value v adds v to V on both sides, so -V of longs and
 * +V of shorts cancel. Closing a long at value w releases r: balance += w - r, and -V rises by r,
 * so the long side contributes +w; closing a short: balance += r - w, +V falls by r: -w. Every
 * fill of value w has one buyer and one seller, whose contributions -w (opening a long or closing
 * a short) and +w cancel. Fees, grants and charges move between the other terms. */
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

struct weir_owner {
    struct weir_name name;
    uint32_t first_account; /* list of his accounts; WEIR_NO_INDEX: none yet */
};

struct weir_account {
    struct weir_name name;
    uint32_t owner;
    uint32_t class_idx;
    uint32_t cross;      /* its cross scope */
    uint32_t first_leg;  /* by market index, ascending */
    uint32_t next_owned; /* the owner's next account */
};

/* An account's standing in one market. Exists from the first command that names both; all zero
 * but leverage until something is opened or ordered. */
struct weir_leg {
    uint32_t account;
    uint32_t scope;    /* cross, or its own isolated one */
    uint32_t isolated; /* the isolated scope it has or had; WEIR_NO_INDEX: never */
    uint32_t next;     /* the account's next leg by market index */
    uint32_t market;
    weir_qty size;           /* signed lots */
    weir_amount entry_value; /* V >= 0 */
    int64_t leverage;
    weir_wide funding_mark;           /* the market's funding total when last settled */
    weir_wide charge_mark;            /* the market's socialised total when last settled */
    weir_qty open_buys, open_sells;   /* lots of open orders and bids, reduce-only left out */
    weir_wide open_loss;              /* R10, units */
    uint32_t first_order, last_order; /* oldest first: orders and stops */
    uint32_t order_count;
    uint32_t reduce_only_count; /* resting ones */
    uint32_t bid_count;
    uint32_t position_slot;      /* in the market's list of positions; WEIR_NO_INDEX: flat */
    bool leverage_set, mode_set; /* by a command */
    /* While the scope is in liquidation: */
    uint8_t stage; /* enum weir_stage */
    bool beyond_book;
    uint64_t wait_seq; /* can do nothing more within the command of this number; 0: none */
    uint32_t empty_slices;
    weir_qty parked;     /* lots on offer in an auction */
    weir_wide promised;  /* the fund's grant for them */
    uint32_t offer_next; /* the auction's next offer */
    weir_wide realised;  /* P&L of this liquidation's closing fills */
    bool closed_any;
    weir_time cooldown_until; /* `fraction`: the next slice is the whole until then; 0: never */
    weir_time gap_interval;   /* grid index in which gap_paid counts (R31) */
    weir_wide gap_paid;
    weir_wide backstop_free; /* R27: capacity left, units */
    weir_wide backstop_loss; /* loss limit left, units */
    bool volunteered;        /* is in the market's list of volunteers */
    /* The edges of its band in the trigger index (margin/trigger.c); 0: none. */
    uint32_t low_key, high_key;
};

struct weir_scope {
    uint32_t account;
    uint32_t market; /* of an isolated scope; WEIR_NO_INDEX: cross */
    weir_wide balance;
    uint32_t leg;              /* isolated: its leg */
    uint32_t first_collateral; /* cross: list of holdings by asset index */
    /* Health as of the last look: */
    bool dirty;  /* in the trigger index's list of scopes to look at */
    bool warned; /* R17's margin call condition at the end of the last command */
    bool warn_now;
    bool warn_listed;
    bool rekey_listed;
    /* Queue (R19): */
    uint8_t queue; /* enum weir_queue_state */
    bool closed_lots;
    bool wait_shortfall;  /* flat and negative: waits for R29 */
    bool retry_listed;    /* waits for the next command */
    uint32_t queue_slot;  /* in the heap of scopes that can take a step */
    uint32_t adl_slot;    /* in the heap of scopes with a position in the ADL stage */
    uint32_t member_slot; /* in the list of all queued scopes */
    uint32_t kept;        /* leg kept in the book stage; WEIR_NO_INDEX: none */
    uint64_t liquidation;
    weir_time entered;
    weir_wide key_equity, key_requirement, key_notional;
    weir_wide by_stage[WEIR_BY_COUNT];
    weir_wide shortfall;
};

struct weir_holding { /* of collateral */
    uint32_t scope;
    uint32_t asset;
    uint32_t next; /* the scope's next by asset index */
    uint32_t zero;
    weir_wide amount; /* units of the asset */
};

struct weir_market_ledger {
    weir_qty open_interest;     /* sum of the long sizes */
    weir_wide short_interest;   /* sum of |short sizes|, always equal: zero sum */
    weir_wide funding_total;    /* charged to a long lot so far */
    weir_wide charge_total;     /* socialised to every lot so far */
    weir_wide pool;             /* losses not placed yet */
    weir_wide volume;           /* lots traded on the book */
    struct weir_pool positions; /* uint32_t legs with size != 0, unordered */
};

struct weir_asset_ledger {
    weir_wide balances; /* sum over scopes, pending charges included */
    weir_wide long_values, short_values;
    weir_wide fees, deposits, withdrawals;
};

struct weir_ledger {
    const struct weir_venue *venue;
    struct weir_pool owners, accounts, scopes, legs, holdings;
    struct weir_name_map owner_map, account_map;
    struct weir_market_ledger *markets;
    struct weir_asset_ledger assets[WEIR_ASSETS_MAX];
};

/* Creates the ledger and the account `@fund:NAME` of every fund (account i = fund i). */
int weir_ledger_new(struct weir_ledger *ledger, const struct weir_venue *venue,
                    uint32_t accounts_max);
void weir_ledger_free(struct weir_ledger *ledger);

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
    return &weir_account_at(l, i)->name;
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
/* Scopes in order: account order, cross before isolated, lower market index. */
static inline bool weir_scope_before(const struct weir_ledger *l, const struct weir_scope *a,
                                     const struct weir_scope *b) {
    uint64_t x = weir_account_order(l, a->account), y = weir_account_order(l, b->account);
    if (x != y) return x < y;
    return (uint32_t)(a->market + 1) < (uint32_t)(b->market + 1);
}

/* Opens an account (name not taken). Returns its index, or WEIR_NO_INDEX at the bound; *reason is
 * WEIR_R_NOT_ALLOWED when it names another owner than the one its name already belongs to. */
uint32_t weir_account_open(struct weir_ledger *ledger, const struct weir_name *name,
                           const struct weir_name *owner, uint32_t class_idx,
                           enum weir_reason *reason);
uint32_t weir_account_find(const struct weir_ledger *ledger, const struct weir_name *name);

/* The account's leg in a market, or WEIR_NO_INDEX. O(legs of the account). */
uint32_t weir_leg_find(const struct weir_ledger *ledger, uint32_t account, uint32_t market);
/* The same, made when missing (cross, default leverage); WEIR_NO_INDEX at the bound. */
uint32_t weir_leg_get(struct weir_ledger *ledger, uint32_t account, uint32_t market);
/* Legs of a scope: first and next, by market index; WEIR_NO_INDEX ends. */
uint32_t weir_scope_first_leg(const struct weir_ledger *ledger, uint32_t scope);
uint32_t weir_scope_next_leg(const struct weir_ledger *ledger, uint32_t scope, uint32_t leg);
/* True when no leg of the scope has a position. */
bool weir_scope_flat(const struct weir_ledger *ledger, uint32_t scope);

/* Gives a flat leg without orders an isolated scope / returns it to cross with its balance. */
bool weir_leg_isolate(struct weir_ledger *ledger, uint32_t leg);
void weir_leg_rejoin(struct weir_ledger *ledger, uint32_t leg);

/* Charges and funding not settled yet: what the leg's scope will get (negative: pay). */
static inline weir_wide weir_leg_pending(const struct weir_ledger *l, const struct weir_leg *leg) {
    if (leg->size == 0) return 0;
    const struct weir_market_ledger *m = &l->markets[leg->market];
    return -(weir_wide)leg->size * (m->funding_total - leg->funding_mark) -
           (weir_wide)weir_abs(leg->size) * (m->charge_total - leg->charge_mark);
}
/* Balance with all pending charges of the scope's legs. */
weir_wide weir_scope_balance(const struct weir_ledger *ledger, uint32_t scope);
/* Books a leg's, or all of a scope's, pending charges into the balance. */
void weir_leg_settle(struct weir_ledger *ledger, struct weir_leg *leg);
void weir_scope_settle(struct weir_ledger *ledger, uint32_t scope);

/* ---- Postings: each moves a running total with the account --------------------------------- */
void weir_post_balance(struct weir_ledger *ledger, uint32_t scope, weir_wide amount);
void weir_post_fee(struct weir_ledger *ledger, uint32_t scope, weir_wide fee);
/* Every lot of the market pays (both sides); long lots pay (short lots receive) funding. */
void weir_post_charge(struct weir_ledger *ledger, uint32_t market, weir_wide per_lot);
void weir_post_funding(struct weir_ledger *ledger, uint32_t market, weir_wide per_lot);
/* Collateral of a cross scope; returns false when a holding cannot be made (pool full). */
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
/* Books that change: size, V, totals, the market's list of positions, realised P&L to the scope.
 * The leg must be settled. */
void weir_post_fill(struct weir_ledger *ledger, uint32_t leg,
                    const struct weir_position_change *change);

/* R33's right side minus left side from running totals, per asset: 0 when money is conserved.
 * `fund_cash` and `seeds` are the funds' sums (settlement asset only). */
weir_wide weir_ledger_imbalance(const struct weir_ledger *ledger, uint32_t asset,
                                weir_wide fund_cash, weir_wide seeds);
/* Recomputes every running total from the accounts. NULL, or what differs. O(accounts). */
const char *weir_ledger_audit(const struct weir_ledger *ledger);

#endif
