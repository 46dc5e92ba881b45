/* Arrays that never move: address space reserved once, backed block by block. */
#include "base/base.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES (UINT64_C(1) << 16)

int weir_pool_new(struct weir_pool *pool, uint32_t element_size, uint32_t capacity) {
    WEIR_CHECK(element_size > 0 && capacity > 0 && capacity < WEIR_NO_INDEX);
    size_t size = ((size_t)element_size * capacity + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
    void *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return -ENOMEM;
    *pool = (struct weir_pool){.base = base, .element_size = element_size, .capacity = capacity};
    return 0;
}

void weir_pool_free(struct weir_pool *pool) {
    if (!pool->base) return;
    size_t size =
        ((size_t)pool->element_size * pool->capacity + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
    munmap(pool->base, size);
    *pool = (struct weir_pool){0};
}

int weir_pool_commit(struct weir_pool *pool, uint32_t n) {
    if (n <= pool->committed) return 0;
    if (n > pool->capacity) return -ENOMEM;
    /* Doubling keeps the number of system calls logarithmic. */
    uint64_t want = (uint64_t)pool->committed * 2 * pool->element_size;
    uint64_t need = (uint64_t)n * pool->element_size;
    uint64_t size = ((want > need ? want : need) + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
    uint64_t all =
        ((uint64_t)pool->element_size * pool->capacity + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
    if (size > all) size = all;
    if (mprotect(pool->base, size, PROT_READ | PROT_WRITE) != 0) return -ENOMEM;
    uint64_t elements = size / pool->element_size;
    pool->committed = elements > pool->capacity ? pool->capacity : (uint32_t)elements;
    return 0;
}

uint32_t weir_pool_grow(struct weir_pool *pool, uint32_t n) {
    if (n > pool->capacity - pool->count) return WEIR_NO_INDEX;
    if (weir_pool_commit(pool, pool->count + n) != 0) return WEIR_NO_INDEX;
    uint32_t first = pool->count;
    pool->count += n;
    return first;
}

void weir_pool_clear(struct weir_pool *pool) {
    memset(pool->base, 0, (size_t)pool->count * pool->element_size);
    pool->count = 0;
}
