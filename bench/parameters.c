/* What benchmarks can be told, and how a value is written. */
#include "bench/latency.h"
#include "bench/burst_plan.h"
#include "protocol/protocol.h" /* the words of policies */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ANY 1e300 /* `quick` leaves out none */

const struct weir_bench_parameter weir_bench_parameters[PARAMETER_COUNT] = {
    [PARAMETER_ACCOUNTS] = {"accounts", "Accounts with positions", 1000, 20000000, WEIR_BENCH_WHOLE,
                            1e5, NULL, 0},
    [PARAMETER_MARKETS] = {"markets", "Markets; all their marks move in a tick", 1, 200,
                           WEIR_BENCH_WHOLE, ANY, NULL, 0},
    [PARAMETER_LEGS] = {"legs", "Most positions of a cross account, 8 without", 1, 8,
                        WEIR_BENCH_WHOLE, ANY, NULL, 0},
    [PARAMETER_DUE] = {"due", "Accounts to become liquidatable in one tick", 1, 5000000,
                       WEIR_BENCH_WHOLE, 1e4, NULL, 0},
    [PARAMETER_TICKS] = {"ticks", "Ticks of one run of a walk or a burst", 10, 1000000,
                         WEIR_BENCH_WHOLE, 1000, NULL, 0},
    [PARAMETER_STEP] = {"step", "Mean move of a mark in a tick of a walk, in basis points", 0.01,
                        1000, WEIR_BENCH_NUMBER, ANY, NULL, 0},
    [PARAMETER_JUMP] = {"jump", "Size of the jumps of a walk, in per cent", 0.01, 50,
                        WEIR_BENCH_NUMBER, ANY, NULL, 0},
    [PARAMETER_LEVERAGE_MIN] = {"leverage-min",
                                "Least leverage; without: in a walk 1, in a burst 3.2", 0.1, 125,
                                WEIR_BENCH_NUMBER, ANY, NULL, 0},
    [PARAMETER_LEVERAGE_MAX] = {"leverage-max",
                                "Most leverage; without: in a walk 125, in a burst 71.6", 0.1, 125,
                                WEIR_BENCH_NUMBER, ANY, NULL, 0},
    [PARAMETER_MESSAGES] = {"messages", "Messages of generated order flow", 1000, 200000000,
                            WEIR_BENCH_WHOLE, 1e6, NULL, 0},
    [PARAMETER_LIVE] = {"live", "Orders that rest at a time", 10, 50000000, WEIR_BENCH_WHOLE, 1e5,
                        NULL, 0},
    [PARAMETER_DISTANCE] = {"distance", "Mean distance of new orders from the touch, in ticks", 1,
                            10000, WEIR_BENCH_WHOLE, ANY, NULL, 0},
    [PARAMETER_RATE] = {"rate",
                        "Ordinary orders a second in a burst; without: none, 100000 and 200000 in "
                        "turn",
                        1, 5000000, WEIR_BENCH_WHOLE, ANY, NULL, 0},
    [PARAMETER_STEPS] = {"steps", "Liquidation steps that a command makes in a burst, 4 without", 1,
                         10000, WEIR_BENCH_WHOLE, ANY, NULL, 0},
    [PARAMETER_ARRIVALS] = {"arrivals",
                            "When ordinary orders come: fixed (at equal distances), poisson "
                            "(random ones), closed (the next when the last is done)",
                            0, 0, WEIR_BENCH_WORD, ANY, burst_arrival_words, 0},
    [PARAMETER_POLICY] = {"policy", "Positions are closed by this policy, full without", 0, 0,
                          WEIR_BENCH_WORD, ANY, weir_policy_words, WEIR_POLICY_COUNT},
    [PARAMETER_SHOCK] = {"shock", "Fall of the marks in a burst, in per cent, 30.7 without", 0.5,
                         45, WEIR_BENCH_NUMBER, ANY, NULL, 0},
    [PARAMETER_MIX] = {"mix",
                       "How leverage lies between least and most: even (as many accounts at every "
                       "distance from liquidation), doubling (as many in each doubling of it)",
                       0, 0, WEIR_BENCH_WORD, ANY, burst_mix_words, 0},
    [PARAMETER_ORDERS] = {"open-orders", "Open orders of each account in a burst, 3 without", 0, 9,
                          WEIR_BENCH_WHOLE, ANY, NULL, 0},
    [PARAMETER_DURATION] = {"duration",
                            "Seconds over which the ticks of a burst are spread, and of the idle "
                            "control; without: a tick when the last is worked off, and 0.5",
                            0.01, 3600, WEIR_BENCH_NUMBER, ANY, NULL, 0},
    [PARAMETER_WINDOWS] = {"windows", "Tell a burst in windows of so many milliseconds, too", 0.1,
                           60000, WEIR_BENCH_NUMBER, ANY, NULL, 0},
    [PARAMETER_BANKRUPT] = {"bankrupt", "Accounts that the gap of a burst bankrupts, 10000 without",
                            1, 1000000, WEIR_BENCH_WHOLE, ANY, NULL, 0},
    [PARAMETER_GOAL] = {"goal", "What a sweep holds, QUANTILE=TIME; p99.9=50us without", 0, 0,
                        WEIR_BENCH_GOAL, ANY, NULL, 0},
    [PARAMETER_CLOCK] =
        {"clock",
         "The time of a burst: wall (the machine's), processor (that of the program "
         "alone, which stands still while others have the core)",
         0, 0, WEIR_BENCH_WORD, ANY, burst_clock_words, 0},
    [PARAMETER_JOURNAL] =
        {"journal",
         "A durable log beside a burst, where TMPDIR says: off, on (every command "
         "in it)",
         0, 0, WEIR_BENCH_WORD, ANY, burst_journal_words, 0},
    [PARAMETER_HOURS] = {"hours", "Length of the day that is run", 1, 24, WEIR_BENCH_NUMBER, ANY,
                         NULL, 0},
};

const char *weir_bench_word(uint32_t parameter, uint32_t i) {
    const struct weir_bench_parameter *p = &weir_bench_parameters[parameter];
    return p->word_count > 0 && i >= p->word_count ? NULL : p->words[i];
}

/* False when there is no such word; then they are listed in `error`. */
static bool read_word(uint32_t parameter, const char *text, size_t length, double *value,
                      char *error, size_t size) {
    const char *word;
    size_t n = (size_t)snprintf(error, size, "%.*s: expected ", (int)length, text);
    for (uint32_t i = 0; (word = weir_bench_word(parameter, i)) != NULL; i++) {
        if (strlen(word) == length && memcmp(word, text, length) == 0) {
            *value = i;
            return true;
        }
        if (n < size) n += (size_t)snprintf(error + n, size - n, "%s%s", i > 0 ? ", " : "", word);
    }
    return false;
}

static bool read_number(const struct weir_bench_parameter *p, const char *text, size_t length,
                        double *value, char *error, size_t size) {
    char *end;
    bool whole = p->form == WEIR_BENCH_WHOLE;
    *value = strtod(text, &end);
    /* strtod takes blanks, signs, infinities and hexadecimal digits, too. */
    bool plain = *text >= '0' && *text <= '9' && strspn(text, "0123456789.eE+") == length;
    if (plain && end == text + length && *value >= p->least && *value <= p->most &&
        (!whole || floor(*value) == *value))
        return true;
    snprintf(error, size, "%.*s: expected %s from %.15g to %.15g", (int)length, text,
             whole ? "a whole number" : "a number", p->least, p->most);
    return false;
}

static bool read_goal(const char *text, size_t length, double *value, char *error, size_t size) {
    if (latency_goal_read(text, length, value)) return true;
    snprintf(error, size,
             "%.*s: expected p50, p90, p99, p99.9, p99.99 or max, = and a time from 1ns to 1000s, "
             "with ns, us, ms or s: p99.9=50us",
             (int)length, text);
    return false;
}

bool weir_bench_value(struct weir_bench_jobs *jobs, uint32_t parameter, const char *text,
                      size_t length, char *error, size_t size) {
    const struct weir_bench_parameter *p = &weir_bench_parameters[parameter];
    double value = 0;
    bool read = p->form == WEIR_BENCH_WORD ? read_word(parameter, text, length, &value, error, size)
                : p->form == WEIR_BENCH_GOAL ? read_goal(text, length, &value, error, size)
                                             : read_number(p, text, length, &value, error, size);
    if (!read) return false;
    if (jobs->count[parameter] == WEIR_BENCH_VALUES_MAX) {
        snprintf(error, size, "%.*s: there are more than %d values", (int)length, text,
                 WEIR_BENCH_VALUES_MAX);
        return false;
    }
    jobs->values[parameter][jobs->count[parameter]++] = value;
    return true;
}

bool weir_bench_values(struct weir_bench_jobs *jobs, uint32_t parameter, const char *text,
                       char *error, size_t size) {
    jobs->count[parameter] = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!weir_bench_value(jobs, parameter, text, length, error, size)) return false;
        if (text[length] == 0) return true;
        text += length + 1;
    }
}

void weir_bench_value_text(uint32_t parameter, double value, char *text, size_t size) {
    switch (weir_bench_parameters[parameter].form) {
    case WEIR_BENCH_WORD:
        snprintf(text, size, "%s", weir_bench_word(parameter, (uint32_t)value));
        return;
    case WEIR_BENCH_GOAL:
        latency_goal_text(value, text, size);
        return;
    case WEIR_BENCH_NUMBER:
    case WEIR_BENCH_WHOLE:
        snprintf(text, size, "%.15g", value);
    }
}
