#include "cli/explain.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* ---- Numbers as text: a ring of buffers, so that several fit one printf -----------------------
 */
static char *next_text(void) {
    static char ring[16][160];
    static unsigned at;
    return ring[at++ % 16];
}

static const char *decimal(weir_wide value, const struct weir_decimal *unit, uint8_t digits) {
    char *text = next_text();
    weir_decimal_print(value, unit, digits, text, 160);
    return text;
}

/* With several settlement assets the amount says which it is of. */
static const char *money(const struct weir_venue *v, uint32_t asset, weir_wide units) {
    const struct weir_decimal unit = weir_asset_unit(v, asset);
    if (weir_venue_settlements(v) < 2) return decimal(units, &unit, v->assets[asset].decimals);
    char *text = next_text();
    size_t size = weir_decimal_print(units, &unit, v->assets[asset].decimals, text, 128);
    (void)snprintf(text + size, 160 - size, " %s", v->assets[asset].name.text);
    return text;
}

static const char *price(const struct weir_venue *v, uint32_t market, weir_price ticks) {
    return ticks == 0 ? "none"
                      : decimal(ticks, &v->markets[market].tick, v->markets[market].price_digits);
}

static const char *maybe_price(const struct weir_venue *v, uint32_t market,
                               struct weir_maybe ticks) {
    return ticks.known ? price(v, market, ticks.value) : "none";
}

static const char *qty(const struct weir_venue *v, uint32_t market, weir_wide lots) {
    return decimal(lots, &v->markets[market].lot, v->markets[market].qty_digits);
}

static const char *rate(weir_wide ppb) {
    const struct weir_decimal unit = weir_decimal_power(9);
    return decimal(ppb, &unit, 9);
}

/* A moment of the log, to as many digits of the second as it has. */
static const char *moment(weir_time t) {
    char *text = next_text();
    time_t seconds = (time_t)(t / WEIR_SECOND);
    int64_t rest = t % WEIR_SECOND;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t size = strftime(text, 64, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest > 0) {
        size += (size_t)snprintf(text + size, 64, ".%09" PRId64, rest);
        while (text[size - 1] == '0')
            size--;
    }
    (void)snprintf(text + size, 4, "Z");
    return text;
}

static const char *symbol(const struct weir_venue *v, uint32_t market) {
    return v->markets[market].symbol.text;
}

static const char *scope(const struct weir_venue *v, uint32_t market) {
    if (!weir_scope_is_cross(market)) return symbol(v, market);
    if (weir_venue_settlements(v) < 2) return "cross";
    char *text = next_text();
    (void)snprintf(text, 160, "cross:%s", v->assets[weir_scope_asset(v, market)].name.text);
    return text;
}

static const char *whose(const struct weir_name *name, const struct weir_name *account) {
    return weir_name_equal(name, account) ? "this account" : name->text;
}

/* ---- Rules ------------------------------------------------------------------------------------
 */
static const char *reason_rule(enum weir_reason reason) {
    switch (reason) {
    case WEIR_R_PRECISION:
        return "R2: a price off the tick, a quantity off the lot or an amount finer than the "
               "money unit is never rounded";
    case WEIR_R_OVERFLOW:
        return "R3: no price may ever make a number too large for its field";
    case WEIR_R_IN_LIQUIDATION:
        return "R21: a scope in liquidation takes deposits only";
    case WEIR_R_STATUS:
        return "R16: the market's status does not allow it";
    case WEIR_R_STALE:
        return "R13: nobody opens, and nothing is withdrawn, on a stale index";
    case WEIR_R_NO_MARK:
        return "R14: the market has no mark price yet";
    case WEIR_R_MIN_SIZE:
        return "R12: below the market's least quantity or notional";
    case WEIR_R_ORDER_LIMIT:
        return "R12: as many open orders as the market allows an account";
    case WEIR_R_LEVERAGE:
        return "R10: above what the first tier or the account's class allows";
    case WEIR_R_BAND:
        return "R16: a buy above, or a sell below, mark by more than the price band";
    case WEIR_R_RESERVE:
        return "R26: the bid is worse than the auction's price of the moment";
    case WEIR_R_POST_ONLY:
        return "R12: a post-only order that would have traded";
    case WEIR_R_REDUCE_ONLY:
        return "R10: there is no position that it could reduce, or none any more";
    case WEIR_R_FOK:
        return "R12: a fill-or-kill order that cannot be filled whole";
    case WEIR_R_POSITION_LIMIT:
        return "R9, R12: above the last tier's cap or the owner's position limit";
    case WEIR_R_OPEN_INTEREST:
        return "R12: above the market's open-interest cap";
    case WEIR_R_MARGIN:
        return "R11: equity would not cover initial margin, order margin and the taker fee";
    case WEIR_R_INSUFFICIENT:
        return "R11: more than can be taken out";
    case WEIR_R_NOT_FLAT:
    case WEIR_R_NOT_ISOLATED:
        return "R6: the margin mode of this market does not allow it";
    case WEIR_C_SELF_TRADE:
        return "R6: it would have traded against an order of the same owner";
    case WEIR_C_MAKER_MARGIN:
        return "R11: checked again at the fill, the resting order was no longer covered";
    case WEIR_C_TAKER_MARGIN:
        return "R11: checked again at the fill, the rest was no longer covered";
    case WEIR_C_FILL_LIMIT:
        return "R20: an order makes a bounded number of fills";
    case WEIR_C_IOC:
        return "R16: the rest of an immediate-or-cancel order";
    case WEIR_C_LIQUIDATION:
        return "R21: a liquidation cancels the scope's orders first";
    case WEIR_C_ADL:
        return "R28: orders of a counterparty go before its position is closed";
    case WEIR_C_SETTLEMENT:
        return "R16: the contract settled";
    default:
        return "docs/protocol.md, reasons of rejection";
    }
}

static const char *trigger_words(const struct weir_venue *v) {
    switch (v->trigger_rule) {
    case WEIR_TRIGGER_MAINTENANCE:
        return "at or below the maintenance margin";
    case WEIR_TRIGGER_MAINTENANCE_STRICT:
        return "below the maintenance margin";
    default:
        return "at or below the venue's fraction of the initial margin";
    }
}

static const char *fill_rule(enum weir_fill_kind kind) {
    static const char *const rules[] = {
        [WEIR_FILL_TRADE] = "R7, R11",  [WEIR_FILL_LIQUIDATION] = "R24",
        [WEIR_FILL_AUCTION] = "R26",    [WEIR_FILL_BACKSTOP] = "R27",
        [WEIR_FILL_ABSORB] = "R27",     [WEIR_FILL_UNWIND] = "R27",
        [WEIR_FILL_ADL] = "R28",        [WEIR_FILL_BLOCK] = "R11",
        [WEIR_FILL_SETTLEMENT] = "R16",
    };
    return rules[kind];
}

static const char *cause_rule(enum weir_cause cause) {
    static const char *const rules[WEIR_CAUSE_COUNT] = {
        [WEIR_CAUSE_SEED] = "R31",
        [WEIR_CAUSE_LIQUIDATION_FEE] =
            "R24: at most what closing brought beyond the bankruptcy price",
        [WEIR_CAUSE_GAP] = "R31: the part of a fill that was worse than the bankruptcy price",
        [WEIR_CAUSE_SHORTFALL] = "R29: what remained negative when the scope was flat",
        [WEIR_CAUSE_ABSORB] = "R27: capital for what the fund takes over",
        [WEIR_CAUSE_UNWIND] = "R27: the fund's scope is flat, its balance returns",
        [WEIR_CAUSE_CONFISCATED] = "R30: lots went beyond the book stage",
        [WEIR_CAUSE_DUST] = "R5, R29: what rounding left over",
    };
    return rules[cause];
}

/* ---- Telling ----------------------------------------------------------------------------------
 */
void weir_explain_command(const struct weir_command *command, uint64_t number, weir_time now) {
    static char text[WEIR_LINE_MAX];
    size_t size = weir_json_command(command, text, sizeof text);
    printf("\ncommand %" PRIu64 " at %s\n  %.*s", number, moment(now), (int)size, text);
}

static void print_position(const struct weir_venue *v, const struct weir_position_state *p) {
    if (p->qty == 0) {
        printf("    %s flat, isolated balance %s (R6)\n", symbol(v, p->market),
               money(v, v->markets[p->market].asset, p->isolated_balance));
        return;
    }
    printf("    %s %s %s (%s, leverage %" PRId64 "): entry price %s, mark %s (R14), unrealised "
           "P&L %s (R7)\n",
           symbol(v, p->market), p->qty > 0 ? "long" : "short", qty(v, p->market, weir_abs(p->qty)),
           p->mode == WEIR_ISOLATED ? "isolated" : "cross", p->leverage,
           maybe_price(v, p->market, p->entry_price), maybe_price(v, p->market, p->mark_price),
           money(v, v->markets[p->market].asset, p->unrealised_pnl));
    printf("      notional %s, maintenance margin %s (R9), initial margin %s (R10)\n",
           money(v, v->markets[p->market].asset, p->notional),
           money(v, v->markets[p->market].asset, p->maintenance_margin),
           money(v, v->markets[p->market].asset, p->initial_margin));
    printf("      liquidation price %s (R17), bankruptcy price %s (R23)",
           maybe_price(v, p->market, p->liquidation_price),
           maybe_price(v, p->market, p->bankruptcy_price));
    if (p->has_isolated_balance)
        printf(", isolated balance %s (R6)",
               money(v, v->markets[p->market].asset, p->isolated_balance));
    if (p->adl_rank.known)
        printf(", %" PRId64 ". in line for deleveraging (R28)", p->adl_rank.value);
    putchar('\n');
}

static void print_scope(const struct weir_venue *v, const struct weir_scope_state *s,
                        const char *name) {
    printf("  %s balance %s, equity %s (R8), requirement %s (R17), margin ratio %s\n", name,
           money(v, s->asset, s->balance), money(v, s->asset, s->equity),
           money(v, s->asset, s->requirement), s->has_ratio ? rate(s->margin_ratio) : "none");
    printf("    initial margin %s, order margin %s (R10), available %s (R11)%s\n",
           money(v, s->asset, s->initial_margin), money(v, s->asset, s->order_margin),
           money(v, s->asset, s->available), s->in_liquidation ? "; in liquidation" : "");
}

void weir_explain_before(const struct weir_venue *v, const struct weir_account_state *s) {
    const struct weir_scope_state first = {.balance = s->balance,
                                           .equity = s->equity,
                                           .initial_margin = s->initial_margin,
                                           .order_margin = s->order_margin,
                                           .requirement = s->requirement,
                                           .has_ratio = s->has_ratio,
                                           .margin_ratio = s->margin_ratio,
                                           .available = s->available,
                                           .in_liquidation = s->in_liquidation};
    print_scope(v, &first, "before it:");
    /* A scope that was never used says nothing. */
    for (uint32_t i = 0; i < s->scope_count; i++)
        if (s->scopes[i].balance != 0 || s->scopes[i].equity != 0)
            print_scope(v, &s->scopes[i], scope(v, WEIR_CROSS(s->scopes[i].asset)));
    for (uint32_t i = 0; i < s->position_count; i++)
        print_position(v, &s->positions[i]);
}

static void tell_fill(const struct weir_venue *v, const struct weir_name *account,
                      const struct weir_event *e) {
    bool taker = weir_name_equal(e->fill.taker, account);
    bool buys = (e->fill.taker_side == WEIR_BUY) == taker;
    uint32_t asset = v->markets[e->fill.market].asset;
    printf("  fill (%s, %s): %s %s %s at %s, other side %s; fee %s, realised P&L %s (R7)\n",
           weir_fill_words[e->fill.kind], fill_rule(e->fill.kind), buys ? "buys" : "sells",
           qty(v, e->fill.market, e->fill.qty), symbol(v, e->fill.market),
           price(v, e->fill.market, e->fill.price),
           taker ? e->fill.maker->text : e->fill.taker->text,
           money(v, asset, taker ? e->fill.taker_fee : e->fill.maker_fee),
           money(v, asset, taker ? e->fill.taker_pnl : e->fill.maker_pnl));
}

static void tell_adl(const struct weir_venue *v, const struct weir_name *account,
                     const struct weir_event *e) {
    uint32_t m = e->adl.market;
    printf("  auto-deleveraging (R28): %s %s of %s close against %s at %s", qty(v, m, e->adl.qty),
           symbol(v, m), whose(e->adl.account, account), e->adl.counterparty->text,
           price(v, m, e->adl.price));
    if (e->adl.rank.known)
        printf(", whose rank is %" PRId64, e->adl.rank.value);
    else
        printf(", the last resort: nobody was eligible");
    printf("\n    the counterparty gives up %s against mark, at least %s of it was unavoidable\n",
           money(v, v->markets[m].asset, e->adl.haircut),
           money(v, v->markets[m].asset, e->adl.least_haircut));
}

static void tell_ended(const struct weir_venue *v, const struct weir_event *e) {
    static const char *const meaning[] = {"no lot had to be closed", "healthy again (R25)",
                                          "nothing is left of it"};
    uint32_t asset = weir_scope_asset(v, e->liquidation_ended.scope_market);
    printf("  liquidation %" PRIu64 " of scope %s ends `%s`: %s\n",
           e->liquidation_ended.liquidation, scope(v, e->liquidation_ended.scope_market),
           weir_outcome_words[e->liquidation_ended.outcome], meaning[e->liquidation_ended.outcome]);
    printf("    value closed:");
    for (unsigned s = 0; s < WEIR_BY_COUNT; s++)
        printf(" %s %s%s", weir_stage_words[s], money(v, asset, e->liquidation_ended.by_stage[s]),
               s + 1 < WEIR_BY_COUNT ? "," : "");
    printf("; shortfall %s (R29)\n", money(v, asset, e->liquidation_ended.shortfall));
}

static void tell_auction(const struct weir_venue *v, const struct weir_event *e) {
    if (e->kind == WEIR_EV_AUCTION_CLOSED) {
        uint32_t m = e->auction_closed.market;
        printf("  auction %" PRIu64 " of %s closes (R26): %s sold, %s unsold, price %s\n",
               e->auction_closed.auction, symbol(v, m), qty(v, m, e->auction_closed.allotted),
               qty(v, m, e->auction_closed.unsold), maybe_price(v, m, e->auction_closed.price));
        return;
    }
    uint32_t m = e->auction_opened.market;
    printf("  %s %s %s go to auction %" PRIu64 ", which closes at %s (R26)\n",
           qty(v, m, e->auction_opened.qty), symbol(v, m),
           e->auction_opened.side == WEIR_SELL ? "to sell" : "to buy back",
           e->auction_opened.auction, moment(e->auction_opened.closes_at));
}

static void tell_liquidation(const struct weir_venue *v, const struct weir_event *e) {
    if (e->kind == WEIR_EV_LIQUIDATION_STARTED) {
        uint32_t asset = weir_scope_asset(v, e->liquidation_started.scope_market);
        printf("  liquidation %" PRIu64 " of scope %s starts: equity %s is %s, %s (R17, R19)\n",
               e->liquidation_started.liquidation, scope(v, e->liquidation_started.scope_market),
               money(v, asset, e->liquidation_started.equity), trigger_words(v),
               money(v, asset, e->liquidation_started.requirement));
        return;
    }
    uint32_t m = e->liquidation_step.market;
    printf("  book (R22, R24): policy %s (R36) %ss %s %s, limit %s (R23, R24), filled %s\n",
           weir_policy_words[e->liquidation_step.policy], weir_side_words[e->liquidation_step.side],
           qty(v, m, e->liquidation_step.qty), symbol(v, m), price(v, m, e->liquidation_step.limit),
           qty(v, m, e->liquidation_step.filled));
}

static void tell_money(const struct weir_venue *v, const struct weir_event *e) {
    if (e->kind == WEIR_EV_FUND_MOVEMENT) {
        weir_wide amount = e->fund_movement.amount;
        uint32_t of = v->funds[e->fund_movement.fund].asset;
        printf("  fund %s %s %s (%s, %s), its cash is now %s\n",
               v->funds[e->fund_movement.fund].name.text, amount < 0 ? "pays" : "receives",
               money(v, of, amount < 0 ? -amount : amount),
               weir_cause_words[e->fund_movement.cause], cause_rule(e->fund_movement.cause),
               money(v, of, e->fund_movement.balance));
    } else if (e->kind == WEIR_EV_COLLATERAL_SOLD) {
        const struct weir_asset *asset = &v->assets[e->collateral_sold.asset];
        const struct weir_decimal unit = weir_decimal_power(asset->decimals);
        printf("  %s %s are sold at %s less the haircut for %s (R8)\n",
               decimal(e->collateral_sold.amount, &unit, asset->decimals), asset->name.text,
               rate(e->collateral_sold.price), money(v, 0, e->collateral_sold.proceeds));
    } else if (e->socialised.market != WEIR_NO_INDEX) {
        printf("  %s of loss are shared by every lot of %s (R29)\n",
               money(v, v->markets[e->socialised.market].asset, e->socialised.amount),
               symbol(v, e->socialised.market));
    } else {
        printf("  %s of the loss pool are charged (R29)\n",
               money(v, e->socialised.asset, e->socialised.amount));
    }
}

void weir_explain_event(const struct weir_venue *v, const struct weir_name *account,
                        const struct weir_event *e) {
    switch (e->kind) {
    case WEIR_EV_REJECTED:
        printf("  rejected, `%s`: %s\n    %s\n", weir_reason_words[e->rejected.reason],
               e->rejected.detail ? e->rejected.detail : "", reason_rule(e->rejected.reason));
        return;
    case WEIR_EV_CANCELLED:
        printf("  order %s cancelled with %s open, `%s`: %s\n", e->cancelled.id->text,
               qty(v, e->cancelled.market, e->cancelled.qty),
               weir_reason_words[e->cancelled.reason], reason_rule(e->cancelled.reason));
        return;
    case WEIR_EV_TRIGGERED:
        printf("  stop %s of %s fires (R12)\n", e->triggered.id->text,
               symbol(v, e->triggered.market));
        return;
    case WEIR_EV_MARK:
        printf("  mark of %s is now %s (R14), index %s (R13)\n", symbol(v, e->mark.market),
               price(v, e->mark.market, e->mark.mark), price(v, e->mark.market, e->mark.index));
        return;
    case WEIR_EV_FUNDING:
        printf("  funding of %s: rate %s, longs pay %s per lot (R15)\n",
               symbol(v, e->funding.market), rate(e->funding.rate),
               money(v, v->markets[e->funding.market].asset, e->funding.per_lot));
        return;
    case WEIR_EV_MARGIN_CALL:
        printf("  margin call, scope %s: margin ratio %s (R17)\n",
               scope(v, e->margin_call.scope_market),
               e->margin_call.has_ratio ? rate(e->margin_call.margin_ratio) : "none, no equity");
        return;
    case WEIR_EV_FILL:
        tell_fill(v, account, e);
        return;
    case WEIR_EV_LIQUIDATION_STARTED:
    case WEIR_EV_LIQUIDATION_STEP:
        tell_liquidation(v, e);
        return;
    case WEIR_EV_LIQUIDATION_ENDED:
        tell_ended(v, e);
        return;
    case WEIR_EV_AUCTION_OPENED:
    case WEIR_EV_AUCTION_JOINED:
    case WEIR_EV_AUCTION_CLOSED:
        tell_auction(v, e);
        return;
    case WEIR_EV_ADL:
        tell_adl(v, account, e);
        return;
    case WEIR_EV_FUND_MOVEMENT:
    case WEIR_EV_COLLATERAL_SOLD:
    case WEIR_EV_SOCIALISED:
        tell_money(v, e);
        return;
    case WEIR_EV_SETTLED:
        printf("  %s settles at %s (R16)\n", symbol(v, e->settled.market),
               price(v, e->settled.market, e->settled.price));
        return;
    default:
        return;
    }
}
