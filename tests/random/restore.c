#include "restore.h"

#include "base/image.h"

#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t *at;
    uint64_t used, size, read;
};

static int save(void *ctx, void *from, uint64_t size) {
    struct bytes *b = ctx;
    if (b->size - b->used < size) {
        b->size = 2 * (b->used + size);
        b->at = realloc(b->at, b->size);
        if (b->at == NULL) abort();
    }
    memcpy(b->at + b->used, from, size);
    b->used += size;
    return 0;
}

static int load(void *ctx, void *to, uint64_t size) {
    struct bytes *b = ctx;
    if (b->used - b->read < size) return -1;
    memcpy(to, b->at + b->read, size);
    b->read += size;
    return 0;
}

const char *weir_restore(struct weir_engine **engine, const struct weir_venue *venue,
                         const struct weir_engine_options *options, weir_event_sink sink,
                         void *sink_ctx) {
    struct bytes bytes = {0};
    const char *problem = NULL;
    struct weir_image out = {.move = save, .ctx = &bytes};
    struct weir_image in = {.move = load, .ctx = &bytes, .load = true};
    uint64_t digest = weir_engine_digest(*engine);
    struct weir_engine *fresh = weir_engine_new(venue, options, sink, sink_ctx);
    if (fresh == NULL) abort();
    if (weir_engine_image(*engine, &out) != 0)
        problem = "an image cannot be made";
    else if (weir_engine_image(fresh, &in) != 0)
        problem = in.part;
    else if (bytes.read != bytes.used)
        problem = "an image has more than was loaded";
    else if (weir_engine_digest(fresh) != digest)
        problem = "the digest of a restored engine differs";
    else
        problem = weir_engine_audit(fresh);
    free(bytes.at);
    if (problem != NULL) {
        weir_engine_free(fresh);
        return problem;
    }
    weir_engine_free(*engine);
    *engine = fresh;
    return NULL;
}
