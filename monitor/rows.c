/* Rows of the CSV files. Exact numbers are printed as the text protocol prints them. */
#include "monitor/internal.h"

#include <inttypes.h>

void weir_monitor_headers(const struct weir_monitor *monitor) {
    const struct weir_monitor_files *f = &monitor->files;
    if (f->series)
        (void)fputs("time_ns,market,index,mark,last,best_bid,best_ask,bid_depth,ask_depth,spread,"
                    "open_interest,funding_rate,long_share,fund,leverage_ratio,backlog,"
                    "liquidated_long,liquidated_short\n",
                    f->series);
    if (f->liquidations)
        (void)fputs("liquidation,account,scope,class,side,market,started_ns,ended_ns,outcome,"
                    "equity,requirement,notional,book,auction,backstop,absorbed,adl,shortfall,"
                    "lots_closed,steps\n",
                    f->liquidations);
    if (f->adl)
        (void)fputs("time_ns,market,account,counterparty,qty,price,rank,haircut,least_haircut\n",
                    f->adl);
}

static void put(FILE *out, weir_wide count, const struct weir_decimal *unit, uint8_t digits,
                char end) {
    char text[128];
    (void)weir_decimal_print(count, unit, digits, text, sizeof text);
    (void)fputs(text, out);
    (void)fputc(end, out);
}

static void put_money(const struct weir_monitor *m, FILE *out, weir_wide units, char end) {
    put(out, units, &m->venue->money_unit, m->venue->assets[0].decimals, end);
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

void weir_monitor_row_liquidation(const struct weir_monitor *monitor,
                                  const struct open_liquidation *liquidation,
                                  const struct weir_event *ended, weir_time t) {
    FILE *out = monitor->files.liquidations;
    if (!out) return;
    const struct account *account = &monitor->accounts[liquidation->account];
    uint32_t market = liquidation->market;
    if (market == NOBODY) market = liquidation->scope_market;
    const struct weir_market *markets = monitor->venue->markets;
    const char *scope = liquidation->scope_market == WEIR_NO_INDEX
                            ? "cross"
                            : markets[liquidation->scope_market].symbol.text;
    bool worked = liquidation->steps > 0 || liquidation->market != NOBODY;
    (void)fprintf(out, "%" PRIu64 ",%s,%s,%s,%s,%s,%" PRId64 ",", liquidation->number,
                  account->name.text, scope, monitor->venue->classes[account->class_idx].name.text,
                  worked ? weir_side_words[liquidation->side] : "",
                  market == WEIR_NO_INDEX ? "" : markets[market].symbol.text, liquidation->started);
    if (ended)
        (void)fprintf(out, "%" PRId64 ",%s,", t,
                      weir_outcome_words[ended->liquidation_ended.outcome]);
    else
        (void)fputs(",open,", out);
    put_money(monitor, out, liquidation->equity, ',');
    put_money(monitor, out, liquidation->requirement, ',');
    weir_wide notional = 0;
    for (int i = 0; ended && i < WEIR_BY_COUNT; i++)
        notional += ended->liquidation_ended.by_stage[i];
    put_money(monitor, out, ended ? notional : liquidation->largest, ',');
    for (int i = 0; i < WEIR_BY_COUNT; i++)
        if (ended)
            put_money(monitor, out, ended->liquidation_ended.by_stage[i], ',');
        else
            (void)fputc(',', out);
    if (ended)
        put_money(monitor, out, ended->liquidation_ended.shortfall, ',');
    else
        (void)fputc(',', out);
    (void)fprintf(out, "%" PRId64 ",%u\n", weir_saturate(liquidation->lots), liquidation->steps);
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
    put_money(monitor, out, event->adl.haircut, ',');
    put_money(monitor, out, event->adl.least_haircut, '\n');
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
    put_money(m, out, m->fund, ',');
    (void)fprintf(out, "%.6f,%" PRIu64 ",", leverage, backlog);
    put_money(m, out, at->sample_long, ',');
    put_money(m, out, at->sample_short, '\n');
    at->sample_long = at->sample_short = 0;
}

void weir_monitor_sample(struct weir_monitor *monitor, struct weir_engine *engine, weir_time t) {
    if (!monitor->files.series) return;
    double interest = 0;
    uint64_t backlog = weir_engine_view_backlog(engine);
    double held = weir_monitor_quote(monitor, weir_engine_view_collateral(engine));
    struct weir_view_market view;
    for (uint32_t i = 0; i < monitor->venue->market_count; i++) {
        weir_engine_view_market(engine, i, &view);
        interest += weir_monitor_quote(monitor, (weir_wide)view.open_interest * view.mark *
                                                    monitor->venue->markets[i].unit_value);
    }
    for (uint32_t i = 0; i < monitor->venue->market_count; i++) {
        /* A market without a price is not part of the run. */
        if (monitor->markets[i].open == 0) continue;
        weir_engine_view_market(engine, i, &view);
        row_series(monitor, i, &view, t, held > 0 ? interest / held : 0, backlog);
    }
}
