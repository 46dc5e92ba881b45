/* The opening of the market: prices, the fund, participants with capital, the population's accounts
 * and positions (paired as block trades at mark), its stop orders. All at the starting time. */
#include "flow/internal.h"

#include <stdlib.h>

#define BATCH             4000 /* accounts a call */
#define MAKER_CAPITAL     2.0  /* of the inventory limit */
#define BACKGROUND_SIZES  400  /* capital of a background account, in mean sizes */
#define ARBITRAGE_CAPITAL 4.0  /* in depths of all markets */
#define STOP_GRID         400  /* stops stand on multiples of 1/400 of the price */

enum { STAGE_VENUE, STAGE_ACCOUNTS, STAGE_POSITIONS, STAGE_STOPS, STAGE_ENTRANTS, STAGE_DONE };

/* One who trades in all markets: capital in every asset that they settle in. */
static void fund_participant(struct weir_flow *flow, const struct weir_name *name, double capital) {
    weir_flow_send_account(flow, name, NULL, NULL);
    for (uint32_t a = 0; a < flow->venue->asset_count; a++)
        if (flow->share[a] > 0)
            weir_flow_send_deposit(flow, name, a,
                                   weir_flow_units_of(flow, a, capital * flow->share[a]));
}

/* The first fund of the venue file, divided among its purses by the open interest that each stands
 * behind. */
static void open_fund(struct weir_flow *flow, double seed) {
    const struct weir_venue *venue = flow->venue;
    double behind[WEIR_FUNDS_MAX] = {0}, all = 0;
    for (uint32_t i = 0; i < flow->market_count; i++) {
        const uint32_t fund = flow->markets[i].venue->fund_idx;
        if (venue->funds[fund].base != 0) continue;
        behind[fund] += flow->markets[i].open_interest;
        all += flow->markets[i].open_interest;
    }
    if (seed == 0) return;
    if (all <= 0) behind[0] = all = 1;
    for (uint32_t f = 0; f < venue->fund_count; f++)
        if (behind[f] > 0)
            weir_flow_send_fund(
                flow, f, weir_flow_units_of(flow, venue->funds[f].asset, seed * (behind[f] / all)));
}

static void open_makers(struct weir_flow *flow) {
    double limit = weir_flow_rate(flow->scenario->makers.limit);
    for (uint32_t i = 0; i < flow->market_count; i++) {
        struct flow_market *m = &flow->markets[i];
        for (uint32_t k = 0; k < m->maker_count; k++) {
            m->makers[k].name = weir_flow_name("maker-%u", i * MAKERS_MAX + k);
            /* One owner: they never trade with one another. */
            double capital = MAKER_CAPITAL * (limit / m->maker_count + 1) * m->depth;
            weir_flow_send_account(flow, &m->makers[k].name, NULL,
                                   k > 0 ? &m->makers[0].name : NULL);
            weir_flow_send_deposit(flow, &m->makers[k].name, m->venue->asset,
                                   weir_flow_units(m, capital, m->index));
        }
    }
}

static void open_venue(struct weir_flow *flow) {
    const struct weir_scenario *s = flow->scenario;
    double depths = 0;
    weir_index_publish(flow);
    open_fund(flow, weir_flow_double(&s->fund) / flow->scale);
    open_makers(flow);
    for (uint32_t i = 0; i < flow->market_count; i++)
        depths += flow->markets[i].depth;
    struct weir_name name = weir_flow_name("arbitrage");
    fund_participant(flow, &name, ARBITRAGE_CAPITAL * depths);
    double mean = weir_flow_double(&s->noise.mean_size) / flow->scale;
    for (uint32_t i = 0; i < (uint32_t)s->noise.accounts; i++) {
        name = weir_flow_name("noise-%u", i + 1);
        fund_participant(flow, &name, mean * BACKGROUND_SIZES);
    }
    for (uint32_t i = 0; i < (uint32_t)s->bidders.accounts; i++) {
        name = weir_flow_name("bidder-%u", i + 1);
        fund_participant(flow, &name, weir_flow_double(&s->bidders.capital) / flow->scale);
    }
    for (uint32_t i = 0; i < (uint32_t)s->backstop.accounts; i++) {
        name = weir_flow_name("backstop-%u", i + 1);
        fund_participant(flow, &name, weir_flow_double(&s->backstop.capital) / flow->scale);
    }
    weir_helpers_renew(flow);
}

static void open_account(struct weir_flow *flow, uint32_t number) {
    const struct flow_account *a = &flow->accounts[number];
    const struct weir_name name = weir_flow_account_name(flow, number);
    weir_flow_send_account(
        flow, &name, a->class_idx > 0 ? &flow->venue->classes[a->class_idx].name : NULL, NULL);
    const uint32_t asset[2] = {flow->markets[a->legs[0].market].venue->asset,
                               flow->markets[a->legs[1].market].venue->asset};
    bool one = asset[0] == asset[1];
    weir_flow_send_deposit(flow, &name, asset[0],
                           a->legs[0].deposit + (one ? a->legs[1].deposit : 0));
    if (!one) weir_flow_send_deposit(flow, &name, asset[1], a->legs[1].deposit);
    for (int i = 0; i < 2; i++) {
        const struct flow_leg *leg = &a->legs[i];
        if (leg->lots == 0) continue;
        const struct flow_market *m = &flow->markets[leg->market];
        if (leg->leverage != m->venue->default_leverage)
            weir_flow_send_leverage(flow, &name, m, leg->leverage);
        if (a->isolated) weir_flow_send_isolated(flow, &name, m, leg->deposit, true);
    }
}

/* The next account from *at on with a leg of that sign in the market; its lots, 0 at the end. */
static weir_qty next_leg(const struct weir_flow *flow, uint32_t market, int sign, uint32_t *at) {
    for (; *at < flow->account_count; (*at)++)
        for (int i = 0; i < 2; i++) {
            const struct flow_leg *leg = &flow->accounts[*at].legs[i];
            if (leg->lots != 0 && leg->market == market && (leg->lots > 0) == (sign > 0))
                return weir_abs(leg->lots);
        }
    return 0;
}

static void open_positions(struct weir_flow *flow, uint32_t market) {
    const struct flow_market *m = &flow->markets[market];
    uint32_t buyer = 0, seller = 0;
    weir_qty buys = next_leg(flow, market, 1, &buyer);
    weir_qty sells = next_leg(flow, market, -1, &seller);
    while (buys > 0 && sells > 0) {
        weir_qty lots = weir_min(buys, sells);
        const struct weir_name b = weir_flow_account_name(flow, buyer);
        const struct weir_name s = weir_flow_account_name(flow, seller);
        weir_flow_send_block(flow, m, &b, &s, lots, weir_flow_ticks(m, m->price0));
        buys -= lots;
        sells -= lots;
        if (buys == 0) {
            buyer++;
            buys = next_leg(flow, market, 1, &buyer);
        }
        if (sells == 0) {
            seller++;
            sells = next_leg(flow, market, -1, &seller);
        }
    }
}

/* Stop-loss orders stand on round prices, some way before liquidation. */
static void open_stop(struct weir_flow *flow, uint32_t number, struct weir_random *r) {
    const struct weir_flow_population *p = &flow->scenario->population;
    const struct flow_account *a = &flow->accounts[number];
    const struct flow_leg *leg = &a->legs[0];
    double has = weir_flow_uniform(r), part = 0.5 + 0.5 * weir_flow_uniform(r);
    if (a->hedger || leg->lots == 0 || has >= weir_flow_rate(p->stop_share)) return;
    const struct flow_market *m = &flow->markets[leg->market];
    double maintenance = (double)m->venue->tiers.row[0].rate / 1e9;
    double distance = weir_flow_rate(p->stop_distance) * part * (leg->ratio - maintenance);
    /* Stops are for the near; nobody sets one beyond half of the price. */
    if (distance > 0.5 || distance <= 0) return;
    double price = m->price0 * (leg->lots > 0 ? 1 - distance : 1 + distance);
    double grid = m->price0 / STOP_GRID;
    if (distance > 2.0 / STOP_GRID) price = grid * (double)weir_flow_round(price / grid);
    struct weir_name name = weir_flow_account_name(flow, number);
    struct weir_name id = weir_flow_name("stop");
    weir_flow_send_order(flow, &name, &id, m,
                         &(struct flow_order){.side = leg->lots > 0 ? WEIR_SELL : WEIR_BUY,
                                              .type = WEIR_STOP,
                                              .tif = WEIR_IOC,
                                              .lots = weir_abs(leg->lots),
                                              .price = weir_flow_ticks(m, price),
                                              .reduce_only = true});
}

static void open_entrant(struct weir_flow *flow, uint32_t number) {
    struct weir_name name = weir_flow_name("e%06u", number + 1);
    weir_flow_send_account(flow, &name, NULL, NULL); /* money comes with the first position */
}

/* Calls `each` for the next batch of `count`; true while there are more. */
static bool batch(struct weir_flow *flow, uint32_t count,
                  void (*each)(struct weir_flow *flow, uint32_t number)) {
    uint32_t end = (uint32_t)weir_min(count, (int64_t)flow->cursor + BATCH);
    for (; flow->cursor < end; flow->cursor++)
        each(flow, flow->cursor);
    return flow->cursor < count;
}

static void open_stop_of(struct weir_flow *flow, uint32_t number) {
    struct weir_random r = {weir_random_at(weir_random_key(flow->key, "stops"), number), 0};
    open_stop(flow, number, &r);
}

static void start(struct weir_flow *flow) {
    for (uint32_t i = 0; i < flow->market_count; i++) {
        weir_makers_quote(flow, &flow->markets[i], 3600 * WEIR_SECOND);
        weir_noise_start(flow, &flow->markets[i]);
    }
    flow->ticked = flow->now;
    weir_flow_schedule(flow, flow->now + weir_index_interval(flow), TASK_TICK, 0, 0, 0);
}

bool weir_open_batch(struct weir_flow *flow) {
    bool more = false;
    switch (flow->stage) {
    case STAGE_VENUE:
        open_venue(flow);
        break;
    case STAGE_ACCOUNTS:
        more = batch(flow, flow->account_count, open_account);
        break;
    case STAGE_POSITIONS:
        open_positions(flow, flow->cursor++);
        more = flow->cursor < flow->market_count;
        break;
    case STAGE_STOPS:
        more = batch(flow, flow->account_count, open_stop_of);
        break;
    case STAGE_ENTRANTS:
        more = batch(flow, flow->entrant_count, open_entrant);
        break;
    default:
        return false;
    }
    if (more) return true;
    flow->cursor = 0;
    flow->stage++;
    if (flow->stage == STAGE_DONE) start(flow);
    return flow->stage != STAGE_DONE;
}
