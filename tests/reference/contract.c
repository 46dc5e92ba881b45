/* The twin's contract arithmetic against its definitions, tried number by number (R4, R23, R31). */
#include "reference/twin.h"

#include <criterion/criterion.h>
#include <string.h>

static const char text[] = "name: contract\n"
                           "money: {asset: XBT, decimals: 4}\n"
                           "markets:\n"
                           "  - symbol: L\n"
                           "    tick: 0.5\n"
                           "    lot: 0.2\n"
                           "    max_price: 600\n"
                           "    tiers:\n"
                           "      - {cap: 1000, rate: 0.05, max_leverage: 10}\n";

/* A twin with one market; inverse: of 7 a lot, at a tick of 0.5. */
static struct twin *twin_of(bool inverse, struct weir_venue **venue) {
    struct weir_file_error error;
    *venue = weir_venue_parse(text, sizeof text - 1, "contract", NULL, 0, &error);
    cr_assert(*venue != NULL, "%s", error.text);
    if (inverse) {
        (*venue)->markets[0].contract = WEIR_INVERSE;
        (*venue)->markets[0].face_value = 7;
    }
    (*venue)->fills_per_step = 3;
    return (struct twin *)(void *)weir_reference_new(*venue, NULL, NULL);
}

static void free_twin(struct twin *t, struct weir_venue *venue) {
    weir_reference_free((struct weir_reference *)(void *)t);
    weir_venue_free(venue);
}

static wide loss(const struct twin *t, bool sell, int64_t ref, int64_t price, wide qty) {
    return weir_twin_worse(t, 0, sell ? WEIR_SELL : WEIR_BUY, ref, price, qty);
}

Test(reference, value) {
    for (int inverse = 0; inverse < 2; inverse++) {
        struct weir_venue *venue;
        struct twin *t = twin_of(inverse, &venue);
        for (int64_t price = 1; price <= 600; price += 7)
            for (int64_t qty = 1; qty < 40; qty += 3) {
                /* 0.5 * 0.2 = 1,000 units of 0.0001; 7 / 0.5 = 140,000 units at one tick. */
                wide value = inverse ? 140000 * qty / price : 1000 * price * qty;
                cr_assert(weir_twin_value(t, 0, price, qty) == value);
                cr_assert(loss(t, true, price, 300, qty) == -loss(t, false, price, 300, qty));
                cr_assert(price >= 300 || loss(t, false, 300, price, qty) <= 0);
            }
        free_twin(t, venue);
    }
}

/* The largest and least numbers of lots are that: one more or less is not. */
Test(reference, lots_of_an_amount) {
    for (int inverse = 0; inverse < 2; inverse++) {
        struct weir_venue *venue;
        struct twin *t = twin_of(inverse, &venue);
        for (int64_t price = 1; price <= 600; price += 13)
            for (wide amount = 0; amount < 4000000; amount = amount * 3 + 1) {
                wide q = weir_twin_lots_within(t, 0, price, amount);
                cr_assert(weir_twin_value(t, 0, price, q) <= amount);
                cr_assert(weir_twin_value(t, 0, price, q + 1) > amount);
                if (amount == 0) continue;
                q = weir_twin_lots_reaching(t, 0, price, amount);
                cr_assert(weir_twin_value(t, 0, price, q) >= amount);
                cr_assert(weir_twin_value(t, 0, price, q - 1) < amount);
            }
        free_twin(t, venue);
    }
}

static void check_losing(const struct twin *t, bool sell, int64_t ref, int64_t price, wide amount) {
    const wide most = 90;
    wide q = most;
    while (q > 0 && loss(t, sell, ref, price, q) > amount)
        q--;
    cr_assert(weir_twin_lots_losing(t, 0, sell ? WEIR_SELL : WEIR_BUY, ref, price, amount, most) ==
              q);
}

/* The worst price at which the gap stays within a grant, found by walking. */
static void check_extended(const struct twin *t, bool sell, int64_t from, wide qty, wide grant) {
    const int64_t edge = sell ? 1 : t->m[0].c->max_price, step = sell ? -1 : 1;
    wide found = weir_twin_extended(t, 0, sell ? WEIR_SELL : WEIR_BUY, from, qty, grant);
    int64_t p = from;
    while (grant > 0 && p != edge && loss(t, sell, from, p + step, qty) <= grant)
        p += step;
    if (sell ? found < edge : found > edge) found = edge; /* its users keep it within */
    cr_assert(found == p);
}

Test(reference, losses_and_grants) {
    for (int inverse = 0; inverse < 2; inverse++) {
        struct weir_venue *venue;
        struct twin *t = twin_of(inverse, &venue);
        for (int sell = 0; sell < 2; sell++)
            for (int64_t ref = 20; ref <= 560; ref += 60)
                for (wide amount = 0; amount < 3000000; amount = amount * 4 + 1) {
                    for (int64_t d = 1; d < 20; d += 6)
                        check_losing(t, sell, ref, sell ? ref - d : ref + d, amount);
                    check_extended(t, sell, ref, 17, amount);
                }
        free_twin(t, venue);
    }
}

/* R23: closing at the price, in as many fills as a step may make, never costs more than the share;
 * a tick further would, but for what is kept back for rounding. */
Test(reference, bankruptcy_price) {
    const int64_t marks[] = {40, 99, 150, 410};
    for (int kind = 0; kind < 4; kind++) {
        bool inverse = kind & 1, sell = kind & 2;
        struct weir_venue *venue;
        struct twin *t = twin_of(inverse, &venue);
        struct weir_name name = weir_twin_name("a");
        struct account *a = weir_twin_new_account(t, &name, &name, 0, -1);
        a->at[0].s = sell ? 12 : -12;
        t->accounts = weir_twin_grow(t->accounts, 0, sizeof *t->accounts);
        t->accounts[t->account_count++] = a;
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            int64_t mark = t->m[0].mark = marks[i];
            wide whole = weir_twin_value(t, 0, mark, 12);
            for (wide share = -whole / 5; share < whole / 5; share += whole / 37 + 1) {
                int64_t p = weir_twin_bankruptcy(t, a, 0, 12, share, false);
                wide cost = loss(t, sell, mark, p, 5) + loss(t, sell, mark, p, 6) +
                            loss(t, sell, mark, p, 1);
                int64_t further = sell ? p - 1 : p + 1;
                if (p > 1 && p < 600) cr_assert(cost <= share);
                if (further >= 1 && further <= 600)
                    cr_assert(loss(t, sell, mark, further, 12) > share - (inverse ? 4 : 0));
            }
        }
        free_twin(t, venue);
    }
}
