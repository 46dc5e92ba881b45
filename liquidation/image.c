/* The liquidator's parts of an image. */
#include "base/image.h"
#include "liquidation/stages.h"

WEIR_IMAGED(sizeof(struct weir_auctions), 944);
static void auctions_image(struct weir_liquidator *lq, struct weir_image *image) {
    struct weir_auctions *a = &lq->auctions;
    uint64_t markets = lq->x->venue->market_count;
    WEIR_IMAGE(image, a->last_number);
    weir_image_bytes(image, "pooled auctions", a->pooled, 2 * markets * sizeof *a->pooled);
    weir_image_bytes(image, "lots on offer", a->on_offer, markets * sizeof *a->on_offer);
    if (lq->x->venue->auction_format != WEIR_AUCTION_DUTCH) return;
    weir_image_pool(image, "open auctions", &a->dutch);
    weir_image_pool(image, "free auctions", &a->free);
    weir_image_pool(image, "auctions by number", &a->by_number);
    WEIR_IMAGE(image, a->closed);
    for (uint64_t m = 0; m < markets; m++)
        weir_image_pool(image, "auctions due in a market", &a->due[m]);
}

WEIR_IMAGED(sizeof(struct weir_social_group), 224);
static void group_image(struct weir_social_group *g, struct weir_image *image) {
    WEIR_IMAGE(image, g->amount);
    WEIR_IMAGE(image, g->left);
    WEIR_IMAGE(image, g->part);
    WEIR_IMAGE(image, g->weights);
    WEIR_IMAGE(image, g->placed);
    WEIR_IMAGE(image, g->cut);
    WEIR_IMAGE(image, g->open);
    WEIR_IMAGE(image, g->seats);
    WEIR_IMAGE(image, g->edge);
    weir_image_bytes(image, "bins of a group", g->bins, WEIR_SOCIAL_BINS * sizeof *g->bins);
    WEIR_IMAGE(image, g->shift);
    weir_image_pool(image, "seats in a group", &g->seated);
    WEIR_IMAGE(image, g->counting);
    WEIR_IMAGE(image, g->counted);
}

WEIR_IMAGED(sizeof(struct weir_social), 688);
static void social_image(struct weir_liquidator *lq, struct weir_image *image) {
    struct weir_social *c = &lq->social;
    uint64_t markets = lq->x->venue->market_count;
    if (!c->on) return;
    for (uint32_t g = 0; g < c->count; g++)
        group_image(&c->groups[g], image);
    weir_image_bytes(image, "frozen marks", c->frozen.marks, markets * sizeof *c->frozen.marks);
    weir_image_bytes(image, "frozen charges", c->frozen.charged,
                     2 * markets * sizeof *c->frozen.charged);
    WEIR_IMAGE(image, c->frozen.prices);
    WEIR_IMAGE(image, c->frozen.point);
    WEIR_IMAGE(image, c->pass);
    WEIR_IMAGE(image, c->accounts);
    WEIR_IMAGE(image, c->at);
    WEIR_IMAGE(image, c->rounds);
    WEIR_IMAGE(image, c->number);
    WEIR_IMAGE(image, c->places);
    WEIR_IMAGE(image, c->looks);
    weir_image_pool(image, "parts of a charge", &c->parts);
    weir_image_pool(image, "parts of accounts", &c->heads);
    WEIR_IMAGE(image, c->known);
    WEIR_IMAGE(image, c->asked);
    WEIR_IMAGE(image, c->counting);
    WEIR_IMAGE(image, c->counted_to);
}

/* Lines of deleveraging are begun for whoever is in liquidation, as when that began. */
static void begin_lines(struct weir_liquidator *lq) {
    const struct weir_ledger *l = &lq->x->ledger;
    for (uint32_t i = 0; i < lq->members.count; i++) {
        uint32_t scope = *WEIR_AT(&lq->members, uint32_t, i);
        if (weir_scope_at(l, scope)->queue != WEIR_QUEUE_ACTIVE) continue;
        for (uint32_t leg = weir_scope_first_leg(l, scope); leg != WEIR_NO_INDEX;
             leg = weir_scope_next_leg(l, scope, leg))
            if (weir_leg_at(l, leg)->size != 0) weir_adl_expect(lq, leg);
    }
}

WEIR_IMAGED(sizeof(struct weir_liquidator) - sizeof(struct weir_adl_index) -
                sizeof(struct weir_funds),
            2448);
void weir_liquidator_image(struct weir_liquidator *lq, struct weir_image *image) {
    uint32_t markets = lq->x->venue->market_count;
    weir_funds_image(&lq->funds, image, markets);
    weir_image_pool(image, "scopes that may step", &lq->ready.entries);
    weir_image_pool(image, "scopes in the ADL stage", &lq->adl.entries);
    weir_image_pool(image, "scopes that retry", &lq->retry);
    weir_image_pool(image, "scopes asleep", &lq->asleep);
    WEIR_IMAGE(image, lq->moves_seen);
    weir_image_pool(image, "scopes short", &lq->shortfalls);
    weir_image_pool(image, "scopes in the queue", &lq->members);
    WEIR_IMAGE(image, lq->last_liquidation);
    auctions_image(lq, image);
    for (uint32_t m = 0; m < markets; m++) {
        weir_image_pool(image, "volunteers of a market", &lq->volunteers[m]);
        weir_policy_market_image(&lq->closed[m], image);
        weir_policy_market_image(&lq->unwound[m], image);
    }
    WEIR_IMAGE(image, lq->credit);
    WEIR_IMAGE(image, lq->pools_due);
    weir_image_timers(image, "timers of liquidation", &lq->timers);
    weir_image_pool(image, "unwindings due again", &lq->unwind_again);
    if (lq->budgets != NULL)
        weir_image_bytes(image, "budgets", lq->budgets, markets * sizeof *lq->budgets);
    weir_image_pool(image, "alarms", &lq->alarms);
    social_image(lq, image);
    if (image->load && image->error == 0) begin_lines(lq);
}
