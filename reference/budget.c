/* The budget that all slices of a market share, handed out in turns (R36). Whose turn it is is
 * searched for. */
#include "reference/twin.h"

/* The account that has waited longest among those that joined after a turn; NULL: none. */
struct account *weir_twin_turn(const struct twin *t, int m, uint64_t after) {
    struct account *first = NULL;
    for (int i = 0; i < t->account_count; i++) {
        struct account *a = t->accounts[i];
        uint64_t since = a->at[m].in_line;
        if (since > after && (!first || since < first->at[m].in_line)) first = a;
    }
    return first;
}

void weir_twin_budget_leave(struct position *p) {
    p->wanted = p->reserved = 0;
    p->credit = 0;
    p->in_line = 0;
}

static wide fits(const struct twin *t, int m, wide amount) {
    return weir_twin_lots_within(t, m, t->m[m].mark, amount);
}

/* What rests on a side within the liquidation band, at mark. */
static wide shown(const struct twin *t, int m, enum weir_side side) {
    const struct market *k = &t->m[m];
    wide lots = 0, edge = WEIR_NONE;
    if (k->liquidation_band != WEIR_NONE) {
        wide band = side == WEIR_BUY ? -(wide)k->liquidation_band : k->liquidation_band;
        edge =
            weir_twin_div(side == WEIR_BUY ? 'c' : 'f', k->mark, WEIR_PPB + band, 1, WEIR_PPB, 1);
    }
    for (int i = 0; i < k->book_count[side]; i++) {
        int64_t price = k->book[side][i]->price;
        if (edge == WEIR_NONE || (side == WEIR_BUY ? price >= edge : price <= edge))
            lots += k->book[side][i]->open;
    }
    if (lots > weir_twin_most_lots(t, m)) lots = weir_twin_most_lots(t, m);
    return weir_twin_value(t, m, k->mark, lots);
}

static void new_round(struct twin *t, int m) {
    struct market *k = &t->m[m];
    wide lot = weir_twin_value(t, m, k->mark, 1);
    if (lot < 1) lot = 1;
    wide quantum = weir_twin_amount_in(t, m, t->v->market_budget_quantum);
    wide cap = weir_twin_amount_in(t, m, t->v->market_budget_notional);
    k->budget = shown(t, m, WEIR_BUY) + shown(t, m, WEIR_SELL);
    if (k->budget < quantum) k->budget = quantum;
    if (k->budget > cap) k->budget = cap;
    if (k->budget < lot) k->budget = lot;
    if (quantum < lot) quantum = lot;
    for (;;) {
        struct account *a = weir_twin_turn(t, m, 0);
        if (!a) return;
        struct position *p = &a->at[m];
        wide credit = p->credit + quantum;
        if (credit < 0) credit = 0;
        wide of_turn = fits(t, m, credit), lots = fits(t, m, k->budget);
        if (of_turn > p->wanted - p->reserved) of_turn = p->wanted - p->reserved;
        if (lots > of_turn) lots = of_turn;
        if (of_turn == 0) {
            p->credit = credit;
            p->in_line = ++t->turns;
            continue;
        }
        if (lots == 0) return;
        p->reserved += (int64_t)lots;
        p->credit = credit - weir_twin_value(t, m, k->mark, lots);
        k->budget -= weir_twin_value(t, m, k->mark, lots);
        if (lots < of_turn) {
            p->credit -= quantum;
            return;
        }
        p->in_line = ++t->turns;
        if (p->reserved < p->wanted) continue;
        p->in_line = 0;
        p->credit = 0;
    }
}

static void any_queued(struct twin *t, struct scope *s, void *x) {
    (void)t;
    if (s->queue != QUEUE_NONE) *(bool *)x = true;
}

void weir_twin_budget_rounds(struct twin *t) {
    bool queued = false;
    if (t->v->market_budget_notional == WEIR_NONE) return;
    weir_twin_each_scope(t, any_queued, &queued);
    for (int m = 0; queued && m < t->markets; m++) {
        int64_t round = t->now / t->v->market_budget_interval + 1; /* 0: none yet */
        if (t->m[m].round == round || t->m[m].mark == 0) continue;
        t->m[m].round = round;
        new_round(t, m);
    }
}

enum admission weir_twin_admission(const struct twin *t, const struct account *a, int m) {
    const struct position *p = &a->at[m];
    if (t->v->market_budget_notional == WEIR_NONE || p->reserved > 0) return ADMITTED;
    if (p->in_line) return IN_LINE;
    bool others = weir_twin_turn(t, m, 0) != NULL;
    return !others && fits(t, m, t->m[m].budget) > 0 ? ADMITTED : TO_JOIN;
}

void weir_twin_join(struct twin *t, struct account *a, int m, int64_t lots) {
    a->at[m].wanted = lots;
    a->at[m].in_line = ++t->turns;
}

int64_t weir_twin_take(struct twin *t, struct account *a, int m, int64_t lots) {
    struct position *p = &a->at[m];
    if (t->v->market_budget_notional == WEIR_NONE) return lots;
    if (p->reserved > 0) {
        if (lots > p->reserved) lots = p->reserved;
        p->wanted -= p->reserved;
        p->reserved = 0;
        return lots;
    }
    wide most = fits(t, m, t->m[m].budget);
    if (lots > most) lots = (int64_t)most;
    t->m[m].budget -= weir_twin_value(t, m, t->m[m].mark, lots);
    return lots;
}
