/* Accounts, owners, scopes, legs, and the records that only some of them have (R6). */
#include "tests/ledger/scene.h"

Test(accounts, owners) {
    struct scene s;
    scene_open(&s, 100);
    struct weir_ledger *l = &s.ledger;
    static const struct {
        const char *name, *owner; /* NULL: none given */
        const char *belongs_to;   /* NULL: refused */
    } rows[] = {
        {"a", NULL, "a"},      {"b", "a", "a"},       {"c", "b", "a"},        /* b's owner is a */
        {"d", "firm", "firm"}, {"e", "firm", "firm"}, {"firm", NULL, "firm"}, /* keeps belonging */
        {"g", "h", "h"},       {"h", "a", NULL}, /* is an owner already, and another one */
        {"h", "h", "h"},       {"i", "i", "i"},       {"j", "d", "firm"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct weir_name name = scene_name(rows[i].name), owner = {0};
        if (rows[i].owner) owner = scene_name(rows[i].owner);
        enum weir_reason reason;
        uint32_t names = l->names.count;
        uint32_t a = weir_account_open(l, &name, rows[i].owner ? &owner : NULL, 0, &reason);
        if (!rows[i].belongs_to) {
            cr_assert_eq(a, WEIR_NO_INDEX);
            cr_assert_eq(reason, WEIR_R_NOT_ALLOWED);
            cr_assert_eq(l->names.count, names); /* a refusal costs nothing */
            continue;
        }
        cr_assert_neq(a, WEIR_NO_INDEX);
        cr_assert_str_eq(weir_account_name(l, a)->text, rows[i].name);
        cr_assert_str_eq(weir_owner_name(l, a)->text, rows[i].belongs_to);
        cr_assert_eq(weir_account_find(l, &name), a);
    }
    struct weir_name firm = scene_name("firm"), d = scene_name("d"), unknown = scene_name("x");
    uint32_t first = weir_account_find(l, &d);
    cr_assert_eq(weir_account_at(l, weir_account_find(l, &firm))->owner, first);
    uint32_t n = 0;
    for (uint32_t a = first; a != WEIR_NO_INDEX; a = weir_account_at(l, a)->next_owned)
        n++;
    cr_assert_eq(n, 4); /* d, e, firm, j */
    cr_assert_eq(weir_account_find(l, &unknown), WEIR_NO_INDEX);
    scene_close(&s);
}

/* Legs stand in the cross scope of their market's asset; all cross scopes of an account begin at
 * its first leg, whichever is made first. */
Test(accounts, cross_scopes) {
    struct scene s;
    scene_open(&s, 100);
    struct weir_ledger *l = &s.ledger;
    uint32_t a = scene_account(&s, "a"), scopes = l->scopes.count;
    cr_assert_eq(weir_cross_find(l, a, BTC), WEIR_NO_INDEX);
    uint32_t late = weir_leg_get(l, a, LATE), inverse = weir_leg_get(l, a, INVERSE);
    uint32_t coin = weir_cross_find(l, a, BTC), money = weir_account_at(l, a)->cross;
    cr_assert_eq(weir_account_cross(l, a, BTC), coin);
    cr_assert_eq(l->scopes.count, scopes + 1);
    uint32_t linear = weir_leg_get(l, a, LINEAR);
    cr_assert_eq(weir_leg_at(l, linear)->scope, money);
    cr_assert_eq(weir_leg_at(l, inverse)->scope, coin);
    cr_assert_eq(weir_account_first_leg(l, a), linear);
    cr_assert_eq(weir_scope_first_leg(l, coin), inverse);
    cr_assert_eq(weir_scope_next_leg(l, coin, inverse), WEIR_NO_INDEX);
    cr_assert_eq(weir_scope_first_leg(l, money), linear);
    cr_assert_eq(weir_scope_next_leg(l, money, linear), late);
    cr_assert_eq(weir_scope_next_leg(l, money, late), WEIR_NO_INDEX);
    cr_assert_eq(weir_scope_code(weir_scope_at(l, coin)), WEIR_CROSS(BTC));
    cr_assert_eq(weir_scope_money(l, weir_scope_at(l, coin)), BTC);
    /* Collateral of asset 0's scope stands beside the chain of cross scopes. */
    cr_assert(weir_post_collateral(l, money, ETH, 17));
    l->assets[ETH].deposits += 17;
    cr_assert_eq(weir_scope_collateral(l, money, ETH), 17);
    cr_assert_eq(weir_scope_collateral(l, money, BTC), 0);
    cr_assert_eq(weir_cross_find(l, a, BTC), coin);
    cr_assert_eq(weir_ledger_imbalance(l, ETH, 0, 0), 0);
    cr_assert(weir_leg_isolate(l, linear));
    uint32_t alone = weir_leg_at(l, linear)->scope;
    cr_assert_eq(weir_scope_first_leg(l, money), late);
    cr_assert_eq(weir_scope_first_leg(l, alone), linear);
    cr_assert_eq(weir_scope_next_leg(l, alone, linear), WEIR_NO_INDEX);
    /* Account order, cross by asset, isolated by market, the funds' accounts last. */
    uint32_t b = scene_account(&s, "b");
    const uint32_t order[] = {money, coin, alone, weir_account_at(l, b)->cross,
                              weir_account_at(l, 0)->cross};
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 5; k++)
            cr_assert_eq(
                weir_scope_before(l, weir_scope_at(l, order[i]), weir_scope_at(l, order[k])),
                i < k);
    scene_close(&s);
}

/* Going isolated and back any number of times takes one scope, and money goes where it belongs. */
Test(accounts, isolated_scopes_are_used_again) {
    struct scene s;
    scene_open(&s, 100);
    struct weir_ledger *l = &s.ledger;
    uint32_t a = scene_account(&s, "a"), leg = weir_leg_get(l, a, INVERSE);
    uint32_t cross = weir_cross_find(l, a, BTC), scopes = l->scopes.count;
    scene_deposit(&s, a, BTC, 1000);
    for (int i = 0; i < 1000; i++) {
        cr_assert(weir_leg_isolate(l, leg));
        uint32_t alone = weir_leg_at(l, leg)->scope;
        cr_assert_eq(weir_scope_own_balance(weir_scope_at(l, alone)), 0);
        weir_post_balance(l, cross, -7);
        weir_post_balance(l, alone, 7);
        weir_leg_rejoin(l, leg);
        cr_assert_eq(weir_leg_at(l, leg)->scope, cross);
        cr_assert_eq(weir_scope_balance(l, cross), 1000);
        cr_assert_eq(weir_scope_first_leg(l, alone), WEIR_NO_INDEX); /* left: holds nothing */
        cr_assert(weir_scope_flat(l, alone));
    }
    cr_assert_eq(l->scopes.count, scopes + 1);
    scene_close(&s);
}

/* What a leg has at a time is given back once nothing in it holds. */
Test(accounts, extras_come_and_go) {
    struct scene s;
    scene_open(&s, 100);
    struct weir_ledger *l = &s.ledger;
    uint32_t a = scene_account(&s, "a");
    struct weir_leg *g = weir_leg_at(l, weir_leg_get(l, a, LINEAR));
    struct weir_leg *other = weir_leg_at(l, weir_leg_get(l, a, LATE));
    const struct weir_leg_extra *none = weir_leg_extra(l, g);
    cr_assert_eq(weir_leg_orders(l, g)->order_count, 0);
    cr_assert_eq(weir_leg_orders(l, g)->first, WEIR_NO_INDEX);
    cr_assert_eq(weir_leg_open(l, g).loss, 0);
    cr_assert_eq(none->work.offer_next, WEIR_NO_INDEX);
    for (int kind = 2; kind < 6; kind++) {
        struct weir_leg_extra *e = weir_leg_extra_make(l, g);
        cr_assert(e != none && weir_leg_extra_make(l, g) == e);
        cr_assert_eq(weir_leg_extra(l, other), none);
        if (kind == 2) e->cooldown_until = 11;
        if (kind == 3) e->gap_until = 11, e->gap_paid = 5;
        if (kind == 4) e->backstop_free = 1;
        if (kind == 5) e->work.stage = WEIR_STAGE_BOOK;
        weir_leg_trim(l, g, 10);
        cr_assert_eq(weir_leg_extra(l, g), e); /* holds still */
        cr_assert(weir_ledger_audit(l) == NULL);
        if (kind == 4) e->backstop_free = 0;
        if (kind == 5) e->work.stage = WEIR_STAGE_NONE;
        weir_leg_trim(l, g, 11); /* a cool-down or interval is over at its end */
        cr_assert_eq(g->extra, 0);
        cr_assert(weir_ledger_audit(l) == NULL);
    }
    cr_assert_eq(l->extras.count, 2); /* the absent one and one that was used again */
    weir_leg_trim(l, g, 0);
    scene_close(&s);
}

/* Open orders, with a loss that needs more than 64 bits. */
Test(accounts, orders_of_a_leg) {
    struct scene s;
    scene_open(&s, 100);
    struct weir_ledger *l = &s.ledger;
    struct weir_leg *g = weir_leg_at(l, weir_leg_get(l, scene_account(&s, "a"), LINEAR));
    const weir_wide loss = ((weir_wide)3 << 64) + 5;
    for (int i = 0; i < 3; i++) {
        weir_leg_open_add(l, g, WEIR_BUY, 7, loss);
        weir_leg_open_add(l, g, WEIR_SELL, 2, 1);
        weir_leg_open_add(l, g, WEIR_SELL, 0, 4);
        weir_leg_orders_make(l, g)->order_count = 2;
        weir_leg_orders_make(l, g)->bid_count = 1;
        struct weir_open open = weir_leg_open(l, g);
        cr_assert(open.buys == 7 && open.sells == 2 && open.loss == loss + 5);
        weir_leg_open_add(l, g, WEIR_BUY, -7, -loss);
        weir_leg_open_add(l, g, WEIR_SELL, -2, -5);
        weir_leg_orders_make(l, g)->order_count = 0;
        weir_leg_trim(l, g, 0);
        cr_assert_neq(g->orders, 0); /* a bid holds it */
        weir_leg_orders_make(l, g)->bid_count = 0;
        weir_leg_trim(l, g, 0);
        cr_assert(g->orders == 0 && weir_ledger_audit(l) == NULL);
    }
    cr_assert_eq(l->orders.count, 2);
    scene_close(&s);
}

Test(accounts, cases_come_and_go) {
    struct scene s;
    scene_open(&s, 100);
    struct weir_ledger *l = &s.ledger;
    struct weir_scope *a = weir_scope_at(l, weir_account_at(l, scene_account(&s, "a"))->cross);
    struct weir_scope *b = weir_scope_at(l, weir_account_at(l, scene_account(&s, "b"))->cross);
    for (int i = 0; i < 3; i++) {
        struct weir_case *c = weir_case_open(l, a), *d = weir_case_open(l, b);
        cr_assert(c != d && a->queue == WEIR_QUEUE_WAITING && weir_scope_case(l, a) == c);
        cr_assert(c->kept == WEIR_NO_INDEX && c->queue_slot == WEIR_NO_INDEX && c->shortfall == 0 &&
                  !c->closed_lots);
        c->shortfall = 5;
        c->kept = 7;
        c->closed_lots = true;
        cr_assert(weir_ledger_audit(l) == NULL);
        weir_case_close(l, a);
        cr_assert_eq(a->queue, WEIR_QUEUE_NONE);
        weir_case_close(l, b);
    }
    cr_assert_eq(l->cases.count, 3);
    scene_close(&s);
}

/* An account with one position: 16 + 32 + 64 and its place in the list; names apart, at most 64. */
Test(accounts, memory) {
    enum { ACCOUNTS = 100000 };
    struct scene s;
    scene_open(&s, ACCOUNTS);
    struct weir_ledger *l = &s.ledger;
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        char text[32];
        snprintf(text, sizeof text, "account-%u", i);
        uint32_t leg = weir_leg_get(l, scene_account(&s, text), LINEAR);
        scene_side(&s, leg, i % 2 ? -1 : 1, 1000);
    }
    struct weir_memory rows[WEIR_LEDGER_MEMORY];
    weir_ledger_memory(l, rows);
    uint64_t state = 0, names = 0;
    for (int i = 0; i < WEIR_LEDGER_MEMORY; i++) {
        cr_assert(rows[i].what != NULL && rows[i].committed >= rows[i].used);
        if (rows[i].names)
            names += rows[i].used;
        else
            state += rows[i].used;
    }
    cr_assert_eq(state / ACCOUNTS, 116);
    cr_assert(names / ACCOUNTS <= 64);
    scene_close(&s);
}
