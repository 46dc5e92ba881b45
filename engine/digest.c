/* The state digest: docs/rules.md, "State digest", record by record. */
#include "engine/internal.h"

#include <string.h>
#include <xxhash.h>

struct digest {
    XXH3_state_t *state;
    uint32_t n;
    int64_t words[512];
};

static void word(struct digest *d, int64_t w) {
    if (d->n == 512) {
        XXH3_64bits_update(d->state, d->words, sizeof d->words);
        d->n = 0;
    }
    d->words[d->n++] = w;
}
static void wide(struct digest *d, weir_wide w) {
    word(d, (int64_t)(uint64_t)w);
    word(d, (int64_t)(w >> 64));
}
static void name(struct digest *d, const struct weir_name *n) {
    int64_t w[4];
    memcpy(w, n->text, sizeof w);
    for (int i = 0; i < 4; i++)
        word(d, w[i]);
}
/* -1 - asset for a cross scope, else the market. */
static int64_t scope_market(const struct weir_scope *s) {
    return weir_scope_is_isolated(s) ? weir_scope_code(s) : -1 - (int64_t)s->rank;
}

static void digest_scope(struct digest *d, const struct weir_exchange *x, uint32_t scope) {
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    bool active = s->queue == WEIR_QUEUE_ACTIVE;
    word(d, 3);
    word(d, scope_market(s));
    wide(d, weir_scope_balance(&x->ledger, scope));
    word(d, s->warned);
    word(d, s->queue);
    word(d, active ? (int64_t)weir_scope_case(&x->ledger, s)->liquidation : 0);
}

/* One for each settlement asset, whether it was ever used or not. */
static void digest_cross_scopes(struct digest *d, const struct weir_exchange *x, uint32_t account) {
    for (uint32_t asset = 0; asset < x->venue->asset_count; asset++) {
        if (!weir_asset_settles(x->venue, asset)) continue;
        uint32_t scope = weir_cross_find(&x->ledger, account, asset);
        if (scope != WEIR_NO_INDEX) {
            digest_scope(d, x, scope);
            continue;
        }
        const int64_t unused[] = {3, -1 - (int64_t)asset, 0, 0, 0, 0, 0};
        for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++)
            word(d, unused[i]);
    }
}

static bool is_isolated(const struct weir_ledger *l, const struct weir_leg *g) {
    return weir_scope_is_isolated(weir_scope_at(l, g->scope));
}

static void digest_account(struct digest *d, const struct weir_exchange *x, uint32_t account) {
    const struct weir_ledger *l = &x->ledger;
    const struct weir_account *a = weir_account_at(l, account);
    word(d, 2);
    name(d, weir_account_name(l, account));
    name(d, weir_owner_name(l, account));
    word(d, a->class_idx);
    uint32_t first = weir_account_first_leg(l, account);
    digest_cross_scopes(d, x, account);
    for (uint32_t i = first; i != WEIR_NO_INDEX; i = weir_leg_at(l, i)->next)
        if (is_isolated(l, weir_leg_at(l, i))) digest_scope(d, x, weir_leg_at(l, i)->scope);
    for (uint32_t i = weir_scope_at(l, a->cross)->collateral; i != WEIR_NO_INDEX;
         i = weir_holding_at(l, i)->next) {
        const struct weir_holding *h = weir_holding_at(l, i);
        if (h->amount == 0) continue;
        word(d, 4);
        word(d, h->asset);
        wide(d, h->amount);
    }
    for (uint32_t i = first; i != WEIR_NO_INDEX; i = weir_leg_at(l, i)->next) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size == 0 && !g->leverage_set && !g->mode_set) continue;
        word(d, 5);
        word(d, g->market);
        word(d, is_isolated(l, g));
        word(d, g->leverage);
        word(d, g->size);
        word(d, g->entry_value);
    }
}

static void digest_side(struct digest *d, const struct weir_exchange *x,
                        const struct weir_ladder *ladder) {
    for (uint32_t i = weir_ladder_first(ladder); i != WEIR_NO_INDEX;
         i = weir_ladder_next(ladder, &x->orders, i)) {
        const struct weir_order *o = weir_order_at(&x->orders, i);
        word(d, 8);
        word(d, o->account);
        name(d, weir_order_name(&x->orders, i));
        word(d, o->side);
        word(d, o->price);
        word(d, o->open);
        word(d, !!(o->flags & WEIR_ORDER_REDUCE_ONLY));
    }
}

/* Waiting stops in order of acceptance: the oldest of those not written yet, again and again over
 * the four ladders' and the line's members, gathered once. */
static void digest_stops(struct digest *d, struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    uint32_t first = e->scratch.count, n = 0;
    for (int t = 0; t < 2; t++) {
        for (int s = 0; s < 2; s++) {
            const struct weir_ladder *ladder = x->books[market].stops[t][s];
            for (uint32_t i = weir_ladder_first(ladder); i != WEIR_NO_INDEX;
                 i = weir_ladder_next(ladder, &x->orders, i), n++) {
                WEIR_CHECK(weir_pool_add(&e->scratch, 4) != WEIR_NO_INDEX);
                memcpy(e->scratch.base + first + 4 * n, &i, 4);
            }
        }
    }
    for (uint32_t i = x->line.head; i != WEIR_NO_INDEX; i = weir_order_at(&x->orders, i)->next) {
        if (weir_order_at(&x->orders, i)->market != market) continue;
        WEIR_CHECK(weir_pool_add(&e->scratch, 4) != WEIR_NO_INDEX);
        memcpy(e->scratch.base + first + 4 * n++, &i, 4);
    }
    uint32_t *at = (uint32_t *)(void *)(e->scratch.base + first);
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            uint32_t idx = at[i], j = i;
            uint64_t age = weir_order_at(&x->orders, idx)->age;
            for (; j >= gap && weir_order_at(&x->orders, at[j - gap])->age > age; j -= gap)
                at[j] = at[j - gap];
            at[j] = idx;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct weir_order *o = weir_order_at(&x->orders, at[i]);
        word(d, 9);
        word(d, o->account);
        name(d, weir_order_name(&x->orders, at[i]));
        word(d, o->side);
        word(d, o->flags & WEIR_ORDER_STOP_LIMIT ? WEIR_STOP_LIMIT : WEIR_STOP);
        word(d, o->stop_price);
        word(d, o->price);
        word(d, o->open);
        word(d, !!(o->flags & WEIR_ORDER_REDUCE_ONLY));
    }
}

static void digest_market(struct digest *d, struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    const struct weir_price_state *p = &x->prices[market];
    word(d, 6);
    word(d, x->risks[market].status);
    word(d, p->index);
    word(d, p->mark);
    word(d, p->last);
    word(d, p->previous_mark);
    word(d, p->stale);
    word(d, p->ema);
    word(d, p->funding_rate);
    word(d, p->carry);
    wide(d, x->ledger.markets[market].pool);
    for (uint32_t i = 0; i < p->feed.count; i++) {
        word(d, 7);
        name(d, &p->feed.source[i].name);
        word(d, p->feed.source[i].price);
        word(d, p->feed.source[i].updated);
    }
    digest_side(d, x, x->books[market].side[WEIR_BUY]);
    digest_side(d, x, x->books[market].side[WEIR_SELL]);
    digest_stops(d, e, market);
}

static void digest_auction(struct digest *d, const struct weir_engine *e,
                           const struct weir_open_auction *a) {
    const struct weir_exchange *x = &e->x;
    word(d, 12);
    word(d, (int64_t)a->number);
    word(d, a->market);
    word(d, a->side);
    word(d, a->closes_at);
    for (uint32_t i = a->first_offer; i != WEIR_NO_INDEX;
         i = weir_leg_work(&x->ledger, weir_leg_at(&x->ledger, i))->offer_next) {
        const struct weir_leg *g = weir_leg_at(&x->ledger, i);
        const struct weir_leg_work *w = weir_leg_work(&x->ledger, g);
        word(d, 13);
        word(d, g->account);
        word(d, scope_market(weir_scope_at(&x->ledger, g->scope)));
        word(d, w->parked);
        wide(d, w->promised);
    }
    for (uint32_t i = a->first_bid; i != WEIR_NO_INDEX; i = weir_order_at(&x->orders, i)->next) {
        const struct weir_order *o = weir_order_at(&x->orders, i);
        word(d, 14);
        word(d, o->account);
        name(d, weir_order_name(&x->orders, i));
        word(d, o->open);
        word(d, o->price);
    }
    if (x->venue->auction_format != WEIR_AUCTION_DUTCH) return;
    const struct weir_dutch_run *run = &a->dutch;
    word(d, 23);
    word(d, run->started);
    word(d, run->start);
    word(d, run->end);
    word(d, run->restarts);
    word(d, run->sold);
    wide(d, run->value);
    wide(d, run->better);
    word(d, run->price.known ? run->price.value : 0);
    word(d, run->several_prices);
}

static void digest_money(struct digest *d, const struct weir_engine *e) {
    const struct weir_exchange *x = &e->x;
    for (uint32_t i = 0; i < e->lq.funds.count; i++) {
        const struct weir_fund *f = &e->lq.funds.fund[i];
        word(d, 10);
        wide(d, f->cash);
        wide(d, f->promised);
        for (int k = 0; k < WEIR_CAUSE_COUNT; k++)
            wide(d, f->received[k]);
        for (int k = 0; k < WEIR_CAUSE_COUNT; k++)
            wide(d, f->paid[k]);
        word(d, f->drawdown.stopped);
    }
    for (uint32_t a = 0; a < x->venue->asset_count; a++) {
        word(d, 11);
        wide(d, x->collateral[a].price);
        wide(d, x->ledger.assets[a].fees);
        wide(d, x->ledger.assets[a].deposits);
        wide(d, x->ledger.assets[a].withdrawals);
    }
}

/* ---- What policies remember ------------------------------------------------------------------ */

static void digest_slots(struct digest *d, const struct weir_bucket *ring, uint32_t n,
                         int64_t now_slot, int64_t market, int64_t kind) {
    for (int64_t slot = weir_max(0, now_slot - n + 1); slot <= now_slot; slot++) {
        const struct weir_bucket *b = &ring[slot % n];
        if (b->slot != slot || b->sum == 0) continue;
        word(d, 17);
        word(d, market);
        word(d, kind);
        word(d, slot);
        wide(d, b->sum);
    }
}

static void digest_measure(struct digest *d, const struct weir_exchange *x, uint32_t market) {
    const struct weir_measure *m = &x->measures[market];
    word(d, 16);
    word(d, market);
    wide(d, m->traded);
    word(d, m->since);
    digest_slots(d, m->volume, WEIR_VOLUME_SLOTS, weir_hour(x->now), market, 0);
    digest_slots(d, m->moves, WEIR_MOVE_SLOTS, weir_minute(x->now), market, 1);
}

static void digest_plan(struct digest *d, const struct weir_leg *g,
                        const struct weir_leg_plan *plan) {
    word(d, 18);
    word(d, g->account);
    word(d, g->market);
    word(d, plan->next);
    word(d, plan->started);
    word(d, plan->slice);
    word(d, plan->first_lots);
    wide(d, plan->traded);
    word(d, (int64_t)plan->sliced_with);
}

static const struct weir_policy_config *policy_of(const struct weir_exchange *x, bool fund) {
    return fund ? &x->venue->absorb_policy : &x->venue->policy;
}

/* The plan of a position that is being closed; what `block_cap` counts of its account. */
static void digest_leg_policy(struct digest *d, const struct weir_engine *e, uint32_t leg) {
    const struct weir_exchange *x = &e->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    bool fund = weir_account_is_fund(&x->ledger, g->account);
    const struct weir_policy_config *config = policy_of(x, fund);
    const struct weir_leg_extra *extra = weir_leg_extra(&x->ledger, g);
    if (weir_policy_plans(config) && g->size != 0) {
        if (!fund && weir_scope_at(&x->ledger, g->scope)->queue == WEIR_QUEUE_ACTIVE)
            digest_plan(d, g, &extra->plan);
        else if (fund && e->lq.funds.fund[g->account].unwind[g->market].since > 0)
            digest_plan(d, g, &e->lq.funds.fund[g->account].unwind[g->market].plan);
    }
    if (config->name != WEIR_POLICY_BLOCK_CAP || extra->block != x->now / config->interval) return;
    if (extra->block_notional == 0 && extra->block_loss == 0) return;
    word(d, 19);
    word(d, g->account);
    word(d, g->market);
    wide(d, extra->block_notional);
    wide(d, extra->block_loss);
}

/* What was closed in a market that a policy's caps still count. */
static void digest_closed(struct digest *d, const struct weir_exchange *x, uint32_t market,
                          bool fund, const struct weir_policy_market *state) {
    const struct weir_policy_config *config = policy_of(x, fund);
    weir_wide count = 0;
    weir_time oldest;
    if (config->name == WEIR_POLICY_BLOCK_CAP)
        count = state->block == x->now / config->interval ? state->block_notional : 0;
    else if (config->name == WEIR_POLICY_WINDOW)
        count = weir_window_used(config, state, x->now, &oldest);
    else if (config->name == WEIR_POLICY_RANDOM_SLICE)
        count = weir_bucket_sum(state->closed, WEIR_VOLUME_SLOTS, weir_hour(x->now));
    if (count == 0) return;
    word(d, 20);
    word(d, fund);
    word(d, market);
    wide(d, count);
}

/* The budget's line of each market, and what positions are given of it. */
static void digest_budgets(struct digest *d, const struct weir_engine *e) {
    const struct weir_exchange *x = &e->x;
    for (uint32_t m = 0; m < x->venue->market_count; m++) {
        const struct weir_budget *b = &e->lq.budgets[m];
        word(d, 21);
        word(d, m);
        word(d, b->round);
        wide(d, b->left);
        for (uint32_t leg = b->first; leg != WEIR_NO_INDEX;) {
            const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
            word(d, g->account);
            leg = weir_leg_extra(&x->ledger, g)->turn.next;
            if (leg == b->first) break;
        }
    }
    for (uint32_t i = 0; i < x->ledger.accounts.count; i++) {
        uint32_t leg = weir_account_first_leg(&x->ledger, i);
        for (; leg != WEIR_NO_INDEX; leg = weir_leg_at(&x->ledger, leg)->next) {
            const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
            const struct weir_leg_turn *t = &weir_leg_extra(&x->ledger, g)->turn;
            if (!t->in_line && t->reserved == 0) continue;
            word(d, 22);
            word(d, i);
            word(d, g->market);
            word(d, t->wanted);
            word(d, t->reserved);
            wide(d, t->credit);
        }
    }
}

static void digest_policies(struct digest *d, const struct weir_engine *e) {
    const struct weir_exchange *x = &e->x;
    for (uint32_t m = 0; x->measures && m < x->venue->market_count; m++)
        digest_measure(d, x, m);
    bool plans =
        weir_policy_plans(&x->venue->policy) || weir_policy_plans(&x->venue->absorb_policy);
    for (uint32_t i = 0; plans && i < x->ledger.accounts.count; i++) {
        uint32_t leg = weir_account_first_leg(&x->ledger, i);
        for (; leg != WEIR_NO_INDEX; leg = weir_leg_at(&x->ledger, leg)->next)
            digest_leg_policy(d, e, leg);
    }
    for (uint32_t m = 0; m < x->venue->market_count; m++) {
        digest_closed(d, x, m, false, &e->lq.closed[m]);
        digest_closed(d, x, m, true, &e->lq.unwound[m]);
    }
}

/* rotation: whose turn was last. */
static void digest_turns(struct digest *d, const struct weir_exchange *x) {
    for (uint32_t m = 0; m < x->venue->market_count; m++) {
        for (int side = 0; side < 2; side++) {
            uint32_t last = x->ledger.markets[m].deleveraged[side];
            if (last == WEIR_NO_INDEX) continue;
            word(d, 24);
            word(d, m);
            word(d, side);
            word(d, last);
        }
    }
}

/* ---- Loss pools of groups (R29) -------------------------------------------------------------- */

struct frozen_of {
    struct digest *d;
    const struct weir_social *social;
    uint32_t account;
};
static void digest_part(void *ctx, const struct weir_social_part *p) {
    const struct frozen_of *f = ctx;
    struct digest *d = f->d;
    uint32_t code = p->scope_code, assets = WEIR_ASSETS_MAX;
    int64_t scope = code;
    for (uint32_t a = 0; a < assets; a++)
        if (code == WEIR_CROSS(a)) scope = -1 - (int64_t)a;
    word(d, 27);
    word(d, f->account);
    word(d, scope);
    word(d, f->social->groups[p->group].market);
    wide(d, p->weight);
    wide(d, p->cap);
}

static void digest_social(struct digest *d, struct weir_engine *e) {
    const struct weir_social *c = &e->lq.social;
    const struct weir_ledger *l = &e->x.ledger;
    bool sweeps = c->pass != WEIR_SOCIAL_NONE;
    word(d, 25);
    word(d, sweeps ? (int64_t)c->looks : -1);
    word(d, sweeps ? c->accounts : 0);
    word(d, c->counting ? (int64_t)c->counted_to : -1);
    word(d, c->known);
    word(d, c->asked);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct weir_social_group *g = &c->groups[i];
        word(d, 26);
        word(d, g->market);
        wide(d, g->amount);
        wide(d, g->left);
        wide(d, c->counting ? g->counting : 0);
        wide(d, c->known ? g->counted : 0);
    }
    for (uint32_t i = 0; sweeps && i < c->accounts; i++) {
        struct frozen_of f = {d, c, i};
        weir_social_frozen(&e->lq, i, digest_part, &f);
    }
    for (uint32_t i = 0; l->keeps_profits && i < l->accounts.count; i++) {
        uint32_t leg = weir_account_first_leg(l, i);
        for (; leg != WEIR_NO_INDEX; leg = weir_leg_at(l, leg)->next) {
            weir_wide realised = weir_leg_profit(l, leg, l->point);
            if (realised == 0) continue;
            word(d, 28);
            word(d, i);
            word(d, weir_leg_at(l, leg)->market);
            wide(d, realised);
        }
    }
}

uint64_t weir_engine_digest(struct weir_engine *e) {
    struct digest d = {.state = XXH3_createState()};
    WEIR_CHECK(d.state != NULL && XXH3_64bits_reset(d.state) == XXH_OK);
    word(&d, 1);
    word(&d, (int64_t)e->x.seq);
    word(&d, e->x.now);
    word(&d, e->clock_set);
    for (uint32_t i = 0; i < e->x.ledger.accounts.count; i++)
        digest_account(&d, &e->x, i);
    for (uint32_t m = 0; m < e->x.venue->market_count; m++)
        digest_market(&d, e, m);
    digest_money(&d, e);
    const struct weir_open_auction *a = NULL;
    for (uint64_t n = 0; (a = weir_auction_after(&e->lq, n)) != NULL; n = a->number)
        digest_auction(&d, e, a);
    for (uint32_t m = 0; m < e->x.venue->market_count; m++) {
        if (e->x.venue->markets[m].expiry == WEIR_NONE) continue;
        word(&d, 15);
        word(&d, m);
        word(&d, e->x.prices[m].phase);
        word(&d, e->x.prices[m].settlement);
    }
    digest_policies(&d, e);
    if (e->lq.budgets) digest_budgets(&d, e);
    digest_turns(&d, &e->x);
    if (e->lq.social.on) digest_social(&d, e);
    XXH3_64bits_update(d.state, d.words, d.n * sizeof d.words[0]);
    uint64_t hash = XXH3_64bits_digest(d.state);
    XXH3_freeState(d.state);
    return hash;
}
