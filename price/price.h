/* price: index, mark, basis, premium, funding of a market, and collateral feeds (R8, R13-R15).
 * Pure functions over a market's price state; time is an argument, events and timers are the
 * engine's. */
#ifndef WEIR_PRICE_H
#define WEIR_PRICE_H

#include "orderbook/orderbook.h"

#define WEIR_SOURCES_MAX 16

struct weir_source {
    struct weir_name name;
    int64_t price; /* ticks; of collateral 10^-9 of the settlement asset */
    weir_time updated;
};
struct weir_feed {
    uint32_t count; /* [0, WEIR_SOURCES_MAX], in order of first update */
    uint32_t zero;
    struct weir_source source[WEIR_SOURCES_MAX];
};
/* Sets a source's price. False when it would be the seventeenth source (nothing changed). */
bool weir_feed_set(struct weir_feed *feed, const struct weir_name *name, int64_t price,
                   weir_time now);
/* The earliest time after `now` at which a source that is fresh at `now` ages out; INT64_MAX when
 * none will. A source is fresh while t < updated + stale_after (saturated; WEIR_NONE: always). */
weir_time weir_feed_next_expiry(const struct weir_feed *feed, weir_time stale_after, weir_time now);
/* R13: median of the fresh sources, those further than outlier (ppb, WEIR_NONE: off) from it
 * dropped, median of the rest; 0 when fewer than min_sources (>= 1) are fresh, or all are dropped.
 * An even number: mean of the middle two, floored. */
int64_t weir_feed_median(const struct weir_feed *feed, weir_time stale_after, weir_rate outlier,
                         int64_t min_sources, weir_time now);

/* Where a dated market stands (R16); a perpetual one stays open. */
enum weir_phase { WEIR_PHASE_OPEN = 0, WEIR_PHASE_SETTLING, WEIR_PHASE_GONE };

struct weir_price_state {
    weir_price index;         /* held while stale; 0 before the first */
    weir_price index_told;    /* in the last `mark` event */
    weir_price mark;          /* 0: none */
    weir_price previous_mark; /* the mark before the last change; 0: none */
    weir_price last;          /* of fills of kind trade; 0: none */
    weir_price ema;           /* basis, ticks */
    bool stale;
    uint32_t closings; /* how often it was halted, put to auction, or went stale or to settle */
    bool premium_due;  /* the premium must be sampled before time moves */
    weir_rate funding_rate;
    int64_t carry;          /* fraction of a money unit per lot, 10^-9 */
    weir_rate premium;      /* the sample that holds now, ppb */
    weir_time premium_from; /* since when it holds, within the interval */
    weir_wide premium_sum;  /* sum of sample * duration in this interval up to premium_from */
    enum weir_phase phase;
    weir_price settlement;  /* the price at which a dated market settled; 0: none */
    weir_time average_from; /* up to here the index is counted in the settlement average */
    weir_time average_time; /* time counted, within the settlement window */
    weir_wide average_sum;  /* sum of index * time */
    struct weir_feed feed;
};

/* Next multiple of interval strictly after `now` (saturated at INT64_MAX). */
weir_time weir_next_on_grid(weir_time now, weir_time interval);
/* alpha of R14: floor(2 * 10^9 * interval / (window + interval)). */
weir_rate weir_ema_alpha(const struct weir_market *market);
/* R14: one sample of the basis into the EMA; a missing side leaves it unchanged. */
void weir_basis_sample(const struct weir_market *market, struct weir_price_state *p,
                       const struct weir_impact *bid, const struct weir_impact *ask);
/* The mark by the market's method at `now`; 0 without an index. Kept in [1, max_price]. */
weir_price weir_mark_compute(const struct weir_market *market, const struct weir_price_state *p,
                             weir_time now);
/* R15: the premium sample in ppb at present impact prices; 0 without an index. */
weir_rate weir_premium_sample(const struct weir_price_state *p, const struct weir_impact *bid,
                              const struct weir_impact *ask);
/* Books the sample that held from premium_from to `now` and sets premium_from = now. */
void weir_premium_advance(struct weir_price_state *p, weir_time now);
/* The funding instant: rate from the premium of the whole interval (already advanced to now),
 * payment per lot with the carried fraction; resets the interval. per_lot in money units. */
void weir_funding_instant(const struct weir_market *market, weir_rate cap,
                          struct weir_price_state *p, weir_wide *per_lot);

/* R16: counts the index that held from average_from to `now`, as far as that lies in the settlement
 * window; to be called before the index changes. Nothing in perpetual markets. */
void weir_average_advance(const struct weir_market *market, struct weir_price_state *p,
                          weir_time now);
/* The average of what was counted, floored, kept in [1, max_price]; the index when a window without
 * length counted none; 0 when there never was an index. */
weir_price weir_settlement_price(const struct weir_market *market,
                                 const struct weir_price_state *p);

#endif
