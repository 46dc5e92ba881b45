/* The baseline of the ranking: everybody's score, as fast as a scan can compute it. */
#ifndef WEIR_BENCH_ADL_SCAN_H
#define WEIR_BENCH_ADL_SCAN_H

#include "bench/adl_world.h"

/* The positions of one market as columns. A scope's equity is `own` less what its positions are
 * worth: lots of this market, and of up to three others. */
struct adl_scan {
    const struct adl_world *world;
    enum weir_ranking ranking;
    uint32_t turn;                /* rotation: the row whose turn it is */
    uint32_t market, count, room; /* room: whole vectors */
    uint32_t others;              /* 0: nobody has a position elsewhere */
    uint32_t *account, *place;    /* of a row; of an account, UINT32_MAX: none */
    float *entry;                 /* V a lot, 0: closed */
    float *own, *lots, *other[ADL_MARKETS_MAX];
    float *score;
    uint32_t *order;
};

bool adl_scan_new(struct adl_scan *s, const struct adl_world *w, uint32_t market);
void adl_scan_free(struct adl_scan *s);
/* An account's row anew, from the world. */
void adl_scan_refresh(struct adl_scan *s, uint32_t account);
/* All scores at present marks; the largest. */
float adl_scan_run(struct adl_scan *s);
/* The exact score's value in double, of an account; negative: not eligible. */
double adl_scan_score(const struct adl_scan *s, uint32_t account);
/* The first `n` rows of the last run by score, in order[0, n). */
void adl_scan_select(struct adl_scan *s, uint32_t n);

#endif
