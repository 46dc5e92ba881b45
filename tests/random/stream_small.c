/* Commands about money, risk and status, and queries. */
#include "stream_internal.h"

/* A settlement asset, money more often. */
static uint32_t pick_coin(struct weir_stream *s) {
    if (s->asset_count == 1 || chance(s, 400000)) return 0;
    return (uint32_t)weir_random_below(&s->random, s->asset_count);
}

void put_deposit(struct weir_stream *s, struct text *text, uint32_t account, uint32_t asset,
                 int64_t percent) {
    struct model_account *a = &s->account[account];
    int64_t stake = s->asset[asset].stake;
    int64_t units =
        (int64_t)weir_max(1, (int64_t)((__int128)stake * percent / 100)) + draw(s, 1, 9);
    put_account(s, text, "account", account);
    if (asset > 0 || chance(s, 50000)) put_word(s, text, "asset", s->asset[asset].name);
    put_amount(s, text, "amount", asset, units);
    a->money[asset] = weir_min(a->money[asset] + units, stake * (a->maker ? 10000 : 100));
}

static void put_collateral(struct weir_stream *s, struct text *text) {
    bool eth = chance(s, 600000);
    put_word(s, text, "asset", eth ? "ETH" : "BTC");
    put(text, ",\"amount\":\"");
    put_decimal(text, draw(s, 1, 100000), eth ? 4 : 3);
    put(text, "\"");
}

static void make_money(struct weir_stream *s, struct text *text, enum weir_command_kind kind) {
    uint32_t account = pick_account(s), asset = pick_coin(s);
    struct model_account *a = &s->account[account];
    if (s->collateral && chance(s, 250000)) {
        put_account(s, text, "account", account);
        put_collateral(s, text);
        return;
    }
    if (kind == WEIR_CMD_DEPOSIT && chance(s, 970000)) {
        put_deposit(s, text, account, asset, draw(s, 1, a->maker ? 2000 : 150));
        return;
    }
    int64_t units = (int64_t)((__int128)s->asset[asset].stake * draw(s, 1, 150) / 100);
    units = weir_max(1, units / draw(s, 1, 10));
    put_account(s, text, "account", account);
    if (chance(s, 10000))
        put_word(s, text, "asset", "DOGE");
    else if (asset > 0 || chance(s, 30000))
        put_word(s, text, "asset", s->asset[asset].name);
    put_amount(s, text, "amount", asset, units);
    a->money[asset] = weir_max(0, a->money[asset] - units / 2);
}

static void make_risk(struct weir_stream *s, struct text *text) {
    uint32_t market = pick_market(s);
    uint32_t asset = s->market[market].asset;
    int64_t stake = s->asset[asset].stake;
    uint64_t what = weir_random_below(&s->random, s->shape->margin ? 50 : 100);
    put_market(s, text, market);
    if (what < 30) {
        int64_t cap = stake * draw(s, 1, 50), rate = draw(s, 1, 60);
        put(text, ",\"tiers\":[");
        for (int64_t n = draw(s, 1, 3); n > 0; n--) {
            put(text, "{\"cap\":\"");
            put_decimal(text, n == 1 ? (__int128)cap * 100000 : cap, s->asset[asset].decimals);
            put(text, "\",\"rate\":\"");
            put_decimal(text, rate, 3);
            put(text, "\",\"max_leverage\":%lld}%s", (long long)(1000 / (rate * 2) + 1),
                n > 1 ? "," : "");
            cap *= 5;
            rate = weir_min(rate * 2, 400);
        }
        put(text, "]");
    }
    if (what >= 20 && what < 50) put_rate(s, text, "price_band", draw(s, 10, 300) * 1000000);
    if (what >= 45 && what < 60) put_rate(s, text, "liquidation_band", draw(s, 5, 300) * 1000000);
    if (what >= 60 && what < 65) put(text, ",\"open_interest_cap\":\"none\"");
    if (what >= 65 && what < 80)
        put_amount(s, text, "open_interest_cap", asset, stake * draw(s, 20, 800));
    if (what >= 75 && what < 90)
        put_amount(s, text, "position_limit", asset, stake * draw(s, 5, 200));
    if (what >= 85) put_rate(s, text, "funding_cap", draw(s, 0, 30) * 1000000);
}

static void make_status(struct weir_stream *s, struct text *text) {
    static const char *const words[] = {"trading", "reduce_only", "auction", "halted"};
    uint32_t market = pick_market(s);
    if (s->market[market].status == WEIR_STATUS_TRADING && chance(s, 500000))
        market = s->market_count - 1;
    bool back = s->not_trading > 0 && chance(s, 800000);
    while (back && s->market[market].status == WEIR_STATUS_TRADING)
        market = (market + 1) % s->market_count;
    put_market(s, text, market);
    put_word(s, text, "status", back ? "trading" : PICK(s, words));
}

static const struct model_purse *pick_purse(struct weir_stream *s) {
    return &s->purse[weir_random_below(&s->random, s->purse_count)];
}

/* `fund` without a name is the first of the file. */
static void make_seed(struct weir_stream *s, struct text *text) {
    const struct model_purse *purse = pick_purse(s);
    int64_t stake = s->asset[purse->asset].stake;
    put_amount(s, text, "amount", purse->asset,
               weir_max(1, stake * draw(s, 1, 300) / 100) * (chance(s, 700000) ? 1 : -1));
    if (purse != s->purse || chance(s, 600000)) put_word(s, text, "fund", purse->name);
}

void make_query(struct weir_stream *s, struct text *text, uint64_t what) {
    switch (what) {
    case 0:
        put_word(s, text, "what", "account");
        put_account(s, text, "account", pick_account(s));
        return;
    case 1:
        put_word(s, text, "what", "market");
        put_market(s, text, pick_market(s));
        return;
    case 2:
        put_word(s, text, "what", "fund");
        if (chance(s, 600000)) put_word(s, text, "fund", pick_purse(s)->name);
        return;
    case 3:
        put_word(s, text, "what", "totals");
        return;
    case 4:
        put_word(s, text, "what", "book");
        put_market(s, text, pick_market(s));
        if (chance(s, 400000)) put_whole(s, text, "depth", draw(s, 1, 20));
        return;
    case 5:
        put_word(s, text, "what", "auctions");
        return;
    case 6:
        put_word(s, text, "what", "adl");
        put_market(s, text, pick_market(s));
        put_word(s, text, "side", chance(s, 500000) ? "buy" : "sell");
        return;
    default:
        put_word(s, text, "what", "liquidation_map");
        put_market(s, text, pick_market(s));
        return;
    }
}

void make_account(struct weir_stream *s, struct text *text, uint32_t account) {
    put_account(s, text, "account", account);
    if (chance(s, 150000))
        put_word(s, text, "class", s->class_count > 1 ? "retail" : "default");
    else if (s->class_count > 2 && s->account[account].maker)
        put_word(s, text, "class", "maker");
    if (chance(s, s->shape->orders ? 400000 : 120000))
        put_account(s, text, "owner", (uint32_t)weir_random_below(&s->random, s->account_count));
}

/* A collateral price, 10^-9 of the settlement asset, that makes deposits of it weigh like money. */
static int64_t collateral_price(struct weir_stream *s) {
    __int128 price = (__int128)s->asset[0].stake * WEIR_PPB * draw(s, 30, 300) / 100;
    for (uint32_t i = 0; i < s->asset[0].decimals; i++)
        price /= 10;
    return price < 1 ? 1 : (int64_t)price;
}

void make_small(struct weir_stream *s, struct text *text, enum weir_command_kind kind) {
    uint32_t account = pick_account(s), market = pick_liked(s, account);
    uint32_t asset = s->market[market].asset;
    int64_t stake = s->asset[asset].stake;
    switch (kind) {
    case WEIR_CMD_ACCOUNT:
        make_account(s, text, account);
        return;
    case WEIR_CMD_DEPOSIT:
    case WEIR_CMD_WITHDRAW:
        make_money(s, text, kind);
        return;
    case WEIR_CMD_MARKET_STATUS:
        make_status(s, text);
        return;
    case WEIR_CMD_RISK:
        make_risk(s, text);
        return;
    case WEIR_CMD_QUERY:
        make_query(s, text, weir_random_below(&s->random, 8));
        return;
    case WEIR_CMD_LEVERAGE:
        put_account(s, text, "account", account);
        put_market(s, text, market);
        put_whole(s, text, "leverage",
                  draw(s, 1, s->market[market].leverage_max + (chance(s, 100000) ? 1 : 0)));
        return;
    case WEIR_CMD_MARGIN_MODE:
        put_account(s, text, "account", account);
        put_market(s, text, market);
        put_word(s, text, "mode", chance(s, 700000) ? "isolated" : "cross");
        return;
    case WEIR_CMD_ISOLATED_MARGIN:
        put_account(s, text, "account", account);
        put_market(s, text, market);
        put_amount(s, text, "amount", asset,
                   weir_max(1, stake * draw(s, 1, 100) / 100) * (chance(s, 700000) ? 1 : -1));
        return;
    case WEIR_CMD_FUND:
        make_seed(s, text);
        return;
    case WEIR_CMD_BACKSTOP:
        put_account(s, text, "account", account);
        put_market(s, text, market);
        put_amount(s, text, "notional", asset, stake * draw(s, 1, 60));
        put_amount(s, text, "loss_limit", asset, stake * draw(s, 0, 20) / 10);
        return;
    case WEIR_CMD_COLLATERAL_PRICE:
        put_word(s, text, "asset",
                 chance(s, 600000)   ? "ETH"
                 : chance(s, 950000) ? "BTC"
                                     : s->asset[s->asset_count - 1].name);
        put_rate(s, text, "price", collateral_price(s));
        if (chance(s, 200000)) put_word(s, text, "source", "s1");
        return;
    case WEIR_CMD_CANCEL_ALL:
        put_account(s, text, "account", account);
        if (chance(s, 500000)) put_market(s, text, market);
        return;
    case WEIR_CMD_INDICATOR:
        put_word(s, text, "name", "skew");
        put_rate(s, text, "value", draw(s, -5, 5) * 100000000);
        return;
    default:
        return;
    }
}
