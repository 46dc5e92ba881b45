/* Opening accounts, legs and scopes; finding them. */
#include "ledger/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct weir_name *owner_name(const void *ctx, uint32_t i) {
    const struct weir_ledger *l = ctx;
    return &WEIR_AT(&l->owners, struct weir_owner, i)->name;
}

static const struct weir_name *account_name(const void *ctx, uint32_t i) {
    const struct weir_ledger *l = ctx;
    return &weir_account_at(l, i)->name;
}

static bool open_fund_accounts(struct weir_ledger *l) {
    for (uint32_t i = 0; i < l->venue->fund_count; i++) {
        struct weir_name name = {0};
        snprintf(name.text, sizeof name.text, "@fund:%.25s", l->venue->funds[i].name.text);
        enum weir_reason reason;
        if (weir_account_open(l, &name, NULL, 0, &reason) != i) return false;
    }
    return true;
}

int weir_ledger_new(struct weir_ledger *l, const struct weir_venue *venue, uint32_t accounts_max) {
    *l = (struct weir_ledger){.venue = venue};
    uint32_t n = accounts_max < UINT32_MAX / 16 ? accounts_max : UINT32_MAX / 16;
    uint32_t legs = n < UINT32_MAX / 64 ? n * 8 : UINT32_MAX / 8;
    int error = weir_pool_new(&l->owners, sizeof(struct weir_owner), n + 64);
    if (!error) error = weir_pool_new(&l->accounts, sizeof(struct weir_account), n + 64);
    if (!error) error = weir_pool_new(&l->scopes, sizeof(struct weir_scope), legs);
    if (!error) error = weir_pool_new(&l->legs, sizeof(struct weir_leg), legs);
    if (!error) error = weir_pool_new(&l->holdings, sizeof(struct weir_holding), legs);
    if (!error) error = weir_name_map_new(&l->owner_map, owner_name, l);
    if (!error) error = weir_name_map_new(&l->account_map, account_name, l);
    l->markets = calloc(venue->market_count, sizeof *l->markets);
    if (!l->markets) error = -ENOMEM;
    for (uint32_t m = 0; !error && m < venue->market_count; m++)
        error = weir_pool_new(&l->markets[m].positions, sizeof(uint32_t), n + 64);
    if (!error && !open_fund_accounts(l)) error = -ENOMEM;
    if (error) weir_ledger_free(l);
    return error;
}

void weir_ledger_free(struct weir_ledger *l) {
    for (uint32_t m = 0; l->markets && m < l->venue->market_count; m++)
        weir_pool_free(&l->markets[m].positions);
    free(l->markets);
    weir_pool_free(&l->owners);
    weir_pool_free(&l->accounts);
    weir_pool_free(&l->scopes);
    weir_pool_free(&l->legs);
    weir_pool_free(&l->holdings);
    weir_name_map_free(&l->owner_map);
    weir_name_map_free(&l->account_map);
    *l = (struct weir_ledger){0};
}

uint32_t weir_account_find(const struct weir_ledger *l, const struct weir_name *name) {
    return weir_name_map_find(&l->account_map, name);
}

static uint32_t owner_get(struct weir_ledger *l, const struct weir_name *name) {
    uint32_t i = weir_name_map_find(&l->owner_map, name);
    if (i != WEIR_NO_INDEX) return i;
    i = weir_pool_add(&l->owners, 1);
    if (i == WEIR_NO_INDEX) return i;
    *WEIR_AT(&l->owners, struct weir_owner, i) = (struct weir_owner){*name, WEIR_NO_INDEX};
    return weir_name_map_add(&l->owner_map, name, i) == 0 ? i : WEIR_NO_INDEX;
}

/* R6: the owner of the account that `owner` names, else the owner of that name; a name that is an
 * owner's already keeps belonging to it. */
static uint32_t owner_for(struct weir_ledger *l, const struct weir_name *name,
                          const struct weir_name *owner, enum weir_reason *reason) {
    uint32_t own = weir_name_map_find(&l->owner_map, name);
    if (!owner) return own != WEIR_NO_INDEX ? own : owner_get(l, name);
    uint32_t account = weir_account_find(l, owner);
    uint32_t named = account != WEIR_NO_INDEX ? weir_account_at(l, account)->owner
                                              : weir_name_map_find(&l->owner_map, owner);
    if (own != WEIR_NO_INDEX && own != named) {
        *reason = WEIR_R_NOT_ALLOWED;
        return WEIR_NO_INDEX;
    }
    return named != WEIR_NO_INDEX ? named : owner_get(l, owner);
}

static uint32_t scope_open(struct weir_ledger *l, uint32_t account, uint32_t market) {
    uint32_t i = weir_pool_add(&l->scopes, 1);
    if (i == WEIR_NO_INDEX) return i;
    struct weir_scope *s = weir_scope_at(l, i);
    s->account = account;
    s->market = market;
    s->leg = WEIR_NO_INDEX;
    s->first_collateral = WEIR_NO_INDEX;
    s->kept = WEIR_NO_INDEX;
    s->queue_slot = WEIR_NO_INDEX;
    s->adl_slot = WEIR_NO_INDEX;
    s->member_slot = WEIR_NO_INDEX;
    return i;
}

uint32_t weir_account_open(struct weir_ledger *l, const struct weir_name *name,
                           const struct weir_name *owner, uint32_t class_idx,
                           enum weir_reason *reason) {
    *reason = WEIR_OK;
    uint32_t owner_idx = owner_for(l, name, owner, reason);
    if (owner_idx == WEIR_NO_INDEX) return owner_idx;
    uint32_t scope = scope_open(l, l->accounts.count, WEIR_NO_INDEX);
    if (scope == WEIR_NO_INDEX) return scope;
    uint32_t i = weir_pool_add(&l->accounts, 1);
    if (i == WEIR_NO_INDEX) return i;
    uint32_t *first = &WEIR_AT(&l->owners, struct weir_owner, owner_idx)->first_account;
    *weir_account_at(l, i) = (struct weir_account){.name = *name,
                                                   .owner = owner_idx,
                                                   .class_idx = class_idx,
                                                   .cross = scope,
                                                   .first_leg = WEIR_NO_INDEX,
                                                   .next_owned = *first};
    *first = i;
    return weir_name_map_add(&l->account_map, name, i) == 0 ? i : WEIR_NO_INDEX;
}

uint32_t weir_leg_find(const struct weir_ledger *l, uint32_t account, uint32_t market) {
    uint32_t i = weir_account_at(l, account)->first_leg;
    while (i != WEIR_NO_INDEX && weir_leg_at(l, i)->market < market)
        i = weir_leg_at(l, i)->next;
    return i != WEIR_NO_INDEX && weir_leg_at(l, i)->market == market ? i : WEIR_NO_INDEX;
}

uint32_t weir_leg_get(struct weir_ledger *l, uint32_t account, uint32_t market) {
    struct weir_account *a = weir_account_at(l, account);
    uint32_t *link = &a->first_leg;
    while (*link != WEIR_NO_INDEX && weir_leg_at(l, *link)->market < market)
        link = &weir_leg_at(l, *link)->next;
    if (*link != WEIR_NO_INDEX && weir_leg_at(l, *link)->market == market) return *link;
    uint32_t i = weir_pool_add(&l->legs, 1);
    if (i == WEIR_NO_INDEX) return i;
    const struct weir_market *m = &l->venue->markets[market];
    int64_t cap =
        weir_account_is_fund(l, account) ? INT64_MAX : l->venue->classes[a->class_idx].max_leverage;
    *weir_leg_at(l, i) = (struct weir_leg){.account = account,
                                           .scope = a->cross,
                                           .isolated = WEIR_NO_INDEX,
                                           .next = *link,
                                           .market = market,
                                           .leverage = weir_min(m->default_leverage, cap),
                                           .first_order = WEIR_NO_INDEX,
                                           .last_order = WEIR_NO_INDEX,
                                           .position_slot = WEIR_NO_INDEX,
                                           .offer_next = WEIR_NO_INDEX};
    *link = i;
    return i;
}

uint32_t weir_scope_next_leg(const struct weir_ledger *l, uint32_t scope, uint32_t leg) {
    if (weir_scope_at(l, scope)->market != WEIR_NO_INDEX) return WEIR_NO_INDEX;
    do
        leg = weir_leg_at(l, leg)->next;
    while (leg != WEIR_NO_INDEX && weir_leg_at(l, leg)->scope != scope);
    return leg;
}

uint32_t weir_scope_first_leg(const struct weir_ledger *l, uint32_t scope) {
    const struct weir_scope *s = weir_scope_at(l, scope);
    if (s->market != WEIR_NO_INDEX) /* one that was left holds nothing */
        return weir_leg_at(l, s->leg)->scope == scope ? s->leg : WEIR_NO_INDEX;
    uint32_t leg = weir_account_at(l, s->account)->first_leg;
    while (leg != WEIR_NO_INDEX && weir_leg_at(l, leg)->scope != scope)
        leg = weir_leg_at(l, leg)->next;
    return leg;
}

bool weir_scope_flat(const struct weir_ledger *l, uint32_t scope) {
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        if (weir_leg_at(l, i)->size != 0) return false;
    return true;
}

bool weir_leg_isolate(struct weir_ledger *l, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(l, leg);
    WEIR_CHECK(g->size == 0 && g->order_count == 0 && g->bid_count == 0);
    if (g->isolated == WEIR_NO_INDEX) {
        g->isolated = scope_open(l, g->account, g->market);
        if (g->isolated == WEIR_NO_INDEX) return false;
        weir_scope_at(l, g->isolated)->leg = leg;
    }
    g->scope = g->isolated;
    return true;
}

void weir_leg_rejoin(struct weir_ledger *l, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(l, leg);
    struct weir_scope *s = weir_scope_at(l, g->scope);
    WEIR_CHECK(g->size == 0 && s->balance >= 0);
    struct weir_scope *cross = weir_scope_at(l, weir_account_at(l, g->account)->cross);
    cross->balance += s->balance;
    s->balance = 0;
    g->scope = weir_account_at(l, g->account)->cross;
}
