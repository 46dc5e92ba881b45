/* The drawdown state (R32): a sliding maximum of the fund's P&L. */
#include "insurance/insurance.h"

/* Of one fund, in one window, each lower than the one before. */
#define SAMPLES_AT_FIRST 1024U
#define SAMPLES_MAX      (1U << 24)

weir_wide weir_fund_equity(const struct weir_exchange *x, const struct weir_fund *f) {
    struct weir_health h;
    weir_health_brief(x, f->scope, &h);
    return f->cash + h.equity;
}

static struct weir_drawdown_sample *sample_at(const struct weir_drawdown *d, uint32_t i) {
    return &d->ring[(d->head + i) & (d->capacity - 1)];
}

bool weir_drawdown_start(struct weir_drawdown *d) {
    *d = (struct weir_drawdown){.capacity = SAMPLES_AT_FIRST};
    d->ring = weir_table_new(d->capacity * sizeof *d->ring);
    return d->ring != NULL;
}

void weir_drawdown_end(struct weir_drawdown *d) {
    if (d->ring != NULL) weir_table_free(d->ring, d->capacity * sizeof *d->ring);
    d->ring = NULL;
}

/* Twice the ring, if memory and the bound allow. */
static void grow(struct weir_drawdown *d) {
    if (d->capacity >= SAMPLES_MAX) return;
    struct weir_drawdown_sample *ring = weir_table_new(d->capacity * 2 * sizeof *ring);
    if (ring == NULL) return;
    for (uint32_t i = 0; i < d->count; i++)
        ring[i] = *sample_at(d, i);
    weir_table_free(d->ring, d->capacity * sizeof *d->ring);
    d->ring = ring;
    d->head = 0;
    d->capacity *= 2;
}

void weir_funds_make_room(struct weir_funds *funds) {
    for (uint32_t i = 0; i < funds->count; i++) {
        struct weir_drawdown *d = &funds->fund[i].drawdown;
        if (d->count > d->capacity / 2) grow(d);
    }
}

/* Appends what is below all others. The last takes the new one's place where it leaves the window
 * together with the one before it, which is above it: it is never the maximum; and where there is
 * no room, so that the window forgets it. */
static void append(struct weir_drawdown *d, struct weir_drawdown_sample sample) {
    bool below =
        d->count > 1 && sample_at(d, d->count - 2)->time == sample_at(d, d->count - 1)->time;
    if (!below && d->count == d->capacity) grow(d);
    if (below || d->count == d->capacity) d->count--;
    *sample_at(d, d->count++) = sample;
}

static weir_rate drawdown_of(const struct weir_fund_config *c,
                             const struct weir_drawdown_sample *peak, weir_wide pnl) {
    if (peak->equity <= c->drawdown_min || peak->equity <= 0) return 0;
    return weir_saturate(weir_div_trunc((pnl - peak->pnl) * WEIR_PPB, peak->equity));
}

void weir_fund_touch(struct weir_funds *funds, uint32_t fund) {
    struct weir_drawdown *d = &funds->fund[fund].drawdown;
    if (d->listed) return;
    d->listed = true;
    uint32_t i = weir_pool_add(&funds->listed, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&funds->listed, uint32_t, i) = fund;
}

/* One sample at the present time; sets the state. */
static void take_sample(const struct weir_exchange *x, struct weir_funds *funds, uint32_t fund) {
    struct weir_fund *f = &funds->fund[fund];
    const struct weir_fund_config *c = &x->venue->funds[fund];
    struct weir_drawdown *d = &f->drawdown;
    weir_wide equity = weir_fund_equity(x, f), pnl = equity - f->net_seeds;
    d->equity = equity;
    if (d->count > 0) { /* the samples that commands since would have made */
        struct weir_drawdown_sample *last = sample_at(d, d->count - 1);
        last->time = weir_max(last->time, funds->sampled);
    }
    while (d->count > 0 && sample_at(d, d->count - 1)->pnl <= pnl)
        d->count--;
    append(d, (struct weir_drawdown_sample){x->now, pnl, equity});
    while (sample_at(d, 0)->time <= x->now - c->drawdown_window) {
        d->head = (d->head + 1) & (d->capacity - 1);
        d->count--;
    }
    /* Before that a fund without new samples stays as it is: the newest one stays its newest. */
    weir_timers_set(&funds->outdated, fund,
                    d->count > 1
                        ? weir_saturate((weir_wide)sample_at(d, 0)->time + c->drawdown_window)
                        : INT64_MAX);
    if (c->drawdown_trigger == WEIR_NONE) return;
    weir_rate now = drawdown_of(c, sample_at(d, 0), pnl);
    if (!d->stopped && now <= -c->drawdown_trigger) d->stopped = true;
    if (d->stopped && now >= -c->drawdown_release) d->stopped = false;
}

void weir_fund_seed(struct weir_exchange *x, struct weir_funds *funds, uint32_t fund,
                    weir_wide amount) {
    funds->fund[fund].net_seeds += amount;
    funds->assets[x->venue->funds[fund].asset].seeds += amount;
    weir_fund_move(x, funds, fund, WEIR_CAUSE_SEED, amount, WEIR_NO_INDEX);
    take_sample(x, funds, fund);
}

/* Can the fund's equity change without a movement of its cash? */
static bool holds_something(const struct weir_exchange *x, const struct weir_fund *f) {
    const struct weir_scope *s = weir_scope_at(&x->ledger, f->scope);
    return s->queue != WEIR_QUEUE_NONE || weir_scope_own_balance(s) != 0 ||
           s->collateral != WEIR_NO_INDEX || !weir_scope_flat(&x->ledger, f->scope);
}

void weir_funds_sample(const struct weir_exchange *x, struct weir_funds *funds) {
    while (weir_timers_next(&funds->outdated) <= x->now) {
        uint32_t fund = weir_timers_first(&funds->outdated);
        weir_timers_set(&funds->outdated, fund, INT64_MAX);
        weir_fund_touch(funds, fund);
    }
    uint32_t *list = WEIR_AT(&funds->listed, uint32_t, 0), kept = 0;
    for (uint32_t i = 0; i < funds->listed.count; i++) {
        struct weir_fund *f = &funds->fund[list[i]];
        take_sample(x, funds, list[i]);
        f->drawdown.listed = holds_something(x, f);
        if (f->drawdown.listed) list[kept++] = list[i];
    }
    funds->listed.count = kept;
    funds->sampled = x->now;
}

/* The maximum of the window as of now, and the P&L of now. */
static struct weir_drawdown_sample find_peak(const struct weir_exchange *x,
                                             const struct weir_funds *funds, uint32_t fund,
                                             weir_wide *pnl) {
    const struct weir_fund *f = &funds->fund[fund];
    const struct weir_fund_config *c = &x->venue->funds[fund];
    weir_wide equity = weir_fund_equity(x, f);
    *pnl = equity - f->net_seeds;
    struct weir_drawdown_sample best = {x->now, *pnl, equity};
    for (uint32_t i = 0; i < f->drawdown.count; i++) {
        const struct weir_drawdown_sample *s = sample_at(&f->drawdown, i);
        bool last = i + 1 == f->drawdown.count;
        weir_time time = last ? weir_max(s->time, funds->sampled) : s->time;
        if (time <= x->now - c->drawdown_window) continue;
        if (s->pnl > best.pnl) best = *s;
        break;
    }
    return best;
}

void weir_fund_drawdown(const struct weir_exchange *x, const struct weir_funds *funds,
                        uint32_t fund, weir_wide *peak, weir_rate *drawdown) {
    weir_wide pnl;
    struct weir_drawdown_sample best = find_peak(x, funds, fund, &pnl);
    *peak = best.pnl;
    *drawdown = drawdown_of(&x->venue->funds[fund], &best, pnl);
}

weir_wide weir_fund_until_trigger(const struct weir_exchange *x, const struct weir_funds *funds,
                                  uint32_t fund) {
    const struct weir_fund_config *c = &x->venue->funds[fund];
    const weir_wide unbounded = (weir_wide)INT64_MAX * INT64_MAX;
    if (c->on_trigger != WEIR_ON_TRIGGER_CUT || c->drawdown_trigger == WEIR_NONE) return unbounded;
    weir_wide pnl;
    struct weir_drawdown_sample best = find_peak(x, funds, fund, &pnl);
    if (best.equity <= c->drawdown_min || best.equity <= 0) return unbounded;
    weir_wide most = -weir_mul_div_floor(-best.equity, c->drawdown_trigger, WEIR_PPB); /* up */
    return weir_wide_max(0, most - (best.pnl - pnl) - funds->fund[fund].promised);
}
