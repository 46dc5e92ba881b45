/* weir validate: published results, reproduced with the engine's own arithmetic. */
#include "cli/validate.h"

#include <string.h>

enum { OPTION_TIERS = 0x300, OPTION_SYMBOL, OPTION_SYMBOLS, OPTION_ROUNDS };

static const struct {
    const char *name;
    int (*run)(const struct weir_validate *a);
} validations[] = {
    {"adl-example", weir_validate_adl_example},
    {"dutch", weir_validate_dutch},
    {"gap", weir_validate_gap},
    {"schedule", weir_validate_schedule},
    {"sealed-bid", weir_validate_sealed_bid},
    {"tiers", weir_validate_tiers},
    {"water-filling", weir_validate_water_filling},
};
#define COUNT (sizeof validations / sizeof validations[0])

static bool opened; /* some validation's object stands in the JSON result */

void weir_validate_open(const char *name) {
    printf("%s{\"name\":", opened ? "," : "");
    weir_cli_json_string(stdout, name);
    opened = true;
}

static void ask_for(struct weir_validate *a, const char *name, struct argp_state *state) {
    char list[256] = "";
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(validations[i].name, name) == 0) {
            a->named |= (uint64_t)1 << i;
            return;
        }
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                       validations[i].name);
    }
    argp_error(state, "there is no validation `%s`; there are: %s", name, list);
}

/* The type of argp's parsers. */
static error_t take(int key, char *text, struct argp_state *state) {
    struct weir_validate *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->options;
        return 0;
    case OPTION_TIERS:
        a->tiers = text;
        return 0;
    case OPTION_SYMBOL:
        a->symbol = text;
        return 0;
    case OPTION_SYMBOLS:
        a->symbols = true;
        return 0;
    case OPTION_ROUNDS:
        if (!weir_cli_u64(text, &a->rounds) || a->rounds < 2 || a->rounds > UINT32_MAX)
            argp_error(state, "--rounds %s: expected a number from 2 to 4294967295", text);
        return 0;
    case 's':
        if (!weir_cli_u64(text, &a->seed)) argp_error(state, "--seed %s: expected a number", text);
        return 0;
    case ARGP_KEY_ARG:
        ask_for(a, text, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int weir_cmd_validate(int argc, char **argv) {
    static const struct argp_option own_options[] = {
        {"tiers", OPTION_TIERS, "FILE", 0, "The published tiers, as JSON [" WEIR_DEFAULT_TIERS "]",
         0},
        {"symbol", OPTION_SYMBOL, "NAME", 0, "Print every tier of this symbol", 0},
        {"symbols", OPTION_SYMBOLS, NULL, 0, "Print a line for every symbol", 0},
        {"rounds", OPTION_ROUNDS, "N", 0,
         "Auctions of each size (sealed-bid) [100000], gaps (gap) [100], runs (schedule) [100]", 0},
        {"seed", 's', "N", 0, "Of the random numbers [1]", 0},
        {0}};
    static const struct argp_child children[] = {{&weir_cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = own_options,
        .parser = take,
        .args_doc = "[NAME...]",
        .doc = "Reproduces published results with the engine's own arithmetic and prints "
               "published against measured. Exit status 1 when one differs. Without NAME: all.\v"
               "Validations:\n"
               "  adl-example what a queue and pro rata take from three winners\n"
               "  dutch       when a step curve passes given shares of its start\n"
               "  gap         bad debt of a jump through an empty book, and who pays it\n"
               "  schedule    the risk-averse schedule of the policy `optimal`\n"
               "  sealed-bid  revenue of first- and second-price auctions\n"
               "  tiers       maintenance amounts of a venue's tiers, and margin continuous at\n"
               "              their caps\n"
               "  water-filling  three properties of a common level, which a queue lacks\n\n"
               "Example:\n  weir validate tiers --tiers leverage_tiers.json --symbol "
               "BTC/USDT:USDT\n",
        .children = children,
    };
    struct weir_validate a = {.command = argv[0], .seed = 1};
    weir_cli_parse(&argp, argc, argv, &a);
    weir_cli_catch_interrupt();
    int status = WEIR_EXIT_DONE;
    if (a.options.json) fputs("{\"validations\":[", stdout);
    for (size_t i = 0; i < COUNT && status != WEIR_EXIT_USAGE && !weir_cli_interrupted; i++) {
        if (a.named != 0 && !(a.named >> i & 1)) continue;
        int result = validations[i].run(&a);
        if (result > status) status = result;
    }
    if (a.options.json) puts("]}");
    if (fflush(stdout) != 0 || ferror(stdout))
        return weir_cli_fail(WEIR_EXIT_FAILED, a.command, "cannot write the result");
    return weir_cli_interrupted && status != WEIR_EXIT_USAGE ? WEIR_EXIT_INTERRUPTED : status;
}
