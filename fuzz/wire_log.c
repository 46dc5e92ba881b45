/* Binary logs from outside. An even first byte: the rest is a file behind its magic. An odd one: it
 * is the body of a record, as if its checksums were right; what is accepted has one form only. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct weir_risk_change risk;

static void read_file(const uint8_t *data, size_t size) {
    struct weir_file_error problem = {{0}};
    struct weir_command command;
    FILE *stream = fmemopen((void *)(uintptr_t)data, size, "rb");
    if (!stream) return;
    struct weir_log_reader *log = weir_log_open_stream(stream, "fuzz", &problem);
    if (!log) {
        WEIR_CHECK(problem.text[0] != 0);
        return;
    }
    int status;
    while ((status = weir_log_next(log, &risk, &command, &problem)) > 0)
        WEIR_CHECK(command.kind < WEIR_CMD_COUNT);
    WEIR_CHECK(status == 0 || problem.text[0] != 0);
    weir_log_close_reader(log);
}

static void read_body(const uint8_t *data, size_t size) {
    static uint8_t again[LOG_BODY_MAX];
    struct weir_command command;
    const char *problem = NULL;
    uint8_t *body = malloc(size > 0 ? size : 1);
    if (!body) return;
    memcpy(body, data, size);
    if (size <= LOG_BODY_MAX && weir_log_decode(body, size, &risk, &command, &problem)) {
        WEIR_CHECK(weir_log_encode(&command, again) == size);
        WEIR_CHECK(memcmp(again, body, size) == 0);
    }
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    if (data[0] % 2 == 0)
        read_file(data + 1, size - 1);
    else
        read_body(data + 1, size - 1);
    return 0;
}
