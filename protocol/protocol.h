/* protocol: the vocabulary between the outside and the engine: commands in, events out, as plain
 * structs. wire/ reads and writes them as text and bytes; engine/ and reference/ turn the one into
 * the other. Numbers of a command are exact decimals until the engine, which knows the market,
 * turns them into ticks, lots and units; numbers of an event are ticks, lots, units and ppb. */
#ifndef WEIR_PROTOCOL_H
#define WEIR_PROTOCOL_H

#include "base/base.h"
#include "market/market.h"

enum weir_side { WEIR_BUY = 0, WEIR_SELL = 1 };
enum weir_order_type { WEIR_LIMIT = 0, WEIR_MARKET, WEIR_STOP, WEIR_STOP_LIMIT };
enum weir_tif { WEIR_GTC = 0, WEIR_IOC, WEIR_FOK };
enum weir_stop_trigger { WEIR_ON_MARK = 0, WEIR_ON_LAST };
enum weir_margin_mode { WEIR_CROSS = 0, WEIR_ISOLATED };

/* The order is the table's of docs/protocol.md and fixed: the binary log stores these numbers. */
enum weir_command_kind {
    WEIR_CMD_NONE = 0, /* what could not be read as a command: see `reject` */
    WEIR_CMD_ACCOUNT,
    WEIR_CMD_DEPOSIT,
    WEIR_CMD_WITHDRAW,
    WEIR_CMD_LEVERAGE,
    WEIR_CMD_MARGIN_MODE,
    WEIR_CMD_ISOLATED_MARGIN,
    WEIR_CMD_ORDER,
    WEIR_CMD_CANCEL,
    WEIR_CMD_CANCEL_ALL,
    WEIR_CMD_AMEND,
    WEIR_CMD_INDEX,
    WEIR_CMD_COLLATERAL_PRICE,
    WEIR_CMD_BLOCK_TRADE,
    WEIR_CMD_FUND,
    WEIR_CMD_BID,
    WEIR_CMD_BACKSTOP,
    WEIR_CMD_MARKET_STATUS,
    WEIR_CMD_RISK,
    WEIR_CMD_INDICATOR,
    WEIR_CMD_CLOCK,
    WEIR_CMD_QUERY,
    WEIR_CMD_COUNT
};

/* Reasons of rejection, in the order in which checks are made. */
enum weir_reason {
    WEIR_OK = 0,
    WEIR_R_MALFORMED,
    WEIR_R_UNKNOWN_COMMAND,
    WEIR_R_INVALID,
    WEIR_R_TIME,
    WEIR_R_UNKNOWN_ACCOUNT,
    WEIR_R_UNKNOWN_MARKET,
    WEIR_R_UNKNOWN_ASSET,
    WEIR_R_UNKNOWN_FUND,
    WEIR_R_UNKNOWN_AUCTION,
    WEIR_R_UNKNOWN_ORDER,
    WEIR_R_DUPLICATE,
    WEIR_R_PRECISION,
    WEIR_R_RANGE,
    WEIR_R_OVERFLOW,
    WEIR_R_IN_LIQUIDATION,
    WEIR_R_STATUS,
    WEIR_R_STALE,
    WEIR_R_NO_MARK,
    WEIR_R_NOT_FLAT,
    WEIR_R_NOT_ISOLATED,
    WEIR_R_MIN_SIZE,
    WEIR_R_ORDER_LIMIT,
    WEIR_R_LEVERAGE,
    WEIR_R_BAND,
    WEIR_R_RESERVE,
    WEIR_R_POST_ONLY,
    WEIR_R_REDUCE_ONLY,
    WEIR_R_FOK,
    WEIR_R_POSITION_LIMIT,
    WEIR_R_OPEN_INTEREST,
    WEIR_R_MARGIN,
    WEIR_R_INSUFFICIENT,
    WEIR_R_NOT_ALLOWED,
    /* The further words of `cancelled`: */
    WEIR_C_USER,
    WEIR_C_SELF_TRADE,
    WEIR_C_MAKER_MARGIN,
    WEIR_C_TAKER_MARGIN,
    WEIR_C_FILL_LIMIT,
    WEIR_C_IOC,
    WEIR_C_LIQUIDATION,
    WEIR_C_ADL,
    WEIR_C_SETTLEMENT,
    WEIR_REASON_COUNT
};

enum weir_query {
    WEIR_Q_ACCOUNT = 0,
    WEIR_Q_MARKET,
    WEIR_Q_BOOK,
    WEIR_Q_FUND,
    WEIR_Q_AUCTIONS,
    WEIR_Q_ADL,
    WEIR_Q_LIQUIDATION_MAP,
    WEIR_Q_TOTALS
};

/* Bits of weir_command.present: which optional keys were given (required ones always are). */
enum {
    WEIR_HAS_T = 1u << 0,
    WEIR_HAS_CLASS = 1u << 1,
    WEIR_HAS_OWNER = 1u << 2,
    WEIR_HAS_ASSET = 1u << 3,
    WEIR_HAS_PRICE = 1u << 4,
    WEIR_HAS_STOP_PRICE = 1u << 5,
    WEIR_HAS_MARKET = 1u << 6,
    WEIR_HAS_QTY = 1u << 7,
    WEIR_HAS_SOURCE = 1u << 8,
    WEIR_HAS_FUND = 1u << 9,
    WEIR_HAS_DEPTH = 1u << 10,
    WEIR_HAS_TIERS = 1u << 11,
    WEIR_HAS_OI_CAP = 1u << 12,
    WEIR_HAS_POSITION_LIMIT = 1u << 13,
    WEIR_HAS_PRICE_BAND = 1u << 14,
    WEIR_HAS_LIQUIDATION_BAND = 1u << 15,
    WEIR_HAS_FUNDING_CAP = 1u << 16,
};

/* A tier row as a `risk` command gives it; the fields not given have present = 0. */
struct weir_tier_text {
    struct weir_decimal cap, rate, max_leverage, initial_rate;
    bool has_max_leverage, has_initial_rate;
};

/* New risk parameters of a market; `none` bits (WEIR_HAS_...) mark the value `none`. */
struct weir_risk_change {
    struct weir_decimal open_interest_cap, position_limit, price_band, liquidation_band,
        funding_cap;
    uint32_t none;
    uint32_t tier_count;
    struct weir_tier_text tiers[WEIR_TIERS_MAX];
};

/* One command as read, names not looked up, numbers not converted. Zero what is not used. */
struct weir_command {
    uint8_t kind;   /* enum weir_command_kind */
    uint8_t reject; /* WEIR_OK, or MALFORMED, UNKNOWN_COMMAND, INVALID: the engine answers so */
    uint8_t side, type, tif, trigger, post_only, reduce_only;
    uint8_t mode;   /* enum weir_margin_mode */
    uint8_t status; /* enum weir_market_status */
    uint8_t what;   /* enum weir_query */
    uint8_t zero;
    uint32_t present;
    int64_t t;                 /* with WEIR_HAS_T */
    struct weir_name account;  /* block_trade: the buyer */
    struct weir_name account2; /* block_trade: the seller */
    struct weir_name market;
    struct weir_name id;
    struct weir_name asset;
    struct weir_name owner;
    struct weir_name class_name;
    struct weir_name source;
    struct weir_name fund;
    struct weir_name name; /* indicator */
    struct weir_decimal qty;
    struct weir_decimal price;
    struct weir_decimal stop_price;
    struct weir_decimal amount; /* deposit, withdraw, isolated_margin, fund */
    struct weir_decimal leverage;
    struct weir_decimal notional;        /* backstop */
    struct weir_decimal loss_limit;      /* backstop */
    struct weir_decimal value;           /* indicator */
    struct weir_decimal auction;         /* bid: an auction's number */
    struct weir_decimal depth;           /* query book */
    const struct weir_risk_change *risk; /* risk; else NULL. Owned by who made the command. */
    uint64_t line, column; /* of text input, for `detail` of a malformed line; else 0 */
    char detail[120];      /* what was wrong, with reject != WEIR_OK; NUL-terminated */
};

enum weir_fill_kind {
    WEIR_FILL_TRADE = 0,
    WEIR_FILL_LIQUIDATION,
    WEIR_FILL_AUCTION,
    WEIR_FILL_BACKSTOP,
    WEIR_FILL_ABSORB,
    WEIR_FILL_UNWIND,
    WEIR_FILL_ADL,
    WEIR_FILL_BLOCK,
    WEIR_FILL_SETTLEMENT
};
enum weir_outcome { WEIR_CURED = 0, WEIR_RESTORED, WEIR_CLOSED };
/* Causes of fund movements (R31); DUST of R5. */
enum weir_cause {
    WEIR_CAUSE_SEED = 0,
    WEIR_CAUSE_LIQUIDATION_FEE,
    WEIR_CAUSE_GAP,
    WEIR_CAUSE_SHORTFALL,
    WEIR_CAUSE_ABSORB,
    WEIR_CAUSE_UNWIND,
    WEIR_CAUSE_CONFISCATED,
    WEIR_CAUSE_DUST,
    WEIR_CAUSE_COUNT
};
/* Stages whose closed value liquidation_ended states. */
enum weir_stage_value {
    WEIR_BY_BOOK = 0,
    WEIR_BY_AUCTION,
    WEIR_BY_BACKSTOP,
    WEIR_BY_ABSORBED,
    WEIR_BY_ADL,
    WEIR_BY_COUNT
};

enum weir_event_kind {
    WEIR_EV_ACCEPTED = 0,
    WEIR_EV_REJECTED,
    WEIR_EV_FILL,
    WEIR_EV_CANCELLED,
    WEIR_EV_TRIGGERED,
    WEIR_EV_MARK,
    WEIR_EV_INDEX_STALE,
    WEIR_EV_INDEX_FRESH,
    WEIR_EV_FUNDING,
    WEIR_EV_MARGIN_CALL,
    WEIR_EV_LIQUIDATION_STARTED,
    WEIR_EV_LIQUIDATION_STEP,
    WEIR_EV_AUCTION_OPENED,
    WEIR_EV_AUCTION_JOINED,
    WEIR_EV_AUCTION_CLOSED,
    WEIR_EV_ADL,
    WEIR_EV_FUND_MOVEMENT,
    WEIR_EV_COLLATERAL_SOLD,
    WEIR_EV_SOCIALISED,
    WEIR_EV_LIQUIDATION_ENDED,
    WEIR_EV_SETTLED,
    WEIR_EV_STATUS,
    WEIR_EV_ACCOUNT_STATE, /* answers of queries */
    WEIR_EV_MARKET_STATE,
    WEIR_EV_BOOK_STATE,
    WEIR_EV_FUND_STATE,
    WEIR_EV_AUCTIONS_STATE,
    WEIR_EV_ADL_STATE,
    WEIR_EV_LIQUIDATION_MAP,
    WEIR_EV_TOTALS,
    WEIR_EV_COUNT
};

/* A price, amount or number that may be absent prints as null. */
struct weir_maybe {
    bool known;
    int64_t value;
};

/* A scope as events, states and the ledger name it: the market of an isolated one, or
 * WEIR_CROSS(asset) for the cross scope of a settlement asset (asset 0's is WEIR_NO_INDEX). */
#define WEIR_CROSS(asset) (~(uint32_t)(asset))
static inline bool weir_scope_is_cross(uint32_t scope) {
    return scope >= WEIR_CROSS(WEIR_ASSETS_MAX - 1);
}
/* Its settlement asset. */
static inline uint32_t weir_scope_asset(const struct weir_venue *venue, uint32_t scope) {
    return weir_scope_is_cross(scope) ? ~scope : venue->markets[scope].asset;
}
/* Place in the order of an account's scopes: cross by asset, then isolated by market. */
static inline uint32_t weir_scope_rank(uint32_t scope) {
    return weir_scope_is_cross(scope) ? ~scope : scope + WEIR_ASSETS_MAX;
}

struct weir_position_state {
    uint32_t market;
    weir_qty qty; /* signed; 0 only for a flat isolated scope, whose prices are all null */
    weir_amount entry_value;
    struct weir_maybe entry_price; /* entry value per lot, floored to the tick */
    struct weir_maybe mark_price;
    weir_wide unrealised_pnl;
    weir_wide notional;
    weir_wide maintenance_margin;
    weir_wide initial_margin;
    struct weir_maybe liquidation_price;
    struct weir_maybe bankruptcy_price;
    int64_t leverage;
    enum weir_margin_mode mode;
    bool has_isolated_balance; /* cross: null */
    weir_wide isolated_balance;
    bool in_liquidation;
    struct weir_maybe adl_rank;
    struct weir_maybe adl_light;
    struct weir_maybe adl_score; /* ppb */
};
struct weir_scope_state { /* of a cross scope */
    uint32_t asset;
    weir_wide balance, equity, initial_margin, order_margin, maintenance_margin, requirement;
    bool has_ratio;
    weir_wide margin_ratio;
    weir_wide available;
    bool in_liquidation, liquidatable;
};
struct weir_account_state { /* the numbers are those of asset 0's cross scope */
    const struct weir_name *account;
    weir_wide balance, equity, initial_margin, order_margin, maintenance_margin, requirement;
    bool has_ratio;
    weir_wide margin_ratio; /* ppb, rounded up */
    weir_wide available;    /* what could be withdrawn now, >= 0 */
    bool in_liquidation, liquidatable;
    uint32_t position_count;
    const struct weir_position_state *positions; /* by market index */
    /* Cross scopes of the further settlement assets, by asset index; none with one asset. */
    uint32_t scope_count;
    const struct weir_scope_state *scopes;
};
struct weir_market_state {
    uint32_t market;
    struct weir_maybe mark, index, last, best_bid, best_ask;
    weir_qty open_interest; /* one side, lots */
    weir_rate funding_rate; /* of the last funding instant; 0 before */
    enum weir_market_status status;
    weir_wide volume; /* lots traded on the book since the start (trade, liquidation, unwind) */
};
struct weir_book_level {
    weir_price price;
    weir_wide qty;
    uint32_t orders;
};
struct weir_book_state {
    uint32_t market;
    uint32_t bid_count, ask_count;
    const struct weir_book_level *bids, *asks; /* best first */
};
struct weir_inventory {
    uint32_t market;
    weir_qty qty;
};
struct weir_fund_state {
    uint32_t fund;
    weir_wide cash, equity, peak; /* peak: largest cumulative P&L in the drawdown window */
    weir_rate drawdown;           /* <= 0, ppb */
    uint32_t inventory_count;
    const struct weir_inventory *inventory;
    weir_wide received[WEIR_CAUSE_COUNT], paid[WEIR_CAUSE_COUNT]; /* both >= 0 */
};
struct weir_auction_state {
    uint64_t auction;
    uint32_t market;
    enum weir_side side;
    weir_qty qty;
    weir_time closes_at;
};
struct weir_auctions_state {
    uint32_t count;
    const struct weir_auction_state *auctions; /* by number */
};
struct weir_adl_entry {
    const struct weir_name *account;
    uint32_t scope_market; /* the scope's name, see WEIR_CROSS */
    int64_t rank;
    int64_t score; /* ppb */
    weir_qty qty;  /* lots, unsigned */
};
struct weir_adl_state {
    uint32_t market;
    enum weir_side side; /* of the positions in line: buy = longs */
    uint32_t count;
    const struct weir_adl_entry *queue; /* first in line first */
};
struct weir_map_bucket {
    weir_price price;
    weir_wide long_notional, short_notional;
};
struct weir_map_state {
    uint32_t market;
    uint32_t count;
    const struct weir_map_bucket *buckets; /* ascending; empty ones left out */
};
struct weir_asset_totals {
    weir_wide balances, entry_values, fund, fees, holds, loss_pool, deposits, seeds, withdrawals;
};
struct weir_totals_state {
    const struct weir_asset_totals *assets; /* venue->asset_count of them */
    const weir_qty *open_interest;          /* venue->market_count of them, one side */
    uint64_t queue;
    bool conserved;
    uint64_t state_hash;
};

/* One event. Names and arrays are the engine's own and valid during the call that delivers it. */
struct weir_event {
    enum weir_event_kind kind;
    uint32_t n;   /* within its command, from 0 */
    uint64_t seq; /* the command's number, from 1 */
    weir_time t;
    union {
        struct {
            enum weir_command_kind cmd;
            const struct weir_name *id; /* of an order, cancel, amend or bid; else NULL */
        } accepted;
        struct {
            enum weir_reason reason;
            const char *detail; /* a sentence; differs between engine and twin */
        } rejected;
        struct {
            uint32_t market;
            weir_price price;
            weir_qty qty;
            const struct weir_name *taker, *maker;
            const struct weir_name *taker_order, *maker_order; /* NULL: null */
            enum weir_side taker_side;
            enum weir_fill_kind kind;
            weir_wide taker_fee, maker_fee;
            weir_wide taker_pnl, maker_pnl;
            weir_qty maker_left; /* open lots left of the maker's order; 0 without one */
        } fill;
        struct {
            const struct weir_name *account, *id;
            uint32_t market; /* for printing qty */
            weir_qty qty;
            enum weir_reason reason;
        } cancelled;
        struct {
            const struct weir_name *account, *id;
            uint32_t market;
        } triggered;
        struct {
            uint32_t market;
            weir_price mark, index;
        } mark;
        struct {
            uint32_t market;
        } index; /* index_stale, index_fresh */
        struct {
            uint32_t market;
            weir_rate rate;
            weir_wide per_lot; /* units */
        } funding;
        struct {
            const struct weir_name *account;
            uint32_t scope_market; /* the scope's name, see WEIR_CROSS */
            bool has_ratio;
            weir_wide margin_ratio; /* ppb, rounded up; null when equity <= 0 */
        } margin_call;
        struct {
            uint64_t liquidation;
            const struct weir_name *account;
            uint32_t scope_market;
            weir_wide equity, requirement;
        } liquidation_started;
        struct {
            uint64_t liquidation;
            const struct weir_name *account;
            uint32_t scope_market;
            uint32_t market;
            enum weir_side side;
            weir_qty qty;
            weir_price limit;
            weir_qty filled;
            enum weir_policy_name policy;
        } liquidation_step;
        struct {
            uint64_t auction;
            uint32_t market;
            enum weir_side side;
            weir_qty qty; /* opened, joined: the lots that came; */
            weir_time closes_at;
        } auction_opened; /* auction_joined too */
        struct {
            uint64_t auction;
            uint32_t market;
            weir_qty allotted, unsold;
            struct weir_maybe price; /* null when nothing was sold, or sold at several prices */
        } auction_closed;
        struct {
            uint32_t market;
            const struct weir_name *account, *counterparty;
            weir_qty qty;
            weir_price price;
            struct weir_maybe rank;
            weir_wide haircut, least_haircut;
        } adl;
        struct {
            uint32_t fund;
            enum weir_cause cause;
            weir_wide amount, balance;       /* signed change of cash, cash after it */
            const struct weir_name *account; /* whose liquidation; NULL: null */
        } fund_movement;
        struct {
            const struct weir_name *account;
            uint32_t asset;
            weir_wide amount; /* units of the asset */
            weir_wide price;  /* 10^-9 of the settlement asset */
            weir_wide proceeds;
        } collateral_sold;
        struct {
            uint32_t market;                 /* WEIR_NO_INDEX: an account was charged */
            const struct weir_name *account; /* NULL: a market was charged */
            weir_wide amount;
            uint32_t asset; /* of an account's charge; a market's is its own */
        } socialised;
        struct {
            uint64_t liquidation;
            const struct weir_name *account;
            uint32_t scope_market;
            enum weir_outcome outcome;
            weir_wide by_stage[WEIR_BY_COUNT];
            weir_wide shortfall;
        } liquidation_ended;
        struct {
            uint32_t market;
            weir_price price; /* 0: there never was an index; printed null */
        } settled;
        struct {
            uint32_t market;
            enum weir_market_status status;
        } status;
        struct weir_account_state account_state;
        struct weir_market_state market_state;
        struct weir_book_state book_state;
        struct weir_fund_state fund_state;
        struct weir_auctions_state auctions_state;
        struct weir_adl_state adl_state;
        struct weir_map_state map_state;
        struct weir_totals_state totals_state;
    };
};

/* Where events go. */
typedef void (*weir_event_sink)(void *ctx, const struct weir_event *event);

/* The words of the text protocol; index = enum value. */
extern const char *const weir_command_words[WEIR_CMD_COUNT];
extern const char *const weir_reason_words[WEIR_REASON_COUNT];
extern const char *const weir_event_words[WEIR_EV_COUNT];
extern const char *const weir_fill_words[];
extern const char *const weir_cause_words[WEIR_CAUSE_COUNT];
extern const char *const weir_outcome_words[];
extern const char *const weir_status_words[];
extern const char *const weir_policy_words[WEIR_POLICY_COUNT];
extern const char *const weir_stage_words[WEIR_BY_COUNT];
extern const char *const weir_query_words[];
extern const char *const weir_side_words[];

#endif
