/* Staggered-closure policies of the venue file: which parameters each takes, and its defaults
 * (R36). A parameter that is not in the policy's table is an unknown key. */
#include "market/fields.h"

#include <string.h>

#define P struct weir_policy_config

static const char *const names[] = {
    "full", "tier_step",    "fraction", "increment", "disposal", "block_cap", "window",
    "ramp", "random_slice", "twap",     "pov",       "depth",    "optimal",   NULL};
static const char *const targets[] = {"next", "first", NULL};

#define NAME                                                                                       \
    { .key = "name", .type = WEIR_YAML_WORD, .offset = FIELD_AT(P, name), .words = names }
#define COMMON                                                                                     \
    FIELD_RATE("slippage", P, slippage, 0, WEIR_PPB, "0"),                                         \
        FIELD_FLAG("frontier", P, frontier, NULL, "true"), FIELD_END

static const struct weir_yaml_field full[] = {NAME, COMMON};
static const struct weir_yaml_field tier_step[] = {
    NAME, FIELD_FLAG("to", P, tier_step_to_first, targets, "next"), COMMON};
static const struct weir_yaml_field fraction[] = {
    NAME, FIELD_AMOUNT("threshold", P, threshold, 0, UNIT_MONEY, "100000"),
    FIELD_RATE("fraction", P, fraction, 1, WEIR_PPB, "0.2"),
    FIELD_DURATION("cooldown", P, cooldown, 0, "30s"), COMMON};
static const struct weir_yaml_field increment[] = {NAME, COMMON};
static const struct weir_yaml_field disposal[] = {
    NAME,
    FIELD_DURATION("step", P, step, 0, "10s"),
    FIELD_RATE("fraction", P, fraction, 1, WEIR_PPB, "0.1"),
    FIELD_INTEGER("full_size", P, full_size, 0, INT64_MAX, "20"),
    FIELD_RATE("slippage_range", P, slippage_range, 0, 1000 * WEIR_PPB, "0.05"),
    FIELD_RATE("max_share", P, max_share, 1, WEIR_PPB, "0.1"),
    COMMON};
static const struct weir_yaml_field block_cap[] = {
    NAME,
    FIELD_DURATION("interval", P, interval, 1, "1s"),
    FIELD_RATE("share", P, share, 0, WEIR_PPB, "1"),
    FIELD_AMOUNT("min_notional", P, min_notional, 0, UNIT_MONEY, "0"),
    FIELD_AMOUNT_OR_NONE("account_notional", P, account_notional, 1, UNIT_MONEY, "none"),
    FIELD_AMOUNT_OR_NONE("account_loss", P, account_loss, 0, UNIT_MONEY, "none"),
    FIELD_AMOUNT_OR_NONE("market_notional", P, market_notional, 1, UNIT_MONEY, "none"),
    COMMON};
static const struct weir_yaml_field window[] = {
    NAME, FIELD_DURATION("window", P, window, 1, "1h"),
    FIELD_AMOUNT_OR_NONE("notional", P, notional, 1, UNIT_MONEY, "none"), COMMON};
static const struct weir_yaml_field ramp[] = {
    NAME, FIELD_RATE("initial", P, initial, 0, WEIR_PPB, "0"),
    FIELD_DURATION("duration", P, duration, 1, "10m"), COMMON};
static const struct weir_yaml_field random_slice[] = {
    NAME,
    FIELD_RATE("fraction", P, fraction, 1, WEIR_PPB, "0.2"),
    FIELD_RATE("probability", P, probability, 1, WEIR_PPB, "0.1"),
    FIELD_RATE("volume_share", P, volume_share, 1, WEIR_PPB, "0.05"),
    FIELD_SEED("seed", P, seed, "1"),
    COMMON};
static const struct weir_yaml_field twap[] = {NAME, FIELD_DURATION("horizon", P, horizon, 1, "10m"),
                                              FIELD_INTEGER("slices", P, slices, 1, 1000000, "20"),
                                              COMMON};
static const struct weir_yaml_field pov[] = {
    NAME, FIELD_RATE("share", P, share, 1, WEIR_PPB, "0.1"),
    FIELD_DURATION("interval", P, interval, 1, "1s"), COMMON};
static const struct weir_yaml_field depth[] = {
    NAME, FIELD_RATE("share", P, share, 1, WEIR_PPB, "0.1"), COMMON};
static const struct weir_yaml_field optimal[] = {
    NAME, FIELD_DURATION("horizon", P, horizon, 1, "10m"),
    FIELD_INTEGER("slices", P, slices, 1, 1000, "20"),
    FIELD_RATE("risk_aversion", P, risk_aversion, 0, 1000000 * WEIR_PPB, "0"), COMMON};

static const struct weir_yaml_field *const tables[WEIR_POLICY_COUNT] = {
    [WEIR_POLICY_FULL] = full,
    [WEIR_POLICY_TIER_STEP] = tier_step,
    [WEIR_POLICY_FRACTION] = fraction,
    [WEIR_POLICY_INCREMENT] = increment,
    [WEIR_POLICY_DISPOSAL] = disposal,
    [WEIR_POLICY_BLOCK_CAP] = block_cap,
    [WEIR_POLICY_WINDOW] = window,
    [WEIR_POLICY_RAMP] = ramp,
    [WEIR_POLICY_RANDOM_SLICE] = random_slice,
    [WEIR_POLICY_TWAP] = twap,
    [WEIR_POLICY_POV] = pov,
    [WEIR_POLICY_DEPTH] = depth,
    [WEIR_POLICY_OPTIMAL] = optimal};

static bool read_policy(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                        enum weir_policy_name usual, struct weir_policy_config *config) {
    static const struct weir_yaml_field name_field = NAME;
    const struct weir_yaml_node *name = weir_yaml_find(node, "name");
    memset(config, 0, sizeof *config);
    config->name = usual;
    if (name && !weir_yaml_read_field(reader, name, &name_field, config)) return false;
    if (!weir_yaml_read(reader, node, tables[config->name], config)) return false;
    if (config->slices > 0 && config->horizon < config->slices)
        return weir_yaml_fail(reader->yaml, node, false, reader->error,
                              "horizon is shorter than one nanosecond a slice; expected a longer "
                              "one or fewer slices");
    return true;
}

bool weir_read_policy(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                      void *field) {
    return read_policy(reader, node, WEIR_POLICY_FULL, field);
}

bool weir_read_absorb_policy(const struct weir_yaml_reader *reader,
                             const struct weir_yaml_node *node, void *field) {
    return read_policy(reader, node, WEIR_POLICY_TWAP, field);
}

void weir_print_policy(FILE *out, const char *key, uint32_t indent,
                       const struct weir_decimal *const *units, const void *field) {
    const struct weir_policy_config *config = field;
    const struct weir_yaml_field group[] = {FIELD_GROUP(key, tables[config->name]), FIELD_END};
    weir_yaml_print(out, group, indent, units, config);
}
