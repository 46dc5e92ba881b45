/* crowd: an engine whose venue and population a test makes by hand, command by command, each
 * compared with a full scan where asked. */
#ifndef WEIR_TESTS_TRIGGER_CROWD_H
#define WEIR_TESTS_TRIGGER_CROWD_H

#include "scan.h"

/* What varies from one attack to the next. */
struct weir_crowd_venue {
    uint32_t markets;
    bool inverse;
    const char *tier_mode, *basis, *rule; /* words of the venue file */
    const char *tiers;                    /* the list, as the file has it */
    const char *market_keys;              /* further keys of every market, ", key: value" */
    const char *keys;                     /* further lines of the file */
};

struct weir_crowd {
    struct weir_venue *venue;
    struct weir_engine *engine;
    struct weir_scan scan;
    weir_time now;
    bool accepted, busy, check;
    uint64_t commands, events[WEIR_EV_COUNT];
    char problem[512]; /* empty: all is well */
};

/* False when the loader refuses the venue (`problem` says why) or memory is refused. Markets are
 * M0, M1, ...; one lot at price 10,000 is worth 10,000.00, inverse 0.01 of the coin. */
bool weir_crowd_new(struct weir_crowd *crowd, const struct weir_crowd_venue *venue);
void weir_crowd_free(struct weir_crowd *crowd);

/* Commands. Once something was wrong they do nothing; compared with a scan while `check` is set. */
void weir_crowd_account(struct weir_crowd *crowd, uint32_t account);
/* Units of the asset that market 0 settles in; negative withdraws. */
void weir_crowd_deposit(struct weir_crowd *crowd, uint32_t account, int64_t units);
/* The venue's collateral ETH: an amount in 10^-4, its price in 10^-2. */
void weir_crowd_collateral(struct weir_crowd *crowd, uint32_t account, int64_t amount);
void weir_crowd_collateral_price(struct weir_crowd *crowd, int64_t price);
void weir_crowd_mode(struct weir_crowd *crowd, uint32_t account, uint32_t market,
                     enum weir_margin_mode mode);
void weir_crowd_isolated_margin(struct weir_crowd *crowd, uint32_t account, uint32_t market,
                                int64_t units);
void weir_crowd_leverage(struct weir_crowd *crowd, uint32_t account, uint32_t market,
                         int64_t leverage);
/* A block trade: lots > 0, the buyer first. */
void weir_crowd_trade(struct weir_crowd *crowd, uint32_t buyer, uint32_t seller, uint32_t market,
                      weir_qty lots, weir_price price);
void weir_crowd_tick(struct weir_crowd *crowd, uint32_t market, weir_price price);
void weir_crowd_clock(struct weir_crowd *crowd, weir_time step);
/* New tiers of a market: caps in whole quote units, rates in thousandths. */
void weir_crowd_tiers(struct weir_crowd *crowd, uint32_t market, uint32_t count,
                      const int64_t caps[], const int64_t rates[]);
void weir_crowd_status(struct weir_crowd *crowd, uint32_t market, enum weir_market_status status);
void weir_crowd_seed(struct weir_crowd *crowd, int64_t units);

/* The liquidation price of an account's position, 0 none. */
weir_price weir_crowd_edge(struct weir_crowd *crowd, uint32_t account, uint32_t market);
weir_price weir_crowd_mark(const struct weir_crowd *crowd, uint32_t market);
/* Scopes in the queue. */
uint32_t weir_crowd_queued(const struct weir_crowd *crowd);
/* Units of what lots are worth in market 0. */
int64_t weir_crowd_worth(const struct weir_crowd *crowd, weir_price price, weir_qty lots);

#endif
