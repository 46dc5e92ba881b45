/* Reading the binary command log: nothing of a record is believed before its checksum and its place
 * in the chain have been checked, and then only what a writer can have written. */
#include "wire/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct weir_log_reader {
    FILE *file;
    uint64_t venue_digest;
    uint64_t offset; /* of the next record */
    uint64_t seq;    /* of the last record */
    uint64_t chain;
    struct weir_log_end end;
    char path[256];
    uint8_t record[LOG_RECORD_HEAD + LOG_BODY_MAX];
};

__attribute__((format(printf, 4, 5))) static int damaged(struct weir_file_error *problem,
                                                         const char *path, uint64_t offset,
                                                         const char *format, ...) {
    va_list args;
    int n =
        snprintf(problem->text, sizeof problem->text, "%.255s: byte %" PRIu64 ": ", path, offset);
    va_start(args, format);
    vsnprintf(problem->text + n, sizeof problem->text - (size_t)n, format, args);
    va_end(args);
    return -1;
}

/* The header, of which `got` bytes, checked by the caller, are in h. */
static int read_header(struct weir_log_reader *log, uint8_t h[LOG_HEADER_SIZE], size_t got,
                       struct weir_file_error *problem) {
    errno = 0;
    size_t size = got + fread(h + got, 1, LOG_HEADER_SIZE - got, log->file);
    if (ferror(log->file))
        return damaged(problem, log->path, 0, "cannot be read: %s", strerror(errno));
    if (size < LOG_HEADER_SIZE)
        return damaged(problem, log->path, size, "the file ends inside its header of %u bytes",
                       LOG_HEADER_SIZE);
    if (load32(h + LOG_HEADER_SIZE - 4) != weir_crc32c(0, h, LOG_HEADER_SIZE - 4))
        return damaged(problem, log->path, 0, "the header's checksum is wrong");
    if (load32(h + 8) != LOG_VERSION)
        return damaged(problem, log->path, 8, "log format %" PRIu32 ", expected %u", load32(h + 8),
                       LOG_VERSION);
    if (load32(h + 12) != LOG_HEADER_SIZE)
        return damaged(problem, log->path, 12, "a header of %" PRIu32 " bytes, expected %u",
                       load32(h + 12), LOG_HEADER_SIZE);
    log->venue_digest = load64(h + 16);
    log->offset = LOG_HEADER_SIZE;
    log->chain = weir_log_chain(0, h, LOG_HEADER_SIZE);
    return 0;
}

struct weir_log_reader *weir_log_open_stream(FILE *stream, const char *name,
                                             struct weir_file_error *problem) {
    uint8_t header[LOG_HEADER_SIZE];
    struct weir_log_reader *log = calloc(1, sizeof *log);
    if (!log) {
        fclose(stream);
        damaged(problem, name, 0, "%s", strerror(ENOMEM));
        return NULL;
    }
    log->file = stream;
    snprintf(log->path, sizeof log->path, "%s", name);
    memcpy(header, weir_log_magic, WEIR_LOG_MAGIC_SIZE);
    if (read_header(log, header, WEIR_LOG_MAGIC_SIZE, problem) == 0) return log;
    weir_log_close_reader(log);
    return NULL;
}

struct weir_log_reader *weir_log_open(const char *path, struct weir_file_error *problem) {
    char magic[WEIR_LOG_MAGIC_SIZE];
    FILE *file = fopen(path, "rb");
    errno = file ? 0 : errno;
    bool is = file && fread(magic, 1, sizeof magic, file) == sizeof magic &&
              memcmp(magic, weir_log_magic, sizeof magic) == 0;
    if (is) {
        return weir_log_open_stream(file, path, problem);
    }
    if (errno != 0)
        snprintf(problem->text, sizeof problem->text, "%.255s: %s", path, strerror(errno));
    else
        damaged(problem, path, 0, "no binary log: it does not begin with `weirlog`");
    if (file) fclose(file);
    return NULL;
}

void weir_log_close_reader(struct weir_log_reader *log) {
    if (!log) return;
    fclose(log->file);
    free(log);
}

uint64_t weir_log_venue_digest(const struct weir_log_reader *log) {
    return log->venue_digest;
}

struct weir_log_end weir_log_ending(const struct weir_log_reader *log) {
    return log->end;
}

/* Reads the next record whole into log->record. 1, 0 at the end of the file, -1. */
static int read_record(struct weir_log_reader *log, size_t *body_size,
                       struct weir_file_error *problem) {
    uint8_t *r = log->record;
    errno = 0;
    size_t got = fread(r, 1, LOG_RECORD_HEAD, log->file);
    if (ferror(log->file))
        return damaged(problem, log->path, log->offset, "cannot be read: %s", strerror(errno));
    if (got == 0) return 0;
    if (log->end.present)
        return damaged(problem, log->path, log->offset, "bytes behind the closing record");
    if (got < LOG_RECORD_HEAD)
        return damaged(problem, log->path, log->offset,
                       "torn end: a record's head is cut off after %zu bytes", got);
    size_t size = load32(r);
    if (size < 1 || size > LOG_BODY_MAX)
        return damaged(problem, log->path, log->offset, "a record of %zu bytes, expected 1 to %u",
                       size, LOG_BODY_MAX);
    got = fread(r + LOG_RECORD_HEAD, 1, size, log->file);
    if (ferror(log->file))
        return damaged(problem, log->path, log->offset, "cannot be read: %s", strerror(errno));
    if (got < size)
        return damaged(problem, log->path, log->offset,
                       "torn end: a record of %zu bytes is cut off after %zu", size, got);
    char sentence[120];
    if (!weir_log_verify(r, size, log->seq + 1, log->chain, sentence, sizeof sentence))
        return damaged(problem, log->path, log->offset, "%s", sentence);
    *body_size = size;
    return 1;
}

static int read_end(struct weir_log_reader *log, size_t size, struct weir_file_error *problem) {
    const uint8_t *body = log->record + LOG_RECORD_HEAD;
    if (size != LOG_END_SIZE || load64(body + 1) != log->seq)
        return damaged(problem, log->path, log->offset, "a closing record that cannot be right");
    log->end = (struct weir_log_end){true, load64(body + 1), load64(body + 9), load64(body + 17)};
    return 0;
}

int weir_log_next(struct weir_log_reader *log, struct weir_risk_change *risk,
                  struct weir_command *out, struct weir_file_error *problem) {
    size_t size = 0;
    const char *sentence;
    const uint8_t *body = log->record + LOG_RECORD_HEAD;
    for (;;) {
        int status = read_record(log, &size, problem);
        if (status <= 0) return status;
        bool end = body[0] == LOG_END_KIND;
        if (end && read_end(log, size, problem) < 0) return -1;
        if (!end && !weir_log_decode(body, size, risk, out, &sentence))
            return damaged(problem, log->path, log->offset, "%s", sentence);
        log->chain = weir_log_chain(log->chain, log->record, LOG_RECORD_HEAD + size);
        log->offset += LOG_RECORD_HEAD + size;
        log->seq++;
        /* Behind the closing record only the end of the file may come: looked at next. */
        if (!end) return 1;
    }
}
