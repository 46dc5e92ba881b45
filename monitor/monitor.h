/* monitor: what a run came to. Reads commands and events as they pass and the engine's public
 * views; changes nothing and keeps no more than liquidation fills and the accounts' names. Writes
 * the CSV files of a run folder as things happen and the summary at the end (docs/
 * reading-a-report.md names every figure). */
#ifndef WEIR_MONITOR_H
#define WEIR_MONITOR_H

#include <stdio.h>

#include "engine/engine.h"
#include "market/market.h"
#include "protocol/protocol.h"

/* Where rows go; NULL: nowhere. The files stay the caller's, who closes them after the monitor is
 * freed and looks for their errors. */
struct weir_monitor_files {
    FILE *series, *liquidations, *adl;
};

struct weir_monitor; /* opaque */
/* Writes the header lines. The venue must outlive the monitor. NULL when memory is refused. */
struct weir_monitor *weir_monitor_new(const struct weir_venue *venue,
                                      const struct weir_monitor_files *files);
void weir_monitor_free(struct weir_monitor *monitor);
/* To be called with every command before it is applied, and with every event. */
void weir_monitor_command(struct weir_monitor *monitor, const struct weir_command *command);
void weir_monitor_event(struct weir_monitor *monitor, const struct weir_event *event);
/* The population is loaded and the market opens at `t`: prices and fund start from here. */
void weir_monitor_open(struct weir_monitor *monitor, struct weir_engine *engine, weir_time t);
/* One row per market of series.csv. */
void weir_monitor_sample(struct weir_monitor *monitor, struct weir_engine *engine, weir_time t);
/* Rows of the liquidations that are still under way. Call once, at the end. */
void weir_monitor_close(struct weir_monitor *monitor, weir_time t);

/* For a progress line. */
uint64_t weir_monitor_liquidations(const struct weir_monitor *monitor);
double weir_monitor_liquidated(const struct weir_monitor *monitor); /* quote, simulated */
double weir_monitor_fund(const struct weir_monitor *monitor);       /* all funds; the same */
/* False when memory was refused on the way: the summary would be wrong. */
bool weir_monitor_sound(const struct weir_monitor *monitor);

/* What a summary says beside the monitor's own figures. */
struct weir_run_facts {
    const char *scenario, *policy;
    uint64_t seed;
    struct weir_decimal scale;
    double simulated_s, wall_s;
    uint64_t commands, events, state_hash;
    bool conserved, interrupted;
    const struct weir_histogram *latency; /* ns per command */
};
/* Writes summary.json: one object. Notionals are real size, `simulated` has them as they were. */
void weir_monitor_summary(const struct weir_monitor *monitor, const struct weir_run_facts *facts,
                          FILE *out);
/* The same for a person to read, on some twenty lines. */
void weir_monitor_text(const struct weir_monitor *monitor, const struct weir_run_facts *facts,
                       FILE *out);

#endif
