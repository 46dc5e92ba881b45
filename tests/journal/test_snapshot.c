/* Snapshots: on a real folder by a process of its own, on the pretended disk with the power going
 * at every step, and damaged in every way. The engine's commands are random streams. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/random/stream.h"
#include "disk_fake.h"
#include "journal/snapshot.h"
#include "wire/wire.h"

static const struct weir_engine_options bounds = {.accounts_max = 4096, .orders_max = 1 << 16};

/* An engine and the stream that drives it. */
struct machine {
    struct weir_stream *stream;
    struct weir_venue *venue;
    struct weir_engine *engine;
};

static void hear(void *ctx, const struct weir_event *event) {
    weir_stream_observe(ctx, event);
}

static void machine_new(struct machine *m, uint64_t seed) {
    struct weir_file_error error;
    m->stream = weir_stream_new(seed, (uint32_t)(seed % weir_stream_shapes()));
    const char *text = weir_stream_venue(m->stream);
    m->venue = weir_venue_parse(text, strlen(text), "venue", NULL, 0, &error);
    cr_assert(m->venue != NULL);
    m->engine = weir_engine_new(m->venue, &bounds, hear, m->stream);
    cr_assert(m->engine != NULL);
}

static void machine_free(struct machine *m) {
    weir_engine_free(m->engine);
    weir_venue_free(m->venue);
    weir_stream_free(m->stream);
}

/* So many commands of the stream, to `other` as well (NULL: to nobody). */
static void go_on(struct machine *m, struct weir_engine *other, int commands) {
    static struct weir_risk_change risk;
    static struct weir_command command;
    static char line[8192];
    for (int i = 0; i < commands; i++) {
        size_t size = weir_stream_next(m->stream, line, sizeof line);
        weir_json_read(line, size, 1, &risk, &command);
        weir_engine_apply(m->engine, &command);
        if (other != NULL) weir_engine_apply(other, &command);
    }
}

static struct weir_engine *load(const struct machine *m, struct weir_disk *disk, uint64_t number) {
    struct weir_snapshot_facts facts;
    struct weir_file_error problem;
    struct weir_engine *e =
        weir_snapshot_load(disk, number, m->venue, &bounds, NULL, NULL, true, &facts, &problem);
    cr_assert(e != NULL, "%s", problem.text);
    cr_assert_eq(facts.number, number);
    return e;
}

/* ---- A real folder --------------------------------------------------------------------------- */
Test(snapshot, another_process_makes_it_while_the_engine_goes_on) {
    char folder[] = "snapshot-test-XXXXXX";
    cr_assert(mkdtemp(folder) != NULL);
    struct weir_snapshot_facts facts;
    struct weir_file_error problem;
    uint64_t numbers[4], oldest;
    struct machine m;
    machine_new(&m, 3);
    for (int round = 1; round <= 3; round++) {
        go_on(&m, NULL, 400);
        uint64_t state_hash = weir_engine_digest(m.engine);
        int report, process = weir_snapshot_fork(folder, m.engine, m.venue, &bounds, 9, &report);
        cr_assert_gt(process, 0);
        go_on(&m, NULL, 50);
        cr_assert_eq(weir_snapshot_poll(process, report, true, &facts, &problem), 1, "%s",
                     problem.text);
        cr_assert_eq(facts.state_hash, state_hash);
        cr_assert_eq(facts.number, (uint64_t)(450 * round - 50));
    }
    struct weir_disk *disk =
        weir_disk_new(folder, &(struct weir_disk_options){.write = true, .plain = true}, &problem);
    cr_assert(disk != NULL);
    cr_assert_eq(weir_snapshot_list(disk, numbers, 4), 3);
    cr_assert(numbers[0] == 1300 && numbers[1] == 850 && numbers[2] == 400);
    cr_assert_eq(weir_snapshot_prune(disk, 2, &oldest), 0);
    cr_assert(oldest == 850 && weir_snapshot_list(disk, numbers, 4) == 2);
    cr_assert_eq(weir_snapshot_prune(disk, 0, &oldest), 0);
    cr_assert_eq(weir_snapshot_list(disk, numbers, 4), 0);
    disk->ops->free(disk);
    cr_assert_eq(rmdir(folder), 0);
    machine_free(&m);
}

Test(snapshot, a_process_that_dies_is_told) {
    char folder[] = "snapshot-test-XXXXXX";
    struct weir_snapshot_facts facts;
    struct weir_file_error problem = {0};
    struct machine m;
    int report;
    machine_new(&m, 3);
    go_on(&m, NULL, 10);
    cr_assert(mkdtemp(folder) != NULL && rmdir(folder) == 0);
    cr_assert(snprintf(folder, sizeof folder, "/dev/null/a") > 0);
    int process = weir_snapshot_fork(folder, m.engine, m.venue, &bounds, 9, &report);
    cr_assert_eq(weir_snapshot_poll(process, report, true, &facts, &problem), -1);
    cr_assert(strstr(problem.text, "/dev/null/a") != NULL, "%s", problem.text);
    machine_free(&m);
}

/* ---- The pretended disk ---------------------------------------------------------------------- */
static struct fake_disk fake;

/* A snapshot after 60 commands, another after 120 during which the power goes at a step. False when
 * the step never came. */
static bool lose_power(uint64_t seed, uint64_t step) {
    struct weir_snapshot_facts facts;
    struct weir_file_error problem;
    uint64_t numbers[4], hash[2];
    struct machine m;
    machine_new(&m, seed);
    fake_init(&fake, weir_random_at(seed, step));
    go_on(&m, NULL, 60);
    hash[0] = weir_engine_digest(m.engine);
    cr_assert_eq(weir_snapshot_write(&fake.disk, m.engine, m.venue, &bounds, 9, &facts, &problem),
                 0);
    fake_kill(&fake); /* its memory is one program's */
    go_on(&m, NULL, 60);
    hash[1] = weir_engine_digest(m.engine);
    fake.faults.crash_at = fake.step + step;
    if (seed == 2) fake.faults.late = fake.faults.cut_short = 300;
    bool whole =
        weir_snapshot_write(&fake.disk, m.engine, m.venue, &bounds, 9, &facts, &problem) == 0;
    bool crashed = fake.dead;
    fake_power(&fake);
    int count = weir_snapshot_list(&fake.disk, numbers, 4);
    cr_assert(count >= 1 && numbers[count - 1] == 60);
    cr_assert(count == 2 || !whole, "seed %d step %d: a snapshot that was told of is gone",
              (int)seed, (int)step);
    for (int i = 0; i < count; i++) {
        struct weir_engine *e = load(&m, &fake.disk, numbers[i]);
        cr_assert_eq(weir_engine_digest(e), hash[numbers[i] > 60]);
        weir_engine_free(e);
    }
    struct weir_engine *e = load(&m, &fake.disk, numbers[0]);
    weir_engine_free(e);
    fake_done(&fake);
    machine_free(&m);
    return crashed;
}

Test(snapshot, the_power_may_go_at_any_step) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        uint64_t step = 1;
        while (lose_power(seed, step))
            step++;
        cr_assert_gt(step, 8);
    }
}

Test(snapshot, damage_is_told_with_its_place) {
    struct weir_snapshot_facts facts;
    struct weir_file_error problem;
    struct machine m;
    machine_new(&m, 5);
    fake_init(&fake, 5);
    go_on(&m, NULL, 200);
    cr_assert_eq(weir_snapshot_write(&fake.disk, m.engine, m.venue, &bounds, 9, &facts, &problem),
                 0);
    struct fake_file *file = &fake.files[fake.names.row[0].file];
    cr_assert_eq(file->size, facts.bytes);
    uint64_t wide = facts.bytes > 9000 ? 97 : 1;
    for (uint64_t at = 0; at < facts.bytes; at += at < 4300 ? 1 : wide) {
        file->data[at] ^= (uint8_t)(1u << (at & 7));
        struct weir_engine *e = weir_snapshot_load(&fake.disk, 200, m.venue, &bounds, NULL, NULL,
                                                   false, &facts, &problem);
        file->data[at] ^= (uint8_t)(1u << (at & 7));
        cr_assert(e == NULL, "byte %d may change unseen", (int)at);
        cr_assert(strstr(problem.text, "00000000000000000200.weirsnap: byte ") != NULL, "%s",
                  problem.text);
    }
    for (uint64_t size = 0; size < file->size; size += 4096) {
        uint64_t whole = file->size;
        file->size = size;
        cr_assert(weir_snapshot_load(&fake.disk, 200, m.venue, &bounds, NULL, NULL, false, &facts,
                                     &problem) == NULL);
        file->size = whole;
    }
    struct weir_engine *e = load(&m, &fake.disk, 200);
    go_on(&m, e, 100);
    cr_assert_eq(weir_engine_digest(e), weir_engine_digest(m.engine));
    weir_engine_free(e);
    fake_done(&fake);
    machine_free(&m);
}
