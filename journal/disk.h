/* What the journal asks of a disk: one folder of files, writes that answer once they are durable.
 * Everything else of the room is the same over io_uring, over plain calls and over the pretended
 * disk of the tests that loses power. Results are 0 or more, or a negative errno. */
#ifndef WEIR_JOURNAL_DISK_H
#define WEIR_JOURNAL_DISK_H

#include "market/market.h"

#define WEIR_DISK_BLOCK     4096u /* of writes: offset, size and memory are multiples of it */
#define WEIR_DISK_DIRECTORY 0     /* the handle of the folder itself, for syncs */
#define WEIR_DISK_NAME_MAX  64    /* bytes of a file's name with its zero */

/* What one operation does, in this order; a step that fails or falls short ends it. */
enum weir_disk_step { WEIR_DISK_ALLOCATE = 1, WEIR_DISK_WRITE = 2, WEIR_DISK_SYNC = 4 };
struct weir_disk_io {
    uint32_t steps; /* WEIR_DISK_... or'ed */
    int file;
    uint32_t slot;   /* in [0, count) of ops->buffers; one operation a slot at a time */
    uint32_t begin;  /* what is written begins there in the slot's memory */
    uint32_t size;   /* bytes to write */
    uint64_t offset; /* of what is written; the size of the file for WEIR_DISK_ALLOCATE */
};
struct weir_disk_done {
    uint32_t slot;
    int64_t result; /* bytes written (0: nothing was to be), all steps done; fewer than asked: a
                     * short write, nothing is durable; or a negative errno */
};

struct weir_disk;
struct weir_disk_ops {
    /* One writer a folder: -EWOULDBLOCK where another has it. Held until free. */
    int (*lock)(struct weir_disk *disk);
    /* Calls `name` for every file, in any order; stops where that is not 0 and returns it. */
    int (*list)(struct weir_disk *disk, int (*name)(void *ctx, const char *name), void *ctx);
    /* A handle: for reading, or a new file for writing and nothing else. -EMFILE beyond seven. */
    int (*open)(struct weir_disk *disk, const char *name, bool create);
    void (*close)(struct weir_disk *disk, int file);
    int (*size)(struct weir_disk *disk, int file, uint64_t *size);
    /* Bytes read, fewer only at the end of the file. */
    int64_t (*read)(struct weir_disk *disk, int file, void *data, size_t size, uint64_t offset);
    int (*truncate)(struct weir_disk *disk, int file, uint64_t size);
    int (*sync)(struct weir_disk *disk, int file);
    int (*rename)(struct weir_disk *disk, const char *from, const char *to);
    int (*unlink)(struct weir_disk *disk, const char *name);
    /* Memory for `count` slots of `size` bytes each, one behind the other; NULL: none left. Once.
     */
    uint8_t *(*buffers)(struct weir_disk *disk, uint32_t count, uint32_t size);
    int (*start)(struct weir_disk *disk, const struct weir_disk_io *io);
    /* 1: *done is an operation that has ended; 0: none has (without `wait`). With `wait` an error,
     * -ETIME, when nothing ends for a long time. */
    int (*reap)(struct weir_disk *disk, bool wait, struct weir_disk_done *done);
    void (*free)(struct weir_disk *disk);
};
struct weir_disk {
    const struct weir_disk_ops *ops;
    char path[256]; /* of the folder, for messages */
};

struct weir_disk_options {
    bool write;                                    /* makes the folder where there is none */
    bool plain;                                    /* without io_uring */
    void (*notice)(void *ctx, const char *notice); /* told once of each fallback; may be NULL */
    void *notice_ctx;
};
/* The real one: io_uring where the system lets us, else plain calls. NULL with *problem. */
struct weir_disk *weir_disk_new(const char *path, const struct weir_disk_options *options,
                                struct weir_file_error *problem);

#endif
