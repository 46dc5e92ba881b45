/* Funds: movements and grants (R31). */
#include "insurance/insurance.h"

#include <errno.h>
#include <stdlib.h>

int weir_funds_new(struct weir_funds *funds, struct weir_exchange *x) {
    uint32_t markets = x->venue->market_count;
    *funds = (struct weir_funds){.count = x->venue->fund_count, .sampled = INT64_MIN};
    funds->fund = calloc(funds->count, sizeof *funds->fund);
    if (!funds->fund) return -ENOMEM;
    for (uint32_t i = 0; i < funds->count; i++) {
        struct weir_fund *f = &funds->fund[i];
        f->account = i;
        f->scope = weir_account_cross(&x->ledger, i, x->venue->funds[i].asset);
        if (f->scope == WEIR_NO_INDEX) return -ENOMEM;
        f->unwind = calloc(markets, sizeof *f->unwind);
        f->markets = calloc(markets, sizeof *f->markets);
        if (!weir_drawdown_start(&f->drawdown) || !f->unwind || !f->markets) return -ENOMEM;
        for (uint32_t m = 0; m < markets; m++)
            f->unwind[m] = weir_no_unwind;
    }
    int error = weir_pool_new(&funds->listed, sizeof(uint32_t), funds->count);
    if (!error) error = weir_timers_new(&funds->outdated, funds->count);
    for (uint32_t i = 0; !error && i < funds->count; i++)
        weir_fund_touch(funds, i);
    return error;
}

void weir_funds_free(struct weir_funds *funds) {
    for (uint32_t i = 0; funds->fund && i < funds->count; i++) {
        free(funds->fund[i].unwind);
        free(funds->fund[i].markets);
        weir_drawdown_end(&funds->fund[i].drawdown);
    }
    free(funds->fund);
    weir_pool_free(&funds->listed);
    weir_timers_free(&funds->outdated);
    *funds = (struct weir_funds){0};
}

void weir_fund_move(struct weir_exchange *x, struct weir_funds *funds, uint32_t fund,
                    enum weir_cause cause, weir_wide amount, uint32_t account) {
    struct weir_fund *f = &funds->fund[fund];
    if (amount == 0) return;
    f->cash += amount;
    funds->assets[x->venue->funds[fund].asset].cash += amount;
    weir_fund_touch(funds, fund);
    if (amount > 0)
        f->received[cause] += amount;
    else
        f->paid[cause] -= amount;
    WEIR_CHECK(f->cash >= 0 && f->promised <= f->cash);
    WEIR_EMIT(x, WEIR_EV_FUND_MOVEMENT, fund_movement, fund, cause, amount, f->cash,
              account == WEIR_NO_INDEX ? NULL : weir_account_name(&x->ledger, account));
}

const char *weir_funds_audit(const struct weir_exchange *x, const struct weir_funds *funds) {
    struct weir_fund_totals totals[WEIR_ASSETS_MAX] = {{0, 0}};
    for (uint32_t i = 0; i < funds->count; i++) {
        const struct weir_fund *f = &funds->fund[i];
        weir_wide sum = 0;
        for (int k = 0; k < WEIR_CAUSE_COUNT; k++)
            sum += f->received[k] - f->paid[k];
        if (sum != f->cash) return "a fund's cash is not the sum of its movements";
        if (f->cash < 0 || f->promised < 0 || f->promised > f->cash)
            return "a fund promised more than it has";
        if (!f->drawdown.listed && weir_fund_equity(x, f) != f->drawdown.equity)
            return "a fund's equity changed and nobody samples it";
        totals[x->venue->funds[i].asset].cash += f->cash;
        totals[x->venue->funds[i].asset].seeds += f->net_seeds;
    }
    for (uint32_t a = 0; a < x->venue->asset_count; a++)
        if (totals[a].cash != funds->assets[a].cash || totals[a].seeds != funds->assets[a].seeds)
            return "the sum of the funds is not its total";
    return NULL;
}

/* What the account's legs are promised, and were paid for gaps in the present interval. */
static weir_wide account_paid(const struct weir_exchange *x, uint32_t account, uint32_t fund) {
    const struct weir_ledger *l = &x->ledger;
    weir_wide sum = 0;
    for (uint32_t i = weir_account_first_leg(l, account); i != WEIR_NO_INDEX;
         i = weir_leg_at(l, i)->next) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (x->venue->markets[g->market].fund_idx != fund) continue;
        const struct weir_leg_extra *e = weir_leg_extra(l, g);
        sum += e->work.promised + (x->now < e->gap_until ? e->gap_paid : 0);
    }
    return sum;
}

weir_wide weir_fund_grant(const struct weir_exchange *x, const struct weir_funds *funds,
                          const struct weir_leg *leg, weir_wide want) {
    uint32_t fund = x->venue->markets[leg->market].fund_idx;
    const struct weir_fund *f = &funds->fund[fund];
    const struct weir_fund_config *c = &x->venue->funds[fund];
    if (f->drawdown.stopped || want <= 0) return 0;
    weir_wide grant = weir_wide_min(want, weir_fund_free(f));
    weir_time interval = x->now / c->interval;
    if (c->budget_per_step != WEIR_NONE) grant = weir_wide_min(grant, c->budget_per_step);
    if (c->market_cap != WEIR_NONE) {
        const struct weir_gap_cap *m = &f->markets[leg->market];
        grant = weir_wide_min(grant, c->market_cap - m->promised -
                                         (m->interval == interval ? m->paid : 0));
    }
    if (c->account_cap != WEIR_NONE)
        grant = weir_wide_min(grant, c->account_cap - account_paid(x, leg->account, fund));
    if (c->on_trigger == WEIR_ON_TRIGGER_CUT)
        grant = weir_wide_min(grant, weir_fund_until_trigger(x, funds, fund));
    return weir_wide_max(grant, 0);
}

void weir_fund_promise(struct weir_exchange *x, struct weir_funds *funds, struct weir_leg *leg,
                       weir_wide amount) {
    if (amount == 0) return;
    struct weir_fund *f = weir_market_fund(x, funds, leg->market);
    f->promised += amount;
    f->markets[leg->market].promised += amount;
    struct weir_leg_work *w = &weir_leg_extra_make(&x->ledger, leg)->work;
    w->promised += amount;
    WEIR_CHECK(f->promised >= 0 && f->promised <= f->cash && w->promised >= 0);
}

void weir_fund_pay_gap(struct weir_exchange *x, struct weir_funds *funds, uint32_t leg,
                       weir_wide amount) {
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    uint32_t fund = x->venue->markets[g->market].fund_idx;
    struct weir_gap_cap *m = &funds->fund[fund].markets[g->market];
    weir_time interval = x->now / x->venue->funds[fund].interval;
    if (amount <= 0) return;
    m->paid = (m->interval == interval ? m->paid : 0) + amount;
    m->interval = interval;
    struct weir_leg_extra *e = weir_leg_extra_make(&x->ledger, g);
    e->gap_paid = (x->now < e->gap_until ? e->gap_paid : 0) + amount;
    e->gap_until = weir_saturate((weir_wide)(interval + 1) * x->venue->funds[fund].interval);
    weir_post_balance(&x->ledger, g->scope, amount);
    weir_touch_key(x, g->scope);
    weir_fund_move(x, funds, fund, WEIR_CAUSE_GAP, -amount, g->account);
}
