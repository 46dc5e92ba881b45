/* Inside journal/: what the reader knows when it is at the end, which the writer continues. */
#ifndef WEIR_JOURNAL_INTERNAL_H
#define WEIR_JOURNAL_INTERNAL_H

#include "journal/format.h"
#include "journal/journal.h"

/* The segments of a folder, by number of their first record, ascending. */
struct segments {
    uint64_t *first;
    uint32_t count, room;
};
/* 0 or -errno. */
int weir_segments_list(struct weir_disk *disk, struct segments *out);
/* Makes room for more of them. 0 or -ENOMEM. */
int weir_segments_reserve(struct segments *segments);
void weir_segments_free(struct segments *segments);

struct weir_journal_reader {
    struct weir_disk *disk;
    struct segments segments;
    uint32_t at; /* the segment that is read */
    int file;    /* its handle, or -1 */
    uint64_t file_size;
    char name[WEIR_DISK_NAME_MAX];
    struct segment_header header;
    uint64_t number; /* of the next record */
    uint64_t chain;  /* before it */
    uint64_t offset; /* of the batch in the segment */
    struct batch_head head;
    uint32_t position; /* in the batch; 0: it has not been read */
    bool ended, failed;
    struct weir_journal_ending ending;
    struct weir_file_error problem;
    uint8_t *batch; /* WEIR_JOURNAL_BATCH_MAX bytes */
};

#endif
