/* Inside wire/: the one table of keys that the text reader, the text writer and the binary log are
 * all driven by, the text appender, the checksums. */
#ifndef WEIR_WIRE_INTERNAL_H
#define WEIR_WIRE_INTERNAL_H

#include "wire/record.h"
#include "wire/wire.h"

/* Keys of commands. The binary log stores these numbers: append, never reorder. */
enum key {
    KEY_CMD = 0,
    KEY_T,
    KEY_ACCOUNT,
    KEY_CLASS,
    KEY_OWNER,
    KEY_AMOUNT,
    KEY_ASSET,
    KEY_MARKET,
    KEY_LEVERAGE,
    KEY_MODE,
    KEY_ID,
    KEY_SIDE,
    KEY_TYPE,
    KEY_QTY,
    KEY_PRICE,
    KEY_STOP_PRICE,
    KEY_TRIGGER,
    KEY_TIF,
    KEY_POST_ONLY,
    KEY_REDUCE_ONLY,
    KEY_SOURCE,
    KEY_BUYER,
    KEY_SELLER,
    KEY_FUND,
    KEY_AUCTION,
    KEY_NOTIONAL,
    KEY_LOSS_LIMIT,
    KEY_STATUS,
    KEY_TIERS,
    KEY_OPEN_INTEREST_CAP,
    KEY_POSITION_LIMIT,
    KEY_PRICE_BAND,
    KEY_LIQUIDATION_BAND,
    KEY_FUNDING_CAP,
    KEY_NAME,
    KEY_VALUE,
    KEY_WHAT,
    KEY_DEPTH,
    KEY_COUNT
};
#define KEY_BIT(k) (UINT64_C(1) << (k))

enum key_type {
    TYPE_COMMAND, /* the command's own word */
    TYPE_TIME,    /* int64 >= 0, JSON integer or string of digits */
    TYPE_NAME,    /* a name of 1 to 31 characters */
    TYPE_LABEL,   /* names what the venue file declares; any string, see weir_label_read */
    TYPE_DECIMAL,
    TYPE_DIGITS, /* a decimal that is an integer, JSON integer or string of digits */
    TYPE_LIMIT,  /* a decimal or `none`, in the risk change */
    TYPE_WORD,   /* one of `words`, kept in a byte */
    TYPE_BOOL,   /* kept in a byte */
    TYPE_TIERS
};

struct key_info {
    const char *name;
    uint8_t size;     /* of name */
    uint8_t type;     /* enum key_type */
    uint16_t offset;  /* of its field in struct weir_command; TYPE_LIMIT: in the risk change */
    uint32_t present; /* its WEIR_HAS_ bit, or 0 */
    const char *const *words;
    uint32_t word_count;
};
extern const struct key_info weir_keys[KEY_COUNT];

/* Key by name, or KEY_COUNT. */
enum key weir_key_find(const char *name, size_t size);
/* Which keys a command must and may have, judged by kind and, where it matters, by type (order) or
 * what (query), which are read first. KEY_CMD and KEY_T are in `optional` of every command. */
void weir_keys_of(const struct weir_command *command, uint64_t *required, uint64_t *optional);
/* The keys with which a command is written: the required ones, and of the optional ones those that
 * are present or differ from what leaving them out means. */
uint64_t weir_keys_written(const struct weir_command *command);
/* Makes *command the refusal `reject`; its detail is printed from `format`. Returns false. */
bool weir_refuse(struct weir_command *command, enum weir_reason reject, uint64_t line,
                 uint64_t column, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Are the keys in `seen` those the command may and must have? Refuses it (INVALID) if not, else
 * gives the keys left out the values that depend on others. */
bool weir_keys_check(struct weir_command *command, uint64_t seen);
/* Do the values, each well-formed, go together? Refuses the command (INVALID) if not. */
bool weir_values_check(struct weir_command *command, uint64_t line);

/* Reads what a venue file declares (a market, an asset, a fund). A string that is no name is no
 * error of form, it just names nothing: it is kept, what is unprintable or too long replaced by
 * `?`, which no name contains, so that the engine finds it unknown. */
void weir_label_read(const char *text, size_t size, struct weir_name *out);
size_t weir_name_size(const struct weir_name *name);

/* ---- Appending text ---------------------------------------------------------------------------
 * Counts on past the end, so that a caller learns the size needed. */
struct out {
    char *text;
    size_t size;
    size_t length;
};
static inline void out_bytes(struct out *o, const char *text, size_t size) {
    if (o->length + size <= o->size) __builtin_memcpy(o->text + o->length, text, size);
    o->length += size;
}
#define OUT(o, literal) out_bytes((o), "" literal, sizeof(literal) - 1)
void weir_out_string(struct out *o, const char *text);           /* quoted and escaped */
void weir_out_name(struct out *o, const struct weir_name *name); /* quoted; NULL: null */
void weir_out_integer(struct out *o, int64_t value);
/* Quoted decimal of value * unit. */
void weir_out_decimal(struct out *o, weir_wide value, const struct weir_decimal *unit,
                      uint8_t digits);

/* The answers of queries, split off the writer of events; no braces around. */
void weir_out_answer(struct out *o, const struct weir_venue *venue, const struct weir_event *event);
/* Parts of events that answers share. */
void weir_out_money(struct out *o, const struct weir_venue *venue, uint32_t asset,
                    weir_wide units); /* amounts of an asset */
void weir_out_price(struct out *o, const struct weir_venue *venue, uint32_t market,
                    weir_price price);
void weir_out_qty(struct out *o, const struct weir_venue *venue, uint32_t market, weir_wide lots);
void weir_out_rate(struct out *o, weir_wide ppb);
void weir_out_symbol(struct out *o, const struct weir_venue *venue, uint32_t market);
void weir_out_scope(struct out *o, const struct weir_venue *venue, uint32_t scope_market);

/* ---- The binary log ------------------------------------------------------------------------- */
#define LOG_MAGIC       "weirlog\n"
#define LOG_VERSION     1u
#define LOG_HEADER_SIZE 64u
#define LOG_RECORD_HEAD WEIR_RECORD_HEAD
#define LOG_BODY_MAX    WEIR_RECORD_BODY_MAX
#define LOG_END_KIND    WEIR_RECORD_END
#define LOG_END_SIZE    WEIR_RECORD_END_SIZE

#endif
