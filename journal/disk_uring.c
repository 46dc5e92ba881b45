/* io_uring: write and sync of a batch are two linked requests; the answer to the second alone says
 * nothing, so both are looked at. Memory and files are registered where the system lets us. */
#include "journal/posix.h"

#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS_MAX 64u
#define WAIT_S    30
#define STEP_BITS 4u /* of a request's user data; the slot stands above */
#define STEPS_ALL (WEIR_DISK_ALLOCATE | WEIR_DISK_WRITE | WEIR_DISK_SYNC)

struct pending {
    uint32_t left;   /* steps whose answer is still to come */
    uint32_t size;   /* bytes to write */
    int64_t written; /* or the error of an earlier step */
    int64_t error;
};
struct uring_disk {
    struct posix_disk posix;
    struct io_uring ring;
    bool fixed_files, fixed_memory;
    struct pending pending[SLOTS_MAX];
};

static struct uring_disk *uring(struct weir_disk *disk) {
    return (struct uring_disk *)(void *)disk;
}

/* ---- Operations ------------------------------------------------------------------------------ */
static struct io_uring_sqe *request(struct uring_disk *d, const struct weir_disk_io *io,
                                    uint32_t step) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&d->ring);
    WEIR_CHECK(sqe != NULL); /* the ring holds every step of every slot */
    int fd = d->fixed_files ? io->file : d->posix.fds[io->file];
    if (step == WEIR_DISK_ALLOCATE) {
        io_uring_prep_fallocate(sqe, fd, 0, 0, (off_t)io->offset);
    } else if (step == WEIR_DISK_SYNC) {
        unsigned flags = io->file == WEIR_DISK_DIRECTORY ? 0 : IORING_FSYNC_DATASYNC;
        io_uring_prep_fsync(sqe, fd, flags);
    } else {
        uint8_t *data = d->posix.memory + (size_t)io->slot * d->posix.slot_size + io->begin;
        if (d->fixed_memory)
            io_uring_prep_write_fixed(sqe, fd, data, io->size, io->offset, (int)io->slot);
        else
            io_uring_prep_write(sqe, fd, data, io->size, io->offset);
    }
    io_uring_sqe_set_data64(sqe, (uint64_t)io->slot << STEP_BITS | step);
    if (d->fixed_files) sqe->flags |= IOSQE_FIXED_FILE;
    return sqe;
}

static int start(struct weir_disk *disk, const struct weir_disk_io *io) {
    struct uring_disk *d = uring(disk);
    struct io_uring_sqe *before = NULL;
    WEIR_CHECK(io->slot < d->posix.slots && d->pending[io->slot].left == 0);
    d->pending[io->slot] = (struct pending){.left = io->steps, .size = io->size};
    for (uint32_t step = 1; step <= WEIR_DISK_SYNC; step *= 2) {
        if ((io->steps & step) == 0) continue;
        if (before) before->flags |= IOSQE_IO_LINK;
        before = request(d, io, step);
    }
    int submitted;
    do
        submitted = io_uring_submit(&d->ring);
    while (submitted == -EINTR || submitted == -EAGAIN);
    return submitted < 0 ? submitted : 0;
}

/* Notes one answer. True when it was the last of its operation. */
static bool note(struct uring_disk *d, const struct io_uring_cqe *cqe,
                 struct weir_disk_done *done) {
    uint32_t step = (uint32_t)cqe->user_data & STEPS_ALL;
    uint32_t slot = (uint32_t)(cqe->user_data >> STEP_BITS);
    struct pending *p = &d->pending[slot];
    WEIR_CHECK((p->left & step) != 0);
    p->left &= ~step;
    if (step == WEIR_DISK_WRITE && cqe->res >= 0) p->written = cqe->res;
    /* A step that fails or a short write cancels what is linked behind it: that is no news. */
    bool cut_short = (step & WEIR_DISK_SYNC) != 0 && p->written < (int64_t)p->size;
    if (cqe->res < 0 && !(cqe->res == -ECANCELED && cut_short) && p->error == 0)
        p->error = cqe->res;
    if (p->left != 0) return false;
    *done = (struct weir_disk_done){slot, p->error < 0 ? p->error : p->written};
    return true;
}

static int reap(struct weir_disk *disk, bool wait, struct weir_disk_done *done) {
    struct uring_disk *d = uring(disk);
    struct io_uring_cqe *cqe;
    for (;;) {
        int error = io_uring_peek_cqe(&d->ring, &cqe);
        if (error == -EAGAIN && wait) {
            struct __kernel_timespec limit = {.tv_sec = WAIT_S};
            error = io_uring_wait_cqe_timeout(&d->ring, &cqe, &limit);
        }
        if (error == -EINTR) continue;
        if (error == -EAGAIN) return 0;
        if (error < 0) return error;
        bool last = note(d, cqe, done);
        io_uring_cqe_seen(&d->ring, cqe);
        if (last) return 1;
    }
}

/* ---- Registering ----------------------------------------------------------------------------- */
static void tell_file(struct uring_disk *d, int file) {
    if (!d->fixed_files) return;
    if (io_uring_register_files_update(&d->ring, (unsigned)file, &d->posix.fds[file], 1) == 1)
        return;
    io_uring_unregister_files(&d->ring);
    d->fixed_files = false;
}

static int file_open(struct weir_disk *disk, const char *name, bool create) {
    int file = weir_posix_file_open(disk, name, create);
    if (file > 0) tell_file(uring(disk), file);
    return file;
}

static void file_close(struct weir_disk *disk, int file) {
    weir_posix_file_close(disk, file);
    tell_file(uring(disk), file);
}

static uint8_t *buffers(struct weir_disk *disk, uint32_t count, uint32_t size) {
    struct uring_disk *d = uring(disk);
    struct iovec slots[SLOTS_MAX];
    WEIR_CHECK(count <= SLOTS_MAX);
    uint8_t *memory = weir_posix_buffers(disk, count, size);
    for (uint32_t i = 0; memory && i < count; i++)
        slots[i] = (struct iovec){memory + (size_t)i * size, size};
    if (!memory) return NULL;
    d->fixed_memory = io_uring_register_buffers(&d->ring, slots, count) == 0;
    if (!d->fixed_memory)
        weir_posix_notice(&d->posix, "memory cannot be registered with io_uring (see ulimit -l): "
                                     "writes cost a little more");
    return memory;
}

/* Where this thread is bound to a processor, the ring's workers shall stay off it. */
static void place_workers(struct uring_disk *d) {
    cpu_set_t own, others;
    if (sched_getaffinity(0, sizeof own, &own) != 0 || CPU_COUNT(&own) != 1) return;
    CPU_ZERO(&others);
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; (long)i < count && i < CPU_SETSIZE; i++)
        if (!CPU_ISSET(i, &own)) CPU_SET(i, &others);
    if (CPU_COUNT(&others) > 0) (void)io_uring_register_iowq_aff(&d->ring, sizeof others, &others);
}

static void uring_free(struct weir_disk *disk) {
    struct uring_disk *d = uring(disk);
    io_uring_queue_exit(&d->ring);
    weir_posix_close(&d->posix);
    free(d);
}

static int open_ring(struct uring_disk *d) {
    /* Deferred work without the flag would be seen at the next system call only. Older systems know
     * neither. */
    struct io_uring_params deferred = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                                IORING_SETUP_DEFER_TASKRUN |
                                                IORING_SETUP_TASKRUN_FLAG};
    struct io_uring_params simple = {0};
    int error = io_uring_queue_init_params(2 * SLOTS_MAX, &d->ring, &deferred);
    if (error == -EINVAL) error = io_uring_queue_init_params(2 * SLOTS_MAX, &d->ring, &simple);
    return error;
}

struct weir_disk *weir_disk_uring(const char *path, const struct weir_disk_options *options) {
    static const struct weir_disk_ops ops = {weir_posix_lock,
                                             weir_posix_list,
                                             file_open,
                                             file_close,
                                             weir_posix_size,
                                             weir_posix_read,
                                             weir_posix_truncate,
                                             weir_posix_sync,
                                             weir_posix_rename,
                                             weir_posix_unlink,
                                             buffers,
                                             start,
                                             reap,
                                             uring_free};
    struct uring_disk *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    int error = weir_posix_open(&d->posix, path, options);
    if (error < 0 || open_ring(d) < 0) {
        if (error == 0)
            weir_posix_notice(&d->posix, "io_uring is not to be had here: plain writes");
        weir_posix_close(&d->posix);
        free(d);
        return NULL;
    }
    d->posix.disk.ops = &ops;
    d->fixed_files = io_uring_register_files(&d->ring, d->posix.fds, POSIX_FILES) == 0;
    place_workers(d);
    return &d->posix.disk;
}
