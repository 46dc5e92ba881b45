/* The loop makes no system call and touches no new page: once every stage of a burst with
 * everything on has been at work, and room was made. */
#include "tests/hygiene/tape.h"
#include "tests/hygiene/trap.h"
#include "tests/scale.h"

#include <criterion/criterion.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SHADOWED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHADOWED true
#endif
#endif
#ifndef SHADOWED
#define SHADOWED false
#endif

struct loop {
    const struct tape *tape;
    struct weir_engine *engine;
    uint64_t events;
    uint64_t call_at; /* the control: a call is made at this event of the loop; 0: none */
};

static void see(void *ctx, const struct weir_event *event) {
    struct loop *l = ctx;
    (void)event;
    if (l->call_at > 0 && ++l->events == l->call_at) (void)syscall(SYS_getppid);
}

/* Up to the steady state. */
static bool prepare(void *ctx) {
    struct loop *l = ctx;
    uint64_t call_at = l->call_at;
    l->call_at = 0;
    l->engine = tape_engine(l->tape, see, l);
    for (uint32_t i = l->tape->begin; l->engine != NULL && i < l->tape->steady; i++)
        weir_engine_apply(l->engine, &l->tape->commands[i]);
    if (l->engine != NULL) weir_engine_make_room(l->engine);
    l->call_at = call_at;
    return l->engine != NULL;
}

static bool run(void *ctx) {
    const struct loop *l = ctx;
    for (uint32_t i = l->tape->steady; i < l->tape->count; i++)
        weir_engine_apply(l->engine, &l->tape->commands[i]);
    return true;
}

static void record(struct tape *t) {
    cr_assert(tape_record(t, (uint32_t)weir_test_scale(8000) + 2000, 200, 1));
    /* The steady state is long enough to be called one. */
    cr_assert(t->steady > t->begin && t->count - t->steady > (t->count - t->begin) / 3);
}

Test(calls, the_loop_makes_none) {
    if (SHADOWED) cr_skip_test("the sanitizer makes calls of its own: not tested");
    struct tape t;
    record(&t);
    struct loop l = {.tape = &t}, control = {.tape = &t, .call_at = 1000};
    int seen = trap_calls(prepare, run, &control);
    if (seen == TRAP_CANNOT)
        cr_skip_test("this system takes no filter of system calls (seccomp): not tested");
    cr_assert(seen == SYS_getppid + 1, "the trap misses a call made on purpose: %d", seen);
    seen = trap_calls(prepare, run, &l);
    cr_assert(seen == 0, "system call %d in the loop", seen - 1);
    tape_free(&t);
}

static long faults(void) {
    struct rusage u;
    cr_assert_eq(getrusage(RUSAGE_SELF, &u), 0);
    return u.ru_minflt;
}

/* Of a run without / with room made, the page faults of the loop. */
static long faults_of(const struct tape *t, bool room) {
    struct loop l = {.tape = t};
    cr_assert(prepare(&l));
    uint32_t rest = t->count - t->steady;
    long seen = 0;
    for (uint32_t part = 0; part < 16; part++) {
        if (room) weir_engine_make_room(l.engine);
        long before = faults();
        for (uint32_t i = t->steady + (uint32_t)((uint64_t)rest * part / 16);
             i < t->steady + (uint32_t)((uint64_t)rest * (part + 1) / 16); i++)
            weir_engine_apply(l.engine, &t->commands[i]);
        seen += faults() - before;
    }
    cr_assert_eq(weir_engine_digest(l.engine), t->digest);
    weir_engine_free(l.engine);
    return seen;
}

Test(calls, the_loop_touches_no_new_page) {
    if (SHADOWED) cr_skip_test("the sanitizer's own memory is touched: not tested");
    struct tape t;
    record(&t);
    /* The system itself may move a page, once. */
    long least = faults_of(&t, true);
    for (int again = 0; least > 0 && again < 3; again++) {
        long seen = faults_of(&t, true);
        if (seen < least) least = seen;
    }
    cr_assert(least == 0, "%ld page faults in the loop", least);
    tape_free(&t);
}
