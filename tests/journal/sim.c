#include "sim.h"

#include <errno.h>
#include <malloc.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_fake.h"
#include "journal/journal.h"
#include "wire/record.h"
#include "wire/wire.h"

#define TABLE    256
#define COMMANDS 4096 /* of one run, at most */
#define VENUE    UINT64_C(0x5EED)

/* Commands to draw from, each with its body. */
struct entry {
    struct weir_command command;
    struct weir_risk_change risk;
    uint8_t *body;
    size_t size;
};
static struct entry table[TABLE];

struct sim {
    struct fake_disk *disk;
    struct weir_random random;
    struct weir_journal_options options;
    struct sim_result *result;
    bool trace;
    int64_t clock;
    uint16_t appended[COMMANDS + 1]; /* index into the table, by number */
    uint64_t count, durable;         /* appended; acknowledged */
    uint64_t found;                  /* while recovering: number of the last command found */
    bool flipped;                    /* bits were inverted: a refusal is right */
    bool closed;                     /* the last life ended well */
    uint64_t hash;                   /* with this in its closing record */
};

static uint64_t below(struct sim *s, uint64_t n) {
    return weir_random_below(&s->random, n);
}

static bool chance(struct sim *s, uint64_t in_100) {
    return below(s, 100) < in_100;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct sim *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(s->result->problem, sizeof s->result->problem, format, args);
    va_end(args);
    s->result->ok = false;
    return false;
}

__attribute__((format(printf, 2, 3))) static void tell(const struct sim *s, const char *format,
                                                       ...) {
    va_list args;
    if (!s->trace) return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* ---- Commands -------------------------------------------------------------------------------- */
static size_t write_line(uint32_t i, char *line, size_t size) {
    size_t n;
    switch (i % 8) {
    case 0:
        return (size_t)snprintf(line, size, "{\"cmd\":\"clock\",\"t\":%u}", i);
    case 1: /* no command at all */
        return (size_t)snprintf(line, size, "{\"cmd\":%u", i);
    case 2: /* zeros */
        n = (size_t)snprintf(line, size, "{\"cmd\":\"risk\",\"market\":\"M%u\",\"tiers\":[", i);
        for (uint32_t k = 0; k < i % 32 + 1; k++)
            n += (size_t)snprintf(line + n, size - n,
                                  "%s{\"cap\":\"%u\",\"rate\":\"0\",\"initial_rate\":\"0\"}",
                                  k > 0 ? "," : "", i % 3);
        return n + (size_t)snprintf(line + n, size - n, "]}");
    case 3:
        return (size_t)snprintf(line, size,
                                "{\"cmd\":\"deposit\",\"account\":\"A%u\","
                                "\"amount\":\"%u.%u\"}",
                                i, i * 7919, i);
    default:
        return (size_t)snprintf(line, size,
                                "{\"cmd\":\"order\",\"account\":\"account-number-%u\","
                                "\"market\":\"BTC-PERP\",\"id\":\"order-%u\",\"side\":\"buy\","
                                "\"type\":\"limit\",\"qty\":\"%u\",\"price\":\"%u.5\"}",
                                i, i, i + 1, i * 31 + 1);
    }
}

static void fill_table(void) {
    static char line[WEIR_LINE_MAX];
    static uint8_t body[WEIR_RECORD_BODY_MAX];
    /* Memory that is asked for again and again comes from the heap, not from the system. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (uint32_t i = 0; i < TABLE && table[i].body == NULL; i++) {
        struct entry *e = &table[i];
        size_t size = write_line(i, line, sizeof line);
        weir_json_read(line, size, i, &e->risk, &e->command);
        e->size = weir_log_encode(&e->command, body);
        e->body = malloc(e->size);
        WEIR_CHECK(e->body);
        memcpy(e->body, body, e->size);
    }
}

/* ---- Recovery -------------------------------------------------------------------------------- */
static int recovered(void *ctx, uint64_t number, const struct weir_command *command) {
    static uint8_t body[WEIR_RECORD_BODY_MAX];
    struct sim *s = ctx;
    size_t size = weir_log_encode(command, body);
    if (number != s->found + 1) {
        fail(s, "command %" PRIu64 " recovered behind %" PRIu64, number, s->found);
        return 1;
    }
    if (number > s->count) {
        fail(s, "command %" PRIu64 " recovered, only %" PRIu64 " were appended", number, s->count);
        return 1;
    }
    const struct entry *e = &table[s->appended[number]];
    if (size != e->size || memcmp(body, e->body, size) != 0) {
        fail(s, "command %" PRIu64 " recovered as another", number);
        return 1;
    }
    s->found = number;
    return 0;
}

static int64_t clock_ns(void *ctx) {
    struct sim *s = ctx;
    return s->clock += 1000000;
}

/* What a journal that was closed well shows to a reader. */
static bool read_closed(struct sim *s) {
    struct weir_file_error problem = {{0}};
    struct weir_command command;
    struct weir_risk_change risk;
    struct weir_journal_reader *reader = weir_journal_read(&s->disk->disk, &problem);
    if (!reader) return fail(s, "closed, but: %s", problem.text);
    int status;
    while ((status = weir_journal_next(reader, &risk, &command, &problem)) > 0)
        continue;
    struct weir_journal_ending ending = *weir_journal_read_ending(reader);
    uint64_t number = weir_journal_read_number(reader);
    weir_journal_read_end(reader);
    if (status < 0) return fail(s, "closed, but: %s", problem.text);
    if (!ending.closed || ending.cut || number != s->count + 1 || ending.commands != s->count ||
        ending.state_hash != s->hash)
        return fail(s, "closed after %" PRIu64 " commands, read with %" PRIu64, s->count,
                    number - 1);
    return true;
}

static struct weir_journal *open_journal(struct sim *s, struct weir_file_error *problem) {
    int stopped = 0;
    s->found = s->options.after;
    struct weir_journal *journal =
        weir_journal_open(&s->disk->disk, &s->options, problem, &stopped);
    if (stopped != 0) return NULL;
    if (!journal) {
        tell(s, "  not opened: %s", problem->text);
        return NULL;
    }
    s->result->recoveries++;
    uint64_t number = weir_journal_number(journal);
    tell(s, "  recovered %" PRIu64 " of %" PRIu64 " appended, %" PRIu64 " acknowledged", number,
         s->count, s->durable);
    if (number != s->found || number < s->durable) {
        fail(s, "command %" PRIu64 " was acknowledged, recovered are %" PRIu64, s->durable, number);
        weir_journal_abandon(journal);
        return NULL;
    }
    s->count = s->durable = number;
    return journal;
}

/* ---- A life ---------------------------------------------------------------------------------- */
static bool note_durable(struct sim *s, const struct weir_journal *journal) {
    uint64_t durable = weir_journal_durable(journal);
    if (durable < s->durable || durable > s->count)
        return fail(s, "durable up to %" PRIu64 " after %" PRIu64 " of %" PRIu64, durable,
                    s->durable, s->count);
    s->durable = durable;
    return true;
}

static bool trim(struct sim *s, struct weir_journal *journal) {
    uint64_t to = s->options.after + below(s, s->durable - s->options.after + 1);
    s->options.after = to; /* what is gone may be gone where trimming fails, too */
    if (weir_journal_trim(journal, to) < 0) return true;
    s->result->trims++;
    if (weir_journal_first(journal) <= to + 1) return true;
    return fail(s, "trimmed behind %" PRIu64 ", the journal begins with %" PRIu64, to,
                weir_journal_first(journal));
}

/* Appends until something ends it. 0 or the error. */
static int work(struct sim *s, struct weir_journal *journal, uint64_t commands, uint64_t trims) {
    uint64_t tries = 0;
    while (commands > 0 && s->count < COMMANDS && s->result->ok) {
        uint16_t which = (uint16_t)below(s, TABLE);
        int error = weir_journal_append(journal, &table[which].command);
        if (error == 0) {
            s->appended[++s->count] = which;
            commands--;
            if (weir_journal_number(journal) != s->count) fail(s, "a number is missing");
        } else if (error == -ENOSPC) {
            s->result->full++;
            if (++tries > 10000) fail(s, "no room for ever");
        } else {
            return error;
        }
        if (chance(s, 70)) error = weir_journal_pump(journal, clock_ns(s));
        if (error == 0 && chance(s, 2)) error = weir_journal_wait(journal, below(s, s->count + 1));
        if (!note_durable(s, journal)) return -EINVAL;
        if (error < 0 && error != -ENOSPC) return error;
        if (below(s, 1000) < trims && !trim(s, journal)) return -EINVAL;
    }
    return 0;
}

static bool close_journal(struct sim *s, struct weir_journal *journal) {
    int error;
    uint64_t tries = 0;
    while ((error = weir_journal_wait(journal, s->count)) == -ENOSPC)
        if (++tries > 10000) return fail(s, "no room for ever");
    if (!note_durable(s, journal)) error = -EINVAL;
    if (error == 0 && s->durable != s->count) fail(s, "waited for, but not durable");
    s->hash = weir_random_next(&s->random);
    error = weir_journal_close(journal, s->hash, s->count * 2);
    s->closed = error == 0;
    if (s->closed) s->result->closes++;
    return s->result->ok;
}

static void draw_faults(struct sim *s) {
    struct fake_faults *f = &s->disk->faults;
    *f = (struct fake_faults){0};
    if (chance(s, 60)) f->late = (uint32_t)below(s, 1000);
    if (chance(s, 20)) f->cut_short = (uint32_t)below(s, 500);
    if (chance(s, 5)) f->lost = (uint32_t)below(s, 20);
    if (chance(s, 10)) f->error = (uint32_t)below(s, 20);
    if (chance(s, 80)) f->crash_at = s->disk->step + 1 + below(s, chance(s, 30) ? 30 : 600);
    if (chance(s, 15)) {
        f->full_from = s->disk->step + below(s, 300);
        f->full_to = f->full_from + below(s, 200);
    }
}

static bool end_life(struct sim *s, bool last) {
    if (chance(s, 40)) {
        tell(s, "  killed at step %" PRIu64, s->disk->step);
        s->result->kills++;
        fake_kill(s->disk);
    } else {
        tell(s, "  power lost at step %" PRIu64, s->disk->step);
        s->result->powers++;
        fake_power(s->disk);
    }
    if (last && chance(s, 30)) s->flipped = fake_flip(s->disk);
    if (s->flipped) tell(s, "  a bit inverted");
    return s->result->ok;
}

/* Did the disk do what ends a program? */
static bool hurt(const struct sim *s) {
    return s->disk->dead || s->disk->faults.error > 0 || s->disk->faults.lost > 0 ||
           s->disk->faults.full_to > 0 || s->disk->faults.cut_short > 0;
}

static bool live(struct sim *s, bool last) {
    struct weir_file_error problem = {{0}};
    s->closed = false;
    draw_faults(s);
    struct weir_journal *journal = open_journal(s, &problem);
    if (!journal) {
        if (s->result->ok && !hurt(s)) return fail(s, "refused: %s", problem.text);
        return s->result->ok && end_life(s, last);
    }
    int error = work(s, journal, below(s, chance(s, 20) ? 1000 : 100), chance(s, 30) ? 20 : 0);
    s->result->waits += weir_journal_counters(journal)->waits;
    if (error < 0 && !hurt(s) && s->result->ok) fail(s, "%s without a fault", strerror(-error));
    if (error < 0) s->result->errors++;
    bool closes = s->result->ok && error == 0 && chance(s, 40);
    if (!closes)
        weir_journal_abandon(journal);
    else if (!close_journal(s, journal))
        return false;
    if (s->closed && chance(s, 50)) {
        s->disk->faults = (struct fake_faults){0};
        if (!s->disk->dead && !read_closed(s)) return false;
    }
    return s->result->ok && end_life(s, last);
}

static void configure(struct sim *s) {
    s->options = (struct weir_journal_options){.venue_digest = VENUE,
                                               .identity = weir_random_next(&s->random),
                                               .recovered = recovered,
                                               .clock = clock_ns,
                                               .ctx = s};
    s->options.batch_size = WEIR_JOURNAL_BATCH_MIN + 4096u * (uint32_t)below(s, 5);
    s->options.segment_size = s->options.batch_size + 4096u + 4096u * below(s, 30);
    s->options.batches = 2 + (uint32_t)below(s, 5);
    s->options.delay_ns = 1 + (int64_t)(below(s, 2) * below(s, 20) * 1000000);
}

void sim_run(uint64_t seed, bool trace, struct sim_result *result) {
    static struct fake_disk disk;
    static struct sim sim;
    struct sim *s = &sim;
    struct weir_file_error problem = {{0}};
    *result = (struct sim_result){.ok = true};
    fill_table();
    *s = (struct sim){.disk = &disk,
                      .random = {.key = weir_random_key(seed, "journal")},
                      .result = result,
                      .trace = trace};
    fake_init(&disk, weir_random_key(seed, "disk"));
    configure(s);
    uint64_t lives = 1 + below(s, 4);
    for (uint64_t i = 0; i < lives && result->ok; i++) {
        tell(s, "life %" PRIu64, i + 1);
        (void)live(s, i + 1 == lives);
    }
    /* On a disk without faults all must be well; with a bit inverted, well or refused. */
    disk.faults = (struct fake_faults){0};
    struct weir_journal *journal = result->ok ? open_journal(s, &problem) : NULL;
    if (journal && s->count > COMMANDS - 10) s->count = COMMANDS - 10;
    if (journal && weir_journal_number(journal) == s->count && work(s, journal, 5, 0) < 0)
        fail(s, "cannot be continued");
    result->appended += s->count;
    if (!journal && result->ok && !s->flipped) fail(s, "refused: %s", problem.text);
    if (!journal && result->ok) result->refused++;
    weir_journal_abandon(journal);
    fake_done(&disk);
}

void sim_add(struct sim_result *sum, const struct sim_result *one) {
    sum->appended += one->appended;
    sum->recoveries += one->recoveries;
    sum->kills += one->kills;
    sum->powers += one->powers;
    sum->closes += one->closes;
    sum->refused += one->refused;
    sum->full += one->full;
    sum->waits += one->waits;
    sum->errors += one->errors;
    sum->trims += one->trims;
}
