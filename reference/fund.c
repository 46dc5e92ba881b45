/* Insurance funds: movements, grants, fees, drawdown state; shortfall and socialisation (R29-R32).
 */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>

struct fund *weir_twin_fund_of(const struct twin *t, int m) {
    return &t->fund[t->m[m].c->fund_idx];
}

void weir_twin_cash(struct twin *t, struct fund *f, enum weir_cause cause, wide amount,
                    const struct account *account) {
    f->cash += amount;
    if (amount > 0)
        f->received[cause] += amount;
    else
        f->paid[cause] -= amount;
    struct weir_event e = {.kind = WEIR_EV_FUND_MOVEMENT};
    e.fund_movement.fund = (uint32_t)(f - t->fund);
    e.fund_movement.cause = cause;
    e.fund_movement.amount = amount;
    e.fund_movement.balance = f->cash;
    e.fund_movement.account = account ? &account->name : NULL;
    weir_twin_emit(t, &e);
}

/* What the fund would grant of `want` now: at most free cash, the step's budget, and the caps of
 * the market and the account in this interval (R31). */
wide weir_twin_grant(struct twin *t, int m, const struct account *a, wide want) {
    const struct fund *f = weir_twin_fund_of(t, m);
    wide by_market = 0, by_account = 0;
    if (f->stopped || want <= 0) return 0;
    for (int i = 0; i < f->payment_count; i++) {
        const struct payment *p = &f->payments[i];
        if (f->c->interval != WEIR_NONE && p->t / f->c->interval != t->now / f->c->interval)
            continue;
        if (p->m == m) by_market += p->amount;
        if (p->account == a) by_account += p->amount;
    }
    /* What open auctions are promised counts as if paid. */
    for (int i = 0; i < t->auction_count; i++)
        for (int j = 0; j < t->auctions[i].offer_count; j++) {
            const struct offer *o = &t->auctions[i].offers[j];
            if (weir_twin_fund_of(t, t->auctions[i].m) != f) continue;
            if (t->auctions[i].m == m) by_market += o->promised;
            if (o->scope->account == a) by_account += o->promised;
        }
    want = weir_wide_min(want, f->cash - f->promised);
    if (f->c->budget_per_step != WEIR_NONE)
        want = weir_wide_min(want, f->c->budget_per_step - t->step_gap[f - t->fund]);
    if (f->c->market_cap != WEIR_NONE) want = weir_wide_min(want, f->c->market_cap - by_market);
    if (f->c->account_cap != WEIR_NONE) want = weir_wide_min(want, f->c->account_cap - by_account);
    wide left;
    if (weir_twin_cut(t, f, &left)) want = weir_wide_min(want, left);
    return want > 0 ? want : 0;
}

void weir_twin_pay_gap(struct twin *t, int m, struct scope *s, wide gap) {
    struct fund *f = weir_twin_fund_of(t, m);
    f->payments = weir_twin_grow(f->payments, f->payment_count, sizeof *f->payments);
    f->payments[f->payment_count++] = (struct payment){t->now, m, s->account, gap};
    t->step_gap[f - t->fund] += gap;
    s->balance += gap;
    s->changed = true;
    weir_twin_cash(t, f, WEIR_CAUSE_GAP, -gap, s->account);
}

void weir_twin_liquidation_fee(struct twin *t, struct scope *s, int m, wide value,
                               wide improvement) {
    wide fee = weir_twin_fee(value, t->m[m].c->fee_liquidation);
    fee = weir_wide_min(fee, improvement);
    fee = weir_wide_min(fee, weir_wide_min(s->balance, weir_twin_eval(t, s).equity));
    if (fee <= 0) return;
    s->balance -= fee;
    s->changed = true;
    weir_twin_cash(t, weir_twin_fund_of(t, m), WEIR_CAUSE_LIQUIDATION_FEE, fee, s->account);
}

/* Capital of a flat inventory goes back to the fund (R27). */
void weir_twin_return_inventory(struct twin *t, struct account *a) {
    if (a->fund < 0) return;
    for (int m = 0; m < t->markets; m++)
        if (a->at[m].s == 0) a->at[m].scheduled = a->at[m].rearm = false;
    struct scope *s = weir_twin_fund_scope(&t->fund[a->fund]);
    if (!weir_twin_flat(t, s) || s->queue == QUEUE_LIQUIDATING) return;
    wide amount = s->balance;
    if (amount <= 0) return;
    s->balance = 0;
    s->changed = true;
    weir_twin_cash(t, &t->fund[a->fund], WEIR_CAUSE_UNWIND, amount, NULL);
}

/* ---- Drawdown (R32) -------------------------------------------------------------------------- */
void weir_twin_fund_present(struct twin *t, const struct fund *f, struct sample *present,
                            struct sample *peak, int64_t *drawdown) {
    wide equity = f->cash + weir_twin_eval(t, weir_twin_fund_scope(f)).equity;
    *present = *peak = (struct sample){t->now, equity - f->seeds, equity};
    for (int i = 0; i < f->sample_count; i++) {
        const struct sample *x = &f->samples[i];
        if (f->c->drawdown_window != WEIR_NONE && x->t <= t->now - f->c->drawdown_window) continue;
        if (x->pnl > peak->pnl) *peak = *x;
    }
    *drawdown = 0;
    if (peak->equity > 0 && peak->equity > f->c->drawdown_min)
        *drawdown = weir_saturate(
            weir_twin_div('t', present->pnl - peak->pnl, WEIR_PPB, 1, peak->equity, 1));
}

bool weir_twin_cut(struct twin *t, const struct fund *f, wide *left) {
    struct sample present, peak;
    int64_t drawdown;
    if (f->c->on_trigger != WEIR_ON_TRIGGER_CUT || f->c->drawdown_trigger == WEIR_NONE)
        return false;
    weir_twin_fund_present(t, f, &present, &peak, &drawdown);
    if (peak.equity <= 0 || peak.equity <= f->c->drawdown_min) return false;
    wide lost = peak.pnl - present.pnl + f->promised;
    *left = weir_twin_div('c', peak.equity, f->c->drawdown_trigger, 1, WEIR_PPB, 1) - lost;
    if (*left < 0) *left = 0;
    return true;
}

void weir_twin_sample_fund(struct twin *t, struct fund *f) {
    struct sample present, peak;
    weir_twin_fund_present(t, f, &present, &peak, &f->drawdown);
    /* A sample no better than the present one can never be the latest maximum again. */
    while (f->sample_count > 0 && f->samples[f->sample_count - 1].pnl <= present.pnl)
        f->sample_count--;
    f->samples = weir_twin_grow(f->samples, f->sample_count, sizeof *f->samples);
    f->samples[f->sample_count++] = present;
    if (f->c->drawdown_trigger == WEIR_NONE) return;
    if (f->drawdown <= -f->c->drawdown_trigger)
        f->stopped = true;
    else if (f->drawdown >= -f->c->drawdown_release)
        f->stopped = false;
}

/* ---- Shortfall (R29) ------------------------------------------------------------------------- */
struct pending {
    struct scope *first;
};

static void find_pending(struct twin *t, struct scope *s, void *x) {
    struct pending *p = x;
    if (s->queue != QUEUE_LIQUIDATING || !weir_twin_flat(t, s) || s->balance >= 0) return;
    if (!p->first || s->flat_order < p->first->flat_order) p->first = s;
}

/* R8: other collateral is sold before the fund is asked, largest haircut first. */
static void convert(struct twin *t, struct scope *s) {
    struct account *a = s->account;
    bool done[WEIR_ASSETS_MAX] = {false};
    while (s->balance < 0) {
        int best = -1;
        for (int i = 1; i < (int)t->v->asset_count; i++) {
            if (done[i] || a->collateral[i] == 0 || t->assets[i].price == 0) continue;
            if (best < 0 || t->v->assets[i].haircut > t->v->assets[best].haircut) best = i;
        }
        if (best < 0) return;
        done[best] = true;
        const struct weir_asset *c = &t->v->assets[best];
        wide amount = a->collateral[best], need = -s->balance;
        if (weir_twin_worth(t, best, amount) >= need)
            amount = weir_twin_div(
                'c', need, weir_twin_power(c->decimals), weir_twin_power(18), t->assets[best].price,
                (WEIR_PPB - c->haircut) * weir_twin_power(t->v->assets[0].decimals));
        wide proceeds = weir_twin_worth(t, best, amount);
        if (proceeds == 0) continue;
        a->collateral[best] -= amount;
        s->balance += proceeds;
        s->changed = true;
        t->assets[best].withdrawals += amount;
        t->assets[0].deposits += proceeds;
        struct weir_event e = {.kind = WEIR_EV_COLLATERAL_SOLD};
        e.collateral_sold.account = &a->name;
        e.collateral_sold.asset = (uint32_t)best;
        e.collateral_sold.amount = amount;
        e.collateral_sold.price = t->assets[best].price;
        e.collateral_sold.proceeds = proceeds;
        weir_twin_emit(t, &e);
    }
}

/* Where a deficit without losses goes: the first market of the scope's asset. */
static int first_market(const struct twin *t, const struct scope *s) {
    int m = s->market < 0 ? 0 : s->market;
    while (s->market < 0 && (int)t->m[m].c->asset != -1 - s->market)
        m++; /* without one of its asset a scope has no positions to lose with */
    return m;
}

/* Divides a deficit among the markets closed in this liquidation by their net realised losses; the
 * fund of each part pays what it can, the rest waits in the market's pool. */
static void cover(struct twin *t, struct scope *s, wide deficit) {
    wide *loss = calloc((size_t)t->markets, sizeof *loss);
    wide *part = calloc((size_t)t->markets, sizeof *part);
    bool any = false;
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &s->account->at[m];
        if (weir_twin_scope(t, s->account, m) != s || !p->closed || p->realised >= 0) continue;
        loss[m] = -p->realised;
        any = true;
    }
    if (!any) loss[first_market(t, s)] = 1;
    weir_twin_divide(deficit, t->markets, loss, NULL, part);
    for (int m = 0; m < t->markets; m++) {
        if (part[m] == 0) continue;
        struct fund *f = weir_twin_fund_of(t, m);
        wide paid = weir_wide_min(part[m], f->cash - f->promised);
        s->balance += part[m];
        t->m[weir_twin_pools_wait(t) ? weir_twin_group(t, m) : m].pool += part[m] - paid;
        if (part[m] > paid) t->social.asked = true;
        if (paid > 0) weir_twin_cash(t, f, WEIR_CAUSE_SHORTFALL, -paid, s->account);
    }
    free(loss);
    free(part);
}

/* R29 `open_interest`: every lot of both sides pays the same whole number of units. */
static void charge(struct twin *t, int m) {
    struct market *k = &t->m[m];
    wide lots = 0;
    for (int i = 0; i < weir_twin_accounts(t); i++)
        lots += weir_abs(weir_twin_account_at(t, i)->at[m].s);
    if (k->pool == 0 || lots == 0) return;
    wide per_lot = weir_twin_div('c', k->pool, 1, 1, lots, 1), dust = per_lot * lots - k->pool;
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        weir_twin_scope(t, a, m)->balance -= per_lot * weir_abs(a->at[m].s);
    }
    struct weir_event e = {.kind = WEIR_EV_SOCIALISED};
    e.socialised.market = (uint32_t)m;
    e.socialised.amount = k->pool;
    k->pool = 0;
    weir_twin_emit(t, &e);
    if (dust > 0) weir_twin_cash(t, weir_twin_fund_of(t, m), WEIR_CAUSE_DUST, dust, NULL);
}

/* (8): what remains negative, in the order in which the scopes became flat; then the charges. */
void weir_twin_shortfalls(struct twin *t) {
    for (;;) {
        struct pending p = {0};
        weir_twin_each_scope(t, find_pending, &p);
        if (!p.first) break;
        struct scope *s = p.first;
        if (s->market == -1) convert(t, s);
        wide deficit = s->balance < 0 ? -s->balance : 0;
        if (deficit > 0) cover(t, s, deficit);
        weir_twin_end(t, s, deficit);
    }
    for (int m = 0; m < t->markets && !weir_twin_pools_wait(t); m++)
        charge(t, m);
    if (weir_twin_pools_wait(t)) weir_twin_social(t);
}
