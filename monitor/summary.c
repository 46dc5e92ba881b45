/* summary.json and its readable twin. */
#include "monitor/internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

double weir_monitor_quote(const struct weir_monitor *monitor, weir_wide units) {
    return weir_monitor_whole(monitor, 0, units);
}

void weir_monitor_peak(const struct weir_monitor *monitor, struct span *peak) {
    const struct closing *c = monitor->closings;
    size_t from = 0, best_from = 0, best_to = 0;
    weir_wide sum = 0, best = 0;
    for (size_t to = 0; to < monitor->closing_count; to++) {
        sum += c[to].value;
        while (c[to].t - c[from].t >= HOUR)
            sum -= c[from++].value;
        if (sum <= best) continue;
        best = sum;
        best_from = from;
        best_to = to + 1;
    }
    memset(peak, 0, sizeof *peak);
    peak->total = best;
    peak->from = best_to > 0 ? c[best_from].t : 0;
    for (size_t i = best_from; i < best_to; i++) {
        peak->by_market[c[i].market] += c[i].value;
        if (c[i].longs) peak->longs += c[i].value;
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */
struct writer {
    const struct weir_monitor *m;
    FILE *out;
    double scale;
};

static void money(const struct writer *w, const char *key, weir_wide units, const char *end) {
    (void)fprintf(w->out, "\"%s\": %.2f%s", key, weir_monitor_quote(w->m, units) * w->scale, end);
}

static void share(const struct writer *w, const char *key, weir_wide part, weir_wide whole,
                  const char *end) {
    if (whole > 0)
        (void)fprintf(w->out, "\"%s\": %.6f%s", key, (double)part / (double)whole, end);
    else
        (void)fprintf(w->out, "\"%s\": null%s", key, end);
}

/* {market: amount} of the markets that took part. */
static void by_market(const struct writer *w, const char *key, const weir_wide *amounts,
                      const char *end) {
    const char *comma = "";
    (void)fprintf(w->out, "\"%s\": {", key);
    for (uint32_t i = 0; i < w->m->venue->market_count; i++) {
        if (w->m->markets[i].open == 0) continue;
        (void)fputs(comma, w->out);
        money(w, w->m->venue->markets[i].symbol.text, amounts[i], "");
        comma = ", ";
    }
    (void)fprintf(w->out, "}%s", end);
}

static void put_liquidations(const struct writer *w, const struct span *peak) {
    const struct weir_monitor *m = w->m;
    weir_wide all[WEIR_MARKETS_MAX];
    for (uint32_t i = 0; i < m->venue->market_count; i++)
        all[i] = m->markets[i].liquidated;
    (void)fprintf(w->out, "\"liquidations\": {\"scopes\": %" PRIu64 ", \"accounts\": %" PRIu64 ", ",
                  m->started, m->liquidated_accounts);
    money(w, "notional", m->total, ", ");
    share(w, "long_share", m->longs, m->total, ",\n    ");
    by_market(w, "by_market", all, ",\n    \"peak_hour\": {");
    money(w, "notional", peak->total, ", ");
    share(w, "long_share", peak->longs, peak->total, ", ");
    (void)fprintf(w->out, "\"from_ns\": %" PRId64 ", ", peak->from);
    by_market(w, "by_market", peak->by_market, "},\n    \"by_stage\": {");
    for (int i = 0; i < WEIR_BY_COUNT; i++)
        money(w, weir_stage_words[i], m->by_stage[i], i + 1 < WEIR_BY_COUNT ? ", " : "},\n    ");
    (void)fputs("\"outcomes\": {", w->out);
    for (int i = 0; i < 3; i++)
        (void)fprintf(w->out, "\"%s\": %" PRIu64 "%s", weir_outcome_words[i], m->outcomes[i],
                      i < 2 ? ", " : "}}");
}

static weir_wide sum_of(const weir_wide *by_cause) {
    weir_wide sum = 0;
    for (int i = 0; i < WEIR_CAUSE_COUNT; i++)
        sum += by_cause[i];
    return sum;
}

static void by_cause(const struct writer *w, const char *key, const weir_wide *amounts,
                     const char *end) {
    (void)fprintf(w->out, "\"%s\": {", key);
    for (int i = 0; i < WEIR_CAUSE_COUNT; i++)
        money(w, weir_cause_words[i], amounts[i], i + 1 < WEIR_CAUSE_COUNT ? ", " : "}");
    (void)fputs(end, w->out);
}

/* With several settlement assets: what was booked in each, in that asset. */
static void put_by_asset(const struct writer *w) {
    const struct weir_venue *v = w->m->venue;
    const char *between = "";
    if (weir_venue_settlements(v) < 2) return;
    (void)fputs(",\n  \"by_asset\": {", w->out);
    for (uint32_t a = 0; a < v->asset_count; a++) {
        const struct booked *b = &w->m->booked[a];
        const struct {
            const char *key;
            weir_wide units;
        } rows[] = {{"fund_start", b->fund_start},
                    {"fund_min", b->fund_least},
                    {"fund_end", b->fund},
                    {"received", b->received},
                    {"paid", b->paid},
                    {"haircut", b->haircut},
                    {"least_haircut", b->least_haircut},
                    {"shortfall", b->shortfall},
                    {"socialised", b->socialised}};
        if (!v->assets[a].settles) continue;
        (void)fprintf(w->out, "%s\n    \"%s\": {", between, v->assets[a].name.text);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            (void)fprintf(w->out, "%s\"%s\": %.*f", i > 0 ? ", " : "", rows[i].key,
                          v->assets[a].decimals,
                          weir_monitor_whole(w->m, a, rows[i].units) * w->scale);
        (void)fputc('}', w->out);
        between = ",";
    }
    (void)fputc('}', w->out);
}

static void put_amounts(const struct writer *w, const struct span *peak) {
    const struct weir_monitor *m = w->m;
    put_liquidations(w, peak);
    (void)fputs(",\n  \"insurance\": {", w->out);
    money(w, "start", m->fund_start, ", ");
    money(w, "min", m->fund_least, ", ");
    money(w, "end", m->fund, ", ");
    money(w, "received", sum_of(m->received), ", ");
    money(w, "paid", sum_of(m->paid), ",\n    ");
    by_cause(w, "received_by_cause", m->received, ",\n    ");
    by_cause(w, "paid_by_cause", m->paid, "},\n  ");
    (void)fprintf(w->out, "\"adl\": {\"events\": %" PRIu64 ", \"accounts\": %" PRIu64 ", ",
                  m->adl_events, m->adl_accounts);
    money(w, "notional", m->adl_notional, ", ");
    money(w, "haircut", m->haircut, ", ");
    money(w, "least_haircut", m->least_haircut, "},\n  ");
    money(w, "shortfall", m->shortfall, ", ");
    money(w, "socialised", m->socialised, "");
    put_by_asset(w);
}

static void price(const struct writer *w, const struct weir_market *market, const char *key,
                  weir_price ticks, const char *end) {
    char text[128];
    (void)weir_decimal_print(ticks, &market->tick, market->price_digits, text, sizeof text);
    (void)fprintf(w->out, "\"%s\": %s%s", key, text, end);
}

static void put_prices(const struct writer *w) {
    const char *comma = "";
    (void)fputs("\"price\": {", w->out);
    for (uint32_t i = 0; i < w->m->venue->market_count; i++) {
        const struct market *at = &w->m->markets[i];
        const struct weir_market *market = &w->m->venue->markets[i];
        if (at->open == 0) continue;
        (void)fprintf(w->out, "%s\n    \"%s\": {", comma, market->symbol.text);
        price(w, market, "open", at->open, ", ");
        price(w, market, "low", at->low, ", ");
        price(w, market, "high", at->high, ", ");
        price(w, market, "close", at->close, ", ");
        (void)fprintf(w->out, "\"max_drawdown\": %.9f}", at->drawdown);
        comma = ",";
    }
    (void)fputs("},\n  ", w->out);
}

static double per_second(uint64_t count, double wall_s) {
    return wall_s > 0 ? (double)count / wall_s : 0;
}

static void put_performance(const struct writer *w, const struct weir_run_facts *facts) {
    const struct weir_histogram *h = facts->latency;
    (void)fprintf(w->out,
                  "\"performance\": {\"wall_s\": %.3f, \"commands_per_s\": %.0f, "
                  "\"liquidations_per_s\": %.1f,\n    \"command_ns\": {\"p50\": %" PRIu64
                  ", \"p99\": %" PRIu64 ", \"p99_9\": %" PRIu64 ", \"p99_99\": %" PRIu64
                  ", \"max\": %" PRIu64 "}}",
                  facts->wall_s, per_second(facts->commands, facts->wall_s),
                  per_second(w->m->started, facts->wall_s), weir_histogram_percentile(h, 500000),
                  weir_histogram_percentile(h, 990000), weir_histogram_percentile(h, 999000),
                  weir_histogram_percentile(h, 999900), h->max);
}

void weir_monitor_summary(const struct weir_monitor *monitor, const struct weir_run_facts *facts,
                          FILE *out) {
    static struct span peak; /* too large for a stack; the program is single-threaded */
    char scale[128];
    struct weir_decimal one = weir_decimal_power(facts->scale.scale);
    (void)weir_decimal_print(facts->scale.mantissa, &one, facts->scale.scale, scale, sizeof scale);
    struct writer real = {monitor, out, (double)facts->scale.mantissa};
    for (int i = 0; i < facts->scale.scale; i++)
        real.scale /= 10;
    const struct writer simulated = {monitor, out, 1};
    weir_monitor_peak(monitor, &peak);
    (void)fprintf(out,
                  "{\n  \"scenario\": \"%s\", \"seed\": %" PRIu64
                  ", \"scale\": %s, \"policy\": \"%s\",\n  \"simulated_s\": %.3f, "
                  "\"commands\": %" PRIu64 ", \"events\": %" PRIu64
                  ",\n  \"state_hash\": \"%016" PRIx64
                  "\", \"conserved\": %s, \"interrupted\": %s,\n  ",
                  facts->scenario, facts->seed, scale, facts->policy, facts->simulated_s,
                  facts->commands, facts->events, facts->state_hash,
                  facts->conserved ? "true" : "false", facts->interrupted ? "true" : "false");
    put_amounts(&real, &peak);
    (void)fprintf(out, ",\n  \"margin_calls\": %" PRIu64 ", \"auctions\": %" PRIu64 ",\n  ",
                  monitor->margin_calls, monitor->auctions);
    put_prices(&real);
    put_performance(&real, facts);
    (void)fputs(",\n  \"simulated\": {", out);
    put_amounts(&simulated, &peak);
    (void)fputs("}\n}\n", out);
}

/* ---- Text ------------------------------------------------------------------------------------ */
/* An amount as people say it. */
static void print_amount(FILE *out, const char *label, double amount) {
    double size = amount < 0 ? -amount : amount;
    if (size >= 1e9)
        (void)fprintf(out, "%s%.2f billion", label, amount / 1e9);
    else if (size >= 1e6)
        (void)fprintf(out, "%s%.1f million", label, amount / 1e6);
    else
        (void)fprintf(out, "%s%.0f", label, amount);
}

/* A share in percent, to a tenth; what a tenth would make nothing or all has three digits. */
static void print_percent(FILE *out, const char *label, double part, double whole) {
    double share = whole > 0 ? 100 * part / whole : 0, near = fmin(share, fabs(100 - share));
    (void)fprintf(out, "%s%.*f %%", label, near > 0 && near < 0.05 ? 3 : 1, share);
}

static void print_stages(const struct weir_monitor *m, FILE *out) {
    (void)fputs("closed by     ", out);
    for (int i = 0; i < WEIR_BY_COUNT; i++) {
        (void)fprintf(out, "%s%s", i > 0 ? ", " : "", weir_stage_words[i]);
        print_percent(out, " ", (double)m->by_stage[i], (double)m->total);
    }
    (void)fputc('\n', out);
}

void weir_monitor_text(const struct weir_monitor *monitor, const struct weir_run_facts *facts,
                       FILE *out) {
    static struct span peak;
    double scale = (double)facts->scale.mantissa;
    for (int i = 0; i < facts->scale.scale; i++)
        scale /= 10;
    weir_monitor_peak(monitor, &peak);
    (void)fprintf(out, "%s, seed %" PRIu64 ", policy %s, %.1f simulated hours%s\n", facts->scenario,
                  facts->seed, facts->policy, facts->simulated_s / 3600,
                  facts->interrupted ? " (interrupted)" : "");
    print_amount(out, "worst hour    ", weir_monitor_quote(monitor, peak.total) * scale);
    print_percent(out, " liquidated, ", (double)peak.longs, (double)peak.total);
    (void)fputs(" long", out);
    for (uint32_t i = 0; i < monitor->venue->market_count; i++) {
        if (peak.by_market[i] * 20 <= peak.total) continue;
        (void)fprintf(out, ", %s", monitor->venue->markets[i].symbol.text);
        print_percent(out, " ", (double)peak.by_market[i], (double)peak.total);
    }
    print_amount(out, "\nall           ", weir_monitor_quote(monitor, monitor->total) * scale);
    (void)fprintf(out, " in %" PRIu64 " liquidations of %" PRIu64 " accounts, ", monitor->started,
                  monitor->liquidated_accounts);
    print_percent(out, "", (double)monitor->longs, (double)monitor->total);
    (void)fputs(" long\n", out);
    print_stages(monitor, out);
    print_amount(out, "fund          ", weir_monitor_quote(monitor, monitor->fund_start) * scale);
    print_amount(out, " at the start, least ",
                 weir_monitor_quote(monitor, monitor->fund_least) * scale);
    print_amount(out, ", ", weir_monitor_quote(monitor, monitor->fund) * scale);
    print_amount(out, " at the end; paid ",
                 weir_monitor_quote(monitor, sum_of(monitor->paid)) * scale);
    print_amount(out, "\ndeleveraged   ",
                 weir_monitor_quote(monitor, monitor->adl_notional) * scale);
    (void)fprintf(out, " from %" PRIu64 " accounts", monitor->adl_accounts);
    print_amount(out, "; socialised ", weir_monitor_quote(monitor, monitor->socialised) * scale);
    (void)fputs("\nlargest fall  ", out);
    const char *comma = "";
    for (uint32_t i = 0; i < monitor->venue->market_count; i++) {
        if (monitor->markets[i].open == 0) continue;
        (void)fprintf(out, "%s%s", comma, monitor->venue->markets[i].symbol.text);
        print_percent(out, " ", monitor->markets[i].drawdown, 1);
        comma = ", ";
    }
    (void)fprintf(out,
                  "\nengine        %" PRIu64 " commands, %" PRIu64
                  " events in %.1f s (%.0f commands/s), p99 %.1f us, conserved: %s\n"
                  "state         %016" PRIx64 "\n",
                  facts->commands, facts->events, facts->wall_s,
                  per_second(facts->commands, facts->wall_s),
                  (double)weir_histogram_percentile(facts->latency, 990000) / 1e3,
                  facts->conserved ? "yes" : "NO", facts->state_hash);
}
