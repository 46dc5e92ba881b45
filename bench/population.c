/* The accounts whose triggers are measured. */
#include "bench/population.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Linear contracts; the tiers of a large exchange's main market. */
static struct weir_venue *bench_venue(uint32_t markets) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    fprintf(out, "name: bench\nmoney: {asset: USDT, decimals: 6}\n"
                 "trigger: {warn_at: none}\nmarkets:\n");
    for (uint32_t m = 0; m < markets; m++)
        fprintf(out,
                "  - symbol: M%02u\n    tick: 0.1\n    lot: 0.001\n    tiers:\n"
                "      - {cap: 50000, rate: 0.004, max_leverage: 125}\n"
                "      - {cap: 600000, rate: 0.005, max_leverage: 100}\n"
                "      - {cap: 3000000, rate: 0.01, max_leverage: 50}\n"
                "      - {cap: 1000000000, rate: 0.5, max_leverage: 1}\n",
                m);
    struct weir_venue *venue = NULL;
    struct weir_file_error error;
    if (fclose(out) == 0) venue = weir_venue_parse(text, size, "bench", NULL, 0, &error);
    free(text);
    return venue;
}

bool population_new(struct population *p, uint32_t accounts_max, uint32_t markets, uint64_t seed) {
    *p =
        (struct population){.venue = bench_venue(markets), .random = {seed, 0}, .markets = markets};
    if (p->venue == NULL) return false;
    p->scopes = calloc(accounts_max, sizeof *p->scopes);
    int64_t orders_max = weir_min(2 * (int64_t)accounts_max, WEIR_ORDERS_MAX);
    if (p->scopes == NULL ||
        weir_exchange_new(&p->x, p->venue, accounts_max, (uint32_t)orders_max) != 0)
        return false;
    for (uint32_t m = 0; m < p->markets; m++) {
        p->start[m] = 100000 + (weir_price)weir_random_below(&p->random, 900000);
        p->x.prices[m].index = p->start[m];
        population_move(p, m, p->start[m]);
    }
    weir_trigger_collect(&p->x);
    return true;
}

void population_free(struct population *p) {
    weir_exchange_free(&p->x);
    if (p->venue != NULL) weir_venue_free(p->venue);
    free(p->scopes);
    *p = (struct population){0};
}

void population_plan(struct population *p, struct holding_plan *plan, uint32_t legs, int sign) {
    *plan = (struct holding_plan){.legs = legs};
    for (uint32_t i = 0; i < legs;) {
        uint32_t m = (uint32_t)weir_random_below(&p->random, p->markets);
        uint32_t k = 0;
        while (k < i && plan->market[k] != m)
            k++;
        if (k < i) continue;
        int64_t money = (100 + (int64_t)weir_random_below(&p->random, 19900)) * 1000000;
        weir_wide lot = weir_value(&p->venue->markets[m], p->x.prices[m].mark, 1);
        weir_qty size = weir_max(1, (weir_qty)(money / lot));
        bool buys = sign != 0 ? sign > 0 : weir_random_next(&p->random) & 1;
        plan->market[i] = m;
        plan->size[i++] = buys ? size : -size;
    }
}

uint32_t population_add(struct population *p, const struct holding_plan *plan, bool isolated) {
    struct weir_ledger *l = &p->x.ledger;
    struct weir_name name = {0};
    snprintf(name.text, sizeof name.text, "a%u", p->accounts++);
    enum weir_reason reason;
    uint32_t account = weir_account_open(l, &name, NULL, 0, &reason), scope = WEIR_NO_INDEX;
    if (account == WEIR_NO_INDEX) return account;
    for (uint32_t i = 0; i < plan->legs; i++) {
        uint32_t leg = weir_leg_get(l, account, plan->market[i]);
        if (leg == WEIR_NO_INDEX) return leg;
        if (isolated && !weir_leg_isolate(l, leg)) return WEIR_NO_INDEX;
        struct weir_position_change change =
            weir_position_fill(&p->venue->markets[plan->market[i]], 0, 0, plan->size[i],
                               p->x.prices[plan->market[i]].mark);
        weir_post_fill(l, leg, &change, 0);
        scope = weir_leg_at(l, leg)->scope;
    }
    p->positions += plan->legs;
    p->scopes[p->count++] = scope;
    return scope;
}

void population_deposit(struct population *p, uint32_t scope, weir_wide amount) {
    weir_post_balance(&p->x.ledger, scope, amount);
    p->x.ledger.assets[0].deposits += amount;
    weir_touch(&p->x, scope);
}

weir_price population_mark(const struct population *p, uint32_t market, int64_t move_ppm) {
    return p->start[market] + p->start[market] * move_ppm / 1000000;
}

weir_wide population_deposit_for(const struct population *p, const struct holding_plan *plan,
                                 int64_t move_ppm) {
    weir_wide need = 0;
    for (uint32_t i = 0; i < plan->legs; i++) {
        uint32_t market = plan->market[i];
        const struct weir_market *m = &p->venue->markets[market];
        weir_wide value = weir_value(m, p->x.prices[market].mark, weir_abs(plan->size[i]));
        weir_price mark = population_mark(p, market, move_ppm);
        need += weir_maintenance(m, &p->x.risks[market], mark, plan->size[i], (int64_t)value) -
                weir_unrealised(m, mark, plan->size[i], (int64_t)value);
    }
    return need;
}

void population_move(struct population *p, uint32_t market, weir_price mark) {
    struct weir_price_state *state = &p->x.prices[market];
    if (state->mark == mark) return;
    state->previous_mark = state->mark;
    state->mark = mark;
    weir_mark_moved(&p->x, market);
}

void population_move_all(struct population *p, int64_t move_ppm) {
    for (uint32_t m = 0; m < p->markets; m++)
        population_move(p, m, population_mark(p, m, move_ppm));
}

void population_fund(struct population *p, int64_t ppm) {
    for (uint32_t m = 0; m < p->markets; m++) {
        weir_wide lot = weir_value(&p->venue->markets[m], p->start[m], 1) * ppm / 1000000;
        weir_post_funding(&p->x.ledger, m, lot);
        weir_charges_moved(&p->x, m);
        p->funded[m] += lot;
    }
}

void population_index(struct population *p) {
    for (uint32_t i = 0; i < p->count; i++)
        weir_touch(&p->x, p->scopes[i]);
    weir_trigger_collect(&p->x);
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

uint32_t population_found(struct population *p, uint32_t **found) {
    struct weir_pool *list = &p->x.trigger.found;
    uint32_t n = list->count;
    *found = WEIR_AT(list, uint32_t, 0);
    if (n > 0) qsort(*found, n, sizeof **found, ascending);
    list->count = 0;
    return n;
}

uint32_t population_found_exactly(const struct population *p, uint32_t *set) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        struct weir_health h;
        weir_health(&p->x, p->scopes[i], NULL, &h);
        if (weir_liquidatable(&p->x, &h)) set[n++] = p->scopes[i];
    }
    if (n > 0) qsort(set, n, sizeof *set, ascending);
    return n;
}
