/* The staggered-closure policies and their frontier (R36, R37), each as the rules read it. What a
 * market traded, how it moved and what was closed in it stands in plain lists. */
#include "reference/twin.h"

#include <stdlib.h>

#define HOUR   (3600 * WEIR_SECOND)
#define MINUTE (60 * WEIR_SECOND)

/* The sum of what was noted in the slot of now and the slots before it, `slots` in all. */
static wide noted(const struct notes *n, int64_t now, int64_t slot, int64_t slots) {
    wide sum = 0;
    for (int i = n->count - 1; i >= 0; i--)
        if (n->at[i].t / slot > now / slot - slots) sum += n->at[i].amount;
    return sum;
}

void weir_twin_note(struct notes *n, int64_t t, wide amount, int64_t keep) {
    int kept = 0;
    for (int i = 0; n->count >= 4096 && i < n->count; i++)
        if (n->at[i].t >= t - keep) n->at[kept++] = n->at[i];
    if (n->count >= 4096) n->count = kept;
    n->at = weir_twin_grow(n->at, n->count, sizeof *n->at);
    n->at[n->count++] = (struct note){t, amount};
}

wide weir_twin_day_volume(const struct twin *t, int m) {
    return noted(&t->m[m].trades, t->now, HOUR, 24);
}

wide weir_twin_hour_moves(const struct twin *t, int m) {
    return noted(&t->m[m].moves, t->now, MINUTE, 60);
}

void weir_twin_note_mark(struct twin *t, int m, int64_t from, int64_t to) {
    struct market *k = &t->m[m];
    if (!k->marked) k->marked_at = t->now;
    k->marked = true;
    if (from == 0) return;
    wide move = weir_twin_div('t', (wide)to - from, WEIR_PPB, 1, from, 1);
    wide most = (wide)WEIR_PPB * 1000;
    if (move > most) move = most;
    if (move < -most) move = -most;
    weir_twin_note(&k->moves, t->now, move * move, 2 * HOUR);
}

/* Variance of a relative move within `over`, 10^-18, at most 10^24. */
static wide variance(const struct twin *t, int m, int64_t over) {
    const struct market *k = &t->m[m];
    wide sum = weir_twin_hour_moves(t, m), most = weir_twin_power(24);
    if (!k->marked || sum == 0) return 0;
    int64_t from = (t->now / MINUTE - 59) * MINUTE;
    if (k->marked_at > from) from = k->marked_at;
    int64_t span = t->now - from < MINUTE ? MINUTE : t->now - from;
    if (sum > most * WEIR_PPB) sum = most * WEIR_PPB;
    if (weir_twin_cmp(sum, over, most, span) >= 0) return most;
    return weir_twin_div('f', sum, over, 1, span, 1);
}

const struct weir_policy_config *weir_twin_policy_of(const struct twin *t, bool unwind) {
    return unwind ? &t->v->absorb_policy : &t->v->policy;
}

bool weir_twin_keeps_plan(const struct twin *t, bool unwind) {
    switch (weir_twin_policy_of(t, unwind)->name) {
    case WEIR_POLICY_FULL:
    case WEIR_POLICY_TIER_STEP:
    case WEIR_POLICY_FRACTION:
    case WEIR_POLICY_INCREMENT:
        return false;
    default:
        return true;
    }
}

struct ask {
    struct twin *t;
    const struct weir_policy_config *c;
    struct scope *s;
    int m;
    bool unwind;
    struct position *p;
    int64_t lots;
    enum weir_side side;
    uint64_t number;
};

/* Lots that rest on the other side at a price or better for the closer. */
static wide visible(const struct ask *a, int64_t limit) {
    const struct market *k = &a->t->m[a->m];
    int other = a->side == WEIR_BUY ? WEIR_SELL : WEIR_BUY;
    wide lots = 0;
    for (int i = 0; i < k->book_count[other]; i++)
        if (weir_twin_crosses(a->side, limit, k->book[other][i]->price))
            lots += k->book[other][i]->open;
    return lots;
}

/* The price so far from mark, against the closer. */
static int64_t away(const struct ask *a, int64_t range) {
    const struct market *k = &a->t->m[a->m];
    int sign = a->side == WEIR_SELL ? -1 : 1;
    wide p =
        weir_twin_div(sign < 0 ? 'c' : 'f', k->mark, WEIR_PPB + sign * (wide)range, 1, WEIR_PPB, 1);
    return p < 1 ? 1 : p > k->c->max_price ? k->c->max_price : (int64_t)p;
}

static int64_t fitting(wide x) {
    return x > INT64_MAX ? INT64_MAX : (int64_t)x;
}

static int64_t at_most(const struct ask *a, wide lots) {
    return lots > a->lots ? a->lots : (int64_t)lots;
}

static int64_t part(const struct ask *a, int64_t rate) {
    return (int64_t)weir_twin_div('c', a->lots, rate, 1, WEIR_PPB, 1);
}

static wide amount(const struct ask *a, int64_t x) {
    return weir_twin_amount_in(a->t, a->m, x);
}

static void wait_until(struct answer *r, int64_t until) {
    r->lots = 0;
    r->wait = true;
    r->until = until;
}

static wide worth(const struct ask *a, int64_t lots) {
    return weir_twin_value(a->t, a->m, a->t->m[a->m].mark, lots);
}

static void tier_step(const struct ask *a, struct answer *r) {
    const struct market *k = &a->t->m[a->m];
    int tier = weir_twin_tier(k, worth(a, a->lots));
    r->lots = a->lots;
    if (tier == 0) return;
    wide cap = k->tiers.row[a->c->tier_step_to_first ? 0 : tier - 1].cap;
    if (k->c->tier_edge == WEIR_LOWER_INCLUSIVE) cap--;
    r->lots = a->lots - at_most(a, weir_twin_lots_within(a->t, a->m, k->mark, cap));
}

static void fraction(const struct ask *a, struct answer *r) {
    r->lots = a->lots;
    if (worth(a, a->lots) <= amount(a, a->c->threshold) || a->t->now < r->cool) return;
    r->lots = part(a, a->c->fraction);
    r->cool = fitting((wide)a->t->now + a->c->cooldown);
}

/* ---- increment ------------------------------------------------------------------------------- */

static wide cost_rate(const struct ask *a) {
    const struct weir_market *k = a->t->m[a->m].c;
    if (a->unwind) return 0;
    return (wide)k->fee_liquidation + (a->t->v->bankruptcy_fee_included ? k->fee_taker : 0);
}

/* Looks at the scope with q lots closed at mark, fees and slippage paid; takes it back. */
static bool would_restore(const struct ask *a, int64_t q) {
    struct position position = *a->p;
    struct scope scope = *a->s;
    weir_twin_move(a->t, a->s->account, a->m, a->side == WEIR_SELL ? -q : q, a->t->m[a->m].mark);
    a->s->balance -= weir_twin_div('c', worth(a, q), cost_rate(a) + a->c->slippage, 1, WEIR_PPB, 1);
    bool ok = weir_twin_restored(a->t, a->s);
    *a->p = position;
    *a->s = scope;
    return ok;
}

static int tier_left(const struct ask *a, int64_t q) {
    const struct market *k = &a->t->m[a->m];
    int64_t rest = a->lots - q;
    wide n = k->c->margin_basis == WEIR_BASIS_ENTRY
                 ? a->p->v - weir_twin_div('t', a->p->v, q, 1, a->lots, 1)
                 : worth(a, rest);
    return weir_twin_tier(k, rest == 0 ? 0 : n);
}

static void increment(const struct ask *a, struct answer *r) {
    r->lots = a->lots;
    int64_t from = 1;
    while (from < a->lots) {
        int tier = tier_left(a, from);
        int64_t no = from, yes = a->lots; /* where the next tier down begins */
        while (tier > 0 && yes - no > 1) {
            int64_t mid = no + (yes - no) / 2;
            *(tier_left(a, mid) < tier ? &yes : &no) = mid;
        }
        int64_t next = yes;
        if (would_restore(a, from)) {
            r->lots = from;
            return;
        }
        if (would_restore(a, next - 1)) {
            for (no = from, yes = next - 1; yes - no > 1;) {
                int64_t mid = no + (yes - no) / 2;
                *(would_restore(a, mid) ? &yes : &no) = mid;
            }
            r->lots = yes;
            return;
        }
        from = next;
    }
}

static void disposal(const struct ask *a, struct answer *r) {
    r->limit = away(a, a->c->slippage_range);
    wide most = weir_twin_div('c', visible(a, r->limit), a->c->max_share, 1, WEIR_PPB, 1);
    int64_t lots = a->lots > a->c->full_size ? part(a, a->c->fraction) : a->lots;
    r->lots = most < lots ? (int64_t)most : lots;
    r->next = fitting((wide)a->t->now + a->c->step);
}

/* ---- block_cap ------------------------------------------------------------------------------- */

/* Lots within what a cap leaves; where nothing was used of it, one at least. */
static int64_t capped(const struct ask *a, int64_t lots, int64_t cap, wide used) {
    if (cap == WEIR_NONE) return lots;
    wide left = amount(a, cap) - used, fits = 0;
    if (left > 0) fits = weir_twin_lots_within(a->t, a->m, a->t->m[a->m].mark, left);
    if (fits == 0 && used == 0) fits = 1;
    return fits < lots ? (int64_t)fits : lots;
}

static void block_cap(const struct ask *a, struct answer *r) {
    struct twin *t = a->t;
    const struct weir_policy_config *c = a->c;
    const struct closed *all = &t->m[a->m].closed[a->unwind];
    int64_t block = t->now / c->interval, lots;
    wide by_account = 0, lost = 0, in_market = all->block == block ? all->block_value : 0;
    for (int i = 0; i < t->markets; i++) {
        const struct position *p = &a->s->account->at[i];
        if (t->m[i].c->asset != t->m[a->m].c->asset || p->block != block) continue;
        by_account += p->block_value;
        lost += p->block_loss;
    }
    wide share = weir_twin_div('f', worth(a, a->lots), c->share, 1, WEIR_PPB, 1);
    if (share < amount(a, c->min_notional)) share = amount(a, c->min_notional);
    wide first = weir_twin_lots_within(t, a->m, t->m[a->m].mark, share);
    lots = at_most(a, first < 1 ? 1 : first);
    lots = capped(a, lots, c->account_notional, by_account);
    lots = capped(a, lots, c->market_notional, in_market);
    bool never = false;
    if (c->account_loss != WEIR_NONE && !a->unwind && lots > 0) {
        wide left = amount(a, c->account_loss) - lost;
        int64_t fits = lots;
        if (left < 0) left = 0;
        if (weir_twin_fund_want(t, a->s, a->m, lots) > left) {
            fits = 0;
            for (int64_t no = lots; no - fits > 1;) {
                int64_t mid = fits + (no - fits) / 2;
                *(weir_twin_fund_want(t, a->s, a->m, mid) > left ? &no : &fits) = mid;
            }
        }
        lots = fits;
        never = lots == 0 && lost == 0;
    }
    r->lots = lots;
    r->next = fitting(((wide)block + 1) * c->interval);
    if (lots == 0 && !never) wait_until(r, r->next);
}

static void window(const struct ask *a, struct answer *r) {
    const struct notes *n = &a->t->m[a->m].closed[a->unwind].values;
    r->lots = a->lots;
    if (a->c->notional == WEIR_NONE) return;
    wide left = amount(a, a->c->notional);
    int64_t oldest = WEIR_NONE;
    for (int i = n->count - 1; i >= 0; i--) {
        if (n->at[i].t <= a->t->now - a->c->window) continue;
        left -= n->at[i].amount;
        oldest = n->at[i].t;
    }
    wide fits = left > 0 ? weir_twin_lots_within(a->t, a->m, a->t->m[a->m].mark, left) : 0;
    if (fits == 0 && oldest == WEIR_NONE) fits = 1;
    r->lots = at_most(a, fits);
    if (fits == 0) wait_until(r, fitting((wide)oldest + a->c->window));
}

static void ramp(const struct ask *a, struct answer *r) {
    int64_t since = a->unwind ? a->p->schedule_start : a->s->entered;
    int64_t all = a->p->first_lots > a->lots ? a->p->first_lots : a->lots;
    int64_t passed = a->t->now - since;
    if (passed > a->c->duration) passed = a->c->duration;
    wide share = a->c->initial + weir_twin_div('f', passed, WEIR_PPB, 1, a->c->duration, 1);
    if (share > WEIR_PPB) share = WEIR_PPB;
    int64_t closed = all - a->lots;
    r->lots = (int64_t)weir_twin_div('f', all, share, 1, WEIR_PPB, 1) - closed;
    if (r->lots > 0) return;
    wide needs = weir_twin_div('c', closed + 1, WEIR_PPB, 1, all, 1) - a->c->initial;
    wait_until(r, fitting(since + weir_twin_div('c', needs, a->c->duration, 1, WEIR_PPB, 1)));
}

/* ---- random_slice ---------------------------------------------------------------------------- */

/* Whole seconds until slice j: the least n at which having waited longer is no likelier than the
 * draw says; probabilities in parts of 2^62, rounded down at every product. */
static int64_t seconds_to(const struct ask *a, int64_t j) {
    const wide one = (wide)1 << 62;
    uint64_t key = weir_random_at(weir_random_at(a->c->seed, a->number), (uint64_t)a->m);
    wide draw = (wide)(weir_random_at(key, (uint64_t)j) / 4), longer = one, miss[32];
    miss[0] = weir_twin_div('f', one, WEIR_PPB - a->c->probability, 1, WEIR_PPB, 1);
    for (int i = 1; i < 32; i++)
        miss[i] = weir_twin_div('f', miss[i - 1], miss[i - 1], 1, one, 1);
    int64_t n = 0;
    for (int i = 31; i >= 0; i--) {
        wide then = weir_twin_div('f', longer, miss[i], 1, one, 1);
        if (then > draw) {
            n += (int64_t)1 << i;
            longer = then;
        }
    }
    return n + 1;
}

static int64_t random_next(const struct ask *a, int64_t j) {
    return fitting((wide)a->t->now + (wide)seconds_to(a, j) * WEIR_SECOND);
}

static void random_slice(const struct ask *a, struct answer *r) {
    wide most =
        weir_twin_div('f', weir_twin_day_volume(a->t, a->m), a->c->volume_share, 1, WEIR_PPB, 1) -
        noted(&a->t->m[a->m].closed[a->unwind].lots, a->t->now, HOUR, 24);
    if (most <= 0) {
        wait_until(r, WEIR_NONE);
        return;
    }
    r->lots = part(a, a->c->fraction);
    if (r->lots > most) r->lots = (int64_t)most;
    r->next = random_next(a, a->p->slice + 1);
}

static void twap(const struct ask *a, struct answer *r) {
    int64_t j = a->p->slice, start = j == 1 ? a->t->now : a->p->started;
    int64_t left = a->c->slices - j + 1;
    r->lots = left > 1 ? (int64_t)weir_twin_div('c', a->lots, 1, 1, left, 1) : a->lots;
    r->next = fitting(start + weir_twin_div('f', j, a->c->horizon, 1, a->c->slices, 1));
}

static void pov(const struct ask *a, struct answer *r) {
    wide q = weir_twin_div('f', a->t->m[a->m].traded - a->p->traded, a->c->share, 1, WEIR_PPB, 1);
    if (q == 0) {
        wait_until(r, WEIR_NONE);
        return;
    }
    r->lots = at_most(a, q);
    r->next = fitting((wide)a->t->now + a->c->interval);
}

static void depth(const struct ask *a, struct answer *r) {
    if (a->p->sliced_with == a->t->seq) {
        wait_until(r, WEIR_NONE);
        return;
    }
    int64_t limit = a->unwind ? weir_twin_unwind_limit(a->t, a->m, a->side)
                              : weir_twin_slice_limit(a->t, a->s, a->m, a->lots);
    r->lots = at_most(a, weir_twin_div('c', visible(a, limit), a->c->share, 1, WEIR_PPB, 1));
}

static void optimal(const struct ask *a, struct answer *r) {
    twap(a, r);
    const wide one = weir_twin_power(15);
    int64_t left = a->c->slices - a->p->slice + 1, over = a->c->horizon / a->c->slices;
    int64_t all = a->p->first_lots > a->lots ? a->p->first_lots : a->lots;
    wide risk = weir_twin_div('f', variance(a->t, a->m, over < 1 ? 1 : over), a->c->risk_aversion,
                              1, WEIR_PPB, 1);
    if (risk > one * WEIR_PPB) risk = one * WEIR_PPB;
    wide lots = visible(a, away(a, WEIR_PPB / 100)), most = one * 1000000;
    if (lots > INT64_MAX) lots = INT64_MAX;
    wide more = weir_twin_cmp(risk, lots, most, (wide)all * 20) >= 0
                    ? most
                    : weir_twin_div('f', risk, lots, 1, all, 20);
    if (more == 0 || left <= 1) return;
    wide stays = 0;
    for (int64_t k = 2; k <= left; k++)
        stays = weir_twin_div('f', one, one, 1, 2 * (one + more) - stays, 1);
    r->lots = a->lots - (int64_t)weir_twin_div('f', a->lots, stays, 1, one, 1);
}

/* ---- Asked and told -------------------------------------------------------------------------- */

/* R37: does a part closed raise E / MM? */
static bool raises(const struct ask *a) {
    const struct market *k = &a->t->m[a->m];
    struct value v = weir_twin_eval(a->t, a->s);
    wide n = k->c->margin_basis == WEIR_BASIS_ENTRY ? a->p->v : worth(a, weir_abs(a->p->s));
    int64_t rate = k->tiers.row[weir_twin_tier(k, n)].rate;
    return weir_twin_cmp(cost_rate(a) + a->c->slippage, v.mm, v.equity, rate) < 0;
}

static struct ask asking(struct twin *t, struct scope *s, int m, bool unwind) {
    struct position *p = &s->account->at[m];
    return (struct ask){.t = t,
                        .c = weir_twin_policy_of(t, unwind),
                        .s = s,
                        .m = m,
                        .unwind = unwind,
                        .p = p,
                        .lots = weir_abs(p->s) - p->parked,
                        .side = p->s > 0 ? WEIR_SELL : WEIR_BUY,
                        .number = unwind ? (uint64_t)p->schedule_start : s->liquidation};
}

struct answer weir_twin_policy(struct twin *t, struct scope *s, int m, bool unwind) {
    static void (*const rules[WEIR_POLICY_COUNT])(const struct ask *a, struct answer *r) = {
        [WEIR_POLICY_TIER_STEP] = tier_step, [WEIR_POLICY_FRACTION] = fraction,
        [WEIR_POLICY_INCREMENT] = increment, [WEIR_POLICY_DISPOSAL] = disposal,
        [WEIR_POLICY_BLOCK_CAP] = block_cap, [WEIR_POLICY_WINDOW] = window,
        [WEIR_POLICY_RAMP] = ramp,           [WEIR_POLICY_RANDOM_SLICE] = random_slice,
        [WEIR_POLICY_TWAP] = twap,           [WEIR_POLICY_POV] = pov,
        [WEIR_POLICY_DEPTH] = depth,         [WEIR_POLICY_OPTIMAL] = optimal};
    struct ask a = asking(t, s, m, unwind);
    int64_t cool = unwind ? a.p->schedule_cool : a.p->cool_until;
    struct answer r = {.lots = a.lots, .cool = cool};
    if (weir_twin_keeps_plan(t, unwind) && a.p->next_slice > t->now)
        wait_until(&r, a.p->next_slice);
    else if (rules[a.c->name])
        rules[a.c->name](&a, &r);
    if (r.lots < a.lots && !unwind && a.c->frontier && !raises(&a))
        r = (struct answer){.lots = a.lots};
    if (r.lots == a.lots) r.cool = cool;
    return r;
}

void weir_twin_plan_begins(struct twin *t, struct scope *s, int m, bool unwind) {
    struct ask a = asking(t, s, m, unwind);
    a.p->slice = 1;
    a.p->next_slice = 0;
    a.p->started = t->now;
    a.p->first_lots = weir_abs(a.p->s);
    a.p->traded = 0;
    a.p->sliced_with = 0;
    if (a.c->name == WEIR_POLICY_POV) {
        a.p->traded = t->m[m].traded;
        a.p->next_slice = fitting((wide)t->now + a.c->interval);
    }
    if (a.c->name == WEIR_POLICY_RANDOM_SLICE) a.p->next_slice = random_next(&a, 1);
}

void weir_twin_slice_made(struct twin *t, struct scope *s, int m, bool unwind,
                          const struct answer *r, int64_t filled, wide loss) {
    struct ask a = asking(t, s, m, unwind);
    struct closed *all = &t->m[m].closed[unwind];
    struct position *p = a.p;
    wide value = weir_twin_value(t, m, t->m[m].mark, filled);
    *(unwind ? &p->schedule_cool : &p->cool_until) = r->cool;
    if (!weir_twin_keeps_plan(t, unwind)) return;
    if (p->slice++ == 1) p->started = t->now;
    p->next_slice = r->next;
    p->sliced_with = t->seq;
    if (a.c->name == WEIR_POLICY_POV) p->traded = t->m[m].traded;
    if (a.c->name == WEIR_POLICY_BLOCK_CAP) {
        int64_t block = t->now / a.c->interval;
        if (p->block != block) p->block_value = p->block_loss = 0;
        if (all->block != block) all->block_value = 0;
        p->block = all->block = block;
        p->block_value += value;
        p->block_loss += loss;
        all->block_value += value;
    }
    if (filled == 0) return;
    if (a.c->name == WEIR_POLICY_WINDOW) weir_twin_note(&all->values, t->now, value, a.c->window);
    if (a.c->name == WEIR_POLICY_RANDOM_SLICE)
        weir_twin_note(&all->lots, t->now, filled, 25 * HOUR);
}
