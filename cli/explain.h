/* Inside weir explain: the telling of one event. */
#ifndef WEIR_CLI_EXPLAIN_H
#define WEIR_CLI_EXPLAIN_H

#include "protocol/protocol.h"

/* Prints the command that comes next with its number (from 1) and time. */
void weir_explain_command(const struct weir_command *command, uint64_t number, weir_time now);
/* Prints the account's state as it was before the command. */
void weir_explain_before(const struct weir_venue *venue, const struct weir_account_state *state);
/* Prints an event of the command: the numbers, and the rules (docs/rules.md) that made them. */
void weir_explain_event(const struct weir_venue *venue, const struct weir_name *account,
                        const struct weir_event *event);

#endif
