/* Tables of fields: reading a tree into structs. */
#include "market/yaml_tree.h"

#include <stdarg.h>
#include <string.h>

/* What is wrong with a value, as `expected ...` or `is ...`. */
struct why {
    char text[320];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct why *why, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(why->text + why->used, sizeof why->text - why->used, format, args);
    va_end(args);
    if (n > 0) why->used += (size_t)n;
    if (why->used >= sizeof why->text) why->used = sizeof why->text - 1;
}

/* One number in the field's own spelling: how ranges are told. */
static void say_number(struct why *why, const struct weir_yaml_field *field,
                       const struct weir_decimal *const *units, int64_t number) {
    struct weir_yaml_field plain = *field;
    char text[256] = {0};
    FILE *out = fmemopen(text, sizeof text - 1, "w");
    if (!out) return;
    plain.flags = 0;
    plain.offset = 0;
    if (field->type == WEIR_YAML_BYTE || field->type == WEIR_YAML_COUNT)
        plain.type = WEIR_YAML_INTEGER;
    weir_yaml_print_value(out, &plain, units, &number);
    fclose(out);
    say(why, "%s", text);
}

static void say_range(struct why *why, const struct weir_yaml_field *field,
                      const struct weir_decimal *const *units) {
    if (field->min == INT64_MIN && field->max == INT64_MAX) return;
    if (field->max == INT64_MAX) {
        say(why, ", at least ");
        say_number(why, field, units, field->min);
        return;
    }
    say(why, ", from ");
    say_number(why, field, units, field->min);
    say(why, " to ");
    say_number(why, field, units, field->max);
}

static void say_words(struct why *why, const char *const *words) {
    say(why, "expected ");
    for (size_t i = 0; words[i]; i++)
        say(why, "%s%s", i == 0 ? "" : ", ", words[i]);
}

static void say_expected(struct why *why, const struct weir_yaml_field *field,
                         const struct weir_decimal *const *units) {
    static const char *const kinds[] = {
        [WEIR_YAML_INTEGER] = "a whole number",
        [WEIR_YAML_UNSIGNED] = "a whole number from 0 to 18446744073709551615",
        [WEIR_YAML_BYTE] = "a whole number",
        [WEIR_YAML_COUNT] = "a whole number",
        [WEIR_YAML_RATE] = "a decimal with at most nine digits after the point",
        [WEIR_YAML_AMOUNT] = "a decimal",
        [WEIR_YAML_DURATION] = "a duration such as 250ms, 5s, 30m, 8h or 2d",
        [WEIR_YAML_TIME] = "a time such as 2026-12-25T08:00:00Z",
        [WEIR_YAML_DECIMAL] = "a decimal of at most 18 digits",
        [WEIR_YAML_NAME] = "a name of 1 to 31 characters of A-Z a-z 0-9 _ . : -",
    };
    if (field->type == WEIR_YAML_WORD || (field->type == WEIR_YAML_FLAG && field->words)) {
        say_words(why, field->words);
    } else if (field->type == WEIR_YAML_FLAG) {
        say(why, "expected true or false");
    } else if (field->type == WEIR_YAML_TEXT) {
        say(why, "expected text of at most %d bytes", (int)field->max - 1);
    } else {
        say(why, "expected %s", kinds[field->type]);
        if (field->type == WEIR_YAML_DECIMAL && !(field->flags & WEIR_YAML_SIGNED))
            say(why, ", above 0");
        if (field->type != WEIR_YAML_UNSIGNED && field->type != WEIR_YAML_TIME &&
            field->type != WEIR_YAML_DECIMAL && field->type != WEIR_YAML_NAME)
            say_range(why, field, units);
    }
    if (field->flags & WEIR_YAML_NONE) say(why, ", or none");
}

/* ---- Scalars --------------------------------------------------------------------------------- */
static bool read_unsigned(const char *text, size_t size, uint64_t *out) {
    uint64_t n = 0;
    if (size == 0) return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n))
            return false;
    }
    *out = n;
    return true;
}

/* The text as a whole number of `unit`. A message beyond the usual one goes to *why. */
static bool read_units(const char *text, size_t size, const struct weir_decimal *unit, bool amount,
                       int64_t *out, struct why *why) {
    struct weir_decimal d;
    if (!weir_decimal_read(text, size, &d)) return false;
    enum weir_exact exact = weir_decimal_units(&d, unit, out);
    char limit[192];
    if (exact == WEIR_EXACT_PRECISION && amount) {
        weir_decimal_print(1, unit, unit->scale, limit, sizeof limit);
        say(why, "expected a whole multiple of %s", limit);
    }
    if (exact == WEIR_EXACT_OVERFLOW) {
        weir_decimal_print(INT64_MAX, unit, unit->scale, limit, sizeof limit);
        say(why, "expected at most %s", limit);
    }
    return exact == WEIR_EXACT_OK;
}

static bool read_number(const struct weir_yaml_field *field, const char *text, size_t size,
                        const struct weir_decimal *const *units, int64_t *out, struct why *why) {
    const struct weir_decimal one = weir_decimal_power(0), ppb = weir_decimal_power(9);
    bool ok;
    if ((field->flags & WEIR_YAML_NONE) && size == 4 && memcmp(text, "none", 4) == 0) {
        *out = WEIR_NONE;
        return true;
    }
    switch (field->type) {
    case WEIR_YAML_RATE:
        ok = read_units(text, size, &ppb, false, out, why);
        break;
    case WEIR_YAML_AMOUNT:
        ok = read_units(text, size, units[field->unit], true, out, why);
        break;
    case WEIR_YAML_DURATION:
        ok = weir_yaml_duration(text, size, out);
        break;
    case WEIR_YAML_TIME:
        ok = weir_yaml_time(text, size, out);
        break;
    default:
        ok = read_units(text, size, &one, false, out, why);
        break;
    }
    /* WEIR_NONE is a number too large for any field that knows none. */
    if (!ok || *out == WEIR_NONE) return false;
    return field->type == WEIR_YAML_TIME || (*out >= field->min && *out <= field->max);
}

static bool read_decimal(const struct weir_yaml_field *field, const char *text, size_t size,
                         struct weir_decimal *out) {
    struct weir_decimal d;
    /* 18 digits on either side keep every product with a 64-bit count within 128 bits. */
    const weir_wide most = INT64_C(1000000000000000000);
    if (!weir_decimal_read(text, size, &d) || d.huge || d.fine || d.scale > 18) return false;
    if (d.mantissa >= most || d.mantissa <= -most) return false;
    if (!(field->flags & WEIR_YAML_SIGNED) && d.mantissa <= 0) return false;
    /* Copied member by member: the padding of the struct stays as it was. */
    out->mantissa = d.mantissa;
    out->scale = d.scale;
    out->huge = out->fine = out->negative = false;
    return true;
}

/* Index of the word, or -1. */
static int find_word(const char *const *words, const char *text) {
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0) return i;
    return -1;
}

static bool read_flag(const struct weir_yaml_field *field, const char *text, bool *out) {
    static const char *const usual[] = {"false", "true", "off", "on", "no", "yes", NULL};
    int i = find_word(field->words ? field->words : usual, text);
    if (i < 0 || (field->words && i > 1)) return false;
    *out = i % 2 == 1;
    return true;
}

/* One scalar into the struct. On false *why may hold a message of its own. */
static bool read_scalar(const struct weir_yaml_field *field, const char *text, size_t size,
                        const struct weir_decimal *const *units, void *at, struct why *why) {
    int64_t number = 0;
    int word;
    bool flag, ok;
    struct weir_name name;
    uint64_t wide;
    switch (field->type) {
    case WEIR_YAML_UNSIGNED:
        ok = read_unsigned(text, size, &wide);
        if (ok) memcpy(at, &wide, sizeof wide);
        return ok;
    case WEIR_YAML_DECIMAL:
        return read_decimal(field, text, size, at);
    case WEIR_YAML_NAME:
        ok = size > 0 && text[0] != '@' && weir_name_read(text, size, &name);
        if (ok) memcpy(at, &name, sizeof name);
        return ok;
    case WEIR_YAML_TEXT:
        if ((int64_t)size >= field->max) return false;
        memset(at, 0, (size_t)field->max);
        memcpy(at, text, size);
        return true;
    case WEIR_YAML_WORD:
        word = find_word(field->words, text);
        if (word >= 0) memcpy(at, &word, sizeof word);
        return word >= 0;
    case WEIR_YAML_FLAG:
        ok = read_flag(field, text, &flag);
        if (ok) memcpy(at, &flag, sizeof flag);
        return ok;
    default:
        if (!read_number(field, text, size, units, &number, why)) return false;
        break;
    }
    if (field->type == WEIR_YAML_BYTE) {
        uint8_t byte = (uint8_t)number;
        memcpy(at, &byte, sizeof byte);
    } else if (field->type == WEIR_YAML_COUNT) {
        uint32_t count = (uint32_t)number;
        memcpy(at, &count, sizeof count);
    } else {
        memcpy(at, &number, sizeof number);
    }
    return true;
}

bool weir_yaml_fail_list(const struct weir_yaml *yaml, const struct weir_yaml_node *node,
                         struct weir_file_error *error, const char *key, uint32_t min,
                         uint32_t max) {
    if (node && node->kind == WEIR_YAML_SCALAR)
        return weir_yaml_fail(yaml, node, false, error,
                              "%s is \"%s\"; expected a list of %u to %u items", key,
                              weir_yaml_shown(node->text, node->size).text, min, max);
    if (node && node->kind == WEIR_YAML_SEQUENCE)
        return weir_yaml_fail(yaml, node, false, error,
                              "%s has %u items; expected a list of %u to %u items", key,
                              node->count, min, max);
    return weir_yaml_fail(yaml, node, false, error,
                          "%s is no list; expected a list of %u to %u items", key, min, max);
}

/* ---- Lists and tables ------------------------------------------------------------------------ */
static bool read_list(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                      const struct weir_yaml_field *field, void *object) {
    uint32_t count = 0;
    if (!node) return true;
    if (node->kind != WEIR_YAML_SEQUENCE || node->count < field->min || node->count > field->max)
        return weir_yaml_fail_list(reader->yaml, node, reader->error, field->key,
                                   (uint32_t)field->min, (uint32_t)field->max);
    for (const struct weir_yaml_node *c = node->first; c; c = c->next, count++) {
        char *item = (char *)object + field->offset + (size_t)count * field->size;
        if (!weir_yaml_read(reader, c, field->fields, item)) return false;
    }
    memcpy((char *)object + field->count_offset, &count, sizeof count);
    return true;
}

/* A value left out: its default, which may fit no unit of this file. */
static bool read_fallback(const struct weir_yaml_reader *reader,
                          const struct weir_yaml_node *parent, const struct weir_yaml_field *field,
                          void *at) {
    struct why why = {{0}, 0};
    if (!field->fallback) return true;
    if (read_scalar(field, field->fallback, strlen(field->fallback), reader->units, at, &why))
        return true;
    return weir_yaml_fail(reader->yaml, parent, false, reader->error,
                          "%s is left out and its default %s does not fit here; expected it to be "
                          "given",
                          field->key, field->fallback);
}

static bool field_of(const struct weir_yaml_reader *reader, const struct weir_yaml_node *parent,
                     const struct weir_yaml_node *node, const struct weir_yaml_field *field,
                     void *object) {
    void *at = (char *)object + field->offset;
    struct why why = {{0}, 0}, usual = {{0}, 0};
    if (!node && (field->flags & WEIR_YAML_REQUIRED))
        return weir_yaml_fail(reader->yaml, parent, false, reader->error, "%s is missing",
                              field->key);
    if (field->type == WEIR_YAML_CUSTOM) return field->read(reader, node, at);
    if (field->type == WEIR_YAML_LIST) return read_list(reader, node, field, object);
    if (field->type == WEIR_YAML_GROUP) return weir_yaml_read(reader, node, field->fields, at);
    if (!node) return read_fallback(reader, parent, field, at);
    if (node->kind == WEIR_YAML_SCALAR) {
        if (strlen(node->text) == node->size &&
            read_scalar(field, node->text, node->size, reader->units, at, &why))
            return true;
        say_expected(&usual, field, reader->units);
        return weir_yaml_fail(reader->yaml, node, false, reader->error, "%s is \"%s\"; %s",
                              field->key, weir_yaml_shown(node->text, node->size).text,
                              why.used > 0 ? why.text : usual.text);
    }
    say_expected(&usual, field, reader->units);
    return weir_yaml_fail(reader->yaml, node, false, reader->error, "%s is a %s; %s", field->key,
                          node->kind == WEIR_YAML_MAPPING ? "mapping" : "list", usual.text);
}

bool weir_yaml_read_field(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                          const struct weir_yaml_field *field, void *object) {
    return field_of(reader, NULL, node, field, object);
}

static const struct weir_yaml_field *field_named(const struct weir_yaml_field *fields,
                                                 const char *key) {
    for (; fields->type != WEIR_YAML_END; fields++)
        if (strcmp(fields->key, key) == 0) return fields;
    return NULL;
}

static bool unknown_key(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                        const struct weir_yaml_field *fields) {
    struct why why = {{0}, 0};
    for (const struct weir_yaml_field *f = fields; f->type != WEIR_YAML_END; f++)
        say(&why, "%s%s", f == fields ? "" : ", ", f->key);
    return weir_yaml_fail(reader->yaml, node, true, reader->error,
                          "unknown key \"%s\"; expected one of %s",
                          weir_yaml_shown(node->key, strlen(node->key)).text, why.text);
}

bool weir_yaml_read(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                    const struct weir_yaml_field *fields, void *object) {
    if (node && node->kind != WEIR_YAML_MAPPING) {
        const char *key = node->key ? node->key : "this";
        return weir_yaml_fail(reader->yaml, node, false, reader->error,
                              "%s is %s%s%s; expected a mapping (key: value)",
                              weir_yaml_shown(key, strlen(key)).text,
                              node->kind == WEIR_YAML_SCALAR ? "\"" : "a list",
                              weir_yaml_shown(node->text ? node->text : "", node->size).text,
                              node->kind == WEIR_YAML_SCALAR ? "\"" : "");
    }
    for (const struct weir_yaml_node *c = node ? node->first : NULL; c; c = c->next)
        if (!field_named(fields, c->key)) return unknown_key(reader, c, fields);
    for (const struct weir_yaml_field *f = fields; f->type != WEIR_YAML_END; f++)
        if (!field_of(reader, node, weir_yaml_find(node, f->key), f, object)) return false;
    return true;
}
