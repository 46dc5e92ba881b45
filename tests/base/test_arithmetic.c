/* Quotients and products where the short ways end and the long ones begin. */
#include "base/base.h"

#include <criterion/criterion.h>

#define ONE ((weir_wide)1)
static const int powers[] = {0, 1, 30, 31, 32, 61, 62, 63, 64, 94, 95, 96, 97, 120};
#define POWERS (sizeof powers / sizeof *powers)

/* Around a power of two, of either sign: 6 a power. */
static weir_wide border(size_t i) {
    weir_wide a = (ONE << powers[i / 6]) + (weir_wide)(i % 3) - 1;
    return i / 3 % 2 ? -a : a;
}

Test(arithmetic, quotients_are_what_they_are_defined_as) {
    static const weir_wide odd[] = {3, WEIR_PPB - 1, WEIR_PPB, WEIR_PPB + 1, 1000000007};
    for (size_t i = 0; i < 6 * POWERS; i++) {
        for (size_t k = 0; k < 6 * POWERS + sizeof odd / sizeof *odd; k++) {
            weir_wide a = border(i), b = k < 6 * POWERS ? border(k) : odd[k - 6 * POWERS];
            if (b <= 0) continue;
            weir_wide down = weir_div_floor(a, b), up = weir_div_ceil(a, b);
            cr_assert(down * b <= a && a - down * b < b, "floor %zu %zu", i, k);
            cr_assert(up * b >= a && up * b - a < b, "ceil %zu %zu", i, k);
            cr_assert(weir_div_trunc(a, b) == (a < 0 ? up : down), "trunc %zu %zu", i, k);
            cr_assert(weir_div_floor_wide(a, b) == down && weir_div_ceil_wide(a, b) == up);
        }
    }
}

Test(arithmetic, products_do_not_depend_on_the_way) {
    static const weir_wide f[] = {0,          1,
                                  -1,         3,
                                  -WEIR_PPB,  INT32_MAX,
                                  INT64_MAX,  INT64_MIN,
                                  ONE << 63,  -(ONE << 63) - 1,
                                  ONE << 32,  -(ONE << 32),
                                  ONE << 100, 3037000499,
                                  3037000500};
    const size_t n = sizeof f / sizeof *f;
    for (size_t i = 0; i < n * n * n * n; i++) {
        weir_wide a = f[i % n], b = f[i / n % n], c = f[i / n / n % n], d = f[i / n / n / n];
        cr_assert(weir_cmp_products(a, b, c, d) == weir_cmp_products_wide(a, b, c, d), "%zu", i);
        if (d <= 0) continue;
        cr_assert(weir_mul_div_floor(a, b, d) == weir_mul3_div2_floor_wide(a, b, 1, d, 1));
        if (i % 7 > 1) continue; /* the longest way takes a microsecond or two */
        for (weir_wide e = 1; e < ONE << 66; e = e * 65537 + 1)
            cr_assert(weir_mul3_div2_floor(a, b, c, d, e) ==
                          weir_mul3_div2_floor_wide(a, b, c, d, e),
                      "%zu", i);
    }
}

Test(arithmetic, products_by_hand) {
    cr_assert(weir_mul3_div2_floor(7, 5, 3, 2, 4) == 13);
    cr_assert(weir_mul3_div2_floor(-7, 5, 3, 2, 4) == -14);
    cr_assert(weir_mul3_div2_floor(INT64_MAX, INT64_MAX, 8, INT64_MAX, 4) ==
              2 * (weir_wide)INT64_MAX);
    cr_assert(weir_mul_div_floor(ONE << 100, ONE << 100, ONE << 80) == ONE << 120);
    cr_assert(weir_mul_div_floor(-(ONE << 100), ONE << 100, 1) < -(ONE << 126)); /* saturated */
    cr_assert(weir_cmp_products(INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN) == -1);
}
