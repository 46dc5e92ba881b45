/* Lines from outside through an engine whose venue has linear, inverse and dated markets: each is
 * answered once, and at the end the audit is clean: money conserved per asset, and nobody
 * liquidatable or warned whom the trigger index does not know (R18, R33). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 400

static const char text[] =
    "name: fuzz\n"
    "money: {asset: USDT, decimals: 2}\n"
    "collateral: [{asset: ETH, decimals: 4, haircut: 0.1}]\n"
    "markets:\n"
    "  - {symbol: L, tick: 1, lot: 1, tiers: [{cap: 1000, rate: 0.01, max_leverage: 50},"
    " {cap: 100000000, rate: 0.1, max_leverage: 5}], funding: {interval: 5s},"
    " index: {stale_after: 60s},"
    " oi_scaling: {lower: 500, upper: 5000}}\n"
    "  - {symbol: I, contract: inverse, face_value: 10, asset: XBT, decimals: 4, tick: 0.5, lot: 1,"
    " tiers: [{cap: 10, rate: 0.02, max_leverage: 20}, {cap: 100000, rate: 0.2, max_leverage: 2}],"
    " index: {stale_after: 60s}, tier_mode: whole, closing_fee_reserve: 0.001, closing_fee_basis: "
    "bankruptcy}\n"
    "  - {symbol: D, tick: 1, lot: 1, expiry: 1970-01-01T00:01:00Z, settlement_window: 10s,"
    " tiers: [{cap: 100000000, rate: 0.05, max_leverage: 10}], margin_basis: entry,"
    " index: {stale_after: 8s}}\n"
    "auction: {interval: 3s}\n"
    "absorb: {enabled: true}\n"
    "liquidation: {steps_per_command: 4, fills_per_step: 2}\n";

static void count_answer(void *ctx, const struct weir_event *event) {
    bool answer = event->kind == WEIR_EV_ACCEPTED || event->kind == WEIR_EV_REJECTED ||
                  event->kind >= WEIR_EV_ACCOUNT_STATE;
    *(uint32_t *)ctx += answer;
    WEIR_CHECK(event->kind != WEIR_EV_TOTALS || event->totals_state.conserved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct weir_venue *venue;
    static struct weir_risk_change risk;
    struct weir_file_error error;
    uint32_t answers = 0, lines = 0;
    if (!venue) venue = weir_venue_parse(text, sizeof text - 1, "venue", NULL, 0, &error);
    WEIR_CHECK(venue);
    struct weir_engine_options options = {.accounts_max = 64, .orders_max = 1024};
    struct weir_engine *engine = weir_engine_new(venue, &options, count_answer, &answers);
    if (!engine) return 0;
    for (size_t at = 0; at < size && lines < LINES_MAX;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        struct weir_command command;
        weir_json_read((const char *)data + at, n, ++lines, &risk, &command);
        weir_engine_apply(engine, &command);
        WEIR_CHECK(answers == lines);
        at += n + 1;
    }
    const char *broken = weir_engine_audit(engine);
    WEIR_CHECK(!broken);
    weir_engine_free(engine);
    return 0;
}
