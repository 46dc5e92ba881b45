/* The walk of a taker through the book. */
#include "matching/matching.h"

#define AHEAD 3 /* makers to be met next whose memory is asked for */

static bool same_owner(const struct weir_exchange *x, uint32_t leg, const struct weir_order *o) {
    const struct weir_ledger *l = &x->ledger;
    return weir_leg_owner(l, weir_leg_at(l, leg)) == weir_account_at(l, o->account)->owner;
}

/* Self-trade prevention (R6, R11). Returns false when the taker has to stop. */
static bool prevent_self_trade(struct weir_exchange *x, const struct weir_taker *t, uint32_t maker,
                               weir_qty *left) {
    enum weir_self_trade mode = t->voluntary ? x->venue->self_trade : WEIR_STP_CANCEL_RESTING;
    switch (mode) {
    case WEIR_STP_CANCEL_RESTING:
        weir_order_cancel(x, maker, WEIR_C_SELF_TRADE);
        return true;
    case WEIR_STP_CANCEL_TAKER:
        return false;
    case WEIR_STP_CANCEL_BOTH:
        weir_order_cancel(x, maker, WEIR_C_SELF_TRADE);
        return false;
    case WEIR_STP_DECREMENT:
        break;
    }
    weir_qty open = weir_order_at(&x->orders, maker)->open;
    if (open > *left)
        weir_order_shrink(x, maker, *left);
    else
        weir_order_cancel(x, maker, WEIR_C_SELF_TRADE);
    if (open >= *left) return false;
    *left -= open;
    return true;
}

static void fill_maker(struct weir_exchange *x, const struct weir_taker *t, uint32_t maker,
                       weir_qty qty, weir_wide taker_fee, weir_wide maker_fee,
                       struct weir_walk *walk) {
    const struct weir_order *o = weir_order_at(&x->orders, maker);
    weir_price price = o->price;
    struct weir_fill f = {.kind = t->kind,
                          .taker = t->leg,
                          .maker = o->leg,
                          .side = t->side,
                          .price = price,
                          .qty = qty,
                          .taker_order = t->order,
                          .maker_order = maker,
                          .taker_fee = taker_fee,
                          .maker_fee = maker_fee};
    struct weir_fill_result result;
    weir_fill(x, &f, &result);
    walk->filled += qty;
    walk->fills++;
    walk->value +=
        weir_value(&x->venue->markets[weir_leg_at(&x->ledger, t->leg)->market], price, qty);
    if (t->filled) t->filled(t->ctx, price, qty, &result.taker);
}

/* Meets one maker. Returns false when the walk is over. */
static bool meet(struct weir_exchange *x, const struct weir_taker *t, uint32_t maker,
                 struct weir_walk *walk) {
    const struct weir_order *o = weir_order_at(&x->orders, maker);
    uint32_t market = o->market;
    const struct weir_market *m = &x->venue->markets[market];
    if (same_owner(x, t->leg, o)) {
        if (prevent_self_trade(x, t, maker, &walk->left)) return true;
        walk->stopped = WEIR_C_SELF_TRADE;
        return false;
    }
    weir_qty qty = weir_min(walk->left, o->open);
    weir_wide value = weir_value(m, o->price, qty);
    weir_wide taker_fee = t->fee_free || !t->pays_fee ? 0 : weir_fee(value, m->fee_taker);
    weir_wide maker_fee = t->fee_free ? 0 : weir_fee(value, m->fee_maker);
    if (maker_fee < 0 && !t->pays_fee) maker_fee = 0;
    weir_qty signed_lots = t->side == WEIR_BUY ? qty : -qty;
    if (!weir_fill_allowed(x, o->leg, -signed_lots, o->price, maker_fee)) {
        weir_order_cancel(x, maker, WEIR_C_MAKER_MARGIN);
        return true;
    }
    if (t->voluntary && !weir_fill_allowed(x, t->leg, signed_lots, o->price, taker_fee)) {
        walk->stopped = WEIR_C_TAKER_MARGIN;
        return false;
    }
    if (t->allow && !t->allow(t->ctx, o->price, qty)) {
        walk->stopped = WEIR_R_NOT_ALLOWED;
        return false;
    }
    if (qty == o->open) weir_order_slot_ahead(&x->orders, maker); /* it goes */
    fill_maker(x, t, maker, qty, taker_fee, maker_fee, walk);
    weir_ladder_makers_ahead(x->books[market].side[t->side ^ 1], &x->orders, AHEAD);
    walk->left -= qty;
    return true;
}

void weir_match(struct weir_exchange *x, const struct weir_taker *t, struct weir_walk *walk) {
    *walk = (struct weir_walk){.left = t->qty};
    uint32_t market = weir_leg_at(&x->ledger, t->leg)->market;
    while (walk->left > 0) {
        if (walk->fills >= t->max_fills) {
            walk->stopped = WEIR_C_FILL_LIMIT;
            return;
        }
        uint32_t maker = weir_book_maker(&x->books[market], &x->orders, t->side, t->limit);
        if (maker == WEIR_NO_INDEX) return;
        if (!meet(x, t, maker, walk) || t->one_maker) return;
    }
}

struct weir_reach weir_book_reach(struct weir_exchange *x, uint32_t leg, enum weir_side side,
                                  weir_price limit, weir_qty qty, bool check_makers) {
    struct weir_reach r = {0};
    uint32_t market = weir_leg_at(&x->ledger, leg)->market;
    const struct weir_market *m = &x->venue->markets[market];
    const struct weir_ladder *ladder = x->books[market].side[side ^ 1];
    int64_t orders = 0;
    for (uint32_t i = weir_ladder_first(ladder); i != WEIR_NO_INDEX && r.lots < qty;
         i = weir_ladder_next(ladder, &x->orders, i)) {
        const struct weir_order *o = weir_order_at(&x->orders, i);
        if (side == WEIR_BUY ? o->price > limit : o->price < limit) break;
        if (same_owner(x, leg, o)) continue;
        weir_qty lots = weir_min(qty - r.lots, o->open);
        if (check_makers) {
            weir_wide fee = weir_fee(weir_value(m, o->price, lots), m->fee_maker);
            if (!weir_fill_allowed(x, o->leg, side == WEIR_BUY ? -lots : lots, o->price, fee))
                continue;
        }
        if (orders++ >= x->venue->max_fills_per_order) break;
        r.lots += lots;
        r.worst = o->price;
    }
    return r;
}
