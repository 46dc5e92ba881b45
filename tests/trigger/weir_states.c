/* weir_states: the trigger index against a full scan over random states; long searches. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "states.h"
#include "tests/random/stream.h"

struct options {
    struct weir_states states;
    uint64_t count;
    bool every_shape, quiet;
};

enum { KEY_COUNT = 1000, KEY_COMMANDS, KEY_SHAPE, KEY_SECONDS };

static const struct argp_option arguments[] = {
    {"seed", 's', "N", 0, "First seed [1]", 0},
    {"count", KEY_COUNT, "N", 0, "How many seeds [60]", 0},
    {"commands", KEY_COMMANDS, "N", 0, "Commands of each [20000]", 0},
    {"shape", KEY_SHAPE, "NAME", 0, "One shape instead of all in turn", 0},
    {"seconds", KEY_SECONDS, "N", 0, "After which a seed counts as hung [300]", 0},
    {"quiet", 'q', NULL, 0, "Only failures", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct options *o = state->input;
    uint64_t number = arg != NULL ? strtoull(arg, NULL, 10) : 0;
    switch (key) {
    case 's':
        o->states.seed = number;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case KEY_COUNT:
        o->count = number;
        return 0;
    case KEY_COMMANDS:
        o->states.commands = number;
        return 0;
    case KEY_SECONDS:
        o->states.seconds = (uint32_t)number;
        return 0;
    case KEY_SHAPE:
        o->every_shape = false;
        o->states.shape = weir_stream_shape(arg);
        if (o->states.shape == WEIR_NO_INDEX) argp_error(state, "no shape is called %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static uint64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void print(const struct weir_states_result *sum, uint64_t count, uint64_t failed,
                  uint64_t ms) {
    typedef unsigned long long u;
    printf("%llu streams, %llu failed\n", (u)count, (u)failed);
    printf("%llu states compared with a full scan, %llu scopes in all: %llu states a second\n",
           (u)sum->checks, (u)sum->compared, (u)(sum->checks * 1000 / (ms > 0 ? ms : 1)));
    printf("%llu liquidations, %llu margin calls; scopes seen waiting for a command %llu, queued "
           "%llu, with a new key %llu\n",
           (u)sum->liquidations, (u)sum->calls, (u)sum->pending, (u)sum->queued, (u)sum->rekeyed);
    printf("%llu evaluations; %llu ticks alone, %llu marks at an edge; at most %llu.%02llu "
           "evaluations a position and tick\n",
           (u)sum->evaluations, (u)sum->ticks, (u)sum->edges, (u)(sum->most_per_position / 100),
           (u)(sum->most_per_position % 100));
}

int main(int argc, char **argv) {
    struct options o = {.states = {.seed = 1, .commands = 20000}, .count = 60, .every_shape = true};
    struct argp argp = {.options = arguments,
                        .parser = parse,
                        .doc = "Compares the trigger index with a full scan over random states."};
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    struct weir_states_result sum = {0}, result;
    uint64_t failed = 0, begin = milliseconds();
    for (uint64_t i = 0; i < o.count; i++) {
        struct weir_states states = o.states;
        states.seed += i;
        if (o.every_shape) states.shape = (uint32_t)(states.seed % weir_stream_shapes());
        if (!weir_states_run(&states, &result)) {
            perror("fork");
            return 1;
        }
        weir_states_add(&sum, &result);
        if (result.ok) continue;
        failed++;
        printf("seed %llu, shape %s, %s\n", (unsigned long long)states.seed,
               weir_stream_shape_name(states.shape), result.problem);
    }
    if (!o.quiet) print(&sum, o.count, failed, milliseconds() - begin);
    return failed > 0 ? 1 : 0;
}
