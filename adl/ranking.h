/* A ranking of R28 is one file: what orders candidates, or by what they share, and what queries
 * show of it. adl/rank.c lists them. Pure. */
#ifndef WEIR_ADL_RANKING_H
#define WEIR_ADL_RANKING_H

#include "adl/adl.h"

struct weir_adl_ranking {
    enum weir_adl_kind kind;
    /* What comes first: higher, ties to the lower account. Of `shares` it is the weight, >= 0. */
    weir_wide (*score)(const struct weir_adl_candidate *c);
    /* What queries show; NULL: the score. */
    weir_wide (*shown)(const struct weir_adl_candidate *c);
};

extern const struct weir_adl_ranking weir_rank_pnl_leverage, weir_rank_pnl_amount_leverage,
    weir_rank_pnl, weir_rank_size, weir_rank_notional_leverage, weir_rank_pro_rata,
    weir_rank_equity_pro_rata, weir_rank_contract_pro_rata, weir_rank_water_filling,
    weir_rank_min_accounts, weir_rank_rotation;

/* u: unrealised P&L by entry value, in 10^-9, saturated. */
int64_t weir_adl_profit_rate(const struct weir_adl_candidate *c);
/* L: max(1, notional by share), in 10^-9, saturated; so where the share is not above 0. */
int64_t weir_adl_leverage(const struct weir_adl_candidate *c);
/* l: notional by equity, in 10^-9, saturated; so where the equity is not above 0. */
int64_t weir_adl_account_leverage(const struct weir_adl_candidate *c);
/* Lots as queries show them. */
weir_wide weir_adl_shown_lots(const struct weir_adl_candidate *c);

#endif
