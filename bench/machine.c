/* What a measurement was made on. */
#include "bench/cases.h"
#include "cli/allocator.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifdef __clang__
#define COMPILER "clang"
#else
#define COMPILER "gcc"
#endif
#ifdef __OPTIMIZE__
#define OPTIMISED "true"
#else
#define OPTIMISED "false"
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED "true"
#else
#define SANITIZED "false"
#endif
#ifdef WEIR_HEAVY_CHECKS
#define HEAVY "true"
#else
#define HEAVY "false"
#endif

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

/* The number behind `key` in a file of kernel figures, in MiB. */
static unsigned long memory_fact(const char *path, const char *key) {
    unsigned long kib = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    char line[256];
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtoul(line + strcspn(line, "0123456789"), NULL, 10);
    fclose(file);
    return kib / 1024;
}

uint64_t bench_large_pages_mib(void) {
    return memory_fact("/proc/self/smaps_rollup", "AnonHugePages");
}

/* The first line of a small file, with quotes. */
static void line_fact(FILE *out, const char *path) {
    char line[128] = "unknown";
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fgets(line, sizeof line, file) == NULL) line[0] = 0;
        fclose(file);
    }
    line[strcspn(line, "\n")] = 0;
    weir_cli_json_string(out, line);
}

void bench_machine_json(FILE *out) {
    char model[128], cache[64], allocator[64], started[32];
    double load[3] = {0};
    time_t now = time(NULL);
    struct utsname name = {0};
    cpu_fact("model name", model, sizeof model);
    cpu_fact("cache size", cache, sizeof cache);
    if (getloadavg(load, 3) < 1) load[0] = -1;
    (void)uname(&name);
    (void)strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    fprintf(out,
            "\"machine\":{\"cpu\":\"%s\",\"cores\":%ld,\"cache\":\"%s\",\"memory_mib\":%lu,"
            "\"free_mib\":%lu,\"kernel\":\"%s %s\",\"load\":%.2f,\"huge_pages\":",
            model, sysconf(_SC_NPROCESSORS_ONLN), cache, memory_fact("/proc/meminfo", "MemTotal"),
            memory_fact("/proc/meminfo", "MemAvailable"), name.sysname, name.release, load[0]);
    line_fact(out, "/sys/kernel/mm/transparent_hugepage/enabled");
    fprintf(out, ",\"started\":\"%s\"},\"build\":{\"version\":\"%s\",\"compiler\":\"%s %s\",",
            started, WEIR_VERSION, COMPILER, __VERSION__);
    fprintf(out, "\"optimised\":%s,\"sanitizers\":%s,\"heavy_invariants\":%s,\"allocator\":\"%s\"}",
            OPTIMISED, SANITIZED, HEAVY, weir_allocator_name(allocator, sizeof allocator));
}
