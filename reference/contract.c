/* Contracts (R4): what lots are worth, what one price is worse than another, and how many lots or
 * which price an amount allows. Amounts are units of the market's settlement asset. */
#include "reference/twin.h"

/* A lot is worth face_value * 10^decimals units at a price of 1, whose ticks are tick each: this
 * power of ten belongs to the face value when prices count in the mantissa of the tick. */
static wide power_of(const struct twin *t, const struct weir_market *c) {
    return weir_twin_power(t->v->assets[c->asset].decimals + c->tick.scale);
}

wide weir_twin_value(const struct twin *t, int m, wide price, wide qty) {
    const struct weir_market *c = t->m[m].c;
    if (c->contract == WEIR_LINEAR) return price * qty * c->unit_value;
    if (price == 0) return 0; /* no mark yet, and nothing to be valued at it */
    return weir_twin_div('t', c->face_value, qty, power_of(t, c), price, c->tick.mantissa);
}

/* The most one lot can be worth: linear at max_price, inverse at one tick, rounded up. */
static wide bound_of(const struct twin *t, int m) {
    const struct weir_market *c = t->m[m].c;
    if (c->contract == WEIR_LINEAR) return weir_twin_value(t, m, c->max_price, 1);
    return weir_twin_div('c', c->face_value, power_of(t, c), 1, c->tick.mantissa, 1);
}

bool weir_twin_too_many(const struct twin *t, int m, wide lots) {
    return weir_twin_cmp(lots, bound_of(t, m), INT64_MAX, 1) > 0;
}

wide weir_twin_most_lots(const struct twin *t, int m) {
    return INT64_MAX / bound_of(t, m);
}

wide weir_twin_worse(const struct twin *t, int m, enum weir_side side, int64_t ref, int64_t price,
                     wide qty) {
    wide more = weir_twin_value(t, m, price, qty) - weir_twin_value(t, m, ref, qty);
    bool costs_more = (side == WEIR_BUY) == (t->m[m].c->contract == WEIR_LINEAR);
    return costs_more ? more : -more;
}

wide weir_twin_lots_within(const struct twin *t, int m, int64_t price, wide amount) {
    const struct weir_market *c = t->m[m].c;
    if (amount < 0) return 0;
    if (c->contract == WEIR_LINEAR)
        return weir_twin_div('f', amount, 1, 1, weir_twin_value(t, m, price, 1), 1);
    /* floor(x) <= amount when x < amount + 1. */
    return weir_twin_div('c', amount + 1, price, c->tick.mantissa, c->face_value, power_of(t, c)) -
           1;
}

wide weir_twin_lots_reaching(const struct twin *t, int m, int64_t price, wide amount) {
    const struct weir_market *c = t->m[m].c;
    if (c->contract == WEIR_LINEAR)
        return weir_twin_div('c', amount, 1, 1, weir_twin_value(t, m, price, 1), 1);
    return weir_twin_div('c', amount, price, c->tick.mantissa, c->face_value, power_of(t, c));
}

wide weir_twin_lots_losing(const struct twin *t, int m, enum weir_side side, int64_t ref,
                           int64_t price, wide amount, wide most) {
    const struct weir_market *c = t->m[m].c;
    if (weir_twin_worse(t, m, side, ref, price, most) <= amount) return most;
    if (c->contract == WEIR_LINEAR) return amount / weir_twin_worse(t, m, side, ref, price, 1);
    /* A difference of two rounded values is less than one off: no more lots than these can lose so
     * little; of those some do by luck of the rounding. */
    wide q = weir_twin_div('c', amount + 1, (wide)price * ref, c->tick.mantissa,
                           c->face_value * power_of(t, c), weir_abs(ref - price));
    if (q > most) q = most;
    while (q > 0 && weir_twin_worse(t, m, side, ref, price, q) > amount)
        q--;
    return q;
}

/* The price at which `qty` lots of an inverse contract are worth `amount` > 0, rounded. */
wide weir_twin_price_worth(const struct twin *t, int m, char mode, wide qty, wide amount) {
    const struct weir_market *c = t->m[m].c;
    return weir_twin_div(mode, c->face_value, qty, power_of(t, c), c->tick.mantissa, amount);
}

wide weir_twin_extended(const struct twin *t, int m, enum weir_side side, int64_t from, wide qty,
                        wide granted) {
    const struct weir_market *c = t->m[m].c;
    if (granted <= 0) return from;
    if (c->contract == WEIR_LINEAR) {
        wide d = weir_twin_div('f', granted, 1, 1, qty, c->unit_value);
        return side == WEIR_SELL ? from - d : from + d;
    }
    wide worth = weir_twin_value(t, m, from, qty);
    if (side == WEIR_SELL) /* worth at most granted more, rounded toward zero */
        return weir_twin_price_worth(t, m, 'f', qty, worth + granted + 1) + 1;
    if (worth <= granted) return c->max_price;
    return weir_twin_price_worth(t, m, 'f', qty, worth - granted);
}

wide weir_twin_amount_in(const struct twin *t, int m, int64_t amount) {
    return weir_twin_div('f', amount, weir_twin_power(t->v->assets[t->m[m].c->asset].decimals), 1,
                         weir_twin_power(t->v->assets[0].decimals), 1);
}

struct weir_decimal weir_twin_unit(const struct twin *t, int m) {
    return weir_decimal_power(t->v->assets[t->m[m].c->asset].decimals);
}

/* The exact average price of lots that are worth `value` in all: price_lots is the sum of price *
 * lots. */
struct ratio weir_twin_average(const struct twin *t, int m, wide price_lots, wide lots,
                               wide value) {
    const struct weir_market *c = t->m[m].c;
    if (c->contract == WEIR_LINEAR) return (struct ratio){price_lots, 1, lots, 1};
    return (struct ratio){c->face_value * power_of(t, c), lots, c->tick.mantissa, value};
}
