/* Postings: what moves money and lots, always together with its running total. */
#include "ledger/internal.h"

#define PAID_MAX (INT64_C(1) << 62) /* of what a lot has paid so far */

static struct weir_asset_ledger *scope_totals(struct weir_ledger *l, uint32_t scope) {
    return &l->assets[weir_scope_money(l, weir_scope_at(l, scope))];
}

weir_wide weir_scope_balance(const struct weir_ledger *l, uint32_t scope) {
    weir_wide balance = weir_scope_own_balance(weir_scope_at(l, scope));
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        balance += weir_leg_pending(l, weir_leg_at(l, i));
    return balance;
}

/* The totals took the charge when it was made; settling only moves it into the account. */
void weir_leg_settle_due(struct weir_ledger *l, struct weir_leg *g) {
    scope_add(weir_scope_at(l, g->scope), weir_leg_pending(l, g));
    g->charge_mark = weir_lot_paid(&l->markets[g->market], g->size);
}

void weir_scope_settle(struct weir_ledger *l, uint32_t scope) {
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i))
        weir_leg_settle(l, weir_leg_at(l, i));
}

void weir_post_balance(struct weir_ledger *l, uint32_t scope, weir_wide amount) {
    weir_account_changes(l, weir_scope_at(l, scope)->account);
    scope_add(weir_scope_at(l, scope), amount);
    scope_totals(l, scope)->balances += amount;
}

/* Books what every lot owes and this charge itself, and begins to count at 0 again. */
static void settle_market(struct weir_ledger *l, struct weir_market_ledger *m, weir_wide long_pays,
                          weir_wide short_pays) {
    for (uint32_t i = 0; i < m->positions.count; i++) {
        struct weir_leg *g = weir_leg_at(l, *WEIR_AT(&m->positions, uint32_t, i));
        weir_wide owes = weir_abs(g->size) * (g->size > 0 ? long_pays : short_pays);
        scope_add(weir_scope_at(l, g->scope), weir_leg_pending(l, g) - owes);
        g->charge_mark = 0;
    }
    m->long_before += m->long_paid + long_pays;
    m->short_before += m->short_paid + short_pays;
    m->long_paid = m->short_paid = 0;
}

static void charge_lots(struct weir_ledger *l, uint32_t market, weir_wide long_pays,
                        weir_wide short_pays) {
    struct weir_market_ledger *m = &l->markets[market];
    weir_wide longs = m->long_paid + long_pays, shorts = m->short_paid + short_pays;
    if (longs > PAID_MAX || longs < -PAID_MAX || shorts > PAID_MAX || shorts < -PAID_MAX) {
        settle_market(l, m, long_pays, short_pays);
        return;
    }
    m->long_paid = (int64_t)longs;
    m->short_paid = (int64_t)shorts;
}

void weir_post_charge(struct weir_ledger *l, uint32_t market, weir_wide per_lot) {
    const struct weir_market_ledger *m = &l->markets[market];
    l->assets[l->venue->markets[market].asset].balances -=
        per_lot * (m->open_interest + m->short_interest);
    charge_lots(l, market, per_lot, per_lot);
}

/* Longs pay what shorts get, and sizes sum to zero: no total moves. */
void weir_post_funding(struct weir_ledger *l, uint32_t market, weir_wide per_lot) {
    charge_lots(l, market, per_lot, -per_lot);
}

void weir_post_pool(struct weir_ledger *l, uint32_t market, weir_wide amount) {
    l->markets[market].pool += amount;
    l->assets[l->venue->markets[market].asset].pools += amount;
    WEIR_CHECK(l->markets[market].pool >= 0);
}

weir_wide weir_scope_collateral(const struct weir_ledger *l, uint32_t scope, uint32_t asset) {
    uint32_t i = weir_scope_at(l, scope)->collateral;
    for (; i != WEIR_NO_INDEX; i = weir_holding_at(l, i)->next)
        if (weir_holding_at(l, i)->asset == asset) return weir_holding_at(l, i)->amount;
    return 0;
}

bool weir_post_collateral(struct weir_ledger *l, uint32_t scope, uint32_t asset, weir_wide amount) {
    WEIR_CHECK(weir_scope_at(l, scope)->rank == 0 && !weir_asset_settles(l->venue, asset));
    weir_account_changes(l, weir_scope_at(l, scope)->account);
    struct weir_holding *h = weir_holding_make(l, scope, asset);
    if (!h) return false;
    h->amount += amount;
    l->assets[asset].balances += amount;
    WEIR_CHECK(h->amount >= 0);
    return true;
}

struct weir_position_change weir_position_fill(const struct weir_market *m, weir_qty size,
                                               weir_amount entry_value, weir_qty qty,
                                               weir_price price) {
    return weir_position_fill_worth(m, size, entry_value, qty, price,
                                    weir_value(m, price, weir_abs(qty)));
}

/* The market's list of positions holds a leg exactly while its size is not 0. */
static void list_position(struct weir_ledger *l, uint32_t leg) {
    struct weir_leg *g = weir_leg_at(l, leg);
    struct weir_pool *list = &l->markets[g->market].positions;
    bool queued = weir_scope_at(l, g->scope)->queue != WEIR_QUEUE_NONE;
    if (g->size != 0) {
        l->markets[g->market].queued += queued;
        g->position_slot = weir_pool_add(list, 1);
        WEIR_CHECK(g->position_slot != WEIR_NO_INDEX);
        *WEIR_AT(list, uint32_t, g->position_slot) = leg;
    } else {
        l->markets[g->market].queued -= queued;
        uint32_t last = *WEIR_AT(list, uint32_t, list->count - 1);
        *WEIR_AT(list, uint32_t, g->position_slot) = last;
        weir_leg_at(l, last)->position_slot = g->position_slot;
        g->position_slot = WEIR_NO_INDEX;
        if (--list->count == 0) return;
        /* Who is last now will be written to when the next one leaves. */
        last = *WEIR_AT(list, uint32_t, list->count - 1);
        __builtin_prefetch(&weir_leg_at(l, last)->position_slot, 1);
    }
}

static void list_touched(struct weir_ledger *l, uint32_t market) {
    l->markets[market].touched = true;
    uint32_t i = weir_pool_add(&l->touched, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&l->touched, uint32_t, i) = market;
}

void weir_ledger_check_fills(struct weir_ledger *l, void (*filled)(void *ctx, uint32_t market),
                             void *ctx) {
    for (uint32_t i = 0; i < l->touched.count; i++) {
        uint32_t market = *WEIR_AT(&l->touched, uint32_t, i);
        struct weir_market_ledger *m = &l->markets[market];
        m->touched = false;
        WEIR_CHECK(m->open_interest == m->short_interest);
        if (filled) filled(ctx, market);
    }
    l->touched.count = 0;
}

/* V as R33 counts it of a linear contract: longs negative. An inverse one counts the reverse. */
static int64_t signed_entry(weir_qty size, weir_amount entry_value) {
    return size > 0 ? -entry_value : entry_value;
}

struct weir_leg weir_leg_after(const struct weir_ledger *l, const struct weir_leg *leg,
                               const struct weir_position_change *c) {
    struct weir_leg after = *leg;
    after.size = c->size;
    after.entry_value = c->entry_value;
    after.charge_mark = weir_lot_paid(&l->markets[leg->market], c->size);
    return after;
}

static void add_profit(struct weir_ledger *l, uint32_t leg, weir_wide realised) {
    uint32_t missing = leg >= l->profits.count ? leg + 1 - l->profits.count : 0;
    if (missing > 0) WEIR_CHECK(weir_pool_add(&l->profits, missing) != WEIR_NO_INDEX);
    *WEIR_AT(&l->profits, struct weir_leg_profit, leg) = (struct weir_leg_profit){
        .realised = weir_leg_profit(l, leg, l->point) + realised, .point = l->point};
}

/* What the sides of a fill add to their market's totals. */
struct sums {
    weir_wide entry; /* of a linear contract */
    weir_qty long_lots;
    weir_wide short_lots;
    weir_wide gets; /* what the scopes get */
};

static inline void post_side(struct weir_ledger *l, const struct weir_market_ledger *m,
                             uint32_t leg, const struct weir_position_change *c, weir_wide fee,
                             struct sums *sums) {
    struct weir_leg *g = weir_leg_at(l, leg);
    weir_qty size = c->size, before = g->size;
    weir_account_changes(l, g->account);
    if (l->keeps_profits && c->realised != 0) add_profit(l, leg, c->realised);
    WEIR_CHECK(before == 0 || g->charge_mark == weir_lot_paid(m, before));
    sums->entry +=
        (weir_wide)signed_entry(size, c->entry_value) - signed_entry(before, g->entry_value);
    sums->long_lots += weir_max(size, 0) - weir_max(before, 0);
    sums->short_lots += weir_min(before, 0) - weir_min(size, 0);
    g->size = size;
    g->entry_value = c->entry_value;
    g->charge_mark = weir_lot_paid(m, size);
    if ((before == 0) != (size == 0)) list_position(l, leg);
    weir_wide gets = c->realised - fee;
    if (gets != 0) scope_add(weir_scope_at(l, g->scope), gets);
    sums->gets += gets;
    WEIR_HEAVY(g->size != 0 || g->entry_value == 0);
}

static inline void post_sums(struct weir_ledger *l, uint32_t market, const struct sums *sums) {
    struct weir_market_ledger *m = &l->markets[market];
    const struct weir_market *contract = &l->venue->markets[market];
    struct weir_asset_ledger *totals = &l->assets[contract->asset];
    if (contract->contract == WEIR_LINEAR)
        totals->entry_values += sums->entry;
    else
        totals->entry_values -= sums->entry;
    m->open_interest += sums->long_lots;
    m->short_interest += sums->short_lots;
    if (!m->touched) list_touched(l, market);
    totals->balances += sums->gets;
}

static inline void post_fee(struct weir_ledger *l, uint32_t market, weir_wide fee) {
    if (fee == 0) return;
    struct weir_asset_ledger *totals = &l->assets[l->venue->markets[market].asset];
    totals->fees += fee;
    WEIR_CHECK(totals->fees >= 0);
}

void weir_post_fill(struct weir_ledger *l, uint32_t leg, const struct weir_position_change *c,
                    weir_wide fee) {
    uint32_t market = weir_leg_at(l, leg)->market;
    struct sums sums = {0};
    post_side(l, &l->markets[market], leg, c, fee, &sums);
    post_sums(l, market, &sums);
    post_fee(l, market, fee);
}

void weir_post_trade(struct weir_ledger *l, uint32_t taker,
                     const struct weir_position_change *taker_change, weir_wide taker_fee,
                     uint32_t maker, const struct weir_position_change *maker_change,
                     weir_wide maker_fee) {
    uint32_t market = weir_leg_at(l, taker)->market;
    const struct weir_market_ledger *m = &l->markets[market];
    struct sums sums = {0};
    post_side(l, m, taker, taker_change, taker_fee, &sums);
    post_side(l, m, maker, maker_change, maker_fee, &sums);
    post_sums(l, market, &sums);
    post_fee(l, market, taker_fee);
    post_fee(l, market, maker_fee);
}

weir_wide weir_ledger_imbalance(const struct weir_ledger *l, uint32_t asset, weir_wide fund_cash,
                                weir_wide seeds) {
    const struct weir_asset_ledger *a = &l->assets[asset];
    return a->deposits + seeds - a->withdrawals -
           (a->balances + a->entry_values + fund_cash + a->fees - a->pools);
}
