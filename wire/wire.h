/* wire: commands and events as text (JSON Lines, docs/protocol.md) and as bytes (the command log,
 * docs/log-format.md). Reading never trusts its input: whatever the bytes, the result is a command
 * or a command whose `reject` says why it is none. */
#ifndef WEIR_WIRE_H
#define WEIR_WIRE_H

#include <stdio.h>

#include "protocol/protocol.h"

#define WEIR_LINE_MAX 65536 /* bytes of a line without its newline */

/* ---- Text ------------------------------------------------------------------------------------ */
/* Reads one line (without newline; NUL bytes and invalid UTF-8 included) into *out. Fills every
 * field; `reject` is WEIR_OK, WEIR_R_MALFORMED (with line, column), WEIR_R_UNKNOWN_COMMAND or
 * WEIR_R_INVALID. Names and numbers are checked for form only. `risk` is scratch for the risk
 * command's tiers: out->risk points to it. Allocation-free. */
void weir_json_read(const char *line, size_t size, uint64_t line_number,
                    struct weir_risk_change *risk, struct weir_command *out);
/* Writes a command as one line with newline; returns its length, 0 when `size` is too small
 * (WEIR_LINE_MAX always suffices). Reading it gives the same command. */
size_t weir_json_command(const struct weir_command *command, char *text, size_t size);
/* Writes an event as one line with newline; returns its length, or the length needed when that is
 * more than `size` (nothing useful is then in text). */
size_t weir_json_event(const struct weir_venue *venue, const struct weir_event *event, char *text,
                       size_t size);

/* Cuts a stream into lines; a line over WEIR_LINE_MAX is skipped to its end and given as one
 * over-long line. Reads with read(2), so it works on files, pipes and terminals. */
struct weir_lines; /* opaque */
struct weir_lines *weir_lines_new(int fd);
void weir_lines_free(struct weir_lines *lines);
/* 1: *line, *size, *number (from 1) are set (size > WEIR_LINE_MAX: over-long; the text is cut);
 * 0: end of input (a last line without newline counts); < 0: -errno. Valid until the next call. */
int weir_lines_next(struct weir_lines *lines, const char **line, size_t *size, uint64_t *number);
/* True when weir_lines_next will answer without reading: who converses over a pipe sends what it
 * has to say before a read that may wait. */
bool weir_lines_ready(const struct weir_lines *lines);
/* Puts `size` (at most 4,096) bytes that the caller has read from `fd` before what is still to be
 * read; right after weir_lines_new. */
void weir_lines_begin(struct weir_lines *lines, const void *bytes, size_t size);

/* ---- The binary command log ------------------------------------------------------------------ */
/* File: a header (magic, format version, venue digest, program version), then records, each with
 * sequence number, length, CRC32C over itself and a chain over all before it. The body holds only
 * the keys that the command has. */
#define WEIR_LOG_MAGIC_SIZE 8
extern const char weir_log_magic[WEIR_LOG_MAGIC_SIZE]; /* how every log begins */

struct weir_log_writer; /* opaque; buffered FILE behind it */
struct weir_log_writer *weir_log_create(const char *path, uint64_t venue_digest, int *error);
int weir_log_append(struct weir_log_writer *log, const struct weir_command *command);
/* Appends the closing record: the state hash after the last command, and the counts of commands
 * and events, so that an audit knows what to expect. Flushes and frees; 0 or -errno. */
int weir_log_close(struct weir_log_writer *log, uint64_t state_hash, uint64_t events);

struct weir_log_reader; /* opaque */
struct weir_log_end {
    bool present;
    uint64_t commands, events, state_hash;
};
/* NULL with *problem (a sentence with the offset) when the file is no log or cannot be read. */
struct weir_log_reader *weir_log_open(const char *path, struct weir_file_error *problem);
/* The same from an open stream, a pipe for example, whose first WEIR_LOG_MAGIC_SIZE bytes have been
 * read and found to be weir_log_magic. The reader owns the stream, also when it returns NULL. */
struct weir_log_reader *weir_log_open_stream(FILE *stream, const char *name,
                                             struct weir_file_error *problem);
uint64_t weir_log_venue_digest(const struct weir_log_reader *log);
/* 1: *out (and *risk behind it) is the next command; 0: the end, clean (see weir_log_ending);
 * -1: damage or a torn end, *problem says file, offset and what is wrong. */
int weir_log_next(struct weir_log_reader *log, struct weir_risk_change *risk,
                  struct weir_command *out, struct weir_file_error *problem);
struct weir_log_end weir_log_ending(const struct weir_log_reader *log);
void weir_log_close_reader(struct weir_log_reader *log);

#endif
