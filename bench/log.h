/* A durable log in a folder of its own, for benchmarks: below TMPDIR, gone when they end. */
#ifndef WEIR_BENCH_LOG_H
#define WEIR_BENCH_LOG_H

#include "bench/burst_drive.h"
#include "journal/journal.h"

struct bench_log {
    const char *bench; /* whose it is, for messages */
    char folder[256];
    struct weir_disk *disk;
    struct weir_journal *journal;
    bool failed; /* which was told */
};

/* Makes the folder / removes it with all in it. */
bool bench_log_new(struct bench_log *log, const char *bench);
void bench_log_free(struct bench_log *log);
/* Tells what went wrong, once. Returns false. */
bool bench_log_fail(struct bench_log *log, const char *text);
/* Empties the folder, which gets a disk / and a journal with batches of so many bytes (0: usual).
 */
bool bench_log_disk(struct bench_log *log);
bool bench_log_open(struct bench_log *log, uint32_t batch_size);
/* Everything is durable, and nothing failed. */
bool bench_log_close(struct bench_log *log);

/* ---- Beside a burst -------------------------------------------------------------------------- */
/* Every command is appended before it is applied; how long it takes from when an ordinary order was
 * due until it is durable. */
#define BENCH_LOG_WAITING (UINT32_C(1) << 16) /* orders not durable yet that are remembered */
struct bench_log_wait {
    uint64_t number, due;
};
struct bench_log_waits {
    struct bench_log log;
    uint64_t first, end; /* of the ring */
    struct weir_histogram durable;
    struct bench_log_wait ring[BENCH_LOG_WAITING];
};
/* What a burst is driven with. */
struct burst_log bench_log_hooks(struct bench_log_waits *w);

#endif
