/* Situations worked out by hand, run through the twin: commands in, the telling parts of the events
 * in their order. In all of them one lot at one tick is worth 1 USDT, MM is 5 %, leverage 10. */
#include "reference/reference.h"
#include "wire/wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char base_venue[] = "name: worked\n"
                                 "money: {asset: USDT, decimals: 6}\n"
                                 "collateral:\n"
                                 "  - {asset: ETH, decimals: 2, haircut: 0.1}\n"
                                 "markets:\n"
                                 "  - symbol: M\n"
                                 "    tick: 1\n"
                                 "    lot: 1\n"
                                 "    tiers:\n"
                                 "      - {cap: 1000000, rate: 0.05, max_leverage: 10}\n"
                                 "    default_leverage: 10\n"
                                 "    index: {stale_after: none}\n"
                                 "    fees: {maker: 0, taker: 0.001, liquidation: 0.005}\n"
                                 "    funding: {interval: 60s, interest: 0.0001}\n"
                                 "    price_band: none\n"
                                 "    liquidation_band: none\n";

/* Three accounts of 100, 1,000 and 1,000; a is long 10 at 100 against b, with E = 100 at 100. */
#define OPENED                                                                                     \
    "clock t=60\n"                                                                                 \
    "account account=a\naccount account=b\naccount account=c\n"                                    \
    "deposit account=a amount=100\ndeposit account=b amount=1000\n"                                \
    "deposit account=c amount=1000\n"                                                              \
    "index market=M price=100\n"                                                                   \
    "block_trade market=M buyer=a seller=b qty=10 price=100\n"

/* One lot of I is 100 USD: 1 BTC at 100. a, with 2 BTC, is long 10 at 100 against b. */
#define INVERSE                                                                                    \
    "  - symbol: I\n    contract: inverse\n    face_value: 100\n    asset: BTC\n"                  \
    "    tick: 1\n    lot: 1\n"                                                                    \
    "    tiers:\n      - {cap: 1000000, rate: 0.05, max_leverage: 10}\n"                           \
    "    default_leverage: 10\n    index: {stale_after: none}\n    price_band: none\n"             \
    "    liquidation_band: none\n"
#define INVERSE_OPENED                                                                             \
    "clock t=60\n"                                                                                 \
    "account account=a\naccount account=b\n"                                                       \
    "deposit account=a asset=BTC amount=2\ndeposit account=b asset=BTC amount=10\n"                \
    "index market=I price=100\n"                                                                   \
    "block_trade market=I buyer=a seller=b qty=10 price=100\n"

struct row {
    const char *name;
    const char *venue;    /* after the base */
    const char *commands; /* key=value words; t in seconds */
    const char *events;   /* each line's words must all stand in one event, in this order */
};

static const struct row rows[] = {
    {"closing part of a position, R7: 40 profit, 400 of 1,000 released", "",
     OPENED "order account=c market=M id=x side=buy type=limit qty=4 price=110\n"
            "order account=a market=M id=y side=sell type=market qty=4\n"
            "query what=account account=a\n",
     "event=fill kind=block taker=a maker=b price=100\n"
     "event=fill kind=trade price=110 qty=4 taker=a taker_fee=0.440000 taker_pnl=40.000000\n"
     "event=account_state account=a balance=139.560000 qty=6 entry_value=600.000000\n"},
    {"funding, R15: 0.0001 of 100 is 0.01 a lot, longs to shorts", "",
     OPENED "clock t=120\nquery what=account account=a\nquery what=account account=b\n",
     "event=funding rate=0.000100000 per_lot=0.010000\n"
     "event=account_state account=a balance=99.900000\n"
     "event=account_state account=b balance=1000.100000\n"},
    {"liquidation price, R17: 10 p - 900 <= 0.5 p first at 94; bankruptcy at 90", "",
     OPENED "query what=account account=a\n",
     "event=account_state maintenance_margin=50.000000 liquidation_price=94 bankruptcy_price=90\n"},
    {"book, R23-R25: E = 40 at 94, limit 90, 2 a lot better, fee 0.5 % of 920", "",
     OPENED "order account=c market=M id=x side=buy type=limit qty=10 price=92\n"
            "index market=M price=94\nquery what=account account=a\n",
     "event=mark mark=94\n"
     "event=liquidation_started account=a equity=40.000000 requirement=47.000000\n"
     "event=fill kind=liquidation price=92 qty=10 taker=a maker=c taker_fee=0.000000\n"
     "event=fund_movement cause=liquidation_fee amount=4.600000 account=a\n"
     "event=liquidation_step side=sell qty=10 limit=90 filled=10 policy=full\n"
     "event=liquidation_ended outcome=closed book=920.000000 shortfall=0.000000\n"
     "event=account_state account=a balance=15.400000\n"},
    {"ADL, R28: at 88 the bankruptcy price 90 costs b 20 of its profit",
     "auction: {format: none}\n", OPENED "index market=M price=88\nquery what=totals\n",
     "event=liquidation_started equity=-20.000000\n"
     "event=liquidation_step limit=90 filled=0\n"
     "event=fill kind=adl price=90 qty=10 taker=a maker=b taker_pnl=-100.000000\n"
     "event=adl rank=1 haircut=20.000000 least_haircut=20.000000\n"
     "event=liquidation_ended outcome=closed adl=900.000000 shortfall=0.000000\n"
     "event=totals conserved=true\n"},
    {"grant, R31: 15 of the 20 asked, one tick of 10 lots: limit 89, 10 paid", "",
     OPENED "fund amount=15\norder account=c market=M id=x side=buy type=limit qty=10 price=89\n"
            "index market=M price=88\n",
     "event=fill kind=liquidation price=89 qty=10\n"
     "event=fund_movement cause=gap amount=-10.000000 balance=5.000000 account=a\n"
     "event=liquidation_step limit=89 filled=10\n"
     "event=liquidation_ended outcome=closed book=890.000000\n"},
    {"shortfall, R29: ADL too far from mark is at mark; 100 lacking, 30 paid, 70 over 20 lots",
     "auction: {format: none}\n",
     OPENED "block_trade market=M buyer=c seller=b qty=10 price=100\nfund amount=30\n"
            "leverage account=a market=M leverage=1\n"
            "index market=M price=80\nquery what=account account=c\n",
     "event=rejected reason=margin\n"
     "event=liquidation_started equity=-100.000000\n"
     "event=fill kind=adl price=80 qty=10 taker=a maker=b\n"
     "event=adl haircut=0.000000\n"
     "event=fund_movement cause=shortfall amount=-30.000000 balance=0.000000\n"
     "event=liquidation_ended outcome=closed shortfall=100.000000\n"
     "event=socialised market=M amount=70.000000\n"
     "event=account_state account=c balance=965.000000\n"},
    {"auction, R26: reserve 90, both bids pay the lower, 93; 3 a lot saved, fee 0.5 % of 930", "",
     OPENED "index market=M price=93\n"
            "bid account=c auction=1 id=p qty=6 price=95\n"
            "bid account=b auction=1 id=q qty=6 price=93\n"
            "clock t=62\nquery what=account account=a\n",
     "event=liquidation_started equity=30.000000\n"
     "event=liquidation_step limit=90 filled=0\n"
     "event=auction_opened auction=1 side=sell qty=10 closes_at=62000000000\n"
     "event=fill kind=auction price=93 qty=6 taker=a maker=c\n"
     "event=fill kind=auction price=93 qty=4 taker=a maker=b\n"
     "event=fund_movement cause=liquidation_fee amount=4.650000\n"
     "event=auction_closed allotted=10 unsold=0 price=93\n"
     "event=liquidation_ended outcome=closed auction=930.000000\n"
     "event=account_state account=a balance=25.350000\n"},
    {"backstop, R27: 10 lots over capacities of 650 and 300: 7 and 3, at 90 (mark less 1 % is 92)",
     "auction: {format: none}\nbackstop: {discount: 0.01}\n",
     OPENED "account account=d\ndeposit account=d amount=500\n"
            "backstop account=c market=M notional=650 loss_limit=0\n"
            "backstop account=d market=M notional=300 loss_limit=0\nindex market=M price=93\n",
     "event=fill kind=backstop price=90 qty=7 taker=a maker=c taker_pnl=-70.000000\n"
     "event=fill kind=backstop price=90 qty=3 taker=a maker=d\n"
     "event=liquidation_ended outcome=closed backstop=900.000000\n"},
    {"absorption, R27: IM 93 less the gain of 30 moves; unwound in two slices, at once and 5 s "
     "later",
     "auction: {format: none}\n"
     "absorb: {enabled: true, policy: {name: twap, horizon: 10s, slices: 2}}\n"
     "funds: [{name: main, max_subsidy: 0.1}]\n",
     OPENED "fund amount=1000\n"
            "order account=c market=M id=x side=buy type=limit qty=20 price=85\n"
            "index market=M price=93\nclock t=61\nclock t=65\nquery what=fund\n",
     "event=fund_movement cause=absorb amount=-63.000000 balance=937.000000 account=a\n"
     "event=fill kind=absorb price=90 qty=10 taker=a maker=@fund:main\n"
     "event=liquidation_ended outcome=closed absorbed=900.000000\n"
     "event=fill kind=unwind t=60000000000 price=85 qty=5 taker=@fund:main taker_pnl=-25.000000\n"
     "event=fill kind=unwind t=65000000000 price=85 qty=5\n"
     "event=fund_movement cause=unwind amount=13.000000 balance=950.000000\n"
     "event=fund_state cash=950.000000 equity=950.000000\n"},
    {"order margin, R10: 10 more at 105: IM 200 - 100, open loss 50, fee 1.05", "",
     OPENED "deposit account=a amount=151\n"
            "order account=a market=M id=x side=buy type=limit qty=10 price=105\n"
            "deposit account=a amount=0.05\n"
            "order account=a market=M id=x side=buy type=limit qty=10 price=105\n"
            "query what=account account=a\n",
     "event=rejected reason=margin\n"
     "event=accepted id=x\n"
     "event=account_state account=a order_margin=150.000000 available=1.050000\n"},
    {"stops, R12: both pass at 90; the higher stop price of the sells fires first", "",
     OPENED "deposit account=a amount=900\n"
            "order account=a market=M id=s1 side=sell type=stop qty=1 stop_price=91\n"
            "order account=a market=M id=s2 side=sell type=stop qty=1 stop_price=95\n"
            "order account=c market=M id=x side=buy type=limit qty=1 price=89\n"
            "index market=M price=90\n",
     "event=triggered id=s2\nevent=fill kind=trade price=89 taker_order=s2\n"
     "event=triggered id=s1\nevent=cancelled id=s1 reason=ioc qty=1\n"},
    {"self-trade decrement, R12: 3 against 5 uses up the taker alone", "self_trade: decrement\n",
     OPENED "order account=c market=M id=x side=buy type=limit qty=5 price=99\n"
            "order account=c market=M id=y side=sell type=limit qty=3 price=99\n"
            "cancel account=c id=x\n",
     "event=cancelled id=y reason=self_trade qty=3\nevent=cancelled id=x reason=user qty=2\n"},
    {"other collateral, R8: 110 lacking, 45 a unit after the haircut: 2.45 units, 110.25 in",
     "auction: {format: none}\n",
     OPENED "collateral_price asset=ETH price=50\ndeposit account=a amount=2.5 asset=ETH\n"
            "index market=M price=79\nquery what=totals\n",
     "event=liquidation_started equity=2.500000\n"
     "event=fill kind=adl price=79 qty=10\n"
     "event=collateral_sold asset=ETH amount=2.45 price=50.000000000 proceeds=110.250000\n"
     "event=liquidation_ended outcome=closed shortfall=0.000000\n"
     "event=totals withdrawals=2.45 conserved=true\n"},
    {"inverse, R4: 10 lots of 100 are 10 BTC at 100; 12 - N <= 0.05 N first at 87; bankruptcy at "
     "84",
     INVERSE,
     INVERSE_OPENED "query what=account account=a\nindex market=I price=90\n"
                    "query what=account account=a\nquery what=totals\n",
     "event=account_state entry_price=100 entry_value=10.00000000 liquidation_price=87 "
     "bankruptcy_price=84\n"
     "event=account_state equity=0.88888889 unrealised_pnl=-1.11111111 "
     "maintenance_margin=0.55555556\n"
     "event=totals conserved=true\n"},
    {"inverse ADL, R28: at 80 the close at 84 costs a 1.90476190 and b 0.59523810 of its profit",
     INVERSE "auction: {format: none}\n",
     INVERSE_OPENED "index market=I price=80\nquery what=totals\n",
     "event=liquidation_started scope=cross:BTC equity=-0.50000000 requirement=0.62500000\n"
     "event=liquidation_step limit=84 filled=0\n"
     "event=fill kind=adl price=84 qty=10 taker=a maker=b taker_pnl=-1.90476190\n"
     "event=adl haircut=0.59523810 least_haircut=0.50000000\n"
     "event=liquidation_ended outcome=closed adl=11.90476190 shortfall=0.00000000\n"
     "event=totals conserved=true\n"},
    {"settlement, R16: 15 s at 100 and 15 s at 110 are 105; the order goes, the market is gone",
     "    expiry: 1970-01-01T00:02:00Z\n    settlement_window: 30s\n",
     OPENED "order account=c market=M id=x side=buy type=limit qty=4 price=90\n"
            "index market=M price=110 t=105\nclock t=120\nindex market=M price=100\n"
            "query what=totals\n",
     "event=mark mark=105\nevent=cancelled id=x reason=settlement qty=4\n"
     "event=fill kind=settlement price=105 qty=10 taker=a maker=b taker_pnl=50.000000\n"
     "event=settled market=M price=105\nevent=rejected reason=unknown_market\n"
     "event=totals conserved=true\n"},
    {"settlement of what a halt kept open, R29: 100 lacking, 30 paid, 70 stay in the pool",
     "    expiry: 1970-01-01T00:02:00Z\n    settlement_window: 30s\n",
     OPENED "fund amount=30\nmarket_status market=M status=halted\nindex market=M price=80\n"
            "clock t=120\nquery what=totals\n",
     "event=fill kind=settlement price=80 qty=10 taker=a maker=b taker_pnl=-200.000000\n"
     "event=settled price=80\nevent=liquidation_started equity=-100.000000\n"
     "event=fund_movement cause=shortfall amount=-30.000000 balance=0.000000\n"
     "event=liquidation_ended outcome=cured shortfall=100.000000\n"
     "event=totals loss_pool=70.000000 conserved=true\n"},
    {"oi_scaling, R9: 1,000 open is half the way from 500 to 1,500, so 10 % are 55 %",
     "    oi_scaling: {lower: 500, upper: 1500}\n", OPENED "query what=account account=a\n",
     "event=account_state initial_margin=550.000000\n"},
    {"closing fee at the bankruptcy price, R9: 0.1 % of 900 for a; b, at 200, reserves 0.1 % of "
     "2,000",
     "    closing_fee_reserve: 0.001\n    closing_fee_basis: bankruptcy\n",
     OPENED "query what=account account=a\nquery what=account account=b\n",
     "event=account_state account=a maintenance_margin=50.900000 liquidation_price=94\n"
     "event=account_state account=b maintenance_margin=52.000000\n"},
};

struct run {
    struct weir_venue *venue;
    char *text; /* all events, a line each */
    size_t size;
};

static void sink(void *ctx, const struct weir_event *event) {
    struct run *run = ctx;
    char line[WEIR_LINE_MAX];
    size_t n = weir_json_event(run->venue, event, line, sizeof line);
    cr_assert(n <= sizeof line);
    run->text = realloc(run->text, run->size + n + 1);
    cr_assert(run->text != NULL);
    memcpy(run->text + run->size, line, n);
    run->size += n;
    run->text[run->size] = 0;
}

/* `cmd key=value ...` as a command of the text protocol. */
static void apply(struct weir_reference *twin, char *words) {
    char json[1024], *rest = NULL;
    int n = snprintf(json, sizeof json, "{\"cmd\":\"%s\"", strtok_r(words, " ", &rest));
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;) {
        char *value = strchr(word, '=');
        *value++ = 0;
        bool time = strcmp(word, "t") == 0;
        n += snprintf(json + n, sizeof json - (size_t)n,
                      time ? ",\"%s\":%s000000000" : ",\"%s\":\"%s\"", word, value);
    }
    snprintf(json + n, sizeof json - (size_t)n, "}");
    struct weir_risk_change risk;
    struct weir_command command;
    weir_json_read(json, strlen(json), 1, &risk, &command);
    cr_assert(command.reject == WEIR_OK, "%s: %s", json, command.detail);
    weir_reference_apply(twin, &command);
}

static bool has(const char *line, const char *end, const char *word, size_t size) {
    const char *const forms[] = {"\"%.*s\":\"%.*s\"", "\"%.*s\":%.*s,", "\"%.*s\":%.*s}"};
    const char *value = memchr(word, '=', size);
    int key = (int)(value - word), rest = (int)size - key - 1;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, forms[i], key, word, rest, value + 1);
        const char *at = strstr(line, text);
        if (at && at < end) return true;
    }
    return false;
}

/* The end of the first line from `text` on in which all words stand, or NULL. */
static const char *find(const char *text, const char *words, const char *words_end) {
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        bool all = true;
        for (const char *word = words; all && word < words_end;) {
            size_t size = strcspn(word, " \n");
            all = has(text, end, word, size);
            word += size + 1;
        }
        if (all) return end;
    }
    return NULL;
}

static void check(const struct row *row) {
    char venue[4096], commands[4096], *rest = NULL;
    struct weir_file_error error;
    struct run run = {0};
    int size = snprintf(venue, sizeof venue, "%s%s", base_venue, row->venue);
    run.venue = weir_venue_parse(venue, (size_t)size, row->name, NULL, 0, &error);
    cr_assert(run.venue != NULL, "%s", error.text);
    struct weir_reference *twin = weir_reference_new(run.venue, sink, &run);
    snprintf(commands, sizeof commands, "%s", row->commands);
    char *line = strtok_r(commands, "\n", &rest);
    for (; line; line = strtok_r(NULL, "\n", &rest))
        apply(twin, line);
    const char *at = run.text;
    for (const char *words = row->events; *words;) {
        const char *end = strchr(words, '\n');
        at = find(at, words, end);
        cr_assert(at != NULL, "%s: no `%.*s` in its place\n%s", row->name, (int)(end - words),
                  words, run.text);
        words = end + 1;
    }
    weir_reference_free(twin);
    weir_venue_free(run.venue);
    free(run.text);
}

Test(reference, worked_situations) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i]);
}

/* The digest is that of the state alone: two ways to the same state, and none the same after. */
Test(reference, digest) {
    struct weir_file_error error;
    struct weir_venue *venue =
        weir_venue_parse(base_venue, sizeof base_venue - 1, "base", NULL, 0, &error);
    cr_assert(venue != NULL, "%s", error.text);
    const char *ways[3] = {"deposit account=a amount=2", "deposit account=a amount=2.000000",
                           "deposit account=a amount=2.000001"};
    uint64_t digest[3];
    for (int i = 0; i < 3; i++) {
        struct weir_reference *twin = weir_reference_new(venue, NULL, NULL);
        char words[64];
        snprintf(words, sizeof words, "account account=a");
        apply(twin, words);
        snprintf(words, sizeof words, "%s", ways[i]);
        apply(twin, words);
        digest[i] = weir_reference_digest(twin);
        weir_reference_free(twin);
    }
    cr_assert_eq(digest[0], digest[1]);
    cr_assert(digest[0] != digest[2]);
    weir_venue_free(venue);
}
