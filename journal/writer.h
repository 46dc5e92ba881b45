/* The writer of a journal, shared by the files that append, write and begin segments. */
#ifndef WEIR_JOURNAL_WRITER_H
#define WEIR_JOURNAL_WRITER_H

#include "journal/internal.h"

/* A batch on its way: cut, given a place in a segment, written and synced, acknowledged. */
enum batch_state { BATCH_CUT, BATCH_PLACED, BATCH_FLYING, BATCH_WRITTEN };
struct batch {
    uint8_t state;   /* enum batch_state */
    uint8_t idle;    /* writes in a row that moved nothing */
    int file;        /* where it is placed */
    uint32_t done;   /* bytes written, whole blocks */
    uint64_t offset; /* its place */
    struct batch_head head;
};

/* The next segment, step by step. Its file has another name until everything before its first
 * record is durable; until the folder knows the new name nothing in it is acknowledged. */
enum stage {
    STAGE_CREATE,   /* a file is to be made */
    STAGE_ALLOCATE, /* room is to be given to it */
    STAGE_READY,    /* it waits to be begun */
    STAGE_HEADER,   /* the header is to be written */
    STAGE_RENAME,   /* all before it must be acknowledged, then it gets its name */
    STAGE_DIRECTORY /* the name is to be made durable */
};

struct weir_journal {
    struct weir_disk *disk;
    struct weir_journal_options options;
    struct weir_journal_counters counters;
    struct segments segments;
    uint64_t identity;
    int error; /* that ended all writing */
    /* The last attempt found no room, no other one is made before then: of batches, of the segment
     * after, which is made ahead and may well fail while there is room in this one. */
    bool full, full_ahead;
    int64_t retry_ns, retry_ahead_ns;

    /* Batches are numbered; batch k is in slot k % options.batches. */
    uint64_t cut, placed, acked; /* how many have been */
    uint8_t *memory;
    struct batch *batches;
    uint32_t flying; /* operations that will be reaped */

    /* The batch that is being filled, number `cut`; it has no memory while all slots are taken. */
    uint32_t used; /* bytes, 0: nothing appended */
    uint32_t count;
    uint64_t batch_first, batch_chain;
    int64_t batch_ns; /* when it was first seen by a pump; 0: not yet */

    uint64_t number; /* of the last command */
    uint64_t chain;
    uint64_t durable;

    /* The segment that batches are placed in. */
    int file;        /* -1: none */
    uint64_t offset; /* of the next batch */
    int before;      /* the segment before, while its batches are being written; or -1 */
    uint8_t stage;   /* enum stage: of the segment after, or while it is begun of this one */
    bool control;    /* an operation of the stage is flying */
    int next;        /* the file of the segment after, or -1 */
    uint64_t begins; /* batch that is the first of this segment */
    uint64_t first;  /* number of its first record */
    uint8_t idle;    /* attempts of the stage in a row that did nothing */
};
#define IDLE_MAX 16

/* Takes note of what has ended, acknowledges, moves the next segment on, writes what can be. With
 * `wait` for at least one operation where one is flying. 0, -ENOSPC or the error. */
int weir_journal_step(struct weir_journal *journal, bool wait);
/* Makes the batch being filled one to be written. There is one. */
void weir_journal_cut(struct weir_journal *journal);
/* Room for a record of any size in the batch being filled; waits for memory. 0 or an error. */
int weir_journal_make_room(struct weir_journal *journal);
/* Waits for all operations that fly; begins none. */
void weir_journal_drain(struct weir_journal *journal);
/* Begins the next segment with that record, if it is ready. */
bool weir_journal_switch(struct weir_journal *journal, uint64_t first, uint64_t chain);
/* Moves the stage on as far as it goes without waiting. */
void weir_journal_advance(struct weir_journal *journal);
/* An operation of the stage has ended. */
void weir_journal_advanced(struct weir_journal *journal, int64_t result);
/* Sorts out an error of an operation of a batch or (`ahead`) of the stage: no room, which is tried
 * again, or the end of writing. */
void weir_journal_failed(struct weir_journal *journal, int error, bool ahead);

static inline uint64_t slot_of(const struct weir_journal *j, uint64_t batch) {
    return batch % j->options.batches;
}
static inline uint8_t *slot_memory(const struct weir_journal *j, uint64_t slot) {
    return j->memory + slot * j->options.batch_size;
}
#endif
