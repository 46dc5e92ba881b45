/* weir_keys: every key of a venue file, and every word that a key takes, as the program has them.
 * A line is `KEY`, or `KEY=WORD`; `[]` stands for an item of a list, and a policy's parameters are
 * `policy{NAME}.KEY`. Words come from the tables that read the file, keys also from venues printed
 * back whole, so that what is read by hand is there too. */
#include "market/fields.h"
#include "market/yaml_tree.h"
#include "protocol/protocol.h"

#include <stdlib.h>
#include <string.h>

static const char plain[] =
    "name: keys\n"
    "money: {asset: USDT}\n"
    "collateral: [{asset: ETH}]\n"
    "account_classes: [{name: default}]\n"
    "funds: [{name: main}]\n"
    "markets:\n"
    "  - {symbol: AAA, tick: 1, lot: 1, tiers: [{cap: 10, rate: 0.1, max_leverage: 5}]}\n"
    "  - {symbol: BBB, contract: inverse, face_value: 1, asset: XBT, decimals: 8, tick: 1, lot: "
    "1,\n"
    "     expiry: 2033-05-18T03:33:20Z,\n"
    "     tiers: [{cap: 10, rate: 0.1, initial_rate: 0.2}]}\n"
    "liquidation: {policy: {name: %s}}\n"
    "absorb: {policy: {name: %s}}\n";

/* Words of the tables. */
static void words_of(const char *prefix, const struct weir_yaml_field *table) {
    for (const struct weir_yaml_field *f = table; f->type != WEIR_YAML_END; f++) {
        char path[256];
        snprintf(path, sizeof path, "%s%s%s", prefix, f->key,
                 f->type == WEIR_YAML_LIST ? "[]" : "");
        bool chosen = f->type == WEIR_YAML_WORD || f->type == WEIR_YAML_FLAG;
        for (size_t i = 0; chosen && f->words != NULL && f->words[i] != NULL; i++)
            printf("%s=%s\n", path, f->words[i]);
        if (!chosen || f->words == NULL) {
            if (f->fields == NULL && f->type != WEIR_YAML_CUSTOM) printf("%s\n", path);
        }
        if (f->fields != NULL) {
            char below[300];
            snprintf(below, sizeof below, "%s.", path);
            words_of(below, f->fields);
        }
    }
}

/* Keys of a printed venue; those of policies by the policy's name. */
static void keys_of(const char *prefix, const struct weir_yaml_node *node) {
    char path[256];
    bool policy = node->key != NULL && strcmp(node->key, "policy") == 0;
    const struct weir_yaml_node *name = policy ? weir_yaml_find(node, "name") : NULL;
    if (node->kind == WEIR_YAML_SCALAR) {
        printf("%s%s\n", prefix, node->key);
        return;
    }
    if (name != NULL)
        snprintf(path, sizeof path, "%spolicy{%s}.", prefix, name->text);
    else if (node->key != NULL)
        snprintf(path, sizeof path, "%s%s%s.", prefix, node->key,
                 node->kind == WEIR_YAML_SEQUENCE ? "[]" : "");
    else
        snprintf(path, sizeof path, "%s", prefix);
    for (const struct weir_yaml_node *c = node->first; c != NULL; c = c->next)
        if (c->key == NULL || c != name) keys_of(path, c);
}

static bool print_policy(const char *word) {
    char text[1024];
    int n = snprintf(text, sizeof text, plain, word, word);
    struct weir_file_error error;
    struct weir_venue *venue = weir_venue_parse(text, (size_t)n, "keys", NULL, 0, &error);
    char *printed = venue != NULL ? weir_venue_print(venue) : NULL;
    struct weir_yaml *yaml =
        printed != NULL ? weir_yaml_parse(printed, strlen(printed), "keys", &error) : NULL;
    if (yaml == NULL) {
        fprintf(stderr, "%s: %s\n", word, error.text);
        return false;
    }
    printf("liquidation.policy=%s\nabsorb.policy=%s\n", word, word);
    keys_of("", weir_yaml_root(yaml));
    weir_yaml_free(yaml);
    free(printed);
    weir_venue_free(venue);
    return true;
}

int main(void) {
    words_of("", weir_venue_fields);
    words_of("markets[].", weir_market_fields);
    words_of("markets[].tiers[].", weir_tier_fields);
    words_of("funds[].", weir_fund_fields);
    for (uint32_t i = 0; i < WEIR_POLICY_COUNT; i++)
        if (!print_policy(weir_policy_words[i])) return 1;
    return 0;
}
