/* Venues: from a file to a validated whole, and back. */
#include "market/fields.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static bool check_classes(const struct weir_yaml *yaml, const struct weir_venue *venue,
                          struct weir_file_error *error) {
    const struct weir_yaml_node *list = weir_yaml_find(weir_yaml_root(yaml), "account_classes");
    const struct weir_yaml_node *item = list->first;
    for (uint32_t i = 0; i < venue->class_count; i++, item = item->next)
        for (uint32_t k = 0; k < i; k++)
            if (weir_name_equal(&venue->classes[i].name, &venue->classes[k].name))
                return weir_yaml_fail(yaml, weir_yaml_find(item, "name"), false, error,
                                      "name \"%s\" is given to two classes; expected one of each",
                                      venue->classes[i].name.text);
    return true;
}

/* R20: one command moves time by at most max_clock_step and so fires at most that many timers of an
 * interval. */
static bool check_interval(const struct weir_yaml *yaml, const struct weir_yaml_node *node,
                           weir_time step, weir_time interval, struct weir_file_error *error) {
    if (step / interval <= WEIR_TIMERS_PER_COMMAND) return true;
    return weir_yaml_fail(yaml, node, false, error,
                          "an interval of %lld ns passes %lld times within max_clock_step; "
                          "expected at most %d, by a longer interval or a shorter max_clock_step",
                          (long long)interval, (long long)(step / interval),
                          WEIR_TIMERS_PER_COMMAND);
}

/* The mapping `key` of `node`; `node` where it is left out. */
static const struct weir_yaml_node *within(const struct weir_yaml_node *node, const char *key) {
    const struct weir_yaml_node *found = weir_yaml_find(node, key);
    return found ? found : node;
}

static bool check_intervals(const struct weir_yaml *yaml, const struct weir_venue *venue,
                            struct weir_file_error *error) {
    const struct weir_yaml_node *root = weir_yaml_root(yaml);
    const struct weir_yaml_node *item = weir_yaml_find(root, "markets")->first;
    weir_time step = venue->max_clock_step;
    for (uint32_t i = 0; i < venue->market_count; i++, item = item->next) {
        const struct weir_market *m = &venue->markets[i];
        if (m->mark_method != WEIR_MARK_INDEX &&
            !check_interval(yaml, within(item, "mark"), step, m->mark_interval, error))
            return false;
        if (m->expiry == WEIR_NONE &&
            !check_interval(yaml, within(item, "funding"), step, m->funding_interval, error))
            return false;
    }
    return venue->socialise_base == WEIR_SOCIALISE_OPEN_INTEREST ||
           check_interval(yaml, within(root, "socialise"), step, venue->settlement_interval, error);
}

/* The digest is that of the canonical text: it depends on what the venue says and on nothing
 * else, so a new spelling of the same venue keeps it and any change of a value changes it. */
static bool set_digest(struct weir_venue *venue) {
    char *text = weir_venue_print(venue);
    if (!text) return false;
    venue->digest = XXH3_64bits(text, strlen(text));
    free(text);
    return true;
}

static bool read_venue(struct weir_yaml *yaml, struct weir_venue *venue,
                       const struct weir_setting *settings, size_t setting_count,
                       struct weir_file_error *error) {
    struct venue_reader v = {.venue = venue, .units = {&venue->money_unit, NULL, NULL}};
    const struct weir_yaml_reader reader = {yaml, error, v.units, &v};
    if (!weir_yaml_default(yaml, "account_classes", "[{name: default}]", error) ||
        !weir_yaml_default(yaml, "funds", "[{name: main}]", error) ||
        !weir_yaml_set(yaml, settings, setting_count, error) ||
        !weir_yaml_read(&reader, weir_yaml_root(yaml), weir_venue_fields, venue) ||
        !check_classes(yaml, venue, error) || !check_intervals(yaml, venue, error))
        return false;
    if (set_digest(venue)) return true;
    return weir_yaml_fail(yaml, NULL, false, error, "out of memory");
}

static struct weir_venue *from_yaml(struct weir_yaml *yaml, const struct weir_setting *settings,
                                    size_t setting_count, struct weir_file_error *error) {
    if (!yaml) return NULL;
    struct weir_venue *venue = calloc(1, sizeof *venue);
    bool ok = venue && read_venue(yaml, venue, settings, setting_count, error);
    if (!venue) weir_yaml_fail(yaml, NULL, false, error, "out of memory");
    weir_yaml_free(yaml);
    if (ok) return venue;
    weir_venue_free(venue);
    return NULL;
}

struct weir_venue *weir_venue_load(const char *path, const struct weir_setting *settings,
                                   size_t setting_count, struct weir_file_error *error) {
    return from_yaml(weir_yaml_load(path, error), settings, setting_count, error);
}

struct weir_venue *weir_venue_parse(const char *text, size_t size, const char *name,
                                    const struct weir_setting *settings, size_t setting_count,
                                    struct weir_file_error *error) {
    return from_yaml(weir_yaml_parse(text, size, name, error), settings, setting_count, error);
}

void weir_venue_free(struct weir_venue *venue) {
    if (!venue) return;
    weir_name_map_free(&venue->symbols);
    free(venue->markets);
    free(venue->funds);
    free(venue->file_funds);
    free(venue);
}

char *weir_venue_print(const struct weir_venue *venue) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    const struct weir_decimal *const units[UNIT_COUNT] = {&venue->money_unit, NULL, NULL};
    weir_yaml_print(out, weir_venue_fields, 0, units, venue);
    bool bad = ferror(out) != 0;
    if (fclose(out) != 0 || bad) {
        free(text);
        return NULL;
    }
    return text;
}

uint32_t weir_venue_market(const struct weir_venue *venue, const struct weir_name *symbol) {
    if (venue->symbols.slots) return weir_name_map_find(&venue->symbols, symbol);
    for (uint32_t i = 0; i < venue->market_count; i++)
        if (weir_name_equal(&venue->markets[i].symbol, symbol)) return i;
    return WEIR_NO_INDEX;
}

uint32_t weir_venue_fund(const struct weir_venue *venue, const struct weir_name *name) {
    for (uint32_t i = 0; i < venue->fund_count; i++)
        if (weir_name_equal(&venue->funds[i].name, name)) return i;
    return WEIR_NO_INDEX;
}

uint32_t weir_venue_settlements(const struct weir_venue *venue) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < venue->asset_count; i++)
        count += venue->assets[i].settles;
    return count;
}

struct weir_decimal weir_asset_unit(const struct weir_venue *venue, uint32_t asset) {
    return weir_decimal_power(venue->assets[asset].decimals);
}

uint32_t weir_venue_asset(const struct weir_venue *venue, const struct weir_name *name) {
    for (uint32_t i = 0; i < venue->asset_count; i++)
        if (weir_name_equal(&venue->assets[i].name, name)) return i;
    return WEIR_NO_INDEX;
}
