/* The YAML layer: hostile files, settings, single values. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "market/yaml.h"

static void refused(const char *text, size_t size, const char *says) {
    struct weir_file_error error = {{0}};
    struct weir_yaml *yaml = weir_yaml_parse(text, size, "f", &error);
    cr_assert(!yaml, "accepted what should say: %s", says);
    cr_assert(strstr(error.text, says), "\"%s\" lacks \"%s\"", error.text, says);
}

Test(yaml, hostile_bytes) {
    static const struct {
        const char *text;
        size_t size;
        const char *says;
    } rows[] = {
        {"", 0, "f:1:1: the file is empty"},
        {"\n\n", 2, "the file is empty"},
        {"\xEF\xBB\xBF", 3, "the file is empty"},
        {"a: b\0\n", 6, "f:1:5: a NUL byte"},
        {"a: b\nc: \xff\n", 11, "f:2:4: byte 0xFF is not UTF-8"},
        {"a: \xc0\xaf\n", 6, "byte 0xC0 is not UTF-8"},
        {"a: \xed\xa0\x80\n", 7, "byte 0xED is not UTF-8"},
        {"a: \xe2\x82", 5, "byte 0xE2 is not UTF-8"},
        {"a: \xf4\x90\x80\x80", 7, "byte 0xF4 is not UTF-8"},
        {"a: \x1b[1m\n", 8, "f:1:4: control byte 0x1B"},
        {"a: \xc2\x80\n", 6, "control byte 0xC2"},
        {"a: \"\\0\"\n", 8, "a text with a control byte"},
        {"a: \"\\e\"\n", 8, "a text with a control byte"},
        {"a: {b: 1\n", 9, "not YAML"},
        {"a: [1, 2\n", 9, "not YAML"},
        {"a: \"open\n", 9, "not YAML"},
        {"a\tb: 'x", 7, "not YAML"},
        {"a: b: c\n", 8, "f:1:5: not YAML"},
        {"a: 1\n b: 2\n", 11, "f:2:"},
        {"a: &x 1\n", 8, "f:1:4: anchors and tags"},
        {"a: *x\n", 6, "f:1:4: aliases are not allowed"},
        {"a: &x [1]\n", 10, "anchors and tags"},
        {"a: !!int 1\n", 11, "anchors and tags"},
        {"a: !!map {}\n", 12, "anchors and tags"},
        {"a: 1\n---\nb: 2\n", 14, "f:2:1: a second document"},
        {"[a]: 1\n", 7, "as a key"},
        {"{a: 1}: 1\n", 10, "as a key"},
        {"a: 1\nb: 2\na: 3\n", 15, "f:3:1: key \"a\" is given twice"},
        {"{a: {b: 1, b: 2}}", 17, "f:1:12: key \"b\" is given twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(rows[i].text, rows[i].size, rows[i].says);
}

/* Bombs: depth, size, a mapping of very many keys. Each must be answered quickly. */
Test(yaml, bombs, .timeout = 60) {
    size_t size = 200000;
    char *text = malloc(size + 64);
    memset(text, '[', size);
    refused(text, size, "nested too deeply");
    for (size_t i = 0; i + 1 < size; i += 2)
        memcpy(text + i, "- ", 2);
    refused(text, size, "nested too deeply");
    free(text);
    const char laughs[] = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    refused(laughs, sizeof laughs - 1, "anchors and tags");
    size_t large = WEIR_YAML_SIZE_MAX + 1;
    text = malloc(large);
    memset(text, '#', large);
    refused(text, large, "16777217 bytes are too many; expected at most 16777216");
    free(text);
    size_t used = 0, keys = 200000;
    text = malloc(keys * 16 + 16);
    for (size_t i = 0; i < keys; i++)
        used += (size_t)snprintf(text + used, 16, "k%zu: 1\n", i);
    used += (size_t)snprintf(text + used, 16, "k7: 1\n");
    refused(text, used, "key \"k7\" is given twice");
    free(text);
}

/* Any prefix of a file and any flipped byte: an answer, never a crash. */
Test(yaml, truncated_and_damaged, .timeout = 120) {
    static const char text[] = "name: v\nmoney: {asset: USDT, decimals: 6}\nmarkets:\n"
                               "  - symbol: \"A\"\n    tick: 0.1\n    lot: 0.01\n    tiers:\n"
                               "      - {cap: 1, rate: 0, max_leverage: 1}\n";
    size_t size = sizeof text - 1;
    struct weir_file_error error;
    for (size_t n = 0; n <= size; n++) {
        error.text[0] = 0;
        struct weir_venue *venue = weir_venue_parse(text, n, "f", NULL, 0, &error);
        cr_assert(venue || strncmp(error.text, "f:", 2) == 0, "%zu bytes: %s", n, error.text);
        cr_assert(n + 2 > size || !venue, "%zu bytes were accepted", n);
        weir_venue_free(venue);
    }
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            char damaged[sizeof text];
            memcpy(damaged, text, sizeof text);
            damaged[i] = (char)(damaged[i] ^ (1 << bit));
            error.text[0] = 0;
            struct weir_venue *venue = weir_venue_parse(damaged, size, "f", NULL, 0, &error);
            cr_assert(venue || strncmp(error.text, "f:", 2) == 0);
            weir_venue_free(venue);
        }
    }
}

Test(yaml, files_that_cannot_be_read) {
    struct weir_file_error error;
    cr_assert(!weir_yaml_load("no/such/file.yaml", &error));
    cr_assert_str_eq(error.text, "no/such/file.yaml: cannot be read: No such file or directory");
    cr_assert(!weir_yaml_load("/", &error));
    cr_assert_str_eq(error.text, "/: cannot be read: Is a directory");
    cr_assert(!weir_yaml_load("/dev/zero", &error));
    cr_assert(strstr(error.text, "are too many"), "%s", error.text);
    cr_assert(!weir_yaml_load("/dev/null", &error));
    cr_assert_str_eq(error.text, "/dev/null:1:1: the file is empty");
}

/* ---- Settings -------------------------------------------------------------------------------- */
static const char *value_at(const struct weir_yaml *yaml, const char *key, const char *sub) {
    const struct weir_yaml_node *node = weir_yaml_find(weir_yaml_root(yaml), key);
    if (sub) node = weir_yaml_find(node, sub);
    return node ? node->text : "(missing)";
}

static const char list[] = "top: 1\n"
                           "hollow:\n"
                           "m: {a: 1}\n"
                           "l: [{name: x, v: 1}, {name: x.y, v: 2}, {symbol: z, v: 3}]\n";

Test(yaml, settings) {
    static const struct {
        const char *path, *value, *key, *sub, *expected;
    } rows[] = {
        {"top", "2", "top", NULL, "2"},          {"m.a", "5s", "m", "a", "5s"},
        {"m.b", "'quoted'", "m", "b", "quoted"}, {"new.deep.er", "1", "new", "deep", ""},
        {"new.a", "v", "new", "a", "v"},         {"hollow.a", "v", "hollow", "a", "v"},
        {"m", "{a: 7}", "m", "a", "7"},          {"m.a", "", "m", "a", ""},
    };
    struct weir_file_error error;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct weir_setting setting = {rows[i].path, rows[i].value};
        struct weir_yaml *yaml = weir_yaml_parse(list, sizeof list - 1, "f", &error);
        cr_assert(weir_yaml_set(yaml, &setting, 1, &error), "%s", error.text);
        cr_assert_str_eq(value_at(yaml, rows[i].key, rows[i].sub), rows[i].expected, "row %zu", i);
        weir_yaml_free(yaml);
    }
}

/* Items of a list by name (the longest that fits: names hold dots) or index; the last setting
 * wins. */
Test(yaml, settings_of_list_items) {
    const struct weir_setting settings[] = {{"l.x.v", "10"}, {"l.x.y.v", "20"}, {"l.z.v", "30"},
                                            {"l.2.w", "40"}, {"l.0.v", "11"},   {"l.1.name", "n"},
                                            {"l.n.v", "21"}};
    static const char *const expected[] = {"11", "21", "30"};
    struct weir_file_error error;
    struct weir_yaml *yaml = weir_yaml_parse(list, sizeof list - 1, "f", &error);
    cr_assert(weir_yaml_set(yaml, settings, sizeof settings / sizeof *settings, &error), "%s",
              error.text);
    const struct weir_yaml_node *item = weir_yaml_find(weir_yaml_root(yaml), "l")->first;
    for (size_t i = 0; i < 3; i++, item = item->next)
        cr_assert_str_eq(weir_yaml_find(item, "v")->text, expected[i]);
    weir_yaml_free(yaml);
}

Test(yaml, settings_refused) {
    static const struct {
        const char *path, *value, *says;
    } rows[] = {
        {"", "1", "--set : an empty key"},
        {"a..b", "1", "--set a..b: an empty key"},
        {"a.", "1", "an empty key"},
        {"top.x", "1", "what holds it is the value \"1\""},
        {"l.nobody.v", "1", "the list has no item \"nobody\""},
        {"l.3", "1", "an index below 3"},
        {"l.-1", "1", "no item \"-1\""},
        {"l.99999999999999999999", "1", "no item"},
        {"top", "{a", "--set top: not YAML"},
        {"top", "*a", "aliases are not allowed"},
        {"top", "\xff", "is not UTF-8"},
        {"top", "{a: 1, a: 2}", "key \"a\" is given twice"},
    };
    struct weir_file_error error;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct weir_setting setting = {rows[i].path, rows[i].value};
        struct weir_yaml *yaml = weir_yaml_parse(list, sizeof list - 1, "f", &error);
        cr_assert(!weir_yaml_set(yaml, &setting, 1, &error), "%s was accepted", rows[i].path);
        cr_assert(strstr(error.text, rows[i].says), "\"%s\" lacks \"%s\"", error.text,
                  rows[i].says);
        weir_yaml_free(yaml);
    }
}

/* ---- Values ---------------------------------------------------------------------------------- */
Test(yaml, durations) {
    static const struct {
        const char *text;
        bool ok;
        int64_t ns;
    } rows[] = {{"0s", true, 0},
                {"1ns", true, 1},
                {"1us", true, 1000},
                {"250ms", true, 250000000},
                {"5s", true, 5000000000},
                {"0.5m", true, 30000000000},
                {"8h", true, 28800000000000},
                {"2d", true, 172800000000000},
                {"-5s", true, -5000000000},
                {"5", false, 0},
                {"s", false, 0},
                {"", false, 0},
                {"5 s", false, 0},
                {"5S", false, 0},
                {"5sec", false, 0},
                {"1e3s", false, 0},
                {"0.5ns", false, 0},
                {"9999999999s", false, 0},
                {"1h30m", false, 0},
                {"99999999999999999999999999999999999999999d", false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_time ns = 0;
        cr_assert_eq(weir_yaml_duration(rows[i].text, strlen(rows[i].text), &ns), rows[i].ok, "%s",
                     rows[i].text);
        if (rows[i].ok) cr_assert_eq(ns, rows[i].ns, "%s", rows[i].text);
    }
}

Test(yaml, times) {
    static const struct {
        const char *text;
        bool ok;
        int64_t ns;
    } rows[] = {{"1970-01-01T00:00:00Z", true, 0},
                {"1970-01-02T00:00:01.5Z", true, 86401500000000},
                {"2000-02-29T12:00:00Z", true, 951825600000000000},
                {"2026-12-25T08:00:00Z", true, 1798185600000000000},
                {"2026-12-25T08:00:00.000000001Z", true, 1798185600000000001},
                {"2261-12-31T23:59:59Z", true, 9214646399000000000},
                {"2100-02-29T00:00:00Z", false, 0},
                {"2026-13-01T00:00:00Z", false, 0},
                {"2026-00-01T00:00:00Z", false, 0},
                {"2026-04-31T00:00:00Z", false, 0},
                {"2026-12-25T24:00:00Z", false, 0},
                {"2026-12-25T08:00:60Z", false, 0},
                {"2026-12-25 08:00:00Z", false, 0},
                {"2026-12-25T08:00:00", false, 0},
                {"2026-12-25T08:00:00+01:00", false, 0},
                {"2026-12-25T08:00:00.Z", false, 0},
                {"2026-12-25T08:00:00.0000000001Z", false, 0},
                {"1969-12-31T23:59:59Z", false, 0},
                {"2026-12-25", false, 0}};
    const struct weir_yaml_field field = {.key = "t", .type = WEIR_YAML_TIME};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_time ns = 0;
        cr_assert_eq(weir_yaml_time(rows[i].text, strlen(rows[i].text), &ns), rows[i].ok, "%s",
                     rows[i].text);
        if (!rows[i].ok) continue;
        cr_assert_eq(ns, rows[i].ns, "%s: %lld", rows[i].text, (long long)ns);
        char text[64] = {0};
        FILE *out = fmemopen(text, sizeof text - 1, "w");
        weir_yaml_print_value(out, &field, NULL, &ns);
        fclose(out);
        weir_time again = 0;
        cr_assert(weir_yaml_time(text, strlen(text), &again) && again == ns, "%s", text);
    }
}

/* ---- Tables ---------------------------------------------------------------------------------- */
struct thing {
    char text[8];
    uint32_t count;
    struct pair {
        int64_t a;
        uint32_t small;
    } pairs[3];
    struct weir_decimal decimal;
    bool flag;
};

static const struct weir_yaml_field pair_fields[] = {{.key = "a",
                                                      .type = WEIR_YAML_RATE,
                                                      .offset = offsetof(struct pair, a),
                                                      .min = -1000000000,
                                                      .max = 1000000000,
                                                      .fallback = "0.5"},
                                                     {.key = "small",
                                                      .type = WEIR_YAML_COUNT,
                                                      .offset = offsetof(struct pair, small),
                                                      .min = 2,
                                                      .max = 9,
                                                      .fallback = "3"},
                                                     {.type = WEIR_YAML_END}};
static const struct weir_yaml_field thing_fields[] = {
    {.key = "text", .type = WEIR_YAML_TEXT, .offset = offsetof(struct thing, text), .max = 8},
    {.key = "pairs",
     .type = WEIR_YAML_LIST,
     .offset = offsetof(struct thing, pairs),
     .min = 1,
     .max = 3,
     .size = sizeof(struct pair),
     .count_offset = offsetof(struct thing, count),
     .fields = pair_fields},
    {.key = "decimal",
     .type = WEIR_YAML_DECIMAL,
     .flags = WEIR_YAML_SIGNED,
     .offset = offsetof(struct thing, decimal),
     .fallback = "0"},
    {.key = "flag",
     .type = WEIR_YAML_FLAG,
     .offset = offsetof(struct thing, flag),
     .fallback = "on"},
    {.type = WEIR_YAML_END}};

static bool read_thing(const char *text, struct thing *thing, struct weir_file_error *error) {
    struct weir_yaml *yaml = weir_yaml_parse(text, strlen(text), "f", error);
    cr_assert(yaml, "%s", error->text);
    const struct weir_yaml_reader reader = {.yaml = yaml, .error = error};
    bool ok = weir_yaml_read(&reader, weir_yaml_root(yaml), thing_fields, thing);
    weir_yaml_free(yaml);
    return ok;
}

Test(yaml, tables) {
    struct weir_file_error error;
    struct thing thing = {.text = "kept"}, again = {.text = ""};
    cr_assert(read_thing("{}", &thing, &error));
    cr_assert_str_eq(thing.text, "kept");
    cr_assert(thing.flag && thing.count == 0);
    cr_assert(read_thing("text: \"a\\\"\\n\\\\\"\npairs: [{a: -0.25}, {small: 9}]\ndecimal: -1.50\n"
                         "flag: off\n",
                         &thing, &error),
              "%s", error.text);
    cr_assert_str_eq(thing.text, "a\"\n\\");
    cr_assert(thing.count == 2 && thing.pairs[0].a == -250000000 && thing.pairs[0].small == 3);
    cr_assert(thing.pairs[1].a == 500000000 && thing.pairs[1].small == 9);
    cr_assert(thing.decimal.mantissa == -15 && thing.decimal.scale == 1 && !thing.flag);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    weir_yaml_print(out, thing_fields, 0, NULL, &thing);
    fclose(out);
    cr_assert(read_thing(text, &again, &error), "%s in %s", error.text, text);
    cr_assert_str_eq(again.text, thing.text);
    cr_assert(again.count == 2 && again.pairs[0].a == -250000000 && again.pairs[1].small == 9);
    cr_assert(again.decimal.mantissa == -15 && !again.flag);
    free(text);
    cr_assert(!read_thing("text: 12345678", &thing, &error));
    cr_assert_str_eq(error.text, "f:1:7: text is \"12345678\"; expected text of at most 7 bytes");
    cr_assert(!read_thing("pairs: [{}, {}, {}, {}]", &thing, &error));
    cr_assert_str_eq(error.text, "f:1:8: pairs has 4 items; expected a list of 1 to 3 items");
}
