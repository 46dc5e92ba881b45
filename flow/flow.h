/* flow: synthetic order flow. A scenario file says what the market looks like and what happens to
 * it; the flow turns it into commands, one at a time, in order of time. It talks to the engine as
 * participants do: commands in, events and the public view of a market back. Everything random
 * comes from named streams below the seed, so that one change does not reshuffle the rest; equal
 * (program version, scenario, venue, seed) give equal commands. Floating point lives here, never
 * below. Amounts of a scenario are of the real market; the simulated one is 1/scale of it. */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include <stdio.h>

#include "engine/engine.h"
#include "market/market.h"
#include "protocol/protocol.h"

#define WEIR_FLOW_MARKETS_MAX   64
#define WEIR_FLOW_WAVES_MAX     64
#define WEIR_FLOW_FAULTS_MAX    64
#define WEIR_FLOW_LEVERAGES_MAX 32
#define WEIR_FLOW_CLASSES_MAX   16
#define WEIR_FLOW_SETTINGS_MAX  64
#define WEIR_FLOW_PATH_MAX      512

/* ---- Scenario: docs/running-a-scenario.md lists every key ------------------------------------ */
struct weir_flow_market {
    struct weir_name market;
    struct weir_decimal price;         /* at the start, quote */
    struct weir_decimal open_interest; /* one side, real, quote */
    struct weir_decimal depth; /* resting within 1 % of the index on each side, real, quote */
    weir_rate volatility;      /* of the outside index, a year */
    weir_rate spread;          /* half, of the best quotes, of the index */
    weir_rate premium;         /* of the book above the index before the first wave */
};
struct weir_flow_leverage {
    int64_t leverage;
    weir_rate share; /* of the traders' notional */
};
struct weir_flow_class {
    struct weir_name name;
    weir_rate share; /* of the accounts that its leverage cap admits */
};
struct weir_flow_population {
    weir_rate size_sigma; /* lognormal body */
    weir_rate tail_share, tail_exponent;
    weir_rate long_share; /* of the traders' notional; hedgers at `hedge_leverage` take the rest */
    weir_rate hedge_leverage;
    weir_rate isolated_share; /* of the accounts */
    weir_rate second_leg;     /* share of cross accounts that hold a position in a second market */
    weir_rate buffer;         /* mean of the collateral beyond initial margin, in initial margins */
    int64_t least_leverage;   /* lower ones of the table are left out */
    uint32_t leverage_count;
    struct weir_flow_leverage leverages[WEIR_FLOW_LEVERAGES_MAX];
    uint32_t class_count;
    struct weir_flow_class
        classes[WEIR_FLOW_CLASSES_MAX]; /* first match; the rest: the venue's first */
    weir_rate stop_share;               /* of the accounts have a stop-loss order */
    weir_rate stop_distance; /* of the way to liquidation, at most; uniform from half of it */
    weir_rate top_up_share;  /* of the accounts answer a margin call with a deposit */
    weir_rate cut_share;     /* ... by closing half */
    weir_time answer_after;  /* a margin call */
};
struct weir_flow_makers {
    int64_t accounts; /* per market */
    int64_t levels;   /* per side */
    weir_time half_life;
    weir_rate skew;  /* shift of the quotes at the inventory limit, of the index */
    weir_rate limit; /* inventory limit in depths */
    bool withdraw;   /* under stress, by W(|z|) */
};
struct weir_flow_noise {
    weir_rate orders_per_minute; /* per market, of which `excited` are children */
    weir_rate excited;
    weir_time memory;       /* mean delay of a child order */
    weir_rate market_share; /* of the orders; the rest are limit orders and cancels */
    weir_rate cancel_share;
    struct weir_decimal mean_size; /* real, quote */
    weir_rate sign_exponent;       /* of the lengths of runs of one sign */
    int64_t accounts;
};
struct weir_flow_entrants {
    weir_rate accounts; /* share of the accounts that are flat at the start */
    weir_rate per_hour; /* notional opened, of open interest, in quiet times */
    weir_rate per_move; /* and for each 1 % that the index moves */
    weir_rate chase;    /* share that trades in the direction of the move */
    int64_t least_leverage;
    weir_rate buffer;
    weir_time holding; /* mean */
};
struct weir_flow_bidders {
    int64_t accounts;
    struct weir_decimal capital; /* each, real */
    weir_rate discount; /* against mark that a bidder asks; spread over [half, 1.5] of it */
    weir_time reaction;
};
struct weir_flow_backstop {
    int64_t accounts;
    struct weir_decimal capital;    /* each, real */
    struct weir_decimal notional;   /* volunteered by each, in each market */
    struct weir_decimal loss_limit; /* of each, in each market */
    weir_time renewal;              /* volunteered anew so often */
};
struct weir_flow_impact {
    weir_rate exponent;
    weir_rate permanent; /* share of a forced move that stays */
    weir_time half_life; /* of the rest */
};
struct weir_flow_index {
    int64_t sources;
    weir_rate noise; /* of each source around the outside index */
    weir_rate correlation;
    weir_time calm_interval, active_interval;
    weir_time lead, tail; /* active so long before and after a wave */
};
struct weir_flow_move {
    struct weir_name market; /* or `others`: each that no other row of the wave names */
    weir_rate move;          /* of the price */
};
struct weir_flow_wave {
    struct weir_name name;
    weir_time at, over;
    uint32_t move_count;
    struct weir_flow_move moves[WEIR_FLOW_MARKETS_MAX];
};
struct weir_flow_shock {
    weir_rate size; /* multiplies every move */
    uint32_t wave_count;
    struct weir_flow_wave waves[WEIR_FLOW_WAVES_MAX];
};
struct weir_flow_fault {
    struct weir_name market;
    int64_t source; /* from 1 */
    weir_time at, over;
    weir_rate bias;
    bool silent;
};
struct weir_flow_setting {
    char path[128];
    char value[128];
};

struct weir_scenario {
    struct weir_name name;
    char about[WEIR_FLOW_PATH_MAX];
    char venue[WEIR_FLOW_PATH_MAX]; /* path of the venue file, relative to the scenario file */
    uint32_t setting_count;
    struct weir_flow_setting settings[WEIR_FLOW_SETTINGS_MAX]; /* --set for the venue */
    uint64_t seed;
    weir_time start, length, sample_interval;
    struct weir_decimal scale;
    int64_t accounts;
    struct weir_decimal target; /* liquidated in the worst hour, real; bounds the positions */
    weir_rate position_cap;     /* largest position, of the target */
    weir_rate depth;            /* multiplies every market's depth */
    struct weir_decimal fund;   /* the first fund at the start, real */
    uint32_t market_count;
    struct weir_flow_market markets[WEIR_FLOW_MARKETS_MAX];
    struct weir_flow_population population;
    struct weir_flow_makers makers;
    weir_rate arbitrage; /* distance of the book from the index that arbitrageurs trade away */
    struct weir_flow_noise noise;
    struct weir_flow_entrants entrants;
    struct weir_flow_bidders bidders;
    struct weir_flow_backstop backstop;
    struct weir_flow_impact impact;
    struct weir_flow_index index;
    struct weir_flow_shock shock;
    uint32_t fault_count;
    struct weir_flow_fault faults[WEIR_FLOW_FAULTS_MAX];
};

/* Reads and validates a scenario and the venue that it names. `settings` override keys of the
 * scenario, those whose path starts with `venue.` keys of its venue (`venue` alone: the file).
 * Returns a scenario to be freed by free() and *venue to be freed by weir_venue_free, or NULL with
 * *error filled and *venue NULL. */
struct weir_scenario *weir_scenario_load(const char *path, const struct weir_setting *settings,
                                         size_t setting_count, struct weir_venue **venue,
                                         struct weir_file_error *error);
/* Writes the scenario as YAML that reads back equal, with `venue` naming the venue's file and
 * without venue settings. */
void weir_scenario_print(FILE *out, const struct weir_scenario *scenario, const char *venue);

/* ---- The flow -------------------------------------------------------------------------------- */
/* The engine as participants know it. */
struct weir_flow_port {
    void *ctx;
    /* Takes one command; its events come back through weir_flow_event before this returns. */
    void (*apply)(void *ctx, const struct weir_command *command);
    void (*view)(void *ctx, uint32_t market, struct weir_view_market *out);
};

struct weir_flow; /* opaque */
/* Scenario and venue must outlive the flow. NULL with *error filled when the population cannot be
 * drawn (too few accounts for the open interest) or memory is refused. Sends no command yet. */
struct weir_flow *weir_flow_new(const struct weir_scenario *scenario,
                                const struct weir_venue *venue, const struct weir_flow_port *port,
                                struct weir_file_error *error);
void weir_flow_free(struct weir_flow *flow);
/* Sends the next batch of the opening: prices, fund, participants, population. False when the
 * market is open. A batch is some thousand commands. */
bool weir_flow_open(struct weir_flow *flow);
/* Acts once at the next time anything is due, all of it at most at `until`. Returns the time acted
 * at, or `until` when nothing is due before it (no command is sent then). */
weir_time weir_flow_act(struct weir_flow *flow, weir_time until);
/* What participants see of an event. To be called for every event of every command. */
void weir_flow_event(struct weir_flow *flow, const struct weir_event *event);
/* Moves the engine's clock to `t`, in steps that it allows. */
void weir_flow_clock(struct weir_flow *flow, weir_time t);

/* What the population came to, for tests and summaries: simulated size. */
struct weir_flow_figures {
    uint64_t accounts, positions;
    double open_interest[WEIR_FLOW_MARKETS_MAX]; /* one side, quote */
    double largest_position;                     /* quote */
    double long_share;                           /* of the traders' notional */
    double by_leverage[WEIR_FLOW_LEVERAGES_MAX]; /* share of the traders' notional */
    double collateral;
};
const struct weir_flow_figures *weir_flow_figures(const struct weir_flow *flow);
/* The outside index of a market (by number in the venue), quote. */
double weir_flow_index(const struct weir_flow *flow, uint32_t market);
/* How often a command of the flow itself was refused, by reason: a well-built flow has few. */
const uint64_t *weir_flow_refusals(const struct weir_flow *flow);

#endif
