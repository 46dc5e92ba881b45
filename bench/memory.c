/* `weir bench memory`: what an account with one position takes, and a resting order. */
#include "bench/cases.h"
#include "bench/population.h"
#include "matching/matching.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How far behind the mark orders rest, in ticks: the mean. */
#define MEAN_DISTANCE  200.0
/* Resident memory may lie this far above what the pools count: pages, tables that grew. */
#define RESIDENT_SLACK 1.25
#define UNFILLED       (4.0 * (2 << 20)) /* bytes at the end of a few pools' last large pages */
/* A sanitizer keeps memory of its own for what the program has. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SHADOWED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SHADOWED true
#endif
#ifndef SHADOWED
#define SHADOWED false
#endif

/* Bytes in use. */
struct usage {
    uint64_t ledger, positions, index, orders, books; /* the state */
    uint64_t names;
    uint64_t resident;
};

static uint64_t used(const struct weir_pool *pool) {
    return (uint64_t)pool->count * pool->element_size;
}

/* Of lists that fill and empty: all that was ever touched. */
static uint64_t touched(const struct weir_pool *pool) {
    return (uint64_t)pool->committed * pool->element_size;
}

static uint64_t resident(void) {
    char line[128] = "", *rest = line;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fgets(line, sizeof line, file) == NULL) line[0] = 0;
    fclose(file);
    strtoull(line, &rest, 10); /* all pages; then those that are resident */
    return strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct usage usage_of(const struct population *p) {
    const struct weir_exchange *x = &p->x;
    const struct weir_trigger_index *t = &x->trigger;
    struct usage u = {.resident = resident()};
    struct weir_memory rows[WEIR_LEDGER_MEMORY];
    weir_ledger_memory(&x->ledger, rows);
    for (size_t i = 0; i < WEIR_LEDGER_MEMORY; i++)
        *(rows[i].names ? &u.names : &u.ledger) += rows[i].used;
    u.index = used(&t->store.nodes) + used(&t->store.chunks) + touched(&t->taken) +
              touched(&t->dirty) + touched(&t->found) + touched(&t->warned) + touched(&t->rekey) +
              touched(&t->moved) + touched(&t->changed);
    u.orders = weir_orders_memory(&x->orders);
    u.names += weir_orders_names_memory(&x->orders);
    for (uint32_t m = 0; m < p->markets; m++) {
        u.books += weir_book_memory(&x->books[m]);
        u.positions += used(&x->ledger.markets[m].positions);
    }
    u.ledger -= u.positions; /* it counts them, too */
    return u;
}

static bool add_accounts(struct population *p, uint32_t n, bool isolated) {
    for (uint32_t i = 0; i < n; i++) {
        if (i % 4096 == 0 && bench_stopped()) return false;
        int64_t ppm = 10000 + (int64_t)weir_random_below(&p->random, 590000);
        int sign = weir_random_next(&p->random) & 1 ? 1 : -1;
        struct holding_plan plan;
        population_plan(p, &plan, 1, sign);
        uint32_t scope = population_add(p, &plan, isolated);
        if (scope == WEIR_NO_INDEX) return false;
        population_deposit(p, scope, population_deposit_for(p, &plan, -sign * ppm));
        weir_trigger_collect(&p->x);
    }
    return true;
}

/* An order of each, in the market of his position, as a command would leave it. */
static bool add_orders(struct population *p, char name) {
    struct weir_exchange *x = &p->x;
    for (uint32_t i = 0; i < p->count; i++) {
        if (i % 4096 == 0 && bench_stopped()) return false;
        uint32_t leg = weir_scope_first_leg(&x->ledger, p->scopes[i]);
        const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
        weir_price mark = x->prices[g->market].mark;
        double part = ((double)(weir_random_next(&p->random) >> 11) + 1) / 9007199254740993.0;
        weir_price away = 1 + (weir_price)(-MEAN_DISTANCE * log(part));
        bool buys = weir_random_next(&p->random) & 1;
        struct weir_name id = {{name}};
        uint32_t idx = weir_orders_add(&x->orders, g->account, &id);
        if (idx == WEIR_NO_INDEX) return false;
        struct weir_order *o = weir_order_at(&x->orders, idx);
        o->price = buys ? mark - away : mark + away;
        o->open = 1 + (weir_qty)weir_random_below(&p->random, 10);
        o->mark_accepted = mark;
        o->account = g->account;
        o->leg = leg;
        weir_order_set(o, g->market, buys ? WEIR_BUY : WEIR_SELL, 0);
        weir_order_rest(x, idx);
        weir_touch(x, p->scopes[i]);
        weir_trigger_collect(x);
    }
    return true;
}

static double each(uint64_t after, uint64_t before, uint32_t n) {
    return ((double)after - (double)before) / n;
}

/* What the state grew by for each of n; `orders`: orders grew, else accounts. */
static bool report(const struct usage *before, const struct usage *after, uint32_t n,
                   const char *what, const struct weir_bench_job *job) {
    double ledger = each(after->ledger, before->ledger, n);
    double positions = each(after->positions, before->positions, n);
    double index = each(after->index, before->index, n);
    double orders = each(after->orders, before->orders, n);
    double books = each(after->books, before->books, n);
    double names = each(after->names, before->names, n);
    double whole = ledger + positions + index + orders + books;
    double pages = each(after->resident, before->resident, n);
    if (!bench_case_wanted(job, what)) return true;
    struct bench_case c = {.unit = "B", .runs = 1, .times = {whole}};
    c.checked = pages > 0 && (SHADOWED || pages <= RESIDENT_SLACK * (whole + names) + UNFILLED / n);
    snprintf(c.name, sizeof c.name, "%s", what);
    snprintf(c.facts, sizeof c.facts,
             "\"n\":%u,\"ledger\":%.1f,\"positions\":%.1f,\"index\":%.1f,\"orders\":%.1f,"
             "\"books\":%.1f,\"names\":%.1f,\"resident\":%.1f",
             n, ledger, positions, index, orders, books, names, pages);
    snprintf(c.remark, sizeof c.remark, "names %.1f more, resident %.1f in all", names, pages);
    bench_case_print(&c);
    return c.checked;
}

static bool one_kind(const struct weir_bench_job *job, uint32_t n, bool isolated, bool *right) {
    struct population p;
    bool made =
        population_new(&p, n + 64, bench_count(job, PARAMETER_MARKETS, BENCH_MARKETS), job->seed);
    struct usage before = made ? usage_of(&p) : (struct usage){0};
    made = made && add_accounts(&p, n, isolated);
    if (made) {
        struct usage loaded = usage_of(&p);
        *right &= report(&before, &loaded, n,
                         isolated ? "account, isolated position" : "account, cross position", job);
        before = loaded;
    }
    /* The first order of a leg brings the record that legs with orders have. */
    static const char *const kinds[] = {"order, the first of a leg", "order, a second"};
    for (int k = 0; made && !isolated && k < 2; k++) {
        made = add_orders(&p, (char)('a' + k));
        if (!made) break;
        struct usage ordered = usage_of(&p);
        *right &= report(&before, &ordered, n, kinds[k], job);
        before = ordered;
    }
    population_free(&p);
    return made;
}

int bench_memory_use(const struct weir_bench_job *job) {
    uint32_t n = bench_count(job, PARAMETER_ACCOUNTS, job->quick ? 100000 : 1000000);
    bool right = true;
    bool made = one_kind(job, n, false, &right) && one_kind(job, n, true, &right);
    if (!made && !bench_stopped()) fprintf(stderr, "weir bench: out of memory\n");
    if (!right) fprintf(stderr, "weir bench: more memory is resident than is counted\n");
    return (made || bench_stopped()) && right ? 0 : 1;
}
