/* Settings: edits of the tree by path. */
#include "market/yaml_tree.h"

#include <string.h>

/* Does `rest` begin with name[0,size), followed by a dot or the end? */
static bool begins(const char *rest, const char *name, size_t size) {
    return size > 0 && strncmp(rest, name, size) == 0 && (rest[size] == '.' || rest[size] == 0);
}

/* The entry or item of `parent` that `rest` begins with, the longest name winning; *taken is the
 * length of what it matched. */
static struct weir_yaml_node *match(const struct weir_yaml_node *parent, const char *rest,
                                    size_t *taken) {
    static const char *const naming[] = {"name", "symbol", "asset", "market"};
    struct weir_yaml_node *best = NULL;
    *taken = 0;
    for (struct weir_yaml_node *c = parent->first; c; c = c->next) {
        if (parent->kind == WEIR_YAML_MAPPING) {
            size_t size = strlen(c->key);
            if (size > *taken && begins(rest, c->key, size)) {
                best = c;
                *taken = size;
            }
            continue;
        }
        for (size_t k = 0; k < sizeof naming / sizeof *naming; k++) {
            const struct weir_yaml_node *name = weir_yaml_find(c, naming[k]);
            if (!name || name->kind != WEIR_YAML_SCALAR || name->size <= *taken) continue;
            if (!begins(rest, name->text, name->size)) continue;
            best = c;
            *taken = name->size;
        }
    }
    return best;
}

/* The item that a whole number at the start of `rest` counts to, or NULL. */
static struct weir_yaml_node *match_index(const struct weir_yaml_node *list, const char *rest,
                                          size_t *taken) {
    size_t digits = strspn(rest, "0123456789");
    if (digits == 0 || digits > 9 || (rest[digits] != '.' && rest[digits] != 0)) return NULL;
    uint32_t index = 0;
    for (size_t i = 0; i < digits; i++)
        index = index * 10 + (uint32_t)(rest[i] - '0');
    if (index >= list->count) return NULL;
    struct weir_yaml_node *item = list->first;
    while (index-- > 0)
        item = item->next;
    *taken = digits;
    return item;
}

static struct weir_yaml_node *add_entry(struct weir_yaml *yaml, struct weir_yaml_node *mapping,
                                        const char *key, size_t size, const char *setting) {
    struct weir_yaml_node *node = weir_yaml_alloc(yaml, sizeof *node);
    char *copy = weir_yaml_copy(yaml, key, size);
    if (!node || !copy) return NULL;
    node->key = copy;
    node->kind = WEIR_YAML_SCALAR;
    node->text = "";
    node->setting = setting;
    if (mapping->last)
        mapping->last->next = node;
    else
        mapping->first = node;
    mapping->last = node;
    mapping->count++;
    return node;
}

/* One step down the path from `at`; NULL with *error filled. */
static struct weir_yaml_node *step(struct weir_yaml *yaml, struct weir_yaml_node *at,
                                   const char *path, const char **rest,
                                   struct weir_file_error *error) {
    size_t taken = strcspn(*rest, ".");
    struct weir_shown shown = weir_yaml_shown(*rest, taken);
    if (taken == 0) {
        weir_yaml_fail_at(yaml, path, 0, 0, error, "an empty key; expected key.path=value");
        return NULL;
    }
    bool hollow = at->kind == WEIR_YAML_SCALAR && at->size == 0 && !at->quoted;
    if (at->kind == WEIR_YAML_SCALAR && !hollow) {
        weir_yaml_fail_at(yaml, path, 0, 0, error,
                          "there is no \"%s\" here: what holds it is the value \"%s\"", shown.text,
                          weir_yaml_shown(at->text, at->size).text);
        return NULL;
    }
    if (hollow) {
        at->kind = WEIR_YAML_MAPPING;
        at->setting = path;
    }
    struct weir_yaml_node *child = match(at, *rest, &taken);
    if (!child && at->kind == WEIR_YAML_SEQUENCE) {
        child = match_index(at, *rest, &taken);
        if (!child) {
            weir_yaml_fail_at(yaml, path, 0, 0, error,
                              "the list has no item \"%s\"; expected a name in it or an index "
                              "below %u",
                              shown.text, at->count);
            return NULL;
        }
    }
    if (!child) {
        taken = strcspn(*rest, ".");
        child = add_entry(yaml, at, *rest, taken, path);
        if (!child) {
            weir_yaml_fail_at(yaml, path, 0, 0, error, "out of memory");
            return NULL;
        }
    }
    *rest += taken;
    return child;
}

static bool set_one(struct weir_yaml *yaml, const char *path, const char *value,
                    struct weir_file_error *error) {
    char *kept = weir_yaml_copy(yaml, path, strlen(path));
    if (!kept) return weir_yaml_fail_at(yaml, path, 0, 0, error, "out of memory");
    struct weir_yaml_node *made = NULL, *at = yaml->root;
    if (!weir_yaml_parse_into(yaml, value, strlen(value), kept, &made, error)) return false;
    const char *rest = kept;
    do {
        at = step(yaml, at, kept, &rest, error);
        if (!at) return false;
    } while (*rest++ == '.');
    at->kind = made->kind;
    at->text = made->text;
    at->size = made->size;
    at->quoted = made->quoted;
    at->setting = kept;
    at->count = made->count;
    at->first = made->first;
    at->last = made->last;
    return true;
}

bool weir_yaml_set(struct weir_yaml *yaml, const struct weir_setting *settings, size_t count,
                   struct weir_file_error *error) {
    for (size_t i = 0; i < count; i++)
        if (!set_one(yaml, settings[i].path, settings[i].value, error)) return false;
    return true;
}

static void forget_places(struct weir_yaml_node *node) {
    node->setting = NULL;
    node->line = node->column = node->key_line = node->key_column = 0;
    for (struct weir_yaml_node *c = node->first; c; c = c->next)
        forget_places(c);
}

bool weir_yaml_default(struct weir_yaml *yaml, const char *key, const char *value,
                       struct weir_file_error *error) {
    if (yaml->root->kind != WEIR_YAML_MAPPING || weir_yaml_find(yaml->root, key)) return true;
    struct weir_yaml_node *made = NULL;
    if (!weir_yaml_parse_into(yaml, value, strlen(value), key, &made, error)) return false;
    struct weir_yaml_node *node = add_entry(yaml, yaml->root, key, strlen(key), NULL);
    if (!node) return weir_yaml_fail_at(yaml, NULL, 0, 0, error, "out of memory");
    made->key = node->key;
    *node = *made;
    forget_places(node);
    return true;
}
