/* Answers of queries. */
#include "reference/twin.h"

#include <stdlib.h>

static struct weir_maybe known(wide x) {
    return (struct weir_maybe){true, weir_saturate(x)};
}

static void adl_place(struct twin *t, struct account *a, int m, struct weir_position_state *out) {
    struct ranked *line;
    int count = weir_twin_rank(t, m, a->at[m].s > 0 ? 1 : -1, NULL, NULL, &line);
    wide all = 0, up_to = 0;
    for (int i = 0; i < count; i++)
        all += line[i].size;
    for (int i = 0; i < count; i++) {
        up_to += line[i].size;
        if (line[i].account != a) continue;
        out->adl_rank = known(i + 1);
        out->adl_light = known(6 - weir_twin_div('c', 5, up_to, 1, all, 1));
        out->adl_score = known(line[i].shown);
    }
    free(line);
}

/* Entry value per lot as a price, floored to the tick; an inverse position of no value has none. */
static struct weir_maybe entry_price(const struct twin *t, int m, int64_t size, wide v) {
    if (t->m[m].c->contract == WEIR_LINEAR) return known(v / weir_twin_value(t, m, 1, size));
    if (v == 0) return (struct weir_maybe){0};
    return known(weir_twin_price_worth(t, m, 'f', size, v));
}

static void position_state(struct twin *t, struct account *a, int m,
                           struct weir_position_state *out) {
    const struct position *p = &a->at[m];
    struct scope *s = weir_twin_scope(t, a, m);
    int64_t size = weir_abs(p->s);
    *out = (struct weir_position_state){.market = (uint32_t)m, .qty = p->s, .mode = p->mode};
    out->leverage = weir_twin_leverage(t, a, m);
    out->has_isolated_balance = p->mode == WEIR_ISOLATED;
    if (out->has_isolated_balance) out->isolated_balance = s->balance;
    out->in_liquidation = s->queue == QUEUE_LIQUIDATING;
    if (p->s == 0) return;
    out->entry_value = weir_saturate(p->v);
    out->entry_price = entry_price(t, m, size, p->v);
    out->mark_price = known(t->m[m].mark);
    out->unrealised_pnl = weir_twin_upnl(t, m, p->s, p->v);
    out->notional = weir_twin_value(t, m, t->m[m].mark, size);
    out->maintenance_margin = weir_twin_mm(t, a, m, size, p->v);
    out->initial_margin = weir_twin_im(t, a, m, size);
    out->liquidation_price = weir_twin_liquidation_price(t, s, m);
    wide share = weir_twin_share(t, s, m, size, weir_twin_eval(t, s).equity);
    out->bankruptcy_price = known(weir_twin_bankruptcy(t, a, m, size, share, false));
    adl_place(t, a, m, out);
}

static struct weir_scope_state cross_state(struct twin *t, struct scope *s) {
    struct value v = weir_twin_eval(t, s);
    struct weir_scope_state x = {.asset = (uint32_t)(-1 - s->market),
                                 .balance = s->balance,
                                 .equity = v.equity,
                                 .initial_margin = v.im,
                                 .order_margin = weir_twin_order_margin(t, s),
                                 .maintenance_margin = v.mm,
                                 .requirement = v.req,
                                 .has_ratio = v.equity > 0,
                                 .in_liquidation = s->queue == QUEUE_LIQUIDATING,
                                 .liquidatable = weir_twin_liquidatable(t, s)};
    if (x.has_ratio) x.margin_ratio = weir_twin_div('c', v.req, WEIR_PPB, 1, v.equity, 1);
    if (!x.in_liquidation && !v.stale_leg)
        x.available = weir_wide_max(0, weir_twin_withdrawable(t, s));
    return x;
}

static enum weir_reason account_state(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    for (int f = 0; !a && f < t->funds; f++)
        if (weir_name_equal(&t->fund[f].account->name, &c->account)) a = t->fund[f].account;
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    struct weir_event e = {.kind = WEIR_EV_ACCOUNT_STATE};
    struct weir_account_state *out = &e.account_state;
    struct weir_scope_state cross = cross_state(t, &a->cross[0]), further[WEIR_ASSETS_MAX];
    out->account = &a->name;
    out->balance = cross.balance;
    out->equity = cross.equity;
    out->initial_margin = cross.initial_margin;
    out->order_margin = cross.order_margin;
    out->maintenance_margin = cross.maintenance_margin;
    out->requirement = cross.requirement;
    out->has_ratio = cross.has_ratio;
    out->margin_ratio = cross.margin_ratio;
    out->available = cross.available;
    out->in_liquidation = cross.in_liquidation;
    out->liquidatable = cross.liquidatable;
    for (uint32_t i = 1; i < t->v->asset_count; i++)
        if (weir_twin_settles(t, i)) further[out->scope_count++] = cross_state(t, &a->cross[i]);
    out->scopes = further;
    struct weir_position_state *list = calloc((size_t)t->markets, sizeof *list);
    for (int m = 0; m < t->markets; m++)
        if (a->at[m].s != 0 || a->at[m].mode == WEIR_ISOLATED)
            position_state(t, a, m, &list[out->position_count++]);
    out->positions = list;
    weir_twin_emit(t, &e);
    free(list);
    return WEIR_OK;
}

static void market_state(struct twin *t, int m) {
    const struct market *k = &t->m[m];
    struct weir_event e = {.kind = WEIR_EV_MARKET_STATE};
    struct weir_market_state *out = &e.market_state;
    out->market = (uint32_t)m;
    out->mark = (struct weir_maybe){k->mark != 0, k->mark};
    out->index = (struct weir_maybe){k->index != 0, k->index};
    out->last = (struct weir_maybe){k->last != 0, k->last};
    if (k->book_count[WEIR_BUY] > 0) out->best_bid = known(k->book[WEIR_BUY][0]->price);
    if (k->book_count[WEIR_SELL] > 0) out->best_ask = known(k->book[WEIR_SELL][0]->price);
    out->open_interest = weir_twin_open_interest(t, m);
    out->funding_rate = k->funding_rate;
    out->status = k->phase == PHASE_OPEN ? k->status : WEIR_STATUS_HALTED;
    out->volume = k->volume;
    weir_twin_emit(t, &e);
}

static uint32_t levels(const struct market *k, int side, uint32_t depth,
                       struct weir_book_level *out) {
    uint32_t n = 0;
    for (int i = 0; i < k->book_count[side]; i++) {
        const struct order *o = k->book[side][i];
        if (n == 0 || out[n - 1].price != o->price) {
            if (n == depth) break;
            out[n++] = (struct weir_book_level){.price = o->price};
        }
        out[n - 1].qty += o->open;
        out[n - 1].orders++;
    }
    return n;
}

static enum weir_reason book_state(struct twin *t, const struct weir_command *c, int m) {
    const struct market *k = &t->m[m];
    struct weir_decimal one = weir_decimal_power(0);
    struct fields f = {0};
    int64_t depth = 1000;
    if (c->present & WEIR_HAS_DEPTH) {
        depth = weir_twin_units(&f, &c->depth, &one, 1, 1000);
        if (f.precision) return WEIR_R_PRECISION;
        if (f.range || f.overflow) return WEIR_R_RANGE;
    }
    struct weir_event e = {.kind = WEIR_EV_BOOK_STATE};
    struct weir_book_level *bids = calloc((size_t)k->book_count[WEIR_BUY] + 1, sizeof *bids);
    struct weir_book_level *asks = calloc((size_t)k->book_count[WEIR_SELL] + 1, sizeof *asks);
    e.book_state.market = (uint32_t)m;
    e.book_state.bid_count = levels(k, WEIR_BUY, (uint32_t)depth, bids);
    e.book_state.ask_count = levels(k, WEIR_SELL, (uint32_t)depth, asks);
    e.book_state.bids = bids;
    e.book_state.asks = asks;
    weir_twin_emit(t, &e);
    free(bids);
    free(asks);
    return WEIR_OK;
}

static enum weir_reason fund_state(struct twin *t, const struct weir_command *c) {
    int i = c->present & WEIR_HAS_FUND ? weir_twin_find_fund(t, &c->fund) : 0;
    if (i < 0) return WEIR_R_UNKNOWN_FUND;
    const struct fund *f = &t->fund[i];
    struct sample present, peak;
    int64_t drawdown;
    weir_twin_fund_present(t, f, &present, &peak, &drawdown);
    struct weir_event e = {.kind = WEIR_EV_FUND_STATE};
    struct weir_fund_state *out = &e.fund_state;
    struct weir_inventory *list = calloc((size_t)t->markets, sizeof *list);
    out->fund = (uint32_t)i;
    out->cash = f->cash;
    out->equity = present.equity;
    out->peak = peak.pnl;
    out->drawdown = drawdown;
    for (int m = 0; m < t->markets; m++)
        if (f->account->at[m].s != 0)
            list[out->inventory_count++] =
                (struct weir_inventory){(uint32_t)m, f->account->at[m].s};
    out->inventory = list;
    for (int x = 0; x < WEIR_CAUSE_COUNT; x++) {
        out->received[x] = f->received[x];
        out->paid[x] = f->paid[x];
    }
    weir_twin_emit(t, &e);
    free(list);
    return WEIR_OK;
}

static void auctions_state(struct twin *t) {
    struct weir_auction_state *list = calloc((size_t)t->auction_count + 1, sizeof *list);
    for (int i = 0; i < t->auction_count; i++) { /* they stand by number */
        const struct auction *u = &t->auctions[i];
        list[i] = (struct weir_auction_state){.auction = u->number,
                                              .market = (uint32_t)u->m,
                                              .side = u->side,
                                              .closes_at = u->closes_at};
        for (int j = 0; j < u->offer_count; j++)
            list[i].qty += u->offers[j].qty;
    }
    struct weir_event e = {.kind = WEIR_EV_AUCTIONS_STATE};
    e.auctions_state.count = (uint32_t)t->auction_count;
    e.auctions_state.auctions = list;
    weir_twin_emit(t, &e);
    free(list);
}

static void adl_state(struct twin *t, int m, enum weir_side side) {
    struct ranked *line;
    int count = weir_twin_rank(t, m, side == WEIR_BUY ? 1 : -1, NULL, NULL, &line);
    struct weir_adl_entry *list = calloc((size_t)count + 1, sizeof *list);
    for (int i = 0; i < count; i++) {
        const struct account *a = line[i].account;
        list[i] = (struct weir_adl_entry){
            .account = &a->name,
            .scope_market = (uint32_t)weir_twin_scope(t, line[i].account, m)->market,
            .rank = i + 1,
            .score = weir_saturate(line[i].shown),
            .qty = line[i].size};
    }
    struct weir_event e = {.kind = WEIR_EV_ADL_STATE};
    e.adl_state.market = (uint32_t)m;
    e.adl_state.side = side;
    e.adl_state.count = (uint32_t)count;
    e.adl_state.queue = list;
    weir_twin_emit(t, &e);
    free(list);
    free(line);
}

static int by_price(const void *a, const void *b) {
    const struct weir_map_bucket *x = a, *y = b;
    return x->price < y->price ? -1 : x->price > y->price;
}

static void liquidation_map(struct twin *t, int m) {
    int64_t width = weir_max(1, t->m[m].mark / 200);
    struct weir_map_bucket *list = calloc((size_t)weir_twin_accounts(t) + 1, sizeof *list);
    uint32_t count = 0;
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        int64_t s = a->at[m].s;
        if (s == 0) continue;
        struct weir_maybe p = weir_twin_liquidation_price(t, weir_twin_scope(t, a, m), m);
        wide notional = weir_twin_value(t, m, t->m[m].mark, weir_abs(s));
        if (!p.known || notional == 0) continue;
        int64_t price = p.value / width * width;
        uint32_t j = 0;
        while (j < count && list[j].price != price)
            j++;
        if (j == count) list[count++] = (struct weir_map_bucket){.price = price};
        *(s > 0 ? &list[j].long_notional : &list[j].short_notional) += notional;
    }
    qsort(list, count, sizeof *list, by_price);
    struct weir_event e = {.kind = WEIR_EV_LIQUIDATION_MAP};
    e.map_state.market = (uint32_t)m;
    e.map_state.count = count;
    e.map_state.buckets = list;
    weir_twin_emit(t, &e);
    free(list);
}

static void count_queue(struct twin *t, struct scope *s, void *x) {
    (void)t;
    *(uint64_t *)x += s->queue != QUEUE_NONE;
}

static void totals(struct twin *t) {
    struct weir_asset_totals assets[WEIR_ASSETS_MAX] = {0};
    weir_qty *interest = calloc((size_t)t->markets, sizeof *interest);
    struct weir_event e = {.kind = WEIR_EV_TOTALS};
    e.totals_state.conserved = weir_twin_conserved(t, assets);
    e.totals_state.assets = assets;
    for (int m = 0; m < t->markets; m++)
        interest[m] = weir_twin_open_interest(t, m);
    e.totals_state.open_interest = interest;
    weir_twin_each_scope(t, count_queue, &e.totals_state.queue);
    e.totals_state.state_hash = weir_twin_digest(t);
    weir_twin_emit(t, &e);
    free(interest);
}

enum weir_reason weir_twin_query(struct twin *t, const struct weir_command *c) {
    enum weir_query what = (enum weir_query)c->what;
    int m = 0;
    if (what == WEIR_Q_MARKET || what == WEIR_Q_BOOK || what == WEIR_Q_ADL ||
        what == WEIR_Q_LIQUIDATION_MAP) {
        m = weir_twin_find_market(t, &c->market);
        if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    }
    switch (what) {
    case WEIR_Q_ACCOUNT:
        return account_state(t, c);
    case WEIR_Q_BOOK:
        return book_state(t, c, m);
    case WEIR_Q_FUND:
        return fund_state(t, c);
    case WEIR_Q_MARKET:
        market_state(t, m);
        break;
    case WEIR_Q_AUCTIONS:
        auctions_state(t);
        break;
    case WEIR_Q_ADL:
        adl_state(t, m, c->side);
        break;
    case WEIR_Q_LIQUIDATION_MAP:
        liquidation_map(t, m);
        break;
    case WEIR_Q_TOTALS:
    default:
        totals(t);
        break;
    }
    return WEIR_OK;
}
