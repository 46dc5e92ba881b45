/* Private to margin/: the edges of bands in their ordered sets. */
#ifndef WEIR_MARGIN_EDGES_H
#define WEIR_MARGIN_EDGES_H

#include "margin/band.h"

/* Edges of a market or an asset that count no more are swept once there are this many, and of a
 * market two of three, of an asset one of two are such. */
#define WEIR_STALE_LEAST 1024

enum weir_direction { WEIR_LOW = 0, WEIR_HIGH };

/* An edge's word (margin/gauge.h): code, class of drift, side. A high edge's is stored inverted, so
 * that in both directions the larger word is nearer and 0 is none, and sets, which give the least
 * key first, hold the inverse of what is stored. */
static inline uint32_t weir_edge_word(uint32_t code, uint32_t drift, uint32_t side) {
    return code << 3 | drift << 1 | side;
}
static inline uint32_t weir_edge_word_of(enum weir_direction d, uint32_t stored) {
    return d == WEIR_LOW ? stored : ~stored;
}
/* What is stored for an edge at a gauge: passed by anything below (low) or above it (high). */
uint32_t weir_edge_stored(enum weir_direction d, weir_wide gauge, uint32_t drift, uint32_t side);
/* The bound up to which keys are to be taken where something stands from `least` to `most`. */
uint64_t weir_edge_bound(enum weir_direction d, int64_t least, int64_t most);
int64_t weir_gauge_clamp(weir_wide gauge);

/* Appends to a list that has room for all there can be. */
void weir_list_add(struct weir_pool *list, uint32_t index);

/* Takes the edges that the mark and the charges of a market, or an asset's price, have passed and
 * touches their scopes. */
void weir_pass_edges(struct weir_exchange *x, uint32_t market);
/* Before it is done for all markets in the list of those that moved: asks for the memory that it
 * will read, of all of them together. Nothing changes. */
void weir_pass_ahead(struct weir_exchange *x);
void weir_pass_collateral(struct weir_exchange *x, uint32_t asset);
/* Finds anew which marks pass no edge of a market. */
void weir_find_quiet(struct weir_exchange *x, uint32_t market);
/* Gives a position the edges of its band, of a class of drift; they enter their sets with
 * weir_add_edges, many together / none. */
void weir_set_edges(struct weir_exchange *x, uint32_t leg,
                    const struct weir_position_view *position, const struct weir_band *band,
                    uint32_t drift);
void weir_add_edges(struct weir_exchange *x);
void weir_drop_edges(struct weir_exchange *x, uint32_t leg);
/* Gives a holding of collateral the edges of the prices at which it uses up at most share[i] of
 * each condition's slack (`tight`: of any other price) / none. */
void weir_set_collateral_edges(struct weir_exchange *x, uint32_t holding,
                               const struct weir_condition *held, const weir_wide *share,
                               uint32_t count, bool tight);
void weir_drop_collateral_edges(struct weir_exchange *x, uint32_t holding);

#endif
