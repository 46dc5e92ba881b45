/* Traders who answer a margin call: some pay in, some close half, most do nothing. */
#include "flow/internal.h"

#define TOP_UP 0.5 /* of what was deposited at the start */

static int64_t account_of(const struct weir_flow *flow, const struct weir_name *name) {
    int64_t number = weir_flow_number(name, "t");
    return number >= 1 && number <= flow->account_count ? number - 1 : -1;
}

void weir_answers_call(struct weir_flow *flow, const struct weir_event *event) {
    const struct weir_flow_population *p = &flow->scenario->population;
    int64_t account = account_of(flow, event->margin_call.account);
    if (account < 0) return;
    /* A habit of the account, not of the call. */
    uint64_t habit = weir_random_at(flow->answers_key, (uint64_t)account) % (uint64_t)WEIR_PPB;
    if (habit >= (uint64_t)(p->top_up_share + p->cut_share)) return;
    weir_flow_schedule(flow, weir_max(flow->now, event->t) + weir_max(1, p->answer_after),
                       TASK_ANSWER, (uint32_t)account, habit < (uint64_t)p->top_up_share,
                       weir_scope_asset(flow->venue, event->margin_call.scope_market));
}

static void top_up(struct weir_flow *flow, const struct flow_account *a,
                   const struct weir_name *name, uint32_t asset) {
    weir_amount units = 0;
    for (int i = 0; i < 2; i++)
        if (flow->markets[a->legs[i].market].venue->asset == asset) units += a->legs[i].deposit;
    units /= (weir_amount)(1 / TOP_UP);
    if (units <= 0) return;
    weir_flow_send_deposit(flow, name, asset, units);
    if (a->isolated)
        weir_flow_send_isolated(flow, name, &flow->markets[a->legs[0].market], units, false);
}

static void cut(struct weir_flow *flow, const struct flow_account *a,
                const struct weir_name *name) {
    for (int i = 0; i < 2; i++) {
        const struct flow_leg *leg = &a->legs[i];
        weir_qty lots = weir_abs(leg->lots) / 2;
        const struct flow_market *m = &flow->markets[leg->market];
        if (weir_flow_closed(flow, m) || lots < weir_flow_least(m, m->index)) continue;
        /* Refused where a liquidation or a stop was quicker. */
        struct weir_name id = weir_flow_name("cut%d", i);
        weir_flow_send_order(flow, name, &id, m,
                             &(struct flow_order){.side = leg->lots > 0 ? WEIR_SELL : WEIR_BUY,
                                                  .type = WEIR_MARKET,
                                                  .tif = WEIR_IOC,
                                                  .lots = lots,
                                                  .reduce_only = true});
    }
}

void weir_answers_act(struct weir_flow *flow, const struct flow_task *task) {
    const struct flow_account *a = &flow->accounts[task->who];
    struct weir_name name = weir_flow_account_name(flow, task->who);
    if (task->what)
        top_up(flow, a, &name, (uint32_t)task->number);
    else
        cut(flow, a, &name);
}
