/* Log-linear histogram: values below 2,048 exactly, above in 1,024 buckets a power of two, so a
 * bucket is never wider than 0.1 % of its values. */
#include "base/base.h"

#include <string.h>

#define LINEAR    2048
#define PER_POWER 1024

static uint32_t bucket_of(uint64_t value) {
    if (value < LINEAR) return (uint32_t)value;
    uint32_t power = 63 - (uint32_t)__builtin_clzll(value); /* >= 11 */
    uint32_t low = (uint32_t)(value >> (power - 10)) - PER_POWER;
    uint32_t bucket = LINEAR + (power - 11) * PER_POWER + low;
    return bucket < WEIR_HISTOGRAM_BUCKETS ? bucket : WEIR_HISTOGRAM_BUCKETS - 1;
}

static uint64_t bucket_top(uint32_t bucket) {
    if (bucket < LINEAR) return bucket;
    uint32_t power = (bucket - LINEAR) / PER_POWER + 11;
    uint64_t low = (bucket - LINEAR) % PER_POWER + PER_POWER;
    return ((low + 1) << (power - 10)) - 1;
}

void weir_histogram_reset(struct weir_histogram *h) {
    memset(h, 0, sizeof *h);
}

void weir_histogram_record(struct weir_histogram *h, uint64_t value) {
    h->counts[bucket_of(value)]++;
    h->total++;
    if (value > h->max) h->max = value;
}

uint64_t weir_histogram_percentile(const struct weir_histogram *h, uint32_t parts_per_million) {
    if (h->total == 0) return 0;
    unsigned __int128 scaled = (unsigned __int128)h->total * parts_per_million + 999999;
    uint64_t need = (uint64_t)(scaled / 1000000), seen = 0;
    if (need < 1) need = 1;
    for (uint32_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen >= need) {
            uint64_t top = bucket_top(i);
            return top < h->max ? top : h->max;
        }
    }
    return h->max;
}
