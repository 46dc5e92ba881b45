#include "bench/log.h"

#include "bench/cases.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCHES 8 /* under way at once */

/* ---- The folder ------------------------------------------------------------------------------ */
static void empty_folder(const struct bench_log *log) {
    DIR *folder = opendir(log->folder);
    if (folder == NULL) return;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        (void)unlinkat(dirfd(folder), e->d_name, 0);
    closedir(folder);
}

bool bench_log_new(struct bench_log *log, const char *bench) {
    const char *where = getenv("TMPDIR");
    *log = (struct bench_log){.bench = bench};
    snprintf(log->folder, sizeof log->folder, "%.200s/weir-bench-XXXXXX",
             where != NULL && *where != 0 ? where : P_tmpdir);
    if (mkdtemp(log->folder) != NULL) return true;
    fprintf(stderr, "weir bench: %s: %s: cannot be made: %s\n", bench, log->folder,
            strerror(errno));
    log->folder[0] = 0;
    return false;
}

void bench_log_free(struct bench_log *log) {
    if (log->folder[0] == 0) return;
    empty_folder(log);
    (void)rmdir(log->folder);
    log->folder[0] = 0;
}

bool bench_log_fail(struct bench_log *log, const char *text) {
    if (!log->failed) fprintf(stderr, "weir bench: %s: %s\n", log->bench, text);
    log->failed = true;
    return false;
}

/* ---- The journal ----------------------------------------------------------------------------- */
static void notice(void *ctx, const char *text) {
    const struct bench_log *log = ctx;
    fprintf(stderr, "weir bench: %s: %s\n", log->bench, text);
}

static int64_t clock_ns(void *ctx) {
    (void)ctx;
    return (int64_t)bench_now_ns();
}

bool bench_log_disk(struct bench_log *log) {
    struct weir_file_error error;
    const struct weir_disk_options options = {.write = true, .notice = notice, .notice_ctx = log};
    empty_folder(log);
    log->disk = weir_disk_new(log->folder, &options, &error);
    return log->disk != NULL || bench_log_fail(log, error.text);
}

bool bench_log_open(struct bench_log *log, uint32_t batch_size) {
    struct weir_file_error error;
    const struct weir_journal_options options = {.venue_digest = 1,
                                                 .identity = bench_now_ns(),
                                                 .batch_size = batch_size,
                                                 .batches = BATCHES,
                                                 .clock = clock_ns};
    if (!bench_log_disk(log)) return false;
    log->journal = weir_journal_open(log->disk, &options, &error, NULL);
    if (log->journal != NULL) return true;
    log->disk->ops->free(log->disk);
    return bench_log_fail(log, error.text);
}

bool bench_log_close(struct bench_log *log) {
    int error = weir_journal_close(log->journal, 0, 0);
    log->disk->ops->free(log->disk);
    log->journal = NULL;
    return (error == 0 || bench_log_fail(log, strerror(-error))) && !log->failed;
}

/* ---- Beside a burst -------------------------------------------------------------------------- */
static bool check(struct bench_log_waits *w, int error) {
    return error == 0 || bench_log_fail(&w->log, strerror(-error));
}

static void note_durable(struct bench_log_waits *w, uint64_t now) {
    uint64_t durable = weir_journal_durable(w->log.journal);
    for (; w->first < w->end; w->first++) {
        const struct bench_log_wait *wait = &w->ring[w->first % BENCH_LOG_WAITING];
        if (wait->number > durable) return;
        weir_histogram_record(&w->durable, now - wait->due);
    }
}

static void append(void *ctx, const struct weir_command *c) {
    struct bench_log_waits *w = ctx;
    if (!w->log.failed) check(w, weir_journal_append(w->log.journal, c));
}

static void settle(void *ctx) {
    struct bench_log_waits *w = ctx;
    if (!w->log.failed)
        check(w, weir_journal_wait(w->log.journal, weir_journal_number(w->log.journal)));
    note_durable(w, bench_now_ns());
    w->first = w->end;
}

static void order(void *ctx, uint64_t due) {
    struct bench_log_waits *w = ctx;
    if (w->end - w->first == BENCH_LOG_WAITING) settle(w);
    w->ring[w->end++ % BENCH_LOG_WAITING] =
        (struct bench_log_wait){weir_journal_number(w->log.journal), due};
}

static void pump(void *ctx, uint64_t now) {
    struct bench_log_waits *w = ctx;
    if (!w->log.failed) check(w, weir_journal_pump(w->log.journal, (int64_t)now));
    note_durable(w, now);
}

struct burst_log bench_log_hooks(struct bench_log_waits *w) {
    return (struct burst_log){append, order, pump, settle, w};
}
