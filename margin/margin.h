/* margin: requirements, order margin, health of a scope, bankruptcy arithmetic (R9-R11, R17, R23),
 * and the trigger index that finds which scopes a move of marks makes liquidatable or warned
 * (R18). It also holds `struct weir_exchange`: the state that every stage behind it works on. */
#ifndef WEIR_MARGIN_H
#define WEIR_MARGIN_H

#include "margin/trigger.h"
#include "orderbook/orderbook.h"
#include "price/measure.h"

/* Risk parameters of a market as they are now (`risk` commands change them). */
struct weir_risk {
    struct weir_tiers tiers;
    weir_wide deduction[WEIR_TIERS_MAX]; /* d_k of R9, in 10^-9 units, exact */
    bool initial_grows; /* no tier asks for less initial margin than the one below it */
    bool plain;         /* weir_market_is_plain */
    weir_amount open_interest_cap, position_limit;
    weir_rate price_band, liquidation_band, funding_cap;
    weir_amount scale_part, scale_whole; /* oi_scaling of this command: part / whole of the way */
    enum weir_market_status status;
};

struct weir_collateral {
    int64_t price; /* 10^-9 of the settlement asset; 0: none yet */
    bool fresh;
    struct weir_feed feed;
};

struct weir_exchange {
    const struct weir_venue *venue;
    struct weir_ledger ledger;
    struct weir_orders orders;
    struct weir_book *books;         /* per market */
    struct weir_price_state *prices; /* per market */
    struct weir_risk *risks;         /* per market */
    struct weir_measure *measures;   /* per market; NULL: no policy of the venue asks */
    struct weir_collateral collateral[WEIR_ASSETS_MAX];
    struct weir_trigger_index trigger;
    bool reserves_at_bankruptcy; /* some market reserves its closing fee on that price (R9) */
    struct weir_stop_line line;
    struct weir_pool premiums; /* uint32_t markets whose premium_due is set */
    uint32_t crossing; /* a resting order that takes (R16); it follows no position meanwhile */
    weir_time now;
    uint64_t seq;
    uint32_t event_n; /* within the command */
    uint64_t event_count;
    weir_event_sink sink;
    void *sink_ctx;
};

/* Empty, for a venue that must outlive it. Returns 0, or -ENOMEM: to be freed all the same. */
int weir_exchange_new(struct weir_exchange *x, const struct weir_venue *venue,
                      uint32_t accounts_max, uint32_t orders_max);
void weir_exchange_free(struct weir_exchange *x);
/* Its parts of an image (base/image.h). Loading: into an empty one of the same venue. */
void weir_exchange_image(struct weir_exchange *x, struct weir_image *image);
/* Tells of its pools / room in its tables for what comes, outside the hot loop. */
void weir_exchange_pools(struct weir_exchange *x, weir_pool_visit visit, void *ctx);
void weir_exchange_make_room(struct weir_exchange *x);
/* The status that counts: a market that is settling, or gone, is as good as halted (R16). */
static inline enum weir_market_status weir_status_now(const struct weir_exchange *x,
                                                      uint32_t market) {
    return x->prices[market].phase == WEIR_PHASE_OPEN ? x->risks[market].status
                                                      : WEIR_STATUS_HALTED;
}

/* The market's book or index changed: its premium is sampled before time moves (R15). */
static inline void weir_premium_due(struct weir_exchange *x, uint32_t market) {
    if (x->prices[market].premium_due) return;
    x->prices[market].premium_due = true;
    uint32_t i = weir_pool_add(&x->premiums, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&x->premiums, uint32_t, i) = market;
}

/* Numbers and sends an event at the present time. */
void weir_emit(struct weir_exchange *x, struct weir_event *event);
/* The same of a kind whose part of the union is `member`: of an event only that part is written, a
 * fraction of its size. */
#define WEIR_EMIT(x, event_kind, member, ...)                                                      \
    do {                                                                                           \
        struct weir_event weir_event_;                                                             \
        weir_event_.kind = (event_kind);                                                           \
        weir_event_.member = (__typeof__(weir_event_.member)){__VA_ARGS__};                        \
        weir_emit(x, &weir_event_);                                                                \
    } while (0)

/* A linear market whose maintenance margin is continuous in the value at mark, and is what the
 * trigger rule looks at: tiers marginal, on mark, with no closing fee or one on mark. */
bool weir_market_is_plain(const struct weir_venue *venue, const struct weir_market *market);

/* ---- Values and requirements ----------------------------------------------------------------- */
/* The tier of a notional (R9), from 0; beyond the last cap the last. */
static inline uint32_t weir_tier_of(const struct weir_market *m, const struct weir_risk *r,
                                    weir_wide notional) {
    int64_t n = weir_saturate(notional); /* only the last cap can be as large as that */
    int64_t below = m->tier_edge == WEIR_LOWER_INCLUSIVE;
    uint32_t k = 0, last = r->tiers.count - 1;
    while (k < last && n > r->tiers.row[k].cap - below)
        k++;
    return k;
}
/* Fills in what is derived from the tiers. */
void weir_risk_derive(struct weir_risk *risk);
/* The notional that margin counts (R9, R10): value at mark, or with basis `entry` V and the lots
 * beyond |size| at mark. `lots` >= |size|. */
static inline weir_wide weir_margin_notional(const struct weir_market *m, weir_price mark,
                                             weir_qty size, weir_amount entry_value,
                                             weir_qty lots) {
    if (m->margin_basis == WEIR_BASIS_MARK) return weir_value(m, mark, lots);
    return entry_value + weir_value(m, mark, lots - weir_abs(size));
}
/* MM of a notional in its tier, rounded up once; of what is worth `fee_value` the closing fee is
 * reserved. */
static inline weir_wide weir_maintenance_in_tier(const struct weir_market *m,
                                                 const struct weir_risk *r, uint32_t tier,
                                                 weir_wide notional, weir_wide fee_value) {
    weir_wide mm = notional * r->tiers.row[tier].rate + fee_value * m->closing_fee_reserve;
    if (m->tier_mode == WEIR_TIER_MARGINAL) mm -= r->deduction[tier];
    return weir_div_ceil(mm, WEIR_PPB);
}
/* MM of a position, likewise. */
weir_wide weir_maintenance_with(const struct weir_market *m, const struct weir_risk *r,
                                weir_price mark, weir_qty size, weir_amount entry_value,
                                weir_wide fee_value);
/* The same where the position alone says what that is: not with closing_fee_basis `bankruptcy`. */
weir_wide weir_maintenance(const struct weir_market *m, const struct weir_risk *r, weir_price mark,
                           weir_qty size, weir_amount entry_value);
/* Fixes the market's place in its oi_scaling (R9) at this open interest; true when it changed. */
bool weir_risk_scale(const struct weir_market *m, struct weir_risk *r, weir_price mark,
                     weir_qty open_interest);
/* The rate of initial margin in a tier at a leverage (within the class's cap), scaled by open
 * interest: over / under. */
struct weir_initial_rate {
    int64_t over, under;
};
struct weir_initial_rate weir_scaled_rate(const struct weir_risk *r, struct weir_initial_rate rate);
static inline struct weir_initial_rate weir_initial_rate(const struct weir_risk *r, uint32_t tier,
                                                         int64_t leverage) {
    const struct weir_tier *row = &r->tiers.row[tier];
    struct weir_initial_rate rate = {1, row->max_leverage};
    if (row->initial_rate > 0) rate = (struct weir_initial_rate){row->initial_rate, WEIR_PPB};
    /* At most 10^9 * 2^32: fits. */
    if (rate.over * leverage < rate.under) rate = (struct weir_initial_rate){1, leverage};
    return r->scale_part == 0 ? rate : weir_scaled_rate(r, rate);
}
/* IM of a notional in its tier at the chosen leverage (already within the class's cap). */
static inline weir_wide weir_initial_in_tier(const struct weir_risk *r, uint32_t tier,
                                             weir_wide notional, int64_t leverage) {
    struct weir_initial_rate rate = weir_initial_rate(r, tier, leverage);
    return weir_div_ceil(notional * rate.over, rate.under);
}
static inline weir_wide weir_initial(const struct weir_market *m, const struct weir_risk *r,
                                     weir_wide notional, int64_t leverage) {
    return weir_initial_in_tier(r, weir_tier_of(m, r, notional), notional, leverage);
}
/* Unrealised P&L of a position at a mark (R7, R8). */
static inline weir_wide weir_unrealised(const struct weir_market *m, weir_price mark, weir_qty size,
                                        weir_amount entry_value) {
    weir_wide value = weir_value(m, mark, size); /* signed */
    return (size >= 0 ? value - entry_value : value + entry_value) * weir_long_sign(m);
}
/* Signed fee of a value: ceil(value * rate). */
static inline weir_wide weir_fee(weir_wide value, weir_rate rate) {
    return weir_div_ceil(value * rate, WEIR_PPB);
}
/* Chosen leverage; within the class's cap since it was chosen (R10). */
static inline int64_t weir_leg_leverage(const struct weir_exchange *x, const struct weir_leg *leg) {
    (void)x;
    return leg->leverage;
}
/* max(|s + B|, |s - S|) with open lots as given. */
static inline weir_wide weir_exposure(weir_qty size, weir_wide buys, weir_wide sells) {
    weir_wide up = size + buys, down = size - sells;
    up = up < 0 ? -up : up;
    down = down < 0 ? -down : down;
    return up > down ? up : down;
}
static inline weir_wide weir_leg_exposure(const struct weir_ledger *l, const struct weir_leg *leg) {
    struct weir_open open = weir_leg_open(l, leg);
    return weir_exposure(leg->size, open.buys, open.sells);
}
/* R10: a limit no worse than the mark at an order's acceptance loses nothing against it: values
 * follow prices, or run against them. */
static inline bool weir_open_can_lose(enum weir_side side, weir_price limit,
                                      weir_price mark_accepted) {
    return side == WEIR_BUY ? limit > mark_accepted : limit < mark_accepted;
}
/* R10: open loss of `lots` of an order: what they would lose against the mark at its acceptance. */
static inline weir_wide weir_open_loss(const struct weir_market *m, enum weir_side side,
                                       weir_price limit, weir_price mark_accepted, weir_qty lots) {
    if (lots == 0 || !weir_open_can_lose(side, limit, mark_accepted)) return 0;
    return weir_wide_max(
        0, weir_gain(m, mark_accepted, limit, side == WEIR_BUY ? lots : -(weir_wide)lots));
}
/* R3: do `lots` lots stay within the position bound? */
bool weir_lots_fit(const struct weir_market *m, weir_wide lots);

/* ---- Health ---------------------------------------------------------------------------------- */
struct weir_health {
    weir_wide balance;    /* pending charges included */
    weir_wide equity;     /* R8 */
    weir_wide discounted; /* equity for opening and withdrawing */
    weir_wide initial;    /* IM of the positions */
    weir_wide order_margin;
    weir_wide maintenance;
    weir_wide unreserved;     /* the same with reserve 0, and the equity beside it: what */
    weir_wide reserve_equity; /* closing_fee_basis `bankruptcy` takes its prices from (R9) */
    weir_wide requirement;    /* REQ of the trigger rule */
    weir_wide notional;       /* at mark */
    uint32_t positions;
    bool stale; /* a position in a stale market */
};
/* A leg as it would be: `leg` reads as `after` with `open` orders, the balance changes by
 * `balance`. The pending charges of `after` count in it. */
struct weir_what_if {
    uint32_t leg;
    struct weir_leg after;
    struct weir_open open;
    weir_wide balance;
};
/* The leg as it is, to be changed / a settled leg as a fill would leave it. */
struct weir_what_if weir_what_if_now(const struct weir_exchange *x, uint32_t leg);
struct weir_what_if weir_what_if_filled(const struct weir_exchange *x, uint32_t leg,
                                        const struct weir_position_change *change);
/* Health at present marks; `what_if` may be NULL. O(legs of the scope). */
void weir_health(const struct weir_exchange *x, uint32_t scope, const struct weir_what_if *what_if,
                 struct weir_health *out);
/* The same as it is, for who looks at nothing that openings and withdrawals are measured by:
 * `discounted`, `initial` and `order_margin` may be 0. A third of the work. */
void weir_health_brief(const struct weir_exchange *x, uint32_t scope, struct weir_health *out);
/* MM of a leg of the scope with this health. */
weir_wide weir_leg_maintenance(const struct weir_exchange *x, const struct weir_leg *leg,
                               const struct weir_health *h);
/* R17: is a scope with this equity, requirement and number of positions liquidatable, warned? */
static inline bool weir_trigger_fires(const struct weir_exchange *x, weir_wide equity,
                                      weir_wide requirement, uint32_t positions) {
    if (equity < 0) return true;
    if (positions == 0) return false;
    return x->venue->trigger_rule == WEIR_TRIGGER_MAINTENANCE_STRICT ? equity < requirement
                                                                     : equity <= requirement;
}

static inline bool weir_warning_holds(const struct weir_exchange *x, weir_wide equity,
                                      weir_wide requirement) {
    weir_rate warn_at = x->venue->warn_at;
    if (warn_at == WEIR_NONE || requirement <= 0) return false;
    if (equity <= 0) return true;
    if (weir_both_narrow(equity, requirement))
        return (weir_wide)(int64_t)requirement * WEIR_PPB >= (weir_wide)(int64_t)equity * warn_at;
    return weir_cmp_products(requirement, WEIR_PPB, warn_at, equity) >= 0;
}
/* The same of a scope with this health. */
bool weir_liquidatable(const struct weir_exchange *x, const struct weir_health *h);
bool weir_warned(const struct weir_exchange *x, const struct weir_health *h);
/* REQ / equity in ppb, rounded up; false when equity <= 0. */
bool weir_margin_ratio(const struct weir_health *h, weir_wide *ppb);
/* R25: equity >= restore_margin * REQ. */
bool weir_restored(const struct weir_exchange *x, const struct weir_health *h);
/* What could be withdrawn from the balance of the scope: >= 0. */
weir_wide weir_available(const struct weir_exchange *x, uint32_t scope);
/* Worth of all collateral of a scope. */
weir_wide weir_scope_worth(const struct weir_exchange *x, uint32_t scope);
/* Worth of an amount of collateral (R8), 0 without a price. */
weir_wide weir_collateral_worth(const struct weir_exchange *x, uint32_t asset, weir_wide amount);
/* The same at a price of choice. */
weir_wide weir_collateral_worth_at(const struct weir_venue *venue, uint32_t asset, weir_wide price,
                                   weir_wide amount);
/* The owner's figure for R12's position limit: sum over his accounts of the value at mark of the
 * exposure in the market, with `leg`'s exposure replaced. O(the owner's accounts and their legs).
 */
weir_wide weir_owner_exposure(const struct weir_exchange *x, uint32_t market, uint32_t leg,
                              weir_wide exposure);

/* ---- Bankruptcy price (R23) ------------------------------------------------------------------ */
/* a: what closing `lots` of the leg may lose against mark. */
weir_wide weir_bankruptcy_share(const struct weir_exchange *x, const struct weir_leg *leg,
                                weir_qty lots, const struct weir_health *h);
/* The price at which closing loses exactly a. `with_fee`: R23's `included` in the book stage. */
weir_price weir_bankruptcy_price(const struct weir_exchange *x, const struct weir_leg *leg,
                                 weir_qty lots, weir_wide share, bool with_fee);
/* The nearest mark, all others held, at which the scope of the leg is liquidatable (of two equally
 * near the one on the losing side); 0: none. In closed form, O(legs + tiers); where the requirement
 * is no plain sum (initial_fraction, a closing fee on the bankruptcy price) marks are tried and the
 * present one put back, O(legs * tiers * log price). */
weir_price weir_liquidation_price(struct weir_exchange *x, uint32_t leg);
/* The same for every position of a market that has one. O(positions). */
void weir_each_liquidation_price(struct weir_exchange *x, uint32_t market,
                                 void (*visit)(void *ctx, const struct weir_leg *leg,
                                               weir_price price),
                                 void *ctx);

/* ---- The trigger index (R18) ----------------------------------------------------------------- */
int weir_trigger_new(struct weir_trigger_index *t, const struct weir_venue *venue, uint32_t scopes,
                     uint32_t legs);
void weir_trigger_free(struct weir_trigger_index *t);
/* Something of the scope changed: look at it at the next collect. O(1). */
void weir_touch(struct weir_exchange *x, uint32_t scope);
/* The same, and the queue's key is to be taken again (R19): by commands and steps. */
void weir_touch_key_first(struct weir_exchange *x, uint32_t scope);
static inline void weir_touch_key(struct weir_exchange *x, uint32_t scope) {
    const struct weir_scope *s = weir_scope_at(&x->ledger, scope);
    bool listed = s->dirty && (s->followed || !x->trigger.follow) &&
                  (s->rekey_listed || s->queue == WEIR_QUEUE_NONE);
    if (!listed) weir_touch_key_first(x, scope);
}
/* Every scope with a position in the market. O(those). */
void weir_touch_market(struct weir_exchange *x, uint32_t market);
/* The market opened, closed or went stale: who waits for a change of health looks again. O(1). */
static inline void weir_market_changed(struct weir_exchange *x, uint32_t market) {
    enum weir_market_status status = weir_status_now(x, market);
    x->trigger.moves++;
    if (x->prices[market].stale || status == WEIR_STATUS_AUCTION || status == WEIR_STATUS_HALTED)
        x->prices[market].closings++;
}
/* The market's mark moved. O(1). */
void weir_mark_moved(struct weir_exchange *x, uint32_t market);
/* An asset's price moved. O(1). */
void weir_collateral_moved(struct weir_exchange *x, uint32_t asset);
/* Lots of the market were charged, or paid funding. O(1). */
void weir_charges_moved(struct weir_exchange *x, uint32_t market);
/* Do moves wait to be looked at? */
bool weir_trigger_pending(const struct weir_exchange *x);
/* Looks at every scope that was touched or had an edge passed: appends scopes that are liquidatable
 * and not queued to trigger.found, those whose warning changed to trigger.warned, and indexes them
 * again. Exact: what a full scan would find. Each scope is evaluated at most once. */
void weir_trigger_collect_waiting(struct weir_exchange *x);
static inline void weir_trigger_collect(struct weir_exchange *x) {
    struct weir_trigger_index *t = &x->trigger;
    t->fresh = t->found.count;
    if ((t->moved.count | t->assets_moved | t->dirty.count) != 0) weir_trigger_collect_waiting(x);
}

#endif
