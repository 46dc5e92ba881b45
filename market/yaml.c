/* The tree: memory, messages, and building it from libyaml's events. Events, not documents: an
 * alias must be seen to be refused. */
#include "market/yaml_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

/* ---- Memory and messages --------------------------------------------------------------------- */
#define BLOCK_SIZE 65536u

struct yaml_block {
    struct yaml_block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

void *weir_yaml_alloc(struct weir_yaml *yaml, size_t size) {
    size = (size + 15) & ~(size_t)15;
    struct yaml_block *block = yaml->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = calloc(1, sizeof *block + room);
        if (!block) return NULL;
        block->size = room;
        block->next = yaml->blocks;
        yaml->blocks = block;
    }
    void *memory = block->bytes + block->used;
    block->used += size;
    return memory;
}

char *weir_yaml_copy(struct weir_yaml *yaml, const char *text, size_t size) {
    char *copy = weir_yaml_alloc(yaml, size + 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

struct weir_shown weir_yaml_shown(const char *text, size_t size) {
    struct weir_shown shown = {{0}};
    size_t n = size < 60 ? size : 60;
    /* Never cut a character of several bytes. */
    while (n < size && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        shown.text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    if (n < size) memcpy(shown.text + n, "...", 3);
    return shown;
}

__attribute__((format(printf, 6, 0))) static bool
fail_v(const struct weir_yaml *yaml, const char *setting, uint32_t line, uint32_t column,
       struct weir_file_error *error, const char *format, va_list args) {
    int n;
    if (setting)
        n = snprintf(error->text, sizeof error->text, "--set %.150s: ", setting);
    else if (line > 0)
        n = snprintf(error->text, sizeof error->text, "%.200s:%u:%u: ", yaml->name, line, column);
    else
        n = snprintf(error->text, sizeof error->text, "%.200s: ", yaml->name);
    if (n > 0) vsnprintf(error->text + n, sizeof error->text - (size_t)n, format, args);
    return false;
}

bool weir_yaml_fail_at(const struct weir_yaml *yaml, const char *setting, uint32_t line,
                       uint32_t column, struct weir_file_error *error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_v(yaml, setting, line, column, error, format, args);
    va_end(args);
    return false;
}

bool weir_yaml_fail(const struct weir_yaml *yaml, const struct weir_yaml_node *node, bool at_key,
                    struct weir_file_error *error, const char *format, ...) {
    uint32_t line = 1, column = 1;
    const char *setting = NULL;
    if (node) {
        at_key = at_key && node->key_line > 0;
        setting = at_key ? NULL : node->setting;
        line = at_key ? node->key_line : node->line;
        column = at_key ? node->key_column : node->column;
    }
    va_list args;
    va_start(args, format);
    fail_v(yaml, setting, line, column, error, format, args);
    va_end(args);
    return false;
}

/* ---- Bytes ----------------------------------------------------------------------------------- */
/* Length of the UTF-8 character at p, or 0 when there is none (overlong and surrogates count as
 * none). */
static size_t character(const unsigned char *p, size_t left) {
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } form[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    for (size_t n = 1; n <= 4; n++) {
        if ((p[0] & form[n - 1].mask) != form[n - 1].lead) continue;
        if (n > left) return 0;
        uint32_t code = p[0] & (unsigned char)~form[n - 1].mask;
        for (size_t i = 1; i < n; i++) {
            if ((p[i] & 0xC0) != 0x80) return 0;
            code = code << 6 | (p[i] & 0x3F);
        }
        bool bad = code < form[n - 1].least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000);
        return bad ? 0 : n;
    }
    return 0;
}

/* libyaml would find these too, but without a line, or as an end of file. */
bool weir_yaml_check_bytes(const struct weir_yaml *yaml, const char *setting, const char *text,
                           size_t size, struct weir_file_error *error) {
    uint32_t line = 1, column = 1;
    for (size_t i = 0; i < size;) {
        unsigned char c = (unsigned char)text[i];
        size_t n = character((const unsigned char *)text + i, size - i);
        if (n == 0)
            return weir_yaml_fail_at(yaml, setting, line, column, error,
                                     "byte 0x%02X is not UTF-8; expected UTF-8 text", c);
        if (c == 0)
            return weir_yaml_fail_at(yaml, setting, line, column, error,
                                     "a NUL byte; expected text");
        unsigned char next = n == 2 ? (unsigned char)text[i + 1] : 0; /* U+0080 to U+009F */
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F ||
            (c == 0xC2 && next < 0xA0 && next != 0x85))
            return weir_yaml_fail_at(yaml, setting, line, column, error,
                                     "control byte 0x%02X; expected text", c);
        column++;
        if (c == '\n' || (c == '\r' && (i + 1 == size || text[i + 1] != '\n'))) {
            line++;
            column = 1;
        }
        i += n;
    }
    return true;
}

/* ---- From events to a tree ------------------------------------------------------------------- */
struct builder {
    struct weir_yaml *yaml;
    yaml_parser_t parser;
    const char *setting;
    struct weir_file_error *error;
    struct weir_yaml_node *open[WEIR_YAML_DEPTH_MAX];
    uint32_t depth;
    struct weir_yaml_node *root;
    /* The key read last, waiting for its value. */
    const char *key;
    uint32_t key_line, key_column;
};

static bool no_memory(struct builder *b) {
    return weir_yaml_fail_at(b->yaml, b->setting, 0, 0, b->error, "out of memory");
}

static int compare_keys(const void *a, const void *b) {
    const struct weir_yaml_node *x = *(const struct weir_yaml_node *const *)a;
    const struct weir_yaml_node *y = *(const struct weir_yaml_node *const *)b;
    int order = strcmp(x->key, y->key);
    if (order != 0) return order;
    if (x->key_line != y->key_line) return x->key_line < y->key_line ? -1 : 1;
    return x->key_column < y->key_column ? -1 : 1;
}

/* Sorted rather than compared in pairs: a hostile mapping may have a million keys. */
static bool check_duplicates(struct builder *b, const struct weir_yaml_node *mapping) {
    if (mapping->count < 2) return true;
    const struct weir_yaml_node **list = malloc(mapping->count * sizeof *list);
    if (!list) return no_memory(b);
    size_t n = 0;
    for (const struct weir_yaml_node *c = mapping->first; c; c = c->next)
        list[n++] = c;
    qsort(list, n, sizeof *list, compare_keys);
    bool ok = true;
    for (size_t i = 1; i < n && ok; i++) {
        const struct weir_yaml_node *first = list[i - 1], *again = list[i];
        if (strcmp(first->key, again->key) == 0)
            ok = weir_yaml_fail_at(b->yaml, b->setting, again->key_line, again->key_column,
                                   b->error, "key \"%s\" is given twice",
                                   weir_yaml_shown(again->key, strlen(again->key)).text);
    }
    free(list);
    return ok;
}

/* Adds a node of the event to the innermost open list or mapping. */
static struct weir_yaml_node *add_node(struct builder *b, enum weir_yaml_kind kind,
                                       const yaml_mark_t *mark) {
    struct weir_yaml_node *node = weir_yaml_alloc(b->yaml, sizeof *node);
    if (!node) {
        no_memory(b);
        return NULL;
    }
    node->kind = kind;
    node->line = (uint32_t)mark->line + 1;
    node->column = (uint32_t)mark->column + 1;
    node->setting = b->setting;
    node->text = "";
    if (b->depth == 0) {
        b->root = node;
        return node;
    }
    struct weir_yaml_node *parent = b->open[b->depth - 1];
    if (parent->kind == WEIR_YAML_MAPPING) {
        node->key = b->key;
        node->key_line = b->setting ? 0 : b->key_line;
        node->key_column = b->setting ? 0 : b->key_column;
        b->key = NULL;
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->count++;
    return node;
}

static bool at_mark(struct builder *b, const yaml_mark_t *mark, const char *message) {
    return weir_yaml_fail_at(b->yaml, b->setting, (uint32_t)mark->line + 1,
                             (uint32_t)mark->column + 1, b->error, "%s", message);
}

static bool wants_key(const struct builder *b) {
    return b->depth > 0 && b->open[b->depth - 1]->kind == WEIR_YAML_MAPPING && !b->key;
}

static bool on_scalar(struct builder *b, const yaml_event_t *event) {
    const char *value = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    if (event->data.scalar.anchor || event->data.scalar.tag)
        return at_mark(b, &event->start_mark, "anchors and tags are not allowed here");
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)value[i] < 0x20 && value[i] != '\t' && value[i] != '\n')
            return at_mark(b, &event->start_mark, "a text with a control byte");
    char *copy = weir_yaml_copy(b->yaml, value, size);
    if (!copy) return no_memory(b);
    if (wants_key(b)) {
        b->key = copy;
        b->key_line = (uint32_t)event->start_mark.line + 1;
        b->key_column = (uint32_t)event->start_mark.column + 1;
        return true;
    }
    struct weir_yaml_node *node = add_node(b, WEIR_YAML_SCALAR, &event->start_mark);
    if (!node) return false;
    node->text = copy;
    node->size = size;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return true;
}

static bool on_open(struct builder *b, const yaml_event_t *event, enum weir_yaml_kind kind) {
    const void *anchor = kind == WEIR_YAML_MAPPING ? event->data.mapping_start.anchor
                                                   : event->data.sequence_start.anchor;
    const void *tag =
        kind == WEIR_YAML_MAPPING ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (anchor || tag)
        return at_mark(b, &event->start_mark, "anchors and tags are not allowed here");
    if (wants_key(b))
        return at_mark(b, &event->start_mark, "a list or mapping as a key; expected a word");
    if (b->depth == WEIR_YAML_DEPTH_MAX)
        return at_mark(b, &event->start_mark, "lists and mappings nested too deeply");
    struct weir_yaml_node *node = add_node(b, kind, &event->start_mark);
    if (!node) return false;
    b->open[b->depth++] = node;
    return true;
}

static bool on_event(struct builder *b, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->root) return at_mark(b, &event->start_mark, "a second document; expected one");
        return true;
    case YAML_ALIAS_EVENT:
        return at_mark(b, &event->start_mark, "aliases are not allowed here");
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, event, WEIR_YAML_SEQUENCE);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, event, WEIR_YAML_MAPPING);
    case YAML_MAPPING_END_EVENT:
        return check_duplicates(b, b->open[--b->depth]);
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return true;
    default:
        return true;
    }
}

static bool parser_problem(struct builder *b) {
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR) return no_memory(b);
    const char *problem = p->problem ? p->problem : "unreadable";
    if (p->context)
        return weir_yaml_fail_at(b->yaml, b->setting, (uint32_t)p->problem_mark.line + 1,
                                 (uint32_t)p->problem_mark.column + 1, b->error,
                                 "not YAML: %s (%s that began in line %u)", problem, p->context,
                                 (uint32_t)p->context_mark.line + 1);
    return weir_yaml_fail_at(b->yaml, b->setting, (uint32_t)p->problem_mark.line + 1,
                             (uint32_t)p->problem_mark.column + 1, b->error, "not YAML: %s",
                             problem);
}

static bool build(struct builder *b) {
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) return parser_problem(b);
        bool ok = on_event(b, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (!ok) return false;
    }
    return true;
}

bool weir_yaml_parse_into(struct weir_yaml *yaml, const char *text, size_t size,
                          const char *setting, struct weir_yaml_node **root,
                          struct weir_file_error *error) {
    if (size > WEIR_YAML_SIZE_MAX)
        return weir_yaml_fail_at(yaml, setting, 0, 0, error,
                                 "%zu bytes are too many; expected at most %u", size,
                                 WEIR_YAML_SIZE_MAX);
    if (!weir_yaml_check_bytes(yaml, setting, text, size, error)) return false;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    struct builder b = {.yaml = yaml, .setting = setting, .error = error};
    if (!yaml_parser_initialize(&b.parser)) return no_memory(&b);
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, size);
    bool ok = build(&b);
    yaml_parser_delete(&b.parser);
    if (!ok) return false;
    if (!b.root && setting) {
        const yaml_mark_t start = {0};
        if (!add_node(&b, WEIR_YAML_SCALAR, &start)) return false;
    }
    if (!b.root) return weir_yaml_fail_at(yaml, NULL, 1, 1, error, "the file is empty");
    *root = b.root;
    return true;
}

/* ---- Public ---------------------------------------------------------------------------------- */
struct weir_yaml *weir_yaml_parse(const char *text, size_t size, const char *name,
                                  struct weir_file_error *error) {
    struct weir_yaml *yaml = calloc(1, sizeof *yaml);
    char *copy = yaml ? strdup(name) : NULL;
    if (!copy) {
        free(yaml);
        snprintf(error->text, sizeof error->text, "%.200s: out of memory", name);
        return NULL;
    }
    yaml->name = copy;
    if (weir_yaml_parse_into(yaml, text, size, NULL, &yaml->root, error)) return yaml;
    weir_yaml_free(yaml);
    return NULL;
}

void weir_yaml_free(struct weir_yaml *yaml) {
    if (!yaml) return;
    for (struct yaml_block *block = yaml->blocks; block;) {
        struct yaml_block *next = block->next;
        free(block);
        block = next;
    }
    free(yaml->name);
    free(yaml);
}

/* Reads all of fd, at most one byte more than allowed so that the excess is seen. */
static char *read_all(int fd, size_t *size, int *failure) {
    size_t room = 65536, used = 0;
    char *text = malloc(room);
    while (text) {
        if (used == room) {
            if (room > WEIR_YAML_SIZE_MAX) break;
            char *larger = realloc(text, room * 2);
            if (!larger) {
                free(text);
                text = NULL;
                break;
            }
            text = larger;
            room *= 2;
        }
        ssize_t n = read(fd, text + used, room - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            *failure = errno;
            free(text);
            return NULL;
        }
        if (n == 0) break;
        used += (size_t)n;
    }
    *size = used;
    if (!text) *failure = ENOMEM;
    return text;
}

struct weir_yaml *weir_yaml_load(const char *path, struct weir_file_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC), failure = 0;
    size_t size = 0;
    char *text = NULL;
    if (fd < 0)
        failure = errno;
    else
        text = read_all(fd, &size, &failure);
    if (fd >= 0) close(fd);
    if (!text) {
        snprintf(error->text, sizeof error->text, "%.200s: cannot be read: %s", path,
                 strerror(failure));
        return NULL;
    }
    struct weir_yaml *yaml = weir_yaml_parse(text, size, path, error);
    free(text);
    return yaml;
}

const struct weir_yaml_node *weir_yaml_root(const struct weir_yaml *yaml) {
    return yaml->root;
}

const char *weir_yaml_name(const struct weir_yaml *yaml) {
    return yaml->name;
}

const struct weir_yaml_node *weir_yaml_find(const struct weir_yaml_node *mapping, const char *key) {
    if (!mapping || mapping->kind != WEIR_YAML_MAPPING) return NULL;
    for (const struct weir_yaml_node *c = mapping->first; c; c = c->next)
        if (strcmp(c->key, key) == 0) return c;
    return NULL;
}
