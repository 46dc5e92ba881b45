/* The ledger's life, names, and the opening of accounts. */
#include "ledger/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct weir_name *entry_name(const void *ctx, uint32_t i) {
    const struct weir_ledger *l = ctx;
    return &WEIR_AT(&l->names, struct weir_name_entry, i)->name;
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

/* Element 0 of these pools stands for all legs and scopes that have no record. */
static bool make_absent_records(struct weir_ledger *l) {
    if (weir_pool_add(&l->orders, 1) != 0 || weir_pool_add(&l->extras, 1) != 0 ||
        weir_pool_add(&l->cases, 1) != 0)
        return false;
    *WEIR_AT(&l->orders, struct weir_leg_orders, 0) =
        (struct weir_leg_orders){.first = WEIR_NO_INDEX, .last = WEIR_NO_INDEX};
    *WEIR_AT(&l->extras, struct weir_leg_extra, 0) =
        (struct weir_leg_extra){.work.offer_next = WEIR_NO_INDEX};
    *WEIR_AT(&l->cases, struct weir_case, 0) = (struct weir_case){.queue_slot = WEIR_NO_INDEX,
                                                                  .adl_slot = WEIR_NO_INDEX,
                                                                  .member_slot = WEIR_NO_INDEX,
                                                                  .kept = WEIR_NO_INDEX};
    return true;
}

int weir_ledger_new(struct weir_ledger *l, const struct weir_venue *venue, uint32_t accounts_max) {
    *l = (struct weir_ledger){.venue = venue,
                              .keeps_profits = venue->socialise_base == WEIR_SOCIALISE_PROFIT};
    uint32_t n = accounts_max < UINT32_MAX / 16 ? accounts_max : UINT32_MAX / 16;
    uint32_t legs = n < UINT32_MAX / 64 ? n * 8 : UINT32_MAX / 8;
    uint32_t accounts = n + venue->fund_count, scopes = legs + WEIR_FUNDS_MAX;
    int error = weir_pool_new(&l->accounts, sizeof(struct weir_account), accounts);
    if (!error) error = weir_pool_new(&l->scopes, sizeof(struct weir_scope), scopes);
    if (!error) error = weir_pool_new(&l->legs, sizeof(struct weir_leg), scopes);
    if (!error) error = weir_pool_new(&l->holdings, sizeof(struct weir_holding), scopes);
    if (!error) error = weir_pool_new(&l->orders, sizeof(struct weir_leg_orders), scopes + 1);
    if (!error) error = weir_pool_new(&l->extras, sizeof(struct weir_leg_extra), scopes + 1);
    if (!error) error = weir_pool_new(&l->cases, sizeof(struct weir_case), scopes + 1);
    if (!error) error = weir_pool_new(&l->free_scopes, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&l->names, sizeof(struct weir_name_entry), 2 * accounts);
    if (!error)
        error = weir_pool_new(&l->account_names, sizeof(struct weir_account_names), accounts);
    if (!error) error = weir_pool_new(&l->profits, sizeof(struct weir_leg_profit), scopes);
    if (!error) error = weir_pool_new(&l->touched, sizeof(uint32_t), venue->market_count);
    if (!error) error = weir_name_map_new(&l->name_map, entry_name, l);
    l->markets = calloc(venue->market_count, sizeof *l->markets);
    if (!l->markets) error = -ENOMEM;
    for (uint32_t m = 0; !error && m < venue->market_count; m++) {
        struct weir_market_ledger *market = &l->markets[m];
        market->deleveraged[0] = market->deleveraged[1] = WEIR_NO_INDEX;
        error = weir_pool_new(&market->positions, sizeof(uint32_t), accounts);
    }
    if (!error && !(make_absent_records(l) && open_fund_accounts(l))) error = -ENOMEM;
    if (error) weir_ledger_free(l);
    return error;
}

void weir_ledger_free(struct weir_ledger *l) {
    for (uint32_t m = 0; l->markets && m < l->venue->market_count; m++)
        weir_pool_free(&l->markets[m].positions);
    free(l->markets);
    struct weir_pool *pools[] = {&l->accounts, &l->scopes,        &l->legs,    &l->holdings,
                                 &l->orders,   &l->extras,        &l->cases,   &l->free_scopes,
                                 &l->names,    &l->account_names, &l->touched, &l->profits};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        weir_pool_free(pools[i]);
    weir_name_map_free(&l->name_map);
    *l = (struct weir_ledger){0};
}

static void count_memory(struct weir_memory *row, const struct weir_pool *pool) {
    row->used += (uint64_t)pool->count * pool->element_size;
    row->committed += (uint64_t)pool->committed * pool->element_size;
}

void weir_ledger_memory(const struct weir_ledger *l, struct weir_memory rows[WEIR_LEDGER_MEMORY]) {
    const struct {
        const char *what;
        const struct weir_pool *pool;
        bool names;
    } pools[] = {{"accounts", &l->accounts, false},
                 {"scopes", &l->scopes, false},
                 {"legs", &l->legs, false},
                 {"holdings", &l->holdings, false},
                 {"orders of legs", &l->orders, false},
                 {"extras", &l->extras, false},
                 {"cases", &l->cases, false},
                 {"free scopes", &l->free_scopes, false},
                 {"profits of legs", &l->profits, false},
                 {"names", &l->names, true},
                 {"names of accounts", &l->account_names, true}};
    uint32_t n = sizeof pools / sizeof pools[0];
    _Static_assert(sizeof pools / sizeof pools[0] + 2 == WEIR_LEDGER_MEMORY, "one row a pool");
    for (uint32_t i = 0; i < n; i++) {
        rows[i] = (struct weir_memory){.what = pools[i].what, .names = pools[i].names};
        count_memory(&rows[i], pools[i].pool);
    }
    uint64_t slots = ((uint64_t)l->name_map.mask + 1) * sizeof *l->name_map.slots;
    rows[n] = (struct weir_memory){"map of names", true, slots, slots};
    rows[n + 1] = (struct weir_memory){.what = "lists of positions"};
    for (uint32_t m = 0; m < l->venue->market_count; m++)
        count_memory(&rows[n + 1], &l->markets[m].positions);
}

/* ---- Names and owners ------------------------------------------------------------------------ */

static struct weir_name_entry *entry_at(const struct weir_ledger *l, uint32_t i) {
    return WEIR_AT(&l->names, struct weir_name_entry, i);
}

uint32_t weir_account_find(const struct weir_ledger *l, const struct weir_name *name) {
    uint32_t i = weir_name_map_find(&l->name_map, name);
    return i == WEIR_NO_INDEX ? i : entry_at(l, i)->account;
}

/* The entry of a name, made when missing; WEIR_NO_INDEX at the bound. */
static uint32_t intern(struct weir_ledger *l, const struct weir_name *name) {
    uint32_t i = weir_name_map_find(&l->name_map, name);
    if (i != WEIR_NO_INDEX) return i;
    i = weir_pool_add(&l->names, 1);
    if (i == WEIR_NO_INDEX) return i;
    *entry_at(l, i) = (struct weir_name_entry){*name, WEIR_NO_INDEX, WEIR_NO_INDEX};
    return weir_name_map_add(&l->name_map, name, i) == 0 ? i : WEIR_NO_INDEX;
}

/* R6: the name of the owner: that of the account which `owner` names, else `owner` itself. */
static struct weir_name owner_name(const struct weir_ledger *l, const struct weir_name *name,
                                   const struct weir_name *owner) {
    if (!owner) return *name;
    uint32_t account = weir_account_find(l, owner);
    return account == WEIR_NO_INDEX ? *owner : *weir_owner_name(l, account);
}

uint32_t weir_account_open(struct weir_ledger *l, const struct weir_name *name,
                           const struct weir_name *owner, uint32_t class_idx,
                           enum weir_reason *reason) {
    *reason = WEIR_OK;
    if (l->accounts.count == l->accounts.capacity) return WEIR_NO_INDEX;
    struct weir_name belongs_to = owner_name(l, name, owner);
    uint32_t own = weir_name_map_find(&l->name_map, name);
    /* A name that is an owner's keeps belonging to him. */
    bool taken = own != WEIR_NO_INDEX && entry_at(l, own)->owner != WEIR_NO_INDEX;
    if (taken && !weir_name_equal(&belongs_to, name)) {
        *reason = WEIR_R_NOT_ALLOWED;
        return WEIR_NO_INDEX;
    }
    own = intern(l, name);
    uint32_t owner_entry = intern(l, &belongs_to), i = l->accounts.count;
    if (own == WEIR_NO_INDEX || owner_entry == WEIR_NO_INDEX) return WEIR_NO_INDEX;
    uint32_t scope = weir_scope_open(l, i, 0);
    if (scope == WEIR_NO_INDEX || weir_pool_add(&l->account_names, 1) == WEIR_NO_INDEX ||
        weir_pool_add(&l->accounts, 1) == WEIR_NO_INDEX)
        return WEIR_NO_INDEX;
    struct weir_account *a = weir_account_at(l, i);
    *a = (struct weir_account){
        .owner = i, .next_owned = WEIR_NO_INDEX, .cross = scope, .class_idx = (uint16_t)class_idx};
    *WEIR_AT(&l->account_names, struct weir_account_names, i) =
        (struct weir_account_names){own, owner_entry};
    entry_at(l, own)->account = i;
    uint32_t *first = &entry_at(l, owner_entry)->owner;
    if (*first == WEIR_NO_INDEX) {
        *first = i;
    } else {
        a->owner = *first;
        a->next_owned = weir_account_at(l, *first)->next_owned;
        weir_account_at(l, *first)->next_owned = i;
    }
    return i;
}
