/* The venue of a seed, from the random streams, made such that its options fit one another. */
#include "economy.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_MAX 64

struct settings {
    struct weir_setting at[SETTINGS_MAX];
    size_t count;
    char text[SETTINGS_MAX][2][96];
};

__attribute__((format(printf, 4, 5))) static void set(struct settings *s, const char *key,
                                                      uint32_t market, const char *format, ...) {
    va_list args;
    if (s->count == SETTINGS_MAX) return;
    char *path = s->text[s->count][0], *value = s->text[s->count][1];
    if (market == WEIR_NO_INDEX)
        snprintf(path, sizeof s->text[0][0], "%s", key);
    else
        snprintf(path, sizeof s->text[0][0], "markets.%u.%s", market, key);
    va_start(args, format);
    vsnprintf(value, sizeof s->text[0][1], format, args);
    va_end(args);
    s->at[s->count++] = (struct weir_setting){path, value};
}

/* The smallest initial margin rate of a market's tiers. */
static weir_rate least_initial(const struct weir_market *m) {
    weir_rate least = WEIR_PPB;
    for (uint32_t i = 0; i < m->tiers.count; i++) {
        const struct weir_tier *row = &m->tiers.row[i];
        weir_rate rate = row->initial_rate ? row->initial_rate : WEIR_PPB / row->max_leverage;
        least = weir_min(least, rate);
    }
    return least;
}

/* What a venue needs so that its own marks and payments cannot carry a position from its initial
 * margin to below nothing in one move: the mark stays within a quarter of the smallest margin
 * around the index, one funding payment below the maintenance margin, and prices come at least as
 * often as funding. Where open interest
 * raises margins, positions are not liquidated by them. Inventory of the fund is worked off no
 * further from mark than a position's maintenance margin reaches. */
static void fit(struct settings *s, const struct weir_venue *v, int64_t dt) {
    for (uint32_t i = 0; i < v->market_count; i++) {
        const struct weir_market *m = &v->markets[i];
        weir_rate away = weir_max(1, least_initial(m) / 4);
        weir_rate cap = weir_min(away, m->tiers.row[0].rate / 2);
        set(s, "mark.clamp", i, "0.%09lld", (long long)weir_min(away, m->mark_clamp));
        set(s, "funding.cap", i, "0.%09lld", (long long)weir_min(cap, m->funding_cap));
        set(s, "funding.interval", i, "%lldns",
            (long long)weir_max(m->funding_interval, weir_max(2 * m->mark_window, 40 * dt)));
        if (v->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION)
            set(s, "oi_scaling", i, "{lower: none, upper: none}");
    }
}

static struct weir_venue *parse(struct weir_stream *stream, const struct settings *s) {
    struct weir_file_error error;
    return weir_venue_parse(stream->venue, strlen(stream->venue), "economy", s->at, s->count,
                            &error);
}

bool weir_economy_make(struct weir_economy *e, uint64_t seed, bool wild) {
    static struct settings settings;
    static const char *const shapes[] = {"auction", "fund", "adl", "tiny", "isolated", "any"};
    uint32_t shape = weir_stream_shape(shapes[seed % (sizeof shapes / sizeof *shapes)]);
    *e = (struct weir_economy){.seed = seed, .wild = wild};
    e->stream = weir_stream_new(seed, shape);
    if (e->stream == NULL) return false;
    settings.count = 0;
    for (uint32_t i = 0; i < e->stream->market_count; i++) {
        set(&settings, "index", i, "{stale_after: 100000h}");
        if (seed % 5 == 1) set(&settings, "mark.method", i, "ema_basis");
    }
    /* At a constant index most venues liquidate nobody: here whoever withdraws all he may is. */
    if (seed % 5 > 1) set(&settings, "trigger.rule", WEIR_NO_INDEX, "initial_fraction");
    if (seed % 5 > 1) set(&settings, "trigger.fraction", WEIR_NO_INDEX, "1");
    e->venue = parse(e->stream, &settings);
    if (e->venue != NULL && !wild) {
        fit(&settings, e->venue, e->stream->dt_ns);
        weir_venue_free(e->venue);
        e->venue = parse(e->stream, &settings);
    }
    e->stream->spoil = -1;
    if (e->venue == NULL) weir_economy_free(e);
    return e->venue != NULL;
}

void weir_economy_free(struct weir_economy *e) {
    weir_stream_free(e->stream);
    weir_venue_free(e->venue);
    e->stream = NULL;
    e->venue = NULL;
}
