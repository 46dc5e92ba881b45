/* R29 by `profit` or `equity`: the pools of groups, the frozen base, the charges, and what is left
 * behind until then. At the point everything is divided at once; charging then takes as many looks
 * at accounts as the rules say. */
#include "reference/twin.h"

#include <stdlib.h>

bool weir_twin_pools_wait(const struct twin *t) {
    return t->v->socialise_base != WEIR_SOCIALISE_OPEN_INTEREST;
}

/* Its first market of the same asset. */
int weir_twin_group(const struct twin *t, int m) {
    int first = 0;
    while (t->m[first].c->asset != t->m[m].c->asset ||
           !weir_name_equal(&t->m[first].c->group, &t->m[m].c->group))
        first++;
    return first;
}

static bool is_group(const struct twin *t, int m) {
    return weir_twin_group(t, m) == m;
}

static wide looks_each_command(const struct twin *t) {
    return (wide)t->v->steps_per_command * t->v->fills_per_step;
}

static bool belongs(const struct twin *t, const struct scope *s, int group) {
    if (s->market >= 0) return weir_twin_group(t, s->market) == group;
    return -1 - s->market == (int)t->m[group].c->asset;
}

/* What the scope weighs now; `point` says of which interval realised profits count. */
static wide weigh(struct twin *t, struct scope *s, int group, uint64_t point, wide *cap) {
    wide floating = 0, realised = 0;
    *cap = 0;
    if (s->queue == QUEUE_LIQUIDATING || !belongs(t, s, group)) return 0;
    wide equity = weir_twin_eval(t, s).equity;
    if (equity <= 0) return 0;
    *cap = equity;
    if (t->v->socialise_base == WEIR_SOCIALISE_EQUITY) return equity;
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &s->account->at[m];
        if (weir_twin_scope(t, s->account, m) != s || weir_twin_group(t, m) != group) continue;
        floating += weir_twin_upnl(t, m, p->s, p->v);
        if (p->profit_point == point) realised += p->profit;
    }
    return weir_wide_max(floating, 0) + weir_wide_max(realised, 0);
}

static bool any_pool(const struct twin *t) {
    for (int m = 0; m < t->markets; m++)
        if (is_group(t, m) && t->m[m].pool > 0) return true;
    return false;
}

static void out_of_date(struct twin *t) {
    t->social.known = false;
    t->social.counted = -1;
    t->social.asked = any_pool(t);
}

/* ---- The point ------------------------------------------------------------------------------- */

static void add_part(struct twin *t, struct scope *s, void *x) {
    struct social *c = &t->social;
    const uint64_t *point = x;
    for (int m = 0; m < t->markets; m++) {
        struct part p = {.account = s->account, .market = s->market, .group = m};
        if (!is_group(t, m) || t->m[m].pool == 0) continue;
        p.weight = weigh(t, s, m, *point, &p.cap);
        if (p.weight == 0) continue;
        c->parts = weir_twin_grow(c->parts, c->count, sizeof *c->parts);
        c->parts[c->count++] = p;
    }
}

/* Divides one group's pool; in so many rounds. */
static int divide(struct twin *t, int group) {
    const struct social *c = &t->social;
    wide *weights = calloc((size_t)c->count + 1, sizeof *weights);
    wide *caps = calloc((size_t)c->count + 1, sizeof *caps);
    wide *shares = calloc((size_t)c->count + 1, sizeof *shares);
    for (int i = 0; i < c->count; i++) {
        weights[i] = c->parts[i].group == group ? c->parts[i].weight : 0;
        caps[i] = c->parts[i].cap;
    }
    int rounds = weir_twin_divide(t->m[group].pool, c->count, weights, caps, shares);
    for (int i = 0; i < c->count; i++)
        if (c->parts[i].group == group) c->parts[i].share = shares[i];
    free(weights);
    free(caps);
    free(shares);
    return rounds;
}

void weir_twin_point(struct twin *t) {
    struct social *c = &t->social;
    uint64_t ending = t->point++;
    int rounds = 0;
    out_of_date(t);
    if (c->sweeping || !any_pool(t)) return;
    c->sweeping = true;
    c->accounts = weir_twin_accounts(t);
    c->count = 0;
    weir_twin_each_scope(t, add_part, &ending);
    for (int m = 0; m < t->markets; m++) {
        if (!is_group(t, m)) continue;
        t->m[m].charged = t->m[m].left = t->m[m].pool;
        int of_group = divide(t, m);
        if (of_group > rounds) rounds = of_group;
    }
    /* One look at every account to weigh it, three a round, and, if there is who pays, one more. */
    c->looks = 0;
    c->division = rounds > 0 ? c->accounts * (1 + 3 * (int64_t)rounds) : -1;
}

/* ---- Charges --------------------------------------------------------------------------------- */

/* Who pays for a part: its scope, or the cross scope to which it has returned. */
static struct scope *payer(struct twin *t, const struct part *p) {
    struct account *a = p->account;
    if (p->market < 0) return &a->cross[-1 - p->market];
    return weir_twin_scope(t, a, p->market);
}

static void charge(struct twin *t, const struct part *p) {
    struct market *k = &t->m[p->group];
    struct scope *s = payer(t, p);
    k->left -= p->share;
    if (p->share == 0 || s->queue == QUEUE_LIQUIDATING) return;
    wide take = weir_wide_min(p->share, weir_twin_eval(t, s).equity);
    if (take <= 0) return;
    s->balance -= take;
    s->changed = true;
    k->pool -= take;
    struct weir_event e = {.kind = WEIR_EV_SOCIALISED};
    e.socialised.market = WEIR_NO_INDEX;
    e.socialised.account = &s->account->name;
    e.socialised.amount = take;
    e.socialised.asset = k->c->asset;
    weir_twin_emit(t, &e);
}

/* The accounts of the sweep in order: those of the funds come last. */
static const struct account *frozen_account(const struct twin *t, int64_t place) {
    int64_t users = t->social.accounts - t->funds;
    return place < users ? t->accounts[place] : t->fund[place - users].account;
}

static void end_sweep(struct twin *t) {
    t->social.sweeping = false;
    t->social.count = 0;
    for (int m = 0; m < t->markets; m++)
        t->m[m].charged = t->m[m].left = 0;
    out_of_date(t);
}

static void look(struct twin *t) {
    struct social *c = &t->social;
    if (c->division >= 0 && c->looks >= c->division) {
        const struct account *a = frozen_account(t, c->looks - c->division);
        for (int i = 0; i < c->count; i++)
            if (c->parts[i].account == a) charge(t, &c->parts[i]);
    }
    c->looks++;
    if (c->looks == (c->division < 0 ? c->accounts : c->division + c->accounts)) end_sweep(t);
}

/* ---- The count of all weights ---------------------------------------------------------------- */

static wide weight_of(struct twin *t, struct account *a, int group) {
    wide sum = 0, cap;
    for (uint32_t k = 0; k < t->v->asset_count; k++)
        if (weir_twin_settles(t, k)) sum += weigh(t, &a->cross[k], group, t->point, &cap);
    for (int m = 0; m < t->markets; m++)
        if (a->at[m].mode == WEIR_ISOLATED) sum += weigh(t, &a->isolated[m], group, t->point, &cap);
    return sum;
}

/* The count takes the funds' accounts first. */
static void count_one(struct twin *t) {
    struct social *c = &t->social;
    struct account *a =
        c->counted < t->funds ? t->fund[c->counted].account : t->accounts[c->counted - t->funds];
    for (int m = 0; m < t->markets; m++)
        if (is_group(t, m) && t->m[m].pool > 0) t->m[m].counting += weight_of(t, a, m);
    if (++c->counted < weir_twin_accounts(t)) return;
    c->counted = -1;
    c->known = true;
    for (int m = 0; m < t->markets; m++)
        t->m[m].total = t->m[m].counting;
}

/* (8), behind the shortfalls. */
void weir_twin_social(struct twin *t) {
    struct social *c = &t->social;
    wide left = looks_each_command(t);
    for (; c->sweeping && left > 0; left--)
        look(t);
    if (c->sweeping) return;
    if (c->asked && c->counted < 0) {
        c->asked = false;
        if (weir_twin_accounts(t) > looks_each_command(t) && any_pool(t)) c->counted = 0;
        for (int m = 0; m < t->markets; m++)
            t->m[m].counting = 0;
    }
    for (; c->counted >= 0 && left > 0; left--)
        count_one(t);
}

/* ---- Withdrawals ----------------------------------------------------------------------------- */

void weir_twin_moved_out(struct twin *t, int asset) {
    for (int m = 0; m < t->markets; m++)
        if (weir_twin_pools_wait(t) && (int)t->m[m].c->asset == asset && t->m[m].pool > 0)
            t->social.asked = true;
}

static wide behind_waiting(struct twin *t, struct scope *s, int group, wide waiting) {
    wide cap, weight = weigh(t, s, group, t->point, &cap), total = 0;
    if (weight == 0) return 0;
    if (weir_twin_accounts(t) <= looks_each_command(t)) {
        for (int i = 0; i < weir_twin_accounts(t); i++)
            total += weight_of(t, weir_twin_account_at(t, i), group);
    } else if (t->social.known) {
        total = weir_wide_max(weight, t->m[group].total);
    } else {
        return weir_wide_min(waiting, cap);
    }
    return weir_wide_min(cap, weir_twin_div('c', waiting, weight, 1, total, 1));
}

wide weir_twin_behind(struct twin *t, struct scope *s) {
    const struct social *c = &t->social;
    wide behind = 0;
    if (!weir_twin_pools_wait(t)) return 0;
    for (int m = 0; m < t->markets; m++) {
        wide waiting = t->m[m].pool - t->m[m].left;
        if (is_group(t, m) && belongs(t, s, m) && waiting > 0)
            behind += behind_waiting(t, s, m, waiting);
    }
    bool charging = c->division >= 0 && c->looks >= c->division;
    for (int64_t i = charging ? c->looks - c->division : 0; c->sweeping && i < c->accounts; i++) {
        if (frozen_account(t, i) != s->account) continue;
        for (int k = 0; k < c->count; k++) {
            const struct part *p = &c->parts[k];
            if (p->account != s->account || payer(t, p) != s) continue;
            behind += charging ? p->share : weir_wide_min(t->m[p->group].charged, p->cap);
        }
    }
    return behind;
}
