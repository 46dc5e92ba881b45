/* A record of the command log, shared by log files and by the journal: a head of 24 bytes and a
 * body, docs/log-format.md describes both. */
#ifndef WEIR_WIRE_RECORD_H
#define WEIR_WIRE_RECORD_H

#include "protocol/protocol.h"

#define WEIR_RECORD_HEAD     24u   /* size, CRC-32C, number, chain */
#define WEIR_RECORD_BODY_MAX 8192u /* bytes */
#define WEIR_RECORD_END      0xFFu /* first byte of a closing record's body */
#define WEIR_RECORD_END_SIZE 25u   /* of its body */
#define WEIR_RECORD_MAX      (WEIR_RECORD_HEAD + WEIR_RECORD_BODY_MAX)

/* CRC-32C (Castagnoli) of data continued from `crc` (0 at the start): by instruction where the
 * processor has it. The second is the table form, for those that have not, and for tests. */
uint32_t weir_crc32c(uint32_t crc, const void *data, size_t size);
uint32_t weir_crc32c_table(uint32_t crc, const void *data, size_t size);

/* Body of a command's record; returns its size. `body` has WEIR_RECORD_BODY_MAX bytes. It never
 * holds 512 zero bytes in a row. */
size_t weir_log_encode(const struct weir_command *command, uint8_t *body);
/* The opposite; false with a static sentence when the bytes are no command. `risk` is scratch that
 * out->risk may point to. */
bool weir_log_decode(const uint8_t *body, size_t size, struct weir_risk_change *risk,
                     struct weir_command *out, const char **problem);
/* Body of the closing record: counts and the state hash after the last command. */
void weir_log_encode_end(uint8_t *body, uint64_t commands, uint64_t events, uint64_t state_hash);

/* Value of the chain over all records up to one, from that before it and the record's bytes. */
uint64_t weir_log_chain(uint64_t before, const void *record, size_t size);
/* Puts the head before `size` bytes of body that stand at record + WEIR_RECORD_HEAD, and moves
 * *chain on. Returns the size of the record. */
size_t weir_log_seal(uint8_t *record, size_t size, uint64_t number, uint64_t *chain);
/* Is the record, with a body of `size` bytes, whole, and the one of that number behind that chain?
 * False with a sentence in text[0,text_size). The size is believed, the rest is not. */
bool weir_log_verify(const uint8_t *record, size_t size, uint64_t number, uint64_t chain,
                     char *text, size_t text_size);

static inline void store32(uint8_t *p, uint32_t v) {
    __builtin_memcpy(p, &v, 4);
}
static inline void store64(uint8_t *p, uint64_t v) {
    __builtin_memcpy(p, &v, 8);
}
static inline uint32_t load32(const uint8_t *p) {
    uint32_t v;
    __builtin_memcpy(&v, p, 4);
    return v;
}
static inline uint64_t load64(const uint8_t *p) {
    uint64_t v;
    __builtin_memcpy(&v, p, 8);
    return v;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the log's bytes are little-endian");

#endif
