/* The market-wide budget of book slices (R36): so much a market and interval, no more than the book
 * shows but a quantum always. Whoever finds it used up, or others waiting, joins the market's line;
 * each interval's budget is first handed to the line, a quantum a turn (deficit round robin), so
 * that a wait has a bound whatever the queue's order. */
#include "liquidation/stages.h"

#include <errno.h>
#include <stdlib.h>

int weir_budgets_new(struct weir_liquidator *lq) {
    uint32_t markets = lq->x->venue->market_count;
    if (lq->x->venue->market_budget_notional == WEIR_NONE) return 0;
    lq->budgets = calloc(markets, sizeof *lq->budgets);
    if (!lq->budgets) return -ENOMEM;
    for (uint32_t m = 0; m < markets; m++)
        lq->budgets[m] = (struct weir_budget){.round = -1, .first = WEIR_NO_INDEX};
    return 0;
}

static struct weir_leg_turn *turn_at(const struct weir_liquidator *lq, uint32_t leg) {
    struct weir_ledger *l = &lq->x->ledger;
    return &weir_leg_extra_make(l, weir_leg_at(l, leg))->turn;
}

/* ---- The line -------------------------------------------------------------------------------- */

/* Behind the last of a ring that begins at `first`. */
static void join(struct weir_liquidator *lq, struct weir_budget *b, uint32_t leg) {
    struct weir_leg_turn *t = turn_at(lq, leg);
    t->in_line = true;
    t->next = t->prev = leg;
    if (b->first == WEIR_NO_INDEX) {
        b->first = leg;
        return;
    }
    struct weir_leg_turn *first = turn_at(lq, b->first);
    t->next = b->first;
    t->prev = first->prev;
    turn_at(lq, first->prev)->next = leg;
    first->prev = leg;
}

static void part(struct weir_liquidator *lq, struct weir_budget *b, uint32_t leg) {
    struct weir_leg_turn *t = turn_at(lq, leg);
    turn_at(lq, t->prev)->next = t->next;
    turn_at(lq, t->next)->prev = t->prev;
    if (b->first == leg) b->first = t->next == leg ? WEIR_NO_INDEX : t->next;
    t->in_line = false;
}

void weir_budget_leave(struct weir_liquidator *lq, uint32_t leg) {
    const struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    if (!lq->budgets || g->extra == 0) return;
    struct weir_leg_turn *t = turn_at(lq, leg);
    if (t->in_line) part(lq, &lq->budgets[g->market], leg);
    *t = (struct weir_leg_turn){0};
}

/* ---- Rounds ---------------------------------------------------------------------------------- */

/* Value at mark of the lots of one side that rest within the liquidation band. */
static weir_wide visible_value(const struct weir_exchange *x, uint32_t market,
                               enum weir_side side) {
    weir_price edge = weir_band_edge(x, market, side ^ 1), mark = x->prices[market].mark;
    struct weir_level_view level;
    weir_wide lots = 0;
    struct weir_ladder *ladder = x->books[market].side[side];
    for (bool more = weir_ladder_first_level(ladder, &level); more;
         more = weir_ladder_next_level(ladder, &level)) {
        if (side == WEIR_BUY ? level.price < edge : level.price > edge) break;
        lots += level.qty;
    }
    const struct weir_market *m = &x->venue->markets[market];
    return weir_value(m, mark, weir_wide_min(lots, weir_lots_bound(m)));
}

static void begin_round(struct weir_liquidator *lq, uint32_t market) {
    const struct weir_exchange *x = lq->x;
    const struct weir_market *m = &x->venue->markets[market];
    struct weir_budget *b = &lq->budgets[market];
    weir_price mark = x->prices[market].mark;
    weir_wide lot = weir_wide_max(1, weir_value(m, mark, 1));
    weir_wide quantum = weir_market_amount(x->venue, m, x->venue->market_budget_quantum);
    weir_wide turn = weir_wide_max(quantum, lot);
    b->left = weir_wide_max(quantum, visible_value(x, market, WEIR_BUY) +
                                         visible_value(x, market, WEIR_SELL));
    b->left =
        weir_wide_min(b->left, weir_market_amount(x->venue, m, x->venue->market_budget_notional));
    b->left = weir_wide_max(b->left, lot);
    while (b->first != WEIR_NO_INDEX) {
        uint32_t leg = b->first;
        struct weir_leg_turn *t = turn_at(lq, leg);
        weir_wide credit = weir_wide_max(0, t->credit + turn);
        weir_qty most = weir_min(weir_lots_within(m, mark, credit), t->wanted - t->reserved);
        weir_qty lots = weir_min(weir_lots_within(m, mark, b->left), most);
        if (most == 0) { /* what was left of its turn is not worth a lot at this mark */
            t->credit = credit;
            b->first = t->next;
            continue;
        }
        if (lots == 0) break;
        t->reserved += lots;
        t->credit = credit - weir_value(m, mark, lots);
        b->left -= weir_value(m, mark, lots);
        weir_queue_wake(lq, weir_leg_at(&x->ledger, leg)->scope);
        if (lots < most) { /* the turn goes on with the next round, with what is left of it */
            t->credit -= turn;
            break;
        }
        if (t->reserved < t->wanted) {
            b->first = t->next;
            continue;
        }
        part(lq, b, leg);
        t->credit = 0;
    }
}

void weir_budget_rounds(struct weir_liquidator *lq) {
    if (!lq->budgets || lq->members.count == 0) return;
    int64_t round = lq->x->now / lq->x->venue->market_budget_interval;
    for (uint32_t m = 0; m < lq->x->venue->market_count; m++) {
        if (lq->budgets[m].round == round || lq->x->prices[m].mark == 0) continue;
        lq->budgets[m].round = round;
        begin_round(lq, m);
    }
}

/* ---- Slices ---------------------------------------------------------------------------------- */

static weir_qty left_lots(const struct weir_liquidator *lq, uint32_t market) {
    const struct weir_exchange *x = lq->x;
    return weir_lots_within(&x->venue->markets[market], x->prices[market].mark,
                            lq->budgets[market].left);
}

bool weir_budget_admits(struct weir_liquidator *lq, uint32_t leg, weir_qty lots) {
    uint32_t market = weir_leg_at(&lq->x->ledger, leg)->market;
    struct weir_leg_turn *t = turn_at(lq, leg);
    if (t->reserved > 0) return true;
    if (t->in_line) return false;
    if (lq->budgets[market].first == WEIR_NO_INDEX && left_lots(lq, market) > 0) return true;
    t->wanted = lots;
    join(lq, &lq->budgets[market], leg);
    return false;
}

weir_qty weir_budget_take(struct weir_liquidator *lq, uint32_t leg, weir_qty lots) {
    const struct weir_exchange *x = lq->x;
    uint32_t market = weir_leg_at(&x->ledger, leg)->market;
    struct weir_leg_turn *t = turn_at(lq, leg);
    if (t->reserved > 0) {
        lots = weir_min(lots, t->reserved);
        t->wanted -= t->reserved;
        t->reserved = 0;
        return lots;
    }
    lots = weir_min(lots, left_lots(lq, market));
    lq->budgets[market].left -=
        weir_value(&x->venue->markets[market], x->prices[market].mark, lots);
    return lots;
}
