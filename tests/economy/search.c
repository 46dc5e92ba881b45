/* The search: random plots, and small changes of the best one so far. */
#include "economy.h"

#include <stdlib.h>
#include <string.h>

struct climb {
    struct weir_random random;
    struct weir_plot best;
    struct weir_haul haul;
    int64_t height; /* of the best */
    uint64_t stuck; /* plays since the best one became better */
};

/* What a climb goes by: what is taken, and with little weight how many kinds of fills the
 * colluders came to; a plot that nothing happens in is no place to begin. */
static int64_t height_of(const struct weir_haul *haul) {
    return weir_saturate((weir_wide)haul->score + 500 * __builtin_popcountll(haul->kinds));
}

/* Plays without success after which a climb begins anew. */
#define PATIENCE 250

static uint8_t byte(struct climb *c) {
    return (uint8_t)weir_random_below(&c->random, 256);
}

/* How often each kind is drawn, in the order of weir_action_words. */
static const uint8_t weights[WEIR_ACTION_KINDS] = {12, 4, 5, 14, 2, 3, 5, 2, 3,
                                                   8,  2, 8, 5,  8, 6, 4, 2};

static struct weir_action draw_action(struct climb *c) {
    uint32_t sum = 0, kind = 0;
    for (uint32_t i = 0; i < WEIR_ACTION_KINDS; i++)
        sum += weights[i];
    uint64_t at = weir_random_below(&c->random, sum);
    while (at >= weights[kind])
        at -= weights[kind++];
    return (struct weir_action){.kind = (uint8_t)kind,
                                .who = byte(c),
                                .other = byte(c),
                                .market = byte(c),
                                .side = byte(c),
                                .price = byte(c),
                                .size = byte(c),
                                .flags = byte(c)};
}

static void draw_plot(struct climb *c, struct weir_plot *plot) {
    plot->count = 5 + (uint32_t)weir_random_below(&c->random, 20);
    for (uint32_t i = 0; i < plot->count; i++)
        plot->at[i] = draw_action(c);
}

static void insert(struct weir_plot *plot, uint32_t at, struct weir_action action) {
    if (plot->count == WEIR_ACTIONS) return;
    memmove(&plot->at[at + 1], &plot->at[at], (plot->count - at) * sizeof plot->at[0]);
    plot->at[at] = action;
    plot->count++;
}

static void drop(struct weir_plot *plot, uint32_t at) {
    plot->count--;
    memmove(&plot->at[at], &plot->at[at + 1], (plot->count - at) * sizeof plot->at[0]);
}

static void change(struct climb *c, struct weir_plot *plot) {
    uint32_t at = (uint32_t)weir_random_below(&c->random, plot->count);
    switch (weir_random_below(&c->random, 6)) {
    case 0:
        if (plot->count > 1) drop(plot, at);
        return;
    case 1:
        plot->at[at] = draw_action(c);
        return;
    case 2: /* one field of an action */
        ((uint8_t *)&plot->at[at])[1 + weir_random_below(&c->random, sizeof plot->at[0] - 1)] =
            byte(c);
        return;
    case 3: { /* the same again, elsewhere */
        struct weir_action again = plot->at[weir_random_below(&c->random, plot->count)];
        insert(plot, at, again);
        return;
    }
    default:
        insert(plot, at, draw_action(c));
    }
}

/* Leaves out actions as long as what is left still steals. */
static uint64_t shorten(const struct weir_economy *e, struct climb *c) {
    uint64_t plays = 0;
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (uint32_t i = c->best.count; i-- > 0 && c->best.count > 1;) {
            struct weir_plot plot = c->best;
            struct weir_haul haul;
            drop(&plot, i);
            weir_economy_play(e, &plot, &haul, NULL);
            plays++;
            if (!haul.stolen) continue;
            c->best = plot;
            c->haul = haul;
            smaller = true;
        }
    }
    return plays;
}

uint64_t weir_economy_search(const struct weir_economy *e, uint64_t runs, struct weir_plot *best,
                             struct weir_haul *haul) {
    struct climb c = {
        .random.key = weir_random_key(e->seed, "economy"), .height = INT64_MIN, .stuck = PATIENCE};
    int64_t highest = INT64_MIN;
    uint64_t plays = 0, kinds = 0;
    while (plays < runs) {
        struct weir_plot plot = c.best;
        struct weir_haul found;
        if (c.stuck >= PATIENCE) {
            draw_plot(&c, &plot);
            c.height = INT64_MIN;
            c.stuck = 0;
        } else {
            for (uint64_t n = 1 + weir_random_below(&c.random, 3); n > 0; n--)
                change(&c, &plot);
        }
        weir_economy_play(e, &plot, &found, NULL);
        plays++;
        c.stuck++;
        kinds |= found.kinds;
        int64_t height = height_of(&found);
        if (height < c.height && !found.stolen) continue;
        if (height > c.height) c.stuck = 0;
        c.height = height;
        c.best = plot;
        c.haul = found;
        if (found.stolen) plays += shorten(e, &c);
        if (found.stolen || found.score > highest) {
            highest = found.score;
            *best = c.best;
            *haul = c.haul;
        }
        if (found.stolen) break;
    }
    haul->kinds = kinds;
    return plays;
}
