/* Money in and out, isolated margin, block trades and fund seeds (R6, R11, R31). */
#include "reference/twin.h"

#define TOTAL_MOST ((wide)1 << 62)

/* What could leave a cross scope in its settlement asset (R11), may be negative. */
wide weir_twin_withdrawable(struct twin *t, struct scope *s) {
    struct value x = weir_twin_eval(t, s);
    wide bound = x.im + weir_twin_order_margin(t, s);
    wide transfer = weir_twin_div('c', x.notional, t->v->transfer_margin, 1, WEIR_PPB, 1);
    if (transfer > bound) bound = transfer;
    return weir_wide_min(s->balance, x.discounted - bound) - weir_twin_behind(t, s);
}

static enum weir_reason read_amount(struct twin *t, const struct weir_command *c, int asset,
                                    int64_t least, int64_t *out) {
    struct fields f = {0};
    struct weir_decimal unit = weir_decimal_power(t->v->assets[asset].decimals);
    *out = weir_twin_units(&f, &c->amount, &unit, least, INT64_MAX);
    if (*out == 0 && !f.precision && !f.overflow) f.range = true;
    return weir_twin_fields(&f);
}

/* The scope whose balance it is, or behind which it stands as collateral. */
static struct scope *transfer_scope(const struct twin *t, struct account *a, int asset) {
    return &a->cross[weir_twin_settles(t, (uint32_t)asset) ? asset : 0];
}

static enum weir_reason deposit(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    int asset = c->present & WEIR_HAS_ASSET ? weir_twin_find_asset(t, &c->asset) : 0;
    int64_t amount;
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (asset < 0) return WEIR_R_UNKNOWN_ASSET;
    enum weir_reason r = read_amount(t, c, asset, 1, &amount);
    if (r != WEIR_OK) return r;
    if (t->assets[asset].deposits + amount > TOTAL_MOST) return WEIR_R_OVERFLOW;
    weir_twin_accepted(t, c);
    t->assets[asset].deposits += amount;
    struct scope *s = transfer_scope(t, a, asset);
    if (weir_twin_settles(t, (uint32_t)asset))
        s->balance += amount;
    else
        a->collateral[asset] += amount;
    s->changed = true;
    return WEIR_OK;
}

static enum weir_reason withdraw(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    int asset = c->present & WEIR_HAS_ASSET ? weir_twin_find_asset(t, &c->asset) : 0;
    int64_t amount;
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (asset < 0) return WEIR_R_UNKNOWN_ASSET;
    enum weir_reason r = read_amount(t, c, asset, 1, &amount);
    if (r != WEIR_OK) return r;
    if (t->assets[asset].withdrawals + amount > TOTAL_MOST) return WEIR_R_OVERFLOW;
    struct scope *s = transfer_scope(t, a, asset);
    if (s->queue == QUEUE_LIQUIDATING) return WEIR_R_IN_LIQUIDATION;
    if (weir_twin_eval(t, s).stale_leg) return WEIR_R_STALE;
    if (weir_twin_settles(t, (uint32_t)asset)) {
        if (amount > weir_twin_withdrawable(t, s)) return WEIR_R_INSUFFICIENT;
        s->balance -= amount;
    } else {
        if (amount > a->collateral[asset]) return WEIR_R_INSUFFICIENT;
        wide behind = weir_twin_behind(t, s); /* of what it has before */
        a->collateral[asset] -= amount;
        struct value x = weir_twin_eval(t, s);
        wide bound = x.im + weir_twin_order_margin(t, s);
        wide transfer = weir_twin_div('c', x.notional, t->v->transfer_margin, 1, WEIR_PPB, 1);
        if (x.discounted < weir_wide_max(bound, transfer) + behind) {
            a->collateral[asset] += amount;
            return WEIR_R_INSUFFICIENT;
        }
    }
    t->assets[asset].withdrawals += amount;
    weir_twin_moved_out(t, -1 - s->market);
    s->changed = true;
    weir_twin_accepted(t, c);
    return WEIR_OK;
}

static enum weir_reason isolated_margin(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    int m = weir_twin_find_market(t, &c->market);
    int64_t amount;
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    int asset = (int)t->m[m].c->asset;
    enum weir_reason r = read_amount(t, c, asset, INT64_MIN, &amount);
    if (r != WEIR_OK) return r;
    if (amount < 0 && a->at[m].mode != WEIR_ISOLATED) return WEIR_R_NOT_ISOLATED;
    struct scope *cross = &a->cross[asset];
    struct scope *s = &a->isolated[m], *source = amount > 0 ? cross : s;
    if (source->queue == QUEUE_LIQUIDATING) return WEIR_R_IN_LIQUIDATION;
    if (t->m[m].phase != PHASE_OPEN) return WEIR_R_STATUS;
    if (weir_twin_eval(t, source).stale_leg) return WEIR_R_STALE;
    if (a->at[m].mode != WEIR_ISOLATED) return WEIR_R_NOT_ISOLATED;
    if (amount > 0) {
        if (amount > weir_twin_withdrawable(t, source)) return WEIR_R_INSUFFICIENT;
    } else {
        struct value x = weir_twin_eval(t, s);
        wide left = x.discounted - x.im - weir_twin_order_margin(t, s);
        if (-(wide)amount > weir_wide_min(s->balance, left) - weir_twin_behind(t, s))
            return WEIR_R_INSUFFICIENT;
    }
    weir_twin_accepted(t, c);
    s->balance += amount;
    cross->balance -= amount;
    weir_twin_moved_out(t, asset);
    s->changed = cross->changed = true;
    return WEIR_OK;
}

static enum weir_reason fund(struct twin *t, const struct weir_command *c) {
    int i = c->present & WEIR_HAS_FUND ? weir_twin_find_fund(t, &c->fund) : 0;
    int64_t amount;
    if (i < 0) return WEIR_R_UNKNOWN_FUND;
    struct fund *f = &t->fund[i];
    enum weir_reason r = read_amount(t, c, (int)f->c->asset, INT64_MIN, &amount);
    if (r != WEIR_OK) return r;
    if (f->seeds + amount > TOTAL_MOST) return WEIR_R_OVERFLOW;
    if (f->cash - f->promised + amount < 0 && amount < 0) return WEIR_R_INSUFFICIENT;
    weir_twin_accepted(t, c);
    f->seeds += amount;
    weir_twin_cash(t, f, WEIR_CAUSE_SEED, amount, NULL);
    weir_twin_sample_fund(t, f);
    return WEIR_OK;
}

/* A side of a block trade, looked at before and after. */
struct side {
    struct account *a;
    int64_t qty;
    struct position position;
    struct scope scope;
    struct before before;
    wide reach;
};

static wide reach_of(struct twin *t, struct account *a, int m) {
    wide buys, sells;
    weir_twin_exposure(t, a, m, &buys, &sells);
    return weir_twin_reach(a->at[m].s, buys, sells);
}

/* R12 for one side, with both sides booked. */
static bool limit_broken(struct twin *t, const struct side *x, int m) {
    const struct market *k = &t->m[m];
    wide reach = reach_of(t, x->a, m), sum = 0;
    if (reach <= x->reach) return false;
    if (weir_twin_value(t, m, k->mark, reach) > k->tiers.row[k->tiers.count - 1].cap) return true;
    for (int i = 0; i < weir_twin_accounts(t); i++)
        if (weir_twin_same_owner(weir_twin_account_at(t, i), x->a))
            sum += reach_of(t, weir_twin_account_at(t, i), m);
    return k->position_limit != WEIR_NONE &&
           weir_twin_value(t, m, k->mark, sum) > k->position_limit;
}

/* R11: who raises exposure must carry it beside his open orders. */
static bool carries_orders(struct twin *t, const struct side *x, int m) {
    struct scope *s = weir_twin_scope(t, x->a, m);
    if (reach_of(t, x->a, m) <= x->reach) return true;
    struct value v = weir_twin_eval(t, s);
    return v.discounted - v.im - weir_twin_order_margin(t, s) >= 0;
}

/* Books both sides, asks, and takes them back. */
static enum weir_reason try_block(struct twin *t, struct side x[2], int m, int64_t price) {
    enum weir_reason r = WEIR_OK;
    const struct market *k = &t->m[m];
    int64_t interest = weir_twin_open_interest(t, m);
    for (int i = 0; i < 2; i++) {
        x[i].position = x[i].a->at[m];
        x[i].scope = *weir_twin_scope(t, x[i].a, m);
        x[i].before = weir_twin_before(t, x[i].a, m);
        x[i].reach = reach_of(t, x[i].a, m);
    }
    for (int i = 0; i < 2; i++)
        weir_twin_move(t, x[i].a, m, x[i].qty, price);
    int64_t after = weir_twin_open_interest(t, m);
    if (limit_broken(t, &x[0], m) || limit_broken(t, &x[1], m))
        r = WEIR_R_POSITION_LIMIT;
    else if (after > interest && k->open_interest_cap != WEIR_NONE &&
             weir_twin_value(t, m, k->mark, after) > k->open_interest_cap)
        r = WEIR_R_OPEN_INTEREST;
    else if (!carries_orders(t, &x[0], m) || !carries_orders(t, &x[1], m) ||
             !weir_twin_passes(t, x[0].a, m, &x[0].before) ||
             !weir_twin_passes(t, x[1].a, m, &x[1].before))
        r = WEIR_R_MARGIN;
    for (int i = 0; i < 2; i++) {
        *weir_twin_scope(t, x[i].a, m) = x[i].scope;
        x[i].a->at[m] = x[i].position;
    }
    return r;
}

static bool grows(const struct side *x, int m) {
    int64_t s = x->a->at[m].s;
    int64_t after = s + x->qty; /* or turns */
    return weir_abs(after) > weir_abs(s) || (s > 0 && after < 0) || (s < 0 && after > 0);
}

static enum weir_reason check_block(struct twin *t, struct side x[2], int m, int64_t price) {
    const struct market *k = &t->m[m];
    bool raises = false;
    for (int i = 0; i < 2 && x[0].a != x[1].a; i++) {
        if (weir_twin_bound_broken(t, x[i].a, m, (wide)x[i].a->at[m].s + x[i].qty, 0, 0))
            return WEIR_R_OVERFLOW;
        raises = raises || grows(&x[i], m);
    }
    for (int i = 0; i < 2; i++)
        if (weir_twin_scope(t, x[i].a, m)->queue == QUEUE_LIQUIDATING) return WEIR_R_IN_LIQUIDATION;
    if (k->status == WEIR_STATUS_HALTED || k->phase != PHASE_OPEN) return WEIR_R_STATUS;
    if (k->status == WEIR_STATUS_REDUCE_ONLY && raises) return WEIR_R_STATUS;
    if (k->stale && raises) return WEIR_R_STALE;
    if (k->mark == 0) return WEIR_R_NO_MARK;
    if (x[0].qty < k->c->min_qty) return WEIR_R_MIN_SIZE;
    if (x[0].a == x[1].a) return WEIR_R_NOT_ALLOWED;
    return try_block(t, x, m, price);
}

static enum weir_reason block_trade(struct twin *t, const struct weir_command *c) {
    struct side x[2] = {{.a = weir_twin_find_account(t, &c->account)},
                        {.a = weir_twin_find_account(t, &c->account2)}};
    int m = weir_twin_find_market(t, &c->market);
    struct fields f = {0};
    if (!x[0].a || !x[1].a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    const struct market *k = &t->m[m];
    int64_t qty = weir_twin_units(&f, &c->qty, &k->c->lot, 1, INT64_MAX);
    int64_t price = weir_twin_units(&f, &c->price, &k->c->tick, 1, k->c->max_price);
    if (weir_twin_too_many(t, m, qty)) f.overflow = true;
    if (weir_twin_fields(&f) != WEIR_OK) return weir_twin_fields(&f);
    x[0].qty = qty;
    x[1].qty = -qty;
    enum weir_reason r = check_block(t, x, m, price);
    if (r != WEIR_OK) return r;
    weir_twin_accepted(t, c);
    struct fill fill = {.m = m,
                        .price = price,
                        .qty = qty,
                        .taker = x[0].a,
                        .maker = x[1].a,
                        .taker_side = WEIR_BUY,
                        .kind = WEIR_FILL_BLOCK};
    weir_twin_fill(t, &fill, NULL);
    return WEIR_OK;
}

enum weir_reason weir_twin_transfer(struct twin *t, const struct weir_command *c) {
    switch ((enum weir_command_kind)c->kind) {
    case WEIR_CMD_DEPOSIT:
        return deposit(t, c);
    case WEIR_CMD_WITHDRAW:
        return withdraw(t, c);
    case WEIR_CMD_ISOLATED_MARGIN:
        return isolated_margin(t, c);
    case WEIR_CMD_BLOCK_TRADE:
        return block_trade(t, c);
    default:
        return fund(t, c);
    }
}
