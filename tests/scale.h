/* How much a long test does. WEIR_TEST_SCALE is a percentage of the full count, set lower where
 * every instruction costs more (sanitizers, valgrind) and higher for a long search. */
#ifndef WEIR_TESTS_SCALE_H
#define WEIR_TESTS_SCALE_H

#include <stdint.h>
#include <stdlib.h>

/* WEIR_TEST_SCALE percent of `full`, at least 1; `full` where it is unset or no number. */
static inline uint64_t weir_test_scale(uint64_t full) {
    const char *text = getenv("WEIR_TEST_SCALE");
    char *end = NULL;
    unsigned long percent = text != NULL ? strtoul(text, &end, 10) : 100;
    if (text != NULL && (end == text || *end != 0)) percent = 100;
    uint64_t count = full * (uint64_t)percent / 100;
    return count > 0 ? count : 1;
}

#endif
