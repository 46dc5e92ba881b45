/* Who is eligible, exactly (R28). */
#include "adl/index.h"

bool weir_adl_candidate_at(const struct weir_exchange *x, uint32_t leg, uint32_t owner,
                           struct weir_adl_candidate *out) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (owner != WEIR_NO_INDEX && weir_leg_owner(&x->ledger, g) == owner) return false;
    if (weir_scope_at(&x->ledger, g->scope)->queue == WEIR_QUEUE_ACTIVE) return false;
    struct weir_health h;
    weir_health(x, g->scope, NULL, &h);
    if (weir_liquidatable(x, &h)) return false;
    if (x->venue->adl_equity == WEIR_ADL_POSTED) h.equity = h.balance;
    weir_wide share = weir_bankruptcy_share(x, g, weir_abs(g->size), &h);
    if (share <= 0) return false;
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    *out =
        (struct weir_adl_candidate){.order = weir_account_order(&x->ledger, g->account),
                                    .leg = leg,
                                    .size = weir_abs(g->size),
                                    .entry_value = g->entry_value,
                                    .unrealised = weir_unrealised(m, mark, g->size, g->entry_value),
                                    .notional = weir_value(m, mark, weir_abs(g->size)),
                                    .share = share};
    weir_adl_score(x->venue->adl_ranking, out);
    return true;
}
