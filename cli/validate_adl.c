/* weir validate adl-example, water-filling: published results about who is deleveraged (R28), with
 * the engine's rankings. */
#include "adl/adl.h"
#include "cli/validate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- adl-example ----------------------------------------------------------------------------- */
/* Five accounts, in tenths of money. The last two are short of 15 in all, half of which is taken
 * from the profits of the others. A lot stands for a tenth of profit that is given up; an account's
 * cash paid for all of its position, so that its profit rate is P&L / cash. */
static const struct {
    int64_t equity, cash, profit, by_queue, by_share;
} published[] = {
    {100, 20, 80, 35, 48}, {50, 10, 40, 40, 24},  {10, 5, 5, 0, 3},
    {-30, 0, -30, 0, 0},   {-120, 0, -120, 0, 0},
};
#define ACCOUNTS (sizeof published / sizeof published[0])

/* The candidates, last account first: the first two are equal in rank, and the published queue
 * serves the second first, where R28 serves the lower account. */
static uint32_t candidates_of(struct weir_adl_candidate *items, enum weir_ranking ranking,
                              int64_t *deficit) {
    uint32_t n = 0;
    *deficit = 0;
    for (size_t i = ACCOUNTS; i-- > 0;) {
        WEIR_CHECK(published[i].equity == published[i].cash + published[i].profit);
        *deficit -= weir_min(0, published[i].equity);
        if (published[i].profit <= 0) continue;
        items[n] = (struct weir_adl_candidate){.order = ACCOUNTS - i,
                                               .leg = (uint32_t)i,
                                               .size = published[i].profit,
                                               .whole = published[i].profit,
                                               .entry_value = published[i].cash,
                                               .unrealised = published[i].profit,
                                               .notional = published[i].equity,
                                               .share = published[i].equity,
                                               .equity = published[i].equity,
                                               .grows = true};
        weir_adl_score(ranking, &items[n++]);
    }
    return n;
}

/* One after the other, each up to his size. */
static void take_in_line(struct weir_adl_candidate *items, uint32_t n, weir_qty lots) {
    weir_adl_heap(items, n);
    for (uint32_t left = n; left > 0; left--) {
        weir_adl_pop(items, left);
        items[left - 1].lots = weir_min(lots, items[left - 1].size);
        lots -= items[left - 1].lots;
    }
}

int weir_validate_adl_example(const struct weir_validate *a) {
    bool json = a->options.json, all = true;
    if (json) {
        weir_validate_open("adl-example");
        fputs(",\"taken\":[", stdout);
    }
    for (int by_share = 0; by_share < 2; by_share++) {
        struct weir_adl_candidate items[ACCOUNTS];
        weir_wide weights[ACCOUNTS], caps[ACCOUNTS], shares[ACCOUNTS];
        struct weir_share scratch[ACCOUNTS];
        int64_t deficit;
        uint32_t n =
            candidates_of(items, by_share ? WEIR_RANK_PRO_RATA : WEIR_RANK_PNL_LEVERAGE, &deficit);
        if (by_share)
            (void)weir_adl_share(items, n, deficit / 2, weights, caps, shares, scratch);
        else
            take_in_line(items, n, deficit / 2);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t account = items[i].leg;
            int64_t want = by_share ? published[account].by_share : published[account].by_queue;
            bool same = want == items[i].lots;
            const char *who = by_share ? "pro_rata" : "pnl_leverage";
            all = all && same;
            if (json)
                printf("%s{\"ranking\":\"%s\",\"account\":%u,\"published\":\"%" PRId64 ".%" PRId64
                       "\",\"measured\":\"%" PRId64 ".%" PRId64 "\",\"passed\":%s}",
                       by_share || i > 0 ? "," : "", who, account + 1, want / 10, want % 10,
                       items[i].lots / 10, items[i].lots % 10, same ? "true" : "false");
            else if (!same || !a->options.quiet)
                printf("adl-example  %s, account %u: published %" PRId64 ".%" PRId64
                       ", measured %" PRId64 ".%" PRId64 ": %s\n",
                       who, account + 1, want / 10, want % 10, items[i].lots / 10,
                       items[i].lots % 10, same ? "pass" : "FAIL");
        }
    }
    if (json) printf("],\"passed\":%s}", all ? "true" : "false");
    return all ? WEIR_EXIT_DONE : WEIR_EXIT_FAILED;
}

/* ---- water-filling --------------------------------------------------------------------------- */

#define POOL_MOST 24
#define LOTS_MOST 2000

struct pool {
    struct weir_market market;
    weir_price mark;
    struct weir_adl_candidate items[POOL_MOST + 1];
    uint32_t n;
};

/* Linear lots at a mark of 1000: any value does. Sizes and equities are even, so that an account
 * divides into two alike. */
static void draw(struct pool *p, struct weir_random *r) {
    *p = (struct pool){.market = {.contract = WEIR_LINEAR, .unit_value = 1}, .mark = 1000};
    p->n = 2 + (uint32_t)weir_random_below(r, POOL_MOST - 1);
    for (uint32_t i = 0; i < p->n; i++) {
        weir_qty lots = 2 + 2 * (weir_qty)weir_random_below(r, LOTS_MOST / 2);
        int64_t value = lots * p->mark;
        int64_t equity = value / (1 + (int64_t)weir_random_below(r, 100)) / 2 * 2 + 2;
        p->items[i] = (struct weir_adl_candidate){
            .order = i,
            .size = lots,
            .whole = lots,
            .entry_value = value * (int64_t)(50 + weir_random_below(r, 50)) / 100 / 2 * 2,
            .equity = equity,
            .grows = true};
    }
}

/* What follows from size, entry and equity. */
static void describe(const struct pool *p, struct weir_adl_candidate *c, enum weir_ranking r) {
    c->notional = weir_value(&p->market, p->mark, c->whole);
    c->unrealised = c->notional - c->entry_value;
    c->share = c->equity;
    weir_adl_score(r, c);
}

/* Takes lots off, at mark: equities stay. taken[i] grows by what account i gave. */
static void cut(struct pool *p, enum weir_ranking ranking, weir_qty lots, weir_qty *taken) {
    struct weir_adl_candidate line[POOL_MOST + 1];
    struct weir_share scratch[POOL_MOST + 1];
    for (uint32_t i = 0; i < p->n; i++) {
        describe(p, &p->items[i], ranking);
        line[i] = p->items[i];
        line[i].leg = i;
    }
    if (weir_adl_kind_of(ranking) == WEIR_ADL_LEVELS)
        weir_adl_fill_water(&p->market, p->mark, line, p->n, lots, scratch);
    else
        take_in_line(line, p->n, lots);
    for (uint32_t i = 0; i < p->n; i++) {
        struct weir_adl_candidate *c = &p->items[line[i].leg];
        weir_qty left = c->whole - line[i].lots;
        taken[line[i].leg] += line[i].lots;
        c->entry_value = (weir_amount)weir_mul_div_floor(c->entry_value, left, c->whole);
        c->size = c->whole = left;
    }
    for (uint32_t i = p->n; i-- > 0;) /* who is flat stands in no line */
        if (p->items[i].size == 0) p->items[i].whole = 1;
}

/* Q1 then Q2 against Q1 + Q2: the largest difference of an account. */
static weir_qty differs_in_two(const struct pool *p, enum weir_ranking ranking, weir_qty first,
                               weir_qty second) {
    struct pool once = *p, twice = *p;
    weir_qty a[POOL_MOST + 1] = {0}, b[POOL_MOST + 1] = {0}, most = 0;
    cut(&once, ranking, first + second, a);
    cut(&twice, ranking, first, b);
    cut(&twice, ranking, second, b);
    for (uint32_t i = 0; i < p->n; i++)
        most = weir_max(most, weir_abs(a[i] - b[i]));
    return most;
}

/* One account against two halves of it. */
static weir_qty differs_when_split(const struct pool *p, enum weir_ranking ranking, uint32_t at,
                                   weir_qty lots) {
    struct pool one = *p, two = *p;
    weir_qty a[POOL_MOST + 1] = {0}, b[POOL_MOST + 1] = {0}, most;
    struct weir_adl_candidate *half = &two.items[at];
    half->size = half->whole = half->whole / 2;
    half->entry_value /= 2;
    half->equity /= 2;
    two.items[two.n] = *half;
    two.items[two.n].order = two.n;
    two.n++;
    cut(&one, ranking, lots, a);
    cut(&two, ranking, lots, b);
    b[at] += b[p->n];
    most = 0;
    for (uint32_t i = 0; i < p->n; i++)
        most = weir_max(most, weir_abs(a[i] - b[i]));
    return most;
}

static int64_t leverage_of(const struct pool *p, uint32_t i, weir_qty left) {
    struct weir_adl_candidate c = p->items[i];
    c.notional = weir_value(&p->market, p->mark, left);
    weir_adl_score(WEIR_RANK_WATER_FILLING, &c);
    return weir_saturate(c.score);
}

/* Could so many lots have brought all below the largest leverage that was left? Lot by lot. */
static bool could_be_less(const struct pool *p, weir_qty lots) {
    struct pool after = *p;
    weir_qty taken[POOL_MOST + 1] = {0}, needed = 0;
    int64_t largest = 0;
    cut(&after, WEIR_RANK_WATER_FILLING, lots, taken);
    for (uint32_t i = 0; i < p->n; i++)
        largest = weir_max(largest, leverage_of(p, i, p->items[i].whole - taken[i]));
    if (largest == 0) return false;
    for (uint32_t i = 0; i < p->n; i++)
        for (weir_qty left = p->items[i].whole; left > 0 && leverage_of(p, i, left) >= largest;
             left--)
            needed++;
    return needed <= lots;
}

/* A property of a ranking over all pools: how often it held within one lot. */
struct property {
    const char *what;
    enum weir_ranking ranking;
    bool must_fail;
    uint64_t held;
};

static bool print_property(const struct weir_validate *a, const struct property *p, uint64_t pools,
                           bool first) {
    bool passed = p->must_fail ? p->held < pools : p->held == pools;
    const char *who =
        p->ranking == WEIR_RANK_WATER_FILLING ? "water_filling" : "pnl_amount_leverage";
    if (a->options.json)
        printf("%s{\"ranking\":\"%s\",\"property\":\"%s\",\"pools\":%" PRIu64 ",\"held\":%" PRIu64
               ",\"must_hold\":%s,\"passed\":%s}",
               first ? "" : ",", who, p->what, pools, p->held, p->must_fail ? "false" : "true",
               passed ? "true" : "false");
    else if (!passed || !a->options.quiet)
        printf("water-filling  %s, %s: holds in %" PRIu64 " of %" PRIu64 "%s: %s\n", who, p->what,
               p->held, pools, p->must_fail ? ", must not hold in all" : "",
               passed ? "pass" : "FAIL");
    return passed;
}

int weir_validate_water_filling(const struct weir_validate *a) {
    struct property list[] = {
        {"cutting twice is cutting once", WEIR_RANK_WATER_FILLING, false, 0},
        {"splitting an account changes nothing", WEIR_RANK_WATER_FILLING, false, 0},
        {"the largest leverage left is least", WEIR_RANK_WATER_FILLING, false, 0},
        {"cutting twice is cutting once", WEIR_RANK_PNL_AMOUNT_LEVERAGE, true, 0},
        {"splitting an account changes nothing", WEIR_RANK_PNL_AMOUNT_LEVERAGE, true, 0},
    };
    uint64_t wanted = a->rounds > 0 ? a->rounds : 1000, pools = 0;
    for (; pools < wanted && !weir_cli_interrupted; pools++) {
        char stream[48];
        (void)snprintf(stream, sizeof stream, "water-filling %" PRIu64, pools);
        struct weir_random r = {.key = weir_random_key(a->seed, stream)};
        struct pool p;
        draw(&p, &r);
        weir_qty all = 0;
        for (uint32_t k = 0; k < p.n; k++)
            all += p.items[k].size;
        weir_qty lots = 1 + (weir_qty)weir_random_below(&r, (uint64_t)all);
        weir_qty first = (weir_qty)weir_random_below(&r, (uint64_t)lots);
        uint32_t at = (uint32_t)weir_random_below(&r, p.n);
        for (int queue = 0; queue < 2; queue++) {
            enum weir_ranking by = queue ? WEIR_RANK_PNL_AMOUNT_LEVERAGE : WEIR_RANK_WATER_FILLING;
            list[queue * 3].held += differs_in_two(&p, by, first, lots - first) <= 1;
            list[queue * 3 + 1].held += differs_when_split(&p, by, at, lots) <= 1;
        }
        list[2].held += !could_be_less(&p, lots);
    }
    bool passed = true;
    if (a->options.json) {
        weir_validate_open("water-filling");
        fputs(",\"properties\":[", stdout);
    }
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        passed = print_property(a, &list[i], pools, i == 0) && passed;
    if (a->options.json) printf("],\"passed\":%s}", passed ? "true" : "false");
    return passed ? WEIR_EXIT_DONE : WEIR_EXIT_FAILED;
}
