/* Cases of a benchmark as JSON, or as lines of a table. */
#include "bench/cases.h"
#include "bench/targets.h"
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What stands on standard output so far. */
static struct {
    bool json, quiet, progress;
    const struct weir_bench_kind *kind;   /* of the job, */
    char parameters[1024];                /* a JSON object, */
    uint32_t given;                       /* parameters, a bit each */
    bool told, begun;                     /* with more than the seed; its first case stands */
    bool open;                            /* JSON: the object has begun, */
    const struct weir_bench_kind *array;  /* the array of this one is open, or NULL, */
    bool any;                             /* and has a case */
    const struct weir_bench_kind *headed; /* table: whose head stands */
    int argc;
    char **argv;
} out;

uint64_t bench_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_case_sort(struct bench_case *c) {
    qsort(c->times, (size_t)c->runs, sizeof c->times[0], ascending);
    qsort(c->baseline, (size_t)c->baseline_runs, sizeof c->baseline[0], ascending);
}

double bench_case_median(struct bench_case *c) {
    bench_case_sort(c);
    return c->runs > 0 ? c->times[c->runs / 2] : 0;
}

double bench_case_ratio(const struct bench_case *c) {
    double own = c->runs > 0 ? c->times[c->runs / 2] : 0;
    return own > 0 ? c->baseline[c->baseline_runs / 2] / own : 0;
}

static bool any_wanted;

bool bench_cases_wanted(void) {
    return any_wanted;
}

static bool is_wanted(const struct weir_bench_job *job, const char *name) {
    if (job->only == NULL) return true;
    for (const char *at = job->only; at != NULL;) {
        const char *bar = strchr(at, '|');
        size_t size = bar != NULL ? (size_t)(bar - at) : strlen(at);
        if (memmem(name, strlen(name), at, size) != NULL) return true;
        at = bar != NULL ? bar + 1 : NULL;
    }
    return false;
}

bool bench_case_wanted(const struct weir_bench_job *job, const char *name) {
    bool wanted = is_wanted(job, name);
    any_wanted |= wanted;
    return wanted;
}

int bench_runs(const struct weir_bench_job *job, int own) {
    return job->runs > 0 ? (int)job->runs : own;
}

bool bench_stopped(void) {
    return weir_cli_interrupted != 0;
}

bool bench_goes_on(const struct bench_case *c, int run, int runs) {
    return run < runs && c->checked && !bench_stopped();
}

/* ---- Output ---------------------------------------------------------------------------------- */
void weir_bench_output(bool json, bool quiet, bool progress, int argc, char **argv) {
    out.json = json;
    out.quiet = quiet;
    out.progress = progress && json;
    out.argc = argc;
    out.argv = argv;
}

static void json_open(void) {
    if (out.open) return;
    out.open = true;
    printf("{");
    bench_machine_json(stdout);
    printf(",\"command\":[");
    for (int i = 0; i < out.argc; i++) {
        if (i > 0) printf(",");
        weir_cli_json_string(stdout, out.argv[i]);
    }
    printf("]");
}

static void json_close_array(void) {
    if (out.array != NULL) printf("]");
    out.array = NULL;
}

bool weir_bench_output_end(bool interrupted, double fail_above) {
    if (out.json) {
        json_open();
        json_close_array();
    }
    bench_targets_end(out.json);
    bool kept = bench_compare_end(out.json, fail_above);
    if (out.json) printf(",\"interrupted\":%s}\n", interrupted ? "true" : "false");
    return kept;
}

void bench_cases_of(const struct weir_bench_kind *kind, const struct weir_bench_job *job) {
    out.kind = kind;
    int n = snprintf(out.parameters, sizeof out.parameters, "{\"seed\":%llu,\"quick\":%s",
                     (unsigned long long)job->seed, job->quick ? "true" : "false");
    out.told = false;
    out.given = 0;
    for (uint32_t i = 0; i < PARAMETER_COUNT; i++) {
        if (job->value[i] < 0) continue;
        out.given |= UINT32_C(1) << i;
        const struct weir_bench_parameter *p = &weir_bench_parameters[i];
        const char *quote = p->form == WEIR_BENCH_WORD || p->form == WEIR_BENCH_GOAL ? "\"" : "";
        char value[64];
        weir_bench_value_text(i, job->value[i], value, sizeof value);
        n += snprintf(out.parameters + n, sizeof out.parameters - (size_t)n, ",\"%s\":%s%s%s",
                      p->name, quote, value, quote);
        out.told = true;
    }
    snprintf(out.parameters + n, sizeof out.parameters - (size_t)n, "}");
    out.begun = false;
}

/* What stands before the first case of a job. */
static void begin(void) {
    if (out.begun) return;
    out.begun = true;
    const struct weir_bench_kind *kind = out.kind;
    if (out.json) {
        json_open();
        if (out.array == kind) return;
        json_close_array();
        printf(",\"%s\":[", kind->name);
        out.array = kind;
        out.any = false;
    } else if (!out.quiet) {
        if (out.headed != kind)
            printf("%s%s%s%s\n%-40s %12s %12s %12s %6s %12s\n", out.headed ? "\n" : "", kind->name,
                   kind->baseline ? ", beside " : "", kind->baseline ? kind->baseline : "", "",
                   "median", "min", "max", "", "ratio");
        out.headed = kind;
        if (out.told) printf("%s\n", out.parameters);
    }
}

static void print_json(const struct bench_case *c) {
    printf("%s{\"name\":", out.any ? ",\n" : "\n");
    weir_cli_json_string(stdout, c->name);
    printf(",\"parameters\":%s,%s%s%s%s\"runs\":%d,", out.parameters, c->facts,
           c->facts[0] ? "," : "", c->more ? c->more : "", c->more ? "," : "", c->runs);
    if (c->runs > 0)
        printf("\"median\":%.2f,\"min\":%.2f,\"max\":%.2f,", c->times[c->runs / 2], c->times[0],
               c->times[c->runs - 1]);
    else
        printf("\"median\":null,\"min\":null,\"max\":null,");
    printf("\"unit\":\"%s\",", c->unit);
    if (c->baseline_runs > 0 && c->runs > 0)
        printf("\"baseline\":{\"name\":\"%s\",\"median\":%.2f,\"min\":%.2f,\"max\":%.2f},"
               "\"ratio\":%.3f,",
               out.kind->baseline, c->baseline[c->baseline_runs / 2], c->baseline[0],
               c->baseline[c->baseline_runs - 1], bench_case_ratio(c));
    else
        printf("\"baseline\":null,\"ratio\":null,");
    printf("\"checked\":%s}", c->checked ? "true" : "false");
    out.any = true;
}

static void print_line(const struct bench_case *c) {
    printf("%-40s", c->name);
    if (c->runs > 0)
        printf(" %12.1f %12.1f %12.1f %-6s", c->times[c->runs / 2], c->times[0],
               c->times[c->runs - 1], c->unit);
    if (c->runs > 0 && c->baseline_runs > 0)
        printf(" %12.*f", bench_case_ratio(c) < 0.1 ? 5 : 2, bench_case_ratio(c));
    else
        printf(" %12s", "");
    printf("  %s%s\n", c->remark, c->checked ? "" : "  WRONG RESULT");
}

void bench_note(const char *format, ...) {
    if (out.json || out.quiet) return;
    va_list args;
    va_start(args, format);
    printf("  ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
}

void bench_case_print(struct bench_case *c) {
    any_wanted = true; /* by those benchmarks, too, that have but one */
    if (c->runs == 0 && c->checked) {
        free(c->more);
        return;
    }
    bench_case_sort(c);
    begin();
    if (out.json)
        print_json(c);
    else if (!out.quiet)
        print_line(c);
    fflush(stdout);
    if (out.progress)
        fprintf(stderr, "%s %s: %.1f %s\n", out.kind->name, c->name,
                c->runs > 0 ? c->times[c->runs / 2] : 0, c->unit);
    bench_compare_case(out.kind->name, out.parameters, c);
    bench_targets_case(out.kind->name, out.given, c);
    free(c->more);
    c->more = NULL;
}
