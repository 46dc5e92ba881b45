/* Counter-based random streams: two rounds of a 64-bit mixer over (key, counter). */
#include "base/base.h"

static uint64_t mix(uint64_t z) {
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t weir_random_at(uint64_t key, uint64_t counter) {
    uint64_t z = mix(counter * UINT64_C(0x9E3779B97F4A7C15) + key);
    return mix(z + (key << 32 | key >> 32) + UINT64_C(0xD1B54A32D192ED03));
}

uint64_t weir_random_key(uint64_t key, const char *name) {
    uint64_t h = key ^ UINT64_C(0xCBF29CE484222325);
    for (; *name; name++)
        h = mix((h ^ (unsigned char)*name) * UINT64_C(0x100000001B3));
    return mix(h + UINT64_C(0x9E3779B97F4A7C15));
}
