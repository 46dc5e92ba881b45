/* Traders who come in during the day: some with the move, some against it, all with more leverage
 * than they should. Those whose positions a bounce closes are among them. */
#include "flow/internal.h"

#include <math.h>

#define TRIES 16    /* entrants looked at for a free one */
#define WALK  0.003 /* of the notional: fees, and the walk through the book against the mark */

static struct weir_name name_of(uint32_t entrant) {
    return weir_flow_name("e%06u", entrant + 1);
}

/* One that holds nothing, or NULL. */
static struct flow_entrant *next_free(struct weir_flow *flow, uint32_t *number) {
    for (int i = 0; i < TRIES && flow->entrant_count > 0; i++) {
        *number = flow->entrants_free[flow->free_first];
        flow->free_first = (flow->free_first + 1) % flow->entrant_count;
        if (flow->entrants[*number].lots == 0) return &flow->entrants[*number];
    }
    return NULL;
}

/* Leverage as the market allows it, and money for the position: it comes back after losses. */
static void bring_money(struct weir_flow *flow, const struct flow_market *m, struct flow_entrant *e,
                        const struct weir_name *account, weir_qty lots) {
    const struct weir_tier *tier = &m->venue->tiers.row[0];
    int64_t most = tier->max_leverage > 0 ? tier->max_leverage : WEIR_PPB / tier->initial_rate;
    int64_t leverage = weir_min(e->leverage, most);
    double notional = weir_flow_notional(m, lots, m->index);
    double initial = 1 / (double)leverage;
    double wanted = notional * ((e->ratio > initial ? e->ratio : initial) + WALK);
    if (m->face > 0) wanted /= m->index;
    /* What it has of another asset stays where it is. */
    if (e->asset != m->venue->asset) e->money = 0;
    e->asset = m->venue->asset;
    if (e->money < wanted) {
        weir_flow_send_deposit(flow, account, e->asset,
                               weir_flow_round((wanted - e->money) * m->units + 0.5));
        e->money = wanted;
    }
    weir_flow_send_leverage(flow, account, m, leverage);
}

static void enter(struct weir_flow *flow, struct flow_market *m, double move) {
    uint32_t number;
    struct flow_entrant *e = next_free(flow, &number);
    if (!e) {
        m->entering = 0; /* everybody is in already */
        return;
    }
    m->entering -= e->size;
    struct weir_name account = name_of(number);
    weir_qty lots = weir_flow_lots(m, e->size);
    if (lots < weir_flow_least(m, m->index)) return;
    double chase = weir_flow_rate(flow->scenario->entrants.chase);
    bool with = weir_flow_uniform(&m->entrants) < chase;
    bool up = fabs(move) > 1e-7 ? move > 0 : weir_flow_uniform(&m->entrants) < 0.5;
    bring_money(flow, m, e, &account, lots);
    e->market = (uint32_t)(m - flow->markets);
    struct weir_name id = weir_flow_name("o%u", ++e->orders);
    weir_flow_send_order(flow, &account, &id, m,
                         &(struct flow_order){.side = with == up ? WEIR_BUY : WEIR_SELL,
                                              .type = WEIR_MARKET,
                                              .tif = WEIR_IOC,
                                              .lots = lots});
    double stay = weir_flow_exponential(&m->entrants) * (double)flow->scenario->entrants.holding;
    weir_flow_schedule(flow, flow->now + 1 + (weir_time)stay, TASK_CLOSE, number, e->orders, 0);
}

void weir_entrants_tick(struct weir_flow *flow, struct flow_market *market, weir_time elapsed) {
    const struct weir_flow_entrants *entrants = &flow->scenario->entrants;
    double move = market->smooth - market->smooth_before;
    market->entering +=
        market->open_interest * (weir_flow_rate(entrants->per_hour) * (double)elapsed / 3.6e12 +
                                 weir_flow_rate(entrants->per_move) * fabs(move) / 0.01);
    for (int i = 0; i < 4096 && market->entering > 0; i++)
        enter(flow, market, move);
}

void weir_entrants_close(struct weir_flow *flow, uint32_t entrant) {
    struct flow_entrant *e = &flow->entrants[entrant];
    if (e->lots == 0 || weir_flow_closed(flow, &flow->markets[e->market])) return;
    struct weir_name account = name_of(entrant);
    struct weir_name id = weir_flow_name("o%u", ++e->orders);
    weir_flow_send_order(flow, &account, &id, &flow->markets[e->market],
                         &(struct flow_order){.side = e->lots > 0 ? WEIR_SELL : WEIR_BUY,
                                              .type = WEIR_MARKET,
                                              .tif = WEIR_IOC,
                                              .lots = weir_abs(e->lots),
                                              .reduce_only = true});
}

static struct flow_entrant *entrant_of(struct weir_flow *flow, const struct weir_name *name) {
    int64_t number = weir_flow_number(name, "e");
    return number >= 1 && number <= flow->entrant_count ? &flow->entrants[number - 1] : NULL;
}

void weir_entrants_fill(struct weir_flow *flow, const struct weir_event *event) {
    weir_qty bought = event->fill.taker_side == WEIR_BUY ? event->fill.qty : -event->fill.qty;
    struct flow_entrant *taker = entrant_of(flow, event->fill.taker);
    struct flow_entrant *maker = entrant_of(flow, event->fill.maker);
    const double units = flow->markets[flow->by_venue[event->fill.market] - 1].units;
    if (taker) {
        taker->lots += bought;
        taker->money += (double)(event->fill.taker_pnl - event->fill.taker_fee) / units;
        /* Whatever a liquidation left is not counted on. */
        if (event->fill.kind != WEIR_FILL_TRADE) taker->money = 0;
    }
    if (maker) {
        maker->lots -= bought;
        maker->money += (double)(event->fill.maker_pnl - event->fill.maker_fee) / units;
    }
}
