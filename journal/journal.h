/* journal: the durable command log. A folder of segments (docs/durability.md) to which every
 * command is appended before it is applied; what follows from a command may leave the program once
 * weir_journal_durable has reached its number. Appending copies into memory and nothing else:
 * batches are written and synced behind it. No clock is read except through the options. */
#ifndef WEIR_JOURNAL_H
#define WEIR_JOURNAL_H

#include "journal/disk.h"
#include "protocol/protocol.h"

#define WEIR_JOURNAL_SEGMENT     (UINT64_C(64) << 20) /* bytes of a segment unless said otherwise */
#define WEIR_JOURNAL_BATCH       (256u << 10)         /* bytes of the largest batch, likewise */
#define WEIR_JOURNAL_BATCH_MIN   (16u << 10)
#define WEIR_JOURNAL_BATCH_MAX   (1u << 20)
#define WEIR_JOURNAL_BATCHES     8
#define WEIR_JOURNAL_BATCHES_MAX 32
#define WEIR_JOURNAL_DELAY_NS    INT64_C(400000)

/* ---- Reading --------------------------------------------------------------------------------- */
struct weir_journal_reader; /* opaque */
struct weir_journal_ending {
    bool closed; /* the last segment ends with a closing record: */
    uint64_t commands, events, state_hash;
    bool cut;       /* bytes behind the last whole record, of batches that nobody was told of: */
    char where[96]; /* the file and the byte where they begin */
};
/* Begins with the oldest segment. NULL with *problem where the folder holds none or one that cannot
 * be read. The disk stays the caller's. */
struct weir_journal_reader *weir_journal_read(struct weir_disk *disk,
                                              struct weir_file_error *problem);
void weir_journal_read_end(struct weir_journal_reader *reader);
uint64_t weir_journal_read_venue(const struct weir_journal_reader *reader);
/* Number of the next command. */
uint64_t weir_journal_read_number(const struct weir_journal_reader *reader);
/* 1: *out (and *risk behind it) is the next command; 0: the end, see weir_journal_read_ending; -1:
 * damage, *problem says file, byte and what is wrong, and goes on saying it. */
int weir_journal_next(struct weir_journal_reader *reader, struct weir_risk_change *risk,
                      struct weir_command *out, struct weir_file_error *problem);
const struct weir_journal_ending *
weir_journal_read_ending(const struct weir_journal_reader *reader);

/* ---- Writing --------------------------------------------------------------------------------- */
struct weir_journal_options {
    uint64_t venue_digest;
    uint64_t identity;     /* of a new journal: a number not drawn twice */
    uint64_t after;        /* commands that the caller has already, from a snapshot: not given */
    uint64_t segment_size; /* bytes, a multiple of 4,096; 0: WEIR_JOURNAL_SEGMENT */
    uint32_t batch_size;   /* [BATCH_MIN, BATCH_MAX], a multiple of 4,096; 0: WEIR_JOURNAL_BATCH */
    uint32_t batches;      /* in memory at once, [2, BATCHES_MAX]; 0: WEIR_JOURNAL_BATCHES */
    int64_t delay_ns;      /* a batch is cut when it is that old; 0: WEIR_JOURNAL_DELAY_NS */
    /* Called for each command found beyond `after`, in order; not 0 ends the recovery with it. */
    int (*recovered)(void *ctx, uint64_t number, const struct weir_command *command);
    int64_t (*clock)(void *ctx); /* ns, never falling; read only when there is something to wait
                                  * for */
    void *ctx;
};
struct weir_journal_counters {
    uint64_t batches, bytes; /* durable; heads and fill included */
    uint64_t segments;       /* begun */
    uint64_t waits;          /* appends that found all memory in flight */
    int64_t wait_ns;         /* what they waited, and weir_journal_wait */
    uint64_t retries;        /* operations begun again: a short write, no room */
};
struct weir_journal; /* opaque */
/* Locks the folder, verifies all of it, gives the commands to `recovered`, and begins a segment
 * behind the last whole record. NULL with *problem; *stopped (may be NULL) is then what `recovered`
 * returned, 0 where it was something else. */
struct weir_journal *weir_journal_open(struct weir_disk *disk,
                                       const struct weir_journal_options *options,
                                       struct weir_file_error *problem, int *stopped);
/* Appends a command. 0, and weir_journal_number is its number; -ENOSPC: all memory is full and the
 * disk has no room: nothing was appended, try again later; another negative errno: writing failed
 * for good, only weir_journal_abandon is left. Allocation-free; system calls only where a batch is
 * full. Waits only where all batches are in flight. */
int weir_journal_append(struct weir_journal *journal, const struct weir_command *command);
/* To be called often: begins to write what is due at `now_ns`, takes note of what has become
 * durable; never waits. 0, -ENOSPC while there is no room (what is in memory is kept and tried
 * again), or the error that ended all writing. */
int weir_journal_pump(struct weir_journal *journal, int64_t now_ns);
/* Number of the last command appended or recovered, of the last one that is durable, and of the
 * oldest one in the folder. */
uint64_t weir_journal_number(const struct weir_journal *journal);
uint64_t weir_journal_durable(const struct weir_journal *journal);
uint64_t weir_journal_first(const struct weir_journal *journal);
/* What was drawn when the journal was made: tells a snapshot of it from those of others. */
uint64_t weir_journal_identity(const struct weir_journal *journal);
/* Waits until `number`, at most the last one, is durable. 0, -ENOSPC, or the error. */
int weir_journal_wait(struct weir_journal *journal, uint64_t number);
/* Removes segments that hold nothing behind `number`, oldest first; never the one that is written.
 * For who has a durable snapshot of the state after command `number`. */
int weir_journal_trim(struct weir_journal *journal, uint64_t number);
const struct weir_journal_counters *weir_journal_counters(const struct weir_journal *journal);
/* Waits for all, appends the closing record, gives back the space not used, frees. Where it fails
 * all is freed, too, and the journal is as after a crash. */
int weir_journal_close(struct weir_journal *journal, uint64_t state_hash, uint64_t events);
/* Frees without another write: what is not yet durable may be lost. */
void weir_journal_abandon(struct weir_journal *journal);
/* How many segments there are, for who shows or trims them. */
uint32_t weir_journal_segments(const struct weir_journal *journal);

#endif
