/* Private to the last stage (R28): one step of deleveraging. */
#ifndef WEIR_LIQUIDATION_ADL_STAGE_H
#define WEIR_LIQUIDATION_ADL_STAGE_H

#include "liquidation/stages.h"

struct deleverage {
    struct weir_liquidator *lq;
    uint32_t leg;
    enum weir_side side;   /* of the liquidation order */
    weir_price price;      /* for the eligible */
    weir_price bankruptcy; /* of the whole position, for who overlaps (any_overlap) */
    weir_qty left;
    weir_qty size;   /* at the start of the step */
    weir_wide share; /* a of all of it */
    int64_t fills;
    uint32_t last; /* rotation: the account that was closed against last; WEIR_NO_INDEX: none */
};

static inline bool weir_adl_any_overlap(const struct weir_exchange *x) {
    return x->venue->adl_eligible == WEIR_ADL_ANY_OVERLAP;
}
static inline bool weir_adl_bound_met(const struct deleverage *d) {
    return d->fills >= d->lq->x->venue->fills_per_step;
}
/* Adds a position of the other side to the candidates, if it may be closed against. */
void weir_adl_add(struct deleverage *d, uint32_t leg);
void weir_adl_sort_by_account(struct weir_adl_candidate *items, uint32_t n);
/* Would the counterparty keep equity >= 0? Who overlaps is not asked. */
bool weir_adl_can_give(const struct deleverage *d, const struct weir_adl_candidate *c,
                       weir_qty lots);
/* Closes so many lots against him; `rank`: his place in line. */
void weir_adl_take_lots(struct deleverage *d, const struct weir_adl_candidate *c, weir_qty lots,
                        int64_t rank);
/* adl_parts.c: the rankings that take from many at once. */
void weir_adl_by_parts(struct deleverage *d, enum weir_adl_kind kind);

#endif
