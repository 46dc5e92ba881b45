/* Exact decimal reading and printing (R2). */
#include "base/base.h"

#include <string.h>

/* 10^38 is the largest power of ten that fits. */
static weir_wide power10(unsigned n) {
    weir_wide p = 1;
    WEIR_CHECK(n <= 38);
    while (n--)
        p *= 10;
    return p;
}

/* Is text[0,size) of the form [-]digits[.digits]? *digits_at and *point are offsets. */
static bool shape(const char *text, size_t size, size_t *digits_at, size_t *point) {
    size_t i = size > 0 && text[0] == '-';
    size_t start = i, dot = size;
    for (; i < size; i++) {
        if (text[i] == '.') {
            if (dot != size || i == start) return false;
            dot = i;
        } else if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    if (start == size || dot + 1 == size) return false;
    *digits_at = start;
    *point = dot;
    return true;
}

bool weir_decimal_read(const char *text, size_t size, struct weir_decimal *out) {
    size_t at, dot;
    if (!shape(text, size, &at, &dot)) return false;
    bool negative = text[0] == '-';
    size_t last = size;
    if (dot < size) {
        while (last > dot + 1 && text[last - 1] == '0')
            last--;
        if (last == dot + 1) last = dot;
    }
    *out = (struct weir_decimal){0};
    while (at < dot && text[at] == '0')
        at++;
    size_t whole = dot - at, fraction = last > dot ? last - dot - 1 : 0;
    if (whole > 38) {
        out->huge = true;
    } else if (fraction > 38) {
        out->fine = true;
    } else {
        /* Leading zeros of a fraction cost no mantissa digit. */
        size_t significant = whole + fraction;
        for (size_t i = dot + 1; whole == 0 && i < last && text[i] == '0'; i++)
            significant--;
        if (significant > 38) out->fine = true;
    }
    if (out->huge || out->fine) {
        out->negative = negative;
        return true;
    }
    weir_wide m = 0;
    for (size_t i = at; i < last; i++)
        if (text[i] != '.') m = m * 10 + (text[i] - '0');
    out->mantissa = negative ? -m : m;
    out->scale = (uint8_t)fraction;
    return true;
}

enum weir_exact weir_decimal_units(const struct weir_decimal *d, const struct weir_decimal *unit,
                                   int64_t *out) {
    WEIR_CHECK(unit->mantissa > 0 && !unit->huge && !unit->fine);
    if (d->fine) return WEIR_EXACT_PRECISION;
    if (d->huge) return WEIR_EXACT_OVERFLOW;
    if (d->mantissa == 0) {
        *out = 0;
        return WEIR_EXACT_OK;
    }
    /* d/unit = dm * 10^us / (um * 10^ds): with ds > us the power must divide dm / um's rest. */
    weir_wide n = d->mantissa, den = unit->mantissa;
    if (d->scale >= unit->scale) {
        weir_wide p = power10((unsigned)(d->scale - unit->scale));
        if (n % den == 0) {
            n /= den;
            den = p;
        } else if (__builtin_mul_overflow(den, p, &den)) {
            return WEIR_EXACT_PRECISION;
        }
        if (n % den != 0) return WEIR_EXACT_PRECISION;
        return weir_fits(n / den, out) ? WEIR_EXACT_OK : WEIR_EXACT_OVERFLOW;
    }
    /* n * p / den with p = 10^(us-ds): cancel den against p, then against n. */
    unsigned twos = (unsigned)(unit->scale - d->scale), fives = twos;
    while (twos > 0 && den % 2 == 0) {
        den /= 2;
        twos--;
    }
    while (fives > 0 && den % 5 == 0) {
        den /= 5;
        fives--;
    }
    if (n % den != 0) return WEIR_EXACT_PRECISION;
    n /= den;
    for (; twos > 0; twos--)
        if (__builtin_mul_overflow(n, 2, &n)) return WEIR_EXACT_OVERFLOW;
    for (; fives > 0; fives--)
        if (__builtin_mul_overflow(n, 5, &n)) return WEIR_EXACT_OVERFLOW;
    return weir_fits(n, out) ? WEIR_EXACT_OK : WEIR_EXACT_OVERFLOW;
}

struct weir_decimal weir_decimal_power(uint8_t scale) {
    return (struct weir_decimal){.mantissa = 1, .scale = scale};
}

/* Decimal digits of m into text, least first; at least `least` of them. */
static size_t digits_reversed(unsigned __int128 m, size_t least, char *text) {
    size_t n = 0;
    while (m > UINT64_MAX) {
        text[n++] = (char)('0' + (int)(m % 10));
        m /= 10;
    }
    for (uint64_t low = (uint64_t)m; low > 0; low /= 10)
        text[n++] = (char)('0' + (int)(low % 10));
    while (n < least)
        text[n++] = '0';
    return n;
}

size_t weir_decimal_print(weir_wide count, const struct weir_decimal *unit, uint8_t digits,
                          char *text, size_t size) {
    WEIR_CHECK(size >= 128 && digits <= 38 && unit->scale <= digits);
    bool negative = count < 0;
    unsigned __int128 m = negative ? -(unsigned __int128)count : (unsigned __int128)count;
    WEIR_CHECK(!__builtin_mul_overflow(m, (unsigned __int128)unit->mantissa, &m));
    unsigned pad = (unsigned)(digits - unit->scale);
    char reversed[128];
    size_t zeros = 0;
    while (zeros < pad)
        reversed[zeros++] = '0';
    size_t n = zeros + digits_reversed(m, (size_t)unit->scale + 1, reversed + zeros), length = 0;
    if (negative && m != 0) text[length++] = '-';
    while (n > 0) {
        if (n == digits) text[length++] = '.';
        text[length++] = reversed[--n];
    }
    text[length] = 0;
    return length;
}
