/* Reading a journal. Nothing is believed before checksum, chain and place have been checked. At the
 * end of the last segment a batch that was being written when the machine stopped may be torn; it
 * is told from damage by what it must show: sectors that were never written are zero, which nothing
 * written is, and no batch behind it says that its records were durable. */
#include "journal/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static int damaged(struct weir_journal_reader *r,
                                                         uint64_t offset, const char *format, ...) {
    va_list args;
    int n = snprintf(r->problem.text, sizeof r->problem.text, "%.255s/%s: byte %" PRIu64 ": ",
                     r->disk->path, r->name, offset);
    va_start(args, format);
    vsnprintf(r->problem.text + n, sizeof r->problem.text - (size_t)n, format, args);
    va_end(args);
    r->failed = true;
    return -1;
}

/* Reads size bytes, zeros behind the end of the file. */
static int read_at(struct weir_journal_reader *r, void *data, size_t size, uint64_t offset) {
    int64_t got = r->disk->ops->read(r->disk, r->file, data, size, offset);
    if (got < 0) return damaged(r, offset, "cannot be read: %s", strerror((int)-got));
    memset((uint8_t *)data + got, 0, size - (size_t)got);
    return 0;
}

static bool zero(const uint8_t *bytes, size_t size) {
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static bool last(const struct weir_journal_reader *r) {
    return r->at + 1 == r->segments.count;
}

/* ---- Segments -------------------------------------------------------------------------------- */
/* Opens segment r->at; behind another one it must continue it. */
static int open_segment(struct weir_journal_reader *r) {
    char text[80];
    uint64_t first = r->segments.first[r->at];
    struct segment_header before = r->header;
    if (r->file >= 0) r->disk->ops->close(r->disk, r->file);
    weir_segment_name(first, r->name);
    r->file = r->disk->ops->open(r->disk, r->name, false);
    if (r->file < 0) return damaged(r, 0, "cannot be opened: %s", strerror(-r->file));
    int error = r->disk->ops->size(r->disk, r->file, &r->file_size);
    if (error < 0) return damaged(r, 0, "cannot be read: %s", strerror(-error));
    if (read_at(r, r->batch, HEADER_SIZE, 0) < 0) return -1;
    const char *wrong = weir_segment_header_read(r->batch, &r->header, text, sizeof text);
    if (wrong) return damaged(r, 0, "%s", wrong);
    if (r->header.first != first)
        return damaged(r, 64, "a segment from record %" PRIu64 ", not of its name",
                       r->header.first);
    bool follows = r->number != 0;
    if (follows &&
        (r->header.identity != before.identity || r->header.venue_digest != before.venue_digest))
        return damaged(r, 16, "the segment is of another journal or venue than the one before");
    if (follows && r->header.chain != r->chain)
        return damaged(r, 72, "the segment does not continue the one before");
    r->number = first;
    r->chain = r->header.chain;
    r->offset = HEADER_SIZE;
    r->position = 0;
    return 0;
}

struct weir_journal_reader *weir_journal_read(struct weir_disk *disk,
                                              struct weir_file_error *problem) {
    struct weir_journal_reader *r = calloc(1, sizeof *r);
    int error = r ? 0 : -ENOMEM;
    if (r) {
        r->disk = disk;
        r->file = -1;
        r->batch = malloc(WEIR_JOURNAL_BATCH_MAX);
        error = r->batch ? weir_segments_list(disk, &r->segments) : -ENOMEM;
    }
    if (error < 0)
        snprintf(problem->text, sizeof problem->text, "%.255s: %s", disk->path, strerror(-error));
    else if (r->segments.count == 0)
        snprintf(problem->text, sizeof problem->text, "%.255s: no segment of a journal is there",
                 disk->path);
    else if (open_segment(r) == 0)
        return r;
    else
        *problem = r->problem;
    weir_journal_read_end(r);
    return NULL;
}

void weir_journal_read_end(struct weir_journal_reader *r) {
    if (!r) return;
    if (r->file >= 0) r->disk->ops->close(r->disk, r->file);
    weir_segments_free(&r->segments);
    free(r->batch);
    free(r);
}

uint64_t weir_journal_read_venue(const struct weir_journal_reader *r) {
    return r->header.venue_digest;
}

uint64_t weir_journal_read_number(const struct weir_journal_reader *r) {
    return r->number;
}

const struct weir_journal_ending *weir_journal_read_ending(const struct weir_journal_reader *r) {
    return &r->ending;
}

/* ---- The end --------------------------------------------------------------------------------- */
/* Looks through all behind `offset` for heads of batches: the highest number that one of them says
 * was durable when it was written; *any when there is one. The batch in memory is lost. */
static int scan_durable(struct weir_journal_reader *r, uint64_t offset, bool *any,
                        uint64_t *durable) {
    struct batch_head head;
    *any = false;
    *durable = 0;
    for (uint32_t size; offset < r->file_size; offset += size) {
        uint64_t rest = r->file_size - offset;
        size = rest < WEIR_JOURNAL_BATCH_MAX ? (uint32_t)rest : WEIR_JOURNAL_BATCH_MAX;
        if (read_at(r, r->batch, size, offset) < 0) return -1;
        for (uint32_t at = 0; at + HEAD_SIZE <= size; at += WEIR_DISK_BLOCK) {
            if (!weir_batch_head_read(r->batch + at, r->header.identity, offset + at, &head))
                continue;
            *any = true;
            if (head.durable > *durable) *durable = head.durable;
        }
    }
    return 0;
}

/* The last segment ends at byte `offset` of the file because of `why`. Whoever has been told of a
 * record from `number` on would miss it: then it is damage. */
static int end_here(struct weir_journal_reader *r, uint64_t offset, uint64_t number, bool torn,
                    const char *why) {
    bool any;
    uint64_t durable;
    if (scan_durable(r, r->offset + WEIR_DISK_BLOCK, &any, &durable) < 0) return -1;
    if (durable >= number)
        return damaged(r, offset, "%s, but records up to %" PRIu64 " were durable", why, durable);
    if (r->file_size < r->header.size)
        return damaged(r, r->file_size,
                       "the file ends here, without a closing record; its header says %" PRIu64,
                       r->header.size);
    r->ended = true;
    r->ending.cut = any || torn;
    if (r->ending.cut)
        snprintf(r->ending.where, sizeof r->ending.where, "%s: byte %" PRIu64, r->name, offset);
    return 0;
}

/* No batch follows in this segment. */
static int end_of_batches(struct weir_journal_reader *r) {
    if (last(r)) return end_here(r, r->offset, r->number, false, "no record is here");
    return damaged(r, r->offset,
                   "no record is here; %" PRIu64 " to %" PRIu64 " are missing before the next "
                   "segment",
                   r->number, r->segments.first[r->at + 1] - 1);
}

/* Has some of the batch never reached the disk? What was not written reads as zeros, as the file
 * did before; no sector that was written is all zeros, and its last byte is none. */
static bool never_written(const struct weir_journal_reader *r) {
    if (r->batch[r->head.size - 1] == 0) return true;
    for (uint32_t at = 0; at < r->head.size; at += SECTOR)
        if (zero(r->batch + at, SECTOR)) return true;
    return false;
}

/* What stands at `offset`, within the batch at r->offset, does not verify. */
static int suspect(struct weir_journal_reader *r, uint64_t offset, bool has_head, const char *why) {
    bool torn =
        has_head ? never_written(r) : zero(r->batch + HEAD_SIZE, WEIR_DISK_BLOCK - HEAD_SIZE);
    if (!last(r) || !torn) return damaged(r, offset, "%s", why);
    return end_here(r, offset, has_head ? r->head.first : r->number, true, why);
}

/* ---- Batches and records --------------------------------------------------------------------- */
static int load_batch(struct weir_journal_reader *r) {
    if (r->offset + WEIR_DISK_BLOCK > r->header.size) return end_of_batches(r);
    if (read_at(r, r->batch, WEIR_DISK_BLOCK, r->offset) < 0) return -1;
    if (zero(r->batch, HEAD_SIZE)) return end_of_batches(r);
    if (!weir_batch_head_read(r->batch, r->header.identity, r->offset, &r->head))
        return suspect(r, r->offset, false, "the head of a batch is wrong");
    if (r->head.first != r->number || r->head.chain != r->chain)
        return damaged(r, r->offset, "the batch does not continue the records before it");
    if (r->head.size > WEIR_JOURNAL_BATCH_MAX || r->offset + r->head.size > r->header.size ||
        r->head.durable >= r->head.first)
        return damaged(r, r->offset, "the head of a batch cannot be right");
    if (read_at(r, r->batch + WEIR_DISK_BLOCK, r->head.size - WEIR_DISK_BLOCK,
                r->offset + WEIR_DISK_BLOCK) < 0)
        return -1;
    r->position = HEAD_SIZE;
    return 0;
}

/* All records of the batch have been read. */
static int end_batch(struct weir_journal_reader *r) {
    uint64_t count = r->number + (r->ending.closed ? 1 : 0) - r->head.first;
    if (count != r->head.count)
        return damaged(r, r->offset, "a batch of %" PRIu64 " records, its head says %" PRIu32,
                       count, r->head.count);
    for (uint32_t at = r->head.used; at < r->head.size; at++)
        if (r->batch[at] != FILL)
            return suspect(r, r->offset + at, true, "what fills up the batch is wrong");
    r->offset += r->head.size;
    r->position = 0;
    return 0;
}

/* The closing record of the last segment: nothing may follow. */
static int end_closed(struct weir_journal_reader *r, const uint8_t *body, uint32_t size) {
    uint64_t offset = r->offset + r->position;
    bool any;
    uint64_t durable;
    r->position += WEIR_RECORD_HEAD + size;
    r->ending = (struct weir_journal_ending){.closed = true};
    if (size == WEIR_RECORD_END_SIZE) {
        r->ending.commands = load64(body + 1);
        r->ending.events = load64(body + 9);
        r->ending.state_hash = load64(body + 17);
    }
    if (r->ending.commands != r->number - 1 || r->position != r->head.used)
        return damaged(r, offset, "a closing record that cannot be right");
    if (end_batch(r) < 0 || r->ended) return r->failed ? -1 : 0;
    if (scan_durable(r, r->offset, &any, &durable) < 0) return -1;
    if (any) return damaged(r, r->offset, "a batch behind the closing record");
    /* What continued it begins with r->number, so another one has gone. */
    if (!last(r)) return end_of_batches(r);
    r->ended = true;
    return 0;
}

/* The record at r->position. 1: *out is a command; 0: none; -1. */
static int read_record(struct weir_journal_reader *r, struct weir_risk_change *risk,
                       struct weir_command *out) {
    char text[120];
    const char *sentence;
    const uint8_t *record = r->batch + r->position, *body = record + WEIR_RECORD_HEAD;
    uint64_t offset = r->offset + r->position;
    uint32_t left = r->head.used - r->position;
    uint32_t size = left > WEIR_RECORD_HEAD ? load32(record) : 0;
    if (size < 1 || size > WEIR_RECORD_BODY_MAX || size > left - WEIR_RECORD_HEAD)
        return suspect(r, offset, true, "a record of a wrong size");
    if (!weir_log_verify(record, size, r->number, r->chain, text, sizeof text))
        return suspect(r, offset, true, text);
    if (body[0] == WEIR_RECORD_END) return end_closed(r, body, size);
    if (!weir_log_decode(body, size, risk, out, &sentence))
        return damaged(r, offset, "%s", sentence);
    r->chain = weir_log_chain(r->chain, record, WEIR_RECORD_HEAD + size);
    r->position += WEIR_RECORD_HEAD + size;
    r->number++;
    return 1;
}

int weir_journal_next(struct weir_journal_reader *r, struct weir_risk_change *risk,
                      struct weir_command *out, struct weir_file_error *problem) {
    int status = 0;
    while (!r->failed && !r->ended && status == 0) {
        if (!last(r) && r->number == r->segments.first[r->at + 1]) {
            r->at++;
            status = open_segment(r);
        } else if (r->position == 0) {
            status = load_batch(r);
        } else if (r->position == r->head.used) {
            status = end_batch(r);
        } else {
            status = read_record(r, risk, out);
        }
    }
    if (!r->failed) return status;
    *problem = r->problem;
    return -1;
}
