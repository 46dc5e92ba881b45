/* A random venue: every option that is built has a chance, and sizes are such that accounts of the
 * stream trade, run out of margin and reach every stage. */
#include "stream_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* One of the words given, the first half the time. */
__attribute__((sentinel)) const char *word(struct weir_stream *s, const char *first, ...) {
    const char *words[16];
    size_t count = 0;
    va_list list;
    va_start(list, first);
    for (const char *w = first; w != NULL && count < 16; w = va_arg(list, const char *))
        words[count++] = w;
    va_end(list);
    if (chance(s, 400000)) return words[0];
    return words[weir_random_below(&s->random, count)];
}

int64_t log_draw(struct weir_stream *s, int64_t low, int64_t high) {
    int64_t octaves = 0;
    while (low << (octaves + 1) <= high)
        octaves++;
    int64_t from = low << draw(s, 0, octaves);
    return weir_min(high, draw(s, from, weir_min(high, 2 * from)));
}

void put_ms(struct text *y, const char *key, int64_t ns) {
    put(y, "%s: %lldms", key, (long long)weir_max(1, ns / 1000000));
}

void put_units(struct text *y, const char *key, int64_t units, uint32_t decimals) {
    put(y, "%s: ", key);
    put_decimal(y, units, decimals);
}

void put_ppm(struct text *y, const char *key, int64_t ppm) {
    put(y, "%s: ", key);
    put_decimal(y, ppm, 6);
}

void put_limit(struct weir_stream *s, struct text *y, const char *key, uint32_t ppm, int64_t units,
               uint32_t decimals) {
    if (chance(s, ppm))
        put_units(y, key, units, decimals);
    else
        put(y, "%s: none", key);
}

/* About one stake of some settlement asset, for keys that hold for all markets: they are numbers
 * in the asset of the market at hand, written with the decimals of money. */
static int64_t any_stake(struct weir_stream *s) {
    uint32_t asset = chance(s, 500000) ? 0 : (uint32_t)draw(s, 0, s->asset_count - 1);
    const struct model_asset *a = &s->asset[asset];
    __int128 stake = a->stake;
    for (uint32_t i = a->decimals; i < s->asset[0].decimals; i++)
        stake *= 10;
    for (uint32_t i = s->asset[0].decimals; i < a->decimals; i++)
        stake /= 10;
    return stake < 1                           ? 1
           : stake > INT64_C(1000000000000000) ? INT64_C(1000000000000000)
                                               : (int64_t)stake;
}

static void put_money_limit(struct weir_stream *s, struct text *y, const char *key, uint32_t ppm,
                            int64_t low, int64_t high, int64_t divisor) {
    put_limit(s, y, key, ppm, weir_max(1, any_stake(s) * draw(s, low, high) / divisor),
              s->asset[0].decimals);
}

static const char *policy_word(struct weir_stream *s, const char *first) {
    return word(s, first, "full", "tier_step", "fraction", "increment", "disposal", "block_cap",
                "window", "ramp", "random_slice", "twap", "pov", "depth", "optimal", NULL);
}

static void put_caps(struct weir_stream *s, struct text *y) {
    put_ms(y, ", interval", s->dt_ns * draw(s, 1, 60));
    put_ppm(y, ", share", draw(s, 0, 10) * 100000);
    put_units(y, ", min_notional", any_stake(s) * draw(s, 0, 5), s->asset[0].decimals);
    put_money_limit(s, y, ", account_notional", 500000, 1, 40, 2);
    put_money_limit(s, y, ", market_notional", 500000, 1, 80, 2);
    if (chance(s, 500000))
        put_units(y, ", account_loss", any_stake(s) * draw(s, 0, 4) / 4, s->asset[0].decimals);
}

static void put_schedule(struct weir_stream *s, struct text *y, const char *name) {
    put_ms(y, ", horizon", s->dt_ns * draw(s, 5, 300));
    put(y, ", slices: %lld", (long long)draw(s, 1, 20));
    if (name[0] == 'o' && chance(s, 900000))
        put_ppm(y, ", risk_aversion", log_draw(s, 1000, INT64_C(1000000000000)));
}

/* Any policy with its parameters. */
static void put_policy(struct weir_stream *s, struct text *y, const char *name) {
    put(y, "policy: {name: %s", name);
    if (strcmp(name, "fraction") == 0) {
        put_units(y, ", threshold", any_stake(s) * draw(s, 0, 20), s->asset[0].decimals);
        put_ppm(y, ", fraction", draw(s, 1, 9) * 100000);
        put_ms(y, ", cooldown", s->dt_ns * draw(s, 1, 60));
    } else if (strcmp(name, "tier_step") == 0) {
        put(y, ", to: %s", word(s, "next", "first", NULL));
    } else if (strcmp(name, "twap") == 0 || strcmp(name, "optimal") == 0) {
        put_schedule(s, y, name);
    } else if (strcmp(name, "disposal") == 0) {
        put_ms(y, ", step", s->dt_ns * draw(s, 1, 30));
        put_ppm(y, ", fraction", draw(s, 1, 9) * 100000);
        put(y, ", full_size: %lld", (long long)draw(s, 0, 20));
        put_ppm(y, ", slippage_range", draw(s, 0, 200) * 1000);
        put_ppm(y, ", max_share", draw(s, 1, 10) * 100000);
    } else if (strcmp(name, "block_cap") == 0) {
        put_caps(s, y);
    } else if (strcmp(name, "window") == 0) {
        put_ms(y, ", window", s->dt_ns * draw(s, 1, 100));
        put_money_limit(s, y, ", notional", 900000, 1, 60, 2);
    } else if (strcmp(name, "ramp") == 0) {
        put_ppm(y, ", initial", draw(s, 0, 9) * 100000);
        put_ms(y, ", duration", s->dt_ns * draw(s, 1, 100));
    } else if (strcmp(name, "random_slice") == 0) {
        put_ppm(y, ", fraction", draw(s, 1, 9) * 100000);
        put_ppm(y, ", probability", draw(s, 1, 10) * 100000);
        put_ppm(y, ", volume_share", draw(s, 1, 100) * 10000);
        put(y, ", seed: %lld", (long long)draw(s, 0, 9));
    } else if (strcmp(name, "pov") == 0) {
        put_ppm(y, ", share", draw(s, 1, 10) * 100000);
        put_ms(y, ", interval", s->dt_ns * draw(s, 1, 20));
    } else if (strcmp(name, "depth") == 0) {
        put_ppm(y, ", share", draw(s, 1, 10) * 100000);
    }
    if (chance(s, 300000)) put_ppm(y, ", slippage", draw(s, 0, 3000));
    if (chance(s, 500000)) put(y, ", frontier: off");
    put(y, "}");
}

static void make_liquidation(struct weir_stream *s, struct text *y) {
    bool tight = s->shape->bounds || (s->shape->socials && chance(s, 700000));
    put(y, "trigger: {rule: %s",
        word(s, "maintenance", "maintenance_strict", "initial_fraction", NULL));
    put_ppm(y, ", fraction", draw(s, 80, 100) * 10000);
    if (chance(s, 850000))
        put_ppm(y, ", warn_at", draw(s, 50, 99) * 10000);
    else
        put(y, ", warn_at: none");
    put(y, "}\nliquidation:\n  order: %s\n", word(s, "worst_first", "fifo", "largest_first", NULL));
    const int64_t few[] = {1, 2, 3, 5}, many[] = {4, 16, 64, 64};
    put(y, "  steps_per_command: %lld\n", (long long)(tight ? PICK(s, few) : PICK(s, many)));
    put(y, "  fills_per_step: %lld\n", (long long)(tight ? PICK(s, few) : PICK(s, many)));
    if (chance(s, tight ? 500000 : 100000))
        put(y, "  capacity: %lld\n", (long long)log_draw(s, 1, 64));
    put_ppm(y, "  restore_margin", draw(s, 100, 160) * 10000);
    put_ppm(y, "\n  takeover_at", chance(s, 400000) ? draw(s, 1, 90) * 10000 : 0);
    put(y, "\n  empty_slices: %lld\n", (long long)(chance(s, 300000) ? draw(s, 2, 4) : 1));
    put(y, "  empty_means: %s\n", word(s, "not_whole", "nothing_filled", NULL));
    put(y, "  bankruptcy_share: %s\n", word(s, "per_lot", "mm_released", NULL));
    put(y, "  bankruptcy_fee: %s\n", word(s, "excluded", "included", NULL));
    put(y, "  limit: %s\n", word(s, "bankruptcy", "fillable", NULL));
    put_ppm(y, "  fillable: {spread", draw(s, 1, 10) * 100000);
    put_ppm(y, ", adjustment", draw(s, 5, 60) * 100000);
    put(y, "}\n  remainder: %s\n  ", word(s, "return", "confiscate", NULL));
    put_policy(s, y, policy_word(s, "full"));
    put(y, "\n");
    if (chance(s, 250000)) {
        put_money_limit(s, y, "  market_budget: {notional", 900000, 1, 60, 2);
        put_ms(y, ", interval", s->dt_ns * draw(s, 1, 20));
        put_units(y, ", quantum", weir_max(1, any_stake(s) * draw(s, 1, 20) / 20),
                  s->asset[0].decimals);
        put(y, "}\n");
    }
}

static void put_dutch(struct weir_stream *s, struct text *y) {
    put_ppm(y, ", start", draw(s, 95, 115) * 10000);
    put(y, ", curve: %s", word(s, "linear", "step", "exponential", NULL));
    put_ms(y, ", duration", s->dt_ns * draw(s, 4, 80));
    put_ms(y, ", step", s->dt_ns * draw(s, 1, 8));
    put_ppm(y, ", cut", draw(s, 850, 999) * 1000);
    if (chance(s, 500000)) put_ms(y, ", tail", s->dt_ns * draw(s, 1, 60));
    if (chance(s, 500000)) put_ppm(y, ", cusp", draw(s, 60, 99) * 10000);
    put(y, ", max_restarts: %lld", (long long)draw(s, 0, 3));
}

static void make_waterfall(struct weir_stream *s, struct text *y) {
    const struct shape *shape = s->shape;
    s->auction_on = shape->auctions || (!shape->adl && chance(s, 700000));
    put(y, "auction: {format: %s",
        s->auction_on ? word(s, "uniform", "pay_as_bid", "dutch", NULL) : "none");
    put(y, ", price: %s", word(s, "lowest_accepted", "highest_rejected", NULL));
    put_ms(y, ", interval", s->dt_ns * draw(s, 4, 60));
    put(y, ", min_bid_lots: %lld", (long long)(chance(s, 300000) ? draw(s, 2, 5) : 1));
    put_money_limit(s, y, ", max_open_notional", 250000, 1, 40, 1);
    if (s->auction_on) put_dutch(s, y);
    s->backstop_on = shape->funds || chance(s, 500000);
    int64_t at = s->backstop_on && chance(s, 400000) ? draw(s, 1, 80) * 10000 : 0;
    put_ppm(y, "}\nbackstop: {at", at);
    put_ppm(y, ", discount", chance(s, 400000) ? draw(s, -10, 30) * 1000 : 0);
    bool absorb = shape->funds ? chance(s, 700000) : chance(s, 200000);
    put(y, "}\nabsorb: {enabled: %s", absorb ? "true" : "false");
    put_money_limit(s, y, ", max_notional", 400000, 5, 200, 1);
    put(y, ", ");
    put_policy(s, y, policy_word(s, "twap"));
    put(y, "}\nadl: {ranking: %s, seed: %lld",
        word(s, "pnl_leverage", "pro_rata", "pnl_amount_leverage", "pnl", "size",
             "notional_leverage", "equity_pro_rata", "contract_pro_rata", "water_filling",
             "min_accounts", "rotation", NULL),
        (long long)draw(s, 1, 5));
    put(y, ", price: %s", word(s, "bankruptcy", "mark", "previous_mark", NULL));
    put(y, ", equity: %s", word(s, "with_pnl", "posted", NULL));
    put_ppm(y, ", max_price_deviation", draw(s, 1, 200) * 1000);
    const char *when = chance(s, 750000) ? "left_over" : word(s, "negative_equity", "never", NULL);
    put(y, ", when: %s", when);
    put(y, ", eligible: %s", word(s, "healthy", "any_overlap", NULL));
    put(y, ", no_counterparty: %s}\n", word(s, "mark", "mark", "keep", NULL));
}

static void make_funds(struct weir_stream *s, struct text *y) {
    put(y, "funds:\n");
    for (uint32_t i = 0; i < s->fund_count; i++) {
        put(y, "  - {name: f%u, payout: %s", i, word(s, "partial", "all_or_nothing", NULL));
        put_money_limit(s, y, ", budget_per_step", 250000, 1, 60, 10);
        put_ppm(y, ", max_subsidy", draw(s, 0, 200) * 1000);
        put_ms(y, ", interval", s->dt_ns * draw(s, 5, 300));
        put_money_limit(s, y, ", market_cap", 250000, 1, 100, 10);
        put_money_limit(s, y, ", account_cap", 250000, 1, 50, 10);
        if (chance(s, s->shape->funds ? 600000 : 300000)) {
            int64_t trigger = draw(s, 1, 60);
            put_ppm(y, ", drawdown_trigger", trigger * 10000);
            put_ppm(y, ", drawdown_release", draw(s, 0, trigger) * 10000);
            put_units(y, ", drawdown_min", chance(s, 300000) ? any_stake(s) : 0,
                      s->asset[0].decimals);
            put(y, ", on_trigger: %s", word(s, "stop", "cut", NULL));
        } else {
            put(y, ", drawdown_trigger: none");
        }
        put_ms(y, ", drawdown_window", s->dt_ns * draw(s, 20, 3000));
        put(y, "}\n");
    }
}

/* Who bears what no fund pays, and how often it is charged. */
static void make_socialise(struct weir_stream *s, struct text *y) {
    const char *base = word(s, "profit", "equity", "open_interest", NULL);
    if (!s->shape->socials && chance(s, 500000)) base = "open_interest";
    put(y, "socialise: {base: %s", base);
    put_ms(y, ", settlement_interval", s->dt_ns * log_draw(s, 1, 200));
    put(y, "}\n");
}

/* Which options the loader takes, asked once. */
static uint32_t abilities(void) {
    static const struct {
        uint32_t can;
        const char *keys;
    } options[] = {
        {CAN_INVERSE, "contract: inverse, face_value: 1, asset: XBT, decimals: 8"},
        {CAN_DATED, "expiry: 2033-05-18T03:33:20Z, settlement_window: 1s"},
        {CAN_SCALE, "oi_scaling: {lower: 1, upper: 2}"},
        {CAN_BANKRUPTCY_FEE, "closing_fee_reserve: 0.1, closing_fee_basis: bankruptcy"},
    };
    static uint32_t known;
    static bool asked;
    for (size_t i = 0; !asked && i < sizeof options / sizeof *options; i++) {
        char text[400];
        int n = snprintf(text, sizeof text,
                         "name: asked\nmoney: {asset: USDT}\nmarkets:\n  - {symbol: A, tick: 1, "
                         "lot: 1, tiers: [{cap: 100, rate: 0.1, max_leverage: 5}], %s}\n",
                         options[i].keys);
        struct weir_file_error error;
        struct weir_venue *venue = weir_venue_parse(text, (size_t)n, "asked", NULL, 0, &error);
        if (venue != NULL) known |= options[i].can;
        weir_venue_free(venue);
    }
    asked = true;
    return known;
}

/* A fund's cash by asset: the purse of money, else of its first market's asset, has its name. */
static void name_purses(struct weir_stream *s) {
    for (uint32_t f = 0; f < s->fund_count; f++) {
        uint32_t first = WEIR_NO_INDEX;
        for (uint32_t i = 0; i < s->market_count; i++) {
            if (s->market[i].fund != f) continue;
            if (first == WEIR_NO_INDEX || s->market[i].asset == 0) first = s->market[i].asset;
        }
        struct model_purse *purse = &s->purse[s->purse_count++];
        purse->asset = first == WEIR_NO_INDEX ? 0 : first;
        snprintf(purse->name, sizeof purse->name, "f%u", f);
        for (uint32_t k = 0; k < s->asset_count; k++) {
            bool serves = false;
            for (uint32_t i = 0; i < s->market_count; i++)
                serves |= s->market[i].fund == f && s->market[i].asset == k;
            if (!serves || k == first) continue;
            purse = &s->purse[s->purse_count++];
            purse->asset = k;
            const struct model_asset asset = s->asset[k];
            snprintf(purse->name, sizeof purse->name, "f%u:%.15s", f, asset.name);
        }
    }
}

void make_venue(struct weir_stream *s) {
    struct text y = {.at = s->venue, .size = sizeof s->venue};
    const uint32_t decimals[] = {6, 6, 6, 2, 4, 8};
    const int64_t dts[] = {5000000, 50000000, 200000000, 1000000000};
    struct model_asset *money = &s->asset[0];
    *money = (struct model_asset){.name = "USDT", .decimals = PICK(s, decimals)};
    s->asset_count = 1;
    s->can = abilities();
    s->dt_ns = PICK(s, dts);
    s->market_count = (uint32_t)draw(s, weir_max(1, s->shape->markets_min), s->shape->markets_max);
    s->fund_count = (uint32_t)(chance(s, 700000) ? 1 : draw(s, 1, FUNDS_MAX));
    s->class_count = (uint32_t)draw(s, 1, 3);
    int64_t whole = 1;
    for (uint32_t i = 0; i < money->decimals; i++)
        whole *= 10;
    money->lot_value = weir_max(40, log_draw(s, whole / 2, whole * 200));
    s->coarse = chance(s, 300000);
    if (s->coarse) money->lot_value = whole * 100;
    money->stake = money->lot_value * draw(s, 2, 60);
    s->coins = chance(s, s->shape->contracts ? 800000 : 400000);
    s->dates = chance(s, s->shape->contracts ? 700000 : 300000);
    put(&y, "name: random\nmoney: {asset: USDT, decimals: %u}\n", money->decimals);
    s->collateral = chance(s, 400000);
    if (s->collateral) {
        put(&y, "collateral:\n  - {asset: ETH, decimals: 8, haircut: 0.05, stale_after: %lldms}\n",
            (long long)(s->dt_ns / 1000000 * draw(s, 20, 2000)));
        put(&y, "  - {asset: BTC, decimals: 4, haircut: 0.2, stale_after: %s}\n",
            word(s, "none", "10s", NULL));
    }
    put(&y, "account_classes:\n  - {name: default, max_leverage: 125}\n");
    if (s->class_count > 1)
        put(&y, "  - {name: retail, max_leverage: %lld}\n", (long long)draw(s, 1, 30));
    if (s->class_count > 2) put(&y, "  - {name: maker, max_leverage: none}\n");
    put(&y, "markets:\n");
    for (uint32_t i = 0; i < s->market_count; i++)
        make_market(s, &y, i);
    name_purses(s);
    put_ppm(&y, "positive_pnl_weight", chance(s, 300000) ? draw(s, 0, 10) * 100000 : 1000000);
    put_ppm(&y, "\ntransfer_margin", chance(s, 300000) ? draw(s, 0, 200) * 1000 : 0);
    put(&y, "\nself_trade: %s\n",
        word(s, "cancel_resting", "cancel_taker", "cancel_both", "decrement", NULL));
    put(&y, "max_fills_per_order: %lld\n", (long long)(chance(s, 300000) ? draw(s, 1, 5) : 1000));
    s->clock_step_ns = s->dt_ns * draw(s, 300, 5000);
    put_ms(&y, "max_clock_step", s->clock_step_ns);
    s->clock_step_ns = s->clock_step_ns / 1000000 * 1000000;
    put(&y, "\n");
    make_liquidation(s, &y);
    make_waterfall(s, &y);
    make_funds(s, &y);
    make_socialise(s, &y);
}
