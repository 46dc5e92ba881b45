/* The trigger index (R18): edges passed, scopes looked at, scopes indexed again. Each scope is
 * evaluated at most once a collect, whatever its marks do. */
#include "margin/trigger.h"

#include "margin/band.h"
#include "margin/gauge.h"
#include "margin/standing.h"

#include <errno.h>
#include <stdlib.h>

/* Fractions of a lot's value that a class allows charges to drift, as shifts. */
static const int drift_shift[WEIR_DRIFT_CLASSES - 1] = {6, 11};
/* A class is chosen if what its drift may add to the requirement is at most this part of what the
 * position may use up, as a shift. */
#define DRIFT_PART  4
/* Edges that count no more are swept once there are this many, and half as many as all. */
#define STALE_LEAST 1024
#define SWEEP_STEP  24
#define BLOCK       16 /* scopes whose memory is asked for together */

/* ---- Edge words (margin/gauge.h) ------------------------------------------------------------- */
enum direction { LOW = 0, HIGH };

static uint32_t edge_word(uint32_t code, uint32_t drift, uint32_t side) {
    return code << 3 | drift << 1 | side;
}
/* A high edge's word is stored inverted, so that in both directions the larger word is nearer, and
 * sets, which give the least key first, hold the inverse of what legs hold. */
static uint32_t word_of(enum direction d, uint32_t stored) {
    return d == LOW ? stored : ~stored;
}
static uint32_t *stored_at(struct weir_leg *g, enum direction d) {
    return d == LOW ? &g->low_key : &g->high_key;
}
static struct weir_edge_set *set_of(struct weir_trigger_market *t, enum direction d,
                                    uint32_t word) {
    struct weir_trigger_side *s = &t->side[word & 1];
    return d == LOW ? &s->low[word >> 1 & 3] : &s->high[word >> 1 & 3];
}

/* ---- New and free ---------------------------------------------------------------------------- */

int weir_trigger_new(struct weir_trigger_index *t, const struct weir_venue *venue, uint32_t scopes,
                     uint32_t legs) {
    uint32_t markets = venue->market_count;
    *t = (struct weir_trigger_index){0};
    t->markets = calloc(markets, sizeof *t->markets);
    t->watch = calloc(markets, sizeof *t->watch);
    t->views = calloc(markets, sizeof *t->views);
    if (!t->markets || !t->watch || !t->views) return -ENOMEM;
    uint32_t edges = legs < UINT32_MAX / 4 ? legs * 4 : UINT32_MAX;
    int error = weir_edge_store_new(&t->store, edges);
    if (!error) error = weir_pool_new(&t->moved, sizeof(uint32_t), markets);
    if (!error) error = weir_pool_new(&t->changed, sizeof(uint32_t), markets);
    if (!error) error = weir_pool_new(&t->taken, sizeof(uint64_t), edges);
    if (!error) error = weir_pool_new(&t->dirty, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->found, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->warned, sizeof(uint32_t), scopes);
    if (!error) error = weir_pool_new(&t->rekey, sizeof(uint32_t), scopes);
    for (uint32_t m = 0; m < markets; m++) {
        t->watch[m] = (struct weir_mark_watch){1, 0, 0, 0};
        t->markets[m].unrest = 1;
        t->markets[m].scale = weir_gauge_scale(&venue->markets[m]);
        t->markets[m].plain = weir_market_is_plain(venue, &venue->markets[m]);
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
    struct weir_pool *pools[] = {&t->moved, &t->changed, &t->taken, &t->dirty,
                                 &t->found, &t->warned,  &t->rekey};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        weir_pool_free(pools[i]);
    free(t->markets);
    free(t->watch);
    free(t->views);
}

/* ---- What is to be looked at ----------------------------------------------------------------- */

static void list_add(struct weir_pool *list, uint32_t index) {
    uint32_t i = weir_pool_add(list, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(list, uint32_t, i) = index;
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

void weir_charges_moved(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_market *t = &x->trigger.markets[market];
    if (t->moved) return;
    t->moved = true;
    list_add(&x->trigger.moved, market);
}

void weir_mark_moved(struct weir_exchange *x, uint32_t market) {
    struct weir_mark_watch *watch = &x->trigger.watch[market];
    weir_price mark = x->prices[market].mark, from = x->prices[market].previous_mark;
    watch->travelled += from == 0 ? 0 : (uint64_t)weir_abs(mark - from);
    watch->moves++;
    if (mark >= watch->low && mark <= watch->high) return;
    weir_charges_moved(x, market);
}

bool weir_trigger_pending(const struct weir_exchange *x) {
    return x->trigger.moved.count > 0;
}

/* ---- Passing edges --------------------------------------------------------------------------- */

/* What a lot of the side has paid so far. */
static weir_wide charges(const struct weir_exchange *x, uint32_t market, uint32_t side) {
    return weir_lot_charged(&x->ledger.markets[market], side == 0 ? 1 : -1);
}

static int side_sign(const struct weir_market *m, uint32_t side) {
    return side == 0 ? weir_long_sign(m) : -weir_long_sign(m);
}

/* How far the side's coordinate lies below the gauge, toward minus infinity: a lot that gains with
 * value and paid c stands as if its gauge were lower by c. */
static weir_wide coordinate_shift(struct weir_exchange *x, uint32_t market, uint32_t side) {
    struct weir_trigger_side *s = &x->trigger.markets[market].side[side];
    weir_wide now = charges(x, market, side);
    if (now == s->charged) return s->shift;
    const struct weir_market *m = &x->venue->markets[market];
    weir_wide paid = (now - s->base) * side_sign(m, side);
    s->charged = now;
    s->shift = weir_div_floor(paid * ((weir_wide)1 << x->trigger.markets[market].scale),
                              weir_gauge_unit(m));
    return s->shift;
}

static int64_t clamp_gauge(weir_wide g) {
    const weir_wide most = ((weir_wide)1 << 62) - 1;
    return (int64_t)(g < 0 ? 0 : g > most ? most : g);
}

/* The range of the coordinate in which a side stands at the present mark. */
struct place {
    int64_t least, most;
};
static struct place side_place(struct weir_exchange *x, uint32_t market, uint32_t side) {
    const struct weir_market *m = &x->venue->markets[market];
    weir_wide gauge = weir_gauge_floor(m, x->trigger.markets[market].scale, x->prices[market].mark);
    weir_wide shift = coordinate_shift(x, market, side);
    bool exact = m->contract == WEIR_LINEAR;
    bool moved = charges(x, market, side) != x->trigger.markets[market].side[side].base;
    return (struct place){clamp_gauge(gauge - shift - moved), clamp_gauge(gauge - shift + !exact)};
}

static bool far_off(struct weir_exchange *x, uint32_t market, uint32_t side) {
    const struct weir_market *m = &x->venue->markets[market];
    int64_t gauge = weir_gauge_floor(m, x->trigger.markets[market].scale, x->prices[market].mark);
    weir_wide shift = coordinate_shift(x, market, side);
    return shift > gauge / 4 || -shift > gauge / 4;
}

/* Has the side drifted by half of what a class allows? Then all its edges are to be taken, and the
 * allowance begins anew. */
static bool renew_drift(struct weir_exchange *x, uint32_t market, uint32_t side, uint32_t c,
                        bool far) {
    struct weir_trigger_side *s = &x->trigger.markets[market].side[side];
    weir_wide now = charges(x, market, side), drifted = now - s->since[c];
    if (drifted < 0) drifted = -drifted;
    if (!far && (drifted == 0 || 2 * drifted <= s->allowed[c])) return false;
    s->since[c] = now;
    if (c + 1 < WEIR_DRIFT_CLASSES) {
        weir_wide lot = weir_value(&x->venue->markets[market], x->prices[market].mark, 1);
        s->allowed[c] = lot >> drift_shift[c];
    }
    return true;
}

/* Edges that were taken: those that still count have their scopes looked at. The memory of legs,
 * then of scopes, is asked for ahead. */
static void touch_taken(struct weir_exchange *x, uint32_t market, enum direction d) {
    struct weir_trigger_index *t = &x->trigger;
    const uint64_t *at = WEIR_AT(&t->taken, uint64_t, 0);
    uint32_t n = t->taken.count, kept = 0, *scopes = WEIR_AT(&t->taken, uint32_t, 0);
    for (uint32_t i = 0; i < n; i++) {
        if (i + BLOCK < n) __builtin_prefetch(weir_leg_at(&x->ledger, (uint32_t)at[i + BLOCK]));
        struct weir_leg *g = weir_leg_at(&x->ledger, (uint32_t)at[i]);
        uint32_t *stored = stored_at(g, d);
        if (*stored != ~(uint32_t)(at[i] >> 32)) {
            t->markets[market].stale--;
            continue;
        }
        *stored = 0;
        scopes[kept++] = g->scope; /* never ahead of what is read */
    }
    t->markets[market].edges -= n;
    for (uint32_t i = 0; i < kept; i++) {
        if (i + BLOCK < kept) __builtin_prefetch(weir_scope_at(&x->ledger, scopes[i + BLOCK]));
        weir_touch(x, scopes[i]);
    }
    t->taken.count = 0;
}

static void note_changed(struct weir_trigger_index *t, uint32_t market) {
    if (t->markets[market].changed) return;
    t->markets[market].changed = true;
    list_add(&t->changed, market);
}

/* How far the mark goes in a move, from what it did lately. */
static void learn_unrest(struct weir_exchange *x, uint32_t market) {
    struct weir_mark_watch *w = &x->trigger.watch[market];
    if (w->moves < 16) return;
    weir_wide mark = (weir_wide)x->prices[market].mark * (weir_wide)w->moves;
    weir_wide part = ((weir_wide)w->travelled << 20) / mark;
    x->trigger.markets[market].unrest = (uint32_t)weir_clamp(weir_saturate(part), 1, 1 << 20);
    while (w->moves > 1024) {
        w->moves /= 2;
        w->travelled /= 2;
    }
}

/* Takes the edges that the mark and the charges of a market have passed. */
static void pass_edges(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_market *tm = &t->markets[market];
    tm->moved = false;
    if (x->prices[market].mark == 0) return;
    note_changed(t, market);
    learn_unrest(x, market);
    for (uint32_t side = 0; side < 2; side++) {
        struct weir_trigger_side *s = &tm->side[side];
        bool far = !tm->ready || far_off(x, market, side);
        struct place place = side_place(x, market, side);
        uint64_t low = (uint32_t)~edge_word(weir_gauge_code(place.least), 3, 1);
        uint64_t high = edge_word(weir_gauge_code(place.most), 0, 0);
        for (uint32_t c = 0; c < WEIR_DRIFT_CLASSES; c++) {
            bool all = renew_drift(x, market, side, c, far);
            weir_edge_take(&t->store, &s->low[c], all ? WEIR_EDGE_NONE : low, &t->taken);
            touch_taken(x, market, LOW);
            weir_edge_take(&t->store, &s->high[c], all ? WEIR_EDGE_NONE : high, &t->taken);
            touch_taken(x, market, HIGH);
        }
        if (!far) continue;
        s->base = s->charged = charges(x, market, side);
        s->shift = 0;
    }
    tm->ready = true;
}

/* The marks that pass no edge of a market. */
static void find_quiet(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_market *tm = &t->markets[market];
    const struct weir_market *m = &x->venue->markets[market];
    weir_wide low = 0, high = ((weir_wide)1 << 62) - 1; /* of the gauge, below and above exact */
    tm->changed = false;
    for (uint32_t side = 0; side < 2; side++) {
        const struct weir_trigger_side *s = &tm->side[side];
        weir_wide shift = coordinate_shift(x, market, side);
        for (uint32_t c = 0; c < WEIR_DRIFT_CLASSES; c++) {
            uint64_t near = weir_edge_least(&s->low[c]);
            if (near != WEIR_EDGE_NONE) {
                int64_t least = weir_gauge_decode((uint32_t)~near >> 3);
                low = weir_wide_max(low, least + shift + 1);
            }
            near = weir_edge_least(&s->high[c]);
            if (near != WEIR_EDGE_NONE) {
                int64_t above = weir_gauge_decode(((uint32_t)near >> 3) + 1);
                high = weir_wide_min(high, above + shift - 2);
            }
        }
    }
    struct weir_mark_watch *quiet = &t->watch[market];
    quiet->low = 1;
    quiet->high = 0;
    if (low > high || high < 1) return;
    if (m->contract == WEIR_LINEAR) {
        quiet->low = weir_saturate((low + ((weir_wide)1 << tm->scale) - 1) >> tm->scale);
        quiet->high = weir_saturate(high >> tm->scale);
    } else {
        weir_wide face = ((weir_wide)m->face_units << tm->scale) / m->face_divisor;
        quiet->low = weir_saturate(face / high + 1);
        quiet->high = low <= 0 ? INT64_MAX : weir_saturate(face / low);
    }
}

/* ---- Indexing a scope ------------------------------------------------------------------------ */

/* The conditions that hold now and whose end must be noticed. A warning comes at or before the
 * trigger when warn_at <= 1, so its condition alone is watched while it holds. */
static uint32_t conditions(const struct weir_exchange *x, uint32_t scope,
                           const struct weir_standing *s, struct weir_condition out[2]) {
    uint32_t n = 0;
    weir_wide legs = s->health.positions;
    /* More equity than any loss of the positions can use up counts as this much: products fit. */
    weir_wide equity = weir_wide_min(s->health.equity, (weir_wide)1 << 90);
    bool fraction = x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION;
    weir_rate warn_at = x->venue->warn_at;
    bool covered = warn_at <= WEIR_PPB && !s->warned;
    if (weir_scope_at(&x->ledger, scope)->queue == WEIR_QUEUE_NONE && !s->liquidatable &&
        !covered) {
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

/* The word of an edge at a value, or 0: none. `value` bounds from below (LOW) or above (HIGH). */
static uint32_t value_word(struct weir_exchange *x, const struct weir_position_view *p,
                           enum direction d, weir_wide value, uint32_t drift) {
    if (d == LOW ? value == WEIR_BAND_NO_LOW : value == WEIR_BAND_NO_HIGH) return 0;
    uint32_t market = p->leg->market, side = p->leg->size < 0;
    uint8_t scale = x->trigger.markets[market].scale;
    bool inverse = p->market->contract == WEIR_INVERSE;
    weir_wide shift = coordinate_shift(x, market, side); /* at most one above, never below */
    weir_wide lots = (weir_wide)p->lots * weir_gauge_unit(p->market);
    if (d == LOW) {
        /* The value of inverse lots is cut to a unit: up to one more is needed. */
        weir_wide scaled = (value + inverse) * ((weir_wide)1 << scale);
        weir_wide gauge = weir_div_ceil(scaled, lots) - shift;
        uint32_t code = weir_gauge_code_up(weir_max(1, clamp_gauge(gauge)));
        return edge_word(code, drift, side);
    }
    value = weir_wide_min(value, (weir_wide)1 << 90);
    weir_wide gauge = weir_div_floor(value * ((weir_wide)1 << scale), lots) - shift - 1;
    uint32_t code = weir_gauge_code(clamp_gauge(gauge + 1));
    return ~edge_word(code > 0 ? code - 1 : 0, drift, side);
}

/* Is the edge in the set good enough to stand for the new one: in the same sets, not further, of a
 * class that allows no more, and not so much nearer that it would soon be passed for nothing? */
static bool keeps(struct weir_exchange *x, const struct weir_position_view *p, enum direction d,
                  uint32_t old, uint32_t new) {
    if (old == 0) return false;
    old = word_of(d, old);
    new = word_of(d, new);
    if ((old & 1) != (new & 1) || (old >> 1 & 3) < (new >> 1 & 3)) return false;
    struct place place = side_place(x, p->leg->market, new & 1);
    int64_t was = weir_gauge_decode(old >> 3), is = weir_gauge_decode(new >> 3);
    int64_t reach_was = d == LOW ? place.least - was : was - place.most;
    int64_t reach_is = d == LOW ? place.least - is : is - place.most;
    return reach_was <= reach_is && reach_is - reach_was <= reach_was / 4;
}

static bool edge_counts(const void *ctx, uint32_t key, uint32_t leg, enum direction d) {
    const struct weir_leg *g = WEIR_AT((const struct weir_pool *)ctx, struct weir_leg, leg);
    return (d == LOW ? g->low_key : g->high_key) == ~key;
}
static bool low_counts(const void *ctx, uint32_t key, uint32_t leg) {
    return edge_counts(ctx, key, leg, LOW);
}
static bool high_counts(const void *ctx, uint32_t key, uint32_t leg) {
    return edge_counts(ctx, key, leg, HIGH);
}

/* Drops some edges that count no more, a set after the other: an edge added pays for it. */
static void sweep_stale(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_market *tm = &t->markets[market];
    if (tm->stale < STALE_LEAST || 2 * tm->stale < tm->edges) return;
    enum direction d = tm->sweep & 1 ? HIGH : LOW;
    struct weir_edge_set *set = set_of(tm, d, tm->sweep >> 1);
    uint32_t dropped = weir_edge_sweep(&t->store, set, SWEEP_STEP,
                                       d == LOW ? low_counts : high_counts, &x->ledger.legs);
    tm->edges -= dropped;
    tm->stale -= dropped;
    note_changed(t, market);
    tm->swept += SWEEP_STEP;
    if (tm->swept < weir_edge_count(set)) return;
    tm->swept = 0;
    tm->sweep = (tm->sweep + 1) % (4 * WEIR_DRIFT_CLASSES);
}

static void set_edge(struct weir_exchange *x, uint32_t leg, const struct weir_position_view *p,
                     enum direction d, uint32_t word) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    struct weir_trigger_market *tm = &t->markets[g->market];
    uint32_t *stored = stored_at(g, d);
    if (word == *stored || (word != 0 && keeps(x, p, d, *stored, word))) return;
    if (*stored != 0) tm->stale++;
    *stored = word;
    if (word == 0) return;
    struct weir_edge_set *set = set_of(tm, d, word_of(d, word));
    uint64_t before = weir_edge_least(set);
    bool added = weir_edge_add(&t->store, set, ~word, leg);
    WEIR_CHECK(added);
    tm->edges++;
    if (weir_edge_least(set) < before) note_changed(t, g->market);
    sweep_stale(x, g->market);
}

static void drop_edges(struct weir_exchange *x, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    struct weir_trigger_market *tm = &x->trigger.markets[g->market];
    tm->stale += (uint64_t)(g->low_key != 0) + (g->high_key != 0);
    g->low_key = g->high_key = 0;
}

/* The class of the most drift whose part in the requirement is small against every share. */
static uint32_t drift_class(const struct weir_exchange *x, const struct weir_position_view *p,
                            const struct weir_trigger_side *s, const weir_wide *share,
                            uint32_t count) {
    weir_wide slope = (weir_wide)p->own.slope * p->lots;
    if (slope != 0 && !weir_requirement_grows(x, p)) return WEIR_DRIFT_CLASSES - 1;
    weir_wide least = count > 1 ? weir_wide_min(share[0], share[1]) : share[0];
    for (uint32_t c = 0; c + 1 < WEIR_DRIFT_CLASSES; c++)
        if ((slope * s->allowed[c]) << DRIFT_PART <= least) return c;
    return WEIR_DRIFT_CLASSES - 1;
}

/* The band of one position, its share of every condition's slack given; no value below `floor`. */
static void index_position(struct weir_exchange *x, uint32_t leg,
                           const struct weir_position_view *p, const struct weir_condition *held,
                           const weir_wide *share, uint32_t count, weir_wide floor) {
    const struct weir_trigger_side *s = &x->trigger.markets[p->leg->market].side[p->leg->size < 0];
    struct weir_band band = {WEIR_BAND_NO_LOW, WEIR_BAND_NO_HIGH};
    uint32_t drift = count > 0 ? drift_class(x, p, s, share, count) : WEIR_DRIFT_CLASSES - 1;
    if (count != 1 || !weir_band_plain(p, &held[0], share[0], s->allowed[drift], &band)) {
        for (;; drift++) {
            band = (struct weir_band){floor, WEIR_BAND_NO_HIGH};
            for (uint32_t i = 0; i < count; i++)
                weir_band_narrow(x, p, &held[i], share[i], s->allowed[drift], &band);
            if (drift + 1 == WEIR_DRIFT_CLASSES) break;
            if (band.low <= p->value && p->value <= band.high) break;
        }
    }
    set_edge(x, leg, p, LOW, value_word(x, p, LOW, band.low, drift));
    set_edge(x, leg, p, HIGH, value_word(x, p, HIGH, band.high, drift));
}

/* What a position's part in the slack is measured by: what it is worth times how much its mark
 * moves. Positive. */
static weir_wide weight(const struct weir_exchange *x, const struct weir_position_view *p) {
    return ((weir_wide)p->value + 1) * x->trigger.markets[p->leg->market].unrest;
}

/* Splits the slack of every condition over the positions. */
static void index_scope(struct weir_exchange *x, const struct weir_standing *s, uint32_t n,
                        const struct weir_condition *held, uint32_t count) {
    const struct weir_position_view *views = x->trigger.views;
    weir_wide all = 0, parts, part[2] = {0};
    int shift = 0;
    for (uint32_t i = 0; i < n; i++)
        all += weight(x, &views[i]);
    while (all >> shift >> 30 != 0)
        shift++;
    parts = (all >> shift) + n + 1;
    bool tight = count > 0 && s->zero_rate && (s->warned || s->health.equity <= 0);
    for (uint32_t c = 0; c < count; c++) {
        tight |= held[c].slack < 0;
        part[c] = held[c].slack < 0 ? 0 : held[c].slack / parts;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct weir_position_view *p = &views[i];
        uint32_t leg = (uint32_t)(p->leg - weir_leg_at(&x->ledger, 0));
        if (tight) {
            set_edge(x, leg, p, LOW, value_word(x, p, LOW, p->value, WEIR_DRIFT_CLASSES - 1));
            set_edge(x, leg, p, HIGH, value_word(x, p, HIGH, p->value, WEIR_DRIFT_CLASSES - 1));
            continue;
        }
        weir_wide share[2];
        for (uint32_t c = 0; c < count; c++)
            share[c] = n == 1 ? held[c].slack : part[c] * ((weight(x, p) >> shift) + 1);
        /* An inverse contract's lots worth nothing require nothing, and a warning ends. */
        weir_wide floor = s->warned && p->market->contract == WEIR_INVERSE ? 1 : WEIR_BAND_NO_LOW;
        index_position(x, leg, p, held, share, count, floor);
    }
}

/* ---- Collect --------------------------------------------------------------------------------- */

static void look_at(struct weir_exchange *x, uint32_t scope) {
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    struct weir_standing st;
    uint32_t n = weir_stand(x, scope, &st);
    x->trigger.evaluations++;
    s->dirty = false;
    if (st.liquidatable && s->queue == WEIR_QUEUE_NONE) list_add(&x->trigger.found, scope);
    s->warn_now = st.warned;
    if (st.warned != s->warned && !s->warn_listed) {
        s->warn_listed = true;
        list_add(&x->trigger.warned, scope);
    }
    struct weir_condition held[2];
    uint32_t count = conditions(x, scope, &st, held);
    for (uint32_t i = weir_scope_first_leg(&x->ledger, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(&x->ledger, scope, i))
        if (weir_leg_at(&x->ledger, i)->size == 0) drop_edges(x, i);
    index_scope(x, &st, n, held, count);
}

/* Asks for the memory of a block of scopes and of their legs, a leg of each at a time. */
static void ask_ahead(const struct weir_exchange *x, const uint32_t *scopes, uint32_t n) {
    uint32_t leg[BLOCK];
    for (uint32_t i = 0; i < n; i++) {
        leg[i] = weir_scope_first_leg(&x->ledger, scopes[i]);
        if (leg[i] != WEIR_NO_INDEX) __builtin_prefetch(weir_leg_at(&x->ledger, leg[i]));
    }
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < n; i++) {
            if (leg[i] == WEIR_NO_INDEX) continue;
            leg[i] = weir_scope_next_leg(&x->ledger, scopes[i], leg[i]);
            if (leg[i] == WEIR_NO_INDEX) continue;
            __builtin_prefetch(weir_leg_at(&x->ledger, leg[i]));
            more = true;
        }
    }
}

void weir_trigger_collect(struct weir_exchange *x) {
    struct weir_trigger_index *t = &x->trigger;
    t->fresh = t->found.count;
    for (uint32_t i = 0; i < t->moved.count; i++)
        pass_edges(x, *WEIR_AT(&t->moved, uint32_t, i));
    t->moved.count = 0;
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
    for (uint32_t i = 0; i < t->changed.count; i++)
        find_quiet(x, *WEIR_AT(&t->changed, uint32_t, i));
    t->changed.count = 0;
}
