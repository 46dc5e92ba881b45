/* series.csv: one row per sample time and market, thinned to what a chart can show. Two passes:
 * the first counts rows and finds the worst hour, the second fills buckets, so memory does not
 * grow with the length of the run but for its sample times. */
#include "report/internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MAX 1000 /* two points each: at most 2,000 points a line */
#define MARKETS_MAX 512
#define HOUR        (3600 * WEIR_SECOND)
#define HOUR_MARGIN (900 * WEIR_SECOND) /* shown before and after the worst hour */

enum column {
    TIME,
    MARKET,
    INDEX,
    MARK,
    LAST,
    BEST_BID,
    BEST_ASK,
    BID_DEPTH,
    ASK_DEPTH,
    SPREAD,
    OPEN_INTEREST,
    FUNDING_RATE,
    LONG_SHARE,
    FUND,
    LEVERAGE_RATIO,
    BACKLOG,
    LIQUIDATED_LONG,
    LIQUIDATED_SHORT,
    PER_QTY, /* quote currency per unit of quantity of an inverse contract; else empty */
    COLUMNS
};
static const char *const columns[COLUMNS] = {"time_ns",
                                             "market",
                                             "index",
                                             "mark",
                                             "last",
                                             "best_bid",
                                             "best_ask",
                                             "bid_depth",
                                             "ask_depth",
                                             "spread",
                                             "open_interest",
                                             "funding_rate",
                                             "long_share",
                                             "fund",
                                             "leverage_ratio",
                                             "backlog",
                                             "liquidated_long",
                                             "liquidated_short",
                                             "?per_qty"};

/* What is charted: levels keep least and greatest of a bucket, in the order they came; flows are
 * summed. Levels from FIRST_COMMON on are the venue's, equal in every market's row. */
static const struct level {
    const char *name;
    enum column column;
} levels[] = {{"index", INDEX},
              {"mark", MARK},
              {"bid_depth", BID_DEPTH},
              {"ask_depth", ASK_DEPTH},
              {"spread", SPREAD},
              {"open_interest", OPEN_INTEREST},
              {"funding_rate", FUNDING_RATE},
              {"fund", FUND},
              {"leverage_ratio", LEVERAGE_RATIO},
              {"backlog", BACKLOG}};
enum { FIRST_COMMON = 7, LEVELS = sizeof levels / sizeof levels[0] };

struct extreme {
    double low, high;
    bool high_first;
};
struct bucket {
    bool filled;
    struct extreme levels[LEVELS];
    double liquidated_long, liquidated_short;
};
struct sample {
    int64_t time;
    double liquidated; /* over all markets, since the sample before */
};
/* A range of samples, cut into buckets of equally many; every market uses the same cut, so sums
 * over markets need no resampling. */
struct view {
    size_t first, count; /* samples */
    size_t bucket_count; /* <= count */
};
enum { WHOLE, WORST_HOUR, VIEWS };
struct market {
    struct weir_name name;
    int64_t last_time;
    struct bucket *buckets[VIEWS];
};
struct series {
    struct weir_csv csv;
    struct weir_file_error *error;
    struct market *markets;
    size_t market_count, last_market;
    struct sample *samples;
    size_t sample_count, sample_capacity;
    struct view views[VIEWS];
    int64_t hour_from, hour_to;
    double hour_liquidated;
};

static struct market *find_market(struct series *s, const struct weir_name *name) {
    /* Rows go round the markets in a fixed order: the next one is nearly always right. */
    for (size_t i = 1; i <= s->market_count; i++) {
        size_t at = (s->last_market + i) % s->market_count;
        if (!weir_name_equal(&s->markets[at].name, name)) continue;
        s->last_market = at;
        return &s->markets[at];
    }
    return NULL;
}

static int add_market(struct series *s, const struct weir_name *name) {
    if (s->market_count == MARKETS_MAX)
        return weir_report_refuse(s->error, "series.csv:%llu: more than %d markets",
                                  (unsigned long long)s->csv.number, MARKETS_MAX);
    s->last_market = s->market_count;
    s->markets[s->market_count++] = (struct market){.name = *name, .last_time = -1};
    return 0;
}

static int add_sample(struct series *s, int64_t time) {
    if (s->sample_count > 0 && s->samples[s->sample_count - 1].time == time) return 0;
    if (s->sample_count > 0 && s->samples[s->sample_count - 1].time > time)
        return weir_report_refuse(s->error, "series.csv:%llu:1: time_ns goes back",
                                  (unsigned long long)s->csv.number);
    if (s->sample_count == s->sample_capacity) {
        size_t capacity = s->sample_capacity > 0 ? s->sample_capacity * 2 : 4096;
        struct sample *grown = realloc(s->samples, capacity * sizeof *grown);
        if (grown == NULL) return -ENOMEM;
        s->samples = grown;
        s->sample_capacity = capacity;
    }
    s->samples[s->sample_count++] = (struct sample){.time = time};
    return 0;
}

static double or_zero(double value) {
    return isnan(value) ? 0 : value;
}

/* First pass, one row: every number is checked here, so the second pass cannot fail on one. */
static int count_row(struct series *s) {
    int64_t time;
    struct weir_name name;
    double value[COLUMNS];
    int result = weir_csv_time(&s->csv, TIME, false, &time);
    if (result == 0) result = weir_csv_name(&s->csv, MARKET, &name);
    for (size_t i = INDEX; result == 0 && i < COLUMNS; i++)
        result = weir_csv_number(&s->csv, i, &value[i]);
    if (result == 0) result = add_sample(s, time);
    if (result < 0) return result;
    struct market *market = find_market(s, &name);
    if (market == NULL) {
        result = add_market(s, &name);
        if (result < 0) return result;
        market = &s->markets[s->last_market];
    }
    if (market->last_time == time)
        return weir_report_refuse(s->error, "series.csv:%llu: a second row of %s at this time",
                                  (unsigned long long)s->csv.number, market->name.text);
    market->last_time = time;
    s->samples[s->sample_count - 1].liquidated +=
        or_zero(value[LIQUIDATED_LONG]) + or_zero(value[LIQUIDATED_SHORT]);
    return 0;
}

/* Samples with from <= time <= to; there is at least one. */
static struct view view_of(const struct series *s, int64_t from, int64_t to) {
    struct view view = {0};
    while (s->samples[view.first].time < from)
        view.first++;
    while (view.first + view.count < s->sample_count &&
           s->samples[view.first + view.count].time <= to)
        view.count++;
    view.bucket_count = view.count < BUCKETS_MAX ? view.count : BUCKETS_MAX;
    return view;
}

/* The worst rolling 60 minutes: a sample holds what was liquidated in the time before it. */
static void find_worst_hour(struct series *s) {
    double sum = 0, worst = 0;
    size_t first = 0, worst_end = 0;
    for (size_t i = 0; i < s->sample_count; i++) {
        sum += s->samples[i].liquidated;
        while (s->samples[first].time <= s->samples[i].time - HOUR)
            sum -= s->samples[first++].liquidated;
        if (sum > worst) {
            worst = sum;
            worst_end = i;
        }
    }
    if (s->sample_count == 0) return;
    int64_t begin = s->samples[0].time;
    int64_t end = s->samples[s->sample_count - 1].time;
    s->hour_to = s->samples[worst_end].time;
    s->hour_from = weir_max(begin, s->hour_to - HOUR);
    s->hour_liquidated = worst;
    s->views[WHOLE] = view_of(s, begin, end);
    s->views[WORST_HOUR] = view_of(s, weir_max(begin, s->hour_from - HOUR_MARGIN),
                                   weir_min(end, s->hour_to + HOUR_MARGIN));
}

static int make_buckets(struct series *s) {
    for (size_t m = 0; m < s->market_count; m++) {
        for (int v = 0; v < VIEWS; v++) {
            struct bucket **buckets = &s->markets[m].buckets[v];
            *buckets = calloc(s->views[v].bucket_count, sizeof **buckets);
            if (*buckets == NULL) return -ENOMEM;
        }
    }
    return 0;
}

static void widen(struct extreme *extreme, double value, bool first) {
    if (first || isnan(extreme->low)) {
        *extreme = (struct extreme){.low = value, .high = value};
    } else if (value < extreme->low) {
        extreme->low = value;
        extreme->high_first = true;
    } else if (value > extreme->high) {
        extreme->high = value;
        extreme->high_first = false;
    }
}

static void fill_bucket(struct bucket *bucket, const double *value) {
    for (size_t i = 0; i < LEVELS; i++)
        widen(&bucket->levels[i], value[levels[i].column], !bucket->filled);
    bucket->liquidated_long += or_zero(value[LIQUIDATED_LONG]);
    bucket->liquidated_short += or_zero(value[LIQUIDATED_SHORT]);
    bucket->filled = true;
}

/* The page takes quantity * mark for a notional: those of an inverse contract are put as the
 * quantity of the base that is worth as much. */
static void to_base(double *value) {
    if (isnan(value[PER_QTY])) return;
    value[OPEN_INTEREST] *= value[PER_QTY] / value[MARK];
    value[BID_DEPTH] *= value[PER_QTY] / value[MARK];
    value[ASK_DEPTH] *= value[PER_QTY] / value[MARK];
}

/* Second pass. Everything was checked by the first, but the file may have changed since. */
static int fill_buckets(struct series *s) {
    size_t sample = 0;
    int got;
    while ((got = weir_csv_next(&s->csv)) > 0) {
        int64_t time;
        struct weir_name name;
        double value[COLUMNS];
        int result = weir_csv_time(&s->csv, TIME, false, &time);
        if (result == 0) result = weir_csv_name(&s->csv, MARKET, &name);
        for (size_t i = INDEX; result == 0 && i < COLUMNS; i++)
            result = weir_csv_number(&s->csv, i, &value[i]);
        if (result < 0) return result;
        to_base(value);
        while (sample < s->sample_count && s->samples[sample].time < time)
            sample++;
        struct market *market = find_market(s, &name);
        if (market == NULL || sample == s->sample_count)
            return weir_report_refuse(s->error, "series.csv: changed while it was read");
        for (int v = 0; v < VIEWS; v++) {
            const struct view *view = &s->views[v];
            if (sample < view->first || sample - view->first >= view->count) continue;
            size_t at = (sample - view->first) * view->bucket_count / view->count;
            fill_bucket(&market->buckets[v][at], value);
        }
    }
    return got;
}

static double seconds(const struct series *s, int64_t time) {
    return (double)(time - s->samples[0].time) / 1e9;
}

/* One value a bucket where each holds one sample, else two: its extremes as they came. */
static void put_level(FILE *out, const struct view *view, const struct bucket *buckets,
                      size_t level) {
    bool paired = view->bucket_count < view->count;
    (void)fprintf(out, "\"%s\":[", levels[level].name);
    for (size_t b = 0; b < view->bucket_count; b++) {
        struct extreme e = buckets[b].levels[level];
        if (!buckets[b].filled) e = (struct extreme){.low = (double)NAN, .high = (double)NAN};
        if (b > 0) (void)fputc(',', out);
        weir_report_put_number(out, paired && e.high_first ? e.high : e.low);
        if (!paired) continue;
        (void)fputc(',', out);
        weir_report_put_number(out, e.high_first ? e.low : e.high);
    }
    (void)fputc(']', out);
}

static void put_market(const struct series *s, const struct market *market, int v, FILE *out) {
    const struct view *view = &s->views[v];
    const struct bucket *buckets = market->buckets[v];
    (void)fputs("{\"name\":", out);
    weir_report_put_text(out, market->name.text);
    for (size_t i = 0; i < FIRST_COMMON; i++) {
        (void)fputc(',', out);
        put_level(out, view, buckets, i);
    }
    for (int side = 0; side < 2; side++) {
        (void)fputs(side == 0 ? ",\"long\":[" : ",\"short\":[", out);
        for (size_t b = 0; b < view->bucket_count; b++) {
            if (b > 0) (void)fputc(',', out);
            weir_report_put_number(out, side == 0 ? buckets[b].liquidated_long
                                                  : buckets[b].liquidated_short);
        }
        (void)fputc(']', out);
    }
    (void)fputc('}', out);
}

static void put_view(const struct series *s, int v, FILE *out) {
    const struct view *view = &s->views[v];
    (void)fprintf(out, "{\"paired\":%s,\"t\":[",
                  view->bucket_count < view->count ? "true" : "false");
    for (size_t b = 0; b < view->bucket_count; b++) {
        /* The first sample that falls into bucket b. */
        size_t at = (b * view->count + view->bucket_count - 1) / view->bucket_count;
        (void)fprintf(out, "%s%.9g", b > 0 ? "," : "",
                      seconds(s, s->samples[view->first + at].time));
    }
    (void)fprintf(out, "],\"end\":%.9g",
                  seconds(s, s->samples[view->first + view->count - 1].time));
    for (size_t i = FIRST_COMMON; i < LEVELS; i++) {
        (void)fputc(',', out);
        put_level(out, view, s->markets[0].buckets[v], i);
    }
    (void)fputs(",\"markets\":[", out);
    for (size_t m = 0; m < s->market_count; m++) {
        if (m > 0) (void)fputc(',', out);
        put_market(s, &s->markets[m], v, out);
    }
    (void)fputs("]}", out);
}

static void put_series(const struct series *s, FILE *out) {
    (void)fprintf(out, "\"series\":{\"samples\":%zu", s->sample_count);
    if (s->sample_count > 0) {
        (void)fprintf(out, ",\"start_ns\":\"%lld\",\"hour\":{\"from\":%.9g,\"to\":%.9g,",
                      (long long)s->samples[0].time, seconds(s, s->hour_from),
                      seconds(s, s->hour_to));
        (void)fprintf(out, "\"liquidated\":%.9g},\"views\":[", s->hour_liquidated);
        for (int v = 0; v < VIEWS; v++) {
            if (v > 0) (void)fputc(',', out);
            put_view(s, v, out);
        }
        (void)fputc(']', out);
    }
    (void)fputc('}', out);
}

static int read_series(struct series *s) {
    int got;
    while ((got = weir_csv_next(&s->csv)) > 0) {
        int result = count_row(s);
        if (result < 0) return result;
    }
    if (got < 0) return got;
    find_worst_hour(s);
    int result = make_buckets(s);
    if (result == 0) result = weir_csv_rewind(&s->csv);
    return result < 0 ? result : fill_buckets(s);
}

int weir_report_series(const char *folder, FILE *out, struct weir_file_error *error) {
    struct series s = {.error = error};
    int result = weir_csv_open(&s.csv, folder, "series.csv", columns, COLUMNS, error);
    if (result < 0) return result;
    s.markets = calloc(MARKETS_MAX, sizeof *s.markets);
    result = s.markets != NULL ? read_series(&s) : -ENOMEM;
    if (result == 0) put_series(&s, out);
    if (result == -ENOMEM)
        (void)snprintf(error->text, sizeof error->text, "series.csv: out of memory");
    for (size_t m = 0; m < s.market_count; m++) {
        for (int v = 0; v < VIEWS; v++)
            free(s.markets[m].buckets[v]);
    }
    free(s.markets);
    free(s.samples);
    weir_csv_close(&s.csv);
    return result;
}
