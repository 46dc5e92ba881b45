"""Why cases are left out. A case is left out by its kind, or by what it asks for: its test raises
LeftOut with one of these reasons."""

PICKS = 'weir decides what it closes; no command asks for the closing of a given number of lots'
BEYOND = ('R24: a liquidation never fills worse than the bankruptcy price beyond what the fund '
          'grants, and never worse than mark; the published price is')
FLAT = 'R17: negative equity is liquidatable, with or without a position'
TICK = 'R3, R23: a price is at least one tick'
BIG = 'R3: prices and quantities have bounds of their own, not that of 64 bits'
PANIC = 'a loss above its limit cannot happen (R31), so there is no answer to it'
HASH = 'equals are ordered by a hash there, by account here'
TENTH = 'R28: ADL closes all that is left, not a part of it'
NO_INITIAL = 'R9: an initial rate is above 0, as leverage has an end'
CAPPED = 'who takes the loss over stops at a limit of his own; there is no such party in weir'
UNSETTLED = ('R8: P&L that a limit or a fee keeps from being settled counts with a weight for the '
             'trigger there, in full here')
NOBODY = 'R29: a market without lots keeps a loss for its next charge; there an error'
CHANGES = 'a policy is part of the venue and does not change while it runs'
STEEP = 'R9: a requirement ends at 100 % of the notional and a reserve of 100 %'
FUNDING = 'a requirement with a term for the next funding payment; R9 has none'
BELOW = 'R17: who is below the requirement is liquidated at the present mark, whatever comes next'
OVER = 'R3: a price is at least one tick, and the auction is over then'
NOTHING = 'a position of notional 0 does not exist'

# Kinds that the rules express in no case.
LEFT_OUT_KINDS = {
    'partial_close_size_weighted':
        'R8: collateral is an asset with one haircut; weir has no borrowed tokens with weights',
    'liquidator_limit_price':
        'the price limit of a third party who closes for his own account; there is none in weir',
    'insurance_fee_rate':
        'R24: the liquidation fee is a fixed rate, bounded by what closing brought',
    'liquidation_fee_ramp': 'a fee for liquidators that grows in time; there are none in weir',
    'margin_level_scaling':
        'R9 knows a maintenance and an initial margin, no further levels as multiples',
    'closeout_cascade':
        'the venue takes a position over at mark, without capital, and keeps the margin; R27 takes '
        'it over at the better of mark and bankruptcy price, with capital',
    'partial_close_share': 'R36 has no policy that cuts all positions of a scope by one share',
    'takeover_price': 'R24 has no limit that keeps a part of the requirement as equity',
}
