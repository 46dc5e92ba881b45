#include "journal/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC       "weirjrn\n"
#define HEAD_MAGIC  0x4A425257u /* "WRBJ" */
#define IDENTITY_TO 32u         /* bytes of the header that begin the chain: not the version */

uint64_t weir_segment_chain(const struct segment_header *header) {
    uint8_t block[HEADER_SIZE];
    weir_segment_header_write(header, block);
    return weir_log_chain(0, block, IDENTITY_TO);
}

void weir_segment_header_write(const struct segment_header *header, uint8_t *block) {
    memset(block, 0, HEADER_SIZE);
    memcpy(block, MAGIC, 8);
    store32(block + 8, FORMAT_VERSION);
    store32(block + 12, HEADER_SIZE);
    store64(block + 16, header->venue_digest);
    store64(block + 24, header->identity);
    snprintf((char *)block + 32, 32, "%s", WEIR_VERSION);
    store64(block + 64, header->first);
    store64(block + 72, header->chain);
    store64(block + 80, header->size);
    store32(block + HEADER_SIZE - 4, weir_crc32c(0, block, HEADER_SIZE - 4));
}

const char *weir_segment_header_read(const uint8_t *block, struct segment_header *out, char *text,
                                     size_t text_size) {
    if (memcmp(block, MAGIC, 8) != 0) return "no segment of a journal";
    if (load32(block + HEADER_SIZE - 4) != weir_crc32c(0, block, HEADER_SIZE - 4))
        return "the header's checksum is wrong";
    if (load32(block + 8) != FORMAT_VERSION || load32(block + 12) != HEADER_SIZE) {
        snprintf(text, text_size, "journal format %" PRIu32 ", expected %u", load32(block + 8),
                 FORMAT_VERSION);
        return text;
    }
    *out = (struct segment_header){load64(block + 16), load64(block + 24), load64(block + 64),
                                   load64(block + 72), load64(block + 80)};
    if (out->first == 0 || out->size % WEIR_DISK_BLOCK != 0) return "a header that cannot be right";
    if (out->first == 1 && out->chain != weir_log_chain(0, block, IDENTITY_TO))
        return "the header's chain does not begin with the header";
    return NULL;
}

void weir_batch_head_write(const struct batch_head *head, uint8_t *bytes) {
    store32(bytes, HEAD_MAGIC);
    store32(bytes + 8, head->size);
    store32(bytes + 12, head->used);
    store64(bytes + 16, head->first);
    store64(bytes + 24, head->chain);
    store64(bytes + 32, head->durable);
    store64(bytes + 40, head->offset);
    store64(bytes + 48, head->identity);
    store32(bytes + 56, head->count);
    store32(bytes + 60, 0);
    store32(bytes + 4, weir_crc32c(weir_crc32c(0, bytes, 4), bytes + 8, HEAD_SIZE - 8));
}

bool weir_batch_head_read(const uint8_t *bytes, uint64_t identity, uint64_t offset,
                          struct batch_head *out) {
    if (load32(bytes) != HEAD_MAGIC ||
        load32(bytes + 4) != weir_crc32c(weir_crc32c(0, bytes, 4), bytes + 8, HEAD_SIZE - 8))
        return false;
    *out = (struct batch_head){.size = load32(bytes + 8),
                               .used = load32(bytes + 12),
                               .first = load64(bytes + 16),
                               .chain = load64(bytes + 24),
                               .durable = load64(bytes + 32),
                               .offset = load64(bytes + 40),
                               .identity = load64(bytes + 48),
                               .count = load32(bytes + 56)};
    return out->identity == identity && out->offset == offset && out->size % WEIR_DISK_BLOCK == 0 &&
           out->used > HEAD_SIZE && out->used < out->size;
}

void weir_segment_name(uint64_t first, char name[WEIR_DISK_NAME_MAX]) {
    snprintf(name, WEIR_DISK_NAME_MAX, "%020" PRIu64 ".weirlog", first);
}

uint64_t weir_segment_number(const char *name) {
    char again[WEIR_DISK_NAME_MAX];
    if (*name < '0' || *name > '9') return 0;
    uint64_t number = strtoull(name, NULL, 10); /* ULLONG_MAX of too many digits: not the same */
    weir_segment_name(number, again);
    return number > 0 && strcmp(name, again) == 0 ? number : 0;
}
