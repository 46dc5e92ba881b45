/* Writing the binary command log. */
#include "wire/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE (1u << 20)

const char weir_log_magic[WEIR_LOG_MAGIC_SIZE] = {'w', 'e', 'i', 'r', 'l', 'o', 'g', '\n'};

struct weir_log_writer {
    FILE *file;
    uint64_t seq; /* of the last record */
    uint64_t chain;
    uint8_t record[LOG_RECORD_HEAD + LOG_BODY_MAX];
};

static int write_all(struct weir_log_writer *log, const void *data, size_t size) {
    errno = 0;
    if (fwrite(data, 1, size, log->file) == size) return 0;
    return errno != 0 ? -errno : -EIO;
}

static void make_header(uint8_t header[LOG_HEADER_SIZE], uint64_t venue_digest) {
    memset(header, 0, LOG_HEADER_SIZE);
    memcpy(header, weir_log_magic, WEIR_LOG_MAGIC_SIZE);
    store32(header + 8, LOG_VERSION);
    store32(header + 12, LOG_HEADER_SIZE);
    store64(header + 16, venue_digest);
    snprintf((char *)header + 24, 32, "%s", WEIR_VERSION);
    store32(header + LOG_HEADER_SIZE - 4, weir_crc32c(0, header, LOG_HEADER_SIZE - 4));
}

struct weir_log_writer *weir_log_create(const char *path, uint64_t venue_digest, int *error) {
    uint8_t header[LOG_HEADER_SIZE];
    struct weir_log_writer *log = calloc(1, sizeof *log);
    *error = log ? 0 : -ENOMEM;
    if (!log) return NULL;
    log->file = fopen(path, "wb");
    if (!log->file) {
        *error = -errno;
        free(log);
        return NULL;
    }
    setvbuf(log->file, NULL, _IOFBF, BUFFER_SIZE);
    make_header(header, venue_digest);
    log->chain = weir_log_chain(0, header, sizeof header);
    *error = write_all(log, header, sizeof header);
    if (*error == 0) return log;
    fclose(log->file);
    free(log);
    return NULL;
}

size_t weir_log_seal(uint8_t *record, size_t size, uint64_t number, uint64_t *chain) {
    store32(record, (uint32_t)size);
    store64(record + 8, number);
    store64(record + 16, *chain);
    size += LOG_RECORD_HEAD;
    store32(record + 4, weir_crc32c(weir_crc32c(0, record, 4), record + 8, size - 8));
    *chain = weir_log_chain(*chain, record, size);
    return size;
}

void weir_log_encode_end(uint8_t *body, uint64_t commands, uint64_t events, uint64_t state_hash) {
    body[0] = LOG_END_KIND;
    store64(body + 1, commands);
    store64(body + 9, events);
    store64(body + 17, state_hash);
}

/* Puts the head before the `size` bytes of body and writes both. */
static int append(struct weir_log_writer *log, size_t size) {
    return write_all(log, log->record, weir_log_seal(log->record, size, ++log->seq, &log->chain));
}

int weir_log_append(struct weir_log_writer *log, const struct weir_command *command) {
    return append(log, weir_log_encode(command, log->record + LOG_RECORD_HEAD));
}

int weir_log_close(struct weir_log_writer *log, uint64_t state_hash, uint64_t events) {
    weir_log_encode_end(log->record + LOG_RECORD_HEAD, log->seq, events, state_hash);
    int status = append(log, LOG_END_SIZE);
    if (fclose(log->file) != 0 && status == 0) status = -errno;
    free(log);
    return status;
}
