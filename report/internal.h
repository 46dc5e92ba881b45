/* What the files of report/ share; nothing outside includes this. */
#ifndef WEIR_REPORT_INTERNAL_H
#define WEIR_REPORT_INTERNAL_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "report/report.h"

/* ---- Text of the page's data ----------------------------------------------------------------- */
/* Writes text as a JSON string. Bytes that could end the script element around the data or that
 * are no plain ASCII are escaped, so a hostile name cannot leave its string. */
void weir_report_put_text(FILE *out, const char *text);
/* Writes JSON text (pure ASCII) with `<`, `>` and `&` escaped: they occur inside strings only. */
void weir_report_put_json(FILE *out, const char *json);
/* Seven significant digits: more than a chart or a figure of the page shows; null for NaN. */
void weir_report_put_number(FILE *out, double value);

/* Fills error->text and returns -EINVAL. */
int weir_report_refuse(struct weir_file_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* folder/name as a new string, or NULL. */
char *weir_report_path(const char *folder, const char *name);

/* ---- CSV ------------------------------------------------------------------------------------- */
#define WEIR_CSV_COLUMNS 64 /* bound on the fields of a line */

/* A comma-separated file with a header line. Columns are found by name, so a file may order them
 * as it likes and hold more of them. */
struct weir_csv {
    FILE *file;
    const char *name; /* for messages: the name inside the run folder */
    const char *const *columns;
    size_t column_count;
    struct weir_file_error *error;
    char *line;
    size_t capacity;
    uint64_t number; /* of the line, from 1 */
    size_t header_count;
    size_t place[WEIR_CSV_COLUMNS]; /* field number of columns[i] */
    size_t field_count;
    char *fields[WEIR_CSV_COLUMNS];
};
/* Opens folder/name and reads its header; every one of `columns` must be there, but those whose
 * name begins with `?`, which then are empty in every row. 0 or -EINVAL. */
int weir_csv_open(struct weir_csv *csv, const char *folder, const char *name,
                  const char *const *columns, size_t column_count, struct weir_file_error *error);
/* 1: the next row's fields are set; 0: the end; -EINVAL: a line that is none. */
int weir_csv_next(struct weir_csv *csv);
/* Back to the first row. */
int weir_csv_rewind(struct weir_csv *csv);
void weir_csv_close(struct weir_csv *csv);
const char *weir_csv_text(const struct weir_csv *csv, size_t column);
/* The field as a decimal; an empty field gives NaN. 0 or -EINVAL. */
int weir_csv_number(const struct weir_csv *csv, size_t column, double *out);
/* The field as whole nanoseconds >= 0; empty is refused unless `empty_ok` (then -1). */
int weir_csv_time(const struct weir_csv *csv, size_t column, bool empty_ok, int64_t *out);
/* The field as a name of 1 to 31 bytes (R6's names, but any byte is taken). */
int weir_csv_name(const struct weir_csv *csv, size_t column, struct weir_name *out);

/* ---- Parts of the data ----------------------------------------------------------------------- */
/* summary.json, read and checked: every key the page needs is there and of its kind. A new
 * reference, or NULL with *error filled. */
json_t *weir_report_summary(const char *folder, struct weir_file_error *error);
/* Each writes one member of the data object, `"name":{...}`, without a comma around it. */
int weir_report_series(const char *folder, FILE *out, struct weir_file_error *error);
int weir_report_liquidations(const char *folder, FILE *out, struct weir_file_error *error);
int weir_report_adl(const char *folder, FILE *out, struct weir_file_error *error);

/* The page around the data, made from assets/ at build time by embed.py. */
extern const unsigned char weir_report_page_head[];
extern const size_t weir_report_page_head_size;
extern const unsigned char weir_report_page_tail[];
extern const size_t weir_report_page_tail_size;

#endif
