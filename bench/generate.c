/* Order flow of our own, for a benchmark without a file. */
#include "bench/cases.h"
#include "bench/engine_book.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LOWEST_MID  20000
#define HIGHEST_MID 45000

struct generator {
    struct engine engine; /* tells the touch and which orders rest */
    struct weir_random random;
    const struct regime *regime;
    uint32_t *ids; /* that rested when last looked at */
    uint64_t id_count;
    uint32_t last_id;
    uint32_t mid;
};

/* Ticks with that mean, geometric. */
static uint32_t some_ticks(struct generator *g, uint32_t mean) {
    double u = (double)((weir_random_next(&g->random) >> 11) + 1) * 0x1p-53;
    return (uint32_t)(log(u) / log((double)mean / (mean + 1.0)));
}

static uint32_t best(const struct generator *g, enum weir_side side) {
    return (uint32_t)weir_ladder_best(g->engine.book.side[side]);
}

static uint32_t resting(const struct generator *g) {
    return weir_ladder_count(g->engine.book.side[0]) + weir_ladder_count(g->engine.book.side[1]);
}

static void cancel_some(struct generator *g, struct message *m) {
    for (;;) {
        uint64_t at = weir_random_below(&g->random, g->id_count);
        uint32_t id = g->ids[at];
        g->ids[at] = g->ids[--g->id_count];
        if (!engine_rests(&g->engine, id)) continue;
        const struct weir_order *order = weir_order_at(&g->engine.orders, g->engine.index[id]);
        *m = (struct message){.id = id,
                              .price = (uint32_t)order->price,
                              .qty = (uint16_t)order->open,
                              .type = MESSAGE_CANCEL,
                              .side = order->account & 1};
        return;
    }
}

/* Behind the touch of its own side, never crossing. */
static uint32_t add_price(struct generator *g, enum weir_side side) {
    uint32_t away = some_ticks(g, g->regime->distance);
    uint32_t ask = best(g, WEIR_SELL), bid = best(g, WEIR_BUY);
    if (side == WEIR_BUY) {
        uint32_t top = ask != 0 && ask - 1 < g->mid ? ask - 1 : g->mid;
        return top > away ? top - away : 1;
    }
    uint32_t low = bid >= g->mid + 1 ? bid + 1 : g->mid + 1;
    return low + away;
}

/* Mostly on the side that brings the touch to the walk's price. */
static void marketable(struct generator *g, struct message *m) {
    uint32_t ask = best(g, WEIR_SELL), bid = best(g, WEIR_BUY);
    bool up = (bid + ask) / 2 < g->mid;
    if (weir_random_below(&g->random, 5) == 0) up = !up;
    uint32_t through = some_ticks(g, 1);
    m->type = MESSAGE_MARKETABLE;
    m->side = up ? WEIR_BUY : WEIR_SELL;
    m->price = up ? ask + through : bid > through ? bid - through : 1;
}

static void next_message(struct generator *g, struct message *m, bool filling) {
    const struct regime *r = g->regime;
    if (weir_random_below(&g->random, r->step_interval) == 0) {
        g->mid += weir_random_below(&g->random, 2) ? r->step : -r->step;
        g->mid = (uint32_t)weir_clamp(g->mid, LOWEST_MID, HIGHEST_MID);
    }
    uint64_t kind = weir_random_below(&g->random, 100);
    uint64_t adds = resting(g) < r->live ? 50 : 40; /* holds the number of live orders */
    bool crossable = best(g, WEIR_BUY) != 0 && best(g, WEIR_SELL) != 0;
    if (!filling && kind >= 10 + adds && resting(g) > 0) {
        cancel_some(g, m);
        return;
    }
    *m = (struct message){.id = ++g->last_id,
                          .qty = (uint16_t)(1 + weir_random_below(&g->random, 100)),
                          .type = MESSAGE_ADD,
                          .side = (uint8_t)weir_random_below(&g->random, 2)};
    m->price = add_price(g, (enum weir_side)m->side);
    if (!filling && kind < 10 && crossable) marketable(g, m);
    g->ids[g->id_count++] = m->id;
}

bool workload_generate(struct workload *workload, const struct regime *regime, uint64_t messages,
                       uint64_t seed) {
    *workload = (struct workload){.header = {.messages = messages, .seed = seed}};
    snprintf(workload->name, sizeof workload->name, "%s", regime->name);
    struct workload_header *h = &workload->header;
    struct generator g = {.regime = regime, .mid = (LOWEST_MID + HIGHEST_MID) / 2};
    g.random.key = weir_random_key(seed, regime->name);
    g.ids = calloc(messages, sizeof *g.ids);
    workload->messages = calloc(messages + WORKLOAD_AHEAD, sizeof *workload->messages);
    bool done = engine_new(&g.engine, messages) && g.ids != NULL && workload->messages != NULL;
    for (uint64_t i = 0; i < messages && done && !bench_stopped(); i++) {
        struct message *m = &workload->messages[i];
        next_message(&g, m, i < regime->live);
        engine_handle(&g.engine, m);
        done = !g.engine.failed;
        h->adds += m->type == MESSAGE_ADD;
        h->cancels += m->type == MESSAGE_CANCEL;
        h->marketables += m->type == MESSAGE_MARKETABLE;
        if (resting(&g) > h->most_live) h->most_live = resting(&g);
    }
    h->highest_id = g.last_id;
    h->live_at_end = done ? resting(&g) : 0;
    engine_free(&g.engine);
    free(g.ids);
    done = done && !bench_stopped();
    if (!done) workload_free(workload);
    return done;
}
