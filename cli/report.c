/* weir report FOLDER: writes the page of a run again. */
#include "cli/cli.h"
#include "report/report.h"

#include <errno.h>
#include <string.h>

struct arguments {
    struct weir_cli_options options;
    const char *folder;
};

static error_t take(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->options;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->folder != NULL) argp_error(state, "one folder only, not also `%s`", text);
        arguments->folder = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a run folder is missing");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int weir_cmd_report(int argc, char **argv) {
    static const struct argp_child children[] = {{&weir_cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = take,
        .args_doc = "FOLDER",
        .doc = "Writes FOLDER/report.html again, from summary.json, series.csv, liquidations.csv "
               "and adl.csv in it: one file that explains the run and needs no network.\v"
               "Example:\n  weir report out/hour-601m-1",
        .children = children,
    };
    struct arguments arguments = {0};
    struct weir_file_error error;
    weir_cli_parse(&argp, argc, argv, &arguments);
    int result = weir_report_write(arguments.folder, &error);
    if (result < 0) {
        int status = result == -EINVAL ? WEIR_EXIT_USAGE : WEIR_EXIT_FAILED;
        return weir_cli_fail(status, argv[0], "%s", error.text);
    }
    /* The page's address, for a person to open or a script to read. */
    if (arguments.options.json) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/report.html", arguments.folder);
        (void)fputs("{\"report\":", stdout);
        weir_cli_json_string(stdout, path);
        (void)fputs("}\n", stdout);
    } else if (!arguments.options.quiet) {
        (void)printf("%s/report.html\n", arguments.folder);
    }
    return weir_cli_flush(WEIR_EXIT_DONE, argv[0]);
}
