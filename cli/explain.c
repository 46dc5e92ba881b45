/* weir explain: what happened to an account, and which rule made each number. The log is replayed
 * twice: first to find the commands that matter to the account, then to tell them, each with the
 * state of the account before it. Asking for that state needs queries that the log does not have;
 * they change nothing, and come in pairs, because with one step a command (R20) the parity of a
 * command's number matters. */
#include "cli/explain.h"
#include "cli/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ACCOUNT = 0x200 };

struct arguments {
    struct weir_source_arguments in;
    const char *account;
};

struct explanation {
    const struct weir_venue *venue;
    struct weir_name account;
    bool json;
    /* The command being applied. */
    uint64_t number; /* in the log, from 1 */
    bool own;        /* the account gave it */
    bool asking;     /* it is one of our queries */
    bool matters;
    /* What the account holds, kept from the fills: which market's news concern it. */
    weir_qty held[WEIR_MARKETS_MAX];
    uint64_t liquidations; /* running now */
    bool exists;
    /* Commands that matter. */
    uint64_t *list;
    size_t count, capacity, told;
    uint64_t started, deleveraged, rejected;
};

static bool is_account(const struct explanation *x, const struct weir_name *name) {
    return name && weir_name_equal(name, &x->account);
}

/* Positions from fills; deleveraging and block trades are fills, too. */
static void follow_fill(struct explanation *x, const struct weir_event *e) {
    weir_qty signed_qty = e->fill.taker_side == WEIR_BUY ? e->fill.qty : -e->fill.qty;
    if (is_account(x, e->fill.taker)) x->held[e->fill.market] += signed_qty;
    if (is_account(x, e->fill.maker)) x->held[e->fill.market] -= signed_qty;
}

static bool fill_matters(const struct explanation *x, const struct weir_event *e) {
    bool taker = is_account(x, e->fill.taker), maker = is_account(x, e->fill.maker);
    switch (e->fill.kind) {
    case WEIR_FILL_LIQUIDATION: /* the maker merely traded */
    case WEIR_FILL_AUCTION:
    case WEIR_FILL_ABSORB:
        return taker;
    case WEIR_FILL_BACKSTOP:
    case WEIR_FILL_ADL:
    case WEIR_FILL_SETTLEMENT:
        return taker || maker;
    default:
        return false;
    }
}

/* Does the event tell something about the account that it did not bring about itself? */
static bool event_matters(const struct explanation *x, const struct weir_event *e) {
    switch (e->kind) {
    case WEIR_EV_REJECTED:
        return x->own;
    case WEIR_EV_CANCELLED:
        return is_account(x, e->cancelled.account) && e->cancelled.reason != WEIR_C_USER;
    case WEIR_EV_FILL:
        return fill_matters(x, e);
    case WEIR_EV_MARGIN_CALL:
        return is_account(x, e->margin_call.account);
    case WEIR_EV_LIQUIDATION_STARTED:
        return is_account(x, e->liquidation_started.account);
    case WEIR_EV_LIQUIDATION_STEP:
        return is_account(x, e->liquidation_step.account);
    case WEIR_EV_LIQUIDATION_ENDED:
        return is_account(x, e->liquidation_ended.account);
    case WEIR_EV_ADL:
        return is_account(x, e->adl.account) || is_account(x, e->adl.counterparty);
    case WEIR_EV_FUND_MOVEMENT:
        return is_account(x, e->fund_movement.account);
    case WEIR_EV_COLLATERAL_SOLD:
        return is_account(x, e->collateral_sold.account);
    case WEIR_EV_SOCIALISED:
        return e->socialised.market == WEIR_NO_INDEX ? is_account(x, e->socialised.account)
                                                     : x->held[e->socialised.market] != 0;
    case WEIR_EV_AUCTION_OPENED:
    case WEIR_EV_AUCTION_JOINED:
        return x->liquidations > 0 && x->held[e->auction_opened.market] != 0;
    case WEIR_EV_AUCTION_CLOSED:
        return x->liquidations > 0 && x->held[e->auction_closed.market] != 0;
    default:
        return false;
    }
}

/* News of a market that belong to the story where something else matters. */
static bool is_background(const struct explanation *x, const struct weir_event *e) {
    if (e->kind == WEIR_EV_MARK) return x->held[e->mark.market] != 0;
    if (e->kind == WEIR_EV_FUNDING) return x->held[e->funding.market] != 0;
    if (e->kind == WEIR_EV_SETTLED) return x->matters;
    if (e->kind == WEIR_EV_TRIGGERED) return is_account(x, e->triggered.account);
    if (e->kind == WEIR_EV_FILL)
        return is_account(x, e->fill.taker) || is_account(x, e->fill.maker);
    return false;
}

static void follow(struct explanation *x, const struct weir_event *e) {
    if (e->kind == WEIR_EV_FILL) follow_fill(x, e);
    if (e->kind == WEIR_EV_LIQUIDATION_STARTED && is_account(x, e->liquidation_started.account))
        x->liquidations++;
    if (e->kind == WEIR_EV_LIQUIDATION_ENDED && is_account(x, e->liquidation_ended.account) &&
        x->liquidations > 0)
        x->liquidations--;
}

static void on_find(void *ctx, const struct weir_event *event) {
    struct explanation *x = ctx;
    bool matters = event_matters(x, event);
    x->matters |= matters;
    if (matters && event->kind == WEIR_EV_LIQUIDATION_STARTED) x->started++;
    if (matters && event->kind == WEIR_EV_REJECTED) x->rejected++;
    if (event->kind == WEIR_EV_ADL && is_account(x, event->adl.counterparty)) x->deleveraged++;
    follow(x, event);
}

static void print_json(const struct explanation *x, const struct weir_event *event) {
    char small[8192], *text = small;
    struct weir_event numbered = *event;
    numbered.seq = x->number;
    size_t size = weir_json_event(x->venue, &numbered, small, sizeof small);
    if (size > sizeof small) {
        text = malloc(size);
        if (!text) return;
        weir_json_event(x->venue, &numbered, text, size);
    }
    fwrite(text, 1, size, stdout);
    if (text != small) free(text);
}

static void on_tell(void *ctx, const struct weir_event *event) {
    struct explanation *x = ctx;
    if (x->asking) {
        if (event->kind != WEIR_EV_ACCOUNT_STATE) return;
        if (x->json)
            print_json(x, event);
        else
            weir_explain_before(x->venue, &event->account_state);
        return;
    }
    if (x->matters && (event_matters(x, event) || is_background(x, event))) {
        if (x->json)
            print_json(x, event);
        else
            weir_explain_event(x->venue, &x->account, event);
    }
    follow(x, event);
}

static bool gives(const struct explanation *x, const struct weir_command *command) {
    return command->reject == WEIR_OK &&
           (is_account(x, &command->account) || is_account(x, &command->account2));
}

static bool remember(struct explanation *x, uint64_t number) {
    if (x->count == x->capacity) {
        size_t capacity = x->capacity > 0 ? 2 * x->capacity : 1024;
        uint64_t *list = realloc(x->list, capacity * sizeof *list);
        if (!list) return false;
        x->list = list;
        x->capacity = capacity;
    }
    x->list[x->count++] = number;
    return true;
}

/* The state of the account now: two queries, see above. */
static void ask(struct explanation *x, struct weir_machine *machine) {
    struct weir_command query = {
        .kind = WEIR_CMD_QUERY, .what = WEIR_Q_ACCOUNT, .account = x->account};
    struct weir_command other = {.kind = WEIR_CMD_QUERY, .what = WEIR_Q_AUCTIONS};
    x->asking = true;
    weir_machine_apply(machine, &query);
    weir_machine_apply(machine, &other);
    x->asking = false;
}

static bool tells_next(const struct explanation *x) {
    return x->told < x->count && x->list[x->told] == x->number;
}

/* One pass over the log: finding, or telling. The exit status. */
static int pass(struct explanation *x, struct weir_source *source, bool telling) {
    struct weir_machine machine;
    struct weir_command command;
    memset(x->held, 0, sizeof x->held);
    x->number = x->liquidations = 0;
    int status = weir_machine_new(&machine, x->venue, false, telling ? on_tell : on_find, x,
                                  source->command);
    if (status != 0) return status;
    while ((status = weir_source_next(source, &command)) > 0) {
        x->number++;
        x->own = gives(x, &command);
        x->exists |= x->own && command.kind != WEIR_CMD_QUERY;
        x->matters = telling && tells_next(x);
        if (x->matters) {
            weir_time now =
                (command.present & WEIR_HAS_T) != 0 ? command.t : weir_engine_now(machine.engine);
            if (!x->json) weir_explain_command(&command, x->number, now);
            ask(x, &machine);
        }
        weir_machine_apply(&machine, &command);
        if (telling && x->matters) x->told++;
        if (!telling && x->matters && !remember(x, x->number)) {
            status = weir_cli_fail(-1, source->command, "no memory");
            break;
        }
        if (telling && x->told == x->count) break;
    }
    weir_machine_free(&machine);
    if (weir_cli_interrupted) return WEIR_EXIT_INTERRUPTED;
    return status < 0 ? WEIR_EXIT_USAGE : WEIR_EXIT_DONE;
}

/* The type of argp's parsers. NOLINTNEXTLINE(readability-non-const-parameter) */
static error_t take(int key, char *text, struct argp_state *state) {
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->child_inputs[1] = &a->in;
        return 0;
    case OPTION_ACCOUNT:
        a->account = text;
        return 0;
    case ARGP_KEY_END:
        if (!a->account) argp_error(state, "the account is missing: give --account NAME");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Both passes. The exit status. */
static int explain(struct explanation *x, const struct arguments *a, struct weir_source *source) {
    int status = pass(x, source, false);
    if (status != WEIR_EXIT_DONE) return status;
    if (!x->exists)
        return weir_cli_fail(WEIR_EXIT_USAGE, source->command, "%s: no account `%s` in this log",
                             a->in.log, a->account);
    if (!x->json)
        printf("%s at venue %s: liquidated %" PRIu64 " times, deleveraged %" PRIu64
               " times, %" PRIu64 " commands rejected\n",
               x->account.text, x->venue->name.text, x->started, x->deleveraged, x->rejected);
    if (x->count == 0) return WEIR_EXIT_DONE;
    const char *command = source->command;
    weir_source_close(source);
    status = weir_source_open(source, a->in.log, command);
    return status != 0 ? status : pass(x, source, true);
}

int weir_cmd_explain(int argc, char **argv) {
    static const struct argp_option own_options[] = {
        {"account", OPTION_ACCOUNT, "NAME", 0, "The account", 0}, {0}};
    static const struct argp_child children[] = {
        {&weir_source_log_argp, 0, NULL, 0}, {&weir_source_venue_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = own_options,
        .parser = take,
        .args_doc = "LOG",
        .doc = "Why was this account liquidated, deleveraged or rejected? Replays the log and "
               "tells each command that mattered to the account: its state before, then stage by "
               "stage the numbers and the rule (docs/rules.md) that made each. With --json the "
               "same events as JSON Lines.\v"
               "Example:\n  weir explain out/hour-601m-1/commands.weir --account a17",
        .children = children,
    };
    static struct explanation x;
    struct arguments a = {0};
    struct weir_source source;
    weir_cli_parse(&argp, argc, argv, &a);
    weir_cli_catch_interrupt();
    if (!weir_name_read(a.account, strlen(a.account), &x.account))
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "--account %s: not a name", a.account);
    if (strcmp(a.in.log, "-") == 0)
        return weir_cli_fail(WEIR_EXIT_USAGE, argv[0], "the log is read twice: give a file");
    int status = weir_source_open(&source, a.in.log, argv[0]);
    if (status != 0) return status;
    struct weir_venue *venue = weir_source_venue(&source, a.in.venue, &a.in.options, false);
    x.venue = venue;
    x.json = a.in.options.json;
    status = venue ? explain(&x, &a, &source) : WEIR_EXIT_USAGE;
    if (fflush(stdout) != 0 && status == WEIR_EXIT_DONE)
        status = weir_cli_fail(WEIR_EXIT_FAILED, argv[0], "writing: %s", strerror(errno));
    free(x.list);
    weir_venue_free(venue);
    weir_source_close(&source);
    return status;
}
