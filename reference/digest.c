/* The state digest as docs/rules.md writes it down. */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct words {
    uint64_t *w;
    size_t count, capacity;
};

static void word(struct words *d, int64_t x) {
    if (d->count == d->capacity) {
        d->capacity = d->capacity ? 2 * d->capacity : 1024;
        d->w = realloc(d->w, d->capacity * sizeof *d->w);
        WEIR_CHECK(d->w != NULL);
    }
    d->w[d->count++] = (uint64_t)x;
}

static void wide_words(struct words *d, wide x) {
    unsigned __int128 u = (unsigned __int128)x;
    word(d, (int64_t)(uint64_t)u);
    word(d, (int64_t)(uint64_t)(u >> 64));
}

static void name(struct words *d, const struct weir_name *n) {
    for (int i = 0; i < 4; i++) {
        uint64_t x = 0;
        for (int j = 7; j >= 0; j--)
            x = x << 8 | (uint8_t)n->text[8 * i + j];
        word(d, (int64_t)x);
    }
}

/* Accounts in order of creation: the fund's are the first. */
static int64_t number_of(const struct twin *t, const struct account *a) {
    if (a->fund >= 0) return a->fund;
    for (int i = 0; i < t->account_count; i++)
        if (t->accounts[i] == a) return t->funds + i;
    return -1;
}

static void scope(struct words *d, const struct scope *s) {
    word(d, 3);
    word(d, s->market);
    wide_words(d, s->balance);
    word(d, s->warned);
    word(d, (int64_t)s->queue);
    word(d, (int64_t)s->liquidation);
}

static void account(const struct twin *t, struct words *d, struct account *a) {
    word(d, 2);
    name(d, &a->name);
    name(d, &a->owner);
    word(d, a->class_idx);
    for (uint32_t k = 0; k < t->v->asset_count; k++)
        if (weir_twin_settles(t, k)) scope(d, &a->cross[k]);
    for (int m = 0; m < t->markets; m++)
        if (a->at[m].mode == WEIR_ISOLATED) scope(d, &a->isolated[m]);
    for (uint32_t i = 1; i < t->v->asset_count; i++) {
        if (a->collateral[i] == 0) continue;
        word(d, 4);
        word(d, i);
        wide_words(d, a->collateral[i]);
    }
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &a->at[m];
        if (p->s == 0 && !p->leverage_set && !p->mode_set) continue;
        word(d, 5);
        word(d, m);
        word(d, (int64_t)p->mode);
        word(d, weir_twin_leverage(t, a, m));
        word(d, p->s);
        word(d, (int64_t)p->v);
    }
}

static void orders(const struct twin *t, struct words *d, int m) {
    const struct market *k = &t->m[m];
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < k->book_count[side]; i++) {
            const struct order *o = k->book[side][i];
            word(d, 8);
            word(d, number_of(t, o->account));
            name(d, &o->id);
            word(d, (int64_t)o->side);
            word(d, o->price);
            word(d, o->open);
            word(d, o->reduce_only);
        }
    for (int i = 0; i < t->order_count; i++) {
        const struct order *o = t->orders[i];
        if (o->dead || !o->stop || o->m != m) continue;
        word(d, 9);
        word(d, number_of(t, o->account));
        name(d, &o->id);
        word(d, (int64_t)o->side);
        word(d, (int64_t)o->type);
        word(d, o->stop_price);
        word(d, o->price);
        word(d, o->open);
        word(d, o->reduce_only);
    }
}

static void market(const struct twin *t, struct words *d, int m) {
    const struct market *k = &t->m[m];
    const int64_t plain[] = {
        6,      (int64_t)k->status, k->index, k->mark, k->last, k->previous_mark, k->stale,
        k->ema, k->funding_rate,    k->carry};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        word(d, plain[i]);
    wide_words(d, k->pool);
    for (int i = 0; i < k->feed.count; i++) {
        word(d, 7);
        name(d, &k->feed.sources[i].name);
        word(d, k->feed.sources[i].price);
        word(d, k->feed.sources[i].time);
    }
    orders(t, d, m);
}

static void auction(const struct twin *t, struct words *d, const struct auction *u) {
    word(d, 12);
    word(d, (int64_t)u->number);
    word(d, u->m);
    word(d, (int64_t)u->side);
    word(d, u->closes_at);
    for (int i = 0; i < u->offer_count; i++) {
        word(d, 13);
        word(d, number_of(t, u->offers[i].scope->account));
        word(d, u->offers[i].scope->market);
        word(d, u->offers[i].qty);
        wide_words(d, u->offers[i].promised);
    }
    for (int i = 0; i < u->bid_count; i++) {
        word(d, 14);
        word(d, number_of(t, u->bids[i].account));
        name(d, &u->bids[i].id);
        word(d, u->bids[i].qty);
        word(d, u->bids[i].price);
    }
    if (t->v->auction_format != WEIR_AUCTION_DUTCH) return;
    word(d, 23);
    word(d, u->started);
    word(d, u->start);
    word(d, u->end);
    word(d, u->restarts);
    word(d, u->sold);
    wide_words(d, u->offers[0].value);
    wide_words(d, u->offers[0].improvement);
    word(d, u->price);
    word(d, u->several);
}

/* ---- What policies remember ------------------------------------------------------------------ */

static void slots(const struct twin *t, struct words *d, int m, bool moves) {
    const struct notes *n = moves ? &t->m[m].moves : &t->m[m].trades;
    int64_t length = (moves ? 60 : 3600) * WEIR_SECOND, count = moves ? 60 : 24;
    for (int64_t slot = t->now / length - count + 1; slot <= t->now / length; slot++) {
        wide sum = 0;
        for (int i = 0; i < n->count; i++)
            if (n->at[i].t / length == slot) sum += n->at[i].amount;
        if (sum == 0) continue;
        word(d, 17);
        word(d, m);
        word(d, moves);
        word(d, slot);
        wide_words(d, sum);
    }
}

static void plan(const struct twin *t, struct words *d, const struct account *a, int m) {
    const struct position *p = &a->at[m];
    word(d, 18);
    word(d, number_of(t, a));
    word(d, m);
    word(d, p->next_slice);
    word(d, p->started);
    word(d, p->slice);
    word(d, p->first_lots);
    wide_words(d, p->traded);
    word(d, (int64_t)p->sliced_with);
}

static void account_plans(const struct twin *t, struct words *d, struct account *a) {
    bool fund = a->fund >= 0;
    const struct weir_policy_config *c = weir_twin_policy_of(t, fund);
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &a->at[m];
        bool closing = fund ? p->scheduled && p->schedule_start > 0 && t->m[m].phase == PHASE_OPEN
                            : weir_twin_scope(t, a, m)->queue == QUEUE_LIQUIDATING;
        if (weir_twin_keeps_plan(t, fund) && p->s != 0 && closing) plan(t, d, a, m);
        if (c->name != WEIR_POLICY_BLOCK_CAP || p->block != t->now / c->interval) continue;
        if (p->block_value == 0 && p->block_loss == 0) continue;
        word(d, 19);
        word(d, number_of(t, a));
        word(d, m);
        wide_words(d, p->block_value);
        wide_words(d, p->block_loss);
    }
}

static void closed_in(const struct twin *t, struct words *d, int m, bool fund) {
    const struct weir_policy_config *c = weir_twin_policy_of(t, fund);
    const struct closed *x = &t->m[m].closed[fund];
    wide count = 0;
    if (c->name == WEIR_POLICY_BLOCK_CAP && x->block == t->now / c->interval)
        count = x->block_value;
    if (c->name == WEIR_POLICY_WINDOW)
        for (int i = 0; i < x->values.count; i++)
            if (x->values.at[i].t > t->now - c->window) count += x->values.at[i].amount;
    if (c->name == WEIR_POLICY_RANDOM_SLICE)
        for (int i = 0; i < x->lots.count; i++)
            if (x->lots.at[i].t / (3600 * WEIR_SECOND) > t->now / (3600 * WEIR_SECOND) - 24)
                count += x->lots.at[i].amount;
    if (count == 0) return;
    word(d, 20);
    word(d, fund);
    word(d, m);
    wide_words(d, count);
}

static void policies(struct twin *t, struct words *d) {
    for (int m = 0; t->measures && m < t->markets; m++) {
        word(d, 16);
        word(d, m);
        wide_words(d, t->m[m].traded);
        word(d, t->m[m].marked_at);
        slots(t, d, m, false);
        slots(t, d, m, true);
    }
    for (int f = 0; f < t->funds; f++)
        account_plans(t, d, t->fund[f].account);
    for (int i = 0; i < t->account_count; i++)
        account_plans(t, d, t->accounts[i]);
    for (int m = 0; m < t->markets; m++) {
        closed_in(t, d, m, false);
        closed_in(t, d, m, true);
    }
}

static void budgets(const struct twin *t, struct words *d) {
    for (int m = 0; m < t->markets; m++) {
        word(d, 21);
        word(d, m);
        word(d, t->m[m].round - 1);
        wide_words(d, t->m[m].budget);
        const struct account *a = weir_twin_turn(t, m, 0);
        for (; a; a = weir_twin_turn(t, m, a->at[m].in_line))
            word(d, number_of(t, a));
    }
    for (int i = 0; i < t->account_count; i++) {
        for (int m = 0; m < t->markets; m++) {
            const struct position *p = &t->accounts[i]->at[m];
            if (!p->in_line && p->reserved == 0) continue;
            word(d, 22);
            word(d, number_of(t, t->accounts[i]));
            word(d, m);
            word(d, p->wanted);
            word(d, p->reserved);
            wide_words(d, p->credit);
        }
    }
}

static void account_profits(const struct twin *t, struct words *d, const struct account *a) {
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &a->at[m];
        if (p->profit_point != t->point || p->profit == 0) continue;
        word(d, 28);
        word(d, number_of(t, a));
        word(d, m);
        wide_words(d, p->profit);
    }
}

/* The parts of one account, of those that were frozen. */
static void parts_of(const struct twin *t, struct words *d, const struct account *a) {
    for (int i = 0; i < t->social.count; i++) {
        const struct part *p = &t->social.parts[i];
        if (p->account != a) continue;
        word(d, 27);
        word(d, number_of(t, a));
        word(d, p->market);
        word(d, p->group);
        wide_words(d, p->weight);
        wide_words(d, p->cap);
    }
}

static void social(const struct twin *t, struct words *d) {
    const struct social *c = &t->social;
    word(d, 25);
    word(d, c->sweeping ? c->looks : -1);
    word(d, c->sweeping ? c->accounts : 0);
    word(d, c->counted);
    word(d, c->known);
    word(d, c->asked);
    for (int m = 0; m < t->markets; m++) {
        if (weir_twin_group(t, m) != m) continue;
        word(d, 26);
        word(d, m);
        wide_words(d, t->m[m].charged);
        wide_words(d, t->m[m].left);
        wide_words(d, c->counted >= 0 ? t->m[m].counting : 0);
        wide_words(d, c->known ? t->m[m].total : 0);
    }
    for (int f = 0; f < t->funds; f++)
        parts_of(t, d, t->fund[f].account);
    for (int i = 0; i < t->account_count; i++)
        parts_of(t, d, t->accounts[i]);
    if (t->v->socialise_base != WEIR_SOCIALISE_PROFIT) return;
    for (int f = 0; f < t->funds; f++)
        account_profits(t, d, t->fund[f].account);
    for (int i = 0; i < t->account_count; i++)
        account_profits(t, d, t->accounts[i]);
}

uint64_t weir_twin_digest(struct twin *t) {
    struct words d = {0};
    word(&d, 1);
    word(&d, (int64_t)t->seq);
    word(&d, t->now);
    word(&d, t->clock_set);
    for (int f = 0; f < t->funds; f++)
        account(t, &d, t->fund[f].account);
    for (int i = 0; i < t->account_count; i++)
        account(t, &d, t->accounts[i]);
    for (int m = 0; m < t->markets; m++)
        market(t, &d, m);
    for (int f = 0; f < t->funds; f++) {
        const struct fund *x = &t->fund[f];
        word(&d, 10);
        wide_words(&d, x->cash);
        wide_words(&d, x->promised);
        for (int c = 0; c < WEIR_CAUSE_COUNT; c++)
            wide_words(&d, x->received[c]);
        for (int c = 0; c < WEIR_CAUSE_COUNT; c++)
            wide_words(&d, x->paid[c]);
        word(&d, x->stopped);
    }
    for (uint32_t a = 0; a < t->v->asset_count; a++) {
        word(&d, 11);
        wide_words(&d, t->assets[a].price);
        wide_words(&d, t->assets[a].fees);
        wide_words(&d, t->assets[a].deposits);
        wide_words(&d, t->assets[a].withdrawals);
    }
    for (int i = 0; i < t->auction_count; i++)
        auction(t, &d, &t->auctions[i]);
    for (int m = 0; m < t->markets; m++) {
        if (t->m[m].c->expiry == WEIR_NONE) continue;
        word(&d, 15);
        word(&d, m);
        word(&d, (int64_t)t->m[m].phase);
        word(&d, t->m[m].settlement_price);
    }
    policies(t, &d);
    if (t->v->market_budget_notional != WEIR_NONE) budgets(t, &d);
    for (int m = 0; m < t->markets; m++) {
        for (int side = 0; side < 2; side++) {
            if (!t->m[m].deleveraged[side]) continue;
            word(&d, 24);
            word(&d, m);
            word(&d, side);
            word(&d, number_of(t, t->m[m].deleveraged[side]));
        }
    }
    if (weir_twin_pools_wait(t)) social(t, &d);
    uint64_t h = XXH3_64bits(d.w, d.count * sizeof *d.w);
    free(d.w);
    return h;
}
