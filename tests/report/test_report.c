/* A run folder in, a page out: what is in it, and what every damaged folder is answered with. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/report.h"

#define SERIES_HEADER                                                                              \
    "time_ns,market,index,mark,last,best_bid,best_ask,bid_depth,ask_depth,spread,open_interest,"   \
    "funding_rate,long_share,fund,leverage_ratio,backlog,liquidated_long,liquidated_short\n"
#define LIQUIDATIONS_HEADER                                                                        \
    "liquidation,account,scope,class,side,market,started_ns,ended_ns,outcome,equity,requirement,"  \
    "notional,book,auction,backstop,absorbed,adl,shortfall,lots_closed,steps\n"
#define ADL_HEADER "time_ns,market,account,counterparty,qty,price,rank,haircut,least_haircut\n"

static const char summary_text[] =
    "{\"scenario\":\"t\",\"seed\":1,\"scale\":100,\"policy\":\"full\",\"simulated_s\":7200,"
    "\"commands\":9,\"events\":9,\"state_hash\":\"00ff\",\"conserved\":true,"
    "\"liquidations\":{\"scopes\":2,\"accounts\":2,\"notional\":\"300.5\",\"long_share\":\"0.5\","
    "\"by_market\":{\"A\":\"300.5\"},\"peak_hour\":{\"notional\":\"200\",\"long_share\":null,"
    "\"by_market\":{}},\"by_stage\":{\"book\":1,\"auction\":0,\"backstop\":0,\"absorbed\":0,"
    "\"adl\":0},\"outcomes\":{\"cured\":0,\"restored\":1,\"closed\":1}},"
    "\"insurance\":{\"start\":0,\"min\":0,\"end\":0,\"received\":{\"seed\":\"1.5\"},\"paid\":0},"
    "\"adl\":{\"events\":0,\"accounts\":0,\"notional\":0,\"haircut\":0,\"least_haircut\":0},"
    "\"socialised\":\"0\",\"price\":{\"A\":{\"open\":\"1\",\"low\":\"1\",\"high\":\"2\","
    "\"close\":\"2\",\"max_drawdown\":\"0\"}},\"performance\":{\"wall_s\":0.5,"
    "\"commands_per_s\":18.0,\"liquidations_per_s\":4,\"command_ns\":{\"p50\":1,\"p99\":2,"
    "\"p99_9\":3,\"p99_99\":4,\"max\":5}}}\n";
static const char series_text[] =
    SERIES_HEADER "0,A,1,1,,,,5,5,0.1,7,0.0001,,10,0.2,0,0,0\n"
                  "3600000000000,A,2,2,2,1.9,2.1,5,5,0.2,7,0.0001,1,10,0.2,3,30,0\n"
                  "7200000000000,A,2,3,2,1.9,2.1,5,5,0.2,7,0.0001,0.5,9,0.2,1,20,20\n";
static const char liquidations_text[] =
    LIQUIDATIONS_HEADER "1,a1,cross,default,long,A,5,1000000005,closed,1,2,30,30,0,0,0,0,0.5,3,1\n"
                        "2,a2,A,default,short,A,6,,restored,1,2,40,10,0,0,0,0,0,1,2\n";
static const char adl_text[] = ADL_HEADER "7,A,a1,w2,2,3,1,0.5,0.25\n"
                                          "7,A,a1,w1,1,3,2,0.5,0.25\n"
                                          "8,A,a1,w1,4,3,1,0.25,0.25\n";

static const char *const names[] = {"summary.json", "series.csv", "liquidations.csv", "adl.csv"};
static const char *const texts[] = {summary_text, series_text, liquidations_text, adl_text};

static void write_file(const char *folder, const char *name, const char *text, size_t size) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL);
    cr_assert(fwrite(text, 1, size, file) == size);
    cr_assert(fclose(file) == 0);
}

/* Puts the good folder back. */
static void restore(const char *folder) {
    for (size_t i = 0; i < 4; i++)
        write_file(folder, names[i], texts[i], strlen(texts[i]));
}

static char *new_folder(char *path, size_t size) {
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, size, "%s/weir-report-XXXXXX", base != NULL ? base : P_tmpdir);
    cr_assert(mkdtemp(path) != NULL);
    restore(path);
    return path;
}

static void remove_folder(const char *folder) {
    char path[512];
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    (void)remove(path);
    cr_assert(rmdir(folder) == 0, "something was left in %s", folder);
}

/* The page as text; the caller frees it. NULL when there is none. */
static char *read_page(const char *folder) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    FILE *file = fopen(path, "r");
    if (file == NULL) return NULL;
    char *text = NULL;
    size_t capacity = 0;
    ssize_t size = getdelim(&text, &capacity, 0, file);
    cr_assert(size > 0);
    (void)fclose(file);
    return text;
}

static size_t occurrences(const char *text, const char *what) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

/* The data inside the page, as JSON. */
static json_t *page_data(const char *folder) {
    static const char open[] = "id=\"data\">";
    char *page = read_page(folder);
    cr_assert(page != NULL);
    char *data = strstr(page, open);
    cr_assert(data != NULL);
    data += strlen(open);
    char *end = strstr(data, "</script>");
    cr_assert(end != NULL);
    json_error_t problem;
    json_t *root = json_loadb(data, (size_t)(end - data), JSON_REJECT_DUPLICATES, &problem);
    cr_assert(root != NULL, "%s", problem.text);
    free(page);
    return root;
}

static json_t *at(json_t *value, const char *path) {
    char part[64];
    while (*path != 0) {
        size_t size = strcspn(path, ".");
        (void)snprintf(part, sizeof part, "%.*s", (int)size, path);
        value = json_is_array(value) ? json_array_get(value, strtoul(part, NULL, 10))
                                     : json_object_get(value, part);
        cr_assert(value != NULL, "no %s", part);
        path += size + (path[size] == '.');
    }
    return value;
}

static double value_at(json_t *root, const char *path) {
    return json_number_value(at(root, path));
}

Test(report, data_of_the_page) {
    char folder[256];
    struct weir_file_error error;
    cr_assert_eq(weir_report_write(new_folder(folder, sizeof folder), &error), 0, "%s", error.text);
    json_t *data = page_data(folder);
    static const struct {
        const char *path;
        double value;
    } rows[] = {
        {"summary.scale", 100},
        {"series.samples", 3},
        {"series.hour.from", 3600}, /* 30 and 40 stand an hour apart: no hour holds both */
        {"series.hour.to", 7200},
        {"series.hour.liquidated", 40},
        {"series.views.0.t.2", 7200},
        {"series.views.0.markets.0.mark.2", 3},
        {"series.views.0.markets.0.short.2", 20},
        {"series.views.0.fund.2", 9},
        {"liquidations.count", 2},
        {"liquidations.open", 1},
        {"liquidations.short_of_money", 1},
        {"liquidations.shortfall", 0.5},
        {"liquidations.took_max", 1},
        {"liquidations.steps", 3},
        {"liquidations.sizes.1", 2},
        {"liquidations.top.0.notional", 40},
        {"liquidations.classes.0.notional", 70},
        {"adl.events", 3},
        {"adl.accounts", 2},
        {"adl.top.0.notional", 15},
        {"adl.top.0.haircut", 0.75},
        {"adl.top.1.events", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert(value_at(data, rows[i].path) == rows[i].value, "%s is %g", rows[i].path,
                  value_at(data, rows[i].path));
    cr_assert_str_eq(json_string_value(at(data, "adl.top.0.account")), "w1");
    cr_assert_str_eq(json_string_value(at(data, "summary.seed")), "1");
    json_decref(data);
    remove_folder(folder);
}

/* Money of other assets counts at `worth`, lots of inverse contracts at `per_qty`. */
Test(report, several_assets) {
    char folder[256];
    struct weir_file_error error;
    static const char *const replaced[][2] = {
        {"series.csv",
         "time_ns,market,index,mark,last,best_bid,best_ask,bid_depth,ask_depth,spread,"
         "open_interest,funding_rate,long_share,fund,leverage_ratio,backlog,liquidated_long,"
         "liquidated_short,per_qty\n0,A,50,50,,,,5,6,0.1,7,0.0001,,10,0.2,0,0,0,100\n"},
        {"liquidations.csv",
         "liquidation,account,scope,class,side,market,started_ns,ended_ns,outcome,equity,"
         "requirement,notional,book,auction,backstop,absorbed,adl,shortfall,lots_closed,steps,"
         "asset,worth\n1,a1,cross:BTC,default,sell,A,5,6,closed,0.5,2,300,4,0,0,0,0,0.25,3,1,BTC,"
         "40\n"},
        {"adl.csv", "time_ns,market,account,counterparty,qty,price,rank,haircut,least_haircut,"
                    "asset,notional,worth\n7,A,a1,w2,2,3,1,0.5,0.25,BTC,200,40\n"},
    };
    (void)new_folder(folder, sizeof folder);
    for (size_t i = 0; i < 3; i++)
        write_file(folder, replaced[i][0], replaced[i][1], strlen(replaced[i][1]));
    cr_assert_eq(weir_report_write(folder, &error), 0, "%s", error.text);
    json_t *data = page_data(folder);
    static const struct {
        const char *path;
        double value;
    } rows[] = {
        {"series.views.0.markets.0.open_interest.0", 14}, /* 7 * 100 / 50 */
        {"series.views.0.markets.0.bid_depth.0", 10},
        {"series.views.0.markets.0.ask_depth.0", 12},
        {"liquidations.shortfall", 10},
        {"liquidations.top.0.equity", 20},
        {"liquidations.top.0.notional", 300},
        {"liquidations.top.0.book", 160},
        {"adl.top.0.notional", 200},
        {"adl.top.0.haircut", 20},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert(value_at(data, rows[i].path) == rows[i].value, "%s is %g", rows[i].path,
                  value_at(data, rows[i].path));
    cr_assert_str_eq(json_string_value(at(data, "liquidations.top.0.scope")), "cross:BTC");
    json_decref(data);
    remove_folder(folder);
}

Test(report, nothing_happened) {
    char folder[256];
    struct weir_file_error error;
    new_folder(folder, sizeof folder);
    write_file(folder, "series.csv", SERIES_HEADER, strlen(SERIES_HEADER));
    write_file(folder, "liquidations.csv", LIQUIDATIONS_HEADER, strlen(LIQUIDATIONS_HEADER));
    write_file(folder, "adl.csv", ADL_HEADER, strlen(ADL_HEADER));
    cr_assert_eq(weir_report_write(folder, &error), 0, "%s", error.text);
    json_t *data = page_data(folder);
    cr_assert(value_at(data, "series.samples") == 0);
    cr_assert(value_at(data, "liquidations.count") == 0);
    cr_assert(value_at(data, "adl.events") == 0);
    json_decref(data);
    remove_folder(folder);
}

/* A line of a chart has at most 2,000 points, and still shows a spike of one sample. */
Test(report, thinned_with_extremes) {
    char folder[256];
    char *text = NULL;
    size_t size = 0;
    struct weir_file_error error;
    FILE *out = open_memstream(&text, &size);
    cr_assert(out != NULL);
    (void)fputs(SERIES_HEADER, out);
    for (int i = 0; i < 20000; i++) {
        for (int market = 0; market < 2; market++)
            (void)fprintf(out, "%lld,M%d,5,%d,,,,,,,,,,%d,,,1,0\n", i * 5000000000LL, market,
                          i == 12345 ? 99
                          : i == 777 ? 1
                                     : 5,
                          i);
    }
    (void)fclose(out);
    new_folder(folder, sizeof folder);
    write_file(folder, "series.csv", text, size);
    cr_assert_eq(weir_report_write(folder, &error), 0, "%s", error.text);
    json_t *data = page_data(folder);
    json_t *mark = at(data, "series.views.0.markets.1.mark");
    double low = 5;
    double high = 5;
    double sum = 0;
    cr_assert(json_array_size(mark) <= 2000 && json_array_size(mark) > 1000);
    for (size_t i = 0; i < json_array_size(mark); i++) {
        double value = json_number_value(json_array_get(mark, i));
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    cr_assert(low == 1 && high == 99);
    json_t *flow = at(data, "series.views.0.markets.0.long");
    for (size_t i = 0; i < json_array_size(flow); i++)
        sum += json_number_value(json_array_get(flow, i));
    cr_assert(sum == 20000); /* flows are summed, none is lost */
    cr_assert(value_at(data, "series.hour.liquidated") == 2 * 720);
    cr_assert(value_at(data, "series.views.0.end") == 19999 * 5.0);
    /* The two values of a bucket stand in the order in which they came. */
    json_t *fund = at(data, "series.views.0.fund");
    for (size_t i = 1; i < json_array_size(fund); i++)
        cr_assert(json_number_value(json_array_get(fund, i)) >
                  json_number_value(json_array_get(fund, i - 1)));
    json_decref(data);
    free(text);
    remove_folder(folder);
}

Test(report, hostile_text_stays_text) {
    static const char hostile[] = "</script><b>&\"\\'";
    char folder[256];
    char text[4096];
    struct weir_file_error error;
    new_folder(folder, sizeof folder);
    (void)snprintf(text, sizeof text, SERIES_HEADER "0,%s,1,1,,,,,,,,,,1,,,0,0\n", hostile);
    write_file(folder, "series.csv", text, strlen(text));
    (void)snprintf(text, sizeof text,
                   LIQUIDATIONS_HEADER "1,%s,%s,%s,%s,%s,5,6,%s,1,2,3,3,0,0,0,0,0,3,1\n", hostile,
                   hostile, hostile, hostile, hostile, hostile);
    write_file(folder, "liquidations.csv", text, strlen(text));
    (void)snprintf(text, sizeof text, "%s", summary_text);
    char *scenario = strstr(text, "\"t\"");
    (void)snprintf(scenario, sizeof text - (size_t)(scenario - text), "\"</script><!--\\u2028\"%s",
                   strstr(summary_text, "\"t\"") + 3);
    write_file(folder, "summary.json", text, strlen(text));
    cr_assert_eq(weir_report_write(folder, &error), 0, "%s", error.text);
    char *page = read_page(folder);
    cr_assert_eq(occurrences(page, "</script"), 2); /* the data's end and the script's end */
    cr_assert_eq(occurrences(page, "<!--"), 0);
    free(page);
    json_t *data = page_data(folder);
    cr_assert_str_eq(json_string_value(at(data, "liquidations.top.0.account")), hostile);
    cr_assert_str_eq(json_string_value(at(data, "series.views.0.markets.0.name")), hostile);
    cr_assert_str_eq(json_string_value(at(data, "summary.scenario")), "</script><!--\u2028");
    json_decref(data);
    remove_folder(folder);
}

/* The good folder with one text of one file replaced: refused with this in the message. */
struct damage {
    int file; /* of names[] */
    const char *from, *to;
    const char *message;
};
static const struct damage damages[] = {
    {0, "{\"scenario\"", "[\"scenario\"", "summary.json:1:"},
    {0, "\"seed\":1,", "\"seed\":1,\"seed\":2,", "summary.json:1:"},
    {0, "\"seed\":1,", "", "key `seed` is missing"},
    {0, "\"seed\":1,", "\"seed\":\"x\",", "key `seed` is `\"x\"`: expected a number"},
    {0, "\"scale\":100", "\"scale\":0", "key `scale` is 0"},
    {0, "\"scale\":100", "\"scale\":\"1e3\"", "key `scale` is `\"1e3\"`"},
    {0, "\"conserved\":true", "\"conserved\":1", "key `conserved` is `1`: expected true or false"},
    {0, "\"state_hash\":\"00ff\"", "\"state_hash\":255", "key `state_hash`"},
    {0, "\"notional\":\"200\",", "", "key `liquidations.peak_hour.notional` is missing"},
    {0, "\"p99_9\":3,", "", "key `performance.command_ns.p99_9` is missing"},
    {0, "\"low\":\"1\",", "", "key `price`"},
    {0, "{\"A\":\"300.5\"}", "{\"A\":true}", "key `liquidations.by_market`"},
    {0, "\"max\":5}}}", "\"max\":5}}", "summary.json:"},
    {1, "time_ns,market", "time,market", "series.csv:1: the header has no column `time_ns`"},
    {1, "3600000000000,A,2,2,", "3600000000000,A,2,", "series.csv:3: 17 fields, the header has 18"},
    {1, "30,0\n", "30\n", "the line is cut"},
    {1, "20,20\n", "20,2", "series.csv:4:64: the line has no end: the file is truncated"},
    {1, "0,A,1,1", "0,A,1,nan", "series.csv:2:7: mark `nan`: expected a decimal number"},
    {1, "0,A,1,1", "0,A,1,0x1", "mark `0x1`"},
    {1, "0,A,1,1", "0,A,1,1-1", "mark `1-1`"},
    {1, "0,A,1,1", "0,A,1,1e999", "mark `1e999`"},
    {1, "0,A,1,1", "-1,A,1,1", "series.csv:2:1: time_ns `-1`: expected nanoseconds"},
    {1, "0,A,1,1", "99999999999999999999,A,1,1", "time_ns `99999999999999999999`"},
    {1, "0,A,1,1", ",A,1,1", "time_ns ``"},
    {1, "0,A,1,1", "0,,1,1", "market ``: expected a name of 1 to 31 characters"},
    {1, "0,A,1,1", "0,A2345678901234567890123456789012,1,1", "1 to 31 characters"},
    {1, "7200000000000", "3000000000000", "series.csv:4:1: time_ns goes back"},
    {1, "7200000000000", "3600000000000", "series.csv:4: a second row of A at this time"},
    {2, "liquidation,account", "account", "has no column `liquidation`"},
    {2, "1,a1,", "1,,", "liquidations.csv:2:3: account ``"},
    {2, ",1000000005,", ",4,", "liquidations.csv:2: ended before it started"},
    {2, ",30,30,", ",thirty,30,", "notional `thirty`"},
    {2, ",1,2\n", ",1,2", "truncated"},
    {3, "least_haircut\n", "least\n", "adl.csv:1: the header has no column `least_haircut`"},
    {3, "w2,2,3", "w2,2,3.x", "adl.csv:2:13: price `3.x`"},
    {3, "0.25\n8,", "0.25\n8,A\n8,", "adl.csv:4: 2 fields"},
};

static char *replaced(const char *text, const char *from, const char *to) {
    const char *found = strstr(text, from);
    cr_assert(found != NULL, "%s", from);
    char *made = malloc(strlen(text) + strlen(to) + 1);
    cr_assert(made != NULL);
    (void)snprintf(made, strlen(text) + strlen(to) + 1, "%.*s%s%s", (int)(found - text), text, to,
                   found + strlen(from));
    return made;
}

Test(report, damaged_folders_are_refused) {
    char folder[256];
    struct weir_file_error error;
    new_folder(folder, sizeof folder);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        const struct damage *damage = &damages[i];
        char *text = replaced(texts[damage->file], damage->from, damage->to);
        write_file(folder, names[damage->file], text, strlen(text));
        cr_assert_eq(weir_report_write(folder, &error), -EINVAL, "%s", damage->message);
        cr_assert(strstr(error.text, damage->message) != NULL, "`%s`, not `%s`", error.text,
                  damage->message);
        free(text);
        restore(folder);
    }
    cr_assert(read_page(folder) == NULL);
    cr_assert_eq(weir_report_write(folder, &error), 0, "%s", error.text);
    remove_folder(folder);
}

Test(report, missing_empty_and_binary_files_are_refused) {
    char folder[256];
    char path[512];
    struct weir_file_error error;
    new_folder(folder, sizeof folder);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        cr_assert(unlink(path) == 0);
        cr_assert_eq(weir_report_write(folder, &error), -EINVAL);
        cr_assert(strstr(error.text, names[i]) && strstr(error.text, "cannot be opened"));
        write_file(folder, names[i], "", 0);
        cr_assert_eq(weir_report_write(folder, &error), -EINVAL);
        cr_assert(strstr(error.text, names[i]) != NULL, "%s", error.text);
        write_file(folder, names[i], "a\0b\n", 4);
        cr_assert_eq(weir_report_write(folder, &error), -EINVAL);
        cr_assert(strstr(error.text, names[i]) != NULL, "%s", error.text);
        restore(folder);
    }
    remove_folder(folder);
    cr_assert_eq(weir_report_write(folder, &error), -EINVAL);
}

/* Every prefix of every file: an answer, never a crash, and never a page made of half a file. */
Test(report, truncated_anywhere) {
    char folder[256];
    struct weir_file_error error;
    new_folder(folder, sizeof folder);
    for (size_t i = 0; i < 4; i++) {
        size_t whole = strlen(texts[i]);
        for (size_t size = 0; size + 1 < whole; size += i == 0 ? 7 : 1) {
            write_file(folder, names[i], texts[i], size);
            int result = weir_report_write(folder, &error);
            /* A file of lines cut at the end of one is a shorter file of lines. */
            bool line_end = i > 0 && size > 0 && texts[i][size - 1] == '\n';
            cr_assert_eq(result, line_end ? 0 : -EINVAL, "%s at %zu: %s", names[i], size,
                         error.text);
        }
        restore(folder);
    }
    remove_folder(folder);
}

Test(report, page_that_cannot_be_written) {
    char folder[256];
    char path[512];
    struct weir_file_error error;
    new_folder(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    cr_assert(mkdir(path, 0700) == 0); /* a folder stands where the page should go */
    cr_assert_eq(weir_report_write(folder, &error), -EIO);
    cr_assert(strstr(error.text, "report.html: cannot be written") != NULL, "%s", error.text);
    remove_folder(folder);
}
