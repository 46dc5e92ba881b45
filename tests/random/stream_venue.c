/* A random venue: every option that is built has a chance, and sizes are such that accounts of the
 * stream trade, run out of margin and reach every stage. */
#include "stream_internal.h"

#include <stdarg.h>
#include <stdlib.h>

#define CAP_LARGE INT64_C(1000000000000000000) /* units: more than anybody can hold */

/* One of the words given, the first half the time. */
__attribute__((sentinel)) static const char *word(struct weir_stream *s, const char *first, ...) {
    const char *words[8];
    size_t count = 0;
    va_list list;
    va_start(list, first);
    for (const char *w = first; w != NULL && count < 8; w = va_arg(list, const char *))
        words[count++] = w;
    va_end(list);
    if (chance(s, 400000)) return words[0];
    return words[weir_random_below(&s->random, count)];
}

static int64_t log_draw(struct weir_stream *s, int64_t low, int64_t high) {
    int64_t octaves = 0;
    while (low << (octaves + 1) <= high)
        octaves++;
    int64_t from = low << draw(s, 0, octaves);
    return weir_min(high, draw(s, from, weir_min(high, 2 * from)));
}

static void put_ms(struct text *y, const char *key, int64_t ns) {
    put(y, "%s: %lldms", key, (long long)weir_max(1, ns / 1000000));
}

static void put_money(struct weir_stream *s, struct text *y, const char *key, int64_t units) {
    put(y, "%s: ", key);
    put_decimal(y, units, s->decimals);
}

static void put_ppm(struct text *y, const char *key, int64_t ppm) {
    put(y, "%s: ", key);
    put_decimal(y, ppm, 6);
}

/* `key: none` or an amount. */
static void put_limit(struct weir_stream *s, struct text *y, const char *key, uint32_t ppm,
                      int64_t units) {
    if (chance(s, ppm))
        put_money(s, y, key, units);
    else
        put(y, "%s: none", key);
}

static void make_tiers(struct weir_stream *s, struct text *y, struct model_market *m) {
    int64_t count = draw(s, 1, 5);
    int64_t cap = s->stake * draw(s, 1, 30);
    if (s->coarse) cap = cap / (m->unit * 100) * (m->unit * 100) + m->unit * 100;
    const int64_t first_rates[] = {0, 4000, 5000, 10000, 10000, 20000, 50000, 100000};
    int64_t rate = PICK(s, first_rates); /* ppm */
    put(y, "    tiers:\n");
    for (int64_t i = 0; i < count; i++) {
        if (i + 1 == count && chance(s, 700000)) cap = weir_max(cap, CAP_LARGE);
        int64_t percent = s->coarse ? 200 : draw(s, 120, 300);
        int64_t margin = weir_clamp(rate * percent / 100, 8000, 1000000);
        if (i == 0) m->leverage_max = 1000000 / margin;
        put_money(s, y, "      - {cap", cap);
        put_ppm(y, ", rate", rate);
        if (chance(s, 150000))
            put_ppm(y, ", initial_rate", margin);
        else
            put(y, ", max_leverage: %lld", (long long)(1000000 / margin));
        put(y, "}\n");
        cap = weir_min(cap * draw(s, 2, 8) + (s->coarse ? 0 : draw(s, 0, 3)), CAP_LARGE - 8 + i);
        rate = weir_min(1000000, rate + (s->coarse ? 10000 * draw(s, 0, 2) : draw(s, 0, rate * 2)));
    }
}

/* Tick, lot and a price at which a lot is worth about `lot_value` units. */
static void make_scale(struct weir_stream *s, struct model_market *m, int64_t lot_value) {
    const int64_t tick_m[] = {1, 1, 1, 5, 25, 2}, lot_m[] = {1, 1, 1, 10, 5};
    if (s->coarse) {
        m->tick_s = m->lot_s = 0;
        m->tick_m = m->lot_m = 1;
        m->unit = lot_value / 100;
        m->base = draw(s, 20, 200);
        return;
    }
    for (int tries = 0; tries < 50; tries++) {
        m->tick_s = (uint32_t)draw(s, 0, weir_min(4, s->decimals));
        m->lot_s = (uint32_t)draw(s, 0, weir_min(4, s->decimals - m->tick_s));
        m->tick_m = PICK(s, tick_m);
        m->lot_m = PICK(s, lot_m);
        m->unit = m->tick_m * m->lot_m;
        for (uint32_t i = m->tick_s + m->lot_s; i < s->decimals; i++)
            m->unit *= 10;
        m->base = lot_value / m->unit;
        if (m->base >= 30 && m->base <= 5000000) return;
    }
    m->tick_s = m->lot_s = 0; /* coarse, but it always fits */
    m->tick_m = m->lot_m = 1;
    m->unit = 1;
    for (uint32_t i = 0; i < s->decimals; i++)
        m->unit *= 10;
    m->base = weir_max(5, lot_value / m->unit);
}

static void make_fees(struct weir_stream *s, struct text *y) {
    const int64_t takers[] = {0, 200, 500, 1000}, liquidations[] = {0, 1000, 5000, 12500};
    int64_t taker = PICK(s, takers);
    int64_t maker = chance(s, 250000) ? -taker / draw(s, 1, 4) : draw(s, 0, taker);
    put_ppm(y, "    fees: {maker", maker);
    put_ppm(y, ", taker", taker);
    put_ppm(y, ", liquidation", PICK(s, liquidations));
    put(y, "}\n");
}

static void make_prices(struct weir_stream *s, struct text *y, struct model_market *m) {
    const int64_t patience[] = {1, 4, 10, 50};
    int64_t expected = s->dt_ns * s->market_count * m->sources * 6;
    bool much = s->shape->prices;
    put_ms(y, "    index: {stale_after", expected * PICK(s, patience) * (much ? 1 : 4));
    put(y, ", min_sources: %lld, outlier: ", (long long)draw(s, 1, m->sources));
    if (chance(s, 300000))
        put_decimal(y, draw(s, 5, 200), 3);
    else
        put(y, "none");
    put(y, "}\n    mark: {method: %s", word(s, "index", "ema_basis", "median", NULL));
    int64_t interval = s->dt_ns * draw(s, 3, 60);
    put_ms(y, ", interval", interval);
    put_money(s, y, ", impact_notional", m->typical * m->base * m->unit / draw(s, 1, 4) + 1);
    put_ms(y, ", window", interval * draw(s, 1, 60));
    put_ppm(y, ", clamp", draw(s, 1, 50) * 1000);
    put(y, "}\n");
    const int64_t every[] = {60, 300, 2000};
    put_ms(y, "    funding: {interval", s->dt_ns * PICK(s, every));
    put_ppm(y, ", interest", draw(s, -300, 800));
    put_ppm(y, ", clamp", draw(s, 0, 1000));
    put_ppm(y, ", cap", draw(s, 1, 60) * 500);
    put(y, "}\n");
}

static void make_market(struct weir_stream *s, struct text *y, uint32_t idx, int64_t lot_value) {
    static const char *const names[MARKETS_MAX] = {"BTC-PERP", "ETH-PERP", "SOL-PERP",
                                                   "DOGE_USD", "m4",       "X:6.Y"};
    struct model_market *m = &s->market[idx];
    snprintf(m->symbol, sizeof m->symbol, "%s", names[idx]);
    int64_t mine = s->coarse ? lot_value : weir_max(1, lot_value * draw(s, 2, 40) / 10);
    make_scale(s, m, mine);
    m->typical = log_draw(s, 4, 200);
    m->sources = s->shape->prices ? (uint32_t)draw(s, 1, 3) : chance(s, 300000) ? 3 : 1;
    m->max_price = INT64_MAX / 1000000 / m->unit;
    put(y, "  - symbol: %s\n    tick: ", m->symbol);
    put_decimal(y, m->tick_m, m->tick_s);
    put(y, "\n    lot: ");
    put_decimal(y, m->lot_m, m->lot_s);
    put(y, "\n    fund: f%lld\n    group: %s\n", (long long)draw(s, 0, s->fund_count - 1),
        word(s, "majors", "alts", NULL));
    if (chance(s, 500000)) {
        m->max_price = weir_min(m->max_price, m->base * draw(s, 2, 100));
        put(y, "    max_price: ");
        put_decimal(y, (__int128)m->max_price * m->tick_m, m->tick_s);
        put(y, "\n");
    }
    put(y, "    min_qty: ");
    put_decimal(y, (__int128)m->lot_m * draw(s, 1, 3), m->lot_s);
    put_money(s, y, "\n    min_notional", chance(s, 500000) ? mine * draw(s, 0, 3) : 0);
    put(y, "\n");
    make_tiers(s, y, m);
    put(y, "    tier_mode: %s\n", word(s, "marginal", "whole", NULL));
    put(y, "    tier_edge: %s\n", word(s, "upper_inclusive", "lower_inclusive", NULL));
    put(y, "    margin_basis: %s\n", word(s, "mark", "entry", NULL));
    if (chance(s, 300000)) {
        put_ppm(y, "    closing_fee_reserve", draw(s, 1, 2000));
        put(y, "\n    closing_fee_basis: %s\n", word(s, "mark", "entry", NULL));
    }
    put_limit(s, y, "    open_interest_cap", 200000, s->stake * draw(s, 50, 1000));
    put_limit(s, y, "\n    position_limit", 200000, s->stake * draw(s, 10, 200));
    put(y, "\n    max_open_orders: %lld\n", (long long)(chance(s, 300000) ? draw(s, 1, 8) : 200));
    m->leverage = weir_min(m->leverage_max, draw(s, 1, 40));
    put(y, "    default_leverage: %lld\n", (long long)m->leverage);
    make_fees(s, y);
    make_prices(s, y, m);
    m->band_ppm = (uint32_t)draw(s, 10, 300) * 1000;
    if (chance(s, 850000)) {
        put_ppm(y, "    price_band", m->band_ppm);
    } else {
        put(y, "    price_band: none");
    }
    if (chance(s, 850000))
        put_ppm(y, "\n    liquidation_band", draw(s, 5, 300) * 1000);
    else
        put(y, "\n    liquidation_band: none");
    put(y, "\n");
    m->fair = m->base;
    for (size_t i = 0; i < 3; i++)
        m->source_fair[i] = m->base;
}

/* `full`, `fraction` or `tier_step` with parameters; for the fund's own also `twap`. */
static void put_policy(struct weir_stream *s, struct text *y, const char *name) {
    put(y, "policy: {name: %s", name);
    if (name[0] == 'f' && name[1] == 'r') {
        put_money(s, y, ", threshold", s->stake * draw(s, 0, 20));
        put_ppm(y, ", fraction", draw(s, 1, 9) * 100000);
        put_ms(y, ", cooldown", s->dt_ns * draw(s, 1, 60));
    } else if (name[0] == 't' && name[1] == 'i') {
        put(y, ", to: %s", word(s, "next", "first", NULL));
    } else if (name[0] == 't' && name[1] == 'w') {
        put_ms(y, ", horizon", s->dt_ns * draw(s, 5, 300));
        put(y, ", slices: %lld", (long long)draw(s, 1, 20));
    }
    if (chance(s, 300000)) put_ppm(y, ", slippage", draw(s, 0, 3000));
    if (chance(s, 400000)) put(y, ", frontier: off");
    put(y, "}");
}

static void make_liquidation(struct weir_stream *s, struct text *y) {
    bool tight = s->shape->bounds;
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
    put_policy(s, y, word(s, "full", "fraction", "tier_step", NULL));
    put(y, "\n");
}

static void make_waterfall(struct weir_stream *s, struct text *y) {
    const struct shape *shape = s->shape;
    s->auction_on = shape->auctions || (!shape->adl && chance(s, 700000));
    put(y, "auction: {format: %s", s->auction_on ? "uniform" : "none");
    put(y, ", price: %s", word(s, "lowest_accepted", "highest_rejected", NULL));
    put_ms(y, ", interval", s->dt_ns * draw(s, 4, 60));
    put(y, ", min_bid_lots: %lld", (long long)(chance(s, 300000) ? draw(s, 2, 5) : 1));
    put_limit(s, y, ", max_open_notional", 250000, s->stake * draw(s, 1, 40));
    s->backstop_on = shape->funds || chance(s, 500000);
    int64_t at = s->backstop_on && chance(s, 400000) ? draw(s, 1, 80) * 10000 : 0;
    put_ppm(y, "}\nbackstop: {at", at);
    put_ppm(y, ", discount", chance(s, 400000) ? draw(s, -10, 30) * 1000 : 0);
    bool absorb = shape->funds ? chance(s, 700000) : chance(s, 200000);
    put(y, "}\nabsorb: {enabled: %s", absorb ? "true" : "false");
    put_limit(s, y, ", max_notional", 400000, s->stake * draw(s, 5, 200));
    put(y, ", ");
    put_policy(s, y, word(s, "twap", "full", "twap", NULL));
    put(y, "}\nadl: {ranking: %s", word(s, "pnl_leverage", "pro_rata", NULL));
    put(y, ", price: %s", word(s, "bankruptcy", "mark", "previous_mark", NULL));
    put(y, ", equity: %s", word(s, "with_pnl", "posted", NULL));
    put_ppm(y, ", max_price_deviation", draw(s, 1, 200) * 1000);
    const char *when = chance(s, 750000) ? "left_over" : word(s, "negative_equity", "never", NULL);
    put(y, ", when: %s", when);
    put(y, ", no_counterparty: %s}\n", word(s, "mark", "mark", "keep", NULL));
}

static void make_funds(struct weir_stream *s, struct text *y) {
    put(y, "funds:\n");
    for (uint32_t i = 0; i < s->fund_count; i++) {
        put(y, "  - {name: f%u, payout: %s", i, word(s, "partial", "all_or_nothing", NULL));
        put_limit(s, y, ", budget_per_step", 250000, s->stake * draw(s, 1, 60) / 10);
        put_ppm(y, ", max_subsidy", draw(s, 0, 200) * 1000);
        put_ms(y, ", interval", s->dt_ns * draw(s, 5, 300));
        put_limit(s, y, ", market_cap", 250000, s->stake * draw(s, 1, 100) / 10);
        put_limit(s, y, ", account_cap", 250000, s->stake * draw(s, 1, 50) / 10);
        if (chance(s, s->shape->funds ? 600000 : 300000)) {
            int64_t trigger = draw(s, 1, 60);
            put_ppm(y, ", drawdown_trigger", trigger * 10000);
            put_ppm(y, ", drawdown_release", draw(s, 0, trigger) * 10000);
            put_money(s, y, ", drawdown_min", chance(s, 300000) ? s->stake : 0);
        } else {
            put(y, ", drawdown_trigger: none");
        }
        put_ms(y, ", drawdown_window", s->dt_ns * draw(s, 20, 3000));
        put(y, "}\n");
    }
}

void make_venue(struct weir_stream *s) {
    struct text y = {.at = s->venue, .size = sizeof s->venue};
    const uint32_t decimals[] = {6, 6, 6, 2, 4, 8};
    const int64_t dts[] = {5000000, 50000000, 200000000, 1000000000};
    s->decimals = PICK(s, decimals);
    s->dt_ns = PICK(s, dts);
    s->market_count = (uint32_t)draw(s, 1, s->shape->markets_max);
    s->fund_count = (uint32_t)(chance(s, 700000) ? 1 : draw(s, 1, 3));
    s->class_count = (uint32_t)draw(s, 1, 3);
    int64_t whole = 1;
    for (uint32_t i = 0; i < s->decimals; i++)
        whole *= 10;
    int64_t lot_value = weir_max(40, log_draw(s, whole / 2, whole * 200));
    s->coarse = chance(s, 300000);
    if (s->coarse) lot_value = whole * 100;
    s->stake = lot_value * draw(s, 2, 60);
    put(&y, "name: random\nmoney: {asset: USDT, decimals: %u}\n", s->decimals);
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
        make_market(s, &y, i, lot_value);
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
}
