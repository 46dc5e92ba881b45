/* The market-wide budget is fair (R36): over random venues and waiting lines, a position that waits
 * has been handed all it wants after at most ceil(W / quantum) intervals, W all that was wanted in
 * the line with it. Only the rounds are looked at, not who stands where in the queue. */
#include <criterion/criterion.h>

#include "engine/internal.h"
#include "liquidation/stages.h"
#include "tests/scale.h"
#include "wire/wire.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define VENUES  160
#define MEMBERS 24
#define ROUNDS  400
/* One lot at 905 is worth 905.00; amounts are in units of 0.01. */
#define MARK    905

struct waiting {
    bool in_line;
    weir_wide wish;   /* its open wish when it was last looked at */
    int64_t rounds;   /* begun since it joined */
    weir_wide wanted; /* lots in the line with it, its own included, also of who came later */
    weir_wide turns;  /* that its own lots take */
    weir_wide shared; /* of `wanted`, what others can get in as many turns and one */
};

struct scene {
    struct weir_random random;
    struct weir_venue *venue;
    struct weir_engine *engine;
    struct waiting waiting[MEMBERS];
    uint32_t members;
    int64_t quantum;       /* lots, at least 1 */
    int64_t quantum_value; /* what it says, as much or up to a lot more */
    uint64_t served, longest;
};

static int64_t draw(struct scene *s, int64_t low, int64_t high) {
    return low + (int64_t)weir_random_below(&s->random, (uint64_t)(high - low) + 1);
}

static void ignore(void *ctx, const struct weir_event *event) {
    (void)ctx;
    (void)event;
}

__attribute__((format(printf, 2, 3))) static void say(struct scene *s, const char *format, ...) {
    static struct weir_risk_change risk;
    static struct weir_command command;
    char line[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    weir_json_read(line, (size_t)n, 1, &risk, &command);
    weir_engine_apply(s->engine, &command);
}

static struct weir_venue *make_venue(struct scene *s) {
    static const char *const policies[] = {
        "{name: full}", "{name: fraction, threshold: 0, fraction: 0.3, frontier: false}",
        "{name: twap, horizon: 6s, slices: 3, frontier: false}",
        "{name: block_cap, share: 0.5, frontier: false}"};
    static const char *const orders[] = {"worst_first", "fifo", "largest_first"};
    char text[2048];
    int64_t whole = draw(s, 1, 6);
    bool broken = weir_random_below(&s->random, 3) == 0; /* a quantum of no whole number of lots */
    int64_t quantum = whole * MARK + (broken ? draw(s, 1, MARK - 1) : 0);
    s->quantum = whole;
    s->quantum_value = quantum;
    /* One after the other: the arguments of a call are drawn in an order of the compiler's. */
    const char *band = draw(s, 0, 1) ? "0.05" : "none", *order = orders[draw(s, 0, 2)];
    int steps = (int)draw(s, 2, 64);
    const char *policy = policies[draw(s, 0, 3)];
    int64_t notional = quantum + draw(s, 0, 5) * MARK;
    notional += draw(s, 0, 900);
    int n = snprintf(
        text, sizeof text,
        "name: fair\nmoney: {asset: USDT, decimals: 2}\ntrigger: {warn_at: none}\nmarkets:\n"
        "  - {symbol: AAA, tick: 1, lot: 1, index: {stale_after: 1000h}, price_band: none,\n"
        "     liquidation_band: %s, funding: {interest: 0},\n"
        "     tiers: [{cap: 10000000, rate: 0.01, max_leverage: 50}]}\n"
        "auction: {format: none}\nliquidation:\n  order: %s\n  steps_per_command: %d\n"
        "  restore_margin: 1000\n  empty_slices: 1000\n  policy: %s\n"
        "  market_budget: {notional: %lld, interval: 2s, quantum: %lld}\n",
        band, order, steps, policy, (long long)notional, (long long)quantum);
    struct weir_file_error error;
    struct weir_venue *venue = weir_venue_parse(text, (size_t)n, "fair", NULL, 0, &error);
    cr_assert(venue != NULL, "%s", error.text);
    return venue;
}

/* Positions of 1 to 40 lots, all liquidatable at MARK, and a book that is thin, deep or none. */
static void begin(struct scene *s) {
    say(s, "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":1000,\"t\":1000000000}");
    say(s, "{\"cmd\":\"account\",\"account\":\"m\"}");
    say(s, "{\"cmd\":\"deposit\",\"account\":\"m\",\"amount\":100000000}");
    for (uint32_t i = 0; i < s->members; i++) {
        int64_t lots = draw(s, 1, 40);
        say(s, "{\"cmd\":\"account\",\"account\":\"a%u\"}", i);
        say(s, "{\"cmd\":\"deposit\",\"account\":\"a%u\",\"amount\":%lld}", i,
            (long long)(lots * 100 + draw(s, 0, lots * 4)));
        say(s,
            "{\"cmd\":\"block_trade\",\"market\":\"AAA\",\"buyer\":\"a%u\",\"seller\":\"m\","
            "\"qty\":%lld,\"price\":1000}",
            i, (long long)lots);
    }
    if (draw(s, 0, 3) > 0)
        say(s,
            "{\"cmd\":\"order\",\"account\":\"m\",\"market\":\"AAA\",\"id\":\"bid\","
            "\"side\":\"buy\",\"type\":\"limit\",\"qty\":%lld,\"price\":%d}",
            (long long)draw(s, 1, 900), MARK);
}

static const struct weir_leg_turn *turn_of(const struct scene *s, uint32_t member) {
    const struct weir_ledger *l = &s->engine->x.ledger;
    struct weir_name name = {0};
    snprintf(name.text, sizeof name.text, "a%u", member);
    uint32_t leg = weir_leg_find(l, weir_account_find(l, &name), 0);
    return &weir_leg_extra(l, weir_leg_at(l, leg))->turn;
}

static weir_wide open_wish(const struct scene *s, uint32_t member) {
    const struct weir_leg_turn *t = turn_of(s, member);
    return t->in_line ? t->wanted - t->reserved : 0;
}

/* A round was begun, and nothing else happened: who was served, and did anybody wait too long? */
static void look_at_round(struct scene *s) {
    for (uint32_t i = 0; i < s->members; i++) {
        struct waiting *w = &s->waiting[i];
        if (!w->in_line) continue;
        w->rounds++;
        weir_wide bound = (w->wanted + s->quantum - 1) / s->quantum;
        cr_assert(w->rounds <= bound, "a%u waits for %lld rounds, at most %lld", i,
                  (long long)w->rounds, (long long)bound);
        /* Nor does a large position hold up a small one: each gets a turn. */
        weir_wide fair = (w->shared + s->quantum - 1) / s->quantum;
        cr_assert(w->rounds <= fair, "a%u waits for %lld rounds, %lld for as many turns", i,
                  (long long)w->rounds, (long long)fair);
        if (turn_of(s, i)->in_line) continue;
        w->in_line = false;
        s->served++;
        s->longest = (uint64_t)weir_max((int64_t)s->longest, w->rounds);
    }
}

static void add(const struct scene *s, struct waiting *w, weir_wide lots) {
    w->wanted += lots;
    weir_wide of_turns = ((w->turns + 1) * s->quantum_value + MARK - 1) / MARK;
    w->shared += weir_wide_min(lots, of_turns);
}

/* Behind a command without a round: who joined the line, or left it unserved? Who has come to want
 * more waits anew. */
static void look_at_line(struct scene *s) {
    for (uint32_t i = 0; i < s->members; i++)
        if (!turn_of(s, i)->in_line) s->waiting[i].in_line = false;
    for (uint32_t i = 0; i < s->members; i++) {
        struct waiting *w = &s->waiting[i];
        weir_wide wish = open_wish(s, i), more = wish - (w->in_line ? w->wish : 0);
        w->wish = wish;
        if (!turn_of(s, i)->in_line || (w->in_line && more <= 0)) continue;
        *w = (struct waiting){.in_line = true, .wish = wish, .wanted = wish, .shared = wish};
        w->turns = (wish + s->quantum - 1) / s->quantum;
        for (uint32_t k = 0; k < s->members; k++) {
            if (k == i || !s->waiting[k].in_line) continue;
            add(s, w, open_wish(s, k));
            add(s, &s->waiting[k], more);
        }
    }
}

static void run(uint64_t seed, uint64_t *served, uint64_t *longest) {
    struct scene *s = calloc(1, sizeof *s);
    cr_assert(s != NULL);
    s->random.key = weir_random_key(seed, "budget");
    s->members = (uint32_t)draw(s, 2, MEMBERS);
    s->venue = make_venue(s);
    struct weir_engine_options options = {.accounts_max = 64, .orders_max = 1024};
    s->engine = weir_engine_new(s->venue, &options, ignore, NULL);
    cr_assert(s->engine != NULL);
    begin(s);
    say(s, "{\"cmd\":\"index\",\"market\":\"AAA\",\"price\":%d}", MARK);
    look_at_line(s);
    int64_t t = 1000000000;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        t += draw(s, 1, 3) * 700000000;
        /* A query moves time and takes no step; the round is begun by hand, as (6) would. */
        say(s, "{\"cmd\":\"query\",\"what\":\"totals\",\"t\":%lld}", (long long)t);
        int64_t round = s->engine->lq.budgets[0].round;
        weir_budget_rounds(&s->engine->lq);
        if (s->engine->lq.budgets[0].round != round) look_at_round(s);
        say(s, "{\"cmd\":\"clock\",\"t\":%lld}", (long long)t);
        look_at_line(s);
    }
    *served += s->served;
    *longest = (uint64_t)weir_max((int64_t)*longest, (int64_t)s->longest);
    weir_engine_free(s->engine);
    weir_venue_free(s->venue);
    free(s);
}

Test(budget, who_waits_is_served_within_the_bound) {
    uint64_t served = 0, longest = 0, venues = weir_test_scale(VENUES);
    for (uint64_t seed = 1; seed <= venues; seed++)
        run(seed, &served, &longest);
    /* That lines were long enough to show something. */
    cr_assert(served >= 5 * venues, "%d served in %d venues", (int)served, (int)venues);
    if (venues >= VENUES) cr_assert(longest >= 20, "the longest wait was %d", (int)longest);
}
