/* What the files of the stream share. */
#ifndef WEIR_TESTS_RANDOM_STREAM_INTERNAL_H
#define WEIR_TESTS_RANDOM_STREAM_INTERNAL_H

#include "stream.h"

#define ACCOUNTS_MAX 64
#define MARKETS_MAX  20
#define COINS_MAX    3 /* settlement assets besides money */
#define ASSETS_MAX   (COINS_MAX + 1)
#define FUNDS_MAX    3
#define PURSES_MAX   (FUNDS_MAX * ASSETS_MAX)
#define LIKED_MAX    8  /* markets that one account trades in */
#define IDS_MAX      16 /* order ids remembered per account */
#define AUCTIONS_MAX 16 /* open auctions remembered */
#define UPDATES_MAX  32 /* index commands that a jump of the price still owes */
#define VENUE_SIZE   65536

struct shape {
    const char *name;
    uint32_t accounts_min, accounts_max;
    uint32_t markets_min, markets_max;
    uint32_t hostile_ppm;  /* commands with one field spoiled */
    uint32_t jump_ppm;     /* index commands that jump */
    uint32_t jump_percent; /* size of a jump, at most */
    bool thin;             /* little resting depth, little insurance */
    /* What is weighted up: */
    bool auctions, funds, adl, isolated, prices, orders, bounds, contracts, margin, socials;
};

/* A growing line of text; what does not fit is left out. */
struct text {
    char *at;
    size_t size, used;
};

/* Options that a loader may refuse still; asked of it once. */
enum { CAN_INVERSE = 1, CAN_DATED = 2, CAN_SCALE = 4, CAN_BANKRUPTCY_FEE = 8 };

struct model_asset { /* of settlement */
    char name[16];
    uint32_t decimals;
    int64_t lot_value; /* units: about what a lot of its markets is worth */
    int64_t stake;     /* units: what an ordinary account brings */
};

struct model_purse { /* a fund's cash of one asset */
    char name[32];
    uint32_t asset;
};

struct model_market {
    char symbol[24];
    uint32_t asset, fund;
    bool inverse;
    bool gone;             /* settled */
    weir_time expiry;      /* 0: perpetual */
    int64_t tick_m, lot_m; /* tick = tick_m * 10^-tick_s */
    uint32_t tick_s, lot_s;
    int64_t unit;       /* linear: units of a tick times a lot */
    int64_t face_units; /* inverse: units of a lot at tick_m ticks times tick_m */
    int64_t base, fair; /* ticks */
    int64_t mark;       /* last seen; 0 none */
    int64_t max_price;
    int64_t typical; /* lots of an ordinary order */
    uint32_t sources;
    int64_t leverage_max, leverage; /* of the first tier, of who sets none */
    uint32_t band_ppm;
    enum weir_market_status status;
    int32_t drift_ppm; /* of each index command, while a trend lasts */
    uint32_t drift_left;
    int64_t source_fair[3];
};

struct model_account {
    bool maker;
    int64_t money[ASSETS_MAX]; /* net deposits, units */
    int64_t habit;             /* percent of its margin that an account likes to use */
    uint32_t liked_count;
    uint8_t liked[LIKED_MAX]; /* the markets it trades in */
    int64_t position[MARKETS_MAX];
    uint32_t next_id;
    uint32_t ids[IDS_MAX]; /* 0: none */
    uint8_t id_market[IDS_MAX];
};

struct model_auction {
    uint64_t number;
    uint32_t market;
    enum weir_side side;
};

struct model_update {
    uint32_t market, source;
};

struct weir_stream {
    const struct shape *shape;
    struct weir_random random;
    uint64_t lines;
    uint32_t mutate_ppm;
    uint32_t can;         /* CAN_... */
    uint32_t asset_count; /* of settlement; money is the first */
    struct model_asset asset[ASSETS_MAX];
    bool collateral;
    bool coins, dates; /* has inverse, has dated markets */
    bool coarse;       /* small round numbers: what rules compare is often equal */
    bool auction_on;
    bool backstop_on;
    uint32_t fund_count, purse_count;
    struct model_purse purse[PURSES_MAX];
    uint32_t market_count, account_count;
    uint32_t class_count;
    int64_t dt_ns; /* mean time between commands */
    int64_t clock_step_ns;
    int64_t now;
    int64_t told_now; /* of the last event; 0 before the clock is set */
    uint32_t weight[WEIR_CMD_COUNT];
    uint32_t weight_sum;
    uint32_t hostile_ppm;
    struct model_market market[MARKETS_MAX];
    struct model_account account[ACCOUNTS_MAX];
    struct model_auction auction[AUCTIONS_MAX];
    uint32_t auction_count;
    uint32_t not_trading; /* markets */
    uint32_t gone;        /* markets */
    struct model_update update[UPDATES_MAX];
    uint32_t update_count;
    int32_t spoil; /* fields until one is spoiled; < 0: none */
    enum weir_command_kind last_kind;
    uint32_t last_account, last_market, last_id; /* of the order in the last line */
    uint32_t last_slot; /* of the order that it cancels or amends, from 1 */
    char venue[VENUE_SIZE];
};

/* ---- Drawing ---- */
static inline int64_t draw(struct weir_stream *s, int64_t low, int64_t high) { /* inclusive */
    return low + (int64_t)weir_random_below(&s->random, (uint64_t)(high - low) + 1);
}
static inline bool chance(struct weir_stream *s, uint32_t ppm) {
    return weir_random_below(&s->random, 1000000) < ppm;
}
#define PICK(s, array) ((array)[weir_random_below(&(s)->random, sizeof(array) / sizeof(array)[0])])

/* ---- Text (stream_text.c) ---- */
__attribute__((format(printf, 2, 3))) void put(struct text *text, const char *format, ...);
/* mantissa * 10^-scale as a decimal, without needless zeros. */
void put_decimal(struct text *text, __int128 mantissa, uint32_t scale);
/* Keys of a command, one of which may be spoiled; each begins with a comma. */
void put_price(struct weir_stream *s, struct text *text, const char *key, uint32_t market,
               int64_t ticks);
void put_qty(struct weir_stream *s, struct text *text, const char *key, uint32_t market,
             int64_t lots);
void put_amount(struct weir_stream *s, struct text *text, const char *key, uint32_t asset,
                int64_t units);
void put_rate(struct weir_stream *s, struct text *text, const char *key, int64_t ppb);
void put_word(struct weir_stream *s, struct text *text, const char *key, const char *word);
void put_account(struct weir_stream *s, struct text *text, const char *key, uint32_t account);
void put_market(struct weir_stream *s, struct text *text, uint32_t market);
void put_id(struct weir_stream *s, struct text *text, uint32_t id);
void put_whole(struct weir_stream *s, struct text *text, const char *key, int64_t number);
/* Flips, cuts and repeats bytes of a line. */
size_t mutate_bytes(struct weir_stream *s, char *line, size_t used, size_t size);

/* ---- The venue (stream_venue.c) and its markets (stream_market.c) ---- */
void make_venue(struct weir_stream *s);
/* Writes market `idx`; `lot_value` is what a lot of money's markets is worth. */
void make_market(struct weir_stream *s, struct text *yaml, uint32_t idx);
/* What lots are worth at a price, units of the market's asset. */
__int128 market_worth(const struct model_market *m, int64_t price, int64_t lots);
/* The most that R3 lets a position of the market have. */
int64_t market_bound(const struct model_market *m);
/* One of the words given, NULL ends them; the first more often. */
__attribute__((sentinel)) const char *word(struct weir_stream *s, const char *first, ...);
int64_t log_draw(struct weir_stream *s, int64_t low, int64_t high);
void put_ms(struct text *yaml, const char *key, int64_t ns);
void put_units(struct text *yaml, const char *key, int64_t units, uint32_t decimals);
void put_ppm(struct text *yaml, const char *key, int64_t ppm);
/* `key: none` or, with a chance of `ppm`, an amount. */
void put_limit(struct weir_stream *s, struct text *yaml, const char *key, uint32_t ppm,
               int64_t units, uint32_t decimals);

/* ---- Money, risk and what else has few keys (stream_small.c) ---- */
void make_small(struct weir_stream *s, struct text *text, enum weir_command_kind kind);
void make_query(struct weir_stream *s, struct text *text, uint64_t what);
void make_account(struct weir_stream *s, struct text *text, uint32_t account);
/* A deposit that is worth `percent` of the asset's stake. */
void put_deposit(struct weir_stream *s, struct text *text, uint32_t account, uint32_t asset,
                 int64_t percent);

/* ---- Orders (stream_order.c) ---- */
void make_order(struct weir_stream *s, struct text *text);
void make_amend(struct weir_stream *s, struct text *text);
void make_cancel(struct weir_stream *s, struct text *text);
void make_bid(struct weir_stream *s, struct text *text);
void make_block_trade(struct weir_stream *s, struct text *text);
uint32_t pick_account(struct weir_stream *s);
uint32_t pick_market(struct weir_stream *s);
/* One that the account trades in. */
uint32_t pick_liked(struct weir_stream *s, uint32_t account);
int64_t reference_price(const struct weir_stream *s, uint32_t market);
/* Lots of a position worth `money` times the account's habit of leverage, at least 1. */
int64_t size_lots(struct weir_stream *s, uint32_t account, uint32_t market);
bool knows_order(const struct weir_stream *s);
void remember_id(struct weir_stream *s, uint32_t account, uint32_t market, uint32_t id);

#endif
