/* Writing the page's data: JSON inside a script element. */
#include "report/internal.h"

#include <math.h>

void weir_report_put_text(FILE *out, const char *text) {
    (void)fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        bool plain = *at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\' && *at != '<' &&
                     *at != '>' && *at != '&';
        if (plain)
            (void)fputc(*at, out);
        else
            (void)fprintf(out, "\\u%04x", *at);
    }
    (void)fputc('"', out);
}

void weir_report_put_json(FILE *out, const char *json) {
    for (; *json != 0; json++) {
        if (*json == '<' || *json == '>' || *json == '&')
            (void)fprintf(out, "\\u%04x", (unsigned)*json);
        else
            (void)fputc(*json, out);
    }
}

void weir_report_put_number(FILE *out, double value) {
    if (isfinite(value))
        (void)fprintf(out, "%.7g", value);
    else
        (void)fputs("null", out);
}
