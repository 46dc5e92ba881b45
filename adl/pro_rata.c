/* `pro_rata`: every profitable opposite position gives in proportion to its profit. */
#include "adl/adl.h"

weir_wide weir_adl_pro_rata(struct weir_adl_candidate *items, uint32_t n, weir_qty lots,
                            weir_wide *weights, weir_wide *caps, weir_wide *shares,
                            struct weir_share *scratch) {
    for (uint32_t i = 0; i < n; i++) {
        weights[i] = weir_wide_max(0, items[i].unrealised);
        caps[i] = items[i].size;
    }
    weir_wide rest = weir_divide(lots, n, weights, caps, shares, scratch);
    for (uint32_t i = 0; i < n; i++)
        items[i].lots = (weir_qty)shares[i];
    return rest;
}
