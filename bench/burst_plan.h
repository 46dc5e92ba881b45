/* What a burst is asked to be: who stands where, and how far the marks fall. */
#ifndef WEIR_BENCH_BURST_PLAN_H
#define WEIR_BENCH_BURST_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BURST_MARKETS 8 /* where nobody asks for another number */

/* How leverage lies between least and most. */
enum burst_mix {
    BURST_EVEN,    /* as many accounts at every distance from their liquidation */
    BURST_DOUBLING /* as many between 5x and 10x as between 10x and 20x */
};

/* When ordinary orders come. */
enum burst_arrivals {
    BURST_FIXED,   /* at equal distances, whatever the engine does */
    BURST_POISSON, /* at random ones, exponential, of the same mean */
    BURST_CLOSED   /* the next when the last is done */
};
/* Whose time passes between them. */
enum burst_clock { BURST_WALL, BURST_PROCESSOR };
extern const char *const burst_mix_words[],
    *const burst_arrival_words[], *const burst_clock_words[], *const burst_journal_words[];

struct burst_plan {
    uint32_t accounts; /* with leverage; who of them falls is a matter of mix and shock */
    uint32_t markets;  /* [2, 200]; the last has no bids */
    uint32_t rounds;   /* ticks of the fall; each lets all marks fall once */
    uint32_t shorts;   /* accounts a market on the other side */
    uint32_t orders;   /* each of the accounts has open, in [0, 9] */
    uint32_t steps;    /* of liquidation a command makes */
    const char *policy;
    enum burst_mix mix;
    double nearest, farthest; /* falls of a mark, parts of one, with which the first and the last of
                                 the accounts are liquidatable */
    double shock;             /* the fall there is */
    uint64_t seed;
};

/* A plan with everything that is not asked for. */
struct burst_plan burst_plan_of(uint32_t accounts, uint32_t rounds, uint64_t seed);
/* The fall that makes a position of this leverage liquidatable: the least maintenance rate is 0.4
 * per cent. */
double burst_fall_of(double leverage);
double burst_leverage_of(double fall);
/* The fall at which a share of the accounts (above 1: beyond the last of them) has fallen, and the
 * share that has at a fall. */
double burst_fall_at(const struct burst_plan *plan, double share);
double burst_share_at(const struct burst_plan *plan, double fall);
/* Its policy waits for trades of others: where there are none, liquidations need not end. */
bool burst_plan_waits(const struct burst_plan *plan);
/* NULL, or which of its values cannot be, in `error`. */
const char *burst_plan_wrong(const struct burst_plan *plan, char *error, size_t size);

#endif
