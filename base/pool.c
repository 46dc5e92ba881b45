/* Arrays that never move: address space reserved once, backed block by block; and tables. */
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK_BYTES (UINT64_C(1) << 16)
/* Of a large page: one entry of the translation cache for it all, where small pages take 512. */
#define LARGE_PAGE  (UINT64_C(1) << 21)
/* Pools ask for large pages from here on: a processor's translation cache still covers this with
 * small ones, and what the last large page of a pool wastes is little of it. */
#define LARGE_FROM  (UINT64_C(16) << 20)
/* Room made ahead: this part of what is in use, and a block at least. */
#define AHEAD_PART  16

static uint64_t round_up(uint64_t bytes, uint64_t unit) {
    return (bytes + unit - 1) & ~(unit - 1);
}

static uint64_t bytes_of(const struct weir_pool *pool, uint64_t n) {
    return round_up(n * pool->element_size, BLOCK_BYTES);
}

/* Memory that begins where a large page may; NULL when there is none. */
static uint8_t *reserve(uint64_t size, int rights, int flags) {
    uint64_t slack = size >= LARGE_PAGE ? LARGE_PAGE : 0;
    uint8_t *base = mmap(NULL, size + slack, rights, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    if (base == MAP_FAILED) return NULL;
    if (slack == 0) return base;
    uint64_t before = round_up((uintptr_t)base, LARGE_PAGE) - (uintptr_t)base;
    if (before > 0) munmap(base, before);
    if (before < slack) munmap(base + before + size, slack - before);
    return base + before;
}

int weir_pool_new(struct weir_pool *pool, uint32_t element_size, uint32_t capacity) {
    WEIR_CHECK(element_size > 0 && capacity > 0 && capacity < WEIR_NO_INDEX);
    struct weir_pool made = {.element_size = element_size, .capacity = capacity};
    made.base = reserve(bytes_of(&made, capacity), PROT_NONE, MAP_NORESERVE);
    if (made.base == NULL) return -ENOMEM;
    *pool = made;
    return 0;
}

void weir_pool_free(struct weir_pool *pool) {
    if (!pool->base) return;
    munmap(pool->base, bytes_of(pool, pool->capacity));
    *pool = (struct weir_pool){0};
}

int weir_pool_commit(struct weir_pool *pool, uint32_t n) {
    if (n <= pool->committed) return 0;
    if (n > pool->capacity) return -ENOMEM;
    /* Doubling keeps the number of system calls logarithmic. */
    uint64_t want = (uint64_t)pool->committed * 2 * pool->element_size;
    uint64_t need = (uint64_t)n * pool->element_size, all = bytes_of(pool, pool->capacity);
    uint64_t size = round_up(want > need ? want : need, BLOCK_BYTES);
    if (size >= LARGE_FROM) size = round_up(size, LARGE_PAGE);
    if (size > all) size = all;
    if (mprotect(pool->base, size, PROT_READ | PROT_WRITE) != 0) return -ENOMEM;
    if (size >= LARGE_FROM && (uint64_t)pool->committed * pool->element_size < LARGE_FROM)
        madvise(pool->base, all, MADV_HUGEPAGE);
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

void weir_memory_touch(void *from, uint64_t bytes) {
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)from & (page - 1);
    uint8_t *first = (uint8_t *)from - before;
    bytes += before;
#ifdef MADV_POPULATE_WRITE
    if (madvise(first, bytes, MADV_POPULATE_WRITE) == 0) return;
#endif
    for (uint64_t at = 0; at < bytes; at += page) {
        volatile uint8_t *byte = at == 0 ? from : first + at;
        *byte = *byte;
    }
}

void weir_pool_make_room(struct weir_pool *pool) {
    weir_pool_room_behind(pool, pool->count);
}

void weir_pool_room_behind(struct weir_pool *pool, uint32_t count) {
    uint64_t used = (uint64_t)count * pool->element_size;
    uint64_t ahead = used / AHEAD_PART > BLOCK_BYTES ? used / AHEAD_PART : BLOCK_BYTES;
    if (pool->base == NULL || used + ahead / 2 <= pool->present) return;
    uint64_t n = (used + ahead) / pool->element_size;
    if (weir_pool_commit(pool, n < pool->capacity ? (uint32_t)n : pool->capacity) != 0) return;
    uint64_t to = bytes_of(pool, n < pool->capacity ? n : pool->capacity);
    uint64_t backed = round_up((uint64_t)pool->committed * pool->element_size, BLOCK_BYTES);
    if (to > backed) to = backed;
    if (to <= pool->present) return;
    weir_memory_touch(pool->base + pool->present, to - pool->present);
    pool->present = to;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

void *weir_table_new(uint64_t bytes) {
    if (bytes < LARGE_FROM) return calloc(1, bytes);
    uint8_t *table = reserve(round_up(bytes, BLOCK_BYTES), PROT_READ | PROT_WRITE, 0);
    if (table != NULL) madvise(table, bytes, MADV_HUGEPAGE);
    return table;
}

void weir_table_free(void *table, uint64_t bytes) {
    if (bytes < LARGE_FROM)
        free(table);
    else if (table != NULL)
        munmap(table, round_up(bytes, BLOCK_BYTES));
}
