/* snapshot: the whole state of an engine in one file of a journal's folder, from which recovery
 * goes on with the commands behind it (docs/durability.md). A snapshot gets its name only when it
 * is durable and has been proved: read back into another engine, whose digest is the same. */
#ifndef WEIR_JOURNAL_SNAPSHOT_H
#define WEIR_JOURNAL_SNAPSHOT_H

#include "engine/engine.h"
#include "journal/disk.h"

struct weir_snapshot_facts {
    uint64_t number; /* of the last command in it */
    uint64_t events; /* up to there */
    uint64_t state_hash;
    uint64_t venue_digest;
    uint64_t identity; /* of the journal */
    uint64_t bytes;    /* of the file */
};

/* Writes and proves a snapshot of the engine, to which at least one command was applied, between
 * two commands. 0 with *facts, or -errno with *problem: the folder then has the snapshots that it
 * had. Needs memory for a second engine. O(state). */
int weir_snapshot_write(struct weir_disk *disk, struct weir_engine *engine,
                        const struct weir_venue *venue, const struct weir_engine_options *options,
                        uint64_t identity, struct weir_snapshot_facts *facts,
                        struct weir_file_error *problem);
/* The same by a process of its own, for which the state stands still while this one goes on: it
 * costs the loop the copy of the page tables, and of each page that it writes to first. Returns the
 * process, or -errno. */
int weir_snapshot_fork(const char *folder, struct weir_engine *engine,
                       const struct weir_venue *venue, const struct weir_engine_options *options,
                       uint64_t identity, int *report);
/* Has it ended? 0: no; 1: *facts; -1: *problem. `report` is what weir_snapshot_fork gave, and is
 * closed when it has. With `wait` it does not answer 0. */
int weir_snapshot_poll(int process, int report, bool wait, struct weir_snapshot_facts *facts,
                       struct weir_file_error *problem);

/* Numbers of the snapshots in a folder, the newest first, at most `room`. How many, or -errno. */
int weir_snapshot_list(struct weir_disk *disk, uint64_t *numbers, uint32_t room);
/* An engine made from a snapshot, all of whose checksums were verified; NULL with *problem, which
 * says file, byte and what is wrong. The digest is compared where `prove` is set: O(state). */
struct weir_engine *
weir_snapshot_load(struct weir_disk *disk, uint64_t number, const struct weir_venue *venue,
                   const struct weir_engine_options *options, weir_event_sink sink, void *sink_ctx,
                   bool prove, struct weir_snapshot_facts *facts, struct weir_file_error *problem);
/* Removes all but the newest `keep`; *oldest (0: none) is the number of the oldest that is left:
 * what the journal holds up to there is no longer needed. 0 or -errno. */
int weir_snapshot_prune(struct weir_disk *disk, uint32_t keep, uint64_t *oldest);

#endif
