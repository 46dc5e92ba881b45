/* Dated contracts (R16): the index of the last window, the settlement, the sweep. */
#include "reference/twin.h"

static bool touched(const struct twin *t, int m) {
    for (int i = 0; i < t->order_count; i++)
        if (!t->orders[i]->dead && t->orders[i]->m == m) return true;
    return weir_twin_open_interest(t, m) > 0;
}

/* As the clock is set: a market that has expired is gone, unless something was done in it before;
 * then it settles at once. */
void weir_twin_set_expired(struct twin *t) {
    for (int m = 0; m < t->markets; m++) {
        const struct weir_market *c = t->m[m].c;
        if (c->expiry != WEIR_NONE && c->expiry <= t->now && !touched(t, m))
            t->m[m].phase = PHASE_GONE;
    }
}

/* Adds the index that holds from now to `to`, as far as it lies in the window. */
void weir_twin_weigh_index(struct twin *t, int64_t to) {
    for (int m = 0; m < t->markets; m++) {
        struct market *k = &t->m[m];
        if (k->c->expiry == WEIR_NONE || k->phase != PHASE_OPEN || k->index == 0) continue;
        wide from = weir_wide_max(t->now, (wide)k->c->expiry - k->c->settlement_window);
        wide time = weir_wide_min(to, k->c->expiry) - from;
        if (time <= 0) continue;
        k->index_sum += k->index * time;
        k->index_time += time;
    }
}

void weir_twin_settlement_timer(struct twin *t, int m) {
    struct market *k = &t->m[m];
    for (int i = 0; i < t->auction_count;) {
        if (t->auctions[i].m == m)
            weir_twin_auction_drop(t, i);
        else
            i++;
    }
    k->phase = PHASE_SETTLING;
    weir_twin_market_closes(t, m);
    wide price = k->index; /* where it never lasted, the index held */
    if (k->index_time > 0) price = weir_twin_div('f', k->index_sum, 1, 1, k->index_time, 1);
    if (price == 0) return;
    k->settlement_price = (int64_t)(price > k->c->max_price ? k->c->max_price : price);
    weir_twin_set_mark(t, m, k->settlement_price);
}

static struct order *first_order(const struct twin *t, int m) {
    for (int i = 0; i < t->order_count; i++)
        if (!t->orders[i]->dead && t->orders[i]->m == m) return t->orders[i];
    return NULL;
}

static struct account *first_holder(const struct twin *t, int m, int sign) {
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        if (sign > 0 ? a->at[m].s > 0 : a->at[m].s < 0) return a;
    }
    return NULL;
}

/* R29: what settlement realises counts in a liquidation, in no stage. */
static void note(const struct twin *t, struct account *a, int m, wide profit) {
    struct scope *s = weir_twin_scope(t, a, m);
    if (s->queue == QUEUE_LIQUIDATING) weir_twin_note_closed(s, m, WEIR_BY_COUNT, 0, profit);
}

static void settle_pair(struct twin *t, int m, struct account *buyer, struct account *seller) {
    wide profit, maker_profit;
    struct fill f = {.m = m,
                     .price = t->m[m].settlement_price,
                     .qty = weir_min(buyer->at[m].s, -seller->at[m].s),
                     .taker = buyer,
                     .maker = seller,
                     .taker_side = WEIR_SELL,
                     .kind = WEIR_FILL_SETTLEMENT,
                     .maker_pnl = &maker_profit};
    weir_twin_fill(t, &f, &profit);
    note(t, buyer, m, profit);
    note(t, seller, m, maker_profit);
}

/* One cancel or one fill; false when nothing is left. */
static bool sweep_one(struct twin *t, int m) {
    struct order *o = first_order(t, m);
    if (o) {
        weir_twin_remove(t, o);
        weir_twin_cancelled(t, o, WEIR_C_SETTLEMENT);
        return true;
    }
    struct account *buyer = first_holder(t, m, 1);
    if (buyer) settle_pair(t, m, buyer, first_holder(t, m, -1));
    return buyer != NULL;
}

static void go(struct twin *t, int m) {
    struct weir_event e = {.kind = WEIR_EV_SETTLED};
    e.settled.market = (uint32_t)m;
    e.settled.price = t->m[m].settlement_price;
    t->m[m].phase = PHASE_GONE;
    weir_twin_emit(t, &e);
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        struct scope *s = &a->isolated[m], *cross = &a->cross[t->m[m].c->asset];
        if (a->at[m].mode != WEIR_ISOLATED || s->balance <= 0) continue;
        cross->balance += s->balance;
        s->balance = 0;
        s->changed = cross->changed = true;
    }
}

static bool swept(const struct twin *t, int m) {
    return !first_order(t, m) && !first_holder(t, m, 1);
}

void weir_twin_settlement_sweep(struct twin *t) {
    wide left = (wide)t->v->steps_per_command * t->v->fills_per_step;
    for (int m = 0; m < t->markets; m++) {
        if (t->m[m].phase != PHASE_SETTLING) continue;
        while (left > 0 && sweep_one(t, m))
            left--;
        if (swept(t, m)) go(t, m);
    }
    weir_twin_sweep(t);
}
