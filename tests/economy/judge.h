/* What a play came to, from the engine's events and its ledger. */
#ifndef WEIR_TESTS_ECONOMY_JUDGE_H
#define WEIR_TESTS_ECONOMY_JUDGE_H

#include "economy.h"

struct judge {
    const struct weir_venue *venue;
    struct weir_engine *engine;
    weir_wide brought[WEIR_ASSETS_MAX];      /* deposits less withdrawals of colluders */
    weir_wide offered[WEIR_ASSETS_MAX];      /* what fills with the honest gave them at index */
    weir_wide fees[WEIR_ASSETS_MAX];         /* paid by them */
    weir_wide inventory[WEIR_ASSETS_MAX];    /* what they got from funds working inventory off */
    weir_wide fund_offered[WEIR_ASSETS_MAX]; /* what fills and funding gave the funds */
    uint64_t fills, kinds, commands;
    /* The auction opened last, for bids. */
    uint64_t auction;
    uint32_t auction_market;
    enum weir_side auction_side;
    /* The command at hand, for its acceptance. */
    const struct weir_command *command;
    bool accepted;
};

struct judge *judge_new(const struct weir_venue *venue);
void judge_free(struct judge *judge);
void judge_apply(struct judge *judge, const struct weir_command *command);
/* Stakes by the venue's asset index; 0: not looked at. */
void judge_sum(const struct judge *judge, const weir_wide *stakes, struct weir_haul *haul);

#endif
