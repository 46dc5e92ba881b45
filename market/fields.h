/* Tables of the venue file and what its loader is made of. Not for other folders. */
#ifndef WEIR_MARKET_FIELDS_H
#define WEIR_MARKET_FIELDS_H

#include "market/yaml.h"

/* Units of amounts in the tables: indices into struct venue_reader's units. */
enum { UNIT_MONEY = 0, UNIT_TICK, UNIT_LOT, UNIT_COUNT };

/* What the callbacks of the tables know: weir_yaml_reader's `user`. */
struct venue_reader {
    struct weir_venue *venue;
    /* Tick and lot are those of the market being read. */
    const struct weir_decimal *units[UNIT_COUNT];
    struct weir_decimal market_money; /* of the settlement asset of the market being read */
};

/* One market as its mapping spells it: the fund by name, and keys that leave no field behind. */
struct market_file {
    struct weir_market market;
    struct weir_name fund;
    struct weir_name asset; /* the settlement asset; left out: `money` */
    uint8_t asset_decimals;
    char tiers_file[1024];
};

extern const struct weir_yaml_field weir_venue_fields[];
extern const struct weir_yaml_field weir_market_fields[];
extern const struct weir_yaml_field weir_tier_fields[];
extern const struct weir_yaml_field weir_fund_fields[];

/* CUSTOM callbacks. */
bool weir_read_markets(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                       void *field);
void weir_print_markets(FILE *out, const char *key, uint32_t indent,
                        const struct weir_decimal *const *units, const void *field);
bool weir_read_policy(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                      void *field);
bool weir_read_absorb_policy(const struct weir_yaml_reader *reader,
                             const struct weir_yaml_node *node, void *field);
void weir_print_policy(FILE *out, const char *key, uint32_t indent,
                       const struct weir_decimal *const *units, const void *field);

/* Finds or adds the asset a market settles in, and sets the market's `asset`. */
bool weir_read_settlement(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                          struct market_file *file);
/* Makes the venue's funds of those of the file, one purse for each settlement asset that a fund's
 * markets have (R31), once the markets are read. `funds` is the file's list. */
bool weir_make_purses(const struct weir_yaml_reader *reader, const struct weir_yaml_node *funds,
                      struct weir_venue *venue);

/* Reads a market's tiers from the CSV file named at `node`, relative to the venue file. */
bool weir_read_tiers_file(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                          const char *path, struct weir_tiers *tiers);

/* Rows of the tables. `s` is the struct, `m` its member. */
#define FIELD_AT(s, m) (uint32_t) offsetof(s, m)
#define FIELD_RATE(k, s, m, lo, hi, text)                                                          \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_RATE, .offset = FIELD_AT(s, m), .min = lo, .max = hi,          \
        .fallback = text                                                                           \
    }
#define FIELD_RATE_OR_NONE(k, s, m, lo, hi, text)                                                  \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_RATE, .flags = WEIR_YAML_NONE, .offset = FIELD_AT(s, m),       \
        .min = lo, .max = hi, .fallback = text                                                     \
    }
#define FIELD_AMOUNT(k, s, m, lo, u, text)                                                         \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_AMOUNT, .offset = FIELD_AT(s, m), .min = lo, .max = INT64_MAX, \
        .unit = u, .fallback = text                                                                \
    }
#define FIELD_AMOUNT_OR_NONE(k, s, m, lo, u, text)                                                 \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_AMOUNT, .flags = WEIR_YAML_NONE, .offset = FIELD_AT(s, m),     \
        .min = lo, .max = INT64_MAX, .unit = u, .fallback = text                                   \
    }
#define FIELD_DURATION(k, s, m, lo, text)                                                          \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_DURATION, .offset = FIELD_AT(s, m), .min = lo,                 \
        .max = INT64_MAX, .fallback = text                                                         \
    }
#define FIELD_DURATION_OR_NONE(k, s, m, lo, text)                                                  \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_DURATION, .flags = WEIR_YAML_NONE, .offset = FIELD_AT(s, m),   \
        .min = lo, .max = INT64_MAX, .fallback = text                                              \
    }
#define FIELD_INTEGER(k, s, m, lo, hi, text)                                                       \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_INTEGER, .offset = FIELD_AT(s, m), .min = lo, .max = hi,       \
        .fallback = text                                                                           \
    }
#define FIELD_INTEGER_OR_NONE(k, s, m, lo, hi, text)                                               \
    {                                                                                              \
        .key = k, .type = WEIR_YAML_INTEGER, .flags = WEIR_YAML_NONE, .offset = FIELD_AT(s, m),    \
        .min = lo, .max = hi, .fallback = text                                                     \
    }
#define FIELD_SEED(k, s, m, text)                                                                  \
    { .key = k, .type = WEIR_YAML_UNSIGNED, .offset = FIELD_AT(s, m), .fallback = text }
#define FIELD_NAME(k, s, m, set, text)                                                             \
    { .key = k, .type = WEIR_YAML_NAME, .flags = set, .offset = FIELD_AT(s, m), .fallback = text }
#define FIELD_WORD(k, s, m, list, text)                                                            \
    { .key = k, .type = WEIR_YAML_WORD, .offset = FIELD_AT(s, m), .words = list, .fallback = text }
#define FIELD_FLAG(k, s, m, list, text)                                                            \
    { .key = k, .type = WEIR_YAML_FLAG, .offset = FIELD_AT(s, m), .words = list, .fallback = text }
/* A mapping whose keys are members of the same struct. */
#define FIELD_GROUP(k, table)                                                                      \
    { .key = k, .type = WEIR_YAML_GROUP, .fields = table }
#define FIELD_END                                                                                  \
    { .type = WEIR_YAML_END }

#endif
