/* CRC-32C (polynomial 0x1EDC6F41, reflected), the checksum of the log's records. */
#include "wire/internal.h"

#define POLYNOMIAL 0x82F63B78u

static uint32_t table[256];
static bool has_instruction;

__attribute__((constructor)) static void prepare(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
        table[i] = crc;
    }
#ifdef __x86_64__
    has_instruction = __builtin_cpu_supports("sse4.2");
#endif
}

uint32_t weir_crc32c_table(uint32_t crc, const void *data, size_t size) {
    const uint8_t *p = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xFF];
    return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const uint8_t *p,
                                                                 size_t size) {
    uint64_t wide = ~crc;
    for (; size >= 8; size -= 8, p += 8)
        wide = __builtin_ia32_crc32di(wide, load64(p));
    uint32_t rest = (uint32_t)wide;
    if ((size & 4) != 0) {
        rest = __builtin_ia32_crc32si(rest, load32(p));
        p += 4;
    }
    for (size &= 3; size > 0; size--, p++)
        rest = __builtin_ia32_crc32qi(rest, *p);
    return ~rest;
}
#endif

uint32_t weir_crc32c(uint32_t crc, const void *data, size_t size) {
#ifdef __x86_64__
    if (has_instruction) return by_instruction(crc, data, size);
#endif
    return weir_crc32c_table(crc, data, size);
}
