/* The trigger index (R18): scopes are looked at when they changed or when a mark leaves the band of
 * one of their legs, at most once a collect. */
#include "margin/edges.h"

#include <errno.h>
#include <stdlib.h>

int weir_trigger_new(struct weir_trigger_index *t, uint32_t market_count, uint32_t scopes,
                     uint32_t legs) {
    *t = (struct weir_trigger_index){0};
    t->low = calloc(market_count, sizeof *t->low);
    t->high = calloc(market_count, sizeof *t->high);
    t->moved = calloc(market_count, sizeof *t->moved);
    if (!t->low || !t->high || !t->moved) return -ENOMEM;
    int error = weir_pool_new(&t->dirty, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->found, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->warned, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->rekey, sizeof(uint32_t), scopes);
    for (uint32_t m = 0; !error && m < market_count; m++) {
        t->high[m].high = true;
        error = weir_pool_new(&t->low[m].legs, sizeof(uint32_t), legs);
        if (!error) error = weir_pool_new(&t->high[m].legs, sizeof(uint32_t), legs);
    }
    return error;
}

void weir_trigger_free(struct weir_trigger_index *t, uint32_t market_count) {
    for (uint32_t m = 0; t->low && t->high && m < market_count; m++) {
        weir_pool_free(&t->low[m].legs);
        weir_pool_free(&t->high[m].legs);
    }
    free(t->low);
    free(t->high);
    free(t->moved);
    weir_pool_free(&t->dirty);
    weir_pool_free(&t->found);
    weir_pool_free(&t->warned);
    weir_pool_free(&t->rekey);
}

static void list_add(struct weir_pool *list, uint32_t scope) {
    uint32_t i = weir_pool_add(list, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(list, uint32_t, i) = scope;
}

void weir_touch(struct weir_exchange *x, uint32_t scope) {
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    if (s->dirty) return;
    s->dirty = true;
    list_add(&x->trigger.dirty, scope);
}

void weir_touch_key(struct weir_exchange *x, uint32_t scope) {
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    weir_touch(x, scope);
    if (s->queue == WEIR_QUEUE_NONE || s->rekey_listed) return;
    s->rekey_listed = true;
    list_add(&x->trigger.rekey, scope);
}

void weir_touch_market(struct weir_exchange *x, uint32_t market) {
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    for (uint32_t i = 0; i < list->count; i++)
        weir_touch(x, weir_leg_at(&x->ledger, *WEIR_AT(list, uint32_t, i))->scope);
}

void weir_touch_collateral(struct weir_exchange *x, uint32_t asset) {
    for (uint32_t i = 0; i < x->ledger.holdings.count; i++) {
        const struct weir_holding *h = weir_holding_at(&x->ledger, i);
        if (h->asset == asset && h->amount > 0) weir_touch(x, h->scope);
    }
}

void weir_mark_moved(struct weir_exchange *x, uint32_t market) {
    x->trigger.moved[market] = true;
}

/* Every leg whose band the mark has left: its scope is looked at, the leg leaves the heap. */
static void cross_edges(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_edge_heap *heaps[2] = {&t->low[market], &t->high[market]};
    weir_price mark = x->prices[market].mark;
    t->moved[market] = false;
    for (int side = 0; side < 2; side++) {
        while (heaps[side]->legs.count > 0) {
            uint32_t leg = *WEIR_AT(&heaps[side]->legs, uint32_t, 0);
            const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
            if (side == 0 ? g->low <= mark : g->high >= mark) break;
            weir_edge_drop(heaps[side], &x->ledger, leg);
            weir_touch(x, g->scope);
        }
    }
}

/* The conditions that hold now and whose end must be noticed. */
static uint32_t conditions(const struct weir_exchange *x, uint32_t scope,
                           const struct weir_health *h, bool liquidatable, bool warned,
                           weir_wide above, weir_wide below, struct weir_condition out[2]) {
    uint32_t n = 0;
    weir_wide legs = h->positions;
    /* More equity than any loss of the legs can use up counts as this much: products fit. */
    weir_wide equity = weir_wide_min(h->equity, (weir_wide)1 << 90);
    bool fraction = x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION;
    if (weir_scope_at(&x->ledger, scope)->queue == WEIR_QUEUE_NONE && !liquidatable) {
        weir_wide least = x->venue->trigger_rule == WEIR_TRIGGER_MAINTENANCE_STRICT ? 0 : 1;
        weir_wide rounding = fraction ? 0 : (legs - 1) * (WEIR_PPB - 1);
        out[n++] =
            (struct weir_condition){WEIR_PPB, -1, (equity - least) * WEIR_PPB - above - rounding};
    }
    if (x->venue->warn_at == WEIR_NONE) return n;
    weir_wide scaled = equity * x->venue->warn_at;
    weir_wide rounding = (fraction ? 1 : legs) * (WEIR_PPB - 1);
    out[n++] = warned
                   ? (struct weir_condition){-x->venue->warn_at, 1, below - scaled}
                   : (struct weir_condition){x->venue->warn_at, -1, scaled - above - rounding - 1};
    return n;
}

/* A requirement that can be 0 (a tier of rate 0) has edges that the lines do not show. */
static bool has_zero_rate(const struct weir_exchange *x, const struct weir_leg *g) {
    return x->risks[g->market].tiers.row[0].rate == 0;
}

static void index_legs(struct weir_exchange *x, uint32_t scope, const struct weir_health *h,
                       bool liquidatable, bool warned) {
    struct weir_ledger *l = &x->ledger;
    weir_wide above = 0, below = 0;
    bool zero_rate = false;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size == 0) continue;
        above += weir_band_requirement(x, g, -1);
        below += weir_band_requirement(x, g, 1);
        zero_rate |= has_zero_rate(x, g);
    }
    struct weir_condition held[2];
    uint32_t n = conditions(x, scope, h, liquidatable, warned, above, below, held);
    bool tight = zero_rate && (warned || h->equity <= 0);
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        struct weir_leg *g = weir_leg_at(l, i);
        weir_price mark = x->prices[g->market].mark;
        g->low = 0;
        g->high = INT64_MAX;
        if (g->size != 0) {
            weir_wide weight = weir_value(&x->venue->markets[g->market], mark, weir_abs(g->size));
            for (uint32_t c = 0; c < n && !tight; c++) {
                if (held[c].slack < 0) {
                    tight = true;
                    break;
                }
                weir_band_narrow(x, g, &held[c],
                                 weir_mul_div_floor(held[c].slack, weight, h->notional), &g->low,
                                 &g->high);
            }
            if (tight) g->low = g->high = mark;
        }
        if (g->low > 0)
            weir_edge_put(&x->trigger.low[g->market], l, i);
        else
            weir_edge_drop(&x->trigger.low[g->market], l, i);
        if (g->high < INT64_MAX)
            weir_edge_put(&x->trigger.high[g->market], l, i);
        else
            weir_edge_drop(&x->trigger.high[g->market], l, i);
    }
}

static void look_at(struct weir_exchange *x, uint32_t scope) {
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    struct weir_health h;
    weir_health(x, scope, NULL, &h);
    x->trigger.evaluations++;
    bool liquidatable = weir_liquidatable(x, &h), warned = weir_warned(x, &h);
    s->dirty = false;
    if (liquidatable && s->queue == WEIR_QUEUE_NONE) list_add(&x->trigger.found, scope);
    s->warn_now = warned;
    if (warned != s->warned && !s->warn_listed) {
        s->warn_listed = true;
        list_add(&x->trigger.warned, scope);
    }
    index_legs(x, scope, &h, liquidatable, warned);
}

void weir_trigger_collect(struct weir_exchange *x) {
    struct weir_trigger_index *t = &x->trigger;
    for (uint32_t m = 0; m < x->venue->market_count; m++)
        if (t->moved[m]) cross_edges(x, m);
    for (uint32_t i = 0; i < t->dirty.count; i++)
        look_at(x, *WEIR_AT(&t->dirty, uint32_t, i));
    t->dirty.count = 0;
}
