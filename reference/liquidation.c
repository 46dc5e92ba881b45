/* The queue and the steps of the waterfall up to the book slice (R17-R25, R36, R37). */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>

static void enter(struct twin *t, struct scope *s, void *x) {
    (void)x;
    if (s->queue != QUEUE_NONE || !weir_twin_liquidatable(t, s)) return;
    struct value v = weir_twin_eval(t, s);
    s->queue = QUEUE_WAITING;
    s->entered = t->now;
    s->key_equity = v.equity;
    s->key_requirement = v.req;
    s->key_notional = v.notional;
}

void weir_twin_enter_queue(struct twin *t) {
    weir_twin_each_scope(t, enter, NULL);
}

static int worse(const struct scope *a, const struct scope *b) {
    if (a->key_requirement == 0 || b->key_requirement == 0) {
        if (a->key_requirement != b->key_requirement) return a->key_requirement == 0 ? -1 : 1;
        return a->key_equity < b->key_equity ? -1 : a->key_equity > b->key_equity;
    }
    return weir_twin_cmp(a->key_equity, b->key_requirement, b->key_equity, a->key_requirement);
}

bool weir_twin_before_in_queue(const struct scope *a, const struct scope *b,
                               enum weir_queue_order order) {
    int c = 0;
    if (order == WEIR_FIFO) c = a->entered < b->entered ? -1 : a->entered > b->entered;
    if (order == WEIR_LARGEST_FIRST)
        c = a->key_notional > b->key_notional ? -1 : a->key_notional < b->key_notional;
    else if (c == 0)
        c = worse(a, b);
    if (c == 0) c = a->account->index - b->account->index;
    /* Cross scopes by asset, then isolated ones by market. */
    if (c == 0 && (a->market < 0) != (b->market < 0)) return a->market < 0;
    if (c == 0) c = a->market < 0 ? b->market - a->market : a->market - b->market;
    return c < 0;
}

struct search {
    bool (*can)(struct twin *t, struct scope *s);
    struct scope *best;
};

static void search(struct twin *t, struct scope *s, void *x) {
    struct search *y = x;
    if (s->queue == QUEUE_NONE || !y->can(t, s)) return;
    if (!y->best || weir_twin_before_in_queue(s, y->best, t->v->queue_order)) y->best = s;
}

struct scope *weir_twin_next(struct twin *t, bool (*can)(struct twin *t, struct scope *s)) {
    struct search x = {.can = can};
    weir_twin_each_scope(t, search, &x);
    return x.best;
}

static bool holds(const struct twin *t, const struct scope *s, int m) {
    return s->account->at[m].s != 0 && weir_twin_scope(t, s->account, m) == s;
}

static void let_go(struct twin *t, struct scope *s, void *m) {
    (void)t;
    if (s->kept == *(int *)m) s->kept = -1;
}

void weir_twin_market_closes(struct twin *t, int m) {
    if (weir_twin_closed_market(t, m)) weir_twin_each_scope(t, let_go, &m);
}

bool weir_twin_parked(const struct twin *t, const struct scope *s) {
    for (int m = 0; m < t->markets; m++)
        if (holds(t, s, m) && s->account->at[m].parked > 0) return true;
    return false;
}

/* The position that a step works (R22), -1 for none. */
static int select_position(struct twin *t, struct scope *s) {
    int best = -1;
    wide best_mm = 0;
    if (s->kept >= 0) return s->kept;
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &s->account->at[m];
        if (!holds(t, s, m) || p->stage == STAGE_ADL || weir_twin_closed_market(t, m)) continue;
        int64_t lots = weir_abs(p->s) - p->parked;
        if (lots == 0 || p->parked > 0 || p->wait_seq == t->seq) continue;
        if (p->stage == STAGE_AUCTION && weir_twin_room(t, m, lots) == 0) continue;
        wide mm = weir_twin_mm(t, s->account, m, weir_abs(p->s), p->v);
        if (best >= 0 && mm <= best_mm) continue;
        best = m;
        best_mm = mm;
    }
    return best;
}

/* May the position be worked? In the book stage its policy may have it wait, or the market's
 * budget; then `*lots` are what it would close. */
static enum admission admission(struct twin *t, struct scope *s, int m, int64_t *lots) {
    if (s->account->at[m].stage != STAGE_BOOK) return ADMITTED;
    struct answer r = weir_twin_policy(t, s, m, false);
    *lots = r.lots;
    if (r.wait) return IN_LINE;
    return r.lots == 0 ? ADMITTED : weir_twin_admission(t, s->account, m);
}

/* It joins the line of its market's budget, which is no step. True when it did. */
static bool joins(struct twin *t, struct scope *s, int m) {
    int64_t lots;
    if (m < 0 || admission(t, s, m, &lots) != TO_JOIN) return false;
    weir_twin_join(t, s->account, m, lots);
    return true;
}

/* Something is to be done with this scope at the head: it leaves, ends or takes a step. */
static bool can_step(struct twin *t, struct scope *s) {
    if (s->queue == QUEUE_WAITING) {
        if (!weir_twin_liquidatable(t, s) || weir_twin_flat(t, s)) return true;
        for (int m = 0; m < t->markets; m++)
            if (holds(t, s, m) && !weir_twin_closed_market(t, m)) return true;
        return false;
    }
    if (weir_twin_flat(t, s)) return s->balance >= 0;
    if (weir_twin_restored(t, s)) return !weir_twin_parked(t, s);
    int m = select_position(t, s);
    int64_t lots;
    return m >= 0 && admission(t, s, m, &lots) != IN_LINE;
}

static void start(struct twin *t, struct scope *s) {
    struct value v = weir_twin_eval(t, s);
    s->queue = QUEUE_LIQUIDATING;
    s->liquidation = ++t->liquidation_number;
    if (weir_twin_flat(t, s)) s->flat_order = ++t->flat_order; /* R29 knows it from here on */
    s->kept = -1;
    s->had_lots_closed = false;
    memset(s->by_stage, 0, sizeof s->by_stage);
    struct weir_event e = {.kind = WEIR_EV_LIQUIDATION_STARTED};
    e.liquidation_started.liquidation = s->liquidation;
    e.liquidation_started.account = &s->account->name;
    e.liquidation_started.scope_market = (uint32_t)s->market;
    e.liquidation_started.equity = v.equity;
    e.liquidation_started.requirement = v.req;
    weir_twin_emit(t, &e);
    for (int m = 0; m < t->markets; m++) {
        struct position *p = &s->account->at[m];
        if (weir_twin_scope(t, s->account, m) != s) continue;
        p->stage = s->account->fund >= 0 ? STAGE_ADL : STAGE_BOOK;
        p->empty = 0;
        p->beyond = p->closed = false;
        p->realised = 0;
        if (s->account->fund < 0) weir_twin_plan_begins(t, s, m, false);
    }
    for (int i = 0; i < t->order_count; i++) {
        struct order *o = t->orders[i];
        if (o->dead || o->account != s->account || weir_twin_scope(t, o->account, o->m) != s)
            continue;
        weir_twin_remove(t, o);
        weir_twin_cancelled(t, o, WEIR_C_LIQUIDATION);
    }
    weir_twin_drop_bids(t, s);
}

/* The position leaves a stage with lots left over. */
void weir_twin_leave(struct twin *t, struct scope *s, int m, enum stage target) {
    struct position *p = &s->account->at[m];
    if (p->stage <= STAGE_AUCTION && weir_twin_fund_of(t, m)->stopped) target = STAGE_ADL;
    if (target == STAGE_AUCTION && t->v->auction_format == WEIR_AUCTION_NONE)
        target = STAGE_BACKSTOP;
    if (target == STAGE_ABSORB && !t->v->absorb_enabled) target = STAGE_ADL;
    p->stage = target;
    weir_twin_budget_leave(p);
    p->empty = 0;
    p->beyond = true;
    if (s->kept == m) s->kept = -1;
}

wide weir_twin_fund_want(struct twin *t, struct scope *s, int m, int64_t lots) {
    wide a = weir_twin_share(t, s, m, lots, weir_twin_eval(t, s).equity);
    if (a >= 0) return 0;
    int64_t price = weir_twin_bankruptcy(t, s->account, m, lots, a, t->v->bankruptcy_fee_included);
    enum weir_side side = s->account->at[m].s > 0 ? WEIR_SELL : WEIR_BUY;
    wide gap = weir_twin_worse(t, m, side, price, t->m[m].mark, lots);
    return weir_wide_max(0, weir_wide_min(gap, -a));
}

/* The limit of a slice (R24) and whether the fund may pay for it (R31). */
static void plan_limit(struct twin *t, struct scope *s, struct forced *f) {
    const struct market *k = &t->m[f->m];
    struct value v = weir_twin_eval(t, s);
    const struct position *p = &s->account->at[f->m];
    int sign = f->side == WEIR_SELL ? 1 : -1; /* a lower limit is worse for a sell */
    wide share = weir_twin_share(t, s, f->m, f->qty, v.equity);
    f->bankruptcy =
        weir_twin_bankruptcy(t, s->account, f->m, f->qty, share, t->v->bankruptcy_fee_included);
    wide limit = f->bankruptcy;
    f->subsidised = share < 0;
    wide want = weir_twin_worse(t, f->m, f->side, f->bankruptcy, k->mark, f->qty);
    want = weir_wide_min(want, -share); /* R31: in the book at most -a */
    f->most_gap = want;
    if (f->subsidised && want > 0) {
        if (weir_twin_fund_of(t, f->m)->c->payout == WEIR_PAYOUT_ALL_OR_NOTHING)
            limit = k->mark;
        else {
            f->most_gap = weir_twin_grant(t, f->m, s->account, want);
            limit = weir_twin_extended(t, f->m, f->side, f->bankruptcy, f->qty, f->most_gap);
            if (sign * (k->mark - limit) > 0) limit = k->mark;
        }
    }
    if (t->v->limit_fillable) {
        wide x = WEIR_PPB;
        wide n = k->c->margin_basis == WEIR_BASIS_ENTRY
                     ? p->v
                     : weir_twin_value(t, f->m, k->mark, weir_abs(p->s));
        if (v.req > 0)
            x = weir_twin_div('f', t->v->fillable_adjustment, v.req - v.equity, 1, v.req, 1);
        x = x < 0 ? 0 : x > WEIR_PPB ? WEIR_PPB : x;
        wide worsened = weir_twin_div('f', k->mark, (wide)t->v->fillable_spread * x,
                                      k->tiers.row[weir_twin_tier(k, n)].rate,
                                      (wide)WEIR_PPB * WEIR_PPB, WEIR_PPB);
        wide fillable = k->mark - sign * worsened;
        if (sign * (fillable - limit) > 0) limit = fillable;
    }
    if (k->liquidation_band != WEIR_NONE) {
        wide edge =
            weir_twin_div(sign > 0 ? 'c' : 'f', k->mark,
                          (wide)WEIR_PPB - sign * (wide)k->liquidation_band, 1, WEIR_PPB, 1);
        if (sign * (edge - limit) > 0) limit = edge;
    }
    f->limit = limit < 1 ? 1 : limit > k->c->max_price ? k->c->max_price : (int64_t)limit;
}

int64_t weir_twin_slice_limit(struct twin *t, struct scope *s, int m, int64_t lots) {
    struct position *p = &s->account->at[m];
    struct forced f = {
        .account = s->account, .m = m, .side = p->s > 0 ? WEIR_SELL : WEIR_BUY, .qty = lots};
    plan_limit(t, s, &f);
    return f.limit;
}

/* One book slice. Counts the position's empty slices; the scope is judged first. */
static void slice(struct twin *t, struct scope *s, int m) {
    struct position *p = &s->account->at[m];
    s->kept = m;
    struct forced f = {.account = s->account,
                       .m = m,
                       .side = p->s > 0 ? WEIR_SELL : WEIR_BUY,
                       .kind = WEIR_FILL_LIQUIDATION,
                       .most_fills = t->v->fills_per_step,
                       .scope = s};
    struct answer r = weir_twin_policy(t, s, m, false);
    f.qty = r.lots;
    f.limit = t->m[m].mark;
    if (f.qty > 0) f.qty = weir_twin_take(t, s->account, m, f.qty);
    if (f.qty > 0) {
        plan_limit(t, s, &f);
        if (r.limit != 0)
            f.limit = f.side == WEIR_SELL ? weir_max(f.limit, r.limit) : weir_min(f.limit, r.limit);
        weir_twin_forced(t, &f);
        weir_twin_liquidation_fee(t, s, m, f.value, f.improvement);
    }
    weir_twin_slice_made(t, s, m, false, &r, f.filled, f.paid);
    struct weir_event e = {.kind = WEIR_EV_LIQUIDATION_STEP};
    e.liquidation_step.liquidation = s->liquidation;
    e.liquidation_step.account = &s->account->name;
    e.liquidation_step.scope_market = (uint32_t)s->market;
    e.liquidation_step.market = (uint32_t)m;
    e.liquidation_step.side = f.side;
    e.liquidation_step.qty = f.qty;
    e.liquidation_step.limit = f.limit;
    e.liquidation_step.filled = f.filled;
    e.liquidation_step.policy = t->v->policy.name;
    weir_twin_emit(t, &e);
    uint64_t number = s->liquidation;
    weir_twin_after_step(t, s);
    if (s->liquidation != number || p->s == 0) return;
    bool bound = f.fills >= t->v->fills_per_step;
    bool missed = t->v->empty_means_nothing_filled ? f.filled == 0 : f.filled < f.qty;
    p->empty = (missed || f.qty == 0) && !bound ? p->empty + 1 : 0;
    if (p->empty >= t->v->empty_slices) weir_twin_leave(t, s, m, STAGE_AUCTION);
}

static bool at_most(const struct value *v, int64_t rate) {
    return rate > 0 && weir_twin_cmp(v->equity, WEIR_PPB, rate, v->req) <= 0;
}

static void step(struct twin *t, struct scope *s) {
    memset(t->step_gap, 0, sizeof t->step_gap);
    if (s->queue == QUEUE_WAITING) start(t, s);
    int m = select_position(t, s);
    int64_t lots;
    if (m < 0 || joins(t, s, m) || admission(t, s, m, &lots) == IN_LINE) {
        weir_twin_after_step(t, s);
        return;
    }
    struct position *p = &s->account->at[m];
    if (p->stage == STAGE_BOOK) {
        struct value v = weir_twin_eval(t, s);
        if (at_most(&v, t->v->backstop_at))
            weir_twin_leave(t, s, m, STAGE_BACKSTOP);
        else if (at_most(&v, t->v->takeover_at))
            weir_twin_leave(t, s, m, STAGE_AUCTION);
    }
    if (p->stage == STAGE_BOOK) {
        slice(t, s, m);
        return;
    }
    if (p->stage == STAGE_AUCTION)
        weir_twin_auction_step(t, s, m);
    else if (p->stage == STAGE_BACKSTOP)
        weir_twin_backstop_step(t, s, m);
    else if (p->stage == STAGE_ABSORB)
        weir_twin_absorb_step(t, s, m);
    weir_twin_after_step(t, s);
}

/* Flat: closed; R25's test: ended. */
void weir_twin_after_step(struct twin *t, struct scope *s) {
    if (weir_twin_flat(t, s)) {
        if (s->balance >= 0) weir_twin_end(t, s, 0);
        return;
    }
    if (weir_twin_restored(t, s) && !weir_twin_parked(t, s)) weir_twin_end(t, s, 0);
}

static void confiscate(struct twin *t, struct scope *s) {
    if (!t->v->remainder_confiscate || s->balance <= 0 || s->account->fund >= 0) return;
    for (int m = 0; m < t->markets; m++) {
        if (!s->account->at[m].beyond || weir_twin_scope(t, s->account, m) != s) continue;
        wide amount = s->balance;
        s->balance = 0;
        weir_twin_cash(t, weir_twin_fund_of(t, m), WEIR_CAUSE_CONFISCATED, amount, s->account);
        return;
    }
}

void weir_twin_end(struct twin *t, struct scope *s, wide shortfall) {
    bool flat = weir_twin_flat(t, s);
    if (flat) confiscate(t, s);
    struct weir_event e = {.kind = WEIR_EV_LIQUIDATION_ENDED};
    e.liquidation_ended.liquidation = s->liquidation;
    e.liquidation_ended.account = &s->account->name;
    e.liquidation_ended.scope_market = (uint32_t)s->market;
    e.liquidation_ended.outcome = !s->had_lots_closed ? WEIR_CURED
                                  : flat              ? WEIR_CLOSED
                                                      : WEIR_RESTORED;
    memcpy(e.liquidation_ended.by_stage, s->by_stage, sizeof s->by_stage);
    e.liquidation_ended.shortfall = shortfall;
    weir_twin_emit(t, &e);
    s->queue = QUEUE_NONE;
    s->liquidation = 0;
    s->kept = -1;
    for (int m = 0; m < t->markets; m++) {
        struct position *p = &s->account->at[m];
        if (weir_twin_scope(t, s->account, m) != s) continue;
        p->stage = STAGE_BOOK;
        weir_twin_budget_leave(p);
        p->empty = 0;
        p->beyond = p->closed = false;
        p->realised = 0;
    }
    weir_twin_return_inventory(t, s->account);
}

static bool take_credit(struct twin *t) {
    if (t->v->capacity == WEIR_NONE) return true;
    if (t->credit < WEIR_SECOND) return false;
    t->credit -= WEIR_SECOND;
    return true;
}

static void adl_steps(struct twin *t, int64_t budget) {
    while (budget > 0) {
        struct scope *s = weir_twin_next(t, weir_twin_adl_can);
        if (!s) return;
        if (weir_twin_restored(t, s) && !weir_twin_parked(t, s)) {
            weir_twin_end(t, s, 0);
            continue;
        }
        if (!take_credit(t)) return;
        budget--;
        memset(t->step_gap, 0, sizeof t->step_gap);
        weir_twin_adl_step(t, s, weir_twin_adl_position(t, s));
        weir_twin_after_step(t, s);
        weir_twin_take_keys(t);
        weir_twin_sweep(t);
    }
}

/* (6) and (7): liquidation steps, then ADL steps with what is left (R20). */
void weir_twin_steps(struct twin *t) {
    int64_t all = t->v->steps_per_command, used = 0, most = all;
    weir_twin_budget_rounds(t);
    if (weir_twin_next(t, weir_twin_adl_can)) most = all > 1 ? all - 1 : t->seq % 2 == 0 ? 0 : 1;
    while (used < most) {
        struct scope *s = weir_twin_next(t, can_step);
        if (!s) break;
        if (s->queue == QUEUE_WAITING) {
            if (!weir_twin_liquidatable(t, s)) {
                s->queue = QUEUE_NONE;
                continue;
            }
        } else if (weir_twin_flat(t, s) || weir_twin_restored(t, s)) {
            weir_twin_end(t, s, 0);
            continue;
        }
        if (s->queue == QUEUE_LIQUIDATING && joins(t, s, select_position(t, s))) continue;
        if (!take_credit(t)) break;
        used++;
        step(t, s);
        weir_twin_take_keys(t);
        weir_twin_sweep(t);
    }
    adl_steps(t, all - used);
}
