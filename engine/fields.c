/* Reading a command's names and numbers, with the reason where they are wrong. */
#include "engine/internal.h"

const struct weir_decimal weir_one = {.mantissa = 1, .scale = 0};
const struct weir_decimal weir_ppb = {.mantissa = 1, .scale = 9};

enum weir_reason weir_find_account(struct weir_engine *e, const struct weir_name *name,
                                   uint32_t *account) {
    *account = weir_account_find(&e->x.ledger, name);
    if (*account != WEIR_NO_INDEX) return WEIR_OK;
    return weir_deny(e, WEIR_R_UNKNOWN_ACCOUNT, "there is no account %s", name->text);
}

enum weir_reason weir_find_market(struct weir_engine *e, const struct weir_command *c,
                                  uint32_t *market) {
    *market = weir_venue_market(e->x.venue, &c->market);
    if (*market == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_UNKNOWN_MARKET, "the venue has no market %s", c->market.text);
    if (e->x.prices[*market].phase == WEIR_PHASE_GONE)
        return weir_deny(e, WEIR_R_UNKNOWN_MARKET, "%s has settled", c->market.text);
    return WEIR_OK;
}

enum weir_reason weir_check_open(struct weir_engine *e, uint32_t market) {
    if (e->x.prices[market].phase == WEIR_PHASE_OPEN) return WEIR_OK;
    return weir_deny(e, WEIR_R_STATUS, "%s is settling", e->x.venue->markets[market].symbol.text);
}

enum weir_reason weir_find_leg(struct weir_engine *e, const struct weir_command *c,
                               uint32_t *market, uint32_t *leg) {
    uint32_t account;
    enum weir_reason r = weir_find_account(e, &c->account, &account);
    if (r == WEIR_OK) r = weir_find_market(e, c, market);
    if (r != WEIR_OK) return r;
    if (weir_account_is_fund(&e->x.ledger, account))
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "%s is the fund's own", c->account.text);
    *leg = weir_leg_get(&e->x.ledger, account, *market);
    if (*leg == WEIR_NO_INDEX)
        return weir_deny(e, WEIR_R_NOT_ALLOWED, "the engine has no room for another position");
    return WEIR_OK;
}

enum weir_reason weir_read_numbers(struct weir_engine *e, const struct weir_number *n,
                                   size_t count) {
    enum weir_exact exact[8];
    WEIR_CHECK(count <= 8);
    for (size_t i = 0; i < count; i++) {
        exact[i] = weir_decimal_units(n[i].text, n[i].unit, n[i].out);
        if (exact[i] == WEIR_EXACT_PRECISION)
            return weir_deny(e, WEIR_R_PRECISION, "%s is finer than its unit", n[i].key);
    }
    for (size_t i = 0; i < count; i++) {
        bool negative = n[i].text->huge ? n[i].text->negative : n[i].text->mantissa < 0;
        bool low = exact[i] == WEIR_EXACT_OVERFLOW ? negative && n[i].least > INT64_MIN
                                                   : *n[i].out < n[i].least;
        bool high = exact[i] == WEIR_EXACT_OVERFLOW ? !negative : *n[i].out > n[i].most;
        if (low || (high && !n[i].most_overflows))
            return weir_deny(e, WEIR_R_RANGE, "%s is out of range", n[i].key);
    }
    for (size_t i = 0; i < count; i++)
        if (exact[i] == WEIR_EXACT_OVERFLOW || *n[i].out > n[i].most)
            return weir_deny(e, WEIR_R_OVERFLOW, "%s does not fit", n[i].key);
    return WEIR_OK;
}

struct weir_decimal weir_market_unit(const struct weir_engine *e, uint32_t market) {
    return weir_asset_unit(e->x.venue, e->x.venue->markets[market].asset);
}

struct weir_number weir_price_number(const struct weir_engine *e, uint32_t market, const char *key,
                                     const struct weir_decimal *text, weir_price *out) {
    const struct weir_market *m = &e->x.venue->markets[market];
    return (struct weir_number){key, text, &m->tick, 1, m->max_price, true, out};
}

struct weir_number weir_qty_number(const struct weir_engine *e, uint32_t market,
                                   const struct weir_decimal *text, weir_qty *out) {
    const struct weir_market *m = &e->x.venue->markets[market];
    return (struct weir_number){"qty", text, &m->lot, 1, weir_lots_bound(m), true, out};
}
