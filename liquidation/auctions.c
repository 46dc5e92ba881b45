/* Which auctions are open: found by number, in order of number, and by when a timer is due. */
#include "liquidation/stages.h"

#include <errno.h>
#include <stdlib.h>

static struct weir_open_auction *dutch_at(const struct weir_liquidator *lq, uint32_t at) {
    return WEIR_AT(&lq->auctions.dutch, struct weir_open_auction, at);
}

static struct weir_dutch_entry *entry_at(const struct weir_liquidator *lq, uint32_t i) {
    return WEIR_AT(&lq->auctions.by_number, struct weir_dutch_entry, i);
}

int weir_auctions_new(struct weir_liquidator *lq) {
    struct weir_auctions *u = &lq->auctions;
    uint32_t markets = lq->x->venue->market_count, legs = lq->x->ledger.legs.capacity;
    u->pooled = calloc((size_t)markets * 2, sizeof *u->pooled);
    u->on_offer = calloc(markets, sizeof *u->on_offer);
    u->due = calloc(markets, sizeof *u->due);
    if (!u->pooled || !u->on_offer || !u->due) return -ENOMEM;
    for (uint32_t k = 0; k < markets * 2; k++) {
        u->pooled[k].market = k / 2;
        u->pooled[k].side = k % 2;
        u->pooled[k].closes_at = u->pooled[k].dutch.restart_at = INT64_MAX;
    }
    if (lq->x->venue->auction_format != WEIR_AUCTION_DUTCH) return 0;
    weir_dutch_new(&u->curve, lq->x->venue);
    int error = weir_pool_new(&u->dutch, sizeof(struct weir_open_auction), legs);
    if (!error) error = weir_pool_new(&u->free, sizeof(uint32_t), legs);
    for (uint32_t m = 0; !error && m < markets; m++)
        error = weir_pool_new(&u->due[m], sizeof(uint32_t), legs);
    /* Twice as many: as many closed ones may still stand in it. */
    uint32_t entries = legs < UINT32_MAX / 4 ? legs * 2 + 2 : UINT32_MAX / 2;
    if (!error) error = weir_pool_new(&u->by_number, sizeof(struct weir_dutch_entry), entries);
    return error;
}

void weir_auctions_free(struct weir_liquidator *lq) {
    struct weir_auctions *u = &lq->auctions;
    for (uint32_t m = 0; u->due && m < lq->x->venue->market_count; m++)
        weir_pool_free(&u->due[m]);
    free(u->due);
    free(u->pooled);
    free(u->on_offer);
    struct weir_pool *pools[] = {&u->dutch, &u->free, &u->by_number};
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        weir_pool_free(pools[i]);
}

/* ---- By number ------------------------------------------------------------------------------- */

/* The first entry of a number above one. */
static uint32_t first_above(const struct weir_liquidator *lq, uint64_t number) {
    uint32_t low = 0, high = lq->auctions.by_number.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry_at(lq, middle)->number > number)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct weir_open_auction *weir_auction_after(const struct weir_liquidator *lq, uint64_t number) {
    struct weir_open_auction *best = NULL;
    for (uint32_t i = first_above(lq, number); i < lq->auctions.by_number.count; i++)
        if (entry_at(lq, i)->at != WEIR_NO_INDEX) return dutch_at(lq, entry_at(lq, i)->at);
    for (uint32_t k = 0; k < lq->x->venue->market_count * 2; k++) {
        struct weir_open_auction *a = &lq->auctions.pooled[k];
        if (a->number > number && (!best || a->number < best->number)) best = a;
    }
    return best;
}

struct weir_open_auction *weir_auction_find(const struct weir_liquidator *lq, uint64_t number) {
    if (number == 0) return NULL;
    struct weir_open_auction *a = weir_auction_after(lq, number - 1);
    return a && a->number == number ? a : NULL;
}

weir_qty weir_auction_lots(const struct weir_liquidator *lq, const struct weir_open_auction *a) {
    const struct weir_ledger *l = &lq->x->ledger;
    weir_qty lots = 0;
    for (uint32_t i = a->first_offer; i != WEIR_NO_INDEX;) {
        const struct weir_leg_work *w = weir_leg_work(l, weir_leg_at(l, i));
        lots += w->parked;
        i = w->offer_next;
    }
    return lots;
}

/* Drops the entries of closed auctions. */
static void tidy(struct weir_liquidator *lq) {
    struct weir_auctions *u = &lq->auctions;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < u->by_number.count; i++)
        if (entry_at(lq, i)->at != WEIR_NO_INDEX) *entry_at(lq, kept++) = *entry_at(lq, i);
    u->by_number.count = kept;
    u->closed = 0;
}

/* ---- By time --------------------------------------------------------------------------------- */

static weir_time due_at(const struct weir_open_auction *a) {
    return weir_min(a->closes_at, a->dutch.restart_at);
}

static bool sooner(const struct weir_open_auction *a, const struct weir_open_auction *b) {
    weir_time s = due_at(a), t = due_at(b);
    return s != t ? s < t : a->number < b->number;
}

static void put(struct weir_liquidator *lq, uint32_t market, uint32_t slot, uint32_t at) {
    *WEIR_AT(&lq->auctions.due[market], uint32_t, slot) = at;
    dutch_at(lq, at)->due_slot = slot;
}

static void settle(struct weir_liquidator *lq, uint32_t market, uint32_t slot, uint32_t at) {
    const struct weir_open_auction *own = dutch_at(lq, at);
    const uint32_t *heap = WEIR_AT(&lq->auctions.due[market], uint32_t, 0);
    uint32_t count = lq->auctions.due[market].count;
    for (; slot > 0 && sooner(own, dutch_at(lq, heap[(slot - 1) / 2])); slot = (slot - 1) / 2)
        put(lq, market, slot, heap[(slot - 1) / 2]);
    for (uint32_t child; (child = 2 * slot + 1) < count; slot = child) {
        if (child + 1 < count && sooner(dutch_at(lq, heap[child + 1]), dutch_at(lq, heap[child])))
            child++;
        if (!sooner(dutch_at(lq, heap[child]), own)) break;
        put(lq, market, slot, heap[child]);
    }
    put(lq, market, slot, at);
}

/* The market's auction that is due first, or NULL. */
static struct weir_open_auction *first_due(const struct weir_liquidator *lq, uint32_t market) {
    const struct weir_pool *heap = &lq->auctions.due[market];
    if (heap->count > 0) return dutch_at(lq, *WEIR_AT(heap, uint32_t, 0));
    struct weir_open_auction *best = NULL;
    for (enum weir_side side = WEIR_BUY; side <= WEIR_SELL; side++) {
        struct weir_open_auction *a = weir_auction_at(lq, market, side);
        if (a->number > 0 && (!best || sooner(a, best))) best = a;
    }
    return best;
}

void weir_auction_retime(struct weir_liquidator *lq, uint32_t market) {
    const struct weir_open_auction *a = first_due(lq, market);
    weir_timers_set(&lq->timers, market, a ? due_at(a) : INT64_MAX);
}

void weir_dutch_retime(struct weir_liquidator *lq, struct weir_open_auction *a) {
    uint32_t at = *WEIR_AT(&lq->auctions.due[a->market], uint32_t, a->due_slot);
    settle(lq, a->market, a->due_slot, at);
    weir_auction_retime(lq, a->market);
}

void weir_auction_timer(struct weir_liquidator *lq, uint32_t market) {
    struct weir_open_auction *a = first_due(lq, market);
    WEIR_CHECK(a != NULL);
    if (lq->x->venue->auction_format == WEIR_AUCTION_DUTCH)
        weir_dutch_timer(lq, a);
    else
        weir_auction_close(lq, a->number);
}

/* ---- Opening and dropping -------------------------------------------------------------------- */

struct weir_open_auction *weir_dutch_open(struct weir_liquidator *lq, uint32_t leg) {
    struct weir_auctions *u = &lq->auctions;
    const struct weir_leg *g = weir_leg_at(&lq->x->ledger, leg);
    uint32_t at = u->free.count > 0 ? *WEIR_AT(&u->free, uint32_t, --u->free.count)
                                    : weir_pool_add(&u->dutch, 1);
    WEIR_CHECK(at != WEIR_NO_INDEX);
    struct weir_open_auction *a = dutch_at(lq, at);
    *a = (struct weir_open_auction){.number = ++u->last_number,
                                    .market = g->market,
                                    .side = weir_closing_side(g),
                                    .closes_at = INT64_MAX,
                                    .first_offer = WEIR_NO_INDEX,
                                    .last_offer = WEIR_NO_INDEX,
                                    .first_bid = WEIR_NO_INDEX,
                                    .last_bid = WEIR_NO_INDEX,
                                    .dutch = {.restart_at = INT64_MAX}};
    uint32_t entry = weir_pool_add(&u->by_number, 1);
    a->due_slot = weir_pool_add(&u->due[g->market], 1);
    WEIR_CHECK(entry != WEIR_NO_INDEX && a->due_slot != WEIR_NO_INDEX);
    *entry_at(lq, entry) = (struct weir_dutch_entry){a->number, at};
    put(lq, g->market, a->due_slot, at);
    return a;
}

void weir_dutch_drop(struct weir_liquidator *lq, struct weir_open_auction *a) {
    struct weir_auctions *u = &lq->auctions;
    uint32_t entry = first_above(lq, a->number - 1), at = entry_at(lq, entry)->at;
    struct weir_pool *heap = &u->due[a->market];
    uint32_t slot = a->due_slot, last = *WEIR_AT(heap, uint32_t, --heap->count);
    if (slot < heap->count) settle(lq, a->market, slot, last);
    weir_auction_retime(lq, a->market);
    entry_at(lq, entry)->at = WEIR_NO_INDEX;
    if (++u->closed * 2 > u->by_number.count) tidy(lq);
    a->number = 0;
    uint32_t i = weir_pool_add(&u->free, 1);
    WEIR_CHECK(i != WEIR_NO_INDEX);
    *WEIR_AT(&u->free, uint32_t, i) = at;
}
