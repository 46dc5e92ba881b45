/* Prices fall in ticks that make as many liquidatable each. Every account is long with one position
 * and a deposit chosen so that one tick, and no earlier one, makes it liquidatable; its neighbours
 * of that tick stand anywhere in memory. In all markets but one bids wait all along the way, as
 * many lots as are going to be sold; in the last there are none, so its liquidations go on to the
 * auction, whose bidders want half, to the backstop, which takes three fifths of the rest, and to
 * deleveraging. */
#include "bench/burst_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define START       100000 /* ticks; of 0.1, a lot is 0.001: one lot is worth 10 at the start */
#define LOT_UNITS   100    /* units of a tick and lot */
#define BIDS_BELOW  0.009  /* part of the start by which bids go on below the end */
#define FEE_PPM     500    /* the taker's, for the opening */
#define LEAST_LOTS  100
#define MOST_LOTS   1100
#define BID_LOTS    240 /* of a resting bid, in the mean */
#define RICH        INT64_C(10000000000000000)
#define MAKERS      16 /* accounts a market */
#define TRADERS     64 /* of each group of markets */
#define GROUP       7
#define HELPERS     4 /* bidders, and volunteers */
#define ORDERS_LIVE 4096
/* So that positions have tiers to step down. */
#define SMALL_TIER  "      - {cap: 3000, rate: 0.004, max_leverage: 125}\n"
#define T0          INT64_C(1760000000000000000)

static void write_name(struct weir_name *name, char prefix, uint64_t number) {
    char digits[24];
    size_t n = 0, at = 1;
    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    *name = (struct weir_name){{prefix}};
    while (n > 0)
        name->text[at++] = digits[--n];
}

static struct weir_decimal decimal(int64_t value, uint8_t scale) {
    for (; scale > 0 && value % 10 == 0; scale--)
        value /= 10;
    return (struct weir_decimal){.mantissa = value, .scale = scale};
}
static struct weir_decimal price_of(weir_price ticks) {
    return decimal(ticks, 1);
}
static struct weir_decimal lots_of(weir_qty lots) {
    return decimal(lots, 3);
}
static struct weir_decimal money_of(int64_t units) {
    return decimal(units, 6);
}

/* The mark of a round; that before the first is just above where anybody falls. */
static weir_price mark_of(const struct burst_world *w, uint32_t round) {
    return w->marks[round];
}

/* Where a fall of so many parts of the start ends. */
static weir_price fallen(double fall) {
    return START - (weir_price)(START * fall);
}

/* ---- The venue ------------------------------------------------------------------------------- */

/* Positions are worth 1,000 to 11,000 and a burst lasts seconds: with parameters of that size each
 * policy does what it does. */
static const char *policy_parameters(const char *policy) {
    static const char *const own[][2] = {
        {"fraction", ", threshold: 3000, cooldown: 1ms"},
        {"disposal", ", step: 1ms, fraction: 0.5"},
        {"block_cap", ", interval: 1ms, account_notional: 3000"},
        {"window", ", window: 1ms, notional: 3000"},
        {"ramp", ", initial: 0.2, duration: 3ms"},
        {"random_slice", ", fraction: 0.5, probability: 0.5"},
        {"twap", ", horizon: 3ms, slices: 3"},
        {"pov", ", interval: 1ms, share: 0.5"},
        {"depth", ", share: 0.5"},
        {"optimal", ", horizon: 3ms, slices: 3"},
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(policy, own[i][0]) == 0) return own[i][1];
    return "";
}

static struct weir_venue *make_venue(const struct burst_plan *plan, struct weir_file_error *error) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    fprintf(out,
            "name: burst\nmoney: {asset: USDT, decimals: 6}\n"
            "liquidation: {steps_per_command: %u, policy: {name: %s%s}}\n"
            "auction: {interval: 1ms}\nbackstop: {at: 0, discount: 0}\nmarkets:\n",
            plan->steps, plan->policy, policy_parameters(plan->policy));
    for (uint32_t m = 0; m < plan->markets; m++)
        fprintf(out,
                "  - symbol: M%u\n    tick: 0.1\n    lot: 0.001\n    max_price: 100000\n"
                "    default_leverage: 125\n    max_open_orders: 100000000\n"
                "    fees: {maker: 0.0002, taker: 0.0005, liquidation: 0.002}\n"
                "    index: {stale_after: none}\n    price_band: 0.5\n    tiers:\n%s"
                "      - {cap: 50000, rate: 0.004, max_leverage: 125}\n"
                "      - {cap: 600000, rate: 0.005, max_leverage: 100}\n"
                "      - {cap: 1000000000000, rate: 0.01, max_leverage: 50}\n",
                m, strcmp(plan->policy, "tier_step") == 0 ? SMALL_TIER : "");
    struct weir_venue *venue = NULL;
    if (fclose(out) == 0) venue = weir_venue_parse(text, size, "burst", NULL, 0, error);
    free(text);
    return venue;
}

static bool make_marks(struct burst_world *w) {
    const struct burst_plan *plan = &w->plan;
    w->marks = calloc((size_t)plan->rounds + 1, sizeof *w->marks);
    if (w->marks == NULL) return false;
    w->share = burst_share_at(plan, plan->shock);
    for (uint32_t r = 0; r <= plan->rounds; r++)
        w->marks[r] = fallen(burst_fall_at(plan, w->share * r / plan->rounds));
    return true;
}

bool burst_world_new(struct burst_world *w, const struct burst_plan *plan,
                     struct weir_file_error *error) {
    *w = (struct burst_world){
        .plan = *plan, .now = T0, .random = {plan->seed, 0}, .closes_at = INT64_MAX};
    snprintf(error->text, sizeof error->text, "out of memory");
    w->venue = make_venue(plan, error);
    w->ring = calloc(1, BURST_RING);
    return make_marks(w) && w->venue != NULL && w->ring != NULL;
}

void burst_world_free(struct burst_world *w) {
    if (w->venue != NULL) weir_venue_free(w->venue);
    free(w->ring);
    free(w->marks);
    *w = (struct burst_world){0};
}

uint32_t burst_accounts_max(const struct burst_plan *plan) {
    return plan->accounts + plan->markets * (2 * plan->shorts + 64) + 1024;
}
uint32_t burst_orders_max(const struct burst_plan *plan) {
    double bids = 4 * burst_share_at(plan, plan->shock + BIDS_BELOW); /* each of 240 lots */
    return plan->accounts * (plan->orders + 3 + (uint32_t)bids) + 100000;
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* A record on its way: what every event has, and where its next name or amount goes. */
struct pen {
    struct burst_record *r;
    unsigned char *at;
};

static inline void put_name(struct pen *p, const struct weir_name *name) {
    static const struct weir_name none;
    memcpy(p->at, name != NULL ? name : &none, sizeof none);
    p->at += sizeof none;
}

static inline void put_amount(struct pen *p, weir_wide amount) {
    memcpy(p->at, &amount, sizeof amount);
    p->at += sizeof amount;
}

/* Commands, marks and auctions. */
static void pack_other(const struct weir_event *e, struct pen *p) {
    switch (e->kind) {
    case WEIR_EV_ACCEPTED:
        p->r->detail = (uint8_t)e->accepted.cmd;
        put_name(p, e->accepted.id);
        return;
    case WEIR_EV_MARK:
        p->r->market = (uint16_t)e->mark.market;
        put_amount(p, e->mark.mark);
        put_amount(p, e->mark.index);
        return;
    case WEIR_EV_AUCTION_OPENED:
    case WEIR_EV_AUCTION_JOINED:
        p->r->number = e->auction_opened.auction;
        p->r->market = (uint16_t)e->auction_opened.market;
        p->r->detail = (uint8_t)e->auction_opened.side;
        put_amount(p, e->auction_opened.qty);
        put_amount(p, e->auction_opened.closes_at);
        return;
    case WEIR_EV_AUCTION_CLOSED:
        p->r->number = e->auction_closed.auction;
        p->r->market = (uint16_t)e->auction_closed.market;
        p->r->detail = e->auction_closed.price.known;
        put_amount(p, e->auction_closed.allotted);
        put_amount(p, e->auction_closed.unsold);
        put_amount(p, e->auction_closed.price.value);
        return;
    case WEIR_EV_REJECTED:
        p->r->detail = (uint8_t)e->rejected.reason;
        return;
    default:
        return; /* no such event comes in this market */
    }
}

/* Fills, and what a liquidation says. */
static void pack(const struct weir_event *e, struct pen *p) {
    switch (e->kind) {
    case WEIR_EV_FILL:
        p->r->market = (uint16_t)e->fill.market;
        p->r->detail = (uint8_t)(e->fill.kind << 1 | e->fill.taker_side);
        p->r->number = (uint64_t)e->fill.maker_left;
        put_name(p, e->fill.taker);
        put_name(p, e->fill.maker);
        put_name(p, e->fill.taker_order);
        put_name(p, e->fill.maker_order);
        put_amount(p, (weir_wide)e->fill.price << 64 | (uint64_t)e->fill.qty);
        put_amount(p, e->fill.taker_fee);
        put_amount(p, e->fill.maker_fee);
        put_amount(p, e->fill.taker_pnl);
        put_amount(p, e->fill.maker_pnl);
        return;
    case WEIR_EV_CANCELLED:
        p->r->market = (uint16_t)e->cancelled.market;
        p->r->detail = (uint8_t)e->cancelled.reason;
        put_name(p, e->cancelled.account);
        put_name(p, e->cancelled.id);
        put_amount(p, e->cancelled.qty);
        return;
    case WEIR_EV_LIQUIDATION_STARTED:
        p->r->number = e->liquidation_started.liquidation;
        put_name(p, e->liquidation_started.account);
        p->r->market = (uint16_t)e->liquidation_started.scope_market;
        put_amount(p, e->liquidation_started.equity);
        put_amount(p, e->liquidation_started.requirement);
        return;
    case WEIR_EV_LIQUIDATION_STEP:
        p->r->number = e->liquidation_step.liquidation;
        put_name(p, e->liquidation_step.account);
        p->r->market = (uint16_t)e->liquidation_step.market;
        p->r->detail = (uint8_t)e->liquidation_step.side;
        put_amount(p, e->liquidation_step.qty);
        put_amount(p, e->liquidation_step.limit);
        put_amount(p, e->liquidation_step.filled);
        return;
    case WEIR_EV_LIQUIDATION_ENDED:
        p->r->number = e->liquidation_ended.liquidation;
        put_name(p, e->liquidation_ended.account);
        p->r->market = (uint16_t)e->liquidation_ended.scope_market;
        p->r->detail = (uint8_t)e->liquidation_ended.outcome;
        for (int k = 0; k < WEIR_BY_COUNT; k++)
            put_amount(p, e->liquidation_ended.by_stage[k]);
        put_amount(p, e->liquidation_ended.shortfall);
        return;
    case WEIR_EV_FUND_MOVEMENT:
        p->r->detail = (uint8_t)e->fund_movement.cause;
        put_name(p, e->fund_movement.account);
        put_amount(p, e->fund_movement.amount);
        put_amount(p, e->fund_movement.balance);
        put_amount(p, e->fund_movement.fund);
        return;
    case WEIR_EV_MARGIN_CALL:
        put_name(p, e->margin_call.account);
        p->r->market = (uint16_t)e->margin_call.scope_market;
        p->r->detail = e->margin_call.has_ratio;
        put_amount(p, e->margin_call.margin_ratio);
        return;
    case WEIR_EV_ADL:
        p->r->market = (uint16_t)e->adl.market;
        p->r->detail = e->adl.rank.known;
        put_name(p, e->adl.account);
        put_name(p, e->adl.counterparty);
        put_amount(p, (weir_wide)e->adl.price << 64 | (uint64_t)e->adl.qty);
        put_amount(p, e->adl.rank.value);
        put_amount(p, e->adl.haircut);
        put_amount(p, e->adl.least_haircut);
        return;
    default:
        pack_other(e, p);
    }
}

static void count_ended(struct burst_world *w, const struct weir_event *e) {
    struct burst_counts *n = &w->counts;
    int most = 0;
    for (int k = 0; k < WEIR_BY_COUNT; k++) {
        n->value_by[k] += e->liquidation_ended.by_stage[k];
        if (e->liquidation_ended.by_stage[k] > e->liquidation_ended.by_stage[most]) most = k;
    }
    n->closed_by[most]++;
    n->outcomes[e->liquidation_ended.outcome]++;
    n->shortfall += e->liquidation_ended.shortfall;
}

static void count(struct burst_world *w, const struct weir_event *e) {
    switch (e->kind) {
    case WEIR_EV_FILL:
        w->counts.fills[e->fill.kind]++;
        if (e->fill.kind == WEIR_FILL_BACKSTOP)
            w->capacity_used += (weir_wide)e->fill.qty * e->fill.price * LOT_UNITS;
        return;
    case WEIR_EV_CANCELLED:
        w->counts.liquidation_cancels += e->cancelled.reason == WEIR_C_LIQUIDATION;
        return;
    case WEIR_EV_LIQUIDATION_ENDED:
        count_ended(w, e);
        return;
    case WEIR_EV_AUCTION_OPENED:
    case WEIR_EV_AUCTION_JOINED:
        w->thin_offered += e->auction_opened.qty;
        w->auction = e->auction_opened.auction;
        w->closes_at = e->auction_opened.closes_at;
        return;
    case WEIR_EV_AUCTION_CLOSED:
        w->auction = 0;
        w->closes_at = INT64_MAX;
        return;
    default:
        return;
    }
}

void burst_sink(void *world, const struct weir_event *e) {
    struct burst_world *w = world;
    struct burst_record *r = (struct burst_record *)(void *)(w->ring + w->ring_at);
    *r = (struct burst_record){.seq = e->seq, .t = e->t, .n = e->n, .kind = (uint8_t)e->kind};
    struct pen p = {r, (unsigned char *)(r + 1)};
    pack(e, &p);
    uint32_t size = (uint32_t)(p.at - (unsigned char *)r);
    w->ring_at += size;
    if (w->ring_at > BURST_RING - BURST_RECORD_MAX) w->ring_at = 0;
    w->counts.events[e->kind]++;
    w->counts.all++;
    count(w, e);
    if (w->hashing) w->counts.hash = XXH3_64bits_withSeed(r, size, w->counts.hash);
}

/* ---- Commands -------------------------------------------------------------------------------- */

static void begin(const struct burst_world *w, struct weir_command *c,
                  enum weir_command_kind kind) {
    memset(c, 0, sizeof *c);
    c->kind = (uint8_t)kind;
    c->present = WEIR_HAS_T;
    c->t = w->now;
}

static void in_market(struct weir_command *c, uint32_t market) {
    write_name(&c->market, 'M', market);
    c->present |= WEIR_HAS_MARKET;
}

static void new_order(struct burst_world *w, struct weir_command *c, uint32_t market,
                      enum weir_side side, weir_price price, weir_qty lots) {
    begin(w, c, WEIR_CMD_ORDER);
    in_market(c, market);
    write_name(&c->id, 'o', w->next_name++);
    c->side = (uint8_t)side;
    c->type = WEIR_LIMIT;
    c->qty = lots_of(lots);
    c->price = price_of(price);
    c->present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
}

/* Of the filling: nothing of it may be refused. */
static void must(struct burst_world *w, const struct weir_command *c) {
    uint64_t before = w->counts.events[WEIR_EV_REJECTED];
    w->apply(w->engine, c);
    w->failed |= w->counts.events[WEIR_EV_REJECTED] != before;
}

static void open_account(struct burst_world *w, const struct weir_name *name, int64_t units) {
    struct weir_command c;
    begin(w, &c, WEIR_CMD_ACCOUNT);
    c.account = *name;
    must(w, &c);
    begin(w, &c, WEIR_CMD_DEPOSIT);
    c.account = *name;
    c.amount = money_of(units);
    must(w, &c);
}

void burst_index(struct burst_world *w, uint32_t market, struct weir_command *c) {
    begin(w, c, WEIR_CMD_INDEX);
    in_market(c, market);
    c->price = price_of(mark_of(w, w->round));
    c->present |= WEIR_HAS_PRICE;
}

void burst_clock(struct burst_world *w, struct weir_command *c) {
    begin(w, c, WEIR_CMD_CLOCK);
}

/* Nobody trades in more markets than there are in a group. */
static void name_trader(struct weir_command *c, uint32_t group, uint64_t number) {
    write_name(&c->account, 'e', (uint64_t)group * TRADERS + number % TRADERS);
}

/* Half rests some ticks off the mark, most of the others are taken back, the rest trade at once. */
void burst_ordinary(struct burst_world *w, struct weir_command *c) {
    uint64_t r = weir_random_next(&w->random);
    uint32_t market = (uint32_t)(r % burst_thin(w));
    bool buys = r >> 8 & 1;
    uint32_t what = (uint32_t)(r >> 16) % 100;
    weir_price away = 1 + (weir_price)((r >> 32) % 200), mark = mark_of(w, w->round);
    bool cancels = w->next_order > w->order_to_cancel + ORDERS_LIVE ||
                   (what >= 50 && what < 90 && w->next_order > w->order_to_cancel);
    if (cancels) {
        begin(w, c, WEIR_CMD_CANCEL);
        uint64_t number = w->order_to_cancel++;
        write_name(&c->id, 'p', number);
        name_trader(c, w->groups[number % BURST_LIVE], number);
        return;
    }
    bool takes = what >= 90;
    new_order(w, c, market, buys ? WEIR_BUY : WEIR_SELL, buys != takes ? mark - away : mark + away,
              1 + (weir_qty)((r >> 48) % 50));
    if (takes) {
        c->tif = WEIR_IOC;
        name_trader(c, market / GROUP, r >> 24);
        return;
    }
    write_name(&c->id, 'p', w->next_order);
    name_trader(c, market / GROUP, w->next_order);
    w->groups[w->next_order++ % BURST_LIVE] = (uint8_t)(market / GROUP);
}

static void bid(struct burst_world *w, struct weir_command *c, weir_qty lots) {
    weir_price mark = mark_of(w, w->round);
    begin(w, c, WEIR_CMD_BID);
    c->auction = decimal((int64_t)w->auction, 0);
    write_name(&c->account, 'h', w->bids % HELPERS);
    write_name(&c->id, 'b', w->bids++);
    c->qty = lots_of(lots);
    c->price = price_of(mark - mark * 15 / 10000);
    c->present |= WEIR_HAS_QTY | WEIR_HAS_PRICE;
    w->thin_bid += lots;
}

/* Capacity is set anew for each: what is left of it, and three tenths of what was offered since. */
bool burst_service(struct burst_world *w, struct weir_command *c) {
    weir_price mark = mark_of(w, w->round);
    weir_qty lots = w->thin_offered / 2 - w->thin_bid;
    if (w->auction != 0 && lots > 0) {
        bid(w, c, lots);
        return true;
    }
    weir_wide due = (weir_wide)w->thin_offered * 3 / 10 * mark * LOT_UNITS;
    if (due <= w->capacity_given || w->thin_offered == 0) return false;
    weir_wide left = due - w->capacity_used;
    w->capacity_given = due;
    if (left < HELPERS) return false;
    begin(w, c, WEIR_CMD_BACKSTOP);
    in_market(c, burst_thin(w));
    write_name(&c->account, 'w', 0);
    c->notional = money_of((int64_t)left);
    c->loss_limit = money_of(RICH / 1000);
    return true;
}

/* ---- Filling --------------------------------------------------------------------------------- */

struct seat {
    uint32_t market;
    uint32_t place; /* within the market */
    uint32_t round; /* in which he falls; behind the last: in none */
    double share;   /* of the accounts of his market that fall before him */
    weir_qty lots;
};

static uint32_t in_market_count(const struct burst_world *w, uint32_t market) {
    uint32_t thin = w->plan.accounts / 10, deep = w->plan.accounts - thin;
    if (market == burst_thin(w)) return thin;
    return deep / burst_thin(w) + (market < deep % burst_thin(w));
}

static struct seat seat_of(const struct burst_world *w, uint32_t i) {
    struct seat s;
    if (i % 10 == 9) {
        s = (struct seat){.market = burst_thin(w), .place = i / 10};
    } else {
        uint32_t deep = i - i / 10;
        s = (struct seat){.market = deep % burst_thin(w), .place = deep / burst_thin(w)};
    }
    /* A prime larger than any count: every place once, neighbours far apart. */
    uint32_t count = in_market_count(w, s.market);
    uint64_t turn = s.place * UINT64_C(2654435761) % count;
    s.share = (double)turn / count;
    s.round = 1 + (uint32_t)weir_min((int64_t)(s.share * w->plan.rounds / w->share),
                                     (int64_t)w->plan.rounds);
    s.lots =
        LEAST_LOTS + (weir_qty)(weir_random_at(w->plan.seed ^ 1, i) % (MOST_LOTS - LEAST_LOTS + 1));
    return s;
}

/* What he must have so that equity meets the requirement somewhere within his round's fall, or
 * where the mix has him, below the last mark. */
static int64_t deposit_of(const struct burst_world *w, uint32_t i, const struct seat *s) {
    weir_price at = fallen(burst_fall_at(&w->plan, s->share));
    if (s->round <= w->plan.rounds) {
        weir_price above = mark_of(w, s->round - 1), mark = mark_of(w, s->round);
        at = mark + (weir_price)(weir_random_at(w->plan.seed ^ 2, i) %
                                 (uint64_t)weir_max(1, above - mark - 1));
    }
    int64_t needs = (s->lots * at * LOT_UNITS * 4 + 999) / 1000;
    int64_t loses = s->lots * (START - at) * LOT_UNITS;
    int64_t fee = s->lots * START * LOT_UNITS / 1000000 * FEE_PPM;
    return needs + loses + fee;
}

/* The other side: accounts that offer their share of what will be bought, one after the other. */
struct sellers {
    uint32_t next;
    weir_qty left;
    weir_qty bought; /* by all accounts of the market */
};

static void offer(struct burst_world *w, uint32_t market, struct sellers *s, weir_qty lots) {
    weir_qty each =
        (weir_qty)in_market_count(w, market) * (LEAST_LOTS + MOST_LOTS) / 2 / w->plan.shorts;
    while (s->left < lots) {
        struct weir_name name;
        struct weir_command c;
        weir_qty more = weir_max(each, lots);
        write_name(&name, 's', (uint64_t)market * 1000000 + s->next++);
        /* From twice to twenty times leveraged. */
        open_account(w, &name,
                     more * START * LOT_UNITS / 100 *
                         (5 + (int64_t)weir_random_below(&w->random, 46)));
        new_order(w, &c, market, WEIR_SELL, START, more);
        c.account = name;
        must(w, &c);
        s->left += more;
    }
    s->left -= lots;
    s->bought += lots;
}

static void add_account(struct burst_world *w, uint32_t i, struct sellers *sellers) {
    struct seat s = seat_of(w, i);
    struct weir_name name;
    struct weir_command c;
    offer(w, s.market, &sellers[s.market], s.lots);
    w->to_fall += s.round <= w->plan.rounds;
    write_name(&name, 'a', i);
    open_account(w, &name, deposit_of(w, i, &s));
    new_order(w, &c, s.market, WEIR_BUY, START, s.lots);
    c.account = name;
    must(w, &c);
    for (uint32_t k = 0; k < w->plan.orders; k++) {
        weir_price above = 1000 * (k + 1) + (weir_price)weir_random_below(&w->random, 1000);
        new_order(w, &c, s.market, WEIR_SELL, START + above, weir_max(1, s.lots / 4));
        c.account = name;
        c.reduce_only = true;
        must(w, &c);
    }
}

/* Bids from the first mark to below the last. */
static void add_bids(struct burst_world *w, uint32_t market, weir_qty lots) {
    struct weir_name name;
    /* What all accounts have must stay far below 2^62 units. */
    int64_t each = w->plan.markets > BURST_MARKETS ? RICH * BURST_MARKETS / w->plan.markets : RICH;
    for (uint32_t k = 0; k < MAKERS; k++) {
        write_name(&name, 'm', market * MAKERS + k);
        open_account(w, &name, each);
    }
    /* As many at every price as fall there, in no order, as real ones come. */
    double reach = burst_share_at(&w->plan, w->plan.shock + BIDS_BELOW);
    weir_qty all = (weir_qty)((double)lots * reach), placed = 0;
    for (uint64_t j = 0; placed < all; j++) {
        weir_qty one = BID_LOTS / 2 + (weir_qty)weir_random_below(&w->random, BID_LOTS + 1);
        double share = reach * (double)(weir_random_next(&w->random) >> 11) / 9007199254740992.0;
        struct weir_command c;
        new_order(w, &c, market, WEIR_BUY,
                  weir_min(fallen(burst_fall_at(&w->plan, share)), mark_of(w, 0)), one);
        write_name(&c.account, 'm', market * MAKERS + j % MAKERS);
        must(w, &c);
        placed += one;
    }
}

static void set_marks(struct burst_world *w, weir_price price) {
    for (uint32_t m = 0; m < w->plan.markets; m++) {
        struct weir_command c;
        burst_index(w, m, &c);
        c.price = price_of(price);
        must(w, &c);
    }
}

void burst_world_fill(struct burst_world *w) {
    struct sellers sellers[WEIR_MARKETS_MAX] = {0};
    struct weir_name name;
    struct weir_command c;
    set_marks(w, START);
    begin(w, &c, WEIR_CMD_FUND);
    c.amount = money_of(RICH);
    must(w, &c);
    for (uint32_t i = 0; i < w->plan.accounts; i++) {
        if (i % 4096 == 0 && w->stopped != NULL && w->stopped()) return;
        add_account(w, i, sellers);
    }
    uint32_t groups = 1 + (burst_thin(w) - 1) / GROUP;
    for (uint32_t k = 0; k < TRADERS * groups; k++) {
        write_name(&name, 'e', k);
        open_account(w, &name, RICH / groups);
    }
    for (uint32_t k = 0; k < HELPERS; k++) {
        write_name(&name, 'h', k);
        open_account(w, &name, RICH);
        write_name(&name, 'w', k);
        open_account(w, &name, RICH);
    }
    for (weir_price mark = START; mark > mark_of(w, 0); mark -= 250)
        set_marks(w, mark);
    set_marks(w, mark_of(w, 0));
    for (uint32_t m = 0; m < burst_thin(w); m++)
        add_bids(w, m, sellers[m].bought);
}
