#include "report/internal.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 48 /* bytes of an offending value that a message repeats */

int weir_report_refuse(struct weir_file_error *error, const char *format, ...) {
    va_list list;
    va_start(list, format);
    (void)vsnprintf(error->text, sizeof error->text, format, list);
    va_end(list);
    return -EINVAL;
}

char *weir_report_path(const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path == NULL) return NULL;
    (void)snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* Cuts the line at commas. False when it has more than WEIR_CSV_COLUMNS fields. */
static bool split(struct weir_csv *csv) {
    csv->field_count = 0;
    for (char *at = csv->line;;) {
        if (csv->field_count == WEIR_CSV_COLUMNS) return false;
        csv->fields[csv->field_count++] = at;
        char *comma = strchr(at, ',');
        if (comma == NULL) return true;
        *comma = 0;
        at = comma + 1;
    }
}

/* Reads a line into csv->line without its newline: 1, 0 at the end, -EINVAL. */
static int next_line(struct weir_csv *csv) {
    ssize_t size = getline(&csv->line, &csv->capacity, csv->file);
    if (size < 0) {
        if (feof(csv->file)) return 0;
        return weir_report_refuse(csv->error, "%s: cannot be read: %s", csv->name, strerror(errno));
    }
    csv->number++;
    if (csv->line[size - 1] != '\n')
        return weir_report_refuse(csv->error,
                                  "%s:%llu:%zd: the line has no end: the file is truncated",
                                  csv->name, (unsigned long long)csv->number, size + 1);
    csv->line[--size] = 0;
    if (size > 0 && csv->line[size - 1] == '\r') csv->line[--size] = 0;
    const char *nul = memchr(csv->line, 0, (size_t)size);
    if (nul != NULL)
        return weir_report_refuse(csv->error, "%s:%llu:%td: a NUL byte: not a text file", csv->name,
                                  (unsigned long long)csv->number, nul - csv->line + 1);
    if (!split(csv))
        return weir_report_refuse(csv->error, "%s:%llu: more than %d fields", csv->name,
                                  (unsigned long long)csv->number, WEIR_CSV_COLUMNS);
    return 1;
}

static int read_header(struct weir_csv *csv) {
    int got = next_line(csv);
    if (got < 0) return got;
    if (got == 0)
        return weir_report_refuse(csv->error, "%s: empty: expected a header line with %s, ...",
                                  csv->name, csv->columns[0]);
    csv->header_count = csv->field_count;
    for (size_t i = 0; i < csv->column_count; i++) {
        const bool optional = csv->columns[i][0] == '?';
        size_t at = 0;
        while (at < csv->field_count &&
               strcmp(csv->fields[at], csv->columns[i] + (optional ? 1 : 0)) != 0)
            at++;
        if (at == csv->field_count && !optional)
            return weir_report_refuse(csv->error, "%s:1: the header has no column `%s`", csv->name,
                                      csv->columns[i]);
        csv->place[i] = at;
    }
    return 0;
}

int weir_csv_open(struct weir_csv *csv, const char *folder, const char *name,
                  const char *const *columns, size_t column_count, struct weir_file_error *error) {
    *csv = (struct weir_csv){
        .name = name, .columns = columns, .column_count = column_count, .error = error};
    char *path = weir_report_path(folder, name);
    if (path == NULL) return weir_report_refuse(error, "%s: out of memory", name);
    csv->file = fopen(path, "re");
    if (csv->file == NULL) {
        int result =
            weir_report_refuse(error, "%.300s: cannot be opened: %s", path, strerror(errno));
        free(path);
        return result;
    }
    free(path);
    int result = read_header(csv);
    if (result < 0) weir_csv_close(csv);
    return result;
}

int weir_csv_next(struct weir_csv *csv) {
    int got = next_line(csv);
    if (got <= 0) return got;
    if (csv->field_count != csv->header_count)
        return weir_report_refuse(csv->error, "%s:%llu: %zu fields, the header has %zu%s",
                                  csv->name, (unsigned long long)csv->number, csv->field_count,
                                  csv->header_count,
                                  csv->field_count < csv->header_count ? ": the line is cut" : "");
    return 1;
}

int weir_csv_rewind(struct weir_csv *csv) {
    rewind(csv->file);
    csv->number = 0;
    return read_header(csv);
}

void weir_csv_close(struct weir_csv *csv) {
    if (csv->file != NULL) (void)fclose(csv->file);
    free(csv->line);
    csv->file = NULL;
    csv->line = NULL;
}

const char *weir_csv_text(const struct weir_csv *csv, size_t column) {
    size_t place = csv->place[column];
    return place < csv->header_count ? csv->fields[place] : "";
}

static int refuse_field(const struct weir_csv *csv, size_t column, const char *expected) {
    const char *text = weir_csv_text(csv, column);
    return weir_report_refuse(csv->error, "%s:%llu:%td: %s `%.*s`: expected %s", csv->name,
                              (unsigned long long)csv->number, text - csv->line + 1,
                              csv->columns[column] + (csv->columns[column][0] == '?'), SHOWN_MAX,
                              text, expected);
}

int weir_csv_number(const struct weir_csv *csv, size_t column, double *out) {
    const char *text = weir_csv_text(csv, column);
    if (*text == 0) {
        *out = (double)NAN;
        return 0;
    }
    /* strtod also takes inf, nan and hexadecimal: only a plain decimal may reach it. */
    if (text[strspn(text, "+-.0123456789eE")] != 0)
        return refuse_field(csv, column, "a decimal number");
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !isfinite(value))
        return refuse_field(csv, column, "a decimal number");
    *out = value;
    return 0;
}

int weir_csv_time(const struct weir_csv *csv, size_t column, bool empty_ok, int64_t *out) {
    const char *text = weir_csv_text(csv, column);
    if (*text == 0 && empty_ok) {
        *out = -1;
        return 0;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != 0 || errno != 0)
        return refuse_field(csv, column, "nanoseconds, a whole number from 0 to 2^63 - 1");
    *out = value;
    return 0;
}

int weir_csv_name(const struct weir_csv *csv, size_t column, struct weir_name *out) {
    const char *text = weir_csv_text(csv, column);
    size_t size = strlen(text);
    if (size < 1 || size >= sizeof out->text)
        return refuse_field(csv, column, "a name of 1 to 31 characters");
    *out = (struct weir_name){0};
    memcpy(out->text, text, size);
    return 0;
}
