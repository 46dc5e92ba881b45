"""A venue and accounts in a given state, made with commands alone.

Every account is opened at marks where it is solvent and nothing is required (the tiers of the
opening ask for no margin); then the markets are halted, the tiers and the marks of the case come
in force, and its state can be asked for. `start` lets the markets trade: what is liquidatable is
liquidated. Positions come from block trades with the account `house`, which never runs dry.

A scene starts from the profile of the case's venue (venues/), and what a case does not give stays
as it is there. Taken out is what a case has none of: the markets' own figures (tick, lot, tiers,
fees, reserves, caps), other sources of the mark than the index, funding, bands around it, classes
of accounts, margin calls. Whatever else is set differently is kept in `Scene.beyond`, to be held
against the list of what is known (given.py). A case of no venue that has a profile starts from
OFF."""

import json
import math
import os
import subprocess
import tempfile
from decimal import Decimal
from fractions import Fraction as F

import profiles

LEVERAGE = 10**6  # the largest: the opening asks for a millionth
OFF = {'trigger': {'rule': 'maintenance_strict', 'warn_at': 'none'}, 'auction': {'format': 'none'},
       'adl': {'when': 'never'}, 'funds': [{'name': 'main', 'drawdown_trigger': 'none'}],
       'liquidation': {}}
# What of a profile's market holds for every case; the rest is the case's, or SET.
KEPT = ['contract', 'face_value', 'tier_mode', 'tier_edge', 'margin_basis', 'closing_fee_basis']
SET = {'default_leverage': LEVERAGE, 'index': {'stale_after': '100000h'},
       'funding': {'interest': 0}, 'price_band': 'none', 'liquidation_band': 'none'}


class LeftOut(Exception):
    """The case asks for what the rules do not express."""


class Mismatch(Exception):
    """The program's number is not the published one."""


def text(value):
    """A number as an exact decimal."""
    value = F(value)
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
        if digits > 40:
            raise ValueError(f'{value} is no decimal')
    sign = '-' if value < 0 else ''
    whole = str(abs(value) * 10**digits).rjust(digits + 1, '0')
    return sign + (whole[:-digits] + '.' + whole[-digits:] if digits else whole)


def number(value):
    """A number of a case: int, decimal text, `a/b` text, or a float as it is written."""
    return F(value) if isinstance(value, (int, str, F)) else F(Decimal(repr(value)))


def equal(what, actual, expected, tolerance=0):
    """Numbers within a relative tolerance; anything else exactly."""
    if isinstance(expected, (F, int)) and not isinstance(expected, bool):
        if abs(actual - expected) <= abs(expected) * F(tolerance):
            return
    elif actual == expected:
        return
    raise Mismatch(f'{what}: published {expected}, measured {actual}')


def same(a, b):
    """Whether a given value is the profile's, spelled in either way."""
    if isinstance(a, (dict, list)) or isinstance(b, (dict, list)):
        return a == b
    try:
        return F(str(a)) == F(str(b))
    except ValueError:
        return str(a) == str(b)


class Scene:
    program = ''
    profile = None  # name of the venue file that scenes start from
    beyond = set()  # what they set besides what any case gives
    twin = False    # whether the reference engine must give the same events
    last = None     # for replay by hand

    def __init__(self, decimals=6, **given):
        """given: sections of the venue file, as far as they differ from the profile's."""
        self.decimals = decimals
        self.base = profiles.load(Scene.profile) if Scene.profile else {}
        self.venue = {**(self.base or OFF)}
        self.venue.pop('markets', None)
        self.venue.pop('account_classes', None)
        self.venue['trigger'] = {**self.venue['trigger'], 'warn_at': 'none'}
        for section, values in given.items():
            self.venue[section] = self.merged(section, self.venue.get(section, {}), values)
        self.markets = {}
        self.accounts = {}
        self.commands = []
        self.events = None
        self.top = 0           # the highest price that will be, if none of those named
        self.isolated = None   # the market whose positions have margin of their own

    def merged(self, path, old, new):
        """Keys of `new` over those of `old`; a policy of another name takes its place."""
        if isinstance(new, dict) and (not isinstance(old, dict)
                                      or 'name' in new and new['name'] != old.get('name')):
            self.note(path)
            return new
        if not isinstance(new, dict):
            if not same(new, old):
                self.note(path)
            return new
        made = dict(old)
        for key, value in new.items():
            made[key] = self.merged(f'{path}.{key}', old.get(key), value)
        return made

    def note(self, path):
        if self.base:
            Scene.beyond.add(path)

    def fitting(self, policy):
        """A profile's policy in the money unit of the case: what it is too coarse for is 0, what is
        more money than there can be no limit."""
        made = dict(policy)
        for key in ('min_notional', 'account_notional', 'account_loss', 'notional', 'threshold'):
            if made.get(key, 'none') == 'none':
                continue
            if F(made[key]) > self.widest():
                made[key] = 'none'
            elif F(made[key]) * 10**self.decimals < 1:
                made[key] = 0
        return made

    def template(self, more):
        """What the profile says of a market of that contract."""
        if not self.base:
            return {}
        contract = more.get('contract', 'linear')
        for market in self.base['markets']:
            if market.get('contract', 'linear') == contract:
                kept = {k: market[k] for k in KEPT if k in market}
                for key, value in more.items():
                    usual = kept.get(key, profiles.USUAL.get(key))
                    if key in KEPT and key != 'face_value' and not same(value, usual):
                        self.note(f'market.{key}')
                return kept
        raise ValueError(f'{Scene.profile} has no {contract} market')

    # ---- What the case gives
    def market(self, symbol, price, tiers, tick, lot, opening=None, **more):
        """tiers: rows (cap, rate, initial rate); no cap: the largest; no initial rate: the rate."""
        self.markets[symbol] = {'price': number(price), 'tiers': tiers, 'tick': F(tick),
                                'lot': F(lot), 'opening': opening, 'more': more}

    def account(self, name, quote, positions, **keys):
        """quote: the balance after subtracting what the positions cost."""
        self.accounts[name] = (F(quote), {m: F(q) for m, q in positions.items() if q}, keys)

    # ---- Commands
    def send(self, cmd, **keys):
        self.commands.append({'cmd': cmd, **{k: text(v) if isinstance(v, F) else v
                                             for k, v in keys.items()}})
        return len(self.commands)

    def query(self, account):
        return self.send('query', what='account', account=account)

    def equity(self, name, prices):
        quote, positions, _ = self.accounts[name]
        return quote + sum(q * prices[m] for m, q in positions.items())

    def opening_prices(self):
        """Marks at which every account is solvent: those of the case, else the nearest."""
        prices = {m: v['price'] if v['opening'] is None else F(v['opening'])
                  for m, v in self.markets.items()}
        for symbol, market in self.markets.items():
            low, high = market['tick'], None
            if market['opening'] is not None:
                continue
            for quote, positions, _ in self.accounts.values():
                size = positions.get(symbol, 0)
                if not size:
                    continue
                rest = quote + sum(q * prices[m] for m, q in positions.items() if m != symbol)
                bound = -rest / (size - abs(size) / LEVERAGE)
                if size > 0:
                    low = max(low, (math.floor(bound / market['tick']) + 1) * market['tick'])
                else:
                    last = (math.ceil(bound / market['tick']) - 1) * market['tick']
                    high = last if high is None else min(high, last)
            if high is not None and high < low:
                raise ValueError('no price at which all are solvent')
            prices[symbol] = max(low, prices[symbol] if high is None
                                 else min(high, prices[symbol]))
        return prices

    def open(self):
        prices = self.opening_prices()
        for symbol, market in self.markets.items():
            self.send('index', market=symbol, price=prices[symbol])
        self.send('account', account='house')
        for _ in range(3):  # all deposits together have a bound
            self.send('deposit', account='house', amount=F(10**18, 10**self.decimals))
        for name, (_, _, keys) in self.accounts.items():
            self.send('account', account=name, **keys)
            worth = self.equity(name, prices)
            if worth > 0:
                self.send('deposit', account=name, amount=worth)
        for name, (_, positions, _) in self.accounts.items():
            for symbol, size in positions.items():
                if symbol == self.isolated:
                    self.send('margin_mode', account=name, market=symbol, mode='isolated')
                    self.send('isolated_margin', account=name, market=symbol,
                              amount=self.equity(name, prices))
                sides = (name, 'house') if size > 0 else ('house', name)
                self.send('block_trade', market=symbol, buyer=sides[0], seller=sides[1],
                          qty=abs(size), price=prices[symbol])
        return self

    def settle(self):
        """The marks and tiers of the case, while nothing can be liquidated."""
        for symbol in self.markets:
            self.send('market_status', market=symbol, status='halted')
        for symbol, market in self.markets.items():
            self.send('index', market=symbol, price=market['price'])
            self.send('risk', market=symbol, tiers=self.rows(market))
        return self

    def widest(self):
        return F(9 * 10**18, 10**self.decimals)

    def rows(self, market):
        return [{'cap': text(self.widest() if cap is None else cap), 'rate': text(rate),
                 'initial_rate': text(rate if initial is None else initial)}
                for cap, rate, initial in market['tiers']]

    def start(self):
        for symbol in self.markets:
            self.send('market_status', market=symbol, status='trading')
        return self

    # ---- The program
    def venue_text(self):
        asset = self.base.get('money', {'asset': 'USD'})['asset']
        made = {'name': 'vector', **self.venue,
                'money': {'asset': asset, 'decimals': self.decimals}, 'markets': []}
        prices = self.opening_prices()
        if 'policy' in self.venue['liquidation']:
            made['liquidation'] = {**self.venue['liquidation'],
                                   'policy': self.fitting(self.venue['liquidation']['policy'])}
        for symbol, market in self.markets.items():
            top = 4 * max(market['price'], prices[symbol], F(self.top))
            top = math.ceil(top / market['tick']) * market['tick']
            made['markets'].append({
                'symbol': symbol, 'tick': text(market['tick']), 'lot': text(market['lot']),
                'tiers': [{'cap': text(self.widest()), 'rate': 0,
                           'max_leverage': LEVERAGE}],
                'max_price': text(top), **SET, **self.template(market['more']),
                **market['more']})
        return json.dumps(made, indent=1)

    def run(self, refusals=False):
        """Runs all commands; events by command number, from 1."""
        Scene.last = self
        lines = ''.join(json.dumps(c) + '\n' for c in self.commands)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'venue.yaml')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(self.venue_text())
            command = [self.program, 'replay', '-', '--venue', path]
            done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60,
                                  check=False)
            if Scene.twin:
                again = subprocess.run([*command, '--reference'], input=lines, capture_output=True,
                                       text=True, timeout=60, check=False)
                if again.stdout != done.stdout:
                    raise Mismatch('the reference engine gives other events')
        if done.returncode != 0:
            raise Mismatch(f'exit status {done.returncode}: {done.stderr.strip()}')
        self.events = [json.loads(line) for line in done.stdout.splitlines()]
        for event in self.events:
            if event['event'] == 'rejected' and not refusals:
                raise Mismatch(f'{self.commands[event["seq"] - 1]} was rejected: {event}')
        return self

    def replay(self):
        """What a person needs to run the case by hand."""
        return (f'venue:\n{self.venue_text()}\ncommands:\n'
                + '\n'.join(json.dumps(c) for c in self.commands))

    def answer(self, command):
        return next(e for e in self.events if e['seq'] == command and e['n'] == 0
                    or e['seq'] == command and e['event'].endswith('_state'))

    def of(self, event, /, **keys):
        return [e for e in self.events if e['event'] == event
                and all(e[k] == v for k, v in keys.items())]

    def step(self, market=None):
        """The first step of a liquidation."""
        steps = [e for e in self.of('liquidation_step') if market in (None, e['market'])]
        if not steps:
            raise Mismatch('nothing was liquidated')
        return steps[0]


def held(answer, market):
    """The position of an account_state; None when flat."""
    for position in answer['positions']:
        if position['market'] == market and F(position['qty']) != 0:
            return position
    return None
