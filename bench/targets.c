/* The targets and how far the cases measured are from them. */
#include "bench/targets.h"
#include "cli/cli.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define BIT(parameter) (UINT32_C(1) << (PARAMETER_##parameter))

/* How a target is measured on a case. */
enum measure {
    MEDIAN, /* of its runs */
    RATIO,  /* baseline / own */
    SLOWER, /* own / baseline */
    FACT    /* one of its facts */
};

struct target {
    const char *bench, *cases; /* fnmatch's pattern */
    const char *what;
    enum measure measure;
    const char *fact; /* FACT: its key; MEDIAN: one that is added, or NULL */
    const char *over; /* a fact that divides it, or NULL */
    const char *of;   /* a case whose median divides it, or NULL */
    bool at_least;    /* else at most */
    double bound;
    const char *unit;
    const char *size; /* the fact that says how large the case was, or NULL, */
    double stated;    /* and for how large it is stated */
    uint32_t allows;  /* parameters that may be given: with any other it is another case */
};

/* Times are those of the reference machine of docs/benchmarks.md; ratios hold anywhere. */
static const struct target targets[] = {
    {.bench = "book",
     .cases = "2k live batched",
     .what = "a message",
     .bound = 24,
     .unit = "ns",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "100k live batched",
     .what = "a message",
     .bound = 30,
     .unit = "ns",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "1m live batched",
     .what = "a message",
     .bound = 38,
     .unit = "ns",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "crash batched",
     .what = "a message",
     .bound = 40,
     .unit = "ns",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "2k live singly",
     .what = "a message, 0.8 x the best public book",
     .bound = 0.8 * 32,
     .unit = "ns",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "100k live singly",
     .what = "a message, 0.8 x the best public book",
     .bound = 0.8 * 74,
     .unit = "ns",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "1m live singly",
     .what = "a message, the best public book",
     .bound = 96,
     .unit = "ns",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "crash batched",
     .what = "the crash, of calm",
     .bound = 1.5,
     .unit = "x",
     .of = "2k live batched",
     .size = "messages",
     .stated = 5e6},
    {.bench = "book",
     .cases = "crash singly",
     .what = "the crash, of calm",
     .bound = 1.5,
     .unit = "x",
     .of = "2k live singly",
     .size = "messages",
     .stated = 5e6},

    {.bench = "trigger",
     .cases = "* none",
     .what = "a quiet tick of 20 marks",
     .bound = 50,
     .unit = "ns",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "isolated 10000000 none",
     .what = "flat: of 10^4 accounts",
     .bound = 1.3,
     .unit = "x",
     .of = "isolated 10000 none",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "cross 10000000 none",
     .what = "flat: of 10^4 accounts",
     .bound = 1.3,
     .unit = "x",
     .of = "cross 10000 none",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "* 1000000 none",
     .what = "faster than the scan",
     .measure = RATIO,
     .at_least = true,
     .bound = 10000,
     .unit = "x",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "* 10 due",
     .what = "ten due",
     .bound = 3000,
     .unit = "ns",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "* 1010 due",
     .what = "each that is due",
     .measure = FACT,
     .fact = "each",
     .bound = 100,
     .unit = "ns",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "* 1001010 due",
     .what = "each that is due",
     .measure = FACT,
     .fact = "each",
     .bound = 100,
     .unit = "ns",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "* index again*",
     .what = "a changed scope",
     .bound = 60,
     .unit = "ns",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "* funding",
     .what = "positions looked at",
     .measure = FACT,
     .fact = "evaluated",
     .over = "positions",
     .bound = 0.001,
     .unit = "",
     .allows = BIT(ACCOUNTS)},
    {.bench = "trigger",
     .cases = "walk 1 bp",
     .what = "evaluated a tick",
     .measure = FACT,
     .fact = "evaluated_percent",
     .bound = 0.1,
     .unit = "%",
     .size = "n",
     .stated = 1e6},
    {.bench = "trigger",
     .cases = "walk 5 bp",
     .what = "evaluated a tick",
     .measure = FACT,
     .fact = "evaluated_percent",
     .bound = 0.5,
     .unit = "%",
     .size = "n",
     .stated = 1e6},
    {.bench = "trigger",
     .cases = "walk [15] bp",
     .what = "an evaluation",
     .measure = FACT,
     .fact = "each",
     .bound = 300,
     .unit = "ns",
     .size = "n",
     .stated = 1e6},
    {.bench = "trigger",
     .cases = "walk 1 bp",
     .what = "faster than the scan, mean",
     .measure = FACT,
     .fact = "mean_ratio",
     .at_least = true,
     .bound = 15,
     .unit = "x",
     .size = "n",
     .stated = 1e6},
    {.bench = "trigger",
     .cases = "walk 1 bp",
     .what = "faster than the scan, median",
     .measure = FACT,
     .fact = "median_ratio",
     .at_least = true,
     .bound = 40,
     .unit = "x",
     .size = "n",
     .stated = 1e6},

    {.bench = "burst",
     .cases = "a liquidation, 0 orders/s",
     .what = "a whole liquidation",
     .bound = 1000,
     .unit = "ns",
     .size = "n",
     .stated = 1e6,
     .allows = BIT(ACCOUNTS) | BIT(RATE)},
    {.bench = "burst",
     .cases = "p99.9 of an order, [12]00000/s",
     .what = "of the idle control",
     .measure = SLOWER,
     .bound = 4,
     .unit = "x",
     .size = "n",
     .stated = 1e6,
     .allows = BIT(ACCOUNTS) | BIT(RATE)},
    {.bench = "burst",
     .cases = "gap, 10000 bankrupt",
     .what = "all of it",
     .bound = 20,
     .unit = "ms",
     .allows = BIT(ACCOUNTS) | BIT(RATE)},

    {.bench = "adl",
     .cases = "*one by one*",
     .what = "an event, mean",
     .bound = 10000,
     .unit = "ns",
     .size = "positions",
     .stated = 1e6},
    {.bench = "adl",
     .cases = "*one by one*",
     .what = "an event, longest",
     .measure = FACT,
     .fact = "largest",
     .bound = 1e6,
     .unit = "ns",
     .size = "positions",
     .stated = 1e6},
    {.bench = "adl",
     .cases = "*one by one*",
     .what = "positions examined",
     .measure = FACT,
     .fact = "examined",
     .over = "positions",
     .bound = 0.01,
     .unit = "",
     .size = "positions",
     .stated = 1e6},
    {.bench = "adl",
     .cases = "*one by one*",
     .what = "faster than the scan",
     .measure = RATIO,
     .at_least = true,
     .bound = 20,
     .unit = "x",
     .size = "positions",
     .stated = 1e6},
    {.bench = "adl",
     .cases = "batch of 44 markets",
     .what = "a fill",
     .bound = 500,
     .unit = "ns",
     .size = "positions",
     .stated = 1e6},

    {.bench = "memory",
     .cases = "account, *",
     .what = "state",
     .bound = 128,
     .unit = "B",
     .size = "n",
     .stated = 1e6},
    {.bench = "memory",
     .cases = "account, *",
     .what = "state and names",
     .fact = "names",
     .bound = 192,
     .unit = "B",
     .size = "n",
     .stated = 1e6},
    {.bench = "memory",
     .cases = "order, *",
     .what = "state",
     .bound = 64,
     .unit = "B",
     .size = "n",
     .stated = 1e6},
    {.bench = "memory",
     .cases = "order, *",
     .what = "state and names",
     .fact = "names",
     .bound = 128,
     .unit = "B",
     .size = "n",
     .stated = 1e6},

    {.bench = "journal",
     .cases = "writer, blocks of 256 KiB",
     .what = "of the disk's rate",
     .measure = RATIO,
     .at_least = true,
     .bound = 0.8,
     .unit = "x"},
    {.bench = "journal",
     .cases = "writer, blocks of 512 KiB",
     .what = "of the disk's rate",
     .measure = RATIO,
     .at_least = true,
     .bound = 0.8,
     .unit = "x"},
    {.bench = "journal",
     .cases = "writer, blocks of 1024 KiB",
     .what = "of the disk's rate",
     .measure = RATIO,
     .at_least = true,
     .bound = 0.8,
     .unit = "x"},
    {.bench = "journal",
     .cases = "acknowledged at 500000/s, p99",
     .what = "until durable",
     .bound = 2000,
     .unit = "us"},
    {.bench = "journal",
     .cases = "ordinary flow, a command",
     .what = "of the rate without",
     .measure = RATIO,
     .at_least = true,
     .bound = 0.9,
     .unit = "x"},

    {.bench = "run",
     .cases = "default scenario",
     .what = "end to end",
     .bound = 20000,
     .unit = "ms"},
    {.bench = "run", .cases = "study size, 6 h", .what = "end to end", .bound = 1000, .unit = "ms"},
};
#define TARGETS (sizeof targets / sizeof targets[0])

/* A case that was measured. */
struct kept {
    char name[64];
    const char *bench;
    uint32_t given;
    double median, ratio;
    json_t *facts;
};

static struct {
    bool wanted;
    struct kept *cases;
    size_t count, room;
} all;

void weir_bench_targets(void) {
    all.wanted = true;
}

void bench_targets_case(const char *bench, uint32_t given, struct bench_case *c) {
    if (!all.wanted || c->runs == 0 || !c->checked) return;
    if (all.count == all.room) {
        size_t room = all.room > 0 ? 2 * all.room : 64;
        struct kept *cases = realloc(all.cases, room * sizeof *cases);
        if (cases == NULL) return;
        all.cases = cases;
        all.room = room;
    }
    char facts[sizeof c->facts + 2];
    struct kept *k = &all.cases[all.count++];
    *k = (struct kept){.bench = bench, .given = given, .median = bench_case_median(c)};
    snprintf(k->name, sizeof k->name, "%s", c->name);
    snprintf(facts, sizeof facts, "{%s}", c->facts);
    k->facts = json_loads(facts, 0, NULL);
    k->ratio = c->baseline_runs > 0 ? bench_case_ratio(c) : 0;
}

static bool fits(const struct target *t, const struct kept *k, const char *cases) {
    return strcmp(t->bench, k->bench) == 0 && (k->given & ~t->allows) == 0 &&
           fnmatch(cases, k->name, 0) == 0;
}

/* False when the case lacks what it is measured by. */
static bool value_of(const struct target *t, const struct kept *k, double *value) {
    const json_t *fact = t->fact != NULL ? json_object_get(k->facts, t->fact) : NULL;
    double more = fact != NULL ? json_number_value(fact) : 0;
    if (t->fact != NULL && !json_is_number(fact)) return false;
    switch (t->measure) {
    case MEDIAN:
        *value = k->median + more;
        break;
    case RATIO:
        *value = k->ratio;
        break;
    case SLOWER:
        *value = k->ratio > 0 ? 1 / k->ratio : 0;
        break;
    case FACT:
        *value = more;
        break;
    }
    if ((t->measure == RATIO || t->measure == SLOWER) && k->ratio <= 0) return false;
    if (t->over != NULL) *value /= json_number_value(json_object_get(k->facts, t->over));
    if (t->of == NULL) return true;
    for (size_t i = 0; i < all.count; i++)
        if (fits(t, &all.cases[i], t->of) && all.cases[i].median > 0) {
            *value /= all.cases[i].median;
            return true;
        }
    return false;
}

struct tally {
    uint32_t met, missed, unknown, rows;
};

/* How many times better than the target; below 1: worse. */
static double room_of(const struct target *t, double value) {
    if (t->at_least) return value / t->bound;
    return value > 0 ? t->bound / value : 1e9;
}

static double size_of(const struct target *t, const struct kept *k) {
    return t->size != NULL ? json_number_value(json_object_get(k->facts, t->size)) : 0;
}

static void row_text(const struct target *t, const struct kept *k, double value) {
    char verdict[48], bound[48], note[64] = "";
    double room = room_of(t, value);
    snprintf(bound, sizeof bound, "%s %.6g %s", t->at_least ? ">=" : "<=", t->bound, t->unit);
    if (room >= 1000)
        snprintf(verdict, sizeof verdict, "met");
    else if (room >= 1)
        snprintf(verdict, sizeof verdict, "met, x%.2f better", room);
    else
        snprintf(verdict, sizeof verdict, "missed by x%.2f", 1 / room);
    if (t->size != NULL && size_of(t, k) < t->stated)
        snprintf(note, sizeof note, "  (%s %.0f, stated for %.0f)", t->size, size_of(t, k),
                 t->stated);
    printf("%-8s %-32s %-37s %12.6g %-16s %s%s\n", t->bench, k->name, t->what, value, bound,
           verdict, note);
}

static void row_json(const struct target *t, const struct kept *k, double value) {
    printf("{\"bench\":\"%s\",\"case\":", t->bench);
    weir_cli_json_string(stdout, k != NULL ? k->name : t->cases);
    printf(",\"what\":\"%s\",\"sense\":\"%s\",\"target\":%.6g,\"unit\":\"%s\"", t->what,
           t->at_least ? ">=" : "<=", t->bound, t->unit);
    if (k == NULL) {
        printf(",\"value\":null,\"room\":null,\"met\":null}");
        return;
    }
    printf(",\"value\":%.6g,\"room\":%.4g,\"met\":%s", value, room_of(t, value),
           room_of(t, value) >= 1 ? "true" : "false");
    if (t->size != NULL)
        printf(",\"size\":\"%s\",\"stated_for\":%.0f,\"measured_with\":%.0f", t->size, t->stated,
               size_of(t, k));
    printf("}");
}

/* `k` NULL: nothing that the target speaks of was measured. */
static void row(const struct target *t, const struct kept *k, double value, bool json,
                struct tally *tally) {
    uint32_t *count = k == NULL                ? &tally->unknown
                      : room_of(t, value) >= 1 ? &tally->met
                                               : &tally->missed;
    ++*count;
    if (json) {
        printf("%s", tally->rows++ > 0 ? ",\n" : "\n");
        row_json(t, k, value);
    } else if (k != NULL) {
        row_text(t, k, value);
    } else {
        printf("%-8s %-32s %-37s %12s %s %.6g %s\n", t->bench, t->cases, t->what, "not measured",
               t->at_least ? ">=" : "<=", t->bound, t->unit);
    }
}

/* Every case that the target speaks of. */
static void tell(const struct target *t, bool json, struct tally *tally) {
    bool any = false;
    for (size_t i = 0; i < all.count; i++) {
        double value = 0;
        if (!fits(t, &all.cases[i], t->cases) || !value_of(t, &all.cases[i], &value)) continue;
        any = true;
        row(t, &all.cases[i], value, json, tally);
    }
    if (!any) row(t, NULL, 0, json, tally);
}

void bench_targets_end(bool json) {
    if (!all.wanted) return;
    struct tally tally = {0};
    if (json)
        printf(",\"targets\":[");
    else
        printf("\ntargets: what was measured, and what is aimed at on the reference machine\n");
    for (size_t i = 0; i < TARGETS; i++)
        tell(&targets[i], json, &tally);
    if (json)
        printf("]");
    else
        printf("%u met, %u missed, %u not measured\n", tally.met, tally.missed, tally.unknown);
    for (size_t i = 0; i < all.count; i++)
        json_decref(all.cases[i].facts);
    free(all.cases);
    memset(&all, 0, sizeof all);
}
