/* What the files of monitor/ share; nothing outside includes this. */
#ifndef WEIR_MONITOR_INTERNAL_H
#define WEIR_MONITOR_INTERNAL_H

#include "monitor/monitor.h"

#define HOUR   (3600 * WEIR_SECOND)
#define NOBODY UINT32_MAX

/* One fill that closed a liquidated position. */
struct closing {
    weir_time t;
    int64_t value; /* quote */
    uint32_t market;
    bool longs;
};
struct open_liquidation {
    uint64_t number;
    uint32_t account, next; /* next of the account, or of the free ones */
    uint32_t scope_market;
    uint32_t market; /* of the largest part; NOBODY before the first fill */
    enum weir_side side;
    weir_time started;
    weir_wide equity, requirement; /* units of the scope's asset */
    weir_wide notional, largest;   /* of its closings, and the largest of them; quote */
    weir_wide lots;
    uint32_t steps;
    bool used;
};
struct account {
    struct weir_name name;
    uint32_t class_idx;
    uint32_t open; /* first of its open liquidations, NOBODY */
    bool liquidated, deleveraged;
};
struct market {
    weir_wide liquidated;                /* quote */
    weir_wide sample_long, sample_short; /* since the last sample */
    weir_price open, low, high, close, peak;
    double drawdown;
};
/* What the closings of a span came to. */
struct span {
    weir_wide total, longs;
    weir_time from;
    weir_wide by_market[WEIR_MARKETS_MAX];
};

/* What was booked in a settlement asset, in its units. */
struct booked {
    weir_wide fund_start, fund_least, fund, received, paid; /* all purses of the asset */
    weir_wide haircut, least_haircut, shortfall, socialised;
};

/* Amounts without a unit named here are in quote currency, in units of 10^-decimals of `money`:
 * a notional is price * quantity, of an inverse contract face value * lots; a settlement asset that
 * is not the quote currency counts at `worth`. */
struct weir_monitor {
    const struct weir_venue *venue;
    struct weir_monitor_files files;
    bool failed, opened;
    struct weir_name_map by_name;
    struct account *accounts;
    uint32_t account_count, account_capacity;
    struct open_liquidation *liquidations; /* a pool */
    uint32_t liquidation_count, liquidation_capacity, liquidation_free;
    struct closing *closings;
    size_t closing_count, closing_capacity;
    struct market markets[WEIR_MARKETS_MAX];
    uint64_t started, outcomes[3], liquidated_accounts;
    weir_wide by_stage[WEIR_BY_COUNT], total, longs;
    uint64_t adl_events, adl_accounts;
    weir_wide adl_notional, haircut, least_haircut;
    weir_wide socialised, shortfall;
    uint64_t socialised_events, margin_calls, auctions, backstop_fills;
    weir_wide cash[WEIR_FUNDS_MAX];         /* units of the fund's asset */
    weir_wide fund, fund_start, fund_least; /* all funds */
    weir_wide received[WEIR_CAUSE_COUNT], paid[WEIR_CAUSE_COUNT];
    /* Quote for one unit of a settlement asset: the index of the first inverse market that settles
     * in it, as it was when something was booked; 0 before there is one. */
    double worth[WEIR_ASSETS_MAX];
    uint32_t priced_by[WEIR_ASSETS_MAX]; /* that market; NOBODY: the quote currency itself */
    weir_price index[WEIR_ASSETS_MAX];   /* its index, ticks; 0: none yet */
    struct booked booked[WEIR_ASSETS_MAX];
};

/* rows.c */
void weir_monitor_row_liquidation(const struct weir_monitor *monitor,
                                  const struct open_liquidation *liquidation,
                                  const struct weir_event *ended, weir_time t);
void weir_monitor_row_adl(const struct weir_monitor *monitor, const struct weir_event *event);
void weir_monitor_headers(const struct weir_monitor *monitor);
/* worth.c */
/* A notional. */
weir_wide weir_monitor_notional(const struct weir_monitor *monitor, uint32_t market,
                                weir_price price, weir_qty lots);
/* An amount of a settlement asset in quote currency. */
weir_wide weir_monitor_worth(const struct weir_monitor *monitor, uint32_t asset, weir_wide units);
/* Prepares worth and priced_by; takes a market's new index. */
void weir_monitor_worth_new(struct weir_monitor *monitor);
void weir_monitor_worth_index(struct weir_monitor *monitor, uint32_t market, weir_price index);
/* Units of an asset as a number. */
double weir_monitor_whole(const struct weir_monitor *monitor, uint32_t asset, weir_wide units);
/* summary.c */
double weir_monitor_quote(const struct weir_monitor *monitor, weir_wide units);
/* The worst 60 minutes. O(closings). */
void weir_monitor_peak(const struct weir_monitor *monitor, struct span *peak);

#endif
