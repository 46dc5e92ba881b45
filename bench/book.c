/* `weir bench book`: a workload file through the engine's order book. */
#include "bench/cases.h"
#include "bench/engine_book.h"
#include "bench/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define RUNS_MAX       9
#define QUICK_MESSAGES UINT64_C(1000000)
#define FULL_MESSAGES  UINT64_C(5000000)

/* Distances, in messages, at which the batched mode asks for what a message will touch: the id
 * table first, then the order found there, then the place of that order in its queue. */
#define AHEAD_ID    WORKLOAD_AHEAD
#define AHEAD_ORDER 8

uint64_t bench_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void *bench_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

static void run_singly(struct engine *e, const struct message *m, uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        engine_handle(e, &m[i]);
}

/* What is asked for ahead of an add is some other order, or nothing: cheaper than to decide. */
static void run_batched(struct engine *e, const struct message *m, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        __builtin_prefetch(&e->index[m[i + AHEAD_ID].id]);
        struct entry entry = e->index[m[i + AHEAD_ORDER].id];
        __builtin_prefetch(weir_order_at(&e->orders, entry.idx), 1);
        weir_ladder_ahead(e->book.side[0], entry.place);
        engine_handle(e, &m[i]);
    }
}

typedef void run_function(struct engine *e, const struct message *m, uint64_t count);

bool engine_new(struct engine *e, uint64_t highest_id) {
    *e = (struct engine){.highest_id = (uint32_t)highest_id};
    e->index = bench_memory((highest_id + 1) * sizeof *e->index);
    return weir_orders_new(&e->orders, e->highest_id + 1) == 0 && weir_book_new(&e->book) == 0 &&
           weir_pool_commit(&e->orders.orders, 1) == 0 && e->index != NULL;
}

void engine_free(struct engine *e) {
    weir_book_free(&e->book);
    weir_orders_free(&e->orders);
    if (e->index != NULL) munmap(e->index, ((size_t)e->highest_id + 1) * sizeof *e->index);
}

static bool engine_run(run_function *run, const struct workload *workload, uint64_t count,
                       struct outcome *outcome, uint64_t *elapsed_ns) {
    struct engine e;
    bool done = engine_new(&e, workload->header.highest_id);
    if (done) {
        uint64_t start = bench_now_ns();
        run(&e, workload->messages, count);
        *elapsed_ns = bench_now_ns() - start;
        *outcome = e.outcome;
        done = !e.failed;
    }
    engine_free(&e);
    return done;
}

/* Runs of one book; times in picoseconds a message. */
struct timing {
    const char *name;
    run_function *run; /* NULL: the baseline */
    uint64_t times[RUNS_MAX];
    uint64_t median, min, max;
    bool checked;
};

static bool outcome_equal(const struct outcome *a, const struct outcome *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

/* One run of one book. Returns false when memory ended. */
static bool run_once(struct timing *t, const struct workload *workload, uint64_t count,
                     struct outcome *outcome, uint64_t *picoseconds) {
    uint64_t elapsed_ns = 0;
    bool done = t->run == NULL ? baseline_run(workload, count, outcome, &elapsed_ns)
                               : engine_run(t->run, workload, count, outcome, &elapsed_ns);
    *picoseconds = elapsed_ns * 1000 / count;
    return done;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void summarise(struct timing *t, int runs) {
    qsort(t->times, (size_t)runs, sizeof t->times[0], ascending);
    t->median = t->times[runs / 2];
    t->min = t->times[0];
    t->max = t->times[runs - 1];
}

/* Runs take turns, so that a slow moment of the machine meets all alike. The first turn warms up
 * and is not counted. */
static bool measure(struct timing *timings, int count, const struct workload *workload,
                    uint64_t messages, int runs) {
    const struct workload_header *h = &workload->header;
    struct outcome expected = {h->trades, h->qty, h->value, h->hash};
    bool known = messages == h->messages && h->hash != 0;
    for (int i = 0; i < count; i++)
        timings[i].checked = true;
    for (int run = -1; run < runs; run++) {
        for (int i = 0; i < count; i++) {
            struct outcome outcome = {0};
            uint64_t picoseconds = 0;
            if (!run_once(&timings[i], workload, messages, &outcome, &picoseconds)) return false;
            /* Where no header says what is right, the baseline, which comes first, does. */
            if (!known && run < 0 && i == 0) expected = outcome;
            if (!outcome_equal(&outcome, &expected)) timings[i].checked = false;
            if (run >= 0) timings[i].times[run] = picoseconds;
        }
    }
    for (int i = 0; i < count; i++)
        summarise(&timings[i], runs);
    return true;
}

static void print_json(const struct timing *timings, int count, const struct workload *workload,
                       uint64_t messages, int runs) {
    const struct timing *base = &timings[0];
    for (int i = 1; i < count; i++) {
        const struct timing *t = &timings[i];
        printf("%s{\"name\":\"%s %s\",\"messages\":%llu,\"most_live\":%llu,\"seed\":%llu,"
               "\"runs\":%d,\"ns_per_op\":%.2f,\"median\":%.2f,\"min\":%.2f,\"max\":%.2f,"
               "\"unit\":\"ns\",\"baseline\":{\"name\":\"tree of lists\",\"median\":%.2f},"
               "\"ratio\":%.3f,\"checked\":%s}",
               i > 1 ? "," : "", workload->name, t->name, (unsigned long long)messages,
               (unsigned long long)workload->header.most_live,
               (unsigned long long)workload->header.seed, runs, (double)t->median / 1e3,
               (double)t->median / 1e3, (double)t->min / 1e3, (double)t->max / 1e3,
               (double)base->median / 1e3, (double)base->median / (double)t->median,
               t->checked && base->checked ? "true" : "false");
    }
}

static void print_table(const struct timing *timings, int count, const struct workload *workload,
                        uint64_t messages, int runs) {
    printf("book, %s: %llu messages, at most %llu live, %d runs\n%-14s %10s %8s %8s %8s\n",
           workload->name, (unsigned long long)messages,
           (unsigned long long)workload->header.most_live, runs, "", "ns_per_op", "min", "max",
           "ratio");
    for (int i = 0; i < count; i++) {
        const struct timing *t = &timings[i];
        printf("%-14s %10.2f %8.2f %8.2f %8.2f%s\n", t->name, (double)t->median / 1e3,
               (double)t->min / 1e3, (double)t->max / 1e3,
               (double)timings[0].median / (double)t->median, t->checked ? "" : "  WRONG RESULT");
    }
}

/* 0, or 1 when a result was wrong or memory ended. */
static int bench_workload(const struct workload *workload, bool json, bool quick) {
    uint64_t messages = workload->header.messages;
    if (quick && messages > QUICK_MESSAGES) messages = QUICK_MESSAGES;
    struct timing timings[] = {
        {.name = "tree of lists"},
        {.name = "singly", .run = run_singly},
        {.name = "batched", .run = run_batched},
    };
    int count = (int)(sizeof timings / sizeof timings[0]), runs = quick ? 5 : 7;
    if (!measure(timings, count, workload, messages, runs)) {
        fprintf(stderr, "weir bench: out of memory\n");
        return 1;
    }
    if (json)
        print_json(timings, count, workload, messages, runs);
    else
        print_table(timings, count, workload, messages, runs);
    bool right = true;
    for (int i = 0; i < count; i++)
        right = right && timings[i].checked;
    return right ? 0 : 1;
}

static int bench_file(const char *path, bool json, bool quick) {
    struct workload workload;
    const char *problem = workload_load(&workload, path);
    if (problem != NULL) {
        fprintf(stderr, "weir bench: %s: %s\n", path, problem);
        return 2;
    }
    if (json) weir_bench_json_array("book");
    int status = bench_workload(&workload, json, quick);
    if (json) printf("]");
    workload_free(&workload);
    return status;
}

/* The regimes that a book must stand: few and many live orders, and a crashing price. */
static const struct regime regimes[] = {
    {"2k live", 2000, 16, 1, 64},
    {"100k live", 100000, 16, 1, 64},
    {"1m live", 1000000, 16, 1, 64},
    {"crash", 20000, 200, 8, 8},
};

static int bench_regimes(bool json, bool quick) {
    int status = 0;
    if (json) weir_bench_json_array("book");
    for (size_t i = 0; i < sizeof regimes / sizeof regimes[0]; i++) {
        struct workload workload;
        uint64_t messages = quick ? QUICK_MESSAGES : FULL_MESSAGES;
        bool skip = quick && regimes[i].live > QUICK_MESSAGES / 2;
        if (skip) continue;
        if (!workload_generate(&workload, &regimes[i], messages, 1)) {
            fprintf(stderr, "weir bench: out of memory\n");
            return 1;
        }
        if (json && i > 0) printf(",");
        int wrong = bench_workload(&workload, json, quick);
        status = wrong > status ? wrong : status;
        workload_free(&workload);
    }
    if (json) printf("]");
    return status;
}

int weir_bench_book(const char *workload_path, bool json, bool quick) {
    return workload_path != NULL ? bench_file(workload_path, json, quick)
                                 : bench_regimes(json, quick);
}
