/* Venue files and settings from outside. The input is the file's text; after a NUL byte come
 * settings, path and value, each ended by a NUL byte. What loads must print, and what is printed
 * must read back to the same digest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "market/market.h"

#define SETTINGS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct weir_setting settings[SETTINGS_MAX];
    struct weir_file_error error = {{0}};
    size_t count = 0;
    char *copy = malloc(size + 1);
    if (!copy) return 0;
    memcpy(copy, data, size);
    copy[size] = 0;
    size_t text = strnlen(copy, size), at = text + 1;
    while (at < size && count < SETTINGS_MAX) {
        size_t value = at + strlen(copy + at) + 1;
        if (value > size) break;
        settings[count++] = (struct weir_setting){copy + at, copy + value};
        at = value + strlen(copy + value) + 1;
    }
    struct weir_venue *venue = weir_venue_parse(copy, text, "fuzz", settings, count, &error);
    if (venue) {
        char *printed = weir_venue_print(venue);
        WEIR_CHECK(printed);
        struct weir_venue *again =
            weir_venue_parse(printed, strlen(printed), "printed", NULL, 0, &error);
        WEIR_CHECK(again && again->digest == venue->digest);
        weir_venue_free(again);
        free(printed);
    } else {
        WEIR_CHECK(error.text[0] != 0);
    }
    weir_venue_free(venue);
    free(copy);
    return 0;
}
