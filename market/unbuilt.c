/* Options of the venue file whose stage is not built: refused by name, never ignored. Building a
 * stage deletes its rows here. */
#include "market/fields.h"

#include <string.h>

/* A word that is not built, refused wherever `path` has it (`*`: every item of a list). */
static const struct {
    const char *path;
    const char *words; /* separated by spaces */
    const char *what;
} unbuilt_words[] = {
    {"socialise.base", "profit equity", "socialise base"},
};

/* A key that only an option not built uses: any value but the default is refused. */
static const struct {
    const char *path;
    const char *usual; /* NULL: refused whenever given */
    const char *owner;
} unbuilt_values[] = {
    {"socialise.settlement_interval", "8h", "socialise base profit or equity"},
};

/* The next node at `path` below `node` after `skip` others were seen, or NULL. */
static const struct weir_yaml_node *nth(const struct weir_yaml_node *node, const char *path,
                                        size_t *skip) {
    if (!node) return NULL;
    if (*path == 0) return (*skip)-- == 0 ? node : NULL;
    size_t size = strcspn(path, ".");
    const char *rest = path[size] == '.' ? path + size + 1 : path + size;
    bool every = size == 1 && path[0] == '*';
    if (node->kind != (every ? WEIR_YAML_SEQUENCE : WEIR_YAML_MAPPING)) return NULL;
    for (const struct weir_yaml_node *c = node->first; c; c = c->next) {
        if (!every && (strlen(c->key) != size || memcmp(c->key, path, size) != 0)) continue;
        const struct weir_yaml_node *found = nth(c, rest, skip);
        if (found) return found;
    }
    return NULL;
}

static bool has_word(const char *words, const char *word) {
    size_t size = strlen(word);
    for (const char *at = words; *at;) {
        size_t n = strcspn(at, " ");
        if (n == size && memcmp(at, word, n) == 0) return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

bool weir_refuse_unbuilt_words(const struct weir_yaml *yaml, struct weir_file_error *error) {
    for (size_t i = 0; i < sizeof unbuilt_words / sizeof *unbuilt_words; i++) {
        for (size_t k = 0;; k++) {
            size_t skip = k;
            const struct weir_yaml_node *node =
                nth(weir_yaml_root(yaml), unbuilt_words[i].path, &skip);
            if (!node) break;
            if (node->kind == WEIR_YAML_SCALAR && has_word(unbuilt_words[i].words, node->text))
                return weir_yaml_fail(yaml, node, false, error, "%s %s is not built yet",
                                      unbuilt_words[i].what, node->text);
        }
    }
    return true;
}

/* The same number, duration or word, however spelled. */
static bool same_value(const char *a, const char *b) {
    struct weir_decimal x, y;
    weir_time t, u;
    if (strcmp(a, b) == 0) return true;
    if (weir_decimal_read(a, strlen(a), &x) && weir_decimal_read(b, strlen(b), &y))
        return x.mantissa == y.mantissa && x.scale == y.scale;
    return weir_yaml_duration(a, strlen(a), &t) && weir_yaml_duration(b, strlen(b), &u) && t == u;
}

bool weir_refuse_unbuilt_values(const struct weir_yaml *yaml, struct weir_file_error *error) {
    for (size_t i = 0; i < sizeof unbuilt_values / sizeof *unbuilt_values; i++) {
        const char *usual = unbuilt_values[i].usual;
        for (size_t k = 0;; k++) {
            size_t skip = k;
            const struct weir_yaml_node *node =
                nth(weir_yaml_root(yaml), unbuilt_values[i].path, &skip);
            if (!node) break;
            if (usual && same_value(node->text, usual)) continue;
            return weir_yaml_fail(yaml, node, false, error,
                                  "%s %s belongs to %s, which is not built yet", node->key,
                                  node->text, unbuilt_values[i].owner);
        }
    }
    return true;
}
