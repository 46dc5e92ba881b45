/* market: what a venue file says. A venue is read once, validated as a whole, and constant from
 * then on; what `risk` and `market_status` commands change is copied into the engine's state.
 * Every key of the venue file has a field here, whether its stage is built or not: the loader
 * refuses by name what is not. Amounts are in units of the settlement asset, rates in ppb,
 * durations in ns; WEIR_NONE stands for `none` wherever the file allows it. */
#ifndef WEIR_MARKET_H
#define WEIR_MARKET_H

#include "base/base.h"

#define WEIR_MARKETS_MAX        1024
#define WEIR_TIERS_MAX          32
#define WEIR_CLASSES_MAX        64
#define WEIR_ASSETS_MAX         32 /* the settlement asset is asset 0 */
#define WEIR_FUNDS_MAX          256
#define WEIR_SYMBOL_SIZE        32
#define WEIR_TIMERS_PER_COMMAND 10000000 /* of one interval within max_clock_step (R20) */
#define WEIR_LEVERAGE_MAX       1000000  /* of a tier or class */

enum weir_contract { WEIR_LINEAR = 0, WEIR_INVERSE };
enum weir_tier_mode { WEIR_TIER_MARGINAL = 0, WEIR_TIER_WHOLE };
enum weir_tier_edge { WEIR_UPPER_INCLUSIVE = 0, WEIR_LOWER_INCLUSIVE };
enum weir_margin_basis { WEIR_BASIS_MARK = 0, WEIR_BASIS_ENTRY, WEIR_BASIS_BANKRUPTCY };
enum weir_mark_method { WEIR_MARK_INDEX = 0, WEIR_MARK_EMA_BASIS, WEIR_MARK_MEDIAN };
enum weir_self_trade {
    WEIR_STP_CANCEL_RESTING = 0,
    WEIR_STP_CANCEL_TAKER,
    WEIR_STP_CANCEL_BOTH,
    WEIR_STP_DECREMENT
};
enum weir_trigger_rule {
    WEIR_TRIGGER_MAINTENANCE = 0,
    WEIR_TRIGGER_MAINTENANCE_STRICT,
    WEIR_TRIGGER_INITIAL_FRACTION
};
enum weir_queue_order { WEIR_WORST_FIRST = 0, WEIR_FIFO, WEIR_LARGEST_FIRST };
enum weir_bankruptcy_share { WEIR_SHARE_PER_LOT = 0, WEIR_SHARE_MM_RELEASED };
enum weir_policy_name {
    WEIR_POLICY_FULL = 0,
    WEIR_POLICY_TIER_STEP,
    WEIR_POLICY_FRACTION,
    WEIR_POLICY_INCREMENT,
    WEIR_POLICY_DISPOSAL,
    WEIR_POLICY_BLOCK_CAP,
    WEIR_POLICY_WINDOW,
    WEIR_POLICY_RAMP,
    WEIR_POLICY_RANDOM_SLICE,
    WEIR_POLICY_TWAP,
    WEIR_POLICY_POV,
    WEIR_POLICY_DEPTH,
    WEIR_POLICY_OPTIMAL,
    WEIR_POLICY_COUNT
};
enum weir_auction_format {
    WEIR_AUCTION_UNIFORM = 0,
    WEIR_AUCTION_PAY_AS_BID,
    WEIR_AUCTION_DUTCH,
    WEIR_AUCTION_NONE
};
enum weir_auction_price { WEIR_LOWEST_ACCEPTED = 0, WEIR_HIGHEST_REJECTED };
enum weir_auction_curve { WEIR_CURVE_LINEAR = 0, WEIR_CURVE_STEP, WEIR_CURVE_EXPONENTIAL };
enum weir_ranking {
    WEIR_RANK_PNL_LEVERAGE = 0,
    WEIR_RANK_PNL_AMOUNT_LEVERAGE,
    WEIR_RANK_PNL,
    WEIR_RANK_SIZE,
    WEIR_RANK_NOTIONAL_LEVERAGE,
    WEIR_RANK_PRO_RATA,
    WEIR_RANK_EQUITY_PRO_RATA,
    WEIR_RANK_CONTRACT_PRO_RATA,
    WEIR_RANK_WATER_FILLING,
    WEIR_RANK_MIN_ACCOUNTS,
    WEIR_RANK_ROTATION
};
enum weir_adl_price { WEIR_ADL_BANKRUPTCY = 0, WEIR_ADL_MARK, WEIR_ADL_PREVIOUS_MARK };
enum weir_adl_equity { WEIR_ADL_WITH_PNL = 0, WEIR_ADL_POSTED };
enum weir_adl_when { WEIR_ADL_LEFT_OVER = 0, WEIR_ADL_NEGATIVE_EQUITY, WEIR_ADL_NEVER };
enum weir_adl_eligible { WEIR_ADL_HEALTHY = 0, WEIR_ADL_ANY_OVERLAP };
enum weir_adl_no_counterparty { WEIR_ADL_AT_MARK = 0, WEIR_ADL_KEEP };
enum weir_socialise_base {
    WEIR_SOCIALISE_OPEN_INTEREST = 0,
    WEIR_SOCIALISE_PROFIT,
    WEIR_SOCIALISE_EQUITY
};
enum weir_payout { WEIR_PAYOUT_PARTIAL = 0, WEIR_PAYOUT_ALL_OR_NOTHING };
enum weir_on_trigger { WEIR_ON_TRIGGER_STOP = 0, WEIR_ON_TRIGGER_CUT };
enum weir_market_status { /* state, changed by `market_status` commands; starts as TRADING */
                          WEIR_STATUS_TRADING = 0,
                          WEIR_STATUS_REDUCE_ONLY,
                          WEIR_STATUS_AUCTION,
                          WEIR_STATUS_HALTED
};

/* One maintenance tier (R9). */
struct weir_tier {
    weir_amount cap;        /* largest notional of the tier, units, > 0 */
    weir_rate rate;         /* maintenance rate, ppb, [0, 10^9] */
    int64_t max_leverage;   /* >= 1; 0 when initial_rate is given instead */
    weir_rate initial_rate; /* ppb, (0, 10^9]; 0 when max_leverage is given */
};
struct weir_tiers {
    uint32_t count; /* [1, WEIR_TIERS_MAX] */
    uint32_t zero;
    struct weir_tier row[WEIR_TIERS_MAX];
};
/* Checks R9: 1 to WEIR_TIERS_MAX rows, caps increasing, rates within [0, 1] and not decreasing,
 * and either a leverage >= 1 or an initial rate in (0, 1] in every row. Returns NULL, or a static
 * sentence; *row is then the first wrong row, from 0. */
const char *weir_tiers_problem(const struct weir_tiers *tiers, uint32_t *row);

/* A policy and its parameters; a parameter its policy does not take is refused by the loader, one
 * left out has the default of R36. */
struct weir_policy_config {
    enum weir_policy_name name;
    weir_rate slippage;       /* all: assumed, for R37's frontier and `increment` */
    bool frontier;            /* all: R37 holds */
    bool tier_step_to_first;  /* tier_step: to: first (true) or next */
    weir_amount threshold;    /* fraction: slices only above this notional */
    weir_rate fraction;       /* fraction, disposal, random_slice: of the position */
    weir_time cooldown;       /* fraction */
    weir_time horizon;        /* twap, optimal */
    int64_t slices;           /* twap, optimal; >= 1 */
    weir_rate risk_aversion;  /* optimal: 0 is twap */
    weir_time step;           /* disposal: between slices */
    weir_qty full_size;       /* disposal: lots, whole at or below */
    weir_rate slippage_range; /* disposal: from mark */
    weir_rate max_share;      /* disposal: of the visible lots within that range */
    weir_time interval;       /* block_cap, pov */
    weir_rate share;          /* block_cap: of notional; pov: of trades; depth: of the book */
    weir_amount min_notional; /* block_cap: of a slice */
    weir_amount account_notional, account_loss, market_notional; /* block_cap: an interval */
    weir_time window;                                            /* window */
    weir_amount notional;                                        /* window: of all within it */
    weir_rate initial;                                           /* ramp: the share at once */
    weir_time duration;                                          /* ramp: until all */
    weir_rate probability;                                       /* random_slice: a second */
    weir_rate volume_share; /* random_slice: of a day's trades */
    uint64_t seed;          /* random_slice */
};

struct weir_asset {
    struct weir_name name;
    uint8_t decimals;      /* [0, 18] */
    weir_rate haircut;     /* R8; 0 for the settlement asset */
    weir_time stale_after; /* of its price feed; WEIR_NONE: never */
    bool settles;          /* markets settle in it: it has cross scopes; else collateral only */
};

struct weir_class {
    struct weir_name name;
    int64_t max_leverage; /* WEIR_NONE: no cap */
};

struct weir_market {
    struct weir_name symbol;
    enum weir_contract contract;
    int64_t face_value; /* inverse: quote currency per lot */
    uint32_t asset;     /* the settlement asset */
    weir_time expiry;   /* WEIR_NONE: perpetual */
    weir_time settlement_window;
    struct weir_name group; /* default: `default` */
    uint32_t fund_idx;
    struct weir_decimal tick; /* quote currency per tick */
    struct weir_decimal lot;  /* base quantity per lot */
    uint8_t price_digits;     /* digits printed after the point: those of tick */
    uint8_t qty_digits;       /* those of lot */
    weir_amount unit_value;   /* linear: money units of one tick times one lot (R4), >= 1 */
    weir_amount face_units;   /* inverse: a lot at one tick is worth face_units / face_divisor */
    int64_t face_divisor;     /* units of the coin, in lowest terms; both >= 1 */
    weir_qty min_qty;
    weir_amount min_notional;
    struct weir_tiers tiers;
    enum weir_tier_mode tier_mode;
    enum weir_tier_edge tier_edge;
    enum weir_margin_basis margin_basis; /* mark or entry */
    weir_rate closing_fee_reserve;
    enum weir_margin_basis closing_fee_basis;
    weir_amount oi_scaling_lower, oi_scaling_upper; /* WEIR_NONE: off */
    weir_amount open_interest_cap;
    weir_amount position_limit;
    int64_t max_open_orders;
    weir_price max_price; /* ticks (R3) */
    int64_t default_leverage;
    weir_rate fee_maker; /* may be negative */
    weir_rate fee_taker;
    weir_rate fee_liquidation;
    weir_time index_stale_after;
    int64_t index_min_sources;
    weir_rate index_outlier;
    enum weir_mark_method mark_method;
    weir_time mark_interval;
    weir_amount mark_impact_notional;
    weir_time mark_window;
    weir_rate mark_clamp;
    weir_time funding_interval;
    weir_rate funding_interest; /* may be negative */
    weir_rate funding_clamp;
    weir_rate funding_cap;
    weir_rate price_band;
    weir_rate liquidation_band;
};

/* A fund holds one settlement asset, that of the markets it stands behind. */
struct weir_fund_config {
    struct weir_name name;
    uint32_t asset; /* its amounts are in units of this */
    uint32_t base;  /* the fund of the file whose settings it has, itself or, for a purse
                     * NAME:ASSET, NAME */
    enum weir_payout payout;
    weir_amount budget_per_step;
    weir_rate max_subsidy;
    weir_time interval;
    weir_amount market_cap;
    weir_amount account_cap;
    weir_rate drawdown_trigger; /* WEIR_NONE: off */
    weir_rate drawdown_release;
    weir_time drawdown_window;
    weir_amount drawdown_min;
    enum weir_on_trigger on_trigger;
};

struct weir_venue {
    struct weir_name name;
    uint32_t asset_count; /* >= 1 */
    struct weir_asset assets[WEIR_ASSETS_MAX];
    struct weir_decimal money_unit; /* 10^-decimals of asset 0 */
    uint32_t class_count;           /* >= 1; accounts without a class are of class 0 */
    struct weir_class classes[WEIR_CLASSES_MAX];
    uint32_t market_count; /* [1, WEIR_MARKETS_MAX] */
    struct weir_market *markets;
    struct weir_name_map symbols; /* of markets; without slots in a venue that was not read */
    uint32_t fund_count;          /* those of the file, then the further purses */
    struct weir_fund_config *funds;
    uint32_t file_fund_count;
    struct weir_fund_config *file_funds; /* as the file has them, amounts in units of asset 0 */
    weir_rate positive_pnl_weight;
    weir_rate transfer_margin;
    enum weir_self_trade self_trade;
    int64_t max_fills_per_order;
    weir_time max_clock_step;
    enum weir_trigger_rule trigger_rule;
    weir_rate trigger_fraction;
    weir_rate warn_at; /* WEIR_NONE: no margin calls */
    enum weir_queue_order queue_order;
    int64_t steps_per_command;
    int64_t fills_per_step;
    int64_t capacity;         /* steps per simulated second; WEIR_NONE: no limit */
    weir_rate restore_margin; /* >= 10^9 */
    weir_rate takeover_at;
    int64_t empty_slices;
    bool empty_means_nothing_filled;
    enum weir_bankruptcy_share bankruptcy_share;
    bool bankruptcy_fee_included;
    bool limit_fillable;
    weir_rate fillable_spread;
    weir_rate fillable_adjustment;
    bool remainder_confiscate;
    struct weir_policy_config policy;
    weir_amount market_budget_notional; /* WEIR_NONE: off */
    weir_time market_budget_interval;
    weir_amount market_budget_quantum;
    enum weir_auction_format auction_format;
    enum weir_auction_price auction_price;
    weir_time auction_interval;
    weir_qty auction_min_bid_lots;
    weir_amount auction_max_open_notional;
    weir_rate auction_start;
    enum weir_auction_curve auction_curve;
    weir_time auction_duration;
    weir_time auction_step;
    weir_rate auction_cut;
    weir_time auction_tail;
    weir_rate auction_cusp;
    int64_t auction_max_restarts;
    weir_rate backstop_at;
    weir_rate backstop_discount; /* may be negative */
    bool absorb_enabled;
    weir_amount absorb_max_notional;
    struct weir_policy_config absorb_policy;
    enum weir_ranking adl_ranking;
    enum weir_adl_price adl_price;
    enum weir_adl_equity adl_equity;
    weir_rate adl_max_price_deviation;
    uint64_t adl_seed;
    enum weir_adl_when adl_when;
    enum weir_adl_eligible adl_eligible;
    enum weir_adl_no_counterparty adl_no_counterparty;
    enum weir_socialise_base socialise_base;
    weir_time settlement_interval;
    uint64_t digest; /* of the resolved venue: equal files of any spelling, equal digest */
};

/* A problem in a file, ready to print: `file:line:column: message` names the offending value and
 * what was expected. */
struct weir_file_error {
    char text[512];
};

/* One `--set key.path=value` of the command line; list items by name or index. */
struct weir_setting {
    const char *path;
    const char *value;
};

/* Reads and validates a venue file. Returns a venue to be freed by weir_venue_free, or NULL with
 * *error filled. `settings` override keys of the file before validation. */
struct weir_venue *weir_venue_load(const char *path, const struct weir_setting *settings,
                                   size_t setting_count, struct weir_file_error *error);
/* The same from text in memory (`name` stands for the file in errors). */
struct weir_venue *weir_venue_parse(const char *text, size_t size, const char *name,
                                    const struct weir_setting *settings, size_t setting_count,
                                    struct weir_file_error *error);
void weir_venue_free(struct weir_venue *venue);
/* The resolved venue as YAML that reads back to the same digest. Returns malloc'd text. */
char *weir_venue_print(const struct weir_venue *venue);

/* Index of a market or fund by name, or WEIR_NO_INDEX. O(count). */
uint32_t weir_venue_market(const struct weir_venue *venue, const struct weir_name *symbol);
uint32_t weir_venue_fund(const struct weir_venue *venue, const struct weir_name *name);
uint32_t weir_venue_asset(const struct weir_venue *venue, const struct weir_name *name);
/* Settlement assets of the venue, >= 1: with several, scopes are named `cross:ASSET`. */
uint32_t weir_venue_settlements(const struct weir_venue *venue);
/* 10^-decimals of an asset: what its amounts count. */
struct weir_decimal weir_asset_unit(const struct weir_venue *venue, uint32_t asset);

#endif
