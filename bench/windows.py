#!/usr/bin/env python3
"""Draws how a burst passes, of `weir bench burst --windows MS --json`.

    windows.py RESULT.json FOLDER

writes FOLDER/burst-NAME.svg for every case that has windows: liquidations a second, the longest
queue and what ordinary orders waited, window by window, before, during and after the fall.
"""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'docs',
                                'pictures'))
from picture import Axis, escape, head, short

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 74, 96, 64, 48
PANEL, GAP = 120, 34
WAITS = ['p50', 'p99', 'p99.9', 'max']


class Time:
    """Milliseconds to pixels."""

    def __init__(self, rows, length):
        self.low, self.high = rows[0]['ms'], rows[-1]['ms'] + length
        step = Axis([self.high - self.low], 0, 1, True).ticks[1]
        first = -int(-self.low // step) if self.low < 0 else 0
        self.ticks = [step * i for i in range(first, int(self.high // step) + 1)]
        self.ticks = [tick for tick in self.ticks if self.low <= tick <= self.high]

    def __call__(self, ms):
        return LEFT + (ms - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)


def panels(windows):
    """(title, linear?, [(name, [[ms, value], ...])]) from above to below; lines without a point
    and panels without a line are left out."""
    length = windows['length_ms']

    def line(of):
        return [[row['ms'] + length / 2, of(row)] for row in windows['rows']
                if of(row) is not None]

    found = [('liquidations a second', True,
              [('', line(lambda row: row['liquidations'] * 1000 / length))]),
             ('longest queue of liquidations', True, [('', line(lambda row: row['queue']))]),
             ('what an order waited, us', False,
              [(name, line(lambda row, name=name: row[name])) for name in WAITS])]
    for title, linear, lines in found:
        lines = [(name, points) for name, points in lines
                 if points and any(value > 0 for _, value in points)]
        if lines:
            yield title, linear, lines


def draw_panel(out, top, time, title, linear, lines):
    bottom = top + PANEL
    values = [value for _, points in lines for _, value in points if value > 0]
    y = Axis(values, bottom, top, linear)
    out.append(f'<text class="soft" x="{LEFT}" y="{top - 8}">{escape(title)}</text>')
    for tick in y.ticks:
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" '
                   f'y2="{y(tick):.1f}"/><text class="soft" x="{LEFT - 7}" '
                   f'y="{y(tick) + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    out.append(f'<path class="axis" fill="none" d="M{LEFT} {top}V{bottom}H{WIDTH - RIGHT}"/>')
    for i, (name, points) in enumerate(lines):
        path = ' '.join(f'{time(ms):.1f},{y(value) if value > 0 else bottom:.1f}'
                        for ms, value in points)
        out.append(f'<polyline class="line c{i}" points="{path}"/>')
        if name:
            out.append(f'<text class="f{i}" x="{WIDTH - RIGHT + 8}" y="{top + 14 + 16 * i}">'
                       f'{name}</text>')


def draw(case, source):
    windows = case['windows']
    time = Time(windows['rows'], windows['length_ms'])
    parts = list(panels(windows))
    height = TOP + len(parts) * (PANEL + GAP) + BOTTOM
    end = height - BOTTOM - GAP
    own = ' of processor time' if case['parameters'].get('clock') == 'processor' else ''
    title = (f'A burst of {case["liquidations"]:,} liquidations, window by window: '
             f'{case["name"].split(", ", 1)[1]}')
    shade = '  .fall { fill: #c2410c; opacity: 0.08 }\n'
    out = [*head((WIDTH, height), title, LEFT, style=shade),
           f'<rect class="fall" x="{time(0):.1f}" y="{TOP - 4}" '
           f'width="{max(1, time(windows["fall_ms"]) - time(0)):.1f}" height="{end - TOP + 4}"/>',
           f'<text class="soft" x="{WIDTH - 8}" y="{height - 6}" text-anchor="end" '
           f'style="font-size:10px">{escape(source)}</text>',
           f'<text class="soft" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{end + 34}" '
           f'text-anchor="middle">ms{own} from the first tick of the fall (shaded), in windows of '
           f'{windows["length_ms"]:g} ms</text>']
    for tick in time.ticks:
        out.append(f'<line class="grid" x1="{time(tick):.1f}" x2="{time(tick):.1f}" y1="{TOP}" '
                   f'y2="{end}"/><text class="soft" x="{time(tick):.1f}" y="{end + 16}" '
                   f'text-anchor="middle">{tick:g}</text>')
    for i, part in enumerate(parts):
        draw_panel(out, TOP + i * (PANEL + GAP), time, *part)
    return '\n'.join(out + ['</svg>', ''])


def main(path, folder):
    with open(path, encoding='utf-8') as file:
        result = json.load(file)
    machine = result['machine']
    source = f'{machine["cpu"]}, {machine["cores"]} cores, {result["build"]["compiler"]}'
    cases = [case for case in result.get('burst', []) if case.get('windows')]
    if not cases:
        sys.exit(f'{path} has no windows: it is not of weir bench burst --windows MS --json')
    os.makedirs(folder, exist_ok=True)
    for case in cases:
        name = re.sub('[^a-z0-9]+', '-', case['name'].split(', ', 1)[1].lower()).strip('-')
        picture = os.path.join(folder, f'burst-{name}.svg')
        with open(picture, 'w', encoding='utf-8') as file:
            file.write(draw(case, source))
        print(picture)


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
