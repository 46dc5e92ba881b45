/* `weir bench journal`: what the durable log costs the engine, how soon a command is durable, and
 * the writer alone beside what the disk itself gives the same blocks. */
#include "bench/burst_stage.h"
#include "bench/cases.h"
#include "bench/latency.h"
#include "bench/log.h"

#include <stdlib.h>
#include <string.h>

#define RUNS      5
#define SLOTS     8 /* blocks under way at once, of both */
#define COMMANDS  4096
#define PUMP_MASK 15 /* the clock is read every 16 commands */
#define RATE      500000
#define MIB       1048576.0

struct bench {
    const struct weir_bench_job *job;
    struct bench_log log;
    struct weir_command *commands; /* ordinary ones, used again and again */
    uint64_t bytes;                /* that a writer writes */
    double command_ns;             /* what it took a command, the last time */
    struct weir_histogram latency;
};

/* ---- The writer alone ------------------------------------------------------------------------ */
/* Nanoseconds a MiB, of what the journal wrote; negative: it could not. */
static double time_writer(struct bench *b, uint32_t size) {
    if (!bench_log_open(&b->log, size)) return -1;
    struct weir_journal *journal = b->log.journal;
    const struct weir_journal_counters *n = weir_journal_counters(journal);
    int error = 0;
    uint64_t start = bench_now_ns();
    for (uint64_t i = 0; error == 0 && n->bytes < b->bytes; i++) {
        error = weir_journal_append(journal, &b->commands[i % COMMANDS]);
        if (error == 0 && (i & PUMP_MASK) == 0)
            error = weir_journal_pump(journal, (int64_t)bench_now_ns());
    }
    if (error == 0) error = weir_journal_wait(journal, weir_journal_number(journal));
    double time = (double)(bench_now_ns() - start), mib = (double)n->bytes / MIB;
    b->command_ns = time / (double)weir_journal_number(journal);
    if (error < 0) bench_log_fail(&b->log, strerror(-error));
    return bench_log_close(&b->log) && error == 0 ? time / mib : -1;
}

/* The same blocks, as many under way, written and synced without anything in them. */
static double time_disk(struct bench *b, uint32_t size) {
    struct weir_disk *disk = bench_log_disk(&b->log) ? b->log.disk : NULL;
    uint8_t *memory = disk != NULL ? disk->ops->buffers(disk, SLOTS, size) : NULL;
    int file = memory != NULL ? disk->ops->open(disk, "blocks", true) : -1;
    struct weir_disk_io io = {.steps = WEIR_DISK_ALLOCATE, .file = file, .offset = b->bytes};
    struct weir_disk_done done;
    bool right = file >= 0 && disk->ops->start(disk, &io) == 0 &&
                 disk->ops->reap(disk, true, &done) == 1 && done.result == 0;
    uint32_t flying = 0;
    uint64_t start = bench_now_ns();
    if (right) memset(memory, 0x5A, (size_t)SLOTS * size);
    io.steps = WEIR_DISK_WRITE | WEIR_DISK_SYNC;
    io.size = size;
    for (io.offset = 0; right && (io.offset < b->bytes || flying > 0);) {
        if (io.offset < b->bytes && flying < SLOTS) {
            io.slot = flying < io.offset / size ? done.slot : flying;
            if (io.offset / size < SLOTS) io.slot = (uint32_t)(io.offset / size);
            right = disk->ops->start(disk, &io) == 0;
            io.offset += size;
            flying++;
        } else {
            right = disk->ops->reap(disk, true, &done) == 1 && done.result == size;
            flying--;
        }
    }
    double time = (double)(bench_now_ns() - start);
    if (disk != NULL) disk->ops->free(disk);
    if (!right) bench_log_fail(&b->log, "the disk cannot be written");
    return right ? time / ((double)b->bytes / MIB) : -1;
}

static bool writer(struct bench *b, uint32_t size) {
    struct bench_case c = {.unit = "us/MiB", .checked = true};
    snprintf(c.name, sizeof c.name, "writer, blocks of %u KiB", size >> 10);
    if (!bench_case_wanted(b->job, c.name)) return true;
    int runs = bench_runs(b->job, RUNS);
    for (int run = -(int)b->job->warmup; bench_goes_on(&c, run, runs); run++) {
        double disk = time_disk(b, size), own = time_writer(b, size);
        c.checked = disk >= 0 && own >= 0;
        if (run < 0 || !c.checked) continue;
        c.times[c.runs++] = own / 1000;
        c.baseline[c.baseline_runs++] = disk / 1000;
    }
    double median = bench_case_median(&c);
    snprintf(c.facts, sizeof c.facts,
             "\"block\":%u,\"bytes\":%llu,\"mib_per_s\":%.1f,\"command_ns\":%.1f", size,
             (unsigned long long)b->bytes, median > 0 ? 1e6 / median : 0, b->command_ns);
    snprintf(c.remark, sizeof c.remark, "%.0f MiB a second, %.0f ns a command",
             median > 0 ? 1e6 / median : 0, b->command_ns);
    bench_case_print(&c);
    return c.checked;
}

/* ---- Acknowledgement at a fixed rate --------------------------------------------------------- */
/* Commands come at their times, whatever the journal does; each waits from when it was due until it
 * is durable. */
static bool arrive(struct bench *b, struct weir_journal *journal, double rate, double seconds) {
    uint64_t count = (uint64_t)(rate * seconds), sent = 0, told = 0;
    double gap = 1e9 / rate;
    uint64_t start = bench_now_ns();
    while (told < count && !bench_stopped()) {
        uint64_t now = bench_now_ns();
        int error = 0;
        for (uint32_t i = 0; i <= PUMP_MASK && sent < count && error == 0; i++) {
            if ((double)(now - start) < (double)sent * gap) break;
            error = weir_journal_append(journal, &b->commands[sent % COMMANDS]);
            if (error == 0) sent++;
        }
        if (error == 0) error = weir_journal_pump(journal, (int64_t)now);
        if (error < 0) return bench_log_fail(&b->log, strerror(-error));
        if (weir_journal_durable(journal) == told) continue;
        now = bench_now_ns() - start;
        for (; told < weir_journal_durable(journal); told++)
            weir_histogram_record(&b->latency, now - (uint64_t)((double)told * gap));
    }
    return true;
}

static bool acknowledged(struct bench *b) {
    struct bench_case c = {.unit = "us", .checked = true};
    double rate = bench_number(b->job, PARAMETER_RATE, RATE);
    double seconds = bench_number(b->job, PARAMETER_DURATION, b->job->quick ? 0.2 : 2);
    uint64_t waits = 0;
    snprintf(c.name, sizeof c.name, "acknowledged at %.0f/s, p99", rate);
    if (!bench_case_wanted(b->job, c.name)) return true;
    int runs = bench_runs(b->job, RUNS);
    for (int run = -(int)b->job->warmup; bench_goes_on(&c, run, runs); run++) {
        if (!bench_log_open(&b->log, 0)) return false;
        struct weir_journal *journal = b->log.journal;
        if (run <= 0) weir_histogram_reset(&b->latency);
        struct weir_histogram before = b->latency;
        weir_histogram_reset(&b->latency);
        c.checked = arrive(b, journal, rate, seconds);
        uint64_t p99 = weir_histogram_percentile(&b->latency, 990000);
        for (uint32_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++)
            b->latency.counts[i] += before.counts[i];
        b->latency.total += before.total;
        if (before.max > b->latency.max) b->latency.max = before.max;
        waits += weir_journal_counters(journal)->waits;
        c.checked &= bench_log_close(&b->log);
        if (run >= 0) c.times[c.runs++] = (double)p99 / 1000;
    }
    snprintf(c.facts, sizeof c.facts, "\"rate\":%.0f,\"waits\":%llu", rate,
             (unsigned long long)waits);
    latency_fact(&c, "latency", &b->latency);
    snprintf(c.remark, sizeof c.remark, "from when it was due until it is durable");
    bench_case_print(&c);
    latency_note("acknowledged", &b->latency);
    return c.checked;
}

/* ---- What it costs the engine ---------------------------------------------------------------- */
/* Nanoseconds a command of ordinary flow; the journal may be NULL. */
static double time_flow(struct bench *b, struct weir_journal *journal, uint32_t count) {
    struct burst_plan plan =
        burst_plan_of(bench_count(b->job, PARAMETER_ACCOUNTS, 10000), 16, b->job->seed);
    struct burst_stage s;
    struct weir_command command;
    int error = 0;
    if (!burst_stage_open(&s, &plan)) return -1;
    uint64_t start = bench_now_ns();
    for (uint32_t i = 0; i < count && error == 0; i++) {
        burst_ordinary(&s.w, &command);
        if (journal != NULL) error = weir_journal_append(journal, &command);
        weir_engine_apply(s.engine, &command);
        if (journal != NULL && error == 0 && (i & PUMP_MASK) == 0)
            error = weir_journal_pump(journal, (int64_t)bench_now_ns());
    }
    if (journal != NULL && error == 0)
        error = weir_journal_wait(journal, weir_journal_number(journal));
    double time = (double)(bench_now_ns() - start) / count;
    if (error < 0) bench_log_fail(&b->log, strerror(-error));
    bool right = error == 0 && !s.w.failed && weir_engine_audit(s.engine) == NULL;
    burst_stage_close(&s);
    return right ? time : -1;
}

static bool flow(struct bench *b) {
    struct bench_case c = {.unit = "ns", .checked = true};
    uint32_t count = bench_count(b->job, PARAMETER_MESSAGES, b->job->quick ? 100000 : 2000000);
    uint64_t waits = 0;
    snprintf(c.name, sizeof c.name, "ordinary flow, a command");
    if (!bench_case_wanted(b->job, c.name)) return true;
    int runs = bench_runs(b->job, RUNS);
    for (int run = -(int)b->job->warmup; bench_goes_on(&c, run, runs); run++) {
        double off = time_flow(b, NULL, count);
        if (!bench_log_open(&b->log, 0)) return false;
        struct weir_journal *journal = b->log.journal;
        double on = time_flow(b, journal, count);
        waits += weir_journal_counters(journal)->waits;
        c.checked = bench_log_close(&b->log) && on >= 0 && off >= 0;
        if (run < 0 || !c.checked) continue;
        c.times[c.runs++] = on;
        c.baseline[c.baseline_runs++] = off;
    }
    snprintf(c.facts, sizeof c.facts, "\"messages\":%u,\"waits\":%llu", count,
             (unsigned long long)waits);
    snprintf(c.remark, sizeof c.remark, "as fast as they can be made; the last one durable");
    bench_case_print(&c);
    return c.checked;
}

/* ---- The whole ------------------------------------------------------------------------------- */
/* Commands as they come, to be written without an engine. */
static bool draw_commands(struct bench *b) {
    struct burst_plan plan = burst_plan_of(1000, 16, b->job->seed);
    struct burst_stage s;
    b->commands = malloc(COMMANDS * sizeof *b->commands);
    if (b->commands == NULL || !burst_stage_open(&s, &plan)) return false;
    for (uint32_t i = 0; i < COMMANDS; i++)
        burst_ordinary(&s.w, &b->commands[i]);
    burst_stage_close(&s);
    return true;
}

int bench_journal(const struct weir_bench_job *job) {
    static struct bench bench;
    struct bench *b = &bench;
    *b = (struct bench){.job = job, .bytes = (job->quick ? UINT64_C(16) : UINT64_C(256)) << 20};
    bool right = bench_log_new(&b->log, "journal") && draw_commands(b);
    for (uint32_t size = 64u << 10; right && size <= 1u << 20 && !bench_stopped(); size *= 2)
        right = writer(b, size);
    right = right && acknowledged(b) && flow(b);
    bench_log_free(&b->log);
    free(b->commands);
    return right && !b->log.failed ? 0 : 1;
}
