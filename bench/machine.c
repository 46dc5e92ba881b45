/* What a measurement was made on. */
#include "bench/bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The value of the first line of /proc/cpuinfo that starts with `key`, printable, no quotes. */
static void cpu_fact(const char *key, char *text, size_t size) {
    snprintf(text, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL) return;
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, key, strlen(key)) != 0 || colon == NULL) continue;
        size_t n = 0;
        for (const char *p = colon + 1 + strspn(colon + 1, " \t"); *p && n + 1 < size; p++)
            if (*p >= ' ' && *p < 127 && *p != '"' && *p != '\\') text[n++] = *p;
        text[n] = 0;
        break;
    }
    fclose(file);
}

static void json_start(FILE *out) {
    char model[128];
    cpu_fact("model name", model, sizeof model);
    fprintf(out, "{\"machine\":{\"cpu\":\"%s\",\"cores\":%ld},", model,
            sysconf(_SC_NPROCESSORS_ONLN));
    fprintf(out, "\"build\":{\"version\":\"%s\",\"compiler\":\"%s\",\"optimised\":%s}",
            WEIR_VERSION, __VERSION__,
#ifdef __OPTIMIZE__
            "true"
#else
            "false"
#endif
    );
}

static bool json_open;

void weir_bench_json_array(const char *name) {
    if (!json_open) json_start(stdout);
    json_open = true;
    printf(",\"%s\":[", name);
}

void weir_bench_json_end(void) {
    if (json_open) printf("}\n");
    json_open = false;
}
