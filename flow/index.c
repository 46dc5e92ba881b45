/* The outside index: diffusion, the scenario's waves, and the impact of what liquidations force
 * through the book; and the sources that tell the venue of it. */
#include "flow/internal.h"

#include <math.h>
#include <string.h>

#define FALL_WITHOUT_PREMIUM 0.03 /* log fall after which crowded longs pay nothing any more */

/* Depth that survives a standardised move, by its size (medians). */
static double survival_of(double z) {
    static const struct {
        double from, survives;
    } rows[] = {{20, 1 / 6.1}, {12, 1 / 2.4}, {8, 1 / 1.75},
                {6, 1 / 1.40}, {4, 1 / 1.23}, {2, 1 / 1.13}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (z >= rows[i].from) return rows[i].survives;
    return 1;
}

static double move_of(const struct weir_flow_wave *wave, const struct flow_market *m) {
    double others = 0;
    for (uint32_t i = 0; i < wave->move_count; i++) {
        if (weir_name_equal(&wave->moves[i].market, &m->venue->symbol))
            return weir_flow_rate(wave->moves[i].move);
        if (strcmp(wave->moves[i].market.text, "others") == 0)
            others = weir_flow_rate(wave->moves[i].move);
    }
    return others;
}

/* Log move of the waves at `t`: each wave runs from its start to its end, faster in its middle. */
static double shock_at(const struct weir_flow *flow, const struct flow_market *m, weir_time t) {
    const struct weir_flow_shock *shock = &flow->scenario->shock;
    double size = weir_flow_rate(shock->size), sum = 0;
    for (uint32_t w = 0; w < shock->wave_count; w++) {
        const struct weir_flow_wave *wave = &shock->waves[w];
        weir_time since = t - flow->scenario->start - wave->at;
        if (since < 0) continue;
        double x = wave->over > 0 && since < wave->over ? (double)since / (double)wave->over : 1;
        double factor = 1 + size * move_of(wave, m);
        sum += weir_flow_log(factor > 0.01 ? factor : 0.01) * (x * x * (3 - 2 * x));
    }
    return sum;
}

/* Displacement by a signed forced volume: 1 % * (V / (D1 * W))^exponent. */
static double displacement(const struct weir_flow *flow, const struct flow_market *m,
                           double volume) {
    double exponent = weir_flow_rate(flow->scenario->impact.exponent);
    double size = 0.01 * weir_flow_pow(fabs(volume) / (m->depth * m->survival), exponent);
    return volume < 0 ? -size : size;
}

static void force(struct weir_flow *flow, struct flow_market *m, weir_time elapsed) {
    const struct weir_flow_impact *impact = &flow->scenario->impact;
    m->forced *= weir_flow_decay(elapsed, impact->half_life);
    double before = displacement(flow, m, m->forced);
    m->forced += m->forced_new;
    m->forced_new = 0;
    double after = displacement(flow, m, m->forced);
    m->permanent += weir_flow_rate(impact->permanent) * (after - before);
}

/* |move| of the last minute in its standard deviations. */
static double standardised(struct flow_market *m, weir_time now, double log_index) {
    if (m->point_count == MOVES_MAX) {
        m->point_first = (m->point_first + 1) % MOVES_MAX;
        m->point_count--;
    }
    m->points[(m->point_first + m->point_count) % MOVES_MAX] = (struct flow_point){now, log_index};
    m->point_count++;
    /* The oldest kept point is the last one at or before the window. */
    while (m->point_count > 1 &&
           m->points[(m->point_first + 1) % MOVES_MAX].t <= now - MOVE_WINDOW) {
        m->point_first = (m->point_first + 1) % MOVES_MAX;
        m->point_count--;
    }
    const struct flow_point *old = &m->points[m->point_first];
    double seconds = (double)weir_max(now - old->t, MOVE_WINDOW) / 1e9;
    return fabs(log_index - old->log_index) / (m->sigma * sqrt(seconds) + 1e-9);
}

void weir_index_advance(struct weir_flow *flow, weir_time elapsed) {
    const struct weir_flow_index *index = &flow->scenario->index;
    double seconds = (double)elapsed / 1e9;
    double together = weir_flow_rate(index->correlation);
    double common = weir_flow_normal(weir_flow_uniform(&flow->common));
    for (uint32_t i = 0; i < flow->market_count; i++) {
        struct flow_market *m = &flow->markets[i];
        double own = weir_flow_normal(weir_flow_uniform(&m->shocks));
        double z = sqrt(together) * common + sqrt(1 - together) * own;
        m->diffusion += m->sigma * sqrt(seconds) * z - 0.5 * m->sigma * m->sigma * seconds;
        force(flow, m, elapsed);
        m->shock = shock_at(flow, m, flow->now);
        double transient = 1 - weir_flow_rate(flow->scenario->impact.permanent);
        double log_move =
            m->diffusion + m->shock + m->permanent + transient * displacement(flow, m, m->forced);
        if (log_move < -4) log_move = -4;
        if (log_move > 4) log_move = 4;
        m->index = m->price0 * weir_flow_exp(log_move);
        m->stress = standardised(m, flow->now, log_move);
        m->survival = flow->scenario->makers.withdraw ? survival_of(m->stress) : 1;
        m->smooth_before = m->smooth;
        m->smooth += (log_move - m->smooth) * (1 - weir_flow_decay(elapsed, 60 * WEIR_SECOND));
    }
}

double weir_flow_premium(const struct flow_market *market) {
    double left = 1 + market->shock / FALL_WITHOUT_PREMIUM;
    left = left < 0 ? 0 : left > 1 ? 1 : left;
    return weir_flow_rate(market->scenario->premium) * left;
}

/* The fault that concerns a source now, or NULL. */
static const struct weir_flow_fault *fault_of(const struct weir_flow *flow,
                                              const struct flow_market *m, uint32_t source) {
    for (uint32_t i = 0; i < flow->scenario->fault_count; i++) {
        const struct weir_flow_fault *f = &flow->scenario->faults[i];
        weir_time since = flow->now - flow->scenario->start - f->at;
        if (since >= 0 && since < f->over && f->source == (int64_t)source + 1 &&
            weir_name_equal(&f->market, &m->venue->symbol))
            return f;
    }
    return NULL;
}

void weir_index_publish(struct weir_flow *flow) {
    double noise = weir_flow_rate(flow->scenario->index.noise);
    for (uint32_t i = 0; i < flow->market_count; i++) {
        struct flow_market *m = &flow->markets[i];
        if (weir_flow_closed(flow, m)) continue;
        for (uint32_t s = 0; s < (uint32_t)flow->scenario->index.sources; s++) {
            const struct weir_flow_fault *fault = fault_of(flow, m, s);
            double off = noise * weir_flow_normal(weir_flow_uniform(&m->sources));
            if (fault && fault->silent) continue;
            double price = m->index * (1 + off) * (1 + (fault ? weir_flow_rate(fault->bias) : 0));
            weir_flow_send_index(flow, m, s, weir_flow_ticks(m, price));
        }
    }
}

weir_time weir_index_interval(const struct weir_flow *flow) {
    const struct weir_flow_index *index = &flow->scenario->index;
    weir_time now = flow->now - flow->scenario->start, calm = index->calm_interval;
    for (uint32_t w = 0; w < flow->scenario->shock.wave_count; w++) {
        const struct weir_flow_wave *wave = &flow->scenario->shock.waves[w];
        weir_time from = wave->at - index->lead, to = wave->at + wave->over + index->tail;
        if (now >= from && now < to) return index->active_interval;
        if (now < from) calm = weir_min(calm, from - now);
    }
    /* Large moves and forced flow make everybody look more often, whoever began them. */
    for (uint32_t i = 0; i < flow->market_count; i++)
        if (!weir_flow_closed(flow, &flow->markets[i]) &&
            (flow->markets[i].stress >= 4 || fabs(flow->markets[i].forced_new) > 0))
            return weir_min(calm, index->active_interval);
    return calm;
}
