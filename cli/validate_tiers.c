/* weir validate tiers: published maintenance amounts (R9). */
#include "cli/validate.h"
#include "margin/margin.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* Amounts beyond it are refused, so that the check below cannot overflow. */
#define AMOUNT_MAX ((weir_wide)INT64_MAX * INT64_MAX)
/* The columns of a tier table. */
enum { FLOOR, CAP, RATE, LEVERAGE, AMOUNT, COLUMNS };
static const char *const column_names[COLUMNS] = {
    "notional_floor", "notional_cap", "maintenance_rate", "max_leverage", "maintenance_amount"};

/* One symbol: as published, and as R9 makes it. Money in units of 10^-decimals, amounts in 10^-9
 * of that, so that nothing is rounded. */
struct table {
    const char *symbol;
    uint8_t decimals;
    struct weir_risk risk;
    weir_amount floor[WEIR_TIERS_MAX];
    weir_wide published[WEIR_TIERS_MAX];
};

struct result {
    uint32_t symbols, symbols_wrong;
    uint32_t tiers, tiers_wrong; /* maintenance amounts */
    uint32_t caps, caps_wrong;   /* between two tiers: continuous or not */
    bool symbol_seen;
};

/* ---- Reading --------------------------------------------------------------------------------- */
static bool read_decimal(const json_t *value, struct weir_decimal *out) {
    if (json_is_string(value))
        return weir_decimal_read(json_string_value(value), json_string_length(value), out);
    if (!json_is_integer(value)) return false; /* a real went through binary floating point */
    char text[32];
    int size = snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return weir_decimal_read(text, (size_t)size, out);
}

/* d as a whole number of 10^-scale; false when it is none or does not fit 64 bits (`wide`:
 * AMOUNT_MAX). */
static bool whole(const struct weir_decimal *d, uint8_t scale, int64_t *out) {
    struct weir_decimal unit = weir_decimal_power(scale);
    return weir_decimal_units(d, &unit, out) == WEIR_EXACT_OK;
}
static bool wide(const struct weir_decimal *d, uint8_t scale, weir_wide *out) {
    if (d->huge || d->fine || d->scale > scale) return false;
    weir_wide x = d->mantissa;
    for (uint8_t i = d->scale; i < scale; i++)
        if (__builtin_mul_overflow(x, 10, &x)) return false;
    if (x > AMOUNT_MAX || x < -AMOUNT_MAX) return false;
    *out = x;
    return true;
}

/* Reads the rows of one symbol; NULL, or what is wrong with row *row, from 0. */
static const char *read_table(const json_t *rows, const size_t *column, struct table *t,
                              uint32_t *row) {
    struct weir_decimal d[WEIR_TIERS_MAX][COLUMNS];
    size_t count = json_array_size(rows);
    *row = 0;
    if (count == 0 || count > WEIR_TIERS_MAX) return "expected a list of 1 to 32 tiers";
    for (uint32_t k = 0; k < count; k++) {
        const json_t *cells = json_array_get(rows, k);
        *row = k;
        for (int c = 0; c < COLUMNS; c++)
            if (!read_decimal(json_array_get(cells, column[c]), &d[k][c]))
                return "expected decimals, as text";
        for (int c = FLOOR; c <= CAP; c++)
            if (d[k][c].scale > t->decimals) t->decimals = d[k][c].scale;
    }
    if (t->decimals > 18) return "a notional of more than 18 digits after the point";
    for (uint32_t k = 0; k < count; k++) {
        struct weir_tier *tier = &t->risk.tiers.row[k];
        *row = k;
        if (!whole(&d[k][FLOOR], t->decimals, &t->floor[k])) return "the floor does not fit";
        if (!whole(&d[k][CAP], t->decimals, &tier->cap)) return "the cap does not fit";
        if (!whole(&d[k][RATE], 9, &tier->rate)) return "the rate has more than nine digits";
        if (!whole(&d[k][LEVERAGE], 0, &tier->max_leverage)) return "the leverage is not whole";
        if (!wide(&d[k][AMOUNT], (uint8_t)(t->decimals + 9), &t->published[k]))
            return "the maintenance amount is finer than 10^-9 of the notionals, or too large";
    }
    t->risk.tiers.count = (uint32_t)count;
    return weir_tiers_problem(&t->risk.tiers, row);
}

/* Where each column stands; the order of `column_names` when the file does not say. */
static bool read_columns(const json_t *names, size_t *column) {
    for (size_t c = 0; c < COLUMNS; c++) {
        column[c] = c;
        if (!names) continue;
        size_t i = 0, count = json_array_size(names);
        const char *name;
        for (; i < count; i++) {
            name = json_string_value(json_array_get(names, i));
            if (name && strcmp(name, column_names[c]) == 0) break;
        }
        if (i == count) return false;
        column[c] = i;
    }
    return true;
}

/* ---- Checking -------------------------------------------------------------------------------- */
/* MM at a cap, which belongs to the lower tier or to the next: one lot at a price of `cap`. */
static weir_wide maintenance_at(const struct table *t, weir_amount cap, enum weir_tier_edge edge) {
    struct weir_market market = {.unit_value = 1,
                                 .tier_mode = WEIR_TIER_MARGINAL,
                                 .tier_edge = edge,
                                 .margin_basis = WEIR_BASIS_MARK};
    return weir_maintenance(&market, &t->risk, cap, 1, 0);
}

/* Is MM the same on both sides of the end of tier k, as published and as the engine has it? */
static bool continuous(const struct table *t, uint32_t k) {
    const struct weir_tier *row = t->risk.tiers.row;
    weir_wide below = (weir_wide)row[k].cap * row[k].rate - t->published[k];
    weir_wide above = (weir_wide)t->floor[k + 1] * row[k + 1].rate - t->published[k + 1];
    weir_wide rounded = weir_div_ceil(below, WEIR_PPB);
    return row[k].cap == t->floor[k + 1] && below == above &&
           maintenance_at(t, row[k].cap, WEIR_UPPER_INCLUSIVE) == rounded &&
           maintenance_at(t, row[k].cap, WEIR_LOWER_INCLUSIVE) == rounded;
}

static void print_row(const struct table *t, uint32_t k, bool same, bool joins, FILE *out) {
    const struct weir_tier *row = &t->risk.tiers.row[k];
    struct weir_decimal money = weir_decimal_power(t->decimals), rate = weir_decimal_power(9);
    struct weir_decimal fine = weir_decimal_power((uint8_t)(t->decimals + 9));
    char cap[128], r[128], published[128], measured[128];
    uint8_t digits = (uint8_t)(t->decimals + 9);
    (void)weir_decimal_print(row->cap, &money, t->decimals, cap, sizeof cap);
    (void)weir_decimal_print(row->rate, &rate, 9, r, sizeof r);
    (void)weir_decimal_print(t->published[k], &fine, digits, published, sizeof published);
    (void)weir_decimal_print(t->risk.deduction[k], &fine, digits, measured, sizeof measured);
    fprintf(out, "%-20s  tier %2u  cap %s  rate %s  published %s  measured %s  %s%s\n", t->symbol,
            k + 1, cap, r, published, measured, same ? "pass" : "FAIL",
            joins ? "" : "  FAIL: margin is not continuous at the cap");
}

static void check_table(const struct weir_validate *a, struct table *t, struct result *result) {
    uint32_t count = t->risk.tiers.count, wrong = 0;
    bool asked = a->symbol && strcmp(a->symbol, t->symbol) == 0;
    FILE *out = a->options.json ? stderr : stdout;
    weir_risk_derive(&t->risk);
    for (uint32_t k = 0; k < count; k++) {
        bool same = t->risk.deduction[k] == t->published[k];
        /* The first tier begins at 0: below it nothing is published. */
        if (k == 0 && t->floor[0] != 0) same = false;
        bool joins = k + 1 == count || continuous(t, k);
        result->tiers++;
        result->tiers_wrong += !same;
        result->caps += k + 1 < count;
        result->caps_wrong += !joins;
        wrong += !same || !joins;
        if (asked || !same || !joins) print_row(t, k, same, joins, out);
    }
    result->symbols++;
    result->symbols_wrong += wrong > 0;
    result->symbol_seen = result->symbol_seen || asked;
    if (a->symbols)
        fprintf(out, "%-20s  %2u tiers  %s\n", t->symbol, count, wrong > 0 ? "FAIL" : "pass");
}

static void print_json(const char *path, const struct result *r) {
    weir_validate_open("tiers");
    fputs(",\"file\":", stdout);
    weir_cli_json_string(stdout, path);
    printf(
        ",\"symbols\":{\"published\":%u,\"passed\":%u},\"maintenance_amounts\":{\"published\":%u,"
        "\"equal\":%u},\"caps\":{\"published\":%u,\"continuous\":%u},\"passed\":%s}",
        r->symbols, r->symbols - r->symbols_wrong, r->tiers, r->tiers - r->tiers_wrong, r->caps,
        r->caps - r->caps_wrong, r->symbols_wrong == 0 ? "true" : "false");
}

static int check_symbols(const struct weir_validate *a, const char *path, const json_t *root) {
    const json_t *symbols = json_object_get(root, "symbols");
    size_t column[COLUMNS];
    struct result r = {0};
    const char *name;
    json_t *rows;
    if (!json_is_object(symbols) || json_object_size(symbols) == 0)
        return weir_cli_fail(WEIR_EXIT_USAGE, a->command,
                             "%s: expected an object with `symbols`, lists of tiers by symbol",
                             path);
    if (!read_columns(json_object_get(root, "columns"), column))
        return weir_cli_fail(WEIR_EXIT_USAGE, a->command,
                             "%s: expected `columns` with notional_floor, notional_cap, "
                             "maintenance_rate, max_leverage, maintenance_amount",
                             path);
    json_object_foreach((json_t *)(uintptr_t)symbols, name, rows) {
        struct table t = {.symbol = name};
        uint32_t row;
        const char *problem = read_table(rows, column, &t, &row);
        if (problem)
            return weir_cli_fail(WEIR_EXIT_USAGE, a->command, "%s: symbol `%s`, tier %u: %s", path,
                                 name, row + 1, problem);
        check_table(a, &t, &r);
    }
    if (a->symbol && !r.symbol_seen)
        return weir_cli_fail(WEIR_EXIT_USAGE, a->command, "%s: there is no symbol `%s`", path,
                             a->symbol);
    if (a->options.json)
        print_json(path, &r);
    else if (!a->options.quiet)
        printf("tiers  %u of %u symbols; %u of %u maintenance amounts as published; margin "
               "continuous at %u of %u caps: %s\n",
               r.symbols - r.symbols_wrong, r.symbols, r.tiers - r.tiers_wrong, r.tiers,
               r.caps - r.caps_wrong, r.caps, r.symbols_wrong == 0 ? "pass" : "FAIL");
    return r.symbols_wrong == 0 ? WEIR_EXIT_DONE : WEIR_EXIT_FAILED;
}

int weir_validate_tiers(const struct weir_validate *a) {
    const char *path = a->tiers ? a->tiers : WEIR_DEFAULT_TIERS;
    FILE *file = fopen(path, "rb");
    if (!file && !a->tiers)
        return weir_cli_fail(WEIR_EXIT_FAILED, a->command,
                             "the published tiers are not at %s: %s; name their file with "
                             "--tiers FILE",
                             path, strerror(errno));
    if (!file) return weir_cli_fail(WEIR_EXIT_USAGE, a->command, "%s: %s", path, strerror(errno));
    json_error_t error;
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    (void)fclose(file);
    if (!root)
        return weir_cli_fail(WEIR_EXIT_USAGE, a->command, "%s:%d:%d: %s", path, error.line,
                             error.column, error.text);
    int status = check_symbols(a, path, root);
    json_decref(root);
    return status;
}
