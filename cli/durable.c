#include "cli/durable.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "wire/record.h"

#define CLOCK_EVERY 16    /* commands */
#define ROOM_US     10000 /* between looks for room */

static int64_t clock_ns(void *ctx) {
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * WEIR_SECOND + now.tv_nsec;
}

static void notice(void *ctx, const char *text) {
    const struct weir_durable *d = ctx;
    weir_cli_fail(0, d->command, "%s: %s", d->path, text);
}

static int failed(const struct weir_durable *d, int error) {
    weir_cli_fail(0, d->command, "%s: writing failed: %s", d->path, strerror(-error));
    return error;
}

int weir_durable_open(struct weir_durable *d, const char *path, uint64_t venue_digest,
                      int (*recovered)(void *ctx, uint64_t number,
                                       const struct weir_command *command),
                      void *ctx, const char *command) {
    struct weir_file_error problem = {{0}};
    const struct weir_disk_options disk_options = {
        .write = true, .notice = notice, .notice_ctx = d};
    struct weir_journal_options options = {
        .venue_digest = venue_digest, .recovered = recovered, .clock = clock_ns, .ctx = ctx};
    int stopped = 0;
    *d = (struct weir_durable){.path = path, .command = command};
    if (getrandom(&options.identity, sizeof options.identity, 0) != sizeof options.identity)
        return weir_cli_fail(WEIR_EXIT_FAILED, command, "no random number: %s", strerror(errno));
    d->disk = weir_disk_new(path, &disk_options, &problem);
    if (!d->disk) return weir_cli_fail(WEIR_EXIT_FAILED, command, "%s", problem.text);
    d->journal = weir_journal_open(d->disk, &options, &problem, &stopped);
    if (!d->journal && stopped == 0) weir_cli_fail(0, command, "%s", problem.text);
    if (!d->journal) {
        weir_durable_close(d, false, 0, 0);
        return stopped != 0 ? stopped : WEIR_EXIT_USAGE;
    }
    d->recovered = weir_journal_number(d->journal);
    return 0;
}

/* What -ENOSPC asks for: patience. */
static int await_room(struct weir_durable *d) {
    if (!d->full)
        weir_cli_fail(
            0, d->command,
            "%s: no room on the disk: no command is accepted until there is some; %" PRIu64
            " of %" PRIu64 " are durable",
            d->path, weir_journal_durable(d->journal), weir_journal_number(d->journal));
    d->full = true;
    if (weir_cli_interrupted) return -EINTR;
    usleep(ROOM_US);
    return 0;
}

static int note(struct weir_durable *d, int error) {
    if (error < 0 && error != -EINTR) return failed(d, error);
    if (error == 0 && d->full) {
        weir_cli_fail(0, d->command, "%s: there is room again", d->path);
        d->full = false;
    }
    return error;
}

int weir_durable_append(struct weir_durable *d, const struct weir_command *command) {
    int error;
    while ((error = weir_journal_append(d->journal, command)) == -ENOSPC)
        if ((error = await_room(d)) < 0) return error;
    if (error == 0 && ++d->appended >= CLOCK_EVERY) {
        d->appended = 0;
        error = weir_journal_pump(d->journal, clock_ns(NULL));
        if (error == -ENOSPC) return 0; /* memory has room: there is nothing to wait for yet */
    }
    return note(d, error);
}

/* ---- Commands that are made anew ------------------------------------------------------------- */
static uint64_t hash_of(uint64_t hash, const struct weir_command *command) {
    uint8_t body[WEIR_RECORD_BODY_MAX];
    return weir_log_chain(hash, body, weir_log_encode(command, body));
}

static int found(void *ctx, uint64_t number, const struct weir_command *command) {
    struct weir_durable *d = ctx;
    (void)number;
    d->found_hash = hash_of(d->found_hash, command);
    return weir_cli_interrupted ? WEIR_EXIT_INTERRUPTED : 0;
}

int weir_durable_open_same(struct weir_durable *d, const char *path, uint64_t venue_digest,
                           const char *command) {
    return weir_durable_open(d, path, venue_digest, found, d, command);
}

int weir_durable_make(struct weir_durable *d, const struct weir_command *command) {
    if (d->made++ >= d->recovered) return weir_durable_append(d, command);
    d->made_hash = hash_of(d->made_hash, command);
    if (d->made < d->recovered || d->made_hash == d->found_hash) return 0;
    weir_cli_fail(0, d->command,
                  "%s: the %" PRIu64 " commands that it holds are not those made now", d->path,
                  d->recovered);
    return -EILSEQ;
}

/* ---- The end --------------------------------------------------------------------------------- */
int weir_durable_wait(struct weir_durable *d) {
    int error;
    while ((error = weir_journal_wait(d->journal, weir_journal_number(d->journal))) == -ENOSPC)
        if ((error = await_room(d)) < 0) return error;
    return note(d, error);
}

int weir_durable_close(struct weir_durable *d, bool well, uint64_t state_hash, uint64_t events) {
    int error = 0;
    if (d->journal && well) {
        error = weir_journal_close(d->journal, state_hash, events);
        if (error < 0) (void)failed(d, error);
    } else {
        weir_journal_abandon(d->journal);
    }
    if (d->disk) d->disk->ops->free(d->disk);
    d->journal = NULL;
    d->disk = NULL;
    return error;
}
