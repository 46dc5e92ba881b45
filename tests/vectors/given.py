"""What cases set besides their own state: the options in which a case differs from its venue's
profile, by kind, with the reason. The test fails where a case sets another."""

LIMITS = 'the case gives the limits of a block'
CALLS = 'the case calls the stage itself, above zero too'
READ = 'the bankruptcy price is read off the limit of a slice'
CURVE = 'the case gives the curve'
SOLD = 'the case sells on, however much the seller has by now'
DISPOSAL = 'the case gives the figures of the disposal'

GIVEN = {
    # dydx_v4
    'bankruptcy_quote': {'liquidation.policy.share': 'the case says which part is closed',
                         'liquidation.limit': READ, 'funds': READ},
    'fillable_price': {'liquidation.fillable.spread': 'the case gives it',
                       'liquidation.fillable.adjustment': 'the case gives it'},
    'insurance_delta': {'liquidation.limit': 'the case gives the price of the fill'},
    'partial_close_size': {
        'liquidation.policy.share': LIMITS, 'liquidation.policy.min_notional': LIMITS,
        'liquidation.policy.account_notional': LIMITS, 'liquidation.policy.account_loss': LIMITS,
        'liquidation.policy.slippage': "drift: the case gives the liquidator's fee"},
    'partial_close_limits': {'liquidation.policy.share': LIMITS,
                             'liquidation.policy.min_notional': LIMITS},
    'block_limits': {'liquidation.policy.share': LIMITS,
                     'liquidation.policy.account_notional': LIMITS,
                     'liquidation.policy.account_loss': LIMITS,
                     'liquidation.restore_margin': 'both positions are to be closed'},
    'liquidation_priority': {
        'liquidation.fillable.spread': 'prices are given, not the spread that makes them',
        'trigger.rule': 'one of the accounts has just its requirement',
        'liquidation.order': 'among equals the larger is first there'},
    'adl_pair': {'adl.when': CALLS, 'adl.price': 'the case says at which of both prices',
                 'liquidation.order': 'of two that are liquidatable the case names one',
                 'liquidation.policy.share': 'the case says which part is closed',
                 'liquidation.limit': READ, 'funds': READ},
    'adl_offset_multi': {'adl.when': CALLS, 'adl.seed': 'the case begins with the first account'},
    # exchange_docs, freqtrade_exchange_liq
    'waterfall_state': {'market.margin_basis': 'the page reckons with the notional at entry'},
    'tier_lookup': {'market.tier_edge': 'the project counts a cap to the tier above it; the venue '
                                        'to that below'},
    # maker_dutch_auction
    'dutch_linear': {'auction.start': CURVE, 'auction.curve': CURVE, 'auction.duration': CURVE,
                     'auction.tail': CURVE, 'auction.cusp': CURVE,
                     'liquidation.restore_margin': SOLD},
    'dutch_exponential': {'auction.start': CURVE, 'auction.curve': CURVE,
                          'auction.duration': CURVE, 'auction.step': CURVE, 'auction.cut': CURVE,
                          'auction.tail': CURVE, 'auction.cusp': CURVE,
                          'liquidation.restore_margin': SOLD},
    'dutch_stairstep': {'auction.start': CURVE, 'auction.duration': CURVE, 'auction.step': CURVE,
                        'auction.cut': CURVE, 'auction.tail': CURVE, 'auction.cusp': CURVE,
                        'liquidation.restore_margin': SOLD},
    'dutch_reset': {'auction.start': CURVE, 'auction.duration': CURVE, 'auction.step': CURVE,
                    'auction.tail': CURVE, 'auction.cusp': CURVE,
                    'liquidation.restore_margin': SOLD},
    # synthetix_v3
    'rate_limited_liquidation_window': {'liquidation.policy.window': 'the case gives it',
                                        'liquidation.policy.notional': 'the case gives it'},
    # vega_generic
    'staggered_close_size': {f'absorb.policy.{key}': DISPOSAL for key in (
        'step', 'fraction', 'full_size', 'slippage_range', 'max_share')},
    'staggered_close_schedule': {f'absorb.policy.{key}': DISPOSAL for key in (
        'step', 'fraction', 'full_size', 'slippage_range', 'max_share')},
    'staggered_close_timing': {f'absorb.policy.{key}': DISPOSAL for key in (
        'step', 'fraction', 'full_size', 'slippage_range', 'max_share')},
    'loss_socialisation_split': {
        'absorb.enabled': 'the case is about money; the lots are closed at mark'},
    'disposal_price_bound': {'absorb.policy.slippage_range': DISPOSAL},
}
