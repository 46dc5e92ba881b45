/* Cases of a benchmark as JSON, or as lines of a table. */
#include "bench/cases.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_case_sort(struct bench_case *c) {
    qsort(c->times, (size_t)c->runs, sizeof c->times[0], ascending);
    qsort(c->baseline, (size_t)c->baseline_runs, sizeof c->baseline[0], ascending);
}

double bench_case_ratio(const struct bench_case *c) {
    double own = c->times[c->runs / 2];
    return own > 0 ? c->baseline[c->baseline_runs / 2] / own : 0;
}

void bench_cases_start(const char *bench, const char *baseline, bool json) {
    if (json)
        weir_bench_json_array(bench);
    else
        printf("%s, beside %s\n%-40s %12s %12s %12s %6s %12s\n", bench, baseline, "", "median",
               "min", "max", "", "ratio");
}

void bench_case_print(struct bench_case *c, const char *baseline, bool json, bool first) {
    bench_case_sort(c);
    double median = c->times[c->runs / 2], least = c->times[0], most = c->times[c->runs - 1];
    if (json) {
        printf("%s{\"name\":\"%s\",%s%s\"runs\":%d,\"median\":%.2f,\"min\":%.2f,\"max\":%.2f,"
               "\"unit\":\"%s\",",
               first ? "" : ",", c->name, c->facts, c->facts[0] ? "," : "", c->runs, median, least,
               most, c->unit);
        if (c->baseline_runs > 0)
            printf("\"baseline\":{\"name\":\"%s\",\"median\":%.2f},\"ratio\":%.2f,", baseline,
                   c->baseline[c->baseline_runs / 2], bench_case_ratio(c));
        else
            printf("\"baseline\":null,\"ratio\":null,");
        printf("\"checked\":%s}", c->checked ? "true" : "false");
    } else {
        printf("%-40s %12.1f %12.1f %12.1f %-6s", c->name, median, least, most, c->unit);
        if (c->baseline_runs > 0)
            printf(" %12.1f", bench_case_ratio(c));
        else
            printf(" %12s", "");
        printf("  %s%s\n", c->remark, c->checked ? "" : "  WRONG RESULT");
    }
    fflush(stdout);
}

void bench_cases_end(bool json) {
    printf(json ? "]" : "\n");
}
