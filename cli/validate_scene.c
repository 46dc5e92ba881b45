#include "cli/validate_scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

#define ACCOUNTS_MAX 256
#define ORDERS_MAX   256
#define LINE_SIZE    512

static void on_event(void *ctx, const struct weir_event *event) {
    struct weir_scene *scene = ctx;
    if (event->kind == WEIR_EV_REJECTED && scene->refused++ == 0)
        (void)snprintf(scene->problem, sizeof scene->problem, "command %llu is rejected: %s, %s",
                       (unsigned long long)event->seq, weir_reason_words[event->rejected.reason],
                       event->rejected.detail ? event->rejected.detail : "");
    scene->sink(scene->ctx, event);
}

bool weir_scene_open(struct weir_scene *scene, const char *yaml, weir_event_sink sink, void *ctx) {
    const struct weir_engine_options bounds = {.accounts_max = ACCOUNTS_MAX,
                                               .orders_max = ORDERS_MAX};
    struct weir_file_error error;
    *scene = (struct weir_scene){.sink = sink, .ctx = ctx};
    scene->venue = weir_venue_parse(yaml, strlen(yaml), "venue", NULL, 0, &error);
    if (!scene->venue) {
        (void)snprintf(scene->problem, sizeof scene->problem, "%s", error.text);
        return false;
    }
    scene->engine = weir_engine_new(scene->venue, &bounds, on_event, scene);
    if (scene->engine) return true;
    (void)snprintf(scene->problem, sizeof scene->problem, "no memory");
    weir_scene_close(scene);
    return false;
}

void weir_scene_say(struct weir_scene *scene, const char *format, ...) {
    static struct weir_risk_change risk;
    struct weir_command command;
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    WEIR_CHECK(size > 0 && (size_t)size < sizeof line);
    weir_json_read(line, (size_t)size, 1, &risk, &command);
    weir_engine_apply(scene->engine, &command);
}

void weir_scene_close(struct weir_scene *scene) {
    weir_engine_free(scene->engine);
    weir_venue_free(scene->venue);
    scene->engine = NULL;
    scene->venue = NULL;
}
