/* The population, drawn by quantile so that a seed moves the outcome less: per market and side a
 * list of position sizes that add up to the open interest, leverage by notional in shuffled order,
 * collateral from leverage and a buffer. Hedgers take what traders leave one-sided. */
#include "flow/internal.h"

#include <stdlib.h>

#define GOLDEN         0.6180339887498949 /* steps that fill the unit interval evenly */
#define HEDGER_SIZE    0.6                /* of the largest position */
#define BUFFER_PER     0.05               /* the buffer counts initial margins of at most this */
#define LEAST_DISTANCE 1.3                /* collateral is at least this many maintenance margins */
#define ROUNDING       1.0005             /* initial margin rounds up per position */

/* Positions of one market, one side, one kind. */
struct list {
    uint32_t market, count;
    bool hedge, buy;
    double target; /* notional */
    weir_qty lots;
    double *sizes;
};

static double size_at(const struct weir_flow_population *p, double u) {
    double tail = weir_flow_rate(p->tail_share), sigma = weir_flow_rate(p->size_sigma);
    double edge = 1 - tail;
    if (u < edge || tail <= 0) return weir_flow_exp(sigma * weir_flow_normal(u));
    double at_edge = weir_flow_exp(sigma * weir_flow_normal(edge));
    return at_edge * weir_flow_pow((1 - u) / tail, -1 / weir_flow_rate(p->tail_exponent));
}

/* sizes[i] *= factor, none above `cap`, so that they add up to `target`. */
static void scale_sizes(double *sizes, uint32_t count, double cap, double target) {
    double low = 0, high = 1;
    for (int i = 0; i < 200; i++) {
        double sum = 0;
        for (uint32_t k = 0; k < count; k++)
            sum += sizes[k] * high < cap ? sizes[k] * high : cap;
        if (sum >= target) break;
        high *= 2;
    }
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2, sum = 0;
        for (uint32_t k = 0; k < count; k++)
            sum += sizes[k] * middle < cap ? sizes[k] * middle : cap;
        if (sum < target)
            low = middle;
        else
            high = middle;
    }
    for (uint32_t k = 0; k < count; k++)
        sizes[k] = sizes[k] * high < cap ? sizes[k] * high : cap;
}

static void shuffle(double *sizes, uint32_t count, struct weir_random *r) {
    for (uint32_t i = count; i > 1; i--) {
        uint32_t j = (uint32_t)weir_random_below(r, i);
        double x = sizes[i - 1];
        sizes[i - 1] = sizes[j];
        sizes[j] = x;
    }
}

static bool draw_sizes(const struct weir_flow *flow, struct list *list, struct weir_random *r) {
    list->sizes = calloc(list->count + 1u, sizeof *list->sizes);
    if (!list->sizes) return false;
    double offset = weir_flow_uniform(r);
    for (uint32_t i = 0; i < list->count; i++)
        list->sizes[i] =
            list->hedge ? 1 : size_at(&flow->scenario->population, (i + offset) / list->count);
    scale_sizes(list->sizes, list->count, flow->position_cap, list->target);
    shuffle(list->sizes, list->count, r);
    return true;
}

/* Whole lots: what rounding cuts off goes to the next position, so the list's sum is exact. */
static void to_lots(const struct weir_flow *flow, const struct list *list, weir_qty *lots) {
    const struct flow_market *m = &flow->markets[list->market];
    double lot = weir_flow_lot_value(m, m->price0), carry = 0;
    weir_qty cap = (weir_qty)(flow->position_cap / lot), left = list->lots;
    weir_qty least = weir_max(1, m->venue->min_qty);
    for (uint32_t i = 0; i < list->count; i++) {
        double exact = list->sizes[i] / lot + carry;
        lots[i] = weir_clamp((weir_qty)(exact > 0 ? exact : 0), least, weir_max(least, cap));
        carry = exact - (double)lots[i];
        left -= lots[i];
    }
    /* A few lots at most: the carry of the last one, and what the bounds held back. */
    for (int round = 0; round < 1000 && left != 0; round++) {
        weir_qty step = left > 0 ? 1 : -1;
        for (uint32_t i = 0; i < list->count && left != 0; i++) {
            if (lots[i] + step < least || lots[i] + step > weir_max(least, cap)) continue;
            lots[i] += step;
            left -= step;
        }
    }
    if (left != 0 && list->count > 0) lots[0] += left;
}

static int64_t leverage_at(const struct weir_flow_population *p, int64_t least, double u) {
    double sum = 0, at = 0;
    for (uint32_t i = 0; i < p->leverage_count; i++)
        if (p->leverages[i].leverage >= least) sum += (double)p->leverages[i].share;
    int64_t leverage = 1;
    for (uint32_t i = 0; i < p->leverage_count; i++) {
        if (p->leverages[i].leverage < least) continue;
        leverage = p->leverages[i].leverage;
        at += (double)p->leverages[i].share / sum;
        if (u < at) break;
    }
    return leverage;
}

/* The most that the market allows at a notional (R10). */
static int64_t allowed(const struct flow_market *m, double notional, double *maintenance) {
    const struct weir_tiers *tiers = &m->venue->tiers;
    uint32_t k = 0;
    double units = weir_flow_exact_units(m, notional, m->price0);
    while (k + 1 < tiers->count && units > (double)tiers->row[k].cap)
        k++;
    *maintenance = (double)tiers->row[k].rate / 1e9;
    return tiers->row[k].max_leverage > 0 ? tiers->row[k].max_leverage
                                          : WEIR_PPB / tiers->row[k].initial_rate;
}

static double collateral_ratio(const struct flow_market *m, double notional, double buffer,
                               double u, int64_t *leverage) {
    double maintenance;
    int64_t most = allowed(m, notional, &maintenance);
    *leverage = weir_max(1, weir_min(*leverage, most));
    double initial = 1 / (double)*leverage;
    double per = initial < BUFFER_PER ? initial : BUFFER_PER;
    double ratio = initial + buffer * per * -weir_flow_log(1 - u);
    return ratio > LEAST_DISTANCE * maintenance ? ratio : LEAST_DISTANCE * maintenance;
}

/* An account made earlier that can take a second leg in another market, or WEIR_NO_INDEX. */
static uint32_t partner(const struct weir_flow *flow, uint32_t market, int tries,
                        struct weir_random *r) {
    for (int i = 0; i < tries && flow->account_count > 0; i++) {
        uint32_t at = (uint32_t)weir_random_below(r, flow->account_count);
        const struct flow_account *a = &flow->accounts[at];
        if (!a->isolated && !a->hedger && a->legs[1].lots == 0 && a->legs[0].market != market)
            return at;
    }
    return WEIR_NO_INDEX;
}

static uint8_t class_of(const struct weir_flow *flow, int64_t leverage, struct weir_random *r) {
    const struct weir_flow_population *p = &flow->scenario->population;
    for (uint32_t i = 0; i < p->class_count; i++) {
        bool is = weir_flow_uniform(r) < weir_flow_rate(p->classes[i].share);
        uint8_t c = 0;
        while (!weir_name_equal(&flow->venue->classes[c].name, &p->classes[i].name))
            c++;
        if (is && leverage <= flow->venue->classes[c].max_leverage) return c;
    }
    return 0;
}

static void add_position(struct weir_flow *flow, const struct list *list, weir_qty lots,
                         double spread_u, double at, struct weir_random *r) {
    const struct weir_flow_population *p = &flow->scenario->population;
    struct flow_market *m = &flow->markets[list->market];
    double notional = weir_flow_notional(m, lots, m->price0);
    int64_t leverage = list->hedge ? weir_max(1, p->hedge_leverage / WEIR_PPB)
                                   : leverage_at(p, p->least_leverage, at);
    for (uint32_t i = 0; i < p->leverage_count && !list->hedge; i++)
        if (p->leverages[i].leverage == leverage) flow->figures.by_leverage[i] += notional;
    if (flow->venue->classes[0].max_leverage < leverage)
        leverage = flow->venue->classes[0].max_leverage;
    double ratio =
        list->hedge ? 1 / weir_flow_rate(p->hedge_leverage)
                    : collateral_ratio(m, notional, weir_flow_rate(p->buffer), spread_u, &leverage);
    double second = weir_flow_uniform(r), alone = weir_flow_uniform(r);
    uint32_t at_account = WEIR_NO_INDEX;
    if (!list->hedge && flow->account_count >= flow->holder_count)
        at_account = partner(flow, list->market, 64, r);
    else if (!list->hedge && second < weir_flow_rate(p->second_leg))
        at_account = partner(flow, list->market, 8, r);
    bool first = at_account == WEIR_NO_INDEX;
    if (first) at_account = flow->account_count++;
    struct flow_account *a = &flow->accounts[at_account];
    if (first) {
        a->hedger = list->hedge;
        a->isolated = !list->hedge && alone < weir_flow_rate(p->isolated_share);
        a->class_idx = class_of(flow, leverage, r);
    } else if (leverage > flow->venue->classes[a->class_idx].max_leverage) {
        leverage = flow->venue->classes[a->class_idx].max_leverage;
        if (ratio < 1 / (double)leverage) ratio = 1 / (double)leverage;
    }
    a->legs[first ? 0 : 1] =
        (struct flow_leg){.market = list->market,
                          .lots = list->buy ? lots : -lots,
                          .ratio = ratio,
                          .leverage = leverage,
                          .deposit = weir_flow_units(m, notional * ratio * ROUNDING, m->price0)};
    flow->figures.positions++;
    if (notional > flow->figures.largest_position) flow->figures.largest_position = notional;
    if (list->buy) flow->figures.open_interest[m->number] += notional;
}

static bool place_list(struct weir_flow *flow, struct list *list, uint32_t number) {
    struct weir_random r = {weir_random_key(flow->key, "population"), 0};
    r.key = weir_random_at(r.key, number);
    weir_qty *lots = calloc(list->count + 1u, sizeof *lots);
    bool ok = lots && draw_sizes(flow, list, &r);
    if (ok) {
        to_lots(flow, list, lots);
        double done = 0, offset = weir_flow_uniform(&r), u = weir_flow_uniform(&r);
        for (uint32_t i = 0; i < list->count; i++) {
            /* The middle of the position on the list's notional, turned by a random offset. */
            double share = (double)lots[i] / (double)list->lots;
            double at = done + share / 2 + offset;
            done += share;
            u += GOLDEN;
            u -= (double)(int64_t)u;
            add_position(flow, list, lots[i], u, at - (double)(int64_t)at, &r);
        }
    }
    free(list->sizes);
    free(lots);
    return ok;
}

static bool draw_entrants(struct weir_flow *flow, double mean) {
    const struct weir_flow_entrants *e = &flow->scenario->entrants;
    struct weir_random r = {weir_random_key(flow->key, "entrants"), 0};
    struct list list = {.count = flow->entrant_count, .target = mean * flow->entrant_count};
    if (!draw_sizes(flow, &list, &r)) return false;
    double u = weir_flow_uniform(&r);
    for (uint32_t i = 0; i < flow->entrant_count; i++) {
        u += GOLDEN;
        u -= (double)(int64_t)u;
        struct flow_entrant *one = &flow->entrants[i];
        one->size = list.sizes[i];
        one->leverage =
            leverage_at(&flow->scenario->population, e->least_leverage, weir_flow_uniform(&r));
        one->leverage = weir_min(one->leverage, flow->venue->classes[0].max_leverage);
        double initial = 1 / (double)one->leverage;
        one->ratio = initial * (1 + weir_flow_rate(e->buffer) * -weir_flow_log(1 - u));
        flow->entrants_free[i] = i;
    }
    free(list.sizes);
    return true;
}

/* Lists of all markets; counts of positions by notional. False when memory is refused. */
static uint32_t make_lists(struct weir_flow *flow, struct list *lists, uint32_t positions,
                           double *traders) {
    double longs = weir_flow_rate(flow->scenario->population.long_share);
    double crowd = longs > 0.5 ? longs : 1 - longs;
    uint32_t count = 0, hedgers = 0;
    *traders = 0;
    for (uint32_t i = 0; i < flow->market_count; i++) {
        struct flow_market *m = &flow->markets[i];
        weir_qty open = weir_flow_round(m->open_interest / weir_flow_lot_value(m, m->price0));
        double rest = m->open_interest * (1 - crowd) / crowd;
        weir_qty other = weir_min(open, weir_flow_round(rest / weir_flow_lot_value(m, m->price0)));
        double hedged = m->face > 0 ? (double)(open - other) * m->face
                                    : (double)(open - other) * m->price0 * m->lot;
        lists[count++] = (struct list){
            .market = i, .buy = longs > 0.5, .target = m->open_interest, .lots = open};
        lists[count++] =
            (struct list){.market = i, .buy = longs <= 0.5, .target = rest, .lots = other};
        lists[count++] = (struct list){
            .market = i,
            .buy = longs <= 0.5,
            .hedge = true,
            .target = hedged,
            .lots = open - other,
            .count = (uint32_t)(hedged / (HEDGER_SIZE * flow->position_cap)) + (open > other)};
        hedgers += lists[count - 1].count;
        *traders += m->open_interest + rest;
    }
    flow->figures.long_share = longs;
    if (hedgers >= positions) return 0;
    for (uint32_t i = 0; i < count; i++)
        if (!lists[i].hedge && lists[i].lots > 0) {
            double share = lists[i].target / *traders;
            lists[i].count = (uint32_t)(share * (positions - hedgers));
            if (lists[i].count == 0) lists[i].count = 1;
        }
    return count;
}

bool weir_flow_draw(struct weir_flow *flow, struct weir_file_error *error) {
    struct list lists[WEIR_FLOW_MARKETS_MAX * 3];
    double legs = 1 + weir_flow_rate(flow->scenario->population.second_leg) * 0.55;
    double traders;
    uint32_t count = make_lists(flow, lists, (uint32_t)(flow->holder_count * legs), &traders);
    bool fits = count > 0;
    for (uint32_t i = 0; i < count; i++) {
        fits = fits && lists[i].target <= lists[i].count * flow->position_cap;
        weir_qty least = weir_max(1, flow->markets[lists[i].market].venue->min_qty);
        fits = fits && lists[i].lots >= lists[i].count * least;
    }
    if (!fits) {
        (void)snprintf(error->text, sizeof error->text,
                       "scenario %s: %lld accounts cannot hold the open interest in positions of "
                       "at most %.2f and at least one lot (1/scale of position_cap * target); "
                       "expected other accounts, scale or position_cap",
                       flow->scenario->name.text, (long long)flow->scenario->accounts,
                       flow->position_cap);
        return false;
    }
    /* Every position may turn out to have an account of its own. */
    uint32_t positions = 0;
    for (uint32_t i = 0; i < count; i++)
        positions += lists[i].count;
    flow->accounts = calloc(positions + 1u, sizeof *flow->accounts);
    bool ok = flow->accounts != NULL;
    for (uint32_t i = 0; ok && i < count; i++)
        if (lists[i].lots > 0) ok = place_list(flow, &lists[i], i);
    /* Accounts that got no position of their own are flat like the entrants. */
    if (flow->account_count < flow->holder_count)
        flow->entrant_count += flow->holder_count - flow->account_count;
    double mean = traders / (positions > 0 ? positions : 1);
    ok = ok && draw_entrants(flow, mean < flow->position_cap ? mean : flow->position_cap);
    for (uint32_t i = 0; ok && i < flow->account_count; i++)
        for (int k = 0; k < 2; k++) {
            const struct flow_leg *leg = &flow->accounts[i].legs[k];
            const struct flow_market *m = &flow->markets[leg->market];
            flow->figures.collateral +=
                (double)leg->deposit / weir_flow_exact_units(m, 1, m->price0);
        }
    for (uint32_t i = 0; i < flow->scenario->population.leverage_count; i++)
        flow->figures.by_leverage[i] /= traders;
    flow->figures.accounts = flow->account_count + flow->entrant_count;
    if (!ok) (void)snprintf(error->text, sizeof error->text, "population: out of memory");
    return ok;
}

struct weir_name weir_flow_account_name(const struct weir_flow *flow, uint32_t account) {
    return weir_flow_name(flow->accounts[account].hedger ? "h%06u" : "t%06u", account + 1);
}
