/* The sizes that docs/performance.md names are those of the code. */
#include "adl/index.h"
#include "liquidation/liquidation.h"
#include "orderbook/levels.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ROW(type) #type, sizeof(struct type)

static const struct {
    const char *name;
    size_t size;
} rows[] = {
    {ROW(weir_account)},    {ROW(weir_scope)},    {ROW(weir_leg)},        {ROW(weir_leg_orders)},
    {ROW(weir_leg_extra)},  {ROW(weir_case)},     {ROW(weir_holding)},    {ROW(weir_order)},
    {ROW(level)},           {ROW(node)},          {ROW(weir_edge_node)},  {ROW(weir_edge_chunk)},
    {ROW(weir_heap_entry)}, {ROW(weir_adl_node)}, {ROW(weir_name_entry)}, {ROW(weir_command)},
};

/* Bytes that the page's table names for a struct; 0: none. */
static size_t told(const char *page, const char *name) {
    char key[80];
    snprintf(key, sizeof key, "\n| `%s` | ", name);
    const char *row = strstr(page, key);
    unsigned long size = 0;
    if (row != NULL && sscanf(row + strlen(key), "%lu |", &size) != 1) size = 0;
    return size;
}

Test(layout, the_page_names_the_sizes) {
    static char page[1 << 17];
    FILE *file = fopen("docs/performance.md", "r");
    cr_assert(file != NULL);
    page[fread(page, 1, sizeof page - 1, file)] = 0;
    fclose(file);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert(told(page, rows[i].name) == rows[i].size, "%s: the page says %zu, it is %zu",
                  rows[i].name, told(page, rows[i].name), rows[i].size);
    cr_assert_eq(told(page, "no_such_struct"), 0);
    unsigned count = 0;
    for (const char *at = page; (at = strstr(at, "\n| `weir_")) != NULL; at++)
        count++;
    for (const char *at = page; (at = strstr(at, "\n| `level` |")) != NULL; at++)
        count++;
    for (const char *at = page; (at = strstr(at, "\n| `node` |")) != NULL; at++)
        count++;
    cr_assert_eq(count, sizeof rows / sizeof rows[0]); /* and no struct that is not checked */
}
