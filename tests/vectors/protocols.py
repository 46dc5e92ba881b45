"""drift, mango_v4, vega_generic, synthetix_v3 and maker_dutch_auction: what decentralised venues
assert in their own tests; each under its profile."""

import math
from fractions import Fraction as F

import left_out
from scene import LeftOut, Scene, equal, held, number, text



# ---- Drift --------------------------------------------------------------------------------------
def drift_increment(inputs, expected):
    """The least quantity that restores; Drift cuts its quotient off, so that one more is needed
    when it is not whole. A quote asset that is not worth 1 moves the price instead."""
    price = F(inputs['oracle_price'], 10**6) * F(inputs['quote_oracle_price'], 10**6)
    rate, fee = F(inputs['margin_ratio'], 10**4), F(inputs['liquidation_fee'], 10**6)
    shortage = F(inputs['margin_shortage'], 10**6)
    s = Scene(9, liquidation={'policy': {'slippage': text(fee)}})
    s.market('M', price, [(None, rate, F(1))], 1, F(1, 10**9))
    s.account('a', 10 * price * rate - shortage - 10 * price, {'M': 10})
    step = s.open().settle().start().run().step()
    exact = shortage / (price * (rate - fee)) * 10**9
    equal('the formula', math.floor(exact), expected['base_amount'])
    equal('slice', F(step['qty']) * 10**9, math.ceil(exact))


def drift_socialised(inputs, expected):
    """A loss is charged to both sides by size. Sizes sum to zero here, so that 7 long and 4 short
    are 5.5 each: the charge depends on their sum alone."""
    loss = F(-inputs['loss'], 10**6)
    base = F(inputs['base_long'] - inputs['base_short'], 10**9)
    if not base:
        raise LeftOut(left_out.NOBODY)
    s = owing(loss, base).open().settle()
    before = [s.query('long'), s.query('short')]
    s.start()
    after = [s.query('long'), s.query('short')]
    s.run()
    equal('socialised', sum(F(e['amount']) for e in s.of('socialised')), loss)
    delta = F(expected['cumulative_funding_rate_delta'], 10**9)
    for first, last in zip(before, after):
        paid = F(s.answer(first)['equity']) - F(s.answer(last)['equity'])
        # A whole number of money units a lot, rounded up: two lots are one base unit.
        equal('charge', paid, math.ceil(loss / base / 2 * 10**6) * F(2, 10**6) * base / 2)
        equal('charge per base', paid / (base / 2), delta, F(1, 10**6))


def owing(loss, base, decimals=6):
    """`a` lacks `loss` at the mark; `base` is the rest's open interest, both sides together."""
    s = Scene(decimals)
    s.market('M', 90, [(None, F(1, 100), F(1, 50))], 1, F(1, 2), 200)
    s.account('a', -loss - 90, {'M': 1})
    s.account('long', 10**4, {'M': base / 2})
    s.account('short', 10**4, {'M': -base / 2 - 1})  # the one that `a` is closed against
    return s


# ---- Mango --------------------------------------------------------------------------------------
def mango_base(inputs, expected):
    """Base at the oracle's price until the requirement is met, or as much as the other side takes.
    Health is equity less (1 - asset weight) of the notional. There positive P&L counts with a
    weight until it is settled into tokens; here in full, at once: P&L and tokens are one sum."""
    base, price = inputs['perp_base'], inputs['oracle_price']
    money = sum(number(inputs[key]) for key in ('settle_token', 'perp_quote', 'other_token'))
    rate = 1 - number(inputs['base_asset_weight'])
    settled = abs(number(expected['settle_token']) - number(inputs['settle_token']))
    moved = abs(base - expected['perp_base'])
    held_back = 0 < settled == inputs['max_pnl_transfer']
    ends_there = expected['perp_base'] and moved < abs(inputs['max_base_transfer'])
    healthy = money + base * price >= abs(base) * price * rate
    if inputs['positive_pnl_liq_fee'] or held_back and ends_there or healthy and moved:
        raise LeftOut(left_out.UNSETTLED)
    limit = abs(inputs['max_base_transfer'])
    s = Scene(2)
    # A bid at the mark while the fund stands behind what selling there lacks.
    s.market('M', price, [(None, rate, F(1))], F(1, 100), 1)
    s.account('a', money, {'M': base})
    s.open()
    s.send('fund', amount='1000')
    if limit:
        s.send('order', account='house', market='M', id='o', type='limit', qty=F(min(limit, 100)),
               side='buy' if base > 0 else 'sell', price=F(price))
    s.settle().start()
    asked = s.query('a')
    answer = s.run().answer(asked)
    position = held(answer, 'M')
    equal('base', F(position['qty']) if position else 0, expected['perp_base'])
    wanted = sum(number(x) for x in (expected['settle_token'], expected['perp_quote'],
                                     inputs['other_token']))
    left = F(answer['balance'])
    if position:
        left -= F(position['entry_value']) * (1 if F(position['qty']) > 0 else -1)
    # What is below zero in the end the fund has paid.
    left += sum(F(e['amount']) for e in s.of('fund_movement') if e['cause'] != 'seed')
    equal('quote', left, wanted)


def mango_bankruptcy(inputs, expected):
    """In settle tokens: what is owed in other tokens is backed by them at their weight. The fund
    pays what the account lacks, the rest is charged to open interest; who closes at mark gains
    nothing by it."""
    weight, price = number(inputs['settle_token_weight']), number(inputs['settle_token_price'])
    if -number(expected['liqor_perp_quote']) == inputs['max_liab_transfer'] > 0:
        raise LeftOut(left_out.CAPPED)
    other = number(inputs['liqee_other_token'])
    other /= price * (weight if other < 0 else 2 - weight)
    lacking = -(number(inputs['liqee_settle_token']) + number(inputs['liqee_perp_pnl']) + other)
    token = number(inputs['insurance_token_price']) / price
    s = owing(F(round(lacking * 10**9), 10**9), F(inputs['open_interest']), 9).open()
    if inputs['insurance_vault']:
        s.send('fund', amount=inputs['insurance_vault'] * token)
    s.settle().start()
    asked = s.query('a')
    s.run()
    near = F(1, 100)  # the project gives two digits
    paid = -sum(F(e['amount']) for e in s.of('fund_movement') if e['cause'] == 'shortfall')
    equal('the fund pays', paid, number(expected['liqor_insurance_token']) * token, F(1, 10**6))
    charged = sum(F(e['amount']) for e in s.of('socialised'))
    equal('socialised', charged, number(expected['socialized_loss_per_oi'])
          * inputs['open_interest'], F(1, 1000))
    equal('all of it is found', paid + charged, lacking, F(1, 10**6))
    left = number(expected['liqee_settle_token']) + number(expected['liqee_perp_quote']) + other
    equal('the account is left with', abs(F(s.answer(asked)['equity']) - left) < near, True)
    gain = (number(expected['liqor_settle_token']) + number(expected['liqor_perp_quote'])
            + number(expected['liqor_insurance_token']) * token)
    equal('the other side gains', abs(sum(-F(e['haircut']) for e in s.of('adl')) - gain) < near,
          True)
    equal('success', bool(s.of('adl')), expected['success'])


# ---- Vega ---------------------------------------------------------------------------------------
def vega_disposal(inputs, expected):
    """Slices of what the fund took over, as the network does."""
    schedule = expected.get('order_sizes', [expected.get('order_size')])
    s = disposal(inputs['config'], inputs['network_position'],
                 inputs['available_volume_in_range'])
    every = inputs['config']['disposal_step_s']
    for i in range(1, 2 * len(schedule)):
        s.send('clock', t=1 + i * max(every, 1) * 10**9)
    slices = unwound(s.run())
    equal('slices', [qty for _, qty in slices][:len(schedule)], [F(x) for x in schedule])
    if 'every_s' in expected:
        times = [t for t, _ in slices]
        for first, second in zip(times, times[1:len(schedule)]):
            equal('interval', second - first, expected['every_s'] * 10**9)


def unwound(s):
    """(time, lots) of each slice that the fund closed."""
    return [(e['t'], F(e['qty'])) for e in s.of('fill', kind='unwind')]


def disposal(config, size, volume, price=1000, band='none'):
    """The fund holds `size` lots, taken over at the bankruptcy price, and begins with the next
    command."""
    keys = {'step': 'disposal_step_s', 'fraction': 'disposal_fraction',
            'full_size': 'full_disposal_size', 'slippage_range': 'slippage',
            'max_share': 'max_fraction_consumed'}
    policy = {key: config[name] for key, name in keys.items() if name in config}
    if 'step' in policy:
        policy['step'] = f"{policy['step']}s"
    s = Scene(2, absorb={'policy': policy})
    s.market('M', price, [(None, F(1, 2), F(1))], 1, 1, liquidation_band=band)
    s.account('a', abs(size) * price * F(4, 10) - size * price, {'M': size})
    s.open()
    s.send('fund', amount=str(10**9))
    s.send('order', account='house', market='M', id='o', type='limit', qty=F(volume),
           side='buy' if size > 0 else 'sell', price=F(price))
    s.settle()
    s.send('clock', t=1)
    return s.start()


def vega_timing(inputs, expected):
    """A slice each step of what the position is, none while the market is in an auction."""
    if 'old_step_s' in inputs:
        raise LeftOut(left_out.CHANGES)
    step, at = inputs['config']['disposal_step_s'], inputs['t_s_since_takeover']
    s = disposal(inputs['config'], inputs['network_position'], 10**4)
    if inputs['in_auction']:  # from the slice before on
        s.send('clock', t=1 + (at - step) * 10**9)
        s.send('market_status', market='M', status='auction')
        s.send('clock', t=1 + at * 10**9)
        sizes = [qty for t, qty in unwound(s.run()) if t > 1 + (at - step) * 10**9]
    else:
        s.send('clock', t=1 + step * 10**9)
        sizes = [qty for _, qty in unwound(s.run())]
    equal('slice', sizes[0] if sizes else None, expected['order_size'])


def vega_bound(inputs, expected):
    """The least price at which the network sells: what is bid there is sold to, what is bid below
    is not. The middle of the book is the mark here."""
    mid, low = F(inputs['mid']), F(inputs['price_monitor'][0])
    wanted = F(expected['sell_limit_price'])
    for price, sold in ((wanted, True), (wanted - 1, False)):
        s = disposal({'slippage': inputs['slippage']}, inputs['position'], 1, mid,
                     text(1 - low / mid))
        bid = next(c for c in s.commands if c.get('id') == 'o')
        bid.update(price=text(price), qty='1000')
        s.send('clock', t=1 + 10**9)
        equal(f'sold at {price}', bool(unwound(s.run())), sold)


def vega_split(inputs, expected):
    """A fall of the mark by 1: losers are as many lots long as they lose, winners short. What the
    losers and the fund cannot pay is taken off the gains at the end of the interval. The venue
    cuts payments off to whole units and gives the last what is left of them."""
    s = Scene(6, absorb={'enabled': 'false'})
    s.market('M', 1, [(None, F(0), F(1, 10**9))], 1, 1, 2)
    for i, (loss, money) in enumerate(zip(inputs['losses'], inputs['loser_balances'])):
        s.account(f'l{i}', max(F(money), F(1, 100)) - 2 * loss, {'M': loss})
    before = 10**6
    for i, win in enumerate(inputs['wins_in_order']):
        s.account(f'w{i}', before + 2 * win, {'M': -win})
    s.open()
    if inputs['insurance_pool']:
        s.send('fund', amount=str(inputs['insurance_pool']))
    s.settle()
    s.send('clock', t=1)
    s.start()
    for second in (1, 2, 3):
        s.send('clock', t=second * 10**9)
    asked = [s.query(f'w{i}') for i in range(len(inputs['wins_in_order']))]
    fund = s.send('query', what='fund')
    s.run()
    exact = [F(s.answer(command)['equity']) - before for command in asked]
    paid = [math.floor(p) for p in exact[:-1]]
    paid.append(math.floor(sum(exact)) - sum(paid))
    equal('payouts', paid, expected['payouts'])
    equal('left in the fund', F(s.answer(fund)['cash']), expected['insurance_left'])
    equal('collected', math.floor(sum(exact)), expected['collected'])


def vega_order_margin(inputs, expected):
    rate = inputs['risk_factor_long']
    s = Scene(0)
    s.market('M', inputs['mark'], [(None, F(0), F(rate))], 1, 1)
    s.account('a', 1000, {'M': inputs['open_volume']})
    s.open()
    s.send('order', account='a', market='M', id='o', side='buy', type='limit',
           qty=F(inputs['buy_order_volume']), price=F(inputs['mark']))
    s.settle()
    asked = s.query('a')
    equal('order margin', F(s.run().answer(asked)['order_margin']), expected['maintenance'])


def vega_position_margin(inputs, expected):
    """The cost of slippage stands beside the risk factor as a closing reserve; the venue cuts the
    fraction off."""
    s = Scene(2)
    s.market('M', inputs['mark'], [(None, F(inputs['risk_factor_long']), F(1))], 1, 1,
             closing_fee_reserve=inputs['linear_slippage_factor'])
    s.account('a', 10**4, {'M': inputs['open_volume']})
    s.open().settle()
    asked = s.query('a')
    margin = F(s.run().answer(asked)['maintenance_margin'])
    equal('maintenance margin', math.floor(margin), expected['maintenance'])


def vega_liquidation_price(inputs, expected):
    """Slippage, of which a part grows with the size, is a closing reserve; above 1 together with
    the risk factor a long is liquidated by a rise."""
    size, mark = inputs['position'], F(inputs['mark'])
    risk = F(inputs['risk_factor_long' if size > 0 else 'risk_factor_short'])
    slippage = F(inputs['linear_slippage']) + abs(size) * F(inputs['quadratic_slippage'])
    if F(inputs['funding_per_unit']):
        raise LeftOut(left_out.FUNDING)
    if slippage > 1:
        raise LeftOut(left_out.STEEP)
    if F(inputs['collateral_factor']) < 1:
        raise LeftOut(left_out.BELOW)
    margin = abs(size) * mark * (risk + slippage)
    equal('the formula', margin, number(expected['maintenance_margin']))
    for factor, wanted in ((F(1), expected['liq_price_when_collateral_equals_mm']),
                           (F(inputs['collateral_factor']),
                            expected['liq_price_at_collateral_factor'])):
        s = Scene(4)
        s.market('M', mark, [(None, risk, F(1))], F(1, 10**4), 1, mark,
                 closing_fee_reserve=text(slippage))
        s.account('a', margin * factor - size * mark, {'M': size})
        s.top = math.ceil(number(wanted))
        s.open().settle()
        asked = s.query('a')
        answer = s.run().answer(asked)
        position = held(answer, 'M')
        equal('maintenance margin', F(answer['maintenance_margin']), margin)
        # Below the requirement, not at it: a tick further.
        equal('liquidation price', F(position['liquidation_price']), number(wanted),
              F(1, 10**6) + F(1, 10**4) / number(wanted))


# ---- Synthetix ----------------------------------------------------------------------------------
def synthetix_window(inputs, expected):
    """A capacity that all accounts of a market share: the first takes all of it."""
    window = inputs['window_s']
    capacity = ((F(inputs['maker_fee']) + F(inputs['taker_fee'])) * inputs['skew_scale']
                * inputs['accumulation_multiplier'] * window)
    s = Scene(2, liquidation={'policy': {'window': f'{window}s', 'notional': text(capacity)}})
    s.market('M', 1, [(None, F(1, 2), F(1))], F(1, 100), 1)
    for name, size in (('first', capacity), ('second', F(inputs['size']))):
        s.account(name, size * F(-9, 10), {'M': size})
    s.open()
    s.send('order', account='house', market='M', id='o', side='buy', type='limit', qty='1000',
           price='1')
    s.settle()
    s.send('clock', t=1)
    s.start()
    if inputs['t_s']:
        s.send('clock', t=1 + inputs['t_s'] * 10**9)
    s.run()
    filled = {name: sum(F(e['filled']) for e in s.of('liquidation_step', account=name))
              for name in ('first', 'second')}
    equal('before', filled['first'], capacity)
    equal('liquidated', filled['second'], expected['liquidated'])
    equal('remaining', inputs['size'] - filled['second'], expected['remaining'])


# ---- Maker --------------------------------------------------------------------------------------
def dutch(top, tick, times, mark=None, **auction):
    """A lot is bought at each of the times, in seconds from the start: the events of the fills. The
    scope's equity is what its lots are worth, so that their reserve is one tick."""
    mark = top if mark is None else mark
    s = Scene(3 if tick == F(1, 1000) else 6, liquidation={'restore_margin': 1000},
              auction={'start': text(F(top) / F(mark)), 'cusp': 'none', 'tail': 'none', **auction})
    s.market('M', mark, [(None, F(1), F(1))], tick, 1, F(mark))
    s.account('a', 0, {'M': len(times) + 1})
    s.open().settle()
    s.send('clock', t=0)
    s.start()
    for i, t in enumerate(times):
        s.send('bid', account='house', auction=1, id=f'b{i}', qty='1', price=F(top),
               t=int(t) * 10**9)
    return s


def dutch_prices(s):
    return [F(e['price']) for e in s.run().of('fill', kind='auction')]


def maker_linear(inputs, expected):
    """From the top to nothing; here to one tick, and rounded up to it."""
    if not number(expected['price']):
        raise LeftOut(left_out.OVER)
    s = dutch(number(inputs['top']), F(1, 10**6), [inputs['t_s']], curve='linear',
              duration=f"{inputs['tau_s']}s")
    up = F(1, 10**6) if inputs['t_s'] else 0
    equal('price', dutch_prices(s), [number(expected['price']) + up])


def maker_exponential(inputs, expected):
    """A cut a second of which 900 halve the price: half each 15 minutes."""
    equal('half', number(inputs['cut'])**900, F(1, 2), F(1, 10**8))
    s = dutch(number(inputs['top']), F(1, 10**6), [inputs['t_s']], curve='exponential',
              step='15m', cut='0.5', duration='24h')
    equal('price', dutch_prices(s), [number(expected['price'])])


def maker_stairs(inputs, expected):
    """A rate has nine digits here: cut is rounded to them."""
    cut = F(round(number(inputs['cut']) * 10**9), 10**9)
    s = dutch(number(inputs['top']), F(1, 1000), inputs['t_s'], curve='step', cut=text(cut),
              step=f"{inputs['step_s']}s", duration='24h')
    prices = dutch_prices(s)
    equal('prices', len(prices), len(expected['price']))
    for t, price, wanted in zip(inputs['t_s'], prices, expected['price']):
        equal('price', price, number(wanted), F(t // inputs['step_s'], 10**9) + F(1, 10**10))


def maker_reset(inputs, expected):
    """Anybody may restart it there when more than the tail has passed; here it restarts then. The
    new top is asked for by a bid behind the restart, within the first step of the curve."""
    top, buf = number(inputs['top']), number(inputs['buf'])
    s = dutch(top, F(1, 100), [], top / buf, curve='step', step='1h', duration='4h',
              tail=f"{inputs['tail_s']}s")
    s.send('index', market='M', price=number(inputs['new_feed']))
    asked = [s.send('clock', t=t * 10**9) for t in inputs['t_s']]
    s.send('bid', account='house', auction=1, id='b', qty='1', price=top)
    price = dutch_prices(s)
    again = [sum(e['seq'] == c for e in s.of('auction_opened')) == 1 for c in asked]
    equal('restarted', again, expected['needs_redo'])
    equal('new top', price, [number(expected['new_top'])])


KINDS = {
    'drift': {'partial_close_size': drift_increment,
              'loss_socialisation_per_unit': drift_socialised},
    'mango_v4': {'reduce_until_health_target': mango_base,
                 'insurance_then_socialised_loss': mango_bankruptcy},
    'vega_generic': {'staggered_close_size': vega_disposal,
                     'staggered_close_schedule': vega_disposal,
                     'staggered_close_timing': vega_timing,
                     'disposal_price_bound': vega_bound,
                     'loss_socialisation_split': vega_split,
                     'maintenance_margin_orders': vega_order_margin,
                     'maintenance_margin_position': vega_position_margin,
                     'liquidation_price_identity': vega_liquidation_price},
    'synthetix_v3': {'rate_limited_liquidation_window': synthetix_window},
    'maker_dutch_auction': {'dutch_linear': maker_linear,
                            'dutch_exponential': maker_exponential,
                            'dutch_stairstep': maker_stairs, 'dutch_reset': maker_reset},
}
