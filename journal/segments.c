/* The list of a folder's segments. */
#include "journal/internal.h"

#include <errno.h>
#include <stdlib.h>

int weir_segments_reserve(struct segments *segments) {
    uint32_t room = segments->room > 0 ? 2 * segments->room : 16;
    uint64_t *larger = realloc(segments->first, room * sizeof *larger);
    if (!larger) return -ENOMEM;
    segments->first = larger;
    segments->room = room;
    return 0;
}

void weir_segments_free(struct segments *segments) {
    free(segments->first);
    *segments = (struct segments){0};
}

static int add_name(void *ctx, const char *name) {
    struct segments *segments = ctx;
    uint64_t first = weir_segment_number(name);
    if (first == 0) return 0;
    int error = segments->count == segments->room ? weir_segments_reserve(segments) : 0;
    if (error == 0) segments->first[segments->count++] = first;
    return error;
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int weir_segments_list(struct weir_disk *disk, struct segments *out) {
    *out = (struct segments){0};
    int error = disk->ops->list(disk, add_name, out);
    if (error == 0 && out->count > 1) qsort(out->first, out->count, sizeof *out->first, compare);
    if (error != 0) weir_segments_free(out);
    return error;
}
