/* weir_economy: looks for plots by which owners who act together take money from others in random
 * venues at an index that never moves. */
#include "economy.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

struct options {
    uint64_t seed, count, runs;
    bool wild, quiet, to_end, best;
    const char *dump, *replay, *venue;
};

enum { KEY_COUNT = 1000, KEY_RUNS, KEY_WILD, KEY_DUMP, KEY_REPLAY, KEY_VENUE, KEY_END, KEY_BEST };

static const struct argp_option arguments[] = {
    {"seed", 's', "N", 0, "First venue [1]", 0},
    {"count", KEY_COUNT, "N", 0, "How many venues [100]", 0},
    {"runs", KEY_RUNS, "N", 0, "Plays in each [3000]", 0},
    {"wild", KEY_WILD, NULL, 0, "Venues as drawn, fitting or not", 0},
    {"to-end", KEY_END, NULL, 0, "Go on with the next venue when something was stolen", 0},
    {"dump", KEY_DUMP, "FILE", 0, "Write what steals to FILE and its venue to FILE.yaml", 0},
    {"replay", KEY_REPLAY, "FILE", 0, "Judge the lines of FILE instead", 0},
    {"venue", KEY_VENUE, "FILE", 0, "The venue of --replay", 0},
    {"best", KEY_BEST, NULL, 0, "Tell of the best plot where it comes to something before fees", 0},
    {"quiet", 'q', NULL, 0, "Only what was stolen", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct options *o = state->input;
    uint64_t number = arg != NULL ? strtoull(arg, NULL, 10) : 0;
    switch (key) {
    case 's':
        o->seed = number;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case KEY_COUNT:
        o->count = number;
        return 0;
    case KEY_RUNS:
        o->runs = number;
        return 0;
    case KEY_WILD:
        o->wild = true;
        return 0;
    case KEY_END:
        o->to_end = true;
        return 0;
    case KEY_BEST:
        o->best = true;
        return 0;
    case KEY_DUMP:
        o->dump = arg;
        return 0;
    case KEY_REPLAY:
        o->replay = arg;
        return 0;
    case KEY_VENUE:
        o->venue = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_haul(const struct weir_venue *v, const struct weir_haul *haul) {
    for (uint32_t k = 0, n = 0; k < v->asset_count && n < ASSETS_MAX; k++) {
        if (!v->assets[k].settles) continue;
        printf("  %s: gain %lld units, before fees %lld, lost by funds %lld, of inventory %lld\n",
               v->assets[k].name.text, (long long)haul->gain[n], (long long)haul->taken[n],
               (long long)haul->lost[n], (long long)haul->inventory[n]);
        n++;
    }
}

static void write_text(const char *path, const char *end, const char *text) {
    char name[4096];
    snprintf(name, sizeof name, "%s%s", path, end);
    FILE *file = fopen(name, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) perror(name);
}

static void tell(const struct options *o, const struct weir_economy *e,
                 const struct weir_plot *plot, const struct weir_haul *haul) {
    struct weir_tape tape = {0};
    struct weir_haul again;
    weir_economy_play(e, plot, &again, &tape);
    printf("seed %llu: %s by %u actions; again: weir_economy --seed %llu --count 1 --runs "
           "%llu%s --dump FILE\n",
           (unsigned long long)e->seed, haul->stolen ? "stolen" : "at best", plot->count,
           (unsigned long long)e->seed, (unsigned long long)o->runs, e->wild ? " --wild" : "");
    print_haul(e->venue, haul);
    for (uint32_t i = 0; i < plot->count; i++)
        printf("  %s c%u\n", weir_action_words[plot->at[i].kind], plot->at[i].who % WEIR_COLLUDERS);
    if (o->dump != NULL) {
        char *venue = weir_venue_print(e->venue);
        write_text(o->dump, "", tape.text);
        if (venue != NULL) write_text(o->dump, ".yaml", venue);
        free(venue);
    }
    free(tape.text);
}

static char *read_text(const char *path, size_t *size) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return NULL;
    char *text = NULL;
    size_t used = 0;
    for (size_t got = 1; got > 0; used += got) {
        text = realloc(text, used + 65536);
        if (text == NULL) abort();
        got = fread(text + used, 1, 65536, file);
    }
    fclose(file);
    *size = used;
    return text;
}

static int replay(const struct options *o) {
    struct weir_file_error error;
    struct weir_venue *venue = weir_venue_load(o->venue, NULL, 0, &error);
    if (venue == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    size_t size;
    char *text = read_text(o->replay, &size);
    struct weir_haul haul;
    if (text == NULL || !weir_economy_replay(venue, text, size, &haul)) return 2;
    print_haul(venue, &haul);
    puts(haul.stolen ? "stolen" : "nothing stolen");
    free(text);
    weir_venue_free(venue);
    return haul.stolen ? 1 : 0;
}

int main(int argc, char **argv) {
    struct options o = {.seed = 1, .count = 100, .runs = 3000};
    const struct argp argp = {
        arguments, parse, NULL, "Searches for plots that take money at a constant index.",
        NULL,      NULL,  NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (o.replay != NULL) return o.venue != NULL ? replay(&o) : 2;
    uint64_t stolen = 0, plays = 0, venues = 0;
    for (uint64_t seed = o.seed; seed < o.seed + o.count; seed++) {
        struct weir_economy economy;
        struct weir_plot best;
        struct weir_haul haul = {0};
        if (!weir_economy_make(&economy, seed, o.wild)) continue;
        venues++;
        uint64_t played = weir_economy_search(&economy, o.runs, &best, &haul);
        plays += played;
        stolen += haul.stolen;
        if (haul.stolen || (o.best && haul.score > 0)) {
            tell(&o, &economy, &best, &haul);
        } else if (!o.quiet) {
            printf("seed %llu: nothing in %llu plays; best %lld, kinds of fills %llx\n",
                   (unsigned long long)seed, (unsigned long long)played, (long long)haul.score,
                   (unsigned long long)haul.kinds);
        }
        weir_economy_free(&economy);
        if (stolen > 0 && !o.to_end) break;
    }
    printf("%llu venues, %llu plays, stolen in %llu\n", (unsigned long long)venues,
           (unsigned long long)plays, (unsigned long long)stolen);
    return stolen > 0 ? 1 : 0;
}
