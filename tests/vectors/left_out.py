"""Cases that are left out, by kind or id, with the reason."""

PICKS = 'weir decides what it closes; no command asks for the closing of a given number of lots'
BEYOND = ('R24: a liquidation never fills worse than the bankruptcy price beyond what the fund '
          'grants, and never worse than mark; the published price is')

TOKENS = 'R8: collateral is an asset with one haircut; weir has no borrowed tokens with weights'
KEEPER = "the price limit of a third party who closes for his own account; there is none in weir"
RATE = 'R24: the liquidation fee is a fixed rate, bounded by what closing brought'
WEIGHTS = 'R8: positive_pnl_weight does not count for the trigger; there it does'
BORROW = 'the liabilities of a token lending pool; weir lends nothing'
LEVELS = 'R9 knows a maintenance and an initial margin, no further levels as multiples'
FUNDING = 'a requirement with a term for the next funding payment; R9 has none'
STEEP = 'a requirement of 461 % of the notional; R9 ends at 100 % and a reserve of 100 %'

# Kinds that the rules express in no case.
LEFT_OUT_KINDS = {
    'partial_close_size_weighted': TOKENS,
    'liquidator_limit_price': KEEPER,
    'insurance_fee_rate': RATE,
    'liquidation_fee_ramp': 'a fee for liquidators that grows in time; there are none in weir',
    'insurance_then_socialised_loss': BORROW,
    'margin_level_scaling': LEVELS,
    'closeout_cascade':
        'the venue takes a position over at mark, without capital, and keeps the margin; R27 takes '
        'it over at the better of mark and bankruptcy price, with capital',
    'partial_close_share': 'R36 has no policy that cuts all positions of a scope by one share',
    'takeover_price': 'R24 has no limit that keeps a part of the requirement as equity',
}

LEFT_OUT = {
    # drift
    'drift-018': 'R29: a market without lots keeps a loss for its next charge; there an error',
    # mango_v4
    **{f'mango-liqbase-{i:02}': WEIGHTS
       for i in (8, 9, 10, 11, 13, 14, 16, 18, 20, 21, 24, 26, 27)},
    # vega_generic
    'vega-026': 'a policy is part of the venue and does not change while it runs',
    'vega-054': STEEP,
    'vega-055': STEEP,
    'vega-058': FUNDING,
    'vega-059': FUNDING,
    # maker_dutch_auction
    'maker-11': 'R3: a price is at least one tick, and the auction is over then',
    # freqtrade_exchange_liq
    'ft-034': 'a position of notional 0 does not exist',
    # dydx_v4
    'dydx-IsLiquidatable-02':
        'R17: negative equity is liquidatable, with or without a position',
    'dydx-GetBankruptcyPriceInQuoteQuantums-14': 'R23: a price is at least one tick',
    'dydx-GetBankruptcyPriceInQuoteQuantums-17': PICKS,
    'dydx-GetBankruptcyPriceInQuoteQuantums-18': PICKS,
    'dydx-GetFillablePrice-07': BEYOND,
    'dydx-GetFillablePrice-09': BEYOND,
    'dydx-GetFillablePrice-10': BEYOND,
    'dydx-GetFillablePrice-11': BEYOND,
    'dydx-GetFillablePrice-16': PICKS,
    'dydx-GetFillablePrice-17': PICKS,
    'dydx-GetFillablePrice-18': PICKS,
    'dydx-ConvertFillablePriceToSubticks-01': 'R3: a price of 10^17 ticks is above any max_price',
    'dydx-ConvertFillablePriceToSubticks-02': 'R3: a price of 10^17 ticks is above any max_price',
    'dydx-ConvertFillablePriceToSubticks-07': 'R3: the bound is max_price, not that of 64 bits',
    'dydx-GetPerpetualPositionToLiquidate-17': 'R3: a position of 2^64 quantums does not fit',
    'dydx-GetMaxLiquidatableNotionalAndInsuranceLost-04':
        'a loss above its limit cannot happen (R31), so there is no answer to it',
    'dydx-SortLiquidationOrders-07': 'equals are ordered by a hash there, by account here',
    'dydx-ProcessDeleveraging-13': 'R28: ADL closes all that is left, not a tenth of it',
    'dydx-ProcessDeleveraging-17': PICKS,
    'dydx-ProcessDeleveraging-18': PICKS,
    'dydx-ProcessDeleveraging-19': PICKS,
    'dydx-GetMarginRequirementsInQuoteQuantums_2-05':
        'R9: an initial rate is above 0, as leverage has an end',
}

