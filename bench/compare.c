/* A saved result beside the one that is being made. */
#include "bench/cases.h"
#include "cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Medians of a case, and how far its runs lay apart. */
struct figures {
    double median, min, max;
};

struct row {
    char name[96]; /* benchmark and case */
    char parameters[1024];
    const char *unit;
    struct figures was, is;
    bool known; /* in the saved result */
};

static struct {
    const char *path; /* NULL: nothing to compare with */
    json_t *saved;
    struct row *rows;
    size_t count, room;
} compare;

bool weir_bench_compare(const char *path, char *error, size_t size) {
    json_error_t problem;
    json_t *saved = json_load_file(path, 0, &problem);
    if (saved == NULL) {
        if (problem.line < 0)
            snprintf(error, size, "%s: %s", path, problem.text);
        else
            snprintf(error, size, "%s:%d:%d: %s", path, problem.line, problem.column, problem.text);
        return false;
    }
    if (!json_is_object(json_object_get(saved, "machine")) ||
        !json_is_object(json_object_get(saved, "build"))) {
        snprintf(error, size, "%s: expected what weir bench --json printed", path);
        json_decref(saved);
        return false;
    }
    compare.path = path;
    compare.saved = saved;
    return true;
}

static bool read_figures(const json_t *found, struct figures *f) {
    const json_t *median = json_object_get(found, "median");
    const json_t *least = json_object_get(found, "min"), *most = json_object_get(found, "max");
    if (!json_is_number(median) || !json_is_number(least) || !json_is_number(most)) return false;
    *f = (struct figures){json_number_value(median), json_number_value(least),
                          json_number_value(most)};
    return f->median > 0;
}

/* The saved case of this benchmark, name and parameters. */
static bool find_saved(const char *bench, const char *name, const char *parameters,
                       struct figures *f) {
    json_t *wanted = json_loads(parameters, 0, NULL);
    const json_t *found;
    size_t i;
    bool known = false;
    json_array_foreach(json_object_get(compare.saved, bench), i, found) {
        const char *text = json_string_value(json_object_get(found, "name"));
        if (text == NULL || strcmp(text, name) != 0) continue;
        if (!json_equal(json_object_get(found, "parameters"), wanted)) continue;
        known = read_figures(found, f);
        if (known) break;
    }
    json_decref(wanted);
    return known;
}

void bench_compare_case(const char *bench, const char *parameters, const struct bench_case *c) {
    if (compare.path == NULL || c->runs == 0) return;
    if (compare.count == compare.room) {
        size_t room = compare.room > 0 ? 2 * compare.room : 64;
        struct row *rows = realloc(compare.rows, room * sizeof *rows);
        if (rows == NULL) return;
        compare.rows = rows;
        compare.room = room;
    }
    struct row *row = &compare.rows[compare.count++];
    *row = (struct row){.unit = c->unit};
    snprintf(row->name, sizeof row->name, "%s %s", bench, c->name);
    snprintf(row->parameters, sizeof row->parameters, "%s", parameters);
    row->is = (struct figures){c->times[c->runs / 2], c->times[0], c->times[c->runs - 1]};
    row->known = find_saved(bench, c->name, parameters, &row->was);
}

static double ratio(const struct row *row) {
    return row->known ? row->is.median / row->was.median : 0;
}

/* Runs of both lay partly where those of the other did: the difference may be noise. */
static bool overlap(const struct row *row) {
    return row->is.min <= row->was.max && row->was.min <= row->is.max;
}

static const char *verdict(const struct row *row) {
    if (!row->known) return "new";
    if (row->is.median == row->was.median) return "same";
    if (overlap(row)) return "within noise";
    return row->is.median < row->was.median ? "less" : "more";
}

static void print_json(void) {
    printf(",\"comparison\":{\"with\":");
    weir_cli_json_string(stdout, compare.path);
    printf(",\"cases\":[");
    for (size_t i = 0; i < compare.count; i++) {
        const struct row *row = &compare.rows[i];
        printf("%s{\"name\":", i > 0 ? ",\n" : "\n");
        weir_cli_json_string(stdout, row->name);
        printf(",\"parameters\":%s,", row->parameters);
        if (row->known)
            printf("\"old\":{\"median\":%.2f,\"min\":%.2f,\"max\":%.2f},", row->was.median,
                   row->was.min, row->was.max);
        else
            printf("\"old\":null,");
        printf("\"new\":{\"median\":%.2f,\"min\":%.2f,\"max\":%.2f},", row->is.median, row->is.min,
               row->is.max);
        if (row->known)
            printf("\"ratio\":%.4f,", ratio(row));
        else
            printf("\"ratio\":null,");
        printf("\"unit\":\"%s\",\"verdict\":\"%s\"}", row->unit, verdict(row));
    }
    printf("]}");
}

static void print_table(void) {
    printf("\ncompared with %s: medians, (min .. max), new / old\n", compare.path);
    const char *parameters = "";
    for (size_t i = 0; i < compare.count; i++) {
        const struct row *row = &compare.rows[i];
        if (strcmp(parameters, row->parameters) != 0) printf("%s\n", row->parameters);
        parameters = row->parameters;
        printf("%-40s", row->name);
        if (row->known)
            printf(" %11.1f (%.1f .. %.1f)", row->was.median, row->was.min, row->was.max);
        printf(" %11.1f (%.1f .. %.1f) %s", row->is.median, row->is.min, row->is.max, row->unit);
        if (row->known) printf("  x%.3f", ratio(row));
        printf("  %s\n", verdict(row));
    }
}

/* Figures of another machine or compiler say little. */
static void tell_differences(void) {
    static const struct {
        const char *part, *fact;
    } facts[] = {{"machine", "cpu"},    {"machine", "cores"},   {"build", "compiler"},
                 {"build", "version"},  {"build", "optimised"}, {"build", "sanitizers"},
                 {"build", "allocator"}};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return;
    fputc('{', out);
    bench_machine_json(out);
    fputc('}', out);
    json_t *now = fclose(out) == 0 ? json_loads(text, 0, NULL) : NULL;
    for (size_t i = 0; now != NULL && i < sizeof facts / sizeof facts[0]; i++) {
        const char *part = facts[i].part, *fact = facts[i].fact;
        const json_t *was = json_object_get(json_object_get(compare.saved, part), fact);
        const json_t *is = json_object_get(json_object_get(now, part), fact);
        if (!json_equal(was, is))
            fprintf(stderr, "weir bench: %s: measured with another %s %s\n", compare.path, part,
                    fact);
    }
    json_decref(now);
    free(text);
}

bool bench_compare_end(bool json, double fail_above) {
    if (compare.path == NULL) return true;
    tell_differences();
    bool kept = true, any = false;
    for (size_t i = 0; i < compare.count; i++) {
        const struct row *row = &compare.rows[i];
        any |= row->known;
        if (fail_above < 0 || !row->known || ratio(row) <= 1 + fail_above / 100) continue;
        fprintf(stderr, "weir bench: %s: %.1f %% more than in %s\n", row->name,
                (ratio(row) - 1) * 100, compare.path);
        kept = false;
    }
    if (!any) fprintf(stderr, "weir bench: %s: no case in common\n", compare.path);
    if (json)
        print_json();
    else
        print_table();
    json_decref(compare.saved);
    free(compare.rows);
    memset(&compare, 0, sizeof compare);
    return fail_above < 0 || (kept && any);
}
