#include "scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND = 1, WARNING = 2, MEMBER = 4 };

bool weir_scan_new(struct weir_scan *scan, struct weir_engine *engine) {
    *scan = (struct weir_scan){.engine = engine};
    scan->markets = calloc(engine->x.venue->market_count, sizeof *scan->markets);
    return scan->markets != NULL;
}

void weir_scan_free(struct weir_scan *scan) {
    free(scan->before);
    free(scan->listed);
    free(scan->markets);
    *scan = (struct weir_scan){0};
}

struct weir_scan_mark weir_scan_before(const struct weir_scan *scan) {
    return (struct weir_scan_mark){scan->engine->x.trigger.evaluations,
                                   scan->engine->lq.members.count};
}

__attribute__((format(printf, 2, 3))) static bool wrong(struct weir_scan *scan, const char *format,
                                                        ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(scan->problem, sizeof scan->problem, format, args);
    va_end(args);
    return false;
}

static bool wrong_scope(struct weir_scan *scan, uint32_t scope, const char *what) {
    const struct weir_ledger *l = &scan->engine->x.ledger;
    const struct weir_scope *s = weir_scope_at(l, scope);
    const char *market = weir_scope_is_isolated(s)
                             ? scan->engine->x.venue->markets[weir_scope_code(s)].symbol.text
                             : "cross";
    return wrong(scan, "scope %u (%s, %s): %s", scope, weir_account_name(l, s->account)->text,
                 market, what);
}

static bool grow(struct weir_scan *scan, uint32_t count) {
    if (count <= scan->room) return true;
    uint32_t room = 2 * count;
    struct weir_scan_scope *before = realloc(scan->before, room * sizeof *before);
    if (before == NULL) return false;
    scan->before = before;
    uint8_t *listed = realloc(scan->listed, room);
    if (listed == NULL) return false;
    scan->listed = listed;
    memset(before + scan->room, 0, (room - scan->room) * sizeof *before);
    memset(listed + scan->room, 0, room - scan->room);
    scan->room = room;
    return true;
}

static void list(struct weir_scan *scan, const struct weir_pool *scopes, uint8_t bit, bool on) {
    for (uint32_t i = 0; i < scopes->count; i++) {
        uint8_t *at = &scan->listed[*WEIR_AT(scopes, uint32_t, i)];
        *at = (uint8_t)(on ? *at | bit : *at & ~bit);
    }
}

/* ---- The queue's order (R19) ----------------------------------------------------------------- */

static int compare(weir_wide a, weir_wide b) {
    return (a > b) - (a < b);
}

/* Does scope `a` come before `b`? */
static bool earlier(const struct weir_exchange *x, const struct weir_scope *one,
                    const struct weir_scope *other) {
    const struct weir_case *a = weir_scope_case(&x->ledger, one);
    const struct weir_case *b = weir_scope_case(&x->ledger, other);
    int order = 0;
    if (x->venue->queue_order == WEIR_LARGEST_FIRST)
        order = compare(b->key_notional, a->key_notional);
    else if (x->venue->queue_order == WEIR_FIFO)
        order = compare(a->entered, b->entered);
    if (order == 0 && x->venue->queue_order != WEIR_LARGEST_FIRST) {
        bool zero_a = a->key_requirement == 0, zero_b = b->key_requirement == 0;
        order = zero_a != zero_b ? (zero_a ? -1 : 1)
                : zero_a         ? compare(a->key_equity, b->key_equity)
                         : weir_cmp_products(a->key_equity, b->key_requirement, b->key_equity,
                                             a->key_requirement);
    }
    if (order == 0) {
        uint64_t first = weir_account_order(&x->ledger, one->account);
        uint64_t second = weir_account_order(&x->ledger, other->account);
        order = (first > second) - (first < second);
    }
    if (order == 0)
        order =
            compare(weir_scope_rank(weir_scope_code(one)), weir_scope_rank(weir_scope_code(other)));
    return order < 0;
}

/* A heap whose parents come first gives its members in order. */
static bool check_heap(struct weir_scan *scan, const struct weir_scope_heap *heap) {
    const struct weir_exchange *x = &scan->engine->x;
    const struct weir_heap_entry *at = WEIR_AT(&heap->entries, struct weir_heap_entry, 0);
    for (uint32_t i = 0; i < heap->entries.count; i++) {
        if ((scan->listed[at[i].scope] & MEMBER) == 0)
            return wrong_scope(scan, at[i].scope, "takes steps though it is not in the queue");
        if (i == 0) continue;
        const struct weir_scope *child = weir_scope_at(&x->ledger, at[i].scope);
        if (earlier(x, child, weir_scope_at(&x->ledger, at[(i - 1) / 4].scope)))
            return wrong_scope(scan, at[i].scope, "comes too late in the queue (R19)");
    }
    return true;
}

static uint64_t mix(uint64_t hash, weir_wide value) {
    return weir_random_at(hash, (uint64_t)value) ^
           weir_random_at(hash + 1, (uint64_t)(value >> 64));
}

/* Of what changes a key when a command or step changes it, but for the balance. */
static uint64_t holdings(const struct weir_ledger *l, uint32_t scope) {
    uint64_t hash = 1;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size != 0) hash = mix(mix(mix(hash, g->market), g->size), g->entry_value);
    }
    for (uint32_t a = 1; a < l->venue->asset_count; a++)
        hash = mix(hash, weir_scope_collateral(l, scope, a));
    return hash;
}

/* The key is as old as the last change of what the scope holds. `still`: no mark moved and nothing
 * was charged in this command. */
static bool check_key(struct weir_scan *scan, uint32_t scope, const struct weir_health *h,
                      bool still) {
    const struct weir_ledger *l = &scan->engine->x.ledger;
    const struct weir_case *c = weir_scope_case(l, weir_scope_at(l, scope));
    struct weir_scan_scope *b = &scan->before[scope];
    struct weir_scan_scope now = {.queued = true,
                                  .holdings = holdings(l, scope),
                                  .balance = weir_scope_balance(l, scope),
                                  .entered = c->entered,
                                  .equity = c->key_equity,
                                  .requirement = c->key_requirement,
                                  .notional = c->key_notional};
    struct weir_scan_scope before = *b;
    *b = now;
    /* A liquidation that a timer ended may begin anew within the command. */
    bool stayed = before.queued && before.entered == now.entered;
    if (stayed && before.holdings == now.holdings && before.balance == now.balance) {
        if (before.equity != now.equity || before.requirement != now.requirement ||
            before.notional != now.notional)
            return wrong_scope(scan, scope, "its key was taken again though nothing changed");
    } else if (still) {
        scan->rekeyed++;
        if (h->equity != now.equity || h->requirement != now.requirement ||
            h->notional != now.notional)
            return wrong_scope(scan, scope, "its key was not taken when it changed");
    }
    return true;
}

/* ---- The scan -------------------------------------------------------------------------------- */

/* Remembers marks and charges; true when none of them changed since the last time. */
static bool still(struct weir_scan *scan) {
    const struct weir_exchange *x = &scan->engine->x;
    bool same = true;
    for (uint32_t m = 0; m < x->venue->market_count; m++) {
        const struct weir_market_ledger *k = &x->ledger.markets[m];
        struct weir_scan_market now = {x->prices[m].mark, weir_lot_charged(k, 1),
                                       weir_lot_charged(k, -1)};
        struct weir_scan_market *was = &scan->markets[m];
        same &= now.mark == was->mark && now.long_paid == was->long_paid &&
                now.short_paid == was->short_paid;
        *was = now;
    }
    return same;
}

static bool check_scope(struct weir_scan *scan, uint32_t scope, bool accepted, bool unmoved) {
    const struct weir_exchange *x = &scan->engine->x;
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    struct weir_health h;
    weir_health(x, scope, NULL, &h);
    bool liquidatable = weir_liquidatable(x, &h), queued = s->queue != WEIR_QUEUE_NONE;
    uint8_t listed = scan->listed[scope];
    if (queued != ((listed & MEMBER) != 0))
        return wrong_scope(scan, scope, "is queued and no member of the queue, or the reverse");
    if (liquidatable && !queued) {
        scan->pending++;
        if ((listed & FOUND) == 0) return wrong_scope(scan, scope, "is liquidatable and not found");
    }
    bool warned = weir_warned(x, &h);
    if (accepted && warned != s->warned)
        return wrong_scope(scan, scope, warned ? "was not warned" : "is warned and should not be");
    if (!accepted && warned != s->warned && (listed & WARNING) == 0)
        return wrong_scope(scan, scope, "its warning changed, and nobody noticed");
    scan->queued += queued;
    scan->compared++;
    if (queued) return check_key(scan, scope, &h, unmoved);
    scan->before[scope].queued = false;
    return true;
}

/* Positions whose scopes a tick may bring up: those of its market and, where requirements follow
 * open interest (R9), those of markets whose factor the last command changed. */
static uint64_t positions_moved(const struct weir_exchange *x, uint32_t tick) {
    uint64_t positions = x->ledger.markets[tick].positions.count;
    for (uint32_t m = 0; m < x->venue->market_count; m++)
        if (x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION && m != tick &&
            x->venue->markets[m].oi_scaling_upper != WEIR_NONE)
            positions += x->ledger.markets[m].positions.count;
    return positions;
}

/* At most two looks at a scope for a tick, whatever the mark does. */
static bool check_bound(struct weir_scan *scan, uint64_t looks, uint32_t tick) {
    uint64_t positions = positions_moved(&scan->engine->x, tick);
    scan->ticks++;
    if (positions > 0 && looks * 100 / positions > scan->most_per_position)
        scan->most_per_position = looks * 100 / positions;
    if (looks <= 2 * positions) return true;
    return wrong(scan, "%llu evaluations for a tick that moves %llu positions",
                 (unsigned long long)looks, (unsigned long long)positions);
}

bool weir_scan_after(struct weir_scan *scan, struct weir_scan_mark before, bool accepted,
                     uint32_t tick) {
    struct weir_engine *e = scan->engine;
    struct weir_exchange *x = &e->x;
    uint64_t after = x->trigger.evaluations;
    scan->evaluations += after - before.evaluations;
    scan->checks++;
    if (tick != WEIR_NO_INDEX && before.members + e->lq.members.count == 0 &&
        !check_bound(scan, after - before.evaluations, tick))
        return false;
    /* Looking at what a rejected command's timers left is what the next command would do first. */
    weir_trigger_collect(x);
    if (accepted && x->trigger.evaluations != after)
        return wrong(scan, "a command was over before all that it changed was looked at");
    if (!grow(scan, x->ledger.scopes.count)) return wrong(scan, "no memory");
    list(scan, &x->trigger.found, FOUND, true);
    list(scan, &x->trigger.warned, WARNING, true);
    list(scan, &e->lq.members, MEMBER, true);
    bool unmoved = still(scan), good = true;
    for (uint32_t i = 0; good && i < x->ledger.scopes.count; i++)
        good = check_scope(scan, i, accepted, unmoved);
    good = good && check_heap(scan, &e->lq.ready) && check_heap(scan, &e->lq.adl);
    list(scan, &x->trigger.found, FOUND, false);
    list(scan, &x->trigger.warned, WARNING, false);
    list(scan, &e->lq.members, MEMBER, false);
    return good;
}
