/* The state that every stage works on: made for a venue, given back. */
#include "margin/margin.h"

#include <errno.h>
#include <stdlib.h>

/* Does a policy ask what was traded, or how much marks moved? */
static bool measured(const struct weir_policy_config *policy) {
    return policy->name == WEIR_POLICY_POV || policy->name == WEIR_POLICY_RANDOM_SLICE ||
           policy->name == WEIR_POLICY_OPTIMAL;
}

int weir_exchange_new(struct weir_exchange *x, const struct weir_venue *venue,
                      uint32_t accounts_max, uint32_t orders_max) {
    uint32_t markets = venue->market_count;
    *x = (struct weir_exchange){.venue = venue};
    x->line = (struct weir_stop_line){WEIR_NO_INDEX, WEIR_NO_INDEX};
    x->crossing = WEIR_NO_INDEX;
    x->books = calloc(markets, sizeof *x->books);
    x->prices = calloc(markets, sizeof *x->prices);
    x->risks = calloc(markets, sizeof *x->risks);
    if (!x->books || !x->prices || !x->risks) return -ENOMEM;
    if (measured(&venue->policy) || measured(&venue->absorb_policy)) {
        x->measures = calloc(markets, sizeof *x->measures);
        if (!x->measures) return -ENOMEM;
    }
    int error = weir_ledger_new(&x->ledger, venue, accounts_max);
    if (!error) error = weir_pool_new(&x->premiums, sizeof(uint32_t), markets);
    if (!error) error = weir_orders_new(&x->orders, orders_max);
    if (!error)
        error = weir_trigger_new(&x->trigger, venue, x->ledger.scopes.capacity,
                                 x->ledger.legs.capacity);
    for (uint32_t m = 0; !error && m < markets; m++) {
        const struct weir_market *c = &venue->markets[m];
        error = weir_book_new(&x->books[m], orders_max);
        x->risks[m] = (struct weir_risk){.tiers = c->tiers,
                                         .open_interest_cap = c->open_interest_cap,
                                         .position_limit = c->position_limit,
                                         .price_band = c->price_band,
                                         .liquidation_band = c->liquidation_band,
                                         .funding_cap = c->funding_cap,
                                         .plain = weir_market_is_plain(venue, c)};
        weir_risk_derive(&x->risks[m]);
        weir_risk_scale(c, &x->risks[m], 0, 0);
        if (c->closing_fee_reserve > 0 && c->closing_fee_basis == WEIR_BASIS_BANKRUPTCY)
            x->reserves_at_bankruptcy = true;
    }
    return error;
}

void weir_exchange_free(struct weir_exchange *x) {
    uint32_t markets = x->venue ? x->venue->market_count : 0;
    for (uint32_t m = 0; x->books && m < markets; m++)
        weir_book_free(&x->books[m]);
    weir_trigger_free(&x->trigger);
    weir_orders_free(&x->orders);
    if (x->ledger.venue) weir_ledger_free(&x->ledger);
    weir_pool_free(&x->premiums);
    free(x->books);
    free(x->prices);
    free(x->risks);
    free(x->measures);
}
