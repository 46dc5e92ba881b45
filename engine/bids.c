/* The command `bid` (R26): sealed bids wait for the close, Dutch ones take lots at once. */
#include "engine/internal.h"

struct bid {
    struct weir_open_auction *auction;
    uint32_t account, leg;
    enum weir_side side; /* bids take the other side of the liquidation order */
    weir_qty qty;
    weir_price price;
};

/* Do all lots on offer belong to the bidder's own owner? */
static bool only_own_lots(const struct weir_engine *e, const struct bid *b) {
    const struct weir_ledger *l = &e->x.ledger;
    uint32_t owner = weir_leg_owner(l, weir_leg_at(l, b->leg));
    for (uint32_t i = b->auction->first_offer; i != WEIR_NO_INDEX;
         i = weir_leg_work(l, weir_leg_at(l, i))->offer_next)
        if (weir_leg_owner(l, weir_leg_at(l, i)) != owner) return false;
    return true;
}

/* Checks up to `min_size`, for the `lots` of it that count. */
static enum weir_reason check_entry(struct weir_engine *e, const struct bid *b, weir_qty lots) {
    struct weir_exchange *x = &e->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, b->leg);
    enum weir_market_status status = weir_status_now(x, g->market);
    bool opens = weir_order_opens(e, b->leg, b->side, lots);
    bool dutch = x->venue->auction_format == WEIR_AUCTION_DUTCH; /* it would be closed at once */
    if (!weir_bound_ok(e, b->leg, b->side, lots))
        return weir_deny(e, WEIR_R_OVERFLOW, "the position could not fit");
    if (weir_scope_at(&x->ledger, g->scope)->queue == WEIR_QUEUE_ACTIVE)
        return weir_deny(e, WEIR_R_IN_LIQUIDATION, "the scope is in liquidation");
    if (status == WEIR_STATUS_HALTED || (status == WEIR_STATUS_AUCTION && dutch) ||
        (status == WEIR_STATUS_REDUCE_ONLY && opens))
        return weir_deny(e, WEIR_R_STATUS, "the market is %s", weir_status_words[status]);
    if (x->prices[g->market].stale && (opens || dutch))
        return weir_deny(e, WEIR_R_STALE, "the market's index is stale");
    if (b->qty < x->venue->auction_min_bid_lots)
        return weir_deny(e, WEIR_R_MIN_SIZE, "below min_bid_lots");
    return WEIR_OK;
}

/* Limits and margin of `lots` at `price`. */
static enum weir_reason check_size(struct weir_engine *e, const struct bid *b, weir_qty lots,
                                   weir_price price) {
    if (weir_order_raises(e, b->leg, b->side, lots)) {
        enum weir_reason r = weir_exposure_check(e, b->leg, b->side, lots);
        if (r != WEIR_OK) return r;
    }
    if (!weir_order_margin_ok(e, b->leg, b->side, price, lots, false, 0))
        return weir_deny(e, WEIR_R_MARGIN, "the scope's equity does not carry it");
    return WEIR_OK;
}

static enum weir_reason check_sealed(struct weir_engine *e, const struct bid *b) {
    uint32_t market = b->auction->market;
    enum weir_reason r = check_entry(e, b, b->qty);
    if (r != WEIR_OK) return r;
    const struct weir_leg *g = weir_leg_at(&e->x.ledger, b->leg);
    uint32_t bids = weir_leg_orders(&e->x.ledger, g)->bid_count;
    if (bids >= e->x.venue->markets[market].max_open_orders)
        return weir_deny(e, WEIR_R_ORDER_LIMIT, "the account has %u bids here", bids);
    if (!weir_in_band(e, market, b->side, b->price))
        return weir_deny(e, WEIR_R_BAND, "beyond the price band around mark");
    r = check_size(e, b, b->qty, b->price);
    if (r == WEIR_OK && only_own_lots(e, b))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the lots on offer are the owner's own");
    return r;
}

static enum weir_reason seal(struct weir_engine *e, const struct weir_command *c,
                             const struct bid *b) {
    struct weir_exchange *x = &e->x;
    enum weir_reason r = check_sealed(e, b);
    if (r != WEIR_OK) return r;
    uint32_t idx = weir_orders_add(&x->orders, b->account, &c->id);
    if (idx == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another bid");
    weir_accept(e, &c->id);
    struct weir_order *o = weir_order_at(&x->orders, idx);
    o->price = b->price;
    o->open = b->qty;
    o->mark_accepted = x->prices[b->auction->market].mark;
    o->leg = b->leg;
    weir_order_set(o, b->auction->market, b->side, WEIR_ORDER_IOC | WEIR_ORDER_FOK);
    weir_bid_enter(&e->lq, b->auction, idx);
    return WEIR_OK;
}

/* A Dutch bid: lots at the price of its moment, or a refusal. */
static enum weir_reason take(struct weir_engine *e, const struct weir_command *c,
                             const struct bid *b) {
    struct weir_dutch_quote quote;
    weir_dutch_quote(&e->lq, b->auction, &quote);
    weir_qty lots = weir_min(b->qty, quote.lots);
    enum weir_reason r = check_entry(e, b, lots);
    if (r != WEIR_OK) return r;
    if (!weir_in_band(e, b->auction->market, b->side, b->price))
        return weir_deny(e, WEIR_R_BAND, "beyond the price band around mark");
    bool worse = b->side == WEIR_BUY ? b->price < quote.price : b->price > quote.price;
    if (worse) return weir_deny(e, WEIR_R_RESERVE, "worse than the price of the moment");
    if (!quote.open) return weir_deny(e, WEIR_R_RESERVE, "the scope is restored");
    if (!weir_dutch_covers(&e->lq, b->auction, &quote, lots))
        return weir_deny(e, WEIR_R_RESERVE, "the fund's promise does not cover the gap");
    r = check_size(e, b, lots, quote.price);
    if (r != WEIR_OK) return r;
    if (!weir_fill_allowed(&e->x, b->leg, b->side == WEIR_BUY ? lots : -lots, quote.price, 0))
        return weir_deny(e, WEIR_R_MARGIN, "the scope's equity does not carry the fill");
    if (only_own_lots(e, b))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the lots on offer are the owner's own");
    weir_accept(e, &c->id);
    weir_dutch_sell(&e->lq, b->auction, b->leg, &quote, lots);
    return WEIR_OK;
}

enum weir_reason weir_on_bid(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    struct bid b;
    int64_t number;
    enum weir_reason r = weir_find_account(e, &c->account, &b.account);
    if (r != WEIR_OK) return r;
    b.auction = weir_decimal_units(&c->auction, &weir_one, &number) == WEIR_EXACT_OK && number > 0
                    ? weir_auction_find(&e->lq, (uint64_t)number)
                    : NULL;
    if (!b.auction) return weir_deny(e, WEIR_R_UNKNOWN_AUCTION, "no such auction is open");
    if (weir_orders_find(&x->orders, b.account, &c->id) != WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_DUPLICATE, "%s has an open order %s", c->account.text,
                         c->id.text);
    uint32_t market = b.auction->market;
    struct weir_number n[2] = {weir_qty_number(e, market, &c->qty, &b.qty),
                               weir_price_number(e, market, "price", &c->price, &b.price)};
    r = weir_read_numbers(e, n, 2);
    if (r != WEIR_OK) return r;
    b.side = b.auction->side == WEIR_BUY ? WEIR_SELL : WEIR_BUY;
    b.leg = weir_leg_get(&x->ledger, b.account, market);
    if (b.leg == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for a position");
    return x->venue->auction_format == WEIR_AUCTION_DUTCH ? take(e, c, &b) : seal(e, c, &b);
}
