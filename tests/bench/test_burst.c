/* The commands of `weir bench burst`: the same every time, through engine and twin, and each of
 * what it can be told changes them. */
#include "bench/burst_check.h"
#include "bench/burst_windows.h"

#include <criterion/criterion.h>

static struct burst_plan small(void) {
    struct burst_plan plan = burst_plan_of(300, 30, 1);
    plan.shorts = 7;
    return plan;
}

Test(burst, engine_and_twin_agree) {
    struct burst_plan rows[6];
    for (size_t i = 0; i < 6; i++)
        rows[i] = small();
    rows[1].rounds = 10;
    rows[1].seed = 2;
    rows[2].markets = 3;
    rows[2].mix = BURST_DOUBLING;
    rows[3].shock = 0.1;
    rows[3].orders = 9;
    rows[3].steps = 1;
    rows[4].policy = "tier_step";
    rows[4].nearest = burst_fall_of(125);
    rows[4].farthest = burst_fall_of(10);
    rows[5].shock = 0.45; /* beyond the last of them */
    rows[5].markets = 13;
    rows[5].policy = "fraction";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert(bench_burst_agrees(&rows[i]));
}

#define CHANGED 13
static const char *const policies[] = {"disposal", "block_cap", "window", "ramp",   "random_slice",
                                       "twap",     "pov",       "depth",  "optimal"};
#define CHANGES (CHANGED + (int)(sizeof policies / sizeof policies[0]))

/* A plan with one value changed. */
static struct burst_plan changed(int what) {
    struct burst_plan plan = small();
    switch (what) {
    case 0:
        plan.accounts = 310;
        break;
    case 1:
        plan.markets = 5;
        break;
    case 2:
        plan.rounds = 31;
        break;
    case 3:
        plan.shorts = 8;
        break;
    case 4:
        plan.orders = 2;
        break;
    case 5:
        plan.steps = 1;
        break;
    case 6:
        plan.policy = "tier_step";
        break;
    case 7:
        plan.mix = BURST_DOUBLING;
        break;
    case 8:
        plan.nearest = burst_fall_of(125);
        break;
    case 9:
        plan.farthest = burst_fall_of(2);
        break;
    case 10:
        plan.shock = 0.2;
        break;
    case 11:
        plan.seed = 7;
        break;
    case 12:
        plan.policy = "fraction";
        break;
    default: /* the plan as it is, then every other policy */
        if (what > CHANGED) plan.policy = policies[what - CHANGED - 1];
        break;
    }
    return plan;
}

Test(burst, each_parameter_changes_the_work) {
    uint64_t hashes[CHANGES + 4], counts[CHANGES + 4];
    size_t n = 0;
    for (int what = 0; what <= CHANGES; what++, n++) {
        struct burst_plan plan = changed(what);
        uint64_t again, ended;
        cr_assert(bench_burst_hash(&plan, BURST_FIXED, 20000, &hashes[n], &counts[n]));
        cr_assert(bench_burst_hash(&plan, BURST_FIXED, 20000, &again, &ended));
        cr_assert(again == hashes[n]);
    }
    static const struct {
        enum burst_arrivals arrivals;
        uint32_t rate;
    } orders[] = {{BURST_FIXED, 30000}, {BURST_POISSON, 20000}, {BURST_CLOSED, 0}};
    struct burst_plan plan = small();
    for (size_t i = 0; i < 3; i++, n++)
        cr_assert(
            bench_burst_hash(&plan, orders[i].arrivals, orders[i].rate, &hashes[n], &counts[n]));
    /* Policies may close alike in so calm a market, but none as `full` does. */
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            cr_assert(hashes[i] != hashes[k] || (k > CHANGED && i <= CHANGES));
    /* A shorter fall and less leverage leave some standing; the full one leaves nobody. */
    cr_assert(counts[CHANGED] >= 300);
    cr_assert(counts[9] < 250);
    cr_assert(counts[10] < 250);
}

Test(burst, ticks_take_equal_shares) {
    for (int mix = BURST_EVEN; mix <= BURST_DOUBLING; mix++) {
        struct burst_plan plan = small();
        plan.mix = (enum burst_mix)mix;
        for (int i = 0; i <= 10; i++) {
            double share = i / 10.0, fall = burst_fall_at(&plan, share);
            cr_assert(burst_share_at(&plan, fall) > share - 1e-9);
            cr_assert(burst_share_at(&plan, fall) < share + 1e-9);
            cr_assert(burst_fall_of(burst_leverage_of(fall)) > fall - 1e-9);
            cr_assert(burst_fall_of(burst_leverage_of(fall)) < fall + 1e-9);
        }
    }
}

Test(burst, what_cannot_be_is_told) {
    char error[256];
    struct burst_plan plan = small();
    cr_assert(burst_plan_wrong(&plan, error, sizeof error) == NULL);
    plan.markets = 1;
    cr_assert(burst_plan_wrong(&plan, error, sizeof error) != NULL);
    plan = small();
    plan.shock = 0.0105;
    cr_assert(burst_plan_wrong(&plan, error, sizeof error) != NULL);
    plan = small();
    plan.farthest = plan.nearest;
    cr_assert(burst_plan_wrong(&plan, error, sizeof error) != NULL);
}

/* Windows hold what came while they lasted, those in which nothing came too. */
Test(burst, windows_follow_the_clock) {
    struct burst_windows w;
    cr_assert(burst_windows_new(&w, 100));
    burst_windows_begin(&w, 1000);
    static const uint64_t clocks[] = {1000, 1050, 1099, 1100, 1101, 1455};
    for (size_t i = 0; i < 6; i++) {
        burst_windows_at(&w, clocks[i]);
        burst_windows_order(&w, clocks[i] - 1000);
    }
    static const uint64_t orders[] = {3, 2, 0, 0, 1};
    cr_assert_eq(w.windows.count, 5);
    cr_assert_eq(w.waits.count, 6);
    for (uint32_t i = 0; i < 5; i++)
        cr_assert_eq(WEIR_AT(&w.windows, struct burst_window, i)->orders, orders[i]);
    cr_assert_eq(*WEIR_AT(&w.waits, uint64_t, 5), 455);
    burst_windows_begin(&w, 7);
    cr_assert_eq(w.windows.count, 1);
    cr_assert_eq(w.waits.count, 0);
    burst_windows_free(&w);
}
