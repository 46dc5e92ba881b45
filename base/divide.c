/* The largest-remainder method (R5). */
#include "base/base.h"

/* Brings the first `k` of n, 0 < k < n, to the front, in no order: parts around a middle element of
 * three until they end there. Expected O(n); the choice of middles depends on nothing but n. */
static void select_shares(struct weir_share *s, size_t n, size_t k) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        struct weir_share a = s[low], b = s[low + (high - low) / 2], c = s[high], t;
        struct weir_share p = weir_share_before(&a, &b) ? (weir_share_before(&b, &c)   ? b
                                                           : weir_share_before(&a, &c) ? c
                                                                                       : a)
                                                        : (weir_share_before(&a, &c)   ? a
                                                           : weir_share_before(&b, &c) ? c
                                                                                       : b);
        size_t i = low, j = high;
        for (;;) {
            while (weir_share_before(&s[i], &p))
                i++;
            while (weir_share_before(&p, &s[j]))
                j--;
            if (i >= j) break;
            t = s[i];
            s[i++] = s[j];
            s[j--] = t;
        }
        /* Nobody is equal to another: all up to i - 1 come before all from i on. */
        if (i == j && !weir_share_before(&p, &s[i])) i++;
        if (k == i) return;
        if (k < i)
            high = i - 1;
        else
            low = i;
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
    weir_wide none = weight_sum / total; /* less weight than that is less than one */
    for (size_t i = 0; i < count; i++) {
        if (!is_open(i, weights, caps, shares)) continue;
        weir_wide part = weights[i] < none ? 0 : weir_mul_div_floor(total, weights[i], weight_sum);
        scratch[n].idx = (uint32_t)i;
        scratch[n].remainder =
            (weir_wide)((unsigned __int128)total * (unsigned __int128)weights[i] -
                        (unsigned __int128)part * (unsigned __int128)weight_sum);
        n++;
        shares[i] += part;
        placed += part;
    }
    /* Each remainder is less than one: fewer are left than there are open. */
    if (placed < total) select_shares(scratch, n, (size_t)(total - placed));
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
