/* Streams longer in one respect than the random ones: what grows inside has to grow. */
#include "trial.h"

#include <stdarg.h>
#include <stdlib.h>

static const char venue[] = "name: many\n"
                            "money: {asset: USDT, decimals: 2}\n"
                            "markets:\n"
                            "  - symbol: AAA\n"
                            "    tick: 1\n"
                            "    lot: 1\n"
                            "    tiers: [{cap: 100000000, rate: 0.01, max_leverage: 50}]\n"
                            "    price_band: none\n"
                            "    index: {stale_after: 1000h}\n"
                            "    max_open_orders: 100000\n"
                            "auction: {format: none}\n"
                            "absorb: {enabled: true, policy: {name: twap, horizon: 900h}}\n"
                            "funds: [{name: main, drawdown_trigger: 0.9}]\n";

struct script {
    struct weir_recording lines;
    uint64_t capacity;
};

__attribute__((format(printf, 2, 3))) static void say(struct script *s, const char *format, ...) {
    char *line = NULL;
    va_list list;
    va_start(list, format);
    int n = vasprintf(&line, format, list);
    va_end(list);
    if (n < 0) abort();
    if (s->lines.count == s->capacity) {
        s->capacity = 2 * s->capacity + 64;
        s->lines.line = realloc(s->lines.line, s->capacity * sizeof *s->lines.line);
        s->lines.size = realloc(s->lines.size, s->capacity * sizeof *s->lines.size);
        if (s->lines.line == NULL || s->lines.size == NULL) abort();
    }
    s->lines.line[s->lines.count] = line;
    s->lines.size[s->lines.count++] = (uint32_t)n;
}

static void people(struct script *s) {
    say(s, "{\"cmd\":\"clock\",\"t\":1000000000}");
    say(s, "{\"cmd\":\"fund\",\"amount\":\"1000000\"}");
    for (int i = 0; i < 3; i++) {
        say(s, "{\"cmd\":\"account\",\"account\":\"a%d\"}", i);
        say(s, "{\"cmd\":\"deposit\",\"account\":\"a%d\",\"amount\":\"%d\"}", i,
            i == 0 ? 10000 : 100000000);
    }
}

/* The fund holds a lot of a market that falls tick by tick: every sample is a new low, and none
 * of them may be forgotten while the window lasts (R32). */
static void drawdown_samples(struct script *s) {
    say(s, "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":\"100000\"}");
    say(s, "{\"cmd\":\"block_trade\",\"market\":\"AAA\",\"buyer\":\"a0\",\"seller\":\"a1\","
           "\"qty\":\"1\",\"price\":\"100000\"}");
    for (int i = 0; i < 2500; i++) {
        say(s, "{\"cmd\":\"index\",\"t\":%lld,\"market\":\"AAA\",\"price\":\"%d\"}",
            1000000000LL + i * 20000000000LL, 90000 - i);
        if (i % 50 == 0) say(s, "{\"cmd\":\"query\",\"what\":\"fund\"}");
    }
}

/* More open orders and levels than the first tables hold; cancelled in another order. */
static void open_orders(struct script *s) {
    say(s, "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":\"50000\"}");
    for (int i = 0; i < 6000; i++)
        say(s,
            "{\"cmd\":\"order\",\"account\":\"a%d\",\"market\":\"AAA\",\"id\":\"o%d\",\"side\":\"%"
            "s\","
            "\"type\":\"limit\",\"qty\":\"1\",\"price\":\"%d\"}",
            1 + i % 2, i, i % 2 ? "buy" : "sell", i % 2 ? 1 + i * 7 % 40000 : 50000 + i * 13);
    for (int i = 0; i < 6000; i += 3)
        say(s, "{\"cmd\":\"cancel\",\"account\":\"a%d\",\"id\":\"o%d\"}", 1 + i % 2, i);
    say(s, "{\"cmd\":\"query\",\"what\":\"book\",\"market\":\"AAA\",\"depth\":1000}");
    say(s, "{\"cmd\":\"cancel_all\",\"account\":\"a1\"}");
}

bool weir_trial_long(uint32_t which, struct weir_trial_result *result) {
    struct script s = {0};
    people(&s);
    if (which == 0)
        drawdown_samples(&s);
    else
        open_orders(&s);
    struct weir_trial trial = {.venue = venue,
                               .recording = &s.lines,
                               .twin = true,
                               .digest_every = 101,
                               .audit_every = 1000};
    bool ran = weir_trial_run(&trial, result, NULL);
    if (ran && result->verdict != WEIR_AGREE) weir_trial_print(stderr, &trial, result, &s.lines);
    weir_recording_free(&s.lines);
    return ran;
}
