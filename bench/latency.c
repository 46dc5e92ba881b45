/* Latencies as text and as JSON. */
#include "bench/latency.h"

#include <stdlib.h>
#include <string.h>

const struct latency_quantile latency_quantiles[LATENCY_QUANTILES] = {
    {"p50", 500000}, {"p90", 900000}, {"p99", 990000}, {"p99.9", 999000}, {"p99.99", 999900}};

static double us(uint64_t ns) {
    return (double)ns / 1000;
}

void latency_json(char *json, size_t size, const char *key, const struct weir_histogram *h) {
    size_t at = strlen(json);
    at += (size_t)snprintf(json + at, size - at, ",\"%s\":{", key);
    for (size_t q = 0; q < LATENCY_QUANTILES && at < size; q++) {
        const struct latency_quantile *l = &latency_quantiles[q];
        at += h->total == 0 ? (size_t)snprintf(json + at, size - at, "\"%s\":null,", l->name)
                            : (size_t)snprintf(json + at, size - at, "\"%s\":%.3f,", l->name,
                                               us(weir_histogram_percentile(h, l->ppm)));
    }
    if (at < size)
        snprintf(json + at, size - at, "\"max\":%.3f,\"count\":%llu}", us(h->max),
                 (unsigned long long)h->total);
}

void latency_fact(struct bench_case *c, const char *key, const struct weir_histogram *h) {
    latency_json(c->facts, sizeof c->facts, key, h);
}

void latency_note(const char *what, const struct weir_histogram *h) {
    char text[256];
    size_t at = 0;
    for (size_t q = 0; q < LATENCY_QUANTILES; q++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s %.2f, ", latency_quantiles[q].name,
                               us(weir_histogram_percentile(h, latency_quantiles[q].ppm)));
    bench_note("%-24s us: %smax %.2f of %llu", what, text, us(h->max),
               (unsigned long long)h->total);
}

/* ---- Goals ----------------------------------------------------------------------------------- */
/* The number is quantile * STEP + ns, exact in a double. */
#define STEP    1e13
#define MOST_NS 1e12
static const struct {
    const char *name;
    double ns;
} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

static bool same(const char *name, const char *text, size_t length) {
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

bool latency_goal_read(const char *text, size_t length, double *goal) {
    const char *equals = memchr(text, '=', length);
    if (equals == NULL) return false;
    size_t before = (size_t)(equals - text), q = 0;
    while (q < LATENCY_QUANTILES && !same(latency_quantiles[q].name, text, before))
        q++;
    if (q == LATENCY_QUANTILES && !same("max", text, before)) return false;
    const char *number = equals + 1;
    size_t digits = strspn(number, "0123456789."), left = length - before - 1;
    char *end;
    double value = strtod(number, &end);
    if (digits == 0 || digits > left || *number == '.' || end != number + digits) return false;
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        double ns = value * units[u].ns;
        if (!same(units[u].name, end, left - digits) || ns < 1 || ns > MOST_NS) continue;
        *goal = (double)q * STEP + (double)(uint64_t)(ns + 0.5);
        return true;
    }
    return false;
}

struct latency_goal latency_goal(double goal) {
    size_t q = (size_t)(goal / STEP);
    struct latency_goal g = {.ns = (uint64_t)(goal - (double)q * STEP)};
    g.name = q < LATENCY_QUANTILES ? latency_quantiles[q].name : "max";
    g.ppm = q < LATENCY_QUANTILES ? latency_quantiles[q].ppm : 1000000;
    return g;
}

void latency_goal_text(double goal, char *text, size_t size) {
    struct latency_goal g = latency_goal(goal);
    size_t u = 0;
    while (u + 1 < sizeof units / sizeof units[0] && (double)g.ns >= units[u + 1].ns)
        u++;
    snprintf(text, size, "%s=%.15g%s", g.name, (double)g.ns / units[u].ns, units[u].name);
}
