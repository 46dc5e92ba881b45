/* The twin's own state and functions: arrays, linear scans, full recomputation. Every number is a
 * weir_wide or goes through GMP; a rule is written down as it reads. */
#ifndef WEIR_REFERENCE_TWIN_H
#define WEIR_REFERENCE_TWIN_H

#include "reference/reference.h"

#define TWIN_SOURCES 16

typedef weir_wide wide;
struct twin;
struct account;

enum stage { STAGE_BOOK = 0, STAGE_AUCTION, STAGE_BACKSTOP, STAGE_ABSORB, STAGE_ADL };
enum phase { PHASE_OPEN = 0, PHASE_SETTLING, PHASE_GONE };
enum queue_state { QUEUE_NONE = 0, QUEUE_WAITING, QUEUE_LIQUIDATING };

/* What an account has in one market. */
struct position {
    int64_t s; /* signed lots */
    wide v;    /* entry value (R7) */
    int64_t leverage;
    bool leverage_set, mode_set;
    enum weir_margin_mode mode;
    /* liquidation */
    enum stage stage;
    int64_t empty;
    int64_t parked;     /* lots on offer in auctions */
    bool beyond;        /* lots went beyond the book stage in this liquidation (R30) */
    bool closed;        /* lots closed in this liquidation */
    wide realised;      /* by the closing fills of this liquidation (R29) */
    int64_t cool_until; /* policy `fraction` */
    /* what its policy remembers (R36) */
    int64_t next_slice, started, slice, first_lots;
    wide traded; /* by the market at the last slice */
    uint64_t sliced_with;
    /* of the market's budget: lots asked for, given, and since when (0: not in line) */
    int64_t wanted, reserved;
    wide credit;
    uint64_t in_line;
    int64_t block; /* `block_cap`: in this interval */
    wide block_value, block_loss;
    uint64_t wait_seq; /* no further slice within this command */
    uint64_t adl_seq;  /* `keep`: tried within this command */
    wide profit; /* realised since the last point of settlement (R29), while that is this one: */
    uint64_t profit_point;
    /* capacity volunteered (R27) */
    wide capacity, loss_limit;
    bool volunteered; /* ever */
    /* the fund's inventory: unwinding schedule */
    bool scheduled, rearm;
    int64_t schedule_start, schedule_next, schedule_cool;
};

/* What happened when. */
struct note {
    int64_t t;
    wide amount;
};
struct notes {
    int count;
    struct note *at;
};
/* What a policy closed in a market. */
struct closed {
    int64_t block;
    wide block_value;
    struct notes values, lots;
};

struct scope {
    struct account *account;
    int market; /* cross: -1 - its settlement asset */
    wide balance;
    bool warned;
    enum queue_state queue;
    int64_t entered;
    wide key_equity, key_requirement, key_notional;
    bool changed;
    uint64_t liquidation;
    int kept; /* market of the position kept in the book stage, -1 none */
    bool had_lots_closed, had_position;
    uint64_t flat_order; /* when it became flat, 0: it is not */
    wide by_stage[WEIR_BY_COUNT];
};

struct account {
    struct weir_name name, owner;
    uint32_t class_idx;
    int index;           /* place in order: accounts by creation, the fund's after all */
    int fund;            /* -1: nobody's fund */
    struct scope *cross; /* by settlement asset */
    struct scope *isolated;
    struct position *at;
    wide collateral[WEIR_ASSETS_MAX]; /* of assets that are not settled in */
};

struct order {
    struct account *account;
    int m;
    struct weir_name id;
    enum weir_side side;
    enum weir_order_type type;
    enum weir_tif tif;
    enum weir_stop_trigger trigger;
    bool post_only, reduce_only;
    int64_t price; /* limit; 0 none */
    int64_t stop_price;
    int64_t open;
    int64_t m0;    /* mark at acceptance */
    uint64_t age;  /* order of acceptance */
    bool stop;     /* waits to be triggered */
    uint64_t line; /* place in the line of triggered stops; 0: not in it */
    int64_t fills; /* as taker */
    bool dead;
};

struct bid {
    struct account *account;
    struct weir_name id;
    int64_t qty, price, m0, left;
    uint64_t age;
};
struct offer {
    struct scope *scope;
    int64_t qty, left;
    wide promised;
    wide value, improvement; /* at the close */
    int64_t reserve, bankruptcy;
    bool ended, taken_back;
};
struct auction {
    uint64_t number;
    int m;
    enum weir_side side;
    int64_t closes_at;
    int offer_count, bid_count;
    struct offer *offers;
    struct bid *bids;
    /* a Dutch one, which has one offer */
    int64_t started, restart_at, restarts; /* no restart: WEIR_NONE */
    int64_t start, end;                    /* prices: of the run's start; the reserve then */
    int64_t sold, price;                   /* the last price; 0: none sold */
    bool several;                          /* prices */
};

struct source {
    struct weir_name name;
    int64_t price, time;
    bool aged;
};
struct feed {
    int count;
    struct source sources[TWIN_SOURCES];
};

struct market {
    const struct weir_market *c;
    struct weir_tiers tiers;
    int64_t open_interest_cap, position_limit, price_band, liquidation_band, funding_cap;
    enum weir_market_status status;
    struct feed feed;
    bool stale;
    int64_t index, mark, last, previous_mark, published_index;
    int64_t ema, funding_rate, carry;
    wide pool, volume;
    wide charged, left;   /* of its group's pool: being charged; not charged yet */
    wide counting, total; /* the group's base, counted over commands */
    wide premium, premium_sum;
    int64_t next_mark, next_funding;
    enum phase phase;         /* of a dated market (R16) */
    int64_t settlement_price; /* 0: none */
    wide index_sum, index_time;
    wide scaled, scaled_of; /* oi_scaling: this part of the way to 100 %, fixed for a command */
    int64_t round;          /* the budget's interval, and what is left of it */
    wide budget;
    wide traded; /* lots of fills of kind trade */
    bool marked;
    int64_t marked_at;          /* the first mark */
    struct notes trades, moves; /* lots traded; squares of relative moves of the mark, 10^-18 */
    struct closed closed[2];    /* by the policy of liquidations, of the funds */
    /* rotation: the last of the longs and of the shorts that was closed against */
    const struct account *deleveraged[2];
    struct order **book[2]; /* resting, best first */
    int book_count[2];
};

struct payment {
    int64_t t;
    int m;
    const struct account *account;
    wide amount;
};
struct sample {
    int64_t t;
    wide pnl, equity;
};
struct fund {
    const struct weir_fund_config *c;
    struct account *account;
    wide cash, promised, seeds;
    wide received[WEIR_CAUSE_COUNT], paid[WEIR_CAUSE_COUNT];
    int payment_count;
    struct payment *payments;
    int sample_count;
    struct sample *samples;
    bool stopped; /* drawdown (R32) */
    int64_t drawdown;
};

/* R29 `profit`, `equity`: what a scope is to pay of a group's pool, from what was frozen. */
struct part {
    struct account *account;
    int market; /* of the scope */
    int group;  /* its first market of that asset */
    wide weight, cap, share;
};
struct social {
    bool sweeping;
    int64_t looks, division; /* accounts looked at; how many before the first is charged */
    int accounts, count;
    struct part *parts;
    bool known, asked;
    int64_t counted; /* accounts of the count under way; -1: none is */
};

struct asset {
    struct feed feed;
    wide price; /* 10^-9 of the settlement asset */
    wide fees, deposits, withdrawals;
};

struct twin {
    const struct weir_venue *v;
    int markets; /* v->market_count */
    weir_event_sink sink;
    void *sink_ctx;
    uint64_t seq;
    uint32_t n;
    int64_t now;
    bool measures; /* some policy asks what was traded and how marks moved */
    bool clock_set;
    int64_t clock_from; /* when it was set */
    wide credit;        /* steps * 10^9 (R20 capacity) */
    int account_count;
    struct account **accounts; /* the fund's accounts stand behind, apart */
    struct market *m;
    int funds;
    struct fund *fund;
    struct asset assets[WEIR_ASSETS_MAX];
    int order_count;
    struct order **orders; /* all live ones by age */
    int auction_count;
    struct auction *auctions;
    struct social social;
    int64_t next_point; /* of settlement (R29) */
    uint64_t point;
    uint64_t turns; /* of all markets' budgets, so far */
    uint64_t auction_number, liquidation_number, age, line, flat_order;
    wide step_gap[WEIR_FUNDS_MAX]; /* paid by each fund within this step */
};

/* A scope valued at the present marks. */
struct value {
    wide equity, discounted; /* R8; discounted: for opening and withdrawing */
    wide im, mm, req, notional;
    int positions;
    bool stale_leg;
};

/* num.c */
wide weir_twin_div(char mode, wide a, wide b, wide c, wide d, wide e); /* a b c / (d e); f c t */
int weir_twin_cmp(wide a, wide b, wide c, wide d);                     /* a b <=> c d */
wide weir_twin_power(int digits);
wide weir_twin_root(wide a, wide b); /* of their product, rounded down */
struct ratio {
    wide n1, n2, d1, d2; /* n1 n2 / (d1 d2) */
};
wide weir_twin_mid_less(const struct ratio *a, const struct ratio *b, wide less); /* floored */
wide weir_twin_premium(const struct ratio *a, wide index); /* in ppb of the index, truncated */
/* Returns in how many rounds. */
int weir_twin_divide(wide total, int count, const wide *weights, const wide *caps, wide *shares);
void *weir_twin_grow(void *array, int count, size_t size); /* room for one more */

/* contract.c */
wide weir_twin_value(const struct twin *t, int m, wide price, wide qty);
/* R3: what so many lots can be worth at most does not fit; the most of which it does. */
bool weir_twin_too_many(const struct twin *t, int m, wide lots);
wide weir_twin_most_lots(const struct twin *t, int m);
/* What a trade of `side` at `price` costs its maker more than at `ref`; negative: it is better. */
wide weir_twin_worse(const struct twin *t, int m, enum weir_side side, int64_t ref, int64_t price,
                     wide qty);
/* The most lots worth at most an amount, and the least worth at least it. */
wide weir_twin_lots_within(const struct twin *t, int m, int64_t price, wide amount);
wide weir_twin_lots_reaching(const struct twin *t, int m, int64_t price, wide amount);
/* The most lots of `most` that are at most an amount worse; `price` is worse than `ref`. */
wide weir_twin_lots_losing(const struct twin *t, int m, enum weir_side side, int64_t ref,
                           int64_t price, wide amount, wide most);
wide weir_twin_price_worth(const struct twin *t, int m, char mode, wide qty, wide amount);
/* The worst price at which all `qty` lots together are at most `granted` worse than at `from`. */
wide weir_twin_extended(const struct twin *t, int m, enum weir_side side, int64_t from, wide qty,
                        wide granted);
/* An amount of a section for all markets: the same number of the market's settlement asset. */
wide weir_twin_amount_in(const struct twin *t, int m, int64_t amount);
struct weir_decimal weir_twin_unit(const struct twin *t, int m);
struct ratio weir_twin_average(const struct twin *t, int m, wide price_lots, wide lots, wide value);

/* twin.c */
void weir_twin_emit(struct twin *t, struct weir_event *e);
void weir_twin_timers(struct twin *t, int64_t until);
struct account *weir_twin_account_at(const struct twin *t, int index);
int weir_twin_accounts(const struct twin *t); /* the fund's included */
struct scope *weir_twin_scope(const struct twin *t, struct account *a, int m);
bool weir_twin_settles(const struct twin *t, uint32_t asset); /* has cross scopes */
struct scope *weir_twin_fund_scope(const struct fund *f);
bool weir_twin_trades(const struct twin *t, int m); /* R12: stops fire */
/* Calls for every scope in account order: cross, then the isolated ones by market. */
void weir_twin_each_scope(struct twin *t, void (*f)(struct twin *t, struct scope *s, void *x),
                          void *x);
bool weir_twin_same_owner(const struct account *a, const struct account *b);
bool weir_twin_closed_market(const struct twin *t, int m); /* halted, auction, or stale */
void weir_twin_take_keys(struct twin *t);

/* commands.c */
struct fields {
    bool precision, range, overflow;
};
enum weir_reason weir_twin_fields(const struct fields *f);
int64_t weir_twin_units(struct fields *f, const struct weir_decimal *d,
                        const struct weir_decimal *unit, int64_t least, int64_t most);
enum weir_reason weir_twin_check_invalid(struct twin *t, const struct weir_command *c);
enum weir_reason weir_twin_command(struct twin *t, const struct weir_command *c);
struct account *weir_twin_find_account(const struct twin *t, const struct weir_name *name);
int weir_twin_find_market(const struct twin *t, const struct weir_name *name);
int weir_twin_find_fund(const struct twin *t, const struct weir_name *name);
int weir_twin_find_asset(const struct twin *t, const struct weir_name *name);
void weir_twin_accepted(struct twin *t, const struct weir_command *c);
struct account *weir_twin_new_account(struct twin *t, const struct weir_name *name,
                                      const struct weir_name *owner, uint32_t class_idx, int fund);
enum weir_reason weir_twin_risk(struct twin *t, const struct weir_command *c);

/* transfers.c */
wide weir_twin_withdrawable(struct twin *t, struct scope *s);
enum weir_reason weir_twin_transfer(struct twin *t, const struct weir_command *c);

/* orders.c: checks and commands of orders */
enum weir_reason weir_twin_order(struct twin *t, const struct weir_command *c);
enum weir_reason weir_twin_cancel(struct twin *t, const struct weir_command *c);
enum weir_reason weir_twin_cancel_all(struct twin *t, const struct weir_command *c);
enum weir_reason weir_twin_amend(struct twin *t, const struct weir_command *c);
enum weir_reason weir_twin_check(struct twin *t, struct order *o, bool fired);
enum weir_reason weir_twin_check_margin(struct twin *t, const struct order *o, int64_t lots,
                                        int64_t worst, wide fee);
enum weir_reason weir_twin_check_limits(struct twin *t, const struct order *o);
bool weir_twin_raises(struct twin *t, const struct order *o);
bool weir_twin_opens(struct twin *t, const struct order *o);
bool weir_twin_bound_broken(struct twin *t, struct account *a, int m, wide s, wide buys,
                            wide sells);
bool weir_twin_outside_band(struct twin *t, int m, enum weir_side side, int64_t price);
bool weir_twin_id_taken(struct twin *t, const struct account *a, const struct weir_name *id);

/* book.c: the resting orders and matching */
struct order *weir_twin_add_order(struct twin *t, const struct order *o);
void weir_twin_rest(struct twin *t, struct order *o);
void weir_twin_remove(struct twin *t, struct order *o);
void weir_twin_cancelled(struct twin *t, struct order *o, enum weir_reason reason);
void weir_twin_sweep(struct twin *t);
void weir_twin_reduce_only(struct twin *t, struct account *a, int m);
bool weir_twin_crosses(enum weir_side taker_side, int64_t limit, int64_t resting);
void weir_twin_execute(struct twin *t, struct order *o);
void weir_twin_uncross(struct twin *t, int m);
bool weir_twin_may_fill(struct twin *t, struct account *a, int m, int64_t qty, int64_t price);
bool weir_twin_maker_ok(struct twin *t, const struct order *maker, int64_t qty,
                        enum weir_fill_kind kind, bool no_rebate);
struct forced {
    struct account *account;
    int m;
    enum weir_side side;
    int64_t qty, limit;
    enum weir_fill_kind kind;
    int64_t most_fills;
    struct scope *scope;     /* of a liquidation, else NULL */
    int64_t bankruptcy;      /* price gaps are counted from */
    bool subsidised;         /* a < 0 */
    wide most_gap;           /* what the fund may pay for the slice: at most -a */
    int64_t filled, fills;   /* out */
    wide paid;               /* out: by the fund */
    wide value, improvement; /* out */
};
void weir_twin_forced(struct twin *t, struct forced *f);

/* ledger.c: booking */
struct fill {
    int m;
    int64_t price, qty;
    struct account *taker, *maker;
    const struct weir_name *taker_order, *maker_order;
    enum weir_side taker_side;
    enum weir_fill_kind kind;
    wide taker_fee, maker_fee;
    int64_t maker_left;
    wide *maker_pnl; /* out, may be NULL */
};
wide weir_twin_fee(wide value, int64_t rate);
wide weir_twin_move(struct twin *t, struct account *a, int m, int64_t qty, int64_t price);
void weir_twin_fill(struct twin *t, const struct fill *f, wide *taker_pnl);
bool weir_twin_flat(const struct twin *t, const struct scope *s);
/* Notes lots of a liquidated scope as closed by a stage, at their value and profit. */
void weir_twin_note_closed(struct scope *s, int m, int stage, wide value, wide profit);
void weir_twin_exposure(const struct twin *t, const struct account *a, int m, wide *buys,
                        wide *sells);
wide weir_twin_reach(wide s, wide buys, wide sells); /* max(|s + B|, |s - S|) */
int64_t weir_twin_open_interest(const struct twin *t, int m);
bool weir_twin_conserved(struct twin *t, struct weir_asset_totals *totals);
struct weir_name weir_twin_name(const char *text);

/* margin.c */
int weir_twin_tier(const struct market *k, wide notional);
int64_t weir_twin_leverage(const struct twin *t, const struct account *a, int m);
wide weir_twin_im(const struct twin *t, const struct account *a, int m, wide lots);
wide weir_twin_mm(const struct twin *t, struct account *a, int m, wide lots, wide v);
wide weir_twin_upnl(const struct twin *t, int m, int64_t s, wide v);
wide weir_twin_worth(const struct twin *t, int asset, wide amount);
struct value weir_twin_eval(const struct twin *t, const struct scope *s);
wide weir_twin_order_margin(const struct twin *t, const struct scope *s);
wide weir_twin_open_loss(const struct twin *t, int m, enum weir_side side, int64_t price,
                         int64_t m0, int64_t qty);
bool weir_twin_liquidatable(const struct twin *t, const struct scope *s);
bool weir_twin_restored(const struct twin *t, const struct scope *s);
wide weir_twin_share(const struct twin *t, const struct scope *s, int m, int64_t q, wide equity);
int64_t weir_twin_bankruptcy(const struct twin *t, const struct account *a, int m, int64_t q,
                             wide share, bool fee_included);
struct weir_maybe weir_twin_liquidation_price(struct twin *t, struct scope *s, int m);
/* R11 at fills, to be asked with the fill booked: what was before, and whether it passes. */
struct before {
    int64_t s;
    wide equity, mm;
};
struct before weir_twin_before(const struct twin *t, struct account *a, int m);
bool weir_twin_passes(const struct twin *t, struct account *a, int m, const struct before *b);

/* price.c */
bool weir_twin_update_source(struct feed *f, const struct weir_name *name, int64_t price,
                             int64_t now);
bool weir_twin_source_fits(const struct feed *f, const struct weir_name *name);
void weir_twin_compute_index(struct twin *t, int m);
void weir_twin_compute_mark(struct twin *t, int m);
void weir_twin_set_mark(struct twin *t, int m, int64_t mark);
void weir_twin_mark_timer(struct twin *t, int m);
void weir_twin_funding_timer(struct twin *t, int m);
void weir_twin_compute_collateral(struct twin *t, int asset);
bool weir_twin_feed_fresh(const struct feed *f, int64_t now, int64_t stale_after);
void weir_twin_sample_premium(struct twin *t);
void weir_twin_stops_moved(struct twin *t, int m, enum weir_stop_trigger trigger, int64_t from,
                           int64_t to);
void weir_twin_stops_all(struct twin *t, int m);
void weir_twin_stop_accepted(struct twin *t, struct order *o);
void weir_twin_fire_stops(struct twin *t);

/* settlement.c */
void weir_twin_set_expired(struct twin *t);
void weir_twin_weigh_index(struct twin *t, int64_t to);
void weir_twin_settlement_timer(struct twin *t, int m);
void weir_twin_settlement_sweep(struct twin *t);

/* liquidation.c */
/* Positions in a market that halts, goes stale or settles are no longer kept in the book stage. */
void weir_twin_market_closes(struct twin *t, int m);
void weir_twin_enter_queue(struct twin *t);
void weir_twin_steps(struct twin *t);
void weir_twin_after_step(struct twin *t, struct scope *s);
void weir_twin_end(struct twin *t, struct scope *s, wide shortfall);
bool weir_twin_parked(const struct twin *t, const struct scope *s);
bool weir_twin_before_in_queue(const struct scope *a, const struct scope *b,
                               enum weir_queue_order order);
struct scope *weir_twin_next(struct twin *t, bool (*can)(struct twin *t, struct scope *s));
void weir_twin_leave(struct twin *t, struct scope *s, int m, enum stage target);
/* The limit of a slice of so many lots, and what the fund is asked for it (R24, R31). */
int64_t weir_twin_slice_limit(struct twin *t, struct scope *s, int m, int64_t lots);
wide weir_twin_fund_want(struct twin *t, struct scope *s, int m, int64_t lots);

/* policy.c: of a liquidation's position, or (`unwind`) of a fund's inventory */
struct answer {
    int64_t lots;
    bool wait; /* no slice before `until`, WEIR_NONE: the next command */
    int64_t until;
    int64_t next;  /* and after this slice none before */
    int64_t limit; /* 0: the stage's */
    int64_t cool;
};
struct answer weir_twin_policy(struct twin *t, struct scope *s, int m, bool unwind);
void weir_twin_plan_begins(struct twin *t, struct scope *s, int m, bool unwind);
void weir_twin_slice_made(struct twin *t, struct scope *s, int m, bool unwind,
                          const struct answer *r, int64_t filled, wide loss);
const struct weir_policy_config *weir_twin_policy_of(const struct twin *t, bool unwind);
bool weir_twin_keeps_plan(const struct twin *t, bool unwind);
/* budget.c: may a slice be made, is it to join the line, or does it wait there? */
enum admission { ADMITTED = 0, TO_JOIN, IN_LINE };
enum admission weir_twin_admission(const struct twin *t, const struct account *a, int m);
void weir_twin_join(struct twin *t, struct account *a, int m, int64_t lots);
int64_t weir_twin_take(struct twin *t, struct account *a, int m, int64_t lots);
void weir_twin_budget_rounds(struct twin *t);
void weir_twin_budget_leave(struct position *p);
struct account *weir_twin_turn(const struct twin *t, int m, uint64_t after);
void weir_twin_note(struct notes *n, int64_t t, wide amount, int64_t keep);
void weir_twin_note_mark(struct twin *t, int m, int64_t from, int64_t to);
wide weir_twin_day_volume(const struct twin *t, int m);
wide weir_twin_hour_moves(const struct twin *t, int m);

/* stages.c: auction; backstop.c: backstop and absorb */
int64_t weir_twin_room(const struct twin *t, int m, int64_t lots);
void weir_twin_auction_step(struct twin *t, struct scope *s, int m);
void weir_twin_auction_timer(struct twin *t, int idx);
void weir_twin_auction_drop(struct twin *t, int idx); /* all unsold, as its market settles */
struct auction weir_twin_auction_out(struct twin *t, int idx); /* no longer open */
/* The reserve of an offer at present marks, and the bankruptcy price gaps count from. */
void weir_twin_reserve(struct twin *t, const struct auction *u, struct offer *o);
/* Books the sale of lots on offer, with its gap. */
void weir_twin_sell_lots(struct twin *t, const struct auction *u, struct offer *o,
                         struct account *bidder, int64_t qty, int64_t price);

/* dutch.c */
void weir_twin_dutch_start(struct twin *t, struct auction *u); /* a run, with the lots it has */
int64_t weir_twin_dutch_price(const struct twin *t, const struct auction *u, int64_t reserve);
void weir_twin_dutch_due(struct twin *t, int idx);
void weir_twin_dutch_close(struct twin *t, int idx, bool expired);
enum weir_reason weir_twin_dutch_bid(struct twin *t, const struct weir_command *c,
                                     struct auction *u, struct order *o);
enum weir_reason weir_twin_bid(struct twin *t, const struct weir_command *c);
void weir_twin_drop_bids(struct twin *t, struct scope *s);
void weir_twin_backstop_step(struct twin *t, struct scope *s, int m);
void weir_twin_absorb_step(struct twin *t, struct scope *s, int m);
void weir_twin_unwind(struct twin *t, struct fund *f, int m);
int64_t weir_twin_unwind_limit(const struct twin *t, int m, enum weir_side side);
int64_t weir_twin_furthest(const struct twin *t, int m, enum weir_side side);

/* adl.c */
struct ranked {
    struct account *account;
    wide score; /* what orders the line; of rankings by parts the weight */
    wide tie;   /* of equals the higher is first */
    wide shown; /* by queries */
    wide equity;
    int64_t size;  /* lots that can be taken */
    bool overlaps; /* not healthy; closes at the other's bankruptcy price */
};
int weir_twin_rank(struct twin *t, int m, int sign, const struct account *closed,
                   const int64_t *bankruptcy, struct ranked **out);
/* adl_rank.c: of one position, by the venue's ranking. */
void weir_twin_score(const struct twin *t, int m, struct ranked *r, wide share);
/* water_filling: lots[i] of line[i], which stands in account order. */
void weir_twin_level(const struct twin *t, int m, const struct ranked *line, int count,
                     int64_t total, wide *lots);
/* Who has a part by weight alone. */
bool weir_twin_by_weight(const struct twin *t);
bool weir_twin_adl_can(struct twin *t, struct scope *s);
int weir_twin_adl_position(struct twin *t, struct scope *s);
void weir_twin_adl_step(struct twin *t, struct scope *s, int m);

/* fund.c */
void weir_twin_cash(struct twin *t, struct fund *f, enum weir_cause cause, wide amount,
                    const struct account *account);
struct fund *weir_twin_fund_of(const struct twin *t, int m);
wide weir_twin_grant(struct twin *t, int m, const struct account *a, wide want);
/* R32 `cut`: what the fund may still lose on its way to the trigger. False: nothing is cut. */
bool weir_twin_cut(struct twin *t, const struct fund *f, wide *left);
void weir_twin_pay_gap(struct twin *t, int m, struct scope *s, wide gap);
void weir_twin_liquidation_fee(struct twin *t, struct scope *s, int m, wide value,
                               wide improvement);
void weir_twin_shortfalls(struct twin *t);
void weir_twin_sample_fund(struct twin *t, struct fund *f);
void weir_twin_fund_present(struct twin *t, const struct fund *f, struct sample *present,
                            struct sample *peak, int64_t *drawdown);
void weir_twin_return_inventory(struct twin *t, struct account *a);

/* social.c: R29 by profit or equity */
bool weir_twin_pools_wait(const struct twin *t); /* not `open_interest` */
int weir_twin_group(const struct twin *t, int m);
void weir_twin_point(struct twin *t);
void weir_twin_social(struct twin *t);
wide weir_twin_behind(struct twin *t, struct scope *s); /* what a withdrawal leaves */
void weir_twin_moved_out(struct twin *t, int asset);

/* queries.c, digest.c */
enum weir_reason weir_twin_query(struct twin *t, const struct weir_command *c);
uint64_t weir_twin_digest(struct twin *t);

#endif
