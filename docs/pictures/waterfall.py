"""The pictures of docs/waterfall.md, from the events of docs/examples/waterfall.jsonl."""

import json
import os
import subprocess

from picture import Range, escape, head, stairs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMANDS = os.path.join(ROOT, 'docs', 'examples', 'waterfall.jsonl')
VENUE = os.path.join(ROOT, 'docs', 'examples', 'waterfall.yaml')
ACCOUNT = 'lena'
WIDTH = 760


def commands():
    with open(COMMANDS, encoding='utf-8') as file:
        return [json.loads(line) for line in file]


def events(program):
    done = subprocess.run([program, 'replay', COMMANDS, '--venue', VENUE, '--quiet'], check=True,
                          capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def amount(number):
    """Money without what it does not have: 90, 0.70, -1,115."""
    return f'{number:,.2f}'.removesuffix('.00')


class Path:
    """What the account, its scope and the fund have after each thing that happened."""

    def __init__(self, given, happened):
        self.mark = self.lots = self.balance = self.entry = self.fund = 0.0
        self.rows, self.fills = [], []
        self.balance = sum(float(c['amount']) for c in given
                           if c['cmd'] == 'deposit' and c['account'] == ACCOUNT)
        for event in happened:
            self.take(event)

    def row(self, label):
        equity = self.balance + self.lots * self.mark - self.entry
        self.rows.append((label, self.mark, self.lots, equity, self.fund))

    def take(self, event):
        kind = event['event']
        if kind == 'mark':
            self.mark = float(event['mark'])
            if self.lots:
                self.row(f'mark {self.mark:g}')
        elif kind == 'fill' and ACCOUNT in (event['taker'], event['maker']):
            self.take_fill(event)
        elif kind == 'fund_movement':
            self.take_movement(event)
        elif kind == 'socialised':
            self.balance += float(event['amount'])
            self.row('everyone')

    def take_movement(self, event):
        """The fund's part of the fill before it; the shortfall is a thing of its own."""
        self.fund = float(event['balance'])
        if event['cause'] == 'shortfall':
            self.row('fund')
        if event['account'] == ACCOUNT:
            self.balance -= float(event['amount'])
        if self.rows:
            self.row(self.rows.pop()[0])

    def take_fill(self, event):
        lots, price = float(event['qty']), float(event['price'])
        if event['kind'] == 'block':
            self.lots += lots
            self.entry += lots * price
            return
        self.entry -= self.entry / self.lots * lots
        self.lots -= lots
        self.balance += float(event['taker_pnl'])
        label = {'liquidation': 'book', 'adl': 'ADL'}.get(event['kind'], event['kind'])
        self.fills.append((len(self.rows), price, label, lots))
        self.row(label)


def panel(out, frame, title, rows, column, dots=()):
    """One quantity over the steps, as stairs; dots are fills."""
    left, right, top, bottom = frame
    values = [row[column] for row in rows] + [dot[1] for dot in dots]
    low = min(values) if column == 1 else min(0, *values)
    y = Range(low, max(values), bottom - 6, top + 18, 4)
    x = Range(-0.5, len(rows) - 0.5, left, right)
    out.append(f'<text class="soft" x="{left}" y="{top - 6}">{escape(title)}</text>')
    for tick in y.ticks:
        out.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y(tick):.1f}" '
                   f'y2="{y(tick):.1f}"/><text class="soft" x="{left - 7}" '
                   f'y="{y(tick) + 4:.1f}" text-anchor="end">{tick:,.10g}</text>')
    out.append(f'<path class="axis" fill="none" d="M{left} {top}V{bottom}H{right}"/>')
    points = [(i - 0.5, row[column]) for i, row in enumerate(rows)]
    points.append((len(rows) - 0.5, rows[-1][column]))
    out.append(f'<path class="line c0" d="{stairs(points, x, y)}"/>')
    for at, price, label, lots in dots:
        out.append(f'<circle class="f1" cx="{x(at):.1f}" cy="{y(price):.1f}" r="4">'
                   f'<title>{label}: {lots:g} lots at {price:g}</title></circle>')
    if column != 1:
        for i, row in enumerate(rows):
            out.append(f'<text class="ink" x="{x(i):.1f}" y="{y(row[column]) - 5:.1f}" '
                       f'text-anchor="middle" style="font-size:10px">'
                       f'{amount(row[column])}</text>')


def draw_path(path):
    left, right, tall, gap, top = 62, WIDTH - 14, 92, 30, 64
    parts = [('price: mark (line), fills of the liquidation (dots)', 1, path.fills),
             ('lots still open', 2, ()), ('equity of the account', 3, ()),
             ('cash of the fund', 4, ())]
    height = top + len(parts) * (tall + gap) + 22
    out = head((WIDTH, height), 'The example, step by step', left,
               '; '.join(f'{r[0]}: mark {r[1]:g}, {r[2]:g} lots, equity {amount(r[3])}, '
                         f'fund {amount(r[4])}' for r in path.rows))
    for i, (title, column, dots) in enumerate(parts):
        at = top + i * (tall + gap)
        panel(out, (left, right, at, at + tall), title, path.rows, column, dots)
    x = Range(-0.5, len(path.rows) - 0.5, left, right)
    for i, row in enumerate(path.rows):
        out.append(f'<text class="soft" x="{x(i):.1f}" y="{height - 22}" '
                   f'text-anchor="middle">{escape(row[0])}</text>')
    return '\n'.join(out + ['</svg>', ''])


def stages(happened):
    """(name, rule, lots that came, lots taken, what it did) for each stage of the example."""
    sold = {}
    for event in happened:
        if event['event'] == 'fill' and event['kind'] in ('liquidation', 'auction', 'backstop',
                                                          'adl') and event['taker'] == ACCOUNT:
            sold.setdefault(event['kind'], []).append((float(event['qty']), event['price']))
    gaps, kind = {}, None
    for event in happened:
        if event['event'] == 'fill':
            kind = event['kind']
        elif event['event'] == 'fund_movement' and event['cause'] == 'gap':
            gaps[kind] = gaps.get(kind, 0) - float(event['amount'])
    paid = {e['cause']: -float(e['amount']) for e in happened if e['event'] == 'fund_movement'}
    left = sum(q for row in sold.values() for q, _ in row)
    cancelled = sum(e['event'] == 'cancelled' for e in happened)
    yield 'cancel', 'R21', left, 0, f'{cancelled} order of the account'
    for name, rule, key in (('book', 'R24', 'liquidation'), ('auction', 'R26', 'auction'),
                            ('backstop', 'R27', 'backstop'), ('deleveraging', 'R28', 'adl')):
        taken = sum(q for q, _ in sold[key])
        said = ', '.join(f'{q:g} at {price}' for q, price in sold[key])
        if gaps.get(key):
            said += f'; fund {amount(gaps[key])}'
        if key == 'adl':
            said += f'; haircut {amount(sum(float(e["haircut"]) for e in adl_of(happened)))}'
        yield name, rule, left, taken, said
        left -= taken
    short = next(e for e in happened if e['event'] == 'liquidation_ended')['shortfall']
    charged = next(e for e in happened if e['event'] == 'socialised')['amount']
    short, charged = float(short), float(charged)
    yield 'shortfall', 'R29', short, paid['shortfall'], 'missing when flat: what the fund has'
    yield 'socialised', 'R29', charged, charged, 'shared by all open lots'


def adl_of(happened):
    return [e for e in happened if e['event'] == 'adl']


def draw_stages(happened):
    rows = list(stages(happened))
    left, tall, top, bar = 20, 46, 52, (170, 500)
    height = top + len(rows) * tall + 4
    out = head((WIDTH, height), 'The waterfall: each stage for what the one before left over',
               left, '; '.join(f'{name}: {came:g} came, {taken:g} taken, {said}'
                               for name, _, came, taken, said in rows),
               '  .came { opacity: 0.18 }\n')
    money = next(i for i, row in enumerate(rows) if row[0] == 'shortfall')
    for i, (name, rule, came, taken, said) in enumerate(rows):
        y, colour = top + i * tall, 'f0' if i < money else 'f1'
        wide = (bar[1] - bar[0]) / rows[0 if i < money else money][2]
        unit = 'lots' if i < money else 'USDT'
        out += [f'<text class="ink" x="{left}" y="{y + 20}" style="font-weight:600">{name}</text>'
                f'<text class="soft" x="{left + 100}" y="{y + 20}">{rule}</text>',
                f'<rect class="{colour} came" x="{bar[0]}" y="{y + 4}" '
                f'width="{came * wide:.1f}" height="24" rx="3"/>']
        if taken:
            out.append(f'<rect class="{colour}" x="{bar[0]}" y="{y + 4}" '
                       f'width="{taken * wide:.1f}" height="24" rx="3"/>')
        told = f'{taken:g} of {came:g} {unit}' if taken else f'{came:g} {unit} to close'
        out += [f'<text class="soft" x="{bar[0]}" y="{y + 40}" style="font-size:10px">{told}'
                '</text>',
                f'<text class="ink" x="{bar[1] + 14}" y="{y + 20}">{escape(said)}</text>']
    return '\n'.join(out + ['</svg>', ''])


def pictures(program):
    """{file name: SVG text}"""
    happened = events(program)
    return {'waterfall.svg': draw_stages(happened),
            'waterfall-path.svg': draw_path(Path(commands(), happened))}
