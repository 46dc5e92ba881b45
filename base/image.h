/* image: the state of a machine as one stream of bytes, from which another one of the same venue
 * and build goes on as if it were the first. Every structure has one function that names its parts
 * in order; it saves them or loads them, so that both can never differ. Parts are plain bytes:
 * indices, no addresses. A stream is only as good as whoever keeps it: what is read has been
 * checked by its checksums before, sizes and counts are checked here. */
#ifndef WEIR_IMAGE_H
#define WEIR_IMAGE_H

#include "base/base.h"

struct weir_image {
    /* Saving: takes `size` bytes; loading: gives as many. 0 or -errno. */
    int (*move)(void *ctx, void *bytes, uint64_t size);
    void *ctx;
    bool load;
    int error;        /* the first one; nothing is moved after it. -EBADMSG: a part does not fit */
    const char *part; /* the part that failed */
};

/* So many bytes, as many in the machine that loads them. */
void weir_image_bytes(struct weir_image *image, const char *part, void *bytes, uint64_t size);
/* Beside a function that names the fields of a structure: who adds one is told to name it there. */
#define WEIR_IMAGED(bytes, size)                                                                   \
    _Static_assert((size_t)(bytes) == (size), "a field came or went: the image names them all")
#define WEIR_IMAGE(image, value) weir_image_bytes(image, #value, &(value), sizeof(value))
/* The elements in use. Loading: into a pool that has none yet, and room for them. */
void weir_image_pool(struct weir_image *image, const char *part, struct weir_pool *pool);
/* Memory made by weir_table_new of *count elements. Loading: the machine's own is exchanged for one
 * of the saved size, which is at most `most` elements. */
void weir_image_table(struct weir_image *image, const char *part, void **table, uint64_t *count,
                      uint64_t element_size, uint64_t most);
void weir_image_name_map(struct weir_image *image, const char *part, struct weir_name_map *map);
void weir_image_timers(struct weir_image *image, const char *part, struct weir_timers *timers);
/* Loading only: what was read is not what it must be. */
void weir_image_refuse(struct weir_image *image, const char *part);

#endif
