/* Events on their way out as JSON Lines. With a journal an event leaves when its command is durable
 * and not before; until then it waits in memory. */
#ifndef WEIR_CLI_EVENTS_H
#define WEIR_CLI_EVENTS_H

#include "cli/durable.h"
#include "wire/wire.h"

struct weir_event_mark {
    uint64_t number; /* of a command */
    size_t end;      /* of its events in the text */
};
struct weir_events {
    const struct weir_venue *venue;
    struct weir_durable *durable; /* NULL: no journal */
    int fd;                       /* < 0: nobody wants them */
    int error;                    /* of writing; nothing is written after one */
    bool silent;                  /* they are counted only */
    uint64_t count;
    size_t used, size;
    size_t sent, ready; /* of `used`: what has left, what may; ready is at least sent, or 0 */
    char *text;
    struct weir_event_mark *marks; /* of commands whose events wait, in a ring */
    uint32_t mark_first, mark_count;
};
/* Makes room for them. 0 or -ENOMEM. */
int weir_events_new(struct weir_events *events);
void weir_events_free(struct weir_events *events);
/* A weir_event_sink; ctx is the struct weir_events. */
void weir_events_sink(void *ctx, const struct weir_event *event);
/* All events of the command of that number are there: sends what may leave. Only for who has a
 * journal. */
void weir_events_mark(struct weir_events *events, uint64_t number);
/* Sends everything, after waiting for the journal. */
void weir_events_flush(struct weir_events *events);

#endif
