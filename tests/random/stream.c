/* The stream: which command comes next, and what the model learns from events. */
#include "stream_internal.h"

#include <stdlib.h>
#include <string.h>

static const struct shape shapes[] = {
    {.name = "any",
     .accounts_min = 5,
     .accounts_max = 40,
     .markets_max = 4,
     .hostile_ppm = 40000,
     .jump_ppm = 60000,
     .jump_percent = 25},
    {.name = "crash",
     .accounts_min = 10,
     .accounts_max = 60,
     .markets_max = 3,
     .hostile_ppm = 10000,
     .jump_ppm = 180000,
     .jump_percent = 40},
    {.name = "auction",
     .accounts_min = 6,
     .accounts_max = 25,
     .markets_max = 2,
     .hostile_ppm = 10000,
     .jump_ppm = 120000,
     .jump_percent = 20,
     .thin = true,
     .auctions = true},
    {.name = "fund",
     .accounts_min = 6,
     .accounts_max = 25,
     .markets_max = 3,
     .hostile_ppm = 10000,
     .jump_ppm = 135000,
     .jump_percent = 25,
     .thin = true,
     .funds = true},
    {.name = "adl",
     .accounts_min = 6,
     .accounts_max = 30,
     .markets_max = 3,
     .hostile_ppm = 10000,
     .jump_ppm = 150000,
     .jump_percent = 35,
     .thin = true,
     .adl = true},
    {.name = "isolated",
     .accounts_min = 5,
     .accounts_max = 20,
     .markets_max = 3,
     .hostile_ppm = 20000,
     .jump_ppm = 120000,
     .jump_percent = 25,
     .isolated = true},
    {.name = "prices",
     .accounts_min = 5,
     .accounts_max = 20,
     .markets_max = 3,
     .hostile_ppm = 20000,
     .jump_ppm = 75000,
     .jump_percent = 15,
     .prices = true},
    {.name = "orders",
     .accounts_min = 4,
     .accounts_max = 12,
     .markets_max = 2,
     .hostile_ppm = 30000,
     .jump_ppm = 15000,
     .jump_percent = 8,
     .orders = true},
    {.name = "bounds",
     .accounts_min = 10,
     .accounts_max = 40,
     .markets_max = 3,
     .hostile_ppm = 10000,
     .jump_ppm = 150000,
     .jump_percent = 30,
     .bounds = true},
    {.name = "hostile",
     .accounts_min = 5,
     .accounts_max = 20,
     .markets_max = 6,
     .hostile_ppm = 350000,
     .jump_ppm = 75000,
     .jump_percent = 30},
    {.name = "tiny",
     .accounts_min = 3,
     .accounts_max = 5,
     .markets_max = 1,
     .hostile_ppm = 10000,
     .jump_ppm = 120000,
     .jump_percent = 25},
    {.name = "contracts",
     .accounts_min = 5,
     .accounts_max = 20,
     .markets_max = 6,
     .hostile_ppm = 15000,
     .jump_ppm = 100000,
     .jump_percent = 30,
     .contracts = true},
    {.name = "margin",
     .accounts_min = 5,
     .accounts_max = 25,
     .markets_max = 4,
     .hostile_ppm = 10000,
     .jump_ppm = 60000,
     .jump_percent = 15,
     .thin = true,
     .margin = true},
    {.name = "many",
     .accounts_min = 6,
     .accounts_max = 16,
     .markets_min = 9,
     .markets_max = 20,
     .hostile_ppm = 10000,
     .jump_ppm = 80000,
     .jump_percent = 20},
    {.name = "social",
     .accounts_min = 5,
     .accounts_max = 30,
     .markets_max = 4,
     .hostile_ppm = 10000,
     .jump_ppm = 160000,
     .jump_percent = 45,
     .thin = true,
     .socials = true},
};
#define SHAPES (sizeof shapes / sizeof shapes[0])

uint32_t weir_stream_shapes(void) {
    return (uint32_t)SHAPES;
}

const char *weir_stream_shape_name(uint32_t shape) {
    return shapes[shape].name;
}

uint32_t weir_stream_shape(const char *name) {
    for (uint32_t i = 0; i < SHAPES; i++)
        if (strcmp(shapes[i].name, name) == 0) return i;
    return WEIR_NO_INDEX;
}

/* Whole kinds of commands are rare, usual or frequent in one stream, and some are left out. */
static void make_weights(struct weir_stream *s) {
    static const uint32_t usual[WEIR_CMD_COUNT] = {
        [WEIR_CMD_ACCOUNT] = 6,      [WEIR_CMD_DEPOSIT] = 30,      [WEIR_CMD_WITHDRAW] = 20,
        [WEIR_CMD_LEVERAGE] = 16,    [WEIR_CMD_MARGIN_MODE] = 10,  [WEIR_CMD_ISOLATED_MARGIN] = 14,
        [WEIR_CMD_ORDER] = 400,      [WEIR_CMD_CANCEL] = 60,       [WEIR_CMD_CANCEL_ALL] = 6,
        [WEIR_CMD_AMEND] = 50,       [WEIR_CMD_INDEX] = 150,       [WEIR_CMD_COLLATERAL_PRICE] = 14,
        [WEIR_CMD_BLOCK_TRADE] = 40, [WEIR_CMD_FUND] = 6,          [WEIR_CMD_BID] = 10,
        [WEIR_CMD_BACKSTOP] = 8,     [WEIR_CMD_MARKET_STATUS] = 4, [WEIR_CMD_RISK] = 6,
        [WEIR_CMD_INDICATOR] = 2,    [WEIR_CMD_CLOCK] = 30,        [WEIR_CMD_QUERY] = 20,
    };
    static const uint32_t factors[] = {0, 1, 10, 10, 10, 30};
    for (uint32_t kind = 1; kind < WEIR_CMD_COUNT; kind++) {
        uint32_t factor = PICK(s, factors);
        if (kind == WEIR_CMD_MARKET_STATUS && factor > 10) factor = 10;
        if (kind == WEIR_CMD_ORDER || kind == WEIR_CMD_INDEX) factor = (uint32_t)draw(s, 6, 20);
        s->weight[kind] = usual[kind] * factor;
    }
    const struct shape *shape = s->shape;
    if (shape->isolated) {
        s->weight[WEIR_CMD_MARGIN_MODE] = 300;
        s->weight[WEIR_CMD_ISOLATED_MARGIN] = 600;
    }
    if (shape->funds) {
        s->weight[WEIR_CMD_FUND] = 100;
        s->weight[WEIR_CMD_BACKSTOP] = 250;
    }
    if (shape->margin) {
        s->weight[WEIR_CMD_RISK] = 800;
        s->weight[WEIR_CMD_CLOCK] = 600;
        s->weight[WEIR_CMD_INDEX] *= 3;
    }
    if (shape->orders) {
        s->weight[WEIR_CMD_AMEND] = 1000;
        s->weight[WEIR_CMD_CANCEL] = 600;
    }
    if (!s->collateral) s->weight[WEIR_CMD_COLLATERAL_PRICE] /= 10;
    if (!s->backstop_on) s->weight[WEIR_CMD_BACKSTOP] /= 10;
    for (uint32_t kind = 1; kind < WEIR_CMD_COUNT; kind++)
        s->weight_sum += s->weight[kind];
}

/* Of many markets an account trades in some. */
static void like_markets(struct weir_stream *s, struct model_account *a) {
    a->liked_count = (uint32_t)draw(s, 1, LIKED_MAX);
    for (uint32_t i = 0; i < a->liked_count; i++)
        a->liked[i] = (uint8_t)weir_random_below(&s->random, s->market_count);
}

struct weir_stream *weir_stream_new(uint64_t seed, uint32_t shape) {
    struct weir_stream *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->shape = &shapes[shape];
    s->random.key = weir_random_key(weir_random_at(seed, shape), "stream");
    const int64_t starts[] = {0, 1000000000, 1700000000000000000, 1699999999999999999};
    s->now = PICK(s, starts);
    make_venue(s);
    s->account_count = (uint32_t)draw(s, s->shape->accounts_min, s->shape->accounts_max);
    s->hostile_ppm = chance(s, 300000) && shape != 9 ? 0 : s->shape->hostile_ppm;
    for (uint32_t i = 0; i < s->account_count; i++) {
        struct model_account *a = &s->account[i];
        a->maker = i < 2 || chance(s, s->shape->thin ? 50000 : 200000);
        a->habit = draw(s, 60, 115);
        a->next_id = 1;
        if (s->market_count > LIKED_MAX) like_markets(s, a);
    }
    make_weights(s);
    return s;
}

void weir_stream_free(struct weir_stream *stream) {
    free(stream);
}

const char *weir_stream_venue(const struct weir_stream *stream) {
    return stream->venue;
}

void weir_stream_mutate(struct weir_stream *stream, uint32_t ppm) {
    stream->mutate_ppm = ppm;
}

/* ---- Prices ---- */

/* Moves a market's price outside: mostly a little, at times a jump that all its sources follow. */
static void move_price(struct weir_stream *s, uint32_t market) {
    struct model_market *m = &s->market[market];
    int64_t ppm = draw(s, -1500, 1500);
    if (chance(s, s->shape->jump_ppm)) {
        int64_t percent = draw(s, 1, s->shape->jump_percent);
        bool fall = m->fair >= m->base ? chance(s, 650000) : chance(s, 350000);
        ppm = fall ? -percent * 10000 : percent * 10000;
        for (uint32_t i = 0; i < m->sources && s->update_count < UPDATES_MAX; i++)
            s->update[s->update_count++] = (struct model_update){market, i};
        if (chance(s, 300000)) { /* the others go along */
            for (uint32_t i = 0; i < s->market_count; i++)
                s->market[i].fair = weir_max(
                    1, s->market[i].fair + (int64_t)((__int128)s->market[i].fair * ppm / 2000000));
        }
    } else if (m->drift_left > 0) {
        m->drift_left--;
        ppm += m->drift_ppm;
    } else if (chance(s, 20000)) {
        m->drift_left = (uint32_t)draw(s, 5, 40);
        m->drift_ppm = (int32_t)draw(s, -6000, 6000);
    }
    __int128 moved = (__int128)m->fair * (1000000 + ppm) / 1000000;
    if (moved == m->fair) moved += draw(s, -1, 1);
    /* Back to where a position is worth what accounts can carry. */
    if (moved > (__int128)m->base * 4) moved = (__int128)m->base * 3;
    if (moved < m->base / 8) moved = m->base / 4;
    m->fair = weir_clamp((int64_t)moved, 1, m->max_price);
}

static void make_index(struct weir_stream *s, struct text *text) {
    uint32_t market, source;
    if (s->update_count > 0) {
        struct model_update update = s->update[--s->update_count];
        market = update.market;
        source = update.source;
    } else {
        market = (uint32_t)weir_random_below(&s->random, s->market_count);
        if (s->market[market].gone) market = pick_market(s);
        source = (uint32_t)weir_random_below(&s->random, s->market[market].sources);
        move_price(s, market);
    }
    struct model_market *m = &s->market[market];
    int64_t price = m->fair;
    if (m->sources > 1) price += draw(s, -2, 2);
    if (m->sources > 1 && chance(s, 30000)) price = price * draw(s, 1, 30) / 10; /* broken */
    put_market(s, text, market);
    put_price(s, text, "price", market, weir_clamp(price, 1, m->max_price));
    if (m->sources > 1 || chance(s, 100000)) {
        char name[24];
        snprintf(name, sizeof name, "s%u", source);
        put_word(s, text, "source", name);
    }
}

static void make_command(struct weir_stream *s, struct text *text, enum weir_command_kind kind) {
    switch (kind) {
    case WEIR_CMD_ORDER:
        make_order(s, text);
        return;
    case WEIR_CMD_CANCEL:
        make_cancel(s, text);
        return;
    case WEIR_CMD_AMEND:
        make_amend(s, text);
        return;
    case WEIR_CMD_INDEX:
        make_index(s, text);
        return;
    case WEIR_CMD_BLOCK_TRADE:
        make_block_trade(s, text);
        return;
    case WEIR_CMD_BID:
        make_bid(s, text);
        return;
    default:
        make_small(s, text, kind);
        return;
    }
}

/* ---- The line ---- */

/* The first lines give the engine something to work with: accounts, money, prices. */
static enum weir_command_kind make_first(struct weir_stream *s, struct text *text, uint64_t line) {
    if (line < s->account_count) {
        make_account(s, text, (uint32_t)line);
        return WEIR_CMD_ACCOUNT;
    }
    line -= s->account_count;
    if (line < s->account_count * s->asset_count) {
        int64_t times = s->account[line % s->account_count].maker ? 30 : 1;
        put_deposit(s, text, (uint32_t)(line % s->account_count),
                    (uint32_t)(line / s->account_count), draw(s, 20, 200) * times);
        return WEIR_CMD_DEPOSIT;
    }
    line -= s->account_count * s->asset_count;
    if (line < s->purse_count && (!s->shape->thin || chance(s, 600000))) {
        const struct model_purse *purse = &s->purse[line];
        put_amount(s, text, "amount", purse->asset,
                   s->asset[purse->asset].stake * draw(s, 1, 200) / 10 + 1);
        put(text, ",\"fund\":\"%s\"", purse->name);
        return WEIR_CMD_FUND;
    }
    line -= line < s->purse_count ? line : s->purse_count;
    if (line >= 3u * s->market_count) {
        make_block_trade(s, text); /* positions that use what margin allows */
        return WEIR_CMD_BLOCK_TRADE;
    }
    uint32_t market = (uint32_t)(line / 3 % s->market_count), source = (uint32_t)(line % 3);
    struct model_market *m = &s->market[market];
    put_market(s, text, market);
    put_price(s, text, "price", market, m->fair);
    if (m->sources > 1) put(text, ",\"source\":\"s%u\"", source % m->sources);
    return WEIR_CMD_INDEX;
}

#define WAVE 700 /* lines from one wave to the next */

/* Now and then new money and new positions come, or a long stream would end with the poor. False
 * when line `at` since the last wave is not part of it. */
static bool make_wave(struct weir_stream *s, struct text *text, uint64_t at,
                      enum weir_command_kind *kind) {
    if (at >= s->market_count + 2u * s->account_count || chance(s, 300000)) return false;
    if (at < s->market_count) {
        *kind = WEIR_CMD_RISK;
        put_market(s, text, (uint32_t)at);
        put(text, ",\"open_interest_cap\":\"none\",\"position_limit\":\"none\"");
        return true;
    }
    at -= s->market_count;
    *kind = at < s->account_count ? WEIR_CMD_DEPOSIT : WEIR_CMD_BLOCK_TRADE;
    if (at >= s->account_count) {
        make_block_trade(s, text);
        return true;
    }
    put_deposit(s, text, (uint32_t)at, (uint32_t)draw(s, 0, s->asset_count - 1),
                draw(s, 20, 200) * (s->account[at].maker ? 10 : 1));
    return true;
}

/* When the next market expires; far away when none does. */
static weir_time next_expiry(const struct weir_stream *s) {
    weir_time next = INT64_MAX;
    for (uint32_t i = 0; i < s->market_count; i++)
        if (s->market[i].expiry > s->now) next = weir_min(next, s->market[i].expiry);
    return next;
}

static enum weir_command_kind draw_kind(struct weir_stream *s) {
    if (s->auction_count > 0 && chance(s, 250000)) return WEIR_CMD_BID;
    if (s->update_count > 0 && chance(s, 600000)) return WEIR_CMD_INDEX;
    if (s->dates && chance(s, 500000) && next_expiry(s) - s->now < 20 * s->dt_ns)
        return chance(s, 500000) ? WEIR_CMD_INDEX : WEIR_CMD_CLOCK;
    if (s->not_trading > 0 && chance(s, 80000)) return WEIR_CMD_MARKET_STATUS;
    uint64_t at = weir_random_below(&s->random, s->weight_sum);
    uint32_t kind = 1;
    while (at >= s->weight[kind])
        at -= s->weight[kind++];
    if (kind == WEIR_CMD_BID && s->auction_count == 0 && chance(s, 850000))
        kind = WEIR_CMD_BLOCK_TRADE;
    if ((kind == WEIR_CMD_CANCEL || kind == WEIR_CMD_AMEND) && !knows_order(s))
        kind = WEIR_CMD_ORDER;
    return (enum weir_command_kind)kind;
}

static void put_time(struct weir_stream *s, struct text *text, bool clock) {
    if (!clock && chance(s, 120000)) return;
    /* A step that was refused may have left the model too far ahead to be followed. */
    if (s->told_now > 0 && s->now - s->told_now > s->clock_step_ns / 2) s->now = s->told_now;
    int64_t step = draw(s, 0, (clock ? 20 : 2) * s->dt_ns);
    if (chance(s, 200000)) step = 0;
    if (chance(s, 2000)) step = draw(s, 0, s->clock_step_ns);
    if (s->spoil >= 0 && chance(s, 60000)) {
        const int64_t wrong[] = {-1, -s->dt_ns, s->clock_step_ns, s->clock_step_ns + 1, INT64_MAX};
        int64_t off = PICK(s, wrong);
        s->spoil = -1;
        put(text, ",\"t\":%lld", (long long)(off == INT64_MAX ? off : s->now + off));
        if (off == s->clock_step_ns) s->now += off;
        return;
    }
    weir_time expiry = s->dates && chance(s, 100000) ? next_expiry(s) : INT64_MAX;
    if (expiry - s->now < 20 * s->dt_ns) step = weir_max(0, expiry - s->now + draw(s, -1, 1));
    s->now += step;
    put(text, ",\"t\":%lld", (long long)s->now);
}

/* A structural mistake at the end of a line. */
static void put_mistake(struct weir_stream *s, struct text *text) {
    static const char *const mistakes[] = {
        ",\"extra\":1",
        ",\"cmd\":\"order\"",
        ",\"price\":\"5\"",
        ",\"qty\":\"1\"",
        ",\"post_only\":true",
        ",\"tif\":\"fok\"",
        ",\"market\":\"BTC-PERP\"",
        ",",
        "}{",
        ",\"reduce_only\":1",
        ",\"account\":\"a1\"",
        ",\"side\":\"buy\"",
        ",\"t\":\"5\"",
    };
    put(text, "%s", PICK(s, mistakes));
}

size_t weir_stream_next(struct weir_stream *s, char *line, size_t size) {
    struct text text = {.at = line, .size = size};
    uint64_t number = s->lines++;
    uint64_t first = s->account_count * (s->asset_count + 1u) + s->purse_count +
                     3u * s->market_count +
                     s->account_count * (uint64_t)weir_min(s->market_count + 1, LIKED_MAX);
    s->spoil = -1;
    s->last_id = s->last_slot = 0;
    enum weir_command_kind kind;
    char keys[2048];
    struct text rest = {.at = keys, .size = sizeof keys};
    keys[0] = 0;
    bool hostile = number >= first && chance(s, s->hostile_ppm);
    if (hostile) s->spoil = (int32_t)draw(s, 0, 6);
    if (number < first) {
        kind = make_first(s, &rest, number);
    } else if (number - first >= WAVE && make_wave(s, &rest, (number - first) % WAVE, &kind)) {
        s->spoil = -1;
    } else if (number % 5 == 0 && chance(s, 250000)) {
        kind = WEIR_CMD_QUERY;
        make_query(s, &rest, weir_random_below(&s->random, 4));
    } else {
        kind = draw_kind(s);
        make_command(s, &rest, kind);
    }
    s->last_kind = kind;
    const char *name = weir_command_words[kind];
    if (hostile && chance(s, 20000)) name = "liquidate";
    put(&text, "{\"cmd\":\"%s\"", name);
    put_time(s, &text, kind == WEIR_CMD_CLOCK);
    put(&text, "%s", keys);
    if (hostile && chance(s, 80000)) put_mistake(s, &text);
    put(&text, "}");
    if (s->mutate_ppm > 0 && chance(s, s->mutate_ppm))
        return mutate_bytes(s, line, text.used, size);
    return text.used;
}
