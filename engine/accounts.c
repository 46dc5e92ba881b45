/* Commands about accounts and their money. */
#include "engine/internal.h"

#define TOTAL_MAX ((weir_wide)1 << 62) /* running totals of deposits, withdrawals and seeds */

static struct weir_number amount_number(const struct weir_engine *e,
                                        const struct weir_decimal *text, uint32_t asset,
                                        struct weir_decimal *unit, int64_t least, int64_t *out) {
    *unit = weir_decimal_power(e->x.venue->assets[asset].decimals);
    return (struct weir_number){"amount", text, unit, least, INT64_MAX, true, out};
}

uint32_t weir_class_find(const struct weir_venue *v, const struct weir_name *name) {
    for (uint32_t i = 0; i < v->class_count; i++)
        if (weir_name_equal(&v->classes[i].name, name)) return i;
    return WEIR_NO_INDEX;
}

enum weir_reason weir_on_account(struct weir_engine *e, const struct weir_command *c) {
    uint32_t class_idx = 0;
    if (c->present & WEIR_HAS_CLASS) class_idx = weir_class_find(e->x.venue, &c->class_name);
    if (weir_account_find(&e->x.ledger, &c->account) != WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_DUPLICATE, "account %s exists", c->account.text);
    enum weir_reason reason;
    uint32_t account =
        weir_account_open(&e->x.ledger, &c->account, c->present & WEIR_HAS_OWNER ? &c->owner : NULL,
                          class_idx, &reason);
    if (account == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_NOT_ALLOWED,
                         reason == WEIR_OK ? "the engine has no room for another account"
                                           : "%s belongs to another owner already",
                         c->account.text);
    weir_accept(e, NULL);
    return WEIR_OK;
}

static enum weir_reason find_asset(struct weir_engine *e, const struct weir_command *c,
                                   uint32_t *asset) {
    *asset = 0;
    if (!(c->present & WEIR_HAS_ASSET)) return WEIR_OK;
    *asset = weir_venue_asset(e->x.venue, &c->asset);
    if (*asset != WEIR_NO_INDEX) return WEIR_OK;
    return weir_deny(e, WEIR_R_UNKNOWN_ASSET, "the venue takes no %s", c->asset.text);
}

static enum weir_reason read_transfer(struct weir_engine *e, const struct weir_command *c,
                                      uint32_t *scope, uint32_t *asset, int64_t *amount) {
    uint32_t account;
    enum weir_reason r = weir_find_account(e, &c->account, &account);
    if (r == WEIR_OK && weir_account_is_fund(&e->x.ledger, account))
        r = weir_deny(e, WEIR_R_UNKNOWN_ACCOUNT, "%s is the fund's own", c->account.text);
    if (r == WEIR_OK) r = find_asset(e, c, asset);
    if (r != WEIR_OK) return r;
    /* A settlement asset is the balance of its own cross scope, any other collateral of asset 0's.
     */
    *scope = weir_account_cross(&e->x.ledger, account,
                                weir_asset_settles(e->x.venue, *asset) ? *asset : 0);
    struct weir_decimal unit;
    struct weir_number n = amount_number(e, &c->amount, *asset, &unit, 1, amount);
    r = weir_read_numbers(e, &n, 1);
    if (r == WEIR_OK && *scope == WEIR_NO_INDEX)
        r = weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another scope");
    return r;
}

enum weir_reason weir_on_deposit(struct weir_engine *e, const struct weir_command *c) {
    struct weir_ledger *l = &e->x.ledger;
    uint32_t scope, asset;
    int64_t amount;
    enum weir_reason r = read_transfer(e, c, &scope, &asset, &amount);
    if (r != WEIR_OK) return r;
    if (l->assets[asset].deposits + amount > TOTAL_MAX)
        return weir_deny(e, WEIR_R_OVERFLOW, "all deposits together do not fit");
    bool settles = weir_asset_settles(e->x.venue, asset);
    if (!settles && !weir_post_collateral(l, scope, asset, amount))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another holding");
    weir_accept(e, NULL);
    if (settles) {
        weir_scope_settle(l, scope);
        weir_post_balance(l, scope, amount);
    }
    l->assets[asset].deposits += amount;
    weir_touch_key(&e->x, scope);
    return WEIR_OK;
}

/* Would the scope keep what it must, with `amount` of an asset gone? (R11) */
static bool may_withdraw(struct weir_engine *e, uint32_t scope, uint32_t asset, weir_wide amount) {
    struct weir_exchange *x = &e->x;
    struct weir_health h;
    weir_health(x, scope, NULL, &h);
    weir_wide keep = weir_div_ceil(h.notional * x->venue->transfer_margin, WEIR_PPB);
    weir_wide behind = weir_social_behind(&e->lq, scope);
    keep = weir_wide_max(keep, h.initial + h.order_margin) + behind;
    if (weir_asset_settles(x->venue, asset))
        return amount <= h.balance - behind && h.discounted - amount >= keep;
    weir_wide held = weir_scope_collateral(&x->ledger, scope, asset);
    if (amount > held) return false;
    weir_wide lost = x->collateral[asset].fresh ? weir_collateral_worth(x, asset, held) -
                                                      weir_collateral_worth(x, asset, held - amount)
                                                : 0;
    return h.discounted - lost >= keep;
}

static bool has_stale_leg(struct weir_engine *e, uint32_t scope) {
    struct weir_health h;
    weir_health(&e->x, scope, NULL, &h);
    return h.stale;
}

enum weir_reason weir_on_withdraw(struct weir_engine *e, const struct weir_command *c) {
    struct weir_ledger *l = &e->x.ledger;
    uint32_t scope, asset;
    int64_t amount;
    enum weir_reason r = read_transfer(e, c, &scope, &asset, &amount);
    if (r != WEIR_OK) return r;
    if (l->assets[asset].withdrawals + amount > TOTAL_MAX)
        return weir_deny(e, WEIR_R_OVERFLOW, "all withdrawals together do not fit");
    if (weir_scope_at(l, scope)->queue == WEIR_QUEUE_ACTIVE)
        return weir_deny(e, WEIR_R_IN_LIQUIDATION, "%s is in liquidation", c->account.text);
    if (has_stale_leg(e, scope))
        return weir_deny(e, WEIR_R_STALE, "a market of its positions is stale");
    if (!may_withdraw(e, scope, asset, amount))
        return weir_deny(e, WEIR_R_INSUFFICIENT, "more than can be withdrawn");
    weir_accept(e, NULL);
    if (weir_asset_settles(e->x.venue, asset)) {
        weir_scope_settle(l, scope);
        weir_post_balance(l, scope, -amount);
    } else {
        WEIR_CHECK(weir_post_collateral(l, scope, asset, -amount));
    }
    l->assets[asset].withdrawals += amount;
    weir_social_moved(&e->lq, weir_asset_settles(e->x.venue, asset) ? asset : 0);
    weir_touch_key(&e->x, scope);
    return WEIR_OK;
}

/* Highest leverage that the first tier and the account's class allow (R10). */
static int64_t leverage_cap(const struct weir_engine *e, const struct weir_leg *g) {
    const struct weir_tier *row = &e->x.risks[g->market].tiers.row[0];
    int64_t cap = row->initial_rate ? WEIR_PPB / row->initial_rate : row->max_leverage;
    uint32_t class_idx = weir_account_at(&e->x.ledger, g->account)->class_idx;
    return weir_min(cap, e->x.venue->classes[class_idx].max_leverage);
}

enum weir_reason weir_on_leverage(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    uint32_t market, leg;
    int64_t leverage;
    enum weir_reason r = weir_find_leg(e, c, &market, &leg);
    if (r != WEIR_OK) return r;
    struct weir_number n = {"leverage", &c->leverage, &weir_one, 1, INT64_MAX, true, &leverage};
    r = weir_read_numbers(e, &n, 1);
    if (r != WEIR_OK) return r;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    if (weir_scope_at(&x->ledger, g->scope)->queue == WEIR_QUEUE_ACTIVE)
        return weir_deny(e, WEIR_R_IN_LIQUIDATION, "%s is in liquidation", c->account.text);
    r = weir_check_open(e, market);
    if (r != WEIR_OK) return r;
    if (leverage > leverage_cap(e, g))
        return weir_deny(e, WEIR_R_LEVERAGE, "the first tier or the class allows %lld",
                         (long long)leverage_cap(e, g));
    struct weir_what_if w = weir_what_if_now(x, leg);
    w.after.leverage = (uint32_t)leverage;
    struct weir_health h;
    weir_health(x, g->scope, &w, &h);
    if (x->prices[market].mark > 0 && h.discounted - h.initial - h.order_margin < 0)
        return weir_deny(e, WEIR_R_MARGIN, "the scope cannot carry that leverage");
    weir_accept(e, NULL);
    g->leverage = (uint32_t)leverage;
    g->leverage_set = true;
    weir_touch(x, g->scope);
    return WEIR_OK;
}

enum weir_reason weir_on_margin_mode(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    uint32_t market, leg;
    enum weir_reason r = weir_find_leg(e, c, &market, &leg);
    if (r != WEIR_OK) return r;
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    bool isolated = weir_scope_is_isolated(weir_scope_at(&x->ledger, g->scope));
    enum weir_reason open = weir_check_open(e, market);
    if (isolated == (c->mode == WEIR_ISOLATED)) {
        if (open != WEIR_OK) return open;
        weir_accept(e, NULL);
        g->mode_set = true;
        return WEIR_OK;
    }
    if (weir_scope_at(&x->ledger, g->scope)->queue == WEIR_QUEUE_ACTIVE)
        return weir_deny(e, WEIR_R_IN_LIQUIDATION, "%s is in liquidation", c->account.text);
    if (open != WEIR_OK) return open;
    bool owes = isolated && weir_scope_balance(&x->ledger, g->scope) < 0;
    const struct weir_leg_orders *orders = weir_leg_orders(&x->ledger, g);
    if (g->size != 0 || orders->order_count > 0 || orders->bid_count > 0 || owes)
        return weir_deny(e, WEIR_R_NOT_FLAT, "the market has a position or an order");
    if (isolated && weir_scope_at(&x->ledger, g->scope)->queue != WEIR_QUEUE_NONE)
        return weir_deny(e, WEIR_R_IN_LIQUIDATION, "the scope waits for liquidation");
    uint32_t before = g->scope;
    weir_wide returned = isolated ? weir_scope_balance(&x->ledger, before) : 0;
    if (c->mode == WEIR_ISOLATED) {
        if (!weir_leg_isolate(&x->ledger, leg))
            return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another scope");
        weir_accept(e, NULL);
    } else {
        weir_accept(e, NULL);
        weir_leg_rejoin(&x->ledger, leg);
    }
    g->mode_set = true;
    weir_touch(x, before);
    if (returned != 0) /* only then has something of the cross scope changed (R19) */
        weir_touch_key(x, g->scope);
    else
        weir_touch(x, g->scope);
    return WEIR_OK;
}

/* Taking out of the isolated scope leaves R11's bound. */
static bool may_take_out(struct weir_engine *e, uint32_t scope, weir_wide amount) {
    struct weir_health h;
    weir_health(&e->x, scope, NULL, &h);
    weir_wide behind = weir_social_behind(&e->lq, scope);
    return amount <= h.balance - behind &&
           h.discounted - amount >= h.initial + h.order_margin + behind;
}

static enum weir_reason check_isolated_move(struct weir_engine *e, const struct weir_command *c,
                                            uint32_t market, uint32_t scope, uint32_t cross,
                                            int64_t amount) {
    const struct weir_ledger *l = &e->x.ledger;
    bool cross_there = !weir_scope_is_isolated(weir_scope_at(l, scope));
    uint32_t from = amount > 0 ? cross : scope;
    if (cross_there && amount < 0)
        return weir_deny(e, WEIR_R_NOT_ISOLATED, "%s is cross there", c->account.text);
    if (weir_scope_at(l, from)->queue == WEIR_QUEUE_ACTIVE)
        return weir_deny(e, WEIR_R_IN_LIQUIDATION, "%s is in liquidation", c->account.text);
    enum weir_reason open = weir_check_open(e, market);
    if (open != WEIR_OK) return open;
    if (has_stale_leg(e, from))
        return weir_deny(e, WEIR_R_STALE, "a market of its positions is stale");
    if (cross_there) return weir_deny(e, WEIR_R_NOT_ISOLATED, "%s is cross there", c->account.text);
    uint32_t asset = weir_scope_money(l, weir_scope_at(l, scope));
    bool enough = amount > 0 ? may_withdraw(e, cross, asset, amount)
                             : may_take_out(e, scope, -(weir_wide)amount);
    if (!enough) return weir_deny(e, WEIR_R_INSUFFICIENT, "more than can be moved");
    return WEIR_OK;
}

enum weir_reason weir_on_isolated_margin(struct weir_engine *e, const struct weir_command *c) {
    struct weir_ledger *l = &e->x.ledger;
    uint32_t market, leg;
    int64_t amount;
    struct weir_decimal unit;
    enum weir_reason r = weir_find_leg(e, c, &market, &leg);
    if (r != WEIR_OK) return r;
    uint32_t asset = e->x.venue->markets[market].asset;
    struct weir_number n = amount_number(e, &c->amount, asset, &unit, INT64_MIN, &amount);
    r = weir_read_numbers(e, &n, 1);
    if (r == WEIR_OK && amount == 0) r = weir_deny(e, WEIR_R_RANGE, "amount is 0");
    if (r != WEIR_OK) return r;
    uint32_t scope = weir_leg_at(l, leg)->scope;
    uint32_t cross = weir_cross_find(l, weir_leg_at(l, leg)->account, asset);
    r = check_isolated_move(e, c, market, scope, cross, amount);
    if (r != WEIR_OK) return r;
    weir_accept(e, NULL);
    weir_scope_settle(l, scope);
    weir_scope_settle(l, cross);
    weir_post_balance(l, cross, -(weir_wide)amount);
    weir_post_balance(l, scope, amount);
    weir_social_moved(&e->lq, asset);
    weir_touch_key(&e->x, scope);
    weir_touch_key(&e->x, cross);
    return WEIR_OK;
}

enum weir_reason weir_on_fund(struct weir_engine *e, const struct weir_command *c) {
    uint32_t fund = 0;
    int64_t amount;
    struct weir_decimal unit;
    if (c->present & WEIR_HAS_FUND) fund = weir_venue_fund(e->x.venue, &c->fund);
    if (fund == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_UNKNOWN_FUND, "the venue has no fund %s", c->fund.text);
    uint32_t asset = e->x.venue->funds[fund].asset;
    struct weir_number n = amount_number(e, &c->amount, asset, &unit, INT64_MIN, &amount);
    enum weir_reason r = weir_read_numbers(e, &n, 1);
    if (r == WEIR_OK && amount == 0) r = weir_deny(e, WEIR_R_RANGE, "amount is 0");
    if (r != WEIR_OK) return r;
    const struct weir_fund *f = &e->lq.funds.fund[fund];
    if (f->net_seeds + amount > TOTAL_MAX)
        return weir_deny(e, WEIR_R_OVERFLOW, "all seeds together do not fit");
    if (-(weir_wide)amount > weir_fund_free(f))
        return weir_deny(e, WEIR_R_INSUFFICIENT, "the fund has less free cash");
    weir_accept(e, NULL);
    weir_fund_seed(&e->x, &e->lq.funds, fund, amount);
    return WEIR_OK;
}

enum weir_reason weir_on_backstop(struct weir_engine *e, const struct weir_command *c) {
    uint32_t market, leg;
    int64_t notional, loss_limit;
    enum weir_reason r = weir_find_leg(e, c, &market, &leg);
    if (r != WEIR_OK) return r;
    const struct weir_decimal unit = weir_market_unit(e, market);
    struct weir_number n[2] = {
        {"notional", &c->notional, &unit, 1, INT64_MAX, true, &notional},
        {"loss_limit", &c->loss_limit, &unit, 0, INT64_MAX, true, &loss_limit}};
    r = weir_read_numbers(e, n, 2);
    if (r == WEIR_OK) r = weir_check_open(e, market);
    if (r != WEIR_OK) return r;
    if (!weir_backstop_set(&e->lq, leg, notional, loss_limit))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another volunteer");
    weir_accept(e, NULL);
    return WEIR_OK;
}

enum weir_reason weir_on_indicator(struct weir_engine *e, const struct weir_command *c) {
    (void)c;
    weir_accept(e, NULL);
    return WEIR_OK;
}

enum weir_reason weir_on_clock(struct weir_engine *e, const struct weir_command *c) {
    (void)c;
    weir_accept(e, NULL);
    return WEIR_OK;
}
