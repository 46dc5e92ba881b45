/* Auto-deleveraging (R28): the ranking, one step, the last resort. */
#include "reference/twin.h"

#include <stdlib.h>
#include <string.h>

static int by_rank(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->tie != y->tie) return x->tie > y->tie ? -1 : 1;
    return x->account->index - y->account->index;
}

/* `any_overlap`: the position's own bankruptcy price lets it close at `bankruptcy`. */
static bool overlaps(struct twin *t, struct account *a, int m, int64_t bankruptcy) {
    struct scope *s = weir_twin_scope(t, a, m);
    int64_t size = weir_abs(a->at[m].s);
    if (size == a->at[m].parked) return false;
    wide share = weir_twin_share(t, s, m, size, weir_twin_eval(t, s).equity);
    int64_t own = weir_twin_bankruptcy(t, a, m, size, share, false);
    return a->at[m].s > 0 ? own <= bankruptcy : own >= bankruptcy;
}

/* The eligible positions of one sign in line: share > 0, healthy, of another owner than `closed`
 * (NULL: anyone's); with `bankruptcy` also those that overlap it. Rankings by weight have the line
 * by weight, and who has none is not in it. */
int weir_twin_rank(struct twin *t, int m, int sign, const struct account *closed,
                   const int64_t *bankruptcy, struct ranked **out) {
    int count = 0;
    *out = calloc((size_t)weir_twin_accounts(t) + 1, sizeof **out);
    for (int i = 0; i < weir_twin_accounts(t); i++)
        weir_twin_account_at(t, i)->index = i;
    for (int i = 0; i < weir_twin_accounts(t); i++) {
        struct account *a = weir_twin_account_at(t, i);
        struct position *p = &a->at[m];
        struct scope *s = weir_twin_scope(t, a, m);
        if (p->s == 0 || (p->s > 0) != (sign > 0)) continue;
        if (closed && weir_twin_same_owner(a, closed)) continue;
        int64_t size = weir_abs(p->s);
        wide equity =
            t->v->adl_equity == WEIR_ADL_POSTED ? s->balance : weir_twin_eval(t, s).equity;
        wide share = weir_twin_share(t, s, m, size, equity);
        bool healthy = share > 0 && s->queue != QUEUE_LIQUIDATING && !weir_twin_liquidatable(t, s);
        if (!healthy && !(bankruptcy && overlaps(t, a, m, *bankruptcy))) continue;
        struct ranked r = {.account = a, .size = size, .equity = equity};
        if (!healthy) r.size -= p->parked;
        r.overlaps = !healthy;
        weir_twin_score(t, m, &r, share);
        if (weir_twin_by_weight(t) && r.score == 0) continue;
        (*out)[count++] = r;
    }
    qsort(*out, (size_t)count, sizeof **out, by_rank);
    return count;
}

/* The position in ADL stage that the next ADL step of the scope would work, -1 for none. */
int weir_twin_adl_position(struct twin *t, struct scope *s) {
    int best = -1;
    wide best_mm = 0;
    for (int m = 0; m < t->markets; m++) {
        const struct position *p = &s->account->at[m];
        if (p->s == 0 || weir_twin_scope(t, s->account, m) != s || p->stage != STAGE_ADL) continue;
        if (weir_twin_closed_market(t, m) || p->adl_seq == t->seq) continue;
        if (weir_abs(p->s) == p->parked) continue;
        wide mm = weir_twin_mm(t, s->account, m, weir_abs(p->s), p->v);
        if (best >= 0 && mm <= best_mm) continue;
        best = m;
        best_mm = mm;
    }
    return best;
}

bool weir_twin_adl_can(struct twin *t, struct scope *s) {
    return s->queue == QUEUE_LIQUIDATING && weir_twin_adl_position(t, s) >= 0;
}

struct step {
    struct scope *s;
    int m;
    enum weir_side side; /* of closing */
    int64_t price, left;
    int64_t bankruptcy; /* of the whole position */
    int64_t size;       /* of the position at the start of the step */
    wide share;         /* of the whole position */
    int64_t closed, counterparties;
    const struct account *last; /* taken in line */
};

static int64_t step_price(struct twin *t, struct step *x, wide equity) {
    const struct market *k = &t->m[x->m];
    int64_t p = k->mark;
    if (t->v->adl_price == WEIR_ADL_BANKRUPTCY)
        p = weir_twin_bankruptcy(t, x->s->account, x->m, x->left,
                                 weir_twin_share(t, x->s, x->m, x->left, equity), false);
    if (t->v->adl_price == WEIR_ADL_PREVIOUS_MARK && k->previous_mark > 0) p = k->previous_mark;
    if (t->v->adl_max_price_deviation != WEIR_NONE &&
        weir_twin_cmp(weir_abs(p - k->mark), WEIR_PPB, t->v->adl_max_price_deviation, k->mark) > 0)
        p = k->mark;
    return p;
}

/* What the counterparty loses against mark, negative if it gains. */
static wide loss_at(const struct twin *t, const struct step *x, int64_t price, int64_t qty) {
    enum weir_side taking = x->side == WEIR_SELL ? WEIR_BUY : WEIR_SELL;
    return weir_twin_worse(t, x->m, taking, t->m[x->m].mark, price, qty);
}

static void close_against(struct twin *t, struct step *x, struct account *a, int64_t qty,
                          int64_t price, int64_t rank) {
    for (int i = 0; i < t->order_count; i++) {
        struct order *o = t->orders[i];
        if (o->dead || o->account != a || o->m != x->m) continue;
        weir_twin_remove(t, o);
        weir_twin_cancelled(t, o, WEIR_C_ADL);
    }
    struct fill f = {.m = x->m,
                     .price = price,
                     .qty = qty,
                     .taker = x->s->account,
                     .maker = a,
                     .taker_side = x->side,
                     .kind = WEIR_FILL_ADL};
    wide profit, maker_profit, loss = loss_at(t, x, price, qty);
    f.maker_pnl = &maker_profit;
    weir_twin_fill(t, &f, &profit);
    weir_twin_note_closed(x->s, x->m, WEIR_BY_ADL, weir_twin_value(t, x->m, price, qty), profit);
    struct scope *other = weir_twin_scope(t, a, x->m);
    if (other->queue == QUEUE_LIQUIDATING)
        weir_twin_note_closed(other, x->m, WEIR_BY_ADL, weir_twin_value(t, x->m, price, qty),
                              maker_profit);
    struct weir_event e = {.kind = WEIR_EV_ADL};
    e.adl.market = (uint32_t)x->m;
    e.adl.account = &x->s->account->name;
    e.adl.counterparty = &a->name;
    e.adl.qty = qty;
    e.adl.price = price;
    e.adl.rank = (struct weir_maybe){rank > 0, rank};
    e.adl.haircut = loss > 0 ? loss : 0;
    wide least = weir_twin_div('f', -x->share, qty, 1, x->size, 1);
    e.adl.least_haircut = weir_wide_min(e.adl.haircut, least > 0 ? least : 0);
    weir_twin_emit(t, &e);
    weir_twin_return_inventory(t, a);
    x->left -= qty;
    x->closed += qty;
    x->counterparties++;
}

/* The close would leave the counterparty with negative equity. */
static bool ruins(struct twin *t, const struct step *x, const struct ranked *r, int64_t qty) {
    struct account *a = r->account;
    if (r->overlaps) return false;
    wide equity = weir_twin_eval(t, weir_twin_scope(t, a, x->m)).equity;
    return equity - loss_at(t, x, x->price, qty) < 0;
}

static void take(struct twin *t, struct step *x, const struct ranked *r, int64_t qty,
                 int64_t rank) {
    close_against(t, x, r->account, qty, r->overlaps ? x->bankruptcy : x->price, rank);
    x->last = r->account;
}

static void in_rank_order(struct twin *t, struct step *x, struct ranked *line, int count) {
    for (int i = 0; i < count && x->left > 0; i++) {
        if (x->counterparties == t->v->fills_per_step) return;
        int64_t qty = weir_min(x->left, line[i].size);
        if (!ruins(t, x, &line[i], qty)) take(t, x, &line[i], qty, i + 1);
    }
}

static int by_account(const void *a, const void *b) {
    return ((const struct ranked *)a)->account->index - ((const struct ranked *)b)->account->index;
}

/* From many at once: by weight, or down to a common level. */
static void in_parts(struct twin *t, struct step *x, struct ranked *line, int count) {
    size_t n = (size_t)count + 1;
    wide *weights = calloc(n, sizeof *weights), *caps = calloc(n, sizeof *caps);
    wide *shares = calloc(n, sizeof *shares);
    for (int i = 0; i < count; i++)
        line[i].shown = i + 1; /* the place in line */
    qsort(line, (size_t)count, sizeof *line, by_account);
    for (int i = 0; i < count; i++) {
        weights[i] = line[i].score;
        caps[i] = line[i].size;
    }
    for (bool again = true; again;) {
        again = false;
        if (weir_twin_by_weight(t))
            weir_twin_divide(x->left, count, weights, caps, shares);
        else
            weir_twin_level(t, x->m, line, count, x->left, shares);
        for (int i = 0; i < count; i++) {
            if (shares[i] == 0 || !ruins(t, x, &line[i], (int64_t)shares[i])) continue;
            weights[i] = 0;
            line[i].size = 0;
            again = true;
        }
    }
    for (int i = 0; i < count; i++) {
        if (shares[i] == 0) continue;
        if (x->counterparties == t->v->fills_per_step) break;
        take(t, x, &line[i], (int64_t)shares[i], (int64_t)line[i].shown);
    }
    free(weights);
    free(caps);
    free(shares);
}

/* At mark against whoever holds the other side: by account, backstop volunteers and the fund last.
 * Lots that are on offer in an auction are not taken. */
static void last_resort(struct twin *t, struct step *x) {
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < weir_twin_accounts(t) && x->left > 0; i++) {
            struct account *a = weir_twin_account_at(t, i);
            struct position *p = &a->at[x->m];
            int kind = a->fund >= 0 ? 2 : p->volunteered ? 1 : 0;
            if (kind != pass || p->s == 0 || (p->s > 0) == (x->side == WEIR_SELL)) continue;
            if (x->counterparties == t->v->fills_per_step) return;
            int64_t qty = weir_min(x->left, weir_abs(p->s) - p->parked);
            if (qty == 0) continue;
            close_against(t, x, a, qty, t->m[x->m].mark, 0);
        }
}

void weir_twin_adl_step(struct twin *t, struct scope *s, int m) {
    struct position *p = &s->account->at[m];
    wide equity = weir_twin_eval(t, s).equity;
    p->adl_seq = t->seq;
    if (s->account->fund < 0 && (t->v->adl_when == WEIR_ADL_NEVER ||
                                 (t->v->adl_when == WEIR_ADL_NEGATIVE_EQUITY && equity >= 0))) {
        p->stage = STAGE_BOOK;
        p->empty = 0;
        p->wait_seq = t->seq;
        return;
    }
    struct step x = {.s = s,
                     .m = m,
                     .side = p->s > 0 ? WEIR_SELL : WEIR_BUY,
                     .left = weir_abs(p->s) - p->parked,
                     .size = weir_abs(p->s)};
    x.share = weir_twin_share(t, s, m, x.size, equity);
    x.price = step_price(t, &x, equity);
    x.bankruptcy = weir_twin_bankruptcy(t, s->account, m, x.size, x.share, false);
    struct ranked *line;
    bool any = t->v->adl_eligible == WEIR_ADL_ANY_OVERLAP;
    int count =
        weir_twin_rank(t, m, p->s > 0 ? -1 : 1, s->account, any ? &x.bankruptcy : NULL, &line);
    if (weir_twin_by_weight(t) || t->v->adl_ranking == WEIR_RANK_WATER_FILLING)
        in_parts(t, &x, line, count);
    else
        in_rank_order(t, &x, line, count);
    free(line);
    if (t->v->adl_ranking == WEIR_RANK_ROTATION && x.last)
        t->m[m].deleveraged[x.side == WEIR_SELL] = x.last;
    if (x.closed == 0 && t->v->adl_no_counterparty == WEIR_ADL_AT_MARK) last_resort(t, &x);
    /* Under `keep` one step a command tries; else the rest goes on with the next step. */
    if (x.closed > 0) p->adl_seq = 0;
}
