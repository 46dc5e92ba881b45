/* Names and the map from names to indices. */
#include "base/base.h"

#include <errno.h>
#include <string.h>

static bool name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ':' || c == '-';
}

bool weir_name_read(const char *text, size_t size, struct weir_name *out) {
    if (size < 1 || size > 31) return false;
    for (size_t i = 0; i < size; i++)
        if (!name_char(text[i]) && !(i == 0 && size > 1 && text[0] == '@')) return false;
    *out = (struct weir_name){0};
    memcpy(out->text, text, size);
    return true;
}

uint64_t weir_name_hash(const struct weir_name *name, uint64_t key) {
    uint64_t w[4];
    memcpy(w, name->text, sizeof w);
    uint64_t h = key ^ UINT64_C(0x9E3779B97F4A7C15);
    /* Behind the end all is 0: most names are one word or two. */
    for (int i = 0; i < 4 && w[i] != 0; i++) {
        unsigned __int128 m = (unsigned __int128)(h ^ w[i]) * UINT64_C(0xD6E8FEB86659FD93);
        h = (uint64_t)m ^ (uint64_t)(m >> 64) ^ UINT64_C(0xA0761D6478BD642F);
    }
    return h ^ h >> 32;
}

static uint64_t table_bytes(uint32_t mask) {
    return ((uint64_t)mask + 1) * sizeof(uint32_t);
}

int weir_name_map_new(struct weir_name_map *map,
                      const struct weir_name *(*name_of)(const void *ctx, uint32_t index),
                      const void *ctx) {
    *map = (struct weir_name_map){.mask = 1023, .name_of = name_of, .ctx = ctx};
    map->slots = weir_table_new(1024 * sizeof *map->slots);
    return map->slots ? 0 : -ENOMEM;
}

void weir_name_map_free(struct weir_name_map *map) {
    if (map->slots) weir_table_free(map->slots, table_bytes(map->mask));
    map->slots = NULL;
}

uint32_t weir_name_map_find(const struct weir_name_map *map, const struct weir_name *name) {
    for (uint64_t i = weir_name_hash(name, 0);; i++) {
        uint32_t slot = map->slots[i & map->mask];
        if (slot == 0) return WEIR_NO_INDEX;
        if (weir_name_equal(map->name_of(map->ctx, slot - 1), name)) return slot - 1;
    }
}

static int map_grow(struct weir_name_map *map) {
    uint32_t mask = map->mask * 2 + 1;
    uint32_t *slots = weir_table_new(table_bytes(mask));
    if (!slots) return -ENOMEM;
    for (uint32_t k = 0; k <= map->mask; k++) {
        if (map->slots[k] == 0) continue;
        uint64_t i = weir_name_hash(map->name_of(map->ctx, map->slots[k] - 1), 0);
        while (slots[i & mask])
            i++;
        slots[i & mask] = map->slots[k];
    }
    weir_table_free(map->slots, table_bytes(map->mask));
    map->slots = slots;
    map->mask = mask;
    return 0;
}

/* Names from which the next one doubles the table: three quarters of it. */
static uint32_t full_at(const struct weir_name_map *map) {
    return map->mask / 2 + map->mask / 4;
}

void weir_name_map_make_room(struct weir_name_map *map) {
    if (map->count >= full_at(map) / 4 * 3) (void)map_grow(map);
}

int weir_name_map_add(struct weir_name_map *map, const struct weir_name *name, uint32_t index) {
    if (map->count >= full_at(map)) {
        int error = map_grow(map);
        if (error) return error;
    }
    uint64_t i = weir_name_hash(name, 0);
    while (map->slots[i & map->mask])
        i++;
    map->slots[i & map->mask] = index + 1;
    map->count++;
    return 0;
}
