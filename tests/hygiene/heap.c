#include "tests/hygiene/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(WEIR_HAVE_JEMALLOC)
#include <jemalloc/jemalloc.h>

const char *const heap_counted_by = "jemalloc";

uint64_t heap_use(void) {
    uint64_t taken = 0, given = 0;
    size_t size = sizeof taken;
    if (mallctl("thread.allocated", &taken, &size, NULL, 0) != 0 ||
        mallctl("thread.deallocated", &given, &size, NULL, 0) != 0)
        abort();
    return taken + given;
}

#elif defined(SANITIZED)

/* Of the sanitizer's own header, which gcc does not bring. */
int __sanitizer_install_malloc_and_free_hooks(void (*take)(const volatile void *, size_t),
                                              void (*give)(const volatile void *));

const char *const heap_counted_by = "the sanitizer's hooks";
static uint64_t calls;

static void on_take(const volatile void *at, size_t size) {
    (void)at, (void)size;
    calls++;
}
static void on_give(const volatile void *at) {
    (void)at;
    calls++;
}

uint64_t heap_use(void) {
    static bool hooked;
    if (!hooked && __sanitizer_install_malloc_and_free_hooks(on_take, on_give) == 0) abort();
    hooked = true;
    return calls;
}

#else

const char *const heap_counted_by = "calls of the allocator";
static uint64_t calls;

/* The C library's own, below the names that this program takes over. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *at);

void *malloc(size_t size) {
    calls++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    calls++;
    return __libc_calloc(count, size);
}
void *realloc(void *at, size_t size) {
    calls++;
    return __libc_realloc(at, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    calls++;
    return __libc_memalign(alignment, size);
}
void free(void *at) {
    calls++;
    __libc_free(at);
}

uint64_t heap_use(void) {
    return calls;
}

#endif
