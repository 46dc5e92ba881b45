/* Division of a total by weights (R5) against its definition: round by round, the largest remainder
 * found by looking at all. */
#include <criterion/criterion.h>

#include "base/base.h"
#include "tests/scale.h"

#define MOST 300

struct round {
    size_t n;
    weir_wide total, weights[MOST], caps[MOST], want[MOST], got[MOST];
    bool capped;
    struct weir_share scratch[MOST];
};

static bool is_open(const struct round *r, size_t i) {
    return r->weights[i] > 0 && (!r->capped || r->want[i] < r->caps[i]);
}

static weir_wide by_definition(struct round *r) {
    weir_wide total = r->total;
    for (size_t i = 0; i < r->n; i++)
        r->want[i] = 0;
    while (total > 0) {
        bool open[MOST], served[MOST] = {0};
        weir_wide sum = 0, placed = 0, cut = 0;
        for (size_t i = 0; i < r->n; i++) {
            open[i] = is_open(r, i);
            if (open[i]) sum += r->weights[i];
        }
        if (sum == 0) return total;
        for (size_t i = 0; i < r->n; i++) {
            if (!open[i]) continue;
            r->want[i] += total * r->weights[i] / sum;
            placed += total * r->weights[i] / sum;
        }
        for (; placed < total; placed++) {
            size_t best = MOST;
            for (size_t i = 0; i < r->n; i++)
                if (open[i] && !served[i] &&
                    (best == MOST || total * r->weights[i] % sum > total * r->weights[best] % sum))
                    best = i;
            served[best] = true;
            r->want[best]++;
        }
        for (size_t i = 0; i < r->n && r->capped; i++) {
            if (!open[i] || r->want[i] <= r->caps[i]) continue;
            cut += r->want[i] - r->caps[i];
            r->want[i] = r->caps[i];
        }
        total = cut;
    }
    return total;
}

static void draw(struct round *r, struct weir_random *random) {
    static const uint64_t scales[] = {2, 5, 1000, UINT64_C(1) << 50};
    r->n = 1 + weir_random_below(random, weir_random_below(random, 4) ? 12 : MOST);
    r->capped = weir_random_below(random, 2) == 0;
    uint64_t scale = scales[weir_random_below(random, 4)];
    r->total = (weir_wide)weir_random_below(random, scales[weir_random_below(random, 3)] * r->n);
    for (size_t i = 0; i < r->n; i++) {
        r->weights[i] = (weir_wide)weir_random_below(random, scale);
        r->caps[i] = (weir_wide)weir_random_below(random, 50);
    }
}

Test(shares, as_defined) {
    static struct round r;
    struct weir_random random = {.key = 5};
    uint64_t rounds = weir_test_scale(4000);
    for (uint64_t k = 0; k < rounds; k++) {
        draw(&r, &random);
        weir_wide left = by_definition(&r);
        weir_wide rest =
            weir_divide(r.total, r.n, r.weights, r.capped ? r.caps : NULL, r.got, r.scratch);
        cr_assert(rest == left, "round %llu: another rest", (unsigned long long)k);
        for (size_t i = 0; i < r.n; i++)
            cr_assert(r.got[i] == r.want[i], "round %llu: %zu of %zu has another share",
                      (unsigned long long)k, i, r.n);
    }
}

/* Ties go to the lower index, wherever the middle is taken. */
Test(shares, equal_weights) {
    static struct round r;
    for (size_t n = 1; n <= MOST; n++) {
        for (size_t i = 0; i < n; i++)
            r.weights[i] = 7;
        for (weir_wide total = 0; total < (weir_wide)(2 * n); total += 1 + (weir_wide)(n / 9)) {
            cr_assert(weir_divide(total, n, r.weights, NULL, r.got, r.scratch) == 0);
            for (size_t i = 0; i < n; i++)
                cr_assert(r.got[i] == total / (weir_wide)n + ((weir_wide)i < total % (weir_wide)n));
        }
    }
}
