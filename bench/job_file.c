/* Job files: benchmarks with their parameters, written down. */
#include "bench/bench.h"
#include "cli/cli.h"
#include "market/yaml.h"

#include <stdlib.h>
#include <string.h>

#define JOBS_MAX 64

struct weir_bench_file {
    struct weir_yaml *yaml; /* texts of the jobs stand there */
    uint32_t count;
    struct weir_bench_jobs jobs[JOBS_MAX];
};

struct reading {
    struct weir_bench_file *file;
    struct weir_file_error *error;
};

static bool fail(const struct reading *r, const struct weir_yaml_node *node, const char *text) {
    return weir_yaml_fail(r->file->yaml, node, false, r->error, "%s", text);
}

/* The scalars of a list, or the scalar itself, one after the other; *at starts as NULL. */
static const struct weir_yaml_node *next_item(const struct weir_yaml_node *node,
                                              const struct weir_yaml_node *at) {
    if (node->kind == WEIR_YAML_SEQUENCE) return at == NULL ? node->first : at->next;
    return at == NULL ? node : NULL;
}

static bool read_benches(const struct reading *r, const struct weir_yaml_node *node,
                         struct weir_bench_jobs *jobs) {
    for (const struct weir_yaml_node *at = next_item(node, NULL); at; at = next_item(node, at)) {
        if (at->kind != WEIR_YAML_SCALAR || !weir_bench_choose(jobs, at->text))
            return fail(r, at, "expected the name of a benchmark (weir bench --help)");
    }
    return jobs->benches != 0 || fail(r, node, "expected the name of a benchmark, or several");
}

static bool read_values(const struct reading *r, const struct weir_yaml_node *node,
                        struct weir_bench_jobs *jobs, uint32_t parameter) {
    char error[256];
    for (const struct weir_yaml_node *at = next_item(node, NULL); at; at = next_item(node, at)) {
        if (at->kind != WEIR_YAML_SCALAR) return fail(r, at, "expected a number");
        if (!weir_bench_value(jobs, parameter, at->text, at->size, error, sizeof error))
            return fail(r, at, error);
    }
    return jobs->count[parameter] > 0 || fail(r, node, "expected a number, or several");
}

static const struct weir_yaml_field common[] = {
    {.key = "runs",
     .type = WEIR_YAML_COUNT,
     .offset = offsetof(struct weir_bench_job, runs),
     .min = 1,
     .max = WEIR_BENCH_RUNS_MAX},
    {.key = "warmup",
     .type = WEIR_YAML_COUNT,
     .offset = offsetof(struct weir_bench_job, warmup),
     .min = 1,
     .max = WEIR_BENCH_RUNS_MAX},
    {.key = "seed", .type = WEIR_YAML_UNSIGNED, .offset = offsetof(struct weir_bench_job, seed)},
    {.key = "quick", .type = WEIR_YAML_FLAG, .offset = offsetof(struct weir_bench_job, quick)},
    {.key = NULL, .type = WEIR_YAML_END}};

/* One key of the file or of a job. */
static bool read_key(const struct reading *r, const struct weir_yaml_node *node, bool in_job,
                     struct weir_bench_jobs *jobs) {
    struct weir_yaml_reader reader = {.yaml = r->file->yaml, .error = r->error};
    for (const struct weir_yaml_field *f = common; f->key != NULL; f++)
        if (strcmp(node->key, f->key) == 0)
            return weir_yaml_read_field(&reader, node, f, &jobs->job);
    const char **text = strcmp(node->key, "case") == 0       ? &jobs->job.only
                        : strcmp(node->key, "workload") == 0 ? &jobs->job.workload
                        : strcmp(node->key, "scenario") == 0 ? &jobs->job.scenario
                                                             : NULL;
    if (text != NULL) {
        if (node->kind != WEIR_YAML_SCALAR) return fail(r, node, "expected a text");
        *text = node->text;
        return true;
    }
    if (in_job && strcmp(node->key, "bench") == 0) return read_benches(r, node, jobs);
    for (uint32_t p = 0; in_job && p < PARAMETER_COUNT; p++)
        if (strcmp(node->key, weir_bench_parameters[p].name) == 0)
            return read_values(r, node, jobs, p);
    return weir_yaml_fail(r->file->yaml, node, true, r->error,
                          "`%s` is not known here; expected runs, warmup, seed, quick, case, "
                          "workload, scenario%s",
                          node->key, in_job ? ", bench or a parameter of weir bench" : " or jobs");
}

static bool read_job(const struct reading *r, const struct weir_yaml_node *node,
                     const struct weir_bench_jobs *defaults) {
    char error[512];
    if (node->kind != WEIR_YAML_MAPPING) return fail(r, node, "expected a job, {bench: NAME, ...}");
    if (r->file->count == JOBS_MAX) return fail(r, node, "there are more than 64 jobs");
    struct weir_bench_jobs *jobs = &r->file->jobs[r->file->count++];
    *jobs = *defaults;
    for (const struct weir_yaml_node *key = node->first; key != NULL; key = key->next)
        if (!read_key(r, key, true, jobs)) return false;
    if (weir_bench_settle(jobs, error, sizeof error) != NULL) return fail(r, node, error);
    return true;
}

static bool read_file(const struct reading *r) {
    const struct weir_yaml_node *root = weir_yaml_root(r->file->yaml);
    const struct weir_yaml_node *list = weir_yaml_find(root, "jobs");
    struct weir_bench_jobs defaults;
    weir_bench_jobs_init(&defaults);
    if (list == NULL || list->kind != WEIR_YAML_SEQUENCE || list->count == 0)
        return fail(r, list != NULL ? list : root, "expected `jobs:` and a list of jobs");
    for (const struct weir_yaml_node *key = root->first; key != NULL; key = key->next)
        if (key != list && !read_key(r, key, false, &defaults)) return false;
    for (const struct weir_yaml_node *job = list->first; job != NULL; job = job->next)
        if (!read_job(r, job, &defaults)) return false;
    return true;
}

struct weir_bench_file *weir_bench_file_load(const char *path, struct weir_file_error *error) {
    struct weir_bench_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        snprintf(error->text, sizeof error->text, "%s: out of memory", path);
        return NULL;
    }
    file->yaml = weir_yaml_load(path, error);
    struct reading r = {file, error};
    if (file->yaml != NULL && read_file(&r)) return file;
    weir_bench_file_free(file);
    return NULL;
}

struct weir_bench_jobs *weir_bench_file_jobs(struct weir_bench_file *file, uint32_t *count) {
    *count = file->count;
    return file->jobs;
}

void weir_bench_file_free(struct weir_bench_file *file) {
    if (file == NULL) return;
    if (file->yaml != NULL) weir_yaml_free(file->yaml);
    free(file);
}
