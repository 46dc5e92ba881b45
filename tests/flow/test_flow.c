/* Scenario files, the population drawn from them, and the commands of the flow: counted at the
 * port, without an engine. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/internal.h"

#define DEFAULT "scenarios/hour-601m.yaml"

/* Counts and fingerprints what the flow sends. */
struct counter {
    struct weir_flow *flow;
    uint64_t kinds[WEIR_CMD_COUNT], digest, opening;
    weir_time last;
    double bought[WEIR_FLOW_MARKETS_MAX], deposits;
    const struct weir_venue *venue;
};

static void mix(uint64_t *digest, const void *data, size_t size) {
    const unsigned char *byte = data;
    for (size_t i = 0; i < size; i++)
        *digest = (*digest ^ byte[i]) * UINT64_C(1099511628211);
}

static void apply(void *ctx, const struct weir_command *c) {
    struct counter *k = ctx;
    cr_assert(c->present & WEIR_HAS_T);
    cr_assert(c->t >= k->last, "time went back");
    k->last = c->t;
    k->kinds[c->kind]++;
    mix(&k->digest, &c->t, sizeof c->t);
    mix(&k->digest, &c->kind, 1);
    mix(&k->digest, &c->side, 1);
    mix(&k->digest, &c->account, sizeof c->account);
    mix(&k->digest, &c->account2, sizeof c->account2);
    mix(&k->digest, &c->id, sizeof c->id);
    mix(&k->digest, &c->market, sizeof c->market);
    mix(&k->digest, &c->qty.mantissa, sizeof c->qty.mantissa);
    mix(&k->digest, &c->price.mantissa, sizeof c->price.mantissa);
    mix(&k->digest, &c->amount.mantissa, sizeof c->amount.mantissa);
    if (c->kind == WEIR_CMD_BLOCK_TRADE)
        k->bought[weir_venue_market(k->venue, &c->market)] +=
            weir_flow_double(&c->qty) * weir_flow_double(&c->price);
    if (c->kind == WEIR_CMD_DEPOSIT && (c->account.text[0] == 't' || c->account.text[0] == 'h'))
        k->deposits += weir_flow_double(&c->amount);
}

static void view(void *ctx, uint32_t market, struct weir_view_market *out) {
    (void)ctx;
    (void)market;
    memset(out, 0, sizeof *out);
}

struct made {
    struct weir_scenario *scenario;
    struct weir_venue *venue;
    struct weir_flow *flow;
    struct counter counter;
};

static void make(struct made *m, const struct weir_setting *settings, size_t count) {
    struct weir_file_error error = {{0}};
    memset(m, 0, sizeof *m);
    m->scenario = weir_scenario_load(DEFAULT, settings, count, &m->venue, &error);
    cr_assert(m->scenario, "%s", error.text);
    const struct weir_flow_port port = {&m->counter, apply, view};
    m->flow = weir_flow_new(m->scenario, m->venue, &port, &error);
    cr_assert(m->flow, "%s", error.text);
    m->counter.flow = m->flow;
    m->counter.venue = m->venue;
}

static void drop(struct made *m) {
    weir_flow_free(m->flow);
    free(m->scenario);
    weir_venue_free(m->venue);
}

static void open_market(struct made *m) {
    while (weir_flow_open(m->flow))
        continue;
    m->counter.opening = m->counter.digest;
}

static void act(struct made *m, weir_time length) {
    weir_time end = m->scenario->start + length;
    while (weir_flow_act(m->flow, end) < end)
        continue;
}

/* ---- Numbers --------------------------------------------------------------------------------- */
Test(flow, elementary_functions_agree_with_the_library) {
    for (double x = -30; x < 30; x += 0.0173) {
        cr_assert(fabs(weir_flow_exp(x) / exp(x) - 1) < 1e-13);
        cr_assert(fabs(weir_flow_log(exp(x)) - x) < 1e-13 * (1 + fabs(x)));
        cr_assert(fabs(weir_flow_pow(exp(x), 0.875) / exp(x * 0.875) - 1) < 1e-12);
    }
    for (double u = 1e-7; u < 1; u += 7.7e-5)
        cr_assert(fabs(0.5 * erfc(-weir_flow_normal(u) / sqrt(2.0)) - u) < 1e-8);
    cr_assert_eq(weir_flow_round(2.5), 3);
    cr_assert_eq(weir_flow_round(-2.5), -3);
    cr_assert(fabs(weir_flow_decay(20, 10) - 0.25) < 1e-15);
}

/* ---- Population ------------------------------------------------------------------------------ */
Test(flow, population_holds_the_open_interest) {
    struct made m;
    make(&m, NULL, 0);
    const struct weir_flow_figures *f = weir_flow_figures(m.flow);
    open_market(&m);
    cr_assert_eq(f->accounts, 100000);
    double scale = weir_flow_double(&m.scenario->scale);
    for (uint32_t i = 0; i < m.scenario->market_count; i++) {
        const struct weir_flow_market *market = &m.scenario->markets[i];
        uint32_t number = weir_venue_market(m.venue, &market->market);
        double target = weir_flow_double(&market->open_interest) / scale;
        cr_assert(fabs(f->open_interest[number] / target - 1) < 1e-4, "%s", market->market.text);
        cr_assert(fabs(m.counter.bought[number] / target - 1) < 1e-4, "%s", market->market.text);
    }
    double cap = weir_flow_double(&m.scenario->target) * 0.01 / scale;
    cr_assert(f->largest_position <= cap);
    cr_assert(f->largest_position > 0.9 * cap); /* the tail reaches it */
    for (uint32_t i = 0; i < m.scenario->population.leverage_count; i++) {
        double wanted = weir_flow_rate(m.scenario->population.leverages[i].share);
        cr_assert(fabs(f->by_leverage[i] - wanted) < 0.001, "leverage row %u: %f", i,
                  f->by_leverage[i]);
    }
    cr_assert(fabs(m.counter.deposits / f->collateral - 1) < 1e-6);
    drop(&m);
}

/* Both sides of the traders, and the hedgers' rest, by account. */
Test(flow, traders_are_long_by_the_share_asked_for) {
    const struct weir_setting settings[] = {{"population.long_share", "0.7"}};
    struct made m;
    make(&m, settings, 1);
    double longs = 0, shorts = 0, hedged = 0, isolated = 0, retail = 0, holders = 0;
    for (uint32_t i = 0; i < m.flow->account_count; i++) {
        const struct flow_account *a = &m.flow->accounts[i];
        for (int k = 0; k < 2; k++) {
            const struct flow_leg *leg = &a->legs[k];
            const struct flow_market *market = &m.flow->markets[leg->market];
            double notional = (double)leg->lots * market->lot * market->price0;
            if (a->hedger)
                hedged -= notional;
            else
                *(notional > 0 ? &longs : &shorts) += fabs(notional);
            if (leg->lots != 0 && !a->hedger)
                cr_assert(leg->ratio * (double)leg->leverage > 0.9999, "less than initial margin");
            cr_assert(leg->leverage <= m.venue->classes[a->class_idx].max_leverage);
        }
        if (a->hedger) continue;
        holders++;
        isolated += a->isolated;
        retail += a->class_idx > 0;
    }
    cr_assert(fabs(longs / (longs + shorts) - 0.7) < 0.001);
    cr_assert(fabs(hedged - (longs - shorts)) < 1e-6 * longs);
    cr_assert(fabs(isolated / holders - 0.3) < 0.02);
    cr_assert(fabs(retail / holders - 0.57) < 0.05);
    drop(&m);
}

Test(flow, too_few_accounts_are_refused_with_a_reason) {
    const struct weir_setting settings[] = {{"accounts", "5000"}};
    struct weir_file_error error = {{0}};
    struct weir_venue *venue;
    struct weir_scenario *scenario = weir_scenario_load(DEFAULT, settings, 1, &venue, &error);
    cr_assert(scenario);
    const struct weir_flow_port port = {NULL, apply, view};
    cr_assert(weir_flow_new(scenario, venue, &port, &error) == NULL);
    cr_assert(strstr(error.text, "5000 accounts cannot hold"), "%s", error.text);
    free(scenario);
    weir_venue_free(venue);
}

/* ---- Commands -------------------------------------------------------------------------------- */
static uint64_t digest_of(const struct weir_setting *settings, size_t count, uint64_t *opening) {
    struct made m;
    make(&m, settings, count);
    open_market(&m);
    act(&m, 600 * WEIR_SECOND);
    uint64_t digest = m.counter.digest;
    if (opening) *opening = m.counter.opening;
    drop(&m);
    return digest;
}

Test(flow, equal_seeds_give_equal_commands) {
    const struct weir_setting small[] = {{"accounts", "10000"}, {"position_cap", "0.05"}};
    const struct weir_setting other[] = {
        {"accounts", "10000"}, {"position_cap", "0.05"}, {"seed", "2"}};
    /* One number of one participant: nobody else's draws move. */
    const struct weir_setting noise[] = {
        {"accounts", "10000"}, {"position_cap", "0.05"}, {"noise.orders_per_minute", "20"}};
    uint64_t opening[4];
    uint64_t first = digest_of(small, 2, &opening[0]), again = digest_of(small, 2, &opening[1]);
    cr_assert(first == again);
    cr_assert(opening[0] == opening[1]);
    cr_assert(digest_of(other, 3, &opening[2]) != first);
    cr_assert(opening[2] != opening[0]);
    cr_assert(digest_of(noise, 3, &opening[3]) != first);
    cr_assert(opening[3] == opening[0]);
}

Test(flow, a_day_stays_within_its_budget_of_commands) {
    struct made m;
    make(&m, NULL, 0);
    open_market(&m);
    act(&m, m.scenario->length);
    uint64_t all = 0;
    for (int i = 0; i < WEIR_CMD_COUNT; i++)
        all += m.counter.kinds[i];
    cr_assert(all > 500000);
    cr_assert(all < 4000000);
    cr_assert(m.counter.kinds[WEIR_CMD_INDEX] > 3u * 8 * 86400 / 20);
    cr_assert(m.counter.kinds[WEIR_CMD_BACKSTOP] >= 24u * 8);
    drop(&m);
}

Test(flow, sources_fail_as_the_faults_say) {
    const struct weir_setting settings[] = {
        {"accounts", "10000"},
        {"position_cap", "0.05"},
        {"faults", "[{market: BTC-PERP, source: 1, at: 0s, over: 1h, silent: true}, "
                   "{market: ETH-PERP, source: 2, at: 0s, over: 1h, bias: 0.05}]"}};
    struct made plain, faulty;
    make(&plain, settings, 2);
    make(&faulty, settings, 3);
    open_market(&plain);
    open_market(&faulty);
    cr_assert_eq(plain.counter.kinds[WEIR_CMD_INDEX],
                 faulty.counter.kinds[WEIR_CMD_INDEX] + 1); /* the silent one's opening price */
    drop(&plain);
    drop(&faulty);
}

/* ---- Scenario files -------------------------------------------------------------------------- */
Test(flow, wrong_scenarios_are_refused_by_name) {
    static const struct {
        const char *path, *value, *says;
    } rows[] = {
        {"depht", "1", "depht"},
        {"depth", "0", "depth"},
        {"scale", "-1", "scale"},
        {"length", "0s", "length"},
        {"accounts", "1e5", "accounts"},
        {"accounts", "none", "accounts"},
        {"seed", "-1", "seed"},
        {"shock.size", "x", "shock.size"},
        {"shock.waves.fall.moves.BTC-PERP.move", "-1.5", "move"},
        {"shock.waves.fall.moves.BTC-PERP.market", "XYZ", "XYZ is no market of the scenario"},
        {"markets.BTC-PERP.market", "XYZ", "has no market XYZ"},
        {"markets.BTC-PERP.market", "ETH-PERP", "ETH-PERP is there twice"},
        {"markets.BTC-PERP.price", "0", "price"},
        {"markets", "[]", "markets"},
        {"population.leverage.0.leverage", "200", "expected increasing"},
        {"population.least_leverage", "1000", "no share is left"},
        {"population.classes", "[{name: whales}]", "whales is no account class"},
        {"population.top_up_share", "0.95", "more than 1 together"},
        {"faults", "[{market: BTC-PERP, source: 5, at: 0s, over: 1s}]", "no source 5"},
        {"venue", "missing.yaml", "missing.yaml"},
        {"venue.markets.BTC-PERP.tikc", "1", "tikc"},
        {"venue.liquidation.policy.name", "optimum", "optimum"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct weir_setting setting = {rows[i].path, rows[i].value};
        struct weir_file_error error = {{0}};
        struct weir_venue *venue;
        struct weir_scenario *s = weir_scenario_load(DEFAULT, &setting, 1, &venue, &error);
        cr_assert(s == NULL, "%s=%s was taken", rows[i].path, rows[i].value);
        cr_assert(venue == NULL);
        cr_assert(strstr(error.text, rows[i].says), "%s=%s: %s", rows[i].path, rows[i].value,
                  error.text);
    }
}

/* What a run folder keeps reads back to the same scenario. */
Test(flow, a_printed_scenario_reads_back_equal) {
    const struct weir_setting settings[] = {
        {"depth", "0.125"},
        {"faults", "[{market: BTC-PERP, source: 1, at: 1h, over: 1m, bias: -0.02}]"}};
    char folder[] = "/var/tmp/weir-flow-XXXXXX", path[64], venue_path[64];
    struct weir_file_error error = {{0}};
    struct weir_venue *venue, *again_venue;
    cr_assert(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/scenario.yaml", folder);
    (void)snprintf(venue_path, sizeof venue_path, "%s/venue.yaml", folder);
    struct weir_scenario *s = weir_scenario_load(DEFAULT, settings, 2, &venue, &error);
    cr_assert(s, "%s", error.text);
    FILE *file = fopen(path, "w");
    weir_scenario_print(file, s, "venue.yaml");
    (void)fclose(file);
    char *text = weir_venue_print(venue);
    file = fopen(venue_path, "w");
    (void)fputs(text, file);
    (void)fclose(file);
    free(text);
    struct weir_scenario *again = weir_scenario_load(path, NULL, 0, &again_venue, &error);
    cr_assert(again, "%s", error.text);
    cr_assert_eq(venue->digest, again_venue->digest);
    cr_assert_eq(again->depth, 125000000);
    /* All but the path of the venue and its settings, which the printed venue contains. */
    memcpy(again->venue, s->venue, sizeof s->venue);
    memcpy(again->settings, s->settings, sizeof s->settings);
    again->setting_count = s->setting_count;
    char *one = NULL, *two = NULL;
    size_t one_size, two_size;
    FILE *a = open_memstream(&one, &one_size), *b = open_memstream(&two, &two_size);
    weir_scenario_print(a, s, "v");
    weir_scenario_print(b, again, "v");
    (void)fclose(a);
    (void)fclose(b);
    cr_assert(one_size == two_size && memcmp(one, two, one_size) == 0);
    free(one);
    free(two);
    free(s);
    free(again);
    weir_venue_free(venue);
    weir_venue_free(again_venue);
    (void)unlink(path);
    (void)unlink(venue_path);
    (void)rmdir(folder);
}
