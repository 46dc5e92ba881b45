#include "states.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scan.h"
#include "tests/random/stream.h"

#define LINE_SIZE 8192

struct run {
    const struct weir_states *states;
    struct weir_states_result *result;
    struct weir_venue *venue;
    struct weir_stream *stream;
    struct weir_engine *engine;
    struct weir_scan scan;
    struct weir_random random;
    bool accepted, busy; /* what the command did: `busy` when more than a mark moved */
    char line[LINE_SIZE];
};

static uint64_t below(struct run *r, uint64_t n) {
    return weir_random_below(&r->random, n);
}

static void hear(void *ctx, const struct weir_event *event) {
    struct run *r = ctx;
    weir_stream_observe(r->stream, event);
    switch (event->kind) {
    case WEIR_EV_ACCEPTED:
        r->accepted = true;
        return;
    case WEIR_EV_REJECTED:
        r->accepted = false;
        return;
    case WEIR_EV_MARK:
    case WEIR_EV_INDEX_STALE:
    case WEIR_EV_INDEX_FRESH:
        return;
    case WEIR_EV_MARGIN_CALL:
        r->result->calls++;
        return;
    case WEIR_EV_LIQUIDATION_STARTED:
        r->result->liquidations++;
        r->busy = true;
        return;
    default:
        r->busy = true;
        return;
    }
}

/* Applies and checks; `market`: a tick of it, else WEIR_NO_INDEX. */
static bool apply(struct run *r, const struct weir_command *command, uint32_t market) {
    struct weir_scan_mark before = weir_scan_before(&r->scan);
    r->accepted = r->busy = false;
    weir_engine_apply(r->engine, command);
    r->result->commands++;
    if (weir_scan_after(&r->scan, before, r->accepted, r->busy ? WEIR_NO_INDEX : market))
        return true;
    static char text[LINE_SIZE];
    size_t n = weir_json_command(command, text, sizeof text);
    snprintf(r->result->problem, sizeof r->result->problem, "command %llu: %.200s\n  %.*s",
             (unsigned long long)r->result->commands, r->scan.problem, (int)(n < 250 ? n : 250),
             text);
    return false;
}

/* ---- Ticks ----------------------------------------------------------------------------------- */

static bool tick(struct run *r, uint32_t market, weir_price price) {
    const struct weir_market *m = &r->venue->markets[market];
    const struct weir_feed *feed = &r->engine->x.prices[market].feed;
    struct weir_command command = {.kind = WEIR_CMD_INDEX, .market = m->symbol};
    price = weir_clamp(price, 1, m->max_price);
    command.price = m->tick;
    command.price.mantissa *= price;
    /* All sources go along, so that the index does. */
    for (uint32_t i = 0; i < feed->count; i++) {
        command.present = WEIR_HAS_SOURCE;
        command.source = feed->source[i].name;
        if (!apply(r, &command, market)) return false;
    }
    return feed->count > 0 || apply(r, &command, market);
}

/* A mark at which some scope turns liquidatable, or one beside it: mostly on the healthy side. */
static weir_price edge(struct run *r, uint32_t market, weir_price mark) {
    struct weir_exchange *x = &r->engine->x;
    const struct weir_pool *list = &x->ledger.markets[market].positions;
    if (list->count == 0) return mark;
    uint32_t leg = *WEIR_AT(list, uint32_t, below(r, list->count));
    weir_price price = weir_liquidation_price(x, leg);
    if (price == 0 || price > 3 * mark || price < mark / 3) return mark;
    r->result->edges++;
    if (below(r, 100) < 15) return price;
    weir_price step = below(r, 4) == 0 ? 1 + (weir_price)below(r, 3) : 1;
    return price < mark ? price + step : price - step;
}

static weir_price moved(struct run *r, uint32_t market, weir_price mark, weir_price first) {
    int64_t ppm;
    switch (below(r, 10)) {
    case 0: /* a jump */
        ppm = (int64_t)below(r, 120000) - 60000;
        break;
    case 1:
    case 2:
        return edge(r, market, mark);
    case 3:
    case 4: /* back to where the burst began */
        return first;
    default:
        ppm = (int64_t)below(r, 4000) - 2000;
        break;
    }
    weir_price price = mark + (weir_price)((weir_wide)mark * ppm / 1000000);
    return price != mark ? price : mark + (weir_price)below(r, 3) - 1;
}

static bool burst(struct run *r) {
    uint32_t market = (uint32_t)below(r, r->venue->market_count);
    weir_price first = r->engine->x.prices[market].mark;
    if (first == 0) return true;
    for (uint64_t left = 1 + below(r, 40); left > 0; left--) {
        weir_price mark = r->engine->x.prices[market].mark;
        weir_price price = moved(r, market, mark, first);
        if (!tick(r, market, price)) return false;
        /* To and fro over one edge. */
        for (uint64_t swings = below(r, 20) == 0 ? below(r, 12) : 0; swings > 0; swings--)
            if (!tick(r, market, swings % 2 == 0 ? price : mark)) return false;
    }
    return true;
}

/* ---- A run ----------------------------------------------------------------------------------- */

static void run_here(const struct weir_states *states, struct weir_states_result *result) {
    static struct weir_risk_change risk;
    static struct weir_command command;
    struct run r = {.states = states, .result = result};
    r.random.key = weir_random_key(weir_random_at(states->seed, states->shape), "states");
    r.stream = weir_stream_new(states->seed, states->shape);
    if (r.stream == NULL) abort();
    const char *text = weir_stream_venue(r.stream);
    struct weir_file_error error;
    r.venue = weir_venue_parse(text, strlen(text), "venue", NULL, 0, &error);
    if (r.venue == NULL) {
        snprintf(result->problem, sizeof result->problem, "venue: %.400s", error.text);
        return;
    }
    struct weir_engine_options options = {.accounts_max = 4096, .orders_max = 1 << 20};
    r.engine = weir_engine_new(r.venue, &options, hear, &r);
    if (r.engine == NULL || !weir_scan_new(&r.scan, r.engine)) abort();
    bool good = true;
    while (good && result->commands < states->commands) {
        size_t size = weir_stream_next(r.stream, r.line, sizeof r.line);
        weir_json_read(r.line, size, result->commands + 1, &risk, &command);
        good = apply(&r, &command, WEIR_NO_INDEX);
        /* First come accounts, money and positions. */
        if (good && below(&r, 100) < (result->commands < 400 ? 2 : 14)) good = burst(&r);
    }
    const char *broken = good ? weir_engine_audit(r.engine) : NULL;
    if (broken != NULL) snprintf(result->problem, sizeof result->problem, "audit: %s", broken);
    result->ok = good && broken == NULL;
    result->checks = r.scan.checks;
    result->compared = r.scan.compared;
    result->evaluations = r.scan.evaluations;
    result->pending = r.scan.pending;
    result->queued = r.scan.queued;
    result->rekeyed = r.scan.rekeyed;
    result->ticks = r.scan.ticks;
    result->most_per_position = r.scan.most_per_position;
    weir_scan_free(&r.scan);
    weir_engine_free(r.engine);
    weir_venue_free(r.venue);
    weir_stream_free(r.stream);
}

bool weir_states_run(const struct weir_states *states, struct weir_states_result *result) {
    struct weir_states_result *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(states->seconds > 0 ? states->seconds : 300);
        run_here(states, shared);
        _exit(0);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    *result = *shared;
    munmap(shared, sizeof *shared);
    if (child > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        result->ok = false;
        snprintf(result->problem, sizeof result->problem, "ended with %s %d in command %llu",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                 (unsigned long long)result->commands + 1);
    }
    return child > 0;
}

void weir_states_add(struct weir_states_result *sum, const struct weir_states_result *from) {
    sum->commands += from->commands;
    sum->checks += from->checks;
    sum->compared += from->compared;
    sum->evaluations += from->evaluations;
    sum->pending += from->pending;
    sum->queued += from->queued;
    sum->rekeyed += from->rekeyed;
    sum->liquidations += from->liquidations;
    sum->calls += from->calls;
    sum->ticks += from->ticks;
    sum->edges += from->edges;
    if (from->most_per_position > sum->most_per_position)
        sum->most_per_position = from->most_per_position;
}
