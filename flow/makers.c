/* Market makers: a ladder around the outside index, leaning against inventory, thinner under
 * stress, refilled with a half-life. They see the index before the venue does and move their
 * quotes first. */
#include "flow/internal.h"

#include <math.h>
#include <stdlib.h>

#define FARTHEST    0.025 /* of the index: the last level */
#define TOLERANCE   0.25  /* of a level's distance that a quote may be off */
#define REFILL_FROM 1.25  /* a quote is amended when its size is off by so much */

void weir_makers_ladder(struct weir_flow *flow, struct flow_market *market) {
    uint32_t levels = (uint32_t)flow->scenario->makers.levels;
    double nearest = weir_flow_rate(market->scenario->spread);
    double least = 0.6 * market->tick / market->price0;
    if (nearest < least) nearest = least;
    double far = nearest * 2 > FARTHEST ? nearest * 2 : FARTHEST;
    double step = levels > 1 ? weir_flow_pow(far / nearest, 1.0 / (levels - 1)) : 1;
    double before = 0, distance = nearest;
    for (uint32_t i = 0; i < levels; i++) {
        market->distance[i] = distance;
        market->share[i] = (distance - before) / 0.01; /* even density: all of it within 1 % */
        before = distance;
        distance *= step;
    }
}

static struct weir_name quote_id(int side, uint32_t level) {
    return weir_flow_name("%c%u", side == WEIR_BUY ? 'b' : 's', level);
}

static struct flow_maker *maker_of(struct flow_market *m, uint32_t level) {
    return &m->makers[level % m->maker_count];
}

/* Open lots that the quote should have: what survives stress, refilled from what is there. */
static weir_qty wanted_lots(const struct weir_flow *flow, const struct flow_market *m,
                            const struct flow_maker *maker, int side, uint32_t level,
                            double refilled) {
    double limit = weir_flow_rate(flow->scenario->makers.limit) * m->depth / m->maker_count;
    double held = weir_flow_notional(m, maker->inventory, m->index);
    if (side == WEIR_BUY ? held > limit : held < -limit) return 0;
    double full = m->share[level] * m->depth * m->survival / weir_flow_lot_value(m, m->index);
    double now = (double)m->quotes[side][level].qty;
    double size = now < full ? now + (full - now) * refilled : full;
    weir_qty lots = weir_flow_round(size);
    return lots >= weir_flow_least(m, m->index) ? lots : 0;
}

static void set_quote(struct weir_flow *flow, struct flow_market *m, int side, uint32_t level,
                      weir_price price, weir_qty lots) {
    struct flow_quote *quote = &m->quotes[side][level];
    const struct weir_name id = quote_id(side, level);
    const struct weir_name *account = &maker_of(m, level)->name;
    double off = fabs((double)(price - quote->price)) * m->tick / m->index;
    if (quote->qty == 0) {
        if (lots == 0) return;
        /* Set before the order leaves: its own fills count down from here. */
        *quote = (struct flow_quote){price, lots};
        weir_flow_send_order(flow, account, &id, m,
                             &(struct flow_order){.side = (enum weir_side)side,
                                                  .type = WEIR_LIMIT,
                                                  .tif = WEIR_GTC,
                                                  .lots = lots,
                                                  .price = price});
        return;
    }
    if (lots == 0) {
        weir_flow_send_cancel(flow, account, &id);
        quote->qty = 0;
        return;
    }
    double ratio = (double)lots / (double)quote->qty;
    if (off <= TOLERANCE * m->distance[level] && ratio < REFILL_FROM && ratio > 1 / REFILL_FROM)
        return;
    *quote = (struct flow_quote){price, lots};
    weir_flow_send_amend(flow, account, &id, m, lots, price);
}

static void quote_side(struct weir_flow *flow, struct flow_market *m, int side, double center,
                       double refilled) {
    for (uint32_t i = 0; i < (uint32_t)flow->scenario->makers.levels; i++) {
        const struct flow_maker *maker = maker_of(m, i);
        double limit = weir_flow_rate(flow->scenario->makers.limit) * m->depth / m->maker_count;
        double lean = weir_flow_rate(flow->scenario->makers.skew) *
                      (weir_flow_notional(m, maker->inventory, m->index) / limit);
        double away = side == WEIR_BUY ? -m->distance[i] : m->distance[i];
        double price = center * (1 - lean + away);
        weir_price ticks =
            side == WEIR_BUY ? (weir_price)(price / m->tick) : (weir_price)(price / m->tick) + 1;
        ticks = weir_clamp(ticks, 1, m->venue->max_price);
        set_quote(flow, m, side, i, ticks, wanted_lots(flow, m, maker, side, i, refilled));
    }
}

void weir_makers_quote(struct weir_flow *flow, struct flow_market *market, weir_time elapsed) {
    if (market->maker_count == 0) return;
    double refilled = 1 - weir_flow_decay(elapsed, flow->scenario->makers.half_life);
    double center = market->index * (1 + weir_flow_premium(market));
    const struct flow_quote *best = &market->quotes[WEIR_BUY][0];
    /* The side that gives way moves first, so that the makers do not trade with one another. */
    int first = best->qty > 0 && center < (double)best->price * market->tick ? WEIR_BUY : WEIR_SELL;
    quote_side(flow, market, first, center, refilled);
    quote_side(flow, market, first == WEIR_BUY ? WEIR_SELL : WEIR_BUY, center, refilled);
}

/* The quote behind an order id, or NULL. */
static struct flow_quote *quote_of(struct flow_market *m, const struct weir_name *id) {
    int side = id->text[0] == 'b' ? WEIR_BUY : WEIR_SELL;
    int64_t level = weir_flow_number(id, side == WEIR_BUY ? "b" : "s");
    return level >= 0 && level < LEVELS_MAX ? &m->quotes[side][level] : NULL;
}

/* The maker of that name, its market in *m; NULL when it is no maker. */
static struct flow_maker *maker_named(struct weir_flow *flow, const struct weir_name *name,
                                      struct flow_market **m) {
    int64_t number = weir_flow_number(name, "maker-");
    if (number < 0 || number / MAKERS_MAX >= flow->market_count) return NULL;
    *m = &flow->markets[number / MAKERS_MAX];
    return number % MAKERS_MAX < (*m)->maker_count ? &(*m)->makers[number % MAKERS_MAX] : NULL;
}

void weir_makers_fill(struct weir_flow *flow, const struct weir_event *event) {
    weir_qty bought = event->fill.taker_side == WEIR_BUY ? event->fill.qty : -event->fill.qty;
    struct flow_market *m;
    struct flow_maker *maker = maker_named(flow, event->fill.taker, &m);
    if (maker) {
        maker->inventory += bought;
        struct flow_quote *quote =
            event->fill.taker_order ? quote_of(m, event->fill.taker_order) : NULL;
        if (quote) quote->qty = weir_max(0, quote->qty - event->fill.qty);
    }
    maker = maker_named(flow, event->fill.maker, &m);
    if (maker) {
        maker->inventory -= bought;
        struct flow_quote *quote =
            event->fill.maker_order ? quote_of(m, event->fill.maker_order) : NULL;
        if (quote) quote->qty = event->fill.maker_left;
    }
}

void weir_makers_cancelled(struct weir_flow *flow, const struct weir_event *event) {
    struct flow_market *m;
    if (!maker_named(flow, event->cancelled.account, &m)) return;
    struct flow_quote *quote = quote_of(m, event->cancelled.id);
    if (quote) quote->qty = 0;
}
