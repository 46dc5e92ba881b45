/* yaml: files that people write. A file (or text) becomes a tree whose nodes know their line and
 * column; `--set` settings edit the tree; tables of fields, one per struct, read the tree into
 * the struct, refuse what they do not know, and print the struct back. Scalars stay text until a
 * table reads them, so no number ever passes through a double. Used for venues here and for
 * scenarios and studies below. Not for the hot path: everything allocates. */
#ifndef WEIR_MARKET_YAML_H
#define WEIR_MARKET_YAML_H

#include <stdio.h>

#include "base/base.h"
#include "market/market.h" /* struct weir_setting, struct weir_file_error */

#define WEIR_YAML_SIZE_MAX  (16u * 1024 * 1024) /* bytes of a file */
#define WEIR_YAML_DEPTH_MAX 32                  /* nested lists and mappings */

/* ---- The tree -------------------------------------------------------------------------------- */
enum weir_yaml_kind { WEIR_YAML_SCALAR = 0, WEIR_YAML_MAPPING, WEIR_YAML_SEQUENCE };

struct weir_yaml_node {
    enum weir_yaml_kind kind;
    uint32_t line, column; /* from 1; 0 for what a setting made */
    uint32_t key_line, key_column;
    const char *key;              /* in a mapping; NUL-terminated; NULL elsewhere */
    const char *text;             /* scalar; NUL-terminated, holds no NUL byte itself */
    size_t size;                  /* bytes of text */
    bool quoted;                  /* scalar written in quotes or as a block */
    const char *setting;          /* path of the --set it came from, or NULL */
    uint32_t count;               /* children */
    struct weir_yaml_node *first; /* children in file order */
    struct weir_yaml_node *last;
    struct weir_yaml_node *next; /* next sibling */
};

struct weir_yaml; /* a tree, the names in it, and where it came from */

/* Reads a file of at most WEIR_YAML_SIZE_MAX bytes holding one YAML document. Refused with
 * `file:line:column: message` in *error: what is not UTF-8 or holds control bytes, anchors,
 * aliases and tags, more than one document, a key twice in one mapping, keys that are no plain
 * text, nesting beyond WEIR_YAML_DEPTH_MAX, an empty file. Returns the tree, or NULL. */
struct weir_yaml *weir_yaml_load(const char *path, struct weir_file_error *error);
/* The same from text; `name` stands for the file in messages and is copied. */
struct weir_yaml *weir_yaml_parse(const char *text, size_t size, const char *name,
                                  struct weir_file_error *error);
void weir_yaml_free(struct weir_yaml *yaml);

const struct weir_yaml_node *weir_yaml_root(const struct weir_yaml *yaml);
const char *weir_yaml_name(const struct weir_yaml *yaml); /* the file, as in messages */
/* The entry of a mapping, or NULL (also when `mapping` is NULL or no mapping). */
const struct weir_yaml_node *weir_yaml_find(const struct weir_yaml_node *mapping, const char *key);

/* Applies `--set path=value`: path is keys joined by `.`; an item of a list is meant by the value
 * of its `name`, `symbol`, `asset` or `market` (the longest that fits, since names may hold dots)
 * or by its index from 0; mappings on the way that are missing are made; value is YAML (`5s`,
 * `[1, 2]`, `{name: full}`) and replaces what was there. Keys that nobody knows are made too and
 * refused by weir_yaml_read. Returns true, or false with *error = `--set path: message`. */
bool weir_yaml_set(struct weir_yaml *yaml, const struct weir_setting *settings, size_t count,
                   struct weir_file_error *error);
/* Makes entry `key` = `value` (YAML) at the root unless it is there: a default that settings can
 * then edit item by item. Returns false when out of memory or `value` is not YAML. */
bool weir_yaml_default(struct weir_yaml *yaml, const char *key, const char *value,
                       struct weir_file_error *error);

/* Writes `file:line:column: message` (or `--set path: message`) for `node` to *error; with
 * `at_key` the place of its key. Returns false, for `return weir_yaml_fail(...)`. */
__attribute__((format(printf, 5, 6))) bool
weir_yaml_fail(const struct weir_yaml *yaml, const struct weir_yaml_node *node, bool at_key,
               struct weir_file_error *error, const char *format, ...);

/* ---- Fields ---------------------------------------------------------------------------------- */
/* What a field holds in the struct, at `offset`. Ranges are of the stored number. */
enum weir_yaml_type {
    WEIR_YAML_END = 0,  /* ends a table */
    WEIR_YAML_INTEGER,  /* int64_t in [min, max] */
    WEIR_YAML_UNSIGNED, /* uint64_t, any */
    WEIR_YAML_BYTE,     /* uint8_t in [min, max] */
    WEIR_YAML_COUNT,    /* uint32_t in [min, max] */
    WEIR_YAML_RATE,     /* weir_rate, ppb: a decimal of at most nine digits after the point */
    WEIR_YAML_AMOUNT,   /* int64_t: a decimal that is a whole number of reader->units[unit] */
    WEIR_YAML_DURATION, /* weir_time, ns: a decimal and one of ns us ms s m h d */
    WEIR_YAML_TIME,     /* weir_time, ns since the epoch: 2026-12-25T08:00:00Z (fraction allowed) */
    WEIR_YAML_DECIMAL,  /* struct weir_decimal, positive unless SIGNED */
    WEIR_YAML_NAME,     /* struct weir_name, no leading @ */
    WEIR_YAML_TEXT,     /* char[max]: any text of less than max bytes, zero-padded */
    WEIR_YAML_WORD,     /* an enum (int-sized): index into words */
    WEIR_YAML_FLAG,  /* bool: words[0] false, words[1] true; no words: true/false/on/off/yes/no */
    WEIR_YAML_GROUP, /* a mapping whose `fields` are of the struct at `offset` (often the same) */
    WEIR_YAML_LIST,  /* an array at `offset` of elements of `size` bytes read by `fields`, from
                      * min to max of them; their number in the uint32_t at `count_offset` */
    WEIR_YAML_CUSTOM /* `read` and `print` do it */
};
enum {
    WEIR_YAML_REQUIRED = 1, /* refused when left out */
    WEIR_YAML_NONE = 2,     /* `none` allowed, stored as WEIR_NONE (64-bit types) */
    WEIR_YAML_SIGNED = 4,   /* DECIMAL: zero and negative allowed */
    WEIR_YAML_SILENT = 8    /* read, never printed */
};

struct weir_yaml_reader {
    const struct weir_yaml *yaml;
    struct weir_file_error *error;
    const struct weir_decimal *const *units; /* for WEIR_YAML_AMOUNT; fields are read in the order
                                              * of the table, so a unit may be an earlier field */
    void *user;                              /* for `read` callbacks */
};

struct weir_yaml_field {
    const char *key;
    enum weir_yaml_type type;
    uint32_t offset;
    uint32_t flags;
    int64_t min, max;
    /* Text of the value when left out, read like the file's; NULL leaves what the struct holds.
     * GROUP: unused, the fields of a group left out take their own defaults. */
    const char *fallback;
    const char *const *words; /* NULL-terminated */
    const struct weir_yaml_field *fields;
    uint32_t size;
    uint32_t count_offset;
    uint32_t unit;
    /* CUSTOM. `node` is NULL when the key was left out. False with *reader->error filled. */
    bool (*read)(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                 void *field);
    /* Prints `key: value` lines (or `key:` and an indented block). */
    void (*print)(FILE *out, const char *key, uint32_t indent,
                  const struct weir_decimal *const *units, const void *field);
};

/* Reads `node`, a mapping (NULL: all left out), into `object` by `fields`. Unknown keys, missing
 * required ones and values of the wrong form or range are refused with *reader->error filled.
 * Returns true when all was read; what was read before an error stays in `object`. */
bool weir_yaml_read(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                    const struct weir_yaml_field *fields, void *object);
/* One value by one field, `object` the struct it belongs to. */
bool weir_yaml_read_field(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                          const struct weir_yaml_field *field, void *object);
/* Prints `object` so that weir_yaml_read of the text gives an equal one: one key a line, lists of
 * structs as `- {key: value, ...}` blocks. `indent` in spaces. Canonical: equal values, equal
 * text. */
void weir_yaml_print(FILE *out, const struct weir_yaml_field *fields, uint32_t indent,
                     const struct weir_decimal *const *units, const void *object);
/* The value alone, without key or line end; scalar types only. */
void weir_yaml_print_value(FILE *out, const struct weir_yaml_field *field,
                           const struct weir_decimal *const *units, const void *object);

/* The number behind a scalar's text; false when it has not that form. Exact, never rounded. */
bool weir_yaml_duration(const char *text, size_t size, weir_time *out);
bool weir_yaml_time(const char *text, size_t size, weir_time *out);

#endif
