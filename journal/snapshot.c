#include "journal/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image.h"
#include "wire/record.h"

#define MAGIC          "weirsnp\n"
#define VERSION        1u
#define HEADER_SIZE    WEIR_DISK_BLOCK
#define PIECE_MAGIC    0x4E535257u /* "WRSN" */
#define PIECE_HEAD     32u
#define PIECE_SIZE     (1u << 20)
#define PIECE_LAST     1u
#define NEW_NAME       "snapshot.new"
#define SNAPSHOTS_READ 64u
#define IDLE_MAX       100 /* writes in a row that move nothing */

/* ---- Names and the header -------------------------------------------------------------------- */
static void name_of(uint64_t number, char name[WEIR_DISK_NAME_MAX]) {
    snprintf(name, WEIR_DISK_NAME_MAX, "%020" PRIu64 ".weirsnap", number);
}

/* 0 for a name of another form. */
static uint64_t number_of(const char *name) {
    char again[WEIR_DISK_NAME_MAX];
    if (*name < '0' || *name > '9') return 0;
    uint64_t number = strtoull(name, NULL, 10); /* ULLONG_MAX of too many digits: not the same */
    name_of(number, again);
    return number > 0 && strcmp(name, again) == 0 ? number : 0;
}

static void write_header(const struct weir_snapshot_facts *facts, uint8_t *block) {
    memset(block, 0, HEADER_SIZE);
    memcpy(block, MAGIC, 8);
    store32(block + 8, VERSION);
    store32(block + 12, HEADER_SIZE);
    store64(block + 16, facts->venue_digest);
    store64(block + 24, facts->identity);
    snprintf((char *)block + 32, 32, "%s", WEIR_VERSION);
    store64(block + 64, facts->number);
    store64(block + 72, facts->events);
    store64(block + 80, facts->state_hash);
    store32(block + HEADER_SIZE - 4, weir_crc32c(0, block, HEADER_SIZE - 4));
}

static const char *read_header(const uint8_t *block, struct weir_snapshot_facts *out) {
    if (memcmp(block, MAGIC, 8) != 0) return "no snapshot";
    if (load32(block + HEADER_SIZE - 4) != weir_crc32c(0, block, HEADER_SIZE - 4))
        return "the header's checksum is wrong";
    if (load32(block + 8) != VERSION || load32(block + 12) != HEADER_SIZE)
        return "a snapshot of another format";
    *out = (struct weir_snapshot_facts){.venue_digest = load64(block + 16),
                                        .identity = load64(block + 24),
                                        .number = load64(block + 64),
                                        .events = load64(block + 72),
                                        .state_hash = load64(block + 80)};
    return NULL;
}

/* ---- Writing --------------------------------------------------------------------------------- */
struct writer {
    struct weir_disk *disk;
    int file;
    uint64_t offset; /* in the file, of the piece that is filled */
    uint64_t number, index;
    uint8_t *piece;
    uint32_t used;
};

/* One operation from slot 0 to its end, short writes continued. */
static int do_io(struct weir_disk *disk, struct weir_disk_io io) {
    for (int idle = 0; idle < IDLE_MAX; idle++) {
        struct weir_disk_done done;
        int error = disk->ops->start(disk, &io);
        if (error < 0) return error;
        do
            error = disk->ops->reap(disk, true, &done);
        while (error == 0);
        if (error < 0) return error;
        if (done.result < 0) return (int)done.result;
        uint32_t moved = (uint32_t)done.result / WEIR_DISK_BLOCK * WEIR_DISK_BLOCK;
        if (done.result == (int64_t)io.size) return 0;
        if (moved > 0) idle = 0;
        io.begin += moved;
        io.offset += moved;
        io.size -= moved;
    }
    return -EIO;
}

static int write_piece(struct writer *w, uint32_t flags) {
    uint8_t *p = w->piece;
    uint32_t size = (w->used + WEIR_DISK_BLOCK - 1) / WEIR_DISK_BLOCK * WEIR_DISK_BLOCK;
    memset(p + w->used, 0, size - w->used);
    store32(p, PIECE_MAGIC);
    store64(p + 8, w->index++);
    store32(p + 16, w->used);
    store32(p + 20, flags);
    store64(p + 24, w->number);
    store32(p + 4, weir_crc32c(weir_crc32c(0, p, 4), p + 8, size - 8));
    int error = do_io(
        w->disk, (struct weir_disk_io){
                     .steps = WEIR_DISK_WRITE, .file = w->file, .size = size, .offset = w->offset});
    w->offset += size;
    w->used = PIECE_HEAD;
    return error;
}

static int put(void *ctx, void *bytes, uint64_t size) {
    struct writer *w = ctx;
    for (uint64_t at = 0; at < size;) {
        uint64_t n = PIECE_SIZE - w->used;
        if (n > size - at) n = size - at;
        memcpy(w->piece + w->used, (const uint8_t *)bytes + at, n);
        w->used += (uint32_t)n;
        at += n;
        if (w->used < PIECE_SIZE) continue;
        int error = write_piece(w, 0);
        if (error != 0) return error;
    }
    return 0;
}

static int write_file(struct weir_disk *disk, struct weir_engine *engine,
                      struct weir_snapshot_facts *facts, uint8_t *slot) {
    (void)disk->ops->unlink(disk, NEW_NAME);
    int file = disk->ops->open(disk, NEW_NAME, true);
    if (file < 0) return file;
    write_header(facts, slot);
    struct weir_disk_io io = {.steps = WEIR_DISK_WRITE, .file = file, .size = HEADER_SIZE};
    int error = do_io(disk, io);
    struct writer w = {.disk = disk,
                       .file = file,
                       .offset = HEADER_SIZE,
                       .number = facts->number,
                       .piece = slot,
                       .used = PIECE_HEAD};
    struct weir_image image = {.move = put, .ctx = &w};
    if (error == 0) error = weir_engine_image(engine, &image);
    if (error == 0) error = write_piece(&w, PIECE_LAST);
    if (error == 0) error = disk->ops->sync(disk, file);
    disk->ops->close(disk, file);
    facts->bytes = w.offset;
    return error;
}

/* ---- Reading --------------------------------------------------------------------------------- */
struct reader {
    struct weir_disk *disk;
    const char *name;
    int file;
    uint64_t offset, index, number;
    uint8_t *piece;
    uint32_t at, used; /* in the piece */
    bool last, failed;
    struct weir_file_error *problem;
};

static __attribute__((format(printf, 3, 4))) int wrong(struct reader *r, uint64_t offset,
                                                       const char *format, ...) {
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!r->failed)
        snprintf(r->problem->text, sizeof r->problem->text, "%.160s/%s: byte %" PRIu64 ": %s",
                 r->disk->path, r->name, offset, text);
    r->failed = true;
    return -EBADMSG;
}

static int read_piece(struct reader *r) {
    uint8_t *p = r->piece;
    if (r->last) return wrong(r, r->offset, "the snapshot ends too early");
    int64_t got = r->disk->ops->read(r->disk, r->file, p, PIECE_SIZE, r->offset);
    if (got < 0) return wrong(r, r->offset, "%s", strerror((int)-got));
    if (got < PIECE_HEAD || load32(p) != PIECE_MAGIC)
        return wrong(r, r->offset, "no piece of a snapshot");
    uint32_t used = load32(p + 16), flags = load32(p + 20);
    uint64_t size = ((uint64_t)used + WEIR_DISK_BLOCK - 1) / WEIR_DISK_BLOCK * WEIR_DISK_BLOCK;
    if (used < PIECE_HEAD || size > (uint64_t)got)
        return wrong(r, r->offset, "a piece of %" PRIu32 " bytes", used);
    if (load32(p + 4) != weir_crc32c(weir_crc32c(0, p, 4), p + 8, size - 8))
        return wrong(r, r->offset, "the checksum of a piece is wrong");
    if (load64(p + 8) != r->index || load64(p + 24) != r->number)
        return wrong(r, r->offset, "a piece that belongs elsewhere");
    r->index++;
    r->offset += size;
    r->at = PIECE_HEAD;
    r->used = used;
    r->last = (flags & PIECE_LAST) != 0;
    return 0;
}

static int get(void *ctx, void *bytes, uint64_t size) {
    struct reader *r = ctx;
    for (uint64_t at = 0; at < size;) {
        if (r->at == r->used) {
            int error = read_piece(r);
            if (error != 0) return error;
            continue;
        }
        uint64_t n = r->used - r->at;
        if (n > size - at) n = size - at;
        memcpy((uint8_t *)bytes + at, r->piece + r->at, n);
        r->at += (uint32_t)n;
        at += n;
    }
    return 0;
}

/* The header, checked. */
static int begin_read(struct reader *r, const struct weir_venue *venue,
                      struct weir_snapshot_facts *facts) {
    r->file = r->disk->ops->open(r->disk, r->name, false);
    if (r->file < 0) return wrong(r, 0, "%s", strerror(-r->file));
    int error = r->disk->ops->size(r->disk, r->file, &facts->bytes);
    if (error != 0) return wrong(r, 0, "%s", strerror(-error));
    uint64_t bytes = facts->bytes;
    int64_t got = r->disk->ops->read(r->disk, r->file, r->piece, HEADER_SIZE, 0);
    if (got < 0) return wrong(r, 0, "%s", strerror((int)-got));
    if (got < HEADER_SIZE) return wrong(r, 0, "too short for a snapshot");
    const char *problem = read_header(r->piece, facts);
    if (problem) return wrong(r, 0, "%s", problem);
    facts->bytes = bytes;
    if (facts->venue_digest != venue->digest)
        return wrong(r, 0,
                     "a snapshot of another venue (%016" PRIx64 ", this one is %016" PRIx64 ")",
                     facts->venue_digest, venue->digest);
    r->offset = HEADER_SIZE;
    r->number = facts->number;
    return 0;
}

static int load(struct reader *r, struct weir_engine *engine, bool prove,
                const struct weir_snapshot_facts *facts) {
    struct weir_image image = {.move = get, .ctx = r, .load = true};
    int error = weir_engine_image(engine, &image);
    if (error != 0)
        return wrong(r, r->offset, "`%s`: %s", image.part,
                     error == -EBADMSG ? "another program or other bounds made it"
                                       : strerror(-error));
    if (!r->last || r->at != r->used)
        return wrong(r, r->offset, "there is more in it than a state");
    if (r->offset != facts->bytes) return wrong(r, r->offset, "bytes behind the last piece");
    if (weir_engine_seq(engine) != facts->number)
        return wrong(r, 0, "the state is that after another command");
    if (!prove) return 0;
    uint64_t state_hash = weir_engine_digest(engine);
    if (state_hash != facts->state_hash)
        return wrong(r, 0, "state_hash %016" PRIx64 ", but the snapshot says %016" PRIx64,
                     state_hash, facts->state_hash);
    return 0;
}

static struct weir_engine *
load_name(struct weir_disk *disk, const char *name, const struct weir_venue *venue,
          const struct weir_engine_options *options, weir_event_sink sink, void *sink_ctx,
          bool prove, struct weir_snapshot_facts *facts, struct weir_file_error *problem) {
    struct reader r = {.disk = disk, .name = name, .file = -1, .problem = problem};
    struct weir_engine *engine = NULL;
    r.piece = malloc(PIECE_SIZE);
    int error = r.piece ? begin_read(&r, venue, facts) : wrong(&r, 0, "no memory");
    if (error == 0) {
        engine = weir_engine_new(venue, options, sink, sink_ctx);
        error = engine ? load(&r, engine, prove, facts) : wrong(&r, 0, "no memory");
    }
    if (r.file >= 0) disk->ops->close(disk, r.file);
    free(r.piece);
    if (error == 0) return engine;
    weir_engine_free(engine);
    return NULL;
}

struct weir_engine *
weir_snapshot_load(struct weir_disk *disk, uint64_t number, const struct weir_venue *venue,
                   const struct weir_engine_options *options, weir_event_sink sink, void *sink_ctx,
                   bool prove, struct weir_snapshot_facts *facts, struct weir_file_error *problem) {
    char name[WEIR_DISK_NAME_MAX];
    name_of(number, name);
    return load_name(disk, name, venue, options, sink, sink_ctx, prove, facts, problem);
}

int weir_snapshot_write(struct weir_disk *disk, struct weir_engine *engine,
                        const struct weir_venue *venue, const struct weir_engine_options *options,
                        uint64_t identity, struct weir_snapshot_facts *facts,
                        struct weir_file_error *problem) {
    uint8_t *slot = disk->ops->buffers(disk, 1, PIECE_SIZE);
    char name[WEIR_DISK_NAME_MAX];
    struct weir_snapshot_facts read;
    *facts = (struct weir_snapshot_facts){.number = weir_engine_seq(engine),
                                          .events = weir_engine_events(engine),
                                          .state_hash = weir_engine_digest(engine),
                                          .venue_digest = venue->digest,
                                          .identity = identity};
    WEIR_CHECK(facts->number > 0);
    name_of(facts->number, name);
    int error = slot ? write_file(disk, engine, facts, slot) : -ENOMEM;
    if (error == 0) {
        struct weir_engine *again =
            load_name(disk, NEW_NAME, venue, options, NULL, NULL, true, &read, problem);
        if (!again) {
            (void)disk->ops->unlink(disk, NEW_NAME);
            return -EBADMSG;
        }
        weir_engine_free(again);
        error = disk->ops->rename(disk, NEW_NAME, name);
    }
    if (error == 0) error = disk->ops->sync(disk, WEIR_DISK_DIRECTORY);
    if (error == 0) return 0;
    (void)disk->ops->unlink(disk, NEW_NAME);
    snprintf(problem->text, sizeof problem->text, "%.160s/%s: %s", disk->path, name,
             strerror(-error));
    return error;
}

/* ---- The folder ------------------------------------------------------------------------------ */
struct list {
    uint64_t *numbers;
    uint32_t count, room;
};

/* Keeps the highest, descending. */
static int add_name(void *ctx, const char *name) {
    struct list *l = ctx;
    uint64_t number = number_of(name);
    uint32_t at = l->count;
    if (number == 0) return 0;
    while (at > 0 && l->numbers[at - 1] < number)
        at--;
    if (at == l->room) return 0;
    if (l->count < l->room) l->count++;
    memmove(l->numbers + at + 1, l->numbers + at, (l->count - at - 1) * sizeof *l->numbers);
    l->numbers[at] = number;
    return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): add_name writes through it */
int weir_snapshot_list(struct weir_disk *disk, uint64_t *numbers, uint32_t room) {
    struct list l = {.numbers = numbers, .room = room};
    int error = disk->ops->list(disk, add_name, &l);
    return error != 0 ? error : (int)l.count;
}

int weir_snapshot_prune(struct weir_disk *disk, uint32_t keep, uint64_t *oldest) {
    uint64_t numbers[SNAPSHOTS_READ];
    int count = weir_snapshot_list(disk, numbers, SNAPSHOTS_READ);
    if (count < 0) return count;
    uint32_t left = (uint32_t)count < keep ? (uint32_t)count : keep;
    *oldest = left > 0 ? numbers[left - 1] : 0;
    for (uint32_t i = left; i < (uint32_t)count; i++) {
        char name[WEIR_DISK_NAME_MAX];
        name_of(numbers[i], name);
        int error = disk->ops->unlink(disk, name);
        if (error != 0) return error;
    }
    return 0;
}
