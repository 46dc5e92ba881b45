"""The pictures and the table of docs/policies.md: every policy on the days of tape.py."""

import json
import os
import subprocess

import tape
from picture import COLOURS, Range, escape, head, stairs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENUE = os.path.join(ROOT, 'docs', 'examples', 'policies.yaml')
# In the order of the page. All with `frontier: off`: it is their schedules that are compared.
POLICIES = {
    'full': '', 'tier_step': '', 'fraction': 'threshold: 100000, fraction: 0.2, cooldown: 30s',
    'increment': 'slippage: 0.002', 'disposal': 'step: 10s, fraction: 0.1, full_size: 20',
    'block_cap': 'interval: 10s, share: 0.1', 'window': 'window: 1m, notional: 200000',
    'ramp': 'duration: 5m', 'random_slice': 'fraction: 0.2, probability: 0.1',
    'twap': 'horizon: 5m, slices: 20', 'pov': 'share: 0.1', 'depth': 'share: 0.3',
    'optimal': 'horizon: 5m, slices: 20, risk_aversion: 10',
}
LINES = ('dip', 'slide', 'thin')  # the days of the second picture
COLUMNS, WIDE, TALL, LEFT, TOP = 4, 172, 118, 44, 62


def setting(policy):
    """The policy as --set takes it."""
    keys = ', '.join(part for part in (f'name: {policy}', POLICIES[policy], 'frontier: off')
                     if part)
    return f'liquidation.policy={{{keys}}}'


class Run:
    """A policy on a day: what was closed, and what is left of the account."""

    def __init__(self, program, text, policy, *settings):
        done = subprocess.run(
            [program, 'replay', '-', '--venue', VENUE, '--quiet', '--set', setting(policy),
             *settings], input=text, check=True, capture_output=True, text=True)
        self.left, self.book, self.adl, self.seconds, self.paid = [(0, 1000)], 0, 0, 0, 0.0
        begun = 0
        for line in done.stdout.splitlines():
            event = json.loads(line)
            kind = event['event']
            if kind == 'rejected':
                raise ValueError(f'{policy}: {line}')
            if kind == 'fill' and event['taker'] == 'long' and event['kind'] != 'block':
                self.fill(event)
            elif kind == 'liquidation_started':
                begun = event['t']
            elif kind == 'liquidation_ended':
                self.seconds += (event['t'] - begun) // tape.SECOND
                begun = 0
        self.equity = float(event['equity'])
        if begun:
            self.seconds += tape.START + tape.LENGTH - begun // tape.SECOND

    def fill(self, event):
        lots = int(event['qty'])
        self.left.append((event['t'] // tape.SECOND - tape.START, self.left[-1][1] - lots))
        if event['kind'] == 'adl':
            self.adl += lots
        else:
            self.book += lots
            self.paid += lots * float(event['price'])

    def cell(self):
        """Lots, seconds, equity."""
        lots = f'{self.book} + {self.adl}' if self.adl else f'{self.book}'
        return f'{lots} / {self.seconds} s / {self.equity:,.0f}'


def runs(program):
    """{day: {policy: Run}}, and {policy: Run} of the flat day if nothing restored the account."""
    texts = {}
    for day in tape.DAYS:
        lines = [json.dumps(command) + '\n' for command in tape.commands(day)]
        lines.append('{"cmd":"query","what":"account","account":"long"}\n')
        texts[day] = ''.join(lines)
    found = {day: {policy: Run(program, text, policy) for policy in POLICIES}
             for day, text in texts.items()}
    whole = {policy: Run(program, texts['flat'], policy, '--set', 'liquidation.restore_margin=1000')
             for policy in POLICIES}
    return found, whole


def draw(title, legend, lines):
    """Small multiples: lines[policy] is a list of (colour, points of lots left); behind them the
    price of the days in `legend`, {day: colour}."""
    rows = -(-len(POLICIES) // COLUMNS)
    size = (LEFT + COLUMNS * WIDE + 16, TOP + rows * (TALL + 36) + 20)
    style = '  .price { fill: none; stroke-width: 1; opacity: 0.45; stroke-dasharray: 3 2 }\n'
    out = head(size, title, LEFT, '; '.join(
        f'{policy}: {", ".join(f"{points[-1][1]} left at {points[-1][0]} s" for _, points in each)}'
        for policy, each in lines.items()), style)
    at = LEFT
    for day, colour in legend.items():
        out.append(f'<text class="f{colour}" x="{at}" y="45">{escape(day)}</text>')
        at += 9 * len(day) + 18
    out.append(f'<text class="soft" x="{at}" y="45">lots left (line); price, 860 to 960 (dashed)'
               '</text>')
    for i, (policy, each) in enumerate(lines.items()):
        left, top = LEFT + i % COLUMNS * WIDE, TOP + i // COLUMNS * (TALL + 36) + 14
        x = Range(0, tape.LENGTH, left, left + WIDE - 22)
        y, price = Range(0, 1000, top + TALL, top + 4), Range(8600, 9600, top + TALL, top + 4)
        out.append(f'<text class="ink" x="{left}" y="{top - 3}" style="font-weight:600">{policy}'
                   '</text>')
        for tick in (0, 500, 1000):
            label = (f'<text class="soft" x="{left - 5}" y="{y(tick) + 4:.1f}" text-anchor="end" '
                     f'style="font-size:10px">{tick}</text>' if i % COLUMNS == 0 else '')
            out.append(f'<line class="grid" x1="{left}" x2="{x(tape.LENGTH):.1f}" '
                       f'y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>{label}')
        for tick, anchor in ((0, 'start'), (300, 'middle'), (600, 'end')):
            out.append(f'<text class="soft" x="{x(tick):.1f}" y="{top + TALL + 13}" '
                       f'text-anchor="{anchor}" style="font-size:10px">{tick} s</text>')
        for day, colour in legend.items():
            way = ' '.join(f'{x(s):.1f},{price(tape.price(day, s)):.1f}'
                           for s in range(0, tape.LENGTH + 1, 10))
            out.append(f'<polyline class="price c{colour}" points="{way}"/>')
        for colour, points in each:
            path = stairs(points + [(tape.LENGTH, points[-1][1])], x, y)
            out.append(f'<path class="line c{colour}" d="{path}"/>')
    return '\n'.join(out + ['</svg>', ''])


def table(found):
    days = list(found)
    lines = ['| policy | ' + ' | '.join(f'`{day}`' for day in days) + ' |',
             '|---|' + '---|' * len(days)]
    for policy in POLICIES:
        cells = ' | '.join(found[day][policy].cell() for day in days)
        keys = f' {POLICIES[policy]}' if POLICIES[policy] else ''
        lines.append(f'| `{policy}`{keys} | {cells} |')
    return '\n'.join(lines) + '\n'


def pictures(program):
    """({file name: SVG text}, the table)"""
    found, whole = runs(program)
    colours = {day: i for i, day in enumerate(LINES)}
    assert len(colours) <= len(COLOURS)
    schedules = {policy: [(0, run.left)] for policy, run in whole.items()}
    acted = {policy: [(colours[day], found[day][policy].left) for day in LINES]
             for policy in POLICIES}
    return {'policies-schedules.svg': draw('The schedules: all of 1,000 lots on the day flat',
                                           {'flat': 0}, schedules),
            'policies-days.svg': draw('What each policy closes until the account is restored',
                                      colours, acted)}, table(found)
