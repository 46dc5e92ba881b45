/* The rankings of auto-deleveraging (R28), one position at a time, and the common level. */
#include "reference/twin.h"

#include <stdlib.h>

static wide saturated(wide x) {
    return x > INT64_MAX ? INT64_MAX : x < INT64_MIN ? INT64_MIN : x;
}

bool weir_twin_by_weight(const struct twin *t) {
    enum weir_ranking r = t->v->adl_ranking;
    return r == WEIR_RANK_PRO_RATA || r == WEIR_RANK_EQUITY_PRO_RATA ||
           r == WEIR_RANK_CONTRACT_PRO_RATA;
}

/* u: profit by entry value, in 10^-9. */
static wide profit_rate(wide profit, wide v) {
    if (v > 0) return saturated(weir_twin_div('t', profit, WEIR_PPB, 1, v, 1));
    return profit > 0 ? INT64_MAX : profit < 0 ? INT64_MIN : 0;
}

/* How often `part` goes into a notional, in 10^-9. */
static wide times(wide notional, wide part) {
    return part > 0 ? saturated(weir_twin_div('f', notional, WEIR_PPB, 1, part, 1)) : INT64_MAX;
}

/* A gain counts the more, a loss the less, the higher the leverage. */
static wide levered(wide gain, wide leverage) {
    return gain > 0 ? weir_twin_div('t', gain, leverage, 1, WEIR_PPB, 1)
                    : weir_twin_div('t', gain, WEIR_PPB, 1, leverage, 1);
}

/* Leverage of the account times how far the price has gone the position's way: by its prices, which
 * are as the values of linear lots, and as the inverses of those of inverse lots. */
static wide moved_leverage(const struct twin *t, int m, wide s, wide v, wide n, wide leverage) {
    bool by_value = (s > 0) == (t->m[m].c->contract == WEIR_LINEAR);
    wide over = by_value ? n : v, under = by_value ? v : n;
    if (under == 0) return over > 0 && leverage > 0 ? INT64_MAX : 0;
    return saturated(weir_twin_div('t', leverage, over, 1, under, 1));
}

/* rotation: is his turn still to come in this round? */
static bool turn_to_come(const struct twin *t, int m, const struct account *a, bool is_short) {
    const struct account *last = t->m[m].deleveraged[is_short];
    if (last) {
        bool fund = a->fund >= 0, last_fund = last->fund >= 0;
        if (fund && last_fund) return a->fund > last->fund;
        return fund || (!last_fund && a->index > last->index);
    }
    uint64_t draw = weir_random_at(weir_random_at(t->v->adl_seed, (uint64_t)m), is_short);
    wide first = (wide)(draw >> 32) * t->account_count; /* in two halves of the draw */
    first = (first + ((wide)(uint32_t)draw * t->account_count >> 32)) >> 32;
    return a->fund >= 0 || a->index >= first;
}

void weir_twin_score(const struct twin *t, int m, struct ranked *r, wide share) {
    const struct position *p = &r->account->at[m];
    wide size = weir_abs(p->s), profit = weir_twin_upnl(t, m, p->s, p->v);
    wide n = weir_twin_value(t, m, t->m[m].mark, size), u = profit_rate(profit, p->v);
    wide l = times(n, share), lots = (wide)r->size * WEIR_PPB;
    if (l < 1) l = 1;
    wide score = 0, tie = 0, shown = 0;
    switch (t->v->adl_ranking) {
    case WEIR_RANK_PNL_LEVERAGE:
        shown = score = levered(u, l);
        break;
    case WEIR_RANK_PNL_AMOUNT_LEVERAGE:
        shown = score = levered(profit, l);
        break;
    case WEIR_RANK_PNL:
        shown = score = u;
        break;
    case WEIR_RANK_MIN_ACCOUNTS:
        tie = u < 0 ? u : -u;
        score = r->size;
        shown = lots;
        break;
    case WEIR_RANK_SIZE:
    case WEIR_RANK_CONTRACT_PRO_RATA:
        score = r->size;
        shown = lots;
        break;
    case WEIR_RANK_NOTIONAL_LEVERAGE:
        shown = score = moved_leverage(t, m, p->s, p->v, n, times(n, r->equity));
        break;
    case WEIR_RANK_PRO_RATA:
        score = profit > 0 ? profit : 0;
        shown = u;
        break;
    case WEIR_RANK_EQUITY_PRO_RATA:
        shown = score = r->equity > 0 ? r->equity : 0;
        break;
    case WEIR_RANK_WATER_FILLING:
        shown = score = times(n, r->equity);
        break;
    case WEIR_RANK_ROTATION:
        score = turn_to_come(t, m, r->account, p->s < 0);
        shown = score * WEIR_PPB;
        break;
    }
    r->score = score;
    r->tie = tie;
    r->shown = saturated(shown);
}

/* ---- water_filling --------------------------------------------------------------------------- */

/* The leverage of a position of which some lots are gone. */
static wide leverage_less(const struct twin *t, int m, const struct ranked *r, wide gone) {
    wide size = weir_abs(r->account->at[m].s) - gone;
    return times(weir_twin_value(t, m, t->m[m].mark, size), r->equity);
}

/* The lots that it gives until its leverage is at most `level`, by halving. */
static wide lots_to(const struct twin *t, int m, const struct ranked *r, wide level) {
    wide few = -1, enough = r->size;
    while (enough - few > 1) {
        wide middle = few + (enough - few) / 2;
        if (leverage_less(t, m, r, middle) <= level)
            enough = middle;
        else
            few = middle;
    }
    return enough;
}

static wide lots_of_all(const struct twin *t, int m, const struct ranked *line, int count,
                        wide level) {
    wide sum = 0;
    for (int i = 0; i < count; i++)
        sum += lots_to(t, m, &line[i], level);
    return sum;
}

/* The least level to which all can be lowered with so many lots; what is left then takes those that
 * stand at it lot by lot, the lowest account first. */
void weir_twin_level(const struct twin *t, int m, const struct ranked *line, int count,
                     int64_t total, wide *lots) {
    wide low = -2, high = INT64_MAX; /* below 0 nothing is left */
    while (high - low > 1) {
        wide middle = low + (high - low) / 2;
        if (lots_of_all(t, m, line, count, middle) <= total)
            high = middle;
        else
            low = middle;
    }
    wide left = total;
    for (int i = 0; i < count; i++) {
        lots[i] = lots_to(t, m, &line[i], high);
        left -= lots[i];
    }
    for (int i = 0; i < count; i++) {
        while (left > 0 && lots[i] < line[i].size &&
               leverage_less(t, m, &line[i], lots[i]) == high) {
            lots[i]++;
            left--;
        }
    }
}
