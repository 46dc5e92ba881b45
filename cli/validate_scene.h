/* Private to `weir validate`: a venue of its own in an engine of its own, told what happens by
 * lines of the text protocol, for validations that drive the program as its users do. */
#ifndef WEIR_CLI_VALIDATE_SCENE_H
#define WEIR_CLI_VALIDATE_SCENE_H

#include "engine/engine.h"

struct weir_scene {
    struct weir_venue *venue;
    struct weir_engine *engine;
    weir_event_sink sink; /* the validation's; it gets every event */
    void *ctx;
    uint64_t refused; /* commands that were rejected: a scene is made of valid ones */
    char problem[512];
};
/* Begins a scene at the venue that `yaml` describes. False, with scene->problem, when that does not
 * read or memory is refused. */
bool weir_scene_open(struct weir_scene *scene, const char *yaml, weir_event_sink sink, void *ctx);
/* Gives a command: one line of the text protocol, formatted as by printf. The first that is
 * rejected is kept in scene->problem. */
void weir_scene_say(struct weir_scene *scene, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void weir_scene_close(struct weir_scene *scene);

#endif
