/* A random market: linear or inverse, perpetual or dated, every option of margin and prices. */
#include "stream_internal.h"

#include <time.h>

#define CAP_LARGE INT64_C(1000000000000000000) /* units: more than anybody can hold */

__int128 market_worth(const struct model_market *m, int64_t price, int64_t lots) {
    if (m->inverse) return (__int128)m->face_units * lots / ((__int128)price * m->tick_m);
    return (__int128)price * lots * m->unit;
}

int64_t market_bound(const struct model_market *m) {
    __int128 lot = market_worth(m, m->inverse ? 1 : m->max_price, 1);
    return lot < 1 ? INT64_MAX : (int64_t)(INT64_MAX / lot);
}

static void make_tiers(struct weir_stream *s, struct text *y, struct model_market *m) {
    int64_t count = draw(s, 1, 5);
    const struct model_asset *asset = &s->asset[m->asset];
    int64_t cap = asset->stake * draw(s, 1, 30);
    if (s->coarse && !m->inverse) cap = cap / (m->unit * 100) * (m->unit * 100) + m->unit * 100;
    const int64_t first_rates[] = {0, 4000, 5000, 10000, 10000, 20000, 50000, 100000};
    int64_t rate = PICK(s, first_rates); /* ppm */
    put(y, "    tiers:\n");
    for (int64_t i = 0; i < count; i++) {
        if (i + 1 == count && chance(s, 700000)) cap = weir_max(cap, CAP_LARGE);
        int64_t percent = s->coarse ? 200 : draw(s, 120, 300);
        int64_t margin = weir_clamp(rate * percent / 100, 8000, 1000000);
        if (i == 0) m->leverage_max = 1000000 / margin;
        put_units(y, "      - {cap", cap, asset->decimals);
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
        m->tick_s = (uint32_t)draw(s, 0, weir_min(4, s->asset[0].decimals));
        m->lot_s = (uint32_t)draw(s, 0, weir_min(4, s->asset[0].decimals - m->tick_s));
        m->tick_m = PICK(s, tick_m);
        m->lot_m = PICK(s, lot_m);
        m->unit = m->tick_m * m->lot_m;
        for (uint32_t i = m->tick_s + m->lot_s; i < s->asset[0].decimals; i++)
            m->unit *= 10;
        m->base = lot_value / m->unit;
        if (m->base >= 30 && m->base <= 5000000) return;
    }
    m->tick_s = m->lot_s = 0; /* coarse, but it always fits */
    m->tick_m = m->lot_m = 1;
    m->unit = 1;
    for (uint32_t i = 0; i < s->asset[0].decimals; i++)
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
    int64_t depth = (int64_t)(market_worth(m, m->base, m->typical) / draw(s, 1, 4)) + 1;
    put_units(y, ", impact_notional", depth, s->asset[m->asset].decimals);
    put_ms(y, ", window", interval * draw(s, 1, 60));
    put_ppm(y, ", clamp", draw(s, 1, 50) * 1000);
    put(y, "}\n");
    const int64_t every[] = {10, 60, 300, 2000};
    put_ms(y, "    funding: {interval", s->dt_ns * (s->shape->margin ? 8 : PICK(s, every)));
    put_ppm(y, ", interest", draw(s, -300, 800));
    put_ppm(y, ", clamp", draw(s, 0, 1000));
    put_ppm(y, ", cap", draw(s, 1, 60) * 500);
    put(y, "}\n");
}

/* The settlement asset of an inverse market: money at times, else a coin, old or new. */
static uint32_t pick_asset(struct weir_stream *s) {
    static const char *const names[] = {"USDT", "XBT", "LTC", "SOL"};
    const uint32_t decimals[] = {8, 8, 8, 6, 4, 3, 2, 10};
    if (chance(s, 200000)) return 0;
    uint32_t idx = (uint32_t)draw(s, 1, weir_min(s->asset_count, COINS_MAX));
    if (idx < s->asset_count) return idx;
    struct model_asset *coin = &s->asset[s->asset_count++];
    *coin = (struct model_asset){.decimals = PICK(s, decimals)};
    snprintf(coin->name, sizeof coin->name, "%s", names[idx]);
    int64_t whole = 1;
    for (uint32_t i = 0; i < coin->decimals; i++)
        whole *= 10;
    coin->lot_value = log_draw(s, weir_max(40, whole / 5000), weir_max(100, whole * 2));
    coin->stake = coin->lot_value * draw(s, 2, 60);
    return idx;
}

/* Face value, tick and a price at which a lot is worth about `lot_value` units of the coin. */
static void make_inverse(struct weir_stream *s, struct text *y, struct model_market *m,
                         int64_t lot_value) {
    const int64_t tick_m[] = {1, 1, 5, 25, 2, 3, 7}, lot_m[] = {1, 1, 1, 10, 5};
    const struct model_asset *asset = &s->asset[m->asset];
    /* R3: value(1 tick, 1 lot) * 10^6 fits. */
    int64_t most = INT64_MAX / 1000000 / 8 / lot_value;
    int64_t base = log_draw(s, weir_min(most, 40), weir_min(most, 200000)), unit = 1, face;
    m->tick_m = s->coarse ? 1 : PICK(s, tick_m);
    m->tick_s = s->coarse ? 0 : (uint32_t)draw(s, 0, 4);
    while (m->tick_s > 0 && asset->decimals + m->tick_s > 12)
        m->tick_s--;
    for (uint32_t i = 0; i < asset->decimals + m->tick_s; i++)
        unit *= 10;
    face = (int64_t)((__int128)lot_value * base * m->tick_m / unit);
    for (int64_t round = chance(s, 600000) ? 100 : 1; round > 1 && face > round; round *= 10)
        face = face / round * round;
    face = weir_max(1, face);
    m->face_units = face * unit;
    m->base = (int64_t)weir_max(5, (int64_t)((__int128)face * unit / m->tick_m / lot_value));
    m->lot_m = PICK(s, lot_m);
    m->lot_s = (uint32_t)draw(s, 0, 3);
    m->max_price = INT64_C(1000000000000);
    put(y, "    contract: inverse\n    face_value: %lld\n", (long long)face);
    if (m->asset > 0) {
        put(y, "    asset: %s\n", asset->name);
        if (asset->decimals != 8 || chance(s, 500000))
            put(y, "    decimals: %u\n", asset->decimals);
    } else if (chance(s, 500000)) {
        put(y, "    asset: USDT\n    decimals: %u\n", asset->decimals);
    }
}

/* An expiry within the stream, at times the same as another market's, before the start or during
 * the first commands. */
static void make_date(struct weir_stream *s, struct text *y, struct model_market *m) {
    const int64_t windows[] = {1, 10, 100, 1000, 20000};
    weir_time expiry = 0;
    for (uint32_t i = 0; i < s->market_count && chance(s, 400000); i++)
        expiry = weir_max(expiry, s->market[i].expiry);
    if (expiry == 0) {
        int64_t commands = chance(s, 900000) ? log_draw(s, 150, 3000) : draw(s, -5, 150);
        expiry =
            weir_max(1, s->now + s->dt_ns * commands + (chance(s, 300000) ? draw(s, 0, 999) : 0));
    }
    m->expiry = expiry;
    time_t seconds = expiry / 1000000000;
    struct tm parts;
    char text[40];
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    put(y, "    expiry: %s.%09lldZ\n", text, (long long)(expiry % 1000000000));
    if (chance(s, 900000)) {
        put_ms(y, "    settlement_window", s->dt_ns * PICK(s, windows));
        put(y, "\n");
    }
}

/* Tiers and everything that requirements are made of. */
static void make_margin(struct weir_stream *s, struct text *y, struct model_market *m) {
    const struct model_asset *asset = &s->asset[m->asset];
    bool much = s->shape->margin;
    make_tiers(s, y, m);
    put(y, "    tier_mode: %s\n", word(s, "marginal", "whole", NULL));
    put(y, "    tier_edge: %s\n", word(s, "upper_inclusive", "lower_inclusive", NULL));
    put(y, "    margin_basis: %s\n", word(s, "mark", "entry", NULL));
    if (chance(s, much ? 600000 : 300000)) {
        const char *basis = word(s, "mark", "entry", "bankruptcy", NULL);
        if (basis[0] == 'b' && (s->can & CAN_BANKRUPTCY_FEE) == 0) basis = "entry";
        put_ppm(y, "    closing_fee_reserve", draw(s, 1, chance(s, 100000) ? 50000 : 2000));
        put(y, "\n    closing_fee_basis: %s\n", basis);
    }
    if ((s->can & CAN_SCALE) != 0 && chance(s, much ? 700000 : 200000)) {
        int64_t lower = chance(s, 200000) ? 0 : asset->stake * draw(s, 1, 100);
        put_units(y, "    oi_scaling: {lower", lower, asset->decimals);
        put_units(y, ", upper", lower + asset->stake * (chance(s, 100000) ? 0 : draw(s, 1, 300)),
                  asset->decimals);
        put(y, "}\n");
    }
    put_limit(s, y, "    open_interest_cap", 200000, asset->stake * draw(s, 50, 1000),
              asset->decimals);
    put_limit(s, y, "\n    position_limit", 200000, asset->stake * draw(s, 10, 200),
              asset->decimals);
    m->leverage = weir_min(m->leverage_max, draw(s, 1, 40));
    put(y, "\n    default_leverage: %lld\n", (long long)m->leverage);
}

static void make_bands(struct weir_stream *s, struct text *y, struct model_market *m) {
    m->band_ppm = (uint32_t)draw(s, 10, 300) * 1000;
    if (chance(s, 850000))
        put_ppm(y, "    price_band", m->band_ppm);
    else
        put(y, "    price_band: none");
    if (chance(s, 850000))
        put_ppm(y, "\n    liquidation_band", draw(s, 5, 300) * 1000);
    else
        put(y, "\n    liquidation_band: none");
    put(y, "\n");
}

void make_market(struct weir_stream *s, struct text *y, uint32_t idx) {
    static const char *const names[] = {"BTC-PERP", "ETH-PERP", "SOL-PERP",
                                        "DOGE_USD", "m4",       "X:6.Y"};
    struct model_market *m = &s->market[idx];
    if (idx < sizeof names / sizeof *names)
        snprintf(m->symbol, sizeof m->symbol, "%s", names[idx]);
    else
        snprintf(m->symbol, sizeof m->symbol, "M%u", idx);
    m->inverse = s->coins && (s->can & CAN_INVERSE) != 0 && chance(s, 550000);
    if (m->inverse) m->asset = pick_asset(s);
    const struct model_asset *asset = &s->asset[m->asset];
    bool exact = s->coarse && !m->inverse;
    int64_t mine = exact ? asset->lot_value : weir_max(1, asset->lot_value * draw(s, 2, 40) / 10);
    put(y, "  - symbol: %s\n", m->symbol);
    if (m->inverse) {
        make_inverse(s, y, m, weir_max(8, mine));
    } else {
        make_scale(s, m, mine);
        m->max_price = INT64_MAX / 1000000 / m->unit;
    }
    m->typical = log_draw(s, 4, 200);
    m->sources = s->shape->prices ? (uint32_t)draw(s, 1, 3) : chance(s, 300000) ? 3 : 1;
    m->fund = (uint32_t)draw(s, 0, s->fund_count - 1);
    put(y, "    tick: ");
    put_decimal(y, m->tick_m, m->tick_s);
    put(y, "\n    lot: ");
    put_decimal(y, m->lot_m, m->lot_s);
    put(y, "\n    fund: f%u\n    group: %s\n", m->fund, word(s, "majors", "alts", NULL));
    if (s->dates && (s->can & CAN_DATED) != 0 && chance(s, idx == 0 ? 150000 : 500000))
        make_date(s, y, m);
    if (chance(s, 500000)) {
        m->max_price = weir_min(m->max_price, m->base * draw(s, 2, 100));
        put(y, "    max_price: ");
        put_decimal(y, (__int128)m->max_price * m->tick_m, m->tick_s);
        put(y, "\n");
    }
    put(y, "    min_qty: ");
    put_decimal(y, (__int128)m->lot_m * draw(s, 1, 3), m->lot_s);
    put_units(y, "\n    min_notional", chance(s, 500000) ? mine * draw(s, 0, 3) : 0,
              asset->decimals);
    put(y, "\n    max_open_orders: %lld\n", (long long)(chance(s, 300000) ? draw(s, 1, 8) : 200));
    make_margin(s, y, m);
    make_fees(s, y);
    make_prices(s, y, m);
    make_bands(s, y, m);
    m->fair = m->base;
    for (size_t i = 0; i < 3; i++)
        m->source_fair[i] = m->base;
}
