/* Contract arithmetic against counting (R4): what lots are worth, which lots and which prices keep
 * a worth within bounds, for both kinds of contract. */
#include "market/contract.h"

#include <criterion/criterion.h>

static struct weir_market random_market(struct weir_random *r, bool inverse) {
    struct weir_market m = {.max_price = 1 + (int64_t)weir_random_below(r, 400)};
    if (!inverse) {
        m.unit_value = 1 + (int64_t)weir_random_below(r, 9);
        return m;
    }
    m.contract = WEIR_INVERSE;
    m.face_units = 1 + (int64_t)weir_random_below(r, weir_random_below(r, 2) ? 20 : 5000);
    m.face_divisor = 1 + (int64_t)weir_random_below(r, 7);
    return m;
}

/* floor(face * lots / (price * divisor)) by subtraction of fractions one lot at a time. */
static weir_wide counted(const struct weir_market *m, weir_price price, weir_qty lots) {
    if (m->contract == WEIR_LINEAR) return (weir_wide)price * m->unit_value * lots;
    weir_wide value = 0, rest = 0, whole = (weir_wide)price * m->face_divisor;
    for (weir_qty i = 0; i < lots; i++)
        for (rest += m->face_units; rest >= whole; rest -= whole)
            value++;
    return value;
}

Test(contract, values) {
    struct weir_random r = {.key = 11};
    for (int i = 0; i < 4000; i++) {
        struct weir_market m = random_market(&r, i % 2);
        weir_price p = 1 + (int64_t)weir_random_below(&r, (uint64_t)m.max_price);
        weir_price to = 1 + (int64_t)weir_random_below(&r, (uint64_t)m.max_price);
        weir_qty q = 1 + (int64_t)weir_random_below(&r, 60);
        weir_wide v = counted(&m, p, q), w = counted(&m, to, q);
        cr_assert(weir_value(&m, p, q) == v && weir_value(&m, p, -q) == -v);
        weir_wide gain = i % 2 ? v - w : w - v;
        cr_assert(weir_gain(&m, p, to, q) == gain && weir_gain(&m, p, to, -q) == -gain);
        cr_assert(v <= q * weir_value_bound(&m));
        cr_assert(weir_value_bound(&m) * weir_lots_bound(&m) <= INT64_MAX);
    }
}

Test(contract, lots_within_and_reaching) {
    struct weir_random r = {.key = 12};
    for (int i = 0; i < 1500; i++) {
        struct weir_market m = random_market(&r, i % 2);
        weir_price p = 1 + (int64_t)weir_random_below(&r, (uint64_t)m.max_price);
        weir_wide value = (weir_wide)weir_random_below(&r, 300);
        weir_qty within = weir_lots_within(&m, p, value);
        cr_assert(weir_value(&m, p, within) <= value && weir_value(&m, p, within + 1) > value);
        if (value == 0) continue;
        weir_qty reaching = weir_lots_reaching(&m, p, value);
        cr_assert(reaching >= 1 && weir_value(&m, p, reaching) >= value);
        cr_assert(weir_value(&m, p, reaching - 1) < value);
    }
}

Test(contract, prices_worth) {
    struct weir_random r = {.key = 13};
    for (int i = 0; i < 1500; i++) {
        struct weir_market m = random_market(&r, i % 2);
        weir_qty q = 1 + (int64_t)weir_random_below(&r, 40);
        weir_wide least = (weir_wide)weir_random_below(&r, 900) - 50;
        weir_wide most = least + (weir_wide)weir_random_below(&r, 300) - 20;
        struct weir_price_range range = weir_prices_worth(&m, q, least, most);
        for (weir_price p = 1; p <= m.max_price; p++) {
            weir_wide v = weir_value(&m, p, q);
            bool in = p >= range.low && p <= range.high;
            cr_assert(in == (v >= least && v <= most), "case %d price %lld", i, (long long)p);
        }
    }
}

Test(contract, amounts_for_all_markets) {
    struct weir_venue v = {.assets = {{.decimals = 6}, {.decimals = 8}, {.decimals = 2}}};
    struct weir_market m[3] = {{.asset = 0}, {.asset = 1}, {.asset = 2}};
    cr_assert_eq(weir_market_amount(&v, &m[0], 1234567), 1234567);
    cr_assert_eq(weir_market_amount(&v, &m[1], 1234567), 123456700);
    cr_assert_eq(weir_market_amount(&v, &m[2], 1239999), 123);
    cr_assert_eq(weir_market_amount(&v, &m[1], WEIR_NONE), WEIR_NONE);
    cr_assert_eq(weir_market_amount(&v, &m[1], WEIR_NONE - 1), WEIR_NONE - 1);
}
