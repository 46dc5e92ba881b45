/* insurance: the funds (R31), their ledger by cause, what they grant, and the drawdown state (R32).
 * A fund's inventory lives in an ordinary scope, the cross scope of the account `@fund:NAME`. */
#ifndef WEIR_INSURANCE_H
#define WEIR_INSURANCE_H

#include "matching/matching.h"

struct weir_drawdown_sample {
    weir_time time;
    weir_wide pnl;
    weir_wide equity;
};
/* The samples that can still be the maximum of the window: P&L decreasing, time increasing. */
struct weir_drawdown {
    struct weir_drawdown_sample *ring;
    uint32_t head, count, capacity; /* capacity: a power of two */
    weir_wide equity;               /* of the fund when it was last sampled */
    bool stopped;
    bool listed; /* in the list of funds to be sampled */
};
struct weir_unwind {
    weir_time next;  /* when it is looked at next; INT64_MAX: nothing to unwind */
    bool again;      /* due with the next command's timers */
    weir_time since; /* when its schedule began */
    weir_time cooldown_until;
    struct weir_leg_plan plan;
};
static const struct weir_unwind weir_no_unwind = {.next = INT64_MAX};
struct weir_gap_cap {
    weir_time interval; /* grid index in which `paid` counts */
    weir_wide paid;
    weir_wide promised; /* to lots on offer now */
};
struct weir_fund {
    weir_wide cash;     /* >= 0 */
    weir_wide promised; /* to open auctions; <= cash */
    weir_wide net_seeds;
    weir_wide received[WEIR_CAUSE_COUNT], paid[WEIR_CAUSE_COUNT];
    uint32_t account, scope;
    struct weir_drawdown drawdown;
    struct weir_unwind *unwind;   /* per market */
    struct weir_gap_cap *markets; /* per market */
};
struct weir_funds {
    uint32_t count;
    struct weir_fund *fund;
    struct weir_fund_totals {
        weir_wide cash, seeds;
    } assets[WEIR_ASSETS_MAX]; /* of all funds of a settlement asset */
    /* R32 samples every fund after every command. A fund that nothing happened to and that holds
     * nothing had at every command since the same P&L: its last sample stands for all of them. */
    struct weir_pool listed;     /* uint32_t funds to be sampled by the next command */
    struct weir_timers outdated; /* per fund: when its oldest sample leaves the window */
    weir_time sampled;           /* the last command's time */
};

int weir_funds_new(struct weir_funds *funds, struct weir_exchange *x);
void weir_funds_free(struct weir_funds *funds);
/* Their parts of an image (base/image.h). */
void weir_funds_image(struct weir_funds *funds, struct weir_image *image, uint32_t markets);
/* An empty window, false when memory ends / its memory given back. */
bool weir_drawdown_start(struct weir_drawdown *drawdown);
void weir_drawdown_end(struct weir_drawdown *drawdown);
/* Room for samples to come, outside the hot loop. */
void weir_funds_make_room(struct weir_funds *funds);
static inline struct weir_fund *weir_market_fund(const struct weir_exchange *x,
                                                 const struct weir_funds *funds, uint32_t market) {
    return &funds->fund[x->venue->markets[market].fund_idx];
}
static inline weir_wide weir_fund_free(const struct weir_fund *f) {
    return f->cash - f->promised;
}

/* Moves cash (positive: in) with its event; `account` WEIR_NO_INDEX: null. The other side of the
 * movement is the caller's posting. */
void weir_fund_move(struct weir_exchange *x, struct weir_funds *funds, uint32_t fund,
                    enum weir_cause cause, weir_wide amount, uint32_t account);
/* What the fund may still lose before its drawdown reaches the trigger, promises counted as lost,
 * at least 0 (R32, `cut`); more than any amount where nothing is cut. */
weir_wide weir_fund_until_trigger(const struct weir_exchange *x, const struct weir_funds *funds,
                                  uint32_t fund);
/* Fund money for a gap of the leg's closing: at most `want`, the free cash, the step's budget, the
 * caps of the interval less what is paid and promised, and what `cut` leaves; 0 in drawdown stop.
 */
weir_wide weir_fund_grant(const struct weir_exchange *x, const struct weir_funds *funds,
                          const struct weir_leg *leg, weir_wide want);
/* Promises cash to a leg's lots on offer (negative: takes it back). A promise counts against free
 * cash and the caps as if it were paid. */
void weir_fund_promise(struct weir_exchange *x, struct weir_funds *funds, struct weir_leg *leg,
                       weir_wide amount);
/* Pays a gap to the leg's scope and counts it against the caps. */
void weir_fund_pay_gap(struct weir_exchange *x, struct weir_funds *funds, uint32_t leg,
                       weir_wide amount);
/* Seeds (negative: withdrawals), which are no P&L, with their event and R32's sample. */
void weir_fund_seed(struct weir_exchange *x, struct weir_funds *funds, uint32_t fund,
                    weir_wide amount);
/* Something of the fund changed that is no movement of its cash. O(1). */
void weir_fund_touch(struct weir_funds *funds, uint32_t fund);
/* R32's samples of all funds after a command; sets their states. O(funds that have changed, hold
 * something or lost a sample from their window). */
void weir_funds_sample(const struct weir_exchange *x, struct weir_funds *funds);
/* NULL, or what differs from what the movements and a sample of every fund would give. O(funds). */
const char *weir_funds_audit(const struct weir_exchange *x, const struct weir_funds *funds);
weir_wide weir_fund_equity(const struct weir_exchange *x, const struct weir_fund *fund);
/* Peak P&L in the window and drawdown (ppb, <= 0) as of now. */
void weir_fund_drawdown(const struct weir_exchange *x, const struct weir_funds *funds,
                        uint32_t fund, weir_wide *peak, weir_rate *drawdown);

#endif
