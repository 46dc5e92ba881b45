/* --journal DIR: the durable log behind replay and run. */
#ifndef WEIR_CLI_DURABLE_H
#define WEIR_CLI_DURABLE_H

#include "cli/cli.h"
#include "journal/journal.h"

struct weir_durable {
    const char *path, *command; /* the folder; who writes, for messages */
    struct weir_disk *disk;
    struct weir_journal *journal;
    uint64_t recovered; /* commands that were there */
    uint32_t appended;  /* since the clock was read */
    bool full;          /* told that there is no room */
    /* Of commands that are made anew (weir_durable_make): a hash over those found and over those
     * made so far, and how many were made. */
    uint64_t found_hash, made_hash, made;
};
/* Opens the journal and gives `recovered` what it holds (not 0 ends it). 0, or the exit status
 * after the problem is on standard error. */
int weir_durable_open(struct weir_durable *durable, const char *path, uint64_t venue_digest,
                      int (*recovered)(void *ctx, uint64_t number,
                                       const struct weir_command *command),
                      void *ctx, const char *command);
/* Appends a command, which is its number's and may be applied now. Where the disk has no room it
 * says so, once, and waits for it. 0, or a negative errno that has been told; -EINTR: interrupted
 * while it waited. */
int weir_durable_append(struct weir_durable *durable, const struct weir_command *command);
/* For who makes the same commands every time: opens the journal without giving what it holds, and
 * takes the commands from the first one on. Those that are there already must be the same, or it is
 * told, at the last of them, and -EILSEQ returned; those behind are appended. */
int weir_durable_open_same(struct weir_durable *durable, const char *path, uint64_t venue_digest,
                           const char *command);
int weir_durable_make(struct weir_durable *durable, const struct weir_command *command);
/* Waits until all that was appended is durable; likewise. */
int weir_durable_wait(struct weir_durable *durable);
/* Waits for all, writes the closing record (`well`) or leaves the journal as it is, frees. 0 or a
 * negative errno, told. Nothing to do where none is open. */
int weir_durable_close(struct weir_durable *durable, bool well, uint64_t state_hash,
                       uint64_t events);

#endif
