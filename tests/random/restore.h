/* restore: an engine made from the image of another one. */
#ifndef WEIR_TESTS_RANDOM_RESTORE_H
#define WEIR_TESTS_RANDOM_RESTORE_H

#include "engine/engine.h"

/* Exchanges *engine for a new one that was loaded with its image; the old one is freed. NULL, or
 * what went wrong (*engine is then the old one). */
const char *weir_restore(struct weir_engine **engine, const struct weir_venue *venue,
                         const struct weir_engine_options *options, weir_event_sink sink,
                         void *sink_ctx);

#endif
