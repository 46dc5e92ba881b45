#!/usr/bin/env python3
"""The days of docs/policies.md: prints the commands of one.

    tape.py DAY | build/weir replay - --venue docs/examples/policies.yaml

A long of 1,000 lots entered at 1,000 at leverage 10 (`long`); ten minutes, second by second, in
which the price goes a way of the day's own. A maker's bids stand 0.1, 0.2 and 0.3 % below the price
(50 lots each), then 1, 2 and 3 % below (200 each), and are made whole every other second; others
trade 40 lots a second. What differs from day to day:
"""

import json
import sys

DAYS = {
    'flat': 'falls to 920 in half a minute, and stays',
    'dip': 'falls to 920 in half a minute, is back at 960 two minutes later, and stays',
    'slide': 'falls to 930 in half a minute, and on to 870 in the rest of the ten minutes',
    'thin': 'as flat, in a book a twentieth as deep',
    'quiet': 'as flat, and nobody else trades',
}
LENGTH, SECOND, START = 600, 10**9, 1767225600
NEAR, FAR = (1, 2, 3), (10, 20, 30)  # bids, in tenths of a percent below the price


def along(points, second):
    """The price at a second on straight lines between (second, price)."""
    for (a, low), (b, high) in zip(points, points[1:]):
        if second <= b:
            return low + (high - low) * (second - a) / (b - a)
    return points[-1][1]


PATHS = {'dip': [(0, 950), (30, 920), (150, 960), (LENGTH, 960)],
         'slide': [(0, 950), (30, 930), (LENGTH, 870)]}
FLAT = [(0, 950), (30, 920), (LENGTH, 920)]


def price(day, second):
    """In ticks of 0.1."""
    return round(10 * along(PATHS.get(day, FLAT), second))


def order(account, side, ticks, lots, tif='gtc', count=[0]):
    count[0] += 1
    return {'cmd': 'order', 'account': account, 'market': 'AAA', 'id': f'o{count[0]}', 'side': side,
            'type': 'limit', 'tif': tif, 'qty': lots, 'price': f'{ticks // 10}.{ticks % 10}'}


def commands(day):
    """All commands of a day, as dictionaries."""
    yield {'cmd': 'account', 'account': 'long', 't': START * SECOND}
    yield {'cmd': 'deposit', 'account': 'long', 'amount': 100000}
    for name in ('short', 'maker', 'one', 'two'):
        yield {'cmd': 'account', 'account': name}
        yield {'cmd': 'deposit', 'account': name, 'amount': 10000000}
    yield {'cmd': 'fund', 'amount': 1000000}
    yield {'cmd': 'index', 'market': 'AAA', 'price': 1000}
    yield {'cmd': 'block_trade', 'market': 'AAA', 'buyer': 'long', 'seller': 'short', 'qty': 1000,
           'price': 1000}
    part = 20 if day == 'thin' else 1
    for second in range(1, LENGTH + 1):
        at = price(day, second)
        yield {'cmd': 'clock', 't': (START + second) * SECOND}
        if second % 2:
            yield {'cmd': 'cancel_all', 'account': 'maker'}
            for below in NEAR + FAR:
                yield order('maker', 'buy', at - at * below // 1000,
                            (50 if below in NEAR else 200) // part)
        if day != 'quiet':
            seller, buyer = ('one', 'two') if second % 2 else ('two', 'one')
            yield order(seller, 'sell', at + 1, 40)
            yield order(buyer, 'buy', at + 1, 40, 'ioc')
        yield {'cmd': 'index', 'market': 'AAA', 'price': f'{at // 10}.{at % 10}'}


if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1] not in DAYS:
        sys.exit(__doc__ + ''.join(f'\n    {name:6}{what}' for name, what in DAYS.items()))
    for command in commands(sys.argv[1]):
        print(json.dumps(command, separators=(',', ':')))
