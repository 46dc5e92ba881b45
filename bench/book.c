/* `weir bench book`: a workload file through the engine's order book. */
#include "bench/cases.h"
#include "bench/engine_book.h"
#include "bench/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define QUICK_MESSAGES UINT64_C(1000000)
#define FULL_MESSAGES  UINT64_C(5000000)

/* Distances, in messages, at which the batched mode asks for what a message will touch: the id
 * table first, then the order found there, then its neighbours in the queue. */
#define AHEAD_ID         WORKLOAD_AHEAD
#define AHEAD_ORDER      10
#define AHEAD_NEIGHBOURS 4

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
        weir_order_place_ahead(&e->orders, e->index[m[i + AHEAD_ORDER].id]);
        weir_order_neighbours_ahead(
            &e->orders, weir_order_at(&e->orders, e->index[m[i + AHEAD_NEIGHBOURS].id]));
        engine_handle(e, &m[i]);
    }
}

typedef void run_function(struct engine *e, const struct message *m, uint64_t count);

bool engine_new(struct engine *e, uint64_t highest_id) {
    *e = (struct engine){.highest_id = (uint32_t)highest_id};
    e->index = bench_memory((highest_id + 1) * sizeof *e->index);
    uint32_t orders = e->highest_id + 1;
    return weir_orders_new(&e->orders, orders) == 0 &&
           weir_book_new(&e->book, orders < WEIR_ORDERS_MAX ? orders : WEIR_ORDERS_MAX) == 0 &&
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

/* One book: the engine's fed in one of two ways, or (run NULL) the baseline. */
struct contender {
    const char *name;
    run_function *run;
    double times[CASE_RUNS]; /* ns a message */
    bool checked;
};

static bool run_once(const struct contender *t, const struct workload *workload, uint64_t count,
                     struct outcome *outcome, double *each) {
    uint64_t elapsed_ns = 0;
    bool done = t->run == NULL ? baseline_run(workload, count, outcome, &elapsed_ns)
                               : engine_run(t->run, workload, count, outcome, &elapsed_ns);
    *each = (double)elapsed_ns / (double)count;
    return done;
}

/* Runs take turns, so that a slow moment of the machine meets all alike; turns below 0 warm up and
 * check. Returns how many counted, or -1 when memory ended. */
static int measure(const struct weir_bench_job *job, struct contender *contenders, int count,
                   const struct workload *workload, uint64_t messages) {
    const struct workload_header *h = &workload->header;
    struct outcome expected = {h->trades, h->qty, h->value, h->hash};
    bool known = messages == h->messages && h->hash != 0, right = true;
    int made = 0, runs = bench_runs(job, job->quick ? 5 : 7);
    for (int run = -(int)job->warmup; run < runs && right && !bench_stopped(); run++) {
        for (int i = 0; i < count && !bench_stopped(); i++) {
            struct outcome outcome = {0};
            double each = 0;
            if (!run_once(&contenders[i], workload, messages, &outcome, &each)) return -1;
            /* Where no header says what is right, the baseline, which comes first, does. */
            if (!known && i == 0 && run < 0) expected = outcome;
            contenders[i].checked = memcmp(&outcome, &expected, sizeof outcome) == 0;
            right &= contenders[i].checked;
            if (run >= 0) contenders[i].times[run] = each;
        }
        if (run >= 0 && right && !bench_stopped()) made++;
    }
    return made;
}

/* Returns 0, or 1 when a result was wrong or memory ended. */
static int bench_workload(const struct weir_bench_job *job, const struct workload *workload) {
    uint64_t messages = workload->header.messages;
    if (job->quick && messages > QUICK_MESSAGES) messages = QUICK_MESSAGES;
    struct contender contenders[] = {
        {.name = "tree of lists", .checked = true},
        {.name = "singly", .run = run_singly, .checked = true},
        {.name = "batched", .run = run_batched, .checked = true},
    };
    int count = (int)(sizeof contenders / sizeof contenders[0]);
    int runs = measure(job, contenders, count, workload, messages);
    if (runs < 0) {
        fprintf(stderr, "weir bench: out of memory\n");
        return 1;
    }
    bool right = true;
    for (int i = 1; i < count; i++) {
        struct bench_case c = {.unit = "ns", .runs = runs, .baseline_runs = runs};
        snprintf(c.name, sizeof c.name, "%.40s %s", workload->name, contenders[i].name);
        c.checked = contenders[0].checked && contenders[i].checked;
        right = right && c.checked;
        if (!bench_case_wanted(job, c.name)) continue;
        memcpy(c.times, contenders[i].times, sizeof c.times);
        memcpy(c.baseline, contenders[0].times, sizeof c.baseline);
        double each = bench_case_median(&c);
        snprintf(c.facts, sizeof c.facts,
                 "\"messages\":%llu,\"most_live\":%llu,\"workload_seed\":%llu,\"ns_per_op\":%.2f",
                 (unsigned long long)messages, (unsigned long long)workload->header.most_live,
                 (unsigned long long)workload->header.seed, each);
        snprintf(c.remark, sizeof c.remark, "ns_per_op %.2f, at most %llu live", each,
                 (unsigned long long)workload->header.most_live);
        bench_case_print(&c);
    }
    if (!right) fprintf(stderr, "weir bench: the book's trades are others than they should be\n");
    return right ? 0 : 1;
}

static int bench_file(const struct weir_bench_job *job) {
    struct workload workload;
    const char *problem = workload_load(&workload, job->workload);
    if (problem != NULL) {
        fprintf(stderr, "weir bench: %s: %s\n", job->workload, problem);
        return 2;
    }
    int status = bench_workload(job, &workload);
    workload_free(&workload);
    return status;
}

static bool regime_wanted(const struct weir_bench_job *job, const struct regime *regime) {
    static const char *const modes[] = {"singly", "batched"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s %s", regime->name, modes[i]);
        if (bench_case_wanted(job, name)) return true;
    }
    return false;
}

static int bench_regime(const struct weir_bench_job *job, const struct regime *regime) {
    struct workload workload;
    /* Most of the messages come when all the orders rest. */
    uint64_t messages = job->quick ? QUICK_MESSAGES : FULL_MESSAGES;
    if (messages < 3 * (uint64_t)regime->live) messages = 3 * (uint64_t)regime->live;
    messages = (uint64_t)bench_number(job, PARAMETER_MESSAGES, (double)messages);
    if (!regime_wanted(job, regime)) return 0;
    if (!workload_generate(&workload, regime, messages, job->seed)) {
        if (!bench_stopped()) fprintf(stderr, "weir bench: out of memory\n");
        return bench_stopped() ? 0 : 1;
    }
    int status = bench_workload(job, &workload);
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

int bench_book(const struct weir_bench_job *job) {
    if (job->workload != NULL) return bench_file(job);
    if (bench_given(job, PARAMETER_LIVE) || bench_given(job, PARAMETER_DISTANCE)) {
        char name[32];
        struct regime own = regimes[0];
        own.live = bench_count(job, PARAMETER_LIVE, own.live);
        own.distance = bench_count(job, PARAMETER_DISTANCE, own.distance);
        own.name = name;
        snprintf(name, sizeof name, "%u live", own.live);
        return bench_regime(job, &own);
    }
    int status = 0;
    for (size_t i = 0; i < sizeof regimes / sizeof regimes[0] && !bench_stopped(); i++) {
        if (job->quick && regimes[i].live > QUICK_MESSAGES / 2) continue;
        int wrong = bench_regime(job, &regimes[i]);
        status = wrong > status ? wrong : status;
    }
    return status;
}
