/* liquidations.csv and adl.csv: the largest of each, and what all of them add up to. */
#include "report/internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOP         20 /* rows of a top list */
#define CLASSES_MAX 64 /* account classes of a venue */
#define DECADES     12 /* sizes from below 10 to 10^11 and more, in quote currency */
#define WORD_MAX    32
#define SCOPE_MAX   48

enum liquidation_column {
    LIQUIDATION,
    ACCOUNT,
    SCOPE,
    CLASS,
    SIDE,
    MARKET,
    STARTED,
    ENDED,
    OUTCOME,
    EQUITY,
    REQUIREMENT,
    NOTIONAL,
    BOOK,
    AUCTION,
    BACKSTOP,
    ABSORBED,
    ADL,
    SHORTFALL,
    LOTS_CLOSED,
    STEPS,
    WORTH, /* quote currency for one of the asset that equity to shortfall are in; empty: 1 */
    LIQUIDATION_COLUMNS
};
static const char *const liquidation_columns[LIQUIDATION_COLUMNS] = {
    "liquidation", "account",  "scope",  "class",       "side",        "market", "started_ns",
    "ended_ns",    "outcome",  "equity", "requirement", "notional",    "book",   "auction",
    "backstop",    "absorbed", "adl",    "shortfall",   "lots_closed", "steps",  "?worth"};

enum { NUMBERS = LIQUIDATION_COLUMNS - EQUITY };
struct liquidation {
    struct weir_name account, class, market;
    char scope[SCOPE_MAX]; /* a market, `cross`, or `cross:` and an asset */
    char side[WORD_MAX], outcome[WORD_MAX];
    int64_t started, ended; /* ended -1: still under way when the run ended */
    double values[NUMBERS]; /* from EQUITY on */
};
struct class_total {
    struct weir_name name;
    uint64_t count;
    double notional;
};
struct liquidations {
    struct weir_csv csv;
    struct weir_file_error *error;
    uint64_t count, open, short_of_money;
    double steps, shortfall;
    struct liquidation top[TOP]; /* largest notional first */
    size_t top_count;
    struct class_total classes[CLASSES_MAX];
    size_t class_count;
    uint64_t sizes[DECADES];
    int64_t *durations;
    size_t duration_count, duration_capacity;
};

static double value_of(const struct liquidation *l, enum liquidation_column column) {
    double value = l->values[column - EQUITY];
    return isnan(value) ? 0 : value;
}

/* A word of the file that the page shows: bounded, any bytes. */
static void copy_word(char *word, const char *text) {
    (void)snprintf(word, WORD_MAX, "%s", text);
}

/* Of the scope's asset; notional is in quote currency as it stands. */
static bool is_money(size_t column) {
    return column <= REQUIREMENT || (column >= BOOK && column <= SHORTFALL);
}

static int read_liquidation(const struct weir_csv *csv, struct liquidation *out) {
    *out = (struct liquidation){0};
    int result = weir_csv_name(csv, ACCOUNT, &out->account);
    if (result == 0) result = weir_csv_name(csv, CLASS, &out->class);
    /* A flat scope with a deficit is liquidated without a position (R17): no market, no side. */
    if (result == 0 && *weir_csv_text(csv, MARKET) != 0)
        result = weir_csv_name(csv, MARKET, &out->market);
    if (result == 0) result = weir_csv_time(csv, STARTED, false, &out->started);
    if (result == 0) result = weir_csv_time(csv, ENDED, true, &out->ended);
    for (size_t i = 0; result == 0 && i < NUMBERS; i++)
        result = weir_csv_number(csv, EQUITY + i, &out->values[i]);
    const double worth = out->values[WORTH - EQUITY];
    for (size_t i = 0; i < NUMBERS && !isnan(worth); i++)
        if (is_money(EQUITY + i)) out->values[i] *= worth;
    (void)snprintf(out->scope, sizeof out->scope, "%s", weir_csv_text(csv, SCOPE));
    copy_word(out->side, weir_csv_text(csv, SIDE));
    copy_word(out->outcome, weir_csv_text(csv, OUTCOME));
    return result;
}

static void keep_top(struct liquidations *all, const struct liquidation *one) {
    size_t at = all->top_count;
    while (at > 0 && value_of(&all->top[at - 1], NOTIONAL) < value_of(one, NOTIONAL))
        at--;
    if (at == TOP) return;
    if (all->top_count < TOP) all->top_count++;
    memmove(&all->top[at + 1], &all->top[at], (all->top_count - 1 - at) * sizeof all->top[0]);
    all->top[at] = *one;
}

static int add_duration(struct liquidations *all, int64_t duration) {
    if (all->duration_count == all->duration_capacity) {
        size_t capacity = all->duration_capacity > 0 ? all->duration_capacity * 2 : 4096;
        int64_t *grown = realloc(all->durations, capacity * sizeof *grown);
        if (grown == NULL) return -ENOMEM;
        all->durations = grown;
        all->duration_capacity = capacity;
    }
    all->durations[all->duration_count++] = duration;
    return 0;
}

static int add_liquidation(struct liquidations *all, const struct liquidation *one) {
    double notional = value_of(one, NOTIONAL);
    all->count++;
    all->steps += value_of(one, STEPS);
    all->shortfall += value_of(one, SHORTFALL);
    all->short_of_money += value_of(one, SHORTFALL) > 0;
    size_t decade = 0;
    for (double limit = 10; decade < DECADES - 1 && notional >= limit; limit *= 10)
        decade++;
    all->sizes[decade]++;
    size_t c = 0;
    while (c < all->class_count && !weir_name_equal(&all->classes[c].name, &one->class))
        c++;
    if (c == CLASSES_MAX)
        return weir_report_refuse(all->error, "liquidations.csv:%llu: more than %d classes",
                                  (unsigned long long)all->csv.number, CLASSES_MAX);
    if (c == all->class_count) all->classes[all->class_count++].name = one->class;
    all->classes[c].count++;
    all->classes[c].notional += notional;
    keep_top(all, one);
    if (one->ended < 0) {
        all->open++;
        return 0;
    }
    if (one->ended < one->started)
        return weir_report_refuse(all->error, "liquidations.csv:%llu: ended before it started",
                                  (unsigned long long)all->csv.number);
    return add_duration(all, one->ended - one->started);
}

static int by_duration(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Smallest duration that at least `part` of the liquidations did not exceed, in seconds. */
static double duration_at(const struct liquidations *all, double part) {
    if (all->duration_count == 0) return (double)NAN;
    size_t at = (size_t)ceil(part * (double)all->duration_count);
    return (double)all->durations[at > 0 ? at - 1 : 0] / 1e9;
}

static void put_member(FILE *out, const char *name, double value) {
    (void)fprintf(out, ",\"%s\":", name);
    weir_report_put_number(out, value);
}

static void put_word(FILE *out, const char *name, const char *text) {
    (void)fprintf(out, ",\"%s\":", name);
    weir_report_put_text(out, text);
}

static void put_top(const struct liquidations *all, FILE *out) {
    (void)fputs(",\"top\":[", out);
    for (size_t i = 0; i < all->top_count; i++) {
        const struct liquidation *l = &all->top[i];
        (void)fprintf(out, "%s{\"started_ns\":\"%lld\"", i > 0 ? "," : "", (long long)l->started);
        put_member(out, "took", l->ended < 0 ? (double)NAN : (double)(l->ended - l->started) / 1e9);
        put_word(out, "account", l->account.text);
        put_word(out, "scope", l->scope);
        put_word(out, "class", l->class.text);
        put_word(out, "market", l->market.text);
        put_word(out, "side", l->side);
        put_word(out, "outcome", l->outcome);
        for (size_t c = EQUITY; c < WORTH; c++)
            put_member(out, liquidation_columns[c], value_of(l, (enum liquidation_column)c));
        (void)fputc('}', out);
    }
    (void)fputc(']', out);
}

static void put_liquidations(struct liquidations *all, FILE *out) {
    if (all->duration_count > 0)
        qsort(all->durations, all->duration_count, sizeof all->durations[0], by_duration);
    (void)fprintf(out, "\"liquidations\":{\"count\":%llu,\"open\":%llu,\"short_of_money\":%llu",
                  (unsigned long long)all->count, (unsigned long long)all->open,
                  (unsigned long long)all->short_of_money);
    put_member(out, "shortfall", all->shortfall);
    put_member(out, "steps", all->steps);
    put_member(out, "took_p50", duration_at(all, 0.5));
    put_member(out, "took_p99", duration_at(all, 0.99));
    put_member(out, "took_max", duration_at(all, 1));
    (void)fputs(",\"sizes\":[", out);
    for (size_t i = 0; i < DECADES; i++)
        (void)fprintf(out, "%s%llu", i > 0 ? "," : "", (unsigned long long)all->sizes[i]);
    (void)fputs("],\"classes\":[", out);
    for (size_t i = 0; i < all->class_count; i++) {
        (void)fprintf(out, "%s{\"count\":%llu", i > 0 ? "," : "",
                      (unsigned long long)all->classes[i].count);
        put_word(out, "name", all->classes[i].name.text);
        put_member(out, "notional", all->classes[i].notional);
        (void)fputc('}', out);
    }
    (void)fputc(']', out);
    put_top(all, out);
    (void)fputc('}', out);
}

int weir_report_liquidations(const char *folder, FILE *out, struct weir_file_error *error) {
    struct liquidations *all = calloc(1, sizeof *all);
    if (all == NULL) return -ENOMEM;
    all->error = error;
    int result = weir_csv_open(&all->csv, folder, "liquidations.csv", liquidation_columns,
                               LIQUIDATION_COLUMNS, error);
    int got = 0;
    while (result == 0 && (got = weir_csv_next(&all->csv)) > 0) {
        struct liquidation one;
        result = read_liquidation(&all->csv, &one);
        if (result == 0) result = add_liquidation(all, &one);
    }
    if (result == 0) result = got;
    if (result == 0) put_liquidations(all, out);
    weir_csv_close(&all->csv);
    free(all->durations);
    free(all);
    return result;
}

/* ---- Auto-deleveraging ----------------------------------------------------------------------- */
enum adl_column {
    ADL_TIME,
    ADL_MARKET,
    ADL_ACCOUNT,
    ADL_COUNTERPARTY,
    ADL_QTY,
    ADL_PRICE,
    ADL_RANK,
    ADL_HAIRCUT,
    ADL_LEAST_HAIRCUT,
    ADL_NOTIONAL, /* quote currency; empty: qty * price */
    ADL_WORTH,    /* as above */
    ADL_COLUMNS
};
static const char *const adl_columns[ADL_COLUMNS] = {
    "time_ns", "market",  "account",       "counterparty", "qty",   "price",
    "rank",    "haircut", "least_haircut", "?notional",    "?worth"};

/* What one account lost through deleveraging. */
struct deleveraged {
    struct weir_name name;
    uint64_t events;
    double notional, haircut, least;
};
struct adl {
    struct weir_csv csv;
    struct deleveraged *rows;
    size_t count, capacity;
};

static double or_zero(double value) {
    return isnan(value) ? 0 : value;
}

static int read_adl(struct adl *all) {
    int64_t unused_time;
    struct weir_name market;
    double value[ADL_COLUMNS];
    struct deleveraged row = {.events = 1};
    int result = weir_csv_time(&all->csv, ADL_TIME, false, &unused_time);
    if (result == 0) result = weir_csv_name(&all->csv, ADL_MARKET, &market);
    if (result == 0) result = weir_csv_name(&all->csv, ADL_COUNTERPARTY, &row.name);
    for (size_t i = ADL_QTY; result == 0 && i < ADL_COLUMNS; i++)
        result = weir_csv_number(&all->csv, i, &value[i]);
    if (result < 0) return result;
    const double worth = isnan(value[ADL_WORTH]) ? 1 : value[ADL_WORTH];
    row.notional = or_zero(isnan(value[ADL_NOTIONAL]) ? value[ADL_QTY] * value[ADL_PRICE]
                                                      : value[ADL_NOTIONAL]);
    row.haircut = or_zero(value[ADL_HAIRCUT]) * worth;
    row.least = or_zero(value[ADL_LEAST_HAIRCUT]) * worth;
    if (all->count == all->capacity) {
        size_t capacity = all->capacity > 0 ? all->capacity * 2 : 1024;
        struct deleveraged *grown = realloc(all->rows, capacity * sizeof *grown);
        if (grown == NULL) return -ENOMEM;
        all->rows = grown;
        all->capacity = capacity;
    }
    all->rows[all->count++] = row;
    return 0;
}

static int by_name(const void *a, const void *b) {
    const struct deleveraged *x = a;
    const struct deleveraged *y = b;
    return memcmp(x->name.text, y->name.text, sizeof x->name.text);
}

static int by_notional(const void *a, const void *b) {
    const struct deleveraged *x = a;
    const struct deleveraged *y = b;
    if (x->notional != y->notional) return x->notional < y->notional ? 1 : -1;
    return by_name(a, b);
}

/* One row an account, largest notional first. */
static void merge_adl(struct adl *all) {
    size_t kept = 0;
    if (all->count > 0) qsort(all->rows, all->count, sizeof all->rows[0], by_name);
    for (size_t i = 0; i < all->count; i++) {
        struct deleveraged *last = &all->rows[kept > 0 ? kept - 1 : 0];
        if (kept > 0 && weir_name_equal(&last->name, &all->rows[i].name)) {
            last->events++;
            last->notional += all->rows[i].notional;
            last->haircut += all->rows[i].haircut;
            last->least += all->rows[i].least;
        } else {
            all->rows[kept++] = all->rows[i];
        }
    }
    all->count = kept;
    if (kept > 0) qsort(all->rows, kept, sizeof all->rows[0], by_notional);
}

int weir_report_adl(const char *folder, FILE *out, struct weir_file_error *error) {
    struct adl all = {0};
    int result = weir_csv_open(&all.csv, folder, "adl.csv", adl_columns, ADL_COLUMNS, error);
    if (result < 0) return result;
    int got = 0;
    while (result == 0 && (got = weir_csv_next(&all.csv)) > 0)
        result = read_adl(&all);
    if (result == 0) result = got;
    if (result == 0) {
        size_t events = all.count;
        merge_adl(&all);
        (void)fprintf(out, "\"adl\":{\"events\":%zu,\"accounts\":%zu,\"top\":[", events, all.count);
        for (size_t i = 0; i < all.count && i < TOP; i++) {
            (void)fprintf(out, "%s{\"events\":%llu", i > 0 ? "," : "",
                          (unsigned long long)all.rows[i].events);
            put_word(out, "account", all.rows[i].name.text);
            put_member(out, "notional", all.rows[i].notional);
            put_member(out, "haircut", all.rows[i].haircut);
            put_member(out, "least_haircut", all.rows[i].least);
            (void)fputc('}', out);
        }
        (void)fputs("]}", out);
    }
    weir_csv_close(&all.csv);
    free(all.rows);
    return result;
}
