/* The largest-remainder method (R5). */
#include "base/base.h"

static bool share_before(const struct weir_share *a, const struct weir_share *b) {
    return a->remainder > b->remainder || (a->remainder == b->remainder && a->idx < b->idx);
}

static void sift_down(struct weir_share *s, size_t root, size_t n) {
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n) return;
        if (child + 1 < n && share_before(&s[child], &s[child + 1])) child++;
        if (!share_before(&s[root], &s[child])) return;
        struct weir_share t = s[root];
        s[root] = s[child];
        s[child] = t;
        root = child;
    }
}

/* Heap sort: first by remainder, largest first, ties to the lower index. */
static void sort_shares(struct weir_share *s, size_t n) {
    for (size_t i = n / 2; i-- > 0;)
        sift_down(s, i, n);
    for (size_t end = n; end > 1;) {
        struct weir_share t = s[0];
        s[0] = s[--end];
        s[end] = t;
        sift_down(s, 0, end);
    }
}

static bool is_open(size_t i, const weir_wide *weights, const weir_wide *caps,
                    const weir_wide *shares) {
    return weights[i] > 0 && (!caps || shares[i] < caps[i]);
}

/* One round: adds `total` to those still open, then cuts to the caps. Returns what was cut. */
static weir_wide divide_round(weir_wide total, weir_wide weight_sum, size_t count,
                              const weir_wide *weights, const weir_wide *caps, weir_wide *shares,
                              struct weir_share *scratch) {
    weir_wide placed = 0, cut = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_open(i, weights, caps, shares)) continue;
        weir_wide part = weir_mul_div_floor(total, weights[i], weight_sum);
        scratch[n].idx = (uint32_t)i;
        scratch[n].remainder =
            (weir_wide)((unsigned __int128)total * (unsigned __int128)weights[i] -
                        (unsigned __int128)part * (unsigned __int128)weight_sum);
        n++;
        shares[i] += part;
        placed += part;
    }
    if (placed < total) sort_shares(scratch, n);
    for (size_t i = 0; i < n && placed < total; i++, placed++)
        shares[scratch[i].idx]++;
    WEIR_CHECK(placed == total);
    for (size_t i = 0; i < n && caps; i++) {
        size_t k = scratch[i].idx;
        if (shares[k] <= caps[k]) continue;
        cut += shares[k] - caps[k];
        shares[k] = caps[k];
    }
    return cut;
}

weir_wide weir_divide(weir_wide total, size_t count, const weir_wide *weights,
                      const weir_wide *caps, weir_wide *shares, struct weir_share *scratch) {
    WEIR_CHECK(total >= 0);
    for (size_t i = 0; i < count; i++) {
        WEIR_CHECK(weights[i] >= 0 && (!caps || caps[i] >= 0));
        shares[i] = 0;
    }
    while (total > 0) {
        weir_wide sum = 0;
        for (size_t i = 0; i < count; i++)
            if (is_open(i, weights, caps, shares)) sum += weights[i];
        if (sum == 0) break;
        weir_wide rest = divide_round(total, sum, count, weights, caps, shares, scratch);
        WEIR_CHECK(rest < total);
        total = rest;
    }
    return total;
}
