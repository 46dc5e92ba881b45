#!/usr/bin/env python3
"""Draws the cost curves of `weir bench --job bench/curves.yaml --json`.

    curves.py RESULT.json... FOLDER

writes FOLDER/curve-NAME.svg for every curve that the results have at least two points of, and
FOLDER/curves.json with the points. A point is a median, the thin line
through it reaches from the least to the most. Pictures follow the reader's light or dark theme.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'docs',
                                'pictures'))
from picture import Axis, escape, head, short

WIDTH, HEIGHT = 760, 430
LEFT, RIGHT, TOP, BOTTOM = 74, 190, 56, 56


def value(case, *keys):
    for key in keys:
        case = case.get(key) if isinstance(case, dict) else None
    return case


def of(bench, name, y, only=None):
    """Points of one line, [x, median, least, most]: y of the cases of a benchmark whose name holds
    all of `name`; of a case measured twice the later."""
    def points(result, x):
        found = {}
        for case in result.get(bench, []):
            if not case['checked'] or not all(part in f'{case["name"]} ' for part in name):
                continue
            if only and not only(case):
                continue
            at, cost = x(case), y(case)
            if at and cost and cost[0]:
                found[at] = [at, *cost]
        return [found[at] for at in sorted(found)]
    return points


def median(case):
    return [case['median'], case['min'], case['max']]


def baseline(case):
    """Of the baseline."""
    base = case['baseline']
    return base and [base['median'], base['min'], base['max']]


def each(case):
    """For each account found."""
    return [time / case['found'] for time in median(case)] if case.get('found') else None


def prepared(case):
    """Of the cases in which lines were built before."""
    return None if 'unprepared' in case['name'] else median(case)


def parameter(name):
    return lambda case: value(case, 'parameters', name)


def swept(name):
    """Cases of the job in which the parameter was the one that changed."""
    return lambda case: all((key in case['parameters']) == (key == name)
                            for key in ('markets', 'due'))


def plain(case):
    return 'markets' not in case['parameters'] and 'due' not in case['parameters']


SCAN = 'full scan'
CURVES = [
    {'name': 'accounts-quiet', 'title': 'A tick of 20 marks that reaches nobody',
     'x': 'accounts', 'y': 'ns a tick', 'at': parameter('accounts'),
     'lines': [('index, one position', of('trigger', ['isolated', ' none '], median, plain)),
               ('index, 1 to 8 positions', of('trigger', ['cross', ' none '], median, plain)),
               (SCAN + ', one', of('trigger', ['isolated', ' none '], baseline, plain)),
               (SCAN + ', 1 to 8', of('trigger', ['cross', ' none '], baseline, plain))]},
    {'name': 'accounts-due', 'title': 'A tick that makes a thousand liquidatable, and a change',
     'x': 'accounts', 'y': 'ns for each account found or changed', 'at': parameter('accounts'),
     'lines': [('found, one position', of('trigger', ['isolated', ' 1010 due '], each, plain)),
               ('found, 1 to 8 positions', of('trigger', ['cross', ' 1010 due '], each, plain)),
               ('changed, one position',
                of('trigger', ['isolated', ' index again '], median, plain)),
               ('changed, 1 to 8', of('trigger', ['cross', ' index again '], median, plain))]},
    {'name': 'markets', 'title': 'A tick of all marks over 100,000 accounts',
     'x': 'markets', 'y': 'ns a tick', 'at': parameter('markets'),
     'lines': [('nobody due, one position',
                of('trigger', ['isolated', ' none '], median, swept('markets'))),
               ('nobody due, 1 to 8',
                of('trigger', ['cross', ' none '], median, swept('markets'))),
               ('1,010 due, one position',
                of('trigger', ['isolated', ' 1010 due '], median, swept('markets'))),
               ('1,010 due, 1 to 8',
                of('trigger', ['cross', ' 1010 due '], median, swept('markets')))]},
    {'name': 'victims', 'title': 'How many fall at once, of 2.5 million accounts',
     'x': 'accounts that fall', 'y': 'ns a tick', 'at': parameter('due'),
     'lines': [('index, one position', of('trigger', ['isolated', ' due '], median,
                                          swept('due'))),
               ('index, 1 to 8 positions', of('trigger', ['cross', ' due '], median,
                                              swept('due'))),
               (SCAN + ', one', of('trigger', ['isolated', ' due '], baseline, swept('due'))),
               (SCAN + ', 1 to 8', of('trigger', ['cross', ' due '], baseline, swept('due')))]},
    {'name': 'burst', 'title': 'A whole liquidation in a burst of so many accounts',
     'x': 'accounts', 'y': 'ns of the engine for each liquidation', 'at': parameter('accounts'),
     'lines': [('nothing else', of('burst', ['a liquidation, 0 '], median)),
               ('100,000 orders/s beside', of('burst', ['a liquidation, 100000 '], median))]},
    {'name': 'adl', 'title': 'Who is deleveraged first among so many, marks moving in between',
     'x': 'opposite positions', 'y': 'ns for each', 'at': parameter('accounts'),
     'lines': [('one position each', of('adl', ['one position'], median)),
               ('1 to 4 each', of('adl', ['1 to 4'], median)),
               ('44 markets at once', of('adl', ['batch of 44'], prepared)),
               ('selection scan, one', of('adl', ['one position'], baseline)),
               ('selection scan, 1 to 4', of('adl', ['1 to 4'], baseline))]},
    {'name': 'orders', 'title': 'A message to a book of so many orders',
     'x': 'live orders', 'y': 'ns a message', 'at': parameter('live'),
     'lines': [('looking ahead', of('book', ['batched'], median)),
               ('one at a time', of('book', ['singly'], median)),
               ('tree of lists', of('book', ['singly'], baseline))]},
    {'name': 'memory', 'title': 'Bytes of state', 'x': 'accounts', 'y': 'bytes each',
     'at': parameter('accounts'), 'linear': True,
     'lines': [('account, cross', of('memory', ['account, cross'], median)),
               ('account, isolated', of('memory', ['account, isolated'], median)),
               ('first order of a leg', of('memory', ['order, the first'], median)),
               ('second order', of('memory', ['order, a second'], median))]},
]


def label_places(ends):
    """Heights of the labels at the lines' ends, moved apart to be read."""
    order = sorted(range(len(ends)), key=lambda i: ends[i])
    places, last = list(ends), -1e9
    for i in order:
        last = places[i] = max(ends[i], last + 15)
    over = max(0, last - (HEIGHT - BOTTOM))
    return [place - over for place in places]


def draw(curve, lines, source):
    """One picture as SVG text."""
    points = [point for _, line in lines for point in line]
    x = Axis([p[0] for p in points], LEFT, WIDTH - RIGHT, False)
    costs = [cost for p in points for cost in p[1:]]
    y = Axis(costs, HEIGHT - BOTTOM, TOP, curve.get('linear', False))
    summary = '; '.join(f'{name}: {short(line[0][1])} at {short(line[0][0])}, '
                        f'{short(line[-1][1])} at {short(line[-1][0])}' for name, line in lines)
    told = f'{curve["title"]}: {curve["y"]} against {curve["x"]}'
    out = [*head((WIDTH, HEIGHT), curve['title'], LEFT, summary, told=told),
           f'<text class="soft" x="{LEFT}" y="44">{escape(curve["y"])}</text>',
           f'<text class="soft" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 24}" '
           f'text-anchor="middle">{escape(curve["x"])}</text>',
           f'<text class="soft" x="{WIDTH - 8}" y="{HEIGHT - 6}" text-anchor="end" '
           f'style="font-size:10px">{escape(source)}</text>']
    for tick in x.ticks:
        out.append(f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP}" '
                   f'y2="{HEIGHT - BOTTOM}"/><text class="soft" x="{x(tick):.1f}" '
                   f'y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(tick)}</text>')
    for tick in y.ticks:
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" '
                   f'y2="{y(tick):.1f}"/><text class="soft" x="{LEFT - 7}" '
                   f'y="{y(tick) + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    out.append(f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}'
               f'H{WIDTH - RIGHT}"/>')
    places = label_places([y(line[-1][1]) for _, line in lines])
    for i, (name, line) in enumerate(lines):
        path = ' '.join(f'{x(p[0]):.1f},{y(p[1]):.1f}' for p in line)
        out.append(f'<polyline class="line c{i}" points="{path}"/>')
        out += [f'<path class="reach c{i}" d="M{x(at):.1f} {y(least):.1f}V{y(most):.1f}"/>'
                f'<circle class="f{i}" cx="{x(at):.1f}" cy="{y(cost):.1f}" r="3">'
                f'<title>{escape(name)}: {short(cost)} at {short(at)}, '
                f'{short(least)} to {short(most)}</title></circle>'
                for at, cost, least, most in line]
        out.append(f'<text class="f{i}" x="{x(line[-1][0]) + 9:.1f}" y="{places[i] + 4:.1f}">'
                   f'{escape(name)}</text>')
    return '\n'.join(out + ['</svg>', ''])


def load(paths):
    """The results of several calls as one; machine and build are the first one's."""
    result = {}
    for path in paths:
        with open(path, encoding='utf-8') as file:
            for key, what in json.load(file).items():
                if isinstance(what, list) and key != 'command':
                    result.setdefault(key, []).extend(what)
                else:
                    result.setdefault(key, what)
    return result


def main(paths, folder):
    result = load(paths)
    machine = result['machine']
    source = f'{machine["cpu"]}, {machine["cores"]} cores, {result["build"]["compiler"]}'
    os.makedirs(folder, exist_ok=True)
    written = []
    for curve in CURVES:
        lines = [(name, points(result, curve['at'])) for name, points in curve['lines']]
        lines = [(name, line) for name, line in lines if len(line) > 1]
        if not lines:
            continue
        with open(os.path.join(folder, f'curve-{curve["name"]}.svg'), 'w',
                  encoding='utf-8') as file:
            file.write(draw(curve, lines, source))
        written.append({'name': curve['name'], 'title': curve['title'], 'x': curve['x'],
                        'y': curve['y'], 'lines': [{'name': name, 'points': line}
                                                   for name, line in lines]})
    with open(os.path.join(folder, 'curves.json'), 'w', encoding='utf-8') as file:
        json.dump({'machine': machine, 'build': result['build'], 'command': result['command'],
                   'curves': written}, file, indent=1)
        file.write('\n')
    if not written:
        sys.exit(f'{paths[0]} has no curve: it is not of weir bench --job bench/curves.yaml --json')
    print('\n'.join(f'{folder}/curve-{curve["name"]}.svg' for curve in written))


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1:-1], sys.argv[-1])
