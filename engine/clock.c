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
    e->source_due[market] = weir_feed_next_expiry(&p->feed, m->index_stale_after, x->now);
    bool was_stale = p->stale;
    p->stale = median == 0 && p->index > 0;
    weir_average_advance(m, p, x->now);
    if (median > 0) p->index = median;
    p->premium_due = true;
    if (p->stale == was_stale) return;
    if (!p->stale) weir_touch_market(x, market); /* R13: once in full when it is fresh again */
    weir_emit(x, &(struct weir_event){.kind = p->stale ? WEIR_EV_INDEX_STALE : WEIR_EV_INDEX_FRESH,
                                      .index = {market}});
}

void weir_refresh_collateral(struct weir_engine *e, uint32_t asset) {
    struct weir_exchange *x = &e->x;
    struct weir_collateral *c = &x->collateral[asset];
    weir_time stale_after = x->venue->assets[asset].stale_after;
    int64_t median = weir_feed_median(&c->feed, stale_after, WEIR_NONE, 1, x->now);
    e->source_due[x->venue->market_count + asset] =
        weir_feed_next_expiry(&c->feed, stale_after, x->now);
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
        weir_mark_moved(x, market);
    }
    p->index_told = p->index;
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_MARK, .mark = {market, mark, p->index}});
    weir_pass_stops(e, market);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

enum timer_kind {
    TIMER_SOURCE,
    TIMER_MARK,
    TIMER_FUNDING,
    TIMER_SETTLEMENT,
    TIMER_AUCTION,
    TIMER_POLICY
};
struct timer {
    weir_time time;
    enum timer_kind kind;
    uint32_t market; /* source: market, or market_count + asset */
    uint32_t which;  /* auction: side; policy: fund */
    uint64_t number; /* orders auctions of one market */
};

static void consider(struct timer *best, struct timer t) {
    if (t.time > best->time) return;
    if (t.time == best->time) {
        if (t.kind > best->kind) return;
        if (t.kind == best->kind && t.market > best->market) return;
        if (t.kind == best->kind && t.market == best->market && t.number >= best->number) return;
    }
    *best = t;
}

/* The next timer, or time INT64_MAX. */
static struct timer next_timer(const struct weir_engine *e) {
    const struct weir_exchange *x = &e->x;
    uint32_t markets = x->venue->market_count;
    struct timer best = {.time = INT64_MAX, .kind = TIMER_POLICY, .market = UINT32_MAX};
    for (uint32_t i = 0; i < markets + x->venue->asset_count; i++)
        consider(&best, (struct timer){e->source_due[i], TIMER_SOURCE, i, 0, 0});
    for (uint32_t m = 0; m < markets; m++) {
        consider(&best, (struct timer){e->marks_due[m], TIMER_MARK, m, 0, 0});
        consider(&best, (struct timer){e->funding_due[m], TIMER_FUNDING, m, 0, 0});
        consider(&best, (struct timer){e->settle_due[m], TIMER_SETTLEMENT, m, 0, 0});
        for (uint32_t side = 0; side < 2; side++) {
            const struct weir_open_auction *a = weir_auction_at(&e->lq, m, side);
            if (a->number)
                consider(&best, (struct timer){a->closes_at, TIMER_AUCTION, m, side, a->number});
        }
        for (uint32_t f = 0; f < e->lq.funds.count; f++)
            consider(&best,
                     (struct timer){e->lq.funds.fund[f].unwind[m].next, TIMER_POLICY, m, f, f});
    }
    return best;
}

static void on_mark_timer(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[market];
    e->marks_due[market] = weir_next_on_grid(x->now, m->mark_interval);
    if (x->prices[market].index == 0) return;
    if (!weir_market_has_queued(&e->lq, market)) {
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
    e->funding_due[market] = weir_next_on_grid(x->now, m->funding_interval);
    weir_premium_advance(p, x->now);
    if (p->mark == 0) return;
    weir_wide per_lot;
    weir_funding_instant(m, x->risks[market].funding_cap, p, &per_lot);
    weir_post_funding(&x->ledger, market, per_lot);
    if (per_lot != 0) weir_charges_moved(x, market);
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_FUNDING,
                                      .funding = {market, p->funding_rate, per_lot}});
}

static void fire(struct weir_engine *e, const struct timer *t) {
    uint32_t markets = e->x.venue->market_count;
    switch (t->kind) {
    case TIMER_SOURCE:
        if (t->market >= markets) {
            weir_refresh_collateral(e, t->market - markets);
        } else {
            weir_refresh_index(e, t->market);
            weir_refresh_mark(e, t->market);
        }
        return;
    case TIMER_MARK:
        on_mark_timer(e, t->market);
        return;
    case TIMER_FUNDING:
        on_funding_timer(e, t->market);
        return;
    case TIMER_SETTLEMENT:
        weir_settle_market(e, t->market);
        return;
    case TIMER_AUCTION:
        weir_auction_close(&e->lq, t->market, t->which);
        return;
    case TIMER_POLICY:
        weir_unwind_slice(&e->lq, t->which, t->market);
        return;
    }
}

static void set_clock(struct weir_engine *e, weir_time t) {
    const struct weir_venue *v = e->x.venue;
    e->clock_set = true;
    e->x.now = t;
    for (uint32_t m = 0; m < v->market_count; m++) {
        const struct weir_market *c = &v->markets[m];
        e->x.prices[m].premium_from = e->x.prices[m].average_from = t;
        if (c->expiry != WEIR_NONE && c->expiry <= t && weir_market_empty(e, m)) {
            /* Over before it began. */
            e->x.prices[m].phase = WEIR_PHASE_GONE;
            e->source_due[m] = INT64_MAX;
            continue;
        }
        if (c->mark_method != WEIR_MARK_INDEX)
            e->marks_due[m] = weir_next_on_grid(t, c->mark_interval);
        if (c->expiry == WEIR_NONE)
            e->funding_due[m] = weir_next_on_grid(t, c->funding_interval);
        else
            e->settle_due[m] = c->expiry;
    }
}

/* R15: the premium of the state after the last accepted command holds from its time on. */
static void sample_premiums(struct weir_engine *e) {
    struct weir_exchange *x = &e->x;
    if (!e->sample_premiums) return;
    e->sample_premiums = false;
    for (uint32_t i = 0; i < x->venue->market_count; i++) {
        struct weir_price_state *p = &x->prices[i];
        const struct weir_market *m = &x->venue->markets[i];
        if (!p->premium_due) continue;
        p->premium_due = false;
        struct weir_impact bid = weir_book_impact(&x->books[i], &x->orders, WEIR_BUY, m);
        struct weir_impact ask = weir_book_impact(&x->books[i], &x->orders, WEIR_SELL, m);
        weir_premium_advance(p, x->now);
        p->premium = weir_premium_sample(p, &bid, &ask);
    }
}

void weir_advance(struct weir_engine *e, weir_time t) {
    if (!e->clock_set) set_clock(e, t);
    weir_time from = e->x.now;
    if (t > from) sample_premiums(e);
    for (struct timer due = next_timer(e); due.time <= t && due.time != INT64_MAX;
         due = next_timer(e)) {
        sample_premiums(e); /* before the timer changes a book */
        e->x.now = weir_max(due.time, from);
        fire(e, &due);
        weir_queue_rekey(&e->lq);
    }
    e->x.now = t;
    weir_capacity_grow(&e->lq, t - from);
}
