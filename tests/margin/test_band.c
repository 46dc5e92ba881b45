/* Bands against every value tried in turn, and the band at once against the walk (R18). */
#include "margin/band.h"

#include "tests/scale.h"
#include "world.h"

#include <criterion/criterion.h>

#define MAX_PRICE 60

struct try {
    struct world w;
    struct weir_position_view p;
    struct weir_condition c;
    weir_wide share;
    int64_t drift;
};

/* alpha * U -/+ X where the coordinate is at `at` and the lots paid `paid` units since. */
static weir_wide gives(const struct try *t, weir_wide at, weir_wide paid) {
    const struct weir_position_view *p = &t->p;
    weir_wide v = at + p->sign * paid;
    uint32_t tier = weir_tier_of(p->market, p->risk,
                                 p->market->margin_basis == WEIR_BASIS_MARK ? v : p->entry_value);
    weir_wide x = weir_line_at(weir_requirement_line(&t->w.x, p, tier, t->c.upper), v);
    return t->c.alpha * (at - p->entry_value) * p->sign + (t->c.upper ? -x : x);
}

static bool holds(const struct try *t, weir_wide at, weir_wide paid) {
    return at + t->p.sign * paid < 0 || gives(t, at, paid) >= gives(t, t->p.value, 0) - t->share;
}

static void check(const struct try *t, const struct weir_band *band, uint64_t seed) {
    weir_wide all = (weir_wide)t->drift * t->p.lots, last = 3 * (weir_wide)t->p.value + 1000;
    for (weir_wide at = weir_wide_max(0, band->low); at <= weir_wide_min(band->high, last); at++)
        for (int i = -1; i <= 1; i++)
            cr_assert(holds(t, at, i * all), "seed %llu: not at %lld, %d", (unsigned long long)seed,
                      (long long)at, i);
    if (all > 0) return;
    cr_assert(band->low <= t->p.value && t->p.value <= band->high, "seed %llu",
              (unsigned long long)seed);
    cr_assert(band->low <= 0 || !holds(t, band->low - 1, 0), "seed %llu: too narrow below",
              (unsigned long long)seed);
    cr_assert(band->high > last || !holds(t, band->high + 1, 0), "seed %llu: too narrow above",
              (unsigned long long)seed);
}

/* A position in a market and a condition on it. */
static void draw(struct try *t) {
    struct world *w = &t->w;
    uint32_t leg =
        weir_leg_get(&w->x.ledger, world_account(w), (uint32_t)world_below(w, WORLD_MARKETS));
    struct weir_leg *g = weir_leg_at(&w->x.ledger, leg);
    weir_qty lots = 1 + (weir_qty)world_below(w, 12);
    g->leverage = 1 + (uint32_t)world_below(w, 20);
    world_fill(w, leg, world_below(w, 2) ? lots : -lots, 1 + (weir_price)world_below(w, MAX_PRICE));
    weir_view_position(&w->x, g, &t->p);
    weir_rate warn_at = w->venue->warn_at == WEIR_NONE ? WEIR_PPB : w->venue->warn_at;
    t->c = (struct weir_condition){.alpha = world_below(w, 2) ? WEIR_PPB : warn_at,
                                   .upper = world_below(w, 3) > 0};
    if (world_below(w, 8) == 0) t->c.alpha = (int64_t)world_below(w, WEIR_PPB);
    if (!t->c.upper) t->c.alpha = -t->c.alpha;
    t->share = (weir_wide)world_below(w, UINT64_C(1) << (20 + world_below(w, 25)));
    t->drift = 0;
    if (weir_requirement_grows(&w->x, &t->p)) t->drift = (int64_t)world_below(w, 9);
}

Test(band, against_every_value) {
    uint32_t plain = 0, lower = 0, nearer = 0, wide = 0;
    for (uint64_t seed = 1; seed <= 300 + weir_test_scale(700); seed++) {
        struct try t;
        cr_assert(world_new(&t.w, seed, MAX_PRICE, 300));
        for (uint32_t m = 0; m < WORLD_MARKETS; m++) {
            t.w.venue->markets[m].unit_value = 1 + (int64_t)world_below(&t.w, 3);
            t.w.venue->markets[m].face_units = 1 + (int64_t)world_below(&t.w, 1000);
            t.w.venue->markets[m].face_divisor = 1 + (int64_t)world_below(&t.w, 3);
        }
        for (int i = 0; i < 10; i++) {
            draw(&t);
            if (t.p.value > 20000) continue;
            struct weir_band band = {WEIR_BAND_NO_LOW, WEIR_BAND_NO_HIGH}, once;
            weir_band_narrow(&t.w.x, &t.p, &t.c, t.share, t.drift, &band);
            check(&t, &band, seed);
            wide += band.low < t.p.value && band.high > t.p.value;
            once = (struct weir_band){WEIR_BAND_NO_LOW, WEIR_BAND_NO_HIGH};
            if (!weir_band_plain(&t.p, &t.c, t.share, t.drift, &once)) continue;
            bool low = once.low == band.low || (once.low < 0 && band.low < 0);
            bool high = once.high == band.high;
            /* Never wider; nearer only where it is far. */
            bool far = !(once.low < band.low || once.high > band.high) &&
                       (low || (t.p.value - once.low) * 8 >= t.p.value) &&
                       (high || (once.high - t.p.value) * 8 >= t.p.value);
            cr_assert((low && high) || far, "seed %llu: at once %lld to %lld, walked %lld to %lld",
                      (unsigned long long)seed, (long long)once.low, (long long)once.high,
                      (long long)band.low, (long long)band.high);
            nearer += !(low && high);
            lower += !t.c.upper;
            plain++;
        }
        world_free(&t.w);
    }
    cr_assert(plain > 0 && lower > 0 && nearer > 0 && wide > 0);
}
