/* `pro_rata`: everybody with a profit gives in proportion to it; and how lots are shared by
 * weights. */
#include "adl/ranking.h"

static weir_wide weight(const struct weir_adl_candidate *c) {
    return weir_wide_max(0, c->unrealised);
}
static weir_wide shown(const struct weir_adl_candidate *c) {
    return weir_adl_profit_rate(c);
}

const struct weir_adl_ranking weir_rank_pro_rata = {WEIR_ADL_SHARES, weight, shown, NULL};

weir_wide weir_adl_share(struct weir_adl_candidate *items, uint32_t n, weir_qty lots,
                         weir_wide *weights, weir_wide *caps, weir_wide *shares,
                         struct weir_share *scratch) {
    for (uint32_t i = 0; i < n; i++) {
        weights[i] = items[i].score;
        caps[i] = items[i].size;
    }
    weir_wide rest = weir_divide(lots, n, weights, caps, shares, scratch);
    for (uint32_t i = 0; i < n; i++)
        items[i].lots = (weir_qty)shares[i];
    return rest;
}
