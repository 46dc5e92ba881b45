/* Commands about orders, and what an order does once it is let in. */
#include "engine/internal.h"

/* ---- Entering -------------------------------------------------------------------------------- */

/* Puts what is left of a good-till-cancelled order into the book. */
static void rest_order(struct weir_engine *e, const struct weir_order_request *r, weir_qty left) {
    struct weir_exchange *x = &e->x;
    uint32_t idx = weir_orders_add(&x->orders, r->account, &r->id);
    if (idx == WEIR_NO_INDEX) {
        weir_emit_cancelled(x, r->account, &r->id, r->market, left, WEIR_R_ORDER_LIMIT);
        return;
    }
    struct weir_order *o = weir_order_at(&x->orders, idx);
    o->price = r->price;
    o->open = left;
    o->mark_accepted = x->prices[r->market].mark;
    o->leg = r->leg;
    weir_order_set(o, r->market, r->side,
                   (r->reduce_only ? WEIR_ORDER_REDUCE_ONLY : 0) |
                       (r->post_only ? WEIR_ORDER_POST_ONLY : 0));
    weir_order_rest(x, idx);
}

void weir_order_enter(struct weir_engine *e, const struct weir_order_request *r,
                      const struct weir_order_plan *plan) {
    struct weir_exchange *x = &e->x;
    struct weir_walk walk = {.left = plan->qty};
    if (weir_status_now(x, r->market) != WEIR_STATUS_AUCTION) {
        struct weir_taker taker = {.leg = r->leg,
                                   .side = r->side,
                                   .limit = plan->limit,
                                   .qty = plan->qty,
                                   .kind = WEIR_FILL_TRADE,
                                   .order = &r->id,
                                   .voluntary = true,
                                   .pays_fee = true,
                                   .max_fills = x->venue->max_fills_per_order};
        weir_match(x, &taker, &walk);
    }
    if (walk.left == 0) return;
    enum weir_reason reason = walk.stopped;
    if (reason == WEIR_OK && r->tif == WEIR_FOK) reason = WEIR_R_FOK;
    if (reason == WEIR_OK && (r->tif == WEIR_IOC || r->type == WEIR_MARKET)) reason = WEIR_C_IOC;
    if (reason == WEIR_OK)
        rest_order(e, r, walk.left);
    else
        weir_emit_cancelled(x, r->account, &r->id, r->market, walk.left, reason);
}

/* ---- Stops ----------------------------------------------------------------------------------- */

static enum weir_reason check_stop(struct weir_engine *e, const struct weir_leg *g,
                                   enum weir_side side, bool reduce_only, weir_qty qty) {
    const struct weir_market *m = &e->x.venue->markets[g->market];
    if (weir_status_now(&e->x, g->market) == WEIR_STATUS_HALTED)
        return weir_deny(e, WEIR_R_STATUS, "the market is halted");
    weir_qty closes = weir_max(0, side == WEIR_BUY ? -g->size : g->size);
    bool whole = reduce_only && closes > 0 && qty >= closes;
    if (qty < m->min_qty && !whole) return weir_deny(e, WEIR_R_MIN_SIZE, "below min_qty");
    uint32_t open = weir_leg_orders(&e->x.ledger, g)->order_count;
    if (open >= m->max_open_orders)
        return weir_deny(e, WEIR_R_ORDER_LIMIT, "the account has %u open orders here", open);
    if (weir_orders_full(&e->x.orders))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another stop");
    return WEIR_OK;
}

struct stop {
    struct weir_name id;
    uint32_t leg;
    enum weir_side side;
    weir_qty qty;
    weir_price price, stop_price;
    uint8_t flags;
};

/* Enters a waiting stop; it may be in the line at once. False when the pool is full. */
static bool enter_stop(struct weir_engine *e, const struct stop *s) {
    struct weir_exchange *x = &e->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, s->leg);
    uint32_t idx = weir_orders_add(&x->orders, g->account, &s->id);
    if (idx == WEIR_NO_INDEX) return false;
    struct weir_order *o = weir_order_at(&x->orders, idx);
    o->price = s->price;
    o->open = s->qty;
    o->stop_price = s->stop_price;
    o->leg = s->leg;
    weir_order_set(o, g->market, s->side, s->flags);
    weir_order_rest(x, idx);
    weir_pass_stops(e, g->market);
    return true;
}

/* The order that a stop becomes. */
static struct weir_order_request fired_request(const struct weir_exchange *x, uint32_t idx) {
    const struct weir_order *o = weir_order_at(&x->orders, idx);
    bool limit = o->flags & WEIR_ORDER_STOP_LIMIT;
    return (struct weir_order_request){.leg = o->leg,
                                       .account = o->account,
                                       .market = o->market,
                                       .id = *weir_order_name(&x->orders, idx),
                                       .side = o->side,
                                       .type = limit ? WEIR_LIMIT : WEIR_MARKET,
                                       .tif = o->flags & WEIR_ORDER_FOK             ? WEIR_FOK
                                              : o->flags & WEIR_ORDER_IOC || !limit ? WEIR_IOC
                                                                                    : WEIR_GTC,
                                       .post_only = o->flags & WEIR_ORDER_POST_ONLY,
                                       .reduce_only = o->flags & WEIR_ORDER_REDUCE_ONLY,
                                       .fired = true,
                                       .qty = o->open,
                                       .price = o->price};
}

static void fire(struct weir_engine *e, uint32_t idx) {
    struct weir_exchange *x = &e->x;
    struct weir_order_request r = fired_request(x, idx);
    weir_emit(x, &(struct weir_event){
                     .kind = WEIR_EV_TRIGGERED,
                     .triggered = {weir_account_name(&x->ledger, r.account), &r.id, r.market}});
    weir_order_forget(x, idx);
    struct weir_order_plan plan;
    enum weir_reason reason = WEIR_OK;
    if (!r.reduce_only && !weir_bound_ok(e, r.leg, r.side, r.qty)) reason = WEIR_R_OVERFLOW;
    if (reason == WEIR_OK) reason = weir_order_check(e, &r, &plan);
    if (reason == WEIR_OK)
        weir_order_enter(e, &r, &plan);
    else
        weir_emit_cancelled(x, r.account, &r.id, r.market, r.qty, reason);
}

void weir_fire_stops(struct weir_engine *e) {
    struct weir_exchange *x = &e->x;
    for (int64_t n = 0; n < x->venue->steps_per_command && x->line.head != WEIR_NO_INDEX; n++) {
        uint32_t idx = x->line.head;
        struct weir_order *o = weir_order_at(&x->orders, idx);
        if (weir_status_now(x, o->market) == WEIR_STATUS_TRADING) {
            fire(e, idx);
            continue;
        }
        /* Not trading when its turn comes: it waits again. */
        weir_stop_line_remove(&x->line, &x->orders, idx);
        o->flags &= (uint8_t)~WEIR_ORDER_IN_LINE;
        struct weir_book *book = &x->books[o->market];
        int trigger = o->flags & WEIR_ORDER_STOP_LAST ? WEIR_ON_LAST : WEIR_ON_MARK;
        WEIR_CHECK(weir_ladder_push(book->stops[trigger][o->side], &x->orders, idx) == 0);
    }
}

/* ---- order ----------------------------------------------------------------------------------- */

static uint8_t stop_flags(const struct weir_command *c) {
    return (uint8_t)(WEIR_ORDER_STOP | (c->trigger == WEIR_ON_LAST ? WEIR_ORDER_STOP_LAST : 0) |
                     (c->type == WEIR_STOP_LIMIT ? WEIR_ORDER_STOP_LIMIT : 0) |
                     (c->reduce_only ? WEIR_ORDER_REDUCE_ONLY : 0) |
                     (c->post_only ? WEIR_ORDER_POST_ONLY : 0) |
                     (c->tif == WEIR_FOK ? WEIR_ORDER_FOK : 0) |
                     (c->tif == WEIR_IOC ? WEIR_ORDER_IOC : 0));
}

enum weir_reason weir_on_order(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    struct weir_order_request r = {.id = c->id,
                                   .side = c->side,
                                   .type = c->type,
                                   .tif = c->tif,
                                   .post_only = c->post_only,
                                   .reduce_only = c->reduce_only};
    weir_price stop_price = 0;
    enum weir_reason reason = weir_find_leg(e, c, &r.market, &r.leg);
    if (reason != WEIR_OK) return reason;
    const struct weir_leg *g = weir_leg_at(&x->ledger, r.leg);
    r.account = g->account;
    if (weir_orders_find(&x->orders, r.account, &r.id) != WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_DUPLICATE, "%s has an open order %s", c->account.text,
                         c->id.text);
    bool stop = c->type == WEIR_STOP || c->type == WEIR_STOP_LIMIT;
    struct weir_number n[3] = {weir_qty_number(e, r.market, &c->qty, &r.qty)};
    size_t count = 1;
    if (c->type == WEIR_LIMIT || c->type == WEIR_STOP_LIMIT)
        n[count++] = weir_price_number(e, r.market, "price", &c->price, &r.price);
    if (stop)
        n[count++] = weir_price_number(e, r.market, "stop_price", &c->stop_price, &stop_price);
    reason = weir_read_numbers(e, n, count);
    if (reason != WEIR_OK) return reason;
    if (!r.reduce_only && !weir_bound_ok(e, r.leg, r.side, r.qty))
        return weir_deny(e, WEIR_R_OVERFLOW, "the position could not fit");
    if (weir_scope_at(&x->ledger, g->scope)->queue == WEIR_QUEUE_ACTIVE)
        return weir_deny(e, WEIR_R_IN_LIQUIDATION, "%s is in liquidation", c->account.text);
    if (stop) {
        reason = check_stop(e, g, r.side, r.reduce_only, r.qty);
        if (reason != WEIR_OK) return reason;
        weir_accept(e, &c->id);
        struct stop s = {r.id, r.leg, r.side, r.qty, r.price, stop_price, stop_flags(c)};
        if (!enter_stop(e, &s))
            weir_emit_cancelled(x, r.account, &r.id, r.market, r.qty, WEIR_R_ORDER_LIMIT);
        return WEIR_OK;
    }
    struct weir_order_plan plan;
    reason = weir_order_check(e, &r, &plan);
    if (reason != WEIR_OK) return reason;
    weir_accept(e, &c->id);
    weir_order_enter(e, &r, &plan);
    return WEIR_OK;
}

/* ---- cancel, cancel_all ---------------------------------------------------------------------- */

static enum weir_reason find_order(struct weir_engine *e, const struct weir_command *c,
                                   uint32_t *account, uint32_t *order) {
    enum weir_reason r = weir_find_account(e, &c->account, account);
    if (r != WEIR_OK) return r;
    *order = weir_orders_find(&e->x.orders, *account, &c->id);
    if (*order == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_UNKNOWN_ORDER, "%s has no open order %s", c->account.text,
                         c->id.text);
    return WEIR_OK;
}

enum weir_reason weir_on_cancel(struct weir_engine *e, const struct weir_command *c) {
    uint32_t account, order;
    enum weir_reason r = find_order(e, c, &account, &order);
    if (r != WEIR_OK) return r;
    if (weir_order_is_bid(weir_order_at(&e->x.orders, order)))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "a bid is binding");
    weir_accept(e, &c->id);
    weir_order_cancel(&e->x, order, WEIR_C_USER);
    return WEIR_OK;
}

enum weir_reason weir_on_cancel_all(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    struct weir_ledger *l = &x->ledger;
    uint32_t account, market = WEIR_NO_INDEX;
    enum weir_reason r = weir_find_account(e, &c->account, &account);
    if (r == WEIR_OK && c->present & WEIR_HAS_MARKET) r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    weir_accept(e, NULL);
    for (;;) { /* oldest first over all markets: merge the legs' lists */
        uint32_t oldest = WEIR_NO_INDEX;
        for (uint32_t i = weir_account_first_leg(l, account); i != WEIR_NO_INDEX;
             i = weir_leg_at(l, i)->next) {
            uint32_t first = weir_leg_orders(l, weir_leg_at(l, i))->first;
            if (first == WEIR_NO_INDEX) continue;
            if (market != WEIR_NO_INDEX && weir_leg_at(l, i)->market != market) continue;
            if (oldest == WEIR_NO_INDEX ||
                weir_order_at(&x->orders, first)->age < weir_order_at(&x->orders, oldest)->age)
                oldest = first;
        }
        if (oldest == WEIR_NO_INDEX) return WEIR_OK;
        weir_order_cancel(x, oldest, WEIR_C_USER);
    }
}

/* ---- amend ----------------------------------------------------------------------------------- */

/* The old order's lots out of (or back into) its leg's counts while a replacement is checked. */
static void hide_order(struct weir_exchange *x, const struct weir_order *o, int sign) {
    struct weir_leg *g = weir_leg_at(&x->ledger, o->leg);
    if (sign < 0)
        weir_leg_orders_make(&x->ledger, g)->order_count--;
    else
        weir_leg_orders_make(&x->ledger, g)->order_count++;
    if (o->flags & WEIR_ORDER_STOP) return;
    bool counts = !(o->flags & WEIR_ORDER_REDUCE_ONLY);
    weir_wide loss =
        weir_open_loss(&x->venue->markets[o->market], o->side, o->price, o->mark_accepted, o->open);
    weir_leg_open_add(&x->ledger, g, o->side, counts ? sign * o->open : 0, sign * loss);
}

static enum weir_reason amend_stop(struct weir_engine *e, uint32_t idx, weir_qty qty,
                                   weir_price price) {
    struct weir_exchange *x = &e->x;
    const struct weir_order *o = weir_order_at(&x->orders, idx);
    if (!(o->flags & WEIR_ORDER_REDUCE_ONLY) && !weir_bound_ok(e, o->leg, o->side, qty))
        return weir_deny(e, WEIR_R_OVERFLOW, "the position could not fit");
    hide_order(x, o, -1);
    enum weir_reason r = check_stop(e, weir_leg_at(&x->ledger, o->leg), o->side,
                                    o->flags & WEIR_ORDER_REDUCE_ONLY, qty);
    hide_order(x, o, 1);
    if (r != WEIR_OK) return r;
    struct stop s = {*weir_order_name(&x->orders, idx),        o->leg, o->side, qty, price, 0,
                     (uint8_t)(o->flags & ~WEIR_ORDER_IN_LINE)};
    s.stop_price = o->stop_price;
    weir_accept(e, &e->command->id);
    weir_order_forget(x, idx);
    WEIR_CHECK(enter_stop(e, &s));
    return WEIR_OK;
}

static enum weir_reason replace_order(struct weir_engine *e, uint32_t idx, weir_qty qty,
                                      weir_price price) {
    struct weir_exchange *x = &e->x;
    const struct weir_order *o = weir_order_at(&x->orders, idx);
    struct weir_order_request r = {.leg = o->leg,
                                   .account = o->account,
                                   .market = o->market,
                                   .id = *weir_order_name(&x->orders, idx),
                                   .side = o->side,
                                   .type = WEIR_LIMIT,
                                   .tif = WEIR_GTC,
                                   .post_only = o->flags & WEIR_ORDER_POST_ONLY,
                                   .reduce_only = o->flags & WEIR_ORDER_REDUCE_ONLY,
                                   .qty = qty,
                                   .price = price};
    struct weir_order_plan plan;
    enum weir_reason reason = WEIR_OK;
    const struct weir_scope *s = weir_scope_at(&x->ledger, weir_leg_at(&x->ledger, r.leg)->scope);
    hide_order(x, o, -1);
    if (!r.reduce_only && !weir_bound_ok(e, r.leg, r.side, qty))
        reason = weir_deny(e, WEIR_R_OVERFLOW, "the position could not fit");
    else if (s->queue == WEIR_QUEUE_ACTIVE)
        reason = weir_deny(e, WEIR_R_IN_LIQUIDATION, "the scope is in liquidation");
    if (reason == WEIR_OK) reason = weir_order_check(e, &r, &plan);
    hide_order(x, o, 1);
    if (reason != WEIR_OK) return reason;
    weir_accept(e, &e->command->id);
    weir_order_forget(x, idx);
    weir_order_enter(e, &r, &plan);
    return WEIR_OK;
}

enum weir_reason weir_on_amend(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    uint32_t account, idx;
    enum weir_reason r = find_order(e, c, &account, &idx);
    if (r != WEIR_OK) return r;
    const struct weir_order *o = weir_order_at(&x->orders, idx);
    bool stop = o->flags & WEIR_ORDER_STOP;
    weir_qty qty = o->open;
    weir_price price = o->price;
    struct weir_number n[2];
    size_t count = 0;
    if (c->present & WEIR_HAS_QTY) n[count++] = weir_qty_number(e, o->market, &c->qty, &qty);
    if (c->present & WEIR_HAS_PRICE)
        n[count++] = weir_price_number(e, o->market, "price", &c->price, &price);
    r = weir_read_numbers(e, n, count);
    if (r != WEIR_OK) return r;
    if (weir_order_is_bid(o)) return weir_deny(e, WEIR_R_NOT_ALLOWED, "a bid is binding");
    if (stop && !(o->flags & WEIR_ORDER_STOP_LIMIT) && c->present & WEIR_HAS_PRICE)
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "a stop without limit has no price");
    if (price != o->price || qty > o->open)
        return stop ? amend_stop(e, idx, qty, price) : replace_order(e, idx, qty, price);
    weir_accept(e, &c->id);
    if (qty < o->open) weir_order_shrink(x, idx, o->open - qty);
    return WEIR_OK;
}

/* ---- Leaving `auction` status ---------------------------------------------------------------- */

/* The resting order `later` meets the best order against it; it keeps its place with what is
 * left. The bound of fills is an incoming order's: here it is the number of resting orders. */
static void take_crossed(struct weir_engine *e, uint32_t later) {
    struct weir_exchange *x = &e->x;
    const struct weir_order *o = weir_order_at(&x->orders, later);
    weir_qty all = o->open;
    struct weir_taker taker = {.leg = o->leg,
                               .side = o->side,
                               .limit = o->price,
                               .qty = all,
                               .kind = WEIR_FILL_TRADE,
                               .order = weir_order_name(&x->orders, later),
                               .voluntary = true,
                               .pays_fee = true,
                               .max_fills = INT64_MAX,
                               .one_maker = true};
    struct weir_walk walk;
    x->crossing = later;
    weir_match(x, &taker, &walk);
    x->crossing = WEIR_NO_INDEX;
    if (walk.left > 0 && walk.left < all) weir_order_shrink(x, later, all - walk.left);
    if (walk.left == 0)
        weir_order_forget(x, later);
    else if (walk.stopped != WEIR_OK)
        weir_order_cancel(x, later, walk.stopped);
}

/* While the book is crossed the later order trades at the earlier one's price (R16). */
void weir_uncross(struct weir_engine *e, uint32_t market) {
    struct weir_exchange *x = &e->x;
    for (;;) {
        uint32_t bid = weir_ladder_first(x->books[market].side[WEIR_BUY]);
        uint32_t ask = weir_ladder_first(x->books[market].side[WEIR_SELL]);
        if (bid == WEIR_NO_INDEX || ask == WEIR_NO_INDEX) return;
        const struct weir_order *b = weir_order_at(&x->orders, bid);
        const struct weir_order *a = weir_order_at(&x->orders, ask);
        if (b->price < a->price) return;
        take_crossed(e, b->age > a->age ? bid : ask);
    }
}
