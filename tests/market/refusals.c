/* What a venue file must not say: each refused with its place, its value and what was expected. */
#include <criterion/criterion.h>

#include <string.h>

#include "market/market.h"

static const char base[] = "name: v\n"                            /* 1 */
                           "money: {asset: USDT, decimals: 6}\n"  /* 2 */
                           "collateral: [{asset: ETH}]\n"         /* 3 */
                           "funds: [{name: main}, {name: alt}]\n" /* 4 */
                           "markets:\n"                           /* 5 */
                           "  - symbol: BTC-PERP\n"               /* 6 */
                           "    tick: 0.1\n"                      /* 7 */
                           "    lot: 0.001\n"                     /* 8 */
                           "    tiers:\n"                         /* 9 */
                           "      - {cap: 50000, rate: 0.004, max_leverage: 125}\n"
                           "      - {cap: 600000, rate: 0.005, max_leverage: 100}\n";

/* `--set path=value` is refused with a message that holds `says`. */
static void refused(const char *path, const char *value, const char *says) {
    const struct weir_setting setting = {path, value};
    struct weir_file_error error = {{0}};
    struct weir_venue *venue =
        weir_venue_parse(base, sizeof base - 1, "base.yaml", &setting, 1, &error);
    cr_assert(!venue, "%s=%s was accepted", path, value);
    cr_assert(strstr(error.text, says), "%s=%s: \"%s\" lacks \"%s\"", path, value, error.text,
              says);
    bool placed =
        strncmp(error.text, "--set ", 6) == 0 || strncmp(error.text, "base.yaml:", 10) == 0;
    cr_assert(placed, "no place: %s", error.text);
}

struct row {
    const char *path, *value, *says;
};
#define B "markets.BTC-PERP."

Test(refusals, values) {
    static const struct row rows[] = {
        {"name", "", "name is \"\"; expected a name"},
        {"name", "'@x'", "name is \"@x\""},
        {"name", "'12345678901234567890123456789012'", "expected a name of 1 to 31"},
        {"name", "[a]", "name is a list"},
        {"name", "{a: b}", "name is a mapping"},
        {"money", "{}", "asset is missing"},
        {"money.decimals", "19", "expected a whole number, from 0 to 18"},
        {"money.decimals", "-1", "decimals is \"-1\""},
        {"money.decimals", "6.5", "decimals is \"6.5\""},
        {"collateral.ETH.haircut", "1.1", "from 0 to 1"},
        {"collateral.ETH.stale_after", "0s", "at least 1ns"},
        {"collateral", "[{asset: USDT}]", "given twice"},
        {"collateral", "5", "expected a list"},
        {"money.decimals", "17", "expected at most 8 fewer than the 17 of USDT"},
        {"account_classes", "[]", "has 0 items"},
        {"account_classes", "[{name: a}, {name: a}]", "two classes"},
        {"account_classes.default.max_leverage", "0", "from 1 to"},
        {"funds", "[]", "has 0 items"},
        {"funds", "[{name: a}, {name: a}]", "two funds"},
        {"funds.main.payout", "both", "expected partial, all_or_nothing"},
        {"funds.main.max_subsidy", "none", "max_subsidy is \"none\""},
        {"funds.main.budget_per_step", "-1", "at least 0"},
        {"funds.main.drawdown_trigger", "0", "from 0.000000001 to 1"},
        {"funds.main.drawdown_release", "0.4", "at most drawdown_trigger"},
        {"markets", "[]", "has 0 items"},
        {"markets", "all", "markets is \"all\""},
        {B "symbol", "cross", "expected another name"},
        {B "symbol", "'cross:BTC'", "expected another name"},
        {B "fund", "nobody", "fund is \"nobody\"; expected a name in the list"},
        {B "tick", "0", "above 0"},
        {B "tick", "-0.1", "above 0"},
        {B "tick", "1e-1", "expected a decimal"},
        {B "tick", ".1", "expected a decimal"},
        {B "tick", "0.0001", "is no whole number of money units"},
        {B "tick", "0.0000000000000000001", "at most 18 digits"},
        {B "lot", "100000000000", "is too large"},
        {B "lot", "99999999999999999999999999999999999999999999", "at most 18 digits"},
        {B "min_qty", "0", "at least 0.001"},
        {B "min_qty", "0.0015", "whole multiple of 0.001"},
        {B "min_notional", "0.0000001", "whole multiple of 0.000001"},
        {B "min_notional", "99999999999999999999", "expected at most 9223372036854.775807"},
        {B "tiers", "[]", "has 0 items"},
        {B "tiers.0", "5", "expected a mapping"},
        {B "tiers.0.cap", "0", "cap is \"0\""},
        {B "tiers.0.cap", "600000", "expected a cap above"},
        {B "tiers.0.rate", "0.006", "expected a rate not below"},
        {B "tiers.0.rate", "1.5", "from 0 to 1"},
        {B "tiers.0.max_leverage", "0", "expected either max_leverage"},
        {B "tiers.0.initial_rate", "0.5", "expected either max_leverage"},
        {B "tiers_file", "x.csv", "both tiers and tiers_file"},
        {B "max_price", "0", "at least 0.1"},
        {B "max_price", "9223372036.9", "expected at most 9223372036.8"},
        {B "face_value", "100", "face_value is \"100\"; expected it of an inverse contract only"},
        {B "asset", "BTC", "asset is \"BTC\"; expected USDT: a linear contract settles in money"},
        {B "decimals", "8", "decimals is \"8\"; expected 6, the decimals of USDT"},
        {B "expiry", "2026-12-25", "expiry is \"2026-12-25\""},
        {B "settlement_window", "0s", "at least 1ns"},
        {B "oi_scaling.lower", "5", "lower is \"5\" and upper \"none\"; expected both"},
        {B "oi_scaling.upper", "5", "lower is \"none\" and upper \"5\"; expected both"},
        {B "oi_scaling", "{lower: 8, upper: 7}", "expected at most upper"},
        {B "oi_scaling", "{lower: -1, upper: 7}", "at least 0"},
        {"funds.main.name", "a2345678901234567890123456", "expected at most 25 characters"},
        {B "default_leverage", "126", "expected at most 125"},
        {B "default_leverage", "2.5", "whole number"},
        {B "fees", "{maker: -0.0002, taker: 0.0001}", "rebate of at most the taker fee"},
        {B "fees.taker", "-0.1", "from 0 to 1"},
        {B "fees.taker", "0.0000000001", "nine digits"},
        {B "index.min_sources", "0", "from 1 to"},
        {B "mark.interval", "0s", "at least 1ns"},
        {B "mark.interval", "5", "such as 250ms"},
        {B "mark.interval", "1 s", "such as 250ms"},
        {B "mark.interval", "0.1ns", "such as 250ms"},
        {B "mark.interval", "300000d", "such as 250ms"},
        {B "mark.impact_notional", "0", "at least 0.000001"},
        {B "mark", "{method: median, interval: 2m}", "expected at least one interval"},
        {B "mark.method", "last", "expected index, ema_basis, median"},
        {B "funding.interval", "0h", "at least 1ns"},
        {B "mark", "{method: median, interval: 1ns}", "passes 86400000000000 times"},
        {B "funding.interval", "8ms", "expected at most 10000000"},
        {"socialise", "{base: equity, settlement_interval: 1ns}", "within max_clock_step"},
        {B "price_band", "-0.1", "from 0 to 1000, or none"},
        {"positive_pnl_weight", "2", "from 0 to 1"},
        {"self_trade", "allow", "expected cancel_resting"},
        {"max_fills_per_order", "0", "from 1 to"},
        {"max_fills_per_order", "none", "max_fills_per_order is \"none\""},
        {"max_clock_step", "none", "max_clock_step is \"none\""},
        {"trigger.fraction", "0.79", "from 0.8 to 1"},
        {"trigger.warn_at", "0", "warn_at is \"0\""},
        {"liquidation", "5", "expected a mapping"},
        {"liquidation.steps_per_command", "0", "from 1 to"},
        {"liquidation.fills_per_step", "0", "from 1 to"},
        {"liquidation.restore_margin", "0.99", "from 1 to"},
        {"liquidation.capacity", "0", "or none"},
        {"liquidation.policy.name", "cautious", "expected full, tier_step"},
        {"liquidation.policy.horizon", "5s", "unknown key \"horizon\""},
        {"liquidation.policy", "{name: fraction, to: first}", "unknown key \"to\""},
        {"liquidation.policy.frontier", "maybe", "expected true or false"},
        {"absorb.policy.slices", "0", "from 1 to"},
        {"absorb.policy", "{horizon: 5ns, slices: 6}", "one nanosecond a slice"},
        {"liquidation.policy", "{name: optimal, slices: 1001}", "from 1 to 1000"},
        {"liquidation.policy", "{name: pov, interval: 0s}", "at least 1ns"},
        {"liquidation.policy", "{name: depth, share: 0}", "share is \"0\""},
        {"liquidation.policy", "{name: window, step: 5s}", "unknown key \"step\""},
        {"liquidation.policy", "{name: ramp, initial: 1.5}", "initial is \"1.5\""},
        {"liquidation.market_budget.quantum", "0", "quantum is \"0\""},
        {"auction.cut", "1", "from 0.000000001 to 0.999999999"},
        {"auction.min_bid_lots", "0", "at least 1"},
        {"adl.seed", "-1", "from 0 to 18446744073709551615"},
        {"adl.seed", "18446744073709551616", "from 0 to 18446744073709551615"},
        {"auction.start", "banana", "start is \"banana\""},
        {"auction.start", "2", "from 0.000000001 to 1.999999999"},
        {"auction.cut", "1", "from 0.000000001 to 0.999999999"},
        {"auction.cusp", "1.1", "from 0.000000001 to 1"},
        {"auction.max_restarts", "-1", "from 0 to"},
        {"auction.curve", "round", "linear, step, exponential"},
        {"auction.format", "english", "uniform, pay_as_bid, dutch, none"},
        {"funds.alt.on_trigger", "pass", "expected stop, cut"},
        {"backstop.discount", "-1.5", "from -1 to 1"},
        {"nonsense", "1", "unknown key \"nonsense\"; expected one of name, money"},
        {B "fees.takr", "0", "unknown key \"takr\"; expected one of maker, taker"},
        {"account_classes.default.colour", "1", "unknown key \"colour\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(rows[i].path, rows[i].value, rows[i].says);
}

/* Whole files: the message begins with line and column. */
Test(refusals, places) {
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "f:1:1: the file is empty"},
        {"# only a comment\n", "f:1:1: the file is empty"},
        {"name: v\n", "f:1:1: money is missing"},
        {"- name\n", "f:1:1: this is a list; expected a mapping"},
        {"name: v\nmoney: {asset: USDT}\nmarkets:\n  - symbol: A\n    tick: 1\n    lot: 1\n",
         "f:4:5: tiers is missing"},
        {"name: v\nmoney: {asset: USDT}\nmarkets:\n  - symbol: A\n    tick: 1\n    lott: 1\n",
         "f:6:5: unknown key \"lott\"; expected one of symbol"},
        {"name: v\nmoney: {asset: USDT, decimals: x}\n", "f:2:32: decimals is \"x\""},
        {"name: v\nname: w\n", "f:2:1: key \"name\" is given twice"},
        {"name: v\nmoney: {asset: USDT, decimals: 4}\nmarkets:\n  - symbol: A\n    tick: 0.01\n"
         "    lot: 0.001\n    tiers: [{cap: 1, rate: 0, max_leverage: 1}]\n",
         "f:6:10: tick 0.01 * lot 0.001 is no whole number"},
        {"name: v\nmoney: {asset: USDT, decimals: 18}\nmarkets:\n  - symbol: A\n    tick: 1\n"
         "    lot: 0.000001\n    tiers: [{cap: 1, rate: 0, max_leverage: 1}]\n",
         "impact_notional is left out and its default 20000 does not fit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct weir_file_error error = {{0}};
        struct weir_venue *venue =
            weir_venue_parse(rows[i].text, strlen(rows[i].text), "f", NULL, 0, &error);
        cr_assert(!venue);
        cr_assert(strstr(error.text, rows[i].message), "row %zu: %s", i, error.text);
    }
}
