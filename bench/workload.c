#include "bench/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *read_messages(struct workload *workload, FILE *file) {
    struct workload_header *header = &workload->header;
    if (fread(header, sizeof *header, 1, file) != 1) return "shorter than its header";
    if (memcmp(header->magic, "LOBWL001", 8) != 0) return "not a workload file (LOBWL001)";
    if (header->messages == 0 || header->messages > UINT32_MAX) return "wrong number of messages";
    if (header->highest_id > header->messages) return "more orders than messages";
    workload->messages = calloc(header->messages + WORKLOAD_AHEAD, sizeof *workload->messages);
    if (workload->messages == NULL) return "too large for the memory there is";
    if (fread(workload->messages, sizeof *workload->messages, header->messages, file) !=
        header->messages)
        return "shorter than its header says";
    uint32_t next = 1;
    for (uint64_t i = 0; i < header->messages; i++) {
        const struct message *m = &workload->messages[i];
        if (m->type > MESSAGE_MARKETABLE || m->side > 1 || m->price == 0 || m->qty == 0)
            return "a message is out of range";
        if (m->type == MESSAGE_CANCEL ? m->id == 0 || m->id >= next : m->id != next++)
            return "order ids are not in order of arrival";
    }
    return next - 1 == header->highest_id ? NULL : "highest order id is wrong";
}

const char *workload_load(struct workload *workload, const char *path) {
    *workload = (struct workload){0};
    const char *slash = strrchr(path, '/');
    snprintf(workload->name, sizeof workload->name, "%s", slash != NULL ? slash + 1 : path);
    for (char *c = workload->name; *c; c++)
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\') *c = '_';
    FILE *file = fopen(path, "rb");
    if (file == NULL) return "cannot be opened";
    const char *problem = read_messages(workload, file);
    fclose(file);
    if (problem != NULL) workload_free(workload);
    return problem;
}

void workload_free(struct workload *workload) {
    free(workload->messages);
    workload->messages = NULL;
}
