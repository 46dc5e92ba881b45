/* The reader of commands, form by form, and what it says about hostile lines. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/scale.h"
#include "tests/wire/random.h"

struct row {
    const char *line;
    enum weir_reason reject;
    uint64_t column; /* of a malformed line */
};

#define ORDER   "\"cmd\":\"order\",\"account\":\"a\",\"market\":\"M\",\"id\":\"1\",\"side\":\"buy\""
#define LIMIT   ORDER ",\"type\":\"limit\",\"qty\":\"1\",\"price\":\"2\""
#define DEPOSIT "\"cmd\":\"deposit\",\"account\":\"a\",\"amount\":"
#define RISK    "\"cmd\":\"risk\",\"market\":\"M\",\"tiers\":"

static const struct row rows[] = {
    /* what is a command */
    {"{" LIMIT "}", WEIR_OK, 0},
    {" \t{ \"cmd\" : \"clock\" , \"t\" : 5 } \r", WEIR_OK, 0},
    {"{\"cmd\":\"clock\",\"t\":\"9223372036854775807\"}", WEIR_OK, 0},
    {"{" DEPOSIT "5}", WEIR_OK, 0},
    {"{" DEPOSIT "-0}", WEIR_OK, 0},
    {"{" DEPOSIT "\"0.000001\"}", WEIR_OK, 0},
    {"{" DEPOSIT "\"\\u0031\\u002e5\"}", WEIR_OK, 0},
    {"{\"\\u0063md\":\"d\\u0065posit\",\"account\":\"a\",\"amount\":1}", WEIR_OK, 0},
    {"{" DEPOSIT "99999999999999999999999999999999999999999999999999}", WEIR_OK, 0},
    {"{" LIMIT ",\"tif\":\"fok\",\"reduce_only\":true,\"post_only\":false}", WEIR_OK, 0},
    {"{" LIMIT ",\"post_only\":true}", WEIR_OK, 0},
    {"{" ORDER ",\"type\":\"market\",\"qty\":1}", WEIR_OK, 0},
    {"{" ORDER ",\"type\":\"stop\",\"qty\":1,\"stop_price\":\"3\",\"trigger\":\"last\"}", WEIR_OK,
     0},
    {"{" ORDER ",\"type\":\"stop_limit\",\"qty\":1,\"stop_price\":\"3\",\"price\":4}", WEIR_OK, 0},
    {"{\"cmd\":\"amend\",\"account\":\"a\",\"id\":\"1\",\"qty\":1}", WEIR_OK, 0},
    {"{\"cmd\":\"cancel_all\",\"account\":\"a\"}", WEIR_OK, 0},
    {"{\"cmd\":\"index\",\"market\":\"no such/market at all, and longer than a name can be\","
     "\"price\":1}",
     WEIR_OK, 0},
    {"{\"cmd\":\"bid\",\"account\":\"a\",\"auction\":7,\"id\":\"b\",\"qty\":1,\"price\":1}",
     WEIR_OK, 0},
    {"{\"cmd\":\"bid\",\"account\":\"a\",\"auction\":\"7\",\"id\":\"b\",\"qty\":1,\"price\":1}",
     WEIR_OK, 0},
    {"{\"cmd\":\"query\",\"what\":\"account\",\"account\":\"@fund:main\"}", WEIR_OK, 0},
    {"{\"cmd\":\"query\",\"what\":\"totals\"}", WEIR_OK, 0},
    {"{\"cmd\":\"query\",\"what\":\"fund\"}", WEIR_OK, 0},
    {"{\"cmd\":\"query\",\"what\":\"book\",\"market\":\"M\",\"depth\":5}", WEIR_OK, 0},
    {"{\"cmd\":\"risk\",\"market\":\"M\",\"price_band\":\"none\"}", WEIR_OK, 0},
    {"{" RISK "[]}", WEIR_OK, 0},
    {"{" RISK " [ { \"cap\" : 5 , \"rate\" : \"0.1\" , \"max_leverage\" : 3 } , {\"rate\":\"1\","
     "\"initial_rate\":\"1\",\"cap\":\"6\"} ] }",
     WEIR_OK, 0},
    /* no object */
    {"", WEIR_R_MALFORMED, 1},
    {"   ", WEIR_R_MALFORMED, 4},
    {"[1]", WEIR_R_MALFORMED, 1},
    {"\"cmd\"", WEIR_R_MALFORMED, 1},
    {"null", WEIR_R_MALFORMED, 1},
    {"order", WEIR_R_MALFORMED, 1},
    {"\xEF\xBB\xBF{}", WEIR_R_MALFORMED, 1},
    {"{", WEIR_R_MALFORMED, 2},
    {"{\"cmd\"", WEIR_R_MALFORMED, 7},
    {"{\"cmd\":", WEIR_R_MALFORMED, 8},
    {"{\"cmd\":\"clock", WEIR_R_MALFORMED, 14},
    {"{\"cmd\":\"clock\"", WEIR_R_MALFORMED, 15},
    {"{\"cmd\":\"clock\",}", WEIR_R_MALFORMED, 16},
    {"{,\"cmd\":1}", WEIR_R_MALFORMED, 2},
    {"{cmd:1}", WEIR_R_MALFORMED, 2},
    {"{'cmd':1}", WEIR_R_MALFORMED, 2},
    {"{\"cmd\":\"clock\"} x", WEIR_R_MALFORMED, 17},
    {"{\"cmd\":\"clock\"}{}", WEIR_R_MALFORMED, 16},
    {"{\"cmd\":clock}", WEIR_R_MALFORMED, 8},
    {"{\"cmd\":tru}", WEIR_R_MALFORMED, 8},
    {"{\"cmd\":\"clock\" \"t\":1}", WEIR_R_MALFORMED, 16},
    /* numbers */
    {"{" DEPOSIT "1.5}", WEIR_R_MALFORMED, 42},
    {"{" DEPOSIT "1.0}", WEIR_R_MALFORMED, 42},
    {"{" DEPOSIT "1e5}", WEIR_R_MALFORMED, 42},
    {"{" DEPOSIT "1E5}", WEIR_R_MALFORMED, 42},
    {"{" DEPOSIT "01}", WEIR_R_MALFORMED, 42},
    {"{" DEPOSIT "-}", WEIR_R_MALFORMED, 42},
    {"{" DEPOSIT "+1}", WEIR_R_MALFORMED, 41},
    {"{" DEPOSIT ".5}", WEIR_R_MALFORMED, 41},
    {"{" DEPOSIT "NaN}", WEIR_R_MALFORMED, 41},
    {"{" DEPOSIT "Infinity}", WEIR_R_MALFORMED, 41},
    {"{\"cmd\":\"x\",\"y\":[[1,{\"z\":2.5}]]}", WEIR_R_MALFORMED, 26},
    {"{" DEPOSIT "\"1e5\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "\"+1\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "\".5\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "\"5.\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "\" 5\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "\"\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "\"-\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "\"0x10\"}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "true}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "null}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "[1]}", WEIR_R_INVALID, 0},
    {"{" DEPOSIT "{}}", WEIR_R_INVALID, 0},
    /* strings */
    {"{\"cmd\":\"clo\\xck\"}", WEIR_R_MALFORMED, 12},
    {"{\"cmd\":\"\\u12g4\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\\u12\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\\ud800\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\\ud800\\u0041\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\\udc00\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"a\tb\"}", WEIR_R_MALFORMED, 10},
    {"{\"cmd\":\"\x80\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\xC0\xAF\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\xE0\x80\x80\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\xED\xA0\x80\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\xF4\x90\x80\x80\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\xF0\x9F\x98\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\xFF\"}", WEIR_R_MALFORMED, 9},
    {"{\"cmd\":\"\xF0\x9F\x98\x80\"}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"cmd\":\"\\ud83d\\ude00\"}", WEIR_R_UNKNOWN_COMMAND, 0},
    /* duplicate keys */
    {"{\"cmd\":\"clock\",\"t\":1,\"t\":1}", WEIR_R_MALFORMED, 22},
    {"{\"t\":1,\"\\u0074\":1}", WEIR_R_MALFORMED, 8},
    {"{\"cmd\":\"x\",\"foo\":1,\"bar\":2,\"foo\":3}", WEIR_R_MALFORMED, 28},
    {"{\"cmd\":\"x\",\"f\\u006fo\":1,\"fo\\u006f\":3}", WEIR_R_MALFORMED, 25},
    {"{\"cmd\":\"x\",\"y\":{\"a\":1,\"b\":{\"a\":1},\"a\":2}}", WEIR_R_MALFORMED, 35},
    {"{\"cmd\":\"x\",\"y\":[{\"a\":1},{\"a\":1}]}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{" RISK "[{\"cap\":1,\"cap\":2,\"rate\":1,\"max_leverage\":1}]}", WEIR_R_MALFORMED, 46},
    /* commands */
    {"{}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"t\":1}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"cmd\":5}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"cmd\":null}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"cmd\":\"\"}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"cmd\":\"none\"}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"cmd\":\"Order\"}", WEIR_R_UNKNOWN_COMMAND, 0},
    {"{\"cmd\":\"order\\u0000\"}", WEIR_R_UNKNOWN_COMMAND, 0},
    /* keys */
    {"{\"cmd\":\"clock\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"clock\",\"t\":1,\"price\":1}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"clock\",\"t\":1,\"T\":1}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"clock\",\"t\":1,\"\":1}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"amend\",\"account\":\"a\",\"id\":\"1\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"risk\",\"market\":\"M\"}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"type\":\"market\",\"qty\":1,\"price\":1}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"type\":\"market\",\"qty\":1,\"tif\":\"gtc\"}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"type\":\"market\",\"qty\":1,\"post_only\":true}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"type\":\"stop\",\"qty\":1}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"type\":\"stop\",\"qty\":1,\"stop_price\":1,\"price\":1}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"type\":\"limit\",\"qty\":1}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"type\":\"iceberg\",\"qty\":1}", WEIR_R_INVALID, 0},
    {"{" ORDER ",\"qty\":1,\"price\":1}", WEIR_R_INVALID, 0},
    {"{" LIMIT ",\"stop_price\":1}", WEIR_R_INVALID, 0},
    {"{" LIMIT ",\"trigger\":\"mark\"}", WEIR_R_INVALID, 0},
    {"{" LIMIT ",\"tif\":\"ioc\",\"post_only\":true}", WEIR_R_INVALID, 0},
    {"{" LIMIT ",\"post_only\":1}", WEIR_R_INVALID, 0},
    {"{" LIMIT ",\"post_only\":\"true\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"query\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"query\",\"what\":\"weather\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"query\",\"what\":\"totals\",\"market\":\"M\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"query\",\"what\":\"adl\",\"market\":\"M\"}", WEIR_R_INVALID, 0},
    /* times, names, numbers of auctions */
    {"{\"cmd\":\"clock\",\"t\":-1}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"clock\",\"t\":9223372036854775808}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"clock\",\"t\":\"1.5\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"clock\",\"t\":\"\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"clock\",\"t\":null}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"account\",\"account\":\"\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"account\",\"account\":\"a b\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"account\",\"account\":\"12345678901234567890123456789012\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"account\",\"account\":\"@fund:main\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"account\",\"account\":\"a\",\"owner\":\"@x\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"account\",\"account\":7}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"account\",\"account\":\"a\\u0000\"}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"index\",\"market\":7,\"price\":1}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"bid\",\"account\":\"a\",\"auction\":\"7.0\",\"id\":\"b\",\"qty\":1,\"price\":1}",
     WEIR_R_INVALID, 0},
    {"{\"cmd\":\"bid\",\"account\":\"a\",\"auction\":\"\",\"id\":\"b\",\"qty\":1,\"price\":1}",
     WEIR_R_INVALID, 0},
    /* tiers */
    {"{" RISK "{}}", WEIR_R_INVALID, 0},
    {"{" RISK "\"none\"}", WEIR_R_INVALID, 0},
    {"{" RISK "[1]}", WEIR_R_INVALID, 0},
    {"{" RISK "[{\"cap\":1}]}", WEIR_R_INVALID, 0},
    {"{" RISK "[{\"cap\":1,\"rate\":1,\"depth\":1}]}", WEIR_R_INVALID, 0},
    {"{" RISK "[{\"cap\":\"none\",\"rate\":1}]}", WEIR_R_INVALID, 0},
    {"{\"cmd\":\"risk\",\"market\":\"M\",\"price_band\":\"off\"}", WEIR_R_INVALID, 0},
};

static void read_line(const char *line, size_t size, struct weir_command *out) {
    static struct weir_risk_change risk;
    /* Exactly as long as the line, so that a sanitizer sees one byte too far. */
    char *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, line, size);
    memset(out, 0xA5, sizeof *out);
    weir_json_read(copy, size, 7, &risk, out);
    free(copy);
}

Test(read, each_form) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_command c;
        read_line(rows[i].line, strlen(rows[i].line), &c);
        cr_assert_eq(c.reject, rows[i].reject, "%s: %s (%s)", rows[i].line,
                     weir_reason_words[c.reject], c.detail);
        cr_assert_eq(c.column, rows[i].column, "%s: column %d (%s)", rows[i].line, (int)c.column,
                     c.detail);
        cr_assert_eq(c.reject == WEIR_OK, c.detail[0] == 0);
        char where[64];
        snprintf(where, sizeof where, "line 7, column %d: ", (int)c.column);
        cr_assert_eq(strncmp(c.detail, where, strlen(where)) == 0, c.reject == WEIR_R_MALFORMED);
        cr_assert_eq(c.line, c.reject == WEIR_OK ? 0 : 7);
        cr_assert_eq(c.reject == WEIR_OK, c.kind != WEIR_CMD_NONE);
    }
}

Test(read, values) {
    struct weir_command c;
    const char *line = "{" ORDER ",\"type\":\"stop_limit\",\"qty\":\"1.50\",\"price\":\"-2\","
                       "\"stop_price\":3,\"trigger\":\"last\",\"tif\":\"fok\","
                       "\"reduce_only\":true,\"t\":12}";
    read_line(line, strlen(line), &c);
    cr_assert_eq(c.reject, WEIR_OK);
    cr_assert_eq(c.kind, WEIR_CMD_ORDER);
    cr_assert_str_eq(c.account.text, "a");
    cr_assert_str_eq(c.market.text, "M");
    cr_assert_str_eq(c.id.text, "1");
    cr_assert_eq(c.side, WEIR_BUY);
    cr_assert_eq(c.type, WEIR_STOP_LIMIT);
    cr_assert_eq(c.trigger, WEIR_ON_LAST);
    cr_assert_eq(c.tif, WEIR_FOK);
    cr_assert_eq(c.reduce_only, 1);
    cr_assert_eq(c.post_only, 0);
    cr_assert_eq(c.t, 12);
    cr_assert_eq(c.present & WEIR_HAS_T, WEIR_HAS_T);
    cr_assert(c.qty.mantissa == 15 && c.qty.scale == 1);
    cr_assert(c.price.mantissa == -2 && c.price.scale == 0);
    cr_assert(c.stop_price.mantissa == 3);
    line = "{" ORDER ",\"type\":\"market\",\"qty\":1}";
    read_line(line, strlen(line), &c);
    cr_assert_eq(c.tif, WEIR_IOC, "a market order is immediate-or-cancel");
    line = "{\"cmd\":\"index\",\"market\":\"a\\\"b\\\\\\u0000\",\"price\":1}";
    read_line(line, strlen(line), &c);
    cr_assert_str_eq(c.market.text, "a?b??", "an impossible symbol stays one");
}

Test(read, zero_bytes_and_truncation) {
    static const char line[] = "{" LIMIT ",\"t\":123}";
    struct weir_command c;
    for (size_t i = 0; i < sizeof line - 1; i++) {
        char broken[sizeof line];
        memcpy(broken, line, sizeof line);
        broken[i] = 0;
        read_line(broken, sizeof line - 1, &c);
        cr_assert_eq(c.reject, WEIR_R_MALFORMED, "NUL at %zu", i);
        read_line(line, i, &c);
        cr_assert_eq(c.reject, WEIR_R_MALFORMED, "cut at %zu", i);
    }
}

Test(read, long_and_deep) {
    struct weir_command c;
    size_t size = 10u << 20;
    char *text = malloc(size);
    memset(text, 'x', size);
    read_line(text, size, &c);
    cr_assert_eq(c.reject, WEIR_R_MALFORMED);
    cr_assert_eq(c.column, WEIR_LINE_MAX + 1);
    /* brackets as deep as a line can hold: open ones, and closed ones */
    int n = snprintf(text, size, "{\"cmd\":\"x\",\"y\":");
    memset(text + n, '[', WEIR_LINE_MAX - (size_t)n);
    read_line(text, WEIR_LINE_MAX, &c);
    cr_assert_eq(c.reject, WEIR_R_MALFORMED);
    cr_assert_eq(c.column, WEIR_LINE_MAX + 1);
    size_t depth = (WEIR_LINE_MAX - (size_t)n - 1) / 2;
    memset(text + n, '[', depth);
    memset(text + (size_t)n + depth, ']', depth);
    text[(size_t)n + 2 * depth] = '}';
    read_line(text, (size_t)n + 2 * depth + 1, &c);
    cr_assert_eq(c.reject, WEIR_R_UNKNOWN_COMMAND, "%s", c.detail);
    /* objects in objects, the same key in each: no duplicates */
    size_t at = (size_t)n, levels = 0;
    for (; at + levels + 8 < WEIR_LINE_MAX; levels++, at += 4)
        memcpy(text + at, "{\"\":", 4);
    text[at++] = '1';
    memset(text + at, '}', levels + 1);
    read_line(text, at + levels + 1, &c);
    cr_assert_eq(c.reject, WEIR_R_UNKNOWN_COMMAND, "%s at %d", c.detail, (int)c.column);
    free(text);
}

Test(read, many_tiers) {
    char text[8192];
    for (int count = WEIR_TIERS_MAX; count <= WEIR_TIERS_MAX + 1; count++) {
        struct weir_command c;
        int n = snprintf(text, sizeof text, "{" RISK "[");
        for (int i = 0; i < count; i++)
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "%s{\"cap\":%d,\"rate\":\"0.1\",\"max_leverage\":1}", i ? "," : "", i);
        n += snprintf(text + n, sizeof text - (size_t)n, "]}");
        read_line(text, (size_t)n, &c);
        cr_assert_eq(c.reject, count > WEIR_TIERS_MAX ? WEIR_R_INVALID : WEIR_OK);
        if (c.reject == WEIR_OK) cr_assert_eq(c.risk->tier_count, (uint32_t)count);
    }
}

/* Random commands come back as they were, and their lines damaged at random never do harm. */
Test(read, round_trip) {
    struct weir_random r = {.key = weir_random_key(1, "wire-round-trip")};
    static struct weir_risk_change risk, risk_again;
    static char text[WEIR_LINE_MAX], text_again[WEIR_LINE_MAX];
    uint64_t kinds = 0;
    for (uint64_t i = 0; i < weir_test_scale(20000); i++) {
        struct weir_command c, again;
        random_command(&r, &risk, &c);
        kinds |= UINT64_C(1) << c.kind;
        size_t size = weir_json_command(&c, text, sizeof text);
        cr_assert(size > 1 && text[size - 1] == '\n');
        weir_json_read(text, size - 1, 1, &risk_again, &again);
        const char *difference = command_difference(&c, &again);
        cr_assert(!difference, "%s: %.*s %s", difference, (int)size, text, again.detail);
        cr_assert_eq(weir_json_command(&again, text_again, sizeof text_again), size);
        cr_assert_eq(memcmp(text, text_again, size), 0);
        cr_assert_eq(weir_json_command(&c, text_again, size - 1), 0, "one byte too few");
        for (int k = 0; k < 4; k++) {
            text[weir_random_below(&r, size - 1)] = (char)weir_random_next(&r);
            read_line(text, size - 1, &again);
            cr_assert_leq(again.reject, WEIR_R_INVALID);
        }
    }
    cr_assert_eq(kinds, (UINT64_C(1) << WEIR_CMD_COUNT) - 2, "every kind was drawn");
}

/* What was refused is written as a line that is refused for the same reason. */
Test(read, refused_stays_refused) {
    char text[1024];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_command c, again;
        read_line(rows[i].line, strlen(rows[i].line), &c);
        if (c.reject == WEIR_OK) continue;
        size_t size = weir_json_command(&c, text, sizeof text);
        cr_assert_gt(size, 0);
        read_line(text, size - 1, &again);
        cr_assert_eq(c.reject, again.reject, "%s -> %s", rows[i].line, text);
    }
}
