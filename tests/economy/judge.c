#include "judge.h"

#include <stdlib.h>
#include <string.h>

static char first(const struct weir_name *name) {
    return name != NULL ? name->text[0] : 0;
}

static weir_price index_of(const struct judge *j, uint32_t market) {
    return j->engine->x.prices[market].index;
}

/* What a fill gave the one who got `lots` (signed), reckoned at the index. */
static weir_wide edge(const struct judge *j, uint32_t market, weir_price price, weir_qty lots) {
    return weir_gain(&j->venue->markets[market], price, index_of(j, market), lots);
}

/* Did `h...` offer this fill? As who was quoting, bidding or volunteering. */
static bool offered(const struct weir_event *e, bool honest_is_maker) {
    switch (e->fill.kind) {
    case WEIR_FILL_TRADE:
    case WEIR_FILL_BLOCK:
        return true;
    case WEIR_FILL_LIQUIDATION:
    case WEIR_FILL_AUCTION:
    case WEIR_FILL_BACKSTOP:
    case WEIR_FILL_UNWIND:
        return honest_is_maker;
    default:
        return false;
    }
}

static void hear_fill(struct judge *j, const struct weir_event *e) {
    char taker = first(e->fill.taker), maker = first(e->fill.maker);
    uint32_t asset = j->venue->markets[e->fill.market].asset;
    weir_qty lots = e->fill.taker_side == WEIR_BUY ? e->fill.qty : -e->fill.qty;
    weir_wide of_taker = edge(j, e->fill.market, e->fill.price, lots);
    weir_wide of_maker = edge(j, e->fill.market, e->fill.price, -lots);
    j->fills++;
    if (taker == 'c') j->fees[asset] += e->fill.taker_fee;
    if (maker == 'c' && taker == 'h' && e->fill.maker_fee < 0)
        j->offered[asset] -= e->fill.maker_fee; /* the rebate, out of what an honest taker paid */
    else if (maker == 'c')
        j->fees[asset] += e->fill.maker_fee;
    if (taker == 'c' || maker == 'c') j->kinds |= UINT64_C(1) << e->fill.kind;
    if (taker == 'c' && maker == 'h' && offered(e, true)) j->offered[asset] += of_taker;
    if (maker == 'c' && taker == 'h' && offered(e, false)) j->offered[asset] += of_maker;
    if (taker == '@' && maker == 'h') j->fund_offered[asset] += of_taker;
    if (maker == '@' && taker == 'h') j->fund_offered[asset] += of_maker;
    if (taker == '@' && maker == 'c') j->inventory[asset] += of_maker;
}

/* Longs pay `per_lot`. */
static void hear_funding(struct judge *j, const struct weir_event *e) {
    const struct weir_ledger *l = &j->engine->x.ledger;
    const struct weir_pool *list = &l->markets[e->funding.market].positions;
    uint32_t asset = j->venue->markets[e->funding.market].asset;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct weir_leg *g = weir_leg_at(l, *WEIR_AT(list, uint32_t, i));
        char who = first(weir_account_name(l, g->account));
        weir_wide got = -(weir_wide)g->size * e->funding.per_lot;
        if (who == 'c') j->offered[asset] += got;
        if (who == '@') j->fund_offered[asset] += got;
    }
}

static void hear(void *ctx, const struct weir_event *e) {
    struct judge *j = ctx;
    switch (e->kind) {
    case WEIR_EV_ACCEPTED:
        j->accepted = true;
        return;
    case WEIR_EV_FILL:
        hear_fill(j, e);
        return;
    case WEIR_EV_FUNDING:
        hear_funding(j, e);
        return;
    case WEIR_EV_AUCTION_OPENED:
    case WEIR_EV_AUCTION_JOINED:
        j->auction = e->auction_opened.auction;
        j->auction_market = e->auction_opened.market;
        j->auction_side = e->auction_opened.side;
        return;
    case WEIR_EV_AUCTION_CLOSED:
        if (j->auction == e->auction_closed.auction) j->auction = 0;
        return;
    default:
        return;
    }
}

struct judge *judge_new(const struct weir_venue *venue) {
    struct judge *j = calloc(1, sizeof *j);
    if (j == NULL) return NULL;
    j->venue = venue;
    struct weir_engine_options options = {.accounts_max = 64, .orders_max = 2048};
    j->engine = weir_engine_new(venue, &options, hear, j);
    if (j->engine != NULL) return j;
    free(j);
    return NULL;
}

void judge_free(struct judge *j) {
    weir_engine_free(j->engine);
    free(j);
}

void judge_apply(struct judge *j, const struct weir_command *c) {
    j->commands++;
    j->command = c;
    j->accepted = false;
    weir_engine_apply(j->engine, c);
    bool moves = c->kind == WEIR_CMD_DEPOSIT || c->kind == WEIR_CMD_WITHDRAW;
    if (!j->accepted || !moves || first(&c->account) != 'c') return;
    uint32_t asset = c->present & WEIR_HAS_ASSET ? weir_venue_asset(j->venue, &c->asset) : 0;
    struct weir_decimal unit = {.mantissa = 1, .scale = j->venue->assets[asset].decimals};
    int64_t units = 0;
    WEIR_CHECK(weir_decimal_units(&c->amount, &unit, &units) == WEIR_EXACT_OK);
    j->brought[asset] += c->kind == WEIR_CMD_DEPOSIT ? units : -units;
}

/* ---- The end --------------------------------------------------------------------------------- */

/* Equity of a scope at the index; whoever has less than nothing walks away. */
static weir_wide worth(const struct judge *j, uint32_t scope, bool floor) {
    const struct weir_ledger *l = &j->engine->x.ledger;
    weir_wide sum = weir_scope_balance(l, scope);
    for (uint32_t i = weir_scope_first_leg(l, scope); i != WEIR_NO_INDEX;
         i = weir_scope_next_leg(l, scope, i)) {
        const struct weir_leg *g = weir_leg_at(l, i);
        const struct weir_market *m = &j->venue->markets[g->market];
        if (g->size == 0) continue;
        weir_wide entry = g->size > 0 ? g->entry_value : -(weir_wide)g->entry_value;
        sum += (weir_value(m, index_of(j, g->market), g->size) - entry) * weir_long_sign(m);
    }
    return floor ? weir_wide_max(0, sum) : sum;
}

void judge_sum(const struct judge *j, const weir_wide *stakes, struct weir_haul *haul) {
    const struct weir_ledger *l = &j->engine->x.ledger;
    weir_wide have[WEIR_ASSETS_MAX] = {0}, lost[WEIR_ASSETS_MAX] = {0};
    for (uint32_t i = 0; i < l->scopes.count; i++) {
        const struct weir_scope *s = weir_scope_at(l, i);
        uint32_t asset = weir_scope_money(l, s);
        if (first(weir_account_name(l, s->account)) == 'c') have[asset] += worth(j, i, true);
        if (weir_account_is_fund(l, s->account)) lost[asset] -= worth(j, i, false);
    }
    for (uint32_t f = 0; f < j->engine->lq.funds.count; f++) {
        const struct weir_fund *fund = &j->engine->lq.funds.fund[f];
        lost[j->venue->funds[f].asset] += fund->net_seeds - fund->cash;
    }
    *haul = (struct weir_haul){.fills = j->fills, .kinds = j->kinds, .command = j->commands};
    weir_wide score = 0, slack = (weir_wide)j->fills + 2;
    for (uint32_t k = 0, n = 0; k < j->venue->asset_count && n < ASSETS_MAX; k++) {
        if (stakes[k] == 0) continue;
        haul->inventory[n] = j->inventory[k];
        haul->gain[n] = have[k] - j->brought[k] - j->offered[k] - j->inventory[k];
        haul->taken[n] = haul->gain[n] + j->fees[k];
        haul->lost[n] = lost[k] + j->fund_offered[k] - j->inventory[k];
        haul->stolen |= haul->gain[n] > slack || haul->lost[n] > slack;
        weir_wide beyond = weir_wide_max(haul->taken[n], haul->lost[n]);
        if (beyond > 0) beyond = weir_wide_max(0, beyond - slack); /* roundings of inverse fills */
        score += weir_mul_div_floor(beyond, WEIR_PPB, stakes[k]);
        n++;
    }
    haul->score = weir_saturate(score);
}
