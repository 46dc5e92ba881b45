/* The allocator behind the program, and what it counts: the proof that the hot loop allocates
 * nothing. */
#ifndef WEIR_CLI_ALLOCATOR_H
#define WEIR_CLI_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes "jemalloc VERSION" or "system" with a terminating zero; returns text. */
const char *weir_allocator_name(char *text, size_t size);

/* *bytes = bytes that the calling thread has allocated since it began (freed ones included).
 * False, *bytes untouched, when the allocator does not count. Allocates nothing. */
bool weir_allocator_thread_bytes(uint64_t *bytes);

#endif
