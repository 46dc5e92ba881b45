/* Opening, the segments one after the other, trimming and closing. */
#include "journal/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The next segment ------------------------------------------------------------------------ */
static void start(struct weir_journal *j, uint32_t steps, int file, uint64_t offset,
                  uint32_t size) {
    struct weir_disk_io io = {
        .steps = steps, .file = file, .slot = j->options.batches, .size = size, .offset = offset};
    int error = j->disk->ops->start(j->disk, &io);
    if (error < 0) {
        weir_journal_failed(j, error, true);
        return;
    }
    j->control = true;
    j->flying++;
}

/* All before its first record is durable: the segment gets its name. Over a segment of that name
 * that holds nothing, should there be one. */
static bool give_name(struct weir_journal *j) {
    char name[WEIR_DISK_NAME_MAX];
    uint32_t count = j->segments.count;
    bool replaces = count > 0 && j->segments.first[count - 1] == j->first;
    if (!replaces && j->segments.count == j->segments.room) {
        int error = weir_segments_reserve(&j->segments);
        if (error < 0) {
            weir_journal_failed(j, error, true);
            return false;
        }
    }
    weir_segment_name(j->first, name);
    int error = j->disk->ops->rename(j->disk, NEW_NAME, name);
    if (error < 0) {
        weir_journal_failed(j, error, true);
        return false;
    }
    if (!replaces) j->segments.first[j->segments.count++] = j->first;
    if (j->before >= 0) j->disk->ops->close(j->disk, j->before);
    j->before = -1;
    return true;
}

void weir_journal_advance(struct weir_journal *j) {
    while (!j->control && j->error == 0 && !j->full_ahead) {
        switch ((enum stage)j->stage) {
        case STAGE_CREATE:
            j->next = j->disk->ops->open(j->disk, NEW_NAME, true);
            if (j->next >= 0)
                j->stage = STAGE_ALLOCATE;
            else
                weir_journal_failed(j, j->next, true);
            break;
        case STAGE_ALLOCATE:
            start(j, WEIR_DISK_ALLOCATE, j->next, j->options.segment_size, 0);
            break;
        case STAGE_READY:
            return;
        case STAGE_HEADER:
            start(j, WEIR_DISK_WRITE | WEIR_DISK_SYNC, j->file, 0, HEADER_SIZE);
            break;
        case STAGE_RENAME:
            if (j->acked < j->begins) return;
            if (give_name(j)) j->stage = STAGE_DIRECTORY;
            break;
        case STAGE_DIRECTORY:
            start(j, WEIR_DISK_SYNC, WEIR_DISK_DIRECTORY, 0, 0);
            break;
        }
    }
}

void weir_journal_advanced(struct weir_journal *j, int64_t result) {
    int64_t asked = j->stage == STAGE_HEADER ? HEADER_SIZE : 0;
    j->control = false;
    if (result != asked) {
        j->counters.retries++;
        j->idle++;
        if (result < 0 || j->idle > IDLE_MAX)
            weir_journal_failed(j, result < 0 ? (int)result : -EIO, true);
        return;
    }
    j->idle = 0;
    if (j->stage != STAGE_DIRECTORY) {
        j->stage++;
        return;
    }
    j->stage = STAGE_CREATE;
    j->counters.segments++;
}

bool weir_journal_switch(struct weir_journal *j, uint64_t first, uint64_t chain) {
    if (j->stage != STAGE_READY) return false;
    struct segment_header header = {.venue_digest = j->options.venue_digest,
                                    .identity = j->identity,
                                    .first = first,
                                    .chain = chain,
                                    .size = j->options.segment_size};
    weir_segment_header_write(&header, slot_memory(j, j->options.batches));
    j->before = j->file;
    j->file = j->next;
    j->next = -1;
    j->offset = HEADER_SIZE;
    j->begins = j->placed;
    j->first = first;
    j->stage = STAGE_HEADER;
    weir_journal_advance(j);
    return true;
}

/* ---- Opening --------------------------------------------------------------------------------- */
__attribute__((format(printf, 3, 4))) static int
refuse(const struct weir_journal *j, struct weir_file_error *problem, const char *format, ...) {
    va_list args;
    int n = snprintf(problem->text, sizeof problem->text, "%.255s: ", j->disk->path);
    va_start(args, format);
    vsnprintf(problem->text + n, sizeof problem->text - (size_t)n, format, args);
    va_end(args);
    return -1;
}

static int set_options(struct weir_journal *j, const struct weir_journal_options *options,
                       struct weir_file_error *problem) {
    struct weir_journal_options *o = &j->options;
    *o = *options;
    if (o->segment_size == 0) o->segment_size = WEIR_JOURNAL_SEGMENT;
    if (o->batch_size == 0) o->batch_size = WEIR_JOURNAL_BATCH;
    if (o->batches == 0) o->batches = WEIR_JOURNAL_BATCHES;
    if (o->delay_ns == 0) o->delay_ns = WEIR_JOURNAL_DELAY_NS;
    if (o->batch_size % WEIR_DISK_BLOCK != 0 || o->batch_size < WEIR_JOURNAL_BATCH_MIN ||
        o->batch_size > WEIR_JOURNAL_BATCH_MAX)
        return refuse(
            j, problem, "batches of %" PRIu32 " bytes, expected %u to %u, a multiple of %u",
            o->batch_size, WEIR_JOURNAL_BATCH_MIN, WEIR_JOURNAL_BATCH_MAX, WEIR_DISK_BLOCK);
    if (o->segment_size % WEIR_DISK_BLOCK != 0 || o->segment_size < HEADER_SIZE + o->batch_size)
        return refuse(j, problem,
                      "segments of %" PRIu64 " bytes, expected at least a batch of %" PRIu32
                      " and %u, a multiple of %u",
                      o->segment_size, o->batch_size, HEADER_SIZE, WEIR_DISK_BLOCK);
    if (o->batches < 2 || o->batches > WEIR_JOURNAL_BATCHES_MAX)
        return refuse(j, problem, "%" PRIu32 " batches, expected 2 to %u", o->batches,
                      WEIR_JOURNAL_BATCHES_MAX);
    j->memory = j->disk->ops->buffers(j->disk, o->batches + 1, o->batch_size);
    j->batches = calloc(o->batches, sizeof *j->batches);
    if (!j->memory || !j->batches) return refuse(j, problem, "%s", strerror(ENOMEM));
    return 0;
}

/* Gives all commands to the caller; what the reader ends with is what is continued. */
static int read_all(struct weir_journal *j, struct weir_journal_reader *reader,
                    struct weir_file_error *problem, int *stopped) {
    const struct weir_journal_options *o = &j->options;
    struct weir_command command;
    struct weir_risk_change risk;
    int status;
    if (reader->header.venue_digest != o->venue_digest)
        return refuse(j, problem, "the journal is of the venue %016" PRIx64 ", not of %016" PRIx64,
                      reader->header.venue_digest, o->venue_digest);
    if (reader->number > o->after + 1)
        return refuse(j, problem, "the journal begins with command %" PRIu64 ", expected %" PRIu64,
                      reader->number, o->after + 1);
    while ((status = weir_journal_next(reader, &risk, &command, problem)) > 0) {
        uint64_t number = reader->number - 1;
        *stopped = number > o->after && o->recovered ? o->recovered(o->ctx, number, &command) : 0;
        if (*stopped != 0) return refuse(j, problem, "the recovery was stopped");
    }
    if (status < 0) return -1;
    if (reader->number <= o->after)
        return refuse(j, problem, "the journal ends with command %" PRIu64 ", before %" PRIu64,
                      reader->number - 1, o->after);
    /* Whole records that a program left behind when it was killed are now ours to keep. */
    int error = j->disk->ops->sync(j->disk, reader->file);
    if (error < 0) return refuse(j, problem, "%s: %s", reader->name, strerror(-error));
    j->number = j->durable = reader->number - 1;
    j->chain = reader->chain;
    j->identity = reader->header.identity;
    return 0;
}

static int recover(struct weir_journal *j, struct weir_file_error *problem, int *stopped) {
    int error = j->disk->ops->lock(j->disk);
    if (error == -EWOULDBLOCK) return refuse(j, problem, "another program writes this journal");
    if (error == 0) error = j->disk->ops->unlink(j->disk, NEW_NAME);
    if (error == 0 || error == -ENOENT) error = weir_segments_list(j->disk, &j->segments);
    if (error < 0) return refuse(j, problem, "%s", strerror(-error));
    if (j->segments.count == 0) {
        struct segment_header header = {.venue_digest = j->options.venue_digest,
                                        .identity = j->options.identity};
        if (j->options.after > 0)
            return refuse(j, problem, "the journal is empty, expected commands up to %" PRIu64,
                          j->options.after);
        j->identity = header.identity;
        j->chain = weir_segment_chain(&header);
        return 0;
    }
    struct weir_journal_reader *reader = weir_journal_read(j->disk, problem);
    int status = reader ? read_all(j, reader, problem, stopped) : -1;
    weir_journal_read_end(reader);
    return status;
}

/* Whatever the end looks like, writing goes on in a segment of its own: no byte of the old ones is
 * written again, and a second crash finds them as this recovery did. */
static int begin(struct weir_journal *j, struct weir_file_error *problem) {
    int error = weir_journal_step(j, false);
    while (error == 0 && j->stage != STAGE_READY)
        error = weir_journal_step(j, true);
    if (error == 0) (void)weir_journal_switch(j, j->number + 1, j->chain);
    while (error == 0 && j->stage >= STAGE_HEADER)
        error = weir_journal_step(j, true);
    if (error == 0) return 0;
    return refuse(j, problem, "a segment cannot be begun: %s", strerror(-error));
}

struct weir_journal *weir_journal_open(struct weir_disk *disk,
                                       const struct weir_journal_options *options,
                                       struct weir_file_error *problem, int *stopped) {
    int ignored;
    if (!stopped) stopped = &ignored;
    *stopped = 0;
    struct weir_journal *j = calloc(1, sizeof *j);
    if (!j) {
        snprintf(problem->text, sizeof problem->text, "%.255s: %s", disk->path, strerror(ENOMEM));
        return NULL;
    }
    j->disk = disk;
    j->file = j->before = j->next = -1;
    if (set_options(j, options, problem) == 0 && recover(j, problem, stopped) == 0 &&
        begin(j, problem) == 0)
        return j;
    weir_journal_abandon(j);
    return NULL;
}

/* ---- The rest -------------------------------------------------------------------------------- */
uint64_t weir_journal_number(const struct weir_journal *j) {
    return j->number;
}

uint64_t weir_journal_durable(const struct weir_journal *j) {
    return j->durable;
}

uint64_t weir_journal_first(const struct weir_journal *j) {
    return j->segments.first[0];
}

uint64_t weir_journal_identity(const struct weir_journal *j) {
    return j->identity;
}

uint32_t weir_journal_segments(const struct weir_journal *j) {
    return j->segments.count;
}

const struct weir_journal_counters *weir_journal_counters(const struct weir_journal *j) {
    return &j->counters;
}

int weir_journal_trim(struct weir_journal *j, uint64_t number) {
    char name[WEIR_DISK_NAME_MAX];
    uint32_t gone = 0;
    int error = 0;
    WEIR_CHECK(number <= j->durable);
    while (gone + 1 < j->segments.count && j->segments.first[gone + 1] <= number + 1) {
        weir_segment_name(j->segments.first[gone], name);
        error = j->disk->ops->unlink(j->disk, name);
        if (error < 0) break;
        gone++;
    }
    if (gone == 0) return error;
    j->segments.count -= gone;
    memmove(j->segments.first, j->segments.first + gone, j->segments.count * sizeof(uint64_t));
    int synced = j->disk->ops->sync(j->disk, WEIR_DISK_DIRECTORY);
    return error < 0 ? error : synced;
}

void weir_journal_abandon(struct weir_journal *j) {
    if (!j) return;
    weir_journal_drain(j);
    const int files[] = {j->file, j->before, j->next};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] >= 0) j->disk->ops->close(j->disk, files[i]);
    weir_segments_free(&j->segments);
    free(j->batches);
    free(j);
}

/* The closing record, durable. */
static int append_end(struct weir_journal *j, uint64_t state_hash, uint64_t events) {
    uint64_t chain = j->chain; /* is not moved on: what continues the journal takes its place */
    int error = j->error < 0 ? j->error : weir_journal_make_room(j);
    if (error < 0) return error;
    uint8_t *record = slot_memory(j, slot_of(j, j->cut)) + j->used;
    weir_log_encode_end(record + WEIR_RECORD_HEAD, j->number, events, state_hash);
    j->used += (uint32_t)weir_log_seal(record, WEIR_RECORD_END_SIZE, j->number + 1, &chain);
    j->count++;
    weir_journal_cut(j);
    while (error == 0 && j->acked < j->cut)
        error = weir_journal_step(j, true);
    return error;
}

int weir_journal_close(struct weir_journal *j, uint64_t state_hash, uint64_t events) {
    int error = append_end(j, state_hash, events);
    weir_journal_drain(j);
    if (error == 0) error = j->error;
    if (error == 0) error = j->disk->ops->truncate(j->disk, j->file, j->offset);
    if (error == 0) error = j->disk->ops->sync(j->disk, j->file);
    if (error == 0 && j->next >= 0) error = j->disk->ops->unlink(j->disk, NEW_NAME);
    weir_journal_abandon(j);
    return error;
}
