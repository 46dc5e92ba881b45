/* Appending and writing. A batch goes from memory to the disk in one operation that writes and
 * syncs; several are under way at once; they are acknowledged in order. */
#include "journal/writer.h"

#include <errno.h>
#include <string.h>

#define RETRY_NS INT64_C(5000000)

void weir_journal_failed(struct weir_journal *j, int error, bool ahead) {
    if (error != -ENOSPC && error != -EDQUOT) {
        if (j->error == 0) j->error = error;
        return;
    }
    *(ahead ? &j->full_ahead : &j->full) = true;
    *(ahead ? &j->retry_ahead_ns : &j->retry_ns) = j->options.clock(j->options.ctx) + RETRY_NS;
}

/* Is there something that cannot be written because of that? */
static bool blocked(const struct weir_journal *j) {
    bool needed = j->placed < j->cut || j->stage >= STAGE_HEADER || j->file < 0;
    return j->full || (j->full_ahead && needed);
}

static void try_again(struct weir_journal *j) {
    int64_t now_ns = j->options.clock(j->options.ctx);
    j->full = j->full && now_ns < j->retry_ns;
    j->full_ahead = j->full_ahead && now_ns < j->retry_ahead_ns;
}

/* ---- Operations ------------------------------------------------------------------------------ */
static void write_batch(struct weir_journal *j, uint64_t slot) {
    struct batch *b = &j->batches[slot];
    struct weir_disk_io io = {.steps = WEIR_DISK_WRITE | WEIR_DISK_SYNC,
                              .file = b->file,
                              .slot = (uint32_t)slot,
                              .begin = b->done,
                              .size = b->head.size - b->done,
                              .offset = b->offset + b->done};
    int error = j->disk->ops->start(j->disk, &io);
    if (error < 0) {
        weir_journal_failed(j, error, false);
        return;
    }
    b->state = BATCH_FLYING;
    j->flying++;
}

static void batch_done(struct weir_journal *j, struct batch *b, int64_t result) {
    uint32_t asked = b->head.size - b->done;
    b->state = BATCH_PLACED;
    if (result == (int64_t)asked) {
        b->state = BATCH_WRITTEN;
        return;
    }
    j->counters.retries++;
    if (result < 0) {
        /* Nothing is known of what an operation that failed has left: all of it again. */
        b->done = 0;
        weir_journal_failed(j, (int)result, false);
        return;
    }
    uint32_t moved = (uint32_t)result / WEIR_DISK_BLOCK * WEIR_DISK_BLOCK;
    b->idle = moved > 0 ? 0 : (uint8_t)(b->idle + 1);
    b->done += moved;
    if (b->idle > IDLE_MAX) weir_journal_failed(j, -EIO, false);
}

static int reap(struct weir_journal *j, bool wait) {
    struct weir_disk_done done;
    while (j->flying > 0) {
        int status = j->disk->ops->reap(j->disk, wait, &done);
        if (status < 0) weir_journal_failed(j, status, false);
        if (status <= 0) return status;
        wait = false;
        j->flying--;
        if (done.slot == j->options.batches)
            weir_journal_advanced(j, done.result);
        else
            batch_done(j, &j->batches[done.slot], done.result);
    }
    return 0;
}

/* In order, and none of a segment whose name may still be lost. */
static void acknowledge(struct weir_journal *j) {
    while (j->acked < j->placed) {
        const struct batch *b = &j->batches[slot_of(j, j->acked)];
        if (b->state != BATCH_WRITTEN) return;
        if (j->acked >= j->begins && j->stage >= STAGE_HEADER) return;
        j->durable = b->head.first + b->head.count - 1;
        j->counters.batches++;
        j->counters.bytes += b->head.size;
        j->acked++;
    }
}

/* Gives batches their place and begins to write them. */
static void submit(struct weir_journal *j) {
    for (; j->placed < j->cut; j->placed++) {
        uint64_t slot = slot_of(j, j->placed);
        struct batch *b = &j->batches[slot];
        bool fits = j->file >= 0 && j->offset + b->head.size <= j->options.segment_size;
        if (!fits && !weir_journal_switch(j, b->head.first, b->head.chain)) break;
        b->file = j->file;
        b->offset = b->head.offset = j->offset;
        b->head.durable = j->durable;
        b->head.identity = j->identity;
        weir_batch_head_write(&b->head, slot_memory(j, slot));
        b->state = BATCH_PLACED;
        j->offset += b->head.size;
    }
    for (uint64_t k = j->acked; k < j->placed && j->error == 0 && !j->full; k++) {
        uint64_t slot = slot_of(j, k);
        if (j->batches[slot].state == BATCH_PLACED) write_batch(j, slot);
    }
}

void weir_journal_drain(struct weir_journal *j) {
    while (j->flying > 0 && reap(j, true) == 0)
        continue;
}

int weir_journal_step(struct weir_journal *j, bool wait) {
    if (j->full || j->full_ahead) try_again(j);
    (void)reap(j, wait);
    if (j->error == 0) {
        acknowledge(j);
        weir_journal_advance(j);
        acknowledge(j);
        submit(j);
    }
    return j->error < 0 ? j->error : blocked(j) ? -ENOSPC : 0;
}

/* ---- Appending ------------------------------------------------------------------------------- */
void weir_journal_cut(struct weir_journal *j) {
    uint64_t slot = slot_of(j, j->cut);
    struct batch *b = &j->batches[slot];
    uint32_t size = (j->used / WEIR_DISK_BLOCK + 1) * WEIR_DISK_BLOCK;
    memset(slot_memory(j, slot) + j->used, FILL, size - j->used);
    *b = (struct batch){.state = BATCH_CUT,
                        .file = -1,
                        .head = {.first = j->batch_first,
                                 .chain = j->batch_chain,
                                 .size = size,
                                 .used = j->used,
                                 .count = j->count}};
    j->cut++;
    j->used = j->count = 0;
    j->batch_ns = 0;
}

/* Waits until a batch can be begun. */
static int wait_for_memory(struct weir_journal *j) {
    int error = weir_journal_step(j, false);
    if (error < 0 && error != -ENOSPC) return error;
    if (j->cut - j->acked < j->options.batches) return 0;
    int64_t begin = j->options.clock(j->options.ctx);
    j->counters.waits++;
    while (error == 0 && j->cut - j->acked == j->options.batches)
        error = weir_journal_step(j, true);
    j->counters.wait_ns += j->options.clock(j->options.ctx) - begin;
    return j->cut - j->acked < j->options.batches ? 0 : error;
}

int weir_journal_make_room(struct weir_journal *j) {
    if (j->used + WEIR_RECORD_MAX < j->options.batch_size && j->used > 0) return 0;
    if (j->used > 0) {
        weir_journal_cut(j);
        int error = weir_journal_step(j, false);
        if (error < 0 && error != -ENOSPC) return error;
    }
    if (j->cut - j->acked == j->options.batches) {
        int error = wait_for_memory(j);
        if (error < 0) return error;
    }
    j->used = HEAD_SIZE;
    j->batch_first = j->number + 1;
    j->batch_chain = j->chain;
    return 0;
}

int weir_journal_append(struct weir_journal *j, const struct weir_command *command) {
    int error = j->error < 0 ? j->error : weir_journal_make_room(j);
    if (error < 0) return error;
    uint8_t *record = slot_memory(j, slot_of(j, j->cut)) + j->used;
    size_t size = weir_log_encode(command, record + WEIR_RECORD_HEAD);
    j->used += (uint32_t)weir_log_seal(record, size, ++j->number, &j->chain);
    j->count++;
    return 0;
}

int weir_journal_pump(struct weir_journal *j, int64_t now_ns) {
    if (j->count > 0 && j->batch_ns == 0)
        j->batch_ns = now_ns;
    else if (j->count > 0 && now_ns - j->batch_ns >= j->options.delay_ns)
        weir_journal_cut(j);
    else if (j->acked == j->cut && j->stage == STAGE_READY)
        return j->error;
    return weir_journal_step(j, false);
}

int weir_journal_wait(struct weir_journal *j, uint64_t number) {
    WEIR_CHECK(number <= j->number);
    if (number <= j->durable) return 0;
    if (j->count > 0 && number >= j->batch_first) weir_journal_cut(j);
    int64_t begin = j->options.clock(j->options.ctx);
    int error = weir_journal_step(j, false);
    while (error == 0 && j->durable < number)
        error = weir_journal_step(j, true);
    j->counters.wait_ns += j->options.clock(j->options.ctx) - begin;
    return j->durable >= number ? 0 : error;
}
