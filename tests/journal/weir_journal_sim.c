/* weir_journal_sim: crashes and recoveries of the journal on a pretended disk; long searches. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"
#include "sim.h"

struct options {
    uint64_t seed, count;
    bool quiet, trace;
};

enum { KEY_COUNT = 1000, KEY_TRACE };

static const struct argp_option arguments[] = {
    {"seed", 's', "N", 0, "First seed [1]", 0},
    {"count", KEY_COUNT, "N", 0, "How many seeds [10000]", 0},
    {"trace", KEY_TRACE, NULL, 0, "Print what happens", 0},
    {"quiet", 'q', NULL, 0, "Only failures", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct options *o = state->input;
    switch (key) {
    case 's':
        o->seed = strtoull(arg, NULL, 10);
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case KEY_COUNT:
        o->count = strtoull(arg, NULL, 10);
        return 0;
    case KEY_TRACE:
        o->trace = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What a failed check of ours says of the run. */
static struct {
    const char *program;
    uint64_t seed;
} running;

static void describe(void *ctx, char *text, size_t size) {
    (void)ctx;
    snprintf(text, size, "%s --seed %" PRIu64 " --count 1 --trace", running.program, running.seed);
}

int main(int argc, char **argv) {
    struct options o = {.seed = 1, .count = 10000};
    const struct argp argp = {.options = arguments,
                              .parser = parse,
                              .doc = "Fills journals on a pretended disk, stops them at random "
                                     "steps, recovers them and compares. Stops at the first "
                                     "failure."};
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    struct sim_result sum = {0}, one;
    running.program = argv[0];
    weir_check_context(describe, NULL);
    for (uint64_t i = 0; i < o.count; i++) {
        running.seed = o.seed + i;
        sim_run(o.seed + i, o.trace, &one);
        sim_add(&sum, &one);
        if (one.ok) continue;
        printf("run %" PRIu64 ": %s\n%s --seed %" PRIu64 " --count 1 --trace\n", i + 1, one.problem,
               argv[0], o.seed + i);
        return 1;
    }
    if (!o.quiet)
        printf("%" PRIu64 " runs, none failed: %" PRIu64 " recoveries after %" PRIu64
               " kills and %" PRIu64 " losses of power, %" PRIu64 " closed well; %" PRIu64
               " refused with a bit inverted; no room met %" PRIu64 " times, waits %" PRIu64
               ", errors %" PRIu64 ", trims %" PRIu64 "; %" PRIu64 " commands\n",
               o.count, sum.recoveries, sum.kills, sum.powers, sum.closes, sum.refused, sum.full,
               sum.waits, sum.errors, sum.trims, sum.appended);
    return 0;
}
