/* The binary command log: what is written is read, and no damage goes unseen. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/scale.h"
#include "tests/wire/random.h"
#include "wire/internal.h"

#define VENUE UINT64_C(0x1122334455667788)

static char path[64];
static void make_path(void) {
    int fd;
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%.40s/weir-log-XXXXXX", folder ? folder : P_tmpdir);
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}
static void remove_path(void) {
    unlink(path);
}
TestSuite(log, .init = make_path, .fini = remove_path);

static struct weir_risk_change risk, risk_again;

/* Writes `count` random commands, some of them refused lines; closes it if asked to. */
static void write_log(uint64_t seed, uint64_t count, bool close) {
    struct weir_random r = {.key = weir_random_key(seed, "wire-log")};
    int error;
    struct weir_log_writer *log = weir_log_create(path, VENUE, &error);
    cr_assert(log, "%d", error);
    for (uint64_t i = 0; i < count; i++) {
        struct weir_command c;
        random_command(&r, &risk, &c);
        if (i % 7 == 3) weir_json_read("{\"cmd\":\"order\",\"qty\":1.5}", 25, i + 1, &risk, &c);
        cr_assert_eq(weir_log_append(log, &c), 0);
    }
    cr_assert(close);
    cr_assert_eq(weir_log_close(log, 99, 1234), 0);
}

static uint8_t *load(size_t *size) {
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size + 1);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void save(const uint8_t *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/* Reads to the end: 0 clean with its ending, 1 clean without one, -1 damage. */
static int read_log(uint64_t *commands, struct weir_file_error *problem) {
    struct weir_command c;
    struct weir_log_reader *log = weir_log_open(path, problem);
    *commands = 0;
    if (!log) return -1;
    int status;
    while ((status = weir_log_next(log, &risk_again, &c, problem)) > 0)
        ++*commands;
    struct weir_log_end end = weir_log_ending(log);
    weir_log_close_reader(log);
    return status < 0 ? -1 : end.present ? 0 : 1;
}

Test(log, round_trip) {
    uint64_t count = weir_test_scale(20000);
    struct weir_random r = {.key = weir_random_key(5, "wire-log")};
    struct weir_file_error problem;
    write_log(5, count, true);
    struct weir_log_reader *log = weir_log_open(path, &problem);
    cr_assert(log, "%s", problem.text);
    cr_assert_eq(weir_log_venue_digest(log), VENUE);
    for (uint64_t i = 0; i < count; i++) {
        struct weir_command c, again;
        random_command(&r, &risk, &c);
        if (i % 7 == 3) weir_json_read("{\"cmd\":\"order\",\"qty\":1.5}", 25, i + 1, &risk, &c);
        cr_assert_eq(weir_log_next(log, &risk_again, &again, &problem), 1, "%s", problem.text);
        const char *difference = command_difference(&c, &again);
        cr_assert(!difference, "command %d: %s", (int)i, difference);
        cr_assert(!weir_log_ending(log).present);
    }
    struct weir_command c;
    cr_assert_eq(weir_log_next(log, &risk_again, &c, &problem), 0);
    struct weir_log_end end = weir_log_ending(log);
    cr_assert(end.present);
    cr_assert_eq(end.commands, count);
    cr_assert_eq(end.events, 1234);
    cr_assert_eq(end.state_hash, 99);
    weir_log_close_reader(log);
}

Test(log, every_flipped_byte_is_seen) {
    size_t size;
    uint64_t commands;
    struct weir_file_error problem;
    write_log(6, 40, true);
    cr_assert_eq(read_log(&commands, &problem), 0);
    uint8_t *bytes = load(&size);
    for (size_t i = 0; i < size; i++) {
        for (uint8_t flip = 1; flip != 0; flip = (uint8_t)(flip << 3)) {
            bytes[i] ^= flip;
            save(bytes, size);
            problem.text[0] = 0;
            cr_assert_eq(read_log(&commands, &problem), -1, "byte %zu", i);
            cr_assert(strstr(problem.text, "byte "), "%s", problem.text);
            bytes[i] ^= flip;
        }
    }
    free(bytes);
}

Test(log, every_truncation_is_seen) {
    size_t size;
    uint64_t commands, clean = 0;
    struct weir_file_error problem;
    write_log(7, 30, true);
    uint8_t *bytes = load(&size);
    for (size_t cut = 0; cut < size; cut++) {
        save(bytes, cut);
        int status = read_log(&commands, &problem);
        cr_assert_neq(status, 0, "cut at %zu", cut);
        /* Between two records the log is merely without its end, as after a crash. */
        if (status == 1) cr_assert_eq(commands, clean++);
    }
    cr_assert_eq(clean, 31);
    /* One byte more, a record twice, two records exchanged. */
    bytes[size] = 0;
    save(bytes, size + 1);
    cr_assert_eq(read_log(&commands, &problem), -1);
    cr_assert(strstr(problem.text, "behind the closing record"), "%s", problem.text);
    free(bytes);
}

/* Frames `body` as the only record of a log whose checksums are right: a hostile writer. */
static void save_record(const uint8_t *body, size_t size) {
    static uint8_t file[LOG_HEADER_SIZE + LOG_RECORD_HEAD + LOG_BODY_MAX];
    size_t header;
    int error;
    cr_assert_eq(weir_log_close(weir_log_create(path, VENUE, &error), 0, 0), 0);
    uint8_t *bytes = load(&header);
    memcpy(file, bytes, LOG_HEADER_SIZE);
    free(bytes);
    uint8_t *r = file + LOG_HEADER_SIZE;
    store32(r, (uint32_t)size);
    store64(r + 8, 1);
    store64(r + 16, weir_log_chain(0, file, LOG_HEADER_SIZE));
    memcpy(r + LOG_RECORD_HEAD, body, size);
    store32(r + 4, weir_crc32c(weir_crc32c(0, r, 4), r + 8, LOG_RECORD_HEAD - 8 + size));
    save(file, LOG_HEADER_SIZE + LOG_RECORD_HEAD + size);
}

static int read_body(const uint8_t *body, size_t size) {
    uint64_t commands;
    struct weir_file_error problem;
    save_record(body, size);
    return read_log(&commands, &problem);
}

Test(log, what_no_writer_writes) {
    static const uint8_t clock[] = {WEIR_CMD_CLOCK, KEY_T, 5, 0, 0, 0, 0, 0, 0, 0};
    uint8_t body[64];
    cr_assert_eq(read_body(clock, sizeof clock), 1);
    static const struct {
        uint8_t size, bytes[24];
    } rows[] = {
        {1, {WEIR_CMD_CLOCK}},                                        /* a key missing */
        {1, {WEIR_CMD_COUNT}},                                        /* no such command */
        {2, {WEIR_CMD_CLOCK, KEY_COUNT}},                             /* no such key */
        {10, {WEIR_CMD_CLOCK, KEY_T, 0, 0, 0, 0, 0, 0, 0, 0x80}},     /* a time below 0 */
        {9, {WEIR_CMD_CLOCK, KEY_T, 0, 0, 0, 0, 0, 0, 0}},            /* cut */
        {19, {WEIR_CMD_CLOCK, KEY_T, 0, 0, 0, 0, 0, 0, 0, 0, KEY_T}}, /* a key twice */
        {4, {WEIR_CMD_CANCEL_ALL, KEY_ACCOUNT, 1, '@'}},
        {4, {WEIR_CMD_CANCEL_ALL, KEY_ACCOUNT, 1, ' '}},
        {3, {WEIR_CMD_CANCEL_ALL, KEY_ACCOUNT, 0}},
        {4, {WEIR_CMD_CANCEL_ALL, KEY_ACCOUNT, 200, 'a'}},
        {7, {WEIR_CMD_CANCEL_ALL, KEY_ACCOUNT, 1, 'a', KEY_MARKET, 1, '"'}},
        {8, {WEIR_CMD_CANCEL_ALL, KEY_ACCOUNT, 1, 'a', KEY_AMOUNT, 0, 1, 5}}, /* foreign key */
        {8, {WEIR_CMD_DEPOSIT, KEY_ACCOUNT, 1, 'a', KEY_AMOUNT, 39, 1, 5}},
        {8, {WEIR_CMD_DEPOSIT, KEY_ACCOUNT, 1, 'a', KEY_AMOUNT, 1, 1, 10}}, /* scale not least */
        {7, {WEIR_CMD_DEPOSIT, KEY_ACCOUNT, 1, 'a', KEY_AMOUNT, 0, 0x80}},  /* minus zero */
        {7, {WEIR_CMD_DEPOSIT, KEY_ACCOUNT, 1, 'a', KEY_AMOUNT, 0, 17}},
        {8, {WEIR_CMD_DEPOSIT, KEY_ACCOUNT, 1, 'a', KEY_AMOUNT, 0x40, 1, 5}},
        {3, {WEIR_CMD_QUERY, KEY_WHAT, WEIR_Q_TOTALS + 1}},
        {8, {WEIR_CMD_CANCEL_ALL, KEY_ACCOUNT, 1, 'a', KEY_PRICE_BAND, 0, 1, 5}},
        {2, {WEIR_CMD_NONE, WEIR_R_MALFORMED}},
        {19, {WEIR_CMD_NONE, WEIR_OK}},
        {19, {WEIR_CMD_NONE, WEIR_R_TIME}},
        {20, {WEIR_CMD_NONE, WEIR_R_INVALID, [18] = 2}},
        {1, {LOG_END_KIND}},
        {2, {LOG_END_KIND, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(body, rows[i].bytes, sizeof rows[i].bytes);
        cr_assert_eq(read_body(body, rows[i].size), -1, "row %zu", i);
    }
}

Test(log, random_bodies) {
    struct weir_random r = {.key = weir_random_key(8, "wire-bodies")};
    static uint8_t body[LOG_BODY_MAX], again[LOG_BODY_MAX];
    const char *problem;
    uint64_t read = 0;
    for (uint64_t i = 0; i < weir_test_scale(50000); i++) {
        struct weir_command c;
        random_command(&r, &risk, &c);
        size_t size = weir_log_encode(&c, body);
        for (uint64_t k = weir_random_below(&r, 3); k > 0; k--)
            body[weir_random_below(&r, size)] = (uint8_t)weir_random_next(&r);
        uint8_t *exact = malloc(size);
        memcpy(exact, body, size);
        /* What is read as a command has only one form. */
        if (weir_log_decode(exact, size, &risk_again, &c, &problem)) {
            read++;
            cr_assert_eq(weir_log_encode(&c, again), size);
            cr_assert_eq(memcmp(again, exact, size), 0);
        }
        free(exact);
    }
    cr_assert_gt(read, weir_test_scale(50000) / 4);
}

Test(log, checksum) {
    cr_assert_eq(weir_crc32c(0, "123456789", 9), 0xE3069283u);
    struct weir_random r = {.key = 9};
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)weir_random_next(&r);
    for (size_t from = 0; from < 9; from++)
        for (size_t size = 0; size + from < sizeof bytes; size += 1 + size / 20) {
            uint32_t whole = weir_crc32c(0, bytes + from, size);
            cr_assert_eq(whole, weir_crc32c_table(0, bytes + from, size));
            cr_assert_eq(whole, weir_crc32c(weir_crc32c(0, bytes + from, size / 3),
                                            bytes + from + size / 3, size - size / 3));
        }
}

Test(log, files_that_are_no_logs) {
    struct weir_file_error problem;
    uint64_t commands;
    save((const uint8_t *)"", 0);
    cr_assert_eq(read_log(&commands, &problem), -1);
    cr_assert(strstr(problem.text, "no binary log"), "%s", problem.text);
    save((const uint8_t *)"{\"cmd\":\"clock\",\"t\":1}\n", 22);
    cr_assert_eq(read_log(&commands, &problem), -1);
    unlink(path);
    cr_assert_eq(read_log(&commands, &problem), -1);
    cr_assert(strstr(problem.text, "No such file"), "%s", problem.text);
    int error = 0;
    cr_assert_null(weir_log_create("/nonexistent/folder/x.weir", 0, &error));
    cr_assert_lt(error, 0);
}
