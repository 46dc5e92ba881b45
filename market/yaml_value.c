/* Single values: text to number and back, exactly (R2). */
#include "market/yaml_tree.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t ns;
} duration_units[] = {{"d", 86400 * WEIR_SECOND},
                      {"h", 3600 * WEIR_SECOND},
                      {"m", 60 * WEIR_SECOND},
                      {"s", WEIR_SECOND},
                      {"ms", 1000000},
                      {"us", 1000},
                      {"ns", 1}};
#define DURATION_UNITS (sizeof duration_units / sizeof *duration_units)

static int64_t whole(const char *text, size_t size) {
    int64_t n = 0;
    for (size_t i = 0; i < size; i++)
        n = n * 10 + (text[i] - '0');
    return n;
}

bool weir_yaml_duration(const char *text, size_t size, weir_time *out) {
    size_t number = size;
    while (number > 0 && text[number - 1] >= 'a' && text[number - 1] <= 'z')
        number--;
    struct weir_decimal d;
    if (number == size || !weir_decimal_read(text, number, &d) || d.huge || d.fine) return false;
    if (d.mantissa > INT64_MAX || d.mantissa < INT64_MIN) return false;
    for (size_t i = 0; i < DURATION_UNITS; i++) {
        const char *name = duration_units[i].name;
        if (strlen(name) != size - number || memcmp(name, text + number, size - number) != 0)
            continue;
        weir_wide ns = d.mantissa * duration_units[i].ns;
        for (unsigned s = d.scale; s > 0; s--) {
            if (ns % 10 != 0) return false;
            ns /= 10;
        }
        return weir_fits(ns, out) && *out != WEIR_NONE;
    }
    return false;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, years from 1970 on. */
static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t shifted = month <= 2 ? month + 9 : month - 3; /* months since March */
    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

static int64_t month_days(int64_t year, int64_t month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool weir_yaml_time(const char *text, size_t size, weir_time *out) {
    static const char form[] = "0000-00-00T00:00:00";
    size_t fixed = sizeof form - 1;
    if (size < fixed + 1 || text[size - 1] != 'Z') return false;
    for (size_t i = 0; i < fixed; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
    }
    int64_t nanos = 0, place = WEIR_SECOND;
    size_t end = size - 1;
    if (end > fixed && (text[fixed] != '.' || end == fixed + 1 || end > fixed + 10)) return false;
    for (size_t i = fixed + 1; i < end; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        place /= 10;
        nanos += (text[i] - '0') * place;
    }
    int64_t year = whole(text, 4), month = whole(text + 5, 2), day = whole(text + 8, 2);
    int64_t hour = whole(text + 11, 2), minute = whole(text + 14, 2), second = whole(text + 17, 2);
    if (year < 1970 || year > 2261 || month < 1 || month > 12) return false;
    if (day < 1 || day > month_days(year, month)) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    int64_t seconds =
        days_since_epoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *out = seconds * WEIR_SECOND + nanos;
    return true;
}

/* ---- Printing -------------------------------------------------------------------------------- */
static void print_decimal(FILE *out, weir_wide count, const struct weir_decimal *unit) {
    char text[192];
    size_t n = weir_decimal_print(count, unit, unit->scale, text, sizeof text);
    if (unit->scale > 0) {
        while (text[n - 1] == '0')
            n--;
        if (text[n - 1] == '.') n--;
    }
    fprintf(out, "%.*s", (int)n, text);
}

static void print_duration(FILE *out, weir_time ns) {
    size_t i = 0;
    while (ns % duration_units[i].ns != 0)
        i++;
    if (ns == 0) i = 3;
    fprintf(out, "%" PRId64 "%s", ns / duration_units[i].ns, duration_units[i].name);
}

static void print_time(FILE *out, weir_time ns) {
    int64_t seconds = ns / WEIR_SECOND, rest = ns % WEIR_SECOND, day = seconds / 86400;
    int64_t year = 1970 + day / 366, month = 1;
    while (days_since_epoch(year + 1, 1, 1) <= day)
        year++;
    while (month < 12 && days_since_epoch(year, month + 1, 1) <= day)
        month++;
    int64_t in_day = seconds % 86400;
    fprintf(out, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month,
            (int)(day - days_since_epoch(year, month, 1) + 1), (int)(in_day / 3600),
            (int)(in_day / 60 % 60), (int)(in_day % 60));
    if (rest > 0) fprintf(out, ".%09d", (int)rest);
    fputc('Z', out);
}

/* Plain where YAML cannot take it for anything else, otherwise in quotes. */
static void print_text(FILE *out, const char *text) {
    size_t n = strlen(text);
    size_t plain =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
    if (n > 0 && plain == n && text[0] != '-' && text[0] != '.') {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n') {
            fputs("\\n", out);
            continue;
        }
        if (text[i] == '\t') {
            fputs("\\t", out);
            continue;
        }
        if (text[i] == '"' || text[i] == '\\') fputc('\\', out);
        fputc(text[i], out);
    }
    fputc('"', out);
}

static int64_t load_number(const struct weir_yaml_field *field, const void *at) {
    uint8_t byte;
    uint32_t count;
    int64_t number;
    switch (field->type) {
    case WEIR_YAML_BYTE:
        memcpy(&byte, at, sizeof byte);
        return byte;
    case WEIR_YAML_COUNT:
    case WEIR_YAML_WORD:
        memcpy(&count, at, sizeof count);
        return count;
    default:
        memcpy(&number, at, sizeof number);
        return number;
    }
}

static void print_number(FILE *out, const struct weir_yaml_field *field,
                         const struct weir_decimal *const *units, int64_t number) {
    const struct weir_decimal ppb = weir_decimal_power(9);
    if ((field->flags & WEIR_YAML_NONE) && number == WEIR_NONE)
        fputs("none", out);
    else if (field->type == WEIR_YAML_RATE)
        print_decimal(out, number, &ppb);
    else if (field->type == WEIR_YAML_AMOUNT)
        print_decimal(out, number, units[field->unit]);
    else if (field->type == WEIR_YAML_DURATION)
        print_duration(out, number);
    else if (field->type == WEIR_YAML_TIME)
        print_time(out, number);
    else if (field->type == WEIR_YAML_WORD)
        fputs(field->words[number], out);
    else
        fprintf(out, "%" PRId64, number);
}

void weir_yaml_print_value(FILE *out, const struct weir_yaml_field *field,
                           const struct weir_decimal *const *units, const void *object) {
    const char *at = (const char *)object + field->offset;
    struct weir_decimal decimal;
    uint64_t number;
    bool flag;
    switch (field->type) {
    case WEIR_YAML_DECIMAL:
        memcpy(&decimal, at, sizeof decimal);
        struct weir_decimal unit = weir_decimal_power(decimal.scale);
        print_decimal(out, decimal.mantissa, &unit);
        break;
    case WEIR_YAML_UNSIGNED:
        memcpy(&number, at, sizeof number);
        fprintf(out, "%" PRIu64, number);
        break;
    case WEIR_YAML_FLAG:
        memcpy(&flag, at, sizeof flag);
        fputs(field->words ? field->words[flag] : flag ? "true" : "false", out);
        break;
    case WEIR_YAML_NAME:
    case WEIR_YAML_TEXT:
        print_text(out, at);
        break;
    default:
        print_number(out, field, units, load_number(field, at));
        break;
    }
}

static bool inline_only(const struct weir_yaml_field *fields) {
    for (; fields->type != WEIR_YAML_END; fields++) {
        if (fields->type == WEIR_YAML_CUSTOM || fields->type == WEIR_YAML_LIST) return false;
        if (fields->type == WEIR_YAML_GROUP && !inline_only(fields->fields)) return false;
    }
    return true;
}

/* `{key: value, ...}` of a table without lists. */
static void print_inline(FILE *out, const struct weir_yaml_field *fields,
                         const struct weir_decimal *const *units, const void *object) {
    const char *between = "{";
    for (const struct weir_yaml_field *f = fields; f->type != WEIR_YAML_END; f++) {
        if (f->flags & WEIR_YAML_SILENT) continue;
        fprintf(out, "%s%s: ", between, f->key);
        if (f->type == WEIR_YAML_GROUP)
            print_inline(out, f->fields, units, (const char *)object + f->offset);
        else
            weir_yaml_print_value(out, f, units, object);
        between = ", ";
    }
    fputs(between[0] == '{' ? "{}" : "}", out);
}

static void print_list(FILE *out, const struct weir_yaml_field *field, uint32_t indent,
                       const struct weir_decimal *const *units, const void *object) {
    uint32_t count;
    memcpy(&count, (const char *)object + field->count_offset, sizeof count);
    fprintf(out, "%*s%s:%s\n", (int)indent, "", field->key, count ? "" : " []");
    for (uint32_t i = 0; i < count; i++) {
        const char *item = (const char *)object + field->offset + (size_t)i * field->size;
        fprintf(out, "%*s-", (int)indent + 2, "");
        if (inline_only(field->fields)) {
            fputc(' ', out);
            print_inline(out, field->fields, units, item);
            fputc('\n', out);
        } else {
            fputc('\n', out);
            weir_yaml_print(out, field->fields, indent + 4, units, item);
        }
    }
}

void weir_yaml_print(FILE *out, const struct weir_yaml_field *fields, uint32_t indent,
                     const struct weir_decimal *const *units, const void *object) {
    for (const struct weir_yaml_field *f = fields; f->type != WEIR_YAML_END; f++) {
        const char *at = (const char *)object + f->offset;
        if (f->flags & WEIR_YAML_SILENT) continue;
        if (f->type == WEIR_YAML_CUSTOM) {
            f->print(out, f->key, indent, units, at);
        } else if (f->type == WEIR_YAML_LIST) {
            print_list(out, f, indent, units, object);
        } else {
            fprintf(out, "%*s%s:", (int)indent, "", f->key);
            if (f->type == WEIR_YAML_GROUP && !inline_only(f->fields)) {
                fputc('\n', out);
                weir_yaml_print(out, f->fields, indent + 2, units, at);
                continue;
            }
            fputc(' ', out);
            if (f->type == WEIR_YAML_GROUP)
                print_inline(out, f->fields, units, at);
            else
                weir_yaml_print_value(out, f, units, object);
            fputc('\n', out);
        }
    }
}
