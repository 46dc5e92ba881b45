/* Maintenance tiers: R9's conditions, and tables kept in CSV files. */
#include "market/fields.h"
#include "market/yaml_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *weir_tiers_problem(const struct weir_tiers *tiers, uint32_t *row) {
    *row = 0;
    if (tiers->count < 1 || tiers->count > WEIR_TIERS_MAX) return "expected 1 to 32 tiers";
    for (uint32_t i = 0; i < tiers->count; i++) {
        const struct weir_tier *t = &tiers->row[i];
        *row = i;
        if (t->cap <= 0) return "expected a cap above 0";
        if (t->rate < 0 || t->rate > WEIR_PPB) return "expected a rate from 0 to 1";
        if (t->max_leverage < 0) return "expected a max_leverage of at least 1";
        if (t->initial_rate < 0 || t->initial_rate > WEIR_PPB)
            return "expected an initial_rate above 0 and at most 1";
        if ((t->max_leverage > 0) == (t->initial_rate > 0))
            return "expected either max_leverage (at least 1) or initial_rate (above 0)";
        if (i > 0 && t->cap <= t[-1].cap) return "expected a cap above that of the row before";
        if (i > 0 && t->rate < t[-1].rate)
            return "expected a rate not below that of the row before";
    }
    return NULL;
}

/* ---- CSV ------------------------------------------------------------------------------------- */
/* The file becomes a tree of its own, rows as mappings, so that the venue's table of tiers reads
 * it and messages carry its lines and columns. */
#define CSV_SIZE_MAX    65536u
#define CSV_COLUMNS_MAX 4

struct csv {
    struct weir_yaml *yaml;
    struct weir_file_error *error;
    const char *column[CSV_COLUMNS_MAX];
    uint32_t column_count;
};

static bool csv_column(struct csv *csv, const char *text, size_t size, uint32_t line,
                       uint32_t column) {
    for (const struct weir_yaml_field *f = weir_tier_fields; f->type != WEIR_YAML_END; f++) {
        if (strlen(f->key) != size || memcmp(f->key, text, size) != 0) continue;
        for (uint32_t i = 0; i < csv->column_count; i++)
            if (csv->column[i] == f->key)
                return weir_yaml_fail_at(csv->yaml, NULL, line, column, csv->error,
                                         "column \"%s\" is given twice", f->key);
        csv->column[csv->column_count++] = f->key;
        return true;
    }
    return weir_yaml_fail_at(csv->yaml, NULL, line, column, csv->error,
                             "unknown column \"%s\"; expected cap,rate,max_leverage,initial_rate",
                             weir_yaml_shown(text, size).text);
}

static struct weir_yaml_node *csv_node(struct csv *csv, struct weir_yaml_node *parent,
                                       enum weir_yaml_kind kind, uint32_t line, uint32_t column) {
    struct weir_yaml_node *node = weir_yaml_alloc(csv->yaml, sizeof *node);
    if (!node) {
        weir_yaml_fail_at(csv->yaml, NULL, line, column, csv->error, "out of memory");
        return NULL;
    }
    *node = (struct weir_yaml_node){.kind = kind, .line = line, .column = column, .text = ""};
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->count++;
    return node;
}

static bool csv_cell(struct csv *csv, struct weir_yaml_node *row, uint32_t index, const char *text,
                     size_t size, uint32_t column) {
    if (index >= csv->column_count)
        return weir_yaml_fail_at(csv->yaml, NULL, row->line, column, csv->error,
                                 "a cell too many; expected %u", csv->column_count);
    if (size == 0) return true;
    struct weir_yaml_node *cell = csv_node(csv, row, WEIR_YAML_SCALAR, row->line, column);
    if (!cell) return false;
    cell->key = csv->column[index];
    cell->text = weir_yaml_copy(csv->yaml, text, size);
    cell->size = size;
    if (cell->text) return true;
    return weir_yaml_fail_at(csv->yaml, NULL, row->line, column, csv->error, "out of memory");
}

/* One line: the header (row NULL) or the cells of a row. */
static bool csv_line(struct csv *csv, struct weir_yaml_node *row, const char *text, size_t size,
                     uint32_t line) {
    uint32_t index = 0;
    for (size_t at = 0; at <= size; index++) {
        const char *comma = memchr(text + at, ',', size - at);
        size_t end = comma ? (size_t)(comma - text) : size, from = at, to = end;
        while (from < to && (text[from] == ' ' || text[from] == '\t'))
            from++;
        while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t' || text[to - 1] == '\r'))
            to--;
        uint32_t column = (uint32_t)from + 1;
        bool ok = row ? csv_cell(csv, row, index, text + from, to - from, column)
                      : csv_column(csv, text + from, to - from, line, column);
        if (!ok) return false;
        at = end + 1;
    }
    return true;
}

static bool csv_parse(struct csv *csv, const char *text, size_t size) {
    if (!weir_yaml_check_bytes(csv->yaml, NULL, text, size, csv->error)) return false;
    uint32_t line = 0;
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t end = newline ? (size_t)(newline - text) : size;
        const char *start = text + at;
        size_t length = end - at;
        at = end + 1;
        line++;
        if (strspn(start, " \t\r") >= length || start[0] == '#') continue;
        struct weir_yaml_node *row = NULL;
        if (csv->column_count > 0) {
            row = csv_node(csv, csv->yaml->root, WEIR_YAML_MAPPING, line, 1);
            if (!row) return false;
        }
        if (!csv_line(csv, row, start, length, line)) return false;
    }
    if (csv->column_count > 0) return true;
    return weir_yaml_fail_at(csv->yaml, NULL, 1, 1, csv->error,
                             "the file is empty; expected a line cap,rate,max_leverage");
}

/* Reads a plain file of at most CSV_SIZE_MAX bytes; NUL-terminated. NULL with *why set. */
static char *read_plain(const char *path, size_t *size, const char **why) {
    struct stat facts;
    size_t used = 0;
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &facts) < 0)
        *why = strerror(errno);
    else if (!S_ISREG(facts.st_mode))
        *why = "not a plain file";
    else if (facts.st_size > (off_t)CSV_SIZE_MAX)
        *why = "larger than 65536 bytes";
    else if (!(text = calloc(1, CSV_SIZE_MAX + 1)))
        *why = "out of memory";
    while (text && used < CSV_SIZE_MAX) {
        ssize_t n = read(fd, text + used, CSV_SIZE_MAX - used);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (n < 0) *why = strerror(errno);
            break;
        }
        used += (size_t)n;
    }
    if (fd >= 0) close(fd);
    *size = used;
    if (!*why) return text;
    free(text);
    return NULL;
}

bool weir_read_tiers_file(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                          const char *path, struct weir_tiers *tiers) {
    char full[4096];
    const char *venue = weir_yaml_name(reader->yaml), *slash = strrchr(venue, '/');
    int folder = path[0] == '/' || !slash ? 0 : (int)(slash - venue) + 1;
    if (snprintf(full, sizeof full, "%.*s%s", folder, venue, path) >= (int)sizeof full)
        return weir_yaml_fail(reader->yaml, node, false, reader->error,
                              "tiers_file is too long a path");
    const char *why = NULL;
    size_t size = 0;
    char *text = read_plain(full, &size, &why);
    if (!text)
        return weir_yaml_fail(reader->yaml, node, false, reader->error,
                              "tiers_file \"%s\" cannot be read: %s",
                              weir_yaml_shown(full, strlen(full)).text, why);
    struct csv csv = {.error = reader->error};
    csv.yaml = weir_yaml_parse("[]", 2, full, reader->error);
    bool ok = csv.yaml && csv_parse(&csv, text, size);
    free(text);
    if (ok) {
        static const struct weir_yaml_field list = {.key = "tiers",
                                                    .type = WEIR_YAML_LIST,
                                                    .offset = FIELD_AT(struct weir_tiers, row),
                                                    .count_offset =
                                                        FIELD_AT(struct weir_tiers, count),
                                                    .min = 1,
                                                    .max = WEIR_TIERS_MAX,
                                                    .size = sizeof(struct weir_tier),
                                                    .fields = weir_tier_fields};
        struct weir_yaml_reader own = *reader;
        own.yaml = csv.yaml;
        ok = weir_yaml_read_field(&own, csv.yaml->root, &list, tiers);
    }
    weir_yaml_free(csv.yaml);
    return ok;
}
