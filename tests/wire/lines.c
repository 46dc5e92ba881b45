/* The line cutter, over pipes that give what they like when they like. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/wire/random.h"

struct feed {
    int fd;
    const char *text;
    size_t size;
    struct weir_random random;
};

static void *feed(void *arg) {
    struct feed *f = arg;
    for (size_t at = 0; at < f->size;) {
        size_t n = 1 + weir_random_below(&f->random, 1u << weir_random_below(&f->random, 17));
        if (n > f->size - at) n = f->size - at;
        ssize_t written = write(f->fd, f->text + at, n);
        if (written <= 0) break;
        at += (size_t)written;
    }
    close(f->fd);
    return NULL;
}

/* Cuts `text` fed through a pipe and compares with cutting it in memory. */
static void check(const char *text, size_t size, uint64_t seed) {
    int ends[2];
    pthread_t thread;
    const char *line, *at = text;
    size_t length;
    uint64_t number, expected = 0;
    cr_assert_eq(pipe(ends), 0);
    struct feed f = {ends[1], text, size, {.key = seed}};
    cr_assert_eq(pthread_create(&thread, NULL, feed, &f), 0);
    struct weir_lines *lines = weir_lines_new(ends[0]);
    for (;;) {
        int status = weir_lines_next(lines, &line, &length, &number);
        if (at == text + size) {
            cr_assert_eq(status, 0);
            break;
        }
        const char *end = memchr(at, '\n', (size_t)(text + size - at));
        size_t whole = (size_t)((end ? end : text + size) - at);
        cr_assert_eq(status, 1);
        cr_assert_eq(number, ++expected);
        cr_assert_eq(length, whole);
        size_t shown = whole > WEIR_LINE_MAX ? WEIR_LINE_MAX : whole;
        cr_assert_eq(memcmp(line, at, shown), 0, "line %d", (int)number);
        at += whole + (end != NULL);
    }
    cr_assert(weir_lines_ready(lines));
    cr_assert_eq(weir_lines_next(lines, &line, &length, &number), 0, "the end stays the end");
    weir_lines_free(lines);
    pthread_join(thread, NULL);
    close(ends[0]);
}

Test(lines, hand_made) {
    static const char *const texts[] = {"", "\n", "a", "a\n", "\n\n", "a\nb", "a\n\nb\n", "a\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check(texts[i], strlen(texts[i]), i);
    check("a\0b\n\0", 5, 1);
}

Test(lines, random_lengths) {
    struct weir_random r = {.key = weir_random_key(2, "lines")};
    size_t size = 3u << 20;
    char *text = malloc(size);
    for (uint64_t round = 0; round < 6; round++) {
        uint64_t mean = 1u << (round * 4);
        for (size_t i = 0; i < size; i++) {
            uint64_t x = weir_random_next(&r);
            text[i] = x % (mean * 16) < 16 ? '\n' : (char)(x >> 40 | 0x20);
        }
        check(text, size, round);
    }
    free(text);
}

/* Lines around the limit and the size of a buffer, and one of ten megabytes. */
Test(lines, limits) {
    static const size_t sizes[] = {
        WEIR_LINE_MAX - 1, WEIR_LINE_MAX,         WEIR_LINE_MAX + 1, 4 * WEIR_LINE_MAX - 1,
        4 * WEIR_LINE_MAX, 4 * WEIR_LINE_MAX + 1, 10u << 20};
    char *text = malloc((10u << 20) + 100);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(text, 'x', sizes[i]);
        memcpy(text + sizes[i], "\nend\n", 5);
        check(text, sizes[i] + 5, i);
        check(text, sizes[i], i);
    }
    free(text);
}

Test(lines, ready_means_no_read) {
    int ends[2];
    const char *line;
    size_t length;
    uint64_t number;
    cr_assert_eq(pipe(ends), 0);
    struct weir_lines *lines = weir_lines_new(ends[0]);
    cr_assert(!weir_lines_ready(lines));
    cr_assert_eq(write(ends[1], "a\nb\nc", 5), 5);
    cr_assert_eq(weir_lines_next(lines, &line, &length, &number), 1);
    cr_assert(weir_lines_ready(lines));
    cr_assert_eq(weir_lines_next(lines, &line, &length, &number), 1);
    cr_assert(!weir_lines_ready(lines), "half a line is not there");
    close(ends[1]);
    cr_assert_eq(weir_lines_next(lines, &line, &length, &number), 1);
    cr_assert(length == 1 && line[0] == 'c');
    weir_lines_free(lines);
    struct weir_lines *bad = weir_lines_new(-1);
    cr_assert_lt(weir_lines_next(bad, &line, &length, &number), 0);
    weir_lines_free(bad);
}
