/* Lines from outside: whatever the bytes, a command or a refusal; a command written as text or as
 * a record reads back as the same command. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/random.h"
#include "wire/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct weir_risk_change risk, risk_again;
    static char text[WEIR_LINE_MAX];
    static uint8_t body[LOG_BODY_MAX];
    struct weir_command command, again;
    const char *problem;
    char *line = malloc(size > 0 ? size : 1);
    if (!line) return 0;
    memcpy(line, data, size);
    weir_json_read(line, size, 1, &risk, &command);
    free(line);
    size_t length = weir_json_command(&command, text, sizeof text);
    WEIR_CHECK(length > 1);
    weir_json_read(text, length - 1, 1, &risk_again, &again);
    WEIR_CHECK(again.reject == command.reject);
    if (command.reject == WEIR_OK) WEIR_CHECK(!command_difference(&command, &again));
    size_t bytes = weir_log_encode(&command, body);
    WEIR_CHECK(weir_log_decode(body, bytes, &risk_again, &again, &problem));
    WEIR_CHECK(!command_difference(&command, &again));
    return 0;
}
