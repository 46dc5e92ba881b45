/* Commands as the engine takes them: names, and exact decimals made from ticks, lots and units. */
#include "flow/internal.h"

#include <stdarg.h>
#include <string.h>

struct weir_name weir_flow_name(const char *format, ...) {
    struct weir_name name = {{0}};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(name.text, sizeof name.text, format, args);
    va_end(args);
    /* What vsnprintf left behind a shorter text is zero already: the array began as zeros. */
    return name;
}

/* count * 10^-scale with the fewest digits. */
static struct weir_decimal decimal(weir_wide mantissa, uint8_t scale) {
    while (scale > 0 && mantissa % 10 == 0) {
        mantissa /= 10;
        scale--;
    }
    struct weir_decimal d;
    memset(&d, 0, sizeof d);
    d.mantissa = mantissa;
    d.scale = scale;
    return d;
}

static struct weir_decimal of_unit(int64_t count, const struct weir_decimal *unit) {
    return decimal(count * unit->mantissa, unit->scale);
}

static struct weir_decimal of_asset(const struct weir_flow *flow, uint32_t asset,
                                    weir_amount units) {
    return decimal(units, flow->venue->assets[asset].decimals);
}

void weir_flow_send(struct weir_flow *flow, struct weir_command *command) {
    command->present |= WEIR_HAS_T;
    command->t = flow->now;
    flow->port.apply(flow->port.ctx, command);
}

static struct weir_command start(enum weir_command_kind kind, const struct weir_name *account,
                                 const struct flow_market *market) {
    struct weir_command c;
    memset(&c, 0, sizeof c);
    c.kind = (uint8_t)kind;
    if (account) c.account = *account;
    if (market) {
        c.market = market->venue->symbol;
        c.present |= WEIR_HAS_MARKET;
    }
    return c;
}

void weir_flow_send_account(struct weir_flow *flow, const struct weir_name *account,
                            const struct weir_name *class_name, const struct weir_name *owner) {
    struct weir_command c = start(WEIR_CMD_ACCOUNT, account, NULL);
    if (class_name) {
        c.class_name = *class_name;
        c.present |= WEIR_HAS_CLASS;
    }
    if (owner) {
        c.owner = *owner;
        c.present |= WEIR_HAS_OWNER;
    }
    weir_flow_send(flow, &c);
}

void weir_flow_send_deposit(struct weir_flow *flow, const struct weir_name *account, uint32_t asset,
                            weir_amount units) {
    if (units <= 0) return;
    struct weir_command c = start(WEIR_CMD_DEPOSIT, account, NULL);
    c.amount = of_asset(flow, asset, units);
    if (asset > 0) {
        c.asset = flow->venue->assets[asset].name;
        c.present |= WEIR_HAS_ASSET;
    }
    weir_flow_send(flow, &c);
}

void weir_flow_send_leverage(struct weir_flow *flow, const struct weir_name *account,
                             const struct flow_market *market, int64_t leverage) {
    struct weir_command c = start(WEIR_CMD_LEVERAGE, account, market);
    c.leverage = decimal(leverage, 0);
    weir_flow_send(flow, &c);
}

void weir_flow_send_isolated(struct weir_flow *flow, const struct weir_name *account,
                             const struct flow_market *market, weir_amount units, bool mode_too) {
    if (mode_too) {
        struct weir_command m = start(WEIR_CMD_MARGIN_MODE, account, market);
        m.mode = WEIR_ISOLATED;
        weir_flow_send(flow, &m);
    }
    struct weir_command c = start(WEIR_CMD_ISOLATED_MARGIN, account, market);
    c.amount = of_asset(flow, market->venue->asset, units);
    weir_flow_send(flow, &c);
}

void weir_flow_send_order(struct weir_flow *flow, const struct weir_name *account,
                          const struct weir_name *id, const struct flow_market *market,
                          const struct flow_order *order) {
    struct weir_command c = start(WEIR_CMD_ORDER, account, market);
    c.id = *id;
    c.side = (uint8_t)order->side;
    c.type = (uint8_t)order->type;
    c.tif = (uint8_t)order->tif;
    c.trigger = WEIR_ON_MARK;
    c.reduce_only = order->reduce_only;
    c.qty = of_unit(order->lots, &market->venue->lot);
    c.present |= WEIR_HAS_QTY;
    if (order->type == WEIR_LIMIT) {
        c.price = of_unit(order->price, &market->venue->tick);
        c.present |= WEIR_HAS_PRICE;
    } else if (order->type == WEIR_STOP) {
        c.stop_price = of_unit(order->price, &market->venue->tick);
        c.present |= WEIR_HAS_STOP_PRICE;
    }
    weir_flow_send(flow, &c);
}

void weir_flow_send_cancel(struct weir_flow *flow, const struct weir_name *account,
                           const struct weir_name *id) {
    struct weir_command c = start(WEIR_CMD_CANCEL, account, NULL);
    c.id = *id;
    weir_flow_send(flow, &c);
}

void weir_flow_send_amend(struct weir_flow *flow, const struct weir_name *account,
                          const struct weir_name *id, const struct flow_market *market,
                          weir_qty lots, weir_price price) {
    struct weir_command c = start(WEIR_CMD_AMEND, account, NULL);
    c.id = *id;
    c.qty = of_unit(lots, &market->venue->lot);
    c.price = of_unit(price, &market->venue->tick);
    c.present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
    weir_flow_send(flow, &c);
}

void weir_flow_send_block(struct weir_flow *flow, const struct flow_market *market,
                          const struct weir_name *buyer, const struct weir_name *seller,
                          weir_qty lots, weir_price price) {
    struct weir_command c = start(WEIR_CMD_BLOCK_TRADE, buyer, market);
    c.account2 = *seller;
    c.qty = of_unit(lots, &market->venue->lot);
    c.price = of_unit(price, &market->venue->tick);
    c.present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
    weir_flow_send(flow, &c);
}

void weir_flow_send_index(struct weir_flow *flow, const struct flow_market *market, uint32_t source,
                          weir_price price) {
    struct weir_command c = start(WEIR_CMD_INDEX, NULL, market);
    c.price = of_unit(price, &market->venue->tick);
    c.source = weir_flow_name("source-%u", source + 1);
    c.present |= WEIR_HAS_PRICE | WEIR_HAS_SOURCE;
    weir_flow_send(flow, &c);
}

void weir_flow_send_bid(struct weir_flow *flow, const struct weir_name *account, uint64_t auction,
                        const struct flow_market *market, weir_qty lots, weir_price price) {
    struct weir_command c = start(WEIR_CMD_BID, account, NULL);
    c.auction = decimal((weir_wide)auction, 0);
    c.id = weir_flow_name("a%llu", (unsigned long long)auction);
    c.qty = of_unit(lots, &market->venue->lot);
    c.price = of_unit(price, &market->venue->tick);
    c.present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
    weir_flow_send(flow, &c);
}

void weir_flow_send_backstop(struct weir_flow *flow, const struct weir_name *account,
                             const struct flow_market *market, weir_amount notional,
                             weir_amount loss_limit) {
    struct weir_command c = start(WEIR_CMD_BACKSTOP, account, market);
    c.notional = of_asset(flow, market->venue->asset, notional);
    c.loss_limit = of_asset(flow, market->venue->asset, loss_limit);
    weir_flow_send(flow, &c);
}

void weir_flow_send_fund(struct weir_flow *flow, uint32_t fund, weir_amount units) {
    if (units == 0) return;
    struct weir_command c = start(WEIR_CMD_FUND, NULL, NULL);
    c.fund = flow->venue->funds[fund].name;
    c.amount = of_asset(flow, flow->venue->funds[fund].asset, units);
    c.present |= WEIR_HAS_FUND;
    weir_flow_send(flow, &c);
}

weir_price weir_flow_ticks(const struct flow_market *market, double price) {
    return weir_clamp(weir_flow_round(price / market->tick), 1, market->venue->max_price);
}

weir_qty weir_flow_lots(const struct flow_market *market, double notional) {
    return (weir_qty)(notional / weir_flow_lot_value(market, market->index));
}

double weir_flow_lot_value(const struct flow_market *market, double price) {
    return market->face > 0 ? market->face : price * market->lot;
}

double weir_flow_notional(const struct flow_market *market, weir_qty lots, double price) {
    return market->face > 0 ? (double)lots * market->face : (double)lots * market->lot * price;
}

double weir_flow_exact_units(const struct flow_market *market, double quote, double price) {
    return market->face > 0 ? quote / price * market->units : quote * market->units;
}

weir_amount weir_flow_units(const struct flow_market *market, double quote, double price) {
    return weir_flow_round(weir_flow_exact_units(market, quote, price) + 0.5);
}

weir_amount weir_flow_units_of(const struct weir_flow *flow, uint32_t asset, double quote) {
    const struct flow_market *by = NULL;
    for (uint32_t i = 0; i < flow->market_count; i++) {
        const struct flow_market *m = &flow->markets[i];
        /* What anything linear settles in is the quote currency. */
        if (m->venue->asset == asset && (!by || m->face <= 0)) by = m;
    }
    if (by) return weir_flow_units(by, quote, by->index);
    return weir_flow_round(quote * flow->units[asset] + 0.5);
}

weir_qty weir_flow_least(const struct flow_market *market, double price) {
    double least = (double)market->venue->min_notional / market->units;
    if (market->face > 0) least *= price;
    least /= weir_flow_lot_value(market, price);
    return weir_max(weir_max(1, market->venue->min_qty), (weir_qty)(least + 1));
}

bool weir_flow_closed(const struct weir_flow *flow, const struct flow_market *market) {
    return market->venue->expiry != WEIR_NONE && flow->now >= market->venue->expiry;
}
