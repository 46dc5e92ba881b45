/* Without io_uring: each operation is done where it is begun. */
#include "journal/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct plain_disk {
    struct posix_disk posix;
    uint32_t first, count; /* results that nobody has asked for yet */
    struct weir_disk_done *done;
};

static int64_t write_all(int fd, const uint8_t *data, size_t size, uint64_t offset) {
    size_t written = 0;
    while (written < size) {
        ssize_t n = pwrite(fd, data + written, size - written, (off_t)(offset + written));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        if (n == 0) break;
        written += (size_t)n;
    }
    return (int64_t)written;
}

static int64_t run(const struct plain_disk *d, const struct weir_disk_io *io) {
    int fd = d->posix.fds[io->file];
    int64_t written = 0;
    if ((io->steps & WEIR_DISK_ALLOCATE) != 0) {
        int error = posix_fallocate(fd, 0, (off_t)io->offset);
        if (error != 0) return -error;
    }
    if ((io->steps & WEIR_DISK_WRITE) != 0) {
        const uint8_t *data = d->posix.memory + (size_t)io->slot * d->posix.slot_size + io->begin;
        written = write_all(fd, data, io->size, io->offset);
        if (written != (int64_t)io->size) return written;
    }
    if ((io->steps & WEIR_DISK_SYNC) != 0) {
        int failed = io->file == WEIR_DISK_DIRECTORY ? fsync(fd) : fdatasync(fd);
        if (failed != 0) return -errno;
    }
    return written;
}

static int start(struct weir_disk *disk, const struct weir_disk_io *io) {
    struct plain_disk *d = (struct plain_disk *)(void *)disk;
    WEIR_CHECK(d->count < d->posix.slots);
    d->done[(d->first + d->count++) % d->posix.slots] =
        (struct weir_disk_done){io->slot, run(d, io)};
    return 0;
}

static int reap(struct weir_disk *disk, bool wait, struct weir_disk_done *done) {
    struct plain_disk *d = (struct plain_disk *)(void *)disk;
    if (d->count == 0) return wait ? -ETIME : 0;
    *done = d->done[d->first];
    d->first = (d->first + 1) % d->posix.slots;
    d->count--;
    return 1;
}

static uint8_t *buffers(struct weir_disk *disk, uint32_t count, uint32_t size) {
    struct plain_disk *d = (struct plain_disk *)(void *)disk;
    d->done = calloc(count, sizeof *d->done);
    return d->done ? weir_posix_buffers(disk, count, size) : NULL;
}

static void plain_free(struct weir_disk *disk) {
    struct plain_disk *d = (struct plain_disk *)(void *)disk;
    weir_posix_close(&d->posix);
    free(d->done);
    free(d);
}

struct weir_disk *weir_disk_plain(const char *path, const struct weir_disk_options *options,
                                  int *error) {
    static const struct weir_disk_ops ops = {weir_posix_lock,
                                             weir_posix_list,
                                             weir_posix_file_open,
                                             weir_posix_file_close,
                                             weir_posix_size,
                                             weir_posix_read,
                                             weir_posix_truncate,
                                             weir_posix_sync,
                                             weir_posix_rename,
                                             weir_posix_unlink,
                                             buffers,
                                             start,
                                             reap,
                                             plain_free};
    struct plain_disk *d = calloc(1, sizeof *d);
    *error = d ? weir_posix_open(&d->posix, path, options) : -ENOMEM;
    if (*error == 0) {
        d->posix.disk.ops = &ops;
        return &d->posix.disk;
    }
    if (d) plain_free(&d->posix.disk);
    return NULL;
}
