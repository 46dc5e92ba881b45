/* Windows over time: what they came to. */
#include "bench/burst_windows.h"
#include "bench/cases.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 40

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Some neighbouring windows as one. */
struct row {
    uint64_t start; /* clock */
    struct burst_window all;
    double p50, p99, p999, max; /* us */
};

/* Where the next row begins. */
struct cursor {
    const struct burst_windows *w;
    uint32_t window;
    uint64_t wait;
    uint64_t *scratch;
    size_t room;
};

static double quantile(const uint64_t *waits, uint64_t n, uint32_t ppm) {
    uint64_t rank = (n * ppm + 999999) / 1000000;
    return (double)waits[rank > 0 ? rank - 1 : 0] / 1000;
}

/* The next `n` windows; false when memory ends. */
static bool next_row(struct cursor *c, uint32_t n, struct row *row) {
    const struct burst_window *at = WEIR_AT(&c->w->windows, const struct burst_window, c->window);
    *row = (struct row){.start = c->w->start + c->window * c->w->length};
    for (uint32_t i = 0; i < n; i++) {
        row->all.orders += at[i].orders;
        row->all.liquidations += at[i].liquidations;
        row->all.engine += at[i].engine;
        if (at[i].queue > row->all.queue) row->all.queue = at[i].queue;
    }
    size_t orders = row->all.orders;
    if (orders > c->room) {
        free(c->scratch);
        c->room = 2 * orders;
        c->scratch = calloc(c->room, sizeof *c->scratch);
        if (c->scratch == NULL) return false;
    }
    if (orders > 0) {
        memcpy(c->scratch, WEIR_AT(&c->w->waits, const uint64_t, c->wait),
               orders * sizeof *c->scratch);
        qsort(c->scratch, orders, sizeof *c->scratch, ascending);
        row->p50 = quantile(c->scratch, orders, 500000);
        row->p99 = quantile(c->scratch, orders, 990000);
        row->p999 = quantile(c->scratch, orders, 999000);
        row->max = (double)c->scratch[orders - 1] / 1000;
    }
    c->window += n;
    c->wait += orders;
    return true;
}

static double ms_from_fall(const struct burst_windows *w, uint64_t clock) {
    return ((double)clock - (double)w->fall_start) / 1e6;
}

static void row_json(FILE *out, const struct burst_windows *w, const struct row *row) {
    fprintf(out, "{\"ms\":%.3f,\"liquidations\":%llu,\"queue\":%llu,\"busy\":%.4f,\"orders\":%llu",
            ms_from_fall(w, row->start), (unsigned long long)row->all.liquidations,
            (unsigned long long)row->all.queue, (double)row->all.engine / (double)w->length,
            (unsigned long long)row->all.orders);
    if (row->all.orders > 0)
        fprintf(out, ",\"p50\":%.3f,\"p99\":%.3f,\"p99.9\":%.3f,\"max\":%.3f}", row->p50, row->p99,
                row->p999, row->max);
    else
        fprintf(out, ",\"p50\":null,\"p99\":null,\"p99.9\":null,\"max\":null}");
}

char *burst_windows_json(const struct burst_windows *w) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    fprintf(out, "{\"length_ms\":%.3f,\"fall_ms\":%.3f,\"rows\":[", (double)w->length / 1e6,
            ms_from_fall(w, w->fall_end));
    struct cursor c = {.w = w};
    bool made = true;
    for (uint32_t i = 0; i < w->windows.count && made; i++) {
        struct row row;
        made = next_row(&c, 1, &row);
        fputs(i > 0 ? ",\n" : "\n", out);
        row_json(out, w, &row);
    }
    free(c.scratch);
    fputs("]}", out);
    if (fclose(out) == 0 && made) return text;
    free(text);
    return NULL;
}

void burst_windows_table(const struct burst_windows *w) {
    uint32_t n = w->windows.count, each = (n + ROWS - 1) / ROWS;
    bench_note("%10s %12s %8s %6s %9s %9s %9s %9s %9s", "ms", "liquidations", "queue", "busy",
               "orders", "p50 us", "p99", "p99.9", "max");
    struct cursor c = {.w = w};
    for (uint32_t i = 0; i < n; i += each) {
        struct row row;
        uint32_t joined = n - i < each ? n - i : each;
        if (!next_row(&c, joined, &row)) break;
        bench_note("%10.1f %12llu %8llu %4.0f %% %9llu %9.2f %9.2f %9.2f %9.2f",
                   ms_from_fall(w, row.start), (unsigned long long)row.all.liquidations,
                   (unsigned long long)row.all.queue,
                   100 * (double)row.all.engine / (double)(w->length * joined),
                   (unsigned long long)row.all.orders, row.p50, row.p99, row.p999, row.max);
    }
    free(c.scratch);
}
