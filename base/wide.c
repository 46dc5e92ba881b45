/* Arithmetic wider than 64 bits, and products wider than 128: sign and magnitude in limbs. */
#include "base/base.h"

typedef unsigned __int128 uwide;

#define LIMBS 6 /* three 128-bit factors */

static uwide magnitude(weir_wide a) {
    return a < 0 ? -(uwide)a : (uwide)a;
}

/* Toward zero, by a divisor below 2^32 in two steps of 64 bits where the dividend has at most 96.
 */
weir_wide weir_div_trunc_wide(weir_wide a, weir_wide b) {
    uwide size = magnitude(a);
    if (size >> 96 != 0 || b > UINT32_MAX) return a / b;
    uint64_t divisor = (uint64_t)b, high = (uint64_t)(size >> 32);
    uint64_t low = (high % divisor) << 32 | (uint32_t)size;
    weir_wide q = (weir_wide)((uwide)(high / divisor) << 32) + (weir_wide)(low / divisor);
    return a < 0 ? -q : q;
}

weir_wide weir_div_floor_wide(weir_wide a, weir_wide b) {
    weir_wide q = weir_div_trunc_wide(a, b);
    return q * b > a ? q - 1 : q;
}

weir_wide weir_div_ceil_wide(weir_wide a, weir_wide b) {
    weir_wide q = weir_div_trunc_wide(a, b);
    return q * b < a ? q + 1 : q;
}

/* out[0,n+2) = in[0,n) * m */
static void mul_limbs(uint64_t *out, const uint64_t *in, size_t n, uwide m) {
    uint64_t part[2] = {(uint64_t)m, (uint64_t)(m >> 64)};
    uint64_t tmp[LIMBS] = {0};
    for (size_t j = 0; j < 2; j++) {
        uint64_t carry = 0;
        for (size_t i = 0; i < n; i++) {
            uwide x = (uwide)in[i] * part[j] + tmp[i + j] + carry;
            tmp[i + j] = (uint64_t)x;
            carry = (uint64_t)(x >> 64);
        }
        tmp[n + j] = carry;
    }
    for (size_t i = 0; i < n + 2; i++)
        out[i] = tmp[i];
}

/* Shift-and-subtract: n[0,LIMBS) / d[0,4), quotient in q, true when something remains. */
static bool divide_limbs(const uint64_t *n, const uint64_t *d, uint64_t *q) {
    uint64_t rest[5] = {0};
    for (size_t i = 0; i < LIMBS; i++)
        q[i] = 0;
    for (int bit = LIMBS * 64 - 1; bit >= 0; bit--) {
        for (int i = 4; i > 0; i--)
            rest[i] = rest[i] << 1 | rest[i - 1] >> 63;
        rest[0] = rest[0] << 1 | (n[bit / 64] >> (bit % 64) & 1);
        bool less = false;
        if (rest[4] == 0) {
            for (int i = 3; i >= 0; i--) {
                if (rest[i] == d[i]) continue;
                less = rest[i] < d[i];
                break;
            }
        }
        if (less) continue;
        uint64_t borrow = 0;
        for (int i = 0; i < 5; i++) {
            uwide x = (uwide)rest[i] - (i < 4 ? d[i] : 0) - borrow;
            rest[i] = (uint64_t)x;
            borrow = (uint64_t)(x >> 64) & 1;
        }
        q[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    return (rest[0] | rest[1] | rest[2] | rest[3] | rest[4]) != 0;
}

static const weir_wide wide_max = (weir_wide)(~(uwide)0 >> 1);

weir_wide weir_mul3_div2_floor_wide(weir_wide a, weir_wide b, weir_wide c, weir_wide d,
                                    weir_wide e) {
    weir_wide ab, abc, de;
    if (!__builtin_mul_overflow(a, b, &ab) && !__builtin_mul_overflow(ab, c, &abc) &&
        !__builtin_mul_overflow(d, e, &de))
        return weir_div_floor(abc, de);
    bool negative = (a < 0) ^ (b < 0) ^ (c < 0);
    uint64_t n[LIMBS] = {(uint64_t)magnitude(a), (uint64_t)(magnitude(a) >> 64)};
    mul_limbs(n, n, 2, magnitude(b));
    mul_limbs(n, n, 4, magnitude(c));
    uint64_t den[4] = {(uint64_t)magnitude(d), (uint64_t)(magnitude(d) >> 64)};
    mul_limbs(den, den, 2, magnitude(e));
    uint64_t q[LIMBS];
    bool rest = divide_limbs(n, den, q);
    if (q[5] | q[4] | q[3] | q[2] | q[1] >> 63) return negative ? -wide_max - 1 : wide_max;
    weir_wide result = (weir_wide)((uwide)q[1] << 64 | q[0]);
    if (!negative) return result;
    return rest ? -result - 1 : -result;
}

int weir_cmp_products_wide(weir_wide a, weir_wide b, weir_wide c, weir_wide d) {
    weir_wide ab, cd;
    if (!__builtin_mul_overflow(a, b, &ab) && !__builtin_mul_overflow(c, d, &cd))
        return ab < cd ? -1 : ab > cd;
    int sign_ab = (a > 0 ? 1 : a < 0 ? -1 : 0) * (b > 0 ? 1 : b < 0 ? -1 : 0);
    int sign_cd = (c > 0 ? 1 : c < 0 ? -1 : 0) * (d > 0 ? 1 : d < 0 ? -1 : 0);
    if (sign_ab != sign_cd) return sign_ab < sign_cd ? -1 : 1;
    uint64_t x[4] = {(uint64_t)magnitude(a), (uint64_t)(magnitude(a) >> 64)};
    uint64_t y[4] = {(uint64_t)magnitude(c), (uint64_t)(magnitude(c) >> 64)};
    mul_limbs(x, x, 2, magnitude(b));
    mul_limbs(y, y, 2, magnitude(d));
    for (int i = 3; i >= 0; i--)
        if (x[i] != y[i]) return (x[i] < y[i]) == (sign_ab > 0) ? -1 : 1;
    return 0;
}
