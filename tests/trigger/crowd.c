#include "crowd.h"

#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

static void hear(void *ctx, const struct weir_event *event) {
    struct weir_crowd *c = ctx;
    c->events[event->kind]++;
    switch (event->kind) {
    case WEIR_EV_ACCEPTED:
        c->accepted = true;
        return;
    case WEIR_EV_MARK:
    case WEIR_EV_MARGIN_CALL:
        return;
    default:
        c->busy = true;
        return;
    }
}

bool weir_crowd_new(struct weir_crowd *c, const struct weir_crowd_venue *v) {
    static char text[32768];
    size_t used = 0;
    *c = (struct weir_crowd){.now = 1000000000, .check = true};
    used += (size_t)snprintf(text, sizeof text,
                             "name: crowd\nmoney: {asset: USDT, decimals: 2}\n"
                             "trigger: {rule: %s}\nauction: {format: none}\n%s\nmarkets:\n",
                             v->rule, v->keys);
    for (uint32_t m = 0; m < v->markets; m++)
        used += (size_t)snprintf(
            text + used, sizeof text - used,
            "  - {symbol: M%u, tick: 1, lot: 1, %s, tiers: %s, tier_mode: %s, margin_basis: %s, "
            "price_band: none, index: {stale_after: 100000h}%s}\n",
            m,
            v->inverse ? "contract: inverse, face_value: 100, asset: XBT, decimals: 8"
                       : "contract: linear",
            v->tiers, v->tier_mode, v->basis, v->market_keys);
    struct weir_file_error error = {{0}};
    c->venue = weir_venue_parse(text, used, "crowd", NULL, 0, &error);
    if (c->venue == NULL) {
        snprintf(c->problem, sizeof c->problem, "%.500s", error.text);
        return false;
    }
    struct weir_engine_options options = {.accounts_max = 1 << 21, .orders_max = 1 << 12};
    c->engine = weir_engine_new(c->venue, &options, hear, c);
    if (c->engine == NULL || !weir_scan_new(&c->scan, c->engine)) return false;
    struct weir_command clock = {.kind = WEIR_CMD_CLOCK, .present = WEIR_HAS_T, .t = c->now};
    weir_engine_apply(c->engine, &clock);
    return true;
}

void weir_crowd_free(struct weir_crowd *c) {
    weir_scan_free(&c->scan);
    weir_engine_free(c->engine);
    weir_venue_free(c->venue);
}

static void apply(struct weir_crowd *c, const struct weir_command *command, uint32_t tick) {
    static char text[4096];
    if (c->problem[0] != 0) return;
    struct weir_scan_mark before = weir_scan_before(&c->scan);
    c->accepted = c->busy = false;
    c->commands++;
    weir_engine_apply(c->engine, command);
    if (!c->check) return;
    if (weir_scan_after(&c->scan, before, c->accepted, c->busy ? WEIR_NO_INDEX : tick)) return;
    size_t n = weir_json_command(command, text, sizeof text);
    snprintf(c->problem, sizeof c->problem, "command %llu: %.200s: %.*s",
             (unsigned long long)c->commands, c->scan.problem, (int)(n < 250 ? n : 250), text);
}

static struct weir_name name(const char *prefix, uint32_t number) {
    char text[32];
    int n = snprintf(text, sizeof text, "%s%u", prefix, number);
    struct weir_name out = {{0}};
    weir_name_read(text, (size_t)n, &out);
    return out;
}

/* number * 10^-scale, a fraction in lowest terms as the readers make it. */
static struct weir_decimal decimal(int64_t number, uint8_t scale) {
    while (scale > 0 && number % 10 == 0) {
        number /= 10;
        scale--;
    }
    return (struct weir_decimal){.mantissa = number, .scale = scale};
}

static struct weir_decimal whole(int64_t number) {
    return decimal(number, 0);
}

static struct weir_decimal money(const struct weir_crowd *c, int64_t units) {
    uint32_t asset = c->venue->markets[0].asset;
    return decimal(units, c->venue->assets[asset].decimals);
}

void weir_crowd_account(struct weir_crowd *c, uint32_t account) {
    struct weir_command command = {.kind = WEIR_CMD_ACCOUNT, .account = name("a", account)};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_deposit(struct weir_crowd *c, uint32_t account, int64_t units) {
    struct weir_command command = {.kind = units > 0 ? WEIR_CMD_DEPOSIT : WEIR_CMD_WITHDRAW,
                                   .present = WEIR_HAS_ASSET,
                                   .account = name("a", account),
                                   .asset = c->venue->assets[c->venue->markets[0].asset].name,
                                   .amount = money(c, weir_abs(units))};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_collateral(struct weir_crowd *c, uint32_t account, int64_t amount) {
    struct weir_command command = {.kind = WEIR_CMD_DEPOSIT,
                                   .present = WEIR_HAS_ASSET,
                                   .account = name("a", account),
                                   .amount = decimal(amount, 4)};
    weir_name_read("ETH", 3, &command.asset);
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_collateral_price(struct weir_crowd *c, int64_t price) {
    struct weir_command command = {.kind = WEIR_CMD_COLLATERAL_PRICE, .price = decimal(price, 2)};
    weir_name_read("ETH", 3, &command.asset);
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_mode(struct weir_crowd *c, uint32_t account, uint32_t market,
                     enum weir_margin_mode mode) {
    struct weir_command command = {.kind = WEIR_CMD_MARGIN_MODE,
                                   .account = name("a", account),
                                   .market = name("M", market),
                                   .mode = (uint8_t)mode};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_isolated_margin(struct weir_crowd *c, uint32_t account, uint32_t market,
                                int64_t units) {
    struct weir_command command = {.kind = WEIR_CMD_ISOLATED_MARGIN,
                                   .account = name("a", account),
                                   .market = name("M", market),
                                   .amount = money(c, units)};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_leverage(struct weir_crowd *c, uint32_t account, uint32_t market,
                         int64_t leverage) {
    struct weir_command command = {.kind = WEIR_CMD_LEVERAGE,
                                   .account = name("a", account),
                                   .market = name("M", market),
                                   .leverage = whole(leverage)};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_trade(struct weir_crowd *c, uint32_t buyer, uint32_t seller, uint32_t market,
                      weir_qty lots, weir_price price) {
    struct weir_command command = {.kind = WEIR_CMD_BLOCK_TRADE,
                                   .account = name("a", buyer),
                                   .account2 = name("a", seller),
                                   .market = name("M", market),
                                   .qty = whole(lots),
                                   .price = whole(price)};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_tick(struct weir_crowd *c, uint32_t market, weir_price price) {
    struct weir_command command = {
        .kind = WEIR_CMD_INDEX, .market = name("M", market), .price = whole(price)};
    apply(c, &command, market);
}

void weir_crowd_clock(struct weir_crowd *c, weir_time step) {
    c->now += step;
    struct weir_command command = {.kind = WEIR_CMD_CLOCK, .present = WEIR_HAS_T, .t = c->now};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_tiers(struct weir_crowd *c, uint32_t market, uint32_t count, const int64_t caps[],
                      const int64_t rates[]) {
    static struct weir_risk_change risk;
    risk = (struct weir_risk_change){.tier_count = count};
    for (uint32_t i = 0; i < count; i++)
        risk.tiers[i] =
            (struct weir_tier_text){.cap = whole(caps[i]),
                                    .rate = {.mantissa = rates[i], .scale = 3},
                                    .max_leverage = whole(weir_max(1, 500 / (rates[i] + 1))),
                                    .has_max_leverage = true};
    struct weir_command command = {.kind = WEIR_CMD_RISK,
                                   .present = WEIR_HAS_TIERS,
                                   .market = name("M", market),
                                   .risk = &risk};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_status(struct weir_crowd *c, uint32_t market, enum weir_market_status status) {
    struct weir_command command = {
        .kind = WEIR_CMD_MARKET_STATUS, .market = name("M", market), .status = (uint8_t)status};
    apply(c, &command, WEIR_NO_INDEX);
}

void weir_crowd_seed(struct weir_crowd *c, int64_t units) {
    struct weir_command command = {.kind = WEIR_CMD_FUND, .amount = money(c, units)};
    apply(c, &command, WEIR_NO_INDEX);
}

weir_price weir_crowd_edge(struct weir_crowd *c, uint32_t account, uint32_t market) {
    struct weir_exchange *x = &c->engine->x;
    struct weir_name who = name("a", account);
    uint32_t leg = weir_leg_find(&x->ledger, weir_account_find(&x->ledger, &who), market);
    if (leg == WEIR_NO_INDEX || weir_leg_at(&x->ledger, leg)->size == 0) return 0;
    return weir_liquidation_price(x, leg);
}

weir_price weir_crowd_mark(const struct weir_crowd *c, uint32_t market) {
    return c->engine->x.prices[market].mark;
}

uint32_t weir_crowd_queued(const struct weir_crowd *c) {
    return c->engine->lq.members.count;
}

int64_t weir_crowd_worth(const struct weir_crowd *c, weir_price price, weir_qty lots) {
    return (int64_t)weir_value(&c->venue->markets[0], price, lots);
}
