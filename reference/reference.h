/* reference: the naive twin. The whole engine again from the rules alone, slow and obvious, sharing
 * no arithmetic with the fast one; differential tests compare the two event by event. It includes
 * market/, protocol/ and wire/ only (and base/ for types, names and decimals). */
#ifndef WEIR_REFERENCE_H
#define WEIR_REFERENCE_H

#include "protocol/protocol.h"

struct weir_reference;
struct weir_reference *weir_reference_new(const struct weir_venue *venue, weir_event_sink sink,
                                          void *sink_ctx);
void weir_reference_free(struct weir_reference *twin);
void weir_reference_apply(struct weir_reference *twin, const struct weir_command *command);
uint64_t weir_reference_digest(struct weir_reference *twin);

#endif
