/* The journal on a real folder, by io_uring and by plain calls, and on the pretended disk where a
 * certain damage is wanted. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disk_fake.h"
#include "journal/journal.h"
#include "wire/record.h"
#include "wire/wire.h"

#define VENUE 77

static int64_t clock_ns(void *ctx) {
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct weir_command command_of(uint64_t number) {
    static struct weir_risk_change risk;
    struct weir_command command;
    char line[128];
    int n = snprintf(line, sizeof line, "{\"cmd\":\"clock\",\"t\":%llu}",
                     (unsigned long long)number * 1000);
    weir_json_read(line, (size_t)n, 1, &risk, &command);
    return command;
}

static int count_up(void *ctx, uint64_t number, const struct weir_command *command) {
    uint64_t *last = ctx;
    cr_assert_eq(number, *last + 1);
    cr_assert_eq(command->t, (int64_t)number * 1000);
    *last = number;
    return 0;
}

static struct weir_journal_options options_of(uint64_t *last) {
    return (struct weir_journal_options){.venue_digest = VENUE,
                                         .identity = 1,
                                         .after = *last,
                                         .segment_size = 256 << 10,
                                         .batch_size = 32 << 10,
                                         .batches = 4,
                                         .delay_ns = INT64_C(60000000000),
                                         .recovered = count_up,
                                         .clock = clock_ns,
                                         .ctx = last};
}

static void append(struct weir_journal *journal, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        struct weir_command command = command_of(weir_journal_number(journal) + 1);
        cr_assert_eq(weir_journal_append(journal, &command), 0);
        cr_assert_eq(weir_journal_pump(journal, clock_ns(NULL)), 0);
    }
}

/* ---- A real folder --------------------------------------------------------------------------- */
static char folder[64];

static void make_folder(void) {
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/weir-journal-XXXXXX", parent ? parent : P_tmpdir);
    cr_assert(mkdtemp(folder) != NULL);
}

static void remove_folder(void) {
    char path[512];
    DIR *list = opendir(folder);
    if (!list) return;
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    closedir(list);
    (void)rmdir(folder);
}

static void note(void *ctx, const char *notice) {
    (void)ctx;
    fprintf(stderr, "note: %s\n", notice);
}

static struct weir_disk *disk_of(bool plain) {
    struct weir_file_error problem = {{0}};
    struct weir_disk_options options = {.write = true, .plain = plain, .notice = note};
    struct weir_disk *disk = weir_disk_new(folder, &options, &problem);
    cr_assert(disk != NULL, "%s", problem.text);
    return disk;
}

static struct weir_journal *open_at(struct weir_disk *disk, uint64_t *last) {
    struct weir_file_error problem = {{0}};
    struct weir_journal_options options = options_of(last);
    struct weir_journal *journal = weir_journal_open(disk, &options, &problem, NULL);
    cr_assert(journal != NULL, "%s", problem.text);
    return journal;
}

/* Lives that end in turn well and badly; several segments each. */
static void live(bool plain) {
    uint64_t last = 0;
    make_folder();
    for (uint64_t i = 0; i < 6; i++) {
        struct weir_disk *disk = disk_of(plain);
        last = 0;
        struct weir_journal *journal = open_at(disk, &last);
        cr_assert_eq(last, i * 10000);
        cr_assert_eq(weir_journal_number(journal), i * 10000);
        append(journal, 10000);
        cr_assert_eq(weir_journal_wait(journal, (i + 1) * 10000), 0);
        cr_assert_eq(weir_journal_durable(journal), (i + 1) * 10000);
        cr_assert(weir_journal_segments(journal) > 1);
        cr_assert(weir_journal_counters(journal)->batches >= 10);
        if (i % 2 == 0)
            weir_journal_abandon(journal);
        else
            cr_assert_eq(weir_journal_close(journal, 5, 6), 0);
        disk->ops->free(disk);
    }
    remove_folder();
}

Test(journal, lives_by_uring, .fini = remove_folder) {
    live(false);
}

Test(journal, lives_by_plain_calls, .fini = remove_folder) {
    live(true);
}

Test(journal, one_writer, .fini = remove_folder) {
    uint64_t last = 0;
    struct weir_file_error problem = {{0}};
    make_folder();
    struct weir_disk *one = disk_of(true), *two = disk_of(true);
    struct weir_journal *journal = open_at(one, &last);
    struct weir_journal_options options = options_of(&last);
    cr_assert(weir_journal_open(two, &options, &problem, NULL) == NULL);
    cr_assert(strstr(problem.text, "another program writes this journal") != NULL);
    weir_journal_abandon(journal);
    one->ops->free(one);
    two->ops->free(two);
    remove_folder();
}

/* ---- Damage, on the pretended disk ----------------------------------------------------------- */
static struct fake_disk fake;

/* Three batches of a block, each acknowledged before the next; then the program is killed. */
static void three_batches(void) {
    uint64_t last = 0;
    fake_init(&fake, 1);
    struct weir_journal *journal = open_at(&fake.disk, &last);
    for (int i = 0; i < 3; i++) {
        append(journal, 10);
        cr_assert_eq(weir_journal_wait(journal, weir_journal_number(journal)), 0);
    }
    weir_journal_abandon(journal);
    fake_kill(&fake);
}

static struct fake_file *file_of(const char *name) {
    for (uint32_t i = 0; i < fake.names.count; i++)
        if (strcmp(fake.names.row[i].name, name) == 0) return &fake.files[fake.names.row[i].file];
    cr_assert(false);
    return NULL;
}

#define FIRST "00000000000000000001.weirlog"

/* What does a recovery say? NULL: it recovers `expected` commands. */
static const char *recovery(uint64_t expected) {
    static struct weir_file_error problem;
    uint64_t last = 0;
    struct weir_journal_options options = options_of(&last);
    struct weir_journal *journal = weir_journal_open(&fake.disk, &options, &problem, NULL);
    if (!journal) return problem.text;
    cr_assert_eq(last, expected, "%llu", (unsigned long long)last);
    weir_journal_abandon(journal);
    return NULL;
}

static void expect(const char *said, const char *expected) {
    cr_assert(said != NULL && strstr(said, expected) != NULL, "said: %s", said);
}

Test(journal, damage_is_refused) {
    /* Byte, what is put there (256: zeros to the end of the block), what is said of it. */
    static const struct {
        uint32_t at, put;
        const char *says;
    } rows[] = {
        {0, 1, "byte 0: no segment of a journal"},
        {100, 1, "byte 0: the header's checksum is wrong"},
        {4096 + 9, 1, "byte 4096: the head of a batch is wrong"},
        {4096 + 64 + 30, 1, "byte 4160: the record's checksum is wrong"},
        {4096 + 66, 255, "byte 4160: a record of a wrong size"},
        {4096 + 4000, 1, "byte 8096: what fills up the batch is wrong"},
        {4096 + 512, 256, "but records up to 20 were durable"},
        {8192, 256, "byte 8192: no record is here, but records up to 20 were durable"},
        {12288 + 110, 1, "checksum is wrong"},
        {12288 + 4095, 1, "what fills up the batch is wrong"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        three_batches();
        struct fake_file *file = file_of(FIRST);
        uint32_t at = rows[i].at;
        if (rows[i].put == 256)
            memset(file->data + at, 0, 4096 - at % 4096);
        else
            file->data[at] ^= (uint8_t)rows[i].put;
        expect(recovery(0), rows[i].says);
        fake_done(&fake);
    }
}

Test(journal, torn_end_is_cut) {
    /* Bytes of the last batch that reached the disk, commands that are there then. */
    static const struct {
        uint32_t size;
        uint64_t commands;
    } rows[] = {{0, 20},       {10, 20},      {63, 20},       {64, 20},
                {64 + 27, 20}, {64 + 28, 21}, {64 + 340, 30}, {4095, 30}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        three_batches();
        memset(file_of(FIRST)->data + 12288 + rows[i].size, 0, 4096 - rows[i].size);
        const char *said = recovery(rows[i].commands);
        cr_assert(said == NULL, "%u bytes: %s", rows[i].size, said);
        /* And once more: the end of the first segment is fixed by the second now. */
        cr_assert(recovery(rows[i].commands) == NULL);
        fake_done(&fake);
    }
}

Test(journal, segments_of_others_are_refused) {
    uint64_t last = 0;
    struct weir_file_error problem = {{0}};
    three_batches();
    struct weir_journal_options options = options_of(&last);
    options.venue_digest = VENUE + 1;
    cr_assert(weir_journal_open(&fake.disk, &options, &problem, NULL) == NULL);
    expect(problem.text, "the journal is of the venue 000000000000004d, not of 000000000000004e");
    options.venue_digest = VENUE;
    options.after = 31;
    cr_assert(weir_journal_open(&fake.disk, &options, &problem, NULL) == NULL);
    expect(problem.text, "the journal ends with command 30, before 31");
    fake_done(&fake);
    /* The same numbers, other commands: the second segment does not continue the first. */
    static uint8_t other[256 << 10];
    three_batches();
    cr_assert(recovery(30) == NULL);
    fake_kill(&fake);
    memcpy(other, file_of("00000000000000000031.weirlog")->data, sizeof other);
    fake_done(&fake);
    three_batches();
    last = 0;
    struct weir_journal *journal = open_at(&fake.disk, &last);
    append(journal, 10);
    cr_assert_eq(weir_journal_wait(journal, 40), 0);
    weir_journal_abandon(journal);
    fake_kill(&fake);
    store64(other + 72, load64(other + 72) + 1);
    store32(other + 4092, weir_crc32c(0, other, 4092));
    memcpy(file_of("00000000000000000031.weirlog")->data, other, sizeof other);
    expect(recovery(0), "00000000000000000031.weirlog: byte 72: the segment does not continue");
    fake_done(&fake);
}

Test(journal, gaps_are_refused) {
    uint64_t last = 0;
    fake_init(&fake, 1);
    struct weir_journal *journal = open_at(&fake.disk, &last);
    append(journal, 30000);
    cr_assert_eq(weir_journal_wait(journal, 30000), 0);
    uint32_t segments = weir_journal_segments(journal);
    cr_assert(segments > 4);
    cr_assert_eq(weir_journal_identity(journal), 1);
    cr_assert_eq(weir_journal_trim(journal, 20000), 0);
    cr_assert(weir_journal_segments(journal) < segments && weir_journal_first(journal) > 1);
    cr_assert(weir_journal_first(journal) <= 20001);
    uint64_t first = weir_journal_first(journal);
    weir_journal_abandon(journal);
    fake_kill(&fake);
    expect(recovery(0), "the journal begins with command");
    last = first - 1;
    weir_journal_abandon(open_at(&fake.disk, &last));
    cr_assert_eq(last, 30000);
    fake_kill(&fake);
    /* The second of those left goes. */
    struct fake_name *rows = fake.names.row, *second = NULL;
    for (uint32_t i = 0; i < fake.names.count; i++)
        if (strtoull(rows[i].name, NULL, 10) > first &&
            (!second || strcmp(rows[i].name, second->name) < 0))
            second = &rows[i];
    cr_assert(second != NULL);
    *second = rows[--fake.names.count];
    last = first - 1;
    struct weir_file_error problem = {{0}};
    struct weir_journal_options options = options_of(&last);
    cr_assert(weir_journal_open(&fake.disk, &options, &problem, NULL) == NULL);
    expect(problem.text, "are missing before the next segment");
    fake_done(&fake);
}

Test(journal, a_gap_behind_a_closing_record_is_refused) {
    uint64_t last = 0;
    fake_init(&fake, 1);
    for (int life = 0; life < 3; life++) {
        struct weir_journal *journal = open_at(&fake.disk, &last);
        append(journal, 10);
        cr_assert_eq(weir_journal_close(journal, 1, 2), 0);
        last = 0;
        fake_kill(&fake);
    }
    cr_assert(recovery(30) == NULL);
    fake_kill(&fake);
    struct fake_name *rows = fake.names.row;
    for (uint32_t i = 0; i < fake.names.count; i++)
        if (strtoull(rows[i].name, NULL, 10) == 11) rows[i--] = rows[--fake.names.count];
    expect(recovery(0), "no record is here; 11 to 20 are missing before the next segment");
    fake_done(&fake);
}

Test(journal, no_room_and_room_again) {
    uint64_t last = 0;
    fake_init(&fake, 3);
    struct weir_journal *journal = open_at(&fake.disk, &last);
    fake.faults.full_to = UINT64_MAX;
    struct weir_command command;
    int error = 0;
    uint64_t tries = 0;
    while (error == 0 && tries++ < 100000) {
        command = command_of(weir_journal_number(journal) + 1);
        error = weir_journal_append(journal, &command);
    }
    cr_assert_eq(error, -ENOSPC);
    uint64_t full = weir_journal_number(journal);
    cr_assert_eq(weir_journal_append(journal, &command), -ENOSPC);
    cr_assert_eq(weir_journal_number(journal), full);
    cr_assert_eq(weir_journal_durable(journal), 0);
    fake.faults.full_to = 0;
    while ((error = weir_journal_append(journal, &command)) == -ENOSPC)
        continue;
    cr_assert_eq(error, 0);
    append(journal, 1000);
    cr_assert_eq(weir_journal_close(journal, 1, 2), 0);
    fake_power(&fake);
    cr_assert(recovery(full + 1001) == NULL);
    fake_done(&fake);
}
