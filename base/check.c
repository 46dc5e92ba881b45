/* What happens when an invariant of ours is broken: say so, and stop. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

static void (*describe_fn)(void *ctx, char *text, size_t size);
static void *describe_ctx;

void weir_check_context(void (*describe)(void *ctx, char *text, size_t size), void *ctx) {
    describe_fn = describe;
    describe_ctx = ctx;
}

_Noreturn void weir_check_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "weir: broken invariant at %s:%d: %s\n", file, line, condition);
    if (describe_fn) {
        char text[512] = "";
        void (*fn)(void *, char *, size_t) = describe_fn;
        describe_fn = NULL; /* a check that fails inside must not come back here */
        fn(describe_ctx, text, sizeof text);
        fprintf(stderr, "weir: %s\n", text);
    }
    abort();
}
