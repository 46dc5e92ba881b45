/* What this thread took from the heap and gave back. */
#ifndef WEIR_TESTS_HYGIENE_HEAP_H
#define WEIR_TESTS_HYGIENE_HEAP_H

#include <stdint.h>

/* Grows with every allocation and release: bytes by jemalloc's own count of this thread, else calls
 * that the test program, which stands before the C library's allocator, or the sanitizer's hooks
 * see. */
uint64_t heap_use(void);
/* How it is counted, for messages. */
extern const char *const heap_counted_by;

#endif
