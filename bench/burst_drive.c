/* The loop around the engine. */
#include "bench/burst_drive.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Orders that wait come first, but so many in a row at most: where more arrive than the machine can
 * serve, they wait ever longer and the burst still ends. */
#define AT_ONCE    64
/* While nothing is left but slices whose time has not come, the engine is told the time so often.
 */
#define LOOK_NS    1000000
/* Where no step of any liquidation has been made for so long, the rest will not end. */
#define GIVE_UP_NS UINT64_C(2000000000)
/* Who bids and who volunteers looks at an open auction so often, however much else there is. */
#define BID_NS     100000

struct driver {
    struct burst_world *w;
    const struct burst_drive *d;
    struct burst_timing *t;
    uint64_t start, now; /* of the clock */
    weir_time begun;     /* of the world */
    uint64_t due;        /* the next ordinary command; UINT64_MAX: none comes */
    uint64_t arrived;    /* ordinary commands before it */
    double since;        /* ns from the start to it, where arrivals are random */
    struct weir_random random;
    uint64_t tick;   /* when the first round began that is not worked off; 0: all are */
    uint32_t made;   /* rounds begun */
    uint32_t market; /* whose index is next */
    uint32_t in_row; /* orders served since anything else was done */
    uint64_t ended;  /* liquidations, of the world, when a window last heard of them */
    uint64_t last_look, last_bid;
    uint64_t seen, progress; /* steps and ends of liquidations, and when there last was one more */
    uint32_t silent; /* clocks in a row that did nothing that is told, orders between them aside */
    bool quiet;      /* there is nothing left to do */
};

static void look(struct driver *v) {
    v->now = v->d->clock(v->d->clock_ctx);
    v->w->now = v->begun + (weir_time)(v->now - v->start);
    if (v->d->windows != NULL) burst_windows_at(v->d->windows, v->now);
}

/* What a command did, to the window in which it ended. */
static void tell_window(struct driver *v, uint64_t took) {
    struct burst_windows *windows = v->d->windows;
    if (windows == NULL) return;
    uint64_t ended = v->w->counts.events[WEIR_EV_LIQUIDATION_ENDED];
    windows->now->liquidations += ended - v->ended;
    windows->now->engine += took;
    v->ended = ended;
    uint64_t waiting = v->d->backlog(v->d->backlog_ctx);
    if (waiting > windows->now->queue) windows->now->queue = waiting;
}

/* Returns the time it took. */
static uint64_t apply(struct driver *v, const struct weir_command *c) {
    const struct burst_log *log = v->d->log;
    uint64_t before = v->w->counts.all, start = v->now;
    if (log != NULL) log->command(log->ctx, c);
    v->w->apply(v->w->engine, c);
    look(v);
    if (log != NULL) log->pump(log->ctx, v->now);
    uint64_t took = v->now - start;
    v->t->engine += took;
    v->t->commands++;
    if (took > v->t->longest[c->kind]) v->t->longest[c->kind] = took;
    /* Steps take turns with those of deleveraging, and some only lead to another stage. */
    bool silent = c->kind == WEIR_CMD_CLOCK && v->w->counts.all - before <= 1;
    v->silent = silent ? v->silent + 1 : 0;
    v->quiet = v->silent >= 2 && (v->d->ready == NULL || v->d->ready(v->d->backlog_ctx) == 0);
    tell_window(v, took);
    return took;
}

static void apply_other(struct driver *v, const struct weir_command *c) {
    weir_histogram_record(&v->t->work, apply(v, c));
}

/* When the order after `arrived` ones is due. */
static uint64_t next_due(struct driver *v) {
    const struct burst_drive *d = v->d;
    if (d->arrivals == BURST_CLOSED) return v->now;
    if (d->rate == 0) return UINT64_MAX;
    if (d->arrivals == BURST_FIXED)
        return v->start + (uint64_t)((unsigned __int128)(v->arrived + 1) * 1000000000 / d->rate);
    double part = ((double)(weir_random_next(&v->random) >> 11) + 0.5) / 9007199254740992.0;
    v->since -= log(part) * 1e9 / d->rate;
    return v->start + (uint64_t)v->since;
}

static void record_wait(struct driver *v) {
    weir_histogram_record(&v->t->ordinary, v->now - v->due);
    if (v->d->windows != NULL) burst_windows_order(v->d->windows, v->now - v->due);
    v->arrived++;
    v->due = next_due(v);
}

/* An order that waits, if one does. One after the other they take turns with all else. */
static bool serve(struct driver *v) {
    if (v->now < v->due || v->in_row == (v->d->arrivals == BURST_CLOSED ? 1 : AT_ONCE)) {
        v->in_row = 0;
        return false;
    }
    v->in_row++;
    struct weir_command c;
    burst_ordinary(v->w, &c);
    bool was_quiet = v->quiet;
    uint32_t was_silent = v->silent;
    look(v);
    c.t = v->w->now;
    uint64_t took = apply(v, &c);
    v->t->engine_ordinary += took;
    weir_histogram_record(&v->t->service, took);
    if (v->d->log != NULL) v->d->log->order(v->d->log->ctx, v->due);
    v->quiet = was_quiet;
    v->silent = was_silent;
    record_wait(v);
    return true;
}

static void note_backlog(struct driver *v) {
    uint64_t waiting = v->d->backlog(v->d->backlog_ctx);
    if (waiting > v->t->backlog) v->t->backlog = waiting;
}

/* What the tick of this round still has to say. */
static bool tick(struct driver *v) {
    struct weir_command c;
    if (v->market == v->w->plan.markets) return false;
    if (v->tick == 0) v->tick = v->now;
    look(v);
    burst_index(v->w, v->market++, &c);
    apply_other(v, &c);
    note_backlog(v);
    return true;
}

/* Is it time for the next round? `idle`: the last is worked off. */
static bool next_round(struct driver *v, bool idle) {
    if (v->made == v->d->rounds) return false;
    if (v->d->pace == 0 ? !idle : v->now - v->start < v->made * v->d->pace) return false;
    v->made++;
    v->w->round++;
    v->market = 0;
    return true;
}

/* Nothing has happened for long, though liquidations wait. */
static bool stuck(struct driver *v) {
    const uint64_t *events = v->w->counts.events;
    uint64_t seen = events[WEIR_EV_LIQUIDATION_STEP] + events[WEIR_EV_LIQUIDATION_ENDED];
    if (seen != v->seen) v->progress = v->now;
    v->seen = seen;
    return v->now - v->progress >= GIVE_UP_NS;
}

static void idle(struct driver *v) {
    look(v);
    if (v->d->log != NULL) v->d->log->pump(v->d->log->ctx, v->now);
    bool slices = v->now - v->last_look >= LOOK_NS && v->d->backlog(v->d->backlog_ctx) > 0;
    if (v->w->now < v->w->closes_at && !slices) return;
    v->last_look = v->now;
    v->quiet = false; /* an auction closes, or a slice may be due */
}

/* One command of liquidation, or who keeps up with it; false when nothing is left to do but wait.
 */
static bool work(struct driver *v) {
    struct weir_command c;
    look(v);
    bool bids = v->w->auction != 0 && v->now - v->last_bid >= BID_NS;
    if (bids) v->last_bid = v->now;
    if ((!bids && !v->quiet) || !burst_service(v->w, &c)) {
        if (v->quiet) return false;
        burst_clock(v->w, &c);
    }
    apply_other(v, &c);
    return true;
}

/* Orders that were due and are not done have waited until now at least. */
static void count_unserved(struct driver *v) {
    while (v->d->arrivals != BURST_CLOSED && v->due <= v->now) {
        v->t->unserved++;
        record_wait(v);
    }
}

static uint64_t page_faults(void) {
    struct rusage use;
    return getrusage(RUSAGE_THREAD, &use) == 0 ? (uint64_t)(use.ru_minflt + use.ru_majflt) : 0;
}

/* What an idle engine does; its faults are not the loop's. */
static void rest(struct driver *v) {
    if (v->d->rest == NULL) return;
    uint64_t before = page_faults();
    v->d->rest(v->d->rest_ctx);
    v->t->faults -= page_faults() - before;
}

static uint64_t processor_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void burst_run(struct burst_world *w, const struct burst_drive *d, struct burst_timing *timing) {
    struct driver v = {.w = w,
                       .d = d,
                       .t = timing,
                       .market = w->plan.markets,
                       .begun = w->now,
                       .random = {weir_random_key(w->plan.seed, "arrivals"), 0},
                       .ended = w->counts.events[WEIR_EV_LIQUIDATION_ENDED]};
    memset(timing, 0, sizeof *timing);
    rest(&v);
    timing->faults = 0;
    uint64_t processor = processor_ns(), faults = page_faults();
    v.now = v.start = d->clock(d->clock_ctx);
    v.due = next_due(&v);
    v.progress = v.now;
    while (d->stopped == NULL || !d->stopped()) {
        if (serve(&v) || tick(&v) || next_round(&v, false) || work(&v)) continue;
        if (v.tick != 0) {
            weir_histogram_record(&timing->drain, v.now - v.tick);
            rest(&v);
        }
        v.tick = 0;
        if (next_round(&v, true)) continue;
        bool over = v.made == d->rounds && (!d->to_the_end || d->backlog(d->backlog_ctx) == 0);
        if (over && v.now - v.start >= d->at_least) break;
        if (v.made == d->rounds && !over && stuck(&v)) break;
        idle(&v);
    }
    count_unserved(&v);
    if (d->log != NULL) d->log->settle(d->log->ctx);
    timing->wall = v.now - v.start;
    timing->left = d->backlog(d->backlog_ctx);
    timing->processor = processor_ns() - processor;
    timing->faults += page_faults() - faults;
}
