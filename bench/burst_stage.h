/* A burst's market with its engine, and how a benchmark drives it. */
#ifndef WEIR_BENCH_BURST_STAGE_H
#define WEIR_BENCH_BURST_STAGE_H

#include "bench/burst_drive.h"
#include "bench/cases.h"
#include "engine/engine.h"

struct burst_stage {
    struct burst_world w;
    struct weir_engine *engine;
};

/* The plan that a job asks for. False when it cannot be, which it has told. */
bool burst_stage_plan(const struct weir_bench_job *job, uint32_t accounts, const char *bench,
                      struct burst_plan *plan);
/* Filled, all marks just above where the first fall. False when memory ends or when interrupted. */
bool burst_stage_open(struct burst_stage *s, const struct burst_plan *plan);
void burst_stage_close(struct burst_stage *s);
/* The clock that the job asks for, the engine's queue; ends when interrupted. */
struct burst_drive burst_stage_drive(struct burst_stage *s, const struct weir_bench_job *job);
/* Nothing was refused that must not be, every liquidation ended unless one still waits, and the
 * sums of all accounts hold; after the whole fall all who had to fall did, and nobody waits. */
bool burst_stage_right(const struct burst_stage *s);

#endif
