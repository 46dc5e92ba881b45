/* Postings: what moves money and lots, always together with its running total. */
#include "ledger/ledger.h"

weir_wide weir_scope_balance(const struct weir_ledger *l, uint32_t scope) {
    weir_wide balance = weir_scope_at(l, scope)->balance;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        balance += weir_leg_pending(l, weir_leg_at(l, i));
    return balance;
}

/* The totals took the charge when it was made; settling only moves it into the account. */
void weir_leg_settle(struct weir_ledger *l, struct weir_leg *leg) {
    const struct weir_market_ledger *m = &l->markets[leg->market];
    weir_scope_at(l, leg->scope)->balance += weir_leg_pending(l, leg);
    leg->funding_mark = m->funding_total;
    leg->charge_mark = m->charge_total;
}

void weir_scope_settle(struct weir_ledger *l, uint32_t scope) {
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        weir_leg_settle(l, weir_leg_at(l, i));
}

void weir_post_balance(struct weir_ledger *l, uint32_t scope, weir_wide amount) {
    weir_scope_at(l, scope)->balance += amount;
    l->assets[0].balances += amount;
}

void weir_post_fee(struct weir_ledger *l, uint32_t scope, weir_wide fee) {
    weir_post_balance(l, scope, -fee);
    l->assets[0].fees += fee;
    WEIR_CHECK(l->assets[0].fees >= 0);
}

void weir_post_charge(struct weir_ledger *l, uint32_t market, weir_wide per_lot) {
    struct weir_market_ledger *m = &l->markets[market];
    m->charge_total += per_lot;
    l->assets[0].balances -= per_lot * (m->open_interest + m->short_interest);
}

/* Longs pay what shorts get, and sizes sum to zero: no total moves. */
void weir_post_funding(struct weir_ledger *l, uint32_t market, weir_wide per_lot) {
    l->markets[market].funding_total += per_lot;
}

weir_wide weir_scope_collateral(const struct weir_ledger *l, uint32_t scope, uint32_t asset) {
    uint32_t i = weir_scope_at(l, scope)->first_collateral;
    for (; i != WEIR_NO_INDEX; i = weir_holding_at(l, i)->next)
        if (weir_holding_at(l, i)->asset == asset) return weir_holding_at(l, i)->amount;
    return 0;
}

bool weir_post_collateral(struct weir_ledger *l, uint32_t scope, uint32_t asset, weir_wide amount) {
    uint32_t *link = &weir_scope_at(l, scope)->first_collateral;
    while (*link != WEIR_NO_INDEX && weir_holding_at(l, *link)->asset < asset)
        link = &weir_holding_at(l, *link)->next;
    if (*link == WEIR_NO_INDEX || weir_holding_at(l, *link)->asset != asset) {
        uint32_t i = weir_pool_add(&l->holdings, 1);
        if (i == WEIR_NO_INDEX) return false;
        *weir_holding_at(l, i) =
            (struct weir_holding){.scope = scope, .asset = asset, .next = *link};
        *link = i;
    }
    struct weir_holding *h = weir_holding_at(l, *link);
    h->amount += amount;
    l->assets[asset].balances += amount;
    WEIR_CHECK(h->amount >= 0);
    return true;
}

struct weir_position_change weir_position_fill(const struct weir_market *m, weir_qty size,
                                               weir_amount entry_value, weir_qty qty,
                                               weir_price price) {
    struct weir_position_change c = {.size = size + qty, .entry_value = entry_value};
    bool closes = (size > 0 && qty < 0) || (size < 0 && qty > 0);
    weir_qty lots = weir_abs(qty);
    c.closed = closes ? weir_min(lots, weir_abs(size)) : 0;
    if (c.closed > 0) {
        weir_wide released = c.closed == weir_abs(size)
                                 ? entry_value
                                 : (weir_wide)entry_value * c.closed / weir_abs(size);
        weir_wide gain = (weir_value(m, price, c.closed) - released) * weir_long_sign(m);
        c.realised = size > 0 ? gain : -gain;
        c.entry_value -= (weir_amount)released;
    }
    weir_wide opened = weir_value(m, price, lots) - weir_value(m, price, c.closed);
    WEIR_CHECK(opened + c.entry_value <= INT64_MAX);
    c.entry_value += (weir_amount)opened;
    return c;
}

static void list_position(struct weir_ledger *l, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(l, leg);
    struct weir_pool *list = &l->markets[g->market].positions;
    if (g->size != 0 && g->position_slot == WEIR_NO_INDEX) {
        g->position_slot = weir_pool_add(list, 1);
        WEIR_CHECK(g->position_slot != WEIR_NO_INDEX);
        *WEIR_AT(list, uint32_t, g->position_slot) = leg;
    } else if (g->size == 0 && g->position_slot != WEIR_NO_INDEX) {
        uint32_t last = *WEIR_AT(list, uint32_t, list->count - 1);
        *WEIR_AT(list, uint32_t, g->position_slot) = last;
        weir_leg_at(l, last)->position_slot = g->position_slot;
        g->position_slot = WEIR_NO_INDEX;
        list->count--;
    }
}

/* A position's part in the totals, added (sign 1) or taken away (sign -1). */
static void count_position(struct weir_ledger *l, const struct weir_leg *g, int sign) {
    struct weir_market_ledger *m = &l->markets[g->market];
    if (g->size > 0) {
        m->open_interest += sign * g->size;
        l->assets[0].long_values += sign * (weir_wide)g->entry_value;
    } else {
        m->short_interest -= sign * (weir_wide)g->size;
        l->assets[0].short_values += sign * (weir_wide)g->entry_value;
    }
}

void weir_post_fill(struct weir_ledger *l, uint32_t leg, const struct weir_position_change *c) {
    struct weir_leg *g = weir_leg_at(l, leg);
    WEIR_CHECK(weir_leg_pending(l, g) == 0);
    count_position(l, g, -1);
    g->size = c->size;
    g->entry_value = c->entry_value;
    count_position(l, g, 1);
    if (g->size != 0 && g->position_slot == WEIR_NO_INDEX) {
        g->funding_mark = l->markets[g->market].funding_total;
        g->charge_mark = l->markets[g->market].charge_total;
    }
    list_position(l, leg);
    weir_post_balance(l, g->scope, c->realised);
    WEIR_HEAVY(g->size != 0 || g->entry_value == 0);
}

weir_wide weir_ledger_imbalance(const struct weir_ledger *l, uint32_t asset, weir_wide fund_cash,
                                weir_wide seeds) {
    const struct weir_asset_ledger *a = &l->assets[asset];
    if (asset != 0) return a->deposits - a->withdrawals - a->balances;
    weir_wide pool = 0;
    for (uint32_t m = 0; m < l->venue->market_count; m++)
        pool += l->markets[m].pool;
    return a->deposits + seeds - a->withdrawals -
           (a->balances - a->long_values + a->short_values + fund_cash + a->fees - pool);
}

const char *weir_ledger_audit(const struct weir_ledger *l) {
    weir_wide balances[WEIR_ASSETS_MAX] = {0}, longs = 0, shorts = 0;
    for (uint32_t i = 0; i < l->scopes.count; i++)
        balances[0] += weir_scope_at(l, i)->balance;
    for (uint32_t i = 0; i < l->holdings.count; i++)
        balances[weir_holding_at(l, i)->asset] += weir_holding_at(l, i)->amount;
    for (uint32_t m = 0; m < l->venue->market_count; m++) {
        weir_wide sum = 0, lots = 0;
        for (uint32_t i = 0; i < l->markets[m].positions.count; i++) {
            uint32_t leg = *WEIR_AT(&l->markets[m].positions, uint32_t, i);
            sum += weir_leg_at(l, leg)->size;
            lots += weir_max(0, weir_leg_at(l, leg)->size);
        }
        if (sum != 0) return "the sizes of a market do not add to zero";
        if (lots != l->markets[m].open_interest) return "open interest is not the sum of longs";
        if (lots != l->markets[m].short_interest) return "longs and shorts differ";
    }
    for (uint32_t i = 0; i < l->legs.count; i++) {
        const struct weir_leg *g = weir_leg_at(l, i);
        balances[0] += weir_leg_pending(l, g);
        if (g->size > 0) longs += g->entry_value;
        if (g->size < 0) shorts += g->entry_value;
        if (g->size == 0 && g->entry_value != 0) return "a flat position has an entry value";
        if ((g->size != 0) != (g->position_slot != WEIR_NO_INDEX))
            return "the list of positions is wrong";
        if (g->open_buys < 0 || g->open_sells < 0 || g->open_loss < 0 || g->parked < 0)
            return "a counter of a leg is negative";
    }
    for (uint32_t a = 0; a < l->venue->asset_count; a++)
        if (balances[a] != l->assets[a].balances) return "the sum of balances is not its total";
    if (longs != l->assets[0].long_values || shorts != l->assets[0].short_values)
        return "the sum of entry values is not its total";
    return NULL;
}
