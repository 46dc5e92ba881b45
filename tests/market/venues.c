/* The venues that come with weir. */
#include <criterion/criterion.h>

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "market/market.h"

Test(venues, all_load_and_print) {
    glob_t files;
    cr_assert_eq(glob("venues/*.yaml", 0, NULL, &files), 0);
    cr_assert(files.gl_pathc >= 16);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct weir_file_error error = {{0}};
        struct weir_venue *venue = weir_venue_load(files.gl_pathv[i], NULL, 0, &error);
        cr_assert(venue, "%s", error.text);
        char *text = weir_venue_print(venue);
        struct weir_venue *again = weir_venue_parse(text, strlen(text), "printed", NULL, 0, &error);
        cr_assert(again, "%s", error.text);
        cr_assert_eq(again->digest, venue->digest);
        free(text);
        weir_venue_free(venue);
        weir_venue_free(again);
    }
    globfree(&files);
}

/* BTC, ETH and at least six more, each robust against one broken source of three (R13). */
Test(venues, default_venue) {
    struct weir_file_error error = {{0}};
    struct weir_venue *venue = weir_venue_load("venues/default.yaml", NULL, 0, &error);
    cr_assert(venue, "%s", error.text);
    cr_assert(venue->market_count >= 8);
    cr_assert_str_eq(venue->markets[0].symbol.text, "BTC-PERP");
    cr_assert_str_eq(venue->markets[1].symbol.text, "ETH-PERP");
    for (uint32_t i = 0; i < venue->market_count; i++) {
        const struct weir_market *m = &venue->markets[i];
        cr_assert(m->unit_value >= 1 && m->tiers.count >= 8, "%s", m->symbol.text);
        cr_assert(m->index_min_sources == 2 && m->index_outlier == 30000000);
        for (uint32_t k = 0; k < m->tiers.count; k++) {
            const struct weir_tier *t = &m->tiers.row[k];
            cr_assert(t->rate * t->max_leverage <= INT64_C(1000000000),
                      "%s tier %u: maintenance "
                      "above initial margin",
                      m->symbol.text, k + 1);
        }
    }
    weir_venue_free(venue);
}

/* Settings that the docs show. */
Test(venues, settings_of_the_docs) {
    static const struct weir_setting settings[] = {{"account_classes.retail.max_leverage", "10"},
                                                   {"absorb.enabled", "true"},
                                                   {"markets.BTC-PERP.tick", "0.5"},
                                                   {"liquidation.policy", "{name: full}"},
                                                   {"liquidation.policy.name", "fraction"},
                                                   {"auction.format", "none"},
                                                   {"backstop.at", "0.5"},
                                                   {"funds.main.max_subsidy", "0"},
                                                   {"adl.ranking", "pro_rata"}};
    struct weir_file_error error = {{0}};
    struct weir_venue *venue = weir_venue_load("venues/default.yaml", settings,
                                               sizeof settings / sizeof *settings, &error);
    cr_assert(venue, "%s", error.text);
    weir_venue_free(venue);
}

Test(venues, lookups) {
    struct weir_file_error error = {{0}};
    struct weir_venue *venue = weir_venue_load("venues/plain.yaml", NULL, 0, &error);
    cr_assert(venue, "%s", error.text);
    struct weir_name name = {"ETH-PERP"}, asset = {"USDT"}, fund = {"main"}, other = {"other"};
    cr_assert_eq(weir_venue_market(venue, &name), 1);
    cr_assert_eq(weir_venue_asset(venue, &asset), 0);
    cr_assert_eq(weir_venue_fund(venue, &fund), 0);
    cr_assert_eq(weir_venue_market(venue, &other), WEIR_NO_INDEX);
    cr_assert_eq(weir_venue_asset(venue, &other), WEIR_NO_INDEX);
    cr_assert_eq(weir_venue_fund(venue, &other), WEIR_NO_INDEX);
    weir_venue_free(venue);
}
