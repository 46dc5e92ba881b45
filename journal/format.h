/* The bytes of a segment around its records: docs/durability.md. */
#ifndef WEIR_JOURNAL_FORMAT_H
#define WEIR_JOURNAL_FORMAT_H

#include "journal/disk.h"
#include "wire/record.h"

#define FORMAT_VERSION 1u
#define HEADER_SIZE    WEIR_DISK_BLOCK
#define HEAD_SIZE      64u
#define FILL           0xFFu /* no block ends in zeros, so a write cut short shows */
#define SECTOR         512u
#define NEW_NAME       "next.new"

struct segment_header {
    uint64_t venue_digest, identity;
    uint64_t first; /* number of its first record */
    uint64_t chain; /* before that record */
    uint64_t size;  /* bytes of the file as preallocated */
};
/* block[0,HEADER_SIZE) becomes the header. */
void weir_segment_header_write(const struct segment_header *header, uint8_t *block);
/* NULL, or what is wrong (text is scratch for it). */
const char *weir_segment_header_read(const uint8_t *block, struct segment_header *out, char *text,
                                     size_t text_size);
/* The chain before the very first record of a journal. */
uint64_t weir_segment_chain(const struct segment_header *header);

/* A batch: head, records, fill up to a block. */
struct batch_head {
    uint64_t first;   /* number of its first record */
    uint64_t chain;   /* before it */
    uint64_t durable; /* number of the last command that was durable when it was written */
    uint64_t offset;  /* of the batch in its segment */
    uint64_t identity;
    uint32_t size, used; /* bytes of it all; of head and records */
    uint32_t count;      /* records */
};
void weir_batch_head_write(const struct batch_head *head, uint8_t *bytes);
/* False where these are no head of that journal written for that place. */
bool weir_batch_head_read(const uint8_t *bytes, uint64_t identity, uint64_t offset,
                          struct batch_head *out);

/* NNNNNNNNNNNNNNNNNNNN.weirlog, and back: 0 for a name of another form. */
void weir_segment_name(uint64_t first, char name[WEIR_DISK_NAME_MAX]);
uint64_t weir_segment_number(const char *name);

#endif
