/* Arithmetic of the twin: unlimited precision through GMP. */
#include "reference/twin.h"

#include <gmp.h>
#include <stdlib.h>

static void set(mpz_t z, wide a) {
    unsigned __int128 u = a < 0 ? -(unsigned __int128)a : (unsigned __int128)a;
    mpz_set_ui(z, (unsigned long)(u >> 64));
    mpz_mul_2exp(z, z, 64);
    mpz_add_ui(z, z, (unsigned long)u);
    if (a < 0) mpz_neg(z, z);
}

static wide get(const mpz_t z) {
    WEIR_CHECK(mpz_sizeinbase(z, 2) <= 127);
    mpz_t high;
    mpz_init(high);
    mpz_tdiv_q_2exp(high, z, 64); /* mpz_get_ui ignores the sign */
    unsigned __int128 u = (unsigned __int128)mpz_get_ui(high) << 64 | mpz_get_ui(z);
    mpz_clear(high);
    return mpz_sgn(z) < 0 ? -(wide)u : (wide)u;
}

wide weir_twin_div(char mode, wide a, wide b, wide c, wide d, wide e) {
    mpz_t n, x, m;
    mpz_inits(n, x, m, NULL);
    set(n, a);
    set(x, b);
    mpz_mul(n, n, x);
    set(x, c);
    mpz_mul(n, n, x);
    set(m, d);
    set(x, e);
    mpz_mul(m, m, x);
    if (mode == 'f')
        mpz_fdiv_q(n, n, m);
    else if (mode == 'c')
        mpz_cdiv_q(n, n, m);
    else
        mpz_tdiv_q(n, n, m);
    wide q = get(n);
    mpz_clears(n, x, m, NULL);
    return q;
}

int weir_twin_cmp(wide a, wide b, wide c, wide d) {
    mpz_t p, q, x;
    mpz_inits(p, q, x, NULL);
    set(p, a);
    set(x, b);
    mpz_mul(p, p, x);
    set(q, c);
    set(x, d);
    mpz_mul(q, q, x);
    int r = mpz_cmp(p, q);
    mpz_clears(p, q, x, NULL);
    return r < 0 ? -1 : r > 0;
}

static void set_ratio(mpq_t q, const struct ratio *r) {
    mpz_t x;
    mpz_init(x);
    set(mpq_numref(q), r->n1);
    set(x, r->n2);
    mpz_mul(mpq_numref(q), mpq_numref(q), x);
    set(mpq_denref(q), r->d1);
    set(x, r->d2);
    mpz_mul(mpq_denref(q), mpq_denref(q), x);
    mpz_clear(x);
    mpq_canonicalize(q);
}

wide weir_twin_mid_less(const struct ratio *a, const struct ratio *b, wide less) {
    mpq_t x, y;
    mpq_inits(x, y, NULL);
    set_ratio(x, a);
    set_ratio(y, b);
    mpq_add(x, x, y);
    mpq_div_2exp(x, x, 1);
    mpz_fdiv_q(mpq_numref(x), mpq_numref(x), mpq_denref(x)); /* less is whole */
    wide q = get(mpq_numref(x)) - less;
    mpq_clears(x, y, NULL);
    return q;
}

wide weir_twin_premium(const struct ratio *a, wide index) {
    mpq_t x, i;
    mpq_inits(x, i, NULL);
    set_ratio(x, a);
    set(mpq_numref(i), index);
    mpq_sub(x, x, i);
    mpq_div(x, x, i);
    set(mpq_numref(i), WEIR_PPB);
    mpq_mul(x, x, i);
    mpz_tdiv_q(mpq_numref(x), mpq_numref(x), mpq_denref(x));
    wide q = get(mpq_numref(x));
    mpq_clears(x, i, NULL);
    return q;
}

wide weir_twin_root(wide a, wide b) {
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    set(x, a);
    set(y, b);
    mpz_mul(x, x, y);
    mpz_sqrt(x, x);
    wide root = get(x);
    mpz_clears(x, y, NULL);
    return root;
}

wide weir_twin_power(int digits) {
    wide p = 1;
    for (int i = 0; i < digits; i++)
        p *= 10;
    return p;
}

/* One round of the largest remainder method (R5) among those with open[i]. */
static void divide_round(wide total, int count, const wide *weights, const bool *open, wide *add) {
    wide sum = 0, placed = 0;
    bool *got = calloc((size_t)count, 1);
    wide *rest = calloc((size_t)count, sizeof *rest);
    for (int i = 0; i < count; i++)
        if (open[i]) sum += weights[i];
    for (int i = 0; i < count; i++) {
        add[i] = open[i] ? weir_twin_div('f', total, weights[i], 1, sum, 1) : 0;
        placed += add[i];
        /* total * weight - add * sum in two's complement: the true value is below sum. */
        unsigned __int128 r = (unsigned __int128)total * (unsigned __int128)weights[i] -
                              (unsigned __int128)add[i] * (unsigned __int128)sum;
        rest[i] = (wide)r;
    }
    for (; placed < total; placed++) {
        int best = -1;
        for (int i = 0; i < count; i++)
            if (open[i] && !got[i] && (best < 0 || rest[i] > rest[best])) best = i;
        got[best] = true;
        add[best]++;
    }
    free(got);
    free(rest);
}

int weir_twin_divide(wide total, int count, const wide *weights, const wide *caps, wide *shares) {
    bool *open = calloc((size_t)count + 1, 1);
    wide *add = calloc((size_t)count + 1, sizeof *add);
    for (int i = 0; i < count; i++)
        shares[i] = 0;
    int rounds = 0;
    for (; total > 0; rounds++) {
        int left = 0;
        for (int i = 0; i < count; i++) {
            open[i] = weights[i] > 0 && (!caps || shares[i] < caps[i]);
            left += open[i];
        }
        if (left == 0) break;
        divide_round(total, count, weights, open, add);
        total = 0;
        for (int i = 0; i < count; i++) {
            shares[i] += add[i];
            if (caps && open[i] && shares[i] > caps[i]) {
                total += shares[i] - caps[i];
                shares[i] = caps[i];
            }
        }
    }
    free(open);
    free(add);
    return rounds;
}

void *weir_twin_grow(void *array, int count, size_t size) {
    void *bigger = realloc(array, ((size_t)count + 1) * size);
    WEIR_CHECK(bigger != NULL);
    return bigger;
}
