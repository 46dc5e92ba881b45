/* weir dump: a log as JSON Lines. */
#include "cli/source.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int dump(struct weir_source *source, uint64_t *count) {
    static char text[WEIR_LINE_MAX];
    struct weir_command command;
    int status;
    while ((status = weir_source_next(source, &command)) > 0) {
        size_t size = weir_json_command(&command, text, sizeof text);
        if (fwrite(text, 1, size, stdout) != size) return WEIR_EXIT_FAILED;
        ++*count;
    }
    if (fflush(stdout) != 0) return WEIR_EXIT_FAILED;
    return status < 0             ? WEIR_EXIT_USAGE
           : weir_cli_interrupted ? WEIR_EXIT_INTERRUPTED
                                  : WEIR_EXIT_DONE;
}

int weir_cmd_dump(int argc, char **argv) {
    static const struct argp_child children[] = {{&weir_source_log_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = weir_source_take,
        .args_doc = "LOG",
        .doc = "Prints the commands of a log as JSON Lines that weir replay reads again. A line "
               "that could not be read when it was recorded is printed as a line that is refused "
               "for the same reason.\v"
               "Example:\n  weir dump out/hour-601m-1/commands.weir | head",
        .children = children,
    };
    struct weir_source_arguments a = {0};
    struct weir_source source;
    uint64_t count = 0;
    weir_cli_parse(&argp, argc, argv, &a);
    weir_cli_catch_interrupt();
    int status = weir_source_open(&source, a.log, argv[0]);
    if (status != 0) return status;
    errno = 0;
    status = dump(&source, &count);
    if (status == WEIR_EXIT_FAILED) weir_cli_fail(status, argv[0], "writing: %s", strerror(errno));
    /* What the log ends with is known to who has read to its end. */
    if (!a.options.quiet && weir_source_binary(&source) && status == WEIR_EXIT_DONE) {
        struct weir_log_end end = weir_source_ending(&source);
        fprintf(stderr, "%s: %" PRIu64 " commands recorded at venue %016" PRIx64, argv[0], count,
                weir_source_digest(&source));
        if (end.present)
            fprintf(stderr, ", %" PRIu64 " events, state_hash %016" PRIx64 "\n", end.events,
                    end.state_hash);
        else
            fprintf(stderr, ", no closing record\n");
    }
    weir_source_close(&source);
    return status;
}
