/* What events teach the stream's model: marks, positions, auctions, orders that are gone. */
#include "stream_internal.h"

#include <stdlib.h>

/* The account that `a17` names, or WEIR_NO_INDEX. */
static uint32_t account_of(const struct weir_stream *s, const struct weir_name *name) {
    if (name == NULL || name->text[0] != 'a') return WEIR_NO_INDEX;
    uint32_t number = 0;
    for (const char *c = name->text + 1; *c >= '0' && *c <= '9' && number < 1000; c++)
        number = number * 10 + (uint32_t)(*c - '0');
    return number < s->account_count ? number : WEIR_NO_INDEX;
}

/* The order `o12` of an account is gone. */
static void forget_id(struct weir_stream *s, const struct weir_name *owner,
                      const struct weir_name *order) {
    uint32_t account = account_of(s, owner);
    if (account == WEIR_NO_INDEX || order == NULL || order->text[0] != 'o') return;
    uint32_t id = (uint32_t)strtoul(order->text + 1, NULL, 10);
    uint32_t *slot = &s->account[account].ids[id % IDS_MAX];
    if (*slot == id) *slot = 0;
}

static void close_auction(struct weir_stream *s, uint64_t number) {
    for (uint32_t i = 0; i < s->auction_count; i++) {
        if (s->auction[i].number != number) continue;
        s->auction[i] = s->auction[--s->auction_count];
        return;
    }
}

/* A cross scope of the venue's asset `idx` was closed out; collateral stands between money and the
 * coins there. */
static void lose_money(struct weir_stream *s, uint32_t account, uint32_t idx) {
    uint32_t between = s->collateral ? 2 : 0;
    uint32_t asset = idx > between ? idx - between : 0;
    if (asset < s->asset_count) s->account[account].money[asset] = 0;
}

void weir_stream_observe(struct weir_stream *s, const struct weir_event *event) {
    uint32_t account;
    s->told_now = event->t;
    switch (event->kind) {
    case WEIR_EV_ACCEPTED:
        if (s->last_id != 0 && event->accepted.cmd == s->last_kind)
            remember_id(s, s->last_account, s->last_market, s->last_id);
        return;
    case WEIR_EV_MARK:
        s->market[event->mark.market].mark = event->mark.mark;
        return;
    case WEIR_EV_STATUS:
        s->market[event->status.market].status = event->status.status;
        s->not_trading = 0;
        for (uint32_t i = 0; i < s->market_count; i++)
            s->not_trading += s->market[i].status != WEIR_STATUS_TRADING;
        return;
    case WEIR_EV_REJECTED:
        if (event->rejected.reason == WEIR_R_UNKNOWN_ORDER && s->last_slot != 0)
            s->account[s->last_account].ids[s->last_slot - 1] = 0;
        return;
    case WEIR_EV_CANCELLED:
        forget_id(s, event->cancelled.account, event->cancelled.id);
        return;
    case WEIR_EV_FILL: {
        weir_qty lots = event->fill.taker_side == WEIR_BUY ? event->fill.qty : -event->fill.qty;
        account = account_of(s, event->fill.taker);
        if (account != WEIR_NO_INDEX) s->account[account].position[event->fill.market] += lots;
        account = account_of(s, event->fill.maker);
        if (account != WEIR_NO_INDEX) s->account[account].position[event->fill.market] -= lots;
        /* Whether a taker is gone is not said: guessed, so that some of either kind stay known. */
        if (event->fill.qty % 2 != 0) forget_id(s, event->fill.taker, event->fill.taker_order);
        if (event->fill.maker_left == 0) forget_id(s, event->fill.maker, event->fill.maker_order);
        return;
    }
    case WEIR_EV_AUCTION_OPENED:
        close_auction(s, event->auction_opened.auction); /* it may have restarted */
        if (s->auction_count == AUCTIONS_MAX) s->auction_count--;
        s->auction[s->auction_count++] =
            (struct model_auction){event->auction_opened.auction, event->auction_opened.market,
                                   event->auction_opened.side};
        return;
    case WEIR_EV_AUCTION_CLOSED:
        close_auction(s, event->auction_closed.auction);
        return;
    case WEIR_EV_LIQUIDATION_ENDED:
        account = account_of(s, event->liquidation_ended.account);
        if (account != WEIR_NO_INDEX && event->liquidation_ended.outcome == WEIR_CLOSED &&
            weir_scope_is_cross(event->liquidation_ended.scope_market))
            lose_money(s, account, ~event->liquidation_ended.scope_market);
        return;
    case WEIR_EV_SETTLED:
        s->market[event->settled.market].gone = true;
        s->gone++;
        return;
    default:
        return;
    }
}
