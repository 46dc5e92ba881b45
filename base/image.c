/* The state as a stream of parts: each is a head, which says what it is and how long, and bytes. */
#include "base/image.h"

#include <errno.h>

struct head {
    uint64_t part; /* of its name */
    uint64_t count;
    uint64_t element_size;
};

static void move(struct weir_image *image, const char *part, void *bytes, uint64_t size) {
    if (image->error != 0 || size == 0) return;
    image->error = image->move(image->ctx, bytes, size);
    if (image->error != 0) image->part = part;
}

void weir_image_refuse(struct weir_image *image, const char *part) {
    if (image->error != 0) return;
    image->error = -EBADMSG;
    image->part = part;
}

/* Moves the head: of what is saved, or of what is to be loaded. Returns its count; 0 after an
 * error. */
static uint64_t begin(struct weir_image *image, const char *part, uint64_t count,
                      uint64_t element_size) {
    struct head own = {weir_random_key(0, part), count, element_size}, head = own;
    move(image, part, &head, sizeof head);
    if (head.part != own.part || head.element_size != own.element_size)
        weir_image_refuse(image, part);
    return image->error != 0 ? 0 : head.count;
}

void weir_image_bytes(struct weir_image *image, const char *part, void *bytes, uint64_t size) {
    if (begin(image, part, size, 1) == size)
        move(image, part, bytes, size);
    else
        weir_image_refuse(image, part);
}

void weir_image_pool(struct weir_image *image, const char *part, struct weir_pool *pool) {
    uint64_t count = begin(image, part, pool->count, pool->element_size);
    if (image->error != 0) return;
    if (image->load) {
        if (count > pool->capacity) {
            weir_image_refuse(image, part);
            return;
        }
        image->error = weir_pool_commit(pool, (uint32_t)count);
        if (image->error != 0) image->part = part;
    }
    move(image, part, pool->base, count * pool->element_size);
    if (image->error == 0) pool->count = (uint32_t)count;
}

void weir_image_table(struct weir_image *image, const char *part, void **table, uint64_t *count,
                      uint64_t element_size, uint64_t most) {
    uint64_t saved = begin(image, part, *count, element_size);
    if (image->error != 0) return;
    if (saved > most) {
        weir_image_refuse(image, part);
        return;
    }
    if (saved != *count) {
        void *fresh = weir_table_new(saved * element_size);
        if (fresh == NULL) {
            image->error = -ENOMEM;
            image->part = part;
            return;
        }
        weir_table_free(*table, *count * element_size);
        *table = fresh;
        *count = saved;
    }
    move(image, part, *table, saved * element_size);
}

void weir_image_name_map(struct weir_image *image, const char *part, struct weir_name_map *map) {
    uint64_t size = (uint64_t)map->mask + 1;
    void *slots = map->slots;
    weir_image_table(image, part, &slots, &size, sizeof *map->slots, UINT64_C(1) << 32);
    if (size == 0 || (size & (size - 1)) != 0) weir_image_refuse(image, part);
    map->slots = slots;
    map->mask = (uint32_t)(size - 1);
    WEIR_IMAGE(image, map->count);
}

void weir_image_timers(struct weir_image *image, const char *part, struct weir_timers *timers) {
    weir_image_bytes(image, part, timers->at, (uint64_t)timers->slots * 2 * sizeof *timers->at);
}
