/* weir audit: is a log whole, does every invariant hold all the way, and does it end in the state
 * it says it ends in? */
#include "cli/source.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CHECK_EVERY 1000

struct result {
    uint64_t events;
    uint64_t checks; /* full recomputations of the invariants */
    uint64_t state_hash;
    bool broken;     /* an invariant */
    bool has_ending; /* the log states one */
    bool agrees;     /* with it */
    char problem[600];
};

static void on_event(void *ctx, const struct weir_event *event) {
    (void)event;
    ++*(uint64_t *)ctx;
}

/* R33, R34 from the accounts themselves. */
static bool check_state(struct weir_machine *machine, struct result *result) {
    const char *broken = weir_engine_audit(machine->engine);
    result->checks++;
    if (!broken) return true;
    result->broken = true;
    snprintf(result->problem, sizeof result->problem, "after command %" PRIu64 ": %s",
             machine->commands, broken);
    return false;
}

static void compare_ending(struct weir_source *source, const struct weir_machine *machine,
                           struct result *result) {
    struct weir_log_end end = {0};
    if (weir_source_binary(source)) end = weir_source_ending(source);
    result->has_ending = end.present;
    result->agrees = end.present && end.commands == machine->commands &&
                     end.events == result->events && end.state_hash == result->state_hash;
    if (!end.present || result->agrees) return;
    snprintf(result->problem, sizeof result->problem,
             "the log ends with %" PRIu64 " commands, %" PRIu64 " events, state_hash %016" PRIx64
             "; the replay with %" PRIu64 ", %" PRIu64 ", %016" PRIx64,
             end.commands, end.events, end.state_hash, machine->commands, result->events,
             result->state_hash);
}

/* Replays all of the log. The exit status. */
static int audit(struct weir_source *source, struct weir_machine *machine, struct result *result) {
    struct weir_command command;
    int status;
    while ((status = weir_source_next(source, &command)) > 0) {
        weir_machine_apply(machine, &command);
        if (machine->commands % CHECK_EVERY == 0 && !check_state(machine, result))
            return WEIR_EXIT_FAILED;
    }
    if (status < 0) {
        snprintf(result->problem, sizeof result->problem, "the log is damaged");
        return WEIR_EXIT_FAILED;
    }
    if (!check_state(machine, result)) return WEIR_EXIT_FAILED;
    result->state_hash = weir_machine_digest(machine);
    if (weir_cli_interrupted) return WEIR_EXIT_INTERRUPTED;
    compare_ending(source, machine, result);
    return result->has_ending && !result->agrees ? WEIR_EXIT_FAILED : WEIR_EXIT_DONE;
}

static void tell(const struct weir_source_arguments *a, const struct weir_source *source,
                 const struct weir_machine *machine, const struct result *r, int status) {
    if (status == WEIR_EXIT_FAILED)
        weir_cli_fail(0, source->command, "%s: %s", source->path, r->problem);
    if (a->options.json) {
        printf("{\"log\":");
        weir_cli_json_string(stdout, source->path);
        printf(",\"form\":\"%s\",\"commands\":%" PRIu64 ",\"events\":%" PRIu64
               ",\"checks\":%" PRIu64 ",\"state_hash\":\"%016" PRIx64
               "\",\"ending\":%s,\"conserved\":%s,\"passed\":%s,\"problem\":",
               weir_source_binary(source) ? "binary" : "json_lines", machine->commands, r->events,
               r->checks, r->state_hash,
               !r->has_ending ? "null"
               : r->agrees    ? "true"
                              : "false",
               r->broken ? "false" : "true", status == WEIR_EXIT_DONE ? "true" : "false");
        if (r->problem[0] != 0)
            weir_cli_json_string(stdout, r->problem);
        else
            printf("null");
        printf("}\n");
        return;
    }
    if (status != WEIR_EXIT_DONE || a->options.quiet) return;
    printf("%s: %" PRIu64 " commands, %" PRIu64 " events, state_hash %016" PRIx64 "\n",
           source->path, machine->commands, r->events, r->state_hash);
    printf("invariants recomputed %" PRIu64 " times: they hold\n", r->checks);
    const struct weir_journal_ending *end =
        source->journal ? weir_journal_read_ending(source->journal) : NULL;
    if (end && end->cut)
        printf("%s: what stands from there on was being written when the program stopped, and "
               "nobody was told of it\n",
               end->where);
    if (!weir_source_binary(source))
        printf("JSON Lines carry no checksums and no state hash to compare with\n");
    else if (!r->has_ending)
        printf("every checksum is right; the log has no closing record, so nothing to compare the "
               "state hash with\n");
    else
        printf("every checksum is right, and the log ends in the same state\n");
}

int weir_cmd_audit(int argc, char **argv) {
    static const struct argp_child children[] = {
        {&weir_source_log_argp, 0, NULL, 0}, {&weir_source_venue_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = weir_source_take,
        .args_doc = "LOG",
        .doc = "Verifies a log: every checksum and the chain of records; conservation and zero sum "
               "recomputed from the accounts every 1,000 commands and at the end; the state hash "
               "that it ends with. Status 1 when anything is wrong.\v"
               "Example:\n  weir audit out/hour-601m-1/commands.weir",
        .children = children,
    };
    struct weir_source_arguments a = {0};
    struct weir_source source;
    struct weir_machine machine = {0};
    struct result result = {0};
    weir_cli_parse(&argp, argc, argv, &a);
    weir_cli_catch_interrupt();
    int status = weir_source_open(&source, a.log, argv[0]);
    if (status != 0) return status;
    struct weir_venue *venue = weir_source_venue(&source, a.venue, &a.options, true);
    status = venue ? weir_machine_new(&machine, venue, false, on_event, &result.events, argv[0])
                   : WEIR_EXIT_USAGE;
    if (status == 0) {
        status = audit(&source, &machine, &result);
        tell(&a, &source, &machine, &result, status);
        status = weir_cli_flush(status, argv[0]);
    }
    weir_machine_free(&machine);
    weir_venue_free(venue);
    weir_source_close(&source);
    return status;
}
