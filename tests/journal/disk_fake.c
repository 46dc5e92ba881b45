#include "disk_fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512u

static struct fake_disk *fake(struct weir_disk *disk) {
    return (struct fake_disk *)(void *)disk;
}

static uint64_t below(struct fake_disk *d, uint64_t n) {
    return weir_random_below(&d->random, n);
}

static bool chance(struct fake_disk *d, uint32_t in_1024) {
    return in_1024 > 0 && below(d, 1024) < in_1024;
}

/* Every operation and every step of one counts. -EIO once the machine has stopped. */
static int step(struct fake_disk *d) {
    if (!d->dead && ++d->step == d->faults.crash_at) d->dead = true;
    return d->dead ? -EIO : 0;
}

static bool no_room(const struct fake_disk *d) {
    return d->step >= d->faults.full_from && d->step < d->faults.full_to;
}

/* ---- Names ----------------------------------------------------------------------------------- */
static struct fake_name *find(struct fake_names *names, const char *name) {
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->row[i].name, name) == 0) return &names->row[i];
    return NULL;
}

static void apply(struct fake_names *names, const struct fake_change *change) {
    struct fake_name *from = change->from[0] != 0 ? find(names, change->from) : NULL;
    if (from) *from = names->row[--names->count];
    if (change->to[0] == 0) return;
    struct fake_name *to = find(names, change->to);
    if (!to) {
        WEIR_CHECK(names->count < FAKE_FILES);
        to = &names->row[names->count++];
        snprintf(to->name, sizeof to->name, "%s", change->to);
    }
    to->file = change->file;
}

static void change(struct fake_disk *d, const char *from, const char *to, int file) {
    WEIR_CHECK(d->change_count < FAKE_FILES);
    struct fake_change *c = &d->changes[d->change_count++];
    *c = (struct fake_change){.file = file};
    snprintf(c->from, sizeof c->from, "%s", from);
    snprintf(c->to, sizeof c->to, "%s", to);
    apply(&d->names, c);
}

/* The first `count` changes are durable. */
static void settle_names(struct fake_disk *d, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        apply(&d->safe_names, &d->changes[i]);
    d->change_count -= count;
    memmove(d->changes, d->changes + count, d->change_count * sizeof d->changes[0]);
}

/* ---- What is written ------------------------------------------------------------------------- */
static void make_room(struct fake_file *f, uint64_t size) {
    if (size <= f->room) return;
    f->data = realloc(f->data, size);
    f->safe = realloc(f->safe, size);
    WEIR_CHECK(f->data && f->safe);
    memset(f->data + f->room, 0, size - f->room);
    memset(f->safe + f->room, 0, size - f->room);
    f->room = size;
}

static void write_bytes(struct fake_disk *d, int file, const uint8_t *bytes, uint32_t size,
                        uint64_t offset) {
    struct fake_file *f = &d->files[file];
    if (size == 0) return;
    make_room(f, offset + size);
    memcpy(f->data + offset, bytes, size);
    if (f->size < offset + size) f->size = offset + size;
    if (d->write_count == d->write_room) {
        d->write_room = d->write_room > 0 ? 2 * d->write_room : 64;
        d->writes = realloc(d->writes, d->write_room * sizeof *d->writes);
        WEIR_CHECK(d->writes);
    }
    struct fake_write *w = &d->writes[d->write_count++];
    *w = (struct fake_write){file, offset, d->write_seq++, size, malloc(size)};
    WEIR_CHECK(w->bytes);
    memcpy(w->bytes, bytes, size);
}

static void keep(struct fake_disk *d, const struct fake_write *w, uint32_t from, uint32_t to) {
    struct fake_file *f = &d->files[w->file];
    memcpy(f->safe + w->offset + from, w->bytes + from, to - from);
    if (f->safe_size < w->offset + to) f->safe_size = w->offset + to;
}

/* A sync promises what was written before it began; of the rest it may take some. */
static void sync_file(struct fake_disk *d, int file, uint64_t begun, uint64_t own) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < d->write_count; i++) {
        struct fake_write *w = &d->writes[i];
        if (w->file == file && (w->seq < begun || w->seq == own || below(d, 2) == 0)) {
            keep(d, w, 0, w->size);
            free(w->bytes);
        } else {
            d->writes[left++] = *w;
        }
    }
    d->write_count = left;
    d->files[file].safe_size = d->files[file].size;
}

/* ---- Operations ------------------------------------------------------------------------------ */
static const uint8_t *source(const struct fake_disk *d, const struct fake_flight *f) {
    return d->memory + (size_t)f->io.slot * d->slot_size + f->io.begin;
}

static void finish(struct fake_flight *f, int64_t result) {
    f->finished = true;
    f->result = result;
}

static void run_write(struct fake_disk *d, struct fake_flight *f) {
    uint32_t size = f->io.size;
    if (chance(d, d->faults.cut_short)) size = (uint32_t)below(d, size) / SECTOR * SECTOR;
    bool full = no_room(d), broken = chance(d, d->faults.error);
    if (full || broken) size = (uint32_t)below(d, size + 1) / SECTOR * SECTOR;
    write_bytes(d, f->file, source(d, f), size, f->io.offset);
    d->files[f->file].retried |= size < f->io.size || full || broken;
    if (full || broken)
        finish(f, full ? -ENOSPC : -EIO);
    else if (size < f->io.size)
        finish(f, size);
    else
        f->result = size;
}

static void run_sync(struct fake_disk *d, struct fake_flight *f) {
    if (chance(d, d->faults.error)) {
        finish(f, -EIO);
    } else if (f->io.file == WEIR_DISK_DIRECTORY) {
        uint64_t last = d->change_count;
        uint64_t first = f->changes < last ? f->changes : last;
        settle_names(d, (uint32_t)(first + below(d, last - first + 1)));
    } else {
        uint64_t own = UINT64_MAX;
        for (uint32_t i = 0; i < d->write_count; i++)
            if (d->writes[i].file == f->file && d->writes[i].offset == f->io.offset)
                own = d->writes[i].seq;
        sync_file(d, f->file, f->begun, own);
    }
}

/* The next step of an operation under way. */
static void run(struct fake_disk *d, struct fake_flight *f) {
    if (step(d) < 0) return;
    uint32_t now = f->steps & (~f->steps + 1);
    f->steps &= ~now;
    if (now == WEIR_DISK_WRITE) {
        run_write(d, f);
    } else if (now == WEIR_DISK_SYNC) {
        run_sync(d, f);
    } else if (no_room(d)) {
        finish(f, -ENOSPC);
    } else {
        make_room(&d->files[f->file], f->io.offset);
        if (d->files[f->file].size < f->io.offset) d->files[f->file].size = f->io.offset;
    }
    if (f->steps == 0) f->finished = true;
}

static int start(struct weir_disk *disk, const struct weir_disk_io *io) {
    struct fake_disk *d = fake(disk);
    struct fake_flight *f = &d->flights[io->slot];
    WEIR_CHECK(!f->used && io->slot < d->slots);
    WEIR_CHECK(io->begin % WEIR_DISK_BLOCK == 0 && io->size % WEIR_DISK_BLOCK == 0 &&
               io->offset % WEIR_DISK_BLOCK == 0 && io->begin + io->size <= d->slot_size);
    if (step(d) < 0) return -EIO;
    *f = (struct fake_flight){.used = true,
                              .lost = chance(d, d->faults.lost),
                              .io = *io,
                              .file = d->open[io->file] - 1,
                              .steps = io->steps,
                              .begun = d->write_seq,
                              .changes = d->change_count};
    return 0;
}

/* Some operation that is not over, or that is and may be told; NULL: none. */
static struct fake_flight *pick(struct fake_disk *d, bool finished) {
    uint32_t at = (uint32_t)below(d, d->slots);
    for (uint32_t i = 0; i < d->slots; i++) {
        struct fake_flight *f = &d->flights[(at + i) % d->slots];
        if (f->used && f->finished == finished && !(finished && f->lost)) return f;
    }
    return NULL;
}

static int reap(struct weir_disk *disk, bool wait, struct weir_disk_done *done) {
    struct fake_disk *d = fake(disk);
    while (wait || !chance(d, d->faults.late)) {
        struct fake_flight *f = pick(d, true);
        if (f) {
            f->used = false;
            *done = (struct weir_disk_done){f->io.slot, f->result};
            return 1;
        }
        f = pick(d, false);
        if (!f) return wait ? -ETIME : 0;
        run(d, f);
        if (d->dead) return -EIO;
        if (!wait && below(d, 2) == 0) return 0;
    }
    return 0;
}

/* ---- Calls that wait ------------------------------------------------------------------------- */
static int fake_lock(struct weir_disk *disk) {
    return step(fake(disk));
}

static int list(struct weir_disk *disk, int (*name)(void *, const char *), void *ctx) {
    struct fake_disk *d = fake(disk);
    int status = step(d);
    for (uint32_t i = 0; status == 0 && i < d->names.count; i++)
        status = name(ctx, d->names.row[i].name);
    return status;
}

static int unused_file(struct fake_disk *d) {
    for (int i = 0; i < FAKE_FILES; i++) {
        if (d->files[i].used) continue;
        d->files[i].used = true;
        return i;
    }
    WEIR_CHECK(!"the pretended disk has enough files");
    return -1;
}

static int open_file(struct weir_disk *disk, const char *name, bool create) {
    struct fake_disk *d = fake(disk);
    int handle = 1, error = step(d);
    while (handle < FAKE_OPEN && d->open[handle] != 0)
        handle++;
    struct fake_name *there = find(&d->names, name);
    if (error < 0 || handle == FAKE_OPEN) return error < 0 ? error : -EMFILE;
    if (create ? there != NULL : there == NULL) return create ? -EEXIST : -ENOENT;
    if (create && no_room(d)) return -ENOSPC;
    int file = create ? unused_file(d) : there->file;
    if (create) change(d, "", name, file);
    d->open[handle] = file + 1;
    return handle;
}

static void close_file(struct weir_disk *disk, int file) {
    fake(disk)->open[file] = 0;
}

static int size_of(struct weir_disk *disk, int file, uint64_t *size) {
    struct fake_disk *d = fake(disk);
    *size = d->files[d->open[file] - 1].size;
    return step(d);
}

static int64_t read_file(struct weir_disk *disk, int file, void *data, size_t size,
                         uint64_t offset) {
    struct fake_disk *d = fake(disk);
    const struct fake_file *f = &d->files[d->open[file] - 1];
    if (d->dead) return -EIO;
    if (offset >= f->size) return 0;
    if (size > f->size - offset) size = f->size - offset;
    memcpy(data, f->data + offset, size);
    return (int64_t)size;
}

static int sync_now(struct weir_disk *disk, int file) {
    struct fake_disk *d = fake(disk);
    int error = step(d);
    if (error < 0) return error;
    if (file == WEIR_DISK_DIRECTORY)
        settle_names(d, d->change_count);
    else
        sync_file(d, d->open[file] - 1, UINT64_MAX, UINT64_MAX);
    return 0;
}

static int truncate_file(struct weir_disk *disk, int file, uint64_t size) {
    struct fake_disk *d = fake(disk);
    struct fake_file *f = &d->files[d->open[file] - 1];
    int error = step(d);
    if (error == 0) f->size = size;
    return error;
}

static int rename_file(struct weir_disk *disk, const char *from, const char *to) {
    struct fake_disk *d = fake(disk);
    int error = step(d);
    if (error == 0 && no_room(d)) error = -ENOSPC;
    if (error < 0) return error;
    struct fake_name *there = find(&d->names, from);
    if (!there) return -ENOENT;
    change(d, from, to, there->file);
    return 0;
}

static int unlink_file(struct weir_disk *disk, const char *name) {
    struct fake_disk *d = fake(disk);
    int error = step(d);
    if (error < 0) return error;
    if (!find(&d->names, name)) return -ENOENT;
    change(d, name, "", -1);
    return 0;
}

static uint8_t *buffers(struct weir_disk *disk, uint32_t count, uint32_t size) {
    struct fake_disk *d = fake(disk);
    WEIR_CHECK(count <= FAKE_SLOTS);
    free(d->memory);
    d->memory = malloc((size_t)count * size);
    d->slots = count;
    d->slot_size = size;
    return d->memory;
}

void fake_init(struct fake_disk *d, uint64_t key) {
    static const struct weir_disk_ops ops = {
        fake_lock, list,        open_file,   close_file, size_of, read_file, truncate_file,
        sync_now,  rename_file, unlink_file, buffers,    start,   reap,      NULL};
    *d = (struct fake_disk){.disk = {.ops = &ops, .path = "fake"}, .random = {.key = key}};
    d->open[0] = 1;
}

void fake_done(struct fake_disk *d) {
    for (int i = 0; i < FAKE_FILES; i++) {
        free(d->files[i].data);
        free(d->files[i].safe);
    }
    for (uint32_t i = 0; i < d->write_count; i++)
        free(d->writes[i].bytes);
    free(d->writes);
    free(d->memory);
}

/* ---- The end of a program, of a machine ------------------------------------------------------ */
static bool named(struct fake_disk *d, int file) {
    for (uint32_t i = 0; i < d->names.count; i++)
        if (d->names.row[i].file == file) return true;
    for (uint32_t i = 0; i < d->safe_names.count; i++)
        if (d->safe_names.row[i].file == file) return true;
    for (uint32_t i = 0; i < d->change_count; i++)
        if (d->changes[i].file == file) return true;
    return false;
}

/* Files that nobody can come to any more. */
static void forget(struct fake_disk *d) {
    for (int i = 0; i < FAKE_FILES; i++) {
        struct fake_file *f = &d->files[i];
        if (!f->used || named(d, i)) continue;
        free(f->data);
        free(f->safe);
        *f = (struct fake_file){0};
        uint32_t left = 0;
        for (uint32_t k = 0; k < d->write_count; k++)
            if (d->writes[k].file == i)
                free(d->writes[k].bytes);
            else
                d->writes[left++] = d->writes[k];
        d->write_count = left;
    }
}

void fake_kill(struct fake_disk *d) {
    for (uint32_t i = 0; i < d->slots; i++) {
        struct fake_flight *f = &d->flights[i];
        if (f->used && !f->finished && (f->steps & WEIR_DISK_WRITE) != 0 && below(d, 2) == 0)
            write_bytes(d, f->file, source(d, f), f->io.size, f->io.offset);
        f->used = false;
    }
    for (int i = 1; i < FAKE_OPEN; i++)
        d->open[i] = 0;
    d->dead = false;
    d->faults = (struct fake_faults){0};
    forget(d);
}

/* A sector is written whole or not at all; the one at which a write is torn may end in what was
 * there before, unless the bytes were written twice: the other write of them has no part in that.
 */
static void settle_write(struct fake_disk *d, const struct fake_write *w) {
    uint64_t how = below(d, 4);
    uint32_t size = (uint32_t)below(d, w->size);
    if (how == 1) keep(d, w, 0, w->size);
    if (how == 2) keep(d, w, 0, d->files[w->file].retried ? size / SECTOR * SECTOR : size);
    if (how == 3)
        for (uint32_t at = 0; at < w->size; at += SECTOR)
            if (below(d, 2) == 0) keep(d, w, at, at + SECTOR < w->size ? at + SECTOR : w->size);
}

void fake_power(struct fake_disk *d) {
    fake_kill(d);
    /* In any order: none of them is waited for by another. */
    while (d->write_count > 0) {
        uint32_t at = (uint32_t)below(d, d->write_count);
        struct fake_write w = d->writes[at];
        d->writes[at] = d->writes[--d->write_count];
        settle_write(d, &w);
        free(w.bytes);
    }
    settle_names(d, (uint32_t)below(d, d->change_count + 1));
    d->change_count = 0;
    d->names = d->safe_names;
    for (int i = 0; i < FAKE_FILES; i++) {
        struct fake_file *f = &d->files[i];
        if (!f->used) continue;
        if (f->size > f->safe_size && below(d, 2) == 0) f->safe_size = f->size;
        f->size = f->safe_size;
        if (f->room > 0) memcpy(f->data, f->safe, f->room);
    }
    forget(d);
}

bool fake_flip(struct fake_disk *d) {
    if (d->names.count == 0) return false;
    struct fake_file *f = &d->files[d->names.row[below(d, d->names.count)].file];
    uint64_t end = f->size;
    while (end > 0 && f->data[end - 1] == 0)
        end--;
    if (end == 0) return false;
    uint64_t at = below(d, end);
    uint8_t bit = (uint8_t)(1u << below(d, 8));
    f->data[at] ^= bit;
    f->safe[at] ^= bit;
    return true;
}
