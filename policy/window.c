/* `window`: a rolling budget of a market, shared by all accounts. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

weir_wide weir_window_used(const struct weir_policy_config *config,
                           const struct weir_policy_market *state, weir_time now,
                           weir_time *oldest) {
    weir_wide used = 0;
    *oldest = INT64_MAX;
    for (uint32_t i = state->window_end; i > state->window_first; i--) {
        const struct weir_policy_entry *e = &state->window[i - 1];
        if (e->t <= now - config->window) break;
        used += e->value;
        *oldest = e->t;
    }
    return used;
}

static void make_room(struct weir_policy_market *s) {
    if (s->window_end < s->window_room) return;
    uint32_t live = s->window_end - s->window_first;
    if (live > s->window_room / 2 || s->window_room == 0) {
        s->window_room = s->window_room ? s->window_room * 2 : 64;
        s->window = realloc(s->window, s->window_room * sizeof *s->window);
        WEIR_CHECK(s->window != NULL);
    }
    if (live > 0 && s->window_first > 0)
        memmove(s->window, s->window + s->window_first, live * sizeof *s->window);
    s->window_first = 0;
    s->window_end = live;
}

void weir_window_add(const struct weir_policy_config *config, struct weir_policy_market *s,
                     weir_time now, weir_wide value) {
    while (s->window_first < s->window_end && s->window[s->window_first].t <= now - config->window)
        s->window_first++;
    if (s->window_end > s->window_first && s->window[s->window_end - 1].t == now) {
        s->window[s->window_end - 1].value += value;
        return;
    }
    make_room(s);
    s->window[s->window_end++] = (struct weir_policy_entry){now, value};
}

void weir_policy_window(const struct weir_policy_config *config,
                        const struct weir_policy_view *view, struct weir_slice *slice) {
    slice->lots = view->lots;
    if (config->notional == WEIR_NONE) return;
    weir_time oldest;
    weir_wide left = weir_policy_amount(view, config->notional) -
                     weir_window_used(config, view->state, view->now, &oldest);
    weir_qty fits = left > 0 ? weir_lots_within(view->market, view->mark, left) : 0;
    if (fits == 0 && oldest == INT64_MAX) fits = 1; /* a lot always where none was closed */
    slice->lots = weir_min(view->lots, fits);
    if (fits == 0) weir_slice_wait(slice, weir_saturate((weir_wide)oldest + config->window));
}
