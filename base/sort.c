/* Numbers sorted by their upper halves, whatever stands below. */
#include "base/base.h"

uint64_t *weir_sort_upper(uint64_t *from, uint64_t *to, uint32_t n) {
    for (int shift = 32; shift < 64; shift += 11) {
        uint32_t at[2048] = {0}, sum = 0;
        for (uint32_t i = 0; i < n; i++)
            at[from[i] >> shift & 2047]++;
        for (uint32_t k = 0; k < 2048; k++) {
            uint32_t count = at[k];
            at[k] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            to[at[from[i] >> shift & 2047]++] = from[i];
        uint64_t *t = from;
        from = to;
        to = t;
    }
    return from;
}
