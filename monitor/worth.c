/* What amounts come to in quote currency. */
#include "monitor/internal.h"

static double power_of_ten(int exponent) {
    double power = 1;
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

weir_wide weir_monitor_notional(const struct weir_monitor *monitor, uint32_t market,
                                weir_price price, weir_qty lots) {
    const struct weir_market *m = &monitor->venue->markets[market];
    if (m->contract == WEIR_LINEAR) return (weir_wide)price * lots * m->unit_value;
    weir_wide notional = (weir_wide)m->face_value * lots;
    for (int i = 0; i < monitor->venue->assets[0].decimals; i++)
        notional *= 10;
    return notional;
}

weir_wide weir_monitor_worth(const struct weir_monitor *monitor, uint32_t asset, weir_wide units) {
    return monitor->priced_by[asset] == NOBODY ? units
                                               : (weir_wide)((double)units * monitor->worth[asset]);
}

double weir_monitor_whole(const struct weir_monitor *monitor, uint32_t asset, weir_wide units) {
    return (double)units / power_of_ten(monitor->venue->assets[asset].decimals);
}

void weir_monitor_worth_new(struct weir_monitor *monitor) {
    const struct weir_venue *v = monitor->venue;
    bool linear = false;
    for (uint32_t a = 0; a < WEIR_ASSETS_MAX; a++)
        monitor->priced_by[a] = NOBODY;
    for (uint32_t i = v->market_count; i-- > 0;)
        if (v->markets[i].contract == WEIR_INVERSE)
            monitor->priced_by[v->markets[i].asset] = i;
        else
            linear = true;
    /* Where anything is linear, money is the quote currency; else it is a coin like others. */
    if (linear) monitor->priced_by[0] = NOBODY;
}

void weir_monitor_worth_index(struct weir_monitor *monitor, uint32_t market, weir_price index) {
    const struct weir_venue *v = monitor->venue;
    const struct weir_market *m = &v->markets[market];
    if (index <= 0 || monitor->priced_by[m->asset] != market) return;
    monitor->index[m->asset] = index;
    double price = (double)index * (double)m->tick.mantissa / power_of_ten(m->tick.scale);
    monitor->worth[m->asset] =
        price * power_of_ten(v->assets[0].decimals) / power_of_ten(v->assets[m->asset].decimals);
}
