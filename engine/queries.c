/* Answers of queries. Arrays live in the engine's scratch until the next query. */
#include "engine/internal.h"

void *weir_take_scratch(struct weir_engine *e, size_t size) {
    uint32_t at = weir_pool_add(&e->scratch, (uint32_t)((size + 15) & ~(size_t)15));
    WEIR_CHECK(at != WEIR_NO_INDEX);
    return e->scratch.base + at;
}

/* ---- adl ------------------------------------------------------------------------------------- */

/* Those of one side that the ranking takes from, in lq.candidates, unsorted. O(its positions). */
static uint32_t adl_line(struct weir_engine *e, uint32_t market, enum weir_side side,
                         struct weir_adl_candidate **line) {
    enum weir_adl_kind kind = weir_adl_kind_of(e->x.venue->adl_ranking);
    uint32_t n = weir_adl_candidates(&e->lq, market, side, WEIR_NO_INDEX), kept = 0;
    struct weir_adl_candidate *at = WEIR_AT(&e->lq.candidates, struct weir_adl_candidate, 0);
    for (uint32_t i = 0; i < n; i++)
        if (kind != WEIR_ADL_SHARES || at[i].score > 0) at[kept++] = at[i];
    *line = at;
    return kept;
}

static enum weir_reason answer_adl(struct weir_engine *e, const struct weir_command *c) {
    uint32_t market;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    const struct weir_ledger *l = &e->x.ledger;
    struct weir_adl_candidate *line;
    uint32_t n = adl_line(e, market, c->side, &line);
    struct weir_adl_entry *queue = weir_take_scratch(e, (n + 1) * sizeof *queue);
    weir_adl_heap(line, n);
    for (uint32_t i = 0; i < n; i++) {
        weir_adl_pop(line, n - i);
        const struct weir_adl_candidate *at = &line[n - i - 1];
        const struct weir_leg *g = weir_leg_at(l, at->leg);
        queue[i] = (struct weir_adl_entry){weir_account_name(l, g->account),
                                           weir_scope_code(weir_scope_at(l, g->scope)), i + 1,
                                           weir_adl_shown(e->x.venue->adl_ranking, at), at->size};
    }
    weir_emit(&e->x, &(struct weir_event){.kind = WEIR_EV_ADL_STATE,
                                          .adl_state = {market, c->side, n, queue}});
    return WEIR_OK;
}

/* How many lots stand before a position and how many there are tells its light: nothing is
 * sorted. */
static void fill_adl_place(struct weir_engine *e, uint32_t leg, struct weir_position_state *p) {
    struct weir_adl_candidate *line, own;
    if (!weir_adl_candidate_at(&e->x, leg, WEIR_NO_INDEX, &own)) return;
    enum weir_ranking ranking = e->x.venue->adl_ranking;
    if (weir_adl_kind_of(ranking) == WEIR_ADL_SHARES && own.score == 0) return;
    uint32_t n = adl_line(e, p->market, p->qty > 0 ? WEIR_BUY : WEIR_SELL, &line);
    weir_wide all = 0, upto = own.size;
    int64_t rank = 1;
    for (uint32_t i = 0; i < n; i++) {
        all += line[i].size;
        if (!weir_adl_before(&line[i], &own)) continue;
        upto += line[i].size;
        rank++;
    }
    p->adl_rank = (struct weir_maybe){true, rank};
    p->adl_score = (struct weir_maybe){true, weir_adl_shown(ranking, &own)};
    p->adl_light = (struct weir_maybe){true, 6 - (int64_t)weir_div_ceil(5 * upto, all)};
}

/* ---- account --------------------------------------------------------------------------------- */

/* The entry value per lot as a price, floored to the tick: inverse lots are worth V at face * lots
 * over V; a position that was worth nothing has none. */
static struct weir_maybe entry_price(const struct weir_market *m, weir_qty lots,
                                     weir_amount entry_value) {
    if (m->contract == WEIR_LINEAR)
        return (struct weir_maybe){true,
                                   (int64_t)(entry_value / ((weir_wide)lots * m->unit_value))};
    if (entry_value == 0) return (struct weir_maybe){0};
    weir_wide worth = weir_mul3_div2_floor(lots, m->face_units, 1, m->face_divisor, entry_value);
    return (struct weir_maybe){true, weir_saturate(worth)};
}

static void fill_position(struct weir_engine *e, uint32_t leg, struct weir_position_state *p) {
    struct weir_exchange *x = &e->x;
    const struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    const struct weir_scope *s = weir_scope_at(&x->ledger, g->scope);
    const struct weir_market *m = &x->venue->markets[g->market];
    *p = (struct weir_position_state){.market = g->market,
                                      .qty = g->size,
                                      .entry_value = g->entry_value,
                                      .leverage = weir_leg_leverage(x, g),
                                      .in_liquidation = s->queue == WEIR_QUEUE_ACTIVE};
    if (weir_scope_is_isolated(s)) {
        p->mode = WEIR_ISOLATED;
        p->has_isolated_balance = true;
        p->isolated_balance = weir_scope_balance(&x->ledger, g->scope);
    }
    if (g->size == 0) return;
    const struct weir_risk *r = &x->risks[g->market];
    weir_price mark = x->prices[g->market].mark;
    weir_qty lots = weir_abs(g->size);
    struct weir_health h;
    weir_health(x, g->scope, NULL, &h);
    p->entry_price = entry_price(m, lots, g->entry_value);
    p->mark_price = (struct weir_maybe){true, mark};
    p->unrealised_pnl = weir_unrealised(m, mark, g->size, g->entry_value);
    p->notional = weir_value(m, mark, lots);
    p->maintenance_margin = weir_leg_maintenance(x, g, &h);
    p->initial_margin = weir_initial(
        m, r, weir_margin_notional(m, mark, g->size, g->entry_value, lots), p->leverage);
    weir_price price = weir_liquidation_price(x, leg);
    p->liquidation_price = (struct weir_maybe){price != 0, price};
    weir_wide share = weir_bankruptcy_share(x, g, lots, &h);
    p->bankruptcy_price =
        (struct weir_maybe){true, weir_bankruptcy_price(x, g, lots, share, false)};
    fill_adl_place(e, leg, p);
}

/* The cross scope of an asset; one that was never used has nothing. */
static void fill_scope(struct weir_engine *e, uint32_t account, uint32_t asset,
                       struct weir_scope_state *out) {
    const struct weir_exchange *x = &e->x;
    uint32_t scope = weir_cross_find(&x->ledger, account, asset);
    *out = (struct weir_scope_state){.asset = asset};
    if (scope == WEIR_NO_INDEX) return;
    struct weir_health h;
    weir_health(x, scope, NULL, &h);
    *out = (struct weir_scope_state){
        .asset = asset,
        .balance = h.balance,
        .equity = h.equity,
        .initial_margin = h.initial,
        .order_margin = h.order_margin,
        .maintenance_margin = h.maintenance,
        .requirement = h.requirement,
        .available = weir_wide_max(0, weir_available(x, scope) - weir_social_behind(&e->lq, scope)),
        .in_liquidation = weir_scope_at(&x->ledger, scope)->queue == WEIR_QUEUE_ACTIVE,
        .liquidatable = weir_liquidatable(x, &h)};
    out->has_ratio = weir_margin_ratio(&h, &out->margin_ratio);
}

static enum weir_reason answer_account(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    const struct weir_ledger *l = &x->ledger;
    uint32_t account, n = 0, legs = 0;
    enum weir_reason r = weir_find_account(e, &c->account, &account);
    if (r != WEIR_OK) return r;
    for (uint32_t i = weir_account_first_leg(l, account); i != WEIR_NO_INDEX;
         i = weir_leg_at(l, i)->next)
        legs++;
    struct weir_position_state *positions = weir_take_scratch(e, (legs + 1) * sizeof *positions);
    for (uint32_t i = weir_account_first_leg(l, account); i != WEIR_NO_INDEX;
         i = weir_leg_at(l, i)->next) {
        const struct weir_leg *g = weir_leg_at(l, i);
        if (g->size != 0 || weir_scope_is_isolated(weir_scope_at(l, g->scope)))
            fill_position(e, i, &positions[n++]);
    }
    struct weir_scope_state first,
        *scopes = weir_take_scratch(e, x->venue->asset_count * sizeof *scopes);
    fill_scope(e, account, 0, &first);
    struct weir_account_state a = {.account = weir_account_name(l, account),
                                   .balance = first.balance,
                                   .equity = first.equity,
                                   .initial_margin = first.initial_margin,
                                   .order_margin = first.order_margin,
                                   .maintenance_margin = first.maintenance_margin,
                                   .requirement = first.requirement,
                                   .has_ratio = first.has_ratio,
                                   .margin_ratio = first.margin_ratio,
                                   .available = first.available,
                                   .in_liquidation = first.in_liquidation,
                                   .liquidatable = first.liquidatable,
                                   .position_count = n,
                                   .positions = positions,
                                   .scopes = scopes};
    for (uint32_t asset = 1; asset < x->venue->asset_count; asset++)
        if (weir_asset_settles(x->venue, asset))
            fill_scope(e, account, asset, &scopes[a.scope_count++]);
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_ACCOUNT_STATE, .account_state = a});
    return WEIR_OK;
}

/* ---- market, book ---------------------------------------------------------------------------- */

static struct weir_maybe known(int64_t value) {
    return (struct weir_maybe){value != 0, value};
}

static enum weir_reason answer_market(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    uint32_t market;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    const struct weir_price_state *p = &x->prices[market];
    struct weir_market_state s = {
        .market = market,
        .mark = known(p->mark),
        .index = known(p->index),
        .last = known(p->last),
        .best_bid = known(weir_ladder_best(x->books[market].side[WEIR_BUY])),
        .best_ask = known(weir_ladder_best(x->books[market].side[WEIR_SELL])),
        .open_interest = x->ledger.markets[market].open_interest,
        .funding_rate = p->funding_rate,
        .status = weir_status_now(x, market),
        .volume = x->ledger.markets[market].volume};
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_MARKET_STATE, .market_state = s});
    return WEIR_OK;
}

static uint32_t copy_levels(struct weir_ladder *ladder, uint32_t most,
                            struct weir_book_level *out) {
    struct weir_level_view v;
    uint32_t n = 0;
    for (bool any = weir_ladder_first_level(ladder, &v); any && n < most;
         any = weir_ladder_next_level(ladder, &v))
        out[n++] = (struct weir_book_level){v.price, v.qty, v.orders};
    return n;
}

static enum weir_reason answer_book(struct weir_engine *e, const struct weir_command *c) {
    uint32_t market;
    int64_t depth = 1000;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    struct weir_number n = {"depth", &c->depth, &weir_one, 1, 1000, false, &depth};
    if (c->present & WEIR_HAS_DEPTH) r = weir_read_numbers(e, &n, 1);
    if (r != WEIR_OK) return r;
    struct weir_book_level *levels = weir_take_scratch(e, 2 * (size_t)depth * sizeof *levels);
    const struct weir_book *book = &e->x.books[market];
    struct weir_book_state s = {.market = market, .bids = levels, .asks = levels + depth};
    s.bid_count = copy_levels(book->side[WEIR_BUY], (uint32_t)depth, levels);
    s.ask_count = copy_levels(book->side[WEIR_SELL], (uint32_t)depth, levels + depth);
    weir_emit(&e->x, &(struct weir_event){.kind = WEIR_EV_BOOK_STATE, .book_state = s});
    return WEIR_OK;
}

/* ---- fund, auctions, totals ------------------------------------------------------------------ */

static enum weir_reason answer_fund(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    uint32_t fund = 0;
    if (c->present & WEIR_HAS_FUND) fund = weir_venue_fund(x->venue, &c->fund);
    if (fund == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_UNKNOWN_FUND, "the venue has no fund %s", c->fund.text);
    const struct weir_fund *f = &e->lq.funds.fund[fund];
    struct weir_inventory *inventory =
        weir_take_scratch(e, (x->venue->market_count + 1) * sizeof *inventory);
    struct weir_fund_state s = {
        .fund = fund, .cash = f->cash, .equity = weir_fund_equity(x, f), .inventory = inventory};
    for (uint32_t i = weir_account_first_leg(&x->ledger, f->account); i != WEIR_NO_INDEX;
         i = weir_leg_at(&x->ledger, i)->next) {
        const struct weir_leg *g = weir_leg_at(&x->ledger, i);
        if (g->size != 0)
            inventory[s.inventory_count++] = (struct weir_inventory){g->market, g->size};
    }
    weir_fund_drawdown(x, &e->lq.funds, fund, &s.peak, &s.drawdown);
    for (int k = 0; k < WEIR_CAUSE_COUNT; k++) {
        s.received[k] = f->received[k];
        s.paid[k] = f->paid[k];
    }
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_FUND_STATE, .fund_state = s});
    return WEIR_OK;
}

static enum weir_reason answer_auctions(struct weir_engine *e) {
    struct weir_exchange *x = &e->x;
    const struct weir_open_auction *a = NULL;
    uint32_t n = 0, most = 0;
    for (uint64_t k = 0; (a = weir_auction_after(&e->lq, k)) != NULL; k = a->number)
        most++;
    struct weir_auction_state *list = weir_take_scratch(e, (most + 1) * sizeof *list);
    for (uint64_t k = 0; (a = weir_auction_after(&e->lq, k)) != NULL; k = a->number)
        list[n++] = (struct weir_auction_state){a->number, a->market, a->side,
                                                weir_auction_lots(&e->lq, a), a->closes_at};
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_AUCTIONS_STATE, .auctions_state = {n, list}});
    return WEIR_OK;
}

static enum weir_reason answer_totals(struct weir_engine *e) {
    struct weir_exchange *x = &e->x;
    const struct weir_venue *v = x->venue;
    struct weir_asset_totals *assets = weir_take_scratch(e, v->asset_count * sizeof *assets);
    weir_qty *interest = weir_take_scratch(e, v->market_count * sizeof *interest);
    struct weir_totals_state s = {.assets = assets,
                                  .open_interest = interest,
                                  .queue = e->lq.members.count,
                                  .conserved = true};
    for (uint32_t a = 0; a < v->asset_count; a++) {
        const struct weir_asset_ledger *l = &x->ledger.assets[a];
        assets[a] = (struct weir_asset_totals){.balances = l->balances,
                                               .entry_values = l->entry_values,
                                               .fees = l->fees,
                                               .deposits = l->deposits,
                                               .withdrawals = l->withdrawals};
    }
    for (uint32_t i = 0; i < e->lq.funds.count; i++) {
        assets[v->funds[i].asset].fund += e->lq.funds.fund[i].cash;
        assets[v->funds[i].asset].seeds += e->lq.funds.fund[i].net_seeds;
    }
    for (uint32_t m = 0; m < v->market_count; m++) {
        interest[m] = x->ledger.markets[m].open_interest;
        assets[v->markets[m].asset].loss_pool += x->ledger.markets[m].pool;
        s.conserved &= interest[m] == x->ledger.markets[m].short_interest;
    }
    for (uint32_t a = 0; a < v->asset_count; a++)
        s.conserved &= weir_ledger_imbalance(&x->ledger, a, assets[a].fund, assets[a].seeds) == 0;
    s.state_hash = weir_engine_digest(e);
    weir_emit(x, &(struct weir_event){.kind = WEIR_EV_TOTALS, .totals_state = s});
    return WEIR_OK;
}

/* ---- liquidation_map ------------------------------------------------------------------------- */

enum weir_reason weir_answer(struct weir_engine *e, const struct weir_command *c) {
    weir_pool_clear(&e->scratch);
    switch ((enum weir_query)c->what) {
    case WEIR_Q_ACCOUNT:
        return answer_account(e, c);
    case WEIR_Q_MARKET:
        return answer_market(e, c);
    case WEIR_Q_BOOK:
        return answer_book(e, c);
    case WEIR_Q_FUND:
        return answer_fund(e, c);
    case WEIR_Q_AUCTIONS:
        return answer_auctions(e);
    case WEIR_Q_ADL:
        return answer_adl(e, c);
    case WEIR_Q_LIQUIDATION_MAP:
        return weir_answer_map(e, c);
    case WEIR_Q_TOTALS:
        return answer_totals(e);
    }
    return weir_deny(e, WEIR_R_INVALID, "unknown query");
}
