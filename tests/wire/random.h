/* Random commands of every kind, such that writing and reading must give each again. */
#ifndef WEIR_TESTS_WIRE_RANDOM_H
#define WEIR_TESTS_WIRE_RANDOM_H

#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

static inline struct weir_name random_name(struct weir_random *r) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
    struct weir_name name = {0};
    size_t size = 1 + weir_random_below(r, 31);
    for (size_t i = 0; i < size; i++)
        name.text[i] = letters[weir_random_below(r, sizeof letters - 1)];
    return name;
}

static inline struct weir_decimal random_decimal(struct weir_random *r) {
    char text[96];
    size_t n = 0, whole = 1 + weir_random_below(r, 42), fraction = weir_random_below(r, 42);
    struct weir_decimal d;
    if (weir_random_below(r, 2)) whole = 1 + weir_random_below(r, 6);
    if (weir_random_below(r, 2)) fraction = weir_random_below(r, 4);
    if (weir_random_below(r, 4) == 0) text[n++] = '-';
    for (size_t i = 0; i < whole; i++)
        text[n++] = (char)('0' + (int)weir_random_below(r, 10));
    if (fraction > 0) text[n++] = '.';
    for (size_t i = 0; i < fraction; i++)
        text[n++] = (char)('0' + (int)weir_random_below(r, 10));
    WEIR_CHECK(weir_decimal_read(text, n, &d));
    return d;
}

static inline struct weir_decimal random_digits(struct weir_random *r) {
    struct weir_decimal d = {.mantissa = (weir_wide)weir_random_next(r)};
    return d;
}

static inline void random_risk(struct weir_random *r, struct weir_risk_change *risk,
                               uint32_t *present) {
    static const uint32_t bits[] = {WEIR_HAS_OI_CAP, WEIR_HAS_POSITION_LIMIT, WEIR_HAS_PRICE_BAND,
                                    WEIR_HAS_LIQUIDATION_BAND, WEIR_HAS_FUNDING_CAP};
    struct weir_decimal *fields[] = {&risk->open_interest_cap, &risk->position_limit,
                                     &risk->price_band, &risk->liquidation_band,
                                     &risk->funding_cap};
    *risk = (struct weir_risk_change){0};
    for (int i = 0; i < 5; i++) {
        uint64_t what = weir_random_below(r, 3);
        if (what == 0) continue;
        *present |= bits[i];
        if (what == 1)
            risk->none |= bits[i];
        else
            *fields[i] = random_decimal(r);
    }
    if ((*present & ~(uint32_t)(WEIR_HAS_T | WEIR_HAS_MARKET)) != 0 && weir_random_below(r, 2))
        return;
    *present |= WEIR_HAS_TIERS;
    risk->tier_count = (uint32_t)weir_random_below(r, WEIR_TIERS_MAX + 1);
    for (uint32_t i = 0; i < risk->tier_count; i++) {
        struct weir_tier_text *row = &risk->tiers[i];
        row->cap = random_decimal(r);
        row->rate = random_decimal(r);
        row->has_max_leverage = weir_random_below(r, 2) == 0;
        row->has_initial_rate = !row->has_max_leverage;
        if (row->has_max_leverage) row->max_leverage = random_decimal(r);
        if (row->has_initial_rate) row->initial_rate = random_decimal(r);
    }
}

static inline void random_order(struct weir_random *r, struct weir_command *c) {
    c->side = (uint8_t)weir_random_below(r, 2);
    c->type = (uint8_t)weir_random_below(r, 4);
    c->qty = random_decimal(r);
    c->present |= WEIR_HAS_QTY;
    bool at_once = c->type == WEIR_MARKET || c->type == WEIR_STOP;
    c->tif = (uint8_t)(at_once ? 1 + weir_random_below(r, 2) : weir_random_below(r, 3));
    if (!at_once) {
        c->price = random_decimal(r);
        c->present |= WEIR_HAS_PRICE;
        c->post_only = c->tif == WEIR_GTC && weir_random_below(r, 2);
    }
    if (c->type >= WEIR_STOP) {
        c->stop_price = random_decimal(r);
        c->present |= WEIR_HAS_STOP_PRICE;
        c->trigger = (uint8_t)weir_random_below(r, 2);
    }
    c->reduce_only = (uint8_t)weir_random_below(r, 2);
}

static inline void random_query(struct weir_random *r, struct weir_command *c) {
    c->what = (uint8_t)weir_random_below(r, WEIR_Q_TOTALS + 1);
    if (c->what != WEIR_Q_ACCOUNT) c->account = (struct weir_name){0};
    if (c->what == WEIR_Q_MARKET || c->what == WEIR_Q_BOOK || c->what == WEIR_Q_ADL ||
        c->what == WEIR_Q_LIQUIDATION_MAP) {
        c->market = random_name(r);
        c->present |= WEIR_HAS_MARKET;
    }
    if (c->what == WEIR_Q_BOOK && weir_random_below(r, 2)) {
        c->depth = random_decimal(r);
        c->present |= WEIR_HAS_DEPTH;
    }
    if (c->what == WEIR_Q_FUND && weir_random_below(r, 2)) {
        c->fund = random_name(r);
        c->present |= WEIR_HAS_FUND;
    }
    if (c->what == WEIR_Q_ADL) c->side = (uint8_t)weir_random_below(r, 2);
}

#define GIVE_NAME(field, bit)                                                                      \
    do {                                                                                           \
        c->field = random_name(r);                                                                 \
        c->present |= (bit);                                                                       \
    } while (0)
#define MAYBE_NAME(field, bit)                                                                     \
    do {                                                                                           \
        if (weir_random_below(r, 2)) GIVE_NAME(field, bit);                                        \
    } while (0)
#define GIVE_DECIMAL(field, bit)                                                                   \
    do {                                                                                           \
        c->field = random_decimal(r);                                                              \
        c->present |= (bit);                                                                       \
    } while (0)

static inline void random_command(struct weir_random *r, struct weir_risk_change *risk,
                                  struct weir_command *c) {
    *c = (struct weir_command){.kind = (uint8_t)(1 + weir_random_below(r, WEIR_CMD_COUNT - 1))};
    enum weir_command_kind kind = c->kind;
    if (kind == WEIR_CMD_CLOCK || weir_random_below(r, 2)) {
        c->present |= WEIR_HAS_T;
        c->t = (int64_t)(weir_random_next(r) >> (1 + weir_random_below(r, 63)));
    }
    bool account = kind <= WEIR_CMD_AMEND || kind == WEIR_CMD_BID || kind == WEIR_CMD_BACKSTOP ||
                   kind == WEIR_CMD_QUERY || kind == WEIR_CMD_BLOCK_TRADE;
    if (account) c->account = random_name(r);
    bool market = kind == WEIR_CMD_LEVERAGE || kind == WEIR_CMD_MARGIN_MODE ||
                  kind == WEIR_CMD_ISOLATED_MARGIN || kind == WEIR_CMD_ORDER ||
                  kind == WEIR_CMD_INDEX || kind == WEIR_CMD_BLOCK_TRADE ||
                  kind == WEIR_CMD_BACKSTOP || kind == WEIR_CMD_MARKET_STATUS ||
                  kind == WEIR_CMD_RISK;
    if (market) GIVE_NAME(market, WEIR_HAS_MARKET);
    bool id = kind == WEIR_CMD_ORDER || kind == WEIR_CMD_CANCEL || kind == WEIR_CMD_AMEND ||
              kind == WEIR_CMD_BID;
    if (id) c->id = random_name(r);
    bool amount = kind == WEIR_CMD_DEPOSIT || kind == WEIR_CMD_WITHDRAW ||
                  kind == WEIR_CMD_ISOLATED_MARGIN || kind == WEIR_CMD_FUND;
    if (amount) c->amount = random_decimal(r);
    switch (kind) {
    case WEIR_CMD_ACCOUNT:
        MAYBE_NAME(class_name, WEIR_HAS_CLASS);
        MAYBE_NAME(owner, WEIR_HAS_OWNER);
        break;
    case WEIR_CMD_DEPOSIT:
    case WEIR_CMD_WITHDRAW:
        MAYBE_NAME(asset, WEIR_HAS_ASSET);
        break;
    case WEIR_CMD_LEVERAGE:
        c->leverage = random_decimal(r);
        break;
    case WEIR_CMD_MARGIN_MODE:
        c->mode = (uint8_t)weir_random_below(r, 2);
        break;
    case WEIR_CMD_ORDER:
        random_order(r, c);
        break;
    case WEIR_CMD_CANCEL_ALL:
        MAYBE_NAME(market, WEIR_HAS_MARKET);
        break;
    case WEIR_CMD_AMEND:
        if (weir_random_below(r, 2)) GIVE_DECIMAL(price, WEIR_HAS_PRICE);
        if (c->present <= WEIR_HAS_T || weir_random_below(r, 2)) GIVE_DECIMAL(qty, WEIR_HAS_QTY);
        break;
    case WEIR_CMD_COLLATERAL_PRICE:
        GIVE_NAME(asset, WEIR_HAS_ASSET);
        GIVE_DECIMAL(price, WEIR_HAS_PRICE);
        MAYBE_NAME(source, WEIR_HAS_SOURCE);
        break;
    case WEIR_CMD_INDEX:
        GIVE_DECIMAL(price, WEIR_HAS_PRICE);
        MAYBE_NAME(source, WEIR_HAS_SOURCE);
        break;
    case WEIR_CMD_BLOCK_TRADE:
        c->account2 = random_name(r);
        GIVE_DECIMAL(qty, WEIR_HAS_QTY);
        GIVE_DECIMAL(price, WEIR_HAS_PRICE);
        break;
    case WEIR_CMD_FUND:
        MAYBE_NAME(fund, WEIR_HAS_FUND);
        break;
    case WEIR_CMD_BID:
        c->auction = random_digits(r);
        GIVE_DECIMAL(qty, WEIR_HAS_QTY);
        GIVE_DECIMAL(price, WEIR_HAS_PRICE);
        break;
    case WEIR_CMD_BACKSTOP:
        c->notional = random_decimal(r);
        c->loss_limit = random_decimal(r);
        break;
    case WEIR_CMD_MARKET_STATUS:
        c->status = (uint8_t)weir_random_below(r, 4);
        break;
    case WEIR_CMD_RISK:
        random_risk(r, risk, &c->present);
        c->risk = risk;
        break;
    case WEIR_CMD_INDICATOR:
        c->name = random_name(r);
        c->value = random_decimal(r);
        break;
    case WEIR_CMD_QUERY:
        random_query(r, c);
        break;
    default:
        break;
    }
}

static inline bool decimal_equal(const struct weir_decimal *a, const struct weir_decimal *b) {
    return a->mantissa == b->mantissa && a->scale == b->scale && a->huge == b->huge &&
           a->fine == b->fine && a->negative == b->negative;
}

static inline bool risk_equal(const struct weir_risk_change *a, const struct weir_risk_change *b) {
    bool equal = decimal_equal(&a->open_interest_cap, &b->open_interest_cap) &&
                 decimal_equal(&a->position_limit, &b->position_limit) &&
                 decimal_equal(&a->price_band, &b->price_band) &&
                 decimal_equal(&a->liquidation_band, &b->liquidation_band) &&
                 decimal_equal(&a->funding_cap, &b->funding_cap) && a->none == b->none &&
                 a->tier_count == b->tier_count;
    for (uint32_t i = 0; equal && i < a->tier_count; i++) {
        const struct weir_tier_text *x = &a->tiers[i], *y = &b->tiers[i];
        equal = decimal_equal(&x->cap, &y->cap) && decimal_equal(&x->rate, &y->rate) &&
                decimal_equal(&x->max_leverage, &y->max_leverage) &&
                decimal_equal(&x->initial_rate, &y->initial_rate) &&
                x->has_max_leverage == y->has_max_leverage &&
                x->has_initial_rate == y->has_initial_rate;
    }
    return equal;
}

/* NULL, or the name of the first field in which two commands differ. */
static inline const char *command_difference(const struct weir_command *a,
                                             const struct weir_command *b) {
#define BYTES(field)                                                                               \
    if (memcmp(&a->field, &b->field, sizeof a->field) != 0) return #field
#define DECIMAL(field)                                                                             \
    if (!decimal_equal(&a->field, &b->field)) return #field
    BYTES(kind);
    BYTES(reject);
    BYTES(side);
    BYTES(type);
    BYTES(tif);
    BYTES(trigger);
    BYTES(post_only);
    BYTES(reduce_only);
    BYTES(mode);
    BYTES(status);
    BYTES(what);
    BYTES(present);
    BYTES(t);
    BYTES(account);
    BYTES(account2);
    BYTES(market);
    BYTES(id);
    BYTES(asset);
    BYTES(owner);
    BYTES(class_name);
    BYTES(source);
    BYTES(fund);
    BYTES(name);
    DECIMAL(qty);
    DECIMAL(price);
    DECIMAL(stop_price);
    DECIMAL(amount);
    DECIMAL(leverage);
    DECIMAL(notional);
    DECIMAL(loss_limit);
    DECIMAL(value);
    DECIMAL(auction);
    DECIMAL(depth);
    BYTES(line);
    BYTES(column);
    if (strcmp(a->detail, b->detail) != 0) return "detail";
    if ((a->risk == NULL) != (b->risk == NULL)) return "risk";
    if (a->risk && !risk_equal(a->risk, b->risk)) return "risk";
    return NULL;
#undef BYTES
#undef DECIMAL
}

#endif
