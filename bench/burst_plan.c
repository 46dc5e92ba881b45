/* The shape of a burst. */
#include "bench/burst_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAINTENANCE 0.004

const char *const burst_mix_words[] = {"even", "doubling", NULL};
const char *const burst_clock_words[] = {"wall", "processor", NULL};
const char *const burst_journal_words[] = {"off", "on", NULL};
const char *const burst_arrival_words[] = {"fixed", "poisson", "closed", NULL};

struct burst_plan burst_plan_of(uint32_t accounts, uint32_t rounds, uint64_t seed) {
    return (struct burst_plan){.accounts = accounts,
                               .markets = BURST_MARKETS,
                               .rounds = rounds,
                               .shorts = 1000,
                               .orders = 3,
                               .steps = 4,
                               .policy = "full",
                               .nearest = 0.01,
                               .farthest = 0.307,
                               .shock = 0.307,
                               .seed = seed};
}

/* A deposit of 1 / leverage less the fall meets the rate of what the position is worth then. */
double burst_fall_of(double leverage) {
    return (1 / leverage - MAINTENANCE) / (1 - MAINTENANCE);
}
double burst_leverage_of(double fall) {
    return 1 / (fall * (1 - MAINTENANCE) + MAINTENANCE);
}

double burst_fall_at(const struct burst_plan *plan, double share) {
    if (plan->mix == BURST_EVEN) return plan->nearest + share * (plan->farthest - plan->nearest);
    double most = burst_leverage_of(plan->nearest), least = burst_leverage_of(plan->farthest);
    return burst_fall_of(most * pow(least / most, share));
}

double burst_share_at(const struct burst_plan *plan, double fall) {
    if (plan->mix == BURST_EVEN) return (fall - plan->nearest) / (plan->farthest - plan->nearest);
    double most = burst_leverage_of(plan->nearest), least = burst_leverage_of(plan->farthest);
    return log(burst_leverage_of(fall) / most) / log(least / most);
}

bool burst_plan_waits(const struct burst_plan *plan) {
    return strcmp(plan->policy, "pov") == 0 || strcmp(plan->policy, "random_slice") == 0;
}

const char *burst_plan_wrong(const struct burst_plan *plan, char *error, size_t size) {
    double most = burst_leverage_of(plan->nearest), least = burst_leverage_of(plan->farthest);
    if (plan->markets < 2)
        snprintf(error, size, "--markets %u: expected 2 or more; one of them has no bids",
                 plan->markets);
    else if (plan->nearest >= plan->farthest)
        snprintf(error, size, "--leverage-min %.4g: expected less than the most leverage, %.4g",
                 least, most);
    else if (plan->shock < plan->nearest + 0.001)
        snprintf(error, size,
                 "--shock %.4g: expected %.4g or more: at a fall of %.4g %% the accounts with the "
                 "most leverage, %.4g, begin to fall",
                 plan->shock * 100, plan->nearest * 100 + 0.1, plan->nearest * 100, most);
    else
        return NULL;
    return error;
}
