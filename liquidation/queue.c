/* The queue: scopes in the venue's order (R19), and those that wait for something. */
#include "liquidation/stages.h"

#include <errno.h>
#include <stdlib.h>

static struct weir_scope *scope_at(const struct weir_liquidator *lq, uint32_t i) {
    return weir_scope_at(&lq->x->ledger, i);
}

static struct weir_case *case_at(const struct weir_liquidator *lq, uint32_t scope) {
    return weir_scope_case(&lq->x->ledger, scope_at(lq, scope));
}

/* Lower equity / REQ first: negative when a comes first, 0 when they are equal. */
static int compare_health(const struct weir_case *a, const struct weir_case *b) {
    bool zero_a = a->key_requirement == 0, zero_b = b->key_requirement == 0;
    if (zero_a != zero_b) return zero_a ? -1 : 1;
    if (!zero_a)
        return weir_cmp_products(a->key_equity, b->key_requirement, b->key_equity,
                                 a->key_requirement);
    return (a->key_equity > b->key_equity) - (a->key_equity < b->key_equity);
}

/* The fraction of a ratio kept in an entry's `key` and once more in its `fine`: two ratios whose
 * denominators are below 2^48 and that agree in 96 bits behind the point are equal. */
#define RATIO_BITS 48

/* equity / REQ of a case, lower first; a REQ of 0 before all others. False when it is not exact. */
static bool ratio_key(const struct weir_case *c, int64_t *key, uint64_t *fine) {
    weir_wide e = c->key_equity, r = c->key_requirement;
    *fine = 0;
    if (r == 0) {
        *key = INT64_MIN;
        *fine = (uint64_t)weir_saturate(e) ^ (UINT64_C(1) << 63); /* signed order */
        return weir_narrow(e);
    }
    weir_wide one = (weir_wide)1 << RATIO_BITS, ratio = weir_mul_div_floor(e, one, r);
    *key = weir_max(INT64_MIN + 1, weir_saturate(ratio));
    if (*key != ratio || !weir_narrow(e) || r >= one) return false;
    weir_wide rest = e * one - ratio * r; /* below r */
    *fine = (uint64_t)weir_div_floor(rest * one, r);
    return true;
}

/* What the heaps order a case by, from its key. */
static void set_order(const struct weir_liquidator *lq, const struct weir_scope *s,
                      struct weir_case *c) {
    c->heap_order = weir_account_order(&lq->x->ledger, s->account) << 11 | s->rank;
    c->heap_fine = 0;
    int64_t ratio;
    uint64_t fine;
    switch (lq->x->venue->queue_order) {
    case WEIR_WORST_FIRST:
        if (!ratio_key(c, &c->heap_key, &c->heap_fine)) c->heap_order |= WEIR_HEAP_ROUGH;
        break;
    case WEIR_FIFO: /* then worst first, as far as one number tells */
        ratio_key(c, &ratio, &fine);
        c->heap_key = c->entered;
        c->heap_fine = (uint64_t)ratio ^ (UINT64_C(1) << 63);
        c->heap_order |= WEIR_HEAP_OPEN;
        break;
    case WEIR_LARGEST_FIRST:
        c->heap_key = -weir_saturate(c->key_notional);
        if (!weir_narrow(c->key_notional)) c->heap_order |= WEIR_HEAP_ROUGH;
        break;
    }
}

static struct weir_case *entry_case(const struct weir_liquidator *lq,
                                    const struct weir_heap_entry *e) {
    return WEIR_AT(&lq->x->ledger.cases, struct weir_case, e->case_idx);
}

/* Where the numbers do not tell. */
static bool before_exactly(const struct weir_liquidator *lq, const struct weir_heap_entry *a,
                           const struct weir_heap_entry *b) {
    const struct weir_case *x = entry_case(lq, a), *y = entry_case(lq, b);
    bool largest = lq->x->venue->queue_order == WEIR_LARGEST_FIRST;
    if (largest && x->key_notional != y->key_notional) return x->key_notional > y->key_notional;
    int c = largest ? 0 : compare_health(x, y);
    if (c != 0) return c < 0;
    return weir_scope_before(&lq->x->ledger, scope_at(lq, a->scope), scope_at(lq, b->scope));
}

static inline bool before(const struct weir_liquidator *lq, const struct weir_heap_entry *a,
                          const struct weir_heap_entry *b) {
    if (a->key != b->key) return a->key < b->key;
    uint64_t flags = a->order | b->order;
    if (flags & WEIR_HEAP_ROUGH) return before_exactly(lq, a, b);
    if (a->fine != b->fine) return a->fine < b->fine;
    return flags & WEIR_HEAP_OPEN ? before_exactly(lq, a, b) : a->order < b->order;
}

static uint32_t *slot_of(const struct weir_scope_heap *heap, struct weir_case *c) {
    return heap->adl ? &c->adl_slot : &c->queue_slot;
}

static void place(const struct weir_liquidator *lq, struct weir_scope_heap *heap, uint32_t slot,
                  struct weir_heap_entry e) {
    *WEIR_AT(&heap->entries, struct weir_heap_entry, slot) = e;
    *slot_of(heap, entry_case(lq, &e)) = slot;
}

static void sift(const struct weir_liquidator *lq, struct weir_scope_heap *heap, uint32_t slot,
                 struct weir_heap_entry e) {
    const struct weir_heap_entry *at = WEIR_AT(&heap->entries, struct weir_heap_entry, 0);
    while (slot > 0 && before(lq, &e, &at[(slot - 1) / 4])) {
        place(lq, heap, slot, at[(slot - 1) / 4]);
        slot = (slot - 1) / 4;
    }
    for (uint32_t child; (child = 4 * slot + 1) < heap->entries.count;) {
        uint32_t end = child + 4 < heap->entries.count ? child + 4 : heap->entries.count;
        uint32_t first = child;
        while (++child < end)
            if (before(lq, &at[child], &at[first])) first = child;
        if (!before(lq, &at[first], &e)) break;
        place(lq, heap, slot, at[first]);
        slot = first;
    }
    place(lq, heap, slot, e);
}

void weir_heap_put(struct weir_liquidator *lq, struct weir_scope_heap *heap, uint32_t scope) {
    struct weir_case *c = case_at(lq, scope);
    uint32_t slot = *slot_of(heap, c);
    if (slot == WEIR_NO_INDEX) slot = weir_pool_add(&heap->entries, 1);
    WEIR_CHECK(slot != WEIR_NO_INDEX);
    sift(lq, heap, slot,
         (struct weir_heap_entry){c->heap_key, c->heap_fine, c->heap_order, scope,
                                  scope_at(lq, scope)->case_idx});
}

void weir_heap_drop(struct weir_liquidator *lq, struct weir_scope_heap *heap, uint32_t scope) {
    uint32_t *own = slot_of(heap, case_at(lq, scope)), slot = *own;
    if (slot == WEIR_NO_INDEX) return;
    *own = WEIR_NO_INDEX;
    uint32_t last = --heap->entries.count;
    if (slot != last) sift(lq, heap, slot, *WEIR_AT(&heap->entries, struct weir_heap_entry, last));
}

uint32_t weir_heap_top(const struct weir_scope_heap *heap) {
    return heap->entries.count ? WEIR_AT(&heap->entries, struct weir_heap_entry, 0)->scope
                               : WEIR_NO_INDEX;
}

/* Whoever is next is the root, or a child of one that came before. */
uint32_t weir_heap_first(const struct weir_liquidator *lq, const struct weir_scope_heap *heap,
                         uint32_t *scopes, uint32_t most) {
    const struct weir_heap_entry *at = WEIR_AT(&heap->entries, struct weir_heap_entry, 0);
    uint32_t edge[WEIR_AHEAD * 3 + 1] = {0}, edges = heap->entries.count > 0, n = 0;
    WEIR_CHECK(most <= WEIR_AHEAD);
    while (edges > 0 && n < most) {
        uint32_t first = 0;
        for (uint32_t i = 1; i < edges; i++)
            if (before(lq, &at[edge[i]], &at[edge[first]])) first = i;
        uint32_t slot = edge[first];
        scopes[n++] = at[slot].scope;
        edge[first] = edge[--edges];
        if (n == most) break;
        for (uint32_t child = 4 * slot + 1; child <= 4 * slot + 4; child++)
            if (child < heap->entries.count) edge[edges++] = child;
    }
    return n;
}

static void look_anew(struct weir_liquidator *lq, uint32_t scope) {
    lq->look.scope = scope;
    lq->look.moves = lq->x->trigger.moves;
    weir_health_brief(lq->x, scope, &lq->look.health);
}

/* Does a key say all that a look does, but for what is quickly added? */
static bool key_tells_all(const struct weir_exchange *x) {
    return x->venue->trigger_rule != WEIR_TRIGGER_INITIAL_FRACTION && !x->reserves_at_bankruptcy;
}

static void look_by_key(const struct weir_exchange *x, uint32_t scope, const struct weir_case *c,
                        struct weir_health *h) {
    const struct weir_ledger *l = &x->ledger;
    *h = (struct weir_health){.equity = c->key_equity,
                              .reserve_equity = c->key_equity,
                              .requirement = c->key_requirement,
                              .maintenance = c->key_requirement,
                              .notional = c->key_notional,
                              .balance = weir_scope_own_balance(weir_scope_at(l, scope))};
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size == 0) continue;
        h->positions++;
        h->balance += weir_leg_pending(l, g);
        h->stale |= x->prices[g->market].stale;
    }
}

void weir_look(struct weir_liquidator *lq, uint32_t scope, struct weir_health *h) {
    const struct weir_scope *s = scope_at(lq, scope);
    const struct weir_case *c = case_at(lq, scope);
    uint64_t moves = lq->x->trigger.moves;
    bool holds = !s->rekey_listed && lq->look.scope == scope && lq->look.moves == moves;
    if (!holds && !s->rekey_listed && c->key_moves == moves && key_tells_all(lq->x)) {
        look_by_key(lq->x, scope, c, h);
    } else {
        if (!holds) look_anew(lq, scope);
        *h = lq->look.health;
    }
#ifdef WEIR_HEAVY_CHECKS
    struct weir_health now;
    weir_health_brief(lq->x, scope, &now);
    WEIR_HEAVY(now.equity == h->equity && now.requirement == h->requirement);
    WEIR_HEAVY(now.balance == h->balance && now.maintenance == h->maintenance);
    WEIR_HEAVY(now.notional == h->notional && now.positions == h->positions);
#endif
}

static void take_key(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_case *c = case_at(lq, scope);
    look_anew(lq, scope);
    c->key_equity = weir_fresh(&lq->look.health.equity);
    c->key_requirement = weir_fresh(&lq->look.health.requirement);
    c->key_notional = weir_fresh(&lq->look.health.notional);
    c->key_moves = lq->x->trigger.moves;
    set_order(lq, scope_at(lq, scope), c);
}

void weir_queue_rekey(struct weir_liquidator *lq) {
    struct weir_pool *list = &lq->x->trigger.rekey;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t scope = *WEIR_AT(list, uint32_t, i);
        struct weir_scope *s = scope_at(lq, scope);
        s->rekey_listed = false;
        if (s->queue == WEIR_QUEUE_NONE) continue;
        take_key(lq, scope);
        const struct weir_case *c = case_at(lq, scope);
        if (c->queue_slot != WEIR_NO_INDEX) weir_heap_put(lq, &lq->ready, scope);
        if (c->adl_slot != WEIR_NO_INDEX) weir_heap_put(lq, &lq->adl, scope);
        weir_queue_wake(lq, scope);
    }
    list->count = 0;
}

/* Of a scope that an earlier look found. */
static bool still_liquidatable(const struct weir_exchange *x, uint32_t scope) {
    struct weir_health h;
    weir_health_brief(x, scope, &h);
    return weir_liquidatable(x, &h);
}

void weir_queue_enter(struct weir_liquidator *lq) {
    struct weir_exchange *x = lq->x;
    weir_trigger_collect(x);
    struct weir_pool *found = &x->trigger.found;
    for (uint32_t i = 0; i < found->count; i++) {
        uint32_t scope = *WEIR_AT(found, uint32_t, i);
        struct weir_scope *s = scope_at(lq, scope);
        if (s->queue != WEIR_QUEUE_NONE) continue;
        if (i < x->trigger.fresh && !still_liquidatable(x, scope)) {
            weir_touch(x, scope); /* index it as healthy again */
            continue;
        }
        struct weir_case *c = weir_case_open(&x->ledger, s);
        c->entered = x->now;
        c->member_slot = weir_pool_add(&lq->members, 1);
        WEIR_CHECK(c->member_slot != WEIR_NO_INDEX);
        *WEIR_AT(&lq->members, uint32_t, c->member_slot) = scope;
        take_key(lq, scope);
        weir_heap_put(lq, &lq->ready, scope);
    }
    found->count = 0;
    weir_queue_rekey(lq);
}

/* What a scope that can take no step now waits for. */
enum wait { WAIT_COMMAND, WAIT_HEALTH, WAIT_CLOSE };

/* With lots of each position on offer nothing it could do or be found to be matters before an
 * auction closes, and the close places it again. Where the rest is in the line for ADL, waits for
 * room in the auctions, or is in markets that let nothing be closed, it can be found restored; a
 * market that opens counts as a move, and so do lots that leave an auction. */
static enum wait waits_for(const struct weir_liquidator *lq, uint32_t scope) {
    const struct weir_ledger *l = &lq->x->ledger;
    enum wait wait = WAIT_COMMAND;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        const struct weir_leg_work *w = weir_leg_work(l, g);
        if (g->size == 0) continue;
        bool offered = w->parked > 0;
        bool in_line = w->stage == WEIR_STAGE_ADL && case_at(lq, scope)->adl_slot != WEIR_NO_INDEX;
        bool crowded_out = w->stage == WEIR_STAGE_AUCTION && !weir_auction_has_room(lq, g);
        if (!offered && !in_line && !crowded_out && weir_market_workable(lq->x, g->market))
            return WAIT_COMMAND;
        if (!offered)
            wait = WAIT_HEALTH;
        else if (wait == WAIT_COMMAND)
            wait = WAIT_CLOSE;
    }
    return wait;
}

static bool list(struct weir_pool *pool, uint32_t scope) {
    uint32_t i = weir_pool_add(pool, 1);
    if (i == WEIR_NO_INDEX) return false;
    *WEIR_AT(pool, uint32_t, i) = scope;
    return true;
}

static void list_retry(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_scope *s = scope_at(lq, scope);
    case_at(lq, scope)->asleep = false;
    if (s->retry_listed) return;
    s->retry_listed = true;
    WEIR_CHECK(list(&lq->retry, scope));
}

static void fall_asleep(struct weir_liquidator *lq, uint32_t scope) {
    if (list(&lq->asleep, scope))
        case_at(lq, scope)->asleep = true;
    else
        list_retry(lq, scope);
}

void weir_queue_wait(struct weir_liquidator *lq, uint32_t scope) {
    weir_heap_drop(lq, &lq->ready, scope);
    struct weir_case *c = case_at(lq, scope);
    enum wait wait = waits_for(lq, scope);
    if (wait == WAIT_CLOSE || (wait == WAIT_HEALTH && c->asleep)) return;
    if (wait == WAIT_HEALTH)
        fall_asleep(lq, scope);
    else
        list_retry(lq, scope);
}

void weir_queue_rest(struct weir_liquidator *lq, uint32_t scope) {
    weir_heap_drop(lq, &lq->ready, scope);
    if (!case_at(lq, scope)->asleep) fall_asleep(lq, scope);
}

/* ---- Waiting for a time ---------------------------------------------------------------------- */

static struct weir_alarm *alarm_at(const struct weir_liquidator *lq, uint32_t i) {
    return WEIR_AT(&lq->alarms, struct weir_alarm, i);
}

/* False when there is no room. */
static bool set_alarm(struct weir_liquidator *lq, uint32_t scope, weir_time time) {
    uint32_t i = weir_pool_add(&lq->alarms, 1);
    if (i == WEIR_NO_INDEX) return false;
    for (; i > 0 && alarm_at(lq, (i - 1) / 2)->time > time; i = (i - 1) / 2)
        *alarm_at(lq, i) = *alarm_at(lq, (i - 1) / 2);
    *alarm_at(lq, i) = (struct weir_alarm){time, scope};
    return true;
}

static struct weir_alarm next_alarm(struct weir_liquidator *lq) {
    struct weir_alarm next = *alarm_at(lq, 0), last = *alarm_at(lq, --lq->alarms.count);
    uint32_t i = 0, n = lq->alarms.count;
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && alarm_at(lq, child + 1)->time < alarm_at(lq, child)->time) child++;
        if (alarm_at(lq, child)->time >= last.time) break;
        *alarm_at(lq, i) = *alarm_at(lq, child);
    }
    if (n > 0) *alarm_at(lq, i) = last;
    return next;
}

void weir_queue_sleep(struct weir_liquidator *lq, uint32_t scope, weir_time until) {
    struct weir_case *c = case_at(lq, scope);
    weir_heap_drop(lq, &lq->ready, scope);
    if (until == WEIR_NEXT_COMMAND || (!c->asleep && !list(&lq->asleep, scope))) {
        list_retry(lq, scope);
        return;
    }
    c->asleep = true;
    if (until == WEIR_IN_LINE) return;
    if (c->alarm != until && !set_alarm(lq, scope, until))
        list_retry(lq, scope); /* it is looked at by every command */
    else
        c->alarm = until;
}

static void ring_alarms(struct weir_liquidator *lq) {
    while (lq->alarms.count > 0 && alarm_at(lq, 0)->time <= lq->x->now) {
        uint32_t scope = next_alarm(lq).scope;
        if (scope_at(lq, scope)->queue == WEIR_QUEUE_NONE || !case_at(lq, scope)->asleep) continue;
        case_at(lq, scope)->asleep = false;
        weir_queue_place(lq, scope);
    }
}

void weir_queue_wake(struct weir_liquidator *lq, uint32_t scope) {
    if (case_at(lq, scope)->asleep) list_retry(lq, scope);
}

void weir_queue_place(struct weir_liquidator *lq, uint32_t scope) {
    struct weir_scope *s = scope_at(lq, scope);
    if (s->queue == WEIR_QUEUE_NONE || case_at(lq, scope)->wait_shortfall) return;
    weir_heap_put(lq, &lq->ready, scope);
    if (s->queue != WEIR_QUEUE_ACTIVE) return;
    const struct weir_ledger *l = &lq->x->ledger;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size != 0 && weir_leg_work(l, g)->stage == WEIR_STAGE_ADL)
            weir_heap_put(lq, &lq->adl, scope);
    }
}

void weir_queue_retry(struct weir_liquidator *lq) {
    uint32_t n = lq->retry.count;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t scope = *WEIR_AT(&lq->retry, uint32_t, i);
        scope_at(lq, scope)->retry_listed = false;
        weir_queue_place(lq, scope);
    }
    lq->retry.count = 0;
    ring_alarms(lq);
    if (lq->moves_seen == lq->x->trigger.moves) return;
    lq->moves_seen = lq->x->trigger.moves;
    for (uint32_t i = 0; i < lq->asleep.count; i++) {
        uint32_t scope = *WEIR_AT(&lq->asleep, uint32_t, i);
        if (scope_at(lq, scope)->queue == WEIR_QUEUE_NONE || !case_at(lq, scope)->asleep) continue;
        case_at(lq, scope)->asleep = false;
        weir_queue_place(lq, scope);
    }
    lq->asleep.count = 0;
}

void weir_queue_leave(struct weir_liquidator *lq, uint32_t scope) {
    uint32_t slot = case_at(lq, scope)->member_slot;
    if (lq->look.scope == scope) lq->look.scope = WEIR_NO_INDEX;
    weir_heap_drop(lq, &lq->ready, scope);
    weir_heap_drop(lq, &lq->adl, scope);
    uint32_t last = *WEIR_AT(&lq->members, uint32_t, --lq->members.count);
    *WEIR_AT(&lq->members, uint32_t, slot) = last;
    case_at(lq, last)->member_slot = slot;
    weir_case_close(&lq->x->ledger, scope_at(lq, scope));
    weir_touch(lq->x, scope);
}

void weir_capacity_grow(struct weir_liquidator *lq, weir_time elapsed) {
    int64_t capacity = lq->x->venue->capacity;
    if (capacity == WEIR_NONE) return;
    lq->credit = weir_wide_min(lq->credit + (weir_wide)capacity * elapsed,
                               (weir_wide)capacity * WEIR_SECOND);
}

int weir_liquidator_new(struct weir_liquidator *lq, struct weir_exchange *x) {
    uint32_t markets = x->venue->market_count, scopes = x->ledger.scopes.capacity;
    uint32_t legs = x->ledger.legs.capacity;
    /* An auction has a leg's lots and an order record a bid; one more, for empty ones. */
    uint32_t orders = x->orders.orders.capacity + 1;
    *lq = (struct weir_liquidator){.x = x, .adl = {.adl = true}, .look.scope = WEIR_NO_INDEX};
    int error = weir_funds_new(&lq->funds, x);
    if (!error) error = weir_pool_new(&lq->ready.entries, sizeof(struct weir_heap_entry), scopes);
    if (!error) error = weir_pool_new(&lq->adl.entries, sizeof(struct weir_heap_entry), scopes);
    if (!error) error = weir_pool_new(&lq->retry, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&lq->asleep, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&lq->members, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&lq->shortfalls, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&lq->candidates, sizeof(struct weir_adl_candidate), legs);
    if (!error) error = weir_pool_new(&lq->wides, sizeof(weir_wide), legs);
    if (!error) error = weir_pool_new(&lq->shares, sizeof(struct weir_share), legs);
    if (!error) error = weir_pool_new(&lq->offers, sizeof(struct weir_offer), legs);
    if (!error) error = weir_pool_new(&lq->bids, sizeof(struct weir_bid), orders);
    if (!error) error = weir_pool_new(&lq->pairs, sizeof(struct weir_pair), legs + orders);
    if (!error) error = weir_pool_new(&lq->indices, sizeof(uint32_t), 2 * (legs + orders));
    if (!error) error = weir_pool_new(&lq->alarms, sizeof(struct weir_alarm), UINT32_MAX / 16);
    if (!error) error = weir_adl_index_new(&lq->ranks, x);
    uint32_t unwinds = markets * lq->funds.count; /* at most once stopped and begun again */
    if (!error) error = weir_timers_new(&lq->timers, markets + unwinds);
    if (!error) error = weir_pool_new(&lq->unwind_again, sizeof(uint32_t), 2 * unwinds);
    if (!error) error = weir_auctions_new(lq);
    if (!error) error = weir_budgets_new(lq);
    if (!error) error = weir_social_new(lq);
    lq->plans = weir_policy_plans(&x->venue->policy);
    lq->closed = calloc(markets, sizeof *lq->closed);
    lq->unwound = calloc(markets, sizeof *lq->unwound);
    if (!lq->closed || !lq->unwound) error = -ENOMEM;
    lq->volunteers = calloc(markets, sizeof *lq->volunteers);
    if (!lq->volunteers) error = -ENOMEM;
    for (uint32_t m = 0; !error && m < markets; m++)
        error = weir_pool_new(&lq->volunteers[m], sizeof(uint32_t), legs);
    return error;
}

void weir_liquidator_free(struct weir_liquidator *lq) {
    for (uint32_t m = 0; lq->volunteers && m < lq->x->venue->market_count; m++)
        weir_pool_free(&lq->volunteers[m]);
    for (uint32_t m = 0; m < lq->x->venue->market_count; m++) {
        if (lq->closed) weir_policy_market_free(&lq->closed[m]);
        if (lq->unwound) weir_policy_market_free(&lq->unwound[m]);
    }
    free(lq->budgets);
    free(lq->closed);
    free(lq->unwound);
    free(lq->volunteers);
    weir_auctions_free(lq);
    weir_social_free(lq);
    struct weir_pool *pools[] = {
        &lq->ready.entries, &lq->adl.entries, &lq->retry,  &lq->shortfalls,   &lq->candidates,
        &lq->wides,         &lq->shares,      &lq->offers, &lq->bids,         &lq->pairs,
        &lq->indices,       &lq->members,     &lq->asleep, &lq->unwind_again, &lq->alarms};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        weir_pool_free(pools[i]);
    weir_timers_free(&lq->timers);
    weir_adl_index_free(&lq->ranks);
    weir_funds_free(&lq->funds);
}
