/* A line of text to a command. */
#include "wire/json_scan.h"

#include <inttypes.h>
#include <string.h>

struct reading {
    struct weir_command *out;
    struct weir_risk_change *risk;
    uint64_t line;
    uint64_t seen;
    struct span values[KEY_COUNT];
    char decoded[WEIR_LINE_MAX];
};

/* The detail says where: it is all that the `rejected` of the line will say. */
static bool malformed(struct reading *r, uint64_t column, const char *problem) {
    return weir_refuse(r->out, WEIR_R_MALFORMED, r->line, column,
                       "line %" PRIu64 ", column %" PRIu64 ": %s", r->line, column, problem);
}

/* A detail that quotes what the line says keeps to printable ASCII. */
static void excerpt(const struct span *span, char *text, size_t size) {
    size_t n = 0;
    for (; n < span->size && n + 1 < size; n++) {
        unsigned char c = (unsigned char)span->text[n];
        text[n] = c >= 0x20 && c < 0x7F ? (char)c : '?';
    }
    text[n] = 0;
}

static bool invalid(struct reading *r, enum key k, const char *expected) {
    char got[40];
    excerpt(&r->values[k], got, sizeof got);
    return weir_refuse(r->out, WEIR_R_INVALID, r->line, 0, "`%s` is %s, expected %s",
                       weir_keys[k].name, got, expected);
}

/* The text of a string value, its escapes decoded. */
static const char *text_of(struct reading *r, const struct span *span, size_t *size) {
    if (!span->escaped) {
        *size = span->size;
        return span->text;
    }
    *size = weir_scan_decode(span, r->decoded);
    return r->decoded;
}

static bool name_equals(const char *text, size_t size, const char *word) {
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

static bool read_decimal(struct reading *r, const struct span *span, struct weir_decimal *out) {
    if (span->kind != SPAN_STRING && span->kind != SPAN_INTEGER) return false;
    size_t size;
    const char *text = text_of(r, span, &size);
    return weir_decimal_read(text, size, out);
}

static bool read_time(struct reading *r, const struct span *span, int64_t *out) {
    if (span->kind != SPAN_STRING && span->kind != SPAN_INTEGER) return false;
    size_t size, i = 0;
    const char *text = text_of(r, span, &size);
    int64_t t = 0;
    if (size == 0) return false;
    for (; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(t, 10, &t) ||
            __builtin_add_overflow(t, text[i] - '0', &t))
            return false;
    }
    *out = t;
    return true;
}

static bool read_tier_row(struct reading *r, struct scan *s, struct weir_tier_text *row) {
    static const char *const names[] = {"cap", "rate", "max_leverage", "initial_rate"};
    struct weir_decimal *fields[] = {&row->cap, &row->rate, &row->max_leverage, &row->initial_rate};
    unsigned seen = 0;
    *row = (struct weir_tier_text){0};
    s->p++;
    for (;;) {
        struct span key, value;
        scan_space(s);
        if (*s->p == '}') break;
        if (*s->p == ',') {
            s->p++;
            scan_space(s);
        }
        WEIR_CHECK(weir_scan_string(s, &key));
        scan_space(s);
        s->p++; /* the colon: the line's grammar has been checked */
        scan_space(s);
        WEIR_CHECK(weir_scan_value(s, &value));
        size_t size;
        const char *text = text_of(r, &key, &size);
        unsigned f = 0;
        while (f < 4 && !name_equals(text, size, names[f]))
            f++;
        if (f == 4 || !read_decimal(r, &value, fields[f])) return false;
        seen |= 1u << f;
    }
    s->p++;
    row->has_max_leverage = (seen & 4) != 0;
    row->has_initial_rate = (seen & 8) != 0;
    return (seen & 3) == 3;
}

static bool read_tiers(struct reading *r, const struct span *span) {
    if (span->kind != SPAN_ARRAY) return false;
    struct scan s = {.p = span->text + 1, .start = span->text, .end = span->text + span->size};
    for (;;) {
        scan_space(&s);
        if (*s.p == ']') return true;
        if (*s.p == ',') {
            s.p++;
            scan_space(&s);
        }
        if (*s.p != '{' || r->risk->tier_count == WEIR_TIERS_MAX) return false;
        if (!read_tier_row(r, &s, &r->risk->tiers[r->risk->tier_count])) return false;
        r->risk->tier_count++;
    }
}

static bool read_name(struct reading *r, enum key k, struct weir_name *out) {
    const struct span *span = &r->values[k];
    size_t size;
    if (span->kind != SPAN_STRING) return invalid(r, k, "a name in quotes");
    const char *text = text_of(r, span, &size);
    if (weir_keys[k].type == TYPE_LABEL) {
        weir_label_read(text, size, out);
        return true;
    }
    /* Names with a leading @ are the engine's own: nobody commands them, anyone may look. */
    bool look = r->out->kind == WEIR_CMD_QUERY && k == KEY_ACCOUNT;
    if (!weir_name_read(text, size, out) || (out->text[0] == '@' && !look))
        return invalid(r, k, "1 to 31 characters of A-Z a-z 0-9 _ . : -");
    return true;
}

static bool read_word(struct reading *r, enum key k, uint8_t *out) {
    const struct span *span = &r->values[k];
    const struct key_info *key = &weir_keys[k];
    size_t size, length = 0;
    char expected[80] = "";
    const char *text = text_of(r, span, &size);
    for (uint32_t w = 0; w < key->word_count; w++) {
        if (span->kind == SPAN_STRING && name_equals(text, size, key->words[w])) {
            *out = (uint8_t)w;
            return true;
        }
        int n = snprintf(expected + length, sizeof expected - length, "%s%s", w == 0 ? "" : " or ",
                         key->words[w]);
        if (n > 0) length += (size_t)n;
        if (length >= sizeof expected) length = sizeof expected - 1;
    }
    return invalid(r, k, expected);
}

static bool read_limit(struct reading *r, enum key k) {
    const struct span *span = &r->values[k];
    const struct key_info *key = &weir_keys[k];
    size_t size;
    const char *text = text_of(r, span, &size);
    if (span->kind == SPAN_STRING && name_equals(text, size, "none")) {
        r->risk->none |= key->present;
        return true;
    }
    struct weir_decimal *field = (struct weir_decimal *)(void *)((char *)r->risk + key->offset);
    return read_decimal(r, span, field) || invalid(r, k, "a decimal in quotes, or none");
}

static bool read_key(struct reading *r, enum key k) {
    const struct key_info *key = &weir_keys[k];
    const struct span *span = &r->values[k];
    void *field = (char *)r->out + key->offset;
    r->out->present |= key->present;
    switch ((enum key_type)key->type) {
    case TYPE_COMMAND:
        return true;
    case TYPE_TIME:
        return read_time(r, span, field) || invalid(r, k, "nanoseconds, 0 to 2^63 - 1");
    case TYPE_NAME:
    case TYPE_LABEL:
        return read_name(r, k, field);
    case TYPE_DECIMAL:
        return read_decimal(r, span, field) || invalid(r, k, "a decimal in quotes or an integer");
    case TYPE_DIGITS:
        if (span->kind == SPAN_STRING) {
            size_t size;
            const char *text = text_of(r, span, &size);
            for (size_t i = 0; i < size; i++)
                if (text[i] < '0' || text[i] > '9') return invalid(r, k, "an integer");
        }
        return read_decimal(r, span, field) || invalid(r, k, "an integer");
    case TYPE_LIMIT:
        return read_limit(r, k);
    case TYPE_WORD:
        return read_word(r, k, field);
    case TYPE_BOOL:
        if (span->kind != SPAN_TRUE && span->kind != SPAN_FALSE)
            return invalid(r, k, "true or false");
        *(uint8_t *)field = span->kind == SPAN_TRUE;
        return true;
    case TYPE_TIERS:
        return read_tiers(r, span) ||
               invalid(r, k, "a list of {cap, rate, max_leverage or initial_rate}");
    }
    return true;
}

/* One `"key": value` of the outer object. */
static bool scan_member(struct reading *r, struct scan *s, struct span *unknown, bool *search) {
    struct span key, value;
    if (!weir_scan_string(s, &key)) return false;
    const char *at = key.text - 1;
    scan_space(s);
    if (!scan_take(s, ':', "expected a colon")) return false;
    scan_space(s);
    if (!weir_scan_value(s, &value)) return false;
    size_t size;
    const char *text = text_of(r, &key, &size);
    enum key k = weir_key_find(text, size);
    if (value.kind >= SPAN_OBJECT || k == KEY_COUNT) *search = true;
    if (k == KEY_COUNT) {
        if (!unknown->text) *unknown = key;
        return true;
    }
    if ((r->seen & KEY_BIT(k)) != 0) {
        s->p = at;
        return scan_fail(s, "duplicate key");
    }
    r->seen |= KEY_BIT(k);
    r->values[k] = value;
    return true;
}

/* The whole line as one JSON object: fills seen and values. */
static bool scan_object(struct reading *r, struct scan *s, struct span *unknown) {
    bool search = false;
    scan_space(s);
    const char *object = s->p;
    if (!scan_take(s, '{', "expected a JSON object")) return false;
    scan_space(s);
    if (scan_peek(s) != '}') {
        for (;;) {
            if (!scan_member(r, s, unknown, &search)) return false;
            scan_space(s);
            if (scan_peek(s) == '}') break;
            if (!scan_take(s, ',', "expected a comma or }")) return false;
            scan_space(s);
        }
    }
    s->p++;
    const char *end = s->p;
    scan_space(s);
    if (s->p < s->end) return scan_fail(s, "something stands behind the object");
    const char *twice = search ? weir_scan_duplicate(object, (size_t)(end - object)) : NULL;
    if (twice) {
        s->p = twice;
        return scan_fail(s, "duplicate key");
    }
    return true;
}

static bool read_command_word(struct reading *r) {
    const struct span *span = &r->values[KEY_CMD];
    if ((r->seen & KEY_BIT(KEY_CMD)) == 0)
        return weir_refuse(r->out, WEIR_R_UNKNOWN_COMMAND, r->line, 0, "the key `cmd` is missing");
    size_t size;
    const char *text = text_of(r, span, &size);
    for (unsigned kind = 1; span->kind == SPAN_STRING && kind < WEIR_CMD_COUNT; kind++) {
        if (!name_equals(text, size, weir_command_words[kind])) continue;
        r->out->kind = (uint8_t)kind;
        return true;
    }
    char got[40];
    excerpt(span, got, sizeof got);
    return weir_refuse(r->out, WEIR_R_UNKNOWN_COMMAND, r->line, 0, "no command is called %s", got);
}

static bool read_object(struct reading *r, const struct span *unknown) {
    struct weir_command *out = r->out;
    char name[40];
    if (!read_command_word(r)) return false;
    if (unknown->text) {
        excerpt(unknown, name, sizeof name);
        return weir_refuse(out, WEIR_R_INVALID, r->line, 0, "there is no key `%s`", name);
    }
    if (out->kind == WEIR_CMD_RISK) {
        *r->risk = (struct weir_risk_change){0};
        out->risk = r->risk;
    }
    /* These decide which other keys belong here. */
    uint64_t first = (out->kind == WEIR_CMD_ORDER ? KEY_BIT(KEY_TYPE) : 0) |
                     (out->kind == WEIR_CMD_QUERY ? KEY_BIT(KEY_WHAT) : 0);
    first &= r->seen;
    if (first != 0 && !read_key(r, (enum key)__builtin_ctzll(first))) return false;
    out->line = r->line;
    if (!weir_keys_check(out, r->seen)) return false;
    for (uint64_t rest = r->seen & ~first; rest != 0; rest &= rest - 1)
        if (!read_key(r, (enum key)__builtin_ctzll(rest))) return false;
    out->line = 0;
    return weir_values_check(out, r->line);
}

void weir_json_read(const char *line, size_t size, uint64_t line_number,
                    struct weir_risk_change *risk, struct weir_command *out) {
    struct reading r;
    struct span unknown = {0};
    r.out = out;
    r.risk = risk;
    r.line = line_number;
    r.seen = 0;
    *out = (struct weir_command){0};
    if (size > WEIR_LINE_MAX) {
        malformed(&r, WEIR_LINE_MAX + 1, "the line is longer than 65,536 bytes");
        return;
    }
    struct scan s = {.p = line, .start = line, .end = line + size};
    if (!scan_object(&r, &s, &unknown))
        malformed(&r, (uint64_t)(s.p - s.start) + 1, s.problem);
    else
        read_object(&r, &unknown);
    WEIR_CHECK(out->reject != WEIR_OK || out->kind != WEIR_CMD_NONE);
}
