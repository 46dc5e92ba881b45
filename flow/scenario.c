/* The scenario file: its keys, their ranges, and what must hold between them. */
#include "flow/flow.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "market/yaml.h"

#define S        struct weir_scenario
#define AT(s, m) (uint32_t) offsetof(s, m)
#define RATE(k, s, m, lo, hi, text)                                                                \
    { .key = k, .type = WEIR_YAML_RATE, .offset = AT(s, m), .min = lo, .max = hi, .fallback = text }
#define RATE_REQUIRED(k, s, m, lo, hi)                                                             \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_RATE, .flags = WEIR_YAML_REQUIRED, .offset = AT(s, m),         \
        .min = lo, .max = hi                                                                       \
    }
#define SHARE(k, s, m, text)  RATE(k, s, m, 0, WEIR_PPB, text)
#define FACTOR(k, s, m, text) RATE(k, s, m, 0, WEIR_PPB * 1000000, text)
#define INTEGER_REQUIRED(k, s, m, lo, hi)                                                          \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_INTEGER, .flags = WEIR_YAML_REQUIRED, .offset = AT(s, m),      \
        .min = lo, .max = hi                                                                       \
    }
#define LONGEST (INT64_C(1000) * 86400 * WEIR_SECOND)
#define DURATION_REQUIRED(k, s, m)                                                                 \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_DURATION, .flags = WEIR_YAML_REQUIRED, .offset = AT(s, m),     \
        .max = LONGEST                                                                             \
    }
#define INTEGER(k, s, m, lo, hi, text)                                                             \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_INTEGER, .offset = AT(s, m), .min = lo, .max = hi,             \
        .fallback = text                                                                           \
    }
#define DURATION(k, s, m, lo, text)                                                                \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_DURATION, .offset = AT(s, m), .min = lo, .max = LONGEST,       \
        .fallback = text                                                                           \
    }
#define DECIMAL(k, s, m, set, text)                                                                \
    { .key = k, .type = WEIR_YAML_DECIMAL, .flags = set, .offset = AT(s, m), .fallback = text }
#define NAME(k, s, m)                                                                              \
    { .key = k, .type = WEIR_YAML_NAME, .flags = WEIR_YAML_REQUIRED, .offset = AT(s, m) }
#define TEXT(k, s, m, set, text)                                                                   \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_TEXT, .flags = set, .offset = AT(s, m),                        \
        .max = sizeof(((s *)0)->m), .fallback = text                                               \
    }
#define FLAG(k, s, m, text)                                                                        \
    { .key = k, .type = WEIR_YAML_FLAG, .offset = AT(s, m), .fallback = text }
#define GROUP(k, s, m, list)                                                                       \
    { .key = k, .type = WEIR_YAML_GROUP, .offset = AT(s, m), .fields = list }
#define LIST(k, s, m, n, lo, hi, set, list)                                                        \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_LIST, .flags = set, .offset = AT(s, m), .min = lo, .max = hi,  \
        .fields = list, .size = sizeof(((s *)0)->m[0]), .count_offset = AT(s, n)                   \
    }
#define END                                                                                        \
    { .type = WEIR_YAML_END }

#define M struct weir_flow_market
static const struct weir_yaml_field market_fields[] = {
    NAME("market", M, market),
    DECIMAL("price", M, price, WEIR_YAML_REQUIRED, NULL),
    DECIMAL("open_interest", M, open_interest, WEIR_YAML_REQUIRED, NULL),
    DECIMAL("depth", M, depth, WEIR_YAML_REQUIRED, NULL),
    FACTOR("volatility", M, volatility, "0.5"),
    RATE("spread", M, spread, 0, WEIR_PPB / 10, "0.0001"),
    RATE("premium", M, premium, -WEIR_PPB / 10, WEIR_PPB / 10, "0"),
    END};

#define L struct weir_flow_leverage
static const struct weir_yaml_field leverage_fields[] = {
    INTEGER_REQUIRED("leverage", L, leverage, 1, 1000),
    RATE_REQUIRED("share", L, share, 0, WEIR_PPB), END};

#define C struct weir_flow_class
static const struct weir_yaml_field class_fields[] = {NAME("name", C, name),
                                                      SHARE("share", C, share, "1"), END};

#define P struct weir_flow_population
static const struct weir_yaml_field population_fields[] = {
    RATE("size_sigma", P, size_sigma, 0, WEIR_PPB * 10, "1.2"),
    SHARE("tail_share", P, tail_share, "0.05"),
    RATE("tail_exponent", P, tail_exponent, WEIR_PPB / 10, WEIR_PPB * 10, "0.8"),
    SHARE("long_share", P, long_share, "0.55"),
    RATE("hedge_leverage", P, hedge_leverage, WEIR_PPB / 10, WEIR_PPB * 5, "1"),
    SHARE("isolated_share", P, isolated_share, "0.3"),
    SHARE("second_leg", P, second_leg, "0.15"),
    FACTOR("buffer", P, buffer, "2"),
    INTEGER("least_leverage", P, least_leverage, 1, 1000, "1"),
    LIST("leverage", P, leverages, leverage_count, 1, WEIR_FLOW_LEVERAGES_MAX, 0, leverage_fields),
    LIST("classes", P, classes, class_count, 0, WEIR_FLOW_CLASSES_MAX, 0, class_fields),
    SHARE("stop_share", P, stop_share, "0.2"),
    SHARE("stop_distance", P, stop_distance, "0.9"),
    SHARE("top_up_share", P, top_up_share, "0.1"),
    SHARE("cut_share", P, cut_share, "0.1"),
    DURATION("answer_after", P, answer_after, 0, "30s"),
    END};

#define K struct weir_flow_makers
static const struct weir_yaml_field maker_fields[] = {
    INTEGER("accounts", K, accounts, 0, 64, "3"),
    INTEGER("levels", K, levels, 1, 12, "10"),
    DURATION("half_life", K, half_life, 1, "20s"),
    RATE("skew", K, skew, 0, WEIR_PPB / 10, "0.001"),
    RATE("limit", K, limit, 1, WEIR_PPB * 1000000, "4"),
    FLAG("withdraw", K, withdraw, "true"),
    END};

#define N struct weir_flow_noise
static const struct weir_yaml_field noise_fields[] = {
    FACTOR("orders_per_minute", N, orders_per_minute, "10"),
    RATE("excited", N, excited, 0, WEIR_PPB * 95 / 100, "0.6"),
    DURATION("memory", N, memory, 1, "20s"),
    SHARE("market_share", N, market_share, "0.4"),
    SHARE("cancel_share", N, cancel_share, "0.25"),
    DECIMAL("mean_size", N, mean_size, 0, "200000"),
    RATE("sign_exponent", N, sign_exponent, WEIR_PPB / 2, WEIR_PPB * 10, "1.5"),
    INTEGER("accounts", N, accounts, 1, 4096, "32"),
    END};

#define E struct weir_flow_entrants
static const struct weir_yaml_field entrant_fields[] = {
    RATE("accounts", E, accounts, 0, WEIR_PPB / 2, "0.05"),
    FACTOR("per_hour", E, per_hour, "0.002"),
    FACTOR("per_move", E, per_move, "0.002"),
    SHARE("chase", E, chase, "0.6"),
    INTEGER("least_leverage", E, least_leverage, 1, 1000, "20"),
    FACTOR("buffer", E, buffer, "0.5"),
    DURATION("holding", E, holding, 1, "3h"),
    END};

#define B struct weir_flow_bidders
static const struct weir_yaml_field bidder_fields[] = {
    INTEGER("accounts", B, accounts, 0, 1024, "8"), DECIMAL("capital", B, capital, 0, "50000000"),
    RATE("discount", B, discount, 0, WEIR_PPB / 2, "0.003"),
    DURATION("reaction", B, reaction, 1, "300ms"), END};

#define V struct weir_flow_backstop
static const struct weir_yaml_field backstop_fields[] = {
    INTEGER("accounts", V, accounts, 0, 1024, "4"),
    DECIMAL("capital", V, capital, 0, "50000000"),
    DECIMAL("notional", V, notional, 0, "10000000"),
    DECIMAL("loss_limit", V, loss_limit, 0, "500000"),
    DURATION("renewal", V, renewal, WEIR_SECOND, "1h"),
    END};

#define I struct weir_flow_impact
static const struct weir_yaml_field impact_fields[] = {
    RATE("exponent", I, exponent, WEIR_PPB / 10, WEIR_PPB * 2, "0.875"),
    SHARE("permanent", I, permanent, "0.2"), DURATION("half_life", I, half_life, 1, "8m"), END};

#define X struct weir_flow_index
static const struct weir_yaml_field index_fields[] = {
    INTEGER("sources", X, sources, 1, 9, "3"),
    RATE("noise", X, noise, 0, WEIR_PPB / 10, "0.00005"),
    SHARE("correlation", X, correlation, "0.7"),
    DURATION("calm_interval", X, calm_interval, WEIR_SECOND / 10, "20s"),
    DURATION("active_interval", X, active_interval, WEIR_SECOND / 10, "3s"),
    DURATION("lead", X, lead, 0, "2m"),
    DURATION("tail", X, tail, 0, "15m"),
    END};

#define Q struct weir_flow_move
#define W struct weir_flow_wave
#define H struct weir_flow_shock
static const struct weir_yaml_field move_fields[] = {
    NAME("market", Q, market), RATE_REQUIRED("move", Q, move, -WEIR_PPB + 1, WEIR_PPB * 10), END};
static const struct weir_yaml_field wave_fields[] = {
    NAME("name", W, name), DURATION_REQUIRED("at", W, at), DURATION("over", W, over, 0, "0s"),
    LIST("moves", W, moves, move_count, 0, WEIR_FLOW_MARKETS_MAX, 0, move_fields), END};
static const struct weir_yaml_field shock_fields[] = {
    RATE("size", H, size, -WEIR_PPB * 100, WEIR_PPB * 100, "1"),
    LIST("waves", H, waves, wave_count, 0, WEIR_FLOW_WAVES_MAX, 0, wave_fields), END};

#define F struct weir_flow_fault
static const struct weir_yaml_field fault_fields[] = {
    NAME("market", F, market),
    INTEGER_REQUIRED("source", F, source, 1, 9),
    DURATION_REQUIRED("at", F, at),
    DURATION_REQUIRED("over", F, over),
    RATE("bias", F, bias, -WEIR_PPB / 2, WEIR_PPB * 10, "0"),
    FLAG("silent", F, silent, "false"),
    END};

#define Y struct weir_flow_setting
static const struct weir_yaml_field setting_fields[] = {
    TEXT("path", Y, path, WEIR_YAML_REQUIRED, NULL),
    TEXT("value", Y, value, WEIR_YAML_REQUIRED, NULL), END};

static const struct weir_yaml_field fields[] = {
    NAME("name", S, name),
    TEXT("about", S, about, 0, ""),
    TEXT("venue", S, venue, WEIR_YAML_REQUIRED, NULL),
    LIST("venue_settings", S, settings, setting_count, 0, WEIR_FLOW_SETTINGS_MAX, 0,
         setting_fields),
    {.key = "seed", .type = WEIR_YAML_UNSIGNED, .offset = AT(S, seed), .fallback = "1"},
    {.key = "start",
     .type = WEIR_YAML_TIME,
     .offset = AT(S, start),
     .fallback = "2025-11-21T00:00:00Z"},
    DURATION("length", S, length, WEIR_SECOND, "24h"),
    DURATION("sample_interval", S, sample_interval, WEIR_SECOND / 10, "60s"),
    DECIMAL("scale", S, scale, WEIR_YAML_REQUIRED, NULL),
    INTEGER("accounts", S, accounts, 10, 16000000, "100000"),
    DECIMAL("target", S, target, WEIR_YAML_REQUIRED, NULL),
    RATE("position_cap", S, position_cap, 1, WEIR_PPB, "0.01"),
    RATE("depth", S, depth, 1, WEIR_PPB * 1000, "1"),
    DECIMAL("fund", S, fund, WEIR_YAML_SIGNED, "0"),
    LIST("markets", S, markets, market_count, 1, WEIR_FLOW_MARKETS_MAX, WEIR_YAML_REQUIRED,
         market_fields),
    GROUP("population", S, population, population_fields),
    GROUP("makers", S, makers, maker_fields),
    RATE("arbitrage", S, arbitrage, 1, WEIR_PPB, "0.003"),
    GROUP("noise", S, noise, noise_fields),
    GROUP("entrants", S, entrants, entrant_fields),
    GROUP("bidders", S, bidders, bidder_fields),
    GROUP("backstop", S, backstop, backstop_fields),
    GROUP("impact", S, impact, impact_fields),
    GROUP("index", S, index, index_fields),
    GROUP("shock", S, shock, shock_fields),
    LIST("faults", S, faults, fault_count, 0, WEIR_FLOW_FAULTS_MAX, 0, fault_fields),
    END};

/* Leverage by notional where the file gives no table. */
static const struct weir_flow_leverage usual_leverage[] = {
    {1, 260000000}, {2, 250000000}, {3, 190000000}, {5, 150000000}, {10, 90000000},
    {20, 35000000}, {25, 12000000}, {50, 8000000},  {100, 4000000}, {125, 1000000}};

static bool checks_population(const struct weir_yaml *yaml, const struct weir_scenario *s,
                              const struct weir_venue *venue, struct weir_file_error *error) {
    const struct weir_yaml_node *node = weir_yaml_find(weir_yaml_root(yaml), "population");
    const struct weir_flow_population *p = &s->population;
    weir_rate left = 0, entering = 0;
    for (uint32_t i = 0; i < p->leverage_count; i++) {
        if (i > 0 && p->leverages[i].leverage <= p->leverages[i - 1].leverage)
            return weir_yaml_fail(yaml, node, true, error,
                                  "population.leverage: %lld follows %lld; expected increasing "
                                  "leverages",
                                  (long long)p->leverages[i].leverage,
                                  (long long)p->leverages[i - 1].leverage);
        if (p->leverages[i].leverage >= p->least_leverage) left += p->leverages[i].share;
        if (p->leverages[i].leverage >= s->entrants.least_leverage)
            entering += p->leverages[i].share;
    }
    if (left <= 0 || entering <= 0)
        return weir_yaml_fail(yaml, node, true, error,
                              "population.leverage: no share is left from least_leverage on");
    for (uint32_t i = 0; i < p->class_count; i++) {
        uint32_t c = 0;
        while (c < venue->class_count &&
               !weir_name_equal(&venue->classes[c].name, &p->classes[i].name))
            c++;
        if (c == venue->class_count)
            return weir_yaml_fail(yaml, node, true, error,
                                  "population.classes: %s is no account class of venue %s",
                                  p->classes[i].name.text, venue->name.text);
    }
    if (p->top_up_share + p->cut_share > WEIR_PPB)
        return weir_yaml_fail(yaml, node, true, error,
                              "population: top_up_share and cut_share are more than 1 together");
    return true;
}

static bool scenario_has(const struct weir_scenario *s, const struct weir_name *market) {
    for (uint32_t i = 0; i < s->market_count; i++)
        if (weir_name_equal(&s->markets[i].market, market)) return true;
    return false;
}

static bool checks_markets(const struct weir_yaml *yaml, const struct weir_scenario *s,
                           const struct weir_venue *venue, struct weir_file_error *error) {
    const struct weir_yaml_node *root = weir_yaml_root(yaml);
    const struct weir_yaml_node *node = weir_yaml_find(root, "markets");
    for (uint32_t i = 0; i < s->market_count; i++) {
        if (weir_venue_market(venue, &s->markets[i].market) == WEIR_NO_INDEX)
            return weir_yaml_fail(yaml, node, true, error, "markets: venue %s has no market %s",
                                  venue->name.text, s->markets[i].market.text);
        if (venue->markets[weir_venue_market(venue, &s->markets[i].market)].expiry <= s->start)
            return weir_yaml_fail(yaml, node, true, error,
                                  "markets: %s expires before the scenario starts",
                                  s->markets[i].market.text);
        for (uint32_t j = 0; j < i; j++)
            if (weir_name_equal(&s->markets[i].market, &s->markets[j].market))
                return weir_yaml_fail(yaml, node, true, error, "markets: %s is there twice",
                                      s->markets[i].market.text);
    }
    node = weir_yaml_find(root, "shock");
    for (uint32_t w = 0; w < s->shock.wave_count; w++) {
        const struct weir_flow_wave *wave = &s->shock.waves[w];
        for (uint32_t i = 0; i < wave->move_count; i++)
            if (strcmp(wave->moves[i].market.text, "others") != 0 &&
                !scenario_has(s, &wave->moves[i].market))
                return weir_yaml_fail(yaml, node, true, error,
                                      "shock.waves.%s: %s is no market of the scenario; expected "
                                      "one of them, or others",
                                      wave->name.text, wave->moves[i].market.text);
    }
    node = weir_yaml_find(root, "faults");
    for (uint32_t i = 0; i < s->fault_count; i++)
        if (!scenario_has(s, &s->faults[i].market) || s->faults[i].source > s->index.sources)
            return weir_yaml_fail(yaml, node, true, error,
                                  "faults: the scenario has no source %lld of a market %s",
                                  (long long)s->faults[i].source, s->faults[i].market.text);
    return true;
}

/* `file` as seen from the folder of `beside`. */
static char *path_beside(const char *beside, const char *file) {
    const char *slash = strrchr(beside, '/');
    int folder = file[0] == '/' || slash == NULL ? 0 : (int)(slash - beside + 1);
    char *path = NULL;
    if (asprintf(&path, "%.*s%s", folder, beside, file) < 0) return NULL;
    return path;
}

/* The venue with the scenario's settings first and the command line's, which win, after them. */
static struct weir_venue *load_venue(const char *path, const struct weir_scenario *s,
                                     const struct weir_setting *settings, size_t count,
                                     struct weir_file_error *error) {
    struct weir_setting *all = calloc(s->setting_count + count + 1, sizeof *all);
    char *file = path_beside(path, s->venue);
    struct weir_venue *venue = NULL;
    size_t used = 0;
    if (all && file) {
        for (uint32_t i = 0; i < s->setting_count; i++)
            all[used++] = (struct weir_setting){s->settings[i].path, s->settings[i].value};
        for (size_t i = 0; i < count; i++)
            if (strncmp(settings[i].path, "venue.", 6) == 0)
                all[used++] = (struct weir_setting){settings[i].path + 6, settings[i].value};
        venue = weir_venue_load(file, all, used, error);
        if (!venue && strncmp(error->text, "--set ", 6) == 0) { /* as it was typed */
            struct weir_file_error told = *error;
            (void)snprintf(error->text, sizeof error->text, "--set venue.%.*s",
                           (int)sizeof told.text - 20, told.text + 6);
        }
    } else {
        (void)snprintf(error->text, sizeof error->text, "%s: out of memory", path);
    }
    free(file);
    free(all);
    return venue;
}

static bool read_scenario(const char *path, struct weir_yaml *yaml, struct weir_scenario *s,
                          const struct weir_setting *settings, size_t count,
                          struct weir_venue **venue, struct weir_file_error *error) {
    struct weir_setting *own = calloc(count + 1, sizeof *own);
    size_t used = 0;
    if (!own) {
        (void)snprintf(error->text, sizeof error->text, "%s: out of memory", path);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (strncmp(settings[i].path, "venue.", 6) != 0) own[used++] = settings[i];
    const struct weir_yaml_reader reader = {.yaml = yaml, .error = error};
    bool ok = weir_yaml_set(yaml, own, used, error) &&
              weir_yaml_read(&reader, weir_yaml_root(yaml), fields, s);
    free(own);
    if (!ok) return false;
    if (s->population.leverage_count == 0) {
        s->population.leverage_count = sizeof usual_leverage / sizeof usual_leverage[0];
        memcpy(s->population.leverages, usual_leverage, sizeof usual_leverage);
    }
    *venue = load_venue(path, s, settings, count, error);
    return *venue && checks_markets(yaml, s, *venue, error) &&
           checks_population(yaml, s, *venue, error);
}

struct weir_scenario *weir_scenario_load(const char *path, const struct weir_setting *settings,
                                         size_t setting_count, struct weir_venue **venue,
                                         struct weir_file_error *error) {
    struct weir_yaml *yaml = weir_yaml_load(path, error);
    struct weir_scenario *s = yaml ? calloc(1, sizeof *s) : NULL;
    *venue = NULL;
    if (yaml && !s) (void)snprintf(error->text, sizeof error->text, "%s: out of memory", path);
    if (s && !read_scenario(path, yaml, s, settings, setting_count, venue, error)) {
        weir_venue_free(*venue);
        *venue = NULL;
        free(s);
        s = NULL;
    }
    weir_yaml_free(yaml);
    return s;
}

void weir_scenario_print(FILE *out, const struct weir_scenario *scenario, const char *venue) {
    struct weir_scenario *copy = malloc(sizeof *copy);
    if (!copy) return;
    *copy = *scenario;
    copy->setting_count = 0;
    (void)snprintf(copy->venue, sizeof copy->venue, "%s", venue);
    weir_yaml_print(out, fields, 0, NULL, copy);
    free(copy);
}
