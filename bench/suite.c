/* The benchmarks there are, what they can be told, and how jobs become calls. */
#include "bench/cases.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BIT(parameter) (UINT32_C(1) << (PARAMETER_##parameter))

/* What a burst can be told. */
#define BURST                                                                                      \
    (BIT(ACCOUNTS) | BIT(MARKETS) | BIT(TICKS) | BIT(STEPS) | BIT(ARRIVALS) | BIT(POLICY) |        \
     BIT(SHOCK) | BIT(MIX) | BIT(LEVERAGE_MIN) | BIT(LEVERAGE_MAX) | BIT(ORDERS))

const struct weir_bench_kind weir_bench_kinds[] = {
    {"book", "tree of lists",
     "the order book, one message at a time and looking ahead over\n"
     "            pending ones; its results are checked against the file's or the\n"
     "            baseline's",
     BIT(MESSAGES) | BIT(LIVE) | BIT(DISTANCE), false, bench_book},
    {"trigger", "vectorised full scan",
     "what it costs to know whom a tick of the marks makes\n"
     "            liquidatable; the set is checked against a full scan's",
     BIT(ACCOUNTS) | BIT(MARKETS) | BIT(LEGS) | BIT(DUE) | BIT(TICKS) | BIT(STEP) | BIT(JUMP) |
         BIT(LEVERAGE_MIN) | BIT(LEVERAGE_MAX),
     false, bench_trigger},
    {"memory", NULL,
     "bytes of state an account with one position takes, and a\n"
     "            resting order; checked against the resident memory",
     BIT(ACCOUNTS) | BIT(MARKETS), false, bench_memory_use},
    {"burst", "the same orders without liquidations",
     "a million liquidations while ordinary orders arrive: their\n"
     "            number a second, and what an order waits beside them; a small\n"
     "            one is compared with the twin's",
     BURST | BIT(CLOCK) | BIT(JOURNAL) | BIT(RATE) | BIT(DURATION) | BIT(WINDOWS) | BIT(BANKRUPT),
     false, bench_burst},
    {"sweep", "the same orders without liquidations",
     "the highest rate of ordinary orders that holds a goal of\n"
     "            latency, alone and beside the burst; named only",
     BURST | BIT(CLOCK) | BIT(GOAL), true, bench_sweep},
    {"digest", NULL,
     "hashes of all events of a burst and of the state it leaves, no\n"
     "            wall clock in its commands: equal in every build; named only",
     BURST | BIT(RATE), true, bench_digest},
    {"adl", "vectorised selection scan",
     "deleveraging against a million positions, one by one with the\n"
     "            marks moving in between, by every ranking, and eleven thousand\n"
     "            in one instant; who was chosen is checked against a scan of all",
     BIT(ACCOUNTS) | BIT(TICKS), false, bench_adl},
    {"social", "everybody charged within one command",
     "a loss that is charged to a million accounts by profit or equity:\n"
     "            the longest command of the sweep; every payment is checked\n"
     "            against a division of all at once",
     BIT(ACCOUNTS), false, bench_social},
    {"journal", "the same blocks alone, the same flow without",
     "the durable log: ordinary flow with it and without, how long a\n"
     "            command waits until it is durable, the writer alone beside\n"
     "            the disk at the same blocks; where TMPDIR says",
     BIT(ACCOUNTS) | BIT(MESSAGES) | BIT(RATE) | BIT(DURATION), false, bench_journal},
    {"run", NULL,
     "a scenario from start to end as a process of its own: flow,\n"
     "            log and report; the default one, and one of ten thousand\n"
     "            accounts and six hours; every run must end in the same state",
     BIT(ACCOUNTS) | BIT(HOURS), false, bench_run},
};
const uint32_t weir_bench_kind_count = sizeof weir_bench_kinds / sizeof weir_bench_kinds[0];

void weir_bench_jobs_init(struct weir_bench_jobs *jobs) {
    *jobs = (struct weir_bench_jobs){.job = {.seed = 1}};
    for (uint32_t i = 0; i < PARAMETER_COUNT; i++)
        jobs->job.value[i] = -1;
}

bool weir_bench_choose(struct weir_bench_jobs *jobs, const char *name) {
    for (uint32_t i = 0; i < weir_bench_kind_count; i++) {
        if (strcmp(name, weir_bench_kinds[i].name) != 0) continue;
        jobs->benches |= UINT32_C(1) << i;
        return true;
    }
    return false;
}

static uint32_t given(const struct weir_bench_jobs *jobs) {
    uint32_t set = 0;
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        if (jobs->count[p] > 0) set |= UINT32_C(1) << p;
    return set;
}

/* ` --accounts --markets`, of a set of parameters. */
static void list_parameters(uint32_t set, char *text, size_t size) {
    size_t n = 0;
    text[0] = 0;
    for (uint32_t p = 0; p < PARAMETER_COUNT && n < size; p++)
        if (set >> p & 1)
            n += (size_t)snprintf(text + n, size - n, " %s", weir_bench_parameters[p].name);
}

/* What a benchmark cannot be told; NULL: all fits. */
static const char *wrong_for(const struct weir_bench_kind *k, const struct weir_bench_jobs *jobs,
                             char *error, size_t size) {
    uint32_t extra = given(jobs) & ~k->reads;
    char reads[512], not_read[512];
    const struct weir_bench_job *job = &jobs->job;
    bool book = strcmp(k->name, "book") == 0, run = strcmp(k->name, "run") == 0;
    list_parameters(k->reads, reads, sizeof reads);
    list_parameters(extra, not_read, sizeof not_read);
    if (extra != 0)
        snprintf(error, size, "%s does not know%s; it knows%s", k->name, not_read, reads);
    else if (job->workload != NULL && !book)
        snprintf(error, size, "%s does not know workload; book does", k->name);
    else if (job->scenario != NULL && !run)
        snprintf(error, size, "%s does not know scenario; run does", k->name);
    else if (job->workload != NULL && given(jobs) != 0)
        snprintf(error, size, "workload is a file's flow: expected none of%s beside it", reads);
    else
        return NULL;
    return error;
}

const char *weir_bench_settle(struct weir_bench_jobs *jobs, char *error, size_t size) {
    bool named = jobs->benches != 0;
    for (uint32_t i = 0; i < weir_bench_kind_count; i++) {
        const struct weir_bench_kind *k = &weir_bench_kinds[i];
        const char *wrong = wrong_for(k, jobs, error, size);
        if (!named && !k->asked && wrong == NULL) jobs->benches |= UINT32_C(1) << i;
        if ((jobs->benches >> i & 1) && wrong != NULL) return wrong;
    }
    /* Where nobody fits, what was given for a file is to blame, or the parameters together. */
    if (jobs->benches != 0) return NULL;
    char extra[512];
    list_parameters(given(jobs), extra, sizeof extra);
    snprintf(error, size, "no benchmark knows all of%s%s%s", extra,
             jobs->job.workload != NULL ? " workload" : "",
             jobs->job.scenario != NULL ? " scenario" : "");
    return error;
}

/* Quick: of several values the small ones, at least the least. */
static void leave_out_large(struct weir_bench_jobs *jobs) {
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++) {
        double most = weir_bench_parameters[p].quick_most, *values = jobs->values[p];
        if (weir_bench_parameters[p].form >= WEIR_BENCH_WORD) continue;
        uint32_t kept = 0, least = 0;
        for (uint32_t i = 0; i < jobs->count[p]; i++)
            if (values[i] < values[least]) least = i;
        if (most < values[least]) most = values[least];
        for (uint32_t i = 0; i < jobs->count[p]; i++)
            if (values[i] <= most) values[kept++] = values[i];
        jobs->count[p] = kept;
    }
}

/* Every combination of the values, the last parameter fastest. */
static int run_combinations(const struct weir_bench_kind *kind,
                            const struct weir_bench_jobs *asked) {
    struct weir_bench_jobs copy = *asked, *jobs = &copy;
    if (jobs->job.quick) leave_out_large(jobs);
    if (jobs->job.warmup == 0) jobs->job.warmup = 1;
    uint32_t at[PARAMETER_COUNT] = {0}, p;
    int status = 0;
    do {
        struct weir_bench_job job = jobs->job;
        for (p = 0; p < PARAMETER_COUNT; p++)
            if (jobs->count[p] > 0) job.value[p] = jobs->values[p][at[p]];
        bench_cases_of(kind, &job);
        int wrong = kind->run(&job);
        status = wrong > status ? wrong : status;
        for (p = PARAMETER_COUNT; p > 0; p--) {
            if (++at[p - 1] < jobs->count[p - 1]) break;
            at[p - 1] = 0;
        }
    } while (p > 0 && !bench_stopped());
    return status;
}

int weir_bench_run(const struct weir_bench_jobs *jobs, uint32_t count) {
    int status = 0;
    const char *only = NULL;
    for (uint32_t i = 0; i < weir_bench_kind_count; i++) {
        for (uint32_t j = 0; j < count && !bench_stopped(); j++) {
            if (!(jobs[j].benches >> i & 1)) continue;
            int wrong = run_combinations(&weir_bench_kinds[i], &jobs[j]);
            status = wrong > status ? wrong : status;
            only = jobs[j].job.only != NULL ? jobs[j].job.only : only;
        }
    }
    if (status > 0 || only == NULL || bench_cases_wanted() || bench_stopped()) return status;
    fprintf(stderr, "weir bench: --case %s: no case that was asked for has such a name\n", only);
    return 2;
}
