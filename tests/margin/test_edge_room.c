/* Edges that count no more have room however few legs there are: many markets, and a balance that
 * moves every edge again and again (R18). */
#include "margin/margin.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MARKETS 200

static struct weir_venue *many_markets(void) {
    static char text[MARKETS * 128 + 256];
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "name: many\nmoney: {asset: USDT, decimals: 6}\nmarkets:\n");
    for (int m = 0; m < MARKETS; m++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "  - {symbol: M%d, tick: 1, lot: 1, tiers: [{cap: 1000000, rate: "
                                 "0.01, max_leverage: 50}]}\n",
                                 m);
    struct weir_file_error error;
    return weir_venue_parse(text, used, "many", NULL, 0, &error);
}

Test(edge_room, many_markets_few_legs) {
    struct weir_exchange x;
    struct weir_venue *venue = many_markets();
    struct weir_name name = {"a"};
    enum weir_reason reason;
    cr_assert(venue != NULL && weir_exchange_new(&x, venue, 1, 1) == 0);
    uint32_t account = weir_account_open(&x.ledger, &name, NULL, 0, &reason);
    uint32_t scope = weir_account_at(&x.ledger, account)->cross;
    for (uint32_t m = 0; m < MARKETS; m++) {
        x.prices[m].mark = 1000;
        weir_mark_moved(&x, m);
        uint32_t leg = weir_leg_get(&x.ledger, account, m);
        struct weir_position_change change =
            weir_position_fill(&venue->markets[m], 0, 0, m % 2 ? 10 : -10, 1000);
        weir_post_fill(&x.ledger, leg, &change, 0);
    }
    struct weir_health h;
    weir_health(&x, scope, NULL, &h);
    weir_wide step = h.notional / 10000;
    for (int i = 1; i < 2500; i++) {
        /* Near and far by turns, so that no edge stands for the next. */
        weir_wide balance = (i % 2 ? 1000 : 3000) * step + i * step / 4;
        weir_post_balance(&x.ledger, scope,
                          balance - weir_scope_own_balance(weir_scope_at(&x.ledger, scope)));
        weir_touch(&x, scope);
        weir_trigger_collect(&x);
    }
    cr_assert(x.trigger.found.count == 0);
    weir_exchange_free(&x);
    weir_venue_free(venue);
}
