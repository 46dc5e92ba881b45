#include "price/measure.h"

#define MOVE_MOST     ((weir_wide)WEIR_PPB * 1000)                   /* of one relative move */
#define VARIANCE_MOST ((weir_wide)WEIR_PPB * WEIR_PPB * 1000 * 1000) /* 10^24 */

void weir_bucket_add(struct weir_bucket *ring, uint32_t n, int64_t slot, weir_wide amount) {
    struct weir_bucket *b = &ring[slot % n];
    if (b->slot != slot) *b = (struct weir_bucket){.slot = slot};
    b->sum += amount;
}

weir_wide weir_bucket_sum(const struct weir_bucket *ring, uint32_t n, int64_t slot) {
    weir_wide sum = 0;
    for (uint32_t i = 0; i < n; i++)
        if (ring[i].slot > slot - n && ring[i].slot <= slot) sum += ring[i].sum;
    return sum;
}

void weir_measure_trade(struct weir_measure *m, weir_time now, weir_qty lots) {
    m->traded += lots;
    weir_bucket_add(m->volume, WEIR_VOLUME_SLOTS, weir_hour(now), lots);
}

void weir_measure_mark(struct weir_measure *m, weir_time now, weir_price from, weir_price to) {
    if (!m->marked) {
        m->marked = true;
        m->since = now;
    }
    if (from == 0) return;
    weir_wide move = ((weir_wide)to - from) * WEIR_PPB / from;
    move = weir_wide_max(-MOVE_MOST, weir_wide_min(move, MOVE_MOST));
    weir_bucket_add(m->moves, WEIR_MOVE_SLOTS, weir_minute(now), move * move);
}

weir_wide weir_measure_volume(const struct weir_measure *m, weir_time now) {
    return weir_bucket_sum(m->volume, WEIR_VOLUME_SLOTS, weir_hour(now));
}

weir_wide weir_measure_variance(const struct weir_measure *m, weir_time now, weir_time over) {
    const weir_time minute = 60 * WEIR_SECOND;
    weir_wide sum = weir_bucket_sum(m->moves, WEIR_MOVE_SLOTS, weir_minute(now));
    if (!m->marked || sum == 0) return 0;
    weir_time from = (weir_minute(now) - (WEIR_MOVE_SLOTS - 1)) * minute;
    weir_time span = weir_max(minute, now - weir_max(from, m->since));
    sum = weir_wide_min(sum, VARIANCE_MOST * WEIR_PPB);
    if (weir_cmp_products(sum, over, VARIANCE_MOST, span) >= 0) return VARIANCE_MOST;
    return weir_mul_div_floor(sum, over, span);
}
