/* The background: a Hawkes process with exponential memory, as immigrants and their children;
 * signs with long memory (runs of Pareto length), sizes with a Pareto tail. */
#include "flow/internal.h"

#define SIZE_EXPONENT 2.0
#define LONGEST_RUN   10000.0
#define LARGEST       50.0  /* of the mean size */
#define AWAY          0.001 /* mean distance of a limit order from the index */
#define ELSEWHERE     0.2   /* children that another market gets */

static weir_time spontaneous(const struct weir_flow *flow, struct flow_market *m) {
    const struct weir_flow_noise *noise = &flow->scenario->noise;
    double rate = weir_flow_rate(noise->orders_per_minute) * (1 - weir_flow_rate(noise->excited));
    rate *= 1 + (m->stress > 8 ? 8 : m->stress) / 4; /* moving markets draw orders */
    if (rate <= 0) return WEIR_NONE;
    double minutes = weir_flow_exponential(&m->noise) / rate;
    return minutes < 1e6 ? flow->now + 1 + (weir_time)(minutes * 6e10) : WEIR_NONE;
}

void weir_noise_start(struct weir_flow *flow, struct flow_market *market) {
    weir_time t = spontaneous(flow, market);
    uint32_t number = (uint32_t)(market - flow->markets);
    if (t != WEIR_NONE) weir_flow_schedule(flow, t, TASK_ORDER, number, 0, 0);
}

static void excite(struct weir_flow *flow, struct flow_market *m) {
    const struct weir_flow_noise *noise = &flow->scenario->noise;
    /* A geometric number of children has the same mean as a Poisson one and needs one draw each. */
    double mean = weir_flow_rate(noise->excited);
    for (int i = 0; i < 64 && weir_flow_uniform(&m->noise) < mean / (1 + mean); i++) {
        uint32_t number = (uint32_t)(m - flow->markets);
        if (weir_flow_uniform(&m->noise) < ELSEWHERE)
            number = (uint32_t)weir_random_below(&m->noise, flow->market_count);
        double delay = weir_flow_exponential(&m->noise) * (double)noise->memory;
        weir_flow_schedule(flow, flow->now + 1 + (weir_time)delay, TASK_CHILD, number, 0, 0);
    }
}

static enum weir_side next_side(struct weir_flow *flow, struct flow_market *m) {
    if (m->sign_left < 1) {
        double exponent = weir_flow_rate(flow->scenario->noise.sign_exponent);
        m->sign = weir_flow_uniform(&m->signs) < 0.5 ? WEIR_BUY : WEIR_SELL;
        m->sign_left = weir_flow_pow(weir_flow_uniform(&m->signs), -1 / exponent);
        if (m->sign_left > LONGEST_RUN) m->sign_left = LONGEST_RUN;
    }
    m->sign_left -= 1;
    return (enum weir_side)m->sign;
}

static struct weir_name account_of(uint32_t account) {
    return weir_flow_name("noise-%u", account + 1);
}

/* Takes back the oldest order that still rests; nothing when none does. */
static void cancel_oldest(struct weir_flow *flow, struct flow_market *m) {
    for (uint64_t back = RING; back >= 1; back--) {
        if (back > m->next_order) continue;
        struct flow_resting *r = &m->resting[(m->next_order - back) % RING];
        if (r->lots == 0) continue;
        struct weir_name account = account_of(r->account);
        struct weir_name id = weir_flow_name("n%llu", (unsigned long long)r->number);
        r->lots = 0;
        weir_flow_send_cancel(flow, &account, &id);
        return;
    }
}

static void place(struct weir_flow *flow, struct flow_market *m, bool market_order) {
    const struct weir_flow_noise *noise = &flow->scenario->noise;
    double mean = weir_flow_double(&noise->mean_size) / flow->scale;
    double size = weir_flow_pow(weir_flow_uniform(&m->noise), -1 / SIZE_EXPONENT);
    size = mean * (SIZE_EXPONENT - 1) / SIZE_EXPONENT * (size > LARGEST ? LARGEST : size);
    weir_qty least = weir_flow_least(m, m->index);
    uint32_t account = (uint32_t)weir_random_below(&m->noise, (uint64_t)noise->accounts);
    struct weir_name name = account_of(account);
    struct flow_order order = {.side = next_side(flow, m),
                               .type = market_order ? WEIR_MARKET : WEIR_LIMIT,
                               .tif = market_order ? WEIR_IOC : WEIR_GTC,
                               .lots = weir_max(least, weir_flow_lots(m, size))};
    struct flow_resting *slot = &m->resting[m->next_order % RING];
    if (!market_order) {
        double away = AWAY * weir_flow_exponential(&m->noise);
        double center = m->index * (1 + weir_flow_premium(m));
        order.price = weir_flow_ticks(m, center * (order.side == WEIR_BUY ? 1 - away : 1 + away));
        if (slot->lots > 0) {
            struct weir_name old = account_of(slot->account);
            struct weir_name id = weir_flow_name("n%llu", (unsigned long long)slot->number);
            weir_flow_send_cancel(flow, &old, &id);
        }
    } else if (slot->lots > 0) {
        cancel_oldest(flow, m); /* the slot's own order is the oldest of the ring */
    }
    /* An account's ids are unique over its markets. */
    uint64_t number = m->next_order * WEIR_FLOW_MARKETS_MAX + (uint64_t)(m - flow->markets);
    *slot = (struct flow_resting){number, account, market_order ? 0 : order.lots};
    struct weir_name id = weir_flow_name("n%llu", (unsigned long long)number);
    m->next_order++;
    weir_flow_send_order(flow, &name, &id, m, &order);
}

void weir_noise_act(struct weir_flow *flow, const struct flow_task *task) {
    struct flow_market *m = &flow->markets[task->who];
    if (weir_flow_closed(flow, m)) return;
    double u = weir_flow_uniform(&m->noise);
    double market_share = weir_flow_rate(flow->scenario->noise.market_share);
    double cancel_share = weir_flow_rate(flow->scenario->noise.cancel_share);
    if (u < market_share)
        place(flow, m, true);
    else if (u < market_share + cancel_share)
        cancel_oldest(flow, m);
    else
        place(flow, m, false);
    excite(flow, m);
    if (task->kind == TASK_ORDER) weir_noise_start(flow, m);
}

static struct flow_resting *resting_of(struct weir_flow *flow, uint32_t venue_market,
                                       const struct weir_name *id) {
    uint32_t at = flow->by_venue[venue_market];
    int64_t number = id && at > 0 ? weir_flow_number(id, "n") : -1;
    if (number < 0) return NULL;
    struct flow_resting *r =
        &flow->markets[at - 1].resting[(uint64_t)number / WEIR_FLOW_MARKETS_MAX % RING];
    return r->number == (uint64_t)number ? r : NULL;
}

/* What is filled or taken away is not cancelled again. */
void weir_noise_fill(struct weir_flow *flow, const struct weir_event *event) {
    if (event->kind == WEIR_EV_CANCELLED) {
        struct flow_resting *gone = resting_of(flow, event->cancelled.market, event->cancelled.id);
        if (gone) gone->lots = 0;
        return;
    }
    struct flow_resting *maker = resting_of(flow, event->fill.market, event->fill.maker_order);
    struct flow_resting *taker = resting_of(flow, event->fill.market, event->fill.taker_order);
    if (maker) maker->lots = event->fill.maker_left;
    if (taker) taker->lots = weir_max(0, taker->lots - event->fill.qty);
}
