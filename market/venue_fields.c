/* Keys of the venue file above its markets: one table a mapping, defaults as the file would spell
 * them. The order of weir_venue_fields is the order of reading: the money unit before amounts,
 * funds before the markets that name them. */
#include "market/fields.h"
#include "market/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#define V         struct weir_venue
#define F         struct weir_fund_config
#define STEPS_MAX 1000000

static const char *const self_trades[] = {"cancel_resting", "cancel_taker", "cancel_both",
                                          "decrement", NULL};
static const char *const trigger_rules[] = {"maintenance", "maintenance_strict", "initial_fraction",
                                            NULL};
static const char *const queue_orders[] = {"worst_first", "fifo", "largest_first", NULL};
static const char *const empty_meanings[] = {"not_whole", "nothing_filled", NULL};
static const char *const bankruptcy_shares[] = {"per_lot", "mm_released", NULL};
static const char *const bankruptcy_fees[] = {"excluded", "included", NULL};
static const char *const limits[] = {"bankruptcy", "fillable", NULL};
static const char *const remainders[] = {"return", "confiscate", NULL};
static const char *const formats[] = {"uniform", "pay_as_bid", "dutch", "none", NULL};
static const char *const prices[] = {"lowest_accepted", "highest_rejected", NULL};
static const char *const curves[] = {"linear", "step", "exponential", NULL};
static const char *const rankings[] = {"pnl_leverage",
                                       "pnl_amount_leverage",
                                       "pnl",
                                       "size",
                                       "notional_leverage",
                                       "pro_rata",
                                       "equity_pro_rata",
                                       "contract_pro_rata",
                                       "water_filling",
                                       "min_accounts",
                                       "rotation",
                                       NULL};
static const char *const adl_prices[] = {"bankruptcy", "mark", "previous_mark", NULL};
static const char *const adl_equities[] = {"with_pnl", "posted", NULL};
static const char *const adl_whens[] = {"left_over", "negative_equity", "never", NULL};
static const char *const adl_eligibles[] = {"healthy", "any_overlap", NULL};
static const char *const no_counterparties[] = {"mark", "keep", NULL};
static const char *const socialise_bases[] = {"open_interest", "profit", "equity", NULL};
static const char *const payouts[] = {"partial", "all_or_nothing", NULL};
static const char *const on_triggers[] = {"stop", "cut", NULL};

/* ---- Assets ---------------------------------------------------------------------------------- */
static const struct weir_yaml_field money_fields[] = {
    FIELD_NAME("asset", struct weir_asset, name, WEIR_YAML_REQUIRED, NULL),
    {.key = "decimals",
     .type = WEIR_YAML_BYTE,
     .offset = FIELD_AT(struct weir_asset, decimals),
     .max = 18,
     .fallback = "6"},
    FIELD_END};

static const struct weir_yaml_field collateral_fields[] = {
    FIELD_NAME("asset", struct weir_asset, name, WEIR_YAML_REQUIRED, NULL),
    {.key = "decimals",
     .type = WEIR_YAML_BYTE,
     .offset = FIELD_AT(struct weir_asset, decimals),
     .max = 18,
     .fallback = "8"},
    FIELD_RATE("haircut", struct weir_asset, haircut, 0, WEIR_PPB, "0.05"),
    FIELD_DURATION_OR_NONE("stale_after", struct weir_asset, stale_after, 1, "10s"),
    FIELD_END};

static bool read_money(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                       void *field) {
    struct weir_venue *venue = field;
    if (!weir_yaml_read(reader, node, money_fields, &venue->assets[0])) return false;
    venue->assets[0].stale_after = WEIR_NONE;
    venue->assets[0].settles = true;
    venue->asset_count = 1;
    venue->money_unit = weir_decimal_power(venue->assets[0].decimals);
    return true;
}

static void print_money(FILE *out, const char *key, uint32_t indent,
                        const struct weir_decimal *const *units, const void *field) {
    const struct weir_venue *venue = field;
    const struct weir_yaml_field group[] = {FIELD_GROUP(key, money_fields), FIELD_END};
    weir_yaml_print(out, group, indent, units, &venue->assets[0]);
}

/* All that can be deposited of an asset, at its highest price, 10^9, then fits 128 bits with room
 * for the sum over assets (R3, R8). */
#define COARSER_MAX 8

static bool read_collateral(const struct weir_yaml_reader *reader,
                            const struct weir_yaml_node *node, void *field) {
    struct weir_venue *venue = field;
    if (!node || (node->kind == WEIR_YAML_SCALAR && strcmp(node->text, "none") == 0)) return true;
    if (node->kind != WEIR_YAML_SEQUENCE || node->count > WEIR_ASSETS_MAX - 1)
        return weir_yaml_fail_list(reader->yaml, node, reader->error, "collateral", 0,
                                   WEIR_ASSETS_MAX - 1);
    for (const struct weir_yaml_node *n = node->first; n; n = n->next) {
        struct weir_asset *asset = &venue->assets[venue->asset_count];
        if (!weir_yaml_read(reader, n, collateral_fields, asset)) return false;
        if (weir_venue_asset(venue, &asset->name) != WEIR_NO_INDEX)
            return weir_yaml_fail(reader->yaml, weir_yaml_find(n, "asset"), false, reader->error,
                                  "asset \"%s\" is given twice; expected one of each",
                                  asset->name.text);
        if (asset->decimals + COARSER_MAX < venue->assets[0].decimals) {
            const struct weir_yaml_node *at = weir_yaml_find(n, "decimals");
            return weir_yaml_fail(reader->yaml, at ? at : n, false, reader->error,
                                  "decimals of %s is \"%d\"; expected at most %d fewer than the %d "
                                  "of %s",
                                  asset->name.text, asset->decimals, COARSER_MAX,
                                  venue->assets[0].decimals, venue->assets[0].name.text);
        }
        venue->asset_count++;
    }
    return true;
}

static void print_collateral(FILE *out, const char *key, uint32_t indent,
                             const struct weir_decimal *const *units, const void *field) {
    struct {
        uint32_t count;
        struct weir_asset assets[WEIR_ASSETS_MAX];
    } list = {.count = 0};
    const struct weir_venue *venue = field;
    const struct weir_yaml_field table[] = {{.key = key,
                                             .type = WEIR_YAML_LIST,
                                             .offset = (uint32_t)offsetof(__typeof__(list), assets),
                                             .size = sizeof(struct weir_asset),
                                             .fields = collateral_fields},
                                            FIELD_END};
    for (uint32_t i = 1; i < venue->asset_count; i++)
        if (!venue->assets[i].settles) list.assets[list.count++] = venue->assets[i];
    weir_yaml_print(out, table, indent, units, &list);
}

/* ---- Classes and funds ----------------------------------------------------------------------- */
static const struct weir_yaml_field class_fields[] = {
    FIELD_NAME("name", struct weir_class, name, WEIR_YAML_REQUIRED, NULL),
    FIELD_INTEGER_OR_NONE("max_leverage", struct weir_class, max_leverage, 1, WEIR_LEVERAGE_MAX,
                          "none"),
    FIELD_END};

const struct weir_yaml_field weir_fund_fields[] = {
    FIELD_NAME("name", F, name, WEIR_YAML_REQUIRED, NULL),
    FIELD_WORD("payout", F, payout, payouts, "partial"),
    FIELD_AMOUNT_OR_NONE("budget_per_step", F, budget_per_step, 0, UNIT_MONEY, "none"),
    FIELD_RATE("max_subsidy", F, max_subsidy, 0, WEIR_PPB, "0.05"),
    FIELD_DURATION("interval", F, interval, 1, "1s"),
    FIELD_AMOUNT_OR_NONE("market_cap", F, market_cap, 0, UNIT_MONEY, "none"),
    FIELD_AMOUNT_OR_NONE("account_cap", F, account_cap, 0, UNIT_MONEY, "none"),
    FIELD_RATE_OR_NONE("drawdown_trigger", F, drawdown_trigger, 1, WEIR_PPB, "0.3"),
    FIELD_RATE("drawdown_release", F, drawdown_release, 0, WEIR_PPB, "0.25"),
    FIELD_DURATION("drawdown_window", F, drawdown_window, 1, "8h"),
    FIELD_AMOUNT("drawdown_min", F, drawdown_min, 0, UNIT_MONEY, "0"),
    FIELD_WORD("on_trigger", F, on_trigger, on_triggers, "stop"),
    FIELD_END};

static bool read_fund(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                      struct weir_venue *venue) {
    struct weir_fund_config *fund = &venue->file_funds[venue->file_fund_count];
    if (!weir_yaml_read(reader, node, weir_fund_fields, fund)) return false;
    const struct weir_yaml_node *release = weir_yaml_find(node, "drawdown_release");
    if (!release) fund->drawdown_release = weir_min(fund->drawdown_release, fund->drawdown_trigger);
    if (fund->drawdown_release > fund->drawdown_trigger)
        return weir_yaml_fail(reader->yaml, release, false, reader->error,
                              "drawdown_release is \"%s\"; expected at most drawdown_trigger",
                              release->text);
    for (uint32_t i = 0; i < venue->file_fund_count; i++)
        if (weir_name_equal(&venue->file_funds[i].name, &fund->name))
            return weir_yaml_fail(reader->yaml, weir_yaml_find(node, "name"), false, reader->error,
                                  "name \"%s\" is given to two funds; expected one of each",
                                  fund->name.text);
    venue->file_fund_count++;
    return true;
}

static bool read_funds(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                       void *field) {
    struct weir_venue *venue = field;
    if (!node || node->kind != WEIR_YAML_SEQUENCE || node->count < 1 ||
        node->count > WEIR_FUNDS_MAX)
        return weir_yaml_fail_list(reader->yaml, node, reader->error, "funds", 1, WEIR_FUNDS_MAX);
    venue->file_funds = calloc(node->count, sizeof *venue->file_funds);
    if (!venue->file_funds)
        return weir_yaml_fail(reader->yaml, node, false, reader->error, "out of memory");
    for (const struct weir_yaml_node *n = node->first; n; n = n->next)
        if (!read_fund(reader, n, venue)) return false;
    return true;
}

static void print_funds(FILE *out, const char *key, uint32_t indent,
                        const struct weir_decimal *const *units, const void *field) {
    const struct weir_venue *venue = field;
    fprintf(out, "%*s%s:\n", (int)indent, "", key);
    for (uint32_t i = 0; i < venue->file_fund_count; i++) {
        fprintf(out, "%*s-\n", (int)indent + 2, "");
        weir_yaml_print(out, weir_fund_fields, indent + 4, units, &venue->file_funds[i]);
    }
}

/* ---- Rules ----------------------------------------------------------------------------------- */
static const struct weir_yaml_field trigger[] = {
    FIELD_WORD("rule", V, trigger_rule, trigger_rules, "maintenance"),
    FIELD_RATE("fraction", V, trigger_fraction, 8 * (WEIR_PPB / 10), WEIR_PPB, "0.9"),
    FIELD_RATE_OR_NONE("warn_at", V, warn_at, 1, WEIR_PPB, "0.8"), FIELD_END};

static const struct weir_yaml_field fillable[] = {
    FIELD_RATE("spread", V, fillable_spread, 0, WEIR_PPB, "0.1"),
    FIELD_RATE("adjustment", V, fillable_adjustment, 0, 1000 * WEIR_PPB, "1"), FIELD_END};

static const struct weir_yaml_field market_budget[] = {
    FIELD_AMOUNT_OR_NONE("notional", V, market_budget_notional, 1, UNIT_MONEY, "none"),
    FIELD_DURATION("interval", V, market_budget_interval, 1, "1s"),
    FIELD_AMOUNT("quantum", V, market_budget_quantum, 1, UNIT_MONEY, "10000"), FIELD_END};

static const struct weir_yaml_field liquidation[] = {
    FIELD_WORD("order", V, queue_order, queue_orders, "worst_first"),
    FIELD_INTEGER("steps_per_command", V, steps_per_command, 1, STEPS_MAX, "64"),
    FIELD_INTEGER("fills_per_step", V, fills_per_step, 1, STEPS_MAX, "64"),
    FIELD_INTEGER_OR_NONE("capacity", V, capacity, 1, WEIR_PPB, "none"),
    FIELD_RATE("restore_margin", V, restore_margin, WEIR_PPB, 1000 * WEIR_PPB, "1.1"),
    FIELD_RATE("takeover_at", V, takeover_at, 0, 1000 * WEIR_PPB, "0"),
    FIELD_INTEGER("empty_slices", V, empty_slices, 1, STEPS_MAX, "1"),
    FIELD_FLAG("empty_means", V, empty_means_nothing_filled, empty_meanings, "not_whole"),
    FIELD_WORD("bankruptcy_share", V, bankruptcy_share, bankruptcy_shares, "per_lot"),
    FIELD_FLAG("bankruptcy_fee", V, bankruptcy_fee_included, bankruptcy_fees, "excluded"),
    FIELD_FLAG("limit", V, limit_fillable, limits, "bankruptcy"),
    FIELD_GROUP("fillable", fillable),
    FIELD_FLAG("remainder", V, remainder_confiscate, remainders, "return"),
    {.key = "policy",
     .type = WEIR_YAML_CUSTOM,
     .offset = FIELD_AT(V, policy),
     .read = weir_read_policy,
     .print = weir_print_policy},
    FIELD_GROUP("market_budget", market_budget),
    FIELD_END};

static const struct weir_yaml_field auction[] = {
    FIELD_WORD("format", V, auction_format, formats, "uniform"),
    FIELD_WORD("price", V, auction_price, prices, "lowest_accepted"),
    FIELD_DURATION("interval", V, auction_interval, 1, "2s"),
    FIELD_INTEGER("min_bid_lots", V, auction_min_bid_lots, 1, INT64_MAX, "1"),
    FIELD_AMOUNT_OR_NONE("max_open_notional", V, auction_max_open_notional, 0, UNIT_MONEY, "none"),
    FIELD_RATE("start", V, auction_start, 1, 2 * WEIR_PPB - 1, "1.02"),
    FIELD_WORD("curve", V, auction_curve, curves, "linear"),
    FIELD_DURATION("duration", V, auction_duration, 1, "10s"),
    FIELD_DURATION("step", V, auction_step, 1, "1s"),
    FIELD_RATE("cut", V, auction_cut, 1, WEIR_PPB - 1, "0.99"),
    FIELD_DURATION_OR_NONE("tail", V, auction_tail, 1, "none"),
    FIELD_RATE_OR_NONE("cusp", V, auction_cusp, 1, WEIR_PPB, "none"),
    FIELD_INTEGER("max_restarts", V, auction_max_restarts, 0, STEPS_MAX, "1"),
    FIELD_END};

static const struct weir_yaml_field backstop[] = {
    FIELD_RATE("at", V, backstop_at, 0, 1000 * WEIR_PPB, "0"),
    FIELD_RATE("discount", V, backstop_discount, -WEIR_PPB, WEIR_PPB, "0"), FIELD_END};

static const struct weir_yaml_field absorb[] = {
    FIELD_FLAG("enabled", V, absorb_enabled, NULL, "false"),
    FIELD_AMOUNT_OR_NONE("max_notional", V, absorb_max_notional, 0, UNIT_MONEY, "none"),
    {.key = "policy",
     .type = WEIR_YAML_CUSTOM,
     .offset = FIELD_AT(V, absorb_policy),
     .read = weir_read_absorb_policy,
     .print = weir_print_policy},
    FIELD_END};

static const struct weir_yaml_field adl[] = {
    FIELD_WORD("ranking", V, adl_ranking, rankings, "pnl_leverage"),
    FIELD_WORD("price", V, adl_price, adl_prices, "bankruptcy"),
    FIELD_WORD("equity", V, adl_equity, adl_equities, "with_pnl"),
    FIELD_RATE("max_price_deviation", V, adl_max_price_deviation, 0, 1000 * WEIR_PPB, "0.05"),
    FIELD_SEED("seed", V, adl_seed, "1"),
    FIELD_WORD("when", V, adl_when, adl_whens, "left_over"),
    FIELD_WORD("eligible", V, adl_eligible, adl_eligibles, "healthy"),
    FIELD_WORD("no_counterparty", V, adl_no_counterparty, no_counterparties, "mark"),
    FIELD_END};

static const struct weir_yaml_field socialise[] = {
    FIELD_WORD("base", V, socialise_base, socialise_bases, "open_interest"),
    FIELD_DURATION("settlement_interval", V, settlement_interval, 1, "8h"), FIELD_END};

const struct weir_yaml_field weir_venue_fields[] = {
    FIELD_NAME("name", V, name, WEIR_YAML_REQUIRED, NULL),
    {.key = "money",
     .type = WEIR_YAML_CUSTOM,
     .flags = WEIR_YAML_REQUIRED,
     .read = read_money,
     .print = print_money},
    {.key = "collateral",
     .type = WEIR_YAML_CUSTOM,
     .read = read_collateral,
     .print = print_collateral},
    {.key = "account_classes",
     .type = WEIR_YAML_LIST,
     .flags = WEIR_YAML_REQUIRED,
     .offset = FIELD_AT(V, classes),
     .count_offset = FIELD_AT(V, class_count),
     .min = 1,
     .max = WEIR_CLASSES_MAX,
     .size = sizeof(struct weir_class),
     .fields = class_fields},
    {.key = "funds",
     .type = WEIR_YAML_CUSTOM,
     .flags = WEIR_YAML_REQUIRED,
     .read = read_funds,
     .print = print_funds},
    {.key = "markets",
     .type = WEIR_YAML_CUSTOM,
     .flags = WEIR_YAML_REQUIRED,
     .read = weir_read_markets,
     .print = weir_print_markets},
    FIELD_RATE("positive_pnl_weight", V, positive_pnl_weight, 0, WEIR_PPB, "1"),
    FIELD_RATE("transfer_margin", V, transfer_margin, 0, WEIR_PPB, "0"),
    FIELD_WORD("self_trade", V, self_trade, self_trades, "cancel_resting"),
    FIELD_INTEGER("max_fills_per_order", V, max_fills_per_order, 1, STEPS_MAX, "1000"),
    FIELD_DURATION("max_clock_step", V, max_clock_step, 1, "24h"),
    FIELD_GROUP("trigger", trigger),
    FIELD_GROUP("liquidation", liquidation),
    FIELD_GROUP("auction", auction),
    FIELD_GROUP("backstop", backstop),
    FIELD_GROUP("absorb", absorb),
    FIELD_GROUP("adl", adl),
    FIELD_GROUP("socialise", socialise),
    FIELD_END};
