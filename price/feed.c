/* Feeds of several sources and their median (R8, R13). */
#include "price/price.h"

bool weir_feed_set(struct weir_feed *feed, const struct weir_name *name, int64_t price,
                   weir_time now) {
    WEIR_CHECK(price >= 1 && feed->count <= WEIR_SOURCES_MAX);
    uint32_t i = 0;
    while (i < feed->count && !weir_name_equal(&feed->source[i].name, name))
        i++;
    if (i == WEIR_SOURCES_MAX) return false;
    if (i == feed->count) feed->count++;
    feed->source[i] = (struct weir_source){.name = *name, .price = price, .updated = now};
    return true;
}

/* The first moment at which the source is no longer fresh; INT64_MAX: never. */
static weir_time expiry(const struct weir_source *source, weir_time stale_after) {
    if (stale_after == WEIR_NONE) return INT64_MAX;
    return weir_saturate((weir_wide)source->updated + stale_after);
}

weir_time weir_feed_next_expiry(const struct weir_feed *feed, weir_time stale_after,
                                weir_time now) {
    weir_time next = INT64_MAX;
    for (uint32_t i = 0; i < feed->count; i++) {
        weir_time at = expiry(&feed->source[i], stale_after);
        if (at > now) next = weir_min(next, at);
    }
    return next;
}

static int64_t median_of(const int64_t *sorted, uint32_t count) {
    if (count % 2 == 1) return sorted[count / 2];
    weir_wide sum = (weir_wide)sorted[count / 2 - 1] + sorted[count / 2];
    return (int64_t)weir_div_floor(sum, 2);
}

int64_t weir_feed_median(const struct weir_feed *feed, weir_time stale_after, weir_rate outlier,
                         int64_t min_sources, weir_time now) {
    int64_t sorted[WEIR_SOURCES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < feed->count; i++) {
        weir_time at = expiry(&feed->source[i], stale_after);
        if (at <= now && at != INT64_MAX) continue;
        uint32_t k = count++;
        for (; k > 0 && sorted[k - 1] > feed->source[i].price; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = feed->source[i].price;
    }
    if (count == 0 || count < min_sources) return 0;
    int64_t median = median_of(sorted, count);
    if (outlier == WEIR_NONE) return median;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        weir_wide away = (weir_wide)sorted[i] - median;
        if (away < 0) away = -away;
        if (away * WEIR_PPB <= (weir_wide)outlier * median) sorted[kept++] = sorted[i];
    }
    return kept == 0 ? 0 : median_of(sorted, kept);
}
