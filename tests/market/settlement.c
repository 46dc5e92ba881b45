/* Inverse and dated contracts, the assets they settle in and the purses of funds (R4, R16, R31). */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/contract.h"

#define HEAD                                                                                       \
    "name: v\n"                                                                                    \
    "money: {asset: USDT, decimals: 6}\n"                                                          \
    "collateral: [{asset: ETH}]\n"                                                                 \
    "funds: [{name: main, budget_per_step: 2.123456, drawdown_min: 7}, {name: coin, market_cap: "  \
    "1}]\n"                                                                                        \
    "markets:\n"
#define TIERS                                                                                      \
    "      tiers: [{cap: 5, rate: 0.01, max_leverage: 50}, {cap: 9, rate: 0.02, max_leverage: "    \
    "25}]\n"

static const char venue_text[] =
    HEAD "    - symbol: BTC-PERP\n"
         "      tick: 0.1\n"
         "      lot: 0.001\n" TIERS "    - symbol: BTC-INV\n"
         "      contract: inverse\n"
         "      face_value: 100\n"
         "      asset: BTC\n"
         "      decimals: 4\n"
         "      tick: 0.5\n"
         "      lot: 1\n"
         "      min_notional: 0.0003\n"
         "      open_interest_cap: 20.5\n"
         "      oi_scaling: {lower: none, upper: none}\n" TIERS "    - symbol: SOL-INV\n"
         "      contract: inverse\n"
         "      face_value: 10\n"
         "      asset: SOL\n"
         "      fund: coin\n"
         "      tick: 0.003\n"
         "      lot: 1\n" TIERS "    - symbol: BTC-COIN\n"
         "      contract: inverse\n"
         "      face_value: 1\n"
         "      asset: BTC\n"
         "      decimals: 4\n"
         "      fund: coin\n"
         "      tick: 1\n"
         "      lot: 0.1\n" TIERS "    - symbol: USDT-INV\n"
         "      contract: inverse\n"
         "      face_value: 7\n"
         "      tick: 0.01\n"
         "      lot: 1\n" TIERS;

static struct weir_venue *load(const char *path, const char *value, struct weir_file_error *error) {
    const struct weir_setting setting = {path, value};
    return weir_venue_parse(venue_text, sizeof venue_text - 1, "v.yaml", &setting, path ? 1 : 0,
                            error);
}

Test(settlement, inverse_markets) {
    struct weir_file_error error = {{0}};
    struct weir_venue *v = load(NULL, NULL, &error);
    cr_assert(v, "%s", error.text);
    static const char *const assets[] = {"USDT", "ETH", "BTC", "SOL"};
    static const uint8_t decimals[] = {6, 8, 4, 8};
    cr_assert_eq(v->asset_count, 4);
    cr_assert_eq(weir_venue_settlements(v), 3);
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_str_eq(v->assets[i].name.text, assets[i]);
        cr_assert_eq(v->assets[i].decimals, decimals[i]);
        cr_assert_eq(v->assets[i].settles, i != 1);
    }
    const struct weir_market *m = v->markets;
    /* 100 USD in 10^-4 BTC at half a dollar: 200 BTC = 2,000,000. */
    cr_assert(m[1].asset == 2 && m[1].face_units == 2000000 && m[1].face_divisor == 1);
    cr_assert_eq(weir_value(&m[1], 100000, 3), 60); /* 300 / 50,000 = 0.006 BTC */
    cr_assert_eq(m[1].max_price, INT64_C(1000000000000));
    cr_assert(m[1].min_notional == 3 && m[1].open_interest_cap == 205000);
    cr_assert(m[1].tiers.row[0].cap == 50000);
    /* 10 * 10^8 / 0.003 = 10^12 / 3. */
    cr_assert(m[2].asset == 3 && m[2].face_units == INT64_C(1000000000000));
    cr_assert(m[2].face_divisor == 3 && m[2].tiers.row[0].cap == 500000000);
    cr_assert(m[3].asset == 2 && m[3].face_units == 10000 && m[3].qty_digits == 1);
    cr_assert(m[4].asset == 0 && m[4].face_units == 700000000);
    weir_venue_free(v);
}

/* main: USDT and BTC; coin: SOL first, then BTC. */
Test(settlement, purses) {
    struct weir_file_error error = {{0}};
    struct weir_venue *v = load(NULL, NULL, &error);
    cr_assert(v, "%s", error.text);
    static const struct {
        const char *name;
        uint32_t asset, base;
        int64_t budget, market_cap, drawdown_min;
    } rows[] = {{"main", 0, 0, 2123456, WEIR_NONE, 7000000},
                {"coin", 3, 1, WEIR_NONE, 100000000, 0},
                {"main:BTC", 2, 0, 21234, WEIR_NONE, 70000},
                {"coin:BTC", 2, 1, WEIR_NONE, 10000, 0}};
    static const uint32_t of_market[] = {0, 2, 1, 3, 0};
    cr_assert_eq(v->fund_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        const struct weir_fund_config *f = &v->funds[i];
        cr_assert_str_eq(f->name.text, rows[i].name);
        cr_assert(f->asset == rows[i].asset && f->base == rows[i].base, "%s", f->name.text);
        cr_assert(f->budget_per_step == rows[i].budget && f->market_cap == rows[i].market_cap);
        cr_assert(f->drawdown_min == rows[i].drawdown_min && f->max_subsidy == 50000000);
    }
    for (uint32_t i = 0; i < 5; i++)
        cr_assert_eq(v->markets[i].fund_idx, of_market[i]);
    char *text = weir_venue_print(v);
    struct weir_venue *again = weir_venue_parse(text, strlen(text), "printed", NULL, 0, &error);
    cr_assert(again, "%s\n%s", error.text, text);
    cr_assert(again->digest == v->digest && again->fund_count == 4);
    cr_assert(!strstr(text, "main:BTC"));
    free(text);
    weir_venue_free(v);
    weir_venue_free(again);
}

Test(settlement, refusals) {
    static const struct {
        const char *path, *value, *says;
    } rows[] = {
        {"markets.BTC-INV.asset", "ETH", "asset is \"ETH\", which is collateral"},
        {"markets.BTC-INV.face_value", "0", "face_value is \"0\""},
        {"markets.BTC-INV.face_value", "1.5", "expected a whole number"},
        {"markets.BTC-INV.decimals", "19", "from 0 to 18"},
        {"markets.BTC-INV.decimals", "5", "decimals is \"4\"; expected 5, the decimals of BTC"},
        {"markets.SOL-INV.asset", "BTC", "decimals is \"8\" when left out; expected 4"},
        {"markets.USDT-INV.decimals", "8", "decimals is \"8\"; expected 6, the decimals of USDT"},
        {"markets.BTC-INV.face_value", "1000000000000", "worth at most 922337203.6854 BTC"},
        {"markets.BTC-INV.tick", "0.123456789123456789", "is too large"},
        {"markets.BTC-INV.max_price", "9223372036855", "expected at most 4611686018427"},
        {"markets.BTC-INV.min_notional", "0.00001", "whole multiple of 0.0001"},
        {"funds", "[{name: main}, {name: coin}, {name: 'main:BTC'}]",
         "purse main:BTC has the name of another fund"},
        {"funds.main.name", "a234567890123456789012", "BTC is too long"},
        {"markets.BTC-INV", "{symbol: A, contract: inverse, tick: 1, lot: 1}",
         "face_value is missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct weir_file_error error = {{0}};
        struct weir_venue *v = load(rows[i].path, rows[i].value, &error);
        cr_assert(!v, "%s=%s", rows[i].path, rows[i].value);
        cr_assert(strstr(error.text, rows[i].says), "%s: %s", rows[i].says, error.text);
    }
}

/* The last place of the table of assets is taken, then there is none. */
Test(settlement, assets_and_purses_at_the_bound) {
    static char text[80000];
    for (int count = WEIR_ASSETS_MAX - 1; count <= WEIR_ASSETS_MAX; count++) {
        size_t n = (size_t)snprintf(text, sizeof text, "name: v\nmoney: {asset: USDT}\nmarkets:\n");
        for (int i = 0; i < count; i++)
            n += (size_t)snprintf(text + n, sizeof text - n,
                                  "    - {symbol: M%d, contract: inverse, face_value: 1, asset: "
                                  "C%d, tick: 1, lot: 1, tiers: [{cap: 5, rate: 0.01, "
                                  "max_leverage: 5}]}\n",
                                  i, i);
        struct weir_file_error error = {{0}};
        struct weir_venue *v = weir_venue_parse(text, n, "v.yaml", NULL, 0, &error);
        cr_assert(!v == (count == WEIR_ASSETS_MAX), "%s", error.text);
        if (!v) cr_assert(strstr(error.text, "asset \"C31\" is one too many"), "%s", error.text);
        if (v) cr_assert(v->fund_count == WEIR_ASSETS_MAX - 1 && v->funds[0].asset == 1);
        weir_venue_free(v);
    }
}
