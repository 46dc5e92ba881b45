/* The writer of events: every kind, byte for byte. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/wire/random.h"

static struct weir_market markets[2];
static struct weir_fund_config funds[2];
static struct weir_venue venue;

static struct weir_name name(const char *text) {
    struct weir_name n;
    cr_assert(weir_name_read(text, strlen(text), &n));
    return n;
}

static void make_venue(void) {
    venue.asset_count = 2;
    venue.assets[0] = (struct weir_asset){.name = name("USDT"), .decimals = 6};
    venue.assets[1] = (struct weir_asset){.name = name("ETH"), .decimals = 8};
    venue.money_unit = weir_decimal_power(6);
    venue.market_count = 2;
    venue.markets = markets;
    venue.fund_count = 2;
    venue.funds = funds;
    markets[0] = (struct weir_market){.symbol = name("BTC-PERP"),
                                      .tick = {.mantissa = 1, .scale = 1},
                                      .lot = {.mantissa = 1, .scale = 3},
                                      .price_digits = 1,
                                      .qty_digits = 3};
    markets[1] = (struct weir_market){.symbol = name("X"),
                                      .tick = {.mantissa = 25, .scale = 2},
                                      .lot = {.mantissa = 10},
                                      .price_digits = 2};
    funds[1].name = name("alt");
    funds[0].name = name("main");
}
TestSuite(event, .init = make_venue);

static char text[1 << 20];
static void expect(struct weir_event event, const char *expected) {
    event.seq = 7;
    event.n = 3;
    event.t = INT64_C(1760000000000000001);
    size_t size = weir_json_event(&venue, &event, text, sizeof text);
    cr_assert_lt(size, sizeof text);
    text[size] = 0;
    const char *head = "{\"seq\":7,\"n\":3,\"t\":1760000000000000001,\"event\":";
    cr_assert_eq(strncmp(text, head, strlen(head)), 0, "%s", text);
    cr_assert_str_eq(text + strlen(head), expected);
    /* With less room it says how much it needs and writes nothing past the end. */
    for (size_t room = 0; room < size; room += 1 + room / 3) {
        char *small = malloc(room > 0 ? room : 1);
        cr_assert_eq(weir_json_event(&venue, &event, small, room), size);
        free(small);
    }
}
#define EXPECT(kind_of, expected, ...)                                                             \
    expect((struct weir_event){.kind = kind_of, __VA_ARGS__}, expected "}\n")

static const struct weir_name anna = {"anna"}, bob = {"bob"}, o1 = {"o1"};

Test(event, orders) {
    EXPECT(WEIR_EV_ACCEPTED, "\"accepted\",\"cmd\":\"order\",\"id\":\"o1\"",
           .accepted = {WEIR_CMD_ORDER, &o1});
    EXPECT(WEIR_EV_ACCEPTED, "\"accepted\",\"cmd\":\"clock\"", .accepted = {WEIR_CMD_CLOCK, NULL});
    EXPECT(WEIR_EV_REJECTED,
           "\"rejected\",\"reason\":\"band\",\"detail\":\"\\\"a\\\\b\\\" \\u0001\\u00ff\"",
           .rejected = {WEIR_R_BAND, "\"a\\b\" \x01\xFF"});
    EXPECT(WEIR_EV_REJECTED, "\"rejected\",\"reason\":\"margin\",\"detail\":\"\"",
           .rejected = {WEIR_R_MARGIN, NULL});
    EXPECT(
        WEIR_EV_FILL,
        "\"fill\",\"market\":\"BTC-PERP\",\"price\":\"100.5\",\"qty\":\"0.002\",\"taker\":\"anna\","
        "\"maker\":\"bob\",\"taker_order\":null,\"maker_order\":\"o1\",\"taker_side\":\"sell\","
        "\"kind\":\"liquidation\",\"taker_fee\":\"0.000001\",\"maker_fee\":\"-1.000000\","
        "\"taker_pnl\":\"-170141183460469231731687303715884.105727\",\"maker_pnl\":\"0.000000\","
        "\"maker_left\":\"9223372036854775.807\"",
        .fill = {0, 1005, 2, &anna, &bob, NULL, &o1, WEIR_SELL, WEIR_FILL_LIQUIDATION, 1, -1000000,
                 -(weir_wide)(((unsigned __int128)1 << 127) - 1), 0, INT64_MAX});
    EXPECT(
        WEIR_EV_CANCELLED,
        "\"cancelled\",\"account\":\"anna\",\"id\":\"o1\",\"qty\":\"30\",\"reason\":\"self_trade\"",
        .cancelled = {&anna, &o1, 1, 3, WEIR_C_SELF_TRADE});
    EXPECT(WEIR_EV_TRIGGERED, "\"triggered\",\"account\":\"anna\",\"id\":\"o1\",\"market\":\"X\"",
           .triggered = {&anna, &o1, 1});
}

Test(event, prices) {
    EXPECT(WEIR_EV_MARK, "\"mark\",\"market\":\"X\",\"mark\":\"0.75\",\"index\":\"1.00\"",
           .mark = {1, 3, 4});
    EXPECT(WEIR_EV_INDEX_STALE, "\"index_stale\",\"market\":\"X\"", .index = {1});
    EXPECT(WEIR_EV_INDEX_FRESH, "\"index_fresh\",\"market\":\"BTC-PERP\"", .index = {0});
    EXPECT(WEIR_EV_FUNDING,
           "\"funding\",\"market\":\"X\",\"rate\":\"-0.000100000\",\"per_lot\":\"-0.000012\"",
           .funding = {1, -100000, -12});
    EXPECT(WEIR_EV_SETTLED, "\"settled\",\"market\":\"X\",\"price\":\"0.25\"", .settled = {1, 1});
    EXPECT(WEIR_EV_STATUS, "\"status\",\"market\":\"X\",\"status\":\"reduce_only\"",
           .status = {1, WEIR_STATUS_REDUCE_ONLY});
}

Test(event, liquidation) {
    EXPECT(
        WEIR_EV_MARGIN_CALL,
        "\"margin_call\",\"account\":\"bob\",\"scope\":\"cross\",\"margin_ratio\":\"0.800000001\"",
        .margin_call = {&bob, WEIR_NO_INDEX, true, 800000001});
    EXPECT(WEIR_EV_MARGIN_CALL,
           "\"margin_call\",\"account\":\"bob\",\"scope\":\"X\",\"margin_ratio\":null",
           .margin_call = {&bob, 1, false, 5});
    EXPECT(WEIR_EV_LIQUIDATION_STARTED,
           "\"liquidation_started\",\"liquidation\":18446744073709551,\"account\":\"bob\","
           "\"scope\":\"cross\",\"equity\":\"-0.500000\",\"requirement\":\"2.000000\"",
           .liquidation_started = {UINT64_C(18446744073709551), &bob, WEIR_NO_INDEX, -500000,
                                   2000000});
    EXPECT(WEIR_EV_LIQUIDATION_STEP,
           "\"liquidation_step\",\"liquidation\":1,\"account\":\"bob\",\"scope\":\"X\","
           "\"market\":\"X\",\"side\":\"buy\",\"qty\":\"50\",\"limit\":\"2.50\",\"filled\":\"0\","
           "\"policy\":\"tier_step\"",
           .liquidation_step = {1, &bob, 1, 1, WEIR_BUY, 5, 10, 0, WEIR_POLICY_TIER_STEP});
    EXPECT(WEIR_EV_LIQUIDATION_ENDED,
           "\"liquidation_ended\",\"liquidation\":1,\"account\":\"bob\",\"scope\":\"cross\","
           "\"outcome\":\"closed\",\"book\":\"0.000001\",\"auction\":\"0.000002\","
           "\"backstop\":\"0.000003\",\"absorbed\":\"0.000004\",\"adl\":\"0.000005\","
           "\"shortfall\":\"0.000006\"",
           .liquidation_ended = {1, &bob, WEIR_NO_INDEX, WEIR_CLOSED, {1, 2, 3, 4, 5}, 6});
    EXPECT(WEIR_EV_AUCTION_OPENED,
           "\"auction_opened\",\"auction\":4,\"market\":\"BTC-PERP\",\"side\":\"sell\","
           "\"qty\":\"0.001\",\"closes_at\":9",
           .auction_opened = {4, 0, WEIR_SELL, 1, 9});
    EXPECT(WEIR_EV_AUCTION_JOINED,
           "\"auction_joined\",\"auction\":4,\"market\":\"BTC-PERP\",\"side\":\"sell\","
           "\"qty\":\"0.001\",\"closes_at\":9",
           .auction_opened = {4, 0, WEIR_SELL, 1, 9});
    EXPECT(WEIR_EV_AUCTION_CLOSED,
           "\"auction_closed\",\"auction\":4,\"allotted\":\"0.010\",\"unsold\":\"0.020\","
           "\"price\":\"0.3\"",
           .auction_closed = {4, 0, 10, 20, {true, 3}});
    EXPECT(WEIR_EV_AUCTION_CLOSED,
           "\"auction_closed\",\"auction\":4,\"allotted\":\"0.000\",\"unsold\":\"0.020\","
           "\"price\":null",
           .auction_closed = {4, 0, 0, 20, {false, 3}});
    EXPECT(WEIR_EV_ADL,
           "\"adl\",\"market\":\"X\",\"account\":\"bob\",\"counterparty\":\"anna\",\"qty\":\"10\","
           "\"price\":\"0.50\",\"rank\":1,\"haircut\":\"0.000007\",\"least_haircut\":\"0.000000\"",
           .adl = {1, &bob, &anna, 1, 2, {true, 1}, 7, 0});
    EXPECT(WEIR_EV_ADL,
           "\"adl\",\"market\":\"X\",\"account\":\"bob\",\"counterparty\":\"anna\",\"qty\":\"10\","
           "\"price\":\"0.50\",\"rank\":null,\"haircut\":\"0.000007\","
           "\"least_haircut\":\"0.000000\"",
           .adl = {1, &bob, &anna, 1, 2, {false, 1}, 7, 0});
}

Test(event, money) {
    EXPECT(WEIR_EV_FUND_MOVEMENT,
           "\"fund_movement\",\"fund\":\"alt\",\"cause\":\"liquidation_fee\","
           "\"amount\":\"0.000005\",\"balance\":\"1.000000\",\"account\":null",
           .fund_movement = {1, WEIR_CAUSE_LIQUIDATION_FEE, 5, 1000000, NULL});
    EXPECT(WEIR_EV_FUND_MOVEMENT,
           "\"fund_movement\",\"fund\":\"main\",\"cause\":\"gap\",\"amount\":\"-0.000005\","
           "\"balance\":\"0.000000\",\"account\":\"bob\"",
           .fund_movement = {0, WEIR_CAUSE_GAP, -5, 0, &bob});
    EXPECT(WEIR_EV_COLLATERAL_SOLD,
           "\"collateral_sold\",\"account\":\"bob\",\"asset\":\"ETH\",\"amount\":\"0.00000001\","
           "\"price\":\"3000.000000001\",\"proceeds\":\"2.000000\"",
           .collateral_sold = {&bob, 1, 1, 3000 * (weir_wide)WEIR_PPB + 1, 2000000});
    EXPECT(WEIR_EV_SOCIALISED, "\"socialised\",\"market\":\"X\",\"amount\":\"0.000001\"",
           .socialised = {1, NULL, 1, 0});
    EXPECT(WEIR_EV_SOCIALISED, "\"socialised\",\"account\":\"bob\",\"amount\":\"0.000001\"",
           .socialised = {WEIR_NO_INDEX, &bob, 1, 0});
}

Test(event, account_state) {
    static const struct weir_position_state positions[2] = {
        {0,
         -5,
         1000,
         {true, 9},
         {true, 8},
         -1,
         2,
         3,
         4,
         {true, 7},
         {true, 6},
         10,
         WEIR_CROSS,
         false,
         0,
         true,
         {true, 1},
         {true, 5},
         {true, 1500000000}},
        {.market = 1,
         .leverage = 3,
         .mode = WEIR_ISOLATED,
         .has_isolated_balance = true,
         .isolated_balance = 12},
    };
    EXPECT(
        WEIR_EV_ACCOUNT_STATE,
        "\"account_state\",\"account\":\"bob\",\"balance\":\"0.000001\",\"equity\":\"0.000002\","
        "\"initial_margin\":\"0.000003\",\"order_margin\":\"0.000004\","
        "\"maintenance_margin\":\"0.000005\",\"requirement\":\"0.000006\",\"margin_ratio\":null,"
        "\"available\":\"0.000007\",\"in_liquidation\":true,\"liquidatable\":false,"
        "\"positions\":[{\"market\":\"BTC-PERP\",\"qty\":\"-0.005\",\"entry_price\":\"0.9\","
        "\"entry_value\":\"0.001000\",\"mark_price\":\"0.8\",\"unrealised_pnl\":\"-0.000001\","
        "\"notional\":\"0.000002\",\"maintenance_margin\":\"0.000003\","
        "\"initial_margin\":\"0.000004\",\"liquidation_price\":\"0.7\","
        "\"bankruptcy_price\":\"0.6\",\"leverage\":10,\"margin_mode\":\"cross\","
        "\"isolated_balance\":null,\"in_liquidation\":true,\"adl_rank\":1,\"adl_light\":5,"
        "\"adl_score\":\"1.500000000\"},{\"market\":\"X\",\"qty\":\"0\",\"entry_price\":null,"
        "\"entry_value\":\"0.000000\",\"mark_price\":null,\"unrealised_pnl\":\"0.000000\","
        "\"notional\":\"0.000000\",\"maintenance_margin\":\"0.000000\","
        "\"initial_margin\":\"0.000000\",\"liquidation_price\":null,\"bankruptcy_price\":null,"
        "\"leverage\":3,\"margin_mode\":\"isolated\",\"isolated_balance\":\"0.000012\","
        "\"in_liquidation\":false,\"adl_rank\":null,\"adl_light\":null,\"adl_score\":null}]",
        .account_state = {&bob, 1, 2, 3, 4, 5, 6, false, 9, 7, true, false, 2, positions, 0, NULL});
}

Test(event, market_states) {
    static const struct weir_book_level bids[] = {{5, 6, 7}, {4, 1, 1}};
    static const struct weir_map_bucket buckets[] = {{0, 5, 0}, {4, 0, 1}};
    EXPECT(WEIR_EV_MARKET_STATE,
           "\"market_state\",\"market\":\"BTC-PERP\",\"mark\":\"0.1\",\"index\":null,"
           "\"last\":\"0.2\",\"best_bid\":\"0.3\",\"best_ask\":null,\"open_interest\":\"0.007\","
           "\"funding_rate\":\"0.000100000\",\"status\":\"trading\",\"volume\":\"0.100\"",
           .market_state = {0,
                            {true, 1},
                            {false, 0},
                            {true, 2},
                            {true, 3},
                            {false, 0},
                            7,
                            100000,
                            WEIR_STATUS_TRADING,
                            100});
    EXPECT(WEIR_EV_BOOK_STATE,
           "\"book_state\",\"market\":\"BTC-PERP\",\"bids\":[[\"0.5\",\"0.006\",7],"
           "[\"0.4\",\"0.001\",1]],\"asks\":[]",
           .book_state = {0, 2, 0, bids, NULL});
    EXPECT(WEIR_EV_LIQUIDATION_MAP,
           "\"liquidation_map\",\"market\":\"BTC-PERP\",\"buckets\":[{\"price\":\"0.0\","
           "\"long\":\"0.000005\",\"short\":\"0.000000\"},{\"price\":\"0.4\","
           "\"long\":\"0.000000\",\"short\":\"0.000001\"}]",
           .map_state = {0, 2, buckets});
}

Test(event, venue_states) {
    static const struct weir_inventory inventory[] = {{0, -3}};
    static const struct weir_auction_state auctions[] = {{1, 0, WEIR_BUY, 2, 3}};
    static const struct weir_adl_entry queue[] = {{&anna, WEIR_NO_INDEX, 1, 2500000000, 3},
                                                  {&bob, 1, 2, -1, 4}};
    EXPECT(WEIR_EV_FUND_STATE,
           "\"fund_state\",\"fund\":\"alt\",\"cash\":\"0.000001\",\"equity\":\"0.000002\","
           "\"inventory\":{\"BTC-PERP\":\"-0.003\"},\"peak\":\"0.000003\","
           "\"drawdown\":\"-0.250000000\",\"received\":{\"seed\":\"0.000001\","
           "\"liquidation_fee\":\"0.000000\",\"gap\":\"0.000000\",\"shortfall\":\"0.000000\","
           "\"absorb\":\"0.000000\",\"unwind\":\"0.000000\",\"confiscated\":\"0.000000\","
           "\"dust\":\"0.000002\"},\"paid\":{\"seed\":\"0.000000\","
           "\"liquidation_fee\":\"0.000000\",\"gap\":\"0.000003\",\"shortfall\":\"0.000000\","
           "\"absorb\":\"0.000000\",\"unwind\":\"0.000000\",\"confiscated\":\"0.000000\","
           "\"dust\":\"0.000000\"}",
           .fund_state = {1, 1, 2, 3, -250000000, 1, inventory, {1, [7] = 2}, {[2] = 3}});
    EXPECT(WEIR_EV_AUCTIONS_STATE,
           "\"auctions_state\",\"auctions\":[{\"auction\":1,\"market\":\"BTC-PERP\","
           "\"side\":\"buy\",\"qty\":\"0.002\",\"closes_at\":3}]",
           .auctions_state = {1, auctions});
    EXPECT(WEIR_EV_AUCTIONS_STATE, "\"auctions_state\",\"auctions\":[]",
           .auctions_state = {0, NULL});
    EXPECT(WEIR_EV_ADL_STATE,
           "\"adl_state\",\"market\":\"BTC-PERP\",\"side\":\"sell\",\"queue\":["
           "{\"account\":\"anna\",\"scope\":\"cross\",\"rank\":1,\"score\":\"2.500000000\","
           "\"qty\":\"0.003\"},{\"account\":\"bob\",\"scope\":\"X\",\"rank\":2,"
           "\"score\":\"-0.000000001\",\"qty\":\"0.004\"}]",
           .adl_state = {0, WEIR_SELL, 2, queue});
}

Test(event, totals) {
    static const struct weir_asset_totals assets[] = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {0}};
    static const weir_qty open_interest[] = {5, 0};
    EXPECT(WEIR_EV_TOTALS,
           "\"totals\",\"assets\":{\"USDT\":{\"balances\":\"0.000001\","
           "\"entry_values\":\"0.000002\",\"fund\":\"0.000003\",\"fees\":\"0.000004\","
           "\"holds\":\"0.000005\",\"loss_pool\":\"0.000006\",\"deposits\":\"0.000007\","
           "\"seeds\":\"0.000008\",\"withdrawals\":\"0.000009\"},\"ETH\":{"
           "\"balances\":\"0.00000000\",\"entry_values\":\"0.00000000\",\"fund\":\"0.00000000\","
           "\"fees\":\"0.00000000\",\"holds\":\"0.00000000\",\"loss_pool\":\"0.00000000\","
           "\"deposits\":\"0.00000000\",\"seeds\":\"0.00000000\",\"withdrawals\":\"0.00000000\"}},"
           "\"open_interest\":{\"BTC-PERP\":\"0.005\",\"X\":\"0\"},\"queue\":11,\"conserved\":true,"
           "\"state_hash\":\"00000000000000ff\"",
           .totals_state = {assets, open_interest, 11, true, 255});
}

/* Amounts have the decimals of the asset of their market, scope or fund; cross scopes are named by
 * theirs as soon as there are several. */
Test(event, several_settlement_assets) {
    venue.asset_count = 3;
    venue.assets[0].settles = true;
    venue.assets[2] = (struct weir_asset){.name = name("BTC"), .decimals = 3, .settles = true};
    markets[1].contract = WEIR_INVERSE;
    markets[1].asset = 2;
    funds[1].asset = 2;
    const uint32_t coin = WEIR_CROSS(2);
    EXPECT(
        WEIR_EV_FILL,
        "\"fill\",\"market\":\"X\",\"price\":\"0.50\",\"qty\":\"20\",\"taker\":\"anna\","
        "\"maker\":\"bob\",\"taker_order\":null,\"maker_order\":null,\"taker_side\":\"buy\","
        "\"kind\":\"block\",\"taker_fee\":\"0.001\",\"maker_fee\":\"-0.002\","
        "\"taker_pnl\":\"0.000\",\"maker_pnl\":\"1.000\",\"maker_left\":\"0\"",
        .fill = {1, 2, 2, &anna, &bob, NULL, NULL, WEIR_BUY, WEIR_FILL_BLOCK, 1, -2, 0, 1000, 0});
    EXPECT(WEIR_EV_FUNDING,
           "\"funding\",\"market\":\"X\",\"rate\":\"-0.000100000\",\"per_lot\":\"-0.012\"",
           .funding = {1, -100000, -12});
    EXPECT(WEIR_EV_SETTLED, "\"settled\",\"market\":\"X\",\"price\":null", .settled = {1, 0});
    EXPECT(WEIR_EV_LIQUIDATION_STARTED,
           "\"liquidation_started\",\"liquidation\":1,\"account\":\"bob\","
           "\"scope\":\"cross:BTC\",\"equity\":\"-0.005\",\"requirement\":\"2.000\"",
           .liquidation_started = {1, &bob, coin, -5, 2000});
    EXPECT(WEIR_EV_LIQUIDATION_STARTED,
           "\"liquidation_started\",\"liquidation\":1,\"account\":\"bob\","
           "\"scope\":\"cross:USDT\",\"equity\":\"-0.000005\",\"requirement\":\"0.002000\"",
           .liquidation_started = {1, &bob, WEIR_CROSS(0), -5, 2000});
    EXPECT(WEIR_EV_LIQUIDATION_ENDED,
           "\"liquidation_ended\",\"liquidation\":1,\"account\":\"bob\",\"scope\":\"X\","
           "\"outcome\":\"closed\",\"book\":\"0.001\",\"auction\":\"0.002\","
           "\"backstop\":\"0.003\",\"absorbed\":\"0.004\",\"adl\":\"0.005\","
           "\"shortfall\":\"0.006\"",
           .liquidation_ended = {1, &bob, 1, WEIR_CLOSED, {1, 2, 3, 4, 5}, 6});
    EXPECT(WEIR_EV_ADL,
           "\"adl\",\"market\":\"X\",\"account\":\"bob\",\"counterparty\":\"anna\",\"qty\":\"10\","
           "\"price\":\"0.50\",\"rank\":1,\"haircut\":\"0.007\",\"least_haircut\":\"0.000\"",
           .adl = {1, &bob, &anna, 1, 2, {true, 1}, 7, 0});
    EXPECT(WEIR_EV_FUND_MOVEMENT,
           "\"fund_movement\",\"fund\":\"alt\",\"cause\":\"seed\",\"amount\":\"0.005\","
           "\"balance\":\"0.006\",\"account\":null",
           .fund_movement = {1, WEIR_CAUSE_SEED, 5, 6, NULL});
    EXPECT(WEIR_EV_SOCIALISED, "\"socialised\",\"market\":\"X\",\"amount\":\"0.009\"",
           .socialised = {1, NULL, 9, 0});
    static const struct weir_map_bucket bucket = {4, 1500, 0};
    EXPECT(WEIR_EV_LIQUIDATION_MAP,
           "\"liquidation_map\",\"market\":\"X\",\"buckets\":[{\"price\":\"1.00\","
           "\"long\":\"1.500\",\"short\":\"0.000\"}]",
           .map_state = {1, 1, &bucket});
    static const struct weir_scope_state scope = {.asset = 2,
                                                  .balance = 1500,
                                                  .equity = 1400,
                                                  .initial_margin = 300,
                                                  .order_margin = 20,
                                                  .maintenance_margin = 100,
                                                  .requirement = 100,
                                                  .has_ratio = true,
                                                  .margin_ratio = 71428572,
                                                  .available = 1080,
                                                  .liquidatable = false};
    EXPECT(WEIR_EV_ACCOUNT_STATE,
           "\"account_state\",\"account\":\"anna\",\"balance\":\"0.000001\",\"equity\":"
           "\"0.000002\",\"initial_margin\":\"0.000000\",\"order_margin\":\"0.000000\","
           "\"maintenance_margin\":\"0.000000\",\"requirement\":\"0.000000\",\"margin_ratio\":"
           "null,\"available\":\"0.000000\",\"in_liquidation\":false,\"liquidatable\":false,"
           "\"positions\":[],\"scopes\":[{\"scope\":\"cross:BTC\",\"asset\":\"BTC\","
           "\"balance\":\"1.500\",\"equity\":\"1.400\",\"initial_margin\":\"0.300\","
           "\"order_margin\":\"0.020\",\"maintenance_margin\":\"0.100\",\"requirement\":"
           "\"0.100\",\"margin_ratio\":\"0.071428572\",\"available\":\"1.080\","
           "\"in_liquidation\":false,\"liquidatable\":false}]",
           .account_state = {
               .account = &anna, .balance = 1, .equity = 2, .scope_count = 1, .scopes = &scope});
}
