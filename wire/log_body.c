/* The body of a log record: a command as its kind and the keys it has, each a number of the key
 * table and a value. docs/log-format.md describes the bytes. */
#include "wire/internal.h"

#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#define DECIMAL_HUGE 0x40u
#define DECIMAL_FINE 0x80u
#define NEGATIVE     0x80u
#define LIMIT_NONE   0xFFu /* first byte of a decimal that is `none` */
#define ROW_LEVERAGE 1u
#define ROW_INITIAL  2u
_Static_assert(WEIR_TIERS_MAX *(1 + 4 * 18) + 512 < LOG_BODY_MAX, "the largest body fits");
_Static_assert(WEIR_TIERS_MAX *(1 + 4 * 2) + 64 < 512, "no body holds a sector of zeros");

uint64_t weir_log_chain(uint64_t before, const void *record, size_t size) {
    return XXH3_64bits_withSeed(record, size, before);
}

bool weir_log_verify(const uint8_t *record, size_t size, uint64_t number, uint64_t chain,
                     char *text, size_t text_size) {
    uint32_t crc = weir_crc32c(weir_crc32c(0, record, 4), record + 8, LOG_RECORD_HEAD - 8 + size);
    if (load32(record + 4) != crc)
        snprintf(text, text_size, "the record's checksum is wrong");
    else if (load64(record + 8) != number)
        snprintf(text, text_size, "record number %" PRIu64 ", expected %" PRIu64,
                 load64(record + 8), number);
    else if (load64(record + 16) != chain)
        snprintf(text, text_size, "the record does not continue the records before it");
    else
        return true;
    return false;
}

/* ---- Writing --------------------------------------------------------------------------------- */
/* Number of bytes up to the last one that is not zero. */
static size_t bytes_of(uint64_t low, uint64_t high) {
    if (high != 0) return 16 - (size_t)__builtin_clzll(high) / 8;
    return low != 0 ? 8 - (size_t)__builtin_clzll(low) / 8 : 0;
}

/* Values are stored by whole words and what follows goes over what is too much: the largest body
 * leaves room for that. */
static uint8_t *put_decimal(uint8_t *p, const struct weir_decimal *d) {
    bool refused = d->huge || d->fine;
    bool negative = refused ? d->negative : d->mantissa < 0;
    unsigned __int128 m =
        negative ? -(unsigned __int128)d->mantissa : (unsigned __int128)d->mantissa;
    if (refused) m = 0;
    uint64_t low = (uint64_t)m, high = (uint64_t)(m >> 64);
    size_t bytes = bytes_of(low, high);
    p[0] = (uint8_t)(refused ? (d->huge ? DECIMAL_HUGE : DECIMAL_FINE) : d->scale);
    p[1] = (uint8_t)(bytes | (negative ? NEGATIVE : 0));
    store64(p + 2, low);
    store64(p + 10, high);
    return p + 2 + bytes;
}

/* A name is padded with zeros, and holds none. */
static uint8_t *put_name(uint8_t *p, const struct weir_name *name) {
    uint64_t w[4];
    memcpy(w, name->text, sizeof w);
    size_t size = (w[2] | w[3]) != 0 ? 16 + bytes_of(w[2], w[3]) : bytes_of(w[0], w[1]);
    *p = (uint8_t)size;
    memcpy(p + 1, w, sizeof w);
    return p + 1 + size;
}

static uint8_t *put_tiers(uint8_t *p, const struct weir_risk_change *risk) {
    *p++ = (uint8_t)risk->tier_count;
    for (uint32_t i = 0; i < risk->tier_count; i++) {
        const struct weir_tier_text *row = &risk->tiers[i];
        *p++ = (uint8_t)((row->has_max_leverage ? ROW_LEVERAGE : 0) |
                         (row->has_initial_rate ? ROW_INITIAL : 0));
        p = put_decimal(p, &row->cap);
        p = put_decimal(p, &row->rate);
        if (row->has_max_leverage) p = put_decimal(p, &row->max_leverage);
        if (row->has_initial_rate) p = put_decimal(p, &row->initial_rate);
    }
    return p;
}

static uint8_t *put_key(uint8_t *p, const struct weir_command *command, enum key k) {
    const struct key_info *key = &weir_keys[k];
    const void *field = (const char *)command + key->offset;
    *p++ = (uint8_t)k;
    switch ((enum key_type)key->type) {
    case TYPE_COMMAND:
        break;
    case TYPE_TIME:
        store64(p, (uint64_t)command->t);
        return p + 8;
    case TYPE_NAME:
    case TYPE_LABEL:
        return put_name(p, field);
    case TYPE_DECIMAL:
    case TYPE_DIGITS:
        return put_decimal(p, field);
    case TYPE_LIMIT:
        if ((command->risk->none & key->present) != 0) {
            *p = LIMIT_NONE;
            return p + 1;
        }
        return put_decimal(p, (const void *)((const char *)command->risk + key->offset));
    case TYPE_WORD:
    case TYPE_BOOL:
        *p = *(const uint8_t *)field;
        return p + 1;
    case TYPE_TIERS:
        return put_tiers(p, command->risk);
    }
    return p;
}

size_t weir_log_encode(const struct weir_command *command, uint8_t *body) {
    uint8_t *p = body;
    if (command->reject != WEIR_OK || command->kind == WEIR_CMD_NONE) {
        size_t size = strnlen(command->detail, sizeof command->detail - 1);
        *p++ = WEIR_CMD_NONE;
        *p++ = command->reject;
        store64(p, command->line);
        store64(p + 8, command->column);
        p[16] = (uint8_t)size;
        memcpy(p + 17, command->detail, size);
        return (size_t)(p + 17 + size - body);
    }
    *p++ = command->kind;
    uint64_t written = weir_keys_written(command) & ~KEY_BIT(KEY_CMD);
    for (; written != 0; written &= written - 1)
        p = put_key(p, command, (enum key)__builtin_ctzll(written));
    WEIR_CHECK((size_t)(p - body) <= LOG_BODY_MAX);
    return (size_t)(p - body);
}

/* ---- Reading --------------------------------------------------------------------------------- */
struct cursor {
    const uint8_t *p, *end;
};

static bool has(const struct cursor *c, size_t size) {
    return (size_t)(c->end - c->p) >= size;
}

static bool get_byte(struct cursor *c, uint8_t *out) {
    if (!has(c, 1)) return false;
    *out = *c->p++;
    return true;
}

static bool get_decimal(struct cursor *c, struct weir_decimal *out) {
    uint8_t scale, sign;
    *out = (struct weir_decimal){0};
    if (!get_byte(c, &scale) || !get_byte(c, &sign)) return false;
    uint8_t bytes = sign & 0x7F;
    bool negative = (sign & NEGATIVE) != 0;
    if (bytes > 16 || !has(c, bytes) || (bytes > 0 && c->p[bytes - 1] == 0)) return false;
    unsigned __int128 m = 0;
    for (unsigned i = bytes; i-- > 0;)
        m = m << 8 | c->p[i];
    c->p += bytes;
    if (scale == DECIMAL_HUGE || scale == DECIMAL_FINE) {
        out->huge = scale == DECIMAL_HUGE;
        out->fine = scale == DECIMAL_FINE;
        out->negative = negative;
        return m == 0;
    }
    /* Only the form that reading text gives: at most 38 digits, the scale minimal. */
    const uint64_t ten19 = UINT64_C(10000000000000000000);
    bool ends_in_zero = m <= UINT64_MAX ? (uint64_t)m % 10 == 0 : m % 10 == 0;
    if (scale > 38 || m >= (unsigned __int128)ten19 * ten19 || (scale > 0 && ends_in_zero) ||
        (m == 0 && negative))
        return false;
    out->mantissa = negative ? -(weir_wide)m : (weir_wide)m;
    out->scale = scale;
    return true;
}

static bool get_name(struct cursor *c, enum key_type type, bool look, struct weir_name *out) {
    uint8_t size;
    if (!get_byte(c, &size) || size == 0 || size > 31 || !has(c, size)) return false;
    const char *text = (const char *)c->p;
    c->p += size;
    if (type == TYPE_NAME) return weir_name_read(text, size, out) && (look || out->text[0] != '@');
    weir_label_read(text, size, out);
    return memcmp(out->text, text, size) == 0;
}

static bool get_tiers(struct cursor *c, struct weir_risk_change *risk) {
    uint8_t count, bits;
    if (!get_byte(c, &count) || count > WEIR_TIERS_MAX) return false;
    risk->tier_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct weir_tier_text *row = &risk->tiers[i];
        if (!get_byte(c, &bits) || bits > (ROW_LEVERAGE | ROW_INITIAL)) return false;
        row->has_max_leverage = (bits & ROW_LEVERAGE) != 0;
        row->has_initial_rate = (bits & ROW_INITIAL) != 0;
        if (!get_decimal(c, &row->cap) || !get_decimal(c, &row->rate)) return false;
        if (row->has_max_leverage && !get_decimal(c, &row->max_leverage)) return false;
        if (row->has_initial_rate && !get_decimal(c, &row->initial_rate)) return false;
    }
    return true;
}

static bool get_limit(struct cursor *c, const struct key_info *key, struct weir_risk_change *risk) {
    if (has(c, 1) && *c->p == LIMIT_NONE) {
        risk->none |= key->present;
        c->p++;
        return true;
    }
    return get_decimal(c, (struct weir_decimal *)(void *)((char *)risk + key->offset));
}

static bool get_key(struct cursor *c, enum key k, struct weir_risk_change *risk,
                    struct weir_command *out) {
    const struct key_info *key = &weir_keys[k];
    void *field = (char *)out + key->offset;
    bool look = out->kind == WEIR_CMD_QUERY && k == KEY_ACCOUNT;
    out->present |= key->present;
    switch ((enum key_type)key->type) {
    case TYPE_TIME:
        if (!has(c, 8)) return false;
        out->t = (int64_t)load64(c->p);
        c->p += 8;
        return out->t >= 0;
    case TYPE_NAME:
    case TYPE_LABEL:
        return get_name(c, (enum key_type)key->type, look, field);
    case TYPE_DECIMAL:
        return get_decimal(c, field);
    case TYPE_DIGITS:
        return get_decimal(c, field) && ((struct weir_decimal *)field)->scale == 0 &&
               !((struct weir_decimal *)field)->fine;
    case TYPE_LIMIT:
        return get_limit(c, key, risk);
    case TYPE_WORD:
        return get_byte(c, field) && *(uint8_t *)field < key->word_count;
    case TYPE_BOOL:
        return get_byte(c, field) && *(uint8_t *)field <= 1;
    case TYPE_TIERS:
        return get_tiers(c, risk);
    case TYPE_COMMAND:
        return false;
    }
    return false;
}

static bool get_refused(struct cursor *c, struct weir_command *out) {
    if (!has(c, 18)) return false;
    size_t size = c->p[17];
    out->reject = c->p[0];
    out->line = load64(c->p + 1);
    out->column = load64(c->p + 9);
    if (out->reject < WEIR_R_MALFORMED || out->reject > WEIR_R_INVALID ||
        size >= sizeof out->detail || (size_t)(c->end - c->p) != 18 + size)
        return false;
    memcpy(out->detail, c->p + 18, size);
    return memchr(out->detail, 0, size) == NULL;
}

bool weir_log_decode(const uint8_t *body, size_t size, struct weir_risk_change *risk,
                     struct weir_command *out, const char **problem) {
    struct cursor c = {body, body + size};
    uint64_t seen = 0;
    uint8_t kind, k;
    *out = (struct weir_command){0};
    *problem = "no command that this program knows";
    if (!get_byte(&c, &kind) || kind >= WEIR_CMD_COUNT) return false;
    *problem = "a refused line that is badly recorded";
    if (kind == WEIR_CMD_NONE) return get_refused(&c, out);
    out->kind = kind;
    if (kind == WEIR_CMD_RISK) {
        *risk = (struct weir_risk_change){0};
        out->risk = risk;
    }
    *problem = "a command with a wrong key or value";
    while (get_byte(&c, &k)) {
        if (k >= KEY_COUNT || (seen >> k) != 0) return false; /* ascending, each once */
        /* A limit or a tier list outside `risk` has nowhere to go. */
        bool in_risk = weir_keys[k].type == TYPE_LIMIT || weir_keys[k].type == TYPE_TIERS;
        if (in_risk && kind != WEIR_CMD_RISK) return false;
        seen |= KEY_BIT(k);
        if (!get_key(&c, (enum key)k, risk, out)) return false;
    }
    if (!weir_keys_check(out, seen) || !weir_values_check(out, 0)) return false;
    return weir_keys_written(out) == (seen | KEY_BIT(KEY_CMD));
}
