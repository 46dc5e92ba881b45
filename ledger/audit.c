/* Recomputes what the ledger keeps running. */
#include "ledger/ledger.h"

struct sums {
    weir_wide balances[WEIR_ASSETS_MAX], entry_values[WEIR_ASSETS_MAX], pools[WEIR_ASSETS_MAX];
    uint32_t orders, extras, cases;
};

static const char *audit_market(const struct weir_ledger *l, const struct weir_market_ledger *m) {
    weir_wide sum = 0, lots = 0;
    uint32_t queued = 0;
    for (uint32_t i = 0; i < m->positions.count; i++) {
        const struct weir_leg *g = weir_leg_at(l, *WEIR_AT(&m->positions, uint32_t, i));
        if (g->position_slot != i) return "the list of positions is wrong";
        sum += g->size;
        queued += weir_scope_at(l, g->scope)->queue != WEIR_QUEUE_NONE;
        lots += weir_max(0, g->size);
    }
    if (sum != 0) return "the sizes of a market do not add to zero";
    if (lots != m->open_interest) return "open interest is not the sum of longs";
    if (lots != m->short_interest) return "longs and shorts differ";
    if (queued != m->queued) return "the count of queued positions is wrong";
    return NULL;
}

static const char *audit_leg(const struct weir_ledger *l, const struct weir_leg *g,
                             struct sums *sums) {
    const struct weir_market *m = &l->venue->markets[g->market];
    const struct weir_scope *s = weir_scope_at(l, g->scope);
    const struct weir_leg_orders *o = weir_leg_orders(l, g);
    struct weir_open open = weir_leg_open(l, g);
    int sign = g->size > 0 ? -weir_long_sign(m) : weir_long_sign(m);
    sums->balances[m->asset] += weir_leg_pending(l, g);
    sums->entry_values[m->asset] += sign * (weir_wide)g->entry_value;
    sums->orders += g->orders != 0;
    sums->extras += g->extra != 0;
    if (g->size == 0 && g->entry_value != 0) return "a flat position has an entry value";
    if ((g->size != 0) != (g->position_slot != WEIR_NO_INDEX))
        return "the list of positions is wrong";
    if (s->account != g->account || weir_scope_money(l, s) != m->asset)
        return "a leg is in a scope that is not its account's and asset's";
    if (open.buys < 0 || open.sells < 0 || open.loss < 0 || weir_leg_work(l, g)->parked < 0)
        return "a counter of a leg is negative";
    if (o->order_count + o->bid_count == 0 && (open.buys || open.sells || open.loss))
        return "a leg without orders has open lots";
    return NULL;
}

static const char *audit_scope(const struct weir_ledger *l, uint32_t scope, struct sums *sums) {
    const struct weir_scope *s = weir_scope_at(l, scope);
    sums->balances[weir_scope_money(l, s)] += weir_scope_own_balance(s);
    sums->cases += s->queue != WEIR_QUEUE_NONE;
    if (weir_scope_is_isolated(s)) return NULL;
    if (weir_cross_find(l, s->account, s->rank) != scope) return "a cross scope is lost";
    if (s->first_leg != weir_account_first_leg(l, s->account))
        return "the cross scopes of an account begin at different legs";
    uint32_t last = 0;
    for (uint32_t i = s->collateral; i != WEIR_NO_INDEX; i = weir_holding_at(l, i)->next) {
        const struct weir_holding *h = weir_holding_at(l, i);
        sums->balances[h->asset] += h->amount;
        if (s->rank != 0 || h->asset <= last) return "a list of collateral is wrong";
        last = h->asset;
    }
    return NULL;
}

/* Records in use and records free must be all there are, and none may be in both. */
static const char *audit_records(const struct weir_ledger *l, const struct sums *sums) {
    uint32_t orders = 1, extras = 1, cases = 1;
    for (uint32_t i = l->free_orders; i != 0 && orders <= l->orders.count; orders++)
        i = WEIR_AT(&l->orders, struct weir_leg_orders, i)->bid_count;
    for (uint32_t i = l->free_extra; i != 0 && extras <= l->extras.count; extras++)
        i = WEIR_AT(&l->extras, struct weir_leg_extra, i)->next_free;
    for (uint32_t i = l->free_case; i != 0 && cases <= l->cases.count; cases++)
        i = WEIR_AT(&l->cases, struct weir_case, i)->next_free;
    if (orders + sums->orders != l->orders.count || extras + sums->extras != l->extras.count)
        return "a leg's record was lost";
    if (cases + sums->cases != l->cases.count) return "a queued scope's record was lost";
    return NULL;
}

static const char *audit_owners(const struct weir_ledger *l) {
    uint32_t owned = 0;
    for (uint32_t i = 0; i < l->accounts.count; i++) {
        const struct weir_account *a = weir_account_at(l, i);
        if (weir_account_find(l, weir_account_name(l, i)) != i) return "a name is lost";
        if (!weir_name_equal(weir_owner_name(l, i), weir_owner_name(l, a->owner)))
            return "accounts of one owner name different owners";
        if (a->owner != i) continue;
        for (uint32_t k = i; k != WEIR_NO_INDEX; k = weir_account_at(l, k)->next_owned)
            owned++;
    }
    return owned == l->accounts.count ? NULL : "an owner's list of accounts is wrong";
}

const char *weir_ledger_audit(const struct weir_ledger *l) {
    struct sums sums = {0};
    const char *problem = NULL;
    for (uint32_t m = 0; !problem && m < l->venue->market_count; m++) {
        problem = audit_market(l, &l->markets[m]);
        sums.pools[l->venue->markets[m].asset] += l->markets[m].pool;
    }
    for (uint32_t i = 0; !problem && i < l->legs.count; i++)
        problem = audit_leg(l, weir_leg_at(l, i), &sums);
    for (uint32_t i = 0; !problem && i < l->scopes.count; i++)
        problem = audit_scope(l, i, &sums);
    if (!problem) problem = audit_records(l, &sums);
    if (!problem) problem = audit_owners(l);
    if (problem) return problem;
    for (uint32_t a = 0; a < l->venue->asset_count; a++) {
        if (sums.balances[a] != l->assets[a].balances)
            return "the sum of balances is not its total";
        if (sums.entry_values[a] != l->assets[a].entry_values)
            return "the sum of entry values is not its total";
        if (sums.pools[a] != l->assets[a].pools) return "the sum of loss pools is not its total";
    }
    return NULL;
}
