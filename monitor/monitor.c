/* Events as they pass. */
#include "monitor/internal.h"

#include <stdlib.h>
#include <string.h>

static const struct weir_name *name_of(const void *ctx, uint32_t index) {
    return &((const struct weir_monitor *)ctx)->accounts[index].name;
}

struct weir_monitor *weir_monitor_new(const struct weir_venue *venue,
                                      const struct weir_monitor_files *files) {
    struct weir_monitor *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->venue = venue;
    m->files = *files;
    m->liquidation_free = NOBODY;
    if (weir_name_map_new(&m->by_name, name_of, m) < 0) {
        free(m);
        return NULL;
    }
    weir_monitor_worth_new(m);
    weir_monitor_headers(m);
    return m;
}

void weir_monitor_free(struct weir_monitor *monitor) {
    if (!monitor) return;
    weir_name_map_free(&monitor->by_name);
    free(monitor->accounts);
    free(monitor->liquidations);
    free(monitor->closings);
    free(monitor);
}

/* Room for one more; NULL (and the monitor unsound) when memory is refused. */
static void *grow(struct weir_monitor *m, void *array, size_t count, size_t *capacity,
                  size_t size) {
    if (count < *capacity) return array;
    size_t larger = *capacity > 0 ? *capacity * 2 : 1024;
    void *grown = realloc(array, larger * size);
    if (!grown) {
        m->failed = true;
        return NULL;
    }
    *capacity = larger;
    return grown;
}

static uint32_t account_of(struct weir_monitor *m, const struct weir_name *name) {
    uint32_t at = weir_name_map_find(&m->by_name, name);
    if (at != WEIR_NO_INDEX) return at;
    size_t capacity = m->account_capacity;
    struct account *accounts =
        grow(m, m->accounts, m->account_count, &capacity, sizeof *m->accounts);
    if (!accounts) return NOBODY;
    m->accounts = accounts;
    m->account_capacity = (uint32_t)capacity;
    at = m->account_count++;
    m->accounts[at] = (struct account){.name = *name, .open = NOBODY};
    if (weir_name_map_add(&m->by_name, name, at) == 0) return at;
    m->failed = true;
    m->account_count--;
    return NOBODY;
}

void weir_monitor_command(struct weir_monitor *monitor, const struct weir_command *command) {
    if (command->kind != WEIR_CMD_ACCOUNT || !(command->present & WEIR_HAS_CLASS)) return;
    /* A name that exists already keeps the class it has; the command is refused. */
    if (weir_name_map_find(&monitor->by_name, &command->account) != WEIR_NO_INDEX) return;
    for (uint32_t c = 0; c < monitor->venue->class_count; c++) {
        if (!weir_name_equal(&monitor->venue->classes[c].name, &command->class_name)) continue;
        uint32_t at = account_of(monitor, &command->account);
        if (at != NOBODY) monitor->accounts[at].class_idx = c;
    }
}

/* ---- Liquidations ---------------------------------------------------------------------------- */
static void on_started(struct weir_monitor *m, const struct weir_event *e) {
    uint32_t account = account_of(m, e->liquidation_started.account);
    uint32_t at = m->liquidation_free;
    m->started++;
    if (account == NOBODY) return;
    if (!m->accounts[account].liquidated) m->liquidated_accounts++;
    m->accounts[account].liquidated = true;
    if (at != NOBODY) {
        m->liquidation_free = m->liquidations[at].next;
    } else {
        size_t capacity = m->liquidation_capacity;
        struct open_liquidation *pool =
            grow(m, m->liquidations, m->liquidation_count, &capacity, sizeof *m->liquidations);
        if (!pool) return;
        m->liquidations = pool;
        m->liquidation_capacity = (uint32_t)capacity;
        at = m->liquidation_count++;
    }
    m->liquidations[at] =
        (struct open_liquidation){.number = e->liquidation_started.liquidation,
                                  .account = account,
                                  .next = m->accounts[account].open,
                                  .scope_market = e->liquidation_started.scope_market,
                                  .market = NOBODY,
                                  .started = e->t,
                                  .equity = e->liquidation_started.equity,
                                  .requirement = e->liquidation_started.requirement,
                                  .used = true};
    m->accounts[account].open = at;
}

/* The open liquidation of an account with that number, or NULL. */
static struct open_liquidation *by_number(struct weir_monitor *m, const struct weir_name *name,
                                          uint64_t number, uint32_t **link) {
    uint32_t account = account_of(m, name);
    if (account == NOBODY) return NULL;
    *link = &m->accounts[account].open;
    for (; **link != NOBODY; *link = &m->liquidations[**link].next)
        if (m->liquidations[**link].number == number) return &m->liquidations[**link];
    return NULL;
}

static void on_ended(struct weir_monitor *m, const struct weir_event *e) {
    uint32_t *link;
    struct open_liquidation *one =
        by_number(m, e->liquidation_ended.account, e->liquidation_ended.liquidation, &link);
    m->outcomes[e->liquidation_ended.outcome]++;
    uint32_t asset = weir_scope_asset(m->venue, e->liquidation_ended.scope_market);
    m->shortfall += weir_monitor_worth(m, asset, e->liquidation_ended.shortfall);
    m->booked[asset].shortfall += e->liquidation_ended.shortfall;
    if (!one) return;
    weir_monitor_row_liquidation(m, one, e, e->t);
    uint32_t at = *link;
    *link = one->next;
    one->used = false;
    one->next = m->liquidation_free;
    m->liquidation_free = at;
}

static void on_step(struct weir_monitor *m, const struct weir_event *e) {
    uint32_t *link;
    struct open_liquidation *one =
        by_number(m, e->liquidation_step.account, e->liquidation_step.liquidation, &link);
    if (!one) return;
    one->steps++;
    if (one->market == NOBODY) one->side = e->liquidation_step.side;
}

/* The liquidation that a fill belongs to: the isolated scope of its market, else the cross one of
 * its asset. */
static struct open_liquidation *of_fill(struct weir_monitor *m, const struct weir_event *e) {
    uint32_t account = account_of(m, e->fill.taker);
    uint32_t scope = WEIR_CROSS(m->venue->markets[e->fill.market].asset);
    struct open_liquidation *cross = NULL;
    if (account == NOBODY) return NULL;
    for (uint32_t at = m->accounts[account].open; at != NOBODY; at = m->liquidations[at].next) {
        if (m->liquidations[at].scope_market == e->fill.market) return &m->liquidations[at];
        if (m->liquidations[at].scope_market == scope) cross = &m->liquidations[at];
    }
    return cross;
}

static int stage_of(enum weir_fill_kind kind) {
    switch (kind) {
    case WEIR_FILL_LIQUIDATION:
        return WEIR_BY_BOOK;
    case WEIR_FILL_AUCTION:
        return WEIR_BY_AUCTION;
    case WEIR_FILL_BACKSTOP:
        return WEIR_BY_BACKSTOP;
    case WEIR_FILL_ABSORB:
        return WEIR_BY_ABSORBED;
    case WEIR_FILL_ADL:
        return WEIR_BY_ADL;
    default:
        return -1;
    }
}

static void on_fill(struct weir_monitor *m, const struct weir_event *e) {
    int stage = stage_of(e->fill.kind);
    if (stage < 0) return;
    weir_wide value = weir_monitor_notional(m, e->fill.market, e->fill.price, e->fill.qty);
    bool longs = e->fill.taker_side == WEIR_SELL;
    struct market *at = &m->markets[e->fill.market];
    at->liquidated += value;
    *(longs ? &at->sample_long : &at->sample_short) += value;
    m->by_stage[stage] += value;
    m->total += value;
    if (longs) m->longs += value;
    if (stage == WEIR_BY_ADL) m->adl_notional += value;
    m->backstop_fills += stage == WEIR_BY_BACKSTOP;
    struct closing *closings =
        grow(m, m->closings, m->closing_count, &m->closing_capacity, sizeof *m->closings);
    if (!closings) return;
    m->closings = closings;
    m->closings[m->closing_count++] =
        (struct closing){e->t, weir_saturate(value), e->fill.market, longs};
    struct open_liquidation *one = of_fill(m, e);
    if (!one) return;
    one->lots += e->fill.qty;
    one->notional += value;
    if (one->market == NOBODY || value > one->largest) {
        one->market = e->fill.market;
        one->side = e->fill.taker_side;
        one->largest = value;
    }
}

/* ---- The rest -------------------------------------------------------------------------------- */
static void on_adl(struct weir_monitor *m, const struct weir_event *e) {
    uint32_t account = account_of(m, e->adl.counterparty);
    m->adl_events++;
    uint32_t asset = m->venue->markets[e->adl.market].asset;
    m->haircut += weir_monitor_worth(m, asset, e->adl.haircut);
    m->least_haircut += weir_monitor_worth(m, asset, e->adl.least_haircut);
    m->booked[asset].haircut += e->adl.haircut;
    m->booked[asset].least_haircut += e->adl.least_haircut;
    if (account != NOBODY && !m->accounts[account].deleveraged) {
        m->accounts[account].deleveraged = true;
        m->adl_accounts++;
    }
    weir_monitor_row_adl(m, e);
}

/* All funds, in quote currency, at the indices of the moment. */
static void value_funds(struct weir_monitor *m) {
    m->fund = 0;
    for (uint32_t i = 0; i < m->venue->fund_count; i++)
        m->fund += weir_monitor_worth(m, m->venue->funds[i].asset, m->cash[i]);
    if (m->fund < m->fund_least) m->fund_least = m->fund;
}

static void on_fund(struct weir_monitor *m, const struct weir_event *e) {
    weir_wide amount = e->fund_movement.amount;
    uint32_t asset = m->venue->funds[e->fund_movement.fund].asset;
    struct booked *booked = &m->booked[asset];
    booked->fund += e->fund_movement.balance - m->cash[e->fund_movement.fund];
    if (booked->fund < booked->fund_least) booked->fund_least = booked->fund;
    m->cash[e->fund_movement.fund] = e->fund_movement.balance;
    if (amount >= 0) {
        m->received[e->fund_movement.cause] += weir_monitor_worth(m, asset, amount);
        booked->received += amount;
    } else {
        m->paid[e->fund_movement.cause] -= weir_monitor_worth(m, asset, amount);
        booked->paid -= amount;
    }
    value_funds(m);
}

static void on_socialised(struct weir_monitor *m, const struct weir_event *e) {
    uint32_t market = e->socialised.market;
    uint32_t asset =
        market == WEIR_NO_INDEX ? e->socialised.asset : m->venue->markets[market].asset;
    m->socialised += weir_monitor_worth(m, asset, e->socialised.amount);
    m->booked[asset].socialised += e->socialised.amount;
    m->socialised_events++;
}

static void on_mark(struct weir_monitor *m, const struct weir_event *e) {
    struct market *at = &m->markets[e->mark.market];
    weir_price mark = e->mark.mark;
    uint32_t asset = m->venue->markets[e->mark.market].asset;
    if (m->priced_by[asset] == e->mark.market) {
        weir_monitor_worth_index(m, e->mark.market, e->mark.index);
        if (m->booked[asset].fund != 0) value_funds(m);
    }
    if (at->open == 0) {
        at->open = at->low = at->high = at->peak = mark;
    }
    at->close = mark;
    at->low = weir_min(at->low, mark);
    at->high = weir_max(at->high, mark);
    at->peak = weir_max(at->peak, mark);
    double fall = 1 - (double)mark / (double)at->peak;
    if (fall > at->drawdown) at->drawdown = fall;
}

void weir_monitor_event(struct weir_monitor *monitor, const struct weir_event *event) {
    switch (event->kind) {
    case WEIR_EV_FILL:
        on_fill(monitor, event);
        break;
    case WEIR_EV_MARK:
        on_mark(monitor, event);
        break;
    case WEIR_EV_LIQUIDATION_STARTED:
        on_started(monitor, event);
        break;
    case WEIR_EV_LIQUIDATION_STEP:
        on_step(monitor, event);
        break;
    case WEIR_EV_LIQUIDATION_ENDED:
        on_ended(monitor, event);
        break;
    case WEIR_EV_ADL:
        on_adl(monitor, event);
        break;
    case WEIR_EV_FUND_MOVEMENT:
        on_fund(monitor, event);
        break;
    case WEIR_EV_SOCIALISED:
        on_socialised(monitor, event);
        break;
    case WEIR_EV_MARGIN_CALL:
        monitor->margin_calls++;
        break;
    case WEIR_EV_AUCTION_OPENED: /* numbers count from 1; a Dutch one that restarts keeps its own */
        if (event->auction_opened.auction > monitor->auctions)
            monitor->auctions = event->auction_opened.auction;
        break;
    default:
        break;
    }
}

void weir_monitor_open(struct weir_monitor *monitor, struct weir_engine *engine, weir_time t) {
    monitor->opened = true;
    monitor->fund_start = monitor->fund_least = monitor->fund;
    memset(monitor->received, 0, sizeof monitor->received);
    memset(monitor->paid, 0, sizeof monitor->paid);
    for (uint32_t i = 0; i < WEIR_ASSETS_MAX; i++) {
        struct booked *booked = &monitor->booked[i];
        booked->fund_start = booked->fund_least = booked->fund;
        booked->received = booked->paid = 0;
    }
    weir_monitor_sample(monitor, engine, t);
}

void weir_monitor_close(struct weir_monitor *monitor, weir_time t) {
    for (uint32_t i = 0; i < monitor->liquidation_count; i++)
        if (monitor->liquidations[i].used)
            weir_monitor_row_liquidation(monitor, &monitor->liquidations[i], NULL, t);
}

uint64_t weir_monitor_liquidations(const struct weir_monitor *monitor) {
    return monitor->started;
}

double weir_monitor_liquidated(const struct weir_monitor *monitor) {
    return weir_monitor_quote(monitor, monitor->total);
}

double weir_monitor_fund(const struct weir_monitor *monitor) {
    return weir_monitor_quote(monitor, monitor->fund);
}

bool weir_monitor_sound(const struct weir_monitor *monitor) {
    return !monitor->failed;
}
