/* How a scope stands: its equity, its requirement and bounds of it (R8, R9, R17). */
#include "margin/standing.h"

/* One position into the standing. A short of a linear contract (whatever loses as its value grows)
 * has a bankruptcy price worth more than mark by its share of the equity: a closing fee on it grows
 * by at most that fee on the whole equity. */
static void add_position(const struct weir_exchange *x, const struct weir_position_view *p,
                         struct weir_standing *s) {
    const struct weir_market *m = p->market;
    weir_wide gain = ((weir_wide)p->value - p->entry_value) * p->sign;
    s->equity += weir_leg_pending(&x->ledger, p->leg) + gain;
    s->requirement += weir_div_ceil(p->required, WEIR_PPB);
    s->positions++;
    s->upper += p->required;
    bool fraction = x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION;
    s->zero_rate |= !fraction && p->risk->tiers.row[0].rate == 0;
    bool priced =
        !fraction && m->closing_fee_basis == WEIR_BASIS_BANKRUPTCY && m->closing_fee_reserve > 0;
    s->lower += weir_line_at(weir_requirement_line(x, p, p->tier, false), p->value);
    if (priced && p->sign < 0) s->equity_fee = weir_max(s->equity_fee, m->closing_fee_reserve);
    s->priced |= priced || fraction;
}

uint32_t weir_stand(struct weir_exchange *x, uint32_t scope, struct weir_standing *s) {
    const struct weir_ledger *l = &x->ledger;
    struct weir_position_view *views = x->trigger.views;
    const struct weir_scope *scope_at = weir_scope_at(l, scope);
    uint32_t n = 0;
    weir_wide balance = weir_scope_own_balance(scope_at);
    *s = (struct weir_standing){.equity = balance, .covered = balance < 0};
    if (scope_at->collateral != WEIR_NO_INDEX) s->equity += weir_scope_worth(x, scope);
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size == 0) {
            s->left_edges |= (g->low_key | g->high_key) != 0;
            continue;
        }
        struct weir_position_view *p = &views[n++];
        weir_view_position(x, g, p);
        if (p->plain)
            weir_stand_plain(x, p, s);
        else
            add_position(x, p, s);
    }
    if (s->priced) {
        struct weir_health h;
        weir_health(x, scope, NULL, &h);
        s->requirement = h.requirement;
    }
    weir_judge(x, s);
    return n;
}
