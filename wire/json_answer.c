/* The answers of queries as text. */
#include "wire/internal.h"

#include <inttypes.h>

#define KEY(o, name) OUT(o, ",\"" name "\":")
#define COMMA(o, i)                                                                                \
    do {                                                                                           \
        if ((i) > 0) OUT(o, ",");                                                                  \
    } while (0)

static void put_bool(struct out *o, bool value) {
    if (value)
        OUT(o, "true");
    else
        OUT(o, "false");
}

static void put_maybe_price(struct out *o, const struct weir_venue *v, uint32_t market,
                            struct weir_maybe price) {
    if (price.known)
        weir_out_price(o, v, market, price.value);
    else
        OUT(o, "null");
}

static void put_maybe_integer(struct out *o, struct weir_maybe value) {
    if (value.known)
        weir_out_integer(o, value.value);
    else
        OUT(o, "null");
}

static void put_ratio(struct out *o, bool known, weir_wide ppb) {
    if (known)
        weir_out_rate(o, ppb);
    else
        OUT(o, "null");
}

static void put_market_of(struct out *o, const struct weir_venue *v, uint32_t market) {
    KEY(o, "market");
    weir_out_symbol(o, v, market);
}

static void put_side(struct out *o, enum weir_side side) {
    KEY(o, "side");
    weir_out_string(o, weir_side_words[side]);
}

static void put_position(struct out *o, const struct weir_venue *v,
                         const struct weir_position_state *p) {
    uint32_t m = p->market, asset = v->markets[m].asset;
    OUT(o, "{\"market\":");
    weir_out_symbol(o, v, m);
    KEY(o, "qty");
    weir_out_qty(o, v, m, p->qty);
    KEY(o, "entry_price");
    put_maybe_price(o, v, m, p->entry_price);
    KEY(o, "entry_value");
    weir_out_money(o, v, asset, p->entry_value);
    KEY(o, "mark_price");
    put_maybe_price(o, v, m, p->mark_price);
    KEY(o, "unrealised_pnl");
    weir_out_money(o, v, asset, p->unrealised_pnl);
    KEY(o, "notional");
    weir_out_money(o, v, asset, p->notional);
    KEY(o, "maintenance_margin");
    weir_out_money(o, v, asset, p->maintenance_margin);
    KEY(o, "initial_margin");
    weir_out_money(o, v, asset, p->initial_margin);
    KEY(o, "liquidation_price");
    put_maybe_price(o, v, m, p->liquidation_price);
    KEY(o, "bankruptcy_price");
    put_maybe_price(o, v, m, p->bankruptcy_price);
    KEY(o, "leverage");
    weir_out_integer(o, p->leverage);
    KEY(o, "margin_mode");
    weir_out_string(o, p->mode == WEIR_ISOLATED ? "isolated" : "cross");
    KEY(o, "isolated_balance");
    if (p->has_isolated_balance)
        weir_out_money(o, v, asset, p->isolated_balance);
    else
        OUT(o, "null");
    KEY(o, "in_liquidation");
    put_bool(o, p->in_liquidation);
    KEY(o, "adl_rank");
    put_maybe_integer(o, p->adl_rank);
    KEY(o, "adl_light");
    put_maybe_integer(o, p->adl_light);
    KEY(o, "adl_score");
    put_ratio(o, p->adl_score.known, p->adl_score.value);
    OUT(o, "}");
}

/* The keys from `balance` to `liquidatable`, the same for every cross scope. */
static void put_scope_numbers(struct out *o, const struct weir_venue *v,
                              const struct weir_scope_state *s) {
    KEY(o, "balance");
    weir_out_money(o, v, s->asset, s->balance);
    KEY(o, "equity");
    weir_out_money(o, v, s->asset, s->equity);
    KEY(o, "initial_margin");
    weir_out_money(o, v, s->asset, s->initial_margin);
    KEY(o, "order_margin");
    weir_out_money(o, v, s->asset, s->order_margin);
    KEY(o, "maintenance_margin");
    weir_out_money(o, v, s->asset, s->maintenance_margin);
    KEY(o, "requirement");
    weir_out_money(o, v, s->asset, s->requirement);
    KEY(o, "margin_ratio");
    put_ratio(o, s->has_ratio, s->margin_ratio);
    KEY(o, "available");
    weir_out_money(o, v, s->asset, s->available);
    KEY(o, "in_liquidation");
    put_bool(o, s->in_liquidation);
    KEY(o, "liquidatable");
    put_bool(o, s->liquidatable);
}

static void put_scopes(struct out *o, const struct weir_venue *v,
                       const struct weir_account_state *a) {
    KEY(o, "scopes");
    OUT(o, "[");
    for (uint32_t i = 0; i < a->scope_count; i++) {
        COMMA(o, i);
        OUT(o, "{\"scope\":");
        weir_out_scope(o, v, WEIR_CROSS(a->scopes[i].asset));
        KEY(o, "asset");
        weir_out_name(o, &v->assets[a->scopes[i].asset].name);
        put_scope_numbers(o, v, &a->scopes[i]);
        OUT(o, "}");
    }
    OUT(o, "]");
}

static void put_account(struct out *o, const struct weir_venue *v,
                        const struct weir_account_state *a) {
    const struct weir_scope_state first = {.balance = a->balance,
                                           .equity = a->equity,
                                           .initial_margin = a->initial_margin,
                                           .order_margin = a->order_margin,
                                           .maintenance_margin = a->maintenance_margin,
                                           .requirement = a->requirement,
                                           .has_ratio = a->has_ratio,
                                           .margin_ratio = a->margin_ratio,
                                           .available = a->available,
                                           .in_liquidation = a->in_liquidation,
                                           .liquidatable = a->liquidatable};
    KEY(o, "account");
    weir_out_name(o, a->account);
    put_scope_numbers(o, v, &first);
    KEY(o, "positions");
    OUT(o, "[");
    for (uint32_t i = 0; i < a->position_count; i++) {
        COMMA(o, i);
        put_position(o, v, &a->positions[i]);
    }
    OUT(o, "]");
    if (weir_venue_settlements(v) > 1) put_scopes(o, v, a);
}

static void put_market(struct out *o, const struct weir_venue *v,
                       const struct weir_market_state *s) {
    uint32_t m = s->market;
    put_market_of(o, v, m);
    KEY(o, "mark");
    put_maybe_price(o, v, m, s->mark);
    KEY(o, "index");
    put_maybe_price(o, v, m, s->index);
    KEY(o, "last");
    put_maybe_price(o, v, m, s->last);
    KEY(o, "best_bid");
    put_maybe_price(o, v, m, s->best_bid);
    KEY(o, "best_ask");
    put_maybe_price(o, v, m, s->best_ask);
    KEY(o, "open_interest");
    weir_out_qty(o, v, m, s->open_interest);
    KEY(o, "funding_rate");
    weir_out_rate(o, s->funding_rate);
    KEY(o, "status");
    weir_out_string(o, weir_status_words[s->status]);
    KEY(o, "volume");
    weir_out_qty(o, v, m, s->volume);
}

static void put_levels(struct out *o, const struct weir_venue *v, uint32_t market, uint32_t count,
                       const struct weir_book_level *levels) {
    OUT(o, "[");
    for (uint32_t i = 0; i < count; i++) {
        COMMA(o, i);
        OUT(o, "[");
        weir_out_price(o, v, market, levels[i].price);
        OUT(o, ",");
        weir_out_qty(o, v, market, levels[i].qty);
        OUT(o, ",");
        weir_out_integer(o, levels[i].orders);
        OUT(o, "]");
    }
    OUT(o, "]");
}

static void put_by_cause(struct out *o, const struct weir_venue *v, uint32_t asset,
                         const weir_wide *amounts) {
    OUT(o, "{");
    for (unsigned c = 0; c < WEIR_CAUSE_COUNT; c++) {
        COMMA(o, c);
        weir_out_string(o, weir_cause_words[c]);
        OUT(o, ":");
        weir_out_money(o, v, asset, amounts[c]);
    }
    OUT(o, "}");
}

static void put_fund(struct out *o, const struct weir_venue *v, const struct weir_fund_state *f) {
    uint32_t asset = v->funds[f->fund].asset;
    KEY(o, "fund");
    weir_out_name(o, &v->funds[f->fund].name);
    KEY(o, "cash");
    weir_out_money(o, v, asset, f->cash);
    KEY(o, "equity");
    weir_out_money(o, v, asset, f->equity);
    KEY(o, "inventory");
    OUT(o, "{");
    for (uint32_t i = 0; i < f->inventory_count; i++) {
        COMMA(o, i);
        weir_out_symbol(o, v, f->inventory[i].market);
        OUT(o, ":");
        weir_out_qty(o, v, f->inventory[i].market, f->inventory[i].qty);
    }
    OUT(o, "}");
    KEY(o, "peak");
    weir_out_money(o, v, asset, f->peak);
    KEY(o, "drawdown");
    weir_out_rate(o, f->drawdown);
    KEY(o, "received");
    put_by_cause(o, v, asset, f->received);
    KEY(o, "paid");
    put_by_cause(o, v, asset, f->paid);
}

static void put_auctions(struct out *o, const struct weir_venue *v,
                         const struct weir_auctions_state *s) {
    KEY(o, "auctions");
    OUT(o, "[");
    for (uint32_t i = 0; i < s->count; i++) {
        const struct weir_auction_state *a = &s->auctions[i];
        COMMA(o, i);
        OUT(o, "{\"auction\":");
        weir_out_integer(o, (int64_t)a->auction);
        put_market_of(o, v, a->market);
        put_side(o, a->side);
        KEY(o, "qty");
        weir_out_qty(o, v, a->market, a->qty);
        KEY(o, "closes_at");
        weir_out_integer(o, a->closes_at);
        OUT(o, "}");
    }
    OUT(o, "]");
}

static void put_adl_queue(struct out *o, const struct weir_venue *v,
                          const struct weir_adl_state *s) {
    put_market_of(o, v, s->market);
    put_side(o, s->side);
    KEY(o, "queue");
    OUT(o, "[");
    for (uint32_t i = 0; i < s->count; i++) {
        const struct weir_adl_entry *e = &s->queue[i];
        COMMA(o, i);
        OUT(o, "{\"account\":");
        weir_out_name(o, e->account);
        KEY(o, "scope");
        weir_out_scope(o, v, e->scope_market);
        KEY(o, "rank");
        weir_out_integer(o, e->rank);
        KEY(o, "score");
        weir_out_rate(o, e->score);
        KEY(o, "qty");
        weir_out_qty(o, v, s->market, e->qty);
        OUT(o, "}");
    }
    OUT(o, "]");
}

static void put_map(struct out *o, const struct weir_venue *v, const struct weir_map_state *s) {
    uint32_t asset = v->markets[s->market].asset;
    put_market_of(o, v, s->market);
    KEY(o, "buckets");
    OUT(o, "[");
    for (uint32_t i = 0; i < s->count; i++) {
        COMMA(o, i);
        OUT(o, "{\"price\":");
        weir_out_price(o, v, s->market, s->buckets[i].price);
        KEY(o, "long");
        weir_out_money(o, v, asset, s->buckets[i].long_notional);
        KEY(o, "short");
        weir_out_money(o, v, asset, s->buckets[i].short_notional);
        OUT(o, "}");
    }
    OUT(o, "]");
}

static void put_asset_totals(struct out *o, const struct weir_asset *asset,
                             const struct weir_asset_totals *t) {
    const struct weir_decimal unit = weir_decimal_power(asset->decimals);
    const struct {
        const char *name;
        weir_wide value;
    } rows[] = {{"balances", t->balances},
                {"entry_values", t->entry_values},
                {"fund", t->fund},
                {"fees", t->fees},
                {"holds", t->holds},
                {"loss_pool", t->loss_pool},
                {"deposits", t->deposits},
                {"seeds", t->seeds},
                {"withdrawals", t->withdrawals}};
    weir_out_name(o, &asset->name);
    OUT(o, ":{");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        COMMA(o, i);
        weir_out_string(o, rows[i].name);
        OUT(o, ":");
        weir_out_decimal(o, rows[i].value, &unit, asset->decimals);
    }
    OUT(o, "}");
}

static void put_totals(struct out *o, const struct weir_venue *v,
                       const struct weir_totals_state *t) {
    char hash[24];
    KEY(o, "assets");
    OUT(o, "{");
    for (uint32_t i = 0; i < v->asset_count; i++) {
        COMMA(o, i);
        put_asset_totals(o, &v->assets[i], &t->assets[i]);
    }
    OUT(o, "}");
    KEY(o, "open_interest");
    OUT(o, "{");
    for (uint32_t m = 0; m < v->market_count; m++) {
        COMMA(o, m);
        weir_out_symbol(o, v, m);
        OUT(o, ":");
        weir_out_qty(o, v, m, t->open_interest[m]);
    }
    OUT(o, "}");
    KEY(o, "queue");
    weir_out_integer(o, (int64_t)t->queue);
    KEY(o, "conserved");
    put_bool(o, t->conserved);
    KEY(o, "state_hash");
    snprintf(hash, sizeof hash, "%016" PRIx64, t->state_hash);
    weir_out_string(o, hash);
}

void weir_out_answer(struct out *o, const struct weir_venue *venue,
                     const struct weir_event *event) {
    switch (event->kind) {
    case WEIR_EV_ACCOUNT_STATE:
        put_account(o, venue, &event->account_state);
        return;
    case WEIR_EV_MARKET_STATE:
        put_market(o, venue, &event->market_state);
        return;
    case WEIR_EV_BOOK_STATE:
        put_market_of(o, venue, event->book_state.market);
        KEY(o, "bids");
        put_levels(o, venue, event->book_state.market, event->book_state.bid_count,
                   event->book_state.bids);
        KEY(o, "asks");
        put_levels(o, venue, event->book_state.market, event->book_state.ask_count,
                   event->book_state.asks);
        return;
    case WEIR_EV_FUND_STATE:
        put_fund(o, venue, &event->fund_state);
        return;
    case WEIR_EV_AUCTIONS_STATE:
        put_auctions(o, venue, &event->auctions_state);
        return;
    case WEIR_EV_ADL_STATE:
        put_adl_queue(o, venue, &event->adl_state);
        return;
    case WEIR_EV_LIQUIDATION_MAP:
        put_map(o, venue, &event->map_state);
        return;
    case WEIR_EV_TOTALS:
        put_totals(o, venue, &event->totals_state);
        return;
    default:
        weir_check_failed("an event that no writer knows", __FILE__, __LINE__);
    }
}
