/* What the files of the YAML layer share: the tree with its memory. Not for other folders. */
#ifndef WEIR_MARKET_YAML_TREE_H
#define WEIR_MARKET_YAML_TREE_H

#include "market/yaml.h"

struct yaml_block;

struct weir_yaml {
    char *name;
    struct yaml_block *blocks; /* memory of nodes and texts, freed as a whole */
    struct weir_yaml_node *root;
};

/* Zeroed memory that lives as long as the tree, or NULL. */
void *weir_yaml_alloc(struct weir_yaml *yaml, size_t size);
char *weir_yaml_copy(struct weir_yaml *yaml, const char *text, size_t size);

/* Parses text[0,size) into *root. `setting` is the path of the --set it stands for, or NULL: its
 * nodes then say so, and an empty text is an empty scalar. False with *error filled. */
bool weir_yaml_parse_into(struct weir_yaml *yaml, const char *text, size_t size,
                          const char *setting, struct weir_yaml_node **root,
                          struct weir_file_error *error);

/* Refuses the first byte that is no text: not UTF-8, NUL, other control bytes. */
bool weir_yaml_check_bytes(const struct weir_yaml *yaml, const char *setting, const char *text,
                           size_t size, struct weir_file_error *error);

/* The one writer of messages: `--set setting: ` or `file:line:column: ` (no place when line is 0),
 * then the text. Returns false. */
__attribute__((format(printf, 6, 7))) bool
weir_yaml_fail_at(const struct weir_yaml *yaml, const char *setting, uint32_t line, uint32_t column,
                  struct weir_file_error *error, const char *format, ...);

/* `key` is no list of min to max items. Returns false. */
bool weir_yaml_fail_list(const struct weir_yaml *yaml, const struct weir_yaml_node *node,
                         struct weir_file_error *error, const char *key, uint32_t min,
                         uint32_t max);

/* text[0,size) fit for a message: at most 60 bytes, control bytes shown as `?`. */
struct weir_shown {
    char text[72];
};
struct weir_shown weir_yaml_shown(const char *text, size_t size);

#endif
