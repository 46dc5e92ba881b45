/* `weir bench digest`: what a burst comes to, without a wall clock in its commands, so that builds
 * can be compared. */
#include "bench/burst_check.h"
#include "bench/burst_stage.h"

#define RUNS  1
#define RATE  100000 /* ordinary orders a second of the made clock */
#define SMALL 20000

int bench_digest(const struct weir_bench_job *job) {
    struct bench_case c = {.name = "events and state of a burst", .unit = "ns"};
    struct burst_plan plan;
    if (!burst_stage_plan(job, job->quick ? SMALL : 1000000, "digest", &plan)) return 1;
    if (!bench_case_wanted(job, c.name)) return 0;
    enum burst_arrivals arrivals =
        (enum burst_arrivals)bench_count(job, PARAMETER_ARRIVALS, BURST_FIXED);
    uint32_t rate = bench_count(job, PARAMETER_RATE, RATE);
    struct burst_result first = {0};
    int runs = bench_runs(job, RUNS);
    c.checked = true;
    for (int run = 0; bench_goes_on(&c, run, runs); run++) {
        struct burst_result r = {0};
        uint64_t start = bench_now_ns();
        c.checked = bench_burst_result(&plan, arrivals, rate, &r);
        if (run == 0) first = r;
        c.checked &= r.hash == first.hash && r.digest == first.digest;
        uint64_t each = r.liquidations > 0 ? r.liquidations : 1;
        c.times[run] = (double)(bench_now_ns() - start) / (double)each;
        c.runs = run + 1;
    }
    snprintf(c.facts, sizeof c.facts,
             "\"n\":%u,\"liquidations\":%llu,\"events\":%llu,\"event_hash\":\"%016llx\","
             "\"state_hash\":\"%016llx\"",
             plan.accounts, (unsigned long long)first.liquidations,
             (unsigned long long)first.events, (unsigned long long)first.hash,
             (unsigned long long)first.digest);
    snprintf(c.remark, sizeof c.remark, "a liquidation, filling included");
    bench_case_print(&c);
    bench_note("%llu liquidations, %llu events, hash %016llx; state %016llx",
               (unsigned long long)first.liquidations, (unsigned long long)first.events,
               (unsigned long long)first.hash, (unsigned long long)first.digest);
    if (!c.checked) fprintf(stderr, "weir bench: a burst did not end as it must\n");
    return c.checked ? 0 : 1;
}
