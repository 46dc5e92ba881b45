/* The real disk: what io_uring and plain calls have in common. */
#ifndef WEIR_JOURNAL_POSIX_H
#define WEIR_JOURNAL_POSIX_H

#include "journal/disk.h"

#define POSIX_FILES 8 /* handles; 0 is the folder */

struct posix_disk {
    struct weir_disk disk;
    struct weir_disk_options options;
    int fds[POSIX_FILES]; /* -1: free */
    int lock;             /* -1, or a descriptor of its own, which no ring holds on to */
    bool buffered;        /* O_DIRECT was refused, and that was told */
    uint8_t *memory;      /* of the slots, mapped */
    size_t memory_size;
    uint32_t slots, slot_size;
};

/* Opens the folder; makes it where options.write. 0 or -errno. */
int weir_posix_open(struct posix_disk *d, const char *path,
                    const struct weir_disk_options *options);
void weir_posix_close(struct posix_disk *d);
void weir_posix_notice(const struct posix_disk *d, const char *notice);

int weir_posix_lock(struct weir_disk *disk);
int weir_posix_list(struct weir_disk *disk, int (*name)(void *, const char *), void *ctx);
int weir_posix_file_open(struct weir_disk *disk, const char *name, bool create);
void weir_posix_file_close(struct weir_disk *disk, int file);
int weir_posix_size(struct weir_disk *disk, int file, uint64_t *size);
int64_t weir_posix_read(struct weir_disk *disk, int file, void *data, size_t size, uint64_t offset);
int weir_posix_truncate(struct weir_disk *disk, int file, uint64_t size);
int weir_posix_sync(struct weir_disk *disk, int file);
int weir_posix_rename(struct weir_disk *disk, const char *from, const char *to);
int weir_posix_unlink(struct weir_disk *disk, const char *name);
uint8_t *weir_posix_buffers(struct weir_disk *disk, uint32_t count, uint32_t size);

/* NULL where the system does not let us have a ring, which is told. */
struct weir_disk *weir_disk_uring(const char *path, const struct weir_disk_options *options);
struct weir_disk *weir_disk_plain(const char *path, const struct weir_disk_options *options,
                                  int *error);

#endif
