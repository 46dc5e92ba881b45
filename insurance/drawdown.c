/* The drawdown state (R32): a sliding maximum of the fund's P&L. */
#include "insurance/insurance.h"

#include <stdlib.h>

weir_wide weir_fund_equity(const struct weir_exchange *x, const struct weir_fund *f) {
    struct weir_health h;
    weir_health(x, f->scope, NULL, &h);
    return f->cash + h.equity;
}

static struct weir_drawdown_sample *sample_at(const struct weir_drawdown *d, uint32_t i) {
    return &d->ring[(d->head + i) & (d->capacity - 1)];
}

static void grow(struct weir_drawdown *d) {
    struct weir_drawdown_sample *ring = calloc((size_t)d->capacity * 2, sizeof *ring);
    WEIR_CHECK(ring != NULL);
    for (uint32_t i = 0; i < d->count; i++)
        ring[i] = *sample_at(d, i);
    free(d->ring);
    d->ring = ring;
    d->head = 0;
    d->capacity *= 2;
}

static weir_rate drawdown_of(const struct weir_fund_config *c,
                             const struct weir_drawdown_sample *peak, weir_wide pnl) {
    if (peak->equity <= c->drawdown_min || peak->equity <= 0) return 0;
    return weir_saturate(weir_div_trunc((pnl - peak->pnl) * WEIR_PPB, peak->equity));
}

void weir_fund_sample(const struct weir_exchange *x, struct weir_funds *funds, uint32_t fund) {
    struct weir_fund *f = &funds->fund[fund];
    const struct weir_fund_config *c = &x->venue->funds[fund];
    struct weir_drawdown *d = &f->drawdown;
    weir_wide equity = weir_fund_equity(x, f), pnl = equity - f->net_seeds;
    while (d->count > 0 && sample_at(d, d->count - 1)->pnl <= pnl)
        d->count--;
    if (d->count == d->capacity) grow(d);
    *sample_at(d, d->count++) = (struct weir_drawdown_sample){x->now, pnl, equity};
    while (sample_at(d, 0)->time <= x->now - c->drawdown_window) {
        d->head = (d->head + 1) & (d->capacity - 1);
        d->count--;
    }
    if (c->drawdown_trigger == WEIR_NONE) return;
    weir_rate now = drawdown_of(c, sample_at(d, 0), pnl);
    if (!d->stopped && now <= -c->drawdown_trigger) d->stopped = true;
    if (d->stopped && now >= -c->drawdown_release) d->stopped = false;
}

void weir_fund_drawdown(const struct weir_exchange *x, const struct weir_funds *funds,
                        uint32_t fund, weir_wide *peak, weir_rate *drawdown) {
    const struct weir_fund *f = &funds->fund[fund];
    const struct weir_fund_config *c = &x->venue->funds[fund];
    weir_wide equity = weir_fund_equity(x, f), pnl = equity - f->net_seeds;
    struct weir_drawdown_sample best = {x->now, pnl, equity};
    for (uint32_t i = 0; i < f->drawdown.count; i++) {
        const struct weir_drawdown_sample *s = sample_at(&f->drawdown, i);
        if (s->time <= x->now - c->drawdown_window) continue;
        if (s->pnl > best.pnl) best = *s;
        break;
    }
    *peak = best.pnl;
    *drawdown = drawdown_of(c, &best, pnl);
}
