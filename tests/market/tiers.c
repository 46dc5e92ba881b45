/* Maintenance tiers: R9's conditions and CSV files. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "market/market.h"

#define PPB INT64_C(1000000000)

Test(tiers, problems) {
    static const struct {
        struct weir_tiers tiers;
        uint32_t row;
        const char *says; /* NULL: no problem */
    } rows[] = {
        {{.count = 1, .row = {{10, 0, 1, 0}}}, 0, NULL},
        {{.count = 2, .row = {{10, 5, 100, 0}, {11, 5, 0, PPB}}}, 0, NULL},
        {{.count = 0}, 0, "1 to 32 tiers"},
        {{.count = 33}, 0, "1 to 32 tiers"},
        {{.count = 1, .row = {{0, 0, 1, 0}}}, 0, "cap above 0"},
        {{.count = 1, .row = {{-5, 0, 1, 0}}}, 0, "cap above 0"},
        {{.count = 1, .row = {{1, -1, 1, 0}}}, 0, "rate from 0 to 1"},
        {{.count = 1, .row = {{1, PPB + 1, 1, 0}}}, 0, "rate from 0 to 1"},
        {{.count = 1, .row = {{1, 0, -1, 0}}}, 0, "max_leverage of at least 1"},
        {{.count = 1, .row = {{1, 0, 0, PPB + 1}}}, 0, "initial_rate above 0"},
        {{.count = 1, .row = {{1, 0, 0, 0}}}, 0, "either max_leverage"},
        {{.count = 1, .row = {{1, 0, 5, 5}}}, 0, "either max_leverage"},
        {{.count = 2, .row = {{10, 0, 1, 0}, {10, 0, 1, 0}}}, 1, "cap above that"},
        {{.count = 3, .row = {{10, 0, 1, 0}, {20, 9, 1, 0}, {30, 8, 1, 0}}}, 2, "rate not below"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t row = 99;
        const char *problem = weir_tiers_problem(&rows[i].tiers, &row);
        if (!rows[i].says) {
            cr_assert(!problem, "row %zu: %s", i, problem);
            continue;
        }
        cr_assert(problem && strstr(problem, rows[i].says), "row %zu: %s", i,
                  problem ? problem : "none");
        cr_assert_eq(row, rows[i].row);
    }
}

/* ---- CSV ------------------------------------------------------------------------------------- */
static char folder[] = P_tmpdir "/weir-tiers-XXXXXX";

static void write_file(const char *name, const char *text, size_t size) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    cr_assert(out && fwrite(text, 1, size, out) == size);
    fclose(out);
}

static void setup(void) {
    static const char venue[] = "name: v\nmoney: {asset: USDT}\nmarkets:\n"
                                "  - symbol: A\n    tick: 1\n    lot: 1\n"
                                "    tiers_file: tiers.csv\n";
    cr_assert(mkdtemp(folder));
    write_file("venue.yaml", venue, sizeof venue - 1);
}

static void teardown(void) {
    char path[256];
    static const char *const names[] = {"/venue.yaml", "/tiers.csv", ""};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", folder, names[i]);
        remove(path);
    }
}

static struct weir_venue *load(const char *csv, size_t size, struct weir_file_error *error) {
    char path[256];
    snprintf(path, sizeof path, "%s/venue.yaml", folder);
    if (csv) write_file("tiers.csv", csv, size);
    return weir_venue_load(path, NULL, 0, error);
}

Test(tiers, csv_is_read, .init = setup, .fini = teardown) {
    static const char *const files[] = {
        "cap,rate,max_leverage\n50000,0.004,125\n600000,0.005,100\n",
        "# table\r\ncap , rate,max_leverage\r\n\r\n50000, 0.004 ,125\r\n600000,0.005,100",
        "rate,initial_rate,max_leverage,cap\n0.004,,125,50000\n0.005,0.01,,600000\n"};
    for (size_t i = 0; i < 3; i++) {
        struct weir_file_error error = {{0}};
        struct weir_venue *venue = load(files[i], strlen(files[i]), &error);
        cr_assert(venue, "file %zu: %s", i, error.text);
        const struct weir_tiers *tiers = &venue->markets[0].tiers;
        cr_assert_eq(tiers->count, 2);
        cr_assert_eq(tiers->row[0].cap, 50000000000);
        cr_assert_eq(tiers->row[0].rate, 4000000);
        cr_assert_eq(tiers->row[0].max_leverage, 125);
        cr_assert_eq(tiers->row[1].cap, 600000000000);
        cr_assert(tiers->row[1].max_leverage == (i < 2 ? 100 : 0));
        cr_assert(tiers->row[1].initial_rate == (i < 2 ? 0 : 10000000));
        weir_venue_free(venue);
    }
}

Test(tiers, csv_is_refused, .init = setup, .fini = teardown) {
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "tiers.csv:1:1: the file is empty"},
        {"# nothing\n", "the file is empty"},
        {"cap,rate,max_leverage\n", "has 0 items"},
        {"cap,rate,leverage\n", "tiers.csv:1:10: unknown column \"leverage\""},
        {"cap,rate,cap\n", "column \"cap\" is given twice"},
        {"cap,rate,max_leverage\n1,0.1,5,9\n", "tiers.csv:2:9: a cell too many"},
        {"cap,rate,max_leverage\n1,x,5\n", "tiers.csv:2:3: rate is \"x\""},
        {"cap,rate,max_leverage\n1,,5\n", "tiers.csv:2:1: rate is missing"},
        {"cap,rate,max_leverage\n1,0.1\n",
         "tier 1 (cap 1.000000, rate 0.100000000): expected either"},
        {"cap,rate,max_leverage\n2,0.1,5\n1,0.1,5\n", "tier 2"},
        {"cap,rate,max_leverage\n1,0.1,\xff\n", "tiers.csv:2:7: byte 0xFF"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct weir_file_error error = {{0}};
        cr_assert(!load(rows[i].text, strlen(rows[i].text), &error), "row %zu", i);
        cr_assert(strstr(error.text, rows[i].says), "row %zu: %s", i, error.text);
    }
    struct weir_file_error error = {{0}};
    cr_assert(!load("cap,rate\n\0", 10, &error));
    cr_assert(strstr(error.text, "tiers.csv:2:1: a NUL byte"), "%s", error.text);
    char *large = calloc(1, 70000);
    cr_assert(!load(memset(large, '#', 70000), 70000, &error));
    cr_assert(strstr(error.text, "venue.yaml:7:17: tiers_file"), "%s", error.text);
    cr_assert(strstr(error.text, "larger than 65536 bytes"), "%s", error.text);
    free(large);
    char path[256];
    snprintf(path, sizeof path, "%s/tiers.csv", folder);
    remove(path);
    cr_assert(!load(NULL, 0, &error));
    cr_assert(strstr(error.text, "No such file"), "%s", error.text);
}
