/* Private to `weir validate`: a validation is one function in a file of its own, listed in
 * validate.c. It prints what is published against what is measured, or its JSON object, and returns
 * the exit status. */
#ifndef WEIR_CLI_VALIDATE_H
#define WEIR_CLI_VALIDATE_H

#include "cli/cli.h"

#define WEIR_DEFAULT_TIERS "../shared/data/leverage_tiers.json"

/* Rounds where --rounds says nothing. */
#define WEIR_SEALED_BID_ROUNDS 100000
#define WEIR_GAP_ROUNDS        100
#define WEIR_SCHEDULE_ROUNDS   100

struct weir_validate {
    struct weir_cli_options options;
    const char *command;
    const char *tiers;  /* --tiers FILE */
    const char *symbol; /* --symbol NAME: its rows */
    bool symbols;       /* --symbols: a line each */
    uint64_t seed;      /* --seed N */
    uint64_t rounds;    /* --rounds N; 0: the validation's own */
    uint64_t named;     /* bit i: the validation i was asked for */
};

/* Opens a validation's JSON object, behind a comma where it is not the first; the caller closes it.
 */
void weir_validate_open(const char *name);

int weir_validate_adl_example(const struct weir_validate *a);
int weir_validate_water_filling(const struct weir_validate *a);
int weir_validate_tiers(const struct weir_validate *a);
int weir_validate_gap(const struct weir_validate *a);
int weir_validate_schedule(const struct weir_validate *a);
int weir_validate_dutch(const struct weir_validate *a);
int weir_validate_sealed_bid(const struct weir_validate *a);

#endif
