/* Due times as a tournament. */
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>

int weir_timers_new(struct weir_timers *t, uint32_t count) {
    uint32_t slots = 1;
    while (slots < count)
        slots *= 2;
    *t = (struct weir_timers){.slots = slots, .at = malloc((size_t)slots * 2 * sizeof *t->at)};
    if (t->at == NULL) return -ENOMEM;
    for (uint32_t i = 0; i < 2 * slots; i++)
        t->at[i] = INT64_MAX;
    return 0;
}

void weir_timers_free(struct weir_timers *t) {
    free(t->at);
    *t = (struct weir_timers){0};
}

void weir_timers_set(struct weir_timers *t, uint32_t slot, weir_time at) {
    uint32_t i = t->slots + slot;
    WEIR_CHECK(slot < t->slots);
    for (; t->at[i] != at; i /= 2) {
        t->at[i] = at;
        if (i == 1) return;
        at = weir_min(t->at[i], t->at[i ^ 1]);
    }
}

uint32_t weir_timers_first(const struct weir_timers *t) {
    uint32_t i = 1;
    while (i < t->slots)
        i = t->at[2 * i] == t->at[i] ? 2 * i : 2 * i + 1;
    return i - t->slots;
}
