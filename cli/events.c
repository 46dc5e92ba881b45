#include "cli/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE  (1u << 20)
#define WAITING_SIZE (16u << 20) /* with a journal: two buffers of it are seldom under way */
#define MARKS        65536u
#define SEND_SIZE    (128u << 10) /* less is not worth a call */

int weir_events_new(struct weir_events *e) {
    e->size = e->durable ? WAITING_SIZE : BUFFER_SIZE;
    e->text = malloc(e->size);
    if (e->durable) e->marks = malloc(MARKS * sizeof *e->marks);
    return e->text && (e->marks || !e->durable) ? 0 : -ENOMEM;
}

void weir_events_free(struct weir_events *e) {
    free(e->text);
    free(e->marks);
    e->text = NULL;
    e->marks = NULL;
}

static void send_to(struct weir_events *e, size_t end) {
    while (e->sent < end && e->error == 0) {
        ssize_t n = write(e->fd, e->text + e->sent, end - e->sent);
        if (n >= 0)
            e->sent += (size_t)n;
        else if (errno != EINTR)
            e->error = errno;
    }
    if (e->sent == e->used) e->sent = e->used = e->ready = 0;
}

void weir_events_flush(struct weir_events *e) {
    if (e->used > e->sent && e->durable && e->error == 0) {
        int error = weir_durable_wait(e->durable);
        if (error < 0) e->error = -error;
    }
    send_to(e, e->used);
    e->mark_count = 0;
    /* Where sending failed, what is left is left. */
    e->sent = e->used = e->ready = 0;
}

void weir_events_mark(struct weir_events *e, uint64_t number) {
    if (e->fd < 0 || e->error != 0) return;
    if (e->mark_count == MARKS) weir_events_flush(e);
    if (e->used == e->sent) return;
    e->marks[(e->mark_first + e->mark_count++) % MARKS] = (struct weir_event_mark){number, e->used};
    uint64_t durable = weir_journal_durable(e->durable->journal);
    while (e->mark_count > 0 && e->marks[e->mark_first].number <= durable) {
        e->ready = e->marks[e->mark_first].end;
        e->mark_first = (e->mark_first + 1) % MARKS;
        e->mark_count--;
    }
    if (e->ready >= e->sent + SEND_SIZE || e->ready == e->used) send_to(e, e->ready);
}

/* Room where text has been sent, if that is much. */
static bool move_down(struct weir_events *e) {
    size_t gone = e->sent;
    if (gone < e->size / 2) return false;
    memmove(e->text, e->text + gone, e->used - gone);
    for (uint32_t i = 0; i < e->mark_count; i++)
        e->marks[(e->mark_first + i) % MARKS].end -= gone;
    e->ready -= gone;
    e->used -= gone;
    e->sent = 0;
    return true;
}

void weir_events_sink(void *ctx, const struct weir_event *event) {
    struct weir_events *e = ctx;
    e->count++;
    if (e->fd < 0 || e->silent || e->error != 0) return;
    size_t size = weir_json_event(e->venue, event, e->text + e->used, e->size - e->used);
    if (size > e->size - e->used && move_down(e))
        size = weir_json_event(e->venue, event, e->text + e->used, e->size - e->used);
    if (size <= e->size - e->used) {
        e->used += size;
        return;
    }
    weir_events_flush(e);
    if (size > e->size) {
        char *larger = realloc(e->text, 2 * size);
        if (!larger) {
            e->error = ENOMEM;
            return;
        }
        e->text = larger;
        e->size = 2 * size;
    }
    if (e->error == 0) e->used = weir_json_event(e->venue, event, e->text, e->size);
}
