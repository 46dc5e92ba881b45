/* JSON's grammar (RFC 8259) over one line, with one rule of ours: a number is an integer, anything
 * else would have passed through binary floating point on its way here. */
#include "wire/json_scan.h"

#include <string.h>

/* Length of the UTF-8 sequence at p, 0 when there is none: no overlong forms, no surrogates. */
static unsigned utf8_length(const unsigned char *p, size_t left) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || left < n) return 0;
    uint32_t code = p[0] & (0xFFu >> (n + 1));
    for (unsigned i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
        code = code << 6 | (p[i] & 0x3Fu);
    }
    if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
    return n;
}

static int hex_digit(int c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hexadecimal digits at p, or -1. */
static int32_t hex4(const char *p, const char *end) {
    int32_t code = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit((unsigned char)p[i]);
        if (d < 0) return -1;
        code = code * 16 + d;
    }
    return code;
}

/* An escape at its backslash. */
static bool scan_escape(struct scan *s) {
    int c = s->p + 1 < s->end ? (unsigned char)s->p[1] : -1;
    if (c != 'u') {
        if (c <= 0 || !strchr("\"\\/bfnrt", c)) return scan_fail(s, "unknown escape");
        s->p += 2;
        return true;
    }
    int32_t code = hex4(s->p + 2, s->end);
    if (code < 0) return scan_fail(s, "\\u needs four hexadecimal digits");
    if (code >= 0xDC00 && code <= 0xDFFF) return scan_fail(s, "half of a surrogate pair");
    if (code >= 0xD800 && code <= 0xDBFF) {
        const char *low = s->p + 6;
        int32_t second =
            s->end - low >= 6 && low[0] == '\\' && low[1] == 'u' ? hex4(low + 2, s->end) : -1;
        if (second < 0xDC00 || second > 0xDFFF) return scan_fail(s, "half of a surrogate pair");
        s->p += 6;
    }
    s->p += 6;
    return true;
}

bool weir_scan_string(struct scan *s, struct span *out) {
    if (!scan_take(s, '"', "expected a string in double quotes")) return false;
    *out = (struct span){.text = s->p, .kind = SPAN_STRING};
    for (;;) {
        int c = scan_peek(s);
        if (c == '"') break;
        if (c >= 0x20 && c < 0x80 && c != '\\') {
            s->p++;
        } else if (c == '\\') {
            out->escaped = true;
            if (!scan_escape(s)) return false;
        } else if (c < 0) {
            return scan_fail(s, "the line ends inside a string");
        } else if (c < 0x20) {
            return scan_fail(s, "control byte inside a string");
        } else {
            unsigned n = utf8_length((const unsigned char *)s->p, (size_t)(s->end - s->p));
            if (n == 0) return scan_fail(s, "invalid UTF-8");
            s->p += n;
        }
    }
    out->size = (uint32_t)(s->p - out->text);
    s->p++;
    return true;
}

static bool scan_number(struct scan *s, struct span *out) {
    *out = (struct span){.text = s->p, .kind = SPAN_INTEGER};
    if (*s->p == '-') s->p++;
    int first = scan_peek(s);
    if (first < '0' || first > '9') return scan_fail(s, "expected a digit");
    while (scan_peek(s) >= '0' && scan_peek(s) <= '9') {
        s->p++;
        if (first == '0') break;
    }
    int next = scan_peek(s);
    if (next >= '0' && next <= '9') return scan_fail(s, "a number with a leading zero");
    if (next == '.' || next == 'e' || next == 'E')
        return scan_fail(s, "a number with a fraction or exponent; write it as a string");
    out->size = (uint32_t)(s->p - out->text);
    return true;
}

static bool scan_word(struct scan *s, struct span *out, const char *word, enum span_kind kind) {
    size_t size = strlen(word);
    if ((size_t)(s->end - s->p) < size || memcmp(s->p, word, size) != 0)
        return scan_fail(s, "expected a value");
    *out = (struct span){.text = s->p, .size = (uint32_t)size, .kind = (uint8_t)kind};
    s->p += size;
    return true;
}

static bool scan_scalar(struct scan *s, struct span *out) {
    switch (scan_peek(s)) {
    case '"':
        return weir_scan_string(s, out);
    case '-':
    case '0' ... '9':
        return scan_number(s, out);
    case 't':
        return scan_word(s, out, "true", SPAN_TRUE);
    case 'f':
        return scan_word(s, out, "false", SPAN_FALSE);
    case 'n':
        return scan_word(s, out, "null", SPAN_NULL);
    case -1:
        return scan_fail(s, "the line ends where a value should be");
    default:
        return scan_fail(s, "expected a value");
    }
}

static bool scan_key(struct scan *s) {
    struct span key;
    scan_space(s);
    if (!weir_scan_string(s, &key)) return false;
    scan_space(s);
    if (!scan_take(s, ':', "expected a colon")) return false;
    scan_space(s);
    return true;
}

/* A value at its opening bracket, to the closing one, without recursion: one bit a level (1: an
 * object), and a line has no more levels than bytes. */
static bool scan_nested(struct scan *s) {
    uint8_t levels[WEIR_LINE_MAX / 8 + 1];
    uint32_t depth = 0;
    struct span ignored;
    for (;;) {
        int c = scan_peek(s);
        bool closed = false;
        if (c == '{' || c == '[') {
            uint8_t bit = (uint8_t)(1u << (depth & 7));
            uint8_t *level = &levels[depth >> 3];
            if ((depth & 7) == 0) *level = 0;
            *level = (uint8_t)(c == '{' ? *level | bit : *level & (uint8_t)~bit);
            depth++;
            s->p++;
            scan_space(s);
            if (scan_peek(s) == (c == '{' ? '}' : ']')) {
                closed = true;
            } else {
                if (c == '{' && !scan_key(s)) return false;
                continue;
            }
        } else if (!scan_scalar(s, &ignored)) {
            return false;
        }
        /* Behind a value: close what ends here, until the next value or the end. */
        for (;;) {
            if (closed) {
                s->p++;
                if (--depth == 0) return true;
            }
            bool object = (levels[(depth - 1) >> 3] >> ((depth - 1) & 7) & 1) != 0;
            scan_space(s);
            closed = scan_peek(s) == (object ? '}' : ']');
            if (closed) continue;
            if (!scan_take(s, ',', object ? "expected a comma or }" : "expected a comma or ]"))
                return false;
            scan_space(s);
            if (object && !scan_key(s)) return false;
            break;
        }
    }
}

bool weir_scan_value(struct scan *s, struct span *out) {
    int c = scan_peek(s);
    if (c != '{' && c != '[') return scan_scalar(s, out);
    *out = (struct span){.text = s->p, .kind = c == '{' ? SPAN_OBJECT : SPAN_ARRAY};
    if (!scan_nested(s)) return false;
    out->size = (uint32_t)(s->p - out->text);
    return true;
}

/* The next code unit of a well-formed string: a raw byte, or what an escape stands for, above
 * ASCII with a bit that keeps it apart from raw bytes. -1 at the end. */
static int32_t next_unit(const char **at, const char *end) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *p = *at;
    if (p == end) return -1;
    *at = p + 1;
    if (*p != '\\') return (unsigned char)*p;
    if (p[1] != 'u') {
        *at = p + 2;
        return to[strchr(from, p[1]) - from];
    }
    int32_t code = hex4(p + 2, end);
    *at = p + 6;
    if (code >= 0xD800 && code <= 0xDBFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex4(p + 8, end) - 0xDC00);
        *at = p + 12;
    }
    return code < 0x80 ? code : code | 1 << 24;
}

static size_t utf8_encode(uint32_t code, char *text) {
    if (code < 0x800) {
        text[0] = (char)(0xC0 | code >> 6);
        text[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        text[0] = (char)(0xE0 | code >> 12);
        text[1] = (char)(0x80 | (code >> 6 & 0x3F));
        text[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    text[0] = (char)(0xF0 | code >> 18);
    text[1] = (char)(0x80 | (code >> 12 & 0x3F));
    text[2] = (char)(0x80 | (code >> 6 & 0x3F));
    text[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

size_t weir_scan_decode(const struct span *string, char *text) {
    const char *p = string->text, *end = p + string->size;
    size_t length = 0;
    for (int32_t unit; (unit = next_unit(&p, end)) >= 0;) {
        if (unit < 1 << 24)
            text[length++] = (char)unit;
        else
            length += utf8_encode((uint32_t)unit & 0xFFFFFF, text + length);
    }
    return length;
}

/* ---- Duplicate keys -------------------------------------------------------------------------- */
#define TABLE_SIZE 32768u /* a line holds at most 16,384 keys: `{"":` is four bytes */
_Static_assert(WEIR_LINE_MAX / 4 <= TABLE_SIZE / 2, "the table never fills");

struct key_at {
    struct span key;
    const char *object; /* where its object begins */
    uint64_t search;    /* of which search this is; of another: a free slot */
};

static bool key_equal(const struct span *a, const struct span *b) {
    char left[WEIR_LINE_MAX], right[WEIR_LINE_MAX];
    if (!a->escaped && !b->escaped)
        return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
    size_t n = weir_scan_decode(a, left);
    return weir_scan_decode(b, right) == n && memcmp(left, right, n) == 0;
}

static uint32_t key_hash(const char *object, const struct span *key, const char *start) {
    char text[WEIR_LINE_MAX];
    uint64_t h = (uint64_t)(object - start) * UINT64_C(0x9E3779B97F4A7C15);
    size_t n = weir_scan_decode(key, text);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
    return (uint32_t)(h ^ h >> 29 ^ h >> 47);
}

const char *weir_scan_duplicate(const char *text, size_t size) {
    static _Thread_local struct key_at table[TABLE_SIZE];
    static _Thread_local const char *objects[WEIR_LINE_MAX]; /* open brackets; NULL: of an array */
    static _Thread_local uint64_t search;
    struct scan s = {.p = text, .start = text, .end = text + size};
    uint32_t depth = 0;
    bool key_next = false;
    search++;
    for (; s.p < s.end;) {
        char c = *s.p;
        if (c == '"') {
            struct span key;
            bool is_key = key_next;
            WEIR_CHECK(weir_scan_string(&s, &key));
            key_next = false;
            if (!is_key) continue;
            const char *object = objects[depth - 1];
            uint32_t i = key_hash(object, &key, text) % TABLE_SIZE;
            for (; table[i].search == search; i = (i + 1) % TABLE_SIZE)
                if (table[i].object == object && key_equal(&table[i].key, &key))
                    return key.text - 1;
            table[i] = (struct key_at){key, object, search};
            continue;
        }
        if (c == '{' || c == '[') objects[depth++] = c == '{' ? s.p : NULL;
        if (c == '}' || c == ']') depth--;
        if (c == '{' || c == ',') key_next = objects[depth - 1] != NULL;
        s.p++;
    }
    return NULL;
}
