#include "cli/allocator.h"

#include <stdio.h>

/* The calls of mallctl here are what keeps the linker from dropping jemalloc (--as-needed). */
#ifdef WEIR_HAVE_JEMALLOC
#include <jemalloc/jemalloc.h>

const char *weir_allocator_name(char *text, size_t size) {
    const char *version = NULL;
    size_t length = sizeof(version);
    if (mallctl("version", &version, &length, NULL, 0) != 0) version = "of unknown version";
    (void)snprintf(text, size, "jemalloc %s", version);
    return text;
}

bool weir_allocator_thread_bytes(uint64_t *bytes) {
    uint64_t allocated = 0;
    size_t length = sizeof(allocated);
    if (mallctl("thread.allocated", &allocated, &length, NULL, 0) != 0) return false;
    *bytes = allocated;
    return true;
}

#else

const char *weir_allocator_name(char *text, size_t size) {
    (void)snprintf(text, size, "system");
    return text;
}

bool weir_allocator_thread_bytes(uint64_t *bytes) {
    (void)bytes;
    return false;
}

#endif
