/* Time: timers in order (R39), index, mark, funding, collateral feeds (R8, R13-R15). */
#include "engine/internal.h"

/* The stop of one side that was passed first: of both triggers the lowest buy or highest sell stop
 * price whose condition holds, ties by age; WEIR_NO_INDEX: none. */
static uint32_t first_passed(const struct weir_exchange *x, uint32_t market, enum weir_side side,
                             struct weir_ladder **ladder) {
    const weir_price at[2] = {x->prices[market].mark, x->prices[market].last};
    uint32_t best = WEIR_NO_INDEX;
    for (int t = 0; t < 2; t++) {
        struct weir_ladder *stops = x->books[market].stops[t][side];
        uint32_t idx = weir_ladder_first(stops);
        if (idx == WEIR_NO_INDEX || at[t] == 0) continue;
        const struct weir_order *o = weir_order_at(&x->orders, idx);
        if (side == WEIR_BUY ? at[t] < o->stop_price : at[t] > o->stop_price) continue;
        if (best != WEIR_NO_INDEX) {
            const struct weir_order *b = weir_order_at(&x->orders, best);
            weir_price d =
                side == WEIR_BUY ? o->stop_price - b->stop_price : b->stop_price - o->stop_price;
            if (d > 0 || (d == 0 && o->age > b->age)) continue;
        }
        best = idx;
        *ladder = stops;
    }
    return best;
}

void weir_pass_stops(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    if (weir_status_now(x, market) != WEIR_STATUS_TRADING) return;
    for (enum weir_side side = WEIR_BUY; side <= WEIR_SELL; side++) {
        struct weir_ladder *ladder = NULL;
        for (uint32_t idx; (idx = first_passed(x, market, side, &ladder)) != WEIR_NO_INDEX;) {
            weir_ladder_remove(ladder, &x->orders, idx);
            weir_order_at(&x->orders, idx)->flags |= WEIR_ORDER_IN_LINE;
            weir_stop_line_push(&x->line, &x->orders, idx);
        }
    }
}

void weir_refresh_index(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[market];
    struct weir_price_state *p = &x->prices[market];
    weir_price median = weir_feed_median(&p->feed, m->index_stale_after, m->index_outlier,
                                         m->index_min_sources, x->now);
    weir_set_timer(e, WEIR_TIMER_SOURCE, market,
                   weir_feed_next_expiry(&p->feed, m->index_stale_after, x->now));
    bool was_stale = p->stale;
    p->stale = median == 0 && p->index > 0;
    weir_average_advance(m, p, x->now);
    if (median > 0) p->index = median;
    weir_premium_due(x, market);
    if (p->stale == was_stale) return;
    weir_market_changed(x, market);
    if (!p->stale) weir_touch_market(x, market); /* R13: once in full when it is fresh again */
    weir_emit(x, &(struct weir_event){.kind = p->stale ? WEIR_EV_INDEX_STALE : WEIR_EV_INDEX_FRESH,
                                      .index = {market}});
}

void weir_refresh_collateral(struct weir_engine *e, uint32_t asset) {
    struct weir_exchange *x = &e->x;
    struct weir_collateral *c = &x->collateral[asset];
    weir_time stale_after = x->venue->assets[asset].stale_after;
    int64_t median = weir_feed_median(&c->feed, stale_after, WEIR_NONE, 1, x->now);
    weir_set_timer(e, WEIR_TIMER_SOURCE, x->venue->market_count + asset,
                   weir_feed_next_expiry(&c->feed, stale_after, x->now));
    c->fresh = median > 0;
    if (median > 0) c->price = median;
    weir_collateral_moved(x, asset);
}

void weir_refresh_mark(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    struct weir_price_state *p = &x->prices[market];
    weir_price mark = weir_mark_compute(&x->venue->markets[market], p, x->now);
    bool index_changed = p->index != p->index_told;
    if (mark == p->mark && !index_changed) return;
    if (mark != p->mark) {
        p->previous_mark = p->mark;
        p->mark = mark;
        if (x->measures) weir_measure_mark(&x->measures[market], x->now, p->previous_mark, mark);
        weir_mark_moved(x, market);
        weir_scale_due(e, market);
    }
    p->index_told = p->index;
    WEIR_EMIT(x, WEIR_EV_MARK, mark, market, mark, p->index);
    weir_pass_stops(e, market);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

/* Slots in R39's order of kinds; only sources have assets' behind the markets'. */
static uint32_t timer_slot(const struct weir_engine *e, enum weir_timer kind, uint32_t market) {
    const struct weir_venue *v = e->x.venue;
    uint32_t sources = v->market_count + v->asset_count;
    return kind == WEIR_TIMER_SOURCE ? market : sources + (kind - 1) * v->market_count + market;
}

int weir_engine_timers_new(struct weir_engine *e) {
    return weir_timers_new(&e->timers, timer_slot(e, WEIR_TIMER_COUNT, 0));
}

void weir_set_timer(struct weir_engine *e, enum weir_timer kind, uint32_t market, weir_time at) {
    weir_timers_set(&e->timers, timer_slot(e, kind, market), at);
}

static void on_mark_timer(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[market];
    weir_set_timer(e, WEIR_TIMER_MARK, market, weir_next_on_grid(x->now, m->mark_interval));
    if (x->prices[market].index == 0) return;
    if (x->ledger.markets[market].queued == 0) {
        const struct weir_book *book = &x->books[market];
        struct weir_impact bid = weir_book_impact(book, &x->orders, WEIR_BUY, m);
        struct weir_impact ask = weir_book_impact(book, &x->orders, WEIR_SELL, m);
        weir_basis_sample(m, &x->prices[market], &bid, &ask);
    }
    weir_refresh_mark(e, market);
}

static void on_funding_timer(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[market];
    struct weir_price_state *p = &x->prices[market];
    weir_set_timer(e, WEIR_TIMER_FUNDING, market, weir_next_on_grid(x->now, m->funding_interval));
    weir_premium_advance(p, x->now);
    if (p->mark == 0) return;
    weir_wide per_lot;
    weir_funding_instant(m, x->risks[market].funding_cap, p, &per_lot);
    weir_post_funding(&x->ledger, market, per_lot);
    if (per_lot != 0) weir_charges_moved(x, market);
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_FUNDING,
                                      .funding = {market, p->funding_rate, per_lot}});
}

static void fire(struct weir_engine *e) {
    const struct weir_venue *v = e->x.venue;
    uint32_t sources = v->market_count + v->asset_count, slot = weir_timers_first(&e->timers);
    if (slot < v->market_count) {
        weir_refresh_index(e, slot);
        weir_refresh_mark(e, slot);
        return;
    }
    if (slot < sources) {
        weir_refresh_collateral(e, slot - v->market_count);
        return;
    }
    slot -= sources;
    uint32_t market = slot % v->market_count;
    switch ((enum weir_timer)(slot / v->market_count + 1)) {
    case WEIR_TIMER_MARK:
        on_mark_timer(e, market);
        return;
    case WEIR_TIMER_FUNDING:
        on_funding_timer(e, market);
        return;
    case WEIR_TIMER_SETTLEMENT:
        weir_settle_market(e, market);
        return;
    case WEIR_TIMER_POINT:
        weir_set_timer(e, WEIR_TIMER_POINT, 0, weir_next_on_grid(e->x.now, v->settlement_interval));
        weir_social_point(&e->lq);
        return;
    case WEIR_TIMER_SOURCE:
    case WEIR_TIMER_COUNT:
        break;
    }
    WEIR_CHECK(!"a timer is of a known kind");
}

static void set_clock(struct weir_engine *e, weir_time t) {
    const struct weir_venue *v = e->x.venue;
    e->clock_set = true;
    e->x.now = t;
    if (e->lq.social.on)
        weir_set_timer(e, WEIR_TIMER_POINT, 0, weir_next_on_grid(t, v->settlement_interval));
    for (uint32_t m = 0; m < v->market_count; m++) {
        const struct weir_market *c = &v->markets[m];
        e->x.prices[m].premium_from = e->x.prices[m].average_from = t;
        if (c->expiry != WEIR_NONE && c->expiry <= t && weir_market_empty(e, m)) {
            /* Over before it began. */
            e->x.prices[m].phase = WEIR_PHASE_GONE;
            weir_set_timer(e, WEIR_TIMER_SOURCE, m, INT64_MAX);
            continue;
        }
        if (c->mark_method != WEIR_MARK_INDEX)
            weir_set_timer(e, WEIR_TIMER_MARK, m, weir_next_on_grid(t, c->mark_interval));
        if (c->expiry == WEIR_NONE)
            weir_set_timer(e, WEIR_TIMER_FUNDING, m, weir_next_on_grid(t, c->funding_interval));
        else
            weir_set_timer(e, WEIR_TIMER_SETTLEMENT, m, c->expiry);
    }
}

/* What the premium needs of a side's impact price. It counts only beyond the index, which the
 * average price of linear lots cannot be when the best is not: then, as for a missing side, 0. */
static struct weir_impact impact_beyond(const struct weir_exchange *x, uint32_t market,
                                        enum weir_side side) {
    const struct weir_market *m = &x->venue->markets[market];
    weir_price best = weir_ladder_best(x->books[market].side[side]),
               index = x->prices[market].index;
    bool beyond = side == WEIR_BUY ? best > index : best < index;
    if (best == 0 || (m->contract == WEIR_LINEAR && !beyond)) return (struct weir_impact){0};
    return weir_book_impact(&x->books[market], &x->orders, side, m);
}

/* R15: the premium of the state after the last accepted command holds from its time on. */
static void sample_premiums(struct weir_engine *e) {
    struct weir_exchange *x = &e->x;
    if (!e->sample_premiums) return;
    e->sample_premiums = false;
    for (uint32_t i = 0; i < x->premiums.count; i++) {
        uint32_t market = *WEIR_AT(&x->premiums, uint32_t, i);
        struct weir_price_state *p = &x->prices[market];
        p->premium_due = false;
        struct weir_impact bid = impact_beyond(x, market, WEIR_BUY);
        struct weir_impact ask = impact_beyond(x, market, WEIR_SELL);
        weir_premium_advance(p, x->now);
        p->premium = weir_premium_sample(p, &bid, &ask);
    }
    x->premiums.count = 0;
}

void weir_advance(struct weir_engine *e, weir_time t) {
    if (!e->clock_set) set_clock(e, t);
    weir_time from = e->x.now;
    if (t > from) sample_premiums(e);
    for (;;) {
        weir_time own = weir_timers_next(&e->timers), other = weir_timers_next(&e->lq.timers);
        weir_time due = weir_min(own, other);
        if (due > t || due == INT64_MAX) break;
        sample_premiums(e); /* before the timer changes a book */
        e->x.now = weir_max(due, from);
        if (own <= other)
            fire(e);
        else
            weir_liquidation_timer(&e->lq);
        weir_queue_rekey(&e->lq);
    }
    e->x.now = t;
    weir_capacity_grow(&e->lq, t - from);
}
