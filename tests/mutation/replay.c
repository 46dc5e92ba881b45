/* `replay - --venue FILE [--set KEY=VALUE]... [--reference]`: what the scripts of tests/engine need
 * of `weir replay`, linked against a mutant in a moment. */
#include "engine/engine.h"
#include "reference/reference.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[1 << 20];

static void print(void *venue, const struct weir_event *event) {
    size_t size = weir_json_event(venue, event, text, sizeof text);
    if (size <= sizeof text) fwrite(text, 1, size, stdout);
}

int main(int argc, char **argv) {
    static struct weir_setting settings[64];
    static struct weir_risk_change risk;
    static struct weir_command command;
    const char *path = "";
    size_t count = 0;
    bool reference = false;
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--reference") == 0) reference = true;
        if (strcmp(argv[i], "--venue") == 0 && i + 1 < argc) path = argv[++i];
        if (strcmp(argv[i], "--set") == 0 && i + 1 < argc && count < 64) {
            char *equals = strchr(argv[++i], '=');
            if (equals == NULL) return 2;
            *equals = 0;
            settings[count++] = (struct weir_setting){argv[i], equals + 1};
        }
    }
    struct weir_file_error error;
    struct weir_venue *venue = weir_venue_load(path, settings, count, &error);
    if (venue == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    struct weir_engine_options options = {.accounts_max = 1024, .orders_max = 4096};
    struct weir_engine *engine = reference ? NULL : weir_engine_new(venue, &options, print, venue);
    struct weir_reference *twin = reference ? weir_reference_new(venue, print, venue) : NULL;
    if (engine == NULL && twin == NULL) return 1;
    struct weir_lines *lines = weir_lines_new(STDIN_FILENO);
    const char *line;
    size_t size;
    uint64_t number;
    while (weir_lines_next(lines, &line, &size, &number) == 1) {
        weir_json_read(line, size, number, &risk, &command);
        if (reference)
            weir_reference_apply(twin, &command);
        else
            weir_engine_apply(engine, &command);
    }
    bool broken = engine != NULL && weir_engine_audit(engine) != NULL;
    weir_lines_free(lines);
    weir_engine_free(engine);
    if (twin != NULL) weir_reference_free(twin);
    weir_venue_free(venue);
    return broken ? 1 : 0;
}
