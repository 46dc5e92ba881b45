/* The stream itself: venues that load, lines that repeat, text that survives a round trip. */
#include <criterion/criterion.h>

#include <string.h>

#include "stream.h"
#include "tests/scale.h"

static bool same_command(const struct weir_command *a, const struct weir_command *b) {
    struct weir_command x = *a, y = *b;
    bool risk = a->risk != NULL && b->risk != NULL;
    if ((a->risk == NULL) != (b->risk == NULL)) return false;
    if (risk && memcmp(a->risk, b->risk, sizeof *a->risk) != 0) return false;
    x.risk = y.risk = NULL;
    return memcmp(&x, &y, sizeof x) == 0;
}

/* What is read, written and read again is the same command. */
static void check_round_trip(const char *line, size_t size, struct weir_command *command) {
    static struct weir_risk_change risk, risk_again;
    static struct weir_command again;
    static char text[WEIR_LINE_MAX + 1];
    weir_json_read(line, size, 7, &risk, command);
    if (command->reject != WEIR_OK) return;
    size_t written = weir_json_command(command, text, sizeof text);
    cr_assert(written > 1 && text[written - 1] == '\n', "%.*s", (int)size, line);
    weir_json_read(text, written - 1, 7, &risk_again, &again);
    cr_assert(same_command(command, &again), "%.*s became %s", (int)size, line, text);
}

Test(stream, venues_load_and_lines_survive_a_round_trip) {
    static char line[8192];
    static struct weir_command command;
    uint64_t kinds[WEIR_CMD_COUNT] = {0}, refused = 0, total = 0;
    uint64_t seeds = weir_test_scale(40);
    for (uint64_t seed = 0; seed < seeds; seed++) {
        for (uint32_t shape = 0; shape < weir_stream_shapes(); shape++) {
            struct weir_stream *stream = weir_stream_new(seed, shape);
            cr_assert(stream != NULL);
            const char *text = weir_stream_venue(stream);
            struct weir_file_error error;
            struct weir_venue *venue =
                weir_venue_parse(text, strlen(text), "venue", NULL, 0, &error);
            cr_assert(venue != NULL, "seed %d, shape %s: %s", (int)seed,
                      weir_stream_shape_name(shape), venue == NULL ? error.text : "");
            for (int i = 0; i < 300; i++) {
                size_t size = weir_stream_next(stream, line, sizeof line);
                check_round_trip(line, size, &command);
                kinds[command.kind]++;
                refused += command.reject != WEIR_OK;
                total++;
            }
            weir_venue_free(venue);
            weir_stream_free(stream);
        }
    }
    /* Cancels and amendments name orders that still rest: without events there are none. */
    for (size_t kind = 0; seeds >= 10 && kind < WEIR_CMD_COUNT; kind++)
        cr_assert(kinds[kind] > 0 || kind == WEIR_CMD_CANCEL || kind == WEIR_CMD_AMEND,
                  "no command of kind %d was made", (int)kind);
    cr_assert(refused > 0 && refused * 10 < total, "%d of %d lines are no command", (int)refused,
              (int)total);
}

Test(stream, the_same_seed_gives_the_same_lines) {
    static char a[8192], b[8192];
    for (uint32_t shape = 0; shape < weir_stream_shapes(); shape++) {
        struct weir_stream *one = weir_stream_new(5, shape), *two = weir_stream_new(5, shape);
        struct weir_stream *other = weir_stream_new(6, shape);
        weir_stream_mutate(one, 100000);
        weir_stream_mutate(two, 100000);
        cr_assert_str_eq(weir_stream_venue(one), weir_stream_venue(two));
        cr_assert_str_neq(weir_stream_venue(one), weir_stream_venue(other));
        for (int i = 0; i < 500; i++) {
            size_t n = weir_stream_next(one, a, sizeof a), m = weir_stream_next(two, b, sizeof b);
            cr_assert(n == m && memcmp(a, b, n) == 0);
        }
        weir_stream_free(one);
        weir_stream_free(two);
        weir_stream_free(other);
    }
}
