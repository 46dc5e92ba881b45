"""dydx_v4.jsonl, under the profile dydx-v4: equity = quote balance + sizes at the oracle; the
requirement is IMF * MF of the notional."""

import math
from fractions import Fraction as F

import left_out
from scene import LeftOut, Scene, equal, held, number, text

UNIT = F(1, 10**6)


def millionths(count):
    return text(F(count, 10**6))


def rates(market):
    initial = F(market['imf_ppm'], 10**6)
    return initial * F(market['mmf_of_imf_ppm'], 10**6), initial


def sized(positions):
    """{market: quantums} of either spelling."""
    if isinstance(positions, dict):
        return {int(k): v for k, v in positions.items()}
    return {p['market']: p['size'] for p in positions}


def round_divisor(count):
    """The largest divisor of which the inverse is a decimal: no prime factors but 2 and 5."""
    rest = count
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    return count // rest


def scene(markets, accounts, deltas=(), decimals=6, **venue):
    """accounts: (name, quote quantums, {market: size in quantums}, keys)."""
    made = Scene(decimals, **venue)
    exponents = {m['id']: F(10) ** m['base_exponent'] for m in markets}
    for market in markets:
        idx = market['id']
        if not any(a[2].get(idx) for a in accounts) and len(markets) > 1:
            continue
        sizes = [abs(a[2].get(idx, 0)) for a in accounts] + [abs(d) for d in deltas]
        lot = round_divisor(math.gcd(*sizes) or 10**6) * exponents[idx]
        rate, initial = rates(market)
        made.market(f'M{idx}', number(market['oracle_usd']),
                    [(None, rate, initial)],
                    F(1, 10**decimals) / lot, lot)
    for name, quote, positions, keys in accounts:
        made.account(name, quote * UNIT, {f'M{m}': s * exponents[m] for m, s in positions.items()},
                     **keys)
    return made.open()


BTC = {'id': 0, 'base_exponent': -8, 'oracle_usd': '50000', 'imf_ppm': 200000,
       'mmf_of_imf_ppm': 500000}


def one(inputs, deltas=(), decimals=6, **venue):
    return scene(inputs['markets'] or [BTC],
                 [('a', inputs['quote_balance'], sized(inputs['positions']), {})],
                 deltas, decimals, **venue)


def is_liquidatable(inputs, expected):
    if not inputs['positions'] and inputs['quote_balance'] < 0:
        raise LeftOut(left_out.FLAT)
    s = one(inputs).settle()
    asked = s.query('a')
    answer = s.run().answer(asked)
    equal('liquidatable', answer['liquidatable'], expected['liquidatable'])
    equal('maintenance margin', F(answer['maintenance_margin']),
          expected['maintenance_margin'] * UNIT)
    equal('equity', F(answer['equity']), expected['equity'] * UNIT)


def capped(**limits):
    """The profile's policy with limits of the case."""
    return {'liquidation': {'policy': limits}}


def bankruptcy_quote(inputs, expected, decimals=6):
    """Signed quote that closing at the bankruptcy price moves; the venue rounds it up."""
    market, delta = inputs['market'], inputs['delta_size']
    if 'error' in expected:
        raise LeftOut(left_out.PICKS)
    wanted = expected.get('bankruptcy_quote', expected.get('derived_bankruptcy_quote'))
    if wanted * delta >= 0:
        raise LeftOut(left_out.TICK)
    size = sized(inputs['positions'])[market]
    part = F(abs(delta), abs(size))
    if part != 1 and math.gcd(size, delta) < 1000:
        decimals = max(decimals, 12)
    if part == 1:
        s = one(inputs, [delta], decimals).settle()
        asked = s.query('a')
        position = held(s.run().answer(asked), f'M{market}')
        quote = F(position['bankruptcy_price']) * abs(F(position['qty']))
    else:
        # The limit of a slice is its bankruptcy price where nothing is taken off or granted.
        s = one(inputs, [delta], decimals,
                liquidation={'limit': 'bankruptcy', 'policy': {'share': text(part)}},
                funds=[{'name': 'main', 'payout': 'partial'}])
        step = s.settle().start().run().step(f'M{market}')
        exponent = next(m['base_exponent'] for m in inputs['markets'] if m['id'] == market)
        equal('slice', F(step['qty']), abs(delta) * F(10) ** exponent)
        quote = F(step['limit']) * F(step['qty'])
    signed = (quote if delta < 0 else -quote) / UNIT
    # A price is rounded in the scope's favour, at most by a tick for each lot.
    ticks = 0 if part == 1 else abs(delta) * F(1, 10**(decimals - 6))
    if not wanted - 1 < signed <= wanted + ticks:
        equal('quote', math.ceil(signed), wanted)


def fillable_price(inputs, expected):
    if 'error' in expected:
        raise LeftOut(left_out.PICKS)
    market = next(m for m in inputs['markets'] if m['id'] == inputs['market'])
    worth, need = requirement(inputs, inputs['markets'])
    published, oracle = number(expected['usd']), F(market['oracle_usd'])
    if abs(published - oracle) > oracle * rates(market)[0] * max(0, worth) / need:
        raise LeftOut(left_out.BEYOND)
    s = one(inputs, [inputs['delta_size']],
            liquidation={'fillable': {
                'spread': millionths(inputs['spread_to_mmr_ppm']),
                # Above 1000, where venues end, it makes no difference: x is at most 1.
                'adjustment': millionths(min(inputs['bankruptcy_adjustment_ppm'], 10**9))}})
    step = s.settle().start().run().step(f"M{inputs['market']}")
    equal('limit', F(step['limit']), number(expected['usd']))


def insurance_delta(inputs, expected):
    """What the fund receives: the fill's excess over the bankruptcy price up to the fee; or what it
    pays for a fill beyond that."""
    rate = millionths(inputs['max_liquidation_fee_ppm'])
    s = one(inputs, [inputs['fill_size']], 7, liquidation={'limit': 'bankruptcy'})
    s.send('fund', amount='100000')
    market = s.markets['M0']
    market['more'] = {'fees': {'liquidation': rate}}
    s.send('order', account='house', market='M0', id='h', type='limit',
           side='sell' if inputs['is_buy'] else 'buy', qty=inputs['fill_size'] * F(1, 10**8),
           price=inputs['subticks'] * UNIT)
    s.settle().start().run()
    fills = s.of('fill', kind='liquidation')
    equal('filled', sum(F(f['qty']) for f in fills), inputs['fill_size'] * F(1, 10**8))
    paid = sum(F(e['amount']) for e in s.of('fund_movement') if e['cause'] != 'seed')
    equal('fund receives', math.floor(paid / UNIT), expected['insurance_delta'])


def fund_can_cover(inputs, expected):
    """A position whose closing at mark lacks -delta is closed exactly if the fund can pay it."""
    s = scene([BTC], [('a', inputs['delta'] - 50000 * 10**6, {0: 10**8}, {})])
    if inputs['balance']:
        s.send('fund', amount=inputs['balance'] * UNIT)
    s.send('order', account='house', market='M0', id='h', type='limit', side='buy', qty='1',
           price='50000')
    s.settle().start().run()
    equal('filled', bool(s.of('fill', kind='liquidation')), expected['valid'])
    if expected['valid']:
        equal('fund', sum(F(e['amount']) for e in s.of('fund_movement', cause='gap')),
              min(F(0), inputs['delta'] * UNIT))


def tick_rounding(inputs, expected):
    """A bankruptcy price below one tick: rounded up for a long, never below one tick."""
    if int(expected['subticks']) > 10**15:
        raise LeftOut(left_out.BIG)
    s = Scene(0)
    s.market('M', 1000, [(None, F(1), None)], 100, 1)
    # dYdX's 7 quantums a base quantum are 0.7 of a subtick there.
    s.account('a', -inputs['fillable_price'], {'M': 10})
    s.open().settle()
    asked = s.query('a')
    position = held(s.run().answer(asked), 'M')
    equal('price', F(position['bankruptcy_price']), F(expected['subticks']))


def partial_close(inputs, expected):
    """The first slice: a share of the position, whole where the least notional is above it."""
    if abs(inputs['position']) >= 2**63:
        raise LeftOut(left_out.BIG)
    config = inputs['config']
    block, account = config['PositionBlockLimits'], config['SubaccountBlockLimits']
    limits = {'share': millionths(block['MaxPositionPortionLiquidatedPpm']),
              'min_notional': millionths(block['MinPositionNotionalLiquidated'])}
    for key, name in (('account_notional', 'MaxNotionalLiquidated'),
                      ('account_loss', 'MaxQuantumsInsuranceLost')):
        limits[key] = millionths(account[name]) if account[name] < 2**63 else 'none'
    size = F(inputs['position'], 10**8)
    notional = abs(size) * 50000
    s = Scene(6, **capped(**limits))
    s.market('M0', 50000, [(None, F(1, 10), F(1, 5))], 20, F(5, 10**8))
    s.account('a', notional * F(9, 100) - size * 50000, {'M0': size})
    step = s.open().settle().start().run().step()
    equal('side', step['side'], 'sell' if expected['delta_size'] < 0 else 'buy')
    equal('slice', F(step['qty']), F(abs(expected['delta_size']), 10**8))


def close_limits(inputs, expected):
    """Largest and least notional of a slice, in 10^-6."""
    for share, wanted in ((F(inputs['max_portion_ppm'], 10**6), expected['max_notional']),
                          (F(0), expected['min_notional'])):
        s = Scene(6, **capped(share=text(share), min_notional='0.0001'))
        # A lot worth the least notional.
        s.market('M0', 50000, [(None, F(1, 10), F(1, 5))], 500, F(2, 10**9))
        s.account('a', 4500 - 50000, {'M0': 1})
        step = s.open().settle().start().run().step()
        equal('notional', F(step['qty']) * 50000 / UNIT, wanted)


def margin_requirement(inputs, expected):
    price = F(inputs['price']) * F(10) ** inputs['price_exponent']
    base = F(10) ** inputs['base_exponent']
    size = F(inputs['size']) * base
    initial = F(inputs['imf_ppm'], 10**6)
    if not initial:
        raise LeftOut(left_out.NO_INITIAL)
    s = Scene(9)
    more = {}
    if inputs['oi_upper_cap']:
        more['oi_scaling'] = {'lower': inputs['oi_lower_cap'] // 10**6,
                              'upper': inputs['oi_upper_cap'] // 10**6}
    s.market('M', price, [(None, initial * F(inputs['mmf_of_imf_ppm'], 10**6), initial)],
             F(1, 1000), F(1, 10**6), **more)
    s.account('a', price * size * 10, {'M': size})
    if inputs['open_interest']:
        s.account('b', price * 10**4, {'M': inputs['open_interest'] * base - size})
    s.open().settle()
    asked = s.query('a')
    answer = s.run().answer(asked)
    # The venue's unit is 10^-6, rounded up; weir's here is finer.
    for key, name in (('initial', 'initial_margin'), ('maintenance', 'maintenance_margin')):
        equal(name, math.ceil(F(answer[name]) / UNIT), int(expected[key]))


def mmf(inputs, expected):
    """The rate of the maintenance margin, of a notional of 1."""
    initial, part = F(inputs['imf_ppm'], 10**6), F(inputs['mmf_of_imf_ppm'], 10**6)
    s = Scene(6)
    s.market('M', 1, [(None, initial * part, initial)], F(1, 10**6), 1)
    s.account('a', 100, {'M': 1})
    s.open().settle()
    asked = s.query('a')
    equal('requirement', F(s.run().answer(asked)['requirement']), expected['mmf_ppm'] * UNIT)


def scaled(inputs, notional):
    """IM of a notional in a market of this open interest, all in 10^-6, to a thousandth of it."""
    initial = F(inputs['imf_ppm'], 10**6)
    more = {}
    if inputs['upper']:
        more['oi_scaling'] = {key: millionths(inputs[key]) for key in ('lower', 'upper')}
    s = Scene(9)
    s.market('M', 1, [(None, F(0), initial)], F(1), F(1, 10**6), **more)
    s.account('a', 100, {'M': notional * UNIT})
    if inputs['oi'] > notional:
        s.account('b', 10**8, {'M': (inputs['oi'] - notional) * UNIT})
    s.open().settle()
    asked = s.query('a')
    return F(s.run().answer(asked)['initial_margin']) / UNIT


def oi_scaled_imf(inputs, expected):
    equal('rate', math.floor(scaled(inputs, 10**6)), expected['imf_ppm'])


def initial_margin(inputs, expected):
    equal('initial margin', math.ceil(scaled(inputs, inputs['notional'])), expected['initial'])


def priority(inputs, expected):
    """Accounts whose fillable price is the one published, liquidated in the published order. A
    venue that breaks ties by size is `largest_first` among equals."""
    tied = len({o['price_subticks'] for o in inputs['orders']}) == 1
    if len({(o['price_subticks'], o['size']) for o in inputs['orders']}) < len(inputs['orders']):
        raise LeftOut(left_out.HASH)
    s = Scene(6, trigger={'rule': 'maintenance'},
              liquidation={'order': 'largest_first' if tied else 'worst_first',
                           'fillable': {'spread': '0.2'}})
    s.market('M', 50000, [(None, F(1, 10), F(1, 5))], F(1, 10**3), F(1, 10))
    for order in inputs['orders']:
        size = F(order['size'], 10**8) * (-1 if order['is_buy'] else 1)
        away = abs(order['price_subticks'] * UNIT - 50000) / 50000
        missing = away / (F(2, 10) * F(1, 10))
        need = abs(size) * 5000
        s.account(order['account'].replace('#', '.'), need * (1 - missing) - size * 50000,
                  {'M': size})
    s.open().settle().start().run()
    steps = s.of('liquidation_step')
    equal('order', [e['account'] for e in steps],
          [o['account'].replace('#', '.') for o in expected['order']])
    for step, order in zip(steps, expected['order']):
        equal('limit', F(step['limit']), order['price_subticks'] * UNIT)
        equal('side', step['side'], 'buy' if order['is_buy'] else 'sell')
        equal('quantity', F(step['qty']) * 10**8, order['size'])


# ---- Auto-deleveraging --------------------------------------------------------------------------
# A case that calls the stage itself: whoever it names is deleveraged, above zero too.
CALLED = {'when': 'left_over'}
# Accounts are taken from the first on, as the cases list them.
LISTED = {**CALLED, 'seed': 15}


def state(s, asked, account):
    answer = s.answer(asked)
    equal('account', answer['account'], account['id'].replace('#', '.'))
    quote, positions = F(answer['balance']), {}
    for p in answer['positions']:
        size = F(p['qty'])
        if size:
            positions[p['market']] = size
            quote -= F(p['entry_value']) * (1 if size > 0 else -1)
    equal(f'quote balance of {account["id"]}', quote, account['quote_balance'] * UNIT)
    exponents = {'M0': F(1, 10**8), 'M1': F(1, 10**9)}
    equal(f'positions of {account["id"]}', positions,
          {f'M{m}': v * exponents[f'M{m}'] for m, v in account['positions'].items()})


def named(account):
    return (account['id'].replace('#', '.'), account['quote_balance'],
            sized(account['positions']), {})


def requirement(account, markets):
    prices = {m['id']: (F(10) ** m['base_exponent'] * F(m['oracle_usd']) * 10**6, rates(m)[0])
              for m in markets}
    worth = account['quote_balance'] + sum(v * prices[m][0]
                                           for m, v in sized(account['positions']).items())
    need = sum(abs(v) * prices[m][0] * prices[m][1]
               for m, v in sized(account['positions']).items())
    return worth, need


def adl_pair(inputs, expected):
    if 'derived_bankruptcy_quote' in expected:
        source = {**inputs, **inputs['liquidated']}
        bankruptcy_quote({**source, 'positions': inputs['liquidated']['positions']}, expected, 13)
        return
    adl = dict(CALLED)
    pair = [inputs['liquidated'], inputs['offsetting']]
    if 'SizeDelta' in expected.get('error', ''):
        raise LeftOut(left_out.PICKS)
    if 'error' not in expected and expected['liquidated']['positions']:
        raise LeftOut(left_out.TENTH)
    short = [worth < need for worth, need in (requirement(a, inputs['markets']) for a in pair)]
    if 'error' in expected:
        s = late(inputs, pair, pair[1:], CALLED, True).run()
        equal('liquidated', len({e['account'] for e in s.of('liquidation_started')}), sum(short))
        equal('deleveraged', s.of('adl'), [])
        return
    if inputs['price_mode'] == 'oracle' and not any(short):
        settlement(inputs, pair, expected)
        return
    if inputs['price_mode'] == 'oracle':
        adl['price'] = 'mark'  # whichever of the two is short of margin
    elif not any(requirement(a, inputs['markets'])[0] for a in pair):
        # Both have nothing: no mark is good for both.
        pair_state(late(inputs, pair, pair[1:], CALLED, True), pair, expected)
        return
    # Both may be liquidatable: of equals the first in the order of accounts is closed.
    s = scene(inputs['markets'], [named(a) for a in pair], [inputs['delta_size']], adl=adl,
              liquidation={'order': 'largest_first'})
    s.settle().start()
    pair_state(s, pair, expected)


def pair_state(s, pair, expected):
    asked = [s.query(named(a)[0]) for a in pair]
    s.run()
    for command, key in zip(asked, ('liquidated', 'offsetting')):
        state(s, command, expected[key])
    equal('other fills', len(s.of('fill', kind='liquidation')), 0)


def settlement(inputs, pair, expected):
    """A pair in which nobody is short of margin is closed at the oracle when its market ends."""
    s = scene(inputs['markets'], [named(a) for a in pair], [inputs['delta_size']])
    s.markets['M0']['more'] = {'expiry': '1970-01-02T00:00:00Z', 'settlement_window': '30m'}
    s.settle().start()
    s.send('clock', t=1)
    s.send('clock', t=86400 * 10**9)
    pair_state(s, pair, expected)


def adl_trigger(inputs, expected):
    account = inputs['account']
    s = scene([{**BTC, 'oracle_usd': inputs['oracle_usd']}], [named(account)])
    s.send('fund', amount=inputs['insurance_fund'] * UNIT)
    s.settle().start().run()
    at_mark = [F(e['price']) == F(inputs['oracle_usd']) for e in s.of('adl')]
    equal('at bankruptcy price', False in at_mark, expected['at_bankruptcy'])
    equal('at oracle price', True in at_mark, expected['at_oracle'])


def adl_multi(inputs, expected):
    accounts = inputs['accounts']
    hopeless = [a for a in accounts if requirement(a, inputs['markets'])[0] < 0]
    if hopeless:
        s = late(inputs, accounts, hopeless, LISTED)
    else:
        s = scene(inputs['markets'], [named(a) for a in accounts], adl=LISTED).settle().start()
    asked = [s.query(named(a)[0]) for a in accounts]
    s.run()
    for command, account in zip(asked, expected['accounts']):
        state(s, command, account)
    fills = [{'account': e['counterparty'].replace('.', '#'), 'size': F(e['qty']) * 10**8}
             for e in s.of('adl')]
    equal('fills', fills, expected['fills'])
    left = held(s.answer(asked[[a['id'] for a in accounts].index(inputs['liquidated'])]), 'M0')
    equal('remaining', abs(F(left['qty'])) * 10**8 if left else 0, expected['remaining'])


def late(inputs, accounts, hopeless, adl, alone=False):
    """No mark is good for all: those below zero come first, at marks where they are not. At the
    mark where the others come they are in liquidation, and find no counterparty but their own
    owner's. Then the mark of the case. alone: the other side of who comes late is his own too."""
    s = scene(inputs['markets'], [(*named(a)[:3], {'owner': 'house'}) for a in hopeless], [10**8],
              adl=adl)
    rest = [named(a) for a in accounts if a not in hopeless]
    price = min([F(50000)] + [F(a[1] - 10**6, 10**6) for a in rest if a[2][0] < 0])
    s.send('index', market='M0', price=price)
    owners = {'owner': 'late'} if alone else {}
    s.send('account', account='source', **owners)
    s.send('deposit', account='source', amount=F(10**9))
    for name, quote, positions, _ in rest:
        size = F(positions[0], 10**8)
        s.send('account', account=name, **owners)
        s.send('deposit', account=name, amount=quote * UNIT + size * price)
        s.send('block_trade', market='M0', buyer=name if size > 0 else 'source',
               seller='source' if size > 0 else name, qty=abs(size), price=price)
    s.send('index', market='M0', price=F(50000))
    s.send('risk', market='M0', tiers=s.rows(s.markets['M0']))
    return s


def limited_scene(limits, share, previous, money, rate, tick=1):
    """Two markets; of the second the account has `previous` at a requirement of all of it, of the
    first four times as much. M1 opens first unless only M0 is to be closed."""
    s = Scene(6, liquidation={'restore_margin': 10, 'policy': {'share': share, **limits}})
    for name, size, part in (('M0', 4 * previous, rate), ('M1', previous, F(1))):
        s.market(name, 1, [(None, part, F(1))], tick, UNIT / F(tick))
    s.account('a', (money - 5 * previous) * UNIT,
              {'M0': 4 * previous * UNIT, 'M1': previous * UNIT})
    s.open()
    s.send('fund', amount='1')
    for name in ('M0', 'M1'):
        s.send('order', account='house', market=name, id=name, type='limit', side='buy',
               qty=F(1), price='1')
    return s.settle()


def trade(s, *names):
    for name in names:
        s.send('market_status', market=name, status='trading')
    s.send('index', market='M0', price='1')
    return s.run()


def block_limits(inputs, expected):
    """What one market's slice leaves of the account's allowance in the interval; of the same market
    there is no second slice in it, whatever the allowance."""
    limits, previous = inputs['limits'], inputs['previous_notional']
    if 'PANIC' in (expected['max_notional'], expected['max_insurance_lost']):
        raise LeftOut(left_out.PANIC)
    if inputs['market'] == inputs['previous_market']:
        s = trade(limited_scene({}, '0.5', previous, previous, F(1, 10)), 'M0')
        equal('slices in the interval', len(s.of('liquidation_step', market='M0')), 1)
        for wanted in (expected['max_notional'], expected['max_insurance_lost']):
            equal('a second slice', 'ERR already liquidated this block', wanted)
        return
    most = {'account_notional': millionths(limits['MaxNotionalLiquidated'])}
    s = trade(limited_scene(most, 1, previous, previous, F(1, 10)), 'M1', 'M0')
    equal('slice', F(s.step('M0')['qty']) / UNIT, expected['max_notional'])
    # Both markets' requirements are equal, and so are their shares of what is lacking; a lot's is
    # worth a tick.
    most = {'account_loss': millionths(limits['MaxQuantumsInsuranceLost'])}
    lost = -inputs['previous_insurance_lost']
    s = trade(limited_scene(most, 1, previous, -2 * lost, F(1, 4), F(1, 4)),
              'M1', 'M0')
    paid = [-F(e['amount']) / UNIT for e in s.of('fund_movement', cause='gap')]
    equal('paid before', paid[0], lost)
    equal('paid then', paid[1], expected['max_insurance_lost'])


KINDS = {
    'is_liquidatable': is_liquidatable, 'bankruptcy_quote': bankruptcy_quote,
    'fillable_price': fillable_price, 'insurance_delta': insurance_delta,
    'insurance_fund_can_cover': fund_can_cover, 'price_to_tick_rounding': tick_rounding,
    'partial_close_size': partial_close, 'partial_close_limits': close_limits,
    'margin_requirement': margin_requirement, 'mmf': mmf, 'oi_scaled_imf': oi_scaled_imf,
    'initial_margin': initial_margin, 'liquidation_priority': priority, 'adl_pair': adl_pair,
    'block_limits': block_limits, 'adl_trigger': adl_trigger, 'adl_offset_multi': adl_multi,
}
