/* An event to a line of text (docs/protocol.md): exactly the keys named there, in their order. */
#include "wire/internal.h"

#include <string.h>

#define KEY(o, name) OUT(o, ",\"" name "\":")

/* ---- Values ---------------------------------------------------------------------------------- */
void weir_out_money(struct out *o, const struct weir_venue *venue, uint32_t asset,
                    weir_wide units) {
    const uint8_t decimals = venue->assets[asset].decimals;
    const struct weir_decimal unit = weir_decimal_power(decimals);
    weir_out_decimal(o, units, &unit, decimals);
}

void weir_out_price(struct out *o, const struct weir_venue *venue, uint32_t market,
                    weir_price price) {
    const struct weir_market *m = &venue->markets[market];
    weir_out_decimal(o, price, &m->tick, m->price_digits);
}

void weir_out_qty(struct out *o, const struct weir_venue *venue, uint32_t market, weir_wide lots) {
    const struct weir_market *m = &venue->markets[market];
    weir_out_decimal(o, lots, &m->lot, m->qty_digits);
}

void weir_out_rate(struct out *o, weir_wide ppb) {
    const struct weir_decimal unit = weir_decimal_power(9);
    weir_out_decimal(o, ppb, &unit, 9);
}

void weir_out_symbol(struct out *o, const struct weir_venue *venue, uint32_t market) {
    weir_out_name(o, &venue->markets[market].symbol);
}

void weir_out_scope(struct out *o, const struct weir_venue *venue, uint32_t scope_market) {
    if (!weir_scope_is_cross(scope_market)) {
        weir_out_symbol(o, venue, scope_market);
    } else if (weir_venue_settlements(venue) <= 1) {
        OUT(o, "\"cross\"");
    } else {
        const struct weir_name *asset = &venue->assets[weir_scope_asset(venue, scope_market)].name;
        OUT(o, "\"cross:");
        out_bytes(o, asset->text, weir_name_size(asset));
        OUT(o, "\"");
    }
}

/* A price of 0 ticks is none. */
static void put_known_price(struct out *o, const struct weir_venue *venue, uint32_t market,
                            weir_price price) {
    if (price == 0)
        OUT(o, "null");
    else
        weir_out_price(o, venue, market, price);
}

static void put_word(struct out *o, const char *word) {
    OUT(o, "\"");
    out_bytes(o, word, strlen(word));
    OUT(o, "\"");
}

/* ---- Groups of keys that several events begin with ------------------------------------------- */
static void put_market(struct out *o, const struct weir_venue *venue, uint32_t market) {
    KEY(o, "market");
    weir_out_symbol(o, venue, market);
}

static void put_account_id(struct out *o, const struct weir_name *account,
                           const struct weir_name *id) {
    KEY(o, "account");
    weir_out_name(o, account);
    KEY(o, "id");
    weir_out_name(o, id);
}

static void put_liquidation(struct out *o, const struct weir_venue *venue, uint64_t liquidation,
                            const struct weir_name *account, uint32_t scope_market) {
    KEY(o, "liquidation");
    weir_out_integer(o, (int64_t)liquidation);
    KEY(o, "account");
    weir_out_name(o, account);
    KEY(o, "scope");
    weir_out_scope(o, venue, scope_market);
}

/* ---- Events ---------------------------------------------------------------------------------- */
static void put_fill(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    uint32_t m = e->fill.market, asset = v->markets[m].asset;
    put_market(o, v, m);
    KEY(o, "price");
    weir_out_price(o, v, m, e->fill.price);
    KEY(o, "qty");
    weir_out_qty(o, v, m, e->fill.qty);
    KEY(o, "taker");
    weir_out_name(o, e->fill.taker);
    KEY(o, "maker");
    weir_out_name(o, e->fill.maker);
    KEY(o, "taker_order");
    weir_out_name(o, e->fill.taker_order);
    KEY(o, "maker_order");
    weir_out_name(o, e->fill.maker_order);
    KEY(o, "taker_side");
    put_word(o, weir_side_words[e->fill.taker_side]);
    KEY(o, "kind");
    put_word(o, weir_fill_words[e->fill.kind]);
    KEY(o, "taker_fee");
    weir_out_money(o, v, asset, e->fill.taker_fee);
    KEY(o, "maker_fee");
    weir_out_money(o, v, asset, e->fill.maker_fee);
    KEY(o, "taker_pnl");
    weir_out_money(o, v, asset, e->fill.taker_pnl);
    KEY(o, "maker_pnl");
    weir_out_money(o, v, asset, e->fill.maker_pnl);
    KEY(o, "maker_left");
    weir_out_qty(o, v, m, e->fill.maker_left);
}

static void put_accepted(struct out *o, const struct weir_event *e) {
    KEY(o, "cmd");
    put_word(o, weir_command_words[e->accepted.cmd]);
    if (e->accepted.id) {
        KEY(o, "id");
        weir_out_name(o, e->accepted.id);
    }
}

static void put_step(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    uint32_t m = e->liquidation_step.market;
    put_liquidation(o, v, e->liquidation_step.liquidation, e->liquidation_step.account,
                    e->liquidation_step.scope_market);
    put_market(o, v, m);
    KEY(o, "side");
    put_word(o, weir_side_words[e->liquidation_step.side]);
    KEY(o, "qty");
    weir_out_qty(o, v, m, e->liquidation_step.qty);
    KEY(o, "limit");
    put_known_price(o, v, m, e->liquidation_step.limit);
    KEY(o, "filled");
    weir_out_qty(o, v, m, e->liquidation_step.filled);
    KEY(o, "policy");
    put_word(o, weir_policy_words[e->liquidation_step.policy]);
}

static void put_ended(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    uint32_t asset = weir_scope_asset(v, e->liquidation_ended.scope_market);
    put_liquidation(o, v, e->liquidation_ended.liquidation, e->liquidation_ended.account,
                    e->liquidation_ended.scope_market);
    KEY(o, "outcome");
    put_word(o, weir_outcome_words[e->liquidation_ended.outcome]);
    for (unsigned s = 0; s < WEIR_BY_COUNT; s++) {
        OUT(o, ",");
        put_word(o, weir_stage_words[s]);
        OUT(o, ":");
        weir_out_money(o, v, asset, e->liquidation_ended.by_stage[s]);
    }
    KEY(o, "shortfall");
    weir_out_money(o, v, asset, e->liquidation_ended.shortfall);
}

static void put_auction(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    if (e->kind != WEIR_EV_AUCTION_CLOSED) {
        KEY(o, "auction");
        weir_out_integer(o, (int64_t)e->auction_opened.auction);
        put_market(o, v, e->auction_opened.market);
        KEY(o, "side");
        put_word(o, weir_side_words[e->auction_opened.side]);
        KEY(o, "qty");
        weir_out_qty(o, v, e->auction_opened.market, e->auction_opened.qty);
        KEY(o, "closes_at");
        weir_out_integer(o, e->auction_opened.closes_at);
        return;
    }
    uint32_t m = e->auction_closed.market;
    KEY(o, "auction");
    weir_out_integer(o, (int64_t)e->auction_closed.auction);
    KEY(o, "allotted");
    weir_out_qty(o, v, m, e->auction_closed.allotted);
    KEY(o, "unsold");
    weir_out_qty(o, v, m, e->auction_closed.unsold);
    KEY(o, "price");
    if (e->auction_closed.price.known)
        weir_out_price(o, v, m, e->auction_closed.price.value);
    else
        OUT(o, "null");
}

static void put_adl(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    uint32_t asset = v->markets[e->adl.market].asset;
    put_market(o, v, e->adl.market);
    KEY(o, "account");
    weir_out_name(o, e->adl.account);
    KEY(o, "counterparty");
    weir_out_name(o, e->adl.counterparty);
    KEY(o, "qty");
    weir_out_qty(o, v, e->adl.market, e->adl.qty);
    KEY(o, "price");
    weir_out_price(o, v, e->adl.market, e->adl.price);
    KEY(o, "rank");
    if (e->adl.rank.known)
        weir_out_integer(o, e->adl.rank.value);
    else
        OUT(o, "null");
    KEY(o, "haircut");
    weir_out_money(o, v, asset, e->adl.haircut);
    KEY(o, "least_haircut");
    weir_out_money(o, v, asset, e->adl.least_haircut);
}

static void put_fund_movement(struct out *o, const struct weir_venue *v,
                              const struct weir_event *e) {
    uint32_t asset = v->funds[e->fund_movement.fund].asset;
    KEY(o, "fund");
    weir_out_name(o, &v->funds[e->fund_movement.fund].name);
    KEY(o, "cause");
    put_word(o, weir_cause_words[e->fund_movement.cause]);
    KEY(o, "amount");
    weir_out_money(o, v, asset, e->fund_movement.amount);
    KEY(o, "balance");
    weir_out_money(o, v, asset, e->fund_movement.balance);
    KEY(o, "account");
    weir_out_name(o, e->fund_movement.account);
}

static void put_collateral(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    const struct weir_asset *asset = &v->assets[e->collateral_sold.asset];
    const struct weir_decimal unit = weir_decimal_power(asset->decimals);
    KEY(o, "account");
    weir_out_name(o, e->collateral_sold.account);
    KEY(o, "asset");
    weir_out_name(o, &asset->name);
    KEY(o, "amount");
    weir_out_decimal(o, e->collateral_sold.amount, &unit, asset->decimals);
    KEY(o, "price");
    weir_out_rate(o, e->collateral_sold.price);
    KEY(o, "proceeds");
    weir_out_money(o, v, 0, e->collateral_sold.proceeds);
}

static void put_socialised(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    uint32_t asset = e->socialised.asset;
    if (e->socialised.market != WEIR_NO_INDEX) {
        asset = v->markets[e->socialised.market].asset;
        put_market(o, v, e->socialised.market);
    } else {
        KEY(o, "account");
        weir_out_name(o, e->socialised.account);
    }
    KEY(o, "amount");
    weir_out_money(o, v, asset, e->socialised.amount);
}

static void put_margin_call(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    KEY(o, "account");
    weir_out_name(o, e->margin_call.account);
    KEY(o, "scope");
    weir_out_scope(o, v, e->margin_call.scope_market);
    KEY(o, "margin_ratio");
    if (e->margin_call.has_ratio)
        weir_out_rate(o, e->margin_call.margin_ratio);
    else
        OUT(o, "null");
}

static void put_started(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    uint32_t asset = weir_scope_asset(v, e->liquidation_started.scope_market);
    put_liquidation(o, v, e->liquidation_started.liquidation, e->liquidation_started.account,
                    e->liquidation_started.scope_market);
    KEY(o, "equity");
    weir_out_money(o, v, asset, e->liquidation_started.equity);
    KEY(o, "requirement");
    weir_out_money(o, v, asset, e->liquidation_started.requirement);
}

static void put_prices(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    switch (e->kind) {
    case WEIR_EV_MARK:
        put_market(o, v, e->mark.market);
        KEY(o, "mark");
        put_known_price(o, v, e->mark.market, e->mark.mark);
        KEY(o, "index");
        put_known_price(o, v, e->mark.market, e->mark.index);
        return;
    case WEIR_EV_FUNDING:
        put_market(o, v, e->funding.market);
        KEY(o, "rate");
        weir_out_rate(o, e->funding.rate);
        KEY(o, "per_lot");
        weir_out_money(o, v, v->markets[e->funding.market].asset, e->funding.per_lot);
        return;
    case WEIR_EV_SETTLED:
        put_market(o, v, e->settled.market);
        KEY(o, "price");
        put_known_price(o, v, e->settled.market, e->settled.price);
        return;
    case WEIR_EV_STATUS:
        put_market(o, v, e->status.market);
        KEY(o, "status");
        put_word(o, weir_status_words[e->status.status]);
        return;
    default: /* index_stale, index_fresh */
        put_market(o, v, e->index.market);
        return;
    }
}

static void put_order_event(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    if (e->kind == WEIR_EV_CANCELLED) {
        put_account_id(o, e->cancelled.account, e->cancelled.id);
        KEY(o, "qty");
        weir_out_qty(o, v, e->cancelled.market, e->cancelled.qty);
        KEY(o, "reason");
        put_word(o, weir_reason_words[e->cancelled.reason]);
    } else {
        put_account_id(o, e->triggered.account, e->triggered.id);
        put_market(o, v, e->triggered.market);
    }
}

static void put_rejected(struct out *o, const struct weir_event *e) {
    KEY(o, "reason");
    put_word(o, weir_reason_words[e->rejected.reason]);
    KEY(o, "detail");
    weir_out_string(o, e->rejected.detail);
}

static void put_body(struct out *o, const struct weir_venue *v, const struct weir_event *e) {
    switch (e->kind) {
    case WEIR_EV_ACCEPTED:
        put_accepted(o, e);
        return;
    case WEIR_EV_REJECTED:
        put_rejected(o, e);
        return;
    case WEIR_EV_FILL:
        put_fill(o, v, e);
        return;
    case WEIR_EV_CANCELLED:
    case WEIR_EV_TRIGGERED:
        put_order_event(o, v, e);
        return;
    case WEIR_EV_MARK:
    case WEIR_EV_INDEX_STALE:
    case WEIR_EV_INDEX_FRESH:
    case WEIR_EV_FUNDING:
    case WEIR_EV_SETTLED:
    case WEIR_EV_STATUS:
        put_prices(o, v, e);
        return;
    case WEIR_EV_MARGIN_CALL:
        put_margin_call(o, v, e);
        return;
    case WEIR_EV_LIQUIDATION_STARTED:
        put_started(o, v, e);
        return;
    case WEIR_EV_LIQUIDATION_STEP:
        put_step(o, v, e);
        return;
    case WEIR_EV_AUCTION_OPENED:
    case WEIR_EV_AUCTION_JOINED:
    case WEIR_EV_AUCTION_CLOSED:
        put_auction(o, v, e);
        return;
    case WEIR_EV_ADL:
        put_adl(o, v, e);
        return;
    case WEIR_EV_FUND_MOVEMENT:
        put_fund_movement(o, v, e);
        return;
    case WEIR_EV_COLLATERAL_SOLD:
        put_collateral(o, v, e);
        return;
    case WEIR_EV_SOCIALISED:
        put_socialised(o, v, e);
        return;
    case WEIR_EV_LIQUIDATION_ENDED:
        put_ended(o, v, e);
        return;
    default:
        weir_out_answer(o, v, e);
    }
}

size_t weir_json_event(const struct weir_venue *venue, const struct weir_event *event, char *text,
                       size_t size) {
    struct out o = {.size = size};
    o.text = text;
    WEIR_CHECK(event->kind < WEIR_EV_COUNT);
    OUT(&o, "{\"seq\":");
    weir_out_integer(&o, (int64_t)event->seq);
    KEY(&o, "n");
    weir_out_integer(&o, event->n);
    KEY(&o, "t");
    weir_out_integer(&o, event->t);
    KEY(&o, "event");
    put_word(&o, weir_event_words[event->kind]);
    put_body(&o, venue, event);
    OUT(&o, "}\n");
    return o.length;
}
