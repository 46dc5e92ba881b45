/* Every container is bounded, and the bound is met with a rejection that names it, the state as it
 * was. What has no rejection of its own (lists of scopes, heaps, edges, scratch) is sized for what
 * fits into the others: runs with everything full show it. */
#include "engine/internal.h"
#include "price/price.h"
#include "tests/hygiene/tape.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct desk {
    struct weir_venue *venue;
    struct weir_engine *engine;
    uint64_t rejected;
    enum weir_reason reason;
    char detail[200];
    uint64_t auction; /* the last that opened */
};

static void see(void *ctx, const struct weir_event *e) {
    struct desk *d = ctx;
    if (e->kind == WEIR_EV_AUCTION_OPENED) d->auction = e->auction_opened.auction;
    if (e->kind != WEIR_EV_REJECTED) return;
    d->rejected++;
    d->reason = e->rejected.reason;
    snprintf(d->detail, sizeof d->detail, "%s", e->rejected.detail ? e->rejected.detail : "");
}

static void open_desk(struct desk *d, uint32_t markets, uint32_t accounts, uint32_t orders) {
    static char text[1 << 16];
    size_t n = 0, size = sizeof text;
    *d = (struct desk){0};
    n += (size_t)snprintf(text, size,
                          "name: bounds\nmoney: {asset: USDT, decimals: 6}\n"
                          "collateral:\n");
    for (int a = 0; a < 20; a++)
        n +=
            (size_t)snprintf(text + n, size - n,
                             "  - {asset: C%d, decimals: 6, haircut: 0.1, stale_after: none}\n", a);
    n += (size_t)snprintf(text + n, size - n, "auction: {interval: 1s}\nmarkets:\n");
    for (uint32_t m = 0; m < markets; m++)
        n += (size_t)snprintf(text + n, size - n,
                              "  - {symbol: M%u, tick: 0.1, lot: 0.001, max_price: 100000, "
                              "default_leverage: 10, max_open_orders: 1000, price_band: none, "
                              "index: {stale_after: none}, "
                              "tiers: [{cap: 1000000000, rate: 0.005, max_leverage: 100}]}\n",
                              m);
    cr_assert(n < size);
    struct weir_file_error error = {0};
    d->venue = weir_venue_parse(text, n, "bounds", NULL, 0, &error);
    cr_assert(d->venue != NULL, "%s", error.text);
    struct weir_engine_options options = {.accounts_max = accounts, .orders_max = orders};
    d->engine = weir_engine_new(d->venue, &options, see, d);
    cr_assert(d->engine != NULL);
}

static void close_desk(struct desk *d) {
    cr_assert(weir_engine_audit(d->engine) == NULL);
    weir_engine_free(d->engine);
    weir_venue_free(d->venue);
}

/* ---- Commands -------------------------------------------------------------------------------- */

static struct weir_name name(char prefix, uint32_t number) {
    struct weir_name n = {{0}};
    snprintf(n.text, sizeof n.text, "%c%u", prefix, number);
    return n;
}
static struct weir_decimal number(int64_t value) {
    return (struct weir_decimal){.mantissa = value};
}
static struct weir_command command(enum weir_command_kind kind, uint32_t account) {
    struct weir_command c = {.kind = (uint8_t)kind};
    c.account = name('a', account);
    return c;
}
static void in_market(struct weir_command *c, uint32_t market) {
    c->market = name('M', market);
    c->present |= WEIR_HAS_MARKET;
}

/* True when it passed. */
static bool does(struct desk *d, const struct weir_command *c) {
    uint64_t before = d->rejected;
    weir_engine_apply(d->engine, c);
    return d->rejected == before;
}

/* The digest, as if no command had come since number `seq`: that is part of it. */
static uint64_t digest_at(struct desk *d, uint64_t seq) {
    uint64_t now = d->engine->x.seq;
    d->engine->x.seq = seq;
    uint64_t digest = weir_engine_digest(d->engine);
    d->engine->x.seq = now;
    return digest;
}

/* Rejected, with these words, and nothing changed; again and again. */
static void refuses(struct desk *d, const struct weir_command *c, enum weir_reason reason,
                    const char *words) {
    for (int i = 0; i < 3; i++) {
        uint64_t seq = weir_engine_seq(d->engine), before = digest_at(d, seq);
        cr_assert(!does(d, c), "passed: it should have met `%s`", words);
        cr_assert(d->reason == reason && strstr(d->detail, words) != NULL,
                  "reason %d, `%s`, expected `%s`", (int)d->reason, d->detail, words);
        cr_assert(digest_at(d, seq) == before, "`%s` changed the state", words);
    }
}

static bool opens(struct desk *d, uint32_t account) {
    struct weir_command c = command(WEIR_CMD_ACCOUNT, account);
    return does(d, &c);
}
static bool deposits(struct desk *d, uint32_t account, int64_t amount) {
    struct weir_command c = command(WEIR_CMD_DEPOSIT, account);
    c.amount = number(amount);
    return does(d, &c);
}
static void set_index(struct desk *d, uint32_t market, int64_t price) {
    struct weir_command c = {.kind = WEIR_CMD_INDEX};
    in_market(&c, market);
    c.price = number(price);
    c.present |= WEIR_HAS_PRICE;
    cr_assert(does(d, &c), "%s", d->detail);
}
static struct weir_command order(uint32_t account, uint32_t market, uint32_t id,
                                 enum weir_side side, int64_t price, int64_t qty) {
    struct weir_command c = command(WEIR_CMD_ORDER, account);
    in_market(&c, market);
    c.id = name('o', id);
    c.side = (uint8_t)side;
    c.type = WEIR_LIMIT;
    c.qty = number(qty);
    c.price = number(price);
    c.present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
    return c;
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

Test(bounds, accounts) {
    struct desk d;
    open_desk(&d, 1, 5, 100);
    /* Each with an owner's name of his own: names are met nowhere before accounts. */
    for (uint32_t i = 0; i < 5; i++) {
        struct weir_command c = command(WEIR_CMD_ACCOUNT, i);
        c.owner = name('w', i);
        c.present |= WEIR_HAS_OWNER;
        cr_assert(does(&d, &c), "%s", d.detail);
    }
    for (uint32_t i = 5; i < 1000; i++) {
        struct weir_command c = command(WEIR_CMD_ACCOUNT, i);
        c.owner = name('w', i);
        c.present |= WEIR_HAS_OWNER;
        refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another account");
    }
    cr_assert(deposits(&d, 4, 100)); /* those who are there go on */
    close_desk(&d);
}

/* Legs: positions that an account may have, one a market. */
Test(bounds, positions) {
    struct desk d;
    open_desk(&d, 300, 2, 100);
    cr_assert(opens(&d, 0) && opens(&d, 1));
    uint32_t made = 0;
    struct weir_command c;
    for (; made < 600; made++) {
        c = command(WEIR_CMD_LEVERAGE, made % 2);
        in_market(&c, made / 2);
        c.leverage = number(5);
        if (!does(&d, &c)) break;
    }
    cr_assert(made >= 2 * 8 && made < 600);
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another position");
    c = order(made % 2, made / 2, 1, WEIR_BUY, 100, 1);
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another position");
    close_desk(&d);
}

Test(bounds, isolated_scopes) {
    struct desk d;
    open_desk(&d, 300, 1, 100);
    cr_assert(opens(&d, 0));
    uint32_t made = 0;
    struct weir_command c;
    for (uint32_t m = 0; m < 300; m++) {
        c = command(WEIR_CMD_MARGIN_MODE, 0);
        in_market(&c, m);
        c.mode = WEIR_ISOLATED;
        if (!does(&d, &c)) break;
        made++;
    }
    cr_assert(made >= 8 && made < 300);
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another");
    close_desk(&d);
}

Test(bounds, holdings) {
    struct desk d;
    open_desk(&d, 1, 100, 100);
    for (uint32_t i = 0; i < 100; i++)
        cr_assert(opens(&d, i));
    for (uint32_t a = 0; a < 20; a++) {
        struct weir_command c = {.kind = WEIR_CMD_COLLATERAL_PRICE};
        c.asset = name('C', a);
        c.price = number(2);
        c.present |= WEIR_HAS_PRICE;
        cr_assert(does(&d, &c), "%s", d.detail);
    }
    uint32_t made = 0;
    struct weir_command c;
    for (uint32_t i = 0; i < 2000; i++, made++) {
        c = command(WEIR_CMD_DEPOSIT, i % 100);
        c.asset = name('C', i / 100);
        c.present |= WEIR_HAS_ASSET;
        c.amount = number(10);
        if (!does(&d, &c)) break;
    }
    cr_assert(made >= 800 && made < 2000);
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another holding");
    close_desk(&d);
}

Test(bounds, sources) {
    struct desk d;
    open_desk(&d, 1, 4, 100);
    struct weir_command c = {.kind = WEIR_CMD_INDEX};
    in_market(&c, 0);
    c.price = number(100);
    c.present |= WEIR_HAS_PRICE | WEIR_HAS_SOURCE;
    uint32_t made = 0;
    for (; made < 100; made++) {
        c.source = name('s', made);
        if (!does(&d, &c)) break;
    }
    cr_assert_eq(made, WEIR_SOURCES_MAX);
    refuses(&d, &c, WEIR_R_RANGE, "at most 16 sources");
    close_desk(&d);
}

/* Each at a price of its own: levels, leaves and chunks of the book are met nowhere before. */
Test(bounds, orders) {
    struct desk d;
    open_desk(&d, 1, 4, 500);
    cr_assert(opens(&d, 0) && opens(&d, 1) && deposits(&d, 0, 1000000) && deposits(&d, 1, 1000000));
    set_index(&d, 0, 50000);
    for (uint32_t i = 0; i < 500; i++) {
        struct weir_command c = order(0, 0, i, WEIR_BUY, 100 + 64 * i, 1);
        c.qty = (struct weir_decimal){.mantissa = 1, .scale = 3};
        cr_assert(does(&d, &c), "%s", d.detail);
    }
    struct weir_command c = order(1, 0, 1, WEIR_BUY, 100, 1);
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another order");
    c.type = WEIR_STOP;
    c.stop_price = number(60000);
    c.present = (c.present | WEIR_HAS_STOP_PRICE) & ~(uint32_t)WEIR_HAS_PRICE;
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another stop");
    /* What does not rest is let in, and makes room by filling others. */
    c = order(1, 0, 2, WEIR_SELL, 100, 1);
    c.qty = (struct weir_decimal){.mantissa = 2, .scale = 3};
    c.tif = WEIR_IOC;
    cr_assert(does(&d, &c), "%s", d.detail);
    c = order(1, 0, 3, WEIR_BUY, 100, 1);
    cr_assert(does(&d, &c), "%s", d.detail);
    close_desk(&d);
}

Test(bounds, orders_of_an_account) {
    struct desk d;
    open_desk(&d, 1, 4, 5000);
    cr_assert(opens(&d, 0) && deposits(&d, 0, 100000000));
    set_index(&d, 0, 50000);
    struct weir_command c;
    for (uint32_t i = 0; i < 1000; i++) {
        c = order(0, 0, i, WEIR_BUY, 100, 1);
        cr_assert(does(&d, &c), "%s", d.detail);
    }
    c = order(0, 0, 1000, WEIR_BUY, 100, 1);
    refuses(&d, &c, WEIR_R_ORDER_LIMIT, "has 1000 open orders");
    close_desk(&d);
}

/* A fall that puts a position up for auction. */
static void put_up(struct desk *d) {
    for (uint32_t i = 0; i < 4; i++)
        cr_assert(opens(d, i) && deposits(d, i, i == 0 ? 6000 : 1000000000));
    set_index(d, 0, 50000);
    struct weir_command c = order(1, 0, 0, WEIR_SELL, 50000, 1);
    cr_assert(does(d, &c), "%s", d->detail);
    c = order(0, 0, 0, WEIR_BUY, 50000, 1);
    cr_assert(does(d, &c), "%s", d->detail);
    set_index(d, 0, 44000);
    c = command(WEIR_CMD_CLOCK, 0);
    c.t = INT64_C(1760000000000000000);
    c.present |= WEIR_HAS_T;
    for (int i = 0; i < 20 && d->auction == 0; i++, c.t += WEIR_SECOND / 100)
        cr_assert(does(d, &c), "%s", d->detail);
    cr_assert(d->auction != 0);
}

/* More bids than there may be positions: an auction's close has room for all of them. */
Test(bounds, bids) {
    struct desk d;
    open_desk(&d, 1, 4, 2500);
    put_up(&d);
    struct weir_command c;
    uint32_t made = 0;
    for (; made < 4000; made++) {
        c = command(WEIR_CMD_BID, 1 + made / 1000 % 3);
        c.id = name('b', made);
        c.auction = number((int64_t)d.auction);
        c.qty = (struct weir_decimal){.mantissa = 1, .scale = 3};
        c.price = number(43900);
        c.present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
        if (!does(&d, &c)) break;
    }
    cr_assert_eq(made, 2500);
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another bid");
    c = command(WEIR_CMD_CLOCK, 0);
    c.t = weir_engine_now(d.engine) + 2 * WEIR_SECOND;
    c.present |= WEIR_HAS_T;
    cr_assert(does(&d, &c), "%s", d.detail);
    cr_assert(weir_engine_view_backlog(d.engine) == 0);
    close_desk(&d);
}

/* A burst in an engine that has room for its accounts and open orders, and for nothing more. */
Test(bounds, a_burst_with_everything_full) {
    struct tape t;
    cr_assert(tape_record(&t, 1000, 60, 3));
    uint32_t accounts = 0;
    for (uint32_t i = 0; i < t.count; i++)
        accounts += t.commands[i].kind == WEIR_CMD_ACCOUNT;
    t.options.accounts_max = accounts;
    t.options.orders_max = t.orders_most;
    struct desk d = {0};
    d.engine = tape_engine(&t, see, &d);
    cr_assert(d.engine != NULL);
    uint64_t before = d.rejected;
    for (uint32_t i = t.begin; i < t.count; i++)
        weir_engine_apply(d.engine, &t.commands[i]);
    cr_assert_eq(d.rejected - before, t.rejected);
    cr_assert_eq(weir_engine_digest(d.engine), t.digest);
    cr_assert(weir_engine_audit(d.engine) == NULL);
    struct weir_command c = command(WEIR_CMD_ACCOUNT, 999999);
    refuses(&d, &c, WEIR_R_NOT_ALLOWED, "no room for another account");
    weir_engine_free(d.engine);
    tape_free(&t);
}
