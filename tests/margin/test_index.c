/* The trigger index against a full scan of all scopes (R17, R18), over random terms and inputs:
 * marks, charges, funding, prices of collateral, balances, positions, leverages, tiers, scopes
 * that enter and leave the queue. */
#include "tests/scale.h"
#include "world.h"

#include <criterion/criterion.h>

#define ACCOUNTS  12
#define MAX_PRICE 100000

struct run {
    struct world w;
    uint64_t seed, step;
    uint32_t scope[ACCOUNTS], found;
    const char *last;
};

static void collect_marks(struct run *r) {
    struct weir_exchange *x = &r->w.x;
    for (uint32_t i = 0; i < x->trigger.warned.count; i++) {
        struct weir_scope *s = weir_scope_at(&x->ledger, *WEIR_AT(&x->trigger.warned, uint32_t, i));
        s->warn_listed = false;
        s->warned = s->warn_now;
    }
    x->trigger.warned.count = 0;
}

/* After a collect: nothing that a full scan would find is missing. */
static void compare(struct run *r) {
    struct weir_exchange *x = &r->w.x;
    const struct weir_pool *found = &x->trigger.found;
    weir_trigger_collect(x);
    collect_marks(r);
    for (uint32_t i = 0; i < x->ledger.scopes.count; i++) {
        const struct weir_scope *s = weir_scope_at(&x->ledger, i);
        struct weir_health h;
        weir_health(x, i, NULL, &h);
        bool listed = s->queue != WEIR_QUEUE_NONE;
        for (uint32_t k = 0; k < found->count && !listed; k++)
            listed = *WEIR_AT(found, uint32_t, k) == i;
        cr_assert(listed || !weir_liquidatable(x, &h), "seed %llu step %llu (%s) scope %u missed",
                  (unsigned long long)r->seed, (unsigned long long)r->step, r->last, i);
        cr_assert(s->warned == weir_warned(x, &h), "seed %llu step %llu (%s) scope %u: warning %d",
                  (unsigned long long)r->seed, (unsigned long long)r->step, r->last, i, s->warned);
    }
}

static weir_wide near(struct run *r, weir_wide n) {
    weir_wide span = n < 0 ? -n : n;
    int shift = (int)world_below(&r->w, 24);
    uint64_t most = (uint64_t)weir_wide_min(span >> shift, INT64_MAX) + 2;
    weir_wide step = (weir_wide)world_below(&r->w, most);
    return world_below(&r->w, 2) ? step : -step;
}

/* Puts a scope at, or a little beyond, the edge of its trigger or warning. */
static void place(struct run *r, uint32_t scope) {
    struct weir_health h;
    weir_health(&r->w.x, scope, NULL, &h);
    weir_wide gap = h.requirement - h.equity + 1;
    weir_rate warn_at = r->w.venue->warn_at;
    if (warn_at != WEIR_NONE && world_below(&r->w, 2))
        gap = weir_mul_div_floor(h.requirement, WEIR_PPB, warn_at) - h.equity + 1;
    world_balance(&r->w, scope, gap + weir_wide_max(near(r, h.notional + 1), -1));
}

/* What was found is cured, or enters the queue. */
static void answer(struct run *r) {
    struct weir_exchange *x = &r->w.x;
    struct weir_pool *found = &x->trigger.found;
    for (uint32_t i = 0; i < found->count; i++) {
        uint32_t scope = *WEIR_AT(found, uint32_t, i);
        struct weir_scope *s = weir_scope_at(&x->ledger, scope);
        weir_touch(x, scope);
        if (s->queue != WEIR_QUEUE_NONE || !world_liquidatable(&r->w, scope)) continue;
        r->found++;
        if (world_below(&r->w, 4) == 0)
            weir_case_open(&x->ledger, s);
        else
            place(r, scope);
    }
    found->count = 0;
    r->last = "answer";
    compare(r);
}

static weir_wide lot_share(struct run *r, uint32_t market) {
    weir_wide lot = weir_value(&r->w.venue->markets[market], r->w.x.prices[market].mark, 1);
    return near(r, lot);
}

static void charge(struct run *r, uint32_t market) {
    weir_wide per_lot = lot_share(r, market);
    if (world_below(&r->w, 2))
        weir_post_funding(&r->w.x.ledger, market, per_lot);
    else
        weir_post_charge(&r->w.x.ledger, market, per_lot < 0 ? -per_lot : per_lot);
    weir_charges_moved(&r->w.x, market);
    r->last = "charge";
}

static void fill(struct run *r, uint32_t account, uint32_t market) {
    struct weir_exchange *x = &r->w.x;
    uint32_t leg = weir_leg_get(&x->ledger, account, market);
    struct weir_leg *g = weir_leg_at(&x->ledger, leg);
    g->leverage = 1 + (uint32_t)world_below(&r->w, world_below(&r->w, 2) ? 2 : 200);
    weir_qty lots = 1 + (weir_qty)world_below(&r->w, UINT64_C(1) << world_below(&r->w, 20));
    if (world_below(&r->w, 2)) lots = -lots;
    if (g->size != 0 && world_below(&r->w, 3) == 0) lots = -g->size;
    weir_wide price = x->prices[market].mark;
    world_fill(&r->w, leg, lots,
               weir_clamp(weir_saturate(price + near(r, price / 8)), 1, MAX_PRICE));
    weir_touch(x, g->scope);
    if (world_below(&r->w, 3)) place(r, g->scope);
    r->last = "fill";
}

static void move(struct run *r, uint32_t market) {
    weir_price mark = r->w.x.prices[market].mark;
    weir_wide to = mark + near(r, mark);
    if (world_below(&r->w, 40) == 0) to = 1 + (weir_wide)world_below(&r->w, MAX_PRICE);
    world_mark(&r->w, market, weir_clamp(weir_saturate(to), 1, MAX_PRICE));
    r->last = "mark";
}

static void collateral(struct run *r, uint32_t scope) {
    struct weir_exchange *x = &r->w.x;
    if (world_below(&r->w, 3)) {
        int64_t price = x->collateral[1].price;
        x->collateral[1].price = weir_max(1, weir_saturate(price + near(r, price)));
        x->collateral[1].fresh = true;
        weir_collateral_moved(x, 1);
        r->last = "price of collateral";
        return;
    }
    weir_wide held = weir_scope_collateral(&x->ledger, scope, 1);
    weir_wide change = weir_wide_max(-held, near(r, 100000));
    cr_assert(weir_post_collateral(&x->ledger, scope, 1, change));
    weir_touch(x, scope);
    place(r, scope);
    r->last = "collateral";
}

static void step(struct run *r) {
    struct weir_exchange *x = &r->w.x;
    uint32_t market = (uint32_t)world_below(&r->w, WORLD_MARKETS);
    uint32_t scope = r->scope[world_below(&r->w, ACCOUNTS)];
    struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    switch (world_below(&r->w, 16)) {
    case 0:
    case 1:
        fill(r, s->account, market);
        break;
    case 2:
    case 3:
    case 4:
        charge(r, market);
        break;
    case 5:
        collateral(r, scope);
        break;
    case 6:
        if (world_below(&r->w, 8) == 0) {
            world_tiers(&r->w, market, 100000000);
            weir_touch_market(x, market);
        }
        r->last = "tiers";
        break;
    case 7:
        place(r, scope);
        r->last = "balance";
        break;
    case 8:
        if (s->queue == WEIR_QUEUE_NONE) break;
        weir_case_close(&x->ledger, s);
        weir_touch(x, scope);
        place(r, scope);
        r->last = "leaves the queue";
        break;
    default:
        move(r, market);
        break;
    }
}

Test(index, against_a_full_scan, .timeout = 300) {
    uint64_t found = 0;
    for (uint64_t seed = 1; seed <= weir_test_scale(300); seed++) {
        struct run r = {.seed = seed, .last = ""};
        cr_assert(world_new(&r.w, seed, MAX_PRICE, 100000000));
        r.w.x.collateral[1].price = WEIR_PPB;
        for (uint32_t a = 0; a < ACCOUNTS; a++)
            r.scope[a] = weir_account_at(&r.w.x.ledger, world_account(&r.w))->cross;
        for (r.step = 0; r.step < 400; r.step++) {
            for (uint64_t n = world_below(&r.w, 8) == 0 ? 3 : 1; n > 0; n--)
                step(&r);
            compare(&r);
            if (world_below(&r.w, 2)) answer(&r);
        }
        found += r.found;
        world_free(&r.w);
    }
    cr_assert(found > 0);
}
