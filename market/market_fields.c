/* Markets of the venue file: their keys, and what must hold between them. */
#include "market/fields.h"
#include "market/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#define M struct market_file

static const char *const contracts[] = {"linear", "inverse", NULL};
static const char *const tier_modes[] = {"marginal", "whole", NULL};
static const char *const tier_edges[] = {"upper_inclusive", "lower_inclusive", NULL};
static const char *const margin_bases[] = {"mark", "entry", NULL};
static const char *const closing_fee_bases[] = {"mark", "entry", "bankruptcy", NULL};
static const char *const mark_methods[] = {"index", "ema_basis", "median", NULL};

const struct weir_yaml_field weir_tier_fields[] = {
    {.key = "cap",
     .type = WEIR_YAML_AMOUNT,
     .flags = WEIR_YAML_REQUIRED,
     .offset = FIELD_AT(struct weir_tier, cap),
     .min = 1,
     .max = INT64_MAX,
     .unit = UNIT_MONEY},
    {.key = "rate",
     .type = WEIR_YAML_RATE,
     .flags = WEIR_YAML_REQUIRED,
     .offset = FIELD_AT(struct weir_tier, rate),
     .min = 0,
     .max = WEIR_PPB},
    FIELD_INTEGER("max_leverage", struct weir_tier, max_leverage, 0, WEIR_LEVERAGE_MAX, "0"),
    FIELD_RATE("initial_rate", struct weir_tier, initial_rate, 0, WEIR_PPB, "0"),
    FIELD_END};

static const struct weir_yaml_field oi_scaling[] = {
    FIELD_AMOUNT_OR_NONE("lower", M, market.oi_scaling_lower, 0, UNIT_MONEY, "none"),
    FIELD_AMOUNT_OR_NONE("upper", M, market.oi_scaling_upper, 0, UNIT_MONEY, "none"), FIELD_END};

static const struct weir_yaml_field fees[] = {
    FIELD_RATE("maker", M, market.fee_maker, -WEIR_PPB, WEIR_PPB, "0"),
    FIELD_RATE("taker", M, market.fee_taker, 0, WEIR_PPB, "0"),
    FIELD_RATE("liquidation", M, market.fee_liquidation, 0, WEIR_PPB, "0"), FIELD_END};

static const struct weir_yaml_field index_fields[] = {
    FIELD_DURATION_OR_NONE("stale_after", M, market.index_stale_after, 1, "5s"),
    FIELD_INTEGER("min_sources", M, market.index_min_sources, 1, 1000, "1"),
    FIELD_RATE_OR_NONE("outlier", M, market.index_outlier, 0, WEIR_PPB, "none"), FIELD_END};

static const struct weir_yaml_field mark_fields[] = {
    FIELD_WORD("method", M, market.mark_method, mark_methods, "index"),
    FIELD_DURATION("interval", M, market.mark_interval, 1, "1s"),
    FIELD_AMOUNT("impact_notional", M, market.mark_impact_notional, 1, UNIT_MONEY, "20000"),
    FIELD_DURATION("window", M, market.mark_window, 1, "60s"),
    FIELD_RATE("clamp", M, market.mark_clamp, 0, WEIR_PPB, "0.005"),
    FIELD_END};

static const struct weir_yaml_field funding[] = {
    FIELD_DURATION("interval", M, market.funding_interval, 1, "8h"),
    FIELD_RATE("interest", M, market.funding_interest, -WEIR_PPB, WEIR_PPB, "0.0001"),
    FIELD_RATE("clamp", M, market.funding_clamp, 0, WEIR_PPB, "0.0005"),
    FIELD_RATE_OR_NONE("cap", M, market.funding_cap, 0, WEIR_PPB, "0.02"), FIELD_END};

const struct weir_yaml_field weir_market_fields[] = {
    FIELD_NAME("symbol", M, market.symbol, WEIR_YAML_REQUIRED, NULL),
    FIELD_WORD("contract", M, market.contract, contracts, "linear"),
    {.key = "face_value",
     .type = WEIR_YAML_INTEGER,
     .flags = WEIR_YAML_SILENT,
     .offset = FIELD_AT(M, market.face_value),
     .min = 1,
     .max = INT64_C(1000000000000)},
    FIELD_NAME("asset", M, asset, WEIR_YAML_SILENT, NULL),
    {.key = "decimals",
     .type = WEIR_YAML_BYTE,
     .flags = WEIR_YAML_SILENT,
     .offset = FIELD_AT(M, asset_decimals),
     .max = 18,
     .fallback = "8"},
    {.key = "expiry",
     .type = WEIR_YAML_TIME,
     .flags = WEIR_YAML_NONE,
     .offset = FIELD_AT(M, market.expiry),
     .fallback = "none"},
    FIELD_DURATION("settlement_window", M, market.settlement_window, 1, "30m"),
    FIELD_NAME("group", M, market.group, 0, "default"),
    FIELD_NAME("fund", M, fund, 0, NULL),
    {.key = "tick",
     .type = WEIR_YAML_DECIMAL,
     .flags = WEIR_YAML_REQUIRED,
     .offset = FIELD_AT(M, market.tick)},
    {.key = "lot",
     .type = WEIR_YAML_DECIMAL,
     .flags = WEIR_YAML_REQUIRED,
     .offset = FIELD_AT(M, market.lot)},
    FIELD_AMOUNT("min_qty", M, market.min_qty, 1, UNIT_LOT, NULL),
    FIELD_AMOUNT("min_notional", M, market.min_notional, 0, UNIT_MONEY, "0"),
    {.key = "tiers",
     .type = WEIR_YAML_LIST,
     .offset = FIELD_AT(M, market.tiers.row),
     .count_offset = FIELD_AT(M, market.tiers.count),
     .min = 1,
     .max = WEIR_TIERS_MAX,
     .size = sizeof(struct weir_tier),
     .fields = weir_tier_fields},
    {.key = "tiers_file",
     .type = WEIR_YAML_TEXT,
     .flags = WEIR_YAML_SILENT,
     .offset = FIELD_AT(M, tiers_file),
     .max = sizeof((M *)NULL)->tiers_file},
    FIELD_WORD("tier_mode", M, market.tier_mode, tier_modes, "marginal"),
    FIELD_WORD("tier_edge", M, market.tier_edge, tier_edges, "upper_inclusive"),
    FIELD_WORD("margin_basis", M, market.margin_basis, margin_bases, "mark"),
    FIELD_RATE("closing_fee_reserve", M, market.closing_fee_reserve, 0, WEIR_PPB, "0"),
    FIELD_WORD("closing_fee_basis", M, market.closing_fee_basis, closing_fee_bases, "mark"),
    FIELD_GROUP("oi_scaling", oi_scaling),
    FIELD_AMOUNT_OR_NONE("open_interest_cap", M, market.open_interest_cap, 0, UNIT_MONEY, "none"),
    FIELD_AMOUNT_OR_NONE("position_limit", M, market.position_limit, 0, UNIT_MONEY, "none"),
    FIELD_INTEGER_OR_NONE("max_open_orders", M, market.max_open_orders, 1, 1000000000, "200"),
    FIELD_AMOUNT("max_price", M, market.max_price, 1, UNIT_TICK, NULL),
    FIELD_INTEGER("default_leverage", M, market.default_leverage, 1, WEIR_LEVERAGE_MAX, NULL),
    FIELD_GROUP("fees", fees),
    FIELD_GROUP("index", index_fields),
    FIELD_GROUP("mark", mark_fields),
    FIELD_GROUP("funding", funding),
    FIELD_RATE_OR_NONE("price_band", M, market.price_band, 0, 1000 * WEIR_PPB, "0.1"),
    FIELD_RATE_OR_NONE("liquidation_band", M, market.liquidation_band, 0, 1000 * WEIR_PPB, "0.1"),
    FIELD_END};

/* What is printed of an inverse contract only. */
static const struct weir_yaml_field inverse_fields[] = {
    {.key = "face_value", .type = WEIR_YAML_INTEGER, .offset = FIELD_AT(M, market.face_value)},
    FIELD_NAME("asset", M, asset, 0, NULL),
    {.key = "decimals", .type = WEIR_YAML_BYTE, .offset = FIELD_AT(M, asset_decimals)},
    FIELD_END};

/* ---- What must hold between the keys of one market ------------------------------------------- */
struct check {
    const struct weir_yaml_reader *reader;
    const struct weir_yaml_node *node; /* the market */
    const struct weir_venue *venue;
    struct market_file *file;
    struct weir_market *market;
    const struct weir_decimal *money; /* the unit of its settlement asset */
};

/* The key's node, or the market itself when the key was left out. */
static const struct weir_yaml_node *place(const struct check *c, const char *key) {
    const struct weir_yaml_node *node = weir_yaml_find(c->node, key);
    return node ? node : c->node;
}

#define REFUSE(c, node, ...)                                                                       \
    weir_yaml_fail((c)->reader->yaml, (node), false, (c)->reader->error, __VA_ARGS__)

static bool check_symbol(const struct check *c) {
    const char *symbol = c->market->symbol.text;
    if (strcmp(symbol, "cross") == 0 || strncmp(symbol, "cross:", 6) == 0)
        return REFUSE(c, place(c, "symbol"),
                      "symbol is \"%s\"; expected another name: events call the cross scope so",
                      symbol);
    return true;
}

/* Names the market's fund by its index in the file; without `fund` it is the first (R31). */
static bool check_fund(const struct check *c) {
    const struct weir_fund_config *funds = c->venue->file_funds;
    uint32_t at = 0;
    if (weir_name_empty(&c->file->fund)) c->file->fund = funds[0].name;
    while (at < c->venue->file_fund_count && !weir_name_equal(&funds[at].name, &c->file->fund))
        at++;
    c->market->fund_idx = at;
    if (at < c->venue->file_fund_count) return true;
    return REFUSE(c, place(c, "fund"),
                  "fund is \"%s\"; expected a name in the list of funds, such as %s",
                  c->file->fund.text, funds[0].name.text);
}

/* A decimal as text, for messages. */
struct spelled {
    char text[192];
};
static struct spelled spell(weir_wide count, const struct weir_decimal *unit) {
    struct spelled s;
    weir_decimal_print(count, unit, unit->scale, s.text, sizeof s.text);
    return s;
}

/* What the file says at key of a mapping, or the default. */
static const char *said(const struct weir_yaml_node *mapping, const char *key, const char *usual) {
    const struct weir_yaml_node *node = weir_yaml_find(mapping, key);
    return node ? node->text : usual;
}

/* tick * lot in money units, a whole number (R4). */
static bool check_unit_value(const struct check *c) {
    struct weir_market *m = c->market;
    /* Both mantissas are below 10^18, so the product is below 10^36. */
    weir_wide value = m->tick.mantissa * m->lot.mantissa;
    int power = c->money->scale - m->tick.scale - m->lot.scale;
    bool whole = true, fits = true;
    for (; power > 0 && fits; power--) {
        value *= 10;
        fits = value <= INT64_MAX;
    }
    for (; power < 0 && whole; power++) {
        whole = value % 10 == 0;
        value /= 10;
    }
    const char *tick = said(c->node, "tick", ""), *lot = said(c->node, "lot", "");
    if (!whole)
        return REFUSE(c, place(c, "lot"),
                      "tick %s * lot %s is no whole number of money units; expected a multiple of "
                      "%s %s: a coarser tick or lot",
                      tick, lot, spell(1, c->money).text, c->venue->assets[0].name.text);
    /* The smallest price must already pass R3's test below. */
    if (!fits || value > INT64_MAX / 1000000)
        return REFUSE(c, place(c, "lot"), "tick %s * lot %s is too large; expected at most %s %s",
                      tick, lot, spell(INT64_MAX / 1000000, c->money).text,
                      c->venue->assets[0].name.text);
    m->unit_value = (weir_amount)value;
    return true;
}

static weir_wide common_divisor(weir_wide a, weir_wide b) {
    while (b != 0) {
        weir_wide rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* What a lot is worth at one tick: face_value * 10^decimals / tick, in lowest terms (R4). That is
 * the most it can be worth, and times 10^6 it fits a money field (R3). */
static bool check_face_value(const struct check *c) {
    struct weir_market *m = c->market;
    const struct weir_yaml_node *face = weir_yaml_find(c->node, "face_value");
    if (m->contract == WEIR_LINEAR && face)
        return REFUSE(c, face, "face_value is \"%s\"; expected it of an inverse contract only",
                      face->text);
    if (m->contract == WEIR_LINEAR) return check_unit_value(c);
    if (!face)
        return REFUSE(c, c->node, "face_value is missing; expected it, since contract is inverse");
    weir_wide units = m->face_value, divisor = m->tick.mantissa;
    bool fits = true;
    weir_wide common = common_divisor(units, divisor);
    units /= common;
    divisor /= common;
    for (int power = c->money->scale + m->tick.scale; power > 0 && fits; power--) {
        /* Ten times the units, in lowest terms at every turn: the numbers stay as small as the
         * result's. */
        common = common_divisor(10, divisor);
        units *= 10 / common;
        divisor /= common;
        fits = units <= INT64_MAX && units / divisor <= INT64_MAX / 1000000;
    }
    fits = fits && units <= INT64_MAX && units / divisor <= INT64_MAX / 1000000;
    if (!fits)
        return REFUSE(c, face,
                      "face_value %s at a tick of %s is too large; expected a lot to be worth at "
                      "most %s %s at one tick: a coarser tick or fewer decimals",
                      face->text, said(c->node, "tick", ""),
                      spell(INT64_MAX / 1000000, c->money).text,
                      c->venue->assets[m->asset].name.text);
    m->face_units = (weir_amount)units;
    m->face_divisor = (int64_t)divisor;
    return true;
}

#define INVERSE_MAX_PRICE INT64_C(1000000000000)

/* Linear: value(max_price, 1) * 10^6 fits a money field. Inverse: 10^12 ticks unless the file says
 * otherwise, and never more than a linear market could have (R3). */
static bool check_max_price(const struct check *c) {
    bool linear = c->market->contract == WEIR_LINEAR;
    weir_price most = INT64_MAX / 1000000 / (linear ? c->market->unit_value : 1);
    if (c->market->max_price == 0) c->market->max_price = linear ? most : INVERSE_MAX_PRICE;
    if (c->market->max_price <= most) return true;
    return REFUSE(c, place(c, "max_price"),
                  "max_price is \"%s\"; expected at most %s with this tick and lot",
                  said(c->node, "max_price", ""), spell(most, &c->market->tick).text);
}

static bool read_tiers_file(const struct check *c) {
    const struct weir_yaml_node *node = weir_yaml_find(c->node, "tiers_file");
    bool given = node && strcmp(c->file->tiers_file, "none") != 0;
    if (!given && c->market->tiers.count == 0) return REFUSE(c, c->node, "tiers is missing");
    if (!given) return true;
    if (c->market->tiers.count > 0)
        return REFUSE(c, node, "both tiers and tiers_file are given; expected one of them");
    if (c->file->tiers_file[0] == 0)
        return REFUSE(c, node, "tiers_file is \"\"; expected the path of a CSV file");
    return weir_read_tiers_file(c->reader, node, c->file->tiers_file, &c->market->tiers);
}

static bool check_tiers(const struct check *c) {
    if (!read_tiers_file(c)) return false;
    uint32_t row = 0;
    const char *problem = weir_tiers_problem(&c->market->tiers, &row);
    if (!problem) return true;
    const struct weir_yaml_node *at = place(c, "tiers");
    if (at == c->node) at = place(c, "tiers_file");
    for (uint32_t i = 0; at->kind == WEIR_YAML_SEQUENCE && i <= row; i++)
        at = i == 0 ? at->first : at->next;
    const struct weir_decimal ppb = weir_decimal_power(9);
    const struct weir_tier *tier = &c->market->tiers.row[row];
    return REFUSE(c, at, "tier %u (cap %s, rate %s): %s", row + 1, spell(tier->cap, c->money).text,
                  spell(tier->rate, &ppb).text, problem);
}

/* The first tier's largest whole leverage (R10). */
static bool check_leverage(const struct check *c) {
    const struct weir_tier *first = &c->market->tiers.row[0];
    int64_t most = first->max_leverage > 0 ? first->max_leverage : WEIR_PPB / first->initial_rate;
    if (c->market->default_leverage == 0) c->market->default_leverage = weir_min(10, most);
    if (c->market->default_leverage <= most) return true;
    return REFUSE(
        c, place(c, "default_leverage"),
        "default_leverage is \"%lld\"; expected at most %lld, which the first tier allows",
        (long long)c->market->default_leverage, (long long)most);
}

static bool check_prices(const struct check *c) {
    const struct weir_market *m = c->market;
    const struct weir_yaml_node *fee = weir_yaml_find(c->node, "fees");
    const struct weir_yaml_node *mark = weir_yaml_find(c->node, "mark");
    const struct weir_yaml_node *scaling = weir_yaml_find(c->node, "oi_scaling");
    if (-m->fee_maker > m->fee_taker)
        return REFUSE(c, weir_yaml_find(fee, "maker"),
                      "maker is \"%s\"; expected a rebate of at most the taker fee, which is %s",
                      said(fee, "maker", "0"), said(fee, "taker", "0"));
    if (m->mark_method != WEIR_MARK_INDEX && m->mark_window < m->mark_interval)
        return REFUSE(c, mark, "window is \"%s\"; expected at least one interval, which is %s",
                      said(mark, "window", "60s"), said(mark, "interval", "1s"));
    if ((m->oi_scaling_lower == WEIR_NONE) != (m->oi_scaling_upper == WEIR_NONE))
        return REFUSE(c, scaling, "lower is \"%s\" and upper \"%s\"; expected both bounds or none",
                      said(scaling, "lower", "none"), said(scaling, "upper", "none"));
    if (m->oi_scaling_lower > m->oi_scaling_upper)
        return REFUSE(c, scaling, "lower is \"%s\"; expected at most upper, which is %s",
                      said(scaling, "lower", "none"), said(scaling, "upper", "none"));
    return true;
}

/* Reads one key ahead of the others; what is wrong with the mapping as a whole is found later. */
static bool read_early(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                       const char *key, struct market_file *file) {
    const struct weir_yaml_node *value =
        node->kind == WEIR_YAML_MAPPING ? weir_yaml_find(node, key) : NULL;
    const struct weir_yaml_field *field = weir_market_fields;
    while (strcmp(field->key, key) != 0)
        field++;
    return !value || weir_yaml_read_field(reader, value, field, file);
}

static bool read_market(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                        struct market_file *file) {
    struct venue_reader *v = reader->user;
    struct weir_market *m = &file->market;
    *file = (struct market_file){0};
    m->min_qty = 1;
    /* Amounts are of the market's settlement asset, so that comes before all others. */
    if (!read_early(reader, node, "contract", file) || !read_early(reader, node, "asset", file) ||
        !read_early(reader, node, "decimals", file) || !weir_read_settlement(reader, node, file))
        return false;
    v->market_money = weir_asset_unit(v->venue, m->asset);
    v->units[UNIT_MONEY] = &v->market_money;
    v->units[UNIT_TICK] = &m->tick;
    v->units[UNIT_LOT] = &m->lot;
    bool read = weir_yaml_read(reader, node, weir_market_fields, file);
    v->units[UNIT_MONEY] = &v->venue->money_unit;
    if (!read) return false;
    m->price_digits = m->tick.scale;
    m->qty_digits = m->lot.scale;
    const struct check c = {reader, node, v->venue, file, m, &v->market_money};
    return check_symbol(&c) && check_fund(&c) && check_face_value(&c) && check_max_price(&c) &&
           check_tiers(&c) && check_leverage(&c) && check_prices(&c);
}

static const struct weir_name *symbol_of(const void *venue, uint32_t market) {
    return &((const struct weir_venue *)venue)->markets[market].symbol;
}

static bool add_market(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                       struct weir_venue *venue, const struct weir_market *market) {
    venue->markets[venue->market_count] = *market;
    if (weir_name_map_add(&venue->symbols, &market->symbol, venue->market_count) != 0)
        return weir_yaml_fail(reader->yaml, node, false, reader->error, "out of memory");
    venue->market_count++;
    return true;
}

bool weir_read_markets(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                       void *field) {
    struct weir_venue *venue = field;
    if (!node || node->kind != WEIR_YAML_SEQUENCE || node->count < 1 ||
        node->count > WEIR_MARKETS_MAX)
        return weir_yaml_fail_list(reader->yaml, node, reader->error, "markets", 1,
                                   WEIR_MARKETS_MAX);
    venue->markets = calloc(node->count, sizeof *venue->markets);
    struct market_file *file = malloc(sizeof *file);
    bool ok = venue->markets && file && weir_name_map_new(&venue->symbols, symbol_of, venue) == 0;
    if (!ok) weir_yaml_fail(reader->yaml, node, false, reader->error, "out of memory");
    for (const struct weir_yaml_node *n = node->first; n && ok; n = n->next) {
        ok = read_market(reader, n, file);
        if (!ok) break;
        if (weir_venue_market(venue, &file->market.symbol) != WEIR_NO_INDEX)
            ok = weir_yaml_fail(reader->yaml, weir_yaml_find(n, "symbol"), false, reader->error,
                                "symbol \"%s\" is given to two markets; expected one of each",
                                file->market.symbol.text);
        else
            ok = add_market(reader, n, venue, &file->market);
    }
    free(file);
    return ok &&
           weir_make_purses(reader, weir_yaml_find(weir_yaml_root(reader->yaml), "funds"), venue);
}

void weir_print_markets(FILE *out, const char *key, uint32_t indent,
                        const struct weir_decimal *const *units, const void *field) {
    const struct weir_venue *venue = field;
    (void)units; /* each market has its own */
    fprintf(out, "%*s%s:\n", (int)indent, "", key);
    for (uint32_t i = 0; i < venue->market_count; i++) {
        struct market_file file = {.market = venue->markets[i]};
        const struct weir_asset *asset = &venue->assets[file.market.asset];
        const struct weir_decimal money = weir_asset_unit(venue, file.market.asset);
        const struct weir_decimal *own[UNIT_COUNT] = {&money, &file.market.tick, &file.market.lot};
        file.fund = venue->file_funds[venue->funds[file.market.fund_idx].base].name;
        fprintf(out, "%*s-\n", (int)indent + 2, "");
        file.asset = asset->name;
        file.asset_decimals = asset->decimals;
        if (file.market.contract == WEIR_INVERSE)
            weir_yaml_print(out, inverse_fields, indent + 4, own, &file);
        weir_yaml_print(out, weir_market_fields, indent + 4, own, &file);
    }
}
