/* Private to ledger/: writing balances and opening scopes. */
#ifndef WEIR_LEDGER_INTERNAL_H
#define WEIR_LEDGER_INTERNAL_H

#include "ledger/ledger.h"

static inline void scope_add(struct weir_scope *s, weir_wide amount) {
    weir_wide balance = weir_scope_own_balance(s) + amount, high = balance >> 64;
    WEIR_CHECK(high >= INT32_MIN && high <= INT32_MAX);
    s->balance_low = (uint64_t)balance;
    s->balance_high = (int32_t)high;
}
/* The link at which an entry of the asset is or belongs in asset 0's cross scope's list. */
uint32_t *weir_holding_link(struct weir_ledger *ledger, uint32_t scope, uint32_t asset);
/* That entry, made when missing; NULL at the bound. */
struct weir_holding *weir_holding_make(struct weir_ledger *ledger, uint32_t scope, uint32_t asset);
/* A new scope of the rank, without legs; WEIR_NO_INDEX at the bound. */
uint32_t weir_scope_open(struct weir_ledger *ledger, uint32_t account, uint32_t rank);

#endif
