/* Commands that trade: orders around the mark, amendments, bids for liquidated lots, block
 * trades. */
#include "stream_internal.h"

uint32_t pick_account(struct weir_stream *s) {
    return (uint32_t)weir_random_below(&s->random, s->account_count);
}

uint32_t pick_market(struct weir_stream *s) {
    uint32_t market = 0; /* the first is the busiest */
    if (!chance(s, s->market_count > LIKED_MAX ? 50000 : 400000))
        market = (uint32_t)weir_random_below(&s->random, s->market_count);
    for (uint32_t i = 0; s->market[market].gone && i < s->market_count && chance(s, 950000); i++)
        market = (market + 1) % s->market_count;
    return market;
}

uint32_t pick_liked(struct weir_stream *s, uint32_t account) {
    const struct model_account *a = &s->account[account];
    if (a->liked_count == 0 || chance(s, 20000)) return pick_market(s);
    uint32_t market = a->liked[weir_random_below(&s->random, a->liked_count)];
    return s->market[market].gone ? pick_market(s) : market;
}

int64_t reference_price(const struct weir_stream *s, uint32_t market) {
    const struct model_market *m = &s->market[market];
    return weir_max(1, m->mark > 0 ? m->mark : m->fair);
}

int64_t size_lots(struct weir_stream *s, uint32_t account, uint32_t market) {
    const struct model_market *m = &s->market[market];
    const struct model_account *a = &s->account[account];
    int64_t most = weir_max(1, market_bound(m) / 64), ref = reference_price(s, market);
    __int128 money = weir_max(a->money[m->asset], 1);
    __int128 worth = money * m->leverage * a->habit / 100 * draw(s, 30, 105) / 100;
    if (a->maker) worth /= 8;
    if (a->liked_count > 0 && chance(s, 700000)) worth = worth * 2 / a->liked_count;
    __int128 lots =
        m->inverse ? worth * ref * m->tick_m / m->face_units : worth / ((__int128)ref * m->unit);
    if (chance(s, 300000)) lots = lots / 6;
    if (lots < 1) return draw(s, 1, 3);
    return lots > most ? most : (int64_t)lots;
}

void remember_id(struct weir_stream *s, uint32_t account, uint32_t market, uint32_t id) {
    struct model_account *a = &s->account[account];
    uint32_t slot = id % IDS_MAX;
    a->ids[slot] = id;
    a->id_market[slot] = (uint8_t)market;
}

/* A price near the mark: makers stand off it, others cross it half the time; at times deep. */
static int64_t order_price(struct weir_stream *s, const struct model_account *a, uint32_t market,
                           bool buy) {
    const struct model_market *m = &s->market[market];
    int64_t ref = reference_price(s, market);
    int64_t away; /* ppm, positive is away from the mark on one's own side */
    if (chance(s, 60000)) {
        away = draw(s, 0, 400000);
    } else if (a->maker) {
        away = draw(s, 100, s->shape->thin ? 40000 : 12000);
    } else {
        away = draw(s, -8000, 6000);
    }
    int64_t off = (int64_t)((__int128)ref * away / 1000000);
    if (off == 0) off = draw(s, -2, 2);
    if (chance(s, 20000)) off = -(int64_t)((__int128)ref * m->band_ppm / 1000000) - draw(s, -1, 1);
    return weir_clamp(buy ? ref - off : ref + off, 1, m->max_price);
}

static uint32_t new_id(struct weir_stream *s, uint32_t account) {
    struct model_account *a = &s->account[account];
    if (s->spoil >= 0 && chance(s, 100000)) return a->ids[weir_random_below(&s->random, IDS_MAX)];
    return a->next_id++;
}

static void put_stop(struct weir_stream *s, struct text *text, uint32_t market, bool buy) {
    int64_t ref = reference_price(s, market);
    int64_t off = (int64_t)((__int128)ref * draw(s, -5000, 60000) / 1000000) + draw(s, 0, 1);
    int64_t stop = weir_clamp(buy ? ref + off : ref - off, 1, s->market[market].max_price);
    put_price(s, text, "stop_price", market, stop);
    if (chance(s, 600000)) put_word(s, text, "trigger", chance(s, 600000) ? "mark" : "last");
}

void make_order(struct weir_stream *s, struct text *text) {
    uint32_t account = pick_account(s), market = pick_liked(s, account);
    struct model_account *a = &s->account[account];
    int64_t held = a->position[market];
    bool reduce = chance(s, held != 0 ? 150000 : 15000);
    bool buy = chance(s, 500000);
    if (held != 0 && chance(s, reduce ? 900000 : 350000)) buy = held < 0;
    int64_t lots = size_lots(s, account, market);
    if (reduce && held != 0 && chance(s, 600000))
        lots = weir_max(1, weir_abs(held) + draw(s, -1, 2));
    uint64_t kind = weir_random_below(&s->random, a->maker ? 88 : 120);
    const char *type = kind < 78    ? "limit"
                       : kind < 98  ? "market"
                       : kind < 109 ? "stop"
                                    : "stop_limit";
    uint32_t id = new_id(s, account);
    put_account(s, text, "account", account);
    put_market(s, text, market);
    put_id(s, text, id);
    put_word(s, text, "side", buy ? "buy" : "sell");
    put_word(s, text, "type", type);
    put_qty(s, text, "qty", market, lots);
    bool limit = kind < 78, stop_limit = kind >= 109;
    if (limit || stop_limit) put_price(s, text, "price", market, order_price(s, a, market, buy));
    if (kind >= 98) put_stop(s, text, market, buy);
    uint64_t tif = weir_random_below(&s->random, 100);
    if (limit || stop_limit) {
        if (tif < (a->maker ? 4 : 20))
            put_word(s, text, "tif", "ioc");
        else if (tif < (a->maker ? 6 : 32))
            put_word(s, text, "tif", "fok");
        else if (tif > 85)
            put(text, ",\"post_only\":%s", chance(s, 900000) ? "true" : "false");
        else if (tif > 70)
            put_word(s, text, "tif", "gtc");
    } else if (tif < 25) {
        put_word(s, text, "tif", tif < 12 ? "ioc" : "fok");
    }
    bool rests = kind >= 98 || (limit && tif >= (a->maker ? 6 : 32));
    if (reduce) put(text, ",\"reduce_only\":true");
    s->last_account = account;
    s->last_market = market;
    s->last_id = rests ? id : 0;
}

bool knows_order(const struct weir_stream *s) {
    for (uint32_t i = 0; i < s->account_count; i++)
        for (uint32_t slot = 0; slot < IDS_MAX; slot++)
            if (s->account[i].ids[slot] != 0) return true;
    return false;
}

/* Slot of a remembered order of some account; false when the draws found none. */
static bool known_order(struct weir_stream *s, uint32_t *account, uint32_t *slot) {
    for (int tries = 0; tries < 40; tries++) {
        *account = pick_account(s);
        *slot = (uint32_t)weir_random_below(&s->random, IDS_MAX);
        if (s->account[*account].ids[*slot] == 0) continue;
        s->last_account = *account;
        s->last_slot = *slot + 1;
        return true;
    }
    return false;
}

void make_cancel(struct weir_stream *s, struct text *text) {
    uint32_t account, slot;
    uint32_t id = known_order(s, &account, &slot) ? s->account[account].ids[slot] : 1;
    put_account(s, text, "account", account);
    put_id(s, text, id);
}

void make_amend(struct weir_stream *s, struct text *text) {
    uint32_t account, slot;
    uint32_t market = 0, id = 1;
    if (known_order(s, &account, &slot)) {
        id = s->account[account].ids[slot];
        market = s->account[account].id_market[slot];
    }
    uint64_t what = weir_random_below(&s->random, 100);
    put_account(s, text, "account", account);
    put_id(s, text, id);
    int64_t lots = size_lots(s, account, market);
    if (chance(s, 500000)) lots = weir_max(1, lots / 10);
    if (what < 75) put_qty(s, text, "qty", market, lots);
    if (what >= 40)
        put_price(s, text, "price", market,
                  order_price(s, &s->account[account], market, chance(s, 500000)));
}

void make_bid(struct weir_stream *s, struct text *text) {
    uint64_t number = (uint64_t)draw(s, 0, 3);
    uint32_t market = pick_market(s);
    bool buy = chance(s, 500000);
    if (s->auction_count > 0) {
        const struct model_auction *auction =
            &s->auction[weir_random_below(&s->random, s->auction_count)];
        number = auction->number;
        market = auction->market;
        buy = auction->side == WEIR_SELL; /* lots of a long are sold: bids buy */
    }
    uint32_t account = pick_account(s);
    int64_t ref = reference_price(s, market);
    int64_t off = (int64_t)((__int128)ref * draw(s, -60000, 30000) / 1000000) + draw(s, -1, 1);
    uint32_t id = new_id(s, account);
    put_account(s, text, "account", account);
    put_whole(s, text, "auction", (int64_t)number);
    put_id(s, text, id);
    put_qty(s, text, "qty", market, size_lots(s, account, market));
    put_price(s, text, "price", market,
              weir_clamp(buy ? ref - off : ref + off, 1, s->market[market].max_price));
}

static bool likes(const struct weir_stream *s, uint32_t account, uint32_t market) {
    const struct model_account *a = &s->account[account];
    for (uint32_t i = 0; i < a->liked_count; i++)
        if (a->liked[i] == market) return true;
    return a->liked_count == 0;
}

void make_block_trade(struct weir_stream *s, struct text *text) {
    uint32_t buyer = pick_account(s), seller = pick_account(s), market = pick_liked(s, buyer);
    for (int tries = 0; tries < 3 && !likes(s, seller, market); tries++)
        seller = pick_account(s);
    if (chance(s, 500000) && s->account[buyer].position[market] > 0) {
        uint32_t other = buyer; /* closes a long more often than chance would */
        buyer = seller;
        seller = other;
    }
    int64_t ref = reference_price(s, market);
    int64_t off = (int64_t)((__int128)ref * draw(s, -6000, 6000) / 1000000);
    put_market(s, text, market);
    put_account(s, text, "buyer", buyer);
    put_account(s, text, "seller", seller);
    put_qty(s, text, "qty", market, size_lots(s, buyer, market));
    put_price(s, text, "price", market, weir_clamp(ref + off, 1, s->market[market].max_price));
}
