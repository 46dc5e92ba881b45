/* Every key of the venue file: its default, and that a value reaches its field. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "market/market.h"
#include "market/yaml.h"

static const char base[] = "name: v\n"
                           "money: {asset: USDT, decimals: 6}\n"
                           "collateral: [{asset: ETH}]\n"
                           "account_classes: [{name: default}, {name: retail, max_leverage: 20}]\n"
                           "funds: [{name: main}, {name: alt}]\n"
                           "markets:\n"
                           "  - symbol: BTC-PERP\n"
                           "    tick: 0.1\n"
                           "    lot: 0.001\n"
                           "    tiers:\n"
                           "      - {cap: 50000, rate: 0.004, max_leverage: 125}\n"
                           "      - {cap: 600000, rate: 0.005, max_leverage: 100}\n";

static struct weir_venue *load(const char *path, const char *value) {
    const struct weir_setting setting = {path, value};
    struct weir_file_error error = {{0}};
    struct weir_venue *venue =
        weir_venue_parse(base, sizeof base - 1, "base.yaml", &setting, path ? 1 : 0, &error);
    cr_assert(venue, "%s=%s: %s", path ? path : "", value ? value : "", error.text);
    return venue;
}

/* What the value lands in: 8-byte number, enum, bool, byte, or name (by `word`). */
enum kind { I64, ENUM, BOOL, BYTE, NAME };
enum owner { VENUE, MARKET, FUND, CLASS, ASSET, TIER };

struct row {
    const char *path, *value;
    int64_t usual, expected;
    enum kind kind;
    enum owner owner;
    size_t offset;
    const char *word; /* NAME: the default */
};

#define V(m, k) k, VENUE, offsetof(struct weir_venue, m), NULL
#define M(m, k) k, MARKET, offsetof(struct weir_market, m), NULL
#define F(m, k) k, FUND, offsetof(struct weir_fund_config, m), NULL
#define A(m, k) k, ASSET, offsetof(struct weir_asset, m), NULL
#define PPB     INT64_C(1000000000)
#define SEC     INT64_C(1000000000)
#define NONE    INT64_MAX
#define B       "markets.BTC-PERP."

static const struct row rows[] = {
    {"name", "w", 0, 0, NAME, VENUE, offsetof(struct weir_venue, name), "v"},
    {"money.asset", "USDC", 0, 0, NAME, VENUE, offsetof(struct weir_venue, assets[0].name), "USDT"},
    {"money.decimals", "8", 6, 8, V(assets[0].decimals, BYTE)},
    {"collateral.ETH.asset", "SOL", 0, 0, NAME, ASSET, offsetof(struct weir_asset, name), "ETH"},
    {"collateral.ETH.decimals", "9", 8, 9, A(decimals, BYTE)},
    {"collateral.ETH.haircut", "0.1", PPB / 20, PPB / 10, A(haircut, I64)},
    {"collateral.ETH.stale_after", "1m", 10 * SEC, 60 * SEC, A(stale_after, I64)},
    {"collateral.ETH.stale_after", "none", 10 * SEC, NONE, A(stale_after, I64)},
    {"account_classes.default.name", "pro", 0, 0, NAME, CLASS, 0, "default"},
    {"account_classes.0.max_leverage", "25", NONE, 25, I64, CLASS,
     offsetof(struct weir_class, max_leverage), NULL},
    {"positive_pnl_weight", "0.5", PPB, PPB / 2, V(positive_pnl_weight, I64)},
    {"transfer_margin", "0.1", 0, PPB / 10, V(transfer_margin, I64)},
    {"self_trade", "cancel_taker", 0, WEIR_STP_CANCEL_TAKER, V(self_trade, ENUM)},
    {"self_trade", "cancel_both", 0, WEIR_STP_CANCEL_BOTH, V(self_trade, ENUM)},
    {"self_trade", "decrement", 0, WEIR_STP_DECREMENT, V(self_trade, ENUM)},
    {"max_fills_per_order", "7", 1000, 7, V(max_fills_per_order, I64)},
    {"max_clock_step", "1.5h", 86400 * SEC, 5400 * SEC, V(max_clock_step, I64)},
    {"trigger.rule", "maintenance_strict", 0, WEIR_TRIGGER_MAINTENANCE_STRICT,
     V(trigger_rule, ENUM)},
    {"trigger.rule", "initial_fraction", 0, WEIR_TRIGGER_INITIAL_FRACTION, V(trigger_rule, ENUM)},
    {"trigger.fraction", "0.8", 9 * PPB / 10, 8 * PPB / 10, V(trigger_fraction, I64)},
    {"trigger.warn_at", "none", 8 * PPB / 10, NONE, V(warn_at, I64)},
    {"liquidation.order", "fifo", 0, WEIR_FIFO, V(queue_order, ENUM)},
    {"liquidation.order", "largest_first", 0, WEIR_LARGEST_FIRST, V(queue_order, ENUM)},
    {"liquidation.steps_per_command", "1", 64, 1, V(steps_per_command, I64)},
    {"liquidation.fills_per_step", "3", 64, 3, V(fills_per_step, I64)},
    {"liquidation.capacity", "100", NONE, 100, V(capacity, I64)},
    {"liquidation.restore_margin", "1.25", 11 * PPB / 10, 5 * PPB / 4, V(restore_margin, I64)},
    {"liquidation.takeover_at", "0.3", 0, 3 * PPB / 10, V(takeover_at, I64)},
    {"liquidation.empty_slices", "4", 1, 4, V(empty_slices, I64)},
    {"liquidation.empty_means", "nothing_filled", 0, 1, V(empty_means_nothing_filled, BOOL)},
    {"liquidation.bankruptcy_share", "mm_released", 0, WEIR_SHARE_MM_RELEASED,
     V(bankruptcy_share, ENUM)},
    {"liquidation.bankruptcy_fee", "included", 0, 1, V(bankruptcy_fee_included, BOOL)},
    {"liquidation.limit", "fillable", 0, 1, V(limit_fillable, BOOL)},
    {"liquidation.fillable.spread", "0.2", PPB / 10, PPB / 5, V(fillable_spread, I64)},
    {"liquidation.fillable.adjustment", "2", PPB, 2 * PPB, V(fillable_adjustment, I64)},
    {"liquidation.remainder", "confiscate", 0, 1, V(remainder_confiscate, BOOL)},
    {"liquidation.policy.name", "tier_step", 0, WEIR_POLICY_TIER_STEP, V(policy.name, ENUM)},
    {"liquidation.policy", "{name: tier_step, to: first}", 0, 1,
     V(policy.tier_step_to_first, BOOL)},
    {"liquidation.policy", "{name: fraction}", 0, 100000000000, V(policy.threshold, I64)},
    {"liquidation.policy", "{name: fraction, threshold: 5}", 0, 5000000, V(policy.threshold, I64)},
    {"liquidation.policy", "{name: fraction}", 0, PPB / 5, V(policy.fraction, I64)},
    {"liquidation.policy", "{name: fraction}", 0, 30 * SEC, V(policy.cooldown, I64)},
    {"liquidation.policy", "{name: fraction, cooldown: 0s}", 0, 0, V(policy.cooldown, I64)},
    {"liquidation.policy", "{name: disposal}", 0, 10 * SEC, V(policy.step, I64)},
    {"liquidation.policy", "{name: disposal}", 0, PPB / 10, V(policy.fraction, I64)},
    {"liquidation.policy", "{name: disposal}", 0, 20, V(policy.full_size, I64)},
    {"liquidation.policy", "{name: disposal, full_size: 5}", 0, 5, V(policy.full_size, I64)},
    {"liquidation.policy", "{name: disposal}", 0, PPB / 20, V(policy.slippage_range, I64)},
    {"liquidation.policy", "{name: disposal, slippage_range: 10}", 0, 10 * PPB,
     V(policy.slippage_range, I64)},
    {"liquidation.policy", "{name: disposal}", 0, PPB / 10, V(policy.max_share, I64)},
    {"liquidation.policy", "{name: block_cap}", 0, SEC, V(policy.interval, I64)},
    {"liquidation.policy", "{name: block_cap, interval: 250ms}", 0, SEC / 4,
     V(policy.interval, I64)},
    {"liquidation.policy", "{name: block_cap}", 0, PPB, V(policy.share, I64)},
    {"liquidation.policy", "{name: block_cap, min_notional: 7}", 0, 7000000,
     V(policy.min_notional, I64)},
    {"liquidation.policy", "{name: block_cap}", 0, WEIR_NONE, V(policy.account_notional, I64)},
    {"liquidation.policy", "{name: block_cap, account_notional: 5}", 0, 5000000,
     V(policy.account_notional, I64)},
    {"liquidation.policy", "{name: block_cap}", 0, WEIR_NONE, V(policy.account_loss, I64)},
    {"liquidation.policy", "{name: block_cap}", 0, WEIR_NONE, V(policy.market_notional, I64)},
    {"liquidation.policy", "{name: block_cap, market_notional: 6}", 0, 6000000,
     V(policy.market_notional, I64)},
    {"liquidation.policy", "{name: window}", 0, 3600 * SEC, V(policy.window, I64)},
    {"liquidation.policy", "{name: window, window: 10s}", 0, 10 * SEC, V(policy.window, I64)},
    {"liquidation.policy", "{name: window}", 0, WEIR_NONE, V(policy.notional, I64)},
    {"liquidation.policy", "{name: window, notional: 5}", 0, 5000000, V(policy.notional, I64)},
    {"liquidation.policy", "{name: ramp, initial: 0.2}", 0, PPB / 5, V(policy.initial, I64)},
    {"liquidation.policy", "{name: ramp}", 0, 600 * SEC, V(policy.duration, I64)},
    {"liquidation.policy", "{name: ramp, duration: 5s}", 0, 5 * SEC, V(policy.duration, I64)},
    {"liquidation.policy", "{name: random_slice}", 0, PPB / 5, V(policy.fraction, I64)},
    {"liquidation.policy", "{name: random_slice}", 0, PPB / 10, V(policy.probability, I64)},
    {"liquidation.policy", "{name: random_slice, probability: 1}", 0, PPB,
     V(policy.probability, I64)},
    {"liquidation.policy", "{name: random_slice}", 0, PPB / 20, V(policy.volume_share, I64)},
    {"liquidation.policy", "{name: random_slice}", 0, 1, V(policy.seed, I64)},
    {"liquidation.policy", "{name: random_slice, seed: 9}", 0, 9, V(policy.seed, I64)},
    {"liquidation.policy", "{name: pov}", 0, PPB / 10, V(policy.share, I64)},
    {"liquidation.policy", "{name: pov}", 0, SEC, V(policy.interval, I64)},
    {"liquidation.policy", "{name: pov, interval: 2s}", 0, 2 * SEC, V(policy.interval, I64)},
    {"liquidation.policy", "{name: depth}", 0, PPB / 10, V(policy.share, I64)},
    {"liquidation.policy", "{name: depth, share: 1}", 0, PPB, V(policy.share, I64)},
    {"liquidation.policy", "{name: optimal}", 0, 600 * SEC, V(policy.horizon, I64)},
    {"liquidation.policy", "{name: optimal}", 0, 20, V(policy.slices, I64)},
    {"liquidation.policy", "{name: optimal, slices: 1000}", 0, 1000, V(policy.slices, I64)},
    {"liquidation.policy", "{name: optimal, risk_aversion: 1.5}", 0, PPB + PPB / 2,
     V(policy.risk_aversion, I64)},
    {"liquidation.policy.slippage", "0.01", 0, PPB / 100, V(policy.slippage, I64)},
    {"liquidation.policy.frontier", "off", 1, 0, V(policy.frontier, BOOL)},
    {"liquidation.market_budget.notional", "none", NONE, NONE, V(market_budget_notional, I64)},
    {"liquidation.market_budget.interval", "1000ms", SEC, SEC, V(market_budget_interval, I64)},
    {"liquidation.market_budget.quantum", "10000.0", 10000000000, 10000000000,
     V(market_budget_quantum, I64)},
    {"auction.format", "none", 0, WEIR_AUCTION_NONE, V(auction_format, ENUM)},
    {"auction.price", "highest_rejected", 0, WEIR_HIGHEST_REJECTED, V(auction_price, ENUM)},
    {"auction.interval", "500ms", 2 * SEC, SEC / 2, V(auction_interval, I64)},
    {"auction.min_bid_lots", "10", 1, 10, V(auction_min_bid_lots, I64)},
    {"auction.max_open_notional", "1000", NONE, 1000000000, V(auction_max_open_notional, I64)},
    {"auction.start", "1.02", 102 * PPB / 100, 102 * PPB / 100, V(auction_start, I64)},
    {"auction.curve", "linear", 0, 0, V(auction_curve, ENUM)},
    {"auction.duration", "10s", 10 * SEC, 10 * SEC, V(auction_duration, I64)},
    {"auction.step", "1s", SEC, SEC, V(auction_step, I64)},
    {"auction.cut", "0.99", 99 * PPB / 100, 99 * PPB / 100, V(auction_cut, I64)},
    {"auction.tail", "none", NONE, NONE, V(auction_tail, I64)},
    {"auction.cusp", "none", NONE, NONE, V(auction_cusp, I64)},
    {"auction.max_restarts", "1", 1, 1, V(auction_max_restarts, I64)},
    {"backstop.at", "0.5", 0, PPB / 2, V(backstop_at, I64)},
    {"backstop.discount", "-0.01", 0, -PPB / 100, V(backstop_discount, I64)},
    {"absorb.enabled", "true", 0, 1, V(absorb_enabled, BOOL)},
    {"absorb.max_notional", "50", NONE, 50000000, V(absorb_max_notional, I64)},
    {"absorb.policy", "{name: full}", WEIR_POLICY_TWAP, WEIR_POLICY_FULL,
     V(absorb_policy.name, ENUM)},
    {"absorb.policy.name", "full", WEIR_POLICY_TWAP, WEIR_POLICY_FULL, V(absorb_policy.name, ENUM)},
    {"absorb.policy.horizon", "1m", 600 * SEC, 60 * SEC, V(absorb_policy.horizon, I64)},
    {"absorb.policy.slices", "5", 20, 5, V(absorb_policy.slices, I64)},
    {"adl.ranking", "pnl_amount_leverage", 0, WEIR_RANK_PNL_AMOUNT_LEVERAGE, V(adl_ranking, ENUM)},
    {"adl.ranking", "pnl", 0, WEIR_RANK_PNL, V(adl_ranking, ENUM)},
    {"adl.ranking", "size", 0, WEIR_RANK_SIZE, V(adl_ranking, ENUM)},
    {"adl.ranking", "notional_leverage", 0, WEIR_RANK_NOTIONAL_LEVERAGE, V(adl_ranking, ENUM)},
    {"adl.ranking", "pro_rata", 0, WEIR_RANK_PRO_RATA, V(adl_ranking, ENUM)},
    {"adl.ranking", "equity_pro_rata", 0, WEIR_RANK_EQUITY_PRO_RATA, V(adl_ranking, ENUM)},
    {"adl.ranking", "contract_pro_rata", 0, WEIR_RANK_CONTRACT_PRO_RATA, V(adl_ranking, ENUM)},
    {"adl.ranking", "water_filling", 0, WEIR_RANK_WATER_FILLING, V(adl_ranking, ENUM)},
    {"adl.ranking", "min_accounts", 0, WEIR_RANK_MIN_ACCOUNTS, V(adl_ranking, ENUM)},
    {"adl.ranking", "rotation", 0, WEIR_RANK_ROTATION, V(adl_ranking, ENUM)},
    {"adl.price", "mark", 0, WEIR_ADL_MARK, V(adl_price, ENUM)},
    {"adl.price", "previous_mark", 0, WEIR_ADL_PREVIOUS_MARK, V(adl_price, ENUM)},
    {"adl.equity", "posted", 0, WEIR_ADL_POSTED, V(adl_equity, ENUM)},
    {"adl.max_price_deviation", "0.2", PPB / 20, PPB / 5, V(adl_max_price_deviation, I64)},
    {"adl.seed", "12", 1, 12, V(adl_seed, I64)},
    {"adl.when", "negative_equity", 0, WEIR_ADL_NEGATIVE_EQUITY, V(adl_when, ENUM)},
    {"adl.when", "never", 0, WEIR_ADL_NEVER, V(adl_when, ENUM)},
    {"adl.eligible", "healthy", 0, 0, V(adl_eligible, ENUM)},
    {"adl.no_counterparty", "keep", 0, WEIR_ADL_KEEP, V(adl_no_counterparty, ENUM)},
    {"socialise.base", "equity", 0, 2, V(socialise_base, ENUM)},
    {"socialise.settlement_interval", "30m", 28800 * SEC, 1800 * SEC, V(settlement_interval, I64)},
    {"funds.main.name", "first", 0, 0, NAME, FUND, 0, "main"},
    {"funds.main.payout", "all_or_nothing", 0, WEIR_PAYOUT_ALL_OR_NOTHING, F(payout, ENUM)},
    {"funds.main.budget_per_step", "1", NONE, 1000000, F(budget_per_step, I64)},
    {"funds.main.max_subsidy", "0.1", PPB / 20, PPB / 10, F(max_subsidy, I64)},
    {"funds.main.interval", "5s", SEC, 5 * SEC, F(interval, I64)},
    {"funds.main.market_cap", "2", NONE, 2000000, F(market_cap, I64)},
    {"funds.main.account_cap", "0.000001", NONE, 1, F(account_cap, I64)},
    {"funds.main.drawdown_trigger", "none", 3 * PPB / 10, NONE, F(drawdown_trigger, I64)},
    {"funds.main.drawdown_trigger", "0.1", PPB / 4, PPB / 10, F(drawdown_release, I64)},
    {"funds.main.drawdown_release", "0", PPB / 4, 0, F(drawdown_release, I64)},
    {"funds.main.drawdown_window", "2d", 28800 * SEC, 172800 * SEC, F(drawdown_window, I64)},
    {"funds.main.drawdown_min", "3", 0, 3000000, F(drawdown_min, I64)},
    {"funds.main.on_trigger", "stop", 0, 0, F(on_trigger, ENUM)},
    {B "symbol", "X", 0, 0, NAME, MARKET, 0, "BTC-PERP"},
    {B "contract", "linear", 0, 0, M(contract, ENUM)},
    {B "expiry", "none", NONE, NONE, M(expiry, I64)},
    {B "settlement_window", "1800s", 1800 * SEC, 1800 * SEC, M(settlement_window, I64)},
    {B "group", "majors", 0, 0, NAME, MARKET, offsetof(struct weir_market, group), "default"},
    {B "fund", "alt", 0, 1, M(fund_idx, ENUM)},
    {B "tick", "0.5", 100, 500, M(unit_value, I64)},
    {B "tick", "0.25", 1, 2, M(price_digits, BYTE)},
    {B "lot", "0.1", 100, 10000, M(unit_value, I64)},
    {B "lot", "1.0", 3, 0, M(qty_digits, BYTE)},
    {B "min_qty", "0.005", 1, 5, M(min_qty, I64)},
    {B "min_notional", "5", 0, 5000000, M(min_notional, I64)},
    {B "tiers.0.cap", "60000", 50000000000, 60000000000, I64, TIER, 0, NULL},
    {B "tiers.0.rate", "0.0045", 4000000, 4500000, I64, TIER, offsetof(struct weir_tier, rate),
     NULL},
    {B "tiers.0.max_leverage", "50", 125, 50, I64, TIER, offsetof(struct weir_tier, max_leverage),
     NULL},
    {B "tiers.0", "{cap: 1, rate: 0, initial_rate: 0.008}", 0, 8000000, I64, TIER,
     offsetof(struct weir_tier, initial_rate), NULL},
    {B "tiers", "[{cap: 1, rate: 0, max_leverage: 3}]", 2, 1, M(tiers.count, ENUM)},
    {B "tier_mode", "whole", 0, WEIR_TIER_WHOLE, M(tier_mode, ENUM)},
    {B "tier_edge", "lower_inclusive", 0, WEIR_LOWER_INCLUSIVE, M(tier_edge, ENUM)},
    {B "margin_basis", "entry", 0, WEIR_BASIS_ENTRY, M(margin_basis, ENUM)},
    {B "closing_fee_reserve", "0.0005", 0, 500000, M(closing_fee_reserve, I64)},
    {B "closing_fee_basis", "entry", 0, WEIR_BASIS_ENTRY, M(closing_fee_basis, ENUM)},
    {B "oi_scaling.lower", "none", NONE, NONE, M(oi_scaling_lower, I64)},
    {B "oi_scaling.upper", "none", NONE, NONE, M(oi_scaling_upper, I64)},
    {B "open_interest_cap", "9", NONE, 9000000, M(open_interest_cap, I64)},
    {B "position_limit", "8", NONE, 8000000, M(position_limit, I64)},
    {B "max_open_orders", "5", 200, 5, M(max_open_orders, I64)},
    {B "max_open_orders", "none", 200, NONE, M(max_open_orders, I64)},
    {B "max_price", "1000000", 92233720368, 10000000, M(max_price, I64)},
    {B "default_leverage", "125", 10, 125, M(default_leverage, I64)},
    {B "tiers", "[{cap: 1, rate: 0, max_leverage: 3}]", 10, 3, M(default_leverage, I64)},
    {B "fees", "{maker: -0.0001, taker: 0.0001}", 0, -100000, M(fee_maker, I64)},
    {B "fees.maker", "0.0002", 0, 200000, M(fee_maker, I64)},
    {B "fees.taker", "0.0005", 0, 500000, M(fee_taker, I64)},
    {B "fees.liquidation", "0.01", 0, 10000000, M(fee_liquidation, I64)},
    {B "index.stale_after", "60s", 5 * SEC, 60 * SEC, M(index_stale_after, I64)},
    {B "index.min_sources", "2", 1, 2, M(index_min_sources, I64)},
    {B "index.outlier", "0.03", NONE, 30000000, M(index_outlier, I64)},
    {B "mark.method", "ema_basis", 0, WEIR_MARK_EMA_BASIS, M(mark_method, ENUM)},
    {B "mark.method", "median", 0, WEIR_MARK_MEDIAN, M(mark_method, ENUM)},
    {B "mark.interval", "2s", SEC, 2 * SEC, M(mark_interval, I64)},
    {B "mark.impact_notional", "1", 20000000000, 1000000, M(mark_impact_notional, I64)},
    {B "mark.window", "5m", 60 * SEC, 300 * SEC, M(mark_window, I64)},
    {B "mark.clamp", "0.01", 5000000, 10000000, M(mark_clamp, I64)},
    {B "funding.interval", "1h", 28800 * SEC, 3600 * SEC, M(funding_interval, I64)},
    {B "funding.interest", "-0.0003", 100000, -300000, M(funding_interest, I64)},
    {B "funding.clamp", "0", 500000, 0, M(funding_clamp, I64)},
    {B "funding.cap", "none", 20000000, NONE, M(funding_cap, I64)},
    {B "price_band", "none", PPB / 10, NONE, M(price_band, I64)},
    {B "price_band", "2", PPB / 10, 2 * PPB, M(price_band, I64)},
    {B "liquidation_band", "0.05", PPB / 10, PPB / 20, M(liquidation_band, I64)},
};
#define ROWS (sizeof rows / sizeof *rows)

static const void *field(const struct weir_venue *venue, const struct row *row) {
    const void *owners[] = {[VENUE] = venue,
                            [MARKET] = &venue->markets[0],
                            [FUND] = &venue->funds[0],
                            [CLASS] = &venue->classes[0],
                            [ASSET] = &venue->assets[1],
                            [TIER] = &venue->markets[0].tiers.row[0]};
    return (const char *)owners[row->owner] + row->offset;
}

static int64_t number(const struct weir_venue *venue, const struct row *row) {
    int64_t wide = 0;
    static const size_t sizes[] = {[I64] = 8, [ENUM] = 4, [BOOL] = sizeof(bool), [BYTE] = 1};
    memcpy(&wide, field(venue, row), sizes[row->kind]);
    return wide;
}

Test(keys, defaults_and_values) {
    struct weir_venue *plain = load(NULL, NULL);
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        struct weir_venue *venue = load(row->path, row->value);
        if (row->kind == NAME) {
            cr_assert_str_eq(field(plain, row), row->word, "default of %s", row->path);
            cr_assert_str_eq(field(venue, row), row->value, "%s", row->path);
        } else {
            cr_assert_eq(number(plain, row), row->usual, "default of %s is %lld", row->path,
                         (long long)number(plain, row));
            cr_assert_eq(number(venue, row), row->expected, "%s=%s gives %lld", row->path,
                         row->value, (long long)number(venue, row));
            /* A row that restates the default in other words does not count, all others must. */
            bool same = row->usual == row->expected;
            cr_assert(same || venue->digest != plain->digest, "%s not in digest", row->path);
        }
        weir_venue_free(venue);
    }
    weir_venue_free(plain);
}

/* What weir_venue_print writes is read back to the same digest and the same text. */
Test(keys, print_reads_back) {
    for (size_t i = 0; i < ROWS; i++) {
        struct weir_venue *venue = load(rows[i].path, rows[i].value);
        struct weir_file_error error = {{0}};
        char *text = weir_venue_print(venue);
        struct weir_venue *again = weir_venue_parse(text, strlen(text), "printed", NULL, 0, &error);
        cr_assert(again, "%s: %s", rows[i].path, error.text);
        cr_assert_eq(again->digest, venue->digest, "%s", rows[i].path);
        char *twice = weir_venue_print(again);
        cr_assert_str_eq(twice, text);
        free(text);
        free(twice);
        weir_venue_free(venue);
        weir_venue_free(again);
    }
}

/* Another spelling of the same venue has the same digest. */
Test(keys, digest_ignores_spelling) {
    static const char *const same[][2] = {{"max_clock_step", "86400s"},
                                          {"transfer_margin", "0.000"},
                                          {"markets.BTC-PERP.tick", "0.10"},
                                          {"liquidation.policy", "{name: full}"},
                                          {"collateral", "[{asset: ETH, decimals: 8}]"},
                                          {"absorb.enabled", "off"},
                                          {"markets.0.fund", "main"},
                                          {"markets.0.max_price", "9223372036.8"}};
    struct weir_venue *plain = load(NULL, NULL);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct weir_venue *venue = load(same[i][0], same[i][1]);
        cr_assert_eq(venue->digest, plain->digest, "%s", same[i][0]);
        weir_venue_free(venue);
    }
    weir_venue_free(plain);
}

/* ---- No key of the published example is forgotten -------------------------------------------- */
static bool has_row(const char *path) {
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].path, path) == 0) return true;
    return false;
}

static void walk(const struct weir_yaml_node *node, const char *path) {
    char below[256];
    uint32_t index = 0;
    if (node->kind == WEIR_YAML_SCALAR) {
        cr_assert(has_row(path), "no row for %s", path);
        return;
    }
    for (const struct weir_yaml_node *c = node->first; c; c = c->next, index++) {
        const char *dot = *path ? "." : "";
        if (c->key) {
            snprintf(below, sizeof below, "%s%s%s", path, dot, c->key);
        } else {
            if (index > 0) return;
            const struct weir_yaml_node *name = weir_yaml_find(c, "name");
            if (!name) name = weir_yaml_find(c, "symbol");
            if (!name) name = weir_yaml_find(c, "asset");
            snprintf(below, sizeof below, "%s.%s", path, name ? name->text : "0");
            /* The rows reach the first class by index for one key, to show that it works. */
            if (strcmp(path, "account_classes") == 0) return;
        }
        walk(c, below);
    }
}

Test(keys, rows_cover_the_published_example) {
    const char *path = "../shared/spec/venue-example.yaml";
    struct weir_file_error error;
    if (access(path, R_OK) != 0) cr_skip("no %s beside the project", path);
    struct weir_yaml *yaml = weir_yaml_load(path, &error);
    cr_assert(yaml, "%s", error.text);
    walk(weir_yaml_root(yaml), "");
    weir_yaml_free(yaml);
    struct weir_venue *venue = weir_venue_load(path, NULL, 0, &error);
    cr_assert(venue, "%s", error.text);
    weir_venue_free(venue);
}
