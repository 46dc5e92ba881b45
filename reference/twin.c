/* The pipeline: time, timers and the phases of R39. */
#include "reference/twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void weir_twin_emit(struct twin *t, struct weir_event *e) {
    e->seq = t->seq;
    e->n = t->n++;
    e->t = t->now;
    if (t->sink) t->sink(t->sink_ctx, e);
}

int weir_twin_accounts(const struct twin *t) {
    return t->account_count + t->funds;
}

struct account *weir_twin_account_at(const struct twin *t, int index) {
    return index < t->account_count ? t->accounts[index]
                                    : t->fund[index - t->account_count].account;
}

struct scope *weir_twin_scope(const struct twin *t, struct account *a, int m) {
    return a->at[m].mode == WEIR_ISOLATED ? &a->isolated[m] : &a->cross[t->m[m].c->asset];
}

bool weir_twin_settles(const struct twin *t, uint32_t asset) {
    return asset == 0 || t->v->assets[asset].settles;
}

struct scope *weir_twin_fund_scope(const struct fund *f) {
    return &f->account->cross[f->c->asset];
}

bool weir_twin_trades(const struct twin *t, int m) {
    return t->m[m].phase == PHASE_OPEN && t->m[m].status == WEIR_STATUS_TRADING;
}

void weir_twin_each_scope(struct twin *t, void (*f)(struct twin *t, struct scope *s, void *x),
                          void *x) {
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        a->index = i;
        for (uint32_t k = 0; k < t->v->asset_count; k++)
            if (weir_twin_settles(t, k)) f(t, &a->cross[k], x);
        for (int m = 0; m < t->markets; m++)
            if (a->at[m].mode == WEIR_ISOLATED) f(t, &a->isolated[m], x);
    }
}

bool weir_twin_same_owner(const struct account *a, const struct account *b) {
    return weir_name_equal(&a->owner, &b->owner);
}

/* Nothing of this market is closed by liquidation or ADL. */
bool weir_twin_closed_market(const struct twin *t, int m) {
    const struct market *k = &t->m[m];
    return k->status == WEIR_STATUS_HALTED || k->status == WEIR_STATUS_AUCTION || k->stale ||
           k->phase != PHASE_OPEN;
}

static void take_key(struct twin *t, struct scope *s, void *x) {
    (void)x;
    if (s->queue != QUEUE_NONE && s->changed) {
        struct value v = weir_twin_eval(t, s);
        s->key_equity = v.equity;
        s->key_requirement = v.req;
        s->key_notional = v.notional;
    }
    s->changed = false;
}

/* R19: the key again for the scopes whose balance, position or collateral changed. */
void weir_twin_take_keys(struct twin *t) {
    weir_twin_each_scope(t, take_key, NULL);
}

static void move_time(struct twin *t, int64_t to) {
    if (to <= t->now) return;
    wide passed = (wide)to - t->now;
    for (int m = 0; m < t->markets; m++)
        t->m[m].premium_sum += t->m[m].premium * passed;
    weir_twin_weigh_index(t, to);
    if (t->v->capacity != WEIR_NONE) {
        wide most = (wide)t->v->capacity * WEIR_SECOND;
        t->credit = passed >= WEIR_SECOND ? most : t->credit + passed * t->v->capacity;
        if (t->credit > most) t->credit = most;
    }
    t->now = to;
}

enum timer_kind {
    TIMER_AGE = 0,
    TIMER_MARK,
    TIMER_FUNDING,
    TIMER_SETTLEMENT,
    TIMER_AUCTION,
    TIMER_POLICY
};
struct timer {
    int64_t t;
    enum timer_kind kind;
    int m;   /* market; assets, and points of settlement, after the markets */
    int sub; /* source, auction or fund */
};

static void consider(const struct twin *t, struct timer *best, int64_t at, enum timer_kind kind,
                     int m, int sub) {
    if (at < t->clock_from) at = t->clock_from; /* nothing is due before the clock is set */
    bool first = at < best->t || (at == best->t && kind < best->kind) ||
                 (at == best->t && kind == best->kind && m < best->m);
    if (best->m < 0 || first) *best = (struct timer){at, kind, m, sub};
}

static void consider_sources(const struct twin *t, struct timer *best, const struct feed *f,
                             int64_t stale_after, int m) {
    for (int i = 0; stale_after != WEIR_NONE && i < f->count; i++) {
        int64_t at;
        if (!f->sources[i].aged && !__builtin_add_overflow(f->sources[i].time, stale_after, &at))
            consider(t, best, at, TIMER_AGE, m, i);
    }
}

static struct timer next_timer(const struct twin *t) {
    struct timer best = {.m = -1};
    for (int m = 0; m < t->markets; m++) {
        const struct market *k = &t->m[m];
        if (k->phase != PHASE_OPEN) continue;
        if (k->c->expiry != WEIR_NONE) consider(t, &best, k->c->expiry, TIMER_SETTLEMENT, m, 0);
        consider_sources(t, &best, &k->feed, k->c->index_stale_after, m);
        if (k->next_mark != WEIR_NONE) consider(t, &best, k->next_mark, TIMER_MARK, m, 0);
        if (k->next_funding != WEIR_NONE) consider(t, &best, k->next_funding, TIMER_FUNDING, m, 0);
        for (int f = 0; f < t->funds; f++) {
            const struct position *p = &t->fund[f].account->at[m];
            if (p->scheduled && !p->rearm) consider(t, &best, p->schedule_next, TIMER_POLICY, m, f);
        }
    }
    if (weir_twin_pools_wait(t) && t->clock_set && t->next_point != WEIR_NONE)
        consider(t, &best, t->next_point, TIMER_SETTLEMENT, t->markets, 0);
    for (uint32_t a = 1; a < t->v->asset_count; a++)
        consider_sources(t, &best, &t->assets[a].feed, t->v->assets[a].stale_after,
                         t->markets + (int)a);
    for (int i = 0; i < t->auction_count; i++) {
        const struct auction *u = &t->auctions[i];
        bool again = u->restart_at != WEIR_NONE && u->restart_at < u->closes_at;
        consider(t, &best, again ? u->restart_at : u->closes_at, TIMER_AUCTION, u->m, i);
    }
    return best;
}

static int64_t after(int64_t t, int64_t interval) {
    int64_t next;
    if (interval == WEIR_NONE || __builtin_add_overflow(t - t % interval, interval, &next))
        return WEIR_NONE;
    return next;
}

static void fire(struct twin *t, const struct timer *x) {
    struct market *k = x->m < t->markets ? &t->m[x->m] : NULL;
    switch (x->kind) {
    case TIMER_AGE:
        if (!k) {
            t->assets[x->m - t->markets].feed.sources[x->sub].aged = true;
            weir_twin_compute_collateral(t, x->m - t->markets);
            break;
        }
        k->feed.sources[x->sub].aged = true;
        weir_twin_compute_index(t, x->m);
        weir_twin_compute_mark(t, x->m);
        break;
    case TIMER_MARK:
        k->next_mark = after(t->now, k->c->mark_interval);
        weir_twin_mark_timer(t, x->m);
        break;
    case TIMER_FUNDING:
        k->next_funding = after(t->now, k->c->funding_interval);
        weir_twin_funding_timer(t, x->m);
        break;
    case TIMER_SETTLEMENT:
        if (k) {
            weir_twin_settlement_timer(t, x->m);
            break;
        }
        t->next_point = after(t->now, t->v->settlement_interval);
        weir_twin_point(t);
        break;
    case TIMER_AUCTION:
        weir_twin_auction_timer(t, x->sub);
        break;
    case TIMER_POLICY:
    default:
        weir_twin_unwind(t, &t->fund[x->sub], x->m);
        break;
    }
    weir_twin_take_keys(t);
    weir_twin_sweep(t);
}

void weir_twin_timers(struct twin *t, int64_t until) {
    for (;;) {
        struct timer x = next_timer(t);
        if (x.m < 0 || x.t > until) break;
        move_time(t, x.t);
        fire(t, &x);
    }
    move_time(t, until);
}

static void set_clock(struct twin *t, int64_t now) {
    t->now = t->clock_from = now;
    t->clock_set = true;
    for (int m = 0; m < t->markets; m++) {
        struct market *k = &t->m[m];
        if (k->c->expiry == WEIR_NONE) k->next_funding = after(now, k->c->funding_interval);
        k->next_mark =
            k->c->mark_method == WEIR_MARK_INDEX ? WEIR_NONE : after(now, k->c->mark_interval);
    }
    t->next_point = after(now, t->v->settlement_interval);
    weir_twin_set_expired(t);
}

/* `time` and the clock's `range` move no time; else the timers up to the command have fired. */
static enum weir_reason advance(struct twin *t, const struct weir_command *c) {
    int64_t to = t->now;
    if (c->present & WEIR_HAS_T) {
        if (c->t < t->now) return WEIR_R_TIME;
        if (t->clock_set && t->v->max_clock_step != WEIR_NONE &&
            c->t - t->now > t->v->max_clock_step)
            return WEIR_R_RANGE;
        to = c->t;
        if (!t->clock_set) set_clock(t, to);
    }
    if (t->clock_set) weir_twin_timers(t, to);
    return WEIR_OK;
}

static void margin_call(struct twin *t, struct scope *s, void *x) {
    (void)x;
    struct value v = weir_twin_eval(t, s);
    bool warned = false;
    if (t->v->warn_at != WEIR_NONE && v.req > 0)
        warned = v.equity <= 0 || weir_twin_cmp(v.req, WEIR_PPB, t->v->warn_at, v.equity) >= 0;
    if (warned && !s->warned && s->queue != QUEUE_LIQUIDATING) {
        struct weir_event e = {.kind = WEIR_EV_MARGIN_CALL};
        e.margin_call.account = &s->account->name;
        e.margin_call.scope_market = (uint32_t)s->market;
        e.margin_call.has_ratio = v.equity > 0;
        if (v.equity > 0)
            e.margin_call.margin_ratio = weir_twin_div('c', v.req, WEIR_PPB, 1, v.equity, 1);
        weir_twin_emit(t, &e);
    }
    s->warned = warned;
}

/* (3) to (10) of R39. */
static void phases(struct twin *t, const struct weir_command *c) {
    if (c->kind == WEIR_CMD_INDEX) weir_twin_compute_mark(t, weir_twin_find_market(t, &c->market));
    weir_twin_fire_stops(t);
    weir_twin_settlement_sweep(t);
    weir_twin_take_keys(t);
    weir_twin_enter_queue(t);
    weir_twin_steps(t);
    weir_twin_shortfalls(t);
    for (int f = 0; f < t->funds; f++)
        weir_twin_sample_fund(t, &t->fund[f]);
    weir_twin_each_scope(t, margin_call, NULL);
    weir_twin_sample_premium(t);
}

/* R9 oi_scaling: x of the state as a command begins. */
static void scale_margins(struct twin *t) {
    for (int m = 0; m < t->markets; m++) {
        struct market *k = &t->m[m];
        int64_t lower = k->c->oi_scaling_lower, upper = k->c->oi_scaling_upper;
        if (lower == WEIR_NONE || upper == WEIR_NONE) continue;
        wide above = weir_twin_value(t, m, k->mark, weir_twin_open_interest(t, m)) - lower;
        k->scaled_of = weir_max(upper - lower, 1);
        k->scaled = above < 0 ? 0 : weir_wide_min(above, k->scaled_of);
    }
}

static void rejected(struct twin *t, enum weir_reason reason) {
    struct weir_event e = {.kind = WEIR_EV_REJECTED};
    e.rejected.reason = reason;
    e.rejected.detail = "";
    weir_twin_emit(t, &e);
}

void weir_reference_apply(struct weir_reference *twin, const struct weir_command *c) {
    struct twin *t = (struct twin *)(void *)twin;
    t->seq++;
    t->n = 0;
    scale_margins(t);
    enum weir_reason r = weir_twin_check_invalid(t, c);
    if (r == WEIR_OK) r = advance(t, c);
    if (r == WEIR_OK) r = weir_twin_command(t, c);
    weir_twin_take_keys(t);
    if (r != WEIR_OK)
        rejected(t, r);
    else if (c->kind != WEIR_CMD_QUERY)
        phases(t, c);
    weir_twin_take_keys(t);
    weir_twin_sweep(t);
    for (int f = 0; f < t->funds; f++)
        for (int m = 0; m < t->markets; m++) {
            struct position *p = &t->fund[f].account->at[m];
            if (p->scheduled && p->rearm) p->schedule_next = t->now;
            p->rearm = false;
        }
}

static void new_markets(struct twin *t) {
    const struct weir_venue *v = t->v;
    t->markets = (int)v->market_count;
    t->m = calloc(v->market_count, sizeof *t->m);
    WEIR_CHECK(t->m != NULL);
    for (int m = 0; m < t->markets; m++) {
        const struct weir_market *c = &v->markets[m];
        t->m[m] = (struct market){.c = c,
                                  .tiers = c->tiers,
                                  .open_interest_cap = c->open_interest_cap,
                                  .position_limit = c->position_limit,
                                  .price_band = c->price_band,
                                  .liquidation_band = c->liquidation_band,
                                  .funding_cap = c->funding_cap,
                                  .next_mark = WEIR_NONE,
                                  .next_funding = WEIR_NONE};
    }
}

struct weir_reference *weir_reference_new(const struct weir_venue *venue, weir_event_sink sink,
                                          void *sink_ctx) {
    struct twin *t = calloc(1, sizeof *t);
    WEIR_CHECK(t != NULL);
    t->v = venue;
    t->sink = sink;
    t->sink_ctx = sink_ctx;
    for (int i = 0; i < 2; i++) {
        enum weir_policy_name name = weir_twin_policy_of(t, i == 1)->name;
        t->measures |= name == WEIR_POLICY_POV || name == WEIR_POLICY_RANDOM_SLICE ||
                       name == WEIR_POLICY_OPTIMAL;
    }
    new_markets(t);
    t->social.counted = -1;
    t->funds = (int)venue->fund_count;
    t->fund = calloc(venue->fund_count, sizeof *t->fund);
    WEIR_CHECK(t->fund != NULL);
    for (int f = 0; f < t->funds; f++) {
        char text[64];
        snprintf(text, sizeof text, "@fund:%.31s", venue->funds[f].name.text);
        struct weir_name name = weir_twin_name(text);
        t->fund[f].c = &venue->funds[f];
        t->fund[f].account = weir_twin_new_account(t, &name, &name, 0, f);
    }
    return (struct weir_reference *)(void *)t;
}

static void free_account(struct account *a) {
    free(a->at);
    free(a->cross);
    free(a->isolated);
    free(a);
}

void weir_reference_free(struct weir_reference *twin) {
    struct twin *t = (struct twin *)(void *)twin;
    if (!t) return;
    for (int i = 0; i < t->order_count; i++)
        free(t->orders[i]);
    for (int i = 0; i < t->account_count; i++)
        free_account(t->accounts[i]);
    for (int m = 0; m < t->markets; m++) {
        free(t->m[m].book[0]);
        free(t->m[m].book[1]);
        free(t->m[m].trades.at);
        free(t->m[m].moves.at);
        for (int i = 0; i < 2; i++) {
            free(t->m[m].closed[i].values.at);
            free(t->m[m].closed[i].lots.at);
        }
    }
    for (int f = 0; f < t->funds; f++) {
        free_account(t->fund[f].account);
        free(t->fund[f].payments);
        free(t->fund[f].samples);
    }
    for (int i = 0; i < t->auction_count; i++) {
        free(t->auctions[i].offers);
        free(t->auctions[i].bids);
    }
    free(t->social.parts);
    free(t->orders);
    free(t->accounts);
    free(t->auctions);
    free(t->m);
    free(t->fund);
    free(t);
}

uint64_t weir_reference_digest(struct weir_reference *twin) {
    return weir_twin_digest((struct twin *)(void *)twin);
}
