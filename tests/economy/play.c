/* A plot, action by action, as the lines that the owners would send. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIMIT,
    AT_MARKET,
    CLOSE,
    BLOCK,
    STOP,
    CANCEL,
    LEVERAGE,
    MODE,
    ISOLATED,
    WITHDRAW,
    DEPOSIT,
    BID,
    BACKSTOP,
    TIME,
    TICK,
    QUOTES,
    HONEST_BID
};
const char *const weir_action_words[WEIR_ACTION_KINDS] = {
    "limit", "market", "close", "block", "stop", "cancel", "leverage", "mode",      "isolated",
    "take",  "give",   "bid",   "stand", "time", "tick",   "quotes",   "honest bid"};

struct play {
    const struct weir_economy *economy;
    struct weir_stream *s;
    struct judge *judge;
    struct weir_tape *tape;
    int64_t now;
    uint32_t ids;
};

/* ---- Lines ----------------------------------------------------------------------------------- */

static void keep(struct weir_tape *tape, const char *line, size_t size) {
    if (tape == NULL) return;
    if (tape->used + size + 2 > tape->size) {
        tape->size = 2 * (tape->size + size) + 4096;
        tape->text = realloc(tape->text, tape->size);
        if (tape->text == NULL) abort();
    }
    memcpy(tape->text + tape->used, line, size);
    tape->used += size;
    tape->text[tape->used++] = '\n';
    tape->text[tape->used] = 0;
}

static void send(struct judge *judge, const char *line, size_t size) {
    static struct weir_risk_change risk;
    static struct weir_command command;
    weir_json_read(line, size, 1, &risk, &command);
    judge_apply(judge, &command);
}

/* A line: what is in `text` between the braces. */
#define SAY(p, ...)                                                                                \
    do {                                                                                           \
        char line_[1024];                                                                          \
        struct text text_ = {.at = line_, .size = sizeof line_}, *t = &text_;                      \
        __VA_ARGS__;                                                                               \
        keep((p)->tape, line_, text_.used);                                                        \
        send((p)->judge, line_, text_.used);                                                       \
    } while (0)

static void put_key(struct text *t, const char *key, __int128 mantissa, uint32_t scale) {
    put(t, ",\"%s\":\"", key);
    put_decimal(t, mantissa, scale);
    put(t, "\"");
}

static void lots_key(struct play *p, struct text *t, uint32_t market, int64_t lots) {
    const struct model_market *m = &p->s->market[market];
    put_key(t, "qty", (__int128)lots * m->lot_m, m->lot_s);
}

static void price_key(struct play *p, struct text *t, const char *key, uint32_t market,
                      int64_t ticks) {
    const struct model_market *m = &p->s->market[market];
    put_key(t, key, (__int128)ticks * m->tick_m, m->tick_s);
}

static void amount_key(struct play *p, struct text *t, const char *key, uint32_t asset,
                       __int128 units) {
    put_key(t, key, units, p->s->asset[asset].decimals);
}

static void say_index(struct play *p, uint32_t market) {
    const struct model_market *m = &p->s->market[market];
    SAY(p, put(t, "{\"cmd\":\"index\",\"market\":\"%s\"", m->symbol);
        price_key(p, t, "price", market, m->base); put(t, ",\"t\":%lld}", (long long)p->now));
}

static void say_order(struct play *p, const char *account, uint32_t market, bool buy, int64_t lots,
                      int64_t price, const char *rest) {
    SAY(p, put(t, "{\"cmd\":\"order\",\"account\":\"%s\",\"market\":\"%s\",\"id\":\"%u\"", account,
               p->s->market[market].symbol, p->ids++);
        put(t, ",\"side\":\"%s\"", buy ? "buy" : "sell"); lots_key(p, t, market, lots);
        if (price > 0) price_key(p, t, "price", market, price); put(t, "%s}", rest));
}

static void say_block(struct play *p, const char *buyer, const char *seller, uint32_t market,
                      int64_t lots, int64_t price) {
    SAY(p, put(t, "{\"cmd\":\"block_trade\",\"market\":\"%s\",\"buyer\":\"%s\",\"seller\":\"%s\"",
               p->s->market[market].symbol, buyer, seller);
        lots_key(p, t, market, lots); price_key(p, t, "price", market, price); put(t, "}"));
}

static void say_deposit(struct play *p, const char *account, uint32_t asset, __int128 units) {
    SAY(p, put(t, "{\"cmd\":\"deposit\",\"account\":\"%s\"", account);
        amount_key(p, t, "amount", asset, units);
        put(t, ",\"asset\":\"%s\"}", p->s->asset[asset].name));
}

/* ---- What there is --------------------------------------------------------------------------- */

static struct weir_exchange *exchange(struct play *p) {
    return &p->judge->engine->x;
}

static uint32_t leg_of(struct play *p, const char *account, uint32_t market) {
    struct weir_name name = {0};
    snprintf(name.text, sizeof name.text, "%s", account);
    struct weir_ledger *l = &exchange(p)->ledger;
    uint32_t idx = weir_account_find(l, &name);
    return idx == WEIR_NO_INDEX ? WEIR_NO_INDEX : weir_leg_get(l, idx, market);
}

/* What a scope could lose and still hold its positions and orders. */
static weir_wide available(struct play *p, uint32_t scope, struct weir_health *h) {
    weir_health(exchange(p), scope, NULL, h);
    return h->discounted - h->initial - h->order_margin;
}

static const uint8_t parts[] = {2, 10, 25, 40, 50, 75, 90, 95, 98, 99, 100, 110}; /* percent */

/* Lots: a part of what the leg's scope could open at its leverage, or of the position. */
static int64_t lots_of(struct play *p, uint32_t leg, uint8_t size, bool of_position) {
    struct weir_exchange *x = exchange(p);
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    struct weir_health h;
    weir_wide part = parts[size % sizeof parts];
    if (of_position) return weir_max(1, (int64_t)(weir_abs(g->size) * part / 100));
    weir_wide one = weir_value(&x->venue->markets[g->market], x->prices[g->market].index, 1);
    int64_t most = p->s->market[g->market].leverage_max;
    int64_t leverage = g->leverage_set ? g->leverage : p->s->market[g->market].leverage;
    weir_wide lots = weir_wide_max(0, available(p, g->scope, &h)) *
                     weir_min(leverage, weir_max(1, most)) / weir_wide_max(1, one);
    return weir_max(1, weir_saturate(lots * part / 100));
}

/* A price beside the index or the mark, or the edge of a band. */
static int64_t price_of(struct play *p, uint32_t market, uint8_t choice, bool up, bool of_mark) {
    static const int32_t off[] = {0,     0,     20,    100,   500,   2000,  5000,   8000,
                                  12000, 20000, 35000, 50000, 70000, 99000, 150000, 300000};
    const struct weir_exchange *x = exchange(p);
    weir_price from = of_mark ? x->prices[market].mark : x->prices[market].index;
    if (from == 0) from = p->s->market[market].base;
    int64_t ppm = off[choice % 16] * (up ? 1 : -1);
    if (choice >= 240) {
        weir_rate band =
            choice % 2 ? x->risks[market].liquidation_band : x->risks[market].price_band;
        if (band != WEIR_NONE) ppm = band / 1000 * (up ? 1 : -1);
    }
    __int128 price = (__int128)from * (1000000 + ppm) / 1000000;
    return (int64_t)(price < 1                                ? 1
                     : price > p->s->market[market].max_price ? p->s->market[market].max_price
                                                              : price);
}

/* ---- The honest ------------------------------------------------------------------------------ */

/* Orders on both sides of the index, never across it. */
static void quote(struct play *p, uint32_t market, uint8_t size, uint8_t spread) {
    const struct model_market *m = &p->s->market[market];
    static const int32_t off[] = {50, 400, 1500, 6000, 25000};
    int64_t lots = weir_max(1, m->typical * parts[size % sizeof parts] / 100);
    uint32_t levels = 1 + spread % 5;
    for (uint32_t i = 0; i < levels; i++) {
        int64_t away = weir_max(1, (int64_t)((__int128)m->base * off[i] / 1000000));
        say_order(p, "h0", market, true, lots, weir_max(1, m->base - away), ",\"type\":\"limit\"");
        if (m->base + away <= m->max_price)
            say_order(p, "h0", market, false, lots, m->base + away, ",\"type\":\"limit\"");
    }
}

static void begin(struct play *p) {
    struct weir_stream *s = p->s;
    uint64_t seed = p->economy->seed;
    for (uint32_t i = 0; i < s->market_count; i++)
        say_index(p, i);
    for (uint32_t i = 0; i < WEIR_COLLUDERS; i++)
        SAY(p, put(t, "{\"cmd\":\"account\",\"account\":\"c%u\"%s}", i,
                   i == 1 ? ",\"owner\":\"c0\"" : ""));
    for (uint32_t i = 0; i < WEIR_HONEST; i++)
        SAY(p, put(t, "{\"cmd\":\"account\",\"account\":\"h%u\"}", i));
    char name[8];
    for (uint32_t k = 0; k < s->asset_count; k++) {
        for (uint32_t i = 0; i < WEIR_COLLUDERS + WEIR_HONEST; i++) {
            bool honest = i >= WEIR_COLLUDERS;
            snprintf(name, sizeof name, "%c%u", honest ? 'h' : 'c', i % WEIR_COLLUDERS);
            __int128 stake = s->asset[k].stake;
            say_deposit(p, name, k, honest ? stake * 1000 : stake * (int64_t)(1 + (seed + i) % 4));
        }
    }
    for (uint32_t i = 0; i < s->purse_count; i++)
        SAY(p, put(t, "{\"cmd\":\"fund\",\"fund\":\"%s\"", s->purse[i].name);
            amount_key(p, t, "amount", s->purse[i].asset,
                       (__int128)s->asset[s->purse[i].asset].stake * 20);
            put(t, "}"));
    for (uint32_t i = 0; i < s->market_count; i++) {
        const struct model_market *m = &s->market[i];
        say_block(p, "h1", "h2", i, m->typical * 3, m->base);
        if ((seed + i) % 3 > 0) quote(p, i, (uint8_t)(seed / 3), (uint8_t)(seed / 7));
        if ((seed + i) % 4 > 1)
            SAY(p, put(t, "{\"cmd\":\"backstop\",\"account\":\"h3\",\"market\":\"%s\"", m->symbol);
                amount_key(p, t, "notional", m->asset, (__int128)s->asset[m->asset].stake * 5);
                amount_key(p, t, "loss_limit", m->asset, s->asset[m->asset].stake); put(t, "}"));
    }
}

/* ---- The plot -------------------------------------------------------------------------------- */

static void move_time(struct play *p, int64_t step) {
    const struct weir_venue *v = p->economy->venue;
    for (uint32_t i = 0; i < v->market_count; i++)
        step = weir_min(step, v->markets[i].funding_interval);
    p->now += weir_clamp(step, 1, v->max_clock_step);
    SAY(p, put(t, "{\"cmd\":\"clock\",\"t\":%lld}", (long long)p->now));
}

static void let_time_pass(struct play *p, const struct weir_action *a, uint32_t market) {
    const struct weir_venue *v = p->economy->venue;
    const struct weir_market *m = &v->markets[market];
    const int64_t steps[] = {1,
                             p->s->dt_ns,
                             p->s->dt_ns * 10,
                             m->mark_interval,
                             m->mark_window,
                             v->auction_interval,
                             v->auction_duration / 2,
                             m->funding_interval,
                             p->s->dt_ns * 100};
    move_time(p, steps[a->size % (sizeof steps / sizeof *steps)]);
}

static void move_money(struct play *p, const struct weir_action *a, const char *who,
                       uint32_t market, uint32_t leg) {
    struct weir_exchange *x = exchange(p);
    uint32_t asset = p->s->market[market].asset, scope = weir_leg_at(&x->ledger, leg)->scope;
    uint32_t account = weir_leg_at(&x->ledger, leg)->account;
    uint32_t money = x->venue->markets[market].asset;
    uint32_t cross = weir_cross_find(&x->ledger, account, money);
    struct weir_health h;
    if (cross == WEIR_NO_INDEX) return;
    bool out = a->flags & 1;
    uint32_t from = a->kind == ISOLATED && out ? scope : cross;
    weir_wide most = weir_wide_min(available(p, from, &h), h.balance);
    if (a->kind == WITHDRAW) {
        weir_wide kept = weir_div_ceil(h.notional * x->venue->transfer_margin, WEIR_PPB);
        most = weir_wide_min(most, h.discounted - kept);
    }
    if ((a->flags & 6) == 6) most = h.balance; /* whatever is allowed */
    if (a->kind == DEPOSIT) most = p->s->asset[asset].stake;
    weir_wide units = most * parts[a->size % sizeof parts] / 100;
    if (units < 1) return;
    static const char *const words[] = {
        [ISOLATED] = "isolated_margin", [WITHDRAW] = "withdraw", [DEPOSIT] = "deposit"};
    SAY(p, put(t, "{\"cmd\":\"%s\",\"account\":\"%s\"", words[a->kind], who);
        if (a->kind == ISOLATED) put(t, ",\"market\":\"%s\"", p->s->market[market].symbol);
        else put(t, ",\"asset\":\"%s\"", p->s->asset[asset].name);
        amount_key(p, t, "amount", asset, a->kind == ISOLATED && out ? -units : units);
        put(t, "}"));
}

static void bid(struct play *p, const struct weir_action *a, const char *who) {
    const struct judge *j = p->judge;
    if (j->auction == 0) return;
    uint32_t market = j->auction_market;
    bool honest = who[0] == 'h', buys = j->auction_side == WEIR_SELL;
    uint32_t leg = leg_of(p, who, market);
    int64_t price = price_of(p, market, a->price, a->side & 1, a->flags & 1);
    if (honest) {
        int64_t base = p->s->market[market].base;
        price = buys ? weir_min(price, base) : weir_max(price, base);
    }
    int64_t lots = honest ? p->s->market[market].typical : lots_of(p, leg, a->size, false);
    SAY(p, put(t, "{\"cmd\":\"bid\",\"account\":\"%s\",\"auction\":%llu,\"id\":\"%u\"", who,
               (unsigned long long)j->auction, p->ids++);
        lots_key(p, t, market, lots); price_key(p, t, "price", market, price); put(t, "}"));
}

static void trade(struct play *p, const struct weir_action *a, const char *who, uint32_t market,
                  uint32_t leg) {
    static const char *const ways[] = {"", ",\"tif\":\"ioc\"", ",\"post_only\":true",
                                       ",\"reduce_only\":true"};
    char rest[96];
    bool buy = a->side & 1, close = a->kind == CLOSE;
    if (close) buy = weir_leg_at(&exchange(p)->ledger, leg)->size < 0;
    int64_t lots = lots_of(p, leg, a->size, close);
    int64_t price = price_of(p, market, a->price, a->flags & 4, a->flags & 1);
    if (a->kind == AT_MARKET) {
        say_order(p, who, market, buy, lots, 0, ",\"type\":\"market\"");
    } else if (a->kind == STOP) {
        SAY(p, put(t, "{\"cmd\":\"order\",\"account\":\"%s\",\"market\":\"%s\",\"id\":\"%u\"", who,
                   p->s->market[market].symbol, p->ids++);
            put(t, ",\"side\":\"%s\",\"type\":\"stop\",\"trigger\":\"%s\"", buy ? "buy" : "sell",
                a->flags & 2 ? "last" : "mark");
            lots_key(p, t, market, lots); price_key(p, t, "stop_price", market, price);
            put(t, "}"));
    } else {
        snprintf(rest, sizeof rest, ",\"type\":\"limit\"%s", ways[a->flags >> 4 & 3]);
        say_order(p, who, market, buy, lots, price, rest);
    }
}

static void set_up(struct play *p, const struct weir_action *a, const char *who, uint32_t market) {
    const struct model_market *m = &p->s->market[market];
    if (a->kind == CANCEL) {
        SAY(p, put(t, "{\"cmd\":\"cancel_all\",\"account\":\"%s\"}", who));
    } else if (a->kind == LEVERAGE) {
        int64_t leverage = a->flags & 3 ? weir_max(1, m->leverage_max) : 1 + a->size % 20;
        SAY(p,
            put(t, "{\"cmd\":\"leverage\",\"account\":\"%s\",\"market\":\"%s\",\"leverage\":%lld}",
                who, m->symbol, (long long)leverage));
    } else if (a->kind == MODE) {
        SAY(p,
            put(t, "{\"cmd\":\"margin_mode\",\"account\":\"%s\",\"market\":\"%s\"", who, m->symbol);
            put(t, ",\"mode\":\"%s\"}", a->flags & 1 ? "isolated" : "cross"));
    } else {
        SAY(p, put(t, "{\"cmd\":\"backstop\",\"account\":\"%s\",\"market\":\"%s\"", who, m->symbol);
            amount_key(p, t, "notional", m->asset,
                       (__int128)p->s->asset[m->asset].stake * (1 + a->size % 8));
            amount_key(p, t, "loss_limit", m->asset, p->s->asset[m->asset].stake); put(t, "}"));
    }
}

static void act(struct play *p, const struct weir_action *a) {
    uint32_t market = a->market % p->s->market_count;
    char who[8], other[8];
    snprintf(who, sizeof who, "c%u", a->who % WEIR_COLLUDERS);
    snprintf(other, sizeof other, "c%u",
             (a->who + 1 + a->other % (WEIR_COLLUDERS - 1)) % WEIR_COLLUDERS);
    uint32_t leg = leg_of(p, who, market);
    if (leg == WEIR_NO_INDEX) return;
    switch (a->kind) {
    case LIMIT:
    case AT_MARKET:
    case CLOSE:
    case STOP:
        trade(p, a, who, market, leg);
        return;
    case BLOCK: {
        int64_t lots = lots_of(p, leg, a->size, a->flags & 8);
        if (!(a->flags & 8))
            lots = weir_min(lots, lots_of(p, leg_of(p, other, market), a->size, false));
        int64_t price = price_of(p, market, a->price, a->flags & 4, a->flags & 1);
        say_block(p, a->side & 1 ? who : other, a->side & 1 ? other : who, market, lots, price);
        return;
    }
    case ISOLATED:
    case WITHDRAW:
    case DEPOSIT:
        move_money(p, a, who, market, leg);
        return;
    case BID:
        bid(p, a, who);
        return;
    case HONEST_BID:
        bid(p, a, "h4");
        return;
    case TIME:
        let_time_pass(p, a, market);
        return;
    case TICK:
        say_index(p, market);
        return;
    case QUOTES:
        quote(p, market, a->size, a->price);
        return;
    default:
        set_up(p, a, who, market);
    }
}

/* Until marks have come back to the index and every liquidation has had its time. */
static void end(struct play *p) {
    const struct weir_venue *v = p->economy->venue;
    int64_t step = p->s->dt_ns * 40;
    for (uint32_t i = 0; i < WEIR_COLLUDERS; i++)
        SAY(p, put(t, "{\"cmd\":\"cancel_all\",\"account\":\"c%u\"}", i));
    for (uint32_t i = 0; i < p->s->market_count; i++) {
        quote(p, i, 11, 4);
        step = weir_max(step, v->markets[i].mark_window * 2);
    }
    for (uint32_t round = 0; round < 16; round++) {
        move_time(p, step);
        for (uint32_t i = 0; i < p->s->market_count; i++)
            say_index(p, i);
    }
}

/* By the venue's asset index. */
static void stakes_of(const struct weir_stream *s, const struct weir_venue *v, weir_wide *stakes) {
    memset(stakes, 0, WEIR_ASSETS_MAX * sizeof *stakes);
    for (uint32_t k = 0; k < s->asset_count; k++) {
        struct weir_name name = {0};
        snprintf(name.text, sizeof name.text, "%s", s->asset[k].name);
        uint32_t idx = weir_venue_asset(v, &name);
        if (idx != WEIR_NO_INDEX) stakes[idx] = s->asset[k].stake;
    }
}

void weir_economy_play(const struct weir_economy *e, const struct weir_plot *plot,
                       struct weir_haul *haul, struct weir_tape *tape) {
    weir_wide stakes[WEIR_ASSETS_MAX];
    struct play p = {.economy = e, .s = e->stream, .tape = tape, .now = e->stream->now};
    if (tape != NULL) tape->used = 0;
    p.judge = judge_new(e->venue);
    if (p.judge == NULL) abort();
    begin(&p);
    for (uint32_t i = 0; i < plot->count; i++)
        act(&p, &plot->at[i]);
    end(&p);
    stakes_of(e->stream, e->venue, stakes);
    judge_sum(p.judge, stakes, haul);
    judge_free(p.judge);
}

bool weir_economy_replay(const struct weir_venue *venue, const char *lines, size_t size,
                         struct weir_haul *haul) {
    weir_wide stakes[WEIR_ASSETS_MAX] = {0};
    struct judge *judge = judge_new(venue);
    if (judge == NULL) return false;
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(lines + at, '\n', size - at);
        size_t length = newline != NULL ? (size_t)(newline - (lines + at)) : size - at;
        if (length > 0) send(judge, lines + at, length);
        at += length + 1;
    }
    for (uint32_t k = 0; k < venue->asset_count; k++)
        stakes[k] = venue->assets[k].settles;
    judge_sum(judge, stakes, haul);
    judge_free(judge);
    return true;
}
