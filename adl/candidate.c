/* Who is eligible, exactly (R28). */
#include "adl/index.h"

uint64_t weir_adl_turn(const struct weir_exchange *x, uint32_t market, int side) {
    const struct weir_ledger *l = &x->ledger;
    uint32_t last = l->markets[market].deleveraged[side];
    if (last != WEIR_NO_INDEX) return weir_account_order(l, last) + 1;
    uint32_t funds = x->venue->fund_count, accounts = l->accounts.count - funds;
    return funds + weir_adl_first_turn(x->venue->adl_seed, market, side, accounts);
}

/* What a line knows of a position whose R23's a is `share`, with the equity as it is ranked. */
static void describe(const struct weir_exchange *x, uint32_t leg, weir_wide share, weir_wide equity,
                     struct weir_adl_candidate *out) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_market *m = &x->venue->markets[g->market];
    weir_price mark = x->prices[g->market].mark;
    *out =
        (struct weir_adl_candidate){.order = weir_account_order(&x->ledger, g->account),
                                    .leg = leg,
                                    .size = weir_abs(g->size),
                                    .whole = weir_abs(g->size),
                                    .entry_value = g->entry_value,
                                    .unrealised = weir_unrealised(m, mark, g->size, g->entry_value),
                                    .notional = weir_value(m, mark, weir_abs(g->size)),
                                    .share = share,
                                    .equity = equity,
                                    .grows = weir_adl_grows(m, g->size < 0)};
    if (x->venue->adl_ranking == WEIR_RANK_ROTATION)
        out->this_round = out->order >= weir_adl_turn(x, g->market, g->size < 0);
    weir_adl_score(x->venue->adl_ranking, out);
}

/* a of the whole position, with E as the ranking takes it, which is then what `h` has. */
static weir_wide ranked_share(const struct weir_exchange *x, const struct weir_leg *g,
                              struct weir_health *h) {
    if (x->venue->adl_equity == WEIR_ADL_POSTED) h->equity = h->balance;
    return weir_bankruptcy_share(x, g, weir_abs(g->size), h);
}

bool weir_adl_candidate_at(const struct weir_exchange *x, uint32_t leg, uint32_t owner,
                           struct weir_adl_candidate *out) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (owner != WEIR_NO_INDEX && weir_leg_owner(&x->ledger, g) == owner) return false;
    if (weir_scope_at(&x->ledger, g->scope)->queue == WEIR_QUEUE_ACTIVE) return false;
    struct weir_health h;
    weir_health_brief(x, g->scope, &h);
    if (weir_liquidatable(x, &h)) return false;
    weir_wide share = ranked_share(x, g, &h);
    if (share <= 0) return false;
    describe(x, leg, share, h.equity, out);
    return true;
}

bool weir_adl_overlap_at(const struct weir_exchange *x, uint32_t leg, uint32_t owner,
                         weir_price bankruptcy, struct weir_adl_candidate *out) {
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    weir_qty lots = weir_abs(g->size) - weir_leg_work(&x->ledger, g)->parked;
    if (lots <= 0 || weir_leg_owner(&x->ledger, g) == owner) return false;
    struct weir_health h;
    weir_health_brief(x, g->scope, &h);
    weir_wide own_share = weir_bankruptcy_share(x, g, weir_abs(g->size), &h);
    weir_price own = weir_bankruptcy_price(x, g, weir_abs(g->size), own_share, false);
    if (g->size > 0 ? own > bankruptcy : own < bankruptcy) return false;
    weir_wide share = ranked_share(x, g, &h);
    describe(x, leg, share, h.equity, out);
    out->size = lots;
    out->overlaps = true;
    weir_adl_score(x->venue->adl_ranking, out); /* of the lots that it has */
    return true;
}
