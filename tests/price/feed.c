/* Feeds: freshness, outliers, medians (R8, R13). */
#include <criterion/criterion.h>

#include <inttypes.h>

#include "price/price.h"
#include "tests/scale.h"

static struct weir_name source_name(uint32_t n) {
    struct weir_name name = {{'s', (char)('a' + n % 26), 0}};
    return name;
}

struct row {
    const char *what;
    int64_t price[WEIR_SOURCES_MAX]; /* 0 ends; source i updated at time i * 10 */
    weir_time stale_after;
    weir_rate outlier;
    int64_t min_sources;
    weir_time now;
    int64_t median;
    weir_time next_expiry;
};

static const struct row rows[] = {
    {"no source", {0}, 100, WEIR_NONE, 1, 5, 0, INT64_MAX},
    {"one", {500}, 100, WEIR_NONE, 1, 5, 500, 100},
    {"even: floor of the mean", {500, 503}, 100, WEIR_NONE, 1, 20, 501, 100},
    {"odd", {500, 900, 100}, 100, WEIR_NONE, 1, 20, 500, 100},
    {"fresh one moment before it ages", {500}, 100, WEIR_NONE, 1, 99, 500, 100},
    {"aged", {500}, 100, WEIR_NONE, 1, 100, 0, INT64_MAX},
    {"the older one aged", {500, 600}, 100, WEIR_NONE, 1, 100, 600, 110},
    {"never ages", {500, 600}, WEIR_NONE, WEIR_NONE, 2, INT64_MAX, 550, INT64_MAX},
    {"ages at the end of time", {500}, INT64_MAX - 1, WEIR_NONE, 1, 5, 500, INT64_MAX - 1},
    {"too few", {500, 600}, 100, WEIR_NONE, 3, 20, 0, 100},
    {"broken source dropped", {1000, 1001, 9000}, 100, 50000000, 2, 20, 1000, 100},
    {"on the edge is kept", {1000, 1000, 1050}, 100, 50000000, 3, 20, 1000, 100},
    {"past the edge is dropped, but fresh", {1000, 1000, 1051}, 100, 50000000, 3, 20, 1000, 100},
    {"all dropped: two far apart", {1, 1001}, 100, 50000000, 1, 20, 0, 100},
    {"outlier 0 keeps the equal", {7, 7, 8}, 100, 0, 2, 20, 7, 100},
    {"median of the rest, even", {100, 102, 104, 105, 900}, 100, 100000000, 1, 50, 103, 100},
    {"largest prices", {INT64_MAX, INT64_MAX}, 100, 1, 2, 20, INT64_MAX, 100},
    {"largest and least", {INT64_MAX, 1, INT64_MAX}, 100, WEIR_PPB, 3, 20, INT64_MAX, 100},
};

Test(feed, table) {
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const struct row *row = &rows[r];
        struct weir_feed feed = {0};
        for (uint32_t i = 0; i < WEIR_SOURCES_MAX && row->price[i] != 0; i++) {
            struct weir_name name = source_name(i);
            cr_assert(weir_feed_set(&feed, &name, row->price[i], i * 10));
        }
        int64_t median =
            weir_feed_median(&feed, row->stale_after, row->outlier, row->min_sources, row->now);
        cr_assert_eq(median, row->median, "%s: %" PRId64, row->what, median);
        weir_time next = weir_feed_next_expiry(&feed, row->stale_after, row->now);
        cr_assert_eq(next, row->next_expiry, "%s: %" PRId64, row->what, next);
    }
}

Test(feed, sixteen_sources) {
    struct weir_feed feed = {0};
    for (uint32_t i = 0; i < WEIR_SOURCES_MAX; i++) {
        struct weir_name name = source_name(i);
        cr_assert(weir_feed_set(&feed, &name, 100 + i, 0));
    }
    struct weir_feed same = feed;
    struct weir_name name = source_name(WEIR_SOURCES_MAX), known = source_name(3);
    cr_assert(!weir_feed_set(&feed, &name, 100, 0));
    cr_assert(memcmp(&feed, &same, sizeof feed) == 0);
    cr_assert(weir_feed_set(&feed, &known, 7, 9));
    cr_assert_eq(feed.count, WEIR_SOURCES_MAX);
    cr_assert_eq(feed.source[3].price, 7);
    cr_assert_eq(feed.source[3].updated, 9);
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t sorted_median(int64_t *v, size_t n) {
    qsort(v, n, sizeof *v, ascending);
    return n % 2 ? v[n / 2]
                 : v[n / 2 - 1] / 2 + v[n / 2] / 2 + (v[n / 2 - 1] % 2 + v[n / 2] % 2) / 2;
}

/* The rule word by word, with the library's sort. */
Test(feed, random_feeds) {
    struct weir_random random = {.key = weir_random_key(1, "feed")};
    for (uint64_t n = weir_test_scale(300000); n > 0; n--) {
        struct weir_feed feed = {0};
        weir_time stale = 1 + (weir_time)weir_random_below(&random, 100);
        weir_rate outlier = (weir_rate)weir_random_below(&random, 100000000);
        int64_t least = 1 + (int64_t)weir_random_below(&random, 4);
        bool off = weir_random_below(&random, 3) == 0;
        int64_t price[40] = {0}, fresh[16];
        weir_time at[40] = {0}, now = 150;
        for (uint32_t i = 0; i < 20; i++) {
            uint32_t source = (uint32_t)weir_random_below(&random, 8);
            price[source] = 900 + (int64_t)weir_random_below(&random, 200);
            at[source] = (weir_time)(i * 8);
            struct weir_name name = source_name(source);
            cr_assert(weir_feed_set(&feed, &name, price[source], at[source]));
        }
        size_t count = 0, kept = 0;
        for (int i = 0; i < 8; i++)
            if (price[i] != 0 && now < at[i] + stale) fresh[count++] = price[i];
        int64_t expected = count > 0 ? sorted_median(fresh, count) : 0, first = expected;
        for (size_t i = 0; i < count && !off; i++)
            if (llabs(fresh[i] - first) * WEIR_PPB <= outlier * first) fresh[kept++] = fresh[i];
        if (!off && kept > 0) expected = sorted_median(fresh, kept);
        if ((int64_t)count < least || (!off && kept == 0)) expected = 0;
        int64_t median = weir_feed_median(&feed, stale, off ? WEIR_NONE : outlier, least, now);
        cr_assert_eq(median, expected, "%" PRId64 " expected %" PRId64, median, expected);
    }
}
