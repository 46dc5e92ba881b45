/* summary.json: the figures of a run (docs/reading-a-report.md). */
#include "report/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUMMARY_MAX (16 << 20) /* bytes; a run's summary is a few kilobytes */

enum kind {
    NUMBER, /* a JSON number or a decimal as text */
    MAYBE,  /* the same, or null where the run had nothing to measure */
    TEXT,
    TRUTH,
    BY_NAME, /* an object {name: number} */
    TOTAL,   /* a number, or an object {cause: number} */
    PRICES,  /* an object {market: {open, low, high, close, max_drawdown}} */
};

static const struct key {
    const char *path;
    enum kind kind;
} keys[] = {
    {"scenario", TEXT},
    {"seed", NUMBER},
    {"scale", NUMBER},
    {"policy", TEXT},
    {"simulated_s", NUMBER},
    {"commands", NUMBER},
    {"events", NUMBER},
    {"state_hash", TEXT},
    {"conserved", TRUTH},
    {"liquidations.scopes", NUMBER},
    {"liquidations.accounts", NUMBER},
    {"liquidations.notional", NUMBER},
    {"liquidations.long_share", MAYBE},
    {"liquidations.by_market", BY_NAME},
    {"liquidations.peak_hour.notional", NUMBER},
    {"liquidations.peak_hour.long_share", MAYBE},
    {"liquidations.peak_hour.by_market", BY_NAME},
    {"liquidations.by_stage.book", NUMBER},
    {"liquidations.by_stage.auction", NUMBER},
    {"liquidations.by_stage.backstop", NUMBER},
    {"liquidations.by_stage.absorbed", NUMBER},
    {"liquidations.by_stage.adl", NUMBER},
    {"liquidations.outcomes.cured", NUMBER},
    {"liquidations.outcomes.restored", NUMBER},
    {"liquidations.outcomes.closed", NUMBER},
    {"insurance.start", NUMBER},
    {"insurance.min", NUMBER},
    {"insurance.end", NUMBER},
    {"insurance.received", TOTAL},
    {"insurance.paid", TOTAL},
    {"adl.events", NUMBER},
    {"adl.accounts", NUMBER},
    {"adl.notional", NUMBER},
    {"adl.haircut", NUMBER},
    {"adl.least_haircut", NUMBER},
    {"socialised", TOTAL},
    {"price", PRICES},
    {"performance.wall_s", NUMBER},
    {"performance.commands_per_s", NUMBER},
    {"performance.liquidations_per_s", NUMBER},
    {"performance.command_ns.p50", MAYBE},
    {"performance.command_ns.p99", MAYBE},
    {"performance.command_ns.p99_9", MAYBE},
    {"performance.command_ns.p99_99", MAYBE},
    {"performance.command_ns.max", MAYBE},
};

static bool is_decimal(const char *text) {
    struct weir_decimal unused;
    return weir_decimal_read(text, strlen(text), &unused);
}

static bool is_number(const json_t *value) {
    return json_is_number(value) || (json_is_string(value) && is_decimal(json_string_value(value)));
}

static bool is_by_name(json_t *value) {
    if (!json_is_object(value)) return false;
    const char *name;
    json_t *amount;
    json_object_foreach(value, name, amount) {
        if (!is_number(amount)) return false;
    }
    return true;
}

static bool is_prices(json_t *value) {
    static const char *const parts[] = {"open", "low", "high", "close", "max_drawdown"};
    if (!json_is_object(value)) return false;
    const char *name;
    json_t *market;
    json_object_foreach(value, name, market) {
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            const json_t *part = json_object_get(market, parts[i]);
            if (!is_number(part) && !json_is_null(part)) return false;
        }
    }
    return true;
}

static bool is_kind(json_t *value, enum kind kind) {
    switch (kind) {
    case NUMBER:
        return is_number(value);
    case MAYBE:
        return is_number(value) || json_is_null(value);
    case TEXT:
        return json_is_string(value);
    case TRUTH:
        return json_is_boolean(value);
    case BY_NAME:
        return is_by_name(value);
    case TOTAL:
        return is_number(value) || is_by_name(value);
    case PRICES:
        return is_prices(value);
    }
    return false;
}

static const char *kind_name(enum kind kind) {
    switch (kind) {
    case NUMBER:
        return "a number";
    case MAYBE:
        return "a number or null";
    case TEXT:
        return "text";
    case TRUTH:
        return "true or false";
    case BY_NAME:
        return "an object of numbers by market";
    case TOTAL:
        return "a number or an object of numbers";
    case PRICES:
        return "an object by market with open, low, high, close and max_drawdown";
    }
    return "";
}

/* The value at a dotted path, or NULL. */
static json_t *find(json_t *root, const char *path) {
    char part[32];
    json_t *value = root;
    while (value != NULL) {
        size_t size = strcspn(path, ".");
        WEIR_CHECK(size < sizeof part);
        memcpy(part, path, size);
        part[size] = 0;
        value = json_object_get(value, part);
        if (path[size] == 0) break;
        path += size + 1;
    }
    return value;
}

static double number_of(const json_t *value) {
    return json_is_string(value) ? strtod(json_string_value(value), NULL)
                                 : json_number_value(value);
}

static int check_keys(json_t *root, struct weir_file_error *error) {
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *value = find(root, keys[i].path);
        if (value == NULL)
            return weir_report_refuse(error, "summary.json: key `%s` is missing: expected %s",
                                      keys[i].path, kind_name(keys[i].kind));
        if (is_kind(value, keys[i].kind)) continue;
        char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
        int result = weir_report_refuse(error, "summary.json: key `%s` is `%.60s`: expected %s",
                                        keys[i].path, shown ? shown : "?", kind_name(keys[i].kind));
        free(shown);
        return result;
    }
    double scale = number_of(json_object_get(root, "scale"));
    if (!(scale > 0))
        return weir_report_refuse(error, "summary.json: key `scale` is %g: expected more than 0",
                                  scale);
    return 0;
}

/* Reads the whole file; NULL with *error filled. */
static char *read_file(const char *folder, size_t *size, struct weir_file_error *error) {
    char *path = weir_report_path(folder, "summary.json");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char *text = NULL;
    if (file == NULL) {
        (void)weir_report_refuse(error, "%.300s: cannot be opened: %s", path ? path : folder,
                                 strerror(errno));
        free(path);
        return NULL;
    }
    free(path);
    text = malloc(SUMMARY_MAX + 1);
    *size = text != NULL ? fread(text, 1, SUMMARY_MAX + 1, file) : 0;
    bool failed = text == NULL || ferror(file) || *size > SUMMARY_MAX;
    if (failed)
        (void)weir_report_refuse(error, "summary.json: cannot be read, or over %d bytes",
                                 SUMMARY_MAX);
    (void)fclose(file);
    if (!failed) return text;
    free(text);
    return NULL;
}

json_t *weir_report_summary(const char *folder, struct weir_file_error *error) {
    size_t size;
    char *text = read_file(folder, &size, error);
    if (text == NULL) return NULL;
    json_error_t problem;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    /* An integer above 2^63 - 1 is none to jansson: taken as the nearest double. A seed that large
     * has to be written as text to keep its digits. */
    if (root == NULL && json_error_code(&problem) == json_error_numeric_overflow)
        root = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &problem);
    free(text);
    if (root == NULL) {
        (void)weir_report_refuse(error, "summary.json:%d:%d: %s", problem.line, problem.column,
                                 problem.text);
        return NULL;
    }
    if (!json_is_object(root)) {
        (void)weir_report_refuse(error, "summary.json:1:1: expected an object");
    } else if (check_keys(root, error) == 0) {
        json_t *seed = json_object_get(root, "seed");
        char digits[32];
        /* As text, because a script's numbers hold 53 bits only. */
        if (json_is_integer(seed)) {
            (void)snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT,
                           json_integer_value(seed));
            (void)json_object_set_new(root, "seed", json_string(digits));
        }
        return root;
    }
    json_decref(root);
    return NULL;
}
