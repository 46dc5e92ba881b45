/* What markets settle in: the assets that inverse contracts bring, and the purses of the funds that
 * stand behind markets of several assets (R4, R31). */
#include "market/fields.h"

#include <stdlib.h>
#include <string.h>

/* The node of a market's key, or the market itself when the key was left out. */
static const struct weir_yaml_node *place(const struct weir_yaml_node *market, const char *key) {
    const struct weir_yaml_node *node = weir_yaml_find(market, key);
    return node ? node : market;
}

/* A settlement asset seen for the first time; the order of appearance is the order of assets. */
static bool add_asset(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                      struct weir_venue *venue, const struct market_file *file) {
    if (venue->asset_count == WEIR_ASSETS_MAX)
        return weir_yaml_fail(reader->yaml, place(node, "asset"), false, reader->error,
                              "asset \"%s\" is one too many; expected at most %d assets, money and "
                              "collateral among them",
                              file->asset.text, WEIR_ASSETS_MAX);
    venue->assets[venue->asset_count++] = (struct weir_asset){.name = file->asset,
                                                              .decimals = file->asset_decimals,
                                                              .stale_after = WEIR_NONE,
                                                              .settles = true};
    return true;
}

bool weir_read_settlement(const struct weir_yaml_reader *reader, const struct weir_yaml_node *node,
                          struct market_file *file) {
    struct weir_venue *venue = ((struct venue_reader *)reader->user)->venue;
    const struct weir_name *money = &venue->assets[0].name;
    const bool given = weir_yaml_find(node, "decimals") != NULL;
    if (weir_name_empty(&file->asset)) file->asset = *money;
    if (file->market.contract == WEIR_LINEAR && !weir_name_equal(&file->asset, money))
        return weir_yaml_fail(reader->yaml, weir_yaml_find(node, "asset"), false, reader->error,
                              "asset is \"%s\"; expected %s: a linear contract settles in money",
                              file->asset.text, money->text);
    uint32_t at = weir_venue_asset(venue, &file->asset);
    if (!given) file->asset_decimals = at == 0 ? venue->assets[0].decimals : 8;
    if (at == WEIR_NO_INDEX) at = venue->asset_count;
    if (at == venue->asset_count && !add_asset(reader, node, venue, file)) return false;
    const struct weir_asset *asset = &venue->assets[at];
    if (!asset->settles)
        return weir_yaml_fail(reader->yaml, weir_yaml_find(node, "asset"), false, reader->error,
                              "asset is \"%s\", which is collateral; expected money or an asset "
                              "that is not collateral",
                              asset->name.text);
    file->market.asset = at;
    if (asset->decimals == file->asset_decimals) return true;
    return weir_yaml_fail(
        reader->yaml, place(node, given ? "decimals" : "asset"), false, reader->error,
        "decimals is \"%u\"%s; expected %u, the decimals of %s before", file->asset_decimals,
        given ? "" : " when left out", asset->decimals, asset->name.text);
}

/* ---- Purses ---------------------------------------------------------------------------------- */
struct purses {
    const struct weir_yaml_reader *reader;
    const struct weir_yaml_node *list; /* the file's funds */
    struct weir_venue *venue;
};

static const struct weir_yaml_node *fund_node(const struct purses *p, uint32_t base) {
    const struct weir_yaml_node *node = p->list->first;
    for (uint32_t i = 0; i < base; i++)
        node = node->next;
    return node;
}

/* Amounts of the file are numbers of asset 0: the same number of another asset, rounded down. */
static bool rescale(const struct purses *p, struct weir_fund_config *fund, uint32_t offset,
                    const char *key) {
    weir_amount *amount = (weir_amount *)(void *)((char *)fund + offset);
    weir_wide number = *amount;
    int power = p->venue->assets[fund->asset].decimals - p->venue->assets[0].decimals;
    if (*amount == WEIR_NONE) return true;
    for (; power > 0 && number <= INT64_MAX; power--)
        number *= 10;
    for (; power < 0; power++)
        number /= 10;
    if (number < INT64_MAX) {
        *amount = (weir_amount)number;
        return true;
    }
    const struct weir_yaml_node *node = fund_node(p, fund->base);
    return weir_yaml_fail(p->reader->yaml, place(node, key), false, p->reader->error,
                          "%s of fund %s is too large in units of %s, which has %u decimals", key,
                          fund->name.text, p->venue->assets[fund->asset].name.text,
                          p->venue->assets[fund->asset].decimals);
}

/* Sets the asset of a fund, and its amounts to that asset's units. */
static bool settle_in(const struct purses *p, struct weir_fund_config *fund, uint32_t asset) {
    fund->asset = asset;
    for (const struct weir_yaml_field *f = weir_fund_fields; f->type != WEIR_YAML_END; f++)
        if (f->type == WEIR_YAML_AMOUNT && !rescale(p, fund, f->offset, f->key)) return false;
    return true;
}

/* `@fund:NAME` is the name of an account. */
#define FUND_NAME_MAX 25

static bool check_name(const struct purses *p, const struct weir_fund_config *fund) {
    if (strlen(fund->name.text) <= FUND_NAME_MAX) return true;
    const struct weir_yaml_node *node = weir_yaml_find(fund_node(p, fund->base), "name");
    return weir_yaml_fail(p->reader->yaml, node, false, p->reader->error,
                          "name of fund \"%s\" is too long; expected at most %d characters",
                          fund->name.text, FUND_NAME_MAX);
}

/* The purse NAME:ASSET of the fund at index `base`. */
static bool add_purse(const struct purses *p, uint32_t base, uint32_t asset) {
    struct weir_venue *venue = p->venue;
    char name[80];
    int size = snprintf(name, sizeof name, "%s:%s", venue->file_funds[base].name.text,
                        venue->assets[asset].name.text);
    struct weir_fund_config *fund = &venue->funds[venue->fund_count];
    *fund = venue->file_funds[base];
    fund->base = base;
    const struct weir_yaml_node *node = fund_node(p, base);
    if (venue->fund_count == WEIR_FUNDS_MAX)
        return weir_yaml_fail(p->reader->yaml, node, false, p->reader->error,
                              "purse %s is one fund too many; expected at most %d funds", name,
                              WEIR_FUNDS_MAX);
    if (size > FUND_NAME_MAX)
        return weir_yaml_fail(p->reader->yaml, weir_yaml_find(node, "name"), false,
                              p->reader->error,
                              "the name of purse %s is too long; expected at most %d characters",
                              name, FUND_NAME_MAX);
    weir_name_read(name, (size_t)size, &fund->name);
    if (weir_venue_fund(venue, &fund->name) != WEIR_NO_INDEX)
        return weir_yaml_fail(p->reader->yaml, weir_yaml_find(node, "name"), false,
                              p->reader->error,
                              "purse %s has the name of another fund; expected another name", name);
    venue->fund_count++;
    return settle_in(p, fund, asset);
}

/* Which asset the purse of the fund's own name holds: asset 0, or, if none of its markets settles
 * in that, its first market's. */
static uint32_t own_asset(const struct weir_venue *venue, uint32_t base) {
    uint32_t own = WEIR_NO_INDEX;
    for (uint32_t i = 0; i < venue->market_count; i++) {
        if (venue->markets[i].fund_idx != base) continue;
        if (venue->markets[i].asset == 0) return 0;
        own = own == WEIR_NO_INDEX ? venue->markets[i].asset : own;
    }
    return own == WEIR_NO_INDEX ? 0 : own;
}

/* The purse of fund `base` that holds an asset, or WEIR_NO_INDEX. */
static uint32_t purse_of(const struct weir_venue *venue, uint32_t base, uint32_t asset) {
    for (uint32_t i = 0; i < venue->fund_count; i++)
        if (venue->funds[i].base == base && venue->funds[i].asset == asset) return i;
    return WEIR_NO_INDEX;
}

bool weir_make_purses(const struct weir_yaml_reader *reader, const struct weir_yaml_node *funds,
                      struct weir_venue *venue) {
    const struct purses p = {reader, funds, venue};
    /* One place more than allowed, for the purse that is one too many. */
    venue->funds = calloc(WEIR_FUNDS_MAX + 1, sizeof *venue->funds);
    if (!venue->funds)
        return weir_yaml_fail(reader->yaml, funds, false, reader->error, "out of memory");
    for (uint32_t i = 0; i < venue->file_fund_count; i++) {
        venue->funds[i] = venue->file_funds[i];
        venue->funds[i].base = i;
    }
    venue->fund_count = venue->file_fund_count;
    for (uint32_t i = 0; i < venue->file_fund_count; i++)
        if (!check_name(&p, &venue->funds[i]) ||
            !settle_in(&p, &venue->funds[i], own_asset(venue, i)))
            return false;
    for (uint32_t i = 0; i < venue->market_count; i++) {
        struct weir_market *m = &venue->markets[i];
        uint32_t base = m->fund_idx;
        if (purse_of(venue, base, m->asset) == WEIR_NO_INDEX && !add_purse(&p, base, m->asset))
            return false;
        m->fund_idx = purse_of(venue, base, m->asset);
    }
    return true;
}
