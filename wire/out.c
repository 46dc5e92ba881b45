/* Appending JSON text. */
#include "wire/internal.h"

#include <string.h>

void weir_out_string(struct out *o, const char *text) {
    static const char hex[] = "0123456789abcdef";
    OUT(o, "\"");
    for (const char *p = text ? text : ""; *p != 0; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            char pair[2] = {'\\', *p};
            out_bytes(o, pair, 2);
        } else if (c < 0x20 || c >= 0x7F) {
            /* Our own sentences are ASCII; what is not is shown, one byte at a time. */
            char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            out_bytes(o, code, 6);
        } else {
            out_bytes(o, p, 1);
        }
    }
    OUT(o, "\"");
}

void weir_out_name(struct out *o, const struct weir_name *name) {
    if (!name) {
        OUT(o, "null");
        return;
    }
    OUT(o, "\"");
    out_bytes(o, name->text, weir_name_size(name));
    OUT(o, "\"");
}

void weir_out_integer(struct out *o, int64_t value) {
    char text[24];
    size_t at = sizeof text;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        text[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest != 0);
    if (value < 0) text[--at] = '-';
    out_bytes(o, text + at, sizeof text - at);
}

void weir_out_decimal(struct out *o, weir_wide value, const struct weir_decimal *unit,
                      uint8_t digits) {
    char text[128];
    size_t size = weir_decimal_print(value, unit, digits, text, sizeof text);
    OUT(o, "\"");
    out_bytes(o, text, size);
    OUT(o, "\"");
}
