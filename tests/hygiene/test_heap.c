/* The loop takes nothing from the heap: in a burst with everything on, from its first command. */
#include "tests/hygiene/heap.h"
#include "tests/hygiene/tape.h"
#include "tests/scale.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct witness {
    uint64_t events;
    uint64_t take_at; /* the control: something is taken at this event; 0: nothing */
};

static void see(void *ctx, const struct weir_event *event) {
    struct witness *w = ctx;
    (void)event;
    if (++w->events != w->take_at) return;
    void *volatile block = malloc(24);
    free(block);
}

/* What the burst of a tape took from the heap and gave back. */
static uint64_t use_of(const struct tape *t, uint64_t take_at) {
    struct witness w = {0};
    struct weir_engine *e = tape_engine(t, see, &w);
    cr_assert(e != NULL);
    w.take_at = take_at > 0 ? w.events + take_at : 0;
    uint64_t before = heap_use();
    for (uint32_t i = t->begin; i < t->count; i++)
        weir_engine_apply(e, &t->commands[i]);
    uint64_t used = heap_use() - before;
    bool same = weir_engine_digest(e) == t->digest;
    weir_engine_free(e);
    cr_assert(same);
    return used;
}

Test(heap, the_loop_allocates_nothing) {
    struct tape t;
    cr_assert(tape_record(&t, (uint32_t)weir_test_scale(4000) + 400, 100, 1));
    cr_assert(t.steady > t.begin && t.steady < t.count); /* every stage closed somebody */
    uint64_t used = use_of(&t, 0);
    cr_assert(used == 0, "%s tell of %lu", heap_counted_by, (unsigned long)used);
    used = use_of(&t, 1000);
    cr_assert(used > 0, "%s miss a block taken on purpose", heap_counted_by);
    tape_free(&t);
}
