/* The table of keys, and which command has which (docs/protocol.md). */
#include "wire/internal.h"

#include <stdarg.h>
#include <string.h>

static const char *const mode_words[] = {"cross", "isolated"};
static const char *const type_words[] = {"limit", "market", "stop", "stop_limit"};
static const char *const trigger_words[] = {"mark", "last"};
static const char *const tif_words[] = {"gtc", "ioc", "fok"};

#define KEY(key_name, key_type, field, bit, list, count)                                           \
    {                                                                                              \
        .name = key_name, .size = sizeof(key_name) - 1, .type = key_type,                          \
        .offset = offsetof(struct weir_command, field), .present = bit, .words = list,             \
        .word_count = count                                                                        \
    }
#define PLAIN(key_name, type, field, bit)  KEY(key_name, type, field, bit, NULL, 0)
#define WORD(key_name, field, list, count) KEY(key_name, TYPE_WORD, field, 0, list, count)
#define LIMIT(field, bit)                                                                          \
    {                                                                                              \
        .name = #field, .size = sizeof(#field) - 1, .type = TYPE_LIMIT,                            \
        .offset = offsetof(struct weir_risk_change, field), .present = bit                         \
    }

const struct key_info weir_keys[KEY_COUNT] = {
    [KEY_CMD] = PLAIN("cmd", TYPE_COMMAND, kind, 0),
    [KEY_T] = PLAIN("t", TYPE_TIME, t, WEIR_HAS_T),
    [KEY_ACCOUNT] = PLAIN("account", TYPE_NAME, account, 0),
    [KEY_CLASS] = PLAIN("class", TYPE_NAME, class_name, WEIR_HAS_CLASS),
    [KEY_OWNER] = PLAIN("owner", TYPE_NAME, owner, WEIR_HAS_OWNER),
    [KEY_AMOUNT] = PLAIN("amount", TYPE_DECIMAL, amount, 0),
    [KEY_ASSET] = PLAIN("asset", TYPE_LABEL, asset, WEIR_HAS_ASSET),
    [KEY_MARKET] = PLAIN("market", TYPE_LABEL, market, WEIR_HAS_MARKET),
    [KEY_LEVERAGE] = PLAIN("leverage", TYPE_DECIMAL, leverage, 0),
    [KEY_MODE] = WORD("mode", mode, mode_words, 2),
    [KEY_ID] = PLAIN("id", TYPE_NAME, id, 0),
    [KEY_SIDE] = WORD("side", side, weir_side_words, 2),
    [KEY_TYPE] = WORD("type", type, type_words, 4),
    [KEY_QTY] = PLAIN("qty", TYPE_DECIMAL, qty, WEIR_HAS_QTY),
    [KEY_PRICE] = PLAIN("price", TYPE_DECIMAL, price, WEIR_HAS_PRICE),
    [KEY_STOP_PRICE] = PLAIN("stop_price", TYPE_DECIMAL, stop_price, WEIR_HAS_STOP_PRICE),
    [KEY_TRIGGER] = WORD("trigger", trigger, trigger_words, 2),
    [KEY_TIF] = WORD("tif", tif, tif_words, 3),
    [KEY_POST_ONLY] = PLAIN("post_only", TYPE_BOOL, post_only, 0),
    [KEY_REDUCE_ONLY] = PLAIN("reduce_only", TYPE_BOOL, reduce_only, 0),
    [KEY_SOURCE] = PLAIN("source", TYPE_NAME, source, WEIR_HAS_SOURCE),
    [KEY_BUYER] = PLAIN("buyer", TYPE_NAME, account, 0),
    [KEY_SELLER] = PLAIN("seller", TYPE_NAME, account2, 0),
    [KEY_FUND] = PLAIN("fund", TYPE_LABEL, fund, WEIR_HAS_FUND),
    [KEY_AUCTION] = PLAIN("auction", TYPE_DIGITS, auction, 0),
    [KEY_NOTIONAL] = PLAIN("notional", TYPE_DECIMAL, notional, 0),
    [KEY_LOSS_LIMIT] = PLAIN("loss_limit", TYPE_DECIMAL, loss_limit, 0),
    [KEY_STATUS] = WORD("status", status, weir_status_words, 4),
    [KEY_TIERS] = PLAIN("tiers", TYPE_TIERS, risk, WEIR_HAS_TIERS),
    [KEY_OPEN_INTEREST_CAP] = LIMIT(open_interest_cap, WEIR_HAS_OI_CAP),
    [KEY_POSITION_LIMIT] = LIMIT(position_limit, WEIR_HAS_POSITION_LIMIT),
    [KEY_PRICE_BAND] = LIMIT(price_band, WEIR_HAS_PRICE_BAND),
    [KEY_LIQUIDATION_BAND] = LIMIT(liquidation_band, WEIR_HAS_LIQUIDATION_BAND),
    [KEY_FUNDING_CAP] = LIMIT(funding_cap, WEIR_HAS_FUNDING_CAP),
    [KEY_NAME] = PLAIN("name", TYPE_NAME, name, 0),
    [KEY_VALUE] = PLAIN("value", TYPE_DECIMAL, value, 0),
    [KEY_WHAT] = WORD("what", what, weir_query_words, WEIR_Q_TOTALS + 1),
    [KEY_DEPTH] = PLAIN("depth", TYPE_DECIMAL, depth, WEIR_HAS_DEPTH),
};

#define B(k) KEY_BIT(KEY_##k)
#define RISK_KEYS                                                                                  \
    (B(TIERS) | B(OPEN_INTEREST_CAP) | B(POSITION_LIMIT) | B(PRICE_BAND) | B(LIQUIDATION_BAND) |   \
     B(FUNDING_CAP))

static const struct {
    uint64_t required, optional;
} commands[WEIR_CMD_COUNT] = {
    [WEIR_CMD_ACCOUNT] = {B(ACCOUNT), B(CLASS) | B(OWNER)},
    [WEIR_CMD_DEPOSIT] = {B(ACCOUNT) | B(AMOUNT), B(ASSET)},
    [WEIR_CMD_WITHDRAW] = {B(ACCOUNT) | B(AMOUNT), B(ASSET)},
    [WEIR_CMD_LEVERAGE] = {B(ACCOUNT) | B(MARKET) | B(LEVERAGE), 0},
    [WEIR_CMD_MARGIN_MODE] = {B(ACCOUNT) | B(MARKET) | B(MODE), 0},
    [WEIR_CMD_ISOLATED_MARGIN] = {B(ACCOUNT) | B(MARKET) | B(AMOUNT), 0},
    [WEIR_CMD_ORDER] = {B(ACCOUNT) | B(MARKET) | B(ID) | B(SIDE) | B(TYPE) | B(QTY),
                        B(TIF) | B(POST_ONLY) | B(REDUCE_ONLY)},
    [WEIR_CMD_CANCEL] = {B(ACCOUNT) | B(ID), 0},
    [WEIR_CMD_CANCEL_ALL] = {B(ACCOUNT), B(MARKET)},
    [WEIR_CMD_AMEND] = {B(ACCOUNT) | B(ID), B(QTY) | B(PRICE)},
    [WEIR_CMD_INDEX] = {B(MARKET) | B(PRICE), B(SOURCE)},
    [WEIR_CMD_COLLATERAL_PRICE] = {B(ASSET) | B(PRICE), B(SOURCE)},
    [WEIR_CMD_BLOCK_TRADE] = {B(MARKET) | B(BUYER) | B(SELLER) | B(QTY) | B(PRICE), 0},
    [WEIR_CMD_FUND] = {B(AMOUNT), B(FUND)},
    [WEIR_CMD_BID] = {B(ACCOUNT) | B(AUCTION) | B(ID) | B(QTY) | B(PRICE), 0},
    [WEIR_CMD_BACKSTOP] = {B(ACCOUNT) | B(MARKET) | B(NOTIONAL) | B(LOSS_LIMIT), 0},
    [WEIR_CMD_MARKET_STATUS] = {B(MARKET) | B(STATUS), 0},
    [WEIR_CMD_RISK] = {B(MARKET), RISK_KEYS},
    [WEIR_CMD_INDICATOR] = {B(NAME) | B(VALUE), 0},
    [WEIR_CMD_CLOCK] = {B(T), 0},
    [WEIR_CMD_QUERY] = {B(WHAT), 0},
};
/* By order type: a key that would say nothing there is refused, not ignored. */
static const uint64_t order_required[] = {
    [WEIR_LIMIT] = B(PRICE),
    [WEIR_MARKET] = 0,
    [WEIR_STOP] = B(STOP_PRICE),
    [WEIR_STOP_LIMIT] = B(STOP_PRICE) | B(PRICE),
};
static const struct {
    uint64_t required, optional;
} queries[] = {
    [WEIR_Q_ACCOUNT] = {B(ACCOUNT), 0},
    [WEIR_Q_MARKET] = {B(MARKET), 0},
    [WEIR_Q_BOOK] = {B(MARKET), B(DEPTH)},
    [WEIR_Q_FUND] = {0, B(FUND)},
    [WEIR_Q_AUCTIONS] = {0, 0},
    [WEIR_Q_ADL] = {B(MARKET) | B(SIDE), 0},
    [WEIR_Q_LIQUIDATION_MAP] = {B(MARKET), 0},
    [WEIR_Q_TOTALS] = {0, 0},
};

enum key weir_key_find(const char *name, size_t size) {
    for (unsigned k = 0; k < KEY_COUNT; k++)
        if (weir_keys[k].size == size && weir_keys[k].name[0] == name[0] &&
            memcmp(weir_keys[k].name, name, size) == 0)
            return (enum key)k;
    return KEY_COUNT;
}

void weir_keys_of(const struct weir_command *command, uint64_t *required, uint64_t *optional) {
    WEIR_CHECK(command->kind < WEIR_CMD_COUNT);
    *required = commands[command->kind].required;
    *optional = commands[command->kind].optional | B(CMD) | B(T);
    if (command->kind == WEIR_CMD_ORDER) {
        WEIR_CHECK(command->type <= WEIR_STOP_LIMIT);
        *required |= order_required[command->type];
        if (command->type >= WEIR_STOP) *optional |= B(TRIGGER);
    } else if (command->kind == WEIR_CMD_QUERY) {
        WEIR_CHECK(command->what <= WEIR_Q_TOTALS);
        *required |= queries[command->what].required;
        *optional |= queries[command->what].optional;
    }
}

/* Orders that never rest. */
static bool at_once(const struct weir_command *order) {
    return order->type == WEIR_MARKET || order->type == WEIR_STOP;
}

uint64_t weir_keys_written(const struct weir_command *command) {
    uint64_t required, optional, written;
    weir_keys_of(command, &required, &optional);
    written = required | B(CMD);
    for (uint64_t rest = optional & ~written; rest != 0; rest &= rest - 1) {
        unsigned k = (unsigned)__builtin_ctzll(rest);
        const struct key_info *key = &weir_keys[k];
        bool given = key->present != 0 ? (command->present & key->present) != 0
                                       : *((const uint8_t *)command + key->offset) != 0;
        if (given) written |= KEY_BIT(k);
    }
    return written;
}

bool weir_refuse(struct weir_command *command, enum weir_reason reject, uint64_t line,
                 uint64_t column, const char *format, ...) {
    *command = (struct weir_command){.reject = (uint8_t)reject, .line = line, .column = column};
    va_list args;
    va_start(args, format);
    vsnprintf(command->detail, sizeof command->detail, format, args);
    va_end(args);
    return false;
}

bool weir_keys_check(struct weir_command *command, uint64_t seen) {
    uint64_t required, optional, line = command->line;
    const char *word = weir_command_words[command->kind];
    weir_keys_of(command, &required, &optional);
    uint64_t unknown = seen & ~(required | optional), missing = required & ~seen;
    if (unknown != 0)
        return weir_refuse(command, WEIR_R_INVALID, line, 0, "`%s` has no key `%s` here", word,
                           weir_keys[__builtin_ctzll(unknown)].name);
    if (missing != 0)
        return weir_refuse(command, WEIR_R_INVALID, line, 0, "`%s` needs the key `%s`", word,
                           weir_keys[__builtin_ctzll(missing)].name);
    if (command->kind == WEIR_CMD_AMEND && (seen & (B(QTY) | B(PRICE))) == 0)
        return weir_refuse(command, WEIR_R_INVALID, line, 0, "`amend` needs `qty` or `price`");
    if (command->kind == WEIR_CMD_RISK && (seen & RISK_KEYS) == 0)
        return weir_refuse(command, WEIR_R_INVALID, line, 0,
                           "`risk` needs a parameter, e.g. `tiers` or `price_band`");
    if (command->kind == WEIR_CMD_ORDER && (seen & B(TIF)) == 0 && at_once(command))
        command->tif = WEIR_IOC;
    return true;
}

bool weir_values_check(struct weir_command *command, uint64_t line) {
    if (command->kind != WEIR_CMD_ORDER) return true;
    if (at_once(command) && command->tif == WEIR_GTC)
        return weir_refuse(command, WEIR_R_INVALID, line, 0,
                           "a `market` or `stop` order is `ioc` or `fok`");
    if (command->post_only && (at_once(command) || command->tif != WEIR_GTC))
        return weir_refuse(command, WEIR_R_INVALID, line, 0,
                           "`post_only` goes with a `gtc` order of type `limit` or `stop_limit`");
    return true;
}

size_t weir_name_size(const struct weir_name *name) {
    return strnlen(name->text, sizeof name->text);
}

void weir_label_read(const char *text, size_t size, struct weir_name *out) {
    if (weir_name_read(text, size, out)) return;
    *out = (struct weir_name){0};
    size_t kept = size > 30 ? 30 : size;
    for (size_t i = 0; i < kept; i++) {
        unsigned char c = (unsigned char)text[i];
        out->text[i] = c >= 0x20 && c < 0x7F && c != '"' && c != '\\' ? text[i] : '?';
    }
    if (kept < size || kept == 0) out->text[kept] = '?';
}
