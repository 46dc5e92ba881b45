/* A stream of bytes cut into lines. */
#include "wire/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE (4 * WEIR_LINE_MAX)

struct weir_lines {
    int fd;
    bool ended;
    bool skipping; /* behind an over-long line's beginning, its newline not yet seen */
    uint64_t number;
    size_t from, to;          /* what has been read and not yet given: buffer[from,to) */
    size_t searched;          /* buffer[from,searched) holds no newline */
    size_t long_size;         /* of the over-long line that is being skipped */
    char kept[WEIR_LINE_MAX]; /* its beginning */
    char buffer[BUFFER_SIZE];
};

struct weir_lines *weir_lines_new(int fd) {
    struct weir_lines *lines = malloc(sizeof *lines);
    if (!lines) return NULL;
    lines->fd = fd;
    lines->ended = lines->skipping = false;
    lines->number = 0;
    lines->from = lines->to = lines->searched = lines->long_size = 0;
    return lines;
}

void weir_lines_free(struct weir_lines *lines) {
    free(lines);
}

void weir_lines_begin(struct weir_lines *lines, const void *bytes, size_t size) {
    WEIR_CHECK(lines->to == 0 && !lines->ended && size <= 4096);
    memcpy(lines->buffer, bytes, size);
    lines->to = size;
}

bool weir_lines_ready(const struct weir_lines *lines) {
    return lines->ended ||
           memchr(lines->buffer + lines->searched, '\n', lines->to - lines->searched) != NULL;
}

/* More bytes behind those there are. 1, 0 at the end of input, or -errno. */
static int fill(struct weir_lines *lines) {
    if (lines->from > 0) {
        memmove(lines->buffer, lines->buffer + lines->from, lines->to - lines->from);
        lines->to -= lines->from;
        lines->searched -= lines->from;
        lines->from = 0;
    }
    WEIR_CHECK(lines->to < BUFFER_SIZE);
    ssize_t n = read(lines->fd, lines->buffer + lines->to, BUFFER_SIZE - lines->to);
    if (n < 0) return -errno;
    lines->to += (size_t)n;
    if (n == 0) lines->ended = true;
    return n > 0;
}

/* Gives buffer[from,from+size) as a line; `used` more than that is taken. */
static int give(struct weir_lines *lines, size_t size, size_t used, const char **line,
                size_t *out_size, uint64_t *number) {
    *line = lines->buffer + lines->from;
    *out_size = size;
    if (lines->skipping) {
        lines->long_size += size;
        *line = lines->kept;
        *out_size = lines->long_size;
        lines->skipping = false;
    }
    *number = ++lines->number;
    lines->from += used;
    lines->searched = lines->from;
    return 1;
}

int weir_lines_next(struct weir_lines *lines, const char **line, size_t *size, uint64_t *number) {
    for (;;) {
        const char *newline =
            memchr(lines->buffer + lines->searched, '\n', lines->to - lines->searched);
        size_t held = lines->to - lines->from;
        if (newline) {
            size_t length = (size_t)(newline - lines->buffer) - lines->from;
            return give(lines, length, length + 1, line, size, number);
        }
        lines->searched = lines->to;
        if (lines->ended) {
            if (held == 0 && !lines->skipping) return 0;
            return give(lines, held, held, line, size, number);
        }
        if (held > WEIR_LINE_MAX) {
            if (!lines->skipping) {
                memcpy(lines->kept, lines->buffer + lines->from, WEIR_LINE_MAX);
                lines->long_size = 0;
                lines->skipping = true;
            }
            lines->long_size += held;
            lines->from = lines->to;
        }
        int status = fill(lines);
        if (status < 0) return status;
    }
}
