/* A full scan in good faith: columns instead of records, vectors of doubles, no division. Sums are
 * whole numbers below 2^53 and so exact; the requirement is taken unrounded, and what lies within
 * the rounding is looked at exactly. */
#include "bench/scan.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LANES 4

static double *doubles(uint32_t n) {
    return aligned_alloc(64, ((size_t)n * sizeof(double) + 63) & ~(size_t)63);
}

static bool group_new(struct scan_group *g, uint32_t legs, uint32_t markets) {
    uint32_t room = (g->count + LANES + markets * LANES + 63) & ~63u;
    g->room = room;
    g->constant = doubles(room);
    g->scope = calloc(room, sizeof *g->scope);
    if (!g->constant || !g->scope) return false;
    for (uint32_t i = 0; i < room; i++)
        g->constant[i] = 1e300;
    for (uint32_t j = 0; j < legs; j++) {
        g->size[j] = aligned_alloc(64, room * sizeof(int32_t));
        g->market[j] = calloc(room, 1);
        if (!g->size[j] || !g->market[j]) return false;
        memset(g->size[j], 0, room * sizeof(int32_t));
    }
    return true;
}

static uint32_t count_legs(const struct population *p, uint32_t scope, uint32_t *first_market) {
    const struct weir_ledger *l = &p->x.ledger;
    uint32_t n = 0;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        if (n == 0) *first_market = weir_leg_at(l, i)->market;
        n += weir_leg_at(l, i)->size != 0;
    }
    return n;
}

static void put_scope(struct scan *s, uint32_t scope, uint32_t legs, uint32_t place) {
    const struct weir_ledger *l = &s->p->x.ledger;
    struct scan_group *g = &s->group[legs];
    s->place[scope] = place;
    s->legs[scope] = (uint8_t)legs;
    g->scope[place] = scope;
    uint32_t j = 0;
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *leg = weir_leg_at(l, i);
        if (leg->size == 0) continue;
        g->size[j][place] = (int32_t)leg->size;
        g->market[j++][place] = (uint8_t)leg->market;
    }
    scan_refresh(s, scope);
}

bool scan_new(struct scan *s, const struct population *p) {
    *s = (struct scan){.p = p};
#if defined(__x86_64__)
    s->vector = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    const struct weir_risk *risk = &p->x.risks[0];
    for (uint32_t k = 0; k < 4; k++) {
        s->rate[k] = (double)risk->tiers.row[k].rate / 1e9;
        s->deduction[k] = (double)risk->deduction[k] / 1e9;
    }
    uint32_t scopes = p->x.ledger.scopes.count, single[BENCH_MARKETS_MAX] = {0}, market = 0;
    s->place = calloc(scopes, sizeof *s->place);
    s->legs = calloc(scopes, 1);
    s->found = calloc(p->count + 1, sizeof *s->found);
    if (!s->place || !s->legs || !s->found) return false;
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t legs = count_legs(p, p->scopes[i], &market);
        s->group[legs].count++;
        if (legs == 1) single[market]++;
    }
    for (uint32_t n = 1; n <= BENCH_LEGS_MAX; n++)
        if (!group_new(&s->group[n], n, p->markets)) return false;
    uint32_t next[BENCH_LEGS_MAX + 1] = {0}, at[BENCH_MARKETS_MAX], sum = 0;
    for (uint32_t m = 0; m < p->markets; m++) {
        s->group[1].from[m] = at[m] = sum;
        sum += (single[m] + LANES - 1) & ~(LANES - 1u);
    }
    s->group[1].from[p->markets] = sum;
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t legs = count_legs(p, p->scopes[i], &market);
        put_scope(s, p->scopes[i], legs, legs == 1 ? at[market]++ : next[legs]++);
    }
    return true;
}

void scan_free(struct scan *s) {
    for (uint32_t n = 1; n <= BENCH_LEGS_MAX; n++) {
        free(s->group[n].constant);
        free(s->group[n].scope);
        for (uint32_t j = 0; j < n; j++) {
            free(s->group[n].size[j]);
            free(s->group[n].market[j]);
        }
    }
    free(s->place);
    free(s->legs);
    free(s->found);
    *s = (struct scan){0};
}

void scan_refresh(struct scan *s, uint32_t scope) {
    const struct weir_ledger *l = &s->p->x.ledger;
    weir_wide constant = weir_scope_balance(l, scope);
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *leg = weir_leg_at(l, i);
        constant += leg->size > 0 ? -leg->entry_value : leg->entry_value;
        /* Funding counts in what a lot is worth. */
        constant += (weir_wide)leg->size * s->p->funded[leg->market];
    }
    s->group[s->legs[scope]].constant[s->place[scope]] = (double)constant;
}

/* Equity less requirement of one scope, as the vectors find it. */
static double surplus(const struct scan *s, const struct scan_group *g, uint32_t legs, uint32_t i) {
    double equity = g->constant[i], requirement = 0;
    for (uint32_t j = 0; j < legs; j++) {
        double value = g->size[j][i] * s->value[g->market[j][i]];
        double notional = value < 0 ? -value : value, most = 0;
        equity += value;
        for (uint32_t k = 0; k < 4; k++) {
            double m = s->rate[k] * notional - s->deduction[k];
            if (m > most) most = m;
        }
        requirement += most;
    }
    return equity - requirement;
}

/* A scope whose surplus is at most what rounding up may add. */
static void consider(struct scan *s, const struct scan_group *g, uint32_t legs, uint32_t i) {
    uint32_t scope = g->scope[i];
    if (surplus(s, g, legs, i) > -1) {
        struct weir_health h;
        weir_health(&s->p->x, scope, NULL, &h);
        if (!weir_liquidatable(&s->p->x, &h)) return;
    }
    s->found[s->found_count++] = scope;
}

static void scan_plainly(struct scan *s, const struct scan_group *g, uint32_t legs) {
    uint32_t n = legs == 1 ? g->from[s->p->markets] : g->count;
    for (uint32_t i = 0; i < n; i++)
        if (surplus(s, g, legs, i) <= legs + 1) consider(s, g, legs, i);
}

#if defined(__x86_64__)
struct vectors {
    __m256d rate[4], deduction[4], sign;
};

__attribute__((target("avx2,fma"), always_inline)) static inline void
add_values(const struct vectors *v, __m256d value, __m256d *equity, __m256d *requirement) {
    __m256d notional = _mm256_andnot_pd(v->sign, value);
    *equity = _mm256_add_pd(*equity, value);
    /* Rates rise with the notional: the right tier is the one that asks for most. */
    __m256d a = _mm256_mul_pd(v->rate[0], notional);
    __m256d b = _mm256_fmsub_pd(v->rate[1], notional, v->deduction[1]);
    __m256d c = _mm256_fmsub_pd(v->rate[2], notional, v->deduction[2]);
    __m256d d = _mm256_fmsub_pd(v->rate[3], notional, v->deduction[3]);
    *requirement =
        _mm256_add_pd(*requirement, _mm256_max_pd(_mm256_max_pd(a, b), _mm256_max_pd(c, d)));
}

__attribute__((target("avx2,fma"))) static void
scan_vectors(struct scan *s, const struct scan_group *g, uint32_t legs) {
    struct vectors v = {.sign = _mm256_set1_pd(-0.0)};
    for (int k = 0; k < 4; k++) {
        v.rate[k] = _mm256_set1_pd(s->rate[k]);
        v.deduction[k] = _mm256_set1_pd(s->deduction[k]);
    }
    __m256d tolerance = _mm256_set1_pd((double)legs + 1);
    uint32_t n = legs == 1 ? g->from[s->p->markets] : g->count, market = 0;
    for (uint32_t i = 0; i < n; i += LANES) {
        __m256d equity = _mm256_load_pd(&g->constant[i]), requirement = _mm256_setzero_pd();
        if (legs == 1) {
            while (i >= g->from[market + 1])
                market++;
            __m256d size =
                _mm256_cvtepi32_pd(_mm_load_si128((const __m128i *)(const void *)&g->size[0][i]));
            add_values(&v, _mm256_mul_pd(size, _mm256_set1_pd(s->value[market])), &equity,
                       &requirement);
        }
        for (uint32_t j = 0; legs > 1 && j < legs; j++) {
            int32_t four;
            memcpy(&four, &g->market[j][i], sizeof four);
            __m128i markets = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(four));
            __m256d size =
                _mm256_cvtepi32_pd(_mm_load_si128((const __m128i *)(const void *)&g->size[j][i]));
            __m256d value = _mm256_i32gather_pd(s->value, markets, 8);
            add_values(&v, _mm256_mul_pd(size, value), &equity, &requirement);
        }
        __m256d left = _mm256_sub_pd(equity, requirement);
        int mask = _mm256_movemask_pd(_mm256_cmp_pd(left, tolerance, _CMP_LE_OQ));
        for (; mask != 0; mask &= mask - 1)
            consider(s, g, legs, i + (uint32_t)__builtin_ctz((unsigned)mask));
    }
}
#endif

void scan_run(struct scan *s) {
    const struct population *p = s->p;
    s->found_count = 0;
    for (uint32_t m = 0; m < p->markets; m++)
        s->value[m] =
            (double)(weir_value(&p->venue->markets[m], p->x.prices[m].mark, 1) - p->funded[m]);
    for (uint32_t legs = 1; legs <= BENCH_LEGS_MAX; legs++) {
        const struct scan_group *g = &s->group[legs];
        if (g->count == 0) continue;
#if defined(__x86_64__)
        if (s->vector) {
            scan_vectors(s, g, legs);
            continue;
        }
#endif
        scan_plainly(s, g, legs);
    }
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

bool scan_equals(struct scan *s, const uint32_t *set, uint32_t count) {
    if (s->found_count != count) return false;
    if (count == 0) return true;
    qsort(s->found, count, sizeof *s->found, ascending);
    return memcmp(s->found, set, count * sizeof *set) == 0;
}
