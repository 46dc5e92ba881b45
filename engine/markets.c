/* Commands about markets: prices, status, risk parameters, block trades. */
#include "engine/internal.h"

#include <string.h>

#define RATE_MAX (WEIR_PPB * WEIR_PPB) /* of bands and caps */

static const struct weir_name default_source = {"default"};

enum weir_reason weir_on_index(struct weir_engine *e, const struct weir_command *c) {
    uint32_t market;
    weir_price price;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    struct weir_number n = weir_price_number(e, market, "price", &c->price, &price);
    r = weir_read_numbers(e, &n, 1);
    if (r != WEIR_OK) return r;
    r = weir_check_open(e, market);
    if (r != WEIR_OK) return r;
    const struct weir_name *source = c->present & WEIR_HAS_SOURCE ? &c->source : &default_source;
    if (!weir_feed_set(&e->x.prices[market].feed, source, price, e->x.now))
        return weir_deny(e, WEIR_R_RANGE, "a market takes at most %d sources", WEIR_SOURCES_MAX);
    weir_accept(e, NULL);
    weir_refresh_index(e, market);
    return WEIR_OK;
}

enum weir_reason weir_on_collateral_price(struct weir_engine *e, const struct weir_command *c) {
    uint32_t asset = weir_venue_asset(e->x.venue, &c->asset);
    int64_t price;
    if (asset == WEIR_NO_INDEX || weir_asset_settles(e->x.venue, asset))
        return weir_deny(e, WEIR_R_UNKNOWN_ASSET, "the venue takes no %s as collateral",
                         c->asset.text);
    struct weir_number n = {"price", &c->price, &weir_ppb, 1, WEIR_PPB * WEIR_PPB, false, &price};
    enum weir_reason r = weir_read_numbers(e, &n, 1);
    if (r != WEIR_OK) return r;
    const struct weir_name *source = c->present & WEIR_HAS_SOURCE ? &c->source : &default_source;
    if (!weir_feed_set(&e->x.collateral[asset].feed, source, price, e->x.now))
        return weir_deny(e, WEIR_R_RANGE, "an asset takes at most %d sources", WEIR_SOURCES_MAX);
    weir_accept(e, NULL);
    weir_refresh_collateral(e, asset);
    return WEIR_OK;
}

enum weir_reason weir_on_market_status(struct weir_engine *e, const struct weir_command *c) {
    uint32_t market;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r == WEIR_OK) r = weir_check_open(e, market);
    if (r != WEIR_OK) return r;
    enum weir_market_status before = e->x.risks[market].status;
    weir_accept(e, NULL);
    e->x.risks[market].status = c->status;
    weir_market_changed(&e->x, market);
    weir_emit(&e->x, &(struct weir_event){.kind = WEIR_EV_STATUS, .status = {market, c->status}});
    weir_pass_stops(e, market);
    bool matches = c->status == WEIR_STATUS_TRADING || c->status == WEIR_STATUS_REDUCE_ONLY;
    if ((before == WEIR_STATUS_AUCTION || before == WEIR_STATUS_HALTED) && matches)
        weir_uncross(e, market);
    return WEIR_OK;
}

/* ---- risk ------------------------------------------------------------------------------------ */

static enum weir_reason read_tiers(struct weir_engine *e, const struct weir_risk_change *change,
                                   const struct weir_decimal *unit, struct weir_tiers *tiers) {
    memset(tiers, 0, sizeof *tiers);
    tiers->count = change->tier_count;
    for (uint32_t i = 0; i < change->tier_count; i++) {
        const struct weir_tier_text *t = &change->tiers[i];
        struct weir_tier *row = &tiers->row[i];
        struct weir_number n[4] = {
            {"tiers.cap", &t->cap, unit, 1, INT64_MAX, true, &row->cap},
            {"tiers.rate", &t->rate, &weir_ppb, 0, WEIR_PPB, false, &row->rate}};
        size_t count = 2;
        if (t->has_max_leverage)
            n[count++] = (struct weir_number){
                "tiers.max_leverage", &t->max_leverage, &weir_one, 1, WEIR_LEVERAGE_MAX, false,
                &row->max_leverage};
        if (t->has_initial_rate)
            n[count++] = (struct weir_number){
                "tiers.initial_rate", &t->initial_rate, &weir_ppb, 1, WEIR_PPB, false,
                &row->initial_rate};
        enum weir_reason r = weir_read_numbers(e, n, count);
        if (r != WEIR_OK) return r;
        if (t->has_max_leverage == t->has_initial_rate)
            return weir_deny(e, WEIR_R_RANGE, "tier %u needs either max_leverage or initial_rate",
                             i + 1);
    }
    uint32_t row;
    const char *problem = weir_tiers_problem(tiers, &row);
    if (problem) return weir_deny(e, WEIR_R_RANGE, "tier %u: %s", row + 1, problem);
    return WEIR_OK;
}

/* A number of a risk command that may be `none`. */
struct choice {
    uint32_t bit;
    const char *key;
    const struct weir_decimal *text;
    const struct weir_decimal *unit;
    int64_t most;
    int64_t *out;
};

static enum weir_reason read_choices(struct weir_engine *e, const struct weir_command *c,
                                     const struct choice *choices, size_t count) {
    struct weir_number n[8];
    size_t k = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(c->present & choices[i].bit)) continue;
        if (c->risk->none & choices[i].bit)
            *choices[i].out = WEIR_NONE;
        else
            n[k++] = (struct weir_number){choices[i].key,  choices[i].text,
                                          choices[i].unit, choices[i].most == INT64_MAX ? 1 : 0,
                                          choices[i].most, choices[i].most == INT64_MAX,
                                          choices[i].out};
    }
    return k ? weir_read_numbers(e, n, k) : WEIR_OK;
}

enum weir_reason weir_on_risk(struct weir_engine *e, const struct weir_command *c) {
    uint32_t market;
    enum weir_reason r = weir_find_market(e, c, &market);
    if (r != WEIR_OK) return r;
    struct weir_risk next = e->x.risks[market];
    const struct weir_risk_change *change = c->risk;
    const struct weir_decimal unit = weir_market_unit(e, market);
    const struct choice choices[] = {
        {WEIR_HAS_OI_CAP, "open_interest_cap", &change->open_interest_cap, &unit, INT64_MAX,
         &next.open_interest_cap},
        {WEIR_HAS_POSITION_LIMIT, "position_limit", &change->position_limit, &unit, INT64_MAX,
         &next.position_limit},
        {WEIR_HAS_PRICE_BAND, "price_band", &change->price_band, &weir_ppb, RATE_MAX,
         &next.price_band},
        {WEIR_HAS_LIQUIDATION_BAND, "liquidation_band", &change->liquidation_band, &weir_ppb,
         RATE_MAX, &next.liquidation_band},
        {WEIR_HAS_FUNDING_CAP, "funding_cap", &change->funding_cap, &weir_ppb, RATE_MAX,
         &next.funding_cap}};
    r = read_choices(e, c, choices, sizeof choices / sizeof choices[0]);
    if (r == WEIR_OK && c->present & WEIR_HAS_TIERS) r = read_tiers(e, change, &unit, &next.tiers);
    if (r == WEIR_OK) r = weir_check_open(e, market);
    if (r != WEIR_OK) return r;
    weir_accept(e, NULL);
    weir_risk_derive(&next);
    e->x.risks[market] = next;
    weir_touch_market(&e->x, market);
    return WEIR_OK;
}

/* ---- block_trade ----------------------------------------------------------------------------- */

struct block {
    uint32_t market;
    uint32_t leg[2]; /* WEIR_BUY, WEIR_SELL */
    weir_qty qty;
    weir_price price;
};

static bool grows(const struct weir_engine *e, const struct block *b, int side) {
    weir_qty s = weir_leg_at(&e->x.ledger, b->leg[side])->size;
    weir_wide after = side == WEIR_BUY ? (weir_wide)s + b->qty : (weir_wide)s - b->qty;
    bool turns = (s > 0 && after < 0) || (s < 0 && after > 0);
    return turns || (after < 0 ? -after : after) > weir_abs(s);
}

/* R12 with both sides booked: sizes are moved, asked about, and moved back. */
static enum weir_reason check_block_limits(struct weir_engine *e, const struct block *b) {
    const struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[b->market];
    const struct weir_risk *r = &x->risks[b->market];
    weir_price mark = x->prices[b->market].mark;
    weir_wide before[2], after[2], interest = x->ledger.markets[b->market].open_interest;
    struct weir_leg *leg[2];
    weir_wide change = 0;
    for (int s = 0; s < 2; s++) {
        leg[s] = weir_leg_at(&x->ledger, b->leg[s]);
        before[s] = weir_leg_exposure(&x->ledger, leg[s]);
        change -= weir_max(0, leg[s]->size);
        leg[s]->size += s == WEIR_BUY ? b->qty : -b->qty;
        change += weir_max(0, leg[s]->size);
        after[s] = weir_leg_exposure(&x->ledger, leg[s]);
    }
    bool broken = false;
    for (int s = 0; s < 2; s++) {
        if (after[s] <= before[s]) continue;
        broken |= weir_value(m, mark, after[s]) > r->tiers.row[r->tiers.count - 1].cap;
        broken |= r->position_limit != WEIR_NONE &&
                  weir_owner_exposure(x, b->market, b->leg[s], after[s]) > r->position_limit;
    }
    for (int s = 0; s < 2; s++)
        leg[s]->size -= s == WEIR_BUY ? b->qty : -b->qty;
    if (broken) return weir_deny(e, WEIR_R_POSITION_LIMIT, "beyond a position limit");
    if (change > 0 && r->open_interest_cap != WEIR_NONE &&
        weir_value(m, mark, interest + change) > r->open_interest_cap)
        return weir_deny(e, WEIR_R_OPEN_INTEREST, "beyond the market's open-interest cap");
    return WEIR_OK;
}

/* R11: a side that raises exposure must carry it beside its open orders. */
static bool carries_orders(struct weir_engine *e, const struct block *b, enum weir_side side) {
    struct weir_exchange *x = &e->x;
    struct weir_leg *g = weir_leg_at(&x->ledger, b->leg[side]);
    weir_leg_settle(&x->ledger, g);
    struct weir_position_change c =
        weir_position_fill(&x->venue->markets[b->market], g->size, g->entry_value,
                           side == WEIR_BUY ? b->qty : -b->qty, b->price);
    struct weir_what_if w = weir_what_if_filled(x, b->leg[side], &c);
    if (weir_exposure(c.size, w.open.buys, w.open.sells) <= weir_leg_exposure(&x->ledger, g))
        return true;
    struct weir_health h;
    weir_health(x, g->scope, &w, &h);
    return h.discounted - h.initial - h.order_margin >= 0;
}

static enum weir_reason check_block(struct weir_engine *e, const struct block *b) {
    struct weir_exchange *x = &e->x;
    const struct weir_market *m = &x->venue->markets[b->market];
    enum weir_market_status status = weir_status_now(x, b->market);
    bool grow = b->leg[0] != b->leg[1] && (grows(e, b, WEIR_BUY) || grows(e, b, WEIR_SELL));
    bool same = b->leg[WEIR_BUY] == b->leg[WEIR_SELL];
    for (enum weir_side s = WEIR_BUY; s <= WEIR_SELL && !same; s++)
        if (!weir_bound_ok(e, b->leg[s], s, b->qty))
            return weir_deny(e, WEIR_R_OVERFLOW, "a position would not fit");
    for (int s = 0; s < 2; s++)
        if (weir_scope_at(&x->ledger, weir_leg_at(&x->ledger, b->leg[s])->scope)->queue ==
            WEIR_QUEUE_ACTIVE)
            return weir_deny(e, WEIR_R_IN_LIQUIDATION, "a side is in liquidation");
    if (status == WEIR_STATUS_HALTED || (status == WEIR_STATUS_REDUCE_ONLY && grow))
        return weir_deny(e, WEIR_R_STATUS, "the market is %s", weir_status_words[status]);
    if (x->prices[b->market].stale && grow)
        return weir_deny(e, WEIR_R_STALE, "the market's index is stale");
    if (x->prices[b->market].mark == 0)
        return weir_deny(e, WEIR_R_NO_MARK, "the market has no mark yet");
    if (b->qty < m->min_qty) return weir_deny(e, WEIR_R_MIN_SIZE, "qty is below min_qty");
    if (same) return weir_deny(e, WEIR_R_NOT_ALLOWED, "buyer and seller are one account");
    enum weir_reason limit = check_block_limits(e, b);
    if (limit != WEIR_OK) return limit;
    for (enum weir_side s = WEIR_BUY; s <= WEIR_SELL; s++)
        if (!carries_orders(e, b, s))
            return weir_deny(e, WEIR_R_MARGIN, "the %s cannot carry it beside his orders",
                             s == WEIR_BUY ? "buyer" : "seller");
    for (int s = 0; s < 2; s++)
        if (!weir_fill_allowed(x, b->leg[s], s == WEIR_BUY ? b->qty : -b->qty, b->price, 0))
            return weir_deny(e, WEIR_R_MARGIN, "the %s cannot carry it",
                             s == WEIR_BUY ? "buyer" : "seller");
    return WEIR_OK;
}

enum weir_reason weir_on_block_trade(struct weir_engine *e, const struct weir_command *c) {
    struct weir_exchange *x = &e->x;
    struct block b;
    uint32_t account[2];
    enum weir_reason r = weir_find_account(e, &c->account, &account[0]);
    if (r == WEIR_OK) r = weir_find_account(e, &c->account2, &account[1]);
    if (r == WEIR_OK) r = weir_find_market(e, c, &b.market);
    if (r != WEIR_OK) return r;
    struct weir_number n[2] = {weir_qty_number(e, b.market, &c->qty, &b.qty),
                               weir_price_number(e, b.market, "price", &c->price, &b.price)};
    r = weir_read_numbers(e, n, 2);
    if (r != WEIR_OK) return r;
    for (int s = 0; s < 2; s++) {
        b.leg[s] = weir_leg_get(&x->ledger, account[s], b.market);
        if (b.leg[s] == WEIR_NO_INDEX)
            return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for a position");
    }
    r = check_block(e, &b);
    if (r != WEIR_OK) return r;
    weir_accept(e, NULL);
    struct weir_fill f = {.kind = WEIR_FILL_BLOCK,
                          .taker = b.leg[WEIR_BUY],
                          .maker = b.leg[WEIR_SELL],
                          .side = WEIR_BUY,
                          .price = b.price,
                          .qty = b.qty,
                          .maker_order = WEIR_NO_INDEX};
    struct weir_fill_result result;
    weir_fill(x, &f, &result);
    return WEIR_OK;
}
