/* base: what every room stands on: integer money, checked arithmetic with the rounding in the
 * name, exact decimals, pools that never move, keyed random streams, check macros.
 * Nothing here knows what a market is. */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scalar quantities (R1). A signature reads like the rule it implements. */
typedef int64_t weir_price;  /* price in ticks, >= 1 where a price is known, 0 = none */
typedef int64_t weir_qty;    /* quantity in lots; signed for positions */
typedef int64_t weir_amount; /* money in units of 10^-decimals of its asset */
typedef int64_t weir_rate;   /* parts per 10^9 */
typedef int64_t weir_time;   /* nanoseconds since the Unix epoch */
typedef __int128 weir_wide;  /* products, balances and sums of amounts */

#define WEIR_PPB      INT64_C(1000000000)
#define WEIR_SECOND   INT64_C(1000000000)
#define WEIR_NONE     INT64_MAX /* `none` in a venue file: no limit, off */
#define WEIR_NO_INDEX UINT32_MAX

/* ---- Checks ---------------------------------------------------------------------------------
 * WEIR_CHECK states an invariant of ours; it is on in every build. What a caller or an input can
 * cause is never checked with it: that returns an error. WEIR_HEAVY is on with -Dheavy=true. */
_Noreturn void weir_check_failed(const char *condition, const char *file, int line);
/* Text printed by a failing check after the condition (which command, how to replay it). The
 * pointer is kept; NULL removes it. */
void weir_check_context(void (*describe)(void *ctx, char *text, size_t size), void *ctx);
#define WEIR_CHECK(c) ((c) ? (void)0 : weir_check_failed(#c, __FILE__, __LINE__))
#ifdef WEIR_HEAVY_CHECKS
#define WEIR_HEAVY(c) WEIR_CHECK(c)
#else
#define WEIR_HEAVY(c) ((void)0)
#endif

/* ---- Arithmetic ------------------------------------------------------------------------------ */
static inline int64_t weir_min(int64_t a, int64_t b) {
    return a < b ? a : b;
}
static inline int64_t weir_max(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline int64_t weir_clamp(int64_t x, int64_t lo, int64_t hi) {
    return x < lo ? lo : x > hi ? hi : x;
}
static inline int64_t weir_abs(int64_t a) {
    return a < 0 ? -a : a;
}
static inline weir_wide weir_wide_min(weir_wide a, weir_wide b) {
    return a < b ? a : b;
}
static inline weir_wide weir_wide_max(weir_wide a, weir_wide b) {
    return a > b ? a : b;
}

/* Does it fit 64 bits? A product of two such is one instruction, their quotient costs a tenth. */
static inline bool weir_narrow(weir_wide a) {
    return a == (int64_t)a;
}
/* A number that was written a word at a time just now, read likewise: to read it in one piece, as
 * a plain copy does, would wait until all that was stored before it has reached the cache. */
static inline weir_wide weir_fresh(const weir_wide *number) {
    uint64_t low = (uint64_t)*number, high = (uint64_t)(*number >> 64);
    __asm__("" : "+r"(low), "+r"(high));
    return (weir_wide)((unsigned __int128)high << 64 | low);
}
static inline bool weir_both_narrow(weir_wide a, weir_wide b) {
    return weir_narrow(a) && weir_narrow(b);
}
/* The quotients below where a or b is wider than that. */
weir_wide weir_div_floor_wide(weir_wide a, weir_wide b);
weir_wide weir_div_ceil_wide(weir_wide a, weir_wide b);
weir_wide weir_div_trunc_wide(weir_wide a, weir_wide b);
/* a / b toward minus infinity; b > 0. */
static inline weir_wide weir_div_floor(weir_wide a, weir_wide b) {
    if (!weir_both_narrow(a, b)) return weir_div_floor_wide(a, b);
    return (int64_t)a / (int64_t)b - ((int64_t)a % (int64_t)b < 0);
}
/* a / b toward plus infinity; b > 0. */
static inline weir_wide weir_div_ceil(weir_wide a, weir_wide b) {
    if (!weir_both_narrow(a, b)) return weir_div_ceil_wide(a, b);
    return (int64_t)a / (int64_t)b + ((int64_t)a % (int64_t)b > 0);
}
/* a / b toward zero; b > 0. */
static inline weir_wide weir_div_trunc(weir_wide a, weir_wide b) {
    return weir_both_narrow(a, b) ? (int64_t)a / (int64_t)b : weir_div_trunc_wide(a, b);
}

/* True and *out = x when x fits in 64 bits; false and *out untouched otherwise. */
static inline bool weir_fits(weir_wide x, int64_t *out) {
    if (x > INT64_MAX || x < INT64_MIN) return false;
    *out = (int64_t)x;
    return true;
}
/* x saturated to [INT64_MIN, INT64_MAX]. */
static inline int64_t weir_saturate(weir_wide x) {
    return x > INT64_MAX ? INT64_MAX : x < INT64_MIN ? INT64_MIN : (int64_t)x;
}

/* floor(a * b * c / (d * e)) computed as if in unlimited precision; d, e > 0; the result is
 * saturated to the range of weir_wide. Fast when a * b and d * e fit 64 bits, and still when the
 * products fit 127. */
weir_wide weir_mul3_div2_floor_wide(weir_wide a, weir_wide b, weir_wide c, weir_wide d,
                                    weir_wide e);
static inline weir_wide weir_mul3_div2_floor(weir_wide a, weir_wide b, weir_wide c, weir_wide d,
                                             weir_wide e) {
    weir_wide ab = (weir_wide)(int64_t)a * (int64_t)b, de = (weir_wide)(int64_t)d * (int64_t)e;
    if (weir_both_narrow(a, b) && weir_both_narrow(d, e) && weir_both_narrow(ab, de) &&
        weir_narrow(c))
        return weir_div_floor((weir_wide)(int64_t)ab * (int64_t)c, (int64_t)de);
    return weir_mul3_div2_floor_wide(a, b, c, d, e);
}
/* floor(a * b / d), as above. */
static inline weir_wide weir_mul_div_floor(weir_wide a, weir_wide b, weir_wide d) {
    if (weir_both_narrow(a, b)) return weir_div_floor((weir_wide)(int64_t)a * (int64_t)b, d);
    return weir_mul3_div2_floor_wide(a, b, 1, d, 1);
}
/* Compares a * b with c * d exactly: -1, 0 or 1. */
int weir_cmp_products_wide(weir_wide a, weir_wide b, weir_wide c, weir_wide d);
static inline int weir_cmp_products(weir_wide a, weir_wide b, weir_wide c, weir_wide d) {
    if (!weir_both_narrow(a, b) || !weir_both_narrow(c, d))
        return weir_cmp_products_wide(a, b, c, d);
    weir_wide ab = (weir_wide)(int64_t)a * (int64_t)b, cd = (weir_wide)(int64_t)c * (int64_t)d;
    return ab < cd ? -1 : ab > cd;
}

/* Sorts n numbers by their upper 32 bits, in three passes; equals stay in order. The result stands
 * in either of both arrays, which is returned. O(n). */
uint64_t *weir_sort_upper(uint64_t *from, uint64_t *to, uint32_t n);

/* One party's scratch for weir_divide. */
struct weir_share {
    weir_wide remainder;
    uint32_t idx;
};
static inline bool weir_share_before(const struct weir_share *a, const struct weir_share *b) {
    return a->remainder > b->remainder || (a->remainder == b->remainder && a->idx < b->idx);
}
/* Divides `total` >= 0 among `count` parties in proportion to weights[i] >= 0 by the largest
 * remainder method (R5), ties to the lower index, no share above caps[i] (NULL: no caps). What
 * caps cut off is divided by the same method among those not yet full and added to what they have,
 * round by round, until placed or all are full. Parties of weight 0 get nothing. Writes shares[i];
 * returns what could not be placed. `scratch` has room for `count`. O(rounds * n log n). */
weir_wide weir_divide(weir_wide total, size_t count, const weir_wide *weights,
                      const weir_wide *caps, weir_wide *shares, struct weir_share *scratch);

/* ---- Exact decimals (R2) --------------------------------------------------------------------- */
/* value = mantissa * 10^-scale, trailing zeros of the fraction removed (so scale is minimal).
 * A number of more than 38 significant digits is kept as `huge` (its integer part does not fit)
 * or `fine` (its fraction does not): it can then only be refused. */
struct weir_decimal {
    weir_wide mantissa;
    uint8_t scale; /* in [0,38] */
    bool huge;
    bool fine;
    bool negative; /* sign of a huge or fine number */
};
/* Reads all of text[0,size): [-]digits[.digits], no exponent, no plus sign, at least one digit on
 * each side of a point that is there. Returns false if it is anything else. */
bool weir_decimal_read(const char *text, size_t size, struct weir_decimal *out);

enum weir_exact { WEIR_EXACT_OK = 0, WEIR_EXACT_PRECISION, WEIR_EXACT_OVERFLOW };
/* d / unit as an integer, where unit is a positive decimal (a tick, a lot, 10^-6). PRECISION when
 * it is no whole number of units, else OVERFLOW when it does not fit 64 bits. */
enum weir_exact weir_decimal_units(const struct weir_decimal *d, const struct weir_decimal *unit,
                                   int64_t *out);
/* 10^-scale as a decimal. */
struct weir_decimal weir_decimal_power(uint8_t scale);

/* count * unit as text with always `digits` digits after the point (0: no point). A unit finer
 * than that is our own error. Returns the length; `size` of at least 128 always suffices. */
size_t weir_decimal_print(weir_wide count, const struct weir_decimal *unit, uint8_t digits,
                          char *text, size_t size);

/* ---- Names ----------------------------------------------------------------------------------- */
/* 1 to 31 characters of A-Z a-z 0-9 _ . : - (and, for the engine's own, a leading @), padded with
 * zero bytes: two names are equal when their 32 bytes are. */
struct weir_name {
    char text[32];
};
static inline bool weir_name_equal(const struct weir_name *a, const struct weir_name *b) {
    return __builtin_memcmp(a->text, b->text, 32) == 0;
}
static inline bool weir_name_empty(const struct weir_name *a) {
    return a->text[0] == 0;
}
/* False when text[0,size) is no name; *out untouched. */
bool weir_name_read(const char *text, size_t size, struct weir_name *out);
uint64_t weir_name_hash(const struct weir_name *name, uint64_t key);

/* ---- Pools ----------------------------------------------------------------------------------- */
/* An array of fixed-size elements in address space reserved once: elements never move, growing
 * commits whole blocks (a system call, and a page fault where a page is first touched: both outside
 * the hot loop when room is made ahead) and new elements are zero. Large pools ask for large pages.
 */
struct weir_pool {
    uint8_t *base;
    uint32_t element_size;
    uint32_t count;     /* elements in use, [0, committed] */
    uint32_t committed; /* elements backed by memory */
    uint32_t capacity;  /* elements reserved: the bound */
    uint64_t present;   /* bytes whose pages are known to be there */
};
/* Reserves room for `capacity` elements. Returns 0, or -ENOMEM. */
int weir_pool_new(struct weir_pool *pool, uint32_t element_size, uint32_t capacity);
void weir_pool_free(struct weir_pool *pool);
/* Makes sure that `n` elements in all are backed by memory. Returns 0, or -ENOMEM. */
int weir_pool_commit(struct weir_pool *pool, uint32_t n);
/* Appends `n` zeroed elements; returns the index of the first, or WEIR_NO_INDEX at the bound. */
uint32_t weir_pool_grow(struct weir_pool *pool, uint32_t n);
static inline uint32_t weir_pool_add(struct weir_pool *pool, uint32_t n) {
    if (n > pool->committed - pool->count) return weir_pool_grow(pool, n);
    uint32_t first = pool->count;
    pool->count += n;
    return first;
}
/* Room made ahead of need, to be called outside the hot loop: memory of some more elements (a
 * block, and a sixteenth of those in use) is committed and its pages are touched, as far as there
 * is memory; weir_pool_add tells when there is none. Costs nothing while half of it is left. */
void weir_pool_make_room(struct weir_pool *pool);
/* The same as if so many were in use. */
void weir_pool_room_behind(struct weir_pool *pool, uint32_t count);
/* Is told of a structure's pools, one by one. */
typedef void (*weir_pool_visit)(void *ctx, const char *name, struct weir_pool *pool);
/* Drops all elements; memory stays committed and is zeroed. */
void weir_pool_clear(struct weir_pool *pool);
#define WEIR_AT(pool, type, i) (&((type *)(void *)(pool)->base)[i])

/* ---- Tables ---------------------------------------------------------------------------------- */
/* Zeroed memory of `bytes` for a table that is met in no order: in large pages from 16 MiB on. NULL
 * when memory ends. */
void *weir_table_new(uint64_t bytes);
/* `bytes` as when it was made. */
void weir_table_free(void *table, uint64_t bytes);
/* Gives memory that may be written its pages, now and not when it is first used; it holds what it
 * held. */
void weir_memory_touch(void *from, uint64_t bytes);

/* A map from a 32-byte name to a 32-bit index, open addressing, power-of-two table that grows by
 * doubling. The names themselves live with their owner; `name_of(ctx, index)` returns them. */
struct weir_name_map {
    uint32_t *slots; /* index + 1; 0 = free */
    uint32_t mask;
    uint32_t count;
    const struct weir_name *(*name_of)(const void *ctx, uint32_t index);
    const void *ctx;
};
int weir_name_map_new(struct weir_name_map *map,
                      const struct weir_name *(*name_of)(const void *ctx, uint32_t index),
                      const void *ctx);
void weir_name_map_free(struct weir_name_map *map);
uint32_t weir_name_map_find(const struct weir_name_map *map, const struct weir_name *name);
/* Adds an index whose name is not in the map yet. Returns 0, or -ENOMEM (map unchanged). */
int weir_name_map_add(struct weir_name_map *map, const struct weir_name *name, uint32_t index);
/* Doubles the table while a quarter of its room is left, outside the hot loop: O(names) then. */
void weir_name_map_make_room(struct weir_name_map *map);

/* ---- Timers ---------------------------------------------------------------------------------- */
/* When each of many slots is due, and which is due first: a tournament in an array, at[slots + i]
 * the time of slot i, at[k] the earlier of at[2k] and at[2k + 1]. INT64_MAX: not due. */
struct weir_timers {
    weir_time *at;
    uint32_t slots; /* a power of two, at least as many as asked for */
};
/* `count` slots >= 1, none due. 0 or -ENOMEM. */
int weir_timers_new(struct weir_timers *timers, uint32_t count);
void weir_timers_free(struct weir_timers *timers);
/* The slot is due at this time from now on. O(log slots), O(1) when it already was. */
void weir_timers_set(struct weir_timers *timers, uint32_t slot, weir_time at);
/* The earliest time at which a slot is due; INT64_MAX: none is. */
static inline weir_time weir_timers_next(const struct weir_timers *timers) {
    return timers->at[1];
}
/* The lowest of the slots that are due then. O(log slots). */
uint32_t weir_timers_first(const struct weir_timers *timers);

/* ---- Random streams -------------------------------------------------------------------------- */
/* Counter-based: value i of stream `key` is a function of (key, i) alone, so streams never
 * reshuffle one another. */
uint64_t weir_random_at(uint64_t key, uint64_t counter);
/* Key of a named stream below `key`: the same (key, name) gives the same stream. */
uint64_t weir_random_key(uint64_t key, const char *name);
struct weir_random {
    uint64_t key;
    uint64_t counter;
};
static inline uint64_t weir_random_next(struct weir_random *r) {
    return weir_random_at(r->key, r->counter++);
}
/* Uniform in [0, n), n >= 1 (multiply-shift). */
static inline uint64_t weir_random_below(struct weir_random *r, uint64_t n) {
    return (uint64_t)(((unsigned __int128)weir_random_next(r) * n) >> 64);
}

/* ---- Latency histogram ----------------------------------------------------------------------- */
/* Log-linear, 3 significant digits, values in [0, 2^63), no allocation after new. */
#define WEIR_HISTOGRAM_BUCKETS (54 * 1024 + 2048)
struct weir_histogram {
    uint64_t total;
    uint64_t max;
    uint64_t counts[WEIR_HISTOGRAM_BUCKETS];
};
void weir_histogram_reset(struct weir_histogram *h);
void weir_histogram_record(struct weir_histogram *h, uint64_t value);
/* Smallest recorded value (to 3 digits) such that at least `parts_per_million` of all are <= it;
 * 0 when empty. */
uint64_t weir_histogram_percentile(const struct weir_histogram *h, uint32_t parts_per_million);

#endif
