#include "journal/posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct posix_disk *posix(struct weir_disk *disk) {
    return (struct posix_disk *)(void *)disk;
}

static int answer(int result) {
    return result < 0 ? -errno : result;
}

void weir_posix_notice(const struct posix_disk *d, const char *notice) {
    if (d->options.notice) d->options.notice(d->options.notice_ctx, notice);
}

/* ---- The folder ------------------------------------------------------------------------------ */
/* The name of a new folder must survive, too. */
static int sync_parent(const char *path) {
    char parent[256];
    snprintf(parent, sizeof parent, "%s", path);
    size_t size = strlen(parent);
    while (size > 1 && parent[size - 1] == '/')
        parent[--size] = 0;
    char *slash = strrchr(parent, '/');
    if (slash == parent)
        parent[1] = 0;
    else if (slash)
        *slash = 0;
    int fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 ? -errno : answer(fsync(fd));
    if (fd >= 0) close(fd);
    return result;
}

int weir_posix_open(struct posix_disk *d, const char *path,
                    const struct weir_disk_options *options) {
    d->options = *options;
    d->lock = -1;
    for (int i = 0; i < POSIX_FILES; i++)
        d->fds[i] = -1;
    if ((size_t)snprintf(d->disk.path, sizeof d->disk.path, "%s", path) >= sizeof d->disk.path)
        return -ENAMETOOLONG;
    bool made = options->write && mkdir(path, 0777) == 0;
    if (options->write && !made && errno != EEXIST) return -errno;
    int error = made ? sync_parent(path) : 0;
    if (error < 0) return error;
    d->fds[WEIR_DISK_DIRECTORY] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return d->fds[WEIR_DISK_DIRECTORY] < 0 ? -errno : 0;
}

void weir_posix_close(struct posix_disk *d) {
    for (int i = 0; i < POSIX_FILES; i++)
        if (d->fds[i] >= 0) close(d->fds[i]);
    if (d->lock >= 0) close(d->lock);
    if (d->memory) munmap(d->memory, d->memory_size);
}

int weir_posix_lock(struct weir_disk *disk) {
    struct posix_disk *d = posix(disk);
    if (d->lock < 0)
        d->lock = openat(d->fds[WEIR_DISK_DIRECTORY], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return d->lock < 0 ? -errno : answer(flock(d->lock, LOCK_EX | LOCK_NB));
}

int weir_posix_list(struct weir_disk *disk, int (*name)(void *, const char *), void *ctx) {
    int fd = openat(posix(disk)->fds[WEIR_DISK_DIRECTORY], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        int error = -errno;
        if (fd >= 0) close(fd);
        return error;
    }
    const struct dirent *entry;
    int status = 0;
    while (status == 0 && (errno = 0, entry = readdir(folder)) != NULL)
        status = name(ctx, entry->d_name);
    if (status == 0) status = -errno;
    closedir(folder);
    return status;
}

/* ---- Files ----------------------------------------------------------------------------------- */
static int open_new(struct posix_disk *d, const char *name) {
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    int folder = d->fds[WEIR_DISK_DIRECTORY];
    int fd = d->buffered ? -1 : openat(folder, name, flags | O_DIRECT, 0666);
    if (!d->buffered && fd < 0 && errno == EINVAL) {
        d->buffered = true;
        weir_posix_notice(d, "this file system refuses direct writes: they go through its cache");
        (void)unlinkat(folder, name, 0);
    }
    return d->buffered ? openat(folder, name, flags, 0666) : fd;
}

int weir_posix_file_open(struct weir_disk *disk, const char *name, bool create) {
    struct posix_disk *d = posix(disk);
    int handle = 1;
    while (handle < POSIX_FILES && d->fds[handle] >= 0)
        handle++;
    if (handle == POSIX_FILES) return -EMFILE;
    int fd = create ? open_new(d, name)
                    : openat(d->fds[WEIR_DISK_DIRECTORY], name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    d->fds[handle] = fd;
    return handle;
}

void weir_posix_file_close(struct weir_disk *disk, int file) {
    close(posix(disk)->fds[file]);
    posix(disk)->fds[file] = -1;
}

int weir_posix_size(struct weir_disk *disk, int file, uint64_t *size) {
    struct stat s;
    if (fstat(posix(disk)->fds[file], &s) < 0) return -errno;
    *size = (uint64_t)s.st_size;
    return 0;
}

int64_t weir_posix_read(struct weir_disk *disk, int file, void *data, size_t size,
                        uint64_t offset) {
    size_t got = 0;
    while (got < size) {
        ssize_t n =
            pread(posix(disk)->fds[file], (uint8_t *)data + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        if (n == 0) break;
        got += (size_t)n;
    }
    return (int64_t)got;
}

int weir_posix_truncate(struct weir_disk *disk, int file, uint64_t size) {
    return answer(ftruncate(posix(disk)->fds[file], (off_t)size));
}

int weir_posix_sync(struct weir_disk *disk, int file) {
    return answer(fsync(posix(disk)->fds[file]));
}

int weir_posix_rename(struct weir_disk *disk, const char *from, const char *to) {
    int folder = posix(disk)->fds[WEIR_DISK_DIRECTORY];
    return answer(renameat(folder, from, folder, to));
}

int weir_posix_unlink(struct weir_disk *disk, const char *name) {
    return answer(unlinkat(posix(disk)->fds[WEIR_DISK_DIRECTORY], name, 0));
}

uint8_t *weir_posix_buffers(struct weir_disk *disk, uint32_t count, uint32_t size) {
    struct posix_disk *d = posix(disk);
    WEIR_CHECK(d->memory == NULL);
    d->memory_size = (size_t)count * size;
    void *memory = mmap(NULL, d->memory_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    d->memory = memory;
    d->slots = count;
    d->slot_size = size;
    return d->memory;
}

struct weir_disk *weir_disk_new(const char *path, const struct weir_disk_options *options,
                                struct weir_file_error *problem) {
    int error = 0;
    struct weir_disk *disk =
        options->write && !options->plain ? weir_disk_uring(path, options) : NULL;
    if (!disk) disk = weir_disk_plain(path, options, &error);
    if (!disk) snprintf(problem->text, sizeof problem->text, "%.255s: %s", path, strerror(-error));
    return disk;
}
