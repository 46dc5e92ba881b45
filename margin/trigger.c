/* The trigger index (R18): edges passed, scopes looked at, scopes indexed again. Each scope is
 * evaluated at most once a collect, whatever its marks do. */
#include "margin/trigger.h"

#include "margin/band.h"
#include "margin/edges.h"
#include "margin/gauge.h"
#include "margin/standing.h"

#include <errno.h>
#include <stdlib.h>

/* A class is chosen if what its drift may add to the requirement is at most this part of what the
 * position may use up, as a shift. */
#define DRIFT_PART        4
/* How much prices of collateral are taken to move, as weir_trigger_market's unrest. */
#define COLLATERAL_UNREST 100
#define MANY              1024
#define BLOCK             16 /* scopes whose memory is asked for together */

/* ---- New and free ---------------------------------------------------------------------------- */

int weir_trigger_new(struct weir_trigger_index *t, const struct weir_venue *venue, uint32_t scopes,
                     uint32_t legs) {
    uint32_t markets = venue->market_count;
    *t = (struct weir_trigger_index){0};
    t->markets = calloc(markets, sizeof *t->markets);
    t->watch = calloc(markets, sizeof *t->watch);
    t->views = calloc(markets, sizeof *t->views);
    if (!t->markets || !t->watch || !t->views) return -ENOMEM;
    /* Two edges a leg and two a holding count. Of those that do not there may be twice as many and,
     * whatever there are of legs, those that are not swept yet in every market and asset. */
    uint64_t unswept = (uint64_t)WEIR_STALE_LEAST * (markets + WEIR_ASSETS_MAX);
    uint32_t edges = (uint32_t)weir_min((int64_t)(UINT64_C(4) * legs + unswept), UINT32_MAX - 1);
    uint32_t taken = (uint32_t)weir_min((int64_t)(UINT64_C(8) * legs + unswept), UINT32_MAX - 1);
    int error = weir_edge_store_new(&t->store, edges); /* chunks, that hold more than three each */
    if (!error) error = weir_pool_new(&t->moved, sizeof(uint32_t), markets);
    if (!error) error = weir_pool_new(&t->changed, sizeof(uint32_t), markets);
    if (!error) error = weir_pool_new(&t->taken, sizeof(uint64_t), taken);
    if (!error) error = weir_pool_new(&t->adding, sizeof(struct weir_edge_new), edges);
    if (!error) error = weir_pool_new(&t->dirty, sizeof(uint32_t), scopes);
    /* What the end of a command finds, the next one may find again before it is queued. */
    if (!error) error = weir_pool_new(&t->found, sizeof(uint32_t), 2 * scopes);
    if (!error) error = weir_pool_new(&t->warned, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->rekey, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->followed, sizeof(uint32_t), scopes);
    for (uint32_t a = 0; a < WEIR_ASSETS_MAX; a++) {
        weir_edge_set_init(&t->assets[a].low);
        weir_edge_set_init(&t->assets[a].high);
    }
    for (uint32_t m = 0; m < markets; m++) {
        t->watch[m] = (struct weir_mark_watch){1, 0, 0, 0};
        t->markets[m].unrest = 1;
        t->markets[m].scale = weir_gauge_scale(&venue->markets[m]);
        for (int side = 0; side < 2; side++)
            for (int c = 0; c < WEIR_DRIFT_CLASSES; c++) {
                weir_edge_set_init(&t->markets[m].side[side].low[c]);
                weir_edge_set_init(&t->markets[m].side[side].high[c]);
            }
    }
    return error;
}

void weir_trigger_free(struct weir_trigger_index *t) {
    weir_edge_store_free(&t->store);
    struct weir_pool *pools[] = {&t->moved, &t->changed, &t->taken,  &t->dirty,   &t->found,
                                 &t->rekey, &t->warned,  &t->adding, &t->followed};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        weir_pool_free(pools[i]);
    free(t->markets);
    free(t->watch);
    free(t->views);
}

/* ---- What is to be looked at ----------------------------------------------------------------- */

void weir_touch(struct weir_exchange *x, uint32_t scope) {
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    if (x->trigger.follow && !s->followed) {
        s->followed = true;
        weir_list_add(&x->trigger.followed, scope);
    }
    if (s->dirty) return;
    s->dirty = true;
    weir_list_add(&x->trigger.dirty, scope);
}

void weir_touch_key_first(struct weir_exchange *x, uint32_t scope) {
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    weir_touch(x, scope);
    if (s->queue == WEIR_QUEUE_NONE || s->rekey_listed) return;
    s->rekey_listed = true;
    weir_list_add(&x->trigger.rekey, scope);
}

void weir_touch_market(struct weir_exchange *x, uint32_t market) {
    x->trigger.moves++;
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    for (uint32_t i = 0; i < list->count; i++)
        weir_touch(x, weir_leg_at(&x->ledger, *WEIR_AT(list, uint32_t, i))->scope);
}

void weir_collateral_moved(struct weir_exchange *x, uint32_t asset) {
    struct weir_trigger_asset *t = &x->trigger.assets[asset];
    x->trigger.moves++;
    if (t->moved) return;
    t->moved = true;
    x->trigger.assets_moved++;
}

void weir_charges_moved(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_market *t = &x->trigger.markets[market];
    x->trigger.moves++;
    if (t->moved) return;
    t->moved = true;
    weir_list_add(&x->trigger.moved, market);
}

void weir_mark_moved(struct weir_exchange *x, uint32_t market) {
    struct weir_mark_watch *watch = &x->trigger.watch[market];
    weir_price mark = x->prices[market].mark, from = x->prices[market].previous_mark;
    watch->travelled += from == 0 ? 0 : (uint64_t)weir_abs(mark - from);
    watch->moves++;
    x->trigger.moves++;
    if (mark >= watch->low && mark <= watch->high) return;
    weir_charges_moved(x, market);
}

bool weir_trigger_pending(const struct weir_exchange *x) {
    return x->trigger.moved.count > 0 || x->trigger.assets_moved > 0;
}

/* ---- Indexing a scope ------------------------------------------------------------------------ */

/* The conditions that hold now and whose end must be noticed; none: no edges. A warning comes at or
 * before the trigger when warn_at <= 1, so its condition alone is watched while it holds. */
static inline uint32_t conditions(const struct weir_exchange *x, bool queued,
                                  const struct weir_standing *s, struct weir_condition out[2]) {
    uint32_t n = 0;
    weir_wide legs = s->positions;
    /* More equity than any loss of the positions can use up counts as this much: products fit. */
    weir_wide equity = weir_wide_min(s->equity, (weir_wide)1 << 90);
    bool fraction = x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION;
    weir_rate warn_at = x->venue->warn_at;
    bool covered = warn_at <= WEIR_PPB && !s->warned;
    if (legs == 0) { /* only what other collateral covers can come to be owed */
        out[0] = (struct weir_condition){WEIR_PPB, true, equity * WEIR_PPB};
        return !queued && !s->liquidatable && s->covered;
    }
    if (!queued && !s->liquidatable && !covered) {
        int64_t alpha = WEIR_PPB - s->equity_fee;
        weir_wide least = x->venue->trigger_rule == WEIR_TRIGGER_MAINTENANCE_STRICT ? 0 : WEIR_PPB;
        weir_wide rounding = fraction ? 0 : (legs - 1) * (WEIR_PPB - 1);
        out[n++] =
            (struct weir_condition){alpha, true, equity * alpha - least - s->upper - rounding};
    }
    if (warn_at == WEIR_NONE) return n;
    if (s->warned) {
        out[n++] = (struct weir_condition){-warn_at, false, s->lower - equity * warn_at};
        return n;
    }
    int64_t alpha = warn_at - s->equity_fee;
    weir_wide rounding = (fraction ? 1 : legs) * (WEIR_PPB - 1);
    out[n++] = (struct weir_condition){alpha, true, equity * alpha - s->upper - rounding - 1};
    return n;
}

/* The class of the most drift whose part in the requirement is small against every share. */
static uint32_t drift_class(const struct weir_exchange *x, const struct weir_position_view *p,
                            const struct weir_trigger_side *s, const weir_wide *share,
                            uint32_t count) {
    if (!p->plain && p->own.slope != 0 && !weir_requirement_grows(x, p))
        return WEIR_DRIFT_CLASSES - 1;
    weir_wide least = count > 1 ? weir_wide_min(share[0], share[1]) : share[0];
    least >>= DRIFT_PART;
    for (uint32_t c = 0; c + 1 < WEIR_DRIFT_CLASSES; c++) {
        int64_t all;
        if (!__builtin_mul_overflow(s->allowed[c], p->lots, &all) &&
            (weir_wide)p->own.slope * all <= least)
            return c;
    }
    return WEIR_DRIFT_CLASSES - 1;
}

/* In closed form; false when there is none. */
static inline bool plain_band(const struct weir_position_view *p, const struct weir_condition *held,
                              const weir_wide *share, uint32_t count, int64_t drift,
                              struct weir_band *band) {
    if (!p->plain) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!weir_band_plain(p, &held[i], share[i], drift, band)) return false;
    return true;
}

/* The band of one position, its share of every condition's slack given; no value below `floor`. */
static void index_position(struct weir_exchange *x, uint32_t leg,
                           const struct weir_position_view *p, const struct weir_condition *held,
                           const weir_wide *share, uint32_t count, int64_t floor) {
    const struct weir_trigger_side *s = &x->trigger.markets[p->leg->market].side[p->leg->size < 0];
    struct weir_band band = {floor, WEIR_BAND_NO_HIGH};
    uint32_t drift = drift_class(x, p, s, share, count);
    if (!plain_band(p, held, share, count, s->allowed[drift], &band)) {
        for (;; drift++) {
            band = (struct weir_band){floor, WEIR_BAND_NO_HIGH};
            for (uint32_t i = 0; i < count; i++)
                weir_band_narrow(x, p, &held[i], share[i], s->allowed[drift], &band);
            if (drift + 1 == WEIR_DRIFT_CLASSES) break;
            if (band.low <= p->value && p->value <= band.high) break;
        }
    }
    /* Where the requirement moves just as the equity no value ends a condition; charges can, and
     * only a position with an edge is found when they drift. */
    if (band.low == WEIR_BAND_NO_LOW && band.high == WEIR_BAND_NO_HIGH) band.low = -1;
    weir_set_edges(x, leg, p, &band, drift);
}

/* What a position's part in the slack is measured by: what it is worth times how much its mark
 * moves. Positive. */
static weir_wide weight(const struct weir_exchange *x, const struct weir_position_view *p) {
    return ((weir_wide)p->value + 1) * x->trigger.markets[p->leg->market].unrest;
}

static weir_wide collateral_weight(const struct weir_exchange *x, const struct weir_holding *h) {
    weir_wide worth = weir_collateral_worth(x, h->asset, h->amount);
    return (weir_wide_min(worth, (weir_wide)1 << 90) + 1) * COLLATERAL_UNREST;
}

/* By how much to shift a number >= 0 so that it is below 2^30. */
static int shift_to_narrow(weir_wide n) {
    uint64_t high = (uint64_t)(n >> 64), low = (uint64_t)n;
    int bits = high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
    return bits > 30 ? bits - 30 : 0;
}

/* A condition's slack in parts of equal weight. */
struct split {
    const struct weir_condition *held;
    uint32_t count;
    int shift; /* of weights */
    weir_wide part[2];
    bool alone; /* one position, no collateral: all is its own */
    bool tight; /* nothing may move */
};

static void split_share(const struct split *s, weir_wide weight, weir_wide share[2]) {
    for (uint32_t c = 0; c < s->count; c++)
        share[c] = s->part[c] * ((weight >> s->shift) + 1);
}

/* Splits the slack of every condition over positions and collateral. */
static void split_slack(const struct weir_exchange *x, uint32_t scope,
                        const struct weir_standing *s, uint32_t n, struct split *out) {
    weir_wide all = 0;
    out->shift = 0;
    bool drained = s->equity <= 0; /* and not warned: nothing is required just now */
    out->tight = (s->zero_rate && s->warned) || (drained && !s->warned);
    for (uint32_t c = 0; c < out->count; c++)
        out->tight |= out->held[c].slack < 0;
    out->alone = n == 1 && weir_scope_at(&x->ledger, scope)->collateral == WEIR_NO_INDEX;
    if (out->alone || out->tight) return;
    for (uint32_t i = 0; i < n; i++)
        all += weight(x, &x->trigger.views[i]);
    out->alone = n == 1;
    for (uint32_t i = weir_scope_at(&x->ledger, scope)->collateral; i != WEIR_NO_INDEX;
         i = weir_holding_at(&x->ledger, i)->next) {
        if (weir_holding_at(&x->ledger, i)->amount == 0) continue;
        all += collateral_weight(x, weir_holding_at(&x->ledger, i));
        out->alone = false;
        n++;
    }
    out->shift = shift_to_narrow(all);
    for (uint32_t c = 0; c < out->count; c++)
        out->part[c] = weir_div_trunc(out->held[c].slack, (all >> out->shift) + n + 1);
}

static void index_collateral(struct weir_exchange *x, uint32_t scope, const struct split *split) {
    for (uint32_t i = weir_scope_at(&x->ledger, scope)->collateral; i != WEIR_NO_INDEX;
         i = weir_holding_at(&x->ledger, i)->next) {
        const struct weir_holding *h = weir_holding_at(&x->ledger, i);
        if (h->amount == 0) {
            weir_drop_collateral_edges(x, i);
            continue;
        }
        weir_wide share[2] = {0, 0};
        if (!split->tight) split_share(split, collateral_weight(x, h), share);
        weir_set_collateral_edges(x, i, split->held, share, split->count, split->tight);
    }
}

static void index_positions(struct weir_exchange *x, uint32_t scope, const struct weir_standing *s,
                            uint32_t n, const struct weir_condition *held, uint32_t count) {
    const struct weir_position_view *views = x->trigger.views;
    struct split split;
    split.held = held;
    split.count = count;
    split_slack(x, scope, s, n, &split);
    for (uint32_t i = 0; i < n; i++) {
        const struct weir_position_view *p = &views[i];
        uint32_t leg = (uint32_t)(p->leg - weir_leg_at(&x->ledger, 0));
        if (split.tight) {
            struct weir_band here = {p->value, p->value};
            weir_set_edges(x, leg, p, &here, WEIR_DRIFT_CLASSES - 1);
            continue;
        }
        weir_wide share[2] = {held[0].slack, count > 1 ? held[1].slack : 0};
        if (!split.alone) split_share(&split, weight(x, p), share);
        /* An inverse contract's lots worth nothing require nothing, and a warning ends. */
        int64_t floor = s->warned && p->market->contract == WEIR_INVERSE ? 1 : WEIR_BAND_NO_LOW;
        index_position(x, leg, p, held, share, count, floor);
    }
    index_collateral(x, scope, &split);
}

/* ---- Collect --------------------------------------------------------------------------------- */

/* Of positions that were closed; of `all`, where nothing needs to be noticed. */
static void drop_edges(struct weir_exchange *x, uint32_t scope, bool all) {
    const struct weir_ledger *l = &x->ledger;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        if (all || weir_leg_at(l, i)->size == 0) weir_drop_edges(x, i);
    for (uint32_t i = weir_scope_at(l, scope)->collateral; all && i != WEIR_NO_INDEX;
         i = weir_holding_at(l, i)->next)
        weir_drop_collateral_edges(x, i);
}

/* What follows at once from how a scope stands. */
static inline void note_standing(struct weir_exchange *x, uint32_t scope, struct weir_scope *s,
                                 const struct weir_standing *st) {
    x->trigger.evaluations++;
    s->dirty = false;
    if (st->liquidatable && s->queue == WEIR_QUEUE_NONE) weir_list_add(&x->trigger.found, scope);
    s->warn_now = st->warned;
    if (st->warned != s->warned && !s->warn_listed) {
        s->warn_listed = true;
        weir_list_add(&x->trigger.warned, scope);
    }
}

/* Most scopes have no collateral, and at most one position, in a plain market. */
enum shape { SHAPE_FLAT, SHAPE_PLAIN, SHAPE_OTHER };

/* *only: the position of SHAPE_PLAIN, whose scope has no edges beside it. */
static inline enum shape shape_of(const struct weir_exchange *x, uint32_t scope,
                                  const struct weir_scope *s, uint32_t *only) {
    const struct weir_ledger *l = &x->ledger;
    bool isolated = weir_scope_is_isolated(s), left_edges = false;
    *only = WEIR_NO_INDEX;
    if (s->collateral != WEIR_NO_INDEX) return SHAPE_OTHER;
    for (uint32_t i = s->first_leg, next; i != WEIR_NO_INDEX; i = next) {
        const struct weir_leg *g = weir_leg_at(l, i);
        next = isolated ? WEIR_NO_INDEX : g->next;
        if (g->scope != scope) continue;
        if (g->size == 0) {
            left_edges |= (g->low_key | g->high_key) != 0;
            continue;
        }
        if (*only != WEIR_NO_INDEX || !x->risks[g->market].plain) return SHAPE_OTHER;
        *only = i;
    }
    if (*only == WEIR_NO_INDEX) return SHAPE_FLAT;
    return left_edges ? SHAPE_OTHER : SHAPE_PLAIN;
}

/* look_at of a flat scope without collateral, which nothing but what is done to it can change. */
static void look_at_flat(struct weir_exchange *x, uint32_t scope, struct weir_scope *s) {
    struct weir_standing st = {.equity = weir_scope_own_balance(s)};
    weir_judge(x, &st);
    note_standing(x, scope, s, &st);
    drop_edges(x, scope, true);
}

/* look_at of SHAPE_PLAIN: nothing to split. False, with nothing changed, where the band is to be
 * walked or nothing may move. */
static bool look_at_only(struct weir_exchange *x, uint32_t scope, struct weir_scope *s,
                         uint32_t leg) {
    struct weir_position_view p;
    struct weir_standing st = {.equity = weir_scope_own_balance(s)};
    weir_view_plain(x, weir_leg_at(&x->ledger, leg), &p);
    weir_stand_plain(x, &p, &st);
    weir_judge(x, &st);
    struct weir_condition held[2];
    uint32_t count = conditions(x, s->queue != WEIR_QUEUE_NONE, &st, held);
    if (count == 0) {
        note_standing(x, scope, s, &st);
        weir_drop_edges(x, leg);
        return true;
    }
    if ((st.zero_rate && st.warned) || (st.equity <= 0 && !st.warned)) return false;
    weir_wide share[2] = {held[0].slack, count > 1 ? held[1].slack : held[0].slack};
    if (share[0] < 0 || share[1] < 0) return false;
    const struct weir_trigger_side *side = &x->trigger.markets[p.leg->market].side[p.leg->size < 0];
    struct weir_band band = {WEIR_BAND_NO_LOW, WEIR_BAND_NO_HIGH};
    uint32_t drift = drift_class(x, &p, side, share, count);
    if (!plain_band(&p, held, share, count, side->allowed[drift], &band)) return false;
    if (band.low == WEIR_BAND_NO_LOW && band.high == WEIR_BAND_NO_HIGH) band.low = -1;
    note_standing(x, scope, s, &st);
    weir_set_edges(x, leg, &p, &band, drift);
    return true;
}

static void look_at(struct weir_exchange *x, uint32_t scope) {
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    uint32_t only;
    enum shape shape = shape_of(x, scope, s, &only);
    if (shape == SHAPE_FLAT) {
        look_at_flat(x, scope, s);
        return;
    }
    if (shape == SHAPE_PLAIN && look_at_only(x, scope, s, only)) return;
    struct weir_standing st;
    uint32_t n = weir_stand(x, scope, &st);
    note_standing(x, scope, s, &st);
    struct weir_condition held[2];
    uint32_t count = conditions(x, s->queue != WEIR_QUEUE_NONE, &st, held);
    if (st.left_edges || count == 0) drop_edges(x, scope, count == 0);
    if (count > 0) index_positions(x, scope, &st, n, held, count);
}

/* Asks for the memory of the legs of a block of scopes, a leg of each at a time; of a cross scope,
 * its account's. */
static void ask_ahead(const struct weir_exchange *x, const uint32_t *scopes, uint32_t n) {
    const struct weir_leg *leg[BLOCK];
    uint32_t left = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct weir_scope *s = weir_scope_at(&x->ledger, scopes[i]);
        if (s->first_leg == WEIR_NO_INDEX) continue;
        const struct weir_leg *first = weir_leg_at(&x->ledger, s->first_leg);
        __builtin_prefetch(first);
        if (!weir_scope_is_isolated(s)) leg[left++] = first;
    }
    while (left > 0) {
        uint32_t more = 0;
        for (uint32_t i = 0; i < left; i++) {
            if (leg[i]->next == WEIR_NO_INDEX) continue;
            leg[more] = weir_leg_at(&x->ledger, leg[i]->next);
            __builtin_prefetch(leg[more++]);
        }
        left = more;
    }
}

/* Looks at every scope in the list, in blocks whose memory is asked for together. */
static void look_at_dirty(struct weir_exchange *x) {
    struct weir_trigger_index *t = &x->trigger;
    const uint32_t *dirty = WEIR_AT(&t->dirty, uint32_t, 0);
    uint32_t n = t->dirty.count;
    for (uint32_t i = 0; i < n; i += BLOCK) {
        uint32_t block = n - i < BLOCK ? n - i : BLOCK;
        for (uint32_t k = i + block; k < n && k < i + 2 * BLOCK; k++)
            __builtin_prefetch(weir_scope_at(&x->ledger, dirty[k]));
        if (block > 2) ask_ahead(x, &dirty[i], block);
        for (uint32_t k = 0; k < block; k++)
            look_at(x, dirty[i + k]);
    }
    t->dirty.count = 0;
}

/* A market that finds many has them looked at while their memory is near; their old edges in the
 * markets behind it count no more then, and the new ones enter their sets when all are passed. */
void weir_trigger_collect_waiting(struct weir_exchange *x) {
    struct weir_trigger_index *t = &x->trigger;
    if (t->moved.count > 0) weir_pass_ahead(x);
    for (uint32_t i = 0; i < t->moved.count; i++) {
        weir_pass_edges(x, *WEIR_AT(&t->moved, uint32_t, i));
        if (t->dirty.count >= MANY) look_at_dirty(x);
    }
    t->moved.count = 0;
    for (uint32_t a = 0; a < x->venue->asset_count && t->assets_moved > 0; a++)
        if (t->assets[a].moved) weir_pass_collateral(x, a);
    look_at_dirty(x);
    weir_add_edges(x);
    for (uint32_t i = 0; i < t->changed.count; i++)
        weir_find_quiet(x, *WEIR_AT(&t->changed, uint32_t, i));
    t->changed.count = 0;
}
