/* Text of a stream's commands, and the ways in which it goes wrong. */
#include "stream_internal.h"

#include <stdarg.h>
#include <string.h>

void put(struct text *text, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text->at + text->used, text->size - text->used, format, list);
    va_end(list);
    if (n > 0 && (size_t)n < text->size - text->used)
        text->used += (size_t)n;
    else
        text->at[text->used] = 0;
}

void put_decimal(struct text *text, __int128 mantissa, uint32_t scale) {
    char digits[64];
    size_t n = 0;
    bool negative = mantissa < 0;
    unsigned __int128 rest = negative ? (unsigned __int128)-mantissa : (unsigned __int128)mantissa;
    while (scale > 0 && rest % 10 == 0) {
        rest /= 10;
        scale--;
    }
    for (uint32_t i = 0; rest > 0 || i <= scale; i++) {
        if (i > 0 && i == scale) digits[n++] = '.';
        digits[n++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    if (negative) put(text, "-");
    while (n > 0)
        put(text, "%c", digits[--n]);
}

/* Numbers that no field likes, or that only just fit. */
static const char *const bad_numbers[] = {
    "\"0\"",
    "\"-1\"",
    "0",
    "-1",
    "1",
    "\"9223372036854775807\"",
    "\"9223372036854775808\"",
    "9223372036854775807",
    "\"-9223372036854775808\"",
    "\"170141183460469231731687303715884105727\"",
    "\"999999999999999999999999999999999999999999\"",
    "\"0.00000000000000000000000000000000000001\"",
    "\"0.0000000000000000000000000000000000000000000000000001\"",
    "1.5",
    "1e5",
    "\"1e5\"",
    "\"+5\"",
    "\"\"",
    "\"-0\"",
    "\"00012.50\"",
    "\" 5\"",
    "\"5.\"",
    "\".5\"",
    "null",
    "true",
    "[]",
    "{}",
    "\"NaN\"",
    "\"0x10\"",
    "\"1,5\"",
    "4611686018427387904",
    "\"4611686018427.387904\"",
};
static const char *const bad_words[] = {
    "\"nobody\"",
    "\"\"",
    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    "\"a b\"",
    "\"@fund:main\"",
    "7",
    "null",
    "\"\\u0061\"",
    "\"A/B\"",
    "\"\xc3\xa9\"",
    "[\"a0\"]",
    "\"sideways\"",
    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    "true",
};

/* Is this field the one to be spoiled? */
static bool spoiled(struct weir_stream *s) {
    if (s->spoil < 0) return false;
    return s->spoil-- == 0;
}

static void put_bad_number(struct weir_stream *s, struct text *text, const char *key,
                           __int128 mantissa, uint32_t scale) {
    switch (draw(s, 0, 3)) {
    case 0: /* finer than the unit */
        put(text, ",\"%s\":\"", key);
        put_decimal(text, mantissa * 10 + 5, scale + 1);
        put(text, "\"");
        return;
    case 1:
        put(text, ",\"%s\":\"", key);
        put_decimal(text, -mantissa, scale);
        put(text, "\"");
        return;
    case 2: /* a few powers of ten too much */
        put(text, ",\"%s\":\"", key);
        for (int64_t zeros = draw(s, 3, 12); zeros > 0; zeros--)
            mantissa *= 10;
        put_decimal(text, mantissa, scale);
        put(text, "\"");
        return;
    default:
        put(text, ",\"%s\":%s", key, PICK(s, bad_numbers));
        return;
    }
}

/* A number as a string or, where it is whole, at times as a JSON integer. */
static void put_number(struct weir_stream *s, struct text *text, const char *key, __int128 mantissa,
                       uint32_t scale) {
    if (spoiled(s)) {
        put_bad_number(s, text, key, mantissa, scale);
        return;
    }
    bool bare = scale == 0 && chance(s, 300000);
    put(text, bare ? ",\"%s\":" : ",\"%s\":\"", key);
    put_decimal(text, mantissa, scale);
    if (!bare) put(text, "\"");
}

void put_price(struct weir_stream *s, struct text *text, const char *key, uint32_t market,
               int64_t ticks) {
    const struct model_market *m = &s->market[market];
    if (s->spoil == 0 && chance(s, 300000)) { /* the ends of the range */
        s->spoil = -1;
        const int64_t ends[] = {1, 2, m->max_price, m->max_price + 1, m->max_price - 1, 0};
        ticks = PICK(s, ends);
    }
    put_number(s, text, key, (__int128)ticks * m->tick_m, m->tick_s);
}

void put_qty(struct weir_stream *s, struct text *text, const char *key, uint32_t market,
             int64_t lots) {
    const struct model_market *m = &s->market[market];
    if (s->spoil == 0 && chance(s, 300000)) { /* the bound of R3 */
        s->spoil = -1;
        int64_t bound = market_bound(m);
        const int64_t ends[] = {bound, bound + 1, bound - 1, bound / 2, 1, 1000000};
        lots = PICK(s, ends);
    }
    put_number(s, text, key, (__int128)lots * m->lot_m, m->lot_s);
}

void put_amount(struct weir_stream *s, struct text *text, const char *key, uint32_t asset,
                int64_t units) {
    put_number(s, text, key, units, s->asset[asset].decimals);
}

void put_rate(struct weir_stream *s, struct text *text, const char *key, int64_t ppb) {
    put_number(s, text, key, ppb, 9);
}

void put_whole(struct weir_stream *s, struct text *text, const char *key, int64_t number) {
    put_number(s, text, key, number, 0);
}

void put_word(struct weir_stream *s, struct text *text, const char *key, const char *word) {
    if (spoiled(s))
        put(text, ",\"%s\":%s", key, PICK(s, bad_words));
    else
        put(text, ",\"%s\":\"%s\"", key, word);
}

void put_account(struct weir_stream *s, struct text *text, const char *key, uint32_t account) {
    char name[16];
    snprintf(name, sizeof name, "a%u", account);
    put_word(s, text, key, name);
}

void put_market(struct weir_stream *s, struct text *text, uint32_t market) {
    put_word(s, text, "market", s->market[market].symbol);
}

void put_id(struct weir_stream *s, struct text *text, uint32_t id) {
    char name[16];
    snprintf(name, sizeof name, "o%u", id);
    put_word(s, text, "id", name);
}

size_t mutate_bytes(struct weir_stream *s, char *line, size_t used, size_t size) {
    static const char bytes[] = "\"{}[],:\\\0\xff\x80 \t-.e019nut";
    for (int64_t n = draw(s, 1, 3); n > 0 && used > 1; n--) {
        size_t at = (size_t)draw(s, 0, (int64_t)used - 1);
        switch (draw(s, 0, 4)) {
        case 0:
            line[at] = (char)draw(s, 0, 255);
            break;
        case 1:
            line[at] = bytes[draw(s, 0, (int64_t)sizeof bytes - 2)];
            break;
        case 2:
            used = at;
            break;
        case 3:
            memmove(line + at, line + at + 1, used - at - 1);
            used--;
            break;
        default:
            if (used + 8 >= size) break;
            memmove(line + at + 1, line + at, used - at);
            line[at] = bytes[draw(s, 0, (int64_t)sizeof bytes - 2)];
            used++;
            break;
        }
    }
    for (size_t i = 0; i < used; i++) /* one line stays one line */
        if (line[i] == '\n') line[i] = ' ';
    return used;
}
