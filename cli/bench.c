/* weir bench: the benchmarks. */
#include "bench/bench.h"
#include "cli/cli.h"

#include <string.h>

enum { OPTION_WORKLOAD = 256, OPTION_QUICK, OPTION_JSON };

/* Benchmarks in the order in which they run. */
enum { BENCH_BOOK = 0, BENCH_TRIGGER, BENCH_MEMORY, BENCH_COUNT };
static const char *const names[BENCH_COUNT] = {"book", "trigger", "memory"};

struct bench_options {
    const char *workload;
    uint32_t chosen; /* bit per benchmark */
    bool quick, json;
};

static bool choose(struct bench_options *b, const char *name) {
    for (uint32_t i = 0; i < BENCH_COUNT; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        b->chosen |= UINT32_C(1) << i;
        return true;
    }
    return false;
}

static error_t take(int key, char *text, struct argp_state *state) {
    struct bench_options *b = state->input;
    switch (key) {
    case OPTION_WORKLOAD:
        b->workload = text;
        return 0;
    case OPTION_QUICK:
        b->quick = true;
        return 0;
    case OPTION_JSON:
        b->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (!choose(b, text))
            argp_error(state, "there is no benchmark `%s`; there are: book, trigger, memory", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int weir_cmd_bench(int argc, char **argv) {
    static const struct argp_option own_options[] = {
        {"workload", OPTION_WORKLOAD, "FILE", 0, "The order flow of FILE instead of generated ones",
         0},
        {"quick", OPTION_QUICK, NULL, 0,
         "Less work: a million messages, no book of a million orders, a hundred thousand scopes",
         0},
        {"json", OPTION_JSON, NULL, 0, "One JSON object on standard output", 0},
        {0}};
    static const struct argp argp = {
        own_options,
        take,
        "[NAME...]",
        "Measures how fast the engine is, beside a straightforward baseline that does the same "
        "work.\v"
        "Benchmarks:\n"
        "  book      the order book, one message at a time and looking ahead over\n"
        "            pending ones; its results are checked against the file's or the\n"
        "            baseline's\n"
        "  trigger   what it costs to know whom a tick of the marks makes\n"
        "            liquidatable; the set is checked against a full scan's\n"
        "  memory    bytes of state an account with one position takes, and a\n"
        "            resting order; checked against the resident memory\n"
        "Without a name all of them run; with --workload alone, the book.\n\n"
        "Example:\n  weir bench book --quick\n",
        NULL,
        NULL,
        NULL};
    struct bench_options b = {0};
    weir_cli_parse(&argp, argc, argv, &b);
    if (b.chosen == 0) b.chosen = b.workload ? 1u << BENCH_BOOK : (1u << BENCH_COUNT) - 1;
    int status = 0;
    for (uint32_t i = 0; i < BENCH_COUNT; i++) {
        if (!(b.chosen >> i & 1)) continue;
        int wrong = i == BENCH_BOOK      ? weir_bench_book(b.workload, b.json, b.quick)
                    : i == BENCH_TRIGGER ? weir_bench_trigger(b.json, b.quick)
                                         : weir_bench_memory(b.json, b.quick);
        status = wrong > status ? wrong : status;
    }
    weir_bench_json_end();
    return status;
}
