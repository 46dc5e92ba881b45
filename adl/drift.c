/* How far prices have moved: epochs of the ranking index. */
#include "adl/ranking.h"

#include <string.h>

#define ONE       (INT64_C(1) << 30)
#define NEW_EPOCH (ONE >> 9)

static struct weir_adl_prices *state_at(const struct weir_adl_index *ix, uint32_t epoch) {
    return &ix->states[(size_t)epoch * ix->x->venue->market_count];
}
static int64_t *collateral_at(const struct weir_adl_index *ix, uint32_t epoch) {
    return &ix->collateral[(size_t)epoch * WEIR_ASSETS_MAX];
}

static struct weir_adl_prices prices_now(const struct weir_exchange *x, uint32_t m) {
    const struct weir_market_ledger *l = &x->ledger.markets[m];
    return (struct weir_adl_prices){x->prices[m].mark,
                                    {weir_lot_charged(l, 1), weir_lot_charged(l, -1)}};
}

static void take_state(struct weir_adl_index *ix, uint32_t epoch) {
    const struct weir_exchange *x = ix->x;
    for (uint32_t m = 0; m < x->venue->market_count; m++)
        state_at(ix, epoch)[m] = prices_now(x, m);
    for (uint32_t a = 0; a < x->venue->asset_count; a++)
        collateral_at(ix, epoch)[a] = x->collateral[a].price;
}

void weir_adl_start_epochs(struct weir_adl_index *ix) {
    ix->started = true;
    ix->all_priced = false;
    ix->epoch = 0;
    ix->stamp++;
    ix->version++;
    take_state(ix, 0);
    memcpy(ix->base, ix->states, ix->x->venue->market_count * sizeof *ix->base);
    memcpy(ix->collateral_base, ix->collateral, sizeof ix->collateral_base);
}

/* What a lot's value, and what it was charged, moved by between two states, in parts of its value
 * at the base price. */
static weir_wide market_drift(const struct weir_market *m, weir_price base,
                              const struct weir_adl_prices *a, const struct weir_adl_prices *b) {
    weir_wide charged = 0, moved = 0;
    for (int side = 0; side < 2; side++) {
        weir_wide c = a->charged[side] - b->charged[side];
        charged = weir_wide_max(charged, c < 0 ? -c : c);
    }
    bool linear = m->contract == WEIR_LINEAR;
    if (a->mark != b->mark)
        moved = -weir_mul3_div2_floor(-(weir_wide)weir_abs(a->mark - b->mark), linear ? 1 : base,
                                      ONE, linear ? base : a->mark, linear ? 1 : b->mark);
    if (charged == 0) return moved;
    return moved -
           (linear ? weir_mul3_div2_floor(-charged, ONE, 1, base, m->unit_value)
                   : weir_mul3_div2_floor(-charged * m->face_divisor, base, ONE, m->face_units, 1));
}

static void measure(struct weir_adl_index *ix, uint32_t epoch) {
    const struct weir_exchange *x = ix->x;
    weir_wide most = 0, own = 0;
    for (uint32_t m = 0; m < x->venue->market_count; m++) {
        const struct weir_adl_prices *then = &state_at(ix, epoch)[m], now = prices_now(x, m);
        if (ix->base[m].mark == 0 ||
            (now.mark == then->mark && now.charged[0] == then->charged[0] &&
             now.charged[1] == then->charged[1]))
            continue;
        weir_wide drift = market_drift(&x->venue->markets[m], ix->base[m].mark, &now, then);
        if (m == ix->market)
            own = drift;
        else
            most = weir_wide_max(most, drift);
    }
    for (uint32_t a = 0; a < x->venue->asset_count; a++) {
        int64_t then = collateral_at(ix, epoch)[a], now = x->collateral[a].price;
        if (ix->collateral_base[a] == 0 || now == then) continue;
        most = weir_wide_max(most, -weir_mul_div_floor(-(weir_wide)weir_abs(now - then), ONE,
                                                       ix->collateral_base[a]));
    }
    ix->drift_stamp[epoch] = ix->stamp;
    ix->drift_others[epoch] = (int64_t)weir_wide_min(most, ONE * 4);
    ix->drift[epoch] = (int64_t)weir_wide_min(weir_wide_max(most, own), ONE * 4);
}

int64_t weir_adl_drift(struct weir_adl_index *ix, uint32_t epoch) {
    if (ix->drift_stamp[epoch] != ix->stamp) measure(ix, epoch);
    return ix->drift[epoch];
}

int64_t weir_adl_drift_beside(struct weir_adl_index *ix, uint32_t epoch, uint32_t market) {
    int64_t all = weir_adl_drift(ix, epoch);
    return market == ix->market ? ix->drift_others[epoch] : all;
}

/* What had no price when epochs began: nobody held any then, or it counted as nothing. */
static void take_first_prices(struct weir_adl_index *ix) {
    const struct weir_exchange *x = ix->x;
    uint32_t priced = 0;
    for (uint32_t m = 0; m < x->venue->market_count && !ix->all_priced; m++) {
        priced += ix->base[m].mark != 0;
        if (ix->base[m].mark != 0 || x->prices[m].mark == 0) continue;
        ix->base[m] = prices_now(x, m);
        for (uint32_t e = 0; e <= ix->epoch; e++)
            state_at(ix, e)[m] = ix->base[m];
    }
    ix->all_priced |= priced == x->venue->market_count;
    for (uint32_t a = 0; a < x->venue->asset_count; a++) {
        if (ix->collateral_base[a] != 0 || x->collateral[a].price == 0) continue;
        ix->collateral_base[a] = x->collateral[a].price;
        for (uint32_t e = 0; e <= ix->epoch; e++)
            collateral_at(ix, e)[a] = x->collateral[a].price;
    }
}

/* Prices other than at the last look, or another command, make another version. */
static void compare(struct weir_adl_index *ix) {
    const struct weir_exchange *x = ix->x;
    bool same = ix->last_seq == x->seq;
    ix->last_seq = x->seq;
    for (uint32_t m = 0; m < x->venue->market_count; m++) {
        struct weir_adl_prices now = prices_now(x, m), *last = &ix->last[m];
        same &= now.mark == last->mark && now.charged[0] == last->charged[0] &&
                now.charged[1] == last->charged[1];
        *last = now;
    }
    for (uint32_t a = 0; a < x->venue->asset_count; a++) {
        same &= ix->last_collateral[a] == x->collateral[a].price;
        ix->last_collateral[a] = x->collateral[a].price;
    }
    ix->version += !same;
}

bool weir_adl_look_at_prices(struct weir_adl_index *ix) {
    if (!ix->started) return true;
    take_first_prices(ix);
    compare(ix);
    ix->stamp++;
    if (ix->keys && ix->keys->fixed) return true; /* no bound counts from an epoch */
    if (weir_adl_drift(ix, ix->epoch) <= NEW_EPOCH) return true;
    if (ix->epoch + 1 == WEIR_ADL_EPOCHS) return false;
    take_state(ix, ++ix->epoch);
    return true;
}
