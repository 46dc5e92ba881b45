/* Reading of fields and the commands that are neither orders nor transfers. */
#include "reference/twin.h"

#include <stdlib.h>

enum weir_reason weir_twin_fields(const struct fields *f) {
    return f->precision  ? WEIR_R_PRECISION
           : f->range    ? WEIR_R_RANGE
           : f->overflow ? WEIR_R_OVERFLOW
                         : WEIR_OK;
}

/* A decimal in units; below `least` is `range`, above `most` or 63 bits `overflow`. */
int64_t weir_twin_units(struct fields *f, const struct weir_decimal *d,
                        const struct weir_decimal *unit, int64_t least, int64_t most) {
    int64_t x = 0;
    bool negative = d->huge || d->fine ? d->negative : d->mantissa < 0;
    switch (weir_decimal_units(d, unit, &x)) {
    case WEIR_EXACT_PRECISION:
        f->precision = true;
        return 0;
    case WEIR_EXACT_OVERFLOW:
        if (negative && least > INT64_MIN)
            f->range = true;
        else
            f->overflow = true;
        return 0;
    case WEIR_EXACT_OK:
    default:
        break;
    }
    if (x < least)
        f->range = true;
    else if (x > most)
        f->overflow = true;
    else
        return x;
    return 0;
}

/* As above, but too much is `range`, too. */
static int64_t within(struct fields *f, const struct weir_decimal *d, int scale, int64_t least,
                      int64_t most) {
    struct fields g = {0};
    struct weir_decimal unit = weir_decimal_power((uint8_t)scale);
    int64_t x = weir_twin_units(&g, d, &unit, least, most);
    f->precision = f->precision || g.precision;
    f->range = f->range || g.range || g.overflow;
    return x;
}

static bool order_keys_wrong(const struct weir_command *c) {
    bool price = c->present & WEIR_HAS_PRICE, stop_price = c->present & WEIR_HAS_STOP_PRICE;
    bool limit = c->type == WEIR_LIMIT || c->type == WEIR_STOP_LIMIT;
    bool stop = c->type == WEIR_STOP || c->type == WEIR_STOP_LIMIT;
    if (price != limit || stop_price != stop) return true;
    if (!limit && c->tif == WEIR_GTC) return true;
    return c->post_only && (!limit || c->tif != WEIR_GTC);
}

enum weir_reason weir_twin_check_invalid(struct twin *t, const struct weir_command *c) {
    const uint32_t risk = WEIR_HAS_TIERS | WEIR_HAS_OI_CAP | WEIR_HAS_POSITION_LIMIT |
                          WEIR_HAS_PRICE_BAND | WEIR_HAS_LIQUIDATION_BAND | WEIR_HAS_FUNDING_CAP;
    bool bad = false;
    if (c->reject != WEIR_OK) return c->reject;
    if (c->kind == WEIR_CMD_NONE || c->kind >= WEIR_CMD_COUNT) return WEIR_R_UNKNOWN_COMMAND;
    if (c->kind == WEIR_CMD_ACCOUNT && (c->present & WEIR_HAS_CLASS)) {
        bad = true;
        for (uint32_t i = 0; i < t->v->class_count; i++)
            if (weir_name_equal(&t->v->classes[i].name, &c->class_name)) bad = false;
    }
    if (c->kind == WEIR_CMD_ORDER) bad = order_keys_wrong(c);
    if (c->kind == WEIR_CMD_AMEND) bad = !(c->present & (WEIR_HAS_QTY | WEIR_HAS_PRICE));
    if (c->kind == WEIR_CMD_RISK) bad = !(c->present & risk);
    if (c->kind == WEIR_CMD_CLOCK) bad = !(c->present & WEIR_HAS_T);
    return bad ? WEIR_R_INVALID : WEIR_OK;
}

struct account *weir_twin_find_account(const struct twin *t, const struct weir_name *name) {
    for (int i = 0; i < t->account_count; i++)
        if (weir_name_equal(&t->accounts[i]->name, name)) return t->accounts[i];
    return NULL;
}

int weir_twin_find_market(const struct twin *t, const struct weir_name *name) {
    for (int m = 0; m < t->markets; m++)
        if (t->m[m].phase != PHASE_GONE && weir_name_equal(&t->m[m].c->symbol, name)) return m;
    return -1;
}

int weir_twin_find_fund(const struct twin *t, const struct weir_name *name) {
    for (int f = 0; f < t->funds; f++)
        if (weir_name_equal(&t->fund[f].c->name, name)) return f;
    return -1;
}

int weir_twin_find_asset(const struct twin *t, const struct weir_name *name) {
    for (uint32_t a = 0; a < t->v->asset_count; a++)
        if (weir_name_equal(&t->v->assets[a].name, name)) return (int)a;
    return -1;
}

void weir_twin_accepted(struct twin *t, const struct weir_command *c) {
    struct weir_event e = {.kind = WEIR_EV_ACCEPTED};
    e.accepted.cmd = c->kind;
    if (c->kind == WEIR_CMD_ORDER || c->kind == WEIR_CMD_CANCEL || c->kind == WEIR_CMD_AMEND ||
        c->kind == WEIR_CMD_BID)
        e.accepted.id = &c->id;
    weir_twin_emit(t, &e);
}

struct account *weir_twin_new_account(struct twin *t, const struct weir_name *name,
                                      const struct weir_name *owner, uint32_t class_idx, int fund) {
    struct account *a = calloc(1, sizeof *a);
    WEIR_CHECK(a != NULL);
    a->name = *name;
    a->owner = *owner;
    a->class_idx = class_idx;
    a->fund = fund;
    a->at = calloc((size_t)t->markets, sizeof *a->at);
    a->isolated = calloc((size_t)t->markets, sizeof *a->isolated);
    a->cross = calloc(t->v->asset_count, sizeof *a->cross);
    WEIR_CHECK(a->at != NULL && a->isolated != NULL && a->cross != NULL);
    for (int i = 0; i < (int)t->v->asset_count; i++)
        a->cross[i] = (struct scope){.account = a, .market = -1 - i, .kept = -1};
    for (int m = 0; m < t->markets; m++)
        a->isolated[m] = (struct scope){.account = a, .market = m, .kept = -1};
    return a;
}

static enum weir_reason account(struct twin *t, const struct weir_command *c) {
    struct weir_name owner = c->account;
    uint32_t class_idx = 0;
    if (weir_twin_find_account(t, &c->account)) return WEIR_R_DUPLICATE;
    if (c->present & WEIR_HAS_OWNER) {
        const struct account *other = weir_twin_find_account(t, &c->owner);
        owner = other ? other->owner : c->owner;
        for (int i = 0; i < t->account_count; i++)
            if (weir_name_equal(&t->accounts[i]->owner, &c->account) &&
                !weir_name_equal(&owner, &c->account))
                return WEIR_R_NOT_ALLOWED;
    }
    while ((c->present & WEIR_HAS_CLASS) &&
           !weir_name_equal(&t->v->classes[class_idx].name, &c->class_name))
        class_idx++;
    weir_twin_accepted(t, c);
    t->accounts = weir_twin_grow(t->accounts, t->account_count, sizeof *t->accounts);
    t->accounts[t->account_count] = weir_twin_new_account(t, &c->account, &owner, class_idx, -1);
    t->account_count++;
    return WEIR_OK;
}

static enum weir_reason leverage(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    int m = weir_twin_find_market(t, &c->market);
    struct fields f = {0};
    struct weir_decimal one = weir_decimal_power(0);
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    int64_t l = weir_twin_units(&f, &c->leverage, &one, 1, INT64_MAX);
    if (weir_twin_fields(&f) != WEIR_OK) return weir_twin_fields(&f);
    struct scope *s = weir_twin_scope(t, a, m);
    if (s->queue == QUEUE_LIQUIDATING) return WEIR_R_IN_LIQUIDATION;
    if (t->m[m].phase != PHASE_OPEN) return WEIR_R_STATUS;
    const struct weir_tier *first = &t->m[m].tiers.row[0];
    int64_t most = first->max_leverage > 0 ? first->max_leverage : WEIR_PPB / first->initial_rate;
    if (l > most || l > t->v->classes[a->class_idx].max_leverage) return WEIR_R_LEVERAGE;
    struct position old = a->at[m];
    a->at[m].leverage = l;
    a->at[m].leverage_set = true;
    if (t->m[m].mark != 0) {
        struct value x = weir_twin_eval(t, s);
        if (x.discounted - x.im - weir_twin_order_margin(t, s) < 0) {
            a->at[m] = old;
            return WEIR_R_MARGIN;
        }
    }
    weir_twin_accepted(t, c);
    return WEIR_OK;
}

static bool has_orders(const struct twin *t, const struct account *a, int m) {
    for (int i = 0; i < t->order_count; i++)
        if (!t->orders[i]->dead && t->orders[i]->account == a && t->orders[i]->m == m) return true;
    for (int i = 0; i < t->auction_count; i++)
        for (int j = 0; j < t->auctions[i].bid_count; j++)
            if (t->auctions[i].m == m && t->auctions[i].bids[j].account == a) return true;
    return false;
}

static enum weir_reason margin_mode(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    int m = weir_twin_find_market(t, &c->market);
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    struct position *p = &a->at[m];
    if (p->mode != c->mode && weir_twin_scope(t, a, m)->queue == QUEUE_LIQUIDATING)
        return WEIR_R_IN_LIQUIDATION;
    if (t->m[m].phase != PHASE_OPEN) return WEIR_R_STATUS;
    if (p->mode != c->mode) {
        if (p->s != 0 || has_orders(t, a, m)) return WEIR_R_NOT_FLAT;
        struct scope *s = &a->isolated[m];
        if (p->mode == WEIR_ISOLATED) {
            if (s->balance < 0) return WEIR_R_NOT_FLAT;
            struct scope *cross = &a->cross[t->m[m].c->asset];
            cross->balance += s->balance;
            cross->changed |= s->balance != 0; /* R19: only what changes it */
        }
        *s = (struct scope){.account = a, .market = m, .kept = -1};
        p->mode = c->mode;
    }
    p->mode_set = true;
    weir_twin_accepted(t, c);
    return WEIR_OK;
}

static const struct weir_name *source_name(const struct weir_command *c, struct weir_name *room) {
    *room = c->present & WEIR_HAS_SOURCE ? c->source : weir_twin_name("default");
    return room;
}

static enum weir_reason index_price(struct twin *t, const struct weir_command *c) {
    int m = weir_twin_find_market(t, &c->market);
    struct fields f = {0};
    struct weir_name name;
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    struct market *k = &t->m[m];
    int64_t price = weir_twin_units(&f, &c->price, &k->c->tick, 1, k->c->max_price);
    if (!weir_twin_source_fits(&k->feed, source_name(c, &name))) f.range = true;
    if (weir_twin_fields(&f) != WEIR_OK) return weir_twin_fields(&f);
    if (k->phase != PHASE_OPEN) return WEIR_R_STATUS;
    weir_twin_accepted(t, c);
    weir_twin_update_source(&k->feed, &name, price, t->now);
    weir_twin_compute_index(t, m);
    return WEIR_OK;
}

static enum weir_reason collateral_price(struct twin *t, const struct weir_command *c) {
    int a = weir_twin_find_asset(t, &c->asset);
    struct fields f = {0};
    struct weir_name name;
    if (a < 0 || weir_twin_settles(t, (uint32_t)a)) return WEIR_R_UNKNOWN_ASSET;
    int64_t price = within(&f, &c->price, 9, 1, (int64_t)weir_twin_power(18));
    if (!weir_twin_source_fits(&t->assets[a].feed, source_name(c, &name))) f.range = true;
    if (weir_twin_fields(&f) != WEIR_OK) return weir_twin_fields(&f);
    weir_twin_accepted(t, c);
    weir_twin_update_source(&t->assets[a].feed, &name, price, t->now);
    weir_twin_compute_collateral(t, a);
    return WEIR_OK;
}

static enum weir_reason backstop(struct twin *t, const struct weir_command *c) {
    struct account *a = weir_twin_find_account(t, &c->account);
    int m = weir_twin_find_market(t, &c->market);
    struct fields f = {0};
    if (!a) return WEIR_R_UNKNOWN_ACCOUNT;
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    struct weir_decimal unit = weir_twin_unit(t, m);
    int64_t capacity = weir_twin_units(&f, &c->notional, &unit, 1, INT64_MAX);
    int64_t loss = weir_twin_units(&f, &c->loss_limit, &unit, 0, INT64_MAX);
    if (weir_twin_fields(&f) != WEIR_OK) return weir_twin_fields(&f);
    if (t->m[m].phase != PHASE_OPEN) return WEIR_R_STATUS;
    weir_twin_accepted(t, c);
    a->at[m].capacity = capacity;
    a->at[m].volunteered = true;
    a->at[m].loss_limit = loss;
    return WEIR_OK;
}

static enum weir_reason market_status(struct twin *t, const struct weir_command *c) {
    int m = weir_twin_find_market(t, &c->market);
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    struct market *k = &t->m[m];
    enum weir_market_status from = k->status;
    if (k->phase != PHASE_OPEN) return WEIR_R_STATUS;
    weir_twin_accepted(t, c);
    k->status = c->status;
    weir_twin_market_closes(t, m);
    struct weir_event e = {.kind = WEIR_EV_STATUS};
    e.status.market = (uint32_t)m;
    e.status.status = k->status;
    weir_twin_emit(t, &e);
    if (k->status == from) return WEIR_OK;
    if (k->status == WEIR_STATUS_TRADING) weir_twin_stops_all(t, m);
    if (k->status == WEIR_STATUS_TRADING || k->status == WEIR_STATUS_REDUCE_ONLY)
        weir_twin_uncross(t, m);
    return WEIR_OK;
}

static int64_t none_or_amount(const struct twin *t, int m, struct fields *f,
                              const struct weir_risk_change *r, uint32_t bit,
                              const struct weir_decimal *d) {
    struct weir_decimal unit = weir_twin_unit(t, m);
    return r->none & bit ? WEIR_NONE : weir_twin_units(f, d, &unit, 1, INT64_MAX);
}

static int64_t none_or_cap(struct fields *f, const struct weir_risk_change *r, uint32_t bit,
                           const struct weir_decimal *d) {
    return r->none & bit ? WEIR_NONE : within(f, d, 9, 0, WEIR_PPB * WEIR_PPB);
}

static void read_tiers(const struct twin *t, int m, struct fields *f,
                       const struct weir_risk_change *r, struct weir_tiers *out) {
    struct weir_decimal unit = weir_twin_unit(t, m);
    out->count = r->tier_count;
    if (r->tier_count < 1 || r->tier_count > WEIR_TIERS_MAX) f->range = true;
    for (uint32_t i = 0; i < r->tier_count && i < WEIR_TIERS_MAX; i++) {
        const struct weir_tier_text *in = &r->tiers[i];
        struct weir_tier *row = &out->row[i];
        row->cap = weir_twin_units(f, &in->cap, &unit, 1, INT64_MAX);
        row->rate = within(f, &in->rate, 9, 0, WEIR_PPB);
        if (in->has_max_leverage)
            row->max_leverage = within(f, &in->max_leverage, 0, 1, WEIR_LEVERAGE_MAX);
        if (in->has_initial_rate) row->initial_rate = within(f, &in->initial_rate, 9, 1, WEIR_PPB);
        if (in->has_max_leverage == in->has_initial_rate) f->range = true;
        if (i > 0 && !f->overflow && (row->cap <= row[-1].cap || row->rate < row[-1].rate))
            f->range = true;
    }
}

enum weir_reason weir_twin_risk(struct twin *t, const struct weir_command *c) {
    int m = weir_twin_find_market(t, &c->market);
    struct fields f = {0};
    if (m < 0) return WEIR_R_UNKNOWN_MARKET;
    struct market *k = &t->m[m], n = *k;
    const struct weir_risk_change *r = c->risk;
    if (c->present & WEIR_HAS_TIERS) {
        n.tiers = (struct weir_tiers){0};
        read_tiers(t, m, &f, r, &n.tiers);
    }
    if (c->present & WEIR_HAS_OI_CAP)
        n.open_interest_cap = none_or_amount(t, m, &f, r, WEIR_HAS_OI_CAP, &r->open_interest_cap);
    if (c->present & WEIR_HAS_POSITION_LIMIT)
        n.position_limit = none_or_amount(t, m, &f, r, WEIR_HAS_POSITION_LIMIT, &r->position_limit);
    if (c->present & WEIR_HAS_PRICE_BAND)
        n.price_band = none_or_cap(&f, r, WEIR_HAS_PRICE_BAND, &r->price_band);
    if (c->present & WEIR_HAS_LIQUIDATION_BAND)
        n.liquidation_band = none_or_cap(&f, r, WEIR_HAS_LIQUIDATION_BAND, &r->liquidation_band);
    if (c->present & WEIR_HAS_FUNDING_CAP)
        n.funding_cap = none_or_cap(&f, r, WEIR_HAS_FUNDING_CAP, &r->funding_cap);
    if (weir_twin_fields(&f) != WEIR_OK) return weir_twin_fields(&f);
    if (k->phase != PHASE_OPEN) return WEIR_R_STATUS;
    weir_twin_accepted(t, c);
    *k = n;
    return WEIR_OK;
}

/* The command itself; an answer of WEIR_OK has given its `accepted`. */
enum weir_reason weir_twin_command(struct twin *t, const struct weir_command *c) {
    switch ((enum weir_command_kind)c->kind) {
    case WEIR_CMD_ACCOUNT:
        return account(t, c);
    case WEIR_CMD_DEPOSIT:
    case WEIR_CMD_WITHDRAW:
    case WEIR_CMD_ISOLATED_MARGIN:
    case WEIR_CMD_BLOCK_TRADE:
    case WEIR_CMD_FUND:
        return weir_twin_transfer(t, c);
    case WEIR_CMD_LEVERAGE:
        return leverage(t, c);
    case WEIR_CMD_MARGIN_MODE:
        return margin_mode(t, c);
    case WEIR_CMD_ORDER:
        return weir_twin_order(t, c);
    case WEIR_CMD_CANCEL:
        return weir_twin_cancel(t, c);
    case WEIR_CMD_CANCEL_ALL:
        return weir_twin_cancel_all(t, c);
    case WEIR_CMD_AMEND:
        return weir_twin_amend(t, c);
    case WEIR_CMD_INDEX:
        return index_price(t, c);
    case WEIR_CMD_COLLATERAL_PRICE:
        return collateral_price(t, c);
    case WEIR_CMD_BID:
        return weir_twin_bid(t, c);
    case WEIR_CMD_BACKSTOP:
        return backstop(t, c);
    case WEIR_CMD_MARKET_STATUS:
        return market_status(t, c);
    case WEIR_CMD_RISK:
        return weir_twin_risk(t, c);
    case WEIR_CMD_QUERY:
        return weir_twin_query(t, c);
    case WEIR_CMD_INDICATOR:
    case WEIR_CMD_CLOCK:
        weir_twin_accepted(t, c);
        return WEIR_OK;
    case WEIR_CMD_NONE:
    case WEIR_CMD_COUNT:
    default:
        return WEIR_R_UNKNOWN_COMMAND;
    }
}
