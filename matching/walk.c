/* The walk of a taker through the book. */
#include "matching/internal.h"

#define AHEAD 5 /* makers to be met next whose memory is asked for */

static bool same_owner(const struct weir_exchange *x, uint32_t leg, const struct weir_order *o) {
    const struct weir_ledger *l = &x->ledger;
    return weir_account_owner(l, weir_leg_at(l, leg)->account) == weir_account_owner(l, o->account);
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

/* A walk on its way. */
struct way {
    struct weir_exchange *x;
    const struct weir_taker *taker;
    const struct weir_market *market;
    struct weir_ladder *makers;
    uint32_t owner; /* the taker's, as weir_account_owner says it */
    struct weir_walk *walk;
};

/* A maker has gone: one more is asked for, and the leg of the last one before it, which has come;
 * two where the book has changed and less of them have been asked for. */
static void look_ahead(const struct way *w) {
    const struct weir_exchange *x = w->x;
    for (int n = 0; n < 2; n++) {
        uint32_t came = weir_ladder_maker_ahead(w->makers, &x->orders, AHEAD);
        if (came == WEIR_NO_INDEX) return;
        const struct weir_order *o = weir_order_at(&x->orders, came);
        __builtin_prefetch(weir_leg_at(&x->ledger, o->leg), 1);
        __builtin_prefetch(
            WEIR_AT(&x->ledger.account_names, struct weir_account_names, o->account));
    }
}

/* Meets one maker. Returns false when the walk is over. */
static bool meet(const struct way *w, uint32_t maker) {
    struct weir_exchange *x = w->x;
    const struct weir_taker *t = w->taker;
    const struct weir_market *m = w->market;
    struct weir_walk *walk = w->walk;
    const struct weir_order *o = weir_order_at(&x->orders, maker);
    if (w->owner == weir_account_owner(&x->ledger, o->account)) {
        if (prevent_self_trade(x, t, maker, &walk->left)) return true;
        walk->stopped = WEIR_C_SELF_TRADE;
        return false;
    }
    struct weir_fill_result result;
    struct weir_fill f = {.kind = t->kind,
                          .taker = t->leg,
                          .maker = o->leg,
                          .side = t->side,
                          .price = o->price,
                          .qty = weir_min(walk->left, o->open),
                          .taker_order = t->order,
                          .maker_order = maker};
    weir_wide value = weir_value(m, f.price, f.qty);
    if (!t->fee_free) {
        f.maker_fee = weir_fee(value, m->fee_maker);
        if (t->pays_fee)
            f.taker_fee = weir_fee(value, m->fee_taker);
        else if (f.maker_fee < 0)
            f.maker_fee = 0;
    }
    weir_qty lots = t->side == WEIR_BUY ? f.qty : -f.qty;
    if (!check_fill(x, f.maker, -lots, f.price, value, f.maker_fee, &result.maker)) {
        weir_order_cancel(x, maker, WEIR_C_MAKER_MARGIN);
        return true;
    }
    if (t->voluntary && !weir_fill_allowed(x, t->leg, lots, f.price, f.taker_fee)) {
        walk->stopped = WEIR_C_TAKER_MARGIN;
        return false;
    }
    if (t->allow && !t->allow(t->ctx, f.price, f.qty)) {
        walk->stopped = WEIR_R_NOT_ALLOWED;
        return false;
    }
    bool goes = f.qty == o->open;
    book_fill(x, &f, value, &result);
    walk->filled += f.qty;
    walk->fills++;
    walk->value += (weir_amount)value;
    if (t->filled) t->filled(t->ctx, f.price, f.qty, &result.taker);
    if (goes) look_ahead(w);
    walk->left -= f.qty;
    return true;
}

void weir_match(struct weir_exchange *x, const struct weir_taker *t, struct weir_walk *walk) {
    *walk = (struct weir_walk){.left = t->qty};
    const struct weir_leg *g = weir_leg_at(&x->ledger, t->leg);
    const struct weir_book *book = &x->books[g->market];
    struct way w = {.x = x,
                    .taker = t,
                    .market = &x->venue->markets[g->market],
                    .makers = book->side[t->side ^ 1],
                    .owner = weir_account_owner(&x->ledger, g->account),
                    .walk = walk};
    while (walk->left > 0) {
        if (walk->fills >= t->max_fills) {
            walk->stopped = WEIR_C_FILL_LIMIT;
            return;
        }
        uint32_t maker = weir_book_maker(book, t->side, t->limit);
        if (maker == WEIR_NO_INDEX) return;
        if (!meet(&w, maker) || t->one_maker) return;
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
