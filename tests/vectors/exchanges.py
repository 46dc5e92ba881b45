"""exchange_docs.jsonl and freqtrade_exchange_liq.jsonl: what exchanges show in their own help
pages, and how a trading project asserts their liquidation prices; each under the profile of its
exchange, those without one under options of their own (LOOSE)."""

from fractions import Fraction as F

import left_out
from scene import LeftOut, Scene, equal, held, number

LOOSE = {'trigger': {'rule': 'maintenance', 'warn_at': 'none'}}


def sign(side):
    return 1 if side == 'long' else -1


def rounded(value, like):
    """To as many digits as the published number shows."""
    digits = len(repr(like).partition('.')[2])
    return round(value, digits)


# ---- Tiers --------------------------------------------------------------------------------------
def margins(tiers, notionals, decimals=2, lot=1, **more):
    """Maintenance and initial margin of a position of `lot` worth each notional."""
    s = Scene(decimals)
    tick = F(1, 10**decimals)
    s.market('M', notionals[0], tiers, tick, lot, **more)
    s.top = max(notionals)
    s.account('a', s.top * 4, {'M': lot})
    s.open().settle()
    asked = []
    for notional in notionals:
        s.send('index', market='M', price=F(notional))
        asked.append(s.query('a'))
    s.run()
    answers = [s.answer(command) for command in asked]
    return [(F(a['maintenance_margin']), F(a['initial_margin'])) for a in answers]


def maintenance_margin(inputs, expected):
    """One row of a published table: the rows below it, which are not given, are made so that its
    maintenance amount comes out."""
    rate, amount = F(inputs['mmr']), F(inputs['maintenance_amount'])
    got = margins(below(rate, amount), [F(inputs['notional'])], 6)[0][0]
    equal('maintenance margin', got, rounded(number(expected['maintenance_margin']), 0.01))


def below(rate, amount):
    """Tiers whose last has this rate and maintenance amount."""
    if not amount:
        return [(None, rate, F(1))]
    return [(amount / (rate / 2), rate / 2, F(1)), (None, rate, F(1))]


def deductions(inputs, expected):
    """Tiers by leverage; 1/(2 L) to nine digits, which is what a rate has."""
    lower = [F(t['lower']) for t in inputs['tiers']] + [None]
    exact = [F(1, 2 * t['max_leverage']) for t in inputs['tiers']]
    rates = [round(r, 9) for r in exact]
    tolerance = 0 if rates == exact else F(1, 10**7)
    tiers = [(cap, rate, 2 * rate) for cap, rate in zip(lower[1:], rates)]
    notionals = [F(m['notional']) for m in expected['margins']]
    for got, wanted in zip(margins(tiers, notionals, 4), expected['margins']):
        equal(f'maintenance margin at {wanted["notional"]}', got[0],
              number(wanted['maintenance_margin']), tolerance)
    # The deduction of a tier is what its rate is above the margin, anywhere in it.
    inside = [c + 10**6 for c in lower[:-1]]
    for notional, rate, got, wanted in zip(inside, rates, margins(tiers, inside, 4),
                                           expected['deductions']):
        equal('deduction', notional * rate - got[0], number(wanted), tolerance)


def amount_table(inputs, expected):
    rows = inputs['tiers']
    tiers = [(F(t['cap']), number(t['mmr']), F(1)) for t in rows]
    inside = [F(t['floor']) + 1000 for t in rows]
    for row, notional, got, wanted in zip(rows, inside, margins(tiers, inside),
                                          expected['maintenance_amounts']):
        equal(f'amount from {row["floor"]}', notional * number(row['mmr']) - got[0], wanted)


def lookup(inputs, expected):
    """Initial rates that name the tier: twice its rate, at most 1."""
    notional, rows = number(inputs['notional']), inputs['tiers']
    if not notional:
        raise LeftOut(left_out.NOTHING)
    more = {}
    if isinstance(rows[0], list):
        tiers = [(F(cap), number(rate), 2 * number(rate)) for _, cap, rate in rows]
    else:
        tiers = [(F(t['cap']), number(t['mmr']), min(F(1), 2 * number(t['mmr']))) for t in rows]
        more = {'tier_edge': 'lower_inclusive'}
    got = margins(tiers, [notional], 4 if notional < 10**6 else 2, **more)[0]
    rate = number(expected['mmr'])
    equal('tier', got[1], notional * 2 * rate)
    equal('maintenance margin', got[0],
          notional * rate - number(expected['maintenance_amount'] or 0))


# ---- Prices -------------------------------------------------------------------------------------
def liquidation_price(inputs, expected):
    if 'mmf' in inputs:
        return ftx_prices(inputs, expected)
    size, entry = number(inputs['size']), number(inputs['entry'])
    rate, taker = number(inputs['mmr']), inputs.get('taker_fee')
    more, tiers = {}, below(rate, number(inputs.get('maintenance_amount', 0)))
    if taker is not None:  # OKX and Gate: the closing fee belongs to the requirement
        more['closing_fee_reserve'] = repr(taker)
    margin = inputs.get('wallet_balance', inputs.get('margin'))
    if margin is None:  # Bybit: what leverage asks of the value at entry
        margin = entry * size / inputs['leverage']
    else:
        margin = round(number(margin), 12)
    isolated = not inputs.get('other_positions') and margin < 10**4
    digits = 12 if isolated else 8
    s = Scene(digits)
    s.market('M', entry, tiers, F(1, 10**(digits - 3)), F(1, 1000), entry, **more)
    others = inputs.get('other_positions') or []
    quote, positions = margin, {'M': sign(inputs['side']) * size}
    for i, other in enumerate(others):
        s.market(f'O{i}', number(other['mark']),
                 below(number(other['mmr']), number(other['cum'])), F(1, 10**5), F(1, 1000),
                 number(other['entry']))
        positions[f'O{i}'] = number(other['size'])
        quote -= positions[f'O{i}'] * number(other['entry'])
    s.account('a', quote - positions['M'] * entry, positions)
    s.isolated = 'M' if isolated else None
    s.open().settle()
    asked = s.query('a')
    position = held(s.run().answer(asked), 'M')
    price, wanted = F(position['liquidation_price']), expected['liquidation_price']
    if not isolated:
        equal('liquidation price', rounded(price, wanted), number(wanted))
    else:
        equal('liquidation price', price, number(wanted), F(1, 10**9))
    return None


def ftx_prices(inputs, expected):
    """Book and backstop begin at shares of the notional: the second at `backstop.at`. The page's
    own figures are rough; those derived from its formula are exact to the cent."""
    size, entry = inputs['size'], inputs['entry']
    base = F(inputs['mmf'])
    for price, stages in ((expected['liquidation_start_price'], 1),
                          (expected['backstop_price'], 2)):
        for mark, reached in ((number(price) + F(1, 100), stages - 1), (number(price), stages)):
            s = Scene(2, backstop={'at': ratio(inputs)})
            s.market('M', mark, [(None, base, F(1))], F(1, 100), 1, entry)
            s.account('a', inputs['collateral'] - size * entry, {'M': size})
            provider(s)
            s.settle().start()
            equal(f'stages at {float(mark)}', stage(s), reached)


def ratio(inputs):
    """Where the backstop begins, as a share of the requirement."""
    return str(float(F(inputs['acmf']) / F(inputs['mmf'])))


def provider(s, bids=True):
    """A volunteer and, unless the case has its own, bids at the mark for whatever is sold, and a
    day's volume of which slices are a share."""
    s.open()
    if bids:
        s.send('account', account='trader')
        s.send('deposit', account='trader', amount='1000000000000')
        for symbol, market in s.markets.items():
            for name, side in (('trader', 'sell'), ('house', 'buy')):
                s.send('order', account=name, market=symbol, id='volume', side=side, type='limit',
                       qty='10000000', price=s.opening_prices()[symbol])
            s.send('order', account='house', market=symbol, id=f'bid-{symbol}', side='buy',
                   type='limit', qty='10000', price=market['price'])
    s.send('account', account='provider')
    s.send('deposit', account='provider', amount='1000000000')
    for market in s.markets:
        s.send('backstop', account='provider', market=market, notional='1000000000',
               loss_limit='1000000000')


def stage(s):
    """0 nothing, 1 orders in the book, 2 backstop: within a minute, as slices come at random."""
    for second in range(60):
        s.send('clock', t=second * 10**9)
    s.run()
    if s.of('fill', kind='backstop'):
        return 2
    return 1 if s.of('fill', kind='liquidation') else 0


def waterfall(inputs, expected):
    """Margin by the notional at entry, as the page counts it."""
    base, start = inputs['position_notional_initial'], number(inputs['drop_pct'])
    s = Scene(2, backstop={'at': ratio(inputs)})
    s.market('M', 1000 * (1 - start / 100), [(None, F(inputs['mmf']), F(inputs['imf']))],
             F(1, 100), 1, 1000, margin_basis='entry')
    s.account('a', inputs['collateral'] - base, {'M': F(base, 1000)})
    provider(s)
    s.settle()
    asked = s.query('a')
    s.start()
    percent = [float(F(inputs[key]) * 100) for key in ('mmf', 'acmf')]
    names = ['normal', f'market liquidation orders (below {percent[0]:g}% MMF)',
             f'backstop LPs (below {percent[1]:g}% ACMF)']
    equal('state', names[stage(s)], expected['state'])
    equal('equity', F(s.answer(asked)['equity']), expected['equity'])


def bankruptcy_price(inputs, expected):
    size, entry = inputs['size'], inputs['entry']
    money = inputs['position_margin'] + inputs['wallet_balance']
    s = Scene(6)
    s.market('M', inputs['mark'], [(None, F(1, 100), F(1, 10))], F(1, 100), 1)
    s.account('a', money - sign(inputs['side']) * size * entry,
              {'M': sign(inputs['side']) * size})
    s.open().settle()
    asked = s.query('a')
    position = held(s.run().answer(asked), 'M')
    equal('bankruptcy price', F(position['bankruptcy_price']), expected['bankruptcy_price'])


def inverse_bankruptcy(inputs, expected):
    """Requirement on the value at entry, closing fee at the bankruptcy price, which is rounded up
    to the tick (R23). The page's liquidation price (5739.5) is not what its own formula gives
    (5739.08)."""
    taker, entry, qty = inputs['taker'], inputs['entry'], inputs['qty']
    wanted = number(expected['liquidation_price'])

    def at(mark):
        s = Scene(8)
        s.market('M', mark, [(None, F(inputs['mmr']), F(1))], F(1, 100), 1, entry,
                 contract='inverse', closing_fee_reserve=taker, fees={'taker': taker})
        s.account('a', F(inputs['balance']) - qty * entry, {'M': qty})
        return s.open().settle()

    s = at(entry)
    asked = s.query('a')
    position = held(s.run().answer(asked), 'M')
    equal('liquidation price', F(position['liquidation_price']), wanted, F(1, 10**4))
    step = at(wanted - 1).start().run().step()
    equal('bankruptcy price', F(step['limit']), number(expected['bankruptcy_price']),
          F(2, 10**6))


# ---- Stages -------------------------------------------------------------------------------------
def adl_queue(inputs, expected):
    """Counterparties in the published order: each has less money behind its profit than the one
    after it."""
    price, mark = inputs['liquidated']['bankruptcy_price'], 640
    s = Scene(6)
    s.market('M', mark, [(None, F(1, 10), F(1, 5))], 1, 1, 600)
    size = inputs['liquidated']['qty']
    s.account('liquidated', size * price, {'M': -size})
    for place, row in enumerate(inputs['queue']):
        s.account(f'c{row["id"]}', row['qty'] * (200 * (place + 1) - 600), {'M': row['qty']})
    s.open().settle().start()
    asked = {key: s.query(f'c{key}') for key in expected['remaining']}
    s.run()
    fills = [{'id': int(e['counterparty'][1:]), 'qty': int(F(e['qty'])),
              'price': int(F(e['price']))} for e in s.of('adl')]
    equal('fills', fills, expected['fills'])
    for key, left in expected['remaining'].items():
        equal(f'left of {key}', F(held(s.answer(asked[key]), 'M')['qty']), left)


def assignment(inputs, expected):
    """What the book does not take goes to volunteers."""
    s = Scene(2, **LOOSE)
    s.market('M', 95, [(None, F(1, 10), F(1, 5))], 1, 1, 100)
    s.account('a', inputs['position'] * (2 - 95), {'M': inputs['position']})
    provider(s, bids=False)
    s.send('order', account='house', market='M', id='bid', side='buy', type='limit',
           qty=F(inputs['filled_in_book']), price='95')
    s.settle().start().run()
    equal('filled', sum(F(f['qty']) for f in s.of('fill', kind='liquidation')),
          inputs['filled_in_book'])
    equal('assigned', sum(F(f['qty']) for f in s.of('fill', kind='backstop')),
          expected['assigned_to_PAS'])


def adl_by_fund(inputs, expected):
    """A scope below zero is closed in the book while the fund pays, and deleveraged when it has
    nothing."""
    for money, triggered in ((inputs['pool_balance'], expected['triggered']), (1000, False)):
        s = Scene(6)
        s.market('M', 90, [(None, F(1, 100), F(1, 5))], F(1, 100), 1, 100)
        s.account('a', -95 * 10, {'M': 10})
        s.open()
        if money:
            s.send('fund', amount=str(money))
        # A grant reaches to the mark but for what prices are rounded by.
        s.send('order', account='house', market='M', id='bid', side='buy', type='limit', qty='10',
               price='90.02')
        s.settle().start().run()
        equal(f'deleveraged with {money} in the fund', bool(s.of('adl')), triggered)


def zero_price(_inputs, expected):
    """Closing some of it at the bankruptcy price leaves equity / requirement as it was."""
    for side in (1, -1):
        policy = {'name': 'fraction', 'threshold': 0, 'fraction': '0.3', 'cooldown': '1h',
                  'frontier': 'false'}
        s = Scene(6, trigger=LOOSE['trigger'], liquidation={'policy': policy, 'steps_per_command':
                                                            1})
        s.market('M', 1000, [(None, F(1, 10), F(1, 5))], F(1, 10**6), 1)
        s.market('N', 1000, [(None, F(1, 10), F(1, 5))], F(1, 10**6), 1)
        s.account('a', 900 - side * 10000 - side * 5000, {'M': side * 10, 'N': side * 5})
        s.open()
        price = 1000 - side * (900 * F(2, 3) / 10)
        s.send('order', account='house', market='M', id='o', type='limit', qty='3', price=price,
               side='buy' if side > 0 else 'sell')
        s.settle()
        before = s.query('a')
        s.send('market_status', market='M', status='trading')
        after = s.query('a')
        s.run()
        equal('price', F(s.step('M')['limit']), price)
        equal('filled', F(s.step('M')['filled']), 3)
        ratios = [s.answer(c)['margin_ratio'] for c in (before, after)]
        equal('ratio kept', ratios[0] == ratios[1], expected['property'])


KINDS = {
    'tier_maintenance_margin': maintenance_margin, 'tier_maintenance_deduction': deductions,
    'tier_maintenance_amount_table': amount_table, 'tier_lookup': lookup,
    'liquidation_price': liquidation_price, 'waterfall_state': waterfall,
    'bankruptcy_price_linear': bankruptcy_price,
    'liquidation_price_cross_inverse': inverse_bankruptcy, 'adl_allocation': adl_queue,
    'assignment_after_book': assignment, 'adl_trigger_equity': adl_by_fund,
    'zero_price': zero_price,
}
