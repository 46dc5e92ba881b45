/* Participants with capital: arbitrageurs tie the book to the index, bidders buy what is auctioned,
 * volunteers stand behind the auctions; both work off what they were given. */
#include "flow/internal.h"

#include <stdlib.h>

#define ARBITRAGE_SHARE 0.25 /* of the depth, per look */
#define UNLOAD_SHARE    0.02 /* of the depth, per look */
#define BID_LEVERAGE    3.0  /* of a bidder's capital, at most this notional an auction */

void weir_arbitrage_tick(struct weir_flow *flow, struct flow_market *market) {
    struct weir_view_market view;
    double distance = weir_flow_rate(flow->scenario->arbitrage);
    double fair = market->index * (1 + weir_flow_premium(market));
    flow->port.view(flow->port.ctx, market->number, &view);
    struct flow_order order = {.type = WEIR_LIMIT,
                               .tif = WEIR_IOC,
                               .lots = weir_flow_lots(market, market->depth * ARBITRAGE_SHARE)};
    if (view.best_bid > 0 && (double)view.best_bid * market->tick > fair * (1 + distance))
        order.side = WEIR_SELL;
    else if (view.best_ask > 0 && (double)view.best_ask * market->tick < fair * (1 - distance))
        order.side = WEIR_BUY;
    else
        return;
    order.price = weir_flow_ticks(market, fair);
    if (order.lots < weir_flow_least(market, market->index)) return;
    struct weir_name account = weir_flow_name("arbitrage");
    struct weir_name id = weir_flow_name("x%llu", (unsigned long long)++flow->arbitrage_orders);
    weir_flow_send_order(flow, &account, &id, market, &order);
}

static void unload(struct weir_flow *flow, struct flow_market *m, struct flow_helper *helper,
                   const char *name, uint32_t number) {
    weir_qty held = helper->inventory[m - flow->markets];
    if (held == 0) return;
    weir_qty least = weir_flow_least(m, m->index);
    weir_qty most = weir_max(least, weir_flow_lots(m, m->depth * UNLOAD_SHARE * m->survival));
    struct weir_name account = weir_flow_name("%s-%u", name, number + 1);
    struct weir_name id = weir_flow_name("u%llu", (unsigned long long)++helper->orders);
    weir_flow_send_order(flow, &account, &id, m,
                         &(struct flow_order){.side = held > 0 ? WEIR_SELL : WEIR_BUY,
                                              .type = WEIR_MARKET,
                                              .tif = WEIR_IOC,
                                              .lots = weir_min(weir_abs(held), most),
                                              .reduce_only = true});
}

void weir_helpers_tick(struct weir_flow *flow, struct flow_market *market) {
    /* Nobody sells into a market that is falling apart. */
    if (market->stress >= 4) return;
    for (uint32_t i = 0; i < (uint32_t)flow->scenario->bidders.accounts; i++)
        unload(flow, market, &flow->bidders[i], "bidder", i);
    for (uint32_t i = 0; i < (uint32_t)flow->scenario->backstop.accounts; i++)
        unload(flow, market, &flow->volunteers[i], "backstop", i);
}

static struct flow_helper *helper_of(struct weir_flow *flow, const struct weir_name *name) {
    int64_t number = weir_flow_number(name, "bidder-");
    if (number >= 1 && number <= flow->scenario->bidders.accounts)
        return &flow->bidders[number - 1];
    number = weir_flow_number(name, "backstop-");
    if (number >= 1 && number <= flow->scenario->backstop.accounts)
        return &flow->volunteers[number - 1];
    return NULL;
}

void weir_helpers_fill(struct weir_flow *flow, const struct weir_event *event) {
    uint32_t at = flow->by_venue[event->fill.market];
    if (at == 0) return;
    weir_qty bought = event->fill.taker_side == WEIR_BUY ? event->fill.qty : -event->fill.qty;
    struct flow_helper *taker = helper_of(flow, event->fill.taker);
    struct flow_helper *maker = helper_of(flow, event->fill.maker);
    if (taker) taker->inventory[at - 1] += bought;
    if (maker) maker->inventory[at - 1] -= bought;
}

static struct flow_auction *auction_of(struct weir_flow *flow, uint64_t number) {
    for (uint32_t i = 0; i < AUCTIONS_MAX; i++)
        if (flow->auctions[i].number == number) return &flow->auctions[i];
    return NULL;
}

static bool is_dutch(const struct weir_flow *flow) {
    return flow->venue->auction_format == WEIR_AUCTION_DUTCH;
}

static void announce(struct weir_flow *flow, const struct flow_auction *a) {
    const struct weir_flow_bidders *bidders = &flow->scenario->bidders;
    for (uint32_t i = 0; i < (uint32_t)bidders->accounts; i++) {
        /* From half of the reaction time on: the quick see less of what joins. */
        weir_time after = bidders->reaction / 2 + bidders->reaction * i / bidders->accounts;
        weir_time t = flow->now + weir_max(1, after);
        if (t < a->closes_at || is_dutch(flow))
            weir_flow_schedule(flow, t, TASK_BID, i, 0, a->number);
    }
}

void weir_helpers_auction(struct weir_flow *flow, const struct weir_event *event) {
    if (event->kind == WEIR_EV_AUCTION_CLOSED) {
        struct flow_auction *closed = auction_of(flow, event->auction_closed.auction);
        if (closed) closed->number = 0;
        return;
    }
    struct flow_auction *a = auction_of(flow, event->auction_opened.auction);
    if (a) { /* lots join; a Dutch auction starts again with what is left */
        a->qty = event->auction_opened.qty + (is_dutch(flow) ? 0 : a->qty);
        a->closes_at = event->auction_opened.closes_at;
        return;
    }
    a = auction_of(flow, 0);
    uint32_t at = flow->by_venue[event->auction_opened.market];
    if (!a || at == 0) return;
    *a = (struct flow_auction){.number = event->auction_opened.auction,
                               .market = at - 1,
                               .side = event->auction_opened.side,
                               .qty = event->auction_opened.qty,
                               .closes_at = event->auction_opened.closes_at};
    announce(flow, a);
}

void weir_helpers_bid(struct weir_flow *flow, const struct flow_task *task) {
    const struct weir_flow_bidders *bidders = &flow->scenario->bidders;
    const struct flow_auction *a = auction_of(flow, task->number);
    if (!a) return;
    /* Of a price that comes down to one looks again and again until someone has taken the lots. */
    if (is_dutch(flow))
        weir_flow_schedule(flow, flow->now + weir_max(1, bidders->reaction), TASK_BID, task->who, 0,
                           task->number);
    else if (flow->now >= a->closes_at)
        return;
    struct flow_market *m = &flow->markets[a->market];
    struct weir_view_market view;
    flow->port.view(flow->port.ctx, m->number, &view);
    if (view.mark == 0) return;
    double mark = (double)view.mark * m->tick;
    double spread =
        bidders->accounts > 1 ? 0.5 + (double)task->who / (double)(bidders->accounts - 1) : 1;
    double discount = weir_flow_rate(bidders->discount) * spread;
    double capital = weir_flow_double(&bidders->capital) / flow->scale * BID_LEVERAGE *
                     flow->share[m->venue->asset];
    /* Each wants a good part of it: the bids together are for more than is offered. */
    weir_qty lots = a->qty * 2 / bidders->accounts + 1;
    lots = weir_min(lots, (weir_qty)(capital / weir_flow_lot_value(m, mark)));
    if (lots < weir_max(1, flow->venue->auction_min_bid_lots)) return;
    double price = mark * (a->side == WEIR_SELL ? 1 - discount : 1 + discount);
    struct weir_name account = weir_flow_name("bidder-%u", task->who + 1);
    weir_flow_send_bid(flow, &account, a->number, m, lots, weir_flow_ticks(m, price));
}

void weir_helpers_renew(struct weir_flow *flow) {
    const struct weir_flow_backstop *backstop = &flow->scenario->backstop;
    double notional = weir_flow_double(&backstop->notional) / flow->scale;
    double loss = weir_flow_double(&backstop->loss_limit) / flow->scale;
    for (uint32_t i = 0; i < (uint32_t)backstop->accounts; i++) {
        struct weir_name account = weir_flow_name("backstop-%u", i + 1);
        for (uint32_t k = 0; k < flow->market_count; k++) {
            const struct flow_market *m = &flow->markets[k];
            if (weir_flow_closed(flow, m)) continue;
            weir_flow_send_backstop(flow, &account, m, weir_flow_units(m, notional, m->index),
                                    weir_flow_units(m, loss, m->index));
        }
    }
    if (backstop->accounts > 0)
        weir_flow_schedule(flow, flow->now + backstop->renewal, TASK_RENEW, 0, 0, 0);
}
