/* The edges of positions' bands: taken when they are passed, set, dropped, swept (R18). */
#include "margin/edges.h"

#include "margin/gauge.h"

/* Fractions of a lot's value that a class allows charges to drift, as shifts. */
static const int drift_shift[WEIR_DRIFT_CLASSES - 1] = {6, 11};
#define SWEEP_STEP 24
#define AHEAD      16 /* edges taken, and added, whose memory is asked for ahead */
#define ADD_AHEAD  64
/* Of more than so many the nodes on their ways have come with those before. */
#define MANY_ADDED 4096

static uint32_t *stored_at(struct weir_leg *g, enum weir_direction d) {
    return d == WEIR_LOW ? &g->low_key : &g->high_key;
}
static struct weir_edge_set *set_of(struct weir_trigger_market *t, enum weir_direction d,
                                    uint32_t word) {
    struct weir_trigger_side *s = &t->side[word & 1];
    return d == WEIR_LOW ? &s->low[word >> 1 & 3] : &s->high[word >> 1 & 3];
}

void weir_list_add(struct weir_pool *list, uint32_t index) {
    uint32_t i = weir_pool_add(list, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(list, uint32_t, i) = index;
}

uint32_t weir_edge_stored(enum weir_direction d, weir_wide gauge, uint32_t drift, uint32_t side) {
    if (d == WEIR_LOW) {
        uint32_t code = weir_gauge_code_up(weir_max(1, weir_gauge_clamp(gauge)));
        return weir_edge_word(code, drift, side);
    }
    uint32_t code = weir_gauge_code(weir_gauge_clamp(gauge + 1));
    return ~weir_edge_word(code > 0 ? code - 1 : 0, drift, side);
}

uint64_t weir_edge_bound(enum weir_direction d, int64_t least, int64_t most) {
    if (d == WEIR_LOW) return (uint32_t)~weir_edge_word(weir_gauge_code(least), 3, 1);
    return weir_edge_word(weir_gauge_code(most), 0, 0);
}

/* ---- Passing edges --------------------------------------------------------------------------- */

/* What a lot of the side has paid so far. */
static weir_wide charges(const struct weir_exchange *x, uint32_t market, uint32_t side) {
    return weir_lot_charged(&x->ledger.markets[market], side == 0 ? 1 : -1);
}

static int side_sign(const struct weir_market *m, uint32_t side) {
    return side == 0 ? weir_long_sign(m) : -weir_long_sign(m);
}

int64_t weir_gauge_clamp(weir_wide g) {
    const weir_wide most = ((weir_wide)1 << 62) - 1;
    return (int64_t)(g < 0 ? 0 : g > most ? most : g);
}

/* The shift says how far the side's coordinate lies below the gauge, toward minus infinity: a lot
 * that gains with value and paid c stands as if its gauge were lower by c. */
__attribute__((noinline)) static void find_place(struct weir_exchange *x, uint32_t market,
                                                 uint32_t side, weir_wide now) {
    struct weir_trigger_market *tm = &x->trigger.markets[market];
    struct weir_trigger_side *s = &tm->side[side];
    const struct weir_market *m = &x->venue->markets[market];
    if (now != s->charged) {
        weir_wide paid = (now - s->base) * side_sign(m, side);
        s->charged = now;
        s->shift = weir_div_floor(paid * ((weir_wide)1 << tm->scale), weir_gauge_unit(m));
    }
    s->mark = x->prices[market].mark;
    weir_wide gauge = weir_gauge_floor(m, tm->scale, s->mark);
    bool exact = m->contract == WEIR_LINEAR;
    s->least = weir_gauge_clamp(gauge - s->shift - (now != s->base));
    s->most = weir_gauge_clamp(gauge - s->shift + !exact);
}

/* The side with its place at the present mark, which is known, and charges. */
static inline const struct weir_trigger_side *placed(struct weir_exchange *x, uint32_t market,
                                                     uint32_t side) {
    const struct weir_trigger_side *s = &x->trigger.markets[market].side[side];
    weir_wide now = charges(x, market, side);
    if (now != s->charged || s->mark != x->prices[market].mark) find_place(x, market, side, now);
    return s;
}

/* Have charges shifted the side's coordinate by more than a quarter of the gauge? It must not come
 * to lie below 0, where edges are cut off. */
static bool far_off(struct weir_exchange *x, uint32_t market, uint32_t side) {
    const struct weir_market *m = &x->venue->markets[market];
    int64_t gauge = weir_gauge_floor(m, x->trigger.markets[market].scale, x->prices[market].mark);
    weir_wide shift = placed(x, market, side)->shift;
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
        int64_t lot = weir_position_value(&x->venue->markets[market], x->prices[market].mark, 1);
        s->allowed[c] = lot >> drift_shift[c];
    }
    return true;
}

/* Edges that were taken: those that still count have their scopes looked at. The memory of legs,
 * then of scopes, is asked for ahead. */
static void touch_taken(struct weir_exchange *x, uint32_t market, enum weir_direction d) {
    struct weir_trigger_index *t = &x->trigger;
    const uint64_t *at = WEIR_AT(&t->taken, uint64_t, 0);
    uint32_t n = t->taken.count, kept = 0, *scopes = WEIR_AT(&t->taken, uint32_t, 0);
    for (uint32_t i = 0; i < n; i++) {
        if (i + AHEAD < n) __builtin_prefetch(weir_leg_at(&x->ledger, (uint32_t)at[i + AHEAD]));
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
        if (i + AHEAD < kept) __builtin_prefetch(weir_scope_at(&x->ledger, scopes[i + AHEAD]));
        weir_touch(x, scopes[i]);
    }
    t->taken.count = 0;
}

static inline void pass(struct weir_exchange *x, uint32_t market, enum weir_direction d,
                        struct weir_edge_set *set, uint64_t bound) {
    if (bound <= weir_edge_least(set)) return;
    weir_edge_take(&x->trigger.store, set, bound, &x->trigger.taken);
    touch_taken(x, market, d);
}

static void note_changed(struct weir_trigger_index *t, uint32_t market) {
    if (t->markets[market].changed) return;
    t->markets[market].changed = true;
    weir_list_add(&t->changed, market);
}

/* How far the mark goes in a move, from what it did lately. */
static void learn_unrest(struct weir_exchange *x, uint32_t market) {
    struct weir_mark_watch *w = &x->trigger.watch[market];
    if (w->moves < 16) return;
    weir_wide mark = (weir_wide)x->prices[market].mark * (weir_wide)w->moves;
    weir_wide part = weir_div_trunc((weir_wide)w->travelled << 20, mark);
    x->trigger.markets[market].unrest = (uint32_t)weir_clamp(weir_saturate(part), 1, 1 << 20);
    while (w->moves > 1024) {
        w->moves /= 2;
        w->travelled /= 2;
    }
}

/* Takes the edges that the mark and the charges of a market have passed. */
void weir_pass_edges(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_market *tm = &t->markets[market];
    tm->moved = false;
    if (x->prices[market].mark == 0) return;
    note_changed(t, market);
    learn_unrest(x, market);
    for (uint32_t side = 0; side < 2; side++) {
        struct weir_trigger_side *s = &tm->side[side];
        bool far = !tm->ready || far_off(x, market, side);
        placed(x, market, side);
        uint64_t low = weir_edge_bound(WEIR_LOW, s->least, s->most);
        uint64_t high = weir_edge_bound(WEIR_HIGH, s->least, s->most);
        /* Nothing was charged since: what did not need to be renewed then does not now. */
        bool charged = far || s->charged != s->passed;
        s->passed = s->charged;
        for (uint32_t c = 0; c < WEIR_DRIFT_CLASSES; c++) {
            bool all = charged && renew_drift(x, market, side, c, far);
            pass(x, market, WEIR_LOW, &s->low[c], all ? WEIR_EDGE_NONE : low);
            pass(x, market, WEIR_HIGH, &s->high[c], all ? WEIR_EDGE_NONE : high);
        }
        if (!far) continue;
        s->base = s->charged = charges(x, market, side);
        s->shift = 0;
        s->mark = 0; /* its place is to be found again */
    }
    tm->ready = true;
}

#define WAYS 64

/* The legs of the edges that are passed, at the ends of the ways, then their scopes. */
static void legs_ahead(const struct weir_exchange *x, const struct weir_edge_way *way,
                       const uint64_t *bound, uint32_t n) {
    uint32_t legs[WAYS], k = 0, entries;
    for (uint32_t i = 0; i < n; i++) {
        if (way[i].ref == 0) continue;
        const uint64_t *entry = weir_edge_first(&x->trigger.store, way[i].ref, &entries);
        for (uint32_t e = 0; e < entries && k < WAYS; e++) {
            if (entry[e] >> 32 >= bound[i]) continue;
            legs[k++] = (uint32_t)entry[e];
            __builtin_prefetch(weir_leg_at(&x->ledger, legs[k - 1]), 1);
        }
    }
    for (uint32_t i = 0; i < k; i++)
        __builtin_prefetch(weir_scope_at(&x->ledger, weir_leg_at(&x->ledger, legs[i])->scope), 1);
}

/* The ways to the least edges of a market's sets that its mark and charges have passed. */
static uint32_t ways_to(struct weir_exchange *x, uint32_t market, struct weir_edge_way *way,
                        uint64_t *bound) {
    uint32_t n = 0;
    for (uint32_t side = 0; side < 2; side++) {
        const struct weir_trigger_side *s = placed(x, market, side);
        uint64_t low = weir_edge_bound(WEIR_LOW, s->least, s->most);
        uint64_t high = weir_edge_bound(WEIR_HIGH, s->least, s->most);
        for (uint32_t c = 0; c < WEIR_DRIFT_CLASSES; c++) {
            uint64_t least = weir_edge_least(&s->low[c]);
            bound[n] = low;
            if (least < low) way[n++] = weir_edge_way(&s->low[c], (uint32_t)least);
            least = weir_edge_least(&s->high[c]);
            bound[n] = high;
            if (least < high) way[n++] = weir_edge_way(&s->high[c], (uint32_t)least);
        }
    }
    return n;
}

void weir_pass_ahead(struct weir_exchange *x) {
    const struct weir_pool *moved = &x->trigger.moved;
    struct weir_edge_way way[WAYS];
    uint64_t bound[WAYS + 1];
    uint32_t n = 0;
    for (uint32_t i = 0; i < moved->count && n + 4 * WEIR_DRIFT_CLASSES <= WAYS; i++) {
        uint32_t market = *WEIR_AT(moved, uint32_t, i);
        if (x->prices[market].mark != 0) n += ways_to(x, market, &way[n], &bound[n]);
    }
    weir_edge_least_ahead(&x->trigger.store, way, n);
    legs_ahead(x, way, bound, n);
}

/* The marks that pass no edge of a market. */
void weir_find_quiet(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_market *tm = &t->markets[market];
    const struct weir_market *m = &x->venue->markets[market];
    weir_wide low = 0, high = ((weir_wide)1 << 62) - 1; /* of the gauge, below and above exact */
    tm->changed = false;
    for (uint32_t side = 0; side < 2; side++) {
        const struct weir_trigger_side *s = placed(x, market, side);
        weir_wide shift = s->shift;
        low = weir_wide_max(low, 4 * (shift < 0 ? -shift : shift)); /* below, it is far off */
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

/* ---- Setting edges --------------------------------------------------------------------------- */

/* value * 2^scale / unit toward minus / plus infinity, unit > 0. In 64 bits where they do: what is
 * left of a division by the unit is below it. */
static inline bool scales_narrow(weir_wide size, uint8_t scale, int64_t unit) {
    return size >= 0 && weir_narrow(size) && unit >> (62 - scale) == 0;
}
static inline weir_wide scaled_floor(weir_wide value, uint8_t scale, int64_t unit) {
    if (!scales_narrow(value, scale, unit))
        return weir_div_floor(value * (INT64_C(1) << scale), unit);
    uint64_t v = (uint64_t)value, u = (uint64_t)unit;
    return (weir_wide)(v / u) * (INT64_C(1) << scale) + (int64_t)((v % u << scale) / u);
}
static inline weir_wide scaled_ceil(weir_wide value, uint8_t scale, int64_t unit) {
    if (value < 0) return -scaled_floor(-value, scale, unit); /* more than all may be lost */
    if (!scales_narrow(value, scale, unit))
        return weir_div_ceil(value * (INT64_C(1) << scale), unit);
    uint64_t v = (uint64_t)value, u = (uint64_t)unit;
    uint64_t part = (v % u << scale) + u - 1; /* both below 2^62 */
    return (weir_wide)(v / u) * (INT64_C(1) << scale) + (int64_t)(part / u);
}

/* The word of an edge at a value, or 0: none. `value` bounds from below (LOW) or above (HIGH). */
static uint32_t low_word(const struct weir_position_view *p, const struct weir_trigger_side *s,
                         uint8_t scale, int64_t value, uint32_t drift) {
    if (value == WEIR_BAND_NO_LOW) return 0;
    /* The value of inverse lots is cut to a unit: up to one more is needed. */
    weir_wide scaled = (weir_wide)value + (p->market->contract == WEIR_INVERSE);
    int64_t unit = p->lots * weir_gauge_unit(p->market); /* linear: their value at one tick */
    weir_wide gauge = scaled_ceil(scaled, scale, unit);
    return weir_edge_stored(WEIR_LOW, gauge - s->shift, drift, p->leg->size < 0);
}
static uint32_t high_word(const struct weir_position_view *p, const struct weir_trigger_side *s,
                          uint8_t scale, int64_t value, uint32_t drift) {
    if (value == WEIR_BAND_NO_HIGH) return 0;
    int64_t unit = p->lots * weir_gauge_unit(p->market);
    weir_wide gauge = scaled_floor(value, scale, unit);
    /* The shift is at most one above what was paid, never below. */
    return weir_edge_stored(WEIR_HIGH, gauge - s->shift - 1, drift, p->leg->size < 0);
}

/* Is the edge in the set good enough to stand for the new one: in the sets of the same side, not
 * further, of a class that allows no more (as each did when it was last taken: what a later class
 * allows may be more at a higher mark), and not so much nearer that it would soon be passed for
 * nothing? */
static bool keeps(const struct weir_trigger_side *s, enum weir_direction d, uint32_t old,
                  uint32_t new) {
    if (old == 0) return false;
    old = weir_edge_word_of(d, old);
    new = weir_edge_word_of(d, new);
    if ((old & 1) != (new & 1)) return false;
    if (s->allowed[old >> 1 & 3] > s->allowed[new >> 1 & 3]) return false;
    int64_t was = weir_gauge_decode(old >> 3), is = weir_gauge_decode(new >> 3);
    int64_t reach_was = d == WEIR_LOW ? s->least - was : was - s->most;
    int64_t reach_is = d == WEIR_LOW ? s->least - is : is - s->most;
    return reach_was <= reach_is && reach_is - reach_was <= reach_was / 2;
}

static bool edge_counts(const void *ctx, uint32_t key, uint32_t leg, enum weir_direction d) {
    const struct weir_leg *g = WEIR_AT((const struct weir_pool *)ctx, struct weir_leg, leg);
    return (d == WEIR_LOW ? g->low_key : g->high_key) == ~key;
}
static bool low_counts(const void *ctx, uint32_t key, uint32_t leg) {
    return edge_counts(ctx, key, leg, WEIR_LOW);
}
static bool high_counts(const void *ctx, uint32_t key, uint32_t leg) {
    return edge_counts(ctx, key, leg, WEIR_HIGH);
}

static void leg_ahead(const void *ctx, uint32_t leg) {
    __builtin_prefetch(WEIR_AT((const struct weir_pool *)ctx, struct weir_leg, leg));
}

/* Drops some edges that count no more, a set after the other: an edge added pays for it. */
static void sweep_stale(struct weir_exchange *x, uint32_t market) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_market *tm = &t->markets[market];
    if (tm->stale < WEIR_STALE_LEAST || 3 * tm->stale < 2 * tm->edges) return;
    enum weir_direction d = tm->sweep & 1 ? WEIR_HIGH : WEIR_LOW;
    struct weir_edge_set *set = set_of(tm, d, tm->sweep >> 1);
    uint32_t dropped =
        weir_edge_sweep(&t->store, set, SWEEP_STEP, d == WEIR_LOW ? low_counts : high_counts,
                        leg_ahead, &x->ledger.legs);
    tm->edges -= dropped;
    tm->stale -= dropped;
    note_changed(t, market);
    tm->swept += SWEEP_STEP;
    if (tm->swept < weir_edge_count(set)) return;
    tm->swept = 0;
    tm->sweep = (tm->sweep + 1) % (4 * WEIR_DRIFT_CLASSES);
}

static inline void set_edge(struct weir_exchange *x, uint32_t leg,
                            const struct weir_trigger_side *s, enum weir_direction d,
                            uint32_t word) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    uint32_t *stored = stored_at(g, d);
    if (word == *stored || (word != 0 && keeps(s, d, *stored, word))) return;
    if (*stored != 0) t->markets[g->market].stale++;
    *stored = word;
    if (word == 0) return;
    uint32_t i = weir_pool_add(&t->adding, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&t->adding, struct weir_edge_new, i) =
        (struct weir_edge_new){leg, word, (uint16_t)g->market, (uint8_t)d};
}

static void add_edge(struct weir_exchange *x, const struct weir_edge_new *e) {
    struct weir_trigger_index *t = &x->trigger;
    struct weir_trigger_market *tm = &t->markets[e->market];
    struct weir_edge_set *set = set_of(tm, e->direction, weir_edge_word_of(e->direction, e->word));
    uint64_t before = weir_edge_least(set);
    bool added = weir_edge_add(&t->store, set, ~e->word, e->leg);
    WEIR_CHECK(added);
    tm->edges++;
    if (weir_edge_least(set) < before) note_changed(t, e->market);
    sweep_stale(x, e->market);
}

void weir_add_edges(struct weir_exchange *x) {
    struct weir_trigger_index *t = &x->trigger;
    const struct weir_edge_new *at = WEIR_AT(&t->adding, struct weir_edge_new, 0);
    uint32_t n = t->adding.count;
    for (uint32_t from = 0, to; from < n; from = to) {
        to = n - from < ADD_AHEAD ? n : from + ADD_AHEAD;
        struct weir_edge_way way[ADD_AHEAD];
        for (uint32_t i = from; i < to && n > 1; i++) {
            uint32_t word = weir_edge_word_of(at[i].direction, at[i].word);
            const struct weir_edge_set *set =
                set_of(&t->markets[at[i].market], at[i].direction, word);
            if (n > MANY_ADDED)
                weir_edge_ahead_one(&t->store, set, ~at[i].word);
            else
                way[i - from] = weir_edge_way(set, ~at[i].word);
        }
        if (n > 1 && n <= MANY_ADDED) weir_edge_ahead(&t->store, way, to - from);
        for (uint32_t i = from; i < to; i++)
            add_edge(x, &at[i]);
    }
    t->adding.count = 0;
}

void weir_drop_edges(struct weir_exchange *x, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if ((g->low_key | g->high_key) == 0) return;
    struct weir_trigger_market *tm = &x->trigger.markets[g->market];
    tm->stale += (uint64_t)(g->low_key != 0) + (g->high_key != 0);
    g->low_key = g->high_key = 0;
}

void weir_set_edges(struct weir_exchange *x, uint32_t leg, const struct weir_position_view *p,
                    const struct weir_band *band, uint32_t drift) {
    uint32_t market = p->leg->market;
    uint8_t scale = x->trigger.markets[market].scale;
    const struct weir_trigger_side *s = placed(x, market, p->leg->size < 0);
    set_edge(x, leg, s, WEIR_LOW, low_word(p, s, scale, band->low, drift));
    set_edge(x, leg, s, WEIR_HIGH, high_word(p, s, scale, band->high, drift));
}
