/* weir bench: the benchmarks. */
#include "bench/bench.h"
#include "cli/cli.h"

#include <string.h>

enum { OPTION_WORKLOAD = 256, OPTION_QUICK, OPTION_JSON };

struct bench_options {
    const char *workload;
    bool quick, json;
};

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
        if (strcmp(text, "book") != 0)
            argp_error(state, "there is no benchmark `%s`; there is: book", text);
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
         "Less work: the first million messages, without the "
         "book of a million orders",
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
        "  book   the order book, one message at a time and looking ahead over pending ones;\n"
        "         its results are checked against the file's or the baseline's\n\n"
        "Example:\n  weir bench book --quick\n",
        NULL,
        NULL,
        NULL};
    struct bench_options b = {0};
    weir_cli_parse(&argp, argc, argv, &b);
    return weir_bench_book(b.workload, b.json, b.quick);
}
