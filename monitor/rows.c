/* Rows of the CSV files. Exact numbers are printed as the text protocol prints them. */
#include "monitor/internal.h"

#include <inttypes.h>

void weir_monitor_headers(const struct weir_monitor *monitor) {
    const struct weir_monitor_files *f = &monitor->files;
    if (f->series)
        (void)fputs("time_ns,market,index,mark,last,best_bid,best_ask,bid_depth,ask_depth,spread,"
                    "open_interest,funding_rate,long_share,fund,leverage_ratio,backlog,"
                    "liquidated_long,liquidated_short,per_qty\n",
                    f->series);
    if (f->liquidations)
        (void)fputs("liquidation,account,scope,class,side,market,started_ns,ended_ns,outcome,"
                    "equity,requirement,notional,book,auction,backstop,absorbed,adl,shortfall,"
                    "lots_closed,steps,asset,worth\n",
                    f->liquidations);
    if (f->adl)
        (void)fputs("time_ns,market,account,counterparty,qty,price,rank,haircut,least_haircut,"
                    "asset,notional,"
                    "worth\n",
                    f->adl);
}

static void put_number(FILE *out, weir_wide count, const struct weir_decimal *unit,
                       uint8_t digits) {
    char text[128];
    (void)weir_decimal_print(count, unit, digits, text, sizeof text);
    (void)fputs(text, out);
}

static void put(FILE *out, weir_wide count, const struct weir_decimal *unit, uint8_t digits,
                char end) {
    put_number(out, count, unit, digits);
    (void)fputc(end, out);
}

static void put_amount(const struct weir_monitor *m, FILE *out, uint32_t asset, weir_wide units,
                       char end) {
    const struct weir_decimal unit = weir_asset_unit(m->venue, asset);
    put(out, units, &unit, m->venue->assets[asset].decimals, end);
}

static void put_quote(const struct weir_monitor *m, FILE *out, weir_wide quote, char end) {
    put_amount(m, out, 0, quote, end);
}

/* What one of an asset is worth in quote currency: 1, or the index it is counted at. */
static void put_worth(const struct weir_monitor *m, FILE *out, uint32_t asset, char end) {
    const uint32_t by = m->priced_by[asset];
    const struct weir_market *market = by == NOBODY ? NULL : &m->venue->markets[by];
    if (!market)
        (void)fputc('1', out);
    else if (m->index[asset] > 0)
        put_number(out, m->index[asset], &market->tick, market->price_digits);
    (void)fputc(end, out);
}

/* Empty when there is none. */
static void put_price(const struct weir_market *market, FILE *out, weir_price price, char end) {
    if (price > 0)
        put(out, price, &market->tick, market->price_digits, end);
    else
        (void)fputc(end, out);
}

static void put_qty(const struct weir_market *market, FILE *out, weir_wide lots, char end) {
    put(out, lots, &market->lot, market->qty_digits, end);
}

/* What was closed, in quote currency. A scope in that has it exactly by stage, with the lots that
 * others' last resort closed (R28); elsewhere it is what its own fills came to. */
static weir_wide notional_of(const struct open_liquidation *liquidation,
                             const struct weir_event *ended, bool priced) {
    weir_wide notional = 0;
    if (!ended) return liquidation->largest;
    if (priced) return liquidation->notional;
    for (int i = 0; i < WEIR_BY_COUNT; i++)
        notional += ended->liquidation_ended.by_stage[i];
    return notional;
}

void weir_monitor_row_liquidation(const struct weir_monitor *monitor,
                                  const struct open_liquidation *liquidation,
                                  const struct weir_event *ended, weir_time t) {
    FILE *out = monitor->files.liquidations;
    if (!out) return;
    const struct account *account = &monitor->accounts[liquidation->account];
    const struct weir_venue *venue = monitor->venue;
    const uint32_t scope_market = liquidation->scope_market;
    const uint32_t asset = weir_scope_asset(venue, scope_market);
    const bool cross = weir_scope_is_cross(scope_market);
    uint32_t market = liquidation->market;
    if (market == NOBODY && !cross) market = scope_market;
    bool named = cross && weir_venue_settlements(venue) > 1;
    const struct weir_market *markets = venue->markets;
    bool worked = liquidation->steps > 0 || liquidation->market != NOBODY;
    (void)fprintf(out, "%" PRIu64 ",%s,%s%s%s,%s,%s,%s,%" PRId64 ",", liquidation->number,
                  account->name.text, cross ? "cross" : markets[scope_market].symbol.text,
                  named ? ":" : "", named ? venue->assets[asset].name.text : "",
                  venue->classes[account->class_idx].name.text,
                  worked ? weir_side_words[liquidation->side] : "",
                  market == NOBODY ? "" : markets[market].symbol.text, liquidation->started);
    if (ended)
        (void)fprintf(out, "%" PRId64 ",%s,", t,
                      weir_outcome_words[ended->liquidation_ended.outcome]);
    else
        (void)fputs(",open,", out);
    put_amount(monitor, out, asset, liquidation->equity, ',');
    put_amount(monitor, out, asset, liquidation->requirement, ',');
    put_quote(monitor, out, notional_of(liquidation, ended, monitor->priced_by[asset] != NOBODY),
              ',');
    for (int i = 0; i < WEIR_BY_COUNT; i++)
        if (ended)
            put_amount(monitor, out, asset, ended->liquidation_ended.by_stage[i], ',');
        else
            (void)fputc(',', out);
    if (ended)
        put_amount(monitor, out, asset, ended->liquidation_ended.shortfall, ',');
    else
        (void)fputc(',', out);
    (void)fprintf(out, "%" PRId64 ",%u,%s,", weir_saturate(liquidation->lots), liquidation->steps,
                  venue->assets[asset].name.text);
    put_worth(monitor, out, asset, '\n');
}

void weir_monitor_row_adl(const struct weir_monitor *monitor, const struct weir_event *event) {
    FILE *out = monitor->files.adl;
    if (!out) return;
    const struct weir_market *market = &monitor->venue->markets[event->adl.market];
    (void)fprintf(out, "%" PRId64 ",%s,%s,%s,", event->t, market->symbol.text,
                  event->adl.account->text, event->adl.counterparty->text);
    put_qty(market, out, event->adl.qty, ',');
    put_price(market, out, event->adl.price, ',');
    if (event->adl.rank.known) (void)fprintf(out, "%" PRId64, event->adl.rank.value);
    (void)fputc(',', out);
    put_amount(monitor, out, market->asset, event->adl.haircut, ',');
    put_amount(monitor, out, market->asset, event->adl.least_haircut, ',');
    (void)fprintf(out, "%s,", monitor->venue->assets[market->asset].name.text);
    put_quote(monitor, out,
              weir_monitor_notional(monitor, event->adl.market, event->adl.price, event->adl.qty),
              ',');
    put_worth(monitor, out, market->asset, '\n');
}

static double lot_size(const struct weir_market *market) {
    double size = (double)market->lot.mantissa;
    for (int i = 0; i < market->lot.scale; i++)
        size /= 10;
    return size;
}

static void row_series(struct weir_monitor *m, uint32_t number, const struct weir_view_market *view,
                       weir_time t, double leverage, uint64_t backlog) {
    FILE *out = m->files.series;
    const struct weir_market *market = &m->venue->markets[number];
    struct market *at = &m->markets[number];
    const struct weir_decimal ppb = weir_decimal_power(9);
    (void)fprintf(out, "%" PRId64 ",%s,", t, market->symbol.text);
    put_price(market, out, view->index, ',');
    put_price(market, out, view->mark, ',');
    put_price(market, out, view->last, ',');
    put_price(market, out, view->best_bid, ',');
    put_price(market, out, view->best_ask, ',');
    put_qty(market, out, view->bid_depth, ',');
    put_qty(market, out, view->ask_depth, ',');
    bool both = view->best_bid > 0 && view->best_ask > 0;
    put_price(market, out, both ? view->best_ask - view->best_bid : 0, ',');
    put_qty(market, out, view->open_interest, ',');
    put(out, view->funding_rate, &ppb, 9, ',');
    weir_wide sum = at->sample_long + at->sample_short;
    if (sum > 0) (void)fprintf(out, "%.6f", (double)at->sample_long / (double)sum);
    (void)fputc(',', out);
    put_quote(m, out, m->fund, ',');
    (void)fprintf(out, "%.6f,%" PRIu64 ",", leverage, backlog);
    put_quote(m, out, at->sample_long, ',');
    put_quote(m, out, at->sample_short, ',');
    /* Quote currency per unit of quantity where that is no price: of an inverse contract. */
    if (market->contract == WEIR_INVERSE)
        (void)fprintf(out, "%.9g", (double)market->face_value / lot_size(market));
    (void)fputc('\n', out);
    at->sample_long = at->sample_short = 0;
}

void weir_monitor_sample(struct weir_monitor *monitor, struct weir_engine *engine, weir_time t) {
    if (!monitor->files.series) return;
    double interest = 0;
    uint64_t backlog = weir_engine_view_backlog(engine);
    double held = 0;
    struct weir_view_market view;
    for (uint32_t a = 0; a < monitor->venue->asset_count; a++)
        if (monitor->venue->assets[a].settles)
            held += weir_monitor_quote(
                monitor, weir_monitor_worth(monitor, a, weir_engine_view_balances(engine, a)));
    for (uint32_t i = 0; i < monitor->venue->market_count; i++) {
        weir_engine_view_market(engine, i, &view);
        interest += weir_monitor_quote(
            monitor, weir_monitor_notional(monitor, i, view.mark, view.open_interest));
    }
    for (uint32_t i = 0; i < monitor->venue->market_count; i++) {
        /* A market without a price is not part of the run. */
        if (monitor->markets[i].open == 0) continue;
        weir_engine_view_market(engine, i, &view);
        row_series(monitor, i, &view, t, held > 0 ? interest / held : 0, backlog);
    }
}
