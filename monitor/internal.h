/* What the files of monitor/ share; nothing outside includes this. */
#ifndef WEIR_MONITOR_INTERNAL_H
#define WEIR_MONITOR_INTERNAL_H

#include "monitor/monitor.h"

#define HOUR   (3600 * WEIR_SECOND)
#define NOBODY UINT32_MAX

/* One fill that closed a liquidated position. */
struct closing {
    weir_time t;
    int64_t value; /* units */
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
    weir_wide equity, requirement;
    weir_wide largest;
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
    weir_wide liquidated;                /* units */
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
    weir_wide cash[WEIR_FUNDS_MAX], fund, fund_start, fund_least; /* all funds */
    weir_wide received[WEIR_CAUSE_COUNT], paid[WEIR_CAUSE_COUNT];
};

/* rows.c */
void weir_monitor_row_liquidation(const struct weir_monitor *monitor,
                                  const struct open_liquidation *liquidation,
                                  const struct weir_event *ended, weir_time t);
void weir_monitor_row_adl(const struct weir_monitor *monitor, const struct weir_event *event);
void weir_monitor_headers(const struct weir_monitor *monitor);
/* summary.c */
double weir_monitor_quote(const struct weir_monitor *monitor, weir_wide units);
/* The worst 60 minutes. O(closings). */
void weir_monitor_peak(const struct weir_monitor *monitor, struct span *peak);

#endif
