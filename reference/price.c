/* Index, mark, premium, funding, collateral feeds, and the stops that prices trigger (R12-R15). */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>

static bool fresh(const struct source *s, int64_t now, int64_t stale_after) {
    return stale_after == WEIR_NONE || now - s->time < stale_after;
}

bool weir_twin_feed_fresh(const struct feed *f, int64_t now, int64_t stale_after) {
    for (int i = 0; i < f->count; i++)
        if (fresh(&f->sources[i], now, stale_after)) return true;
    return false;
}

bool weir_twin_source_fits(const struct feed *f, const struct weir_name *name) {
    for (int i = 0; i < f->count; i++)
        if (weir_name_equal(&f->sources[i].name, name)) return true;
    return f->count < TWIN_SOURCES;
}

bool weir_twin_update_source(struct feed *f, const struct weir_name *name, int64_t price,
                             int64_t now) {
    int i = 0;
    while (i < f->count && !weir_name_equal(&f->sources[i].name, name))
        i++;
    if (i == TWIN_SOURCES) return false;
    if (i == f->count) f->count++;
    f->sources[i] = (struct source){.name = *name, .price = price, .time = now};
    return true;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Of an even number the mean of the middle two, rounded down. */
static int64_t median(int64_t *p, int count) {
    qsort(p, (size_t)count, sizeof *p, ascending);
    if (count % 2 == 1) return p[count / 2];
    return (int64_t)weir_twin_div('f', (wide)p[count / 2 - 1] + p[count / 2], 1, 1, 2, 1);
}

void weir_twin_compute_index(struct twin *t, int m) {
    struct market *k = &t->m[m];
    int64_t p[TWIN_SOURCES];
    int count = 0;
    for (int i = 0; i < k->feed.count; i++)
        if (fresh(&k->feed.sources[i], t->now, k->c->index_stale_after))
            p[count++] = k->feed.sources[i].price;
    int fresh = count; /* an outlier is fresh still */
    if (count > 0 && k->c->index_outlier != WEIR_NONE) {
        int64_t middle = median(p, count);
        int kept = 0;
        for (int i = 0; i < count; i++)
            if (weir_twin_cmp(weir_abs(p[i] - middle), WEIR_PPB, k->c->index_outlier, middle) <= 0)
                p[kept++] = p[i];
        count = kept;
    }
    struct weir_event e = {.kind = WEIR_EV_INDEX_STALE};
    e.index.market = (uint32_t)m;
    if (count == 0 || fresh < k->c->index_min_sources) {
        if (k->index == 0 || k->stale) return;
        k->stale = true;
        weir_twin_market_closes(t, m);
        weir_twin_emit(t, &e);
        return;
    }
    k->index = median(p, count);
    if (!k->stale) return;
    k->stale = false;
    e.kind = WEIR_EV_INDEX_FRESH;
    weir_twin_emit(t, &e);
}

void weir_twin_compute_collateral(struct twin *t, int asset) {
    struct feed *f = &t->assets[asset].feed;
    int64_t p[TWIN_SOURCES];
    int count = 0;
    for (int i = 0; i < f->count; i++)
        if (fresh(&f->sources[i], t->now, t->v->assets[asset].stale_after))
            p[count++] = f->sources[i].price;
    if (count > 0) t->assets[asset].price = median(p, count);
}

/* The average price of taking whole lots from the best order on until their value reaches
 * impact_notional; false when the side cannot. */
static bool impact(const struct twin *t, int m, enum weir_side side, struct ratio *average) {
    const struct market *k = &t->m[m];
    wide need = k->c->mark_impact_notional, value = 0, sum = 0, lots = 0;
    if (k->c->mark_impact_notional == WEIR_NONE) return false;
    for (int i = 0; i < k->book_count[side]; i++) {
        const struct order *o = k->book[side][i];
        wide q = weir_twin_lots_reaching(t, m, o->price, need - value);
        if (q < 1) q = 1;
        if (q > o->open) q = o->open;
        sum += q * o->price;
        lots += q;
        value += weir_twin_value(t, m, o->price, q);
        *average = weir_twin_average(t, m, sum, lots, value);
        if (value >= need) return true;
    }
    return false;
}

/* Liquidation steps of the market wait: nothing is sampled (R14). */
static void waits_here(struct twin *t, struct scope *s, void *x) {
    int *m = x;
    if (*m >= 0 && s->queue != QUEUE_NONE && s->account->at[*m].s != 0 &&
        weir_twin_scope(t, s->account, *m) == s)
        *m = -1;
}

static void sample_basis(struct twin *t, int m) {
    struct market *k = &t->m[m];
    int waiting = m;
    weir_twin_each_scope(t, waits_here, &waiting);
    struct ratio bid, ask;
    if (waiting < 0 || k->index == 0) return;
    if (!impact(t, m, WEIR_BUY, &bid) || !impact(t, m, WEIR_SELL, &ask)) return;
    wide x = weir_twin_mid_less(&bid, &ask, k->index);
    if (k->c->mark_clamp != WEIR_NONE) {
        wide most = weir_twin_div('f', k->index, k->c->mark_clamp, 1, WEIR_PPB, 1);
        x = x > most ? most : x < -most ? -most : x;
    }
    wide alpha = weir_twin_div('f', 2, WEIR_PPB, k->c->mark_interval,
                               (wide)k->c->mark_window + k->c->mark_interval, 1);
    k->ema += (int64_t)weir_twin_div('t', x - k->ema, alpha, 1, WEIR_PPB, 1);
}

void weir_twin_compute_mark(struct twin *t, int m) {
    struct market *k = &t->m[m];
    if (k->index == 0) return;
    wide mark = k->index;
    if (k->c->mark_method == WEIR_MARK_EMA_BASIS) mark = (wide)k->index + k->ema;
    if (k->c->mark_method == WEIR_MARK_MEDIAN) {
        int64_t interval = k->c->funding_interval;
        wide left = interval == WEIR_NONE ? 0 : interval - t->now % interval;
        wide funded = k->index;
        if (left > 0)
            funded += weir_twin_div('f', k->index, k->funding_rate, left, interval, WEIR_PPB);
        int64_t p[3] = {weir_saturate(funded), k->index + k->ema, k->last ? k->last : k->index};
        mark = median(p, 3);
    }
    weir_twin_set_mark(t, m,
                       (int64_t)(mark < 1                 ? 1
                                 : mark > k->c->max_price ? k->c->max_price
                                                          : mark));
}

/* A new mark, with its event if it or the index changed. */
void weir_twin_set_mark(struct twin *t, int m, int64_t mark) {
    struct market *k = &t->m[m];
    if (mark == k->mark && k->index == k->published_index) return;
    int64_t from = k->mark;
    if (mark != k->mark) {
        k->previous_mark = k->mark;
        k->mark = mark;
        if (t->measures) weir_twin_note_mark(t, m, from, mark);
    }
    k->published_index = k->index;
    struct weir_event e = {.kind = WEIR_EV_MARK};
    e.mark.market = (uint32_t)m;
    e.mark.mark = k->mark;
    e.mark.index = k->index;
    weir_twin_emit(t, &e);
    if (from != k->mark) weir_twin_stops_moved(t, m, WEIR_ON_MARK, from, k->mark);
}

void weir_twin_mark_timer(struct twin *t, int m) {
    sample_basis(t, m);
    weir_twin_compute_mark(t, m);
}

/* The premium of the state after an accepted command (R15). */
void weir_twin_sample_premium(struct twin *t) {
    for (int m = 0; m < t->markets; m++) {
        struct market *k = &t->m[m];
        struct ratio average;
        k->premium = 0;
        if (k->index == 0) continue;
        if (impact(t, m, WEIR_BUY, &average))
            k->premium += weir_wide_max(0, weir_twin_premium(&average, k->index));
        if (impact(t, m, WEIR_SELL, &average))
            k->premium += weir_wide_min(0, weir_twin_premium(&average, k->index));
    }
}

static wide clamp(wide x, wide most) {
    return x > most ? most : x < -most ? -most : x;
}

void weir_twin_funding_timer(struct twin *t, int m) {
    struct market *k = &t->m[m];
    wide p = weir_twin_div('t', k->premium_sum, 1, 1, k->c->funding_interval, 1);
    k->premium_sum = 0;
    if (k->mark == 0) return;
    wide rate = p + clamp(k->c->funding_interest - p, k->c->funding_clamp);
    if (k->funding_cap != WEIR_NONE) rate = clamp(rate, k->funding_cap);
    k->funding_rate = weir_saturate(rate);
    wide n = k->funding_rate * weir_twin_value(t, m, k->mark, 1) + k->carry;
    wide per_lot = weir_twin_div('t', n, 1, 1, WEIR_PPB, 1);
    k->carry = (int64_t)(n - per_lot * WEIR_PPB);
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        weir_twin_scope(t, a, m)->balance -= per_lot * a->at[m].s;
    }
    struct weir_event e = {.kind = WEIR_EV_FUNDING};
    e.funding.market = (uint32_t)m;
    e.funding.rate = k->funding_rate;
    e.funding.per_lot = per_lot;
    weir_twin_emit(t, &e);
}

static int64_t reference_price(const struct twin *t, const struct order *o) {
    return o->trigger == WEIR_ON_MARK ? t->m[o->m].mark : t->m[o->m].last;
}

static bool holds(const struct twin *t, const struct order *o) {
    int64_t p = reference_price(t, o);
    if (p == 0) return false;
    return o->side == WEIR_BUY ? p >= o->stop_price : p <= o->stop_price;
}

/* Lets the waiting stops of one side (and trigger, -1: both) whose condition holds enter the line:
 * buys by ascending stop price, sells by descending, ties by age. */
static void enter_line(struct twin *t, int m, int trigger, enum weir_side side) {
    for (;;) {
        struct order *best = NULL;
        for (int i = 0; i < t->order_count; i++) {
            struct order *o = t->orders[i];
            if (o->dead || !o->stop || o->line != 0 || o->m != m || o->side != side) continue;
            if ((trigger >= 0 && (int)o->trigger != trigger) || !holds(t, o)) continue;
            if (!best || (side == WEIR_BUY ? o->stop_price < best->stop_price
                                           : o->stop_price > best->stop_price))
                best = o;
        }
        if (!best) return;
        best->line = ++t->line;
    }
}

void weir_twin_stops_moved(struct twin *t, int m, enum weir_stop_trigger trigger, int64_t from,
                           int64_t to) {
    if (!weir_twin_trades(t, m)) return; /* looked at when it trades again */
    if (from == 0 || to > from) enter_line(t, m, (int)trigger, WEIR_BUY);
    if (from == 0 || to < from) enter_line(t, m, (int)trigger, WEIR_SELL);
}

void weir_twin_stops_all(struct twin *t, int m) {
    enter_line(t, m, -1, WEIR_BUY);
    enter_line(t, m, -1, WEIR_SELL);
}

void weir_twin_stop_accepted(struct twin *t, struct order *o) {
    if (weir_twin_trades(t, o->m) && holds(t, o)) o->line = ++t->line;
}

static struct order *first_in_line(const struct twin *t) {
    struct order *best = NULL;
    for (int i = 0; i < t->order_count; i++) {
        struct order *o = t->orders[i];
        if (!o->dead && o->stop && o->line != 0 && (!best || o->line < best->line)) best = o;
    }
    return best;
}

static void fire(struct twin *t, struct order *stop) {
    struct order o = *stop;
    struct weir_event e = {.kind = WEIR_EV_TRIGGERED};
    e.triggered.account = &o.account->name;
    e.triggered.id = &stop->id;
    e.triggered.market = (uint32_t)o.m;
    weir_twin_emit(t, &e);
    o.stop = false;
    o.line = 0;
    o.type = stop->type == WEIR_STOP ? WEIR_MARKET : WEIR_LIMIT;
    stop->dead = true;
    enum weir_reason r = weir_twin_check(t, &o, true);
    if (r != WEIR_OK) {
        o.open = stop->open;
        weir_twin_cancelled(t, &o, r);
        return;
    }
    o.age = ++t->age;
    weir_twin_execute(t, &o);
}

/* (4): at most steps_per_command stops, in the order in which they were passed. */
void weir_twin_fire_stops(struct twin *t) {
    int64_t fired = 0;
    while (fired < t->v->steps_per_command) {
        struct order *o = first_in_line(t);
        if (!o) break;
        if (!weir_twin_trades(t, o->m)) {
            o->line = 0;
            continue;
        }
        fire(t, o);
        fired++;
    }
    weir_twin_sweep(t);
}
