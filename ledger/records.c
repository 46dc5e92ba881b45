/* Scopes and legs, and the records that only some of them have. */
#include "ledger/internal.h"

/* ---- Scopes ---------------------------------------------------------------------------------- */

uint32_t weir_scope_open(struct weir_ledger *l, uint32_t account, uint32_t rank) {
    uint32_t i;
    if (l->free_scopes.count > 0)
        i = *WEIR_AT(&l->free_scopes, uint32_t, --l->free_scopes.count);
    else
        i = weir_pool_add(&l->scopes, 1);
    if (i == WEIR_NO_INDEX) return i;
    /* One that was left has no balance and no warning, but may still be in lists: flags stay. */
    struct weir_scope *s = weir_scope_at(l, i);
    s->account = account;
    s->rank = rank & ((1u << 11) - 1);
    s->first_leg = WEIR_NO_INDEX;
    s->collateral = WEIR_NO_INDEX;
    s->warned = s->warn_now = false;
    return i;
}

uint32_t *weir_holding_link(struct weir_ledger *l, uint32_t scope, uint32_t asset) {
    uint32_t *link = &weir_scope_at(l, scope)->collateral;
    while (*link != WEIR_NO_INDEX && weir_holding_at(l, *link)->asset < asset)
        link = &weir_holding_at(l, *link)->next;
    return link;
}

struct weir_holding *weir_holding_make(struct weir_ledger *l, uint32_t scope, uint32_t asset) {
    uint32_t *link = weir_holding_link(l, scope, asset);
    if (*link == WEIR_NO_INDEX || weir_holding_at(l, *link)->asset != asset) {
        uint32_t i = weir_pool_add(&l->holdings, 1);
        if (i == WEIR_NO_INDEX) return NULL;
        *weir_holding_at(l, i) = (struct weir_holding){
            .scope = scope, .asset = asset, .next = *link, .cross = WEIR_NO_INDEX};
        *link = i;
    }
    return weir_holding_at(l, *link);
}

uint32_t weir_cross_find(const struct weir_ledger *l, uint32_t account, uint32_t asset) {
    uint32_t cross = weir_account_at(l, account)->cross;
    if (asset == 0) return cross;
    uint32_t i = weir_scope_at(l, cross)->collateral;
    while (i != WEIR_NO_INDEX && weir_holding_at(l, i)->asset != asset)
        i = weir_holding_at(l, i)->next;
    return i == WEIR_NO_INDEX ? i : weir_holding_at(l, i)->cross;
}

uint32_t weir_account_cross(struct weir_ledger *l, uint32_t account, uint32_t asset) {
    uint32_t scope = weir_cross_find(l, account, asset);
    if (scope != WEIR_NO_INDEX) return scope;
    uint32_t first = weir_account_at(l, account)->cross;
    struct weir_holding *h = weir_holding_make(l, first, asset);
    if (!h) return WEIR_NO_INDEX;
    h->cross = weir_scope_open(l, account, asset);
    if (h->cross != WEIR_NO_INDEX)
        weir_scope_at(l, h->cross)->first_leg = weir_scope_at(l, first)->first_leg;
    return h->cross;
}

bool weir_scope_flat(const struct weir_ledger *l, uint32_t scope) {
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        if (weir_leg_at(l, i)->size != 0) return false;
    return true;
}

/* Counts the positions of a scope that enters (by 1) or leaves (by -1) the queue. */
static void count_queued(struct weir_ledger *l, const struct weir_scope *s, uint32_t by) {
    uint32_t scope = (uint32_t)(s - weir_scope_at(l, 0));
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        if (weir_leg_at(l, i)->size != 0) l->markets[weir_leg_at(l, i)->market].queued += by;
}

struct weir_case *weir_case_open(struct weir_ledger *l, struct weir_scope *s) {
    WEIR_CHECK(s->queue == WEIR_QUEUE_NONE);
    uint32_t i = l->free_case;
    if (i != 0) {
        l->free_case = WEIR_AT(&l->cases, struct weir_case, i)->next_free;
        /* Of the next one the link is read first. */
        __builtin_prefetch(WEIR_AT(&l->cases, struct weir_case, l->free_case), 1);
    } else {
        i = weir_pool_add(&l->cases, 1);
    }
    WEIR_CHECK(i != WEIR_NO_INDEX);
    struct weir_case *c = WEIR_AT(&l->cases, struct weir_case, i);
    *c = *WEIR_AT(&l->cases, struct weir_case, 0);
    s->case_idx = i;
    s->queue = WEIR_QUEUE_WAITING;
    count_queued(l, s, 1);
    return c;
}

void weir_case_close(struct weir_ledger *l, struct weir_scope *s) {
    weir_account_changes(l, s->account);
    weir_scope_case(l, s)->next_free = l->free_case;
    l->free_case = s->case_idx;
    s->case_idx = 0;
    s->queue = WEIR_QUEUE_NONE;
    count_queued(l, s, UINT32_MAX); /* one less each */
}

/* ---- Legs ------------------------------------------------------------------------------------ */

uint32_t weir_leg_find(const struct weir_ledger *l, uint32_t account, uint32_t market) {
    uint32_t i = weir_account_first_leg(l, account);
    while (i != WEIR_NO_INDEX && weir_leg_at(l, i)->market < market)
        i = weir_leg_at(l, i)->next;
    return i != WEIR_NO_INDEX && weir_leg_at(l, i)->market == market ? i : WEIR_NO_INDEX;
}

/* All cross scopes of an account begin at the same leg. */
static void set_first_leg(struct weir_ledger *l, uint32_t account, uint32_t leg) {
    struct weir_scope *cross = weir_scope_at(l, weir_account_at(l, account)->cross);
    cross->first_leg = leg;
    for (uint32_t i = cross->collateral; i != WEIR_NO_INDEX; i = weir_holding_at(l, i)->next) {
        uint32_t other = weir_holding_at(l, i)->cross;
        if (other != WEIR_NO_INDEX) weir_scope_at(l, other)->first_leg = leg;
    }
}

uint32_t weir_leg_get(struct weir_ledger *l, uint32_t account, uint32_t market) {
    uint32_t before = WEIR_NO_INDEX, after = weir_account_first_leg(l, account);
    while (after != WEIR_NO_INDEX && weir_leg_at(l, after)->market < market) {
        before = after;
        after = weir_leg_at(l, after)->next;
    }
    if (after != WEIR_NO_INDEX && weir_leg_at(l, after)->market == market) return after;
    const struct weir_market *m = &l->venue->markets[market];
    uint32_t scope = weir_account_cross(l, account, m->asset);
    uint32_t i = scope == WEIR_NO_INDEX ? scope : weir_pool_add(&l->legs, 1);
    if (i == WEIR_NO_INDEX) return i;
    uint32_t class_idx = weir_account_at(l, account)->class_idx;
    int64_t cap =
        weir_account_is_fund(l, account) ? INT64_MAX : l->venue->classes[class_idx].max_leverage;
    *weir_leg_at(l, i) = (struct weir_leg){.account = account,
                                           .scope = scope,
                                           .next = after,
                                           .market = (uint16_t)market,
                                           .leverage = (uint32_t)weir_min(m->default_leverage, cap),
                                           .position_slot = WEIR_NO_INDEX};
    if (before == WEIR_NO_INDEX)
        set_first_leg(l, account, i);
    else
        weir_leg_at(l, before)->next = i;
    return i;
}

bool weir_leg_isolate(struct weir_ledger *l, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(l, leg);
    WEIR_CHECK(g->size == 0 && weir_leg_orders(l, g)->order_count == 0 &&
               weir_leg_orders(l, g)->bid_count == 0);
    uint32_t scope = weir_scope_open(l, g->account, weir_scope_rank(g->market));
    if (scope == WEIR_NO_INDEX) return false;
    weir_account_changes(l, g->account);
    weir_scope_at(l, scope)->first_leg = leg;
    g->scope = scope;
    return true;
}

void weir_leg_rejoin(struct weir_ledger *l, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(l, leg);
    struct weir_scope *s = weir_scope_at(l, g->scope);
    weir_wide balance = weir_scope_own_balance(s);
    WEIR_CHECK(g->size == 0 && balance >= 0 && s->queue == WEIR_QUEUE_NONE);
    uint32_t left = g->scope;
    weir_account_changes(l, g->account);
    g->scope = weir_account_cross(l, g->account, l->venue->markets[g->market].asset);
    WEIR_CHECK(g->scope != WEIR_NO_INDEX); /* made with the leg */
    scope_add(weir_scope_at(l, g->scope), balance);
    scope_add(s, -balance);
    uint32_t i = weir_pool_add(&l->free_scopes, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&l->free_scopes, uint32_t, i) = left;
}

/* ---- What few legs have ---------------------------------------------------------------------- */

void weir_leg_orders_open(struct weir_ledger *l, struct weir_leg *g) {
    uint32_t i = l->free_orders;
    if (i != 0)
        l->free_orders = WEIR_AT(&l->orders, struct weir_leg_orders, i)->bid_count;
    else
        i = weir_pool_add(&l->orders, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&l->orders, struct weir_leg_orders, i) =
        *WEIR_AT(&l->orders, struct weir_leg_orders, 0);
    g->orders = i;
}

void weir_leg_loss_add(struct weir_ledger *l, struct weir_leg *g, weir_wide loss) {
    struct weir_leg_orders *o = weir_leg_orders_make(l, g);
    loss += weir_leg_open(l, g).loss;
    WEIR_CHECK(loss >= 0 && loss >> 64 <= INT32_MAX);
    o->loss_low = (uint64_t)loss;
    o->loss_high = (int32_t)(loss >> 64);
}

struct weir_leg_extra *weir_leg_extra_make(struct weir_ledger *l, struct weir_leg *g) {
    if (g->extra == 0) {
        uint32_t i = l->free_extra;
        if (i != 0)
            l->free_extra = WEIR_AT(&l->extras, struct weir_leg_extra, i)->next_free;
        else
            i = weir_pool_add(&l->extras, 1);
        WEIR_CHECK(i != WEIR_NO_INDEX);
        *WEIR_AT(&l->extras, struct weir_leg_extra, i) =
            *WEIR_AT(&l->extras, struct weir_leg_extra, 0);
        g->extra = i;
    }
    return WEIR_AT(&l->extras, struct weir_leg_extra, g->extra);
}

static bool works(const struct weir_leg_work *w) {
    return w->stage != WEIR_STAGE_NONE || w->beyond_book || w->closed_any || w->wait_seq != 0 ||
           w->empty_slices != 0 || w->offer_next != WEIR_NO_INDEX || w->parked != 0 ||
           w->promised != 0 || w->realised != 0;
}

static void trim_orders(struct weir_ledger *l, struct weir_leg *g) {
    struct weir_leg_orders *o = WEIR_AT(&l->orders, struct weir_leg_orders, g->orders);
    if (g->orders == 0 || o->order_count > 0 || o->bid_count > 0) return;
    WEIR_CHECK(o->buys == 0 && o->sells == 0 && o->loss_low == 0 && o->loss_high == 0);
    o->bid_count = l->free_orders;
    l->free_orders = g->orders;
    g->orders = 0;
}

void weir_leg_trim(struct weir_ledger *l, struct weir_leg *g, weir_time now) {
    trim_orders(l, g);
    struct weir_leg_extra *e = WEIR_AT(&l->extras, struct weir_leg_extra, g->extra);
    if (g->extra == 0 || e->cooldown_until > now || e->backstop_free > 0) return;
    if ((e->gap_until > now && e->gap_paid != 0) || works(&e->work)) return;
    if (e->block_until > now) return;
    e->next_free = l->free_extra;
    l->free_extra = g->extra;
    g->extra = 0;
}
