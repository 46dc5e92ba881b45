/* Columns of single-precision numbers, eight rows a step, one division a row. What lies within the
 * rounding is compared in double precision by who asks. Losses rank behind all gains where that
 * counts, and are not scored. */
#include "bench/adl_scan.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LANES 8

static float *floats(uint32_t n) {
    float *f = aligned_alloc(64, ((size_t)n * sizeof(float) + 63) & ~(size_t)63);
    if (f != NULL) memset(f, 0, ((size_t)n * sizeof(float) + 63) & ~(size_t)63);
    return f;
}

void adl_scan_refresh(struct adl_scan *s, uint32_t account) {
    uint32_t row = s->place[account];
    const struct adl_account *a = &s->world->accounts[account];
    if (row == UINT32_MAX) return;
    double own = a->balance;
    s->entry[row] = 0;
    s->lots[row] = 0;
    for (uint32_t m = 0; m < s->others; m++)
        s->other[m][row] = 0;
    for (uint32_t k = 0; k < a->legs; k++) {
        if (a->lots[k] == 0) continue;
        own += a->entry_value[k];
        if (a->market[k] == s->market) {
            s->entry[row] = (float)(a->entry_value[k] / (double)a->lots[k]);
            s->lots[row] = a->lots[k];
        } else {
            s->other[a->market[k]][row] = a->lots[k];
        }
    }
    s->own[row] = (float)own;
}

bool adl_scan_new(struct adl_scan *s, const struct adl_world *w, uint32_t market) {
    *s = (struct adl_scan){.world = w, .market = market, .ranking = w->venue->adl_ranking};
    uint32_t n = w->plan.accounts;
    s->others = w->plan.legs > 1 ? w->plan.markets : 0;
    s->account = calloc(n + LANES, sizeof *s->account);
    s->place = calloc(n, sizeof *s->place);
    s->order = calloc(n + LANES, sizeof *s->order);
    if (!s->account || !s->place || !s->order) return false;
    for (uint32_t i = 0; i < n; i++) {
        s->place[i] = UINT32_MAX;
        for (uint32_t k = 0; k < w->accounts[i].legs; k++)
            if (w->accounts[i].market[k] == market && w->accounts[i].lots[k] != 0)
                s->place[i] = s->count;
        if (s->place[i] != UINT32_MAX) s->account[s->count++] = i;
    }
    s->room = (s->count + LANES - 1) & ~(LANES - 1u);
    s->entry = floats(s->room + LANES);
    s->own = floats(s->room + LANES);
    s->lots = floats(s->room + LANES);
    s->score = floats(s->room + LANES);
    for (uint32_t m = 0; m < s->others; m++)
        if ((s->other[m] = floats(s->room + LANES)) == NULL) return false;
    if (!s->entry || !s->own || !s->lots || !s->score) return false;
    for (uint32_t i = 0; i < n; i++)
        adl_scan_refresh(s, i);
    return true;
}

void adl_scan_free(struct adl_scan *s) {
    free(s->account);
    free(s->place);
    free(s->order);
    free(s->entry);
    free(s->own);
    free(s->lots);
    free(s->score);
    for (uint32_t m = 0; m < s->others; m++)
        free(s->other[m]);
    *s = (struct adl_scan){0};
}

/* One maintenance rate: the share is the equity's part by value, so notional / share is all the
 * scope holds / equity. A short that gains has an entry above the value `v`. */
static bool needs_gain(enum weir_ranking ranking) {
    return ranking == WEIR_RANK_PNL_LEVERAGE || ranking == WEIR_RANK_PNL_AMOUNT_LEVERAGE ||
           ranking == WEIR_RANK_PNL || ranking == WEIR_RANK_PRO_RATA;
}

/* rotation: rows are in account order; those from the turn on come first. */
static double turn_score(const struct adl_scan *s, uint32_t row) {
    return (row >= s->turn ? 2 : 1) - (double)row / (s->room + 1);
}

static double score_of(const struct adl_scan *s, double v, double entry, double lots, double all,
                       double equity) {
    switch (s->ranking) {
    case WEIR_RANK_PNL_LEVERAGE:
        return (entry - v) * all / (entry * equity);
    case WEIR_RANK_PNL_AMOUNT_LEVERAGE:
        return (entry - v) * lots * all / equity;
    case WEIR_RANK_PNL:
        return (entry - v) / entry;
    case WEIR_RANK_NOTIONAL_LEVERAGE:
        return lots * entry / equity;
    case WEIR_RANK_WATER_FILLING:
        return lots * v / equity;
    case WEIR_RANK_PRO_RATA:
        return (entry - v) * lots;
    case WEIR_RANK_EQUITY_PRO_RATA:
        return equity;
    default:
        return lots;
    }
}

static float run_plainly(struct adl_scan *s, const float *value) {
    float best = -1, v = value[s->market], least = needs_gain(s->ranking) ? v : 0;
    for (uint32_t i = 0; i < s->room; i++) {
        float all = s->lots[i] * v;
        for (uint32_t m = 0; m < s->others; m++)
            all += s->other[m][i] * value[m];
        float equity = s->own[i] - all, score = -1;
        if (s->entry[i] > least && equity > all * (ADL_RATE_PPM / 1e6f)) {
            score = (float)score_of(s, (double)v, (double)s->entry[i], (double)s->lots[i],
                                    (double)all, (double)equity);
            if (s->ranking == WEIR_RANK_ROTATION) score = (float)turn_score(s, i);
        }
        s->score[i] = score;
        best = score > best ? score : best;
    }
    return best;
}

#if defined(__x86_64__)
/* Eight rows of what is scored: over what, by the ranking. */
__attribute__((target("avx2,fma"))) static inline __m256
eight(const struct adl_scan *s, uint32_t i, __m256 v, __m256 entry, __m256 all, __m256 equity) {
    __m256 lots = _mm256_load_ps(&s->lots[i]), gain = _mm256_sub_ps(entry, v);
    switch (s->ranking) {
    case WEIR_RANK_PNL_LEVERAGE:
        return _mm256_div_ps(_mm256_mul_ps(gain, all), _mm256_mul_ps(entry, equity));
    case WEIR_RANK_PNL_AMOUNT_LEVERAGE:
        return _mm256_div_ps(_mm256_mul_ps(_mm256_mul_ps(gain, lots), all), equity);
    case WEIR_RANK_PNL:
        return _mm256_div_ps(gain, entry);
    case WEIR_RANK_NOTIONAL_LEVERAGE:
        return _mm256_div_ps(_mm256_mul_ps(lots, entry), equity);
    case WEIR_RANK_WATER_FILLING:
        return _mm256_div_ps(_mm256_mul_ps(lots, v), equity);
    case WEIR_RANK_PRO_RATA:
        return _mm256_mul_ps(gain, lots);
    case WEIR_RANK_EQUITY_PRO_RATA:
        return equity;
    default:
        return lots;
    }
}

__attribute__((target("avx2,fma"))) static float run_vectors(struct adl_scan *s,
                                                             const float *value) {
    __m256 best = _mm256_set1_ps(-1), none = best, v = _mm256_set1_ps(value[s->market]);
    __m256 rate = _mm256_set1_ps(ADL_RATE_PPM / 1e6f);
    __m256 least = needs_gain(s->ranking) ? v : _mm256_setzero_ps();
    for (uint32_t i = 0; i < s->room; i += LANES) {
        __m256 all = _mm256_mul_ps(_mm256_load_ps(&s->lots[i]), v);
        for (uint32_t m = 0; m < s->others; m++)
            all = _mm256_fmadd_ps(_mm256_load_ps(&s->other[m][i]), _mm256_set1_ps(value[m]), all);
        __m256 entry = _mm256_load_ps(&s->entry[i]);
        __m256 equity = _mm256_sub_ps(_mm256_load_ps(&s->own[i]), all);
        __m256 score = eight(s, i, v, entry, all, equity);
        __m256 fits = _mm256_and_ps(_mm256_cmp_ps(entry, least, _CMP_GT_OQ),
                                    _mm256_cmp_ps(equity, _mm256_mul_ps(all, rate), _CMP_GT_OQ));
        score = _mm256_blendv_ps(none, score, fits);
        _mm256_store_ps(&s->score[i], score);
        best = _mm256_max_ps(best, score);
    }
    float lane[LANES], most = -1;
    _mm256_storeu_ps(lane, best);
    for (int i = 0; i < LANES; i++)
        most = lane[i] > most ? lane[i] : most;
    return most;
}
#endif

float adl_scan_run(struct adl_scan *s) {
    float value[ADL_MARKETS_MAX];
    for (uint32_t m = 0; m < s->world->plan.markets; m++)
        value[m] = (float)(s->world->mark[m] * ADL_LOT_UNITS);
#if defined(__x86_64__)
    if (s->ranking != WEIR_RANK_ROTATION && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma"))
        return run_vectors(s, value);
#endif
    return run_plainly(s, value);
}

double adl_scan_score(const struct adl_scan *s, uint32_t account) {
    const struct adl_world *w = s->world;
    const struct adl_account *a = &w->accounts[account];
    double equity = a->balance, all = 0, lots = 0, entry = 0;
    double v = (double)(w->mark[s->market] * ADL_LOT_UNITS);
    for (uint32_t k = 0; k < a->legs; k++) {
        double value = (double)w->mark[a->market[k]] * ADL_LOT_UNITS * (double)a->lots[k];
        if (a->lots[k] == 0) continue;
        equity += a->entry_value[k] - value;
        all += value;
        if (a->market[k] != s->market) continue;
        lots = (double)a->lots[k];
        entry = a->entry_value[k] / lots;
    }
    if (equity <= all * ADL_RATE_PPM / 1e6 || lots == 0) return -1;
    if (needs_gain(s->ranking) && entry <= v) return -1;
    if (s->ranking == WEIR_RANK_ROTATION) return turn_score(s, s->place[account]);
    return score_of(s, v, entry, lots, all, equity);
}

/* Quickselect, then a sort of what was selected. */
static const float *sort_key;
static int by_score(const void *a, const void *b) {
    float x = sort_key[*(const uint32_t *)a], y = sort_key[*(const uint32_t *)b];
    return (x < y) - (x > y);
}

void adl_scan_select(struct adl_scan *s, uint32_t n) {
    for (uint32_t i = 0; i < s->count; i++)
        s->order[i] = i;
    for (uint32_t low = 0, high = s->count; high > low + 1;) {
        float pivot = s->score[s->order[low + (high - low) / 2]];
        uint32_t i = low, j = high - 1;
        while (i <= j) {
            while (s->score[s->order[i]] > pivot)
                i++;
            while (s->score[s->order[j]] < pivot)
                j--;
            if (i > j) break;
            uint32_t t = s->order[i];
            s->order[i++] = s->order[j];
            s->order[j] = t;
            if (j-- == 0) break;
        }
        if (n <= j + 1)
            high = j + 1;
        else if (n > i)
            low = i;
        else
            break;
    }
    sort_key = s->score;
    qsort(s->order, n < s->count ? n : s->count, sizeof *s->order, by_score);
}
