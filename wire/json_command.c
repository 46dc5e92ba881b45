/* A command to a line of text, such that reading it gives the same command. */
#include "wire/internal.h"

#include <string.h>

static void put_decimal(struct out *o, const struct weir_decimal *d) {
    static const char zeros[] = "00000000000000000000000000000000000000";
    _Static_assert(sizeof zeros - 1 == 38, "one digit more than 38 does not fit a decimal");
    if (!d->huge && !d->fine) {
        struct weir_decimal unit = weir_decimal_power(d->scale);
        weir_out_decimal(o, d->mantissa, &unit, d->scale);
        return;
    }
    OUT(o, "\"");
    if (d->negative) OUT(o, "-");
    if (d->huge) {
        OUT(o, "1");
        out_bytes(o, zeros, 38);
    } else {
        OUT(o, "0.");
        out_bytes(o, zeros, 38);
        OUT(o, "1");
    }
    OUT(o, "\"");
}

static void put_tiers(struct out *o, const struct weir_risk_change *risk) {
    OUT(o, "[");
    for (uint32_t i = 0; i < risk->tier_count; i++) {
        const struct weir_tier_text *row = &risk->tiers[i];
        if (i > 0) OUT(o, ",");
        OUT(o, "{\"cap\":");
        put_decimal(o, &row->cap);
        OUT(o, ",\"rate\":");
        put_decimal(o, &row->rate);
        if (row->has_max_leverage) {
            OUT(o, ",\"max_leverage\":");
            put_decimal(o, &row->max_leverage);
        }
        if (row->has_initial_rate) {
            OUT(o, ",\"initial_rate\":");
            put_decimal(o, &row->initial_rate);
        }
        OUT(o, "}");
    }
    OUT(o, "]");
}

static void put_limit(struct out *o, const struct weir_risk_change *risk,
                      const struct key_info *key) {
    if ((risk->none & key->present) != 0)
        OUT(o, "\"none\"");
    else
        put_decimal(o,
                    (const struct weir_decimal *)(const void *)((const char *)risk + key->offset));
}

static void put_value(struct out *o, const struct weir_command *command, enum key k) {
    const struct key_info *key = &weir_keys[k];
    const void *field = (const char *)command + key->offset;
    uint8_t byte = *(const uint8_t *)field;
    switch ((enum key_type)key->type) {
    case TYPE_COMMAND:
        weir_out_string(o, weir_command_words[command->kind]);
        return;
    case TYPE_TIME:
        weir_out_integer(o, command->t);
        return;
    case TYPE_NAME:
    case TYPE_LABEL:
        weir_out_name(o, field);
        return;
    case TYPE_DECIMAL:
    case TYPE_DIGITS:
        put_decimal(o, field);
        return;
    case TYPE_LIMIT:
        put_limit(o, command->risk, key);
        return;
    case TYPE_WORD:
        WEIR_CHECK(byte < key->word_count);
        weir_out_string(o, key->words[byte]);
        return;
    case TYPE_BOOL:
        if (byte)
            OUT(o, "true");
        else
            OUT(o, "false");
        return;
    case TYPE_TIERS:
        put_tiers(o, command->risk);
        return;
    }
}

/* What could not be read becomes a line that is refused for the same reason: a number with a
 * fraction is malformed, `none` is no command, and no command has the key `detail`. */
static void put_refused(struct out *o, const struct weir_command *command) {
    if (command->reject == WEIR_R_INVALID)
        OUT(o, "{\"cmd\":\"clock\"");
    else
        OUT(o, "{\"cmd\":\"none\"");
    OUT(o, ",\"refused\":");
    weir_out_string(o, weir_reason_words[command->reject]);
    OUT(o, ",\"detail\":");
    weir_out_string(o, command->detail);
    if (command->reject == WEIR_R_MALFORMED) {
        OUT(o, ",\"line\":");
        weir_out_integer(o, (int64_t)command->line);
        OUT(o, ",\"column\":");
        weir_out_integer(o, (int64_t)command->column);
        OUT(o, ",\"malformed\":0.5");
    }
    OUT(o, "}\n");
}

size_t weir_json_command(const struct weir_command *command, char *text, size_t size) {
    struct out o = {.size = size};
    o.text = text;
    if (command->reject != WEIR_OK || command->kind == WEIR_CMD_NONE) {
        put_refused(&o, command);
        return o.length <= size ? o.length : 0;
    }
    uint64_t written = weir_keys_written(command);
    bool first = true;
    for (uint64_t rest = written; rest != 0; rest &= rest - 1) {
        enum key k = (enum key)__builtin_ctzll(rest);
        if (first)
            OUT(&o, "{\"");
        else
            OUT(&o, ",\"");
        first = false;
        out_bytes(&o, weir_keys[k].name, weir_keys[k].size);
        OUT(&o, "\":");
        put_value(&o, command, k);
    }
    OUT(&o, "}\n");
    return o.length <= size ? o.length : 0;
}
