/* The loop around the engine. */
#include "bench/burst_drive.h"

#include <string.h>
#include <time.h>

/* Orders that wait come first, but so many in a row at most: where more arrive than the machine can
 * serve, they wait ever longer and the burst still ends. */
#define AT_ONCE 64

struct driver {
    struct burst_world *w;
    const struct burst_drive *d;
    struct burst_timing *t;
    uint64_t start, now; /* of the clock */
    weir_time begun;     /* of the world */
    uint64_t due;        /* the next ordinary command */
    uint64_t tick;       /* when the present round began; 0: it is done */
    uint32_t market;     /* whose index is next */
    uint32_t in_row;     /* orders served since anything else was done */
    bool quiet;          /* the last command had nothing left to do */
};

static void look(struct driver *v) {
    v->now = v->d->clock(v->d->clock_ctx);
    v->w->now = v->begun + (weir_time)(v->now - v->start);
}

static void apply(struct driver *v, const struct weir_command *c) {
    uint64_t before = v->w->counts.all, start = v->now;
    v->w->apply(v->w->engine, c);
    look(v);
    uint64_t took = v->now - start;
    v->t->engine += took;
    v->t->commands++;
    if (took > v->t->longest[c->kind]) v->t->longest[c->kind] = took;
    v->quiet = c->kind == WEIR_CMD_CLOCK && v->w->counts.all - before <= 1;
}

/* An order that waits, if one does. */
static bool serve(struct driver *v) {
    if (v->d->interval == 0 || v->now < v->due || v->in_row == AT_ONCE) {
        v->in_row = 0;
        return false;
    }
    v->in_row++;
    struct weir_command c;
    burst_ordinary(v->w, &c);
    uint64_t before = v->t->engine;
    bool was_quiet = v->quiet;
    look(v);
    c.t = v->w->now;
    apply(v, &c);
    v->t->engine_ordinary += v->t->engine - before;
    v->quiet = was_quiet;
    weir_histogram_record(&v->t->ordinary, v->now - v->due);
    v->due += v->d->interval;
    return true;
}

static void note_backlog(struct driver *v) {
    uint64_t waiting = v->d->backlog(v->d->backlog_ctx);
    if (waiting > v->t->backlog) v->t->backlog = waiting;
}

/* What the tick of this round still has to say. */
static bool tick(struct driver *v) {
    struct weir_command c;
    if (v->market == BURST_MARKETS) return false;
    if (v->market == 0) v->tick = v->now;
    look(v);
    burst_index(v->w, v->market++, &c);
    apply(v, &c);
    note_backlog(v);
    return true;
}

static void idle(struct driver *v) {
    if (v->w->now < v->w->closes_at) {
        look(v);
        return;
    }
    v->quiet = false; /* an auction closes */
}

static uint64_t processor_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void burst_run(struct burst_world *w, const struct burst_drive *d, struct burst_timing *timing) {
    struct driver v = {.w = w, .d = d, .t = timing, .market = BURST_MARKETS, .begun = w->now};
    memset(timing, 0, sizeof *timing);
    uint64_t processor = processor_ns();
    v.now = v.start = d->clock(d->clock_ctx);
    v.due = v.start + d->interval;
    uint32_t end = w->round + d->rounds;
    while (d->stopped == NULL || !d->stopped()) {
        struct weir_command c;
        if (serve(&v) || tick(&v)) continue;
        look(&v);
        if (!v.quiet) {
            burst_clock(w, &c);
            apply(&v, &c);
            continue;
        }
        if (burst_service(w, &c)) {
            apply(&v, &c);
            continue;
        }
        if (v.tick != 0) weir_histogram_record(&timing->drain, v.now - v.tick);
        v.tick = 0;
        if (w->round < end) {
            w->round++;
            v.market = 0;
            continue;
        }
        bool over = !d->to_the_end || d->backlog(d->backlog_ctx) == 0;
        if (over && v.now - v.start >= d->at_least) break;
        idle(&v);
    }
    timing->wall = v.now - v.start;
    timing->processor = processor_ns() - processor;
}
