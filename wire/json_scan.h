/* Inside wire/: the grammar of JSON, without any meaning. Scans a line that nobody vouches for;
 * never reads past its end, allocates nothing. */
#ifndef WEIR_WIRE_JSON_SCAN_H
#define WEIR_WIRE_JSON_SCAN_H

#include "wire/internal.h"

struct scan {
    const char *p, *start, *end;
    const char *problem; /* set by the first failure; p then stands where it is */
};
enum span_kind {
    SPAN_STRING = 0, /* text without the quotes */
    SPAN_INTEGER,
    SPAN_TRUE,
    SPAN_FALSE,
    SPAN_NULL,
    SPAN_OBJECT, /* text with the brackets */
    SPAN_ARRAY
};
struct span {
    const char *text;
    uint32_t size;
    uint8_t kind;
    bool escaped; /* a string with backslashes */
};

static inline int scan_peek(const struct scan *s) {
    return s->p < s->end ? (unsigned char)*s->p : -1;
}
static inline void scan_space(struct scan *s) {
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
        s->p++;
}
static inline bool scan_fail(struct scan *s, const char *problem) {
    s->problem = problem;
    return false;
}
/* Takes the byte `c` or fails. */
static inline bool scan_take(struct scan *s, char c, const char *problem) {
    if (scan_peek(s) != c) return scan_fail(s, problem);
    s->p++;
    return true;
}
/* A string at its opening quote; p then stands behind the closing one. */
bool weir_scan_string(struct scan *s, struct span *out);
/* Any value; one with brackets of any depth. */
bool weir_scan_value(struct scan *s, struct span *out);
/* Decodes the escapes of a scanned string as UTF-8 into `text` (size of the span suffices). */
size_t weir_scan_decode(const struct span *string, char *text);
/* The first key that is the second of its name in its object, anywhere in the well-formed object
 * text[0,size); NULL when there is none. */
const char *weir_scan_duplicate(const char *text, size_t size);

#endif
