/* A burst with everything on, as a list of commands: what the loop's hygiene is tested with. Made
 * once with an engine that answers, then applied to a fresh one by a loop that does nothing else.
 */
#ifndef WEIR_TESTS_HYGIENE_TAPE_H
#define WEIR_TESTS_HYGIENE_TAPE_H

#include "engine/engine.h"

struct tape {
    struct weir_venue *venue;
    struct weir_engine_options options;
    struct weir_command *commands;
    uint32_t count, capacity;
    uint32_t begin;       /* of the burst; the commands before fill the venue */
    uint32_t steady;      /* from here on every stage has been at work once */
    uint32_t orders_most; /* orders that there were at a time, at most */
    uint64_t rejected;    /* of the burst's commands */
    uint64_t digest;      /* of the engine that answered, at the end */
    uint64_t events[WEIR_EV_COUNT];
    uint64_t by[WEIR_BY_COUNT]; /* liquidations that closed something in this stage */
};

/* Accounts fall in eight markets: book, auction, backstop, deleveraging, ordinary orders all the
 * while, funding every 2 ms. False when memory ends. */
bool tape_record(struct tape *tape, uint32_t accounts, uint32_t rounds, uint64_t seed);
void tape_free(struct tape *tape);
/* A fresh engine, filled, and its room made. NULL when memory ends. */
struct weir_engine *tape_engine(const struct tape *tape, weir_event_sink sink, void *ctx);

#endif
