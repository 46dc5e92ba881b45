/* The pipeline: one command through the phases of R39. */
#include "engine/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void weir_emit(struct weir_exchange *x, struct weir_event *event) {
    event->seq = x->seq;
    event->n = x->event_n++;
    event->t = x->now;
    x->event_count++;
    if (x->sink) x->sink(x->sink_ctx, event);
}

#define ACCOUNTS_MAX (UINT32_C(1) << 24)

/* ---- Life ------------------------------------------------------------------------------------ */

static void describe(void *ctx, char *text, size_t size) {
    struct weir_engine *e = ctx;
    snprintf(text, size,
             "command %llu (%s) of venue %s at t=%lld; replaying the log up to that command "
             "repeats it",
             (unsigned long long)e->x.seq,
             e->command ? weir_command_words[e->command->kind] : "none", e->x.venue->name.text,
             (long long)e->x.now);
}

/* What was asked for, within the most there is; 0: the most. */
static uint32_t bounded(uint32_t asked, uint32_t most) {
    return asked == 0 || asked > most ? most : asked;
}

struct weir_engine *weir_engine_new(const struct weir_venue *venue,
                                    const struct weir_engine_options *options, weir_event_sink sink,
                                    void *sink_ctx) {
    struct weir_engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    if (options) e->options = *options;
    e->options.accounts_max = bounded(e->options.accounts_max, ACCOUNTS_MAX);
    e->options.orders_max = bounded(e->options.orders_max, WEIR_ORDERS_MAX);
    uint32_t markets = venue->market_count;
    int error = weir_exchange_new(&e->x, venue, e->options.accounts_max, e->options.orders_max);
    if (!error) error = weir_liquidator_new(&e->lq, &e->x);
    if (!error) error = weir_pool_new(&e->scratch, 1, UINT32_MAX - 1);
    if (!error) error = weir_pool_new(&e->scales_due, sizeof(uint32_t), markets);
    if (!error) error = weir_engine_timers_new(e);
    e->scale_listed = calloc(markets, sizeof *e->scale_listed);
    e->sweeps = calloc(markets, sizeof *e->sweeps);
    if (!e->scale_listed || !e->sweeps) error = -ENOMEM;
    if (!error) error = weir_settlement_new(e);
    if (error) {
        weir_engine_free(e);
        return NULL;
    }
    e->x.sink = sink;
    e->x.sink_ctx = sink_ctx;
    weir_check_context(describe, e);
    return e;
}

void weir_engine_free(struct weir_engine *e) {
    if (!e) return;
    weir_check_context(NULL, NULL);
    if (e->lq.x) weir_liquidator_free(&e->lq);
    weir_exchange_free(&e->x);
    weir_pool_free(&e->scratch);
    weir_pool_free(&e->scales_due);
    weir_timers_free(&e->timers);
    free(e->scale_listed);
    free(e->sweeps);
    weir_pool_free(&e->sweep_items);
    free(e);
}

uint64_t weir_engine_seq(const struct weir_engine *e) {
    return e->x.seq;
}
uint64_t weir_engine_events(const struct weir_engine *e) {
    return e->x.event_count;
}
weir_time weir_engine_now(const struct weir_engine *e) {
    return e->x.now;
}

/* ---- Answers --------------------------------------------------------------------------------- */

enum weir_reason weir_deny(struct weir_engine *e, enum weir_reason reason, const char *format,
                           ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(e->detail, sizeof e->detail, format, args);
    va_end(args);
    return reason;
}

static void reject(struct weir_engine *e, enum weir_reason reason, const char *detail) {
    weir_emit(&e->x, &(struct weir_event){.kind = WEIR_EV_REJECTED, .rejected = {reason, detail}});
}

void weir_accept(struct weir_engine *e, const struct weir_name *id) {
    WEIR_EMIT(&e->x, WEIR_EV_ACCEPTED, accepted, e->command->kind, id);
}

/* ---- Invariants ------------------------------------------------------------------------------ */

static void count_fills(void *ctx, uint32_t market) {
    weir_scale_due(ctx, market);
}

/* After every command: money of every asset (R33), and sizes wherever there were fills (R34). */
static void check_conservation(struct weir_engine *e) {
    const struct weir_fund_totals *funds = e->lq.funds.assets;
    for (uint32_t a = 0; a < e->x.venue->asset_count; a++)
        WEIR_CHECK(weir_ledger_imbalance(&e->x.ledger, a, funds[a].cash, funds[a].seeds) == 0);
    weir_ledger_check_fills(&e->x.ledger, count_fills, e);
}

/* R17, R18 by a full scan: is some liquidatable scope neither queued nor found, or a warning not as
 * it should be? Not asked while marks moved by timers of a rejected command or a query wait to be
 * looked at. */
static const char *missed_scope(const struct weir_engine *e) {
    const struct weir_exchange *x = &e->x;
    const struct weir_pool *found = &x->trigger.found;
    if (weir_trigger_pending(x)) return NULL;
    for (uint32_t i = 0; i < x->ledger.scopes.count; i++) {
        const struct weir_scope *s = weir_scope_at(&x->ledger, i);
        if (s->dirty) continue;
        struct weir_health h;
        weir_health_brief(x, i, &h);
        if ((s->warn_listed ? s->warn_now : s->warned) != weir_warned(x, &h))
            return "the trigger index misses a warning that a full scan finds";
        bool listed = s->queue != WEIR_QUEUE_NONE;
        for (uint32_t k = 0; k < found->count && !listed; k++)
            listed = *WEIR_AT(found, uint32_t, k) == i;
        if (!listed && weir_liquidatable(x, &h))
            return "the trigger index misses a scope that a full scan finds";
    }
    return NULL;
}

const char *weir_engine_audit(struct weir_engine *e) {
    const struct weir_exchange *x = &e->x;
    const char *problem = weir_ledger_audit(&x->ledger);
    if (problem) return problem;
    for (uint32_t i = 0; i < x->ledger.scopes.count; i++) {
        const struct weir_scope *s = weir_scope_at(&x->ledger, i);
        if (s->queue == WEIR_QUEUE_NONE) continue;
        if (weir_scope_case(&x->ledger, s)->member_slot == WEIR_NO_INDEX)
            return "a queued scope is not in the queue's list";
    }
    problem = missed_scope(e);
    return problem ? problem : weir_funds_audit(x, &e->lq.funds);
}

/* ---- The phases ------------------------------------------------------------------------------ */

static bool scope_order(const struct weir_ledger *l, uint32_t a, uint32_t b) {
    return weir_scope_before(l, weir_scope_at(l, a), weir_scope_at(l, b));
}

static void sort_scopes(const struct weir_ledger *l, uint32_t *at, uint32_t n) {
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            uint32_t scope = at[i], j = i;
            for (; j >= gap && scope_order(l, scope, at[j - gap]); j -= gap)
                at[j] = at[j - gap];
            at[j] = scope;
        }
    }
}

static void tell_margin_call(struct weir_exchange *x, uint32_t scope) {
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    struct weir_health h;
    weir_health_brief(x, scope, &h);
    struct weir_event ev;
    ev.kind = WEIR_EV_MARGIN_CALL;
    ev.margin_call.margin_ratio = 0;
    ev.margin_call.account = weir_account_name(&x->ledger, s->account);
    ev.margin_call.scope_market = weir_scope_code(s);
    ev.margin_call.has_ratio = weir_margin_ratio(&h, &ev.margin_call.margin_ratio);
    weir_emit(x, &ev);
}

/* Asks for the memory of the names of scopes' accounts. */
static void names_ahead(const struct weir_ledger *l, const uint32_t *scopes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(WEIR_AT(&l->account_names, struct weir_account_names,
                                   weir_scope_at(l, scopes[i])->account));
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(weir_account_name(l, weir_scope_at(l, scopes[i])->account));
}

/* (10): warnings that became true are told, in account order; all others only remembered. */
static void margin_calls(struct weir_engine *e) {
    struct weir_exchange *x = &e->x;
    struct weir_pool *list = &x->trigger.warned;
    weir_trigger_collect(x);
    uint32_t n = list->count, told = 0, *at = WEIR_AT(list, uint32_t, 0);
    for (uint32_t i = 0; i < n; i++) {
        struct weir_scope *s = weir_scope_at(&x->ledger, at[i]);
        bool tell = s->warn_now && !s->warned && s->queue != WEIR_QUEUE_ACTIVE;
        s->warn_listed = false;
        s->warned = s->warn_now;
        if (tell) at[told++] = at[i];
    }
    sort_scopes(&x->ledger, at, told);
    names_ahead(&x->ledger, at, told);
    for (uint32_t i = 0; i < told; i++)
        tell_margin_call(x, at[i]);
    list->count = 0;
}

static void after_command(struct weir_engine *e) {
    struct weir_liquidator *lq = &e->lq;
    if (e->command->kind == WEIR_CMD_INDEX) {
        uint32_t market = weir_venue_market(e->x.venue, &e->command->market);
        weir_refresh_mark(e, market); /* (3) */
    }
    weir_fire_stops(e); /* (4) */
    weir_sweep_markets(e);
    weir_queue_enter(lq);                      /* (5) */
    int64_t left = weir_liquidation_steps(lq); /* (6) */
    weir_adl_steps(lq, left);                  /* (7) */
    /* Who sends a clock has nothing that waits behind it. */
    weir_adl_ahead(&lq->ranks,
                   e->command->kind == WEIR_CMD_CLOCK ? WEIR_ADL_PIECE_IDLE : WEIR_ADL_PIECE);
    weir_settle_shortfalls(lq);           /* (8) */
    weir_funds_sample(&e->x, &lq->funds); /* (9) */
    margin_calls(e);                      /* (10) */
    weir_queue_rekey(lq);
    e->sample_premiums = true;
}

static const weir_handler handlers[WEIR_CMD_COUNT] = {
    [WEIR_CMD_ACCOUNT] = weir_on_account,
    [WEIR_CMD_DEPOSIT] = weir_on_deposit,
    [WEIR_CMD_WITHDRAW] = weir_on_withdraw,
    [WEIR_CMD_LEVERAGE] = weir_on_leverage,
    [WEIR_CMD_MARGIN_MODE] = weir_on_margin_mode,
    [WEIR_CMD_ISOLATED_MARGIN] = weir_on_isolated_margin,
    [WEIR_CMD_ORDER] = weir_on_order,
    [WEIR_CMD_CANCEL] = weir_on_cancel,
    [WEIR_CMD_CANCEL_ALL] = weir_on_cancel_all,
    [WEIR_CMD_AMEND] = weir_on_amend,
    [WEIR_CMD_INDEX] = weir_on_index,
    [WEIR_CMD_COLLATERAL_PRICE] = weir_on_collateral_price,
    [WEIR_CMD_BLOCK_TRADE] = weir_on_block_trade,
    [WEIR_CMD_FUND] = weir_on_fund,
    [WEIR_CMD_BID] = weir_on_bid,
    [WEIR_CMD_BACKSTOP] = weir_on_backstop,
    [WEIR_CMD_MARKET_STATUS] = weir_on_market_status,
    [WEIR_CMD_RISK] = weir_on_risk,
    [WEIR_CMD_INDICATOR] = weir_on_indicator,
    [WEIR_CMD_CLOCK] = weir_on_clock,
};

/* What moves no time: what is invalid, and wrong times. */
static enum weir_reason check_time(struct weir_engine *e, const struct weir_command *c) {
    if (c->kind == WEIR_CMD_ACCOUNT && c->present & WEIR_HAS_CLASS &&
        weir_class_find(e->x.venue, &c->class_name) == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_INVALID, "the venue has no class %s", c->class_name.text);
    if (!(c->present & WEIR_HAS_T)) {
        if (c->kind != WEIR_CMD_CLOCK) return WEIR_OK;
        return weir_deny(e, WEIR_R_INVALID, "clock needs t");
    }
    if (c->t < e->x.now)
        return weir_deny(e, WEIR_R_TIME, "t %lld is before the last time %lld", (long long)c->t,
                         (long long)e->x.now);
    if (e->clock_set && (weir_wide)c->t - e->x.now > e->x.venue->max_clock_step)
        return weir_deny(e, WEIR_R_RANGE, "t %lld is more than max_clock_step after %lld",
                         (long long)c->t, (long long)e->x.now);
    return WEIR_OK;
}

void weir_scale_due(struct weir_engine *e, uint32_t market) {
    if (e->scale_listed[market]) return;
    if (e->x.venue->markets[market].oi_scaling_lower == WEIR_NONE) return;
    e->scale_listed[market] = true;
    uint32_t i = weir_pool_add(&e->scales_due, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&e->scales_due, uint32_t, i) = market;
}

/* R9: oi_scaling is fixed for a command as it begins. */
static void fix_scaling(struct weir_engine *e) {
    struct weir_exchange *x = &e->x;
    for (uint32_t i = 0; i < e->scales_due.count; i++) {
        uint32_t m = *WEIR_AT(&e->scales_due, uint32_t, i);
        e->scale_listed[m] = false;
        if (weir_risk_scale(&x->venue->markets[m], &x->risks[m], x->prices[m].mark,
                            x->ledger.markets[m].open_interest) &&
            x->venue->trigger_rule == WEIR_TRIGGER_INITIAL_FRACTION)
            weir_touch_market(x, m);
    }
    e->scales_due.count = 0;
}

void weir_engine_apply(struct weir_engine *e, const struct weir_command *c) {
    e->command = c;
    e->x.seq++;
    e->x.event_n = 0;
    e->detail[0] = 0;
    if (c->reject != WEIR_OK) {
        reject(e, c->reject, c->detail);
        return;
    }
    enum weir_reason reason = check_time(e, c);
    if (reason != WEIR_OK) {
        reject(e, reason, e->detail);
        return;
    }
    fix_scaling(e);
    if (c->present & WEIR_HAS_T || e->clock_set)
        weir_advance(e, c->present & WEIR_HAS_T ? c->t : e->x.now);
    weir_unwind_rearm(&e->lq);
    if (c->kind == WEIR_CMD_QUERY)
        reason = weir_answer(e, c);
    else
        reason = handlers[c->kind](e, c);
    weir_queue_rekey(&e->lq);
    if (reason != WEIR_OK)
        reject(e, reason, e->detail);
    else if (c->kind != WEIR_CMD_QUERY)
        after_command(e);
    check_conservation(e);
    if (e->options.audit_every && e->x.seq % e->options.audit_every == 0)
        WEIR_CHECK(weir_engine_audit(e) == NULL);
    e->command = NULL;
}
