/* Auctions: offering, bids, the uniform close (R26). */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>

/* How many of `lots` may go on offer now: at most max_open_notional at mark among the markets of
 * its settlement asset, but the first lot where none is on offer always. */
int64_t weir_twin_room(const struct twin *t, int m, int64_t lots) {
    wide open = 0, on_offer = 0;
    if (t->v->auction_max_open_notional == WEIR_NONE) return lots;
    for (int i = 0; i < t->auction_count; i++)
        for (int j = 0; j < t->auctions[i].offer_count; j++) {
            const struct auction *u = &t->auctions[i];
            if (t->m[u->m].c->asset != t->m[m].c->asset) continue;
            on_offer += u->offers[j].qty;
            open += weir_twin_value(t, u->m, t->m[u->m].mark, u->offers[j].qty);
        }
    wide most = weir_twin_amount_in(t, m, t->v->auction_max_open_notional);
    wide fit = weir_twin_lots_within(t, m, t->m[m].mark, most - open);
    if (on_offer == 0 && fit < 1) fit = 1;
    return (int64_t)weir_wide_min(fit, lots);
}

/* The furthest price from mark that the fund subsidises in auctions and backstops (R31). */
int64_t weir_twin_furthest(const struct twin *t, int m, enum weir_side side) {
    const struct market *k = &t->m[m];
    int64_t subsidy = weir_twin_fund_of(t, m)->c->max_subsidy;
    if (subsidy == WEIR_NONE) return side == WEIR_SELL ? 1 : k->c->max_price;
    wide d = weir_twin_div('f', k->mark, subsidy, 1, WEIR_PPB, 1);
    wide p = side == WEIR_SELL ? k->mark - d : k->mark + d;
    return p < 1 ? 1 : p > k->c->max_price ? k->c->max_price : (int64_t)p;
}

static struct auction *open_auction(struct twin *t, int m, enum weir_side side, bool *fresh) {
    bool own = t->v->auction_format == WEIR_AUCTION_DUTCH; /* one for each scope's lots */
    *fresh = false;
    for (int i = 0; !own && i < t->auction_count; i++)
        if (t->auctions[i].m == m && t->auctions[i].side == side) return &t->auctions[i];
    t->auctions = weir_twin_grow(t->auctions, t->auction_count, sizeof *t->auctions);
    struct auction *u = &t->auctions[t->auction_count++];
    int64_t interval = t->v->auction_interval;
    *u = (struct auction){.number = ++t->auction_number,
                          .m = m,
                          .side = side,
                          .restart_at = WEIR_NONE,
                          .closes_at = t->now - t->now % interval + interval};
    *fresh = true;
    return u;
}

void weir_twin_auction_step(struct twin *t, struct scope *s, int m) {
    struct position *p = &s->account->at[m];
    enum weir_side side = p->s > 0 ? WEIR_SELL : WEIR_BUY;
    int64_t lots = weir_twin_room(t, m, weir_abs(p->s) - p->parked);
    if (lots == 0) return;
    wide share = weir_twin_share(t, s, m, lots, weir_twin_eval(t, s).equity), promised = 0;
    if (share < 0) {
        int64_t from = weir_twin_bankruptcy(t, s->account, m, lots, share, false);
        wide want = weir_twin_worse(t, m, side, from, weir_twin_furthest(t, m, side), lots);
        promised = weir_twin_grant(t, m, s->account, want);
    }
    weir_twin_fund_of(t, m)->promised += promised;
    p->parked += lots;
    bool fresh;
    struct auction *u = open_auction(t, m, side, &fresh);
    u->offers = weir_twin_grow(u->offers, u->offer_count, sizeof *u->offers);
    u->offers[u->offer_count++] =
        (struct offer){.scope = s, .qty = lots, .left = lots, .promised = promised};
    if (t->v->auction_format == WEIR_AUCTION_DUTCH) weir_twin_dutch_start(t, u);
    struct weir_event e = {.kind = fresh ? WEIR_EV_AUCTION_OPENED : WEIR_EV_AUCTION_JOINED};
    e.auction_opened.auction = u->number;
    e.auction_opened.market = (uint32_t)m;
    e.auction_opened.side = side;
    e.auction_opened.qty = lots;
    e.auction_opened.closes_at = u->closes_at;
    weir_twin_emit(t, &e);
}

/* ---- Bids ------------------------------------------------------------------------------------ */
/* The bids of a scope that enters liquidation, in order of arrival. */
void weir_twin_drop_bids(struct twin *t, struct scope *s) {
    for (;;) {
        struct auction *from = NULL;
        int first = -1;
        for (int i = 0; i < t->auction_count; i++) {
            struct auction *u = &t->auctions[i];
            for (int j = 0; j < u->bid_count; j++) {
                const struct bid *b = &u->bids[j];
                if (b->account != s->account || weir_twin_scope(t, b->account, u->m) != s) continue;
                if (from && from->bids[first].age <= b->age) continue;
                from = u;
                first = j;
            }
        }
        if (!from) return;
        struct bid b = from->bids[first];
        from->bid_count--;
        for (int j = first; j < from->bid_count; j++)
            from->bids[j] = from->bids[j + 1];
        struct order o = {.account = b.account, .m = from->m, .id = b.id, .open = b.qty};
        weir_twin_cancelled(t, &o, WEIR_C_LIQUIDATION);
    }
}

static int64_t count_bids(const struct twin *t, const struct account *a, int m) {
    int64_t n = 0;
    for (int i = 0; i < t->auction_count; i++)
        for (int j = 0; t->auctions[i].m == m && j < t->auctions[i].bid_count; j++)
            n += t->auctions[i].bids[j].account == a;
    return n;
}

static enum weir_reason check_bid(struct twin *t, const struct auction *u, const struct order *o) {
    const struct market *k = &t->m[u->m];
    bool buy = o->side == WEIR_BUY, only_own = true;
    if (weir_twin_bound_broken(t, o->account, o->m, o->account->at[o->m].s, buy ? o->open : 0,
                               buy ? 0 : o->open))
        return WEIR_R_OVERFLOW;
    if (weir_twin_scope(t, o->account, o->m)->queue == QUEUE_LIQUIDATING)
        return WEIR_R_IN_LIQUIDATION;
    bool raises = weir_twin_raises(t, o), opens = weir_twin_opens(t, o);
    if (k->status == WEIR_STATUS_HALTED) return WEIR_R_STATUS;
    if (k->status == WEIR_STATUS_REDUCE_ONLY && opens) return WEIR_R_STATUS;
    if (k->stale && opens) return WEIR_R_STALE;
    if (o->open < t->v->auction_min_bid_lots) return WEIR_R_MIN_SIZE;
    if (count_bids(t, o->account, o->m) >= k->c->max_open_orders) return WEIR_R_ORDER_LIMIT;
    if (weir_twin_outside_band(t, o->m, o->side, o->price)) return WEIR_R_BAND;
    enum weir_reason r = raises ? weir_twin_check_limits(t, o) : WEIR_OK;
    if (r == WEIR_OK) r = weir_twin_check_margin(t, o, o->open, o->price, 0);
    if (r != WEIR_OK) return r;
    for (int i = 0; i < u->offer_count; i++)
        if (!weir_twin_same_owner(u->offers[i].scope->account, o->account)) only_own = false;
    return only_own ? WEIR_R_NOT_ALLOWED : WEIR_OK;
}

enum weir_reason weir_twin_bid(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    struct fields f = {0};
    struct weir_decimal one = weir_decimal_power(0);
    struct auction *u = NULL;
    int64_t number = 0;
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (weir_decimal_units(&c->auction, &one, &number) == WEIR_EXACT_OK)
        for (int i = 0; i < t->auction_count; i++)
            if (number > 0 && t->auctions[i].number == (uint64_t)number) u = &t->auctions[i];
    if (!u) return WEIR_R_UNKNOWN_AUCTION;
    if (weir_twin_id_taken(t, a, &c->id)) return WEIR_R_DUPLICATE;
    const struct market *k = &t->m[u->m];
    struct order o = {.account = a,
                      .m = u->m,
                      .id = c->id,
                      .type = WEIR_LIMIT,
                      .side = u->side == WEIR_SELL ? WEIR_BUY : WEIR_SELL};
    o.open = weir_twin_units(&f, &c->qty, &k->c->lot, 1, INT64_MAX);
    o.price = weir_twin_units(&f, &c->price, &k->c->tick, 1, k->c->max_price);
    if (weir_twin_too_many(t, u->m, o.open)) f.overflow = true;
    enum weir_reason r = weir_twin_fields(&f);
    if (r == WEIR_OK && t->v->auction_format == WEIR_AUCTION_DUTCH)
        return weir_twin_dutch_bid(t, c, u, &o);
    if (r == WEIR_OK) r = check_bid(t, u, &o);
    if (r != WEIR_OK) return r;
    weir_twin_accepted(t, c);
    u->bids = weir_twin_grow(u->bids, u->bid_count, sizeof *u->bids);
    u->bids[u->bid_count++] = (struct bid){.account = a,
                                           .id = c->id,
                                           .qty = o.open,
                                           .price = o.price,
                                           .m0 = k->mark,
                                           .left = o.open,
                                           .age = ++t->age};
    return WEIR_OK;
}

/* ---- The close ------------------------------------------------------------------------------- */
struct pair {
    struct bid *bid;
    struct offer *offer;
    int64_t qty;
};

void weir_twin_reserve(struct twin *t, const struct auction *u, struct offer *o) {
    struct scope *s = o->scope;
    wide share = weir_twin_share(t, s, u->m, o->qty, weir_twin_eval(t, s).equity);
    o->bankruptcy = weir_twin_bankruptcy(t, s->account, u->m, o->qty, share, false);
    o->reserve = o->bankruptcy;
    if (share >= 0) return;
    int64_t furthest = weir_twin_furthest(t, u->m, u->side);
    wide extended = furthest;
    int sign = u->side == WEIR_SELL ? 1 : -1;
    if (weir_twin_fund_of(t, u->m)->c->payout == WEIR_PAYOUT_PARTIAL)
        extended = weir_twin_extended(t, u->m, u->side, o->bankruptcy, o->qty, o->promised);
    if (sign * (furthest - extended) > 0) extended = furthest;
    if (sign * (o->bankruptcy - extended) > 0) o->reserve = (int64_t)extended;
}

/* Lowest first: best for whom a sell order stands against. */
static int order_of(int64_t a, int64_t b, bool ascending) {
    int c = a < b ? -1 : a > b;
    return ascending ? c : -c;
}

static int sorted_bids(struct auction *u, struct bid **out) {
    for (int i = 0; i < u->bid_count; i++) {
        int j = i;
        for (; j > 0 && order_of(u->bids[i].price, out[j - 1]->price, u->side == WEIR_BUY) < 0; j--)
            out[j] = out[j - 1];
        out[j] = &u->bids[i];
    }
    return u->bid_count;
}

static int sorted_offers(struct auction *u, struct offer **out) {
    int n = 0;
    for (int i = 0; i < u->offer_count; i++) {
        struct offer *o = &u->offers[i];
        if (o->taken_back) continue;
        int j = n++;
        for (; j > 0 && order_of(o->reserve, out[j - 1]->reserve, u->side == WEIR_SELL) < 0; j--)
            out[j] = out[j - 1];
        out[j] = o;
    }
    return n;
}

/* Best bids, each taking lots best reserve first, its owner's left out. */
static int pair_up(struct auction *u, struct pair *pairs) {
    struct bid **bids = calloc((size_t)u->bid_count + 1, sizeof(struct bid *));
    struct offer **offers = calloc((size_t)u->offer_count + 1, sizeof(struct offer *));
    int nb = sorted_bids(u, bids), no = sorted_offers(u, offers), n = 0;
    for (int i = 0; i < nb; i++)
        for (int j = 0; j < no && bids[i]->left > 0; j++) {
            bool crosses = u->side == WEIR_SELL ? bids[i]->price >= offers[j]->reserve
                                                : bids[i]->price <= offers[j]->reserve;
            int64_t qty = weir_min(bids[i]->left, offers[j]->left);
            if (!crosses || qty == 0 ||
                weir_twin_same_owner(bids[i]->account, offers[j]->scope->account))
                continue;
            bids[i]->left -= qty;
            offers[j]->left -= qty;
            pairs[n++] = (struct pair){bids[i], offers[j], qty};
        }
    free(bids);
    free(offers);
    return n;
}

/* The one price of all winners; 0: paid as bid. */
static int64_t uniform_price(const struct twin *t, const struct auction *u,
                             const struct pair *pairs, int count) {
    wide offered = 0, bid = 0;
    for (int i = 0; i < u->offer_count; i++)
        if (!u->offers[i].taken_back) offered += u->offers[i].qty;
    for (int i = 0; i < u->bid_count; i++)
        bid += u->bids[i].qty;
    if (bid < offered || count == 0) return 0;
    if (t->v->auction_format == WEIR_AUCTION_PAY_AS_BID) return 0;
    bool sell = u->side == WEIR_SELL;
    int64_t worst = pairs[0].bid->price, refused = 0;
    for (int i = 1; i < count; i++)
        worst = sell ? weir_min(worst, pairs[i].bid->price) : weir_max(worst, pairs[i].bid->price);
    for (int i = 0; i < u->bid_count; i++) {
        int64_t p = u->bids[i].price;
        if (u->bids[i].left > 0)
            refused = refused == 0 ? p : sell ? weir_max(refused, p) : weir_min(refused, p);
    }
    return t->v->auction_price == WEIR_HIGHEST_REJECTED && refused > 0 ? refused : worst;
}

void weir_twin_sell_lots(struct twin *t, const struct auction *u, struct offer *o,
                         struct account *bidder, int64_t qty, int64_t price) {
    wide worse = weir_twin_worse(t, u->m, u->side, o->bankruptcy, price, qty), profit;
    struct fill f = {.m = u->m,
                     .price = price,
                     .qty = qty,
                     .taker = o->scope->account,
                     .maker = bidder,
                     .taker_side = u->side,
                     .kind = WEIR_FILL_AUCTION};
    weir_twin_fill(t, &f, &profit);
    wide value = weir_twin_value(t, u->m, price, qty);
    weir_twin_note_closed(o->scope, u->m, WEIR_BY_AUCTION, value, profit);
    o->value += value;
    o->improvement -= worse;
    if (worse <= 0) return;
    o->promised -= worse;
    weir_twin_fund_of(t, u->m)->promised -= worse;
    weir_twin_pay_gap(t, u->m, o->scope, worse);
}

static void sell_pair(struct twin *t, struct auction *u, const struct pair *x, int64_t uniform) {
    struct offer *o = x->offer;
    int64_t lo = weir_min(o->reserve, x->bid->price), hi = weir_max(o->reserve, x->bid->price);
    int64_t price = uniform ? weir_clamp(uniform, lo, hi) : x->bid->price;
    wide gap = weir_wide_max(0, weir_twin_worse(t, u->m, u->side, o->bankruptcy, price, x->qty));
    if (gap > o->promised) o->ended = true;
    if (o->ended)
        o->left += x->qty;
    else
        weir_twin_sell_lots(t, u, o, x->bid->account, x->qty, price);
}

static void closed_event(struct twin *t, const struct auction *u, const struct pair *pairs,
                         int count, int64_t uniform) {
    struct weir_event e = {.kind = WEIR_EV_AUCTION_CLOSED};
    bool same = true;
    e.auction_closed.auction = u->number;
    e.auction_closed.market = (uint32_t)u->m;
    for (int i = 0; i < u->offer_count; i++) {
        const struct offer *o = &u->offers[i];
        if (o->taken_back) continue;
        e.auction_closed.allotted += o->qty - o->left;
        e.auction_closed.unsold += o->left;
    }
    int64_t price = 0;
    for (int i = 0; i < count; i++) {
        const struct offer *o = pairs[i].offer;
        int64_t bid = pairs[i].bid->price, p = bid;
        if (pairs[i].qty == 0) continue; /* its lot had ended */
        if (uniform) p = weir_clamp(uniform, weir_min(o->reserve, bid), weir_max(o->reserve, bid));
        if (price != 0 && p != price) same = false;
        price = p;
    }
    e.auction_closed.price = (struct weir_maybe){price != 0 && same, price};
    weir_twin_emit(t, &e);
}

/* Lots whose scope meets R25's test go back; the others get their reserve. */
static void prepare(struct twin *t, struct auction *u) {
    struct fund *f = weir_twin_fund_of(t, u->m);
    for (int i = 0; i < u->offer_count; i++) {
        struct offer *o = &u->offers[i];
        o->taken_back = weir_twin_restored(t, o->scope);
        if (o->taken_back)
            f->promised -= o->promised;
        else
            weir_twin_reserve(t, u, o);
    }
    for (int i = 0; i < u->offer_count; i++)
        u->offers[i].scope->account->at[u->m].parked -= u->offers[i].qty;
}

static void finish(struct twin *t, struct auction *u) {
    for (int i = 0; i < u->offer_count; i++) {
        struct offer *o = &u->offers[i];
        struct position *p = &o->scope->account->at[u->m];
        if (!o->taken_back && o->left > 0 && p->s != 0 && p->stage == STAGE_AUCTION)
            weir_twin_leave(t, o->scope, u->m, STAGE_BACKSTOP);
    }
    for (int i = 0; i < u->offer_count; i++) {
        struct offer *o = &u->offers[i];
        if (o->taken_back || o->scope->queue != QUEUE_LIQUIDATING) continue;
        if (weir_twin_flat(t, o->scope)) o->scope->flat_order = ++t->flat_order;
        weir_twin_after_step(t, o->scope);
    }
}

struct auction weir_twin_auction_out(struct twin *t, int idx) {
    struct auction u = t->auctions[idx];
    int rest = t->auction_count - idx - 1;
    memmove(&t->auctions[idx], &t->auctions[idx + 1], (size_t)rest * sizeof u);
    t->auction_count--;
    return u;
}

void weir_twin_auction_drop(struct twin *t, int idx) {
    if (t->v->auction_format == WEIR_AUCTION_DUTCH) {
        weir_twin_dutch_close(t, idx, true);
        return;
    }
    struct auction u = weir_twin_auction_out(t, idx);
    for (int i = 0; i < u.offer_count; i++) {
        struct offer *o = &u.offers[i];
        o->left = o->qty;
        o->scope->account->at[u.m].parked -= o->qty;
        weir_twin_fund_of(t, u.m)->promised -= o->promised;
    }
    closed_event(t, &u, NULL, 0, 0);
    free(u.offers);
    free(u.bids);
}

static void close_sealed(struct twin *t, int idx) {
    struct auction u = weir_twin_auction_out(t, idx);
    memset(t->step_gap, 0, sizeof t->step_gap);
    struct pair *pairs = calloc((size_t)u.bid_count * (size_t)u.offer_count + 1, sizeof *pairs);
    int count = 0;
    prepare(t, &u);
    if (!weir_twin_closed_market(t, u.m)) count = pair_up(&u, pairs);
    int64_t uniform = uniform_price(t, &u, pairs, count);
    for (int i = 0; i < count; i++) {
        sell_pair(t, &u, &pairs[i], uniform);
        if (pairs[i].offer->ended) pairs[i].qty = 0;
    }
    struct fund *f = weir_twin_fund_of(t, u.m);
    for (int i = 0; i < u.offer_count; i++) {
        struct offer *o = &u.offers[i];
        if (o->taken_back) continue;
        f->promised -= o->promised;
        weir_twin_liquidation_fee(t, o->scope, u.m, o->value, o->improvement);
    }
    closed_event(t, &u, pairs, count, uniform);
    finish(t, &u);
    free(pairs);
    free(u.offers);
    free(u.bids);
}

void weir_twin_auction_timer(struct twin *t, int idx) {
    if (t->v->auction_format == WEIR_AUCTION_DUTCH)
        weir_twin_dutch_due(t, idx);
    else
        close_sealed(t, idx);
}
