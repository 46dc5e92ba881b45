/* R29 `profit` and `equity`: losses wait in the pool of the market's group until the end of
 * `settlement_interval` and are then charged by R5 over a base that is frozen at that moment.
 *
 * Freezing copies prices and totals only, O(markets). Weights are a function of these and of the
 * account; a sweep takes them account by account, and whatever changes an account first has it
 * weighed (weir_account_changes), so that all of them are as they were at the point. Then, in more
 * passes over the accounts, R5: the whole parts, and how many remainders lie in which bin of their
 * leading digits; the units that they make up, to the bins above an edge and there to a heap of
 * those with the largest; what is above caps, which begins the next round. A round leaves at most a
 * quarter of (what is to be divided) x (weights of those not full) to the next, so there are few.
 * The last pass charges. Every command looks at a bounded number of accounts, and a pass at one in
 * time that does not grow with their number but for the heap's logarithm. */
#include "liquidation/stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOT_IN_ROUND (-1)

static struct weir_social_part *part_at(const struct weir_social *c, uint32_t i) {
    return WEIR_AT(&c->parts, struct weir_social_part, i);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void before_change(void *ctx, uint32_t account);

static void group_markets(struct weir_social *c, const struct weir_venue *v) {
    for (uint32_t m = 0; m < v->market_count; m++) {
        uint32_t g = 0;
        while (g < c->count &&
               !(v->markets[c->groups[g].market].asset == v->markets[m].asset &&
                 weir_name_equal(&v->markets[c->groups[g].market].group, &v->markets[m].group)))
            g++;
        if (g == c->count)
            c->groups[c->count++] =
                (struct weir_social_group){.market = m, .asset = v->markets[m].asset};
        c->group_of[m] = g;
    }
}

int weir_social_new(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    struct weir_ledger *l = &lq->x->ledger;
    const struct weir_venue *v = l->venue;
    if (v->socialise_base == WEIR_SOCIALISE_OPEN_INTEREST) return 0;
    c->on = true;
    l->before_change = before_change;
    l->before_ctx = lq;
    c->group_of = calloc(v->market_count, sizeof *c->group_of);
    c->groups = calloc(v->market_count, sizeof *c->groups);
    c->frozen.marks = calloc(v->market_count, sizeof *c->frozen.marks);
    c->frozen.charged = calloc(2 * (size_t)v->market_count, sizeof *c->frozen.charged);
    if (!c->group_of || !c->groups || !c->frozen.marks || !c->frozen.charged) return -ENOMEM;
    group_markets(c, v);
    uint64_t parts = (uint64_t)l->scopes.capacity * c->count;
    uint32_t most = parts < UINT32_MAX ? (uint32_t)parts : UINT32_MAX - 1;
    int error = weir_pool_new(&c->parts, sizeof(struct weir_social_part), most);
    if (!error)
        error = weir_pool_new(&c->heads, sizeof(struct weir_social_head), l->accounts.capacity);
    for (uint32_t g = 0; !error && g < c->count; g++) {
        error = weir_pool_new(&c->groups[g].seated, sizeof(struct weir_seat), l->scopes.capacity);
        c->groups[g].bins = calloc(WEIR_SOCIAL_BINS, sizeof *c->groups[g].bins);
        if (c->groups[g].bins == NULL) error = -ENOMEM;
    }
    return error;
}

void weir_social_free(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    for (uint32_t g = 0; g < c->count; g++) {
        weir_pool_free(&c->groups[g].seated);
        free(c->groups[g].bins);
    }
    weir_pool_free(&c->parts);
    weir_pool_free(&c->heads);
    free(c->group_of);
    free(c->groups);
    free(c->frozen.marks);
    free(c->frozen.charged);
    *c = (struct weir_social){0};
}

void weir_social_add(struct weir_liquidator *lq, uint32_t market, weir_wide amount) {
    struct weir_social *c = &lq->social;
    weir_post_pool(&lq->x->ledger, c->groups[c->group_of[market]].market, amount);
    c->asked = true;
}

/* ---- Freezing -------------------------------------------------------------------------------- */

void weir_social_point(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    struct weir_exchange *x = lq->x;
    struct weir_ledger *l = &x->ledger;
    uint64_t point = l->point++;
    weir_wide pools = 0;
    for (uint32_t g = 0; g < c->count; g++)
        pools += l->markets[c->groups[g].market].pool;
    weir_social_recount(lq);
    /* A sweep that is under way goes on; the pool waits for the next point. */
    if (pools == 0 || c->pass != WEIR_SOCIAL_NONE) return;
    for (uint32_t g = 0; g < c->count; g++)
        c->groups[g].amount = c->groups[g].left = l->markets[c->groups[g].market].pool;
    for (uint32_t m = 0; m < x->venue->market_count; m++) {
        c->frozen.marks[m] = x->prices[m].mark;
        c->frozen.charged[2 * m] = weir_lot_charged(&l->markets[m], 1);
        c->frozen.charged[2 * m + 1] = weir_lot_charged(&l->markets[m], -1);
    }
    for (uint32_t a = 0; a < x->venue->asset_count; a++)
        c->frozen.prices[a] = x->collateral[a].price;
    c->frozen.point = point;
    c->pass = WEIR_SOCIAL_WEIGH;
    c->accounts = l->accounts.count;
    c->number++;
    c->at = c->rounds = 0;
    c->looks = 0;
    c->parts.count = 0;
    for (uint32_t g = 0; g < c->count; g++)
        c->groups[g].weights = 0;
    if (c->accounts > c->heads.count)
        WEIR_CHECK(weir_pool_add(&c->heads, c->accounts - c->heads.count) != WEIR_NO_INDEX);
    l->freezing = true;
}

struct weir_social_head weir_social_head_of(const struct weir_liquidator *lq, uint32_t account) {
    const struct weir_social *c = &lq->social;
    struct weir_social_head h = {0};
    if (account < c->accounts) h = *WEIR_AT(&c->heads, struct weir_social_head, account);
    return h.sweep == c->number ? h : (struct weir_social_head){0};
}

struct listing {
    weir_social_visit visit;
    void *ctx;
};

/* The parts of a scope whose account has not been weighed. */
static void list_parts(struct weir_liquidator *lq, uint32_t scope, void *ctx) {
    const struct listing *to = ctx;
    const struct weir_social *c = &lq->social;
    for (uint32_t g = 0; g < c->count; g++) {
        struct weir_social_part p = {.group = g};
        if (c->groups[g].amount == 0) continue;
        p.weight = weir_social_weigh(lq, &c->frozen, scope, g, &p.cap);
        p.scope_code = weir_scope_code(weir_scope_at(&lq->x->ledger, scope));
        if (p.weight > 0) to->visit(to->ctx, &p);
    }
}

void weir_social_frozen(struct weir_liquidator *lq, uint32_t account, weir_social_visit visit,
                        void *ctx) {
    const struct weir_social *c = &lq->social;
    struct weir_social_head h = weir_social_head_of(lq, account);
    struct listing to = {visit, ctx};
    if (account >= c->accounts) return;
    if (h.sweep == 0) weir_social_scopes(lq, account, list_parts, &to);
    for (uint32_t i = 0; i < h.count; i++)
        visit(ctx, part_at(c, h.first + i));
}

static void keep_part(void *ctx, const struct weir_social_part *p) {
    struct weir_social *c = ctx;
    uint32_t i = weir_pool_add(&c->parts, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *part_at(c, i) = *p;
    c->groups[p->group].weights += p->weight;
}

static void weigh(struct weir_liquidator *lq, uint32_t account) {
    struct weir_social *c = &lq->social;
    struct weir_social_head h = {.sweep = c->number, .first = c->parts.count};
    if (weir_social_head_of(lq, account).sweep != 0) return;
    weir_social_frozen(lq, account, keep_part, c);
    h.count = c->parts.count - h.first;
    *WEIR_AT(&c->heads, struct weir_social_head, account) = h;
}

static void before_change(void *ctx, uint32_t account) {
    struct weir_liquidator *lq = ctx;
    if (account < lq->social.accounts) weigh(lq, account);
}

/* ---- A round of R5 --------------------------------------------------------------------------- */

static void share(struct weir_social *c, struct weir_social_part *p) {
    struct weir_social_group *g = &c->groups[p->group];
    p->rest = NOT_IN_ROUND;
    if (g->part == 0 || p->given >= p->cap) return;
    weir_wide whole = weir_mul_div_floor(g->part, p->weight, g->weights);
    p->rest = (weir_wide)((unsigned __int128)g->part * (unsigned __int128)p->weight -
                          (unsigned __int128)whole * (unsigned __int128)g->weights);
    p->given += whole;
    g->placed += whole;
    if (p->rest > 0) g->bins[p->rest >> g->shift]++;
}

/* How many units the remainders of a round make up, and down to which bin they go. */
static void count_seats(struct weir_social_group *g) {
    g->seats = (uint32_t)(g->part - g->placed);
    g->edge = WEIR_SOCIAL_BINS - 1;
    while (g->seats > g->bins[g->edge])
        g->seats -= g->bins[g->edge--];
}

/* Is it first to lose its seat? */
static bool is_worse(const struct weir_seat *a, const struct weir_seat *b) {
    return a->rest != b->rest ? a->rest < b->rest : a->place > b->place;
}

static void seat_up(struct weir_seat *heap, uint32_t i, struct weir_seat seat) {
    for (; i > 0 && is_worse(&seat, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = seat;
}

static void seat_down(struct weir_seat *heap, uint32_t n, struct weir_seat seat) {
    uint32_t i = 0;
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && is_worse(&heap[child + 1], &heap[child])) child++;
        if (!is_worse(&heap[child], &seat)) break;
        heap[i] = heap[child];
    }
    heap[i] = seat;
}

/* One unit more for those above the edge, and in its bin for the largest remainders met so far, the
 * first ones of equals. */
static void round_up(struct weir_social *c, uint32_t part) {
    struct weir_social_part *p = part_at(c, part);
    struct weir_social_group *g = &c->groups[p->group];
    struct weir_seat seat = {p->rest, part, c->places++};
    struct weir_seat *heap = WEIR_AT(&g->seated, struct weir_seat, 0);
    if (p->rest <= 0 || p->rest >> g->shift < g->edge) return;
    if (p->rest >> g->shift > g->edge) {
        p->given++;
        return;
    }
    if (g->seats == 0) return;
    if (g->seated.count < g->seats) {
        uint32_t i = weir_pool_add(&g->seated, 1);
        WEIR_CHECK(i != WEIR_NO_INDEX);
        seat_up(heap, i, seat);
    } else {
        if (!is_worse(&heap[0], &seat)) return;
        part_at(c, heap[0].part)->given--;
        seat_down(heap, g->seats, seat);
    }
    p->given++;
}

static void cut(struct weir_social *c, struct weir_social_part *p) {
    struct weir_social_group *g = &c->groups[p->group];
    if (p->given > p->cap) {
        g->cut += p->given - p->cap;
        p->given = p->cap;
    }
    if (p->given < p->cap) g->open += p->weight;
}

/* ---- The charge ------------------------------------------------------------------------------ */

/* Takes what is there now; the rest, and all of a scope that is being liquidated, stays in the
 * pool. */
static void charge(struct weir_liquidator *lq, uint32_t account, struct weir_social_part *p) {
    struct weir_social_group *g = &lq->social.groups[p->group];
    struct weir_exchange *x = lq->x;
    uint32_t scope = weir_social_payer(lq, account, p->scope_code);
    struct weir_health h;
    g->left -= p->given;
    if (p->given == 0 || weir_scope_at(&x->ledger, scope)->queue == WEIR_QUEUE_ACTIVE) return;
    weir_health_brief(x, scope, &h);
    weir_wide take = weir_wide_min(p->given, h.equity);
    if (take <= 0) return;
    weir_scope_settle(&x->ledger, scope);
    weir_post_balance(&x->ledger, scope, -take);
    weir_post_pool(&x->ledger, g->market, -take);
    weir_touch_key(x, scope);
    weir_emit(x,
              &(struct weir_event){.kind = WEIR_EV_SOCIALISED,
                                   .socialised = {.market = WEIR_NO_INDEX,
                                                  .account = weir_account_name(&x->ledger, account),
                                                  .amount = take,
                                                  .asset = g->asset}});
}

/* ---- Passes ---------------------------------------------------------------------------------- */

static void end_sweep(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    c->pass = WEIR_SOCIAL_NONE;
    c->parts.count = 0;
    for (uint32_t g = 0; g < c->count; g++)
        c->groups[g].amount = c->groups[g].left = 0;
    weir_social_recount(lq);
}

/* Divides each group's `part` among those who are not full, if there are any; else charges. */
static void begin_round(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    bool any = false;
    for (uint32_t i = 0; i < c->count; i++) {
        struct weir_social_group *g = &c->groups[i];
        if (g->weights == 0) g->part = 0;
        g->placed = g->cut = g->open = 0;
        g->seated.count = 0;
        memset(g->bins, 0, WEIR_SOCIAL_BINS * sizeof *g->bins);
        g->shift = 0;
        while (g->weights >> g->shift >= WEIR_SOCIAL_BINS)
            g->shift++;
        any |= g->part > 0;
    }
    if (any) {
        c->rounds++;
        c->pass = WEIR_SOCIAL_SHARE;
    } else if (c->rounds > 0) {
        c->pass = WEIR_SOCIAL_CHARGE;
    } else {
        end_sweep(lq);
    }
}

static void end_pass(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    c->at = 0;
    switch (c->pass) {
    case WEIR_SOCIAL_WEIGH:
        lq->x->ledger.freezing = false;
        for (uint32_t g = 0; g < c->count; g++)
            c->groups[g].part = c->groups[g].amount;
        begin_round(lq);
        return;
    case WEIR_SOCIAL_SHARE:
        for (uint32_t g = 0; g < c->count; g++)
            count_seats(&c->groups[g]);
        c->places = 0;
        c->pass = WEIR_SOCIAL_ROUND;
        return;
    case WEIR_SOCIAL_ROUND:
        c->pass = WEIR_SOCIAL_CUT;
        return;
    case WEIR_SOCIAL_CUT:
        for (uint32_t g = 0; g < c->count; g++) {
            c->groups[g].part = c->groups[g].cut;
            c->groups[g].weights = c->groups[g].open;
        }
        begin_round(lq);
        return;
    case WEIR_SOCIAL_CHARGE:
    case WEIR_SOCIAL_NONE:
        break;
    }
    end_sweep(lq);
}

static void look(struct weir_liquidator *lq, uint32_t account) {
    struct weir_social *c = &lq->social;
    if (c->pass == WEIR_SOCIAL_WEIGH) {
        weigh(lq, account);
        return;
    }
    struct weir_social_head h = weir_social_head_of(lq, account);
    for (uint32_t i = h.first; i < h.first + h.count; i++) {
        if (c->pass == WEIR_SOCIAL_SHARE)
            share(c, part_at(c, i));
        else if (c->pass == WEIR_SOCIAL_ROUND)
            round_up(c, i);
        else if (c->pass == WEIR_SOCIAL_CUT)
            cut(c, part_at(c, i));
        else
            charge(lq, account, part_at(c, i));
    }
}

void weir_social_run(struct weir_liquidator *lq) {
    struct weir_social *c = &lq->social;
    uint32_t funds = lq->x->venue->fund_count;
    int64_t left = weir_social_bound(lq->x->venue);
    for (; c->pass != WEIR_SOCIAL_NONE && left > 0; left--) {
        uint32_t users = c->accounts - funds; /* the funds' accounts come last */
        look(lq, c->at < users ? c->at + funds : c->at - users);
        c->looks++;
        if (++c->at == c->accounts) end_pass(lq);
    }
    if (c->pass == WEIR_SOCIAL_NONE) weir_social_count(lq, left);
}
