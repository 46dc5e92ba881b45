/* weir: the table of commands. */
#include "cli/cli.h"

#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *does;
};

static const struct command commands[] = {
    {"run", weir_cmd_run, "run a scenario through the engine and write a run folder"},
    {"replay", weir_cmd_replay, "apply recorded commands and write the events"},
    {"explain", weir_cmd_explain, "why an account was liquidated, deleveraged or rejected"},
    {"audit", weir_cmd_audit, "verify every checksum, every invariant and the state hash of a log"},
    {"dump", weir_cmd_dump, "print a log as JSON Lines"},
    {"report", weir_cmd_report, "write the HTML report of a run folder again"},
    {"bench", weir_cmd_bench, "measure how fast the engine is"},
    {"validate", weir_cmd_validate, "reproduce published results"},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *stream) {
    fputs("Usage: weir COMMAND [OPTION...]\n"
          "An exchange-side liquidation engine: commands go in, events come out.\n\n",
          stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-8s  %s\n", commands[i].name, commands[i].does);
    fputs("\n  weir COMMAND --help   the options of a command, with an example\n"
          "  weir --version        the version and the facts of the build\n\n"
          "Exit status: 0 done, 1 the work failed, 2 wrong usage or a bad input file,\n"
          "130 interrupted.\n\n"
          "Example:\n  weir run scenarios/hour-601m.yaml\n",
          stream);
}

static int unknown(const char *name) {
    fprintf(stderr, "weir: there is no command `%s`; the commands are", name);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", commands[i].name);
    fputs(" (weir --help)\n", stderr);
    return WEIR_EXIT_USAGE;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return WEIR_EXIT_USAGE;
    }
    const char *word = argv[1];
    bool help = strcmp(word, "help") == 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (help && argc == 2)) {
        print_help(stdout);
        return weir_cli_flush(WEIR_EXIT_DONE, "weir");
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        weir_cli_version(stdout);
        return weir_cli_flush(WEIR_EXIT_DONE, "weir");
    }
    const char *name = help ? argv[2] : word;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) != 0) continue;
        char argv0[32], option[] = "--help";
        snprintf(argv0, sizeof argv0, "weir %s", commands[i].name);
        if (help) {
            char *asked[] = {argv0, option, NULL};
            return commands[i].run(2, asked);
        }
        argv[1] = argv0;
        return commands[i].run(argc - 1, argv + 1);
    }
    return unknown(name);
}
