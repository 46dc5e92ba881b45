/* The flow: its clock, its queue of things to do, and who is told of an event. */
#include "flow/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_SECONDS 31536000.0

/* ---- Queue ----------------------------------------------------------------------------------- */
static bool before(const struct flow_task *a, const struct flow_task *b) {
    return a->t != b->t ? a->t < b->t : a->order < b->order;
}

void weir_flow_schedule(struct weir_flow *flow, weir_time t, enum flow_task_kind kind, uint32_t who,
                        uint32_t what, uint64_t number) {
    if (flow->task_count == flow->task_capacity) {
        size_t capacity = flow->task_capacity > 0 ? flow->task_capacity * 2 : 4096;
        struct flow_task *grown = realloc(flow->tasks, capacity * sizeof *grown);
        if (!grown) {
            flow->failed = true;
            return;
        }
        flow->tasks = grown;
        flow->task_capacity = capacity;
    }
    const struct flow_task task = {t, flow->task_orders++, kind, who, what, number};
    size_t at = flow->task_count++;
    while (at > 0 && before(&task, &flow->tasks[(at - 1) / 2])) {
        flow->tasks[at] = flow->tasks[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    flow->tasks[at] = task;
}

static struct flow_task take_first(struct weir_flow *flow) {
    const struct flow_task first = flow->tasks[0], last = flow->tasks[--flow->task_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= flow->task_count) break;
        if (child + 1 < flow->task_count && before(&flow->tasks[child + 1], &flow->tasks[child]))
            child++;
        if (!before(&flow->tasks[child], &last)) break;
        flow->tasks[at] = flow->tasks[child];
        at = child;
    }
    if (flow->task_count > 0) flow->tasks[at] = last;
    return first;
}

/* ---- Acting ---------------------------------------------------------------------------------- */
static void tick(struct weir_flow *flow) {
    weir_time elapsed = flow->now - flow->ticked;
    flow->ticked = flow->now;
    weir_index_advance(flow, elapsed);
    for (uint32_t i = 0; i < flow->market_count; i++)
        if (!weir_flow_closed(flow, &flow->markets[i]))
            weir_makers_quote(flow, &flow->markets[i], elapsed);
    weir_index_publish(flow);
    for (uint32_t i = 0; i < flow->market_count; i++) {
        if (weir_flow_closed(flow, &flow->markets[i])) continue;
        weir_arbitrage_tick(flow, &flow->markets[i]);
        weir_entrants_tick(flow, &flow->markets[i], elapsed);
        weir_helpers_tick(flow, &flow->markets[i]);
    }
    weir_flow_schedule(flow, flow->now + weir_index_interval(flow), TASK_TICK, 0, 0, 0);
}

weir_time weir_flow_act(struct weir_flow *flow, weir_time until) {
    if (flow->task_count == 0 || flow->tasks[0].t > until) return until;
    const struct flow_task task = take_first(flow);
    flow->now = weir_max(flow->now, task.t);
    switch (task.kind) {
    case TASK_TICK:
        tick(flow);
        break;
    case TASK_ORDER:
    case TASK_CHILD:
        weir_noise_act(flow, &task);
        break;
    case TASK_BID:
        weir_helpers_bid(flow, &task);
        break;
    case TASK_ANSWER:
        weir_answers_act(flow, &task);
        break;
    case TASK_CLOSE:
        weir_entrants_close(flow, task.who);
        break;
    case TASK_RENEW:
        weir_helpers_renew(flow);
        break;
    }
    WEIR_CHECK(!flow->failed);
    return flow->now;
}

bool weir_flow_open(struct weir_flow *flow) {
    return weir_open_batch(flow);
}

void weir_flow_clock(struct weir_flow *flow, weir_time t) {
    while (flow->now < t) {
        struct weir_command command;
        memset(&command, 0, sizeof command);
        command.kind = WEIR_CMD_CLOCK;
        flow->now = weir_min(t, flow->now + weir_min(flow->venue->max_clock_step, t - flow->now));
        weir_flow_send(flow, &command);
    }
}

/* ---- Events ---------------------------------------------------------------------------------- */
int64_t weir_flow_number(const struct weir_name *name, const char *prefix) {
    const char *text = name->text, *end = name->text + sizeof name->text;
    for (; *prefix; prefix++, text++)
        if (*text != *prefix) return -1;
    int64_t number = 0;
    if (*text == 0) return -1;
    for (; text < end && *text; text++) {
        if (*text < '0' || *text > '9' || number > INT64_MAX / 10 - 9) return -1;
        number = number * 10 + (*text - '0');
    }
    return number;
}

static void on_fill(struct weir_flow *flow, const struct weir_event *event) {
    uint32_t at = flow->by_venue[event->fill.market];
    if (event->fill.kind == WEIR_FILL_BLOCK || at == 0) return;
    struct flow_market *m = &flow->markets[at - 1];
    if (event->fill.kind == WEIR_FILL_LIQUIDATION) {
        double value = (double)event->fill.price * m->tick * (double)event->fill.qty * m->lot;
        if (m->face > 0) value = weir_flow_notional(m, event->fill.qty, 0);
        m->forced_new += event->fill.taker_side == WEIR_BUY ? value : -value;
    }
    weir_makers_fill(flow, event);
    weir_noise_fill(flow, event);
    weir_entrants_fill(flow, event);
    weir_helpers_fill(flow, event);
}

void weir_flow_event(struct weir_flow *flow, const struct weir_event *event) {
    switch (event->kind) {
    case WEIR_EV_FILL:
        on_fill(flow, event);
        break;
    case WEIR_EV_CANCELLED:
        weir_makers_cancelled(flow, event);
        weir_noise_fill(flow, event);
        break;
    case WEIR_EV_REJECTED:
        flow->refusals[event->rejected.reason]++;
        break;
    case WEIR_EV_MARGIN_CALL:
        weir_answers_call(flow, event);
        break;
    case WEIR_EV_AUCTION_OPENED:
    case WEIR_EV_AUCTION_JOINED:
    case WEIR_EV_AUCTION_CLOSED:
        weir_helpers_auction(flow, event);
        break;
    default:
        break;
    }
}

/* ---- Making ---------------------------------------------------------------------------------- */
static bool make_market(struct weir_flow *flow, uint32_t number) {
    const struct weir_flow_market *s = &flow->scenario->markets[number];
    struct flow_market *m = &flow->markets[number];
    m->scenario = s;
    m->number = weir_venue_market(flow->venue, &s->market);
    m->venue = &flow->venue->markets[m->number];
    flow->by_venue[m->number] = number + 1;
    m->tick = weir_flow_double(&m->venue->tick);
    m->lot = weir_flow_double(&m->venue->lot);
    m->face = m->venue->contract == WEIR_INVERSE ? (double)m->venue->face_value : 0;
    m->units = flow->units[m->venue->asset];
    m->price0 = m->tick * (double)weir_flow_ticks(m, weir_flow_double(&s->price));
    m->open_interest = weir_flow_double(&s->open_interest) / flow->scale;
    m->depth = weir_flow_double(&s->depth) / flow->scale * weir_flow_rate(flow->scenario->depth);
    m->sigma = weir_flow_rate(s->volatility) / sqrt(YEAR_SECONDS);
    m->index = m->price0;
    m->survival = 1;
    /* Streams by symbol: another market in the scenario changes nothing in this one. */
    uint64_t key = weir_random_key(flow->key, s->market.text);
    m->shocks.key = weir_random_key(key, "diffusion");
    m->noise.key = weir_random_key(key, "background");
    m->signs.key = weir_random_key(key, "signs");
    m->sources.key = weir_random_key(key, "sources");
    m->entrants.key = weir_random_key(key, "entrants");
    m->maker_count = (uint32_t)flow->scenario->makers.accounts;
    m->makers = calloc(m->maker_count + 1u, sizeof *m->makers);
    weir_makers_ladder(flow, m);
    return m->makers != NULL;
}

/* How the markets' depth is spread over what they settle in: participants of all markets keep
 * their capital so. */
static void share_assets(struct weir_flow *flow) {
    double all = 0;
    for (uint32_t i = 0; i < flow->market_count; i++) {
        flow->share[flow->markets[i].venue->asset] += flow->markets[i].depth;
        all += flow->markets[i].depth;
    }
    for (uint32_t a = 0; a < flow->venue->asset_count; a++)
        flow->share[a] /= all;
}

static bool make(struct weir_flow *flow) {
    const struct weir_scenario *s = flow->scenario;
    flow->scale = weir_flow_double(&s->scale);
    for (uint32_t a = 0; a < flow->venue->asset_count; a++)
        flow->units[a] =
            (double)weir_flow_round(weir_flow_pow(10, flow->venue->assets[a].decimals));
    flow->position_cap =
        weir_flow_double(&s->target) * weir_flow_rate(s->position_cap) / flow->scale;
    flow->now = s->start;
    flow->key = weir_random_key(s->seed, "flow");
    flow->common.key = weir_random_key(flow->key, "common");
    flow->answers_key = weir_random_key(flow->key, "answers");
    flow->entrant_count =
        (uint32_t)weir_flow_round((double)s->accounts * weir_flow_rate(s->entrants.accounts));
    flow->holder_count = (uint32_t)s->accounts - flow->entrant_count;
    flow->market_count = s->market_count;
    flow->markets = calloc(s->market_count, sizeof *flow->markets);
    flow->entrants = calloc((size_t)s->accounts + 1, sizeof *flow->entrants);
    flow->entrants_free = calloc((size_t)s->accounts + 1, sizeof *flow->entrants_free);
    flow->bidders = calloc((size_t)s->bidders.accounts + 1, sizeof *flow->bidders);
    flow->volunteers = calloc((size_t)s->backstop.accounts + 1, sizeof *flow->volunteers);
    bool ok =
        flow->markets && flow->entrants && flow->entrants_free && flow->bidders && flow->volunteers;
    for (uint32_t i = 0; ok && i < s->market_count; i++)
        ok = make_market(flow, i);
    if (ok) share_assets(flow);
    return ok;
}

struct weir_flow *weir_flow_new(const struct weir_scenario *scenario,
                                const struct weir_venue *venue, const struct weir_flow_port *port,
                                struct weir_file_error *error) {
    struct weir_flow *flow = calloc(1, sizeof *flow);
    if (flow) {
        flow->scenario = scenario;
        flow->venue = venue;
        flow->port = *port;
        if (make(flow)) {
            if (weir_flow_draw(flow, error)) return flow;
            weir_flow_free(flow);
            return NULL;
        }
    }
    (void)snprintf(error->text, sizeof error->text, "scenario %s: out of memory",
                   scenario->name.text);
    weir_flow_free(flow);
    return NULL;
}

void weir_flow_free(struct weir_flow *flow) {
    if (!flow) return;
    for (uint32_t i = 0; flow->markets && i < flow->market_count; i++)
        free(flow->markets[i].makers);
    free(flow->markets);
    free(flow->accounts);
    free(flow->entrants);
    free(flow->entrants_free);
    free(flow->bidders);
    free(flow->volunteers);
    free(flow->tasks);
    free(flow);
}

const struct weir_flow_figures *weir_flow_figures(const struct weir_flow *flow) {
    return &flow->figures;
}

double weir_flow_index(const struct weir_flow *flow, uint32_t market) {
    uint32_t at = flow->by_venue[market];
    return at > 0 ? flow->markets[at - 1].index : 0;
}

const uint64_t *weir_flow_refusals(const struct weir_flow *flow) {
    return flow->refusals;
}
